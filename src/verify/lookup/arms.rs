//! What a `switch` says, read from the text alone: which keys give which values, where
//! these go, and what is done for all other keys.

use crate::verify::unit::{Unit, shown};
use std::ops::Range;

/// A `switch` that only gives constants.
pub(super) struct Arms<'s> {
    /// The variable, or the path to a member.
    pub key: Vec<&'s [u8]>,
    /// Label and value of each `case`, in their order.
    pub rows: Vec<(Range<usize>, Range<usize>)>,
    /// `return`, or the place that is assigned to with its `=`.
    pub gives: Vec<&'s [u8]>,
    /// The tokens of the default arm, without the `break` at their end.
    pub default: Range<usize>,
    /// Behind its closing brace.
    pub end: usize,
}

/// Where and why it is something else.
type Wrong = (usize, String);

/// Reads the `switch` at token `at`.
pub(super) fn read<'s>(unit: &Unit<'s>, at: usize) -> Result<Arms<'s>, Wrong> {
    let expected = |at: usize, text: &[u8]| match unit.text(at) == text {
        true => Ok(at + 1),
        false => {
            let found = shown(unit.text(at));
            Err((at, format!("`{found}` where `{}` should be", shown(text))))
        }
    };
    let open = expected(at, b"switch").and_then(|at| expected(at, b"("))?;
    let mut last = open;
    while matches!(unit.text(last + 1), b"." | b"->") && unit.is_word(last + 2) {
        last += 2;
    }
    let brace = expected(last + 1, b")")?;
    expected(brace, b"{")?;
    let close = unit.list(brace).map(|(_, close)| close);
    let close = close.ok_or_else(|| (brace, "the switch does not end".to_owned()))?;
    let mut arms = Arms {
        key: unit.texts(open..last + 1),
        rows: Vec::new(),
        gives: Vec::new(),
        default: close..close,
        end: close + 1,
    };
    let mut at = brace + 1;
    while at < close {
        at = arm(unit, at, close, &mut arms)?;
    }
    Ok(arms)
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
        arms.default = at..last;
        return Ok(end);
    }
    if labels.is_empty() {
        return Err((start, "a statement has no label".to_owned()));
    }
    let end = unit.until(at..close, &[b";"]);
    let statement = at..end;
    let value = match unit.text(at) {
        b"return" => at + 1,
        _ => unit.until(at..end, &[b"="]) + 1,
    };
    if value >= end {
        return Err((start, "an arm gives no value".to_owned()));
    }
    let gives = unit.texts(statement.start..value);
    if arms.rows.is_empty() {
        arms.gives = gives;
    } else if arms.gives != gives {
        return Err((start, "an arm gives its value to another place".to_owned()));
    }
    let plain = arms.gives.len() == 1
        || arms.gives.iter().all(|text| {
            let is_word = text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            is_word || matches!(*text, b"." | b"->" | b"=")
        });
    if !plain {
        return Err((start, "where the value goes is no plain place".to_owned()));
    }
    arms.rows.extend(labels.into_iter().map(|label| (label, value..end)));
    let mut next = end + 1;
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
