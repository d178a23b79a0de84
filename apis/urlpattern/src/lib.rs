//! `URLPattern` of the [URL Pattern Standard](https://urlpattern.spec.whatwg.org/), with the proposed `compareComponent` and `generate`.
//!
//! The crate `urlpattern` turns a pattern into one regular expression for each component; the engine's own `RegExp` runs them, so that
//! groups mean what they mean in JavaScript and no pattern escapes the realm's limits.
//!
//! What must never happen: a pattern longer than [`MAX_PATTERN`] in the parser, which does not poll.

mod component;
mod ecma;
mod parts;

use component::{Component, Init};
use ecma::{Ecma, escape_outside_classes};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Thrown, Value};
use quickbeam_executor::Api;
use std::panic::{AssertUnwindSafe, catch_unwind};
use urlpattern::quirks::{self, StringOrInit};
use urlpattern::{RegexSyntax, UrlPatternInit, UrlPatternOptions};

static URL_PATTERN: Glue = Glue::new("internal:urlpattern", include_str!("urlpattern.js"));

/// Bytes of the longest pattern, all components together.
pub const MAX_PATTERN: usize = 64 << 10;
/// Bytes of the longest input to match.
pub const MAX_INPUT: usize = 32 << 20;

static CLASS: Deferred = Deferred::class("URLPattern", UNIT, made);

/// What a realm keeps it under.
const UNIT: &str = "urlpattern";

/// The API.
pub struct UrlPatterns;

impl Api for UrlPatterns {
    fn name(&self) -> &'static str {
        "urlpattern"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&CLASS)
    }
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let names = Component::ALL.iter().map(|component| ctx.string(component.name())).collect::<Result<_>>()?;
        let natives = Natives::new(ctx)?
            .function("compile", compile)?
            .function("match", match_input)?
            .function("compare", parts::compare)?
            .function("generate", parts::generate)?
            .value("components", ctx.array(names)?)?
            .into_value();
        ctx.call(&URL_PATTERN.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

fn refuse(ctx: Ctx<'_>, problem: &str) -> Thrown {
    ctx.throw_type(&format!("URLPattern: {problem}"))
}

/// Runs code of the crate, which panics over some malformed patterns; it shares no state that a panic could leave halfway.
fn contained<T>(ctx: Ctx<'_>, f: impl FnOnce() -> std::result::Result<T, urlpattern::Error>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(done) => done.map_err(|error| refuse(ctx, &error.to_string())),
        Err(_panic) => Err(refuse(ctx, "the pattern or input is malformed")),
    }
}

/// An input: a string, or an array with the members of a `URLPatternInit`, `undefined` where absent.
fn input<'a>(ctx: Ctx<'a>, value: &Value<'a>, limit: usize) -> Result<StringOrInit<'static>> {
    let too_long = |bytes: usize| refuse(ctx, &format!("{bytes} bytes are more than the {limit} allowed"));
    if !value.is_array() {
        let text = value.to_text()?;
        return if text.len() > limit { Err(too_long(text.len())) } else { Ok(StringOrInit::String(text.into())) };
    }
    let mut init = Init::default();
    for (index, component) in Component::ALL.into_iter().enumerate() {
        *component.of(&mut init) = text(&value.get_index(index as u32)?)?;
    }
    init.base_url = text(&value.get_index(Component::ALL.len() as u32)?)?;
    let bytes =
        Component::ALL.into_iter().filter_map(|component| component.of(&mut init).as_ref().map(String::len)).sum();
    if bytes > limit { Err(too_long(bytes)) } else { Ok(StringOrInit::Init(init)) }
}

fn text(value: &Value<'_>) -> Result<Option<String>> {
    if value.is_undefined() { Ok(None) } else { value.to_text().map(Some) }
}

/// `(input, baseURL or undefined, ignoreCase)`: `[pattern, regular expression, names of groups]` for each component, and whether
/// any has a group with a regular expression.
fn compile<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let pattern = input(ctx, &args.get(0), MAX_PATTERN)?;
    let base = text(&args.get(1))?;
    let options = UrlPatternOptions { regex_syntax: RegexSyntax::EcmaScript, ignore_case: args.get(2).truthy() };
    let compiled = contained(ctx, || {
        let init: UrlPatternInit = quirks::process_construct_pattern_input(pattern, base.as_deref())?;
        quirks::parse_pattern::<Ecma>(init, options)
    })?;
    let mut row = Vec::new();
    for component in Component::ALL {
        let found = component.compiled(&compiled);
        let names = found.group_name_list.iter().map(|name| ctx.string(name)).collect::<Result<_>>()?;
        let source = escape_outside_classes(&found.regexp_string);
        let fields = vec![ctx.string(&found.pattern_string)?, ctx.string(&source)?, ctx.array(names)?];
        row.push(ctx.array(fields)?);
    }
    row.push(ctx.boolean(compiled.has_regexp_groups));
    ctx.array(row)
}

/// `(input, baseURL or undefined)`: the components of an input, or `null` if it is no URL.
fn match_input<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let given = input(ctx, &args.get(0), MAX_INPUT)?;
    let base = text(&args.get(1))?;
    let found = contained(ctx, || {
        let processed = quirks::process_match_input(given, base.as_deref())?;
        Ok(processed.and_then(|(input, _)| quirks::parse_match_input(input)))
    })?;
    let Some(found) = found else { return Ok(ctx.null()) };
    let texts = Component::ALL.iter().map(|component| ctx.string(component.matched(&found))).collect::<Result<_>>()?;
    ctx.array(texts)
}
