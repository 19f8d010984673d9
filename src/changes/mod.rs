//! Which lines of the tree are new since a revision, or not committed. In: a tree and a
//! revision that git knows. Out: [`Changes`]. It asks the `git` program, which writes nothing, and
//! never reads a C file.
//!
//! ```text
//! git    what to ask
//! diff   reads the answer
//! ```

mod diff;
pub(crate) mod git;

pub use git::ChangesError;

use crate::tree::{KernelTree, TreePath};
use diff::{FileDiff, Hunk, Lines};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The lines that were added or changed, by file as it stands in the tree now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    by_file: BTreeMap<TreePath, Vec<Lines>>,
}

impl Changes {
    /// What changed since `revision`: what `git diff REV` tells of the working tree,
    /// and all files that git does not know yet nor ignores; for a range of commits
    /// (`A..B`, `A...B`) what these changed, at the lines where it stands now.
    ///
    /// # Errors
    /// Without git, outside a repository, and for a revision that it does not know.
    pub fn since(tree: &KernelTree, revision: &str) -> Result<Changes, ChangesError> {
        let git = git::Git::open(&tree.root)?;
        match git::Revisions::parse(revision) {
            git::Revisions::One(commit) => {
                let commit = git.commit(commit)?;
                let changes = Changes::of(git.diff(&commit, None)?);
                Ok(changes.with_new_files(git.untracked()?))
            }
            git::Revisions::Range { from, to, from_base } => {
                let (from, to) = (git.commit(from)?, git.commit(to)?);
                let from = if from_base { git.merge_base(&from, &to)? } else { from };
                let changes = Changes::of(git.diff(&from, Some(&to))?);
                // The lines are those of the last commit; the tree may have moved on.
                Ok(changes.carried_through(&git.diff(&to, None)?))
            }
        }
    }

    /// What is not committed of the files of the tree at `root`, staged or not. Files
    /// that git does not track have nothing that could be committed, nor has a tree
    /// without a repository, without a commit, or without git.
    ///
    /// # Errors
    /// When there is a repository and git does not tell.
    pub fn uncommitted(root: &Path, files: &[TreePath]) -> Result<Changes, ChangesError> {
        let git = match git::Git::open(root) {
            Err(ChangesError::NoGit | ChangesError::NoRepository { .. }) => {
                return Ok(Changes::default());
            }
            git => git?,
        };
        match git.commit("HEAD") {
            Err(ChangesError::UnknownRevision { .. }) => Ok(Changes::default()),
            head => Ok(Changes::of(git.diff_of(&head?, files)?)),
        }
    }

    /// The first line, from one, at which a change of the lines `lines` of a file would
    /// meet one of these; an empty range is the place before its line, and is met where
    /// the lines on both its sides are new.
    pub fn meet(&self, file: &str, lines: &Range<u32>) -> Option<u32> {
        let changed = self.by_file.get(file)?;
        changed.iter().find_map(|changed| {
            let (start, end) = changed.bounds();
            let at = start.max(lines.start);
            let meets = match (lines.is_empty(), start == end) {
                (false, false) => at < end.min(lines.end),
                (false, true) => lines.start < start && start < lines.end,
                (true, _) => start < lines.start && lines.start < end,
            };
            meets.then_some(at)
        })
    }

    /// Whether any line from `first` to `last`, both counted from one and included,
    /// was added or changed, or one between them removed.
    pub fn touch(&self, file: &str, first: u32, last: u32) -> bool {
        let lines = self.by_file.get(file).map_or(&[][..], Vec::as_slice);
        lines.iter().any(|lines| match lines.count {
            0 => first <= lines.start && lines.start < last,
            count => lines.start <= last && lines.start.saturating_add(count) > first,
        })
    }

    fn of(diffs: Vec<FileDiff>) -> Changes {
        let new_lines = |diff: FileDiff| {
            let lines = diff.hunks.iter().map(|hunk| hunk.new).collect();
            Some((diff.new?, lines))
        };
        Changes { by_file: diffs.into_iter().filter_map(new_lines).collect() }
    }

    fn with_new_files(mut self, files: Vec<TreePath>) -> Changes {
        let whole = vec![Lines { start: 1, count: u32::MAX }];
        self.by_file.extend(files.into_iter().map(|file| (file, whole.clone())));
        self
    }

    /// The same changes where `later` has moved them.
    fn carried_through(self, later: &[FileDiff]) -> Changes {
        let by_old: BTreeMap<&str, &FileDiff> =
            later.iter().filter_map(|diff| Some((diff.old.as_deref()?, diff))).collect();
        let carried = |(file, lines): (TreePath, Vec<Lines>)| match by_old.get(file.as_str()) {
            None => Some((file, lines)),
            Some(diff) => {
                let lines = lines.into_iter().flat_map(|lines| carried(lines, &diff.hunks));
                Some((diff.new.clone()?, lines.collect()))
            }
        };
        Changes { by_file: self.by_file.into_iter().filter_map(carried).collect() }
    }
}

/// Where `lines` of a text stand in the one that `hunks` make of it. Lines that a
/// hunk replaces are those that it puts there.
fn carried(lines: Lines, hunks: &[Hunk]) -> Vec<Lines> {
    // A place between two lines goes where the line before it goes.
    let is_place = lines.count == 0;
    let (mut at, end) = (lines.start, lines.start.saturating_add(lines.count.max(1)));
    let mut found = Vec::new();
    let mut shift = 0i64;
    let shifted = |from: u32, to: u32, shift: i64| Lines {
        start: u32::try_from(i64::from(from) + shift).unwrap_or(0),
        count: if is_place { 0 } else { to - from },
    };
    for hunk in hunks {
        let (from, to) = hunk.old.bounds();
        if from >= end {
            break;
        }
        if at < from {
            found.push(shifted(at, from, shift));
        }
        if to > at {
            found.extend((from < to).then_some(hunk.new));
            at = to;
        }
        at = at.max(from);
        shift += i64::from(hunk.new.count) - i64::from(hunk.old.count);
    }
    if at < end {
        found.push(shifted(at, end, shift));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(start: u32, count: u32) -> Lines {
        Lines { start, count }
    }

    #[test]
    fn a_function_is_touched_by_lines_within_it() {
        let check = |changed: Lines, expected: &[u32]| {
            let changes = Changes { by_file: [("a.c".to_owned(), vec![changed])].into() };
            // Functions of three lines each, at lines 1, 4 and 7.
            let touched: Vec<u32> =
                [1, 4, 7].into_iter().filter(|&at| changes.touch("a.c", at, at + 2)).collect();
            assert_eq!(touched, expected, "{changed:?}");
            assert!(!changes.touch("b.c", 1, 9));
        };
        check(lines(4, 1), &[4]);
        check(lines(6, 2), &[4, 7]);
        check(lines(1, u32::MAX), &[1, 4, 7]);
        check(lines(10, 1), &[]);
        // Lines that went from between 4 and 5, 3 and 4, before all.
        check(lines(4, 0), &[4]);
        check(lines(3, 0), &[]);
        check(lines(0, 0), &[]);
    }

    #[test]
    fn a_change_meets_others_that_are_in_the_same_lines() {
        let check = |changed: Lines, mine: Range<u32>, expected: Option<u32>| {
            let changes = Changes { by_file: [("a.c".to_owned(), vec![changed])].into() };
            assert_eq!(changes.meet("a.c", &mine), expected, "{changed:?} {mine:?}");
            assert_eq!(changes.meet("b.c", &mine), None);
        };
        check(lines(4, 2), 2..5, Some(4));
        check(lines(4, 2), 5..9, Some(5));
        check(lines(4, 2), 6..9, None);
        check(lines(4, 2), 2..4, None);
        // Lines that went from between 4 and 5.
        check(lines(4, 0), 4..6, Some(5));
        check(lines(4, 0), 5..6, None);
        check(lines(4, 0), 4..5, None);
        // Lines that come between two that are new, and beside one.
        check(lines(4, 2), 5..5, Some(5));
        check(lines(4, 2), 4..4, None);
        check(lines(4, 2), 6..6, None);
        check(lines(4, 0), 5..5, None);
        check(lines(1, 9), 1..1, None);
    }

    #[test]
    fn lines_are_carried_past_later_changes() {
        let check = |changed: Lines, later: &[(Lines, Lines)], expected: &[Lines]| {
            let hunks: Vec<Hunk> = later.iter().map(|&(old, new)| Hunk { old, new }).collect();
            assert_eq!(carried(changed, &hunks), expected, "{changed:?} {later:?}");
        };
        let added_above = (lines(2, 0), lines(3, 5));
        check(lines(10, 3), &[], &[lines(10, 3)]);
        check(lines(10, 3), &[added_above], &[lines(15, 3)]);
        check(lines(10, 0), &[added_above], &[lines(15, 0)]);
        check(lines(2, 1), &[added_above], &[lines(2, 1)]);
        check(lines(1, 4), &[added_above], &[lines(1, 2), lines(8, 2)]);
        check(lines(10, 3), &[(lines(1, 2), lines(0, 0))], &[lines(8, 3)]);
        check(
            lines(10, 3),
            &[(lines(11, 1), lines(11, 2))],
            &[lines(10, 1), lines(11, 2), lines(13, 1)],
        );
        check(lines(10, 3), &[(lines(9, 9), lines(8, 0))], &[lines(8, 0)]);
        check(lines(10, 3), &[(lines(13, 1), lines(13, 7))], &[lines(10, 3)]);
    }

    #[test]
    fn files_that_moved_or_went_later_are_followed() {
        let change = |file: &str| (file.to_owned(), vec![lines(1, 1)]);
        let changes =
            Changes { by_file: [change("moved.c"), change("gone.c"), change("a.c")].into() };
        let diff = |old: &str, new: Option<&str>| FileDiff {
            old: Some(old.to_owned()),
            new: new.map(str::to_owned),
            hunks: vec![],
        };
        let later = [diff("moved.c", Some("here.c")), diff("gone.c", None)];
        let files: Vec<_> = changes.carried_through(&later).by_file.into_keys().collect();
        assert_eq!(files, ["a.c", "here.c"]);
    }
}
