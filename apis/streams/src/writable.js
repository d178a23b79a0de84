// WritableStream, its writer and controller.
(idl, native, common, shared) => {
  const { expose, need } = idl;
  const { INTERNAL, isObject, apply, makePromise, rejectedWith, toPromise, upon, outcomeOf, illegalConstructor } = common;
  const { makeDeferred, renewDeferred, resolvedDeferred, rejectedDeferred, resolveDeferred, rejectDeferred, promiseOf } = common;
  const { PENDING, algorithm, unaryAlgorithm, callbackMember } = common;
  const { emptyQueue, resetQueue, enqueueValueWithSize, push, shift, addRequest, takeRequest, takeRequests } = common;
  const { strategyOf, extractHighWaterMark, extractSizeAlgorithm } = common;
  const { makeSignal, abortSignal } = native.events;

  const noop = () => undefined;
  const CLOSE = {};

  // ── Streams ──

  const makeWritable = () => ({
    state: "writable",
    storedError: undefined,
    writer: undefined,
    controller: undefined,
    request: undefined,
    moreRequests: emptyQueue(),
    inFlightWriteRequest: undefined,
    closeRequest: undefined,
    inFlightCloseRequest: undefined,
    /** `{ capability, reason, wasAlreadyErroring }` */
    pendingAbortRequest: undefined,
    backpressure: false,
    isDetached: false,
    wrapper: undefined,
  });

  const isWritableStreamLocked = (stream) => stream.writer !== undefined;

  const closeQueuedOrInFlight = (stream) =>
    stream.closeRequest !== undefined || stream.inFlightCloseRequest !== undefined;

  const hasOperationMarkedInFlight = (stream) =>
    stream.inFlightWriteRequest !== undefined || stream.inFlightCloseRequest !== undefined;

  const writableStreamAbort = (stream, reason) => {
    if (stream.state === "closed" || stream.state === "errored") return undefined;
    abortControllerSignal(stream.controller, reason);
    const { state } = stream;
    if (state === "closed" || state === "errored") return undefined;
    if (stream.pendingAbortRequest !== undefined) return stream.pendingAbortRequest.capability.promise;
    const wasAlreadyErroring = state === "erroring";
    const capability = makePromise();
    stream.pendingAbortRequest = { capability, reason: wasAlreadyErroring ? undefined : reason, wasAlreadyErroring };
    if (!wasAlreadyErroring) writableStreamStartErroring(stream, reason);
    return capability.promise;
  };

  /** The outcome of closing. */
  const writableStreamClose = (stream) => {
    const { state } = stream;
    if (state === "closed" || state === "errored") {
      return rejectedWith(new TypeError(`close: the WritableStream is ${state}`));
    }
    const capability = makePromise();
    stream.closeRequest = capability;
    const { writer } = stream;
    if (writer !== undefined && stream.backpressure && state === "writable") resolveDeferred(writer.ready);
    push(stream.controller.queue, CLOSE, 0);
    advanceQueueIfNeeded(stream.controller);
    return capability.promise;
  };

  const writableStreamStartErroring = (stream, reason) => {
    const { controller, writer } = stream;
    stream.state = "erroring";
    stream.storedError = reason;
    if (writer !== undefined) ensureReadyPromiseRejected(writer, reason);
    if (!hasOperationMarkedInFlight(stream) && controller.started) writableStreamFinishErroring(stream);
  };

  const writableStreamFinishErroring = (stream) => {
    stream.state = "errored";
    stream.controller.errorSteps();
    const { storedError } = stream;
    for (let entry = takeRequests(stream); entry !== undefined; entry = entry.next) entry.value.reject(storedError);
    const abortRequest = stream.pendingAbortRequest;
    stream.pendingAbortRequest = undefined;
    if (abortRequest === undefined) {
      rejectCloseAndClosedPromiseIfNeeded(stream);
      return;
    }
    const { capability, reason, wasAlreadyErroring } = abortRequest;
    if (wasAlreadyErroring) {
      capability.reject(storedError);
      rejectCloseAndClosedPromiseIfNeeded(stream);
      return;
    }
    upon(
      stream.controller.abortSteps(reason),
      () => {
        capability.resolve(undefined);
        rejectCloseAndClosedPromiseIfNeeded(stream);
      },
      (error) => {
        capability.reject(error);
        rejectCloseAndClosedPromiseIfNeeded(stream);
      },
    );
  };

  const rejectCloseAndClosedPromiseIfNeeded = (stream) => {
    if (stream.closeRequest !== undefined) {
      stream.closeRequest.reject(stream.storedError);
      stream.closeRequest = undefined;
    }
    if (stream.writer !== undefined) rejectDeferred(stream.writer.closed, stream.storedError);
  };

  const dealWithRejection = (stream, error) => {
    if (stream.state === "writable") writableStreamStartErroring(stream, error);
    else writableStreamFinishErroring(stream);
  };

  const finishInFlightClose = (stream) => {
    stream.inFlightCloseRequest.resolve(undefined);
    stream.inFlightCloseRequest = undefined;
    if (stream.state === "erroring") {
      stream.storedError = undefined;
      if (stream.pendingAbortRequest !== undefined) {
        stream.pendingAbortRequest.capability.resolve(undefined);
        stream.pendingAbortRequest = undefined;
      }
    }
    stream.state = "closed";
    if (stream.writer !== undefined) resolveDeferred(stream.writer.closed);
  };

  const finishInFlightCloseWithError = (stream, error) => {
    stream.inFlightCloseRequest.reject(error);
    stream.inFlightCloseRequest = undefined;
    if (stream.pendingAbortRequest !== undefined) {
      stream.pendingAbortRequest.capability.reject(error);
      stream.pendingAbortRequest = undefined;
    }
    dealWithRejection(stream, error);
  };

  const updateBackpressure = (stream, backpressure) => {
    const { writer } = stream;
    if (writer !== undefined && backpressure !== stream.backpressure) {
      if (backpressure) writer.ready = renewDeferred(writer.ready);
      else resolveDeferred(writer.ready);
    }
    stream.backpressure = backpressure;
  };

  const createWritableStream = (start, write, close, abort, highWaterMark = 1, sizeAlgorithm = undefined) => {
    const stream = makeWritable();
    setUpWritableStreamDefaultController(stream, start, write, close, abort, highWaterMark, sizeAlgorithm);
    return stream;
  };

  // ── Writers ──

  const acquireWritableStreamDefaultWriter = (stream) => {
    if (isWritableStreamLocked(stream)) throw new TypeError("the WritableStream is locked to a writer already");
    const { state, storedError } = stream;
    const writer = { stream, ready: undefined, closed: undefined };
    stream.writer = writer;
    if (state === "writable") {
      writer.ready = !closeQueuedOrInFlight(stream) && stream.backpressure ? makeDeferred() : resolvedDeferred();
      writer.closed = makeDeferred();
    } else if (state === "erroring") {
      writer.ready = rejectedDeferred(storedError);
      writer.closed = makeDeferred();
    } else if (state === "closed") {
      writer.ready = resolvedDeferred();
      writer.closed = resolvedDeferred();
    } else {
      writer.ready = rejectedDeferred(storedError);
      writer.closed = rejectedDeferred(storedError);
    }
    return writer;
  };

  const ensureReadyPromiseRejected = (writer, error) => {
    if (writer.ready.state !== PENDING) writer.ready = makeDeferred();
    rejectDeferred(writer.ready, error);
  };

  const ensureClosedPromiseRejected = (writer, error) => {
    if (writer.closed.state !== PENDING) writer.closed = makeDeferred();
    rejectDeferred(writer.closed, error);
  };

  const writableStreamDefaultWriterRelease = (writer) => {
    const { stream } = writer;
    const released = new TypeError("the writer has been released");
    ensureReadyPromiseRejected(writer, released);
    ensureClosedPromiseRejected(writer, released);
    stream.writer = undefined;
    writer.stream = undefined;
  };

  const writableStreamDefaultWriterCloseWithErrorPropagation = (writer) => {
    const { stream } = writer;
    if (closeQueuedOrInFlight(stream) || stream.state === "closed") return undefined;
    if (stream.state === "errored") return rejectedWith(stream.storedError);
    return writableStreamClose(stream);
  };

  /** Settles `request` when the chunk is written. */
  const writableStreamDefaultWriterWrite = (writer, chunk, request) => {
    const { stream } = writer;
    const { controller } = stream;
    const size = controller.sizeAlgorithm === undefined ? 1 : chunkSize(controller, chunk);
    if (stream !== writer.stream) {
      request.reject(new TypeError("write: the writer has been released"));
      return;
    }
    const { state } = stream;
    if (state === "errored" || state === "erroring") {
      request.reject(stream.storedError);
    } else if (state === "closed" || closeQueuedOrInFlight(stream)) {
      request.reject(new TypeError("write: the stream is closing or closed"));
    } else {
      addRequest(stream, request);
      writableStreamDefaultControllerWrite(controller, chunk, size);
    }
  };

  const desiredSizeOf = (stream) => {
    const { state } = stream;
    if (state === "errored" || state === "erroring") return null;
    return state === "closed" ? 0 : getDesiredSize(stream.controller);
  };

  class WritableStreamDefaultWriter {
    #writer;

    static shown = (object) => {
      const { stream, closed, ready } = object.#writer;
      return {
        __proto__: null,
        stream: stream === undefined ? undefined : publicWritable(stream),
        close: promiseOf(closed),
        ready: promiseOf(ready),
        desiredSize: stream === undefined ? undefined : desiredSizeOf(stream),
      };
    };

    constructor(stream) {
      need(arguments, 1, "WritableStreamDefaultWriter");
      this.#writer = acquireWritableStreamDefaultWriter(stateOf(stream, "WritableStreamDefaultWriter"));
    }

    get closed() {
      try {
        return promiseOf(this.#writer.closed);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    get desiredSize() {
      const { stream } = this.#writer;
      if (stream === undefined) throw new TypeError("desiredSize: the writer has been released");
      return desiredSizeOf(stream);
    }

    get ready() {
      try {
        return promiseOf(this.#writer.ready);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    abort(reason = undefined) {
      try {
        const { stream } = this.#writer;
        if (stream === undefined) throw new TypeError("abort: the writer has been released");
        return toPromise(writableStreamAbort(stream, reason));
      } catch (error) {
        return rejectedWith(error);
      }
    }

    close() {
      try {
        const { stream } = this.#writer;
        if (stream === undefined) throw new TypeError("close: the writer has been released");
        if (closeQueuedOrInFlight(stream)) throw new TypeError("close: the stream is closing already");
        return writableStreamClose(stream);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    releaseLock() {
      if (this.#writer.stream !== undefined) writableStreamDefaultWriterRelease(this.#writer);
    }

    write(chunk = undefined) {
      let writer;
      try {
        writer = this.#writer;
      } catch (error) {
        return rejectedWith(error);
      }
      if (writer.stream === undefined) return rejectedWith(new TypeError("write: the writer has been released"));
      const capability = makePromise();
      writableStreamDefaultWriterWrite(writer, chunk, capability);
      return capability.promise;
    }
  }

  // ── The controller ──

  const setUpWritableStreamDefaultController = (stream, start, write, close, abort, highWaterMark, sizeAlgorithm) => {
    const controller = {
      stream,
      queue: emptyQueue(),
      started: false,
      sizeAlgorithm,
      highWaterMark,
      writeAlgorithm: write,
      closeAlgorithm: close,
      abortAlgorithm: abort,
      wrapper: undefined,
      signal: undefined,
      abortReason: undefined,
      isAborted: false,
      abortSteps(reason) {
        const algorithm = controller.abortAlgorithm;
        clearAlgorithms(controller);
        return algorithm(reason);
      },
      errorSteps: () => resetQueue(controller.queue),
      onWritten() {
        stream.inFlightWriteRequest.resolve(undefined);
        stream.inFlightWriteRequest = undefined;
        const { state } = stream;
        shift(controller.queue);
        if (!closeQueuedOrInFlight(stream) && state === "writable") {
          updateBackpressure(stream, controller.highWaterMark <= controller.queue.total);
        }
        if (controller.queue.length > 0 || state === "erroring") advanceQueueIfNeeded(controller);
      },
      onWriteFailed(error) {
        if (stream.state === "writable") clearAlgorithms(controller);
        stream.inFlightWriteRequest.reject(error);
        stream.inFlightWriteRequest = undefined;
        dealWithRejection(stream, error);
      },
    };
    stream.controller = controller;
    stream.backpressure = getDesiredSize(controller) <= 0;
    upon(
      start(controller),
      () => {
        controller.started = true;
        advanceQueueIfNeeded(controller);
      },
      (error) => {
        controller.started = true;
        dealWithRejection(stream, error);
      },
    );
    return controller;
  };

  const clearAlgorithms = (controller) => {
    controller.writeAlgorithm = controller.closeAlgorithm = controller.abortAlgorithm = noop;
    controller.sizeAlgorithm = undefined;
  };

  const getDesiredSize = (controller) => controller.highWaterMark - controller.queue.total;

  const chunkSize = (controller, chunk) => {
    const { sizeAlgorithm } = controller;
    try {
      return sizeAlgorithm(chunk);
    } catch (error) {
      errorIfNeeded(controller, error);
      return 1;
    }
  };

  /** Of a stream that is writable, and that nobody has closed. */
  const writableStreamDefaultControllerWrite = (controller, chunk, size) => {
    const { stream } = controller;
    if (size === 1) push(controller.queue, chunk, 1);
    else {
      try {
        enqueueValueWithSize(controller.queue, chunk, size);
      } catch (error) {
        errorIfNeeded(controller, error);
        return;
      }
    }
    updateBackpressure(stream, controller.highWaterMark <= controller.queue.total);
    advanceQueueIfNeeded(controller);
  };

  const advanceQueueIfNeeded = (controller) => {
    const { stream } = controller;
    if (!controller.started || stream.inFlightWriteRequest !== undefined) return;
    if (stream.state === "erroring") {
      writableStreamFinishErroring(stream);
      return;
    }
    const { head } = controller.queue;
    if (head === undefined || stream.state === "closed" || stream.state === "errored") return;
    if (head.value === CLOSE) processClose(controller);
    else processWrite(controller, head.value);
  };

  const processWrite = (controller, chunk) => {
    const { stream } = controller;
    stream.inFlightWriteRequest = takeRequest(stream);
    upon(controller.writeAlgorithm(chunk, controller.wrapper), controller.onWritten, controller.onWriteFailed);
  };

  const processClose = (controller) => {
    const { stream } = controller;
    stream.inFlightCloseRequest = stream.closeRequest;
    stream.closeRequest = undefined;
    shift(controller.queue);
    const algorithm = controller.closeAlgorithm;
    const outcome = algorithm();
    clearAlgorithms(controller);
    upon(
      outcome,
      () => finishInFlightClose(stream),
      (error) => finishInFlightCloseWithError(stream, error),
    );
  };

  const errorIfNeeded = (controller, error) => {
    if (controller.stream.state === "writable") writableStreamDefaultControllerError(controller, error);
  };

  const writableStreamDefaultControllerError = (controller, error) => {
    clearAlgorithms(controller);
    writableStreamStartErroring(controller.stream, error);
  };

  /** The signal is made only if somebody asks for it. */
  const abortControllerSignal = (controller, reason) => {
    if (controller.isAborted) return;
    controller.isAborted = true;
    controller.abortReason = reason;
    if (controller.signal !== undefined) abortSignal(controller.signal, reason);
  };

  const signalOf = (controller) => {
    if (controller.signal === undefined) {
      controller.signal = makeSignal();
      if (controller.isAborted) abortSignal(controller.signal, controller.abortReason);
    }
    return controller.signal;
  };

  class WritableStreamDefaultController {
    #controller;

    constructor(token, controller) {
      if (token !== INTERNAL) illegalConstructor("WritableStreamDefaultController");
      this.#controller = controller;
    }

    get signal() {
      return signalOf(this.#controller);
    }

    error(error = undefined) {
      errorIfNeeded(this.#controller, error);
    }
  }

  // ── The class ──

  const sinkOf = (sink) => {
    if (sink === undefined) return {};
    const what = "WritableStream: the underlying sink";
    const abort = callbackMember(sink, "abort", what);
    const close = callbackMember(sink, "close", what);
    const start = callbackMember(sink, "start", what);
    const { type } = sink;
    const write = callbackMember(sink, "write", what);
    if (type !== undefined) throw new RangeError(`${what} has a type`);
    return { abort, close, start, write };
  };

  const setUpFromSink = (stream, sink, { abort, close, start, write }, strategy) => {
    const sizeAlgorithm = extractSizeAlgorithm(strategy);
    const highWaterMark = extractHighWaterMark(strategy, 1);
    const begin = (controller) => {
      controller.wrapper = new WritableStreamDefaultController(INTERNAL, controller);
      return start === undefined ? undefined : outcomeOf(apply(start, sink, [controller.wrapper]));
    };
    const closeAlgorithm = close === undefined ? noop : unaryAlgorithm(function () {
      return apply(close, sink, []);
    }, undefined);
    setUpWritableStreamDefaultController(
      stream,
      begin,
      algorithm(write, sink),
      closeAlgorithm,
      unaryAlgorithm(abort, sink),
      highWaterMark,
      sizeAlgorithm,
    );
  };

  class WritableStream {
    #state;

    static stateOf = (value, what) => {
      if (!isObject(value) || !(#state in value)) throw new TypeError(`${what}: the argument is not a WritableStream`);
      return value.#state;
    };
    static is = (value) => isObject(value) && #state in value;

    constructor(underlyingSink = undefined, strategy = undefined) {
      if (underlyingSink === INTERNAL) {
        this.#state = strategy;
        return;
      }
      if (underlyingSink !== undefined && !isObject(underlyingSink)) {
        throw new TypeError("WritableStream: the underlying sink is not an object");
      }
      strategy = strategyOf(strategy, "WritableStream");
      const sink = sinkOf(underlyingSink);
      const stream = makeWritable();
      this.#state = stream;
      stream.wrapper = this;
      setUpFromSink(stream, underlyingSink, sink, strategy);
    }

    get locked() {
      return isWritableStreamLocked(this.#state);
    }

    abort(reason = undefined) {
      try {
        const stream = this.#state;
        if (isWritableStreamLocked(stream)) throw new TypeError("abort: the WritableStream is locked");
        return toPromise(writableStreamAbort(stream, reason));
      } catch (error) {
        return rejectedWith(error);
      }
    }

    close() {
      try {
        const stream = this.#state;
        if (isWritableStreamLocked(stream)) throw new TypeError("close: the WritableStream is locked");
        if (closeQueuedOrInFlight(stream)) throw new TypeError("close: the stream is closing already");
        return writableStreamClose(stream);
      } catch (error) {
        return rejectedWith(error);
      }
    }

    getWriter() {
      this.#state;
      return new WritableStreamDefaultWriter(this);
    }
  }

  const { stateOf, is: isWritableStream } = WritableStream;
  delete WritableStream.stateOf;
  delete WritableStream.is;

  const publicWritable = (stream) => (stream.wrapper ??= new WritableStream(INTERNAL, stream));

  const shownOfStream = (object) => {
    const stream = stateOf(object, "inspect");
    return { __proto__: null, locked: isWritableStreamLocked(stream), state: stream.state };
  };
  const { shown } = WritableStreamDefaultWriter;
  delete WritableStreamDefaultWriter.shown;
  expose(WritableStream, { shown: shownOfStream, transfer: (stream) => native.transfers().WritableStream(stream) });
  expose(WritableStreamDefaultWriter, { shown });
  expose(WritableStreamDefaultController);
  Object.defineProperty(WritableStreamDefaultController, "length", { value: 0, configurable: true });

  return {
    WritableStream,
    WritableStreamDefaultWriter,
    WritableStreamDefaultController,
    writableStateOf: stateOf,
    isWritableStream,
    publicWritable,
    createWritableStream,
    isWritableStreamLocked,
    acquireWritableStreamDefaultWriter,
    writableStreamAbort,
    writableStreamClose,
    writableStreamCloseQueuedOrInFlight: closeQueuedOrInFlight,
    writableStreamDefaultWriterCloseWithErrorPropagation,
    writableStreamDefaultWriterRelease,
    writableStreamDefaultWriterWrite,
    writableStreamDefaultControllerErrorIfNeeded: errorIfNeeded,
  };
};
