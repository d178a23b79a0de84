//! Evaluating, calling, interrupting and limiting one realm.

use quickbeam_engine::*;
use std::cell::Cell;
use std::rc::Rc;

fn in_realm<R>(f: impl for<'a> FnOnce(&Isolate, Ctx<'a>) -> R) -> R {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| f(&isolate, ctx))
}

#[test]
fn evaluates_to_text_or_a_report() {
    let check = |source: &str, expected: &str| {
        in_realm(|_, ctx| {
            let text = match ctx.eval(source, &EvalOptions::default()) {
                Ok(value) => value.to_text().unwrap(),
                Err(Thrown) => ctx.take_report().to_string(),
            };
            assert_eq!(text, expected, "{source}");
        });
    };
    check("1 + 1", "2");
    check("'a\\0b'.length", "3");
    check("throw new TypeError('no')", "TypeError: no");
    check("throw 5", "Error: 5");
    check("throw Symbol('s')", "Error: Symbol(s)");
    check("throw { get message() { throw 1 } }", "Error: [object Object]");
    check("throw { status: 404 }", r#"Error: {"status":404}"#);
    check("throw { toString: () => 'mine' }", "Error: mine");
    check("const cycle = {}; cycle.cycle = cycle; throw cycle", "Error: [object Object]");
    check("throw { long: 'é'.repeat(1e6) }", &format!("Error: {{\"long\":\"{}…", "é".repeat(991)));
    check("let x = ", "SyntaxError: unexpected token in expression: ''");
    check("(function f() { f() })()", "RangeError: Maximum call stack size exceeded");
}

#[test]
fn an_error_tells_where_it_was_thrown() {
    in_realm(|_, ctx| {
        let options = EvalOptions { filename: "shop.js", ..EvalOptions::default() };
        assert!(ctx.eval("function f() {\n  throw new Error('x');\n}\nf()", &options).is_err());
        let report = ctx.take_report();
        let frames: Vec<_> = report.frames.iter().map(|f| (f.function.as_str(), f.filename.as_str(), f.line)).collect();
        assert_eq!(frames, [("f", "shop.js", 2), ("", "shop.js", 4)]);
    });
}

struct Budget(Cell<u32>);

impl Interrupt for Budget {
    fn poll(&self, steps: u32) -> Verdict {
        let left = self.0.get().saturating_sub(steps);
        self.0.set(left);
        if left == 0 { Verdict::Abort } else { Verdict::Continue(left) }
    }
}

#[test]
fn a_budget_ends_a_loop_that_catches_everything() {
    for steps in [1, 10, 100, 9_999, 10_000, 25_000] {
        in_realm(|isolate, ctx| {
            isolate.set_interrupt(Some(Rc::new(Budget(Cell::new(steps)))));
            isolate.set_countdown(steps);
            let counted = "globalThis.n = 0; for (;;) { try { for (;;) n++ } catch { n = -1 } finally { n += 1e9 } }";
            assert!(ctx.eval(counted, &EvalOptions::default()).is_err());
            isolate.set_interrupt(None);
            assert_eq!(ctx.take_report().message, "interrupted");
            let n = ctx.globals().get("n").unwrap().as_int().unwrap_or(0);
            assert!((0..2 * steps as i32).contains(&n), "{steps} steps ran {n} turns");
        });
    }
}

#[test]
fn native_functions_get_their_arguments_and_throw() {
    in_realm(|_, ctx| {
        let add =
            ctx.function("add", 2, |ctx, _this, args| Ok(ctx.number(args.get(0).to_f64()? + args.get(1).to_f64()?)));
        ctx.globals().set("add", add.unwrap()).unwrap();
        assert_eq!(ctx.eval("add(2, 3)", &EvalOptions::default()).unwrap().as_int(), Some(5));
        assert!(ctx.eval("add(2, Symbol())", &EvalOptions::default()).is_err());
        assert_eq!(ctx.take_report().name, "TypeError");
    });
}

#[test]
fn a_panic_in_native_code_breaks_the_isolate_and_nothing_else() {
    in_realm(|isolate, ctx| {
        let panics = ctx.function("panics", 0, |_, _, _| panic!("on purpose")).unwrap();
        ctx.globals().set("panics", panics).unwrap();
        assert!(ctx.eval("try { panics() } catch { 'caught' }", &EvalOptions::default()).is_err());
        assert_eq!(isolate.is_broken().as_deref(), Some("on purpose"));
    });
}

#[test]
fn host_objects_live_as_long_as_they_are_reachable() {
    let value = Rc::new("host");
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| {
        let object = ctx.host_object(value.clone(), None).unwrap();
        assert_eq!(object.host::<&str>().as_deref(), Some(&"host"));
        assert!(object.host::<String>().is_none());
        assert!(ctx.object().unwrap().host_value().is_none());
        drop(object);
        assert_eq!(Rc::strong_count(&value), 1);
        ctx.globals().set("kept", ctx.host_object(value.clone(), None).unwrap()).unwrap();
    });
    assert_eq!(Rc::strong_count(&value), 2);
    drop(isolate);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn bytecode_runs_where_it_was_compiled_and_elsewhere() {
    let code = in_realm(|_, ctx| ctx.compile("6 * 7", &EvalOptions::default()).unwrap());
    in_realm(|_, ctx| assert_eq!(ctx.run_bytecode(&code).unwrap().0.as_int(), Some(42)));
}

#[test]
fn every_realm_of_an_isolate_has_dom_exceptions() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realms = [isolate.new_realm().unwrap(), isolate.new_realm().unwrap()];
    for realm in &realms {
        isolate.enter(realm, |ctx| {
            ctx.throw_dom_exception("InvalidCharacterError", "no");
            ctx.globals().set("caught", ctx.take_exception()).unwrap();
            let script = "`${caught instanceof DOMException} ${caught.name}`";
            let text = ctx.eval(script, &EvalOptions::default()).unwrap().to_text().unwrap();
            assert_eq!(text, "true InvalidCharacterError");
        });
    }
}
