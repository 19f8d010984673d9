//! Rows by which one function is reached that hold each other's constants.

use super::calls;
use crate::generate::Edit;
use crate::verify::family::Rows;
use crate::verify::unit::Unit;
use std::collections::BTreeSet;
use std::ops::Range;

/// Each two neighbours among the declarations that the patch changed.
pub(super) fn exchanged(before: &Unit<'_>, after: &Unit<'_>, rows: &Rows) -> Vec<Vec<Edit>> {
    let loose = |unit: &Unit<'_>| -> Vec<Range<usize>> {
        let items = unit.items.iter().filter(|item| item.function.is_none());
        items.map(|item| item.tokens.clone()).collect()
    };
    let known: BTreeSet<Vec<&[u8]>> =
        loose(before).into_iter().map(|tokens| before.texts(tokens)).collect();
    let held = |number: usize, constants: &Vec<String>| match (&rows.table, constants.as_slice()) {
        (Some(_), _) => number.to_string(),
        (None, constants) => constants.concat(),
    };
    let held: Vec<String> =
        rows.constants.iter().enumerate().map(|(number, it)| held(number, it)).collect();
    let place = |tokens: Range<usize>| {
        let is_new = !known.contains(&after.texts(tokens.clone()));
        let is_held = |at: &usize| held.iter().any(|it| it.as_bytes() == after.text(*at));
        let at = tokens.rev().find(is_held).filter(|_| is_new)?;
        Some(at..at + 1)
    };
    let places: Vec<Range<usize>> = loose(after).into_iter().filter_map(place).collect();
    let pairs = places.iter().zip(places.iter().skip(1));
    let unlike = pairs.filter(|(one, other)| after.text(one.start) != after.text(other.start));
    unlike.map(|(one, other)| calls::exchange(after, one, other).into()).collect()
}
