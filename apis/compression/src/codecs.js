// Codecs, and `compression`, which uses one for a whole text or buffer.
(idl, native) => {
  const { dictionary, need, bufferSource } = idl;
  const { isView } = ArrayBuffer;
  const encode = new native.TextEncoder().encode.bind(new native.TextEncoder());

  /** A codec. Its memory is outside of the heap; `ballast` makes it count inside. */
  const makeCodec = (format, compresses, what, level = undefined) => {
    const made = native.make(format, compresses, level);
    if (made === null) throw new TypeError(`${what}: there is no format ${JSON.stringify(format)}`);
    return { codec: made[0], ballast: new ArrayBuffer(made[1]) };
  };

  /** Gives `enqueue` what a chunk, or the end, makes of the data so far. */
  const process = (codec, chunk, enqueue) => {
    native.push(codec.codec, chunk);
    for (let piece = native.pull(codec.codec); piece !== null; piece = native.pull(codec.codec)) enqueue(piece);
    if (chunk === undefined) codec.ballast = undefined;
  };

  const whole = (data, codec) => {
    const pieces = [];
    let length = 0;
    const take = (piece) => {
      pieces.push(piece);
      length += piece.byteLength;
    };
    process(codec, data, take);
    process(codec, undefined, take);
    if (pieces.length === 1) return pieces[0];
    const bytes = new Uint8Array(length);
    let end = 0;
    for (const piece of pieces) {
      bytes.set(piece, end);
      end += piece.byteLength;
    }
    return bytes;
  };

  const bytesOf = (data, what) => (typeof data === "string" ? encode(data) : bufferSource(data, what));

  const compression = {
    compress(data, format = "gzip", options = {}) {
      need(arguments, 1, "compression.compress");
      const bytes = bytesOf(data, "compression.compress: the data");
      const { level } = dictionary(options, "compression.compress: the options");
      return whole(bytes, makeCodec(`${format}`, true, "compression.compress", level));
    },
    decompress(data, format = "gzip") {
      need(arguments, 1, "compression.decompress");
      const bytes = bufferSource(data, "compression.decompress: the data");
      return whole(bytes, makeCodec(`${format}`, false, "compression.decompress"));
    },
  };
  Object.defineProperty(compression, Symbol.toStringTag, { value: "compression", configurable: true });
  return { compression, makeCodec, process };
};
