//! The builtin functions of the language by name, found once per process in a realm that no script has touched.

use crate::builtins;
use crate::ctx::{Ctx, EvalOptions};
use crate::error::Result;
use crate::isolate::{Isolate, IsolateOptions};
use crate::native::Native;
use crate::value::Value;
use rquickjs::qjs;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What is among the primordials, whatever becomes of a realm.
pub(crate) struct Table {
    /// By `Object_keys` or `String_prototype_trim`.
    functions: HashMap<String, Native>,
    /// What methods, and getters, are called, and who has one of that name.
    pub(super) methods: Members,
    pub(super) getters: Members,
    /// Whose methods the objects of an engine's class have, by class.
    owners: Vec<Option<Owner>>,
}

/// Something that has methods, such as `Array`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner(u8);

/// What is to be minded when methods of a name are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    None,
    Call,
    Push,
    Then,
    Catch,
    /// It asks what it looks for how to, even if that is a string.
    Search,
    /// It asks the receiver for the class of what it makes.
    Species,
}

impl Role {
    fn of(name: &str) -> Role {
        match name {
            "call" => Role::Call,
            "push" => Role::Push,
            "then" => Role::Then,
            "catch" => Role::Catch,
            "match" | "matchAll" | "replace" | "replaceAll" | "search" | "split" => Role::Search,
            "concat" | "filter" | "flat" | "flatMap" | "map" | "slice" | "splice" | "subarray" => Role::Species,
            _ => Role::None,
        }
    }
}

/// Those of one kind, by name.
#[derive(Default)]
pub(super) struct Members {
    pub(super) names: Vec<String>,
    pub(super) roles: Vec<Role>,
    indices: HashMap<String, u16>,
    /// By name and owner.
    natives: Vec<Vec<Option<Native>>>,
}

/// Whose methods there are. The names of those that are globals are theirs.
const OWNERS: [&str; 29] = [
    "Object",
    "String",
    "Number",
    "Boolean",
    "Symbol",
    "BigInt",
    "Function",
    "Array",
    "TypedArray",
    "Error",
    "RegExp",
    "Promise",
    "ArrayBuffer",
    "SharedArrayBuffer",
    "DataView",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "WeakRef",
    "FinalizationRegistry",
    "Date",
    "ArrayIterator",
    "MapIterator",
    "SetIterator",
    "StringIterator",
    "RegExpStringIterator",
    "Generator",
    "AsyncGenerator",
];

impl Owner {
    pub(super) const STRING: Owner = Owner(1);
    pub(super) const NUMBER: Owner = Owner(2);
    pub(super) const BOOLEAN: Owner = Owner(3);
    pub(super) const SYMBOL: Owner = Owner(4);
    pub(super) const BIGINT: Owner = Owner(5);
    pub(super) const FUNCTION: Owner = Owner(6);
    pub(super) const ARRAY: Owner = Owner(7);
    pub(super) const TYPED_ARRAY: Owner = Owner(8);
    pub(super) const ERROR: Owner = Owner(9);
    pub(super) const REG_EXP: Owner = Owner(10);
    pub(super) const PROMISE: Owner = Owner(11);
    pub(super) const ARRAY_BUFFER: Owner = Owner(12);
    pub(super) const SHARED_ARRAY_BUFFER: Owner = Owner(13);
    pub(super) const MAP: Owner = Owner(15);
    pub(super) const SET: Owner = Owner(16);
    pub(super) const WEAK_MAP: Owner = Owner(17);
    pub(super) const WEAK_SET: Owner = Owner(18);
    pub(super) const ARRAY_ITERATOR: Owner = Owner(22);
    pub(super) const MAP_ITERATOR: Owner = Owner(23);
    pub(super) const SET_ITERATOR: Owner = Owner(24);
    pub(super) const STRING_ITERATOR: Owner = Owner(25);

    /// An iterator of the engine, or a generator.
    pub(super) fn is_iterator(self) -> bool {
        self.0 >= Owner::ARRAY_ITERATOR.0
    }
}

/// Globals that are captured when a realm is made: the others come with [late sets](crate::builtins), or are none.
pub(super) const CAPTURED: [&str; 20] = [
    "Object",
    "Function",
    "Error",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
    "AggregateError",
    "Array",
    "Number",
    "Boolean",
    "String",
    "Symbol",
    "BigInt",
    "RegExp",
    "Promise",
    "Iterator",
    "Proxy",
];

/// Namespaces, of which only functions are primordials.
const NAMESPACES: [&str; 3] = ["Math", "JSON", "Reflect"];

impl Members {
    pub(super) fn index(&self, name: &str) -> Option<u16> {
        self.indices.get(name).copied()
    }

    pub(super) fn native(&self, index: u16, owner: Owner) -> Option<&Native> {
        self.natives.get(usize::from(index))?.get(usize::from(owner.0))?.as_ref()
    }

    /// Whether more is to be done than to call it.
    pub(super) fn is_minded(&self, index: u16) -> bool {
        !matches!(self.roles.get(usize::from(index)), None | Some(Role::None | Role::Call))
    }

    /// Who has one of that name, and which.
    pub(super) fn of(&self, index: u16) -> impl Iterator<Item = (&'static str, &Native)> {
        let natives = self.natives.get(usize::from(index)).into_iter().flatten();
        OWNERS.into_iter().zip(natives).filter_map(|(owner, native)| Some((owner, native.as_ref()?)))
    }

    fn add(&mut self, name: &str, owner: Owner, native: Native) {
        let index = *self.indices.entry(name.to_owned()).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.roles.push(Role::of(name));
            self.natives.push(vec![None; OWNERS.len()]);
            (self.names.len() - 1) as u16
        });
        self.natives[usize::from(index)][usize::from(owner.0)] = Some(native);
    }
}

impl Table {
    /// The table of this process; `None` if there was no memory to make it.
    pub(crate) fn get() -> Option<&'static Table> {
        static TABLE: OnceLock<Option<Table>> = OnceLock::new();
        TABLE.get_or_init(Table::find).as_ref()
    }

    fn find() -> Option<Table> {
        let isolate = Isolate::new(IsolateOptions::default()).ok()?;
        let realm = isolate.new_realm().ok()?;
        isolate.enter(&realm, |ctx| Table::read(ctx).ok())
    }

    fn read(ctx: Ctx<'_>) -> Result<Table> {
        let found =
            ctx.eval(include_str!("table.js"), &EvalOptions { filename: "primordials", ..Default::default() })?;
        let mut table = Table {
            functions: HashMap::new(),
            methods: Members::default(),
            getters: Members::default(),
            owners: Vec::new(),
        };
        let (functions, classes) = (found.get_index(0)?, found.get_index(1)?);
        for index in 0..functions.length()? as u32 {
            let entry = functions.get_index(index)?;
            let (owner, name) = (entry.get_index(0)?.to_text()?, entry.get_index(1)?.to_text()?);
            if let Some(native) = ctx.inner().layout.natives.of(&entry.get_index(2)?) {
                table.add(&owner, &name, native, entry.get_index(3)?.truthy());
            }
        }
        for index in 0..classes.length()? as u32 {
            let entry = classes.get_index(index)?;
            let name = entry.get_index(0)?.to_text()?;
            let owner = OWNERS.iter().position(|owner| **owner == name).map(|owner| Owner(owner as u8));
            for sample in 1..entry.length()? as u32 {
                let class = class_of(&entry.get_index(sample)?) as usize;
                table.owners.resize(table.owners.len().max(class + 1), None);
                table.owners[class] = owner;
            }
        }
        Ok(table)
    }

    fn add(&mut self, owner: &str, name: &str, native: Native, is_getter: bool) {
        // APIs replace these.
        if name.starts_with("toLocale") || name == "localeCompare" {
            return;
        }
        let method_of = owner.strip_suffix("_prototype");
        if let Some(at) = method_of.and_then(|owner| OWNERS.iter().position(|known| *known == owner))
            && name != "constructor"
        {
            let owner = Owner(at as u8);
            match is_getter {
                // Properties of the instance go before these.
                true if OWNERS[at] == "Function" => {}
                true => self.getters.add(name, owner, native),
                false if native.is_known() && !native.is_next() => self.methods.add(name, owner, native),
                false => {}
            }
        }
        if !is_getter || name == "@@species" {
            self.functions.insert(format!("{owner}_{name}"), native);
        }
    }

    /// Whether it is a class, a namespace, or a function of the global object.
    pub(crate) fn is_global(&self, name: &str) -> bool {
        CAPTURED.contains(&name)
            || matches!(name, "TypedArray" | "globalThis")
            || NAMESPACES.contains(&name)
            || builtins::is_late(name)
            || self.function(&format!("globalThis_{name}")).is_some()
                && name.starts_with(|first: char| first.is_lowercase())
    }

    pub(crate) fn is_method(&self, name: &str) -> bool {
        self.methods.index(name).is_some()
    }

    /// Names of getters that are not those of every other object as well.
    pub(crate) fn is_getter(&self, name: &str) -> bool {
        name != "length" && self.getters.index(name).is_some()
    }

    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.function(name).is_some()
    }

    /// Whether the functions of a class ask `this` for it.
    pub(crate) fn takes_class(&self, name: &str) -> bool {
        matches!(name, "Promise" | "Array") || self.is_typed_array(name)
    }

    pub(crate) fn is_typed_array(&self, name: &str) -> bool {
        name.ends_with("Array") && name != "Array"
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Native> {
        let inherited = || {
            let (_, method) = name.split_once("_prototype_").filter(|(class, _)| self.is_typed_array(class))?;
            self.functions.get(&format!("TypedArray_prototype_{method}"))
        };
        self.functions.get(name).or_else(inherited)
    }

    /// Whose methods a value has.
    pub(super) fn owner_of(&self, value: &Value<'_>) -> Option<Owner> {
        if value.is_object() {
            return self.owners.get(class_of(value) as usize).copied().flatten();
        }
        match () {
            () if value.is_string() => Some(Owner::STRING),
            () if value.as_f64().is_some() => Some(Owner::NUMBER),
            () if value.as_bool().is_some() => Some(Owner::BOOLEAN),
            () if value.is_symbol() => Some(Owner::SYMBOL),
            () if value.is_bigint() => Some(Owner::BIGINT),
            () => None,
        }
    }
}

/// The engine's class of an object.
pub(super) fn class_of(object: &Value<'_>) -> qjs::JSClassID {
    // SAFETY: a live value.
    unsafe { qjs::JS_GetClassID(object.raw()) }
}
