//! Kernel coding style for lines that we compose or move: tabs of eight, eighty
//! columns preferred, continuation lines aligned to the open parenthesis
//! (Documentation/process/coding-style.rst).

use crate::syntax::lexer::{self, TokenKind};

/// Columns that a line should not exceed.
pub const WIDTH: usize = 80;

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

/// White space that reaches `column`: tabs, then blanks.
pub fn indent(column: usize) -> String {
    "\t".repeat(column / TAB) + &" ".repeat(column % TAB)
}

/// Breaks the argument list of `name(` … `)` so that it fits: `lead` stands
/// before it on its line and `trail` behind it. The result starts with `head`
/// (which ends in the parenthesis) and ends with `)`.
pub fn call(lead: &[u8], head: &str, arguments: &[String], trail: &[u8]) -> String {
    let open = column_after(head.as_bytes(), column_after(lead, 0));
    let mut text = head.to_owned();
    let mut column = open;
    for (index, argument) in arguments.iter().enumerate() {
        let last = index + 1 == arguments.len();
        let behind = if last { 1 + trail.len() } else { 1 };
        let wide = argument.len() + behind;
        if index > 0 {
            if column + 1 + wide > WIDTH {
                text.push('\n');
                text.push_str(&indent(open));
                column = open;
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

/// Whether any line of `text` is wider than [`WIDTH`].
pub fn too_wide(text: &str) -> bool {
    text.lines().any(|line| column_after(line.as_bytes(), 0) > WIDTH)
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
    fn lines_that_were_not_aligned_stay() {
        let old = b"\tfoo(LONG_NAME,\n\t\tb);\n";
        let new = b"\tfoo(reg,\n\t\tb);\n";
        let map = |at: usize| Some(if at <= 5 { at } else { at + 6 });
        assert_eq!(realign(old, new, map), new);
    }
}
