//! The client against servers that say what the tests make them say, byte by byte.

mod common;

use common::{get, options, read_until};
use quickbeam_net::{
    Access, Bytes, Client, ClientOptions, NetError, NetErrorKind, Redirect, Request, RequestBody, Response, begin,
    block_on, body_channel, run,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// Answers every request of every connection; `answer` gets its head and body and writes. Connections stay open while it says so.
fn serve(answer: impl Fn(&str, &mut TcpStream) -> bool + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                while let Some(request) = read_request(&mut stream) {
                    if !answer(&request, &mut stream) {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = read_until(stream, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    if let Some(length) = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok()) {
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        bytes.extend(body);
    } else if head.contains("transfer-encoding: chunked") {
        bytes.extend(read_until(stream, b"0\r\n\r\n")?);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A server that answers with these bytes and closes.
fn serve_bytes(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve(move |_, stream| {
        let _ = stream.write_all(&bytes);
        false
    })
}

fn fetch_with(options: ClientOptions, request: Request) -> Result<Response, NetError> {
    block_on(Client::new(options).fetch(request)).unwrap()
}

/// The status and body of a response, or the kind of error.
fn outcome(options: ClientOptions, request: Request) -> Result<(u16, Bytes), NetErrorKind> {
    let mut response = fetch_with(options, request).map_err(|error| error.kind)?;
    let body = block_on(response.body.collect(1 << 20)).unwrap().map_err(|error| error.kind)?;
    Ok((response.status, body))
}

type Expected = Result<(u16, &'static [u8]), NetErrorKind>;

#[test]
fn responses_of_many_shapes() {
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00\x00\x00";
    let coded = |coding: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let cases: Vec<(Vec<u8>, Expected)> = vec![
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".to_vec(), Ok((200, b"hello"))),
        (b"HTTP/1.1 404 No\r\n\r\nuntil the end".to_vec(), Ok((404, b"until the end"))),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n".to_vec(),
            Ok((200, b"hello")),
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), Ok((204, b""))),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(), Ok((200, b""))),
        (coded("gzip", gzip), Ok((200, b"hello"))),
        (coded("x-gzip, identity", gzip), Ok((200, b"hello"))),
        (coded("gzip", b""), Ok((200, b""))),
        (coded("deflate", b"\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15"), Ok((200, b"hello"))),
        (coded("deflate", b"\xcb\x48\xcd\xc9\xc9\x07\x00"), Ok((200, b"hello"))),
        (coded("unheard-of", b"hello"), Ok((200, b"hello"))),
        (coded("gzip", &gzip[..12]), Err(NetErrorKind::Network)),
        (coded("br", b"no brotli at all"), Err(NetErrorKind::Network)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello".to_vec(), Err(NetErrorKind::Network)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".to_vec(), Err(NetErrorKind::Network)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_vec(), Err(NetErrorKind::Network)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nhello".to_vec(), Err(NetErrorKind::Network)),
        (b"SSH-2.0-not http\r\n\r\n".to_vec(), Err(NetErrorKind::Network)),
        (b"".to_vec(), Err(NetErrorKind::Network)),
    ];
    for (bytes, expected) in cases {
        let address = serve_bytes(bytes.clone());
        let got = outcome(options(), get(format!("http://{address}/")));
        let expected = expected.map(|(status, body)| (status, Bytes::copy_from_slice(body)));
        assert_eq!(got, expected, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let response = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
    let address = serve(move |_, stream| {
        for byte in response {
            let _ = stream.write_all(&[*byte]).and_then(|()| stream.flush());
        }
        true
    });
    assert_eq!(outcome(options(), get(format!("http://{address}/"))), Ok((200, Bytes::from("hello!"))));
}

#[test]
fn heads_keep_their_bytes() {
    let address = serve_bytes(b"HTTP/1.1 299 Fine enough\r\nX-Odd: a\xff\x80b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Folded: a\r\n b\r\n\tc\r\nContent-Length: 0\r\n\r\n".to_vec());
    let response = fetch_with(options(), get(format!("http://{address}/"))).unwrap();
    assert_eq!((response.status, response.status_text.as_str()), (299, "Fine enough"));
    let headers: Vec<(&str, &[u8])> = response.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(headers[0], ("x-odd", &b"a\xff\x80b"[..]));
    assert_eq!(headers[1..3], [("set-cookie", &b"a=1"[..]), ("set-cookie", b"b=2")]);
    let folded = String::from_utf8_lossy(headers[3].1);
    let words: Vec<&str> = folded.split_ascii_whitespace().collect();
    assert_eq!((words, folded.contains(['\r', '\n'])), (vec!["a", "b", "c"], false), "RFC 9112, section 5.2");
}

#[test]
fn connections_are_kept_and_bodies_are_sent() {
    let (connections, counted) = mpsc::channel();
    let address = serve(move |request, stream| {
        let _ = connections.send(stream.peer_addr().unwrap().port());
        let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let client = Client::new(options());
    for text in ["one", "two"] {
        let request = Request {
            method: "POST".into(),
            body: RequestBody::Bytes(text.into()),
            ..get(format!("http://{address}/"))
        };
        let mut response = block_on(client.fetch(request)).unwrap().unwrap();
        assert_eq!(block_on(response.body.collect(9)).unwrap().unwrap(), text);
    }
    assert_eq!(counted.recv().unwrap(), counted.recv().unwrap(), "both came by one connection");
    let (sender, body) = body_channel();
    let (done, finished) = mpsc::channel();
    let request = Request { method: "POST".into(), body, ..get(format!("http://{address}/")) };
    let sending = async move {
        let sent = sender.send("by ".into()).await && sender.send("parts".into()).await;
        sender.end();
        sent
    };
    let task = run(sending, move |sent| {
        let _ = done.send(sent);
    })
    .unwrap();
    let mut response = block_on(client.fetch(request)).unwrap().unwrap();
    assert_eq!(finished.recv().unwrap(), Some(true));
    assert_eq!(block_on(response.body.collect(99)).unwrap().unwrap(), "3\r\nby \r\n5\r\nparts\r\n0");
    drop(task);
}

#[test]
fn a_body_that_breaks_off_is_not_complete() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, hears) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            read_until(&mut stream, b"\r\n\r\n").unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").unwrap();
            heard.send(read_until(&mut stream, b"0\r\n\r\n").is_some()).unwrap();
        }
    });
    for is_ended in [true, false] {
        let (sender, body) = body_channel();
        let request = Request { method: "POST".into(), body, ..get(format!("http://{address}/")) };
        let response = block_on(Client::new(options()).fetch(request)).unwrap().unwrap();
        assert!(block_on(sender.send("part".into())).unwrap());
        if is_ended {
            sender.end()
        } else {
            drop(sender)
        }
        assert_eq!(hears.recv().unwrap(), is_ended);
        drop(response);
    }
}

#[test]
fn a_body_without_bytes_has_a_length() {
    let address = serve(|request, stream| {
        let lengths: Vec<&str> = request.lines().filter(|line| line.to_lowercase().contains("length")).collect();
        let body = lengths.join(",").to_lowercase();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).is_ok()
    });
    let empty = || RequestBody::Bytes(Bytes::new());
    for (method, body, expected) in [
        ("POST", empty(), "content-length: 0"),
        ("PUT", empty(), "content-length: 0"),
        ("PATCH", empty(), "content-length: 0"),
        ("DELETE", empty(), "content-length: 0"),
        ("POST", RequestBody::Empty, "content-length: 0"),
        ("PUT", RequestBody::Empty, "content-length: 0"),
        ("PATCH", RequestBody::Empty, ""),
        ("GET", RequestBody::Empty, ""),
        ("PATCH", RequestBody::Bytes("x".into()), "content-length: 1"),
    ] {
        let request = Request { method: method.into(), body, ..get(format!("http://{address}/")) };
        assert_eq!(outcome(options(), request), Ok((200, Bytes::from(expected))), "{method} {expected:?}");
    }
}

#[test]
fn a_connection_that_ends_early_is_replaced_where_that_is_safe() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
    // Each connection answers once, and sends something that nobody asked for.
    let address = serve(move |request, stream| {
        let is_new = seen.lock().unwrap().insert(stream.peer_addr().unwrap().port());
        let stray = if request.contains("/stray") { "stray" } else { "" };
        let answer = format!("HTTP/1.1 204 No Content\r\n\r\n{stray}");
        is_new && stream.write_all(answer.as_bytes()).is_ok()
    });
    let client = Client::new(options());
    let status = |method: &str, path: &str, body: RequestBody| {
        let request = Request { method: method.into(), body, ..get(format!("http://{address}{path}")) };
        block_on(client.fetch(request)).unwrap().map(|response| response.status).map_err(|error| error.kind)
    };
    for (method, path) in [("GET", "/"), ("GET", "/"), ("OPTIONS", "/stray"), ("GET", "/stray"), ("HEAD", "/")] {
        assert_eq!(status(method, path, RequestBody::Empty), Ok(204), "{method} {path}");
    }
    for (method, size) in [("PUT", 9), ("DELETE", 9), ("PUT", 0), ("PUT", 1 << 20), ("PUT", 1 << 20)] {
        assert_eq!(status(method, "/", RequestBody::Bytes(vec![7; size].into())), Ok(204), "{method} {size}");
    }
    assert_eq!(status("POST", "/", RequestBody::Bytes("x".into())), Err(NetErrorKind::Network), "it may have arrived");
    assert_eq!(status("POST", "/", RequestBody::Bytes("x".into())), Ok(204));
    let (came, requests) = mpsc::channel();
    let silent = serve(move |request, _| came.send(request.len()).is_err());
    for size in [0, 2 << 20] {
        let request = Request {
            method: "PUT".into(),
            body: RequestBody::Bytes(vec![7; size].into()),
            ..get(format!("http://{silent}/"))
        };
        assert_eq!(outcome(options(), request), Err(NetErrorKind::Network));
        assert!(requests.recv().unwrap() > size);
        assert!(requests.try_recv().is_err(), "its connection was a new one, so it is sent once");
    }
}

#[test]
fn all_kept_connections_may_have_ended() {
    for size in [0, 2 << 20] {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
        let all_there = std::sync::Arc::new(std::sync::Barrier::new(3));
        let address = serve(move |request, stream| {
            let is_new = seen.lock().unwrap().insert(stream.peer_addr().unwrap().port());
            if is_new && request.contains("/first") {
                all_there.wait();
            }
            is_new && stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_ok()
        });
        let client = Client::new(options());
        let put = |path: &str| {
            let body = RequestBody::Bytes(vec![7; size].into());
            let request = Request { method: "PUT".into(), body, ..get(format!("http://{address}{path}")) };
            let client = client.clone();
            async move {
                let mut response = client.fetch(request).await?;
                response.body.collect(9).await
            }
        };
        let (done, ended) = mpsc::channel();
        let tasks: Vec<_> = (0..3).map(|_| (put("/first"), done.clone())).collect();
        let tasks: Vec<_> = tasks.into_iter().map(|(put, done)| run(put, move |end| drop(done.send(end)))).collect();
        for _ in 0..3 {
            assert_eq!(ended.recv().unwrap(), Some(Ok(Bytes::new())));
        }
        drop(tasks);
        assert_eq!(block_on(put("/")).unwrap(), Ok(Bytes::new()), "{size}");
    }
}

#[test]
fn a_body_is_sent_to_its_end_though_nobody_reads_the_answer() {
    const SIZE: usize = 32 << 20;
    let (came, arrived) = mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").unwrap();
        let read = stream.read_exact(&mut vec![0; SIZE]).map_err(|error| error.kind());
        let _ = came.send(read);
        let _ = stream.write_all(b"hello");
    });
    let body = RequestBody::Bytes(vec![7; SIZE].into());
    let request = Request { method: "POST".into(), body, ..get(format!("http://{address}/")) };
    let mut response = fetch_with(options(), request).unwrap();
    assert_eq!(arrived.recv_timeout(Duration::from_secs(60)), Ok(Ok(())));
    assert_eq!(block_on(response.body.collect(9)).unwrap().unwrap(), "hello");
}

#[test]
fn what_is_left_of_an_answer_is_not_taken_for_the_next() {
    for left in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nev",
        "HTTP/1.1 200",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "\r\n",
        "\0",
    ] {
        for (method, first) in [
            ("GET", "Content-Length: 4\r\n\r\ngood"),
            ("GET", "Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"),
            ("HEAD", "Content-Length: 4\r\n\r\n"),
            ("HEAD", "Transfer-Encoding: chunked\r\n\r\n"),
        ] {
            let head = "HTTP/1.1 200 OK\r\n";
            let address = serve(move |request, stream| {
                let answer = match request.contains("/first") {
                    true => format!("{head}{first}{left}"),
                    false => format!("{head}Content-Length: 4\r\n\r\nnext"),
                };
                stream.write_all(answer.as_bytes()).is_ok()
            });
            let client = Client::new(options());
            let fetch = |method: &str, path: &str| {
                let request = Request { method: method.into(), ..get(format!("http://{address}{path}")) };
                let mut response = block_on(client.fetch(request)).unwrap().unwrap();
                block_on(response.body.collect(99)).unwrap().unwrap()
            };
            for _ in 0..3 {
                let expected = if method == "GET" { "good" } else { "" };
                assert_eq!(fetch(method, "/first"), expected, "{method} {first:?} {left:?}");
                assert_eq!(fetch("GET", "/next"), "next", "{method} {first:?} {left:?}");
            }
        }
    }
}

#[test]
fn what_is_begun_may_be_dropped_at_any_stage() {
    let (seen, closed) = mpsc::channel();
    // Parts of an answer, after each of which the request is dropped.
    let parts = ["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Le", "ngth: 9\r\n\r\n", "hello"];
    let (came, arrived) = mpsc::channel();
    let address = serve(move |request, stream| {
        let stage = request.chars().find_map(|char| char.to_digit(10)).unwrap_or(0) as usize;
        for part in &parts[..=stage.min(parts.len() - 1)] {
            let _ = stream.write_all(part.as_bytes());
        }
        let _ = came.send(());
        let _ = seen.send(stream.read(&mut [0]).unwrap_or(0));
        false
    });
    let client = Client::new(options());
    for stage in 0..parts.len() {
        let (done, ended) = mpsc::channel();
        let (client, request) = (client.clone(), get(format!("http://{address}/{stage}")));
        let fetching = async move {
            let mut response = client.fetch(request).await?;
            drop(response.body.take_early().await);
            response.body.collect(99).await
        };
        let task = begin(fetching, move |outcome| drop(done.send(outcome))).unwrap();
        arrived.recv().unwrap();
        drop(task);
        assert_eq!(closed.recv(), Ok(0), "{stage}");
        assert_eq!(ended.recv(), Ok(None), "{stage}");
        assert!(ended.recv().is_err(), "each ends once");
    }
    for count in [1, 2, 30] {
        let (done, ended) = mpsc::channel();
        let fetch = |_| {
            let (client, request, done) = (client.clone(), get(format!("http://{address}/0")), done.clone());
            begin(async move { client.fetch(request).await.map(drop) }, move |outcome| drop(done.send(outcome)))
                .unwrap()
        };
        let tasks: Vec<_> = (0..count).map(fetch).collect();
        tasks.iter().for_each(|task| task.abort());
        tasks.iter().for_each(|task| task.abort());
        drop((tasks, done));
        assert_eq!(ended.iter().collect::<Vec<_>>(), vec![None; count]);
    }
}

#[test]
fn redirects_are_followed_checked_and_bounded() {
    let address = serve(|request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let line = request.split('\r').next().unwrap_or_default().to_owned();
        let to = match path {
            "/start" => "/end",
            "/loop" => "/loop",
            "/away" => "http://127.0.0.2:1/",
            "/file" => "file:///etc/passwd",
            "/bad" => "http://[",
            "/two" => "/end\r\nLocation: /other",
            _ => "",
        };
        let auth = request.to_lowercase().contains("authorization");
        let body = format!("{line} {auth}");
        let answer = match to {
            "" => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
            _ => format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"),
        };
        stream.write_all(answer.as_bytes()).is_ok()
    });
    let only = || ClientOptions { access: Access::hosts([address.to_string()]), ..options() };
    let post = |path: &str| Request {
        method: "POST".into(),
        headers: vec![("authorization".into(), b"secret".to_vec())],
        body: RequestBody::Bytes("x".into()),
        ..get(format!("http://{address}{path}"))
    };
    let ok = |text: &str| Ok((200, Bytes::copy_from_slice(text.as_bytes())));
    assert_eq!(outcome(only(), post("/start")), ok("GET /end HTTP/1.1 true"));
    assert_eq!(outcome(only(), get(format!("http://{address}/loop"))), Err(NetErrorKind::Network));
    assert_eq!(outcome(only(), get(format!("http://{address}/file"))), Err(NetErrorKind::Network));
    assert_eq!(outcome(only(), get(format!("http://{address}/bad"))), Err(NetErrorKind::Network));
    assert_eq!(outcome(only(), get(format!("http://{address}/two"))), Err(NetErrorKind::Network));
    assert_eq!(outcome(only(), get(format!("http://{address}/away"))), Err(NetErrorKind::NotAllowed));
    assert_eq!(outcome(only(), get("http://localhost:1/")), Err(NetErrorKind::NotAllowed));
    let forbids = Request { redirect: Redirect::Error, ..get(format!("http://{address}/start")) };
    assert_eq!(outcome(only(), forbids), Err(NetErrorKind::Network));
    let manual = Request { redirect: Redirect::Manual, ..get(format!("http://{address}/start")) };
    assert_eq!(outcome(only(), manual), Ok((302, Bytes::new())));
    let followed = fetch_with(only(), get(format!("http://{address}/start#part"))).unwrap();
    assert_eq!((followed.url, followed.redirected), (format!("http://{address}/end#part"), true));
}

/// No port of another service is connected to, whoever asks (Fetch Standard, "port blocking").
#[test]
fn bad_ports_are_blocked() {
    let address = serve(|request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let to = path.trim_start_matches('/');
        write!(stream, "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").is_ok()
    });
    let refused = |url: &str| fetch_with(options(), get(url)).err().unwrap();
    let blocked = |port: u16| {
        let message = format!("port {port} is blocked, as it belongs to another service than HTTP");
        (NetErrorKind::Network, message)
    };
    for (url, port) in [
        ("http://127.0.0.1:25/".to_owned(), 25),
        ("https://127.0.0.1:6667/".to_owned(), 6667),
        (format!("http://{address}/http://127.0.0.1:22/"), 22),
    ] {
        let error = refused(&url);
        assert_eq!((error.kind, error.message), blocked(port), "{url}");
    }
    let client = Client::new(options());
    let opened = block_on(async move { client.open_websocket("ws://127.0.0.1:6000/", &[], 99).await.map(drop) });
    let error = opened.unwrap().unwrap_err();
    assert_eq!((error.kind, error.message), blocked(6000));
    let only = ClientOptions { access: Access::hosts(["example.com".to_owned()]), ..options() };
    assert_eq!(outcome(only, get("http://127.0.0.1:25/")), Err(NetErrorKind::NotAllowed));
}

#[test]
fn limits_end_an_exchange() {
    let endless = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
        false
    });
    let silent = serve(|_, stream| stream.read(&mut [0]).is_ok());
    let url = |address: SocketAddr| format!("http://{address}/");
    assert_eq!(outcome(options(), get(url(endless))), Err(NetErrorKind::TooLarge));
    let small = ClientOptions { max_response_size: Some(10_000), ..options() };
    assert_eq!(outcome(small, get(url(endless))), Err(NetErrorKind::TooLarge));
    let brief = ClientOptions { total_timeout: Some(Duration::from_millis(20)), ..options() };
    assert_eq!(outcome(brief, get(url(silent))), Err(NetErrorKind::Timeout));
    let bad = Request { method: "A B".into(), ..get(url(silent)) };
    assert_eq!(outcome(options(), bad), Err(NetErrorKind::InvalidRequest));
    assert_eq!(outcome(options(), get("ftp://127.0.0.1/")), Err(NetErrorKind::InvalidRequest));
    let head = [b"HTTP/1.1 200 OK\r\nX-Long: ".as_slice(), &vec![b'x'; 1 << 20], b"\r\n\r\n"].concat();
    assert_eq!(outcome(options(), get(url(serve_bytes(head)))), Err(NetErrorKind::Network));
}

#[test]
fn what_goes_wrong_early_is_told() {
    for (response, limit, expected) in [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".as_slice(), 5, Ok(Bytes::from("hello"))),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 4, Err(NetErrorKind::TooLarge)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 99, Err(NetErrorKind::Network)),
    ] {
        let address = serve_bytes(response);
        let options = ClientOptions { max_response_size: Some(limit), ..options() };
        let fetched = block_on(async move {
            let mut response = Client::new(options).fetch(get(format!("http://{address}/"))).await?;
            match response.body.take_early().await {
                Some(early) => Ok(early),
                None => response.body.collect(1 << 20).await,
            }
        });
        assert_eq!(fetched.unwrap().map_err(|error: NetError| error.kind), expected);
    }
}

#[test]
fn a_task_that_is_dropped_closes_its_connection() {
    let (seen, closed) = mpsc::channel();
    let (came, arrived) = mpsc::channel();
    let address = serve(move |_, stream| {
        let _ = came.send(());
        let _ = seen.send(stream.read(&mut [0]).unwrap_or(0));
        false
    });
    let client = Client::new(options());
    let (done, ended) = mpsc::channel();
    let request = get(format!("http://{address}/"));
    let task = run(async move { client.fetch(request).await.map(|_| ()) }, move |outcome| {
        let _ = done.send(outcome);
    })
    .unwrap();
    arrived.recv().unwrap();
    drop(task);
    assert_eq!(closed.recv(), Ok(0));
    assert_eq!(ended.recv(), Ok(None));
}
