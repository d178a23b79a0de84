//! Uploads whose requests, or those before them on the same connection, are given up.

mod common;

use common::{get, options, read_until};
use quickbeam_net::{Client, NetError, Request, RequestBody, Response, Task, body_channel, run};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// More than a system takes from a program before the other side has taken some of it.
const MUCH: usize = 64 << 20;

/// Of the open connections to that address, as Linux tells: the most bytes that wait to be taken by the other side.
fn waiting(address: SocketAddr) -> Option<u64> {
    const ESTABLISHED: &str = "01";
    let to = format!("0100007F:{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let sizes = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let sent = fields[4].split(':').next().unwrap();
        (fields[2] == to && fields[3] == ESTABLISHED).then(|| u64::from_str_radix(sent, 16).unwrap())
    });
    sizes.max()
}

/// Waits for what comes soon.
fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it does not come");
        std::thread::yield_now();
    }
}

/// A server that takes nothing must not keep a connection whose request is given up.
#[test]
fn an_upload_that_nobody_takes_ends_with_its_request() {
    for is_answered in [false, true] {
        for is_streamed in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let (sender, body) = match is_streamed {
                true => {
                    let (sender, body) = body_channel();
                    (Some(sender), body)
                }
                false => (None, RequestBody::Bytes(vec![0; MUCH].into())),
            };
            let request = Request { method: "POST".into(), body, ..get(format!("http://{address}/")) };
            let client = Client::new(options());
            let (head, heads) = mpsc::channel();
            let fetching = run(async move { client.fetch(request).await }, move |fetched| drop(head.send(fetched)));
            let (mut stream, _) = listener.accept().unwrap();
            read_until(&mut stream, b"\r\n\r\n").unwrap();
            let feeding = sender.clone().map(|sender| {
                let feed = async move { while sender.send(vec![0; 1 << 20].into()).await {} };
                run(feed, |_| ()).unwrap()
            });
            until(|| waiting(address) > Some(1 << 20));
            let response = is_answered.then(|| {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").unwrap();
                heads.recv().unwrap().unwrap().unwrap()
            });
            drop((fetching, response, feeding, sender));
            until(|| waiting(address).is_none());
        }
    }
}

/// Bytes that the client sends on a connection which it keeps for later.
const SOME: usize = 20_000;

fn post(address: SocketAddr, size: usize) -> Request {
    let body = RequestBody::Bytes(vec![0; size].into());
    Request { method: "POST".into(), body, ..get(format!("http://{address}/")) }
}

/// Starts a request, and tells what comes of it.
fn start(client: &Client, request: Request) -> (Task, mpsc::Receiver<Result<Response, NetError>>) {
    let (done, outcome) = mpsc::channel();
    let client = client.clone();
    let ended = move |fetched: Option<_>| {
        let _ = done.send(fetched.expect("the request is not broken off"));
    };
    (run(async move { client.fetch(request).await }, ended).unwrap(), outcome)
}

/// A request whose head has come.
struct Coming {
    /// Which of the connections it came on.
    number: usize,
    stream: TcpStream,
    /// Takes the stream back, for the next request.
    back: mpsc::Sender<TcpStream>,
}

impl Coming {
    /// Takes a body of that size and answers.
    fn answer(mut self, size: usize, body: &str) {
        self.stream.read_exact(&mut vec![0; size]).unwrap();
        write!(self.stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.back.send(self.stream).unwrap();
    }
}

/// A server that leaves what comes to the test.
fn serve() -> (SocketAddr, mpsc::Receiver<Coming>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (came, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, mut stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let came = came.clone();
            std::thread::spawn(move || {
                while read_until(&mut stream, b"\r\n\r\n").is_some() {
                    let (back, again) = mpsc::channel();
                    came.send(Coming { number, stream, back }).ok()?;
                    stream = again.recv().ok()?;
                }
                Some(())
            });
        }
    });
    (address, requests)
}

/// A connection is another request's as soon as all of a response has come, even if nobody has read it.
#[test]
fn an_unread_response_that_is_dropped_does_not_end_the_upload_behind_it() {
    let (address, requests) = serve();
    let client = Client::new(options());
    let is_shared = |_| {
        let (_first, answer) = start(&client, post(address, SOME));
        let first = requests.recv().unwrap();
        let number = first.number;
        first.answer(SOME, "ok");
        let unread = answer.recv().unwrap().unwrap();
        let (_second, outcome) = start(&client, post(address, MUCH));
        let second = requests.recv().unwrap();
        let is_shared = second.number == number;
        until(|| waiting(address) > Some(1 << 20));
        drop(unread);
        second.answer(MUCH, "");
        assert_eq!(status(&outcome), Ok(200));
        is_shared
    };
    // The second request may come before the client has seen the end of the first response.
    assert!((0..20).any(is_shared));
}

#[test]
fn a_request_that_is_given_up_while_its_answer_comes_does_not_end_a_later_upload() {
    let (address, requests) = serve();
    let client = Client::new(options());
    for _ in 0..100 {
        let (given_up, _) = start(&client, post(address, SOME));
        requests.recv().unwrap().answer(SOME, "");
        drop(given_up);
        let (_later, outcome) = start(&client, post(address, MUCH / 8));
        let later = requests.recv().unwrap();
        until(|| waiting(address) > Some(1 << 20));
        later.answer(MUCH / 8, "");
        assert_eq!(status(&outcome), Ok(200));
    }
}

fn status(outcome: &mpsc::Receiver<Result<Response, NetError>>) -> Result<u16, String> {
    outcome.recv().unwrap().map(|response| response.status).map_err(|error| error.message)
}
