// What Node.js's tests of buffers ask for: `assert`, `../common`, and parts of other modules.
(host) => {
globalThis.global = globalThis;
globalThis.process = globalThis.process ?? { arch: 'x64', platform: 'linux', version: 'v25', versions: {}, config: {variables:{}}, execArgv: [], env: {}, emitWarning() {}, on() {}, binding() { return {} } , memoryUsage: () => ({})};
const { inspect, buffer } = host;
class AssertionError extends Error { get name() { return 'AssertionError' } }
const fail = (m, d) => { if (m instanceof Error) throw m; throw new AssertionError(m ?? d) };
function deep(a, b, strict = true) {
  if (strict ? Object.is(a, b) : (a == b || (a !== a && b !== b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const ka = Object.keys(a), kb = Object.keys(b);
  if (ka.length !== kb.length) return false;
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return false;
  return ka.every(k => Object.hasOwn(b, k) && deep(a[k], b[k], strict));
}
const assert = (v, m) => { if (!v) fail(m, 'not ok') };
Object.assign(assert, { AssertionError, ok: assert, fail: (m) => fail(m, 'failed'),
  strictEqual: (a, b, m) => { if (!Object.is(a, b)) fail(m, `${inspect(a)} !== ${inspect(b)}`) },
  notStrictEqual: (a, b, m) => { if (Object.is(a, b)) fail(m, `${inspect(a)} is the same`) },
  equal: (a, b, m) => { if (a != b) fail(m, `${inspect(a)} != ${inspect(b)}`) },
  notEqual: (a, b, m) => { if (a == b) fail(m, `${inspect(a)} == ${inspect(b)}`) },
  deepStrictEqual: (a, b, m) => { if (!deep(a, b)) fail(m, `${inspect(a)} not deep equal ${inspect(b)}`) },
  deepEqual: (a, b, m) => { if (!deep(a, b, false)) fail(m, `${inspect(a)} not deep equal ${inspect(b)}`) },
  notDeepStrictEqual: (a, b, m) => { if (deep(a, b)) fail(m, 'deep equal') },
  match: (a, r, m) => { if (!r.test(a)) fail(m, `${a} does not match ${r}`) },
  doesNotThrow: (f) => f(),
  throws(f, expected, m) {
    let error;
    try { f() } catch (e) { error = e; if (check(e, expected)) return; fail(undefined, `${f} threw ${e && e.name} ${e && e.code} ${e && e.message}, expected ${inspect(expected)}`) }
    fail(undefined, `${f} did not throw`);
  },
  async rejects(p, expected) { try { await (typeof p === 'function' ? p() : p) } catch (e) { if (check(e, expected)) return; throw e } fail(undefined, 'did not reject') },
});
assert.strict = assert;
function check(e, x) {
  if (x === undefined || typeof x === 'string') return true;
  if (x instanceof RegExp) return x.test(String(e));
  if (typeof x === 'function') { if (x.prototype && e instanceof x) return true; if (Error.isPrototypeOf(x) || x === Error) return false; return x(e) === true || x.length > 0 && x(e) === undefined }
  for (const k of Object.keys(x)) { if (x[k] instanceof RegExp && typeof e[k] === 'string') { if (!x[k].test(e[k])) return false } else if (!deep(e[k], x[k])) return false }
  return true;
}
class SkipError extends Error {}
const common = { mustCall: (f = () => {}) => f, mustNotCall: () => () => { throw new Error('mustNotCall') }, mustSucceed: (f) => f, expectWarning() {}, skip: (m) => { throw new SkipError(m) }, skipIf32Bits() {}, hasIntl: true, hasCrypto: true, isWindows: false, enoughTestMem: false, isDebug: false, platformTimeout: (x) => x,
  invalidArgTypeHelper(input) {
    if (input == null) return ` Received ${input}`;
    if (typeof input === 'function') return ` Received function ${input.name}`;
    if (typeof input === 'object') return input.constructor?.name ? ` Received an instance of ${input.constructor.name}` : ` Received ${inspect(input, { depth: -1 })}`;
    let i = inspect(input, { colors: false }); if (i.length > 28) i = `${i.slice(0, 25)}...`; return ` Received type ${typeof input} (${i})`;
  }, expectsError: (x) => (e) => check(e, x), printSkipMessage() {} , getArrayBufferViews(buf) { const { buffer, byteOffset, byteLength } = buf; const out = []; for (const T of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, DataView]) { const { BYTES_PER_ELEMENT = 1 } = T; if (byteLength % BYTES_PER_ELEMENT === 0) out.push(new T(buffer, byteOffset, byteLength / BYTES_PER_ELEMENT)) } return out } };
const code = (Base, c) => class extends Base { constructor(...a) { super(a.join(' ')); this.code = c } };
const nodeInspect = Object.assign((v, o) => inspect(v, o), { custom: Symbol.for('nodejs.util.inspect.custom') });
const modules = { assert, '../common': common, buffer, util: { inspect: nodeInspect, TextEncoder: globalThis.TextEncoder, types: {}, promisify: (f) => f, format: (...a) => a.join(' ') }, vm: { runInNewContext: (s, names = {}) => new Function(...Object.keys(names), `return (${s})`)(...Object.values(names)), runInThisContext: (s) => (0, eval)(s) }, os: { endianness: () => 'LE', EOL: '\n' }, 'internal/errors': { codes: { ERR_OUT_OF_RANGE: class extends RangeError { constructor(n, r, v) { super(`The value of "${n}" is out of range. It must be ${r}. Received ${v}`); this.code = 'ERR_OUT_OF_RANGE' } } } } };
globalThis.require = (name) => { const m = modules[name.replace(/^node:/, '')]; if (m === undefined) throw new SkipError(`needs ${name}`); return m };
globalThis.module = { exports: {} };
};
