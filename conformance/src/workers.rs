//! Workers that tests start: realms beside the test's own, with the same APIs.
//!
//! Each keeps the whole of them, so [`Workers::stop`] ends a test.

use crate::place::{Place, Role, folder_of};
use crate::site::Site;
use quickbeam_api_url::decode_data_url;
use quickbeam_api_worker::{become_worker, start_worker};
use quickbeam_engine::{Ctx, ErrorReport, Result as JsResult, Value};
use quickbeam_executor::{
    Api, CallId, Executor, Host, Input, LogLine, Op, Outcome, RealmConfig, RealmHandle, RealmSender, SubmitOptions,
    Uncaught,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The APIs of every realm of a test.
pub(crate) fn apis() -> Vec<&'static dyn Api> {
    let mut apis = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    apis
}

/// Those of one test.
pub(crate) struct Workers {
    executor: Arc<Executor>,
    site: Site,
    /// By the tokens that their parents know.
    running: Mutex<HashMap<u64, RealmHandle>>,
}

impl Workers {
    pub(crate) fn new(executor: Arc<Executor>, site: Site) -> Workers {
        Workers { executor, site, running: Mutex::default() }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u64, RealmHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all.
    pub(crate) fn stop(&self) {
        let ended = std::mem::take(&mut *self.running());
        drop(ended);
    }

    /// What the API of workers asks of the host of a realm whose scripts are in `folder`; `own` is that realm's token if it is a worker.
    pub(crate) fn service<'a>(
        self: &Arc<Self>,
        ctx: Ctx<'a>,
        id: CallId,
        service: &str,
        args: &[Value<'a>],
        (folder, own): (&str, Option<u64>),
    ) -> JsResult<()> {
        let parent = RealmSender::of(ctx)?;
        let argument = |index: usize| args.get(index).cloned().unwrap_or_else(|| ctx.undefined());
        let token = |index: usize| Ok(argument(index).to_f64()? as u64);
        let source = |index: usize| {
            let source = argument(index);
            if source.is_null() { Ok(None) } else { source.to_text().map(Some) }
        };
        let answer = match service {
            "worker.start" => {
                let process = token(2)?;
                let asked = Asked {
                    url: argument(0).to_text()?,
                    name: argument(1).to_text()?,
                    source: source(5)?,
                    is_module: argument(4).to_text()? == "module",
                    token: process,
                    listener: token(3)?,
                    parent: parent.clone(),
                };
                self.start(asked, folder);
                input(move |ctx| Ok(ctx.number(process as f64)))
            }
            "worker.import" => {
                let script = self.script(folder, &argument(0).to_text()?, source(1)?);
                input(move |ctx| match script {
                    Ok(script) => ctx.array(vec![ctx.string(&script.text)?, ctx.string(&script.url)?]),
                    Err(message) => ctx.array(vec![ctx.null(), ctx.string("NetworkError")?, ctx.string(&message)?]),
                })
            }
            "worker.stop" => {
                let stopped = self.running().remove(&token(0)?);
                drop(stopped);
                input(|ctx| Ok(ctx.undefined()))
            }
            "worker.close" => {
                let closed = own.and_then(|own| self.running().remove(&own));
                drop(closed);
                input(|ctx| Ok(ctx.undefined()))
            }
            // A worker that fails tells by an event.
            "worker.end" => return Ok(()),
            _ => return Err(ctx.throw_error("NotSupportedError", &format!("the runner has no {service}"))),
        };
        parent.resolve(id, Ok(answer));
        Ok(())
    }

    /// The script that a realm whose scripts are in `folder` calls `url`; `source` is its text if that is a `blob:` URL.
    fn script(&self, folder: &str, url: &str, source: Option<String>) -> Result<Script, String> {
        let (located, path) = self.site.locate(folder, url);
        let (bytes, folder) = match source {
            Some(source) => (source.into_bytes(), folder),
            None if url.starts_with("data:") => {
                let data = decode_data_url(url, usize::MAX).map_err(|_| format!("{url} holds no script"))?;
                (data.body, folder)
            }
            None => (self.site.read(&path)?, folder_of(&path)),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Script { url: located, folder: folder.to_owned(), text })
    }

    fn start(self: &Arc<Self>, mut asked: Asked, folder: &str) {
        let Script { url, folder, text } = match self.script(folder, &asked.url, asked.source.take()) {
            Ok(script) => script,
            Err(message) => return fail(&asked.parent, asked.listener, &ErrorReport::new("NetworkError", message)),
        };
        let Asked { name, token, listener, parent, is_module, .. } = asked;
        let scripts = if is_module { Vec::new() } else { vec![(url.clone(), text.clone())] };
        let place = Place {
            site: self.site.clone(),
            role: Role::Worker,
            url: url.clone(),
            folder: folder.clone(),
            scripts,
            page: None,
        };
        let host = Parent { workers: self.clone(), folder, token, listener, sender: parent.clone() };
        let realm = self.executor.spawn(RealmConfig { apis: apis(), ..RealmConfig::new(Arc::new(host)) });
        let mut ops = vec![Op::Make(input(move |ctx| become_worker(ctx, token, &name, is_module))), place.into_op()];
        if is_module {
            ops.push(Op::EvalModule { source: text, filename: url, url: None });
        }
        ops.push(Op::Make(input(start_worker)));
        let mut running = self.running();
        let realm = running.entry(token).or_insert(realm);
        for op in ops {
            let (parent, workers) = (parent.clone(), self.clone());
            let reply = move |outcome: Outcome<'_, '_>| {
                // A worker that was stopped, or that closed itself, has not failed.
                if let Outcome::Failed(report) = outcome
                    && workers.running().contains_key(&token)
                {
                    fail(&parent, listener, &report);
                }
            };
            // Its inbox is empty.
            let _ = realm.submit(op, Box::new(reply), SubmitOptions::default());
        }
    }
}

/// Fixes the lifetimes of a closure that makes a value.
fn closure<F>(make: F) -> F
where
    F: for<'a> FnOnce(Ctx<'a>) -> JsResult<Value<'a>> + Send + 'static,
{
    make
}

fn input(make: impl for<'a> FnOnce(Ctx<'a>) -> JsResult<Value<'a>> + Send + 'static) -> Box<dyn Input> {
    Box::new(make)
}

/// A script, where it is, and the folder that its relative URLs start from.
struct Script {
    url: String,
    folder: String,
    text: String,
}

/// What `new Worker` asks for.
struct Asked {
    url: String,
    name: String,
    /// The text at a `blob:` URL.
    source: Option<String>,
    is_module: bool,
    token: u64,
    listener: u64,
    parent: RealmSender,
}

/// What a worker has for a host.
struct Parent {
    workers: Arc<Workers>,
    folder: String,
    token: u64,
    listener: u64,
    sender: RealmSender,
}

impl Host for Parent {
    fn service<'a>(
        &self,
        ctx: Ctx<'a>,
        id: CallId,
        _sync: bool,
        service: &'static str,
        args: &[Value<'a>],
    ) -> JsResult<()> {
        self.workers.service(ctx, id, service, args, (&self.folder, Some(self.token)))
    }

    fn log(&self, _line: LogLine) {}

    fn uncaught(&self, error: Uncaught) {
        let (Uncaught::Exception(report) | Uncaught::Rejection(report)) = error;
        fail(&self.sender, self.listener, &report);
    }

    fn died(&self, reason: ErrorReport) {
        fail(&self.sender, self.listener, &reason);
    }
}

/// Tells a worker's parent of an error that nothing in it catches.
fn fail(parent: &RealmSender, listener: u64, report: &ErrorReport) {
    let (name, message) = (report.name.clone(), report.message.clone());
    let place = report.frames.first().map(|frame| (frame.filename.clone(), frame.line, frame.column));
    let event = closure(move |ctx| {
        let event = ctx.object()?;
        event.set("name", ctx.string(&name)?)?;
        event.set("message", ctx.string(&message)?)?;
        if let Some((filename, line, column)) = place {
            event.set("filename", ctx.string(&filename)?)?;
            event.set("line", ctx.number(line.into()))?;
            event.set("column", ctx.number(column.into()))?;
        }
        Ok(event)
    });
    // Nobody is told any more once the test is over.
    let _ = parent.send(listener, Box::new(event));
}
