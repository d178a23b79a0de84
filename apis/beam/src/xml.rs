//! `Beam.XML.parse`: an XML document as objects.
//!
//! An element becomes an object of its attributes (`@name`), its children by their names (an array where a name repeats) and
//! its text (`#text`); one without attributes and children becomes its text. Text between children that is
//! nothing but white space is dropped. Names are kept as they are written, prefixes included.
//!
//! What must never happen: an external entity read, or an entity of the document's own expanded; recursion.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use quickbeam_api_webidl::need;
use quickbeam_dom::{Prolog, is_xml_name};
use quickbeam_engine::{Args, Attributes, Ctx, Result, Thrown, Value};

/// Levels of elements.
const MAX_DEPTH: usize = 1_000;
/// Events between two interrupt polls.
const EVENTS_PER_POLL: u32 = 1_000;

/// An element that is open.
struct Element<'a> {
    name: String,
    object: Value<'a>,
    text: String,
    /// It has attributes or children.
    is_object: bool,
}

struct Parser<'a, 's> {
    ctx: Ctx<'a>,
    text: &'s str,
    reader: Reader<&'s [u8]>,
    /// Where what it reads begins.
    start: usize,
    prolog: Prolog,
    open: Vec<Element<'a>>,
    /// What stands for the document.
    document: Element<'a>,
}

/// `parse(text)`.
pub(crate) fn parse<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "Beam.XML.parse")?;
    let text = args.get(0).to_text()?;
    let text = text.trim_start_matches('\u{feff}');
    let (reader, prolog) = (reader_of(text), Prolog::default());
    let document = Element { name: String::new(), object: ctx.object()?, text: String::new(), is_object: false };
    Parser { ctx, text, reader, start: 0, prolog, open: Vec::new(), document }.document()
}

fn reader_of(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    reader
}

impl<'a> Parser<'a, '_> {
    fn document(mut self) -> Result<Value<'a>> {
        let mut until_poll = EVENTS_PER_POLL;
        loop {
            until_poll -= 1;
            if until_poll == 0 {
                until_poll = EVENTS_PER_POLL;
                self.ctx.poll(EVENTS_PER_POLL)?;
            }
            if self.doctype()? {
                continue;
            }
            let event = self.reader.read_event().map_err(|error| self.wrong(&error.to_string()))?;
            if let Event::Decl(declaration) = &event {
                self.prolog.declaration(declaration).map_err(|error| self.wrong(error))?;
            }
            self.prolog.begin();
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => {
                    self.text(&text.xml_content(XmlVersion::Implicit1_0))?;
                }
                Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => {
                    return Err(self.wrong("there is a CDATA section or a reference outside of the root element"));
                }
                Event::CData(data) => {
                    self.text(&data.xml_content(XmlVersion::Implicit1_0))?;
                }
                Event::GeneralRef(reference) => {
                    let text = self.resolve(&reference)?;
                    self.text(&text)?;
                }
                Event::PI(pi) if !is_xml_name(pi.target()) || pi.target().eq_ignore_ascii_case("xml") => {
                    return Err(self.wrong("the target of a processing instruction is wrong"));
                }
                // One in capitals does not come here.
                Event::DocType(_) => return Err(self.wrong("a document type does not begin with <!DOCTYPE")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        match self.open.last() {
            Some(element) => Err(self.wrong(&format!("the element <{}> is not closed", element.name))),
            None if !self.document.is_object => Err(self.wrong("there is no element")),
            None => Ok(self.document.object),
        }
    }

    /// Reads the document type that comes next, if one does: what is none, the reader would take for one.
    fn doctype(&mut self) -> Result<bool> {
        let at = self.start + usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let is_before = self.open.is_empty() && !self.document.is_object;
        let doctype = self.prolog.doctype(self.text.get(at..).unwrap_or_default(), is_before);
        let Some(doctype) = doctype.map_err(|error| self.wrong(error))? else { return Ok(false) };
        self.start = self.text.len() - doctype.rest.len();
        self.reader = reader_of(doctype.rest);
        Ok(true)
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.wrong(&format!("elements are nested deeper than {MAX_DEPTH} levels")));
        }
        if self.open.is_empty() && self.document.is_object {
            return Err(self.wrong("there is more than one root element"));
        }
        let name = start.name().as_ref().to_owned();
        let mut element = Element { name, object: self.ctx.object()?, text: String::new(), is_object: false };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.wrong(&error.to_string()))?;
            let name = attribute.key.as_ref().to_owned();
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.wrong(&error.to_string()))?;
            element.object.define(&format!("@{name}"), self.ctx.string(&value)?, Attributes::ALL)?;
            element.is_object = true;
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let Some(element) = self.open.pop() else { return Err(self.wrong("an element ends that was not open")) };
        let Element { name, object, text, is_object } = element;
        let value = if is_object {
            if !text.trim().is_empty() {
                object.define("#text", self.ctx.string(&text)?, Attributes::ALL)?;
            }
            object
        } else {
            self.ctx.string(&text)?
        };
        let parent = self.open.last_mut().unwrap_or(&mut self.document);
        parent.is_object = true;
        append(self.ctx, &parent.object, &name, value)
    }

    fn text(&mut self, text: &str) -> Result<()> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_matches([' ', '\t', '\n', '\r']).is_empty() => {}
            None => return Err(self.wrong("there is text outside of the root element")),
        }
        Ok(())
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<String> {
        if let Some(char) = reference.resolve_char_ref().map_err(|error| self.wrong(&error.to_string()))? {
            return Ok(char.to_string());
        }
        let name: &str = reference;
        match resolve_predefined_entity(name) {
            Some(text) => Ok(text.to_owned()),
            None => {
                Err(self.wrong(&format!("the entity &{name}; is not one of XML's own, and others are not expanded")))
            }
        }
    }

    fn wrong(&self, problem: &str) -> Thrown {
        let at = self.start as u64 + self.reader.error_position().max(self.reader.buffer_position());
        self.ctx.throw_error("SyntaxError", &format!("Beam.XML.parse: {problem}, at byte {at}"))
    }
}

/// Adds a child; one whose name is there already makes an array of them.
fn append<'a>(ctx: Ctx<'a>, parent: &Value<'a>, name: &str, child: Value<'a>) -> Result<()> {
    match parent.own_value(&ctx.key(name)?)? {
        None => parent.define(name, child, Attributes::ALL),
        Some(list) if list.is_array() => {
            let length = u32::try_from(list.length()?).unwrap_or(u32::MAX);
            list.set_index(length, child)
        }
        Some(first) => parent.define(name, ctx.array(vec![first, child])?, Attributes::ALL),
    }
}
