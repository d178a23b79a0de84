//! WebSocket connections (RFC 6455), with messages deflated where the server does so (`deflate`).

use crate::client::Client;
use crate::deflate::{Deflating, OFFER, SentCode, is_close_code};
use crate::error::{NetError, NetErrorKind};
use crate::runtime::{Task, run};
use crate::tls;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Uri, header};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Bytes that a connection reads at once.
const READ_BUFFER: usize = 16 << 10;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Socket = WebSocketStream<Deflating<Box<dyn Stream>>>;

/// What comes and goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The other side closes, with a code and a reason if it gives them.
    Close(Option<(u16, String)>),
}

/// How long the other side may take to answer a close.
const CLOSING: Duration = Duration::from_secs(10);

/// An open connection.
pub struct WebSocket {
    /// The subprotocol that the server chose; empty if none.
    pub protocol: String,
    /// The extensions in use, `permessage-deflate` or none, as the server named them.
    pub extensions: String,
    /// What comes.
    pub reader: WebSocketReader,
    /// What goes.
    pub writer: WebSocketWriter,
}

/// The incoming half. Clones share it; they read one after the other.
#[derive(Clone)]
pub struct WebSocketReader {
    stream: Arc<Mutex<SplitStream<Socket>>>,
    /// Told when the other side has not answered a close in time, or sending failed.
    given_up: Arc<Notify>,
    sent_code: SentCode,
}

/// The outgoing half: a queue, and the task that empties it. The last clone that is dropped ends the task.
#[derive(Clone)]
pub struct WebSocketWriter {
    queue: mpsc::UnboundedSender<Frame>,
    buffered: Arc<AtomicUsize>,
    max_buffered: usize,
    _task: Arc<Task>,
}

impl Client {
    /// Opens a connection to a `ws:` or `wss:` URL, offering these subprotocols. A message, and
    /// what waits to be sent, may have `max_message_size` bytes.
    ///
    /// # Errors
    /// If the host is not permitted, the port is blocked, there is no connection, or the server does not shake hands.
    pub async fn open_websocket(
        &self,
        url: &str,
        protocols: &[String],
        max_message_size: usize,
    ) -> Result<WebSocket, NetError> {
        let uri: Uri = url.parse().map_err(|_| NetError::invalid(format!("{url} cannot be connected to")))?;
        let host = uri.host().ok_or_else(|| NetError::invalid("the URL has no host"))?.to_owned();
        let is_secure = uri.scheme_str() == Some("wss");
        let mut request = url.into_client_request().map_err(|error| NetError::of("the handshake", &error))?;
        request.headers_mut().insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(OFFER));
        if !protocols.is_empty() {
            let offered = HeaderValue::from_str(&protocols.join(", "))
                .map_err(|_| NetError::invalid("a subprotocol has characters that cannot be sent"))?;
            request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
        }
        let opening = async {
            let tcp = self.connector().tunnel(uri).await?;
            let stream: Box<dyn Stream> = if is_secure { self.secure_stream(tcp, &host).await? } else { Box::new(tcp) };
            let config = WebSocketConfig::default()
                .read_buffer_size(READ_BUFFER)
                .write_buffer_size(0)
                .max_message_size(Some(max_message_size))
                .max_frame_size(Some(max_message_size));
            let stream = Deflating::new(stream);
            let sent_code = stream.sent_code();
            let shaken = client_async_with_config(request, stream, Some(config)).await;
            let (socket, response) =
                shaken.map_err(|error| NetError::of(&format!("no WebSocket connection to {url}"), &error))?;
            Ok((socket, response, sent_code))
        };
        let timeout = self.options().connect_timeout;
        let Ok(opened) = tokio::time::timeout(timeout, opening).await else {
            let message = format!("no WebSocket connection to {url} within {} ms", timeout.as_millis());
            return Err(NetError::new(NetErrorKind::Timeout, message));
        };
        let (socket, response, sent_code) = opened?;
        let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let protocol = field(header::SEC_WEBSOCKET_PROTOCOL).to_owned();
        let extensions = field(header::SEC_WEBSOCKET_EXTENSIONS).to_owned();
        let (sink, stream) = socket.split();
        let given_up = Arc::new(Notify::new());
        let (queue, frames) = mpsc::unbounded_channel();
        let buffered = Arc::new(AtomicUsize::new(0));
        let task = Arc::new(run(send_all(sink, frames, buffered.clone(), given_up.clone()), |_| {})?);
        Ok(WebSocket {
            protocol,
            extensions,
            reader: WebSocketReader { stream: Arc::new(Mutex::new(stream)), given_up, sent_code },
            writer: WebSocketWriter { queue, buffered, max_buffered: max_message_size, _task: task },
        })
    }

    async fn secure_stream(&self, tcp: tokio::net::TcpStream, host: &str) -> Result<Box<dyn Stream>, NetError> {
        let mut config = (*tls::config(&self.options().extra_roots)?).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = rustls::pki_types::ServerName::try_from(crate::access::bare(host).to_owned())
            .map_err(|_| NetError::invalid(format!("{host} cannot have a certificate")))?;
        let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let stream = connected.map_err(|error| NetError::of(&format!("no TLS connection to {host}"), &error))?;
        Ok(Box::new(stream))
    }
}

/// Sends what is queued until a close, and gives up on a connection that does not take it or does not answer the close.
async fn send_all(
    mut sink: SplitSink<Socket, Frame>,
    mut frames: mpsc::UnboundedReceiver<Frame>,
    buffered: Arc<AtomicUsize>,
    given_up: Arc<Notify>,
) {
    while let Some(frame) = frames.recv().await {
        let (length, is_last) = (frame.len(), frame.is_close());
        let is_sent = sink.send(frame).await.is_ok();
        buffered.fetch_sub(if is_last { 0 } else { length }, Ordering::Relaxed);
        if is_last && is_sent {
            sleep(CLOSING).await;
        }
        if is_last || !is_sent {
            break;
        }
    }
    given_up.notify_one();
}

impl WebSocketReader {
    /// The next message; `None` once the connection has ended. A close comes when the connection has ended for both sides.
    ///
    /// # Errors
    /// If the other side breaks the protocol or the connection.
    pub async fn next(&self) -> Option<Result<Message, NetError>> {
        let mut stream = self.stream.lock().await;
        let mut close = None;
        loop {
            let next = tokio::select! {
                next = stream.next() => next,
                () = self.given_up.notified() => None,
            };
            let message = match next {
                Some(Ok(Frame::Text(text))) => Message::Text(text.as_str().to_owned()),
                Some(Ok(Frame::Binary(bytes))) => Message::Binary(bytes),
                Some(Ok(Frame::Close(_))) if self.sent_code.get().is_some_and(|code| !is_close_code(*code)) => {
                    return Some(Err(NetError::network("a close whose code is none that a connection may send")));
                }
                Some(Ok(Frame::Close(frame))) => {
                    // Reading on sends the answer.
                    let code = self.sent_code.get();
                    close = Some(code.zip(frame).map(|(code, frame)| (*code, frame.reason.as_str().to_owned())));
                    continue;
                }
                // The library answers pings itself.
                Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => continue,
                _ if close.is_some() => return close.map(|reason| Ok(Message::Close(reason))),
                Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None => return None,
                Some(Err(error)) => return Some(Err(NetError::of("the WebSocket connection broke", &error))),
            };
            return Some(Ok(message));
        }
    }
}

impl WebSocketWriter {
    /// Queues a message. False if the connection has ended, or takes so little that the bytes which wait would be more than those
    /// of the longest message.
    #[must_use]
    pub fn send(&self, message: Message) -> bool {
        let frame = match message {
            Message::Text(text) => Frame::Text(text.into()),
            Message::Binary(bytes) => Frame::Binary(bytes),
            Message::Close(reason) => Frame::Close(
                reason.map(|(code, reason)| CloseFrame { code: CloseCode::from(code), reason: reason.into() }),
            ),
        };
        if !frame.is_close() {
            let length = frame.len();
            if self.buffered.load(Ordering::Relaxed).saturating_add(length) > self.max_buffered {
                return false;
            }
            self.buffered.fetch_add(length, Ordering::Relaxed);
        }
        self.queue.send(frame).is_ok()
    }

    /// Bytes of messages that wait to be sent.
    pub fn buffered(&self) -> usize {
        self.buffered.load(Ordering::Relaxed)
    }
}
