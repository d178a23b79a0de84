//! The states of events that native code dispatches: arrays, whose places and flags are those of `state.js`.

use crate::now;
use quickbeam_engine::{Ctx, Result, Value};

const FLAGS: u32 = 1;
const CURRENT_TARGET: u32 = 4;
const PHASE: u32 = 5;

const TRUSTED: i32 = 8;
const INITIALIZED: i32 = 16;
const DISPATCHING: i32 = 32;
const STOPPED: i32 = 256;
const STOPPED_NOW: i32 = 512;

const NONE: i32 = 0;
const AT_TARGET: i32 = 2;

/// The state of an event that no script made and that neither bubbles nor can be cancelled, while the listeners of `target` are called,
/// which has no ancestors.
///
/// # Errors
/// Throws if memory is short.
pub fn state_at<'a>(ctx: Ctx<'a>, kind: Value<'a>, target: &Value<'a>) -> Result<Value<'a>> {
    let flags = ctx.int(TRUSTED | INITIALIZED | DISPATCHING);
    let (time, path) = (ctx.number(now(ctx)), ctx.null());
    ctx.array_of([kind, flags, time, target.clone(), target.clone(), ctx.int(AT_TARGET), path])
}

/// The listeners have been called.
///
/// # Errors
/// Throws if memory is short.
pub fn state_ends<'a>(ctx: Ctx<'a>, state: &Value<'a>) -> Result<()> {
    let flags = state.get_index(FLAGS)?.as_int().unwrap_or(INITIALIZED);
    state.set_index(FLAGS, ctx.int(flags & !(DISPATCHING | STOPPED | STOPPED_NOW)))?;
    state.set_index(CURRENT_TARGET, ctx.null())?;
    state.set_index(PHASE, ctx.int(NONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_flags_are_those_of_the_glue() {
        let glue: Vec<&str> = crate::STATE.lines().filter(|line| line.starts_with("const ")).collect();
        for (name, number) in [
            ("FLAGS", FLAGS as i32),
            ("CURRENT_TARGET", CURRENT_TARGET as i32),
            ("PHASE", PHASE as i32),
            ("TRUSTED", TRUSTED),
            ("INITIALIZED", INITIALIZED),
            ("DISPATCHING", DISPATCHING),
            ("STOPPED", STOPPED),
            ("STOPPED_NOW", STOPPED_NOW),
            ("NONE", NONE),
            ("AT_TARGET", AT_TARGET),
            // As many as the array has.
            ("TYPE", 0),
            ("TIME", 2),
            ("TARGET", 3),
            ("PATH", 6),
        ] {
            let line = format!("const {name} = {number};");
            assert!(glue.contains(&line.as_str()), "{line}");
        }
    }
}
