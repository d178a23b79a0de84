//! The program's own JavaScript.

mod harden;

use self::harden::{Hardened, harden};
use crate::ctx::{Ctx, EvalOptions};
use crate::error::Result;
use crate::value::Value;
use rquickjs::qjs;
use std::sync::OnceLock;

/// JavaScript that is part of this program: one expression. It is compiled once per process; each realm then only loads
/// the result.
///
/// It is written as plain JavaScript, and nothing that scripts do to the builtins of their realm reaches it: what it asks of
/// them is what it would be in a new realm, and none of what it works with is given to them.
///
/// ```
/// use quickbeam_engine::{Glue, Isolate, IsolateOptions};
///
/// static DOUBLE: Glue = Glue::new("internal:double", "(n) => n * 2");
///
/// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
/// let realm = isolate.new_realm().unwrap();
/// isolate.enter(&realm, |ctx| {
///     let double = DOUBLE.run(ctx).unwrap();
///     let result = ctx.call(&double, &ctx.undefined(), &[ctx.int(21)]).unwrap();
///     assert_eq!(result.as_int(), Some(42));
/// });
/// ```
pub struct Glue {
    name: &'static str,
    source: &'static str,
    constants: &'static str,
    compiled: OnceLock<Compiled>,
}

struct Compiled {
    payload: Vec<u8>,
    needs: Vec<String>,
}

impl Glue {
    /// Names a script; `name` appears in stack traces.
    pub const fn new(name: &'static str, source: &'static str) -> Glue {
        Glue { name, source, constants: "", compiled: OnceLock::new() }
    }

    /// Numbers that pieces of glue share: what declarations such as `const SIZE = 3;` name stands in the script by its value.
    ///
    /// ```
    /// use quickbeam_engine::Glue;
    ///
    /// static AREA: Glue = Glue::new("internal:area", "() => WIDTH * HEIGHT").with_constants("const WIDTH = 3; const HEIGHT = 4;");
    /// ```
    pub const fn with_constants(mut self, constants: &'static str) -> Glue {
        self.constants = constants;
        self
    }

    /// Runs the script in a realm and returns its completion value.
    ///
    /// # Errors
    /// Throws what the script throws.
    pub fn run<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let compiled = match self.compiled.get() {
            Some(compiled) => compiled,
            None => {
                let compiled = self.compile(ctx)?;
                self.compiled.get_or_init(|| compiled)
            }
        };
        // SAFETY: the engine of this process wrote the payload.
        let glue = unsafe { ctx.run_raw(&compiled.payload) }?;
        ctx.call(&glue, &ctx.undefined(), &[ctx.primordials(&compiled.needs)?])
    }

    fn compile(&self, ctx: Ctx<'_>) -> Result<Compiled> {
        let hardened = match harden(self.source, self.constants, ctx.primordial_table()?) {
            Some(hardened) => {
                hardened.map_err(|what| ctx.throw_error("InternalError", &format!("{}: {what}", self.name)))?
            }
            // The engine says what is wrong with it.
            None => Hardened { source: format!("() => ({}\n)", self.source), needs: Vec::new() },
        };
        let options = EvalOptions { filename: self.name, ..EvalOptions::default() };
        // Without its text: functions of builtins show `[native code]`, and realms save the memory.
        let payload = ctx.compile_raw(&hardened.source, &options, 0, qjs::JS_WRITE_OBJ_STRIP_SOURCE)?;
        Ok(Compiled { payload, needs: hardened.needs })
    }
}

#[cfg(test)]
mod tests {
    use super::Glue;
    use crate::{EvalOptions, Isolate, IsolateOptions};

    #[test]
    fn iterators_of_every_kind_give_results() {
        static DRAIN: Glue = Glue::new(
            "internal:drain",
            "(it) => { const items = []; for (;;) { const { value, done } = it.next(); if (done) return items.join(); items.push(value) } }",
        );
        let isolate = Isolate::new(IsolateOptions::default()).expect("an isolate");
        let realm = isolate.new_realm().expect("a realm");
        isolate.enter(&realm, |ctx| {
            let drain = DRAIN.run(ctx).expect("glue");
            for (iterator, expected) in [
                ("[1, 2].values()", "1,2"),
                ("new Set([1, 2]).values()", "1,2"),
                ("new Map([[1, 2]]).keys()", "1"),
                ("'ab'[Symbol.iterator]()", "a,b"),
                ("'ab'.matchAll(/./g)", "a,b"),
                ("(function* () { yield 1; yield 2 })()", "1,2"),
                ("({ n: 0, next() { return { value: this.n++, done: this.n > 2 } } })", "0,1"),
            ] {
                let iterator_value = ctx.eval(iterator, &EvalOptions::default()).expect("an iterator");
                let items = ctx.call(&drain, &ctx.undefined(), &[iterator_value]).expect("a list of its items");
                assert_eq!(items.to_text().expect("a string"), expected, "{iterator}");
            }
        });
    }
}
