//! Isolates and realms.

use crate::ctx::Ctx;
use crate::function::NativeFn;
use crate::heap::{Heap, HeapStats};
use crate::host_object::{self, Externals};
use crate::interrupt::{self, Interrupt, Pacer, STEPS_PER_POLL};
use crate::intrinsics::Intrinsics;
use crate::module::{self, ModuleLoader};
use crate::promise;
use crate::value::Persistent;
use rquickjs::qjs;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;

/// Limits of an isolate.
#[derive(Debug, Clone, Copy)]
pub struct IsolateOptions {
    /// Bytes its heap may hold; `usize::MAX` for no limit.
    pub memory_limit: usize,
    /// Bytes of stack that scripts may use.
    pub max_stack_size: usize,
}

impl Default for IsolateOptions {
    /// 256 MB of heap and 512 KB of stack.
    fn default() -> Self {
        IsolateOptions { memory_limit: 256 << 20, max_stack_size: 512 << 10 }
    }
}

/// Why an isolate or a realm could not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IsolateError {
    /// The memory limit leaves no room for a realm.
    MemoryLimitTooSmall {
        /// Bytes needed.
        needed: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The system has no memory left.
    OutOfMemory,
    /// This build of the engine hides its interrupt counter.
    UnknownEngine,
}

impl fmt::Display for IsolateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IsolateError::MemoryLimitTooSmall { needed, limit } => {
                write!(f, "a memory limit of {limit} bytes is too small: an empty realm needs {needed} bytes")
            }
            IsolateError::OutOfMemory => f.write_str("the system is out of memory"),
            IsolateError::UnknownEngine => f.write_str(
                "internal error: the interrupt counter of this quickjs-ng build was not found; please report this",
            ),
        }
    }
}

impl std::error::Error for IsolateError {}

/// What one isolate's native code shares; reached from callbacks through the runtime's opaque pointer.
pub(crate) struct Inner {
    pub(crate) rt: *mut qjs::JSRuntime,
    pub(crate) heap: Box<Heap>,
    pub(crate) pacer: RefCell<Arc<Pacer>>,
    pub(crate) interrupt: RefCell<Option<Rc<dyn Interrupt>>>,
    /// The interrupt counter of the realm entered now; null outside.
    counter: Cell<*mut i32>,
    /// What the counter was last set to.
    pub(crate) countdown: Cell<i32>,
    counter_offset: usize,
    broken: RefCell<Option<String>>,
    pub(crate) externals: Externals,
    slots: RefCell<Vec<NonNull<RealmSlot>>>,
    depth: Cell<u32>,
    /// Address below which native recursion must not go; 0 until first entered.
    stack_limit: Cell<usize>,
    max_stack_size: usize,
}

impl Inner {
    /// SAFETY: `rt` is a runtime made by `Isolate::new` that has not been dropped.
    pub(crate) unsafe fn of<'a>(rt: *mut qjs::JSRuntime) -> &'a Inner {
        // SAFETY: `Isolate::new` sets the opaque before anything else can run.
        unsafe { &*qjs::JS_GetRuntimeOpaque(rt).cast::<Inner>() }
    }

    pub(crate) fn mark_broken(&self, what: &str) {
        self.broken.borrow_mut().get_or_insert_with(|| what.to_owned());
    }

    pub(crate) fn is_broken(&self) -> Option<String> {
        self.broken.borrow().clone()
    }

    pub(crate) fn set_countdown(&self, steps: u32) {
        let steps = steps.clamp(1, STEPS_PER_POLL as u32) as i32;
        self.countdown.set(steps);
        let counter = self.counter.get();
        if !counter.is_null() {
            // SAFETY: non-null only while its context is entered.
            unsafe {
                if counter.read() <= 1 {
                    // What a poke cut off the old countdown must not be taken off the new one.
                    self.pacer.borrow().take_left();
                }
                counter.write(steps);
            }
        }
    }

    pub(crate) fn steps_since_poll(&self) -> u32 {
        let counter = self.counter.get();
        if counter.is_null() {
            return 0;
        }
        // SAFETY: as in `set_countdown`.
        let left = match unsafe { counter.read() } {
            left if left <= 1 => left.max(self.pacer.borrow().left()),
            left => left,
        };
        (self.countdown.get() - left).max(0) as u32
    }

    pub(crate) fn stack_left(&self) -> usize {
        let here = 0u8;
        (&raw const here as usize).saturating_sub(self.stack_limit.get())
    }

    pub(crate) fn census(&self) -> [(&'static str, u64); 12] {
        // SAFETY: a plain struct of integers, filled in by the engine for this live runtime.
        let usage = unsafe {
            let mut usage = std::mem::zeroed::<qjs::JSMemoryUsage>();
            qjs::JS_ComputeMemoryUsage(self.rt, &mut usage);
            usage
        };
        [
            ("malloc_count", usage.malloc_count),
            ("memory_used_size", usage.memory_used_size),
            ("atom_count", usage.atom_count),
            ("atom_size", usage.atom_size),
            ("str_count", usage.str_count),
            ("str_size", usage.str_size),
            ("obj_count", usage.obj_count),
            ("obj_size", usage.obj_size),
            ("prop_count", usage.prop_count),
            ("shape_count", usage.shape_count),
            ("js_func_count", usage.js_func_count),
            ("array_count", usage.array_count),
        ]
        .map(|(name, value)| (name, u64::try_from(value).unwrap_or(0)))
    }

    /// Collects garbage and tells whether the heap is over its limit all the same.
    pub(crate) fn still_over_limit(&self) -> bool {
        // SAFETY: polls happen where the engine may allocate, and so may collect.
        unsafe { qjs::JS_RunGC(self.rt) };
        if !self.heap.is_over() {
            self.heap.clear_over_limit();
        }
        self.heap.is_over()
    }

    pub(crate) fn exhausted(&self) {
        self.mark_broken("memory was exhausted inside a builtin");
        let interrupt = self.interrupt.try_borrow().ok().and_then(|slot| slot.as_ref().map(Rc::as_ptr));
        if let Some(interrupt) = interrupt {
            // SAFETY: the slot keeps the interrupt alive; it is replaced only by the embedder, which
            // is this call. No guard or count is held, so that never returning leaks nothing.
            unsafe { (*interrupt).exhausted() };
        }
    }
}

/// One JavaScript heap with its garbage collector, jobs and realms. Used by one thread at a time; it
/// may move between threads while no realm of it is entered.
pub struct Isolate {
    inner: Box<Inner>,
}

// SAFETY: an isolate owns everything it points to (its heap, interrupt and externals are reachable
// from nowhere else), so whoever holds it exclusively may move it to another thread.
unsafe impl Send for Isolate {}

/// A set of globals within an isolate; freed with it.
pub struct Realm {
    pub(crate) ctx: NonNull<qjs::JSContext>,
}

// SAFETY: as for `Isolate`; a realm is only used together with its isolate.
unsafe impl Send for Realm {}

/// Per-realm state that callbacks reach through the context's opaque pointer.
pub(crate) struct RealmSlot {
    pub(crate) rt: *mut qjs::JSRuntime,
    pub(crate) data: RefCell<Option<Rc<dyn Any>>>,
    pub(crate) loader: RefCell<Option<Rc<dyn ModuleLoader>>>,
    pub(crate) rejections: RefCell<Vec<(Persistent, Persistent)>>,
    /// What the embedder keeps for the realm's lifetime, by name.
    pub(crate) kept: RefCell<Vec<(&'static str, Persistent)>>,
    pub(crate) intrinsics: Intrinsics,
}

impl Isolate {
    /// Makes an empty isolate.
    ///
    /// # Errors
    /// See [`IsolateError`].
    pub fn new(options: IsolateOptions) -> Result<Isolate, IsolateError> {
        let counter_offset = interrupt::counter_offset().ok_or(IsolateError::UnknownEngine)?;
        let heap = Heap::new(options.memory_limit);
        let functions = Heap::functions();
        // SAFETY: the heap is boxed, so its address holds until the runtime is gone with it.
        let rt = unsafe { qjs::JS_NewRuntime2(&functions, (&raw const *heap).cast_mut().cast()) };
        if rt.is_null() {
            return Err(IsolateError::OutOfMemory);
        }
        let inner = Box::new(Inner {
            rt,
            heap,
            pacer: RefCell::default(),
            interrupt: RefCell::new(None),
            counter: Cell::new(ptr::null_mut()),
            countdown: Cell::new(STEPS_PER_POLL),
            counter_offset,
            broken: RefCell::new(None),
            externals: Externals::default(),
            slots: RefCell::default(),
            depth: Cell::new(0),
            stack_limit: Cell::new(0),
            max_stack_size: options.max_stack_size,
        });
        let opaque: *const Inner = &raw const *inner;
        inner.heap.set_owner(opaque);
        // SAFETY: `rt` is live and `opaque` outlives it: both go in `Drop`.
        unsafe {
            qjs::JS_SetRuntimeOpaque(rt, opaque.cast_mut().cast());
            qjs::JS_SetMaxStackSize(rt, options.max_stack_size as _);
            qjs::JS_SetInterruptHandler(rt, Some(interrupt::on_poll), opaque.cast_mut().cast());
            qjs::JS_SetHostPromiseRejectionTracker(rt, Some(promise::on_rejection), ptr::null_mut());
            module::install(rt);
            host_object::install(&inner);
        }
        Ok(Isolate { inner })
    }

    /// Makes a realm with all builtins of the language.
    ///
    /// # Errors
    /// See [`IsolateError`].
    pub fn new_realm(&mut self) -> Result<Realm, IsolateError> {
        // SAFETY: this thread has the isolate exclusively; its stack is the one used from here on.
        let raw = unsafe {
            qjs::JS_UpdateStackTop(self.inner.rt);
            qjs::JS_NewContext(self.inner.rt)
        };
        let Some(ctx) = NonNull::new(raw) else {
            return Err(self.no_room());
        };
        let realm = Realm { ctx };
        // The engine itself gives this class to the first realm of an isolate only.
        let is_first = self.enter(&realm, |ctx| ctx.globals().has("DOMException"));
        // SAFETY: a live context that nobody else uses.
        if is_first != Ok(true) && unsafe { qjs::JS_AddIntrinsicDOMException(raw) } < 0 {
            return Err(self.no_room());
        }
        let slot = self.enter(&realm, |ctx| ctx.realm_slot());
        let Ok(slot) = slot else {
            return Err(self.no_room());
        };
        let slot = NonNull::from(Box::leak(Box::new(slot)));
        self.inner.slots.borrow_mut().push(slot);
        // SAFETY: the slot is freed with the isolate.
        unsafe { qjs::JS_SetContextOpaque(raw, slot.as_ptr().cast()) };
        if self.inner.heap.is_over() {
            return Err(self.no_room());
        }
        Ok(realm)
    }

    fn no_room(&self) -> IsolateError {
        let HeapStats { used, limit, .. } = self.inner.heap.stats();
        IsolateError::MemoryLimitTooSmall { needed: used, limit }
    }

    /// Runs `f` inside a realm. Entering from within a native function is allowed; the outermost entry
    /// decides where the stack begins.
    pub fn enter<R>(&self, realm: &Realm, f: impl for<'a> FnOnce(Ctx<'a>) -> R) -> R {
        let inner = &*self.inner;
        if inner.depth.get() == 0 {
            let here = 0u8;
            inner.stack_limit.set((&raw const here as usize).saturating_sub(inner.max_stack_size));
            // SAFETY: the runtime is live and only this thread uses it.
            unsafe { qjs::JS_UpdateStackTop(inner.rt) };
        }
        let _entered = Entered::new(inner, realm);
        // SAFETY: the context is live while the realm is borrowed, and this thread uses it exclusively.
        f(unsafe { Ctx::from_raw(realm.ctx) })
    }

    /// Sets what polls decide; `None` lets scripts run without end.
    pub fn set_interrupt(&self, interrupt: Option<Rc<dyn Interrupt>>) {
        *self.inner.interrupt.borrow_mut() = interrupt;
    }

    /// Polls again after `steps` steps (1 to 10,000) of the realm entered now.
    pub fn set_countdown(&self, steps: u32) {
        self.inner.set_countdown(steps);
    }

    /// Steps since the last poll of the realm entered now.
    pub fn steps_since_poll(&self) -> u32 {
        self.inner.steps_since_poll()
    }

    /// Names what lets other threads ask this isolate to poll; set it while no realm is entered.
    pub fn set_pacer(&self, pacer: Arc<Pacer>) {
        *self.inner.pacer.borrow_mut() = pacer;
    }

    /// The isolate's memory.
    pub fn heap(&self) -> &Heap {
        &self.inner.heap
    }

    /// Why this isolate must not be used any more (a panic in native code), if so.
    pub fn is_broken(&self) -> Option<String> {
        self.inner.is_broken()
    }

    /// Collects garbage.
    pub fn collect_garbage(&self) {
        // SAFETY: the runtime is live and only this thread uses it.
        unsafe { qjs::JS_RunGC(self.inner.rt) };
    }

    /// The engine's own census of the heap, by name; walks the whole heap.
    pub fn census(&self) -> [(&'static str, u64); 12] {
        self.inner.census()
    }

    /// Whether jobs (promise reactions) wait.
    pub fn has_jobs(&self) -> bool {
        // SAFETY: as above.
        unsafe { qjs::JS_IsJobPending(self.inner.rt) }
    }
}

impl Drop for Isolate {
    /// Frees the heap whole: no finaliser runs, no guest code, whatever state it was left in.
    fn drop(&mut self) {
        self.inner.pacer.borrow().publish(ptr::null_mut());
        self.inner.heap.poke_on_over_limit(None);
        self.inner.heap.set_owner(ptr::null());
        for slot in self.inner.slots.take() {
            // SAFETY: leaked by `new_realm`, and freed only here.
            drop(unsafe { Box::from_raw(slot.as_ptr()) });
        }
    }
}

/// Marks a realm as entered until dropped.
struct Entered<'i> {
    inner: &'i Inner,
    outer_counter: *mut i32,
}

impl<'i> Entered<'i> {
    fn new(inner: &'i Inner, realm: &Realm) -> Self {
        let outer_counter = inner.counter.get();
        // SAFETY: the offset lies within a context (see `counter_offset`).
        let counter = unsafe { realm.ctx.as_ptr().cast::<u8>().add(inner.counter_offset).cast::<i32>() };
        inner.depth.set(inner.depth.get() + 1);
        if counter != outer_counter {
            Self::publish(inner, counter);
            inner.set_countdown(STEPS_PER_POLL as u32);
        }
        Entered { inner, outer_counter }
    }

    fn publish(inner: &Inner, counter: *mut i32) {
        inner.counter.set(counter);
        inner.pacer.borrow().publish(counter);
        inner.heap.poke_on_over_limit(NonNull::new(counter).map(NonNull::as_ptr));
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.inner.depth.set(self.inner.depth.get() - 1);
        if self.inner.counter.get() != self.outer_counter {
            Self::publish(self.inner, self.outer_counter);
        }
    }
}

/// Asserts at compile time that a native function carries no state.
pub(crate) const fn assert_stateless<F: NativeFn>() {
    assert!(size_of::<F>() == 0, "a native function must not capture anything");
}
