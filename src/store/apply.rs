//! Applies proposals: all or none, over any number of files.

use super::error::StoreError;
use super::journal::{Action, Entry, FileChange, Snapshot, State};
use super::merge::{Owned, merge};
use super::proposals::{Stale, drift, json_name, patch_name};
use super::transaction::{Recovered, Texts};
use super::{Proposal, Store};
use crate::generate::edits::apply_edits;
use crate::generate::lines::{line_starts, split_lines};
use crate::generate::unidiff::FilePatch;
use crate::tree::{TreePath, content_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;

/// What an apply did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Ids of the proposals, sorted.
    pub proposals: Vec<String>,
    /// Files that change, sorted.
    pub files: Vec<TreePath>,
    /// Lines that come.
    pub lines_added: u64,
    /// Lines that go.
    pub lines_removed: u64,
    /// Other stored proposals that were moved onto the new texts, sorted.
    pub rebased: Vec<String>,
    /// Other stored proposals that were good until now and are stale after this,
    /// because they change the same lines; sorted.
    pub made_stale: Vec<String>,
    /// What became of an earlier apply that was cut off.
    pub recovered: Option<Recovered>,
}

/// Lines of a file that a proposal changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The proposal.
    pub id: String,
    /// The file.
    pub file: TreePath,
    /// The lines that go, counted from one; empty at the line before which others come.
    pub lines: Range<u32>,
}

/// A file that an apply or an undo changes.
pub(super) struct NewText {
    /// The text before; `None` for a new file.
    pub before: Option<Vec<u8>>,
    /// The text after; `None` for a file that goes.
    pub after: Option<Vec<u8>>,
    /// Permission bits of the file after.
    pub mode: u32,
    /// What leads from the one to the other.
    pub edits: Vec<Owned>,
}

impl Store {
    /// Applies the proposals with these ids, or unique beginnings of ids: all or
    /// none. An apply that was cut off earlier is ended or taken back first.
    ///
    /// The other stored proposals that touch the same files are moved onto the
    /// new texts; those that change the same lines become stale.
    ///
    /// # Errors
    /// For an unknown id, a file that changed since planning, two proposals that
    /// change the same lines, a file that is no plain file inside the tree, and
    /// whatever the system refuses. The tree is then as it was.
    pub fn apply(&mut self, ids: &[String]) -> Result<Applied, StoreError> {
        let _lock = self.lock()?;
        let recovered = self.recover_locked()?;
        let (proposals, texts) = self.compose(ids)?;
        let mut applied = summary(&proposals, &texts);
        applied.recovered = recovered;
        if proposals.is_empty() {
            return Ok(applied);
        }
        let mut all = self.source_texts(&texts);
        self.rebase_others(&proposals, &texts, &mut all, &mut applied)?;
        // They are no longer on offer; the journal's copies bring them back.
        for id in &applied.proposals {
            all.extend([(json_name(id), None), (patch_name(id), None)]);
        }

        let modes = texts.iter().map(|(path, text)| (path.clone(), text.mode)).collect();
        let mut journal = self.read_journal()?;
        let entry = Entry {
            number: journal.next_number(),
            action: Action::Apply,
            state: State::Staging,
            proposals: applied.proposals.clone(),
            changes: self.changes(&all, &modes)?,
            new_folders: Vec::new(),
        };
        self.run(&mut journal, entry, &all)?;
        Ok(applied)
    }

    /// Tries an apply without doing it. An apply that was cut off earlier is ended
    /// or taken back nevertheless.
    ///
    /// # Errors
    /// As [`Store::apply`], but for what shows only in writing.
    pub fn check(&mut self, ids: &[String]) -> Result<Applied, StoreError> {
        let _lock = self.lock()?;
        let recovered = self.recover_locked()?;
        let (proposals, texts) = self.compose(ids)?;
        Ok(Applied { recovered, ..summary(&proposals, &texts) })
    }

    /// The lines that proposals change, in the order of the files and of their lines.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn touched(&self, ids: &[String]) -> Result<Vec<Touched>, StoreError> {
        let (_, texts) = self.compose(ids)?;
        let of_file = |(file, text): (&TreePath, &NewText)| {
            let before = text.before.as_deref().unwrap_or_default();
            let starts = line_starts(&split_lines(before));
            let line = |at: usize| starts.partition_point(|&start| start < at) as u32 + 1;
            let touched = text.edits.iter().map(|Owned { owner, edit }| Touched {
                id: owner.clone(),
                file: file.clone(),
                lines: line(edit.range.start)..line(edit.range.end),
            });
            touched.collect::<Vec<_>>()
        };
        Ok(texts.iter().flat_map(of_file).collect())
    }

    /// The texts that some proposals make together.
    pub(super) fn compose(
        &self,
        ids: &[String],
    ) -> Result<(Vec<Proposal>, BTreeMap<TreePath, NewText>), StoreError> {
        let known = self.ids()?;
        let ids: BTreeSet<String> =
            ids.iter().map(|id| self.resolve(id, &known)).collect::<Result<_, _>>()?;
        let mut proposals = Vec::with_capacity(ids.len());
        for id in ids {
            let read = self.read_proposal(&id)?;
            proposals.push(read.ok_or(StoreError::NoSuchProposal { id })?);
        }
        let sources = self.fresh_sources(&proposals)?;

        let mut patches: BTreeMap<TreePath, Vec<(&str, FilePatch)>> = BTreeMap::new();
        for proposal in &proposals {
            for patch in self.file_patches(proposal)? {
                patches.entry(patch.path.clone()).or_default().push((&proposal.id, patch));
            }
        }
        let mut texts = BTreeMap::new();
        for (path, patches) in patches {
            self.check_plain_file(&path)?;
            let before = sources.get(&path).cloned().flatten();
            let text = self.new_text(&path, before, &patches)?;
            texts.insert(path, text);
        }
        Ok((proposals, texts))
    }

    /// The bytes of all files of the proposals, if none changed since planning.
    fn fresh_sources(&self, proposals: &[Proposal]) -> Result<Texts, StoreError> {
        let mut sources = BTreeMap::new();
        let mut hashes: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut stale = Vec::new();
        for proposal in proposals {
            for file in &proposal.files {
                if !hashes.contains_key(file.as_str()) {
                    let bytes = self.read_source(file)?;
                    hashes.insert(file, bytes.as_deref().map(content_hash));
                    sources.insert(file.clone(), bytes);
                }
                let now = hashes.get(file.as_str()).and_then(Option::as_deref);
                if let Some(drift) = drift(proposal, file, now) {
                    stale.push(Stale { id: proposal.id.clone(), file: file.clone(), drift });
                }
            }
        }
        match stale.is_empty() {
            true => Ok(sources),
            false => Err(StoreError::Stale(stale)),
        }
    }

    /// Refuses what a rename would not replace but bend: links, folders, devices,
    /// and whatever is reached through a link, which may lead out of the tree.
    fn check_plain_file(&self, file: &str) -> Result<(), StoreError> {
        let path = self.root.join(file);
        let problem = match path.symlink_metadata() {
            Ok(data) if data.is_symlink() => Some("is a symbolic link"),
            Ok(data) if !data.is_file() => Some("is no plain file"),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io("look at", path)(error));
            }
            _ => {
                let there = path.ancestors().find(|folder| folder.exists());
                let linked = there.is_some_and(|folder| {
                    folder.canonicalize().is_ok_and(|canonical| canonical != folder)
                });
                linked.then_some("is reached through a symbolic link")
            }
        };
        match problem {
            Some(problem) => Err(StoreError::Unsafe { path, problem }),
            None => Ok(()),
        }
    }

    fn new_text(
        &self,
        path: &str,
        before: Option<Vec<u8>>,
        patches: &[(&str, FilePatch)],
    ) -> Result<NewText, StoreError> {
        let bytes = before.as_deref().unwrap_or_default();
        let mut edits = Vec::new();
        for (id, patch) in patches {
            let own = patch
                .edits(bytes)
                .map_err(|source| StoreError::DoesNotApply { id: (*id).to_owned(), source })?;
            edits.extend(own.into_iter().map(|edit| Owned { owner: (*id).to_owned(), edit }));
        }
        let edits = merge(bytes, edits)
            .map_err(|overlap| StoreError::Conflict { file: path.to_owned(), overlap })?;
        let after = apply_edits(path, bytes, edits.iter().map(|owned| &owned.edit))?;
        let mode = match &before {
            Some(_) => self.mode(path)?,
            None => patches.iter().find_map(|(_, patch)| patch.creates).unwrap_or(0o644),
        };
        Ok(NewText { before, after: Some(after), mode, edits })
    }

    /// Permission bits of a file.
    pub(super) fn mode(&self, file: &str) -> Result<u32, StoreError> {
        let path = self.root.join(file);
        let data = fs::metadata(&path).map_err(StoreError::io("look at", path))?;
        Ok(data.permissions().mode() & 0o7777)
    }

    /// Texts that a transaction writes into the tree.
    pub(super) fn source_texts(&self, texts: &BTreeMap<TreePath, NewText>) -> Texts {
        texts.iter().map(|(path, text)| (path.clone(), text.after.clone())).collect()
    }

    /// What a transaction does to each file: it compares the texts that will be
    /// with those that are. `modes` names the permission bits of new files; others
    /// keep theirs.
    pub(super) fn changes(
        &self,
        texts: &Texts,
        modes: &BTreeMap<String, u32>,
    ) -> Result<Vec<FileChange>, StoreError> {
        let mut changes = Vec::new();
        for (path, text) in texts {
            let before = match self.read_source(path)? {
                Some(bytes) => {
                    Some(Snapshot { hash: content_hash(&bytes), mode: self.mode(path)? })
                }
                None => None,
            };
            let kept = before.as_ref().map(|before| before.mode);
            let mode = modes.get(path).copied().or(kept).unwrap_or(0o644);
            let after = text.as_ref().map(|text| Snapshot { hash: content_hash(text), mode });
            if before != after {
                changes.push(FileChange { path: path.clone(), before, after });
            }
        }
        Ok(changes)
    }
}

fn summary(proposals: &[Proposal], texts: &BTreeMap<TreePath, NewText>) -> Applied {
    let edits = || texts.values().flat_map(|text| text.edits.iter().map(move |o| (text, &o.edit)));
    let lines = |bytes: &[u8]| bytes.split_inclusive(|&byte| byte == b'\n').count() as u64;
    let removed = edits().map(|(text, edit)| {
        let before = text.before.as_deref().unwrap_or_default();
        lines(before.get(edit.range.clone()).unwrap_or_default())
    });
    Applied {
        proposals: proposals.iter().map(|proposal| proposal.id.clone()).collect(),
        files: texts.keys().cloned().collect(),
        lines_added: edits().map(|(_, edit)| lines(&edit.text)).sum(),
        lines_removed: removed.sum(),
        ..Applied::default()
    }
}
