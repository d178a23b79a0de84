// The text of an error: its name and message, then its stack.
(() => {
  const attempt = (read) => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };

  const headOf = (name, message) => (name === "" ? message : message === "" ? name : `${name}: ${message}`);

  /** Puts the class into the head where `name` does not tell it. */
  const improveHead = (head, name, constructor, tag, prefixOf) => {
    const startsWithName = head.startsWith(name) && (head.length === name.length || head[name.length] === ":");
    if (constructor !== null && !(name.endsWith("Error") && startsWithName)) return head;
    const prefix = prefixOf(constructor, tag, "Error").slice(0, -1);
    if (name === prefix) return head;
    if (!prefix.includes(name)) return `${prefix} [${name}]${head.slice(name.length)}`;
    return startsWithName ? `${prefix}${head.slice(name.length)}` : `${prefix}: ${head}`;
  };

  const dropShownKeys = (error, keys, head, read) => {
    for (const key of ["name", "message", "stack"]) {
      const index = keys.indexOf(key);
      if (index === -1) continue;
      const value = read(error, key);
      if (key === "stack" || typeof value !== "string" || head.includes(value)) keys.splice(index, 1);
    }
  };

  /** Formats `error` and leaves in `keys` what remains to be shown. */
  const format = (state, error, constructor, tag, keys, prefixOf, read) => {
    const name = attempt(() => String(read(error, "name") ?? "Error")) ?? "Error";
    const message = attempt(() => String(read(error, "message") ?? "")) ?? "";
    const head = headOf(name, message);
    if (!state.showHidden) dropShownKeys(error, keys, head, read);
    if (keys.includes("cause") === false && Object.hasOwn(error, "cause")) keys.push("cause");
    if (Array.isArray(read(error, "errors")) && !keys.includes("errors")) keys.push("errors");
    const stack = read(error, "stack");
    let frames = typeof stack === "string" ? stack : "";
    const first = frames.search(/^ {4}at /m);
    frames = first === -1 ? "" : frames.slice(first).trimEnd();
    const improved = improveHead(head, name, constructor, tag, prefixOf);
    const text = frames === "" ? `[${improved}]` : `${improved}\n${frames}`;
    return state.indentation === 0 ? text : text.replaceAll("\n", `\n${" ".repeat(state.indentation)}`);
  };

  return { format };
})();
