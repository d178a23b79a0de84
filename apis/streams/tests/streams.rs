//! Streams as guests use them. The standard's details are the business of the Web Platform Tests (`conformance`).

use quickbeam_api_harness::Harness;
use quickbeam_api_streams::Streams;
use quickbeam_executor::Api;

const HELPERS: &str = "
  globalThis.all = async (stream) => { const list = []; for await (const chunk of stream) list.push(chunk); return list; };
  globalThis.upTo = (n) => { let i = 0; return new ReadableStream({ pull(c) { i < n ? c.enqueue(i++) : c.close(); } }); };
  globalThis.bytesUpTo = (n) => { let i = 0; return new ReadableStream({
    type: 'bytes', autoAllocateChunkSize: 4,
    pull(c) {
      if (i === n) { c.close(); c.byobRequest?.respond(0); return; }
      c.byobRequest.view[0] = i++;
      c.byobRequest.respond(1);
    } }); };
  globalThis.names = (object) => Object.getOwnPropertyNames(object).sort().join();
";

fn harness() -> Harness {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.push(&Streams);
    let harness = Harness::new(&apis);
    harness.check(&format!("{HELPERS} 'ready'"), "ready");
    harness
}

fn check(cases: &[(&str, &str)]) {
    let harness = harness();
    for (source, expected) in cases {
        harness.check(source, expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

#[test]
fn chunks_go_through_in_order() {
    check(&[
        ("all(upTo(5))", "0,1,2,3,4"),
        (
            "all(upTo(3).pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x); c.enqueue(x * 10); } })))",
            "0,0,1,10,2,20",
        ),
        (
            "all(upTo(2000).pipeThrough(new TransformStream()).pipeThrough(new TransformStream())).then((list) => list.length)",
            "2000",
        ),
        ("all(ReadableStream.from(['a', Promise.resolve('b')]))", "a,b"),
        ("all(ReadableStream.from((async function* () { yield 1; yield 2; })()))", "1,2"),
        ("Promise.all(upTo(3).tee().map(all)).then(JSON.stringify)", "[[0,1,2],[0,1,2]]"),
        ("all(bytesUpTo(3)).then((list) => list.map((bytes) => bytes[0]))", "0,1,2"),
        ("Promise.all(bytesUpTo(2).tee().map(all)).then((both) => both.map((list) => list.length))", "2,2"),
        (
            "(async () => { const w = []; await upTo(3).pipeTo(new WritableStream({ write(x) { w.push(x); }, close() { w.push('end'); } })); return w; })()",
            "0,1,2,end",
        ),
    ]);
}

#[test]
fn buffers_are_filled_in_place() {
    check(&[
        (
            "(async () => { const reader = bytesUpTo(3).getReader({ mode: 'byob' });
               const { value, done } = await reader.read(new Uint8Array(8), { min: 2 });
               return [value, value.byteLength, value.buffer.byteLength, done]; })()",
            "0,1,2,8,false",
        ),
        (
            "(async () => { const reader = bytesUpTo(0).getReader({ mode: 'byob' }); const view = new Uint8Array(8);
               const { value, done } = await reader.read(view);
               return [value.byteLength, done, view.byteLength]; })()",
            "0,true,0",
        ),
        ("bytesUpTo(1).getReader({ mode: 'byob' }).read(new Uint8Array(0))", "TypeError: read: the view is empty"),
        ("upTo(1).getReader({ mode: 'byob' })", "TypeError: ReadableStreamBYOBReader: this is no byte stream"),
    ]);
}

#[test]
fn text_streams_keep_characters_whole() {
    check(&[
        (
            "all(ReadableStream.from(['\\ud83d', '\\ude00', '\\ud83d']).pipeThrough(new TextEncoderStream())).then((list) => list.map((bytes) => [...bytes].join(' ')).join('|'))",
            "240 159 152 128|239 191 189",
        ),
        (
            "all(ReadableStream.from([[0xf0, 0x9f], [0x98, 0x80, 0x41]].map((bytes) => new Uint8Array(bytes))).pipeThrough(new TextDecoderStream()))",
            "😀A",
        ),
        (
            "all(ReadableStream.from(['x']).pipeThrough(new TextDecoderStream()))",
            "TypeError: TextDecoder.decode: the input is not an ArrayBuffer or a view of one",
        ),
        ("new TextDecoderStream('latin1').encoding", "windows-1252"),
    ]);
}

#[test]
fn errors_and_cancellation_reach_the_other_end() {
    check(&[
        ("all(new ReadableStream({ pull() { throw new RangeError('dry'); } }))", "RangeError: dry"),
        ("upTo(1).pipeTo(new WritableStream({ write() { throw new RangeError('full'); } }))", "RangeError: full"),
        (
            "(async () => { let reason; const source = new ReadableStream({ pull(c) { c.enqueue(1); }, cancel(r) { reason = r; } });
               for await (const x of source) break;
               return reason === undefined && source.locked === false; })()",
            "true",
        ),
        (
            "(async () => { const abort = new AbortController(); let reason;
               const pipe = upTo(9).pipeTo(new WritableStream({ write() { abort.abort('enough'); }, abort(r) { reason = r; } }), { signal: abort.signal });
               return [await pipe.catch((e) => e), reason]; })()",
            "enough,enough",
        ),
        ("(async () => { const s = upTo(1); s.getReader(); return s.cancel(); })()", "TypeError: cancel: the ReadableStream is locked"),
        ("new WritableStream({ type: 'bytes' })", "RangeError: WritableStream: the underlying sink has a type"),
        ("new ReadableStream({}, { highWaterMark: -1 })", "RangeError: highWaterMark is -1, which is not at least 0"),
        ("new ReadableStream({}, { size: () => NaN, highWaterMark: 2 }).constructor.name", "ReadableStream"),
    ]);
}

#[test]
fn guests_cannot_reach_what_is_inside() {
    check(&[
        (
            "const then = Promise.prototype.then; Promise.prototype.then = () => { throw new Error('seen'); };
             let done; const ready = new Promise((resolve) => (done = resolve));
             upTo(2).pipeThrough(new TransformStream()).pipeTo(new WritableStream({ close() { done('untouched'); } }));
             Promise.prototype.then = then; ready",
            "untouched",
        ),
        ("names(new ReadableStream())", ""),
        ("names(ReadableStream)", "from,length,name,prototype"),
        ("names(WritableStream)", "length,name,prototype"),
        ("new ReadableStreamDefaultController()", "TypeError: ReadableStreamDefaultController cannot be constructed"),
        ("ReadableStream.prototype.getReader.call({})", "TypeError: private class field '#state' does not exist"),
        (
            "structuredClone(new ReadableStream())",
            "DataCloneError: structuredClone: an object of the class ReadableStream cannot be cloned",
        ),
    ]);
}

#[test]
fn a_stream_that_nobody_reads_is_not_filled() {
    check(&[(
        "(async () => { let pulled = 0; const stream = new ReadableStream({ pull(c) { pulled++; c.enqueue(1); } }, { highWaterMark: 3 });
           await new Promise((resolve) => setTimeout(resolve));
           const before = pulled; await stream.getReader().read(); await new Promise((resolve) => setTimeout(resolve));
           return [before, pulled]; })()",
        "3,4",
    )]);
}
