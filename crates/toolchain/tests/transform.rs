//! One source at a time: to JavaScript, to less of it, and what it imports.

use quickbeam_toolchain::{
    Import, ImportKind, Jsx, JsxOptions, Kind, MinifyOptions, SourceMap, TransformOptions, check, imports, minify,
    transform,
};

#[test]
fn types_and_jsx_become_javascript() {
    let check = |filename: &str, source: &str, expected: &str| {
        let output = transform(source, &TransformOptions::for_file(filename)).unwrap();
        assert_eq!(output.code.trim_end(), expected, "{filename}: {source}");
    };
    check("", "let a: number = b as any", "let a = b;");
    check("a.ts", "let a = <T>b, c = d!, e = f satisfies G", "let a = b, c = d, e = f;");
    check(
        "a.ts",
        "type A = 1; interface B {} declare const c: A; abstract class D { abstract e(): void; private f?: B }",
        "class D {\n\tf;\n}",
    );
    check("a.ts", "function f(this: A, b?: c): asserts b is d { return b }", "function f(b) {\n\treturn b;\n}");
    check("a.ts", "import { type A, b } from 'c'; b as A", "import { b } from \"c\";\nb;");
    check("a.ts", "import { A } from 'c'; let b: A", "\"use strict\";\nvoid 0;\nlet b;");
    check("a.ts", "export {}; ;", "\"use strict\";\nvoid 0;\n;");
    check("a.ts", "export {}; { type A = 1 } if (b) c", "\"use strict\";\nvoid 0;\n{}\nif (b) c;");
    check("a.mts", "import.meta.url", "import.meta.url;");
    check(
        "a.cts",
        "import a = require('a'); export = a",
        "\"use strict\";\nconst a = require(\"a\");\nmodule.exports = a;",
    );
    check("a.js", "a < b > c", "a < b > c;");
    check("a.jsx", "let a = 1", "let a = 1;");
    check("a.js", "'use strict'; 1 + 2", "\"use strict\";\n1 + 2;");
}

#[test]
fn jsx_options_choose_the_factory() {
    let check = |jsx: JsxOptions, source: &str, has: &[&str]| {
        let output = transform(source, &TransformOptions { jsx, ..TransformOptions::for_file("a.tsx") }).unwrap();
        for part in has {
            assert!(output.code.contains(part), "{}", output.code);
        }
    };
    let some = |text: &str| Some(text.to_owned());
    check(JsxOptions::default(), "<a b='c'>{d}</a>", &["from \"react/jsx-runtime\"", "_jsx(\"a\""]);
    check(
        JsxOptions { import_source: some("preact"), ..JsxOptions::default() },
        "<></>",
        &["from \"preact/jsx-runtime\"", "_Fragment"],
    );
    let classic = JsxOptions { runtime: Jsx::Classic, ..JsxOptions::default() };
    check(classic.clone(), "<a/>", &["React.createElement(\"a\", null)"]);
    check(
        JsxOptions { factory: some("h"), fragment: some("F"), ..classic },
        "<><a/></>",
        &["h(F, null", "h(\"a\", null)"],
    );
    check(JsxOptions::default(), "/** @jsxImportSource vue */ <a/>", &["from \"vue/jsx-runtime\""]);
}

#[test]
fn kind_and_top_level_await_tell_how_to_run_it() {
    let check = |source: &str, kind: Kind, top_level_await: bool| {
        let output = transform(source, &TransformOptions::for_file("a.ts")).unwrap();
        assert_eq!((output.kind, output.top_level_await), (kind, top_level_await), "{source}");
    };
    check("let a = 1", Kind::Script, false);
    check("import type A from 'a'; export {}", Kind::Script, false);
    check("import 'a'", Kind::Module, false);
    check("export const a = await 1", Kind::Module, false);
    check("import.meta", Kind::Module, false);
    check("import('a')", Kind::Script, false);
    check("await 1", Kind::Script, true);
    check("for await (const a of b) {}", Kind::Script, true);
    check("{ if (a) b = [await c] }", Kind::Script, true);
    check("async function f() { await 1 }; async () => { await 1 }; ({ async m() { await 1 } })", Kind::Script, false);
}

#[test]
fn errors_name_the_place() {
    let check = |filename: &str, source: &str, place: (u32, u32)| {
        let errors = transform(source, &TransformOptions::for_file(filename)).unwrap_err();
        assert_eq!((errors[0].line, errors[0].column), (Some(place.0), Some(place.1)), "{source}: {}", errors[0]);
        assert_eq!(errors[0].file.as_deref(), Some(filename));
        assert!(errors[0].code_frame.is_some());
    };
    check("a.ts", "let a: = 1", (1, 8));
    check("a.js", "let a: number", (1, 6));
    check("a.ts", "𝄞", (1, 1));
    check("a.ts", "'𝄞' + ]", (1, 8));
    check("a.ts", "a\r\nb c", (2, 2));
    check("a.js", "let a; let a", (1, 5));
    check("a.js", "break", (1, 1));
    check("a.js", "/(/", (1, 2));
    check("a.mjs", "with (a) b", (1, 1));
    check("a.ts", "class A {\n  @b c() {}\n}", (2, 3));
}

#[test]
fn targets_lower_syntax() {
    let transform_for = |target: &str, source: &str| {
        let options = TransformOptions { target: Some(target.to_owned()), ..TransformOptions::for_file("a.ts") };
        transform(source, &options)
    };
    assert!(transform_for("es2019", "a ?? b").unwrap().code.contains("void 0"));
    assert!(transform_for("es2020", "a ?? b").unwrap().code.contains("??"));
    assert!(transform_for("chrome50,node6", "a ** b ?? c").unwrap().code.contains("Math.pow"));
    assert!(transform_for("basic", "a").unwrap_err()[0].message.starts_with("unknown target \"basic\""));
}

/// Later scripts may read and write what a script's top level declares.
#[test]
fn minified_scripts_keep_what_their_top_level_means() {
    let check = |source: &str, expected: &str| {
        let output = minify(source, &MinifyOptions::for_file("a.js")).unwrap();
        assert_eq!(output.code, expected, "{source}");
    };
    check("let a = 1; function f() { return a }", "let a=1;function f(){return a}");
    check("let a = 1; f(a); f(a)", "let a=1;f(a),f(a);");
    check("var a = 1; function f() { return a }", "var a=1;function f(){return a}");
    check("var a; function f() { return a ? 1 : 2 }", "var a;function f(){return a?1:2}");
    check("var a = 0; function f() { if (a) g() }", "var a=0;function f(){a&&g()}");
    check("const a = 1; function f() { return a }", "const a=1;function f(){return a}");
    check(
        "const unused = 1; var other; class C {} function g() {}",
        "const unused=1;var other;class C{}function g(){}",
    );
    check("function f() {} f(); g()", "function f(){}f(),g();");
    check("let f = () => 1; f(); g()", "let f=()=>1;f(),g();");
    check("'use strict'; let a = 1; g(a)", "\"use strict\";let a=1;g(a);");
    check("let a = 1; if (false) eval(b); g(a)", "let a=1;if(false)eval(b);g(a);");
    check("let a = 1; { const b = 2; f(a + b) }", "let a=1;{let e=2;f(a+2)}");
    check("export const b = 2; let a = 1; f(a)", "export const b=2;f(1);");
}

#[test]
fn minified_code_is_shorter_and_keeps_globals() {
    let check = |source: &str, mangle: bool, expected: &str| {
        let output = minify(source, &MinifyOptions { mangle, ..MinifyOptions::for_file("a.js") }).unwrap();
        assert_eq!(output.code, expected);
    };
    check(
        "function global(parameter) { return parameter + 1 } let unused = 2",
        true,
        "function global(e){return e+1}let unused=2;",
    );
    check(
        "function global(parameter) { return parameter + 1 }",
        false,
        "function global(parameter){return parameter+1}",
    );
    check(
        "export const exported = 1; const local = f(); export const b = [local, local]",
        true,
        "export const exported=1;const e=f();export const b=[e,e];",
    );
    check("if (false) { a() } else { b() } // comment", true, "b();");
    assert!(minify("let a: number", &MinifyOptions::for_file("a.ts")).is_err());
}

#[test]
fn source_maps_lead_back() {
    let source = "interface A {}\n\nfunction f(a: A): never {\n  throw new Error('f')\n}\n";
    for minify in [false, true] {
        let options = TransformOptions { sourcemap: true, minify, ..TransformOptions::for_file("dir/a.ts") };
        let output = transform(source, &options).unwrap();
        let map = SourceMap::parse(&output.map.unwrap()).unwrap();
        let at = output.code.find("Error").unwrap();
        let line = output.code[..at].matches('\n').count() + 1;
        let column = at - output.code[..at].rfind('\n').map_or(0, |newline| newline + 1) + 1;
        let original = map.lookup(line as u32, column as u32).unwrap();
        assert_eq!((&*original.source, original.line), ("dir/a.ts", 4));
        assert!(original.column == 13 || original.column == 9, "{original:?}");
    }
}

#[test]
fn imports_are_listed_in_order() {
    let found = imports(
        "import a, { b } from './a'; import './effect'; import type C from 'c'; import { type D } from 'd'; import {} from 'e';
         export * from './f'; export { g } from './g'; export type { H } from './h'; const i = await import('./i');
         import(dynamic); require('./j'); require(dynamic); import k = require('k'); object.require('l');",
        "a.ts",
    )
    .unwrap();
    let import = |specifier: &str, kind| Import { specifier: specifier.to_owned(), kind };
    let expected = [
        import("./a", ImportKind::Static),
        import("./effect", ImportKind::Static),
        import("e", ImportKind::Static),
        import("./f", ImportKind::Export),
        import("./g", ImportKind::Export),
        import("./i", ImportKind::Dynamic),
        import("./j", ImportKind::Require),
        import("k", ImportKind::Require),
    ];
    assert_eq!(found, expected);
}

#[test]
fn validity_is_a_matter_of_the_language() {
    let valid = |source: &str, filename: &str| check(source, filename).is_ok();
    assert!(valid("let a: b", "a.ts") && !valid("let a: b", "a.js"));
    assert!(valid("<a/>", "a.tsx") && !valid("<a/>", "a.ts"));
    assert!(valid("return 1", "a.cjs") && !valid("return 1", "a.js"));
    assert!(valid("with (a) b", "a.js") && !valid("with (a) b", "a.mjs"));
    assert!(valid("", "a.js") && valid("\u{feff}1", "a.js") && valid("#!/bin/js\n1", "a.js"));
}
