//! From a plan to a proposal: the edits, the patch, the first rungs of the ladder, and
//! the message. In: a plan and the files that it is for. Out: a patch on offer with the
//! lines that it changes, or a refusal.

use super::{Outcome, Proposer};
use crate::detect::CloneGroup;
use crate::generate::lines::{line_edits, whole_lines};
use crate::generate::templates::TemplateError;
use crate::generate::{Edit, EditSet, Patch, message, rewrite, unidiff};
use crate::plan::rules::Measure;
use crate::plan::{self, Claimed, Fate, FileContext, OpenFile, Plan, Reason, Refusal, Remedy};
use crate::store::Proposal;
use crate::tree::{TreePath, content_hash};
use crate::verify::family::Rows;
use crate::verify::{self, Claim, Climb, Files, Lift, Tabled, TreeScope};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Range;

/// Ranges of whole lines that a patch changes, by file.
type Changed = BTreeMap<TreePath, Vec<Range<usize>>>;

/// What became of a plan.
pub(super) enum Carried {
    /// A patch that passed its checks.
    Out(Box<CarriedOut>),
    /// It did not.
    Refused(Refusal),
}

/// See [`Carried`].
pub(super) struct CarriedOut {
    proposal: Proposal,
    patch: Vec<u8>,
    edits: EditSet,
    changed: Changed,
}

impl CarriedOut {
    /// Lines that go on balance.
    pub fn saved(&self) -> i64 {
        i64::from(self.proposal.lines_removed) - i64::from(self.proposal.lines_added)
    }

    /// The rule and the lines, as a note for whoever reads of another patch.
    pub fn in_short(&self) -> String {
        let Proposal { rewrite, lines_added, lines_removed, .. } = &self.proposal;
        format!("{rewrite} instead: +{lines_added} -{lines_removed}")
    }

    /// Adds a note for whoever reviews the patch.
    pub fn note(&mut self, note: String) {
        self.proposal.notes.push(note);
    }
}

impl Carried {
    /// As the outcome of its group.
    pub fn into_outcome(self) -> Outcome {
        match self {
            Carried::Out(out) => Outcome::Proposal(Box::new(out.proposal), out.patch),
            Carried::Refused(refusal) => Outcome::Refusal(refusal),
        }
    }
}

/// A file with what others claim of it.
pub(super) struct Touched<'a> {
    pub file: &'a FileContext,
    pub claimed: &'a Claimed,
    /// The proposal makes it.
    pub is_new: bool,
}

impl<'a> Touched<'a> {
    fn of(open: &'a OpenFile) -> Touched<'a> {
        Touched { file: &open.context, claimed: &open.claimed, is_new: open.is_new }
    }

    /// Its text before the proposal.
    fn before(&self) -> &'a [u8] {
        if self.is_new { &[] } else { &self.file.bytes }
    }
}

/// A plan that is written, before it is checked.
pub(super) struct Offer<'a> {
    /// The files that it changes.
    pub touched: &'a [Touched<'a>],
    /// Their texts after it.
    pub after: &'a [Vec<u8>],
    /// The edits that it was made by; `None` where it was not made by edits of these files.
    pub edits: Option<EditSet>,
    /// The group.
    pub group: &'a CloneGroup,
    /// The plan.
    pub plan: &'a Plan,
    /// How parts of the members became functions first, if they did.
    pub lift: Option<Lift>,
}

impl Proposer<'_> {
    /// Generates and checks a plan for `open`, its files in its order, and for `more` that
    /// it changes: the header that declares what they share, files of the build.
    pub(super) fn carry_out(
        &self,
        open: &[&OpenFile],
        more: &[&OpenFile],
        group: &CloneGroup,
        plan: &Plan,
    ) -> Result<Carried, TemplateError> {
        let (home, at) = (&open[0].context, group.members[0].function.start);
        let refuse = |reason, detail: String| Ok(Carried::Refused(home.refuse(reason, at, detail)));
        let files: Vec<&FileContext> = open.iter().map(|open| &open.context).collect();
        let edits = rewrite::edits(plan, &files, self.templates)?;
        let all = open.iter().chain(more).copied();
        let touched: Vec<Touched> =
            all.map(Touched::of).filter(|it| edits.files.contains_key(&it.file.path)).collect();
        let mut after = Vec::new();
        for Touched { file, .. } in &touched {
            match edits.apply(&file.path, &file.bytes) {
                Ok(text) => after.push(text),
                Err(error) => {
                    let refusal = home.refuse(Reason::CallNotEditable, at, error.to_string());
                    let objection = plan.objection.clone();
                    return Ok(Carried::Refused(objection.unwrap_or(refusal)));
                }
            }
        }
        if let Some(objection) = &plan.objection {
            let texts = touched.iter().zip(&after);
            let texts: Vec<(TreePath, &[u8], &[u8])> = texts
                .map(|(it, after)| (it.file.path.clone(), it.before(), after.as_slice()))
                .collect();
            return match no_gain(plan, &Patch::between(&texts)) {
                Some(detail) => refuse(Reason::NoGain, detail),
                None => Ok(Carried::Refused(objection.clone())),
            };
        }
        let (touched, after, edits) = (&touched, &after, Some(edits));
        self.offer(Offer { touched, after, edits, group, plan, lift: None })
    }

    /// Makes the patch of a plan that is written, and checks it.
    pub(super) fn offer(&self, offer: Offer<'_>) -> Result<Carried, TemplateError> {
        let Offer { touched, after, edits, group, plan, lift } = offer;
        let home = touched[0].file;
        let at = group.members[0].function.start;
        let refuse = |reason, detail: String| Ok(Carried::Refused(home.refuse(reason, at, detail)));
        let Some((patch, changed)) = differences(touched, edits.as_ref(), after) else {
            let detail = "another proposal changes the same lines".to_owned();
            return refuse(Reason::Overlaps, detail);
        };
        if let Some(detail) = no_gain(plan, &patch) {
            return refuse(Reason::NoGain, detail);
        }
        if matches!(plan.remedy, Remedy::Loop(_)) && patch.has_wide_line() {
            return refuse(Reason::LoopBody, "a line would be too long".to_owned());
        }
        let claim = Claim { lift, ..claim_of(plan) };
        let climb = self.climb(touched, plan.home(), &claim, &patch);
        if let Some(problem) = climb.problem {
            return refuse(Reason::NotProved, problem.to_string());
        }
        let driver = self.drivers.driver_of(plan.concerns());
        let message = message::compose(plan, group, driver, self.templates)?;
        let id = proposal_id(&group.id, &plan.rule.name);
        let old = touched.iter().filter(|it| !it.is_new);
        let base = old.map(|it| (it.file.path.clone(), content_hash(&it.file.bytes)));
        let proposal = Proposal {
            patch: format!(".drvdedup/proposals/{id}.patch"),
            id,
            group: group.id.clone(),
            rewrite: plan.rule.name.clone(),
            strategy: plan.rule.strategy.clone(),
            files: patch.files.clone(),
            lines_added: patch.lines_added,
            lines_removed: patch.lines_removed,
            verdict: climb.verdict,
            notes: plan
                .notes
                .iter()
                .chain(&plan.visible)
                .cloned()
                .chain(plan.size_note())
                .collect(),
            subject: message.subject,
            message: message.body,
            base: base.collect(),
            claim: Some(claim),
            proof: None,
            edited: false,
            named: false,
        };
        let edits = edits.unwrap_or_default();
        Ok(Carried::Out(Box::new(CarriedOut { proposal, patch: patch.text, edits, changed })))
    }

    /// The first three rungs, from the text of the patch and nothing else.
    fn climb(
        &self,
        touched: &[Touched<'_>],
        home: &TreePath,
        claim: &Claim,
        patch: &Patch,
    ) -> Climb {
        let old = touched.iter().filter(|it| !it.is_new);
        let before: Files = old.map(|it| (it.file.path.clone(), it.file.bytes.to_vec())).collect();
        let applied = unidiff::parse(&patch.text)
            .map_err(|error| (home.clone(), 1, error.to_string()))
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
        let scope =
            TreeScope { tree: self.tree, universe: self.universe.clone(), drivers: self.drivers };
        verify::climb_applied(&before, applied, claim, (self.loops, Some(&scope)))
    }
}

/// Claims for a proposal what it needs of the file at `path`.
pub(super) fn claim((path, claimed): (&TreePath, &mut Claimed), plan: &Plan, out: &CarriedOut) {
    let edits = out.edits.files.get(path).map_or(&[][..], Vec::as_slice);
    claimed.ranges.extend(edits.iter().map(|edit| edit.range.clone()));
    // A member that survives is called by the others: its text must stay, too.
    let here = plan.members.iter().filter(|member| plan.files[member.file] == *path);
    claimed.ranges.extend(here.map(plan::fate::extent));
    claimed.ranges.extend(out.changed.get(path).into_iter().flatten().cloned());
    if let Remedy::Helper(helper) = &plan.remedy {
        claimed.names.insert(helper.name.clone());
    }
    let table = plan.family.as_ref().and_then(|family| family.table.as_ref());
    claimed.names.extend(table.map(|table| table.name.clone()));
    let is_table = matches!(plan.remedy, Remedy::Lookup(_) | Remedy::Loop(_));
    debug_assert!(is_table || plan.members.iter().any(|m| m.fate != Fate::Survives));
}

/// As [`claim`] for what does a part of the members' work: they stay as that leaves them.
pub(super) fn claim_parts(claimed: &mut Claimed, plan: &[Range<usize>], out: &CarriedOut) {
    claimed.ranges.extend(out.changed.values().flatten().cloned());
    claimed.ranges.extend(plan.iter().cloned());
    let target = out.proposal.claim.as_ref().and_then(Claim::target);
    claimed.names.extend(target.map(str::to_owned));
}

/// The lines that come and go, where too few go on balance.
fn no_gain(plan: &Plan, patch: &Patch) -> Option<String> {
    let saved = i64::from(patch.lines_removed) - i64::from(patch.lines_added);
    let least = plan.rule.limits.lines_saved;
    let is_enough = saved >= least || plan.is_smaller();
    (!is_enough).then(|| {
        let lines = format!("+{} -{} lines", patch.lines_added, patch.lines_removed);
        if let (Measure::Text, Some(saving)) = (plan.rule.by, plan.saving()) {
            let least = plan.rule.limits.text_saved.unwrap_or_default();
            let text = saving.text - saving.data;
            return format!(
                "{lines}, about {text} bytes less: {} asks for {least}",
                plan.rule.name
            );
        }
        match saved > 0 {
            true => format!("{lines}, {} asks for {least} less", plan.rule.name),
            false => lines,
        }
    })
}

/// The patch of all files, and what it changes in each. `None` if that strays into lines
/// that another proposal changes.
fn differences(
    touched: &[Touched<'_>],
    edits: Option<&EditSet>,
    after: &[Vec<u8>],
) -> Option<(Patch, Changed)> {
    let mut patches = Vec::new();
    let mut changed = Changed::new();
    for (it, after) in touched.iter().zip(after) {
        let (patch, ranges) = match it.is_new {
            true => (Patch::between(&[(it.file.path.clone(), &[], after)]), Vec::new()),
            false => difference(it.file, edits, after, it.claimed)?,
        };
        changed.insert(it.file.path.clone(), ranges);
        patches.push(patch);
    }
    Some((Patch::joined(patches), changed))
}

/// The patch, and the ranges of whole lines that it changes: the shortest
/// difference, or the edits as they were made where that one strays into lines that
/// another proposal changes. `None` if both do.
fn difference(
    file: &FileContext,
    edits: Option<&EditSet>,
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
    let edits = whole_lines(&file.bytes, edits?.files.get(&file.path)?);
    let ranges = free(&edits)?;
    let patch = Patch::of_line_edits(&file.path, &file.bytes, &edits).ok()?;
    Some((patch, ranges))
}

/// What the plan says that the patch does, for the check that shares nothing
/// with the planner.
fn claim_of(plan: &Plan) -> Claim {
    let (helper, merged_into) = match &plan.remedy {
        Remedy::Merge(survivor) => (None, Some(plan.members[*survivor].name.clone())),
        Remedy::Elide(callee) => (None, Some(callee.clone())),
        Remedy::Delete | Remedy::Lookup(_) | Remedy::Loop(_) => (None, None),
        // The common text under a new name.
        Remedy::Helper(helper) if helper.parameters.is_empty() && helper.dropped.is_empty() => {
            (None, Some(helper.name.clone()))
        }
        Remedy::Helper(helper) => (Some(helper.name.clone()), None),
    };
    let is_elision = matches!(plan.remedy, Remedy::Elide(_) | Remedy::Delete);
    let member = |m: &plan::MemberPlan| (plan.files[m.file].clone(), m.name.clone());
    let members = plan.members.iter().map(member).collect();
    let tabled = match plan.remedy {
        Remedy::Lookup(_) => Some(Tabled::Switch),
        Remedy::Loop(_) => Some(Tabled::Run),
        _ => None,
    };
    if tabled.is_some() {
        return Claim { rewritten: members, tabled, ..Claim::default() };
    }
    Claim {
        members,
        helper,
        helper_path: Some(plan.home().clone()).filter(|_| !is_elision),
        merged_into,
        is_elision,
        rows: plan.family.as_ref().and_then(|family| rows_of(plan, family)),
        ..Claim::default()
    }
}

/// Where the check finds what the rows hold.
fn rows_of(plan: &Plan, family: &plan::Family) -> Option<Rows> {
    let Remedy::Helper(one) = &plan.remedy else { return None };
    let kind = &family.kind;
    let constants = |index: usize| {
        let constant = |it: &plan::Parameter| it.arguments[index].clone();
        one.parameters.iter().map(constant).collect()
    };
    let variable = |(index, (_, row)): (usize, &(_, plan::family::Declared))| {
        let name = kind.variable.replace("{name}", &row.name);
        (family.variables.get(index).cloned().unwrap_or_else(|| name.clone()), name)
    };
    Some(Rows {
        tag: kind.tag.clone(),
        attribute: kind.attribute.clone(),
        slot: kind.slot.clone().unwrap_or_default(),
        is_of_one_type: family.was.is_none(),
        local: family.local.name.clone(),
        table: family.table.as_ref().map(|table| table.name.clone()),
        points: family.table.is_some() && kind.points.is_some(),
        columns: one.parameters.iter().map(|it| (it.ctype.clone(), it.name.clone())).collect(),
        constants: (0..family.rows.len()).map(constants).collect(),
        variables: family.rows.iter().enumerate().map(variable).collect(),
    })
}

fn proposal_id(group: &str, rule: &str) -> String {
    let hash = Sha256::digest(format!("{group} {rule}").as_bytes());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
