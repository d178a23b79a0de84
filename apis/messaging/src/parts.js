// Taking values apart for a message and making them anew, with the builtins as they were when this was loaded.
(() => {
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);
  const { getOwnPropertyDescriptor, defineProperty } = Object;
  const getter = (Class, name) => bind(getOwnPropertyDescriptor(Class.prototype, name).get);

  const getTime = bind(Date.prototype.getTime);
  const source = getter(RegExp, "source");
  const flags = getter(RegExp, "flags");
  const resizable = getter(ArrayBuffer, "resizable");
  const maxByteLength = getter(ArrayBuffer, "maxByteLength");
  const byteLength = getter(ArrayBuffer, "byteLength");
  const fill = bind(Uint8Array.prototype.set);
  const hex = bind(BigInt.prototype.toString);
  const [box, regExp, arrayBuffer, bytesOf, error, domException] = [
    Object,
    RegExp,
    ArrayBuffer,
    Uint8Array,
    Error,
    globalThis.DOMException,
  ];
  const valueOf = {
    Number: bind(Number.prototype.valueOf),
    String: bind(String.prototype.valueOf),
    Boolean: bind(Boolean.prototype.valueOf),
    BigInt: bind(BigInt.prototype.valueOf),
  };
  const errors = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

  const hidden = (object, name, value) =>
    defineProperty(object, name, { value, writable: true, configurable: true });

  const ownData = (object, name) => {
    const descriptor = getOwnPropertyDescriptor(object, name);
    return descriptor !== undefined && "value" in descriptor ? descriptor : undefined;
  };

  return {
    hexDigits: (value) => hex(value, 16),
    time: getTime,
    regexpParts: (value) => [source(value), flags(value)],
    unboxed: (value, kind) => valueOf[kind](value),
    maxLength: (buffer) => (resizable(buffer) ? maxByteLength(buffer) : undefined),
    byteLength,

    /** `[name, message or undefined, stack or undefined, descriptor of the cause or undefined]`. */
    errorParts(value) {
      const { name } = value;
      const message = ownData(value, "message");
      const { stack } = value;
      return [
        typeof name === "string" && Object.hasOwn(errors, name) ? name : "Error",
        message === undefined ? undefined : `${message.value}`,
        typeof stack === "string" ? stack : undefined,
        ownData(value, "cause"),
      ];
    },

    makeBigInt: (negative, digits) => (negative ? -BigInt(digits) : BigInt(digits)),
    makeBoxed: (value) => box(value),
    makeRegExp: (source, flags) => new regExp(source, flags),
    makeDomException: (name, message) => new domException(message, name),
    makeBuffer(content, max) {
      const buffer = new arrayBuffer(byteLength(content), { maxByteLength: max });
      fill(new bytesOf(buffer), new bytesOf(content));
      return buffer;
    },
    makeError(name, message, stack) {
      const made = new (errors[name] ?? error)();
      if (message !== undefined) hidden(made, "message", message);
      hidden(made, "stack", stack ?? "");
      return made;
    },
    setCause: (made, cause) => hidden(made, "cause", cause),
  };
})();
