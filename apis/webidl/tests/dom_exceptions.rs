//! `QuotaExceededError` and `Error.isError`.

use quickbeam_api_harness::Harness;
use quickbeam_api_webidl::DomExceptions;

#[test]
fn dom_exceptions_are_errors() {
    let harness = Harness::new(&[&DomExceptions]);
    for (script, expected) in [
        (
            "[Error.isError(new DOMException('m')), Error.isError(new RangeError()), Error.isError({}), Error.isError()]",
            "true,true,false,false",
        ),
        (
            "{ const e = new QuotaExceededError('m'); String([e.name, e.code, e.message, e.quota, e.requested]) }",
            "QuotaExceededError,22,m,,",
        ),
        (
            "{ const e = new QuotaExceededError('m', { quota: 1, requested: 2 }); [e.quota, e.requested, e instanceof DOMException] }",
            "1,2,true",
        ),
        (
            "new QuotaExceededError('m', { quota: 2, requested: 1 })",
            "RangeError: QuotaExceededError: requested is less than quota",
        ),
        ("new QuotaExceededError('m', { quota: -1 })", "RangeError: QuotaExceededError: quota is negative"),
        ("new QuotaExceededError('m', { quota: NaN })", "TypeError: QuotaExceededError: quota is not a finite number"),
        ("new QuotaExceededError('m', 5)", "TypeError: QuotaExceededError: the options is not an object"),
        ("throw new QuotaExceededError('m')", "QuotaExceededError: m"),
    ] {
        harness.check(script, expected);
    }
}

#[test]
fn lazy_globals_look_like_any_other() {
    let harness = Harness::new(&[&DomExceptions]);
    let descriptor = "JSON.stringify(Object.getOwnPropertyDescriptor(globalThis, 'QuotaExceededError'))";
    harness.check(descriptor, r#"{"writable":true,"enumerable":false,"configurable":true}"#);
    for (script, expected) in [
        ("Reflect.getOwnPropertyDescriptor(globalThis, 'QuotaExceededError').value === QuotaExceededError", "true"),
        ("Object.getOwnPropertyDescriptor(globalThis, 'nothing')", "undefined"),
        ("Object.getOwnPropertyDescriptor('ab', 'length').value", "2"),
        ("Reflect.getOwnPropertyDescriptor('ab', 'length')", "TypeError: not an object"),
        ("Object.getOwnPropertyDescriptor.name + Object.getOwnPropertyDescriptor.length", "getOwnPropertyDescriptor2"),
        (
            "Object.defineProperty(globalThis, 'mine', { get() { throw 'called' }, configurable: true }); typeof Object.getOwnPropertyDescriptor(globalThis, 'mine').get",
            "function",
        ),
    ] {
        harness.check(script, expected);
    }
}
