//! The grants of the option `:allow`.

use crate::atoms;
use quickbeam_executor::{Grant, Grants};
use rustler::{Atom, Term};

/// Reads the option; without it everything is allowed. What is not understood grants nothing.
pub(crate) fn read(options: Term<'_>) -> Grants {
    let Ok(allow) = options.map_get(atoms::allow()) else { return Grants::all() };
    if atoms::all() == allow {
        return Grants::all();
    }
    let mut grants = Grants::none();
    for item in allow.decode::<Vec<Term<'_>>>().unwrap_or_default() {
        if let Some(grant) = named(item) {
            grants.add(grant);
        } else if let Ok((name, subjects)) = item.decode::<(Term<'_>, Vec<String>)>()
            && let Some(grant) = named(name)
        {
            grants.add_subjects(grant, subjects);
        }
    }
    grants
}

/// The APIs that need a grant, with its name.
#[rustler::nif]
fn requirements() -> Vec<(&'static str, &'static str)> {
    quickbeam_api_grants::TABLE.iter().map(|(api, grant)| (*api, grant.name())).collect()
}

fn named(term: Term<'_>) -> Option<Grant> {
    Atom::from_term(term).ok()?;
    Grant::from_name(&term.atom_to_string().ok()?)
}
