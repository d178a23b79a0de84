//! Carrying out ops.

use crate::frame::Frame;
use crate::host::{Input, Outcome};
use crate::inbox::Envelope;
use crate::op::Op;
use crate::realm::RealmState;
use crate::vars::Block;
use crate::vm;
use quickbeam_engine::{Attributes, Ctx, EvalOptions, Result, Thrown, Value};
use std::collections::{BTreeMap, HashSet};

/// Default name of a script in stack traces.
const EVAL: &str = "<eval>";

/// Figures that the engine has only of all realms of a heap together, or mixes with such.
const OF_ALL_REALMS: [&str; 5] = ["malloc_count", "memory_used_size", "atom_count", "atom_size", "shape_count"];

/// What becomes of an op's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is the reply.
    Value,
    /// It is an object whose `value` is the reply (a script with top-level await).
    Unwrap,
    /// The reply is that the op is done.
    Done,
}

/// What running an op gave.
enum Ran<'a> {
    Value(Value<'a>, Then),
    Outcome(Outcome<'static, 'static>),
}

impl RealmState {
    /// Runs one op in a frame of its own, with the jobs it starts, and replies or parks it.
    pub(crate) fn execute(&self, ctx: Ctx<'_>, envelope: Envelope) {
        let Envelope { op, reply, due, parent, lineage } = envelope;
        if reply.as_ref().is_some_and(|reply| reply.is_abandoned()) {
            return;
        }
        let op = match op {
            Op::Event { listener, event } => {
                self.dispatch(ctx, listener, event);
                if let Some(reply) = reply {
                    self.deliver(reply, Outcome::Done);
                }
                return;
            }
            op => op,
        };
        self.in_frame(ctx, Frame::op(op.noun(), reply, due, parent).for_calls(lineage), || {
            let ran = self.run(ctx, op).map_err(|Thrown| ctx.take_exception());
            if !self.must_end(ctx) {
                self.run_jobs(ctx);
            }
            match ran {
                Ok(Ran::Value(value, Then::Value)) if self.may_change(ctx, &value) => {
                    let last = after_jobs(ctx, value).map_err(|Thrown| ctx.take_exception());
                    self.conclude(ctx, Then::Unwrap, last);
                }
                Ok(Ran::Value(value, then)) => self.conclude(ctx, then, Ok(value)),
                Ok(Ran::Outcome(outcome)) => self.answer(outcome),
                Err(thrown) => self.conclude(ctx, Then::Value, Err(thrown)),
            }
        });
    }

    /// Whether jobs of the op may change its value that have not run yet, as those of another op are before them.
    fn may_change(&self, ctx: Ctx<'_>, value: &Value<'_>) -> bool {
        ctx.has_jobs() && value.is_object() && value.promise_state().is_none() && !self.must_end(ctx)
    }

    fn run<'a>(&self, ctx: Ctx<'a>, op: Op) -> Result<Ran<'a>> {
        let value = |value| Ran::Value(value, Then::Value);
        let done = || Ran::Outcome(Outcome::Done);
        match op {
            Op::Eval { source, filename, vars } => {
                let (value, is_wrapped) = self.eval(ctx, source, filename.as_deref(), vars)?;
                Ok(Ran::Value(value, if is_wrapped { Then::Unwrap } else { Then::Value }))
            }
            Op::EvalModule { source, filename, url } => {
                let source = self.guard.keep_text(source);
                let url = url.as_deref().unwrap_or(&filename);
                Ok(Ran::Value(ctx.eval_module(&source, &filename, url)?, Then::Done))
            }
            Op::Call { path, args } => {
                let args = args.into_js(ctx)?;
                self.call(ctx, &path, &args).map(value)
            }
            Op::LoadModule { name, source } => {
                self.modules.give(&name, source);
                Ok(Ran::Value(ctx.import("", &name)?, Then::Done))
            }
            Op::Compile { source, filename } => {
                let source = self.guard.keep_text(source);
                let bytes = ctx.compile(&source, &options(&source, filename.as_deref(), 1))?;
                Ok(Ran::Outcome(Outcome::Bytes(bytes)))
            }
            Op::Disassemble(source) => {
                let disassembly = ctx.disassemble(&source, &options(&source, None, 1))?;
                Ok(Ran::Outcome(Outcome::Disassembly(Box::new(disassembly))))
            }
            Op::DisassembleBytecode(bytes) => {
                Ok(Ran::Outcome(Outcome::Disassembly(Box::new(ctx.disassemble_bytecode(&bytes)?))))
            }
            Op::RunBytecode(bytes) => {
                let (value, is_async) = ctx.run_bytecode(&bytes)?;
                Ok(Ran::Value(value, if is_async { Then::Unwrap } else { Then::Value }))
            }
            Op::GetGlobal(name) => Ok(value(ctx.global(&name)?.unwrap_or_else(|| ctx.undefined()))),
            Op::SetGlobal { name, value } => {
                let value = value.into_js(ctx)?;
                ctx.set_global(&name, value)?;
                Ok(done())
            }
            Op::Globals { user_only } => Ok(Ran::Outcome(Outcome::Names(self.global_names(ctx, user_only)?))),
            Op::Message(message) => Ok(Ran::Outcome(match self.receive(ctx, message)? {
                Ok(()) => Outcome::Done,
                Err(report) => Outcome::Failed(report),
            })),
            Op::MemoryUsage => Ok(Ran::Outcome(Outcome::Figures(self.memory_figures(ctx)))),
            Op::Info => Ok(Ran::Outcome(Outcome::Figures(self.figures(ctx)))),
            Op::Make(value) => Ok(Ran::Value(value.into_js(ctx)?, Then::Value)),
            Op::Reset | Op::Event { .. } => Ok(done()),
        }
    }

    /// A script's value, and whether that is an object whose `value` it is.
    fn eval<'a>(
        &self,
        ctx: Ctx<'a>,
        source: String,
        filename: Option<&str>,
        vars: Option<Box<dyn Input>>,
    ) -> Result<(Value<'a>, bool)> {
        let Some(vars) = vars else { return self.eval_text(ctx, &self.guard.keep_text(source), filename, 1) };
        let vars = vars.into_js(ctx)?;
        let is_known = |text: &str| self.scripts.is_compiled(text, &options(text, filename, Block::FIRST_LINE));
        let mut block = Block::new(ctx, &vars, &source, &options(&source, filename, 1), is_known)?;
        let text = self.guard.keep_text(std::mem::take(&mut block.text));
        block.run(ctx, vars, || self.eval_text(ctx, &text, filename, Block::FIRST_LINE))
    }

    fn eval_text<'a>(
        &self,
        ctx: Ctx<'a>,
        source: &str,
        filename: Option<&str>,
        first_line: i32,
    ) -> Result<(Value<'a>, bool)> {
        let options = options(source, filename, first_line);
        Ok((self.scripts.eval(ctx, source, &options)?, options.top_level_await))
    }

    /// Calls the function at a dotted path, with the object that holds it as `this`.
    fn call<'a>(&self, ctx: Ctx<'a>, path: &str, args: &Value<'a>) -> Result<Value<'a>> {
        let mut names = path.split('.');
        if names.clone().any(str::is_empty) {
            return Err(ctx.throw_type(&format!("cannot call '{path}': the path has an empty name")));
        }
        let head = names.next().unwrap_or_default();
        let missing = |name: &str| ctx.throw_error("ReferenceError", &format!("{name} is not defined"));
        let mut this = ctx.undefined();
        let mut target = ctx.global(head)?.ok_or_else(|| missing(head))?;
        let mut walked = head.len();
        for name in names {
            if target.is_undefined() || target.is_null() {
                return Err(ctx.throw_type(&format!("cannot call '{path}': {} has no properties", &path[..walked])));
            }
            walked += 1 + name.len();
            let next = target.get(name)?;
            this = target;
            target = next;
        }
        if !target.is_function() {
            return Err(ctx.throw_type(&format!("'{path}' is not a function")));
        }
        let count = args.length()? as u32;
        let args: Vec<Value<'a>> = (0..count).map(|index| args.get_index(index)).collect::<Result<_>>()?;
        ctx.call(&target, &this, &args)
    }

    fn global_names(&self, ctx: Ctx<'_>, user_only: bool) -> Result<Vec<String>> {
        let builtin = if user_only { vm::fresh_global_names(&self.config) } else { HashSet::new() };
        let mut names = names_of(&ctx.globals())?;
        let is_ours = |name: &str| user_only && name.starts_with("__quickbeam_");
        names.retain(|name| !builtin.contains(name) && !is_ours(name));
        for key in ctx.lexical_globals()? {
            names.push(key.to_value()?.to_text()?);
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn memory_figures(&self, ctx: Ctx<'_>) -> BTreeMap<&'static str, u64> {
        let (memory, heap) = (ctx.memory(), ctx.heap());
        let own_peak = heap.peak_of_account();
        let mut figures = BTreeMap::from(ctx.census());
        if own_peak.is_some() {
            figures.retain(|name, _| !OF_ALL_REALMS.contains(name));
        }
        figures.insert("malloc_size", memory.used as u64);
        figures.insert("malloc_peak", own_peak.unwrap_or_else(|| heap.stats().peak) as u64);
        figures.insert("malloc_limit", self.config.memory_limit as u64);
        figures
    }

    fn figures(&self, ctx: Ctx<'_>) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            ("memory", ctx.memory().used as u64),
            ("reductions", self.guard.reductions()),
            ("timers", self.timers.borrow().len() as u64),
            ("pending_calls", self.calls.borrow().len() as u64),
            ("pending_ops", self.parked.borrow().len() as u64),
            ("inbox", self.mail.inbox().len() as u64),
        ])
    }
}

/// A promise of an object whose `value` that is, which settles after the jobs that wait now.
#[cold]
fn after_jobs<'a>(ctx: Ctx<'a>, value: Value<'a>) -> Result<Value<'a>> {
    let wrapper = ctx.object_without_prototype()?;
    wrapper.define("value", value, Attributes::ALL)?;
    let (promise, settler) = ctx.promise()?;
    settler.settle(ctx, Ok(wrapper))?;
    promise.then(&ctx.undefined(), &ctx.undefined())
}

pub(crate) fn names_of(object: &Value<'_>) -> Result<Vec<String>> {
    object.all_keys()?.iter().map(|key| key.to_value()?.to_text()).collect()
}

/// Scripts that never say `await` skip the promise that top-level await costs.
fn options<'s>(source: &str, filename: Option<&'s str>, first_line: i32) -> EvalOptions<'s> {
    EvalOptions { filename: filename.unwrap_or(EVAL), first_line, top_level_await: source.contains("await") }
}

/// Evaluates a script as [`Op::Eval`] does, with the properties of `vars` in scope for it alone: its value, and whether that is an
/// object whose `value` it is, for the script awaits at its top level.
///
/// # Errors
/// What the script throws.
pub fn eval_script<'a>(
    ctx: Ctx<'a>,
    source: String,
    filename: Option<&str>,
    vars: Option<Box<dyn Input>>,
) -> Result<(Value<'a>, bool)> {
    RealmState::of(ctx)?.eval(ctx, source, filename, vars)
}

/// Evaluates a script from its beginning to its end, as the standard's `importScripts` does: it cannot await at its top level.
///
/// # Errors
/// What the script throws.
pub fn run_script<'a>(ctx: Ctx<'a>, source: String, filename: &str) -> Result<Value<'a>> {
    let source = RealmState::of(ctx)?.guard.keep_text(source);
    ctx.eval(&source, &EvalOptions { filename, first_line: 1, top_level_await: false })
}
