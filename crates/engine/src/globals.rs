//! Globals by name: properties of the global object, and what scripts declare by `let`, `const` and `class` at the top level, which is
//! none of them. Where a script has both, what it has put on the global object is what it offers to others.

use crate::ctx::Ctx;
use crate::descriptor::OwnProperty;
use crate::error::Result;
use crate::object::PropertyKey;
use crate::value::Value;
use rquickjs::qjs;

impl<'a> Ctx<'a> {
    /// The global object.
    pub fn globals(self) -> Value<'a> {
        // SAFETY: the context is live; a global object always exists.
        unsafe { Value::from_raw(self, qjs::JS_GetGlobalObject(self.raw())) }
    }

    /// The value of a global; `None` if there is none of that name.
    ///
    /// # Errors
    /// What a getter throws; a `ReferenceError` if a declaration has not been reached.
    pub fn global(self, name: &str) -> Result<Option<Value<'a>>> {
        let key = self.key(name)?;
        let globals = self.globals();
        if globals.own_property(&key)?.is_none()
            && let Some(value) = self.declared(name, &key)?
        {
            return Ok(Some(value));
        }
        let value = globals.get_key(&key)?;
        Ok(if value.is_undefined() && !globals.has_key(&key)? { None } else { Some(value) })
    }

    /// Assigns a global, which becomes a property of the global object if there is none of that name.
    ///
    /// # Errors
    /// Throws a `TypeError` if it is a `const` or read-only, a `ReferenceError` if its declaration has not been reached, and what a
    /// setter throws.
    pub fn set_global(self, name: &str, value: Value<'a>) -> Result<()> {
        let key = self.key(name)?;
        let globals = self.globals();
        let is_declared = globals.own_property(&key)?.is_none() && self.declared(name, &key)?.is_some();
        if is_declared { self.lexical() } else { globals }.set_key(&key, value)
    }

    /// The value of a declaration.
    fn declared(self, name: &str, key: &PropertyKey<'a>) -> Result<Option<Value<'a>>> {
        let Some(OwnProperty { value, .. }) = self.lexical().own_property(key)? else { return Ok(None) };
        // SAFETY: a live value.
        if unsafe { qjs::JS_IsUninitialized(value.raw()) } {
            return Err(self.throw_error("ReferenceError", &format!("{name} is not initialized")));
        }
        Ok(Some(value))
    }

    /// Names that scripts have declared by `let`, `const` and `class`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn lexical_globals(self) -> Result<Vec<PropertyKey<'a>>> {
        self.lexical().all_keys()
    }

    /// The object whose properties are those declarations. Nothing but this module may have it.
    pub(crate) fn lexical(self) -> Value<'a> {
        // SAFETY: the context is live, and so is what it holds.
        unsafe { Value::borrowed(self, self.inner().layout.lexical(self.raw()).read()) }
    }
}
