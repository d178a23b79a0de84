// ReadableStream, its default reader and default controller.
(idl, native, common, shared) => {
  const { expose, need, dictionary, enforcedUnsignedLongLong } = idl;
  const { queueMicrotask, then } = native;
  const { INTERNAL, isObject, apply, makePromise, rejectedWith, toPromise, upon, outcomeOf } = common;
  const { makeDeferred, resolveDeferred, rejectDeferred, promiseOf, unaryAlgorithm, callbackMember } = common;
  const { emptyQueue, resetQueue, enqueueValueWithSize, push, shift, addRequest, takeRequest, takeRequests } = common;
  const { strategyOf, extractHighWaterMark, extractSizeAlgorithm, illegalConstructor } = common;

  const noop = () => undefined;

  // ── Streams ──

  const makeReadable = () => ({
    state: "readable",
    controller: undefined,
    reader: undefined,
    storedError: undefined,
    disturbed: false,
    isDetached: false,
    wrapper: undefined,
  });

  const isReadableStreamLocked = (stream) => stream.reader !== undefined;

  const readableStreamClose = (stream) => {
    stream.state = "closed";
    const { reader } = stream;
    if (reader === undefined) return;
    resolveDeferred(reader.closed);
    if (reader.isBYOB) return;
    for (let request = takeRequests(reader); request !== undefined; request = request.next) request.value.closeSteps();
  };

  const readableStreamError = (stream, error) => {
    stream.state = "errored";
    stream.storedError = error;
    const { reader } = stream;
    if (reader === undefined) return;
    rejectDeferred(reader.closed, error);
    errorRequests(reader, error);
  };

  const errorRequests = (reader, error) => {
    for (let entry = takeRequests(reader); entry !== undefined; entry = entry.next) entry.value.errorSteps(error);
  };

  /** The outcome of cancelling, which has no value. */
  const readableStreamCancel = (stream, reason) => {
    stream.disturbed = true;
    if (stream.state === "closed") return undefined;
    if (stream.state === "errored") return rejectedWith(stream.storedError);
    readableStreamClose(stream);
    const { reader } = stream;
    if (reader !== undefined && reader.isBYOB) {
      for (let entry = takeRequests(reader); entry !== undefined; entry = entry.next) entry.value.closeSteps(undefined);
    }
    const outcome = stream.controller.cancelSteps(reason);
    return outcome === undefined ? undefined : then(toPromise(outcome), noop);
  };

  /** Hands a chunk to the oldest read request. */
  const readableStreamFulfillReadRequest = (stream, chunk) => takeRequest(stream.reader).chunkSteps(chunk);

  const hasReadRequests = (stream) => stream.reader !== undefined && stream.reader.request !== undefined;

  /** Makes a stream for use from within, which calls back instead of a guest. */
  const createReadableStream = (startAlgorithm, pull, cancel, highWaterMark = 1, sizeAlgorithm = undefined) => {
    const stream = makeReadable();
    setUpReadableStreamDefaultController(stream, startAlgorithm, pull, cancel, highWaterMark, sizeAlgorithm);
    return stream;
  };

  // ── Readers ──

  const makeReader = (stream, isBYOB) => {
    const reader = { isBYOB, stream, closed: makeDeferred(), request: undefined, moreRequests: emptyQueue() };
    stream.reader = reader;
    if (stream.state === "closed") resolveDeferred(reader.closed);
    if (stream.state === "errored") rejectDeferred(reader.closed, stream.storedError);
    return reader;
  };

  const acquireReadableStreamDefaultReader = (stream) => {
    if (isReadableStreamLocked(stream)) throw new TypeError("the ReadableStream is locked to a reader already");
    return makeReader(stream, false);
  };

  const readableStreamReaderGenericRelease = (reader) => {
    const { stream } = reader;
    const released = new TypeError("the reader has been released");
    if (stream.state !== "readable") reader.closed = makeDeferred();
    rejectDeferred(reader.closed, released);
    stream.controller.releaseSteps();
    stream.reader = undefined;
    reader.stream = undefined;
    errorRequests(reader, released);
  };

  const readableStreamDefaultReaderRead = (reader, request) => {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === "closed") request.closeSteps();
    else if (stream.state === "errored") request.errorSteps(stream.storedError);
    else stream.controller.pullSteps(request);
  };

  /** A read request that settles a promise. */
  class PromiseRequest {
    #capability;
    constructor(capability) {
      this.#capability = capability;
    }
    chunkSteps(value) {
      this.#capability.resolve({ value, done: false });
    }
    closeSteps(value) {
      this.#capability.resolve({ value, done: true });
    }
    errorSteps(reason) {
      this.#capability.reject(reason);
    }
  }

  /** What both kinds of readers have. */
  const cancelReader = (reader, reason) => {
    if (reader.stream === undefined) return rejectedWith(new TypeError("the reader has been released"));
    return toPromise(readableStreamCancel(reader.stream, reason));
  };

  const releaseReader = (reader) => {
    if (reader.stream !== undefined) readableStreamReaderGenericRelease(reader);
  };

  /** What `inspect` shows of a reader. */
  const shownOfReader = ({ stream, closed, request, moreRequests }, countName) => ({
    __proto__: null,
    stream: stream === undefined ? undefined : publicReadable(stream),
    [countName]: (request === undefined ? 0 : 1) + moreRequests.length,
    close: promiseOf(closed),
  });

  class ReadableStreamDefaultReader {
    #reader;

    static shown = (reader) => shownOfReader(reader.#reader, "readRequests");

    constructor(stream) {
      need(arguments, 1, "ReadableStreamDefaultReader");
      this.#reader = acquireReadableStreamDefaultReader(stateOf(stream, "ReadableStreamDefaultReader"));
    }

    get closed() {
      try {
        return promiseOf(this.#reader.closed);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    cancel(reason = undefined) {
      try {
        return cancelReader(this.#reader, reason);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    read() {
      let reader;
      try {
        reader = this.#reader;
      } catch (error) {
        return rejectedWith(error);
      }
      if (reader.stream === undefined) return rejectedWith(new TypeError("read: the reader has been released"));
      const capability = makePromise();
      readableStreamDefaultReaderRead(reader, new PromiseRequest(capability));
      return capability.promise;
    }

    releaseLock() {
      releaseReader(this.#reader);
    }
  }

  // ── The default controller ──

  const setUpReadableStreamDefaultController = (stream, start, pull, cancel, highWaterMark, sizeAlgorithm) => {
    const controller = {
      stream,
      queue: emptyQueue(),
      started: false,
      closeRequested: false,
      pullAgain: false,
      pulling: false,
      sizeAlgorithm,
      highWaterMark,
      pullAlgorithm: pull,
      cancelAlgorithm: cancel,
      wrapper: undefined,
      cancelSteps(reason) {
        resetQueue(controller.queue);
        const algorithm = controller.cancelAlgorithm;
        clearAlgorithms(controller);
        return algorithm(reason);
      },
      pullSteps(request) {
        const { queue } = controller;
        if (queue.head === undefined) {
          addRequest(stream.reader, request);
          readableStreamDefaultControllerCallPullIfNeeded(controller);
          return;
        }
        const chunk = shift(queue);
        if (controller.closeRequested && queue.head === undefined) {
          clearAlgorithms(controller);
          readableStreamClose(stream);
        } else readableStreamDefaultControllerCallPullIfNeeded(controller);
        request.chunkSteps(chunk);
      },
      releaseSteps: noop,
      onPulled: undefined,
      isByteController: false,
      onFailed: (error) => readableStreamDefaultControllerError(controller, error),
    };
    return startController(stream, controller, start, readableStreamDefaultControllerCallPullIfNeeded);
  };

  /** Gives a stream its controller, of either kind, which pulls once it has started, and again when it was asked to meanwhile. */
  const startController = (stream, controller, start, callPullIfNeeded) => {
    controller.onPulled = () => {
      controller.pulling = false;
      if (!controller.pullAgain) return;
      controller.pullAgain = false;
      callPullIfNeeded(controller);
    };
    stream.controller = controller;
    const started = () => {
      controller.started = true;
      callPullIfNeeded(controller);
    };
    upon(start(controller), started, controller.onFailed);
    return controller;
  };

  const clearAlgorithms = (controller) => {
    controller.pullAlgorithm = controller.cancelAlgorithm = noop;
    controller.sizeAlgorithm = undefined;
  };

  const canCloseOrEnqueue = (controller) => !controller.closeRequested && controller.stream.state === "readable";

  const readableStreamDefaultControllerGetDesiredSize = (controller) => {
    const { state } = controller.stream;
    if (state === "errored") return null;
    return state === "closed" ? 0 : controller.highWaterMark - controller.queue.total;
  };

  const shouldCallPull = (controller) => {
    const { stream } = controller;
    if (!controller.started || controller.closeRequested || stream.state !== "readable") return false;
    if (controller.highWaterMark > controller.queue.total) return true;
    const { reader } = stream;
    return reader !== undefined && reader.request !== undefined;
  };

  const readableStreamDefaultControllerCallPullIfNeeded = (controller) => {
    // As `shouldCallPull`, without a call for each chunk.
    const { stream } = controller;
    if (!controller.started || controller.closeRequested || stream.state !== "readable") return;
    if (controller.highWaterMark <= controller.queue.total) {
      const { reader } = stream;
      if (reader === undefined || reader.request === undefined) return;
    }
    if (controller.pulling) {
      controller.pullAgain = true;
      return;
    }
    controller.pulling = true;
    const outcome = controller.pullAlgorithm(controller.wrapper);
    if (outcome === undefined) queueMicrotask(controller.onPulled);
    else upon(outcome, controller.onPulled, controller.onFailed);
  };

  const readableStreamDefaultControllerClose = (controller) => {
    if (!canCloseOrEnqueue(controller)) return;
    controller.closeRequested = true;
    if (controller.queue.length > 0) return;
    clearAlgorithms(controller);
    readableStreamClose(controller.stream);
  };

  const readableStreamDefaultControllerEnqueue = (controller, chunk) => {
    if (canCloseOrEnqueue(controller)) readableStreamDefaultControllerEnqueueOpen(controller, chunk);
  };

  /** The same, where the caller has seen that the stream takes chunks. */
  const readableStreamDefaultControllerEnqueueOpen = (controller, chunk) => {
    const { sizeAlgorithm } = controller;
    const { reader } = controller.stream;
    if (reader !== undefined && reader.request !== undefined) takeRequest(reader).chunkSteps(chunk);
    else if (sizeAlgorithm === undefined) push(controller.queue, chunk, 1);
    else {
      try {
        enqueueValueWithSize(controller.queue, chunk, sizeAlgorithm(chunk));
      } catch (error) {
        readableStreamDefaultControllerError(controller, error);
        throw error;
      }
    }
    readableStreamDefaultControllerCallPullIfNeeded(controller);
  };

  const readableStreamDefaultControllerError = (controller, error) => {
    if (controller.stream.state !== "readable") return;
    resetQueue(controller.queue);
    clearAlgorithms(controller);
    readableStreamError(controller.stream, error);
  };

  class ReadableStreamDefaultController {
    #controller;

    constructor(token, controller) {
      if (token !== INTERNAL) illegalConstructor("ReadableStreamDefaultController");
      this.#controller = controller;
    }

    get desiredSize() {
      return readableStreamDefaultControllerGetDesiredSize(this.#controller);
    }

    close() {
      if (!canCloseOrEnqueue(this.#controller)) throw new TypeError("close: the stream is not open for more chunks");
      readableStreamDefaultControllerClose(this.#controller);
    }

    enqueue(chunk = undefined) {
      const controller = this.#controller;
      if (controller.closeRequested || controller.stream.state !== "readable") throw new TypeError("enqueue: the stream is not open for more chunks");
      readableStreamDefaultControllerEnqueueOpen(controller, chunk);
    }

    error(error = undefined) {
      readableStreamDefaultControllerError(this.#controller, error);
    }
  }

  // ── The class ──

  const sourceOf = (source) => {
    if (source === undefined) return {};
    if (!isObject(source)) throw new TypeError("ReadableStream: the underlying source is not an object");
    const { autoAllocateChunkSize } = source;
    const size =
      autoAllocateChunkSize === undefined
        ? undefined
        : enforcedUnsignedLongLong(autoAllocateChunkSize, "ReadableStream: autoAllocateChunkSize");
    const what = "ReadableStream: the underlying source";
    const cancel = callbackMember(source, "cancel", what);
    const pull = callbackMember(source, "pull", what);
    const start = callbackMember(source, "start", what);
    const { type } = source;
    if (type !== undefined && `${type}` !== "bytes") throw new TypeError(`${what} has the unknown type ${type}`);
    return { autoAllocateChunkSize: size, cancel, pull, start, isBytes: type !== undefined };
  };

  const setUpFromSource = (stream, source, parts, strategy) => {
    const { start, pull, cancel, isBytes } = parts;
    if (isBytes && strategy.size !== undefined) throw new RangeError("ReadableStream: a byte stream has no size strategy");
    const highWaterMark = extractHighWaterMark(strategy, isBytes ? 0 : 1);
    const startAlgorithm = (Class) => (controller) => {
      controller.wrapper = new Class(INTERNAL, controller);
      return start === undefined ? undefined : outcomeOf(apply(start, source, [controller.wrapper]));
    };
    const algorithms = [unaryAlgorithm(pull, source), unaryAlgorithm(cancel, source), highWaterMark];
    if (isBytes) {
      const { autoAllocateChunkSize } = parts;
      if (autoAllocateChunkSize === 0) throw new TypeError("ReadableStream: autoAllocateChunkSize is 0");
      const begin = startAlgorithm(shared.ReadableByteStreamController);
      shared.setUpReadableByteStreamController(stream, begin, ...algorithms, autoAllocateChunkSize);
    } else {
      const begin = startAlgorithm(ReadableStreamDefaultController);
      setUpReadableStreamDefaultController(stream, begin, ...algorithms, extractSizeAlgorithm(strategy));
    }
  };

  const pipeOptionsOf = (options, what) => {
    options = dictionary(options, `${what}: the options`);
    const preventAbort = Boolean(options.preventAbort);
    const preventCancel = Boolean(options.preventCancel);
    const preventClose = Boolean(options.preventClose);
    const { signal } = options;
    if (signal !== undefined && !native.events.isSignal(signal)) {
      throw new TypeError(`${what}: the signal is not an AbortSignal`);
    }
    return { preventAbort, preventCancel, preventClose, signal };
  };

  const checkPipe = (source, destination, what) => {
    if (isReadableStreamLocked(source)) throw new TypeError(`${what}: the ReadableStream is locked`);
    if (shared.isWritableStreamLocked(destination)) throw new TypeError(`${what}: the WritableStream is locked`);
  };

  class ReadableStream {
    #state;

    static stateOf = (value, what) => {
      if (!isObject(value) || !(#state in value)) throw new TypeError(`${what}: the argument is not a ReadableStream`);
      return value.#state;
    };
    static is = (value) => isObject(value) && #state in value;

    constructor(underlyingSource = undefined, strategy = undefined) {
      if (underlyingSource === INTERNAL) {
        this.#state = strategy;
        return;
      }
      if (underlyingSource !== undefined && !isObject(underlyingSource)) {
        throw new TypeError("ReadableStream: the underlying source is not an object");
      }
      strategy = strategyOf(strategy, "ReadableStream");
      const source = sourceOf(underlyingSource);
      const stream = makeReadable();
      this.#state = stream;
      stream.wrapper = this;
      setUpFromSource(stream, underlyingSource, source, strategy);
    }

    static from(asyncIterable) {
      need(arguments, 1, "ReadableStream.from");
      return publicReadable(shared.readableStreamFromIterable(asyncIterable));
    }

    get locked() {
      return isReadableStreamLocked(this.#state);
    }

    cancel(reason = undefined) {
      try {
        const stream = this.#state;
        if (isReadableStreamLocked(stream)) throw new TypeError("cancel: the ReadableStream is locked");
        return toPromise(readableStreamCancel(stream, reason));
      } catch (error) {
        return rejectedWith(error);
      }
    }

    getReader(options = undefined) {
      this.#state;
      const { mode } = dictionary(options, "getReader: the options");
      if (mode === undefined) return new ReadableStreamDefaultReader(this);
      if (`${mode}` !== "byob") throw new TypeError(`getReader: there is no mode ${mode}`);
      return new shared.ReadableStreamBYOBReader(this);
    }

    pipeThrough(transform, options = undefined) {
      const source = this.#state;
      need(arguments, 1, "pipeThrough");
      const pair = dictionary(transform, "pipeThrough: the transform");
      const { readable } = pair;
      stateOf(readable, "pipeThrough: readable");
      const destination = shared.writableStateOf(pair.writable, "pipeThrough: writable");
      const pipeOptions = pipeOptionsOf(options, "pipeThrough");
      checkPipe(source, destination, "pipeThrough");
      native.markHandled(shared.readableStreamPipeTo(source, destination, pipeOptions));
      return readable;
    }

    pipeTo(destination, options = undefined) {
      try {
        const source = this.#state;
        need(arguments, 1, "pipeTo");
        const target = shared.writableStateOf(destination, "pipeTo");
        const pipeOptions = pipeOptionsOf(options, "pipeTo");
        checkPipe(source, target, "pipeTo");
        return shared.readableStreamPipeTo(source, target, pipeOptions);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    tee() {
      return shared.readableStreamTee(this.#state, false).map(publicReadable);
    }

    values(options = undefined) {
      const stream = this.#state;
      const preventCancel = Boolean(dictionary(options, "values: the options").preventCancel);
      return shared.makeIterator(acquireReadableStreamDefaultReader(stream), preventCancel);
    }
  }

  const { stateOf, is: isReadableStream } = ReadableStream;
  delete ReadableStream.stateOf;
  delete ReadableStream.is;

  /** The object for guests behind which a stream stands. */
  const publicReadable = (stream) => (stream.wrapper ??= new ReadableStream(INTERNAL, stream));

  const lengths = [
    [ReadableStream.prototype.pipeThrough, 1],
    [ReadableStream.prototype.pipeTo, 1],
  ];
  for (const [method, value] of lengths) Object.defineProperty(method, "length", { value, configurable: true });

  const shownOfStream = (object) => {
    const stream = stateOf(object, "inspect");
    const { state, controller } = stream;
    return { __proto__: null, locked: isReadableStreamLocked(stream), state, supportsBYOB: controller.isByteController };
  };
  const { shown } = ReadableStreamDefaultReader;
  delete ReadableStreamDefaultReader.shown;
  expose(ReadableStream, { shown: shownOfStream, transfer: (stream) => native.transfers().ReadableStream(stream) });
  expose(ReadableStreamDefaultReader, { shown });
  expose(ReadableStreamDefaultController);
  Object.defineProperty(ReadableStreamDefaultController, "length", { value: 0, configurable: true });
  Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
    value: ReadableStream.prototype.values,
    writable: true,
    configurable: true,
  });

  return {
    ReadableStream,
    ReadableStreamDefaultReader,
    ReadableStreamDefaultController,
    PromiseRequest,
    shownOfReader,
    readableStateOf: stateOf,
    isReadableStream,
    publicReadable,
    makeReadable,
    createReadableStream,
    startController,
    makeReader,
    errorRequests,
    hasReadRequests,
    cancelReader,
    releaseReader,
    isReadableStreamLocked,
    readableStreamClose,
    readableStreamError,
    readableStreamCancel,
    readableStreamFulfillReadRequest,
    acquireReadableStreamDefaultReader,
    readableStreamReaderGenericRelease,
    readableStreamDefaultReaderRead,
    readableStreamDefaultControllerGetDesiredSize,
    readableStreamDefaultControllerCanCloseOrEnqueue: canCloseOrEnqueue,
    readableStreamDefaultControllerClose,
    readableStreamDefaultControllerEnqueue,
    readableStreamDefaultControllerEnqueueOpen,
    readableStreamDefaultControllerError,
    readableStreamDefaultControllerCallPullIfNeeded,
    readableStreamDefaultControllerShouldCallPull: shouldCallPull,
  };
};
