//! Bodies: what is sent, and what comes, decoded.

use crate::connect::{Flag, Hold};
use crate::error::{NetError, NetErrorKind};
use crate::plain::Coming;
use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyDataStream, BodyExt, Empty, Full, StreamBody};
use hyper::body::{Body, Frame};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::{Mutex, mpsc};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};
use tokio_util::io::StreamReader;

/// Decoded bytes that are given at once.
const CHUNK: usize = 64 << 10;

/// What is sent with a request.
#[derive(Debug)]
pub enum RequestBody {
    /// Nothing.
    Empty,
    /// Bytes, which a redirect may send again.
    Bytes(Bytes),
    /// Bytes as they come from [`body_channel`].
    Stream(SentChunks),
}

/// Feeds a streamed request body. Dropping it, and its clones, breaks the request off unless the body was ended.
#[derive(Debug, Clone)]
pub struct BodySender {
    chunks: mpsc::Sender<Bytes>,
    feeding: Arc<Feeding>,
}

/// Ends with the last clone of a sender.
#[derive(Debug)]
struct Feeding {
    is_complete: Flag,
    connection: Slot,
}

/// Where a body's connection is told.
pub(crate) type Slot = Arc<OnceLock<Hold>>;

/// What a [`BodySender`] feeds.
#[derive(Debug)]
pub struct SentChunks {
    chunks: mpsc::Receiver<Bytes>,
    is_complete: Flag,
    pub(crate) connection: Slot,
}

/// A body that is sent as it comes; the sender waits while one chunk is under way.
pub fn body_channel() -> (BodySender, RequestBody) {
    let (sender, receiver) = mpsc::channel(1);
    let (is_complete, connection) = (Flag::default(), Slot::default());
    let sent = SentChunks { chunks: receiver, is_complete: is_complete.clone(), connection: connection.clone() };
    (BodySender { chunks: sender, feeding: Arc::new(Feeding { is_complete, connection }) }, RequestBody::Stream(sent))
}

impl BodySender {
    /// Sends a chunk. False if nobody takes it any more.
    pub async fn send(&self, chunk: Bytes) -> bool {
        self.chunks.send(chunk).await.is_ok()
    }

    /// Ends the body behind what was sent.
    pub fn end(self) {
        self.feeding.is_complete.set(true);
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.get().filter(|_| !self.is_complete.get()) {
            connection.give_up();
        }
    }
}

impl SentChunks {
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, NetError>> {
        match self.chunks.recv().await {
            Some(chunk) => Some(Ok(Frame::data(chunk))),
            None if self.is_complete.get() => None,
            None => Some(Err(NetError::network("the request's body broke off"))),
        }
    }
}

pub(crate) type SentBody = UnsyncBoxBody<Bytes, NetError>;

impl RequestBody {
    /// Another body of the same bytes; none of a stream.
    pub(crate) fn duplicate(&self) -> Option<RequestBody> {
        match self {
            RequestBody::Empty => Some(RequestBody::Empty),
            RequestBody::Bytes(bytes) => Some(RequestBody::Bytes(bytes.clone())),
            RequestBody::Stream(_) => None,
        }
    }

    pub(crate) fn into_sent(self) -> SentBody {
        match self {
            RequestBody::Empty => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            RequestBody::Bytes(bytes) => Full::new(bytes).map_err(|never| match never {}).boxed_unsync(),
            RequestBody::Stream(sent) => {
                let frames = stream::unfold(sent, |mut sent| async move { Some((sent.next().await?, sent)) });
                StreamBody::new(frames).boxed_unsync()
            }
        }
    }
}

/// How bytes are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The codings of `Content-Encoding`, in the order they were applied; `None` if one is unknown.
    pub(crate) fn parse(header: &str) -> Option<Vec<Coding>> {
        let names = header.split(',').map(|name| name.trim().to_ascii_lowercase());
        let names = names.filter(|name| !name.is_empty() && name != "identity");
        names
            .map(|name| match name.as_str() {
                "gzip" | "x-gzip" => Some(Coding::Gzip),
                "deflate" => Some(Coding::Deflate),
                "br" => Some(Coding::Brotli),
                "zstd" => Some(Coding::Zstd),
                _ => None,
            })
            .collect()
    }
}

type Reader = Box<dyn AsyncBufRead + Send + Unpin>;

enum Source {
    Plain(Coming),
    /// Coded bytes of which none was read.
    Coded(Reader, Vec<Coding>),
    Decoded(Reader),
    Ended,
}

/// The bytes of a response that are still to come.
pub struct ResponseBody {
    source: Source,
    deadline: Option<Instant>,
    limit: Option<u64>,
    received: u64,
    /// What came early, to be given first.
    early: Option<Bytes>,
    /// What went wrong early, to be told behind that.
    failed: Option<NetError>,
}

/// Bytes of a body that may be taken with the head, and how often its connection gets a chance to bring them.
const MAX_EARLY: u64 = 64 << 10;
const CHANCES: u32 = 8;

impl ResponseBody {
    pub(crate) fn new(
        body: Coming,
        codings: Vec<Coding>,
        deadline: Option<Instant>,
        limit: Option<u64>,
    ) -> ResponseBody {
        let source = if codings.is_empty() {
            Source::Plain(body)
        } else {
            let chunks = BodyDataStream::new(body).map_err(io::Error::other);
            Source::Coded(Box::new(StreamReader::new(chunks.boxed())), codings)
        };
        ResponseBody { source, deadline, limit, received: 0, early: None, failed: None }
    }

    /// The next bytes, at least one; `None` at the end. After an error, the end.
    ///
    /// # Errors
    /// If the connection breaks, the coding is damaged, or a limit is passed.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, NetError>> {
        if let Some(early) = self.early.take() {
            return Some(Ok(early));
        }
        if let Some(error) = self.failed.take() {
            return Some(Err(error));
        }
        let next = match self.deadline {
            None => self.next().await,
            Some(deadline) => match timeout_at(deadline, self.next()).await {
                Ok(next) => next,
                Err(_) => Some(Err(NetError::new(NetErrorKind::Timeout, "the response took too long"))),
            },
        };
        let checked = next.map(|chunk| chunk.and_then(|chunk| self.count(chunk)));
        if !matches!(checked, Some(Ok(_))) {
            self.source = Source::Ended;
        }
        checked
    }

    /// The whole body, if it is small, not coded, and there without waiting. Otherwise nothing is lost.
    pub async fn take_early(&mut self) -> Option<Bytes> {
        let Source::Plain(body) = &self.source else { return None };
        let size = body.size_hint().exact().filter(|&size| size <= MAX_EARLY)?;
        let mut all = BytesMut::new();
        let mut chances = CHANCES;
        while (all.len() as u64) < size {
            match self.chunk().now_or_never() {
                Some(Some(Ok(chunk))) => all.extend_from_slice(&chunk),
                None if chances > 0 => {
                    chances -= 1;
                    yield_now().await;
                }
                Some(Some(Err(error))) => {
                    self.failed = Some(error);
                    break;
                }
                Some(None) | None => break,
            }
        }
        let all = all.freeze();
        if all.len() as u64 == size {
            return Some(all);
        }
        self.early = Some(all).filter(|early| !early.is_empty());
        None
    }

    /// Ends the transfer.
    pub fn close(&mut self) {
        (self.early, self.failed) = (None, None);
        self.source = Source::Ended;
    }

    /// All bytes that are still to come, at most `limit`.
    ///
    /// # Errors
    /// As [`ResponseBody::chunk`]; and if there are more.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, NetError> {
        let Some(first) = self.chunk().await.transpose()? else { return Ok(Bytes::new()) };
        let Some(second) = self.chunk().await.transpose()? else {
            return if first.len() > limit { Err(too_large(limit as u64)) } else { Ok(first) };
        };
        let mut all = BytesMut::with_capacity((first.len() + second.len()) * 2);
        let mut next = Some(second);
        all.extend_from_slice(&first);
        while let Some(chunk) = next {
            if all.len() + chunk.len() > limit {
                self.source = Source::Ended;
                return Err(too_large(limit as u64));
            }
            all.extend_from_slice(&chunk);
            next = self.chunk().await.transpose()?;
        }
        Ok(all.freeze())
    }

    fn count(&mut self, chunk: Bytes) -> Result<Bytes, NetError> {
        self.received += chunk.len() as u64;
        match self.limit {
            Some(limit) if self.received > limit => Err(too_large(limit)),
            _ => Ok(chunk),
        }
    }

    async fn next(&mut self) -> Option<Result<Bytes, NetError>> {
        if let Source::Coded(..) = self.source
            && let Source::Coded(reader, codings) = std::mem::replace(&mut self.source, Source::Ended)
        {
            match decoded(reader, &codings).await {
                Ok(source) => self.source = source,
                Err(error) => return Some(Err(broken(&error))),
            }
        }
        match &mut self.source {
            Source::Plain(body) => loop {
                match body.frame().await? {
                    Ok(frame) => match frame.into_data() {
                        Ok(data) if !data.is_empty() => return Some(Ok(data)),
                        _ => {}
                    },
                    Err(error) => return Some(Err(NetError::of("the response broke off", &error))),
                }
            },
            Source::Decoded(reader) => {
                let mut chunk = BytesMut::with_capacity(CHUNK);
                match reader.read_buf(&mut chunk).await {
                    Ok(0) => None,
                    Ok(_) => Some(Ok(chunk.freeze())),
                    Err(error) => Some(Err(broken(&error))),
                }
            }
            Source::Coded(..) | Source::Ended => None,
        }
    }
}

/// A response's body that several tasks may read, one after the other.
#[derive(Clone)]
pub struct SharedBody(Arc<Mutex<ResponseBody>>);

impl SharedBody {
    /// Shares a body.
    pub fn new(body: ResponseBody) -> SharedBody {
        SharedBody(Arc::new(Mutex::new(body)))
    }

    /// As [`ResponseBody::chunk`].
    ///
    /// # Errors
    /// As there.
    pub async fn chunk(&self) -> Option<Result<Bytes, NetError>> {
        self.0.lock().await.chunk().await
    }

    /// As [`ResponseBody::collect`].
    ///
    /// # Errors
    /// As there.
    pub async fn collect(&self, limit: usize) -> Result<Bytes, NetError> {
        self.0.lock().await.collect(limit).await
    }

    /// As [`ResponseBody::close`].
    pub async fn close(&self) {
        self.0.lock().await.close();
    }
}

/// Stacks decoders, the last coding first. A body without bytes has none.
async fn decoded(mut reader: Reader, codings: &[Coding]) -> io::Result<Source> {
    for coding in codings.iter().rev() {
        let start = reader.fill_buf().await?;
        if start.is_empty() {
            return Ok(Source::Ended);
        }
        // "deflate" means zlib's format, but some servers leave its header out.
        let is_zlib =
            start[0] & 0x0f == 8 && start.get(1).is_none_or(|&b| (u16::from(start[0]) << 8 | u16::from(b)) % 31 == 0);
        reader = match coding {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                Box::new(BufReader::with_capacity(CHUNK, decoder))
            }
            Coding::Deflate if is_zlib => Box::new(BufReader::with_capacity(CHUNK, ZlibDecoder::new(reader))),
            Coding::Deflate => Box::new(BufReader::with_capacity(CHUNK, DeflateDecoder::new(reader))),
            Coding::Brotli => Box::new(BufReader::with_capacity(CHUNK, BrotliDecoder::new(reader))),
            Coding::Zstd => Box::new(BufReader::with_capacity(CHUNK, ZstdDecoder::new(reader))),
        };
    }
    Ok(Source::Decoded(reader))
}

fn broken(error: &io::Error) -> NetError {
    NetError::of("the response's body is damaged", error)
}

fn too_large(limit: u64) -> NetError {
    NetError::new(NetErrorKind::TooLarge, format!("the response is larger than {limit} bytes"))
}
