//! What the engine's builtin functions do.

use super::{Probe, integer, look, only};
use crate::disposal::Stack;
use crate::native::{Native, Natives};
use crate::reveal::Reflection;
use rquickjs::qjs;
use std::ffi::{CStr, c_int};
use std::ptr;

impl Probe {
    /// Makes two functions: the only place where each holds its C function, and behind that its length, kind and magic.
    unsafe fn find_code(&self) -> Option<usize> {
        /// Bytes of a function object that are searched.
        const SEARCHED: usize = 72;
        let plain = qjs::JSCFunctionType { generic: Some(look) };
        let magic = qjs::JSCFunctionType { generic_magic: Some(probe_magic) };
        let natives = [
            Native::new(plain, 3, qjs::JSCFunctionEnum_JS_CFUNC_generic, 0x1357),
            Native::new(magic, 1, qjs::JSCFunctionEnum_JS_CFUNC_generic_magic, -0x2468),
        ];
        let mut offsets: Vec<usize> = (0..=SEARCHED - size_of::<Native>()).step_by(align_of::<Native>()).collect();
        for native in natives {
            // SAFETY: by contract; the heap says whether the bytes of an object may be read.
            unsafe {
                let function = self.eval_native(native)?;
                let object = qjs::JS_VALUE_GET_PTR(function).cast::<u8>();
                if !self.heap.covers(object.cast(), SEARCHED) {
                    return None;
                }
                offsets.retain(|&offset| Native::read(object.add(offset)).is_same(&native));
            }
        }
        only(offsets.into_iter())
    }

    unsafe fn eval_native(&self, native: Native) -> Option<qjs::JSValue> {
        // SAFETY: by contract, and a native's entry has the signature of its kind.
        let function = unsafe { native.to_raw(self.ctx, c"probe") };
        // SAFETY: reads the tag.
        (!unsafe { qjs::JS_IsException(function) }).then_some(function)
    }

    /// Looks at the builtins of a realm that no script has touched.
    pub(super) unsafe fn find_natives(&self) -> Option<(Natives, Reflection, [Stack; 2])> {
        // SAFETY: by contract; the bytes of a function object were read by `find_code` as well.
        unsafe {
            let offset = self.find_code()?;
            let object = |source: &CStr| {
                let value = self.eval(source);
                (qjs::JS_VALUE_GET_TAG(value) == qjs::JS_TAG_OBJECT).then_some(value)
            };
            let function = |source: &CStr| {
                object(source).map(|value| Native::read(qjs::JS_VALUE_GET_PTR(value).cast::<u8>().add(offset)))
            };
            let native = |source: &CStr| function(source).filter(Native::is_known);
            let class = |source: &CStr| object(source).map(|value| qjs::JS_GetClassID(value));
            let names = qjs::JS_ToCString(self.ctx, self.eval(c"String(Object.getOwnPropertyNames(Reflect))"));
            let names = CStr::from_ptr(ptr::NonNull::new(names.cast_mut())?.as_ptr()).to_str().ok()?;
            let stacks = Stack::find(function, class)?;
            Some((Natives::find(function, class, offset)?, Reflection::find(native, names)?, stacks))
        }
    }
}

unsafe extern "C" fn probe_magic(
    _ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _argc: c_int,
    _argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    integer(magic)
}
