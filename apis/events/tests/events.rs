//! Dispatch, abort signals, and errors that nobody caught.

use quickbeam_api_events::Events;
use quickbeam_api_harness::Harness;

fn check_all(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Events]);
    for (script, expected) in cases {
        harness.check(&format!("(() => {{ {script} }})()"), expected);
    }
}

#[test]
fn listeners_run_in_order_and_once_each() {
    check_all(&[
        (
            "const t = new EventTarget(), seen = []; t.addEventListener('x', () => seen.push(1)); t.addEventListener('x', { handleEvent() { seen.push(2) } }); t.dispatchEvent(new Event('x')); return seen",
            "1,2",
        ),
        (
            "const t = new EventTarget(); let n = 0; const f = () => n++; t.addEventListener('x', f); t.addEventListener('x', f); t.dispatchEvent(new Event('x')); return n",
            "1",
        ),
        (
            "const t = new EventTarget(); let n = 0; const f = () => n++; t.addEventListener('x', f); t.addEventListener('x', f, true); t.removeEventListener('x', f, { capture: true }); t.dispatchEvent(new Event('x')); return n",
            "1",
        ),
        (
            "const t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, { once: true }); t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('x')); return n",
            "1",
        ),
        (
            "const t = new EventTarget(), seen = []; t.addEventListener('x', () => seen.push('bubble')); t.addEventListener('x', () => seen.push('capture'), true); t.dispatchEvent(new Event('x')); return seen",
            "capture,bubble",
        ),
        (
            "const t = new EventTarget(), seen = []; t.addEventListener('x', (e) => { seen.push(1); e.stopImmediatePropagation() }); t.addEventListener('x', () => seen.push(2)); t.dispatchEvent(new Event('x')); return seen",
            "1",
        ),
        (
            "const t = new EventTarget(), seen = []; for (const capture of [true, false]) t.addEventListener('x', () => seen.push(capture), capture); const e = new Event('x'); e.stopPropagation(); t.dispatchEvent(e); t.dispatchEvent(e); return [seen, e.cancelBubble]",
            "true,false,false",
        ),
        (
            "const t = new EventTarget(), seen = []; t.addEventListener('x', () => t.addEventListener('x', () => seen.push('added')), true); t.dispatchEvent(new Event('x')); return seen",
            "added",
        ),
        (
            "const t = new EventTarget(), seen = []; t.addEventListener('__proto__', () => seen.push(1)); t.dispatchEvent(new Event('__proto__')); t.dispatchEvent(new Event('toString')); return seen",
            "1",
        ),
        (
            "const t = new EventTarget(), seen = []; const b = () => seen.push('b'); t.addEventListener('x', () => t.removeEventListener('x', b)); t.addEventListener('x', b); t.dispatchEvent(new Event('x')); return seen.length",
            "0",
        ),
        (
            "const t = new EventTarget(); let n = 0; t.addEventListener('x', () => t.addEventListener('x', () => n++)); t.dispatchEvent(new Event('x')); return n",
            "0",
        ),
        (
            "const t = new EventTarget(); const e = new Event('x', { cancelable: true }); t.addEventListener('x', (e) => e.preventDefault()); return [t.dispatchEvent(e), e.defaultPrevented, e.returnValue]",
            "false,true,false",
        ),
        (
            "const t = new EventTarget(); const e = new Event('x', { cancelable: true }); t.addEventListener('x', (e) => e.preventDefault(), { passive: true }); return t.dispatchEvent(e)",
            "true",
        ),
        (
            "const t = new EventTarget(); let self; t.addEventListener('x', function (e) { self = [this === t, e.target === t, e.currentTarget === t, e.eventPhase, e.composedPath().length] }); const e = new Event('x'); t.dispatchEvent(e); return [self, e.eventPhase, e.currentTarget, e.target === t]",
            "true,true,true,2,1,0,,true",
        ),
        (
            "const t = new EventTarget(); const e = new Event('x'); t.addEventListener('x', () => t.dispatchEvent(e)); let caught; addEventListener('error', (e) => { caught = e.error.name; e.preventDefault() }, { once: true }); t.dispatchEvent(e); return caught",
            "InvalidStateError",
        ),
        (
            "const t = new EventTarget(); t.addEventListener('x', null); t.removeEventListener('x', undefined); return t.dispatchEvent(new Event('x'))",
            "true",
        ),
        (
            "const c = new AbortController(), t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, { signal: c.signal }); t.dispatchEvent(new Event('x')); c.abort(); t.dispatchEvent(new Event('x')); return n",
            "1",
        ),
        (
            "const t = new EventTarget(); let n = 0; t.addEventListener('x', () => n++, { signal: AbortSignal.abort() }); t.dispatchEvent(new Event('x')); return n",
            "0",
        ),
        (
            "class T extends EventTarget { constructor() { super(); this.n = 0; this.addEventListener('x', this) } handleEvent() { this.n++ } } const t = new T(); t.dispatchEvent(new Event('x')); return t.n",
            "1",
        ),
    ]);
}

#[test]
fn what_was_frozen_is_an_event_target_still() {
    for freeze in ["freeze", "seal", "preventExtensions"] {
        let source = "const seen = [], push = (e) => seen.push(e.type, e.currentTarget === globalThis);
             globalThis.__proto__ = Object.prototype; Object.FREEZE(globalThis);
             addEventListener('x', push); addEventListener('x', (e) => seen.push('capture'), true);
             addEventListener('y', push, { once: true }); addEventListener('z', push); removeEventListener('z', push);
             for (const type of ['x', 'y', 'y', 'z']) dispatchEvent(new Event(type));
             onerror = (message) => { seen.push(message); return true };
             reportError(new Error('told')); const kept = onerror; onerror = null;
             const target = Object.FREEZE(new EventTarget()); target.addEventListener('own', (e) => seen.push(e.target === target));
             target.dispatchEvent(new Event('own'));
             return [seen, typeof kept, onerror]";
        check_all(&[(&source.replace("FREEZE", freeze), "capture,x,true,y,true,Uncaught Error: told,true,function,")]);
    }
}

#[test]
fn events_are_what_web_idl_says() {
    check_all(&[
        (
            "const e = new CustomEvent('x', { detail: 5, bubbles: true }); return [e.type, e.detail, e.bubbles, e.cancelable, e.isTrusted, e instanceof Event, String(e)]",
            "x,5,true,false,false,true,[object CustomEvent]",
        ),
        ("return new CustomEvent('x').detail", "null"),
        (
            "const e = new ErrorEvent('x', { message: 'm', filename: 'f', lineno: 1, colno: 2, error: 3 }); return [e.message, e.filename, e.lineno, e.colno, e.error]",
            "m,f,1,2,3",
        ),
        (
            "const p = Promise.resolve(); const e = new PromiseRejectionEvent('x', { promise: p, reason: 1 }); return [e.promise === p, e.reason]",
            "true,1",
        ),
        (
            "return new PromiseRejectionEvent('x', {})",
            "TypeError: PromiseRejectionEvent: the initialiser has no promise",
        ),
        ("return new Event()", "TypeError: Event: 1 argument required, but only 0 present"),
        ("return new Event('x', 5)", "TypeError: the initialiser of an event is not an object"),
        ("return Event('x')", "TypeError: class constructors must be invoked with 'new'"),
        (
            "return [Event.AT_TARGET, new Event('x').BUBBLING_PHASE, Event.length, Event.prototype.initEvent.length, CustomEvent.length]",
            "2,3,1,1,1",
        ),
        (
            "const e = new Event('x'); e.initEvent('y', true, true); return [e.type, e.bubbles, e.cancelable]",
            "y,true,true",
        ),
        ("const e = new Event('x'); e.cancelBubble = true; e.cancelBubble = false; return e.cancelBubble", "true"),
        ("return typeof new Event('x').timeStamp", "number"),
        (
            "return JSON.stringify(Object.getOwnPropertyDescriptor(new Event('x'), 'isTrusted'), ['enumerable', 'configurable'])",
            "{\"enumerable\":true,\"configurable\":false}",
        ),
        ("return Object.getOwnPropertyDescriptor(Event.prototype, 'type').enumerable", "true"),
        ("return Event.prototype.type", "TypeError: private class field '#state' does not exist"),
        (
            "return new EventTarget().addEventListener('x')",
            "TypeError: addEventListener: 2 arguments required, but only 1 present",
        ),
        (
            "return new EventTarget().addEventListener('x', 5)",
            "TypeError: addEventListener: the listener is not a function or an object",
        ),
        (
            "return new EventTarget().addEventListener('x', () => {}, { signal: {} })",
            "TypeError: addEventListener: the signal is not an AbortSignal",
        ),
        ("return new EventTarget().dispatchEvent({})", "TypeError: dispatchEvent: the argument is not an Event"),
        (
            "return EventTarget.prototype.addEventListener.call({}, 'x', () => {})",
            "TypeError: this is not an EventTarget",
        ),
        (
            "return Object.keys(globalThis).filter((name) => /Event|^on|report/.test(name))",
            "addEventListener,removeEventListener,dispatchEvent,reportError,onerror,onunhandledrejection",
        ),
    ]);
}

#[test]
fn signals_abort_once() {
    check_all(&[
        (
            "const c = new AbortController(); const seen = []; c.signal.onabort = (e) => seen.push(e.type, e.isTrusted); c.signal.addEventListener('abort', () => seen.push(c.signal.reason)); c.abort('why'); c.abort('again'); return seen",
            "abort,true,why",
        ),
        (
            "const c = new AbortController(); c.abort(); const { reason } = c.signal; return [reason.name, reason instanceof DOMException, c.signal.aborted]",
            "AbortError,true,true",
        ),
        ("AbortSignal.abort(new RangeError('mine')).throwIfAborted()", "RangeError: mine"),
        ("return new AbortController().signal.throwIfAborted()", "undefined"),
        ("return new AbortSignal()", "TypeError: AbortSignal cannot be constructed: use AbortController"),
        (
            "return AbortSignal.timeout(-1)",
            "TypeError: AbortSignal.timeout: the time is outside the range from 0 to 9007199254740991",
        ),
        ("return AbortSignal.any([5])", "TypeError: AbortSignal.any: not all values are AbortSignals"),
        ("return AbortSignal.any(5)", "TypeError: AbortSignal.any: the signals are not iterable"),
        (
            "const a = new AbortController(), b = new AbortController(), any = AbortSignal.any([a.signal, b.signal]); b.abort(2); a.abort(1); return [any.aborted, any.reason]",
            "true,2",
        ),
        ("return AbortSignal.any([]).aborted", "false"),
        ("return AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason", "1"),
        (
            "const a = new AbortController(); const outer = AbortSignal.any([AbortSignal.any([a.signal])]); const seen = []; outer.onabort = () => seen.push('outer'); a.signal.onabort = () => seen.push('root'); a.abort(); return seen",
            "root,outer",
        ),
        (
            "return new Promise((done) => { AbortSignal.timeout(1).onabort = function () { done(this.reason.name) } })",
            "TimeoutError",
        ),
        (
            "return new Promise((done) => { AbortSignal.any([AbortSignal.timeout(1)]).addEventListener('abort', (e) => done(e.target.reason.name)) })",
            "TimeoutError",
        ),
        (
            "return (async () => { for (let n = 0; n < 150_000; n++) { AbortSignal.timeout(1e6); if (n % 1000 === 0) await null } return 'collected' })()",
            "collected",
        ),
        (
            "const a = new AbortController(); for (let n = 0; n < 20_000; n++) AbortSignal.any([a.signal]); a.abort(); return 'done'",
            "done",
        ),
        (
            "const c = new AbortController(); c.signal.onabort = 5; const none = c.signal.onabort; const object = {}; c.signal.onabort = object; return [none, c.signal.onabort === object, (c.abort(), 'ok')]",
            ",true,ok",
        ),
    ]);
}

#[test]
fn uncaught_errors_reach_listeners_and_then_the_host() {
    let harness = Harness::new(&[&Events]);
    let check = |script: &str, expected: &str, uncaught: &[&str]| {
        harness.check(&format!("globalThis.seen = []; {script}; 1"), "1");
        harness.check("String(seen)", expected);
        assert_eq!(harness.take_uncaught(), uncaught, "{script}");
    };
    check("reportError(new TypeError('a'))", "", &["TypeError: a"]);
    check("reportError(5)", "", &["Error: 5"]);
    check("reportError(new DOMException('d', 'DataError'))", "", &["DataError: d"]);
    check(
        "onerror = (...args) => { seen.push(args.length, args[0], args[1], args[4].message); return true }; reportError(new Error('b'))",
        "5,Uncaught Error: b,test.js,b",
        &[],
    );
    check("onerror = () => false; reportError(new Error('c'))", "", &["Error: c"]);
    check(
        "onerror = () => { throw new Error('in handler') }; reportError(new Error('d'))",
        "",
        &["Error: in handler", "Error: d"],
    );
    check("onerror = null; reportError(new Error('e'))", "", &["Error: e"]);
    check(
        "addEventListener('error', (e) => { seen.push(e.error, e.message); e.preventDefault() }, { once: true }); reportError('f')",
        "f,Uncaught f",
        &[],
    );
    check(
        "new EventTarget().addEventListener.call(globalThis, 'error', (e) => e.preventDefault(), { once: true }); reportError(1)",
        "",
        &[],
    );
    check(
        "const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('g') }); t.addEventListener('x', () => seen.push('next')); t.dispatchEvent(new Event('x'))",
        "next",
        &["Error: g"],
    );
    check(
        "onunhandledrejection = (e) => { seen.push(e.reason, e.promise instanceof Promise); return false }; Promise.reject(7)",
        "7,true",
        &[],
    );
    check("onunhandledrejection = null; Promise.reject(new Error('h'))", "", &["Error: h"]);
    check(
        "addEventListener('unhandledrejection', () => { throw new Error('i') }, { once: true }); Promise.reject(8)",
        "",
        &["Error: i", "Error: 8"],
    );
    harness.check("reportError()", "TypeError: reportError: 1 argument required, but only 0 present");
}
