// Streams that are transferred (Streams Standard, "Transferable streams"): a stream's chunks cross realms as messages between two ends.
(idl, native, streams) => {
  const { domException } = idl;
  const { common, natives } = streams;
  const { makePromise, resolvedWith, rejectedWith } = common;
  const { then, markHandled } = natives;
  const noop = () => undefined;

  const NO_STREAM = "a value in the transfer list cannot be transferred";

  const pack = (type, value) => ({ __proto__: null, type, value });

  const trySend = (end, type, value) => {
    try {
      native.post(end, pack(type, value), []);
    } catch {
      // The other side has gone, or what ends the stream cannot be sent.
    }
  };

  /** Sends; a failure is told to the other side, and given as a rejected promise. */
  const send = (end, type, value) => {
    try {
      native.post(end, pack(type, value), []);
      return undefined;
    } catch (error) {
      trySend(end, "error", error);
      return rejectedWith(error);
    }
  };

  /** `take(type, value)` gets what the other side sends, `fail(error)` hears that nothing more can come. Returns what ends it. */
  const listen = (end, take, fail) => {
    const broken = (name, message) => {
      const error = domException(name, message);
      trySend(end, "error", error);
      fail(error);
      stop();
    };
    const receive = () => {
      const message = native.next(end);
      if (message === undefined) return;
      if (message === null) broken("AbortError", "the realm of the transferred stream's other side has ended");
      else if (message.length === 0) broken("DataCloneError", "a chunk of the transferred stream cannot be read");
      else take(message[0].type, message[0].value);
    };
    const listener = native.start(end, receive);
    let isOpen = true;
    const stop = () => {
      if (!isOpen) return;
      isOpen = false;
      native.stop(listener);
      native.close(end);
    };
    return stop;
  };

  /** A stream of the chunks that the other side sends. */
  const makeReadable = (end) => {
    const pull = () => trySend(end, "pull");
    const cancel = (reason) => {
      const failure = send(end, "error", reason);
      stop();
      return failure;
    };
    const stream = streams.createReadableStream(noop, pull, cancel, 0);
    const { controller } = stream;
    const fail = (error) => streams.readableStreamDefaultControllerError(controller, error);
    const take = (type, value) => {
      const isLive = streams.readableStreamDefaultControllerCanCloseOrEnqueue(controller);
      if (type === "chunk") {
        if (isLive) streams.readableStreamDefaultControllerEnqueue(controller, value);
        return;
      }
      if (type === "close" && isLive) streams.readableStreamDefaultControllerClose(controller);
      else if (type === "error") fail(value);
      stop();
    };
    const stop = listen(end, take, fail);
    return stream;
  };

  /** A stream whose chunks are sent to the other side, each when that asks for one. */
  const makeWritable = (end) => {
    let wish = makePromise();
    const wished = () => {
      wish?.resolve(undefined);
      wish = undefined;
    };
    const write = (chunk) =>
      then(wish === undefined ? resolvedWith(undefined) : wish.promise, () => {
        wish = makePromise();
        const failure = send(end, "chunk", chunk);
        if (failure !== undefined) stop();
        return failure;
      });
    const close = () => {
      trySend(end, "close");
      stop();
    };
    const abort = (reason) => {
      const failure = send(end, "error", reason);
      stop();
      return failure;
    };
    const stream = streams.createWritableStream(noop, write, close, abort, 1);
    const fail = (error) => {
      streams.writableStreamDefaultControllerErrorIfNeeded(stream.controller, error);
      wished();
    };
    const take = (type, value) => {
      if (type === "pull") wished();
      else if (type === "error") fail(value);
    };
    const stop = listen(end, take, fail);
    return stream;
  };

  const OPTIONS = { __proto__: null, preventAbort: false, preventCancel: false, preventClose: false, signal: undefined };
  const pipe = (readable, writable) => markHandled(streams.readableStreamPipeTo(readable, writable, OPTIONS));

  const receive = {
    __proto__: null,
    ReadableStream: ([end]) => streams.publicReadable(makeReadable(end)),
    WritableStream: ([end]) => streams.publicWritable(makeWritable(end)),
    TransformStream: ([first, second]) =>
      streams.publicTransform({ readable: makeReadable(first), writable: makeWritable(second) }),
  };

  /** A side that leaves, with the end for where it arrives. An end that is left behind, as something else could not leave, closes the other. */
  const readableSide = (readable) => {
    const [own, end] = native.pair();
    const isLocked = () => streams.isReadableStreamLocked(readable);
    return { end, stream: readable, isLocked, leave: () => pipe(readable, makeWritable(own)) };
  };
  const writableSide = (writable) => {
    const [own, end] = native.pair();
    const isLocked = () => streams.isWritableStreamLocked(writable);
    return { end, stream: writable, isLocked, leave: () => pipe(makeReadable(own), writable) };
  };

  const refuse = (why) => {
    throw domException("DataCloneError", why);
  };

  const transfer = (type, sides) => {
    const check = () => {
      // It is locked until its last chunk has left, and detached for good.
      if (sides.some(({ stream }) => stream.isDetached)) refuse("a stream in the transfer list was transferred before");
      if (sides.some((side) => side.isLocked())) refuse("a stream in the transfer list is locked");
    };
    check();
    const ends = sides.map(({ end }) => end);
    const commit = () => {
      check();
      for (const side of sides) {
        side.stream.isDetached = true;
        side.leave();
      }
    };
    return { __proto__: null, type, ends, receive: () => receive[type](ends), commit };
  };

  return {
    /** Makes the stream of a class that has arrived at these ends. */
    receive,
    /** The transfer steps of each class. */
    ReadableStream(object) {
      if (!streams.isReadableStream(object)) refuse(NO_STREAM);
      return transfer("ReadableStream", [readableSide(streams.readableStateOf(object, "transfer"))]);
    },
    WritableStream(object) {
      if (!streams.isWritableStream(object)) refuse(NO_STREAM);
      return transfer("WritableStream", [writableSide(streams.writableStateOf(object, "transfer"))]);
    },
    TransformStream(object) {
      if (!streams.isTransformStream(object)) refuse(NO_STREAM);
      const { readable, writable } = streams.transformStateOf(object);
      return transfer("TransformStream", [readableSide(readable), writableSide(writable)]);
    },
  };
};
