//! Every global class looks as Web IDL and the language have it, whether it was made before a script touched it or is made for that.

use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;

/// Global classes and the other globals, with what tells about a class.
const PRELUDE: &str = "
    const isClass = (value) => typeof value === 'function' && Object.hasOwn(value, 'prototype');
    const all = Object.getOwnPropertyNames(globalThis).map((name) => [name, globalThis[name]]);
    const classes = all.filter(([name]) => /^[A-Z]/.test(name) && typeof globalThis[name] === 'function' && name !== 'Proxy');
    const failing = (test) => classes.filter(([name, Class]) => !test(Class, name)).map(([name]) => name).join();
    const parentOf = (Class) => Object.getPrototypeOf(Class);
    const thrown = (f) => { try { f() } catch (error) { return error.constructor.name } };";

fn check(prepare: &str, script: &str, expected: &str) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    Harness::new(&apis).check(&format!("{prepare}; {PRELUDE}; {script}"), expected);
}

#[test]
fn every_global_class_is_one() {
    let cases = [
        ("classes.length > 90", "true"),
        ("failing((Class) => isClass(Class))", ""),
        ("failing((Class, name) => Class === globalThis[name])", ""),
        ("failing((Class, name) => Class.name === name)", ""),
        ("failing((Class) => /^function .*native code/s.test(Class))", ""),
        ("failing((Class) => Class.prototype?.constructor === Class)", ""),
        (
            "failing((Class) => ['length', 'name', 'prototype'].every((key) => Reflect.ownKeys(Class).includes(key)))",
            "",
        ),
        (
            "failing((Class) => { const d = Object.getOwnPropertyDescriptor(Class, 'prototype'); return !d.writable && !d.enumerable && !d.configurable })",
            "",
        ),
        (
            "failing((Class) => parentOf(Class) === Function.prototype || Object.getPrototypeOf(Class.prototype) === parentOf(Class).prototype)",
            "",
        ),
        (
            "const parents = [Function.prototype, parentOf(Int8Array), ...classes.map(([, Class]) => Class)]; failing((Class) => parents.includes(parentOf(Class)))",
            "",
        ),
        ("failing((Class) => (class extends Class {}).__proto__ === Class)", ""),
        ("failing((Class) => typeof Class.bind(null) === 'function' && Class.call.length === 1)", ""),
        ("failing((Class) => Object.isExtensible(Class) && !Object.isFrozen(Class))", ""),
        ("failing((Class) => Object.isFrozen(Object.freeze(Class)) && !Object.isExtensible(Class))", ""),
        (
            "failing((Class) => { Object.preventExtensions(Class); return thrown(() => { 'use strict'; Class.own = 1 }) === 'TypeError' })",
            "",
        ),
        ("failing((Class) => { Class.own = 1; return Class.own === 1 && delete Class.own && !('own' in Class) })", ""),
        ("failing((Class) => { Object.seal(Class); return !delete Class.name || !Object.hasOwn(Class, 'name') })", ""),
        ("failing((Class) => Object.keys(Object.create(Class)).length === 0)", ""),
    ];
    for (script, expected) in cases {
        for prepare in ["", "fetch; new Response(); structuredClone(new Blob()); performance.mark('x')"] {
            check(prepare, script, expected);
        }
    }
}

#[test]
fn what_is_made_behind_a_class_that_a_script_has_is_of_that_class() {
    for (script, expected) in [
        (
            "const { Response, ReadableStream, Headers } = globalThis; const response = new globalThis.Response('x');
             [response.constructor === Response, response.body.constructor === ReadableStream, response.headers instanceof Headers]",
            "true,true,true",
        ),
        ("const { Blob } = globalThis; const file = new File([], 'x'); [file instanceof Blob, parentOf(File) === Blob]", "true,true"),
        (
            "const { Event, EventTarget, CustomEvent } = globalThis; const { signal } = new AbortController();
             let seen; signal.onabort = (event) => { seen = event.constructor === Event }; new AbortController();
             [parentOf(CustomEvent) === Event, signal instanceof EventTarget, parentOf(AbortSignal) === EventTarget]",
            "true,true,true",
        ),
        (
            "const { EventTarget, Node = document.defaultView } = globalThis;
             [document instanceof EventTarget, Object.getPrototypeOf(HTMLElement.prototype) === Element.prototype]",
            "true,true",
        ),
        (
            "const { Event } = globalThis; class Mine extends Event { constructor() { super('mine') } }
             [new Mine() instanceof Mine, new Mine() instanceof Event, new Mine().type, new Mine().constructor === Mine]",
            "true,true,mine,true",
        ),
        (
            "const { EventTarget } = globalThis; class Mine extends EventTarget {} let count = 0; const target = new Mine();
             target.addEventListener('x', () => count++); target.dispatchEvent(new Event('x')); count",
            "1",
        ),
        ("const { URL } = globalThis; [URL.canParse('x:y'), typeof URL.createObjectURL, new URL('a:b').constructor === URL]", "true,function,true"),
        ("const { Buffer } = globalThis; [Buffer.from('a') instanceof Buffer, parentOf(Buffer) === Uint8Array, Buffer.from('a').constructor === Buffer]", "true,true,true"),
        ("const { TextEncoder } = globalThis; thrown(() => TextEncoder())", "TypeError"),
        ("const { Headers } = globalThis; Reflect.construct(Headers, [[['a', 'b']]], Array) instanceof Array", "true"),
        ("const { Intl, Temporal, compression } = globalThis; [Intl, Temporal, compression, console].map(String)", "[object Intl],[object Temporal],[object compression],[object console]"),
        ("const { Intl } = globalThis; [Reflect.ownKeys(Intl).includes('NumberFormat'), 'Collator' in Intl, Object.getPrototypeOf(Intl) === Object.prototype]", "true,true,true"),
        ("Object.freeze(Intl); [Object.isFrozen(Intl), typeof Intl.DateTimeFormat]", "true,function"),
        (
            "const { performance, crypto, document, customElements } = globalThis;
             [performance, crypto, document, customElements].map((object) => Reflect.ownKeys(object).length).join()",
            "0,0,0,0",
        ),
        (
            "const { performance, crypto, document, customElements } = globalThis;
             [performance, crypto, document, customElements].map((object) => Object.getPrototypeOf(object).constructor.name)",
            "Performance,Crypto,HTMLDocument,CustomElementRegistry",
        ),
        (
            "const { performance, crypto, document, customElements } = globalThis;
             [performance, crypto, document, customElements].map((object) => `${object}`)",
            "[object Performance],[object Crypto],[object HTMLDocument],[object CustomElementRegistry]",
        ),
        (
            "const { performance, document, customElements, EventTarget } = globalThis;
             [performance, document, customElements].map((object) => object instanceof EventTarget)",
            "true,true,false",
        ),
        (
            "const { performance, document } = globalThis; let count = 0;
             for (const target of [performance, document]) { target.addEventListener('x', () => count++); target.dispatchEvent(new Event('x')) } count",
            "2",
        ),
        ("const { customElements } = globalThis; customElements.define('x-y', class extends HTMLElement { own = 7 }); document.createElement('x-y').own", "7"),
        ("const { document } = globalThis; document.body.innerHTML = '<p>hi</p>'; [document.querySelector('p').ownerDocument === document, document.documentElement.parentNode === document]", "true,true"),
        ("const { document } = globalThis; [HTMLElement, Node.prototype.getRootNode.call(document) === document]", "function HTMLElement() {\n    [native code]\n},true"),
        ("const { crypto } = globalThis; [crypto.randomUUID().length, crypto.subtle === crypto.subtle]", "36,true"),
        ("const { performance } = globalThis; try { structuredClone(performance) } catch (error) { error.name }", "DataCloneError"),
        ("const { document } = globalThis; try { structuredClone(document) } catch (error) { error.name }", "DataCloneError"),
        ("const { Intl, console } = globalThis; try { structuredClone(console) } catch (error) { JSON.stringify(structuredClone(Intl)) }", "{}"),
        ("for (const key in console) if (key === 'log') console[key] = 1; console.log", "1"),
    ] {
        check("", script, expected);
    }
}
