//! An isolate and those who live in it, from one reset to the next.

use crate::config::RealmConfig;
use crate::execute::names_of;
use crate::guard::release;
use crate::home::Home;
use crate::mail::Mail;
use crate::nursery;
use crate::realm::RealmState;
use crate::trim;
use quickbeam_engine::{Ctx, ErrorReport, Isolate, IsolateError, IsolateOptions, Realm, Thrown};
use std::cell::Cell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

/// The isolate of a task.
pub(crate) struct Vm {
    pub(crate) isolate: Isolate,
    is_shared: bool,
    /// The realm that came with the isolate, its APIs installed, for its first occupant.
    first: Cell<Option<Realm>>,
}

/// The engine's side of a realm, and the executor's.
pub(crate) struct Occupant {
    pub(crate) realm: Realm,
    pub(crate) state: Rc<RealmState>,
}

impl Vm {
    pub(crate) fn new(home: &Home, config: &RealmConfig) -> Result<Vm, ErrorReport> {
        let is_shared = home.shared.options.contexts_per_isolate > 1;
        // Where realms share, each has an account with the limit.
        let memory_limit = if is_shared { usize::MAX } else { config.memory_limit };
        let options = IsolateOptions { memory_limit, max_stack_size: config.max_stack_size };
        let (isolate, first) =
            match nursery::take(&config.apis).filter(|(isolate, _)| isolate.set_limits(options).is_ok()) {
                Some((isolate, realm)) => (isolate, Some(realm)),
                None => (Isolate::new(options).map_err(failed)?, None),
            };
        isolate.set_pacer(home.pacer.clone());
        Ok(Vm { isolate, is_shared, first: Cell::new(first) })
    }

    /// Makes a realm in the isolate.
    pub(crate) fn occupy(&self, mail: &Arc<Mail>, config: &Arc<RealmConfig>) -> Result<Occupant, ErrorReport> {
        let (realm, has_apis) = match self.first.take() {
            Some(realm) => (realm, true),
            None => (self.isolate.new_realm().map_err(failed)?, false),
        };
        if self.is_shared {
            self.isolate.open_account(&realm, config.memory_limit);
            let used = self.isolate.realm_memory(&realm).used;
            if used > config.memory_limit {
                let _ = self.isolate.free_realm(realm);
                return Err(failed(IsolateError::MemoryLimitTooSmall { needed: used, limit: config.memory_limit }));
            }
        }
        let state = RealmState::new(mail.clone(), config.clone());
        let installed = self.isolate.enter(&realm, |ctx| {
            ctx.set_data(state.clone());
            ctx.set_module_loader(state.modules.clone());
            if !has_apis {
                install_apis(ctx, config)?;
            }
            ctx.set_interrupt(Some(state.clone()));
            ctx.heap().clear_over_limit();
            Ok(())
        });
        if let Err(report) = installed {
            let _ = self.isolate.free_realm(realm);
            return Err(report);
        }
        mail.meter.set_memory(self.isolate.realm_memory(&realm).used);
        Ok(Occupant { realm, state })
    }

    /// Frees one realm; the others notice nothing.
    pub(crate) fn evict(&self, occupant: Occupant) {
        let Occupant { realm, state } = occupant;
        // None of its fibers is live, so it cannot be kept.
        let _ = self.isolate.free_realm(realm);
        drop(state);
    }

    /// Frees the isolate; then the states of its realms, of which abandoned fibers may hold counts.
    ///
    /// SAFETY: no fiber of the isolate is live.
    pub(crate) unsafe fn free(self, occupants: impl IntoIterator<Item = Occupant>) {
        let occupants: Vec<Occupant> = occupants.into_iter().collect();
        let bytes = self.isolate.heap().stats().used;
        drop(self.isolate);
        trim::freed(bytes);
        for Occupant { state, .. } in occupants {
            // SAFETY: the isolate is gone, and so is, by contract, every stack that held a count.
            unsafe {
                let modules = state.modules.clone();
                release(state);
                release(modules);
            }
        }
    }
}

fn failed(error: IsolateError) -> ErrorReport {
    ErrorReport::new("RangeError", error.to_string())
}

fn install_apis(ctx: Ctx<'_>, config: &RealmConfig) -> Result<(), ErrorReport> {
    for api in &config.apis {
        if let Err(Thrown) = api.install(ctx) {
            let report = ctx.take_report();
            return Err(ErrorReport::new(
                "InternalError",
                format!("the {} API was not installed: {report}", api.name()),
            ));
        }
    }
    Ok(())
}

/// Names on the global object of a realm that no script has touched.
pub(crate) fn fresh_global_names(config: &RealmConfig) -> HashSet<String> {
    let options = IsolateOptions { memory_limit: usize::MAX, max_stack_size: 64 << 10 };
    let Ok(isolate) = Isolate::new(options) else {
        return HashSet::new();
    };
    let Ok(realm) = isolate.new_realm() else {
        return HashSet::new();
    };
    isolate.enter(&realm, |ctx| match install_apis(ctx, config) {
        Ok(()) => names_of(&ctx.globals()).unwrap_or_default().into_iter().collect(),
        Err(_) => HashSet::new(),
    })
}
