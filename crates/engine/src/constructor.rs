//! Constructors in Rust for classes of glue.
//!
//! A class of glue whose instances have one private member can leave making them to Rust, which saves a frame and the steps that give
//! members to an instance. The methods of the class find in that member what the constructor gave, and throw for every other
//! object, as for any class.
//!
//! What must never happen: an instance of such a class without the member.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::{Args, NativeFn, conjure, guard};
use crate::isolate::assert_stateless;
use crate::object::Attributes;
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::any::TypeId;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// What the instances of one class in one realm are made of.
pub(crate) struct Template {
    /// The function that gives what the member holds.
    content: TypeId,
    prototype: Persistent,
    /// The name of the member, which keeps the atom alive.
    _name: Persistent,
    key: qjs::JSAtom,
}

impl<'a> Ctx<'a> {
    /// Makes the constructor of a class of glue, with its static members. `content(ctx, new.target, arguments)` gives what the one
    /// private member of an instance holds. The class must be constructible without arguments.
    ///
    /// ```
    /// use quickbeam_engine::{EvalOptions, Glue, Isolate, IsolateOptions};
    ///
    /// static GLUE: Glue = Glue::new("internal:counter", "class { #count; get count() { return this.#count } }");
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     let class = GLUE.run(ctx).unwrap();
    ///     let counter = ctx.constructor_of("Counter", 1, &class, |_, _, args| Ok(args.get(0))).unwrap();
    ///     ctx.globals().set("Counter", counter).unwrap();
    ///     let count = ctx.eval("new Counter(3).count", &EvalOptions::default()).unwrap();
    ///     assert_eq!(count.as_int(), Some(3));
    /// });
    /// ```
    ///
    /// # Errors
    /// Throws if memory is short, or if instances have not one private member.
    pub fn constructor_of<F: NativeFn>(
        self,
        name: &str,
        length: u32,
        class: &Value<'a>,
        _content: F,
    ) -> Result<Value<'a>> {
        let keys = self.construct(class, &[])?.private_keys()?;
        let [key] = keys.as_slice() else {
            let message = format!("instances of {name} have {} private members instead of 1", keys.len());
            return Err(self.throw_error("InternalError", &message));
        };
        let prototype = class.get("prototype")?;
        let template = Template {
            content: TypeId::of::<F>(),
            prototype: prototype.clone().persist(),
            _name: key.to_value()?.persist(),
            key: key.atom(),
        };
        let constructor = self.native(name, length, construct::<F>, qjs::JSCFunctionEnum_JS_CFUNC_constructor)?;
        let own: Vec<_> = constructor.keys_with_symbols()?.iter().map(|key| key.id()).collect();
        constructor.define("prototype", prototype.clone(), Attributes::FIXED)?;
        for member in class.keys_with_symbols()? {
            if !own.contains(&member.id()) && constructor.own_property(&member)?.is_none() {
                constructor.define_key(&member, class.get_key(&member)?, Attributes::HIDDEN)?;
            }
        }
        prototype.define("constructor", constructor.clone(), Attributes::HIDDEN)?;
        self.slot().templates.borrow_mut().push(template);
        Ok(constructor)
    }

    /// The prototype of what `new_target` constructs, and the key of its member.
    fn template(self, content: TypeId, new_target: &Value<'a>) -> Result<(Value<'a>, qjs::JSAtom)> {
        let templates = self.slot().templates.borrow();
        let Some(template) = templates.iter().find(|it| it.content == content) else {
            return Err(self.throw_error("InternalError", "a constructor of another realm"));
        };
        let (own, key) = (self.get_kept(&template.prototype), template.key);
        drop(templates);
        let inner = self.inner();
        // SAFETY: a live runtime; the function that runs is live.
        let constructor = unsafe { inner.layout.running_function(inner.rt) };
        // SAFETY: both are objects.
        if unsafe { qjs::JS_VALUE_GET_PTR(constructor) == qjs::JS_VALUE_GET_PTR(new_target.raw()) } {
            return Ok((own, key));
        }
        let prototype = new_target.get("prototype")?;
        Ok((if prototype.is_object() { prototype } else { own }, key))
    }
}

unsafe extern "C" fn construct<F: NativeFn>(
    ctx: *mut qjs::JSContext,
    new_target: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    const { assert_stateless::<F>() };
    // SAFETY: the engine calls with a live context and values that it keeps alive for the call.
    let (ctx, new_target, args) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, new_target)), Args::new(ctx, argc, argv))
    };
    guard(ctx, || {
        let (prototype, key) = ctx.template(TypeId::of::<F>(), &new_target)?;
        let content = conjure::<F>()(ctx, &new_target, args)?;
        // SAFETY: a live prototype; then a new object, and a key that its template holds. The engine takes the content over.
        unsafe {
            let object = ctx.check(qjs::JS_NewObjectProto(ctx.raw(), prototype.raw()))?;
            let flags = Attributes::ALL.flags();
            ctx.check_int(qjs::JS_DefinePropertyValue(ctx.raw(), object.raw(), key, content.into_raw(), flags))?;
            Ok(object)
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::{EvalOptions, Glue, Isolate, IsolateOptions};

    #[test]
    fn instances_have_their_member_and_the_prototype_of_new_target() {
        static GLUE: Glue = Glue::new(
            "internal:holder",
            "class { #held; get held() { return this.#held } static of(value) { const made = new this(value); return made.#held } }",
        );
        static EMPTY: Glue = Glue::new("internal:empty", "class {}");
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let class = GLUE.run(ctx).expect("glue");
            let constructor = ctx.constructor_of("Holder", 2, &class, |ctx, _, args| match args.is_empty() {
                true => Err(ctx.throw_type("nothing to hold")),
                false => Ok(args.get(0)),
            });
            ctx.globals().set("Holder", constructor.expect("a constructor")).expect("a global");
            for (script, expected) in [
                ("new Holder(5).held", "5"),
                ("`${Holder.name} ${Holder.length} ${Object.keys(Holder)}`", "Holder 2 "),
                ("Holder.of(6)", "6"),
                ("Holder.prototype.constructor === Holder", "true"),
                ("class Sub extends Holder { more() { return this.held + 1 } }; new Sub(7).more()", "8"),
                ("function F() {}; F.prototype = 0; Object.getPrototypeOf(Reflect.construct(Holder, [1], F)) === Holder.prototype", "true"),
                ("Reflect.ownKeys(new Holder(1)).length", "0"),
                ("try { Holder(1) } catch (error) { error.name }", "TypeError"),
                ("try { new Holder() } catch (error) { error.message }", "nothing to hold"),
                ("try { Object.create(Holder.prototype).held } catch (error) { error.name }", "TypeError"),
            ] {
                let value = ctx.eval(script, &EvalOptions::default()).expect(script);
                assert_eq!(value.to_text().expect("a string"), expected, "{script}");
            }
            let refused = EMPTY.run(ctx).and_then(|class| ctx.constructor_of("Empty", 0, &class, |ctx, _, _| Ok(ctx.null())));
            assert!(refused.is_err());
            assert_eq!(ctx.take_report().message, "instances of Empty have 0 private members instead of 1");
        });
    }
}
