//! Declarations: attributes, `typeof`, and signatures that a macro writes.

use super::canvas::Canvas;
use super::words;
use crate::syntax::lexer::TokenKind;

/// Blanks attributes, known ones wherever they stand.
pub(super) fn known_attributes(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if !canvas.is_word(i) {
            continue;
        }
        let word = canvas.text(i);
        if words::is_attribute(word) {
            canvas.blank(i..i + 1);
        } else if words::is_attribute_call(word)
            && let Some(close) = canvas.parens(i + 1)
        {
            canvas.blank(i..close + 1);
        } else if matches!(word, b"__signed__" | b"__const" | b"__volatile") {
            canvas.put(i, word.trim_ascii_start().strip_prefix(b"__").unwrap_or(word));
        }
    }
}

/// Blanks `typeof(…)` down to its word where it stands for a type, so that the
/// word is the type's name.
pub(super) fn typeof_types(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if words::is_typeof(canvas.text(i))
            && let Some(close) = canvas.parens(i + 1)
            && !is_argument(canvas, i, close)
        {
            canvas.blank(i + 1..close + 1);
        }
    }
}

/// Whether the `typeof` at `i` is the argument of a macro, in which it parses as
/// a call of its own.
fn is_argument(canvas: &Canvas, i: usize, close: usize) -> bool {
    let first = canvas.before(i) == b"("
        && i >= 2
        && canvas.is_word(i - 2)
        && !words::is_control(canvas.text(i - 2));
    (first || canvas.before(i) == b",") && matches!(canvas.text(close + 1), b"," | b")")
}

/// Words in a row: `static const struct foo ATTR name`.
struct Run {
    start: usize,
    end: usize,
    /// Identifiers that are neither keywords nor tags.
    plain: Vec<usize>,
    /// A keyword or a tag says what the type is.
    has_type: bool,
}

/// Blanks words of the look of an attribute where more identifiers stand in a
/// row than a declaration has: a type and a name.
pub(super) fn unknown_attributes(canvas: &mut Canvas) {
    let mut i = 0;
    while i < canvas.len() {
        if !canvas.is_word(i) || words::is_control(canvas.text(i)) {
            i += 1;
            continue;
        }
        let run = read_run(canvas, i);
        i = run.end;
        let in_strings = canvas.is_string(run.end)
            || run.start.checked_sub(1).is_some_and(|before| canvas.is_string(before));
        if !in_strings {
            trim_run(canvas, run);
        }
    }
}

fn read_run(canvas: &Canvas, start: usize) -> Run {
    let mut run = Run { start, end: start, plain: Vec::new(), has_type: false };
    let mut tag_follows = false;
    while canvas.is_word(run.end) && !words::is_control(canvas.text(run.end)) {
        let word = canvas.text(run.end);
        if words::is_tagged(word) {
            tag_follows = true;
            run.has_type = true;
        } else if words::is_primitive(word) {
            run.has_type = true;
        } else if tag_follows {
            tag_follows = false;
        } else if !words::is_qualifier(word) {
            run.plain.push(run.end);
        }
        run.end += 1;
    }
    run
}

fn trim_run(canvas: &mut Canvas, mut run: Run) {
    let before = canvas.before(run.start);
    let after_declarator = before == b"]" || (before == b"}" && canvas.is(run.end, b";"));
    let typed = run.has_type || before == b"*" || after_declarator;
    let named = !(canvas.is(run.end, b"*") && before != b"*");
    let needed = usize::from(!typed) + usize::from(named && before != b"]");
    // What stands in front of `(` is the name of a function or of a macro.
    if canvas.is(run.end, b"(") {
        let last_is_name = run.plain.last() == Some(&(run.end - 1));
        if last_is_name {
            run.plain.pop();
        }
        return drop_attributes(canvas, &run.plain, needed.saturating_sub(1));
    }
    drop_attributes(canvas, &run.plain, needed);
}

/// Blanks words of `plain` until `needed` are left: those with underscores
/// first, then those in capitals.
fn drop_attributes(canvas: &mut Canvas, plain: &[usize], needed: usize) {
    let mut surplus = plain.len().saturating_sub(needed);
    for underscored in [true, false] {
        for &i in plain.iter().rev() {
            let word = canvas.text(i);
            if surplus > 0
                && words::looks_like_attribute(word)
                && word.starts_with(b"__") == underscored
            {
                canvas.blank(i..i + 1);
                surplus -= 1;
            }
        }
    }
}

/// Makes a definition of a signature that a macro writes: `T f(params) {` out of
/// `T(f, params) {`, or else `T m(params) {` of a part of the macro's name.
pub(super) fn macro_signature(canvas: &mut Canvas) {
    let Some(body) = canvas.body() else { return };
    let mut name = 0;
    let mut storage = None;
    while words::is_qualifier(canvas.text(name)) {
        storage = Some(name);
        name += 1;
    }
    let Some(close) = canvas.parens(name + 1) else { return };
    if close + 1 != body || !canvas.is_word(name) || words::is_primitive(canvas.text(name)) {
        return;
    }
    let first = name + 2;
    if canvas.is_word(first) && canvas.is(first + 1, b",") {
        canvas.blank(name + 1..name + 2);
        canvas.put(first + 1, b"(");
        plain_parameters(canvas, first + 2, close);
        return;
    }
    match storage {
        Some(storage) => canvas.rename(storage),
        None => {
            let word = canvas.text(name);
            if let [first, _, rest @ ..] = word
                && !rest.is_empty()
            {
                canvas.put(name, &[&[*first, b' '], rest].concat());
            }
        }
    }
    plain_parameters(canvas, first, close);
}

/// Parameters are declarations: what a macro takes besides is made a name.
fn plain_parameters(canvas: &mut Canvas, from: usize, to: usize) {
    for i in from..to {
        match canvas.kind(i) {
            Some(TokenKind::Number) => canvas.rename(i),
            Some(TokenKind::Str | TokenKind::Char) => canvas.name_over(i),
            _ => {}
        }
    }
}

/// Blanks the storage class of a declaration that a macro writes:
/// `static DECLARE_THING(name, 3);`.
pub(super) fn macro_declarations(canvas: &mut Canvas) {
    let Some(body) = canvas.body() else { return };
    for i in body + 1..canvas.len() {
        if !words::is_qualifier(canvas.text(i)) || words::is_qualifier(canvas.before(i)) {
            continue;
        }
        let mut name = i + 1;
        while words::is_qualifier(canvas.text(name)) {
            name += 1;
        }
        let is_macro = canvas.is_word(name)
            && !words::is_control(canvas.text(name))
            && !words::is_primitive(canvas.text(name));
        if is_macro
            && let Some(close) = canvas.parens(name + 1)
            && matches!(canvas.text(close + 1), b";" | b"=")
        {
            canvas.blank(i..name);
        }
    }
}

/// `DECLARE_BITMAP(name, SIZE) = { … };` becomes the declaration
/// `DECLARE_BITMAP name[ SIZE] = { … };`.
pub(super) fn initialised_macros(canvas: &mut Canvas) {
    let Some(body) = canvas.body() else { return };
    for i in body + 1..canvas.len() {
        if canvas.is(i, b")")
            && canvas.is(i + 1, b"=")
            && canvas.is(i + 2, b"{")
            && let Some(open) = canvas.partner(i)
            && canvas.is_word(open + 1)
            && matches!(canvas.before(open - 1), b";" | b"{" | b"}" | b"static" | b"const")
        {
            canvas.blank(open..open + 1);
            if canvas.is(open + 2, b",") {
                canvas.put(open + 2, b"[");
                canvas.put(i, b"]");
            } else {
                canvas.blank(i..i + 1);
            }
        }
    }
}

/// What the grammar does not have in declarations: the register of a variable
/// that is initialised, and a bit-field without a name.
pub(super) fn declarators(canvas: &mut Canvas) {
    for i in 1..canvas.len() {
        if words::is_asm(canvas.text(i))
            && canvas.is_word(i - 1)
            && let Some(close) = canvas.parens(i + 1)
            && canvas.is(close + 1, b"=")
        {
            canvas.blank(i..close + 1);
        }
        let unnamed = canvas.is(i, b":")
            && canvas.kind(i + 1) == Some(TokenKind::Number)
            && canvas.is(i + 2, b";")
            && canvas.is_word(i - 1)
            && matches!(canvas.before(i - 1), b";" | b"{");
        if unnamed {
            // Padding has no name to keep: the whole member goes.
            canvas.blank(i - 1..i + 3);
        }
    }
}
