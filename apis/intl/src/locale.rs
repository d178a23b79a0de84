//! Locales: canonical forms, likely subtags, languages that there is data for.

use crate::options::{self, range};
use icu::locale::extensions::transform::Value as Transformed;
use icu::locale::extensions::unicode::{Key, Unicode, Value as Keyword};
use icu::locale::{LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleExpander, langid};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::borrow::Cow;

/// Languages with data for everything here: those of CLDR's modern and moderate coverage.
const LANGUAGES: &[&str] = &[
    "af", "am", "ar", "as", "az", "be", "bg", "bn", "br", "bs", "ca", "chr", "cs", "cv", "cy", "da", "de", "dsb", "el",
    "en", "eo", "es", "et", "eu", "fa", "ff", "fi", "fil", "fo", "fr", "ga", "gd", "gl", "gu", "ha", "he", "hi", "hr",
    "hsb", "hu", "hy", "ia", "id", "ig", "is", "it", "ja", "jv", "ka", "kk", "km", "kn", "ko", "kok", "ky", "lo", "lt",
    "lv", "mi", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "nn", "no", "or", "pa", "pcm", "pl", "ps", "pt",
    "qu", "rm", "ro", "ru", "sc", "sd", "si", "sk", "sl", "so", "sq", "sr", "sv", "sw", "ta", "te", "tg", "th", "ti",
    "tk", "to", "tr", "tt", "uk", "ur", "uz", "vi", "wo", "xh", "yo", "yue", "zh", "zu",
];

/// Values of keywords that have another name by now: key, alias, canonical (CLDR's bcp47 data).
const ALIASES: &[(&str, &str, &str)] = &[
    ("ca", "ethiopic-amete-alem", "ethioaa"),
    ("ca", "islamicc", "islamic-civil"),
    ("ks", "primary", "level1"),
    ("ks", "tertiary", "level3"),
    ("ms", "imperial", "uksystem"),
    ("tz", "cnckg", "cnsha"),
    ("tz", "eire", "iedub"),
    ("tz", "est", "papty"),
    ("tz", "gmt0", "gmt"),
    ("tz", "uct", "utc"),
    ("tz", "zulu", "utc"),
    ("kb", "yes", "true"),
    ("kc", "yes", "true"),
    ("kh", "yes", "true"),
    ("kk", "yes", "true"),
    ("kn", "yes", "true"),
];

/// The most bytes of a language tag. What the library does with one is slow, and not interrupted.
const LONGEST_TAG: usize = 1 << 16;

/// The canonical form of a language tag.
pub(crate) fn canonical<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let text = args.get(0).to_text()?;
    if text.len() > LONGEST_TAG {
        return Err(range(ctx, &format!("a language tag of {} bytes is longer than {LONGEST_TAG}", text.len())));
    }
    let mut locale: Locale =
        text.parse().map_err(|_| range(ctx, &format!("{text:?} is not a well-formed language tag")))?;
    LocaleCanonicalizer::new_extended().canonicalize(&mut locale);
    for (key, alias, name) in ALIASES {
        let (Ok(key), Ok(alias), Ok(name)) = (key.parse::<Key>(), alias.parse::<Keyword>(), name.parse()) else {
            continue;
        };
        if let Some(value) = locale.extensions.unicode.keywords.get_mut(&key)
            && *value == alias
        {
            *value = name;
        }
    }
    let fields = &mut locale.extensions.transform.fields;
    if let (Ok(key), Ok(alias), Ok(name)) = ("m0".parse(), "names".parse::<Transformed>(), "prprname".parse())
        && fields.get(&key) == Some(&alias)
    {
        fields.set(key, name);
    }
    ctx.string(&locale.to_string())
}

/// `[tag without its Unicode extension, attributes, key, value, …]`; a value of `true` is empty.
pub(crate) fn keywords<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut locale = options::locale(ctx, &args.get(0))?;
    let Unicode { keywords, attributes, .. } = std::mem::take(&mut locale.extensions.unicode);
    let mut list = vec![ctx.string(&locale.to_string())?, ctx.string(&attributes.to_string())?];
    for (key, value) in keywords.iter() {
        list.push(ctx.string(key.as_str())?);
        list.push(ctx.string(&if value.is_empty() { String::new() } else { value.to_string() })?);
    }
    ctx.array(list)
}

/// A tag with that Unicode extension, without its `u`: `(tag, extension)`.
pub(crate) fn with_extension<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut locale = options::locale(ctx, &args.get(0))?;
    let extension = args.get(1).to_text()?;
    locale.extensions.unicode = if extension.is_empty() {
        Unicode::default()
    } else {
        let parsed: std::result::Result<Locale, _> = format!("und-u-{extension}").parse();
        parsed.map_err(|_| range(ctx, &format!("{extension:?} is no extension of a locale")))?.extensions.unicode
    };
    ctx.string(&locale.to_string())
}

/// A tag with other subtags where they are given: `(tag, language, script, region, variants)`.
pub(crate) fn with_subtags<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    let LanguageIdentifier { language, script, region, variants, .. } = &locale.id;
    let given = |index: usize| -> Result<Option<String>> {
        let value = args.get(index);
        if value.is_undefined() { Ok(None) } else { value.to_text().map(Some) }
    };
    let mut parts = vec![given(1)?.unwrap_or_else(|| language.to_string())];
    parts.extend(given(2)?.or_else(|| script.map(|script| script.to_string())));
    parts.extend(given(3)?.or_else(|| region.map(|region| region.to_string())));
    let list = args.get(4);
    if list.is_undefined() {
        parts.extend(variants.iter().map(|variant| variant.to_string()));
    } else {
        for index in 0..u32::try_from(list.length()?).unwrap_or(0) {
            parts.push(list.get_index(index)?.to_text()?);
        }
    }
    let whole = locale.to_string();
    let extensions = whole.get(locale.id.to_string().len()..).unwrap_or_default();
    ctx.string(&format!("{}{extensions}", parts.join("-")))
}

/// A tag without its extensions.
pub(crate) fn base_name<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ctx.string(&options::locale(ctx, &args.get(0))?.id.to_string())
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
    likely(&mut locale.id);
    ctx.string(&locale.to_string())
}

fn likely(id: &mut LanguageIdentifier) {
    LocaleExpander::new_extended().maximize(id);
    if id.language.is_unknown() {
        // What is likely of nothing at all, which the library leaves alone.
        let LanguageIdentifier { language, script, region, .. } = langid!("en-Latn-US");
        id.language = language;
        id.script = id.script.or(script);
        id.region = id.region.or(region);
    }
}

/// Without the subtags that are likely.
pub(crate) fn minimize<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut locale = options::locale(ctx, &args.get(0))?;
    likely(&mut locale.id);
    LocaleExpander::new_extended().minimize(&mut locale.id);
    ctx.string(&locale.to_string())
}

/// Upper case, by the rules of a locale's language.
pub(crate) fn upper_case<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mapper = icu::casemap::CaseMapper::new();
    mapped(ctx, args, |text, language| mapper.uppercase_to_string(text, language))
}

/// Lower case, by the rules of a locale's language.
pub(crate) fn lower_case<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mapper = icu::casemap::CaseMapper::new();
    mapped(ctx, args, |text, language| mapper.lowercase_to_string(text, language))
}

/// Maps a text piece by piece: `(text, locale)`.
fn mapped<'a>(
    ctx: Ctx<'a>,
    args: Args<'a>,
    map: impl for<'t> Fn(&'t str, &LanguageIdentifier) -> Cow<'t, str>,
) -> Result<Value<'a>> {
    // A piece takes up to some milliseconds.
    const PIECE: usize = 1 << 16;
    const STEPS_PER_PIECE: u32 = 2000;

    let locale = options::locale(ctx, &args.get(1))?;
    let text = args.get(0).with_text(|text| {
        if text.len() <= PIECE {
            return Ok(map(&text, &locale.id).into_owned());
        }
        let mut mapped = String::new();
        let mut rest = &*text;
        while !rest.is_empty() {
            let (piece, others) = rest.split_at(piece_end(rest, PIECE));
            mapped.push_str(&map(piece, &locale.id));
            rest = others;
            ctx.poll(STEPS_PER_PIECE)?;
        }
        Ok(mapped)
    })??;
    ctx.string(&text)
}

/// Where a text may be cut, at or behind that place: between two letters whose case depends on no other letter, nor that of others on more
/// than that they are letters.
fn piece_end(text: &str, from: usize) -> usize {
    let is_alone = |letter: char| {
        matches!(letter, ' ' | '0'..='9' | 'A'..='Z' | 'a'..='z' | '\u{df}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
            || matches!(letter, '\u{400}'..='\u{455}' | '\u{460}'..='\u{481}' | 'β'..='δ' | 'κ'..='ν' | 'Β'..='Δ' | 'Κ'..='Ν')
    };
    let mut letters = text.char_indices().skip_while(|(at, _)| *at < from);
    let mut previous = letters.next().map(|(_, letter)| letter);
    for (at, letter) in letters {
        if previous.is_some_and(is_alone) && is_alone(letter) {
            return at;
        }
        previous = Some(letter);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::LANGUAGES;

    #[test]
    fn languages_are_sorted() {
        assert!(LANGUAGES.is_sorted());
    }
}
