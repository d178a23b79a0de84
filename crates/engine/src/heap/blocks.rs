//! The blocks of a heap, and the allocator that the engine sees.
//!
//! Freed memory may stay for a while, in *quarantine*: see `realm.rs` for what needs it.
//!
//! The block of some kilobytes that was freed last is the heap's *spare* until the realm is left. Where that keeps happening, the
//! next that starts out as large as that one did gets it, with all the room that it had in the end: the stack of a regular
//! expression, which each match of a loop makes anew, grows and frees, need not go through the C library, which locks for that in
//! a process of several threads.

use super::Heap;
use crate::pins::Pins;
use rquickjs::qjs;
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, realloc};
use std::ffi::c_void;
use std::hint;
use std::ops::RangeInclusive;
use std::ptr::{self, NonNull};

const ALIGN: usize = 16;

#[repr(C, align(16))]
pub(super) struct Block {
    prev: *mut Block,
    next: *mut Block,
    /// What was asked for.
    size: usize,
    account: u32,
    /// Bytes behind that, into which the block may grow. They are charged.
    slack: u16,
    /// What it was made with, by [`start`].
    start: u8,
    is_freed: bool,
}

pub(super) const HEADER: usize = size_of::<Block>();

/// The sizes that a spare may have: of smaller blocks the C library has spares itself.
const SPARE: RangeInclusive<usize> = 512..=8 << 10;

/// Spares in a row that must have started out alike before one is given away: what is made once is not worth room that it may not need.
const PATIENCE: u8 = 8;

/// A size in steps of 16 bytes; 0 for one that no spare starts out with.
fn start(size: usize) -> u8 {
    u8::try_from(size.div_ceil(16)).unwrap_or(0)
}

impl Block {
    /// All that is charged for it.
    fn whole(&self) -> usize {
        HEADER + self.size + usize::from(self.slack)
    }

    /// SAFETY: `block` was allocated with this layout, and nobody uses it.
    unsafe fn dealloc(block: *mut Block) {
        // SAFETY: by contract.
        unsafe { dealloc(block.cast(), Layout::from_size_align_unchecked((*block).whole(), ALIGN)) };
    }
}

impl Heap {
    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size.checked_add(HEADER)?, ALIGN).ok()
    }

    /// SAFETY: `block` points to writable bytes allocated for a header, `size` and `slack`.
    unsafe fn link(&self, block: *mut Block, size: usize, slack: u16, start: u8) -> *mut c_void {
        let next = self.head.get();
        // SAFETY: by contract for `block`; `next` is null or a live block of this heap.
        unsafe {
            let account = self.charged.get();
            block.write(Block { prev: ptr::null_mut(), next, size, account, slack, start, is_freed: false });
            if !next.is_null() {
                (*next).prev = block;
            }
            self.head.set(block);
            self.charge(account, (*block).whole());
            self.blocks.set(self.blocks.get() + 1);
            block.add(1).cast()
        }
    }

    /// SAFETY: `block` is a live block of this heap.
    unsafe fn unlink(&self, block: *mut Block) {
        // SAFETY: by contract, and neighbours of a live block are live.
        unsafe {
            let Block { prev, next, account, .. } = block.read();
            if prev.is_null() {
                self.head.set(next);
            } else {
                (*prev).next = next;
            }
            if !next.is_null() {
                (*next).prev = prev;
            }
            self.credit(account, (*block).whole());
            self.blocks.set(self.blocks.get() - 1);
        }
    }

    pub(super) fn allocate(&self, size: usize, zeroed: bool) -> *mut c_void {
        let Some(layout) = Heap::layout(size) else {
            return ptr::null_mut();
        };
        if let Some(room) = self.spare_for(size).filter(|_| !zeroed) {
            // SAFETY: the spare is ours once it is taken, and has that room.
            return match self.admit(room, true) {
                true => unsafe { self.link(self.spare.take(), size, (room - size) as u16, start(size)) },
                false => ptr::null_mut(),
            };
        }
        if !self.admit(size, true) {
            return ptr::null_mut();
        }
        // SAFETY: the layout is never empty (it holds the header).
        let raw = unsafe { if zeroed { alloc_zeroed(layout) } else { alloc(layout) } };
        if raw.is_null() {
            self.give_up(size);
            return ptr::null_mut();
        }
        // SAFETY: `raw` was just allocated with room for the header and `size` bytes.
        let user = unsafe { self.link(raw.cast(), size, 0, start(size)) };
        self.pins.made(user, size);
        user
    }

    /// The room that the spare has, if it is one for blocks of that size.
    #[inline]
    fn spare_for(&self, size: usize) -> Option<usize> {
        // SAFETY: the spare is null or a block that nobody uses.
        let spare = unsafe { self.spare.get().as_ref() }.filter(|_| self.alike.get() >= PATIENCE)?;
        (spare.start == start(size) && (size..=size + size * 3 / 2).contains(&spare.size)).then_some(spare.size)
    }

    /// Makes a freed block the spare, or frees its memory.
    ///
    /// SAFETY: `block` is an unlinked block of this heap that nobody uses.
    unsafe fn spare(&self, block: *mut Block) {
        // SAFETY: by contract.
        unsafe {
            let room = (*block).whole() - HEADER;
            if !SPARE.contains(&room) || Pins::is_arena(room) || (*block).start == 0 {
                return Block::dealloc(block);
            }
            ((*block).size, (*block).slack) = (room, 0);
            let is_alike = self.spare_start.replace((*block).start) == (*block).start;
            self.alike.set(if is_alike { self.alike.get().saturating_add(1) } else { 0 });
            let before = self.spare.replace(block);
            if !before.is_null() {
                Block::dealloc(before);
            }
        }
    }

    /// Gives the spare's memory back.
    #[inline]
    pub(crate) fn drop_spare(&self) {
        let spare = self.spare.take();
        if !spare.is_null() {
            // SAFETY: nobody uses the spare.
            unsafe { Block::dealloc(spare) };
        }
    }

    /// SAFETY: `user` is null or came from this heap and is live.
    pub(super) unsafe fn free(&self, user: *mut c_void) {
        if user.is_null() {
            return;
        }
        // SAFETY: by contract the header stands right before `user`, with the size it was made with.
        unsafe {
            let block = user.cast::<Block>().sub(1);
            self.unlink(block);
            self.pins.freed(user, (*block).size);
            if self.is_quarantined.get() {
                (*block).is_freed = true;
                (*block).next = self.quarantine.replace(block);
                return;
            }
            self.spare(block);
        }
    }

    /// SAFETY: as for `free`.
    pub(super) unsafe fn resize(&self, user: *mut c_void, size: usize) -> *mut c_void {
        if user.is_null() {
            return self.allocate(size, false);
        }
        // SAFETY: by contract; a failed realloc leaves the old block as it was, so it is linked again.
        unsafe {
            let block = user.cast::<Block>().sub(1);
            let Block { size: old, slack, start, .. } = block.read();
            let room = old + usize::from(slack);
            if (old..=room).contains(&size) {
                ((*block).size, (*block).slack) = (size, (room - size) as u16);
                return user;
            }
            let Some(layout) = Heap::layout(size) else {
                return ptr::null_mut();
            };
            if size > room && !self.admit(size - room, false) {
                return ptr::null_mut();
            }
            self.unlink(block);
            let old_layout = Layout::from_size_align_unchecked((*block).whole(), ALIGN);
            let moved = realloc(block.cast(), old_layout, layout.size());
            if moved.is_null() {
                self.link(block, old, slack, start);
                self.give_up(size.saturating_sub(old));
                return ptr::null_mut();
            }
            self.link(moved.cast(), size, 0, start)
        }
    }

    /// Runs `f`, during which freed blocks keep their memory. `f` may ask whether a block that was live before
    /// [is freed](is_freed).
    pub(crate) fn in_quarantine<R>(&self, f: impl FnOnce() -> R) -> R {
        let _lifted = Lifted { heap: self, outer: self.is_quarantined.replace(true) };
        f()
    }

    /// Has the C library get memory for so many bytes of blocks at once. Away from the main thread it otherwise asks the system
    /// for each few kilobytes.
    pub(crate) fn make_room(bytes: usize) {
        let Ok(layout) = Layout::from_size_align(bytes.max(1), ALIGN) else {
            return;
        };
        // SAFETY: the layout is not empty; nothing is done with the block but freeing it.
        unsafe {
            let room = hint::black_box(alloc(layout));
            if !room.is_null() {
                dealloc(room, layout);
            }
        }
    }

    /// Whether `user` is a block of this heap. Walks all blocks.
    pub(crate) fn holds(&self, user: *const c_void) -> bool {
        self.blocks().any(|block| block.wrapping_add(1).cast_const().cast() == user)
    }

    /// Whether one block of this heap has all of these bytes. Walks all blocks.
    pub(crate) fn covers(&self, start: *const c_void, size: usize) -> bool {
        self.blocks().any(|block| {
            let first = block.wrapping_add(1).addr();
            // SAFETY: a linked block is live.
            let end = first + unsafe { (*block).size };
            start.addr() >= first && start.addr().checked_add(size).is_some_and(|last| last <= end)
        })
    }

    fn blocks(&self) -> impl Iterator<Item = *mut Block> {
        let first = NonNull::new(self.head.get());
        // SAFETY: linked blocks are live.
        std::iter::successors(first, |block| NonNull::new(unsafe { block.as_ref().next })).map(NonNull::as_ptr)
    }

    pub(crate) fn functions() -> qjs::JSMallocFunctions {
        qjs::JSMallocFunctions {
            js_calloc: Some(js_calloc),
            js_malloc: Some(js_malloc),
            js_free: Some(js_free),
            js_realloc: Some(js_realloc),
            js_malloc_usable_size: Some(js_malloc_usable_size),
        }
    }

    /// As [`Heap::functions`], of blocks without a byte that was never written: for who looks at all of them.
    pub(crate) fn zeroing_functions() -> qjs::JSMallocFunctions {
        qjs::JSMallocFunctions { js_malloc: Some(js_malloc_zeroed), ..Heap::functions() }
    }
}

/// Lifts the quarantine when dropped.
struct Lifted<'h> {
    heap: &'h Heap,
    outer: bool,
}

impl Drop for Lifted<'_> {
    fn drop(&mut self) {
        self.heap.is_quarantined.set(self.outer);
        if !self.outer {
            // SAFETY: nothing refers to freed blocks once what freed them is through.
            unsafe { release(self.heap.quarantine.replace(ptr::null_mut())) };
        }
    }
}

/// Gives blocks back to the system.
///
/// SAFETY: `block` and those that follow it are blocks that nobody uses, each in this chain once.
unsafe fn release(mut block: *mut Block) {
    while !block.is_null() {
        // SAFETY: each block was allocated with this layout.
        unsafe {
            let next = (*block).next;
            Block::dealloc(block);
            block = next;
        }
    }
}

/// Bytes of a block.
///
/// SAFETY: `user` is a live block of some heap.
pub(crate) unsafe fn size_of_block(user: *const c_void) -> usize {
    // SAFETY: by contract its header stands right before it.
    unsafe { (*user.cast::<Block>().sub(1)).size }
}

/// Whether a block was freed in the present [quarantine](Heap::in_quarantine).
///
/// SAFETY: `user` was a live block when the quarantine began.
pub(crate) unsafe fn is_freed(user: *const c_void) -> bool {
    // SAFETY: by contract its memory is still there.
    unsafe { (*user.cast::<Block>().sub(1)).is_freed }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: every linked block is live, and the engine that used them is gone with its heap. The
        // blocks of a quarantine that a panic or an abandoned stack left are freed.
        unsafe {
            release(self.head.get());
            release(self.quarantine.get());
        }
        self.drop_spare();
    }
}

/// SAFETY (all callbacks): `opaque` is the `Heap` given to `JS_NewRuntime2`, which outlives the runtime.
unsafe extern "C" fn js_calloc(opaque: *mut c_void, count: qjs::size_t, size: qjs::size_t) -> *mut c_void {
    let Some(total) = (count as usize).checked_mul(size as usize) else {
        return ptr::null_mut();
    };
    // SAFETY: see above.
    unsafe { &*opaque.cast::<Heap>() }.allocate(total, true)
}

unsafe extern "C" fn js_malloc(opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    // SAFETY: see `js_calloc`.
    unsafe { &*opaque.cast::<Heap>() }.allocate(size as usize, false)
}

unsafe extern "C" fn js_malloc_zeroed(opaque: *mut c_void, size: qjs::size_t) -> *mut c_void {
    // SAFETY: see `js_calloc`.
    unsafe { &*opaque.cast::<Heap>() }.allocate(size as usize, true)
}

unsafe extern "C" fn js_free(opaque: *mut c_void, user: *mut c_void) {
    // SAFETY: see `js_calloc`; the engine frees only what it was given, once.
    unsafe { (*opaque.cast::<Heap>()).free(user) }
}

unsafe extern "C" fn js_realloc(opaque: *mut c_void, user: *mut c_void, size: qjs::size_t) -> *mut c_void {
    // SAFETY: see `js_free`.
    unsafe { (*opaque.cast::<Heap>()).resize(user, size as usize) }
}

unsafe extern "C" fn js_malloc_usable_size(user: *const c_void) -> qjs::size_t {
    if user.is_null() {
        return 0;
    }
    // SAFETY: the engine asks only for blocks it was given.
    unsafe { size_of_block(user) as qjs::size_t }
}
