//! What is in the kernel tree. In: a folder. Out: [`KernelTree`], the
//! [`SourceFile`]s below some paths, and which [`Drivers`] they make up. It reads
//! Kbuild files and the tree's `.clang-format`; it never looks inside a C file
//! and never writes.

use std::path::PathBuf;

/// Folders and files as the program names them: relative to the top of the tree,
/// `/` between the parts, never with `.` or `..`.
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

/// A C file below the paths asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Where it is.
    pub path: TreePath,
    /// Size in bytes.
    pub size: u64,
}
