// Format strings: %s %d %i %f %j %o %O %c %%, as Node's util.format and the Console Standard have them.
({ inspect, formatNumber }, native) => {
  const isPlainToString = (value) => {
    if (native.classOf(value) === "Proxy") return true;
    for (const object of native.chainOf(value)) {
      if (!Object.hasOwn(object, "toString") && !Object.hasOwn(object, Symbol.toPrimitive)) continue;
      const Class = Object.getOwnPropertyDescriptor(object, "constructor")?.value;
      const isBuiltin = typeof Class === "function" && native.isBuiltin(Class);
      return isBuiltin && object !== Error.prototype;
    }
    return true;
  };

  const asString = (value) => {
    if (typeof value === "number") return formatNumber(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value !== "object" || value === null) return String(value);
    return isPlainToString(value) || native.classOf(value) === "Error" ? inspect(value, { depth: 0 }) : String(value);
  };

  const asNumber = (value, convert) => {
    if (typeof value === "bigint") return `${value}n`;
    return typeof value === "symbol" ? "NaN" : formatNumber(convert(value));
  };

  const asJSON = (value) => {
    try {
      return JSON.stringify(value);
    } catch (error) {
      if (error instanceof TypeError && /circular/.test(error.message)) return "[Circular]";
      throw error;
    }
  };

  const SPECIFIERS = {
    s: asString,
    d: (value) => asNumber(value, (it) => (typeof it === "object" && it !== null ? Number(it) : Number(it))),
    i: (value) => asNumber(value, Number.parseInt),
    f: (value) => (typeof value === "symbol" ? "NaN" : formatNumber(Number.parseFloat(value))),
    j: asJSON,
    o: (value) => inspect(value, { showHidden: true, showProxy: true, depth: 4 }),
    O: (value) => inspect(value),
    c: () => "",
  };

  /** The text of `args`, the first of which may be a format string. */
  const format = (args) => {
    const first = args[0];
    if (args.length === 1) return typeof first === "string" ? first : inspect(first);
    let next = 0;
    let text = "";
    if (typeof first === "string") {
      next = 1;
      let last = 0;
      for (let at = first.indexOf("%"); at !== -1 && at < first.length - 1; at = first.indexOf("%", at)) {
        const letter = first[at + 1];
        if (letter === "%") {
          text += first.slice(last, at + 1);
          last = at + 2;
        } else if (next < args.length && Object.hasOwn(SPECIFIERS, letter)) {
          text += first.slice(last, at) + SPECIFIERS[letter](args[next++]);
          last = at + 2;
        }
        at += 2;
      }
      text += first.slice(last);
    }
    for (; next < args.length; next++) {
      const value = args[next];
      if (next > 0) text += " ";
      text += typeof value === "string" ? value : inspect(value);
    }
    return text;
  };

  return { format };
};
