//! The client: pools of connections, and requests through them.

use crate::access::Access;
use crate::body::{Coding, RequestBody, ResponseBody, SentBody, Slot};
use crate::connect::{Begun, Connector, Flag, Held, Hold, SecureConnector};
use crate::error::{NetError, NetErrorKind};
use crate::plain::{Coming, Failed, LinkedBody, PlainPool, PooledBody};
use crate::ports::check_port;
use crate::redirect::{MAX_REDIRECTS, follow, is_redirect, target};
use crate::tls;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};
use http_body_util::BodyExt;
use hyper::ext::ReasonPhrase;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Idle connections are kept this long.
pub(crate) const IDLE: Duration = Duration::from_secs(30);

/// Idle connections to one host.
pub(crate) const MAX_IDLE: usize = 64;

/// Bytes of a body that a connection takes at once, so that nobody needs to go on sending when the response is there already.
const MAX_AT_ONCE: usize = 16 << 10;

/// Bytes of a response's head.
pub(crate) const MAX_HEAD: usize = 256 << 10;

/// Fields of a response's head.
pub(crate) const MAX_FIELDS: usize = 512;

/// Fields that belong to the connection, not to the request.
const OF_THE_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// How a client works.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Which hosts may be connected to; every host by default.
    pub access: Access,
    /// How long opening a connection may take; 30 s by default.
    pub connect_timeout: Duration,
    /// How long an exchange may take, its body included; without limit by default.
    pub total_timeout: Option<Duration>,
    /// Bytes of a decoded response; without limit by default.
    pub max_response_size: Option<u64>,
    /// Root certificates in DER that are trusted beside the system's.
    pub extra_roots: Vec<Vec<u8>>,
    /// Which proxy stands in between; those of the environment by default.
    pub proxy: Proxy,
}

/// Which proxy stands between the client and servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// What `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment say.
    Environment,
    /// None.
    Direct,
    /// The one at this `http:` URL, for all requests; its user and password are sent to it.
    At(String),
}

impl Default for ClientOptions {
    fn default() -> ClientOptions {
        ClientOptions {
            access: Access::Everything,
            connect_timeout: Duration::from_secs(30),
            total_timeout: None,
            max_response_size: None,
            extra_roots: Vec::new(),
            proxy: Proxy::Environment,
        }
    }
}

/// What a redirect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirect {
    /// It is followed, at most 20 times.
    Follow,
    /// It is an error.
    Error,
    /// It is the response.
    Manual,
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method, in the case it is sent in.
    pub method: String,
    /// An absolute `http:` or `https:` URL.
    pub url: String,
    /// Fields in the order they are sent in. Those of the connection (`connection`, `content-length`, …) are left out.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: RequestBody,
    /// What a redirect does.
    pub redirect: Redirect,
}

/// The head of a response, with its body to come.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The reason phrase; empty for HTTP/2.
    pub status_text: String,
    /// Fields with names in lower case, in the order they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The URL of the last request.
    pub url: String,
    /// Whether there was a redirect.
    pub redirected: bool,
    /// The decoded body.
    pub body: ResponseBody,
}

/// Sends requests over connections that it keeps for the next. Clones share them.
///
/// ```no_run
/// use quickbeam_net::{Client, ClientOptions, Redirect, Request, RequestBody, block_on};
///
/// let client = Client::new(ClientOptions::default());
/// let request = Request {
///     method: "GET".into(),
///     url: "https://example.com/".into(),
///     headers: vec![],
///     body: RequestBody::Empty,
///     redirect: Redirect::Follow,
/// };
/// let mut response = block_on(client.fetch(request)).unwrap().unwrap();
/// let text = block_on(response.body.collect(1 << 20)).unwrap().unwrap();
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    options: ClientOptions,
    connector: Connector,
    plain: PlainPool,
    /// For requests whose body is long or sent as it comes, which goes on when the response is there already.
    streaming: OnceLock<Pools<Connector>>,
    secure: OnceLock<Pools<SecureConnector>>,
}

/// Connections that the library drives.
struct Pools<C> {
    keeping: Pool<C, SentBody>,
    /// One that keeps none, so that each request has a connection of its own.
    fresh: Pool<C, SentBody>,
}

/// What of a request is sent anew after a redirect.
struct Exchange {
    method: Method,
    url: String,
    headers: HeaderMap,
}

/// Whether `NO_PROXY` has the entry `*`, which the matcher takes for names alone.
fn is_proxy_for_nobody() -> bool {
    let spared = ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok());
    spared.is_some_and(|hosts| hosts.split(',').any(|host| host.trim() == "*"))
}

/// Which connections a message goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Streaming,
    Secure,
}

/// Which of them a message may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// One that was kept, if there is one.
    Any,
    /// A new one.
    New,
}

/// What became of one message.
type Sent = Result<http::Response<Coming>, Failed>;

impl Client {
    /// A client without connections.
    pub fn new(options: ClientOptions) -> Client {
        let proxies = match &options.proxy {
            Proxy::Environment if !is_proxy_for_nobody() => Matcher::from_env(),
            Proxy::Environment | Proxy::Direct => Matcher::builder().build(),
            Proxy::At(url) => Matcher::builder().all(url.clone()).build(),
        };
        let connector = Connector::new(options.access.clone(), options.connect_timeout, proxies);
        let plain = PlainPool::new(connector.clone());
        let (streaming, secure) = (OnceLock::new(), OnceLock::new());
        Client(Arc::new(Inner { options, connector, plain, streaming, secure }))
    }

    /// The options it was made with.
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }

    pub(crate) fn connector(&self) -> Connector {
        self.0.connector.clone()
    }

    /// Sends a request and gives the head of the response.
    ///
    /// # Errors
    /// If the request cannot be sent, a host is not permitted, a port is blocked, the connection fails, a redirect leads nowhere, or time is
    /// up.
    pub async fn fetch(&self, request: Request) -> Result<Response, NetError> {
        let deadline = self.0.options.total_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let exchange = self.exchange(request, deadline);
        match deadline {
            None => exchange.await,
            Some(deadline) => timeout_at(deadline, exchange)
                .await
                .unwrap_or_else(|_| Err(NetError::new(NetErrorKind::Timeout, "the request took too long"))),
        }
    }

    async fn exchange(&self, request: Request, deadline: Option<Instant>) -> Result<Response, NetError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| NetError::invalid(format!("{:?} is not a method", request.method)))?;
        let headers = sent_headers(&request.headers, &method, &request.body)?;
        let mut exchange = Exchange { method, url: request.url, headers };
        let mut body = request.body;
        let mut redirects = 0;
        loop {
            let again = body.duplicate();
            let response = self.send(&exchange, body).await?;
            let status = response.status();
            let to = match request.redirect {
                Redirect::Follow if is_redirect(status) => target(&exchange.url, response.headers())?,
                Redirect::Error if is_redirect(status) => {
                    return Err(NetError::network(format!("{} redirects, which this request forbids", exchange.url)));
                }
                _ => None,
            };
            let Some(to) = to else {
                return Ok(self.received(response, exchange, redirects > 0, deadline));
            };
            response.into_body().discard();
            redirects += 1;
            if redirects > MAX_REDIRECTS {
                return Err(NetError::network(format!("more than {MAX_REDIRECTS} redirects")));
            }
            let next = follow(status, &exchange.url, to, &mut exchange.method, &mut exchange.headers, &again)?;
            exchange.url = next.url;
            body = if next.drops_body { RequestBody::Empty } else { again.unwrap_or(RequestBody::Empty) };
        }
    }

    async fn send(&self, exchange: &Exchange, body: RequestBody) -> Result<http::Response<Coming>, NetError> {
        let url = exchange.url.split('#').next().unwrap_or_default();
        let uri: Uri = url.parse().map_err(|_| NetError::invalid(format!("{url} cannot be requested")))?;
        let is_secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(NetError::invalid(format!("{url} is neither an http: nor an https: URL"))),
        };
        // A connection may be there already, so the connector alone does not see every request.
        let port = uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        self.0.options.access.check_host(uri.host().unwrap_or_default(), port)?;
        check_port(port)?;
        // A connection that was kept may have ended, or brought rests of what came before. What may arrive twice (RFC 9110, section 9.2.2)
        // tries a new one.
        let again = if exchange.method.is_idempotent() { body.duplicate() } else { None };
        let way = match body {
            _ if is_secure => Way::Secure,
            RequestBody::Stream(_) => Way::Streaming,
            RequestBody::Bytes(ref bytes) if bytes.len() > MAX_AT_ONCE => Way::Streaming,
            RequestBody::Empty | RequestBody::Bytes(_) => Way::Plain,
        };
        let mut sent = self.pass(self.message(exchange, uri.clone(), body), way, Choice::Any).await?;
        let has_ended = |failed: &Failed| failed.was_kept && is_of_connection(&*failed.error);
        if let Some(body) = again.filter(|_| sent.as_ref().err().is_some_and(has_ended)) {
            sent = self.pass(self.message(exchange, uri, body), way, Choice::New).await?;
        }
        sent.map_err(|failed| NetError::of(&format!("the request of {url} failed"), &*failed.error))
    }

    fn message(&self, exchange: &Exchange, uri: Uri, body: RequestBody) -> http::Request<SentBody> {
        let proxy_authorization = self.0.connector.proxy_authorization(&uri);
        let slot = if let RequestBody::Stream(sent) = &body { Some(sent.connection.clone()) } else { None };
        let mut request = http::Request::new(body.into_sent());
        if let Some(slot) = slot {
            request.extensions_mut().insert(slot);
        }
        *request.method_mut() = exchange.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = exchange.headers.clone();
        if let Some(authorization) = proxy_authorization {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization);
        }
        request
    }

    async fn pass(&self, request: http::Request<SentBody>, way: Way, choice: Choice) -> Result<Sent, NetError> {
        Ok(match (way, choice) {
            (Way::Plain, Choice::Any) => linked(self.0.plain.request(request).await),
            (Way::Plain, Choice::New) => linked(self.0.plain.request_anew(request).await),
            (Way::Streaming, _) => self.streaming().request(request, choice).await,
            (Way::Secure, _) => self.secure()?.request(request, choice).await,
        })
    }

    fn streaming(&self) -> &Pools<Connector> {
        self.0.streaming.get_or_init(|| Pools::new(self.0.connector.clone()))
    }

    fn secure(&self) -> Result<&Pools<SecureConnector>, NetError> {
        if let Some(pools) = self.0.secure.get() {
            return Ok(pools);
        }
        let config = tls::config(&self.0.options.extra_roots)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*config).clone())
            .https_only()
            .enable_all_versions()
            .wrap_connector(self.0.connector.clone());
        let connector = SecureConnector::new(connector, self.0.options.connect_timeout);
        Ok(self.0.secure.get_or_init(|| Pools::new(connector)))
    }

    fn received(
        &self,
        response: http::Response<Coming>,
        exchange: Exchange,
        redirected: bool,
        deadline: Option<Instant>,
    ) -> Response {
        let (head, body) = response.into_parts();
        let status_text = match head.extensions.get::<ReasonPhrase>() {
            Some(reason) => reason.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
            None if head.version < Version::HTTP_2 => head.status.canonical_reason().unwrap_or_default().to_owned(),
            None => String::new(),
        };
        let has_body = exchange.method != Method::HEAD && !matches!(head.status.as_u16(), 204 | 205 | 304);
        let coding = head.headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::to_str);
        let coding: Vec<&str> = coding.filter_map(Result::ok).collect();
        let codings = if has_body { Coding::parse(&coding.join(",")).unwrap_or_default() } else { Vec::new() };
        let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        Response {
            status: head.status.as_u16(),
            status_text,
            headers: headers.collect(),
            url: exchange.url,
            redirected,
            body: ResponseBody::new(body, codings, deadline, self.0.options.max_response_size),
        }
    }
}

fn linked(sent: Result<http::Response<LinkedBody>, Failed>) -> Sent {
    sent.map(|response| response.map(Coming::Linked))
}

/// Whether a request failed because of what had become of its connection.
fn is_of_connection(error: &(dyn Error + 'static)) -> bool {
    let own = error.downcast_ref::<hyper::Error>();
    let cause = own.or_else(|| error.source()?.downcast_ref());
    cause.is_some_and(|error| error.is_incomplete_message() || error.is_parse() || error.is_closed() || is_reset(error))
}

/// Whether the other side did not want what was sent.
fn is_reset(error: &hyper::Error) -> bool {
    let system = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    // The last one is of TLS that ends without saying so.
    let kinds = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ];
    system.is_some_and(|error| kinds.contains(&error.kind()))
}

impl<C: Connect + Clone + Send + Sync + 'static> Pools<C> {
    fn new(connector: C) -> Pools<C> {
        let mut builder = Pool::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http1_max_buf_size(MAX_HEAD)
            .http1_max_headers(MAX_FIELDS)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_adaptive_window(true)
            .http2_max_header_list_size(MAX_HEAD as u32);
        let keeping = builder.pool_max_idle_per_host(MAX_IDLE).build(connector.clone());
        Pools { keeping, fresh: builder.pool_max_idle_per_host(0).build(connector) }
    }

    async fn request(&self, mut request: http::Request<SentBody>, choice: Choice) -> Sent {
        let pool = match choice {
            Choice::Any => &self.keeping,
            Choice::New => &self.fresh,
        };
        let connection = Hold::of(&mut request);
        if let Some(slot) = request.extensions_mut().remove::<Slot>() {
            // A body is sent once.
            let _ = slot.set(connection.clone());
        }
        let held = Held::new(connection.clone());
        let request = request.map(|body| Begun::new(body, connection).boxed_unsync());
        let response = pool.request(request).await.map_err(failed)?;
        if let Some(has_answered) = response.extensions().get::<Flag>() {
            has_answered.set(true);
        }
        Ok(response.map(|incoming| Coming::Pooled(PooledBody::new(incoming, held))))
    }
}

/// What a pool's error says of the connection: one that has answered before was kept.
fn failed(error: legacy::Error) -> Failed {
    let mut extensions = Extensions::new();
    if let Some(connected) = error.connect_info() {
        connected.get_extras(&mut extensions);
    }
    let was_kept = extensions.get().is_some_and(Flag::get);
    Failed { error: error.into(), was_kept }
}

fn sent_headers(given: &[(String, Vec<u8>)], method: &Method, body: &RequestBody) -> Result<HeaderMap, NetError> {
    let mut headers = HeaderMap::with_capacity(given.len() + 4);
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| NetError::invalid(format!("{name:?} is not a header name")))?;
        if OF_THE_CONNECTION.contains(&name) {
            continue;
        }
        let value = HeaderValue::from_bytes(value)
            .map_err(|_| NetError::invalid(format!("the value of the header {name} cannot be sent")))?;
        headers.append(name, value);
    }
    let defaults = [
        (header::ACCEPT, "*/*"),
        (header::ACCEPT_LANGUAGE, "*"),
        (header::ACCEPT_ENCODING, "gzip, deflate, br, zstd"),
        (header::USER_AGENT, concat!("QuickBEAM/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // The connection says how long a body is, unless there are no bytes of it.
    let is_empty = match body {
        RequestBody::Empty => *method == Method::POST || *method == Method::PUT,
        RequestBody::Bytes(bytes) => bytes.is_empty(),
        RequestBody::Stream(_) => false,
    };
    if is_empty {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(headers)
}
