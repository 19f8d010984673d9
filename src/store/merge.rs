//! Several proposals' edits of one text, laid together; and one proposal's edits
//! moved onto the text that others made. All edits are of whole lines and planned
//! against the same text.

use crate::generate::Edit;
use crate::generate::lines::split_lines;
use std::ops::Range;

/// An edit and the proposal that wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub owner: String,
    pub edit: Edit,
}

/// Two proposals that change the same lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The proposal whose change begins first.
    pub first: String,
    /// The other one.
    pub second: String,
    /// Where the second begins, counted in lines from one.
    pub line: usize,
}

/// Puts edits in the order of the text. Insertions at one point stand in the order
/// of their owners' ids. A deletion that overlaps a neighbour is slid away from
/// it where equal lines allow that: taking out `blank, f` is the same as taking
/// out `f, blank`.
pub(super) fn merge(before: &[u8], mut edits: Vec<Owned>) -> Result<Vec<Owned>, Overlap> {
    let key = |o: &Owned| (o.edit.range.start, o.edit.range.end);
    edits.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.owner.cmp(&b.owner)));
    for at in 1..edits.len() {
        let (placed, rest) = edits.split_at_mut(at);
        let (Some(last), Some(next)) = (placed.last(), rest.first_mut()) else { break };
        if next.edit.range.start >= last.edit.range.end {
            continue;
        }
        let overlap = overlap(before, last, next);
        if !slide_all_up(before, placed, next.edit.range.start)
            && !slide_below(before, &mut next.edit, end_of(placed))
        {
            return Err(overlap);
        }
    }
    match ambiguous_pair(before, &edits) {
        Some(overlap) => Err(overlap),
        None => Ok(edits),
    }
}

/// Moves the edits of `owner` from the text `before` to the one that `applied`
/// makes of it.
pub(super) fn rebase(
    before: &[u8],
    owner: &str,
    edits: Vec<Edit>,
    applied: &[Owned],
) -> Result<Vec<Edit>, Overlap> {
    let mine = edits.into_iter().map(|edit| Owned { owner: owner.to_owned(), edit });
    let (mut removed, mut added) = (0, 0);
    let mut moved = Vec::new();
    for Owned { owner: who, edit } in merge(before, applied.iter().cloned().chain(mine).collect())?
    {
        if who == owner {
            let to = |at: usize| (at + added).saturating_sub(removed);
            moved.push(Edit { range: to(edit.range.start)..to(edit.range.end), text: edit.text });
        } else {
            removed += edit.range.len();
            added += edit.text.len();
        }
    }
    Ok(moved)
}

fn overlap(before: &[u8], first: &Owned, second: &Owned) -> Overlap {
    let above = before.get(..second.edit.range.start).unwrap_or_default();
    Overlap {
        first: first.owner.clone(),
        second: second.owner.clone(),
        line: memchr::memchr_iter(b'\n', above).count() + 1,
    }
}

fn end_of(placed: &[Owned]) -> usize {
    placed.last().map_or(0, |owned| owned.edit.range.end)
}

/// Slides the last deletion up until it ends by `limit`, and those above it out of
/// its way; false, with nothing changed, where that cannot be.
fn slide_all_up(before: &[u8], placed: &mut [Owned], limit: usize) -> bool {
    let mut limit = limit;
    let mut slid = Vec::new();
    for (index, owned) in placed.iter().enumerate().rev() {
        let mut range = owned.edit.range.clone();
        if range.end <= limit {
            break;
        }
        while range.end > limit {
            match blank_up(before, &range).filter(|_| owned.edit.text.is_empty()) {
                Some(up) => range = up,
                None => return false,
            }
        }
        limit = range.start;
        slid.push((index, range));
    }
    for (index, range) in slid {
        if let Some(owned) = placed.get_mut(index) {
            owned.edit.range = range;
        }
    }
    true
}

/// Slides a deletion down until it begins at `limit` or below.
fn slide_below(before: &[u8], edit: &mut Edit, limit: usize) -> bool {
    let mut range = edit.range.clone();
    while range.start < limit {
        match blank_down(before, &range).filter(|_| edit.text.is_empty()) {
            Some(down) => range = down,
            None => return false,
        }
    }
    edit.range = range;
    true
}

fn blank_up(before: &[u8], range: &Range<usize>) -> Option<Range<usize>> {
    line_up(before, range).filter(|up| is_blank(before, up.end..range.end))
}

fn blank_down(before: &[u8], range: &Range<usize>) -> Option<Range<usize>> {
    line_down(before, range).filter(|down| is_blank(before, range.start..down.start))
}

fn is_blank(before: &[u8], range: Range<usize>) -> bool {
    before.get(range).is_some_and(|line| line.trim_ascii().is_empty())
}

/// The same deletion one line further up, where the line above it equals its last.
fn line_up(before: &[u8], range: &Range<usize>) -> Option<Range<usize>> {
    let above = last_line(before.get(..range.start)?)?;
    let inside = last_line(before.get(range.clone())?)?;
    (above == inside).then(|| range.start - above.len()..range.end - above.len())
}

/// The same deletion one line further down, where the line below it equals its first.
fn line_down(before: &[u8], range: &Range<usize>) -> Option<Range<usize>> {
    let inside = first_line(before.get(range.clone())?)?;
    let below = first_line(before.get(range.end..)?)?;
    (below == inside).then(|| range.start + below.len()..range.end + below.len())
}

fn first_line(text: &[u8]) -> Option<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').next()
}

fn last_line(text: &[u8]) -> Option<&[u8]> {
    let inner = text.strip_suffix(b"\n").unwrap_or(text);
    let start = memchr::memrchr(b'\n', inner).map_or(0, |at| at + 1);
    text.get(start..).filter(|line| !line.is_empty())
}

/// Neighbours of which the one could as well stand on the other side of lines that
/// the other changes. A diff cannot say which side was meant, unless the change
/// is aligned: whole top-level items after a blank line.
fn ambiguous_pair(before: &[u8], edits: &[Owned]) -> Option<Overlap> {
    edits.windows(2).find_map(|pair| {
        let [first, second] = pair else { return None };
        let touches = |floating: &Edit, fixed: &Edit| {
            let span = float_span(before, floating);
            !aligned(before, floating)
                && fixed.range.start < span.end
                && span.start < fixed.range.end
        };
        let ambiguous = first.owner != second.owner
            && (touches(&first.edit, &second.edit) || touches(&second.edit, &first.edit));
        ambiguous.then(|| overlap(before, first, second))
    })
}

/// The lines over which a pure insertion or deletion can slide; its own range for
/// a replacement.
fn float_span(before: &[u8], edit: &Edit) -> Range<usize> {
    let (mut up, mut down) = (edit.range.clone(), edit.range.clone());
    if edit.text.is_empty() {
        while let Some(range) = line_up(before, &up) {
            up = range;
        }
        while let Some(range) = line_down(before, &down) {
            down = range;
        }
    } else if edit.range.is_empty() {
        let lines = split_lines(&edit.text);
        let above = before.get(..edit.range.start).unwrap_or_default();
        let below = before.get(edit.range.end..).unwrap_or_default();
        let same_up = split_lines(above).into_iter().rev().zip(lines.iter().rev().cycle());
        let same_down = split_lines(below).into_iter().zip(lines.iter().cycle());
        up.start -= same_up.take_while(|(a, b)| a == *b).map(|(a, _)| a.len()).sum::<usize>();
        down.end += same_down.take_while(|(a, b)| a == *b).map(|(a, _)| a.len()).sum::<usize>();
    }
    up.start..down.end
}

/// Whether an edit takes or brings whole top-level items: text in column 0 that is
/// no brace, after a blank line of its own or above, or at the beginning of the file.
fn aligned(before: &[u8], edit: &Edit) -> bool {
    let above = before.get(..edit.range.start).and_then(last_line).unwrap_or(b"\n");
    let text = match edit.text.is_empty() {
        true => before.get(edit.range.clone()).unwrap_or_default(),
        false => &edit.text,
    };
    let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let lines = split_lines(text);
    let item = lines.iter().find(|line| !is_blank(line)).and_then(|line| line.first());
    let begins = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'{' | b'}');
    (is_blank(&above) || lines.first().is_some_and(is_blank)) && item.is_some_and(begins)
}

#[cfg(test)]
mod tests;
