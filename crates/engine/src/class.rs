//! What kind of object a value is, beyond the tests of [`Value`], and DOM exceptions.

use crate::builtins::Late;
use crate::ctx::{Ctx, c_text};
use crate::error::{Result, Thrown};
use crate::object::PropertyKey;
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::borrow::Cow;

/// The engine's first class: objects without internal slots.
pub(crate) const ORDINARY: qjs::JSClassID = 1;

/// The engine prints exception messages into a buffer of 256 bytes.
const MAX_MESSAGE: usize = 250;

impl<'a> Ctx<'a> {
    /// Throws a `DOMException` of that `name`.
    ///
    /// ```
    /// use quickbeam_engine::{Isolate, IsolateOptions};
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     ctx.throw_dom_exception("AbortError", "stopped");
    ///     let report = ctx.take_report();
    ///     assert_eq!((report.name.as_str(), report.message.as_str()), ("AbortError", "stopped"));
    /// });
    /// ```
    pub fn throw_dom_exception(self, name: &str, message: &str) -> Thrown {
        let mut end = message.len().min(MAX_MESSAGE);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        if let Err(thrown) = self.late(Late::DomException) {
            return thrown;
        }
        let (name, message) = (c_text(name), c_text(&message[..end]));
        // SAFETY: the format takes one C string and gets one; the realm has the class.
        unsafe { qjs::JS_ThrowDOMException(self.raw(), name.as_ptr(), c"%s".as_ptr(), message.as_ptr()) };
        Thrown
    }

    /// Keeps `value` for the realm's lifetime under a name that guest code cannot reach; replaces what was kept.
    pub fn keep(self, name: impl Into<Cow<'static, str>>, value: Value<'a>) {
        let name = name.into();
        let mut kept = self.slot().kept.borrow_mut();
        let replaced = match kept.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => Some(std::mem::replace(place, value.persist())),
            None => {
                kept.push((name, value.persist()));
                None
            }
        };
        drop(kept);
        drop(replaced.map(|value| self.restore(value)));
    }

    /// What [`Ctx::keep`] was given under that name.
    pub fn kept(self, name: &str) -> Option<Value<'a>> {
        let kept = self.slot().kept.borrow();
        let (_, value): &(_, Persistent) = kept.iter().find(|(known, _)| known == name)?;
        Some(self.get_kept(value))
    }
}

impl<'a> Value<'a> {
    fn class_id(&self) -> Option<qjs::JSClassID> {
        // SAFETY: an object.
        self.is_object().then(|| unsafe { qjs::JS_GetClassID(self.raw()) })
    }

    /// An object without internal slots: neither an array nor a function nor any other exotic or builtin kind.
    /// Instances of classes that scripts define are ordinary.
    pub fn is_ordinary(&self) -> bool {
        self.class_id() == Some(ORDINARY)
    }

    /// An [ordinary](Value::is_ordinary) object, or a deferred namespace object, which must pass for one.
    pub fn is_plain(&self) -> bool {
        let namespaces = self.ctx().inner().deferred_namespace.get();
        self.class_id().is_some_and(|class| class == ORDINARY || class == namespaces)
    }

    /// The engine's name for an object's kind, such as `Object`, `Number` (a boxed one), `WeakMap` or `Map Iterator`.
    /// `None` for primitives.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn class_name(&self) -> Result<Option<String>> {
        let Some(id) = self.class_id() else { return Ok(None) };
        let ctx = self.ctx();
        // SAFETY: a live runtime; the atom is owned.
        let atom = unsafe { PropertyKey::from_raw(ctx, qjs::JS_GetClassName(qjs::JS_GetRuntime(ctx.raw()), id)) };
        atom.to_value()?.to_text().map(Some)
    }

    /// A `DOMException`?
    pub fn is_dom_exception(&self) -> bool {
        self.class_id().is_some_and(|id| id > ORDINARY)
            && !self.is_function()
            && self.class_name().is_ok_and(|name| name.as_deref() == Some("DOMException"))
    }

    /// A proxy's target and handler, `null` once revoked; `None` for other values. No trap runs.
    pub fn proxy_parts(&self) -> Option<(Value<'a>, Value<'a>)> {
        if !self.is_proxy() {
            return None;
        }
        let ctx = self.ctx();
        let part = |raw| {
            ctx.check(raw).unwrap_or_else(|Thrown| {
                drop(ctx.take_exception());
                ctx.null()
            })
        };
        // SAFETY: a live proxy; both results are owned.
        let (target, handler) =
            unsafe { (qjs::JS_GetProxyTarget(ctx.raw(), self.raw()), qjs::JS_GetProxyHandler(ctx.raw(), self.raw())) };
        Some((part(target), part(handler)))
    }

    /// `IsArray`: a proxy of an array is one too.
    ///
    /// # Errors
    /// Throws a `TypeError` for a revoked proxy.
    #[inline(never)]
    pub fn is_array_or_proxy_of_one(&self) -> Result<bool> {
        let Some((mut target, _)) = self.proxy_parts() else { return Ok(self.is_array()) };
        while let Some((next, _)) = target.proxy_parts() {
            target = next;
        }
        if target.is_null() { Err(self.ctx().throw_type("revoked proxy")) } else { Ok(target.is_array()) }
    }
}
