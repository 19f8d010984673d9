//! The middle of the pipeline: takes every group through plan, generate and
//! verify, file by file, so that the proposals of one file compose.
//!
//! In: clone groups. Out: for each, in the same order, a [`Proposal`] with its
//! patch, or a [`Refusal`]. It writes nothing.

use crate::detect::CloneGroup;
use crate::generate::lines::{line_edits, whole_lines};
use crate::generate::templates::{TemplateError, Templates};
use crate::generate::{Edit, EditSet, Patch, message, rewrite, unidiff};
use crate::plan::uses::Pastes;
use crate::plan::{self, Claimed, Fate, FileContext, Plan, Reason, Refusal, Remedy, Rule};
use crate::store::Proposal;
use crate::syntax::LoopMacros;
use crate::syntax::decl::Universe;
use crate::tree::{Drivers, KernelTree, TreePath, content_hash};
use crate::verify::{self, Claim, Climb, Files};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What becomes of a group.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A patch on offer, with the bytes of its diff.
    Proposal(Box<Proposal>, Vec<u8>),
    /// The named reason for which there is none.
    Refusal(Refusal),
}

/// Everything that planning needs beside the groups.
pub struct Proposer<'a> {
    /// The tree.
    pub tree: &'a KernelTree,
    /// Its drivers, for the folders that their files are compiled with.
    pub drivers: &'a Drivers,
    /// Its loop macros.
    pub loops: &'a LoopMacros,
    /// The rules in force.
    pub rules: &'a [Rule],
    /// The templates in force.
    pub templates: &'a Templates,
    /// What names mean.
    pub universe: Arc<Universe>,
    /// Source files that another source file includes.
    pub included: FxHashSet<TreePath>,
}

impl Proposer<'_> {
    /// The outcome of every group, in the order of `groups`. `progress` is called
    /// with the number of groups done.
    ///
    /// # Errors
    /// A template that cannot be rendered: the fault of a user's folder.
    pub fn propose(
        &self,
        groups: &[CloneGroup],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Outcome>, TemplateError> {
        let mut by_file: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut outcomes: Vec<Option<Outcome>> = vec![None; groups.len()];
        for (index, group) in groups.iter().enumerate() {
            if group.in_one_file() {
                by_file.entry(&group.members[0].file).or_default().push(index);
            } else {
                outcomes[index] = Some(Outcome::Refusal(not_one_file(group)));
            }
        }
        progress(outcomes.iter().flatten().count() as u64);
        let files: Vec<(&str, Vec<usize>)> = by_file.into_iter().collect();
        let done: Result<Vec<Vec<(usize, Outcome)>>, TemplateError> = files
            .par_iter()
            .map(|(path, indices)| {
                let done = self.propose_in_file(path, groups, indices);
                progress(indices.len() as u64);
                done
            })
            .collect();
        for (index, outcome) in done?.into_iter().flatten() {
            outcomes[index] = Some(outcome);
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn propose_in_file(
        &self,
        path: &str,
        groups: &[CloneGroup],
        indices: &[usize],
    ) -> Result<Vec<(usize, Outcome)>, TemplateError> {
        let refuse_all = |reason: Reason, detail: &str| {
            let refusal = |&index: &usize| {
                let member = &groups[index].members[0];
                let refusal = Refusal {
                    reason,
                    detail: detail.to_owned(),
                    file: path.to_owned(),
                    line: member.function.start_line,
                };
                (index, Outcome::Refusal(refusal))
            };
            Ok(indices.iter().map(refusal).collect())
        };
        if self.included.contains(path) {
            return refuse_all(Reason::IncludedSource, "another file includes this one");
        }
        let dirs = self.drivers.include_dirs(path);
        let (bytes, unit) = match self.tree.read(path) {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                (bytes.clone(), self.universe.unit_of(path, bytes, &dirs))
            }
            Err(error) => return refuse_all(Reason::ParseGap, &format!("cannot read: {error}")),
        };
        let file = FileContext::new(path.to_owned(), bytes, unit);
        let pastes = Pastes::collect(&file);
        let mut claimed = Claimed::default();
        let mut done = Vec::new();
        // Callers stand behind what they call. Taking the last group first, a
        // caller's text is settled before the function it calls may go.
        let mut order = indices.to_vec();
        order.sort_by_key(|&i| std::cmp::Reverse(groups[i].members[0].function.start));
        for index in order {
            let group = &groups[index];
            let planned = plan::plan(&file, group, self.rules, &pastes, self.loops, &claimed);
            let outcome = match planned {
                Ok(plan) => self.carry_out(&file, group, &plan, &mut claimed)?,
                Err(refusal) => Outcome::Refusal(refusal),
            };
            done.push((index, outcome));
        }
        Ok(done)
    }

    /// Generates and checks a plan.
    fn carry_out(
        &self,
        file: &FileContext,
        group: &CloneGroup,
        plan: &Plan,
        claimed: &mut Claimed,
    ) -> Result<Outcome, TemplateError> {
        let at = group.members[0].function.start;
        let refuse = |reason, detail: String| Ok(Outcome::Refusal(file.refuse(reason, at, detail)));
        let edits = rewrite::edits(plan, file, self.templates)?;
        let after = match edits.apply(&file.path, &file.bytes) {
            Ok(after) => after,
            Err(error) => {
                let refusal = file.refuse(Reason::CallNotEditable, at, error.to_string());
                return Ok(Outcome::Refusal(plan.objection.clone().unwrap_or(refusal)));
            }
        };
        if let Some(objection) = &plan.objection {
            let patch = Patch::between(&[(file.path.clone(), &file.bytes, &after)]);
            return match no_gain(plan, &patch) {
                Some(detail) => refuse(Reason::NoGain, detail),
                None => Ok(Outcome::Refusal(objection.clone())),
            };
        }
        let Some((patch, changed)) = difference(file, &edits, &after, claimed) else {
            let detail = "another proposal changes the same lines".to_owned();
            return refuse(Reason::Overlaps, detail);
        };
        if let Some(detail) = no_gain(plan, &patch) {
            return refuse(Reason::NoGain, detail);
        }
        let climb = self.climb(file, plan, &patch);
        if let Some(problem) = climb.problem {
            return refuse(Reason::NotProved, problem.to_string());
        }
        claim(claimed, plan, &edits, &file.path, changed);
        let message = message::compose(plan, group, file, self.templates)?;
        let id = proposal_id(&group.id, &plan.rule.name);
        let proposal = Proposal {
            patch: format!(".drvdedup/proposals/{id}.patch"),
            id,
            group: group.id.clone(),
            rewrite: plan.rule.name.clone(),
            strategy: plan.rule.strategy.clone(),
            files: vec![file.path.clone()],
            lines_added: patch.lines_added,
            lines_removed: patch.lines_removed,
            verdict: climb.verdict,
            notes: plan.notes.clone(),
            subject: message.subject,
            message: message.body,
            base: [(file.path.clone(), content_hash(&file.bytes))].into(),
            claim: Some(claim_of(plan)),
            proof: None,
        };
        Ok(Outcome::Proposal(Box::new(proposal), patch.text))
    }

    /// The first three rungs, from the text of the patch and nothing else.
    fn climb(&self, file: &FileContext, plan: &Plan, patch: &Patch) -> Climb {
        let before: Files = [(file.path.clone(), file.bytes.to_vec())].into();
        let applied = unidiff::parse(&patch.text)
            .map_err(|error| (file.path.clone(), 1, error.to_string()))
            .and_then(|patches| {
                let mut after = Files::new();
                for patch in &patches {
                    let bytes = before.get(&patch.path).map_or(&[][..], Vec::as_slice);
                    let bytes = unidiff::apply_to(bytes, patch)
                        .map_err(|error| (patch.path.clone(), 1, error.to_string()))?;
                    after.insert(patch.path.clone(), bytes);
                }
                Ok(after)
            });
        verify::climb_applied(&before, applied, &claim_of(plan), self.loops)
    }
}

/// The lines that come and go, where too few go on balance.
fn no_gain(plan: &Plan, patch: &Patch) -> Option<String> {
    let saved = i64::from(patch.lines_removed) - i64::from(patch.lines_added);
    (saved < plan.rule.limits.lines_saved)
        .then(|| format!("+{} -{} lines", patch.lines_added, patch.lines_removed))
}

/// The patch, and the ranges of whole lines that it changes: the shortest
/// difference, or the edits as they were made where that one strays into lines that
/// another proposal changes. `None` if both do.
fn difference(
    file: &FileContext,
    edits: &EditSet,
    after: &[u8],
    claimed: &Claimed,
) -> Option<(Patch, Vec<Range<usize>>)> {
    let free = |edits: &[Edit]| {
        let ranges: Vec<Range<usize>> = edits.iter().map(|edit| edit.range.clone()).collect();
        (!ranges.iter().any(|range| claimed.touches(range))).then_some(ranges)
    };
    if let Some(ranges) = free(&line_edits(&file.bytes, after)) {
        return Some((Patch::between(&[(file.path.clone(), &file.bytes, after)]), ranges));
    }
    let edits = whole_lines(&file.bytes, edits.files.get(&file.path)?);
    let ranges = free(&edits)?;
    let patch = Patch::of_line_edits(&file.path, &file.bytes, &edits).ok()?;
    Some((patch, ranges))
}

/// What the plan says that the patch does, for the check that shares nothing
/// with the planner.
fn claim_of(plan: &Plan) -> Claim {
    let (helper, merged_into) = match &plan.remedy {
        Remedy::Merge(survivor) => (None, Some(plan.members[*survivor].name.clone())),
        // The common text under a new name.
        Remedy::Helper(helper) if helper.parameters.is_empty() && helper.dropped.is_empty() => {
            (None, Some(helper.name.clone()))
        }
        Remedy::Helper(helper) => (Some(helper.name.clone()), None),
    };
    Claim {
        members: plan.members.iter().map(|m| (plan.file.clone(), m.name.clone())).collect(),
        helper,
        helper_path: Some(plan.file.clone()),
        merged_into,
        rewritten: Vec::new(),
    }
}

fn claim(
    claimed: &mut Claimed,
    plan: &Plan,
    edits: &EditSet,
    path: &str,
    changed: Vec<Range<usize>>,
) {
    let edits = edits.files.get(path).map_or(&[][..], Vec::as_slice);
    claimed.ranges.extend(edits.iter().map(|edit| edit.range.clone()));
    // A member that survives is called by the others: its text must stay, too.
    claimed.ranges.extend(plan.members.iter().map(plan::fate::extent));
    claimed.ranges.extend(changed);
    if let Remedy::Helper(helper) = &plan.remedy {
        claimed.names.insert(helper.name.clone());
    }
    debug_assert!(plan.members.iter().any(|m| m.fate != Fate::Survives));
}

fn proposal_id(group: &str, rule: &str) -> String {
    let hash = Sha256::digest(format!("{group} {rule}").as_bytes());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn not_one_file(group: &CloneGroup) -> Refusal {
    let first = &group.members[0];
    let other = group.members.iter().find(|m| m.file != first.file).unwrap_or(first);
    Refusal {
        reason: Reason::NotOneFile,
        detail: format!("{} is in {}, {} in {}", first.name, first.file, other.name, other.file),
        file: first.file.clone(),
        line: first.function.start_line,
    }
}
