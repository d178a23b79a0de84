//! One test in a realm of its own.

use crate::Options;
use crate::site::Site;
use crate::suite::{Scope, Test, join};
use quickbeam_engine::{Ctx, ErrorReport, EvalOptions, Result as JsResult, Value};
use quickbeam_executor::{
    CallId, Executor, ExecutorOptions, Host, Input, Level, LogLine, Op, Outcome as OpOutcome, RealmConfig,
    SubmitOptions, Uncaught, log,
};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const ENVIRONMENT: &str = include_str!("environment.js");

/// The pseudo-subtest that stands for the file as a whole.
pub(crate) const WHOLE_FILE: &str = "(the file)";

/// How long a test may take: the suite's own limits are for idle machines.
const PATIENCE: Duration = Duration::from_secs(30);
const LONG_PATIENCE: Duration = Duration::from_secs(180);

/// How a subtest ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Pass,
    /// It failed, timed out, or never ran.
    Fail,
    /// It needs something optional that is not there.
    NotApplicable,
}

/// What a test reported.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Name, status and message of each subtest.
    pub subtests: Vec<(String, Status, String)>,
    /// What was logged and what nobody caught.
    pub notes: Vec<String>,
}

/// What the realm tells.
enum Event {
    Result(String),
    Complete(String),
    Note(String),
    Died(String),
}

struct Witness(Mutex<Sender<Event>>);

impl Witness {
    fn tell(&self, event: Event) {
        // Nobody listens any more once the test is over.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    }
}

impl Host for Witness {
    fn call<'a>(&self, ctx: Ctx<'a>, _id: CallId, _sync: bool, name: &str, _args: &[Value<'a>]) -> JsResult<()> {
        Err(ctx.throw_error("ReferenceError", &format!("no handler is called {name:?}")))
    }

    fn log(&self, line: LogLine) {
        self.tell(match line.method {
            "result" => Event::Result(line.text),
            "complete" => Event::Complete(line.text),
            _ => Event::Note(line.text),
        });
    }

    fn uncaught(&self, error: Uncaught) {
        let (Uncaught::Exception(report) | Uncaught::Rejection(report)) = error;
        self.tell(Event::Note(format!("nobody caught: {report}")));
    }

    fn died(&self, reason: ErrorReport) {
        self.tell(Event::Died(reason.to_string()));
    }
}

/// Runs a test; what it did not report in time has failed.
///
/// # Panics
/// If the system starts no thread.
pub fn run(site: &Site, test: &Test, options: Options) -> Outcome {
    let (sender, events) = channel();
    let failed = sender.clone();
    let executor = Executor::new(&ExecutorOptions::default()).expect("a thread to run tests on");
    let mut apis = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    let realm = executor.spawn(RealmConfig { apis, ..RealmConfig::new(Arc::new(Witness(Mutex::new(sender)))) });
    let reply = move |outcome: OpOutcome<'_, '_>| {
        if let OpOutcome::Failed(report) = outcome {
            let _ = failed.send(Event::Died(report.to_string()));
        }
    };
    let op = Op::Eval {
        source: ENVIRONMENT.to_owned(),
        filename: Some("environment.js".to_owned()),
        vars: Some(Box::new(Vars { site: site.clone(), test: test.clone() })),
    };
    let mut outcome = Outcome::default();
    match realm.submit(op, Box::new(reply), SubmitOptions::default()) {
        Ok(()) => collect(&events, test, options, &mut outcome),
        Err(error) => outcome.subtests.push((WHOLE_FILE.to_owned(), Status::Fail, error.to_string())),
    }
    realm.kill();
    outcome
}

/// The variable `conformance` of environment.js.
struct Vars {
    site: Site,
    test: Test,
}

impl Input for Vars {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        let vars = ctx.object()?;
        vars.set("conformance", natives(ctx, &self.site, &self.test)?)?;
        Ok(vars)
    }
}

fn collect(events: &Receiver<Event>, test: &Test, options: Options, outcome: &mut Outcome) {
    let end = Instant::now() + if test.is_long { LONG_PATIENCE } else { PATIENCE };
    let whole = loop {
        match events.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Result(text)) => outcome.subtests.extend(subtest(&text)),
            Ok(Event::Complete(text)) => break completed(&text),
            Ok(Event::Note(text)) if options.verbose => outcome.notes.push(text),
            Ok(Event::Note(_)) => {}
            Ok(Event::Died(reason)) => break Err(reason),
            Err(RecvTimeoutError::Timeout) => break Err("it did not end in time".to_owned()),
            Err(RecvTimeoutError::Disconnected) => break Err("the realm is gone".to_owned()),
        }
    };
    let (status, message) = match whole {
        Ok(()) => (Status::Pass, String::new()),
        Err(message) => (Status::Fail, message),
    };
    outcome.subtests.push((WHOLE_FILE.to_owned(), status, message));
}

/// One subtest from `[name, status, message, stack]`, with the harness's numbers.
fn subtest(text: &str) -> Option<(String, Status, String)> {
    let (name, number, message, stack): (String, u32, String, String) = serde_json::from_str(text).ok()?;
    let (status, word) = match number {
        0 => (Status::Pass, ""),
        2 => (Status::Fail, "timed out"),
        3 => (Status::Fail, "never ran"),
        4 => (Status::NotApplicable, ""),
        _ => (Status::Fail, ""),
    };
    let place = stack.lines().find(|line| !line.contains("testharness.js")).unwrap_or_default().trim();
    let message = if word.is_empty() { message } else { format!("{word}: {message}") };
    Some((name, status, format!("{message} {place}").trim().to_owned()))
}

/// Whether the harness itself is content, from `[status, message, unfinished]`.
fn completed(text: &str) -> Result<(), String> {
    match serde_json::from_str::<(u32, String, Vec<String>)>(text) {
        Ok((0, _, _)) => Ok(()),
        Ok((4, message, _)) => Err(format!("not applicable: {message}")),
        Ok((status, message, unfinished)) => {
            Err(format!("harness status {status}: {message} {}", unfinished.join(", ")))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn natives<'a>(ctx: Ctx<'a>, site: &Site, test: &Test) -> JsResult<Value<'a>> {
    let text_of = |path: &str| {
        let bytes = site.read(path).map_err(|error| ctx.throw_error("Error", &error))?;
        ctx.string(&String::from_utf8_lossy(&bytes))
    };
    let object = ctx.object()?;
    let is_page = test.scope == Scope::Page;
    let own = if is_page { None } else { Some(&test.path) };
    let scripts = test.scripts.iter().chain(own).map(|path| ctx.array(vec![ctx.string(path)?, text_of(path)?]));
    object.set("scripts", ctx.array(scripts.collect::<JsResult<_>>()?)?)?;
    if is_page {
        object.set("page", text_of(&test.path)?)?;
    }
    let path = test.path.strip_suffix(".js").map_or_else(|| test.path.clone(), |page| format!("{page}.html"));
    let url = site.url(&format!("{path}{}", test.variant));
    quickbeam_api_url::set_base_url(ctx, &url)?;
    object.set("url", ctx.string(&url)?)?;
    object.set("folder", ctx.string(test.path.rsplit_once('/').map_or("", |(folder, _)| folder))?)?;
    object.set("isWindow", ctx.boolean(test.scope.has_document()))?;
    object.set("isWorker", ctx.boolean(test.scope == Scope::Worker))?;
    object.set("hasServer", ctx.boolean(site.has_server()))?;
    let held = ctx.host_object(Rc::new(site.clone()), None)?;
    object.set("read", ctx.bound_function(&held, |ctx, site, args| read(ctx, site, &args.get(0), &args.get(1)))?)?;
    object.set(
        "runScript",
        ctx.function("runScript", 2, |ctx, _, args| {
            let (source, filename) = (args.get(0).to_text()?, args.get(1).to_text()?);
            ctx.eval(&source, &EvalOptions { filename: &filename, ..EvalOptions::default() })
        })?,
    )?;
    object.set(
        "tell",
        ctx.function("tell", 2, |ctx, _, args| {
            let method = if args.get(0).to_text()? == "result" { "result" } else { "complete" };
            log(ctx, LogLine { level: Level::Info, method, text: args.get(1).to_text()?, place: None });
            Ok(ctx.undefined())
        })?,
    )?;
    Ok(object)
}

/// The bytes of a file of the checkout, `undefined` if there is none.
fn read<'a>(ctx: Ctx<'a>, site: &Value<'a>, folder: &Value<'a>, path: &Value<'a>) -> JsResult<Value<'a>> {
    let Some(site) = site.host::<Site>() else { return Ok(ctx.undefined()) };
    let path = join(&folder.to_text()?, &path.to_text()?);
    site.read(&path).map_or_else(|_| Ok(ctx.undefined()), |bytes| ctx.uint8_array(&bytes))
}
