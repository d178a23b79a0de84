//! Locales: canonical forms, likely subtags, languages that there is data for.

use crate::options::{self, range};
use icu::locale::{LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleExpander};
use quickbeam_engine::{Args, Ctx, Result, Value};

/// Languages with data for everything here: those of CLDR's modern and moderate coverage.
const LANGUAGES: &[&str] = &[
    "af", "am", "ar", "as", "az", "be", "bg", "bn", "br", "bs", "ca", "chr", "cs", "cv", "cy", "da", "de", "dsb", "el",
    "en", "eo", "es", "et", "eu", "fa", "ff", "fi", "fil", "fo", "fr", "ga", "gd", "gl", "gu", "ha", "he", "hi", "hr",
    "hsb", "hu", "hy", "ia", "id", "ig", "is", "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "kok", "ky", "lo", "lt",
    "lv", "mi", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "nn", "no", "or", "pa", "pcm", "pl", "ps", "pt",
    "qu", "rm", "ro", "ru", "sc", "sd", "si", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta", "te", "tg", "th", "ti",
    "tk", "to", "tr", "tt", "uk", "ur", "uz", "vi", "wo", "xh", "yo", "yue", "zh", "zu",
];

/// The canonical form of a language tag.
pub(crate) fn canonical<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let text = args.get(0).to_text()?;
    let mut locale: Locale =
        text.parse().map_err(|_| range(ctx, &format!("{text:?} is not a well-formed language tag")))?;
    LocaleCanonicalizer::new_extended().canonicalize(&mut locale);
    ctx.string(&locale.to_string())
}

/// Whether there is data for a locale's language.
pub(crate) fn is_supported<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    Ok(ctx.boolean(LANGUAGES.binary_search(&locale.id.language.as_str()).is_ok()))
}

/// `[language, script, region, ...variants]`; what is missing is `undefined`.
pub(crate) fn subtags<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let LanguageIdentifier { language, script, region, variants, .. } = options::locale(ctx, &args.get(0))?.id;
    let optional = |text: Option<String>| text.map_or(Ok(ctx.undefined()), |text| ctx.string(&text));
    let mut list = vec![
        ctx.string(language.as_str())?,
        optional(script.map(|script| script.to_string()))?,
        optional(region.map(|region| region.to_string()))?,
    ];
    for variant in variants.iter() {
        list.push(ctx.string(variant.as_str())?);
    }
    ctx.array(list)
}

/// With the subtags that are likely.
pub(crate) fn maximize<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut locale = options::locale(ctx, &args.get(0))?;
    LocaleExpander::new_extended().maximize(&mut locale.id);
    ctx.string(&locale.to_string())
}

/// Without the subtags that are likely.
pub(crate) fn minimize<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut locale = options::locale(ctx, &args.get(0))?;
    LocaleExpander::new_extended().minimize(&mut locale.id);
    ctx.string(&locale.to_string())
}

/// Upper case, by the rules of a locale's language.
pub(crate) fn upper_case<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(1))?;
    let mapped = args
        .get(0)
        .with_text(|text| icu::casemap::CaseMapper::new().uppercase_to_string(&text, &locale.id).into_owned())?;
    ctx.string(&mapped)
}

/// Lower case, by the rules of a locale's language.
pub(crate) fn lower_case<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(1))?;
    let mapped = args
        .get(0)
        .with_text(|text| icu::casemap::CaseMapper::new().lowercase_to_string(&text, &locale.id).into_owned())?;
    ctx.string(&mapped)
}

#[cfg(test)]
mod tests {
    use super::LANGUAGES;

    #[test]
    fn languages_are_sorted() {
        assert!(LANGUAGES.is_sorted());
    }
}
