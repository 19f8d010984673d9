//! Rows of a table that stand in each other's place.

use super::calls;
use crate::generate::Edit;
use crate::verify::tables::Table;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Each two neighbours of a table that are unlike, and the first row and the last: in
/// a long table all pairs would be too many. A designator stays, for a row that takes
/// it along is where it was.
pub(super) fn exchanged(unit: &Unit<'_>, tables: &[Table]) -> Vec<Vec<Edit>> {
    let pairs = tables.iter().flat_map(|table| {
        let ends = table.rows.first().zip(table.rows.last()).filter(|_| table.rows.len() > 2);
        let neighbours = table.rows.iter().zip(table.rows.iter().skip(1));
        neighbours.chain(ends)
    });
    let values = pairs.map(|(one, other)| (value(unit, one), value(unit, other)));
    let unlike = values.filter(|(one, other)| {
        unit.texts(one.clone()) != unit.texts(other.clone()) && !one.is_empty() && !other.is_empty()
    });
    unlike.map(|(one, other)| calls::exchange(unit, &one, &other).into()).collect()
}

/// What stands behind the designators of a row.
fn value(unit: &Unit<'_>, row: &Range<usize>) -> Range<usize> {
    let designated = matches!(unit.text(row.start), b"[" | b".");
    let equals = row.clone().find(|&at| designated && unit.text(at) == b"=");
    equals.map_or(row.start, |at| at + 1)..row.end
}
