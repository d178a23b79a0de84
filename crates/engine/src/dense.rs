//! Arrays that are nothing but their elements: reading and filling them without asking for a key.
//!
//! The engine keeps the elements of an array without holes in a row, apart from its properties, of which it then has `length` alone.
//! What is found here holds until a script runs. Therefore every element is looked for anew: an array that has changed meanwhile just
//! has none in a row.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::layout::{ObjectLayout, object_layout};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;

/// Elements that an array is made with at once; more are added one by one, in room that counts as the array's own.
const MOST_BLANK: u32 = 1 << 14;

/// Tells, and makes, arrays of a realm that have all of their elements and no other property.
pub struct Dense<'a> {
    /// Keeps the shape of arrays to which no script has done anything.
    empty: Value<'a>,
    layout: Option<ObjectLayout>,
}

/// The elements of an array.
pub struct Elements<'v, 'a> {
    dense: &'v Dense<'a>,
    array: &'v Value<'a>,
}

impl<'a> Dense<'a> {
    /// For arrays of this realm.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn new(ctx: Ctx<'a>) -> Result<Dense<'a>> {
        Ok(Dense { empty: ctx.array_of([])?, layout: object_layout() })
    }

    /// The elements of an array that has all of them and no other property; `None` for one that may have others, and for what is no
    /// array.
    pub fn elements<'v>(&'v self, array: &'v Value<'a>) -> Option<Elements<'v, 'a>> {
        let elements = array.is_array().then_some(Elements { dense: self, array })?;
        (elements.are_all() && array.length() == Ok(u64::from(elements.count()))).then_some(elements)
    }

    /// An array for so many elements, all of which it gets from [`Dense::set`] in their order.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn blank(&self, count: u32) -> Result<Value<'a>> {
        let ctx = self.empty.ctx();
        let blank = vec![qjs::JS_UNDEFINED; count.min(MOST_BLANK) as usize];
        // SAFETY: a pointer and the length of what it points to; `undefined` carries no reference.
        ctx.check(unsafe { qjs::JS_NewArrayFrom(ctx.raw(), blank.len() as c_int, blank.as_ptr()) })
    }

    /// Defines an element of an array.
    ///
    /// # Errors
    /// Throws if the array cannot take it, or memory is short.
    pub fn set(&self, array: &Value<'a>, index: u32, value: Value<'a>) -> Result<()> {
        match array.is_array().then_some(Elements { dense: self, array }).and_then(|elements| elements.place(index)) {
            // SAFETY: a value of the array, which is ours once it is replaced.
            Some(place) => drop(unsafe { Value::from_raw(array.ctx(), place.replace(value.into_raw())) }),
            None => array.set_index(index, value)?,
        }
        Ok(())
    }
}

impl<'a> Elements<'_, 'a> {
    /// Whether the array has no other property.
    fn are_all(&self) -> bool {
        self.array.shape().is_some() && self.array.shape() == self.dense.empty.shape()
    }

    /// How many there are now.
    pub fn count(&self) -> u32 {
        if !self.are_all() {
            return 0;
        }
        let count = |layout: ObjectLayout| {
            // SAFETY: an object of any class is that long.
            unsafe { qjs::JS_VALUE_GET_PTR(self.array.raw()).cast::<u8>().add(layout.count).cast::<u32>().read() }
        };
        self.dense.layout.map_or(0, count)
    }

    fn place(&self, index: u32) -> Option<*mut qjs::JSValue> {
        let layout = self.dense.layout.filter(|_| index < self.count())?;
        // SAFETY: an array that has its elements in a row names their place there.
        Some(unsafe {
            let object = qjs::JS_VALUE_GET_PTR(self.array.raw()).cast::<u8>();
            object.add(layout.elements).cast::<*mut qjs::JSValue>().read().add(index as usize)
        })
    }

    /// One of them; `None` past the last, and for all once the array has holes or another property.
    pub fn get(&self, index: u32) -> Option<Value<'a>> {
        // SAFETY: a value of the array.
        self.place(index).map(|place| unsafe { Value::borrowed(self.array.ctx(), place.read()) })
    }
}
