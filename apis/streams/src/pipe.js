// Pipes.
(idl, native, common, shared) => {
  const { queueMicrotask } = native;
  const { FULFILLED, makePromise, upon } = common;
  const {
    acquireReadableStreamDefaultReader,
    acquireWritableStreamDefaultWriter,
    readableStreamCancel,
    readableStreamDefaultReaderRead,
    readableStreamReaderGenericRelease,
    writableStreamAbort,
    writableStreamCloseQueuedOrInFlight,
    writableStreamDefaultWriterCloseWithErrorPropagation,
    writableStreamDefaultWriterRelease,
    writableStreamDefaultWriterWrite,
  } = shared;

  const noop = () => undefined;

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

  return { readableStreamPipeTo };
};
