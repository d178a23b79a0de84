//! How JavaScript APIs plug into realms.

use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Result};
use std::sync::Arc;

/// One JavaScript API. Installed into each realm that asks for it, before any guest code runs.
///
/// Its native functions may be suspended wherever they run JavaScript or wait for the host, and go on on another thread: they
/// hold no lock and no thread-local across that.
///
/// Install lazily where an API is large: [`Ctx::define_lazy_global`] makes a global that costs a property
/// until it is touched.
pub trait Api: Send + Sync {
    /// Its name, which no other has.
    fn name(&self) -> &'static str;

    /// Defines its globals. Realms are made ahead: there is no host yet, and there are no settings.
    ///
    /// # Errors
    /// Throws if memory is short.
    fn install(&self, ctx: Ctx<'_>) -> Result<()>;
}

/// What the realm's APIs were set up with, of that type.
///
/// # Errors
/// Throws an `InternalError` in a realm that does not run on an executor.
pub fn setting<T: Send + Sync + 'static>(ctx: Ctx<'_>) -> Result<Option<Arc<T>>> {
    let state = RealmState::of(ctx)?;
    Ok(state.config.settings.iter().find_map(|setting| setting.clone().downcast().ok()))
}
