//! `element_by_id` against a walk through the tree, in random games.

use quickbeam_dom::{NodeId, ParseOptions, Selectors, Tree, local_name, qualified_name};

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

const IDS: [&str; 6] = ["a", "b", "c", "ü", "two words", ""];

fn scan(tree: &Tree, root: NodeId, id: &str) -> Option<NodeId> {
    let has_it = |&node: &NodeId| tree.element(node).is_some_and(|e| e.attribute(&local_name("id").local) == Some(id));
    tree.descendants(root).filter(|_| !id.is_empty()).find(has_it)
}

fn parse(tree: &mut Tree, document: NodeId, context: NodeId, markup: &str) -> NodeId {
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    tree.parse_fragment(document, context, markup, options).unwrap()
}

/// One random change of a tree whose elements are `nodes`.
fn change(tree: &mut Tree, random: &mut Random, document: NodeId, nodes: &mut Vec<NodeId>) {
    let (one, other, id) = (random.of(nodes), random.of(nodes), random.of(&IDS));
    match random.below(10) {
        0..=2 => {
            // Refused where it would make a circle.
            let _ = tree.insert(one, other, None);
        }
        3 => tree.remove(one),
        4 => tree.set_attribute(one, local_name("id"), id),
        5 => {
            if let Some(index) = tree.find_attribute(one, "id") {
                tree.remove_attribute(one, index);
            }
        }
        6 => {
            let attribute = tree.create_attribute(document, local_name("id"), id);
            tree.set_attribute_node(one, attribute).unwrap();
        }
        7 => {
            let copy = tree.clone_node(one, None, true).unwrap();
            let _ = tree.insert(other, copy, None);
            nodes.push(copy);
        }
        8 => {
            let parsed = parse(tree, document, one, "<p id=a><b id=b><template><i id=a></i></template></b><p id=c>");
            tree.replace_all(one, Some(parsed));
            tree.discard(parsed);
        }
        _ => {
            let made = tree.create_element(document, qualified_name("http://www.w3.org/1999/xhtml", None, "div"));
            tree.set_attribute(made, local_name("id"), id);
            nodes.push(made);
        }
    }
    tree.sweep();
    nodes.retain(|&node| tree.contains(node));
}

#[test]
fn the_index_finds_what_a_walk_finds() {
    for seed in 1..=60 {
        let mut random = Random(seed * 0x9E37_79B9_7F4A_7C15);
        let mut tree = Tree::default();
        let document = tree.create_document(true, "text/html");
        tree.set_embedder(document, 1);
        let options = ParseOptions { scripting: false, go_on: &mut || true };
        tree.parse_document(document, "<!doctype html><div id=a><p id=b></div>", options).unwrap();
        let mut nodes: Vec<NodeId> = tree.descendants(document).filter(|&node| tree.is_element(node)).collect();
        for step in 0..120 {
            change(&mut tree, &mut random, document, &mut nodes);
            nodes.truncate(40);
            if nodes.is_empty() {
                break;
            }
            let loose = tree.root(random.of(&nodes));
            for id in IDS {
                for root in [document, loose] {
                    assert_eq!(tree.element_by_id(root, id), scan(&tree, root, id), "seed {seed}, step {step}: {id:?}");
                }
            }
            let selected = Selectors::parse("#a").unwrap().first(&tree, document, &mut || true).unwrap();
            assert_eq!(selected, scan(&tree, document, "a"), "seed {seed}, step {step}");
        }
    }
}

#[test]
fn an_index_of_many_ids_shrinks_with_them() {
    let mut tree = Tree::default();
    let document = tree.create_document(true, "text/html");
    tree.set_embedder(document, 1);
    let options = ParseOptions { scripting: false, go_on: &mut || true };
    tree.parse_document(document, "<div></div>", options).unwrap();
    let body = tree.descendants(document).last().unwrap();
    let markup: String = (0..20_000).map(|number| format!("<i id=i{number}></i><i id=same></i>")).collect();
    let mut bytes = Vec::new();
    for _ in 0..4 {
        let parsed = parse(&mut tree, document, body, &markup);
        tree.replace_all(body, Some(parsed));
        tree.discard(parsed);
        assert_eq!(tree.element_by_id(document, "i19999"), tree.child_at(body, 39_998));
        assert_eq!(tree.element_by_id(document, "same"), tree.child_at(body, 1));
        tree.replace_all(body, None);
        tree.sweep();
        assert_eq!(tree.element_by_id(document, "same"), None);
        bytes.push(tree.bytes());
    }
    assert_eq!(bytes[1], bytes[3], "{bytes:?}");
}
