//! The serialiser tests of html5lib, from a checkout beside the workspace.
//!
//! They are written for html5lib's own serialiser, which leaves out quotes and end tags where it can. So what is compared is what
//! a parser makes of the markup. Only `core.test` is about serialising as the HTML Standard has it; the others are
//! about options that it does not have: `optionaltags.test` (which tags to leave out, as streams of tokens that are no trees),
//! `options.test` (quotes, minimised attributes, solidus), `whitespace.test` (collapsing it), `injectmeta.test` (adding elements).

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
            "Characters" => tree.create(document, NodeData::Text(text(1).to_owned())),
            "Comment" => tree.create(document, NodeData::Comment(text(1).to_owned())),
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

#[test]
fn markup_means_what_it_should() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/html/serializer/core.test");
    let Ok(text) = std::fs::read_to_string(file) else {
        eprintln!("skipped: ../shared/conformance is not there");
        return;
    };
    let suite: Value = serde_json::from_str(&text).unwrap();
    for case in suite["tests"].as_array().unwrap() {
        let expected: Vec<String> =
            case["expected"].as_array().unwrap().iter().filter_map(Value::as_str).map(reparsed).collect();
        let got = serialize(case["input"].as_array().unwrap()).map(|markup| reparsed(&markup));
        assert!(got.is_some_and(|got| expected.contains(&got)), "{case}");
    }
}
