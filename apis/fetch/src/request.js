// Request.
(idl, native, headers, bodies, events, common) => {
  const { expose, need, dictionary, usvString } = idl;
  const { isObject } = common;
  const { listOf, headersOf, fieldsOf, byteString, token, Headers } = headers;
  const { extractBody, makeBody, isUnusable, mixBody, cloneBody, proxyStream } = bodies;
  const { isSignal, makeSignal, makeDependent } = events;

  const enumeration = (init, name, values) => {
    const value = init[name];
    if (value === undefined) return undefined;
    const text = `${value}`;
    if (!values.includes(text)) throw new TypeError(`Request: ${name} is ${JSON.stringify(text)}`);
    return text;
  };

  const REFERRER_POLICIES = [
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
  ];
  const MODES = ["navigate", "same-origin", "no-cors", "cors"];
  const CREDENTIALS = ["omit", "same-origin", "include"];
  const CACHES = ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"];
  const REDIRECTS = ["follow", "error", "manual"];
  const NORMALIZED = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
  const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];

  const methodOf = (value) => {
    const method = byteString(value, "Request: the method");
    if (!token(method)) throw new TypeError(`Request: ${JSON.stringify(method)} is not a method`);
    const upper = method.toUpperCase();
    if (FORBIDDEN.includes(upper)) throw new TypeError(`Request: the method ${method} is forbidden`);
    return NORMALIZED.includes(upper) ? upper : method;
  };

  /** The members of a RequestInit, converted in the order of their names. */
  const convertInit = (value) => {
    const init = dictionary(value, "Request: the second argument");
    const { body } = init;
    const cache = enumeration(init, "cache", CACHES);
    const credentials = enumeration(init, "credentials", CREDENTIALS);
    const duplex = enumeration(init, "duplex", ["half"]);
    const fields = init.headers;
    const integrity = init.integrity === undefined ? undefined : `${init.integrity}`;
    const keepalive = init.keepalive === undefined ? undefined : Boolean(init.keepalive);
    const method = init.method === undefined ? undefined : byteString(init.method, "Request: the method");
    const mode = enumeration(init, "mode", MODES);
    enumeration(init, "priority", ["high", "low", "auto"]);
    const redirect = enumeration(init, "redirect", REDIRECTS);
    const referrer = init.referrer === undefined ? undefined : usvString(init.referrer);
    const referrerPolicy = enumeration(init, "referrerPolicy", REFERRER_POLICIES);
    const { signal, window } = init;
    if (window !== undefined && window !== null) throw new TypeError("Request: window is not null");
    if (signal !== undefined && signal !== null && !isSignal(signal)) {
      throw new TypeError("Request: the signal is not an AbortSignal");
    }
    const settings = { cache, credentials, integrity, keepalive, mode, redirect, referrer, referrerPolicy };
    return { body, duplex, fields, method, settings, signal };
  };

  const NO_INIT = convertInit(undefined);
  const initOf = (value) => (value === undefined ? NO_INIT : convertInit(value));

  const referrerOf = (referrer) => {
    if (referrer === "") return "no-referrer";
    const url = native.parseURL(referrer);
    if (url === undefined) throw new TypeError(`Request: the referrer ${JSON.stringify(referrer)} is not a URL`);
    return url === "about:client" ? "about:client" : url;
  };

  const DEFAULTS = {
    __proto__: null,
    cache: "default",
    credentials: "same-origin",
    integrity: "",
    keepalive: false,
    mode: "cors",
    redirect: "follow",
    referrer: "about:client",
    referrerPolicy: "",
  };

  const applySettings = (base, given) => {
    if (given === NO_INIT.settings) return base;
    const settings = { __proto__: null, ...base };
    if (given.mode === "navigate") throw new TypeError("Request: the mode is navigate");
    for (const name of Object.keys(given)) {
      if (given[name] !== undefined) settings[name] = name === "referrer" ? referrerOf(given[name]) : given[name];
    }
    if (settings.cache === "only-if-cached" && settings.mode !== "same-origin") {
      throw new TypeError("Request: cache is only-if-cached though the mode is not same-origin");
    }
    return settings;
  };

  /** What a request for a URL, a text, has without further ado. */
  const stateOfURL = (text) => {
    const url = native.parseRequestURL(text);
    if (url === undefined) throw new TypeError(`Request: ${JSON.stringify(text)} is not a URL`);
    if (url === null) throw new TypeError("Request: the URL holds a user name or a password");
    return {
      method: "GET",
      url,
      blob: native.blobOfURL(url),
      settings: DEFAULTS,
      fields: [],
      headers: undefined,
      isImmutable: false,
      body: null,
      source: null,
      signal: undefined,
      duplex: "half",
    };
  };

  const stateOfRequest = (from) => ({
    ...from,
    fields: [...fieldsOf(from)],
    headers: undefined,
    body: null,
    source: null,
    signal: undefined,
  });

  const INTERNAL = {};

  class Request {
    /** As `stateOfURL` makes it; `source` is the signal that it follows. */
    #state;

    static is = (value) => isObject(value) && #state in value;
    static stateOf = (request) => request.#state;

    constructor(input, init = undefined) {
      if (input === INTERNAL) {
        this.#state = init;
        return;
      }
      need(arguments, 1, "Request");
      const from = isRequest(input) ? input.#state : undefined;
      const text = from === undefined ? usvString(input) : undefined;
      const { body: given, duplex, fields, method, settings, signal } = initOf(init);
      const state = from === undefined ? stateOfURL(text) : stateOfRequest(from);
      state.settings = applySettings(state.settings, settings);
      if (signal !== undefined) state.source = signal;
      else if (from !== undefined) state.source = signalOf(from);
      if (method !== undefined) state.method = methodOf(method);
      if (state.settings.mode === "no-cors" && !["GET", "HEAD", "POST"].includes(state.method)) {
        throw new TypeError(`Request: the mode no-cors does not allow the method ${state.method}`);
      }
      if (fields !== undefined) state.fields = listOf(new Headers(fields));
      const list = state.fields;
      const hasBody = given !== undefined && given !== null;
      const inputBody = from === undefined ? null : from.body;
      if ((hasBody || inputBody !== null) && (state.method === "GET" || state.method === "HEAD")) {
        throw new TypeError(`Request: a ${state.method} request has no body`);
      }
      if (hasBody) {
        const { body, type, isStream } = extractBody(given, "Request");
        if (isStream && duplex === undefined) throw new TypeError('Request: a body that is a stream needs duplex: "half"');
        if (isStream && state.settings.keepalive) throw new TypeError("Request: a body that is a stream excludes keepalive");
        if (type !== null && !list.some(([name]) => name === "content-type")) list[list.length] = ["content-type", type];
        state.body = body;
      } else if (inputBody !== null) {
        if (isUnusable(inputBody)) throw new TypeError("Request: the body is locked or has been read already");
        state.body = takeBody(inputBody);
      }
      this.#state = state;
    }

    get method() {
      return this.#state.method;
    }
    get url() {
      return this.#state.url;
    }
    get headers() {
      return headersOf(this.#state);
    }
    get destination() {
      this.#state;
      return "";
    }
    get referrer() {
      const { referrer } = this.#state.settings;
      return referrer === "no-referrer" ? "" : referrer;
    }
    get referrerPolicy() {
      return this.#state.settings.referrerPolicy;
    }
    get mode() {
      return this.#state.settings.mode;
    }
    get credentials() {
      return this.#state.settings.credentials;
    }
    get cache() {
      return this.#state.settings.cache;
    }
    get redirect() {
      return this.#state.settings.redirect;
    }
    get integrity() {
      return this.#state.settings.integrity;
    }
    get keepalive() {
      return this.#state.settings.keepalive;
    }
    get isReloadNavigation() {
      this.#state;
      return false;
    }
    get isHistoryNavigation() {
      this.#state;
      return false;
    }
    get signal() {
      return signalOf(this.#state);
    }
    get duplex() {
      return this.#state.duplex;
    }

    clone() {
      const state = this.#state;
      if (isUnusable(state.body)) throw new TypeError("clone: the body is locked or has been read already");
      const copy = stateOfRequest(state);
      copy.body = cloneBody(state.body);
      copy.source = signalOf(state);
      return new Request(INTERNAL, copy);
    }
  }

  const { is: isRequest, stateOf } = Request;
  delete Request.is;
  delete Request.stateOf;

  /** The signal of a request is one of its own, made when somebody asks for it. */
  const signalOf = (state) =>
    (state.signal ??= state.source === null ? makeSignal() : makeDependent([state.source]));

  /** A body with the bytes of another, which counts as read from then on. */
  const takeBody = (body) => {
    const taken = makeBody(body.source, body.handle, undefined);
    if (body.stream !== undefined) taken.stream = proxyStream(body.stream);
    body.source = body.handle = undefined;
    body.isUsed = true;
    return taken;
  };

  const shown =
    "method url headers destination referrer referrerPolicy mode credentials cache redirect integrity keepalive " +
    "isReloadNavigation isHistoryNavigation signal";
  expose(Request, { shown });
  mixBody(Request, stateOf);

  /** The state that a request of these arguments of `fetch` has. */
  const stateOfInput = (input, init) =>
    init === undefined && !isRequest(input) ? stateOfURL(usvString(input)) : stateOf(new Request(input, init));

  return { Request, stateOfInput };
};
