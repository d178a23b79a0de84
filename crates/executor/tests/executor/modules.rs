//! Modules through ops.

use crate::support::*;
use quickbeam_executor::*;

fn load(realm: &TestRealm, name: &str, source: &str) -> Got {
    realm.op(Op::LoadModule { name: name.into(), source: source.into() }).wait()
}

fn run(realm: &TestRealm, source: &str) -> Got {
    realm.op(Op::EvalModule { source: source.into(), filename: "app/main.js".into(), url: None }).wait()
}

#[test]
fn modules_import_each_other_statically_and_dynamically() {
    let realm = realm();
    assert_eq!(
        load(&realm, "lib/a.js", "export const a = 1; export default function () { return 'default' }"),
        Got::Done
    );
    assert_eq!(
        load(
            &realm,
            "lib/b.js",
            "import d, { a } from './a.js'; export * from './a.js'; export const b = a + 1; export { d }"
        ),
        Got::Done
    );
    assert_eq!(load(&realm, "data.json", r#"{ "answer": 42 }"#), Got::Done);
    assert_eq!(
        run(
            &realm,
            "import * as b from '../lib/b.js'; import data from 'data.json' with { type: 'json' };
        note([b.a, b.b, b.d(), data.answer, import.meta.url].join())"
        ),
        Got::Done
    );
    realm.expect_note("1,2,default,42,app/main.js");
    realm.check("(await import('lib/b.js')).b", "2");
    realm.check("(await import('data.json')).default.answer", "42");
    realm.check("(await import('lib/a.js')) === (await import('./lib/a.js'))", "true");
}

#[test]
fn top_level_await_holds_the_op_and_its_importers() {
    let realm = realm();
    let pending =
        realm.op(Op::LoadModule { name: "slow".into(), source: "export const value = await call('f')".into() });
    let id = realm.expect_call("f");
    let importer = realm.start("(await import('slow')).value");
    realm.resolve(id, "ready");
    assert_eq!(pending.wait(), Got::Done);
    assert_eq!(importer.text(), "ready");
}

#[test]
fn a_broken_promise_holds_up_no_module() {
    for broken in [
        "Object.defineProperty(Promise.prototype, 'constructor', { value: 7 })",
        "Object.defineProperty(Promise, Symbol.species, { get() { return 8 } })",
        "Promise.prototype.then = () => {}",
    ] {
        let _case = Case(broken);
        let realm = realm();
        realm.eval(&format!("{broken}; 0"));
        assert_eq!(load(&realm, "a \"b\" \\c", "globalThis.a = 1; export const a = 1"), Got::Done);
        assert_eq!(load(&realm, "b", r#"import { a } from 'a "b" \\c'; globalThis.b = a + 1"#), Got::Done);
        assert_eq!(load(&realm, "data.json", "[1]"), Got::Done);
        assert_eq!(load(&realm, "c", "throw new TypeError('x')").to_string(), "TypeError: x");
        assert_eq!(load(&realm, "slow", "globalThis.c = await 3"), Got::Done);
        assert_eq!(load(&realm, "d", "import 'slow'; globalThis.d = await 4"), Got::Done);
        realm.check("[a, b, c, d].join()", "1,2,3,4");
    }
}

#[test]
fn cycles_resolve() {
    let realm = realm();
    // A module must be there to be imported, so the cycle is closed by giving the first one again.
    assert_eq!(load(&realm, "odd", "export const isOdd = () => {}"), Got::Done);
    assert_eq!(
        load(&realm, "even", "import { isOdd } from 'odd'; export const isEven = n => n === 0 || isOdd(n - 1)"),
        Got::Done
    );
    assert_eq!(
        load(&realm, "odd", "import { isEven } from 'even'; export const isOdd = n => n !== 0 && isEven(n - 1)"),
        Got::Done
    );
    realm.check("(await import('odd')).isOdd(1)", "true");
}

#[test]
fn a_module_given_again_replaces_the_old_one() {
    let realm = realm();
    for n in 1..=3 {
        assert_eq!(load(&realm, "m", &format!("export const n = {n}")), Got::Done);
        realm.check("(await import('m')).n", &n.to_string());
    }
}

#[test]
fn errors_tell_their_place() {
    let realm = realm();
    let check = |got: Got, message: &str, place: (&str, u32, u32)| match got {
        Got::Failed(report) => {
            assert!(report.to_string().contains(message), "{report}");
            let at = report.location().map(|frame| (frame.filename.as_str(), frame.line, frame.column));
            assert_eq!(at, Some(place), "{report}\n{}", report.stack);
        }
        other => panic!("{other:?}"),
    };
    check(load(&realm, "syntax.js", "const a = 1;\n  const = 2"), "SyntaxError", ("syntax.js", 2, 9));
    check(load(&realm, "throws.js", "\n\n  throw new TypeError('x')"), "TypeError: x", ("throws.js", 3, 13));
    check(run(&realm, "\n  null.x"), "TypeError", ("app/main.js", 2, 3));
    assert_eq!(load(&realm, "a.js", "export const a = 1;\nexport function f() {\n  null.x\n}"), Got::Done);
    check(run(&realm, "import { f } from 'a.js'; f()"), "TypeError", ("a.js", 3, 3));
    let got = run(&realm, "import 'missing.js'");
    assert!(got.to_string().contains("Cannot find module 'missing.js' imported from 'app/main.js'"), "{got}");
    let got = run(&realm, "import { nothing } from 'a.js'");
    assert!(got.to_string().contains("nothing"), "{got}");
    let got = load(&realm, "bad.json", "{ not json }");
    assert!(got.to_string().starts_with("SyntaxError"), "{got}");
    let got = realm.eval("import('missing')");
    assert!(got.contains("Cannot find module 'missing'"), "{got}");
    realm.check("1 + 1", "2");
}

#[test]
fn evals_have_variables_of_their_own() {
    let realm = realm();
    let with = |source: &str| {
        let vars = input(|ctx| {
            let vars = ctx.object()?;
            vars.set("x", ctx.int(20))?;
            vars.set("Array", ctx.int(22))?;
            Ok(vars)
        });
        realm.op(Op::Eval { source: source.into(), filename: None, vars: Some(vars) }).text()
    };
    assert_eq!(with("x + Array"), "42");
    assert_eq!(with("x = 1; Array = 2; globalThis.late = () => x; x + Array"), "3");
    realm.check("typeof x + ' ' + Array.isArray([]) + ' ' + late()", "undefined true 1");
    assert_eq!(with("await null; x"), "20");
    assert_eq!(with("throw new Error(x)"), "Error: 20");
    realm.check("Object.getOwnPropertyNames(globalThis).filter(name => name.includes('vars'))", "[]");
    // What is wrong with a script is said as without variables, and it stays in its block.
    for wrong in ["f(", "var v = 5, v =", "x } { 2", "let a } { let b", "if (x", "/*"] {
        let got = with(wrong);
        assert!(got.starts_with("SyntaxError"), "{wrong}: {got}");
        assert_eq!(got, realm.eval(wrong));
    }
    assert_eq!(with("#!shell\nx"), "20");
    assert_eq!(with("#!shell\nlet own = x; own"), "20");
    for _ in 0..4 {
        assert_eq!(with("x + 1 // again"), "21");
    }
    // No variable is a global while the script runs, unless the script declares it.
    assert_eq!(with("function g() {} 'x' in globalThis"), "false");
    assert_eq!(with("var x; 'x' in globalThis"), "true");
    assert_eq!(with("eval('var x = 3'); x"), "3");
    realm.check("'x' in globalThis", "false");
    assert_eq!(
        with(
            "var x; Object.defineProperty(globalThis, 'x', { get() { throw new Error('read') }, configurable: true }); 1"
        ),
        "1"
    );
}

#[test]
fn strict_scripts_stay_strict_with_variables() {
    let realm = realm();
    let with = |source: &str| {
        let vars = input(|ctx| {
            let vars = ctx.object()?;
            for name in ["x", "Array", "undefined", "if", "let", "await"] {
                vars.set(name, ctx.int(20))?;
            }
            Ok(vars)
        });
        realm.op(Op::Eval { source: source.into(), filename: None, vars: Some(vars) }).text()
    };
    let strict = |source: &str| with(&format!("// strict\n'use strict'; {source}"));
    assert_eq!(strict("try { missing = 3 } catch (error) { error.name }"), "ReferenceError");
    assert_eq!(strict("(function () { return this })()"), "undefined");
    assert_eq!(strict("x + Array"), "40");
    assert_eq!(strict("x = 1; Array = 2; globalThis.late = () => x; x + Array"), "3");
    realm.check("typeof x + ' ' + globalThis.Array.isArray([]) + ' ' + late()", "undefined true 1");
    assert_eq!(strict("await null; x"), "20");
    assert_eq!(strict("let x = 1; x"), "1");
    realm.check("x", "1");
    let declarations =
        "let a = x; const b = x; class C {} function d() { return x + b } async function e() {} var f = x; d()";
    assert_eq!(strict(declarations), "40");
    realm.check("a += 1; d = d; [a, b, typeof C, d(), typeof e, f].join()", "21,20,function,40,function,20");
    assert_eq!(strict("null.y").split(':').next(), Some("TypeError"));
    assert!(strict("with (x) {}").starts_with("SyntaxError"));
    assert_eq!(
        strict("var Array = 5"),
        "SyntaxError: a strict script cannot declare Array with var, as it is one of its vars"
    );
    assert_eq!(with("undeclared = 3; 'use strict'; typeof undeclared"), "number");
    assert_eq!(with("'no directive'; sloppy = 'use strict'; sloppy"), "use strict");
    let vars = input(|ctx| {
        let vars = ctx.object()?;
        vars.set("eval", ctx.int(1))?;
        Ok(vars)
    });
    let named = realm.op(Op::Eval { source: "'use strict'; 1".into(), filename: None, vars: Some(vars) });
    assert_eq!(named.text(), "SyntaxError: a strict script cannot have a variable named eval");
}

#[test]
fn variables_leave_no_globals_behind() {
    let check = |source: &str, expected: &str| {
        let realm = realm();
        let vars = input(|ctx| {
            let vars = ctx.object()?;
            for name in ["x", "toString", "kept"] {
                vars.set(name, ctx.int(1))?;
            }
            Ok(vars)
        });
        realm.check("globalThis.kept = undefined; Object.defineProperty(globalThis, 'fixed', { value: 1 }); 0", "0");
        realm.op(Op::Eval { source: source.into(), filename: None, vars: Some(vars) });
        realm.check("['x', 'toString', 'kept', 'fixed'].map(name => Object.hasOwn(globalThis, name)).join()", expected);
    };
    check("var x = 5; 1", "false,false,true,true");
    check("var x = 5, toString, kept; null.x", "false,false,true,true");
    check("for (var x of [1]); await null; x = 2", "false,false,true,true");
    check("{ var x } var y = x", "false,false,true,true");
    check("var x = 5, x = ", "false,false,true,true");
    check("function x() {}", "true,false,true,true");
    check("function f() {} globalThis.x = 1", "true,false,true,true");
}

#[test]
fn calls_follow_dotted_paths() {
    let realm = realm();
    realm.check(
        "globalThis.app = { name: 'app', greet(who) { return this.name + ' ' + who } }; let local = x => x; 0",
        "0",
    );
    let call = |path: &str| {
        let args = input(|ctx| ctx.array(vec![ctx.string("you")?]));
        realm.op(Op::Call { path: path.into(), args }).text()
    };
    assert_eq!(call("app.greet"), "app you");
    assert_eq!(call("local"), "you");
    assert_eq!(call("missing"), "ReferenceError: missing is not defined");
    assert_eq!(call("app.missing"), "TypeError: 'app.missing' is not a function");
    assert_eq!(call("app.missing.more"), "TypeError: cannot call 'app.missing.more': app.missing has no properties");
    assert_eq!(call("app"), "TypeError: 'app' is not a function");
    assert_eq!(call("Promise.reject"), "Error: you");
    for path in ["", ".", "a..b", "app.", ".app"] {
        assert_eq!(call(path), format!("TypeError: cannot call '{path}': the path has an empty name"));
    }
}

#[test]
fn globals_are_read_written_and_listed() {
    let realm = realm();
    let set = Op::SetGlobal { name: "answer".into(), value: input(|ctx| Ok(ctx.int(42))) };
    assert_eq!(realm.op(set).wait(), Got::Done);
    realm.check("var declared = 1; let scoped = 2; answer", "42");
    for (name, expected) in [
        ("answer", "42"),
        ("declared", "1"),
        ("scoped", "2"),
        ("nothing", "undefined"),
        ("not a name", "undefined"),
        ("", "undefined"),
    ] {
        assert_eq!(realm.op(Op::GetGlobal(name.into())).text(), expected, "{name}");
    }
    let names = realm.op(Op::Globals { user_only: true }).wait();
    assert_eq!(names, Got::Names(vec!["answer".into(), "declared".into(), "scoped".into()]));
    let Got::Names(all) = realm.op(Op::Globals { user_only: false }).wait() else { panic!("no names") };
    assert!(all.len() > 50 && all.is_sorted() && all.contains(&"Array".to_owned()));
}

#[test]
fn compiled_code_runs_in_another_realm() {
    let (compiler, runner) = (realm(), realm());
    for (source, expected) in [("1 + 1", "2"), ("await null; 'later'", "later"), ("throw new Error('x')", "Error: x")] {
        let Got::Bytes(bytes) = compiler.op(Op::Compile { source: source.into(), filename: None }).wait() else {
            panic!("no bytes")
        };
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(runner.op(Op::RunBytecode(bytes.into())).text(), expected);
        let got = runner.op(Op::RunBytecode(damaged.into())).text();
        assert!(got.contains("damaged"), "{got}");
    }
    let got = compiler.op(Op::Compile { source: "const = 1".into(), filename: None }).text();
    assert!(got.starts_with("SyntaxError"), "{got}");
}

/// It is neither run again nor waited for.
#[test]
fn a_module_that_was_ended_fails_for_whoever_imports_it() {
    for hog in [
        "for (;;);",
        "await null; for (;;);",
        "await call('f'); for (;;);",
        "await null; await new Promise(done => setTimeout(done, 0)); for (;;);",
        "import 'hog'; export const other = 1",
        "await null; export * from 'hog'",
    ] {
        let _case = Case(hog);
        let realm = realm_with(&eager(), |config| config.max_reductions = Some(100_000));
        let name = if hog.contains("'hog'") { "above" } else { "hog" };
        if name == "above" {
            realm.op(Op::LoadModule { name: "hog".into(), source: "await null; for (;;);".into() }).text();
        }
        let loading = realm.op(Op::LoadModule { name: name.into(), source: hog.into() });
        if hog.contains("call") {
            let id = realm.expect_call("f");
            realm.resolve(id, "");
        }
        let told = loading.text();
        assert!(told.contains("interrupted") || told.contains("used up max_reductions"), "{told}");
        for _ in 0..2 {
            realm.check(&format!("await import('{name}').catch(error => error.message)"), "interrupted");
        }
        assert_eq!(load(&realm, "well", "export const well = 1"), Got::Done);
        realm.check("(await import('well')).well", "1");
    }
}
