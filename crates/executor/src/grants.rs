//! Grants: the capabilities that a realm holds.
//!
//! What must never happen: a check in JavaScript. Natives ask [`require`] before they act; the host may check again.

use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A capability, as the option `:allow` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Grant {
    Net,
    Read,
    Write,
    Env,
    Run,
    Spawn,
    Processes,
    Cluster,
    Addons,
    Handlers,
}

impl Grant {
    /// All of them.
    pub const ALL: [Grant; 10] = [
        Grant::Net,
        Grant::Read,
        Grant::Write,
        Grant::Env,
        Grant::Run,
        Grant::Spawn,
        Grant::Processes,
        Grant::Cluster,
        Grant::Addons,
        Grant::Handlers,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Grant::Net => "net",
            Grant::Read => "read",
            Grant::Write => "write",
            Grant::Env => "env",
            Grant::Run => "run",
            Grant::Spawn => "spawn",
            Grant::Processes => "processes",
            Grant::Cluster => "cluster",
            Grant::Addons => "addons",
            Grant::Handlers => "handlers",
        }
    }

    /// The grant of that name.
    ///
    /// ```
    /// use quickbeam_executor::Grant;
    /// assert_eq!(Grant::from_name("net"), Some(Grant::Net));
    /// assert_eq!(Grant::from_name("everything"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Grant> {
        Grant::ALL.into_iter().find(|grant| grant.name() == name)
    }
}

/// How far a grant reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every subject.
    Everything,
    /// These alone: handlers, programs, paths, hosts, names of variables.
    Only(BTreeSet<String>),
}

/// What a realm may do.
///
/// ```
/// use quickbeam_executor::{Grant, Grants};
///
/// let mut grants = Grants::none();
/// grants.add_subjects(Grant::Handlers, ["price".to_owned()]);
/// assert!(grants.permits(Grant::Handlers, Some("price")));
/// assert!(!grants.permits(Grant::Handlers, Some("refund")));
/// assert!(!grants.permits(Grant::Handlers, None), "the whole of it was not granted");
/// assert!(!grants.permits(Grant::Net, None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants(BTreeMap<Grant, Reach>);

impl Grants {
    /// Nothing but computation.
    pub fn none() -> Grants {
        Grants(BTreeMap::new())
    }

    /// Everything.
    pub fn all() -> Grants {
        Grants(Grant::ALL.into_iter().map(|grant| (grant, Reach::Everything)).collect())
    }

    /// Adds a grant for every subject.
    pub fn add(&mut self, grant: Grant) {
        self.0.insert(grant, Reach::Everything);
    }

    /// Adds a grant for these subjects.
    pub fn add_subjects(&mut self, grant: Grant, subjects: impl IntoIterator<Item = String>) {
        match self.0.entry(grant).or_insert_with(|| Reach::Only(BTreeSet::new())) {
            Reach::Everything => {}
            Reach::Only(known) => known.extend(subjects),
        }
    }

    /// How far a grant reaches; `None` if it is not held at all.
    pub fn reach(&self, grant: Grant) -> Option<&Reach> {
        self.0.get(&grant)
    }

    /// Whether a grant is held for this subject, compared as it is; without one, for every subject.
    pub fn permits(&self, grant: Grant, subject: Option<&str>) -> bool {
        match (self.reach(grant), subject) {
            (Some(Reach::Everything), _) => true,
            (Some(Reach::Only(subjects)), Some(subject)) => subjects.contains(subject),
            (Some(Reach::Only(_)) | None, _) => false,
        }
    }

    /// The grants that are held, with their reach.
    pub fn iter(&self) -> impl Iterator<Item = (Grant, &Reach)> {
        self.0.iter().map(|(grant, reach)| (*grant, reach))
    }

    /// Throws unless [`Grants::permits`] says so; `what` needs the grant.
    ///
    /// # Errors
    /// Throws a `NotAllowedError` that names the grant.
    pub fn check(&self, ctx: Ctx<'_>, what: &str, grant: Grant, subject: Option<&str>) -> Result<()> {
        if self.permits(grant, subject) {
            return Ok(());
        }
        let name = grant.name();
        let needed = match subject {
            Some(subject) => format!("{{:{name}, [{subject:?}]}}"),
            None => format!(":{name}"),
        };
        Err(ctx.throw_error("NotAllowedError", &format!("{what} needs the grant {needed}")))
    }
}

/// Throws unless the realm holds the grant; `what` needs it, for `subject` or for everything.
///
/// # Errors
/// Throws a `NotAllowedError` that names the grant.
pub fn require(ctx: Ctx<'_>, what: &str, grant: Grant, subject: Option<&str>) -> Result<()> {
    RealmState::of(ctx)?.config.grants.check(ctx, what, grant, subject)
}

/// What the realm may do.
///
/// # Errors
/// Throws an `InternalError` in a realm that does not run on an executor.
pub fn grants(ctx: Ctx<'_>) -> Result<std::sync::Arc<Grants>> {
    Ok(RealmState::of(ctx)?.config.grants.clone())
}
