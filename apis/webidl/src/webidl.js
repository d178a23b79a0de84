// What classes need to look as Web IDL asks, and the conversions of its types.
(native) => {
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;
  const call = Function.prototype.call.bind(Function.prototype.call);

  const show = (object, hidden) => {
    for (const key of ownKeys(object)) {
      if (typeof key === "symbol" || hidden.includes(key)) continue;
      const descriptor = getOwnPropertyDescriptor(object, key);
      if (!descriptor.configurable) continue;
      descriptor.enumerable = true;
      defineProperty(object, key, descriptor);
    }
  };

  /** Prototypes of platform objects, with the steps of those that can be cloned, and sent to other realms. */
  const platform = new WeakMap();
  /** Prototypes of those that `inspect` shows more of than their own properties. */
  const displays = new WeakMap();
  const lookUp = Function.prototype.call.bind(WeakMap.prototype.get);

  const getterOf = (prototype, name) => {
    const descriptor = getOwnPropertyDescriptor(prototype, name);
    return descriptor === undefined ? getterOf(getPrototypeOf(prototype), name) : descriptor.get;
  };

  /**
   * Gives a class the attributes of an interface. `clone(object)` makes a structured clone, where there is one; `pack(object)` a host
   * object that holds what another realm makes the object of; `transfer(object)` how it is transferred, or `undefined` if it is detached
   * already: `{ receive, commit }`, where `receive()` makes what stands for it afterwards and `commit()` detaches it, and for other
   * realms the `type` and `ends` of which `Received` of `messaging` tells. `shown` is what `inspect` shows of
   * an object: the names of attributes, or a function that gives a record of them or a list of pairs, and throws if the object has
   * not the brand.
   */
  const expose = (Class, { constants = {}, clone, pack, transfer, shown } = {}) => {
    const { prototype } = Class;
    show(prototype, ["constructor"]);
    show(Class, ["length", "name", "prototype"]);
    for (const [name, value] of Object.entries(constants)) {
      for (const object of [Class, prototype]) defineProperty(object, name, { value, enumerable: true });
    }
    defineProperty(prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
    platform.set(prototype, { clone: clone ?? null, pack: pack ?? null, transfer: transfer ?? null });
    // The getters as they are now, which scripts may replace.
    const display = (names) => ({ names, getters: names.split(" ").map((name) => getterOf(prototype, name)) });
    if (shown !== undefined) displays.set(prototype, typeof shown === "string" ? display(shown) : shown);
    return Class;
  };

  const read = ({ names, getters }, object) => {
    const record = { __proto__: null };
    names.split(" ").forEach((name, index) => (record[name] = call(getters[index], object)));
    return record;
  };

  /** What `inspect` shows of a platform object: a record, or a list of pairs; `undefined` for other objects. It and its prototypes are `chain`. */
  const shownOf = (object, chain) => {
    for (const link of chain) {
      const display = lookUp(displays, link);
      if (display === undefined) continue;
      try {
        return typeof display === "function" ? display(object) : read(display, object);
      } catch {
        return undefined;
      }
    }
    return undefined;
  };

  /** Tells that nothing clones the instances of a class of the language, for they have internal slots. */
  const refuseClones = ({ prototype }) => {
    platform.set(prototype, { clone: null, pack: null, transfer: null });
  };

  const stepsOf = (object, kind) => {
    for (let link = object; link !== null; link = getPrototypeOf(link)) {
      const steps = lookUp(platform, link);
      if (steps !== undefined) return steps[kind];
    }
    return undefined;
  };

  /** The cloning steps of a platform object, `null` if it has none, `undefined` for other objects. */
  const cloneSteps = (object) => stepsOf(object, "clone");
  /** Likewise those that take it to another realm. */
  const packSteps = (object) => stepsOf(object, "pack");
  /** Likewise those that transfer it. */
  const transferSteps = (object) => stepsOf(object, "transfer");

  const need = (args, count, what) => {
    if (args.length < count) {
      throw new TypeError(
        `${what}: ${count} argument${count > 1 ? "s" : ""} required, but only ${args.length} present`,
      );
    }
  };

  /** What `undefined` and `null` are as a dictionary: nothing is read from them, whatever has become of `Object.prototype`. */
  const EMPTY = Object.freeze({ __proto__: null });

  const dictionary = (value, what) => {
    if (value === undefined || value === null) return EMPTY;
    if (typeof value !== "object" && typeof value !== "function") throw new TypeError(`${what} is not an object`);
    return value;
  };

  /** The error of constructing what scripts cannot construct. */
  const illegal = (name) => new TypeError(`${name} cannot be constructed`);

  const double = (value, what) => {
    const number = +value;
    if (!Number.isFinite(number)) throw new TypeError(`${what} is not a finite number`);
    return number;
  };

  const { isView } = ArrayBuffer;
  const lengthOfBuffer = getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
  const kindOfView = getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get;

  /** A BufferSource that is not shared, as an ArrayBuffer or a typed array: what native code reads bytes from. */
  const bufferSource = (value, what) => {
    const isOfView = isView(value);
    try {
      lengthOfBuffer.call(isOfView ? value.buffer : value);
    } catch {
      throw new TypeError(`${what} is not an ArrayBuffer or a view of one`);
    }
    const isDataView = isOfView && kindOfView.call(value) === undefined;
    return isDataView ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value;
  };

  const usvString = (value) => `${value}`.toWellFormed();

  // ── iterable<K, V> ──

  const iteratorPrototype = Iterator.prototype;

  /**
   * Gives instances of a class `entries`, `keys`, `values`, `forEach` and iteration. `pairsOf(instance)` is the list of its pairs
   * `[key, value]` at that moment, and throws if it is no instance.
   */
  const iterable = (Class, pairsOf) => {
    class PairIterator {
      #object;
      #pick;
      #index = 0;

      constructor(object, pick) {
        this.#object = object;
        this.#pick = pick;
      }
      next() {
        const pairs = pairsOf(this.#object);
        if (this.#index >= pairs.length) return { value: undefined, done: true };
        return { value: this.#pick(pairs[this.#index++]), done: false };
      }
    }
    const { prototype } = PairIterator;
    delete prototype.constructor;
    Object.setPrototypeOf(prototype, iteratorPrototype);
    show(prototype, []);
    defineProperty(prototype, Symbol.toStringTag, { value: `${Class.name} Iterator`, configurable: true });

    const methods = {
      entries() {
        pairsOf(this);
        return new PairIterator(this, ([key, value]) => [key, value]);
      },
      keys() {
        pairsOf(this);
        return new PairIterator(this, ([key]) => key);
      },
      values() {
        pairsOf(this);
        return new PairIterator(this, ([, value]) => value);
      },
      forEach(callback, thisArg = undefined) {
        pairsOf(this);
        need(arguments, 1, `${Class.name}.forEach`);
        if (typeof callback !== "function") throw new TypeError(`${Class.name}.forEach: the callback is not a function`);
        for (let index = 0; index < pairsOf(this).length; index++) {
          const [key, value] = pairsOf(this)[index];
          callback.call(thisArg, value, key, this);
        }
      },
    };
    for (const [name, value] of Object.entries(methods)) {
      defineProperty(Class.prototype, name, { value, writable: true, enumerable: true, configurable: true });
    }
    const { entries } = methods;
    defineProperty(Class.prototype, Symbol.iterator, { value: entries, writable: true, configurable: true });
  };

  const enforcedUnsignedLongLong = (value, what) => {
    const number = Math.trunc(+value);
    const { MAX_SAFE_INTEGER } = Number;
    if (!(number >= 0 && number <= MAX_SAFE_INTEGER)) {
      throw new TypeError(`${what} is outside the range from 0 to ${MAX_SAFE_INTEGER}`);
    }
    return number;
  };

  // ── QuotaExceededError, the one DOMException with a class of its own ──

  const amount = (value, what) => {
    if (value === undefined) return null;
    const number = +value;
    if (!Number.isFinite(number)) throw new TypeError(`QuotaExceededError: ${what} is not a finite number`);
    if (number < 0) throw new RangeError(`QuotaExceededError: ${what} is negative`);
    return number;
  };

  class QuotaExceededError extends native.DOMException {
    #quota;
    #requested;

    constructor(message = "", options = {}) {
      super(message, "QuotaExceededError");
      const { quota, requested } = dictionary(options, "QuotaExceededError: the options");
      this.#quota = amount(quota, "quota");
      this.#requested = amount(requested, "requested");
      if (this.#quota !== null && this.#requested !== null && this.#requested < this.#quota) {
        throw new RangeError("QuotaExceededError: requested is less than quota");
      }
    }
    get quota() {
      return this.#quota;
    }
    get requested() {
      return this.#requested;
    }
  }

  Object.defineProperty(QuotaExceededError, "length", { value: 0, configurable: true });
  expose(QuotaExceededError, {
    clone: ({ message, quota, requested }) =>
      new QuotaExceededError(message, { quota: quota ?? undefined, requested: requested ?? undefined }),
  });

  return {
    expose,
    shownOf,
    refuseClones,
    cloneSteps,
    packSteps,
    transferSteps,
    bufferSource,
    iterable,
    need,
    dictionary,
    double,
    illegal,
    usvString,
    unsignedLong: (value) => value >>> 0,
    enforcedUnsignedLongLong,
    QuotaExceededError,
    domException: (name, message) => new native.DOMException(message, name),
  };
};
