//! What can go wrong with an export. Whatever it is, nothing was written.

use crate::changes::ChangesError;
use crate::generate::templates::TemplateError;
use crate::store::StoreError;
use crate::tree::TreePath;
use std::io;
use std::path::PathBuf;

/// Why there is no series.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store has not what was asked for, or it does not apply.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Git does not answer.
    #[error(transparent)]
    Git(#[from] ChangesError),
    /// A message cannot be rendered.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Git knows nobody who could send.
    #[error(
        "git knows no author; set one with `git config --global user.name NAME` and \
         `git config --global user.email ADDRESS`"
    )]
    NoAuthor,
    /// A patch would not fit the commit that the series is based on.
    #[error(
        "{file}: not as in the last commit, so that `git am` would not take a patch of it; commit or stash it, then plan again"
    )]
    NotCommitted {
        /// The file.
        file: TreePath,
    },
    /// The folder holds what somebody else put there.
    #[error("{}: holds {name}, which is no patch of an earlier export; name another folder", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// The first thing in it that is none.
        name: String,
    },
    /// The system refused to read or write.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl ExportError {
    /// Wraps what the system said; to be used with `map_err`.
    pub(super) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> ExportError {
        let path = path.into();
        move |source| ExportError::Io { path, action, source }
    }
}
