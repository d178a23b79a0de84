// Touches every builtin of the language: calls each function of the global object and each method of
// each prototype with odd arguments, then uses each piece of syntax that allocates. What it throws is of no interest.
'use strict';
(() => {
  const skip = new Set(['Atomics.wait', 'Atomics.waitAsync', 'Function', 'eval', 'AsyncFunction', 'globalThis.eval']);
  const odd = () => [
    undefined, null, -1, 2, 1.5, NaN, '', 'aé😀', 'length', 7n, Symbol.iterator, true,
    {}, [3, 1, 2], /a(b)?/dgu, (x) => x, new Map([[1, 2]]), new Set([1]), new Date(0), new Uint8Array([1, 2, 3]),
    new ArrayBuffer(8, { maxByteLength: 16 }), Promise.resolve(1), new Proxy({}, {}), [1, 2].values(), new Error('x', { cause: 1 }),
  ];
  const quiet = (f) => {
    try { return f(); } catch (error) { String(error?.stack); }
  };
  const drain = (value) => {
    if (value && typeof value.next === 'function') for (let i = 0; i < 3; i++) quiet(() => value.next(1));
    if (value && typeof value.then === 'function') quiet(() => value.then(() => {}, () => {}));
  };

  let turn = 0;
  const args = (count) => {
    const values = odd();
    return Array.from({ length: count }, () => values[(turn = (turn * 5 + 7) % 1009) % values.length]);
  };
  const exercise = (f, name, receivers) => {
    if (skip.has(name)) return;
    for (const receiver of receivers) {
      for (const count of [0, 1, 2, 3]) {
        // Sizes stay small: what is tested is failing, not filling, the memory.
        drain(quiet(() => Reflect.apply(f, receiver, args(count))));
      }
    }
    if (f.prototype) drain(quiet(() => Reflect.construct(f, args(1))));
  };
  const exerciseAll = (object, name, receivers) => {
    for (const key of Reflect.ownKeys(object)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
      const label = `${name}.${String(key)}`;
      for (const f of [descriptor.value, descriptor.get, descriptor.set]) {
        if (typeof f === 'function') exercise(f, label, receivers());
      }
    }
  };

  const samples = {
    Object: () => ({ a: 1, get b() { return 2; } }), Function: () => function f(a, b) { return a; }, Error: () => new Error('e'),
    Iterator: () => [1, 2, 3].values().map((x) => x), Array: () => [5, 3, , 1], Number: () => 12.5, Boolean: () => true,
    String: () => 'the text, é😀', Symbol: () => Symbol('s'), Map: () => new Map([['k', {}], [1, 2]]), Set: () => new Set([1, 'a']),
    WeakMap: () => new WeakMap([[{}, 1]]), WeakSet: () => new WeakSet([{}]), ArrayBuffer: () => new ArrayBuffer(16, { maxByteLength: 32 }),
    SharedArrayBuffer: () => new SharedArrayBuffer(16), DataView: () => new DataView(new ArrayBuffer(16)), BigInt: () => 2n ** 70n,
    Date: () => new Date(2020, 1, 1), RegExp: () => /(?<y>\d+)|[\p{L}--[a-c]]/v, Promise: () => Promise.reject(1), Proxy: () => new Proxy([], {}),
    WeakRef: () => new WeakRef({}), FinalizationRegistry: () => new FinalizationRegistry(() => {}), AggregateError: () => new AggregateError([1]),
    DOMException: () => new DOMException('m', 'DataCloneError'), DisposableStack: () => new DisposableStack(), AsyncDisposableStack: () => new AsyncDisposableStack(),
  };
  for (const name of Reflect.ownKeys(globalThis)) {
    const value = quiet(() => globalThis[name]);
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || value === globalThis) continue;
    const label = String(name);
    if (typeof value === 'function') exercise(value, label, [undefined]);
    exerciseAll(value, label, () => [value]);
    const make = samples[label] ?? (label.endsWith('Array') ? () => new value([1, 2, 3].map((x) => (label.startsWith('Big') ? BigInt(x) : x))) : () => new value());
    if (value.prototype) exerciseAll(value.prototype, label, () => [quiet(make), {}]);
  }
  for (const make of [
    () => [].values(), () => 'ab'[Symbol.iterator](), () => new Map([[1, 2]]).entries(), () => new Set([1]).values(), () => 'aa'.matchAll(/a/g),
    () => Iterator.from({ next: () => ({ done: true }) }), () => [1].values().map((x) => x), () => (function* () { yield 1; yield 2; })(),
    () => (async function* () { yield 1; })(),
  ]) exerciseAll(Object.getPrototypeOf(make()), 'iterator', () => [make(), {}]);
  exerciseAll(Object.getPrototypeOf(Int8Array), '%TypedArray%', () => [Int8Array]);
  exerciseAll(Object.getPrototypeOf(Int8Array).prototype, '%TypedArray%', () => [new Int8Array([3, 1, 2]), new Float64Array(new ArrayBuffer(16, { maxByteLength: 64 }))]);

  quiet(() => JSON.parse('{"a":[1,2,{"b":"\\u00e9\\ud83d\\ude00","c":1e21}],"__proto__":null}', function (key, value) { return value; }));
  quiet(() => JSON.stringify({ a: [1, 'é\n', { toJSON: () => 1n.toString() }], b: new Map(), c: undefined, [Symbol()]: 1 }, null, 2));
  quiet(() => JSON.stringify({ a: { b: [] } }, ['a']));
  quiet(() => { const o = {}; o.o = o; JSON.stringify(o); });
  quiet(() => 'a1b22'.replace(/(?<n>\d)+/g, (match, n, at, whole, groups) => `${match}${groups.n}`));
  quiet(() => 'x'.repeat(100).match(/(x+x+)+$/));
  quiet(() => new RegExp('(?<a>.)(?<=\\k<a>)[^\\p{Lu}]{2,5}?(?!z)|\\b', 'giu').exec('abcd'));
  quiet(() => { for (const f of ['(', '[', '(?<a', '\\', '{']) quiet(() => new RegExp(f, 'v')); });
  quiet(() => 'İıßΣ'.normalize('NFD').toLocaleUpperCase().localeCompare('x'));
  quiet(() => (3n ** 300n / 7n ** 9n).toString(7) + BigInt('0x' + 'f'.repeat(99)) + BigInt.asIntN(64, -(2n ** 90n)) + ((-5n) >> 1n));
  quiet(() => [1.5e300, 5e-324, 0.1, 123456789.123].map((x) => x.toString(7) + x.toFixed(9) + x.toExponential(3) + x.toPrecision(20)));
  quiet(() => new Date('2020-02-30T10:00:00+01:00').toLocaleString() + new Date(NaN));
  quiet(() => { let text = ''; for (let i = 0; i < 300; i++) text += `${i}é`; return text.split('9').join('-').padEnd(4000, 'ab').at(-1); });
  quiet(() => { const o = {}; for (let i = 0; i < 300; i++) o[`key${i}`] = i; for (const k in o) if (o[k] % 3) delete o[k]; return { ...o, ...[1, 2] }; });
  quiet(() => { const a = []; a[5000] = 1; a.length = 10; a.push(...Array(2000).keys()); return a.sort((x, y) => y - x).flat().concat(a, [[1]]).toSpliced(1, 2); });
  quiet(() => { const m = new Map(); for (let i = 0; i < 400; i++) m.set({ i }, m).set(`${i}`, i); for (const [k] of m) m.delete(k); });
  quiet(() => Array.from({ length: 5000 }, (_, i) => ({ i })).length);
  quiet(() => { const b = new ArrayBuffer(200000, { maxByteLength: 400000 }); b.resize(300000); return new Uint8Array(b).map((x) => x + 1).slice(5).toString().length + b.transfer(7).byteLength; });
  quiet(() => { const e = new Error('m'); Error.captureStackTrace?.(e); Error.prepareStackTrace = (error, sites) => sites.map(String); const s = new Error('n').stack; Error.prepareStackTrace = undefined; return s; });
  quiet(() => { const [a, { b = 1, ...rest } = { c: 2 }, ...others] = [1, undefined, 3, 4]; return a + b + rest.c + others.length; });
  quiet(() => ((tag, ...values) => tag.raw.concat(values))`a${1}\u00e9${{}}`);
  quiet(() => {
    class A { #p = 1; static #s = new Set(); static { this.#s.add(1); } get p() { return this.#p; } set p(v) { this.#p = v; } #m() { return #p in this; } m() { return this.#m(); } ['c' + 1] = () => super.toString(); accessor; }
    class B extends A { constructor(...rest) { super(...rest); this.p++; } static async *[Symbol.asyncIterator]() { yield* [1]; } }
    return new B(1, 2).m() + new B().c1() + B.name;
  });
  quiet(() => { const f = Function('a', 'b = a', '...c', 'return a + b + c.length + arguments.length'); return f(1) + f.toString() + (0, eval)('var evaluated = 1; evaluated + 1'); });
  quiet(() => { label: for (const x of (function* () { try { yield 1; yield 2; } finally { yield 3; } })()) { for (;;) { if (x) break label; } } });
  quiet(() => { const { proxy, revoke } = Proxy.revocable({}, { ownKeys: () => ['a', 'b'], getOwnPropertyDescriptor: () => ({ value: 1, configurable: true, enumerable: true }) }); Object.entries(proxy); revoke(); proxy.x; });
  quiet(() => { with_(); function with_() { return new Function('o', 'with (o) { return a + (() => a)() + delete o.a }')({ a: 1 }); } });

  const settle = (async () => {
    const log = [];
    await null;
    for await (const x of (async function* () { try { yield 1; yield Promise.resolve(2); } finally { await 3; } })()) log.push(x);
    for await (const x of [Promise.resolve(1), 2]) log.push(x);
    await Promise.allSettled([Promise.all([1, Promise.reject(2)]), Promise.race([1]), Promise.any([]), Promise.try?.(() => { throw 1; })]);
    await Array.fromAsync([1, Promise.resolve(2)], async (x) => x + 1);
    await { then(resolve) { resolve(1); } };
    const { promise, resolve } = Promise.withResolvers();
    queueMicrotask(() => resolve(1));
    await promise;
    await import('a').catch(() => {});
    await import('missing').catch(() => {});
    await import('broken').catch(() => {});
    await import('data', { with: { type: 'json' } }).catch(() => {});
    return log;
  })();
  settle.catch(() => {});
})();
