// fetch: requests by scheme, with abort at every stage.
(idl, native, streams, headers, bodies, requests, responses, events, files) => {
  const { common, buffers } = streams;
  const { makePromise, resolvedWith, rejectedWith, upon } = common;
  const { then } = native;
  const { stateOfInput } = requests;
  const { makeResponse, responseStateOf } = responses;
  const { fieldsOf, fieldOf } = headers;
  const { makeBody, abortBody, bytesOfBody, streamOf } = bodies;
  const { addAlgorithm } = events;
  const { call } = Function.prototype;
  const startsWith = call.bind(String.prototype.startsWith);
  const indexOf = call.bind(String.prototype.indexOf);
  const slice = call.bind(String.prototype.slice);
  const exec = call.bind(RegExp.prototype.exec);
  const bytesBetween = call.bind(TypedArray.prototype.subarray);
  const { stringify } = JSON;
  /** A URL without its fragment. */
  const withoutFragment = (url) => {
    const start = indexOf(url, "#");
    return start === -1 ? url : slice(url, 0, start);
  };

  const noop = () => undefined;
  const RANGE = /^bytes[\t ]*=[\t ]*([0-9]*)[\t ]*-[\t ]*([0-9]*)$/;
  const NULL_BODY = [101, 103, 204, 205, 304];

  // What a response's head consists of; see `Head` in exchange.rs.
  const STATUS = 0;
  const STATUS_TEXT = 1;
  const FIELDS = 2;
  const LAST_URL = 3;
  const BYTES = 4;
  const INCOMING = 5;

  const networkError = (message) => new TypeError(`fetch: ${message}`);

  const responseOf = (url, status, statusText, fields, body, redirected) =>
    makeResponse({
      type: "basic",
      url: withoutFragment(url),
      redirected,
      status,
      statusText,
      fields,
      headers: undefined,
      isImmutable: true,
      body,
    });

  // ── Aborts of what has arrived ──

  /** Ends watching for an abort when nobody can read a body, or sends one, any more. */
  const unread = new FinalizationRegistry((forget) => forget());

  /** What ends a response's body with an error, unless it has been read by then. It may live long, and does not keep the body. */
  const breakerOf = (body) => {
    const weak = new WeakRef(body);
    body.forget = noop;
    return (reason) => {
      const watched = weak.deref();
      if (watched !== undefined) abortBody(watched, reason);
    };
  };

  /** Ends an upload when the signal aborts: `cancel` lives as long as what sends it. */
  const watchUpload = (signal, cancel) => {
    const weak = new WeakRef(cancel);
    unread.register(cancel, addAlgorithm(signal, (reason) => weak.deref()?.(reason)));
  };

  /** Ends a response's body with an error when the signal aborts. */
  const watch = (signal, body) => {
    if (body === null || body.source?.length === 0) return;
    const forget = addAlgorithm(signal, breakerOf(body));
    body.forget = forget;
    unread.register(body, forget);
  };

  /** A response whose body the signal, if there is one, may end. */
  const watched = (signal, response) => {
    if (signal !== null) watch(signal, responseStateOf(response).body);
    return response;
  };

  // ── data: and blob: ──

  const fetchData = ({ url, method }) => {
    const parts = native.decodeDataURL(url);
    if (parts === undefined) throw networkError("the data: URL is not valid");
    const [type, source] = parts;
    const body = method === "HEAD" ? null : makeBody(source, undefined, undefined);
    return responseOf(url, 200, "OK", [["content-type", type]], body, false);
  };

  /** `[start, end]` of a single range (Fetch Standard, "parse a single range header value"), of which one may be missing. */
  const rangeOf = (value) => {
    const [, first = "", last = ""] = exec(RANGE, value) ?? [];
    const start = first === "" ? undefined : Number(first);
    const end = last === "" ? undefined : Number(last);
    if ((start ?? end) === undefined || start > end) throw networkError(`${stringify(value)} is no range of a blob`);
    return [start, end];
  };

  /** The bytes of a blob that a range asks for. */
  const fetchRange = (url, range, blob) => {
    const whole = files.bytesOf(blob);
    const { length } = whole;
    const [first, last] = rangeOf(range);
    const start = first ?? Math.max(length - last, 0);
    if (first >= length) throw networkError(`a range from ${start} on of a blob of ${length} bytes`);
    const end = first === undefined ? length - 1 : Math.min(last ?? Infinity, length - 1);
    const source = bytesBetween(whole, start, end + 1);
    const list = [
      ["content-length", `${source.length}`],
      ["content-type", files.blobType(blob)],
      ["content-range", `bytes ${start}-${end}/${length}`],
    ];
    return responseOf(url, 206, "Partial Content", list, makeBody(source, undefined, undefined), false);
  };

  const fetchBlob = (state) => {
    const { url, method, blob } = state;
    if (method !== "GET") throw networkError(`a blob: URL is fetched with GET, not ${method}`);
    if (blob === undefined) throw networkError(`there is no blob with the URL ${url}`);
    const range = fieldOf(state, "range");
    if (range !== null) return fetchRange(url, range, blob);
    const source = files.bytesOf(blob);
    const list = [
      ["content-length", `${source.length}`],
      ["content-type", files.blobType(blob)],
    ];
    return responseOf(url, 200, "OK", list, makeBody(source, undefined, undefined), false);
  };

  // ── http: and https: ──

  /** Sends the chunks of a stream as the connection takes them. */
  const pump = (stream, handle, fail) => {
    const reader = streams.acquireReadableStreamDefaultReader(stream);
    const cancel = (error) => upon(streams.readableStreamCancel(stream, error), undefined, noop);
    const request = {
      chunkSteps(chunk) {
        if (!buffers.isUint8Array(chunk)) {
          const error = networkError("the stream of the body gave a chunk that is not a Uint8Array");
          cancel(error);
          fail(error);
          return;
        }
        then(
          native.send(handle, chunk),
          (isTaken) => {
            if (isTaken) read();
            else cancel(networkError("the body is not read any more"));
          },
          fail,
        );
      },
      closeSteps: () => native.endBody(handle),
      errorSteps: fail,
    };
    const read = () => streams.readableStreamDefaultReaderRead(reader, request);
    read();
    return cancel;
  };

  const flatten = (list) => {
    const flat = [];
    for (const [name, value] of list) {
      flat[flat.length] = name;
      flat[flat.length] = value;
    }
    return flat;
  };

  /** The response with a head. */
  const responseWith = ({ url, method }, head, body) => {
    const lastURL = head[LAST_URL];
    const redirected = lastURL !== undefined;
    return responseOf(redirected ? lastURL : url, head[STATUS], head[STATUS_TEXT], head[FIELDS], body, redirected);
  };

  /** The body behind a head, `null` if a response to this method has none. */
  const bodyWith = (method, head) => {
    const incoming = head[INCOMING];
    if (method !== "HEAD" && !NULL_BODY.includes(head[STATUS])) return makeBody(head[BYTES], incoming, undefined);
    if (incoming !== undefined) native.close(incoming);
    return null;
  };

  const requestOf = (state, sent) =>
    native.request(state.method, state.url, flatten(fieldsOf(state)), sent, state.settings.redirect);

  /** A request that nothing can end, and that is sent whole. */
  const fetchWhole = (state) => {
    const { body, method } = state;
    const handle = requestOf(state, body === null ? null : body.source);
    const started = native.start(handle);
    if (body !== null) body.isUsed = true;
    return then(started, (head) => {
      // Until here, this keeps the request from being collected, which would end it.
      native.finish(handle);
      return responseWith(state, head, bodyWith(method, head));
    });
  };

  const fetchHTTP = (state, signal) => {
    const { method, body } = state;
    const isStream = body !== null && body.source === undefined;
    if (signal === null && !isStream) return fetchWhole(state);
    const { promise, resolve, reject } = makePromise();
    const sent = body === null ? null : isStream ? undefined : body.source;
    const handle = requestOf(state, sent);
    let forget = noop;
    let cancelBody = noop;
    let breakResponse = noop;
    const cancel = (reason) => {
      native.abort(handle);
      cancelBody(reason);
    };
    const fail = (reason) => {
      forget();
      cancel(reason);
      reject(reason);
      breakResponse(reason);
    };
    if (signal !== null) forget = addAlgorithm(signal, fail);
    const started = native.start(handle);
    if (isStream) cancelBody = pump(streamOf(body), handle, fail);
    if (body !== null) body.isUsed = true;
    then(
      started,
      (head) => {
        native.finish(handle);
        forget();
        const responseBody = bodyWith(method, head);
        // What is sent may still fail, and what is to come of the response then does.
        if (isStream && responseBody?.handle !== undefined) breakResponse = breakerOf(responseBody);
        if (signal !== null) {
          // The response may have no body, or end, before all is sent.
          if (isStream) watchUpload(signal, cancel);
          watch(signal, responseBody);
        }
        resolve(responseWith(state, head, responseBody));
      },
      (error) => {
        forget();
        cancelBody(error);
        reject(error);
      },
    );
    return promise;
  };

  // ── Integrity ──

  /** The response, once it is known to have the bytes that were asked for. */
  const verified = (integrity, response, signal) => {
    const state = responseStateOf(response);
    return then(bytesOfBody(state.body, "fetch"), ({ bytes }) => {
      if (!native.hasIntegrity(integrity, bytes)) {
        throw networkError(`the response of ${state.url} does not have the integrity ${integrity}`);
      }
      const body = state.body === null ? null : makeBody(bytes, undefined, undefined);
      return watched(signal, makeResponse({ ...state, body }));
    });
  };

  /** A promise of the response. */
  const start = (state, signal) => {
    const { url } = state;
    if (startsWith(url, "http:") || startsWith(url, "https:")) return fetchHTTP(state, signal);
    if (startsWith(url, "data:")) return resolvedWith(watched(signal, fetchData(state)));
    if (startsWith(url, "blob:")) return resolvedWith(watched(signal, fetchBlob(state)));
    throw networkError(`URLs of the scheme ${url.slice(0, url.indexOf(":") + 1)} cannot be fetched`);
  };

  const { fetch } = {
    fetch(input, init = undefined) {
      try {
        idl.need(arguments, 1, "fetch");
        const state = stateOfInput(input, init);
        const { body, source: signal } = state;
        if (signal === null || !signal.aborted) {
          const { integrity } = state.settings;
          const promise = start(state, signal);
          return integrity === "" ? promise : then(promise, (response) => verified(integrity, response, signal));
        }
        const { reason } = signal;
        if (body?.stream !== undefined) upon(streams.readableStreamCancel(body.stream, reason), undefined, noop);
        return rejectedWith(reason);
      } catch (error) {
        return rejectedWith(error);
      }
    },
  };

  return { fetch };
};
