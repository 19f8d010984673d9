//! Rows of a table that stand in each other's place.

use super::calls;
use crate::generate::Edit;
use crate::verify::tables::Table;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Each two neighbours of a table that are unlike, and the first row and the last: in
/// a long table all pairs would be too many. A designator stays, for a row that takes
/// it along is where it was. Of a table that is searched only the last values change
/// places: its rows may stand in any order.
pub(super) fn exchanged(unit: &Unit<'_>, tables: &[Table]) -> Vec<Vec<Edit>> {
    let pairs = tables.iter().flat_map(|table| {
        let searched = is_searched(unit, table);
        let ends = table.rows.first().zip(table.rows.last()).filter(|_| table.rows.len() > 2);
        let neighbours = table.rows.iter().zip(table.rows.iter().skip(1));
        neighbours.chain(ends).map(move |(one, other)| (searched, one, other))
    });
    let values = pairs.filter_map(|(searched, one, other)| match searched {
        true => last(unit, one).zip(last(unit, other)),
        false => Some((value(unit, one), value(unit, other))),
    });
    let unlike = values.filter(|(one, other)| {
        unit.texts(one.clone()) != unit.texts(other.clone()) && !one.is_empty() && !other.is_empty()
    });
    unlike.map(|(one, other)| calls::exchange(unit, &one, &other).into()).collect()
}

/// Whether something compares a member of the table's elements: `== table[i].key`.
fn is_searched(unit: &Unit<'_>, table: &Table) -> bool {
    let name = unit.text(table.name);
    let compared = |at: usize| {
        unit.text(at) == name
            && unit.text_before(at) == b"=="
            && unit.text(at + 1) == b"["
            && unit.text(at + 4) == b"."
    };
    (0..unit.tokens.len()).any(compared)
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
