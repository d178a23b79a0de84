//! Scripts that come again and again.
//!
//! Compiling a short script takes longer than running it, and requests tend to repeat: the same expression for every visitor. So
//! a realm keeps the compiled form of what it sees a second time, for a few scripts of moderate size.

use quickbeam_engine::{Ctx, EvalOptions, PreparedScript, Result, Script, Value};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Compiled scripts that a realm keeps, and sources that it remembers to have seen.
const KEPT: usize = 8;

/// Bytes of source beyond which a script is compiled each time.
const LONGEST: usize = 1 << 10;

/// The compiled scripts of one realm. Nothing is allocated until a script has run.
#[derive(Default)]
pub(crate) struct Scripts(RefCell<Option<Box<Repeated>>>);

#[derive(Default)]
struct Repeated {
    /// The most recently compiled first.
    compiled: VecDeque<Compiled>,
    /// Hashes of sources that were seen once.
    seen: VecDeque<u64>,
}

struct Compiled {
    source: Box<str>,
    filename: Box<str>,
    first_line: i32,
    script: Script,
}

impl Scripts {
    /// What [`Ctx::eval`] does.
    pub(crate) fn eval<'a>(&self, ctx: Ctx<'a>, source: &str, options: &EvalOptions<'_>) -> Result<Value<'a>> {
        // Each evaluation of a tagged template has a template object of its own, which a compiled script would share.
        if source.len() > LONGEST || source.contains('`') {
            return ctx.eval(source, options);
        }
        let mut slot = self.0.borrow_mut();
        let repeated = slot.get_or_insert_default();
        let script = match repeated.find(ctx, source, options) {
            Some(script) => script,
            None if repeated.comes_again(source) => {
                let script = ctx.prepare(source, options)?;
                let at_hand = script.at_hand(ctx);
                repeated.keep(ctx, Compiled::new(source, options, script));
                at_hand
            }
            None => {
                drop(slot);
                return ctx.eval(source, options);
            }
        };
        // It may evaluate others, or itself.
        drop(slot);
        script.run()
    }

    /// Whether it would be run without being compiled.
    pub(crate) fn is_compiled(&self, source: &str, options: &EvalOptions<'_>) -> bool {
        let slot = self.0.borrow();
        slot.as_ref().is_some_and(|repeated| repeated.compiled.iter().any(|compiled| compiled.is(source, options)))
    }
}

impl Repeated {
    fn find<'a>(&self, ctx: Ctx<'a>, source: &str, options: &EvalOptions<'_>) -> Option<PreparedScript<'a>> {
        let compiled = self.compiled.iter().find(|compiled| compiled.is(source, options))?;
        Some(compiled.script.at_hand(ctx))
    }

    /// Whether the source was seen lately; if not, it is from now on.
    fn comes_again(&mut self, source: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        let hash = hasher.finish();
        let is_seen = self.seen.contains(&hash);
        if !is_seen {
            self.seen.truncate(KEPT - 1);
            self.seen.push_front(hash);
        }
        is_seen
    }

    fn keep(&mut self, ctx: Ctx<'_>, compiled: Compiled) {
        if self.compiled.len() == KEPT
            && let Some(oldest) = self.compiled.pop_back()
        {
            oldest.script.release(ctx);
        }
        self.compiled.push_front(compiled);
    }
}

impl Compiled {
    fn new(source: &str, options: &EvalOptions<'_>, script: Script) -> Compiled {
        Compiled { source: source.into(), filename: options.filename.into(), first_line: options.first_line, script }
    }

    fn is(&self, source: &str, options: &EvalOptions<'_>) -> bool {
        *self.source == *source && *self.filename == *options.filename && self.first_line == options.first_line
    }
}
