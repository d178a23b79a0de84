//! Pending jobs (promise reactions and their like), sorted by realm.
//!
//! The engine has one queue for all realms of an isolate. A job stays there until somebody asks for jobs; then each
//! goes to the end of its own realm's queue, once. So a realm's jobs run in their order, in no other realm's time, and
//! however many another realm has enqueued. Jobs of a freed realm are dropped.
//!
//! Each has a *continuation tag*: the one that was set when its promise reaction was made (by `then` or `await`), not when the promise was
//! settled; for other jobs, when they were enqueued. So it tells on whose behalf a job goes on.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::isolate::{Inner, Isolate};
use crate::layout::Job;
use crate::list::Link;
use crate::realm::RealmSlot;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;
use std::ptr;

impl Value<'_> {
    /// Has a function called without arguments, as a job of the running realm's: after those that wait already.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn call_as_job(&self) -> Result<()> {
        let ctx = self.ctx();
        // SAFETY: live values; the engine takes a reference of its own.
        ctx.check_int(unsafe { qjs::JS_EnqueueJob(ctx.raw(), Some(call), 1, &mut self.raw()) }).map(drop)
    }
}

impl Ctx<'_> {
    /// Whether jobs (promise reactions) of this realm wait.
    pub fn has_jobs(self) -> bool {
        self.inner().has_jobs(self.slot())
    }

    /// This realm's next job. `None` if none waits.
    pub fn next_job(self) -> Option<NextJob> {
        let job = self.inner().next_job(self.slot(), self.raw())?;
        // SAFETY: jobs in lists are live.
        Some(unsafe { NextJob::of(job) })
    }

    /// Runs this realm's next job (a promise reaction). `None` if none waits.
    pub fn run_job(self) -> Option<Result<()>> {
        let inner = self.inner();
        let job = inner.next_job(self.slot(), self.raw())?;
        if let Err(thrown) = self.check_import(job) {
            // SAFETY: a live job in a list.
            unsafe { inner.drop_job(job) };
            return Some(Err(thrown));
        }
        inner.present_job(self.slot(), job);
        let mut job_ctx = ptr::null_mut();
        // SAFETY: the runtime is live and entered by this thread; the job is this realm's.
        match unsafe { qjs::JS_ExecutePendingJob(inner.rt, &mut job_ctx) } {
            0 => None,
            status if status > 0 => Some(Ok(())),
            _ => Some(Err(Thrown)),
        }
    }

    /// Frees this realm's next job without running it: as if it had been ended at its first step.
    pub fn drop_job(self) {
        let inner = self.inner();
        if let Some(job) = inner.next_job(self.slot(), self.raw()) {
            // SAFETY: a live job in a list.
            unsafe { inner.drop_job(job) };
        }
    }

    /// Sets the continuation tag of promise reactions and jobs that are made from now on, 0 at first; the one before. It stays with the stack
    /// that sets it.
    pub fn set_continuation(self, tag: u64) -> u64 {
        self.inner().set_continuation(tag)
    }

    /// The number of the next job that is enqueued.
    pub fn next_job_number(self) -> JobNumber {
        self.inner().next_job_number()
    }

    /// The continuation tag that is set.
    pub fn continuation(self) -> u64 {
        // SAFETY: the runtime is live.
        unsafe { (*qjs::JS_GetContinuation(self.inner().rt)).tag }
    }
}

/// A job that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextJob {
    /// Its [continuation tag](Ctx::set_continuation).
    pub continuation: u64,
    number: JobNumber,
}

impl NextJob {
    /// SAFETY: the job is live.
    unsafe fn of(job: *mut Job) -> NextJob {
        // SAFETY: by contract.
        unsafe { NextJob { continuation: (*job).continuation, number: (*job).number } }
    }

    /// Whether it was enqueued before the job of that number.
    pub fn is_before(&self, number: JobNumber) -> bool {
        (self.number.wrapping_sub(number) as i32) < 0
    }
}

/// Numbers the jobs of an isolate in the order in which they are enqueued. They start anew after 2^32, so only those can be compared of
/// which less than half as many lie between.
pub type JobNumber = u32;

impl Isolate {
    /// The next job of the realm that runs.
    pub fn next_job(&self) -> Option<NextJob> {
        // SAFETY: the realm entered now is live.
        let slot = unsafe { self.inner.entered.get().as_ref() }?;
        let job = self.inner.next_job(slot, slot.ctx.as_ptr())?;
        // SAFETY: jobs in lists are live.
        Some(unsafe { NextJob::of(job) })
    }

    /// The number of the next job that is enqueued.
    pub fn next_job_number(&self) -> JobNumber {
        self.inner.next_job_number()
    }
}

/// SAFETY: called by the engine with the job's one argument.
unsafe extern "C" fn call(ctx: *mut qjs::JSContext, _argc: c_int, argv: *mut qjs::JSValue) -> qjs::JSValue {
    // SAFETY: by contract.
    unsafe { qjs::JS_Call(ctx, *argv, qjs::JS_UNDEFINED, 0, ptr::null_mut()) }
}

impl Inner {
    /// The engine's own queue.
    fn arrivals(&self) -> *mut Link {
        // SAFETY: the runtime is live as long as `self`.
        unsafe { self.layout.jobs(self.rt) }
    }

    /// The first job of the engine's queue.
    pub(crate) fn first_arrival(&self) -> Option<*mut Job> {
        let head = self.arrivals();
        // SAFETY: the head of a list whose jobs are live.
        let first = unsafe { Link::next(head) };
        (first != head).then_some(first.cast())
    }

    /// Gives every job that the engine has enqueued to its realm.
    fn sort_jobs(&self) {
        while let Some(job) = self.first_arrival() {
            // SAFETY: a live job in the engine's list. Its context is live: one goes only in a sweep, which takes its
            // jobs along.
            unsafe {
                let slot = RealmSlot::of((*job).ctx);
                match slot.filter(|slot| !slot.is_freed.get()) {
                    Some(slot) => {
                        Link::unlink(&raw mut (*job).link);
                        Link::push(slot.jobs.head(), &raw mut (*job).link);
                    }
                    None => self.drop_job(job),
                }
            }
        }
    }

    pub(crate) fn has_jobs(&self, slot: &RealmSlot) -> bool {
        if !slot.jobs.is_empty() {
            return true;
        }
        if self.first_arrival().is_none() {
            return false;
        }
        self.sort_jobs();
        !slot.jobs.is_empty()
    }

    /// The next job of a realm, which is in its own queue or first in the engine's.
    fn next_job(&self, slot: &RealmSlot, ctx: *mut qjs::JSContext) -> Option<*mut Job> {
        if slot.jobs.is_empty() {
            let job = self.first_arrival()?;
            // SAFETY: a live job.
            if unsafe { (*job).ctx } == ctx {
                return Some(job);
            }
            self.sort_jobs();
        }
        slot.jobs.first().map(<*mut Link>::cast)
    }

    /// Makes the next job of a realm the one that the engine runs next.
    fn present_job(&self, slot: &RealmSlot, job: *mut Job) {
        if !slot.jobs.is_empty() {
            self.sort_jobs();
            // SAFETY: a job in a list goes to another list, which is empty.
            unsafe {
                Link::unlink(job.cast());
                Link::push(self.arrivals(), job.cast());
            }
        }
    }

    fn next_job_number(&self) -> JobNumber {
        // SAFETY: the runtime is live.
        unsafe { (*qjs::JS_GetContinuation(self.rt)).next_job }
    }

    pub(crate) fn set_continuation(&self, tag: u64) -> u64 {
        // SAFETY: the runtime is live, and its mark is a plain number.
        unsafe { std::mem::replace(&mut (*qjs::JS_GetContinuation(self.rt)).tag, tag) }
    }

    /// Frees the jobs of a realm without running them.
    pub(crate) fn drop_jobs(&self, slot: &RealmSlot) {
        self.sort_jobs();
        while let Some(job) = slot.jobs.first() {
            // SAFETY: the realm's list holds live jobs.
            unsafe { self.drop_job(job.cast()) };
        }
    }

    /// Frees the jobs that a context left behind when it was itself freed.
    pub(crate) fn drop_jobs_of_freed(&self, is_freed: impl Fn(*mut qjs::JSContext) -> bool) {
        let head = self.arrivals();
        // SAFETY: a list of live jobs. Dropping one runs no JavaScript and enqueues at most finalisation callbacks, at the end.
        unsafe {
            let mut link = Link::next(head);
            while link != head {
                let next = Link::next(link);
                if is_freed((*link.cast::<Job>()).ctx) {
                    self.drop_job(link.cast());
                }
                link = next;
            }
        }
    }

    /// SAFETY: `job` is live and in a list.
    unsafe fn drop_job(&self, job: *mut Job) {
        // SAFETY: by contract; the arguments are owned by the job, which the engine made with its allocator.
        unsafe {
            Link::unlink(&raw mut (*job).link);
            for &value in Job::args(job) {
                qjs::JS_FreeValueRT(self.rt, value);
            }
            qjs::js_free_rt(self.rt, job.cast());
        }
    }
}
