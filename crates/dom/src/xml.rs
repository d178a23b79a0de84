//! XML: parsing well-formed documents, and [serialising](https://w3c.github.io/DOM-Parsing/#xml-serialization) with the
//! namespace declarations that are needed.

use crate::error::{DomError, Result};
use crate::names::{NameKind, is_xml_character, is_xml_name, validate_and_extract};
use crate::node::{Attribute, DoctypeData, InstructionData, NodeData};
use crate::parse::MAX_LEVELS;
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, Namespace, QualName, ns};
use quick_xml::Reader;
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeMap, HashMap, HashSet};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Bytes of markup between two questions whether to go on.
const PIECE: u64 = 16 << 10;
/// Attributes of one tag between two of them.
const MANY_ATTRIBUTES: usize = 256;

// ── Parsing ──

impl Tree {
    /// Parses an XML document into an empty one. `go_on` is asked now and then; false stops the parser.
    ///
    /// # Errors
    /// [`DomError::Syntax`] says where it is not well-formed; [`DomError::TooLarge`], [`DomError::TooDeep`],
    /// [`DomError::Interrupted`].
    pub fn parse_xml(&mut self, document: NodeId, markup: &str, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let mut builder = Builder::new(self, document, document, go_on);
        builder.run(markup)?;
        if builder.tree.document_element(document).is_none() {
            return Err(DomError::Syntax("an XML document needs an element".to_owned()));
        }
        Ok(())
    }

    /// Parses XML as the contents of an element: its namespaces are in scope.
    ///
    /// # Errors
    /// As [`Tree::parse_xml`].
    pub fn parse_xml_fragment(
        &mut self,
        document: NodeId,
        context: NodeId,
        markup: &str,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<NodeId> {
        let fragment = self.create(document, NodeData::Fragment { host: None });
        let mut around: Vec<NodeId> = std::iter::successors(Some(context), |&id| self.parent_element(id)).collect();
        let mut scopes = Scopes::default();
        while let Some(id) = around.pop() {
            scopes.enter(self.declared(id));
        }
        let mut builder = Builder::new(self, document, fragment, go_on);
        builder.scopes = scopes;
        let parsed = builder.run(markup);
        if let Err(error) = parsed {
            self.discard(fragment);
            return Err(error);
        }
        Ok(fragment)
    }

    /// What an element declares, by prefix; its own namespace too.
    fn declared(&self, id: NodeId) -> Vec<(String, Namespace)> {
        let Some(element) = self.element(id) else { return Vec::new() };
        let own = element.name.prefix.as_deref().unwrap_or_default();
        let mut scope = vec![(own.to_owned(), element.name.ns.clone())];
        for attribute in element.attributes.iter().filter(|attribute| attribute.name.ns == ns!(xmlns)) {
            let prefix = if attribute.name.prefix.is_some() { &*attribute.name.local } else { "" };
            scope.push((prefix.to_owned(), Namespace::from(&*attribute.value)));
        }
        scope
    }
}

/// The namespaces of the elements that are open, by prefix.
#[derive(Default)]
struct Scopes {
    /// Those that a prefix has had, the one that it has last.
    namespaces: HashMap<String, Vec<Namespace>>,
    /// What each open element declares, innermost last.
    declared: Vec<Vec<String>>,
}

impl Scopes {
    fn enter(&mut self, declarations: Vec<(String, Namespace)>) {
        let mut prefixes = Vec::with_capacity(declarations.len());
        for (prefix, namespace) in declarations {
            match self.namespaces.get_mut(&prefix) {
                Some(known) => known.push(namespace),
                None => drop(self.namespaces.insert(prefix.clone(), vec![namespace])),
            }
            prefixes.push(prefix);
        }
        self.declared.push(prefixes);
    }

    fn leave(&mut self) {
        for prefix in self.declared.pop().unwrap_or_default() {
            if let Some(known) = self.namespaces.get_mut(&prefix) {
                known.pop();
                if known.is_empty() {
                    self.namespaces.remove(&prefix);
                }
            }
        }
    }

    fn get(&self, prefix: &str) -> Option<&Namespace> {
        self.namespaces.get(prefix)?.last()
    }
}

struct Builder<'t> {
    tree: &'t mut Tree,
    document: NodeId,
    top: NodeId,
    open: Vec<NodeId>,
    scopes: Scopes,
    go_on: &'t mut dyn FnMut() -> bool,
    /// Whether the document type declares something itself.
    has_subset: bool,
}

fn malformed(what: impl std::fmt::Display) -> DomError {
    DomError::Syntax(format!("the XML is not well-formed: {what}"))
}

/// What XML does not call a character must not be there, nor be referred to.
fn check_characters(text: &str) -> Result<()> {
    match text.chars().find(|&c| !is_xml_character(c)) {
        Some(c) => Err(malformed(format!("U+{:04X} is no character of XML", u32::from(c)))),
        None => Ok(()),
    }
}

impl<'t> Builder<'t> {
    fn new(tree: &'t mut Tree, document: NodeId, top: NodeId, go_on: &'t mut dyn FnMut() -> bool) -> Builder<'t> {
        Builder { tree, document, top, open: Vec::new(), scopes: Scopes::default(), go_on, has_subset: false }
    }

    fn run(&mut self, markup: &str) -> Result<()> {
        let markup = markup.replace("\r\n", "\n").replace('\r', "\n");
        let markup = markup.trim_start_matches('\u{FEFF}');
        check_characters(markup)?;
        let mut reader = Reader::from_str(markup);
        reader.config_mut().check_comments = true;
        let mut is_first = true;
        let mut asked_at = 0;
        loop {
            let at = reader.buffer_position();
            if at - asked_at >= PIECE {
                asked_at = at;
                self.ask()?;
            }
            let event = reader.read_event().map_err(|error| malformed(format!("{error} (at byte {at})")))?;
            match event {
                Event::Eof => break,
                Event::Decl(_) if is_first && self.top == self.document => {}
                Event::Decl(_) => return Err(malformed("an XML declaration must come first")),
                event => self.take(event)?,
            }
            is_first = false;
            self.check_room(0)?;
        }
        if self.open.is_empty() { Ok(()) } else { Err(malformed("an element is not closed")) }
    }

    fn ask(&mut self) -> Result<()> {
        if (self.go_on)() { Ok(()) } else { Err(DomError::Interrupted) }
    }

    /// Whether there is room for what was made, and so many bytes more.
    fn check_room(&self, more: usize) -> Result<()> {
        if self.tree.has_room(more) { Ok(()) } else { Err(DomError::TooLarge { limit: self.tree.limit_bytes() }) }
    }

    fn take(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Start(start) => {
                if self.open.len() >= MAX_LEVELS {
                    return Err(DomError::TooDeep { limit: MAX_LEVELS });
                }
                let element = self.element(&start)?;
                self.open.push(element);
            }
            Event::Empty(start) => {
                self.element(&start)?;
                self.scopes.leave();
            }
            Event::End(_) => {
                self.open.pop();
                self.scopes.leave();
            }
            Event::Text(text) => {
                let text = text.decode().map_err(malformed)?;
                if text.contains("]]>") {
                    return Err(malformed("text holds ]]>"));
                }
                self.text(&text)?;
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(malformed)?;
                let text = match reference.resolve_char_ref().map_err(malformed)? {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&name)
                        .ok_or_else(|| self.unknown_entity(&name))?
                        .to_owned(),
                };
                check_characters(&text)?;
                self.text(&text)?;
            }
            Event::CData(data) => {
                if self.open.is_empty() && self.top == self.document {
                    return Err(malformed("a CDATA section outside of an element"));
                }
                let data = data.decode().map_err(malformed)?.into_owned();
                self.append(NodeData::CData(data.into()));
            }
            Event::Comment(comment) => {
                let data = comment.decode().map_err(malformed)?.into_owned();
                self.append(NodeData::Comment(data.into()));
            }
            Event::PI(pi) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let (target, data) = (text(pi.target()), text(pi.content()));
                if !is_xml_name(&target) || target.eq_ignore_ascii_case("xml") {
                    return Err(malformed(format!("{target:?} is no target of a processing instruction")));
                }
                let data = data.trim_start().into();
                self.append(NodeData::Instruction(Box::new(InstructionData { target, data })));
            }
            Event::DocType(text) => {
                let text = text.decode().map_err(malformed)?;
                let has_element = self.tree.document_element(self.document).is_some();
                if self.top != self.document || !self.open.is_empty() || has_element {
                    return Err(malformed("a document type at the wrong place"));
                }
                self.has_subset = text.contains('[');
                let doctype = doctype(&text).ok_or_else(|| malformed("a document type without a system identifier"))?;
                self.append(NodeData::Doctype(Box::new(doctype)));
            }
            Event::Decl(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn parent(&self) -> NodeId {
        self.open.last().copied().unwrap_or(self.top)
    }

    fn append(&mut self, data: NodeData) -> NodeId {
        let node = self.tree.create(self.document, data);
        self.tree.link(self.parent(), node, None);
        node
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let parent = self.parent();
        if parent == self.document {
            let is_space = text.bytes().all(|byte| byte.is_ascii_whitespace());
            return if is_space { Ok(()) } else { Err(malformed("text outside of an element")) };
        }
        if let Some(last) = self.tree.last_child(parent)
            && let NodeData::Text(data) = &mut self.tree.node_mut(last).data
        {
            data.push_str(text);
            self.tree.bytes += text.len();
            return Ok(());
        }
        self.append(NodeData::Text(text.into()));
        Ok(())
    }

    fn unknown_entity(&self, name: &str) -> DomError {
        let why = if self.has_subset { "; those that a document type declares are not supported" } else { "" };
        malformed(format!("the entity {name:?} is not known{why}"))
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<NodeId> {
        if self.open.is_empty() && self.top == self.document && self.tree.document_element(self.document).is_some() {
            return Err(malformed("a second element at top level"));
        }
        let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
        check_spaces(start.attributes_raw())?;
        let mut given = Vec::new();
        let mut scope = Vec::new();
        let mut bytes = 0;
        // Repeated names are found below, with their namespaces.
        for attribute in start.attributes().with_checks(false) {
            if given.len() % MANY_ATTRIBUTES == MANY_ATTRIBUTES - 1 {
                self.ask()?;
                self.check_room(bytes)?;
            }
            let attribute = attribute.map_err(malformed)?;
            let key = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
            let value = self.attribute_value(&key, &attribute.value)?;
            if let Some(prefix) = declared_prefix(&key) {
                scope.push((prefix.to_owned(), declaration(prefix, &value)?));
            }
            bytes += size_of::<Attribute>() + key.len() + value.len();
            given.push((key, value));
        }
        self.scopes.enter(scope);
        let namespace = self.namespace_of(&name, NameKind::Element)?;
        let name = checked(&namespace, &name, NameKind::Element)?;
        let attributes = self.attributes(given)?;
        let element = self.tree.create_element(self.document, name);
        self.tree.give_attributes(element, attributes);
        self.tree.link(self.parent(), element, None);
        Ok(element)
    }

    /// The value of an attribute, with white space and references read as XML reads them.
    fn attribute_value(&self, key: &str, raw: &[u8]) -> Result<String> {
        let raw = String::from_utf8_lossy(raw);
        if raw.contains('<') {
            return Err(malformed(format!("the attribute {key} holds <")));
        }
        let spaced = raw.replace(['\n', '\t'], " ");
        let value = unescape(&spaced).map_err(|error| match error {
            EscapeError::UnrecognizedEntity(_, name) => self.unknown_entity(&name),
            error => malformed(error),
        })?;
        check_characters(&value)?;
        Ok(value.into_owned())
    }

    fn attributes(&mut self, given: Vec<(String, String)>) -> Result<Vec<Attribute>> {
        let mut attributes = Vec::with_capacity(given.len());
        let mut known: HashSet<(Namespace, LocalName)> = HashSet::with_capacity(given.len());
        for (key, value) in given {
            if attributes.len() % MANY_ATTRIBUTES == MANY_ATTRIBUTES - 1 {
                self.ask()?;
            }
            let namespace = if declared_prefix(&key).is_some() {
                ns!(xmlns)
            } else {
                self.namespace_of(&key, NameKind::Attribute)?
            };
            let name = checked(&namespace, &key, NameKind::Attribute)?;
            if !known.insert((name.ns.clone(), name.local.clone())) {
                return Err(malformed(format!("the attribute {key} is there twice")));
            }
            attributes.push(Attribute::new(name, value));
        }
        Ok(attributes)
    }

    fn namespace_of(&self, name: &str, kind: NameKind) -> Result<Namespace> {
        let prefix = match name.split_once(':') {
            Some((prefix, _)) => prefix,
            None if kind == NameKind::Element => "",
            None => return Ok(ns!()),
        };
        if prefix == "xml" {
            return Ok(ns!(xml));
        }
        match self.scopes.get(prefix) {
            Some(namespace) => Ok(namespace.clone()),
            None if prefix.is_empty() => Ok(ns!()),
            None => Err(malformed(format!("the prefix {prefix} is not declared"))),
        }
    }
}

/// The prefix that an attribute declares a namespace for; empty for the default one.
fn declared_prefix(key: &str) -> Option<&str> {
    match key.strip_prefix("xmlns")? {
        "" => Some(""),
        rest => rest.strip_prefix(':'),
    }
}

/// The namespace that is declared for a prefix (Namespaces in XML 1.0, section 3).
fn declaration(prefix: &str, namespace: &str) -> Result<Namespace> {
    let refuse = |why: &str| Err(malformed(format!("the namespace of the prefix {prefix:?} {why}")));
    match (prefix, namespace) {
        ("xmlns", _) => Err(malformed("the prefix xmlns is declared")),
        ("xml", XML) | ("", "") => Ok(Namespace::from(namespace)),
        ("xml", _) => refuse("is another than that of XML"),
        (_, XML) => refuse("is that of XML"),
        (_, XMLNS) => refuse("is that of declarations"),
        (_, "") => refuse("is empty"),
        _ => Ok(Namespace::from(namespace)),
    }
}

/// Checks that there is white space before each attribute of a tag.
fn check_spaces(raw: &[u8]) -> Result<()> {
    let mut quote = None;
    let mut bytes = raw.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match quote {
            Some(open) if open == byte => {
                quote = None;
                if bytes.peek().is_some_and(|next| !next.is_ascii_whitespace()) {
                    return Err(malformed("there is no white space between two attributes"));
                }
            }
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            _ => {}
        }
    }
    Ok(())
}

fn checked(namespace: &str, name: &str, kind: NameKind) -> Result<QualName> {
    if !is_xml_name(name) || name.split(':').any(str::is_empty) || name.split(':').count() > 2 {
        return Err(malformed(format!("{name:?} is no name")));
    }
    validate_and_extract(namespace, name, kind).map_err(malformed)
}

/// Name and identifiers of a document type, `None` if one is missing; an internal subset is skipped.
fn doctype(text: &str) -> Option<DoctypeData> {
    let text = text.trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim_start();
    let mut quoted = rest.split_once('[').map_or(rest, |(rest, _)| rest).split(['"', '\'']).skip(1).step_by(2);
    let mut next = || quoted.next().map(str::to_owned);
    let (public_id, system_id) = match rest.get(..6) {
        Some("PUBLIC") => (next()?, next()?),
        Some("SYSTEM") => (String::new(), next()?),
        _ => Default::default(),
    };
    Some(DoctypeData { name: name.trim_end_matches('[').to_owned(), public_id, system_id })
}

// ── Serialising ──

const VOID: [&str; 18] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];

/// Prefixes of the elements that are open, and the default namespace.
#[derive(Default)]
struct Scope {
    /// The namespaces that a prefix has had, each with the number of its declaration; the one that it has last.
    prefixes: HashMap<String, Vec<(u32, Namespace)>>,
    /// The prefixes that a namespace has, by the numbers of their declarations.
    current: HashMap<Namespace, BTreeMap<u32, String>>,
    /// What was declared, in order.
    declared: Vec<String>,
    /// For each open element: declarations before it, the default namespace around it.
    marks: Vec<(usize, Namespace)>,
    default: Namespace,
    generated: u32,
}

impl Tree {
    /// The node with all below it, as XML.
    pub fn outer_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_xml(id, true, &mut out);
        out
    }

    /// What is below the node, as XML.
    pub fn inner_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_xml(id, false, &mut out);
        out
    }

    fn write_xml(&self, root: NodeId, with_root: bool, out: &mut String) {
        let mut scope = Scope::default();
        // Each entry: the next node to write, and the end tag behind the last one.
        let mut open: Vec<(Option<NodeId>, Option<String>)> = Vec::new();
        if with_root {
            self.open_xml(root, &mut scope, out, &mut open);
        } else {
            open.push((self.first_of_contents(root), None));
        }
        while let Some((next, close)) = open.pop() {
            match next {
                Some(id) => {
                    open.push((self.next_sibling(id), close));
                    self.open_xml(id, &mut scope, out, &mut open);
                }
                None => {
                    if let Some(name) = close {
                        out.extend(["</", &name, ">"]);
                        scope.leave();
                    }
                }
            }
        }
    }

    fn first_of_contents(&self, id: NodeId) -> Option<NodeId> {
        let content = self.element(id).and_then(|element| element.content);
        content.map_or_else(|| self.first_child(id), |content| self.first_child(content))
    }

    fn open_xml(
        &self,
        id: NodeId,
        scope: &mut Scope,
        out: &mut String,
        open: &mut Vec<(Option<NodeId>, Option<String>)>,
    ) {
        match &self.node(id).data {
            NodeData::Element(element) => {
                let name = scope.enter(&element.name, &element.attributes, out);
                let first = self.first_of_contents(id);
                let is_html = element.name.ns == ns!(html);
                match first {
                    None if is_html && VOID.contains(&&*element.name.local) => {
                        out.push_str(" />");
                        scope.leave();
                    }
                    None if !is_html => {
                        out.push_str("/>");
                        scope.leave();
                    }
                    first => {
                        out.push('>');
                        open.push((first, Some(name)));
                    }
                }
            }
            NodeData::Text(text) => escape(text, false, out),
            NodeData::CData(text) => out.extend(["<![CDATA[", text, "]]>"]),
            NodeData::Comment(text) => out.extend(["<!--", text, "-->"]),
            NodeData::Instruction(pi) => out.extend(["<?", &pi.target, " ", &pi.data, "?>"]),
            NodeData::Doctype(doctype) => {
                out.extend(["<!DOCTYPE ", &doctype.name]);
                match (doctype.public_id.as_str(), doctype.system_id.as_str()) {
                    ("", "") => {}
                    ("", system) => out.extend([" SYSTEM \"", system, "\""]),
                    (public, "") => out.extend([" PUBLIC \"", public, "\""]),
                    (public, system) => out.extend([" PUBLIC \"", public, "\" \"", system, "\""]),
                }
                out.push('>');
            }
            NodeData::Document(_) | NodeData::Fragment { .. } => open.push((self.first_child(id), None)),
            NodeData::Attribute(_) | NodeData::Free(_) => {}
        }
    }
}

impl Scope {
    fn declare(&mut self, prefix: &str, namespace: &Namespace) {
        let number = self.declared.len() as u32;
        let known = self.prefixes.entry(prefix.to_owned()).or_default();
        if let Some((old, hidden)) = known.last()
            && let Some(prefixes) = self.current.get_mut(hidden)
        {
            prefixes.remove(old);
        }
        known.push((number, namespace.clone()));
        self.current.entry(namespace.clone()).or_default().insert(number, prefix.to_owned());
        self.declared.push(prefix.to_owned());
    }

    /// Takes the last declaration back.
    fn forget(&mut self) {
        let Some(prefix) = self.declared.pop() else { return };
        let Some(known) = self.prefixes.get_mut(&prefix) else { return };
        if let Some((number, namespace)) = known.pop()
            && let Some(prefixes) = self.current.get_mut(&namespace)
        {
            prefixes.remove(&number);
            if prefixes.is_empty() {
                self.current.remove(&namespace);
            }
        }
        match known.last() {
            Some((number, namespace)) => {
                drop(self.current.entry(namespace.clone()).or_default().insert(*number, prefix));
            }
            None => drop(self.prefixes.remove(&prefix)),
        }
    }

    fn leave(&mut self) {
        if let Some((count, default)) = self.marks.pop() {
            while self.declared.len() > count {
                self.forget();
            }
            self.default = default;
        }
    }

    fn find(&self, namespace: &Namespace, preferred: Option<&str>) -> Option<String> {
        let has = |prefix: &&str| self.prefixes.get(*prefix)?.last().filter(|(_, known)| known == namespace);
        if let Some(preferred) = preferred.filter(|prefix| has(prefix).is_some()) {
            return Some(preferred.to_owned());
        }
        self.current.get(namespace)?.last_key_value().map(|(_, prefix)| prefix.clone())
    }

    fn generate(&mut self, namespace: &Namespace) -> String {
        self.generated += 1;
        let prefix = format!("ns{}", self.generated);
        self.declare(&prefix, namespace);
        prefix
    }

    /// Writes a start tag without its end; gives the name with its prefix.
    fn enter(&mut self, name: &QualName, attributes: &[Attribute], out: &mut String) -> String {
        self.marks.push((self.declared.len(), self.default.clone()));
        let inherited = self.default.clone();
        let mut local_default = None;
        let mut local_prefixes = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.name.ns == ns!(xmlns)) {
            let namespace = Namespace::from(&*attribute.value);
            if attribute.name.prefix.is_none() {
                local_default = Some(namespace);
            } else if namespace != ns!(xml) {
                local_prefixes.push(attribute.name.local.to_string());
                self.declare(&attribute.name.local, &namespace);
            }
        }
        let mut declaration = None;
        let mut skips_default = false;
        let full = if name.ns == inherited {
            skips_default = local_default.is_some();
            if name.ns == ns!(xml) { format!("xml:{}", name.local) } else { name.local.to_string() }
        } else {
            let preferred = name.prefix.as_deref();
            let found = if name.ns == ns!(xml) { Some("xml".to_owned()) } else { self.find(&name.ns, preferred) };
            match (found, preferred) {
                (Some(prefix), _) => {
                    if let Some(namespace) = &local_default
                        && *namespace != ns!(xml)
                    {
                        self.default = namespace.clone();
                    }
                    format!("{prefix}:{}", name.local)
                }
                (None, Some(prefix)) if !name.ns.is_empty() => {
                    let prefix = if local_prefixes.iter().any(|known| known == prefix) {
                        self.generate(&name.ns)
                    } else {
                        self.declare(prefix, &name.ns);
                        prefix.to_owned()
                    };
                    declaration = Some((format!("xmlns:{prefix}"), name.ns.clone()));
                    if let Some(namespace) = &local_default {
                        self.default = namespace.clone();
                    }
                    format!("{prefix}:{}", name.local)
                }
                _ => {
                    self.default = name.ns.clone();
                    if local_default.as_ref() != Some(&name.ns) {
                        skips_default = true;
                        declaration = Some(("xmlns".to_owned(), name.ns.clone()));
                    }
                    name.local.to_string()
                }
            }
        };
        out.extend(["<", &full]);
        if let Some((key, namespace)) = declaration {
            push_attribute(&key, &namespace, out);
        }
        for attribute in attributes {
            let is_default = attribute.name.ns == ns!(xmlns) && attribute.name.prefix.is_none();
            if !(is_default && skips_default) {
                self.attribute(attribute, out);
            }
        }
        full
    }

    fn attribute(&mut self, attribute: &Attribute, out: &mut String) {
        let QualName { prefix, ns, local } = &attribute.name;
        let key = if ns.is_empty() {
            local.to_string()
        } else if *ns == ns!(xml) {
            format!("xml:{local}")
        } else if *ns == ns!(xmlns) {
            if prefix.is_some() { format!("xmlns:{local}") } else { local.to_string() }
        } else {
            let prefix = match self.find(ns, prefix.as_deref()) {
                Some(prefix) => prefix,
                None => {
                    let free = prefix.as_deref().filter(|&prefix| !self.prefixes.contains_key(prefix));
                    let prefix = match free {
                        Some(prefix) => {
                            self.declare(prefix, ns);
                            prefix.to_owned()
                        }
                        None => self.generate(ns),
                    };
                    push_attribute(&format!("xmlns:{prefix}"), ns, out);
                    prefix
                }
            };
            format!("{prefix}:{local}")
        };
        push_attribute(&key, &attribute.value, out);
    }
}

fn push_attribute(key: &str, value: &str, out: &mut String) {
    out.extend([" ", key, "=\""]);
    escape(value, true, out);
    out.push('"');
}

fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\t' if is_attribute => out.push_str("&#9;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\r' if is_attribute => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
