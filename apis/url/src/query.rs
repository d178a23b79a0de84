//! `application/x-www-form-urlencoded`.

use quickbeam_engine::{Args, Ctx, Result, Value};

/// How many pairs are read or written between two polls; half a microsecond each.
const PAIRS_PER_POLL: u32 = 1024;

/// `(text)`: an array of pairs `[name, value]`.
pub(crate) fn parse<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).with_text(|text| {
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            pairs.push(ctx.array(vec![ctx.string(&name)?, ctx.string(&value)?])?);
            if pairs.len() % PAIRS_PER_POLL as usize == 0 {
                ctx.poll(PAIRS_PER_POLL / 2)?;
            }
        }
        ctx.array(pairs)
    })?
}

/// `(pairs)`: the text, without a question mark.
pub(crate) fn serialize<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let pairs = args.get(0);
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    for index in 0..u32::try_from(pairs.length()?).unwrap_or(u32::MAX) {
        if index % PAIRS_PER_POLL == PAIRS_PER_POLL - 1 {
            ctx.poll(PAIRS_PER_POLL / 2)?;
        }
        let pair = pairs.get_index(index)?;
        let (name, value) = (pair.get_index(0)?, pair.get_index(1)?);
        name.with_text(|name| value.with_text(|value| serializer.append_pair(&name, &value)).map(drop))??;
    }
    ctx.string(&serializer.finish())
}
