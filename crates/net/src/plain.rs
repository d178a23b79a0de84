//! Connections of `http:` URLs, each driven by the exchange that uses it.
//!
//! A connection has no task of its own: whoever waits for the head of a response, or for bytes of its body, moves it on meanwhile. So a
//! request costs no message to another task and none back, and what starts it writes it ([`begin`](crate::begin)). Between exchanges
//! nobody drives a connection; it is looked at when it is taken out again, and every [`SWEEP`].
//!
//! What must never happen: a connection is kept before its response has ended, or is used by two exchanges at once.

use crate::body::SentBody;
use crate::client::{IDLE, MAX_FIELDS, MAX_HEAD, MAX_IDLE};
use crate::connect::{Connector, Flag, Held, Transport};
use crate::error::NetError;
use crate::runtime::spawn;
use bytes::Bytes;
use futures_util::FutureExt;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use std::collections::HashMap;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often connections that wait are looked at.
const SWEEP: Duration = Duration::from_secs(5);

/// Bytes that are still read so that a connection whose response nobody wants may be kept.
const MAX_DRAINED: usize = 64 << 10;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A request without an answer.
pub(crate) struct Failed {
    pub(crate) error: BoxError,
    /// Whether its connection was kept from another exchange.
    pub(crate) was_kept: bool,
}

impl<E: Into<BoxError>> From<E> for Failed {
    fn from(error: E) -> Failed {
        Failed { error: error.into(), was_kept: false }
    }
}

/// What opens connections of `http:` URLs, and keeps them for the next.
pub(crate) struct PlainPool {
    connector: Connector,
    idle: Arc<Idle>,
}

/// Connections that wait, by authority.
#[derive(Default)]
struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    links: HashMap<String, Vec<(Link, Instant)>>,
    is_swept: bool,
}

/// An open connection.
struct Link {
    authority: String,
    sender: SendRequest<SentBody>,
    driver: http1::Connection<Transport, SentBody>,
    is_over: bool,
    is_proxied: bool,
    is_inspected: Flag,
    home: Weak<Idle>,
}

impl PlainPool {
    pub(crate) fn new(connector: Connector) -> PlainPool {
        PlainPool { connector, idle: Arc::default() }
    }

    /// Sends a request, over a connection that waits if there is one. What was kept and turns out to have ended before it took the request is
    /// replaced.
    pub(crate) async fn request(&self, mut request: Request<SentBody>) -> Result<Response<LinkedBody>, Failed> {
        let uri = name_host(&mut request)?;
        while let Some(link) = self.idle.take(&authority_of(&uri)?) {
            match link.exchange(&uri, request).await {
                Ok(response) => return Ok(response),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Failed { error: failed.into_error().into(), was_kept: true }),
                },
            }
        }
        self.exchange_anew(&uri, request).await
    }

    /// Sends a request over a new connection, which is kept for the next.
    pub(crate) async fn request_anew(&self, mut request: Request<SentBody>) -> Result<Response<LinkedBody>, Failed> {
        let uri = name_host(&mut request)?;
        self.exchange_anew(&uri, request).await
    }

    async fn exchange_anew(&self, uri: &Uri, request: Request<SentBody>) -> Result<Response<LinkedBody>, Failed> {
        let link = self.open(uri).await?;
        link.exchange(uri, request).await.map_err(|failed| failed.into_error().into())
    }

    async fn open(&self, uri: &Uri) -> Result<Link, BoxError> {
        let authority = authority_of(uri)?;
        let transport = self.connector.clone().connect(uri.clone()).await?;
        let (is_proxied, is_inspected) = (transport.is_proxied(), transport.is_inspected());
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD).max_headers(MAX_FIELDS).allow_obsolete_multiline_headers_in_responses(true);
        let (sender, driver) = builder.handshake(transport).await?;
        let home = Arc::downgrade(&self.idle);
        Ok(Link { authority, sender, driver, is_over: false, is_proxied, is_inspected, home })
    }
}

/// Whose connections are kept together.
fn authority_of(uri: &Uri) -> Result<String, NetError> {
    let authority = uri.authority().ok_or_else(|| NetError::invalid("the URL has no host"))?;
    Ok(authority.as_str().to_ascii_lowercase())
}

/// Gives a request the field `Host`, and tells its URI.
fn name_host(request: &mut Request<SentBody>) -> Result<Uri, NetError> {
    let uri = request.uri().clone();
    request.headers_mut().entry(header::HOST).or_insert(host_of(&uri)?);
    Ok(uri)
}

/// The field `Host` (RFC 9110, section 7.2).
fn host_of(uri: &Uri) -> Result<HeaderValue, NetError> {
    let host = uri.host().unwrap_or_default();
    let field = match uri.port_u16() {
        Some(port) if port != 80 => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    field.parse().map_err(|_| NetError::invalid(format!("{host:?} is not a host")))
}

/// The target as servers get it (RFC 9112, section 3.2.1).
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")).into()
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that waits for the shortest time, of those that still live.
    fn take(&self, authority: &str) -> Option<Link> {
        loop {
            let (mut link, _) = self.lock().links.get_mut(authority)?.pop()?;
            if link.is_usable() {
                return Some(link);
            }
        }
    }

    fn keep(self: &Arc<Self>, link: Link) {
        let mut waiting = self.lock();
        let links = match waiting.links.get_mut(&link.authority) {
            Some(links) => links,
            None => waiting.links.entry(link.authority.clone()).or_default(),
        };
        if links.len() < MAX_IDLE {
            links.push((link, Instant::now()));
        }
        if !std::mem::replace(&mut waiting.is_swept, true) {
            drop(waiting);
            spawn(Idle::sweep(Arc::downgrade(self)));
        }
    }

    /// Closes connections that have waited for long, or that their servers have closed, while any wait.
    async fn sweep(idle: Weak<Idle>) {
        loop {
            sleep(SWEEP).await;
            let Some(idle) = idle.upgrade() else { return };
            let mut waiting = idle.lock();
            waiting.links.retain(|_, links| {
                links.retain_mut(|(link, since)| since.elapsed() < IDLE && link.is_ready());
                !links.is_empty()
            });
            if waiting.links.is_empty() {
                waiting.is_swept = false;
                return;
            }
        }
    }
}

impl Link {
    /// Moves the connection on as far as it goes without waiting.
    fn drive(&mut self, cx: &mut Context<'_>) {
        self.is_over = self.is_over || Pin::new(&mut self.driver).poll(cx).is_ready();
    }

    /// Whether it takes a request now.
    fn is_ready(&mut self) -> bool {
        // Nobody is to be woken by what the exchange itself does next.
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.is_over && self.sender.is_ready()
    }

    /// Whether it takes a request after a while in which nothing was due. What the server has done in that while may be news to the runtime.
    fn is_usable(&mut self) -> bool {
        self.is_inspected.set(true);
        let is_ready = self.is_ready();
        self.is_inspected.set(false);
        is_ready
    }

    async fn exchange(
        mut self,
        uri: &Uri,
        mut request: Request<SentBody>,
    ) -> Result<Response<LinkedBody>, TrySendError<Request<SentBody>>> {
        *request.uri_mut() = if self.is_proxied { uri.clone() } else { origin_form(uri) };
        let mut answer = pin!(self.sender.try_send_request(request));
        let response = poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(cx)
        });
        let response = response.await?;
        Ok(response.map(|incoming| {
            let mut body = LinkedBody { incoming, link: Some(Box::new(self)) };
            body.release_if_ended();
            body
        }))
    }

    /// Keeps the connection if its exchange is complete; closes it otherwise.
    fn release(mut self) {
        if self.is_ready()
            && let Some(home) = self.home.upgrade()
        {
            home.keep(self);
        }
    }
}

/// The body of a response, with the connection that brings it until it has ended.
pub(crate) struct LinkedBody {
    incoming: Incoming,
    link: Option<Box<Link>>,
}

impl LinkedBody {
    fn release_if_ended(&mut self) {
        if self.incoming.is_end_stream()
            && let Some(link) = self.link.take()
        {
            link.release();
        }
    }

    /// Reads what has come already, so that the connection may be kept.
    fn drain(mut self) {
        let mut left = MAX_DRAINED;
        while let Some(Some(Ok(frame))) = self.frame().now_or_never() {
            let size = frame.data_ref().map_or(0, Bytes::len);
            if size > left {
                return;
            }
            left -= size;
        }
    }
}

impl Body for LinkedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let mut next = Pin::new(&mut self.incoming).poll_frame(cx);
        if next.is_pending()
            && let Some(link) = &mut self.link
        {
            link.drive(cx);
            next = Pin::new(&mut self.incoming).poll_frame(cx);
        }
        match &next {
            Poll::Ready(Some(Ok(_))) => self.release_if_ended(),
            Poll::Ready(Some(Err(_))) => self.link = None,
            Poll::Ready(None) => drop(self.link.take().map(|link| link.release())),
            Poll::Pending => {}
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The body of a response from a connection of a pool. Dropped before its end, it gives the request up.
pub(crate) struct PooledBody {
    held: Held,
    incoming: Incoming,
}

impl PooledBody {
    pub(crate) fn new(incoming: Incoming, mut held: Held) -> PooledBody {
        if incoming.is_end_stream() {
            held.release();
        }
        PooledBody { held, incoming }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let next = Pin::new(&mut self.incoming).poll_frame(cx);
        if self.incoming.is_end_stream() || matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.held.release();
        }
        next
    }
}

/// The body of a response as it comes, of whichever connection.
pub(crate) enum Coming {
    /// Its connection is driven by a task of the pool.
    Pooled(PooledBody),
    /// Its connection is driven by whoever reads.
    Linked(LinkedBody),
}

impl Coming {
    /// Nobody wants the rest.
    pub(crate) fn discard(self) {
        match self {
            // The connection's task does the same.
            Coming::Pooled(mut pooled) => pooled.held.release(),
            Coming::Linked(linked) => linked.drain(),
        }
    }
}

impl Body for Coming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Coming::Pooled(pooled) => pooled.poll_frame(cx),
            Coming::Linked(linked) => Pin::new(linked).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Coming::Pooled(pooled) => pooled.incoming.is_end_stream(),
            Coming::Linked(linked) => linked.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Coming::Pooled(pooled) => pooled.incoming.size_hint(),
            Coming::Linked(linked) => linked.size_hint(),
        }
    }
}
