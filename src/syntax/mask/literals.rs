//! Literals and expressions that only GNU C or a macro can read.

use super::canvas::Canvas;
use super::words;
use crate::syntax::lexer::TokenKind;

/// Most tokens that are joined to one name: a bound on the time that a run of
/// words without any string takes.
const LONGEST_NAME: usize = 64;

/// Makes one identifier of the macros in front of a string, and of a macro call
/// between strings: `KERN_ERR PFX "…"`, `"…" __stringify(X) "…"`.
pub(super) fn string_macros(canvas: &mut Canvas) {
    let mut i = 0;
    while i < canvas.len() {
        if !canvas.is_word(i) || words::is_control(canvas.text(i)) {
            i += 1;
            continue;
        }
        let start = i;
        let mut calls = false;
        while i - start < LONGEST_NAME && canvas.is_word(i) && !words::is_control(canvas.text(i)) {
            i += 1;
            if let Some(close) = canvas.parens(i) {
                calls = true;
                i = close + 1;
            }
        }
        let after_string = start.checked_sub(1).is_some_and(|before| canvas.is_string(before));
        let before_string = canvas.is_string(i);
        // Between strings the grammar takes any number of identifiers.
        let several = calls || (i - start > 1 && !after_string);
        if (after_string || before_string) && several {
            one_name(canvas, start, i);
        } else if calls {
            // Look for strings inside of the parentheses, too.
            i = start + 1;
        }
    }
}

/// Joins the tokens `start..end`, or blanks all of them but a word.
fn one_name(canvas: &mut Canvas, start: usize, end: usize) {
    if canvas.join(start..end) {
        return;
    }
    canvas.blank(start + 1..end);
}

/// `case 1 ... 5:` becomes `case 1 || 5:`.
pub(super) fn case_ranges(canvas: &mut Canvas) {
    for case in 0..canvas.len() {
        if !canvas.is(case, b"case") {
            continue;
        }
        let label = (case + 1..canvas.len())
            .take_while(|&i| !matches!(canvas.text(i), b":" | b";" | b"{" | b"}" | b"case"));
        let dots: Vec<usize> = label.filter(|&i| canvas.is(i, b"...")).collect();
        for i in dots {
            canvas.put(i, b"||");
        }
    }
}

/// Numbers that a macro pastes to a name (`8723A`) become names.
pub(super) fn pasted_numbers(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if canvas.kind(i) == Some(TokenKind::Number) && !is_number(canvas.text(i)) {
            canvas.rename(i);
        }
    }
}

/// Whether a preprocessing number is a C constant.
fn is_number(text: &[u8]) -> bool {
    let digits_end = |from: usize, digit: fn(&u8) -> bool| {
        from + text[from..].iter().take_while(|b| digit(b)).count()
    };
    let suffix = match text {
        [b'0', b'x' | b'X', ..] => digits_end(2, u8::is_ascii_hexdigit),
        [b'0', b'b' | b'B', ..] => digits_end(2, |b| matches!(b, b'0' | b'1')),
        _ => {
            if text.iter().any(|b| matches!(b, b'.')) {
                return true;
            }
            digits_end(0, u8::is_ascii_digit)
        }
    };
    let rest = &text[suffix..];
    rest.iter().all(|b| matches!(b, b'u' | b'U' | b'l' | b'L' | b'f' | b'F'))
        || matches!(rest, [b'e' | b'E', exponent @ ..] if is_exponent(exponent))
}

fn is_exponent(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// The address of a label, and a jump to one.
pub(super) fn label_addresses(canvas: &mut Canvas) {
    for i in 1..canvas.len() {
        let before = canvas.before(i);
        match canvas.text(i) {
            b"&&" if matches!(before, b"=" | b"(" | b"," | b"{" | b"]" | b":" | b"?") => {
                canvas.put(i, b" ");
                canvas.put(i, b"&");
            }
            b"*" if before == b"goto" => canvas.blank(i - 1..i),
            _ => {}
        }
    }
}

/// `offsetof(type, a.b[3])`: the grammar knows members only; as the call of a
/// macro it can have any.
pub(super) fn nested_offsetof(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if canvas.is(i, b"offsetof")
            && let Some(close) = canvas.parens(i + 1)
        {
            let member = close >= 2 && canvas.is(close - 2, b",") && canvas.is_word(close - 1);
            let simple = member && !words::is_typeof(canvas.text(i + 2));
            if !simple {
                canvas.rename(i);
            }
        }
    }
}

/// `__alignof__(*p)`: the grammar knows types only; as the call of a macro it can
/// have any expression.
pub(super) fn alignof_expressions(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if words::is_alignof(canvas.text(i)) {
            canvas.rename(i);
        }
    }
}

/// The kernel's own spellings of `asm goto` and `asm inline`.
pub(super) fn asm_macros(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        match canvas.text(i) {
            b"asm_volatile_goto" => canvas.put(i, b"asm volatile goto"),
            b"asm_inline" if canvas.is_word(i + 1) || canvas.is(i + 1, b"(") => {
                canvas.put(i, b"asm inline");
            }
            _ => {}
        }
    }
}
