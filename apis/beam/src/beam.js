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

  const namespace = (name, members) => {
    for (const [key, member] of Object.entries(members))
      Object.defineProperty(member, "name", { value: key, configurable: true });
    Object.defineProperty(members, Symbol.toStringTag, { value: `Beam.${name}` });
    return Object.freeze(members);
  };

  const Beam = {
    call: native.call,
    callSync: native.callSync,
    send: native.send,
    self: native.self,
    makeRef: native.makeRef,
    monitor: native.monitor,
    demonitor: native.demonitor,
    link: native.link,
    unlink: native.unlink,
    register: native.register,
    unregister: native.unregister,
    whereis: native.whereis,
    spawn: native.spawn,
    nodes: native.nodes,
    rpc: native.rpc,
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
    hash: native.hash,
    semver: namespace("semver", { satisfies: native.satisfies, order: native.order }),
    password: namespace("password", { hash: native.hashPassword, verify: native.verifyPassword }),
    XML: namespace("XML", { parse: native.parseXml }),
    which: native.which,
    systemInfo: native.systemInfo,
    processInfo: native.processInfo,
    grants: native.grants,
    version,
  };
  Object.defineProperty(Beam, Symbol.toStringTag, { value: "Beam" });
  Object.freeze(peek);
  return Object.freeze(Beam);
};
