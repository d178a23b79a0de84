//! `application/x-www-form-urlencoded`.

use quickbeam_engine::{Args, Ctx, Result, Value};

/// `(text)`: an array of pairs `[name, value]`.
pub(crate) fn parse<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).with_text(|text| {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let pairs = pairs.map(|(name, value)| ctx.array(vec![ctx.string(&name)?, ctx.string(&value)?]));
        ctx.array(pairs.collect::<Result<_>>()?)
    })?
}

/// `(pairs)`: the text, without a question mark.
pub(crate) fn serialize<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let pairs = args.get(0);
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    for index in 0..u32::try_from(pairs.length()?).unwrap_or(u32::MAX) {
        let pair = pairs.get_index(index)?;
        let (name, value) = (pair.get_index(0)?, pair.get_index(1)?);
        name.with_text(|name| value.with_text(|value| serializer.append_pair(&name, &value)).map(drop))??;
    }
    ctx.string(&serializer.finish())
}
