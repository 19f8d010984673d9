//! Expressions: the types in them, and what is none.

use super::Reader;
use super::words::{
    is_arithmetic, is_control, is_of_one_or_two, is_prefix_place, is_qualifier, is_tagged,
    is_word_of_the_grammar,
};
use crate::detect::roles::Role;
use crate::detect::spelling::is_primitive_type;
use crate::syntax::lexer::is_keyword;
use crate::syntax::{TokenKind, mask};
use std::ops::Range;

impl Reader<'_> {
    /// Looks for types in an expression, and for what is none.
    pub(super) fn expression(&mut self, range: Range<usize>) -> Option<()> {
        for at in range.clone() {
            let word = self.word(at);
            if self.is_ident(at) {
                self.operand(at, word, range.start)?;
                continue;
            }
            match word {
                b"(" => self.parenthesis(at)?,
                b"{" if !matches!(self.before(at), b"=" | b"," | b"{" | b")") => return None,
                b"{" if self.before(at) == b"," && !self.in_braces(at) => return None,
                b"}" if !matches!(self.word(at + 1), b"," | b"}" | b")" | b";" | b"[" | b".") => {
                    return None;
                }
                b"&&" if at == range.start || is_prefix_place(self.before(at)) => return None,
                // `field: value`
                b":" if self.is_ident(at - 1) && matches!(self.before(at - 1), b"{" | b",") => {
                    return None;
                }
                b";" if !self.in_for(&range, at) => return None,
                _ => {}
            }
        }
        Some(())
    }

    /// Whether the `;` at `at` is one of the header of a `for`, which is `range`.
    fn in_for(&self, range: &Range<usize>, at: usize) -> bool {
        self.word(range.end) == b")" && {
            let open = self.close(range.end);
            self.before(open) == b"for" && self.until(b";", range.start, range.end) <= at && {
                let first = self.until(b";", open + 1, range.end);
                at == first || at == self.until(b";", first + 1, range.end)
            }
        }
    }

    fn in_braces(&self, at: usize) -> bool {
        let mut before = at;
        while let Some(token) = before.checked_sub(1) {
            match self.word(token) {
                b")" | b"]" | b"}" => before = self.close(token),
                b"{" => return true,
                b"(" | b"[" | b";" => return false,
                _ => before = token,
            }
        }
        false
    }

    fn operand(&mut self, at: usize, word: &[u8], start: usize) -> Option<()> {
        let next = at + 1;
        match self.before(at) {
            b"." | b"->" => return Some(()),
            // Only a macro is called in front of a word.
            b")" if at > start => {
                let open = self.close(at - 1);
                let called = open > 0 && self.is_ident(open - 1);
                if called && !is_keyword(self.before(open)) {
                    return None;
                }
            }
            _ => {}
        }
        let word_follows = self.is_ident(next);
        if is_tagged(word) {
            return (word_follows && self.word(at + 2) != b"{").then_some(());
        }
        if is_arithmetic(word) || matches!(word, b"const" | b"volatile" | b"sizeof") {
            return Some(());
        }
        if word == b"offsetof" {
            return self.member(next);
        }
        if is_keyword(word) || is_word_of_the_grammar(word) {
            return None;
        }
        let attribute = || mask::is_attribute(self.word(next)) || mask::is_attribute(word);
        (!word_follows || attribute()).then_some(())
    }

    /// Marks the type and the member in `offsetof(…)`.
    fn member(&mut self, open: usize) -> Option<()> {
        let (close, tagged) = (self.close(open), is_tagged(self.word(open + 1)));
        let of = if tagged { open + 2 } else { open + 1 };
        let plain = self.word(open) == b"(" && close == of + 3 && self.word(of + 1) == b",";
        if !plain || !self.is_ident(of) || !self.is_ident(of + 2) {
            return None;
        }
        self.marks[of] = Role::Type;
        self.marks[of + 2] = Role::Field;
        Some(())
    }

    /// Marks the type in a cast or in `sizeof(…)`.
    fn parenthesis(&mut self, open: usize) -> Option<()> {
        let close = self.close(open);
        let (first, before) = (open + 1, self.before(open));
        let called = open > 0 && (self.is_ident(open - 1) && !is_keyword(before) || before == b"]");
        if called || !self.is_ident(first) {
            return Some(());
        }
        let word = self.word(first);
        let typed = is_tagged(word)
            || is_arithmetic(word)
            || is_qualifier(word)
            || mask::is_attribute(word);
        if typed || self.before(close) == b"*" {
            // `(__force foo_t)(a)`
            let next = self.word(close + 1);
            if mask::is_attribute(word) && close == first + 2 && is_of_one_or_two(next) {
                return None;
            }
            let after = self.specifiers(first, close)?;
            return (self.pointers(after) == close).then_some(());
        }
        let next = self.tokens.get(close + 1)?;
        if close != first + 1 {
            // `(f(x)) & y` may be a cast.
            let call = self.word(first + 1) == b"(" && self.close(first + 1) + 1 == close;
            return (!call || !is_of_one_or_two(next.text(self.text))).then_some(());
        }
        if is_primitive_type(word) {
            return Some(());
        }
        let value_follows = match next.kind {
            TokenKind::Punct => match next.text(self.text) {
                b"~" | b"!" | b"{" => true,
                operator if before != b"sizeof" && is_of_one_or_two(operator) => return None,
                _ => false,
            },
            TokenKind::Ident => {
                let word = next.text(self.text);
                !is_control(before) && (word == b"sizeof" || !is_keyword(word))
            }
            _ => true,
        };
        if value_follows && before != b"sizeof" {
            self.marks[first] = Role::Type;
        }
        Some(())
    }
}
