// The global scope of a worker. Returns what lets messages in.
(idl, events, messaging, native, port, name) => {
  const { getHandler, setHandler } = events;
  const { fireMessage } = messaging;
  const scope = globalThis;

  const members = {
    name,
    postMessage(message, options = undefined) {
      idl.need(arguments, 1, "postMessage");
      port.postMessage(message, options);
    },
    close() {
      native.close();
    },
    get onmessage() {
      return getHandler(scope, "message");
    },
    set onmessage(value) {
      setHandler(scope, "message", value);
    },
    get onmessageerror() {
      return getHandler(scope, "messageerror");
    },
    set onmessageerror(value) {
      setHandler(scope, "messageerror", value);
    },
  };
  Object.defineProperty(members.postMessage, "length", { value: 1, configurable: true });
  Object.defineProperties(scope, Object.getOwnPropertyDescriptors(members));

  return () => {
    for (const type of ["message", "messageerror"]) {
      port.addEventListener(type, (event) =>
        fireMessage(scope, event.type === "message" ? [event.data, event.ports] : []),
      );
    }
    port.start();
  };
};
