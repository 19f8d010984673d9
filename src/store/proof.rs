//! The proofs of the stored proposals: for which texts they hold.

use super::error::StoreError;
use super::proposals::to_json;
use super::{Proposal, Store};
use crate::tree::content_hash;
use crate::verify::ladder::Proof;
use crate::verify::{Claim, Verdict};
use std::collections::BTreeMap;

impl Proposal {
    /// What a proof of this proposal holds for: its patch and the texts that it was
    /// planned against, as 64 hexadecimal digits.
    pub fn digest(&self, patch: &[u8]) -> String {
        let mut text = content_hash(patch);
        for (file, hash) in &self.base {
            text += &format!("\n{hash} {file}");
        }
        content_hash(text.as_bytes())
    }

    /// The proof, if it is of this patch on these texts.
    pub fn current_proof(&self, patch: &[u8]) -> Option<&Proof> {
        self.proof.as_ref().filter(|proof| proof.of == self.digest(patch))
    }

    /// The verdict without what only a stale proof says.
    pub fn current_verdict(&self, patch: &[u8]) -> Verdict {
        match (&self.proof, self.current_proof(patch)) {
            // What `plan` offers has come so far.
            (Some(_), None) if self.is_of_code_alone() => Verdict::Parses,
            (Some(_), None) => Verdict::Expands,
            _ => self.verdict,
        }
    }

    /// Whether its claim says so; see [`Claim::is_of_code_alone`].
    pub fn is_of_code_alone(&self) -> bool {
        self.claim.as_ref().is_some_and(Claim::is_of_code_alone)
    }

    /// The proposal with a proof, and the verdict that it gives.
    #[must_use]
    pub fn proved(&self, proof: Proof) -> Proposal {
        Proposal { verdict: proof.verdict, proof: Some(proof), ..self.clone() }
    }
}

impl Store {
    /// Stores the proofs of proposals. One that was planned anew in the meantime is
    /// left as it is.
    ///
    /// # Errors
    /// When the store cannot be read or written, and when another process is writing.
    pub fn keep_proofs(&mut self, proved: &[Proposal]) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let mut texts = BTreeMap::new();
        for proposal in proved {
            let Some(now) = self.read_proposal(&proposal.id)? else { continue };
            let patch = self.patch(&proposal.id)?;
            let of = proposal.proof.as_ref().map(|proof| proof.of.as_str());
            if Some(now.digest(&patch).as_str()) == of {
                texts.insert(self.json_path(&proposal.id), to_json(proposal));
            }
        }
        self.write_texts(&texts, &[])
    }
}
