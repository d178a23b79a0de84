//! Channels of one realm and of several.

use quickbeam_api_broadcast_channel::BroadcastChannel;
use quickbeam_api_events::Events;
use quickbeam_api_harness::Harness;
use quickbeam_api_messaging::Messaging;
use quickbeam_api_structured_clone::StructuredClone;
use quickbeam_api_timers::Timers;
use quickbeam_api_webidl::DomExceptions;

fn harness() -> Harness {
    Harness::new(&[&DomExceptions, &Timers, &Events, &StructuredClone, &Messaging, &BroadcastChannel])
}

#[test]
fn every_other_channel_of_the_name_gets_the_message_in_order() {
    harness().check(
        "(async () => {
            const [a, b, c, other] = ['one', 'one', 'one', 'two'].map((name) => new BroadcastChannel(name));
            const seen = [];
            const done = new Promise((resolve) => {
                for (const [who, channel] of Object.entries({ a, b, c, other }))
                    channel.onmessage = ({ data }) => { seen.push(who + data); if (who + data === 'c3') resolve() };
            });
            for (const n of [1, 2, 3]) a.postMessage(n);
            await done;
            return seen.join();
        })()",
        "b1,c1,b2,c2,b3,c3",
    );
}

#[test]
fn realms_reach_each_other() {
    let (one, other) = (harness(), harness());
    other.check(
        "globalThis.got = new Promise((resolve) => { new BroadcastChannel('between').onmessage = (e) => resolve(e.data.list.get('k')) }); 1",
        "1",
    );
    one.check("new BroadcastChannel('between').postMessage({ list: new Map([['k', 'v']]) })", "undefined");
    other.check("got", "v");
}

#[test]
fn a_closed_channel_takes_and_sends_nothing() {
    harness().check(
        "(async () => {
            const a = new BroadcastChannel('x'), b = new BroadcastChannel('x'), c = new BroadcastChannel('x');
            const seen = [];
            b.onmessage = () => seen.push('no');
            const done = new Promise((resolve) => { c.onmessage = resolve });
            a.postMessage(1);
            b.close();
            b.close();
            await done;
            try { b.postMessage(1) } catch (e) { seen.push(e.name) }
            try { a.postMessage(() => {}) } catch (e) { seen.push(e.name) }
            return seen.join();
        })()",
        "InvalidStateError,DataCloneError",
    );
}

#[test]
fn channels_are_bounded() {
    harness().check(
        "for (let n = 0; n < 2000; n++) new BroadcastChannel('n' + n)",
        "RangeError: a runtime has at most 1000 broadcast channels open",
    );
    harness().check("for (let n = 0; n < 2000; n++) new BroadcastChannel('n' + n).close(); 'fine'", "fine");
    harness()
        .check("new BroadcastChannel('x'.repeat(2000))", "RangeError: BroadcastChannel: a name has at most 1000 bytes");
    harness().check("new BroadcastChannel()", "TypeError: BroadcastChannel: 1 argument required, but only 0 present");
}

/// What a channel `to` that was set up by `setup` pushed to `seen` once three messages came.
fn seen_after(setup: &str) -> String {
    format!(
        "(async () => {{
            const name = `${{Math.random()}}`;
            const [from, to, last] = [1, 2, 3].map(() => new BroadcastChannel(name));
            const seen = [], push = (...more) => seen.push(...more);
            {setup};
            for (const n of [1, 2, 3]) {{
                const done = new Promise((resolve) => {{ last.onmessage = resolve }});
                from.postMessage(n);
                await done;
            }}
            return seen.join();
        }})()"
    )
}

#[test]
fn whoever_listens_when_a_message_comes_hears_of_it() {
    let harness = harness();
    for (setup, expected) in [
        ("to.onmessage = function (e) { push(this === to && e.data) }", "1,2,3"),
        ("to.addEventListener('message', function (e) { push(this === to && e.data) })", "1,2,3"),
        ("to.onmessage = (e) => { push(e.data); to.onmessage = (e) => push('then' + e.data) }", "1,then2,then3"),
        ("to.onmessage = (e) => { push(e.data); to.onmessage = null }", "1"),
        (
            "const f = (e) => { push(e.data); to.removeEventListener('message', f) }; to.addEventListener('message', f)",
            "1",
        ),
        ("to.addEventListener('message', (e) => push(e.data), { once: true })", "1"),
        ("to.addEventListener('message', { handleEvent(e) { push(this !== to, e.data) } })", "true,1,true,2,true,3"),
        ("to.onmessage = { handleEvent: () => push('no') }", ""),
        (
            "to.addEventListener('message', (e) => push(e.data + 'c'), true); to.onmessage = (e) => push(e.data)",
            "1c,1,2c,2,3c,3",
        ),
        (
            "to.onmessage = (e) => { push(e.data); if (e.data === 1) to.addEventListener('message', (e) => push('and' + e.data)) }",
            "1,2,and2,3,and3",
        ),
        (
            "const stop = new AbortController(); to.addEventListener('message', (e) => { push(e.data); stop.abort() }, { signal: stop.signal })",
            "1",
        ),
        ("to.onmessage = (e) => { push(e.data); to.close() }", "1"),
        (
            "to.onmessage = (e) => { push(e.data); dispatchEvent(e) }; addEventListener('message', (e) => push('no'))",
            "1,2,3",
        ),
        ("to.addEventListener('messageerror', () => push('no'))", ""),
    ] {
        harness.check(&seen_after(setup), expected);
    }
    let uncaught = ["InvalidStateError: The event is already being dispatched"; 3];
    assert_eq!(harness.take_uncaught(), uncaught);
}

#[test]
fn the_event_is_as_any_other() {
    let harness = harness();
    for (setup, expected) in [
        ("to.onmessage = (e) => push(e instanceof MessageEvent, e.constructor.name)", "true,MessageEvent,true,MessageEvent,true,MessageEvent"),
        (
            "to.onmessage = (e) => { if (e.data === 2) push(Object.keys(e), e.isTrusted, e.type, e.origin, e.lastEventId, e.source, Object.isFrozen(e.ports) && e.ports.length) }",
            "isTrusted,true,message,,,,0",
        ),
        (
            "to.onmessage = (e) => { if (e.data === 2) push(e.bubbles, e.cancelable, e.composed, e.timeStamp <= performance.now(), e.composedPath()[0] === to) };
             globalThis.performance ??= { now: () => Infinity }",
            "false,false,false,true,true",
        ),
        (
            "let kept; to.onmessage = (e) => { if (kept) return; kept = e; e.preventDefault(); e.stopPropagation(); push(e.eventPhase, e.currentTarget === to, e.cancelBubble, e.defaultPrevented) };
             last.addEventListener('message', () => push(kept.eventPhase, kept.currentTarget, kept.target === to, kept.cancelBubble, kept.composedPath().length), { once: true })",
            "2,true,true,false,0,,true,false,0",
        ),
        (
            "const again = new EventTarget(); again.addEventListener('message', (e) => push(e.target === again, e.isTrusted, e.data));
             to.onmessage = (e) => queueMicrotask(() => again.dispatchEvent(e))",
            "true,false,1,true,false,2,true,false,3",
        ),
        (
            "to.onmessage = (e) => { e.initMessageEvent('other', true, true, 'x'); push(e.type, e.data, e.bubbles) }",
            "message,1,false,message,2,false,message,3,false",
        ),
    ] {
        harness.check(&seen_after(setup), expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

#[test]
fn what_a_listener_throws_is_reported_and_scripts_subvert_nothing() {
    let harness = harness();
    harness.check(&seen_after("to.onmessage = (e) => { push(e.data); throw new RangeError(e.data) }"), "1,2,3");
    assert_eq!(harness.take_uncaught(), ["RangeError: 1", "RangeError: 2", "RangeError: 3"]);
    harness.check(
        &seen_after(
            "to.onmessage = (e) => push(e.data, e.isTrusted);
             for (const key of ['message', 'isTrusted', 'callback', 'handler', 'once'])
                Object.defineProperty(Object.prototype, key, { get() { push('get ' + key) }, set() { push('set ' + key) } });
             MessageEvent.prototype.__proto__ = null; globalThis.MessageEvent = Object",
        ),
        "1,true,2,true,3,true",
    );
}
