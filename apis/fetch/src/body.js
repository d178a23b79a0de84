// Bodies: where their bytes are, and the methods that requests and responses share.
//
// A body holds its bytes, a native handle to bytes that still come, or a stream; it becomes a stream only when a guest asks
// for one.
(native, streams, files, headers, encoding) => {
  const { common, buffers } = streams;
  const { isObject, makePromise, resolvedWith, rejectedWith, upon } = common;
  const { Uint8Array, isView, isUint8Array } = buffers;
  const { FormData, isBlob, bytesOf, blobType, makeBlob, isFormData, entriesOf, isFile, makeFile } = files;
  const { fieldOf } = headers;
  const { call } = Function.prototype;
  const slice = call.bind(TypedArray.prototype.slice);
  const set = call.bind(TypedArray.prototype.set);
  const decode = call.bind(encoding.TextDecoder.prototype.decode);
  const parseJSON = JSON.parse;
  const { then } = native;
  const { URLSearchParams } = native;
  const searchSize = call.bind(Object.getOwnPropertyDescriptor(URLSearchParams.prototype, "size").get);
  const searchText = call.bind(URLSearchParams.prototype.toString);
  const appendEntry = call.bind(FormData.prototype.append);

  const makeBody = (source, handle, stream) => ({
    source,
    handle,
    stream,
    isUsed: false,
    /** Fails whoever reads, once somebody may. */
    abort: undefined,
    /** Ends watching for an abort, of a response's body that is watched; called once the body has ended. */
    forget: undefined,
  });

  const isDisturbed = (body) => body.isUsed || (body.stream !== undefined && body.stream.disturbed);
  const isUnusable = (body) =>
    body !== null && (isDisturbed(body) || (body.stream !== undefined && streams.isReadableStreamLocked(body.stream)));

  /** The stream of a body, which then is where its bytes come from. */
  const streamOf = (body) => {
    if (body.stream !== undefined) return body.stream;
    const { source, handle } = body;
    if (body.isUsed) {
      body.stream = files.streamOf(new Uint8Array(0));
      body.stream.disturbed = true;
      // Whoever used it keeps its reader.
      streams.acquireReadableStreamDefaultReader(body.stream);
      return body.stream;
    }
    const stream = handle === undefined ? files.streamOf(source) : incoming(body, handle);
    body.stream = stream;
    if (body.forget !== undefined) {
      body.abort = (reason) => {
        if (handle !== undefined) native.close(handle);
        streams.readableByteStreamControllerError(stream.controller, reason);
      };
      // A reader has the stream alone, or the branch of a tee that has it; what watches has a weak reference to the body.
      stream.body = body;
    }
    return stream;
  };

  /** Ends a watched body with an error, also for its clones, unless it has been read. */
  const abortBody = (body, reason) => {
    if (!body.isUsed) streamOf(body);
    body.abort?.(reason);
  };

  /** Bytes that a stream fetches ahead: whatever is more than none, so that it has one chunk at most while nobody reads. */
  const AHEAD = 1;

  /**
   * A byte stream of what a server sends. It is one chunk ahead of its reader, so the end of the body, or that it breaks off, reaches
   * `closed` and pipes without a read; of all that is behind that chunk, TCP keeps the server waiting.
   */
  const incoming = (body, handle) => {
    const stream = streams.makeReadable();
    const taken = (chunk) => {
      const { controller } = stream;
      if (stream.state !== "readable") return;
      if (chunk !== undefined) {
        streams.readableByteStreamControllerEnqueue(controller, chunk);
        return;
      }
      body.forget?.();
      streams.readableByteStreamControllerClose(controller);
      if (controller.pendingPullIntos.length > 0) streams.readableByteStreamControllerRespond(controller, 0);
    };
    const broken = (error) => {
      body.forget?.();
      throw error;
    };
    const pull = () => then(native.read(handle), taken, broken);
    const cancel = () => native.close(handle);
    streams.setUpReadableByteStreamController(stream, () => undefined, pull, cancel, AHEAD, undefined);
    return stream;
  };

  // ── From objects ──

  const copyOfBuffer = (value) => {
    const copy = native.bytesOfBuffer(value);
    if (copy === undefined) throw new TypeError("the body is a buffer that cannot be read");
    return copy;
  };

  const isSearchParams = (value) => {
    try {
      searchSize(value);
      return true;
    } catch {
      return false;
    }
  };

  const isBuffer = (value) => isView(value) || native.isBuffer(value);

  /** `{ body, type }` of a BodyInit: its bytes or stream, and its content type or `null`. */
  const extractBody = (object, what) => {
    if (streams.isReadableStream(object)) {
      const stream = streams.readableStateOf(object, what);
      if (stream.disturbed || streams.isReadableStreamLocked(stream)) {
        throw new TypeError(`${what}: the stream is locked or has been read from`);
      }
      return { body: makeBody(undefined, undefined, stream), type: null, isStream: true };
    }
    const whole = (source, type) => ({ body: makeBody(source, undefined, undefined), type, isStream: false });
    if (isBlob(object)) return whole(bytesOf(object), blobType(object) === "" ? null : blobType(object));
    if (isObject(object)) {
      if (isBuffer(object)) return whole(copyOfBuffer(object), null);
      if (isFormData(object)) return formBody(object);
      if (isSearchParams(object)) {
        return whole(native.encode(searchText(object)), "application/x-www-form-urlencoded;charset=UTF-8");
      }
    }
    return whole(native.encode(`${object}`), "text/plain;charset=UTF-8");
  };

  const escape = (name) => name.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22");
  const withNewlines = (text) => text.replace(/\r\n|\r|\n/g, "\r\n");

  /** multipart/form-data (HTML Standard, "multipart/form-data encoding algorithm"). */
  const formBody = (form) => {
    const boundary = `----formdata-quickbeam-${native.randomDigits()}`;
    const parts = [];
    const add = (text) => (parts[parts.length] = native.encode(text));
    for (const [name, value] of entriesOf(form)) {
      const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(withNewlines(name))}"`;
      if (isFile(value)) {
        add(`${disposition}; filename="${escape(value.name)}"\r\nContent-Type: ${blobType(value) || "application/octet-stream"}\r\n\r\n`);
        parts[parts.length] = bytesOf(value);
        add("\r\n");
      } else add(`${disposition}\r\n\r\n${withNewlines(value)}\r\n`);
    }
    add(`--${boundary}--\r\n`);
    return { body: makeBody(join(parts), undefined, undefined), type: `multipart/form-data; boundary=${boundary}`, isStream: false };
  };

  const join = (parts) => {
    let size = 0;
    for (const part of parts) size += part.byteLength;
    const bytes = new Uint8Array(size);
    let offset = 0;
    for (const part of parts) {
      set(bytes, part, offset);
      offset += part.byteLength;
    }
    return bytes;
  };

  // ── Reading ──

  /** Reads a stream to its end; a promise of `{ bytes }`, which is nothing that `Object.prototype.then` is looked up on. */
  const readAll = (stream) => {
    const { promise, resolve, reject } = makePromise();
    const reader = streams.acquireReadableStreamDefaultReader(stream);
    const chunks = [];
    const request = {
      chunkSteps(chunk) {
        if (!isUint8Array(chunk)) {
          const error = new TypeError("the body's stream gave a chunk that is not a Uint8Array");
          reject(error);
          upon(streams.readableStreamCancel(stream, error), undefined, () => undefined);
          return;
        }
        chunks[chunks.length] = chunk;
        native.queueMicrotask(read);
      },
      closeSteps() {
        try {
          resolve({ __proto__: null, bytes: chunks.length === 1 ? chunks[0] : join(chunks) });
        } catch (error) {
          reject(error);
        }
      },
      errorSteps: reject,
    };
    const read = () => streams.readableStreamDefaultReaderRead(reader, request);
    read();
    return promise;
  };

  const BYTES = 0;
  const TEXT = 1;

  /** Reads what a server sends to its end, unless the body is aborted before. */
  const collect = (body, handle, mode) => {
    const { promise, resolve, reject } = makePromise();
    body.abort = (reason) => {
      native.close(handle);
      reject(reason);
    };
    const done = (settle) => (value) => {
      body.forget?.();
      settle(value);
    };
    then(native.collect(handle, mode), done(resolve), done(reject));
    return promise;
  };

  const identity = (text) => text;
  const parse = (text) => parseJSON(text);

  /** A promise of what `convert` makes of a body's bytes, which it may keep, or of its text. */
  const consume = (body, what, mode, convert) => {
    if (body === null) return resolvedWith(convert(mode === TEXT ? "" : new Uint8Array(0)));
    if (isUnusable(body)) return rejectedWith(new TypeError(`${what}: the body is locked or has been read already`));
    const { source, handle, stream } = body;
    if (stream?.state === "errored") return rejectedWith(stream.storedError);
    if (stream !== undefined) {
      return then(readAll(stream), ({ bytes }) => convert(mode === TEXT ? native.decode(bytes) : bytes));
    }
    body.isUsed = true;
    if (handle !== undefined) return then(collect(body, handle, mode), convert);
    body.forget?.();
    return resolvedWith(convert(mode === TEXT ? native.decode(source) : slice(source)));
  };

  const parseForm = (bytes, type) => {
    const essence = /^[^;]*/.exec(type ?? "")[0].trim().toLowerCase();
    const form = new FormData();
    if (essence === "application/x-www-form-urlencoded") {
      for (const [name, value] of new URLSearchParams(decode(plain, bytes))) appendEntry(form, name, value);
      return form;
    }
    const match = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(type ?? "");
    const boundary = match?.[1] ?? match?.[2];
    if (essence !== "multipart/form-data" || !boundary) {
      throw new TypeError(`formData: a body of the type ${JSON.stringify(type)} is no form`);
    }
    const entries = entriesOf(form);
    const parts = native.parseMultipart(bytes, boundary);
    if (parts === undefined) throw new TypeError("formData: the body is not valid multipart/form-data");
    for (const [name, filename, contentType, start, end] of parts) {
      const content = slice(bytes, start, end);
      const value =
        filename === undefined
          ? decode(plain, content)
          : makeFile(content, files.typeOf(contentType ?? "text/plain"), filename);
      entries[entries.length] = [name, value];
    }
    return form;
  };
  const plain = new encoding.TextDecoder("utf-8", { __proto__: null, ignoreBOM: true });

  /** Gives a class the methods of the mixin. `stateOf(object)` has its body and headers. */
  const mixBody = (Class, stateOf) => {
    const bodyOf = (object) => stateOf(object).body;
    const promising = (method) => {
      const { name } = method;
      return {
        [name]() {
          try {
            return method(this);
          } catch (error) {
            return rejectedWith(error);
          }
        },
      }[name];
    };
    const contentType = (object) => fieldOf(stateOf(object), "content-type");
    const methods = [
      function arrayBuffer(object) {
        return consume(bodyOf(object), "arrayBuffer", BYTES, (bytes) => exact(bytes).buffer);
      },
      function blob(object) {
        const type = contentType(object);
        return consume(bodyOf(object), "blob", BYTES, (bytes) => makeBlob(bytes, type === null ? "" : files.typeOf(native.mimeType(type))));
      },
      function bytes(object) {
        return consume(bodyOf(object), "bytes", BYTES, exact);
      },
      function formData(object) {
        const type = contentType(object);
        return consume(bodyOf(object), "formData", BYTES, (bytes) => parseForm(bytes, type));
      },
      function json(object) {
        return consume(bodyOf(object), "json", TEXT, parse);
      },
      function text(object) {
        return consume(bodyOf(object), "text", TEXT, identity);
      },
    ];
    for (const method of methods) {
      const value = promising(method);
      Object.defineProperty(Class.prototype, method.name, { value, writable: true, enumerable: true, configurable: true });
    }
    const getters = {
      get body() {
        const body = bodyOf(this);
        return body === null ? null : streams.publicReadable(streamOf(body));
      },
      get bodyUsed() {
        const body = bodyOf(this);
        return body !== null && isDisturbed(body);
      },
    };
    for (const name of ["body", "bodyUsed"]) {
      const descriptor = Object.getOwnPropertyDescriptor(getters, name);
      Object.defineProperty(Class.prototype, name, { ...descriptor, enumerable: true, configurable: true });
    }
  };

  /** An array that is all of its buffer. */
  const exact = (bytes) => (bytes.byteLength === bytes.buffer.byteLength ? bytes : slice(bytes));

  /** A stream that takes another one over. */
  const proxyStream = (stream) => {
    const { writable, readable } = streams.createSimpleTransform((chunk, enqueue) => enqueue(chunk), () => undefined);
    const options = { preventAbort: false, preventCancel: false, preventClose: false, signal: undefined };
    native.markHandled(streams.readableStreamPipeTo(stream, writable, options));
    return readable;
  };

  /** Another body of the same bytes. */
  const cloneBody = (body) => {
    if (body === null) return null;
    if (body.source !== undefined && body.stream === undefined && body.forget === undefined) {
      return makeBody(body.source, undefined, undefined);
    }
    const [first, second] = streams.readableStreamTee(streamOf(body), true);
    body.stream = first;
    body.handle = body.source = undefined;
    return makeBody(undefined, undefined, second);
  };

  /** A promise of `{ bytes }`, all of a body. */
  const bytesOfBody = (body, what) => consume(body, what, BYTES, (bytes) => ({ __proto__: null, bytes }));

  return { makeBody, abortBody, bytesOfBody, extractBody, isUnusable, streamOf, proxyStream, mixBody, cloneBody };
};
