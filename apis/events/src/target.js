// EventTarget, event handler attributes, and dispatch.
(idl, native, events) => {
  const { expose, need, domException } = idl;
  const { stateOf, isEvent, AT_TARGET, NONE } = events;
  const CAPTURING_PHASE = 1;
  const BUBBLING_PHASE = 3;
  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** Puts a private field on any object, so that the global object can be an event target, too. */
  class Stamp extends function (object) {
    return object;
  } {
    /** Listeners by callback by type, for the capturing phase and for the others. */
    #captures = new Map();
    #listeners = new Map();
    #handlers = new Map();
    /** Told of types whose listeners changed. */
    #observer = undefined;

    static has = (object) => isObject(object) && #listeners in object;
    static listeners = (object, capture) => (capture ? object.#captures : object.#listeners);
    static handlers = (object) => object.#handlers;
    static observe = (object, observer) => (object.#observer = observer);
    static changed = (object, type) => object.#observer?.(type);
  }

  // Set by trees of targets: `isTarget(object)` tells their members, which need no stamp until they have listeners;
  // `pathOf(target, event)` gives a member and its ancestors; `isPassive(target, type)` whether its
  // listeners are passive unless they say otherwise; `activate(path, event)` returns what to do behind the dispatch.
  let tree = { isTarget: () => false, pathOf: (target) => [target], isPassive: () => false, activate: () => undefined };
  const setTree = (given) => {
    tree = given;
  };

  // An operation of the global object may be called without it.
  const targetOf = (object) => {
    const target = object ?? globalThis;
    if (!Stamp.has(target)) {
      if (!tree.isTarget(target)) throw new TypeError("this is not an EventTarget");
      new Stamp(target);
    }
    return target;
  };

  const captureOf = (options) => Boolean(isObject(options) ? options.capture : options);

  const listenerOptions = (options) => {
    if (!isObject(options)) return { capture: Boolean(options), once: false, passive: undefined, signal: undefined };
    const { capture, once, passive, signal } = options;
    if (signal !== undefined && !isAbortSignal(signal))
      throw new TypeError("addEventListener: the signal is not an AbortSignal");
    return { capture: Boolean(capture), once: Boolean(once), passive: passive === undefined ? undefined : Boolean(passive), signal };
  };

  // Set by abort signals, which are event targets themselves.
  let isAbortSignal = () => false;
  let onAbort = () => {};
  const setAbortSignals = (is, on) => {
    isAbortSignal = is;
    onAbort = on;
  };

  const callbackOf = (callback, what) => {
    if (callback === null || callback === undefined) return null;
    if (!isObject(callback)) throw new TypeError(`${what}: the listener is not a function or an object`);
    return callback;
  };

  const remove = (target, type, listener) => {
    if (listener.removed) return;
    listener.removed = true;
    listener.forget?.();
    const byType = Stamp.listeners(target, listener.capture);
    const byCallback = byType.get(type);
    byCallback.delete(listener.callback);
    if (byCallback.size === 0) byType.delete(type);
    Stamp.changed(target, type);
  };

  const add = (target, type, listener) => {
    const byType = Stamp.listeners(target, listener.capture);
    let byCallback = byType.get(type);
    if (byCallback?.has(listener.callback)) return;
    if (byCallback === undefined) byType.set(type, (byCallback = new Map()));
    byCallback.set(listener.callback, listener);
    if (listener.signal !== undefined) listener.forget = onAbort(listener.signal, () => remove(target, type, listener));
    Stamp.changed(target, type);
  };

  class EventTarget {
    constructor() {
      new Stamp(this);
    }

    addEventListener(type, callback, options = {}) {
      const target = targetOf(this);
      need(arguments, 2, "addEventListener");
      type = `${type}`;
      callback = callbackOf(callback, "addEventListener");
      const { capture, once, passive = tree.isPassive(target, type), signal } = listenerOptions(options);
      if (callback === null || signal?.aborted) return;
      add(target, type, { callback, capture, once, passive, signal, removed: false });
    }

    removeEventListener(type, callback, options = {}) {
      const target = targetOf(this);
      need(arguments, 2, "removeEventListener");
      type = `${type}`;
      callback = callbackOf(callback, "removeEventListener");
      const listener = Stamp.listeners(target, captureOf(options)).get(type)?.get(callback);
      if (listener !== undefined) remove(target, type, listener);
    }

    dispatchEvent(event) {
      const target = targetOf(this);
      need(arguments, 1, "dispatchEvent");
      if (!isEvent(event)) throw new TypeError("dispatchEvent: the argument is not an Event");
      const state = stateOf(event);
      if (state.dispatching || !state.initialized)
        throw domException("InvalidStateError", "The event is already being dispatched");
      state.trusted = false;
      return dispatch(target, event, state);
    }
  }

  const call = (listener, target, event) => {
    try {
      let { callback } = listener;
      let self = target;
      if (typeof callback !== "function") {
        self = callback;
        callback = callback.handleEvent;
        if (typeof callback !== "function") throw new TypeError("handleEvent of an event listener is not a function");
      }
      Reflect.apply(callback, self, [event]);
    } catch (error) {
      native.report(error);
    }
  };

  const invoke = (target, event, state, capture) => {
    if (state.stopped || !Stamp.has(target)) return;
    state.currentTarget = target;
    const byCallback = Stamp.listeners(target, capture).get(state.type);
    if (byCallback === undefined) return;
    // Listeners that are added meanwhile wait for the next event.
    for (const listener of [...byCallback.values()]) {
      if (listener.removed) continue;
      if (listener.once) remove(target, state.type, listener);
      state.passive = listener.passive;
      call(listener, target, event);
      state.passive = false;
      if (state.stoppedNow) return;
    }
  };

  /** Dispatches at a target, and at its ancestors if it has any; false if the event was cancelled. */
  const dispatch = (target, event, state) => {
    state.dispatching = true;
    state.target = target;
    const isMember = tree.isTarget(target);
    const path = (state.path = isMember ? tree.pathOf(target, event) : [target]);
    const finish = isMember ? tree.activate(path, event) : undefined;
    for (let index = path.length - 1; index >= 0; index--) {
      state.phase = index === 0 ? AT_TARGET : CAPTURING_PHASE;
      invoke(path[index], event, state, true);
    }
    const reach = state.bubbles ? path.length : 1;
    for (let index = 0; index < reach; index++) {
      state.phase = index === 0 ? AT_TARGET : BUBBLING_PHASE;
      invoke(path[index], event, state, false);
    }
    state.dispatching = state.stopped = state.stoppedNow = false;
    state.currentTarget = null;
    state.path = [];
    state.phase = NONE;
    finish?.(state.canceled);
    return !state.canceled;
  };

  /** Dispatches an event that no script made. */
  const fire = (target, event) => {
    const state = stateOf(event);
    state.trusted = true;
    return dispatch(target, event, state);
  };

  const hasListeners = (target, type) =>
    Stamp.listeners(target, true).has(type) || Stamp.listeners(target, false).has(type);

  // ── Event handler attributes ──

  const getHandler = (target, type) => Stamp.handlers(target).get(type)?.value ?? null;

  const setHandler = (target, type, value) => {
    const handlers = Stamp.handlers(target);
    const handler = handlers.get(type);
    if (!isObject(value)) {
      if (handler !== undefined) remove(target, type, handler.listener);
      handlers.delete(type);
      return;
    }
    if (handler !== undefined) {
      handler.value = value;
      return;
    }
    const made = { value, listener: undefined };
    const callback = (event) => runHandler(made.value, target, event);
    const passive = tree.isPassive(target, type);
    made.listener = { callback, capture: false, once: false, passive, signal: undefined, removed: false };
    handlers.set(type, made);
    add(target, type, made.listener);
  };

  const runHandler = (handler, target, event) => {
    if (typeof handler !== "function") return;
    const isError = event.type === "error" && target === globalThis && event instanceof events.ErrorEvent;
    const args = isError ? [event.message, event.filename, event.lineno, event.colno, event.error] : [event];
    const result = Reflect.apply(handler, target, args);
    if (isError ? result === true : result === false) event.preventDefault();
  };

  /** Defines the attribute `on…` of a class. */
  const defineHandler = (Class, type) => {
    const name = `on${type}`;
    const accessor = {
      get [name]() {
        return getHandler(targetOf(this), type);
      },
      set [name](value) {
        setHandler(targetOf(this), type, value);
      },
    };
    Object.defineProperty(Class.prototype, name, Object.getOwnPropertyDescriptor(accessor, name));
  };

  for (const name of ["addEventListener", "removeEventListener"]) {
    Object.defineProperty(EventTarget.prototype[name], "length", { value: 2, configurable: true });
  }
  expose(EventTarget);
  return { EventTarget, Stamp, setTree, targetOf, fire, hasListeners, getHandler, setHandler, defineHandler, setAbortSignals };
};
