//! `DisposableStack` and `AsyncDisposableStack`, as a late set of [builtins](crate::builtins).
//!
//! The engine makes them with what cannot be late, though no syntax and no other builtin leads to them. So a new context
//! is rid of them, and they are made again, of the engine's own functions, when one is first touched.

use crate::layout::Layout;
use crate::native::Native;
use crate::object::Attributes;
use rquickjs::qjs;
use std::ffi::{CStr, CString, c_char, c_int};

/// One of the two classes.
pub(crate) struct Stack {
    name: &'static CStr,
    class: qjs::JSClassID,
    constructor: Native,
    /// Of its prototype.
    members: [qjs::JSCFunctionListEntry; 8],
}

// SAFETY: never written to; its pointers are to code and to names that stay.
unsafe impl Send for Stack {}
// SAFETY: as above.
unsafe impl Sync for Stack {}

impl Stack {
    /// Finds what they do by expressions.
    pub(crate) fn find(
        native: impl Fn(&CStr) -> Option<Native>,
        class: impl Fn(&CStr) -> Option<qjs::JSClassID>,
    ) -> Option<[Stack; 2]> {
        let of = |name: &'static CStr, dispose: &'static CStr, symbol: &'static CStr| {
            let text = name.to_str().ok()?;
            let source = |source: String| CString::new(source).ok();
            let method = |method: &'static CStr| {
                let source = source(format!("{text}.prototype.{}", method.to_str().ok()?))?;
                Some(native(&source)?.describe(method))
            };
            let disposed = format!("Object.getOwnPropertyDescriptor({text}.prototype, 'disposed').get");
            Some(Stack {
                name,
                class: class(&source(format!("new {text}"))?)?,
                constructor: native(name)?,
                members: [
                    method(c"adopt")?,
                    method(c"defer")?,
                    method(dispose)?,
                    method(c"move")?,
                    method(c"use")?,
                    native(&source(disposed)?)?.describe_getter(c"disposed"),
                    alias(symbol, dispose),
                    tag(name),
                ],
            })
        };
        Some([
            of(c"DisposableStack", c"dispose", c"[Symbol.dispose]")?,
            of(c"AsyncDisposableStack", c"disposeAsync", c"[Symbol.asyncDispose]")?,
        ])
    }

    /// SAFETY: the context is live. True if memory sufficed.
    unsafe fn make(&self, ctx: *mut qjs::JSContext) -> bool {
        // SAFETY: by contract; the prototype's reference goes to the context, the constructor's to the global object.
        unsafe {
            let prototype = qjs::JS_NewObject(ctx);
            let constructor = self.constructor.to_raw(ctx, self.name);
            let count = self.members.len() as c_int;
            let made = !qjs::JS_IsException(prototype)
                && !qjs::JS_IsException(constructor)
                && qjs::JS_SetPropertyFunctionList(ctx, prototype, self.members.as_ptr(), count) >= 0
                && qjs::JS_SetConstructor(ctx, constructor, prototype) >= 0;
            if !made {
                qjs::JS_FreeValue(ctx, prototype);
                qjs::JS_FreeValue(ctx, constructor);
                return false;
            }
            qjs::JS_SetClassProto(ctx, self.class, prototype);
            let globals = qjs::JS_GetGlobalObject(ctx);
            let hidden = Attributes::HIDDEN.flags();
            let status = qjs::JS_DefinePropertyValueStr(ctx, globals, self.name.as_ptr(), constructor, hidden);
            qjs::JS_FreeValue(ctx, globals);
            status >= 0
        }
    }
}

fn alias(name: &'static CStr, of: &'static CStr) -> qjs::JSCFunctionListEntry {
    let alias = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_3 { name: of.as_ptr(), base: -1 };
    entry(name, Attributes::HIDDEN.flags(), qjs::JS_DEF_ALIAS, qjs::JSCFunctionListEntry__bindgen_ty_1 { alias })
}

fn tag(name: &'static CStr) -> qjs::JSCFunctionListEntry {
    let text = qjs::JSCFunctionListEntry__bindgen_ty_1 { str_: name.as_ptr() };
    entry(c"[Symbol.toStringTag]", qjs::JS_PROP_CONFIGURABLE as c_int, qjs::JS_DEF_PROP_STRING, text)
}

fn entry(
    name: &'static CStr,
    flags: c_int,
    kind: u32,
    u: qjs::JSCFunctionListEntry__bindgen_ty_1,
) -> qjs::JSCFunctionListEntry {
    let name: *const c_char = name.as_ptr();
    qjs::JSCFunctionListEntry { name, prop_flags: flags as u8, def_type: kind as u8, magic: 0, u }
}

/// Makes the two. Negative if memory is short.
///
/// SAFETY: the context is live.
pub(crate) unsafe extern "C" fn add(ctx: *mut qjs::JSContext) -> c_int {
    // SAFETY: by contract.
    let made = Layout::get().is_some_and(|layout| layout.stacks.iter().all(|stack| unsafe { stack.make(ctx) }));
    if made { 0 } else { -1 }
}

/// Rids a new context of the two, but for the globals that name them. Negative if that fails.
///
/// SAFETY: the context is live, and no script has run in it.
pub(crate) unsafe fn remove(ctx: *mut qjs::JSContext) -> c_int {
    let Some(layout) = Layout::get() else { return 0 };
    for stack in &layout.stacks {
        // SAFETY: by contract. Without its constructor a prototype is in no cycle.
        unsafe {
            let prototype = qjs::JS_GetClassProto(ctx, stack.class);
            let constructor = qjs::JS_NewAtom(ctx, c"constructor".as_ptr());
            let status = qjs::JS_DeleteProperty(ctx, prototype, constructor, 0);
            qjs::JS_FreeAtom(ctx, constructor);
            qjs::JS_FreeValue(ctx, prototype);
            if status < 0 {
                return status;
            }
            qjs::JS_SetClassProto(ctx, stack.class, qjs::JS_UNDEFINED);
        }
    }
    0
}
