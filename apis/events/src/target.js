// EventTarget, event handler attributes, and dispatch. The names in capitals are those of state.js.
(idl, native, events) => {
  const { expose, need, domException } = idl;
  const { ErrorEvent, stateOf, isEvent, cancel } = events;
  const { apply } = Reflect;
  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** What has the fields of targets that were frozen before they had listeners: those take none. */
  let standIns;

  /** Puts a private field on any object, so that the global object can be an event target, too. */
  class Stamp extends function (object) {
    return object;
  } {
    /** Listeners by type, for the capturing phase and for the others; each there once one was added. */
    #captures = undefined;
    #listeners = undefined;
    /** What the attributes `on…` were set to, by type. */
    #handlers = undefined;
    /** Told of types whose listeners changed. */
    #observer = undefined;

    static put = (object) => {
      if (Object.isExtensible(object)) new Stamp(object);
      else (standIns ??= new WeakMap()).set(object, new Stamp({ __proto__: null }));
    };
    /** What has the fields of an object, if it has any. */
    static of = (object) => (#listeners in object ? object : standIns?.get(object));
    static has = (object) => isObject(object) && Stamp.of(object) !== undefined;
    static group = (object, capture, type) => {
      const own = #listeners in object ? object : standIns?.get(object);
      return own === undefined ? undefined : (capture ? own.#captures : own.#listeners)?.[type];
    };
    static groups = (object, capture) => {
      const own = Stamp.of(object);
      if (capture) return (own.#captures ??= { __proto__: null });
      return (own.#listeners ??= { __proto__: null });
    };
    static handler = (object, type) => Stamp.of(object).#handlers?.[type];
    static setHandler = (object, type, handler) => {
      const own = Stamp.of(object);
      own.#handlers ??= { __proto__: null };
      own.#handlers[type] = handler;
    };
    static observe = (object, observer) => (object.#observer = observer);
    static changed = (object, type) => Stamp.of(object).#observer?.(type);

    /**
     * Dispatches at a target that has no ancestors; false if the event was cancelled. What keeps messages waiting is one
     * function, so that it stays short in cold caches, too.
     */
    static dispatch = (target, event, state, trust) => {
      const type = state[TYPE];
      state[FLAGS] |= DISPATCHING | trust;
      state[TARGET] = target;
      state[PHASE] = AT_TARGET;
      const own = #listeners in target ? target : standIns?.get(target);
      if (own !== undefined) {
        let group = own.#captures?.[type];
        if (group !== undefined && (state[FLAGS] & STOPPED) === 0) invoke(group, target, event, state);
        group = own.#listeners?.[type];
        if (group !== undefined && (state[FLAGS] & STOPPED) === 0) invoke(group, target, event, state);
      }
      const flags = (state[FLAGS] &= ~(DISPATCHING | STOPPED | STOPPED_NOW));
      state[CURRENT_TARGET] = null;
      state[PHASE] = NONE;
      return (flags & CANCELED) === 0;
    };
  }
  const dispatchAt = Stamp.dispatch;

  /** The listeners of a type: by callback, and in a list that is made for an event and serves until one is added or removed. */
  const makeGroup = () => ({ byCallback: new Map(), list: undefined });

  // Set by trees of targets: `isTarget(object)` tells their members, which need no stamp until they have listeners;
  // `pathOf(target, event)` gives a member and its ancestors; `isPassive(target, type)` whether its
  // listeners are passive unless they say otherwise; `activate(path, event)` returns what to do behind the dispatch.
  let tree = { isTarget: () => false, pathOf: (target) => [target], isPassive: () => false, activate: () => undefined };
  const setTree = (given) => {
    tree = given;
  };

  // An operation of the global object may be called without it. It needs no stamp either until it has listeners: its properties are
  // read by every use of a global.
  const targetOf = (object) => {
    const target = object ?? globalThis;
    if (!Stamp.has(target)) {
      if (target !== globalThis && !tree.isTarget(target)) throw new TypeError("this is not an EventTarget");
      Stamp.put(target);
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
    const groups = Stamp.groups(target, listener.capture);
    const group = groups[type];
    group.byCallback.delete(listener.callback);
    group.list = undefined;
    if (group.byCallback.size === 0) delete groups[type];
    Stamp.changed(target, type);
  };

  const add = (target, type, listener) => {
    const groups = Stamp.groups(target, listener.capture);
    const group = (groups[type] ??= makeGroup());
    if (group.byCallback.has(listener.callback)) return;
    group.byCallback.set(listener.callback, listener);
    group.list = undefined;
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
      add(target, type, { callback, handler: undefined, capture, once, passive, signal, removed: false, forget: undefined });
    }

    removeEventListener(type, callback, options = {}) {
      const target = targetOf(this);
      need(arguments, 2, "removeEventListener");
      type = `${type}`;
      callback = callbackOf(callback, "removeEventListener");
      const listener = Stamp.group(target, captureOf(options), type)?.byCallback.get(callback);
      if (listener !== undefined) remove(target, type, listener);
    }

    dispatchEvent(event) {
      const target = targetOf(this);
      need(arguments, 1, "dispatchEvent");
      if (!isEvent(event)) throw new TypeError("dispatchEvent: the argument is not an Event");
      const state = stateOf(event);
      if ((state[FLAGS] & (DISPATCHING | INITIALIZED)) !== INITIALIZED)
        throw domException("InvalidStateError", "The event is already being dispatched");
      state[FLAGS] &= ~TRUSTED;
      return dispatch(target, event, state, 0);
    }
  }

  const call = (callback, target, event) => {
    if (typeof callback === "function") {
      apply(callback, target, [event]);
      return;
    }
    const { handleEvent } = callback;
    if (typeof handleEvent !== "function") throw new TypeError("handleEvent of an event listener is not a function");
    apply(handleEvent, callback, [event]);
  };

  /** Calls the listeners of one phase at one target, which has some. */
  const invoke = (group, target, event, state) => {
    state[CURRENT_TARGET] = target;
    // Listeners that are added meanwhile wait for the next event.
    const list = (group.list ??= [...group.byCallback.values()]);
    for (let index = 0; index < list.length; index++) {
      const listener = list[index];
      if (listener.removed) continue;
      if (listener.once) remove(target, state[TYPE], listener);
      if (listener.passive) state[FLAGS] |= PASSIVE;
      try {
        const { handler } = listener;
        if (handler === undefined) call(listener.callback, target, event);
        else if (state[TYPE] === "error") runErrorHandler(handler.value, target, event, state);
        else if (typeof handler.value === "function" && apply(handler.value, target, [event]) === false) cancel(state);
      } catch (error) {
        native.report(error);
      }
      const flags = (state[FLAGS] &= ~PASSIVE);
      if ((flags & STOPPED_NOW) !== 0) return;
    }
  };

  const visit = (target, event, state, phase, capture) => {
    if ((state[FLAGS] & STOPPED) !== 0) return;
    const group = Stamp.group(target, capture, state[TYPE]);
    if (group === undefined) return;
    state[PHASE] = phase;
    invoke(group, target, event, state);
  };

  /** Along a path, from its far end to the target, and back if the event bubbles. */
  const travel = (path, event, state) => {
    for (let index = path.length - 1; index >= 0; index--) {
      visit(path[index], event, state, index === 0 ? AT_TARGET : CAPTURING_PHASE, true);
    }
    const reach = (state[FLAGS] & BUBBLES) !== 0 ? path.length : 1;
    for (let index = 0; index < reach; index++) {
      visit(path[index], event, state, index === 0 ? AT_TARGET : BUBBLING_PHASE, false);
    }
  };

  /** Dispatches at a target, and at its ancestors if it has any; false if the event was cancelled. */
  const dispatch = (target, event, state, trust) => {
    if (!tree.isTarget(target)) return dispatchAt(target, event, state, trust);
    state[FLAGS] |= DISPATCHING | trust;
    state[TARGET] = target;
    const path = (state[PATH] = tree.pathOf(target, event));
    const finish = tree.activate(path, event);
    travel(path, event, state);
    state[PATH] = null;
    const isCanceled = end(state);
    finish?.(isCanceled);
    return !isCanceled;
  };

  /** Whether the event was cancelled. */
  const end = (state) => {
    const flags = (state[FLAGS] &= ~(DISPATCHING | STOPPED | STOPPED_NOW));
    state[CURRENT_TARGET] = null;
    state[PHASE] = NONE;
    return (flags & CANCELED) !== 0;
  };

  /** Dispatches an event that no script made. */
  const fire = (target, event) => dispatch(target, event, stateOf(event), TRUSTED);

  const hasListeners = (target, type) =>
    Stamp.group(target, true, type) !== undefined || Stamp.group(target, false, type) !== undefined;

  /**
   * The function that is all that an event which cannot be cancelled has to call at a target without ancestors, until its observer is
   * told of a change; `undefined` if there is more to it, or less.
   */
  const soleListener = (target, type) => {
    const group = Stamp.group(target, false, type);
    if (group === undefined || group.byCallback.size !== 1 || Stamp.group(target, true, type) !== undefined) return undefined;
    const [{ callback, handler, once }] = (group.list ??= [...group.byCallback.values()]);
    const called = handler === undefined ? callback : handler.value;
    return typeof called === "function" && !once ? called : undefined;
  };

  // ── Event handler attributes ──

  const getHandler = (target, type) => Stamp.handler(targetOf(target), type)?.value ?? null;

  const setHandler = (object, type, value) => {
    const target = targetOf(object);
    const handler = Stamp.handler(target, type);
    if (!isObject(value)) {
      if (handler !== undefined) {
        remove(target, type, handler.listener);
        Stamp.setHandler(target, type, undefined);
      }
      return;
    }
    if (handler !== undefined) {
      handler.value = value;
      Stamp.changed(target, type);
      return;
    }
    const made = { value, listener: undefined };
    const passive = tree.isPassive(target, type);
    // The callback is what tells it from other listeners.
    made.listener = { callback: made, handler: made, capture: false, once: false, passive, signal: undefined, removed: false };
    Stamp.setHandler(target, type, made);
    add(target, type, made.listener);
  };

  const runErrorHandler = (handler, target, event, state) => {
    if (typeof handler !== "function") return;
    const isError = target === globalThis && event instanceof ErrorEvent;
    const args = isError ? [event.message, event.filename, event.lineno, event.colno, event.error] : [event];
    const result = apply(handler, target, args);
    if (isError ? result === true : result === false) cancel(state);
  };

  /** Defines the attribute `on…` of a class. */
  const defineHandler = (Class, type) => {
    const name = `on${type}`;
    const accessor = {
      get [name]() {
        return getHandler(this, type);
      },
      set [name](value) {
        setHandler(this, type, value);
      },
    };
    Object.defineProperty(Class.prototype, name, Object.getOwnPropertyDescriptor(accessor, name));
  };

  for (const name of ["addEventListener", "removeEventListener"]) {
    Object.defineProperty(EventTarget.prototype[name], "length", { value: 2, configurable: true });
  }
  expose(EventTarget);
  return { EventTarget, Stamp, setTree, targetOf, dispatchAt, fire, hasListeners, soleListener, getHandler, setHandler, defineHandler, setAbortSignals };
};
