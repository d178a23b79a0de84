// TextEncoder and TextDecoder of the Encoding Standard.
(idl, native) => {
  const { expose, need, dictionary } = idl;
  const { isView } = ArrayBuffer;

  const sharedLength = Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, "byteLength").get;

  const isShared = (input) => {
    try {
      sharedLength.call(input);
      return true;
    } catch {
      return false;
    }
  };

  const bytesOf = (input, what) => {
    if (native.isBytes(input)) return input;
    if (isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    if (isShared(input)) return new Uint8Array(input);
    throw new TypeError(`${what}: the input is not an ArrayBuffer or a view of one`);
  };

  class TextEncoder {
    #brand;

    get encoding() {
      this.#brand;
      return "utf-8";
    }

    encode(input = "") {
      this.#brand;
      return native.encode(input);
    }

    encodeInto(source, destination) {
      this.#brand;
      need(arguments, 2, "TextEncoder.encodeInto");
      source = `${source}`;
      if (!native.isUint8Array(destination))
        throw new TypeError("TextEncoder.encodeInto: the destination is not a Uint8Array");
      const [read, written] = native.encodeInto(source, destination);
      return { read, written };
    }
  }

  class TextDecoder {
    #decoder;
    #encoding;
    #fatal;
    #ignoreBOM;

    constructor(label = "utf-8", options = {}) {
      label = `${label}`;
      options = dictionary(options, "TextDecoder: the options");
      this.#fatal = Boolean(options.fatal);
      this.#ignoreBOM = Boolean(options.ignoreBOM);
      this.#decoder = native.decoder(label, this.#fatal, this.#ignoreBOM);
      this.#encoding = native.encodingName(this.#decoder);
    }

    get encoding() {
      return this.#encoding;
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    decode(input = undefined, options = {}) {
      const decoder = this.#decoder;
      const bytes = input === undefined ? undefined : bytesOf(input, "TextDecoder.decode");
      const stream = Boolean(dictionary(options, "TextDecoder.decode: the options").stream);
      return native.decode(decoder, bytes, stream);
    }
  }

  Object.defineProperty(TextEncoder.prototype.encode, "length", { value: 0, configurable: true });
  return {
    TextEncoder: expose(TextEncoder, { shown: "encoding" }),
    TextDecoder: expose(TextDecoder, { shown: "encoding fatal ignoreBOM" }),
  };
};
