//! What is in the kernel tree. In: a folder. Out: [`KernelTree`], the
//! [`SourceFile`]s below some paths, and which [`Drivers`] they make up. It reads
//! Kbuild files and the tree's `.clang-format`; it never looks inside a C file
//! and never writes.

mod clang_format;
mod class;
mod content;
mod core;
mod discover;
mod error;
mod kbuild;
pub mod kconfig;
mod maintainers;
mod offered;
mod path;
mod read;
mod stamp;
mod walk;

pub use class::class_of;
pub use content::content_hash;
pub use core::serves;
pub use error::TreeError;
pub use kbuild::{Drivers, Module};
pub use maintainers::{Entry as MaintainersEntry, Maintainers};
pub(crate) use path::{ancestors, file_name, stem};
pub use path::{join as joined, parent};
pub use read::{read_regular, read_source, read_source_into};
pub use stamp::{Stamp, stamped};
pub use walk::{MAX_FILE_SIZE, Unreadable, Walk};

use std::io;
use std::path::PathBuf;

/// Folders and files as the program names them: relative to the top of the tree,
/// `/` between the parts, never with `.` or `..`. The top itself is empty.
pub type TreePath = String;

/// A kernel tree, or any other folder of C files.
#[derive(Clone, Debug)]
pub struct KernelTree {
    /// Absolute path of its top.
    pub root: PathBuf,
    /// `VERSION.PATCHLEVEL.SUBLEVEL` with `EXTRAVERSION`; `None` outside a kernel.
    pub kernel: Option<String>,
    /// The macros that `.clang-format` lists under `ForEachMacros`.
    pub loop_macros: Vec<String>,
}

impl KernelTree {
    /// The bytes of a file, named from the top of the tree.
    ///
    /// # Errors
    /// As [`read_source`].
    pub fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        read_source(&self.root.join(path))
    }
}

/// A C file below the paths asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Where it is.
    pub path: TreePath,
    /// What it was when it was found.
    pub stamp: Stamp,
}

impl AsRef<str> for SourceFile {
    /// Its path.
    fn as_ref(&self) -> &str {
        &self.path
    }
}

impl SourceFile {
    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.stamp.size
    }
}
