//! What XML begins with: its declaration and its document type (XML 1.0, section 2.8).

use crate::names::{is_name_part, is_public_id_character, is_xml_name};
use crate::node::DoctypeData;

type Result<T> = std::result::Result<T, &'static str>;

/// What looks like an attribute, and whether a value is one for it.
type Pseudo = (&'static str, fn(&str) -> bool);

/// What has come of a document, as far as it matters for what may only come before its element.
#[derive(Debug, Default)]
pub struct Prolog {
    has_begun: bool,
    has_doctype: bool,
    /// Whether the document type declares something itself.
    has_subset: bool,
}

impl Prolog {
    /// The document type that the text goes on with, if it does. `is_before`: whether no element has begun.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn doctype<'t>(&mut self, text: &'t str, is_before: bool) -> Result<Option<Doctype<'t>>> {
        if !text.starts_with(DOCTYPE) {
            return Ok(None);
        }
        let doctype = Doctype::read(text)?;
        if !is_before || self.has_doctype {
            return Err("a document type at the wrong place");
        }
        // Else a reader that begins there would take it for the mark of the byte order.
        if doctype.rest.starts_with('\u{FEFF}') {
            return Err("text outside of an element");
        }
        *self = Prolog { has_begun: true, has_doctype: true, has_subset: doctype.has_subset };
        Ok(Some(doctype))
    }

    /// Checks an XML declaration, given what stands between `<?` and `?>`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn declaration(&mut self, text: &str) -> Result<()> {
        if self.has_begun {
            return Err("an XML declaration must come first");
        }
        self.has_begun = true;
        check_declaration(text)
    }

    /// Something else has come.
    pub fn begin(&mut self) {
        self.has_begun = true;
    }

    pub(crate) fn has_subset(&self) -> bool {
        self.has_subset
    }
}

/// Checks what stands between `<?` and `?>` of an XML declaration.
fn check_declaration(text: &str) -> Result<()> {
    let mut cursor = Cursor { rest: text };
    cursor.expect("xml", "an XML declaration without its name")?;
    let mut given = Vec::new();
    loop {
        let is_apart = cursor.space();
        if cursor.rest.is_empty() {
            break;
        }
        let Some(name) = cursor.name().filter(|_| is_apart) else { return Err("an XML declaration is wrong") };
        cursor.space();
        cursor.expect("=", "an XML declaration is wrong")?;
        cursor.space();
        given.push((name, cursor.quoted("an XML declaration without quotes")?));
    }
    // In this order, and only the first one must be there.
    let known: [Pseudo; 3] =
        [("version", is_version), ("encoding", is_encoding), ("standalone", |text| matches!(text, "yes" | "no"))];
    let mut known = known.iter();
    if given.first().is_none_or(|(name, _)| *name != "version") {
        return Err("an XML declaration without a version");
    }
    let fits = given.iter().all(|(name, value)| known.any(|(known, fits)| known == name && fits(value)));
    if fits { Ok(()) } else { Err("an XML declaration says what is not for it") }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix("1.").is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_encoding(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_part)
}

/// A document type that was read.
pub struct Doctype<'t> {
    /// Its names.
    pub data: DoctypeData,
    /// Whether it declares something itself. Of that only the form is checked, and nothing is kept.
    has_subset: bool,
    /// What follows it.
    pub rest: &'t str,
}

impl<'t> Doctype<'t> {
    /// Reads the document type that a text begins with.
    fn read(text: &'t str) -> Result<Doctype<'t>> {
        let mut cursor = Cursor { rest: text };
        cursor.expect(DOCTYPE, "a document type is wrong")?;
        let name = if cursor.space() { cursor.name() } else { None };
        let name = name.ok_or("a document type without a name")?.to_owned();
        let is_apart = cursor.space();
        let no_system = "a document type without a system identifier";
        let (public_id, system_id) = if is_apart && cursor.eat("PUBLIC") {
            let public = cursor.identifier("a document type without a public identifier")?;
            if !public.chars().all(is_public_id_character) {
                return Err("a public identifier has characters that are for none");
            }
            (public, cursor.identifier(no_system)?)
        } else if is_apart && cursor.eat("SYSTEM") {
            ("", cursor.identifier(no_system)?)
        } else {
            ("", "")
        };
        cursor.space();
        let has_subset = cursor.eat("[");
        if has_subset {
            cursor.subset()?;
            cursor.space();
        }
        cursor.expect(">", "a document type says what is not for it, or does not end")?;
        let data = DoctypeData { name, public_id: public_id.to_owned(), system_id: system_id.to_owned() };
        Ok(Doctype { data, has_subset, rest: cursor.rest })
    }
}

const DOCTYPE: &str = "<!DOCTYPE";

/// Reads a text from its front.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => self.rest = rest,
            None => return false,
        }
        true
    }

    fn expect(&mut self, token: &str, missing: &'static str) -> Result<()> {
        if self.eat(token) { Ok(()) } else { Err(missing) }
    }

    /// Skips white space, and tells whether there was some.
    fn space(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let was_there = rest.len() < self.rest.len();
        self.rest = rest;
        was_there
    }

    fn name(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|c| !is_name_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        is_xml_name(name).then_some(name)
    }

    fn quoted(&mut self, missing: &'static str) -> Result<&'t str> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(missing)?;
        let (text, rest) = self.rest[1..].split_once(quote).ok_or("a quote is not closed")?;
        self.rest = rest;
        Ok(text)
    }

    /// An identifier in quotes, after white space.
    fn identifier(&mut self, missing: &'static str) -> Result<&'t str> {
        if self.space() { self.quoted(missing) } else { Err(missing) }
    }

    fn skip_past(&mut self, end: &str, missing: &'static str) -> Result<()> {
        (_, self.rest) = self.rest.split_once(end).ok_or(missing)?;
        Ok(())
    }

    /// Skips the declarations of an internal subset, and the bracket behind them.
    fn subset(&mut self) -> Result<()> {
        loop {
            self.space();
            if self.eat("]") {
                return Ok(());
            }
            if self.eat("%") {
                self.name().ok_or("a parameter entity without a name")?;
                self.expect(";", "a reference does not end")?;
            } else if self.eat("<!--") {
                self.skip_past("--", "a comment does not end")?;
                self.expect(">", "a comment holds --")?;
            } else if self.eat("<?") {
                let target = self.name().filter(|target| !target.eq_ignore_ascii_case("xml"));
                target.ok_or("a processing instruction without a target")?;
                if !self.space() && !self.rest.starts_with("?>") {
                    return Err("the target of a processing instruction is wrong");
                }
                self.skip_past("?>", "a processing instruction does not end")?;
            } else if ["<!ELEMENT", "<!ATTLIST", "<!ENTITY", "<!NOTATION"].iter().any(|keyword| self.eat(keyword)) {
                self.declaration()?;
            } else {
                return Err("a document type holds what is no declaration, or does not end");
            }
        }
    }

    /// Skips a declaration behind its keyword.
    fn declaration(&mut self) -> Result<()> {
        if !self.space() {
            return Err("a declaration is wrong");
        }
        loop {
            let end = self.rest.find(['"', '\'', '<', '>']).ok_or("a declaration does not end")?;
            self.rest = &self.rest[end..];
            if self.eat(">") {
                return Ok(());
            }
            self.quoted("a declaration holds <")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_checked() {
        let check = |text: &str, is_valid: bool| assert_eq!(check_declaration(text).is_ok(), is_valid, "{text}");
        check("xml version=\"1.0\"", true);
        check("xml version = '1.1' encoding='UTF-8'\n standalone='no' ", true);
        check("xml version='1.0' standalone='yes'", true);
        for wrong in [
            "xml",
            "xml ",
            "xml version='2.0'",
            "xml version='1.'",
            "xml version='1.x'",
            "xml version='1.0' foo",
            "xml version='1.0' foo='1'",
            "xml version='1.0' encoding=''",
            "xml version='1.0' encoding='8bit'",
            "xml version='1.0' standalone='maybe'",
            "xml version='1.0' standalone='no' encoding='UTF-8'",
            "xml version='1.0' version='1.0'",
            "xml version='1.0'encoding='UTF-8'",
            "xml encoding='UTF-8'",
            "xml version=1.0",
            "xml version='1.0",
        ] {
            check(wrong, false);
        }
    }

    #[test]
    fn document_types_are_read() {
        let check = |text: &str, expected: [&str; 3], has_subset: bool| {
            let Ok(doctype) = Doctype::read(text) else { panic!("{text} is refused") };
            let DoctypeData { name, public_id, system_id } = &doctype.data;
            assert_eq!([name, public_id, system_id], expected, "{text}");
            assert_eq!((doctype.has_subset, doctype.rest), (has_subset, "<a/>"), "{text}");
        };
        check("<!DOCTYPE a><a/>", ["a", "", ""], false);
        check("<!DOCTYPE\na:b ><a/>", ["a:b", "", ""], false);
        check("<!DOCTYPE a SYSTEM 'q\"q>['><a/>", ["a", "", "q\"q>["], false);
        check("<!DOCTYPE a PUBLIC \"it's\" \"x[y\"><a/>", ["a", "it's", "x[y"], false);
        check("<!DOCTYPE a SYSTEM \"\"[]><a/>", ["a", "", ""], true);
        check("<!DOCTYPE a[<!ENTITY x \"]>\">]><a/>", ["a", "", ""], true);
        check("<!DOCTYPE a [ <!-- ]> --> <?p ]> ?> %q; <!ELEMENT a ANY> ] ><a/>", ["a", "", ""], true);
        for wrong in [
            "<!DOCTYPE>",
            "<!DOCTYPE >",
            "<!DOCTYPEa>",
            "<!DOCTYPE 1$>",
            "<!DOCTYPE a junk>",
            "<!DOCTYPE a",
            "<!DOCTYPE a SYSTEM>",
            "<!DOCTYPE a SYSTEM x>",
            "<!DOCTYPE a SYSTEM\"x\">",
            "<!DOCTYPE a SYSTEM \"x>",
            "<!DOCTYPE a SYSTEM \"x\" junk>",
            "<!DOCTYPE a system \"x\">",
            "<!DOCTYPE a PUBLIC \"x\">",
            "<!DOCTYPE a PUBLIC \"x\"\"y\">",
            "<!DOCTYPE a PUBLIC \"{\" \"y\">",
            "<!DOCTYPE a []",
            "<!DOCTYPE a [ junk ]>",
            "<!DOCTYPE a [<a/>]>",
            "<!DOCTYPE a [<!-- -- -->]>",
            "<!DOCTYPE a [<!ELEMENT a <>]>",
            "<!DOCTYPE a [<!ENTITY x \"y>]>",
            "<!DOCTYPE a [<!NOTHING x>]>",
            "<!DOCTYPE a [<?xml version='1.0'?>]>",
            "<!DOCTYPE a [%;]>",
        ] {
            assert!(Doctype::read(wrong).is_err(), "{wrong}");
        }
    }
}
