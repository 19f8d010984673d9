//! Moves the stored proposals that an apply or undo does not overlap onto the new
//! texts, so that they need no new plan.

use super::apply::{Applied, NewText};
use super::error::StoreError;
use super::merge::rebase;
use super::proposals::{drift, json_name, patch_name, to_json};
use super::transaction::Texts;
use super::{Proposal, Store};
use crate::generate::Patch;
use crate::generate::edits::apply_edits;
use crate::generate::unidiff::FilePatch;
use crate::tree::{TreePath, content_hash};
use std::collections::{BTreeMap, BTreeSet};

impl Store {
    /// Adds to `all` the new descriptions and patches of the proposals that are
    /// not `taken` but touch a file of `texts`.
    pub(super) fn rebase_others(
        &self,
        taken: &[Proposal],
        texts: &BTreeMap<TreePath, NewText>,
        all: &mut Texts,
        applied: &mut Applied,
    ) -> Result<(), StoreError> {
        let taken: BTreeSet<&str> = taken.iter().map(|proposal| proposal.id.as_str()).collect();
        for proposal in self.proposals()? {
            let touched = proposal.files.iter().any(|file| texts.contains_key(file));
            if taken.contains(proposal.id.as_str()) || !touched {
                continue;
            }
            let Some(sources) = self.sources_before(&proposal, texts)? else { continue };
            match self.rebased(&proposal, &sources, texts)? {
                Some((moved, patch)) => {
                    all.insert(json_name(&moved.id), Some(to_json(&moved)));
                    all.insert(patch_name(&moved.id), Some(patch));
                    applied.rebased.push(moved.id);
                }
                None => applied.made_stale.push(proposal.id),
            }
        }
        Ok(())
    }

    /// The texts that a proposal was planned against; `None` where it was stale
    /// before anything was applied.
    fn sources_before(
        &self,
        proposal: &Proposal,
        texts: &BTreeMap<TreePath, NewText>,
    ) -> Result<Option<Texts>, StoreError> {
        let mut sources = BTreeMap::new();
        for file in &proposal.files {
            let bytes = match texts.get(file) {
                Some(text) => text.before.clone(),
                None => self.read_source(file)?,
            };
            if drift(proposal, file, bytes.as_deref().map(content_hash).as_deref()).is_some() {
                return Ok(None);
            }
            sources.insert(file.clone(), bytes);
        }
        Ok(Some(sources))
    }

    /// The proposal and its patch on the new texts; `None` where it overlaps.
    fn rebased(
        &self,
        proposal: &Proposal,
        sources: &Texts,
        texts: &BTreeMap<TreePath, NewText>,
    ) -> Result<Option<(Proposal, Vec<u8>)>, StoreError> {
        let mut moved = proposal.clone();
        let mut pairs = Vec::new();
        for patch in self.file_patches(proposal)? {
            let planned = sources.get(&patch.path).and_then(Option::as_deref);
            let Some((before, after)) =
                moved_text(&proposal.id, &patch, planned, texts.get(&patch.path))
            else {
                return Ok(None);
            };
            pairs.push((patch.path, before, after));
        }
        for (file, base) in &mut moved.base {
            if let Some(now) = texts.get(file).and_then(|text| text.after.as_deref()) {
                *base = content_hash(now);
            }
        }
        let files: Vec<(TreePath, &[u8], &[u8])> = pairs
            .iter()
            .map(|(path, before, after)| (path.clone(), before.as_slice(), after.as_slice()))
            .collect();
        let patch = Patch::between(&files);
        (moved.lines_added, moved.lines_removed) = (patch.lines_added, patch.lines_removed);
        Ok(Some((moved, patch.text)))
    }
}

/// What a proposal's patch of one file starts from and makes after the change;
/// `None` where the two overlap.
fn moved_text(
    id: &str,
    patch: &FilePatch,
    planned: Option<&[u8]>,
    change: Option<&NewText>,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let bytes = planned.unwrap_or_default();
    let mut edits = patch.edits(bytes).ok()?;
    let mut base = bytes.to_vec();
    if let Some(change) = change {
        // A file that comes or goes leaves nothing to move to.
        change.before.as_ref()?;
        base = change.after.clone()?;
        edits = rebase(bytes, id, edits, &change.edits).ok()?;
    }
    let after = apply_edits(&patch.path, &base, &edits).ok()?;
    Some((base, after))
}
