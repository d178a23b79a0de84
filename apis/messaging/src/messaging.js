// MessageEvent, MessageChannel and MessagePort.
(idl, events, native) => {
  const { expose, need, dictionary } = idl;
  const { Event, EventTarget, fire, dispatchAt, stateOf, soleListener, defineHandler } = events;
  const { defineProperty, getOwnPropertyDescriptor, freeze } = Object;

  const listOf = (value, what) => {
    if (value === undefined) return [];
    if (value === null || (typeof value !== "object" && typeof value !== "function"))
      throw new TypeError(`${what} is not iterable`);
    return [...value];
  };

  // ── MessageEvent ──

  let isPort = () => false;

  const sourceOf = (source) => {
    if (source === undefined || source === null) return null;
    if (!isPort(source)) throw new TypeError("MessageEvent: the source is not a MessagePort");
    return source;
  };

  const portsOf = (value) => {
    const ports = listOf(value, "MessageEvent: ports");
    if (!ports.every((port) => isPort(port))) throw new TypeError("MessageEvent: ports holds no MessagePort");
    return freeze(ports);
  };

  /** What identifies a constructor's call from here. */
  const MADE = {};

  // Places of what a message event has.
  const DATA = 0;
  const LAST_EVENT_ID = 1;
  const ORIGIN = 2;
  /** `undefined` until it is asked for, if there is none. */
  const PORTS = 3;
  const SOURCE = 4;

  class MessageEvent extends Event {
    #fields;

    constructor(...args) {
      if (args[0] === MADE) {
        super(args[1]);
        this.#fields = args[2];
        return;
      }
      super(...args);
      const { data, lastEventId, origin, ports, source } = dictionary(args[1]);
      this.#fields = [
        data === undefined ? null : data,
        lastEventId === undefined ? "" : `${lastEventId}`,
        origin === undefined ? "" : `${origin}`.toWellFormed(),
        ports === undefined ? undefined : portsOf(ports),
        sourceOf(source),
      ];
    }
    get data() {
      return this.#fields[DATA];
    }
    get origin() {
      return this.#fields[ORIGIN];
    }
    get lastEventId() {
      return this.#fields[LAST_EVENT_ID];
    }
    get source() {
      return this.#fields[SOURCE];
    }
    get ports() {
      return (this.#fields[PORTS] ??= freeze([]));
    }
    initMessageEvent(
      type,
      bubbles = false,
      cancelable = false,
      data = null,
      origin = "",
      lastEventId = "",
      source = null,
      ports = [],
    ) {
      const fields = this.#fields;
      need(arguments, 1, "initMessageEvent");
      origin = `${origin}`.toWellFormed();
      lastEventId = `${lastEventId}`;
      source = sourceOf(source);
      ports = portsOf(ports);
      if (events.isDispatching(this)) return;
      this.initEvent(type, bubbles, cancelable);
      fields[DATA] = data;
      fields[ORIGIN] = origin;
      fields[LAST_EVENT_ID] = lastEventId;
      fields[SOURCE] = source;
      fields[PORTS] = ports;
    }
  }
  for (const [object, name] of [
    [MessageEvent, "length"],
    [MessageEvent.prototype.initMessageEvent, "length"],
  ])
    defineProperty(object, name, { value: 1, configurable: true });
  expose(MessageEvent);

  /** Fires what `opened` or `next` gave: a message, or that it could not be read. */
  const fireMessage = (target, message) => {
    const { length } = message;
    const fields = [length > 0 ? message[0] : null, "", "", length > 1 ? freeze(message[1]) : undefined, null];
    const event = new MessageEvent(MADE, length > 0 ? "message" : "messageerror", fields);
    dispatchAt(target, event, stateOf(event), TRUSTED);
  };

  // ── Ports ──

  /** The list of `postMessage(message, transfer)` and `postMessage(message, { transfer })`. */
  const transferOf = (options) => {
    if (options === undefined || options === null) return [];
    if (typeof options !== "object" && typeof options !== "function")
      throw new TypeError("postMessage: the options are not an object");
    const list = options[Symbol.iterator] === undefined ? options.transfer : options;
    const objects = listOf(list, "postMessage: transfer");
    for (const object of objects) {
      if (object === null || (typeof object !== "object" && typeof object !== "function"))
        throw new TypeError("postMessage: transfer holds a value that is not an object");
    }
    return objects;
  };

  const KEY = {};
  let endOf;
  let makePort;
  /** Lets ports that have left the realm go. */
  let forget;

  class MessagePort extends EventTarget {
    #end;
    #listener = undefined;

    static {
      makePort = (end) => new MessagePort(KEY, end);
      isPort = (value) => typeof value === "object" && value !== null && #end in value;
      forget = (objects) => {
        for (const object of objects) if (isPort(object)) object.#stop();
      };
      endOf = (value) => (isPort(value) ? value.#end : undefined);
    }

    constructor(key, end) {
      if (key !== KEY) throw new TypeError("Illegal constructor");
      super();
      this.#end = end;
    }

    postMessage(message, options = undefined) {
      const end = this.#end;
      need(arguments, 1, "postMessage");
      const transfer = transferOf(options);
      if (transfer.includes(this)) throw idl.domException("DataCloneError", "postMessage: a port cannot carry itself");
      native.post(end, message, transfer);
      forget(transfer);
    }

    start() {
      if (this.#listener !== undefined || !native.isOpen(this.#end)) return;
      this.#listener = native.start(this.#end, () => this.#receive());
    }

    close() {
      native.close(this.#end);
      this.#stop();
    }

    #stop() {
      if (this.#listener === undefined) return;
      native.stop(this.#listener);
      this.#listener = undefined;
    }

    #receive() {
      const message = native.next(this.#end);
      if (message === undefined) {
        if (!native.isOpen(this.#end)) this.#stop();
      } else if (message === null) {
        this.close();
        fire(this, new Event("close"));
      } else fireMessage(this, message);
    }
  }
  for (const type of ["message", "messageerror", "close"]) defineHandler(MessagePort, type);
  const { get, set } = getOwnPropertyDescriptor(MessagePort.prototype, "onmessage");
  const starting = {
    set onmessage(value) {
      set.call(this, value);
      this.start();
    },
  };
  defineProperty(MessagePort.prototype, "onmessage", {
    get,
    set: getOwnPropertyDescriptor(starting, "onmessage").set,
    enumerable: true,
    configurable: true,
  });
  defineProperty(MessagePort.prototype.postMessage, "length", { value: 1, configurable: true });
  expose(MessagePort, {
    transfer: (port) => {
      const from = endOf(port);
      if (from === undefined || !native.isOpen(from)) return undefined;
      const replacement = makePort(native.hollow());
      const commit = () => {
        forget([port]);
        native.move(from, endOf(replacement));
      };
      return { __proto__: null, receive: () => replacement, commit };
    },
  });
  defineProperty(MessagePort, "length", { value: 0, configurable: true });

  class MessageChannel {
    #port1;
    #port2;

    constructor() {
      const [one, other] = native.pair();
      this.#port1 = makePort(one);
      this.#port2 = makePort(other);
    }
    get port1() {
      return this.#port1;
    }
    get port2() {
      return this.#port2;
    }
  }
  expose(MessageChannel);

  return { MessageEvent, MessagePort, MessageChannel, makePort, endOf, forget, transferOf, fireMessage, soleListener };
};
