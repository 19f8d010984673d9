//! Chains of comparisons that are ladders, read from the text alone: of each the first that
//! holds gives its value.

use super::arms::{Arms, Wrong, given, leaves, path};
use crate::verify::unit::Unit;
use std::ops::Range;

/// What a ladder is before its first arm is read.
fn empty<'s>(gives: Vec<&'s [u8]>) -> Arms<'s> {
    Arms {
        key: Vec::new(),
        rows: Vec::new(),
        gives,
        default: Vec::new(),
        leaves: false,
        end: 0,
        is_switch: false,
    }
}

/// Reads the chain of `if` at token `at`: each but the last goes on with `else`, or has left
/// the function.
pub(super) fn branches<'s>(unit: &Unit<'s>, at: usize) -> Result<Arms<'s>, Wrong> {
    let mut arms = empty(Vec::new());
    let mut next = at;
    loop {
        let end = branch(unit, next, &mut arms)?;
        arms.end = end;
        let has_else = unit.text(end) == b"else";
        next = end + usize::from(has_else);
        if unit.text(next) == b"if" && (has_else || goes_on(unit, next, &arms)) {
            continue;
        }
        if has_else {
            otherwise(unit, next, &mut arms)?;
        } else if arms.gives == [b"return"] && unit.text(end) == b"return" {
            // What all other keys come to.
            let last = unit.until(end..unit.tokens.len(), &[b";"]) + 1;
            if unit.text(last) == b"}" {
                (arms.default, arms.leaves, arms.end) = (unit.texts(end..last), true, last);
            }
        }
        return Ok(arms);
    }
}

/// Whether the `if` at token `at`, behind one that has left, is of the same chain.
fn goes_on(unit: &Unit<'_>, at: usize, arms: &Arms<'_>) -> bool {
    let mut own = empty(arms.gives.clone());
    own.key = arms.key.clone();
    arms.gives == [b"return"] && branch(unit, at, &mut own).is_ok()
}

/// Reads `if (key == A) place = value;` at token `at`, and gives what is behind it.
fn branch<'s>(unit: &Unit<'s>, at: usize, arms: &mut Arms<'s>) -> Result<usize, Wrong> {
    let close = unit.list(at + 1).map(|(_, close)| close);
    let close = close.ok_or_else(|| (at, "its condition does not end".to_owned()))?;
    let labels = comparison(unit, at + 2..close, arms)?;
    let is_block = unit.text(close + 1) == b"{";
    let from = close + 1 + usize::from(is_block);
    let (gives, value, end) = given(unit, from, unit.tokens.len())?;
    if arms.gives.is_empty() {
        arms.gives = gives;
    } else if arms.gives != gives {
        return Err((from, "an arm gives its value to another place".to_owned()));
    }
    if is_block && unit.text(end) != b"}" {
        return Err((end, "an arm does more".to_owned()));
    }
    arms.rows.extend(labels.into_iter().map(|label| (label, value.clone())));
    Ok(end + usize::from(is_block))
}

/// Reads the comparisons of the key in `tokens` and gives what it is compared with.
fn comparison<'s>(
    unit: &Unit<'s>,
    tokens: Range<usize>,
    arms: &mut Arms<'s>,
) -> Result<Vec<Range<usize>>, Wrong> {
    let mut labels = Vec::new();
    let mut at = tokens.start;
    while at < tokens.end {
        let end = unit.until(at..tokens.end, &[b"||"]);
        let is_braced = unit.text(at) == b"(" && unit.text(end - 1) == b")";
        let operand = match is_braced {
            true => at + 1..end - 1,
            false => at..end,
        };
        let equals = path(unit, operand.start);
        let key = unit.texts(operand.start..equals);
        if unit.text(equals) != b"==" || !unit.is_word(operand.start) {
            return Err((at, "what is compared is no plain variable".to_owned()));
        }
        if arms.key.is_empty() {
            arms.key = key;
        } else if arms.key != key {
            return Err((at, "another variable is compared".to_owned()));
        }
        let label = equals + 1..operand.end;
        // What binds less tightly would take the comparison for its operand.
        const LOOSER: &[&[u8]] =
            &[b"==", b"!=", b"&", b"^", b"|", b"&&", b"||", b"?", b",", b"=", b"<", b">"];
        if label.is_empty() || unit.until(label.clone(), LOOSER) != label.end {
            return Err((at, "it is no comparison with a constant".to_owned()));
        }
        labels.push(label);
        at = end + 1;
    }
    Ok(labels)
}

/// Reads what is behind the last `else`, at token `at`.
fn otherwise<'s>(unit: &Unit<'s>, at: usize, arms: &mut Arms<'s>) -> Result<(), Wrong> {
    let block = (unit.text(at) == b"{").then(|| unit.list(at)).flatten();
    let (statements, end) = match block {
        Some((_, close)) => (at + 1..close, close + 1),
        None => {
            let end = unit.until(at..unit.tokens.len(), &[b";"]) + 1;
            (at..end, end)
        }
    };
    let is_control =
        |&at: &usize| matches!(unit.text(at), b"if" | b"for" | b"while" | b"do" | b"switch" | b"{");
    if let Some(inner) = statements.clone().find(is_control) {
        return Err((inner, "what is done for other keys is no plain statement".to_owned()));
    }
    arms.leaves = leaves(unit, statements.clone());
    (arms.default, arms.end) = (unit.texts(statements), end);
    Ok(())
}

/// Reads the statement at token `at` that gives what a chain of `?:` comes to.
pub(super) fn choices<'s>(unit: &Unit<'s>, at: usize) -> Result<Arms<'s>, Wrong> {
    let (gives, all, end) = given(unit, at, unit.tokens.len())?;
    let mut arms = empty(gives);
    let mut from = all.start;
    loop {
        let question = unit.until(from..all.end, &[b"?"]);
        if question == all.end {
            break;
        }
        let labels = comparison(unit, from..question, &mut arms)?;
        let colon = unit.until(question + 1..all.end, &[b":", b"?"]);
        if unit.text(colon) != b":" || colon == question + 1 {
            return Err((question, "a side gives no constant".to_owned()));
        }
        arms.rows.extend(labels.into_iter().map(|label| (label, question + 1..colon)));
        from = colon + 1;
    }
    if arms.rows.is_empty() || from == all.end {
        return Err((at, "the statement gives no value by a key".to_owned()));
    }
    arms.default = [arms.gives.clone(), unit.texts(from..all.end), vec![b";"]].concat();
    arms.leaves = arms.gives == [b"return"];
    arms.end = end;
    Ok(arms)
}
