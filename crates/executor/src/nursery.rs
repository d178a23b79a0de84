//! Isolates made ahead.
//!
//! Making an isolate with a realm and its APIs takes longer than all else of a start. A thread of the process keeps a few ready of
//! the kinds that were asked for last, so that a start finds one and its caller does not wait for it; while more are started than it
//! can make, the starts make their own. It ends when none has been asked for in a while; what it made stays.

use crate::api::Api;
use quickbeam_engine::{Isolate, IsolateOptions, Realm, Result as JsResult};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Isolates of a kind that are kept ready once there was demand.
const READY: usize = 3;

/// Kinds that are kept: those asked for last.
const KINDS: usize = 2;

/// The thread ends after so long without demand.
const PATIENCE: Duration = Duration::from_secs(5);

/// Isolates whose realms have the same APIs.
struct Kind {
    apis: Vec<&'static dyn Api>,
    ready: Vec<(Isolate, Realm)>,
}

struct Nursery {
    /// The one asked for last is the first.
    kinds: Vec<Kind>,
    has_thread: bool,
}

static NURSERY: Mutex<Nursery> = Mutex::new(Nursery { kinds: Vec::new(), has_thread: false });
static TAKEN: Condvar = Condvar::new();

fn nursery() -> MutexGuard<'static, Nursery> {
    NURSERY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Nursery {
    fn place(&self, apis: &[&'static dyn Api]) -> Option<usize> {
        let is_same = |kind: &Kind| {
            kind.apis.len() == apis.len() && kind.apis.iter().zip(apis).all(|(ours, asked)| ours.name() == asked.name())
        };
        self.kinds.iter().position(is_same)
    }

    /// The APIs of the first kind of which there are too few.
    fn wanted(&self) -> Option<&[&'static dyn Api]> {
        self.kinds.iter().find(|kind| kind.ready.len() < READY).map(|kind| &*kind.apis)
    }
}

/// An isolate without limits in which no script has run, with its one realm, in which these APIs are installed; if one is ready.
pub(crate) fn take(apis: &[&'static dyn Api]) -> Option<(Isolate, Realm)> {
    let mut nursery = nursery();
    let mut kind = match nursery.place(apis) {
        Some(place) => nursery.kinds.remove(place),
        None => Kind { apis: apis.to_vec(), ready: Vec::new() },
    };
    let taken = kind.ready.pop();
    nursery.kinds.insert(0, kind);
    let outdated = if nursery.kinds.len() > KINDS { nursery.kinds.pop() } else { None };
    if nursery.has_thread {
        TAKEN.notify_one();
    } else {
        let thread = thread::Builder::new().name("quickbeam-new".into()).stack_size(256 << 10);
        nursery.has_thread = thread.spawn(work).is_ok();
    }
    drop(nursery);
    drop(outdated);
    taken
}

fn work() {
    loop {
        let apis = {
            let waited = TAKEN.wait_timeout_while(nursery(), PATIENCE, |nursery| nursery.wanted().is_none());
            let mut nursery = waited.unwrap_or_else(PoisonError::into_inner).0;
            let Some(apis) = nursery.wanted().map(<[_]>::to_vec) else {
                nursery.has_thread = false;
                return;
            };
            apis
        };
        let made = make(&apis);
        let mut nursery = nursery();
        match (made, nursery.place(&apis)) {
            (Some(made), Some(place)) => nursery.kinds[place].ready.push(made),
            // Nobody asks for this kind any more.
            (Some(_), None) => {}
            // The system is out of memory: those who start are told.
            (None, _) => {
                nursery.has_thread = false;
                return;
            }
        }
    }
}

fn make(apis: &[&'static dyn Api]) -> Option<(Isolate, Realm)> {
    let isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).ok()?;
    let realm = isolate.new_realm().ok()?;
    let installed: JsResult<()> = isolate.enter(&realm, |ctx| apis.iter().try_for_each(|api| api.install(ctx)));
    installed.is_ok().then_some((isolate, realm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickbeam_engine::{EvalOptions, IsolateError};

    #[test]
    fn what_was_made_ahead_takes_any_limits_but_those_it_exceeds() {
        let (isolate, realm) = std::iter::repeat_with(|| take(&[])).flatten().next().expect("one in the end");
        let set = |memory_limit| isolate.set_limits(IsolateOptions { memory_limit, max_stack_size: 128 << 10 });
        assert!(matches!(set(1000), Err(IsolateError::MemoryLimitTooSmall { limit: 1000, .. })));
        assert_eq!(set(8 << 20), Ok(()));
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).map(|value| value.as_int());
            assert_eq!(eval("6 * 7").expect("a value"), Some(42));
            assert!(eval("(function f() { f() })()").is_err());
            assert!(eval("new ArrayBuffer(64 << 20)").is_err());
        });
        assert_eq!(isolate.heap().stats().limit, 8 << 20);
    }

    struct Answer;

    impl Api for Answer {
        fn name(&self) -> &'static str {
            "answer"
        }

        fn install(&self, ctx: quickbeam_engine::Ctx<'_>) -> JsResult<()> {
            ctx.globals().set("answer", ctx.int(42))
        }
    }

    #[test]
    fn what_was_made_ahead_has_the_apis_that_were_asked_for() {
        let cases: [(&[&'static dyn Api], &str); 2] = [(&[&Answer], "number"), (&[], "undefined")];
        for (apis, expected) in cases {
            let (isolate, realm) = std::iter::repeat_with(|| take(apis)).flatten().next().expect("one in the end");
            isolate.enter(&realm, |ctx| {
                let kind = ctx.eval("typeof answer", &EvalOptions::default()).expect("a value");
                assert_eq!(kind.to_text().expect("a string"), expected);
            });
        }
    }
}
