//! Verdicts of an earlier `verify` outlive a new plan that comes to the same patches.

use super::planning::PlannedGroups;
use super::project::Project;
use super::store;
use crate::detect::CloneGroup;
use crate::plan::Reason;
use crate::report::{Outcome, Refusal};
use crate::store::{Proposal, StoreError};
use crate::verify::Verdict;

/// Gives the proposals the proofs that the store has of the same patches on the same
/// texts. A group whose patch failed is refused; the proposal stays in the store, so
/// that the next plan knows it, too.
///
/// # Errors
/// When the store cannot be read.
pub fn keep(
    project: &Project,
    groups: &[CloneGroup],
    planned: &mut PlannedGroups,
) -> Result<(), StoreError> {
    let Some(store) = store::open_if_any(project)? else { return Ok(()) };
    for old in store.proposals()? {
        let Some(proof) = old.proof else { continue };
        let new = planned.proposals.iter_mut().find(|(new, _)| new.id == old.id);
        let Some((new, patch)) = new else { continue };
        if new.digest(patch) != proof.of {
            continue;
        }
        if proof.verdict == Verdict::Failed {
            let refusal = Outcome::Refusal(refusal(groups, new, &proof.detail));
            planned.outcomes.insert(new.group.clone(), refusal);
        }
        *new = new.proved(proof);
    }
    Ok(())
}

fn refusal(groups: &[CloneGroup], proposal: &Proposal, detail: &str) -> Refusal {
    let group = groups.iter().find(|group| group.id == proposal.group);
    let member = group.and_then(|group| group.members.first());
    Refusal {
        reason: Reason::NotProved.slug().to_owned(),
        detail: format!("{}: {detail}", proposal.id),
        at: member.map_or_else(
            || proposal.files.join(", "),
            |member| format!("{}:{}", member.file, member.function.start_line),
        ),
    }
}
