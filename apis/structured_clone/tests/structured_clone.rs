//! What is cloned, what is refused, transfer, and hostile values.

use quickbeam_api_harness::Harness;
use quickbeam_api_structured_clone::StructuredClone;

fn check_all(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&StructuredClone]);
    for (script, expected) in cases {
        harness.check(&format!("(() => {{ {script} }})()"), expected);
    }
}

#[test]
fn values_of_every_kind_are_cloned() {
    check_all(&[
        ("return [1, 'a', true, null, undefined, 10n, NaN].every((v) => Object.is(structuredClone(v), v))", "true"),
        (
            "return JSON.stringify(structuredClone({ a: [1, { b: 'x' }], c: null }))",
            "{\"a\":[1,{\"b\":\"x\"}],\"c\":null}",
        ),
        ("const o = { a: {} }; const c = structuredClone(o); return c !== o && c.a !== o.a", "true"),
        (
            "const a = structuredClone(Object.assign([1, , 3, ,], { x: 1 })); return [a.length, 1 in a, 3 in a, a.x, Object.keys(a)]",
            "4,false,false,1,0,2,x",
        ),
        (
            "const d = structuredClone(new Date(5)); return [d instanceof Date, +d, +structuredClone(new Date(NaN))]",
            "true,5,NaN",
        ),
        ("const r = /a/gi; r.lastIndex = 3; const c = structuredClone(r); return [String(c), c.lastIndex]", "/a/gi,0"),
        (
            "const m = structuredClone(new Map([[{ k: 1 }, new Map([[1, 2]])]])); return [m instanceof Map, [...m][0][0].k, [...m][0][1].get(1)]",
            "true,1,2",
        ),
        (
            "const s = structuredClone(new Set([1, { a: 2 }])); return [s instanceof Set, s.has(1), [...s][1].a]",
            "true,true,2",
        ),
        (
            "const all = structuredClone([Object(1), Object('s'), Object(false), Object(5n)]); return all.map((v) => typeof v + v.valueOf())",
            "object1,objects,objectfalse,object5",
        ),
        (
            "const c = structuredClone(new Uint16Array([1, 2, 3]).subarray(1)); return [c.constructor.name, c, c.byteOffset, c.buffer.byteLength]",
            "Uint16Array,2,3,2,6",
        ),
        (
            "const b = new ArrayBuffer(8); const { x, y } = structuredClone({ x: new Uint8Array(b), y: new DataView(b, 2, 4) }); return [x.buffer === y.buffer, y.byteOffset, y.byteLength]",
            "true,2,4",
        ),
        (
            "const c = structuredClone(new ArrayBuffer(2, { maxByteLength: 8 })); return [c.byteLength, c.resizable, c.maxByteLength]",
            "2,true,8",
        ),
        (
            "const b = new ArrayBuffer(2, { maxByteLength: 8 }); const c = structuredClone([new Uint8Array(b), new Uint8Array(b, 0, 2)]); c[0].buffer.resize(4); return c.map((v) => v.length)",
            "4,2",
        ),
        (
            "const b = new SharedArrayBuffer(4); new Uint8Array(b)[0] = 7; const c = structuredClone(new Uint8Array(b)); new Uint8Array(b)[1] = 8; return c",
            "7,8,0,0",
        ),
        (
            "const e = structuredClone(new RangeError('m', { cause: { a: 1 } })); return [e instanceof RangeError, e.message, e.cause.a, Object.keys(e).length]",
            "true,m,1,0",
        ),
        ("const e = new Error('m'); return structuredClone(e).stack === e.stack", "true"),
        (
            "class Mine extends TypeError {} const e = structuredClone(Object.assign(new Mine('m'), { x: 1 })); return [e.constructor.name, e.x]",
            "TypeError,",
        ),
        (
            "const e = structuredClone(Object.assign(new Error(), { name: 'Odd' })); return [e.name, Object.hasOwn(e, 'message')]",
            "Error,false",
        ),
        (
            "const e = structuredClone(new DOMException('m', 'AbortError')); return [e instanceof DOMException, e.name, e.message, e.code]",
            "true,AbortError,m,20",
        ),
        (
            "const c = structuredClone(new (class A { x = 1; get y() { return 2 } })); return [c.constructor === Object, c.x, c.y]",
            "true,1,",
        ),
        (
            "return Object.keys(structuredClone(Object.defineProperty({ a: 1, [Symbol()]: 2 }, 'hidden', { value: 3 })))",
            "a",
        ),
        (
            "const c = structuredClone({ get a() { return 5 } }); return JSON.stringify(Object.getOwnPropertyDescriptor(c, 'a'))",
            "{\"value\":5,\"writable\":true,\"enumerable\":true,\"configurable\":true}",
        ),
        ("return Object.getPrototypeOf(structuredClone(Object.create(null))) === Object.prototype", "true"),
        ("return structuredClone(JSON.parse('{\"__proto__\": 5}')).__proto__", "5"),
        (
            "const o = {}; o.self = o; o.list = [o]; const c = structuredClone(o); return c.self === c && c.list[0] === c && c !== o",
            "true",
        ),
        ("const m = new Map(); m.set(m, m); const c = structuredClone(m); return c.get(c) === c", "true"),
        ("const s = {}; const c = structuredClone([s, s]); return c[0] === c[1]", "true"),
        ("const o = { get a() { delete o.b; o.c = 1; return 1 }, b: 2 }; return Object.keys(structuredClone(o))", "a"),
        ("const m = new Map([[1, { get x() { m.set(2, 2); return 0 } }]]); return structuredClone(m).size", "1"),
        ("return JSON.stringify((function () { return structuredClone(arguments) })(1, 2))", "{\"0\":1,\"1\":2}"),
    ]);
}

#[test]
fn rows_of_data_are_cloned_whatever_getters_do_to_them() {
    const ROWS: &str = "const rows = Array.from({ length: 8 }, (_, id) => ({ id, text: 't' + id, rest: null }));";
    const SHOW: &str = "return JSON.stringify(structuredClone(rows))";
    let rows = |script: &str| format!("{ROWS} {script}");
    let all = |ids: &str, change: &dyn Fn(usize, String) -> String| {
        let row = |id: char| format!("{{\"id\":{id},\"text\":\"t{id}\",\"rest\":null}}");
        let rows: Vec<String> = ids.chars().enumerate().map(|(at, id)| change(at, row(id))).collect();
        format!("[{}]", rows.join(","))
    };
    let cases = [
        (rows(SHOW), all("01234567", &|_, row| row)),
        (rows("const c = structuredClone(rows); return c.every((row, at) => row !== rows[at])"), "true".to_owned()),
        (
            rows(
                "rows.forEach((row) => row.rest = rows); const c = structuredClone(rows); return c.every((row) => row.rest === c)",
            ),
            "true".to_owned(),
        ),
        (
            rows(
                "rows.push(...rows); const c = structuredClone(rows); return [c.length, c.every((row, at) => row === c[at % 8]), new Set(c).size]",
            ),
            "16,true,8".to_owned(),
        ),
        (
            rows(&format!(
                "rows[5].rest = {{ get x() {{ delete rows[6].text; rows[7].more = 1; return 1 }} }}; {SHOW}"
            )),
            all("01234567", &|at, row| match at {
                5 => row.replace("null", "{\"x\":1}"),
                6 => row.replace("\"text\":\"t6\",", ""),
                7 => row.replace("null", "null,\"more\":1"),
                _ => row,
            }),
        ),
        (
            rows(&format!("rows[6].id = {{ get x() {{ delete rows[6].text; rows[6].more = 1; return 1 }} }}; {SHOW}")),
            all("01234567", &|at, row| match at {
                6 => row.replace("\"id\":6,\"text\":\"t6\"", "\"id\":{\"x\":1}"),
                _ => row,
            }),
        ),
        (
            rows(&format!(
                "rows[6].id = {{ get x() {{ Object.defineProperty(rows[6], 'text', {{ get() {{ return 2 }} }}); return 1 }} }}; {SHOW}"
            )),
            all("01234567", &|at, row| match at {
                6 => row.replace("6,\"text\":\"t6\"", "{\"x\":1},\"text\":2"),
                _ => row,
            }),
        ),
        (
            rows(&format!("rows[1].rest = {{ get x() {{ rows.length = 3; rows.push(4); return 1 }} }}; {SHOW}")),
            all("01234567", &|at, row| match at {
                1 => row.replace("null", "{\"x\":1}"),
                3 => "4".to_owned(),
                4.. => "null".to_owned(),
                _ => row,
            }),
        ),
        (
            rows(
                "rows[1].rest = { get x() { rows.length = 3; return 1 } }; const c = structuredClone(rows); return [c.length, Object.keys(c)]",
            ),
            "8,0,1,2".to_owned(),
        ),
        (
            rows("rows.forEach((row) => row.rest = () => 1); return structuredClone(rows)"),
            "DataCloneError: structuredClone: a function cannot be cloned".to_owned(),
        ),
        (rows(&format!("rows.forEach(Object.freeze); Object.freeze(rows); {SHOW}")), all("01234567", &|_, row| row)),
    ];
    for (script, expected) in &cases {
        check_all(&[(script, expected)]);
    }
}

#[test]
fn arrays_are_cloned_whatever_they_are() {
    check_all(&[
        ("const a = structuredClone(Object.assign([], { x: 1 })); return [a.length, a.x, Object.keys(a)]", "0,1,x"),
        (
            "const a = [{ get x() { a.pop(); a.push(5); delete a[1]; return 0 } }, 1, 2]; const c = structuredClone(a); return [c.length, 1 in c, c[2]]",
            "3,false,5",
        ),
        (
            "const a = [{ get x() { a.length = 1; a.length = 3; return 0 } }, 1, 2]; const c = structuredClone(a); return [c.length, Object.keys(c)]",
            "3,0",
        ),
        (
            "const a = [{ get x() { Object.defineProperty(a, 2, { get: () => 'got' }); return 0 } }, 1, 2]; return structuredClone(a).slice(1)",
            "1,got",
        ),
        (
            "Array.prototype[1] = 'p'; try { const c = structuredClone([0, , 2]); return [1 in c, Object.hasOwn(c, 1), c.length] } finally { delete Array.prototype[1] }",
            "true,false,3",
        ),
        (
            "const c = structuredClone(new (class extends Array {})(1, 2)); return [c.constructor === Array, c]",
            "true,1,2",
        ),
        (
            "return Object.keys(structuredClone(Object.create(Array.prototype, { length: { value: 2, writable: true } })))",
            "",
        ),
        (
            "const a = Array.from({ length: 50_000 }, (_, at) => at % 3 ? at : [at]); const c = structuredClone(a); return [c.length, c[49_999], c[49_998][0], c.every((v, at) => +v === at)]",
            "50000,49999,49998,true",
        ),
        ("const a = [1, 2]; a.length = 4; const c = structuredClone(a); return [c.length, Object.keys(c)]", "4,0,1"),
        ("const a = [[], [[]]]; a[1][0].push(a); const c = structuredClone(a); return c[1][0][0] === c", "true"),
        ("return structuredClone(Object.freeze([1, [2]])).push(3)", "3"),
    ]);
}

#[test]
fn what_cannot_be_cloned_is_named() {
    let refused = |what: &str| format!("DataCloneError: structuredClone: {what}");
    let harness = Harness::new(&[&StructuredClone]);
    for (value, what) in [
        ("() => {}", "a function cannot be cloned"),
        ("{ a: class {} }", "a function cannot be cloned"),
        ("Symbol()", "a symbol cannot be cloned"),
        ("Object(Symbol())", "an object of the class Symbol cannot be cloned"),
        ("new Proxy({}, {})", "a proxy cannot be cloned"),
        ("new Proxy([], {})", "a proxy cannot be cloned"),
        ("Promise.resolve()", "an object of the class Promise cannot be cloned"),
        ("new WeakMap()", "an object of the class WeakMap cannot be cloned"),
        ("new WeakRef({})", "an object of the class WeakRef cannot be cloned"),
        ("[].values()", "an object of the class Array Iterator cannot be cloned"),
        ("(function* () {})()", "an object of the class Generator cannot be cloned"),
        (
            "(() => { const b = new ArrayBuffer(1); b.transfer(); return b })()",
            "a detached ArrayBuffer cannot be cloned",
        ),
        (
            "(() => { const b = new Uint8Array(1); b.buffer.transfer(); return b })()",
            "a view of a detached or shrunk buffer cannot be cloned",
        ),
        (
            "(() => { const b = new ArrayBuffer(4, { maxByteLength: 4 }); const v = new Uint8Array(b, 2, 2); b.resize(1); return v })()",
            "a view of a detached or shrunk buffer cannot be cloned",
        ),
    ] {
        harness.check(&format!("structuredClone({value})"), &refused(what));
    }
    harness.check("structuredClone()", "TypeError: structuredClone: 1 argument required, but only 0 present");
    harness.check("structuredClone({ get a() { throw new RangeError('mine') } })", "RangeError: mine");
    harness
        .check("try { structuredClone(() => {}) } catch (e) { `${e instanceof DOMException} ${e.code}` }", "true 25");
}

#[test]
fn buffers_move_with_transfer() {
    check_all(&[
        (
            "const b = new Uint8Array([1, 2]).buffer; const c = structuredClone(b, { transfer: [b] }); return [b.detached, new Uint8Array(c)]",
            "true,1,2",
        ),
        (
            "const v = new Uint8Array([1, 2]); const c = structuredClone({ v, again: v.buffer }, { transfer: [v.buffer] }); return [v.length, c.v, c.again === c.v.buffer]",
            "0,1,2,true",
        ),
        (
            "const b = new ArrayBuffer(4, { maxByteLength: 8 }); const c = structuredClone([b], { transfer: [b] })[0]; return [b.detached, c.byteLength, c.maxByteLength]",
            "true,4,8",
        ),
        ("const b = new ArrayBuffer(4); structuredClone(1, { transfer: [b] }); return b.detached", "true"),
        ("const b = new ArrayBuffer(4); structuredClone(1, { transfer: new Set([b]) }); return b.detached", "true"),
        (
            "const b = new ArrayBuffer(4); try { structuredClone(() => {}, { transfer: [b] }) } catch (e) { return [e.name, b.detached] }",
            "DataCloneError,false",
        ),
        (
            "const b = new ArrayBuffer(4); try { structuredClone(b, { transfer: [b, b] }) } catch (e) { return [e.name, b.detached] }",
            "DataCloneError,false",
        ),
        (
            "const b = new ArrayBuffer(4); const c = structuredClone({ get a() { new Uint8Array(b)[0] = 9; return b } }, { transfer: [b] }); return new Uint8Array(c.a)[0]",
            "9",
        ),
        (
            "const b = new ArrayBuffer(4); structuredClone({ get a() { b.transfer(); return 1 } }, { transfer: [b] })",
            "DataCloneError: structuredClone: a buffer in the transfer list was detached meanwhile",
        ),
        (
            "const b = new ArrayBuffer(4); b.transfer(); structuredClone(1, { transfer: [b] })",
            "DataCloneError: structuredClone: a buffer in the transfer list is detached",
        ),
        (
            "structuredClone(1, { transfer: [{}] })",
            "DataCloneError: structuredClone: a value in the transfer list cannot be transferred",
        ),
        (
            "structuredClone(1, { transfer: [new SharedArrayBuffer(1)] })",
            "DataCloneError: structuredClone: a value in the transfer list cannot be transferred",
        ),
        (
            "structuredClone(1, { transfer: [1] })",
            "TypeError: structuredClone: transfer holds a value that is not an object",
        ),
        ("structuredClone(1, { transfer: 1 })", "TypeError: structuredClone: transfer is not iterable"),
        ("structuredClone(1, 1)", "TypeError: structuredClone: the options are not an object"),
        ("return structuredClone(1, null) + structuredClone(1, {}) + structuredClone(1, { transfer: [] })", "3"),
    ]);
}

#[test]
fn hostile_values_end_in_a_value_or_an_error() {
    let deep = "RangeError: structuredClone: the value is nested too deep for the stack";
    check_all(&[
        ("let v = 1; for (let n = 0; n < 1e6; n++) v = [v]; structuredClone(v)", deep),
        ("let v = 1; for (let n = 0; n < 1e6; n++) v = { v }; structuredClone(v)", deep),
        (
            "let v = 1; for (let n = 0; n < 1e5; n++) v = new Map([[v, 1]]); try { structuredClone(v) } catch (e) { return e.name }",
            "RangeError",
        ),
        (
            "let v; for (let n = 0; n < 1e5; n++) v = new Error('', { cause: v }); try { structuredClone(v) } catch (e) { return e.name }",
            "RangeError",
        ),
        ("return structuredClone(Array(1e6).fill(1)).length", "1000000"),
        ("return structuredClone(new Array(4294967295)).length", "4294967295"),
        (
            "let v = []; for (let n = 0; n < 60; n++) v = [v, v]; let depth = 0; for (let c = structuredClone(v); c.length; c = c[0]) depth++; return depth",
            "60",
        ),
        ("return structuredClone('x'.repeat(1e7)).length", "10000000"),
        (
            "Map.prototype.set = Map.prototype.forEach = undefined; Array.prototype.push = undefined; return structuredClone({ a: [1] }).a",
            "1",
        ),
    ]);
}
