//! Platform objects on their way between realms: of one operating system process, and of others if they can be written as bytes.

use crate::KEPT;
use quickbeam_engine::{Ctx, Result, Value};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

/// A platform object that has left its realm. Any thread may hold it, and any number of realms make an object of it.
pub trait Parcel: Send + Sync {
    /// Bytes that it holds.
    fn size(&self) -> usize;

    /// Makes the object in a realm.
    ///
    /// # Errors
    /// Throws if the realm has no such class, or memory is short.
    fn open<'a>(&self, ctx: Ctx<'a>) -> Result<Value<'a>>;

    /// What a [reader](read_parcels) of another process makes the same of, by the name of that; `None` for what stays in this process.
    fn written(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }
}

/// Makes a parcel of bytes, which may come from anywhere.
pub type ParcelReader = fn(&[u8]) -> Option<Arc<dyn Parcel>>;

static READERS: RwLock<BTreeMap<&str, ParcelReader>> = RwLock::new(BTreeMap::new());

/// From now on, parcels that were written by this name are read so.
pub fn read_parcels(name: &'static str, reader: ParcelReader) {
    READERS.write().unwrap_or_else(PoisonError::into_inner).insert(name, reader);
}

/// Reads what [`Parcel::written`] gave, perhaps in another process.
pub fn read_parcel(name: &str, bytes: &[u8]) -> Option<Arc<dyn Parcel>> {
    let reader = READERS.read().unwrap_or_else(PoisonError::into_inner).get(name).copied();
    reader.and_then(|read| read(bytes))
}

struct Packed(Arc<dyn Parcel>);

/// What the `pack` of an exposed class returns: a host object with the parcel.
///
/// # Errors
/// Throws if memory is short.
pub fn packed(ctx: Ctx<'_>, parcel: Arc<dyn Parcel>) -> Result<Value<'_>> {
    ctx.host_object(Rc::new(Packed(parcel)), None)
}

/// How an object goes to another realm.
pub enum Packing {
    /// It is no platform object: by what it consists of.
    Plain,
    /// Its class does not let it.
    Refused,
    /// As this.
    Packed(Arc<dyn Parcel>),
}

/// Packs an object, if it is a platform object.
///
/// # Errors
/// Throws what its class throws at an object that only looks like one of its own.
pub fn pack<'a>(ctx: Ctx<'a>, object: &Value<'a>) -> Result<Packing> {
    ctx.make_instance(object)?;
    // Without the helpers there are no such classes yet.
    let Some(idl) = ctx.kept(KEPT) else { return Ok(Packing::Plain) };
    let (undefined, args) = (ctx.undefined(), std::slice::from_ref(object));
    let steps = ctx.call(&idl.get("packSteps")?, &undefined, args)?;
    if steps.is_undefined() {
        return Ok(Packing::Plain);
    }
    if steps.is_null() {
        return Ok(Packing::Refused);
    }
    let packed = ctx.call(&steps, &undefined, args)?.host::<Packed>();
    Ok(packed.map_or(Packing::Refused, |packed| Packing::Packed(packed.0.clone())))
}
