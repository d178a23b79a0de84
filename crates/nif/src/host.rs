//! The BEAM as a realm's host: everything it asks for becomes a message to its owner process.

use crate::atoms;
use crate::cover;
use crate::decode::decode;
use crate::encode::{binary, to_sized_term};
use crate::error::{SourceMaps, js_error, map};
use crate::host_term::HostTerm;
use crate::lineage::Lineages;
use crate::outbox::{Outbox, Refusal};
use crate::post::post;
use quickbeam_engine::{Attributes, Ctx, EncodeError, EncodeLimits, ErrorReport, Result, Thrown, Value};
use quickbeam_executor::{CallId, Host, Level, LogLine, SpanEnd, Uncaught, call_service_sync, lineage};
use rustler::env::OwnedEnv;
use rustler::{Atom, Encoder, Env, LocalPid, Term};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

/// Whether somebody listens to telemetry.
static OBSERVED: AtomicBool = AtomicBool::new(false);

/// Whether realms tell their owners of spans.
#[rustler::nif]
fn observe(observed: bool) -> Atom {
    OBSERVED.store(observed, Ordering::Relaxed);
    atoms::ok()
}

/// What a realm's callbacks need to reach its owner.
pub(crate) struct BeamHost {
    pub(crate) owner: LocalPid,
    pub(crate) limits: EncodeLimits,
    pub(crate) source_maps: SourceMaps,
    pub(crate) lineages: Lineages,
    pub(crate) coverage: cover::Holder,
    handlers: RwLock<HashSet<String>>,
    backlog: Backlog,
    arguments: Arguments,
    pub(crate) outbox: Arc<Outbox>,
}

/// Memory that the arguments of open calls take outside the heap that `memory_limit` bounds. A script can share one long
/// text between any number of calls; each message holds it anew.
struct Arguments {
    limit: usize,
    bytes: AtomicUsize,
    /// Calls with arguments of more than [`Arguments::SMALL`] bytes; the number of calls bounds the others.
    large: Mutex<HashMap<CallId, usize>>,
}

impl Arguments {
    const SMALL: usize = 1024;

    fn new(limit: usize) -> Arguments {
        Arguments { limit, bytes: AtomicUsize::new(0), large: Mutex::default() }
    }

    fn large(&self) -> MutexGuard<'_, HashMap<CallId, usize>> {
        self.large.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, ctx: Ctx<'_>) -> Result<()> {
        if self.bytes.load(Ordering::Relaxed) < self.limit {
            return Ok(());
        }
        let message = format!("the arguments of the calls that wait exceed memory_limit: {} bytes", self.limit);
        Err(ctx.throw_error("RangeError", &message))
    }

    fn sent(&self, id: CallId, bytes: usize) {
        if bytes > Self::SMALL {
            self.large().insert(id, bytes);
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    fn answered(&self, id: CallId) {
        if self.bytes.load(Ordering::Relaxed) > 0
            && let Some(bytes) = self.large().remove(&id)
        {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

/// Output that the owner has not taken yet. A guest may print faster than the owner takes it, and a mailbox has no
/// bound: what is too much is dropped, counted, and told.
#[derive(Default)]
struct Backlog {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

impl Backlog {
    const MAX_BYTES: usize = 8 << 20;
    /// What a message takes beside its text.
    const OVERHEAD: usize = 512;

    /// Whether a message with that much text may be sent.
    fn admit(&self, text: usize) -> bool {
        let before = self.bytes.fetch_add(text + Self::OVERHEAD, Ordering::Relaxed);
        let admitted = before < Self::MAX_BYTES;
        if !admitted {
            self.bytes.fetch_sub(text + Self::OVERHEAD, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// The owner took a message with that much text; tells how many were dropped since the last time.
    fn taken(&self, text: usize) -> u64 {
        let cost = text.saturating_add(Self::OVERHEAD);
        let less = |bytes: usize| Some(bytes.saturating_sub(cost));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

impl BeamHost {
    pub(crate) fn new(owner: LocalPid, limits: EncodeLimits, memory_limit: usize, outbox: Arc<Outbox>) -> BeamHost {
        BeamHost {
            owner,
            limits,
            source_maps: SourceMaps::default(),
            lineages: Lineages::default(),
            coverage: cover::Holder::default(),
            handlers: RwLock::default(),
            backlog: Backlog::default(),
            arguments: Arguments::new(memory_limit),
            outbox,
        }
    }

    pub(crate) fn set_handlers(&self, names: HashSet<String>) {
        *self.handlers.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// A handler has ended.
    pub(crate) fn answered(&self, id: CallId) {
        self.arguments.answered(id);
        self.lineages.answered(id);
    }

    /// The owner took console output or an uncaught error with that much text; tells how many it never got.
    pub(crate) fn output_taken(&self, text: usize) -> u64 {
        self.backlog.taken(text)
    }

    /// Sends to the owner; an owner that is gone takes its realm with it, so a failure needs no answer.
    fn tell<F>(&self, message: F)
    where
        F: for<'e> FnOnce(Env<'e>) -> Term<'e>,
    {
        post(&self.owner, |env| Some(message(env)));
    }

    /// Sends the owner a call, which it answers with `resolve`.
    fn ask<'a>(&self, ctx: Ctx<'a>, kind: Atom, id: CallId, sync: bool, name: &str, args: &[Value<'a>]) -> Result<()> {
        self.arguments.admit(ctx)?;
        // Before the handler can ask for it.
        self.lineages.called(id, lineage(ctx));
        let told = self.tell_values(ctx, &self.owner, |env| {
            let mut terms = Vec::with_capacity(args.len());
            let mut bytes = 0;
            for arg in args {
                let (term, size) = to_sized_term(env, ctx, arg, self.limits)?;
                terms.push(term);
                bytes += size;
            }
            self.arguments.sent(id, bytes);
            Ok(Some((atoms::quickbeam(), kind, id, binary(env, name.as_bytes()), terms, sync).encode(env)))
        });
        if told.is_err() {
            self.lineages.answered(id);
        }
        told
    }

    /// Has the owner look at mailboxes, that of this process and others: only a process can.
    fn look_at_mailboxes(&self, ctx: Ctx<'_>, to: LocalPid) -> Result<()> {
        call_service_sync(ctx, "mailboxes", &[self.process(ctx, to)?]).map(drop)
    }

    fn throw_refusal(&self, ctx: Ctx<'_>, refusal: Refusal) -> Thrown {
        let why = match refusal {
            Refusal::Messages(count) => format!("{count} messages wait for the process"),
            Refusal::Bytes { waiting, message, limit } => format!(
                "what this runtime has sent, its children included, and waits still, takes {waiting} bytes{}: {limit} bytes",
                match message {
                    0 => ", past memory_limit".to_owned(),
                    message => format!("; with this message of {message} bytes that would pass memory_limit"),
                }
            ),
        };
        ctx.throw_error("BusyError", &format!("Beam.send: {why}; it was not sent"))
    }

    /// Sends a message to a process, by the owner if it is not of this node, unless too much waits.
    fn send_to<'a>(
        &self,
        ctx: Ctx<'a>,
        to: LocalPid,
        remote: Option<&HostTerm>,
        message: &Value<'a>,
    ) -> Result<Option<Refusal>> {
        let mut refusal = self.outbox.refuse(&to, 0);
        if refusal.is_some() {
            return Ok(refusal);
        }
        let mut bytes = 0;
        self.tell_values(ctx, &to, |env| {
            let (message, size) = to_sized_term(env, ctx, message, self.limits)?;
            bytes = size;
            refusal = self.outbox.refuse(&to, size);
            Ok(refusal.is_none().then(|| match remote {
                None => message,
                Some(pid) => (atoms::quickbeam(), atoms::send(), pid.copy_to(env), message).encode(env),
            }))
        })?;
        if refusal.is_none() {
            self.outbox.add(to, bytes);
        }
        Ok(refusal)
    }

    fn process<'a>(&self, ctx: Ctx<'a>, pid: LocalPid) -> Result<Value<'a>> {
        OwnedEnv::new().run(|env| decode(ctx, pid.encode(env)))
    }

    /// Makes a message out of JS values and sends it, if there is to be one.
    fn tell_values<'a, F>(&self, ctx: Ctx<'a>, target: &LocalPid, message: F) -> Result<()>
    where
        F: for<'e> FnOnce(Env<'e>) -> std::result::Result<Option<Term<'e>>, EncodeError>,
    {
        let mut failed = None;
        post(target, |env| message(env).map_err(|error| failed = Some(error)).ok().flatten());
        match failed {
            // What a getter of the value threw travels on as it is.
            Some(EncodeError::Thrown) => Err(Thrown),
            Some(EncodeError::Limit(message)) => Err(ctx.throw_error("RangeError", &message)),
            None => Ok(()),
        }
    }
}

impl Host for BeamHost {
    fn call<'a>(&self, ctx: Ctx<'a>, id: CallId, sync: bool, name: &str, args: &[Value<'a>]) -> Result<()> {
        if !self.handlers.read().unwrap_or_else(PoisonError::into_inner).contains(name) {
            let error = ctx.error("UnknownHandlerError", &format!("no handler is named '{name}'"))?;
            let cause = ctx.object()?;
            cause.define("handler", ctx.string(name)?, Attributes::ALL)?;
            error.define("cause", cause, Attributes::HIDDEN)?;
            return Err(ctx.throw(error));
        }
        self.ask(ctx, atoms::call(), id, sync, name, args)
    }

    fn service<'a>(
        &self,
        ctx: Ctx<'a>,
        id: CallId,
        sync: bool,
        service: &'static str,
        args: &[Value<'a>],
    ) -> Result<()> {
        self.ask(ctx, atoms::service(), id, sync, service, args)
    }

    fn cancelled(&self, id: CallId) {
        self.tell(|env| (atoms::quickbeam(), atoms::cancelled(), id).encode(env));
    }

    fn was_reset(&self) {
        self.tell(|env| (atoms::quickbeam(), atoms::was_reset()).encode(env));
    }

    fn log(&self, line: LogLine) {
        if !self.backlog.admit(line.text.len()) {
            return;
        }
        let level = match line.level {
            Level::Debug => atoms::debug(),
            Level::Info => atoms::info(),
            Level::Warning => atoms::warning(),
            Level::Error => atoms::error(),
        };
        self.tell(|env| {
            let nil = atoms::nil().to_term(env);
            let (file, at) = match &line.place {
                Some((file, at)) => (binary(env, file.as_bytes()), at.encode(env)),
                None => (nil, nil),
            };
            let method = binary(env, line.method.as_bytes());
            let meta = map(env, &[(atoms::method(), method), (atoms::file(), file), (atoms::line(), at)]);
            (atoms::quickbeam(), atoms::console(), level, binary(env, line.text.as_bytes()), meta).encode(env)
        });
    }

    fn uncaught(&self, error: Uncaught) {
        let (kind, report) = match error {
            Uncaught::Exception(report) => (atoms::exception(), report),
            Uncaught::Rejection(report) => (atoms::rejection(), report),
        };
        if !self.backlog.admit(report.message.len()) {
            return;
        }
        self.tell(|env| {
            let error = js_error(env, report, &self.source_maps);
            (atoms::quickbeam(), atoms::uncaught(), kind, error).encode(env)
        });
    }

    fn died(&self, reason: ErrorReport) {
        self.tell(|env| {
            let error = js_error(env, reason, &self.source_maps);
            (atoms::quickbeam(), atoms::dead(), error).encode(env)
        });
    }

    fn span_began(&self, span: &'static str, id: u64, url: &dyn Fn() -> String) -> bool {
        if !OBSERVED.load(Ordering::Relaxed) {
            return false;
        }
        let url = url();
        let is_told = self.backlog.admit(url.len());
        if is_told {
            self.tell(|env| {
                let (name, url) = (binary(env, span.as_bytes()), binary(env, url.as_bytes()));
                (atoms::quickbeam(), atoms::span(), id, name, url).encode(env)
            });
        }
        is_told
    }

    fn span_ended(&self, _span: &'static str, id: u64, took: Duration, end: SpanEnd<'_>) {
        self.tell(|env| {
            let end = match end {
                Ok(code) => (atoms::ok(), code).encode(env),
                Err(error) => (atoms::error(), binary(env, error.as_bytes())).encode(env),
            };
            let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            (atoms::quickbeam(), atoms::span_end(), id, took, end).encode(env)
        });
    }

    fn owner<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        self.process(ctx, self.owner)
    }

    fn is_process(&self, value: &Value<'_>) -> bool {
        value.host::<HostTerm>().is_some_and(|term| term.look(|term| term.is_pid()))
    }

    fn term_text(&self, value: &Value<'_>) -> Option<String> {
        value.host::<HostTerm>().map(|term| term.text())
    }

    fn is_same_term(&self, a: &Value<'_>, b: &Value<'_>) -> bool {
        match (a.host::<HostTerm>(), b.host::<HostTerm>()) {
            (Some(a), Some(b)) => OwnedEnv::new().run(|env| a.copy_to(env) == b.copy_to(env)),
            _ => false,
        }
    }

    fn reference<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        OwnedEnv::new().run(|env| decode(ctx, env.make_ref().encode(env)))
    }

    fn send<'a>(&self, ctx: Ctx<'a>, target: &Value<'a>, message: &Value<'a>) -> Result<()> {
        let pid = target.host::<HostTerm>().ok_or(Thrown);
        let Ok(pid) = pid else { return Err(ctx.throw_type("Beam.send needs a pid")) };
        let (is_pid, local) = pid.look(|term| (term.is_pid(), term.decode::<LocalPid>().ok()));
        if !is_pid {
            return Err(ctx.throw_type("Beam.send needs a pid"));
        }
        // Only a process can send to another node.
        let to = local.unwrap_or(self.owner);
        let remote = if local.is_none() { Some(&*pid) } else { None };
        let is_look_due = self.outbox.is_look_due(&to);
        if is_look_due {
            self.look_at_mailboxes(ctx, to)?;
        }
        let mut refusal = self.send_to(ctx, to, remote, message)?;
        if refusal.is_some() && !is_look_due {
            self.look_at_mailboxes(ctx, to)?;
            refusal = self.send_to(ctx, to, remote, message)?;
        }
        refusal.map_or(Ok(()), |refusal| Err(self.throw_refusal(ctx, refusal)))
    }
}
