// Async iteration of streams, and streams from iterables.
(idl, native, common, shared) => {
  const { queueMicrotask, then } = native;
  const { isObject, apply, makePromise, resolvedWith, rejectedWith, toPromise } = common;
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

  return { makeIterator, readableStreamFromIterable };
};
