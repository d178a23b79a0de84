//! HTTPS against a server whose certificate a test's own authority signed, over HTTP/1.1 and HTTP/2.

use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use quickbeam_net::{
    Bytes, Client, ClientOptions, NetErrorKind, Proxy, Redirect, Request, RequestBody, block_on, body_channel, run,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio_rustls::TlsAcceptor;

/// What takes TLS connections, and the root that vouches for it.
fn acceptor(protocols: &[&[u8]]) -> (TlsAcceptor, Vec<u8>) {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_der = root.self_signed(&root_key).unwrap().der().to_vec();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), root_der)
}

/// A server that answers with the version of HTTP it was asked in; its port, and the root that vouches for it.
fn serve(protocols: &[&[u8]]) -> (u16, Vec<u8>) {
    let (acceptor, root_der) = acceptor(protocols);
    let listener = block_on(TcpListener::bind("127.0.0.1:0")).unwrap().unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepting = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let answer = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                let version = format!("{:?}", request.version());
                Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from(version))))
            });
            let serving = async move {
                drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await);
            };
            std::mem::forget(run(serving, |_| {}));
        }
    };
    std::mem::forget(run(accepting, |_| {}));
    (port, root_der)
}

fn version(port: u16, host: &str, extra_roots: Vec<Vec<u8>>) -> Result<Bytes, NetErrorKind> {
    let options = ClientOptions { extra_roots, proxy: Proxy::Direct, ..ClientOptions::default() };
    let request = Request {
        method: "GET".into(),
        url: format!("https://{host}:{port}/"),
        headers: Vec::new(),
        body: RequestBody::Empty,
        redirect: Redirect::Follow,
    };
    let mut response = block_on(Client::new(options).fetch(request)).unwrap().map_err(|error| error.kind)?;
    block_on(response.body.collect(99)).unwrap().map_err(|error| error.kind)
}

#[test]
fn both_versions_are_spoken_with_trusted_servers_alone() {
    let (new, root) = serve(&[b"h2", b"http/1.1"]);
    let (old, old_root) = serve(&[b"http/1.1"]);
    assert_eq!(version(new, "localhost", vec![root.clone()]).as_deref(), Ok(&b"HTTP/2.0"[..]));
    assert_eq!(version(old, "localhost", vec![old_root]).as_deref(), Ok(&b"HTTP/1.1"[..]));
    assert_eq!(version(old, "localhost", vec![root.clone()]), Err(NetErrorKind::Network), "another authority");
    assert_eq!(version(new, "localhost", vec![]), Err(NetErrorKind::Network), "an unknown authority");
    assert_eq!(version(new, "127.0.0.1", vec![root]), Err(NetErrorKind::Network), "another name");
    assert_eq!(version(new, "localhost", vec![b"junk".to_vec()]), Err(NetErrorKind::InvalidRequest));
}

#[test]
fn a_body_that_breaks_off_over_http_2_is_not_complete() {
    let (acceptor, root) = acceptor(&[b"h2"]);
    let listener = block_on(TcpListener::bind("127.0.0.1:0")).unwrap().unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heard, hears) = mpsc::channel();
    let accepting = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let heard = heard.clone();
            let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let heard = heard.clone();
                let reading = async move { heard.send(request.into_body().collect().await.is_ok()) };
                std::mem::forget(run(reading, |_| {}));
                // A response that is under way.
                let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
                async { Ok::<_, Infallible>(http::Response::new(body)) }
            });
            let serving = async move {
                drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer).await);
            };
            std::mem::forget(run(serving, |_| {}));
        }
    };
    std::mem::forget(run(accepting, |_| {}));
    let client =
        Client::new(ClientOptions { extra_roots: vec![root], proxy: Proxy::Direct, ..ClientOptions::default() });
    for is_ended in [true, false] {
        let (sender, body) = body_channel();
        let request = Request {
            method: "POST".into(),
            url: format!("https://localhost:{port}/"),
            headers: Vec::new(),
            body,
            redirect: Redirect::Follow,
        };
        let response = block_on(client.fetch(request)).unwrap().unwrap();
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
fn all_kept_connections_may_have_ended() {
    const KEPT: usize = 3;
    let (acceptor, root) = acceptor(&[b"http/1.1"]);
    let listener = block_on(TcpListener::bind("127.0.0.1:0")).unwrap().unwrap();
    let port = listener.local_addr().unwrap().port();
    // Each connection takes two requests, and answers the first, as soon as so many have come.
    let (all_there, count) = (Arc::new(Barrier::new(KEPT)), Arc::new(AtomicUsize::new(0)));
    let accepting = async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, all_there, count) = (acceptor.clone(), all_there.clone(), count.clone());
            let serving = async move {
                let mut stream = BufReader::new(acceptor.accept(stream).await?);
                for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""] {
                    let mut line = String::new();
                    while line != "\r\n" {
                        line.clear();
                        if stream.read_line(&mut line).await? == 0 {
                            break;
                        }
                    }
                    if !answer.is_empty() && count.fetch_add(1, Ordering::Relaxed) < KEPT {
                        all_there.wait().await;
                    }
                    stream.write_all(answer.as_bytes()).await?;
                    stream.flush().await?;
                }
                io::Result::Ok(())
            };
            std::mem::forget(run(serving, |_| {}));
        }
    };
    std::mem::forget(run(accepting, |_| {}));
    let client =
        Client::new(ClientOptions { extra_roots: vec![root], proxy: Proxy::Direct, ..ClientOptions::default() });
    let get = || {
        let request = Request {
            method: "GET".into(),
            url: format!("https://localhost:{port}/"),
            headers: Vec::new(),
            body: RequestBody::Empty,
            redirect: Redirect::Follow,
        };
        let client = client.clone();
        async move { client.fetch(request).await?.body.collect(99).await }
    };
    let first = (0..KEPT).map(|_| get());
    for answer in block_on(futures_util::future::join_all(first)).unwrap() {
        assert_eq!(answer.as_deref(), Ok(&b"ok"[..]));
    }
    assert_eq!(block_on(get()).unwrap().as_deref(), Ok(&b"ok"[..]));
}
