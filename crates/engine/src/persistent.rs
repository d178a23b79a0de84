//! Values kept between entries.
//!
//! Each realm has a table of the values that the embedder keeps. A [`Persistent`] names an entry, so that a realm can
//! release all of them when it is freed, wherever the embedder has left its names.

use crate::ctx::Ctx;
use crate::realm::RealmSlot;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::RefCell;

/// A value kept between entries. It holds its reference until [restored](Ctx::restore) or until its
/// realm or isolate goes; dropping it without restoring keeps the value until then. Once its realm is freed it stands
/// for `undefined`.
#[must_use = "restore it to release the value"]
pub struct Persistent {
    realm: u64,
    index: u32,
}

/// The values that the embedder keeps of one realm.
#[derive(Default)]
pub(crate) struct KeptValues {
    entries: RefCell<Vec<Entry>>,
    /// The most recently vacated entry.
    vacant: std::cell::Cell<Option<u32>>,
}

enum Entry {
    Value(qjs::JSValue),
    /// And the entry that was vacated before.
    Vacant(Option<u32>),
}

impl KeptValues {
    fn insert(&self, raw: qjs::JSValue) -> u32 {
        let mut entries = self.entries.borrow_mut();
        if let Some(index) = self.vacant.get()
            && let Some(place) = entries.get_mut(index as usize)
            && let Entry::Vacant(next) = *place
        {
            self.vacant.set(next);
            *place = Entry::Value(raw);
            return index;
        }
        entries.push(Entry::Value(raw));
        (entries.len() - 1) as u32
    }

    fn remove(&self, index: u32) -> Option<qjs::JSValue> {
        let mut entries = self.entries.borrow_mut();
        let place = entries.get_mut(index as usize)?;
        match *place {
            Entry::Vacant(_) => None,
            Entry::Value(raw) => {
                *place = Entry::Vacant(self.vacant.replace(Some(index)));
                Some(raw)
            }
        }
    }

    fn get(&self, index: u32) -> Option<qjs::JSValue> {
        match self.entries.borrow().get(index as usize) {
            Some(&Entry::Value(raw)) => Some(raw),
            _ => None,
        }
    }

    /// Gives every value away.
    pub(crate) fn take_all(&self) -> impl Iterator<Item = qjs::JSValue> {
        self.vacant.set(None);
        self.entries.take().into_iter().filter_map(|entry| match entry {
            Entry::Value(raw) => Some(raw),
            Entry::Vacant(_) => None,
        })
    }
}

impl<'a> Value<'a> {
    /// Keeps the value beyond its context, as long as its realm lives.
    pub fn persist(self) -> Persistent {
        let slot = self.ctx().slot();
        Persistent { realm: slot.id, index: slot.values.insert(self.into_raw()) }
    }
}

impl<'a> Ctx<'a> {
    /// Takes a kept value back; `undefined` if its realm was freed.
    pub fn restore(self, kept: Persistent) -> Value<'a> {
        let raw = self.owner_of(&kept).and_then(|slot| slot.values.remove(kept.index));
        // SAFETY: the reference moves from the table of a realm of this isolate.
        raw.map_or_else(|| self.undefined(), |raw| unsafe { Value::from_raw(self, raw) })
    }

    /// Another reference to a kept value; `undefined` if its realm was freed.
    pub fn get_kept(self, kept: &Persistent) -> Value<'a> {
        let raw = self.owner_of(kept).and_then(|slot| slot.values.get(kept.index));
        // SAFETY: the value is live while it is in the table of a realm of this isolate.
        raw.map_or_else(|| self.undefined(), |raw| unsafe { Value::borrowed(self, raw) })
    }

    /// The realm that keeps a value: as a rule this one.
    fn owner_of(self, kept: &Persistent) -> Option<&'a RealmSlot> {
        let slot = self.slot();
        if slot.id == kept.realm { Some(slot) } else { self.inner().live_slot(kept.realm) }
    }
}
