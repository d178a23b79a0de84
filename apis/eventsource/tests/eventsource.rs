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

/// A server that tells the fields `authorization` of all requests, of which it wants `Basic {wanted}`.
fn serve_to(wanted: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut seen = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let given = lines.filter_map(|line| Some(line.strip_prefix("authorization: ")?.to_owned())).last();
            seen.push(given.clone().unwrap_or_else(|| "none".to_owned()));
            let (status, text) = match given {
                Some(given) if given == format!("Basic {wanted}") => ("200 OK", seen.join(", ")),
                _ => ("401 Unauthorized", String::new()),
            };
            let head = "Content-Type: text/event-stream\r\nConnection: close\r\n\r\nretry: 1\ndata: ";
            let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}{text}\n\n");
        }
    });
    address
}

/// A server that redirects every request to this place.
fn serve_elsewhere(place: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            drop(lines.take_while(|line| !line.is_empty()).last());
            let head = "Content-Length: 0\r\nConnection: close";
            let _ = write!(stream, "HTTP/1.1 302 Found\r\nLocation: {place}\r\n{head}\r\n\r\n");
        }
    });
    address
}

/// What comes from a server until `count` events were seen.
fn check(kind: &'static str, text: &'static str, count: usize, expected: &str) {
    check_url(&format!("http://{}/", serve(kind, text)), count, expected);
}

/// What comes from a URL until `count` events were seen.
fn check_url(url: &str, count: usize, expected: &str) {
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
           const source = new EventSource('{url}'); const seen = [];
           const see = (...parts) => {{ seen.push(parts.join(' ')); if (seen.length === {count}) {{ source.close(); resolve(seen.join('|')); }} }};
           source.onopen = () => see('open', source.readyState);
           source.onerror = () => see('error', source.readyState);
           source.onmessage = ({{ data, lastEventId }}) => see(JSON.stringify(data), lastEventId);
           source.addEventListener('own', ({{ data }}) => see('own', data));
         }})"
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

#[test]
fn a_server_that_asks_gets_the_name_and_password_of_the_url() {
    let wanted = "dXNlcjpwIHc="; // user:p w
    check_url(
        &format!("http://user:p%20w@{}/", serve_to(wanted)),
        4,
        &format!("open 1|\"none, Basic {wanted}\" |error 0|open 1"),
    );
    check_url(&format!("http://user@{}/", serve_to(wanted)), 1, "error 2");
    check_url(&format!("http://{}/", serve_to(wanted)), 1, "error 2");
}

#[test]
fn what_is_futile_is_not_tried_again() {
    check_url("http://127.0.0.1:25/", 1, "error 2");
    check_url(&format!("http://{}/", serve_elsewhere("http://127.0.0.1:6667/")), 1, "error 2");
}
