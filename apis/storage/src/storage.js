// Storage: items by name, which are properties of the object, too.
(idl, native) => {
  const { expose, need, QuotaExceededError } = idl;
  const KEY = {};

  /** The area behind each object. */
  const areas = new WeakMap();
  const areaOf = (object) => {
    const area = areas.get(object);
    if (area === undefined) throw new TypeError("this is not a Storage");
    return area;
  };

  const text = (value) => `${value}`;

  const set = (area, key, value) => {
    try {
      native.set(area, key, value);
    } catch (error) {
      if (error?.name !== "QuotaExceededError") throw error;
      throw new QuotaExceededError(error.message);
    }
  };

  class Storage {
    constructor(key) {
      if (key !== KEY) throw new TypeError("Illegal constructor");
    }
    get length() {
      return native.keys(areaOf(this)).length;
    }
    key(index) {
      const area = areaOf(this);
      need(arguments, 1, "key");
      return native.keys(area)[index >>> 0] ?? null;
    }
    getItem(key) {
      const area = areaOf(this);
      need(arguments, 1, "getItem");
      return native.get(area, text(key));
    }
    setItem(key, value) {
      const area = areaOf(this);
      need(arguments, 2, "setItem");
      set(area, text(key), text(value));
    }
    removeItem(key) {
      const area = areaOf(this);
      need(arguments, 1, "removeItem");
      native.remove(area, text(key));
    }
    clear() {
      native.clear(areaOf(this));
    }
  }
  expose(Storage);
  Object.defineProperty(Storage, "length", { value: 0, configurable: true });

  /** An area as an object whose items are properties, unless the class has one of that name. */
  const make = (area) => {
    const item = (target, key) => (typeof key === "symbol" || key in target ? null : native.get(area, key));
    const storage = new Proxy(new Storage(KEY), {
      get(target, key, receiver) {
        const value = item(target, key);
        return value === null ? Reflect.get(target, key, receiver) : value;
      },
      set(target, key, value, receiver) {
        if (typeof key === "symbol") return Reflect.set(target, key, value, receiver);
        set(area, key, text(value));
        return true;
      },
      has: (target, key) => Reflect.has(target, key) || item(target, key) !== null,
      deleteProperty(target, key) {
        if (item(target, key) === null) return Reflect.deleteProperty(target, key);
        native.remove(area, key);
        return true;
      },
      ownKeys: (target) => {
        const items = native.keys(area).filter((key) => !(key in target));
        return [...items, ...Reflect.ownKeys(target)];
      },
      getOwnPropertyDescriptor(target, key) {
        const value = item(target, key);
        if (value === null) return Reflect.getOwnPropertyDescriptor(target, key);
        return { value, writable: true, enumerable: true, configurable: true };
      },
      defineProperty(target, key, descriptor) {
        if (typeof key === "symbol") return Reflect.defineProperty(target, key, descriptor);
        if (!("value" in descriptor)) return false;
        set(area, key, text(descriptor.value));
        return true;
      },
      preventExtensions: () => false,
    });
    areas.set(storage, area);
    return storage;
  };

  return { Storage, local: make("local"), session: make("session") };
};
