//! `%QuickBEAM.Bytecode{}` terms.

use crate::atoms;
use crate::encode::{TermSink, binary};
use crate::error::map;
use quickbeam_engine::{Constant, Disassembly, Opcode, Operand, Sink};
use rustler::{Encoder, Env, Term};

/// The struct for a function, with the functions inside it.
pub(crate) fn term<'e>(env: Env<'e>, code: &Disassembly) -> Term<'e> {
    let texts = |texts: &[String]| texts.iter().map(|text| string(env, text)).collect::<Vec<_>>().encode(env);
    let flags: Vec<Term<'e>> =
        code.flags.iter().filter_map(|flag| Some(rustler::Atom::from_str(env, flag).ok()?.to_term(env))).collect();
    let opcodes: Vec<Term<'e>> = code.opcodes.iter().map(|opcode| opcode_term(env, opcode)).collect();
    let constants: Vec<Term<'e>> = code.constants.iter().map(|constant| constant_term(env, constant)).collect();
    let functions: Vec<Term<'e>> = code.functions.iter().map(|function| term(env, function)).collect();
    let fields = [
        (atoms::struct_key(), atoms::bytecode().encode(env)),
        (atoms::name(), optional(env, &code.name)),
        (atoms::filename(), optional(env, &code.filename)),
        (atoms::line(), code.line.encode(env)),
        (atoms::column(), code.column.encode(env)),
        (atoms::args(), texts(&code.args)),
        (atoms::vars(), texts(&code.vars)),
        (atoms::stack_size(), code.stack_size.encode(env)),
        (atoms::flags(), flags.encode(env)),
        (atoms::opcodes(), opcodes.encode(env)),
        (atoms::constants(), constants.encode(env)),
        (atoms::functions(), functions.encode(env)),
    ];
    map(env, &fields)
}

fn string<'e>(env: Env<'e>, text: &str) -> Term<'e> {
    binary(env, text.as_bytes())
}

fn optional<'e>(env: Env<'e>, text: &str) -> Term<'e> {
    if text.is_empty() { atoms::nil().to_term(env) } else { string(env, text) }
}

fn opcode_term<'e>(env: Env<'e>, opcode: &Opcode) -> Term<'e> {
    let operands: Vec<Term<'e>> = opcode
        .operands
        .iter()
        .map(|operand| match operand {
            Operand::Integer(integer) => integer.encode(env),
            Operand::Name(name) => string(env, name),
        })
        .collect();
    (opcode.offset, string(env, opcode.name), operands).encode(env)
}

fn constant_term<'e>(env: Env<'e>, constant: &Constant) -> Term<'e> {
    let mut sink = TermSink::new(env);
    match constant {
        Constant::Null | Constant::Undefined => sink.nil(),
        Constant::Boolean(boolean) => sink.boolean(*boolean),
        Constant::Integer(integer) => sink.integer(i64::from(*integer)),
        Constant::Float(float) => sink.float(*float),
        Constant::String(text) => sink.string(text),
        Constant::BigInt { negative, digits } => sink.bigint(*negative, digits),
        Constant::Template(parts) => parts.iter().map(|part| constant_term(env, part)).collect::<Vec<_>>().encode(env),
        Constant::Function(index) => index.encode(env),
    }
}
