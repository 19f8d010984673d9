//! The one place in which the command line calls the stages.

use super::args::WhatArgs;
use super::error;
use super::focus::Focus;
use super::options::Options;
use super::progress;
use super::project::Project;
use super::selection::Selection;
use crate::detect::{self, Cache, Groups, Keeps, Kind, LeftOut, Lists, Placement, Scan, Unused};
use crate::report::{Counts, counted};
use crate::syntax::LoopMacros;
use crate::tree::{Drivers, KernelTree, SourceFile, TreeError, TreePath, class_of};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::PathBuf;

/// Warnings of one sort that are printed without `-v`.
const WARNINGS: usize = 20;

/// A scan and what it was made from.
pub struct Scanned {
    /// The files that were read.
    pub files: Vec<SourceFile>,
    /// The drivers that they belong to.
    pub drivers: Drivers,
    /// The tree's loop macros.
    pub loops: LoopMacros,
    /// What was read.
    pub counts: Counts,
    /// The groups, the most worthwhile first.
    pub groups: Groups,
    /// Functions that comments kept out of them.
    pub keeps: Keeps,
    /// Where this scan is being kept: to let go of it is to wait.
    pub cache: Option<Cache>,
}

/// Scans what the arguments or else the configuration name, for the groups asked for.
pub fn scan(project: &Project, options: &Options, what: &WhatArgs) -> anyhow::Result<Scanned> {
    // Before the scan: a revision that is none should not cost its time.
    let selection = Selection::new(&project.tree, what)?;
    let mut scanned = scan_asked(project, options, what, &selection)?;
    selection.filter(&mut scanned.groups);
    selection.cut(&mut scanned.groups);
    Ok(scanned)
}

/// Scans what the arguments or else the configuration name, for all groups of the
/// kinds asked for.
pub fn scan_asked(
    project: &Project,
    options: &Options,
    what: &WhatArgs,
    selection: &Selection,
) -> anyhow::Result<Scanned> {
    let paths = asked_or_configured(project, &what.paths);
    let kinds = detect::Options::KINDS.into_iter().filter(|kind| what.looks_for(*kind));
    let scanned = scan_kinds(project, options, &paths, kinds.collect(), selection.focus.as_ref())?;
    // Where only some kinds are looked for, what is in no group may be in one of others.
    let is_sure = |why: &Unused| what.kind.is_empty() || !matches!(why, Unused::NoGroup { .. });
    let unused = scanned.keeps.unused.iter().filter(|keep| is_sure(&keep.why));
    warn_all(options, &unused.collect::<Vec<_>>());
    if options.verbose {
        scanned.keeps.kept.iter().for_each(|kept| error::say(&kept.to_string()));
    }
    Ok(scanned)
}

/// Scans `paths`, or the tree's default where there are none, for all kinds.
pub fn scan_paths(
    project: &Project,
    options: &Options,
    paths: &[PathBuf],
) -> anyhow::Result<Scanned> {
    scan_kinds(project, options, paths, detect::Options::KINDS.into(), None)
}

fn scan_kinds(
    project: &Project,
    options: &Options,
    paths: &[PathBuf],
    kinds: BTreeSet<Kind>,
    focus: Option<&Focus>,
) -> anyhow::Result<Scanned> {
    let Project { tree, config } = project;
    let cache = cache(options, tree);
    let wants_offered = kinds.contains(&Kind::Reimplements);
    let (asked, offered) = rayon::join(
        || {
            let mut met = tree.meet(paths, &config.exclude)?;
            // What is about to be written may stand anywhere.
            met.add(focus.map(|focus| focus.file.path.clone()));
            let look = || met.look(&tree.root);
            let drivers = || match &cache {
                Some(cache) => cache.drivers(tree, &met.paths),
                None => Drivers::read(tree, &met.paths),
            };
            Ok::<_, TreeError>(rayon::join(look, drivers))
        },
        || if wants_offered { tree.offered() } else { Vec::new() },
    );
    let (walk, drivers) = asked?;
    let loops = LoopMacros::new(&tree.loop_macros);
    let placing = Placing::new(&drivers, &walk.files);
    let asked = detect::Options {
        min_lines: config.thresholds.min_lines,
        min_tokens: config.thresholds.min_tokens,
        kinds,
        lists: Lists::load(&config.rules)?,
        offered,
        cache,
        focus: focus.map(|focus| focus.file.path.clone()),
    };
    let bytes = walk.files.iter().map(|file| file.size()).sum();
    let bar = progress::bar(options.progress, "scanning", bytes);
    let tick = |bytes| bar.inc(bytes);
    let scan = detect::scan(&tree.root, &walk.files, &placing, &loops, &asked, &tick);
    bar.finish_and_clear();

    let left_out = walk.unreadable.iter().chain(drivers.unreadable());
    let mut unreadable: Vec<String> =
        left_out.map(|file| format!("{}: {}", file.path, file.reason)).collect();
    unreadable.extend(scan.unreadable.iter().map(|(path, reason)| format!("{path}: {reason}")));
    warn_all(options, &unreadable);
    warn_all(options, &scan.problems);
    if let Some(cache) = asked.cache.as_ref().filter(|_| options.verbose) {
        cache.notes().iter().for_each(|note| error::say(note));
    }
    if options.verbose {
        let left_out = |(path, why): &(TreePath, LeftOut)| error::say(&format!("{path}: {why}"));
        scan.left_out.iter().for_each(left_out);
        error::say(&format!("{} left out", counted(scan.left_out.len() as u64, "file")));
        error::say(&format!("{} under #if 0", counted(scan.disabled_functions, "function")));
    }
    let counts = counts(&scan, unreadable.len());
    let Scan { groups, keeps, .. } = scan;
    let (files, cache) = (walk.files, asked.cache);
    Ok(Scanned { files, drivers, loops, counts, groups, keeps, cache })
}

/// Where earlier scans of the tree are kept, unless the user wants none or has no
/// folder for it.
fn cache(options: &Options, tree: &KernelTree) -> Option<Cache> {
    let base = dirs::cache_dir().filter(|_| !options.no_cache)?;
    Some(Cache::new(base.join("drvdedup"), &tree.root))
}

/// `asked`, or the paths of the configuration where nothing was asked for.
pub fn asked_or_configured(project: &Project, asked: &[PathBuf]) -> Vec<PathBuf> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    project.config.paths.iter().map(|path| project.tree.root.join(path)).collect()
}

fn counts(scan: &Scan, unreadable: usize) -> Counts {
    Counts {
        files: scan.files,
        functions: scan.functions,
        lines: scan.lines,
        function_lines: scan.function_lines,
        parse_gaps: scan.gaps.len() as u64,
        unreadable: unreadable as u64,
        kept: scan.keeps.kept.len() as u64,
        classes: scan.classes.clone(),
        drivers: scan.drivers.clone(),
    }
}

/// Prints warnings of one sort: the first of them, all with `-v`.
fn warn_all(options: &Options, warnings: &[impl Display]) {
    if options.quiet {
        return;
    }
    let shown = if options.verbose { warnings.len() } else { warnings.len().min(WARNINGS) };
    for warning in &warnings[..shown] {
        error::warn(warning);
    }
    if shown < warnings.len() {
        error::warn(format!("and {} more like these; -v prints them", warnings.len() - shown));
    }
}

/// Drivers and classes as `detect` asks for them.
struct Placing<'d> {
    drivers: &'d Drivers,
    by_class: BTreeMap<String, usize>,
}

impl<'d> Placing<'d> {
    fn new(drivers: &'d Drivers, files: &[SourceFile]) -> Self {
        let walked =
            files.par_iter().map(|file| (class_of(&file.path), drivers.driver_of(&file.path)));
        let built = drivers.modules().par_iter().flat_map_iter(|module| {
            module.files.iter().map(|file| (class_of(file), module.name.as_str()))
        });
        let together = |mut all: FxHashSet<_>, one| {
            all.insert(one);
            all
        };
        let placed = walked.chain(built).fold(FxHashSet::default, together);
        let placed: FxHashSet<(&str, &str)> = placed.reduce(FxHashSet::default, |all, some| {
            let (mut all, some) = if all.len() < some.len() { (some, all) } else { (all, some) };
            all.extend(some);
            all
        });
        let mut by_class = BTreeMap::new();
        for (class, _) in placed {
            *by_class.entry(class.to_owned()).or_default() += 1;
        }
        Placing { drivers, by_class }
    }
}

impl Placement for Placing<'_> {
    fn driver<'a>(&'a self, path: &'a str) -> &'a str {
        self.drivers.driver_of(path)
    }

    fn class<'a>(&'a self, path: &'a str) -> &'a str {
        class_of(path)
    }

    fn drivers_in_class(&self, class: &str) -> usize {
        self.by_class.get(class).copied().unwrap_or(0)
    }
}
