//! Instances of classes of glue, made by native code as often as messages come.
//!
//! Running a chain of constructors reads a dozen functions of glue, and in caches that hold none of them that is most of what making a
//! small object costs. A stencil knows what one instance looks like and makes the next in one step.
//!
//! What must never happen: an instance that lacks a member, or has one of another kind than glue gave it.

use crate::ctx::Ctx;
use crate::descriptor::OwnProperty;
use crate::error::Result;
use crate::layout::{ObjectLayout, object_layout};
use crate::object::{Attributes, PropertyKey};
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;

/// What the instances of one class of glue in one realm look like: private members, and accessors that each has for itself.
pub struct Stencil {
    prototype: Persistent,
    /// An instance that no script can reach or change: it keeps their shape.
    model: Persistent,
    /// One without members, which keeps the shape that each of them begins with.
    empty: Persistent,
    /// The names of the private members.
    names: Vec<Persistent>,
    accessors: Vec<Accessor>,
    /// Where the engine has the slots of an instance, if it is known what is in those of accessors.
    layout: Option<ObjectLayout>,
}

/// An accessor that each instance has for itself.
struct Accessor {
    key: Persistent,
    getter: Persistent,
    attributes: Attributes,
}

impl Stencil {
    /// Looks at an instance. What its private members hold is not part of what it looks like.
    ///
    /// ```
    /// use quickbeam_engine::{EvalOptions, Isolate, IsolateOptions, Stencil};
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     let source = "class Counter { #count = 0; get count() { return this.#count } } new Counter()";
    ///     let counter = ctx.eval(source, &EvalOptions::default()).unwrap();
    ///     let next = Stencil::of(&counter).unwrap().cast(ctx, [ctx.int(3)]).unwrap();
    ///     assert_eq!(next.get("count").unwrap().as_int(), Some(3));
    /// });
    /// ```
    ///
    /// # Errors
    /// Throws an `InternalError` for an instance with public data, a setter or a symbol among its own properties, and if memory is short.
    pub fn of(instance: &Value<'_>) -> Result<Stencil> {
        let ctx = instance.ctx();
        let prototype = instance.prototype()?;
        let (model, empty) = (ctx.object_of(&prototype)?, ctx.object_of(&prototype)?);
        let names = instance.private_keys()?;
        for name in &names {
            model.define_key(name, ctx.undefined(), Attributes::ALL)?;
        }
        let mut accessors = Vec::new();
        for key in instance.keys_with_symbols()? {
            let own = instance.own_property(&key)?.filter(|own| own.getter.is_object() && own.setter.is_undefined());
            let Some(OwnProperty { getter, attributes, .. }) = own else {
                return Err(ctx.throw_error("InternalError", "a stencil of an object with public data"));
            };
            model.define_accessor_key(&key, getter.clone(), None, attributes)?;
            accessors.push(Accessor { key: key.to_value()?.persist(), getter: getter.persist(), attributes });
        }
        let layout = object_layout().filter(|layout| {
            accessors.iter().enumerate().all(|(index, accessor)| {
                // SAFETY: the model's slots are its private members, and then these.
                let slot = unsafe { (*layout.values(&model)).add(names.len() + index).read() };
                is_getter(slot, &ctx.get_kept(&accessor.getter))
            })
        });
        let names = names.iter().map(|name| name.to_value().map(Value::persist)).collect::<Result<_>>()?;
        let [prototype, model, empty] = [prototype, model, empty].map(Value::persist);
        Ok(Stencil { prototype, model, empty, names, accessors, layout })
    }

    /// Another instance, with these values in its private members, in the order in which the class declares them. What is missing is
    /// `undefined`, what is more is dropped.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn cast<'a, const COUNT: usize>(&self, ctx: Ctx<'a>, values: [Value<'a>; COUNT]) -> Result<Value<'a>> {
        let object = ctx.object_of(&ctx.get_kept(&self.prototype))?;
        let (model, empty) = (ctx.get_kept(&self.model), ctx.get_kept(&self.empty));
        let mut values = values.into_iter();
        let mut next = || values.next().unwrap_or_else(|| ctx.undefined());
        match self.layout.filter(|_| model.is_object() && object.shape() == empty.shape()) {
            Some(layout) => {
                let first = self.names.len();
                let accessors = self.accessors.iter().enumerate().map(|(index, accessor)| {
                    // A count for the instance.
                    let _ = ctx.get_kept(&accessor.getter).into_raw();
                    // SAFETY: the model's slots are its private members, and then these.
                    unsafe { (*layout.values(&model)).add(first + index).read() }
                });
                let slots = self.names.iter().map(|_| next().into_raw()).chain(accessors);
                // SAFETY: one for each member of the model, in its order; `empty` has the shape of the new object, too.
                unsafe { layout.fill(&object, &model, slots)? }
            }
            None => {
                for name in &self.names {
                    object.define_key(&PropertyKey::from_value(&ctx.get_kept(name))?, next(), Attributes::ALL)?;
                }
                for Accessor { key, getter, attributes } in &self.accessors {
                    let key = PropertyKey::from_value(&ctx.get_kept(key))?;
                    object.define_accessor_key(&key, ctx.get_kept(getter), None, *attributes)?;
                }
            }
        }
        Ok(object)
    }
}

/// Whether the slot of an accessor is what may be copied as such: the address of the getter, and of no setter.
fn is_getter(slot: qjs::JSValue, getter: &Value<'_>) -> bool {
    const WORDS: usize = size_of::<qjs::JSValue>() / size_of::<usize>();
    // SAFETY: words of the same size; the getter is an object.
    let (words, getter) = unsafe {
        (std::mem::transmute::<qjs::JSValue, [usize; WORDS]>(slot), qjs::JS_VALUE_GET_PTR(getter.raw()).addr())
    };
    words.split_first() == Some((&getter, &[0]))
}

#[cfg(test)]
mod tests {
    use super::Stencil;
    use crate::{EvalOptions, Isolate, IsolateOptions, Value};

    const CLASS: &str = "
        const getter = Object.getOwnPropertyDescriptor({ get own() { return this.first() } }, 'own').get;
        class Base {
            #first = 1;
            constructor() { Object.defineProperty(this, 'own', { get: getter, enumerable: true }) }
            first() { return this.#first }
            setFirst(value) { this.#first = value }
        }
        globalThis.Thing = class Thing extends Base { #second = []; second() { return this.#second } };
        new Thing()";

    #[test]
    fn what_is_cast_is_as_if_constructed_and_leaves_nothing_behind() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).expect("a value");
            let stencil = Stencil::of(&eval(CLASS)).expect("a stencil");
            let told = eval(
                "(thing) => {
                    const { get, ...rest } = Object.getOwnPropertyDescriptor(thing, 'own');
                    const before = [thing.own, thing.second().length, thing instanceof Thing, get === getter];
                    thing.setFirst('x');
                    thing.more = 1;
                    return JSON.stringify([before, thing.own, Reflect.ownKeys(thing), rest, delete thing.more]);
                }",
            );
            let tell = |thing: Value<'_>| {
                ctx.call(&told, &ctx.undefined(), &[thing]).expect("a string").to_text().expect("a string")
            };
            let round = || {
                for _ in 0..10 {
                    let cast = || {
                        let list = ctx.array(vec![ctx.int(7); 3]).expect("memory");
                        stencil.cast(ctx, [ctx.int(5), list]).expect("an instance")
                    };
                    let expected =
                        r#"[[5,3,true,true],"x",["own","more"],{"enumerable":true,"configurable":false},true]"#;
                    assert_eq!(tell(cast()), expected);
                    let (one, other) = (cast(), cast());
                    assert_eq!(one.shape(), other.shape());
                    drop(one);
                    ctx.collect_garbage();
                    assert_eq!(tell(other), expected);
                    drop(stencil.cast(ctx, []).expect("an instance"));
                }
                ctx.collect_garbage();
                let count = |what| ctx.census().into_iter().find(|(name, _)| *name == what).expect("a count").1;
                ["obj_count", "shape_count", "prop_count", "str_count"].map(count)
            };
            // The first round makes what builtins make when they are first used.
            round();
            assert_eq!(round(), round());
        });
    }

    #[test]
    fn there_is_none_of_objects_with_public_data() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            for source in ["({ a: 1 })", "({ get a() {}, set a(value) {} })", "({ set a(value) {} })", "[]"] {
                let object = ctx.eval(source, &EvalOptions::default()).expect("a value");
                assert!(Stencil::of(&object).is_err(), "{source}");
                assert_eq!(ctx.take_report().name, "InternalError");
            }
        });
    }
}
