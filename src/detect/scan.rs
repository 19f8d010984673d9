//! The whole stage: reads every file once for the hashes (tier 1), then once
//! more those that hold candidates, and groups these (tier 2).

use super::group::{Candidate, group_shape};
use super::normalise::{Normaliser, shape_hash};
use super::{CloneGroup, id, level::Placement};
use crate::syntax::lexer::LexProblemKind;
use crate::syntax::{Function, LoopMacros, line_at, split};
use crate::tree::{SourceFile, TreePath, read_source};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::fmt;
use std::path::Path;

/// Which functions are compared at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Functions of fewer lines, signature and braces included, are passed over.
    pub min_lines: u32,
    /// Functions of fewer tokens are passed over.
    pub min_tokens: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { min_lines: 6, min_tokens: 30 }
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
    /// Longest redundancy first, then by id. No function is in two of them.
    pub groups: Vec<CloneGroup>,
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

/// One function large enough to be compared.
struct Fingerprint {
    shape: u64,
    /// Index of its file in the sorted list of files.
    file: u32,
    /// How many functions of its name precede it in the file.
    ordinal: u32,
    function: Function,
}

/// What tier 1 keeps of a file.
#[derive(Default)]
struct FileScan {
    lines: u64,
    functions: u64,
    function_lines: u64,
    disabled: u64,
    fingerprints: Vec<Fingerprint>,
    problems: Vec<Problem>,
    /// Why the file could not be read.
    error: Option<String>,
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
    let mut sorted: Vec<&SourceFile> = files.iter().collect();
    sorted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    sorted.dedup_by(|a, b| a.path == b.path);
    let scanned: Vec<FileScan> = sorted
        .par_iter()
        .enumerate()
        .map_init(Normaliser::default, |normaliser, (index, file)| {
            let scanned = scan_file(root, file, index as u32, options, normaliser);
            progress(file.size);
            scanned
        })
        .collect();
    let mut out = Scan::default();
    let mut fingerprints = Vec::new();
    for (file, scanned) in sorted.iter().zip(scanned) {
        match scanned.error {
            Some(error) => out.unreadable.push((file.path.clone(), error)),
            None => out.files += 1,
        }
        out.lines += scanned.lines;
        out.functions += scanned.functions;
        out.function_lines += scanned.function_lines;
        out.disabled_functions += scanned.disabled;
        out.problems.extend(scanned.problems);
        fingerprints.extend(scanned.fingerprints);
    }
    out.problems.sort_unstable();
    let shapes = shared_shapes(fingerprints);
    let candidates = load(root, &sorted, &shapes, placement, &mut out.unreadable);
    let grouped: Vec<_> =
        candidates.par_iter().map(|shape| group_shape(shape, placement, loops)).collect();
    for (groups, gaps) in grouped {
        out.groups.extend(groups);
        out.gaps.extend(gaps);
    }
    out.gaps.sort_unstable();
    out.unreadable.sort_unstable();
    id::assign(&mut out.groups);
    out.groups.sort_by(|a, b| {
        b.redundant_lines().cmp(&a.redundant_lines()).then_with(|| a.id.cmp(&b.id))
    });
    out
}

fn read(root: &Path, file: &SourceFile) -> Result<Vec<u8>, String> {
    let source = read_source(&root.join(&file.path)).map_err(|error| error.to_string())?;
    match u32::try_from(source.len()) {
        Ok(_) => Ok(source),
        Err(_) => Err("files of 4 GiB and more are not supported".into()),
    }
}

fn scan_file(
    root: &Path,
    file: &SourceFile,
    index: u32,
    options: &Options,
    normaliser: &mut Normaliser,
) -> FileScan {
    let source = match read(root, file) {
        Ok(source) => source,
        Err(error) => return FileScan { error: Some(error), ..FileScan::default() },
    };
    let mut out = FileScan::default();
    let mut ordinals: FxHashMap<&[u8], u32> = FxHashMap::default();
    let mut problems = Vec::new();
    let outline = split::split(&source, |function, tokens| {
        let next = ordinals.entry(function.name(&source)).or_insert(0);
        let ordinal = *next;
        *next += 1;
        out.functions += 1;
        out.function_lines += u64::from(function.lines());
        out.disabled += u64::from(function.disabled);
        if function.unbalanced {
            problems.push((function.start, ProblemKind::UnbalancedFunction));
        }
        let large =
            function.lines() >= options.min_lines && function.token_count >= options.min_tokens;
        // What was cut off at the wrong brace must not be rewritten.
        if large && !function.disabled && !function.unbalanced {
            let shape = shape_hash(normaliser, &source, function.name(&source), tokens);
            out.fingerprints.push(Fingerprint { shape, file: index, ordinal, function });
        }
    });
    out.lines = u64::from(outline.lines);
    problems.extend(outline.unclosed.map(|start| (start, ProblemKind::UnclosedFunction)));
    problems.extend(outline.problems.iter().map(|p| (p.offset, p.kind.into())));
    out.problems = first_of_each_kind(&source, file, problems);
    out
}

/// A binary file renamed to `.c` has a million problems of one kind: the first
/// tells it all. Unbalanced functions are listed one by one.
fn first_of_each_kind(
    source: &[u8],
    file: &SourceFile,
    mut problems: Vec<(u32, ProblemKind)>,
) -> Vec<Problem> {
    problems.sort_unstable();
    let mut kept: Vec<(u32, ProblemKind)> = Vec::new();
    for problem in problems {
        let listed = problem.1 == ProblemKind::UnbalancedFunction;
        if listed || kept.iter().all(|k| k.1 != problem.1) {
            kept.push(problem);
        }
    }
    let line = |offset: u32| line_at(source, offset as usize);
    kept.into_iter()
        .map(|(offset, kind)| Problem { file: file.path.clone(), line: line(offset), kind })
        .collect()
}

/// The functions whose hash at least one other has, one list a hash, each in the
/// order of file and place, and the lists in the order of their first function.
fn shared_shapes(mut fingerprints: Vec<Fingerprint>) -> Vec<Vec<Fingerprint>> {
    fingerprints.sort_unstable_by_key(|f| (f.shape, f.file, f.function.start));
    let mut shapes: Vec<Vec<Fingerprint>> = Vec::new();
    let mut rest = fingerprints.into_iter().peekable();
    while let Some(first) = rest.next() {
        let hash = first.shape;
        let mut shape = vec![first];
        while let Some(next) = rest.next_if(|f| f.shape == hash) {
            shape.push(next);
        }
        if shape.len() > 1 {
            shapes.push(shape);
        }
    }
    shapes.sort_unstable_by_key(|s| (s[0].file, s[0].function.start));
    shapes
}

/// Reads the text of every function in `shapes`. A file that cannot be read any
/// more, or is too short now, is reported and its functions are left out.
fn load(
    root: &Path,
    files: &[&SourceFile],
    shapes: &[Vec<Fingerprint>],
    placement: &dyn Placement,
    unreadable: &mut Vec<(TreePath, String)>,
) -> Vec<Vec<Candidate>> {
    let mut places: Vec<(u32, usize, usize)> = Vec::new();
    for (s, shape) in shapes.iter().enumerate() {
        places.extend(shape.iter().enumerate().map(|(m, f)| (f.file, s, m)));
    }
    places.sort_unstable();
    let by_file: Vec<&[(u32, usize, usize)]> = places.chunk_by(|a, b| a.0 == b.0).collect();
    let texts: Vec<Result<Vec<Vec<u8>>, String>> = by_file
        .par_iter()
        .map(|members| {
            let source = read(root, files[members[0].0 as usize])?;
            let text = |&(_, s, m): &(u32, usize, usize)| {
                source.get(shapes[s][m].function.range()).map(<[u8]>::to_vec)
            };
            let texts: Option<Vec<_>> = members.iter().map(text).collect();
            texts.ok_or_else(|| "the file changed while it was read: scan again".to_owned())
        })
        .collect();
    let mut out: Vec<Vec<Candidate>> = shapes.iter().map(|_| Vec::new()).collect();
    for (members, texts) in by_file.iter().zip(texts) {
        let path = &files[members[0].0 as usize].path;
        let texts = match texts {
            Ok(texts) => texts,
            Err(error) => {
                unreadable.push((path.clone(), error));
                continue;
            }
        };
        let (driver, class) = (placement.driver(path), placement.class(path));
        for (&(_, s, m), text) in members.iter().zip(texts) {
            let Fingerprint { function, ordinal, .. } = &shapes[s][m];
            out[s].push(Candidate {
                file: path.clone(),
                driver: driver.clone(),
                class: class.clone(),
                function: function.clone(),
                ordinal: *ordinal,
                text,
            });
        }
    }
    out
}
