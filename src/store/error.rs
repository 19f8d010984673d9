//! What can go wrong with the store and with an apply.

use super::lock::Holder;
use super::merge::Overlap;
use super::proposals::Stale;
use crate::generate::edits::EditError;
use crate::generate::unidiff::{ApplyError, PatchError};
use crate::tree::TreePath;
use std::io;
use std::path::PathBuf;

/// Why the store, or an apply, could not do what it was asked. Whatever the
/// error, the tree is as it was, unless [`StoreError::HalfDone`] says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing has been planned in this tree.
    #[error("{root}: there is no proposal store here; run `drvdedup plan` first")]
    Missing {
        /// Top of the tree.
        root: PathBuf,
    },
    /// The system refused to read or write.
    #[error("{path}: cannot {action}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the store is not what the program wrote.
    #[error("{path}: broken store file: {problem}; remove it and plan again")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where they are known.
        problem: String,
    },
    /// The journal is not what the program wrote.
    #[error(
        "{path}: broken journal: {problem}; an apply may have been cut off: compare the tree \
         with the copies in {backups}, then remove the journal"
    )]
    BrokenJournal {
        /// The journal.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// Folder of the copies that were made before each apply.
        backups: PathBuf,
    },
    /// A stored patch cannot be read.
    #[error("{path}: {source}; plan again")]
    Patch {
        /// The patch file.
        path: PathBuf,
        /// What is wrong with it.
        source: PatchError,
    },
    /// No proposal begins with these digits.
    #[error("no proposal `{id}` in the store")]
    NoSuchProposal {
        /// What was asked for.
        id: String,
    },
    /// More than one proposal begins with these digits.
    #[error("`{id}` may be any of {}; give more digits", .candidates.join(", "))]
    AmbiguousId {
        /// What was asked for.
        id: String,
        /// The proposals that begin so, sorted.
        candidates: Vec<String>,
    },
    /// A proposal that is to be stored has an id that is none.
    #[error("`{id}` is no proposal id: expected eight hexadecimal digits")]
    BadId {
        /// The id.
        id: String,
    },
    /// Files changed since a proposal was planned.
    #[error("{}; plan again", join(.0))]
    Stale(
        /// Every such file of every proposal asked for; never empty.
        Vec<Stale>,
    ),
    /// Two proposals change the same lines.
    #[error("{file}:{}: proposals {} and {} both change this; apply one, then plan again", .overlap.line, .overlap.first, .overlap.second)]
    Conflict {
        /// The file.
        file: TreePath,
        /// The proposals and the place.
        overlap: Overlap,
    },
    /// A patch does not fit the very text that it was planned against.
    #[error("proposal {id}: {source}")]
    DoesNotApply {
        /// The proposal.
        id: String,
        /// What does not fit.
        source: ApplyError,
    },
    /// Edits of several proposals do not fit together.
    #[error(transparent)]
    Edits(#[from] EditError),
    /// Another process is writing.
    #[error("{path}: {holder} is changing this tree; wait for it to end")]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// A patch names something that is no plain file inside the tree.
    #[error("{path}: {problem}; it is not changed")]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        problem: &'static str,
    },
    /// No apply is left that could be taken back.
    #[error("{root}: there is no apply to take back")]
    NothingToUndo {
        /// Top of the tree.
        root: PathBuf,
    },
    /// A file changed since the apply, so that taking it back would lose work.
    #[error(
        "{path}: changed since the apply; taking it back would lose that change (the text before the apply is {backup})"
    )]
    ChangedSince {
        /// The file.
        path: PathBuf,
        /// Copy of the file as it was before the apply.
        backup: PathBuf,
    },
    /// A file changed while its new text was being written.
    #[error("{path}: changed during the apply; nothing was applied, try again")]
    ChangedMeanwhile {
        /// The file.
        path: PathBuf,
    },
    /// An apply was cut off and can be neither ended nor taken back.
    #[error(
        "an apply is half done and could not be taken back: {problem}; \
         the texts before it are in {backups}; mend the cause and start again"
    )]
    HalfDone {
        /// What stood in the way.
        problem: Box<StoreError>,
        /// Folder of the copies that were made before it.
        backups: PathBuf,
    },
}

impl StoreError {
    /// Wraps what the system said; to be used with `map_err`.
    pub(super) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.into();
        move |source| StoreError::Io { path, action, source }
    }
}

fn join(stale: &[Stale]) -> String {
    stale.iter().map(Stale::to_string).collect::<Vec<_>>().join("\n")
}
