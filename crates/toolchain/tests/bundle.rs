//! Bundles from disk and from memory.

mod support;

use quickbeam_toolchain::{
    BundleOptions, Diagnostics, Format, JsxOptions, Kind, Output, SourceMap, bundle, bundle_file, script_file,
};
use support::Project;

/// Packages that the tests below import.
const PACKAGES: &[(&str, &str)] = &[
    (
        "node_modules/esm/package.json",
        r##"{"name": "esm", "type": "module", "imports": {"#dep": "./dep.js"}, "exports": {
            ".": {"browser": "./browser.js", "custom": "./custom.js", "import": "./import.js", "require": "./require.cjs"},
            "./sub": "./sub.js"}}"##,
    ),
    ("node_modules/esm/browser.js", "import dep from '#dep'; export const esm = 'from browser ' + dep()"),
    ("node_modules/esm/custom.js", "export const esm = 'from custom'"),
    ("node_modules/esm/import.js", "export const esm = 'from import'"),
    ("node_modules/esm/require.cjs", "exports.esm = 'from require'"),
    ("node_modules/esm/dep.js", "export default () => 'with dep'"),
    ("node_modules/esm/sub.js", "export default () => 'from sub'"),
    ("node_modules/cjs/package.json", r#"{"name": "cjs", "main": "./lib/main"}"#),
    (
        "node_modules/cjs/lib/main.js",
        "const other = require('./other'); try { require('optional') } catch {}
        if (process.env.NODE_ENV !== 'production') { require('./development') }
        module.exports = { cjs: other.default, data: require('../data.json') }",
    ),
    ("node_modules/cjs/lib/other.js", "exports.__esModule = true; exports.default = 'from cjs'"),
    ("node_modules/cjs/lib/development.js", "exports.x = 'from development'"),
    ("node_modules/cjs/data.json", r#"{"key": "from json"}"#),
    ("node_modules/preact/package.json", r#"{"exports": {"./jsx-runtime": "./jsx.js"}}"#),
    ("node_modules/preact/jsx.js", "export const jsx = (tag) => 'from preact ' + tag"),
    ("node_modules/@scope/name/index.js", "module.exports = 'from scope'"),
];

fn project(files: &[(&str, &str)]) -> Project {
    Project::new(&[PACKAGES, files].concat())
}

/// Bundles `main` beside `files`; the code must have every part of `has` and none of `lacks`.
fn check(main: (&str, &str), files: &[(&str, &str)], options: &BundleOptions, has: &[&str], lacks: &[&str]) -> Output {
    let project = project(&[&[main], files].concat());
    let output = bundle_file(&project.path(main.0), options).unwrap_or_else(|errors| panic!("{main:?}: {errors:?}"));
    for part in has {
        assert!(output.code.contains(part), "{main:?} lacks {part:?}:\n{}", output.code);
    }
    for part in lacks {
        assert!(!output.code.contains(part), "{main:?} has {part:?}:\n{}", output.code);
    }
    output
}

#[test]
fn files_and_packages_become_one_script() {
    let check = |main: &str, files: &[(&str, &str)], has: &[&str], lacks: &[&str]| {
        let options = BundleOptions::default();
        let lacks = [lacks, &["import ", "import(", "require('"]].concat();
        let output = check(("src/main.ts", main), files, &options, has, &lacks);
        assert_eq!(output.kind, Kind::Script);
    };
    check("import { esm } from 'esm'; globalThis.x = esm", &[], &["from browser ", "with dep"], &["from import"]);
    check("import sub from 'esm/sub'; globalThis.x = sub", &[], &["from sub"], &["from browser"]);
    check("import { cjs } from 'cjs'; globalThis.x = cjs", &[], &["from cjs", "from json"], &["from development"]);
    check("import name from '@scope/name'; globalThis.x = name", &[], &["from scope"], &[]);
    check(
        "import('./lazy').then(console.log)",
        &[("src/lazy.ts", "export const lazy: string = 'from lazy'")],
        &["from lazy"],
        &[],
    );
    check(
        "import { a } from './a.js'; globalThis.x = a",
        &[("src/a.ts", "export const a = 'js is ts'")],
        &["js is ts"],
        &[],
    );
    check(
        "import { a } from './dir'; globalThis.x = a",
        &[("src/dir/index.tsx", "export const a = 'index'")],
        &["index"],
        &[],
    );
    check(
        "import data from '../data.json'; globalThis.x = data",
        &[("data.json", r#"{"deep": [1, "two"]}"#)],
        &["\"two\""],
        &[],
    );
    check(
        "import '../effect.js'; export const unused = 'unused'",
        &[("effect.js", "sideEffect()")],
        &["sideEffect()"],
        &[],
    );
    check(
        "import { b } from './b'; export const a = () => b; globalThis.x = b",
        &[("src/b.ts", "import { a } from './main'; export const b = () => a")],
        &["globalThis.x ="],
        &[],
    );
    check("import type { T } from './missing'; globalThis.x = 1 as T", &[], &["globalThis.x = 1"], &[]);
    check(
        "import { a } from '@/a'; globalThis.x = a",
        &[
            ("lib/a.ts", "export const a = 'by path'"),
            ("tsconfig.json", r#"{"compilerOptions": {"paths": {"@/*": ["./lib/*"]}}}"#),
        ],
        &["by path"],
        &[],
    );
}

#[test]
fn commonjs_entries_are_run() {
    let main =
        ("main.cjs", "const { cjs } = require('cjs'); const { esm } = require('esm'); module.exports = [cjs, esm]");
    check(main, &[], &BundleOptions::default(), &["from cjs", "from browser"], &["require('"]);
}

#[test]
fn options_reach_the_code() {
    let esm = "import { esm } from 'esm'; globalThis.x = esm";
    let check = |main: &str, options: BundleOptions, has: &[&str], lacks: &[&str]| {
        check(("main.tsx", main), &[], &options, has, lacks)
    };
    let default = BundleOptions::default;
    let strings = |strings: &[&str]| strings.iter().map(ToString::to_string).collect::<Vec<_>>();

    check(esm, BundleOptions { conditions: strings(&["custom"]), ..default() }, &["from custom"], &[]);
    check(esm, BundleOptions { minify: true, ..default() }, &["globalThis.x="], &["\n\t"]);
    check("globalThis.x = a ?? b", BundleOptions { target: Some("es2015".into()), ..default() }, &["void 0"], &["??"]);
    let define =
        vec![("process.env.NODE_ENV".to_owned(), "'development'".to_owned()), ("VERSION".to_owned(), "42".to_owned())];
    check(
        "import { cjs } from 'cjs'; globalThis.x = VERSION + cjs",
        BundleOptions { define, ..default() },
        &["42", "from development"],
        &[],
    );
    let jsx = JsxOptions { import_source: Some("preact".into()), ..JsxOptions::default() };
    check("globalThis.x = <b/>", BundleOptions { jsx, ..default() }, &["from preact"], &[]);

    let esm_format = || BundleOptions { format: Format::Esm, ..default() };
    let output = check("export const a = 1", esm_format(), &["export { a }"], &[]);
    assert_eq!(output.kind, Kind::Module);
    let external = BundleOptions { external: strings(&["react", "node:*"]), ..esm_format() };
    check(
        "import a from 'react'; import b from 'node:fs'; globalThis.x = [a, b]",
        external,
        &["from \"react\"", "from \"node:fs\""],
        &[],
    );
}

#[test]
fn tsconfig_tells_how_jsx_is_made() {
    let tsconfig = ("tsconfig.json", r#"{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "preact"}}"#);
    check(("main.tsx", "globalThis.x = <b/>"), &[tsconfig], &BundleOptions::default(), &["from preact"], &["\"react"]);
}

#[test]
fn the_format_is_chosen_by_need() {
    let check = |main: &str, external: &str, kind: Kind| {
        let options = BundleOptions { external: vec![external.to_owned()], ..BundleOptions::default() };
        let output = check(("main.ts", main), &[], &options, &[], &[]);
        assert_eq!(output.kind, kind, "{main}");
    };
    check("import { esm } from 'esm'; globalThis.x = esm", "", Kind::Script);
    check("import { esm } from 'esm'; globalThis.x = await esm", "", Kind::Module);
    check("import x from 'x'; globalThis.x = x", "x", Kind::Module);
    check("globalThis.x = import.meta.url", "", Kind::Module);
    check("globalThis.x = import('node:fs').catch(() => {})", "", Kind::Script);
}

#[test]
fn files_that_import_nothing_are_scripts_of_their_own() {
    let check = |name: &str, source: &str, expected: &str, top_level_await: bool| {
        let project = project(&[(name, source)]);
        let output = script_file(&project.path(name), &BundleOptions::default()).unwrap();
        assert_eq!(
            (output.code.as_str(), output.kind, output.top_level_await),
            (expected, Kind::Script, top_level_await)
        );
    };
    check("a.ts", "function render(n: number) { return n }", "function render(n) {\n\treturn n;\n}\n", false);
    check(
        "a.ts",
        "import type { A } from './a'; let a: A = 1; export {}",
        "\"use strict\";\nvoid 0;\nlet a = 1;\n",
        false,
    );
    check("a.js", "export {}; x = 1", "\"use strict\";\nx = 1;\n", false);
    check("a.js", "'use strict'; export {}; x = 1", "\"use strict\";\nx = 1;\n", false);
    check("a.js", "const a = await 1", "const a = await 1;\n", true);
    check("a.js", "with (a) b", "with(a) b;\n", false);
    check("a.js", "import('outside')", "import(\"outside\");\n", false);
    check("a.ts", "", "", false);

    let project = project(&[
        ("a.tsx", "globalThis.x = <b/>"),
        ("tsconfig.json", r#"{"compilerOptions": {"jsxImportSource": "preact"}}"#),
    ]);
    let output = script_file(&project.path("a.tsx"), &BundleOptions::default()).unwrap();
    assert!(output.code.contains("from preact") && output.kind == Kind::Script, "{}", output.code);
}

#[test]
fn es_modules_are_strict() {
    let check = |files: &[(&str, &str)], is_strict: bool| {
        for minify in [false, true] {
            let project = project(files);
            let options = BundleOptions { minify, sourcemap: true, ..BundleOptions::default() };
            let output = bundle_file(&project.path(files[0].0), &options).unwrap();
            assert_eq!(output.kind, Kind::Script);
            assert_eq!(output.code.starts_with("\"use strict\";"), is_strict, "{files:?}:\n{}", output.code);
        }
    };
    check(&[("a.js", "import './b.js'; x = 1"), ("b.js", "export {}; x = 2")], true);
    check(&[("a.ts", "import b from './b.json'; x = b"), ("b.json", r#"{"a": 1}"#)], true);
    check(&[("a.ts", "import { c } from './c.cjs'; x = c"), ("c.cjs", "'use strict'; exports.c = 1")], true);
    check(&[("a.ts", "import { c } from './c.cjs'; x = c"), ("c.cjs", "exports.c = 1")], false);
    check(&[("a.ts", "import './b.js'; x = 1"), ("b.js", "y = 1")], false);
    check(&[("a.mjs", "import './b.mjs'; x = 1"), ("b.mjs", "y = 1")], true);
    check(&[("a.cjs", "module.exports = x = 1")], false);
    check(&[("a.js", "x = 1")], false);
    check(
        &[("a.js", "import b from './b.json'; x = b"), ("b.json", r#"{"__proto__": 1, "c": {"__proto__": 2}}"#)],
        true,
    );
    check(&[("a.ts", "import './c.cjs'; x = 1"), ("c.cjs", "'do not use strict'; exports.c = y = 1")], false);
    check(&[("a.ts", "import './c.cjs'; x = 1"), ("c.cjs", "'use asm' ; \"use strict\"\n; exports.c = 1")], true);
}

#[test]
fn strict_modules_stay_strict_beside_others() {
    const SLOPPY: (&str, &str) = ("s.cjs", "exports.s = sloppy = 1; with (exports) s");
    let check = |files: &[(&str, &str)], expected: usize| {
        for (minify, cover) in [(false, false), (true, false), (false, true)] {
            let project = project(&[files, &[SLOPPY]].concat());
            let options = BundleOptions { minify, cover, sourcemap: true, ..BundleOptions::default() };
            let output = bundle_file(&project.path(files[0].0), &options).unwrap();
            let code = output.code.replace([' ', '\t', '\n'], "");
            assert!(!code.starts_with("\"usestrict\"") && !code.contains("$use$strict$"), "{}", output.code);
            assert_eq!(code.matches("=>{\"usestrict\";").count(), expected, "{files:?}:\n{}", output.code);
            let (line, column) = place(&output.code, "marker");
            let map = SourceMap::parse(&output.map.unwrap()).unwrap();
            let original = map.lookup(line, column).unwrap();
            let file = files.iter().find(|(name, _)| original.source.ends_with(name)).unwrap();
            let (line, column) = place(file.1, "marker");
            // Counting makes a line longer.
            assert_eq!((original.line, cover || original.column == column), (line, true), "{}", output.code);
        }
    };
    let main = ("a.ts", "import './s.cjs'; import './b.js'; import './c.js'");
    check(&[main, ("b.js", "'use strict'; exports.marker = this"), ("c.js", "require('./b.js')")], 1);
    check(
        &[main, ("b.js", "/*! b */\n'use strict';\n// first\nmodule.exports = marker"), ("c.js", "exports.c = 2")],
        1,
    );
    check(
        &[main, ("b.js", "'use strict'; exports.b = marker"), ("c.js", "'use strict'; exports.c = require('./b')")],
        2,
    );
    check(&[main, ("b.js", "'use not'; 'use strict'; exports.b = marker"), ("c.js", "'use not'; exports.c = 2")], 1);
    // The entry's directive is for none but the entry.
    check(&[("a.cjs", "'use strict'; exports.a = require('./s.cjs'); marker()")], 1);
    // It has no function of its own.
    check(&[main, ("b.js", "'use strict'; globalThis.marker = 1"), ("c.js", "exports.c = 2")], 0);
    // One for the whole bundle is enough.
    let files = [("a.cjs", "'use strict'; exports.a = require('./b')"), ("b.js", "'use strict'; exports.b = 1")];
    let output = bundle_file(&project(&files).path("a.cjs"), &BundleOptions::default()).unwrap();
    assert_eq!(output.code.matches("use strict").count(), 1, "{}", output.code);
}

/// The line and column, from 1, of the first place where this is.
fn place(text: &str, what: &str) -> (u32, u32) {
    let before = &text[..text.find(what).unwrap()];
    let line = before.matches('\n').count() + 1;
    (line as u32, (before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1) as u32)
}

#[test]
fn decorators_are_refused_unless_they_are_transformed() {
    const DECORATED: &str = "function d(x) { return x }\n@d class A {}\nglobalThis.a = new A()";
    let refused = |extension: &str, files: &[(&str, &str)]| {
        let main = format!("a.{extension}");
        let other = format!("b.{extension}");
        let source = format!("import './{other}'");
        let project = project(&[&[(&*main, &*source), (&*other, DECORATED)], files].concat());
        let errors = bundle_file(&project.path(&main), &BundleOptions::default()).unwrap_err();
        let text = project.relative(&errors[0].to_string());
        assert_eq!(text.lines().next().unwrap(), format!("<root>/b.{extension}:2:1: decorators are not transformed"));
        assert!(errors[0].code_frame.is_some() && errors.len() == 1, "{errors:?}");
    };
    let legacy = ("tsconfig.json", r#"{"compilerOptions": {"experimentalDecorators": true}}"#);
    for extension in ["ts", "tsx", "mts", "js", "jsx"] {
        refused(extension, &[]);
    }
    for extension in ["js", "jsx"] {
        refused(extension, &[legacy]);
    }
    for main in ["a.ts", "a.tsx"] {
        check((main, DECORATED), &[legacy], &BundleOptions::default(), &[], &["@d"]);
    }
    let files = [("main.ts", "import './b'"), ("b.ts", DECORATED)];
    let errors = bundle(&files, &BundleOptions::default()).unwrap_err();
    assert!(errors[0].to_string().starts_with("b.ts:2:1: decorators are not transformed"), "{errors:?}");
    check(("a.ts", "/** @d */ globalThis.a = '@d class'"), &[], &BundleOptions::default(), &["@d class"], &[]);
}

#[test]
fn keys_of_json_are_own_properties() {
    let nested = r#"{"\u005f_proto__": {"isAdmin": true}, "a": [{"__proto__": 1}]}"#;
    // An import of JSON is all of it, whatever it calls its keys.
    let module = r#"{"__esModule": true, "default": 5, "__proto__": {"__proto__": 2}}"#;
    for main in ["globalThis.x = require('./d.json')", "import d from './d.json'; globalThis.x = d"] {
        for minify in [false, true] {
            let options = BundleOptions { minify, ..BundleOptions::default() };
            for (data, has) in
                [(nested, "isAdmin"), (module, "__esModule"), ("\u{FEFF}[{\"__proto__\": {\"__proto__\": 1}}]", "x")]
            {
                let output = check(("a.js", main), &[("d.json", data)], &options, &[has], &[]);
                let keys =
                    ["__proto__", "[\"__proto__\"]"].map(|key| output.code.replace('`', "\"").matches(key).count());
                assert_eq!(keys, [2, 2], "{}", output.code);
            }
        }
    }
}

#[test]
fn errors_name_the_place() {
    let check = |files: &[(&str, &str)], expected: &str| {
        let project = project(files);
        let errors = bundle_file(&project.path(files[0].0), &BundleOptions::default()).unwrap_err();
        let text = project.relative(&errors[0].to_string());
        assert_eq!(text.split("\n\n").next().unwrap(), expected);
        assert_eq!(errors[0].code_frame.is_some(), errors[0].line.is_some());
    };
    check(&[("a.ts", "\nimport { x } from './b'\nx()")], "<root>/a.ts:2:19: Could not resolve './b' in <root>/a.ts");
    check(&[("a.ts", "import x from 'b'; x()")], "<root>/a.ts:1:15: Could not resolve 'b' in <root>/a.ts");
    check(
        &[("a.ts", "import { x } from './b'; x()"), ("b.ts", "export const y = 1")],
        "<root>/a.ts:1:10: \"x\" is not exported by \"<root>/b.ts\", imported by \"<root>/a.ts\".",
    );
    check(&[("a.ts", "import './b'"), ("b.ts", "let 𝄞 = \n1 +")], "<root>/b.ts:1:5: Invalid Character `𝄞`");
    check(&[("a.ts", "import './b'"), ("b.ts", "let b = ('é', ]")], "<root>/b.ts:1:15: Unexpected token");
    check(
        &[("a.ts", "import b from './b.json'; b"), ("b.json", "{\"a\": 1,\n}")],
        "<root>/b.json:2:1: trailing comma at line 2 column 1",
    );
    check(&[("a.ts", "import './b.css'"), ("b.css", "b {}")], "<root>/b.css: CSS cannot be bundled into a script");
    check(
        &[("a.ts", "import fs from 'node:fs'; fs()")],
        "<root>/a.ts:1:16: Could not resolve 'node:fs' in <root>/a.ts",
    );
    check(&[("a.ts", "import './deep'"), ("deep.js", &format!("{}{}", "(".repeat(5_000), ")".repeat(5_000)))], {
        "<root>/deep.js: nested too deeply: 5000 brackets in each other, the limit is 1000"
    });
    check(&[("a.ts", "import './deep'"), ("deep.js", &format!("{}a", "!".repeat(9_000)))], {
        "<root>/deep.js:1:4999: nested too deeply: the syntax tree has more than 5000 levels"
    });
}

#[test]
fn damaged_packages_and_configurations_are_errors() {
    let check = |path: &str, content: &str, expected: &str| {
        let project = project(&[
            ("a.ts", "import x from 'broken'; f(x)"),
            ("node_modules/broken/index.js", "1"),
            (path, content),
        ]);
        let errors = bundle_file(&project.path("a.ts"), &BundleOptions::default()).unwrap_err();
        assert!(project.relative(&errors[0].to_string()).contains(expected), "{path}: {}", errors[0]);
    };
    let package = "node_modules/broken/package.json";
    check(package, "{nope", "Could not resolve 'broken'");
    check(package, r#"{"exports": {"./sub": "./sub.js"}}"#, "Could not resolve 'broken'");
    check(package, r##"{"exports": "#a", "imports": {"#a": "#b", "#b": "#a"}}"##, "Could not resolve 'broken'");
    check(package, &"[".repeat(100_000), "Could not resolve 'broken'");
    check("tsconfig.json", "{nope", "Failed to load tsconfig '<root>/tsconfig.json'");
    check("tsconfig.json", r#"{"extends": "./tsconfig.json"}"#, "Failed to load tsconfig '<root>/tsconfig.json'");
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let check = |entry: &str, expected: &str| {
        let project = project(&[("a.ts", "import './binary.js'"), ("dir/x.ts", ""), ("b.ts", "import './deep.json'")]);
        project.write("binary.js", b"a = '\xff'");
        project.write("deep.json", "[".repeat(100_000).as_bytes());
        let errors = bundle_file(&project.path(entry), &BundleOptions::default()).unwrap_err();
        assert_eq!(project.relative(&errors[0].to_string()).split("\n\n").next().unwrap(), expected);
        assert!(script_file(&project.path(entry), &BundleOptions::default()).is_err());
    };
    check("missing.ts", "<root>/missing.ts: cannot be read: No such file or directory (os error 2)");
    check("dir", "<root>/dir: is a directory");
    check("a.ts", "<root>/binary.js: not valid UTF-8 at byte 5");
    check("b.ts", "<root>/deep.json:1:128: recursion limit exceeded at line 1 column 128");
    let errors = bundle_file("/dev/zero".as_ref(), &BundleOptions::default()).unwrap_err();
    assert_eq!(errors[0].to_string(), "/dev/zero: is not a regular file");
}

#[test]
fn source_maps_lead_back_to_the_files() {
    let project = project(&[
        ("main.ts", "import { boom } from './lib/boom'\nglobalThis.run = (): void => boom()"),
        ("lib/boom.ts", "type A = 1\n\nexport function boom(): never {\n  throw new Error('boom')\n}"),
    ]);
    for minify in [false, true] {
        let options = BundleOptions { sourcemap: true, minify, ..BundleOptions::default() };
        let output = bundle_file(&project.path("main.ts"), &options).unwrap();
        let map = SourceMap::parse(&output.map.unwrap()).unwrap();
        let (line, text) = output.code.lines().enumerate().find(|(_, line)| line.contains("Error(")).unwrap();
        let column = text.find("Error(").unwrap() + 1;
        let original = map.lookup(line as u32 + 1, column as u32).unwrap();
        assert_eq!(project.relative(&original.source), "<root>/lib/boom.ts");
        assert_eq!(original.line, 4);
    }
}

#[test]
fn sources_in_memory_import_each_other() {
    let check = |files: &[(&str, &str)], options: BundleOptions, has: &str| {
        let output = bundle(files, &options).unwrap_or_else(|errors| panic!("{files:?}: {errors:?}"));
        assert!(output.code.contains(has), "{}", output.code);
        assert!(!output.code.contains("import "), "{}", output.code);
    };
    let entry = |entry: &str| BundleOptions { entry: Some(entry.to_owned()), ..BundleOptions::default() };
    let default = BundleOptions::default;
    check(&[("a.ts", "first()"), ("b.ts", "second()")], default(), "first();\n\tsecond();");
    check(&[("a.ts", "first()"), ("b.ts", "second()")], entry("b.ts"), "second()");
    check(
        &[("src/a.ts", "import { b } from '../lib/b.js'; b()"), ("lib/b.ts", "export function b() { inB() }")],
        default(),
        "inB()",
    );
    check(&[("a", "import { b } from 'b'; b()"), ("b.js", "export function b() { inB() }")], entry("a"), "inB()");
    check(&[("./a.ts", "import x from './x.json'; f(x)"), ("/x.json", "[1, 22]")], default(), "22");
    check(&[("a.ts", "import './dir'"), ("dir/index.js", "indexed()")], default(), "indexed()");
    check(&[("a.js", "require('./b')"), ("b.js", "exports.x = required()")], default(), "required()");
    check(
        &[("a.ts", "using(async function* () {})")],
        BundleOptions { target: Some("es2015".into()), ..default() },
        "wrapAsyncGenerator",
    );
}

#[test]
fn errors_in_memory_name_the_files_as_given() {
    let check = |files: &[(&str, &str)], entry: Option<&str>, expected: &str| {
        let options =
            BundleOptions { entry: entry.map(str::to_owned), format: Format::Iife, ..BundleOptions::default() };
        let errors = bundle(files, &options).unwrap_err();
        assert_eq!(errors[0].to_string().split("\n\n").next().unwrap(), expected);
    };
    check(&[("./a.ts", "let a: = 1")], None, "./a.ts:1:8: Unexpected token");
    check(
        &[("a.ts", "import x from '/etc/hostname'; x()")],
        None,
        "a.ts:1:15: Could not resolve '/etc/hostname': not among the files",
    );
    check(
        &[("a.ts", "import '../../../../etc/hostname'")],
        None,
        "a.ts:1:8: Could not resolve '../../../../etc/hostname': not among the files",
    );
    check(
        &[("a.ts", "import 'file:///etc/hostname'")],
        None,
        "a.ts:1:8: Could not resolve 'file:///etc/hostname': not among the files",
    );
    check(&[("a.ts", "import x from 'react'; x()")], None, "a.ts:1:15: Could not resolve 'react' in a.ts");
    check(
        &[("a.ts", "import x from 'https://example.com/x.js'; x()")],
        None,
        "a script cannot import \"https://example.com/x.js\", which is not part of the bundle; choose a module as the format, or bundle it",
    );
    check(
        &[("a.ts", "await 1")],
        None,
        "a.ts:1:1: Top-level await is currently not supported with the 'iife' output format",
    );
    check(&[("a.ts", "1"), ("./a.ts", "2")], None, "./a.ts: given twice, first as \"a.ts\"");
    check(&[("../a.ts", "1")], None, "not a file name: \"../a.ts\"");
    check(&[("", "1")], None, "not a file name: \"\"");
    check(&[("a.ts", "1")], Some("b.ts"), "the entry \"b.ts\" is not among the files");
    check(&[], None, "no files to bundle");
}

#[test]
fn unknown_targets_and_definitions_are_errors() {
    let check = |options: BundleOptions| {
        let errors: Diagnostics = bundle(&[("a.ts", "1")], &options).unwrap_err();
        assert!(!errors[0].message.contains("internal"), "{errors:?}");
    };
    check(BundleOptions { target: Some("es1".into()), ..BundleOptions::default() });
    check(BundleOptions { define: vec![("a b".into(), "1".into())], ..BundleOptions::default() });
}

#[test]
fn a_thousand_modules_are_bundled() {
    let files: Vec<(String, String)> = (0..1_000)
        .map(|n| {
            (
                format!("m{n}.ts"),
                format!("import {{ f as g }} from './m{}'; export function f() {{ return g }} f()", (n + 1) % 1_000),
            )
        })
        .collect();
    let output = bundle(&files, &BundleOptions { entry: Some("m0.ts".into()), ..BundleOptions::default() }).unwrap();
    assert_eq!(output.kind, Kind::Script);
}
