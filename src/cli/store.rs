//! The proposal store as the commands need it.

use super::args::WhichArgs;
use super::error;
use super::ids;
use super::options::Options;
use super::project::Project;
use crate::report::contract_name;
use crate::store::{Action, Outcome, Proposal, Recovered, Store, StoreError};
use crate::verify::Verdict;
use std::collections::BTreeSet;

/// The store of the tree.
///
/// # Errors
/// When nothing has been planned in it, and when it cannot be read.
pub fn open(project: &Project) -> Result<Store, StoreError> {
    Store::open(&project.tree.root)
}

/// The store of the tree; `None` when nothing has been planned in it.
pub fn open_if_any(project: &Project) -> Result<Option<Store>, StoreError> {
    match open(project) {
        Err(StoreError::Missing { .. }) => Ok(None),
        store => store.map(Some),
    }
}

/// Ends or takes back what was cut off, and says so.
pub fn recover(store: &mut Store, options: &Options) -> Result<(), StoreError> {
    let Some(Recovered { action, outcome, proposals }) = store.recover()? else { return Ok(()) };
    let action = match action {
        Action::Apply => "an apply",
        Action::Undo => "an undo",
    };
    let outcome = match outcome {
        Outcome::RolledBack => "taken back",
        Outcome::Completed => "completed",
    };
    if !options.quiet {
        let proposals = proposals.join(", ");
        error::warn(format!("{action} of {proposals} had been cut off; it is {outcome} now"));
    }
    Ok(())
}

/// The ids that the arguments name, or those that were accepted.
pub fn asked(store: &Store, which: &WhichArgs) -> Result<Vec<String>, StoreError> {
    if which.all {
        return Ok(store.proposals()?.into_iter().map(|proposal| proposal.id).collect());
    }
    if which.ids.is_empty() {
        return store.accepted();
    }
    Ok(named(store, &which.ids)?.into_iter().map(|proposal| proposal.id).collect())
}

/// The proposals that `ids`, or their beginnings, name.
pub fn named(store: &Store, ids: &[String]) -> Result<Vec<Proposal>, StoreError> {
    ids.iter().map(|id| store.proposal(&id.to_ascii_lowercase())).collect()
}

/// A proposal that was named does not reach the rung required.
#[derive(Debug, thiserror::Error)]
#[error("{0}; `drvdedup verify` proves more, `--require` asks for less")]
pub struct Below(String);

/// Leaves those of the ids that reach the rung required. The number of the others is
/// told; one that was named is not left out silently.
///
/// # Errors
/// [`Below`] for one that was named, and when the store cannot be read.
pub fn reaching(
    store: &Store,
    which: &WhichArgs,
    require: Verdict,
    ids: Vec<String>,
) -> anyhow::Result<Vec<String>> {
    let (mut reaching, mut below) = (Vec::new(), Vec::new());
    for id in ids {
        let verdict = store.proposal(&id)?.current_verdict(&store.patch(&id)?);
        match verdict >= require {
            true => reaching.push(id),
            false => below.push(format!("{id} ({})", contract_name(verdict))),
        }
    }
    if below.is_empty() {
        return Ok(reaching);
    }
    let required = contract_name(require);
    let text = format!("below {required}: {}", ids::first_few(&below));
    if which.ids.is_empty() {
        error::warn(format!("left out, {text}"));
        return Ok(reaching);
    }
    Err(Below(text).into())
}

/// Why [`asked`] names none.
pub fn nothing(which: &WhichArgs) -> &'static str {
    if which.all { "the store has no proposals" } else { "nothing is accepted" }
}

/// Stores the new proposals in place of the old ones that are `replaced`. What a person
/// has edited or named stays as long as it fits the tree.
pub fn keep(
    project: &Project,
    options: &Options,
    new: &[(Proposal, Vec<u8>)],
    replaced: impl Fn(&Proposal) -> bool,
) -> Result<(), StoreError> {
    let mut store = Store::create(&project.tree.root)?;
    recover(&mut store, options)?;
    let mut own = BTreeSet::new();
    for proposal in store.proposals()?.into_iter().filter(Proposal::is_of_a_person) {
        if store.stale(&proposal)?.is_none() {
            own.insert(proposal.id);
        }
    }
    let new: Vec<_> = new.iter().filter(|(it, _)| !own.contains(&it.id)).cloned().collect();
    store.replace_proposals(&|old| replaced(old) && !own.contains(&old.id), &new)
}
