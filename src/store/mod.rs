//! Proposals, decisions, apply. In: proposals and their patches. Out: the
//! `.drvdedup` folder and the tree itself. A crash at any moment leaves the tree
//! before or after an apply, never between.

mod apply;
mod decisions;
mod disk;
mod error;
mod journal;
mod lock;
mod merge;
mod proof;
mod proposals;
mod rebase;
mod sequence;
mod transaction;
mod undo;

pub use apply::{Applied, Touched};
pub use decisions::{Choice, Decision};
pub use disk::{Step, StepHook};
pub use error::StoreError;
pub use journal::Action;
pub use lock::{Holder, WhenBusy};
pub use merge::Overlap;
pub use proposals::{Drift, Stale, below};
pub use sequence::{Step as SequenceStep, StepFile};
pub use transaction::{Outcome, Recovered};
pub use undo::Undone;

use crate::tree::TreePath;
use crate::verify::ladder::Proof;
use crate::verify::{Claim, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A patch on offer, as it is stored and printed (see the contract).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Eight hexadecimal digits.
    pub id: String,
    /// Id of the clone group that it removes.
    pub group: String,
    /// Name of the rewrite rule that made it.
    pub rewrite: String,
    /// The remedy, as the contract names them.
    pub strategy: String,
    /// Files that the patch touches, sorted.
    pub files: Vec<TreePath>,
    /// Lines that the patch adds.
    pub lines_added: u32,
    /// Lines that the patch removes.
    pub lines_removed: u32,
    /// Path of the patch file, relative to the top of the tree.
    pub patch: String,
    /// The highest rung that it reached.
    pub verdict: Verdict,
    /// What a reviewer should know.
    pub notes: Vec<String>,
    /// Subject line of the patch's message.
    #[serde(default)]
    pub subject: String,
    /// Body of the patch's message.
    #[serde(default)]
    pub message: String,
    /// SHA-256, in hexadecimal, of every file that it was planned against.
    pub base: BTreeMap<TreePath, String>,
    /// What the patch says that it does, for `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// What `verify` found, and what that holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Whether a person has changed the patch since the program wrote it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// Whether a person has given the helper its name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named: bool,
}

impl Proposal {
    /// Whether a person has had a hand in it, which another plan would lose.
    pub fn is_of_a_person(&self) -> bool {
        self.edited || self.named
    }
}

/// The `.drvdedup` folder of a tree: `proposals/ID.json` and `ID.patch`,
/// `decisions.json`, `journal`, `lock`, and in `backup/N` the files, of the tree and
/// of the store, as they were before the apply of that number.
pub struct Store {
    root: PathBuf,
    when_busy: WhenBusy,
    disk: disk::Disk,
}

impl Store {
    /// The store of the tree whose top is `root`.
    ///
    /// # Errors
    /// When there is no store, that is, before the first plan.
    pub fn open(root: impl Into<PathBuf>) -> Result<Store, StoreError> {
        let root = root.into();
        let root = root.canonicalize().map_err(StoreError::io("find the tree", &root))?;
        let store = Store { root, when_busy: WhenBusy::Fail, disk: disk::Disk::default() };
        store.refuse_links()?;
        match store.folder().is_dir() {
            true => Ok(store),
            false => Err(StoreError::Missing { root: store.root }),
        }
    }

    /// As [`Store::open`], but makes the folder where there is none.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn create(root: impl Into<PathBuf>) -> Result<Store, StoreError> {
        let root = root.into();
        let root = root.canonicalize().map_err(StoreError::io("find the tree", &root))?;
        let mut store = Store { root, when_busy: WhenBusy::Fail, disk: disk::Disk::default() };
        store.refuse_links()?;
        for folder in [store.folder(), store.proposals_folder()] {
            store.disk.create_folder(&folder)?;
        }
        let ignore = store.folder().join(".gitignore");
        if !ignore.exists() {
            store.disk.replace(&ignore, b"*\n")?;
        }
        Ok(store)
    }

    /// Says what to do when another process is writing; without this, fail.
    pub fn when_busy(mut self, when_busy: WhenBusy) -> Store {
        self.when_busy = when_busy;
        self
    }

    /// Has `hook` called before each step that writes: for tests of what happens
    /// when the disk is full or the program ends there.
    pub fn with_hook(mut self, hook: StepHook) -> Store {
        self.disk.hook = Some(hook);
        self
    }

    /// Absolute path of the top of the tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A tree from elsewhere may hold a store whose folders are links: what is written
    /// into them would land outside the tree.
    fn refuse_links(&self) -> Result<(), StoreError> {
        let folders = [self.folder(), self.proposals_folder(), self.backups_folder()];
        folders.iter().try_for_each(|folder| {
            lock::refuse_unless(folder, std::fs::FileType::is_dir, "is no folder of its own")
        })
    }

    fn lock(&self) -> Result<lock::Lock, StoreError> {
        lock::Lock::take(&self.folder().join("lock"), self.when_busy)
    }

    fn folder(&self) -> PathBuf {
        self.root.join(".drvdedup")
    }

    fn proposals_folder(&self) -> PathBuf {
        self.folder().join("proposals")
    }

    fn decisions_path(&self) -> PathBuf {
        self.folder().join("decisions.json")
    }

    fn journal_path(&self) -> PathBuf {
        self.folder().join("journal")
    }

    fn backups_folder(&self) -> PathBuf {
        self.folder().join("backup")
    }
}
