// Blob and File, and the URLs of blobs.
(idl, native, streams, encoding) => {
  const { expose, need, dictionary, usvString } = idl;
  const { common, buffers } = streams;
  const { isObject, resolvedWith, rejectedWith } = common;
  const { isView, byteLength } = buffers;
  const { ArrayBuffer, Uint8Array } = buffers;
  const { call } = Function.prototype;
  const decode = call.bind(encoding.TextDecoder.prototype.decode);
  const decoder = new encoding.TextDecoder();
  const set = call.bind(TypedArray.prototype.set);
  const slice = call.bind(TypedArray.prototype.slice);
  const subarray = call.bind(TypedArray.prototype.subarray);
  const replace = call.bind(String.prototype.replace);
  const test = call.bind(RegExp.prototype.test);
  const toLowerCase = call.bind(String.prototype.toLowerCase);
  const startsWith = call.bind(String.prototype.startsWith);
  const split = call.bind(String.prototype.split);

  /** Bytes that a stream of a blob gives at once. */
  const CHUNK = 65536;
  /** What identifies a constructor's call from here. */
  const INTERNAL = {};
  const NOT_PRINTABLE = /[^\u0020-\u007e]/;

  const typeOf = (type) => (test(NOT_PRINTABLE, type) ? "" : toLowerCase(type));

  const isBuffer = (value) => {
    try {
      byteLength(value);
      return true;
    } catch {
      return false;
    }
  };

  /** A part of a blob: a string, or a view that is not to be changed. */
  const partOf = (value) => {
    if (isObject(value)) {
      if (isBlob(value)) return bytesOf(value);
      if (isView(value)) return native.viewBytes(value);
      if (isBuffer(value)) return new Uint8Array(value);
    }
    return usvString(value);
  };

  const partsOf = (parts, what) => {
    if (parts === undefined) return [];
    if (!isObject(parts)) throw new TypeError(`${what}: the parts are not an object`);
    const method = parts[Symbol.iterator];
    if (method === undefined || method === null) throw new TypeError(`${what}: the parts are not iterable`);
    if (typeof method !== "function") throw new TypeError(`${what}: the iterator of the parts is not a function`);
    const list = [];
    const sequence = { __proto__: null, [Symbol.iterator]: () => common.apply(method, parts, []) };
    for (const part of sequence) list[list.length] = partOf(part);
    return list;
  };

  const optionsOf = (options, what) => {
    options = dictionary(options, `${what}: the options`);
    const endings = options.endings === undefined ? "transparent" : `${options.endings}`;
    if (endings !== "transparent" && endings !== "native") throw new TypeError(`${what}: there are no endings ${endings}`);
    return { endings, options };
  };

  const join = (parts, endings) => {
    let size = 0;
    for (let index = 0; index < parts.length; index++) {
      if (typeof parts[index] === "string") {
        parts[index] = native.encode(endings === "native" ? replace(parts[index], /\r\n?/g, "\n") : parts[index]);
      }
      size += parts[index].byteLength;
    }
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const part of parts) {
      set(bytes, part, offset);
      offset += part.byteLength;
    }
    return bytes;
  };

  const clamp = (value, size) => {
    let number = +value;
    if (!(number === number)) number = 0;
    number = Math.min(Math.max(number, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
    // Ties to even, as [Clamp] rounds.
    let rounded = Math.round(number);
    if (Math.abs(number % 1) === 0.5 && rounded % 2 !== 0) rounded--;
    return rounded < 0 ? Math.max(size + rounded, 0) : Math.min(rounded, size);
  };

  class Blob {
    /** A view of memory that no guest holds; slices share it. */
    #bytes;
    #type;

    static is = (value) => isObject(value) && #bytes in value;
    static bytes = (blob) => blob.#bytes;
    static type = (blob) => blob.#type;

    constructor(blobParts = undefined, options = undefined) {
      if (blobParts === INTERNAL) {
        this.#bytes = options.bytes;
        this.#type = options.type;
        return;
      }
      const what = new.target === File ? "File" : "Blob";
      const parts = partsOf(blobParts, what);
      const converted = optionsOf(options, what);
      const { type } = converted.options;
      this.#type = type === undefined ? "" : typeOf(`${type}`);
      this.#bytes = join(parts, converted.endings);
    }

    get size() {
      return this.#bytes.byteLength;
    }

    get type() {
      return this.#type;
    }

    slice(start = undefined, end = undefined, contentType = undefined) {
      const bytes = this.#bytes;
      const { length } = bytes;
      const from = start === undefined ? 0 : clamp(start, length);
      const to = end === undefined ? length : clamp(end, length);
      const type = contentType === undefined ? "" : typeOf(`${contentType}`);
      return makeBlob(subarray(bytes, from, Math.max(from, to)), type);
    }

    stream() {
      return streams.publicReadable(streamOf(this.#bytes));
    }

    text() {
      try {
        return resolvedWith(decode(decoder, this.#bytes));
      } catch (error) {
        return rejectedWith(error);
      }
    }

    arrayBuffer() {
      try {
        return resolvedWith(slice(this.#bytes).buffer);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    bytes() {
      try {
        return resolvedWith(slice(this.#bytes));
      } catch (error) {
        return rejectedWith(error);
      }
    }
  }

  const { is: isBlob, bytes: bytesOf, type: blobType } = Blob;
  const makeBlob = (bytes, type) => new Blob(INTERNAL, { bytes, type });

  /** A byte stream over bytes that nobody changes. */
  const streamOf = (bytes) => {
    const stream = streams.makeReadable();
    let offset = 0;
    const pull = () => {
      const { controller } = stream;
      if (offset < bytes.byteLength) {
        const chunk = slice(bytes, offset, offset + CHUNK);
        offset += chunk.byteLength;
        streams.readableByteStreamControllerEnqueue(controller, chunk);
      }
      if (offset >= bytes.byteLength) {
        streams.readableByteStreamControllerClose(controller);
        if (controller.pendingPullIntos.length > 0) streams.readableByteStreamControllerRespond(controller, 0);
      }
      return undefined;
    };
    streams.setUpReadableByteStreamController(stream, () => undefined, pull, () => undefined, 0, undefined);
    if (bytes.byteLength === 0) streams.readableByteStreamControllerClose(stream.controller);
    return stream;
  };

  class File extends Blob {
    #name;
    #lastModified;

    static is = (value) => isObject(value) && #name in value;
    static fields = (file) => [file.#name, file.#lastModified];

    constructor(fileBits, fileName, options = undefined) {
      if (fileBits === INTERNAL) {
        super(INTERNAL, fileName);
        this.#name = options.name;
        this.#lastModified = options.lastModified;
        return;
      }
      need(arguments, 2, "File");
      if (fileBits === undefined) throw new TypeError("File: the parts are not an object");
      const parts = partsOf(fileBits, "File");
      const name = usvString(fileName);
      const converted = optionsOf(options, "File");
      const { lastModified } = converted.options;
      const modified = lastModified === undefined ? native.now() : toLongLong(lastModified);
      const { type } = converted.options;
      const typeName = type === undefined ? "" : typeOf(`${type}`);
      super(INTERNAL, { bytes: join(parts, converted.endings), type: typeName });
      this.#name = name;
      this.#lastModified = modified;
    }

    get name() {
      return this.#name;
    }

    get lastModified() {
      return this.#lastModified;
    }
  }

  const { is: isFile, fields: fileFields } = File;
  const toLongLong = (value) => Number(BigInt.asIntN(64, BigInt(Math.trunc(+value) || 0)));
  const makeFile = (bytes, type, name, lastModified = native.now()) =>
    new File(INTERNAL, { bytes, type }, { name, lastModified });

  for (const Class of [Blob, File]) {
    delete Class.is;
    delete Class.bytes;
    delete Class.type;
    delete Class.fields;
  }

  // ── blob: URLs ──

  const registry = new Map();

  function createObjectURL(object) {
    need(arguments, 1, "URL.createObjectURL");
    if (!isBlob(object)) throw new TypeError("URL.createObjectURL: the argument is not a Blob");
    const url = `blob:${native.baseOrigin()}/${native.uuid()}`;
    registry.set(url, object);
    share(url, object);
    return url;
  }

  function revokeObjectURL(url) {
    need(arguments, 1, "URL.revokeObjectURL");
    url = `${url}`;
    registry.delete(url);
    native.unshare(url);
  }

  /** The blob of a URL without its fragment, which may be that of another realm; `undefined` if there is none. */
  const blobOfURL = (url) => {
    if (!startsWith(url, "blob:")) return undefined;
    const plain = split(url, "#", 1)[0];
    const own = registry.get(plain);
    if (own === undefined) return native.find(plain);
    if (!native.isRevoked(plain)) return own;
    registry.delete(plain);
    return undefined;
  };

  /** Shows a URL to realms that share theirs with this one, if there are any. */
  const share = (url, blob) => {
    if (isFile(blob)) native.share(url, bytesOf(blob), blobType(blob), ...fileFields(blob));
    else native.share(url, bytesOf(blob), blobType(blob));
  };
  const shareURLs = () => registry.forEach((blob, url) => share(url, blob));

  expose(Blob, {
    shown: "size type",
    clone: (blob) => makeBlob(bytesOf(blob), blobType(blob)),
    pack: (blob) => native.pack(bytesOf(blob), blobType(blob)),
  });
  expose(File, {
    shown: "size type name lastModified",
    clone: (file) => makeFile(bytesOf(file), blobType(file), ...fileFields(file)),
    pack: (file) => native.pack(bytesOf(file), blobType(file), ...fileFields(file)),
  });

  return { Blob, File, isBlob, isFile, bytesOf, blobType, typeOf, makeBlob, makeFile, streamOf, blobOfURL, shareURLs, createObjectURL, revokeObjectURL };
};
