//! The stored proposals: reading, finding by id, replacing, and telling whether
//! the tree has moved on since.

use super::disk::staged_name;
use super::error::StoreError;
use super::{Proposal, Store};
use crate::generate::unidiff::{FilePatch, is_tree_path, parse};
use crate::tree::{TreePath, content_hash, read_regular};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How a file differs from the one that a proposal was planned against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drift {
    /// Its text is another.
    Changed,
    /// It is gone.
    Missing,
    /// The patch makes it, but it is there already.
    Appeared,
}

/// A proposal that the tree has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// The proposal.
    pub id: String,
    /// The first of its files that is not what it was.
    pub file: TreePath,
    /// What became of that file.
    pub drift: Drift,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stale { id, file, drift } = self;
        match drift {
            Drift::Changed => write!(f, "{file}: changed since proposal {id} was planned"),
            Drift::Missing => write!(f, "{file}: gone since proposal {id} was planned"),
            Drift::Appeared => write!(f, "{file}: proposal {id} makes it, but it is there now"),
        }
    }
}

impl Store {
    /// All proposals on offer, in the order of their ids.
    ///
    /// # Errors
    /// When one cannot be read; the error names its file.
    pub fn proposals(&self) -> Result<Vec<Proposal>, StoreError> {
        let ids = self.ids()?;
        let read = ids.iter().filter_map(|id| self.read_proposal(id).transpose());
        read.collect()
    }

    /// The proposal whose id begins with `prefix`.
    ///
    /// # Errors
    /// When there is none, when there are several, and when it cannot be read.
    pub fn proposal(&self, prefix: &str) -> Result<Proposal, StoreError> {
        let id = self.resolve(prefix, &self.ids()?)?;
        self.read_proposal(&id)?.ok_or(StoreError::NoSuchProposal { id })
    }

    /// The patch of a proposal; `id` as for [`Store::proposal`].
    ///
    /// # Errors
    /// As [`Store::proposal`].
    pub fn patch(&self, id: &str) -> Result<Vec<u8>, StoreError> {
        let id = self.resolve(id, &self.ids()?)?;
        let path = self.patch_path(&id);
        read_regular(&path).map_err(StoreError::io("read the patch", path))
    }

    /// Puts new proposals in the place of the stored ones that `replaced` names,
    /// and of those with the same ids. [`Proposal::patch`] is set to where the
    /// patch is stored.
    ///
    /// A crash leaves a mixture of old and new proposals, each of them whole.
    ///
    /// # Errors
    /// When an id is none, when the store cannot be written, and when another
    /// process is writing.
    pub fn replace_proposals(
        &mut self,
        replaced: &dyn Fn(&Proposal) -> bool,
        new: &[(Proposal, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let mut texts: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for (proposal, patch) in new {
            if !is_id(&proposal.id) {
                return Err(StoreError::BadId { id: proposal.id.clone() });
            }
            let proposal = Proposal { patch: patch_name(&proposal.id), ..proposal.clone() };
            texts.insert(self.patch_path(&proposal.id), patch.clone());
            texts.insert(self.json_path(&proposal.id), to_json(&proposal));
        }
        let mut gone: Vec<PathBuf> = Vec::new();
        for old in self.proposals()?.iter().filter(|old| replaced(old)) {
            gone.extend([self.json_path(&old.id), self.patch_path(&old.id)]);
        }
        gone.retain(|path| !texts.contains_key(path));
        texts.retain(|path, text| read_regular(path).map_or(true, |there| there != *text));
        self.write_texts(&texts, &gone)
    }

    /// A description is there only together with its own patch: it goes first and
    /// comes last.
    pub(super) fn write_texts(
        &mut self,
        texts: &BTreeMap<PathBuf, Vec<u8>>,
        gone: &[PathBuf],
    ) -> Result<(), StoreError> {
        let staged: Vec<PathBuf> = texts.keys().map(|path| staged_name(path, "new")).collect();
        let written = texts
            .values()
            .zip(&staged)
            .try_for_each(|(text, path)| self.disk.write(path, text, 0o644))
            .and_then(|()| self.disk.sync(&staged));
        if let Err(error) = written {
            for path in &staged {
                let _ = fs::remove_file(path);
            }
            return Err(error);
        }
        let is_json = |path: &Path| path.extension().is_some_and(|end| end == "json");
        let outdated = |path: &&PathBuf| texts.contains_key(&path.with_extension("patch"));
        for path in texts.keys().filter(|path| is_json(path)).filter(outdated).chain(gone) {
            self.disk.remove(path)?;
        }
        let (descriptions, patches): (Vec<_>, Vec<_>) =
            texts.keys().zip(&staged).partition(|(path, _)| is_json(path));
        for (path, staged) in patches.into_iter().chain(descriptions) {
            self.disk.rename(staged, path)?;
        }
        let folder = self.proposals_folder();
        self.disk.sync(&[folder])
    }

    /// Whether the tree still is what a proposal was planned against: the first
    /// file that is not, or `None`.
    ///
    /// # Errors
    /// When a file is there but cannot be read.
    pub fn stale(&self, proposal: &Proposal) -> Result<Option<Stale>, StoreError> {
        for file in &proposal.files {
            let now = self.read_source(file)?;
            let hash = now.as_deref().map(content_hash);
            if let Some(drift) = drift(proposal, file, hash.as_deref()) {
                let (id, file) = (proposal.id.clone(), file.clone());
                return Ok(Some(Stale { id, file, drift }));
            }
        }
        Ok(None)
    }

    /// The bytes of a file of the tree; `None` where there is none.
    pub(super) fn read_source(&self, file: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.root.join(file);
        match read_regular(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read the file", path)(error)),
        }
    }

    /// The ids of all proposals, sorted.
    pub(super) fn ids(&self) -> Result<Vec<String>, StoreError> {
        let folder = self.proposals_folder();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(StoreError::io("read the folder", &folder))?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::io("read the folder", &folder))?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json"));
            ids.extend(id.filter(|id| is_id(id)).map(str::to_owned));
        }
        ids.sort();
        Ok(ids)
    }

    /// The one of the sorted `ids` that begins with `prefix`.
    pub(super) fn resolve(&self, prefix: &str, ids: &[String]) -> Result<String, StoreError> {
        let from = ids.partition_point(|id| id.as_str() < prefix);
        let found = ids.iter().skip(from).take_while(|id| id.starts_with(prefix));
        let mut candidates: Vec<String> = found.cloned().collect();
        let id = prefix.to_owned();
        // Everything begins with nothing: a script's empty variable names no proposal.
        if prefix.is_empty() {
            return Err(StoreError::NoSuchProposal { id });
        }
        match candidates.len() {
            1 => Ok(candidates.remove(0)),
            0 => Err(StoreError::NoSuchProposal { id }),
            _ => Err(StoreError::AmbiguousId { id, candidates }),
        }
    }

    /// `None` where another process has just removed it.
    pub(super) fn read_proposal(&self, id: &str) -> Result<Option<Proposal>, StoreError> {
        let path = self.json_path(id);
        let text = match read_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(StoreError::io("read the proposal", &path))?,
        };
        let corrupt = |problem: String| StoreError::Corrupt { path: path.clone(), problem };
        let proposal: Proposal =
            serde_json::from_slice(&text).map_err(|error| corrupt(error.to_string()))?;
        if proposal.id != id {
            return Err(corrupt(format!("it holds the proposal `{}`", proposal.id)));
        }
        match proposal.files.iter().find(|file| !is_source_path(file)) {
            Some(file) => Err(corrupt(format!("`{file}` is no file inside the tree"))),
            None => Ok(Some(proposal)),
        }
    }

    /// The patch of a proposal, taken apart.
    pub(super) fn file_patches(&self, proposal: &Proposal) -> Result<Vec<FilePatch>, StoreError> {
        let path = self.patch_path(&proposal.id);
        let text = read_regular(&path).map_err(StoreError::io("read the patch", &path))?;
        let files = match parse(&text) {
            Ok(files) => files,
            Err(source) => return Err(StoreError::Patch { path, source }),
        };
        match files.iter().find(|file| !proposal.files.contains(&file.path)) {
            Some(file) => {
                let problem = format!("it changes {}, which the proposal does not name", file.path);
                Err(StoreError::Corrupt { path, problem })
            }
            None => Ok(files),
        }
    }

    pub(super) fn json_path(&self, id: &str) -> PathBuf {
        self.root.join(json_name(id))
    }

    pub(super) fn patch_path(&self, id: &str) -> PathBuf {
        self.root.join(patch_name(id))
    }
}

/// Names relative to the top of the tree.
pub(super) fn json_name(id: &str) -> String {
    format!(".drvdedup/proposals/{id}.json")
}

pub(super) fn patch_name(id: &str) -> String {
    format!(".drvdedup/proposals/{id}.patch")
}

/// A test of whether all files of a proposal lie below some paths: what `plan` on
/// these paths replaces. The empty path stands for the whole tree.
pub fn below(paths: &[TreePath]) -> impl Fn(&Proposal) -> bool {
    move |proposal| {
        proposal.files.iter().all(|file| paths.iter().any(|path| lies_below(file, path)))
    }
}

fn lies_below(file: &str, path: &str) -> bool {
    let rest = file.strip_prefix(path);
    path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What became of a file of a proposal, given the hash of its bytes now.
pub(super) fn drift(proposal: &Proposal, file: &str, now: Option<&str>) -> Option<Drift> {
    match (proposal.base.get(file), now) {
        (Some(base), Some(now)) if base == now => None,
        (Some(_), Some(_)) => Some(Drift::Changed),
        (Some(_), None) => Some(Drift::Missing),
        (None, Some(_)) => Some(Drift::Appeared),
        (None, None) => None,
    }
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    // Our own types hold only strings, numbers, lists and maps with string keys,
    // which always have a JSON form.
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

fn is_id(id: &str) -> bool {
    id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A path inside the tree and outside the store and git's own folder.
fn is_source_path(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    is_tree_path(path) && first != ".drvdedup" && first != ".git"
}
