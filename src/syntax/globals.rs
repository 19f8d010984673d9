//! The functions of many files that are not static: what a new name must not be.

use super::split;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Names of functions that the linker sees.
#[derive(Debug, Default)]
pub struct Globals {
    by_name: FxHashMap<Box<str>, u32>,
}

impl Globals {
    /// Those that the files define which `read` gives by their paths. A file that cannot
    /// be read defines nothing.
    pub fn read(paths: &[&str], read: &(dyn Fn(&str) -> Option<Arc<[u8]>> + Sync)) -> Globals {
        let found: Vec<Vec<Box<str>>> = paths
            .par_iter()
            .map(|path| read(path).map(|text| global_functions(&text)).unwrap_or_default())
            .collect();
        let mut globals = Globals::default();
        for name in found.into_iter().flatten() {
            *globals.by_name.entry(name).or_default() += 1;
        }
        globals
    }

    /// Whether some file defines a function of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
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
}
