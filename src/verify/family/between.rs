//! A text between: the file as it was, with members that do nothing but call the one function
//! with their constants, which it takes as parameters. That this is what the members did is
//! checked as for any helper; that the rows hand over the same constants is checked apart.

use super::{Form, Wrong};
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::verify::unit::Unit;
use std::ops::Range;

/// The one function as it stands after the patch.
pub(super) struct One {
    /// Its item.
    pub item: usize,
    /// Tokens of the local's declaration.
    pub declaration: Range<usize>,
    /// Tokens of its type, those of a star included.
    pub ctype: Range<usize>,
    /// Tokens of what initialises it.
    pub value: Range<usize>,
    /// Token of the `(` and the `)` of its parameters.
    pub parens: (usize, usize),
    /// Tokens of its body, with the braces.
    pub body: Range<usize>,
    /// The names of its parameters.
    pub params: Vec<Vec<u8>>,
}

impl One {
    /// The function `name` of `unit`, whose `local` is declared at the top of its body, and
    /// is never written to.
    pub fn read(unit: &Unit<'_>, name: &str, local: &[u8]) -> Result<One, Wrong> {
        let item = unit.function(name).map_err(|why| Wrong::After(0, why))?;
        let start = unit.items[item].tokens.start;
        let wrong = |why: &str| Wrong::After(start, why.to_owned());
        let function = unit.items[item].function.as_ref().ok_or_else(|| wrong("no function"))?;
        let open = unit.first_token_at(function.name.start) + 1;
        let (parts, close) = unit.list(open).ok_or_else(|| wrong("no parameters"))?;
        let params = parts.iter().map(|part| unit.text(part.end - 1).to_vec()).collect();
        let body = unit.first_token_at(function.body)..unit.items[item].tokens.end;
        let is_declared = |at: &usize| unit.text(*at) == local && unit.text(at + 1) == b"=";
        let name = body.clone().find(is_declared).ok_or_else(|| wrong("it has no such local"))?;
        let end = unit.until(name..body.end, &[b";", b","]);
        if unit.text(end) != b";" {
            return Err(Wrong::After(name, "it is declared with something else".to_owned()));
        }
        let begin =
            (body.start..name).rev().find(|&at| matches!(unit.text(at), b";" | b"{" | b"}"));
        let begin = begin.map_or(body.start + 1, |at| at + 1);
        let depth = |text: &[u8]| match text {
            b"{" => 1i32,
            b"}" => -1,
            _ => 0,
        };
        let nested: i32 = (body.start..begin).map(|at| depth(unit.text(at))).sum();
        if begin == name || nested != 1 || !unit.is_word(begin) {
            return Err(Wrong::After(name, "it is not declared at the top".to_owned()));
        }
        for at in body.clone().filter(|&at| at != name && unit.text(at) == local) {
            let (before, behind) = (unit.text_before(at), unit.text(at + 1));
            let writes = matches!(behind, b"++" | b"--")
                || behind.ends_with(b"=") && !matches!(behind, b"==" | b"!=" | b"<=" | b">=")
                || matches!(before, b"++" | b"--" | b"&") && !is_operand(unit, at - 1);
            if writes && !unit.is_member_access(at) {
                return Err(Wrong::After(at, "the local may be written to".to_owned()));
            }
        }
        let (ctype, value, declaration) = (begin..name, name + 2..end, begin..end + 1);
        Ok(One { item, declaration, ctype, value, parens: (open, close), body, params })
    }
}

/// Whether the `&` at `at` has an operand on its left.
fn is_operand(unit: &Unit<'_>, at: usize) -> bool {
    let before = at.checked_sub(1);
    unit.text(at) == b"&"
        && before.is_some_and(|before| {
            unit.is_word(before) && unit.text(before) != b"return"
                || matches!(unit.text(before), b")" | b"]")
                || unit.text(before).first().is_some_and(u8::is_ascii_digit)
        })
}

/// The text between of a file before and after.
pub(super) fn text(
    (before, after): (&Unit<'_>, &Unit<'_>),
    one: &One,
    form: &Form<'_>,
) -> Result<Vec<u8>, Wrong> {
    let mut edits = Vec::new();
    let rows = form.members.iter().zip(&form.rows.constants);
    for (number, (member, constants)) in rows.enumerate() {
        let item = before.function(member).map_err(|why| Wrong::Before(0, why))?;
        let Some(function) = &before.items[item].function else { continue };
        if number == 0 {
            let at = before.span(before.items[item].tokens.clone()).start;
            let text = with_parameters(after, (one, form))?;
            edits.push(Edit { range: at..at, text });
        }
        let open = before.first_token_at(function.name.start) + 1;
        let (parts, _) = before.list(open).ok_or_else(|| Wrong::Before(open, "(".to_owned()))?;
        let own = parts.iter().map(|part| before.text(part.end - 1).to_vec());
        let arguments: Vec<Vec<u8>> =
            own.chain(constants.iter().map(|it| it.clone().into_bytes())).collect();
        let head = before.items[item].tokens.start..open - 1;
        let is_void = before.texts(head.clone()).contains(&&b"void"[..])
            && !before.texts(head).contains(&&b"*"[..]);
        let returns: &[u8] = if is_void { b"" } else { b"return " };
        let call =
            [b"{ ", returns, form.one.as_bytes(), b"(", &arguments.join(&b", "[..]), b"); }"];
        let range = function.body as usize..function.end as usize;
        edits.push(Edit { range, text: call.concat() });
    }
    edits.sort_by_key(|edit| edit.range.start);
    apply_edits("", before.source, &edits).map_err(|why| Wrong::Before(0, why.to_string()))
}

/// The one function with parameters in the place of the local.
fn with_parameters(unit: &Unit<'_>, (one, form): (&One, &Form<'_>)) -> Result<Vec<u8>, Wrong> {
    let start = unit.items[one.item].tokens.start;
    let mut text = unit.spelling(start..one.parens.1).to_vec();
    for (ctype, name) in &form.rows.columns {
        text.extend_from_slice(format!(", {ctype} {name}").as_bytes());
    }
    text.extend_from_slice(unit.spelling(one.parens.1..one.body.start + 1));
    let local = form.local.as_bytes();
    let mut at = one.body.start + 1;
    while at < one.body.end {
        if at == one.declaration.start {
            at = one.declaration.end;
            continue;
        }
        text.extend_from_slice(unit.slice(&gap(unit, at)));
        let is_row = form.table.is_some() && unit.text(at) == local && !unit.is_member_access(at);
        if is_row {
            let field = unit.text(at + 2).to_vec();
            if unit.text(at + 1) != b"->"
                || !form.rows.columns.iter().any(|(_, name)| name.as_bytes() == field)
            {
                return Err(Wrong::After(at, "no member of the row is read".to_owned()));
            }
            text.extend_from_slice(&field);
            at += 3;
            continue;
        }
        text.extend_from_slice(unit.text(at));
        at += 1;
    }
    text.extend_from_slice(b"\n\n");
    Ok(text)
}

/// The bytes between a token and the one before it.
fn gap(unit: &Unit<'_>, at: usize) -> Range<u32> {
    let end = at.checked_sub(1).and_then(|before| unit.tokens.get(before)).map_or(0, |it| it.end);
    end..unit.tokens.get(at).map_or(end, |it| it.start)
}
