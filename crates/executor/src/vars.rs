//! Evaluating a script with variables of its own.
//!
//! The script stands inside `with (vars) { … }`: the names shadow globals for it and for the closures that it makes, and for
//! nothing else. What it declares is visible to later scripts all the same. Of `var` and plain functions that is so anyway; `let`,
//! `const`, `class`, and async and generator functions would be the block's own, so hidden accessors of the global object lead
//! to them. The block hands over a pair of closures for each in its first line, before anything of the script runs.

use quickbeam_engine::{Attributes, Ctx, Disassembly, EvalOptions, Operand, Result, Thrown, Value};

/// Globals that are there while the script starts: its variables, and its pairs of closures.
const VARS: &str = "__quickbeam_vars__";
const PAIRS: &str = "__quickbeam_declared__";

/// The engine's flag of a declaration that is lexical.
const LEXICAL: i64 = 128;

/// Without one of these words a script declares nothing that a block would keep to itself.
const WORDS: [&str; 6] = ["let", "const", "class", "async", "function*", "function *"];

/// A script inside its block.
pub(crate) struct Block {
    /// The engine takes line 0 for no line, so the script's own line 1 is the third.
    pub(crate) text: String,
    declared: Vec<String>,
}

impl Block {
    pub(crate) const FIRST_LINE: i32 = -1;

    pub(crate) fn new(ctx: Ctx<'_>, source: &str, options: &EvalOptions<'_>) -> Block {
        let declared = declared(ctx, source, options);
        let mut head = format!("with ({VARS}) {{");
        if !declared.is_empty() {
            let pairs = declared.iter().map(|name| format!("()=>{name},_=>{{{name}=_}}")).collect::<Vec<_>>().join(",");
            // A declaration, unlike an assignment, is never a script's last value.
            head.push_str(&format!("const {PAIRS}_=({PAIRS}=[{pairs}]);"));
        }
        Block { text: format!("{head}\n\n{source}\n}}"), declared }
    }

    /// Runs the block by `run`, with `vars` in scope.
    ///
    /// # Errors
    /// What `run` throws; and if something is declared whose name is that of a global which cannot be redefined.
    pub(crate) fn run<'a, T>(&self, ctx: Ctx<'a>, vars: Value<'a>, run: impl FnOnce() -> Result<T>) -> Result<T> {
        if !vars.is_object() {
            return Err(ctx.throw_type("vars must be a map of names to values"));
        }
        vars.set_prototype(&ctx.null())?;
        let globals = ctx.globals();
        globals.define(VARS, vars, Attributes::HIDDEN)?;
        globals.define(PAIRS, ctx.undefined(), Attributes::HIDDEN)?;
        let ran = run().map_err(|Thrown| ctx.take_exception());
        let pairs = globals.get(PAIRS);
        let forgotten = globals.delete(VARS).and_then(|_| globals.delete(PAIRS));
        let exported = pairs.and_then(|pairs| self.export(&globals, &pairs));
        match ran {
            Ok(value) => forgotten.and(exported).map(|()| value),
            Err(error) => Err(ctx.throw(error)),
        }
    }

    fn export<'a>(&self, globals: &Value<'a>, pairs: &Value<'a>) -> Result<()> {
        // A script that does not compile hands nothing over.
        if !pairs.is_object() {
            return Ok(());
        }
        for (index, name) in (0..).step_by(2).zip(&self.declared) {
            let (get, set) = (pairs.get_index(index)?, pairs.get_index(index + 1)?);
            globals.define_accessor(name, get, Some(set), Attributes::HIDDEN)?;
        }
        Ok(())
    }
}

/// Names that the script's top level declares and that a block would keep to itself, by the engine's own reading of it.
fn declared(ctx: Ctx<'_>, source: &str, options: &EvalOptions<'_>) -> Vec<String> {
    if !WORDS.iter().any(|word| source.contains(word)) {
        return Vec::new();
    }
    let script = match ctx.disassemble(source, options) {
        Ok(script) => script,
        // Evaluating it throws the same once more.
        Err(Thrown) => {
            drop(ctx.take_exception());
            return Vec::new();
        }
    };
    let checks = script.opcodes.iter().take_while(|opcode| opcode.name == "check_define_var");
    let names = checks.filter_map(|opcode| match opcode.operands.as_slice() {
        [Operand::Name(name), Operand::Integer(flags)] if flags & LEXICAL != 0 || is_block_function(&script, name) => {
            Some(name.clone())
        }
        _ => None,
    });
    names.collect()
}

/// Whether a function of that name is one that a block does not also declare outside of itself.
fn is_block_function(script: &Disassembly, name: &str) -> bool {
    let of_name = script.functions.iter().find(|function| function.name == name);
    of_name.is_some_and(|function| function.flags.iter().any(|flag| ["async", "generator"].contains(flag)))
}
