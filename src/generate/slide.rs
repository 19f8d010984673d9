//! Slides the changes of a line diff to where a person would put them: git's
//! `xdl_change_compact` with its indent heuristic (git, `xdiff/xdiffi.c`; the
//! weights come from Michael Haggerty's corpus of hand-rated diffs).
//!
//! A run of removed (or added) lines whose first line equals the line after it
//! can slide down by one with no change of meaning. Without this, taking away a
//! function shows as beginning at the `}` of the function before.

const START_OF_FILE_PENALTY: i64 = 1;
const END_OF_FILE_PENALTY: i64 = 21;
const TOTAL_BLANK_WEIGHT: i64 = -30;
const POST_BLANK_WEIGHT: i64 = 6;
const RELATIVE_INDENT_PENALTY: i64 = -4;
const RELATIVE_INDENT_WITH_BLANK_PENALTY: i64 = 10;
const RELATIVE_OUTDENT_PENALTY: i64 = 24;
const RELATIVE_OUTDENT_WITH_BLANK_PENALTY: i64 = 17;
const RELATIVE_DEDENT_PENALTY: i64 = 23;
const RELATIVE_DEDENT_WITH_BLANK_PENALTY: i64 = 17;
const INDENT_WEIGHT: i64 = 60;
/// Columns from which indents count as equally deep.
const MAX_INDENT: i64 = 200;
/// Blank lines looked at on either side of a split.
const MAX_BLANKS: i64 = 20;
/// Positions tried for one group.
const MAX_SLIDING: usize = 100;

/// One text of a diff: its lines, and which of them are changed.
pub(super) struct Side<'a> {
    /// A number for each line; equal for equal lines of either text.
    pub ids: &'a [u32],
    /// The lines, as many as `ids`.
    pub lines: &'a [&'a [u8]],
    /// Whether a line is removed (of the old text) or added (of the new).
    pub changed: Vec<bool>,
}

/// A run of changed lines, empty between two unchanged ones.
struct Group {
    start: usize,
    end: usize,
}

impl Side<'_> {
    fn is_changed(&self, line: usize) -> bool {
        self.changed.get(line).copied().unwrap_or(false)
    }

    fn set(&mut self, line: usize, changed: bool) {
        if let Some(flag) = self.changed.get_mut(line) {
            *flag = changed;
        }
    }

    fn same(&self, one: usize, other: usize) -> bool {
        matches!((self.ids.get(one), self.ids.get(other)), (Some(a), Some(b)) if a == b)
    }

    fn first(&self) -> Group {
        self.group_at(0)
    }

    fn group_at(&self, start: usize) -> Group {
        let mut end = start;
        while self.is_changed(end) {
            end += 1;
        }
        Group { start, end }
    }

    /// Steps to the next group; false at the end.
    fn next(&self, group: &mut Group) -> bool {
        if group.end >= self.ids.len() {
            return false;
        }
        *group = self.group_at(group.end + 1);
        true
    }

    /// Steps to the previous group; false at the beginning.
    fn previous(&self, group: &mut Group) -> bool {
        let Some(end) = group.start.checked_sub(1) else { return false };
        *group = Group { start: self.grow_up(end), end };
        true
    }

    fn grow_up(&self, mut start: usize) -> usize {
        while start > 0 && self.is_changed(start - 1) {
            start -= 1;
        }
        start
    }

    fn slide_down(&mut self, group: &mut Group) -> bool {
        if group.start == group.end || !self.same(group.start, group.end) {
            return false;
        }
        self.set(group.start, false);
        self.set(group.end, true);
        *group = self.group_at(group.start + 1);
        true
    }

    fn slide_up(&mut self, group: &mut Group) -> bool {
        let (Some(above), Some(last)) = (group.start.checked_sub(1), group.end.checked_sub(1))
        else {
            return false;
        };
        if group.start == group.end || !self.same(above, last) {
            return false;
        }
        self.set(above, true);
        self.set(last, false);
        *group = Group { start: self.grow_up(above), end: last };
        true
    }

    /// Columns before the first character that is not blank; -1 for a blank line.
    fn indent(&self, line: usize) -> i64 {
        let mut columns = 0;
        for &byte in self.lines.get(line).copied().unwrap_or_default() {
            match byte {
                b' ' => columns += 1,
                b'\t' => columns += 8 - columns % 8,
                b'\n' | b'\r' | 0x0b | 0x0c => {}
                _ => return columns,
            }
            if columns >= MAX_INDENT {
                return MAX_INDENT;
            }
        }
        -1
    }

    /// Blank lines that come first among `lines`, and the indent after them.
    fn blanks(&self, lines: impl Iterator<Item = usize>) -> (i64, i64) {
        let mut blanks = 0;
        for line in lines {
            match self.indent(line) {
                -1 => blanks += 1,
                indent => return (blanks, indent),
            }
            if blanks == MAX_BLANKS {
                return (blanks, 0);
            }
        }
        (blanks, -1)
    }

    /// How bad it is to begin or end a change before `split`: the indent there,
    /// and the penalty.
    fn split_score(&self, split: usize) -> (i64, i64) {
        let at_end = split >= self.lines.len();
        let own_indent = if at_end { -1 } else { self.indent(split) };
        let (pre_blank, pre_indent) = self.blanks((0..split.min(self.lines.len())).rev());
        let (after_blank, post_indent) = self.blanks(split + 1..self.lines.len());

        let mut penalty = 0;
        if pre_indent == -1 && pre_blank == 0 {
            penalty += START_OF_FILE_PENALTY;
        }
        if at_end {
            penalty += END_OF_FILE_PENALTY;
        }
        let post_blank = if own_indent == -1 { 1 + after_blank } else { 0 };
        let total_blank = pre_blank + post_blank;
        penalty += TOTAL_BLANK_WEIGHT * total_blank + POST_BLANK_WEIGHT * post_blank;

        let indent = if own_indent == -1 { post_indent } else { own_indent };
        let pick = |with_blank, without| if total_blank != 0 { with_blank } else { without };
        if indent != -1 && pre_indent != -1 {
            penalty += match indent.cmp(&pre_indent) {
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => {
                    pick(RELATIVE_INDENT_WITH_BLANK_PENALTY, RELATIVE_INDENT_PENALTY)
                }
                std::cmp::Ordering::Less if post_indent != -1 && post_indent > indent => {
                    pick(RELATIVE_OUTDENT_WITH_BLANK_PENALTY, RELATIVE_OUTDENT_PENALTY)
                }
                std::cmp::Ordering::Less => {
                    pick(RELATIVE_DEDENT_WITH_BLANK_PENALTY, RELATIVE_DEDENT_PENALTY)
                }
            };
        }
        (indent, penalty)
    }

    /// The best end for a group of `size` lines that may end from `earliest` to
    /// `latest`.
    fn best_end(&self, size: usize, earliest: usize, latest: usize) -> usize {
        let from =
            earliest.max(latest.saturating_sub(size + 1)).max(latest.saturating_sub(MAX_SLIDING));
        let mut best: Option<(usize, i64, i64)> = None;
        for end in from..=latest {
            let (end_indent, end_penalty) = self.split_score(end);
            let (start_indent, start_penalty) = self.split_score(end.saturating_sub(size));
            let (indent, penalty) = (end_indent + start_indent, end_penalty + start_penalty);
            let better = best.is_none_or(|(_, best_indent, best_penalty)| {
                let deeper = (indent - best_indent).signum();
                INDENT_WEIGHT * deeper + penalty - best_penalty <= 0
            });
            if better {
                best = Some((end, indent, penalty));
            }
        }
        best.map_or(latest, |(end, ..)| end)
    }
}

/// Slides every group of `side`; `other` is the other text, whose groups say where
/// a removal can stand next to an addition. Leaves the diff's meaning as it is.
pub(super) fn compact(side: &mut Side, other: &Side) {
    let (mut group, mut beside) = (side.first(), other.first());
    loop {
        if group.start != group.end {
            settle(side, other, &mut group, &mut beside);
        }
        if !side.next(&mut group) || !other.next(&mut beside) {
            return;
        }
    }
}

/// Slides one group, joining those that it meets, to its best place.
fn settle(side: &mut Side, other: &Side, group: &mut Group, beside: &mut Group) {
    let (mut size, mut earliest, mut beside_change);
    loop {
        size = group.end - group.start;
        while side.slide_up(group) {
            other.previous(beside);
        }
        earliest = group.end;
        beside_change = beside.end > beside.start;
        while side.slide_down(group) {
            other.next(beside);
            beside_change |= beside.end > beside.start;
        }
        if size == group.end - group.start {
            break;
        }
    }
    if group.end == earliest {
        return;
    }
    let best = side.best_end(size, earliest, group.end);
    let settled = |group: &Group, beside: &Group| match beside_change {
        true => beside.end > beside.start,
        false => group.end <= best,
    };
    while !settled(group, beside) && side.slide_up(group) {
        other.previous(beside);
    }
}
