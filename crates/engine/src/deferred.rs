//! Globals whose JavaScript runs when they are first *used*: a script that only looks whether there is a `TransformStream`, or hands
//! the class on, does not pay for it.
//!
//! Touching such a global makes a *stand-in*: a function (or a plain object, for a namespace) without anything of its own, which is
//! the global's value from then on. Whoever asks for one of its properties, calls it or constructs with it makes the *real* one,
//! which the stand-in answers with ever after. A global that is touched when the real one is there already is that one.
//!
//! A global that is the one *instance* of a class, such as `performance`, is deferred as well: it is an object without anything of its
//! own, below a placeholder of its prototype. The first property that is looked for in the placeholder makes the class; then the
//! object gets the private members and the prototype of the instance that was made, and is that instance.
//!
//! What must never happen: a script that can tell the two apart, or sees both, or sees a placeholder. So the `constructor` of
//! instances is the stand-in, and so is the parent of the real class's subclasses; [`Ctx::settle`] sees to it before anything else
//! can see what an API has made. Asking for the prototype of an instance ([`reveal`](crate::reveal)) makes it.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::function::{guard, guard_status};
use crate::intrinsics;
use crate::isolate::Inner;
use crate::lazy::Lazy;
use crate::object::{Attributes, PropertyKey};
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// Gives an object that has real ones under their names, made now if it must be.
type Make = for<'a> fn(Ctx<'a>) -> Result<Value<'a>>;

/// A global class or namespace that is made when it is first used; see [`Ctx::define_deferred`].
pub struct Deferred {
    name: &'static str,
    /// Under what the realm keeps that object.
    unit: &'static str,
    kind: Kind,
    make: Make,
    /// Whether [`KNOWN`] has it.
    is_known: AtomicBool,
}

impl Lazy for Deferred {
    fn class(inner: &Inner) -> &Cell<qjs::JSClassID> {
        &inner.touch_class
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn make<'a>(&'static self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        ctx.deferred(self)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Class(Parent),
    Namespace(Above),
    Instance(Instance),
}

/// The one instance of a class.
#[derive(Clone, Copy)]
struct Instance {
    class: &'static str,
    parent: Option<&'static Deferred>,
    blank: Make,
}

/// What a namespace inherits from.
#[derive(Clone, Copy)]
enum Above {
    ObjectPrototype,
    EmptyObject,
}

#[derive(Clone, Copy)]
enum Parent {
    None,
    Deferred(&'static Deferred),
    Builtin(&'static str),
}

impl Deferred {
    /// A class. `make` gives an object that has it under its name, which the realm [keeps](Ctx::keep) as `unit` from then on; it
    /// must have been [settled](Ctx::settle).
    pub const fn class(name: &'static str, unit: &'static str, make: Make) -> Deferred {
        Deferred { name, unit, kind: Kind::Class(Parent::None), make, is_known: AtomicBool::new(false) }
    }

    /// A namespace object of the language, such as `Intl`.
    pub const fn namespace(name: &'static str, unit: &'static str, make: Make) -> Deferred {
        Deferred { name, unit, kind: Kind::Namespace(Above::ObjectPrototype), make, is_known: AtomicBool::new(false) }
    }

    /// A namespace object that inherits from an empty object of its own, as `console` does.
    pub const fn web_namespace(name: &'static str, unit: &'static str, make: Make) -> Deferred {
        Deferred { name, unit, kind: Kind::Namespace(Above::EmptyObject), make, is_known: AtomicBool::new(false) }
    }

    /// The one instance of a class, which `make` gives under its name as well. It must have no properties of its own, and nothing may
    /// have kept it: what it holds in private members moves to the object that scripts have.
    pub const fn instance(name: &'static str, class: &'static str, unit: &'static str, make: Make) -> Deferred {
        let instance = Instance { class, parent: None, blank: |ctx| ctx.object() };
        Deferred { name, unit, kind: Kind::Instance(instance), make, is_known: AtomicBool::new(false) }
    }

    /// Says what makes the object of an instance, without anything of its own; then `make` gives that object.
    #[must_use]
    pub const fn on(self, blank: Make) -> Deferred {
        match self.kind {
            Kind::Instance(instance) => Deferred { kind: Kind::Instance(Instance { blank, ..instance }), ..self },
            _ => self,
        }
    }

    /// Says which class this one, or that of this instance, extends.
    #[must_use]
    pub const fn extends(self, parent: &'static Deferred) -> Deferred {
        match self.kind {
            Kind::Instance(instance) => {
                Deferred { kind: Kind::Instance(Instance { parent: Some(parent), ..instance }), ..self }
            }
            _ => Deferred { kind: Kind::Class(Parent::Deferred(parent)), ..self },
        }
    }

    /// Says which class of the language ([`Ctx::builtin`]) this one extends.
    #[must_use]
    pub const fn extends_builtin(self, parent: &'static str) -> Deferred {
        Deferred { kind: Kind::Class(Parent::Builtin(parent)), ..self }
    }

    fn is_class(&self) -> bool {
        matches!(self.kind, Kind::Class(_))
    }

    fn instance_of(&self) -> Option<Instance> {
        match self.kind {
            Kind::Instance(instance) => Some(instance),
            _ => None,
        }
    }
}

/// The stand-in of one realm for a deferred global, and the real one once it is made.
pub(crate) struct StandIn {
    of: &'static Deferred,
    object: Persistent,
    real: Option<Persistent>,
    /// What stands for the prototype of an instance. The engine may be looking for something in it when it is replaced, so it stays.
    placeholder: Option<Persistent>,
}

impl StandIn {
    /// Whether it is of an instance that was not made yet, of a class that extends one of that unit.
    fn waits_for(&self, unit: &str) -> bool {
        let parent = self.of.instance_of().and_then(|instance| instance.parent);
        self.real.is_none() && parent.is_some_and(|parent| parent.unit == unit)
    }
}

/// Those that any realm of the process may have.
static KNOWN: RwLock<Vec<&'static Deferred>> = RwLock::new(Vec::new());

/// Sees to it that this one is known.
fn note(deferred: &'static Deferred) {
    if deferred.is_known.load(Ordering::Acquire) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if !deferred.is_known.swap(true, Ordering::AcqRel) {
        known.push(deferred);
    }
}

static METHODS: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: None,
    get_property: Some(get_property),
    set_property: None,
};

/// SAFETY: `inner.rt` is live and has no such classes yet.
pub(crate) unsafe fn install(inner: &Inner) {
    // SAFETY: by contract.
    unsafe {
        inner.deferred_class.set(new_class(inner.rt, c"Function", Some(call)));
        inner.deferred_namespace.set(new_class(inner.rt, c"Object", None));
    }
}

/// SAFETY: as for `install`.
unsafe fn new_class(rt: *mut qjs::JSRuntime, name: &CStr, call: qjs::JSClassCall) -> qjs::JSClassID {
    let mut class_id = 0;
    let exotic = (&raw const METHODS).cast_mut();
    let class = qjs::JSClassDef { class_name: name.as_ptr(), finalizer: None, gc_mark: None, call, exotic };
    // SAFETY: by contract; the definition is copied, and the engine does not write to the methods.
    unsafe {
        qjs::JS_NewClassID(rt, &mut class_id);
        qjs::JS_NewClass(rt, class_id, &class);
    }
    class_id
}

impl<'a> Ctx<'a> {
    /// Defines a global that is made when it is first used.
    ///
    /// ```
    /// use quickbeam_engine::{Deferred, EvalOptions, Glue, Isolate, IsolateOptions};
    ///
    /// static GLUE: Glue = Glue::new("internal:greeter", "({ Greeter: class Greeter { greet() { return 'hello' } } })");
    /// static GREETER: Deferred = Deferred::class("Greeter", "greeter", |ctx| GLUE.run(ctx));
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     ctx.define_deferred(&GREETER).unwrap();
    ///     let greeting = ctx.eval("new Greeter().greet()", &EvalOptions::default()).unwrap();
    ///     assert_eq!(greeting.to_text().unwrap(), "hello");
    /// });
    /// ```
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn define_deferred(self, deferred: &'static Deferred) -> Result<()> {
        note(deferred);
        self.define_lazy(deferred)
    }

    /// What scripts have a deferred global as: its stand-in, or the real one if that was made before.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn deferred(self, deferred: &'static Deferred) -> Result<Value<'a>> {
        if let Some(object) = self.stand_in(|it| ptr::eq(it.of, deferred).then(|| self.get_kept(&it.object))) {
            return Ok(object);
        }
        if let Some(made) = self.kept(deferred.unit) {
            return made.get(deferred.name);
        }
        // Where this is the parent of another and no realm has a global of that name, it is not known yet.
        note(deferred);
        let inner = self.inner();
        let (class, above) = match deferred.kind {
            Kind::Namespace(Above::ObjectPrototype) => (&inner.deferred_namespace, self.object()?.prototype()?),
            Kind::Namespace(Above::EmptyObject) => (&inner.deferred_namespace, self.object()?),
            Kind::Class(Parent::Deferred(parent)) => (&inner.deferred_class, self.deferred(parent)?),
            Kind::Class(Parent::Builtin(parent)) => (&inner.deferred_class, self.builtin(parent)?),
            Kind::Class(Parent::None) => (&inner.deferred_class, intrinsics::function_prototype(self)),
            Kind::Instance(Instance { parent, .. }) => {
                let made = parent.and_then(|parent| Some((self.kept(parent.unit)?, parent.name)));
                let above = match made {
                    Some((made, parent)) => made.get(parent)?.get("prototype")?,
                    None => self.object()?.prototype()?,
                };
                (&inner.deferred_namespace, above)
            }
        };
        // SAFETY: a live prototype and a registered class; the opaque is only compared with static addresses.
        let stand_in = unsafe {
            let stand_in = self.check(qjs::JS_NewObjectProtoClass(self.raw(), above.raw(), class.get()))?;
            qjs::JS_SetOpaque(stand_in.raw(), ptr::from_ref(deferred).cast_mut().cast());
            qjs::JS_SetConstructorBit(self.raw(), stand_in.raw(), deferred.is_class());
            stand_in
        };
        let (object, placeholder) = match deferred.kind {
            Kind::Instance(Instance { blank, .. }) => {
                let object = blank(self)?;
                object.set_prototype(&stand_in)?;
                (object, Some(stand_in.persist()))
            }
            _ => (stand_in, None),
        };
        let stand_in = StandIn { of: deferred, object: object.clone().persist(), real: None, placeholder };
        self.slot().stand_ins.borrow_mut().push(stand_in);
        Ok(object)
    }

    /// Puts the stand-ins that scripts have in the places of the real ones, once what is kept as `unit` was made and before a script
    /// sees any of it: as the `constructor` of instances, as the parent of classes of the unit, and in `made` itself, so that classes
    /// of other units extend them, too.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn settle(self, unit: &'static str, made: &Value<'a>) -> Result<()> {
        let concerns = |it: &StandIn| it.of.unit == unit && it.real.is_none() || it.waits_for(unit);
        if !self.slot().stand_ins.borrow().iter().any(concerns) {
            return Ok(());
        }
        let known: Vec<_> = {
            let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
            known.iter().copied().filter(|known| known.unit == unit).collect()
        };
        let mut real = Vec::new();
        for deferred in known {
            // Another that was touched since may have the unit settled once more.
            match made.own_data(deferred.name)? {
                Some(found) if !found.is_stand_in() => real.push((deferred, found)),
                _ => {}
            }
        }
        let (classes, instances): (Vec<_>, Vec<_>) = real.into_iter().partition(|(it, _)| it.instance_of().is_none());
        for (deferred, real) in classes.iter().chain(&instances) {
            self.bind(deferred, real, made)?;
        }
        for (_, real) in classes.iter().filter(|(deferred, _)| deferred.is_class()) {
            let parent = real.prototype()?;
            let stands_for_parent = |it: &StandIn| {
                let is_parent = it.real.as_ref().is_some_and(|real| self.get_kept(real).strict_equals(&parent));
                is_parent.then(|| self.get_kept(&it.object))
            };
            if let Some(parent) = self.stand_in(stands_for_parent) {
                real.set_prototype(&parent)?;
            }
        }
        let waiting: Vec<_> = {
            let all = self.slot().stand_ins.borrow();
            let waiting = all.iter().filter(|it| it.waits_for(unit));
            let places = waiting.filter_map(|it| Some((it.of.instance_of()?.parent?.name, it.placeholder.as_ref()?)));
            places.map(|(parent, placeholder)| (parent, self.get_kept(placeholder))).collect()
        };
        for (parent, placeholder) in waiting {
            placeholder.set_prototype(&made.get(parent)?.get("prototype")?)?;
        }
        Ok(())
    }

    /// Lets a stand-in, if there is one, stand for what was made.
    fn bind(self, deferred: &'static Deferred, real: &Value<'a>, made: &Value<'a>) -> Result<()> {
        let found = self.stand_in(|it| {
            let placeholder = it.placeholder.as_ref().map(|placeholder| self.get_kept(placeholder));
            (ptr::eq(it.of, deferred) && it.real.is_none()).then(|| (self.get_kept(&it.object), placeholder))
        });
        let Some((object, placeholder)) = found else { return Ok(()) };
        if deferred.is_class() {
            real.get("prototype")?.define("constructor", object.clone(), Attributes::HIDDEN)?;
        }
        if let (Some(placeholder), Some(Instance { class, .. })) = (placeholder, deferred.instance_of()) {
            if !object.strict_equals(real) {
                real.move_private_members(&object)?;
            }
            let prototype = made.get(class)?.get("prototype")?;
            placeholder.set_prototype(&prototype)?;
            if object.prototype()?.strict_equals(&placeholder) {
                object.set_prototype(&prototype)?;
            }
        }
        made.define(deferred.name, object, Attributes::ALL)?;
        let real = real.clone().persist();
        let mut stand_ins = self.slot().stand_ins.borrow_mut();
        if let Some(stand_in) = stand_ins.iter_mut().find(|it| ptr::eq(it.of, deferred)) {
            stand_in.real = Some(real);
        }
        Ok(())
    }

    /// Makes what an object, or the target of a proxy, is the stand-in of, if it is that of an instance: what is about to look at it in
    /// another way than by its properties must see the real one.
    ///
    /// # Errors
    /// Throws what making it throws.
    pub fn make_instance(self, object: &Value<'a>) -> Result<()> {
        let waits = |it: &StandIn| it.placeholder.is_some() && it.real.is_none();
        if !self.slot().stand_ins.borrow().iter().any(waits) {
            return Ok(());
        }
        let mut object = object.clone();
        while let Some((target, _)) = object.proxy_parts() {
            object = target;
        }
        let placeholder = self.stand_in(|it| {
            let is_it = waits(it) && self.get_kept(&it.object).strict_equals(&object);
            it.placeholder.as_ref().filter(|_| is_it).map(|placeholder| self.get_kept(placeholder))
        });
        placeholder.map_or(Ok(()), |placeholder| self.real(&placeholder).map(drop))
    }

    /// What `f` finds in a stand-in.
    fn stand_in<R>(self, f: impl FnMut(&StandIn) -> Option<R>) -> Option<R> {
        self.slot().stand_ins.borrow().iter().find_map(f)
    }

    /// The real one behind a stand-in, made now if it must be.
    fn real(self, object: &Value<'a>) -> Result<Value<'a>> {
        let Some(of) = object.deferred() else {
            return Err(self.throw_error("InternalError", "a stand-in that stands for nothing"));
        };
        let find = |it: &StandIn| ptr::eq(it.of, of).then(|| it.real.as_ref().map(|real| self.get_kept(real)));
        if let Some(Some(real)) = self.stand_in(find) {
            return Ok(real);
        }
        self.check_stack()?;
        let made = (of.make)(self)?;
        self.settle(of.unit, &made)?;
        match self.stand_in(find) {
            Some(Some(real)) => Ok(real),
            _ => Err(self.throw_error("InternalError", &format!("{} has not been made", of.name))),
        }
    }
}

impl<'a> Value<'a> {
    /// Gives another object the private members of this one.
    fn move_private_members(&self, target: &Value<'a>) -> Result<()> {
        for key in self.private_keys()? {
            let value = self.own_value(&key)?.unwrap_or_else(|| self.ctx().undefined());
            target.define_key(&key, value, Attributes::ALL)?;
        }
        Ok(())
    }

    /// Whether this stands for something that may not have been made yet, so that looking at its properties may make it.
    pub(crate) fn is_stand_in(&self) -> bool {
        self.deferred().is_some()
    }

    fn deferred(&self) -> Option<&'static Deferred> {
        let inner = self.ctx().inner();
        let of_class = |class: qjs::JSClassID| {
            // SAFETY: the engine checks the class; opaques of these classes are addresses of statics.
            unsafe { qjs::JS_GetOpaque(self.raw(), class).cast::<Deferred>().as_ref() }
        };
        of_class(inner.deferred_class.get()).or_else(|| of_class(inner.deferred_namespace.get()))
    }
}

/// SAFETY: called by the engine with a live context and live values.
unsafe extern "C" fn call(
    ctx: *mut qjs::JSContext,
    function: qjs::JSValue,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    flags: c_int,
) -> qjs::JSValue {
    // SAFETY: by contract; the function is lent for the call.
    let (ctx, function) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, function)))
    };
    guard(ctx, || {
        ctx.check_stack()?;
        let real = ctx.real(&function)?;
        // SAFETY: what the engine gave, live for the call. `this` is `new.target` of a construction.
        ctx.check(unsafe {
            if flags & qjs::JS_CALL_FLAG_CONSTRUCTOR as c_int == 0 {
                qjs::JS_Call(ctx.raw(), real.raw(), this, argc, argv)
            } else {
                let is_own = qjs::JS_IsStrictEqual(ctx.raw(), this, function.raw());
                qjs::JS_CallConstructor2(ctx.raw(), real.raw(), if is_own { real.raw() } else { this }, argc, argv)
            }
        })
    })
}

/// Does something with the real one behind a stand-in, or tells what there is of the placeholder of a prototype, once that is made.
/// The result is -1 for an exception.
///
/// SAFETY: called by the engine with a live context and a stand-in.
unsafe fn with_real<'a>(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    of_placeholder: impl FnOnce(Ctx<'a>) -> c_int,
    f: impl FnOnce(Ctx<'a>, &Value<'a>) -> c_int,
) -> c_int {
    // SAFETY: by contract; the object is lent for the call.
    let (ctx, object) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, object)))
    };
    guard_status(ctx, || {
        let real = ctx.real(&object)?;
        let is_placeholder = object.deferred().is_some_and(|it| it.instance_of().is_some());
        let status = if is_placeholder { of_placeholder(ctx) } else { f(ctx, &real) };
        if status < 0 { Err(Thrown) } else { Ok(status > 0) }
    })
}

/// SAFETY (all): called by the engine for objects of our classes. What it looks for in a placeholder it looks for in the prototype of that
/// next.
unsafe extern "C" fn get_own_property(
    ctx: *mut qjs::JSContext,
    descriptor: *mut qjs::JSPropertyDescriptor,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
) -> c_int {
    // SAFETY: by contract; the engine takes over what the descriptor gets.
    let get =
        |ctx: Ctx<'_>, real: &Value<'_>| unsafe { qjs::JS_GetOwnProperty(ctx.raw(), descriptor, real.raw(), atom) };
    // SAFETY: by contract.
    unsafe { with_real(ctx, object, |_| 0, get) }
}

/// Reads a property as the engine would: left to itself, it calls the getter of an accessor that has none.
unsafe extern "C" fn get_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
    receiver: qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: by contract; all are lent for the call.
    let (ctx, object, key, receiver) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        let (object, receiver) = (Value::from_raw(ctx, object), Value::from_raw(ctx, receiver));
        let key = PropertyKey::from_raw(ctx, atom);
        (ctx, ManuallyDrop::new(object), ManuallyDrop::new(key), ManuallyDrop::new(receiver))
    };
    guard(ctx, || {
        ctx.check_stack()?;
        let real = ctx.real(&object)?;
        let is_placeholder = object.deferred().is_some_and(|it| it.instance_of().is_some());
        let own = if is_placeholder { None } else { real.own_property(&key)? };
        if let Some(own) = own {
            return own.read(&receiver);
        }
        let above = object.prototype()?;
        if above.is_null() {
            return Ok(above.ctx().undefined());
        }
        let get = &ctx.inner().layout.reflection.get;
        get.call(ctx, &ctx.undefined(), &[above, key.to_value()?, Value::clone(&receiver)])
    })
}

unsafe extern "C" fn get_own_property_names(
    ctx: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    len: *mut u32,
    object: qjs::JSValue,
) -> c_int {
    let all = (qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK) as c_int;
    // SAFETY: by contract; the engine frees the table, and what it finds in place of one after an exception.
    let names =
        |ctx: Ctx<'_>, real: &Value<'_>| unsafe { qjs::JS_GetOwnPropertyNames(ctx.raw(), table, len, real.raw(), all) };
    // SAFETY: by contract.
    unsafe {
        table.write(ptr::null_mut());
        len.write(0);
        with_real(ctx, object, |_| 0, names)
    }
}

unsafe extern "C" fn delete_property(ctx: *mut qjs::JSContext, object: qjs::JSValue, atom: qjs::JSAtom) -> c_int {
    // SAFETY: by contract.
    let delete = |ctx: Ctx<'_>, real: &Value<'_>| unsafe { qjs::JS_DeleteProperty(ctx.raw(), real.raw(), atom, 0) };
    // SAFETY: by contract.
    unsafe { with_real(ctx, object, |_| 1, delete) }
}

unsafe extern "C" fn define_own_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
    value: qjs::JSValue,
    getter: qjs::JSValue,
    setter: qjs::JSValue,
    flags: c_int,
) -> c_int {
    // SAFETY: by contract; the engine keeps the references that it gave.
    let define = |ctx: Ctx<'_>, real: &Value<'_>| unsafe {
        // A script can forbid new properties of the stand-in alone.
        if qjs::JS_IsExtensible(ctx.raw(), object) == 0 {
            match qjs::JS_GetOwnProperty(ctx.raw(), ptr::null_mut(), real.raw(), atom) {
                0 => {
                    qjs::JS_PreventExtensions(ctx.raw(), real.raw());
                }
                1 => {}
                _ => return -1,
            }
        }
        qjs::JS_DefineProperty(ctx.raw(), real.raw(), atom, value, getter, setter, flags)
    };
    // SAFETY: by contract; no script has a placeholder.
    unsafe { with_real(ctx, object, |_| 0, define) }
}
