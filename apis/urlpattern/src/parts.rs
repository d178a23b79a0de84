//! Patterns as lists of parts: comparing them, and filling their groups in.

use crate::component::{Component, Init};
use crate::{contained, refuse};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::cmp::Ordering;
use urlpattern::parser::{Options, Part, PartModifier, PartType, RegexSyntax, parse_pattern_string};
use urlpattern::quirks::{StringOrInit, parse_match_input, process_match_input};

/// The parts of a component's pattern, which is in its normal form already.
fn parts<'a>(ctx: Ctx<'a>, component: Component, pattern: &Value<'a>) -> Result<Vec<Part>> {
    let options = Options { regex_syntax: RegexSyntax::EcmaScript, ..component.options() };
    let pattern = pattern.to_text()?;
    contained(ctx, || parse_pattern_string(&pattern, &options, |text| Ok(text.to_owned())))
}

fn component<'a>(ctx: Ctx<'a>, name: &Value<'a>) -> Result<Component> {
    let name = name.to_text()?;
    Component::named(&name).ok_or_else(|| refuse(ctx, &format!("there is no component {name:?}")))
}

/// How much a kind of part restricts what it matches.
fn weight(part: &Part) -> (u8, u8) {
    let kind = match part.kind {
        PartType::FullWildcard => 0,
        PartType::SegmentWildcard => 1,
        PartType::Regexp => 2,
        PartType::FixedText => 3,
    };
    let modifier = match part.modifier {
        PartModifier::ZeroOrMore => 0,
        PartModifier::Optional => 1,
        PartModifier::OneOrMore => 2,
        PartModifier::None => 3,
    };
    (kind, modifier)
}

fn compare_parts(left: &Part, right: &Part) -> Ordering {
    let texts = |part: &Part| [part.prefix.clone(), part.value.clone(), part.suffix.clone()];
    weight(left).cmp(&weight(right)).then_with(|| texts(left).cmp(&texts(right)))
}

/// `(component, pattern, pattern)`: -1, 0 or 1; the more restrictive pattern is the greater.
pub(crate) fn compare<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let component = component(ctx, &args.get(0))?;
    let (left, right) = (parts(ctx, component, &args.get(1))?, parts(ctx, component, &args.get(2))?);
    let nothing = Part {
        kind: PartType::FixedText,
        value: String::new(),
        modifier: PartModifier::None,
        name: String::new(),
        prefix: String::new(),
        suffix: String::new(),
    };
    let pairs = (0..left.len().max(right.len())).map(|index| (left.get(index), right.get(index)));
    let ordering = pairs
        .map(|(left, right)| compare_parts(left.unwrap_or(&nothing), right.unwrap_or(&nothing)))
        .find(|ordering| ordering.is_ne());
    Ok(ctx.int(ordering.map_or(0, |ordering| ordering as i32)))
}

/// `(component, pattern, protocol, get)`: the component with `get(name)` in place of each group.
pub(crate) fn generate<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let component = component(ctx, &args.get(0))?;
    let protocol = args.get(2).to_text()?;
    let delimiter = component.options().delimiter_code_point;
    let mut out = String::new();
    for part in parts(ctx, component, &args.get(1))? {
        if part.modifier != PartModifier::None {
            return Err(refuse(ctx, "a pattern with optional or repeated parts cannot be filled in"));
        }
        match part.kind {
            PartType::FixedText => out.push_str(&part.value),
            PartType::SegmentWildcard => {
                let value = ctx.call(&args.get(3), &ctx.undefined(), &[ctx.string(&part.name)?])?;
                if value.is_undefined() {
                    return Err(refuse(ctx, &format!("the group {:?} has no value", part.name)));
                }
                let value = canonical(ctx, component, &protocol, value.to_text()?)?;
                let value =
                    value.filter(|value| !value.is_empty() && !delimiter.is_some_and(|char| value.contains(char)));
                let value = value
                    .ok_or_else(|| refuse(ctx, &format!("the value of the group {:?} does not fit", part.name)))?;
                out.extend([&part.prefix, &value, &part.suffix].map(String::as_str));
            }
            _ => return Err(refuse(ctx, "a pattern with wildcards or regular expressions cannot be filled in")),
        }
    }
    ctx.string(&out)
}

const SPECIAL_SCHEMES: [&str; 6] = ["http", "https", "ws", "wss", "ftp", "file"];

/// A value as it stands in that component of a URL with that protocol.
fn canonical(ctx: Ctx<'_>, component: Component, protocol: &str, value: String) -> Result<Option<String>> {
    // A pattern for several protocols is taken for one of the special schemes, as where none is given.
    let is_scheme = protocol.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_opaque = is_scheme && !protocol.is_empty() && !SPECIAL_SCHEMES.contains(&protocol);
    let is_segment = component == Component::Pathname && !is_opaque;
    let mut init = Init::default();
    if component == Component::Pathname && is_scheme {
        init.protocol = Some(protocol.to_owned());
    }
    *component.of(&mut init) = Some(if is_segment { format!("/{value}") } else { value });
    let found = contained(ctx, || {
        let processed = process_match_input(StringOrInit::Init(init), None)?;
        Ok(processed.and_then(|(input, _)| parse_match_input(input)))
    })?;
    let text = found.map(|found| component.matched(&found).to_owned());
    Ok(if is_segment { text.and_then(|text| text.strip_prefix('/').map(str::to_owned)) } else { text })
}
