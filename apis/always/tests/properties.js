// Values made from a seed, for properties that must hold for all of them.
(() => {
  const generator = (seed) => {
    // mulberry32
    const next = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (limit) => Math.floor(next() * limit);
    const pick = (list) => list[below(list.length)];
    const times = (limit, make) => Array.from({ length: below(limit) }, make);

    const text = () =>
      times(12, () =>
        pick([String.fromCharCode(below(128)), String.fromCodePoint(below(0x11000)), "é", "😀", "'", "\n"]),
      ).join("");
    const numbers = [0, -0, 1, -1, 2 ** 31, 2 ** 53, 0.1, 1e300, -1e-300, NaN, Infinity, -Infinity];
    const primitive = () =>
      pick([
        () => pick(numbers),
        text,
        () => true,
        () => false,
        () => null,
        () => undefined,
        () => BigInt(pick([0, 1, -1, 2 ** 52])) ** 3n,
      ])();
    const arrays = [Uint8Array, Int16Array, Float32Array, Float64Array, BigInt64Array, Uint8ClampedArray];

    const seen = [];
    const keep = (value) => (seen.push(value), value);
    const value = (depth) => {
      if (depth === 0 || next() < 0.3) return primitive();
      if (seen.length > 0 && next() < 0.1) return pick(seen);
      return pick([
        () => {
          const object = keep({});
          for (const key of times(6, text)) if (key !== "__proto__") object[key] = value(depth - 1);
          return object;
        },
        () => {
          const list = keep([]);
          for (let i = below(6); i > 0; i--) list[list.length + (next() < 0.2 ? below(3) : 0)] = value(depth - 1);
          return list;
        },
        () => {
          const map = keep(new Map());
          for (let i = below(5); i > 0; i--) map.set(value(depth - 1), value(depth - 1));
          return map;
        },
        () => {
          const set = keep(new Set());
          for (let i = below(5); i > 0; i--) set.add(value(depth - 1));
          return set;
        },
        () => keep(new Date(pick([0, 1e12, NaN]))),
        () => keep(new RegExp(pick(["a", "[b-c]+", "(?<x>y)"]), pick(["", "gi", "u"]))),
        () => keep(new (pick([Error, TypeError, RangeError]))(text(), next() < 0.5 ? {} : { cause: value(depth - 1) })),
        () => keep(Object(pick([1, "boxed", false, 5n]))),
        () => keep(new (pick(arrays))(below(5))),
        () => keep(new Uint8Array(times(9, () => below(256))).buffer),
      ])();
    };
    return { next, below, pick, text, value, bytes: (limit) => Uint8Array.from(times(limit, () => below(256))) };
  };

  const ENCODINGS = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "shift_jis",
    "gb18030",
    "big5",
    "euc-kr",
    "iso-2022-jp",
    "windows-1252",
    "koi8-r",
    "x-user-defined",
  ];

  /** Each takes a generator and throws or returns false if its property does not hold. */
  const properties = {
    "a clone equals its original and shares nothing with it"({ value }) {
      const original = value(4);
      const clone = structuredClone(original);
      const isSame = typeof original === "object" && original !== null && clone === original;
      return !isSame && Beam.deepEquals(clone, original);
    },
    "a clone of a clone looks the same"({ value }) {
      const clone = structuredClone(value(4));
      return Beam.inspect(structuredClone(clone)) === Beam.inspect(clone);
    },
    "inspection ends in a bounded string"({ value }) {
      const text = Beam.inspect(value(6));
      return typeof text === "string" && text.length < 1e6;
    },
    "quoted strings read back as themselves"({ text }) {
      const original = text();
      return (
        eval(
          Beam.inspect({ key: original })
            .replace(/ \+\n/g, "+")
            .replace(/^\{ key: /, "(")
            .replace(/ \}$/, ")"),
        ) === original
      );
    },
    "well-formed text survives encoding and decoding"({ text }) {
      const original = text().toWellFormed();
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(original)) === original;
    },
    "decoding in chunks equals decoding at once"({ bytes, below, pick }) {
      const label = pick(ENCODINGS);
      const all = bytes(40);
      const decoder = new TextDecoder(label);
      let text = "";
      for (let at = 0; at < all.length;) {
        const end = at + 1 + below(4);
        text += decoder.decode(all.subarray(at, end), { stream: true });
        at = end;
      }
      return text + decoder.decode() === new TextDecoder(label).decode(all);
    },
    "base64 gives bytes back"({ bytes }) {
      const original = String.fromCharCode(...bytes(40));
      return atob(btoa(original)) === original;
    },
    "encodeInto writes a prefix of what encode makes"({ text, below }) {
      const original = text();
      const room = new Uint8Array(below(30));
      const { read, written } = new TextEncoder().encodeInto(original, room);
      const prefix = new TextEncoder().encode(original.slice(0, read));
      return written === prefix.length && prefix.every((byte, i) => byte === room[i]);
    },
  };

  return (name, seeds) => {
    for (let seed = 1; seed <= seeds; seed++) {
      if (properties[name](generator(seed)) !== true) return `fails for seed ${seed}`;
    }
    return "holds";
  };
})();
