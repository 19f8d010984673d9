//! `drvdedup review`.

use super::args::{Format, ReviewArgs};
use super::error::{self, Hinted};
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::reviewer::Reviewer;
use super::{pipeline, store};
use crate::detect::CloneGroup;
use crate::report::reviewed::{self, Reviewed};
use crate::report::{counted, json};
use crate::review::{self, Candidate, End, Session};
use crate::store::{Decision, Proposal, Stale, Store, StoreError};
use crate::tree::{Drivers, Maintainers};
use crate::verify::build::interrupt;
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Decides what is named, lists, or lets the person at the terminal decide.
pub fn run(
    options: &Options,
    args: &ReviewArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let mut store = store::open(&project)?;
    store::recover(&mut store, options)?;
    if args.decides() {
        decide(&mut store, args)?;
    }
    let format = if args.json { Format::Json } else { options.format };
    let is_by_itself = args.list || args.decides() || format == Format::Json;
    if !is_by_itself && !review::is_possible() {
        let message = "there is no terminal to review on";
        let hint = "`--list` lists the proposals, `--accept ID…` and `--reject ID…` decide";
        return Err(Hinted::new(message, hint).into());
    }
    if args.decides() && !args.list && format == Format::Human {
        return Ok(Exit::Done);
    }
    let candidates = candidates(&project, options, &store, &args.ids)?;
    if is_by_itself {
        let reviewed: Vec<Reviewed> = candidates.into_iter().map(reviewed).collect();
        match format {
            Format::Human => reviewed::write(out, &reviewed),
            Format::Json => json::write_reviewed(out, &project.tree, &reviewed),
        }
        .context(CANNOT_WRITE)?;
        return Ok(Exit::Done);
    }
    at_terminal(&project, options, store, candidates)
}

fn reviewed(candidate: Candidate) -> Reviewed {
    let Candidate { proposal, decision, stale, .. } = candidate;
    Reviewed { proposal, decision, stale }
}

/// Saves the answers that are named, all or none.
fn decide(store: &mut Store, args: &ReviewArgs) -> anyhow::Result<()> {
    let named = |ids: &[String]| -> Result<BTreeSet<String>, StoreError> {
        Ok(store::named(store, ids)?.into_iter().map(|proposal| proposal.id).collect())
    };
    let (accept, reject) = (named(&args.accept)?, named(&args.reject)?);
    let forget = named(&args.forget)?;
    let twice = accept
        .intersection(&reject)
        .chain(accept.intersection(&forget))
        .chain(reject.intersection(&forget))
        .next();
    if let Some(id) = twice {
        let message = format!("two answers for {id}");
        return Err(Hinted::new(message, "name it once").into());
    }
    let [accept, reject, forget] =
        [accept, reject, forget].map(|ids| ids.into_iter().collect::<Vec<_>>());
    let reason = args.reason.as_deref().unwrap_or_default();
    store.decide(&[
        (&accept, Some(Decision::accepted())),
        (&reject, Some(Decision::rejected(reason))),
        (&forget, None),
    ])?;
    for (ids, what) in [(accept, "accepted"), (reject, "rejected"), (forget, "open again")] {
        if !ids.is_empty() {
            error::say(&format!("{} {what}", counted(ids.len() as u64, "proposal")));
        }
    }
    Ok(())
}

/// Reviews in the terminal.
fn at_terminal(
    project: &Project,
    options: &Options,
    store: Store,
    candidates: Vec<Candidate>,
) -> anyhow::Result<Exit> {
    if candidates.is_empty() {
        error::say("the store has no proposals; `drvdedup plan` makes them");
        return Ok(Exit::Done);
    }
    interrupt::watch().context("cannot watch for interrupts")?;
    let place = store.place()?;
    let mut session = Session::new(candidates, place.as_deref());
    let mut reviewer = Reviewer::new(project, options, store);
    let end = review::run(&mut session, &mut reviewer, &project.tree)
        .context("cannot use the terminal")?;
    let [accepted, rejected, open] = session.counts();
    error::say(&format!("{accepted} accepted, {rejected} rejected, {open} open"));
    if accepted > 0 {
        error::say("`drvdedup apply` or `drvdedup export -o DIR` takes what is accepted");
    }
    match end {
        End::Quit => Ok(Exit::Done),
        End::Interrupted => {
            let hint = "every answer is saved: `drvdedup review` goes on";
            Err(Hinted::new("interrupted", hint).into())
        }
    }
}

/// The proposals with all that a reviewer asks of them, those first that save most lines
/// with the safest remedy.
fn candidates(
    project: &Project,
    options: &Options,
    store: &Store,
    ids: &[String],
) -> anyhow::Result<Vec<Candidate>> {
    let proposals = match ids {
        [] => store.proposals()?,
        ids => {
            let named = store::named(store, ids)?.into_iter();
            let by_id: BTreeMap<String, Proposal> = named.map(|it| (it.id.clone(), it)).collect();
            by_id.into_values().collect()
        }
    };
    let files: BTreeSet<&String> = proposals.iter().flat_map(|it| &it.files).collect();
    let drivers = Drivers::read(&project.tree, &files.iter().collect::<Vec<_>>());
    let maintainers = Maintainers::of(&project.tree);
    let ranked = groups(project, options, &files)?;
    let decisions = store.decisions()?;
    let mut candidates = Vec::with_capacity(proposals.len());
    for proposal in proposals {
        let patch = store.patch(&proposal.id)?;
        let rank = ranked.get(&proposal.group);
        let stale = store.stale(&proposal)?.map(|stale: Stale| stale.to_string());
        let first = proposal.files.first().map_or("", String::as_str);
        let concerned = maintainers.concerned(&proposal.files);
        let candidate = Candidate {
            driver: drivers.driver_of(first).to_owned(),
            concerned: concerned.into_iter().map(|entry| entry.line()).collect(),
            decision: decisions.get(&proposal.id).cloned(),
            group: rank.map(|(_, group)| group.clone()),
            stale,
            proposal: Proposal { verdict: proposal.current_verdict(&patch), ..proposal },
            patch,
        };
        candidates.push((rank.map_or(usize::MAX, |(rank, _)| *rank), candidate));
    }
    candidates.sort_by(|(a_rank, a), (b_rank, b)| {
        (a_rank, &a.proposal.id).cmp(&(b_rank, &b.proposal.id))
    });
    Ok(candidates.into_iter().map(|(_, candidate)| candidate).collect())
}

/// The groups of the files that are still there, by their ids, with their ranks.
fn groups(
    project: &Project,
    options: &Options,
    files: &BTreeSet<&String>,
) -> anyhow::Result<BTreeMap<String, (usize, CloneGroup)>> {
    let paths = files.iter().filter(|file| file.ends_with(".c"));
    let paths = paths.map(|file| project.tree.root.join(file));
    let paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    if paths.is_empty() {
        return Ok(BTreeMap::new());
    }
    let groups = pipeline::scan_paths(project, options, &paths)?.groups;
    let ranked = groups.iter().enumerate().map(|(rank, it)| (it.id.clone(), (rank, it.clone())));
    Ok(ranked.collect())
}
