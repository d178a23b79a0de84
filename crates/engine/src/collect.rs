//! Garbage, realm by realm.
//!
//! The engine has one list of all that its collector looks at, so a collection would take the longer the more neighbours a realm has.
//! Realms share no objects. Therefore each realm has a list of its own: that of the realm which runs, or ran last, is *present* in
//! the engine's place, those of the others are put away. A collection walks what is present. To it whatever refers to an object
//! from outside that list is what a stack is, too: a count that no walk explains, and so a reason to keep the object. What is put away is
//! reached by those that refer to it, and goes when the last of them lets go; but a circle through the lists of several realms stays
//! until the isolate goes.
//!
//! The engine collects when all that is allocated has grown by half. Which realm runs then is no matter of whose garbage it is, so
//! each realm has *room* of its own to grow in, by what it held after its last collection.
//!
//! A freed realm can never run again; its objects go with a collection of its list.

use crate::heap;
use crate::isolate::Inner;
use crate::layout;
use crate::list::{Link, List};
use crate::realm::RealmSlot;
use rquickjs::qjs;
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Bytes by which any realm may grow between two collections.
const MIN_ROOM: usize = 64 << 10;

/// Collections that a freed realm may survive before it is left alone.
const MAX_SWEEPS: u8 = 3;

/// Freed realms that survived one wait for the next at most, while no more than that live.
const MIN_WAITING: usize = 8;

/// What the collector has of a realm.
pub(crate) struct Holdings {
    /// Its objects while another realm's are present.
    objects: List,
    /// Bytes that may be allocated by it before the next collection.
    room: Cell<usize>,
    /// The size of the heap at which the engine was told to collect.
    threshold: Cell<usize>,
    /// Collections survived since the realm was freed.
    sweeps: Cell<u8>,
}

impl Holdings {
    pub(crate) const fn new() -> Holdings {
        Holdings { objects: List::new(), room: Cell::new(MIN_ROOM), threshold: Cell::new(0), sweeps: Cell::new(0) }
    }

    /// At the place where they stay.
    pub(crate) fn init(&self) {
        self.objects.init();
    }
}

impl Inner {
    /// Nobody's objects are those of a realm that has just been made. The first in its isolate has the engine's own room.
    pub(crate) fn adopt_objects(&self, slot: &RealmSlot) {
        if self.slots.borrow().len() <= 1 {
            // SAFETY: the runtime is live.
            let threshold = unsafe { qjs::JS_GetGCThreshold(self.rt) } as usize;
            slot.holdings.room.set(threshold.saturating_sub(self.size()));
        }
        self.be_present(slot);
    }

    /// Makes the objects of that realm those that the collector looks at.
    pub(crate) fn make_present(&self, slot: &RealmSlot) {
        if !ptr::eq(self.present.get(), slot) {
            self.put_away();
            // SAFETY: both are lists of this isolate's live objects. What nobody owns goes to whoever comes next.
            unsafe { Link::append(self.layout.objects(self.rt), slot.holdings.objects.head()) };
            self.be_present(slot);
        }
    }

    /// The objects that the collector looks at are that realm's.
    fn be_present(&self, slot: &RealmSlot) {
        self.present.set(slot);
        // SAFETY: the runtime is live.
        unsafe {
            let threshold = self.size().saturating_add(slot.holdings.room.get());
            qjs::JS_SetGCThreshold(self.rt, threshold as _);
            slot.holdings.threshold.set(threshold);
        }
    }

    /// Takes the objects of the present realm, if any, out of the collector's sight. New ones are nobody's from here on.
    pub(crate) fn put_away(&self) {
        // SAFETY: the present realm is not freed before it is forgotten; the lists are this isolate's.
        let Some(slot) = (unsafe { self.present.replace(ptr::null()).as_ref() }) else { return };
        let holdings = &slot.holdings;
        // SAFETY: the runtime is live.
        unsafe {
            Link::append(holdings.objects.head(), self.layout.objects(self.rt));
            let (size, threshold) = (self.size(), qjs::JS_GetGCThreshold(self.rt) as usize);
            holdings.room.set(match threshold == holdings.threshold.get() {
                true => threshold.saturating_sub(size),
                // The engine has collected, and set it to half as much again as was left then.
                false => self.room_of(slot).saturating_sub(size.saturating_sub(threshold / 3 * 2)),
            });
        }
    }

    fn size(&self) -> usize {
        // SAFETY: the runtime is live.
        unsafe { self.layout.size(self.rt) }
    }

    /// By how much a realm may grow that was just collected: half of what it holds.
    fn room_of(&self, slot: &RealmSlot) -> usize {
        let held = match slot.account.get() {
            0 => self.size() / self.slots.borrow().len().max(1),
            account => self.heap.account(account).0,
        };
        MIN_ROOM.max(held / 2)
    }

    /// Collects the garbage of the realm that runs, or ran last.
    ///
    /// Allowed (as are all below) wherever the engine itself may collect: not inside its allocator or a finaliser.
    pub(crate) fn collect_own(&self) {
        // SAFETY: the runtime is live and only this thread uses it.
        unsafe { qjs::JS_RunGC(self.rt) };
    }

    /// Collects the garbage of all realms, with all that freed ones have left. How many of these are still there because something refers
    /// to them.
    pub(crate) fn sweep(&self) -> usize {
        let slots = self.slots.borrow().clone();
        for slot in slots {
            // SAFETY: listed slots are live, and a collection frees none.
            self.make_present(unsafe { slot.as_ref() });
            self.collect_own();
        }
        self.sweep_waiting();
        self.come_back();
        self.waiting.borrow().len() + self.leftover.borrow().len()
    }

    /// Collects what a realm has left that was just freed.
    pub(crate) fn sweep_freed(&self, slot: NonNull<RealmSlot>) {
        self.sweep_slot(slot);
        let waiting = self.waiting.borrow().len();
        if waiting >= MIN_WAITING.max(self.slots.borrow().len()) {
            self.sweep_waiting();
        }
        self.come_back();
    }

    fn sweep_waiting(&self) {
        for slot in self.waiting.take() {
            self.sweep_slot(slot);
        }
    }

    /// Makes the realm present that runs, if one does.
    pub(crate) fn come_back(&self) {
        // SAFETY: the realm entered now is live.
        if let Some(slot) = unsafe { self.entered.get().as_ref() } {
            self.make_present(slot);
        }
    }

    /// Collects the list of a freed realm; frees its slot if that was the end of it, and has it wait for another time if not.
    fn sweep_slot(&self, slot: NonNull<RealmSlot>) {
        // SAFETY: a slot goes here alone, or with the isolate.
        self.make_present(unsafe { slot.as_ref() });
        let is_gone = self.heap.in_quarantine(|| {
            // SAFETY: the context was kept alive by the reference that is given up here, and its slot lives on. In
            // quarantine the block of a context that goes can still be looked at.
            unsafe {
                let ctx = slot.as_ref().ctx.as_ptr();
                qjs::JS_FreeContext(ctx);
                self.collect_own();
                let is_gone = heap::is_freed(layout::context_block(ctx));
                if is_gone {
                    self.drop_jobs_of_freed(|other| other == ctx);
                } else {
                    qjs::JS_DupContext(ctx);
                }
                is_gone
            }
        });
        if is_gone {
            // What is left of its objects is of use to others, and theirs from now on.
            self.present.set(ptr::null());
            // SAFETY: leaked when it was made; its context is gone, and with it the last way to the slot.
            let slot = unsafe { Box::from_raw(slot.as_ptr()) };
            self.heap.close_account(slot.account.get());
            return;
        }
        // SAFETY: as above.
        let sweeps = &unsafe { slot.as_ref() }.holdings.sweeps;
        sweeps.set(sweeps.get() + 1);
        let list = if sweeps.get() < MAX_SWEEPS { &self.waiting } else { &self.leftover };
        list.borrow_mut().push(slot);
    }
}
