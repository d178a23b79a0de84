//! Objects of options (ECMA-262, Temporal, abstract operations), read in the specification's order: every option is read and
//! converted before any is judged together with another.

use crate::convert::{OrThrow, range, truncated};
use quickbeam_engine::{Ctx, Result, Value};
use std::str::FromStr;
use temporal_rs::options::{
    DifferenceSettings, Overflow, RoundingIncrement, RoundingMode, RoundingOptions, ToStringRoundingOptions, Unit,
};
use temporal_rs::parsers::Precision;

/// An object of options; `undefined` is one without any.
pub(crate) struct Options<'a> {
    ctx: Ctx<'a>,
    object: Option<Value<'a>>,
}

impl<'a> Options<'a> {
    /// GetOptionsObject.
    ///
    /// # Errors
    /// Throws a `TypeError` for what is neither an object nor `undefined`.
    pub(crate) fn new(ctx: Ctx<'a>, value: Value<'a>) -> Result<Options<'a>> {
        if !value.is_object() && !value.is_undefined() {
            return Err(ctx.throw_type("the options are not an object"));
        }
        Ok(Options { ctx, object: Some(value).filter(Value::is_object) })
    }

    /// What `round` and `total` take: an object, or a string that stands for one with that option.
    ///
    /// # Errors
    /// Throws a `TypeError` for any other value.
    pub(crate) fn or_unit(ctx: Ctx<'a>, value: Value<'a>, option: &str) -> Result<Options<'a>> {
        if value.is_undefined() {
            return Err(ctx.throw_type(&format!("the option {option} is missing")));
        }
        if !value.is_string() {
            return Options::new(ctx, value);
        }
        let object = ctx.object_without_prototype()?;
        object.set(option, value)?;
        Ok(Options { ctx, object: Some(object) })
    }

    /// An option's value; `undefined` if it is missing.
    ///
    /// # Errors
    /// What a getter throws.
    pub(crate) fn get(&self, name: &str) -> Result<Value<'a>> {
        self.object.as_ref().map_or_else(|| Ok(self.ctx.undefined()), |object| object.get(name))
    }

    /// An option that is one of several words.
    ///
    /// # Errors
    /// Throws a `RangeError` for any other word.
    pub(crate) fn choice<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        let value = self.get(name)?;
        if value.is_undefined() {
            return Ok(None);
        }
        let text = value.to_text()?;
        let wrong = |_| range(self.ctx, &format!("{name} cannot be {text:?}"));
        text.parse().map(Some).map_err(wrong)
    }

    /// `overflow`.
    ///
    /// # Errors
    /// As [`Options::choice`].
    pub(crate) fn overflow(&self) -> Result<Overflow> {
        self.choice("overflow").map(Option::unwrap_or_default)
    }

    /// `roundingIncrement`.
    ///
    /// # Errors
    /// Throws a `RangeError` outside of 1 to 10^9.
    fn increment(&self) -> Result<Option<RoundingIncrement>> {
        let value = self.get("roundingIncrement")?;
        if value.is_undefined() {
            return Ok(None);
        }
        RoundingIncrement::try_from(truncated(&value)?).or_throw(self.ctx).map(Some)
    }

    /// `fractionalSecondDigits`.
    ///
    /// # Errors
    /// Throws a `RangeError` for what is neither `auto` nor a number from 0 to 9.
    pub(crate) fn fractional_digits(&self) -> Result<Precision> {
        let value = self.get("fractionalSecondDigits")?;
        let wrong = || range(self.ctx, "fractionalSecondDigits is neither \"auto\" nor a number from 0 to 9");
        if value.is_undefined() {
            return Ok(Precision::Auto);
        }
        let Some(number) = value.as_f64() else {
            return if value.to_text()? == "auto" { Ok(Precision::Auto) } else { Err(wrong()) };
        };
        let digits = number.floor();
        if (0.0..=9.0).contains(&digits) { Ok(Precision::Digit(digits as u8)) } else { Err(wrong()) }
    }

    /// `roundingMode`.
    ///
    /// # Errors
    /// As [`Options::choice`].
    pub(crate) fn rounding_mode(&self) -> Result<Option<RoundingMode>> {
        self.choice("roundingMode")
    }

    /// A unit; `auto` is one.
    ///
    /// # Errors
    /// As [`Options::choice`].
    pub(crate) fn unit(&self, name: &str) -> Result<Option<Unit>> {
        self.choice(name)
    }

    /// The options of `until` and `since`.
    ///
    /// # Errors
    /// As those of each option.
    pub(crate) fn difference(&self) -> Result<DifferenceSettings> {
        let mut settings = DifferenceSettings::default();
        settings.largest_unit = self.unit("largestUnit")?;
        settings.increment = self.increment()?;
        settings.rounding_mode = self.rounding_mode()?;
        settings.smallest_unit = self.unit("smallestUnit")?;
        Ok(settings)
    }

    /// The options of `round`, except for the largest unit.
    ///
    /// # Errors
    /// As those of each option.
    pub(crate) fn rounding(&self) -> Result<RoundingOptions> {
        let mut options = RoundingOptions::default();
        options.largest_unit = None;
        options.increment = self.increment()?;
        options.rounding_mode = self.rounding_mode()?;
        options.smallest_unit = self.unit("smallestUnit")?;
        Ok(options)
    }

    /// The options of `toString` for the time of day.
    ///
    /// # Errors
    /// As those of each option.
    pub(crate) fn precision(&self) -> Result<ToStringRoundingOptions> {
        Ok(ToStringRoundingOptions {
            precision: self.fractional_digits()?,
            rounding_mode: self.rounding_mode()?,
            smallest_unit: self.unit("smallestUnit")?,
        })
    }
}
