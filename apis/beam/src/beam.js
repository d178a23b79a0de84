// The Beam object.
(native, version) => {
  const MAX_MS = 2 ** 31 - 1;

  const milliseconds = (value, what) => {
    const ms = Number(value);
    if (!(ms >= 0 && ms <= MAX_MS))
      throw new RangeError(`${what}: the time is not a number of milliseconds from 0 to ${MAX_MS}`);
    return ms;
  };

  const isPromise = (value) => native.status(value) !== undefined;

  const peek = {
    peek(promise) {
      if (!isPromise(promise)) return promise;
      const state = native.status(promise);
      if (state === "pending") return promise;
      // Looking at a rejection counts as handling it: the caller holds the reason.
      if (state === "rejected") native.markHandled(promise);
      return native.result(promise);
    },
  }.peek;
  Object.defineProperty(peek, "status", {
    value: { status: (promise) => native.status(promise) ?? "fulfilled" }.status,
    enumerable: true,
  });

  const Beam = {
    call: native.call,
    callSync: native.callSync,
    send: native.send,
    self: native.self,
    onMessage(callback) {
      const id = native.onMessage(callback);
      return () => native.offMessage(id);
    },
    sleep(ms) {
      ms = milliseconds(ms, "Beam.sleep");
      return new Promise((wake) => native.wakeAfter(wake, ms));
    },
    sleepSync(ms) {
      native.sleepSync(milliseconds(ms, "Beam.sleepSync"));
    },
    peek,
    escapeHTML: native.escapeHTML,
    nanoseconds: native.nanoseconds,
    uniqueInteger: native.uniqueInteger,
    randomUUIDv7: native.randomUUIDv7,
    deepEquals: native.deepEquals,
    inspect: native.inspect,
    version,
  };
  Object.defineProperty(Beam, Symbol.toStringTag, { value: "Beam" });
  Object.freeze(peek);
  return Object.freeze(Beam);
};
