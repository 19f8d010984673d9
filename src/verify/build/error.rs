//! What can stand in the way of building.

use super::tools::Missing;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why nothing can be built. Every variant says what to do.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The tree is no kernel.
    #[error("{}: not a Linux kernel: its Makefile has no version", .0.display())]
    NotAKernel(PathBuf),
    /// The folder that shall be a configured build folder has no configuration.
    #[error(
        "{}: no configured kernel build: it has no .config; configure one with \
         `make -C {} O={} allmodconfig`, or let the program prepare one",
        .folder.display(), .tree.display(), .folder.display()
    )]
    NoConfig {
        /// The folder as it was given.
        folder: PathBuf,
        /// The kernel.
        tree: PathBuf,
    },
    /// The configuration does not say for which architecture it is.
    #[error(
        "{}: neither its third line (`# Linux/x86 6.1.0 Kernel Configuration`) nor an option \
         names the architecture; run `make olddefconfig` there",
        .0.display()
    )]
    NoArchitecture(PathBuf),
    /// Kbuild builds in a folder of its own only from a clean tree.
    #[error(
        "{}: the source tree is not clean: it holds {found} of a build inside the tree, and then \
         Kbuild builds nowhere else; build in a folder of its own (`make O=…`) after \
         `make mrproper`, or use a clean copy (`git worktree add`)",
        .tree.display()
    )]
    TreeNotClean {
        /// The kernel.
        tree: PathBuf,
        /// What a build left there, relative to the top.
        found: String,
    },
    /// Programs or headers that the kernel's build needs are not installed.
    #[error("{}", missing_tools(.0))]
    ToolsMissing(Vec<Missing>),
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program does not start or cannot be watched.
    #[error("{program}: cannot be run: {source}; is it installed and in PATH?")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel's make failed.
    #[error(
        "{}: `{command}` failed; if the kernel's sources or the compiler were exchanged since the \
         folder was made, delete it and try again:\n{said}",
        .folder.display()
    )]
    Make {
        /// The folder in which it built.
        folder: PathBuf,
        /// The command line.
        command: String,
        /// The end of what it said.
        said: String,
    },
    /// Kbuild's command line for an object is not understood.
    #[error("{object}: the compile command of Kbuild is not understood: {reason}")]
    Command {
        /// The object, from the top of the build folder.
        object: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl BuildError {
    /// For `map_err` of what touches `path`.
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

fn missing_tools(missing: &[Missing]) -> String {
    let what: Vec<&str> = missing.iter().map(|it| it.what).collect();
    let mut packages: Vec<&str> = missing.iter().map(|it| it.package).collect();
    packages.sort_unstable();
    packages.dedup();
    format!(
        "building a kernel needs {}, not found here; on Debian: apt install {}",
        what.join(", "),
        packages.join(" ")
    )
}
