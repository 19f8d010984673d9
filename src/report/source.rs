//! Quoting source files, which are bytes, on a terminal, which is not.

use crate::detect::{Hole, Member};
use crate::syntax::{Token, lexer};
use crate::tree::read_source;
use std::ops::Range;
use std::path::Path;

/// The text of a file as it can be shown: of the same length as its bytes, so that
/// offsets into the file are offsets into the text. A byte that is not UTF-8, or
/// that belongs to a character which would steer the terminal or reorder the text,
/// becomes a `?`; a carriage return becomes a blank.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' | '\t' => text.push(c),
                '\r' => text.push(' '),
                c if steers(c) => text.extend(std::iter::repeat_n('?', c.len_utf8())),
                c => text.push(c),
            }
        }
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

/// Control characters, and the directional ones of CVE-2021-42574.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// [`printable`] on one line, for names and values.
pub fn printable_line(text: &str) -> String {
    printable(text.as_bytes()).replace(['\n', '\t'], " ")
}

/// The first `width` characters of `text`, the last of them `…` where it is longer.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// A range moved inward to the bounds of `text` and of its characters: the file may
/// have changed since it was scanned.
pub fn clamped(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start);
    start..text.ceil_char_boundary(range.end).max(start)
}

/// The bytes of a file of the tree, or `None` when it can no longer be read: what
/// is quoted is then left out.
pub fn read(root: &Path, file: &str) -> Option<Vec<u8>> {
    read_source(&root.join(file)).ok()
}

/// The member's tokens in `source`, the numbers that a hole counts in.
pub fn member_tokens(source: &[u8], member: &Member) -> Vec<Token> {
    let start = member.function.start;
    let tokens = source.get(member.function.range()).map(lexer::tokens).unwrap_or_default();
    let shifted = |token: Token| Token {
        start: token.start + start,
        end: token.end + start,
        kind: token.kind,
    };
    tokens.into_iter().map(shifted).collect()
}

/// The places of the holes in the member's file, in the order of the text: the number of
/// the hole, from 0, and its bytes.
pub fn hole_marks(source: &[u8], member: &Member, holes: &[Hole]) -> Vec<(usize, Range<usize>)> {
    let tokens = member_tokens(source, member);
    let places = holes
        .iter()
        .enumerate()
        .flat_map(|(number, hole)| hole.tokens.iter().map(move |&token| (number, token as usize)));
    let mut marks: Vec<(usize, Range<usize>)> =
        places.filter_map(|(number, at)| Some((number, tokens.get(at)?.range()))).collect();
    marks.sort_by_key(|(_, mark)| mark.start);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_the_length_of_its_bytes() {
        let check = |bytes: &[u8], expected: &str| {
            let text = printable(bytes);
            assert_eq!(text, expected);
            assert_eq!(text.len(), bytes.len());
        };
        check(b"caf\xe9\tx\n", "caf?\tx\n");
        check("café".as_bytes(), "café");
        check(b"a\r\nb", "a \nb");
        check(b"\x1b[31m\0", "?[31m?");
        check("x\u{202e}y".as_bytes(), "x???y");
        check(b"\xf0\x9f\x98", "???");
    }

    #[test]
    fn long_text_is_shortened_by_characters() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("éééé", 3), "éé…");
        assert_eq!(shortened("ab", 0), "…");
    }

    #[test]
    fn a_range_behind_the_end_or_inside_a_character_is_moved() {
        assert_eq!(clamped("aéb", 2..9), 1..4);
        assert_eq!(clamped("aéb", 1..2), 1..3);
        assert_eq!(clamped("a", 7..9), 1..1);
    }
}
