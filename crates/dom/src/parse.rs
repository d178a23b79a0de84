//! The HTML parser: html5ever's tree builder builds right into the arena.
//!
//! The input is fed in pieces. Between two of them the caller is asked whether to go on, and once the tree is
//! [full](crate::Tree::set_limit) no more nodes are made: markup may ask for far more nodes than it has bytes. The algorithm looks through all open
//! elements at most tags, so that deep markup takes the square of its depth: its pieces get smaller, and it has a limit.

use crate::error::{DomError, Result};
use crate::node::{Attribute, DoctypeData, InstructionData, NodeData, QuirksMode};
use crate::reader::{Reader, boundary};
use crate::tree::{NodeId, Tree};
use html5ever::interface::{ElementFlags, NodeOrText, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tokenizer::states::State;
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{LocalName, QualName, local_name as atom, ns};
use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::sync::LazyLock;

/// Bytes of markup between two questions whether to go on.
const PIECE: usize = 16 << 10;
/// Bytes of markup that are copied at once; pieces are parts of such a block.
const BLOCK: usize = 1 << 20;
/// Levels of markup, of HTML and of XML, give or take those of a piece. Browsers take 512.
pub(crate) const MAX_LEVELS: usize = 10_000;
/// Levels that make a piece half as large, twice as many a third and so on.
const PIECE_LEVELS: usize = 250;

/// How markup is parsed.
pub struct ParseOptions<'p> {
    /// Whether `noscript` holds text instead of elements.
    pub scripting: bool,
    /// Asked now and then; false stops the parser.
    pub go_on: &'p mut dyn FnMut() -> bool,
}

struct Sink<'t> {
    tree: RefCell<&'t mut Tree>,
    /// Where the parser puts the root.
    top: NodeId,
    /// Whom new nodes belong to.
    document: NodeId,
    quirks: Cell<Option<QuirksMode>>,
    /// The fragment that takes what the algorithm puts into its root.
    root: Option<NodeId>,
    /// Whether the root was made.
    has_root: Cell<bool>,
    /// Whether this is the contents of a `select`, in which `input` is ignored.
    ignores_inputs: bool,
    /// Where something was put last.
    last_parent: Cell<NodeId>,
    /// Stands for all elements once the tree is full.
    excess: Cell<Option<NodeId>>,
    /// Whether there is an element that shows a selected option.
    shows_selected: Cell<bool>,
}

/// The name of the root that fragments are parsed into.
static ROOT: LazyLock<QualName> = LazyLock::new(|| QualName::new(None, ns!(html), atom!("html")));

impl Tree {
    /// Parses a whole document into an empty one.
    ///
    /// # Errors
    /// [`DomError::TooLarge`], [`DomError::Interrupted`]; what was parsed until then is in the document.
    pub fn parse_document(&mut self, document: NodeId, markup: &str, options: ParseOptions<'_>) -> Result<()> {
        let sink = self.sink(document, document, None, None);
        let builder = TreeBuilder::new(sink, builder_options(&options, QuirksMode::NoQuirks));
        run(builder, State::Data, markup, options)
    }

    /// Parses markup as the contents of an element like `context`, which gives the names and the state to start in. The
    /// nodes come as children of a new fragment that belongs to `document`.
    ///
    /// # Errors
    /// As [`Tree::parse_document`]; the nodes made until then are freed by the next [`Tree::sweep`].
    pub fn parse_fragment(
        &mut self,
        document: NodeId,
        context: NodeId,
        markup: &str,
        options: ParseOptions<'_>,
    ) -> Result<NodeId> {
        let fragment = self.create(document, NodeData::Fragment { host: None });
        if !markup.bytes().any(|byte| matches!(byte, b'<' | b'&' | b'\r' | 0)) && self.takes_plain_text(context) {
            if !markup.is_empty() {
                let text = self.create(document, NodeData::Text(markup.into()));
                self.link(fragment, text, None);
            }
            return Ok(fragment);
        }
        let top = self.create(document, NodeData::Fragment { host: None });
        let form = std::iter::successors(Some(context), |&node| self.parent(node))
            .find(|&node| self.element(node).is_some_and(|element| element.is_html("form")));
        let quirks = self
            .document(context)
            .and_then(|id| self.node(id).as_document())
            .map_or(QuirksMode::NoQuirks, |d| d.quirks);
        let sink = self.sink(top, document, Some(fragment), Some(context));
        let builder = TreeBuilder::new_for_fragment(sink, context, form, builder_options(&options, quirks));
        let state = builder.tokenizer_state_for_context_elem(options.scripting);
        let parsed = run(builder, state, markup, options);
        self.detached.push(top);
        if let Err(error) = parsed {
            self.detached.push(fragment);
            return Err(error);
        }
        Ok(fragment)
    }

    /// Whether text without markup stays text as the contents of an element like this.
    fn takes_plain_text(&self, context: NodeId) -> bool {
        const OTHERWISE: [&str; 14] = [
            "html", "head", "table", "tbody", "thead", "tfoot", "tr", "colgroup", "frameset", "select", "template",
            "textarea", "pre", "listing",
        ];
        self.element(context)
            .is_some_and(|element| element.name.ns == ns!(html) && !OTHERWISE.contains(&&*element.name.local))
    }

    fn sink(&mut self, top: NodeId, document: NodeId, root: Option<NodeId>, context: Option<NodeId>) -> Sink<'_> {
        let context = context.and_then(|context| self.element(context));
        Sink {
            ignores_inputs: context.is_some_and(|element| element.is_html("select")),
            tree: RefCell::new(self),
            top,
            document,
            quirks: Cell::new(None),
            root,
            has_root: Cell::new(false),
            last_parent: Cell::new(top),
            excess: Cell::new(None),
            shows_selected: Cell::new(false),
        }
    }

    /// [Maybe clone an option into selectedcontent](https://html.spec.whatwg.org/#maybe-clone-an-option-into-selectedcontent),
    /// while the select is being parsed.
    fn clone_into_selected_content(&mut self, option: NodeId) -> Result<()> {
        let is = |tree: &Tree, id: NodeId, name: &str| tree.element(id).is_some_and(|element| element.is_html(name));
        let Some(select) = self.ancestors(option).find(|&id| is(self, id, "select")) else { return Ok(()) };
        if self.element(select).is_some_and(|data| data.attribute(&LocalName::from("multiple")).is_some()) {
            return Ok(());
        }
        let Some(place) = self.descendants(select).find(|&id| is(self, id, "selectedcontent")) else { return Ok(()) };
        let has_selected =
            |id: NodeId| self.element(id).is_some_and(|data| data.attribute(&atom!("selected")).is_some());
        let options = || self.descendants(select).filter(|&id| is(self, id, "option"));
        let selected = options().filter(|&id| has_selected(id)).last().or_else(|| options().next());
        if selected != Some(option) || self.is_inclusive_ancestor(option, place) {
            return Ok(());
        }
        while let Some(child) = self.first_child(place) {
            self.unlink_quietly(child);
            self.detached.push(child);
        }
        let copy = self.clone_node(option, None, true)?;
        self.move_children(copy, place);
        self.detached.push(copy);
        Ok(())
    }

    /// Appends text, to the text node before that place if there is one.
    fn append_text(&mut self, parent: NodeId, before: Option<NodeId>, text: &str) {
        let previous = before.map_or(self.last_child(parent), |before| self.previous_sibling(before));
        if let Some(previous) = previous
            && let NodeData::Text(data) = &mut self.node_mut(previous).data
        {
            data.push_str(text);
            self.bytes += text.len();
            return;
        }
        let document = self.document(parent);
        let node = self.add(document, NodeData::Text(text.into()));
        self.link(parent, node, before);
    }
}

fn builder_options(options: &ParseOptions<'_>, quirks_mode: QuirksMode) -> TreeBuilderOpts {
    TreeBuilderOpts { scripting_enabled: options.scripting, quirks_mode, ..TreeBuilderOpts::default() }
}

fn run(builder: TreeBuilder<NodeId, Sink<'_>>, state: State, markup: &str, options: ParseOptions<'_>) -> Result<()> {
    let opts = TokenizerOpts { discard_bom: false, initial_state: Some(state), ..TokenizerOpts::default() };
    let reader = Reader::new(builder, opts);
    let sink = &reader.sink().sink;
    let (mut rest, mut levels) = (markup, 0);
    while !rest.is_empty() {
        let (block, behind) = rest.split_at(boundary(rest, BLOCK));
        let block = StrTendril::from_slice(block);
        rest = behind;
        let mut at = 0;
        while at < block.len() {
            at = reader.read(&block, at, PIECE / (1 + levels / PIECE_LEVELS));
            if let Some(excess) = sink.excess.get() {
                let mut tree = sink.tree.borrow_mut();
                // The last element was put nowhere.
                tree.discard(excess);
                return Err(DomError::TooLarge { limit: tree.limit_bytes() });
            }
            if at >= block.len() && rest.is_empty() {
                break;
            }
            levels = sink.levels();
            if levels > MAX_LEVELS {
                return Err(DomError::TooDeep { limit: MAX_LEVELS });
            }
            if !(options.go_on)() {
                return Err(DomError::Interrupted);
            }
        }
    }
    reader.end();
    sink.finish_parsing()
}

impl Sink<'_> {
    /// Sees to what is known only once all markup is read.
    fn finish_parsing(&self) -> Result<()> {
        let mut tree = self.tree.borrow_mut();
        tree.touch();
        if self.shows_selected.get() {
            // Options that the end of the markup closed.
            let is_option = |tree: &Tree, id: NodeId| tree.element(id).is_some_and(|element| element.is_html("option"));
            let all = tree.descendants(self.root.unwrap_or(self.top));
            let options: Vec<NodeId> = all.filter(|&id| is_option(&tree, id)).collect();
            for option in options {
                tree.clone_into_selected_content(option)?;
            }
        }
        if let (Some(mode), NodeData::Document(document)) = (self.quirks.get(), &mut tree.node_mut(self.top).data) {
            document.quirks = mode;
        }
        Ok(())
    }

    fn place(&self, parent: NodeId, before: Option<NodeId>, child: NodeOrText<NodeId>) {
        if self.excess.get().is_some() {
            return;
        }
        self.last_parent.set(parent);
        let mut tree = self.tree.borrow_mut();
        match child {
            NodeOrText::AppendNode(node) if self.root == Some(node) => {}
            NodeOrText::AppendNode(node) if self.ignores_inputs && is_body_input(&tree, parent, node) => {
                tree.detached.push(node);
            }
            NodeOrText::AppendText(text) => tree.append_text(parent, before, &text),
            NodeOrText::AppendNode(node) => {
                tree.unlink_quietly(node);
                // The contents of a template are another document's.
                if let Some(document) = tree.document(parent)
                    && tree.node(node).document != tree.node(parent).document
                {
                    tree.move_to_document(node, document);
                }
                tree.link(parent, node, before);
            }
        }
    }

    /// How deep the last place is.
    fn levels(&self) -> usize {
        self.tree.borrow().ancestors(self.last_parent.get()).count()
    }

    fn add(&self, data: NodeData) -> NodeId {
        self.tree.borrow_mut().create(self.document, data)
    }
}

/// Whether an element is an `input` of body content: hidden ones right in a table are another rule's.
fn is_body_input(tree: &Tree, parent: NodeId, node: NodeId) -> bool {
    const TABLE: [&str; 5] = ["table", "tbody", "thead", "tfoot", "tr"];
    let is_html = |id: NodeId, name: &str| tree.element(id).is_some_and(|element| element.is_html(name));
    is_html(node, "input") && !TABLE.iter().any(|name| is_html(parent, name))
}

fn convert(attributes: Vec<html5ever::Attribute>) -> Vec<Attribute> {
    attributes.into_iter().map(|attribute| Attribute::new(attribute.name, &*attribute.value)).collect()
}

impl TreeSink for Sink<'_> {
    type Handle = NodeId;
    type Output = ();
    type ElemName<'a>
        = Ref<'a, QualName>
    where
        Self: 'a;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        self.top
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        // What is no element is the fragment.
        Ref::map(self.tree.borrow(), |tree| tree.element(*target).map_or_else(|| &*ROOT, |element| &element.name))
    }

    fn create_element(&self, name: QualName, attrs: Vec<html5ever::Attribute>, flags: ElementFlags) -> NodeId {
        if let Some(excess) = self.excess.get() {
            return excess;
        }
        if let Some(root) = self.root
            && !self.has_root.replace(true)
        {
            return root;
        }
        if name.local == *"selectedcontent" {
            self.shows_selected.set(true);
        }
        let mut tree = self.tree.borrow_mut();
        let element = tree.create_element(self.document, name);
        let attributes = convert(attrs);
        tree.give_attributes(element, attributes);
        if let NodeData::Element(data) = &mut tree.node_mut(element).data {
            data.is_integration_point = flags.mathml_annotation_xml_integration_point;
        }
        if tree.is_full() {
            self.excess.set(Some(element));
        }
        element
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.excess.get().unwrap_or_else(|| self.add(NodeData::Comment((&*text).into())))
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        let data = InstructionData { target: target.to_string(), data: (&*data).into() };
        self.add(NodeData::Instruction(Box::new(data)))
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.place(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, prev_element: &NodeId, child: NodeOrText<NodeId>) {
        if self.tree.borrow().parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(prev_element, child);
        }
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        let data =
            DoctypeData { name: name.to_string(), public_id: public_id.to_string(), system_id: system_id.to_string() };
        let doctype = self.add(NodeData::Doctype(Box::new(data)));
        self.append(&self.top, NodeOrText::AppendNode(doctype));
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.tree.borrow().element(*target).and_then(|element| element.content).unwrap_or(*target)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.quirks.set(Some(mode));
    }

    fn append_before_sibling(&self, sibling: &NodeId, new_node: NodeOrText<NodeId>) {
        let parent = self.tree.borrow().parent(*sibling);
        if let Some(parent) = parent {
            self.place(parent, Some(*sibling), new_node);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<html5ever::Attribute>) {
        let mut tree = self.tree.borrow_mut();
        if !tree.is_element(*target) {
            return;
        }
        for attribute in convert(attrs) {
            if tree.find_attribute_ns(*target, &attribute.name.ns, &attribute.name.local).is_none() {
                tree.set_attribute(*target, attribute.name, &attribute.value);
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.tree.borrow_mut().unlink_quietly(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        if node != new_parent {
            self.tree.borrow_mut().move_children(*node, *new_parent);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &NodeId) -> bool {
        self.tree.borrow().element(*handle).is_some_and(|element| element.is_integration_point)
    }

    fn maybe_clone_an_option_into_selectedcontent(&self, option: &NodeId) {
        if self.excess.get().is_none() && self.tree.borrow_mut().clone_into_selected_content(*option).is_err() {
            self.excess.set(Some(*option));
        }
    }

    fn allow_declarative_shadow_roots(&self, _: &NodeId) -> bool {
        false
    }
}
