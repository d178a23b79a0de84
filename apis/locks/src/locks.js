// LockManager and Lock.
(idl, events) => {
  const { expose, need, dictionary, domException } = idl;
  const { isSignal, addAlgorithm } = events;
  const KEY = {};
  const MAX_REQUESTS = 10_000;

  /** By name: locks that are held, and requests that wait, oldest first. */
  const resources = new Map();
  let requests = 0;
  let locks = 0;

  class Lock {
    #state;

    constructor(key, state) {
      if (key !== KEY) throw new TypeError("Illegal constructor");
      this.#state = state;
    }
    get name() {
      return this.#state.name;
    }
    get mode() {
      return this.#state.mode;
    }
  }

  const resourceOf = (name) => {
    let resource = resources.get(name);
    if (resource === undefined) resources.set(name, (resource = { held: new Set(), queue: [] }));
    return resource;
  };

  const tidy = (name, resource) => {
    if (resource.held.size === 0 && resource.queue.length === 0) resources.delete(name);
  };

  const isGrantable = (resource, request) => {
    if (resource.held.size === 0) return true;
    return request.mode === "shared" && [...resource.held].every((state) => state.mode === "shared");
  };

  /** Grants what can be granted: a request waits for those before it. */
  const advance = (name) => {
    const resource = resources.get(name);
    if (resource === undefined) return;
    while (resource.queue.length > 0 && isGrantable(resource, resource.queue[0])) grant(resource, resource.queue.shift());
    tidy(name, resource);
  };

  const release = (state) => {
    const resource = resources.get(state.name);
    if (!resource?.held.delete(state)) return;
    advance(state.name);
  };

  const grant = (resource, request) => {
    requests -= 1;
    request.forget?.();
    const state = { name: request.name, mode: request.mode, reject: request.reject };
    resource.held.add(state);
    run(request, new Lock(KEY, state), state);
  };

  /** Calls back, in a job of its own, and holds the lock until what that returns has settled. */
  const run = async (request, lock, state) => {
    await undefined;
    let result;
    try {
      const { callback } = request;
      result = await callback(lock);
    } catch (error) {
      if (state !== undefined) release(state);
      request.reject(error);
      return;
    }
    if (state !== undefined) release(state);
    request.resolve(result);
  };

  const steal = (resource, request) => {
    for (const state of resource.held) state.reject(domException("AbortError", "The lock was stolen"));
    resource.held.clear();
    grant(resource, request);
  };

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
      if (name.startsWith("-")) refuse("a name must not start with a hyphen");
      if (given.steal && ifAvailable) refuse("steal and ifAvailable exclude each other");
      if (given.steal && mode !== "exclusive") refuse("only an exclusive lock can be stolen");
      if (signal !== undefined && (given.steal || ifAvailable)) refuse("a signal excludes steal and ifAvailable");
      if (signal?.aborted) throw signal.reason;
      if (requests >= MAX_REQUESTS) throw new RangeError(`${MAX_REQUESTS} requests of locks wait already`);

      return await new Promise((resolve, reject) => {
        locks += 1;
        const request = { id: locks, name, mode, callback, resolve, reject, forget: undefined };
        const resource = resourceOf(name);
        requests += 1;
        if (given.steal) return steal(resource, request);
        if (resource.queue.length === 0 && isGrantable(resource, request)) return grant(resource, request);
        if (ifAvailable) {
          requests -= 1;
          tidy(name, resource);
          return void run(request, null, undefined);
        }
        resource.queue.push(request);
        if (signal === undefined) return;
        request.forget = addAlgorithm(signal, () => {
          const index = resource.queue.indexOf(request);
          if (index === -1) return;
          resource.queue.splice(index, 1);
          requests -= 1;
          reject(signal.reason);
          advance(name);
        });
      });
    }

    async query() {
      if (!(#brand in this)) throw new TypeError("this is not a LockManager");
      const info = ({ name, mode }) => ({ name, mode, clientId: "realm" });
      const held = [];
      const pending = [];
      for (const resource of resources.values()) {
        held.push(...[...resource.held].map(info));
        pending.push(...resource.queue);
      }
      pending.sort((a, b) => a.id - b.id);
      return { held, pending: pending.map(info) };
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
