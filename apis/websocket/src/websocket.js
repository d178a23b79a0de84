// WebSocket and CloseEvent.
(idl, native, events, messaging, files, streams) => {
  const { expose, need, dictionary, domException, usvString } = idl;
  const { Event, EventTarget, fire, defineHandler } = events;
  const { MessageEvent } = messaging;
  const { isBlob, bytesOf, makeBlob } = files;
  const { isView } = streams.buffers;
  const { then } = native;
  const { test } = RegExp.prototype;

  const CONNECTING = 0;
  const OPEN = 1;
  const CLOSING = 2;
  const CLOSED = 3;

  /** Codes of closures (RFC 6455, section 7.4). */
  const NO_STATUS = 1005;
  const ABNORMAL = 1006;
  const MAX_REASON = 123;
  const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

  class CloseEvent extends Event {
    #wasClean;
    #code;
    #reason;

    constructor(type, eventInitDict = undefined) {
      need(arguments, 1, "CloseEvent");
      super(type, eventInitDict);
      const { code, reason, wasClean } = dictionary(eventInitDict, "the initialiser of an event");
      this.#code = code === undefined ? 0 : (Math.trunc(+code) || 0) & 0xffff;
      this.#reason = reason === undefined ? "" : usvString(reason);
      this.#wasClean = Boolean(wasClean);
    }

    get wasClean() {
      return this.#wasClean;
    }
    get code() {
      return this.#code;
    }
    get reason() {
      return this.#reason;
    }
  }

  const protocolsOf = (value) => {
    const list = [];
    if (value === undefined) return list;
    if (typeof value === "object" && value !== null && value[Symbol.iterator] !== undefined) {
      for (const protocol of value) list[list.length] = `${protocol}`;
    } else list[0] = `${value}`;
    const seen = new Set();
    for (const protocol of list) {
      const key = protocol.toLowerCase();
      if (!test.call(TOKEN, protocol) || seen.has(key)) {
        throw domException("SyntaxError", `WebSocket: ${JSON.stringify(protocol)} is not a subprotocol, or is there twice`);
      }
      seen.add(key);
    }
    return list;
  };

  class WebSocket extends EventTarget {
    #url;
    #socket;
    #state = CONNECTING;
    #protocol = "";
    #extensions = "";
    #binaryType = "blob";
    /** Bytes that were not sent because the connection is closing; they count as buffered for ever. */
    #unsent = 0;
    /** What is buffered as far as the turn knows that sent last: it becomes less between turns alone. */
    #known = undefined;

    constructor(url, protocols = undefined) {
      need(arguments, 1, "WebSocket");
      super();
      const text = usvString(url);
      const list = protocolsOf(protocols);
      const parsed = native.parse(text);
      if (parsed === undefined) throw domException("SyntaxError", `WebSocket: ${JSON.stringify(text)} is no ws: or wss: URL`);
      this.#url = parsed;
      this.#socket = native.open(parsed, list);
      then(
        native.connect(this.#socket),
        (answer) => this.#opened(answer[0], answer[1]),
        () => this.#ended({}),
      );
    }

    #opened(protocol, extensions) {
      if (this.#state !== CONNECTING) {
        // It was closed meanwhile.
        this.#ended({});
        return;
      }
      this.#state = OPEN;
      this.#protocol = protocol;
      this.#extensions = extensions;
      fire(this, new Event("open"));
      this.#receive();
    }

    #receive() {
      then(
        native.receive(this.#socket),
        (message) => this.#received(message),
        () => this.#ended({}),
      );
    }

    /** A message is text, bytes, or what the connection ends with: `[code, reason]`, empty where none was given. */
    #received(message) {
      if (message === undefined || Array.isArray(message)) {
        this.#ended({ close: message });
        return;
      }
      if (this.#state === OPEN) {
        const data =
          typeof message === "string" ? message : this.#binaryType === "blob" ? makeBlob(message, "") : message.buffer;
        fire(this, new MessageEvent("message", { __proto__: null, data, origin: native.origin(this.#url) }));
      }
      this.#receive();
    }

    #ended({ close }) {
      if (this.#state === CLOSED) return;
      this.#state = CLOSED;
      native.drop(this.#socket);
      const wasClean = close !== undefined;
      if (!wasClean) fire(this, new Event("error"));
      const [code = wasClean ? NO_STATUS : ABNORMAL, reason = ""] = close ?? [];
      fire(this, new CloseEvent("close", { __proto__: null, wasClean, code, reason }));
    }

    get url() {
      return this.#url;
    }
    get readyState() {
      return this.#state;
    }
    get bufferedAmount() {
      return (this.#known ?? native.buffered(this.#socket)) + this.#unsent;
    }
    get extensions() {
      return this.#extensions;
    }
    get protocol() {
      return this.#protocol;
    }
    get binaryType() {
      return this.#binaryType;
    }
    set binaryType(value) {
      this.#state;
      const type = `${value}`;
      if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
    }

    send(data) {
      const state = this.#state;
      need(arguments, 1, "WebSocket.send");
      if (state === CONNECTING) throw domException("InvalidStateError", "WebSocket.send: the connection is not open yet");
      let message = data;
      if (isBlob(data)) message = bytesOf(data);
      else if (!isView(data) && !native.isBuffer(data)) message = usvString(data);
      if (state === OPEN) {
        const known = this.#known ?? native.buffered(this.#socket);
        if (native.send(this.#socket, message)) {
          if (this.#known === undefined) native.enqueueTask(() => (this.#known = undefined));
          this.#known = known + native.byteLength(message);
          return;
        }
        this.#ended({});
      }
      this.#unsent += native.byteLength(message);
    }

    close(code = undefined, reason = undefined) {
      const state = this.#state;
      if (code !== undefined) {
        code = Math.min(Math.max(Math.round(+code) || 0, 0), 65535);
        if (code !== 1000 && (code < 3000 || code > 4999)) {
          throw domException("InvalidAccessError", `WebSocket.close: the code is ${code}, neither 1000 nor one from 3000 to 4999`);
        }
      }
      if (reason !== undefined) {
        reason = usvString(reason);
        if (native.byteLength(reason) > MAX_REASON) {
          throw domException("SyntaxError", `WebSocket.close: the reason is longer than ${MAX_REASON} bytes`);
        }
      }
      if (state === CLOSING || state === CLOSED) return;
      this.#state = CLOSING;
      if (state === CONNECTING) native.drop(this.#socket);
      else native.close(this.#socket, code, reason);
    }
  }

  for (const type of ["open", "error", "close", "message"]) defineHandler(WebSocket, type);
  expose(CloseEvent);
  expose(WebSocket, { constants: { CONNECTING, OPEN, CLOSING, CLOSED } });
  return { CloseEvent, WebSocket };
};
