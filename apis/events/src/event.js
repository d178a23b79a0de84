// Event and its subclasses. The names in capitals are those of state.js.
(idl, native) => {
  const { expose, need, dictionary, unsignedLong } = idl;
  const { defineProperty } = Object;
  const { begin } = native;

  let stateOf;
  let isEvent;

  /** The getter of `isTrusted`, which every event has as a property of its own. */
  const isTrusted = Object.getOwnPropertyDescriptor(
    {
      get isTrusted() {
        return (stateOf(this)[FLAGS] & TRUSTED) !== 0;
      },
    },
    "isTrusted",
  ).get;

  const textOf = (value) => (typeof value === "string" ? value : `${value}`);

  const flagsOf = (init) => {
    const { bubbles, cancelable, composed } = init;
    return INITIALIZED | (bubbles ? BUBBLES : 0) | (cancelable ? CANCELABLE : 0) | (composed ? COMPOSED : 0);
  };

  const cancel = (state) => {
    if ((state[FLAGS] & (CANCELABLE | PASSIVE)) === CANCELABLE) state[FLAGS] |= CANCELED;
  };

  class Event {
    #state;

    static {
      stateOf = (event) => event.#state;
      isEvent = (value) => typeof value === "object" && value !== null && #state in value;
    }

    // Rest parameters cost less than `arguments`.
    constructor(...args) {
      if (args.length === 0) need(args, 1, new.target === Event ? "Event" : new.target.name);
      let type = args[0];
      const init = args[1];
      if (typeof type !== "string") type = `${type}`;
      const flags = init === undefined ? INITIALIZED : flagsOf(dictionary(init, "the initialiser of an event"));
      this.#state = [type, flags, begin(this, isTrusted, "isTrusted"), null, null, NONE, null];
    }

    get type() {
      return this.#state[TYPE];
    }
    get target() {
      return this.#state[TARGET];
    }
    get srcElement() {
      return this.#state[TARGET];
    }
    get currentTarget() {
      return this.#state[CURRENT_TARGET];
    }
    composedPath() {
      const state = this.#state;
      if (state[PATH] !== null) return [...state[PATH]];
      return (state[FLAGS] & DISPATCHING) !== 0 ? [state[TARGET]] : [];
    }
    get eventPhase() {
      return this.#state[PHASE];
    }
    stopPropagation() {
      this.#state[FLAGS] |= STOPPED;
    }
    get cancelBubble() {
      return (this.#state[FLAGS] & STOPPED) !== 0;
    }
    set cancelBubble(value) {
      const state = this.#state;
      if (value) state[FLAGS] |= STOPPED;
    }
    stopImmediatePropagation() {
      this.#state[FLAGS] |= STOPPED | STOPPED_NOW;
    }
    get bubbles() {
      return (this.#state[FLAGS] & BUBBLES) !== 0;
    }
    get cancelable() {
      return (this.#state[FLAGS] & CANCELABLE) !== 0;
    }
    get returnValue() {
      return (this.#state[FLAGS] & CANCELED) === 0;
    }
    set returnValue(value) {
      const state = this.#state;
      if (!value) cancel(state);
    }
    preventDefault() {
      cancel(this.#state);
    }
    get defaultPrevented() {
      return (this.#state[FLAGS] & CANCELED) !== 0;
    }
    get composed() {
      return (this.#state[FLAGS] & COMPOSED) !== 0;
    }
    get timeStamp() {
      return this.#state[TIME];
    }
    initEvent(type, bubbles = false, cancelable = false) {
      const state = this.#state;
      need(arguments, 1, "initEvent");
      initialize(state, textOf(type), bubbles, cancelable);
    }
  }
  defineProperty(Event, "length", { value: 1, configurable: true });

  const isDispatching = (event) => (stateOf(event)[FLAGS] & DISPATCHING) !== 0;

  /** False while the event is dispatched, which goes on as it is. */
  const initialize = (state, type, bubbles, cancelable) => {
    if ((state[FLAGS] & DISPATCHING) !== 0) return false;
    const kept = state[FLAGS] & COMPOSED;
    state[FLAGS] = kept | INITIALIZED | (bubbles ? BUBBLES : 0) | (cancelable ? CANCELABLE : 0);
    state[TARGET] = null;
    state[TYPE] = type;
    return true;
  };

  /** An event of the method `createEvent`, of which no dispatch is told before it has a type. */
  const withoutType = (event) => {
    stateOf(event)[FLAGS] &= ~INITIALIZED;
    return event;
  };

  expose(Event, {
    constants: { NONE, CAPTURING_PHASE, AT_TARGET, BUBBLING_PHASE },
    shown: "type defaultPrevented cancelable timeStamp",
  });
  defineProperty(Event.prototype.initEvent, "length", { value: 1, configurable: true });

  class CustomEvent extends Event {
    #detail;

    constructor(...args) {
      super(...args);
      this.#detail = dictionary(args[1]).detail ?? null;
    }
    get detail() {
      return this.#detail;
    }
    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
      this.#detail;
      need(arguments, 1, "initCustomEvent");
      if (initialize(stateOf(this), textOf(type), bubbles, cancelable)) this.#detail = detail;
    }
  }

  class ErrorEvent extends Event {
    #fields;

    constructor(...args) {
      super(...args);
      const { colno, error, filename, lineno, message } = dictionary(args[1]);
      this.#fields = {
        colno: colno === undefined ? 0 : unsignedLong(colno),
        error,
        filename: filename === undefined ? "" : `${filename}`.toWellFormed(),
        lineno: lineno === undefined ? 0 : unsignedLong(lineno),
        message: message === undefined ? "" : `${message}`,
      };
    }
    get message() {
      return this.#fields.message;
    }
    get filename() {
      return this.#fields.filename;
    }
    get lineno() {
      return this.#fields.lineno;
    }
    get colno() {
      return this.#fields.colno;
    }
    get error() {
      return this.#fields.error;
    }
  }

  class PromiseRejectionEvent extends Event {
    #promise;
    #reason;

    constructor(type, eventInitDict) {
      need(arguments, 2, "PromiseRejectionEvent");
      super(type, eventInitDict);
      const init = dictionary(eventInitDict);
      const { promise, reason } = init;
      if (promise === undefined) throw new TypeError("PromiseRejectionEvent: the initialiser has no promise");
      if (promise === null || (typeof promise !== "object" && typeof promise !== "function")) {
        throw new TypeError("PromiseRejectionEvent: the promise is not an object");
      }
      this.#promise = promise;
      this.#reason = reason;
    }
    get promise() {
      return this.#promise;
    }
    get reason() {
      return this.#reason;
    }
  }

  for (const Class of [CustomEvent, ErrorEvent]) {
    defineProperty(Class, "length", { value: 1, configurable: true });
    expose(Class);
  }
  defineProperty(CustomEvent.prototype.initCustomEvent, "length", { value: 1, configurable: true });
  expose(PromiseRejectionEvent);

  return {
    Event,
    CustomEvent,
    ErrorEvent,
    PromiseRejectionEvent,
    isEvent,
    isDispatching,
    withoutType,
    cancel,
    stateOf,
  };
};
