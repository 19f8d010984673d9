//! Proposals one after the other: what each does to the files as those before it
//! left them.

use super::apply::NewText;
use super::error::StoreError;
use super::merge::{Owned, merge};
use super::{Proposal, Store};
use crate::generate::edits::apply_edits;
use crate::tree::TreePath;
use std::collections::BTreeMap;

/// One proposal of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The proposal.
    pub proposal: Proposal,
    /// Its patch as it is stored, which its proof is about.
    pub stored_patch: Vec<u8>,
    /// The files that it changes, sorted.
    pub files: Vec<StepFile>,
}

/// A file of a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFile {
    /// The file.
    pub path: TreePath,
    /// Its text before the step; empty for a file that the step makes.
    pub before: Vec<u8>,
    /// Its text after the step.
    pub after: Vec<u8>,
}

impl Store {
    /// The proposals with these ids in the order given, each on top of those before it.
    /// After the last, all files are what [`Store::apply`] of the same ids makes of them.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub fn sequence(&self, ids: &[String]) -> Result<Vec<Step>, StoreError> {
        // Every error that an apply of all of them would give.
        let (proposals, texts) = self.compose(ids)?;
        let by_id: BTreeMap<&str, &Proposal> =
            proposals.iter().map(|proposal| (proposal.id.as_str(), proposal)).collect();
        let known = self.ids()?;
        let mut so_far: BTreeMap<TreePath, Grown<'_>> = BTreeMap::new();
        let mut steps = Vec::new();
        for id in ids {
            let id = self.resolve(id, &known)?;
            let Some(&proposal) = by_id.get(id.as_str()) else {
                return Err(StoreError::NoSuchProposal { id });
            };
            let mut files = Vec::new();
            for (path, text) in texts.iter().filter(|(path, _)| proposal.files.contains(path)) {
                let own = text.edits_of(self, proposal, path)?;
                let grown = so_far.entry(path.clone()).or_insert_with(|| Grown::new(text));
                let (before, after) = grown.grow(path, own)?;
                files.push(StepFile { path: path.clone(), before, after });
            }
            let stored_patch = self.patch(&id)?;
            steps.push(Step { proposal: proposal.clone(), stored_patch, files });
        }
        Ok(steps)
    }
}

impl NewText {
    /// The edits that one proposal makes in the text before all.
    fn edits_of(
        &self,
        store: &Store,
        proposal: &Proposal,
        path: &str,
    ) -> Result<Vec<Owned>, StoreError> {
        let before = self.before.as_deref().unwrap_or_default();
        let mut edits = Vec::new();
        for patch in store.file_patches(proposal)?.iter().filter(|patch| patch.path == path) {
            let own = patch
                .edits(before)
                .map_err(|source| StoreError::DoesNotApply { id: proposal.id.clone(), source })?;
            edits.extend(own.into_iter().map(|edit| Owned { owner: proposal.id.clone(), edit }));
        }
        Ok(edits)
    }
}

/// A file and what the proposals so far have made of it.
struct Grown<'t> {
    base: &'t [u8],
    edits: Vec<Owned>,
    now: Vec<u8>,
}

impl<'t> Grown<'t> {
    fn new(text: &'t NewText) -> Grown<'t> {
        let base = text.before.as_deref().unwrap_or_default();
        Grown { base, edits: Vec::new(), now: base.to_vec() }
    }

    /// The texts before and after more edits of the base.
    fn grow(&mut self, path: &str, own: Vec<Owned>) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        self.edits.extend(own);
        let merged = merge(self.base, self.edits.clone())
            .map_err(|overlap| StoreError::Conflict { file: path.to_owned(), overlap })?;
        let after = apply_edits(path, self.base, merged.iter().map(|owned| &owned.edit))?;
        let before = std::mem::replace(&mut self.now, after.clone());
        Ok((before, after))
    }
}
