// Every builtin function of the language as [owner, name, function, whether it is a getter], every class of objects as [owner,
// an object of it …].
(() => {
  const functions = [];
  const classes = [];
  const { getOwnPropertyDescriptor: describe, getPrototypeOf } = Object;

  const list = (owner, object) => {
    for (const key of Reflect.ownKeys(object)) {
      const name = typeof key === "symbol" ? key.description.replace("Symbol.", "@@") : key;
      const { value, get } = describe(object, key);
      if (typeof (get ?? value) === "function") functions.push([owner, name, get ?? value, get !== undefined]);
    }
  };

  const TypedArray = getPrototypeOf(Uint8Array);
  const globals = [
    Object, Function, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError, Array, Number,
    Boolean, String, Symbol, BigInt, RegExp, Promise, Iterator, ArrayBuffer, SharedArrayBuffer, DataView, Map, Set, WeakMap, WeakSet,
    WeakRef, FinalizationRegistry, Date, Uint8Array, Uint8ClampedArray, Int8Array, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array,
  ];
  for (const Class of globals) {
    list(Class.name, Class);
    list(`${Class.name}_prototype`, Class.prototype);
  }
  list("Proxy", Proxy);
  for (const [name, object] of [["Math", Math], ["JSON", JSON], ["Reflect", Reflect], ["Atomics", Atomics]]) list(name, object);
  list("globalThis", globalThis);
  list("TypedArray", TypedArray);
  list("TypedArray_prototype", TypedArray.prototype);
  for (const name of ["from", "of"]) {
    for (const Class of globals) if (getPrototypeOf(Class) === TypedArray) functions.push([Class.name, name, TypedArray[name], false]);
  }

  const inner = (owner, iterator) => {
    list(`${owner}_prototype`, getPrototypeOf(iterator));
    classes.push([owner, iterator]);
  };
  inner("ArrayIterator", [].values());
  inner("MapIterator", new Map().values());
  inner("SetIterator", new Set().values());
  inner("StringIterator", ""[Symbol.iterator]());
  inner("RegExpStringIterator", "".matchAll(/x/g));
  list("Generator_prototype", getPrototypeOf(function* () {}.prototype));
  classes.push(["Generator", (function* () {})()]);
  list("AsyncGenerator_prototype", getPrototypeOf(async function* () {}.prototype));
  classes.push(["AsyncGenerator", (async function* () {})()]);

  const buffer = new ArrayBuffer(8);
  for (const Class of globals) if (getPrototypeOf(Class) === TypedArray) classes.push(["TypedArray", new Class(buffer)]);
  classes.push(
    ["Array", []],
    ["Function", list, Math.max, list.bind(), function () {}, async () => {}, function* () {}, async function* () {}, class {}],
    ["Function", Promise.withResolvers().resolve, Promise.withResolvers().reject],
    ["Error", new Error()],
    ["RegExp", /x/],
    ["Promise", Promise.resolve()],
    ["ArrayBuffer", buffer],
    ["SharedArrayBuffer", new SharedArrayBuffer(8)],
    ["DataView", new DataView(buffer)],
    ["Map", new Map()],
    ["Set", new Set()],
    ["WeakMap", new WeakMap()],
    ["WeakSet", new WeakSet()],
    ["WeakRef", new WeakRef(buffer)],
    ["FinalizationRegistry", new FinalizationRegistry(() => {})],
    ["Date", new Date(0)],
  );
  return [functions, classes];
})()
