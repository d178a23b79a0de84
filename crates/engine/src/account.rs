//! Who holds how much of a heap that several realms share.
//!
//! A realm with an account is charged with each block of the heap that is asked for while it runs, until that block is freed,
//! whoever frees it. The engine packs small objects into arenas of 4 KB, which are such blocks, and fills the room that one
//! realm leaves in an arena with objects of another: so much may the account be off. A realm without an
//! account has the limit of its isolate, which is exact.

use crate::ctx::Ctx;
use crate::isolate::{Inner, Isolate};
use crate::realm::{Realm, RealmSlot};

/// What a realm holds and may hold, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealmMemory {
    /// Held now: on the realm's own account, or by the whole isolate if the realm has none.
    pub used: usize,
    /// The limit of the account, or of the isolate; `usize::MAX` for none.
    pub limit: usize,
}

impl Isolate {
    /// Gives a realm an account, and a limit of its own within the isolate's. What it holds already is charged to it.
    pub fn open_account(&self, realm: &Realm, limit: usize) {
        let inner = &*self.inner;
        // SAFETY: the slot lives at least as long as its realm.
        let slot = unsafe { realm.slot.as_ref() };
        if slot.account.get() == 0 {
            slot.account.set(inner.heap.open_account(slot.made_of.get()));
        }
        inner.heap.set_account_limit(slot.account.get(), limit);
        inner.follow_account();
    }

    /// What a realm holds and may hold.
    pub fn realm_memory(&self, realm: &Realm) -> RealmMemory {
        // SAFETY: the slot lives at least as long as its realm.
        self.inner.memory_of(unsafe { realm.slot.as_ref() })
    }
}

impl Ctx<'_> {
    /// What this realm holds and may hold.
    pub fn memory(self) -> RealmMemory {
        self.inner().memory_of(self.slot())
    }

    /// Changes the limit of this realm's account, or of the isolate if it has none. It takes effect with the next request.
    pub fn set_memory_limit(self, limit: usize) {
        let heap = self.heap();
        match self.slot().account.get() {
            0 => heap.set_limit(limit),
            account => heap.set_account_limit(account, limit),
        }
    }
}

impl Inner {
    /// Charges the realm entered now from here on.
    pub(crate) fn follow_account(&self) {
        // SAFETY: the realm entered now is live.
        let account = unsafe { self.entered.get().as_ref() }.map_or(0, |slot| slot.account.get());
        self.heap.charge_to(account);
    }

    fn memory_of(&self, slot: &RealmSlot) -> RealmMemory {
        match slot.account.get() {
            0 => {
                let stats = self.heap.stats();
                RealmMemory { used: stats.used, limit: stats.limit }
            }
            account => {
                let (used, limit) = self.heap.account(account);
                RealmMemory { used, limit }
            }
        }
    }
}
