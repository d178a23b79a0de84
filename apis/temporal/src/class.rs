//! Classes whose instances stand for values of `temporal_rs`.

use crate::convert::intrinsic;
use quickbeam_engine::{Attributes, Ctx, NativeFn, PropertyKey, Result, Value};
use std::rc::Rc;
use temporal_rs::{
    Duration, Instant, PlainDate, PlainDateTime, PlainMonthDay, PlainTime, PlainYearMonth, ZonedDateTime,
};

/// A type of the library that has a class.
pub(crate) trait Temporal: Clone + 'static {
    /// The class's name in `Symbol.toStringTag`, under which its prototype is kept too.
    const NAME: &'static str;
}

macro_rules! named {
    ($($type:ident: $name:literal;)*) => {
        $(impl Temporal for $type {
            const NAME: &'static str = $name;
        })*

        /// The name of the class that a value is an instance of, if it is one of these.
        pub(crate) fn class_of(value: &Value<'_>) -> Option<&'static str> {
            let held = value.host_value()?;
            $(if held.is::<$type>() {
                return Some($name);
            })*
            None
        }
    };
}

named! {
    Duration: "Temporal.Duration";
    Instant: "Temporal.Instant";
    PlainDate: "Temporal.PlainDate";
    PlainDateTime: "Temporal.PlainDateTime";
    PlainMonthDay: "Temporal.PlainMonthDay";
    PlainTime: "Temporal.PlainTime";
    PlainYearMonth: "Temporal.PlainYearMonth";
    ZonedDateTime: "Temporal.ZonedDateTime";
}

/// Whether a value is an instance of any of the classes.
pub(crate) fn is_temporal(value: &Value<'_>) -> bool {
    class_of(value).is_some()
}

/// What an object stands for; `None` if it is no instance.
pub(crate) fn as_instance<T: Temporal>(value: &Value<'_>) -> Option<Rc<T>> {
    value.host()
}

/// What `this` stands for.
///
/// # Errors
/// Throws a `TypeError` if it is no instance.
pub(crate) fn of<T: Temporal>(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<T>> {
    as_instance(this).ok_or_else(|| ctx.throw_type(&format!("this is not a {}", T::NAME)))
}

/// An instance of the class itself.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn make<T: Temporal>(ctx: Ctx<'_>, value: T) -> Result<Value<'_>> {
    if ctx.kept(T::NAME).is_none() {
        crate::namespace(ctx)?;
    }
    instance(ctx, value, &ctx.kept(T::NAME).unwrap_or_else(|| ctx.null()))
}

/// An instance of the class that `new` was called on.
///
/// # Errors
/// What a getter of the class's `prototype` throws.
pub(crate) fn construct<'a, T: Temporal>(ctx: Ctx<'a>, new_target: &Value<'a>, value: T) -> Result<Value<'a>> {
    let prototype = new_target.get("prototype")?;
    if prototype.is_object() { instance(ctx, value, &prototype) } else { make(ctx, value) }
}

fn instance<'a, T: Temporal>(ctx: Ctx<'a>, value: T, prototype: &Value<'a>) -> Result<Value<'a>> {
    ctx.host_object(Rc::new(value), Some(prototype))
}

/// A class that is being made.
pub(crate) struct Class<'a> {
    ctx: Ctx<'a>,
    constructor: Value<'a>,
    prototype: Value<'a>,
}

impl<'a> Class<'a> {
    /// Starts with a constructor of `length` parameters, whose `this` is `new.target`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn new<T: Temporal>(ctx: Ctx<'a>, length: u32, constructor: impl NativeFn) -> Result<Class<'a>> {
        let name = T::NAME.trim_start_matches("Temporal.");
        let constructor = ctx.constructor(name, length, constructor)?;
        let prototype = ctx.object()?;
        constructor.define("prototype", prototype.clone(), Attributes::FIXED)?;
        prototype.define("constructor", constructor.clone(), Attributes::HIDDEN)?;
        define_tag(ctx, &prototype, T::NAME)?;
        ctx.keep(T::NAME, prototype.clone());
        let class = Class { ctx, constructor, prototype };
        class.method("valueOf", 0, |ctx, _, _| {
            let message = format!("{} has no order by value; use compare or equals", T::NAME);
            Err(ctx.throw_type(&message))
        })?;
        Ok(class)
    }

    /// Adds a method.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn method(&self, name: &str, length: u32, native: impl NativeFn) -> Result<()> {
        self.prototype.define(name, self.ctx.function(name, length, native)?, Attributes::HIDDEN)
    }

    /// Adds a static method.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn static_method(&self, name: &str, length: u32, native: impl NativeFn) -> Result<()> {
        self.constructor.define(name, self.ctx.function(name, length, native)?, Attributes::HIDDEN)
    }

    /// Adds a getter.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn getter(&self, name: &str, native: impl NativeFn) -> Result<()> {
        let getter = self.ctx.function(&format!("get {name}"), 0, native)?;
        self.prototype.define_accessor(name, getter, None, Attributes::HIDDEN)
    }

    /// The constructor.
    pub(crate) fn finish(self) -> Value<'a> {
        self.constructor
    }
}

/// Gives an object its `Symbol.toStringTag`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn define_tag<'a>(ctx: Ctx<'a>, object: &Value<'a>, tag: &str) -> Result<()> {
    let key = PropertyKey::from_value(&intrinsic(ctx, "toStringTag")?)?;
    let attributes = Attributes { configurable: true, ..Attributes::FIXED };
    object.define_key(&key, ctx.string(tag)?, attributes)
}

/// What a getter gives: a number, a string, or `undefined` for what a calendar does not have.
pub(crate) trait Field {
    /// The JavaScript value.
    ///
    /// # Errors
    /// Throws if memory is short.
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>>;
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Field for $type {
            fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
                Ok(ctx.number(self as f64))
            }
        })*
    };
}

numbers! { u8 u16 i32 i64 i128 f64 }

impl Field for bool {
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        Ok(ctx.boolean(self))
    }
}

impl Field for &str {
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        ctx.string(self)
    }
}

impl Field for String {
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        ctx.string(&self)
    }
}

impl<const N: usize> Field for temporal_rs::TinyAsciiStr<N> {
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        ctx.string(&self)
    }
}

impl<T: Field> Field for Option<T> {
    fn into_field(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        self.map_or_else(|| Ok(ctx.undefined()), |field| field.into_field(ctx))
    }
}

/// Adds getters, each an expression of the value.
macro_rules! getters {
    ($class:expr, $type:ty; $($name:literal = |$value:ident| $body:expr;)*) => {
        $($class.getter($name, |ctx, this, _| {
            let $value = $crate::class::of::<$type>(ctx, this)?;
            $crate::class::Field::into_field($body, ctx)
        })?;)*
    };
}

/// Adds the getters of whatever has a year and a month.
macro_rules! month_getters {
    ($class:expr, $type:ty) => {
        $crate::class::getters! { $class, $type;
            "calendarId" = |value| value.calendar().identifier();
            "era" = |value| value.era();
            "eraYear" = |value| value.era_year();
            "year" = |value| value.year();
            "month" = |value| value.month();
            "monthCode" = |value| value.month_code().as_str();
            "daysInMonth" = |value| value.days_in_month();
            "daysInYear" = |value| value.days_in_year();
            "monthsInYear" = |value| value.months_in_year();
            "inLeapYear" = |value| value.in_leap_year();
        }
    };
}

/// Adds the getters of whatever has a date.
macro_rules! date_getters {
    ($class:expr, $type:ty) => {
        $crate::class::month_getters!($class, $type);
        $crate::class::getters! { $class, $type;
            "day" = |value| value.day();
            "dayOfWeek" = |value| value.day_of_week();
            "dayOfYear" = |value| value.day_of_year();
            "weekOfYear" = |value| value.week_of_year();
            "yearOfWeek" = |value| value.year_of_week();
            "daysInWeek" = |value| value.days_in_week();
        }
    };
}

/// Adds the getters of whatever has a time of day.
macro_rules! time_getters {
    ($class:expr, $type:ty) => {
        $crate::class::getters! { $class, $type;
            "hour" = |value| value.hour();
            "minute" = |value| value.minute();
            "second" = |value| value.second();
            "millisecond" = |value| value.millisecond();
            "microsecond" = |value| value.microsecond();
            "nanosecond" = |value| value.nanosecond();
        }
    };
}

pub(crate) use {date_getters, getters, month_getters, time_getters};

/// Adds `toLocaleString`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn define_locale_string<T: Temporal>(class: &Class<'_>) -> Result<()> {
    class.method("toLocaleString", 0, |ctx, this, args| {
        of::<T>(ctx, this)?;
        quickbeam_api_intl::format_temporal(ctx, this, args)
    })
}
