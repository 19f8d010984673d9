//! The whole stage: reads every file once for the hashes (tier 1), then once
//! more those that hold candidates, and groups these (tier 2).

use super::class_counts::{ClassCounts, by_class};
use super::facts::{Depth, FileFacts, Reader};
use super::group::Found;
use super::keep::{self, Keeps};
use super::kinds::Maker;
use super::world::{Entry, LeftOut, World};
use super::{CloneGroup, Kind, Lists, id, level::Placement, rank};
use crate::syntax::LoopMacros;
use crate::syntax::lexer::LexProblemKind;
use crate::tree::{SourceFile, TreePath, read_source_into};
use rayon::prelude::*;
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
}

impl Options {
    /// All kinds.
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
        }
    }
}

/// What [`scan`] found.
#[derive(Clone, Debug, Default)]
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
    /// The most worthwhile first, as `rank` has it. No function is in two of them.
    pub groups: Vec<CloneGroup>,
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    let mut out = Scan::default();
    let read = read_all(root, files, options, progress, &mut out);
    let mut world = World::new(root, read, placement);
    for entry in world.entries.iter().filter(|entry| !entry.offered) {
        out.count(entry);
    }
    out.classes = by_class(&world.entries);
    out.problems.sort_unstable();
    let mut maker = Maker { placement, loops, unreadable: Vec::new() };
    let wants = |kinds: &[Kind]| kinds.iter().any(|kind| options.kinds.contains(kind));
    let mut found = Found::default();
    if wants(&[Kind::Reimplements]) {
        found.append(maker.reimplements(&mut world));
    }
    // Also where they are not asked for: what is the same is no gapped copy.
    found.append(maker.exact(&mut world));
    if wants(&[Kind::Wrapper]) {
        found.append(maker.wrappers(&mut world));
    }
    if wants(&[Kind::Gapped]) {
        found.append(maker.gapped(&mut world));
    }
    if wants(&[Kind::Sequence]) {
        found.append(maker.sequences(&mut world));
    }
    out.unreadable.append(&mut maker.unreadable);
    out.unreadable.sort_unstable();
    out.unreadable.dedup();
    out.gaps = found.gaps;
    out.gaps.sort_unstable();
    out.groups = found.groups;
    out.keeps = keep::apply(&mut out.groups, keep::found(&world.entries), placement);
    out.groups.retain(|group| options.kinds.contains(&group.kind));
    id::assign(&mut out.groups);
    out.groups.sort_by(rank::order);
    out
}

impl Scan {
    fn count(&mut self, entry: &Entry) {
        self.files += 1;
        self.lines += u64::from(entry.facts.lines);
        for facts in &entry.facts.functions {
            self.functions += 1;
            self.function_lines += u64::from(facts.function.lines());
            self.disabled_functions += u64::from(facts.function.disabled);
        }
        let path = &entry.file.path;
        let problem =
            |&(line, kind): &(u32, ProblemKind)| Problem { file: path.clone(), line, kind };
        self.problems.extend(entry.facts.problems.iter().map(problem));
        self.left_out.extend(entry.left_out.map(|why| (path.clone(), why)));
    }
}

/// The facts of all files, in the order of their paths, those offered behind the
/// others.
fn read_all<'f>(
    root: &Path,
    files: &'f [SourceFile],
    options: &'f Options,
    progress: &(dyn Fn(u64) + Sync),
    out: &mut Scan,
) -> Vec<(&'f SourceFile, FileFacts, bool)> {
    let sorted = |files: &'f [SourceFile]| {
        let mut sorted: Vec<&SourceFile> = files.iter().collect();
        sorted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        sorted.dedup_by(|a, b| a.path == b.path);
        sorted
    };
    let asked = sorted(files);
    let scanned = |file: &&SourceFile| asked.binary_search_by(|it| it.path.cmp(&file.path)).is_ok();
    let mut offered = sorted(&options.offered);
    offered.retain(|file| !scanned(file));
    let depth = Depth {
        min_lines: options.min_lines,
        min_tokens: options.min_tokens,
        statements: options.kinds.contains(&Kind::Gapped)
            || options.kinds.contains(&Kind::Sequence),
    };
    let of_kernel = Depth { statements: false, ..depth };
    let tagged =
        asked.iter().map(|file| (*file, false)).chain(offered.iter().map(|file| (*file, true)));
    let tagged: Vec<(&SourceFile, bool)> = tagged.collect();
    let facts: Vec<Result<FileFacts, String>> = tagged
        .par_iter()
        .map_init(
            || (Reader::new(&options.lists), Vec::new()),
            |(reader, text), (file, offered)| {
                let depth = if *offered { &of_kernel } else { &depth };
                let read = read_source_into(&root.join(&file.path), text);
                progress(file.size);
                read.map(|()| reader.read(text, depth)).map_err(|error| error.to_string())
            },
        )
        .collect();
    let mut read = Vec::with_capacity(tagged.len());
    for ((file, offered), facts) in tagged.into_iter().zip(facts) {
        match facts {
            Ok(facts) => read.push((file, facts, offered)),
            Err(error) => out.unreadable.push((file.path.clone(), error)),
        }
    }
    read
}
