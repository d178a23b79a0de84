//! Isolates and realms.

use crate::ctx::Ctx;
use crate::deferred;
use crate::function::NativeFn;
use crate::heap::Heap;
use crate::host_object;
use crate::interrupt::{self, Interrupt, Pacer};
use crate::layout::{Layout, STEPS_PER_POLL};
use crate::lazy;
use crate::list::List;
use crate::module;
use crate::promise;
use crate::realm::{Realm, RealmSlot};
use crate::shortage::Shortage;
use crate::stack::Entered;
use rquickjs::qjs;
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
    /// This build of the engine hides something that it must show.
    UnknownEngine,
}

impl fmt::Display for IsolateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IsolateError::MemoryLimitTooSmall { needed, limit } => {
                write!(f, "a memory limit of {limit} bytes is too small: an empty realm needs {needed} bytes")
            }
            IsolateError::OutOfMemory => f.write_str("the system is out of memory"),
            IsolateError::UnknownEngine => {
                f.write_str("internal error: this quickjs-ng build is not laid out as expected; please report this")
            }
        }
    }
}

impl std::error::Error for IsolateError {}

/// What one isolate's native code shares; reached from callbacks through the runtime's opaque pointer.
pub(crate) struct Inner {
    pub(crate) rt: *mut qjs::JSRuntime,
    pub(crate) heap: Box<Heap>,
    pub(crate) pacer: RefCell<Arc<Pacer>>,
    /// What polls in realms decide that have no interrupt of their own.
    default_interrupt: RefCell<Option<Rc<dyn Interrupt>>>,
    pub(crate) layout: &'static Layout,
    /// The realm entered now; null outside.
    pub(crate) entered: Cell<*const RealmSlot>,
    /// The realm whose objects the collector looks at; null for nobody's.
    pub(crate) present: Cell<*const RealmSlot>,
    /// The realm that was entered last from outside.
    pub(crate) last_entered: Cell<u64>,
    /// Its interrupt counter; null outside.
    counter: Cell<*mut i32>,
    /// What the counter was last set to.
    pub(crate) countdown: Cell<i32>,
    broken: RefCell<Option<String>>,
    pub(crate) host_class: Cell<qjs::JSClassID>,
    pub(crate) exotic_class: Cell<qjs::JSClassID>,
    /// Of the accessors of lazy globals: of the embedder's, of late builtins, of deferred globals.
    pub(crate) lazy_class: Cell<qjs::JSClassID>,
    pub(crate) late_class: Cell<qjs::JSClassID>,
    pub(crate) touch_class: Cell<qjs::JSClassID>,
    pub(crate) deferred_class: Cell<qjs::JSClassID>,
    pub(crate) deferred_namespace: Cell<qjs::JSClassID>,
    /// Host objects of freed realms.
    pub(crate) orphans: List,
    /// Live realms.
    pub(crate) slots: RefCell<Vec<NonNull<RealmSlot>>>,
    /// Freed realms that the next sweep collects.
    pub(crate) waiting: RefCell<Vec<NonNull<RealmSlot>>>,
    /// Freed realms that stay until the isolate goes.
    pub(crate) leftover: RefCell<Vec<NonNull<RealmSlot>>>,
    /// Entries on the active stack that have not ended.
    pub(crate) depth: Cell<u32>,
    /// Address below which native recursion must not go; 0 until first entered.
    pub(crate) stack_limit: Cell<usize>,
    pub(crate) max_stack_size: Cell<usize>,
    is_finalising: Cell<bool>,
    pub(crate) shortage: Shortage,
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

    /// What decides at the polls of the realm entered now.
    pub(crate) fn interrupt(&self) -> Option<Rc<dyn Interrupt>> {
        // SAFETY: the realm entered now is live.
        let own = unsafe { self.entered.get().as_ref() }.and_then(|slot| slot.interrupt.borrow().clone());
        own.or_else(|| self.default_interrupt.borrow().clone())
    }

    /// Makes a realm (or none) the one entered now, `left` steps having been cut off its countdown. Returns what a poke
    /// cut off that of the last one.
    pub(crate) fn switch_to(&self, slot: *const RealmSlot, left: i32) -> i32 {
        self.shortage_ends();
        self.entered.set(slot);
        self.follow_account();
        // SAFETY: a realm that is or will be entered is live.
        let slot = unsafe { slot.as_ref() };
        if let Some(slot) = slot {
            self.make_present(slot);
        }
        // SAFETY: as above.
        let counter = slot.map(|slot| unsafe { self.layout.countdown(slot.ctx.as_ptr()) });
        self.counter.set(counter.unwrap_or(ptr::null_mut()));
        self.heap.poke_on_over_limit(counter);
        self.pacer.borrow().publish(self.counter.get(), left)
    }

    pub(crate) fn is_finalising(&self) -> bool {
        self.is_finalising.get()
    }

    /// Runs what a finaliser of the engine runs of the embedder's, which must not come back to the engine.
    pub(crate) fn in_finaliser(&self, f: impl FnOnce()) {
        let outer = self.is_finalising.replace(true);
        f();
        self.is_finalising.set(outer);
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
        // Polls happen where the engine may allocate, and so may collect.
        self.collect_own();
        if self.heap.is_over_as_a_whole() {
            self.sweep();
        }
        if !self.heap.is_over() {
            self.heap.clear_over_limit();
        }
        self.heap.is_over()
    }

    pub(crate) fn exhausted(&self) {
        self.leave_stack("memory was exhausted inside a builtin");
    }

    pub(crate) fn abandoned(&self) {
        self.leave_stack("the script was abandoned");
    }

    fn leave_stack(&self, why: &str) {
        self.mark_broken(why);
        let interrupt = self.interrupt().map(|interrupt| Rc::as_ptr(&interrupt));
        if let Some(interrupt) = interrupt {
            // SAFETY: its slot keeps the interrupt alive; it is replaced only by the embedder, which
            // is this call. No guard or count is held, so that never returning leaks nothing.
            unsafe { (*interrupt).exhausted() };
        }
    }
}

/// One JavaScript heap with its garbage collector, jobs and realms. Used by one thread at a time; it
/// may move between threads, also while stacks of it are suspended ([`Isolate::save_stack`]).
pub struct Isolate {
    pub(crate) inner: Box<Inner>,
}

// SAFETY: an isolate owns everything it points to, so whoever holds it exclusively may move it to another thread. The `Rc`s in it
// (interrupts, data and loaders of realms, values behind host objects) were given away by the embedder, which keeps
// clones of them only where the isolate itself goes: in other parts of the same isolate, and on its fibers' stacks.
unsafe impl Send for Isolate {}

impl Isolate {
    /// Makes an empty isolate.
    ///
    /// # Errors
    /// See [`IsolateError`].
    pub fn new(options: IsolateOptions) -> Result<Isolate, IsolateError> {
        /// What an isolate and its first realm take, and a small script in it.
        const ROOM: usize = 192 << 10;
        let layout = Layout::get().ok_or(IsolateError::UnknownEngine)?;
        Heap::make_room(ROOM);
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
            default_interrupt: RefCell::new(None),
            layout,
            entered: Cell::new(ptr::null()),
            present: Cell::new(ptr::null()),
            last_entered: Cell::new(u64::MAX),
            counter: Cell::new(ptr::null_mut()),
            countdown: Cell::new(STEPS_PER_POLL),
            broken: RefCell::new(None),
            host_class: Cell::new(0),
            exotic_class: Cell::new(0),
            lazy_class: Cell::new(0),
            late_class: Cell::new(0),
            touch_class: Cell::new(0),
            deferred_class: Cell::new(0),
            deferred_namespace: Cell::new(0),
            orphans: List::new(),
            slots: RefCell::default(),
            waiting: RefCell::default(),
            leftover: RefCell::default(),
            depth: Cell::new(0),
            stack_limit: Cell::new(0),
            max_stack_size: Cell::new(options.max_stack_size),
            is_finalising: Cell::new(false),
            shortage: Shortage::default(),
        });
        inner.orphans.init();
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
            deferred::install(&inner);
            lazy::install(&inner);
        }
        Ok(Isolate { inner })
    }

    /// Gives an isolate in which nothing has run yet other limits.
    ///
    /// # Errors
    /// If it holds more than that already.
    pub fn set_limits(&self, options: IsolateOptions) -> Result<(), IsolateError> {
        let needed = self.inner.heap.stats().used;
        if needed > options.memory_limit {
            return Err(IsolateError::MemoryLimitTooSmall { needed, limit: options.memory_limit });
        }
        self.inner.heap.set_limit(options.memory_limit);
        self.inner.max_stack_size.set(options.max_stack_size);
        Ok(())
    }

    /// Runs `f` inside a realm. Entering from within a native function is allowed; the outermost entry
    /// decides where the stack begins.
    pub fn enter<R>(&self, realm: &Realm, f: impl for<'a> FnOnce(Ctx<'a>) -> R) -> R {
        let inner = &*self.inner;
        assert!(!inner.is_finalising.get(), "a realm was entered while a host object was being freed");
        if inner.depth.get() == 0 {
            // SAFETY: the runtime is live and only this thread uses it.
            unsafe { inner.begin_stack() };
        }
        // SAFETY: the slot lives at least as long as its realm.
        let slot = unsafe { realm.slot.as_ref() };
        let _entered = Entered::new(inner, slot);
        // SAFETY: the context is live while the realm is borrowed, and this thread uses it exclusively.
        f(unsafe { Ctx::from_raw(slot.ctx) })
    }

    /// Sets what polls decide in realms without an [interrupt of their own](Ctx::set_interrupt); `None` lets scripts run without
    /// end.
    pub fn set_interrupt(&self, interrupt: Option<Rc<dyn Interrupt>>) {
        *self.inner.default_interrupt.borrow_mut() = interrupt;
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

    /// Collects the garbage of all realms, freed ones included.
    pub fn collect_garbage(&self) {
        self.inner.sweep();
    }

    /// Collects the garbage of the realm that runs, or ran last, as [`Ctx::collect_garbage`] does.
    pub fn collect_present(&self) {
        self.inner.collect_own();
    }

    /// The engine's own census of the heap, by name; where realms share it, of the objects of the one that runs or ran last.
    pub fn census(&self) -> [(&'static str, u64); 12] {
        self.inner.census()
    }

    /// Whether jobs (promise reactions) of any realm wait.
    pub fn has_jobs(&self) -> bool {
        // SAFETY: listed slots are live.
        self.inner.slots.borrow().iter().any(|slot| self.inner.has_jobs(unsafe { slot.as_ref() }))
    }
}

impl Drop for Isolate {
    /// Frees the heap whole: no finaliser runs, no guest code, whatever state it was left in.
    fn drop(&mut self) {
        self.inner.switch_to(ptr::null(), 0);
        self.inner.heap.set_owner(ptr::null());
        self.inner.drop_slots();
    }
}

/// Asserts at compile time that a native function carries no state.
pub(crate) const fn assert_stateless<F: NativeFn>() {
    assert!(size_of::<F>() == 0, "a native function must not capture anything");
}
