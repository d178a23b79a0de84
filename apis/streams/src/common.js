// What all streams share: promises that guest code cannot intercept, queues of sized chunks, strategies.
//
// An algorithm's outcome is `undefined` (it is done), a promise, or a deferred; `upon` reacts to all three, so that a
// chunk which nobody has to wait for costs one job and no promise.
(idl, native) => {
  const { expose, need, dictionary } = idl;
  const { queueMicrotask, then, markHandled } = native;
  const { apply } = Reflect;
  const { call } = Function.prototype;
  /** `(f, self, ...args)`, without an array. */
  const invoke = call.bind(call);
  const promiseClass = Promise;

  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  // ── Promises ──

  let made;
  const executor = (resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  };

  /** Gives an object a pending `promise` with the functions `resolve` and `reject` that settle it. */
  const addPromise = (object) => {
    made = object;
    object.promise = new promiseClass(executor);
    made = undefined;
    return object;
  };

  /** A pending promise with the functions that settle it. */
  const makePromise = () => addPromise({ promise: undefined, resolve: undefined, reject: undefined });

  const resolvedWith = (value) => {
    const { promise, resolve } = makePromise();
    resolve(value);
    return promise;
  };

  const rejectedWith = (reason) => {
    const { promise, reject } = makePromise();
    reject(reason);
    return promise;
  };

  const PENDING = 0;
  const FULFILLED = 1;
  const REJECTED = 2;

  /**
   * A promise that is made only when somebody asks for it, and whose rejection counts as handled. It has the first reaction itself:
   * as a rule there is no other.
   */
  class Deferred {
    #brand;
    state = PENDING;
    reason = undefined;
    capability = undefined;
    isAwaited = false;
    onFulfilled = undefined;
    onRejected = undefined;
    more = undefined;
    static is = (value) => #brand in value;

    static upon = (outcome, onFulfilled, onRejected) => {
      if (outcome === undefined) {
        if (onFulfilled !== undefined) queueMicrotask(onFulfilled);
      } else if (!(#brand in outcome)) {
        then(outcome, onFulfilled, onRejected);
      } else if (outcome.state !== PENDING) {
        react(outcome, onFulfilled, onRejected);
      } else if (!outcome.isAwaited) {
        outcome.isAwaited = true;
        outcome.onFulfilled = onFulfilled;
        outcome.onRejected = onRejected;
      } else {
        const reaction = { onFulfilled, onRejected, next: undefined };
        let last = outcome.more;
        if (last === undefined) outcome.more = reaction;
        else {
          while (last.next !== undefined) last = last.next;
          last.next = reaction;
        }
      }
    };
  }
  const isDeferred = Deferred.is;
  /** Runs one of two steps in a job once the outcome of an algorithm is there. */
  const { upon } = Deferred;

  const makeDeferred = () => new Deferred();

  const resolvedDeferred = () => {
    const deferred = new Deferred();
    deferred.state = FULFILLED;
    return deferred;
  };

  const rejectDeferred = (deferred, reason) => {
    if (deferred.state !== PENDING) return;
    deferred.state = REJECTED;
    deferred.reason = reason;
    const { capability } = deferred;
    if (capability !== undefined) {
      markHandled(capability.promise);
      capability.reject(reason);
    }
    if (!deferred.isAwaited) return;
    const { onFulfilled, onRejected } = deferred;
    let { more } = deferred;
    deferred.isAwaited = false;
    deferred.onFulfilled = deferred.onRejected = deferred.more = undefined;
    react(deferred, onFulfilled, onRejected);
    for (; more !== undefined; more = more.next) react(deferred, more.onFulfilled, more.onRejected);
  };

  /** A pending deferred after one that was fulfilled, and that nobody but the caller has: the same, unless it has a promise. */
  const renewDeferred = (deferred) => {
    if (deferred.state !== FULFILLED || deferred.capability !== undefined) return new Deferred();
    deferred.state = PENDING;
    return deferred;
  };

  const resolveDeferred = (deferred) => {
    if (deferred.state !== PENDING) return;
    deferred.state = FULFILLED;
    if (deferred.capability !== undefined) deferred.capability.resolve(undefined);
    if (deferred.isAwaited) reactFulfilled(deferred);
  };

  const reactFulfilled = (deferred) => {
    const { onFulfilled } = deferred;
    let { more } = deferred;
    deferred.isAwaited = false;
    deferred.onFulfilled = deferred.onRejected = undefined;
    if (onFulfilled !== undefined) queueMicrotask(onFulfilled);
    if (more === undefined) return;
    deferred.more = undefined;
    for (; more !== undefined; more = more.next) if (more.onFulfilled !== undefined) queueMicrotask(more.onFulfilled);
  };

  /** Resolves a deferred that nobody but the caller has, and gives a pending one: the same, unless it has a promise. */
  const resolveAndRenew = (deferred) => {
    if (deferred.state === PENDING && deferred.capability === undefined) {
      if (deferred.isAwaited) reactFulfilled(deferred);
      return deferred;
    }
    resolveDeferred(deferred);
    return renewDeferred(deferred);
  };

  const rejectedDeferred = (reason) => {
    const deferred = makeDeferred();
    rejectDeferred(deferred, reason);
    return deferred;
  };

  const promiseOf = (deferred) => {
    let { capability } = deferred;
    if (capability === undefined) {
      capability = deferred.capability = makePromise();
      if (deferred.state === FULFILLED) capability.resolve(undefined);
      if (deferred.state === REJECTED) {
        markHandled(capability.promise);
        capability.reject(deferred.reason);
      }
    }
    return capability.promise;
  };

  const react = (deferred, onFulfilled, onRejected) => {
    if (deferred.state === FULFILLED) {
      if (onFulfilled !== undefined) queueMicrotask(onFulfilled);
    } else if (onRejected !== undefined) {
      const { reason } = deferred;
      queueMicrotask(() => onRejected(reason));
    }
  };

  /** Settles a deferred as the outcome of an algorithm does. */
  const follow = (deferred, outcome) =>
    upon(
      outcome,
      () => resolveDeferred(deferred),
      (reason) => rejectDeferred(deferred, reason),
    );

  /** The promise of an outcome, for those who are given one. */
  const toPromise = (outcome) => {
    if (outcome === undefined) return resolvedWith(undefined);
    return isDeferred(outcome) ? promiseOf(outcome) : outcome;
  };

  // ── Callbacks of guests ──

  /** The member of a dictionary that is a callback function, if it is there. */
  const callbackMember = (object, name, what) => {
    const value = object[name];
    if (value !== undefined && typeof value !== "function") throw new TypeError(`${what}: ${name} is not a function`);
    return value;
  };

  /** An algorithm that calls a guest's method, if there is one. */
  const algorithm = (method, self) =>
    method === undefined
      ? () => undefined
      : (a, b) => {
          let result;
          try {
            result = invoke(method, self, a, b);
          } catch (error) {
            return rejectedWith(error);
          }
          return result !== undefined && isObject(result) ? resolvedWith(result) : undefined;
        };

  /** As `algorithm`, for methods that get one argument. */
  const unaryAlgorithm = (method, self) =>
    method === undefined
      ? () => undefined
      : (a) => {
          let result;
          try {
            result = invoke(method, self, a);
          } catch (error) {
            return rejectedWith(error);
          }
          return result !== undefined && isObject(result) ? resolvedWith(result) : undefined;
        };

  /** The outcome of a start method's result. */
  const outcomeOf = (result) => (isObject(result) ? resolvedWith(result) : undefined);

  // ── Queues with sizes ──

  /**
   * The last entry that was taken out is used again. A queue's `total` and an entry's `amount` are sizes; of something named `size`, glue
   * would ask whether it is a builtin's.
   */
  const emptyQueue = () => ({ head: undefined, tail: undefined, length: 0, total: 0, spare: undefined });

  const resetQueue = (queue) => {
    queue.head = queue.tail = undefined;
    queue.length = queue.total = 0;
  };

  const enqueueValueWithSize = (queue, value, size) => {
    if (typeof size !== "number" || !(size >= 0) || size === Infinity) {
      throw new RangeError(`the size of a chunk is ${String(size)}, which is not a finite number of at least 0`);
    }
    push(queue, value, size);
  };

  const push = (queue, value, size) => {
    let entry = queue.spare;
    if (entry === undefined) entry = { value, amount: size, next: undefined };
    else {
      queue.spare = undefined;
      entry.value = value;
      entry.amount = size;
    }
    if (queue.tail === undefined) queue.head = entry;
    else queue.tail.next = entry;
    queue.tail = entry;
    queue.length++;
    queue.total += size;
  };

  const shift = (queue) => {
    const entry = queue.head;
    const { value, next } = entry;
    queue.head = next;
    if (next === undefined) queue.tail = undefined;
    queue.length--;
    // Rounding errors may make it less.
    const total = queue.total - entry.amount;
    queue.total = total < 0 ? 0 : total;
    entry.value = entry.next = undefined;
    queue.spare = entry;
    return value;
  };

  // ── Requests ──

  /** Gives the object of a reader or of a writable stream its requests: as a rule there is at most one. */
  const addRequest = (owner, request) => {
    if (owner.request === undefined) owner.request = request;
    else push(owner.moreRequests, request, 0);
  };

  /** The oldest request, which is there. */
  const takeRequest = (owner) => {
    const { request, moreRequests } = owner;
    owner.request = moreRequests.head === undefined ? undefined : shift(moreRequests);
    return request;
  };

  /** All of them as entries of a queue. */
  const takeRequests = (owner) => {
    const { request, moreRequests } = owner;
    if (request === undefined) return undefined;
    const first = { value: request, next: moreRequests.head };
    owner.request = undefined;
    resetQueue(moreRequests);
    return first;
  };

  const countRequests = (owner) => (owner.request === undefined ? 0 : 1 + owner.moreRequests.length);

  // ── Strategies ──

  const strategyOf = (value, what) => {
    const strategy = dictionary(value, `${what}: the strategy`);
    const { highWaterMark } = strategy;
    return {
      highWaterMark: highWaterMark === undefined ? undefined : +highWaterMark,
      size: callbackMember(strategy, "size", `${what}: the strategy`),
    };
  };

  const extractHighWaterMark = ({ highWaterMark }, otherwise) => {
    if (highWaterMark === undefined) return otherwise;
    if (!(highWaterMark >= 0)) throw new RangeError(`highWaterMark is ${highWaterMark}, which is not at least 0`);
    return highWaterMark;
  };

  /** `undefined` where every chunk counts 1. */
  const extractSizeAlgorithm = ({ size }) => (size === undefined ? undefined : (chunk) => +apply(size, undefined, [chunk]));

  const { countSize } = { countSize: () => 1 };
  const { byteSize } = { byteSize: (chunk) => chunk.byteLength };
  for (const size of [countSize, byteSize]) Object.defineProperty(size, "name", { value: "size", configurable: true });

  const strategyClass = (name, size) => {
    const Class = {
      [name]: class {
        #highWaterMark;
        constructor(init) {
          need(arguments, 1, name);
          const { highWaterMark } = dictionary(init, `${name}: the argument`);
          if (highWaterMark === undefined) throw new TypeError(`${name}: highWaterMark is missing`);
          this.#highWaterMark = +highWaterMark;
        }
        get highWaterMark() {
          return this.#highWaterMark;
        }
        get size() {
          this.#highWaterMark;
          return size;
        }
      },
    }[name];
    return expose(Class, { shown: "highWaterMark" });
  };

  /** What identifies a constructor's call from here; no guest can name it. */
  const INTERNAL = {};

  const illegalConstructor = (name) => {
    throw new TypeError(`${name} cannot be constructed`);
  };

  return {
    INTERNAL,
    illegalConstructor,
    isObject,
    apply,
    PENDING,
    FULFILLED,
    REJECTED,
    addPromise,
    makePromise,
    resolvedWith,
    rejectedWith,
    makeDeferred,
    renewDeferred,
    resolvedDeferred,
    rejectedDeferred,
    resolveDeferred,
    resolveAndRenew,
    rejectDeferred,
    promiseOf,
    toPromise,
    upon,
    follow,
    callbackMember,
    algorithm,
    unaryAlgorithm,
    outcomeOf,
    emptyQueue,
    resetQueue,
    enqueueValueWithSize,
    push,
    shift,
    addRequest,
    takeRequest,
    takeRequests,
    countRequests,
    strategyOf,
    extractHighWaterMark,
    extractSizeAlgorithm,
    CountQueuingStrategy: strategyClass("CountQueuingStrategy", countSize),
    ByteLengthQueuingStrategy: strategyClass("ByteLengthQueuingStrategy", byteSize),
  };
};
