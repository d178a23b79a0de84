//! Messages between ports.

use quickbeam_api_encoding::Encoding;
use quickbeam_api_events::Events;
use quickbeam_api_harness::Harness;
use quickbeam_api_messaging::Messaging;
use quickbeam_api_structured_clone::StructuredClone;
use quickbeam_api_timers::Timers;
use quickbeam_api_webidl::DomExceptions;

fn harness() -> Harness {
    let harness = Harness::new(&[&DomExceptions, &Timers, &Encoding, &Events, &StructuredClone, &Messaging]);
    harness.check(
        "globalThis.send = (value, transfer) => new Promise((resolve, reject) => {
            const { port1, port2 } = new MessageChannel();
            port2.onmessage = (event) => { port1.close(); resolve(event) };
            port2.onmessageerror = reject;
            port1.postMessage(value, transfer);
        });
        globalThis.trip = async (value) => (await send(value)).data; 1",
        "1",
    );
    harness
}

/// A value, and an expression of the copy `v` that is true.
const VALUES: &[(&str, &str)] = &[
    ("undefined", "v === undefined"),
    ("null", "v === null"),
    ("true", "v === true"),
    ("-7", "v === -7"),
    ("2 ** 40", "v === 2 ** 40"),
    ("-0", "Object.is(v, -0)"),
    ("NaN", "Number.isNaN(v)"),
    ("'caf\\u00e9 \\u{1f600}'", "v === 'caf\\u00e9 \\u{1f600}'"),
    ("'\\ufffd'", "v === '\\ufffd'"),
    ("'a\\ud800'", "v === 'a\\ud800'"),
    ("'\\udc00\\ud800'.repeat(1000)", "v === '\\udc00\\ud800'.repeat(1000)"),
    ("({ '\\ud800': 1, '\\udbff': 2 })", "v['\\ud800'] === 1 && v['\\udbff'] === 2"),
    ("new Map([['\\udfff', '\\udfff']])", "v.get('\\udfff') === '\\udfff'"),
    ("Object('\\ud800')", "v.valueOf() === '\\ud800'"),
    ("new Error('\\ud800')", "v.message === '\\ud800'"),
    ("2n ** 100n", "v === 2n ** 100n"),
    ("-(2n ** 65n)", "v === -(2n ** 65n)"),
    ("[1, , 3]", "v.length === 3 && !(1 in v) && v[2] === 3"),
    ("Object.assign([1], { extra: 2 })", "v.extra === 2 && v.length === 1"),
    ("({ a: { b: [1, { c: 'x' }] }, 5: 6 })", "v.a.b[1].c === 'x' && v[5] === 6"),
    (
        "JSON.parse('{\"__proto__\": 1}')",
        "Object.hasOwn(v, '__proto__') && Object.getPrototypeOf(v) === Object.prototype",
    ),
    ("new Map([[{ k: 1 }, new Set([1, 'a'])]])", "[...v][0][0].k === 1 && [...v][0][1].has('a')"),
    ("new Date(5)", "v instanceof Date && v.getTime() === 5"),
    ("new Date(NaN)", "Number.isNaN(v.getTime())"),
    ("/a+/giu", "v.source === 'a+' && v.flags === 'giu'"),
    ("Object('s')", "typeof v === 'object' && v.valueOf() === 's'"),
    ("Object(1n)", "typeof v === 'object' && v.valueOf() === 1n"),
    ("new TypeError('no', { cause: [1] })", "v instanceof TypeError && v.message === 'no' && v.cause[0] === 1"),
    ("Object.assign(new Error('x'), { name: 'Mine' })", "v.name === 'Error' && v.message === 'x'"),
    ("new DOMException('m', 'AbortError')", "v instanceof DOMException && v.name === 'AbortError' && v.code === 20"),
    ("new Uint8Array([1, 2, 3])", "v instanceof Uint8Array && v.join() === '1,2,3'"),
    ("new Float64Array([0.5]).subarray(0, 1)", "v[0] === 0.5"),
    ("new DataView(new ArrayBuffer(8), 2, 4)", "v.byteOffset === 2 && v.byteLength === 4 && v.buffer.byteLength === 8"),
    ("new ArrayBuffer(2, { maxByteLength: 8 })", "v.resizable && v.maxByteLength === 8 && v.byteLength === 2"),
    (
        "(() => { const b = new ArrayBuffer(4); return [new Uint8Array(b), new Int16Array(b)] })()",
        "v[0].buffer === v[1].buffer",
    ),
    ("(() => { const o = { n: 1 }; o.self = o; o.list = [o]; return o })()", "v.self === v && v.list[0] === v"),
    ("(() => { const e = new Error('x'); e.cause = e; return e })()", "v.cause === v"),
];

#[test]
fn values_come_over() {
    let harness = harness();
    for (value, holds) in VALUES {
        harness.check(&format!("trip({value}).then((v) => {holds})"), "true");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_and_nothing_is_detached() {
    let harness = harness();
    for value in [
        "() => {}",
        "Symbol()",
        "[{ f() {} }]",
        "new WeakMap()",
        "Promise.resolve()",
        "new Proxy({}, {})",
        "new EventTarget()",
        "new MessageChannel()",
        "new MessageChannel().port1",
        "new SharedArrayBuffer(1)",
        "(() => { const b = new ArrayBuffer(1); structuredClone(b, { transfer: [b] }); return b })()",
    ] {
        harness.check(
            &format!("try {{ new MessageChannel().port1.postMessage({value}) }} catch (e) {{ e.name }}"),
            "DataCloneError",
        );
    }
    harness.check(
        "new MessageChannel().port1.postMessage({ get x() { throw new RangeError('mine') } })",
        "RangeError: mine",
    );
    harness.check(
        "const b = new ArrayBuffer(3); const c = new MessageChannel();
         try { c.port1.postMessage([b, () => {}], [b]) } catch {} b.byteLength",
        "3",
    );
    for (transfer, name) in [
        ("[{}]", "DataCloneError"),
        (
            "[new ArrayBuffer(1).transfer ? (() => { const b = new ArrayBuffer(1); b.transfer(); return b })() : 0]",
            "DataCloneError",
        ),
        ("(() => { const b = new ArrayBuffer(1); return [b, b] })()", "DataCloneError"),
        ("[5]", "TypeError"),
        ("5", "TypeError"),
        ("{ transfer: 5 }", "TypeError"),
    ] {
        harness.check(
            &format!("try {{ new MessageChannel().port1.postMessage(1, {transfer}) }} catch (e) {{ e.name }}"),
            name,
        );
    }
}

#[test]
fn buffers_and_ports_are_transferred() {
    let harness = harness();
    harness.check(
        "(async () => { const b = new ArrayBuffer(3); const e = await send({ b }, [b]); return [b.detached, e.data.b.byteLength] })()",
        "true,3",
    );
    harness.check(
        "(async () => {
            const c = new MessageChannel();
            c.port1.postMessage('early');
            const e = await send({ p: c.port2 }, [c.port2]);
            const p = e.data.p;
            const seen = [];
            await new Promise((resolve) => { p.onmessage = (m) => { seen.push(m.data); if (m.data === 'late') resolve() }; c.port1.postMessage('late') });
            c.port2.postMessage('lost');
            return [p === e.ports[0], Object.isFrozen(e.ports), p instanceof MessagePort, ...seen];
        })()",
        "true,true,true,early,late",
    );
    harness.check(
        "const s = new MessageChannel(); try { s.port1.postMessage(1, [s.port1]) } catch (e) { e.name }",
        "DataCloneError",
    );
}

#[test]
fn ports_on_their_way_carry_others() {
    let harness = harness();
    harness.check(
        "(async () => {
            const next = (port) => new Promise((resolve) => { port.onmessage = resolve });
            const [outer, inner, more] = [0, 1, 2].map(() => new MessageChannel());
            // A port that waits in a message gets a port, and one at which a port waits is sent away.
            outer.port1.postMessage(1, [inner.port2]);
            inner.port1.postMessage('first');
            inner.port1.postMessage(2, [more.port2]);
            more.port1.postMessage('deep');
            const relay = new MessageChannel();
            relay.port1.postMessage(0, [outer.port2]);
            const { ports: [arrived] } = await next(relay.port2);
            const { ports: [second] } = await next(arrived);
            const seen = [];
            const third = await new Promise((resolve) => {
                second.onmessage = (e) => { seen.push(e.data); if (e.ports.length) resolve(e.ports[0]) };
            });
            seen.push((await next(third)).data);
            third.postMessage('back');
            seen.push((await next(more.port1)).data);
            return seen.join();
        })()",
        "first,2,deep,back",
    );
}

#[test]
fn ports_that_would_wait_inside_of_themselves_are_refused_and_stay() {
    let harness = harness();
    harness.check(
        "const error = (f) => { try { f(); return 'taken' } catch (e) { return e.name } };
         const a = new MessageChannel(), b = new MessageChannel(), names = [];
         names.push(error(() => a.port1.postMessage(1, [a.port2])));
         b.port1.postMessage(1, [a.port2]);
         names.push(error(() => a.port1.postMessage(1, [b.port2])));
         a.port1.postMessage('still open');
         // Not deeper than a check looks.
         let inner = new MessageChannel(), first = inner, depth = 0;
         for (;; depth++) {
            const outer = new MessageChannel();
            outer.port1.postMessage(1, [inner.port2]);
            if (error(() => first.port1.postMessage(1, [new MessageChannel().port1])) !== 'taken') break;
            inner = outer;
         }
         names.push(depth);
         (async () => {
            const e = await new Promise((resolve) => { b.port2.onmessage = resolve });
            const f = await new Promise((resolve) => { e.ports[0].onmessage = resolve });
            return [...names, f.data].join();
         })()",
        "DataCloneError,DataCloneError,98,still open",
    );
}

#[test]
fn ports_inside_of_each_other_are_freed_without_recursion() {
    let harness = harness();
    harness.check(
        "let innermost = new MessageChannel(), port = innermost.port2;
         for (let n = 0; n < 50_000; n++) {
            const outer = new MessageChannel();
            outer.port1.postMessage(1, [port]);
            port = outer.port2;
         }
         new Promise((resolve) => { innermost.port1.onclose = () => resolve('all closed'); innermost.port1.start(); port.close(); port = undefined })",
        "all closed",
    );
}

#[test]
fn messages_wait_until_the_port_starts_and_come_in_order() {
    let harness = harness();
    harness.check(
        "(async () => {
            const { port1, port2 } = new MessageChannel();
            const seen = [];
            for (let n = 0; n < 1000; n++) port1.postMessage(n);
            port2.addEventListener('message', (e) => seen.push(e.data));
            await new Promise((r) => setTimeout(r, 1));
            const before = seen.length;
            port2.start();
            port1.postMessage('end');
            while (seen.at(-1) !== 'end') await new Promise((r) => setTimeout(r, 1));
            return [before, seen.length, seen.slice(0, 1000).every((v, i) => v === i)];
        })()",
        "0,1001,true",
    );
}

#[test]
fn a_receiver_that_does_not_keep_up_is_busy() {
    let harness = harness();
    harness.check(
        "const f = new MessageChannel(); let n = 0; try { for (;;) { f.port1.postMessage(n); n++ } } catch (e) { e.name + ' ' + n }",
        "BusyError 65536",
    );
    harness.check(
        "const g = new MessageChannel(), big = new ArrayBuffer(50e6); g.port1.postMessage(big);
         try { g.port1.postMessage(big) } catch (e) { e.name }",
        "BusyError",
    );
}

#[test]
fn closing_tells_the_other_end() {
    let harness = harness();
    harness.check(
        "(async () => {
            const { port1, port2 } = new MessageChannel();
            const closed = new Promise((resolve) => { port2.onclose = () => resolve('closed') });
            const seen = [];
            port2.onmessage = (e) => seen.push(e.data);
            port1.postMessage(1);
            port1.close();
            port1.postMessage(2);
            return [await closed, seen.join()];
        })()",
        "closed,1",
    );
}

#[test]
fn classes_are_as_the_standard_has_them() {
    let harness = harness();
    harness.check("new MessagePort()", "TypeError: Illegal constructor");
    harness.check("String(new MessageChannel().port1)", "[object MessagePort]");
    harness.check("new MessageChannel().port1 instanceof EventTarget", "true");
    harness.check("MessageChannel.length + MessagePort.length + MessageEvent.length", "1");
    harness
        .check("MessagePort.prototype.postMessage.call({}, 1)", "TypeError: private class field '#end' does not exist");
    harness.check(
        "const e = new MessageEvent('message', { data: 5, origin: 'o', lastEventId: 'l' }); [e.data, e.origin, e.lastEventId, e.source, e.ports.length].join()",
        "5,o,l,,0",
    );
    harness.check("new MessageEvent('x').data", "null");
    harness.check("new MessageEvent('x', { ports: [1] })", "TypeError: MessageEvent: ports holds no MessagePort");
    harness.check("new MessageEvent('x', { source: {} })", "TypeError: MessageEvent: the source is not a MessagePort");
}

#[test]
fn structured_clones_take_ports_along() {
    let harness = harness();
    harness.check(
        "const { port1, port2 } = new MessageChannel(); const moved = structuredClone({ port: port1 }, { transfer: [port1] }).port;
         const got = new Promise((resolve) => { moved.onmessage = ({ data }) => resolve(data); });
         port1.postMessage('lost'); port2.postMessage('kept'); got.then((data) => `${data} ${moved !== port1} ${moved instanceof MessagePort}`)",
        "kept true true",
    );
    harness.check(
        "{ const { port1 } = new MessageChannel(); structuredClone(0, { transfer: [port1] }); try { structuredClone(0, { transfer: [port1] }) } catch (e) { e.name } }",
        "DataCloneError",
    );
    harness.check(
        "{ const { port1, port2 } = new MessageChannel(); try { structuredClone(() => 0, { transfer: [port1] }) } catch {}
           const got = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); }); port2.postMessage('still'); got }",
        "still",
    );
}

#[test]
fn deep_and_large_messages_end_in_errors() {
    let harness = harness();
    harness.check(
        "let deep = []; for (let n = 0; n < 1e6; n++) deep = [deep];
         try { new MessageChannel().port1.postMessage(deep) } catch (e) { e.name }",
        "RangeError",
    );
    harness.check(
        "const text = 'x'.repeat(1e6); try { new MessageChannel().port1.postMessage(Array(1000).fill(text)) } catch (e) { e.name }",
        "RangeError",
    );
}
