//! Plants faults in correct patches, so that it can be seen whether the rungs find
//! them. In: a text after a patch and the name of the function that does the
//! members' work. Out: the same text with one fault each.

use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::TokenKind;
use crate::verify::facts::is_in_capitals;
use crate::verify::unit::Unit;
use serde::Serialize;
use std::ops::Range;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Two arguments of a call stand in each other's place.
    SwappedArguments,
    /// A constant argument is greater by one.
    WrongConstant,
    /// A statement of the function is gone.
    MissingStatement,
    /// Two callers have each other's constants.
    ExchangedRows,
    /// A parameter is too narrow for one of the constants.
    NarrowedType,
}

/// A text for every fault that has a place in `source`.
pub fn planted(source: &[u8], function: &str) -> Vec<(Fault, Vec<u8>)> {
    let unit = Unit::new("", source);
    let Ok(item) = unit.function(function) else { return Vec::new() };
    let calls = calls(&unit, function);
    let edits = [
        (Fault::SwappedArguments, calls.iter().find_map(|call| swapped(&unit, call))),
        (Fault::WrongConstant, calls.iter().find_map(|call| wrong(&unit, call))),
        (Fault::MissingStatement, missing(&unit, item)),
        (Fault::ExchangedRows, exchanged(&unit, &calls)),
        (Fault::NarrowedType, narrowed(&unit, item, &calls)),
    ];
    let applied = edits.into_iter().filter_map(|(fault, edits)| {
        let mut edits = edits?;
        edits.sort_by_key(|edit| edit.range.start);
        Some((fault, apply_edits("", source, &edits).ok()?))
    });
    applied.collect()
}

/// The arguments of every call.
fn calls(unit: &Unit<'_>, function: &str) -> Vec<Vec<Range<usize>>> {
    let is_call = |at: &usize| unit.is_call_of(function.as_bytes(), *at);
    let lists = (0..unit.tokens.len()).filter(is_call).filter_map(|at| unit.list(at + 1));
    lists.map(|(arguments, _)| arguments).collect()
}

/// A number, or the name of one by its capitals.
fn is_constant(unit: &Unit<'_>, argument: &Range<usize>) -> bool {
    let word = unit.text(argument.start);
    argument.len() == 1
        && match unit.kind(argument.start) {
            Some(TokenKind::Number) => true,
            Some(TokenKind::Ident) => is_in_capitals(word) && word != b"NULL",
            _ => false,
        }
}

fn edit(unit: &Unit<'_>, tokens: Range<usize>, text: Vec<u8>) -> Edit {
    Edit { range: unit.span(tokens), text }
}

fn exchange(unit: &Unit<'_>, one: &Range<usize>, other: &Range<usize>) -> Vec<Edit> {
    let text = |argument: &Range<usize>| unit.texts(argument.clone()).join(&b" "[..]);
    vec![edit(unit, one.clone(), text(other)), edit(unit, other.clone(), text(one))]
}

fn swapped(unit: &Unit<'_>, call: &[Range<usize>]) -> Option<Vec<Edit>> {
    let constants: Vec<&Range<usize>> = call.iter().filter(|it| is_constant(unit, it)).collect();
    let differ = |pair: &&[&Range<usize>]| match pair {
        [one, other] => unit.text(one.start) != unit.text(other.start),
        _ => false,
    };
    match constants.windows(2).find(differ)? {
        [one, other] => Some(exchange(unit, one, other)),
        _ => None,
    }
}

fn wrong(unit: &Unit<'_>, call: &[Range<usize>]) -> Option<Vec<Edit>> {
    let argument = call.iter().find(|it| is_constant(unit, it))?;
    let text = [unit.text(argument.start), b" + 1"].concat();
    Some(vec![edit(unit, argument.clone(), text)])
}

/// The first statement that is a call or an assignment.
fn missing(unit: &Unit<'_>, item: usize) -> Option<Vec<Edit>> {
    let item = unit.items.get(item)?;
    let body = unit.first_token_at(item.function.as_ref()?.body)..item.tokens.end;
    let starts = |at: &usize| {
        matches!(unit.text_before(*at), b";" | b"{" | b"}")
            && unit.is_word(*at)
            && matches!(unit.text(at + 1), b"(" | b"=" | b"|=" | b"&=" | b"+=" | b"->" | b"[")
            && !matches!(unit.text(*at), b"if" | b"for" | b"while" | b"switch" | b"return")
    };
    let start = body.clone().find(starts)?;
    let end = (start..body.end).find(|&at| unit.text(at) == b";")?;
    Some(vec![edit(unit, start..end, Vec::new())])
}

/// The first two calls whose constants at one place differ.
fn exchanged(unit: &Unit<'_>, calls: &[Vec<Range<usize>>]) -> Option<Vec<Edit>> {
    let (first, rest) = calls.split_first()?;
    rest.iter().find_map(|other| {
        let differ = |(one, other): &(&Range<usize>, &Range<usize>)| {
            is_constant(unit, one)
                && is_constant(unit, other)
                && unit.text(one.start) != unit.text(other.start)
        };
        let (one, other) = first.iter().zip(other).find(differ)?;
        Some(exchange(unit, one, other))
    })
}

/// `u8` for the type of a parameter that is given a greater number.
fn narrowed(unit: &Unit<'_>, item: usize, calls: &[Vec<Range<usize>>]) -> Option<Vec<Edit>> {
    let function = unit.items.get(item)?.function.as_ref()?;
    let (params, _) = unit.list(unit.first_token_at(function.name.start) + 1)?;
    let is_great = |argument: &Range<usize>| {
        let text = String::from_utf8_lossy(unit.text(argument.start)).to_ascii_lowercase();
        let digits = text.trim_end_matches(['u', 'l']);
        let number = match digits.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        };
        argument.len() == 1 && number.is_some_and(|number| number > 0xff)
    };
    let great = |index: usize| calls.iter().filter_map(|call| call.get(index)).any(is_great);
    let index = (0..params.len()).find(|&index| great(index))?;
    let param = params.get(index)?;
    let kind = param.start..param.end.checked_sub(1)?;
    (!kind.is_empty()).then(|| vec![edit(unit, kind, b"u8".to_vec())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_changes_one_thing() {
        let source = "static int h(int x, u16 a, int b)\n{\n\tset(x, a);\n\treturn b;\n}\n\
                      int m(int x)\n{\n\treturn h(x, 0x100, B);\n}\nint n(int x)\n{\n\treturn h(x, C, D);\n}\n";
        let found = planted(source.as_bytes(), "h");
        let lines = |text: &[u8]| -> Vec<String> {
            let text = String::from_utf8_lossy(text).into_owned();
            let changed = text.lines().zip(source.lines()).filter(|(new, old)| new != old);
            changed.map(|(new, _)| new.trim().to_owned()).collect()
        };
        let found: Vec<_> = found.iter().map(|(fault, text)| (*fault, lines(text))).collect();
        let expected = [
            (Fault::SwappedArguments, vec!["return h(x, B, 0x100);"]),
            (Fault::WrongConstant, vec!["return h(x, 0x100 + 1, B);"]),
            (Fault::MissingStatement, vec![";"]),
            (Fault::ExchangedRows, vec!["return h(x, C, B);", "return h(x, 0x100, D);"]),
            (Fault::NarrowedType, vec!["static int h(int x, u8 a, int b)"]),
        ];
        let expected = expected.map(|(fault, lines)| {
            (fault, lines.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(found, expected);
    }
}
