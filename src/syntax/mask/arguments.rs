//! Arguments of macros that are no expressions: types, operators, statements,
//! nothing at all.

use super::canvas::Canvas;
use super::words;
use crate::syntax::lexer::TokenKind;
use std::ops::Range;

/// Masks the arguments of every call in the body.
pub(super) fn call_arguments(canvas: &mut Canvas) {
    let Some(body) = canvas.body() else { return };
    for name in body + 1..canvas.len() {
        if is_call(canvas, name)
            && let Some(close) = canvas.parens(name + 1)
        {
            arguments(canvas, name + 1, close);
        }
    }
}

fn is_call(canvas: &Canvas, name: usize) -> bool {
    let word = canvas.text(name);
    canvas.is_word(name)
        && canvas.is(name + 1, b"(")
        && !words::is_control(word)
        && !words::begins_type(word)
        && !is_prototype(canvas, name)
}

/// Whether the word in front of `(` is declared there: `extern int f(struct x *)`.
fn is_prototype(canvas: &Canvas, name: usize) -> bool {
    let mut i = name;
    while i > 0 && canvas.is(i - 1, b"*") {
        i -= 1;
    }
    let Some(before) = i.checked_sub(1) else { return false };
    let word = canvas.text(before);
    if !canvas.is_word(before) || words::is_control(word) {
        return false;
    }
    // `a * f(x)` multiplies, `struct a *f(x)` and `int f(x)` declare.
    i == name || words::is_primitive(word) || words::is_tagged(canvas.before(before))
}

fn arguments(canvas: &mut Canvas, open: usize, close: usize) {
    let mut start = open + 1;
    let mut i = start;
    while i <= close {
        if i == close || canvas.is(i, b",") {
            if start < i {
                argument(canvas, start..i);
            } else if i < close {
                // An empty argument goes together with its comma.
                canvas.blank(i..i + 1);
            } else if start > open + 1 {
                canvas.blank(start - 1..start);
            }
            start = i + 1;
        } else if matches!(canvas.text(i), b"(" | b"[" | b"{")
            && let Some(partner) = canvas.partner(i)
        {
            i = partner;
        }
        i += 1;
    }
}

fn argument(canvas: &mut Canvas, range: Range<usize>) {
    let first = canvas.text(range.start);
    if statements(canvas, range.clone()) {
        return;
    }
    if words::begins_type(first) {
        type_argument(canvas, range);
        return;
    }
    if range.len() == 1 {
        single_token(canvas, range.start);
        return;
    }
    // A designated initialiser becomes an assignment.
    if matches!(first, b"." | b"else" | b"case") {
        canvas.blank(range.start..range.start + 1);
    }
    joined_macros(canvas, range.clone());
    // `foo_t *` as an argument is a type; an expression never ends in `*`.
    let stars = range.clone().rev().take_while(|&i| canvas.is(i, b"*")).count();
    if stars > 0 {
        canvas.blank(range.end - stars..range.end);
    }
    if first == b"{" && canvas.partner(range.start) == Some(range.end - 1) {
        initialiser(canvas, range);
    }
}

/// `KERN_INFO VERSION` and `KERN_INFO fmt("…")`: string macros in a row, with no
/// string in sight.
fn joined_macros(canvas: &mut Canvas, range: Range<usize>) {
    let words = range.clone().take_while(|&i| canvas.is_word(i)).count();
    let end = range.start + words;
    let macros = words > 1 && words::is_macro_name(canvas.text(range.start));
    if macros && (end == range.end || canvas.is(end, b"(")) {
        canvas.join(range.start..end);
    }
}

/// An argument of one token: an operator or a keyword becomes a name.
fn single_token(canvas: &mut Canvas, i: usize) {
    let word = canvas.text(i);
    if canvas.kind(i) == Some(TokenKind::Punct) && !matches!(word, b"(" | b")" | b"{" | b"}") {
        let name: &[u8] = b"___";
        canvas.put(i, &name[..word.len().min(3)]);
    } else if words::is_control(word) || words::is_qualifier(word) {
        canvas.rename(i);
    }
}

/// A type becomes its tag, or one identifier of its words; a declaration becomes
/// the product of its tag and its name (`foo *p`), or its name.
fn type_argument(canvas: &mut Canvas, range: Range<usize>) {
    let mut name = range.start;
    let mut after = range.start;
    let mut tagged = false;
    while after < range.end && canvas.is_word(after) {
        let word = canvas.text(after);
        if words::is_tagged(word) && canvas.is_word(after + 1) {
            tagged = true;
            name = after + 1;
            after += 2;
        } else if words::begins_type(word) || after == name {
            after += 1;
        } else {
            break;
        }
    }
    let pointer = |i: usize| canvas.is(i, b"*") || words::is_qualifier(canvas.text(i));
    let declarator = (after..range.end).find(|&i| !pointer(i)).unwrap_or(range.end);
    if tagged {
        canvas.blank(range.start..name);
    }
    if declarator < range.end {
        if !(tagged && canvas.is(after, b"*") && canvas.is_word(declarator)) {
            canvas.blank(range.start..declarator);
        }
        return;
    }
    canvas.blank(after..range.end);
    if tagged {
        return;
    }
    if after - name == 1 {
        canvas.rename(name);
    } else if !canvas.join(name..after) {
        canvas.blank(name..after - 1);
        canvas.rename(after - 1);
    }
}

/// Statements as an argument: a block where there is room for its braces (then
/// it says true), else a comma expression.
fn statements(canvas: &mut Canvas, range: Range<usize>) -> bool {
    let semicolons = top_level_semicolons(canvas, range.clone());
    let last_ends = semicolons.last().is_some_and(|&last| last + 1 == range.end);
    let keyword = matches!(
        canvas.text(range.start),
        b"if"
            | b"for"
            | b"while"
            | b"do"
            | b"switch"
            | b"return"
            | b"goto"
            | b"break"
            | b"continue"
    );
    if (keyword || !semicolons.is_empty())
        && (last_ends || canvas.is(range.end - 1, b"}"))
        && canvas.has_room_after(range.start - 1)
        && canvas.has_room_after(range.end - 1)
    {
        canvas.put_after(range.start - 1, b'{');
        canvas.put_after(range.end - 1, b'}');
        return true;
    }
    match canvas.text(range.start) {
        b"return" | b"goto" => canvas.blank(range.start..range.start + 1),
        b"break" | b"continue" => canvas.rename(range.start),
        _ => {}
    }
    for i in semicolons {
        canvas.put(i, if i + 1 == range.end { b" " } else { b"," });
    }
    false
}

fn top_level_semicolons(canvas: &Canvas, range: Range<usize>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut i = range.start;
    while i < range.end {
        if canvas.is(i, b";") {
            found.push(i);
        } else if matches!(canvas.text(i), b"(" | b"[" | b"{")
            && let Some(partner) = canvas.partner(i)
        {
            i = partner;
        }
        i += 1;
    }
    found
}

/// `{ 1, 2 }` becomes `( 1, 2 )`; a block stays a block.
fn initialiser(canvas: &mut Canvas, range: Range<usize>) {
    if range.clone().any(|i| canvas.is(i, b";")) || range.len() < 3 {
        return;
    }
    for i in range {
        match canvas.text(i) {
            b"{" => canvas.put(i, b"("),
            b"}" => {
                canvas.put(i, b")");
                if canvas.before(i) == b"," {
                    canvas.blank(i - 1..i);
                }
            }
            b"." if matches!(canvas.before(i), b"{" | b",") => canvas.blank(i..i + 1),
            _ => {}
        }
    }
}
