//! The text after with the loops that a patch added marked to be unrolled, so that a
//! loop over a table comes out as the run of calls that it stands for. The pragma
//! changes no meaning; a compiler that does not know it passes over it.

use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::TokenKind;
use crate::verify::facts::is_in_capitals;
use crate::verify::unit::{Item, Unit};
use std::ops::Range;

/// In front of a loop. gcc unrolls a loop of at most so many turns whatever its size,
/// and folds the table's rows into the code (gcc 12: 1000 rows at all levels; without
/// the pragma, or with a smaller number than there are rows, none).
const PRAGMA: &[u8] = b"_Pragma(\"GCC unroll 1024\") ";

/// `after` with those `for` loops marked that its functions did not have in `before`
/// and whose bound is a constant; `None` where there are none.
pub(super) fn loops(before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let (old, new) = (Unit::new("", before), Unit::new("", after));
    let mut edits = Vec::new();
    for item in new.items.iter().filter(|item| item.function.is_some()) {
        let known = match same_function(&old, &new, item) {
            Some(was) if old.texts(was.tokens.clone()) == new.texts(item.tokens.clone()) => {
                continue;
            }
            Some(was) => heads(&old, was).map(|(_, head)| old.texts(head)).collect(),
            None => Vec::new(),
        };
        let added = heads(&new, item).filter(|(_, head)| {
            !known.contains(&new.texts(head.clone())) && is_bounded(&new, head.clone())
        });
        edits.extend(added.map(|(at, _)| {
            let start = new.span(at..at + 1).start;
            Edit { range: start..start, text: PRAGMA.to_vec() }
        }));
    }
    if edits.is_empty() {
        return None;
    }
    apply_edits("", after, &edits).ok()
}

fn same_function<'i>(old: &'i Unit<'_>, new: &Unit<'_>, item: &Item) -> Option<&'i Item> {
    let name = item.function.as_ref()?.name(new.source);
    old.items.iter().find(|it| it.function.as_ref().is_some_and(|f| f.name(old.source) == name))
}

/// Each `for` of a function with the tokens in its brackets.
fn heads(unit: &Unit<'_>, item: &Item) -> impl Iterator<Item = (usize, Range<usize>)> {
    let loops = item.tokens.clone().filter(|&at| unit.text(at) == b"for");
    loops.filter_map(|at| {
        let (_, close) = (unit.text(at + 1) == b"(").then(|| unit.list(at + 1)).flatten()?;
        Some((at, at + 2..close))
    })
}

/// Whether a loop's condition compares with what is a constant by its looks: one that
/// looks so and is none costs time and no more.
fn is_bounded(unit: &Unit<'_>, head: Range<usize>) -> bool {
    let ends: Vec<usize> = head.clone().filter(|&at| unit.text(at) == b";").collect();
    let [first, last] = ends[..] else { return false };
    let condition = first + 1..last;
    let compares = |at: &usize| matches!(unit.text(*at), b"<" | b"<=" | b"!=" | b">" | b">=");
    let Some(operator) = condition.clone().find(compares) else { return false };
    is_constant(unit, condition.start..operator) || is_constant(unit, operator + 1..condition.end)
}

fn is_constant(unit: &Unit<'_>, side: Range<usize>) -> bool {
    let takes_size = |at| matches!(unit.text(at), b"ARRAY_SIZE" | b"sizeof");
    let mut at = side.start;
    while at < side.end {
        let fits = match unit.kind(at) {
            Some(TokenKind::Number | TokenKind::Char | TokenKind::Punct) => true,
            Some(TokenKind::Ident) => is_in_capitals(unit.text(at)) || takes_size(at),
            _ => false,
        };
        if !fits {
            return false;
        }
        at = match takes_size(at).then(|| unit.list(at + 1)).flatten() {
            Some((_, close)) => close + 1,
            None => at + 1,
        };
    }
    !side.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines with a mark in a function of this body, which was `before`.
    fn marked(before: &str, after: &str) -> Vec<String> {
        let function = |body: &str| format!("int g;\nvoid f(int n)\n{{\n{body}\n}}\n");
        let Some(text) = loops(function(before).as_bytes(), function(after).as_bytes()) else {
            return Vec::new();
        };
        let text = String::from_utf8(text).expect("text");
        let mark = std::str::from_utf8(PRAGMA).expect("text");
        assert_eq!(text.replace(mark, ""), function(after), "nothing else changed");
        text.lines().filter_map(|line| line.split_once(mark)).map(|it| it.1.to_owned()).collect()
    }

    #[test]
    fn a_loop_that_is_new_and_has_a_constant_bound_is_marked() {
        for head in [
            "for (i = 0; i < ARRAY_SIZE(rows); i++)",
            "for (int i = 0; i <= ROWS - 1; i++)",
            "for (i = 20; i-- > 0;)",
            "for (p = rows, i = 0; i != sizeof(rows) / sizeof(rows[0]); i++)",
        ] {
            assert_eq!(marked("", head), [head]);
        }
        for head in ["for (i = 0; i < n; i++)", "for (;;)", "for (i = 0; rows[i].reg; i++)"] {
            assert_eq!(marked("", head), [""; 0], "{head}");
        }
    }

    #[test]
    fn a_loop_that_was_there_stays_as_it_is_for_the_compiler_would_not_unroll_it_before() {
        let turns = "for (i = 0; i < 4; i++) ";
        assert_eq!(marked(&format!("{turns} g(1);"), &format!("{turns} g(2);")), [""; 0]);
        let inner = "for (j = 0; j < ARRAY_SIZE(rows); j++) h();";
        let after = format!("{turns} {{\n{inner}\n}}");
        assert_eq!(marked(&format!("{turns} g(1);"), &after), [inner]);
        assert_eq!(marked(inner, inner), [""; 0]);
    }
}
