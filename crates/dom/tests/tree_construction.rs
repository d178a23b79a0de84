//! The tree construction tests of html5lib, from a checkout beside the workspace.
//!
//! Each case runs with scripting on and off unless it names one. Cases that fail must be those of `EXPECTED`, each with its reason.

use quickbeam_dom::{NodeData, NodeId, ParseOptions, QualName, Tree, qualified_name};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const SCRIPTED: &str = "the script is to run while the document is parsed";

/// Cases that are known to fail: file, markup, reason.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("adoption01.dat", r#"<p><b id="A"><script>document.getElementById("A").id = "B"</script></p>TEXT</b>"#, SCRIPTED),
    (
        "ark.dat",
        r#"<p><font size=4><font size=4><font size=4><script>document.getElementsByTagName("font")[2].setAttribute("size", "5");</script><font size=4><p>X"#,
        SCRIPTED,
    ),
];

#[derive(Default, Debug)]
struct Case {
    data: String,
    context: Option<String>,
    scripting: Option<bool>,
    expected: String,
}

fn folder() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/html/tree-construction");
    path.is_dir().then_some(path)
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let text = format!("\n{text}");
    for block in text.split("\n#data\n").skip(1) {
        let mut case = Case::default();
        let mut section = "data";
        let mut data = Vec::new();
        let mut expected = Vec::new();
        for line in block.split('\n') {
            match line {
                "#errors" | "#new-errors" => section = "errors",
                "#document-fragment" => section = "fragment",
                "#script-on" => case.scripting = Some(true),
                "#script-off" => case.scripting = Some(false),
                "#document" => section = "document",
                line => match section {
                    "data" => data.push(line),
                    "fragment" => case.context = Some(line.to_owned()),
                    "document" => expected.push(line),
                    _ => {}
                },
            }
        }
        case.data = data.join("\n");
        case.expected = expected.join("\n").trim_end_matches('\n').to_owned();
        cases.push(case);
    }
    cases
}

fn full_name(name: &QualName) -> String {
    let prefix = match &*name.ns {
        "http://www.w3.org/2000/svg" => "svg ",
        "http://www.w3.org/1998/Math/MathML" => "math ",
        "http://www.w3.org/1999/xlink" => "xlink ",
        "http://www.w3.org/XML/1998/namespace" => "xml ",
        "http://www.w3.org/2000/xmlns/" => "xmlns ",
        _ => "",
    };
    format!("{prefix}{}", name.local)
}

fn dump(tree: &Tree, root: NodeId, depth: usize, out: &mut String) {
    for id in tree.children(root).collect::<Vec<_>>() {
        let indent = "  ".repeat(depth);
        write!(out, "\n| {indent}").unwrap();
        match &tree.node(id).data {
            NodeData::Element(element) => {
                write!(out, "<{}>", full_name(&element.name)).unwrap();
                let mut attributes: Vec<_> =
                    element.attributes.iter().map(|a| (full_name(&a.name), &a.value)).collect();
                attributes.sort();
                for (name, value) in attributes {
                    write!(out, "\n| {indent}  {name}=\"{value}\"").unwrap();
                }
                if let Some(content) = element.content {
                    write!(out, "\n| {indent}  content").unwrap();
                    dump(tree, content, depth + 2, out);
                }
            }
            NodeData::Text(text) => write!(out, "\"{text}\"").unwrap(),
            NodeData::Comment(text) => write!(out, "<!-- {text} -->").unwrap(),
            NodeData::Instruction(pi) => write!(out, "<?{} {}>", pi.target, pi.data).unwrap(),
            NodeData::Doctype(doctype) if doctype.public_id.is_empty() && doctype.system_id.is_empty() => {
                write!(out, "<!DOCTYPE {}>", doctype.name).unwrap();
            }
            NodeData::Doctype(doctype) => {
                write!(out, "<!DOCTYPE {} \"{}\" \"{}\">", doctype.name, doctype.public_id, doctype.system_id).unwrap();
            }
            _ => out.push('?'),
        }
        dump(tree, id, depth + 1, out);
    }
}

fn run(case: &Case, scripting: bool) -> String {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    let mut go_on = || true;
    let options = ParseOptions { scripting, go_on: &mut go_on };
    let mut out = String::new();
    match &case.context {
        None => {
            tree.parse_document(document, &case.data, options).unwrap();
            dump(&tree, document, 0, &mut out);
        }
        Some(context) => {
            let (namespace, local) = match context.split_once(' ') {
                Some(("svg", local)) => ("http://www.w3.org/2000/svg", local),
                Some(("math", local)) => ("http://www.w3.org/1998/Math/MathML", local),
                _ => ("http://www.w3.org/1999/xhtml", context.as_str()),
            };
            let context = tree.create_element(document, qualified_name(namespace, None, local));
            let fragment = tree.parse_fragment(document, context, &case.data, options).unwrap();
            dump(&tree, fragment, 0, &mut out);
        }
    }
    out.trim_start_matches('\n').to_owned()
}

#[test]
fn documents_and_fragments_become_the_trees_they_should() {
    let Some(folder) = folder() else {
        eprintln!("skipped: ../shared/conformance is not there");
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    let mut unused: Vec<_> = EXPECTED.iter().collect();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for case in cases(&std::fs::read_to_string(&file).unwrap()) {
            for scripting in [false, true] {
                if case.scripting.is_some_and(|only| only != scripting) {
                    continue;
                }
                count += 1;
                let got = run(&case, scripting);
                if got == case.expected {
                    continue;
                }
                if EXPECTED.iter().any(|(file, data, _)| *file == name && *data == case.data) {
                    unused.retain(|(file, data, _)| *file != name || *data != case.data);
                    continue;
                }
                wrong.push(format!(
                    "{name}, scripting {scripting}:\n{}\nexpected\n{}\ngot\n{got}\n",
                    case.data, case.expected
                ));
            }
        }
    }
    assert!(count > 3_000, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unused.is_empty(), "these cases pass by now: {unused:?}");
}
