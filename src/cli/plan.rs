//! `drvdedup plan`.

use super::args::{Format, PlanArgs};
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::pipeline::{self, Scanned};
use super::planning::{self, Asked};
use super::project::Project;
use super::style::Style;
use super::{ids, store, verdicts};
use crate::report::{Planned, Report, json};
use crate::store::Proposal;
use crate::verify::Verdict;
use anyhow::{Context, anyhow};
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Plans every group, stores the proposals and reports both.
pub fn run(
    options: &Options,
    style: Style,
    args: &PlanArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    if args.explain {
        explain(options, out).context(CANNOT_WRITE)?;
        return Ok(Exit::Done);
    }
    let project = Project::open(options)?;
    let scanned = pipeline::scan(&project, options, &args.what)?;
    let asked = Asked { names: named(&args.name, &scanned)?, ..args.asked() };
    let mut planned = planning::plan_groups(&project, options, &scanned, asked)?;
    verdicts::keep(&project, &scanned.groups, &mut planned)?;
    let outcomes: BTreeMap<_, _> = planned.outcomes.into_iter().collect();
    let filtered = args.what.filters();
    store::keep(&project, options, &planned.proposals, |old| replaced(old, &scanned, filtered))?;

    let offered = planned.proposals.into_iter().filter(|(it, _)| it.verdict != Verdict::Failed);
    let keyed = offered.map(|(proposal, patch)| ((proposal.id.clone(), patch), proposal));
    let (patches, proposals) = keyed.unzip();
    let report = Report {
        tree: project.tree,
        counts: scanned.counts,
        groups: scanned.groups,
        planned: Some(Planned { outcomes, proposals, patches }),
    };
    style.write(out, &report, args.what.limit()).context(CANNOT_WRITE)?;
    Ok(Exit::Done)
}

/// What the helpers of groups are to be called, by the groups' whole ids.
fn named(
    given: &[(String, String)],
    scanned: &Scanned,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for (typed, name) in given {
        let groups = scanned.groups.iter().map(|group| group.id.as_str());
        let group = ids::find(typed, groups)?
            .ok_or_else(|| anyhow!("--name: what was read has no group {typed}"))?;
        names.insert(group.to_owned(), name.clone());
    }
    Ok(names)
}

/// Whether this plan speaks for a proposal that was stored before: it does for all
/// that lie in the files it read, or, where groups were filtered, for those of the
/// groups it looked at.
fn replaced(old: &Proposal, scanned: &Scanned, filtered: bool) -> bool {
    if filtered {
        return scanned.groups.iter().any(|group| group.id == old.group);
    }
    let read: BTreeSet<&str> = scanned.files.iter().map(|file| file.path.as_str()).collect();
    old.files.iter().all(|file| read.contains(file.as_str()))
}

fn explain(options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
    match options.format {
        Format::Json => {
            let reasons: BTreeMap<&str, &str> = planning::reasons().into_iter().collect();
            json::write_object(out, &reasons)
        }
        Format::Human => {
            let longest = planning::reasons().iter().map(|(slug, _)| slug.len()).max().unwrap_or(0);
            planning::reasons()
                .iter()
                .try_for_each(|(slug, text)| writeln!(out, "{slug:<longest$}  {text}"))
        }
    }
}
