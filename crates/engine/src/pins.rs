//! Keeps arenas that entries would make and drop over and over.
//!
//! The engine carves small blocks of one size from an arena of 4 KB, which it gives back as soon as its last block is freed. When the
//! arenas of a size happen to be full, each entry makes one, threads its blocks and drops it again. A size at which that is seen to
//! happen gets a *pin*: one block that stays, so that its arena stays too. A handful of pins is enough, and an isolate that is not
//! entered often has none.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// Drops right after making, before a size gets a pin.
const PATIENCE: u8 = 16;

/// Arenas that pins may hold, of 4 KB each.
const MAX_PINS: u32 = 8;

/// What a block of the engine's own allocator and an arena carry beside their contents.
const BLOCK_HEADER: usize = 8;
const ARENA_HEADER: usize = 40;
/// Where an arena tells how many blocks it has.
const COUNT_OFFSET: usize = 36;
const MAX_BLOCK: usize = 512;

pub(crate) struct Pins {
    /// The arena that was made last.
    last: Cell<*const c_void>,
    /// By the size of their blocks, how often arenas were dropped right after they were made.
    dropped: [Cell<u8>; MAX_BLOCK / 8 + 1],
    wanted: Cell<usize>,
    pinned: Cell<u32>,
}

impl Pins {
    pub(crate) fn new() -> Pins {
        Pins {
            last: Cell::new(ptr::null()),
            dropped: [const { Cell::new(0) }; MAX_BLOCK / 8 + 1],
            wanted: Cell::new(0),
            pinned: Cell::new(0),
        }
    }

    /// Whether blocks of that size are arenas, or may be.
    pub(crate) fn is_arena(size: usize) -> bool {
        (4096 - MAX_BLOCK..=4096).contains(&size)
    }

    /// Notes that the engine was given a block.
    pub(crate) fn made(&self, block: *const c_void, size: usize) {
        if Pins::is_arena(size) {
            self.last.set(block);
        }
    }

    /// Notes that the engine gives a block back.
    ///
    /// SAFETY: `block` has `size` readable bytes.
    pub(crate) unsafe fn freed(&self, block: *const c_void, size: usize) {
        if !Pins::is_arena(size) || self.last.get() != block || self.pinned.get() >= MAX_PINS {
            return;
        }
        // SAFETY: an arena is that large; if this block is none, what is read is just a number.
        let count = usize::from(unsafe { block.byte_add(COUNT_OFFSET).cast::<u16>().read_unaligned() });
        let contents = size - ARENA_HEADER;
        if count == 0 || !contents.is_multiple_of(count) || contents / count > MAX_BLOCK {
            return;
        }
        let block_size = contents / count;
        let Some(dropped) = self.dropped.get(block_size / 8) else { return };
        dropped.set(dropped.get().saturating_add(1));
        if dropped.get() >= PATIENCE {
            dropped.set(0);
            self.wanted.set(block_size);
        }
    }

    /// The size to ask the engine for, if a pin is wanted.
    pub(crate) fn take_wanted(&self) -> Option<usize> {
        self.wanted.replace(0).checked_sub(BLOCK_HEADER)
    }

    pub(crate) fn pinned(&self) {
        self.pinned.set(self.pinned.get() + 1);
    }
}
