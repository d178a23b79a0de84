//! What the Web APIs share: classes and functions with the attributes that Web IDL asks for.
//!
//! An API defines its functions with [`define_function`], and its classes in JavaScript that runs when the first of
//! them is touched; [`helpers`] gives that JavaScript `expose(Class, { constants, clone, pack, transfer, shown })`, conversions
//! of IDL types, and `QuotaExceededError`. What `pack` gives is a [`Parcel`].

mod parcel;

pub use parcel::{Packing, Parcel, ParcelReader, pack, packed, read_parcel, read_parcels};

use quickbeam_engine::{Args, Attributes, Ctx, Glue, LazyGlobal, NativeFn, Result, Value};
use quickbeam_executor::Api;

static WEBIDL: Glue = Glue::new("internal:webidl", include_str!("webidl.js"));

static QUOTA_EXCEEDED_ERROR: LazyGlobal =
    LazyGlobal::new("QuotaExceededError", |ctx| helpers(ctx)?.get("QuotaExceededError"));

const KEPT: &str = "webidl";

/// The global `QuotaExceededError`, and an `Error.isError` that knows DOM exceptions.
pub struct DomExceptions;

impl Api for DomExceptions {
    fn name(&self) -> &'static str {
        "dom_exceptions"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_lazy_global(&QUOTA_EXCEEDED_ERROR)?;
        ctx.globals().get("Error")?.define_function("isError", 1, Attributes::HIDDEN, |ctx, _, args| {
            let value = args.get(0);
            Ok(ctx.boolean(value.is_error() || value.is_dom_exception()))
        })
    }
}

/// The realm's helpers for glue that defines classes.
///
/// # Errors
/// Throws if memory is short.
pub fn helpers(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, KEPT, |ctx| {
        let native = ctx.object_without_prototype()?;
        native.set("DOMException", ctx.builtin("DOMException")?)?;
        let helpers = ctx.call(&WEBIDL.run(ctx)?, &ctx.undefined(), &[native])?;
        ctx.keep(quickbeam_api_inspect::SHOWN, helpers.get("shownOf")?);
        Ok(helpers)
    })
}

/// What `transfer` is of the exposed class that an object belongs to; `None` if there is none.
///
/// # Errors
/// Throws if memory is short.
pub fn transfer_steps<'a>(ctx: Ctx<'a>, object: &Value<'a>) -> Result<Option<Value<'a>>> {
    // Without the helpers there are no such classes yet.
    let Some(idl) = ctx.kept(KEPT).filter(|_| !object.is_proxy()) else { return Ok(None) };
    ctx.make_instance(object)?;
    let steps = ctx.call(&idl.get("transferSteps")?, &ctx.undefined(), std::slice::from_ref(object))?;
    Ok(Some(steps).filter(Value::truthy))
}

/// What `make` made when it was first asked for under this name in this realm.
///
/// # Errors
/// Throws what `make` throws.
pub fn kept<'a>(
    ctx: Ctx<'a>,
    name: &'static str,
    make: impl FnOnce(Ctx<'a>) -> Result<Value<'a>>,
) -> Result<Value<'a>> {
    if let Some(value) = ctx.kept(name) {
        return Ok(value);
    }
    let value = make(ctx)?;
    ctx.keep(name, value.clone());
    ctx.settle(name, &value)?;
    Ok(value)
}

/// Defines a global function: enumerable, as Web IDL has operations.
///
/// # Errors
/// Throws if memory is short.
pub fn define_function<F: NativeFn>(ctx: Ctx<'_>, name: &str, length: u8, native: F) -> Result<()> {
    ctx.globals().define_function(name, length, Attributes::ALL, native)
}

/// An object of native functions for glue.
///
/// # Errors
/// Throws if memory is short.
pub struct Natives<'a>(Value<'a>);

impl<'a> Natives<'a> {
    /// Starts with none.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn new(ctx: Ctx<'a>) -> Result<Natives<'a>> {
        ctx.object_without_prototype().map(Natives)
    }

    /// Adds a function.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn function<F: NativeFn>(self, name: &str, native: F) -> Result<Natives<'a>> {
        let function = self.0.ctx().function(name, 0, native)?;
        self.value(name, function)
    }

    /// Adds a value.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn value(self, name: &str, value: Value<'a>) -> Result<Natives<'a>> {
        // Not assigned: a script may have given `Object.prototype` a setter of that name.
        self.0.define(name, value, Attributes::ALL)?;
        Ok(self)
    }

    /// The object.
    pub fn into_value(self) -> Value<'a> {
        self.0
    }
}

/// Throws unless there are `count` arguments.
///
/// # Errors
/// Throws a `TypeError` that names the function.
pub fn need(ctx: Ctx<'_>, args: Args<'_>, count: usize, function: &str) -> Result<()> {
    if args.len() >= count {
        return Ok(());
    }
    let plural = if count == 1 { "" } else { "s" };
    Err(ctx.throw_type(&format!("{function}: {count} argument{plural} required, but only {} present", args.len())))
}

/// Web IDL's `long`: `ToInt32`.
///
/// # Errors
/// What the conversion to a number throws.
pub fn to_long(value: &Value<'_>) -> Result<i32> {
    if let Some(int) = value.as_int() {
        return Ok(int);
    }
    let number = value.to_f64()?;
    if !number.is_finite() {
        return Ok(0);
    }
    let wrapped = number.trunc().rem_euclid(4_294_967_296.0) as u32;
    Ok(wrapped.cast_signed())
}
