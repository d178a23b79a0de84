//! How many objects of each constructor a realm holds, and how many bytes they take: for finding leaks.
//!
//! The engine lists all that its collector manages, and shows the list to nobody; [`layout`](crate::layout) proves once per process where the
//! links are. The list changes with every allocation, so it is walked at once, and what is found is kept alive while it is
//! looked at.
//!
//! What must never happen: code of the guest that runs because it is looked at (getters, traps of proxies, globals that
//! are made when they are first touched).

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::layout;
use crate::list::Link;
use crate::native::Native;
use crate::value::Value;
use rquickjs::qjs;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;

/// Objects between two interrupt polls.
const OBJECTS_PER_POLL: usize = 1_000;
/// Characters of a constructor's name that are kept.
const MAX_NAME: usize = 100;
/// Bytes of a property, of an array's element, and of an entry of a `Map` or `Set`.
const SLOT: u64 = 16;
const ENTRY: u64 = 72;

/// The objects of one constructor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instances {
    /// The name of the constructor that the objects' prototype has; the engine's name of their kind where there is none.
    pub constructor: String,
    /// How many there are.
    pub count: u64,
    /// Bytes that they take: themselves, their properties, elements, entries and buffers; not what these refer to.
    pub bytes: u64,
}

/// Objects that are kept alive.
struct Kept<'a> {
    ctx: Ctx<'a>,
    objects: Vec<*mut Link>,
}

impl<'a> Kept<'a> {
    /// Every object of the realm. No interrupt is polled meanwhile: another fiber might change the list.
    fn all(ctx: Ctx<'a>) -> Kept<'a> {
        let globals = ctx.globals();
        let mut kept = Kept { ctx, objects: Vec::new() };
        // SAFETY: the isolate is entered by this thread, and the layout has been proved; the list is circular, and each item's
        // count is raised before anything else can happen.
        unsafe {
            let start = qjs::JS_VALUE_GET_PTR(globals.raw()).cast::<Link>();
            let runtime = layout::runtime_block(ctx.inner().rt);
            let mut link = start;
            loop {
                if !runtime.contains(&link.addr()) && layout::is_object(link) {
                    qjs::JS_DupValue(ctx.raw(), object(link));
                    kept.objects.push(link);
                }
                link = Link::next(link);
                if link == start {
                    return kept;
                }
            }
        }
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        for link in self.objects.drain(..) {
            // SAFETY: `all` raised its count.
            unsafe { qjs::JS_FreeValue(self.ctx.raw(), object(link)) };
        }
    }
}

/// Whether looking at the properties of an object would run something, or make something.
fn is_opaque(object: &Value<'_>) -> bool {
    object.is_proxy() || object.exotic().is_some() || object.is_stand_in()
}

fn object(link: *mut Link) -> qjs::JSValue {
    qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, link.cast())
}

impl<'a> Ctx<'a> {
    /// The objects of this realm that are reachable from anywhere, by constructor, in no order. Garbage is collected first; no
    /// code of the guest runs.
    ///
    /// # Errors
    /// Throws if the script is to end.
    pub fn instances(self) -> Result<Vec<Instances>> {
        self.collect_garbage();
        let kept = Kept::all(self);
        let mut survey = Survey::new(self);
        for (index, link) in kept.objects.iter().enumerate() {
            if index % OBJECTS_PER_POLL == 0 {
                self.poll(OBJECTS_PER_POLL as u32)?;
            }
            // SAFETY: kept alive.
            survey.add(&unsafe { Value::borrowed(self, object(*link)) })?;
        }
        Ok(survey.found.into_values().collect())
    }
}

struct Survey<'a> {
    ctx: Ctx<'a>,
    /// Bytes of an object without anything.
    plain: u64,
    /// Bytes of the heap: no array has more elements than fit.
    heap: u64,
    /// Names by prototype and kind.
    names: HashMap<(Option<usize>, qjs::JSClassID), String>,
    found: HashMap<String, Instances>,
}

impl<'a> Survey<'a> {
    fn new(ctx: Ctx<'a>) -> Survey<'a> {
        let census = HashMap::from(ctx.census());
        let figure = |name| census.get(name).copied().unwrap_or(0);
        Survey {
            ctx,
            plain: figure("obj_size") / figure("obj_count").max(1),
            heap: ctx.heap().stats().used as u64,
            names: HashMap::new(),
            found: HashMap::new(),
        }
    }

    fn add(&mut self, object: &Value<'a>) -> Result<()> {
        // SAFETY: an object.
        let class = unsafe { qjs::JS_GetClassID(object.raw()) };
        let prototype = self.prototype(object);
        let key = (prototype.as_ref().and_then(Value::identity), class);
        let name = match self.names.get(&key) {
            Some(name) => name.clone(),
            None => {
                let name = self.name(object, prototype.as_ref())?;
                self.names.insert(key, name.clone());
                name
            }
        };
        let bytes = self.plain + self.contents(object);
        let instances =
            self.found.entry(name.clone()).or_insert_with(|| Instances { constructor: name, count: 0, bytes: 0 });
        instances.count += 1;
        instances.bytes += bytes;
        Ok(())
    }

    /// The prototype, unless asking for it would run a trap.
    fn prototype(&self, object: &Value<'a>) -> Option<Value<'a>> {
        if object.is_proxy() {
            return None;
        }
        match object.prototype() {
            Ok(prototype) => prototype.is_object().then_some(prototype),
            Err(Thrown) => {
                drop(self.ctx.take_exception());
                None
            }
        }
    }

    /// The own data property `constructor` of the prototype, and its own data property `name`.
    fn name(&self, object: &Value<'a>, prototype: Option<&Value<'a>>) -> Result<String> {
        let own = |object: &Value<'a>, name: &str| match is_opaque(object) {
            true => None,
            false => object.own_data(name).unwrap_or_else(|Thrown| {
                drop(self.ctx.take_exception());
                None
            }),
        };
        let named = prototype.and_then(|prototype| {
            let constructor = own(prototype, "constructor").filter(Value::is_function)?;
            let name = own(&constructor, "name").filter(Value::is_string)?;
            name.to_text().ok().filter(|name| !name.is_empty())
        });
        match named {
            Some(name) => Ok(name.chars().take(MAX_NAME).collect()),
            None => Ok(object.class_name()?.unwrap_or_default()),
        }
    }

    fn contents(&self, object: &Value<'a>) -> u64 {
        if is_opaque(object) {
            return 0;
        }
        if object.is_array() {
            let elements = object.length().unwrap_or_default();
            if elements.saturating_mul(SLOT) <= self.heap {
                return elements * SLOT;
            }
        }
        let natives = &self.ctx.inner().layout.natives;
        let entries = if object.is_map() {
            self.size(&natives.map_size, object)
        } else if object.is_set() {
            self.size(&natives.set_size, object)
        } else {
            0
        };
        let buffer = match object.is_array_buffer() {
            true => object.with_bytes(|bytes| bytes.len() as u64).unwrap_or_default(),
            false => 0,
        };
        self.properties(object) * SLOT + entries * ENTRY + buffer
    }

    fn size(&self, getter: &Native, object: &Value<'a>) -> u64 {
        match getter.call(self.ctx, object, &[]).and_then(|size| size.to_f64()) {
            Ok(size) => size as u64,
            Err(Thrown) => {
                drop(self.ctx.take_exception());
                0
            }
        }
    }

    /// How many own properties there are.
    fn properties(&self, object: &Value<'a>) -> u64 {
        let (ctx, mut table, mut count) = (self.ctx.raw(), ptr::null_mut(), 0);
        let all = qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK | qjs::JS_GPN_PRIVATE_MASK;
        // SAFETY: a live object whose properties are no code's, and valid out pointers; the table with its atoms is freed here.
        unsafe {
            if qjs::JS_GetOwnPropertyNames(ctx, &mut table, &mut count, object.raw(), all as c_int) < 0 {
                drop(self.ctx.take_exception());
                return 0;
            }
            for index in 0..count as usize {
                qjs::JS_FreeAtom(ctx, (*table.add(index)).atom);
            }
            qjs::js_free(ctx, table.cast());
        }
        u64::from(count)
    }
}
