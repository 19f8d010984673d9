//! Changes several files, all or none, over crashes and full disks.
//!
//! 1. The journal says what is meant (`Staging`). Copies of the old texts go to
//!    `.drvdedup/backup/N`, the new texts beside their targets; all is flushed.
//!    Whatever goes wrong up to here is cleaned up and the tree is untouched.
//! 2. The journal says `Committed`: from here on the change will be completed.
//! 3. The new texts are renamed over the old ones; the folders are flushed.
//! 4. The journal says `Done`.
//!
//! If a rename fails, the journal says `RollingBack` and the copies are put back.
//! [`Store::recover`] goes on wherever a crash cut this off; every part of it can
//! be done again without harm.

use super::Store;
use super::error::StoreError;
use super::journal::{Action, Entry, FileChange, Journal, State};
use crate::tree::content_hash;
use crate::tree::read_regular;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What [`Store::recover`] did with an apply or undo that was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// What was cut off.
    pub action: Action,
    /// Whether the tree is now before or after it.
    pub outcome: Outcome,
    /// The proposals of that apply.
    pub proposals: Vec<String>,
}

/// On which side of a change the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As if the change had never begun.
    RolledBack,
    /// The change is complete.
    Completed,
}

/// Texts by path relative to the top of the tree; `None` for a file that goes.
pub(super) type Texts = BTreeMap<String, Option<Vec<u8>>>;

impl Store {
    /// Ends or takes back an apply or undo that was cut off, if there is one.
    /// [`Store::apply`], [`Store::check`] and [`Store::undo`] begin with this.
    ///
    /// # Errors
    /// When another process is writing, and when the half-done change can be
    /// neither ended nor taken back.
    pub fn recover(&mut self) -> Result<Option<Recovered>, StoreError> {
        let _lock = self.lock()?;
        self.recover_locked()
    }

    pub(super) fn recover_locked(&mut self) -> Result<Option<Recovered>, StoreError> {
        let mut journal = self.read_journal()?;
        let Some(entry) = journal.entries.last().filter(|e| e.state != State::Done).cloned() else {
            self.remove_orphans(&journal);
            return Ok(None);
        };
        let outcome = match entry.state {
            State::Committed => self.complete_or_roll_back(&mut journal, &entry)?,
            _ => {
                self.roll_back(&mut journal, &entry)?;
                Outcome::RolledBack
            }
        };
        let Entry { action, proposals, .. } = entry;
        Ok(Some(Recovered { action, outcome, proposals }))
    }

    /// Removes copies that no entry needs and texts that were never put in place.
    /// They do no harm, so that failing is no error.
    fn remove_orphans(&mut self, journal: &Journal) {
        let needed: BTreeSet<String> =
            journal.entries.iter().map(|entry| entry.number.to_string()).collect();
        for (path, name) in names_in(&self.backups_folder()) {
            if !needed.contains(&name) {
                let _ = self.disk.remove_all(&path);
            }
        }
        for folder in [self.folder(), self.proposals_folder()] {
            for (path, name) in names_in(&folder) {
                if name.starts_with('.') && name.contains(".drvdedup-") {
                    let _ = self.disk.remove(&path);
                }
            }
        }
    }

    /// Carries out an entry that is not yet in the journal.
    pub(super) fn run(
        &mut self,
        journal: &mut Journal,
        mut entry: Entry,
        texts: &Texts,
    ) -> Result<(), StoreError> {
        entry.state = State::Staging;
        entry.new_folders = self.missing_folders(&entry);
        journal.entries.push(entry.clone());
        let staged = self
            .write_journal(journal)
            .and_then(|()| self.stage(&entry, texts))
            .and_then(|()| self.check_unchanged(&entry))
            .and_then(|()| self.set_state(journal, State::Committed));
        if let Err(error) = staged {
            // What cannot be cleaned up now is cleaned up by the next start.
            let _ = self.roll_back(journal, &entry);
            return Err(error);
        }
        match self.complete(journal, &entry) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.set_state(journal, State::RollingBack)
                    .and_then(|()| self.roll_back(journal, &entry))
                    .map_err(|problem| self.half_done(problem))?;
                Err(error)
            }
        }
    }

    fn half_done(&self, problem: StoreError) -> StoreError {
        StoreError::HalfDone { problem: Box::new(problem), backups: self.backups_folder() }
    }

    fn set_state(&mut self, journal: &mut Journal, state: State) -> Result<(), StoreError> {
        if let Some(entry) = journal.entries.last_mut() {
            entry.state = state;
        }
        self.write_journal(journal)
    }

    fn missing_folders(&self, entry: &Entry) -> Vec<String> {
        let mut missing = BTreeSet::new();
        for change in entry.changes.iter().filter(|change| change.after.is_some()) {
            let folders = Path::new(&change.path).ancestors().skip(1);
            let names = folders.filter_map(Path::to_str).filter(|name| !name.is_empty());
            missing
                .extend(names.take_while(|name| !self.root.join(name).exists()).map(str::to_owned));
        }
        missing.into_iter().collect()
    }

    /// Writes copies and new texts. Nothing of the tree changes.
    fn stage(&mut self, entry: &Entry, texts: &Texts) -> Result<(), StoreError> {
        let mut written = Vec::new();
        let mut folders = BTreeSet::new();
        for change in &entry.changes {
            if let Some(before) = &change.before {
                let backup = self.backup_path(entry, change);
                folders.extend(self.make_folder_of(&backup)?);
                self.back_up(change, &before.hash, before.mode, &backup)?;
                written.push(backup);
            }
            if let (Some(after), Some(Some(text))) = (&change.after, texts.get(&change.path)) {
                let target = self.root.join(&change.path);
                let staged = self.staged_path(entry, change);
                folders.extend(self.make_folder_of(&staged)?);
                self.disk.write(&staged, text, after.mode)?;
                keep_owner(&staged, &target);
                written.push(staged);
            }
        }
        written.extend(folders);
        self.disk.sync(&written)
    }

    /// Makes the folder that a file is to lie in; gives it and those made for it.
    fn make_folder_of(&mut self, path: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let folder = path.parent().unwrap_or(path);
        let mut folders = self.disk.create_folders(folder)?;
        folders.push(folder.to_owned());
        Ok(folders)
    }

    /// Copies a file. Those of the store are never written in place, so that a
    /// second name for the same bytes is a copy.
    fn back_up(
        &mut self,
        change: &FileChange,
        hash: &str,
        mode: u32,
        backup: &Path,
    ) -> Result<(), StoreError> {
        let target = self.root.join(&change.path);
        if change.is_in_store() && self.disk.link(&target, backup)? {
            return Ok(());
        }
        let bytes = read_regular(&target).map_err(StoreError::io("read the file", &target))?;
        match content_hash(&bytes) == hash {
            true => self.disk.write(backup, &bytes, mode),
            false => Err(StoreError::ChangedMeanwhile { path: target }),
        }
    }

    /// The last look before the first rename: an editor may have saved meanwhile.
    fn check_unchanged(&self, entry: &Entry) -> Result<(), StoreError> {
        entry.changes.iter().try_for_each(|change| self.check_before(change))
    }

    fn check_before(&self, change: &FileChange) -> Result<(), StoreError> {
        let path = self.root.join(&change.path);
        let expected = change.before.as_ref().map(|before| &before.hash);
        match hash_of(&path)?.as_ref() == expected {
            true => Ok(()),
            false => Err(StoreError::ChangedMeanwhile { path }),
        }
    }

    fn complete_or_roll_back(
        &mut self,
        journal: &mut Journal,
        entry: &Entry,
    ) -> Result<Outcome, StoreError> {
        let Err(_) = self.complete(journal, entry) else { return Ok(Outcome::Completed) };
        self.set_state(journal, State::RollingBack)
            .and_then(|()| self.roll_back(journal, entry))
            .map_err(|problem| self.half_done(problem))?;
        Ok(Outcome::RolledBack)
    }

    /// Puts every new text in place and closes the entry.
    fn complete(&mut self, journal: &mut Journal, entry: &Entry) -> Result<(), StoreError> {
        for change in &entry.changes {
            let target = self.root.join(&change.path);
            let staged = self.staged_path(entry, change);
            match &change.after {
                None => self.disk.remove(&target)?,
                Some(_) if staged.exists() => {
                    self.check_before(change)?;
                    self.disk.rename(&staged, &target)?;
                }
                Some(after) if hash_of(&target)?.as_ref() == Some(&after.hash) => {}
                Some(_) => return Err(StoreError::ChangedMeanwhile { path: target }),
            }
        }
        self.sync_folders(entry)?;
        match entry.action {
            Action::Apply => self.set_state(journal, State::Done),
            Action::Undo => self.close_undo(journal, entry),
        }
    }

    /// An undo leaves no trace: it goes together with the apply that it took back.
    fn close_undo(&mut self, journal: &mut Journal, undo: &Entry) -> Result<(), StoreError> {
        let mut closed = journal.clone();
        closed.entries.pop();
        let undone = closed.entries.pop();
        self.write_journal(&closed)?;
        *journal = closed;
        // The tree is right and the journal says so; copies left over do no harm.
        for entry in undone.iter().chain([undo]) {
            let folder = self.backup_folder(entry);
            let _ = self.disk.remove_all(&folder);
        }
        for folder in undone.iter().flat_map(|entry| entry.new_folders.iter().rev()) {
            let _ = self.disk.remove_if_empty(&self.root.join(folder));
        }
        Ok(())
    }

    /// Puts the old texts back where they are not, and forgets the entry.
    fn roll_back(&mut self, journal: &mut Journal, entry: &Entry) -> Result<(), StoreError> {
        if journal.entries.last().is_some_and(|last| last.state == State::RollingBack) {
            for change in &entry.changes {
                self.put_back(entry, change)?;
            }
            self.sync_folders(entry)?;
        }
        for change in &entry.changes {
            let staged = self.staged_path(entry, change);
            if staged.symlink_metadata().is_ok() {
                self.disk.remove(&staged)?;
            }
        }
        for folder in entry.new_folders.iter().rev() {
            self.disk.remove_if_empty(&self.root.join(folder))?;
        }
        // The journal forgets the entry only when nothing is left to clean up, but
        // the copies: those are needed until it has forgotten.
        journal.entries.pop();
        self.write_journal(journal)?;
        let folder = self.backup_folder(entry);
        self.disk.remove_all(&folder)
    }

    fn put_back(&mut self, entry: &Entry, change: &FileChange) -> Result<(), StoreError> {
        let target = self.root.join(&change.path);
        let now = hash_of(&target)?;
        let is = |snapshot: &Option<super::journal::Snapshot>| {
            now.as_ref() == snapshot.as_ref().map(|s| &s.hash)
        };
        if is(&change.before) {
            return Ok(());
        }
        let staged = self.staged_path(entry, change);
        if !is(&change.after) {
            if staged.exists() {
                // It was never replaced: this is somebody's own change.
                return Ok(());
            }
            let backup = self.backup_path(entry, change);
            return Err(StoreError::ChangedSince { path: target, backup });
        }
        let Some(before) = &change.before else { return self.disk.remove(&target) };
        let backup = self.backup_path(entry, change);
        let bytes = read_regular(&backup).map_err(StoreError::io("read the copy", &backup))?;
        self.disk.write(&staged, &bytes, before.mode)?;
        keep_owner(&staged, &target);
        self.disk.sync(std::slice::from_ref(&staged))?;
        self.disk.rename(&staged, &target)
    }

    fn sync_folders(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let folders: BTreeSet<PathBuf> = entry
            .changes
            .iter()
            .filter_map(|change| self.root.join(&change.path).parent().map(Path::to_owned))
            .filter(|folder| folder.exists())
            .collect();
        self.disk.sync(&folders.into_iter().collect::<Vec<_>>())
    }
}

/// Hash of a file's bytes; `None` where there is none.
fn hash_of(path: &Path) -> Result<Option<String>, StoreError> {
    match read_regular(path) {
        Ok(bytes) => Ok(Some(content_hash(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read the file", path)(error)),
    }
}

fn names_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| (e.path(), e.file_name().to_string_lossy().into_owned())).collect()
}

/// Gives a new file the owner of the one that it replaces, where that is allowed:
/// root, working in somebody's tree, must not take it from them.
fn keep_owner(new: &Path, old: &Path) {
    use std::os::unix::fs::{MetadataExt, chown};
    if let (Ok(new_data), Ok(old_data)) = (fs::metadata(new), fs::metadata(old)) {
        let owner = |data: &fs::Metadata| (data.uid(), data.gid());
        if owner(&new_data) != owner(&old_data) {
            let _ = chown(new, Some(old_data.uid()), Some(old_data.gid()));
        }
    }
}
