// Turns values into text as Node's util.inspect does, within bounds: hostile values cost no more than BUDGET characters.
(layout, errors, makeContents, native) => {
  const { quote, escapeControls, plural, join, BREAK_LENGTH, MAX_ITEMS } = layout;
  const { classOf, proxyParts, chainOf, extraKeys, hostText, termText } = native;

  const BUDGET = 1 << 20;
  const MAX_STRING = 10_000;
  const CUSTOM = Symbol.for("nodejs.util.inspect.custom");
  const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;

  const {
    getOwnPropertyDescriptor,
    getOwnPropertyNames,
    getOwnPropertySymbols,
    keys: keysOf,
    hasOwn,
  } = Object;
  const { isView } = ArrayBuffer;
  const call = Function.prototype.call;
  const bind = (method) => call.bind(method);
  const getter = (owner, name) => bind(getOwnPropertyDescriptor(owner, name).get);
  const isEnumerable = bind(Object.prototype.propertyIsEnumerable);
  const functionText = bind(Function.prototype.toString);
  const regexpText = bind(RegExp.prototype.toString);
  const toISO = bind(Date.prototype.toISOString);
  const toTime = bind(Date.prototype.getTime);
  const symbolText = bind(Symbol.prototype.toString);
  const mapSize = getter(Map.prototype, "size");
  const setSize = getter(Set.prototype, "size");
  const typedLength = getter(TypedArray.prototype, "length");
  const valueOf = {
    Number: bind(Number.prototype.valueOf),
    String: bind(String.prototype.valueOf),
    Boolean: bind(Boolean.prototype.valueOf),
    BigInt: bind(BigInt.prototype.valueOf),
    Symbol: bind(Symbol.prototype.valueOf),
  };

  // ── Names of classes ──

  /** What reading a property of an object gives, but for the traps of proxies; the object and its prototypes are `chain`. */
  const read = (object, key, chain = chainOf(object)) => {
    for (const link of chain) {
      const descriptor = getOwnPropertyDescriptor(link, key);
      if (descriptor === undefined) continue;
      if (hasOwn(descriptor, "value")) return descriptor.value;
      return descriptor.get === undefined ? undefined : call.call(descriptor.get, object);
    }
    return undefined;
  };

  const constructorName = (state, chain, depth, className) => {
    for (const link of chain) {
      const Class = getOwnPropertyDescriptor(link, "constructor")?.value;
      if (typeof Class !== "function") continue;
      const name = read(Class, "name");
      if (name !== "" && chain.indexOf(read(Class, "prototype"), 1) !== -1) return String(name);
    }
    if (chain.length === 1) return null;
    const fallback = className.endsWith(" Iterator") || className === "Generator" ? "Object" : className;
    if (depth > state.maxDepth) return `${fallback} <Complex prototype>`;
    const ofPrototype = constructorName(state, chain.slice(1), depth + 1, classOf(chain[1]));
    if (ofPrototype === null) return `${fallback} <${inspect(chain[1], { depth: -1, custom: false })}>`;
    return `${fallback} <${ofPrototype}>`;
  };

  const prefixOf = (constructor, tag, fallback, size = "") => {
    if (constructor === null) {
      const shown = tag !== "" && fallback !== tag ? ` [${tag}]` : "";
      return `[${fallback}${size}: null prototype]${shown} `;
    }
    return tag !== "" && constructor !== tag ? `${constructor}${size} [${tag}] ` : `${constructor}${size} `;
  };

  const tagOf = (state, value, chain) => {
    const tag = read(value, Symbol.toStringTag, chain);
    if (typeof tag !== "string" || tag === "") return "";
    const shownAsProperty = state.showHidden
      ? hasOwn(value, Symbol.toStringTag)
      : isEnumerable(value, Symbol.toStringTag);
    return shownAsProperty ? "" : tag;
  };

  // ── Keys ──

  const visibleSymbols = (state, value) => {
    const symbols = getOwnPropertySymbols(value);
    return state.showHidden ? symbols : symbols.filter((symbol) => isEnumerable(value, symbol));
  };

  const ownKeys = (state, value) => {
    const names = state.showHidden ? getOwnPropertyNames(value) : keysOf(value);
    return [...names, ...visibleSymbols(state, value)];
  };

  const nonIndexKeys = (state, value) => [...extraKeys(value, state.showHidden), ...visibleSymbols(state, value)];

  // ── Primitives ──

  const formatNumber = (number) => (Object.is(number, -0) ? "-0" : `${number}`);

  /** Once the budget is spent, objects are no longer opened and strings are cut short. */
  const spend = (state, characters) => {
    state.spent += characters;
    if (state.spent > BUDGET) state.maxDepth = -1;
  };

  const formatString = (state, text) => {
    const shown = state.spent > BUDGET ? 16 : MAX_STRING;
    let trailer = "";
    if (text.length > shown) {
      trailer = `... ${plural(text.length - shown, "character")}`;
      text = text.slice(0, shown);
    }
    spend(state, text.length);
    if (text.length > 16 && text.length > BREAK_LENGTH - state.indentation - 4) {
      const lines = text.split(/(?<=\n)/);
      return lines.map(quote).join(` +\n${" ".repeat(state.indentation + 2)}`) + trailer;
    }
    return quote(text) + trailer;
  };

  const formatPrimitive = (state, value) => {
    switch (typeof value) {
      case "string":
        return formatString(state, value);
      case "number":
        return formatNumber(value);
      case "bigint":
        return `${value}n`;
      case "symbol":
        return symbolText(value);
      default:
        return `${value}`;
    }
  };

  const indented = (state, format) => {
    state.indentation += 2;
    try {
      return format();
    } finally {
      state.indentation -= 2;
    }
  };

  const formatProperty = (state, object, depth, key, isElement) => {
    const descriptor = getOwnPropertyDescriptor(object, key) ?? { value: read(object, key), enumerable: true };
    let text;
    if (descriptor.value !== undefined) {
      text = indented(state, () => formatValue(state, descriptor.value, depth));
    } else if (descriptor.get !== undefined) {
      text = descriptor.set === undefined ? "[Getter]" : "[Getter/Setter]";
    } else {
      text = descriptor.set === undefined ? "undefined" : "[Setter]";
    }
    if (isElement) return text;
    return `${propertyName(key, descriptor.enumerable)}: ${text}`;
  };

  const propertyName = (key, enumerable) => {
    if (typeof key === "symbol") return `[${escapeControls(symbolText(key))}]`;
    if (key === "__proto__") return "['__proto__']";
    if (enumerable === false) return `[${escapeControls(key)}]`;
    return IDENTIFIER.test(key) ? key : quote(key);
  };

  // ── How each kind opens ──

  const functionBase = (state, value, className, constructor, tag) => {
    const source = functionText(value);
    if (/^class[\s{]/.test(source) && source.endsWith("}")) return classBase(value, constructor, tag);
    const isAsync = className.startsWith("Async");
    const type = `${isAsync ? "Async" : ""}${className.includes("Generator") ? "Generator" : ""}Function`;
    let base = `[${type}`;
    if (constructor === null) base += " (null prototype)";
    const name = read(value, "name");
    if (name === "") base += " (anonymous)";
    else base += `: ${typeof name === "string" ? name : formatValue(state, name, 0)}`;
    base += "]";
    if (constructor !== type && constructor !== null) base += ` ${constructor}`;
    if (tag !== "" && constructor !== tag) base += ` [${tag}]`;
    return base;
  };

  const classBase = (value, constructor, tag) => {
    const name = (hasOwn(value, "name") && read(value, "name")) || "(anonymous)";
    let base = `class ${name}`;
    if (constructor !== "Function" && constructor !== null) base += ` [${constructor}]`;
    if (tag !== "" && constructor !== tag) base += ` [${tag}]`;
    if (constructor === null) return `[${base} extends null]`;
    const parents = chainOf(value).slice(1);
    const parent = read(parents[0], "name", parents);
    return parent ? `[${base} extends ${parent}]` : `[${base}]`;
  };

  const boxedBase = (state, value, className, constructor, tag) => {
    let base = `[${className}`;
    if (className !== constructor) base += constructor === null ? " (null prototype)" : ` (${constructor})`;
    base += `: ${formatPrimitive({ ...state, indentation: -1e9 }, valueOf[className](value))}]`;
    if (tag !== "" && tag !== constructor) base += ` [${tag}]`;
    return base;
  };

  const dateBase = (value) => {
    const time = toTime(value);
    return time !== time ? "Invalid Date" : toISO(value);
  };

  const prefixed = (prefix, name, base) => (prefix === `${name} ` ? base : `${prefix}${base}`);

  /** What surrounds a value's entries, and what makes them: a string when there is nothing else to show. */
  const describe = (state, value, chain, depth, className, constructor, tag) => {
    const shape = { base: "", open: "", close: "}", format: contents.nothing, keys: undefined, list: undefined };
    const open = (fallback, size) => `${prefixOf(constructor, tag, fallback, size)}{`;
    const emptyAs = (text) => (shape.keys.length === 0 ? text : undefined);
    switch (className) {
      case "Array": {
        const prefix =
          constructor !== "Array" || tag !== "" ? prefixOf(constructor, tag, "Array", `(${value.length})`) : "";
        shape.keys = nonIndexKeys(state, value);
        Object.assign(shape, {
          open: `${prefix}[`,
          close: "]",
          format: contents.array,
          list: { length: value.length },
        });
        return (value.length === 0 ? emptyAs(`${prefix}[]`) : undefined) ?? shape;
      }
      case "Set":
      case "Map": {
        const isSet = className === "Set";
        const size = isSet ? setSize(value) : mapSize(value);
        shape.keys = ownKeys(state, value);
        shape.open = open(className, `(${size})`);
        shape.format = isSet ? contents.set : contents.map;
        return (size === 0 ? emptyAs(`${shape.open}}`) : undefined) ?? shape;
      }
      case "Map Iterator":
      case "Set Iterator": {
        const preview = native.preview(value, MAX_ITEMS);
        if (preview === undefined) break;
        shape.keys = ownKeys(state, value);
        const kind = preview[2] ? className.replace("Iterator", "Entries") : className;
        shape.open = tag === className || tag === "" ? `[${kind}] {` : `[${tag}] [${kind}] {`;
        shape.format = (state, _value, depth) => contents.preview(state, preview, depth);
        return shape;
      }
      case "Function":
      case "GeneratorFunction":
      case "AsyncFunction":
      case "AsyncGeneratorFunction":
        shape.keys = ownKeys(state, value);
        shape.base = functionBase(state, value, className, constructor, tag);
        shape.open = "{";
        return emptyAs(shape.base) ?? shape;
      case "RegExp":
        shape.keys = ownKeys(state, value);
        shape.base = prefixed(prefixOf(constructor, tag, "RegExp"), "RegExp", regexpText(value));
        shape.open = "{";
        return emptyAs(shape.base) ?? (depth > state.maxDepth ? shape.base : shape);
      case "Date":
        shape.keys = ownKeys(state, value);
        shape.base = prefixed(prefixOf(constructor, tag, "Date"), "Date", dateBase(value));
        shape.open = "{";
        return emptyAs(shape.base) ?? shape;
      case "Error":
      case "DOMException":
        shape.keys = ownKeys(state, value);
        shape.base = errors.format(state, value, constructor, tag, shape.keys, prefixOf, read);
        if (state.spent > BUDGET) shape.base = `${shape.base.slice(0, 200)}...`;
        spend(state, shape.base.length);
        shape.open = "{";
        return emptyAs(shape.base) ?? shape;
      case "Number":
      case "String":
      case "Boolean":
      case "BigInt":
      case "Symbol":
        shape.keys = className === "String" ? nonIndexKeys(state, value) : ownKeys(state, value);
        shape.base = boxedBase(state, value, className, constructor, tag);
        shape.open = "{";
        return emptyAs(shape.base) ?? shape;
      case "ArrayBuffer":
      case "SharedArrayBuffer":
        shape.keys = ["byteLength", ...ownKeys(state, value)];
        shape.open = open(className);
        shape.format = contents.buffer;
        return shape;
      case "DataView":
        shape.keys = ["byteLength", "byteOffset", "buffer", ...ownKeys(state, value)];
        shape.open = open(className);
        return shape;
      case "Promise":
        return Object.assign(shape, { keys: ownKeys(state, value), open: open(className), format: contents.promise });
      case "WeakSet":
      case "WeakMap":
        return Object.assign(shape, { keys: ownKeys(state, value), open: open(className), format: contents.unknown });
    }
    if (className.endsWith("Array") && isView(value)) {
      const length = typedLength(value);
      shape.keys = nonIndexKeys(state, value);
      const prefix = prefixOf(constructor, tag, className, `(${length})`);
      Object.assign(shape, { open: `${prefix}[`, close: "]", format: contents.typedArray, list: { length } });
      return (length === 0 && !state.showHidden ? emptyAs(`${prefix}[]`) : undefined) ?? shape;
    }
    return describeOrdinary(state, value, chain, depth, className, constructor, tag, shape);
  };

  const describeOrdinary = (state, value, chain, depth, className, constructor, tag, shape) => {
    const isPlain = (constructor === "Object" && tag === "") || depth > state.maxDepth;
    const shown = isPlain ? undefined : native.shownOf(value, chain);
    if (shown !== undefined) return platformText(state, value, depth + 1, constructor, shown);
    shape.keys = ownKeys(state, value);
    const text = tag.startsWith("Temporal.") ? hostText(value) : undefined;
    if (text !== undefined) {
      const prefix = tag === `Temporal.${constructor}` ? `${tag} ` : prefixOf(constructor, tag, "Object");
      shape.base = `${prefix}<${text}>`;
      shape.open = "{";
      return shape.keys.length === 0 ? shape.base : shape;
    }
    const term = className === "HostObject" ? termText(value) : undefined;
    if (term !== undefined) {
      shape.base = term;
      shape.open = "{";
      return shape.keys.length === 0 ? term : shape;
    }
    if (className === "Arguments") shape.open = "[Arguments] {";
    else if (constructor === "Object") shape.open = tag === "" ? "{" : `${prefixOf(constructor, tag, "Object")}{`;
    else shape.open = `${prefixOf(constructor, tag, "Object")}{`;
    return shape.keys.length === 0 ? `${shape.open}}` : shape;
  };

  /** An object of a Web API by what `shown` tells of it, laid out as if it stood alone, as Node does. */
  const platformText = (state, value, depth, constructor, shown) => {
    const { indentation } = state;
    state.indentation = 0;
    state.seen.push(value);
    state.lastDepth = depth;
    const entries = contents.platform(state, shown, depth, () => state.spent > BUDGET);
    state.seen.pop();
    state.depth = depth;
    const text = entries.length === 0 ? "{}" : join(state, entries, "", "{", "}");
    spend(state, 8 * entries.length);
    state.indentation = indentation;
    state.lastDepth = depth - 1;
    return `${constructor} ${text}`.replaceAll("\n", `\n${" ".repeat(indentation)}`);
  };

  // ── The walk ──

  const formatRaw = (state, value, chain, depth, className) => {
    const constructor = constructorName(state, chain, depth, className);
    const tag = tagOf(state, value, chain);
    const shape = describe(state, value, chain, depth, className, constructor, tag);
    if (typeof shape === "string") return shape;
    if (depth > state.maxDepth) {
      const fallback = className === "Array" ? "Array" : "Object";
      return `[${prefixOf(constructor, tag, fallback).slice(0, -1)}]`;
    }
    return formatEntries(state, value, depth + 1, shape);
  };

  const formatEntries = (state, value, depth, shape) => {
    state.seen.push(value);
    state.lastDepth = depth;
    const entries = shape.format(state, value, depth);
    if (shape.list !== undefined)
      shape.list = { isNumeric: isNumeric(value, entries.length), hasMore: entries.length > MAX_ITEMS };
    for (let i = 0; i < shape.keys.length; i++) {
      if (state.spent > BUDGET) {
        entries.push(`... ${shape.keys.length - i} more properties`);
        break;
      }
      entries.push(formatProperty(state, value, depth, shape.keys[i], false));
    }
    state.seen.pop();
    const index = state.circular?.get(value);
    const reference = index === undefined ? "" : `<ref *${index}>`;
    const base = reference !== "" && shape.base !== "" ? `${reference} ${shape.base}` : reference + shape.base;
    state.depth = depth;
    const text = join(state, entries, base, shape.open, shape.close, shape.list);
    spend(state, 8 * entries.length);
    return text;
  };

  const isNumeric = (list, count) => {
    for (let i = 0; i < count; i++) {
      const value = getOwnPropertyDescriptor(list, i)?.value;
      if (typeof value !== "number" && typeof value !== "bigint") return false;
    }
    return true;
  };

  const circularMark = (state, value) => {
    state.circular ??= new Map();
    let index = state.circular.get(value);
    if (index === undefined) state.circular.set(value, (index = state.circular.size + 1));
    return `[Circular *${index}]`;
  };

  const formatProxy = (state, parts, depth) => {
    if (parts[0] === null) return "<Revoked Proxy>";
    if (!state.showProxy) return formatValue(state, parts[0], depth);
    if (depth > state.maxDepth) return "Proxy [Array]";
    const entries = indented(state, () => parts.map((part) => formatValue(state, part, depth + 1)));
    state.depth = depth + 1;
    return join(state, entries, "", "Proxy [", "]", { isNumeric: false, hasMore: false });
  };

  const customText = (state, value, chain, depth) => {
    const custom = read(value, CUSTOM, chain);
    if (typeof custom !== "function" || custom === inspect) return undefined;
    const Class = getOwnPropertyDescriptor(value, "constructor")?.value;
    if (typeof Class === "function" && read(Class, "prototype") === value) return undefined;
    const options = {
      depth: state.maxDepth - depth,
      showHidden: state.showHidden,
      breakLength: BREAK_LENGTH,
      compact: 3,
    };
    const made = call.call(custom, value, options.depth, { ...options, stylize: String }, inspect);
    if (typeof made === "object" && made !== null) return made === value ? undefined : formatValue(state, made, depth);
    return `${made}`.replaceAll("\n", `\n${" ".repeat(state.indentation)}`);
  };

  const formatValue = (state, value, depth) => {
    if (value === null || (typeof value !== "object" && typeof value !== "function"))
      return formatPrimitive(state, value);
    const className = classOf(value);
    if (className === "Proxy") return formatProxy(state, proxyParts(value), depth);
    try {
      const chain = chainOf(value);
      const custom = state.custom ? customText(state, value, chain, depth) : undefined;
      if (custom !== undefined) return custom;
      if (state.seen.includes(value)) return circularMark(state, value);
      return formatRaw(state, value, chain, depth, className);
    } catch (error) {
      if (depth > 0 && error instanceof RangeError) throw error;
      return `[${className}: Inspection interrupted prematurely. ${reasonOf(error)}]`;
    }
  };

  const reasonOf = (error) => {
    try {
      return `${error?.message ?? error}`.slice(0, 200);
    } catch {
      return "An error that cannot be shown.";
    }
  };

  const contents = makeContents(layout, native, { formatValue, formatPrimitive, formatProperty, indented });

  /** The text of a value. Options: depth (2), showHidden (false), showProxy (false), custom (true). */
  const inspect = (value, { depth = 2, showHidden = false, showProxy = false, custom = true } = {}) => {
    const maxDepth = depth === null ? Infinity : Number(depth);
    const state = {
      maxDepth,
      showHidden,
      showProxy,
      custom,
      indentation: 0,
      depth: 0,
      lastDepth: 0,
      spent: 0,
      seen: [],
      circular: undefined,
    };
    return formatValue(state, value, 0);
  };

  return { inspect, formatNumber };
};
