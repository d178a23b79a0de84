// EventSource (HTML Standard, "Server-sent events").
(idl, native, events, messaging, fetching, encoding, streams) => {
  const { expose, need, dictionary, domException, usvString } = idl;
  const { Event, EventTarget, fire, defineHandler, makeSignal, abortSignal } = events;
  const { MessageEvent } = messaging;
  const { fetch, responseStateOf, fieldOf, bodyStreamOf } = fetching;
  const { then } = native;
  const { call } = Function.prototype;
  const decode = call.bind(encoding.TextDecoder.prototype.decode);

  const CONNECTING = 0;
  const OPEN = 1;
  const CLOSED = 2;

  /** Milliseconds until the first reconnection, and the most that a server can ask for. */
  const RETRY = 3000;
  const MAX_RETRY = 3_600_000;
  /** Characters of one event, so that a server cannot fill the heap with a line that never ends. */
  const MAX_EVENT = 16 << 20;
  const STREAM = Object.freeze({ __proto__: null, stream: true });

  /** Whether a request that failed so will never succeed: its host is not granted, or its port is blocked. */
  const isFutile = ({ name, message }) => name === "NotAllowedError" || /\bport \d+ is blocked\b/.test(message);

  /** Takes a stream of text apart; `onEvent({ type, data, id })` gets each event, `onRetry` each time to wait. */
  const makeParser = (lastId, onEvent, onRetry) => {
    let rest = "";
    let data = [];
    let size = 0;
    let type = "";
    let id = lastId;

    const lineEnd = /[\r\n]/g;
    const search = (text) => (lineEnd.test(text) ? lineEnd.lastIndex - 1 : -1);

    const field = (name, value) => {
      if (name === "data") {
        data[data.length] = value;
        size += value.length;
      } else if (name === "event") type = value;
      else if (name === "id") {
        if (!value.includes("\0")) id = value;
      } else if (name === "retry" && /^[0-9]+$/.test(value)) onRetry(Math.min(Number(value), MAX_RETRY));
    };

    const line = (text) => {
      if (text === "") {
        if (data.length > 0) onEvent({ type: type === "" ? "message" : type, data: data.join("\n"), id });
        else onEvent({ type: undefined, data: "", id });
        data = [];
        size = 0;
        type = "";
        return;
      }
      const colon = text.indexOf(":");
      if (colon === 0) return;
      if (colon === -1) field(text, "");
      else field(text.slice(0, colon), text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1));
    };

    return (text) => {
      rest += text;
      let start = 0;
      for (;;) {
        lineEnd.lastIndex = start;
        const end = search(rest);
        if (end === -1) break;
        const isReturn = rest[end] === "\r";
        // A line feed that belongs to the return may still come.
        if (isReturn && end + 1 === rest.length) break;
        line(rest.slice(start, end));
        start = isReturn && rest[end + 1] === "\n" ? end + 2 : end + 1;
      }
      rest = rest.slice(start);
      return rest.length + size <= MAX_EVENT;
    };
  };

  class EventSource extends EventTarget {
    #url;
    /** The URL without its user and password, and the field that says them. */
    #target;
    #authorization;
    /** Whether the server wants to know them. */
    #isAuthorized = false;
    #withCredentials;
    #state = CONNECTING;
    #signal = undefined;
    #retry = RETRY;
    #lastId = "";
    #timer = undefined;

    constructor(url, eventSourceInitDict = undefined) {
      need(arguments, 1, "EventSource");
      super();
      const text = usvString(url);
      this.#withCredentials = Boolean(dictionary(eventSourceInitDict, "EventSource: the options").withCredentials);
      const parsed = native.parse(text);
      if (parsed === undefined) throw domException("SyntaxError", `EventSource: ${JSON.stringify(text)} is not a URL`);
      native.check(parsed);
      this.#url = parsed;
      [this.#target, this.#authorization] = native.authorization(parsed);
      if (/^(?:https?|data|blob):/.test(parsed)) this.#connect();
      // To try again would be futile.
      else native.queueMicrotask(() => this.#fail());
    }

    #connect() {
      const signal = makeSignal();
      this.#signal = signal;
      const headers = { __proto__: null, accept: "text/event-stream", "cache-control": "no-cache" };
      if (this.#lastId !== "") headers["last-event-id"] = native.bytesAsText(this.#lastId);
      if (this.#isAuthorized) headers.authorization = this.#authorization;
      then(
        fetch(this.#target, { __proto__: null, headers, signal, cache: "no-store" }),
        (response) => this.#answered(response, signal),
        (error) => (isFutile(error) ? this.#fail() : this.#reconnect(signal)),
      );
    }

    #answered(response, signal) {
      if (this.#state === CLOSED) return;
      const state = responseStateOf(response);
      const { status, body, url } = state;
      if (status === 401 && this.#authorization !== undefined && !this.#isAuthorized) {
        abortSignal(signal, domException("AbortError", "The server asks who it is"));
        this.#isAuthorized = true;
        this.#connect();
        return;
      }
      const type = fieldOf(state, "content-type") ?? "";
      if (status !== 200 || !/^\s*text\/event-stream\s*(;|$)/i.test(type) || body === null) {
        abortSignal(signal, domException("AbortError", "This is not a stream of events"));
        this.#fail();
        return;
      }
      this.#state = OPEN;
      fire(this, new Event("open"));
      if (this.#state === OPEN) this.#read(bodyStreamOf(body), signal, native.origin(url));
    }

    #read(stream, signal, origin) {
      const reader = streams.acquireReadableStreamDefaultReader(stream);
      const decoder = new encoding.TextDecoder();
      const parse = makeParser(
        this.#lastId,
        ({ type, data, id }) => {
          if (this.#signal !== signal || this.#state === CLOSED) return;
          this.#lastId = id;
          if (type === undefined) return;
          fire(this, new MessageEvent(type, { __proto__: null, data, origin, lastEventId: id }));
        },
        (retry) => {
          this.#retry = retry;
        },
      );
      const again = () => this.#reconnect(signal);
      const request = {
        chunkSteps: (chunk) => {
          if (this.#state === CLOSED) return;
          if (!parse(decode(decoder, chunk, STREAM))) {
            abortSignal(signal, domException("AbortError", "An event is too large"));
            this.#fail();
            return;
          }
          native.queueMicrotask(next);
        },
        closeSteps: again,
        errorSteps: again,
      };
      const next = () => streams.readableStreamDefaultReaderRead(reader, request);
      next();
    }

    #reconnect(signal) {
      if (this.#state === CLOSED || this.#signal !== signal) return;
      this.#state = CONNECTING;
      fire(this, new Event("error"));
      if (this.#state === CLOSED) return;
      this.#timer = native.setTimer(() => {
        if (this.#state !== CLOSED) this.#connect();
      }, this.#retry);
    }

    #fail() {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      fire(this, new Event("error"));
    }

    get url() {
      return this.#url;
    }
    get withCredentials() {
      return this.#withCredentials;
    }
    get readyState() {
      return this.#state;
    }

    close() {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      if (this.#timer !== undefined) native.clearTimer(this.#timer);
      if (this.#signal !== undefined) abortSignal(this.#signal, domException("AbortError", "The EventSource was closed"));
    }
  }

  for (const type of ["open", "message", "error"]) defineHandler(EventSource, type);
  expose(EventSource, { constants: { CONNECTING, OPEN, CLOSED } });
  return { EventSource };
};
