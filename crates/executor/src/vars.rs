//! Evaluating a script with variables of its own.
//!
//! It is parsed by itself first, so that what is wrong with it is said as of any other script, and it cannot close the block that it
//! then stands in.
//!
//! The script stands inside `with (vars) { … }`: the names shadow globals for it and for the closures that it makes, and for
//! nothing else. Strict code cannot stand there. A script that begins with `'use strict'` stands inside a block that declares the
//! names by `let`, so there it must not declare one of them by `var`.
//!
//! What the script declares is visible to later scripts all the same. Of `var` and plain functions that is so anyway; `let`,
//! `const`, `class`, and async and generator functions would be the block's own, and strict functions too, so hidden accessors of the
//! global object lead to them. The block hands over a pair of closures for each in its first line, before anything of the script runs.
//!
//! A `var` of one of the names changes the variable, but the engine makes a global of it first, which could not be deleted any more. So
//! such globals are there before, and are deleted if nothing has become of them.

use quickbeam_engine::{Attributes, Ctx, Disassembly, EvalOptions, Operand, PropertyKey, Result, Thrown, Value};
use std::borrow::Cow;

/// Globals that are there while the script starts: its variables, and its pairs of closures.
const VARS: &str = "__quickbeam_vars__";
const PAIRS: &str = "__quickbeam_declared__";

/// The engine's flags of a declaration that is lexical, and of one of a function.
const LEXICAL: i64 = 128;
const FUNCTION: i64 = 64;

/// Without one of these words a script declares nothing that a block would keep to itself.
const WORDS: [&str; 6] = ["let", "const", "class", "async", "function*", "function *"];

/// Without one of these words a script declares no global.
const GLOBAL_WORDS: [&str; 2] = ["var", "function"];

/// Without this word it declares none but those that its own code does.
const EVAL: &str = "eval";

/// Words that a strict script cannot mention as names.
#[rustfmt::skip]
const RESERVED: [&str; 46] = [
    "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "export",
    "extends", "false", "finally", "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new",
    "null", "package", "private", "protected", "public", "return", "static", "super", "switch", "this", "throw", "true", "try",
    "typeof", "var", "void", "while", "with", "yield",
];

/// A script inside its block.
pub(crate) struct Block {
    /// The engine takes line 0 for no line, so the script's own line 1 is the third.
    pub(crate) text: String,
    declared: Vec<String>,
    globals: Globals,
}

/// The names that a script may make globals of.
enum Globals {
    None,
    Of(Vec<String>),
    Any,
}

impl Block {
    pub(crate) const FIRST_LINE: i32 = -1;

    /// A text that `is_known` to compile is not parsed again.
    ///
    /// # Errors
    /// If `vars` is no object; if the script has a syntax error; and if it is strict and cannot have one of its variables.
    pub(crate) fn new(
        ctx: Ctx<'_>,
        vars: &Value<'_>,
        source: &str,
        options: &EvalOptions<'_>,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Block> {
        if !vars.is_object() {
            return Err(ctx.throw_type("vars must be a map of names to values"));
        }
        let has_one_of = |words: &[&str]| words.iter().any(|word| source.contains(word));
        let body = without_hashbang(source);
        if !has_one_of(&[EVAL, "use strict"]) && !has_one_of(&WORDS) && !has_one_of(&GLOBAL_WORDS) {
            let text = format!("with ({VARS}) {{\n\n{body}\n}}");
            if !is_known(&text) {
                ctx.prepare(source, options)?.release(ctx);
            }
            return Ok(Block { text, declared: Vec::new(), globals: Globals::None });
        }
        let script = ctx.disassemble(source, options)?;
        let is_strict = script.flags.contains(&"strict");
        let mut head = match is_strict {
            true => format!("'use strict';{{let{{{}}}={VARS};{{", strict_names(ctx, vars, &script)?),
            false => format!("with ({VARS}) {{"),
        };
        let declared = declared(&script, is_strict);
        if !declared.is_empty() {
            let pairs = declared.iter().map(|name| format!("()=>{name},_=>{{{name}=_}}")).collect::<Vec<_>>().join(",");
            // A declaration, unlike an assignment, is never a script's last value.
            head.push_str(&format!("const {PAIRS}_=({PAIRS}=[{pairs}]);"));
        }
        let end = if is_strict { "}}" } else { "}" };
        let globals = if is_strict {
            Globals::None
        } else if source.contains(EVAL) {
            Globals::Any
        } else {
            Globals::Of(global_names(&script))
        };
        Ok(Block { text: format!("{head}\n\n{body}\n{end}"), declared, globals })
    }

    /// Runs the block by `run`, with `vars` in scope.
    ///
    /// # Errors
    /// What `run` throws; and if something is declared whose name is that of a global which cannot be redefined.
    pub(crate) fn run<'a, T>(&self, ctx: Ctx<'a>, vars: Value<'a>, run: impl FnOnce() -> Result<T>) -> Result<T> {
        vars.set_prototype(&ctx.null())?;
        let globals = ctx.globals();
        let made = self.globals.make(&globals, &vars)?;
        globals.define(VARS, vars, Attributes::HIDDEN)?;
        globals.define(PAIRS, ctx.undefined(), Attributes::HIDDEN)?;
        let ran = run().map_err(|Thrown| ctx.take_exception());
        let pairs = globals.get(PAIRS);
        let forgotten = globals.delete(VARS).and_then(|_| globals.delete(PAIRS));
        let forgotten = forgotten.and_then(|_| delete_globals(&globals, &made));
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

impl Globals {
    /// Makes a global of each such variable whose name has none, and tells which.
    fn make<'a>(&self, globals: &Value<'a>, vars: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        let mut made = Vec::new();
        if self.is_empty() {
            return Ok(made);
        }
        for key in vars.keys()? {
            if self.has(&key)? && !globals.has_own(&key)? {
                globals.define_key(&key, globals.ctx().undefined(), Attributes::ALL)?;
                made.push(key);
            }
        }
        Ok(made)
    }

    fn is_empty(&self) -> bool {
        match self {
            Globals::None => true,
            Globals::Of(names) => names.is_empty(),
            Globals::Any => false,
        }
    }

    fn has(&self, key: &PropertyKey<'_>) -> Result<bool> {
        match self {
            Globals::None => Ok(false),
            Globals::Of(names) => Ok(names.contains(&key.to_value()?.to_text()?)),
            Globals::Any => Ok(true),
        }
    }
}

/// A text may begin with a `#!` that a block cannot; it is a comment as long as the line.
fn without_hashbang(source: &str) -> Cow<'_, str> {
    match source.strip_prefix("#!") {
        Some(rest) => Cow::Owned(format!("//{rest}")),
        None => Cow::Borrowed(source),
    }
}

/// Deletes those that were not given a value, as functions are.
fn delete_globals(globals: &Value<'_>, made: &[PropertyKey<'_>]) -> Result<()> {
    for key in made {
        if globals.own_data_of(key)?.is_some_and(|value| value.is_undefined()) {
            globals.delete_key(key)?;
        }
    }
    Ok(())
}

/// The names of the variables of a strict script, as they stand in a pattern.
///
/// # Errors
/// If it cannot have one of them.
fn strict_names(ctx: Ctx<'_>, vars: &Value<'_>, script: &Disassembly) -> Result<String> {
    let mut names = Vec::new();
    for key in vars.keys()? {
        let name = key.to_value()?.to_text()?;
        if ["eval", "arguments"].contains(&&*name) {
            let message = format!("a strict script cannot have a variable named {name}");
            return Err(ctx.throw_error("SyntaxError", &message));
        }
        if declarations(script).any(|(declared, flags)| declared == name && flags & (LEXICAL | FUNCTION) == 0) {
            let message = format!("a strict script cannot declare {name} with var, as it is one of its vars");
            return Err(ctx.throw_error("SyntaxError", &message));
        }
        if !RESERVED.contains(&&*name) {
            names.push(name);
        }
    }
    Ok(names.join(","))
}

/// Names that the script's top level declares, with the engine's flags of them.
fn declarations(script: &Disassembly) -> impl Iterator<Item = (&str, i64)> {
    let checks = script.opcodes.iter().take_while(|opcode| opcode.name == "check_define_var");
    checks.filter_map(|opcode| match opcode.operands.as_slice() {
        [Operand::Name(name), Operand::Integer(flags)] => Some((name.as_str(), *flags)),
        _ => None,
    })
}

/// Names that the script makes globals of.
fn global_names(script: &Disassembly) -> Vec<String> {
    declarations(script).filter(|(_, flags)| flags & LEXICAL == 0).map(|(name, _)| name.to_owned()).collect()
}

/// Names that the script's top level declares and that a block would keep to itself, by the engine's own reading of it.
fn declared(script: &Disassembly, is_strict: bool) -> Vec<String> {
    let is_kept = |name: &str, flags: i64| {
        flags & LEXICAL != 0 || (is_strict && flags & FUNCTION != 0) || is_block_function(script, name)
    };
    declarations(script).filter(|(name, flags)| is_kept(name, *flags)).map(|(name, _)| name.to_owned()).collect()
}

/// Whether a function of that name is one that a block does not also declare outside of itself.
fn is_block_function(script: &Disassembly, name: &str) -> bool {
    let of_name = script.functions.iter().find(|function| function.name == name);
    of_name.is_some_and(|function| function.flags.iter().any(|flag| ["async", "generator"].contains(flag)))
}
