// Streams that are transferred (Streams Standard, "Transferable streams"): a stream's chunks cross realms as messages between two ends.
(idl, native, streams) => {
  const { domException } = idl;
  const { common, natives } = streams;
  const { makePromise, resolvedWith, rejectedWith } = common;
  const { then, markHandled } = natives;
  const noop = () => undefined;

  const READABLE = 1;
  const WRITABLE = 2;
  const TRANSFORM = 3;

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

  const departReadable = (readable) => {
    const [own, other] = native.pair();
    pipe(readable, makeWritable(own));
    return other;
  };
  const departWritable = (writable) => {
    const [own, other] = native.pair();
    pipe(makeReadable(own), writable);
    return other;
  };

  const sidesOf = (object, kind) => {
    if (kind === READABLE) return { readable: streams.readableStateOf(object, "transfer") };
    if (kind === WRITABLE) return { writable: streams.writableStateOf(object, "transfer") };
    return streams.transformStateOf(object);
  };

  return {
    /** 1 for a ReadableStream, 2 for a WritableStream, 3 for a TransformStream, 0 for what is no stream. */
    kindOf(object) {
      if (streams.isReadableStream(object)) return READABLE;
      if (streams.isWritableStream(object)) return WRITABLE;
      return streams.isTransformStream(object) ? TRANSFORM : 0;
    },
    isLocked(object, kind) {
      const { readable, writable } = sidesOf(object, kind);
      const isTaken = readable !== undefined && streams.isReadableStreamLocked(readable);
      return isTaken || (writable !== undefined && streams.isWritableStreamLocked(writable));
    },
    /** Pipes a stream to where its chunks leave the realm; the ends for the other one. */
    depart(object, kind) {
      const { readable, writable } = sidesOf(object, kind);
      const ends = [];
      if (readable !== undefined) ends[ends.length] = departReadable(readable);
      if (writable !== undefined) ends[ends.length] = departWritable(writable);
      return ends;
    },
    /** The stream that has arrived at these ends. */
    arrive(kind, [first, second]) {
      if (kind === READABLE) return streams.publicReadable(makeReadable(first));
      if (kind === WRITABLE) return streams.publicWritable(makeWritable(first));
      return streams.publicTransform({ readable: makeReadable(first), writable: makeWritable(second) });
    },
  };
};
