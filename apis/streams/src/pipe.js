// What connects streams: pipes, tees, async iteration, and streams from iterables.
(idl, native, common, shared, buffers) => {
  const { queueMicrotask, then, structuredClone } = native;
  const { FULFILLED, isObject, apply, makePromise, resolvedWith, rejectedWith, toPromise, upon } = common;
  const {
    acquireReadableStreamDefaultReader,
    acquireReadableStreamBYOBReader,
    acquireWritableStreamDefaultWriter,
    createReadableStream,
    makeReadable,
    readableStreamBYOBReaderRead,
    readableStreamCancel,
    readableStreamDefaultControllerClose,
    readableStreamDefaultControllerEnqueue,
    readableStreamDefaultControllerError,
    readableStreamDefaultReaderRead,
    readableStreamReaderGenericRelease,
    readableByteStreamControllerClose,
    readableByteStreamControllerEnqueue,
    readableByteStreamControllerError,
    readableByteStreamControllerGetBYOBRequest,
    readableByteStreamControllerRespond,
    readableByteStreamControllerRespondWithNewView,
    setUpReadableByteStreamController,
    viewOfBYOBRequest,
    writableStreamAbort,
    writableStreamCloseQueuedOrInFlight,
    writableStreamDefaultWriterCloseWithErrorPropagation,
    writableStreamDefaultWriterRelease,
    writableStreamDefaultWriterWrite,
  } = shared;

  const noop = () => undefined;

  // ── Pipes ──

  const readableStreamPipeTo = (source, destination, { preventAbort, preventCancel, preventClose, signal }) => {
    const reader = acquireReadableStreamDefaultReader(source);
    const writer = acquireWritableStreamDefaultWriter(destination);
    source.disturbed = true;
    const result = makePromise();
    let isShuttingDown = false;
    let forgetSignal = noop;
    /** Chunks that were read and are not written yet. */
    let unwritten = 0;
    let onWritten;

    const finalize = (isError, error) => {
      writableStreamDefaultWriterRelease(writer);
      readableStreamReaderGenericRelease(reader);
      forgetSignal();
      if (isError) result.reject(error);
      else result.resolve(undefined);
    };

    /** Ends the pipe, after an action if one is given. */
    const shutdown = (action, isError, error) => {
      if (isShuttingDown) return;
      isShuttingDown = true;
      const finish = () => {
        if (action === undefined) finalize(isError, error);
        else {
          upon(
            action(),
            () => finalize(isError, error),
            (newError) => finalize(true, newError),
          );
        }
      };
      if (destination.state !== "writable" || writableStreamCloseQueuedOrInFlight(destination)) finish();
      else if (unwritten > 0) onWritten = finish;
      else queueMicrotask(finish);
    };

    const written = () => {
      unwritten--;
      if (unwritten === 0 && onWritten !== undefined) queueMicrotask(onWritten);
    };
    const writeRequest = { resolve: written, reject: written };

    let chunkToWrite;
    const write = () => {
      const chunk = chunkToWrite;
      chunkToWrite = undefined;
      writableStreamDefaultWriterWrite(writer, chunk, writeRequest);
      step();
    };
    const readRequest = {
      chunkSteps(chunk) {
        unwritten++;
        chunkToWrite = chunk;
        queueMicrotask(write);
      },
      closeSteps: noop,
      errorSteps: noop,
    };
    const step = () => {
      if (isShuttingDown) return;
      if (writer.ready.state === FULFILLED) readableStreamDefaultReaderRead(reader, readRequest);
      else upon(writer.ready, step, noop);
    };

    const onSourceError = (error) =>
      shutdown(preventAbort ? undefined : () => writableStreamAbort(destination, error), true, error);
    const onDestinationError = (error) =>
      shutdown(preventCancel ? undefined : () => readableStreamCancel(source, error), true, error);
    const onSourceClosed = () =>
      shutdown(
        preventClose ? undefined : () => writableStreamDefaultWriterCloseWithErrorPropagation(writer),
        false,
        undefined,
      );

    if (signal !== undefined) {
      const abort = () => {
        const error = signal.reason;
        shutdown(
          () => {
            const outcomes = [];
            if (!preventAbort && destination.state === "writable") outcomes.push(writableStreamAbort(destination, error));
            if (!preventCancel && source.state === "readable") outcomes.push(readableStreamCancel(source, error));
            return all(outcomes);
          },
          true,
          error,
        );
      };
      if (signal.aborted) {
        abort();
        return result.promise;
      }
      forgetSignal = native.events.addAlgorithm(signal, abort);
    }

    if (source.state === "errored") onSourceError(source.storedError);
    else upon(reader.closed, undefined, onSourceError);
    if (destination.state === "errored") onDestinationError(destination.storedError);
    else upon(writer.closed, undefined, onDestinationError);
    if (source.state === "closed") onSourceClosed();
    else upon(reader.closed, onSourceClosed, undefined);
    if (writableStreamCloseQueuedOrInFlight(destination) || destination.state === "closed") {
      onDestinationError(new TypeError("the destination of the pipe is closed"));
    }
    step();
    return result.promise;
  };

  /** Waits for all outcomes; fails with the first failure. */
  const all = (outcomes) => {
    const { promise, resolve, reject } = makePromise();
    let waiting = outcomes.length;
    if (waiting === 0) return undefined;
    for (const outcome of outcomes) {
      upon(
        outcome,
        () => {
          if (--waiting === 0) resolve(undefined);
        },
        reject,
      );
    }
    return promise;
  };

  // ── Tees ──

  const readableStreamTee = (stream, cloneForBranch2) =>
    stream.controller.isByteController ? readableByteStreamTee(stream) : readableStreamDefaultTee(stream, cloneForBranch2);

  /** What both kinds of tees share: two branches of which each may be cancelled. */
  const makeTee = (stream) => {
    const cancelled = makePromise();
    const tee = {
      branches: [undefined, undefined],
      isCancelled: [false, false],
      reasons: [undefined, undefined],
      cancel: (index) => (reason) => {
        tee.isCancelled[index] = true;
        tee.reasons[index] = reason;
        if (tee.isCancelled[1 - index]) {
          tee.cancelSource([tee.reasons[0], tee.reasons[1]]);
        }
        return cancelled.promise;
      },
      cancelSource: (reason) =>
        upon(readableStreamCancel(stream, reason), () => cancelled.resolve(undefined), cancelled.reject),
      /** Does something to the controllers of the branches that are not cancelled. */
      forOpen(steps, argument) {
        for (let index = 0; index < 2; index++) {
          if (!tee.isCancelled[index]) steps(tee.branches[index].controller, argument);
        }
      },
      finish() {
        if (!tee.isCancelled[0] || !tee.isCancelled[1]) cancelled.resolve(undefined);
      },
    };
    return tee;
  };

  const readableStreamDefaultTee = (stream, cloneForBranch2) => {
    const reader = acquireReadableStreamDefaultReader(stream);
    const tee = makeTee(stream);
    const { branches, isCancelled } = tee;
    let isReading = false;
    let readAgain = false;

    const distribute = (chunk) => {
      readAgain = false;
      let second = chunk;
      if (cloneForBranch2 && !isCancelled[1]) {
        try {
          second = structuredClone(chunk);
        } catch (error) {
          for (const { controller } of branches) readableStreamDefaultControllerError(controller, error);
          tee.cancelSource(error);
          return;
        }
      }
      if (!isCancelled[0]) readableStreamDefaultControllerEnqueue(branches[0].controller, chunk);
      if (!isCancelled[1]) readableStreamDefaultControllerEnqueue(branches[1].controller, second);
      isReading = false;
      if (readAgain) pull();
    };
    const request = {
      chunkSteps: (chunk) => queueMicrotask(() => distribute(chunk)),
      closeSteps() {
        isReading = false;
        tee.forOpen(readableStreamDefaultControllerClose);
        tee.finish();
      },
      errorSteps() {
        isReading = false;
      },
    };
    const pull = () => {
      if (isReading) {
        readAgain = true;
        return;
      }
      isReading = true;
      readableStreamDefaultReaderRead(reader, request);
    };

    for (let index = 0; index < 2; index++) branches[index] = createReadableStream(noop, pull, tee.cancel(index));
    upon(reader.closed, undefined, (error) => {
      for (const { controller } of branches) readableStreamDefaultControllerError(controller, error);
      tee.finish();
    });
    return branches;
  };

  const readableByteStreamTee = (stream) => {
    let reader = acquireReadableStreamDefaultReader(stream);
    const tee = makeTee(stream);
    const { branches, isCancelled } = tee;
    let isReading = false;
    const readAgain = [false, false];

    const forwardReaderError = (from) =>
      upon(from.closed, undefined, (error) => {
        if (from !== reader) return;
        for (const { controller } of branches) readableByteStreamControllerError(controller, error);
        tee.finish();
      });

    const acquire = (acquireReader) => {
      readableStreamReaderGenericRelease(reader);
      reader = acquireReader(stream);
      forwardReaderError(reader);
    };

    const fail = (error) => {
      for (const { controller } of branches) readableByteStreamControllerError(controller, error);
      tee.cancelSource(error);
    };

    /** Distributes a chunk: `steps` gets it, and a copy where both branches need one. */
    const distribute = (chunk, isCopied, steps) =>
      queueMicrotask(() => {
        readAgain[0] = readAgain[1] = false;
        let copy;
        if (isCopied()) {
          try {
            copy = copyOf(chunk);
          } catch (error) {
            fail(error);
            return;
          }
        }
        steps(copy);
        isReading = false;
        if (readAgain[0]) pull(0);
        else if (readAgain[1]) pull(1);
      });

    const pullWithDefaultReader = () => {
      if (reader.isBYOB) acquire(acquireReadableStreamDefaultReader);
      readableStreamDefaultReaderRead(reader, {
        chunkSteps: (chunk) =>
          distribute(
            chunk,
            () => !isCancelled[0] && !isCancelled[1],
            (copy) => {
              if (!isCancelled[0]) readableByteStreamControllerEnqueue(branches[0].controller, chunk);
              if (!isCancelled[1]) readableByteStreamControllerEnqueue(branches[1].controller, copy ?? chunk);
            },
          ),
        closeSteps() {
          isReading = false;
          tee.forOpen(readableByteStreamControllerClose);
          for (const { controller } of branches) {
            if (controller.pendingPullIntos.length > 0) readableByteStreamControllerRespond(controller, 0);
          }
          tee.finish();
        },
        errorSteps() {
          isReading = false;
        },
      });
    };

    const pullWithBYOBReader = (view, index) => {
      if (!reader.isBYOB) acquire(acquireReadableStreamBYOBReader);
      const { controller } = branches[index];
      const other = 1 - index;
      readableStreamBYOBReaderRead(reader, view, 1, {
        chunkSteps: (chunk) =>
          distribute(
            chunk,
            () => !isCancelled[other],
            (copy) => {
              if (!isCancelled[index]) readableByteStreamControllerRespondWithNewView(controller, chunk);
              if (copy !== undefined) readableByteStreamControllerEnqueue(branches[other].controller, copy);
            },
          ),
        closeSteps(chunk) {
          isReading = false;
          const otherController = branches[other].controller;
          if (!isCancelled[index]) readableByteStreamControllerClose(controller);
          if (!isCancelled[other]) readableByteStreamControllerClose(otherController);
          if (chunk !== undefined) {
            if (!isCancelled[index]) readableByteStreamControllerRespondWithNewView(controller, chunk);
            if (!isCancelled[other] && otherController.pendingPullIntos.length > 0) {
              readableByteStreamControllerRespond(otherController, 0);
            }
          }
          tee.finish();
        },
        errorSteps() {
          isReading = false;
        },
      });
    };

    const pull = (index) => {
      if (isReading) {
        readAgain[index] = true;
        return;
      }
      isReading = true;
      const request = readableByteStreamControllerGetBYOBRequest(branches[index].controller);
      if (request === null) pullWithDefaultReader();
      else pullWithBYOBReader(viewOfBYOBRequest(request), index);
    };

    for (let index = 0; index < 2; index++) {
      const branch = makeReadable();
      branches[index] = branch;
      setUpReadableByteStreamController(branch, noop, () => pull(index), tee.cancel(index), 0, undefined);
    }
    forwardReaderError(reader);
    return branches;
  };

  /** A copy of a view as a `Uint8Array`. */
  const copyOf = (chunk) => {
    const { buffer, byteOffset, byteLength } = buffers.viewParts(chunk, "tee");
    return new buffers.Uint8Array(buffers.slice(buffer, byteOffset, byteOffset + byteLength));
  };

  // ── Async iteration ──

  const iterators = new WeakMap();
  const iteratorOf = iterators.get.bind(iterators);
  const setIterator = iterators.set.bind(iterators);

  const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
  const iteratorPrototype = Object.create(asyncIteratorPrototype);

  const makeIterator = (reader, preventCancel) => {
    const object = Object.create(iteratorPrototype);
    setIterator(object, { reader, preventCancel, ongoing: undefined, isFinished: false });
    return object;
  };

  const nextSteps = (iterator, { promise, resolve, reject }) => {
    if (iterator.isFinished) {
      resolve({ value: undefined, done: true });
      return;
    }
    const { reader } = iterator;
    const settle = () => {
      if (iterator.ongoing === promise) iterator.ongoing = undefined;
    };
    const finish = () => {
      settle();
      iterator.isFinished = true;
      readableStreamReaderGenericRelease(reader);
    };
    readableStreamDefaultReaderRead(reader, {
      chunkSteps(value) {
        settle();
        // A result comes one job later than its chunk, as if the chunk's promise had been reacted to.
        if (isObject(value)) then(resolvedWith(value), (value) => resolve({ value, done: false }), reject);
        else queueMicrotask(() => resolve({ value, done: false }));
      },
      closeSteps() {
        finish();
        resolve({ value: undefined, done: true });
      },
      errorSteps(error) {
        finish();
        reject(error);
      },
    });
  };

  const returnSteps = (iterator, value) => {
    if (iterator.isFinished) return resolvedWith({ value, done: true });
    iterator.isFinished = true;
    const { reader } = iterator;
    if (iterator.preventCancel) {
      readableStreamReaderGenericRelease(reader);
      return resolvedWith({ value, done: true });
    }
    const outcome = toPromise(readableStreamCancel(reader.stream, value));
    readableStreamReaderGenericRelease(reader);
    return then(outcome, () => ({ value, done: true }));
  };

  const checkedIterator = (object) => {
    const iterator = isObject(object) ? iteratorOf(object) : undefined;
    if (iterator === undefined) throw new TypeError("this is not an iterator of a ReadableStream");
    return iterator;
  };

  /** Runs steps that return a promise after those that run now. */
  const afterOngoing = (iterator, steps) =>
    (iterator.ongoing = iterator.ongoing === undefined ? steps() : then(iterator.ongoing, steps, steps));

  const iteratorMethods = {
    next() {
      try {
        const iterator = checkedIterator(this);
        const capability = makePromise();
        if (iterator.ongoing === undefined) {
          iterator.ongoing = capability.promise;
          nextSteps(iterator, capability);
          return capability.promise;
        }
        return afterOngoing(iterator, () => {
          nextSteps(iterator, capability);
          return capability.promise;
        });
      } catch (error) {
        return rejectedWith(error);
      }
    },
    return(value) {
      try {
        const iterator = checkedIterator(this);
        return afterOngoing(iterator, () => returnSteps(iterator, value));
      } catch (error) {
        return rejectedWith(error);
      }
    },
  };
  for (const name of ["next", "return"]) {
    Object.defineProperty(iteratorPrototype, name, {
      value: iteratorMethods[name],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  Object.defineProperty(iteratorPrototype, Symbol.toStringTag, {
    value: "ReadableStream AsyncIterator",
    configurable: true,
  });

  // ── Streams from iterables ──

  const method = (object, name) => {
    const value = object[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "function") throw new TypeError(`ReadableStream.from: ${String(name)} is not a function`);
    return value;
  };

  const checkResult = (result) => {
    if (!isObject(result)) throw new TypeError("ReadableStream.from: the iterator gave a result that is not an object");
    return result;
  };

  /** `{ next(), return(value) }`, whose results are promises or throw. */
  const asyncIteratorOf = (iterable) => {
    const asyncMethod = method(iterable, Symbol.asyncIterator);
    const isAsync = asyncMethod !== undefined;
    const open = isAsync ? asyncMethod : method(iterable, Symbol.iterator);
    if (open === undefined) throw new TypeError("ReadableStream.from: the argument is not iterable");
    const iterator = apply(open, iterable, []);
    if (!isObject(iterator)) throw new TypeError("ReadableStream.from: the iterator is not an object");
    const { next } = iterator;
    const settleValue = (result) => {
      const { done, value } = checkResult(result);
      const isDone = Boolean(done);
      return then(
        resolvedWith(value),
        (value) => ({ done: isDone, value }),
        (error) => {
          if (!isDone) closeQuietly(iterator);
          throw error;
        },
      );
    };
    return {
      next: isAsync ? () => apply(next, iterator, []) : () => settleValue(apply(next, iterator, [])),
      /** `undefined` if the iterator has no such method. */
      return(reason) {
        const finish = method(iterator, "return");
        if (finish === undefined) return undefined;
        const result = apply(finish, iterator, [reason]);
        return resolvedWith(isAsync ? result : settleValue(result));
      },
    };
  };

  const closeQuietly = (iterator) => {
    try {
      const finish = method(iterator, "return");
      if (finish !== undefined) apply(finish, iterator, []);
    } catch {
      // The first error counts.
    }
  };

  const readableStreamFromIterable = (iterable) => {
    if (iterable === null || iterable === undefined) throw new TypeError("ReadableStream.from: the argument is not iterable");
    const iterator = asyncIteratorOf(iterable);
    const pull = () => {
      let next;
      try {
        next = resolvedWith(iterator.next());
      } catch (error) {
        return rejectedWith(error);
      }
      return then(next, (result) => {
        const { done } = checkResult(result);
        if (done) readableStreamDefaultControllerClose(stream.controller);
        else readableStreamDefaultControllerEnqueue(stream.controller, result.value);
      });
    };
    const cancel = (reason) => {
      try {
        const finished = iterator.return(reason);
        return finished === undefined ? undefined : then(finished, (result) => void checkResult(result));
      } catch (error) {
        return rejectedWith(error);
      }
    };
    const stream = createReadableStream(noop, pull, cancel, 0);
    return stream;
  };

  return { readableStreamPipeTo, readableStreamTee, makeIterator, readableStreamFromIterable };
};
