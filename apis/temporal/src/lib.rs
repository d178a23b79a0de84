//! Temporal (ECMA-262, Temporal objects): `Temporal` with its nine types, and `Date.prototype.toTemporalInstant`; over `temporal_rs`,
//! with ICU4X's calendars and compiled time zone data.
//!
//! | module | holds |
//! |---|---|
//! | `class` | classes whose instances stand for values of the library |
//! | `convert` | numbers, BigInts and primitives as the specification converts them; errors |
//! | `options` | objects of options, read in the specification's order |
//! | `fields` | property bags such as `{ year: 2024, month: 2, day: 29 }` |
//! | `lunisolar` | months between dates of the Chinese calendar that lie far apart |
//! | `zone` | time zones and calendars of arguments, the clock |
//! | the others | one class each |
//!
//! An object is a host object of the library's own type, whose prototype is all that scripts can change of it: brands cannot
//! be forged, and nothing here reads what a script could have replaced. Values are immutable.

mod class;
mod convert;
mod duration;
mod fields;
mod instant;
mod lunisolar;
mod now;
mod options;
mod plain_date;
mod plain_date_time;
mod plain_month_day;
mod plain_time;
mod plain_year_month;
mod zone;
mod zoned_date_time;

use class::define_tag;
use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Result, Value};
use quickbeam_executor::Api;

static NAMESPACE: Deferred = Deferred::namespace("Temporal", UNIT, namespace);

/// What a realm keeps it under.
const UNIT: &str = "temporal";

/// The API.
pub struct Temporal;

impl Api for Temporal {
    fn name(&self) -> &'static str {
        "temporal"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&NAMESPACE)?;
        ctx.extend_builtin("Date", |_, date| {
            date.get("prototype")?.define_function("toTemporalInstant", 0, Attributes::HIDDEN, |ctx, this, _| {
                if !this.is_date() {
                    return Err(ctx.throw_type("this is not a Date"));
                }
                // The time value itself, whatever scripts have made of `valueOf`.
                let time = convert::time_value(ctx, this)?;
                class::make(ctx, instant::from_milliseconds(ctx, time)?)
            })
        })
    }
}

/// An object with `Temporal`, made when that is first used, with every class.
fn namespace(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let namespace = ctx.object()?;
        define_tag(ctx, &namespace, "Temporal")?;
        let classes = [
            ("Instant", instant::class(ctx)?),
            ("PlainDateTime", plain_date_time::class(ctx)?),
            ("PlainDate", plain_date::class(ctx)?),
            ("PlainTime", plain_time::class(ctx)?),
            ("PlainYearMonth", plain_year_month::class(ctx)?),
            ("PlainMonthDay", plain_month_day::class(ctx)?),
            ("Duration", duration::class(ctx)?),
            ("ZonedDateTime", zoned_date_time::class(ctx)?),
            ("Now", now::object(ctx)?),
        ];
        let texts = ctx.object_without_prototype()?;
        for (name, class) in classes {
            if name != "Now" {
                texts.set(&format!("Temporal.{name}"), class.get("prototype")?.get("toString")?)?;
            }
            namespace.define(name, class, Attributes::HIDDEN)?;
        }
        ctx.keep(quickbeam_api_inspect::HOST_TEXT, ctx.bound_function(&texts, text_of)?);
        Natives::new(ctx)?.value("Temporal", namespace).map(Natives::into_value)
    })
}

/// The text of an instance for people, `undefined` for another value.
fn text_of<'a>(ctx: Ctx<'a>, texts: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = args.get(0);
    match class::class_of(&value) {
        Some(name) => ctx.call(&texts.get(name)?, &value, &[]),
        None => Ok(ctx.undefined()),
    }
}
