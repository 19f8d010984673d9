//! The difference of two texts, line by line.

use super::Edit;
use super::slide::{self, Side};
use rustc_hash::FxHashMap;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// The lines of a text with their ends; the last may have none.
pub fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Where each line begins, and at the end the length of the text.
pub fn line_starts(lines: &[&[u8]]) -> Vec<usize> {
    let mut starts = Vec::with_capacity(lines.len() + 1);
    let mut at = 0;
    starts.push(at);
    for line in lines {
        at += line.len();
        starts.push(at);
    }
    starts
}

/// Lines of the one text that stand where lines of the other stood. One of the
/// two may be empty, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// Lines that go, counted from zero.
    pub before: Range<usize>,
    /// Lines that come, counted from zero.
    pub after: Range<usize>,
}

/// The changes from one text to the other, in their order, with at least one
/// unchanged line between two of them.
///
/// The histogram algorithm keeps a moved function in one piece; sliding then puts
/// the borders of a change between functions rather than inside them.
pub fn line_changes(before: &[&[u8]], after: &[&[u8]]) -> Vec<LineChange> {
    let mut numbers = FxHashMap::default();
    let old_ids = number(before, &mut numbers);
    let new_ids = number(after, &mut numbers);
    let mut old = Side { ids: &old_ids, lines: before, changed: vec![false; before.len()] };
    let mut new = Side { ids: &new_ids, lines: after, changed: vec![false; after.len()] };
    for op in capture_diff_slices(Algorithm::Histogram, &old_ids, &new_ids) {
        if !matches!(op, DiffOp::Equal { .. }) {
            mark(&mut old.changed, op.old_range());
            mark(&mut new.changed, op.new_range());
        }
    }
    slide::compact(&mut old, &new);
    slide::compact(&mut new, &old);
    collect(&old.changed, &new.changed)
}

/// The same as edits of `before`.
pub fn line_edits(before: &[u8], after: &[u8]) -> Vec<Edit> {
    let (old, new) = (split_lines(before), split_lines(after));
    let starts = line_starts(&old);
    let byte = |line: usize| starts.get(line).copied().unwrap_or(before.len());
    line_changes(&old, &new)
        .into_iter()
        .map(|change| Edit {
            range: byte(change.before.start)..byte(change.before.end),
            text: new.get(change.after).unwrap_or_default().concat(),
        })
        .collect()
}

/// The same edits, each widened to the whole lines that it touches; edits of one
/// line become one.
pub fn whole_lines(before: &[u8], edits: &[Edit]) -> Vec<Edit> {
    let mut wide: Vec<Edit> = Vec::new();
    for edit in edits {
        let start =
            before[..edit.range.start].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        let start = start.max(wide.last().map_or(0, |last| last.range.end.min(edit.range.start)));
        let at_line_end = edit.range.end == 0 || before[edit.range.end - 1] == b'\n';
        let inserts = edit.range.is_empty() && start == edit.range.start;
        let end = match at_line_end && (inserts || !edit.range.is_empty()) {
            true => edit.range.end,
            false => memchr::memchr(b'\n', &before[edit.range.end..])
                .map_or(before.len(), |n| edit.range.end + n + 1),
        };
        let head = &before[start..edit.range.start];
        let tail = &before[edit.range.end..end];
        match wide.last_mut() {
            // A second edit of the last line: what followed the first is split.
            Some(last) if last.range.end > edit.range.start => {
                let kept = last.text.len() - (last.range.end - edit.range.start);
                last.text.truncate(kept);
                last.text.extend_from_slice(&edit.text);
                last.text.extend_from_slice(&before[edit.range.end..end.max(last.range.end)]);
                last.range.end = end.max(last.range.end);
            }
            _ => wide.push(Edit { range: start..end, text: [head, &edit.text, tail].concat() }),
        }
    }
    wide.into_iter().map(|edit| without_equal_ends(before, edit)).collect()
}

/// The edit without the lines at its two ends that it does not change.
fn without_equal_ends(before: &[u8], edit: Edit) -> Edit {
    let (old, new) = (split_lines(&before[edit.range.clone()]), split_lines(&edit.text));
    let most = old.len().min(new.len());
    let head = (0..most).take_while(|&i| old[i] == new[i]).count();
    let tail =
        (0..most - head).take_while(|i| old[old.len() - 1 - i] == new[new.len() - 1 - i]).count();
    let bytes = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
    let start = edit.range.start + bytes(&old[..head]);
    let end = edit.range.end - bytes(&old[old.len() - tail..]);
    Edit { range: start..end, text: new[head..new.len() - tail].concat() }
}

fn number<'a>(lines: &[&'a [u8]], numbers: &mut FxHashMap<&'a [u8], u32>) -> Vec<u32> {
    let mut ids = Vec::with_capacity(lines.len());
    for line in lines {
        let next = numbers.len() as u32;
        ids.push(*numbers.entry(line).or_insert(next));
    }
    ids
}

fn mark(changed: &mut [bool], range: Range<usize>) {
    if let Some(flags) = changed.get_mut(range) {
        flags.fill(true);
    }
}

fn collect(removed: &[bool], added: &[bool]) -> Vec<LineChange> {
    let run = |flags: &[bool], from: usize| {
        from + flags.iter().skip(from).take_while(|changed| **changed).count()
    };
    let mut changes = Vec::new();
    let (mut old, mut new) = (0, 0);
    while old < removed.len() || new < added.len() {
        let (old_end, new_end) = (run(removed, old), run(added, new));
        if old_end > old || new_end > new {
            changes.push(LineChange { before: old..old_end, after: new..new_end });
        }
        (old, new) = (old_end + 1, new_end + 1);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::edits::apply_edits;
    use proptest::prelude::*;

    /// Shows a diff with no context: `-` and `+` lines only.
    fn changes(before: &str, after: &str) -> String {
        let (old, new) = (split_lines(before.as_bytes()), split_lines(after.as_bytes()));
        let mut shown = Vec::new();
        for change in line_changes(&old, &new) {
            old[change.before].iter().for_each(|line| shown.extend([b"-", *line].concat()));
            new[change.after].iter().for_each(|line| shown.extend([b"+", *line].concat()));
        }
        String::from_utf8(shown).unwrap()
    }

    const ONE: &str = "static int one(void)\n{\n\tint x = 1;\n\n\treturn 0;\n}\n\n";
    const TWO: &str = "static int two(void)\n{\n\tint x = 2;\n\n\treturn 0;\n}\n\n";
    const SIX: &str = "static int six(void)\n{\n\tint x = 6;\n\n\treturn 0;\n}\n\n";

    fn signed(sign: char, text: &str) -> String {
        text.split_inclusive('\n').map(|line| format!("{sign}{line}")).collect()
    }

    #[test]
    fn a_deleted_function_is_shown_from_its_first_line_to_the_blank_line_after_it() {
        let before = [ONE, TWO, SIX].concat();
        assert_eq!(changes(&before, &[ONE, SIX].concat()), signed('-', TWO));
    }

    #[test]
    fn an_inserted_function_is_shown_from_its_first_line_to_the_blank_line_after_it() {
        let after = [ONE, TWO, SIX].concat();
        assert_eq!(changes(&[ONE, SIX].concat(), &after), signed('+', TWO));
    }

    #[test]
    fn two_deleted_neighbours_are_one_run() {
        let before = [ONE, TWO, SIX, ONE].concat();
        let expected = signed('-', &[TWO, SIX].concat());
        assert_eq!(changes(&before, &[ONE, ONE].concat()), expected);
    }

    proptest! {
        #[test]
        fn the_edits_of_a_diff_lead_from_the_one_text_to_the_other(
            before in "([ab{}]{0,2}\r?\n){0,30}[ab]{0,1}",
            after in "([ab{}]{0,2}\r?\n){0,30}[ab]{0,1}",
        ) {
            let edits = line_edits(before.as_bytes(), after.as_bytes());
            let made = apply_edits("a.c", before.as_bytes(), &edits).unwrap();
            prop_assert_eq!(made, after.as_bytes());
        }
    }
}
