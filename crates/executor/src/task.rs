//! Tasks: isolates as the scheduler sees them, and the handle to one.
//!
//! A task is *idle*, *queued* at its worker, or *running*; posting to a running task makes it run again. Whoever
//! moves it from queued to running has it exclusively until it moves on; that is always its worker's thread.

use crate::config::RealmConfig;
use crate::execute::names_of;
use crate::fiber::{Fiber, Suspender, TurnEnd};
use crate::guard::{Reason, internal_bug, release};
use crate::host::{CallId, Outcome, Reply};
use crate::inbox::{Due, Envelope, Inbox};
use crate::op::{Answer, Op, SubmitError, SubmitOptions};
use crate::realm::{RealmState, send};
use crate::turn::Stretch;
use crate::worker::{Executor, Worker};
use quickbeam_engine::{ErrorReport, Isolate, IsolateOptions, Pacer, Realm, Thrown};
use std::cell::UnsafeCell;
use std::collections::HashSet;
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// What both sides of a task share.
pub(crate) struct Mail {
    inbox: Mutex<Inbox>,
    killed: AtomicBool,
    /// Ids go on over resets, so that a late answer cannot reach a call of the next realm.
    last_call: AtomicU64,
    /// Asks whichever isolate stands behind this inbox to poll.
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) worker: Arc<Worker>,
    /// What runs when something is posted.
    task: Weak<Task>,
}

impl Mail {
    pub(crate) fn post(&self, envelope: Envelope) -> Result<(), SubmitError> {
        let mut inbox = self.inbox();
        if let Err(refused) = inbox.admit() {
            drop(inbox);
            return Err(refused);
        }
        inbox.push(envelope);
        drop(inbox);
        self.wake();
        Ok(())
    }

    pub(crate) fn resolve(&self, id: CallId, answer: Answer) {
        let pushed = self.inbox().push_answer(id, answer);
        if pushed.is_ok() {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(task) = self.task.upgrade() {
            task.wake();
        }
    }

    pub(crate) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    pub(crate) fn next_call_id(&self) -> CallId {
        self.last_call.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// An isolate with its realm, from one reset to the next.
struct Vm {
    isolate: Isolate,
    realm: Realm,
    state: Rc<RealmState>,
}

impl Vm {
    /// Frees the isolate; then the state, of which an abandoned fiber may hold counts.
    ///
    /// SAFETY: no fiber of the isolate is live.
    unsafe fn free(self) {
        let Vm { isolate, realm, state } = self;
        drop((realm, isolate));
        // SAFETY: the isolate is gone, and so is, by contract, every stack that held a count.
        unsafe {
            let modules = state.modules.clone();
            release(state);
            release(modules);
        }
    }

    fn new(mail: &Arc<Mail>, config: &Arc<RealmConfig>) -> Result<Vm, ErrorReport> {
        let (isolate, realm) = bare(config)?;
        isolate.set_pacer(mail.pacer.clone());
        let state = RealmState::new(mail.clone(), config.clone());
        isolate.enter(&realm, |ctx| {
            ctx.set_data(state.clone());
            ctx.set_module_loader(state.modules.clone());
            install_apis(ctx, config)
        })?;
        isolate.set_interrupt(Some(state.clone()));
        isolate.heap().clear_over_limit();
        Ok(Vm { isolate, realm, state })
    }
}

fn bare(config: &RealmConfig) -> Result<(Isolate, Realm), ErrorReport> {
    let options = IsolateOptions { memory_limit: config.memory_limit, max_stack_size: config.max_stack_size };
    let failed = |error: quickbeam_engine::IsolateError| ErrorReport::new("RangeError", error.to_string());
    let mut isolate = Isolate::new(options).map_err(failed)?;
    let realm = isolate.new_realm().map_err(failed)?;
    Ok((isolate, realm))
}

fn install_apis(ctx: quickbeam_engine::Ctx<'_>, config: &RealmConfig) -> Result<(), ErrorReport> {
    for api in &config.apis {
        if let Err(Thrown) = api.install(ctx) {
            let report = ctx.take_report();
            return Err(ErrorReport::new(
                "InternalError",
                format!("the {} API was not installed: {report}", api.name()),
            ));
        }
    }
    Ok(())
}

/// Names on the global object of a realm that no script has touched.
pub(crate) fn fresh_global_names(config: &RealmConfig) -> HashSet<String> {
    let config = RealmConfig { memory_limit: usize::MAX, max_stack_size: 64 << 10, ..config.clone() };
    let Ok((isolate, realm)) = bare(&config) else { return HashSet::new() };
    isolate.enter(&realm, |ctx| match install_apis(ctx, &config) {
        Ok(()) => names_of(&ctx.globals()).unwrap_or_default().into_iter().collect(),
        Err(_) => HashSet::new(),
    })
}

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const RUNNING_AGAIN: u8 = 3;

/// One isolate and its place in the schedule.
pub(crate) struct Task {
    pub(crate) mail: Arc<Mail>,
    config: Arc<RealmConfig>,
    schedule: AtomicU8,
    /// Used by the worker while it runs the task.
    run: UnsafeCell<Run>,
    /// Used by the turn on the fiber, and by the worker while no fiber is live.
    vm: UnsafeCell<Option<Vm>>,
}

#[derive(Default)]
struct Run {
    fiber: Option<Fiber>,
    armed: Option<Instant>,
    /// Why the turn found that the task must end.
    death: Option<ErrorReport>,
}

// SAFETY: `run` and `vm` are touched only by the one thread that has moved the task to running (see the module
// documentation), and after all handles are gone, by whoever drops it.
unsafe impl Sync for Task {}
// SAFETY: see above. A live fiber keeps its task on the worker that started it: tasks do not change workers.
unsafe impl Send for Task {}

impl Task {
    /// Makes the task run (again) soon.
    pub(crate) fn wake(self: &Arc<Self>) {
        let was = self.schedule.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| match now {
            IDLE => Some(QUEUED),
            RUNNING => Some(RUNNING_AGAIN),
            _ => None,
        });
        if was == Ok(IDLE) {
            self.mail.worker.enqueue(self.clone());
        }
    }

    /// Called by the worker that took the task from its queue.
    pub(crate) fn start(&self) {
        self.schedule.store(RUNNING, Ordering::Release);
    }

    /// Called by the worker when it is done with the task for now; `again` if it is runnable.
    pub(crate) fn finish(self: &Arc<Self>, again: bool) {
        let next = if again { QUEUED } else { IDLE };
        let done = self.schedule.compare_exchange(RUNNING, next, Ordering::AcqRel, Ordering::Acquire);
        if again || done.is_err() {
            self.schedule.store(QUEUED, Ordering::Release);
            self.mail.worker.enqueue(self.clone());
        }
    }

    pub(crate) fn stack_size(&self) -> usize {
        (self.config.max_stack_size + crate::fiber::HEADROOM).next_multiple_of(4096)
    }

    /// SAFETY: the caller runs the task.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the scheduling state, as the contract says")]
    unsafe fn run_mut(&self) -> &mut Run {
        // SAFETY: by contract.
        unsafe { &mut *self.run.get() }
    }

    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn take_fiber(&self) -> Option<Fiber> {
        // SAFETY: by contract.
        unsafe { self.run_mut().fiber.take() }
    }

    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn keep_fiber(&self, fiber: Fiber) {
        // SAFETY: by contract.
        unsafe { self.run_mut().fiber = Some(fiber) }
    }

    /// When the worker's timer for this task fires, to be set by the worker; one that is set earlier than needed is kept.
    ///
    /// SAFETY: the caller runs the task.
    #[expect(clippy::mut_from_ref, reason = "as for `run_mut`")]
    pub(crate) unsafe fn armed(&self) -> &mut Option<Instant> {
        // SAFETY: by contract.
        unsafe { &mut self.run_mut().armed }
    }

    /// The body of a fiber: turns, and resets between them.
    ///
    /// SAFETY: runs on a fiber that the task's worker resumes while it runs the task.
    pub(crate) unsafe fn turn(&self, suspender: &Suspender) -> TurnEnd {
        // SAFETY: by contract; the worker does not touch `vm` while a fiber is live.
        let slot = unsafe { &mut *self.vm.get() };
        loop {
            if slot.is_none() {
                if self.mail.is_killed() {
                    return TurnEnd::Dead;
                }
                match Vm::new(&self.mail, &self.config) {
                    Ok(vm) => *slot = Some(vm),
                    Err(report) => return self.give_up(report),
                }
            }
            let Some(vm) = slot.as_ref() else { return TurnEnd::Dead };
            vm.state.guard.set_suspender(suspender);
            vm.state.guard.start_slice();
            let stretch = vm.isolate.enter(&vm.realm, |ctx| vm.state.turn(ctx));
            vm.state.guard.set_suspender(ptr::null());
            match stretch {
                Stretch::End(end) => return end,
                Stretch::Reset => {
                    vm.state.end_parked(|what| Reason::Reset.report(what));
                    match Vm::new(&self.mail, &self.config) {
                        Ok(fresh) => {
                            let reply = vm.state.reset.take().flatten();
                            let old = slot.replace(fresh);
                            // SAFETY: the only live fiber is this one, outside the old isolate.
                            old.into_iter().for_each(|old| unsafe { old.free() });
                            if let (Some(reply), Some(vm)) = (reply, slot.as_ref()) {
                                vm.state.deliver(reply, Outcome::Done);
                            }
                        }
                        Err(report) => return self.give_up(report),
                    }
                }
            }
        }
    }

    fn give_up(&self, report: ErrorReport) -> TurnEnd {
        // SAFETY: called by the turn; the worker does not touch `run` while the fiber runs.
        unsafe { self.run_mut().death = Some(report) };
        TurnEnd::Dead
    }

    /// Ends the task for good: every op gets its outcome, everything is freed.
    ///
    /// SAFETY: the caller runs the task, and no fiber of it is live.
    pub(crate) unsafe fn destroy(&self, cause: Option<ErrorReport>) {
        // SAFETY: by contract.
        let (run, slot) = unsafe { (self.run_mut(), &mut *self.vm.get()) };
        let broken = slot.as_ref().and_then(|vm| vm.state.fatal.take().or(vm.isolate.is_broken().map(broken_error)));
        let cause = run.death.take().or(cause).or(broken);
        let fail = |reply: Option<Box<dyn Reply>>, what: &str| {
            let report = cause.clone().unwrap_or_else(|| Reason::Killed.report(what));
            reply.is_none_or(|reply| send(reply, Outcome::Failed(report)))
        };
        self.mail.killed.store(true, Ordering::Release);
        let (queued, answers) = self.mail.inbox().close();
        for envelope in queued {
            fail(envelope.reply, envelope.op.noun());
        }
        if let Some(vm) = slot.take() {
            for (what, reply) in vm.state.guard.abandon() {
                fail(Some(reply), what);
            }
            fail(vm.state.reset.take().flatten(), "reset");
            vm.state.end_parked(|what| cause.clone().unwrap_or_else(|| Reason::Killed.report(what)));
            // SAFETY: by contract.
            unsafe { vm.free() };
        }
        if let Some(cause) = cause {
            self.config.host.died(cause);
        }
        drop(answers);
    }
}

fn broken_error(what: String) -> ErrorReport {
    if what.contains("memory was exhausted") {
        return ErrorReport::new("OutOfMemoryError", format!("{what}; the runtime had to be ended"));
    }
    internal_bug(&what)
}

/// The owner's side of a realm on an [`Executor`]. Dropping it kills the realm.
pub struct RealmHandle {
    task: Arc<Task>,
    /// Keeps the workers until the last realm is gone.
    _executor: Arc<Executor>,
}

impl RealmHandle {
    pub(crate) fn new(executor: Arc<Executor>, worker: Arc<Worker>, config: RealmConfig) -> RealmHandle {
        let task = Arc::new_cyclic(|task| {
            let mail = Mail {
                inbox: Mutex::new(Inbox::new(worker.inbox_capacity())),
                killed: AtomicBool::new(false),
                last_call: AtomicU64::new(0),
                pacer: Arc::default(),
                worker,
                task: task.clone(),
            };
            Task {
                mail: Arc::new(mail),
                config: Arc::new(config),
                schedule: AtomicU8::new(IDLE),
                run: UnsafeCell::default(),
                vm: UnsafeCell::new(None),
            }
        });
        task.wake();
        RealmHandle { task, _executor: executor }
    }

    /// Posts an op; its reply gets exactly one outcome.
    ///
    /// # Errors
    /// If the op was not taken; the reply is dropped then.
    pub fn submit(&self, op: Op, reply: Box<dyn Reply>, options: SubmitOptions) -> Result<(), SubmitError> {
        let due = options.timeout.and_then(|timeout| Some(Due { at: Instant::now().checked_add(timeout)?, timeout }));
        self.task.mail.post(Envelope { op, reply: Some(reply), due, parent: options.parent })
    }

    /// Posts an op that nobody waits for.
    ///
    /// # Errors
    /// If the op was not taken.
    pub fn cast(&self, op: Op) -> Result<(), SubmitError> {
        self.task.mail.post(Envelope { op, reply: None, due: None, parent: None })
    }

    /// Answers a call that the realm made; answers to calls that are gone are dropped.
    pub fn resolve(&self, id: CallId, answer: Answer) {
        self.task.mail.resolve(id, answer);
    }

    /// Ends the realm, whatever it is doing. Returns at once.
    pub fn kill(&self) {
        self.task.mail.killed.store(true, Ordering::Release);
        self.task.mail.pacer.poke();
        self.task.wake();
    }
}

impl Drop for RealmHandle {
    fn drop(&mut self) {
        self.kill();
    }
}
