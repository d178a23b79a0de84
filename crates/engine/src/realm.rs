//! Realms: making them, and freeing them one by one.
//!
//! A freed realm can never run again from the moment it is freed: its jobs, its kept values, the embedder's data and the values
//! behind its host objects go at once. Its objects go with the engine's cycle collector, in a *sweep* (`collect.rs`), and only there:
//! until then the isolate holds a reference to the context. The reason is that the engine frees the definitions of a
//! context's modules with it, although functions of a module that waits for something still refer to them
//! and touch their counts when they go in their turn. During a sweep freed memory stays readable
//! ([`Heap::in_quarantine`](crate::Heap)), so whatever the order, nothing is touched that is gone. A realm that something
//! still refers to after several sweeps is left alone until its isolate goes.

use crate::builtins::{self, Extension};
use crate::collect::Holdings;
use crate::constructor::Template;
use crate::ctx::Ctx;
use crate::deferred::StandIn;
use crate::heap::{Heap, HeapStats};
use crate::host_object;
use crate::interrupt::Interrupt;
use crate::intrinsics::{self, Intrinsics};
use crate::isolate::{Inner, Isolate, IsolateError};
use crate::list::List;
use crate::module::ModuleLoader;
use crate::persistent::{KeptValues, Persistent};
use crate::primordials::{self, Primordials};
use crate::promise::Rejections;
use crate::room;
use rquickjs::qjs;
use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A set of globals within an isolate; freed by [`Isolate::free_realm`] or with the isolate.
pub struct Realm {
    pub(crate) slot: NonNull<RealmSlot>,
}

// SAFETY: a realm is only used together with its isolate, which one thread has at a time.
unsafe impl Send for Realm {}

/// What became of a realm that was freed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the stack of a fiber inside a kept realm must stay mapped"]
pub enum RealmEnd {
    /// Its memory comes back, at once or with a later sweep.
    Freed,
    /// A stack is suspended inside it. It can never run again, but its memory, and that stack, must stay until the isolate
    /// is dropped: its closures may refer to variables on the stack.
    Kept,
}

/// Per-realm state that callbacks reach through the context's opaque pointer.
pub(crate) struct RealmSlot {
    pub(crate) ctx: NonNull<qjs::JSContext>,
    /// Unique in the process.
    pub(crate) id: u64,
    pub(crate) is_freed: Cell<bool>,
    /// Entries that have not ended, on any stack.
    pub(crate) entries: Cell<u32>,
    pub(crate) holdings: Holdings,
    /// What it took to make the realm, in bytes.
    pub(crate) made_of: Cell<usize>,
    /// Its account with the heap; 0 if it has none.
    pub(crate) account: Cell<u32>,
    pub(crate) jobs: List,
    pub(crate) externals: List,
    pub(crate) values: KeptValues,
    pub(crate) interrupt: RefCell<Option<Rc<dyn Interrupt>>>,
    pub(crate) data: RefCell<Option<Rc<dyn Any>>>,
    pub(crate) loader: RefCell<Option<Rc<dyn ModuleLoader>>>,
    pub(crate) rejections: RefCell<Rejections>,
    /// What the embedder keeps for the realm's lifetime, by name.
    pub(crate) kept: RefCell<Vec<(Cow<'static, str>, Persistent)>>,
    /// What scripts have of deferred globals.
    pub(crate) stand_ins: RefCell<Vec<StandIn>>,
    pub(crate) templates: RefCell<Vec<Template>>,
    pub(crate) intrinsics: Intrinsics,
    pub(crate) primordials: Primordials,
    /// What the embedder adds to builtins that the realm has not got yet.
    pub(crate) extensions: RefCell<Vec<Extension>>,
}

impl RealmSlot {
    /// Makes the slot of a fresh context, in place for good.
    fn attach(ctx: NonNull<qjs::JSContext>) -> NonNull<RealmSlot> {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        let slot = Box::leak(Box::new(RealmSlot {
            ctx,
            id: LAST_ID.fetch_add(1, Ordering::Relaxed),
            is_freed: Cell::new(false),
            entries: Cell::new(0),
            holdings: Holdings::new(),
            made_of: Cell::new(0),
            account: Cell::new(0),
            jobs: List::new(),
            externals: List::new(),
            values: KeptValues::default(),
            interrupt: RefCell::new(None),
            data: RefCell::new(None),
            loader: RefCell::new(None),
            rejections: RefCell::default(),
            kept: RefCell::new(Vec::new()),
            stand_ins: RefCell::default(),
            templates: RefCell::default(),
            intrinsics: Intrinsics::default(),
            primordials: Primordials::default(),
            extensions: RefCell::default(),
        }));
        slot.jobs.init();
        slot.externals.init();
        slot.holdings.init();
        let slot = NonNull::from(slot);
        // SAFETY: a live context; the slot is freed after it, or with the isolate.
        unsafe { qjs::JS_SetContextOpaque(ctx.as_ptr(), slot.as_ptr().cast()) };
        slot
    }

    /// SAFETY: `ctx` is live, and so is its slot for `'a`.
    pub(crate) unsafe fn of<'a>(ctx: *mut qjs::JSContext) -> Option<&'a RealmSlot> {
        // SAFETY: by contract; only `attach` sets the opaque.
        unsafe { qjs::JS_GetContextOpaque(ctx).cast::<RealmSlot>().as_ref() }
    }

    /// Lets go of everything that belongs to the embedder. None of its code may run while a cell is borrowed.
    fn release(&self, inner: &Inner) {
        let (data, loader, interrupt) = (self.data.take(), self.loader.take(), self.interrupt.take());
        drop(self.rejections.take());
        self.kept.take().into_iter().for_each(drop);
        self.stand_ins.take().into_iter().for_each(drop);
        self.templates.take().into_iter().for_each(drop);
        inner.drop_guarded((data, loader, interrupt));
    }
}

impl Inner {
    /// The live realm of that id.
    pub(crate) fn live_slot(&self, id: u64) -> Option<&RealmSlot> {
        // SAFETY: listed slots are freed only by sweeps and with the isolate.
        self.slots.borrow().iter().map(|slot| unsafe { slot.as_ref() }).find(|slot| slot.id == id)
    }

    /// Drops something of the embedder's; a panic breaks the isolate.
    pub(crate) fn drop_guarded<T>(&self, value: T) {
        if catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
            self.mark_broken("a panic while something of a realm was freed");
        }
    }

    /// Drops the exception that nobody took, on behalf of a live context.
    pub(crate) fn drop_exception(&self, slot: &RealmSlot) {
        // SAFETY: a live context of this runtime; the exception is owned.
        unsafe {
            if qjs::JS_HasException(slot.ctx.as_ptr()) {
                qjs::JS_FreeValueRT(self.rt, qjs::JS_GetException(slot.ctx.as_ptr()));
            }
        }
    }

    fn no_room(&self) -> IsolateError {
        let HeapStats { used, limit, .. } = self.heap.stats();
        IsolateError::MemoryLimitTooSmall { needed: used, limit }
    }

    /// Frees the slots of all realms, with what the embedder has behind them. The engine is not asked.
    pub(crate) fn drop_slots(&self) {
        for list in [&self.slots, &self.waiting, &self.leftover] {
            for slot in list.take() {
                // SAFETY: leaked by `attach`, in one list once; nothing of the isolate runs any more.
                let slot = unsafe { Box::from_raw(slot.as_ptr()) };
                slot.release(self);
                // SAFETY: no finaliser runs any more.
                unsafe { host_object::drop_all(self, &slot.externals) };
            }
        }
        // SAFETY: as above.
        unsafe { host_object::drop_all(self, &self.orphans) };
    }
}

impl Isolate {
    /// Makes a realm with all builtins of the language. An isolate may have any number of them: they share the
    /// heap and nothing that a script could reach.
    ///
    /// # Errors
    /// See [`IsolateError`].
    pub fn new_realm(&self) -> Result<Realm, IsolateError> {
        /// What a further realm takes, and a little.
        const ROOM: usize = 48 << 10;
        let inner = &*self.inner;
        Heap::make_room(ROOM);
        let before = inner.heap.stats().used;
        // The objects of a context are its own.
        inner.put_away();
        // SAFETY: this thread has the isolate exclusively; unless a stack is active, this one is.
        let raw = unsafe {
            if inner.depth.get() == 0 {
                inner.begin_stack();
            }
            builtins::new_context(inner.rt)
        };
        let Some(ctx) = NonNull::new(raw) else {
            inner.come_back();
            return Err(inner.no_room());
        };
        let slot = RealmSlot::attach(ctx);
        inner.slots.borrow_mut().push(slot);
        // SAFETY: the slot lives at least as long as its realm.
        inner.adopt_objects(unsafe { slot.as_ref() });
        let realm = Realm { slot };
        let prepared = self.enter(&realm, prepare);
        if !prepared || inner.heap.is_over() {
            let error = inner.no_room();
            let _ = self.free_realm(realm);
            return Err(error);
        }
        // SAFETY: the slot lives at least as long as its realm.
        unsafe { slot.as_ref() }.made_of.set(inner.heap.stats().used.saturating_sub(before));
        Ok(realm)
    }

    /// Frees a realm, whatever state its scripts left it in. From now on nothing of it runs: its jobs are
    /// dropped, the [`Persistent`]s of it that the embedder still has stand for `undefined`, its data, its module loader and
    /// the values behind its host objects are dropped, and its memory comes back. Other realms notice nothing. If something still
    /// refers to it, its memory comes back with a later [sweep](Isolate::sweep).
    ///
    /// A realm that is entered (on this stack, or on a suspended one) is [kept](RealmEnd::Kept). Let its scripts end first.
    pub fn free_realm(&self, realm: Realm) -> RealmEnd {
        let inner = &*self.inner;
        // SAFETY: the slot lives at least as long as its realm.
        let slot = unsafe { realm.slot.as_ref() };
        slot.is_freed.set(true);
        inner.slots.borrow_mut().retain(|&other| other != realm.slot);
        if slot.entries.get() > 0 {
            inner.leftover.borrow_mut().push(realm.slot);
            return RealmEnd::Kept;
        }
        slot.release(inner);
        if inner.depth.get() == 0 {
            inner.drop_exception(slot);
        }
        inner.drop_jobs(slot);
        for value in slot.values.take_all().chain(slot.primordials.take_all()) {
            // SAFETY: values of this runtime, each owned by the table.
            unsafe { qjs::JS_FreeValueRT(inner.rt, value) };
        }
        host_object::orphan_all(inner, &slot.externals);
        inner.sweep_freed(realm.slot);
        RealmEnd::Freed
    }

    /// Collects the garbage of every realm, with all that freed ones left. Returns how many of these are still there because something
    /// refers to them.
    pub fn sweep(&self) -> usize {
        self.inner.sweep()
    }
}

/// Completes the builtins before guest code can change any. False if memory is short.
fn prepare(ctx: Ctx<'_>) -> bool {
    builtins::install(ctx)
        .and_then(|()| room::arrange(ctx))
        .and_then(|()| intrinsics::install(ctx))
        .and_then(|()| primordials::install(ctx))
        .is_ok()
}
