//! Modules of a realm: those that were given to it by name.

use crate::guard::release;
use quickbeam_engine::{ModuleKind, ModuleLoader, ModuleSource};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The engine remembers a module by its full name, so a module that is given again gets a new one.
struct Given {
    source: Rc<String>,
    full_name: String,
}

#[derive(Default)]
pub(crate) struct Modules {
    given: RefCell<HashMap<String, Given>>,
    by_full_name: RefCell<HashMap<String, String>>,
    count: RefCell<u64>,
}

impl Modules {
    /// Makes `source` importable as `name`, in place of what was.
    pub(crate) fn give(&self, name: &str, source: String) {
        let mut given = self.given.borrow_mut();
        let full_name = if given.contains_key(name) {
            let mut count = self.count.borrow_mut();
            *count += 1;
            format!("{name}?{count}")
        } else {
            name.to_owned()
        };
        if let Some(old) =
            given.insert(name.to_owned(), Given { source: Rc::new(source), full_name: full_name.clone() })
        {
            self.by_full_name.borrow_mut().remove(&old.full_name);
        }
        self.by_full_name.borrow_mut().insert(full_name, name.to_owned());
    }
}

impl Drop for Modules {
    /// A fiber that was abandoned while it compiled a module holds a count of its text.
    fn drop(&mut self) {
        for (_, Given { source, .. }) in self.given.take() {
            // SAFETY: modules go with their realm, after every fiber of it, and texts are handed out to those alone.
            unsafe { release(source) };
        }
    }
}

impl ModuleLoader for Modules {
    fn resolve(&self, base: &str, specifier: &str) -> Result<String, String> {
        let given = self.given.borrow();
        if let Some(module) = given.get(specifier) {
            return Ok(module.full_name.clone());
        }
        let joined = join(base, specifier);
        match given.get(&joined) {
            Some(module) => Ok(module.full_name.clone()),
            None if base.is_empty() => Err(format!("Cannot find module '{specifier}'")),
            None => {
                let names = self.by_full_name.borrow();
                let importer = names.get(base).map_or(base, String::as_str);
                Err(format!("Cannot find module '{specifier}' imported from '{importer}'"))
            }
        }
    }

    fn load(&self, full_name: &str) -> Result<ModuleSource, String> {
        let names = self.by_full_name.borrow();
        let given = self.given.borrow();
        let module = names.get(full_name).and_then(|name| given.get(name));
        let module = module.ok_or_else(|| format!("Cannot find module '{full_name}'"))?;
        let kind = if full_name.ends_with(".json") { ModuleKind::Json } else { ModuleKind::JavaScript };
        Ok(ModuleSource { kind, text: module.source.clone() })
    }
}

/// `specifier` as a path next to `base`, with `.` and `..` resolved; unchanged if it is not relative.
fn join(base: &str, specifier: &str) -> String {
    if !specifier.starts_with("./") && !specifier.starts_with("../") {
        return specifier.to_owned();
    }
    let mut parts: Vec<&str> = base.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_specifiers_stand_next_to_their_importer() {
        let check = |base: &str, specifier: &str, joined: &str| assert_eq!(join(base, specifier), joined);
        check("app/main.js", "./a.js", "app/a.js");
        check("app/main.js", "../lib/a.js", "lib/a.js");
        check("main.js", "./a.js", "a.js");
        check("main.js", "preact", "preact");
        check("", "../../a.js", "a.js");
    }

    #[test]
    fn a_module_given_again_is_found_under_a_new_full_name() {
        let modules = Modules::default();
        modules.give("a", "1".into());
        assert_eq!(modules.resolve("", "a").unwrap(), "a");
        modules.give("a", "2".into());
        let full_name = modules.resolve("", "a").unwrap();
        assert_ne!(full_name, "a");
        assert_eq!(*modules.load(&full_name).unwrap().text, "2");
        assert!(modules.load("a").is_err());
        assert!(modules.resolve("x.js", "b").unwrap_err().contains("'b' imported from 'x.js'"));
        assert!(modules.resolve(&full_name, "b").unwrap_err().contains("'b' imported from 'a'"));
    }
}
