//! Connecting: DNS answers and addresses are checked here, and proxies stand in between.

use crate::access::{Access, bare};
use crate::error::{NetError, NetErrorKind};
use crate::ports::check_port;
use http::{Extensions, HeaderValue, Request, Uri};
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, Connection, capture_connection};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, Socket};
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
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
    /// Whether the other side does not take what is to be sent.
    is_stalled: Flag,
    /// Whether it ends where that happens.
    is_given_up: Flag,
    /// The request that was begun last.
    current: Arc<Mutex<Option<Number>>>,
    /// The same socket, for who must end it from outside.
    socket: OnceLock<Arc<Socket>>,
}

impl Transport {
    fn new(stream: TcpStream) -> Transport {
        let [has_answered, is_inspected, is_stalled, is_given_up] = Default::default();
        let stream = TokioIo::new(stream);
        let (current, socket) = Default::default();
        Transport { stream, is_proxied: false, has_answered, is_inspected, is_stalled, is_given_up, current, socket }
    }

    /// What was to be sent went, or waits.
    fn noted<T>(&self, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if sent.is_pending() != self.is_stalled.get() {
            self.is_stalled.set(sent.is_pending());
        }
        if sent.is_pending() && self.is_given_up.get() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        sent
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
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn set(&self, value: bool) {
        self.0.store(value, Ordering::SeqCst);
    }
}

/// Ends a connection that a task of its own drives.
#[derive(Clone)]
struct Cutter {
    /// Gone with the connection.
    socket: Weak<Socket>,
    is_stalled: Flag,
    is_given_up: Flag,
    current: Arc<Mutex<Option<Number>>>,
}

impl Cutter {
    fn current(&self) -> MutexGuard<'_, Option<Number>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells requests of this process apart.
type Number = u64;

/// The connection of a request of a pool, once it has one.
///
/// A connection is free for the next request as soon as all of a response has come, also where nobody has read it. So what becomes of a
/// request later is no matter for its connection, which is another's then.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    connection: CaptureConnection,
    number: Number,
}

impl Hold {
    pub(crate) fn of<B>(request: &mut Request<B>) -> Hold {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Hold { connection: capture_connection(request), number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// The connection begins with the request.
    fn begin(&self) {
        if let Some(cutter) = self.cutter() {
            let mut current = cutter.current();
            *current = Some(self.number);
            cutter.is_given_up.set(false);
        }
    }

    /// The request is given up. A connection whose other side takes nothing would not hear of it; it is ended here, now or where that
    /// happens, unless other requests use it as well or have come after this one.
    pub(crate) fn give_up(&self) {
        let Some(cutter) = self.cutter() else { return };
        let current = cutter.current();
        if *current != Some(self.number) {
            return;
        }
        cutter.is_given_up.set(true);
        if let Some(socket) = cutter.socket.upgrade().filter(|_| cutter.is_stalled.get()) {
            // One that has ended already is no matter.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// None of a connection that several requests use at once.
    fn cutter(&self) -> Option<Cutter> {
        let connected = self.connection.connection_metadata();
        let connected = connected.as_ref().filter(|connected| !connected.is_negotiated_h2())?;
        let mut extensions = Extensions::new();
        connected.get_extras(&mut extensions);
        extensions.remove()
    }
}

/// A request's body that tells when the connection begins with it: it asks first whether there is anything to send.
pub(crate) struct Begun<B> {
    body: B,
    connection: Hold,
    has_begun: Cell<bool>,
}

impl<B> Begun<B> {
    pub(crate) fn new(body: B, connection: Hold) -> Begun<B> {
        Begun { body, connection, has_begun: Cell::new(false) }
    }
}

impl<B: Body + Unpin> Body for Begun<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        if !self.has_begun.replace(true) {
            self.connection.begin();
        }
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Gives a request up if it is dropped before it is [released](Held::release).
pub(crate) struct Held(Option<Hold>);

impl Held {
    pub(crate) fn new(connection: Hold) -> Held {
        Held(Some(connection))
    }

    /// The response has come to its end, or the pool shall see to the rest.
    pub(crate) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = &self.0 {
            connection.give_up();
        }
    }
}

/// Whether the other side has ended the connection or sent something, as the system knows it.
fn has_come(stream: &TcpStream) -> bool {
    let peeked = SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]);
    !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

impl Connection for Transport {
    fn connected(&self) -> Connected {
        let connected = self.stream.connected().proxy(self.is_proxied).extra(self.has_answered.clone());
        let Ok(socket) = SockRef::from(self.stream.inner()).try_clone() else { return connected };
        connected.extra(Cutter {
            socket: Arc::downgrade(self.socket.get_or_init(|| Arc::new(socket))),
            is_stalled: self.is_stalled.clone(),
            is_given_up: self.is_given_up.clone(),
            current: self.current.clone(),
        })
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
        let sent = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.noted(sent)
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
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.noted(sent)
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
