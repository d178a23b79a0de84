// CompressionStream and DecompressionStream.
(idl, { makeCodec, process }, { createSimpleTransform, publicReadable, publicWritable }) => {
  const { expose, need, bufferSource } = idl;

  const transform = (format, compresses, what) => {
    const codec = makeCodec(format, compresses, what);
    return createSimpleTransform(
      (chunk, enqueue) => process(codec, bufferSource(chunk, `${what}: a chunk`), enqueue),
      (enqueue) => process(codec, undefined, enqueue),
    );
  };

  class CompressionStream {
    #stream;

    constructor(format) {
      need(arguments, 1, "CompressionStream");
      this.#stream = transform(`${format}`, true, "CompressionStream");
    }
    get readable() {
      return publicReadable(this.#stream.readable);
    }
    get writable() {
      return publicWritable(this.#stream.writable);
    }
  }

  class DecompressionStream {
    #stream;

    constructor(format) {
      need(arguments, 1, "DecompressionStream");
      this.#stream = transform(`${format}`, false, "DecompressionStream");
    }
    get readable() {
      return publicReadable(this.#stream.readable);
    }
    get writable() {
      return publicWritable(this.#stream.writable);
    }
  }

  const shown = "readable writable";
  return {
    CompressionStream: expose(CompressionStream, { shown }),
    DecompressionStream: expose(DecompressionStream, { shown }),
  };
};
