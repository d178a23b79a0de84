//! What the disassembler shows of compiled scripts.

mod support;

use quickbeam_engine::*;
use support::*;

fn disassembled(source: &str) -> Disassembly {
    in_realm(|_, ctx| match ctx.disassemble(source, &EvalOptions { filename: "a.js", ..EvalOptions::default() }) {
        Ok(script) => script,
        Err(Thrown) => panic!("{source}: {}", ctx.take_report()),
    })
}

/// One line for each instruction.
fn listing(function: &Disassembly) -> Vec<String> {
    let operand = |operand: &Operand| match operand {
        Operand::Integer(value) => value.to_string(),
        Operand::Name(name) => name.clone(),
    };
    let line = |op: &Opcode| {
        let operands: Vec<String> = op.operands.iter().map(operand).collect();
        format!("{} {} {}", op.offset, op.name, operands.join(" ")).trim_end().to_owned()
    };
    function.opcodes.iter().map(line).collect()
}

#[test]
fn a_function_shows_its_shape() {
    let script = disassembled("\nfunction add(a, b) { let sum = a + b; return sum > 10 ? sum : add.missing }");
    let add = &script.functions[0];
    assert_eq!((script.name.as_str(), script.filename.as_str()), ("<eval>", "a.js"));
    assert_eq!((add.name.as_str(), add.line, add.column), ("add", 2, 1));
    assert_eq!(
        (add.args.as_slice(), add.vars.as_slice()),
        (["a", "b"].map(String::from).as_slice(), ["sum"].map(String::from).as_slice())
    );
    assert!(script.constants.contains(&Constant::Function(0)));
    let expected = [
        "0 set_loc_uninitialized 0 sum",
        "3 get_arg0 0 a",
        "4 get_arg1 1 b",
        "5 add",
        "6 put_loc0 0 sum",
        "7 get_loc_check 0 sum",
        "10 push_i8 10",
        "12 gt",
        "13 if_false8 19",
        "15 get_loc_check 0 sum",
        "18 return",
        "19 get_var add",
        "24 get_field missing",
        "29 return",
    ];
    assert_eq!(listing(add), expected);
}

#[test]
fn flags_tell_what_a_function_is() {
    let check = |source: &str, present: &[&str], absent: &[&str]| {
        let flags = disassembled(source).functions.remove(0).flags;
        assert!(present.iter().all(|flag| flags.contains(flag)), "{source}: {flags:?}");
        assert!(!absent.iter().any(|flag| flags.contains(flag)), "{source}: {flags:?}");
    };
    check("function f() {}", &["constructor", "simple_parameters", "arguments"], &["strict", "async", "generator"]);
    check("function f() { 'use strict' }", &["strict"], &["async"]);
    check("async function f() {}", &["async"], &["generator", "constructor"]);
    check("function* f() {}", &["generator"], &["async"]);
    check("async function* f() {}", &["generator", "async"], &["strict"]);
    check("(a = 1) => a", &[], &["constructor", "simple_parameters"]);
}

#[test]
fn constants_are_shown_by_value() {
    let script = disassembled(
        "[1.5, 1e10, 'é€', 'x', -(2n ** 5n), 123456789012345678901234567890n, 99n, tag`a${1}\\u00e9`, /r/]",
    );
    let has =
        |constant: Constant| assert!(script.constants.contains(&constant), "{constant:?} in {:?}", script.constants);
    has(Constant::Float(1.5));
    has(Constant::Float(1e10));
    has(Constant::BigInt { negative: false, digits: "18ee90ff6c373e0ee4e3f0ad2".into() });
    has(Constant::Template(vec![Constant::String("a".into()), Constant::String("é".into())]));
    has(Constant::String("r".into()));
}

#[test]
fn bytecode_is_disassembled_where_it_was_not_compiled() {
    let code = in_realm(|_, ctx| ctx.compile("const answer = 6 * 7", &EvalOptions::default()).unwrap());
    in_realm(|_, ctx| {
        let script = ctx.disassemble_bytecode(&code).unwrap();
        assert_eq!(script, ctx.disassemble("const answer = 6 * 7", &EvalOptions::default()).unwrap());
        let mut damaged = code.clone();
        damaged[40] ^= 1;
        for refused in [b"x".as_slice(), &[], &damaged, &code[..50]] {
            assert!(ctx.disassemble_bytecode(refused).is_err());
            assert_eq!(ctx.take_report().name, "TypeError");
        }
        assert!(ctx.disassemble("let = ;", &EvalOptions::default()).is_err());
        assert_eq!(ctx.take_report().name, "SyntaxError");
    });
}

#[test]
fn every_instruction_of_a_large_script_has_a_name_and_a_place() {
    fn walk(function: &Disassembly, seen: &mut usize) {
        for op in &function.opcodes {
            assert_ne!(op.name, "invalid", "{}", function.name);
            *seen += 1;
            let jumps = op.name.starts_with("if_") || op.name.starts_with("goto");
            if let (true, [Operand::Integer(target)]) = (jumps, op.operands.as_slice()) {
                assert!(function.opcodes.iter().any(|at| i64::from(at.offset) == *target), "{op:?}");
            }
        }
        function.functions.iter().for_each(|inner| walk(inner, seen));
    }
    let mut seen = 0;
    walk(&disassembled(include_str!("data/builtins.js")), &mut seen);
    assert!(seen > 2_000, "{seen}");
}
