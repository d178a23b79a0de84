// Iterators that the host reads in batches.
(native) => {
  const MAX = 1_000;
  /** Open iterators by number, each with the result that was asked for and has not been taken. */
  const open = new Map();

  const iteratorOf = (value) => {
    const async = value?.[Symbol.asyncIterator];
    if (async !== undefined && async !== null) return Reflect.apply(async, value, []);
    const sync = value?.[Symbol.iterator];
    if (sync === undefined || sync === null || typeof value === "string")
      throw new TypeError("stream: the value of the script is not iterable");
    return Reflect.apply(sync, value, []);
  };

  /** Whether a promise settles while only jobs run. */
  const NOT_YET = {};
  const soon = async (promise) => {
    let waited = 0;
    const later = (async () => {
      for (; waited < 4; waited++) await undefined;
      return NOT_YET;
    })();
    return (await Promise.race([promise, later])) !== NOT_YET;
  };

  return {
    async open(id, value, isWrapped) {
      value = isWrapped ? (await value).value : await value;
      if (open.size >= MAX) throw new RangeError(`${MAX} streams are open already`);
      open.set(id, { iterator: iteratorOf(value), next: undefined });
      return id;
    },

    async read(id, count) {
      const entry = open.get(id);
      // Nobody reads on after the end, so it was open before a reset.
      if (entry === undefined) throw native.interrupted();
      const items = [];
      try {
        while (items.length < count) {
          entry.next ??= (async () => entry.iterator.next())();
          // What is there is not held back for what is not.
          if (items.length > 0 && !(await soon(entry.next))) return [items, false];
          const { next } = entry;
          entry.next = undefined;
          const { value, done } = await next;
          if (done) {
            open.delete(id);
            return [items, true];
          }
          items.push(await value);
        }
      } catch (error) {
        if (items.length > 0) {
          // The items before a failure are not lost: it is the next result.
          entry.next = Promise.reject(error);
          entry.next.catch(() => {});
          return [items, false];
        }
        open.delete(id);
        throw error;
      }
      return [items, false];
    },

    async close(id) {
      const entry = open.get(id);
      open.delete(id);
      await entry?.iterator.return?.();
    },
  };
};
