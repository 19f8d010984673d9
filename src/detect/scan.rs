//! The whole stage: reads every file once for the hashes (tier 1), then once
//! more those that hold candidates, and groups these (tier 2).

use super::cache::{self, Cache};
use super::class_counts::{ClassCounts, DriverLines, Sums, by_class, by_driver, sums};
use super::group::Found;
use super::keep::{self, Keeps};
use super::kinds::Maker;
use super::memo::{Memo, Outcome};
use super::sources::Sources;
use super::world::{Entry, LeftOut, World};
use super::{CloneGroup, Groups, Kind, Lists, id, level::Placement, rank};
use crate::syntax::LoopMacros;
use crate::syntax::lexer::LexProblemKind;
use crate::tree::{SourceFile, TreePath};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// Which functions are compared, and for what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Functions of fewer lines, signature and braces included, are passed over, but
    /// as wrappers.
    pub min_lines: u32,
    /// Functions of fewer tokens are passed over, but as wrappers.
    pub min_tokens: u32,
    /// The kinds of groups that are looked for.
    pub kinds: BTreeSet<Kind>,
    /// The functions that drivers wrap.
    pub lists: Lists,
    /// Files of the kernel whose functions drivers may use; those that are scanned
    /// anyway are passed over.
    pub offered: Vec<SourceFile>,
    /// Where earlier scans are kept.
    pub cache: Option<Cache>,
    /// Of the groups, only those with a member in this file.
    pub focus: Option<TreePath>,
}

impl Options {
    /// All kinds, in the order of the contract.
    pub const KINDS: [Kind; 7] = [
        Kind::Identical,
        Kind::ConstantOnly,
        Kind::Renamed,
        Kind::Wrapper,
        Kind::Gapped,
        Kind::Reimplements,
        Kind::Sequence,
    ];
}

impl Default for Options {
    fn default() -> Self {
        Options {
            min_lines: 6,
            min_tokens: 30,
            kinds: Options::KINDS.into(),
            // Ours are sound: a test loads them.
            lists: Lists::load(&[]).unwrap_or_default(),
            offered: Vec::new(),
            cache: None,
            focus: None,
        }
    }
}

/// What [`scan`] found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Scan {
    /// Number of files that were read.
    pub files: u64,
    /// Number of functions in them, whatever their size.
    pub functions: u64,
    /// Number of lines of the files.
    pub lines: u64,
    /// Number of lines of the functions.
    pub function_lines: u64,
    /// Number of functions under `#if 0`; they are never in a group.
    pub disabled_functions: u64,
    /// What was read of each class.
    pub classes: BTreeMap<String, ClassCounts>,
    /// What was read of each driver.
    pub drivers: DriverLines,
    /// The most worthwhile first, as `rank` has it. No function is in two of them. They are
    /// kept apart from the rest.
    #[serde(skip)]
    pub groups: Groups,
    /// Functions that comments kept out of the groups, and comments without effect.
    pub keeps: Keeps,
    /// Files whose functions are not compared, and why, sorted.
    pub left_out: Vec<(TreePath, LeftOut)>,
    /// Files that could not be read, and why, sorted.
    pub unreadable: Vec<(TreePath, String)>,
    /// Places at which a file is not what a C compiler would take, sorted.
    pub problems: Vec<Problem>,
    /// Members whose syntax tree is incomplete: nothing can be planned on them.
    pub gaps: Vec<Gap>,
}

/// A member of a group that does not parse, even masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Its file.
    pub file: TreePath,
    /// Line of its first ERROR or MISSING node, from 1.
    pub line: u32,
    /// Its name.
    pub function: String,
}

/// Something in a file that is not C. It costs the function that it stands in at
/// most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// The file.
    pub file: TreePath,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong; but for unbalanced functions only a file's first of each
    /// kind is reported.
    pub kind: ProblemKind,
}

/// See [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProblemKind {
    /// The body of the function that starts here has no end.
    UnclosedFunction,
    /// The function's braces do not balance; a `}` in column 0 was taken as its end.
    UnbalancedFunction,
    /// A string or character literal whose line ends first.
    UnterminatedLiteral,
    /// A block comment without its end.
    UnterminatedComment,
    /// A NUL byte.
    Nul,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ProblemKind::UnclosedFunction => "the body of this function has no closing brace",
            ProblemKind::UnbalancedFunction => "the braces of this function do not balance",
            ProblemKind::UnterminatedLiteral => "a literal is not closed on its line",
            ProblemKind::UnterminatedComment => "a block comment is not closed",
            ProblemKind::Nul => "a NUL byte",
        };
        write!(out, "{}:{}: {what}", self.file, self.line)
    }
}

impl From<LexProblemKind> for ProblemKind {
    fn from(kind: LexProblemKind) -> Self {
        match kind {
            LexProblemKind::UnterminatedLiteral => ProblemKind::UnterminatedLiteral,
            LexProblemKind::UnterminatedComment => ProblemKind::UnterminatedComment,
            LexProblemKind::Nul => ProblemKind::Nul,
        }
    }
}

/// Finds the clone groups among `files`, which are relative to `root`.
///
/// `progress` is called from any thread with the size in bytes of each file that
/// is done. Files are read one at a time by each thread and never kept.
pub fn scan(
    root: &Path,
    files: &[SourceFile],
    placement: &(dyn Placement + Sync),
    loops: &LoopMacros,
    options: &Options,
    progress: &(dyn Fn(u64) + Sync),
) -> Scan {
    let sources = Sources::new(root, files, options);
    let contents = options.cache.as_ref().map(|cache| cache.contents(root, &sources.files()));
    let kept = contents.as_ref().and_then(|contents| {
        let key = sources.key(contents, placement, loops)?;
        Some((options.cache.as_ref()?, key))
    });
    if let Some(scan) = kept.and_then(|(cache, key)| cache.result(key, options.focus.as_deref())) {
        progress(files.iter().map(|file| file.size()).sum());
        return scan;
    }
    let mut out = Scan::default();
    let (read, known) = rayon::join(
        || sources.read(contents.as_deref(), progress, &mut out),
        || kept.and_then(|(cache, key)| cache.outcomes(key)),
    );
    let maker = Maker { placement, loops, unreadable: Vec::new(), memo: Memo::new(known) };
    let outcomes = find(&mut out, World::new(root, read, placement), maker, options);
    if let Some((cache, key)) = kept.filter(|_| out.unreadable.is_empty()) {
        cache.keep_result(key, &out, outcomes);
    }
    if let Some(file) = &options.focus {
        out.groups.retain(|group| cache::is_in(group, file));
    }
    out
}

/// Makes the groups of all kinds that `options` ask for. Out, beside them: what became
/// of each list of candidates.
fn find(out: &mut Scan, mut world: World, mut maker: Maker, options: &Options) -> Vec<Outcome> {
    let counted: Vec<(&Entry, Sums)> = sums(&world.entries);
    counted.iter().for_each(|(entry, sums)| out.count(entry, sums));
    out.classes = by_class(&counted);
    out.drivers = by_driver(&counted);
    out.problems.sort_unstable();
    let wants = |kind: Kind| options.kinds.contains(&kind);
    let mut found = Found::default();
    if wants(Kind::Reimplements) {
        found.append(maker.reimplements(&mut world));
    }
    // Also where they are not asked for: what is the same is no gapped copy.
    found.append(maker.exact(&mut world));
    if wants(Kind::Wrapper) {
        found.append(maker.wrappers(&mut world));
    }
    if wants(Kind::Gapped) {
        found.append(maker.gapped(&mut world));
    }
    if wants(Kind::Sequence) {
        found.append(maker.sequences(&mut world));
        found.append(maker.blocks(&mut world));
    }
    out.unreadable.append(&mut maker.unreadable);
    out.unreadable.sort_unstable();
    out.unreadable.dedup();
    out.gaps = found.gaps;
    out.gaps.sort_unstable();
    let mut groups = found.groups;
    let keeps = keep::found(&world.entries);
    let (keeps, changed) = keep::apply(&mut groups, keeps, maker.placement);
    out.keeps = keeps;
    let mut places = vec![None; groups.len()];
    let wanted = |group: &CloneGroup| group.members.len() > 1 && wants(group.kind);
    let (numbers, mut groups): (Vec<usize>, Vec<CloneGroup>) =
        groups.into_iter().enumerate().filter(|(_, group)| wanted(group)).unzip();
    id::assign(&mut groups);
    let order = rank::order(&groups);
    for (place, &at) in order.iter().enumerate() {
        let unchanged = changed.binary_search(&numbers[at]).is_err();
        places[numbers[at]] = unchanged.then_some(place as u32);
    }
    let mut groups: Vec<Option<CloneGroup>> = groups.into_iter().map(Some).collect();
    let ranked: Vec<CloneGroup> = order.into_iter().filter_map(|at| groups[at].take()).collect();
    out.groups = ranked.into();
    maker.memo.outcomes(|number| places.get(number as usize).copied().flatten())
}

impl Scan {
    fn count(&mut self, entry: &Entry, sums: &Sums) {
        self.files += 1;
        self.lines += u64::from(entry.facts.lines);
        self.functions += sums.functions;
        self.function_lines += sums.function_lines;
        self.disabled_functions += sums.disabled;
        let path = &entry.file.path;
        let problem =
            |&(line, kind): &(u32, ProblemKind)| Problem { file: path.clone(), line, kind };
        self.problems.extend(entry.facts.problems.iter().map(problem));
        self.left_out.extend(entry.left_out.map(|why| (path.clone(), why)));
    }
}
