//! `WebSocket` against a server of the test.

use quickbeam_api_harness::Harness;
use quickbeam_api_messaging::Messaging;
use quickbeam_api_websocket::WebSockets;
use quickbeam_executor::Api;
use std::net::{SocketAddr, TcpListener};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tungstenite::{Message, accept_hdr};

/// A server that echoes, chooses the subprotocol `b`, and closes, stops or breaks off when it is told to.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                #[expect(clippy::result_large_err, reason = "the library's own type")]
                let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                    if request.headers().contains_key("sec-websocket-protocol") {
                        response.headers_mut().insert("sec-websocket-protocol", "b".parse().unwrap());
                    }
                    Ok(response)
                };
                let Ok(mut socket) = accept_hdr(stream, choose) else { return };
                while let Ok(message) = socket.read() {
                    let sent = match message {
                        Message::Text(text) if text.as_str() == "close" => {
                            socket.close(Some(CloseFrame { code: CloseCode::from(4001), reason: "told to".into() }))
                        }
                        Message::Text(text) if text.as_str() == "break" => return,
                        Message::Text(text) if text.as_str().starts_with("close with ") => {
                            let code = text.as_str().rsplit(' ').next().and_then(|code| code.parse::<u16>().ok());
                            let reason = "no reason".into();
                            socket.close(code.map(|code| CloseFrame { code: CloseCode::from(code), reason }))
                        }
                        Message::Text(text) if text.as_str() == "close as if broken" => {
                            let reason = "Protocol violation".into();
                            socket.close(Some(CloseFrame { code: CloseCode::Protocol, reason }))
                        }
                        Message::Text(_) | Message::Binary(_) => socket.send(message),
                        _ => Ok(()),
                    };
                    if sent.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn check(cases: &[(&str, &str)]) {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([
        &quickbeam_api_url::Urls as &dyn Api,
        &quickbeam_api_streams::Streams,
        &quickbeam_api_file::Files,
        &Messaging,
        &WebSockets,
    ]);
    let harness = Harness::new(&apis);
    let address = serve();
    // `play(steps)` opens a connection and resolves with what happened until it was closed.
    harness.check(
        &format!(
            "globalThis.server = 'ws://{address}/';
             globalThis.play = (onopen, {{ url = server, protocols, onmessage }} = {{}}) => new Promise((resolve) => {{
               const seen = []; const socket = new WebSocket(url, protocols);
               socket.binaryType = 'arraybuffer';
               socket.onopen = () => {{ seen.push('open'); onopen(socket); }};
               socket.onmessage = ({{ data }}) => {{ const show = typeof data === 'string' ? data : [...new Uint8Array(data)].join('.'); seen.push(show); onmessage?.(socket, data); }};
               socket.onerror = () => seen.push('error');
               socket.onclose = ({{ code, reason, wasClean }}) => {{ seen.push(code, reason, wasClean, socket.readyState); resolve(seen); }};
             }}); 'ready'"
        ),
        "ready",
    );
    for (source, expected) in cases {
        harness.check(source, expected);
    }
    assert_eq!(harness.take_uncaught(), Vec::<String>::new());
}

#[test]
fn messages_are_echoed_in_order() {
    check(&[
        (
            "play((s) => { s.send('h\u{e9}'); s.send(new Uint8Array([1, 2])); s.send(new Blob(['a'])); }, { onmessage: (s, d) => typeof d === 'string' || d.byteLength > 1 || s.close() })",
            "open,h\u{e9},1.2,97,1005,,true,3",
        ),
        (
            "play((s) => { for (let i = 0; i < 500; i++) s.send(String(i)); }, { onmessage: (s, d) => d === '499' && s.close(3000, 'done') }).then((seen) => [seen.length, seen[500], ...seen.slice(-4)])",
            "505,499,3000,done,true,3",
        ),
        (
            "play((s) => s.close(), { protocols: ['a', 'b'] }).then(() => new Promise((resolve) => { const s = new WebSocket(server, ['a', 'b']); s.onopen = () => { resolve([s.protocol, s.url === server, s.extensions, s.readyState]); s.close(); }; }))",
            "b,true,,1",
        ),
        (
            "play((s) => { s.send('x'.repeat(100000)); }, { onmessage: (s, d) => { s.close(); } }).then((seen) => seen[1].length)",
            "100000",
        ),
    ]);
}

#[test]
fn connections_end_in_every_way() {
    check(&[
        ("play((s) => s.send('close'))", "open,4001,told to,true,3"),
        ("play((s) => s.send('break'))", "open,error,1006,,false,3"),
        ("play((s) => s.send('close with 1002'))", "open,1002,no reason,true,3"),
        ("play((s) => s.send('close with 1012'))", "open,1012,no reason,true,3"),
        ("play((s) => s.send('close with 1013'))", "open,1013,no reason,true,3"),
        ("play((s) => s.send('close with 1014'))", "open,1014,no reason,true,3"),
        ("play((s) => s.send('close as if broken'))", "open,1002,Protocol violation,true,3"),
        ("play((s) => s.send('close with 999'))", "open,error,1006,,false,3"),
        ("play((s) => s.send('close with 1005'))", "open,error,1006,,false,3"),
        ("play((s) => s.send('close with 5000'))", "open,error,1006,,false,3"),
        ("play(() => {}, { url: 'ws://127.0.0.1:1/' })", "error,1006,,false,3"),
        ("play(() => {}, { protocols: ['a'] })", "error,1006,,false,3"),
        (
            "new Promise((resolve) => { const s = new WebSocket(server); s.close(); s.onerror = () => {}; s.onclose = ({ code }) => resolve([code, s.readyState]); })",
            "1006,3",
        ),
        ("new WebSocket('ftp://x/')", "SyntaxError: WebSocket: \"ftp://x/\" is no ws: or wss: URL"),
        ("new WebSocket(server, ['a', 'A'])", "SyntaxError: WebSocket: \"A\" is not a subprotocol, or is there twice"),
        ("new WebSocket(server).send('x')", "InvalidStateError: WebSocket.send: the connection is not open yet"),
        (
            "new WebSocket(server).close(1001)",
            "InvalidAccessError: WebSocket.close: the code is 1001, neither 1000 nor one from 3000 to 4999",
        ),
        (
            "new WebSocket(server).close(1000, 'x'.repeat(124))",
            "SyntaxError: WebSocket.close: the reason is longer than 123 bytes",
        ),
        ("[WebSocket.OPEN, WebSocket.prototype.CLOSED, new CloseEvent('close', { code: 7 }).code]", "1,3,7"),
    ]);
}
