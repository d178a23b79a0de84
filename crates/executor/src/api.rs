//! How JavaScript APIs plug into realms.

use quickbeam_engine::{Ctx, Result};

/// One JavaScript API. Installed into each realm that asks for it, before any guest code runs.
///
/// Its native functions may be suspended wherever they run JavaScript or wait for the host, and go on on another thread: they
/// hold no lock and no thread-local across that.
///
/// Install lazily where an API is large: [`Ctx::define_lazy_global`] makes a global that costs a property
/// until it is touched.
pub trait Api: Send + Sync {
    /// Its name, for errors.
    fn name(&self) -> &'static str;

    /// Defines its globals.
    ///
    /// # Errors
    /// Throws if memory is short.
    fn install(&self, ctx: Ctx<'_>) -> Result<()>;
}
