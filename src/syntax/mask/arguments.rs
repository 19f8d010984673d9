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
    if words::begins_type(first) {
        type_argument(canvas, range);
        return;
    }
    if range.len() == 1 {
        single_token(canvas, range.start);
        return;
    }
    match first {
        // A designated initialiser becomes an assignment.
        b"." => canvas.blank(range.start..range.start + 1),
        b"return" | b"goto" | b"else" | b"case" => canvas.blank(range.start..range.start + 1),
        b"break" | b"continue" => canvas.rename(range.start),
        _ => {}
    }
    statements(canvas, range.clone());
    // `foo_t *` as an argument is a type; an expression never ends in `*`.
    let stars = range.clone().rev().take_while(|&i| canvas.is(i, b"*")).count();
    if stars > 0 {
        canvas.blank(range.end - stars..range.end);
    }
    if first == b"{" && canvas.partner(range.start) == Some(range.end - 1) {
        initialiser(canvas, range);
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
/// the declared name.
fn type_argument(canvas: &mut Canvas, range: Range<usize>) {
    let mut i = range.start;
    let mut type_words = i..i;
    while i < range.end && canvas.is_word(i) {
        let word = canvas.text(i);
        if words::is_tagged(word) && canvas.is_word(i + 1) {
            canvas.blank(range.start..i + 1);
            type_words = i + 1..i + 2;
            i += 2;
        } else if words::begins_type(word) || type_words.is_empty() {
            type_words.end = i + 1;
            if words::begins_type(word) && !matches!(word, b"const" | b"volatile") {
                // `const int`: the qualifier goes into the name or is blanked.
            }
            i += 1;
        } else {
            break;
        }
    }
    let after = i;
    let mut i = after;
    while i < range.end && (canvas.is(i, b"*") || words::is_qualifier(canvas.text(i))) {
        i += 1;
    }
    let declares = i < range.end;
    if declares {
        // `struct foo *p`, `int i`, `int (*f)(int)`: only the declarator stays.
        canvas.blank(range.start..i);
        return;
    }
    canvas.blank(after..range.end);
    if type_words.len() > 1 {
        if !canvas.join(type_words.clone()) {
            canvas.blank(type_words.start..type_words.end - 1);
            canvas.rename(type_words.end - 1);
        }
    } else if words::begins_type(canvas.text(type_words.start)) {
        canvas.rename(type_words.start);
    }
}

/// Statements as an argument become a comma expression.
fn statements(canvas: &mut Canvas, range: Range<usize>) {
    let mut i = range.start;
    while i < range.end {
        if canvas.is(i, b";") {
            let trailing = i + 1 == range.end;
            canvas.put(i, if trailing { b" " } else { b"," });
        } else if matches!(canvas.text(i), b"(" | b"[" | b"{")
            && let Some(partner) = canvas.partner(i)
        {
            i = partner;
        }
        i += 1;
    }
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
