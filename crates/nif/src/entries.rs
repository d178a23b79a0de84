//! The entries of a map in the VM's order.
//!
//! As rustler's `MapIterator`, but from one end only: converting rows of data would spend a sixth of its time there.

use rustler::sys;
use rustler::{Env, Term};
use std::mem::MaybeUninit;

/// Walks a map; each entry once. Nothing for a term that is no map.
pub(crate) struct Entries<'t> {
    env: Env<'t>,
    /// `None` for what is no map.
    cursor: Option<sys::ErlNifMapIterator>,
}

impl<'t> Entries<'t> {
    pub(crate) fn of(map: Term<'t>) -> Entries<'t> {
        let env = map.get_env();
        let mut cursor = MaybeUninit::uninit();
        let head = sys::ErlNifMapIteratorEntry::ERL_NIF_MAP_ITERATOR_HEAD;
        // SAFETY: a term of this environment; the VM fills the cursor if it says so.
        let cursor = unsafe {
            let is_map = sys::enif_map_iterator_create(env.as_c_arg(), map.as_c_arg(), cursor.as_mut_ptr(), head) != 0;
            is_map.then(|| cursor.assume_init())
        };
        Entries { env, cursor }
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = (Term<'t>, Term<'t>);

    fn next(&mut self) -> Option<(Term<'t>, Term<'t>)> {
        let cursor = self.cursor.as_mut()?;
        let (mut key, mut value) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: a live cursor over a map of this environment, which the terms are of too; the VM writes both if it says so.
        unsafe {
            if sys::enif_map_iterator_get_pair(self.env.as_c_arg(), cursor, key.as_mut_ptr(), value.as_mut_ptr()) == 0 {
                return None;
            }
            sys::enif_map_iterator_next(self.env.as_c_arg(), cursor);
            Some((Term::new(self.env, key.assume_init()), Term::new(self.env, value.assume_init())))
        }
    }
}

impl Drop for Entries<'_> {
    fn drop(&mut self) {
        if let Some(cursor) = &mut self.cursor {
            // SAFETY: made by the VM and not destroyed before.
            unsafe { sys::enif_map_iterator_destroy(self.env.as_c_arg(), cursor) };
        }
    }
}
