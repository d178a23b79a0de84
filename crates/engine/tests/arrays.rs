//! Array methods that poll by patches do what the specification says.

mod support;

use support::*;

fn check(source: &str, expected: &str) {
    in_realm(|_, ctx| assert_eq!(eval_text(ctx, source), expected, "{source}"));
}

#[test]
fn methods_look_like_the_engines_own() {
    check("Object.entries(Object.getOwnPropertyDescriptors(Array.prototype)).filter(([k, d]) => typeof d.value === 'function' && k !== 'constructor')
        .filter(([k, d]) => d.enumerable || !d.writable || !d.configurable || d.value.name !== k || 'prototype' in d.value).join()", "");
    check("['concat', 'copyWithin', 'fill', 'flat', 'flatMap', 'join', 'reverse', 'shift', 'slice', 'sort', 'splice', 'toLocaleString', 'unshift']
        .map(k => [][k].length).join()", "1,2,1,0,1,1,0,0,2,1,2,0,1");
    check("[].flat.toString().replace(/\\s+/g, ' ')", "function flat() { [native code] }");
    check("try { new [].flat() } catch (e) { e.name }", "TypeError");
    check("['concat', 'copyWithin', 'fill', 'flat', 'flatMap', 'join', 'reverse', 'shift', 'slice', 'sort', 'splice', 'toLocaleString', 'unshift']
        .filter(k => { try { Array.prototype[k].call(null); return true } catch (e) { return !(e instanceof TypeError) } }).join()", "");
    check("new Set(Reflect.ownKeys(Array.prototype)).size === Reflect.ownKeys(Array.prototype).length", "true");
}

#[test]
fn flat_and_flat_map() {
    check("JSON.stringify([1, [2, [3, [4]]], , []].flat())", "[1,2,[3,[4]]]");
    check("JSON.stringify([1, [2, [3, [4]]]].flat(Infinity))", "[1,2,3,4]");
    check("JSON.stringify([1, [2, [3, [4]]]].flat(2))", "[1,2,3,[4]]");
    check("JSON.stringify([1, [2]].flat(0))", "[1,[2]]");
    check("JSON.stringify([1, [2]].flat(-1))", "[1,[2]]");
    check("JSON.stringify([1, [2]].flat('x'))", "[1,[2]]");
    check("JSON.stringify([1, [2]].flat(1.9))", "[1,2]");
    check("const inner = [1]; [[inner]].flat()[0] === inner", "true");
    check("JSON.stringify([1, 2].flatMap((x, i, a) => [x, [i], a.length]))", "[1,[0],2,2,[1],2]");
    check("const a = [1]; let same; a.flatMap((x, i, b) => { same = a === b }); same", "true");
    check("[1].flatMap(function () { return this.x }, { x: 5 }).join()", "5");
    check("try { [1].flatMap() } catch (e) { e.name }", "TypeError");
    check("class A extends Array {} const f = A.of(1, [2]).flat(); f instanceof A && f.join()", "1,2");
    check(
        "class A extends Array { static get [Symbol.species]() { return Array } } A.of([1]).flat() instanceof A",
        "false",
    );
    check("Array.prototype.flat.call({ length: 2, 0: [1], 1: 2 }).join()", "1,2");
    check("[new Proxy([1, [2]], {})].flat().length", "2");
    check("Object.defineProperty(Array.prototype, 0, { set() { throw 1 }, configurable: true }); [[7]].flat()[0]", "7");
}

#[test]
fn long_walks_have_the_same_results_as_short_ones() {
    // Proxies are walked with each access counted; plain arrays are not.
    const CASES: &[(&str, &str)] = &[
        ("concat", "[9], 8, [[7]]"),
        ("copyWithin", "0, 2"),
        ("copyWithin", "1, 0, 3"),
        ("fill", "0, 1, 3"),
        ("join", "'-'"),
        ("reverse", ""),
        ("shift", ""),
        ("slice", "1, -1"),
        ("sort", ""),
        ("sort", "(a, b) => b - a"),
        ("splice", "1, 2, 'x'"),
        ("splice", "2, 0, 'x', 'y', 'z'"),
        ("toLocaleString", ""),
        ("unshift", "0, 0"),
        ("flat", ""),
        ("flatMap", "x => [x, [x]]"),
    ];
    for (method, args) in CASES {
        for array in ["[]", "[5, 3, 4, 1, 2]", "[5, , 3, , 1]", "['b', 'a', undefined, 'c']", "[[1], [2, [3]]]"] {
            let source = format!(
                "
                const elements = o => Object.entries(o).filter(([k]) => k >= 0);
                const show = (r, t, o) => JSON.stringify([r === t ? 'this' : r, elements(o), o.length]);
                const plain = {array}, target = {array}, proxy = new Proxy(target, {{}});
                const viaPlain = show(plain.{method}({args}), plain, plain);
                const viaProxy = show(proxy.{method}({args}), proxy, target);
                const call = object => show(Array.prototype.{method}.call(object, {args}), object, object);
                const n = {{ value: {array}.length, writable: true }};
                const getter = {{ get() {{ return this.n }}, set(length) {{ this.n = length }} }};
                const viaObject = call(Object.assign(Object.create(null, {{ length: n }}), {array}));
                const viaGetter = call(Object.assign(Object.create(null, {{ n, length: getter }}), {array}));
                viaPlain === viaProxy && ('{method}' === 'concat' || viaObject === viaGetter)
                    || [viaPlain, viaProxy, viaObject, viaGetter].join(' | ')"
            );
            check(&source, "true");
        }
    }
}

#[test]
fn sparse_arrays_of_any_length_work() {
    check("const a = []; a[5e6] = 'z'; a[1] = 'a'; const b = a.slice(0, 3); b.length + ',' + b[1]", "3,a");
    check("const a = []; a[2e6] = 2; a[0] = 1; a.reverse(); [a[0], a[2e6], Object.keys(a).length].join()", "2,1,2");
    check("const a = []; a[2e6] = 2; a[1] = 3; a.sort(); [a[0], a[1], a.length].join()", "2,3,2000001");
    check("const a = []; a[2e6] = 2; a.flat().join()", "2");
    check("const a = []; a[2e6] = 2; a.shift(); [a.length, a[2e6 - 1]].join()", "2000000,2");
    check("const a = []; a[2e6] = 2; const c = [1].concat(a); [c.length, c[0], c[2e6 + 1]].join()", "2000002,1,2");
    check("const a = Array(2e6).fill(1); a.reverse() === a && a.sort() === a && a.fill(2) === a && a[1e6]", "2");
}

#[test]
fn negative_bytes_are_found_from_behind() {
    check("new Int8Array([1, -54, 2, -54]).lastIndexOf(-54)", "3");
    check("new Int8Array([1, -54, 2]).lastIndexOf(202)", "-1");
    check("new Uint8Array([1, 202, 2]).lastIndexOf(202)", "1");
}

/// As if the bytes of the source had been copied before.
#[test]
fn a_typed_array_is_set_from_one_over_the_same_buffer() {
    check(
        "const types = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array];
        const wrong = [];
        for (const To of types) for (const From of types) for (const [to, from] of [[0, 0], [8, 0], [0, 8], [16, 8]]) {
            const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i * 37 + 11) & 127);
            const source = new From(bytes.buffer, from, 8), target = new To(bytes.buffer, to, 8);
            const expected = To.from(Array.from(source)).join();
            target.set(source);
            if (target.join() !== expected) wrong.push([To.name, From.name, to, from]);
        }
        wrong.join(' ')",
        "",
    );
}
