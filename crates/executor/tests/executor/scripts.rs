//! Scripts that come again.

use crate::support::*;
use quickbeam_executor::Op;

/// What each of them gives must not depend on whether the realm keeps it compiled.
const SCRIPTS: &[&str] = &[
    "1 + 1",
    "globalThis.n = (globalThis.n ?? 0) + 1",
    "var v; v = (v ?? 0) + 1",
    "let once = 1; once",
    "const { a = 1 } = {}; class K {}; a",
    "function f() { return f.x = (f.x ?? 0) + 1 } f()",
    "/a/g.test('aa') && /a/g.lastIndex",
    "(globalThis.regex ??= []).push(/x/); regex[0] === regex.at(-1)",
    "(globalThis.objects ??= []).push({}); objects[0] === objects.at(-1)",
    "(globalThis.closures ??= []).push(() => 1); closures[0] === closures.at(-1)",
    "((text) => (globalThis.sites ??= []).push(text) > 1 && sites[0] === sites.at(-1))`t`",
    "await 1; globalThis.n",
    "await Promise.reject(new Error('no'))",
    "null.x",
    "new Error('here').stack",
    "throw { toString() { return 'thrown ' + globalThis.n } }",
    "this === globalThis",
    "typeof later + typeof once; var later = 1",
    "'use strict'; (function () { return this })()",
    "Function('return 1').toString() + (x => x).toString()",
    "syntax error",
];

#[test]
fn a_script_that_comes_again_gives_what_a_new_one_would() {
    let (repeating, fresh) = (realm(), realm());
    for round in 0..5 {
        for script in SCRIPTS {
            let differently_spelled = format!("{script}{}", " ".repeat(round));
            assert_eq!(repeating.eval(script), fresh.eval(&differently_spelled), "{script}, round {round}");
        }
        // Few enough to be kept beside each other.
        for script in SCRIPTS.iter().take(3).cycle().take(9) {
            repeating.eval(script);
            fresh.eval(&format!("{script}/*{round}*/"));
        }
    }
}

#[test]
fn a_script_may_run_inside_itself() {
    let realm = realm();
    let source = "globalThis.depth++ < 2 ? callSync('f') + depth : 'innermost'";
    for _ in 0..4 {
        realm.eval("globalThis.depth = 0");
        let outer = realm.start(source);
        let outer_id = realm.expect_call("f");
        let middle = realm.start_nested(outer_id, source);
        let middle_id = realm.expect_call("f");
        assert_eq!(realm.start_nested(middle_id, source).text(), "innermost");
        realm.resolve(middle_id, "middle ");
        assert_eq!(middle.text(), "middle 3");
        realm.resolve(outer_id, "outer ");
        assert_eq!(outer.text(), "outer 3");
    }
}

#[test]
fn what_is_called_may_be_declared_by_const() {
    let realm = realm();
    let call = |path: &str| {
        let args = input(|ctx| ctx.array(vec![ctx.int(4)]));
        realm.op(Op::Call { path: path.into(), args }).text()
    };
    realm.eval("const twice = x => x * 2; let box = { n: 0, add(x) { return this.n += x } }");
    for round in 1..5 {
        assert_eq!(call("twice"), "8");
        assert_eq!(call("box.add"), (4 * round).to_string());
    }
    realm.eval("box = { add: () => 'another' }");
    assert_eq!(call("box.add"), "another");
}
