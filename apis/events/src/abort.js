// AbortController and AbortSignal.
(idl, native, targets) => {
  const { expose, need, domException, enforcedUnsignedLongLong } = idl;
  const { EventTarget, Stamp, fire, hasListeners, defineHandler, setAbortSignals } = targets;

  let isSignal;
  let makeSignal;
  let abortSignal;
  let addAlgorithm;
  let makeDependent;
  let startTimer;

  /** Signals that must live because a timer will abort them and somebody listens. */
  const kept = new Set();
  /** Stops the timers of signals that nobody can observe any more. */
  const timers = new FinalizationRegistry(native.clearTimer);

  class AbortSignal extends EventTarget {
    #aborted = false;
    #reason = undefined;
    #algorithms = new Set();
    /** What this signal follows; it keeps them alive. */
    #sources = [];
    /** What follows this signal: weakly, strongly once somebody listens there. */
    #dependents = new Set();
    #observedDependents = new Set();
    #isTimed = false;

    static #allowed = false;

    static {
      isSignal = (value) => typeof value === "object" && value !== null && #aborted in value;
      makeSignal = () => {
        AbortSignal.#allowed = true;
        try {
          return new AbortSignal();
        } finally {
          AbortSignal.#allowed = false;
        }
      };
      abortSignal = (signal, reason) => signal.#abort(reason);
      addAlgorithm = (signal, algorithm) => {
        if (signal.#aborted) return () => {};
        signal.#algorithms.add(algorithm);
        signal.#observe();
        return () => {
          signal.#algorithms.delete(algorithm);
          signal.#observe();
        };
      };
      makeDependent = (sources) => {
        const signal = makeSignal();
        const aborted = sources.find((source) => source.#aborted);
        if (aborted !== undefined) {
          signal.#aborted = true;
          signal.#reason = aborted.#reason;
          return signal;
        }
        const roots = new Set(sources.flatMap((source) => (source.#sources.length > 0 ? source.#sources : [source])));
        signal.#sources = [...roots];
        const weak = new WeakRef(signal);
        for (const root of roots) root.#follow(weak);
        return signal;
      };
      startTimer = (signal, ms) => {
        signal.#isTimed = true;
        const weak = new WeakRef(signal);
        const id = native.setTimer(() => {
          weak.deref()?.#abort(domException("TimeoutError", "signal timed out"));
        }, ms);
        timers.register(signal, id);
      };
    }

    constructor() {
      if (!AbortSignal.#allowed) throw new TypeError("AbortSignal cannot be constructed: use AbortController");
      super();
      Stamp.observe(this, (type) => {
        if (type === "abort") this.#observe();
      });
    }

    #follow(weak) {
      // Now and then, forget dependents that are gone.
      if (this.#dependents.size % 64 === 63) {
        for (const other of this.#dependents) if (other.deref() === undefined) this.#dependents.delete(other);
      }
      this.#dependents.add(weak);
    }

    /** Keeps this signal alive while somebody could notice that it aborts. */
    #observe() {
      const isObserved =
        !this.#aborted &&
        (this.#algorithms.size > 0 || hasListeners(this, "abort") || this.#observedDependents.size > 0);
      for (const source of this.#sources) {
        if (isObserved) source.#observedDependents.add(this);
        else source.#observedDependents.delete(this);
        source.#observe();
      }
      if (!this.#isTimed) return;
      if (isObserved) kept.add(this);
      else kept.delete(this);
    }

    #mark(reason) {
      this.#aborted = true;
      this.#reason = reason;
    }

    #abort(reason = domException("AbortError", "This operation was aborted")) {
      if (this.#aborted) return;
      this.#mark(reason);
      const affected = [this];
      for (const weak of this.#dependents) {
        const dependent = weak.deref();
        if (dependent === undefined || dependent.#aborted) continue;
        dependent.#mark(reason);
        affected.push(dependent);
      }
      this.#dependents.clear();
      for (const signal of affected) signal.#finish();
    }

    #finish() {
      const algorithms = [...this.#algorithms];
      this.#algorithms.clear();
      // First, as a listener may be ended from outside.
      this.#observe();
      this.#sources = [];
      for (const algorithm of algorithms) algorithm(this.#reason);
      fire(this, new targets.Event("abort"));
    }

    static abort(reason = undefined) {
      const signal = makeSignal();
      signal.#mark(reason === undefined ? domException("AbortError", "This operation was aborted") : reason);
      return signal;
    }

    static timeout(milliseconds) {
      need(arguments, 1, "AbortSignal.timeout");
      milliseconds = enforcedUnsignedLongLong(milliseconds, "AbortSignal.timeout: the time");
      const signal = makeSignal();
      startTimer(signal, milliseconds);
      return signal;
    }

    static any(signals) {
      need(arguments, 1, "AbortSignal.any");
      if (signals === null || (typeof signals !== "object" && typeof signals !== "function")) {
        throw new TypeError("AbortSignal.any: the signals are not iterable");
      }
      const sources = [];
      for (const signal of signals) {
        if (!isSignal(signal)) throw new TypeError("AbortSignal.any: not all values are AbortSignals");
        sources.push(signal);
      }
      return makeDependent(sources);
    }

    get aborted() {
      return this.#aborted;
    }
    get reason() {
      return this.#reason;
    }
    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }
  }

  class AbortController {
    #signal = makeSignal();

    get signal() {
      return this.#signal;
    }
    abort(reason = undefined) {
      abortSignal(this.#signal, reason);
    }
  }

  defineHandler(AbortSignal, "abort");
  Object.defineProperty(AbortSignal.abort, "length", { value: 0, configurable: true });
  expose(AbortSignal, { shown: "aborted" });
  expose(AbortController, { shown: "signal" });
  setAbortSignals(isSignal, addAlgorithm);
  return { AbortSignal, AbortController, isSignal, addAlgorithm, abortSignal, makeSignal, makeDependent };
};
