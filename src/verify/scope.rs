//! Where names come from: the headers around a text that is checked.

use crate::syntax::decl::{Unit, Universe};
use crate::syntax::exports;
use crate::tree::{Drivers, KernelTree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the names of a file mean: asked where a text moves from one file to another.
pub trait Scope: Sync {
    /// The translation unit of the `.c` file at `path`, with this text.
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Unit>;

    /// Whether two `.c` files are linked into one module.
    fn are_in_one_module(&self, path: &str, other: &str) -> bool;

    /// The one option on which it depends whether the `.c` file at `path` is built;
    /// `None` where it is not one alone.
    fn option(&self, path: &str) -> Option<String>;

    /// The text of a header; `None` where it cannot be read.
    fn text(&self, path: &str) -> Option<Vec<u8>>;

    /// What the `.c` file at `path` exports, and the module that always has it.
    fn exported_with(&self, path: &str) -> BTreeSet<String>;
}

/// The headers of a tree.
pub struct TreeScope<'d> {
    /// The tree.
    pub tree: &'d KernelTree,
    /// Its files.
    pub universe: Arc<Universe>,
    /// Its drivers, for the folders that their files are compiled with.
    pub drivers: &'d Drivers,
}

impl Scope for TreeScope<'_> {
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Unit> {
        self.universe.unit_of(path, text.into(), &self.drivers.include_dirs(path))
    }

    fn are_in_one_module(&self, path: &str, other: &str) -> bool {
        self.drivers.in_one_driver(path, other)
    }

    fn option(&self, path: &str) -> Option<String> {
        self.drivers.always_in(path)?.option.clone()
    }

    fn text(&self, path: &str) -> Option<Vec<u8>> {
        self.tree.read(path).ok()
    }

    fn exported_with(&self, path: &str) -> BTreeSet<String> {
        let module = self.drivers.always_in(path);
        let files = module.iter().flat_map(|module| &module.files);
        let always = files.filter(|file| self.drivers.always_in(file).is_some());
        let paths: BTreeSet<&str> = always.map(String::as_str).chain([path]).collect();
        let texts = paths.into_iter().filter_map(|file| self.tree.read(file).ok());
        let names = |text: Vec<u8>| -> Vec<String> {
            exports(&text)
                .into_iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect()
        };
        texts.flat_map(names).collect()
    }
}
