//! Arguments that are paths over the original's own parameters, `x->a.b` or `&x->a`:
//! where they stand in the original, and in which of the forms that C has for one
//! object the helper names it.

use super::context;
use super::definition::{Definition, Role};
use std::ops::Range;

/// The original's text for one use of a parameter that holds a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tokens of the path in the original, `&` not included.
    pub tokens: Range<usize>,
    /// The parameter that it begins with.
    pub param: usize,
    /// Only its address is handed on: what the object holds is read in its place.
    pub by_address: bool,
}

/// How a helper names what its parameter stands for, and what it takes up by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the path stands.
    pub place: Place,
    /// The next token of the original.
    pub old: usize,
    /// Tokens of the helper that are taken up, the parameter's name included.
    pub new: Range<usize>,
}

/// Whether the argument is a path, with a leading `&` or without.
pub fn is_path(argument: &[&[u8]]) -> bool {
    let path = argument.strip_prefix(&[&b"&"[..]]).unwrap_or(argument);
    let is_step = |pair: &[&[u8]]| match pair {
        [operator, name] => matches!(*operator, b"->" | b".") && is_name(name),
        _ => false,
    };
    match path.split_first() {
        Some((base, steps)) => !steps.is_empty() && is_name(base) && steps.chunks(2).all(is_step),
        None => false,
    }
}

fn is_name(word: &[u8]) -> bool {
    word.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Looks for the `argument` of the helper's parameter at its token `at` where the
/// original stands at `old`, and the helper at `new`: at the name, or at what
/// dereferences it. `actual` gives what the old call passed for a parameter of the
/// original.
pub fn find<'a>(
    (original, old): (&Definition, usize),
    (helper, new, at): (&Definition, usize, usize),
    argument: &[&[u8]],
    actual: impl Fn(usize) -> Vec<&'a [u8]>,
) -> Option<Found> {
    let (path, address) = match argument.split_first() {
        Some((sign, path)) if *sign == b"&" => (path, true),
        _ => (argument, false),
    };
    let from = |start: usize| matching((original, start), path, &actual);
    let (unit, text) = (original.unit, |at: usize| helper.unit.text(at));
    if !address {
        let (tokens, param) = from(old)?;
        let next = tokens.end;
        let place = Place { tokens, param, by_address: false };
        return Some(Found { place, old: next, new: at..at + 1 });
    }
    let by_address = |(tokens, param): (Range<usize>, usize), old: usize, new: Range<usize>| {
        let direct = !path.iter().skip(2).any(|word| *word == b"->");
        Found { place: Place { tokens, param, by_address: direct }, old, new }
    };
    let is_node = |range: &Range<usize>, kind: &str| {
        let node = helper.tree.exact(helper.unit.bytes(range.clone()));
        node.is_some_and(|id| helper.tree.node(id).kind == kind)
    };
    // `*p` and `(*p)` for the object itself.
    if new < at {
        let whole = new..at + (at - new);
        let wrapped = whole.len() == 4;
        let dereferences = is_node(&(at - 1..at + 1), "pointer_expression")
            && (!wrapped || text(at + 1) == b")" && is_node(&whole, "parenthesized_expression"));
        let found = dereferences.then(|| from(old)).flatten()?;
        let end = found.0.end;
        return Some(by_address(found, end, whole));
    }
    // `p->b` for `x->a.b`.
    if text(at + 1) == b"->"
        && let Some(found) = from(old)
        && unit.text(found.0.end) == b"."
    {
        let end = found.0.end + 1;
        return Some(by_address(found, end, at..at + 2));
    }
    // `p` for `&x->a`.
    let found = (unit.text(old) == b"&").then(|| from(old + 1)).flatten()?;
    let end = found.0.end;
    let whole = context::is_expression(original, old..end);
    whole.then(|| by_address(found, end, at..at + 1))
}

/// The tokens of the original from `start` on that are `path` once its parameter is
/// replaced by what was passed for it, and that parameter.
fn matching<'a>(
    (original, start): (&Definition, usize),
    path: &[&[u8]],
    actual: impl Fn(usize) -> Vec<&'a [u8]>,
) -> Option<(Range<usize>, usize)> {
    let unit = original.unit;
    let Role::Param(param) = original.role(start) else { return None };
    let tokens = start..start + path.len();
    if tokens.end > original.body.end || unit.text(start + 1) != b"->" {
        return None;
    }
    // `x->a` with `&y` for `x` is `y.a`.
    let (base, arrow): (&[u8], &[u8]) = match actual(param).as_slice() {
        [name] => (name, b"->"),
        [b"&", name] => (name, b"."),
        _ => return None,
    };
    let [first, second, rest @ ..] = path else { return None };
    let same = *first == base
        && *second == arrow
        && rest.iter().enumerate().all(|(index, word)| unit.text(start + 2 + index) == *word);
    (same && context::is_expression(original, tokens.clone())).then_some((tokens, param))
}
