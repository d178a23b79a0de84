//! The ECMAScript Internationalization API (ECMA-402): `Intl`, and the methods of numbers, dates, strings and arrays that know
//! locales; over ICU4X and its compiled data of the CLDR.
//!
//! | module | holds |
//! |---|---|
//! | `locale` | canonical tags, likely subtags |
//! | `region` | calendars, orders, weeks and time zones where a locale is spoken |
//! | `segments` | segments of text |
//! | `words`, `names` | order, lists, plural forms, relative times; names |
//! | `number`, `numerals`, `units` | `NumberFormat`, rounding; systems of digits; units of measurement |
//! | `datetime` | `DateTimeFormat`, time zones |
//! | `temporal` | objects of Temporal |
//! | `parts` | formatted text with its parts |
//!
//! The glue reads options and locales as the specification says; what comes here is checked. The default locale is `en-US`,
//! whatever the machine's; the default time zone is the machine's.

mod datetime;
mod locale;
mod names;
mod number;
mod numerals;
mod options;
mod parts;
mod region;
mod segments;
mod temporal;
mod units;
mod words;

pub use datetime::system_time_zone;

use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, Result, TypedArrayKind, Value};
use quickbeam_executor::Api;

static SHARED: Glue = Glue::new("internal:intl/shared", include_str!("shared.js"));
static LOCALE: Glue = Glue::new("internal:intl/locale", include_str!("locale.js"));
static TEXT: Glue = Glue::new("internal:intl/text", include_str!("text.js"));
static NUMBER: Glue = Glue::new("internal:intl/number", include_str!("number.js"));
static DATE_TIME: Glue = Glue::new("internal:intl/datetime", include_str!("datetime.js"));
static DURATION: Glue = Glue::new("internal:intl/duration", include_str!("duration.js"));
static INTL: Glue = Glue::new("internal:intl", include_str!("intl.js"));

static NAMESPACE: Deferred = Deferred::namespace("Intl", UNIT, made);

/// What a realm keeps it under.
const UNIT: &str = "intl";

/// The API.
pub struct Intl;

impl Api for Intl {
    fn name(&self) -> &'static str {
        "intl"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&NAMESPACE)?;
        macro_rules! methods {
            ($prototype:expr; $($name:literal $length:literal = $key:literal;)*) => {{
                let prototype = $prototype;
                $(prototype.define_function($name, $length, Attributes::HIDDEN, |ctx, this, args| forward(ctx, $key, this, args))?;)*
            }};
        }
        let prototype = |class: &str| ctx.globals().get(class)?.get("prototype");
        methods! { prototype("Number")?; "toLocaleString" 0 = "number"; }
        methods! { prototype("BigInt")?; "toLocaleString" 0 = "bigint"; }
        methods! { prototype("Array")?; "toLocaleString" 0 = "array"; }
        methods! {
            prototype("String")?;
            "localeCompare" 1 = "compare";
            "toLocaleUpperCase" 0 = "upper";
            "toLocaleLowerCase" 0 = "lower";
        }
        ctx.extend_builtin("Date", |_, date| {
            methods! {
                date.get("prototype")?;
                "toLocaleString" 0 = "dateTime";
                "toLocaleDateString" 0 = "date";
                "toLocaleTimeString" 0 = "time";
            }
            Ok(())
        })?;
        ctx.extend_builtin("Uint8Array", |ctx, class| {
            let all = class.get("prototype")?.prototype()?;
            ctx.keep(TYPED_KEYS, all.get("keys")?);
            methods! { all; "toLocaleString" 0 = "typedArray"; }
            Ok(())
        })
    }
}

/// A Temporal object as a locale writes it: `(locales, options)`.
///
/// # Errors
/// Throws what `Intl.DateTimeFormat` throws; a `TypeError` if these options show nothing that the object has.
pub fn format_temporal<'a>(ctx: Ctx<'a>, value: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    forward(ctx, "temporal", value, args)
}

/// A `Temporal.Duration` as a locale writes it: `(locales, options)`.
///
/// # Errors
/// Throws what `Intl.DurationFormat` throws.
pub fn format_duration<'a>(ctx: Ctx<'a>, value: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    forward(ctx, "duration", value, args)
}

/// `keys` of the prototype of all typed arrays.
const TYPED_KEYS: &str = "intl.typedArrayKeys";

/// The length of a typed array; throws a `TypeError` for other values, and for one whose buffer is gone: `(array)`.
fn typed_length<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    use TypedArrayKind::{Float16, Float32, Int8, Int16, Int32, Uint8, Uint8Clamped, Uint16, Uint32};
    let array = args.get(0);
    // It judges its array as the specification asks for.
    let keys = ctx.kept(TYPED_KEYS).unwrap_or_else(|| ctx.undefined());
    ctx.call(&keys, &array, &[])?;
    let width = match array.typed_array_kind() {
        Some(Int8 | Uint8 | Uint8Clamped) => 1,
        Some(Int16 | Uint16 | Float16) => 2,
        Some(Int32 | Uint32 | Float32) => 4,
        _ => 8,
    };
    Ok(ctx.number((array.with_bytes(|bytes| bytes.len()).unwrap_or(0) / width) as f64))
}

/// Calls a method of the glue's with `this` as the first argument.
fn forward<'a>(ctx: Ctx<'a>, key: &str, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let method = made(ctx)?.get("methods")?.get(key)?;
    let mut values = vec![this.clone()];
    values.extend(args.rest(0));
    ctx.call(&method, &ctx.undefined(), &values)
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = Natives::new(ctx)?
            .function("canonical", locale::canonical)?
            .function("isSupported", locale::is_supported)?
            .function("keywords", locale::keywords)?
            .function("withExtension", locale::with_extension)?
            .function("withSubtags", locale::with_subtags)?
            .function("baseName", locale::base_name)?
            .function("subtags", locale::subtags)?
            .function("maximize", locale::maximize)?
            .function("minimize", locale::minimize)?
            .function("upperCase", locale::upper_case)?
            .function("lowerCase", locale::lower_case)?
            .value("calendars", region::calendars(ctx)?)?
            .function("calendar", region::calendar)?
            .function("calendarOf", region::calendar_of)?
            .function("calendarsOf", region::calendars_of)?
            .function("hasCollation", region::has_collation)?
            .function("collationsOf", region::collations_of)?
            .function("allCollations", region::all_collations)?
            .function("direction", region::direction)?
            .function("weekInfo", region::week_info)?
            .function("timeZonesOf", region::time_zones_of)?
            .function("isNumberingSystem", numerals::is_system)?
            .function("numberingSystemOf", numerals::system_of)?
            .function("numberingSystems", numerals::systems)?
            .value("units", region::strings(ctx, units::UNITS.iter().copied())?)?
            .function("typedLength", typed_length)?
            .function("temporal", temporal::temporal)?
            .function("duration", temporal::duration)?
            .function("checkedDuration", temporal::checked_duration)?
            .function("segments", segments::segments)?
            .function("segmentSizes", segments::sizes)?
            .function("collator", words::collator)?
            .function("compare", words::compare)?
            .function("pluralRules", words::plural_rules)?
            .function("pluralCategory", words::plural_category)?
            .function("pluralCategories", words::plural_categories)?
            .function("listFormat", words::list_format)?
            .function("formatList", words::format_list)?
            .function("relativeTime", words::relative_time)?
            .function("formatRelativeTime", words::format_relative_time)?
            .function("displayName", words::display_name)?
            .function("digits", number::digits)?
            .function("numberFormat", number::number_format)?
            .function("formatNumber", number::format_number)?
            .function("currencyDigits", number::currency_digits)?
            .function("currencies", names::currencies)?
            .function("dateTimeFormat", datetime::date_time_format)?
            .function("formatDateTime", datetime::format_date_time)?
            .function("timeZone", datetime::time_zone)?
            .function("timeZones", datetime::time_zones)?
            .function("defaultTimeZone", datetime::default_time_zone)?
            .function("hasTwelveHours", datetime::has_twelve_hours)?
            .function("twelveHours", datetime::twelve_hours)?
            .into_value();
        natives.set("refuseClones", quickbeam_api_webidl::helpers(ctx)?.get("refuseClones")?)?;
        let shared = ctx.call(&SHARED.run(ctx)?, &ctx.undefined(), std::slice::from_ref(&natives))?;
        let mut args = vec![natives, shared];
        for glue in [&LOCALE, &TEXT, &NUMBER, &DATE_TIME, &DURATION] {
            args.push(glue.run(ctx)?);
        }
        ctx.call(&INTL.run(ctx)?, &ctx.undefined(), &args)
    })
}
