// The interface Crypto and its one instance.
({ expose, need, domException, QuotaExceededError }, native) => {
  const QUOTA = 65_536;
  const FLOATS = new Set(["Float16Array", "Float32Array", "Float64Array"]);
  const kindOf = Object.getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get;
  const sizeOf = Object.getOwnPropertyDescriptor(TypedArray.prototype, "byteLength").get;
  let allowed = false;

  class Crypto {
    #brand;

    static {
      if (native.subtle !== undefined) {
        const descriptor = Object.getOwnPropertyDescriptor(
          {
            get subtle() {
              this.#brand;
              return native.subtle();
            },
          },
          "subtle",
        );
        Object.defineProperty(this.prototype, "subtle", descriptor);
      }
    }

    constructor() {
      if (!allowed) throw new TypeError("Crypto cannot be constructed");
    }

    getRandomValues(array) {
      this.#brand;
      need(arguments, 1, "crypto.getRandomValues");
      if (!ArrayBuffer.isView(array)) throw new TypeError("crypto.getRandomValues: the argument is not a typed array");
      const kind = kindOf.call(array);
      if (kind === undefined || FLOATS.has(kind)) {
        throw domException("TypeMismatchError", "crypto.getRandomValues: the array does not hold integers");
      }
      const size = sizeOf.call(array);
      if (size > QUOTA) {
        throw new QuotaExceededError(`crypto.getRandomValues: ${size} bytes are more than ${QUOTA}`);
      }
      native.fill(array);
      return array;
    }

    randomUUID() {
      this.#brand;
      return native.uuid();
    }
  }

  expose(Crypto);
  allowed = true;
  const crypto = new Crypto();
  allowed = false;
  return { Crypto, crypto };
};
