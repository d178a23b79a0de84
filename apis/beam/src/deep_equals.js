// Structural equality, as Node's util.isDeepStrictEqual has it.
(classOf, isSameTerm) => {
  const { getPrototypeOf, getOwnPropertySymbols, hasOwn, is, keys: keysOf } = Object;
  const isEnumerable = Function.prototype.call.bind(Object.prototype.propertyIsEnumerable);
  const isObject = (value) => typeof value === "object" && value !== null;
  const BOXED = new Set(["Number", "String", "Boolean", "BigInt", "Symbol"]);

  const enumerableKeys = (object) => {
    const symbols = getOwnPropertySymbols(object).filter((symbol) => isEnumerable(object, symbol));
    return [...keysOf(object), ...symbols];
  };

  const sameBytes = (a, b) => {
    const [x, y] = [a, b].map((it) =>
      ArrayBuffer.isView(it) ? new Uint8Array(it.buffer, it.byteOffset, it.byteLength) : new Uint8Array(it),
    );
    return x.length === y.length && x.every((byte, i) => byte === y[i]);
  };

  /** Pairs every value of one list with an equal one of the other. */
  const sameItems = (left, right, equal) => {
    const rest = [...right];
    return left.every((item) => {
      const index = rest.findIndex((other) => equal(item, other));
      if (index !== -1) rest.splice(index, 1);
      return index !== -1;
    });
  };

  const sameSet = (a, b, seen) => {
    if (a.size !== b.size) return false;
    const missing = [...a].filter((item) => !b.has(item));
    if (missing.some((item) => !isObject(item))) return false;
    return sameItems(
      missing,
      [...b].filter((item) => !a.has(item)),
      (x, y) => equal(x, y, seen),
    );
  };

  const sameMap = (a, b, seen) => {
    if (a.size !== b.size) return false;
    const missing = [];
    for (const [key, value] of a) {
      if (b.has(key)) {
        if (!equal(value, b.get(key), seen)) return false;
      } else if (isObject(key)) missing.push([key, value]);
      else return false;
    }
    const others = [...b].filter(([key]) => !a.has(key));
    return sameItems(missing, others, (x, y) => equal(x[0], y[0], seen) && equal(x[1], y[1], seen));
  };

  const sameContents = (kind, a, b, seen) => {
    if (BOXED.has(kind)) return is(a.valueOf(), b.valueOf());
    switch (kind) {
      case "Array":
        return a.length === b.length;
      case "Date":
        return is(a.getTime(), b.getTime());
      case "RegExp":
        return a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
      case "Error":
      case "DOMException":
        return (
          a.name === b.name &&
          a.message === b.message &&
          equal(a.cause, b.cause, seen) &&
          equal(a.errors, b.errors, seen)
        );
      case "Set":
        return sameSet(a, b, seen);
      case "Map":
        return sameMap(a, b, seen);
      case "ArrayBuffer":
      case "SharedArrayBuffer":
        return sameBytes(a, b);
      case "HostObject":
        return isSameTerm(a, b);
      case "Object":
      case "Arguments":
        return true;
    }
    // Functions, promises, weak collections, proxies: only the same one is equal.
    return ArrayBuffer.isView(a) && sameBytes(a, b);
  };

  const equal = (a, b, seen) => {
    if (is(a, b)) return true;
    if (!isObject(a) || !isObject(b) || getPrototypeOf(a) !== getPrototypeOf(b)) return false;
    const kind = classOf(a);
    if (kind !== classOf(b)) return false;
    const partners = seen.get(a);
    if (partners?.has(b)) return true;
    if (partners === undefined) seen.set(a, new Set([b]));
    else partners.add(b);
    if (!sameContents(kind, a, b, seen)) return false;
    if (ArrayBuffer.isView(a)) return true;
    const keys = enumerableKeys(a);
    if (keys.length !== enumerableKeys(b).length) return false;
    return keys.every((key) => hasOwn(b, key) && isEnumerable(b, key) && equal(a[key], b[key], seen));
  };

  return (a, b) => equal(a, b, new Map());
};
