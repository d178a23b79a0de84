//! Pending jobs (promise reactions and their like), sorted by realm.
//!
//! The engine has one queue for all realms of an isolate. A job stays there until somebody asks for jobs; then each
//! goes to the end of its own realm's queue, once. So a realm's jobs run in their order, in no other realm's time, and
//! however many another realm has enqueued. Jobs of a freed realm are dropped.

use crate::error::Result;
use crate::isolate::Inner;
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

    /// Makes the next job of a realm the one that the engine runs next; false if it has none.
    pub(crate) fn present_job(&self, slot: &RealmSlot, ctx: *mut qjs::JSContext) -> bool {
        if slot.jobs.is_empty() {
            match self.first_arrival() {
                None => return false,
                // SAFETY: a live job.
                Some(job) if unsafe { (*job).ctx } == ctx => return true,
                Some(_) => {}
            }
        }
        self.sort_jobs();
        let Some(job) = slot.jobs.first() else { return false };
        // SAFETY: a job in a list goes to another list.
        unsafe {
            Link::unlink(job);
            Link::push(self.arrivals(), job);
        }
        true
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
