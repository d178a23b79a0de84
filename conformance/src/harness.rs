//! One test in a realm of its own.

use crate::Options;
use crate::place::{Place, folder_of};
use crate::site::Site;
use crate::suite::Test;
use crate::workers::{Workers, apis};
use quickbeam_engine::{Ctx, ErrorReport, Result as JsResult, Value};
use quickbeam_executor::{
    CallId, Executor, ExecutorOptions, Host, LogLine, Outcome as OpOutcome, RealmConfig, SubmitOptions, Uncaught,
};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

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

struct Witness {
    events: Mutex<Sender<Event>>,
    workers: Arc<Workers>,
    /// Folder of the test.
    folder: String,
}

impl Witness {
    fn tell(&self, event: Event) {
        // Nobody listens any more once the test is over.
        let _ = self.events.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    }
}

impl Host for Witness {
    fn service<'a>(
        &self,
        ctx: Ctx<'a>,
        id: CallId,
        _sync: bool,
        service: &'static str,
        args: &[Value<'a>],
    ) -> JsResult<()> {
        self.workers.service(ctx, id, service, args, (&self.folder, None))
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
    let mut outcome = Outcome::default();
    let place = match Place::of(site, test) {
        Ok(place) => place,
        Err(message) => {
            outcome.subtests.push((WHOLE_FILE.to_owned(), Status::Fail, message));
            return outcome;
        }
    };
    let (sender, events) = channel();
    let failed = sender.clone();
    let executor = Executor::new(&ExecutorOptions::default()).expect("a thread to run tests on");
    let workers = Arc::new(Workers::new(executor.clone(), site.clone()));
    let witness =
        Witness { events: Mutex::new(sender), workers: workers.clone(), folder: folder_of(&test.path).to_owned() };
    let realm = executor.spawn(RealmConfig { apis: apis(), ..RealmConfig::new(Arc::new(witness)) });
    let reply = move |outcome: OpOutcome<'_, '_>| {
        if let OpOutcome::Failed(report) = outcome {
            let _ = failed.send(Event::Died(report.to_string()));
        }
    };
    match realm.submit(place.into_op(), Box::new(reply), SubmitOptions::default()) {
        Ok(()) => collect(&events, test, options, &mut outcome),
        Err(error) => outcome.subtests.push((WHOLE_FILE.to_owned(), Status::Fail, error.to_string())),
    }
    realm.kill();
    workers.stop();
    outcome
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
