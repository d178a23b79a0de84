// The console namespace of the Console Standard. Lines go to `native.print(level, method, text)`.
(native) => {
  const { print, now, callStack } = native;
  const MAX_TEXT = 1 << 20;
  const MAX_GROUPS = 1_000;
  const MAX_INDENTATION = 20;
  const MAX_LABELS = 10_000;

  let groupDepth = 0;
  const counts = new Map();
  const timers = new Map();

  const cut = (text) =>
    text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}... ${text.length - MAX_TEXT} more characters` : text;

  const emit = (level, method, text) => {
    text = cut(text);
    if (groupDepth > 0) {
      const indentation = "  ".repeat(Math.min(groupDepth, MAX_INDENTATION));
      text = cut(indentation + text.replaceAll("\n", `\n${indentation}`));
    }
    print(level, method, text);
  };

  // The formatter is large: lines of plain strings do without it.
  const inspect = (value, options) => native.formatter().inspect(value, options);
  const widthOf = (text) => native.formatter().widthOf(text);
  const format = (args) => {
    if (args.every((arg) => typeof arg === "string") && (args.length < 2 || !args[0].includes("%")))
      return args.join(" ");
    return native.formatter().format(args);
  };

  const emitArguments = (level, method, args) => emit(level, method, format(args));

  const labelOf = (label) => (label === undefined ? "default" : `${label}`);

  // Labels come from scripts and stay until they are reset.
  const hasRoom = (labels, what) => {
    if (labels.size < MAX_LABELS) return true;
    emit("warning", "warn", `console keeps at most ${MAX_LABELS} ${what}`);
    return false;
  };

  const pad = (number, width) => `${number}`.padStart(width, "0");

  const durationText = (ms) => {
    if (ms < 1_000) return `${Number(ms.toPrecision(4))}ms`;
    if (ms < 60_000) return `${(ms / 1_000).toFixed(3)}s`;
    const hours = Math.floor(ms / 3_600_000);
    const minutes = Math.floor(ms / 60_000) % 60;
    const seconds = pad(((ms % 60_000) / 1_000).toFixed(hours === 0 ? 3 : 0), hours === 0 ? 6 : 2);
    return hours === 0 ? `${minutes}:${seconds} (m:ss.mmm)` : `${hours}:${pad(minutes, 2)}:${seconds} (h:mm:ss)`;
  };

  const logTimer = (method, label, data) => {
    const start = timers.get(label);
    if (start === undefined) {
      emit("warning", method, `Timer '${label}' does not exist`);
      return false;
    }
    const rest = data.length === 0 ? "" : ` ${format(["", ...data]).slice(1)}`;
    emit("info", method, `${label}: ${durationText(now() - start)}${rest}`);
    return true;
  };

  // ── Tables ──

  const MAX_ROWS = 1_000;
  const MAX_COLUMNS = 100;
  const cell = (value) => inspect(value, { depth: isNested(value) ? -1 : 0 });
  const isNested = (value) => typeof value === "object" && value !== null && Object.keys(value).length > 2;

  const center = (text, width) => {
    const room = width - widthOf(text);
    const left = Math.floor(room / 2);
    return " ".repeat(left) + text + " ".repeat(room - left);
  };

  const drawTable = (head, rows) => {
    const widths = head.map(
      (name, i) => rows.reduce((width, row) => Math.max(width, widthOf(row[i] ?? "")), widthOf(name)) + 2,
    );
    const rule = (left, middle, right) => left + widths.map((width) => "─".repeat(width)).join(middle) + right;
    const line = (cells) => `│${widths.map((width, i) => center(cells[i] ?? "", width)).join("│")}│`;
    return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")].join("\n");
  };

  const rowsOf = (data) => {
    if (data instanceof Map) {
      return {
        index: "(iteration index)",
        keyed: true,
        rows: Array.from(data)
          .slice(0, MAX_ROWS)
          .map(([key, value], i) => [i, value, key]),
      };
    }
    if (data instanceof Set) {
      return {
        index: "(iteration index)",
        keyed: false,
        rows: Array.from(data)
          .slice(0, MAX_ROWS)
          .map((value, i) => [i, value]),
      };
    }
    const keys = Object.keys(data).slice(0, MAX_ROWS);
    return { index: "(index)", keyed: false, rows: keys.map((key) => [key, data[key]]) };
  };

  const tableText = (data, properties) => {
    const { index, keyed, rows } = rowsOf(data);
    const columns = new Set(properties);
    let hasValues = false;
    for (const [, value] of rows) {
      const isRow = value !== null && (typeof value === "object" || typeof value === "function");
      if (!isRow || keyed) hasValues = true;
      else if (properties === undefined)
        for (const key of Object.keys(value)) if (columns.size < MAX_COLUMNS) columns.add(key);
    }
    const head = [index, ...(keyed ? ["Key"] : []), ...columns, ...(hasValues ? ["Values"] : [])];
    const lines = rows.map(([name, value, key]) => {
      const isRow = value !== null && (typeof value === "object" || typeof value === "function") && !keyed;
      const cells = [`${name}`, ...(keyed ? [cell(key)] : [])];
      for (const column of columns) cells.push(isRow && Object.hasOwn(value, column) ? cell(value[column]) : "");
      if (hasValues) cells.push(isRow ? "" : cell(value));
      return cells;
    });
    return drawTable(head, lines);
  };

  // ── The namespace ──

  const methods = {
    assert(condition = false, ...data) {
      if (condition) return;
      if (typeof data[0] === "string") data[0] = `Assertion failed: ${data[0]}`;
      else data.unshift("Assertion failed");
      emitArguments("error", "assert", data);
    },
    clear() {
      groupDepth = 0;
    },
    debug(...data) {
      emitArguments("debug", "debug", data);
    },
    error(...data) {
      emitArguments("error", "error", data);
    },
    info(...data) {
      emitArguments("info", "info", data);
    },
    log(...data) {
      emitArguments("info", "log", data);
    },
    table(tabularData, properties) {
      if (tabularData === null || typeof tabularData !== "object") return emitArguments("info", "table", [tabularData]);
      if (properties !== undefined && !Array.isArray(properties))
        throw new TypeError("console.table: properties is not an array");
      emit(
        "info",
        "table",
        tableText(
          tabularData,
          properties?.map((name) => `${name}`),
        ),
      );
    },
    trace(...data) {
      const text = data.length === 0 ? "Trace" : `Trace: ${format(data)}`;
      emit("debug", "trace", `${text}\n${callStack()}`.trimEnd());
    },
    warn(...data) {
      emitArguments("warning", "warn", data);
    },
    dir(item, options) {
      const { depth, showHidden } = options ?? {};
      emit("info", "dir", inspect(item, { depth, showHidden, custom: false }));
    },
    dirxml(...data) {
      emitArguments("info", "dirxml", data);
    },
    count(label) {
      label = labelOf(label);
      if (!counts.has(label) && !hasRoom(counts, "counters")) return;
      const count = (counts.get(label) ?? 0) + 1;
      counts.set(label, count);
      emit("info", "count", `${label}: ${count}`);
    },
    countReset(label) {
      label = labelOf(label);
      if (!counts.delete(label)) emit("warning", "countReset", `Count for '${label}' does not exist`);
    },
    group(...data) {
      if (data.length > 0) emitArguments("info", "group", data);
      if (groupDepth < MAX_GROUPS) groupDepth++;
    },
    groupCollapsed(...data) {
      if (data.length > 0) emitArguments("info", "groupCollapsed", data);
      if (groupDepth < MAX_GROUPS) groupDepth++;
    },
    groupEnd() {
      if (groupDepth > 0) groupDepth--;
    },
    time(label) {
      label = labelOf(label);
      if (timers.has(label)) emit("warning", "time", `Timer '${label}' already exists`);
      else if (hasRoom(timers, "timers")) timers.set(label, now());
    },
    timeLog(label, ...data) {
      logTimer("timeLog", labelOf(label), data);
    },
    timeEnd(label) {
      label = labelOf(label);
      if (logTimer("timeEnd", label, [])) timers.delete(label);
    },
  };

  // Web IDL: the arguments are optional, so `length` is 0; a namespace inherits from an empty object.
  const console = Object.create({});
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(method, "length", { value: 0, configurable: true });
    Object.defineProperty(console, name, { value: method, writable: true, enumerable: true, configurable: true });
  }
  Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
  return console;
};
