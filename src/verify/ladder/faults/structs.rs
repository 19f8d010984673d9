//! A struct in the place of another of the same tag: what a helper does that two
//! drivers share and that was written for one of them. It compiles, and reads other
//! members than it says.

use super::Field;
use crate::generate::Edit;
use crate::syntax::TokenKind;
use crate::verify::definition::{Definition, Param};
use crate::verify::unit::Unit;
use std::collections::BTreeSet;
use std::ops::Range;

/// A struct that the file defines.
struct Layout {
    /// Token of the tag.
    tag: usize,
    /// The members' declarations, each with its `;`.
    members: Vec<Range<usize>>,
    /// What stands between `}` and `;`.
    attributes: Range<usize>,
}

/// For each member that the function uses of a struct of this file: a struct in
/// which another one stands before it, and one in which it changed places with its
/// neighbour. The function has that struct for its own, within its braces, and
/// believes its parameters to be such.
pub(super) fn exchanged(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let Some(definition) = &field.definition else { return Vec::new() };
    let unit = field.unit;
    let layouts = unit.items.iter().filter(|item| item.function.is_none());
    let layouts = layouts.filter_map(|item| layout(unit, item.tokens.clone()));
    layouts.flat_map(|layout| of(definition, &layout)).collect()
}

fn layout(unit: &Unit<'_>, item: Range<usize>) -> Option<Layout> {
    let (tag, open) = (item.start + 1, item.start + 2);
    let is_struct = unit.text(item.start) == b"struct" && unit.text(open) == b"{";
    let is_plain = item.clone().all(|at| unit.kind(at) != Some(TokenKind::Directive));
    if !is_struct || !is_plain || !unit.is_word(tag) {
        return None;
    }
    let (mut members, mut from, mut depth) = (Vec::new(), open + 1, 1u32);
    for at in open + 1..item.end {
        match unit.text(at) {
            b"{" | b"(" | b"[" => depth += 1,
            b"}" | b")" | b"]" => depth = depth.saturating_sub(1),
            b";" if depth == 1 => {
                members.push(from..at + 1);
                from = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            let attributes = at + 1..item.end.checked_sub(1)?;
            // Anything else would be a variable.
            let mut words = attributes.clone().filter(|at| unit.is_word(*at));
            return words.all(|at| unit.text(at).starts_with(b"__")).then_some(Layout {
                tag,
                members,
                attributes,
            });
        }
    }
    None
}

fn of(definition: &Definition<'_, '_>, layout: &Layout) -> Vec<Vec<Edit>> {
    let unit = definition.unit;
    let pointers = pointers(definition, unit.text(layout.tag));
    let used: BTreeSet<&[u8]> = definition
        .body
        .clone()
        .filter(|at| pointers.contains(unit.text(*at)) && unit.is_member_access(at + 2))
        .map(|at| unit.text(at + 2))
        .collect();
    let of_use = |at: &usize| layout.members.get(*at).is_some_and(|it| declares(unit, it, &used));
    let places = (0..layout.members.len()).filter(of_use);
    let others = places.flat_map(|at| {
        let text =
            |at: usize| layout.members.get(at).map(|it| unit.texts(it.clone()).join(&b" "[..]));
        let texts: Vec<Vec<u8>> = (0..layout.members.len()).filter_map(text).collect();
        let (mut more, mut moved) = (texts.clone(), texts);
        more.insert(at, b"unsigned long long another__;".to_vec());
        let neighbour = if at + 1 < moved.len() { Some(at + 1) } else { at.checked_sub(1) };
        let moved = neighbour.map(|neighbour| {
            moved.swap(at, neighbour);
            moved
        });
        [Some(more), moved]
    });
    others.flatten().map(|members| believed(definition, layout, &members)).collect()
}

/// The names that the function has for pointers to the struct, or for one of it.
fn pointers<'s>(definition: &Definition<'_, 's>, tag: &[u8]) -> BTreeSet<&'s [u8]> {
    let unit = definition.unit;
    let tags = (definition.name..definition.body.end)
        .filter(|at| unit.text(*at) == tag && unit.text_before(*at) == b"struct");
    let name = |at: usize| if unit.text(at + 1) == b"*" { at + 2 } else { at + 1 };
    tags.map(name).filter(|at| unit.is_word(*at)).map(|at| unit.text(at)).collect()
}

/// Whether a member's declaration has one of `names`.
fn declares(unit: &Unit<'_>, member: &Range<usize>, names: &BTreeSet<&[u8]>) -> bool {
    let ends = |at: usize| matches!(unit.text(at), b";" | b"," | b"[" | b":" | b")");
    member.clone().any(|at| names.contains(unit.text(at)) && ends(at + 1))
}

/// The function with a struct of its own.
fn believed(definition: &Definition<'_, '_>, layout: &Layout, members: &[Vec<u8>]) -> Vec<Edit> {
    let unit = definition.unit;
    let tag = unit.text(layout.tag);
    let is_one = |param: &&Param| {
        let mut tokens = param.tokens.clone();
        tokens.any(|at| unit.text(at) == tag && unit.text(at + 1) == b"*" && at + 2 == param.name)
    };
    let mut edits = Vec::new();
    let mut text = [b" struct ", tag, b" { ", &members.join(&b" "[..])[..], b" } "].concat();
    text.extend(unit.texts(layout.attributes.clone()).join(&b" "[..]));
    text.push(b';');
    for param in definition.params.iter().filter(is_one) {
        let given = [unit.text(param.name), b"__given"].concat();
        let declared = unit.texts(param.tokens.start..param.name).join(&b" "[..]);
        let name = unit.text(param.name);
        text.extend([b" ", &declared[..], b" ", name, b" = (void *)", &given, b";"].concat());
        edits.push(Edit { range: unit.span(param.name..param.name + 1), text: given });
    }
    let start = unit.span(definition.body.start..definition.body.start + 1).end;
    edits.push(Edit { range: start..start, text });
    edits
}
