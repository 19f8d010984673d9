//! Statements that are taken away.

use super::Field;
use crate::generate::Edit;
use crate::verify::definition::Definition;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Each statement of the function that is an expression or a jump, then each call of
/// it that is a statement. A `return` at the end stays: there would be no value.
pub(super) fn missing(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let unit = field.unit;
    let inside = field.definition.iter().flat_map(statements);
    let calls = field.calls.iter().filter(|call| {
        matches!(unit.text_before(call.name), b";" | b"{" | b"}")
            && unit.text(call.close + 1) == b";"
    });
    let calls = calls.map(|call| unit.span(call.name..call.close + 1));
    inside.chain(calls).map(|range| vec![without(unit, range)]).collect()
}

fn statements<'d>(definition: &'d Definition<'_, '_>) -> impl Iterator<Item = Range<usize>> + 'd {
    let tree = &definition.tree;
    let body = definition.unit.bytes(definition.body.clone());
    let is_at_the_end = move |id| tree.node(tree.node(id).parent).range == body;
    let ids = (0..tree.nodes.len() as u32).filter(move |&id| match tree.node(id).kind {
        "expression_statement" | "goto_statement" | "break_statement" | "continue_statement" => {
            true
        }
        "return_statement" => !is_at_the_end(id),
        _ => false,
    });
    ids.map(move |id| {
        let range = &tree.node(id).range;
        // Its `;` stays, for an `if` in front of it.
        range.start as usize..(range.end as usize).saturating_sub(1)
    })
}

/// The lines stay.
fn without(unit: &Unit<'_>, range: Range<usize>) -> Edit {
    let text = unit.source.get(range.clone()).unwrap_or_default();
    Edit { range, text: text.iter().copied().filter(|byte| *byte == b'\n').collect() }
}
