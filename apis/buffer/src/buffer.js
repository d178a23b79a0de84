// Node.js's Buffer: a Uint8Array that knows encodings.
(native, inspect, errors, numbers) => {
  const { invalidType, outOfRange, outOfBounds, invalidValue, unknownEncoding, invalidSize } = errors;
  const { validateNumber, validateInteger, validateString, coded } = errors;
  const { defineProperty, getOwnPropertyDescriptor, setPrototypeOf, keys, assign } = Object;
  const { isArray } = Array;
  const { isInteger, isNaN, isSafeInteger } = Number;
  const { floor, min, trunc } = Math;
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);
  const getter = (object, name) => bind(getOwnPropertyDescriptor(object, name).get);
  const bufferOf = getter(TypedArray.prototype, "buffer");
  const offsetOf = getter(TypedArray.prototype, "byteOffset");
  const sizeOf = getter(TypedArray.prototype, "byteLength");
  const lengthOf = getter(TypedArray.prototype, "length");
  const kindOf = getter(TypedArray.prototype, Symbol.toStringTag);
  const setBytes = bind(TypedArray.prototype.set);
  const sliceOf = bind(TypedArray.prototype.slice);
  const subarrayOf = bind(TypedArray.prototype.subarray);
  const fillBytes = bind(TypedArray.prototype.fill);
  const isView = ArrayBuffer.isView;
  const lower = bind(String.prototype.toLowerCase);
  const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

  /** Bytes that a buffer's text shows. */
  let mostShown = 50;

  const MAX_LENGTH = 2 ** 31 - 1;
  const MAX_STRING_LENGTH = 2 ** 30 - 1;

  // As in lib.rs.
  const UTF8 = 0;
  const UTF16LE = 1;
  const LATIN1 = 2;
  const ASCII = 3;
  const BASE64 = 4;
  const BASE64URL = 5;
  const HEX = 6;
  const encodings = {
    __proto__: null,
    utf8: UTF8,
    "utf-8": UTF8,
    ucs2: UTF16LE,
    "ucs-2": UTF16LE,
    utf16le: UTF16LE,
    "utf-16le": UTF16LE,
    latin1: LATIN1,
    binary: LATIN1,
    ascii: ASCII,
    base64: BASE64,
    base64url: BASE64URL,
    hex: HEX,
  };

  /** The number of an encoding; `undefined` if there is none of that name. */
  const encodingNumber = (name) => encodings[name] ?? encodings[lower(`${name}`)];

  const encodingOr = (name, fallback) => {
    if (name === undefined || name === null || name === "") return fallback;
    const encoding = encodingNumber(name);
    if (encoding === undefined) throw unknownEncoding(name);
    return encoding;
  };

  const isUint8Array = (value) => isView(value) && kindOf(value) === "Uint8Array";

  const needBytes = (value, name) => {
    if (!isUint8Array(value)) throw invalidType(name, ["Buffer", "Uint8Array"], value);
  };

  // ── Making them ──

  class FastBuffer extends Uint8Array {}

  function Buffer(value, encodingOrOffset, length) {
    if (typeof value === "number") {
      if (typeof encodingOrOffset === "string") throw invalidType("string", "string", value);
      return Buffer.alloc(value);
    }
    return from(value, encodingOrOffset, length);
  }

  const { prototype } = FastBuffer;
  setPrototypeOf(Buffer, Uint8Array);
  defineProperty(Buffer, "prototype", { value: prototype, writable: false });
  defineProperty(prototype, "constructor", { value: Buffer, writable: true, configurable: true });
  defineProperty(Buffer, Symbol.species, { configurable: true, get: () => FastBuffer });

  const own = (bytes) => setPrototypeOf(bytes, prototype);
  const fromString = (string, encoding) =>
    own(native.encode(string, typeof encoding === "string" ? encodingOr(encoding, UTF8) : UTF8));

  const fromArrayBuffer = (buffer, byteOffset, length) => {
    byteOffset = byteOffset === undefined ? 0 : +byteOffset || 0;
    const room = buffer.byteLength - byteOffset;
    if (room < 0) throw outOfBounds("offset");
    if (length === undefined) return new FastBuffer(buffer, byteOffset);
    length = +length;
    if (length > room) throw outOfBounds("length");
    return new FastBuffer(buffer, byteOffset, length > 0 ? length : 0);
  };

  const allocate = (size) => {
    validateNumber(size, "size", 0, MAX_LENGTH);
    return new FastBuffer(size);
  };

  const fromArrayLike = (items) => {
    if (items.length <= 0) return new FastBuffer();
    if (items.length > MAX_LENGTH) throw outOfRange("length", `<= ${MAX_LENGTH}`, items.length);
    const bytes = new FastBuffer(items.length);
    setBytes(bytes, items);
    return bytes;
  };

  const fromObject = (object) => {
    if (object.length !== undefined || native.isAnyArrayBuffer(object.buffer)) {
      return typeof object.length === "number" ? fromArrayLike(object) : new FastBuffer();
    }
    return object.type === "Buffer" && isArray(object.data) ? fromArrayLike(object.data) : undefined;
  };

  const EXPECTED = ["string", "Buffer", "ArrayBuffer", "Array", "Array-like Object"];

  const from = (value, encodingOrOffset, length) => {
    if (typeof value === "string") return fromString(value, encodingOrOffset);
    if (typeof value === "object" && value !== null) {
      if (native.isAnyArrayBuffer(value)) return fromArrayBuffer(value, encodingOrOffset, length);
      const plain = value.valueOf && value.valueOf();
      if (plain != null && plain !== value && (typeof plain === "string" || typeof plain === "object")) {
        return from(plain, encodingOrOffset, length);
      }
      const bytes = fromObject(value);
      if (bytes !== undefined) return bytes;
      if (typeof value[Symbol.toPrimitive] === "function") {
        const primitive = value[Symbol.toPrimitive]("string");
        if (typeof primitive === "string") return fromString(primitive, encodingOrOffset);
      }
    }
    throw invalidType("first argument", EXPECTED, value);
  };

  const fill = (bytes, value, offset, end, encoding) => {
    if (typeof value === "string") {
      if (offset === undefined || typeof offset === "string") {
        encoding = offset;
        offset = undefined;
      } else if (typeof end === "string") {
        encoding = end;
        end = undefined;
      }
      if (encoding !== undefined) validateString(encoding, "encoding");
      encoding = encodingOr(encoding, UTF8);
    }
    const length = bytes.length;
    if (offset === undefined) {
      offset = 0;
      end = length;
    } else {
      validateNumber(offset, "offset", 0);
      if (end === undefined) end = length;
      else validateNumber(end, "end", 0, length);
      if (offset >= end) return bytes;
    }
    if (end > sizeOf(bytes)) throw outOfBounds();
    if (typeof value !== "string" && !isUint8Array(value)) return fillBytes(bytes, value & 255, offset, end);
    if (value.length === 0 && typeof value === "string") return fillBytes(bytes, 0, offset, end);
    const pattern = typeof value === "string" ? native.encode(value, encoding) : value;
    if (lengthOf(pattern) === 0) throw invalidValue("value", value);
    native.fill(bytes, pattern, trunc(offset), trunc(end));
    return bytes;
  };

  const statics = {
    poolSize: 8192,
    from(value, encodingOrOffset, length) {
      return from(value, encodingOrOffset, length);
    },
    copyBytesFrom(view, offset, length) {
      if (!isView(view) || kindOf(view) === undefined) throw invalidType("view", "TypedArray", view);
      if (offset !== undefined) validateInteger(offset, "offset", 0);
      if (length !== undefined) validateInteger(length, "length", 0);
      const start = offset ?? 0;
      const part = sliceOf(view, start, length === undefined ? lengthOf(view) : start + length);
      return new FastBuffer(bufferOf(part), offsetOf(part), sizeOf(part));
    },
    of(...items) {
      return fromArrayLike(items);
    },
    alloc(size, value, encoding) {
      const bytes = allocate(size);
      if (value === undefined || value === 0 || size === 0) return bytes;
      return typeof value === "string" ? fill(bytes, value, encoding ?? undefined) : fill(bytes, value);
    },
    allocUnsafe: (size) => allocate(size),
    allocUnsafeSlow: (size) => allocate(size),
    isBuffer: (value) => value instanceof Buffer,
    isEncoding: (name) => typeof name === "string" && name.length !== 0 && encodingNumber(name) !== undefined,
    compare(buf1, buf2) {
      needBytes(buf1, "buf1");
      needBytes(buf2, "buf2");
      return native.compare(buf1, buf2);
    },
    concat(list, length) {
      if (!isArray(list)) throw invalidType("list", "Array", list);
      if (length !== undefined) validateInteger(length, "length", 0, MAX_LENGTH);
      for (let i = 0; i < list.length; i++) needBytes(list[i], `list[${i}]`);
      let total = 0;
      for (let i = 0; i < list.length; i++) total += lengthOf(list[i]);
      const bytes = allocate(length ?? total);
      let position = 0;
      for (let i = 0; i < list.length && position < bytes.length; i++) {
        const room = bytes.length - position;
        const part = lengthOf(list[i]) > room ? new Uint8Array(bufferOf(list[i]), offsetOf(list[i]), room) : list[i];
        setBytes(bytes, part, position);
        position += lengthOf(part);
      }
      return bytes;
    },
    byteLength(string, encoding) {
      if (typeof string !== "string") {
        if (isView(string) || native.isAnyArrayBuffer(string)) return string.byteLength;
        throw invalidType("string", ["string", "Buffer", "ArrayBuffer"], string);
      }
      return native.byteLength(string, (encoding ? encodingNumber(encoding) : UTF8) ?? UTF8);
    },
  };

  for (const name of keys(statics)) {
    defineProperty(Buffer, name, { value: statics[name], writable: true, enumerable: true, configurable: true });
  }

  // ── Methods ──

  const toInteger = (value, fallback) => {
    value = +value;
    if (isSafeInteger(value)) return value;
    return isNaN(value) || value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER ? fallback : floor(value);
  };

  const adjusted = (offset, length) => {
    offset = trunc(offset);
    if (offset === 0 || isNaN(offset)) return 0;
    if (offset < 0) return offset + length > 0 ? offset + length : 0;
    return min(offset, length);
  };

  const write = (bytes, string, offset, length, encoding) => {
    if (typeof string !== "string") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "argument must be a string");
    return native.write(bytes, string, offset, length, encoding);
  };

  const search = (bytes, value, byteOffset, encoding, forward) => {
    needBytes(bytes, "buffer");
    if (typeof byteOffset === "string") {
      encoding = byteOffset;
      byteOffset = undefined;
    }
    byteOffset = +byteOffset;
    if (isNaN(byteOffset)) byteOffset = forward ? 0 : bytes.length;
    if (typeof value === "number") return native.indexOf(bytes, new Uint8Array([value]), byteOffset, forward, 1);
    if (typeof value !== "string" && !isUint8Array(value)) {
      throw invalidType("value", ["number", "string", "Buffer", "Uint8Array"], value);
    }
    const number = typeof value === "string" ? encodingOr(encoding, UTF8) : (encodingNumber(encoding) ?? UTF8);
    const needle = typeof value === "string" ? native.encode(value, number) : value;
    return native.indexOf(bytes, needle, byteOffset, forward, number === UTF16LE ? 2 : 1);
  };

  const swap = (bytes, width) => {
    if (bytes.length % width !== 0) throw invalidSize(width * 8);
    native.swap(bytes, width);
    return bytes;
  };

  const copy = (source, target, targetStart, sourceStart, sourceEnd) => {
    if (!isView(source)) throw invalidType("source", ["Buffer", "Uint8Array"], source);
    if (!isView(target)) throw invalidType("target", ["Buffer", "Uint8Array"], target);
    targetStart = targetStart === undefined ? 0 : toInteger(targetStart, 0);
    if (targetStart < 0) throw outOfRange("targetStart", ">= 0", targetStart);
    sourceStart = sourceStart === undefined ? 0 : toInteger(sourceStart, 0);
    if (sourceStart < 0 || sourceStart > source.byteLength) {
      throw outOfRange("sourceStart", `>= 0 && <= ${source.byteLength}`, sourceStart);
    }
    sourceEnd = sourceEnd === undefined ? source.byteLength : toInteger(sourceEnd, 0);
    if (sourceEnd < 0) throw outOfRange("sourceEnd", ">= 0", sourceEnd);
    const room = target.byteLength - targetStart;
    const count = min(sourceEnd - sourceStart, source.byteLength - sourceStart, room);
    if (count <= 0) return 0;
    const to = new Uint8Array(target.buffer, target.byteOffset + targetStart, count);
    setBytes(to, new Uint8Array(source.buffer, source.byteOffset + sourceStart, count));
    return count;
  };

  const methods = {
    copy(target, targetStart, sourceStart, sourceEnd) {
      return copy(this, target, targetStart, sourceStart, sourceEnd);
    },
    toString(encoding, start, end) {
      if (arguments.length === 0) return native.decode(this, UTF8, 0, this.length);
      const length = this.length;
      if (start <= 0) start = 0;
      else if (start >= length) return "";
      else start = trunc(start) || 0;
      if (end === undefined || end >= length) end = length;
      else end = trunc(end) || 0;
      if (end <= start) return "";
      return native.decode(this, encoding === undefined ? UTF8 : requiredEncoding(encoding), start, end);
    },
    equals(otherBuffer) {
      needBytes(this, "this");
      needBytes(otherBuffer, "otherBuffer");
      return this === otherBuffer || native.compare(this, otherBuffer) === 0;
    },
    compare(target, targetStart, targetEnd, sourceStart, sourceEnd) {
      needBytes(this, "this");
      needBytes(target, "target");
      if (targetStart === undefined) targetStart = 0;
      else validateInteger(targetStart, "targetStart", 0);
      if (targetEnd === undefined) targetEnd = target.length;
      else validateInteger(targetEnd, "targetEnd", 0, target.length);
      if (sourceStart === undefined) sourceStart = 0;
      else validateInteger(sourceStart, "sourceStart", 0);
      if (sourceEnd === undefined) sourceEnd = this.length;
      else validateInteger(sourceEnd, "sourceEnd", 0, this.length);
      if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
      if (targetStart >= targetEnd) return 1;
      return native.compare(subarrayOf(this, sourceStart, sourceEnd), subarrayOf(target, targetStart, targetEnd));
    },
    indexOf(value, byteOffset, encoding) {
      return search(this, value, byteOffset, encoding, true);
    },
    lastIndexOf(value, byteOffset, encoding) {
      return search(this, value, byteOffset, encoding, false);
    },
    includes(value, byteOffset, encoding) {
      return search(this, value, byteOffset, encoding, true) !== -1;
    },
    fill(value, offset, end, encoding) {
      return fill(this, value, offset, end, encoding);
    },
    write(string, offset, length, encoding) {
      if (offset === undefined) return write(this, string, 0, this.length, UTF8);
      if (length === undefined && typeof offset === "string") {
        return write(this, string, 0, this.length, encodingOr(offset, UTF8));
      }
      validateInteger(offset, "offset", 0, this.length);
      const room = this.length - offset;
      if (typeof length === "string") {
        encoding = length;
        length = room;
      } else if (length === undefined) {
        length = room;
      } else {
        validateInteger(length, "length", 0, this.length);
        length = min(length, room);
      }
      return write(this, string, offset, length, encodingOr(encoding, UTF8));
    },
    toJSON() {
      const data = [];
      for (let i = 0; i < this.length; i++) data[i] = this[i];
      return { type: "Buffer", data };
    },
    subarray(start, end) {
      const length = this.length;
      start = adjusted(start, length);
      end = end === undefined ? length : adjusted(end, length);
      return new FastBuffer(this.buffer, this.byteOffset + start, end > start ? end - start : 0);
    },
    slice(start, end) {
      return this.subarray(start, end);
    },
    swap16() {
      return swap(this, 2);
    },
    swap32() {
      return swap(this, 4);
    },
    swap64() {
      return swap(this, 8);
    },
    [CUSTOM](_depth, options, show = inspect) {
      const shown = min(mostShown, this.length);
      let text = native.decode(this, HEX, 0, shown).replace(/(.{2})/g, "$1 ").trim();
      const more = this.length - shown;
      if (more > 0) text += ` ... ${more} more byte${more > 1 ? "s" : ""}`;
      const extra = keys(this).filter((key) => !isInteger(+key));
      const parts = extra.map((key) => `${key}: ${show(this[key], options)}`);
      if (parts.length > 0) text += `${text === "" ? "" : ", "}${parts.join(", ")}`;
      return `<${this.constructor.name} ${text}>`;
    },
  };

  const requiredEncoding = (name) => {
    const encoding = encodingNumber(name);
    if (encoding === undefined) throw unknownEncoding(name);
    return encoding;
  };

  for (const [name, encoding] of [
    ["utf8", UTF8],
    ["ucs2", UTF16LE],
    ["latin1", LATIN1],
    ["ascii", ASCII],
    ["base64", BASE64],
    ["base64url", BASE64URL],
    ["hex", HEX],
  ]) {
    methods[`${name}Write`] = function (string, offset = 0, length = this.length - offset) {
      if (offset < 0 || offset > this.length) throw outOfBounds("offset");
      if (length < 0 || length > this.length - offset) throw outOfBounds("length");
      return write(this, string, offset, length, encoding);
    };
    methods[`${name}Slice`] = function (start = 0, end = this.length) {
      if (start < 0 || end < 0) throw coded(RangeError, "ERR_OUT_OF_RANGE", "Index out of range");
      return end <= start ? "" : native.decode(this, encoding, start, min(end, this.length));
    };
  }

  for (const source of [methods, numbers]) {
    for (const name of Reflect.ownKeys(source)) {
      const value = source[name];
      defineProperty(prototype, name, { value, writable: true, enumerable: true, configurable: true });
    }
  }
  defineProperty(prototype, "toLocaleString", getOwnPropertyDescriptor(prototype, "toString"));
  defineProperty(prototype, "inspect", getOwnPropertyDescriptor(prototype, CUSTOM));
  const view = (name, get) => defineProperty(prototype, name, { enumerable: true, configurable: true, get });
  view("parent", function () {
    return this instanceof Buffer ? this.buffer : undefined;
  });
  view("offset", function () {
    return this instanceof Buffer ? this.byteOffset : undefined;
  });

  // ── The module ──

  const needView = (input) => {
    if (!isView(input) && !native.isAnyArrayBuffer(input)) {
      throw invalidType("input", ["ArrayBuffer", "Buffer", "TypedArray"], input);
    }
    const bytes = isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    if (native.isDetached(bytes)) {
      throw coded(Error, "ERR_INVALID_STATE", "Invalid state: Cannot validate on a detached buffer");
    }
    return bytes;
  };

  const transcode = (source, fromEncoding, toEncoding) => {
    needBytes(source, "source");
    if (source.length === 0) return new FastBuffer();
    const [input, output] = [encodingNumber(fromEncoding), encodingNumber(toEncoding)];
    if (!(input <= ASCII && output <= ASCII)) {
      const error = new Error("Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]");
      throw assign(error, { code: "U_ILLEGAL_ARGUMENT_ERROR", errno: 1 });
    }
    const text = native.decode(source, input, 0, source.length);
    if (output !== LATIN1 && output !== ASCII) return own(native.encode(text, output));
    const most = output === LATIN1 ? 0xff : 0x7f;
    return fromArrayLike(Array.from(text, (char) => (char.codePointAt(0) <= most ? char.charCodeAt(0) : 0x3f)));
  };

  return {
    Buffer,
    transcode,
    isUtf8: (input) => native.isUtf8(needView(input)),
    isAscii: (input) => native.isAscii(needView(input)),
    kMaxLength: MAX_LENGTH,
    kStringMaxLength: MAX_STRING_LENGTH,
    constants: { MAX_LENGTH, MAX_STRING_LENGTH },
    get INSPECT_MAX_BYTES() {
      return mostShown;
    },
    set INSPECT_MAX_BYTES(value) {
      validateNumber(value, "INSPECT_MAX_BYTES", 0);
      mostShown = value;
    },
  };
};
