//! Builtins that a realm gets when they are first touched look and behave as if they had always been there.

mod support;

use support::*;

fn check(source: &str, expected: &str) {
    in_realm(|_, ctx| assert_eq!(eval_text(ctx, source), expected, "{source}"));
}

/// Late builtins of every set.
const NAMES: &str =
    "['Uint8Array', 'ArrayBuffer', 'Atomics', 'DataView', 'Map', 'WeakSet', 'Date', 'WeakRef', 'DOMException']";

#[test]
fn every_builtin_is_there() {
    let names = "Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DOMException DataView Date \
        DisposableStack Error FinalizationRegistry Float16Array Float32Array Float64Array Function Int16Array \
        Int32Array Int8Array Iterator JSON Map Math Number Object Promise Proxy RangeError Reflect RegExp Set SharedArrayBuffer String \
        Symbol Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet globalThis eval parseInt queueMicrotask";
    check(
        &format!(
            "'{names}'.split(/ +/).filter(name => !(name in globalThis) || globalThis[name] === undefined).join()"
        ),
        "",
    );
}

#[test]
fn globals_can_be_used_replaced_and_removed_like_any_other() {
    for (source, expected) in [
        (
            "NAMES.map(name => typeof globalThis[name]).join()",
            "function,function,object,function,function,function,function,function,function",
        ),
        (
            "NAMES.filter(name => Object.hasOwn(globalThis, name) && !Object.keys(globalThis).includes(name)).length",
            "9",
        ),
        ("NAMES.every(name => globalThis[name] === globalThis[name])", "true"),
        (
            "NAMES.every(name => { const d = Object.getOwnPropertyDescriptor(globalThis, name); return d.writable && d.configurable && !d.enumerable && d.value === globalThis[name] })",
            "true",
        ),
        ("NAMES.every(name => { globalThis[name] = name; return globalThis[name] === name })", "true"),
        ("NAMES.every(name => delete globalThis[name] && !(name in globalThis))", "true"),
        (
            "NAMES.every(name => Reflect.defineProperty(globalThis, name, { value: 1 }) && globalThis[name] === 1)",
            "true",
        ),
        ("NAMES.every(name => Reflect.getOwnPropertyDescriptor(globalThis, name).value)", "true"),
        (
            "const all = Object.getOwnPropertyDescriptors(globalThis); NAMES.every(name => all[name].value === globalThis[name])",
            "true",
        ),
        (
            "NAMES.every(name => { Object.defineProperty(globalThis, name, { value: 1 }); return Object.getOwnPropertyDescriptor(globalThis, name).writable })",
            "true",
        ),
        (
            "NAMES.every(name => { Reflect.defineProperty(globalThis, name, { enumerable: true }); return typeof globalThis[name] !== 'undefined' && Object.keys(globalThis).includes(name) })",
            "true",
        ),
        (
            "let asked = 0; Object.getOwnPropertyDescriptor(globalThis, { toString() { asked++; return 'Map' } }); asked",
            "1",
        ),
        (
            "const both = () => { throw 'called' }; Object.defineProperty(globalThis, 'mine', { get: both, set: both, configurable: true }); Object.getOwnPropertyDescriptor(globalThis, 'mine').get === both",
            "true",
        ),
        (
            "Object.prototype.toString.call(Reflect) + Reflect.ownKeys(Reflect).length + Reflect.ownKeys({ a: 1 }) + Reflect.has({ a: 1 }, 'a') + Reflect.defineProperty.length",
            "[object Reflect]14atrue3",
        ),
        ("try { Reflect.getOwnPropertyDescriptor(1) } catch (e) { e.name }", "TypeError"),
        (
            "Object.getOwnPropertyDescriptor(1) + Object.defineProperty.name + Object.getOwnPropertyDescriptors.length",
            "undefineddefineProperty1",
        ),
        ("Map = 5; typeof Set + Map", "function5"),
        ("var Map; typeof Map", "function"),
        ("let Date = 7; Date", "7"),
        ("function Date() { return 8 } Date()", "8"),
        (
            "const child = Object.create(globalThis); child.Map = 1; typeof Map + child.Map + Object.keys(child)",
            "function1Map",
        ),
        ("Object.create(globalThis).Map === Map", "true"),
        (
            "Object.freeze(globalThis); NAMES.every(name => globalThis[name] === globalThis[name]) && new Map([[1, 2]]).get(1)",
            "2",
        ),
        ("'use strict'; Object.freeze(globalThis); try { Map = 1 } catch (e) { e.name }", "TypeError"),
        ("const get = globalThis.__lookupGetter__('Map'); Map = 1; typeof get?.() + Map", "function1"),
    ] {
        check(&source.replace("NAMES", NAMES), expected);
    }
}

#[test]
fn what_scripts_did_before_does_not_show_in_them() {
    for (source, expected) in [
        ("Array.prototype.toString = () => 'mine'; new Uint8Array([1, 2]).toString()", "1,2"),
        ("Uint8Array.prototype.toString === Array.prototype.toString", "true"),
        ("Array.prototype.toString; new Uint8Array(0).toString === Array.prototype.toString", "true"),
        (
            "Object.defineProperty(Array.prototype, 'toString', { get() { throw new Error('asked') } }); new Uint8Array([3]).toString()",
            "3",
        ),
        ("Object.getPrototypeOf(Uint8Array).prototype.toString.name", "toString"),
        ("globalThis.Uint8Array = 1; new Uint16Array([1]).buffer.byteLength", "2"),
        (
            "Object.prototype.constructor = 1; Object.setPrototypeOf(Function.prototype, null); new Map([[1, 2]]).size",
            "1",
        ),
        (
            "Object.defineProperty(Object.prototype, 'Map', { set() { throw 1 }, configurable: true }); new Set([1]).size",
            "1",
        ),
        ("Object.preventExtensions(globalThis); delete globalThis.Map; typeof Set + typeof Map", "functionundefined"),
        (
            "[Map, Date, Uint8Array, WeakRef].map(c => Object.getPrototypeOf(c.prototype) !== null && c.name).join()",
            "Map,Date,Uint8Array,WeakRef",
        ),
        ("new DOMException('m', 'AbortError') instanceof Error", "true"),
        ("new Map()[Symbol.iterator] === Map.prototype.entries", "true"),
    ] {
        check(source, expected);
    }
}

#[test]
fn native_code_makes_their_objects_before_a_script_does() {
    for (make, expected) in [
        ("bytes", "Uint8Array 2"),
        ("buffer", "ArrayBuffer 2"),
        ("date", "Date 0"),
        ("exception", "DOMException AbortError"),
        ("builtin", "Set 0"),
    ] {
        in_realm(|_, ctx| {
            let made = match make {
                "bytes" => ctx.uint8_array(&[1, 2]),
                "buffer" => ctx.array_buffer(&[1, 2]),
                "date" => ctx.date(0.0),
                "builtin" => ctx.construct(&ctx.builtin("Set").unwrap(), &[]),
                _ => {
                    ctx.throw_dom_exception("AbortError", "stop");
                    Ok(ctx.take_exception())
                }
            };
            ctx.globals().set("made", made.unwrap()).unwrap();
            let source = "const { made } = globalThis; const ofClass = globalThis[made.constructor.name];
                `${made instanceof ofClass && ofClass.name} ${made.byteLength ?? made.size ?? (ofClass === Date ? +made : made.name)}`";
            assert_eq!(eval_text(ctx, source), expected, "{make}");
        });
    }
}

#[test]
fn a_realm_that_touches_none_of_them_is_small() {
    const MOST: usize = 45_000;
    in_realm(|isolate, _| {
        let before = isolate.heap().stats().used;
        let realms: Vec<_> = (0..16).map(|_| isolate.new_realm().unwrap()).collect();
        let each = (isolate.heap().stats().used - before) / realms.len();
        assert!(each <= MOST, "{each} bytes");
    });
}
