//! The text being masked: its tokens, its brackets, and a copy of equal length
//! that the masks write on.

use crate::syntax::lexer::{self, Token, TokenKind};
use crate::syntax::split::directive_word;
use std::ops::Range;

/// No bracket answers this token.
const NONE: u32 = u32::MAX;

pub(super) struct Canvas<'t> {
    text: &'t [u8],
    tokens: Vec<Token>,
    /// For each bracket the index of the one that answers it.
    partner: Vec<u32>,
    out: Vec<u8>,
}

impl<'t> Canvas<'t> {
    pub(super) fn new(text: &'t [u8]) -> Canvas<'t> {
        let tokens = lexer::tokens(text);
        let partner = match_brackets(text, &tokens);
        Canvas { text, tokens, partner, out: text.to_vec() }
    }

    /// The masked text, of the same length, with every newline in its place.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The text of token `i` as written; empty past either end.
    pub(super) fn text(&self, i: usize) -> &'t [u8] {
        self.tokens.get(i).map_or(b"", |token| token.text(self.text))
    }

    /// The text of the token before `i`; empty where there is none.
    pub(super) fn before(&self, i: usize) -> &'t [u8] {
        i.checked_sub(1).map_or(b"", |before| self.text(before))
    }

    pub(super) fn is(&self, i: usize, text: &[u8]) -> bool {
        self.text(i) == text
    }

    pub(super) fn kind(&self, i: usize) -> Option<TokenKind> {
        self.tokens.get(i).map(|token| token.kind)
    }

    /// Whether token `i` is an identifier or a keyword.
    pub(super) fn is_word(&self, i: usize) -> bool {
        self.kind(i) == Some(TokenKind::Ident)
    }

    /// Whether token `i` is a string literal.
    pub(super) fn is_string(&self, i: usize) -> bool {
        self.kind(i) == Some(TokenKind::Str)
    }

    /// The bracket that answers bracket `i`.
    pub(super) fn partner(&self, i: usize) -> Option<usize> {
        self.partner.get(i).filter(|&&p| p != NONE).map(|&p| p as usize)
    }

    /// The closing bracket of the `(` at `i`, if there is a `(` that is closed.
    pub(super) fn parens(&self, i: usize) -> Option<usize> {
        if self.is(i, b"(") { self.partner(i) } else { None }
    }

    /// The byte range of the tokens `range`; empty for an empty one.
    fn bytes(&self, range: Range<usize>) -> Range<usize> {
        match (self.tokens.get(range.start), range.end.checked_sub(1)) {
            (Some(first), Some(last)) if last >= range.start => {
                let last = self.tokens.get(last).unwrap_or(first);
                first.start as usize..last.end as usize
            }
            _ => 0..0,
        }
    }

    /// Blanks the tokens `range` and what stands between them.
    pub(super) fn blank(&mut self, range: Range<usize>) {
        let bytes = self.bytes(range);
        self.out[bytes].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    }

    /// Overwrites token `i` by `word`, padded with blanks; does nothing when it
    /// is too long.
    pub(super) fn put(&mut self, i: usize, word: &[u8]) {
        let Some(range) = self.tokens.get(i).map(Token::range) else { return };
        if word.len() <= range.len() {
            self.blank(i..i + 1);
            self.out[range.start..range.start + word.len()].copy_from_slice(word);
        }
    }

    /// Makes one identifier of the tokens `range`: what an identifier cannot
    /// hold becomes `_`. False, with nothing done, when a newline or a comment
    /// stands between them.
    pub(super) fn join(&mut self, range: Range<usize>) -> bool {
        let bytes = self.bytes(range);
        let written = &self.text[bytes.clone()];
        if written.is_empty() || written.contains(&b'\n') || written.contains(&b'"') {
            return false;
        }
        for byte in &mut self.out[bytes.clone()] {
            if !lexer::is_ident_byte(*byte) {
                *byte = b'_';
            }
        }
        self.break_keyword(bytes);
        true
    }

    /// Makes the word at `i` an identifier that is no keyword and no number.
    pub(super) fn rename(&mut self, i: usize) {
        if let Some(range) = self.tokens.get(i).map(Token::range) {
            self.break_keyword(range);
        }
    }

    /// Makes an identifier of token `i`, whatever it is.
    pub(super) fn name_over(&mut self, i: usize) {
        if let Some(range) = self.tokens.get(i).map(Token::range) {
            self.out[range].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b'_');
        }
    }

    /// All keywords that the grammar knows are in lower case, or begin with `_`.
    fn break_keyword(&mut self, bytes: Range<usize>) {
        if let Some(first) = self.out.get_mut(bytes.start) {
            *first = if first.is_ascii_lowercase() { first.to_ascii_uppercase() } else { b'X' };
        }
    }

    /// Puts `byte` on the last blank between token `i` and the next. False where
    /// there is none.
    pub(super) fn put_after(&mut self, i: usize, byte: u8) -> bool {
        let Some(from) = self.tokens.get(i).map(|token| token.end as usize) else { return false };
        let to = self.tokens.get(i + 1).map_or(self.out.len(), |next| next.start as usize);
        let Some(gap) = self.out.get_mut(from..to) else { return false };
        // From behind: a comment may stand in front, none can stand behind the
        // last blank.
        match gap.last_mut() {
            Some(last @ (b' ' | b'\t')) => {
                *last = byte;
                true
            }
            _ => false,
        }
    }

    /// Whether [`Canvas::put_after`] can put something after token `i`.
    pub(super) fn has_room_after(&self, i: usize) -> bool {
        let next = self.tokens.get(i + 1).map_or(self.out.len(), |next| next.start as usize);
        let after_token = self.tokens.get(i).is_some_and(|token| (token.end as usize) < next);
        after_token && matches!(self.out.get(next - 1), Some(b' ' | b'\t'))
    }

    /// Whether the `{` at `open` begins a block and not an initialiser.
    pub(super) fn is_block(&self, open: usize) -> bool {
        match self.before(open) {
            b";" | b"{" | b"}" | b":" | b"(" | b"else" | b"do" => true,
            // A head, or a compound literal.
            b")" => {
                let opening = self.partner(open - 1);
                opening.is_some_and(|i| i > 0 && self.is_word(i - 1))
            }
            _ => self.is_word(open.wrapping_sub(1)),
        }
    }

    /// Whether the tokens `i` and `i + 1` stand on different lines.
    pub(super) fn line_ends_after(&self, i: usize) -> bool {
        match (self.tokens.get(i), self.tokens.get(i + 1)) {
            (Some(a), Some(b)) => self.text[a.end as usize..b.start as usize].contains(&b'\n'),
            _ => true,
        }
    }

    /// The column of token `i`, with tabs to multiples of eight.
    pub(super) fn column(&self, i: usize) -> usize {
        let Some(start) = self.tokens.get(i).map(|token| token.start as usize) else { return 0 };
        let line = self.text[..start].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        self.text[line..start]
            .iter()
            .fold(0, |column, &b| if b == b'\t' { column / 8 * 8 + 8 } else { column + 1 })
    }

    /// Index of the `{` of the function's body.
    pub(super) fn body(&self) -> Option<usize> {
        let mut i = 0;
        while i < self.len() {
            match self.text(i) {
                b"{" => return Some(i),
                b"(" => i = self.partner(i).unwrap_or(i) + 1,
                _ => i += 1,
            }
        }
        None
    }
}

/// Pairs the brackets. At `#else` and `#elif` what was open at the `#if` is open
/// again, so that each branch is matched on its own.
fn match_brackets(text: &[u8], tokens: &[Token]) -> Vec<u32> {
    let mut partner = vec![NONE; tokens.len()];
    let mut open: Vec<u32> = Vec::new();
    let mut at_if: Vec<Vec<u32>> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Punct => {}
            TokenKind::Directive => {
                match directive_word(token.text(text)).0 {
                    // Deep nesting of both is no C that anyone writes.
                    b"if" | b"ifdef" | b"ifndef" if at_if.len() < 64 => at_if.push(open.clone()),
                    b"else" | b"elif" => {
                        if let Some(saved) = at_if.last() {
                            open.clone_from(saved);
                        }
                    }
                    b"endif" => drop(at_if.pop()),
                    _ => {}
                }
                continue;
            }
            _ => continue,
        }
        match token.text(text) {
            b"(" | b"[" | b"{" => open.push(i as u32),
            closing @ (b")" | b"]" | b"}") => {
                let answers = |&o: &u32| {
                    matches!(
                        (tokens[o as usize].text(text), closing),
                        (b"(", b")") | (b"[", b"]") | (b"{", b"}")
                    )
                };
                if let Some(opening) = open.pop().filter(answers) {
                    partner[i] = opening;
                    partner[opening as usize] = i as u32;
                }
            }
            _ => {}
        }
    }
    partner
}
