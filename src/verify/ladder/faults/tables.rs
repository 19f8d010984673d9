//! Rows of a table that stand in each other's place.

use super::calls;
use crate::generate::Edit;
use crate::verify::tables::Table;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Each two neighbours of a table that are unlike, and the first row and the last: in
/// a long table all pairs would be too many. A designator stays, for a row that takes
/// it along is where it was. Of rows of several values only the last are exchanged, where
/// they are unlike: whole rows of keys and values may stand in any order.
pub(super) fn exchanged(unit: &Unit<'_>, tables: &[Table]) -> Vec<Vec<Edit>> {
    let pairs = tables.iter().flat_map(|table| {
        let ends = table.rows.first().zip(table.rows.last()).filter(|_| table.rows.len() > 2);
        let neighbours = table.rows.iter().zip(table.rows.iter().skip(1));
        neighbours.chain(ends)
    });
    let is_unlike = |(one, other): &(Range<usize>, Range<usize>)| {
        unit.texts(one.clone()) != unit.texts(other.clone()) && !one.is_empty() && !other.is_empty()
    };
    let values = pairs.map(|(one, other)| {
        let last = last(unit, one).zip(last(unit, other)).filter(is_unlike);
        last.unwrap_or_else(|| (value(unit, one), value(unit, other)))
    });
    let unlike = values.filter(is_unlike);
    unlike.map(|(one, other)| calls::exchange(unit, &one, &other).into()).collect()
}

/// What stands behind the designators of a row.
fn value(unit: &Unit<'_>, row: &Range<usize>) -> Range<usize> {
    let designated = matches!(unit.text(row.start), b"[" | b".");
    let equals = row.clone().find(|&at| designated && unit.text(at) == b"=");
    equals.map_or(row.start, |at| at + 1)..row.end
}

/// The last of several values of a row.
fn last(unit: &Unit<'_>, row: &Range<usize>) -> Option<Range<usize>> {
    let (mut values, _) = (unit.text(row.start) == b"{").then(|| unit.list(row.start)).flatten()?;
    values.pop().filter(|_| !values.is_empty())
}
