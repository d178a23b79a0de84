// Async iteration of streams, and streams from iterables.
(idl, native, common, shared) => {
  const { queueMicrotask, then } = native;
  const { isObject, apply, addPromise, resolvedWith, rejectedWith, toPromise } = common;
  const {
    createReadableStream,
    readableStreamCancel,
    readableStreamDefaultControllerClose,
    readableStreamDefaultControllerEnqueue,
    readableStreamDefaultReaderRead,
    readableStreamReaderGenericRelease,
  } = shared;

  const noop = () => undefined;

  // ── Async iteration ──

  const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

  /** An iterator for guests, with its state. */
  class StreamIterator {
    #state;

    constructor(state) {
      this.#state = state;
    }

    next() {
      try {
        const iterator = this.#state;
        const request = makeRequest(iterator);
        if (iterator.ongoing === undefined) {
          iterator.ongoing = request.promise;
          nextSteps(iterator, request);
          return request.promise;
        }
        return afterOngoing(iterator, () => {
          nextSteps(iterator, request);
          return request.promise;
        });
      } catch (error) {
        return rejectedWith(error);
      }
    }

    return(value) {
      try {
        const iterator = this.#state;
        return afterOngoing(iterator, () => returnSteps(iterator, value));
      } catch (error) {
        return rejectedWith(error);
      }
    }
  }
  const { prototype: iteratorPrototype } = StreamIterator;
  delete iteratorPrototype.constructor;
  Object.setPrototypeOf(iteratorPrototype, asyncIteratorPrototype);
  for (const name of ["next", "return"]) Object.defineProperty(iteratorPrototype, name, { enumerable: true });
  Object.defineProperty(iteratorPrototype, Symbol.toStringTag, {
    value: "ReadableStream AsyncIterator",
    configurable: true,
  });

  const makeIterator = (reader, preventCancel) => {
    const iterator = {
      reader,
      preventCancel,
      ongoing: undefined,
      isFinished: false,
      /** Requests whose chunks have come. */
      first: undefined,
      last: undefined,
      /** One that is done, for the next chunk. */
      spare: undefined,
      deliver() {
        const request = iterator.first;
        iterator.first = request.next;
        request.resolve({ value: request.value, done: false });
        request.value = request.next = undefined;
        iterator.spare = request;
      },
    };
    return new StreamIterator(iterator);
  };

  /** A read request that settles its promise. */
  class Request {
    // Fields, not assignments: those would run setters that a script has given Object.prototype.
    iterator = undefined;
    promise = undefined;
    resolve = undefined;
    reject = undefined;
    value = undefined;
    next = undefined;
    constructor(iterator) {
      this.iterator = iterator;
    }
    chunkSteps(value) {
      const { iterator } = this;
      if (iterator.ongoing === this.promise) iterator.ongoing = undefined;
      // A result comes one job later than its chunk, as if the chunk's promise had been reacted to.
      if (isObject(value)) {
        then(resolvedWith(value), (value) => this.resolve({ value, done: false }), this.reject);
        return;
      }
      this.value = value;
      if (iterator.first === undefined) iterator.first = this;
      else iterator.last.next = this;
      iterator.last = this;
      queueMicrotask(iterator.deliver);
    }
    closeSteps() {
      this.finish();
      this.resolve({ value: undefined, done: true });
    }
    errorSteps(error) {
      this.finish();
      this.reject(error);
    }
    finish() {
      const { iterator } = this;
      if (iterator.ongoing === this.promise) iterator.ongoing = undefined;
      iterator.isFinished = true;
      readableStreamReaderGenericRelease(iterator.reader);
    }
  }

  const makeRequest = (iterator) => {
    const { spare } = iterator;
    if (spare === undefined) return addPromise(new Request(iterator));
    iterator.spare = undefined;
    return addPromise(spare);
  };

  const nextSteps = (iterator, request) => {
    if (iterator.isFinished) request.resolve({ value: undefined, done: true });
    else readableStreamDefaultReaderRead(iterator.reader, request);
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

  /** Runs steps that return a promise after those that run now. */
  const afterOngoing = (iterator, steps) =>
    (iterator.ongoing = iterator.ongoing === undefined ? steps() : then(iterator.ongoing, steps, steps));

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

  return { makeIterator, readableStreamFromIterable };
};
