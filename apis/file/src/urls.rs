//! `blob:` URLs that a runtime and its workers share (File API, 8.3: the blob URL store).
//!
//! A realm keeps the blobs of its own URLs itself. From the moment it has a worker, or is one, others of its [cluster](cluster) find
//! copies of them here, of 64 MB altogether; what is more is found by its own realm alone. Any of them may revoke one for all. They go with the realm.

use crate::parcel::parcel;
use quickbeam_api_messaging::cluster;
use quickbeam_api_webidl::{Parcel, kept};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that the blobs of a cluster may take.
const MAX_BYTES: usize = 64 << 20;

/// What a realm that shares its URLs keeps those under that it has shared.
const KEPT: &str = "file/urls";

/// The blobs of a cluster by their URLs.
#[derive(Default)]
struct Store(Mutex<Blobs>);

#[derive(Default)]
struct Blobs {
    by_url: HashMap<String, Arc<dyn Parcel>>,
    bytes: usize,
}

impl Blobs {
    /// False if there is no room.
    fn insert(&mut self, url: String, blob: Arc<dyn Parcel>) -> bool {
        let size = url.len() + blob.size();
        let has_room = size <= MAX_BYTES - self.bytes;
        if has_room {
            self.bytes += size;
            self.by_url.insert(url, blob);
        }
        has_room
    }

    fn remove(&mut self, url: &str) {
        if let Some(blob) = self.by_url.remove(url) {
            self.bytes -= url.len() + blob.size();
        }
    }
}

impl Store {
    fn blobs(&self) -> MutexGuard<'_, Blobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The URLs that a realm shares. They are nobody's any more when it is dropped.
struct Shared {
    store: Arc<Store>,
    own: RefCell<HashSet<String>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut blobs = self.store.blobs();
        self.own.borrow().iter().for_each(|url| blobs.remove(url));
    }
}

fn shared(ctx: Ctx<'_>) -> Option<Rc<Shared>> {
    ctx.kept(KEPT)?.host::<Shared>()
}

/// Whether the realm shares its URLs with others.
pub(crate) fn is_shared(ctx: Ctx<'_>) -> bool {
    ctx.kept(KEPT).is_some()
}

/// From now on, the realm shares its URLs with its cluster.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn begin_sharing(ctx: Ctx<'_>) -> Result<()> {
    kept(ctx, KEPT, |ctx| {
        let own = Shared { store: cluster(ctx)?.shared::<Store>(), own: RefCell::default() };
        ctx.host_object(Rc::new(own), None)
    })
    .map(drop)
}

/// `share(url, bytes, type, name, lastModified)`; the last two for a file.
pub(crate) fn share<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let Some(shared) = shared(ctx) {
        let (url, blob) = (args.get(0).to_text()?, parcel(ctx, &args.rest(1))?);
        if shared.store.blobs().insert(url.clone(), blob) {
            shared.own.borrow_mut().insert(url);
        }
    }
    Ok(ctx.undefined())
}

/// `unshare(url)`, of whichever realm of the cluster.
pub(crate) fn unshare<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let Some(shared) = shared(ctx) {
        let url = args.get(0).to_text()?;
        shared.own.borrow_mut().remove(&url);
        shared.store.blobs().remove(&url);
    }
    Ok(ctx.undefined())
}

/// `isRevoked(url)`: whether another realm of the cluster has revoked it, which is one of the realm's own.
pub(crate) fn is_revoked<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(shared) = shared(ctx) else { return Ok(ctx.boolean(false)) };
    let url = args.get(0).to_text()?;
    let is_gone = shared.own.borrow().contains(&url) && !shared.store.blobs().by_url.contains_key(&url);
    Ok(ctx.boolean(is_gone))
}

/// `find(url)`: a copy of the blob that any realm of the cluster shares; `undefined` if there is none.
pub(crate) fn find<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(shared) = shared(ctx) else { return Ok(ctx.undefined()) };
    let url = args.get(0).to_text()?;
    let found = shared.store.blobs().by_url.get(&url).cloned();
    found.map_or_else(|| Ok(ctx.undefined()), |blob| blob.open(ctx))
}
