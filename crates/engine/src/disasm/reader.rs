//! The serialised form, read piece by piece.

use super::opcodes::{ENGINE, FIRST_ATOM, OPCODES, Operands};
use super::{Constant, Disassembly, Opcode, Operand};
use crate::bytecode::BytecodeError;
use crate::ctx::Ctx;
use crate::text::utf16_to_utf8;
use rquickjs::qjs;
use std::slice;

type Read<T> = Result<T, BytecodeError>;

/// Version and checksum, before the table of atoms.
const HEADER: usize = 5;
/// Stack that reading one more level of functions may need.
const STACK_RESERVE: usize = 32 * 1024;
/// An atom that is a number.
const NUMBER_ATOM: u32 = 1 << 31;

/// Kinds of values, as they are marked.
mod tag {
    pub(super) const NULL: u8 = 1;
    pub(super) const UNDEFINED: u8 = 2;
    pub(super) const FALSE: u8 = 3;
    pub(super) const TRUE: u8 = 4;
    pub(super) const INT32: u8 = 5;
    pub(super) const FLOAT64: u8 = 6;
    pub(super) const STRING: u8 = 7;
    pub(super) const ARRAY: u8 = 9;
    pub(super) const BIG_INT: u8 = 10;
    pub(super) const TEMPLATE: u8 = 11;
    pub(super) const FUNCTION: u8 = 12;
}

struct Reader<'b, 'a> {
    ctx: Ctx<'a>,
    rest: &'b [u8],
    atoms: Vec<String>,
}

/// Reads a serialised script.
pub(super) fn read(ctx: Ctx<'_>, payload: &[u8]) -> Read<Disassembly> {
    let Some((&[version, ..], rest)) = payload.split_first_chunk::<HEADER>() else {
        return Err(BytecodeError::Damaged);
    };
    if version != ENGINE.1 {
        return Err(BytecodeError::Damaged);
    }
    let mut reader = Reader { ctx, rest, atoms: Vec::new() };
    for _ in 0..reader.u32_leb()? {
        let atom = reader.table_atom()?;
        reader.atoms.push(atom);
    }
    if reader.u8()? != tag::FUNCTION {
        return Err(BytecodeError::Damaged);
    }
    reader.function()
}

/// Names of what a function's instructions refer to.
struct Names<'n> {
    args: &'n [String],
    vars: &'n [String],
    captures: &'n [String],
}

/// What stands before a function's parts.
struct Head {
    flags: u16,
    strict: u8,
    name: String,
    args: usize,
    stack_size: u32,
    captures: usize,
    constants: usize,
    code: usize,
    locals: usize,
}

impl<'b> Reader<'b, '_> {
    fn bytes(&mut self, len: usize) -> Read<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(BytecodeError::Damaged)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(BytecodeError::Damaged)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn u8(&mut self) -> Read<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// Seven bits a byte, lowest first.
    fn u32_leb(&mut self) -> Read<u32> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BytecodeError::Damaged)
    }

    fn usize_leb(&mut self) -> Read<usize> {
        Ok(self.u32_leb()? as usize)
    }

    fn i32_leb(&mut self) -> Read<i32> {
        let value = self.u32_leb()?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    fn string(&mut self) -> Read<String> {
        let head = self.usize_leb()?;
        let len = head >> 1;
        if head & 1 == 0 {
            return Ok(self.bytes(len)?.iter().map(|&byte| char::from(byte)).collect());
        }
        let (pairs, _) = self.bytes(len.checked_mul(2).ok_or(BytecodeError::Damaged)?)?.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
        Ok(utf16_to_utf8(&units))
    }

    /// One of the names that the script brings along.
    fn table_atom(&mut self) -> Read<String> {
        let kind = self.u8()?;
        match kind {
            0x80.. => {
                let high = if kind & 0x40 != 0 { self.u32_leb()? } else { 0 };
                self.engine_atom(high.checked_shl(6).unwrap_or(u32::MAX) | u32::from(kind & 0x3F))
            }
            _ => self.string(),
        }
    }

    /// One of the names that the engine always knows.
    fn engine_atom(&self, atom: u32) -> Read<String> {
        if atom == 0 {
            return Ok(String::new());
        }
        if atom >= FIRST_ATOM {
            return Err(BytecodeError::Damaged);
        }
        let raw = self.ctx.raw();
        let mut len: qjs::size_t = 0;
        // SAFETY: atoms below the first of scripts always live; the text is freed after its last use.
        unsafe {
            let text = qjs::JS_AtomToCStringLen(raw, &mut len, atom);
            if text.is_null() {
                drop(self.ctx.take_exception());
                return Err(BytecodeError::Damaged);
            }
            let name = String::from_utf8_lossy(slice::from_raw_parts(text.cast(), len as usize)).into_owned();
            qjs::JS_FreeCString(raw, text);
            Ok(name)
        }
    }

    fn atom_name(&self, atom: u32) -> Read<String> {
        if atom & NUMBER_ATOM != 0 {
            return Ok((atom & !NUMBER_ATOM).to_string());
        }
        match atom.checked_sub(FIRST_ATOM) {
            Some(index) => self.atoms.get(index as usize).cloned().ok_or(BytecodeError::Damaged),
            None => self.engine_atom(atom),
        }
    }

    fn atom(&mut self) -> Read<String> {
        let value = self.u32_leb()?;
        if value & 1 != 0 { Ok((value >> 1).to_string()) } else { self.atom_name(value >> 1) }
    }

    fn head(&mut self) -> Read<Head> {
        let flags = u16::from_le_bytes(self.array()?);
        let strict = self.u8()?;
        let name = self.atom()?;
        let args = self.usize_leb()?;
        let _vars = self.u32_leb()?;
        let _declared_args = self.u32_leb()?;
        let stack_size = self.u32_leb()?;
        let _captured = self.u32_leb()?;
        let captures = self.usize_leb()?;
        let constants = self.usize_leb()?;
        let code = self.usize_leb()?;
        let locals = self.usize_leb()?;
        Ok(Head { flags, strict, name, args, stack_size, captures, constants, code, locals })
    }

    fn function(&mut self) -> Read<Disassembly> {
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(BytecodeError::Damaged);
        }
        let head = self.head()?;
        let mut args = Vec::new();
        for _ in 0..head.locals {
            args.push(self.variable()?);
        }
        let vars = args.split_off(head.args.min(args.len()));
        let mut captures = Vec::new();
        for _ in 0..head.captures {
            captures.push(self.atom()?);
            let _index = self.u32_leb()?;
            let _flags = self.u32_leb()?;
        }
        let mut functions = Vec::new();
        let mut constants = Vec::new();
        for _ in 0..head.constants {
            constants.push(self.constant(&mut functions)?);
        }
        let code = self.bytes(head.code)?;
        let opcodes = self.opcodes(code, &Names { args: &args, vars: &vars, captures: &captures })?;
        let (filename, line, column) = if flag(head.flags, HAS_DEBUG) { self.debug()? } else { Default::default() };
        Ok(Disassembly {
            name: head.name,
            filename,
            line,
            column,
            args,
            vars,
            captures,
            stack_size: head.stack_size,
            flags: flag_names(head.flags, head.strict != 0),
            opcodes,
            constants,
            functions,
        })
    }

    fn variable(&mut self) -> Read<String> {
        const CAPTURED: u8 = 1 << 6;
        let name = self.atom()?;
        let _scope_level = self.u32_leb()?;
        let _scope_next = self.u32_leb()?;
        if self.u8()? & CAPTURED != 0 {
            let _reference = self.u32_leb()?;
        }
        Ok(name)
    }

    fn debug(&mut self) -> Read<(String, u32, u32)> {
        let filename = self.atom()?;
        let (line, column) = (self.u32_leb()?, self.u32_leb()?);
        for _ in ["positions", "source"] {
            let len = self.usize_leb()?;
            self.bytes(len)?;
        }
        Ok((filename, line, column))
    }

    fn constant(&mut self, functions: &mut Vec<Disassembly>) -> Read<Constant> {
        Ok(match self.u8()? {
            tag::NULL => Constant::Null,
            tag::UNDEFINED => Constant::Undefined,
            tag::FALSE => Constant::Boolean(false),
            tag::TRUE => Constant::Boolean(true),
            tag::INT32 => Constant::Integer(self.i32_leb()?),
            tag::FLOAT64 => Constant::Float(f64::from_le_bytes(self.array()?)),
            tag::STRING => Constant::String(self.string()?),
            tag::BIG_INT => self.bigint()?,
            tag::FUNCTION => {
                functions.push(self.function()?);
                Constant::Function(functions.len() - 1)
            }
            tag @ (tag::ARRAY | tag::TEMPLATE) => self.template(tag)?,
            _ => return Err(BytecodeError::Damaged),
        })
    }

    /// A template's cooked parts, which are followed by an array of the raw ones.
    fn template(&mut self, tag: u8) -> Read<Constant> {
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(BytecodeError::Damaged);
        }
        let mut parts = Vec::new();
        for _ in 0..self.u32_leb()? {
            parts.push(self.constant(&mut Vec::new())?);
        }
        if tag == tag::TEMPLATE {
            self.constant(&mut Vec::new())?;
        }
        Ok(Constant::Template(parts))
    }

    /// Two's complement, lowest byte first.
    fn bigint(&mut self) -> Read<Constant> {
        let len = self.usize_leb()?;
        let mut bytes = self.bytes(len)?.to_vec();
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        if negative {
            let mut carry = true;
            for byte in &mut bytes {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
            if carry {
                bytes.push(1);
            }
        }
        let digits: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
        let digits = digits.trim_start_matches('0');
        Ok(Constant::BigInt { negative, digits: if digits.is_empty() { "0" } else { digits }.to_owned() })
    }

    fn opcodes(&self, code: &[u8], names: &Names<'_>) -> Read<Vec<Opcode>> {
        let mut opcodes = Vec::new();
        let mut rest = code;
        while let [op, ..] = rest {
            let (name, operands) = OPCODES.get(usize::from(*op)).ok_or(BytecodeError::Damaged)?;
            let (bytes, behind) = rest.split_at_checked(operands.size()).ok_or(BytecodeError::Damaged)?;
            let offset = code.len() - rest.len();
            let operands = self.operands(name, *operands, &bytes[1..], offset + 1, names)?;
            opcodes.push(Opcode { offset: offset as u32, name, operands });
            rest = behind;
        }
        Ok(opcodes)
    }

    fn operands(&self, name: &str, kind: Operands, bytes: &[u8], at: usize, names: &Names<'_>) -> Read<Vec<Operand>> {
        use Operands::*;
        let unsigned =
            |start: usize, len: usize| bytes[start..start + len].iter().rev().fold(0, |n, &b| n << 8 | i64::from(b));
        let signed = |len: usize| unsigned(0, len) << (64 - 8 * len) >> (64 - 8 * len);
        let integer = |value: i64| Ok(vec![Operand::Integer(value)]);
        let variable = |among: &[String], index: i64| {
            let name = usize::try_from(index).ok().and_then(|index| among.get(index)).ok_or(BytecodeError::Damaged)?;
            Ok(vec![Operand::Integer(index), Operand::Name(name.clone())])
        };
        let atom = || Ok::<_, BytecodeError>(Operand::Name(self.atom_name(unsigned(0, 4) as u32)?));
        let target = |start: usize, relative: i64| Operand::Integer((at + start) as i64 + relative);
        match kind {
            None => Ok(Vec::new()),
            Number => integer(fixed_number(name)),
            FixedLocal if name == "get_loc0_loc1" => Ok([variable(names.vars, 0)?, variable(names.vars, 1)?].concat()),
            FixedLocal => variable(names.vars, fixed_number(name)),
            FixedArgument => variable(names.args, fixed_number(name)),
            FixedCapture => variable(names.captures, fixed_number(name)),
            Local8 => variable(names.vars, unsigned(0, 1)),
            Local => variable(names.vars, unsigned(0, 2)),
            Argument => variable(names.args, unsigned(0, 2)),
            Capture => variable(names.captures, unsigned(0, 2)),
            U8 | U16 | U32 => integer(unsigned(0, bytes.len())),
            I8 | I16 | I32 => integer(signed(bytes.len())),
            U16Pair => Ok(vec![Operand::Integer(unsigned(0, 2)), Operand::Integer(unsigned(2, 2))]),
            Label8 | Label16 | Label => Ok(vec![target(0, signed(bytes.len()))]),
            Name => Ok(vec![atom()?]),
            NameU8 => Ok(vec![atom()?, Operand::Integer(unsigned(4, 1))]),
            NameU16 => Ok(vec![atom()?, Operand::Integer(unsigned(4, 2))]),
            NameLabelU8 => {
                let relative = i64::from(unsigned(4, 4) as u32 as i32);
                Ok(vec![atom()?, target(4, relative), Operand::Integer(unsigned(8, 1))])
            }
        }
    }
}

/// The number that an instruction's name ends with.
fn fixed_number(name: &str) -> i64 {
    match name {
        "push_minus1" => -1,
        _ => name.bytes().last().map_or(0, |digit| i64::from(digit.wrapping_sub(b'0'))),
    }
}

const HAS_DEBUG: u32 = 11;

fn flag(flags: u16, bit: u32) -> bool {
    flags >> bit & 1 != 0
}

fn flag_names(flags: u16, strict: bool) -> Vec<&'static str> {
    const NAMES: [(u32, &str); 10] = [
        (0, "constructor"),
        (1, "simple_parameters"),
        (2, "derived_constructor"),
        (3, "method"),
        (4, "generator"),
        (5, "async"),
        (6, "new_target"),
        (7, "super_call"),
        (8, "super"),
        (9, "arguments"),
    ];
    let named = NAMES.into_iter().filter(|&(bit, _)| flag(flags, bit)).map(|(_, name)| name);
    strict.then_some("strict").into_iter().chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvalOptions, Isolate, IsolateOptions};

    const SOURCE: &str = r#"
        "use strict";
        const big = [-1234567890123456789012345678901234567890n, 255n, 0n, -128n];
        async function* f(a, { b }, ...c) { for await (const x of a) yield `é€${x}` + b + c.length + 1.5 + 70000 + "str" }
        class A extends Array { #p = 1; static s = /a(b)?/g; get q() { return super.at(0) + this.#p } }
        label: for (let i = 0; i < 300; i++) { try { if (i) continue label; (() => i)() } catch { break } finally { f`t${1}\u00e9` } }
        [0, -1, 7, 100, -100, 1000, -1000, true, null, undefined].length
    "#;

    fn with_ctx(f: impl for<'a> FnOnce(Ctx<'a>)) {
        let isolate = Isolate::new(IsolateOptions::default()).unwrap();
        let realm = isolate.new_realm().unwrap();
        isolate.enter(&realm, f);
    }

    #[test]
    fn the_tables_describe_this_engine() {
        with_ctx(|ctx| {
            assert_eq!(crate::bytecode::engine_version(), ENGINE.0, "regenerate opcodes.rs for this version");
            let payload = ctx.compile_raw("novelName", &EvalOptions::default(), 0, 0).unwrap();
            assert_eq!(payload[0], ENGINE.1);
            let script = read(ctx, &payload).unwrap();
            assert!(script.opcodes.iter().any(|op| op.operands == [Operand::Name("novelName".into())]), "{script:?}");
            assert_eq!(script.filename, "<eval>");
        });
    }

    #[test]
    fn damaged_bytecode_is_refused_or_read_and_never_panics() {
        with_ctx(|ctx| {
            let payload = ctx.compile_raw(SOURCE, &EvalOptions::default(), 0, 0).unwrap();
            read(ctx, &payload).unwrap();
            for index in 0..payload.len() {
                assert!(read(ctx, &payload[..index]).is_err(), "cut at {index}");
                let mut damaged = payload.clone();
                for bits in [1, 0x40, 0x80, 0xFF] {
                    damaged[index] = payload[index] ^ bits;
                    let _ = read(ctx, &damaged);
                }
            }
        });
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        with_ctx(|ctx| {
            let mut head = vec![ENGINE.1, 0, 0, 0, 0, 0];
            let level = [tag::FUNCTION, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
            (0..100_000).for_each(|_| head.extend_from_slice(&level));
            assert_eq!(read(ctx, &head), Err(BytecodeError::Damaged));
        });
    }
}
