//! Trees: what is refused, what is freed, how deep they may be.

use quickbeam_dom::{DomError, NodeData, NodeId, ParseOptions, Selectors, Tree, qualified_name};

const HTML: &str = "http://www.w3.org/1999/xhtml";

fn page(markup: &str) -> (Tree, NodeId) {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    tree.set_embedder(document, 1);
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    tree.parse_document(document, markup, options).unwrap();
    tree.sweep();
    (tree, document)
}

fn element(tree: &mut Tree, document: NodeId, name: &str) -> NodeId {
    tree.create_element(document, qualified_name(HTML, None, name))
}

#[test]
fn selectors_match() {
    let (tree, document) = page(
        "<div id=a class='x y'><p lang=en-GB>1<p>2<b>3</b></div><form><input disabled><input checked type=radio></form>",
    );
    let check = |selector: &str, count: usize| {
        let found = Selectors::parse(selector).and_then(|selectors| selectors.all(&tree, document, &mut || true));
        assert_eq!(found.map(|found| found.len()), Ok(count), "{selector}");
    };
    check("#a", 1);
    check(".x.y > p", 2);
    check("div:has(> p b)", 1);
    check("p:not(:first-child)", 1);
    check(":is(p, b):where(:nth-child(1))", 2);
    check("p:nth-child(2 of p)", 1);
    check("[class~=y], [id^=a]", 1);
    check(":lang(en)", 1);
    check("input:disabled, input:checked", 2);
    check("div p + p b:only-child", 1);
    check("p::before", 0);
    for wrong in ["", "p[", "..x", ":no-such", "p >", ":not()", "ns|p"] {
        assert!(matches!(Selectors::parse(wrong), Err(DomError::Syntax(_))), "{wrong}");
    }
}

#[test]
fn selectors_have_a_size() {
    for huge in ["a ".repeat(40_000), ":not(".repeat(1000) + &")".repeat(1000), "a>".repeat(2000) + "a"] {
        assert!(matches!(Selectors::parse(&huge), Err(DomError::Syntax(_))));
    }
}

#[test]
fn what_is_cut_off_is_freed_unless_it_is_held() {
    let (mut tree, document) = page("<p><b>1</b></p><p>2</p>");
    let all =
        |tree: &Tree, selector: &str| Selectors::parse(selector).unwrap().all(tree, document, &mut || true).unwrap();
    let paragraphs = all(&tree, "p");
    let bold = all(&tree, "b")[0];
    tree.set_embedder(paragraphs[0], 7);
    let before = tree.len();
    tree.remove(paragraphs[0]);
    tree.remove(paragraphs[1]);
    tree.sweep();
    assert_eq!(tree.len(), before - 2, "the second and its text");
    assert!(tree.contains(bold) && !tree.contains(paragraphs[1]));
    assert_eq!(tree.outer_html(paragraphs[1], false), "", "an id of a freed node finds nothing");
    tree.set_embedder(paragraphs[0], 0);
    tree.release(paragraphs[0]);
    assert!(!tree.contains(bold));
    let bytes = tree.bytes();
    for _ in 0..100 {
        let p = element(&mut tree, document, "p");
        tree.release(p);
    }
    assert_eq!(tree.bytes(), bytes, "places are used again");
}

#[test]
fn the_memory_of_many_nodes_comes_back_and_their_ids_do_not() {
    let (mut tree, document) = page("");
    let (nodes, bytes) = (tree.len(), tree.bytes());
    let mut gone = Vec::new();
    for count in [200_000, 1000, 50_000] {
        let kept = element(&mut tree, document, "b");
        let root = element(&mut tree, document, "div");
        for _ in 0..count {
            let child = element(&mut tree, document, "i");
            tree.insert(root, child, None).unwrap();
            gone.push(child);
        }
        tree.release(root);
        assert_eq!(tree.len(), nodes + 1);
        assert!(tree.contains(kept));
        tree.release(kept);
        assert!(tree.bytes() < bytes + (1 << 20), "{} after {count}", tree.bytes());
        assert!(gone.iter().all(|id| !tree.contains(*id)), "{count}");
    }
}

#[test]
fn a_document_goes_with_the_last_of_its_nodes() {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    let loose = element(&mut tree, document, "template");
    tree.set_embedder(loose, 1);
    tree.release(document);
    assert!(tree.contains(document));
    tree.set_embedder(loose, 0);
    tree.release(loose);
    assert!(tree.is_empty());
}

#[test]
fn any_depth_is_walked_without_a_stack() {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    let top = element(&mut tree, document, "div");
    tree.set_embedder(top, 1);
    let mut at = top;
    for _ in 0..200_000 {
        let next = element(&mut tree, document, "div");
        tree.insert(at, next, None).unwrap();
        at = next;
    }
    let text = tree.create(document, NodeData::Text("x".into()));
    tree.insert(at, text, None).unwrap();
    assert_eq!(tree.text_content(top), "x");
    assert_eq!(tree.outer_html(top, false).len(), 200_001 * 11 + 1);
    let xml = tree.outer_xml(top);
    assert!(xml.ends_with("</div>"));
    let copy = tree.clone_node(top, None, true).unwrap();
    assert!(tree.is_equal(top, copy));
    assert_eq!(Selectors::parse("div div").unwrap().all(&tree, copy, &mut || true).unwrap().len(), 200_000);
    tree.normalize(top);
    tree.set_embedder(top, 0);
    tree.release(top);
    tree.release(copy);
    assert_eq!(tree.len(), 0, "the document had no other nodes");
}

#[test]
fn a_full_tree_takes_no_more() {
    let (mut tree, document) = page("");
    tree.set_limit(tree.bytes() + 100_000);
    let body = tree.descendants(document).last().unwrap();
    let markup = "<a b=1><b c=2><i d=3>".repeat(200) + &"<p>".repeat(100_000);
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    assert!(matches!(tree.parse_fragment(document, body, &markup, options), Err(DomError::TooLarge { .. })));
    tree.sweep();
    assert_eq!(tree.len(), 4, "what was made is freed");
    tree.set_limit(usize::MAX);
    let options = ParseOptions { scripting: false, go_on: &mut || false };
    let long = "<p>".repeat(50_000);
    assert_eq!(tree.parse_fragment(document, body, &long, options), Err(DomError::Interrupted));
}

/// Parses an XML document and gives the markup of its element, or what is wrong.
fn xml(markup: &str) -> String {
    let mut tree = Tree::default();
    let document = tree.create_document(false, "application/xml");
    match tree.parse_xml(document, markup, &mut || true) {
        Ok(()) => tree.outer_xml(tree.document_element(document).unwrap()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn malformed_xml_is_named() {
    let check = |markup: &str, what: &str| {
        let got = xml(markup);
        assert!(got.contains("not well-formed") || got.contains("needs an element"), "{markup}: {got}");
        assert!(got.contains(what), "{markup}: {got}");
    };
    assert_eq!(
        xml("<?xml version='1.0'?><!DOCTYPE a><a b='1'><!--c--><?d e?><![CDATA[<]]>&amp;&#65;</a>"),
        "<a b=\"1\"><!--c--><?d e?><![CDATA[<]]>&amp;A</a>"
    );
    for (wrong, what) in [
        ("", ""),
        ("<a>", "not closed"),
        ("<a></b>", ""),
        ("<a b=1/>", ""),
        ("<a b='1' b='2'/>", "the attribute b is there twice"),
        ("<a x:b='1' y:b='1' xmlns:x='u' xmlns:y='u'/>", "the attribute y:b is there twice"),
        ("<a b=\"1\"c=\"2\"/>", "no white space between two attributes"),
        ("<a b='1'c='\"'/>", "no white space between two attributes"),
        ("<a>&nope;</a>", "the entity \"nope\" is not known"),
        ("<a b='&nope;'/>", "the entity \"nope\" is not known"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "those that a document type declares are not supported"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a d='&b;'/>", "those that a document type declares are not supported"),
        ("<a/><b/>", "second element"),
        ("<x:a/>", "the prefix x is not declared"),
        ("text", "text outside"),
        ("<a b='<'/>", "holds <"),
        ("<a>\u{1}</a>", "U+0001"),
        ("<a>\u{FFFE}</a>", "U+FFFE"),
        ("<a b='\u{2}'/>", "U+0002"),
        ("<a>&#1;</a>", "U+0001"),
        ("<a b='&#xFFFF;'/>", "U+FFFF"),
        ("<a xmlns:b=''/>", "the namespace of the prefix \"b\" is empty"),
        ("<a xmlns:xmlns='u'/>", "the prefix xmlns is declared"),
        ("<a xmlns:xml='u'/>", "is another than that of XML"),
        ("<a xmlns:b='http://www.w3.org/2000/xmlns/'/>", "is that of declarations"),
        ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "is that of XML"),
        ("<!DOCTYPE a><!DOCTYPE b><a/>", "at the wrong place"),
        ("<a/><!DOCTYPE a>", "at the wrong place"),
        ("<a><!DOCTYPE a></a>", "at the wrong place"),
        (" <!DOCTYPE 1$><a/>", "without a name (at byte 1)"),
        ("<!DOCTYPE a junk><a/>", "not for it"),
        ("<!DOCTYPE a SYSTEM><a/>", "without a system identifier"),
        ("<!doctype a><a/>", "<!DOCTYPE"),
        ("<!DOCTYPE a>\u{FEFF}<a/>", "text outside"),
        ("<!DOCTYPE a>&#32;<a/>", "a reference outside"),
        ("<a/>&amp;", "a reference outside"),
        ("<!DOCTYPE a>\n<a></b>", "(at byte 16)"),
        ("<?xml?><a/>", "without a version"),
        ("<?xml version='2.x' foo?><a/>", "an XML declaration"),
        ("<!DOCTYPE a><?xml version='1.0'?><a/>", "must come first"),
    ] {
        check(wrong, what);
    }
}

#[test]
fn xml_is_read_as_it_says() {
    let check = |markup: &str, expected: &str| assert_eq!(xml(markup), expected, "{markup}");
    check("<a  b = '1'\n c=\"2'\" />", "<a b=\"1\" c=\"2'\"/>");
    check("<a b='x&#10;y\nz'/>", "<a b=\"x&#10;y z\"/>");
    check("<a xmlns=''/>", "<a/>");
    check(
        "<p:a xmlns:p='u'><p:b xmlns:p='v' p:c='1'/><p:d/></p:a>",
        "<p:a xmlns:p=\"u\"><p:b xmlns:p=\"v\" p:c=\"1\"/><p:d/></p:a>",
    );
    check("<a xmlns='u'><b xmlns='v'><c/></b><d/></a>", "<a xmlns=\"u\"><b xmlns=\"v\"><c/></b><d/></a>");
    check("<a xml:lang='x'/>", "<a xml:lang=\"x\"/>");
}

#[test]
fn document_types_of_xml_are_kept() {
    let check = |markup: &str, expected: &str| {
        let mut tree = Tree::default();
        let document = tree.create_document(false, "application/xml");
        tree.parse_xml(document, markup, &mut || true).unwrap();
        assert_eq!(tree.inner_xml(document), expected, "{markup}");
    };
    check("<!DOCTYPE a[<!ENTITY x \"y\">]>\n<a/>", "<!DOCTYPE a><a/>");
    check(
        "<?xml version='1.0'?>\n<!DOCTYPE a PUBLIC \"it's\" 'x[y>'><a/>",
        "<!DOCTYPE a PUBLIC \"it's\" \"x[y>\"><a/>",
    );
    check("<!DOCTYPE a SYSTEM 'b'><!--c--><a/><!--d-->", "<!DOCTYPE a SYSTEM \"b\"><!--c--><a/><!--d-->");
}

#[test]
fn xml_may_be_stopped_within_and_between_tags() {
    let attributes: String = (0..1000).map(|n| format!(" a{n}='1'")).collect();
    for markup in [format!("<a{attributes}/>"), "<a>".repeat(9_000) + &"</a>".repeat(9_000), "<a/>".repeat(9_000)] {
        let markup = format!("<r>{markup}</r>");
        let parse = |allowed: usize| {
            let mut tree = Tree::default();
            let document = tree.create_document(false, "application/xml");
            let mut asked = 0;
            let mut go_on = || {
                asked += 1;
                asked <= allowed
            };
            (tree.parse_xml(document, &markup, &mut go_on), asked)
        };
        let (parsed, asked) = parse(usize::MAX);
        assert!(parsed == Ok(()) && asked > 1, "{asked}");
        assert_eq!(parse(1), (Err(DomError::Interrupted), 2));
    }
}

#[test]
fn xml_has_the_depth_of_html() {
    let mut tree = Tree::default();
    let document = tree.create_document(false, "application/xml");
    let parsed = tree.parse_xml(document, &"<a>".repeat(300_000), &mut || true);
    assert_eq!(parsed, Err(DomError::TooDeep { limit: 10_000 }));
    let (mut tree, document) = page("");
    let body = tree.descendants(document).last().unwrap();
    let parsed = tree.parse_xml_fragment(document, body, &"<a>".repeat(300_000), &mut || true);
    assert_eq!(parsed, Err(DomError::TooDeep { limit: 10_000 }));
}

#[test]
fn many_attributes_are_no_matter() {
    let many = |prefix: &str, from: usize| -> String {
        (from..from + 60_000).map(|n| format!(" xmlns:n{n}='urn:{n}' {prefix}a{n}='1'")).collect()
    };
    let mut tree = Tree::default();
    let document = tree.create_document(false, "application/xml");
    tree.parse_xml(document, &format!("<r{}/>", many("", 0)), &mut || true).unwrap();
    let root = tree.document_element(document).unwrap();
    assert_eq!(tree.attributes(root).len(), 120_000);
    assert_eq!(tree.outer_xml(root), format!("<r{}/>", many("", 0)).replace('\'', "\""));
    let copy = tree.clone_node(root, None, true).unwrap();
    assert!(tree.is_equal(root, copy));
    let last = tree.attributes(copy).len() - 1;
    tree.change_attribute(copy, last, "2");
    assert!(!tree.is_equal(root, copy));
}

#[test]
fn prefixes_of_deep_trees_are_found() {
    // Each level hides the prefix of the one around it.
    let open: String = (0..9_000).map(|n| format!("<p:a xmlns:p='urn:{}' xmlns:q{n}='urn:q'>", n % 2)).collect();
    let markup = open + &"</p:a>".repeat(9_000);
    let expected = markup.replace('\'', "\"").replacen("></p:a>", "/>", 1);
    assert_eq!(xml(&markup), expected);
}

#[test]
fn contents_of_templates_belong_to_a_document_of_their_own() {
    let (mut tree, document) = page("<p></p><template><b></b><template><i></i></template></template>");
    let all = |tree: &Tree, root, name: &str| -> Vec<_> {
        tree.descendants(root).filter(|&id| tree.element(id).is_some_and(|e| e.is_html(name))).collect()
    };
    let template = all(&tree, document, "template")[0];
    let content = tree.element(template).unwrap().content.unwrap();
    let inner = tree.element(all(&tree, content, "template")[0]).unwrap().content.unwrap();
    let inert = tree.document(content).unwrap();
    assert_ne!(inert, document);
    assert_eq!(tree.document(template), Some(document));
    for root in [content, inner] {
        assert!(tree.inclusive_descendants(root).all(|id| tree.document(id) == Some(inert)));
    }
    // A copy's contents are there, too; what moves out of them is the document's.
    let copy = tree.clone_node(template, None, true).unwrap();
    let copied = tree.element(copy).unwrap().content.unwrap();
    assert_eq!(tree.document(copy), Some(document));
    assert!(tree.inclusive_descendants(copied).all(|id| tree.document(id) == Some(inert)));
    let other = tree.create_document(true, "text/html");
    tree.adopt(other, copy).unwrap();
    assert_eq!(tree.document(copy), Some(other));
    assert!(tree.document(copied) != Some(other) && tree.document(copied) != Some(inert));
    let p = all(&tree, document, "p")[0];
    let moved = all(&tree, content, "template")[0];
    tree.insert(p, moved, None).unwrap();
    assert_eq!((tree.document(moved), tree.document(inner)), (Some(document), Some(inert)));
    tree.set_embedder(document, 1);
    let before = tree.len();
    tree.release(copy);
    assert_eq!(tree.len(), before - 8, "the copy, its contents, and both documents that nothing else is in");
}
