// Node.js's errors, with its codes and messages.
(inspect) => {
  const { defineProperty } = Object;
  const { isInteger, isNaN, MAX_SAFE_INTEGER, MIN_SAFE_INTEGER } = Number;
  const { isArray } = Array;
  const { abs } = Math;
  const TYPES = ["string", "function", "number", "object", "boolean", "bigint", "symbol"];
  const LONGEST = 128;

  const coded = (Base, code, message) => {
    const error = new Base(message);
    defineProperty(error, "code", { value: code, writable: true, enumerable: true, configurable: true });
    defineProperty(error, "toString", {
      value: () => `${Base.name} [${code}]: ${message}`,
      writable: true,
      configurable: true,
    });
    return error;
  };

  const listed = (words) => {
    if (words.length < 3) return words.join(" or ");
    return `${words.slice(0, -1).join(", ")}, or ${words[words.length - 1]}`;
  };

  /** What an error says that it received. */
  const received = (value) => {
    if (value === undefined || value === null) return `${value}`;
    if (typeof value === "function") return `function ${value.name}`;
    if (typeof value === "object") {
      const name = value.constructor?.name;
      return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
    }
    const text = typeof value === "string" && value.length > 28 ? `${value.slice(0, 25)}...` : value;
    return `type ${typeof value} (${inspect(text)})`;
  };

  const invalidType = (name, expected, actual) => {
    expected = isArray(expected) ? expected : [expected];
    const types = expected.filter((type) => TYPES.includes(type));
    const classes = expected.filter((type) => !TYPES.includes(type) && /^[A-Z][A-Za-z0-9]*$/.test(type));
    const others = expected.filter((type) => !types.includes(type) && !classes.includes(type));
    const parts = [];
    if (types.length > 0) parts.push(`${types.length > 1 ? "one of type" : "of type"} ${listed(types)}`);
    if (classes.length > 0) parts.push(`an instance of ${listed(classes)}`);
    if (others.length > 0) parts.push(`an ${listed(others)}`);
    const what = name.endsWith(" argument") ? name : `"${name}" ${name.includes(".") ? "property" : "argument"}`;
    return coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      `The ${what} must be ${parts.join(" or ")}. Received ${received(actual)}`,
    );
  };

  const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, "_");

  const shown = (value) => {
    if (typeof value === "bigint") {
      const text = `${value}`;
      return `${value > 2n ** 32n || value < -(2n ** 32n) ? grouped(text) : text}n`;
    }
    return isInteger(value) && abs(value) > 2 ** 32 ? grouped(`${value}`) : inspect(value);
  };

  const outOfRange = (name, range, value) =>
    coded(
      RangeError,
      "ERR_OUT_OF_RANGE",
      `The value of "${name}" is out of range. It must be ${range}. Received ${shown(value)}`,
    );

  const outOfBounds = (name) =>
    coded(
      RangeError,
      "ERR_BUFFER_OUT_OF_BOUNDS",
      name === undefined ? "Attempt to access memory outside buffer bounds" : `"${name}" is outside of buffer bounds`,
    );

  const invalidValue = (name, value) => {
    const text = inspect(value);
    const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
    return coded(TypeError, "ERR_INVALID_ARG_VALUE", `The argument '${name}' is invalid. Received ${cut}`);
  };

  const unknownEncoding = (encoding) => coded(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);

  const invalidSize = (bits) =>
    coded(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${bits}-bits`);

  const validateNumber = (value, name, min, max) => {
    if (typeof value !== "number") throw invalidType(name, "number", value);
    if ((min !== undefined && value < min) || (max !== undefined && value > max) || (isNaN(value) && min !== undefined)) {
      const bounds = [];
      if (min !== undefined) bounds.push(`>= ${min}`);
      if (max !== undefined) bounds.push(`<= ${max}`);
      throw outOfRange(name, bounds.join(" && "), value);
    }
  };

  const validateInteger = (value, name, min = MIN_SAFE_INTEGER, max = MAX_SAFE_INTEGER) => {
    if (typeof value !== "number") throw invalidType(name, "number", value);
    if (!isInteger(value)) throw outOfRange(name, "an integer", value);
    if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
  };

  const validateString = (value, name) => {
    if (typeof value !== "string") throw invalidType(name, "string", value);
  };

  return {
    coded,
    invalidType,
    outOfRange,
    outOfBounds,
    invalidValue,
    unknownEncoding,
    invalidSize,
    validateNumber,
    validateInteger,
    validateString,
  };
};
