//! Own properties, as their descriptors tell of them.

use crate::error::Result;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;

/// An own property, as its descriptor tells of it.
pub(crate) struct OwnProperty<'a> {
    /// `undefined` in an accessor.
    pub(crate) value: Value<'a>,
    /// `undefined` where there is none.
    pub(crate) getter: Value<'a>,
    pub(crate) setter: Value<'a>,
    pub(crate) attributes: Attributes,
}

impl<'a> OwnProperty<'a> {
    /// What reading the property for `receiver` gives; its getter runs.
    pub(crate) fn read(self, receiver: &Value<'a>) -> Result<Value<'a>> {
        if self.getter.is_undefined() { Ok(self.value) } else { receiver.ctx().call(&self.getter, receiver, &[]) }
    }
}

impl<'a> Value<'a> {
    /// Reads an own property's getter; `undefined` if it has none.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub(crate) fn own_getter(&self, name: &str) -> Result<Value<'a>> {
        self.own_getter_of(&self.ctx().key(name)?)
    }

    /// [`Value::own_getter`] with an interned key.
    pub(crate) fn own_getter_of(&self, key: &PropertyKey<'_>) -> Result<Value<'a>> {
        Ok(self.own_property(key)?.map_or_else(|| self.ctx().undefined(), |own| own.getter))
    }

    /// Reads an own property that is no accessor; nothing runs, unless this is a proxy.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub(crate) fn own_data(&self, name: &str) -> Result<Option<Value<'a>>> {
        Ok(self.own_property(&self.ctx().key(name)?)?.map(|own| own.value))
    }

    /// Reads an own property; its getter runs. `None` if there is no such own property.
    ///
    /// # Errors
    /// What a getter or a proxy trap throws.
    pub fn own_value(&self, key: &PropertyKey<'_>) -> Result<Option<Value<'a>>> {
        self.own_property(key)?.map(|own| own.read(self)).transpose()
    }

    /// Reads an own property that is no accessor; `None` if there is no such. Nothing runs, unless this is a proxy.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn own_data_of(&self, key: &PropertyKey<'_>) -> Result<Option<Value<'a>>> {
        let data = self.own_property(key)?.filter(|own| own.getter.is_undefined() && own.setter.is_undefined());
        Ok(data.map(|own| own.value))
    }

    /// Whether there is such an own property; nothing runs, unless this is a proxy.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn has_own(&self, key: &PropertyKey<'_>) -> Result<bool> {
        Ok(self.own_property(key)?.is_some())
    }

    /// What is said of an own property; nothing runs, unless this is a proxy.
    pub(crate) fn own_property(&self, key: &PropertyKey<'_>) -> Result<Option<OwnProperty<'a>>> {
        let ctx = self.ctx();
        let mut found = qjs::JSPropertyDescriptor {
            flags: 0,
            value: qjs::JS_UNDEFINED,
            getter: qjs::JS_UNDEFINED,
            setter: qjs::JS_UNDEFINED,
        };
        // SAFETY: live value and atom, a valid out pointer; what the descriptor holds is owned.
        let [value, getter, setter] = unsafe {
            if !ctx.check_int(qjs::JS_GetOwnProperty(ctx.raw(), &mut found, self.raw(), key.atom()))? {
                return Ok(None);
            }
            [found.value, found.getter, found.setter].map(|raw| Value::from_raw(ctx, raw))
        };
        let has = |flag: u32| found.flags & flag as c_int != 0;
        let attributes = Attributes {
            writable: has(qjs::JS_PROP_WRITABLE),
            enumerable: has(qjs::JS_PROP_ENUMERABLE),
            configurable: has(qjs::JS_PROP_CONFIGURABLE),
        };
        Ok(Some(OwnProperty { value, getter, setter, attributes }))
    }
}
