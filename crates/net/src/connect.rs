//! Connecting: DNS answers and addresses are checked here, and proxies stand in between.

use crate::access::{Access, bare};
use crate::error::{NetError, NetErrorKind};
use crate::ports::check_port;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// Bytes of a proxy's answer to `CONNECT`.
const MAX_PROXY_HEAD: usize = 16 << 10;

/// Opens TCP connections, through a proxy where the environment names one.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Settings>);

struct Settings {
    access: Access,
    connect_timeout: Duration,
    proxies: Matcher,
}

impl Connector {
    pub(crate) fn new(access: Access, connect_timeout: Duration, proxies: Matcher) -> Connector {
        Connector(Arc::new(Settings { access, connect_timeout, proxies }))
    }

    /// The credentials that a request through a plain proxy carries.
    pub(crate) fn proxy_authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        if uri.scheme_str() != Some("http") {
            return None;
        }
        self.0.proxies.intercept(uri)?.basic_auth().cloned()
    }

    /// Opens a connection to the URI's host, within the time for connecting.
    pub(crate) async fn connect(self, uri: Uri) -> Result<Transport, NetError> {
        let host = uri.host().ok_or_else(|| NetError::invalid("the URL has no host"))?.to_owned();
        let Ok(connected) = timeout(self.0.connect_timeout, self.open(&uri, &host)).await else {
            return Err(no_connection(&host, self.0.connect_timeout));
        };
        connected
    }

    /// Opens a connection to the host of a `ws:` or `wss:` URI, through a proxy's tunnel if there is a proxy.
    pub(crate) async fn tunnel(self, uri: Uri) -> Result<TcpStream, NetError> {
        let host = uri.host().ok_or_else(|| NetError::invalid("the URL has no host"))?.to_owned();
        let is_secure = uri.scheme_str() == Some("wss");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        self.0.access.check_host(&host, port)?;
        check_port(port)?;
        // Proxies are named for the schemes of HTTP.
        let named = format!("{}://{host}:{port}/", if is_secure { "https" } else { "http" });
        let named: Uri = named.parse().map_err(|_| NetError::invalid(format!("{uri} cannot be connected to")))?;
        match self.0.proxies.intercept(&named) {
            Some(proxy) => tunnel(dial_proxy(&proxy).await?, &host, port, proxy.basic_auth()).await,
            None => dial(&host, port, |address| self.0.access.check_address(&host, port, address.ip())).await,
        }
    }

    async fn open(&self, uri: &Uri, host: &str) -> Result<Transport, NetError> {
        let is_secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        self.0.access.check_host(host, port)?;
        let Some(proxy) = self.0.proxies.intercept(uri) else {
            let stream = dial(host, port, |address| self.0.access.check_address(host, port, address.ip())).await?;
            return Ok(Transport::new(stream));
        };
        let stream = dial_proxy(&proxy).await?;
        if uri.scheme_str() == Some("http") {
            return Ok(Transport { is_proxied: true, ..Transport::new(stream) });
        }
        let stream = tunnel(stream, host, port, proxy.basic_auth()).await?;
        Ok(Transport::new(stream))
    }
}

/// Connects to the first address of a host that answers, of those that `check` lets pass.
async fn dial(
    host: &str,
    port: u16,
    check: impl Fn(&SocketAddr) -> Result<(), NetError>,
) -> Result<TcpStream, NetError> {
    let addresses = lookup_host((bare(host), port)).await;
    let addresses = addresses.map_err(|error| NetError::network(format!("{host} has no address: {error}")))?;
    let mut failure = NetError::network(format!("{host} has no address"));
    for address in addresses {
        if let Err(refused) = check(&address) {
            failure = refused;
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it, small requests wait for acknowledgements; a socket that has none works as well.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = NetError::network(format!("no connection to {host} ({address}): {error}")),
        }
    }
    Err(failure)
}

async fn dial_proxy(proxy: &Intercept) -> Result<TcpStream, NetError> {
    let uri = proxy.uri();
    if uri.scheme_str() != Some("http") {
        let scheme = uri.scheme_str().unwrap_or("unknown").to_owned();
        return Err(NetError::network(format!("proxies of the scheme {scheme} are not supported")));
    }
    let host = uri.host().ok_or_else(|| NetError::network("the proxy's URL has no host"))?;
    dial(host, uri.port_u16().unwrap_or(80), |_| Ok(())).await
}

/// Asks a proxy to connect through (RFC 9110, section 9.3.6).
async fn tunnel(
    mut stream: TcpStream,
    host: &str,
    port: u16,
    authorization: Option<&HeaderValue>,
) -> Result<TcpStream, NetError> {
    let failed = |error: io::Error| NetError::network(format!("the proxy failed: {error}"));
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(failed)?;
    let mut head = Vec::new();
    // One byte at a time: what follows the head belongs to the other side of the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_PROXY_HEAD {
            return Err(NetError::network("the proxy's answer has no end"));
        }
        head.push(stream.read_u8().await.map_err(failed)?);
    }
    let status = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if status.first() == Some(&b'2') {
        return Ok(stream);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Err(NetError::network(format!("the proxy refused: {}", String::from_utf8_lossy(line))))
}

/// An open connection.
pub(crate) struct Transport {
    stream: TokioIo<TcpStream>,
    /// Whether requests on it are for a proxy, in absolute form.
    is_proxied: bool,
    has_answered: Flag,
    is_inspected: Flag,
}

impl Transport {
    fn new(stream: TcpStream) -> Transport {
        let (has_answered, is_inspected) = (Flag::default(), Flag::default());
        Transport { stream: TokioIo::new(stream), is_proxied: false, has_answered, is_inspected }
    }

    pub(crate) fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    /// While this is set, nothing is due: an end or bytes of which the runtime has not told yet count as the end.
    pub(crate) fn is_inspected(&self) -> Flag {
        self.is_inspected.clone()
    }
}

/// What a connection, or a body, and those who use it know of it. Pools tell whoever they answer the one of whether there was an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flag(Arc<AtomicBool>);

impl Flag {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// Whether the other side has ended the connection or sent something, as the system knows it.
fn has_come(stream: &TcpStream) -> bool {
    let peeked = SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]);
    !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

impl Connection for Transport {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.is_proxied).extra(self.has_answered.clone())
    }
}

impl Read for Transport {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_pending() && self.is_inspected.get() && has_come(self.stream.inner()) {
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl Write for Transport {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Transport;
    type Error = NetError;
    type Future = Pin<Box<dyn Future<Output = Result<Transport, NetError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), NetError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// Opens TLS connections, handshake included within the time for connecting.
#[derive(Clone)]
pub(crate) struct SecureConnector {
    connector: HttpsConnector<Connector>,
    timeout: Duration,
}

impl SecureConnector {
    pub(crate) fn new(connector: HttpsConnector<Connector>, timeout: Duration) -> SecureConnector {
        SecureConnector { connector, timeout }
    }
}

type SecureStream = MaybeHttpsStream<Transport>;

impl tower_service::Service<Uri> for SecureConnector {
    type Response = SecureStream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<SecureStream, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        tower_service::Service::poll_ready(&mut self.connector, cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default().to_owned();
        let connecting = tower_service::Service::call(&mut self.connector, uri);
        let limit = self.timeout;
        Box::pin(
            async move { timeout(limit, connecting).await.unwrap_or_else(|_| Err(no_connection(&host, limit).into())) },
        )
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn no_connection(host: &str, limit: Duration) -> NetError {
    NetError::new(NetErrorKind::Timeout, format!("no connection to {host} within {} ms", limit.as_millis()))
}
