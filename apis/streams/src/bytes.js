// Readable byte streams: their controller, BYOB requests and BYOB readers.
(idl, native, common, shared, buffers) => {
  const { expose, need, dictionary, enforcedUnsignedLongLong } = idl;
  const { INTERNAL, makePromise, rejectedWith, promiseOf, upon, illegalConstructor } = common;
  const { emptyQueue, resetQueue, push, shift, addRequest, takeRequest, countRequests } = common;
  const { makeReader, cancelReader, releaseReader, PromiseRequest, isReadableStreamLocked } = shared;
  const { readableStreamClose, readableStreamError, readableStreamFulfillReadRequest } = shared;
  const { hasReadRequests, startController } = shared;
  const { isDetached, byteLength, transfer, slice, viewParts, copyDataBlockBytes } = buffers;
  const uint8Array = buffers.Uint8Array;
  const arrayBuffer = buffers.ArrayBuffer;

  const noop = () => undefined;

  // ── The controller ──

  const setUpReadableByteStreamController = (stream, start, pull, cancel, highWaterMark, autoAllocateChunkSize) => {
    const controller = {
      isByteController: true,
      stream,
      /** Entries are `{ buffer, byteOffset, byteLength }`; the queue's size is in bytes. */
      queue: emptyQueue(),
      started: false,
      closeRequested: false,
      pullAgain: false,
      pulling: false,
      highWaterMark,
      pullAlgorithm: pull,
      cancelAlgorithm: cancel,
      autoAllocateChunkSize,
      byobRequest: null,
      /** Buffers that guests lent to be filled. */
      pendingPullIntos: emptyQueue(),
      wrapper: undefined,
      cancelSteps(reason) {
        clearPendingPullIntos(controller);
        resetQueue(controller.queue);
        const algorithm = controller.cancelAlgorithm;
        clearAlgorithms(controller);
        return algorithm(reason);
      },
      pullSteps: (request) => pullSteps(controller, request),
      releaseSteps() {
        const { head } = controller.pendingPullIntos;
        if (head === undefined) return;
        head.value.readerType = "none";
        resetQueue(controller.pendingPullIntos);
        push(controller.pendingPullIntos, head.value, 0);
      },
      onPulled: undefined,
      onFailed: (error) => readableByteStreamControllerError(controller, error),
    };
    return startController(stream, controller, start, callPullIfNeeded);
  };

  const pullSteps = (controller, request) => {
    const { stream, autoAllocateChunkSize } = controller;
    if (controller.queue.total > 0) {
      fillReadRequestFromQueue(controller, request);
      return;
    }
    if (autoAllocateChunkSize !== undefined) {
      let buffer;
      try {
        buffer = new arrayBuffer(autoAllocateChunkSize);
      } catch (error) {
        request.errorSteps(error);
        return;
      }
      push(controller.pendingPullIntos, descriptorOf(buffer, uint8Array, 1, 0, autoAllocateChunkSize, 1, "default"), 0);
    }
    addRequest(stream.reader, request);
    callPullIfNeeded(controller);
  };

  const descriptorOf = (buffer, Class, elementSize, byteOffset, length, minimumFill, readerType) => ({
    buffer,
    bufferByteLength: byteLength(buffer),
    byteOffset,
    byteLength: length,
    bytesFilled: 0,
    minimumFill,
    elementSize,
    Class,
    readerType,
  });

  const clearAlgorithms = (controller) => {
    controller.pullAlgorithm = controller.cancelAlgorithm = noop;
  };

  const invalidateBYOBRequest = (controller) => {
    if (controller.byobRequest === null) return;
    byobRequests.invalidate(controller.byobRequest);
    controller.byobRequest = null;
  };

  const clearPendingPullIntos = (controller) => {
    invalidateBYOBRequest(controller);
    resetQueue(controller.pendingPullIntos);
  };

  const shiftPendingPullInto = (controller) => shift(controller.pendingPullIntos);

  const firstPullInto = (controller) => controller.pendingPullIntos.head?.value;

  const getDesiredSize = (controller) => {
    const { state } = controller.stream;
    if (state === "errored") return null;
    return state === "closed" ? 0 : controller.highWaterMark - controller.queue.total;
  };

  const shouldCallPull = (controller) => {
    const { stream } = controller;
    if (stream.state !== "readable" || controller.closeRequested || !controller.started) return false;
    return hasReadRequests(stream) || getDesiredSize(controller) > 0;
  };

  const callPullIfNeeded = (controller) => {
    if (!shouldCallPull(controller)) return;
    if (controller.pulling) {
      controller.pullAgain = true;
      return;
    }
    controller.pulling = true;
    upon(controller.pullAlgorithm(controller.wrapper), controller.onPulled, controller.onFailed);
  };

  const readableByteStreamControllerError = (controller, error) => {
    if (controller.stream.state !== "readable") return;
    clearPendingPullIntos(controller);
    resetQueue(controller.queue);
    clearAlgorithms(controller);
    readableStreamError(controller.stream, error);
  };

  const readableByteStreamControllerClose = (controller) => {
    const { stream } = controller;
    if (controller.closeRequested || stream.state !== "readable") return;
    if (controller.queue.total > 0) {
      controller.closeRequested = true;
      return;
    }
    const first = firstPullInto(controller);
    if (first !== undefined && first.bytesFilled % first.elementSize !== 0) {
      const error = new TypeError("close: a read was given bytes that do not make a whole element");
      readableByteStreamControllerError(controller, error);
      throw error;
    }
    clearAlgorithms(controller);
    readableStreamClose(stream);
  };

  const handleQueueDrain = (controller) => {
    if (controller.queue.total === 0 && controller.closeRequested) {
      clearAlgorithms(controller);
      readableStreamClose(controller.stream);
    } else callPullIfNeeded(controller);
  };

  // ── Chunks ──

  const enqueueChunkToQueue = (controller, buffer, byteOffset, length) =>
    push(controller.queue, { buffer, byteOffset, byteLength: length }, length);

  const enqueueClonedChunkToQueue = (controller, buffer, byteOffset, length) => {
    let copy;
    try {
      copy = slice(buffer, byteOffset, byteOffset + length);
    } catch (error) {
      readableByteStreamControllerError(controller, error);
      throw error;
    }
    enqueueChunkToQueue(controller, copy, 0, length);
  };

  const enqueueDetachedPullIntoToQueue = (controller, descriptor) => {
    if (descriptor.bytesFilled > 0) {
      enqueueClonedChunkToQueue(controller, descriptor.buffer, descriptor.byteOffset, descriptor.bytesFilled);
    }
    shiftPendingPullInto(controller);
  };

  const fillReadRequestFromQueue = (controller, request) => {
    const entry = shift(controller.queue);
    handleQueueDrain(controller);
    request.chunkSteps(new uint8Array(entry.buffer, entry.byteOffset, entry.byteLength));
  };

  const processReadRequestsUsingQueue = (controller) => {
    const { reader } = controller.stream;
    while (reader.request !== undefined && controller.queue.total > 0) {
      fillReadRequestFromQueue(controller, takeRequest(reader));
    }
  };

  const readableByteStreamControllerEnqueue = (controller, chunk) => {
    const { stream } = controller;
    if (controller.closeRequested || stream.state !== "readable") return;
    const { buffer, byteOffset, byteLength: length, detached } = viewParts(chunk, "enqueue");
    if (detached) throw new TypeError("enqueue: the chunk's buffer is detached");
    const transferred = transfer(buffer);
    const first = firstPullInto(controller);
    if (first !== undefined) {
      if (isDetached(first.buffer)) throw new TypeError("enqueue: the buffer of the BYOB request is detached");
      invalidateBYOBRequest(controller);
      first.buffer = transfer(first.buffer);
      if (first.readerType === "none") enqueueDetachedPullIntoToQueue(controller, first);
    }
    const { reader } = stream;
    if (reader !== undefined && !reader.isBYOB) {
      processReadRequestsUsingQueue(controller);
      if (reader.request === undefined) {
        enqueueChunkToQueue(controller, transferred, byteOffset, length);
      } else {
        if (controller.pendingPullIntos.length > 0) shiftPendingPullInto(controller);
        readableStreamFulfillReadRequest(stream, new uint8Array(transferred, byteOffset, length));
      }
    } else if (reader !== undefined) {
      enqueueChunkToQueue(controller, transferred, byteOffset, length);
      commitAll(controller, processPullIntosUsingQueue(controller));
    } else {
      enqueueChunkToQueue(controller, transferred, byteOffset, length);
    }
    callPullIfNeeded(controller);
  };

  // ── Reads into buffers ──

  const convertPullIntoDescriptor = ({ buffer, byteOffset, bytesFilled, elementSize, Class }) =>
    new Class(transfer(buffer), byteOffset, bytesFilled / elementSize);

  const commitPullIntoDescriptor = (stream, descriptor) => {
    const done = stream.state === "closed";
    const view = convertPullIntoDescriptor(descriptor);
    const request = takeRequest(stream.reader);
    if (done) request.closeSteps(view);
    else request.chunkSteps(view);
  };

  const commitAll = (controller, filled) => {
    for (let entry = filled.head; entry !== undefined; entry = entry.next) {
      commitPullIntoDescriptor(controller.stream, entry.value);
    }
  };

  /** Whether the descriptor has as many bytes as its read asked for. */
  const fillPullIntoDescriptorFromQueue = (controller, descriptor) => {
    const { queue } = controller;
    const most = Math.min(queue.total, descriptor.byteLength - descriptor.bytesFilled);
    const filled = descriptor.bytesFilled + most;
    const aligned = filled - (filled % descriptor.elementSize);
    const isReady = aligned >= descriptor.minimumFill;
    let remaining = isReady ? aligned - descriptor.bytesFilled : most;
    while (remaining > 0) {
      const head = queue.head.value;
      const count = Math.min(remaining, head.byteLength);
      const start = descriptor.byteOffset + descriptor.bytesFilled;
      copyDataBlockBytes(descriptor.buffer, start, head.buffer, head.byteOffset, count);
      if (head.byteLength === count) shift(queue);
      else {
        head.byteOffset += count;
        head.byteLength -= count;
        queue.head.amount -= count;
        queue.total -= count;
      }
      descriptor.bytesFilled += count;
      remaining -= count;
    }
    return isReady;
  };

  const processPullIntosUsingQueue = (controller) => {
    const filled = emptyQueue();
    while (controller.pendingPullIntos.length > 0 && controller.queue.total > 0) {
      const descriptor = firstPullInto(controller);
      if (!fillPullIntoDescriptorFromQueue(controller, descriptor)) break;
      push(filled, shiftPendingPullInto(controller), 0);
    }
    return filled;
  };

  const readableByteStreamControllerPullInto = (controller, parts, min, request) => {
    const { stream } = controller;
    const { Class, elementSize, byteOffset } = parts;
    let buffer;
    try {
      buffer = transfer(parts.buffer);
    } catch (error) {
      request.errorSteps(error);
      return;
    }
    const minimumFill = min * elementSize;
    const descriptor = descriptorOf(buffer, Class, elementSize, byteOffset, parts.byteLength, minimumFill, "byob");
    if (controller.pendingPullIntos.length > 0) {
      push(controller.pendingPullIntos, descriptor, 0);
      addRequest(stream.reader, request);
      return;
    }
    if (stream.state === "closed") {
      request.closeSteps(new Class(buffer, byteOffset, 0));
      return;
    }
    if (controller.queue.total > 0) {
      if (fillPullIntoDescriptorFromQueue(controller, descriptor)) {
        const view = convertPullIntoDescriptor(descriptor);
        handleQueueDrain(controller);
        request.chunkSteps(view);
        return;
      }
      if (controller.closeRequested) {
        const error = new TypeError("the stream was closed with fewer bytes than make an element");
        readableByteStreamControllerError(controller, error);
        request.errorSteps(error);
        return;
      }
    }
    push(controller.pendingPullIntos, descriptor, 0);
    addRequest(stream.reader, request);
    callPullIfNeeded(controller);
  };

  // ── Answers to BYOB requests ──

  const respondInClosedState = (controller, first) => {
    const { stream } = controller;
    if (first.readerType === "none") shiftPendingPullInto(controller);
    const { reader } = stream;
    if (reader === undefined || !reader.isBYOB) return;
    const filled = emptyQueue();
    while (filled.length < countRequests(reader)) push(filled, shiftPendingPullInto(controller), 0);
    commitAll(controller, filled);
  };

  const respondInReadableState = (controller, bytesWritten, descriptor) => {
    descriptor.bytesFilled += bytesWritten;
    if (descriptor.readerType === "none") {
      enqueueDetachedPullIntoToQueue(controller, descriptor);
      commitAll(controller, processPullIntosUsingQueue(controller));
      return;
    }
    if (descriptor.bytesFilled < descriptor.minimumFill) return;
    shiftPendingPullInto(controller);
    const remainder = descriptor.bytesFilled % descriptor.elementSize;
    if (remainder > 0) {
      const end = descriptor.byteOffset + descriptor.bytesFilled;
      enqueueClonedChunkToQueue(controller, descriptor.buffer, end - remainder, remainder);
    }
    descriptor.bytesFilled -= remainder;
    const filled = processPullIntosUsingQueue(controller);
    commitPullIntoDescriptor(controller.stream, descriptor);
    commitAll(controller, filled);
  };

  const respondInternal = (controller, bytesWritten) => {
    const first = firstPullInto(controller);
    invalidateBYOBRequest(controller);
    if (controller.stream.state === "closed") respondInClosedState(controller, first);
    else respondInReadableState(controller, bytesWritten, first);
    callPullIfNeeded(controller);
  };

  const readableByteStreamControllerRespond = (controller, bytesWritten) => {
    const first = firstPullInto(controller);
    if (controller.stream.state === "closed") {
      if (bytesWritten !== 0) throw new TypeError("respond: the stream is closed, so bytesWritten must be 0");
    } else {
      if (bytesWritten === 0) throw new TypeError("respond: bytesWritten is 0 though the stream is open");
      if (first.bytesFilled + bytesWritten > first.byteLength) {
        throw new RangeError("respond: bytesWritten is more than the view has room for");
      }
    }
    first.buffer = transfer(first.buffer);
    respondInternal(controller, bytesWritten);
  };

  const readableByteStreamControllerRespondWithNewView = (controller, view) => {
    const first = firstPullInto(controller);
    if (controller.stream.state === "closed") {
      if (view.byteLength !== 0) throw new TypeError("respondWithNewView: the stream is closed, so the view must be empty");
    } else if (view.byteLength === 0) {
      throw new TypeError("respondWithNewView: the view is empty though the stream is open");
    }
    if (first.byteOffset + first.bytesFilled !== view.byteOffset) {
      throw new RangeError("respondWithNewView: the view starts elsewhere than the one of the request");
    }
    if (first.bufferByteLength !== view.bufferByteLength) {
      throw new RangeError("respondWithNewView: the view's buffer has another size than the one of the request");
    }
    if (first.bytesFilled + view.byteLength > first.byteLength) {
      throw new RangeError("respondWithNewView: the view is longer than the one of the request");
    }
    first.buffer = transfer(view.buffer);
    respondInternal(controller, view.byteLength);
  };

  const getBYOBRequest = (controller) => {
    const first = firstPullInto(controller);
    if (controller.byobRequest === null && first !== undefined) {
      const { buffer, byteOffset, bytesFilled } = first;
      const view = new uint8Array(buffer, byteOffset + bytesFilled, first.byteLength - bytesFilled);
      controller.byobRequest = new ReadableStreamBYOBRequest(INTERNAL, controller, view);
    }
    return controller.byobRequest;
  };

  // ── The classes ──

  let byobRequests;

  class ReadableStreamBYOBRequest {
    #controller;
    #view;

    static {
      byobRequests = {
        invalidate(request) {
          request.#controller = undefined;
          request.#view = null;
        },
        view: (request) => request.#view,
      };
    }

    constructor(token, controller, view) {
      if (token !== INTERNAL) illegalConstructor("ReadableStreamBYOBRequest");
      this.#controller = controller;
      this.#view = view;
    }

    get view() {
      return this.#view;
    }

    respond(bytesWritten) {
      this.#view;
      need(arguments, 1, "respond");
      bytesWritten = enforcedUnsignedLongLong(bytesWritten, "respond: bytesWritten");
      const controller = this.#controller;
      if (controller === undefined) throw new TypeError("respond: the request was answered already");
      if (isDetached(firstPullInto(controller).buffer)) throw new TypeError("respond: the view's buffer is detached");
      readableByteStreamControllerRespond(controller, bytesWritten);
    }

    respondWithNewView(view) {
      this.#view;
      need(arguments, 1, "respondWithNewView");
      const parts = viewParts(view, "respondWithNewView");
      const controller = this.#controller;
      if (controller === undefined) throw new TypeError("respondWithNewView: the request was answered already");
      if (parts.detached) throw new TypeError("respondWithNewView: the view's buffer is detached");
      readableByteStreamControllerRespondWithNewView(controller, parts);
    }
  }

  class ReadableByteStreamController {
    #controller;

    constructor(token, controller) {
      if (token !== INTERNAL) illegalConstructor("ReadableByteStreamController");
      this.#controller = controller;
    }

    get byobRequest() {
      return getBYOBRequest(this.#controller);
    }

    get desiredSize() {
      return getDesiredSize(this.#controller);
    }

    close() {
      const controller = this.#controller;
      if (controller.closeRequested || controller.stream.state !== "readable") {
        throw new TypeError("close: the stream is not open for more chunks");
      }
      readableByteStreamControllerClose(controller);
    }

    enqueue(chunk) {
      const controller = this.#controller;
      need(arguments, 1, "enqueue");
      const parts = viewParts(chunk, "enqueue");
      if (parts.byteLength === 0) throw new TypeError("enqueue: the chunk is empty");
      if (parts.bufferByteLength === 0) throw new TypeError("enqueue: the chunk's buffer is empty");
      if (controller.closeRequested || controller.stream.state !== "readable") {
        throw new TypeError("enqueue: the stream is not open for more chunks");
      }
      readableByteStreamControllerEnqueue(controller, chunk);
    }

    error(error = undefined) {
      readableByteStreamControllerError(this.#controller, error);
    }
  }

  const acquireReadableStreamBYOBReader = (stream) => {
    if (isReadableStreamLocked(stream)) throw new TypeError("the ReadableStream is locked to a reader already");
    if (!stream.controller.isByteController) throw new TypeError("ReadableStreamBYOBReader: this is no byte stream");
    return makeReader(stream, true);
  };

  const readableStreamBYOBReaderRead = (reader, parts, min, request) => {
    const { stream } = reader;
    stream.disturbed = true;
    if (stream.state === "errored") request.errorSteps(stream.storedError);
    else readableByteStreamControllerPullInto(stream.controller, parts, min, request);
  };

  const checkRead = (reader, view, options) => {
    const parts = viewParts(view, "read");
    options = dictionary(options, "read: the options");
    const min = options.min === undefined ? 1 : enforcedUnsignedLongLong(options.min, "read: min");
    if (parts.byteLength === 0) throw new TypeError("read: the view is empty");
    if (parts.bufferByteLength === 0) throw new TypeError("read: the view's buffer is empty");
    if (parts.detached) throw new TypeError("read: the view's buffer is detached");
    if (min === 0) throw new TypeError("read: min is 0");
    if (min * parts.elementSize > parts.byteLength) throw new RangeError("read: min is more than the view has room for");
    if (reader.stream === undefined) throw new TypeError("read: the reader has been released");
    return { parts, min };
  };

  class ReadableStreamBYOBReader {
    #reader;

    static shown = (reader) => shared.shownOfReader(reader.#reader, "readIntoRequests");

    constructor(stream) {
      need(arguments, 1, "ReadableStreamBYOBReader");
      this.#reader = acquireReadableStreamBYOBReader(shared.readableStateOf(stream, "ReadableStreamBYOBReader"));
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

    read(view, options = undefined) {
      try {
        const reader = this.#reader;
        need(arguments, 1, "read");
        const { parts, min } = checkRead(reader, view, options);
        const capability = makePromise();
        readableStreamBYOBReaderRead(reader, parts, min, new PromiseRequest(capability));
        return capability.promise;
      } catch (error) {
        return rejectedWith(error);
      }
    }

    releaseLock() {
      releaseReader(this.#reader);
    }
  }

  expose(ReadableStreamBYOBRequest);
  expose(ReadableByteStreamController);
  const { shown } = ReadableStreamBYOBReader;
  delete ReadableStreamBYOBReader.shown;
  expose(ReadableStreamBYOBReader, { shown });
  for (const Class of [ReadableStreamBYOBRequest, ReadableByteStreamController]) {
    Object.defineProperty(Class, "length", { value: 0, configurable: true });
  }

  return {
    ReadableStreamBYOBRequest,
    ReadableByteStreamController,
    ReadableStreamBYOBReader,
    setUpReadableByteStreamController,
    readableByteStreamControllerError,
    readableByteStreamControllerClose,
    readableByteStreamControllerEnqueue,
    readableByteStreamControllerRespond,
    readableByteStreamControllerRespondWithNewView: (controller, view) =>
      readableByteStreamControllerRespondWithNewView(controller, viewParts(view, "respondWithNewView")),
    readableByteStreamControllerGetBYOBRequest: getBYOBRequest,
    acquireReadableStreamBYOBReader,
    viewOfBYOBRequest: byobRequests.view,
    /** `request` is as for a default reader; `closeSteps` gets the view back. */
    readableStreamBYOBReaderRead: (reader, view, min, request) =>
      readableStreamBYOBReaderRead(reader, viewParts(view, "read"), min, request),
  };
};
