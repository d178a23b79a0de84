//! Where an object has its shape and its values, for reading and making rows of data; found like the rest of the layout, but an engine that hides
//! it is only slower.

use super::{Probe, integer, only};
use crate::native::Native;
use rquickjs::qjs;
use std::ffi::{CStr, c_int};
use std::sync::OnceLock;

/// Where an object has what, in bytes from its start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectLayout {
    /// The pointer to its shape, which objects share that have the same prototype and the same properties in the same
    /// order, as long as they have.
    pub(crate) shape: usize,
    /// The pointer to the values of its properties, in that order; those of plain data are `JSValue`s.
    pub(crate) values: usize,
    /// In a shape, how many properties it has, deleted ones included: a `u32`.
    pub(crate) properties: usize,
    /// Of an array that has its elements in a row, the pointer to them: they are `JSValue`s.
    pub(crate) elements: usize,
    /// How many elements an array has in a row, a `u32`; 0 if they are elsewhere.
    pub(crate) count: usize,
    /// What a property that the engine makes when it is first read has among the values: this much more than the address of the
    /// context, and then the address of its description.
    pub(crate) unmade: usize,
}

/// A property that the engine has yet to make, among the values.
#[repr(C)]
pub(crate) struct Unmade {
    pub(crate) realm: usize,
    pub(crate) description: *const qjs::JSCFunctionListEntry,
}

pub(crate) fn object_layout() -> Option<ObjectLayout> {
    static LAYOUT: OnceLock<Option<ObjectLayout>> = OnceLock::new();
    *LAYOUT.get_or_init(|| {
        let probe = Probe::new()?;
        // SAFETY: the probe's runtime is private to this thread and live.
        unsafe {
            let values = probe.find_row([(c"({ x: 11, y: 22.5 })", 11, 22.5), (c"({ b: -3, a: 0.25 })", -3, 0.25)])?;
            let shape = probe.find_shape()?;
            Some(ObjectLayout {
                shape,
                values,
                properties: probe.find_properties(shape)?,
                elements: probe.find_row([(c"[11, 22.5]", 11, 22.5), (c"[-3, 0.25]", -3, 0.25)])?,
                count: probe.find_count()?,
                unmade: probe.find_unmade(values)?,
            })
        }
    })
}

/// Words at the start of an object that are searched.
const OBJECT_WORDS: usize = 9;

impl Probe {
    /// Makes objects: the only word that those share which have the same properties, and no others do. One that gets another property
    /// leaves the rest their word.
    unsafe fn find_shape(&self) -> Option<usize> {
        const SAME: [&CStr; 3] =
            [c"({ x: 1, y: 2 })", c"({ x: 'a', y: {} })", c"let o = {}; o.x = 3; o.y = 4; globalThis.o = o"];
        const OTHER: [&CStr; 7] = [
            c"({ x: 1 })",
            c"({ y: 1, x: 2 })",
            c"({ x: 1, y: 2, z: 3 })",
            c"({ x: 1, get y() {} })",
            c"({ x: 1, y: 2, __proto__: null })",
            c"Object.defineProperty({ x: 1, y: 2 }, 'y', { enumerable: false })",
            c"Object.freeze({ x: 1, y: 2 })",
        ];
        // SAFETY: by contract; `object` has checked that the words may be read.
        unsafe {
            let object = |source: &&CStr| self.object(source);
            let same = SAME.iter().map(object).collect::<Option<Vec<_>>>()?;
            let other = OTHER.iter().map(object).collect::<Option<Vec<_>>>()?;
            let word = |object: &*mut usize, at: usize| object.add(at).read();
            let tells_apart = |&at: &usize| {
                let shape = word(&same[0], at);
                same.iter().all(|object| word(object, at) == shape)
                    && other.iter().all(|object| word(object, at) != shape)
            };
            let at = only((0..OBJECT_WORDS).filter(tells_apart))?;
            let before = word(&same[0], at);
            self.eval(c"globalThis.o.z = 5");
            let is_left = word(&same[0], at) == before && word(&same[1], at) == before && word(&same[2], at) != before;
            is_left.then_some(at * size_of::<usize>())
        }
    }

    /// Makes objects: the only word that points to the two values that each was given, in their order.
    unsafe fn find_row(&self, given: [(&CStr, i32, f64); 2]) -> Option<usize> {
        // SAFETY: by contract; the heap says whether what a word points to may be read.
        unsafe {
            let mut words: Vec<usize> = (0..OBJECT_WORDS).collect();
            for (source, first, second) in given {
                let object = self.object(source)?;
                words.retain(|&at| {
                    let values = object.add(at).read() as *const [qjs::JSValue; 2];
                    if !values.is_aligned()
                        || !self.heap.covers(values.cast_mut().cast(), size_of::<[qjs::JSValue; 2]>())
                    {
                        return false;
                    }
                    let [x, y] = values.read();
                    let tags = (qjs::JS_VALUE_GET_TAG(x), qjs::JS_VALUE_GET_TAG(y));
                    tags == (qjs::JS_TAG_INT, qjs::JS_TAG_FLOAT64) && x.u.int32 == first && y.u.float64 == second
                });
            }
            only(words.into_iter()).map(|at| at * size_of::<usize>())
        }
    }

    /// Makes objects: the only number in their shapes that is that of their properties.
    unsafe fn find_properties(&self, shape: usize) -> Option<usize> {
        /// Bytes of a shape that are searched.
        const SEARCHED: usize = 48;
        const OBJECTS: [(&CStr, u32); 4] = [
            (c"({ x: 1 })", 1),
            (c"({ x: 1, y: 2, z: 3 })", 3),
            (c"({ x: 1, y: 2, z: 3, u: 4, v: 5, w: 6, t: 7 })", 7),
            (c"globalThis.less = { x: 1, y: 2, z: 3, u: 4, v: 5 }; delete less.y; less", 5),
        ];
        let mut offsets: Vec<usize> = (0..SEARCHED).step_by(align_of::<u32>()).collect();
        for (source, count) in OBJECTS {
            // SAFETY: by contract; `object` has checked that the words may be read, the heap says whether a shape's may.
            unsafe {
                let shape = self.object(source)?.cast::<u8>().add(shape).cast::<*mut u8>().read();
                if !self.heap.covers(shape.cast(), SEARCHED) {
                    return None;
                }
                offsets.retain(|&at| shape.add(at).cast::<u32>().read() == count);
            }
        }
        only(offsets.into_iter())
    }

    /// Changes an array: the only number that follows its elements, neither the room for them nor a length without them.
    unsafe fn find_count(&self) -> Option<usize> {
        const STEPS: [(&CStr, u32); 7] = [
            (c"globalThis.list = [1, 2, 3]", 3),
            (c"list.pop(); list", 2),
            (c"list.length = 7; list", 2),
            (c"list.length = 1; list", 1),
            (c"list.push(5, 6, 7); list", 4),
            (c"delete list[1]; list", 0),
            (c"[]", 0),
        ];
        let mut offsets: Vec<usize> = (0..OBJECT_WORDS * size_of::<usize>()).step_by(align_of::<u32>()).collect();
        for (source, count) in STEPS {
            // SAFETY: by contract; `object` has checked that the words may be read.
            unsafe {
                let object = self.object(source)?.cast::<u8>();
                offsets.retain(|&at| object.add(at).cast::<u32>().read() == count);
            }
        }
        only(offsets.into_iter())
    }

    /// Gives an object a property that is made when it is first read, then the property another description: what is read is what
    /// that says.
    unsafe fn find_unmade(&self, values: usize) -> Option<usize> {
        let describe = |entry| Native::new(entry, 0, qjs::JSCFunctionEnum_JS_CFUNC_generic, 0).describe(c"made");
        let generic = |entry| qjs::JSCFunctionType { generic: Some(entry) };
        let (first, second) = (describe(generic(say::<1>)), describe(generic(say::<2>)));
        // SAFETY: by contract; `object` has checked that the words may be read, and `covers` says so of what they point to. No script
        // reads the property once the descriptions are gone.
        unsafe {
            let object = self.object(c"globalThis.unmade = {}")?;
            let target = self.eval(c"unmade");
            if qjs::JS_SetPropertyFunctionList(self.ctx, target, &first, 1) < 0 {
                return None;
            }
            let place = object.cast::<u8>().add(values).cast::<*mut Unmade>().read();
            if !place.is_aligned() || !self.heap.covers(place.cast(), size_of::<Unmade>()) {
                return None;
            }
            let tag = (*place).realm.checked_sub(self.ctx.addr()).filter(|tag| *tag < align_of::<usize>())?;
            if (*place).description != &raw const first {
                return None;
            }
            (*place).description = &raw const second;
            let said = self.eval(c"unmade.made()");
            (qjs::JS_VALUE_GET_TAG(said) == qjs::JS_TAG_INT && said.u.int32 == 2).then_some(tag)
        }
    }

    /// The object that a script makes, whose first words may be read.
    unsafe fn object(&self, source: &CStr) -> Option<*mut usize> {
        // SAFETY: by contract.
        let (object, tag) = unsafe {
            let value = self.eval(source);
            (qjs::JS_VALUE_GET_PTR(value).cast::<usize>(), qjs::JS_VALUE_GET_TAG(value))
        };
        let is_there = tag == qjs::JS_TAG_OBJECT && self.heap.covers(object.cast(), OBJECT_WORDS * size_of::<usize>());
        is_there.then_some(object)
    }
}

unsafe extern "C" fn say<const N: i32>(
    _ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _argc: c_int,
    _argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    integer(N)
}
