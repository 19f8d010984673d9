//! Tokens that own their text: what macro bodies and expressions are made of
//! once they are cut loose from their file.

use crate::syntax::lexer::{Lexer, TokenKind};
use std::sync::Arc;

/// A token with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// What it is.
    pub kind: TokenKind,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub text: Arc<str>,
    /// Byte offset in the text that it was lexed from.
    pub at: u32,
    /// White space or a comment stands before it.
    pub spaced: bool,
}

impl Lexeme {
    /// A token that stands in no text.
    pub(super) fn new(kind: TokenKind, text: &str, at: u32) -> Lexeme {
        Lexeme { kind, text: text.into(), at, spaced: true }
    }

    /// Whether its text is `text`.
    pub(super) fn is(&self, text: &str) -> bool {
        &*self.text == text
    }

    /// Whether it is an identifier or keyword.
    pub(super) fn is_ident(&self) -> bool {
        self.kind == TokenKind::Ident
    }
}

/// The tokens of `text`.
pub(super) fn lexemes(text: &[u8]) -> Vec<Lexeme> {
    let mut end = 0;
    Lexer::new(text)
        .map(|token| {
            let spaced = token.start > end;
            end = token.end;
            let text = String::from_utf8_lossy(token.text(text)).into();
            Lexeme { kind: token.kind, text, at: token.start, spaced }
        })
        .collect()
}

/// The tokens as text: one blank wherever there was white space.
pub(super) fn join(tokens: &[Lexeme]) -> String {
    let mut text = String::new();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && token.spaced {
            text.push(' ');
        }
        text.push_str(&token.text);
    }
    text
}

/// Index of the bracket that closes the one at `open`, counting `()`, `[]` and
/// `{}` alike; `None` when the tokens end first.
pub(super) fn closing(tokens: &[Lexeme], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match &*token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

/// The ranges of `tokens[from..to]` between commas that stand outside brackets:
/// a macro's arguments. No tokens are no argument.
pub(super) fn split_commas(
    tokens: &[Lexeme],
    from: usize,
    to: usize,
) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (from, from);
    while at < to {
        match tokens.get(at).map(|t| &*t.text) {
            Some("(" | "[" | "{") => at = closing(tokens, at).unwrap_or(to).min(to),
            Some(",") => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if start < to || !found.is_empty() {
        found.push(start..to);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn join_keeps_single_blanks_and_drops_comments() {
        assert_eq!(join(&lexemes(b"a  +/* x */b(c)")), "a + b(c)");
    }

    #[test]
    fn arguments_are_split_at_outer_commas_only() {
        let tokens = lexemes(b"f(a, g(b, c), {d, e})");
        let close = closing(&tokens, 1).unwrap();
        let texts: Vec<_> =
            split_commas(&tokens, 2, close).into_iter().map(|r| join(&tokens[r])).collect();
        assert_eq!(texts, ["a", "g(b, c)", "{d, e}"]);
        assert!(split_commas(&tokens, 2, 2).is_empty());
    }
}
