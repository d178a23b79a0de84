//! Native methods whose function objects the engine makes when they are first read.
//!
//! Until then each is a property that refers to a description of the function, which must stay for as long as there are
//! realms. So descriptions are made once per process for each function and name, and never freed: there are as many as places in
//! this program that define one.

use crate::ctx::c_text;
use crate::error::Result;
use crate::function::{NativeFn, native_entry};
use crate::layout::{Unmade, object_layout};
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::collections::HashMap;
use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::{OnceLock, PoisonError, RwLock};

/// A function that a property may stand for.
struct Description(qjs::JSCFunctionListEntry);

// SAFETY: never written to; its pointers are to code and to a name that stay.
unsafe impl Send for Description {}
// SAFETY: as above.
unsafe impl Sync for Description {}

impl Description {
    fn is(&self, name: &str, length: u8, flags: u8) -> bool {
        // SAFETY: made by `describe`: the name is a C string that stays, and the variant that of a function.
        let (known, of) = unsafe { (CStr::from_ptr(self.0.name), self.0.u.func) };
        known.to_bytes() == name.as_bytes() && of.length == length && self.0.prop_flags == flags
    }
}

/// Descriptions by the address of the function.
type Known = RwLock<HashMap<usize, Vec<&'static Description>>>;

fn describe(entry: qjs::JSCFunction, name: &str, length: u8, flags: u8) -> &'static Description {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    let known = KNOWN.get_or_init(RwLock::default);
    let address = entry.map_or(0, |entry| entry as usize);
    let find = |all: &HashMap<usize, Vec<&'static Description>>| {
        all.get(&address)?.iter().copied().find(|known| known.is(name, length, flags))
    };
    if let Some(found) = find(&known.read().unwrap_or_else(PoisonError::into_inner)) {
        return found;
    }
    let mut all = known.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = find(&all) {
        return found;
    }
    let cfunc = qjs::JSCFunctionType { generic: entry };
    let func = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_1 { length, cproto: 0, cfunc };
    let name: *const c_char = c_text(name).into_raw();
    let u = qjs::JSCFunctionListEntry__bindgen_ty_1 { func };
    let made = qjs::JSCFunctionListEntry { name, prop_flags: flags, def_type: qjs::JS_DEF_CFUNC as u8, magic: 0, u };
    let made: &'static Description = Box::leak(Box::new(Description(made)));
    all.entry(address).or_default().push(made);
    made
}

impl<'a> Value<'a> {
    /// Defines an own property whose value is a native function of `length` declared parameters. The function is made when it is
    /// first read. Replaces a property of that name.
    ///
    /// # Errors
    /// Throws if memory is short, or if the object cannot take it.
    pub fn define_function<F: NativeFn>(
        &self,
        name: &str,
        length: u8,
        attributes: Attributes,
        native: F,
    ) -> Result<()> {
        let ctx = self.ctx();
        let key = ctx.key(name)?;
        // SAFETY: a live object and atom; nothing is asked for but whether there is such a property.
        let is_there =
            ctx.check_int(unsafe { qjs::JS_GetOwnProperty(ctx.raw(), ptr::null_mut(), self.raw(), key.atom()) })?;
        // The engine takes a name in brackets for that of a symbol.
        if name.starts_with('[') || !self.is_ordinary_target() {
            return self.define_key(&key, ctx.function(name, u32::from(length), native)?, attributes);
        }
        let description = describe(native_entry(native), name, length, attributes.flags() as u8);
        if is_there {
            if let Some(place) = self.unmade(description) {
                // SAFETY: the place of a property of this live object; the new description stays, too.
                unsafe { (*place).description = &description.0 };
                return Ok(());
            }
            if !self.delete_key(&key)? {
                return self.define_key(&key, ctx.function(name, u32::from(length), native)?, attributes);
            }
        }
        // SAFETY: a live object without a property of that name; the description stays.
        ctx.check_int(unsafe { qjs::JS_SetPropertyFunctionList(ctx.raw(), self.raw(), &description.0, 1) }).map(drop)
    }

    /// Where this object has a property of the description's name and attributes that the engine has yet to make.
    fn unmade(&self, description: &Description) -> Option<*mut Unmade> {
        let layout = object_layout()?;
        let realm = self.ctx().raw().addr() + layout.unmade;
        let properties: *mut [Unmade] = layout.properties_of(self);
        let (first, count) = (properties.cast::<Unmade>(), properties.len());
        // SAFETY: a live object's properties. What has the tag has a description, which has a name.
        unsafe {
            let is_it = |place: &*mut Unmade| {
                let Unmade { realm: of, description: known } = place.read();
                of == realm
                    && (*known).prop_flags == description.0.prop_flags
                    && CStr::from_ptr((*known).name) == CStr::from_ptr(description.0.name)
            };
            (0..count).map(|index| first.add(index)).find(is_it)
        }
    }

    /// Whether properties are added to this object without its being asked.
    fn is_ordinary_target(&self) -> bool {
        self.is_object() && !self.is_proxy()
    }
}
