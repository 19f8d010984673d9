//! Where the planner and its rules are joined to the commands.

use super::options::Options;
use super::pipeline::Scanned;
use super::project::Project;
use crate::detect::CloneGroup;
use crate::report::Outcome;
use crate::store::Proposal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What planning made of a scan.
pub struct PlannedGroups {
    /// Outcome by id of the group; one for every group.
    pub outcomes: BTreeMap<String, Outcome>,
    /// The proposals with their patches, in the order of their groups.
    pub proposals: Vec<(Proposal, Vec<u8>)>,
}

/// Takes every group to a proposal or a refusal.
pub fn plan_groups(_: &Project, _: &Options, _: &Scanned) -> anyhow::Result<PlannedGroups> {
    anyhow::bail!("the planner is joined here")
}

/// What planning makes of one group, where that is known.
pub fn outcome_of(_: &Project, _: &Options, _: &CloneGroup) -> anyhow::Result<Option<Outcome>> {
    Ok(None)
}

/// Every reason of a refusal with its explanation in one line.
pub fn reasons() -> &'static [(&'static str, &'static str)] {
    &[]
}

/// A rewrite rule as text.
#[derive(Debug, Serialize)]
pub struct RuleText {
    /// Its name.
    pub name: String,
    /// What it does, in one line.
    pub description: String,
    /// `built in`, or the file that it was read from.
    pub origin: String,
    /// Its file.
    pub toml: String,
    /// Its templates by name.
    pub templates: BTreeMap<String, String>,
}

/// The rules in force: ours, and those of the folders, which override ours by name.
pub fn rules(_: &[PathBuf]) -> anyhow::Result<Vec<RuleText>> {
    Ok(vec![])
}
