// Taking builtin objects apart and making them anew, with the builtins as they were when this was loaded.
(() => {
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);
  const { getOwnPropertyDescriptor, defineProperty } = Object;
  const getter = (Class, name) => bind(getOwnPropertyDescriptor(Class.prototype, name).get);

  const getTime = bind(Date.prototype.getTime);
  const source = getter(RegExp, "source");
  const flags = getter(RegExp, "flags");
  const mapForEach = bind(Map.prototype.forEach);
  const setForEach = bind(Set.prototype.forEach);
  const mapSet = bind(Map.prototype.set);
  const setAdd = bind(Set.prototype.add);
  const valueOf = {
    Number: bind(Number.prototype.valueOf),
    String: bind(String.prototype.valueOf),
    Boolean: bind(Boolean.prototype.valueOf),
    BigInt: bind(BigInt.prototype.valueOf),
  };

  // ── Buffers and views ──

  const byteLength = getter(ArrayBuffer, "byteLength");
  const maxByteLength = getter(ArrayBuffer, "maxByteLength");
  const resizable = getter(ArrayBuffer, "resizable");
  const detached = getter(ArrayBuffer, "detached");
  const transfer = bind(ArrayBuffer.prototype.transfer);
  const resize = bind(ArrayBuffer.prototype.resize);
  const fill = bind(Uint8Array.prototype.set);
  const kindOf = getter(TypedArray, Symbol.toStringTag);
  const ofTyped = {
    buffer: getter(TypedArray, "buffer"),
    offset: getter(TypedArray, "byteOffset"),
    length: getter(TypedArray, "length"),
    size: getter(TypedArray, "byteLength"),
  };
  const ofData = {
    buffer: getter(DataView, "buffer"),
    offset: getter(DataView, "byteOffset"),
    size: getter(DataView, "byteLength"),
  };
  const validate = bind(TypedArray.prototype.keys);
  const classes = { DataView };
  for (const Class of [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float16Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ]) {
    classes[Class.name] = Class;
  }
  const arrayBuffer = ArrayBuffer;

  /** An empty buffer of the same shape. */
  const bufferLike = (buffer) => {
    const length = byteLength(buffer);
    return resizable(buffer)
      ? new arrayBuffer(length, { maxByteLength: maxByteLength(buffer) })
      : new arrayBuffer(length);
  };

  const copyBytes = (from, to) => fill(new Uint8Array(to), new Uint8Array(from));

  /** Whether a view of a resizable buffer has no length of its own. */
  const tracksLength = (view, buffer, offset, size) => {
    const length = byteLength(buffer);
    if (!resizable(buffer) || offset + size > length || length === maxByteLength(buffer)) return false;
    resize(buffer, maxByteLength(buffer));
    const grown = kindOf(view) === undefined ? ofData.size(view) : ofTyped.size(view);
    resize(buffer, length);
    return grown !== size;
  };

  const isBuffer = (value) => {
    try {
      byteLength(value);
      return true;
    } catch {
      return false;
    }
  };

  // ── Errors ──

  const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
  const domException = DOMException;
  const stackOf = getter(Error, "stack");

  const ownData = (object, name) => {
    const descriptor = getOwnPropertyDescriptor(object, name);
    return descriptor !== undefined && "value" in descriptor ? descriptor : undefined;
  };

  const hidden = (object, name, value) =>
    defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });

  return {
    date: (date) => new Date(getTime(date)),
    regexp: (regexp) => new RegExp(source(regexp), flags(regexp)),
    boxed: (value, kind) => Object(valueOf[kind](value)),
    entries(map) {
      const list = [];
      mapForEach(map, (value, key) => list.push(key, value));
      return list;
    },
    fillMap(map, list) {
      for (let i = 0; i < list.length; i += 2) mapSet(map, list[i], list[i + 1]);
    },
    items(set) {
      const list = [];
      setForEach(set, (value) => list.push(value));
      return list;
    },
    fillSet(set, list) {
      for (let i = 0; i < list.length; i++) setAdd(set, list[i]);
    },
    makeMap: () => new Map(),
    makeSet: () => new Set(),

    /** The copy of an error, without its cause, and whether there is a cause. */
    error(error) {
      const name = error.name;
      const Class = typeof name === "string" && Object.hasOwn(errors, name) ? errors[name] : errors.Error;
      const message = ownData(error, "message");
      const copy = new Class();
      if (message !== undefined) hidden(copy, "message", `${message.value}`);
      const stack = ownData(error, "stack")?.value ?? stackOf(error);
      hidden(copy, "stack", typeof stack === "string" ? stack : "");
      return [copy, ownData(error, "cause")];
    },
    setCause: (error, cause) => hidden(error, "cause", cause),
    domException(exception) {
      const copy = new domException(exception.message, exception.name);
      if (typeof exception.stack === "string") hidden(copy, "stack", exception.stack);
      return copy;
    },

    isDetached: detached,
    bufferLike,
    copyBytes,
    transfer,
    copyBuffer(buffer) {
      const copy = bufferLike(buffer);
      copyBytes(buffer, copy);
      return copy;
    },
    /** `[buffer, class, byte offset, length or undefined]` of a view; `undefined` if it is out of its buffer's bounds. */
    viewParts(view) {
      const kind = kindOf(view);
      const { buffer: bufferOf, offset: offsetOf, size: sizeOf } = kind === undefined ? ofData : ofTyped;
      const buffer = bufferOf(view);
      const shared = !isBuffer(buffer);
      if (!shared && detached(buffer)) return undefined;
      let offset, size;
      try {
        if (kind !== undefined) validate(view);
        offset = offsetOf(view);
        size = sizeOf(view);
      } catch {
        return undefined;
      }
      const length =
        !shared && tracksLength(view, buffer, offset, size)
          ? undefined
          : kind === undefined
            ? size
            : ofTyped.length(view);
      return [buffer, kind ?? "DataView", offset, length];
    },
    makeView: (buffer, kind, offset, length) => new classes[kind](buffer, offset, length),

    /** The list of the option `transfer`. */
    transferList(options) {
      if (options === undefined || options === null) return [];
      if (typeof options !== "object" && typeof options !== "function")
        throw new TypeError("structuredClone: the options are not an object");
      const { transfer: list } = options;
      if (list === undefined) return [];
      if (typeof list !== "object" && typeof list !== "function")
        throw new TypeError("structuredClone: transfer is not iterable");
      const objects = [...list];
      for (const object of objects) {
        if (object === null || (typeof object !== "object" && typeof object !== "function")) {
          throw new TypeError("structuredClone: transfer holds a value that is not an object");
        }
      }
      return objects;
    },
  };
})();
