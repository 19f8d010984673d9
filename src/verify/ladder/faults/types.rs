//! Types that are too narrow.

use super::Field;
use crate::generate::Edit;
use crate::verify::definition::Definition;
use crate::verify::ladder::constants::constant;
use crate::verify::signature::declared_type;
use crate::verify::unit::Unit;
use crate::verify::width;
use std::ops::Range;

/// A type of the same sign with fewer bits, in words that every C file knows.
fn narrower(words: &[&[u8]]) -> Option<&'static [&'static [u8]]> {
    Some(match words {
        [b"int" | b"s32" | b"s16" | b"short" | b"long" | b"ssize_t"] => &[b"signed", b"char"],
        [b"unsigned", b"int" | b"long" | b"short"]
        | [b"unsigned" | b"u32" | b"u16" | b"__u32" | b"__u16"]
        | [b"size_t" | b"uint" | b"uint32_t" | b"uint16_t"] => &[b"unsigned", b"char"],
        [b"s64" | b"int64_t"] => &[b"short"],
        [b"u64" | b"uint64_t" | b"dma_addr_t" | b"phys_addr_t"] => &[b"unsigned", b"short"],
        _ => return None,
    })
}

/// The parameters that are given more than constants that still fit, the function's
/// value, and its variables. What the values are that a variable has, nobody knows
/// here.
pub(super) fn narrowed(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let Some(definition) = &field.definition else { return Vec::new() };
    let unit = field.unit;
    let signature = match field.declared {
        true => Vec::new(),
        false => parameters(field, definition).into_iter().chain(value(definition)).collect(),
    };
    let variables = variables(definition);
    let places = signature.into_iter().chain(variables);
    let edits = places.filter_map(|place| {
        let text = narrower(&unit.texts(place.clone()))?.join(&b" "[..]);
        Some(vec![Edit { range: unit.span(place), text }])
    });
    edits.collect()
}

/// A constant whose value the file does not tell may fit: it is no reason.
fn parameters(field: &Field<'_, '_>, definition: &Definition<'_, '_>) -> Vec<Range<usize>> {
    let unit = field.unit;
    let params = definition.params.iter().enumerate().filter_map(|(index, param)| {
        let place = run(&declared_type(unit, param))?;
        let narrow = narrower(&unit.texts(place.clone()))?;
        let fits = |argument: &Range<usize>| {
            let words = unit.texts(argument.clone());
            constant(unit, argument).is_some()
                && width::refuses(narrow, &words, field.macros).is_none()
        };
        let mut given = field.calls.iter().filter_map(|call| call.arguments.get(index));
        (!given.all(fits)).then_some(place)
    });
    params.collect()
}

/// Tokens that stand next to each other.
fn run(tokens: &[usize]) -> Option<Range<usize>> {
    let (first, last) = (*tokens.first()?, *tokens.last()?);
    (last + 1 - first == tokens.len()).then_some(first..last + 1)
}

/// The type of what the function returns.
fn value(definition: &Definition<'_, '_>) -> Option<Range<usize>> {
    let is_type = |at: &usize| narrower(&[definition.unit.text(*at)]).is_some();
    let of: Vec<usize> = definition.head.clone().filter(is_type).collect();
    let whole = |at: usize| {
        let before = definition.unit.text_before(at) == b"unsigned";
        at - usize::from(before)..at + 1
    };
    // `unsigned` is one by itself.
    let last = of.last().copied()?;
    (definition.unit.text_before(definition.name) != b"*").then(|| whole(last))
}

/// The types in the declarations of a function.
fn variables<'d>(definition: &'d Definition<'_, '_>) -> impl Iterator<Item = Range<usize>> + 'd {
    let (tree, unit) = (&definition.tree, definition.unit);
    let declarations = tree.of_kind("declaration");
    let types = declarations.filter_map(|id| tree.child_by_field(id, "type"));
    types.map(|id| tokens_of(unit, &tree.node(id).range))
}

fn tokens_of(unit: &Unit<'_>, bytes: &Range<u32>) -> Range<usize> {
    unit.first_token_at(bytes.start)..unit.first_token_at(bytes.end)
}
