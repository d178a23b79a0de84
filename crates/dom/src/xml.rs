//! Parsing XML that is well-formed.

use crate::error::{DomError, Result};
use crate::names::{NameKind, is_xml_character, is_xml_name, validate_and_extract};
use crate::node::{Attribute, InstructionData, NodeData};
use crate::parse::MAX_LEVELS;
use crate::tree::{NodeId, Tree};
use crate::xml_prolog::Prolog;
use html5ever::{LocalName, Namespace, QualName, ns};
use quick_xml::Reader;
use quick_xml::escape::{EscapeError, unescape};
use quick_xml::events::{BytesStart, Event};
use std::collections::{HashMap, HashSet};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Bytes of markup between two questions whether to go on.
const PIECE: usize = 16 << 10;
/// Attributes of one tag between two of them.
const MANY_ATTRIBUTES: usize = 256;

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
    prolog: Prolog,
}

fn malformed(what: impl std::fmt::Display) -> DomError {
    DomError::Syntax(format!("the XML is not well-formed: {what}"))
}

fn outside() -> DomError {
    malformed("text outside of an element")
}

fn reader_of(markup: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(markup);
    reader.config_mut().check_comments = true;
    reader
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
        Builder { tree, document, top, open: Vec::new(), scopes: Scopes::default(), go_on, prolog: Prolog::default() }
    }

    fn run(&mut self, markup: &str) -> Result<()> {
        let markup = markup.replace("\r\n", "\n").replace('\r', "\n");
        let markup = markup.trim_start_matches('\u{FEFF}');
        check_characters(markup)?;
        if self.top != self.document {
            self.prolog.begin();
        }
        let mut reader = reader_of(markup);
        // Where what it reads begins.
        let mut start = 0;
        let mut asked_at = 0;
        loop {
            let at = start + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            if at - asked_at >= PIECE {
                asked_at = at;
                self.ask()?;
            }
            let wrong = |error: &dyn std::fmt::Display| malformed(format!("{error} (at byte {at})"));
            // The reader takes for a document type what is none.
            let text = markup.get(at..).unwrap_or_default();
            if let Some(doctype) = self.prolog.doctype(text, self.is_before_element()).map_err(|error| wrong(&error))? {
                start = markup.len() - doctype.rest.len();
                reader = reader_of(doctype.rest);
                self.append(NodeData::Doctype(Box::new(doctype.data)));
                continue;
            }
            let event = reader.read_event().map_err(|error| wrong(&error))?;
            match event {
                Event::Eof => break,
                Event::Decl(declaration) => {
                    let text = String::from_utf8_lossy(&declaration);
                    self.prolog.declaration(&text).map_err(|error| wrong(&error))?;
                }
                event => {
                    self.prolog.begin();
                    self.take(event)?;
                }
            }
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
            Event::GeneralRef(_) if self.parent() == self.document => {
                return Err(malformed("a reference outside of an element"));
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
            // One in capitals does not come here.
            Event::DocType(_) => return Err(malformed("a document type that does not begin with <!DOCTYPE")),
            Event::Decl(_) | Event::Eof => {}
        }
        Ok(())
    }

    /// Whether no element has begun; in a fragment, there is one around it.
    fn is_before_element(&self) -> bool {
        self.top == self.document && self.tree.document_element(self.document).is_none()
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
            return if is_space { Ok(()) } else { Err(outside()) };
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
        let why = if self.prolog.has_subset() { "; those that a document type declares are not supported" } else { "" };
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
