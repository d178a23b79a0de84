//! Proxies that the environment names. A process reads its environment once, so each case is a process of its own: this test, once more.

use quickbeam_net::{Client, Redirect, Request, RequestBody, block_on};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

/// The URL that such a process is to fetch.
const URL: &str = "QUICKBEAM_TEST_URL";

/// Answers each connection's first request with who answers, the request's first line, and its `proxy-authorization`.
fn serve(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(name, stream));
        }
    });
    address
}

fn answer(name: &str, mut stream: TcpStream) -> Option<()> {
    let lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let line = head.first()?;
    let authorization =
        head.iter().find_map(|line| line.to_lowercase().strip_prefix("proxy-authorization: ").map(str::to_owned));
    let body = format!("{name}: {line} {}", authorization.unwrap_or_default());
    // Nobody can be connected to through this proxy.
    let status = if line.starts_with("CONNECT") { format!("502 {line}") } else { "200 OK".to_owned() };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).ok()
}

/// What a process with these variables gets from a URL.
fn fetch(url: &str, variables: &[(&str, &str)]) -> String {
    let mut process = Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        process.env_remove(name).env_remove(name.to_lowercase());
    }
    process.args(["--exact", "the_environment_names_proxies", "--nocapture"]).env(URL, url);
    let output = process.envs(variables.iter().copied()).output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = output.lines().find_map(|line| line.split_once("fetched ").map(|(_, told)| told.to_owned()));
    told.unwrap_or(output)
}

/// Fetches the URL that this process was started for.
fn tell(url: String) {
    let request = Request {
        method: "GET".into(),
        url,
        headers: Vec::new(),
        body: RequestBody::Empty,
        redirect: Redirect::Follow,
    };
    let fetched = block_on(async move {
        let mut response = Client::new(Default::default()).fetch(request).await?;
        response.body.collect(1 << 20).await
    });
    match fetched.unwrap() {
        Ok(body) => println!("fetched {}", String::from_utf8_lossy(&body).trim()),
        Err(error) => println!("fetched {error}"),
    }
}

#[test]
fn the_environment_names_proxies() {
    if let Ok(url) = std::env::var(URL) {
        return tell(url);
    }
    let (server, proxy) = (serve("server"), serve("proxy"));
    let named = format!("http://user:secret@{proxy}");
    let at = |path: &str| format!("http://{server}{path}");
    let basic = "basic dxnlcjpzzwnyzxq=";
    for (url, variables, expected) in [
        (at("/a"), vec![], "server: GET /a HTTP/1.1".to_owned()),
        (at("/a"), vec![("HTTP_PROXY", &*named)], format!("proxy: GET {} HTTP/1.1 {basic}", at("/a"))),
        (at("/a"), vec![("http_proxy", &*named)], format!("proxy: GET {} HTTP/1.1 {basic}", at("/a"))),
        (at("/a"), vec![("ALL_PROXY", &*named)], format!("proxy: GET {} HTTP/1.1 {basic}", at("/a"))),
        // Nobody else knows that host; the proxy would.
        (
            "http://unknown.invalid/b".to_owned(),
            vec![("HTTP_PROXY", &*named)],
            format!("proxy: GET http://unknown.invalid/b HTTP/1.1 {basic}"),
        ),
        (at("/a"), vec![("HTTPS_PROXY", &*named)], "server: GET /a HTTP/1.1".to_owned()),
        (
            at("/a"),
            vec![("HTTP_PROXY", &*named), ("NO_PROXY", "example.org,127.0.0.1")],
            "server: GET /a HTTP/1.1".to_owned(),
        ),
        (at("/a"), vec![("HTTP_PROXY", &*named), ("NO_PROXY", "127.0.0.0/8")], "server: GET /a HTTP/1.1".to_owned()),
        (at("/a"), vec![("HTTP_PROXY", &*named), ("NO_PROXY", "*")], "server: GET /a HTTP/1.1".to_owned()),
        (
            at("/a"),
            vec![("HTTP_PROXY", &*named), ("NO_PROXY", "example.org")],
            format!("proxy: GET {} HTTP/1.1 {basic}", at("/a")),
        ),
    ] {
        assert_eq!(fetch(&url, &variables), expected.trim(), "{url} with {variables:?}");
    }
    // A tunnel is asked for, and the proxy's refusal is told.
    let refused = fetch("https://unknown.invalid/", &[("HTTPS_PROXY", &named)]);
    assert!(refused.contains("the proxy refused: HTTP/1.1 502 CONNECT unknown.invalid:443"), "{refused}");
}
