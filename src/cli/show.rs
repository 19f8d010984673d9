//! `drvdedup show`.

use super::args::{Format, ShowArgs};
use super::error::Hinted;
use super::exit::Exit;
use super::ids;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::pipeline;
use super::project::Project;
use super::{planning, store};
use crate::detect::{CloneGroup, Groups};
use crate::report::show::{Layout, Shown};
use crate::report::{Outcome, json, show};
use crate::store::Proposal;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::path::PathBuf;

/// Shows the proposal, or the group, that the id names.
pub fn run(
    options: &Options,
    args: &ShowArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let shown = match stored(&project, args)? {
        Some((proposal, patch)) => shown_proposal(project, options, proposal, patch)?,
        None => shown_group(project, options, args)?,
    };
    let layout = Layout { width: options.width, all_members: options.verbose };
    match options.format {
        Format::Human => show::write(out, &shown, layout),
        Format::Json => json::write_shown(out, &shown),
    }
    .context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

/// The proposal whose id, or whose group's id, begins so.
fn stored(project: &Project, args: &ShowArgs) -> anyhow::Result<Option<(Proposal, Vec<u8>)>> {
    let Some(store) = store::open_if_any(project)? else { return Ok(None) };
    let proposals = store.proposals()?;
    let known = proposals.iter().flat_map(|it| [it.id.as_str(), it.group.as_str()]);
    let Some(id) = ids::find(&args.id, known)?.map(str::to_owned) else { return Ok(None) };
    let Some(proposal) = proposals.into_iter().find(|it| it.id == id || it.group == id) else {
        return Ok(None);
    };
    let patch = store.patch(&proposal.id)?;
    Ok(Some((proposal, patch)))
}

fn shown_proposal(
    project: Project,
    options: &Options,
    proposal: Proposal,
    patch: Vec<u8>,
) -> anyhow::Result<Shown> {
    // Only files that are still there can hold members; without any the proposal
    // is stale and is shown without its group.
    let files = proposal.files.iter().map(|file| project.tree.root.join(file));
    let files: Vec<PathBuf> = files.filter(|file| file.is_file()).collect();
    let groups = match files.as_slice() {
        [] => Groups::default(),
        files => pipeline::scan_paths(&project, options, files)?.groups,
    };
    Ok(Shown {
        tree: project.tree,
        group: groups.iter().find(|group| group.id == proposal.group).cloned(),
        outcome: Some(Outcome::Proposal(proposal.id.clone())),
        proposal: Some((proposal, patch)),
    })
}

fn shown_group(project: Project, options: &Options, args: &ShowArgs) -> anyhow::Result<Shown> {
    let paths = pipeline::asked_or_configured(&project, &args.paths);
    let mut scanned = pipeline::scan_paths(&project, options, &paths)?;
    let group = found_group(&scanned.groups, args)?.clone();
    // The groups of one file are planned together, since they share its lines.
    scanned.groups.retain(|other| other.members[0].file == group.members[0].file);
    let outcome = planning::outcome_of(&project, options, &group, &scanned)?;
    Ok(Shown { tree: project.tree, group: Some(group), proposal: None, outcome })
}

fn found_group<'g>(groups: &'g [CloneGroup], args: &ShowArgs) -> anyhow::Result<&'g CloneGroup> {
    let id = ids::find(&args.id, groups.iter().map(|group| group.id.as_str()))?.map(str::to_owned);
    groups.iter().find(|group| Some(&group.id) == id.as_ref()).ok_or_else(|| {
        let message = format!("no proposal and no group has an id that begins with `{}`", args.id);
        let hint = "name the paths that it was found in: drvdedup show ID PATH…";
        Hinted::new(message, hint).into()
    })
}
