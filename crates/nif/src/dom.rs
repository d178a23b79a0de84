//! Reading a realm's document: from nodes straight to terms, as `{tag, attributes, children}`. No JavaScript runs.

use crate::atoms;
use crate::encode::binary;
use crate::error::js_error;
use crate::host::BeamHost;
use quickbeam_api_dom::{Answer, DomError, Query, Seen, Tree, query};
use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
use quickbeam_executor::{Input, take_report};
use rustler::types::atom;
use rustler::types::tuple::make_tuple;
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
        Answer::Element(Some(id)) => Terms::of(env, tree, id),
        Answer::Elements(ids) => ids.into_iter().map(|id| Terms::of(env, tree, id)).collect::<Vec<_>>().encode(env),
        Answer::Text(Some(text)) => binary(env, text.as_bytes()),
    });
    let report = match found {
        Ok(term) => return (atoms::ok(), term).encode(env),
        Err(DomError::Interrupted) => take_report(ctx),
        Err(error) => ErrorReport::new(error.name(), error.to_string()),
    };
    (atoms::error(), js_error(env, report, &host.source_maps)).encode(env)
}

/// An element that is open: its name, its attributes, its children so far.
struct Open<'e> {
    name: Term<'e>,
    attributes: Term<'e>,
    children: Vec<Term<'e>>,
}

/// Makes terms of the nodes that it sees.
struct Terms<'e> {
    env: Env<'e>,
    open: Vec<Open<'e>>,
    done: Option<Term<'e>>,
}

impl<'e> Terms<'e> {
    fn of(env: Env<'e>, tree: &Tree, root: quickbeam_api_dom::NodeId) -> Term<'e> {
        let mut terms = Terms { env, open: Vec::new(), done: None };
        tree.walk(root, &mut terms);
        terms.done.unwrap_or_else(|| atom::nil().to_term(env))
    }

    fn add(&mut self, term: Term<'e>) {
        match self.open.last_mut() {
            Some(open) => open.children.push(term),
            None => self.done = Some(term),
        }
    }
}

impl Seen for Terms<'_> {
    fn open(&mut self, name: &str, attributes: &mut dyn Iterator<Item = (String, &str)>) {
        let env = self.env;
        let pair =
            |(name, value): (String, &str)| (binary(env, name.as_bytes()), binary(env, value.as_bytes())).encode(env);
        let attributes = attributes.map(pair).collect::<Vec<_>>().encode(env);
        self.open.push(Open { name: binary(env, name.as_bytes()), attributes, children: Vec::new() });
    }

    fn text(&mut self, text: &str) {
        self.add(binary(self.env, text.as_bytes()));
    }

    fn comment(&mut self, text: &str) {
        let term = (atoms::comment(), binary(self.env, text.as_bytes())).encode(self.env);
        self.add(term);
    }

    fn close(&mut self) {
        let Some(Open { name, attributes, children }) = self.open.pop() else { return };
        let term = make_tuple(self.env, &[name, attributes, children.encode(self.env)]);
        self.add(term);
    }
}
