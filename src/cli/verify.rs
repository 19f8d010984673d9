//! `drvdedup verify`.

use super::args::{Format, VerifyArgs};
use super::cost::Cost;
use super::error::{self, Hinted};
use super::exit::Exit;
use super::options::Options;
use super::output::CANNOT_WRITE;
use super::project::Project;
use super::{progress, selftest, store};
use crate::generate::unidiff;
use crate::report::verified::{self, Verified};
use crate::report::{contract_name, counted, json};
use crate::store::{Proposal, Stale, Store, StoreError};
use crate::syntax::LoopMacros;
use crate::syntax::decl::Universe;
use crate::tree::{Drivers, SourceFile, TreePath};
use crate::verify::build::{Identity, Kernel, interrupt};
use crate::verify::ladder::{Ascent, Bill, Candidate, Ladder, Proof};
use crate::verify::{self, Claim, Climb, Files, TreeScope, Verdict};
use anyhow::Context;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Proposals that share the objects of the texts before.
const BATCH: usize = 16;

/// A proposal on its way up.
struct Climber {
    proposal: Proposal,
    digest: String,
    candidate: Candidate,
}

/// Takes proposals up the ladder and stores how far they came; found is one that is
/// below what is required.
pub fn run(
    options: &Options,
    args: &VerifyArgs,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let project = Project::open(options)?;
    let mut store = store::open(&project)?;
    store::recover(&mut store, options)?;
    let ids = store::asked(&store, &args.which)?;
    if ids.is_empty() {
        let what = store::nothing(&args.which);
        error::say(&format!("{what}; `drvdedup verify --all` takes every proposal"));
    }
    let mut proposals = Vec::new();
    if !ids.is_empty() {
        interrupt::watch().context("cannot watch for interrupts")?;
        let kernel = kernel(&project, options, args)?;
        let climbers = climbers(&project, &store, &ids, args.which.all)?;
        if args.selftest {
            return test(&project, options, args, &kernel, climbers, out).map_err(interrupted);
        }
        proposals = climb_all(&project, options, args, &mut store, &kernel, climbers)
            .map_err(interrupted)?;
    }
    let verified = Verified { tree: project.tree, proposals };
    match options.format {
        Format::Human => verified::write(out, &verified),
        Format::Json => json::write_verified(out, &verified),
    }
    .context(CANNOT_WRITE)?;
    let required = args.require.unwrap_or(Verdict::Applies);
    let below = verified.proposals.iter().filter(|it| it.verdict < required).count();
    if below > 0 {
        let required = contract_name(required);
        let below = counted(below as u64, "proposal");
        error::say(&format!("{below} below {required}"));
        return Ok(Exit::Found);
    }
    Ok(Exit::Done)
}

/// The error, or that it is none but the user's will.
fn interrupted(error: anyhow::Error) -> anyhow::Error {
    match interrupt::came() {
        true => {
            Hinted::new("interrupted", "what was proved is kept: go on by the same command").into()
        }
        false => error,
    }
}

/// The kernel to compile with: the one that was named, or the one that was prepared
/// or shall be.
fn kernel(project: &Project, options: &Options, args: &VerifyArgs) -> anyhow::Result<Kernel> {
    let no_folder = || Hinted::new("there is no cache folder to build in", "set XDG_CACHE_HOME");
    let cache = dirs::cache_dir().ok_or_else(no_folder)?.join("drvdedup");
    let say = |line: &str| {
        if !options.quiet {
            error::say(line);
        }
    };
    if let Some(folder) = &args.kernel_build {
        return Ok(Kernel::open(&project.tree, folder, &cache, &say)?);
    }
    if !args.prepare && !Kernel::is_prepared(&project.tree, &cache)? {
        let message = "no configured kernel to compile with";
        let hint = "`--kernel-build DIR` names a configured build folder; `--prepare` makes one \
                    below the cache folder (allmodconfig; half a minute, once)";
        return Err(Hinted::new(message, hint).into());
    }
    Ok(Kernel::prepare(&project.tree, &cache, &say)?)
}

/// The proposals as texts before and after, those of one file together. One that is
/// stale is left out of all, and an error where it was named.
fn climbers(
    project: &Project,
    store: &Store,
    ids: &[String],
    all: bool,
) -> anyhow::Result<Vec<Climber>> {
    let mut climbers = Vec::new();
    for id in ids {
        let proposal = store.proposal(id)?;
        let stale = store.stale(&proposal)?.map(|stale: Stale| stale.to_string());
        let old = || format!("proposal {id}: an older version of the program planned it");
        let unfit = stale.or(proposal.claim.is_none().then(old));
        match (unfit, proposal.claim.clone()) {
            (None, Some(claim)) => climbers.push(climber(project, store, proposal, claim)?),
            (unfit, _) if all => error::warn(format!("{}; left out", unfit.unwrap_or_default())),
            (unfit, _) => {
                let hint = "plan again: `drvdedup plan`";
                return Err(Hinted::new(unfit.unwrap_or_default(), hint).into());
            }
        }
    }
    climbers.sort_by(|a, b| {
        (&a.proposal.files, &a.proposal.id).cmp(&(&b.proposal.files, &b.proposal.id))
    });
    Ok(climbers)
}

fn climber(
    project: &Project,
    store: &Store,
    proposal: Proposal,
    claim: Claim,
) -> anyhow::Result<Climber> {
    let patch = store.patch(&proposal.id)?;
    let broken = || format!("{}: not the patch that was planned; plan again", proposal.patch);
    let (mut before, mut after) = (Files::new(), Files::new());
    for patch in unidiff::parse(&patch).with_context(broken)? {
        if patch.creates.is_none() {
            let text = project.tree.read(&patch.path).with_context(|| patch.path.clone())?;
            before.insert(patch.path.clone(), text);
        }
        let text = before.get(&patch.path).map_or(&[][..], Vec::as_slice);
        after.insert(patch.path.clone(), unidiff::apply_to(text, &patch).with_context(broken)?);
    }
    // What the patch calls may stand in a file that it leaves alone.
    let left_alone = proposal.base.keys().filter(|path| !after.contains_key(*path));
    for path in left_alone.collect::<Vec<_>>() {
        let text = project.tree.read(path).with_context(|| path.clone())?;
        after.insert(path.clone(), text.clone());
        before.insert(path.clone(), text);
    }
    let digest = proposal.digest(&patch);
    Ok(Climber { proposal, digest, candidate: Candidate { before, after, claim } })
}

/// Climbs with all that were not at the top of this ladder before, and saves the
/// verdicts as they come.
fn climb_all(
    project: &Project,
    options: &Options,
    args: &VerifyArgs,
    store: &mut Store,
    kernel: &Kernel,
    climbers: Vec<Climber>,
) -> anyhow::Result<Vec<Proposal>> {
    let known = |climber: &Climber| {
        let proof = climber.proposal.proof.as_ref();
        let holds = |it: &Proof| it.of == climber.digest && it.is_from(kernel.identity());
        !args.again && proof.is_some_and(holds)
    };
    let (done, open): (Vec<Climber>, Vec<Climber>) = climbers.into_iter().partition(known);
    let mut proposals: Vec<Proposal> = done.into_iter().map(|it| it.proposal).collect();
    if !proposals.is_empty() && !open.is_empty() && !options.quiet {
        let done = counted(proposals.len() as u64, "proposal");
        error::say(&format!("{done} verified before with this kernel; --again does it anew"));
    }
    if !open.is_empty() {
        proposals.extend(climb(project, options, args, store, kernel, open)?);
    }
    proposals.sort_by(|a, b| (&a.files, &a.id).cmp(&(&b.files, &b.id)));
    Ok(proposals)
}

/// Whether the ladder would have found faults in what it proved.
fn test(
    project: &Project,
    options: &Options,
    args: &VerifyArgs,
    kernel: &Kernel,
    climbers: Vec<Climber>,
    out: &mut (dyn WriteColor + Send),
) -> anyhow::Result<Exit> {
    let proved = climbers.into_iter().filter(|it| {
        let proof = it.proposal.proof.as_ref().filter(|proof| proof.of == it.digest);
        proof.is_some_and(|proof| proof.verdict == Verdict::IdenticalObject)
    });
    let proved: Vec<Climber> = proved.collect();
    let loops = LoopMacros::new(&project.tree.loop_macros);
    let drivers = drivers(project, &proved)?;
    let ladder = ladder(options, args, kernel, &proved, (&drivers, &loops))?;
    let scope = scope(project, &drivers);
    let proved: Vec<(String, Candidate)> =
        proved.into_iter().map(|it| (it.proposal.id, it.candidate)).collect();
    selftest::run(options, &ladder, (&loops, &scope), &proved, out)
}

/// The headers around the texts.
fn scope<'d>(project: &'d Project, drivers: &'d Drivers) -> TreeScope<'d> {
    TreeScope {
        tree: &project.tree,
        universe: Arc::new(Universe::new(project.tree.root.clone())),
        drivers,
    }
}

/// All files that are touched.
fn sources(climbers: &[Climber]) -> BTreeSet<TreePath> {
    climbers.iter().flat_map(|it| it.candidate.after.keys().cloned()).collect()
}

/// A ladder for all files that are touched.
fn ladder<'k>(
    options: &Options,
    args: &VerifyArgs,
    kernel: &'k Kernel,
    climbers: &[Climber],
    (drivers, loops): (&Drivers, &'k LoopMacros),
) -> anyhow::Result<Ladder<'k>> {
    let sources = sources(climbers);
    let say = |line: &str| {
        if options.verbose {
            error::say(line);
        }
    };
    let limit = Duration::from_secs(args.timeout);
    Ok(Ladder::new(kernel, &sources, Some(drivers), loops, limit, &say)?)
}

fn climb(
    project: &Project,
    options: &Options,
    args: &VerifyArgs,
    store: &mut Store,
    kernel: &Kernel,
    open: Vec<Climber>,
) -> anyhow::Result<Vec<Proposal>> {
    let cost = Cost::start();
    let loops = LoopMacros::new(&project.tree.loop_macros);
    let drivers = drivers(project, &open)?;
    let ladder = ladder(options, args, kernel, &open, (&drivers, &loops))?;
    let scope = scope(project, &drivers);
    let bar = progress::bar(options.progress, "verifying", open.len() as u64);
    let total = open.len();
    let keeper = Keeper::new(store);
    for batch in batches(open) {
        let mut standing = Vec::new();
        for climber in batch {
            let Candidate { before, after, claim } = &climber.candidate;
            let climb = verify::climb(before, after, claim, (&loops, Some(&scope)));
            if climb.problem.is_none() {
                standing.push(climber);
                continue;
            }
            bar.inc(1);
            keeper.keep(&climber, &fallen(climb), kernel.identity());
        }
        let candidates: Vec<Candidate> = standing.iter().map(|it| it.candidate.clone()).collect();
        ladder.climb(&candidates, &|at, ascent| {
            keeper.keep(&standing[at], ascent, kernel.identity());
            bar.inc(1);
        })?;
        keeper.check()?;
    }
    bar.finish_and_clear();
    let Kept { proposals, bill, .. } = keeper.done();
    if options.verbose {
        cost.say(&bill, total, "proposal");
    }
    Ok(proposals)
}

/// Stores each proof as it comes: whoever is interrupted has lost only what was open.
struct Keeper<'s>(Mutex<Kept<'s>>);

struct Kept<'s> {
    store: &'s mut Store,
    /// With their proofs.
    proposals: Vec<Proposal>,
    /// How many of them are stored: another process may be writing.
    stored: usize,
    bill: Bill,
}

impl<'s> Keeper<'s> {
    fn new(store: &'s mut Store) -> Self {
        let (proposals, bill) = (Vec::new(), Bill::default());
        Self(Mutex::new(Kept { store, proposals, stored: 0, bill }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<'s>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What cannot be stored now is tried again with the next.
    fn keep(&self, climber: &Climber, ascent: &Ascent, identity: &Identity) {
        let mut kept = self.kept();
        kept.bill.add(&ascent.bill);
        kept.proposals.push(climber.proposal.proved(proof(climber, ascent, identity)));
        let _ = kept.save();
    }

    /// # Errors
    /// Where something cannot be stored still.
    fn check(&self) -> Result<(), StoreError> {
        self.kept().save()
    }

    fn done(self) -> Kept<'s> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept<'_> {
    fn save(&mut self) -> Result<(), StoreError> {
        self.store.keep_proofs(&self.proposals[self.stored..])?;
        self.stored = self.proposals.len();
        Ok(())
    }
}

/// Proposals of one file stay together: they share the objects before.
fn batches(open: Vec<Climber>) -> Vec<Vec<Climber>> {
    let mut batches: Vec<Vec<Climber>> = Vec::new();
    for climber in open {
        match batches.last_mut() {
            Some(batch)
                if batch.len() < BATCH
                    || batch
                        .last()
                        .is_some_and(|it| it.proposal.files == climber.proposal.files) =>
            {
                batch.push(climber);
            }
            _ => batches.push(vec![climber]),
        }
    }
    batches
}

/// The Kbuild files that say how the sources are built.
fn drivers(project: &Project, climbers: &[Climber]) -> anyhow::Result<Drivers> {
    let sources = sources(climbers);
    let paths = sources.iter().map(|path| project.tree.root.join(path));
    let paths: Vec<PathBuf> = paths.filter(|path: &PathBuf| Path::is_file(path)).collect();
    let files: Vec<SourceFile> = match paths.as_slice() {
        [] => Vec::new(),
        paths => project.tree.walk(paths, &[])?.files,
    };
    Ok(Drivers::read(&project.tree, &files))
}

/// How far one came that does not even come up to *expands*.
fn fallen(climb: Climb) -> Ascent {
    Ascent {
        text: None,
        verdict: climb.verdict,
        detail: climb.problem.map(|problem| problem.to_string()).unwrap_or_default(),
        way: None,
        engine: String::new(),
        not_built: Vec::new(),
        bill: Bill::default(),
    }
}

fn proof(climber: &Climber, ascent: &Ascent, identity: &Identity) -> Proof {
    Proof {
        verdict: ascent.verdict,
        detail: ascent.detail.clone(),
        level: ascent.way.map(|way| way.level.flag().to_owned()),
        not_built: ascent.not_built.clone(),
        configuration: identity.configuration.clone(),
        compiler: identity.compiler.clone(),
        architecture: identity.architecture.clone(),
        engine: ascent.engine.clone(),
        release: identity.release.clone(),
        of: climber.digest.clone(),
    }
}
