//! ES modules: how they are found, linked and evaluated, and what their errors tell.

mod support;

use quickbeam_engine::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use support::*;

/// Modules by name; resolves `./x` against the base's directory and notes what was loaded.
#[derive(Default)]
struct Files {
    files: BTreeMap<&'static str, &'static str>,
    loaded: RefCell<Vec<String>>,
}

impl ModuleLoader for Files {
    fn resolve(&self, base: &str, specifier: &str) -> std::result::Result<String, String> {
        match (specifier.strip_prefix("./"), base.rsplit_once('/')) {
            (Some(relative), Some((directory, _))) => Ok(format!("{directory}/{relative}")),
            (Some(relative), None) => Ok(relative.to_owned()),
            (None, _) if specifier.starts_with("refused") => Err(format!("Cannot resolve '{specifier}' from '{base}'")),
            (None, _) => Ok(specifier.to_owned()),
        }
    }

    fn load(&self, name: &str) -> std::result::Result<ModuleSource, String> {
        self.loaded.borrow_mut().push(name.to_owned());
        let text = self.files.get(name).ok_or_else(|| format!("Cannot find module '{name}'"))?;
        let kind = if name.ends_with(".json") { ModuleKind::Json } else { ModuleKind::JavaScript };
        Ok(ModuleSource { kind, text: (*text).to_owned().into() })
    }
}

/// Evaluates `main` with `files` beside it; tells `globalThis.result`, or how it failed.
fn outcome(files: &[(&'static str, &'static str)], main: &str) -> (String, Vec<String>) {
    let loader = Rc::new(Files { files: files.iter().copied().collect(), ..Files::default() });
    let text = in_realm(|_, ctx| {
        ctx.set_module_loader(loader.clone());
        let promise = match ctx.eval_module(main, "app/main.js", "app/main.js") {
            Ok(promise) => promise,
            Err(Thrown) => return described(&ctx.take_report()),
        };
        run_jobs(ctx, 10_000);
        match promise.promise_state() {
            Some(PromiseState::Fulfilled(_)) => eval_text(ctx, "String(globalThis.result)"),
            Some(PromiseState::Rejected(reason)) => described(&ErrorReport::of(ctx, &reason)),
            _ => "pending".to_owned(),
        }
    });
    let loaded = loader.loaded.borrow().clone();
    (text, loaded)
}

/// The error and where it was thrown.
fn described(report: &ErrorReport) -> String {
    let place = report.location().map(|frame| format!(" at {}:{}:{}", frame.filename, frame.line, frame.column));
    format!("{report}{}", place.unwrap_or_default())
}

fn check(files: &[(&'static str, &'static str)], main: &str, expected: &str) {
    assert_eq!(outcome(files, main).0, expected, "{main}");
}

#[test]
fn imports_bind_what_modules_export() {
    check(
        &[("a", "export default 1; export const b = 2; export { b as 'odd name' }")],
        "import a, { b, 'odd name' as c } from 'a'; import * as ns from 'a'; globalThis.result = [a, b, c, Object.keys(ns)]",
        "1,2,2,b,default,odd name",
    );
    check(
        &[("app/lib/b.js", "export { c } from './c.js'"), ("app/lib/c.js", "export const c = import.meta.url")],
        "import { c } from './lib/b.js'; globalThis.result = c",
        "app/lib/c.js",
    );
    check(&[], "globalThis.result = import.meta.url", "app/main.js");
    check(
        &[("a", "export let n = 0; export const add = () => ++n")],
        "import { n, add } from 'a'; add(); globalThis.result = n",
        "1",
    );
    check(
        &[("a", "export * from 'b'; export * as all from 'b'"), ("b", "export const x = 1")],
        "import { x, all } from 'a'; globalThis.result = x + all.x",
        "2",
    );
    check(&[("a", "this === undefined && (globalThis.result = 'strict')")], "import 'a'", "strict");
}

#[test]
fn dynamic_imports_are_promises() {
    check(&[("a", "export default 7")], "globalThis.result = (await import('a')).default", "7");
    check(
        &[("app/a.js", "export default import.meta.url")],
        "globalThis.result = (await import('./a.js')).default",
        "app/a.js",
    );
    check(&[], "globalThis.result = await import('gone').catch(String)", "Error: Cannot find module 'gone'");
    check(
        &[],
        "globalThis.result = await import('refused').catch(String)",
        "Error: Cannot resolve 'refused' from 'app/main.js'",
    );
    check(
        &[],
        "globalThis.result = await import({ toString() { throw new RangeError('no') } }).catch(String)",
        "RangeError: no",
    );
    check(&[("a", "export let ;")], "globalThis.result = await import('a').catch(e => e.name)", "SyntaxError");
    check(
        &[("a", "throw new RangeError('in a')")],
        "const one = await import('a').catch(e => e); const two = await import('a').catch(e => e); globalThis.result = one === two && String(one)",
        "RangeError: in a",
    );
    check(&[("a", "export default 1")], "globalThis.result = (await import('a')) === (await import('a'))", "true");
}

#[test]
fn top_level_await_orders_evaluation() {
    check(
        &[("a", "globalThis.log = ['a']; await null; log.push('a2')"), ("b", "log.push('b')")],
        "import 'a'; import 'b'; log.push('main'); await 1; globalThis.result = log",
        "a,b,a2,main",
    );
    check(&[("a", "await new Promise(() => {})")], "import 'a'; globalThis.result = 1", "pending");
    check(&[("a", "await Promise.reject(new TypeError('late'))")], "import 'a'", "TypeError: late at a:1:26");
    check(&[("a", "export const x = await 5")], "import { x } from 'a'; globalThis.result = x", "5");
}

#[test]
fn json_modules_have_a_default_export() {
    let data: &[(&str, &str)] =
        &[("d.json", "{\"a\":[1,2]}"), ("e.json", "{\n \"a\": }"), ("plain", "[1]"), ("n.json", "null")];
    check(data, "import d from 'd.json' with { type: 'json' }; globalThis.result = d.a", "1,2");
    check(data, "import d from 'd.json'; globalThis.result = d.a", "1,2");
    check(data, "import d from 'plain' with { type: 'json' }; globalThis.result = d", "1");
    check(data, "globalThis.result = (await import('d.json', { with: { type: 'json' } })).default.a", "1,2");
    check(data, "import d from 'n.json'; globalThis.result = d", "null");
    check(data, "import a from 'd.json'; globalThis.result = (await import('d.json')).default === a", "true");
    check(
        data,
        "import d from 'd.json' with { type: 'css' }",
        "TypeError: import attribute 'type: css' is not supported",
    );
    check(
        data,
        "import d from 'd.json' with { lang: 'json' }",
        "TypeError: import attribute 'lang: json' is not supported",
    );
    check(data, "globalThis.result = await import('d.json', { with: { type: 'x' } }).catch(e => e.name)", "TypeError");
    let (text, _) = outcome(data, "import d from 'e.json'");
    assert!(text.starts_with("SyntaxError") && text.ends_with("at e.json:2:7"), "{text}");
}

#[test]
fn cycles_are_linked_before_they_run() {
    check(
        &[
            ("a", "import { b } from 'b'; export const a = 1; export const both = () => a + b"),
            ("b", "import { a } from 'a'; export const b = 2; export const read = () => a"),
        ],
        "import { both } from 'a'; import { read } from 'b'; globalThis.result = [both(), read()]",
        "3,1",
    );
    let (text, _) = outcome(
        &[("a", "import { b } from 'b'; export const a = b"), ("b", "import { a } from 'a'; export const b = a")],
        "import 'a'",
    );
    assert!(text.starts_with("ReferenceError"), "{text}");
    check(&[("a", "import * as self from 'a'; export const x = 1; globalThis.result = self.x")], "import 'a'", "1");
    check(
        &[("a", "export * from 'b'"), ("b", "export * from 'a'; export const x = 3")],
        "import { x } from 'a'; globalThis.result = x",
        "3",
    );
}

#[test]
fn each_module_is_loaded_once() {
    let files: &[(&str, &str)] =
        &[("a", "import 'c'"), ("b", "import 'c'"), ("c", "globalThis.n = (globalThis.n ?? 0) + 1")];
    let (text, loaded) = outcome(files, "import 'a'; import 'b'; import 'c'; await import('c'); globalThis.result = n");
    assert_eq!((text.as_str(), loaded), ("1", ["a", "c", "b"].map(String::from).to_vec()));
}

#[test]
fn errors_keep_file_line_and_column() {
    check(
        &[("a.js", "let x;\nlet x;")],
        "import 'a.js'",
        "SyntaxError: invalid redefinition of global identifier at a.js:2:6",
    );
    check(&[("a.js", "\n\n  export const = 1")], "import 'a.js'", "SyntaxError: variable name expected at a.js:3:16");
    check(
        &[("a.js", "\nfunction f() { null.x }\nf()")],
        "import 'a.js'",
        "TypeError: cannot read property 'x' of null at a.js:2:16",
    );
    check(
        &[("a.js", "export {}")],
        "import { missing } from 'a.js'",
        "SyntaxError: Could not find export 'missing' in module 'a.js'",
    );
    check(&[], "import 'gone'", "Error: Cannot find module 'gone'");
    check(&[("a.js", "import './gone.js'")], "import 'a.js'", "Error: Cannot find module 'gone.js'");
    check(
        &[("a", "export * from 'b'; export * from 'c'"), ("b", "export const x = 1"), ("c", "export const x = 2")],
        "import { x } from 'a'",
        "SyntaxError: export 'x' in module 'a' is ambiguous",
    );
    check(&[], "\n syntax error", "SyntaxError: expecting ';' at app/main.js:2:9");
}

#[test]
fn a_failed_module_may_be_tried_again() {
    let (text, loaded) =
        outcome(&[], "for (let i = 0; i < 3; i++) await import('gone').catch(() => {}); globalThis.result = 1");
    assert_eq!((text.as_str(), loaded.len()), ("1", 3));
}

#[test]
fn odd_names_are_names() {
    check(&[("ünï/😀", "export default import.meta.url")], "import u from 'ünï/😀'; globalThis.result = u", "ünï/😀");
    check(&[("", "export default 1")], "import u from ''; globalThis.result = u", "1");
    let (text, _) = outcome(&[("a", "globalThis.result = 'cut'")], "import 'a\\0b'");
    // The engine's names are C strings: they end at a NUL, before anything is asked to find them.
    assert_eq!(text, "cut");
    let files = &[("a", "export default 'cut'")];
    let refused = "TypeError: Cannot find module 'a\\0b': its name holds a NUL";
    check(files, "globalThis.result = await import('a\\0b').catch(String)", refused);
    check(files, "globalThis.result = await import('a' + '\\0b'.repeat(1)).catch(String)", refused);
    check(files, "globalThis.result = await import(['\\0', '\u{20ac}'].join('')).catch(e => e.name)", "TypeError");
    check(files, "await import('\\0').catch(() => {}); globalThis.result = (await import('a')).default", "cut");
    let (text, loaded) =
        outcome(&[], "globalThis.result = await import('x'.repeat(100000)).catch(e => e.message.length)");
    assert_eq!((text.as_str(), loaded[0].len()), ("100021", 100_000));
    let (text, _) = outcome(&[], "globalThis.result = await import('\\ud800').catch(e => e.message)");
    assert!(text.starts_with("Cannot find module '"), "{text}");
}

#[test]
fn without_a_loader_nothing_is_found() {
    in_realm(|_, ctx| {
        assert!(ctx.eval_module("import 'a'", "main.js", "main.js").is_err());
        assert_eq!(ctx.take_report().message, "Cannot find module 'a': this realm loads no modules");
        let promise = ctx.import("", "a").unwrap();
        run_jobs(ctx, 100);
        assert!(matches!(promise.promise_state(), Some(PromiseState::Rejected(_))));
    });
}

#[test]
fn chains_of_imports_end_in_a_value_or_an_error() {
    struct Endless;
    impl ModuleLoader for Endless {
        fn resolve(&self, _base: &str, specifier: &str) -> std::result::Result<String, String> {
            Ok(specifier.to_owned())
        }
        fn load(&self, name: &str) -> std::result::Result<ModuleSource, String> {
            let n: u32 = name.parse().map_err(|_| "no number".to_owned())?;
            let text = if n == 0 { String::new() } else { format!("import '{}'; globalThis.deepest = {n}", n - 1) };
            Ok(ModuleSource { kind: ModuleKind::JavaScript, text: text.into() })
        }
    }
    let depths = [100, 2_000, 50_000];
    let crashes = crashes("chains_of_imports_end_in_a_value_or_an_error", depths.len() * 2, |case| {
        let max_stack_size = [64 << 10, 512 << 10][case % 2];
        let body = move || {
            with_options(IsolateOptions { max_stack_size, ..IsolateOptions::default() }, |_, ctx| {
                ctx.set_module_loader(Rc::new(Endless));
                match ctx.eval_module(&format!("import '{}'", depths[case / 2]), "main", "main") {
                    Ok(_) => run_jobs(ctx, 1_000),
                    Err(Thrown) => drop(ctx.take_report()),
                }
                assert_eq!(eval_text(ctx, "1 + 1"), "2");
            });
        };
        std::thread::Builder::new().stack_size(max_stack_size + (256 << 10)).spawn(body).unwrap().join().unwrap();
    });
    assert_none(&crashes, |case| format!("{} imports, {}", depths[case / 2], case % 2));
}
