// Tees: two branches of one stream.
(idl, native, common, shared, buffers) => {
  const { queueMicrotask, structuredClone } = native;
  const { makePromise, upon } = common;
  const {
    acquireReadableStreamDefaultReader,
    acquireReadableStreamBYOBReader,
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
  } = shared;

  const noop = () => undefined;

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

  return { readableStreamTee };
};
