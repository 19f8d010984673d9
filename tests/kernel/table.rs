//! The table of what became of the groups of one file.

use crate::support::plan::{Group, Outcome, Plan};
use crate::workspace::FOLDERS;
use std::collections::BTreeMap;
use std::fmt;

/// Identical and constant-only groups whose members lie in one file.
#[derive(Default)]
pub struct Table {
    /// All of them.
    pub groups: usize,
    proposals: usize,
    no_gain: usize,
    lines_added: usize,
    lines_removed: usize,
    folders: BTreeMap<String, (usize, usize)>,
    refusals: BTreeMap<String, usize>,
}

impl Table {
    /// Counts `plan`.
    pub fn of(plan: &Plan) -> Table {
        let mut table = Table::default();
        plan.groups
            .iter()
            .filter(|group| is_simple(group))
            .for_each(|group| table.count(plan, group));
        table
    }

    fn count(&mut self, plan: &Plan, group: &Group) {
        let file = group.members.first().map_or("", |member| member.file.as_str());
        let folder =
            FOLDERS.iter().find(|folder| file.starts_with(**folder)).unwrap_or(&"elsewhere");
        let (groups, proposals) = self.folders.entry((*folder).to_owned()).or_default();
        *groups += 1;
        self.groups += 1;
        match &group.outcome {
            Outcome::Proposal(id) => {
                *proposals += 1;
                self.proposals += 1;
                let proposal = plan.proposals.iter().find(|proposal| proposal.id == *id);
                self.lines_added += proposal.map_or(0, |proposal| proposal.lines_added);
                self.lines_removed += proposal.map_or(0, |proposal| proposal.lines_removed);
            }
            Outcome::Refusal(refusal) => {
                self.no_gain += usize::from(refusal.reason == "no-gain");
                *self.refusals.entry(refusal.reason.clone()).or_default() += 1;
            }
        }
    }

    /// Proposals in all groups.
    pub fn share_of_all(&self) -> f64 {
        share(self.proposals, self.groups)
    }

    /// Proposals in the groups that a rewrite makes shorter.
    pub fn share_of_gaining(&self) -> f64 {
        share(self.proposals, self.groups - self.no_gain)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<32} {:>8} {:>10}", "identical, constant-only", "groups", "proposals")?;
        for (folder, (groups, proposals)) in &self.folders {
            writeln!(f, "{folder:<32} {groups:>8} {proposals:>10}")?;
        }
        writeln!(f, "{:<32} {:>8} {:>10}", "all", self.groups, self.proposals)?;
        let (all, gaining) = (self.share_of_all() * 100.0, self.share_of_gaining() * 100.0);
        writeln!(f, "{all:.1} % of all, {gaining:.1} % of those that can get shorter")?;
        writeln!(f, "+{} -{} lines", self.lines_added, self.lines_removed)?;
        self.refusals
            .iter()
            .try_for_each(|(reason, count)| writeln!(f, "  {reason:<30} {count:>8}"))
    }
}

fn is_simple(group: &Group) -> bool {
    let in_one_file = group.members.windows(2).all(|pair| pair[0].file == pair[1].file);
    in_one_file && matches!(group.kind.as_str(), "identical" | "constant-only")
}

fn share(part: usize, whole: usize) -> f64 {
    // Counts of groups are far below 2^53.
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
