//! Selectors that one walk answers, against what each element is said to match by itself.

use quickbeam_dom::{DomError, NodeId, ParseOptions, Selectors, Tree};

fn page(markup: &str) -> (Tree, NodeId) {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    tree.set_embedder(document, 1);
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    tree.parse_document(document, markup, options).unwrap();
    tree.sweep();
    (tree, document)
}

#[test]
fn a_walk_finds_what_elements_match() {
    // Every way to nest three kinds of elements, five levels deep.
    let mut markup = String::new();
    for number in 0..3_usize.pow(5) {
        let kinds: Vec<usize> = (0..5).map(|level| number / 3_usize.pow(level) % 3).collect();
        let tags = ["<div class=x>", "<section class='y x' id=s>", "<b>text<i>"];
        let ends = ["</div>", "</section>", "</i></b>"];
        kinds.iter().for_each(|&kind| markup += tags[kind]);
        kinds.iter().rev().for_each(|&kind| markup += ends[kind]);
    }
    let (tree, document) = page(&format!("<!doctype html><body>{markup}"));
    let middle = tree.descendants(document).filter(|&node| tree.is_element(node)).nth(600).unwrap();
    for selector in [
        "div b",
        "div > b",
        "div section > b i",
        ".x .y > i",
        "body > div > section.x.y",
        "html body #s div",
        "* > * > b",
        "b > i b > i",
        "DIV I",
        ".x > .x > .x .x i",
        "section > b > i > div section",
        "nothing div",
        "div:not(.y) > b",
    ] {
        let selectors = Selectors::parse(selector).unwrap();
        for root in [document, middle] {
            let each = tree.descendants(root).filter(|&node| tree.is_element(node));
            let expected: Vec<NodeId> = each.filter(|&node| selectors.matches(&tree, node)).collect();
            assert_eq!(selectors.all(&tree, root, &mut || true).as_ref(), Ok(&expected), "{selector}");
            assert_eq!(selectors.first(&tree, root, &mut || true), Ok(expected.first().copied()), "{selector}");
        }
    }
}

#[test]
fn a_walk_is_no_longer_the_deeper_a_tree_is() {
    let (mut tree, document) = page("<main></main>");
    let mut at = tree.descendants(document).last().unwrap();
    for _ in 0..300_000 {
        let next =
            tree.create_element(document, quickbeam_dom::qualified_name("http://www.w3.org/1999/xhtml", None, "i"));
        tree.insert(at, next, None).unwrap();
        at = next;
    }
    // Asking each element for its ancestors would take as many steps as the square of the depth.
    for (selector, count) in [("main i", 300_000), ("b i", 0), ("i > i", 299_999), ("main > i > i", 1)] {
        let found = Selectors::parse(selector).and_then(|selectors| selectors.all(&tree, document, &mut || true));
        assert_eq!(found.map(|found| found.len()), Ok(count), "{selector}");
    }
}

#[test]
fn searches_end_when_asked() {
    let (tree, document) = page(&"<i></i>".repeat(10_000));
    for (selector, least) in [("u", 2), (":is(u, b)", 2), ("i:has(~ b)", 100), ("i:HAS(b)", 100)] {
        let selectors = Selectors::parse(selector).unwrap();
        let mut asked = 0;
        let mut go_on = || {
            asked += 1;
            true
        };
        assert_eq!(selectors.all(&tree, document, &mut go_on), Ok(vec![]), "{selector}");
        assert!(asked >= least, "{selector}: {asked} times");
        let mut asked = 0;
        let mut go_on = || {
            asked += 1;
            asked < 2
        };
        assert_eq!(selectors.first(&tree, document, &mut go_on), Err(DomError::Interrupted), "{selector}");
        assert_eq!(asked, 2, "{selector}");
    }
}
