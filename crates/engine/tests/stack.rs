//! Stack exhaustion: recursion of every kind ends in a value or an error, with only a small reserve
//! of native stack behind the limit.

mod support;

use quickbeam_engine::*;
use std::rc::Rc;
use std::thread;
use support::*;

/// Native stack behind the limit of scripts, which builtins that recurse without asking may use.
const HEADROOM: usize = 256 * 1024;
const LIMITS: [usize; 5] = [64 << 10, 256 << 10, 512 << 10, 1 << 20, 8 << 20];

/// Every script ends by itself, or by the budget.
const SCRIPTS: &[(&str, &str)] = &[
    ("function", "function f() { f() } f()"),
    ("function with many locals", "function f(a,b,c,d,e) { let g=1,h=2,i=3,j=4,k=5,l=[a,b,c,d,e]; f(g,h,i,j,k,l); return l } f()"),
    ("method", "const o = { m() { this.m() } }; o.m()"),
    ("getter", "const o = { get x() { return this.x } }; o.x"),
    ("setter", "const o = { set x(v) { this.x = v } }; o.x = 1"),
    ("proxy get", "const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x"),
    ("proxy every trap", "const h = new Proxy({}, { get: (t, trap) => (...args) => Reflect[trap](p, ...args.slice(1)) });
        const p = new Proxy(function () {}, h); const tries = [() => p.x, () => { p.x = 1 }, () => 'x' in p, () => delete p.x,
        () => Object.keys(p), () => p(), () => new p(), () => Object.getPrototypeOf(p), () => Object.setPrototypeOf(p, {}),
        () => Object.isExtensible(p), () => Object.preventExtensions(p), () => Object.defineProperty(p, 'x', {}),
        () => Object.getOwnPropertyDescriptor(p, 'x')]; for (const t of tries) { try { t() } catch {} }"),
    ("toString", "const o = { toString() { return '' + this } }; `${o}`"),
    ("valueOf", "const o = { valueOf() { return +this } }; +o"),
    ("Symbol.toPrimitive", "const o = { [Symbol.toPrimitive]() { return o + 1 } }; o + 1"),
    ("Symbol.hasInstance", "class A { static [Symbol.hasInstance](x) { return x instanceof A } } ({}) instanceof A"),
    ("toJSON", "const o = { toJSON() { return JSON.stringify(this) } }; JSON.stringify(o)"),
    ("JSON.parse deep", "JSON.parse('['.repeat(3e5) + ']'.repeat(3e5))"),
    ("JSON.parse deep objects", "JSON.parse('{\"a\":'.repeat(3e5) + '1' + '}'.repeat(3e5))"),
    ("JSON.parse reviver", "let a = []; for (let i = 0; i < 3000; i++) a = [a]; JSON.parse(JSON.stringify(a), function (k, v) { return JSON.parse('[1]', arguments.callee) })"),
    ("JSON.stringify deep", "let a = []; for (let i = 0; i < 3e5; i++) a = [a]; JSON.stringify(a)"),
    ("JSON.stringify deep indent", "let a = {}; for (let i = 0; i < 1e5; i++) a = {a}; JSON.stringify(a, null, 0)"),
    ("array flat", "let a = []; for (let i = 0; i < 3e5; i++) a = [a]; a.flat(Infinity)"),
    ("array join", "let a = []; for (let i = 0; i < 3e5; i++) a = [a]; a.join()"),
    ("array toString", "let a = [1]; for (let i = 0; i < 3e5; i++) a = [a]; String(a)"),
    ("array toLocaleString", "let a = [1]; for (let i = 0; i < 3e5; i++) a = [a]; a.toLocaleString()"),
    ("array concat spreadable", "const a = { get [Symbol.isConcatSpreadable]() { return [].concat(a) } }; [].concat(a)"),
    ("regex groups", "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))"),
    ("regex non-capturing groups", "new RegExp('(?:'.repeat(3e5) + ')'.repeat(3e5))"),
    ("regex lookaheads", "new RegExp('(?='.repeat(1e5) + ')'.repeat(1e5))"),
    ("regex classes", "new RegExp('['.repeat(1e5) + ']'.repeat(1e5), 'v')"),
    ("regex alternatives", "new RegExp('(a|'.repeat(1e5) + ')'.repeat(1e5))"),
    ("regex match deep", "/(?:(a|b)*)*c/.exec('ab'.repeat(1e4))"),
    ("regex nested quantifier", "/^(?:(?:a?){20}){20}$/.exec('a'.repeat(1e5))"),
    ("regex backtrack", "/(x+x+)+y/.exec('x'.repeat(40))"),
    ("regex quantified groups", "new RegExp('(?:a{0,1000}'.repeat(4) + '){0,1000}'.repeat(4)).exec('a'.repeat(1e4))"),
    ("regex replace callback", "function f() { return 'a'.replace(/a/, f) } f()"),
    ("regex exec override", "const r = /a/; r.exec = function () { return RegExp.prototype[Symbol.replace].call(r, 'a', 'b') }; 'a'.replace(r, 'b')"),
    ("parser parentheses", "eval('('.repeat(1e5) + ')'.repeat(1e5))"),
    ("parser brackets", "eval('['.repeat(1e5) + ']'.repeat(1e5))"),
    ("parser braces", "eval('{'.repeat(1e5) + '}'.repeat(1e5))"),
    ("parser objects", "eval('({a:'.repeat(1e5) + '1' + '})'.repeat(1e5))"),
    ("parser functions", "eval('function f(){'.repeat(1e5) + '}'.repeat(1e5))"),
    ("parser arrows", "eval('()=>'.repeat(1e5) + '1')"),
    ("parser arrow parameters", "eval('(a=(' .repeat(1e4) + ')=>1)=>1'.repeat(1e4))"),
    ("parser templates", "eval('`${'.repeat(1e5) + '1' + '}`'.repeat(1e5))"),
    ("parser unary", "eval('-'.repeat(1e5) + '1')"),
    ("parser not", "eval('!'.repeat(3e5) + '1')"),
    ("parser typeof", "eval('typeof '.repeat(1e5) + '1')"),
    ("parser await", "eval('(async () => ' + 'await '.repeat(1e5) + '1)')"),
    ("parser yield", "eval('(function* () { ' + 'yield '.repeat(1e5) + '1 })')"),
    ("parser power", "eval('2**'.repeat(1e5) + '1')"),
    ("parser conditional", "eval('1?'.repeat(1e5) + '1' + ':1'.repeat(1e5))"),
    ("parser conditional right", "eval('1?1:'.repeat(1e5) + '1')"),
    ("parser assignment", "var a; eval('a='.repeat(1e5) + '1')"),
    ("parser comma", "eval('1,'.repeat(1e5) + '1')"),
    ("parser plus", "eval('1+'.repeat(1e5) + '1')"),
    ("parser and", "eval('1&&'.repeat(1e5) + '1')"),
    ("parser coalesce", "eval('null??'.repeat(1e5) + '1')"),
    ("parser optional chain", "var a; eval('a' + '?.a'.repeat(1e5))"),
    ("parser members", "var a = {}; a.a = a; eval('a' + '.a'.repeat(1e5))"),
    ("parser calls", "var a = () => a; eval('a' + '()'.repeat(1e5))"),
    ("parser new", "eval('new '.repeat(1e5) + 'Object')"),
    ("parser if", "eval('if(1)'.repeat(1e5) + ';')"),
    ("parser else", "eval('if(0);else '.repeat(1e5) + ';')"),
    ("parser for", "eval('for(;0;)'.repeat(1e5) + ';')"),
    ("parser while", "eval('while(0)'.repeat(1e5) + ';')"),
    ("parser do", "eval('do '.repeat(1e5) + ';' + 'while(0)'.repeat(1e5))"),
    ("parser labels", "eval(Array.from({ length: 1e4 }, (_, i) => 'l' + i + ':').join('') + ';')"),
    ("parser switch", "eval('switch(1){case 1:'.repeat(1e5) + '}'.repeat(1e5))"),
    ("parser try", "eval('try{'.repeat(1e4) + '}catch{}'.repeat(1e4))"),
    ("parser try finally", "eval('try{'.repeat(1e4) + '}finally{}'.repeat(1e4))"),
    ("parser with", "eval('with({})'.repeat(1e4) + ';')"),
    ("parser destructuring", "eval('var ' + '['.repeat(1e5) + 'a' + ']'.repeat(1e5) + '=1')"),
    ("parser object destructuring", "eval('var ' + '{a:'.repeat(1e5) + 'a' + '}'.repeat(1e5) + '=1')"),
    ("parser default destructuring", "eval('(' + '[a=['.repeat(1e4) + ']]'.repeat(1e4) + '=1)')"),
    ("parser assignment patterns", "var a; eval('['.repeat(1e5) + 'a' + ']'.repeat(1e5) + '=1')"),
    ("parser classes", "eval('class A{static{'.repeat(1e4) + '}}'.repeat(1e4))"),
    ("parser class extends", "eval('class A extends '.repeat(1e4) + 'Object' + '{}'.repeat(1e4))"),
    ("parser class fields", "eval('(class{a='.repeat(1e4) + '1' + '})'.repeat(1e4))"),
    ("parser computed keys", "eval('({['.repeat(1e4) + '1' + ']:1})'.repeat(1e4))"),
    ("parser spread", "eval('[...'.repeat(1e4) + '[]' + ']'.repeat(1e4))"),
    ("parser Function", "Function('('.repeat(1e5))"),
    ("parser many arguments", "Function(Array.from({ length: 70000 }, (_, i) => 'a' + i).join(), '')"),
    ("parser many locals", "eval('(function(){' + Array.from({ length: 70000 }, (_, i) => 'var a' + i).join(';') + '})()')"),
    ("parser many constants", "eval('[' + Array.from({ length: 70000 }, (_, i) => i + .5).join() + ']')"),
    ("parser many call arguments", "eval('Math.max(' + '1,'.repeat(70000) + '1)')"),
    ("parser many captures", "eval('(function(){' + Array.from({ length: 6600 }, (_, i) => 'let a' + i).join(';') + ';return()=>' + Array.from({ length: 6600 }, (_, i) => 'a' + i).join('+') + '})()')"),
    ("class chain", "let C = class {}; for (let i = 0; i < 1e5; i++) C = class extends C {}; new C()"),
    ("class chain explicit", "let C = class {}; for (let i = 0; i < 1e4; i++) C = class extends C { constructor() { super() } }; new C()"),
    ("class constructor", "class A { constructor() { new A() } } new A()"),
    ("class field", "class A { x = new A() } new A()"),
    ("class private", "class A { #x = 1; get x() { return this.x + this.#x } } new A().x"),
    ("class static block", "function f() { return class { static { f() } } } f()"),
    ("async recursion", "async function f() { await f() } f()"),
    ("async recursion without await", "async function f() { f() } f()"),
    ("async arrows", "let n = 0; const f = async () => { try { await f() } finally { if (n++ < 1e4) f() } }; f()"),
    ("async recursion with arguments", "async function f(...a) { return f(...a, 1) } f()"),
    ("async method", "const o = { async m() { await this.m() } }; o.m()"),
    ("async generator", "async function* g() { yield* g() } g().next()"),
    ("async generator for await", "async function* g() { for await (const x of g()) yield x } g().next()"),
    ("generator", "function* g() { yield* g() } g().next()"),
    ("generator spread", "function* g() { yield [...g()] } [...g()]"),
    ("generator for-of chain", "function* g(i) { for (const x of i) yield x } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator destructuring chain", "function* g(i) { const [x] = i; yield x } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator spread chain", "function* g(i) { yield* [...i] } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator delegation of delegation", "function* g(i) { yield* i } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator chain return", "function* g(i) { try { for (const x of i) yield x } finally { i.return() } } let p = [1, 2].values(); for (let i = 0; i < 1e5; i++) p = g(p); try { p.next() } catch {} p.return()"),
    ("generator through Array.from", "function* g(i) { yield* Array.from(i) } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator through Map", "function* g(i) { yield [new Map(i)] } let p = [].values(); for (let i = 0; i < 1e5; i++) p = g(p); p.next()"),
    ("generator through helpers", "function* g(i) { yield* i } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = g(p).map(x => x); p.next()"),
    ("async generator chain", "async function* g(i) { for await (const x of i) yield x } let p = [1].values(); for (let i = 0; i < 1e4; i++) p = g(p); p.next()"),
    ("async from sync chain", "async function* g(i) { for await (const x of i) yield x } let p = [1].values(); for (let i = 0; i < 1e5; i++) p = Iterator.from(p).filter(x => x); g(p).next()"),
    ("helpers of every kind", "let p = [1].values(); const ks = ['map', 'filter', 'flatMap', 'take', 'drop']; for (let i = 0; i < 1e5; i++) p = p[ks[i % 5]](i % 5 < 3 ? x => [x] : 1); try { p.next() } catch {} p.return()"),
    ("helpers return", "let p = { __proto__: Iterator.prototype, next() { return { value: 1 } }, return() { return {} } }; for (let i = 0; i < 1e5; i++) p = p.map(x => x); p.return()"),
    ("Iterator.concat", "let p = [1].values(); for (let i = 0; i < 1e5; i++) p = Iterator.concat(p); p.next()"),
    ("Iterator.zip", "let p = [1].values(); for (let i = 0; i < 1e4; i++) p = Iterator.zip([p]); p.next()"),
    ("wrapped iterators", "let p = { next() { return { done: true } } }; const it = Iterator.from(p); const wrap = Object.getPrototypeOf(it); for (let i = 0; i < 1e5; i++) p = Iterator.from({ next: wrap.next.bind(Iterator.from(p)) }); p.next()"),
    ("function realm of proxies", "function F() {} F.prototype = 1; let p = F; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); Reflect.construct(Array, [], p)"),
    ("prototype cycle through a proxy", "const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); for (const f of [() => t.x, () => 'x' in t, () => { t.x = 1 }]) { try { f() } catch {} }"),
    ("generator delegation chain", "function* g(n) { if (n) yield* g(n - 1); yield n } for (const x of g(5000)) { x }"),
    ("generator return", "function* g() { try { yield 1 } finally { g2().return() } } function g2() { const i = g(); i.next(); return i } g2().return()"),
    ("promise chain", "let p = Promise.resolve(); for (let i = 0; i < 1e5; i++) p = p.then(() => i)"),
    ("promise nesting", "let p = Promise.resolve(); for (let i = 0; i < 1e5; i++) p = new Promise(r => r(p))"),
    ("promise pending chain", "let r; let p = new Promise(f => { r = f }); for (let i = 0; i < 1e5; i++) p = p.then(x => x); r(1)"),
    ("promise thenable", "const t = { then(r) { r(t) } }; Promise.resolve(t)"),
    ("promise then getter", "const t = { get then() { return Promise.resolve(t) } }; Promise.resolve(t)"),
    ("promise executor", "function f() { return new Promise(f) } f()"),
    ("promise closures", "let p = null; for (let i = 0; i < 3e5; i++) { const q = p; p = () => q } p = null"),
    ("promise all nested", "let p = []; for (let i = 0; i < 3e4; i++) p = Promise.all([p])"),
    ("linked list", "let p = null; for (let i = 0; i < 3e5; i++) p = { p }; p = null"),
    ("linked arrays", "let p = null; for (let i = 0; i < 3e5; i++) p = [p]; p = null"),
    ("linked maps", "let p = null; for (let i = 0; i < 1e5; i++) p = new Map([[p, p]]); p = null"),
    ("linked weak maps", "let p = {}; for (let i = 0; i < 1e4; i++) { const w = new WeakMap([[p, w0 = { p }]]); p = w; } var w0; p = null"),
    ("linked iterators", "let p = [][Symbol.iterator](); for (let i = 0; i < 1e5; i++) p = Iterator.from(p).map(x => x); p.next()"),
    ("linked iterators flatMap", "let p = [1].values(); for (let i = 0; i < 1e5; i++) { const q = p; p = [1].values().flatMap(() => q) } [...p]"),
    ("iterator wrap", "let p = { next() { return { done: true } } }; for (let i = 0; i < 1e5; i++) p = Iterator.from({ __proto__: null, next: p.next, [Symbol.iterator]() { return this } }); p.next()"),
    ("rope left", "let s = 'ab'; for (let i = 0; i < 3e5; i++) s = s + 'c' + i; s.length; s[5]; s = null"),
    ("rope right", "let s = 'ab'; for (let i = 0; i < 1e5; i++) s = 'some longer text of a rope leaf' + i + s; s[5]; s.indexOf('zz'); s = null"),
    ("rope both", "let s = 'abcdefgh'.repeat(2000); for (let i = 0; i < 1e5 && s.length < 5e8; i++) s = (i & 1) ? s + 'x'.repeat(9000) : 'x'.repeat(9000) + s; s = null"),
    ("rope doubling", "let s = 'abcdefgh'.repeat(2000); for (let i = 0; i < 13; i++) s = s + s; s.length; s[3]"),
    ("rope compare", "const make = () => { let s = 'x'.repeat(9000); for (let i = 0; i < 1e4; i++) s = s + 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'; return s }; make() === make(); make() < make()"),
    ("rope key", "let s = 'x'.repeat(9000); for (let i = 0; i < 1e4; i++) s = 'yyyyyyyyyyyyyyyyyy' + s; ({})[s]"),
    ("prototype chain", "let o = {}; for (let i = 0; i < 3e5; i++) o = Object.create(o); o.x; 'x' in o; o.x = 1; o instanceof Array"),
    ("prototype chain for in", "let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); for (const k in o) k"),
    ("proxy chain", "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); try { p.x } catch {} try { p.x = 1 } catch {} try { 'x' in p } catch {}
        try { delete p.x } catch {} try { Object.keys(p) } catch {} try { Object.getPrototypeOf(p) } catch {} try { Array.isArray(p) } catch {}
        try { Object.isExtensible(p) } catch {} try { Object.preventExtensions(p) } catch {} try { Object.defineProperty(p, 'y', {}) } catch {}
        try { Object.getOwnPropertyDescriptor(p, 'x') } catch {} try { JSON.stringify(p) } catch {} try { `${p}` } catch {} try { Object.setPrototypeOf(p, null) } catch {}
        try { structuredClone(p) } catch {} try { p instanceof Object } catch {} try { Object.prototype.toString.call(p) } catch {}"),
    ("proxy chain of arrays", "let p = []; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); try { Array.isArray(p) } catch {} try { [].concat(p) } catch {} try { [p].flat() } catch {} try { JSON.stringify([p]) } catch {}"),
    ("proxy chain of functions", "let p = function () {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); try { p() } catch {} try { new p() } catch {} try { Reflect.construct(Array, [], p) } catch {} try { class A extends p {} new A() } catch {} try { p.bind() } catch {}"),
    ("proxy as prototype", "const p = new Proxy({}, {}); try { Object.setPrototypeOf(p, p) } catch {} let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(new Proxy(o, {})); try { o.x } catch {} try { 'x' in o } catch {} try { o.x = 1 } catch {} try { for (const k in o) k } catch {}"),
    ("proxy as its own prototype", "const p = new Proxy({ __proto__: null }, { getPrototypeOf() { return p } }); try { ({}) instanceof Object.assign(function () {}, { prototype: {} }) } catch {} try { Object.prototype.isPrototypeOf.call({}, p) } catch {} try { p instanceof Array } catch {}"),
    ("proxy handler chain", "let h = {}; for (let i = 0; i < 1e5; i++) h = new Proxy({}, h); h.x"),
    ("bound chain", "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null, i); f()"),
    ("bound chain plain", "let f = function () {}; for (let i = 0; i < 1e5; i++) f = f.bind(); try { f() } catch {} try { new f() } catch {} try { ({}) instanceof f } catch {} try { Reflect.construct(Array, [], f) } catch {}"),
    ("sort comparator", "function c() { return [2, 1].sort(c) } [2, 1].sort(c)"),
    ("typed sort comparator", "function c() { return new Int8Array([2, 1]).sort(c) } c()"),
    ("Array.from", "const f = () => Array.from([1], f); f()"),
    ("Array.from iterator", "const o = { [Symbol.iterator]() { return Array.from(o) } }; Array.from(o)"),
    ("Array.fromAsync", "const f = () => Array.fromAsync([1], f); f()"),
    ("array species", "class A extends Array { static get [Symbol.species]() { return new A(1).map(x => x), Array } } new A(1).map(x => x)"),
    ("array callbacks", "const f = () => [1].map(() => [1].filter(() => [1].reduce(f, 0))); f()"),
    ("tagged template", "function t() { return t`${1}` } t``"),
    ("spread call", "Math.max(...Array(3e5))"),
    ("spread call of a script", "function f() { return arguments.length } f(...Array(3e5))"),
    ("spread many", "function f(...a) { return f(...a, ...a, 1) } f(1)"),
    ("spread new", "function f() {} new f(...Array(3e5))"),
    ("spread 60000 recursive", "const a = Array(60000); function f() { return f(...a) } f()"),
    ("apply", "Math.max.apply(null, Array(3e5))"),
    ("apply 65535", "function f() { return f.apply(null, a) } const a = Array(65535); f()"),
    ("apply array-like", "String.fromCharCode.apply(null, { length: 60000 })"),
    ("apply recursive", "function f() { f.apply(this, arguments) } f(1)"),
    ("call recursive", "function f() { f.call.call.call(f) } f()"),
    ("Reflect.apply", "function f() { Reflect.apply(f, null, [1]) } f()"),
    ("Reflect.construct", "function F() { Reflect.construct(F, []) } new F()"),
    ("construct many", "Reflect.construct(Array, Array(65535))"),
    ("String.fromCharCode", "String.fromCharCode(...Array(65000).fill(65))"),
    ("eval recursion", "const s = 'eval(s)'; eval(s)"),
    ("Function recursion", "const s = 'Function(s)()'; var s2; globalThis.s = s; Function(s)()"),
    ("indirect eval", "globalThis.t = '(0, eval)(t)'; (0, eval)(t)"),
    ("error stack", "Error.prepareStackTrace = (e, s) => new Error('x').stack; new Error('y').stack"),
    ("error getter message", "class E extends Error { get message() { return String(this) } } String(new E())"),
    ("error cause", "let e = null; for (let i = 0; i < 1e5; i++) e = new Error('x', { cause: e }); throw e"),
    ("aggregate error", "let e = null; for (let i = 0; i < 1e5; i++) e = new AggregateError([e], 'x'); throw e"),
    ("finally recursion", "function f() { try { f() } finally { f() } } f()"),
    ("catch recursion", "function f() { try { f() } catch { f() } } f()"),
    ("Object.assign getter", "const o = { get a() { return Object.assign({}, o) } }; Object.assign({}, o)"),
    ("object spread getter", "const o = { get a() { return { ...o } } }; ({ ...o })"),
    ("Object.fromEntries", "const o = { get 0() { return Object.fromEntries([o]) } }; Object.fromEntries([o])"),
    ("Object.groupBy", "const f = () => Object.groupBy([1], f); f()"),
    ("destructuring getter", "const o = { get a() { const { a } = o; return a } }; o.a"),
    ("default parameter", "function f(a = f()) {} f()"),
    ("iterator close", "const i = { [Symbol.iterator]() { return this }, next() { return { value: 1 } }, return() { const [x] = i; return {} } }; const [x] = i"),
    ("using", "function f() { using x = { [Symbol.dispose]() { f() } } } f()"),
    ("FinalizationRegistry", "const r = new FinalizationRegistry(() => {}); let o = {}; for (let i = 0; i < 1e5; i++) { r.register(o, i); o = { o } } o = null"),
    ("WeakRef", "let o = {}; for (let i = 0; i < 1e5; i++) o = new WeakRef([o]); o = null"),
    ("BigInt", "let b = 2n; for (let i = 0; i < 18; i++) b *= b; b.toString()"),
    ("BigInt parse", "BigInt('9'.repeat(2e5))"),
    ("BigInt valueOf", "const o = { valueOf() { return BigInt(o) } }; BigInt(o)"),
    ("Date valueOf", "const o = { valueOf() { return new Date(o) } }; new Date(o)"),
    ("Atomics", "const o = { valueOf() { return Atomics.add(new Int32Array(1), 0, o) } }; +o"),
    ("typed array set", "const o = { length: 1, get 0() { new Int8Array(1).set(o); return 1 } }; new Int8Array(1).set(o)"),
    ("DataView", "const o = { valueOf() { return new DataView(new ArrayBuffer(8)).getInt8(o) } }; +o"),
    ("string raw", "const o = { raw: { length: 1, get 0() { return String.raw(o) } } }; String.raw(o)"),
    ("string split", "const o = { [Symbol.split](s) { return s.split(o) } }; 'a'.split(o)"),
    ("string normalize", "'\\u1E9B\\u0323'.repeat(3e5).normalize('NFKD').length"),
    ("string localeCompare", "'\\u1E9B\\u0323'.repeat(1e5).localeCompare('a'.repeat(1e5))"),
    ("Intl-like case", "'ß'.repeat(3e5).toUpperCase().length"),
    ("module import", "import('x')"),
    ("dynamic import specifier", "const o = { toString() { return import(o) } }; import(o)"),
    ("with", "const o = new Proxy({}, { has() { return Function('o', 'with (o) x')(o) } }); Function('o', 'with (o) x')(o)"),
    ("global proxy prototype", "Object.setPrototypeOf(globalThis, new Proxy({}, { get() { return nothing }, has() { return nothing } })); nothing"),
    ("symbol species promise", "class P extends Promise { static get [Symbol.species]() { return new P(() => {}).then(), Promise } } new P(() => {}).then()"),
    ("map forEach", "const m = new Map([[1, 1]]); const f = () => m.forEach(f); f()"),
    ("map getOrInsertComputed", "const m = new Map(); const f = () => m.getOrInsertComputed?.({}, f); f()"),
    ("set methods", "const s = { size: 1, has() { return new Set([1]).isSubsetOf(s) }, keys() { return new Set([1]).union(s) } }; try { new Set([1]).isSubsetOf(s) } catch {} new Set([1]).union(s)"),
    ("queueMicrotask", "const f = () => queueMicrotask(f); f()"),
    ("instanceof chain", "let f = function () {}; f.prototype = {}; let o = {}; for (let i = 0; i < 3e5; i++) o = Object.create(o); o instanceof f"),
    ("bound native", "boundCall(boundCall)"),
    ("bound native by call", "boundCall(Function.prototype.call.bind(boundCall, null, boundCall))"),
    ("bound native in a getter", "Object.defineProperty(Object.prototype, 'x', { get: boundCall.bind(null, boundCall) }); ({}).x"),
    ("bound native as a trap", "const h = { get: boundCall }; const p = new Proxy(boundCall, h); h.get = () => boundCall(p); p.x"),
    ("bound native as toString", "const o = { toString: boundCall.bind(null, boundCall) }; `${o}`"),
    ("bound native in an iterator", "const i = Object.create(Iterator.prototype); i.next = () => boundCall(() => i.map(x => x).next()); i.next()"),
    ("bound native as then", "Promise.resolve({ then: boundCall.bind(null, boundCall) })"),
    ("native", "hostCall(hostCall)"),
    ("exotic get", "host.x"),
    ("exotic has", "'x' in host"),
    ("exotic set", "host.x = 1"),
    ("exotic delete", "delete host.x"),
    ("exotic names", "Object.keys(host)"),
    ("exotic in a prototype", "const o = Object.create(host); o.x; o.x = 1"),
];

/// Calls its first argument with itself.
fn call_itself<'a>(ctx: Ctx<'a>, _: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ctx.call(&args.get(0), &ctx.undefined(), &[args.get(0)])
}

/// Asks the object for what it is itself asked for.
struct Mirror;

impl Exotic for Mirror {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        Ok(Some((object.get_key(key)?, Attributes::ALL)))
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        object.keys()
    }

    fn define<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>, value: Option<&Value<'a>>) -> Result<Option<bool>> {
        let value = value.cloned().unwrap_or_else(|| object.ctx().undefined());
        object.set_key(key, value).map(|()| Some(true))
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        object.delete_key(key)
    }
}

/// Host functions and objects that recurse without any script in between.
fn add_hosts(ctx: Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    globals.set("hostCall", ctx.function("hostCall", 1, call_itself)?)?;
    globals.set("boundCall", ctx.bound_function(&ctx.null(), call_itself)?)?;
    globals.set("host", ctx.exotic_object(Rc::new(Mirror), None)?)
}

/// Runs one script on a thread whose stack is `limit` and the headroom.
fn run(source: &'static str, limit: usize, headroom: usize) {
    let body = move || {
        let options = IsolateOptions { memory_limit: 2 << 30, max_stack_size: limit };
        with_options(options, |isolate, ctx| {
            assert!(add_hosts(ctx).is_ok());
            isolate.set_interrupt(Budget::of(500_000));
            eval_text(ctx, source);
            run_jobs(ctx, 20_000);
            isolate.collect_garbage();
            isolate.set_interrupt(None);
            isolate.set_countdown(10_000);
            assert_eq!(eval_text(ctx, "1 + 1"), "2");
        })
    };
    thread::Builder::new().stack_size(limit + headroom).spawn(body).unwrap().join().unwrap()
}

#[test]
fn recursion_of_every_kind_ends_in_a_value_or_an_error() {
    // Each script at one of the limits; the long form tries all of them at all.
    let all = stride(LIMITS.len(), 1) == 1;
    let place = |case: usize| match all {
        true => (&SCRIPTS[case / LIMITS.len()], LIMITS[case % LIMITS.len()]),
        false => (&SCRIPTS[case], LIMITS[case % LIMITS.len()]),
    };
    let count = SCRIPTS.len() * if all { LIMITS.len() } else { 1 };
    let crashes = crashes("recursion_of_every_kind_ends_in_a_value_or_an_error", count, |case| {
        let ((_, source), limit) = place(case);
        run(source, limit, HEADROOM);
    });
    assert_none(&crashes, |case| format!("{} at {} bytes", place(case).0.0, place(case).1));
}

/// Recursion through a job's own machinery, where the engine would rather abort than fail.
const NARROW: [&str; 4] = [
    "async function f() { f() } f()",
    "async function f(a, b, c) { let d = [a, b, c]; await f(d, d, d) } f()",
    "async function f() { try { f() } finally { await null } } f()",
    "async function* g() { for await (const x of g()) yield x } g().next()",
];

#[test]
fn the_limit_may_be_met_at_any_depth() {
    const STEP: usize = 16;
    const SPAN: usize = 1536;
    let places = SPAN / STEP;
    let crashes = crashes("the_limit_may_be_met_at_any_depth", NARROW.len() * places, |case| {
        run(NARROW[case / places], (64 << 10) + case % places * STEP, HEADROOM);
    });
    assert_none(&crashes, |case| format!("{} with {} more bytes", NARROW[case / places], case % places * STEP));
}
