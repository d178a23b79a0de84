// The global scope of a worker. Returns what lets messages in. The classes of events and messages are loaded when they are needed
// first: a worker that only posts starts without them.
(native, end, name, isModule, load) => {
  const { getOwnPropertyDescriptors, defineProperties, defineProperty } = Object;
  const { setTimeout } = globalThis;
  const scope = globalThis;
  const NONE = [];
  let isClosing = false;

  const handler = (type) => ({
    get: () => load().events.getHandler(scope, type),
    set: (value) => load().events.setHandler(scope, type, value),
  });

  const members = {
    name,
    postMessage(message, options = undefined) {
      if (arguments.length < 1) throw new TypeError("postMessage: 1 argument required, but only 0 present");
      if (options === undefined) return void native.post(end, message, NONE);
      const { transferOf, forget } = load().messaging;
      const transfer = transferOf(options);
      native.post(end, message, transfer);
      forget(transfer);
    },
    importScripts(...urls) {
      if (isModule) throw new TypeError("importScripts: a module worker imports modules");
      for (let index = 0; index < urls.length; index++) urls[index] = `${urls[index]}`;
      for (let index = 0; index < urls.length; index++) native.importScript(urls[index]);
    },
    close() {
      if (isClosing) return;
      isClosing = true;
      native.closing();
      // What runs goes on to its end.
      setTimeout(() => native.close(), 0);
    },
  };
  defineProperty(members.postMessage, "length", { value: 1, configurable: true });
  defineProperties(scope, getOwnPropertyDescriptors(members));
  for (const type of ["message", "messageerror"]) {
    const { get, set } = handler(type);
    defineProperty(scope, `on${type}`, { get, set, enumerable: true, configurable: true });
  }

  const receive = () => {
    if (isClosing) return;
    const message = native.next(end);
    if (message !== undefined && message !== null) load().messaging.fireMessage(scope, message);
  };
  return () => native.start(end, receive);
};
