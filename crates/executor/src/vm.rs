//! An isolate with its realm, from one reset to the next.

use crate::config::RealmConfig;
use crate::execute::names_of;
use crate::guard::release;
use crate::mail::Mail;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, ErrorReport, Isolate, IsolateError, IsolateOptions, Realm, Thrown};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

pub(crate) struct Vm {
    pub(crate) isolate: Isolate,
    pub(crate) realm: Realm,
    pub(crate) state: Rc<RealmState>,
}

impl Vm {
    pub(crate) fn new(mail: &Arc<Mail>, config: &Arc<RealmConfig>) -> Result<Vm, ErrorReport> {
        let (isolate, realm) = bare(config)?;
        isolate.set_pacer(mail.pacer.clone());
        let state = RealmState::new(mail.clone(), config.clone());
        isolate.enter(&realm, |ctx| {
            ctx.set_data(state.clone());
            ctx.set_module_loader(state.modules.clone());
            install_apis(ctx, config)
        })?;
        isolate.set_interrupt(Some(state.clone()));
        isolate.heap().clear_over_limit();
        mail.meter.set_memory(isolate.heap().stats().used);
        Ok(Vm { isolate, realm, state })
    }

    /// Frees the isolate; then the state, of which an abandoned fiber may hold counts.
    ///
    /// SAFETY: no fiber of the isolate is live.
    pub(crate) unsafe fn free(self) {
        let Vm { isolate, realm, state } = self;
        drop((realm, isolate));
        // SAFETY: the isolate is gone, and so is, by contract, every stack that held a count.
        unsafe {
            let modules = state.modules.clone();
            release(state);
            release(modules);
        }
    }
}

fn bare(config: &RealmConfig) -> Result<(Isolate, Realm), ErrorReport> {
    let options = IsolateOptions { memory_limit: config.memory_limit, max_stack_size: config.max_stack_size };
    let failed = |error: IsolateError| ErrorReport::new("RangeError", error.to_string());
    let mut isolate = Isolate::new(options).map_err(failed)?;
    let realm = isolate.new_realm().map_err(failed)?;
    Ok((isolate, realm))
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
    let config = RealmConfig { memory_limit: usize::MAX, max_stack_size: 64 << 10, ..config.clone() };
    let Ok((isolate, realm)) = bare(&config) else { return HashSet::new() };
    isolate.enter(&realm, |ctx| match install_apis(ctx, &config) {
        Ok(()) => names_of(&ctx.globals()).unwrap_or_default().into_iter().collect(),
        Err(_) => HashSet::new(),
    })
}
