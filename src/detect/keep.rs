//! Functions that are to stay as they are: a comment `drvdedup: keep (reason)`
//! directly above one keeps it out of all groups.
//!
//! Kept functions are compared like all others and leave their groups only
//! afterwards: so a comment that keeps nothing is noticed.

use super::level::{Placement, level};
use super::world::Entry;
use super::{CloneGroup, Kind};
use crate::syntax::{Function, lexer, line_at, split};
use crate::tree::TreePath;
use memchr::memmem;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// What such a comment begins with. A file without it costs one search.
const MARK: &[u8] = b"drvdedup:";
/// Line ends between a comment and what it stands above: one blank line at most.
const LINE_ENDS: usize = 2;

/// A comment of this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Line of its `drvdedup:`, from 1.
    pub line: u32,
    /// Why, in one line; `None` where it does not say, and then it has no effect.
    pub reason: Option<String>,
    /// The function directly below it.
    pub function: Option<KeptFunction>,
}

/// A function as [`super::Member`] names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeptFunction {
    /// Its name.
    pub name: String,
    /// How many functions of the same name precede it in the file.
    pub ordinal: u32,
}

/// What became of the comments of a tree. Both lists are sorted by file and line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeps {
    /// Functions that would be in a group without their comment.
    pub kept: Vec<Kept>,
    /// Comments that have no effect.
    pub unused: Vec<UnusedKeep>,
}

/// A function that its comment kept out of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// Its file.
    pub file: TreePath,
    /// Line of the comment, from 1.
    pub line: u32,
    /// Its name.
    pub function: String,
    /// Why, as the comment says.
    pub reason: String,
}

/// A comment that has no effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnusedKeep {
    /// Its file.
    pub file: TreePath,
    /// Its line, from 1.
    pub line: u32,
    /// What is wrong.
    pub why: Unused,
}

/// See [`UnusedKeep::why`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unused {
    /// It does not say why.
    NoReason,
    /// It stands above no function.
    NoFunction,
    /// The function is in no group anyway.
    NoGroup {
        /// The function's name.
        function: String,
    },
}

impl fmt::Display for Kept {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kept { file, line, function, reason } = self;
        write!(out, "{file}:{line}: {function}() is kept: {reason}")
    }
}

impl fmt::Display for UnusedKeep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnusedKeep { file, line, why } = self;
        write!(out, "{file}:{line}: this comment has no effect: ")?;
        match why {
            Unused::NoReason => write!(out, "write why, as in `drvdedup: keep (reason)`"),
            Unused::NoFunction => write!(out, "move it directly above a function"),
            Unused::NoGroup { function } => {
                write!(out, "{function}() is in no group of the files that were read")
            }
        }
    }
}

/// The comments of this form in a file.
pub fn in_file(source: &[u8]) -> Vec<Keep> {
    match memmem::find(source, MARK) {
        Some(_) => keeps(source, &split::functions(source).0),
        None => Vec::new(),
    }
}

/// The comments of this form in `source`, whose functions are `functions`, in the
/// order of the text.
pub fn keeps(source: &[u8], functions: &[Function]) -> Vec<Keep> {
    let mut found = Vec::new();
    let mut ordinals: FxHashMap<&[u8], u32> = FxHashMap::default();
    let mut end = 0;
    for function in functions {
        let name = function.name(source);
        let next = ordinals.entry(name).or_insert(0);
        let kept =
            KeptFunction { name: String::from_utf8_lossy(name).into_owned(), ordinal: *next };
        *next += 1;
        let Range { start, end: after } = function.range();
        found.extend(keeps_between(source, end..start, Some(&kept)));
        found.extend(keeps_between(source, start..after, None));
        end = after;
    }
    found.extend(keeps_between(source, end..source.len(), None));
    found
}

/// The comments in `range`, which begins outside any token and ends where
/// `function` begins.
fn keeps_between(source: &[u8], range: Range<usize>, function: Option<&KeptFunction>) -> Vec<Keep> {
    let marked = |bytes: Range<usize>| {
        memmem::find(source.get(bytes.clone()).unwrap_or_default(), MARK).map(|at| bytes.start + at)
    };
    if marked(range.clone()).is_none() {
        return Vec::new();
    }
    let comments = lexer::comments(source, range.start, range.end);
    let mut found = Vec::new();
    let mut below = range.end;
    let mut adjoins = function.is_some();
    // From the function upward: a comment adjoins while all below it do.
    for comment in comments.into_iter().rev() {
        adjoins &= is_close(source.get(comment.end..below).unwrap_or_default());
        below = comment.start;
        let Some(mark) = marked(comment.clone()) else { continue };
        let text = source.get(mark + MARK.len()..comment.end).unwrap_or_default();
        if let Some(reason) = keep_reason(text) {
            let function = function.filter(|_| adjoins).cloned();
            found.push(Keep { line: line_at(source, mark), reason, function });
        }
    }
    found.reverse();
    found
}

/// Whether nothing but white space with at most one blank line is `between`.
fn is_close(between: &[u8]) -> bool {
    between.iter().all(u8::is_ascii_whitespace)
        && memchr::memchr_iter(b'\n', between).count() <= LINE_ENDS
}

/// Whether `text`, what follows the mark, is a `keep`, and then its reason.
fn keep_reason(text: &[u8]) -> Option<Option<String>> {
    let rest = text.trim_ascii_start().strip_prefix(b"keep")?;
    if rest.first().is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    Some(rest.trim_ascii_start().strip_prefix(b"(").and_then(reason))
}

/// The text up to the `)` that closes it, in one line; `None` for nothing.
fn reason(text: &[u8]) -> Option<String> {
    let mut depth = 1;
    let end = text.iter().position(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let text = String::from_utf8_lossy(text.get(..end)?);
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches('*'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The comments of the files that were asked for, by file.
pub fn found(entries: &[Entry]) -> Vec<(TreePath, Vec<Keep>)> {
    let asked = entries.iter().filter(|entry| !entry.offered && !entry.facts.keeps.is_empty());
    asked.map(|entry| (entry.file.path.clone(), entry.facts.keeps.clone())).collect()
}

/// Takes the functions that `found` keeps out of `groups`, whose ids are not
/// assigned yet. A group that keeps one member is none any more. Out, too: the groups
/// that are not what they were, by their places.
pub fn apply(
    groups: &mut [CloneGroup],
    found: Vec<(TreePath, Vec<Keep>)>,
    placement: &dyn Placement,
) -> (Keeps, Vec<usize>) {
    if found.is_empty() {
        return Default::default();
    }
    let functions = |keeps: &[Keep]| -> BTreeSet<KeptFunction> {
        let effective = keeps.iter().filter(|keep| keep.reason.is_some());
        effective.filter_map(|keep| keep.function.clone()).collect()
    };
    let wanted: BTreeMap<TreePath, BTreeSet<KeptFunction>> =
        found.iter().map(|(file, keeps)| (file.clone(), functions(keeps))).collect();
    let mut left: BTreeSet<(TreePath, KeptFunction)> = BTreeSet::new();
    let mut changed = Vec::new();
    for (at, group) in groups.iter_mut().enumerate() {
        let keep = |at: usize| {
            let member = group.members.get(at)?;
            let function = KeptFunction { name: member.name.clone(), ordinal: member.ordinal };
            let kept = wanted.get(&member.file)?.contains(&function);
            kept.then(|| (member.file.clone(), function))
        };
        let kept: Vec<_> = (0..group.members.len()).map(keep).collect();
        if kept.iter().all(Option::is_none) {
            continue;
        }
        let gone: Vec<bool> = kept.iter().map(Option::is_some).collect();
        left.extend(kept.into_iter().flatten());
        leave(group, &gone, placement);
        changed.push(at);
    }
    (told(found, &left), changed)
}

/// Takes the members that are `gone` out of a group.
///
/// A constant-only group without holes is identical. A renamed one stays renamed:
/// that locals differ leaves no hole, so the holes cannot tell.
fn leave(group: &mut CloneGroup, gone: &[bool], placement: &dyn Placement) {
    let mut of_members = gone.iter();
    group.members.retain(|_| !of_members.next().copied().unwrap_or(false));
    for hole in group.holes.iter_mut().filter(|hole| hole.values.len() == gone.len()) {
        let mut of_values = gone.iter();
        hole.values.retain(|_| !of_values.next().copied().unwrap_or(false));
    }
    group.holes.retain(|hole| hole.values.windows(2).any(|pair| pair[0] != pair[1]));
    if group.kind == Kind::ConstantOnly && group.holes.is_empty() {
        group.kind = Kind::Identical;
    }
    group.level = level(&group.members, placement);
}

/// What became of each comment, with the functions that `left` a group.
fn told(found: Vec<(TreePath, Vec<Keep>)>, left: &BTreeSet<(TreePath, KeptFunction)>) -> Keeps {
    let mut keeps = Keeps::default();
    for (file, comments) in found {
        for Keep { line, reason, function } in comments {
            let key = function.map(|function| (file.clone(), function));
            let why = match (reason, key) {
                (Some(reason), Some(key)) if left.contains(&key) => {
                    let function = key.1.name;
                    keeps.kept.push(Kept { file: file.clone(), line, function, reason });
                    continue;
                }
                (None, _) => Unused::NoReason,
                (_, None) => Unused::NoFunction,
                (_, Some((_, function))) => Unused::NoGroup { function: function.name },
            };
            keeps.unused.push(UnusedKeep { file: file.clone(), line, why });
        }
    }
    keeps.kept.sort_unstable();
    keeps.unused.sort_unstable();
    keeps
}

#[cfg(test)]
#[path = "keep_tests.rs"]
mod tests;
