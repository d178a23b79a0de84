//! `EventSource` against a server of the test.

use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

/// Answers every connection with this text, after a head of this type; `LAST` stands for the `last-event-id` that it was sent.
fn serve(kind: &'static str, text: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let last = lines.filter_map(|line| Some(line.strip_prefix("last-event-id: ")?.to_owned())).last();
            let text = text.replace("LAST", &last.unwrap_or_default());
            let response = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n{text}");
            // Byte by byte, so that lines and characters come in parts.
            for byte in response.as_bytes() {
                let _ = stream.write_all(&[*byte]);
            }
        }
    });
    address
}

/// What comes from a server until `count` events were seen.
fn check(kind: &'static str, text: &'static str, count: usize, expected: &str) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([
        &quickbeam_api_url::Urls as &dyn Api,
        &quickbeam_api_streams::Streams,
        &quickbeam_api_file::Files,
        &quickbeam_api_fetch::Fetch,
        &quickbeam_api_messaging::Messaging,
        &quickbeam_api_eventsource::EventSources,
    ]);
    let harness = Harness::new(&apis);
    let script = format!(
        "new Promise((resolve) => {{
           const source = new EventSource('http://{}/'); const seen = [];
           const see = (...parts) => {{ seen.push(parts.join(' ')); if (seen.length === {count}) {{ source.close(); resolve(seen.join('|')); }} }};
           source.onopen = () => see('open', source.readyState);
           source.onerror = () => see('error', source.readyState);
           source.onmessage = ({{ data, lastEventId }}) => see(JSON.stringify(data), lastEventId);
           source.addEventListener('own', ({{ data }}) => see('own', data));
         }})",
        serve(kind, text)
    );
    harness.check(&script, expected);
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

#[test]
fn events_are_taken_apart() {
    check(
        "text/event-stream",
        "\u{feff}: comment\ndata: a\r\ndata:b\rdata\n\nid: 7\ndata: \u{e9}\n\nevent: own\ndata: x\nunknown: y\n\nevent: lost\n\ndata:  two \n\n",
        5,
        "open 1|\"a\\nb\\n\" |\"\u{e9}\" 7|own x|\" two \" 7",
    );
}

#[test]
fn a_connection_that_ends_is_opened_again_with_the_last_id() {
    check(
        "text/event-stream",
        "retry: 1\nid: 1\u{e9}\ndata: LAST\n\n",
        5,
        "open 1|\"\" 1\u{e9}|error 0|open 1|\"1\u{e9}\" 1\u{e9}",
    );
}

#[test]
fn other_answers_end_it() {
    check("text/plain", "data: x\n\n", 1, "error 2");
}
