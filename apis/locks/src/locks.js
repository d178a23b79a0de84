// LockManager and Lock. Who holds what is in a table that realms share.
(idl, events, native) => {
  const { expose, need, dictionary, domException } = idl;
  const { isSignal, addAlgorithm } = events;
  const KEY = {};
  const { call } = Function.prototype;
  const then = call.bind(Promise.prototype.then);
  const startsWith = call.bind(String.prototype.startsWith);

  class Lock {
    #name;
    #mode;

    constructor(key, name, mode) {
      if (key !== KEY) throw new TypeError("Illegal constructor");
      this.#name = name;
      this.#mode = mode;
    }
    get name() {
      return this.#name;
    }
    get mode() {
      return this.#mode;
    }
  }

  const options = (value) => {
    const { ifAvailable, mode = "exclusive", signal, steal } = dictionary(value, "request: the options");
    const given = { mode: `${mode}`, ifAvailable: Boolean(ifAvailable), steal: Boolean(steal), signal };
    if (given.mode !== "exclusive" && given.mode !== "shared")
      throw new TypeError(`request: ${given.mode} is not a lock mode`);
    if (signal !== undefined && !isSignal(signal)) throw new TypeError("request: the signal is not an AbortSignal");
    return given;
  };

  const refuse = (what) => {
    throw domException("NotSupportedError", `request: ${what}`);
  };

  /** Tells who asked if the lock is stolen. A function of its own, as `heed` is: a closure inside `hold` would keep that frame alive. */
  const watch = (id, fail) => {
    then(native.watch(id), (stolen) => {
      if (stolen) fail(domException("AbortError", "The lock was stolen"));
    });
  };

  /** Takes a request back when the signal says so; a function that has it no longer do so. */
  const heed = (signal, request, fail) =>
    addAlgorithm(signal, () => {
      request.withdrawn = true;
      native.release(request.id);
      fail(signal.reason);
    });

  /** Waits for the lock and calls back; `fail` is told of what comes in between. */
  const hold = async (name, { mode, ifAvailable, signal, steal }, callback, fail) => {
    // What is ended from outside runs no `finally`; the tether goes with the frame and gives the lock back.
    const [id, granted, tether] = native.request(name, mode === "shared", steal ? "steal" : ifAvailable ? "refuse" : "wait");
    const request = { __proto__: null, id, withdrawn: false };
    const forget = signal === undefined ? undefined : heed(signal, request, fail);
    const got = await granted;
    if (request.withdrawn) return undefined;
    forget?.();
    if (!got) return callback(null);
    // A lock that nothing ever gives back goes with its frame, too: what was ended while the request waited does not count.
    native.renew(tether);
    watch(id, fail);
    try {
      return await callback(new Lock(KEY, name, mode));
    } finally {
      native.release(id);
    }
  };

  class LockManager {
    constructor(key) {
      if (key !== KEY) throw new TypeError("Illegal constructor");
    }

    async request(name, optionsOrCallback, callback = undefined) {
      if (!(#brand in this)) throw new TypeError("this is not a LockManager");
      need(arguments, 2, "request");
      name = `${name}`;
      const given = arguments.length > 2 ? options(optionsOrCallback) : options(undefined);
      callback = arguments.length > 2 ? callback : optionsOrCallback;
      if (typeof callback !== "function") throw new TypeError("request: the callback is not a function");
      const { mode, ifAvailable, signal } = given;
      if (startsWith(name, "-")) refuse("a name must not start with a hyphen");
      if (given.steal && ifAvailable) refuse("steal and ifAvailable exclude each other");
      if (given.steal && mode !== "exclusive") refuse("only an exclusive lock can be stolen");
      if (signal !== undefined && (given.steal || ifAvailable)) refuse("a signal excludes steal and ifAvailable");
      if (signal?.aborted) throw signal.reason;
      return await new Promise((resolve, reject) => {
        then(hold(name, given, callback, reject), resolve, reject);
      });
    }

    async query() {
      if (!(#brand in this)) throw new TypeError("this is not a LockManager");
      const held = [];
      const pending = [];
      for (const [name, isShared, isHeld, clientId] of native.query()) {
        const list = isHeld ? held : pending;
        list.push({ name, mode: isShared ? "shared" : "exclusive", clientId });
      }
      return { held, pending };
    }

    #brand;
  }
  expose(Lock);
  expose(LockManager);
  Object.defineProperty(LockManager, "length", { value: 0, configurable: true });
  Object.defineProperty(Lock, "length", { value: 0, configurable: true });
  Object.defineProperty(LockManager.prototype.request, "length", { value: 2, configurable: true });
  return { LockManager, Lock, locks: new LockManager(KEY) };
};
