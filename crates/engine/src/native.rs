//! The engine's own C functions behind its builtins.
//!
//! They are looked up once per process, in a private realm. A realm then neither keeps the function objects that
//! it may have to call, nor can a script change what is called. The C code is the same for all realms of a process; the realm that a
//! call is for is an argument.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

const GENERIC: u8 = qjs::JSCFunctionEnum_JS_CFUNC_generic as u8;
const GENERIC_MAGIC: u8 = qjs::JSCFunctionEnum_JS_CFUNC_generic_magic as u8;
const GETTER: u8 = qjs::JSCFunctionEnum_JS_CFUNC_getter as u8;
const GETTER_MAGIC: u8 = qjs::JSCFunctionEnum_JS_CFUNC_getter_magic as u8;
const NEXT: u8 = qjs::JSCFunctionEnum_JS_CFUNC_iterator_next as u8;

/// Parameters that a builtin which this crate calls declares at most.
const MAX_PARAMETERS: usize = 4;

/// A C function that gets a magic.
pub(crate) type MagicEntry =
    unsafe extern "C" fn(*mut qjs::JSContext, qjs::JSValue, c_int, *mut qjs::JSValue, c_int) -> qjs::JSValue;

/// A builtin's C function, as the engine's function objects have it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Native {
    entry: qjs::JSCFunctionType,
    length: u8,
    kind: u8,
    magic: i16,
}

/// Those that this crate calls, and the classes whose prototypes it needs.
pub(crate) struct Natives {
    pub(crate) array_to_string: Native,
    pub(crate) map_for_each: Native,
    pub(crate) set_for_each: Native,
    pub(crate) map_size: Native,
    pub(crate) set_size: Native,
    pub(crate) date_get_time: Native,
    pub(crate) bigint_to_string: Native,
    pub(crate) view_byte_length: Native,
    pub(crate) symbol_description: Native,
    pub(crate) helper_next: Native,
    pub(crate) wrapped_next: Native,
    /// `Array`, iterator helpers, and iterators that `Iterator.from` wraps.
    pub(crate) array_class: qjs::JSClassID,
    pub(crate) helper_class: qjs::JSClassID,
    pub(crate) wrapped_class: qjs::JSClassID,
    /// What `Error.prepareStackTrace` gets of each frame.
    pub(crate) call_site_class: qjs::JSClassID,
    /// Functions that scripts declare.
    pub(crate) closure_class: qjs::JSClassID,
    /// Those of them that may pause.
    pausing_classes: [qjs::JSClassID; 3],
    /// `eval`, and the constructors of functions.
    compilers: [Native; 2],
    /// Native functions.
    function_class: qjs::JSClassID,
    /// Where a function object holds a [`Native`].
    offset: usize,
}

// SAFETY: code of the process.
unsafe impl Send for Native {}
// SAFETY: as above.
unsafe impl Sync for Native {}

impl Natives {
    /// Looks them up by expressions. `offset` is where `function` finds one.
    pub(crate) fn find(
        function: impl Fn(&CStr) -> Option<Native>,
        class: impl Fn(&CStr) -> Option<qjs::JSClassID>,
        offset: usize,
    ) -> Option<Natives> {
        let native = |source: &CStr| function(source).filter(Native::is_known);
        let getter = c"Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength').get";
        Some(Natives {
            array_to_string: native(c"Array.prototype.toString")?,
            map_for_each: native(c"Map.prototype.forEach")?,
            set_for_each: native(c"Set.prototype.forEach")?,
            map_size: native(c"Object.getOwnPropertyDescriptor(Map.prototype, 'size').get")?,
            set_size: native(c"Object.getOwnPropertyDescriptor(Set.prototype, 'size').get")?,
            date_get_time: native(c"Date.prototype.getTime")?,
            bigint_to_string: native(c"BigInt.prototype.toString")?,
            view_byte_length: native(getter)?,
            symbol_description: native(c"Object.getOwnPropertyDescriptor(Symbol.prototype, 'description').get")?,
            helper_next: native(c"Object.getPrototypeOf([].values().take(0)).next")?,
            wrapped_next: native(c"Object.getPrototypeOf(Iterator.from({})).next")?,
            array_class: class(c"[]")?,
            helper_class: class(c"[].values().take(0)")?,
            wrapped_class: class(c"Iterator.from({})")?,
            call_site_class: class(
                c"(() => { Error.prepareStackTrace = (error, sites) => sites[0]; const site = new Error().stack; Error.prepareStackTrace = undefined; return site })()",
            )?,
            closure_class: class(c"() => 0")?,
            pausing_classes: [class(c"(function* () {})")?, class(c"async () => 0")?, class(c"(async function* () {})")?],
            compilers: [function(c"eval")?, function(c"Function")?],
            function_class: class(c"Math.max")?,
            offset,
        })
    }

    /// Whether an object is a native function without data of its own.
    pub(crate) fn is_native(&self, object: &Value<'_>) -> bool {
        // SAFETY: reads the class of an object.
        unsafe { qjs::JS_GetClassID(object.raw()) == self.function_class }
    }

    /// Whether a script declares functions of this class.
    pub(crate) fn is_closure(&self, class: qjs::JSClassID) -> bool {
        class == self.closure_class || self.pausing_classes.contains(&class)
    }

    /// Whether this is code that compiles scripts.
    pub(crate) fn is_compiler(&self, native: &Native) -> bool {
        self.compilers.iter().any(|compiler| compiler.address() == native.address())
    }

    /// What a function does, if it is the engine's.
    pub(crate) fn of(&self, function: &Value<'_>) -> Option<Native> {
        // SAFETY: a live object.
        if function.is_object() { unsafe { self.read(function.raw()) } } else { None }
    }

    /// What a native function does; `None` for other objects.
    ///
    /// SAFETY: `object` is a live one.
    pub(crate) unsafe fn read(&self, object: qjs::JSValue) -> Option<Native> {
        // SAFETY: by contract; the class is the one that the offset was found in.
        unsafe {
            let is_native = qjs::JS_GetClassID(object) == self.function_class;
            is_native.then(|| Native::read(qjs::JS_VALUE_GET_PTR(object).cast::<u8>().add(self.offset)))
        }
    }
}

impl Native {
    /// What a function object of these declared parameters, kind and magic would hold.
    pub(crate) fn new(entry: qjs::JSCFunctionType, length: u8, kind: qjs::JSCFunctionEnum, magic: i16) -> Native {
        Native { entry, length, kind: kind as u8, magic }
    }

    /// SAFETY: a native stands at `place`.
    pub(crate) unsafe fn read(place: *const u8) -> Native {
        // SAFETY: by contract; all bytes of it are plain data.
        unsafe { place.cast::<Native>().read_unaligned() }
    }

    pub(crate) fn is_same(&self, other: &Native) -> bool {
        self.address() == other.address()
            && (self.length, self.kind, self.magic) == (other.length, other.kind, other.magic)
    }

    /// The same with another C function.
    pub(crate) fn with_entry(self, entry: qjs::JSCFunction) -> Native {
        Native { entry: qjs::JSCFunctionType { generic: entry }, kind: GENERIC, magic: 0, ..self }
    }

    /// A property that becomes a function with it when it is first read. The name must stay.
    pub(crate) fn describe(self, name: &'static CStr) -> qjs::JSCFunctionListEntry {
        let func = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_1 {
            length: self.length,
            cproto: self.kind,
            cfunc: self.entry,
        };
        qjs::JSCFunctionListEntry {
            name: name.as_ptr(),
            prop_flags: Attributes::HIDDEN.flags() as u8,
            def_type: qjs::JS_DEF_CFUNC as u8,
            magic: self.magic,
            u: qjs::JSCFunctionListEntry__bindgen_ty_1 { func },
        }
    }

    /// A property with it as its getter. The name must stay.
    pub(crate) fn describe_getter(self, name: &'static CStr) -> qjs::JSCFunctionListEntry {
        let set = qjs::JSCFunctionType { setter: None };
        let getset = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_2 { get: self.entry, set };
        let kind = if self.kind == GETTER_MAGIC { qjs::JS_DEF_CGETSET_MAGIC } else { qjs::JS_DEF_CGETSET };
        qjs::JSCFunctionListEntry {
            name: name.as_ptr(),
            prop_flags: qjs::JS_PROP_CONFIGURABLE as u8,
            def_type: kind as u8,
            magic: self.magic,
            u: qjs::JSCFunctionListEntry__bindgen_ty_1 { getset },
        }
    }

    fn address(&self) -> *const c_void {
        // SAFETY: every variant is a function pointer.
        unsafe { self.entry.generic.map_or(ptr::null(), |entry| entry as *const c_void) }
    }

    /// Whether this is something that [`Native::call`] or [`Native::to_function`] knows to deal with.
    pub(crate) fn is_known(&self) -> bool {
        !self.address().is_null()
            && usize::from(self.length) <= MAX_PARAMETERS
            && matches!(self.kind, GENERIC | GENERIC_MAGIC | GETTER | GETTER_MAGIC | NEXT)
    }

    /// Calls it as the engine would, without a frame of its own in stack traces.
    pub(crate) fn call<'a>(&self, ctx: Ctx<'a>, this: &Value<'a>, args: &[Value<'a>]) -> Result<Value<'a>> {
        let mut raw: Vec<qjs::JSValue> = args.iter().map(Value::raw).collect();
        // SAFETY: live values.
        ctx.check(unsafe { self.call_padded(ctx.raw(), this.raw(), &mut raw) })
    }

    /// SAFETY: all are live values of `ctx`.
    pub(crate) unsafe fn call_padded(
        &self,
        ctx: *mut qjs::JSContext,
        this: qjs::JSValue,
        args: &mut [qjs::JSValue],
    ) -> qjs::JSValue {
        let (count, declared) = (args.len(), usize::from(self.length));
        if count >= declared {
            // SAFETY: by contract.
            return unsafe { self.call_raw(ctx, this, count as c_int, args.as_mut_ptr()) };
        }
        let mut padded = [qjs::JS_UNDEFINED; MAX_PARAMETERS];
        padded[..count].copy_from_slice(args);
        // SAFETY: by contract; no more parameters than that are declared, as `is_known` says.
        unsafe { self.call_raw(ctx, this, count as c_int, padded.as_mut_ptr()) }
    }

    /// SAFETY: all values are live values of `ctx`; `args` are `count`, and at least as many as the function declares.
    unsafe fn call_raw(
        &self,
        ctx: *mut qjs::JSContext,
        this: qjs::JSValue,
        count: c_int,
        args: *mut qjs::JSValue,
    ) -> qjs::JSValue {
        let magic = c_int::from(self.magic);
        // SAFETY: by contract; the kind says which variant it is, and `is_known` has been asked.
        unsafe {
            let called = match self.kind {
                GENERIC => self.entry.generic.map(|entry| entry(ctx, this, count, args)),
                GENERIC_MAGIC => self.entry.generic_magic.map(|entry| entry(ctx, this, count, args, magic)),
                GETTER => self.entry.getter.map(|entry| entry(ctx, this)),
                GETTER_MAGIC => self.entry.getter_magic.map(|entry| entry(ctx, this, magic)),
                _ => None,
            };
            called.unwrap_or(qjs::JS_UNDEFINED)
        }
    }

    /// Whether it gives bare values, of which the engine makes result objects: an iterator's `next`.
    pub(crate) fn is_next(&self) -> bool {
        self.kind == NEXT
    }

    /// What an iterator's own `next` would give next; `None` at its end.
    pub(crate) fn step<'a>(&self, ctx: Ctx<'a>, iterator: &Value<'a>) -> Result<Option<Value<'a>>> {
        let mut done = 0;
        let magic = c_int::from(self.magic);
        // SAFETY: the kind says which variant it is; a live iterator and no arguments.
        let item = ctx.check(unsafe {
            match (self.kind, self.entry.iterator_next) {
                (NEXT, Some(next)) => next(ctx.raw(), iterator.raw(), 0, ptr::null_mut(), &mut done, magic),
                _ => return Ok(None),
            }
        })?;
        Ok((done == 0).then_some(item))
    }

    /// A function object of this realm for it.
    pub(crate) fn to_function<'a>(self, ctx: Ctx<'a>, name: &CStr) -> Result<Value<'a>> {
        // SAFETY: a live context.
        ctx.check(unsafe { self.to_raw(ctx.raw(), name) })
    }

    /// SAFETY: the context is live, and the entry is one of its kind.
    pub(crate) unsafe fn to_raw(self, ctx: *mut qjs::JSContext, name: &CStr) -> qjs::JSValue {
        let (length, kind, magic) = (c_int::from(self.length), self.kind.into(), c_int::from(self.magic));
        // SAFETY: by contract; the name is copied.
        unsafe { qjs::JS_NewCFunction2(ctx, self.entry.generic, name.as_ptr(), length, kind, magic) }
    }
}
