//! The checkout, and the suite's own server for it.
//!
//! A whole checkout brings a server (`wpt serve`, in Python); what tests fetch is answered by that. A part of a checkout that has none is
//! read from disk, which is enough for tests that fetch nothing but files.

use crate::suite::join;
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the server may take to answer for the first time.
const START: Duration = Duration::from_secs(60);

/// Where tests are read from.
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
    port: Option<u16>,
}

/// The suite's own server, which runs while this lives.
#[derive(Debug)]
pub struct Server {
    process: Child,
    port: u16,
    config: PathBuf,
}

impl Site {
    /// The site of a checkout, answered by its server if there is one.
    pub fn new(root: PathBuf, server: Option<&Server>) -> Site {
        Site { root, port: server.map(|server| server.port) }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn has_server(&self) -> bool {
        self.port.is_some()
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        match self.port {
            Some(port) => format!("http://localhost:{port}/{path}"),
            None => format!("http://web-platform.test/{path}"),
        }
    }

    /// The URL and the path in the checkout of what a script in `folder` calls `url`.
    pub(crate) fn locate(&self, folder: &str, url: &str) -> (String, String) {
        let local = url.strip_prefix(&self.url("")).map(|path| format!("/{path}"));
        let local = local.as_deref().unwrap_or(url);
        let path = join(folder, local);
        let rest = local.find(['?', '#']).map_or("", |start| &local[start..]);
        let is_elsewhere = ["blob:", "data:"].iter().any(|scheme| local.starts_with(scheme));
        (if is_elsewhere { url.to_owned() } else { self.url(&format!("{path}{rest}")) }, path)
    }

    /// What the suite has at a path, without a query. Templates are filled in by the server.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let path = if path == "resources/WebIDLParser.js" { "resources/webidl2/lib/webidl2.js" } else { path };
        let failed = |error: std::io::Error| format!("{path}: {error}");
        match self.port {
            Some(port) if path.contains(".sub.") => get(port, path).map_err(failed),
            _ => fs::read(self.root.join(path)).map_err(failed),
        }
    }
}

impl Server {
    /// Starts the server of a checkout, if that has one, and waits until it answers.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(root: &Path) -> Result<Option<Server>, String> {
        if !root.join("wpt").is_file() {
            return Ok(None);
        }
        let failed = |error: std::io::Error| format!("the suite's server: {error}");
        let ports = free_ports(7).map_err(failed)?;
        let config = json!({
            "browser_host": "localhost",
            "alternate_hosts": { "alt": "127.0.0.1" },
            "check_subdomains": false,
            "logging": { "level": "error" },
            "ports": { "http": ports[..2], "https": ports[2..4], "ws": ports[4..5], "wss": ports[5..6], "h2": ports[6..] },
        });
        let path = std::env::temp_dir().join(format!("conformance-{}.json", std::process::id()));
        fs::write(&path, config.to_string()).map_err(failed)?;
        let process = Command::new("python3")
            .args(["wpt", "serve", "--config"])
            .arg(&path)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // It has processes of its own, which end with the group.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let server = Server { process, port: ports[0], config: path };
        let end = Instant::now() + START;
        // Each port has a process of its own.
        let answers = || {
            get(server.port, "resources/testharness.js").is_ok()
                && ports.iter().all(|&port| TcpStream::connect(("127.0.0.1", port)).is_ok())
        };
        while !answers() {
            if Instant::now() > end {
                return Err("the suite's server does not answer".to_owned());
            }
            sleep(Duration::from_millis(100));
        }
        Ok(Some(server))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to be done about a server that does not end.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.process.id())]).status();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.config);
    }
}

/// Ports that nobody listens on.
fn free_ports(count: usize) -> std::io::Result<Vec<u16>> {
    // All are held before any is given back, so that they differ.
    let listeners = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<Vec<_>>>()?;
    listeners.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// The body of a file that the server has.
fn get(port: u16, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let is_ok = answer.starts_with(b"HTTP/1.1 200 ");
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").filter(|_| is_ok);
    let start = body.ok_or_else(|| std::io::Error::other("the server has no such file"))?;
    Ok(answer.split_off(start + 4))
}
