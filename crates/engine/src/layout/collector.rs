//! Where the engine's collector has what it works on.

use super::{Probe, only, runtime_block};
use crate::list::Link;
use rquickjs::qjs;

/// Offsets in bytes from the start of a `JSRuntime`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CollectorLayout {
    /// The head of the list of all that is collected, a [`Link`].
    pub(crate) objects: usize,
    /// Bytes allocated by the engine's count, a `usize`, which it compares with the size at which it collects.
    pub(crate) size: usize,
}

impl Probe {
    /// SAFETY: the runtime is live and used by this thread alone.
    pub(super) unsafe fn find_collector(&self) -> Option<CollectorLayout> {
        // SAFETY: by contract.
        unsafe { Some(CollectorLayout { objects: self.find_objects()?, size: self.find_size()? }) }
    }

    /// The one link in the runtime among those of the list that an object is in.
    unsafe fn find_objects(&self) -> Option<usize> {
        // SAFETY: by contract; the list has just been proved.
        unsafe {
            if !self.lists_objects() {
                return None;
            }
            let runtime = runtime_block(self.rt);
            let mut link = qjs::JS_VALUE_GET_PTR(self.eval(c"globalThis")).cast::<Link>();
            while !runtime.contains(&link.addr()) {
                link = Link::next(link);
            }
            Some(link.addr() - runtime.start)
        }
    }

    /// Allocates: the only word that is the engine's own figure, before and after.
    unsafe fn find_size(&self) -> Option<usize> {
        // SAFETY: by contract; the engine fills the figures in.
        unsafe {
            let word = size_of::<usize>();
            let mut found: Vec<usize> = (0..runtime_block(self.rt).len() / word).map(|index| index * word).collect();
            for size in [0, 3_000, 70_000] {
                qjs::js_malloc_rt(self.rt, size);
                let mut usage = std::mem::zeroed::<qjs::JSMemoryUsage>();
                qjs::JS_ComputeMemoryUsage(self.rt, &mut usage);
                found.retain(|&at| {
                    let size = self.rt.cast::<u8>().add(at).cast::<usize>().read();
                    i64::try_from(size) == Ok(usage.malloc_size)
                });
            }
            only(found.into_iter())
        }
    }
}
