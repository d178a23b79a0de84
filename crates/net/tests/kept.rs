//! A connection that its server has ended while it was kept, of which the runtime does not know yet.

use quickbeam_net::{Client, ClientOptions, Proxy, Redirect, Request, RequestBody, Task, begin, run};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::available_parallelism;

/// Holds the threads of the runtime until what it gives is dropped: until then nobody is told what has come.
fn hold() -> (Sender<()>, Vec<Task>) {
    let (release, released) = channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let (started, held) = channel();
    let threads = available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 4));
    let hold = |_| {
        let (started, released) = (started.clone(), released.clone());
        let holding = async move {
            let _ = started.send(());
            let _ = released.lock().unwrap().recv();
        };
        run(holding, drop).unwrap()
    };
    let tasks = (0..threads).map(hold).collect();
    for _ in 0..threads {
        held.recv().unwrap();
    }
    (release, tasks)
}

#[test]
fn it_is_not_used() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ending): (Sender<&[u8]>, Receiver<&[u8]>) = channel();
    let (ended, is_ended) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                head.push(byte[0]);
            }
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            let Ok(last) = ending.recv() else { return };
            let _ = stream.write_all(last);
            let _ = stream.shutdown(Shutdown::Both);
            let _ = ended.send(());
        }
    });
    let client = Client::new(ClientOptions { proxy: Proxy::Direct, ..ClientOptions::default() });
    let post = || {
        let request = Request {
            method: "POST".into(),
            url: format!("http://{address}/"),
            headers: Vec::new(),
            body: RequestBody::Bytes("x".into()),
            redirect: Redirect::Follow,
        };
        let client = client.clone();
        let (done, answer) = channel();
        let fetching = async move { client.fetch(request).await.map(|response| response.status) };
        let task = begin(fetching, move |outcome| drop(done.send(outcome))).unwrap();
        (task, answer)
    };
    for last in [b"".as_slice(), b"HTTP/1.1 408 Request Timeout\r\n\r\n"] {
        let (_task, answer) = post();
        assert_eq!(answer.recv().unwrap(), Some(Ok(204)));
        let held = hold();
        end.send(last).unwrap();
        is_ended.recv().unwrap();
        let (_task, answer) = post();
        drop(held);
        assert_eq!(answer.recv().unwrap(), Some(Ok(204)), "{last:?}");
        end.send(b"").unwrap();
        is_ended.recv().unwrap();
    }
}
