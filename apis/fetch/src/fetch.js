// fetch: requests by scheme, with abort at every stage.
(idl, native, streams, headers, bodies, requests, responses, events, files) => {
  const { common, buffers } = streams;
  const { makePromise, resolvedWith, rejectedWith, upon } = common;
  const { then } = native;
  const { Request, stateOf } = requests;
  const { makeResponse, responseStateOf } = responses;
  const { listOf, makeHeaders } = headers;
  const { makeBody, bytesOfBody, streamOf } = bodies;
  const { addAlgorithm } = events;
  const { call } = Function.prototype;
  const startsWith = call.bind(String.prototype.startsWith);
  const indexOf = call.bind(String.prototype.indexOf);
  const slice = call.bind(String.prototype.slice);
  /** A URL without its fragment. */
  const withoutFragment = (url) => {
    const start = indexOf(url, "#");
    return start === -1 ? url : slice(url, 0, start);
  };

  const noop = () => undefined;
  const NULL_BODY = [101, 103, 204, 205, 304];

  const networkError = (message) => new TypeError(`fetch: ${message}`);

  const responseOf = (url, status, statusText, list, body, redirected = false) => ({
    type: "basic",
    url: withoutFragment(url),
    redirected,
    status,
    statusText,
    headers: makeHeaders(list, true),
    body,
  });

  // ── data: and blob: ──

  const fetchData = ({ url, method }) => {
    const parts = native.decodeDataURL(url);
    if (parts === undefined) throw networkError("the data: URL is not valid");
    const [type, source] = parts;
    const body = method === "HEAD" ? null : makeBody({ source });
    return responseOf(url, 200, "OK", [["content-type", type]], body);
  };

  const fetchBlob = ({ url, method, blob }) => {
    if (method !== "GET") throw networkError(`a blob: URL is fetched with GET, not ${method}`);
    if (blob === undefined) throw networkError(`there is no blob with the URL ${url}`);
    const source = files.bytesOf(blob);
    const list = [
      ["content-length", `${source.length}`],
      ["content-type", files.blobType(blob)],
    ];
    return responseOf(url, 200, "OK", list, makeBody({ source }));
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

  const pairs = (flat) => {
    const list = [];
    for (let index = 0; index < flat.length; index += 2) list[list.length] = [flat[index], flat[index + 1]];
    return list;
  };

  /** Ends a response's body with an error, for whoever reads it. */
  const abortBody = (body, reason) => {
    if (body.handle !== undefined) native.close(body.handle);
    if (body.abort !== undefined) body.abort(reason);
    else if (!body.isUsed) streams.readableByteStreamControllerError(streamOf(body).controller, reason);
  };

  const fetchHTTP = (state, signal) => {
    const { promise, resolve, reject } = makePromise();
    const { url, method, body } = state;
    const isStream = body !== null && body.source === undefined;
    const sent = body === null ? null : isStream ? undefined : body.source;
    const handle = native.request(method, url, flatten(listOf(state.headers)), sent, state.settings.redirect);
    let forget = noop;
    let cancelBody = noop;
    let responseBody = null;
    const fail = (reason) => {
      native.abort(handle);
      forget();
      cancelBody(reason);
      reject(reason);
      if (responseBody !== null) abortBody(responseBody, reason);
    };
    if (signal !== null) forget = addAlgorithm(signal, fail);
    const head = native.start(handle);
    if (isStream) cancelBody = pump(streamOf(body), handle, fail);
    if (body !== null) body.isUsed = true;
    then(
      head,
      ([status, statusText, fields, lastURL, redirected, source, incoming]) => {
        // Until here, this keeps the request from being collected, which would end it.
        native.finish(handle);
        if (method === "HEAD" || NULL_BODY.includes(status)) {
          if (incoming !== undefined) native.close(incoming);
        } else {
          responseBody = makeBody({ source, handle: incoming });
          if (incoming === undefined) forget();
          else responseBody.forget = forget;
        }
        resolve(makeResponse(responseOf(lastURL, status, statusText, pairs(fields), responseBody, redirected)));
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
  const verified = (integrity, response) => {
    const state = responseStateOf(response);
    return then(bytesOfBody(state.body, "fetch"), ({ bytes }) => {
      if (!native.hasIntegrity(integrity, bytes)) {
        throw networkError(`the response of ${state.url} does not have the integrity ${integrity}`);
      }
      return makeResponse({ ...state, body: state.body === null ? null : makeBody({ source: bytes }) });
    });
  };

  const start = (state, signal) => {
    const { url } = state;
    if (startsWith(url, "http:") || startsWith(url, "https:")) return fetchHTTP(state, signal);
    if (startsWith(url, "data:")) return makeResponse(fetchData(state));
    if (startsWith(url, "blob:")) return makeResponse(fetchBlob(state));
    throw networkError(`URLs of the scheme ${url.slice(0, url.indexOf(":") + 1)} cannot be fetched`);
  };

  const { fetch } = {
    fetch(input, init = undefined) {
      try {
        idl.need(arguments, 1, "fetch");
        const state = stateOf(new Request(input, init));
        const { body, source: signal } = state;
        if (signal === null || !signal.aborted) {
          const { integrity } = state.settings;
          const result = start(state, signal);
          const promise = responses.isResponse(result) ? resolvedWith(result) : result;
          return integrity === "" ? promise : then(promise, (response) => verified(integrity, response));
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
