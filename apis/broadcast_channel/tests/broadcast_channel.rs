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
