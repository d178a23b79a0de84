//! What an executor asks of whoever embeds it, and how values cross.

use crate::span::SpanEnd;
use quickbeam_engine::{Ctx, Disassembly, ErrorReport, Result, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Identifies one call from JavaScript to the host, within one realm.
pub type CallId = u64;

/// Something that becomes a JS value on the thread that runs the isolate.
///
/// Where the conversion runs JavaScript (a setter, say) it may be suspended, and go on on another thread: it holds no lock and
/// no thread-local across that.
pub trait Input: Send {
    /// Makes the value.
    ///
    /// # Errors
    /// Throws what names the part that has no JS counterpart.
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>>;
}

impl<F> Input for F
where
    F: for<'a> FnOnce(Ctx<'a>) -> Result<Value<'a>> + Send,
{
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        self(ctx)
    }
}

/// What an op ends with.
pub enum Outcome<'o, 'a> {
    /// It is done and has no value.
    Done,
    /// A JS value, to be encoded before this call returns.
    Value(Ctx<'a>, &'o Value<'a>),
    /// Names of globals, sorted.
    Names(Vec<String>),
    /// Compiled code.
    Bytes(Vec<u8>),
    /// Compiled code, taken apart.
    Disassembly(Box<Disassembly>),
    /// Figures by name.
    Figures(BTreeMap<&'static str, u64>),
    /// It failed.
    Failed(ErrorReport),
}

/// Takes the outcome of one op. The executor calls `send` exactly once, also when the realm dies.
///
/// Where encoding a value runs JavaScript (a getter) it may be suspended, and go on on another thread: it holds no lock and no
/// thread-local across that.
pub trait Reply: Send {
    /// Delivers the outcome. An outcome that cannot be delivered (a getter that throws while the value
    /// is encoded) is delivered as [`Outcome::Failed`].
    fn send(self: Box<Self>, outcome: Outcome<'_, '_>);

    /// Whether nobody waits for it any more; such an op is cancelled.
    fn is_abandoned(&self) -> bool {
        false
    }

    /// Another reply to the same caller. It is asked for before an object is sent: encoding one may run the guest's
    /// getters, and if those use up the heap, `send` never returns and the spare gets the outcome instead. Otherwise
    /// the spare is dropped unused. Without one, the caller then learns of the realm's death only.
    fn spare(&self) -> Option<Box<dyn Reply>> {
        None
    }
}

impl<F> Reply for F
where
    F: for<'o, 'a> FnOnce(Outcome<'o, 'a>) + Send,
{
    fn send(self: Box<Self>, outcome: Outcome<'_, '_>) {
        self(outcome);
    }
}

/// How bad a line of log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

/// A line that JavaScript logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How bad it is.
    pub level: Level,
    /// The method of `console` that was called.
    pub method: &'static str,
    /// The formatted text.
    pub text: String,
    /// Where it was called: file and line.
    pub place: Option<(String, u32)>,
}

/// What nobody in JavaScript caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncaught {
    /// An exception in a timer, a message callback or another callback.
    Exception(ErrorReport),
    /// A promise that was rejected and never handled.
    Rejection(ErrorReport),
}

/// What answers a realm. All methods are called on a thread of the executor, not always the same, and must not block.
/// Where they run JavaScript, what is said of [`Reply`] holds.
pub trait Host: Send + Sync {
    /// JavaScript calls the handler `name`. The answer comes as [`Op::Resolve`](crate::Op) with this `id`.
    /// `sync` tells that the calling script is suspended until then. By default there is no handler.
    ///
    /// # Errors
    /// Throws if there is no such handler or an argument cannot be encoded.
    fn call<'a>(&self, ctx: Ctx<'a>, _id: CallId, _sync: bool, name: &str, _args: &[Value<'a>]) -> Result<()> {
        Err(ctx.throw_error("ReferenceError", &format!("no handler is called {name:?}")))
    }

    /// An API asks for something that the host does itself, under a name that no script can give. The answer comes as
    /// for [`Host::call`].
    ///
    /// # Errors
    /// Throws if the host has no such service, or an argument cannot be encoded.
    fn service<'a>(
        &self,
        ctx: Ctx<'a>,
        id: CallId,
        sync: bool,
        service: &'static str,
        args: &[Value<'a>],
    ) -> Result<()> {
        let _ = (id, sync, args);
        Err(ctx.throw_error("NotSupportedError", &format!("this host has no {service}")))
    }

    /// Nobody waits for the answer to this call any more: the script that was suspended in it has been ended.
    fn cancelled(&self, id: CallId) {
        let _ = id;
    }

    /// The realm is about to be replaced by a fresh one: nobody waits for the answers to calls made so far.
    fn was_reset(&self) {}

    /// JavaScript logged a line.
    fn log(&self, line: LogLine);

    /// An error that nobody caught.
    fn uncaught(&self, error: Uncaught);

    /// The realm's isolate is gone for good, for this reason. Not called when the realm is stopped.
    fn died(&self, reason: ErrorReport);

    /// Work of an API has begun, which [`Span`](crate::Span) tells about, on what `url` gives; whether the host wants to know how it ends.
    fn span_began(&self, span: &'static str, id: u64, url: &dyn Fn() -> String) -> bool {
        let _ = (span, id, url);
        false
    }

    /// The work that began under this id has ended.
    fn span_ended(&self, span: &'static str, id: u64, took: Duration, end: SpanEnd<'_>) {
        let _ = (span, id, took, end);
    }

    /// `Beam.self()`: what stands for the owner; `null` where there is none.
    ///
    /// # Errors
    /// Throws if memory is short.
    fn owner<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.null())
    }

    /// Whether a value stands for a process.
    fn is_process(&self, value: &Value<'_>) -> bool {
        let _ = value;
        false
    }

    /// The text of a value that stands for something of the host's, such as a process; none for other values.
    fn term_text(&self, value: &Value<'_>) -> Option<String> {
        let _ = value;
        None
    }

    /// Whether two values stand for the same thing of the host's.
    fn is_same_term(&self, a: &Value<'_>, b: &Value<'_>) -> bool {
        let _ = (a, b);
        false
    }

    /// `Beam.makeRef()`: a value that no other one equals.
    ///
    /// # Errors
    /// Throws if the host has no such values.
    fn reference<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Err(ctx.throw_error("NotSupportedError", "this host has no references"))
    }

    /// `Beam.send(target, message)`.
    ///
    /// # Errors
    /// Throws if `target` is no address, the message cannot be encoded, or too much waits for `target`.
    fn send<'a>(&self, ctx: Ctx<'a>, target: &Value<'a>, message: &Value<'a>) -> Result<()> {
        let _ = (target, message);
        Err(ctx.throw_type("this host has no processes to send to"))
    }
}
