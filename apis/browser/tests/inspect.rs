//! How `console` shows the objects of Web APIs, against what Node 20 prints for them.

use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;

fn shown(prepare: &str, expression: &str) -> String {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    let harness = Harness::new(&apis);
    harness.check(&format!("{prepare}; console.log({expression}); 'done'"), "done");
    harness.take_logs().into_iter().map(|line| line.text).collect()
}

fn check(prepare: &str, expression: &str, expected: &str) {
    assert_eq!(shown(prepare, expression), expected, "{prepare}; {expression}");
}

const URL_OF_H: &str = "URL {
  href: 'http://h/',
  origin: 'http://h',
  protocol: 'http:',
  username: '',
  password: '',
  host: 'h',
  hostname: 'h',
  port: '',
  pathname: '/',
  search: '',
  searchParams: URLSearchParams {},
  hash: ''
}";

#[test]
fn objects_of_web_apis_look_as_in_node() {
    let response = "Response {
  status: 200,
  statusText: '',
  headers: Headers { x: 'y', 'content-type': 'text/plain;charset=UTF-8' },
  body: ReadableStream { locked: false, state: 'readable', supportsBYOB: true },
  bodyUsed: false,
  ok: true,
  redirected: false,
  type: 'default',
  url: ''
}";
    let request = "Request {
  method: 'POST',
  url: 'http://h/p',
  headers: Headers { a: 'b', 'content-type': 'text/plain;charset=UTF-8' },
  destination: '',
  referrer: 'about:client',
  referrerPolicy: '',
  mode: 'cors',
  credentials: 'same-origin',
  cache: 'default',
  redirect: 'follow',
  integrity: '',
  keepalive: false,
  isReloadNavigation: false,
  isHistoryNavigation: false,
  signal: AbortSignal { aborted: false }
}";
    let cases = [
        ("new URL('http://h')", URL_OF_H),
        ("new (class X extends URL {})('http://h')", &URL_OF_H.replace("URL {\n", "X {\n")),
        ("[[[new URL('http://h')]]]", "[ [ [ URL {} ] ] ]"),
        ("new URLSearchParams('a=1&b=2&a=3')", "URLSearchParams { 'a' => '1', 'b' => '2', 'a' => '3' }"),
        ("new URLSearchParams()", "URLSearchParams {}"),
        ("new Headers({ a: 'b', 'c-d': 'e' })", "Headers { a: 'b', 'c-d': 'e' }"),
        ("new Headers([['set-cookie', 'x'], ['set-cookie', 'y']])", "Headers { 'set-cookie': 'x, y' }"),
        ("new Headers()", "Headers {}"),
        (
            "(() => { const data = new FormData(); data.append('a', 'b'); data.append('a', 'c'); data.append('d', new File(['x'], 'n', { lastModified: 5 })); return data })()",
            "FormData {\n  a: [ 'b', 'c' ],\n  d: File { size: 1, type: '', name: 'n', lastModified: 5 }\n}",
        ),
        ("new Blob(['abc'])", "Blob { size: 3, type: '' }"),
        (
            "new File(['abc'], 'n.txt', { lastModified: 5 })",
            "File { size: 3, type: '', name: 'n.txt', lastModified: 5 }",
        ),
        ("new Request('http://h/p', { method: 'POST', body: 'x', headers: { a: 'b' } })", request),
        ("new Response('abc', { headers: { x: 'y' } })", response),
        ("new AbortController()", "AbortController { signal: AbortSignal { aborted: false } }"),
        ("AbortSignal.abort()", "AbortSignal { aborted: true }"),
        ("new TextDecoder()", "TextDecoder { encoding: 'utf-8', fatal: false, ignoreBOM: false }"),
        ("new TextEncoder()", "TextEncoder { encoding: 'utf-8' }"),
        ("new ReadableStream()", "ReadableStream { locked: false, state: 'readable', supportsBYOB: false }"),
        (
            "new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' })",
            "ReadableStreamBYOBReader {
  stream: ReadableStream { locked: true, state: 'readable', supportsBYOB: true },
  readIntoRequests: 0,
  close: Promise { <pending> }
}",
        ),
        (
            "new ReadableStream().getReader()",
            "ReadableStreamDefaultReader {
  stream: ReadableStream { locked: true, state: 'readable', supportsBYOB: false },
  readRequests: 0,
  close: Promise { <pending> }
}",
        ),
        ("new WritableStream()", "WritableStream { locked: false, state: 'writable' }"),
        (
            "new WritableStream().getWriter()",
            "WritableStreamDefaultWriter {
  stream: WritableStream { locked: true, state: 'writable' },
  close: Promise { <pending> },
  ready: Promise { undefined },
  desiredSize: 1
}",
        ),
        (
            "new TransformStream()",
            "TransformStream {
  readable: ReadableStream { locked: false, state: 'readable', supportsBYOB: false },
  writable: WritableStream { locked: false, state: 'writable' },
  backpressure: true
}",
        ),
        ("new CountQueuingStrategy({ highWaterMark: 1 })", "CountQueuingStrategy { highWaterMark: 1 }"),
        (
            "new TextDecoderStream()",
            "TextDecoderStream {
  encoding: 'utf-8',
  fatal: false,
  ignoreBOM: false,
  readable: ReadableStream { locked: false, state: 'readable', supportsBYOB: false },
  writable: WritableStream { locked: false, state: 'writable' }
}",
        ),
        (
            "new CompressionStream('gzip')",
            "CompressionStream {
  readable: ReadableStream { locked: false, state: 'readable', supportsBYOB: false },
  writable: WritableStream { locked: false, state: 'writable' }
}",
        ),
        (
            "performance.mark('a', { startTime: 1.5, detail: { b: 1 } })",
            "PerformanceMark {
  name: 'a',
  entryType: 'mark',
  startTime: 1.5,
  duration: 0,
  detail: { b: 1 }
}",
        ),
        ("new EventTarget()", "EventTarget {}"),
    ];
    for (expression, expected) in cases {
        check("", expression, expected);
    }
    for name in ["Event", "CustomEvent", "MessageEvent"] {
        let text = shown("", &format!("new {name}('x')"));
        let expected =
            format!("{name} {{\n  type: 'x',\n  defaultPrevented: false,\n  cancelable: false,\n  timeStamp: ");
        assert!(text.starts_with(&expected), "{text}");
    }
}

#[test]
fn scripts_neither_forge_nor_change_what_is_shown() {
    check("", "Object.create(Blob.prototype)", "Blob {}");
    check("", "Object.create(URL.prototype)", "URL {}");
    check("", "Object.create(Headers.prototype)", "Headers {}");
    check("", "Object.create(ReadableStream.prototype)", "ReadableStream {}");
    check("", "({ [Symbol.toStringTag]: 'Blob', size: 1 })", "{ size: 1, [Symbol(Symbol.toStringTag)]: 'Blob' }");
    let prepare = "new Blob(); for (const name of ['size', 'type']) Object.defineProperty(Blob.prototype, name, { get() { throw 'ran' } });
                   Headers.prototype[Symbol.iterator] = Headers.prototype.entries = () => { throw 'ran' }";
    check(prepare, "new Blob(['abc']), new Headers({ a: 'b' })", "Blob { size: 3, type: '' } Headers { a: 'b' }");
}
