//! The memory of one isolate.
//!
//! quickjs-ng asks for 4 KB arenas and for blocks above 512 bytes; each becomes one [`Block`], linked
//! into its heap (`heap/blocks.rs`). Three consequences: the account is exact, freeing an isolate is freeing its blocks
//! (no finaliser of the engine runs, whatever state a guest left it in), and limits are decided here:
//!
//! * past the *limit*, requests still succeed but raise [`Heap::over_limit`], which ends the running
//!   script at its next interrupt poll. Only a *vast* request fails, which JS sees as an `out of memory` error:
//!   one that asks for more at once than all that is held.
//! * past the *ceiling* (limit plus slack; reached only by a builtin that allocates without polling) requests fail in that way too, large
//!   ones from the middle of the slack on, but for what the engine needs to make the error, and where it could not go on: see
//!   `shortage.rs`.
//! * past the *last ceiling*, and when the system has no memory left, the heap asks its embedder to abandon the isolate: see
//!   [`Interrupt::exhausted`](crate::Interrupt).

mod blocks;

pub(crate) use blocks::{is_freed, size_of_block};

use crate::isolate::Inner;
use crate::pins::Pins;
use blocks::{Block, HEADER};
use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Requests of fewer bytes are never vast.
const MIN_VAST: usize = 64 * 1024;

/// Blocks of so many bytes are large.
const MIN_LARGE: usize = 16 * 1024;

/// Bytes that are admitted after a request has failed: for the error that tells of it.
const GRACE: usize = 32 * 1024;

/// Figures of one heap, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeapStats {
    /// Bytes held now, block headers included.
    pub used: usize,
    /// The most that was held at once.
    pub peak: usize,
    /// All that was ever taken, whether it is held still or not.
    pub taken: usize,
    /// The limit; `usize::MAX` when there is none.
    pub limit: usize,
    /// Live blocks.
    pub blocks: usize,
}

/// Requests to refuse, counting them from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Faults {
    /// None; every request is counted from here on.
    #[default]
    None,
    /// The n-th request.
    Once(u64),
    /// The n-th request and all later ones.
    From(u64),
    /// The n-th of those for at least 64 KB and more than all that is held, which are the only ones counted.
    VastOnce(u64),
    /// The n-th of those and all later ones.
    VastFrom(u64),
    /// All, as if the system had no memory left.
    System,
}

/// What one realm holds of a shared heap.
#[derive(Clone, Copy)]
struct Account {
    is_open: bool,
    /// Bytes that it held when it was opened.
    base: usize,
    /// Bytes of the blocks charged to it.
    held: usize,
    /// The most that it ever held.
    peak: usize,
    limit: usize,
    over_limit: bool,
}

impl Account {
    fn new(base: usize) -> Account {
        Account { is_open: true, base, held: 0, peak: base, limit: usize::MAX, over_limit: false }
    }

    fn used(&self) -> usize {
        self.base.saturating_add(self.held)
    }

    /// Settles what it was charged and credited: `highest` was the most in between.
    fn settle(&mut self, bytes: isize, highest: isize) {
        self.peak = self.peak.max(self.used().saturating_add_signed(highest));
        self.held = self.held.saturating_add_signed(bytes);
    }
}

/// The allocator behind one isolate. See the module documentation.
pub struct Heap {
    head: Cell<*mut Block>,
    used: Cell<usize>,
    peak: Cell<usize>,
    taken: Cell<usize>,
    blocks: Cell<usize>,
    limit: Cell<usize>,
    /// The first is nobody's.
    accounts: RefCell<Vec<Account>>,
    /// The account that is charged with what is asked for now.
    charged: Cell<u32>,
    /// What it was charged and credited since it was last looked at.
    unsettled: Cell<isize>,
    /// The most that this was since then.
    highest: Cell<isize>,
    /// Whether any account ever passed a limit, which most heaps never do.
    was_over: Cell<bool>,
    /// Bytes that are admitted without a look at limits and accounts: what was left at the last look, and was not asked for since.
    room: Cell<usize>,
    /// Bytes that are admitted though others fail.
    grace: Cell<usize>,
    /// Set by other threads: the next request abandons the stack that makes it.
    abandon: Arc<AtomicBool>,
    /// Nothing is counted before some are injected.
    faults: Cell<Option<Faults>>,
    requests: Cell<u64>,
    owner: Cell<*const Inner>,
    on_over_limit: Cell<Option<*mut i32>>,
    /// Freed blocks whose memory stays for now, by `next`.
    quarantine: Cell<*mut Block>,
    is_quarantined: Cell<bool>,
    /// Null, or a block that nobody uses, for whoever needs one of its size; not charged to anybody.
    spare: Cell<*mut Block>,
    /// What the last spare started out with, and how many before it did in a row.
    spare_start: Cell<u8>,
    alike: Cell<u8>,
    pub(crate) pins: Pins,
}

impl Heap {
    pub(crate) fn new(limit: usize) -> Box<Heap> {
        Box::new(Heap {
            head: Cell::new(ptr::null_mut()),
            used: Cell::new(0),
            peak: Cell::new(0),
            taken: Cell::new(0),
            blocks: Cell::new(0),
            limit: Cell::new(limit),
            accounts: RefCell::new(vec![Account::new(0)]),
            charged: Cell::new(0),
            unsettled: Cell::new(0),
            highest: Cell::new(0),
            was_over: Cell::new(false),
            room: Cell::new(0),
            grace: Cell::new(0),
            abandon: Arc::default(),
            faults: Cell::new(None),
            requests: Cell::new(0),
            owner: Cell::new(ptr::null()),
            on_over_limit: Cell::new(None),
            quarantine: Cell::new(ptr::null_mut()),
            is_quarantined: Cell::new(false),
            spare: Cell::new(ptr::null_mut()),
            spare_start: Cell::new(0),
            alike: Cell::new(0),
            pins: Pins::new(),
        })
    }

    /// Current figures.
    pub fn stats(&self) -> HeapStats {
        HeapStats {
            used: self.used.get(),
            peak: self.peak.get(),
            taken: self.taken.get(),
            limit: self.limit.get(),
            blocks: self.blocks.get(),
        }
    }

    /// Whether a request of the realm that runs has passed a limit since the flag was last [cleared](Heap::clear_over_limit).
    #[inline]
    pub fn over_limit(&self) -> bool {
        self.was_over.get() && self.with_charged(|account| account.over_limit)
    }

    /// Lowers the flag, after garbage was collected or the script that raised it has ended.
    pub fn clear_over_limit(&self) {
        self.with_charged(|account| account.over_limit = false);
    }

    /// Whether more is held than the heap's own limit allows.
    pub(crate) fn is_over_as_a_whole(&self) -> bool {
        self.used.get() > self.limit.get()
    }

    /// Whether more is held than a limit allows: the heap's, or that of the realm that runs.
    pub fn is_over(&self) -> bool {
        self.is_over_as_a_whole() || self.with_charged(|account| account.used() > account.limit)
    }

    /// Changes the limit of the whole heap; it takes effect with the next request.
    pub fn set_limit(&self, limit: usize) {
        self.limit.set(limit);
        self.room.set(0);
    }

    fn with_account<R>(&self, account: u32, f: impl FnOnce(&mut Account) -> R) -> R {
        let mut accounts = self.accounts.borrow_mut();
        let charged = &mut accounts[self.charged.get() as usize];
        charged.settle(self.unsettled.take(), self.highest.take());
        f(&mut accounts[account as usize])
    }

    fn with_charged<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        self.with_account(self.charged.get(), f)
    }

    /// Opens an account for one who holds `base` bytes already, as a number other than 0.
    pub(crate) fn open_account(&self, base: usize) -> u32 {
        self.with_charged(|_| ());
        let mut accounts = self.accounts.borrow_mut();
        match accounts.iter().position(|account| !account.is_open && account.held == 0) {
            Some(index) => {
                accounts[index] = Account::new(base);
                index as u32
            }
            None => {
                accounts.push(Account::new(base));
                (accounts.len() - 1) as u32
            }
        }
    }

    /// Lets the account's number be used again, once its last block is freed.
    pub(crate) fn close_account(&self, account: u32) {
        if account != 0 {
            self.with_account(account, |account| account.is_open = false);
        }
    }

    /// What is charged to an account, and its limit.
    pub(crate) fn account(&self, account: u32) -> (usize, usize) {
        self.with_account(account, |account| (account.used(), account.limit))
    }

    /// The most that the realm which runs ever held on its account, if it has one.
    pub fn peak_of_account(&self) -> Option<usize> {
        (self.charged.get() != 0).then(|| self.with_charged(|account| account.peak))
    }

    pub(crate) fn set_account_limit(&self, account: u32, limit: usize) {
        self.with_account(account, |account| account.limit = limit);
        self.room.set(0);
    }

    /// Names the account that is charged from here on; 0 for nobody's.
    pub(crate) fn charge_to(&self, account: u32) {
        self.with_charged(|_| ());
        self.charged.set(account);
        self.room.set(0);
    }

    /// Lets another thread have the running script abandoned at its next request for memory, in the middle of a builtin that
    /// does not poll.
    pub fn abandoner(&self) -> Abandoner {
        Abandoner(self.abandon.clone())
    }

    /// Names the isolate that is asked past the ceiling.
    pub(crate) fn set_owner(&self, owner: *const Inner) {
        self.owner.set(owner);
    }

    /// Makes requests fail from now on; for tests of what a failure does.
    pub fn inject_faults(&self, faults: Faults) {
        self.requests.set(0);
        self.faults.set(Some(faults));
        self.room.set(0);
    }

    /// Requests that the injected faults counted since [`Heap::inject_faults`] was last called.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Whether an injected fault ends this request.
    fn fails(&self, size: usize) -> bool {
        let Some(faults) = self.faults.get() else { return false };
        if matches!(faults, Faults::VastOnce(_) | Faults::VastFrom(_)) && !self.is_vast(size) {
            return false;
        }
        let request = self.requests.get() + 1;
        self.requests.set(request);
        match faults {
            Faults::None | Faults::System => false,
            Faults::Once(n) | Faults::VastOnce(n) => request == n,
            Faults::From(n) | Faults::VastFrom(n) => request >= n,
        }
    }

    /// Counts memory that the embedder holds for scripts: from `before` to `now` bytes. It adds to what the limit
    /// bounds; past the limit the running script ends at its next poll, as for memory of its own.
    pub fn account_external(&self, before: usize, now: usize) {
        let account = self.charged.get();
        self.credit(account, before);
        self.charge(account, now);
        if now > before && self.is_over() {
            self.raise_over_limit();
        }
    }

    pub(crate) fn poke_on_over_limit(&self, counter: Option<*mut i32>) {
        self.on_over_limit.set(counter);
    }

    /// Whether a request for `size` bytes may go on: for a new block, or for more of one.
    #[inline]
    fn admit(&self, size: usize, is_new: bool) -> bool {
        if self.abandon.load(Ordering::Relaxed) {
            self.leave();
        }
        size.saturating_add(HEADER) <= self.room.get() || self.admit_after_a_look(size, is_new)
    }

    #[inline(never)]
    fn admit_after_a_look(&self, size: usize, is_new: bool) -> bool {
        if self.faults.get() == Some(Faults::System) {
            self.give_up(size);
            return false;
        }
        let is_injected = self.fails(size);
        let after = self.used.get().saturating_add(size);
        let limit = self.limit.get();
        let (own, own_limit) = self.with_charged(|account| (account.used().saturating_add(size), account.limit));
        if after <= limit && own <= own_limit && !is_injected {
            if self.faults.get().is_none() {
                self.room.set((limit - after).min(own_limit - own).saturating_add(size));
            }
            return true;
        }
        self.poke();
        if self.is_vast(size) {
            self.fail();
            return false;
        }
        if !is_injected {
            self.raise_over_limit();
            // Small requests have half of the slack to themselves: the engine makes builtins when they are first asked for, and one that
            // it cannot make then is gone for good.
            let extra = if size < MIN_LARGE { 0 } else { slack_of(limit.min(own_limit)) / 2 };
            if after.saturating_add(extra) <= ceiling_of(limit) && own.saturating_add(extra) <= ceiling_of(own_limit) {
                return true;
            }
        }
        let is_far = after > last_ceiling_of(limit) || own > last_ceiling_of(own_limit);
        if let Some(left) = self.grace.get().checked_sub(size).filter(|_| !is_far) {
            self.grace.set(left);
            return true;
        }
        // SAFETY: the isolate's thread asks for memory. No script runs while realms are made and freed.
        let is_large = is_new && size >= MIN_LARGE;
        let may_fail = unsafe { self.running().map_or(self.owner.get().is_null(), |owner| owner.may_refuse(is_large)) };
        if !may_fail {
            if is_far {
                self.give_up(size);
            }
            return !is_far;
        }
        self.grace.set(GRACE);
        self.fail();
        false
    }

    /// Prepares for a request that fails: the engine makes an error.
    #[cold]
    fn fail(&self) {
        // SAFETY: as above.
        if let Some(owner) = unsafe { self.running() } {
            owner.suspend_collector();
        }
    }

    /// The isolate, if a realm of it is entered.
    ///
    /// SAFETY: called by the isolate's thread.
    unsafe fn running(&self) -> Option<&Inner> {
        // SAFETY: the isolate names itself after it is boxed and clears this before it goes.
        unsafe { self.owner.get().as_ref() }.filter(|_| self.on_over_limit.get().is_some())
    }

    fn raise_over_limit(&self) {
        self.was_over.set(true);
        self.with_charged(|account| account.over_limit = true);
        self.poke();
    }

    /// Makes the running script poll at its next step.
    fn poke(&self) {
        if let Some(counter) = self.on_over_limit.get() {
            // SAFETY: the isolate sets this to the interrupt counter of the context it is in, and
            // clears it before that context can go; this runs on the isolate's own thread.
            unsafe { counter.write(1) };
        }
    }

    /// Lets the embedder leave the stack for good, if it is one of the isolate's; goes on if it does not.
    #[cold]
    fn leave(&self) {
        // SAFETY: the isolate's thread asks for memory.
        if let Some(owner) = unsafe { self.running() } {
            owner.abandoned();
        }
    }

    fn is_vast(&self, size: usize) -> bool {
        let held = match self.charged.get() {
            0 => self.used.get(),
            account => self.account(account).0,
        };
        size >= MIN_VAST && size > held
    }

    /// Before a request fails that the engine may not survive: lets the embedder never return to it.
    fn give_up(&self, size: usize) {
        let owner = self.owner.get();
        if !owner.is_null() && !self.is_vast(size) {
            // SAFETY: the isolate names itself after it is boxed and clears this before it goes.
            unsafe { (*owner).exhausted() };
        }
    }

    /// Adds to what is held.
    #[inline]
    fn charge(&self, account: u32, bytes: usize) {
        let used = self.used.get() + bytes;
        self.used.set(used);
        self.taken.set(self.taken.get().wrapping_add(bytes));
        if used > self.peak.get() {
            self.peak.set(used);
        }
        self.room.set(self.room.get().saturating_sub(bytes));
        self.settle_later(account, bytes as isize);
    }

    /// Takes from what is held.
    #[inline]
    fn credit(&self, account: u32, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
        self.settle_later(account, -(bytes as isize));
    }

    #[inline]
    fn settle_later(&self, account: u32, bytes: isize) {
        if account == self.charged.get() {
            let unsettled = self.unsettled.get() + bytes;
            self.unsettled.set(unsettled);
            self.highest.set(self.highest.get().max(unsettled));
        } else {
            self.with_account(account, |account| account.settle(bytes, bytes.max(0)));
        }
    }
}

/// What builtins that never poll may overshoot: a quarter, at least 8 MB.
fn slack_of(limit: usize) -> usize {
    (limit / 4).max(8 << 20)
}

fn ceiling_of(limit: usize) -> usize {
    limit.saturating_add(slack_of(limit))
}

/// Three times the limit, at least 64 MB more: what the engine may overshoot while no request can fail.
fn last_ceiling_of(limit: usize) -> usize {
    limit.saturating_add(limit.saturating_mul(2).max(64 << 20))
}

/// Abandons the script of an isolate; see [`Heap::abandoner`].
#[derive(Clone)]
pub struct Abandoner(Arc<AtomicBool>);

impl Abandoner {
    /// The script that runs, or any later one, is abandoned when it next asks for memory: its stack is left for good, by
    /// [`Interrupt::exhausted`](crate::Interrupt), and the isolate must be dropped. There is no way back.
    pub fn abandon(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_for_every_block() {
        let heap = Heap::new(usize::MAX);
        let a = heap.allocate(100, false);
        let b = heap.allocate(200, true);
        assert_eq!(heap.stats().used, 300 + 2 * HEADER);
        // SAFETY: `a` and `b` are live blocks of this heap.
        let c = unsafe { heap.resize(a, 1000) };
        unsafe { heap.free(b) };
        assert_eq!((heap.stats().used, heap.stats().blocks), (1000 + HEADER, 1));
        unsafe { heap.free(c) };
        assert_eq!((heap.stats().used, heap.stats().blocks), (0, 0));
        assert!(heap.stats().peak >= 1200);
    }

    #[test]
    fn a_block_that_starts_as_a_spare_did_gets_its_room_and_is_charged_for_it() {
        let heap = Heap::new(usize::MAX);
        // SAFETY: each block is live, and forgotten once it is freed.
        let grown = |size| unsafe { heap.resize(heap.resize(heap.allocate(size, false), size * 3 / 2), size * 2) };
        for _ in 0..20 {
            let block = grown(600);
            assert_eq!(heap.stats().used, 1200 + HEADER);
            // SAFETY: `block` is live.
            unsafe { heap.free(block) };
            assert_eq!((heap.stats().used, heap.stats().blocks), (0, 0));
        }
        let other = heap.allocate(700, false);
        assert_eq!(heap.stats().used, 700 + HEADER, "starts otherwise");
        let zeroed = heap.allocate(600, true);
        assert_eq!(heap.stats().used, 1300 + 2 * HEADER, "must be zeroed");
        let second = heap.allocate(600, false);
        assert_eq!(heap.stats().used, 2500 + 3 * HEADER);
        // SAFETY: `second` is a live block of this heap of 600 bytes.
        unsafe {
            assert_eq!(size_of_block(second), 600);
            second.cast::<u8>().write_bytes(7, 600);
            assert_eq!(heap.resize(second, 1200), second);
            assert_eq!((size_of_block(second), heap.stats().used), (1200, 2500 + 3 * HEADER));
            let moved = heap.resize(second, 5000);
            assert!((0..600).all(|at| moved.cast::<u8>().add(at).read() == 7));
            assert_eq!(heap.stats().used, 6300 + 3 * HEADER);
            let shrunk = heap.resize(moved, 100);
            assert_eq!((size_of_block(shrunk), heap.stats().used), (100, 1400 + 3 * HEADER));
            [shrunk, zeroed, other].into_iter().for_each(|block| heap.free(block));
        }
        let many = [600; 3].map(grown);
        // SAFETY: each is live.
        many.into_iter().for_each(|block| unsafe { heap.free(block) });
        heap.drop_spare();
        assert_eq!((heap.stats().used, heap.stats().blocks), (0, 0));
        let seldom = Heap::new(usize::MAX);
        // SAFETY: the block is live.
        unsafe { seldom.free(seldom.resize(seldom.allocate(600, false), 1200)) };
        seldom.allocate(600, false);
        assert_eq!(seldom.stats().used, 600 + HEADER);
    }

    #[test]
    fn past_the_limit_requests_raise_the_flag_and_vast_ones_fail() {
        let heap = Heap::new(1024);
        assert!(!heap.allocate(512, false).is_null());
        assert!(!heap.over_limit());
        assert!(!heap.allocate(4096, false).is_null());
        assert!(heap.over_limit());
        assert!(heap.allocate(MIN_VAST, false).is_null());
    }

    #[test]
    fn past_the_ceiling_every_request_fails() {
        let heap = Heap::new(0);
        while !heap.allocate(MIN_VAST - 1, false).is_null() {}
        assert!(heap.stats().used <= 9 * 1024 * 1024);
    }

    #[test]
    fn only_vast_requests_fail_below_the_ceiling() {
        for seed in 1..=50_u64 {
            let heap = Heap::new((seed as usize) << 17);
            let mut random = seed;
            let mut live = Vec::new();
            for _ in 0..2_000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let size = 1 << (random >> 60) << (random >> 57 & 3) | (random >> 40 & 15) as usize;
                let held = heap.stats().used;
                let block = match live.len() {
                    // SAFETY: each block is live, and replaced or forgotten by what is done to it.
                    n if n > 0 && random & 1 == 0 => unsafe { heap.resize(live[n - 1], size) },
                    _ => heap.allocate(size, false),
                };
                if block.is_null() {
                    assert!(
                        (size >= MIN_VAST && size > held / 2)
                            || held + size + slack_of(heap.stats().limit) / 2 > ceiling_of(heap.stats().limit),
                        "{size} bytes refused with {held} held"
                    );
                    live.drain(..).for_each(|block| unsafe { heap.free(block) });
                } else if random & 1 == 0 && !live.is_empty() {
                    live.pop();
                    live.push(block);
                } else {
                    live.push(block);
                }
                assert!(heap.stats().used <= last_ceiling_of(heap.stats().limit) + HEADER);
            }
        }
    }
}
