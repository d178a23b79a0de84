//! `fetch` and its classes as guests use them, against a server of the test.

use quickbeam_api_fetch::Fetch;
use quickbeam_api_file::Files;
use quickbeam_api_harness::Harness;
use quickbeam_api_streams::Streams;
use quickbeam_api_url::Urls;
use quickbeam_executor::Api;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

fn check(cases: &[(&str, &str)]) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([&Urls as &dyn Api, &Streams, &Files, &Fetch]);
    let harness = Harness::new(&apis);
    let helpers = "globalThis.text = async (stream) => { let all = ''; for await (const chunk of stream.pipeThrough(new TextDecoderStream())) all += chunk; return all; };
         globalThis.fails = (promise) => promise.then(() => 'no failure', (error) => error instanceof TypeError ? 'TypeError' : String(error));";
    harness.check(&format!("{helpers} 'ready'"), "ready");
    harness.check(&format!("globalThis.server = 'http://{}'", server()), &format!("http://{}", server()));
    for (source, expected) in cases {
        harness.check(source, expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

/// One server for all tests; it answers by path.
fn server() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || while answer(&stream).is_some() {});
            }
        });
        address
    })
}

/// Reads one request and answers it; `None` at the connection's end.
fn answer(mut stream: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lower = head.to_lowercase();
    let mut body = Vec::new();
    if let Some(length) = lower.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok())
    {
        body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
    } else if let Some(kind) = lower.strip_prefix("post /early/") {
        let (early, late): (&[u8], &[u8]) = match kind.split(' ').next()? {
            "partly" => (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nea", b"rly"),
            "whole" => (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly", b""),
            "empty" => (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
            _ => (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        };
        stream.write_all(early).ok()?;
        let uploaded = read_chunks(&mut reader);
        uploads().send(if uploaded.is_some() { "complete" } else { "broken off" }).ok()?;
        return stream.write_all(late).ok();
    } else if lower.contains("transfer-encoding: chunked") {
        body = read_chunks(&mut reader)?;
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let respond = |fields: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 Fine\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let bytes = match path {
        "/json" => respond("Content-Type: application/json\r\n", b"{\"a\":[1,2]}"),
        "/large" => respond("", &vec![b'x'; 1 << 20]),
        "/redirect" => b"HTTP/1.1 302 Found\r\nLocation: /json\r\nContent-Length: 0\r\n\r\n".to_vec(),
        "/empty" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
        "/silent" => Vec::new(),
        "/stalls" => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart".to_vec(),
        "/odd" => b"HTTP/1.1 200 OK\r\nX-Odd: a\xff\xc3\x28b\r\nContent-Length: 0\r\n\r\n".to_vec(),
        "/short" => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".to_vec(),
        "/huge" => b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nhello".to_vec(),
        "/endless" => {
            taken().send(write_until_held(stream)?).ok()?;
            return None;
        }
        "/uploaded" => respond("", uploads().receive()?.as_bytes()),
        "/taken" => respond("", taken().receive()?.to_string().as_bytes()),
        "/cut" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec(),
        "/split" => {
            stream.set_nodelay(true).ok()?;
            let response =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\u{20ac}\r\n4\r\n\u{1f600}\r\n0\r\n\r\n";
            return response.bytes().try_for_each(|byte| stream.write_all(&[byte])).ok();
        }
        "/head" => respond("", head.to_lowercase().as_bytes()),
        _ => respond("", format!("{method} {path} {}", String::from_utf8_lossy(&body)).as_bytes()),
    };
    stream.write_all(&bytes).ok()?;
    // What these promise does not come.
    (!["/short", "/huge", "/cut"].contains(&path)).then_some(())
}

fn read_chunks(reader: &mut BufReader<&TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// What the server tells of one exchange in another.
struct Told<T>(Mutex<Receiver<T>>, Sender<T>);

/// How much of its endless bodies it could send before it was held back.
fn taken() -> &'static Told<usize> {
    static TAKEN: OnceLock<Told<usize>> = OnceLock::new();
    TAKEN.get_or_init(Told::new)
}

/// How the bodies ended to which it answered early.
fn uploads() -> &'static Told<&'static str> {
    static UPLOADS: OnceLock<Told<&'static str>> = OnceLock::new();
    UPLOADS.get_or_init(Told::new)
}

impl<T> Told<T> {
    fn new() -> Told<T> {
        let (sender, receiver) = channel();
        Told(Mutex::new(receiver), sender)
    }

    fn send(&self, what: T) -> Result<(), SendError<T>> {
        self.1.send(what)
    }

    /// What was told; nothing if that takes far too long.
    fn receive(&self) -> Option<T> {
        self.0.lock().ok()?.recv_timeout(Duration::from_secs(10)).ok()
    }
}

/// Sends a body of 10 GB as long as it is taken within reasonable time.
fn write_until_held(mut stream: &TcpStream) -> Option<usize> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n").ok()?;
    stream.set_write_timeout(Some(Duration::from_millis(300))).ok()?;
    let chunk = vec![b'x'; 64 << 10];
    let mut bytes = 0;
    while let Ok(written) = stream.write(&chunk) {
        bytes += written;
    }
    Some(bytes)
}

#[test]
fn responses_come_whole_and_in_parts() {
    check(&[
        ("fetch(server + '/json').then((r) => r.json()).then(JSON.stringify)", "{\"a\":[1,2]}"),
        (
            "fetch(server + '/json').then((r) => [r.status, r.statusText, r.ok, r.type, r.headers.get('content-type'), r.url === server + '/json', r.redirected])",
            "200,Fine,true,basic,application/json,true,false",
        ),
        ("fetch(server + '/large').then((r) => r.arrayBuffer()).then((b) => b.byteLength)", "1048576"),
        ("fetch(server + '/large').then((r) => text(r.body)).then((t) => t.length)", "1048576"),
        (
            "fetch(server + '/large').then((r) => Promise.all([r.clone().text(), r.text()])).then((both) => both.map((t) => t.length))",
            "1048576,1048576",
        ),
        ("fetch(server + '/empty').then((r) => [r.status, r.body])", "204,"),
        (
            "fetch(server + '/json').then(async (r) => [r.bodyUsed, await r.text(), r.bodyUsed, await fails(r.text())])",
            "false,{\"a\":[1,2]},true,TypeError",
        ),
        (
            "fetch(server + '/redirect').then(async (r) => [r.redirected, r.url === server + '/json', await r.text()])",
            "true,true,{\"a\":[1,2]}",
        ),
        (
            "fetch(server + '/redirect', { redirect: 'manual' }).then((r) => [r.status, r.headers.get('location')])",
            "302,/json",
        ),
        ("fails(fetch(server + '/redirect', { redirect: 'error' }))", "TypeError"),
        ("fails(fetch('http://127.0.0.1:1/'))", "TypeError"),
        // A request that fails has the stack of its call, as one that is refused at once.
        (
            "Promise.all(['http://127.0.0.1:1/', 'ftp://127.0.0.1/'].map(function f(url) { return fetch(url).catch(({ stack }) => stack.slice(stack.indexOf('    at fetch (native)\\n    at f (test.js:'))); })).then(([late, early]) => [late === early, late.split('\\n').length])",
            "true,5",
        ),
        ("fails(fetch('ftp://127.0.0.1/'))", "TypeError"),
        ("fails(fetch('/relative'))", "TypeError"),
        (
            "Promise.all(Array.from({ length: 50 }, () => fetch(server + '/json').then((r) => r.json()))).then((all) => all.length)",
            "50",
        ),
    ]);
}

#[test]
fn servers_may_be_odd() {
    check(&[
        // Bytes of headers are characters, whatever they meant.
        (
            "fetch(server + '/odd').then((r) => [...r.headers.get('x-odd')].map((c) => c.charCodeAt(0)))",
            "97,255,195,40,98",
        ),
        ("fetch(server + '/split').then((r) => r.text())", "\u{20ac}\u{1f600}"),
        ("fetch(server + '/split').then((r) => text(r.body))", "\u{20ac}\u{1f600}"),
        ("fails(fetch(server + '/short').then((r) => r.text()))", "TypeError"),
        ("fails(fetch(server + '/cut').then((r) => text(r.body)))", "TypeError"),
        ("fails(fetch(server + '/huge').then((r) => r.arrayBuffer()))", "TypeError"),
        (
            "fetch(server + '/huge').then(async (r) => { const reader = r.body.getReader(); const { value } = await reader.read(); return [r.headers.get('content-length'), value.length, await fails(reader.read())] })",
            "10737418240,5,TypeError",
        ),
        ("fetch(server + '/json').then((r) => r.json()).then(JSON.stringify)", "{\"a\":[1,2]}"),
    ]);
}

#[test]
fn streams_are_one_chunk_ahead() {
    let reading = |path: &str, rest: &str| {
        format!(
            "(async () => {{ const a = new AbortController(); const r = await fetch(server + '{path}', {{ signal: a.signal }}); {rest} }})()"
        )
    };
    check(&[
        // What breaks off or ends is noticed without another read.
        (
            &reading(
                "/short",
                "const reader = r.body.getReader(); const { value } = await reader.read(); return [value.length, await fails(reader.closed)];",
            ),
            "5,TypeError",
        ),
        (
            &reading("/cut", "const reader = r.body.getReader(); await reader.read(); return fails(reader.closed);"),
            "TypeError",
        ),
        ("new Response('').body.getReader().closed.then(() => 'closed')", "closed"),
        (
            &reading(
                "/large",
                "const reader = r.body.getReader(); let size = 0; while (size < 1 << 20) size += (await reader.read()).value.length; return [size, await reader.closed];",
            ),
            "1048576,",
        ),
        (
            &reading(
                "/json",
                "const reader = r.body.getReader(); await reader.read(); await reader.closed; return 'closed';",
            ),
            "closed",
        ),
        (
            &reading(
                "/short",
                "const [one, two] = r.body.tee().map((branch) => branch.getReader()); await one.read(); return Promise.all([fails(one.closed), fails(two.closed)]);",
            ),
            "TypeError,TypeError",
        ),
        // No byte that came before is lost.
        (
            &reading(
                "/short",
                "const { body } = r; await fails(fetch('http://127.0.0.1:1/')); const reader = body.getReader({ mode: 'byob' }); const sizes = []; for (const size of [2, 1]) sizes.push((await reader.read(new Uint8Array(size))).value.length); const rest = await reader.read(new Uint8Array(9)); return [sizes, rest.value.length, await fails(reader.closed)];",
            ),
            "2,1,2,TypeError",
        ),
        // What is under way ahead ends with the transfer.
        (
            &reading(
                "/stalls",
                "const reader = r.body.getReader(); await reader.read(); a.abort('enough'); return reader.closed.catch((e) => e);",
            ),
            "enough",
        ),
        (
            &reading(
                "/stalls",
                "const reader = r.body.getReader(); await reader.read(); await reader.cancel(); await reader.closed; return 'cancelled';",
            ),
            "cancelled",
        ),
        // A server that sends without end waits for a reader.
        (
            &reading(
                "/endless",
                "const { body } = r; const bytes = await fetch(server + '/taken').then((r) => r.json()); await body.cancel(); return bytes < 100e6;",
            ),
            "true",
        ),
    ]);
}

#[test]
fn integrity_is_checked() {
    // Of {"a":[1,2]}, and of nothing.
    let good = "sha256-AVMNFk1HnPCOJtOxrZvbqScSDZfi0Fem15Lbd4eA1yA=";
    let empty = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let fetch = |path: &str, integrity: &str| format!("fetch(server + '{path}', {{ integrity: '{integrity}' }})");
    check(&[
        (
            &format!(
                "{}.then(async (r) => [r.status, r.type, r.url === server + '/json', await r.text()])",
                fetch("/json", good)
            ),
            "200,basic,true,{\"a\":[1,2]}",
        ),
        (&format!("{}.then((r) => text(r.body))", fetch("/json", good)), "{\"a\":[1,2]}"),
        (&format!("fails({})", fetch("/json", empty)), "TypeError"),
        (&format!("{}.then((r) => r.body)", fetch("/empty", empty)), "null"),
        (&format!("fails({})", fetch("/large", good)), "TypeError"),
        (&format!("fails({})", fetch("/short", "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")), "TypeError"),
        (
            "fetch('data:,hello', { integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }).then((r) => r.text())",
            "hello",
        ),
        (
            "fails(fetch('data:,hell', { integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }))",
            "TypeError",
        ),
        (
            "(() => { const a = new AbortController(); const all = fetch(server + '/stalls', { integrity: 'sha256-x', signal: a.signal }); a.abort(); return fails(all); })()",
            "AbortError: This operation was aborted",
        ),
    ]);
}

#[test]
fn bodies_are_sent() {
    check(&[
        ("fetch(server + '/x', { method: 'POST', body: 'hé' }).then((r) => r.text())", "POST /x hé"),
        (
            "fetch(server + '/x', { method: 'put', body: new Uint8Array([104, 105]) }).then((r) => r.text())",
            "PUT /x hi",
        ),
        (
            "fetch(server + '/x', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) }).then((r) => r.text())",
            "POST /x a=b+c",
        ),
        ("fetch(server + '/x', { method: 'POST', body: new Blob(['blob']) }).then((r) => r.text())", "POST /x blob"),
        (
            "fetch(server + '/x', { method: 'POST', duplex: 'half', body: ReadableStream.from(['a', 'b', 'c']).pipeThrough(new TextEncoderStream()) }).then((r) => r.text())",
            "POST /x abc",
        ),
        (
            "fails(fetch(server + '/x', { method: 'POST', duplex: 'half', body: ReadableStream.from(['text']) }))",
            "TypeError",
        ),
        (
            "fetch(server + '/x', { method: 'POST', duplex: 'half', body: new ReadableStream({ pull() { throw new RangeError('dry'); } }) })",
            "RangeError: dry",
        ),
        (
            "fetch(new Request(server + '/x', { method: 'POST', body: 'first' }), { body: 'second' }).then((r) => r.text())",
            "POST /x second",
        ),
        (
            "fetch(server + '/head', { headers: { 'X-A': '\u{e9}', Connection: 'close', 'User-Agent': 'me' } }).then((r) => r.text()).then((t) => [/x-a: /.test(t), /connection: close/.test(t), /user-agent: me/.test(t)])",
            "true,false,true",
        ),
    ]);
}

#[test]
fn uploads_may_fail_when_the_response_has_begun() {
    let answered = |kind: &str, options: &str, rest: &str| {
        format!(
            "(async () => {{
                let c, cancelled; const body = new ReadableStream({{
                    start(controller) {{ c = controller; c.enqueue(new Uint8Array(5)); }},
                    cancel(reason) {{ cancelled = reason; }},
                }});
                const a = new AbortController(); const {{ signal }} = a;
                const r = await fetch(server + '/early/{kind}', {{ method: 'POST', duplex: 'half', body, {options} }});
                const what = await (async () => {{ {rest} }})().catch((e) => e);
                return [what, await (await fetch(server + '/uploaded')).text()];
            }})()"
        )
    };
    let early = |options: &str, rest: &str| answered("partly", options, rest);
    check(&[
        (&early("", "c.close(); return r.text();"), "early,complete"),
        (&early("", "const t = r.text(); c.error(new RangeError('boom')); return t;"), "RangeError: boom,broken off"),
        (
            &early("signal", "const t = r.text(); c.error(new RangeError('boom')); return t;"),
            "RangeError: boom,broken off",
        ),
        (&early("", "c.error(new RangeError('unread')); return r.text();"), "RangeError: unread,broken off"),
        (
            &early(
                "",
                "const { closed } = r.clone().body.getReader(); c.error(new RangeError('clone')); return closed;",
            ),
            "RangeError: clone,broken off",
        ),
        (
            &early("", "const t = r.text(); c.enqueue('text'); return t;"),
            "TypeError: fetch: the stream of the body gave a chunk that is not a Uint8Array,broken off",
        ),
        (&early("signal", "const t = r.text(); a.abort('enough'); return t;"), "enough,broken off"),
        (&early("signal", "a.abort('enough'); return r.text();"), "enough,broken off"),
    ]);
    // Nothing of the response is to come, but the request is still under way.
    for (kind, text) in [("whole", "early"), ("empty", ""), ("none", "")] {
        check(&[
            (&answered(kind, "signal", "c.close(); return r.text();"), &format!("{text},complete")),
            (
                &answered(kind, "signal", "const t = await r.text(); a.abort('enough'); return [t, cancelled];"),
                &format!("{text},enough,broken off"),
            ),
            (&answered(kind, "signal", "a.abort('enough'); return cancelled;"), "enough,broken off"),
        ]);
    }
}

#[test]
fn aborts_work_at_every_stage() {
    let abort =
        |rest: &str| format!("(async () => {{ const a = new AbortController(); const signal = a.signal; {rest} }})()");
    check(&[
        (&abort("a.abort(); return fetch(server + '/json', { signal });"), "AbortError: This operation was aborted"),
        (
            &abort(
                "const p = fetch(server + '/silent', { signal }); setTimeout(() => a.abort('enough'), 5); return p.catch((e) => e);",
            ),
            "enough",
        ),
        (
            &abort(
                "const r = await fetch(server + '/stalls', { signal }); const t = r.text(); a.abort('late'); return t.catch((e) => e);",
            ),
            "late",
        ),
        (
            &abort(
                "const r = await fetch(server + '/stalls', { signal }); const reader = r.body.getReader(); await reader.read(); const next = reader.read(); a.abort('later'); return next.catch((e) => e);",
            ),
            "later",
        ),
        (
            &abort(
                "const r = await fetch(server + '/json', { signal }); await r.text(); a.abort(); return r.bodyUsed;",
            ),
            "true",
        ),
        ("fetch(server + '/silent', { signal: AbortSignal.timeout(5) })", "TimeoutError: signal timed out"),
        // Both branches of a clone, and clones of these, whoever reads.
        (
            &abort(
                "const r = await fetch(server + '/stalls', { signal }); const t = r.clone().text(); a.abort('clone'); return t.catch((e) => e);",
            ),
            "clone",
        ),
        (
            &abort(
                "const r = await fetch(server + '/stalls', { signal }); const c = r.clone(), d = c.clone(); const all = [r.text(), c.body.getReader().closed, d.text()].map((p) => p.catch((e) => e)); a.abort('all'); return Promise.all(all);",
            ),
            "all,all,all",
        ),
        (
            "(async () => { const clone = (await fetch(server + '/stalls', { signal: AbortSignal.timeout(50) })).clone(); return clone.text(); })()",
            "TimeoutError: signal timed out",
        ),
        // A body that has arrived counts until it is read.
        (
            &abort(
                "const all = await Promise.all(['text', 'json', 'bytes', 'blob', 'arrayBuffer'].map(async (name) => { const r = await fetch(server + '/json', { signal }); return [r, name]; })); a.abort('unread'); return Promise.all(all.map(([r, name]) => r[name]().catch((e) => e)));",
            ),
            "unread,unread,unread,unread,unread",
        ),
        (
            &abort(
                "const [r, s, t] = await Promise.all([1, 2, 3].map(() => fetch(server + '/json', { signal }))); const reader = r.body.getReader(), c = t.clone(); a.abort('unread'); return Promise.all([reader.read(), s.body.pipeTo(new WritableStream()), t.text(), c.text()].map((p) => p.catch((e) => e)));",
            ),
            "unread,unread,unread,unread",
        ),
        (
            &abort(
                "const url = URL.createObjectURL(new Blob(['bl'])); const all = await Promise.all([fetch('data:,x', { signal }), fetch(url, { signal }), fetch(server + '/x', { signal, integrity: 'unknown' })]); a.abort('unread'); return Promise.all(all.map((r) => r.text().catch((e) => e)));",
            ),
            "unread,unread,unread",
        ),
        // What has been read stays; the end is an end.
        (
            &abort(
                "const [r, s, t] = await Promise.all([1, 2, 3].map(() => fetch(server + '/json', { signal }))); const text = r.text(); const reader = s.body.getReader(); await reader.read(); const c = t.clone(); await c.text(); a.abort(); return [await text, (await reader.read()).done, await t.text(), r.bodyUsed];",
            ),
            "{\"a\":[1,2]},true,{\"a\":[1,2]},true",
        ),
        (&abort("const r = await fetch(server + '/odd', { signal }); a.abort(); return [await r.text()].length;"), "1"),
        ("fetch(server + '/stalls').then((r) => r.body.cancel()).then(() => 'cancelled')", "cancelled"),
    ]);
}

#[test]
fn data_and_blob_urls() {
    check(&[
        (
            "fetch('data:text/html;base64,aGk=').then(async (r) => [r.status, r.headers.get('content-type'), await r.text()])",
            "200,text/html,hi",
        ),
        ("fails(fetch('data:nothing'))", "TypeError"),
        (
            "(async () => { const url = URL.createObjectURL(new Blob(['bl'], { type: 't/b' })); const r = await fetch(url); URL.revokeObjectURL(url); return [r.headers.get('content-type'), r.headers.get('content-length'), await r.text(), await fails(fetch(url))]; })()",
            "t/b,2,bl,TypeError",
        ),
        (
            "(async () => { const url = URL.createObjectURL(new Blob(['0123456789'], { type: 't/b' })); const get = async (range) => { const r = await fetch(url, { headers: { range } }); return [r.status, r.statusText, r.headers.get('content-length'), r.headers.get('content-type'), r.headers.get('content-range'), await r.text()].join(' '); }; return [await get('bytes=2-4'), await get('bytes=7-'), await get('bytes= -3'), await get('bytes=5-99'), await get('bytes=-99')].join(); })()",
            "206 Partial Content 3 t/b bytes 2-4/10 234,206 Partial Content 3 t/b bytes 7-9/10 789,206 Partial Content 3 t/b bytes 7-9/10 789,206 Partial Content 5 t/b bytes 5-9/10 56789,206 Partial Content 10 t/b bytes 0-9/10 0123456789",
        ),
        (
            "(async () => { const url = URL.createObjectURL(new Blob(['0123456789'])); return Promise.all(['bytes=10-', 'bytes=-', 'bytes=', 'bytes=4-2', 'bytes=1-2,4-5', 'bits=1-2', '1-2'].map((range) => fails(fetch(url, { headers: { range } })))); })()",
            "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,TypeError",
        ),
    ]);
}

#[test]
fn headers_are_lists_of_bytes() {
    check(&[
        ("[...new Headers([['b', '2'], ['A', ' 1 '], ['a', '3']])].join('|')", "a,1, 3|b,2"),
        ("[...new Headers({ 'set-cookie': 'x' , b: 1 })].join('|')", "b,1|set-cookie,x"),
        (
            "(() => { const h = new Headers(); h.append('set-cookie', 'a'); h.append('Set-Cookie', 'b'); return [h.getSetCookie().length, [...h].length, h.get('set-cookie')]; })()",
            "2,2,a, b",
        ),
        ("new Headers({ 'a b': 'c' })", "TypeError: Headers: \"a b\" is not a header name"),
        ("new Headers({ a: 'b\\r\\nc: d' })", "TypeError: Headers: \"b\\r\\nc: d\" is not a header value"),
        ("new Headers({ a: '\u{100}' })", "TypeError: Headers: \"\u{100}\" has characters above U+00FF"),
        ("new Headers([['a']])", "TypeError: Headers: a header is not a pair"),
        ("new Headers(null)", "TypeError: Headers: the headers are neither a sequence nor a record"),
        (
            "fetch(server + '/json').then((r) => r.headers.set('a', 'b'))",
            "TypeError: Headers.set: these headers cannot be changed",
        ),
    ]);
}

#[test]
fn requests_and_responses_are_checked() {
    check(&[
        (
            "Promise.all(['text/html; charset=UTF-8', 'bad', 'TEXT/Html ;a=\"b c\"', 'text/html;charset=gbk, text/html', 'text/html;charset=gbk, x/y', 'a/b;c=\"d,e\", */*', ''].map((type) => new Response('', { headers: { 'content-type': type } }).blob().then((blob) => `<${blob.type}>`)))",
            "<text/html;charset=utf-8>,<>,<text/html;a=\"b c\">,<text/html;charset=gbk>,<x/y>,<a/b;c=\"d,e\">,<>",
        ),
        ("new Request('http://a/', { method: 'patch' }).method + new Request('http://a/', { method: 'post' }).method", "patchPOST"),
        ("new Request('http://a/', { body: 'x' })", "TypeError: Request: a GET request has no body"),
        ("new Request('http://u:p@a/')", "TypeError: Request: the URL holds a user name or a password"),
        ("new Request('http://a/', { method: 'TRACE' })", "TypeError: Request: the method TRACE is forbidden"),
        ("new Request('http://a/', { redirect: 'maybe' })", "TypeError: Request: redirect is \"maybe\""),
        ("(async () => { const r = new Request('http://a/', { method: 'POST', body: 'x' }); const c = r.clone(); return [await r.text(), await c.text(), r.bodyUsed]; })()", "x,x,true"),
        ("(() => { const a = new AbortController(); const r = new Request('http://a/', { signal: a.signal }); a.abort('why'); return [r.signal.aborted, r.signal.reason, r.signal === a.signal]; })()", "true,why,false"),
        ("new Response('x', { status: 204 })", "TypeError: Response: a response with the status 204 has no body"),
        ("new Response('', { status: 99 })", "RangeError: Response: the status is 99, not one from 200 to 599"),
        ("Response.json(undefined)", "TypeError: Response.json: the data has no JSON form"),
        ("[Response.redirect('http://a/b').headers.get('location'), Response.error().type, Response.error().status]", "http://a/b,error,0"),
        ("new Response('{').json().catch((e) => e.name)", "SyntaxError"),
        ("new Response(new Uint8Array([0xef, 0xbb, 0xbf, 97])).text()", "a"),
        ("new Response(new Blob(['x'], { type: 'a/b' })).blob().then((b) => [b.type, b.size])", "a/b,1"),
        ("new Response('a=1&b=%20').formData().catch((e) => e.name)", "TypeError"),
        ("new Response(new URLSearchParams('a=1&b=%20')).formData().then((f) => JSON.stringify([...f]))", "[[\"a\",\"1\"],[\"b\",\" \"]]"),
        (
            "(async () => { const f = new FormData(); f.append('a\"\\n', '1\\n2'); f.append('f', new File(['q'], 'n', { type: 't/q' }));
               const g = await new Response(f).formData(); return [...g].map(([k, v]) => [k, v.name ?? v, v.type].map((part) => JSON.stringify(part))).join('|'); })()",
            "\"a\\\"\\r\\n\",\"1\\r\\n2\",|\"f\",\"n\",\"t/q\"",
        ),
        ("new Response('--x\\r\\nbad', { headers: { 'content-type': 'multipart/form-data; boundary=x' } }).formData()", "TypeError: formData: the body is not valid multipart/form-data"),
    ]);
}
