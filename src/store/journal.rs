//! The record of applies: what each changed, and how far the last one got.

use super::Store;
use super::error::StoreError;
use super::proposals::to_json;
use crate::generate::unidiff::is_tree_path;
use crate::tree::read_regular;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;

/// Version of the store's files.
pub(super) const SCHEMA: u32 = 1;

/// Refuses the files of a later program: what it means by them is not known.
pub(super) fn known_schema(schema: u32) -> Result<(), String> {
    match schema {
        SCHEMA => Ok(()),
        other => Err(format!("it has version {other}, and this program knows {SCHEMA}")),
    }
}

/// How far a change of the tree got. Only the last entry can be other than `Done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Copies and new texts are being written; the tree is untouched.
    Staging,
    /// All texts are on the disk; files are being replaced.
    Committed,
    /// A replacement failed; the copies are being put back.
    RollingBack,
    /// The tree is as it should be.
    Done,
}

/// What an entry of the journal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It applies proposals.
    Apply,
    /// It takes an apply back.
    Undo,
}

/// A file at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// SHA-256 of its bytes.
    pub hash: String,
    /// Its permission bits.
    pub mode: u32,
}

/// What happens to one file, of the tree or of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileChange {
    /// Relative to the top of the tree.
    pub path: String,
    /// `None` where there was no file.
    pub before: Option<Snapshot>,
    /// `None` where there will be none.
    pub after: Option<Snapshot>,
}

/// One apply, or the taking back of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Counts up; names the folder of its copies.
    pub number: u64,
    /// What it does.
    pub action: Action,
    /// How far it got.
    pub state: State,
    /// Ids of the proposals that are applied or taken back.
    pub proposals: Vec<String>,
    /// The files, sorted by path.
    pub changes: Vec<FileChange>,
    /// Folders that had to be made, relative to the top, the topmost first.
    #[serde(default)]
    pub new_folders: Vec<String>,
}

/// All entries, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub schema: u32,
    pub entries: Vec<Entry>,
}

impl Journal {
    /// Refuses a journal that this program did not write: ending what it says was cut
    /// off writes to the paths that it names.
    fn check(&self) -> Result<(), String> {
        known_schema(self.schema)?;
        let changes = self.entries.iter().flat_map(|e| &e.changes).map(|change| &change.path);
        let folders = self.entries.iter().flat_map(|e| &e.new_folders);
        match changes.chain(folders).find(|path| !is_tree_path(path)) {
            Some(path) => Err(format!("`{path}` is no path inside the tree")),
            None => Ok(()),
        }
    }

    /// The number that the next entry bears.
    pub fn next_number(&self) -> u64 {
        self.entries.last().map_or(1, |entry| entry.number.saturating_add(1))
    }
}

impl Entry {
    /// Files of the tree, without those of the store.
    pub fn source_changes(&self) -> impl Iterator<Item = &FileChange> {
        self.changes.iter().filter(|change| !change.is_in_store())
    }
}

impl FileChange {
    pub fn is_in_store(&self) -> bool {
        self.path.starts_with(".drvdedup/")
    }
}

impl Store {
    /// Ids of the applied proposals, one list an apply, the last apply last: what
    /// [`Store::undo`] can take back.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn applied(&self) -> Result<Vec<Vec<String>>, StoreError> {
        let entries = self.read_journal()?.entries.into_iter();
        let done = entries.filter(|e| e.action == Action::Apply && e.state == State::Done);
        Ok(done.map(|entry| entry.proposals).collect())
    }

    pub(super) fn read_journal(&self) -> Result<Journal, StoreError> {
        let path = self.journal_path();
        let text = match read_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Journal { schema: SCHEMA, entries: Vec::new() });
            }
            read => read.map_err(StoreError::io("read the journal", &path))?,
        };
        let journal = serde_json::from_slice(&text).map_err(|error| error.to_string());
        journal.and_then(|journal: Journal| journal.check().map(|()| journal)).map_err(|problem| {
            StoreError::BrokenJournal { path, problem, backups: self.backups_folder() }
        })
    }

    pub(super) fn write_journal(&mut self, journal: &Journal) -> Result<(), StoreError> {
        let path = self.journal_path();
        self.disk.replace(&path, &to_json(journal))
    }

    /// Folder of the copies that an entry made.
    pub(super) fn backup_folder(&self, entry: &Entry) -> PathBuf {
        self.backups_folder().join(entry.number.to_string())
    }

    /// Copy of a file as it was before the entry.
    pub(super) fn backup_path(&self, entry: &Entry, change: &FileChange) -> PathBuf {
        self.backup_folder(entry).join(&change.path)
    }

    /// New text of a file, on its way.
    pub(super) fn staged_path(&self, entry: &Entry, change: &FileChange) -> PathBuf {
        super::disk::staged_name(&self.root.join(&change.path), &entry.number.to_string())
    }
}
