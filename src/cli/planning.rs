//! The one place in which the command line calls the planner.

use super::options::Options;
use super::pipeline::Scanned;
use super::progress;
use super::project::Project;
use crate::detect::{self, CloneGroup};
use crate::generate::templates::Templates;
use crate::plan::Reason;
use crate::plan::family::Carriers;
use crate::plan::rules::{self, Measure, RemedyKind, Rule, TemplateNames};
use crate::propose::{self, Proposer};
use crate::report::{Outcome, Refusal};
use crate::store::Proposal;
use crate::syntax::decl::Universe;
use crate::syntax::lexer::{is_identifier, is_keyword};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What planning made of a scan.
pub struct PlannedGroups {
    /// Outcome by id of the group; one for every group.
    pub outcomes: BTreeMap<String, Outcome>,
    /// The proposals with their patches, in the order of their groups.
    pub proposals: Vec<(Proposal, Vec<u8>)>,
}

/// What the command line asks for beyond the configuration.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Drivers may get a module of their own for what they share.
    pub new_library: bool,
    /// What a proposal must save.
    pub by: Option<Measure>,
    /// What the helpers of groups are to be called, by the groups' ids.
    pub names: BTreeMap<String, String>,
}

/// Refuses what is no name of a function.
pub fn check_name(name: &str) -> Result<(), String> {
    match is_identifier(name) && !is_keyword(name.as_bytes()) {
        true => Ok(()),
        false => Err(format!("`{name}` is no name of a function")),
    }
}

/// Takes every group of the scan to a proposal or a refusal.
pub fn plan_groups(
    project: &Project,
    options: &Options,
    scanned: &Scanned,
    asked: Asked,
) -> anyhow::Result<PlannedGroups> {
    let Project { tree, config } = project;
    let rules = rules_in_force(project, &asked)?;
    let carriers = Carriers::load(&config.rules)?;
    let templates = Templates::load(&config.rules)?;
    // Whether another file includes a source file is a question to the whole tree.
    let whole = tree.walk(&[], &[])?;
    let proposer = Proposer {
        tree,
        drivers: &scanned.drivers,
        loops: &scanned.loops,
        rules: &rules,
        carriers: &carriers,
        templates: &templates,
        universe: Arc::new(Universe::new(tree.root.clone())),
        included: detect::included_sources(&tree.root, &whole.files),
        sources: whole.files.iter().map(|file| file.path.clone()).collect(),
        globals: OnceLock::new(),
        new_library: asked.new_library || config.plan.new_library,
    };
    let bar = progress::bar(options.progress, "planning", scanned.groups.len() as u64);
    let outcomes = proposer.propose(&scanned.groups, &|done| bar.inc(done))?;
    bar.finish_and_clear();

    let mut planned = PlannedGroups { outcomes: BTreeMap::new(), proposals: Vec::new() };
    for (group, outcome) in scanned.groups.iter().zip(outcomes) {
        let outcome = match outcome {
            propose::Outcome::Proposal(proposal, patch) => {
                let id = proposal.id.clone();
                planned.proposals.push((*proposal, patch));
                Outcome::Proposal(id)
            }
            propose::Outcome::Refusal(refusal) => Outcome::Refusal(Refusal {
                reason: refusal.reason.slug().to_owned(),
                at: refusal.at(),
                detail: refusal.detail,
            }),
        };
        planned.outcomes.insert(group.id.clone(), outcome);
    }
    Ok(planned)
}

/// The rules, with the limits that the configuration sets.
fn rules_in_force(project: &Project, asked: &Asked) -> anyhow::Result<Vec<Rule>> {
    let mut rules = rules::load(&project.config.rules)?;
    let limits = &project.config.plan;
    for rule in &mut rules {
        rule.by = asked.by.unwrap_or(limits.by);
        rule.names.clone_from(&asked.names);
        if let Some(parameters) = limits.max_parameters {
            rule.limits.parameters = parameters as usize;
        }
        if let Some(saved) = limits.min_lines_saved {
            rule.limits.lines_saved = i64::from(saved);
            rule.limits.lines_saved_by_two_files = i64::from(saved);
        }
    }
    Ok(rules)
}

/// What planning makes of one group: planned with all groups of its file, since
/// they share its lines.
pub fn outcome_of(
    project: &Project,
    options: &Options,
    group: &CloneGroup,
    scanned: &Scanned,
) -> anyhow::Result<Option<Outcome>> {
    let mut outcomes = plan_groups(project, options, scanned, Asked::default())?.outcomes;
    Ok(outcomes.remove(&group.id))
}

/// Every reason of a refusal with its explanation in one line.
pub fn reasons() -> Vec<(&'static str, &'static str)> {
    Reason::ALL.iter().map(|reason| (reason.slug(), reason.explanation())).collect()
}

/// A rewrite rule as text.
#[derive(Debug, Serialize)]
pub struct RuleText {
    /// Its name.
    pub name: String,
    /// What it does: the comment at the top of its file.
    pub description: String,
    /// `built in`, or the file that it was read from.
    pub origin: String,
    /// Its file.
    pub toml: String,
    /// Its templates by name.
    pub templates: BTreeMap<String, String>,
}

/// The rules in force: ours, and those of the folders, which override ours by name.
pub fn rules(folders: &[PathBuf]) -> anyhow::Result<Vec<RuleText>> {
    let templates = Templates::load(folders)?;
    let text = |rule: Rule| {
        let TemplateNames { helper, thin, message, prototype, rows, search } = &rule.templates;
        let names = [helper, thin, message, prototype];
        let searches = [rows, search].into_iter().filter(|_| rule.remedy == RemedyKind::Lookup);
        let templates = names
            .into_iter()
            .chain(searches)
            .filter_map(|name| Some((name.clone(), templates.text(name)?.to_owned())))
            .collect();
        RuleText {
            description: rule.description(),
            name: rule.name,
            origin: rule.origin,
            toml: rule.text,
            templates,
        }
    };
    Ok(rules::load(folders)?.into_iter().map(text).collect())
}
