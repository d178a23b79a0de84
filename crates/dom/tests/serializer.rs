//! The serialiser tests of html5lib, from a checkout beside the workspace.
//!
//! They are written for html5lib's own serialiser, which leaves out quotes and tags where it can. So what is compared is what a
//! parser makes of the markup. It serialises streams of tokens, too, that close what they have not opened: these are no trees. Cases
//! of options that change what markup means must be those of `OTHERWISE`, each with its reason.

use quickbeam_dom::{DoctypeData, NodeData, ParseOptions, Tree, qualified_name};
use serde_json::Value;
use std::path::Path;

const HTML: &str = "http://www.w3.org/1999/xhtml";

/// Markup of a list of tokens, through a tree. `None` if the tokens make no tree.
fn serialize(tokens: &[Value]) -> Option<String> {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    let top = tree.create(document, NodeData::Fragment { host: None });
    let mut open = vec![top];
    for token in tokens {
        let text = |index: usize| token.get(index).and_then(Value::as_str).unwrap_or_default();
        let parent = *open.last()?;
        let node = match text(0) {
            kind @ ("StartTag" | "EmptyTag") => {
                let (name, attributes) =
                    if kind == "StartTag" { (text(2), token.get(3)) } else { (text(1), token.get(2)) };
                let element = tree.create_element(document, qualified_name(HTML, None, name));
                for attribute in attributes.and_then(Value::as_array).into_iter().flatten() {
                    let field = |key| attribute.get(key).and_then(Value::as_str).unwrap_or_default();
                    tree.set_attribute(
                        element,
                        qualified_name(field("namespace"), None, field("name")),
                        field("value"),
                    );
                }
                if kind == "StartTag" {
                    open.push(element);
                }
                element
            }
            "EndTag" => {
                open.pop();
                if open.is_empty() {
                    return None;
                }
                continue;
            }
            "Characters" => tree.create(document, NodeData::Text(text(1).into())),
            "Comment" => tree.create(document, NodeData::Comment(text(1).into())),
            "Doctype" => {
                let data = DoctypeData {
                    name: text(1).to_owned(),
                    public_id: text(2).to_owned(),
                    system_id: text(3).to_owned(),
                };
                tree.create(document, NodeData::Doctype(Box::new(data)))
            }
            _ => return None,
        };
        let place = tree.element(parent).and_then(|element| element.content).unwrap_or(parent);
        if !matches!(tree.node(node).data, NodeData::Doctype(_)) {
            tree.insert(place, node, None).ok()?;
        } else {
            return Some(tree.outer_html(node, false));
        }
    }
    Some(tree.inner_html(top, false))
}

/// What a parser makes of markup, written by us.
fn reparsed(markup: &str) -> String {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    let context = tree.create_element(document, qualified_name(HTML, None, "body"));
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    let fragment = tree.parse_fragment(document, context, markup, options).unwrap();
    tree.inner_html(fragment, false)
}

/// Cases that have another result by an option of html5lib: file, description, reason.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("options.test", "quote_attr_values=true", MINIMISED),
    ("options.test", "quote_attr_values=true with irrelevant", MINIMISED),
    ("options.test", "rcdata", "it escapes the text of scripts"),
    ("whitespace.test", "bare text with leading spaces", COLLAPSED),
    ("whitespace.test", "bare text with trailing spaces", COLLAPSED),
    ("whitespace.test", "bare text with inner spaces", COLLAPSED),
    ("injectmeta.test", "empytag head", INJECTED),
    ("injectmeta.test", "head w/title", INJECTED),
    ("injectmeta.test", "head w/meta-charset", INJECTED),
    ("injectmeta.test", "head w/ two meta-charset", INJECTED),
    ("injectmeta.test", "head w/robots", INJECTED),
    ("injectmeta.test", "head w/robots & charset", INJECTED),
    ("injectmeta.test", "head w/ charset in http-equiv content-type", INJECTED),
    ("injectmeta.test", "head w/robots & charset in http-equiv content-type", INJECTED),
];
const MINIMISED: &str = "it leaves out the values of attributes that are booleans";
const COLLAPSED: &str = "it collapses white space";
const INJECTED: &str = "it adds an element or changes one";

#[test]
fn markup_means_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/html/serializer");
    let (mut count, mut unused) = (0, OTHERWISE.to_vec());
    for file in ["core.test", "options.test", "optionaltags.test", "whitespace.test", "injectmeta.test"] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else {
            eprintln!("skipped: ../shared/conformance is not there");
            return;
        };
        let suite: Value = serde_json::from_str(&text).unwrap();
        for case in suite["tests"].as_array().unwrap() {
            let Some(markup) = serialize(case["input"].as_array().unwrap()) else { continue };
            count += 1;
            let expected = case["expected"].as_array().unwrap().iter().filter_map(Value::as_str);
            if expected.map(reparsed).any(|expected| expected == reparsed(&markup)) {
                continue;
            }
            let known = unused.len();
            unused.retain(|(name, description, _)| *name != file || case["description"] != *description);
            assert!(unused.len() < known, "{file}: {case}\n{markup}");
        }
    }
    assert!(count >= 80, "only {count} cases");
    assert!(unused.is_empty(), "these cases pass by now: {unused:?}");
}
