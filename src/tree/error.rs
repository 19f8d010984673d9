//! What can be wrong with a tree or with the paths into it.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why there is nothing to read. Every variant names the path.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The path does not exist.
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    /// The path is there and cannot be read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A path that must be a folder is something else.
    #[error("{}: not a folder; the top of a tree must be one", .0.display())]
    NotAFolder(PathBuf),
    /// The path lies outside the tree.
    #[error(
        "{}: lies outside the tree {}; name a path below it, or run the program in the tree that holds it",
        .path.display(), .root.display()
    )]
    Outside {
        /// The path as it was given.
        path: PathBuf,
        /// The top of the tree.
        root: PathBuf,
    },
    /// An exclude of the configuration is not a glob.
    #[error("exclude `{glob}`: not a gitignore-style glob: {reason}")]
    Exclude {
        /// The glob as it was given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TreeError {
    /// The error for a path that the system would not open.
    pub(super) fn from_io(path: PathBuf, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(path),
            _ => Self::Unreadable { path, source },
        }
    }
}
