//! The functions of many files that are not static, which a new name must not be, and
//! who exports them to modules.

use super::{exports, split};
use crate::tree::TreePath;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Names of functions that the linker sees.
#[derive(Debug, Default)]
pub struct Globals {
    names: FxHashSet<Box<str>>,
    /// The file that exports a name, by its place in `paths`.
    exporters: FxHashMap<Box<str>, usize>,
    paths: Vec<TreePath>,
    /// How many names a file exports.
    exports: FxHashMap<TreePath, usize>,
}

impl Globals {
    /// Those that the files define which `read` gives by their paths. A file that cannot
    /// be read defines nothing.
    pub fn read(paths: &[&str], read: &(dyn Fn(&str) -> Option<Arc<[u8]>> + Sync)) -> Globals {
        let names = |text: &[u8]| {
            let exported =
                exports(text).into_iter().map(|name| String::from_utf8_lossy(name).into());
            (global_functions(text), exported.collect::<Vec<Box<str>>>())
        };
        let found: Vec<_> = paths
            .par_iter()
            .map(|path| read(path).map(|text| names(&text)).unwrap_or_default())
            .collect();
        let mut globals = Globals::default();
        for (path, (names, exported)) in paths.iter().zip(found) {
            globals.names.extend(names);
            if exported.is_empty() {
                continue;
            }
            let place = globals.paths.len();
            globals.paths.push((*path).to_owned());
            globals.exports.insert((*path).to_owned(), exported.len());
            globals.exporters.extend(exported.into_iter().map(|name| (name, place)));
        }
        globals
    }

    /// The file that exports a function or an object of that name to modules.
    pub fn exporter(&self, name: &str) -> Option<&TreePath> {
        self.paths.get(*self.exporters.get(name)?)
    }

    /// How many names a file exports to modules.
    pub fn exported_by(&self, path: &str) -> usize {
        self.exports.get(path).copied().unwrap_or(0)
    }

    /// Whether some file defines a function of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// The names of the functions in `text` that are not static, in order.
pub fn global_functions(text: &[u8]) -> Vec<Box<str>> {
    let (functions, _) = split::functions(text);
    let is_global = |function: &&super::Function| {
        let head = text.get(function.start as usize..function.name.start as usize);
        let words = head.unwrap_or_default().split(|byte| !super::lexer::is_ident_byte(*byte));
        !function.macro_defined && !words.into_iter().any(|word| word == b"static")
    };
    let global = functions.iter().filter(is_global);
    global.map(|function| String::from_utf8_lossy(function.name(text)).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_functions_that_are_not_static_are_global() {
        let text = "int a(void)\n{\n}\nstatic int b(void)\n{\n}\nstatic inline int\nc(void)\n{\n}\nstruct x *d_static(int y)\n{\n}\n";
        let read = |_: &str| Some(text.as_bytes().into());
        let globals = Globals::read(&["a.c"], &read);
        let known = ["a", "b", "c", "d_static"].map(|name| globals.contains(name));
        assert_eq!(known, [true, false, false, true]);
    }

    #[test]
    fn an_exported_name_leads_to_its_file() {
        let read = |path: &str| match path {
            "b.c" => Some(b"int f(void)\n{\n}\nEXPORT_SYMBOL_GPL(f);\n"[..].into()),
            _ => Some(b"int g(void)\n{\n}\n"[..].into()),
        };
        let globals = Globals::read(&["a.c", "b.c"], &read);
        assert_eq!(globals.exporter("f").map(String::as_str), Some("b.c"));
        assert_eq!(globals.exporter("g"), None);
    }
}
