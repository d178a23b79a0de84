// What a script may do to the builtins before it touches an API for the first time, by name, and what it learns from that.
(() => {
  const { ownKeys, getOwnPropertyDescriptor: describe, defineProperty, deleteProperty, getPrototypeOf: above, apply } = Reflect;
  const { freeze } = Object;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const push = Array.prototype.push;
  const known = new Set();
  const { add, has } = Set.prototype;
  const text = String;
  const Failure = Error;

  // ── The builtins ──

  const found = [];
  const names = new Map();
  const find = (object, name) => {
    if ((typeof object !== "object" && typeof object !== "function") || object === null || known.has(object)) return;
    known.add(object);
    found.push(object);
    names.set(object, name);
  };
  const GLOBALS = "Object Function Error EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError Array Number Boolean String Symbol BigInt RegExp Promise Iterator Proxy ArrayBuffer SharedArrayBuffer DataView Map Set WeakMap WeakSet WeakRef FinalizationRegistry Date Uint8Array Uint8ClampedArray Int8Array Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array Math JSON Reflect Atomics".split(" ");
  for (const name of GLOBALS) {
    find(globalThis[name], name);
    find(globalThis[name].prototype, `${name}.prototype`);
  }
  const iterators = { array: [].values(), map: new Map().values(), set: new Set().values(), string: ""[Symbol.iterator](), regexp: "".matchAll(/x/g), helper: [].values().take(0), generator: (function* () {})(), async: (async function* () {})() };
  for (const name in iterators) for (let link = iterators[name]; link !== null; link = above(link)) if (link !== iterators[name]) find(link, `%${name}%`);
  find(above(Uint8Array), "%TypedArray%");
  find(above(Uint8Array).prototype, "%TypedArray%.prototype");
  for (const f of [async () => {}, function* () {}, async function* () {}]) find(above(f), `%${f.constructor.name}%.prototype`);

  // ── What is seen ──

  const seen = [];
  let watching = false;
  const see = (where, values) => {
    if (!watching) return;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
      if (isObject && !call(has, known, value)) defineProperty(seen, seen.length, { __proto__: null, value: where });
    }
  };
  const thrower = (where) =>
    function () {
      see(where, [this]);
      for (let i = 0; i < arguments.length; i++) see(where, [arguments[i]]);
      throw new Failure("polluted " + where);
    };
  const eachMember = (act) => {
    for (let i = 0; i < found.length; i++) {
      const keys = ownKeys(found[i]);
      for (let k = 0; k < keys.length; k++) {
        const descriptor = describe(found[i], keys[k]);
        if (keys[k] === "prototype") continue;
        // What a script's own `await` asks, what Web IDL has sequences ask, and what the engine's `set` of typed arrays asks.
        if (found[i] === promisePrototype && keys[k] === "constructor") continue;
        if (found[i] === arrayPrototype && keys[k] === iteratorSymbol) continue;
        if (found[i] === arrayIterator && keys[k] === "next") continue;
        if (found[i] === typedPrototype && keys[k] === "length") continue;
        act(found[i], keys[k], descriptor, `${names.get(found[i])}.${text(keys[k])}`);
      }
    }
  };
  const promisePrototype = Promise.prototype;
  const iteratorSymbol = Symbol.iterator;
  const arrayPrototype = Array.prototype;
  const arrayIterator = above([].values());
  const typedPrototype = above(Uint8Array).prototype;
  const prepared = [];
  const replaceAll = () => {
    for (let i = 0; i < prepared.length; i++) defineProperty(prepared[i][0], prepared[i][1], prepared[i][2]);
  };
  const plan = (object, key, descriptor) => apply(push, prepared, [[object, key, { __proto__: null, ...descriptor }]]);

  const pollutions = {
    nothing() {},
    functions() {
      eachMember((object, key, { value, configurable, writable }, where) => {
        if (typeof value !== "function" || key === "constructor" || !(configurable || writable)) return;
        plan(object, key, { value: thrower(where) });
      });
      replaceAll();
    },
    iterators() {
      plan(arrayPrototype, iteratorSymbol, { value: thrower("Symbol.iterator") });
      plan(arrayIterator, "next", { value: thrower("next") });
      replaceAll();
    },
    getters() {
      eachMember((object, key, { get, configurable }, where) => {
        if (get !== undefined && configurable && key !== "__proto__") plan(object, key, { get: thrower(`get ${where}`) });
      });
      replaceAll();
    },
    deleted() {
      eachMember((object, key, { configurable }) => {
        if (configurable) plan(object, key, {});
      });
      for (let i = 0; i < prepared.length; i++) deleteProperty(prepared[i][0], prepared[i][1]);
    },
    globals() {
      for (let i = 0; i < GLOBALS.length; i++) plan(globalThis, GLOBALS[i], { value: thrower(GLOBALS[i]) });
      plan(globalThis, "queueMicrotask", { value: thrower("queueMicrotask") });
      plan(globalThis, "globalThis", { value: {} });
      replaceAll();
    },
    constructors() {
      class Evil {
        constructor() {
          see("constructor", arguments);
          throw new Failure("polluted constructor");
        }
      }
      defineProperty(Evil, Symbol.species, { value: Evil });
      eachMember((object, key, { value, configurable, writable }) => {
        if (key === "constructor" && (configurable || writable)) plan(object, key, { value: Evil });
      });
      for (const Class of [Array, ArrayBuffer, Promise, RegExp, Map, Set, above(Uint8Array)]) plan(Class, Symbol.species, { get: () => Evil });
      replaceAll();
    },
    instances() {
      for (const name of GLOBALS) {
        if (typeof globalThis[name] === "function") plan(globalThis[name], Symbol.hasInstance, { value: thrower("Symbol.hasInstance"), configurable: true });
      }
      replaceAll();
    },
    descriptors() {
      for (const key of ["get", "set", "value", "writable", "enumerable", "configurable"]) {
        plan(Object.prototype, key, { value: key === "get" || key === "set" ? thrower(key) : key === "value" ? "polluted" : false, writable: true, configurable: true });
      }
      replaceAll();
    },
    setters() {
      for (const key of SETTERS) {
        plan(Object.prototype, key, {
          set: function (value) {
            see("set " + key, [this, value]);
            throw new Failure("polluted set " + key);
          },
          get: () => undefined,
          configurable: true,
        });
      }
      for (let key = 0; key < 4; key++) {
        plan(Array.prototype, key, {
          set: function (value) {
            see("set " + key, [this, value]);
            throw new Failure("polluted set " + key);
          },
          get: () => undefined,
          configurable: true,
        });
      }
      replaceAll();
    },
    values() {
      for (const key of SETTERS) if (key !== "then" && key !== "toJSON") plan(Object.prototype, key, { get: function () { see("get " + key, [this]); return "polluted"; }, set: undefined, configurable: true });
      replaceAll();
    },
    frozen() {
      for (let i = 0; i < found.length; i++) freeze(found[i]);
    },
  };
  const SETTERS = NAMES;

  globalThis.Bytes = Uint8Array;
  globalThis.pollute = (name) => {
    pollutions[name]();
    watching = true;
  };
  globalThis.allow = (...objects) => {
    for (let i = 0; i < objects.length; i++) call(add, known, objects[i]);
  };
  globalThis.leaked = () => {
    watching = false;
    let all = "";
    for (let i = 0; i < seen.length; i++) all += " " + seen[i];
    return all;
  };
})();
