//! ES modules: finding, compiling and evaluating them.

use crate::ctx::{Ctx, EvalOptions, NulTerminated, c_text};
use crate::error::{Result, Thrown};
use crate::function::guard;
use crate::layout::Job;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::rc::Rc;

/// What a module's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleKind {
    /// An ECMAScript module.
    JavaScript,
    /// JSON; its value is the default export.
    Json,
}

/// A module's text.
#[derive(Debug, Clone)]
pub struct ModuleSource {
    /// How to read `text`.
    pub kind: ModuleKind,
    /// The text itself, shared with its loader.
    pub text: Rc<String>,
}

/// Where `import` finds modules. Messages of errors become JS errors.
pub trait ModuleLoader {
    /// The full name of what `specifier` means in module `base`.
    ///
    /// # Errors
    /// Why it means nothing there.
    fn resolve(&self, base: &str, specifier: &str) -> std::result::Result<String, String>;

    /// The text of a module by its full name.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn load(&self, name: &str) -> std::result::Result<ModuleSource, String>;
}

/// The base of an import of a name with a NUL, which is refused.
const REFUSED: &str = "\u{1}NUL";

/// SAFETY: `rt` is live.
pub(crate) unsafe fn install(rt: *mut qjs::JSRuntime) {
    // SAFETY: by contract; the callbacks find their state through the context.
    unsafe { qjs::JS_SetModuleLoaderFunc2(rt, Some(normalize), Some(load), Some(check_attributes), ptr::null_mut()) };
}

impl<'a> Ctx<'a> {
    /// Evaluates a module; the result is a promise of `undefined`. `name` is what stacks call it and what its relative imports are
    /// relative to, `url` its `import.meta.url`.
    ///
    /// # Errors
    /// Throws `SyntaxError`s and errors of linking; errors of evaluation reject the promise.
    pub fn eval_module(self, source: &str, name: &str, url: &str) -> Result<Value<'a>> {
        let module = self.compile_module(source, name, url)?;
        // SAFETY: a module value, which the engine takes over.
        self.check(unsafe { qjs::JS_EvalFunction(self.raw(), module.into_raw()) })
    }

    /// `import(specifier)`, as from a module at `base`: a promise of the namespace object.
    ///
    /// # Errors
    /// Throws if memory is short; other failures reject the promise.
    pub fn import(self, base: &str, specifier: &str) -> Result<Value<'a>> {
        let (base, specifier) = (c_text(base), c_text(specifier));
        // SAFETY: C strings that outlive the call.
        self.check(unsafe { qjs::JS_LoadModule(self.raw(), base.as_ptr(), specifier.as_ptr()) })
    }

    /// Sees to it that `import("a\0b")`, if that is what this realm's next job is, does not find `a`: the engine asks for modules by C strings.
    pub(crate) fn check_import(self, job: *mut Job) -> Result<()> {
        // SAFETY: the job is live and waits.
        let &[_, _, _, specifier, _] = (unsafe { Job::args(job) }) else { return Ok(()) };
        // SAFETY: a live value. Of the jobs with five arguments, those of promises have a boolean here.
        let specifier = unsafe { Value::borrowed(self, specifier) };
        if !specifier.is_string() {
            return Ok(());
        }
        let shown = specifier.with_text(|text| text.contains('\0').then(|| text.replace('\0', "\\0")))?;
        let Some(shown) = shown else { return Ok(()) };
        for (index, text) in [(2, REFUSED), (3, &*shown)] {
            let value = self.string(text)?.into_raw();
            // SAFETY: an argument that is there, whose old value belongs to whoever took it out.
            drop(unsafe { Value::from_raw(self, Job::replace_arg(job, index, value)) });
        }
        Ok(())
    }

    fn compile_module(self, source: &str, name: &str, url: &str) -> Result<Value<'a>> {
        let options = EvalOptions { filename: name, ..EvalOptions::default() };
        let module = self.compile_value(source, &options, qjs::JS_EVAL_TYPE_MODULE)?;
        // SAFETY: a module value's payload is its definition, alive while the context is.
        let meta = self.check(unsafe { qjs::JS_GetImportMeta(self.raw(), definition(&module)) })?;
        meta.define("url", self.string(url)?, Attributes::ALL)?;
        Ok(module)
    }

    fn json_module(self, name: &str, text: &str) -> Result<NonNull<qjs::JSModuleDef>> {
        let (file, source) = (c_text(name), NulTerminated::new(self, text)?);
        // SAFETY: NUL-terminated text of the given length; the module takes the value over.
        unsafe {
            let raw = qjs::JS_ParseJSON(self.raw(), source.as_ptr(), text.len() as _, file.as_ptr());
            let value = self.check(raw)?;
            let module =
                NonNull::new(qjs::JS_NewCModule(self.raw(), file.as_ptr(), Some(export_json))).ok_or(Thrown)?;
            if qjs::JS_AddModuleExport(self.raw(), module.as_ptr(), c"default".as_ptr()) < 0 {
                return Err(Thrown);
            }
            qjs::JS_SetModulePrivateValue(self.raw(), module.as_ptr(), value.into_raw());
            Ok(module)
        }
    }
}

fn definition(module: &Value<'_>) -> *mut qjs::JSModuleDef {
    // SAFETY: callers pass module values only.
    unsafe { qjs::JS_VALUE_GET_PTR(module.raw()).cast() }
}

unsafe extern "C" fn export_json(ctx: *mut qjs::JSContext, module: *mut qjs::JSModuleDef) -> c_int {
    // SAFETY: the engine initialises the module that it was given, in its context.
    unsafe {
        let value = qjs::JS_GetModulePrivateValue(ctx, module);
        qjs::JS_SetModuleExport(ctx, module, c"default".as_ptr(), value)
    }
}

/// SAFETY (both): `text` is null or a C string that outlives the result.
unsafe fn borrow_text<'t>(text: *const c_char) -> std::borrow::Cow<'t, str> {
    if text.is_null() {
        return "".into();
    }
    // SAFETY: by contract.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

/// Runs a loader callback under the guard and reports what it leaves in `out`.
fn guarded<'a, T>(ctx: Ctx<'a>, f: impl FnOnce() -> Result<T>) -> Option<T> {
    let mut out = None;
    guard(ctx, || {
        out = Some(f()?);
        Ok(ctx.undefined())
    });
    out
}

unsafe extern "C" fn normalize(
    ctx: *mut qjs::JSContext,
    base: *const c_char,
    specifier: *const c_char,
    _opaque: *mut c_void,
) -> *mut c_char {
    // SAFETY: the engine passes a live context and C strings.
    let (ctx, base, specifier) =
        unsafe { (Ctx::from_raw(NonNull::new_unchecked(ctx)), borrow_text(base), borrow_text(specifier)) };
    let resolved = guarded(ctx, || {
        if base == REFUSED {
            return Err(ctx.throw_type(&format!("Cannot find module '{specifier}': its name holds a NUL")));
        }
        let loader = ctx.slot().loader.borrow().clone();
        let resolved = match loader {
            Some(loader) => loader.resolve(&base, &specifier),
            None => Err(format!("Cannot find module '{specifier}': this realm loads no modules")),
        };
        resolved.map_err(|message| ctx.throw_error("Error", &message))
    });
    match resolved {
        // SAFETY: the engine frees the copy with `js_free`.
        Some(name) => unsafe { qjs::js_strdup(ctx.raw(), c_text(&name).as_ptr()) },
        None => ptr::null_mut(),
    }
}

unsafe extern "C" fn load(
    ctx: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
    attributes: qjs::JSValue,
) -> *mut qjs::JSModuleDef {
    // SAFETY: as in `normalize`; `attributes` is live for the call.
    let (ctx, name, attributes) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, borrow_text(name), Value::borrowed(ctx, attributes))
    };
    let module = guarded(ctx, || {
        let loader = ctx.slot().loader.borrow().clone();
        let loaded = match loader {
            Some(loader) => loader.load(&name),
            None => Err(format!("Cannot find module '{name}': this realm loads no modules")),
        };
        let source = loaded.map_err(|message| ctx.throw_error("Error", &message))?;
        if source.kind == ModuleKind::Json || wants_json(&attributes)? {
            return ctx.json_module(&name, &source.text);
        }
        let module = ctx.compile_module(&source.text, &name, &name)?;
        NonNull::new(definition(&module)).ok_or(Thrown)
    });
    module.map_or(ptr::null_mut(), NonNull::as_ptr)
}

fn wants_json(attributes: &Value<'_>) -> Result<bool> {
    if !attributes.is_object() {
        return Ok(false);
    }
    let kind = attributes.get("type")?;
    Ok(kind.is_string() && kind.to_text()? == "json")
}

unsafe extern "C" fn check_attributes(
    ctx: *mut qjs::JSContext,
    _opaque: *mut c_void,
    attributes: qjs::JSValue,
) -> c_int {
    // SAFETY: as in `load`.
    let (ctx, attributes) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, Value::borrowed(ctx, attributes))
    };
    let checked = guarded(ctx, || {
        for key in attributes.keys()? {
            let name = key.to_value()?.to_text()?;
            let value = attributes.get_key(&key)?.to_text()?;
            if name != "type" || value != "json" {
                return Err(ctx.throw_type(&format!("import attribute '{name}: {value}' is not supported")));
            }
        }
        Ok(())
    });
    if checked.is_some() { 0 } else { -1 }
}
