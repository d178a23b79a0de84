// TransformStream, and the streams of the Encoding Standard that stand on it.
(idl, native, common, shared, encoding) => {
  const { expose, dictionary } = idl;
  const { then } = native;
  const { INTERNAL, isObject, apply, makePromise, rejectedWith, upon, illegalConstructor } = common;
  const { makeDeferred, renewDeferred, resolveAndRenew, resolvedDeferred, resolveDeferred, rejectDeferred, follow } = common;
  const { algorithm, unaryAlgorithm, callbackMember, strategyOf, extractHighWaterMark, extractSizeAlgorithm } = common;
  const {
    createReadableStream,
    createWritableStream,
    publicReadable,
    publicWritable,
    readableStreamDefaultControllerCanCloseOrEnqueue,
    readableStreamDefaultControllerClose,
    readableStreamDefaultControllerEnqueueOpen,
    readableStreamDefaultControllerError,
    readableStreamDefaultControllerGetDesiredSize,
    readableStreamDefaultControllerShouldCallPull,
    writableStreamDefaultControllerErrorIfNeeded,
  } = shared;

  const noop = () => undefined;

  // ── Streams ──

  /**
   * Makes a transform stream. `transform(chunk, controller)`, `flush(controller)` and `cancel(reason)` give outcomes;
   * `start` is the outcome both sides wait for.
   */
  const createTransformStream = (start, transform, flush, cancel, strategies) => {
    // Guests see in which order steps follow; these are the jobs that a promise takes to follow another.
    const begin = start === undefined ? noop : () => then(then(start, noop), noop);
    const stream = {
      readable: undefined,
      writable: undefined,
      backpressure: true,
      backpressureChange: makeDeferred(),
      /** What is written once the readable side asks for it, and the outcome of that. */
      waitingChunk: undefined,
      written: resolvedDeferred(),
      onUnblocked: () => writeWaiting(stream),
      controller: {
        stream: undefined,
        transformAlgorithm: transform,
        flushAlgorithm: flush,
        cancelAlgorithm: cancel,
        finish: undefined,
        argument: undefined,
      },
    };
    stream.controller.argument = stream.controller;
    stream.controller.stream = stream;
    const { writableHighWaterMark, writableSize, readableHighWaterMark, readableSize } = strategies;
    stream.writable = createWritableStream(
      begin,
      sinkWrite(stream),
      () => sinkClose(stream),
      (reason) => sinkAbort(stream, reason),
      writableHighWaterMark,
      writableSize,
    );
    stream.readable = createReadableStream(
      begin,
      () => {
        transformStreamSetBackpressure(stream, false);
        return stream.backpressureChange;
      },
      (reason) => sourceCancel(stream, reason),
      readableHighWaterMark,
      readableSize,
    );
    return stream;
  };

  const transformStreamSetBackpressure = (stream, backpressure) => {
    stream.backpressureChange = resolveAndRenew(stream.backpressureChange);
    stream.backpressure = backpressure;
  };

  const transformStreamUnblockWrite = (stream) => {
    if (stream.backpressure) transformStreamSetBackpressure(stream, false);
  };

  const transformStreamErrorWritableAndUnblockWrite = (stream, error) => {
    clearAlgorithms(stream.controller);
    writableStreamDefaultControllerErrorIfNeeded(stream.writable.controller, error);
    transformStreamUnblockWrite(stream);
  };

  const transformStreamError = (stream, error) => {
    readableStreamDefaultControllerError(stream.readable.controller, error);
    transformStreamErrorWritableAndUnblockWrite(stream, error);
  };

  const clearAlgorithms = (controller) => {
    controller.transformAlgorithm = controller.flushAlgorithm = controller.cancelAlgorithm = noop;
  };

  // ── The two ends ──

  const performTransform = (stream, chunk) => {
    const { controller } = stream;
    const outcome = controller.transformAlgorithm(chunk, controller.argument);
    if (outcome === undefined) return undefined;
    return then(outcome, noop, (error) => {
      transformStreamError(stream, error);
      throw error;
    });
  };

  const sinkWrite = (stream) => (chunk) => {
    if (!stream.backpressure) return performTransform(stream, chunk);
    // There is one write at a time.
    stream.waitingChunk = chunk;
    upon(stream.backpressureChange, stream.onUnblocked);
    return (stream.written = renewDeferred(stream.written));
  };

  const writeWaiting = (stream) => {
    const { writable, written, waitingChunk } = stream;
    stream.waitingChunk = undefined;
    if (writable.state === "erroring") {
      rejectDeferred(written, writable.storedError);
      return;
    }
    const outcome = performTransform(stream, waitingChunk);
    if (outcome === undefined) resolveDeferred(written);
    else follow(written, outcome);
  };

  /** Ends a stream once: runs an algorithm, then `onDone` or `onFailed`; what those throw is what ending fails with. */
  const finish = (controller, name, argument, onDone, onFailed) => {
    if (controller.finish !== undefined) return controller.finish;
    const { promise, resolve, reject } = makePromise();
    controller.finish = promise;
    const run = controller[name];
    const outcome = run(argument);
    clearAlgorithms(controller);
    upon(
      outcome,
      () => {
        const failure = onDone();
        if (failure === undefined) resolve(undefined);
        else reject(failure.error);
      },
      (error) => {
        onFailed(error);
        reject(error);
      },
    );
    return promise;
  };

  const failureOf = ({ state, storedError }) => (state === "errored" ? { error: storedError } : undefined);

  const sinkAbort = (stream, reason) => {
    const { readable, controller } = stream;
    const fail = (error) => readableStreamDefaultControllerError(readable.controller, error);
    const done = () => {
      const failure = failureOf(readable);
      if (failure === undefined) fail(reason);
      return failure;
    };
    return finish(controller, "cancelAlgorithm", reason, done, fail);
  };

  const sinkClose = (stream) => {
    const { readable, controller } = stream;
    const fail = (error) => readableStreamDefaultControllerError(readable.controller, error);
    const done = () => {
      const failure = failureOf(readable);
      if (failure === undefined) readableStreamDefaultControllerClose(readable.controller);
      return failure;
    };
    return finish(controller, "flushAlgorithm", controller.argument, done, fail);
  };

  const sourceCancel = (stream, reason) => {
    const { writable, controller } = stream;
    const fail = (error) => {
      writableStreamDefaultControllerErrorIfNeeded(writable.controller, error);
      transformStreamUnblockWrite(stream);
    };
    const done = () => {
      const failure = failureOf(writable);
      if (failure === undefined) fail(reason);
      return failure;
    };
    return finish(controller, "cancelAlgorithm", reason, done, fail);
  };

  // ── The controller ──

  const transformStreamDefaultControllerEnqueue = (transformer, chunk) => {
    const { stream } = transformer;
    const { controller } = stream.readable;
    if (!readableStreamDefaultControllerCanCloseOrEnqueue(controller)) {
      throw new TypeError("enqueue: the readable side is not open for more chunks");
    }
    try {
      readableStreamDefaultControllerEnqueueOpen(controller, chunk);
    } catch (error) {
      transformStreamErrorWritableAndUnblockWrite(stream, error);
      throw stream.readable.storedError;
    }
    if (!stream.backpressure && !readableStreamDefaultControllerShouldCallPull(controller)) {
      transformStreamSetBackpressure(stream, true);
    }
  };

  const transformStreamDefaultControllerTerminate = ({ stream }) => {
    readableStreamDefaultControllerClose(stream.readable.controller);
    transformStreamErrorWritableAndUnblockWrite(stream, new TypeError("the stream has been terminated"));
  };

  class TransformStreamDefaultController {
    #controller;

    constructor(token, controller) {
      if (token !== INTERNAL) illegalConstructor("TransformStreamDefaultController");
      this.#controller = controller;
    }

    get desiredSize() {
      return readableStreamDefaultControllerGetDesiredSize(this.#controller.stream.readable.controller);
    }

    enqueue(chunk = undefined) {
      transformStreamDefaultControllerEnqueue(this.#controller, chunk);
    }

    error(reason = undefined) {
      transformStreamError(this.#controller.stream, reason);
    }

    terminate() {
      transformStreamDefaultControllerTerminate(this.#controller);
    }
  }

  // ── The class ──

  const transformerOf = (transformer) => {
    if (transformer === undefined) return {};
    const what = "TransformStream: the transformer";
    const cancel = callbackMember(transformer, "cancel", what);
    const flush = callbackMember(transformer, "flush", what);
    const { readableType } = transformer;
    const start = callbackMember(transformer, "start", what);
    const transform = callbackMember(transformer, "transform", what);
    const { writableType } = transformer;
    if (readableType !== undefined) throw new RangeError(`${what} has a readableType`);
    if (writableType !== undefined) throw new RangeError(`${what} has a writableType`);
    return { cancel, flush, start, transform };
  };

  const passThrough = (controller) => (chunk) => {
    try {
      transformStreamDefaultControllerEnqueue(controller, chunk);
    } catch (error) {
      return rejectedWith(error);
    }
    return undefined;
  };

  class TransformStream {
    #stream;

    static is = (value) => isObject(value) && #stream in value;
    static stateOf = (object) => object.#stream;

    constructor(transformer = undefined, writableStrategy = undefined, readableStrategy = undefined) {
      if (transformer === INTERNAL) {
        this.#stream = writableStrategy;
        return;
      }
      if (transformer !== undefined && !isObject(transformer)) {
        throw new TypeError("TransformStream: the transformer is not an object");
      }
      writableStrategy = strategyOf(writableStrategy, "TransformStream: writable");
      readableStrategy = strategyOf(readableStrategy, "TransformStream: readable");
      const { cancel, flush, start, transform } = transformerOf(transformer);
      const strategies = {
        readableHighWaterMark: extractHighWaterMark(readableStrategy, 0),
        readableSize: extractSizeAlgorithm(readableStrategy),
        writableHighWaterMark: extractHighWaterMark(writableStrategy, 1),
        writableSize: extractSizeAlgorithm(writableStrategy),
      };
      const started = makePromise();
      const stream = createTransformStream(
        started.promise,
        algorithm(transform, transformer),
        unaryAlgorithm(flush, transformer),
        unaryAlgorithm(cancel, transformer),
        strategies,
      );
      const { controller } = stream;
      if (transform === undefined) controller.transformAlgorithm = passThrough(controller);
      controller.argument = new TransformStreamDefaultController(INTERNAL, controller);
      this.#stream = stream;
      started.resolve(start === undefined ? undefined : apply(start, transformer, [controller.argument]));
    }

    get readable() {
      return publicReadable(this.#stream.readable);
    }

    get writable() {
      return publicWritable(this.#stream.writable);
    }
  }

  const { is: isTransformStream, stateOf: transformStateOf } = TransformStream;
  delete TransformStream.is;
  delete TransformStream.stateOf;
  /** The object for guests of `{ readable, writable }`, two sides that were made elsewhere. */
  const publicTransform = (stream) => new TransformStream(INTERNAL, stream);

  // ── Text ──

  const { TextDecoder } = encoding;
  const { call } = Function.prototype;
  const decode = call.bind(TextDecoder.prototype.decode);
  const charCodeAt = call.bind(String.prototype.charCodeAt);
  const slice = call.bind(String.prototype.slice);
  const getter = (name) => call.bind(Object.getOwnPropertyDescriptor(TextDecoder.prototype, name).get);
  const of = { encoding: getter("encoding"), fatal: getter("fatal"), ignoreBOM: getter("ignoreBOM") };
  const defaults = { readableHighWaterMark: 0, writableHighWaterMark: 1 };

  /** A transform stream whose steps are functions of here that may throw. */
  const createSimpleTransform = (transform, flush) => {
    const attempt = (steps) => (chunk, controller) => {
      try {
        steps(chunk, (output) => transformStreamDefaultControllerEnqueue(controller, output));
      } catch (error) {
        return rejectedWith(error);
      }
      return undefined;
    };
    const flushSteps = attempt((_, enqueue) => flush(enqueue));
    return createTransformStream(
      undefined,
      attempt(transform),
      (controller) => flushSteps(undefined, controller),
      noop,
      defaults,
    );
  };

  const isLeading = (text, index) => (charCodeAt(text, index) & 0xfc00) === 0xd800;

  class TextEncoderStream {
    #stream;

    constructor() {
      let pending = "";
      this.#stream = createSimpleTransform(
        (chunk, enqueue) => {
          let text = pending + `${chunk}`;
          const { length } = text;
          pending = "";
          if (length > 0 && isLeading(text, length - 1)) {
            pending = slice(text, length - 1);
            text = slice(text, 0, length - 1);
          }
          if (text !== "") enqueue(native.encode(text));
        },
        (enqueue) => {
          if (pending !== "") enqueue(native.encode("\ufffd"));
        },
      );
    }

    get encoding() {
      this.#stream;
      return "utf-8";
    }
    get readable() {
      return publicReadable(this.#stream.readable);
    }
    get writable() {
      return publicWritable(this.#stream.writable);
    }
  }

  const STREAM = Object.freeze({ __proto__: null, stream: true });

  class TextDecoderStream {
    #stream;
    #decoder;

    constructor(label = "utf-8", options = undefined) {
      label = `${label}`;
      const { fatal, ignoreBOM } = dictionary(options, "TextDecoderStream: the options");
      const decoder = new TextDecoder(label, { __proto__: null, fatal: Boolean(fatal), ignoreBOM: Boolean(ignoreBOM) });
      this.#decoder = decoder;
      this.#stream = createSimpleTransform(
        (chunk, enqueue) => {
          if (chunk === undefined) throw new TypeError("TextDecoderStream: a chunk is not an ArrayBuffer or a view of one");
          const text = decode(decoder, chunk, STREAM);
          if (text !== "") enqueue(text);
        },
        (enqueue) => {
          const text = decode(decoder);
          if (text !== "") enqueue(text);
        },
      );
    }

    get encoding() {
      return of.encoding(this.#decoder);
    }
    get fatal() {
      return of.fatal(this.#decoder);
    }
    get ignoreBOM() {
      return of.ignoreBOM(this.#decoder);
    }
    get readable() {
      return publicReadable(this.#stream.readable);
    }
    get writable() {
      return publicWritable(this.#stream.writable);
    }
  }

  const shown = (object) => {
    const { readable, writable, backpressure } = transformStateOf(object);
    return { __proto__: null, readable: publicReadable(readable), writable: publicWritable(writable), backpressure };
  };
  expose(TransformStream, { shown, transfer: (stream) => native.transfers().TransformStream(stream) });
  expose(TransformStreamDefaultController);
  Object.defineProperty(TransformStreamDefaultController, "length", { value: 0, configurable: true });
  expose(TextEncoderStream, { shown: "encoding readable writable" });
  expose(TextDecoderStream, { shown: "encoding fatal ignoreBOM readable writable" });

  return {
    TransformStream,
    TransformStreamDefaultController,
    TextEncoderStream,
    TextDecoderStream,
    isTransformStream,
    transformStateOf,
    publicTransform,
    createTransformStream,
    createSimpleTransform,
    transformStreamDefaultControllerEnqueue,
    transformStreamDefaultControllerTerminate,
    transformStreamError,
  };
};
