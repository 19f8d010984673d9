//! Takes the last apply back.

use super::Store;
use super::apply::{Applied, NewText};
use super::error::StoreError;
use super::journal::{Action, Entry, FileChange, State};
use super::merge::Owned;
use super::transaction::{Recovered, Texts};
use crate::generate::lines::line_edits;
use crate::tree::content_hash;
use crate::tree::{TreePath, read_regular};
use std::collections::BTreeMap;

/// What an undo did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The proposals that were taken back and are on offer again.
    pub proposals: Vec<String>,
    /// Files that changed, sorted.
    pub files: Vec<TreePath>,
    /// What became of an earlier apply or undo that was cut off.
    pub recovered: Option<Recovered>,
}

impl Store {
    /// Takes the last apply back: its files have again the bytes and permissions
    /// that they had before it, its proposals are on offer again, and the others
    /// are moved back. Can be repeated until nothing is left.
    ///
    /// # Errors
    /// When nothing was applied, when one of the files changed since (nothing is
    /// taken back then), and whatever the system refuses.
    pub fn undo(&mut self) -> Result<Undone, StoreError> {
        let _lock = self.lock()?;
        let recovered = self.recover_locked()?;
        let mut journal = self.read_journal()?;
        let Some(entry) = journal.entries.last().cloned() else {
            return Err(StoreError::NothingToUndo { root: self.root.clone() });
        };
        let sources = self.taken_back(&entry)?;
        let mut all = self.source_texts(&sources);
        let mut moved = Applied::default();
        self.rebase_others(&[], &sources, &mut all, &mut moved)?;
        self.restore_store(&entry, &mut all)?;

        let modes = entry
            .changes
            .iter()
            .filter_map(|change| Some((change.path.clone(), change.before.as_ref()?.mode)));
        let undo = Entry {
            number: journal.next_number(),
            action: Action::Undo,
            state: State::Staging,
            proposals: entry.proposals.clone(),
            changes: self.changes(&all, &modes.collect())?,
            new_folders: Vec::new(),
        };
        self.run(&mut journal, undo, &all)?;
        let files = sources.into_keys().collect();
        Ok(Undone { proposals: entry.proposals, files, recovered })
    }

    /// The files of the tree as they were before an apply.
    fn taken_back(&self, entry: &Entry) -> Result<BTreeMap<TreePath, NewText>, StoreError> {
        let mut texts = BTreeMap::new();
        for change in entry.source_changes() {
            let now = self.read_source(&change.path)?;
            let hash = now.as_deref().map(content_hash);
            if hash.as_ref() != change.after.as_ref().map(|after| &after.hash) {
                return Err(StoreError::ChangedSince {
                    path: self.root.join(&change.path),
                    backup: self.backup_path(entry, change),
                });
            }
            let then = self.backup_of(entry, change)?;
            let edits =
                line_edits(now.as_deref().unwrap_or_default(), then.as_deref().unwrap_or_default());
            let edits = edits.into_iter().map(|edit| Owned { owner: "undo".into(), edit });
            let mode = change.before.as_ref().map_or(0o644, |before| before.mode);
            let text = NewText { before: now, after: then, mode, edits: edits.collect() };
            texts.insert(change.path.clone(), text);
        }
        Ok(texts)
    }

    /// The copy of a file, checked; `None` for one that was not there.
    fn backup_of(&self, entry: &Entry, change: &FileChange) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(before) = &change.before else { return Ok(None) };
        let path = self.backup_path(entry, change);
        let bytes = read_regular(&path).map_err(StoreError::io("read the copy", &path))?;
        match content_hash(&bytes) == before.hash {
            true => Ok(Some(bytes)),
            false => {
                let problem = "it is not the copy that the apply made".to_owned();
                Err(StoreError::Corrupt { path, problem })
            }
        }
    }

    /// Puts the store's own files back where they still are what the apply made of
    /// them. Where a later plan wrote others, the rebased ones stand; the proposals
    /// that were applied come back in any case.
    fn restore_store(&self, entry: &Entry, all: &mut Texts) -> Result<(), StoreError> {
        for change in entry.changes.iter().filter(|change| change.is_in_store()) {
            let now = self.read_source(&change.path)?;
            let hash = now.as_deref().map(content_hash);
            let as_left = hash.as_ref() == change.after.as_ref().map(|after| &after.hash);
            if as_left || change.after.is_none() {
                all.insert(change.path.clone(), self.backup_of(entry, change)?);
            }
        }
        Ok(())
    }
}
