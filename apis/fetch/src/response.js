// Response.
(idl, native, headers, bodies, common) => {
  const { expose, need, dictionary, usvString } = idl;
  const { isObject } = common;
  const { listOf, headersOf, fieldsOf, Headers, byteString } = headers;
  const { extractBody, isUnusable, mixBody, cloneBody } = bodies;
  const { stringify } = JSON;

  const NULL_BODY = [101, 103, 204, 205, 304];
  const REDIRECTS = [301, 302, 303, 307, 308];
  const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

  const unsignedShort = (value) => {
    const number = Math.trunc(+value);
    return Number.isFinite(number) ? ((number % 65536) + 65536) % 65536 : 0;
  };

  const NO_INIT = { fields: undefined, status: 200, statusText: "" };

  const initOf = (value, what) => {
    if (value === undefined) return NO_INIT;
    const init = dictionary(value, `${what}: the second argument`);
    const fields = init.headers;
    const status = init.status === undefined ? 200 : unsignedShort(init.status);
    const statusText = init.statusText === undefined ? "" : byteString(init.statusText, `${what}: statusText`);
    if (status < 200 || status > 599) throw new RangeError(`${what}: the status is ${status}, not one from 200 to 599`);
    if (!REASON.test(statusText)) throw new TypeError(`${what}: statusText is not a reason phrase`);
    return { fields, status, statusText };
  };

  const INTERNAL = {};

  /** A response with this body, `{ body, type }` or `null`. */
  const stateFrom = ({ fields, status, statusText }, extracted, what) => {
    const list = fields === undefined ? [] : listOf(new Headers(fields));
    if (extracted !== null) {
      if (NULL_BODY.includes(status)) throw new TypeError(`${what}: a response with the status ${status} has no body`);
      const { type } = extracted;
      if (type !== null && !list.some(([name]) => name === "content-type")) list[list.length] = ["content-type", type];
    }
    return {
      type: "default",
      url: "",
      redirected: false,
      status,
      statusText,
      fields: list,
      headers: undefined,
      isImmutable: false,
      body: extracted === null ? null : extracted.body,
    };
  };

  class Response {
    #state;

    static is = (value) => isObject(value) && #state in value;
    static stateOf = (response) => response.#state;

    constructor(body = null, init = undefined) {
      if (body === INTERNAL) {
        this.#state = init;
        return;
      }
      const extracted = body === null ? null : extractBody(body, "Response");
      this.#state = stateFrom(initOf(init, "Response"), extracted, "Response");
    }

    static error() {
      return makeResponse({
        type: "error",
        url: "",
        redirected: false,
        status: 0,
        statusText: "",
        fields: [],
        headers: undefined,
        isImmutable: true,
        body: null,
      });
    }

    static redirect(url, status = 302) {
      need(arguments, 1, "Response.redirect");
      const text = usvString(url);
      status = unsignedShort(status);
      const location = native.parseURL(text);
      if (location === undefined) throw new TypeError(`Response.redirect: ${stringify(text)} is not a URL`);
      if (!REDIRECTS.includes(status)) throw new RangeError(`Response.redirect: ${status} is not the status of a redirect`);
      const state = stateFrom({ fields: undefined, status, statusText: "" }, null, "Response.redirect");
      state.fields = [["location", location]];
      state.isImmutable = true;
      return makeResponse(state);
    }

    static json(data, init = undefined) {
      need(arguments, 1, "Response.json");
      const text = stringify(data);
      if (text === undefined) throw new TypeError("Response.json: the data has no JSON form");
      const { body } = extractBody(text, "Response.json");
      return makeResponse(stateFrom(initOf(init, "Response.json"), { body, type: "application/json" }, "Response.json"));
    }

    get type() {
      return this.#state.type;
    }
    get url() {
      return this.#state.url;
    }
    get redirected() {
      return this.#state.redirected;
    }
    get status() {
      return this.#state.status;
    }
    get ok() {
      const { status } = this.#state;
      return status >= 200 && status <= 299;
    }
    get statusText() {
      return this.#state.statusText;
    }
    get headers() {
      return headersOf(this.#state);
    }

    clone() {
      const state = this.#state;
      if (isUnusable(state.body)) throw new TypeError("clone: the body is locked or has been read already");
      return makeResponse({
        ...state,
        fields: [...fieldsOf(state)],
        headers: undefined,
        isImmutable: state.type !== "default",
        body: cloneBody(state.body),
      });
    }
  }

  const { is: isResponse, stateOf } = Response;
  delete Response.is;
  delete Response.stateOf;

  const makeResponse = (state) => new Response(INTERNAL, state);

  for (const [method, length] of [
    [Response.redirect, 1],
    [Response.json, 1],
  ]) {
    Object.defineProperty(method, "length", { value: length, configurable: true });
  }
  mixBody(Response, stateOf);
  expose(Response, { shown: "status statusText headers body bodyUsed ok redirected type url" });

  return { Response, isResponse, makeResponse, responseStateOf: stateOf };
};
