//! Reading ops.

use crate::atoms;
use crate::cover::Covered;
use crate::decode::TermInput;
use crate::dom::Question;
use crate::request;
use quickbeam_api_dom::Query;
use quickbeam_executor::{Input, Op};
use rustler::types::tuple::get_tuple;
use rustler::{Binary, Term};
use std::sync::Arc;

/// What a process asks of a realm.
pub(crate) enum Request {
    Op(Op),
    /// Show errors of this file at their original places, by this map.
    SourceMap(String, String),
    /// Count the lines of these files, and of those that are told of later.
    Cover(Vec<Covered>),
}

/// Reads an op as `QuickBEAM.Native.submit/5` takes it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(term: Term<'_>) -> Result<Request, String> {
    if term.is_atom() {
        return Ok(Request::Op(if atoms::reset() == term {
            Op::Reset
        } else if atoms::memory_usage() == term {
            Op::MemoryUsage
        } else if atoms::info() == term {
            Op::Info
        } else if atoms::dom_html() == term {
            dom(Query::Html)
        } else if atoms::heap() == term {
            Op::Make(Box::new(request::CountInstances))
        } else if atoms::start_worker() == term {
            Op::Make(Box::new(request::StartWorker))
        } else {
            return Err(format!("unknown op {term:?}"));
        }));
    }
    let parts = get_tuple(term).map_err(|_| "an op is an atom or a tuple".to_owned())?;
    let Some((tag, fields)) = parts.split_first() else { return Err("an op is not empty".to_owned()) };
    let is = |atom: rustler::Atom| atom == *tag;
    let op = match fields {
        [code, filename, vars] if is(atoms::eval()) => Op::Eval {
            source: text(*code, "code")?,
            filename: optional_text(*filename, "filename")?,
            vars: optional_input(*vars),
        },
        [code, filename, url] if is(atoms::eval_module()) => Op::EvalModule {
            source: text(*code, "code")?,
            filename: text(*filename, "filename")?,
            url: Some(text(*url, "URL")?),
        },
        [path, args] if is(atoms::call()) => {
            Op::Call { path: text(*path, "function name")?, args: Box::new(TermInput::new(*args)) }
        }
        [name, code] if is(atoms::load_module()) => {
            Op::LoadModule { name: text(*name, "module name")?, source: text(*code, "code")? }
        }
        [code, filename] if is(atoms::compile()) => {
            Op::Compile { source: text(*code, "code")?, filename: optional_text(*filename, "filename")? }
        }
        [bytes] if is(atoms::load_bytecode()) => Op::RunBytecode(bytecode(*bytes)?),
        [code] if is(atoms::disasm_code()) => Op::Disassemble(text(*code, "code")?),
        [bytes] if is(atoms::disasm_bytecode()) => Op::DisassembleBytecode(bytecode(*bytes)?),
        [name] if is(atoms::get_global()) => Op::GetGlobal(text(*name, "name")?),
        [name, value] if is(atoms::set_global()) => {
            Op::SetGlobal { name: text(*name, "name")?, value: Box::new(TermInput::new(*value)) }
        }
        [token, name, is_module] if is(atoms::become_worker()) => Op::Make(Box::new(request::BecomeWorker {
            token: number(*token)?,
            name: text(*name, "name")?,
            is_module: is_module.decode().unwrap_or(false),
        })),
        [code, filename, vars] if is(atoms::stream_open()) => Op::Make(Box::new(request::OpenIterator {
            source: text(*code, "code")?,
            filename: optional_text(*filename, "filename")?,
            vars: optional_input(*vars),
        })),
        [id, count] if is(atoms::stream_read()) => {
            Op::Make(Box::new(request::ReadIterator { id: number(*id)?, count: number(*count)? }))
        }
        [id] if is(atoms::stream_close()) => Op::Make(Box::new(request::CloseIterator(number(*id)?))),
        [user_only] if is(atoms::globals()) => Op::Globals { user_only: user_only.decode().unwrap_or(false) },
        [selector] if is(atoms::dom_find()) => dom(Query::Find(text(*selector, "selector")?)),
        [selector] if is(atoms::dom_find_all()) => dom(Query::FindAll(text(*selector, "selector")?)),
        [selector] if is(atoms::dom_text()) => dom(Query::Text(text(*selector, "selector")?)),
        [selector, name] if is(atoms::dom_attr()) => {
            dom(Query::Attribute(text(*selector, "selector")?, text(*name, "attribute name")?))
        }
        [message] if is(atoms::message()) => Op::Message(Box::new(TermInput::new(*message))),
        [files] if is(atoms::cover()) => {
            let files = files.decode().map_err(|_| "these are no files with lines to count".to_owned())?;
            return Ok(Request::Cover(files));
        }
        [filename, json] if is(atoms::source_map()) => {
            return Ok(Request::SourceMap(text(*filename, "filename")?, text(*json, "source map")?));
        }
        _ => return Err(format!("unknown op {tag:?} with {} fields", fields.len())),
    };
    Ok(Request::Op(op))
}

fn dom(query: Query) -> Op {
    Op::Make(Box::new(Question(query)))
}

fn text(term: Term<'_>, what: &str) -> Result<String, String> {
    let binary = Binary::from_term(term).map_err(|_| format!("the {what} must be a string"))?;
    match std::str::from_utf8(binary.as_slice()) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(format!("the {what} is not valid UTF-8 at byte {}", error.valid_up_to())),
    }
}

fn number(term: Term<'_>) -> Result<u64, String> {
    term.decode().map_err(|_| format!("{term:?} is no number"))
}

fn bytecode(term: Term<'_>) -> Result<Arc<[u8]>, String> {
    let bytes = Binary::from_term(term).map_err(|_| "bytecode is a binary".to_owned())?;
    Ok(bytes.as_slice().into())
}

fn optional_input(term: Term<'_>) -> Option<Box<dyn Input>> {
    if atoms::nil() == term { None } else { Some(Box::new(TermInput::new(term))) }
}

fn optional_text(term: Term<'_>, what: &str) -> Result<Option<String>, String> {
    if atoms::nil() == term { Ok(None) } else { text(term, what).map(Some) }
}
