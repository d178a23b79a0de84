//! The bytes behind buffers and their views.

use crate::error::Thrown;
use crate::value::Value;
use rquickjs::qjs;
use std::slice;

impl<'a> Value<'a> {
    /// Lends the bytes of an `ArrayBuffer` or of a view (typed array). `None` for other values;
    /// empty once detached. No JavaScript may run inside `f`; it gets no [`Ctx`](crate::Ctx) to run any with.
    pub fn with_bytes<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let ctx = self.ctx();
        let (buffer, offset, length) = if self.typed_array_kind().is_some() {
            let (mut offset, mut length, mut width) = (0, 0, 0);
            // SAFETY: a typed array and valid out pointers.
            let raw =
                unsafe { qjs::JS_GetTypedArrayBuffer(ctx.raw(), self.raw(), &mut offset, &mut length, &mut width) };
            match ctx.check(raw) {
                Ok(buffer) => (buffer, offset as usize, Some(length as usize)),
                Err(Thrown) => {
                    drop(ctx.take_exception());
                    return Some(f(&mut []));
                }
            }
        } else if self.is_array_buffer() {
            (self.clone(), 0, None)
        } else {
            return None;
        };
        let length = length.map(|length| self.tracked_length(&buffer, offset, length));
        let mut size = 0;
        // SAFETY: a live buffer; the pointer is checked, the range is clamped to the buffer, and
        // nothing can detach or resize it before `f` returns.
        unsafe {
            let data = qjs::JS_GetArrayBuffer(ctx.raw(), &mut size, buffer.raw());
            if data.is_null() {
                drop(ctx.take_exception());
                return Some(f(&mut []));
            }
            let size = size as usize;
            let start = offset.min(size);
            let end = length.map_or(size, |length| start.saturating_add(length).min(size));
            Some(f(slice::from_raw_parts_mut(data.add(start), end - start)))
        }
    }

    /// The length of a view in bytes. The engine's own figure for a view that tracks a resizable buffer
    /// is that of its creation; only the view's getter knows better.
    fn tracked_length(&self, buffer: &Value<'a>, offset: usize, length: usize) -> usize {
        let ctx = self.ctx();
        let mut size = 0;
        // SAFETY: a live buffer and a valid out pointer; the data is not touched.
        if unsafe { qjs::JS_GetArrayBuffer(ctx.raw(), &mut size, buffer.raw()) }.is_null() {
            drop(ctx.take_exception());
            return 0;
        }
        if offset.saturating_add(length) == size as usize {
            return length;
        }
        let getter = &ctx.inner().layout.natives.view_byte_length;
        match getter.call(ctx, self, &[]).and_then(|length| length.to_f64()) {
            Ok(length) => length as usize,
            Err(Thrown) => {
                drop(ctx.take_exception());
                0
            }
        }
    }

    /// Detaches an `ArrayBuffer`.
    pub fn detach(&self) {
        // SAFETY: a live value; other objects are left alone.
        unsafe { qjs::JS_DetachArrayBuffer(self.ctx().raw(), self.raw()) };
    }
}
