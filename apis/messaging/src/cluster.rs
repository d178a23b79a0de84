//! What a runtime and its workers share: the ECMAScript specification's agent cluster.
//!
//! A realm is the first of a cluster of its own, unless it [joins](join) another's before it first asks for it.

use quickbeam_api_webidl::kept;
use quickbeam_engine::{Ctx, Result};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

const KEPT: &str = "cluster";

/// The things that its realms share, one of each type. Any thread may hold it.
#[derive(Default)]
pub struct Cluster(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Cluster {
    /// The shared thing of that type; made when it is first asked for.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut things = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let thing = things.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default()).clone();
        thing.downcast().unwrap_or_default()
    }
}

/// The cluster of a realm.
///
/// # Errors
/// Throws if memory is short.
pub fn cluster(ctx: Ctx<'_>) -> Result<Arc<Cluster>> {
    let holder = kept(ctx, KEPT, |ctx| ctx.host_object(Rc::new(Arc::<Cluster>::default()), None))?;
    Ok(holder.host::<Arc<Cluster>>().map(|cluster| Arc::clone(&cluster)).unwrap_or_default())
}

/// Makes a realm one of a cluster.
///
/// # Errors
/// Throws if memory is short.
pub fn join(ctx: Ctx<'_>, cluster: Arc<Cluster>) -> Result<()> {
    ctx.keep(KEPT, ctx.host_object(Rc::new(cluster), None)?);
    Ok(())
}
