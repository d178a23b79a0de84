//! Many objects with the same properties: making them, and knowing them.
//!
//! The engine describes an object's properties by a shape, which objects share that got the same properties in the same
//! order. While an object is built it goes from shape to shape, and one that no other object has is changed in place: the
//! next object finds only the last one and has to make all before it anew.

use crate::error::Result;
use crate::layout::object_layout;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;

/// Objects with more properties than that are not worth the stages.
const MOST_STAGES: usize = 32;

/// Holds every shape on the way to an object's; see [`Value::stages`].
#[must_use = "the shapes go with it"]
pub struct Stages<'a>(#[expect(dead_code, reason = "held for what they share")] Vec<Value<'a>>);

impl<'a> Value<'a> {
    /// Makes further objects cheaper, as long as the result lives, that get the properties of this plain one in the same
    /// order.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn stages(&self) -> Result<Stages<'a>> {
        let keys = self.all_keys()?;
        if keys.len() > MOST_STAGES {
            return Ok(Stages(Vec::new()));
        }
        let ctx = self.ctx();
        let stage = |length: usize| {
            let object = ctx.object()?;
            for key in &keys[..length] {
                object.define_key(key, ctx.undefined(), Attributes::ALL)?;
            }
            Ok(object)
        };
        (1..=keys.len()).map(stage).collect::<Result<_>>().map(Stages)
    }
}

/// Objects with more properties than that get no mould.
const MOST_KEYS: usize = 64;

/// Tells objects that have certain properties, as plain data, and no others.
///
/// It holds an object of its own that no script can reach or change. As long as that lives so does its shape, and nobody can change
/// that in place: an object that has it has just these properties.
pub(crate) struct Mould<'a> {
    shape: usize,
    keys: Vec<PropertyKey<'a>>,
    _object: Value<'a>,
}

impl<'a> Mould<'a> {
    /// The mould of a plain object; `None` if it has properties that are not enumerable data, another prototype than
    /// `Object.prototype`, or too many keys.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn of(model: &Value<'a>) -> Result<Option<Mould<'a>>> {
        let (ctx, keys) = (model.ctx(), model.keys()?);
        if keys.len() > MOST_KEYS {
            return Ok(None);
        }
        let object = ctx.object()?;
        for key in &keys {
            object.define_key(key, ctx.undefined(), Attributes::ALL)?;
        }
        let shape = object.shape().filter(|shape| model.shape() == Some(*shape));
        Ok(shape.map(|shape| Mould { shape, keys, _object: object }))
    }

    /// The property at that place of an object that had this shape when it was last looked at.
    ///
    /// # Errors
    /// What a getter throws that has come since.
    #[inline(never)]
    pub(crate) fn get(&self, object: &Value<'a>, index: usize) -> Result<Value<'a>> {
        match (object_layout(), object.shape()) {
            (Some(layout), Some(shape)) if shape == self.shape => {
                // SAFETY: an object of this shape has a plain value there.
                Ok(unsafe {
                    let values = object.address().add(layout.values).cast::<*const qjs::JSValue>().read();
                    Value::borrowed(object.ctx(), values.add(index).read())
                })
            }
            _ => object.get_key(&self.keys[index]),
        }
    }

    /// Whether an object of that shape has these properties.
    pub(crate) fn fits(&self, shape: usize) -> bool {
        self.shape == shape
    }

    /// Its properties, in their order.
    pub(crate) fn keys(&self) -> &[PropertyKey<'a>] {
        &self.keys
    }
}

impl Value<'_> {
    /// The address of an object's shape, for comparison: what it says holds while a [`Mould`] keeps it. `None` for a
    /// primitive, and in a build of the engine that hides it.
    pub(crate) fn shape(&self) -> Option<usize> {
        let layout = object_layout().filter(|_| self.is_object())?;
        // SAFETY: a live object, which has its shape there.
        Some(unsafe { self.address().add(layout.shape).cast::<usize>().read() })
    }

    /// Where the object is.
    fn address(&self) -> *const u8 {
        // SAFETY: reads the pointer out of the value.
        unsafe { qjs::JS_VALUE_GET_PTR(self.raw()) }.cast_const().cast()
    }
}

#[cfg(test)]
mod tests {
    use super::Mould;
    use crate::{Attributes, EvalOptions, Isolate, IsolateOptions};

    #[test]
    fn a_mould_fits_objects_with_just_its_plain_properties() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).expect("a value");
            let mould = Mould::of(&eval("({ a: 1, b: 2 })")).expect("memory").expect("a mould");
            let fits = |source: &str| mould.fits(eval(source).shape().expect("a shape"));
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
    fn rows_share_one_shape_and_stages_leave_none_behind() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let row = || {
                let row = ctx.object().expect("memory");
                for name in ["a", "b", "c", "1"] {
                    row.define(name, ctx.int(1), Attributes::ALL).expect("memory");
                }
                row
            };
            let shapes = || ctx.census().into_iter().find(|(name, _)| *name == "shape_count").expect("a count").1;
            let first = row();
            let without = shapes();
            let stages = first.stages().expect("memory");
            let with = shapes();
            let rows: Vec<_> = (0..10).map(|_| row()).collect();
            assert_eq!(shapes(), with);
            drop(stages);
            assert_eq!(shapes(), without);
            let text = ctx.eval("JSON.stringify", &EvalOptions::default()).expect("a function");
            let text = ctx.call(&text, &ctx.undefined(), &[rows[9].clone()]).expect("a string").to_text();
            assert_eq!(text.expect("a string"), r#"{"1":1,"a":1,"b":1,"c":1}"#);
        });
    }
}
