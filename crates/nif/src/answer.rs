//! Answers to what a realm asks of its owner.

use crate::atoms;
use crate::decode::{TermInput, decode};
use quickbeam_engine::{Attributes, Ctx, Result, Thrown, Value};
use quickbeam_executor::{Answer, HostError, Input};
use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Atom, Decoder, Encoder, LocalPid, Term};
use std::rc::Rc;

/// Reads `{:ok, term}`, `{:stream, pid}` or `{:error, failure}`. A failure is a map with `:name`, `:message`, `:stack` and `:cause`, each of which
/// may be missing; the cause is `{:ok, term}`.
pub(crate) fn read(result: Term<'_>) -> Answer {
    match result.decode::<(Atom, Term<'_>)>() {
        Ok((tag, value)) if tag == atoms::ok() => Ok(Box::new(TermInput::new(value))),
        Ok((tag, source)) if tag == atoms::stream() => match source.decode() {
            Ok(pid) => Ok(Box::new(Stream(Producer(pid)))),
            Err(_) => Err(not_understood()),
        },
        Ok((tag, failure)) if tag == atoms::error() => Ok(Box::new(Failure::read(failure))),
        _ => Err(not_understood()),
    }
}

fn not_understood() -> HostError {
    let message = "the handler's result was not understood".to_owned();
    HostError { name: "Error".to_owned(), message, stack: None }
}

/// The process that makes the items of a stream. It ends when nobody can ask for more.
struct Producer(LocalPid);

impl Drop for Producer {
    fn drop(&mut self) {
        let message = (atoms::quickbeam_stream(), atoms::close());
        // A process that has ended needs no telling.
        let _ = OwnedEnv::new().send_and_clear(&self.0, |env| message.encode(env));
    }
}

/// A handler's result that JavaScript takes item by item.
struct Stream(Producer);

impl Input for Stream {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let source = OwnedEnv::new().run(|env| decode(ctx, self.0.0.encode(env)))?;
        let guard = ctx.host_object(Rc::new(self.0), None)?;
        quickbeam_api_beam::stream(ctx, source, guard)
    }
}

/// An error that is thrown where the answer would be.
struct Failure {
    name: String,
    message: String,
    stack: Option<String>,
    cause: Option<(OwnedEnv, SavedTerm)>,
}

impl Failure {
    fn read(failure: Term<'_>) -> Failure {
        let cause = field::<(Atom, Term<'_>)>(failure, atoms::cause()).map(|(_ok, cause)| {
            let env = OwnedEnv::new();
            let saved = env.save(cause);
            (env, saved)
        });
        Failure {
            name: field(failure, atoms::name()).unwrap_or_else(|| "Error".to_owned()),
            message: field(failure, atoms::message()).unwrap_or_default(),
            stack: field(failure, atoms::stack()),
            cause,
        }
    }
}

impl Input for Failure {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let error = ctx.error(&self.name, &self.message)?;
        if let Some(stack) = &self.stack {
            error.define("stack", ctx.string(stack)?, Attributes::HIDDEN)?;
        }
        if let Some((env, cause)) = &self.cause {
            // A cause without a counterpart in JavaScript is shown as text.
            let value = match env.run(|env| decode(ctx, cause.load(env))) {
                Ok(value) => value,
                Err(Thrown) => {
                    drop(ctx.take_exception());
                    ctx.poll(1)?;
                    let shown: String = env.run(|env| format!("{:?}", cause.load(env))).chars().take(1000).collect();
                    ctx.string(&shown)?
                }
            };
            error.define("cause", value, Attributes::HIDDEN)?;
        }
        Err(ctx.throw(error))
    }
}

fn field<'a, T: Decoder<'a>>(map: Term<'a>, key: Atom) -> Option<T> {
    map.map_get(key).ok()?.decode().ok()
}
