// The methods that read and write numbers: one function for each width, sign and order of bytes.
({ invalidType, outOfRange, outOfBounds, validateNumber }) => {
  const { defineProperty } = Object;
  const { floor } = Math;
  const toBigInt = BigInt;
  const toNumber = Number;

  const methods = {};
  const method = (name, length, value) => {
    defineProperty(value, "name", { value: name, configurable: true });
    defineProperty(value, "length", { value: length, configurable: true });
    methods[name] = value;
    // Node.js has each name with `Uint` too.
    if (name.includes("UInt")) methods[name.replace("UInt", "Uint")] = value;
  };

  /** The error of a place where `width` bytes do not fit. */
  const misplaced = (value, length, name) => {
    validateNumber(value, name ?? "offset");
    if (floor(value) !== value) return outOfRange(name ?? "offset", "an integer", value);
    if (length < 0) return outOfBounds();
    return outOfRange(name ?? "offset", `>= ${name === undefined ? 0 : 1} and <= ${length}`, value);
  };

  const checkPlace = (bytes, offset, width) => {
    validateNumber(offset, "offset");
    if (bytes[offset] === undefined || bytes[offset + width - 1] === undefined) {
      throw misplaced(offset, bytes.length - width);
    }
  };

  const checkWidth = (width) => {
    if (width !== 1 && width !== 2 && width !== 3 && width !== 4 && width !== 5 && width !== 6) {
      throw misplaced(width, 6, "byteLength");
    }
  };

  // ── Integers ──

  const readUnsigned = (bytes, offset, width, little) => {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + bytes[little ? offset + width - 1 - i : offset + i];
    return value;
  };

  const signed = (value, width) => (value >= 2 ** (8 * width - 1) ? value - 2 ** (8 * width) : value);

  const writeBytes = (bytes, value, offset, width, little) => {
    for (let i = 0; i < width; i++) {
      bytes[little ? offset + i : offset + width - 1 - i] = value;
      value = floor(value / 256);
    }
    return offset + width;
  };

  const range = (min, max, width) => {
    const n = typeof min === "bigint" ? "n" : "";
    if (width <= 4) return `>= ${min}${n} and <= ${max}${n}`;
    if (min === 0 || min === 0n) return `>= 0${n} and < 2${n} ** ${width * 8}${n}`;
    return `>= -(2${n} ** ${width * 8 - 1}${n}) and < 2${n} ** ${width * 8 - 1}${n}`;
  };

  const checkValue = (value, min, max, width) => {
    if (value > max || value < min) throw outOfRange("value", range(min, max, width), value);
  };

  const bounds = (width, isSigned) =>
    isSigned ? [-(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1] : [0, 2 ** (8 * width) - 1];

  const writeInteger = (bytes, value, offset, width, isSigned, little) => {
    value = +value;
    // A single byte's place is looked at before its value.
    if (width === 1) validateNumber(offset, "offset");
    const [min, max] = bounds(width, isSigned);
    checkValue(value, min, max, width);
    checkPlace(bytes, offset, width);
    return writeBytes(bytes, value, offset, width, little);
  };

  for (const isSigned of [false, true]) {
    const kind = isSigned ? "Int" : "UInt";
    for (const width of [1, 2, 4]) {
      for (const little of width === 1 ? [true] : [true, false]) {
        const suffix = `${kind}${width * 8}${width === 1 ? "" : little ? "LE" : "BE"}`;
        method(`read${suffix}`, 0, function (offset = 0) {
          checkPlace(this, offset, width);
          const value = readUnsigned(this, offset, width, little);
          return isSigned ? signed(value, width) : value;
        });
        method(`write${suffix}`, 1, function (value, offset = 0) {
          return writeInteger(this, value, offset, width, isSigned, little);
        });
      }
    }
    for (const little of [true, false]) {
      const suffix = `${kind}${little ? "LE" : "BE"}`;
      method(`read${suffix}`, 2, function (offset, byteLength) {
        if (offset === undefined) throw invalidType("offset", "number", offset);
        checkWidth(byteLength);
        checkPlace(this, offset, byteLength);
        const value = readUnsigned(this, offset, byteLength, little);
        return isSigned ? signed(value, byteLength) : value;
      });
      method(`write${suffix}`, 3, function (value, offset, byteLength) {
        checkWidth(byteLength);
        return writeInteger(this, value, offset, byteLength, isSigned, little);
      });
    }
  }

  // ── BigInts ──

  for (const isSigned of [false, true]) {
    const [min, max] = isSigned ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    for (const little of [true, false]) {
      const suffix = `Big${isSigned ? "Int" : "UInt"}64${little ? "LE" : "BE"}`;
      method(`read${suffix}`, 0, function (offset = 0) {
        checkPlace(this, offset, 8);
        const first = toBigInt(readUnsigned(this, offset, 4, little));
        const second = toBigInt(readUnsigned(this, offset + 4, 4, little));
        const value = little ? (second << 32n) | first : (first << 32n) | second;
        return isSigned && value > max ? value - 2n ** 64n : value;
      });
      method(`write${suffix}`, 1, function (value, offset = 0) {
        checkValue(value, min, max, 8);
        checkPlace(this, offset, 8);
        const low = toNumber(value & 0xffffffffn);
        const high = toNumber((value >> 32n) & 0xffffffffn);
        writeBytes(this, little ? low : high, offset, 4, little);
        return writeBytes(this, little ? high : low, offset + 4, 4, little);
      });
    }
  }

  // ── Floating point ──

  for (const [kind, Class, width] of [
    ["Float", Float32Array, 4],
    ["Double", Float64Array, 8],
  ]) {
    const number = new Class(1);
    const scratch = new Uint8Array(number.buffer);
    for (const little of [true, false]) {
      const suffix = `${kind}${little ? "LE" : "BE"}`;
      const at = (i) => (little ? i : width - 1 - i);
      method(`read${suffix}`, 0, function (offset = 0) {
        checkPlace(this, offset, width);
        for (let i = 0; i < width; i++) scratch[at(i)] = this[offset + i];
        return number[0];
      });
      method(`write${suffix}`, 1, function (value, offset = 0) {
        value = +value;
        checkPlace(this, offset, width);
        number[0] = value;
        for (let i = 0; i < width; i++) this[offset + i] = scratch[at(i)];
        return offset + width;
      });
    }
  }

  return methods;
};
