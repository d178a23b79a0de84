//! Streams that are transferred: in messages, and in structured clones where there are no ports to send messages by.

use quickbeam_api_harness::Harness;
use quickbeam_api_messaging::Messaging;
use quickbeam_api_streams::Streams;
use quickbeam_executor::Api;

const HELPERS: &str = "
  globalThis.all = async (stream) => { const got = []; for await (const chunk of stream) got.push(chunk); return got.join(); };
  globalThis.clone = (value, transfer) => structuredClone(value, { transfer });
  globalThis.nameOf = (f) => { try { f(); return 'none' } catch (e) { return e.name } };
";

const POSTING: &str = "
  globalThis.pass = (value, transfer) => new Promise((resolve, reject) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data, ports }) => { port1.close(); resolve([data, ports.length]) };
    port2.onmessageerror = reject;
    port1.postMessage(value, transfer);
  });
";

/// A realm without messages between ports.
fn bare() -> Harness {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.push(&Streams);
    let harness = Harness::new(&apis);
    harness.check(&format!("{HELPERS} 'ready'"), "ready");
    harness
}

fn with_ports() -> Harness {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([&Streams as &dyn Api, &Messaging]);
    let harness = Harness::new(&apis);
    harness.check(&format!("{HELPERS} {POSTING} 'ready'"), "ready");
    harness
}

#[test]
fn messages_take_streams_along() {
    let harness = with_ports();
    harness.check(
        "{ const stream = ReadableStream.from([1, { a: 2 }, 'three']); const there = pass(stream, [stream]);
           there.then(async ([copy, ports]) => [copy !== stream, stream.locked, ports, JSON.stringify(await Array.fromAsync(copy))].join(' ')) }",
        "true true 0 [1,{\"a\":2},\"three\"]",
    );
    harness.check(
        "{ const got = []; const ended = Promise.withResolvers();
           const sink = new WritableStream({ write(chunk) { got.push(chunk) }, close() { got.push('end'); ended.resolve() } });
           pass(sink, [sink]).then(async ([copy]) => { const writer = copy.getWriter(); await writer.write('x'); await writer.write('y'); await writer.close();
             await ended.promise; return got.join() }) }",
        "x,y,end",
    );
    harness.check(
        "{ const upper = new TransformStream({ transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()) } });
           pass({ deep: [upper] }, [upper]).then(([{ deep: [copy] }]) => all(ReadableStream.from(['a', 'b']).pipeThrough(copy))) }",
        "A,B",
    );
    harness.check(
        "{ const stream = new ReadableStream({ pull(controller) { controller.error(new TypeError('broken')) } }, { highWaterMark: 0 });
           pass(stream, [stream]).then(([copy]) => all(copy)) }",
        "TypeError: broken",
    );
    harness.check(
        "{ const stream = new ReadableStream(); stream.getReader(); try { new MessageChannel().port1.postMessage(0, [stream]) } catch (e) { e.name } }",
        "DataCloneError",
    );
    harness.check(
        "try { new MessageChannel().port1.postMessage(new ReadableStream()) } catch (e) { e.name }",
        "DataCloneError",
    );
    harness.check(
        "{ const stream = new ReadableStream(); const { port1 } = new MessageChannel();
           const value = { get a() { stream.getReader(); return 1 } };
           nameOf(() => port1.postMessage(value, [stream])) }",
        "DataCloneError",
    );
    harness.check(
        "nameOf(() => new MessageChannel().port1.postMessage(0, [Object.create(ReadableStream.prototype)]))",
        "DataCloneError",
    );
}

#[test]
fn structured_clones_take_streams_along() {
    let harness = bare();
    for (source, expected) in [
        (
            "{ const stream = ReadableStream.from([1, { a: 2 }, 'three']); const copy = clone(stream, [stream]); const { locked } = stream;
               Array.fromAsync(copy).then((chunks) => [copy !== stream, copy instanceof ReadableStream, locked, JSON.stringify(chunks)].join(' ')) }",
            "true true true [1,{\"a\":2},\"three\"]",
        ),
        (
            "{ const got = []; const ended = Promise.withResolvers();
               const sink = new WritableStream({ write(chunk) { got.push(chunk) }, close() { got.push('end'); ended.resolve() } });
               const { copy } = clone({ copy: sink }, [sink]); const { locked } = sink;
               (async () => { const writer = copy.getWriter(); await writer.write('x'); await writer.close(); await ended.promise; return [got, locked].join() })() }",
            "x,end,true",
        ),
        (
            "{ const upper = new TransformStream({ transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()) } });
               const [copy, again] = clone([upper, upper], [upper]); const locked = upper.readable.locked && upper.writable.locked;
               all(ReadableStream.from(['a', 'b']).pipeThrough(copy)).then((text) => [text, copy === again, locked].join()) }",
            "A,B,true,true",
        ),
        (
            "{ const sent = { a: 1 }; const stream = ReadableStream.from([sent]);
               Array.fromAsync(clone(stream, [stream])).then(([got]) => `${got.a} ${got !== sent}`) }",
            "1 true",
        ),
        (
            "{ const stream = new ReadableStream({ pull(controller) { controller.error(new TypeError('broken')) } }, { highWaterMark: 0 });
               all(clone(stream, [stream])) }",
            "TypeError: broken",
        ),
        (
            "{ const why = Promise.withResolvers(); const stream = new ReadableStream({ cancel: why.resolve });
               clone(stream, [stream]).cancel('enough'); why.promise }",
            "enough",
        ),
        // The same stream goes on and on.
        (
            "{ let stream = ReadableStream.from(['a', 'b']); for (let n = 0; n < 20; n++) stream = clone(stream, [stream]); all(stream) }",
            "a,b",
        ),
        // Not transferred, though not in the value either.
        ("{ const stream = new ReadableStream(); clone(0, [stream]); stream.locked }", "true"),
        ("nameOf(() => clone(new ReadableStream(), []))", "DataCloneError"),
        ("nameOf(() => clone(new WritableStream()))", "DataCloneError"),
    ] {
        harness.check(source, expected);
    }
}

#[test]
fn streams_are_transferred_once() {
    const AGAIN: &str = "DataCloneError: a stream in the transfer list was transferred before";
    let harness = with_ports();
    let setup = "
      globalThis.ended = async (stream) => { while (stream.locked) await new Promise((resolve) => setTimeout(resolve)); };
      globalThis.again = (stream) => { try { clone(stream, [stream]) } catch (e) { return `${e.name}: ${e.message}` } };
      globalThis.posted = (stream) => nameOf(() => new MessageChannel().port1.postMessage(stream, [stream]));
      'ready'";
    harness.check(setup, "ready");
    for (source, expected) in [
        (
            "(async () => { const stream = ReadableStream.from([1]); const got = await all(clone(stream, [stream])); await ended(stream);
               return [got, again(stream), posted(stream)].join() })()",
            format!("1,{AGAIN},DataCloneError"),
        ),
        (
            "(async () => { const stream = ReadableStream.from([1]); const [copy] = await pass(stream, [stream]); await all(copy); await ended(stream);
               return again(stream) })()",
            AGAIN.to_owned(),
        ),
        (
            "(async () => { const stream = new ReadableStream(); await clone(stream, [stream]).cancel(); await ended(stream); return again(stream) })()",
            AGAIN.to_owned(),
        ),
        (
            "(async () => { const stream = new WritableStream(); await clone(stream, [stream]).close(); await ended(stream);
               return [again(stream), posted(stream)].join() })()",
            format!("{AGAIN},DataCloneError"),
        ),
        // A transform stream takes its sides along.
        (
            "(async () => { const stream = new TransformStream(); const copy = clone(stream, [stream]);
               await all(ReadableStream.from([1]).pipeThrough(copy)); await ended(stream.readable); await ended(stream.writable);
               return [again(stream), again(stream.readable), again(stream.writable)].join() })()",
            [AGAIN; 3].join(","),
        ),
        (
            "(async () => { const stream = new TransformStream(); const { readable } = stream; await clone(readable, [readable]).cancel(); await ended(readable);
               return [again(stream), stream.writable.locked].join() })()",
            format!("{AGAIN},false"),
        ),
    ] {
        harness.check(source, &expected);
    }
}

#[test]
fn streams_that_cannot_be_cloned_stay_as_they_are() {
    let harness = bare();
    for (source, expected) in [
        (
            "{ const stream = new ReadableStream(); stream.getReader(); clone(0, [stream]) }",
            "DataCloneError: a stream in the transfer list is locked",
        ),
        (
            "{ const stream = new WritableStream(); stream.getWriter(); nameOf(() => clone(0, [stream])) }",
            "DataCloneError",
        ),
        (
            "{ const stream = new TransformStream(); stream.readable.getReader(); nameOf(() => clone(0, [stream])) }",
            "DataCloneError",
        ),
        (
            "{ const stream = new TransformStream(); stream.writable.getWriter(); nameOf(() => clone(0, [stream])) }",
            "DataCloneError",
        ),
        (
            "{ const stream = new ReadableStream(); clone(0, [stream]); nameOf(() => clone(0, [stream])) }",
            "DataCloneError",
        ),
        (
            "{ const stream = new ReadableStream(); nameOf(() => clone(0, [stream, stream])) + stream.locked }",
            "DataCloneErrorfalse",
        ),
        (
            "{ const stream = ReadableStream.from(['still']); nameOf(() => clone(() => 0, [stream])) + stream.locked }",
            "DataCloneErrorfalse",
        ),
        (
            "{ const buffer = new ArrayBuffer(1); const stream = new ReadableStream(); stream.getReader();
               nameOf(() => clone(0, [buffer, stream])) + buffer.detached }",
            "DataCloneErrorfalse",
        ),
        (
            "{ const stream = new ReadableStream(); nameOf(() => clone({ get a() { stream.getReader(); return 1 } }, [stream])) }",
            "DataCloneError",
        ),
        ("nameOf(() => clone(0, [Object.create(TransformStream.prototype)]))", "DataCloneError"),
        ("nameOf(() => clone(0, [new Proxy(new ReadableStream(), {})]))", "DataCloneError"),
        ("nameOf(() => clone(0, [new ReadableStream().getReader()]))", "DataCloneError"),
    ] {
        harness.check(source, expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}
