//! Many objects with the same properties: making them, and knowing them.
//!
//! The engine describes an object's properties by a shape, which objects share that got the same properties in the same
//! order. An object that is built property by property goes from shape to shape; one whose last shape is known can have it at
//! once, and one of a known shape need not be asked for its keys.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::layout::{ObjectLayout, object_layout};
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

/// Objects with more properties than that get no mould.
const MOST_KEYS: usize = 64;

/// Tells, and makes, objects that have certain properties, as plain data, and no others.
///
/// It holds an object of its own that no script can reach or change. As long as that lives so does its shape, and nobody can change
/// that in place: an object that has it has just these properties.
pub struct Mould<'a> {
    shape: usize,
    keys: Vec<PropertyKey<'a>>,
    object: Value<'a>,
    /// An object without properties, which keeps the shape that every object begins with.
    empty: Value<'a>,
}

impl<'a> Mould<'a> {
    /// The mould of a plain object; `None` if it has properties that are not enumerable data, another prototype than
    /// `Object.prototype`, or too many keys.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn of(model: &Value<'a>) -> Result<Option<Mould<'a>>> {
        Ok(Mould::with_keys(model.ctx(), model.keys()?)?.filter(|mould| model.shape() == Some(mould.shape)))
    }

    /// The mould of plain objects with these properties, in this order; `None` if there are too many, or one comes twice.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn with_keys(ctx: Ctx<'a>, keys: Vec<PropertyKey<'a>>) -> Result<Option<Mould<'a>>> {
        if keys.len() > MOST_KEYS {
            return Ok(None);
        }
        let (empty, object) = (ctx.object()?, ctx.object()?);
        for key in &keys {
            object.define_key(key, ctx.undefined(), Attributes::ALL)?;
        }
        let is_whole = object.all_keys()?.len() == keys.len();
        let shape = object.shape().filter(|_| is_whole);
        Ok(shape.map(|shape| Mould { shape, keys, object, empty }))
    }

    /// An object with these values of its properties, in their order. What is missing is `undefined`, what is more is dropped.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn cast(&self, values: impl IntoIterator<Item = Value<'a>>) -> Result<Value<'a>> {
        let ctx = self.object.ctx();
        let object = ctx.object()?;
        let mut values = values.into_iter();
        let mut next = || values.next().unwrap_or_else(|| ctx.undefined());
        match object_layout() {
            Some(layout) if object.shape() == self.empty.shape() => {
                // SAFETY: the model has a value for each key; `empty` has the shape of the new object, too.
                unsafe { layout.fill(&object, &self.object, self.keys.iter().map(|_| next().into_raw()))? }
            }
            _ => self.keys.iter().try_for_each(|key| object.define_key(key, next(), Attributes::ALL))?,
        }
        Ok(object)
    }

    /// The property at that place of an object that had this shape when it was last looked at.
    ///
    /// # Errors
    /// What a getter throws that has come since.
    #[inline(never)]
    pub(crate) fn get(&self, object: &Value<'a>, index: usize) -> Result<Value<'a>> {
        self.read(object, index).map_or_else(|| object.get_key(&self.keys[index]), Ok)
    }

    /// The property at that place of an object that fits the mould; `None` for an object that does not, or not any more, and past the
    /// last place.
    pub fn read(&self, object: &Value<'a>, index: usize) -> Option<Value<'a>> {
        // SAFETY: a plain value of the object.
        self.place(object, index).map(|place| unsafe { Value::borrowed(object.ctx(), place.read()) })
    }

    /// Defines the property at that place, which is one of the [keys](Mould::keys), of an object that was [cast](Mould::cast) in the mould.
    ///
    /// # Errors
    /// Throws if the object cannot take it.
    pub fn write(&self, object: &Value<'a>, index: usize, value: Value<'a>) -> Result<()> {
        match (self.place(object, index), self.keys.get(index)) {
            // SAFETY: a plain value of the object, which is ours once it is replaced.
            (Some(place), _) => drop(unsafe { Value::from_raw(object.ctx(), place.replace(value.into_raw())) }),
            (None, Some(key)) => object.define_key(key, value, Attributes::ALL)?,
            (None, None) => {}
        }
        Ok(())
    }

    /// Where an object that fits has that property.
    fn place(&self, object: &Value<'a>, index: usize) -> Option<*mut qjs::JSValue> {
        let layout = object_layout()?;
        if object.shape()? != self.shape || index >= self.keys.len() {
            return None;
        }
        // SAFETY: an object of this shape has a plain value there.
        Some(unsafe { (*layout.values(object)).add(index) })
    }

    /// Its properties, in their order.
    pub fn keys(&self) -> &[PropertyKey<'a>] {
        &self.keys
    }
}

/// Shapes that are watched at once.
const WATCHED: usize = 8;

/// Objects of one shape after which more of it are expected.
const FEW: u8 = 4;

/// Watches for shapes that keep coming up, as those of rows of data do.
pub struct Recurring<'a, T> {
    seen: [Seen<'a, T>; WATCHED],
}

/// What has been found out of objects with the same properties.
pub struct Known<'a, T> {
    /// Tells them from others.
    pub mould: Mould<'a>,
    /// What else is kept of them.
    pub what: T,
}

/// Whether objects like one have come up before.
pub enum Look<'a, T> {
    /// Not often enough to be worth a [`Mould`], or they had none.
    Seldom,
    /// They have now: this is the time to [remember](Recurring::remember) something.
    Often(Mould<'a>),
    /// This is remembered.
    Known(Rc<Known<'a, T>>),
}

enum Seen<'a, T> {
    Never,
    /// The address is only compared: the shape may be gone.
    Times(usize, u8),
    Known(Rc<Known<'a, T>>),
}

impl<'a, T> Recurring<'a, T> {
    /// Nothing has come up.
    pub const fn new() -> Self {
        Recurring { seen: [const { Seen::Never }; WATCHED] }
    }

    /// Counts an [ordinary](Value::is_ordinary) object.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn look(&mut self, object: &Value<'a>) -> Result<Look<'a, T>> {
        let Some(shape) = object.shape() else { return Ok(Look::Seldom) };
        let seen = &mut self.seen[Self::slot(shape)];
        let times = match seen {
            Seen::Known(known) if known.mould.shape == shape => return Ok(Look::Known(known.clone())),
            Seen::Times(same, times) if *same == shape => times.saturating_add(1),
            _ => 1,
        };
        *seen = Seen::Times(shape, times);
        let mould = if times == FEW { Mould::of(object)? } else { None };
        Ok(mould.map_or(Look::Seldom, Look::Often))
    }

    /// Keeps something for all objects that fit a mould which was just given.
    pub fn remember(&mut self, mould: Mould<'a>, what: T) -> Rc<Known<'a, T>> {
        let slot = Self::slot(mould.shape);
        let known = Rc::new(Known { mould, what });
        self.seen[slot] = Seen::Known(known.clone());
        known
    }

    fn slot(shape: usize) -> usize {
        const SHAPE_SIZE: usize = 64;
        shape / SHAPE_SIZE % WATCHED
    }
}

impl<T> Default for Recurring<'_, T> {
    fn default() -> Self {
        Recurring::new()
    }
}

impl Value<'_> {
    /// The address of an object's shape, for comparison: what it says holds while a [`Mould`] keeps it. `None` for a
    /// primitive, and in a build of the engine that hides it.
    pub(crate) fn shape(&self) -> Option<usize> {
        let layout = object_layout().filter(|_| self.is_object())?;
        // SAFETY: a live object, which has its shape there.
        Some(unsafe { *layout.shape(self) }.addr())
    }
}

impl ObjectLayout {
    /// Gives an object without properties those of `model`, with these contents of its slots.
    ///
    /// SAFETY: the object is new, and its shape has another holder; what `slots` gives is owned, and one for each property of the
    /// model, of its kind.
    pub(crate) unsafe fn fill<'a>(
        self,
        object: &Value<'a>,
        model: &Value<'a>,
        slots: impl Iterator<Item = qjs::JSValue>,
    ) -> Result<()> {
        let ctx = object.ctx();
        // SAFETY: an object's values are a block of the engine's own, of which the model's has room for all; nobody
        // refers to those of the new object. Each of its slots gets a value before it has the shape that tells of them.
        // The engine counts the references of a shape as those of an object, before its address; the one to the shape
        // it had is not the last, by contract.
        unsafe {
            let size = qjs::js_malloc_usable_size(ctx.raw(), (*self.values(model)).cast());
            let place = self.values(object);
            let room = qjs::js_realloc(ctx.raw(), (*place).cast(), size).cast::<qjs::JSValue>();
            if room.is_null() {
                return Err(Thrown);
            }
            place.write(room);
            slots.enumerate().for_each(|(index, slot)| room.add(index).write(slot));
            let counted = |shape: *mut c_void| qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, shape);
            let shape = self.shape(object);
            let before = shape.replace(*self.shape(model));
            qjs::JS_DupValue(ctx.raw(), counted(*shape));
            qjs::JS_FreeValue(ctx.raw(), counted(before));
        }
        Ok(())
    }

    /// Where the object's shape is named.
    fn shape(self, object: &Value<'_>) -> *mut *mut c_void {
        // SAFETY: reads the pointer out of the value, and stays within the object.
        unsafe { qjs::JS_VALUE_GET_PTR(object.raw()).cast::<u8>().add(self.shape).cast() }
    }

    /// Where the place of the object's values is named.
    pub(crate) fn values(self, object: &Value<'_>) -> *mut *mut qjs::JSValue {
        // SAFETY: as for `shape`.
        unsafe { qjs::JS_VALUE_GET_PTR(object.raw()).cast::<u8>().add(self.values).cast() }
    }

    /// An object's properties, deleted ones included, as what they are to be taken for.
    pub(crate) fn properties_of<T>(self, object: &Value<'_>) -> *mut [T] {
        // SAFETY: as for `shape`; a shape's number of properties is that of its object's values.
        unsafe {
            let shape = qjs::JS_VALUE_GET_PTR(object.raw()).cast::<u8>().add(self.shape).cast::<*const u8>().read();
            let count = shape.add(self.properties).cast::<u32>().read();
            ptr::slice_from_raw_parts_mut((*self.values(object)).cast(), count as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mould;
    use crate::{Attributes, EvalOptions, Isolate, IsolateOptions, Value};

    #[test]
    fn a_mould_fits_objects_with_just_its_plain_properties() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).expect("a value");
            let mould = Mould::of(&eval("({ a: 1, b: 2 })")).expect("memory").expect("a mould");
            let fits = |source: &str| mould.read(&eval(source), 0).is_some();
            for source in
                ["({ a: [], b: '' })", "JSON.parse('{\"a\": 1, \"b\": 2}')", "globalThis.kept = { a: 1, b: 2 }"]
            {
                assert!(fits(source), "{source}");
            }
            for source in [
                "({ b: 1, a: 2 })",
                "({ a: 1 })",
                "({ a: 1, b: 2, [Symbol()]: 3 })",
                "({ a: 1, get b() {} })",
                "({ a: 1, b: 2, __proto__: null })",
                "Object.freeze({ a: 1, b: 2 })",
                "Object.defineProperty({ a: 1, b: 2 }, 'b', { enumerable: false })",
                "kept.c = 3; kept",
                "delete kept.c; delete kept.a; kept.a = 1; kept",
                "class A { a = 1; b = 2 }; new A()",
            ] {
                assert!(!fits(source), "{source}");
            }
            for source in ["({ 1: 1, a: 2, 0: 3 })", "({ get a() {} })", "Object.create({})", "Object.freeze({ a: 1 })"]
            {
                assert!(Mould::of(&eval(source)).expect("memory").is_none(), "{source}");
            }
        });
    }

    #[test]
    fn what_is_cast_is_as_if_built_and_leaves_nothing_behind() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).expect("a value");
            let count = |what| ctx.census().into_iter().find(|(name, _)| *name == what).expect("a count").1;
            let check = eval(
                "(row, rows) => { row.z = 1; delete rows[1].b; rows[2].a = {}; return JSON.stringify([row, rows]) }",
            );
            let all: [&[&str]; 4] =
                [&["a", "b", "c", "1"], &[], &["a"], &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]];
            let round = || {
                for names in all {
                    let keys = || names.iter().map(|name| ctx.key(name).expect("memory")).collect::<Vec<_>>();
                    let mould = Mould::with_keys(ctx, keys()).expect("memory").expect("a mould");
                    let values = || (0..names.len()).map(|at| ctx.string(&format!("value {at}")).expect("memory"));
                    let cast: Vec<_> = (0..100).map(|_| mould.cast(values()).expect("memory")).collect();
                    assert!(cast.iter().all(|row| row.shape() == cast[0].shape()));
                    let built: Vec<_> = (0..4).map(|_| ctx.object().expect("memory")).collect();
                    for object in &built {
                        keys().iter().zip(values()).for_each(|(key, value)| {
                            object.define_key(key, value, Attributes::ALL).expect("memory");
                        });
                    }
                    assert!(built.iter().all(|object| object.shape() == cast[0].shape()));
                    let text = |rows: &[Value<'_>]| {
                        let args = [rows[0].clone(), ctx.array(rows[1..4].to_vec()).expect("memory")];
                        ctx.call(&check, &ctx.undefined(), &args).expect("a string").to_text().expect("a string")
                    };
                    assert_eq!(text(&cast), text(&built));
                    let short = mould.cast([ctx.int(7)]).expect("memory");
                    assert_eq!(short.all_keys().expect("memory").len(), names.len());
                    ctx.collect_garbage();
                    assert_eq!(cast[50].all_keys().expect("memory").len(), names.len());
                }
                ctx.collect_garbage();
                ["obj_count", "shape_count", "prop_count", "str_count"].map(count)
            };
            // The first round makes what builtins make when they are first used.
            round();
            assert_eq!(round(), round());
            let twice = ["a", "b", "a"].map(|name| ctx.key(name).expect("memory"));
            assert!(Mould::with_keys(ctx, twice.into()).expect("memory").is_none());
        });
    }
}
