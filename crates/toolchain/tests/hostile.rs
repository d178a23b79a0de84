//! Sources that try to overflow a stack, loop or panic. What a wrong stack bound does here is end the test process.

use quickbeam_toolchain::{
    BundleOptions, Diagnostics, MinifyOptions, TransformOptions, bundle, check, imports, minify, transform,
};

/// What begins it, what opens each level, the innermost, what closes each level, and the file name that makes it valid.
type Construct = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// What makes a parser or a pass recurse.
const CONSTRUCTS: &[Construct] = &[
    ("", "(", "1", ")", "a.js"),
    ("", "[", "", "]", "a.js"),
    ("", "{", "", "}", "a.js"),
    ("a=", "{a:", "1", "}", "a.js"),
    ("", "`${", "a", "}`", "a.js"),
    ("", "!", "a", "", "a.js"),
    ("", "- ", "a", "", "a.js"),
    ("", "typeof ", "a", "", "a.js"),
    ("", "await ", "a", "", "a.js"),
    ("", "new ", "a", "", "a.js"),
    ("", "a=", "a", "", "a.js"),
    ("", "a=>", "a", "", "a.js"),
    ("", "a?b:", "a", "", "a.js"),
    ("", "a?", "b", ":c", "a.js"),
    ("", "a+", "a", "", "a.js"),
    ("", "a**", "a", "", "a.js"),
    ("", "a||", "a", "", "a.js"),
    ("", "", "a", ".a", "a.js"),
    ("", "", "a", "?.a", "a.js"),
    ("", "", "a", "()", "a.js"),
    ("", "", "a", "``", "a.js"),
    ("", "if(a)", ";", "", "a.js"),
    ("", "if(a);else ", ";", "", "a.js"),
    ("", "for(;;)", ";", "", "a.js"),
    ("", "while(a)", ";", "", "a.js"),
    ("", "do ", ";", " while(a)", "a.js"),
    ("", "function a(){", "", "}", "a.js"),
    ("", "a=function(){return ", "1", "}", "a.js"),
    ("", "class A{a(){", "", "}}", "a.js"),
    ("", "class A{static{", "", "}}", "a.js"),
    ("", "import(", "a", ")", "a.js"),
    ("", "(a=", "1", ")=>1", "a.js"),
    ("/", "(", "a", ")", "a.js"),
    ("", "@a ", "class A{}", "", "a.ts"),
    ("", "namespace a{", "", "}", "a.ts"),
    ("", "", "a", " as a", "a.ts"),
    ("", "", "a", "!", "a.ts"),
    ("", "<T>", "a", "", "a.ts"),
    ("", "<T>(", "a", ")", "a.ts"),
    ("", "async(a=", "1", ")=>1", "a.ts"),
    ("let a:", "", "b", "[]", "a.ts"),
    ("type A=", "A<", "B", ">", "a.ts"),
    ("type A=", "(", "B", ")", "a.ts"),
    ("type A=", "[", "B", "]", "a.ts"),
    ("type A=", "{a:", "B", "}", "a.ts"),
    ("type A=", "()=>", "B", "", "a.ts"),
    ("type A=", "keyof ", "B", "", "a.ts"),
    ("type A=", "B extends B?B:", "B", "", "a.ts"),
    ("", "<a>", "", "</a>", "a.jsx"),
    ("", "<>", "", "</>", "a.jsx"),
    ("", "<a b={", "1", "}/>", "a.tsx"),
    ("", "<a b=", "<a/>", "/>", "a.tsx"),
];

fn nest((head, open, middle, close, _): &Construct, n: usize) -> String {
    format!("{head}{}{middle}{}{}", open.repeat(n), close.repeat(n), if *head == "/" { "/" } else { "" })
}

/// Runs everything on a source; whether it is refused or done is not the question.
fn survive(source: &str, filename: &str) -> Vec<Result<(), Diagnostics>> {
    let mut options = TransformOptions::for_file(filename);
    let plain = transform(source, &options).map(drop);
    options.minify = true;
    options.sourcemap = true;
    options.target = Some("es2015".to_owned());
    let lowered = transform(source, &options).map(drop);
    let bundled = bundle(&[(filename, source)], &BundleOptions::default()).map(drop);
    let minified = minify(source, &MinifyOptions::for_file(filename)).map(drop);
    vec![plain, lowered, bundled, minified, check(source, filename), imports(source, filename).map(drop)]
}

#[test]
fn nesting_that_fits_a_program_is_accepted() {
    for construct in CONSTRUCTS {
        let source = nest(construct, 60);
        let result = check(&source, construct.4);
        let invalid = [")=>1", "do "].iter().any(|part| [construct.1, construct.3].contains(part));
        assert!(result.is_ok() || invalid, "{source}: {result:?}");
    }
}

#[test]
fn the_deepest_nesting_that_is_accepted_overflows_no_pass() {
    for construct in CONSTRUCTS {
        let mut n = 6_000;
        while survive(&nest(construct, n), construct.4).iter().any(is_refusal) {
            n = n * 3 / 4;
        }
    }
}

#[test]
fn the_longest_sources_that_are_parsed_at_all_do_not_overflow_the_parser() {
    // Left out is what takes parsers time that grows with the square of the nesting.
    let slow = ["(a=", "async(a=", "<T>(", "A<"];
    for (head, open, _, _, file) in CONSTRUCTS.iter().filter(|construct| !slow.contains(&construct.1)) {
        // The apostrophe keeps the scan from telling how deep it is, so that it is parsed up to the largest stack.
        let unknown = format!("{head}{}", open.repeat(200_000 / open.len().max(1)));
        check(&format!("{unknown} '"), file).ok();
        check(&unknown, file).ok();
    }
}

#[test]
fn a_hundred_thousand_levels_are_an_error() {
    for (open, middle, close, file) in [("(", "1", ")", "a.js"), ("<a>", "", "</a>", "a.tsx"), ("[", "", "]", "a.ts")] {
        let source = format!("{}{middle}{}", open.repeat(300_000), close.repeat(300_000));
        for result in survive(&source, file) {
            assert!(is_refusal(&result), "{open}");
        }
    }
}

#[test]
fn unclosed_brackets_are_survived() {
    for construct in CONSTRUCTS {
        survive(&construct.1.repeat(2_000), construct.4);
        survive(&construct.3.repeat(2_000), construct.4);
    }
}

#[test]
fn malformed_sources_are_errors() {
    let sources = [
        "\u{0}",
        "\u{feff}(",
        "#!",
        "#!\n(",
        "/*",
        "`",
        "`${",
        "'\n'",
        "\"\\",
        "/[",
        "/(/",
        "a=/[/",
        "<!--",
        "-->",
        "\u{2028}(",
        "@",
        "#",
        "import",
        "import(",
        "export {",
        "class {",
        "({a:})",
        "let let = 1",
        "0_",
        "1n1",
        "\\u{110000}",
        "for(",
        "await",
        "yield",
        "type",
        "type A",
        "enum",
        "namespace",
        "abstract",
        "<T",
        "<T>(",
        "a<b>>",
        "a?.",
        "a?.[",
        "...",
        "=>",
        "?.",
        "}",
        ")",
        "]",
    ];
    for source in sources {
        for file in ["a.js", "a.ts", "a.tsx", "a.jsx", "a.cjs", "a.mts", ""] {
            survive(source, file);
            survive(&format!("{}{source}", " ".repeat(5_000)), file);
        }
    }
}

#[test]
fn every_prefix_of_a_program_is_survived() {
    let program = "import a, { type B } from './b'; @dec class C<T extends {}> extends a.b { #x = /[/]\\//v; static { await 1 } \
        get y(): `${string}` { return `a${{ b: [1, ...c] }}d` } } export default async function* f(this: C, { g = 1 }: any) { \
        for await (const h of i) label: do { if (j) k?.l!.m ??= 1n; else throw new.target } while (0) ; return <T,>(o: T) => ({}) }";
    for end in 0..=program.len() {
        check(&program[..end], "a.ts").ok();
        transform(&program[..end], &TransformOptions::for_file("a.tsx")).ok();
    }
}

fn is_refusal(result: &Result<(), Diagnostics>) -> bool {
    result.as_ref().is_err_and(|errors| errors.iter().any(|error| error.message.contains("nested")))
}
