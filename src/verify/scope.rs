//! Where names come from: the headers around a text that is checked.

use crate::syntax::decl::{Unit, Universe};
use crate::tree::Drivers;
use std::sync::Arc;

/// What the names of a file mean: asked where a text moves from one file to another.
pub trait Scope: Sync {
    /// The translation unit of the `.c` file at `path`, with this text.
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Unit>;
}

/// The headers of a tree.
pub struct TreeScope<'d> {
    /// Its files.
    pub universe: Arc<Universe>,
    /// Its drivers, for the folders that their files are compiled with.
    pub drivers: &'d Drivers,
}

impl Scope for TreeScope<'_> {
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Unit> {
        self.universe.unit_of(path, text.into(), &self.drivers.include_dirs(path))
    }
}
