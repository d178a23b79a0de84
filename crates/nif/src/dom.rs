//! Reading a realm's document: from nodes straight to terms, as `{tag, attributes, children}`. No JavaScript runs.

use crate::atoms;
use crate::encode::binary;
use crate::error::js_error;
use crate::host::BeamHost;
use quickbeam_api_dom::{
    Answer, Attribute, DomError, ElementData, LocalName, NodeId, QualName, Query, Seen, Tree, qualified, query,
};
use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
use quickbeam_executor::{Input, take_report};
use rustler::types::atom;
use rustler::{Encoder, Env, Term};
use std::rc::Rc;

/// A question on its way to a realm. Its value is an object that only the reply understands, which answers it.
pub(crate) struct Question(pub(crate) Query);

impl Input for Question {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        ctx.host_object(Rc::new(*self), None)
    }
}

/// The reply to a question.
pub(crate) fn answer<'e>(env: Env<'e>, host: &BeamHost, ctx: Ctx<'_>, question: &Question) -> Term<'e> {
    let found = query(ctx, &question.0, |tree, answer| match answer {
        Answer::Element(None) | Answer::Text(None) => atom::nil().to_term(env),
        Answer::Element(Some(id)) => Terms::of(env, tree, &[id]).pop().unwrap_or_else(|| atom::nil().to_term(env)),
        Answer::Elements(ids) => Terms::of(env, tree, &ids).encode(env),
        Answer::Text(Some(text)) => binary(env, text.as_bytes()),
    });
    let report = match found {
        Ok(term) => return (atoms::ok(), term).encode(env),
        Err(DomError::Interrupted) => take_report(ctx),
        Err(error) => ErrorReport::new(error.name(), error.to_string()),
    };
    (atoms::error(), js_error(env, report, &host.source_maps)).encode(env)
}

/// An element that is open.
struct Open<'e> {
    name: Term<'e>,
    attributes: Term<'e>,
    /// Where its children begin among all that is made.
    children: usize,
    /// Which of the wanted elements it is, if it is one.
    wanted: Option<usize>,
}

/// Names that are looked for among those that came up before.
const KNOWN: usize = 16;

/// A name, and the attribute of that name that came last: documents repeat a few of them over and over.
struct Known<'t, 'e> {
    name: &'t LocalName,
    term: Term<'e>,
    last: Option<(&'t str, Term<'e>)>,
}

/// Makes terms of the nodes that it sees.
///
/// What must never happen: an element that is made once for itself and once more for each that it is in. Where they stand deep in one
/// another, that would take the square of their number.
struct Terms<'t, 'e> {
    env: Env<'e>,
    none: Term<'e>,
    /// The elements whose terms are wanted, in tree order.
    wanted: &'t [NodeId],
    /// Their terms; those of open ones are yet to come.
    found: Vec<Term<'e>>,
    known: Vec<Known<'t, 'e>>,
    /// Which of the known names the next new one replaces.
    oldest: usize,
    open: Vec<Open<'e>>,
    /// The children of all open elements, one element's behind the other's.
    made: Vec<Term<'e>>,
}

impl<'t, 'e> Terms<'t, 'e> {
    /// The terms of these elements, which are in tree order.
    fn of(env: Env<'e>, tree: &'t Tree, wanted: &'t [NodeId]) -> Vec<Term<'e>> {
        let (none, found) = (Term::list_new_empty(env), Vec::with_capacity(wanted.len()));
        let (known, open, made) = (Vec::new(), Vec::new(), Vec::new());
        let mut terms = Terms { env, none, wanted, found, known, oldest: 0, open, made };
        while let Some(&next) = wanted.get(terms.found.len()) {
            let before = terms.found.len();
            tree.walk(next, &mut terms);
            terms.made.clear();
            if terms.found.len() == before {
                break;
            }
        }
        terms.found
    }

    fn known(&mut self, name: &'t LocalName) -> &mut Known<'t, 'e> {
        let at = self.known.iter().position(|known| known.name == name).unwrap_or_else(|| {
            let known = Known { name, term: binary(self.env, name.as_bytes()), last: None };
            if self.known.len() < KNOWN {
                self.known.push(known);
                return self.known.len() - 1;
            }
            self.oldest = (self.oldest + 1) % KNOWN;
            self.known[self.oldest] = known;
            self.oldest
        });
        &mut self.known[at]
    }

    fn name(&mut self, name: &'t QualName) -> Term<'e> {
        match name.prefix {
            None => self.known(&name.local).term,
            Some(_) => binary(self.env, qualified(name).as_bytes()),
        }
    }

    fn attribute(&mut self, Attribute { name, value, .. }: &'t Attribute) -> Term<'e> {
        let env = self.env;
        if name.prefix.is_some() {
            return (self.name(name), binary(env, value.as_bytes())).encode(env);
        }
        let known = self.known(&name.local);
        match known.last {
            Some((last, term)) if last == value => term,
            _ => {
                let term = (known.term, binary(env, value.as_bytes())).encode(env);
                known.last = Some((value, term));
                term
            }
        }
    }
}

impl<'t> Seen<'t> for Terms<'t, '_> {
    fn open(&mut self, id: NodeId, element: &'t ElementData) {
        let place = self.found.len();
        let wanted = (self.wanted.get(place) == Some(&id)).then_some(place);
        if wanted.is_some() {
            self.found.push(self.none);
        }
        let name = self.name(&element.name);
        let attributes = element.attributes.iter().rev();
        let attributes = attributes.fold(self.none, |list, attribute| list.list_prepend(self.attribute(attribute)));
        self.open.push(Open { name, attributes, children: self.made.len(), wanted });
    }

    fn text(&mut self, text: &'t str) {
        self.made.push(binary(self.env, text.as_bytes()));
    }

    fn comment(&mut self, text: &'t str) {
        self.made.push((atoms::comment(), binary(self.env, text.as_bytes())).encode(self.env));
    }

    fn close(&mut self) {
        let Some(Open { name, attributes, children, wanted }) = self.open.pop() else { return };
        let children = self.made.drain(children..).rev().fold(self.none, |list, child| list.list_prepend(child));
        let term = (name, attributes, children).encode(self.env);
        if let Some(place) = wanted.and_then(|place| self.found.get_mut(place)) {
            *place = term;
        }
        self.made.push(term);
    }
}
