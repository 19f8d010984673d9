//! What a ladder says, read from the text alone: which keys give which values, where these
//! go, and what is done for all other keys.

use super::chain;
use crate::verify::unit::{Unit, shown};
use std::ops::Range;

/// A ladder that only gives constants.
pub(super) struct Arms<'s> {
    /// The variable, or the path to a member.
    pub key: Vec<&'s [u8]>,
    /// Label and value of each comparison, in their order.
    pub rows: Vec<(Range<usize>, Range<usize>)>,
    /// `return`, or the place that is assigned to with its `=`.
    pub gives: Vec<&'s [u8]>,
    /// The statements for other keys, without the `break` at their end.
    pub default: Vec<&'s [u8]>,
    /// Those return or jump away.
    pub leaves: bool,
    /// Behind its last token.
    pub end: usize,
    /// It is a `switch`, whose keys the compiler knows to be different.
    pub is_switch: bool,
}

impl<'s> Arms<'s> {
    /// The one constant that other keys give to where the arms give theirs, if all that is
    /// done for them is that.
    pub fn given(&self) -> Option<&[&'s [u8]]> {
        let rest = self.default.strip_prefix(self.gives.as_slice())?;
        rest.strip_suffix(&[&b";"[..]]).filter(|value| !value.contains(&&b";"[..]))
    }
}

/// Where and why it is something else.
pub(super) type Wrong = (usize, String);

/// Reads the ladder at token `at`.
pub(super) fn read<'s>(unit: &Unit<'s>, at: usize) -> Result<Arms<'s>, Wrong> {
    let arms = match unit.text(at) {
        b"switch" => switch(unit, at),
        b"if" => chain::branches(unit, at),
        _ => chain::choices(unit, at),
    }?;
    let plain = arms.gives == [b"return"]
        || arms.gives.iter().all(|text| {
            let is_word = text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            is_word || matches!(*text, b"." | b"->" | b"=")
        });
    match plain {
        true => Ok(arms),
        false => Err((at, "where the value goes is no plain place".to_owned())),
    }
}

/// Reads the `switch` at token `at`.
fn switch<'s>(unit: &Unit<'s>, at: usize) -> Result<Arms<'s>, Wrong> {
    let expected = |at: usize, text: &[u8]| match unit.text(at) == text {
        true => Ok(at + 1),
        false => {
            let found = shown(unit.text(at));
            Err((at, format!("`{found}` where `{}` should be", shown(text))))
        }
    };
    let open = expected(at, b"switch").and_then(|at| expected(at, b"("))?;
    let behind = path(unit, open);
    let brace = expected(behind, b")")?;
    expected(brace, b"{")?;
    let close = unit.list(brace).map(|(_, close)| close);
    let close = close.ok_or_else(|| (brace, "the switch does not end".to_owned()))?;
    let mut arms = Arms {
        key: unit.texts(open..behind),
        rows: Vec::new(),
        gives: Vec::new(),
        default: Vec::new(),
        leaves: false,
        end: close + 1,
        is_switch: true,
    };
    let mut at = brace + 1;
    while at < close {
        at = arm(unit, at, close, &mut arms)?;
    }
    Ok(arms)
}

/// Behind the variable, or the path to a member, at token `at`.
pub(super) fn path(unit: &Unit<'_>, at: usize) -> usize {
    let mut end = at + 1;
    while matches!(unit.text(end), b"." | b"->") && unit.is_word(end + 1) {
        end += 2;
    }
    end
}

/// What gives a value, the value, and what is behind its semicolon.
type Given<'s> = (Vec<&'s [u8]>, Range<usize>, usize);

/// Reads `return value;` or `place = value;` at token `at`: what gives the value, the value,
/// and what is behind the semicolon.
pub(super) fn given<'s>(unit: &Unit<'s>, at: usize, close: usize) -> Result<Given<'s>, Wrong> {
    let end = unit.until(at..close, &[b";"]);
    let value = match unit.text(at) {
        b"return" => at + 1,
        _ => unit.until(at..end, &[b"="]) + 1,
    };
    match value >= end {
        true => Err((at, "an arm gives no value".to_owned())),
        false => Ok((unit.texts(at..value), value..end, end + 1)),
    }
}

/// Reads an arm and gives where the next one begins.
fn arm<'s>(unit: &Unit<'s>, at: usize, close: usize, arms: &mut Arms<'s>) -> Result<usize, Wrong> {
    let start = at;
    let mut at = at;
    let mut labels = Vec::new();
    let mut is_default = false;
    loop {
        match unit.text(at) {
            b"case" => {
                let colon = unit.until(at + 1..close, &[b":"]);
                labels.push(at + 1..colon);
                at = colon + 1;
            }
            b"default" if unit.text(at + 1) == b":" => {
                is_default = true;
                at += 2;
            }
            b"fallthrough" if !labels.is_empty() => at += 2,
            _ => break,
        }
    }
    if is_default {
        let end = unit.until(at..close, &[b"case", b"default"]);
        let mut last = end;
        if end >= at + 2 && unit.texts(end - 2..end) == [&b"break"[..], b";"] {
            last = end - 2;
        } else if end < close && !leaves(unit, at..end) {
            return Err((start, "the default arm falls into the next".to_owned()));
        }
        if let Some(inner) = (at..last).find(|&at| unit.text(at) == b"break") {
            return Err((inner, "the default arm breaks off".to_owned()));
        }
        arms.default = unit.texts(at..last);
        arms.leaves = leaves(unit, at..last);
        return Ok(end);
    }
    if labels.is_empty() {
        return Err((start, "a statement has no label".to_owned()));
    }
    let (gives, value, mut next) = given(unit, at, close)?;
    if arms.rows.is_empty() {
        arms.gives = gives;
    } else if arms.gives != gives {
        return Err((start, "an arm gives its value to another place".to_owned()));
    }
    arms.rows.extend(labels.into_iter().map(|label| (label, value.clone())));
    let breaks = unit.texts(next..next + 2) == [&b"break"[..], b";"];
    if breaks {
        next += 2;
    }
    if !breaks && next < close && arms.gives != [b"return"] {
        return Err((next, "an arm does more, or falls into the next".to_owned()));
    }
    Ok(next)
}

/// Whether the last of some statements is a `return` or a `goto`.
pub(super) fn leaves(unit: &Unit<'_>, tokens: Range<usize>) -> bool {
    let mut at = tokens.start;
    let mut last = None;
    while at < tokens.end {
        let end = unit.until(at..tokens.end, &[b";"]);
        // A block ends where it ends; what is behind it is another statement.
        let word = unit.text(at);
        let blocks = (at..end).any(|at| unit.text(at) == b"{");
        last = Some(!blocks && matches!(word, b"return" | b"goto"));
        at = end + 1;
    }
    last == Some(true)
}
