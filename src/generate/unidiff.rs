//! Reads unified diffs, and lays them on a text without guessing.

use super::Edit;
use super::edits::{EditError, apply_edits};
use super::lines::{line_starts, split_lines};
use crate::tree::TreePath;
use std::ops::Range;

mod parse;
pub use parse::{PatchError, parse};
pub(crate) use parse::{hunk_header, is_tree_path, unquote};

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatch {
    /// The file.
    pub path: TreePath,
    /// Permission bits of a file that the patch makes; `None` for one that is there.
    pub creates: Option<u32>,
    /// Its changes, in the order of the file.
    pub hunks: Vec<Hunk>,
}

/// A run of changes with unchanged lines around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Line of the patch at which its header stands, counted from one.
    pub patch_line: usize,
    /// Its first line in the text before, counted from one; the line before it
    /// where it has none there.
    pub old_start: usize,
    /// Its lines.
    pub lines: Vec<HunkLine>,
}

/// What a hunk does with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// It stays.
    Context,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// One line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkLine {
    /// What becomes of it.
    pub kind: LineKind,
    /// The line with its end; with none where the patch says that it has none.
    pub text: Vec<u8>,
}

/// Why a patch does not fit a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The lines that a hunk expects are nowhere in the text.
    #[error(
        "{path}:{line}: the lines that the patch changes here (its line {patch_line}) \
         are not in the file; plan again"
    )]
    NoPlace {
        /// The file.
        path: TreePath,
        /// Where the hunk should be, counted from one.
        line: usize,
        /// Line of the patch at which the hunk begins.
        patch_line: usize,
    },
    /// The patch makes a file that is there already.
    #[error("{path}: the patch makes this file, but it is there already")]
    Exists {
        /// The file.
        path: TreePath,
    },
    /// A line without an end would stand before another one.
    #[error("{path}: the patch (its line {patch_line}) puts a line after one that has no end")]
    MissingLineEnd {
        /// The file.
        path: TreePath,
        /// Line of the patch at which the hunk begins.
        patch_line: usize,
    },
    /// The hunks do not stand in the order of the file.
    #[error(transparent)]
    Edits(#[from] EditError),
}

/// The text after a patch.
///
/// # Errors
/// As [`FilePatch::edits`].
pub fn apply_to(before: &[u8], patch: &FilePatch) -> Result<Vec<u8>, ApplyError> {
    Ok(apply_edits(&patch.path, before, &patch.edits(before)?)?)
}

impl FilePatch {
    /// The patch as edits of whole lines of `before`: sorted, and apart from each
    /// other.
    ///
    /// A hunk is tried at its own line first and then ever farther away, below
    /// before above, as `git apply` does; every context line must be there.
    ///
    /// # Errors
    /// When a hunk fits nowhere, when the file that it makes is there already,
    /// and when a line with no end would stand before another.
    pub fn edits(&self, before: &[u8]) -> Result<Vec<Edit>, ApplyError> {
        if self.creates.is_some() && !before.is_empty() {
            return Err(ApplyError::Exists { path: self.path.clone() });
        }
        let lines = split_lines(before);
        let starts = line_starts(&lines);
        let mut edits = Vec::new();
        let mut free_from = 0;
        for hunk in &self.hunks {
            let place = hunk.place(&lines, free_from).ok_or_else(|| ApplyError::NoPlace {
                path: self.path.clone(),
                line: hunk.old_start,
                patch_line: hunk.patch_line,
            })?;
            for (range, text) in hunk.changes(place.start) {
                let byte = |line: usize| starts.get(line).copied().unwrap_or(before.len());
                let edit = Edit { range: byte(range.start)..byte(range.end), text };
                if joins_lines(before, &edit) {
                    return Err(ApplyError::MissingLineEnd {
                        path: self.path.clone(),
                        patch_line: hunk.patch_line,
                    });
                }
                edits.push(edit);
            }
            free_from = place.end;
        }
        Ok(edits)
    }
}

/// Whether an edit of whole lines would glue two lines together.
fn joins_lines(before: &[u8], edit: &Edit) -> bool {
    let ends_line = |text: &[u8]| text.is_empty() || text.ends_with(b"\n");
    let above = before.get(..edit.range.start).unwrap_or_default();
    let below = before.get(edit.range.end..).unwrap_or_default();
    (!ends_line(above) && !edit.text.is_empty()) || (!ends_line(&edit.text) && !below.is_empty())
}

impl Hunk {
    fn old_lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().filter(|l| l.kind != LineKind::Added).map(|l| l.text.as_slice())
    }

    /// The lines of `text`, counted from zero and not before `free_from`, that
    /// the hunk expects.
    fn place(&self, text: &[&[u8]], free_from: usize) -> Option<Range<usize>> {
        let old: Vec<&[u8]> = self.old_lines().collect();
        let last = text.len().checked_sub(old.len())?;
        let fits = |at: usize| {
            at >= free_from && text.get(at..at + old.len()).is_some_and(|there| there == old)
        };
        let expected = match old.is_empty() {
            true => self.old_start,
            false => self.old_start.saturating_sub(1),
        };
        // As git: a hunk of the first line is only looked for there, and one with
        // nothing below its last change only at the end.
        let at_start = self.old_start <= 1;
        let at_end = self.lines.last().is_none_or(|line| line.kind != LineKind::Context);
        let at = match (at_start, at_end) {
            (true, true) => (last == 0 && fits(0)).then_some(0),
            (true, false) => fits(0).then_some(0),
            (false, true) => fits(last).then_some(last),
            (false, false) => {
                let expected = expected.min(text.len());
                (0..=text.len()).find_map(|distance| {
                    let below = expected.saturating_add(distance);
                    let above = expected.checked_sub(distance);
                    fits(below).then_some(below).or(above.filter(|&at| fits(at)))
                })
            }
        }?;
        Some(at..at + old.len())
    }

    /// Runs of changed lines of a hunk that begins at the line `at`: the lines
    /// that go, and the text that comes.
    fn changes(&self, at: usize) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut changes: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        let mut line = at;
        for run in self.lines.chunk_by(|one, next| {
            (one.kind == LineKind::Context) == (next.kind == LineKind::Context)
        }) {
            let from = line;
            line += run.iter().filter(|l| l.kind != LineKind::Added).count();
            if run.iter().any(|l| l.kind != LineKind::Context) {
                let added = run.iter().filter(|l| l.kind == LineKind::Added);
                changes.push((from..line, added.flat_map(|l| l.text.clone()).collect()));
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests;
