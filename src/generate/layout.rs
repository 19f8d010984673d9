//! Kernel coding style for lines that we compose or move: tabs of eight, eighty
//! columns preferred, continuation lines aligned to the open parenthesis
//! (Documentation/process/coding-style.rst).

use crate::syntax::lexer::{self, TokenKind};

/// Columns that a line should not exceed.
pub const WIDTH: usize = 80;

/// Columns that `checkpatch.pl` warns of.
const WIDEST: usize = 100;

/// Columns of a tab.
pub const TAB: usize = 8;

/// The column behind `text`, which starts at column `start`.
pub fn column_after(text: &[u8], start: usize) -> usize {
    let mut column = start;
    for &byte in text {
        column = match byte {
            b'\t' => (column / TAB + 1) * TAB,
            b'\n' => 0,
            // Continuation bytes of UTF-8 take no column.
            0x80..=0xbf => column,
            _ => column + 1,
        };
    }
    column
}

/// Whether a line is wider than `checkpatch.pl` lets pass.
pub fn is_too_wide(line: &[u8]) -> bool {
    column_after(line, 0) > WIDEST
}

/// White space that reaches `column`: tabs, then blanks.
pub fn indent(column: usize) -> String {
    "\t".repeat(column / TAB) + &" ".repeat(column % TAB)
}

/// Breaks the argument list of `name(` … `)` so that it fits: `lead` stands
/// before it on its line and `trail` behind it. The result starts with `head`
/// (which ends in the parenthesis) and ends with `)`.
pub fn call(lead: &[u8], head: &str, arguments: &[String], trail: &[u8]) -> String {
    let open = column_after(head.as_bytes(), column_after(lead, 0));
    // What would be too wide beside the parenthesis goes two tabs in.
    let indented = [lead, head.as_bytes()].concat();
    let blanks = indented.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let far = column_after(&indented[..blanks], 0) + 2 * TAB;
    let longest = arguments.iter().map(|argument| argument.len() + 1).max().unwrap_or(0);
    let next = if open + longest > WIDEST { far.min(open) } else { open };
    let mut text = head.to_owned();
    let mut column = open;
    for (index, argument) in arguments.iter().enumerate() {
        let last = index + 1 == arguments.len();
        let behind = if last { 1 + trail.len() } else { 1 };
        let wide = argument.len() + behind;
        if index > 0 {
            if column + 1 + wide > WIDTH {
                text.push('\n');
                text.push_str(&indent(next));
                column = next;
            } else {
                text.push(' ');
                column += 1;
            }
        }
        text.push_str(argument);
        column += argument.len();
        if !last {
            text.push(',');
            column += 1;
        }
    }
    text.push(')');
    text
}

/// Wraps the over-long lines of a rendered template at the commas of their
/// outermost parenthesis.
pub fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches('\n');
        let wrapped = (column_after(bare.as_bytes(), 0) > WIDTH).then(|| wrap_line(bare)).flatten();
        match wrapped {
            Some(wrapped) => {
                out.push_str(&wrapped);
                out.push_str(&line[bare.len()..]);
            }
            None => out.push_str(line),
        }
    }
    out
}

fn wrap_line(line: &str) -> Option<String> {
    let (head, arguments, trail) = split_call(line)?;
    Some(call(b"", head, &arguments, trail.as_bytes()) + trail)
}

/// A line as `head(`, the arguments of its outermost parenthesis, and what
/// follows the closing one.
fn split_call(line: &str) -> Option<(&str, Vec<String>, &str)> {
    let bytes = line.as_bytes();
    let tokens = lexer::tokens(bytes);
    let open = tokens.iter().position(|t| t.is(bytes, b"("))?;
    let mut depth = 0i32;
    let mut arguments = Vec::new();
    let mut from = tokens[open].end as usize;
    for token in &tokens[open..] {
        match token.text(bytes) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" => {
                depth -= 1;
                if depth == 0 {
                    arguments.push(line.get(from..token.start as usize)?.trim().to_owned());
                    let head = line.get(..tokens[open].end as usize)?;
                    return Some((head, arguments, line.get(token.end as usize..)?));
                }
            }
            b"," if depth == 1 => {
                arguments.push(line.get(from..token.start as usize)?.trim().to_owned());
                from = token.end as usize;
            }
            _ => {}
        }
    }
    None
}

/// Where a continuation line of the original was aligned to an open parenthesis,
/// aligns the line of the new text, whose tokens correspond one to one, to where
/// that parenthesis stands now. Lines are matched by their first tokens: `map`
/// gives for each byte offset of `new` that starts a line's first token the
/// offset of the corresponding token in `old`.
pub fn realign(old: &[u8], new: &[u8], map: impl Fn(usize) -> Option<usize>) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(new.len());
    let mut opens: Vec<(usize, usize)> = Vec::new(); // (old offset, new column behind it)
    let mut at = 0;
    for token in lexer::tokens(new) {
        let gap = &new[at..token.start as usize];
        let starts_line = gap.contains(&b'\n');
        let aligned = starts_line.then(|| aligned_column(old, &opens, map(token.start as usize)));
        match aligned.flatten() {
            Some(column) => {
                let line = gap.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
                out.extend_from_slice(&gap[..line]);
                out.extend_from_slice(indent(column).as_bytes());
            }
            None => out.extend_from_slice(gap),
        }
        out.extend_from_slice(token.text(new));
        at = token.end as usize;
        if token.kind == TokenKind::Punct {
            match token.text(new) {
                b"(" => {
                    let line = out.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
                    let column = column_after(&out[line..], 0);
                    let old_offset = map(token.start as usize).unwrap_or(usize::MAX);
                    opens.push((old_offset, column));
                }
                b")" => {
                    opens.pop();
                }
                _ => {}
            }
        }
    }
    out.extend_from_slice(&new[at..]);
    out
}

/// Puts a statement that holds one of `names`, and was broken into lines, on one line
/// where it now fits.
pub fn rejoin(text: &[u8], names: &[&[u8]]) -> Vec<u8> {
    let tokens = lexer::tokens(text);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut start = 0;
    let mut depth = 0i32;
    for (index, token) in tokens.iter().enumerate() {
        match token.text(text) {
            b"(" | b"[" => depth += 1,
            b")" | b"]" => {
                depth -= 1;
                // `if (x)` keeps its statement on a line of its own.
                let controls = is_controlled(tokens[start].text(text))
                    || is_loop_macro(text, &tokens[start..], index - start);
                if depth == 0 && controls {
                    start = index + 1;
                }
            }
            b"else" | b"do" => start = index + 1,
            b"{" | b"}" => start = index + 1,
            // Behind a label a statement begins; the `:` of `?:` stands inside one.
            b":" if depth == 0 && is_label(text, &tokens[start..index]) => start = index + 1,
            b";" if depth == 0 => {
                let statement = &tokens[start..=index];
                start = index + 1;
                if let Some(line) = one_line(text, statement, names) {
                    let first = statement[0].start as usize;
                    out.extend_from_slice(&text[at..first]);
                    out.extend_from_slice(&line);
                    at = token.end as usize;
                }
            }
            _ => {}
        }
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Whether a statement follows the parentheses that follow the word.
fn is_controlled(word: &[u8]) -> bool {
    matches!(word, b"if" | b"for" | b"while" | b"switch")
}

/// Whether a call that ends at token `close` is the head of a loop: `for_each_x(…)` with
/// a word behind it.
fn is_loop_macro(text: &[u8], statement: &[lexer::Token], close: usize) -> bool {
    let word = |at: usize| statement.get(at).is_some_and(|t| t.kind == TokenKind::Ident);
    let opens = statement.get(1).is_some_and(|t| t.text(text) == b"(");
    word(0) && opens && word(close + 1)
}

/// Whether what stands before a `:` is `case …`, `default` or a name alone.
fn is_label(text: &[u8], before: &[lexer::Token]) -> bool {
    match before {
        [first, ..] if matches!(first.text(text), b"case" | b"default") => true,
        [only] => only.kind == TokenKind::Ident,
        _ => false,
    }
}

/// The statement on one line, if it is on several, holds one of `names`, has no
/// comment or directive inside and fits.
fn one_line(text: &[u8], statement: &[lexer::Token], names: &[&[u8]]) -> Option<Vec<u8>> {
    let (first, last) = (statement.first()?, statement.last()?);
    let bytes = &text[first.start as usize..last.end as usize];
    let named = statement.iter().any(|token| names.contains(&token.text(text)));
    let plain = !matches!(first.text(text), b"case" | b"default");
    if !named || !plain || !bytes.contains(&b'\n') {
        return None;
    }
    let mut line = Vec::with_capacity(bytes.len());
    for (index, token) in statement.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).map(|i| statement[i]) {
            let gap = &text[before.end as usize..token.start as usize];
            if gap.iter().any(|b| !b.is_ascii_whitespace()) {
                return None;
            }
            let broken = gap.contains(&b'\n');
            let tight =
                matches!(before.text(text), b"(" | b"[") || matches!(token.text(text), b")" | b"]");
            match broken {
                true if tight => {}
                true => line.push(b' '),
                false => line.extend_from_slice(gap),
            }
        }
        line.extend_from_slice(token.text(text));
    }
    let begin = first.start as usize;
    let from = text[..begin].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
    let column = column_after(&text[from..begin], 0);
    (!line.contains(&b'\n') && column + line.len() <= WIDTH).then_some(line)
}

/// Begins a new line before an argument that is one of `names` where its line has
/// become too long, aligned to the open parenthesis.
pub fn fold(text: &[u8], names: &[&[u8]]) -> Vec<u8> {
    let tokens = lexer::tokens(text);
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut opens: Vec<usize> = Vec::new(); // columns behind open parentheses
    let mut at = 0;
    let column = |out: &[u8]| {
        let line = out.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        column_after(&out[line..], 0)
    };
    for (index, token) in tokens.iter().enumerate() {
        let (start, end) = (token.start as usize, token.end as usize);
        let gap = &text[at..start];
        let line_end = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |n| end + n);
        let here = column(&out);
        let argument = index > 0
            && tokens[index - 1].is(text, b",")
            && names.contains(&token.text(text))
            && gap == b" "
            && tokens.get(index + 1).is_some_and(|t| t.is(text, b",") || t.is(text, b")"));
        match opens.last() {
            Some(&open) if argument && column_after(&text[at..line_end], here) > WIDTH => {
                out.push(b'\n');
                out.extend_from_slice(indent(open).as_bytes());
            }
            _ => out.extend_from_slice(gap),
        }
        out.extend_from_slice(token.text(text));
        at = end;
        match token.text(text) {
            b"(" => opens.push(column(&out)),
            b")" => drop(opens.pop()),
            _ => {}
        }
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// The new column of a line whose first token stood at `old_token`, if it was
/// aligned to the innermost open parenthesis.
fn aligned_column(old: &[u8], opens: &[(usize, usize)], old_token: Option<usize>) -> Option<usize> {
    let &(old_open, new_column) = opens.last()?;
    let old_token = old_token?;
    let column = |offset: usize| {
        let line = old.get(..offset)?.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        Some(column_after(&old[line..offset], 0))
    };
    (column(old_open)? + 1 == column(old_token)?).then_some(new_column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_reaches_the_next_multiple_of_eight() {
        assert_eq!(column_after(b"\tab\tc", 0), 17);
        assert_eq!(indent(19), "\t\t   ");
    }

    #[test]
    fn short_lines_are_left_alone() {
        let line = "static int foo(int a)\n{\n";
        assert_eq!(wrap(line), line);
    }

    #[test]
    fn long_parameter_lists_continue_behind_the_parenthesis() {
        let line = "static ssize_t a_rather_long_name_show(struct device *dev, char *buf, unsigned int reg)\n";
        let expected = "static ssize_t a_rather_long_name_show(struct device *dev, char *buf,\n\
                        \t\t\t\t       unsigned int reg)\n";
        assert_eq!(wrap(line), expected);
    }

    #[test]
    fn what_would_be_too_wide_beside_the_parenthesis_goes_two_tabs_in() {
        let (name, long) = ("x".repeat(50), "y".repeat(60));
        let line = format!("\treturn {name}(a, {long});\n");
        assert_eq!(wrap(&line), format!("\treturn {name}(a,\n\t\t\t{long});\n"));
    }

    #[test]
    fn a_statement_below_the_head_of_a_loop_stays_below_it() {
        let text = b"{\n\tfor_each_x(q, i)\n\t\tfn(q);\n}\n";
        assert_eq!(rejoin(text, &[&b"fn"[..]]), text);
        let broken = b"{\n\tcall(q,\n\t     fn);\n}\n";
        assert_eq!(rejoin(broken, &[&b"fn"[..]]), b"{\n\tcall(q, fn);\n}\n");
    }

    #[test]
    fn commas_inside_nested_parentheses_do_not_break_the_line() {
        let line = format!("\treturn {}(first(a, b), second(c, d), third);\n", "x".repeat(60));
        let wrapped = wrap(&line);
        assert!(wrapped.contains("first(a, b),\n"), "{wrapped}");
        assert!(wrapped.contains("second(c, d)"), "{wrapped}");
    }

    #[test]
    fn lines_aligned_to_a_parenthesis_follow_it() {
        let old = b"\tfoo(LONG_NAME, bar(a,\n\t\t\t   b));\n";
        let new = b"\tfoo(reg, bar(a,\n\t\t\t   b));\n";
        // `reg` is six bytes shorter than `LONG_NAME`.
        let map = |at: usize| Some(if at <= 5 { at } else { at + 6 });
        assert_eq!(realign(old, new, map), b"\tfoo(reg, bar(a,\n\t\t     b));\n");
    }

    #[test]
    fn a_statement_that_fits_again_is_put_on_one_line() {
        let text = b"{\n\twrite(regs,\n\t\treg, 0x10);\n\tother(a,\n\t      b);\n}\n";
        let joined = rejoin(text, &[b"reg"]);
        let expected = b"{\n\twrite(regs, reg, 0x10);\n\tother(a,\n\t      b);\n}\n";
        assert_eq!(String::from_utf8_lossy(&joined), String::from_utf8_lossy(expected));
    }

    #[test]
    fn what_an_if_controls_stays_on_a_line_of_its_own() {
        let text =
            b"{\n\tif (a)\n\t\twrite(regs,\n\t\t\treg);\n\telse\n\t\twrite(regs,\n\t\t\treg);\n}\n";
        let joined = rejoin(text, &[b"reg"]);
        let expected = "{\n\tif (a)\n\t\twrite(regs, reg);\n\telse\n\t\twrite(regs, reg);\n}\n";
        assert_eq!(String::from_utf8_lossy(&joined), expected);
    }

    #[test]
    fn an_added_argument_begins_a_line_where_it_does_not_fit() {
        let text = format!("\tdev_err(dev, \"{}\", what);\n", "x".repeat(60));
        let folded = String::from_utf8(fold(text.as_bytes(), &[b"what"])).unwrap();
        assert!(folded.ends_with("\",\n\t\twhat);\n"), "{folded}");
        let text = b"\tdev_err(dev, \"%s\", what);\n";
        assert_eq!(fold(text, &[b"what"]), text);
    }

    #[test]
    fn lines_that_were_not_aligned_stay() {
        let old = b"\tfoo(LONG_NAME,\n\t\tb);\n";
        let new = b"\tfoo(reg,\n\t\tb);\n";
        let map = |at: usize| Some(if at <= 5 { at } else { at + 6 });
        assert_eq!(realign(old, new, map), new);
    }
}
