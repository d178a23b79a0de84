//! What an iterator of a `Map` or a `Set` has, for showing what it has yet to give; found like the rest of the layout, but iterators of an
//! engine that hides it are only shown without that.

use super::Probe;
use rquickjs::qjs;
use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;

/// What the engine keeps of an iterator.
#[repr(C)]
pub(crate) struct CollectionIterator {
    /// `undefined` at its end.
    pub(crate) collection: qjs::JSValue,
    /// One of the constants below.
    pub(crate) kind: c_int,
    /// The entry that was given last; null at first.
    pub(crate) entry: *const c_void,
}

impl CollectionIterator {
    pub(crate) const KEYS: c_int = 0;
    pub(crate) const VALUES: c_int = 1;
    pub(crate) const PAIRS: c_int = 2;

    /// Whether the engine keeps just that.
    pub(crate) fn is_known() -> bool {
        static KNOWN: OnceLock<bool> = OnceLock::new();
        // SAFETY: the probe's runtime is private to this thread and live.
        *KNOWN.get_or_init(|| Probe::new().is_some_and(|probe| unsafe { probe.knows_iterators() }))
    }
}

impl Probe {
    /// Looks at iterators of which all is known that they keep.
    unsafe fn knows_iterators(&self) -> bool {
        // SAFETY: by contract.
        unsafe {
            self.eval(c"var map = new Map([[1, 2], [3, 4]]), set = new Set([1, 2]), stepped = (it, count) => { while (count--) it.next(); return it }");
            let collection = |name: &CStr| qjs::JS_VALUE_GET_PTR(self.eval(name)).addr();
            let (map, set) = (collection(c"map"), collection(c"set"));
            let begun = |source: &CStr, of: usize, kind: c_int| {
                self.iterator(source, of).is_some_and(|it| it.kind == kind && it.entry.is_null())
            };
            let entry = |source: &CStr, of: usize| {
                let entry = self.iterator(source, of)?.entry;
                (!entry.is_null()).then_some(entry.addr())
            };
            let entries = [
                entry(c"stepped(map.keys(), 1)", map),
                entry(c"stepped(map.entries(), 1)", map),
                entry(c"stepped(map.keys(), 2)", map),
                entry(c"stepped(set.keys(), 1)", set),
            ];
            begun(c"map.keys()", map, CollectionIterator::KEYS)
                && begun(c"map.values()", map, CollectionIterator::VALUES)
                && begun(c"map.entries()", map, CollectionIterator::PAIRS)
                && begun(c"set.entries()", set, CollectionIterator::PAIRS)
                && entries.iter().all(Option::is_some)
                && entries[0] == entries[1]
                && entries[0] != entries[2]
                && self.iterator(c"stepped(map.keys(), 3)", 0).is_some()
        }
    }

    /// What an iterator keeps, if that is an object at this address, or `undefined` for 0.
    unsafe fn iterator(&self, source: &CStr, collection: usize) -> Option<&CollectionIterator> {
        let mut class = 0;
        // SAFETY: by contract; nothing is read but within a block of the heap, and the iterator stays.
        unsafe {
            let data = qjs::JS_GetAnyOpaque(self.eval(source), &mut class).cast::<CollectionIterator>();
            let data = self.heap.covers(data.cast(), size_of::<CollectionIterator>()).then(|| &*data)?;
            let tag = qjs::JS_VALUE_GET_TAG(data.collection);
            let is_its = match collection {
                0 => tag == qjs::JS_TAG_UNDEFINED,
                _ => tag == qjs::JS_TAG_OBJECT && qjs::JS_VALUE_GET_PTR(data.collection).addr() == collection,
            };
            is_its.then_some(data)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterators_are_known() {
        assert!(CollectionIterator::is_known());
    }
}
