// The classes SubtleCrypto and CryptoKey. What they do is native.
({ expose }, native) => {
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { call } = Function.prototype;
  const bind = (method) => call.bind(method);
  const { get: remembered, set: remember } = WeakMap.prototype;
  const cache = new WeakMap();
  const lookUp = bind(remembered);
  const keep = bind(remember);
  const viewPart = (name) => bind(getOwnPropertyDescriptor(DataView.prototype, name).get);
  const bufferOf = viewPart("buffer");
  const offsetOf = viewPart("byteOffset");
  const sizeOf = viewPart("byteLength");
  const Bytes = Uint8Array;

  class SubtleCrypto {
    constructor() {
      throw new TypeError("SubtleCrypto cannot be constructed");
    }
  }

  const names = Object.keys(native.methods);
  for (const name of names) {
    defineProperty(SubtleCrypto.prototype, name, {
      value: native.methods[name],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  // The same objects each time: [algorithm, usages].
  const attributes = (key) => {
    const known = lookUp(cache, key);
    if (known !== undefined) return known;
    const made = native.attributes(key);
    keep(cache, key, made);
    return made;
  };

  class CryptoKey {
    constructor() {
      throw new TypeError("CryptoKey cannot be constructed");
    }
    get type() {
      return native.type(this);
    }
    get extractable() {
      return native.extractable(this);
    }
    get algorithm() {
      native.type(this);
      return attributes(this)[0];
    }
    get usages() {
      native.type(this);
      return attributes(this)[1];
    }
  }

  return {
    SubtleCrypto: expose(SubtleCrypto),
    CryptoKey: expose(CryptoKey, { clone: native.clone, pack: native.pack, shown: "type extractable algorithm usages" }),
    bytesOf: (view) => new Bytes(bufferOf(view), offsetOf(view), sizeOf(view)),
    listOf(iterable, most) {
      const list = [];
      let count = 0;
      for (const value of iterable) {
        if (count === most) throw new TypeError(`the list has more than ${most} items`);
        defineProperty(list, count++, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      }
      return list;
    },
  };
};
