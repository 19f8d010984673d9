//! Faults in what a function is given.

use super::Field;
use crate::generate::Edit;
use crate::syntax::TokenKind;
use crate::verify::definition::{Definition, Role};
use crate::verify::facts::is_in_capitals;
use crate::verify::ladder::constants::constant;
use crate::verify::unit::Unit;
use std::ops::Range;

/// A call of the function.
pub(super) struct Call {
    /// Token of the name.
    pub name: usize,
    /// The arguments.
    pub arguments: Vec<Range<usize>>,
    /// Token of the closing bracket.
    pub close: usize,
}

/// The calls of `function`, in the order of the text. One with a directive between
/// its arguments is left out.
pub(super) fn of(unit: &Unit<'_>, function: &[u8]) -> Vec<Call> {
    let names = (0..unit.tokens.len()).filter(|at| unit.is_call_of(function, *at));
    let calls = names.filter_map(|name| {
        let (arguments, close) = unit.list(name + 1)?;
        let plain = (name..close).all(|at| unit.kind(at) != Some(TokenKind::Directive));
        plain.then_some(Call { name, arguments, close })
    });
    calls.collect()
}

/// Puts each of two pieces of text where the other stands.
pub(super) fn exchange(unit: &Unit<'_>, one: &Range<usize>, other: &Range<usize>) -> [Edit; 2] {
    let put = |place: &Range<usize>, text: &Range<usize>| Edit {
        range: unit.span(place.clone()),
        text: unit.spelling(text.clone()).to_vec(),
    };
    [put(one, other), put(other, one)]
}

/// Each two constants of a call, and each two neighbours that are none: what is of
/// different sorts would not be mistaken for each other.
pub(super) fn swapped(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let unit = field.unit;
    let pairs = field.calls.iter().flat_map(|call| {
        let (constants, others): (Vec<_>, Vec<_>) =
            call.arguments.iter().partition(|it| constant(unit, it).is_some());
        let constants = pairs(&constants);
        let others = others.windows(2).filter_map(|it| Some((*it.first()?, *it.last()?)));
        constants.into_iter().chain(others).collect::<Vec<_>>()
    });
    let differ = |(one, other): &(&Range<usize>, &Range<usize>)| {
        unit.texts((*one).clone()) != unit.texts((*other).clone())
    };
    pairs.filter(differ).map(|(one, other)| exchange(unit, one, other).into()).collect()
}

fn pairs<'r, T>(all: &[&'r T]) -> Vec<(&'r T, &'r T)> {
    let numbered = all.iter().enumerate();
    numbered.flat_map(|(at, one)| all.iter().skip(at + 1).map(|other| (*one, *other))).collect()
}

/// Each constant that is given, then each in the function.
pub(super) fn wrong(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let unit = field.unit;
    let arguments = field.calls.iter().flat_map(|call| &call.arguments);
    let given = arguments.filter(|it| constant(unit, it).is_some()).cloned();
    let inside = field.definition.iter().flat_map(written);
    given.chain(inside).map(|it| vec![another(unit, it)]).collect()
}

/// The constants that stand in a function.
fn written<'d>(definition: &'d Definition<'_, '_>) -> impl Iterator<Item = Range<usize>> + 'd {
    let unit = definition.unit;
    let pasted = |at: usize| {
        let neighbours = [Some(at + 1), at.checked_sub(1)];
        neighbours.into_iter().flatten().any(|it| unit.kind(it) == Some(TokenKind::Str))
    };
    let is_constant = move |at: &usize| match unit.kind(*at) {
        Some(TokenKind::Number) => true,
        Some(TokenKind::Ident) => {
            definition.role(*at) == Role::Free
                && is_in_capitals(unit.text(*at))
                && unit.text(at + 1) != b"("
                && !pasted(*at)
        }
        _ => false,
    };
    let inside = definition.body.start + 1..definition.body.end;
    inside.filter(is_constant).map(|at| at..at + 1)
}

/// Another value of the same type. Adding one changes every number; only a truth
/// value can be the same then, and a word becomes a pointer into itself.
fn another(unit: &Unit<'_>, place: Range<usize>) -> Edit {
    let text = unit.spelling(place.clone());
    let is_word = place.len() == 1 && unit.kind(place.start) == Some(TokenKind::Str);
    let text = match text {
        b"true" => b"false".to_vec(),
        b"false" => b"true".to_vec(),
        _ if is_word => [text, b" \"x\""].concat(),
        _ => [b"((", text, b") + 1)"].concat(),
    };
    Edit { range: unit.span(place), text }
}

/// Each two calls that have different constants in one place.
pub(super) fn exchanged(field: &Field<'_, '_>) -> Vec<Vec<Edit>> {
    let unit = field.unit;
    let calls: Vec<&Call> = field.calls.iter().collect();
    let rows = pairs(&calls).into_iter().map(|(one, other)| {
        let columns = one.arguments.iter().zip(&other.arguments);
        let differ = columns.filter(|(one, other)| {
            let (one, other) = (constant(unit, one), constant(unit, other));
            one.zip(other).is_some_and(|(one, other)| one != other)
        });
        differ.flat_map(|(one, other)| exchange(unit, one, other)).collect::<Vec<_>>()
    });
    rows.filter(|edits| !edits.is_empty()).collect()
}
