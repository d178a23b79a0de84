//! `Worker` (HTML Standard, 10.2): a script in a realm of its own, which the host starts by its service `worker.start` as a process
//! that ends with its parent at the latest.
//!
//! The two talk through a pipe of the messaging API. The parent keeps one end; the other waits under a token that only the
//! two sides' natives know until the new realm [claims](become_worker) it, and with it a place in its parent's cluster.
//!
//! The script at a `blob:` URL is read in the parent's realm; any other by the host. Likewise those that a
//! classic worker asks for by `importScripts`, in its own realm. The `blob:` URLs of a runtime and of its workers are theirs together.
//!
//! Starting a worker needs the grant `spawn`; a worker holds at most its parent's grants.

use quickbeam_api_events::{EVENT_TARGET, classes as events};
use quickbeam_api_file::{share_urls, text_of_url};
use quickbeam_api_grants::require;
use quickbeam_api_messaging::{Cluster, PortEnd, arrived, classes as messaging, close_realm, cluster, join, natives};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{Api, call_service, call_service_sync, listen, report_exception, run_script, unlisten};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

static WORKER: Glue = Glue::new("internal:worker", include_str!("worker.js"));
static SCOPE: Glue = Glue::new("internal:worker/scope", include_str!("scope.js"));

/// What workers that have not started yet will have, by token.
static CLAIMS: LazyLock<Mutex<Claims>> = LazyLock::new(Mutex::default);

type Claims = HashMap<u64, (PortEnd, Arc<Cluster>)>;

fn claims() -> MutexGuard<'static, Claims> {
    CLAIMS.lock().unwrap_or_else(PoisonError::into_inner)
}

static CLASS: Deferred = Deferred::class("Worker", UNIT, made).extends(&EVENT_TARGET);

/// What a realm keeps it under.
const UNIT: &str = "worker";

/// The API.
pub struct Worker;

impl Api for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&CLASS)
    }
}

/// An object with the class.
fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = natives(ctx)?
            .function("launch", launch)?
            .function("kill", |ctx, _, args| call_service(ctx, "worker.stop", &[args.get(0)]))?
            .function("report", |ctx, _, args| {
                report_exception(ctx, &args.get(0));
                Ok(ctx.undefined())
            })?;
        let args = [helpers(ctx)?, events(ctx)?, messaging(ctx)?, natives.into_value()];
        let class = ctx.call(&WORKER.run(ctx)?, &ctx.undefined(), &args)?;
        Natives::new(ctx)?.value("Worker", class).map(Natives::into_value)
    })
}

/// Takes back the end of a worker that has not claimed it.
struct Claim(u64);

impl Drop for Claim {
    fn drop(&mut self) {
        let end = claims().remove(&self.0);
        drop(end);
    }
}

/// `launch(url, name, onError, type)`: `[end, process, claim, listener, ended]`; the last is a promise of a list of the exit reason.
fn launch<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    require(ctx, "Worker", None)?;
    let (mine, theirs) = PortEnd::pair();
    let token = NEXT.fetch_add(1, Ordering::Relaxed);
    let url = args.get(0);
    let (source, kind) = blob_at(ctx, &url)?;
    share_urls(ctx)?;
    let cluster = cluster(ctx)?;
    claims().insert(token, (theirs, cluster));
    let claim = ctx.host_object(Rc::new(Claim(token)), None)?;
    let listener = listen(ctx, args.get(2))?;
    let number = |number: u64| ctx.number(number as f64);
    // Asked before there is a process, which may end at once.
    let ended = call_service(ctx, "worker.end", &[number(token)])?;
    let asked = [url, args.get(1), number(token), number(listener), args.get(3), source, kind];
    match call_service_sync(ctx, "worker.start", &asked) {
        Ok(process) => ctx.array(vec![arrived(ctx, mine)?, process, claim, number(listener), ended]),
        Err(thrown) => {
            unlisten(ctx, listener);
            Err(thrown)
        }
    }
}

/// Makes this realm the worker that was started with this token: gives it `name`, `postMessage`, `importScripts`, `close`, `onmessage`,
/// `onmessageerror` and `FileReaderSync`. Messages wait until [`start_worker`].
///
/// # Errors
/// Throws an `InternalError` if nobody started a worker with this token.
pub fn become_worker<'a>(ctx: Ctx<'a>, token: u64, name: &str, is_module: bool) -> Result<Value<'a>> {
    let claimed = claims().remove(&token);
    let Some((end, cluster)) = claimed else {
        return Err(ctx.throw_error("InternalError", "this worker's parent is gone"));
    };
    join(ctx, cluster)?;
    share_urls(ctx)?;
    quickbeam_api_file::define_reader_sync(ctx)?;
    let natives = natives(ctx)?
        .function("close", |ctx, _, _| call_service_sync(ctx, "worker.close", &[]))?
        .function("closing", |ctx, _, _| {
            close_realm(ctx);
            Ok(ctx.undefined())
        })?
        .function("importScript", import_script)?
        .into_value();
    let load = ctx.function("load", 0, |ctx, _, _| {
        kept(ctx, "worker/classes", |ctx| {
            let classes = ctx.object()?;
            classes.define("events", events(ctx)?, Attributes::ALL)?;
            classes.define("messaging", messaging(ctx)?, Attributes::ALL)?;
            Ok(classes)
        })
    })?;
    let args = [natives, arrived(ctx, end)?, ctx.string(name)?, ctx.boolean(is_module), load];
    let scope = ctx.call(&SCOPE.run(ctx)?, &ctx.undefined(), &args)?;
    kept(ctx, "worker/scope", |_| Ok(scope))?;
    Ok(ctx.undefined())
}

/// `importScript(url)`: runs the script there as one of this realm's own.
fn import_script<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = args.get(0);
    let (source, kind) = blob_at(ctx, &url)?;
    let script = call_service_sync(ctx, "worker.import", &[url, source, kind])?;
    if script.get_index(0)?.is_null() {
        let (name, message) = (script.get_index(1)?.to_text()?, script.get_index(2)?.to_text()?);
        return Err(ctx.throw_dom_exception(&name, &message));
    }
    run_script(ctx, script.get_index(0)?.to_text()?, &script.get_index(1)?.to_text()?)?;
    Ok(ctx.undefined())
}

/// The text and the type of the blob at a URL of this realm or its cluster; two `null` if there is none.
fn blob_at<'a>(ctx: Ctx<'a>, url: &Value<'a>) -> Result<(Value<'a>, Value<'a>)> {
    Ok(match text_of_url(ctx, &url.to_text()?)? {
        Some((text, kind)) => (ctx.string(&text)?, ctx.string(&kind)?),
        None => (ctx.null(), ctx.null()),
    })
}

/// Lets the messages reach a worker, once its script has run.
///
/// # Errors
/// Throws if memory is short.
pub fn start_worker(ctx: Ctx<'_>) -> Result<Value<'_>> {
    match ctx.kept("worker/scope") {
        Some(start) => ctx.call(&start, &ctx.undefined(), &[]),
        None => Ok(ctx.undefined()),
    }
}
