//! Statements that a macro begins: loops, blocks, and macros without `;`.

use super::LoopMacros;
use super::canvas::Canvas;
use super::words;

/// Writes `while` over the name of each macro that a body follows, and ends the
/// statement after a macro that needs no `;`.
pub(super) fn macro_statements(canvas: &mut Canvas, loops: &LoopMacros) {
    let Some(body) = canvas.body() else { return };
    for i in body + 1..canvas.len() {
        if canvas.is_word(i)
            && !words::is_control(canvas.text(i))
            && !words::begins_type(canvas.text(i))
            && let Some(close) = canvas.parens(i + 1)
        {
            if closes_do(canvas, i) {
                loop_head(canvas, i, close);
            } else if begins_statement(canvas, i) {
                statement(canvas, i, close, loops);
            }
        }
    }
}

fn statement(canvas: &mut Canvas, name: usize, close: usize, loops: &LoopMacros) {
    let word = canvas.text(name);
    let follows = close + 1;
    if canvas.is(follows, b"{") {
        loop_head(canvas, name, close);
        return;
    }
    let starts_statement = canvas.is_word(follows)
        || matches!(canvas.text(follows), b"*" | b"(" | b"++" | b"--" | b"}");
    if !starts_statement || !canvas.line_ends_after(close) && !loops.contains(word) {
        return;
    }
    if loops.contains(word) {
        loop_head(canvas, name, close);
    } else if words::is_macro_name(word) && matches!(canvas.text(follows), b"}") {
        canvas.put_after(close, b';');
    } else if canvas.is_word(follows) && canvas.column(follows) > canvas.column(name) {
        loop_head(canvas, name, close);
    } else if canvas.is_word(follows) && words::is_macro_name(word) {
        canvas.put_after(close, b';');
    }
}

/// `name(…)` becomes `while(…)`, or `if(…)` where the name is too short.
fn loop_head(canvas: &mut Canvas, name: usize, close: usize) {
    let keyword: &[u8] = if canvas.text(name).len() < 5 { b"if" } else { b"while" };
    if close == name + 2 {
        // No argument: the condition takes the room of the name.
        if canvas.text(name).len() >= 6 {
            canvas.blank(name + 1..close + 1);
            canvas.put(name, if canvas.text(name).len() >= 8 { b"while(1)" } else { b"if (1)" });
        }
        return;
    }
    canvas.put(name, keyword);
}

/// `do { … } while_each_thing(…);`
fn closes_do(canvas: &Canvas, i: usize) -> bool {
    canvas.before(i) == b"}"
        && canvas.partner(i - 1).is_some_and(|open| canvas.before(open) == b"do")
}

fn begins_statement(canvas: &Canvas, i: usize) -> bool {
    match canvas.before(i) {
        b"{" => canvas.is_block(i - 1),
        b";" | b"}" | b":" | b"else" | b"do" => true,
        b")" => canvas.partner(i - 1).is_some_and(|open| is_head(canvas, open)),
        // A macro alone in its line, which needs no `;`.
        before => {
            before.starts_with(b"#")
                || words::is_macro_name(before)
                    && begins_line(canvas, i)
                    && begins_line(canvas, i - 1)
        }
    }
}

/// Whether the `(` at `open` is that of an `if` or a loop.
fn is_head(canvas: &Canvas, open: usize) -> bool {
    let Some(name) = open.checked_sub(1) else { return false };
    match canvas.text(name) {
        b"if" | b"while" | b"for" | b"switch" => true,
        // A loop macro, or a macro without `;`, in front of this statement.
        _ => canvas.is_word(name) && begins_line(canvas, name),
    }
}

fn begins_line(canvas: &Canvas, i: usize) -> bool {
    i.checked_sub(1).is_some_and(|before| canvas.line_ends_after(before))
}

/// Ends the statement that is a macro alone in its line: `CRITICAL_BEGIN`.
pub(super) fn lone_macros(canvas: &mut Canvas) {
    let Some(body) = canvas.body() else { return };
    for i in body + 1..canvas.len() {
        if canvas.is_word(i)
            && words::is_macro_name(canvas.text(i))
            && canvas.line_ends_after(i)
            && begins_line(canvas, i)
            && (canvas.is_word(i + 1) || canvas.is(i + 1, b"}"))
            && canvas.column(i + 1) <= canvas.column(i)
            && begins_statement(canvas, i)
        {
            canvas.put_after(i, b';');
        }
    }
}

/// `if MACRO(x)`, where the macro brings the parentheses, becomes `if(MACRO,x)`.
pub(super) fn macro_conditions(canvas: &mut Canvas) {
    for i in 0..canvas.len() {
        if matches!(canvas.text(i), b"if" | b"while" | b"switch")
            && canvas.is_word(i + 1)
            && let Some(close) = canvas.parens(i + 2)
            && close > i + 3
            && canvas.put_after(i, b'(')
        {
            canvas.put(i + 2, b",");
        }
    }
}
