// Event and its subclasses.
(idl, native) => {
  const { expose, need, dictionary, unsignedLong } = idl;
  const { defineProperty } = Object;

  const NONE = 0;
  const AT_TARGET = 2;

  let stateOf;
  let isEvent;

  const isTrusted = {
    get: Object.getOwnPropertyDescriptor(
      {
        get isTrusted() {
          return stateOf(this).trusted;
        },
      },
      "isTrusted",
    ).get,
    enumerable: true,
    configurable: false,
  };

  const cancel = (state) => {
    if (state.cancelable && !state.passive) state.canceled = true;
  };

  class Event {
    #state;

    static {
      stateOf = (event) => event.#state;
      isEvent = (value) => typeof value === "object" && value !== null && #state in value;
    }

    constructor(type, eventInitDict = undefined) {
      need(arguments, 1, new.target === Event ? "Event" : new.target.name);
      type = `${type}`;
      const init = eventInitDict === undefined ? undefined : dictionary(eventInitDict, "the initialiser of an event");
      this.#state = {
        type,
        bubbles: init !== undefined && Boolean(init.bubbles),
        cancelable: init !== undefined && Boolean(init.cancelable),
        composed: init !== undefined && Boolean(init.composed),
        target: null,
        currentTarget: null,
        path: [],
        phase: NONE,
        timeStamp: native.now(),
        trusted: false,
        initialized: true,
        dispatching: false,
        canceled: false,
        passive: false,
        stopped: false,
        stoppedNow: false,
      };
      defineProperty(this, "isTrusted", isTrusted);
    }

    get type() {
      return this.#state.type;
    }
    get target() {
      return this.#state.target;
    }
    get srcElement() {
      return this.#state.target;
    }
    get currentTarget() {
      return this.#state.currentTarget;
    }
    composedPath() {
      return [...this.#state.path];
    }
    get eventPhase() {
      return this.#state.phase;
    }
    stopPropagation() {
      this.#state.stopped = true;
    }
    get cancelBubble() {
      return this.#state.stopped;
    }
    set cancelBubble(value) {
      const state = this.#state;
      if (value) state.stopped = true;
    }
    stopImmediatePropagation() {
      const state = this.#state;
      state.stopped = true;
      state.stoppedNow = true;
    }
    get bubbles() {
      return this.#state.bubbles;
    }
    get cancelable() {
      return this.#state.cancelable;
    }
    get returnValue() {
      return !this.#state.canceled;
    }
    set returnValue(value) {
      const state = this.#state;
      if (!value) cancel(state);
    }
    preventDefault() {
      cancel(this.#state);
    }
    get defaultPrevented() {
      return this.#state.canceled;
    }
    get composed() {
      return this.#state.composed;
    }
    get timeStamp() {
      return this.#state.timeStamp;
    }
    initEvent(type, bubbles = false, cancelable = false) {
      const state = this.#state;
      need(arguments, 1, "initEvent");
      type = `${type}`;
      initialize(state, type, Boolean(bubbles), Boolean(cancelable));
    }
  }

  const initialize = (state, type, bubbles, cancelable) => {
    if (state.dispatching) return false;
    state.initialized = true;
    state.stopped = state.stoppedNow = state.canceled = state.trusted = false;
    state.target = null;
    state.type = type;
    state.bubbles = bubbles;
    state.cancelable = cancelable;
    return true;
  };

  expose(Event, { constants: { NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 } });
  defineProperty(Event.prototype.initEvent, "length", { value: 1, configurable: true });

  class CustomEvent extends Event {
    #detail;

    constructor(type, eventInitDict = undefined) {
      super(...arguments);
      this.#detail = dictionary(eventInitDict).detail ?? null;
    }
    get detail() {
      return this.#detail;
    }
    initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
      this.#detail;
      need(arguments, 1, "initCustomEvent");
      type = `${type}`;
      if (initialize(stateOf(this), type, Boolean(bubbles), Boolean(cancelable))) this.#detail = detail;
    }
  }

  class ErrorEvent extends Event {
    #fields;

    constructor(type, eventInitDict = undefined) {
      super(...arguments);
      const { colno, error, filename, lineno, message } = dictionary(eventInitDict);
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

  return { Event, CustomEvent, ErrorEvent, PromiseRejectionEvent, stateOf, isEvent, AT_TARGET, NONE };
};
