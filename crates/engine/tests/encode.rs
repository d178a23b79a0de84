//! JS values to terms: the whole table, and values made to break the walk.

mod support;

use quickbeam_engine::*;
use std::any::Any;
use std::cmp::Ordering;
use std::fmt::Write;
use std::rc::Rc;
use support::*;

/// Renders terms as text; a term is an index into the texts.
#[derive(Default)]
struct Text(Vec<String>, Keys);

#[derive(Default, Clone, Copy, PartialEq)]
enum Keys {
    #[default]
    AsTheyCome,
    Sorted,
}

impl Text {
    fn term(&mut self, text: String) -> usize {
        self.0.push(text);
        self.0.len() - 1
    }

    fn of(&self, terms: &[usize]) -> Vec<&str> {
        terms.iter().map(|&term| self.0[term].as_str()).collect()
    }
}

impl Sink for Text {
    type Term = usize;

    fn nil(&mut self) -> usize {
        self.term("nil".into())
    }
    fn boolean(&mut self, value: bool) -> usize {
        self.term(value.to_string())
    }
    fn integer(&mut self, value: i64) -> usize {
        self.term(value.to_string())
    }
    fn float(&mut self, value: f64) -> usize {
        self.term(format!("{value:?}f"))
    }
    fn bigint(&mut self, negative: bool, digits: &str) -> usize {
        self.term(format!("{}0x{digits}", if negative { "-" } else { "" }))
    }
    fn string(&mut self, text: &str) -> usize {
        self.term(format!("{text:?}"))
    }
    fn bytes(&mut self, bytes: &[u8]) -> usize {
        self.term(format!("<<{}>>", bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",")))
    }
    fn symbol(&mut self, description: &str) -> usize {
        self.term(format!(":{description}"))
    }
    fn date(&mut self, epoch_ms: f64) -> usize {
        self.term(format!("date {epoch_ms}"))
    }
    fn list(&mut self, items: &[usize]) -> usize {
        let text = format!("[{}]", self.of(items).join(", "));
        self.term(text)
    }
    fn map(&mut self, keys: &[usize], values: &[usize]) -> usize {
        let mut text = String::from("%{");
        let mut entries: Vec<_> = self.of(keys).into_iter().zip(self.of(values)).collect();
        if self.1 == Keys::Sorted {
            entries.sort();
        }
        for (index, (key, value)) in entries.into_iter().enumerate() {
            let _ = write!(text, "{}{key} => {value}", if index == 0 { "" } else { ", " });
        }
        text.push('}');
        self.term(text)
    }
    fn order(&self, a: usize, b: usize) -> Ordering {
        if self.1 == Keys::Sorted { self.0[a].cmp(&self.0[b]) } else { Ordering::Equal }
    }
    fn host(&mut self, value: &dyn Any) -> Option<usize> {
        let pid = value.downcast_ref::<&str>()?;
        Some(self.term(format!("host {pid}")))
    }
}

/// Counts what it is given and keeps nothing, for values too large to render.
struct Count {
    strings: usize,
    lists: usize,
}

impl Sink for Count {
    type Term = ();

    fn nil(&mut self) {}
    fn boolean(&mut self, _value: bool) {}
    fn integer(&mut self, _value: i64) {}
    fn float(&mut self, _value: f64) {}
    fn bigint(&mut self, _negative: bool, _digits: &str) {}
    fn string(&mut self, _text: &str) {
        self.strings += 1;
    }
    fn bytes(&mut self, _bytes: &[u8]) {}
    fn symbol(&mut self, _description: &str) {}
    fn date(&mut self, _epoch_ms: f64) {}
    fn list(&mut self, _items: &[()]) {
        self.lists += 1;
    }
    fn map(&mut self, _keys: &[()], _values: &[()]) {}
    fn host(&mut self, _value: &dyn Any) -> Option<()> {
        None
    }
}

fn encoded(ctx: Ctx<'_>, source: &str, limits: EncodeLimits) -> String {
    encoded_into(Text::default(), ctx, source, limits)
}

fn encoded_into(mut text: Text, ctx: Ctx<'_>, source: &str, limits: EncodeLimits) -> String {
    let value = match ctx.eval(source, &EvalOptions::default()) {
        Ok(value) => value,
        Err(Thrown) => panic!("{source}: {}", ctx.take_report()),
    };
    match encode(ctx, &value, limits, &mut text) {
        Ok(term) => text.0.swap_remove(term),
        Err(EncodeError::Thrown) => format!("thrown {}", ctx.take_report()),
        Err(EncodeError::Limit(message)) => format!("limit: {message}"),
    }
}

fn check(source: &str, expected: &str) {
    in_realm(|_, ctx| assert_eq!(encoded(ctx, source, EncodeLimits::default()), expected, "{source}"));
}

#[test]
fn primitives() {
    check("undefined", "nil");
    check("null", "nil");
    check("true", "true");
    check("-0", "0");
    check("7", "7");
    check("1e3", "1000");
    check("0.5", "0.5f");
    check("2 ** 31", "2147483648");
    check("2 ** 53 - 1", "9007199254740991");
    check("-(2 ** 53 - 1)", "-9007199254740991");
    check("2 ** 53", "9007199254740992");
    check("-(2 ** 63)", "-0x8000000000000000");
    check("2 ** 63", "0x8000000000000000");
    check("-(2 ** 66) - 2 ** 15", "-0x40000000000008000");
    check("2 ** 1023", &format!("0x8{}", "0".repeat(255)));
    check("NaN", "NaNf");
    check("-Infinity", "-inff");
    check("5n", "5");
    check("-(2n ** 63n)", "-9223372036854775808");
    check("2n ** 63n", "0x8000000000000000");
    check("-(2n ** 64n)", "-0x10000000000000000");
    check("'é😀\\0'", "\"é😀\\0\"");
    check("'a\\ud800b\\udc00'", "\"a\u{fffd}b\u{fffd}\"");
    check("'x' + '\\ud83d' + '\\ude00'", "\"x😀\"");
    check("Symbol('ok')", ":ok");
    check("Symbol()", ":");
    check("Symbol.iterator", ":Symbol.iterator");
}

#[test]
fn containers() {
    check("[]", "[]");
    check("[1, , 'a']", "[1, nil, \"a\"]");
    check("const a = [1]; a.extra = 2; a", "[1]");
    check("({})", "%{}");
    check("({ b: 1, a: [2], 1: 3 })", "%{\"1\" => 3, \"b\" => 1, \"a\" => [2]}");
    check("({ [Symbol('s')]: 1, x: undefined })", "%{\"x\" => nil}");
    check(
        "Object.create({ inherited: 1 }, { hidden: { value: 1 }, shown: { value: 2, enumerable: true } })",
        "%{\"shown\" => 2}",
    );
    check("Object.assign(Object.create(null), { a: 1 })", "%{\"a\" => 1}");
    check("({ get a() { return 1 } })", "%{\"a\" => 1}");
    check("({ toJSON() { return 1 }, valueOf() { return 2 } })", "%{\"toJSON\" => nil, \"valueOf\" => nil}");
    check("({ __proto__: null, ['__proto__']: 1 })", "%{\"__proto__\" => 1}");
    check("new Map([['a', 1], ['b', [2]]])", "%{\"a\" => 1, \"b\" => [2]}");
    check("new Map([[1, 'x'], [{ k: 1 }, 2]])", "%{1 => \"x\", %{\"k\" => 1} => 2}");
    check("new Set([1, 'a', [2]])", "[1, \"a\", [2]]");
    check(
        "Map.prototype.forEach = Set.prototype.forEach = null; Array.prototype.push = null; [new Map([[1, 2]]), new Set([3])]",
        "[%{1 => 2}, [3]]",
    );
    check(
        "Object.defineProperty(Array.prototype, 0, { set() { throw 1 } }); [new Map([[1, 2]]), new Set([3])]",
        "[%{1 => 2}, [3]]",
    );
    check("(class A { #p = 1; q = 2; m() {} }, new (class A { #p = 1; q = 2; m() {} })())", "%{\"q\" => 2}");
    check("new Date(86400000)", "date 86400000");
    check("Date.prototype.getTime = null; new Date(5)", "date 5");
    check("new Date(NaN)", "nil");
    check("(() => 1)", "nil");
    check("class A {} A", "nil");
    check("Promise.resolve(1)", "nil");
    check("new Proxy([1, 2], {})", "[1, 2]");
    check("new Proxy({ a: 1 }, {})", "%{\"a\" => 1}");
    check(
        "new Proxy({}, { ownKeys: () => ['x'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: () => 7 })",
        "%{\"x\" => 7}",
    );
    check("new Number(1)", "1");
    check("new String('ab')", "\"ab\"");
    check("new Boolean(false)", "false");
    check("Object(5n)", "5");
    check("Object(Symbol('s'))", ":s");
    check("/a/g", "%{}");
    check("new WeakMap()", "%{}");
    check("(function () { return arguments })(1, 2)", "%{\"0\" => 1, \"1\" => 2}");
    check("globalThis.x = 1; Object.keys(globalThis).includes('x')", "true");
}

#[test]
fn errors_are_maps() {
    let error = |source: &str| in_realm(|_, ctx| encoded(ctx, source, EncodeLimits::default()));
    assert!(
        error("new TypeError('no')").starts_with("%{\"name\" => \"TypeError\", \"message\" => \"no\", \"stack\" => \"")
    );
    assert!(
        error("class E extends Error { name = 'E' } new E('x')")
            .starts_with("%{\"name\" => \"E\", \"message\" => \"x\"")
    );
    assert_eq!(
        error(
            "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw new RangeError('g') } }); e"
        ),
        "thrown RangeError: g"
    );
    assert!(
        error("const e = new Error('x'); e.message = e; e").starts_with("%{\"name\" => \"Error\", \"message\" => nil")
    );
}

#[test]
fn buffers() {
    check("new Uint8Array([1, 2])", "<<1,2>>");
    check("new Uint16Array([1, 258]).subarray(1)", "<<2,1>>");
    check("new Uint8Array([1, 2, 3]).buffer", "<<1,2,3>>");
    check("new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 1)", "<<2>>");
    check("new SharedArrayBuffer(2)", "<<0,0>>");
    check("const b = new ArrayBuffer(4); b.transfer(); b", "<<>>");
    check("const b = new ArrayBuffer(4); const v = new Uint8Array(b); b.transfer(); v", "<<>>");
    check("const b = new ArrayBuffer(4); const v = new DataView(b); b.transfer(); v", "<<>>");
    check(
        "const b = new ArrayBuffer(2, { maxByteLength: 8 }); const v = new Uint8Array(b); b.resize(4); v",
        "<<0,0,0,0>>",
    );
    check(
        "const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new Uint8Array(b, 1); b.resize(3); v",
        "<<0,0>>",
    );
    check(
        "const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new Uint8Array(b, 1, 3); b.resize(2); v",
        "<<>>",
    );
    check("const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new Uint8Array(b, 2); b.resize(0); v", "<<>>");
    check("const b = new ArrayBuffer(4, { maxByteLength: 8 }); const v = new DataView(b, 1); b.resize(2); v", "<<0>>");
    check("new Float64Array(1)", "<<0,0,0,0,0,0,0,0>>");
    check("Object.defineProperty(new Uint8Array([1]), 'length', { value: 9 })", "<<1>>");
    check("Object.setPrototypeOf(new Uint8Array([1]), null)", "<<1>>");
}

#[test]
fn cycles_close_with_nil() {
    check("const o = { a: 1 }; o.o = o; o", "%{\"a\" => 1, \"o\" => nil}");
    check("const a = []; a.push(a, [a]); a", "[nil, [nil]]");
    check("const m = new Map(); m.set('m', m); m", "%{\"m\" => nil}");
    check("const s = new Set(); s.add(s); s", "[nil]");
    check("const shared = { x: 1 }; [shared, shared]", "[%{\"x\" => 1}, %{\"x\" => 1}]");
    check("const p = new Proxy([], { get: (t, k) => k === 'length' ? 1 : p }); p", "[nil]");
    check(
        "let a = []; const first = a; for (let i = 0; i < 100; i++) a = [a]; first.push(a); JSON.stringify === null ? 0 : a.length",
        "1",
    );
}

#[test]
fn getters_end_the_walk_with_their_error() {
    check("({ a: 1, get b() { throw new TypeError('no') } })", "thrown TypeError: no");
    check("new Proxy({}, { ownKeys() { throw new TypeError('trap') } })", "thrown TypeError: trap");
    check("const { proxy, revoke } = Proxy.revocable([], {}); revoke(); proxy", "thrown TypeError: revoked proxy");
    check("({ get a() { return (function f() { f() })() } })", "thrown RangeError: Maximum call stack size exceeded");
    check("const o = { get a() { delete this.b; return 1 }, b: 2 }; o", "%{\"a\" => 1, \"b\" => nil}");
    check("const a = [1, 2, 3]; Object.defineProperty(a, 0, { get() { a.length = 0; return 9 } }); a", "[9, nil, nil]");
    check("const m = new Map([[1, { get x() { m.clear(); return 1 } }], [2, 3]]); m", "%{1 => %{\"x\" => 1}, 2 => 3}");
    check("const b = new ArrayBuffer(2); [{ get x() { b.transfer(); return 1 } }, b]", "[%{\"x\" => 1}, <<>>]");
}

#[test]
fn host_objects_are_the_sinks_or_nil() {
    in_realm(|_, ctx| {
        ctx.globals().set("pid", ctx.host_object(Rc::new("p1"), None).unwrap()).unwrap();
        ctx.globals().set("other", ctx.host_object(Rc::new(5), None).unwrap()).unwrap();
        assert_eq!(encoded(ctx, "[pid, other, Object.create(pid)]", EncodeLimits::default()), "[host p1, %{}, %{}]");
    });
}

#[test]
fn limits_are_named_or_cut() {
    let limited = |source: &str, limits: EncodeLimits, expected: &str| {
        in_realm(|_, ctx| assert_eq!(encoded(ctx, source, limits), expected, "{source} {limits:?}"));
    };
    let depth = EncodeLimits { max_depth: 2, ..EncodeLimits::default() };
    let nodes = EncodeLimits { max_nodes: 3, ..EncodeLimits::default() };
    let bytes = EncodeLimits { max_bytes: 1000, ..EncodeLimits::default() };
    limited("[[1]]", depth, "[[1]]");
    limited("[[[1]]]", depth, "limit: the value is nested deeper than max_convert_depth: 2 levels");
    limited("[[[1]], 5]", EncodeLimits { cut: true, ..depth }, "[[nil], 5]");
    limited("[1, 2]", nodes, "[1, 2]");
    limited("[1, 2, 3]", nodes, "limit: the value has more than max_convert_nodes: 3 values");
    limited("[1, 2, 3, 4]", EncodeLimits { cut: true, ..nodes }, "[1, 2, nil, nil]");
    limited("'x'.repeat(2000)", bytes, "limit: the converted value would be larger than 1000 bytes");
    limited(
        "'x'.repeat(2000)",
        EncodeLimits { cut: true, ..bytes },
        "limit: the converted value would be larger than 1000 bytes",
    );
    limited(
        "const a = []; a.length = 2 ** 32 - 1; a",
        EncodeLimits::default(),
        "limit: the converted value would be larger than 1073741824 bytes",
    );
    limited(
        "new Proxy([], { get: (t, k) => k === 'length' ? 2 ** 53 - 1 : 0 })",
        EncodeLimits::default(),
        "limit: the converted value would be larger than 1073741824 bytes",
    );
    limited(
        "let n = 0; const p = () => new Proxy({}, { ownKeys: () => ['x'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }), get: p }); p()",
        depth,
        "limit: the value is nested deeper than max_convert_depth: 2 levels",
    );
}

#[test]
fn shared_structure_of_astronomical_size_ends_by_a_limit() {
    const DAG: &str = "let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; a";
    in_realm(|_, ctx| {
        let limits = EncodeLimits { max_bytes: 1 << 22, ..EncodeLimits::default() };
        assert_eq!(encoded(ctx, DAG, limits), "limit: the converted value would be larger than 4194304 bytes");
    });
    in_realm(|isolate, ctx| {
        let value = ctx.eval(DAG, &EvalOptions::default()).unwrap();
        isolate.set_interrupt(Budget::of(100_000));
        let ended = encode(ctx, &value, EncodeLimits::default(), &mut Count { strings: 0, lists: 0 });
        isolate.set_interrupt(None);
        assert_eq!(ended, Err(EncodeError::Thrown));
        assert_eq!(ctx.take_report().message, "interrupted");
        let cut = EncodeLimits { max_nodes: 1000, cut: true, ..EncodeLimits::default() };
        isolate.set_interrupt(Budget::of(2_000_000));
        let _ = encode(ctx, &value, cut, &mut Count { strings: 0, lists: 0 });
        isolate.set_interrupt(None);
        drop(ctx.take_exception());
    });
}

#[test]
fn endless_getters_and_traps_are_interrupted() {
    for source in [
        "({ get a() { for (;;); } })",
        "new Proxy({}, { ownKeys() { for (;;); } })",
        "[{ get a() { try { for (;;); } finally { for (;;); } } }]",
    ] {
        in_realm(|isolate, ctx| {
            let value = ctx.eval(source, &EvalOptions::default()).unwrap();
            isolate.set_interrupt(Budget::of(100_000));
            let ended = encode(ctx, &value, EncodeLimits::default(), &mut Text::default());
            isolate.set_interrupt(None);
            assert_eq!(ended, Err(EncodeError::Thrown), "{source}");
            assert_eq!(ctx.take_report().message, "interrupted", "{source}");
        });
    }
}

#[test]
fn deep_values_end_in_a_value_or_an_error() {
    const DEEP: [&str; 4] = [
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a",
        "let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; a",
        "let a = new Map(); for (let i = 0; i < 1e5; i++) a = new Map([[1, a]]); a",
        "let a = new Set(); for (let i = 0; i < 1e5; i++) a = new Set([a]); a",
    ];
    let crashes = crashes("deep_values_end_in_a_value_or_an_error", DEEP.len() * 3, |case| {
        let max_stack_size = [64 << 10, 512 << 10, 64 << 20][case % 3];
        let body = move || {
            with_options(IsolateOptions { max_stack_size, ..IsolateOptions::default() }, |_, ctx| {
                let value = ctx.eval(DEEP[case / 3], &EvalOptions::default()).unwrap();
                let limits = EncodeLimits { max_depth: u32::MAX, ..EncodeLimits::default() };
                if let Err(error) = encode(ctx, &value, limits, &mut Count { strings: 0, lists: 0 }) {
                    assert!(matches!(&error, EncodeError::Limit(text) if text.contains("max_stack_size")), "{error:?}");
                }
            });
        };
        std::thread::Builder::new().stack_size(max_stack_size + (256 << 10)).spawn(body).unwrap().join().unwrap();
    });
    assert_none(&crashes, |case| DEEP[case / 3].to_owned());
}

#[test]
fn wide_values_and_large_numbers_arrive_whole() {
    in_realm(|_, ctx| {
        let value =
            ctx.eval("Array.from({ length: 1e6 }, (_, i) => i % 2 ? 's' : [])", &EvalOptions::default()).unwrap();
        let mut count = Count { strings: 0, lists: 0 };
        encode(ctx, &value, EncodeLimits::default(), &mut count).unwrap();
        assert_eq!((count.strings, count.lists), (500_000, 500_001));
    });
    in_realm(|_, ctx| {
        let text = encoded(ctx, "10n ** 9999n", EncodeLimits::default());
        let back = ctx.bigint_hex(false, text.strip_prefix("0x").unwrap()).unwrap();
        ctx.globals().set("back", back).unwrap();
        assert_eq!(eval_text(ctx, "back === 10n ** 9999n"), "true");
        assert_eq!(eval_text(ctx, "BigInt.prototype.toString = () => 'x'; 1"), "1");
        assert!(encoded(ctx, "-(10n ** 99n)", EncodeLimits::default()).starts_with("-0x"));
    });
}

#[test]
fn strings_round_trip() {
    in_realm(|_, ctx| {
        let samples = ["", "a", "é", "€", "😀", "aé€😀\0z"];
        for sample in samples {
            for times in [1, 2, 31, 63, 64, 255, 256, 257, 5_000] {
                let text = sample.repeat(times);
                assert_eq!(ctx.string(&text).unwrap().to_text().unwrap(), text);
                ctx.globals().set("text", ctx.string(&text).unwrap()).unwrap();
                assert_eq!(eval_text(ctx, "text.length"), text.encode_utf16().count().to_string());
                let rebuilt = eval_text(
                    ctx,
                    "(() => { let s = ''; for (const c of text) s += c; return s === text && (s + text).slice(s.length) === text })()",
                );
                assert_eq!(rebuilt, "true", "{sample} {times}");
                assert_eq!(eval_text(ctx, "({ [text]: 1 })[[...text].join('')]"), "1");
            }
        }
    });
}

/// Of rows of data the walk knows the properties after a few.
#[test]
fn an_object_among_rows_is_what_it_is_alone() {
    let row = "({ c: 'x', a: 1.5, b: [7], n: { d: 7, e: null } })";
    for odd in [
        row,
        "({ a: 1, b: 2, c: 3, n: 4 })",
        "({ c: 1, a: 2, b: 3 })",
        "({ c: 1, a: 2, b: 3, n: 4, z: 5 })",
        "({ c: 1, a: 2, b: 3, n: { d: { d: 1, e: 2 }, e: { e: 1, d: 2 } } })",
        "({ c: 1, get a() { return 'got' }, b: 3, n: 4 })",
        "({ c: 1, a: 2, b: 3, n: 4, [Symbol()]: 5 })",
        "Object.defineProperty({ c: 1, a: 2, b: 3, n: 4 }, 'b', { enumerable: false })",
        "Object.freeze({ c: 1, a: 2, b: 3, n: 4 })",
        "Object.assign(Object.create({ a: 0 }), { c: 1, a: 2, b: 3, n: 4 })",
        "(() => { const o = { c: 1, a: 2, b: 3, n: 4 }; delete o.a; o.a = 5; return o })()",
        "(() => { const o = { c: 1, a: 2, b: 3, n: 4 }; o.n = o; return o })()",
        "(() => { const o = { c: { get x() { delete o.n; o.b = 8; return 9 } }, a: 2, b: 3, n: 4 }; return o })()",
        "(() => { const o = { z: { get g() { o.a = 'changed'; return 1 } }, a: 'old' }; return o })()",
        "new Proxy({ c: 1, a: 2, b: 3, n: 4 }, {})",
        "({ 1: 1, 0: 2 })",
    ] {
        for keys in [Keys::AsTheyCome, Keys::Sorted] {
            in_realm(|_, ctx| {
                let encoded = |source: &str| encoded_into(Text(Vec::new(), keys), ctx, source, EncodeLimits::default());
                let (usual, alone) = (encoded(row), encoded(odd));
                let rows = format!("Array.from({{ length: 40 }}, (_, i) => i % 10 == 9 || i > 25 ? {odd} : {row})");
                let expected: Vec<&str> =
                    (0..40).map(|i| if i % 10 == 9 || i > 25 { alone.as_str() } else { usual.as_str() }).collect();
                assert_eq!(encoded(&rows), format!("[{}]", expected.join(", ")), "{odd}");
            });
        }
    }
}

#[test]
fn a_thousand_levels_fit_the_default_stack() {
    for source in [
        "let a = []; for (let i = 1; i < 1000; i++) a = [a]; a",
        "let a = {}; for (let i = 1; i < 1000; i++) a = { a }; a",
        "let a = new Map(); for (let i = 1; i < 1000; i++) a = new Map([[1, a]]); a",
        "let a = new Set(); for (let i = 1; i < 1000; i++) a = new Set([a]); a",
        "let a = null; for (let i = 1; i < 1000; i++) a = { __proto__: Error.prototype, message: a }; a",
    ] {
        in_realm(|_, ctx| {
            let value = ctx.eval(source, &EvalOptions::default()).unwrap();
            let limits = EncodeLimits::default();
            encode(ctx, &value, limits, &mut Count { strings: 0, lists: 0 })
                .unwrap_or_else(|e| panic!("{e:?} {source}"));
        });
    }
}
