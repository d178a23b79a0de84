// What native code cannot ask the engine for.
() => {
  const { asIntN } = BigInt;
  const { toPrimitive, toStringTag } = Symbol;
  const { getTime } = Date.prototype;
  const ANY_LENGTH = Number.MAX_SAFE_INTEGER;

  return {
    __proto__: null,
    toPrimitive,
    toStringTag,
    getTime,
    /** ToBigInt. */
    toBigInt: (value) => asIntN(ANY_LENGTH, value),
    nanoseconds: (seconds, rest) => seconds * 1_000_000_000n + rest,
  };
};
