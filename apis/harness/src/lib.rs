//! Runs JavaScript against APIs, for their tests: a realm on an executor of its own, with a host that writes down what it is told.
//!
//! ```
//! use quickbeam_api_harness::Harness;
//!
//! let harness = Harness::new(&[]);
//! assert_eq!(harness.eval("6 * 7"), Ok("42".to_owned()));
//! assert_eq!(harness.eval("throw new TypeError('no')"), Err("TypeError: no".to_owned()));
//! ```

use quickbeam_engine::{Ctx, ErrorReport, Result as JsResult, Thrown, Value};
use quickbeam_executor::{
    Api, CallId, Executor, ExecutorOptions, Host, HostError, Input, LogLine, Op, Outcome, RealmConfig, RealmHandle,
    SubmitOptions, Uncaught, take_report,
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};
use std::time::Duration;

/// A realm to run tests in.
pub struct Harness {
    realm: Arc<RealmHandle>,
    host: Arc<Recorder>,
    /// How long an op may take; `None` for as long as it likes.
    pub timeout: Option<Duration>,
}

impl Harness {
    /// Makes a realm with these APIs.
    ///
    /// # Panics
    /// If the system starts no thread.
    pub fn new(apis: &[&'static dyn Api]) -> Harness {
        Harness::configured(apis, |_| {})
    }

    /// Makes a realm with these APIs that is configured otherwise.
    ///
    /// # Panics
    /// If the system starts no thread.
    pub fn configured(apis: &[&'static dyn Api], configure: impl FnOnce(&mut RealmConfig)) -> Harness {
        let host = Arc::new(Recorder::default());
        let executor = Executor::new(&ExecutorOptions::default()).expect("a thread to run tests on");
        let mut config = RealmConfig { apis: apis.to_vec(), ..RealmConfig::new(host.clone()) };
        configure(&mut config);
        let realm = Arc::new(executor.spawn(config));
        drop(host.realm.set(Arc::downgrade(&realm)));
        Harness { realm, host, timeout: None }
    }

    /// Runs a script, awaits a promise, and gives the result as a string, or an error as `Name: message`.
    ///
    /// # Errors
    /// What the script threw or rejected with.
    ///
    /// # Panics
    /// If the realm does not answer.
    pub fn eval(&self, source: &str) -> Result<String, String> {
        self.run(Op::Eval { source: source.to_owned(), filename: Some("test.js".to_owned()), vars: None })
    }

    /// Calls a global function without arguments; otherwise as [`Harness::eval`].
    ///
    /// # Errors
    /// What the function threw or rejected with.
    ///
    /// # Panics
    /// If the realm does not answer.
    pub fn call(&self, function: &str) -> Result<String, String> {
        self.run(Op::Call { path: function.to_owned(), args: Box::new(NoArguments) })
    }

    fn run(&self, op: Op) -> Result<String, String> {
        let (sender, receiver) = mpsc::channel();
        let reply = move |outcome: Outcome<'_, '_>| {
            let text = match outcome {
                Outcome::Value(ctx, value) => text_of(ctx, value),
                Outcome::Failed(report) => Err(report.to_string()),
                _ => Ok(String::new()),
            };
            drop(sender.send(text));
        };
        let options = SubmitOptions { timeout: self.timeout, ..SubmitOptions::default() };
        self.realm.submit(op, Box::new(reply), options).expect("a realm that takes scripts");
        receiver.recv().expect("an outcome")
    }

    /// Asserts that a script ends with this text; errors read `Name: message`.
    ///
    /// # Panics
    /// If it does not.
    pub fn check(&self, source: &str, expected: &str) {
        let got = self.eval(source).unwrap_or_else(|error| error);
        assert_eq!(got, expected, "{source}");
    }

    /// The lines logged since the last call.
    pub fn take_logs(&self) -> Vec<LogLine> {
        std::mem::take(&mut *lock(&self.host.logs))
    }

    /// The errors that nobody caught since the last call, as `Name: message`.
    pub fn take_uncaught(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.host.uncaught))
    }
}

fn text_of(ctx: Ctx<'_>, value: &Value<'_>) -> Result<String, String> {
    value.to_text().map_err(|Thrown| take_report(ctx).to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A host that answers the handlers `echo`, which returns its first argument as a string, and `fail`.
#[derive(Default)]
struct Recorder {
    logs: Mutex<Vec<LogLine>>,
    uncaught: Mutex<Vec<String>>,
    realm: OnceLock<Weak<RealmHandle>>,
}

impl Host for Recorder {
    fn call<'a>(&self, ctx: Ctx<'a>, id: CallId, _sync: bool, name: &str, args: &[Value<'a>]) -> JsResult<()> {
        let answer: Result<Box<dyn Input>, HostError> = match (name, args.first()) {
            ("echo", Some(value)) => Ok(Box::new(Text(value.to_text()?))),
            ("fail", _) => Err(HostError { name: "HandlerError".into(), message: "no luck".into(), stack: None }),
            _ => return Err(ctx.throw_error("ReferenceError", &format!("no handler is called {name:?}"))),
        };
        if let Some(realm) = self.realm.get().and_then(Weak::upgrade) {
            realm.resolve(id, answer);
        }
        Ok(())
    }

    fn log(&self, line: LogLine) {
        lock(&self.logs).push(line);
    }

    fn uncaught(&self, error: Uncaught) {
        let (Uncaught::Exception(report) | Uncaught::Rejection(report)) = error;
        lock(&self.uncaught).push(report.to_string());
    }

    fn died(&self, reason: ErrorReport) {
        lock(&self.uncaught).push(format!("died of {reason}"));
    }
}

struct NoArguments;

impl Input for NoArguments {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        ctx.array(vec![])
    }
}

struct Text(String);

impl Input for Text {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        ctx.string(&self.0)
    }
}
