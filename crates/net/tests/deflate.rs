//! `permessage-deflate` against a server that speaks it frame by frame.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use quickbeam_net::{Client, ClientOptions, Message, Proxy, WebSocket, block_on};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const LIMIT: usize = 1 << 20;

/// Starts a server that answers the handshake with this extension and gives the connection to `talk`; its URL.
fn serve(extension: &'static str, talk: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let field = |name: &str| {
            let line =
                head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)));
            line.map(|(_, value)| value.to_owned())
        };
        assert_eq!(field("sec-websocket-extensions").unwrap(), "permessage-deflate; client_max_window_bits");
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(
            field("sec-websocket-key").unwrap().as_bytes(),
        );
        let extension =
            if extension.is_empty() { String::new() } else { format!("Sec-WebSocket-Extensions: {extension}\r\n") };
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n{extension}\r\n"
        );
        stream.write_all(answer.as_bytes()).unwrap();
        talk(stream);
    });
    url
}

fn open(url: &str) -> Result<WebSocket, String> {
    let client = Client::new(ClientOptions { proxy: Proxy::Direct, ..ClientOptions::default() });
    let url = url.to_owned();
    block_on(async move { client.open_websocket(&url, &[], LIMIT).await }).unwrap().map_err(|error| error.message)
}

fn next(socket: &WebSocket) -> Option<Result<Message, String>> {
    let reader = socket.reader.clone();
    block_on(async move { reader.next().await }).unwrap().map(|next| next.map_err(|error| error.message))
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(short as u8),
        long @ 126..65_536 => {
            frame.push(126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
        longest => {
            frame.push(127);
            frame.extend_from_slice(&(longest as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// The next frame of a client: its first byte and its payload.
fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[1] & 0x80, 0x80, "clients mask");
    let length = match head[1] & 0x7F {
        126 => {
            let mut bytes = [0; 2];
            stream.read_exact(&mut bytes).unwrap();
            usize::from(u16::from_be_bytes(bytes))
        }
        127 => {
            let mut bytes = [0; 8];
            stream.read_exact(&mut bytes).unwrap();
            u64::from_be_bytes(bytes) as usize
        }
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    stream.read_exact(&mut mask).unwrap();
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).unwrap();
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    (head[0], payload)
}

fn deflate(stream: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    if bytes.is_empty() {
        // An empty block, as the RFC has it (section 7.2.3.6).
        return vec![0];
    }
    let mut out = Vec::with_capacity(bytes.len() + 1_000);
    stream.compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
    out.truncate(out.len() - 4);
    out
}

fn inflate(stream: &mut Decompress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(LIMIT);
    let bytes = [bytes, &[0, 0, 0xFF, 0xFF]].concat();
    stream.decompress_vec(&bytes, &mut out, FlushDecompress::Sync).unwrap();
    out
}

/// Numbers from a seed.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn messages() -> Vec<Vec<u8>> {
    let words = b"the same words again and again, ".repeat(2_000);
    vec![b"short".to_vec(), words.clone(), words, Vec::new(), noise(1, 200_000), noise(1, 200_000), vec![0; 900_000]]
}

#[test]
fn messages_go_and_come_whatever_is_agreed() {
    for (extension, server_bits, client_bits) in [
        ("permessage-deflate", 15, 15),
        ("permessage-deflate; server_no_context_takeover", 15, 15),
        ("permessage-deflate; client_no_context_takeover; server_max_window_bits=10", 10, 15),
        ("permessage-deflate; client_max_window_bits=9", 15, 9),
        ("permessage-deflate; client_max_window_bits=8", 15, 9),
    ] {
        let url = serve(extension, move |mut stream| {
            let mut going = Compress::new_with_window_bits(Compression::default(), false, server_bits);
            let mut coming = Decompress::new_with_window_bits(false, client_bits);
            for expected in messages() {
                let (first, payload) = read_frame(&mut stream);
                let is_deflated = expected.len() >= 64 && !extension.ends_with("=8");
                assert_eq!(first, if is_deflated { 0xC2 } else { 0x82 }, "{extension}");
                if is_deflated && extension.contains("client_no_context_takeover") {
                    coming.reset(false);
                }
                let message = if is_deflated { inflate(&mut coming, &payload) } else { payload };
                assert!(message == expected, "{extension}");
                if extension.contains("server_no_context_takeover") {
                    going.reset();
                }
                let answer = deflate(&mut going, &message);
                // In three fragments, with a ping between them.
                let (a, rest) = answer.split_at(answer.len() / 3);
                let (b, c) = rest.split_at(rest.len() / 2);
                let pieces = [frame(0x42, a), frame(0x00, b), frame(0x89, b"ping"), frame(0x80, c)].concat();
                for piece in pieces.chunks(7_001) {
                    stream.write_all(piece).unwrap();
                }
                assert_eq!(read_frame(&mut stream), (0x8A, b"ping".to_vec()));
            }
        });
        let socket = open(&url).unwrap();
        assert_eq!(socket.extensions, extension);
        for message in messages() {
            assert!(socket.writer.send(Message::Binary(message.clone().into())));
            let answer = next(&socket);
            assert!(answer == Some(Ok(Message::Binary(message.into()))), "{extension}");
        }
    }
}

#[test]
fn a_few_bytes_cannot_become_many() {
    let url = serve("permessage-deflate", |mut stream| {
        let mut going = Compress::new(Compression::best(), false);
        let bomb = deflate(&mut going, &vec![0; 32 << 20]);
        assert!(bomb.len() < LIMIT / 2);
        drop(stream.write_all(&frame(0xC2, &bomb)));
        let _ = stream.read(&mut [0]);
    });
    let socket = open(&url).unwrap();
    assert!(next(&socket).unwrap().unwrap_err().contains("too long"));
}

#[test]
fn what_is_wrong_ends_the_connection() {
    for (bytes, message) in [
        (frame(0xC2, &[0xFF; 10]), "not deflated"),
        (frame(0xC9, b"ping"), "eserved bits"),
        ([frame(0x42, b""), frame(0xC0, b"x")].concat(), "eserved bits"),
        ([frame(0x42, b""), frame(0xC2, b"x")].concat(), "eserved bits"),
    ] {
        let url = serve("permessage-deflate", move |mut stream| {
            drop(stream.write_all(&bytes));
            let _ = stream.read(&mut [0]);
        });
        let error = next(&open(&url).unwrap()).unwrap().unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    for extension in ["x-unheard-of", "permessage-deflate; server_max_window_bits=99"] {
        let error = open(&serve(extension, |_| {})).err().unwrap();
        assert!(error.contains("were not offered"), "{error}");
    }
}

#[test]
fn servers_without_it_are_fine() {
    let url = serve("", |mut stream| {
        let (first, payload) = read_frame(&mut stream);
        assert_eq!((first, payload.len()), (0x81, 1_000));
        stream.write_all(&frame(0x81, &payload)).unwrap();
        let _ = stream.read(&mut [0]);
    });
    let socket = open(&url).unwrap();
    let text = "a".repeat(1_000);
    assert!(socket.writer.send(Message::Text(text.clone())));
    assert_eq!((next(&socket), socket.extensions.as_str()), (Some(Ok(Message::Text(text))), ""));
}

#[test]
fn closes_are_told_from_those_with_a_wrong_code() {
    const WRONG: &str = "a close whose code is none that a connection may send";
    let with = |code: u16, reason: &str| [&code.to_be_bytes(), reason.as_bytes()].concat();
    let close =
        |reason: Option<(u16, &str)>| Ok(Message::Close(reason.map(|(code, reason)| (code, reason.to_owned()))));
    for extension in ["", "permessage-deflate"] {
        for (payload, expected) in [
            (with(1002, "Protocol violation"), close(Some((1002, "Protocol violation")))),
            (with(4000, ""), close(Some((4000, "")))),
            (with(1012, "soon"), close(Some((1012, "soon")))),
            (with(1013, ""), close(Some((1013, "")))),
            (with(1014, "of the gateway"), close(Some((1014, "of the gateway")))),
            (Vec::new(), close(None)),
            (with(999, "Protocol violation"), Err(WRONG.to_owned())),
            (with(1004, ""), Err(WRONG.to_owned())),
            (with(1005, ""), Err(WRONG.to_owned())),
            (with(1015, ""), Err(WRONG.to_owned())),
            (with(2999, ""), Err(WRONG.to_owned())),
            (with(5000, "five"), Err(WRONG.to_owned())),
        ] {
            let url = serve(extension, move |mut stream| {
                stream.set_nodelay(true).unwrap();
                for byte in [frame(0x81, b"text"), frame(0x88, &payload)].concat() {
                    stream.write_all(&[byte]).unwrap();
                }
                assert_eq!(read_frame(&mut stream).0, 0x88);
            });
            let socket = open(&url).unwrap();
            assert_eq!(next(&socket), Some(Ok(Message::Text("text".to_owned()))));
            assert_eq!(next(&socket), Some(expected), "{extension:?}");
        }
    }
}
