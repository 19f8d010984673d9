//! Declarations, of parameters and of variables.

use super::Reader;
use super::words::{is_arithmetic, is_qualifier, is_tagged, is_word_of_the_grammar};
use crate::detect::roles::Role;
use crate::detect::spelling::is_primitive_type;
use crate::syntax::lexer::is_keyword;
use crate::syntax::mask;

impl Reader<'_> {
    /// Past the words that a declaration begins with, type included.
    pub(super) fn specifiers(&mut self, from: usize, end: usize) -> Option<usize> {
        let mut at = from;
        let (mut typed, mut base) = (false, false);
        while at < end && self.is_ident(at) {
            let word = self.word(at);
            if is_qualifier(word) || mask::is_attribute(word) {
                at += 1;
            } else if is_tagged(word) {
                let tag = self.is_ident(at + 1) && !is_keyword(self.word(at + 1));
                if typed || !tag || self.word(at + 2) == b"{" {
                    return None;
                }
                typed = true;
                at += 2;
            } else if is_arithmetic(word) {
                if typed && !base {
                    return None;
                }
                (typed, base) = (true, true);
                at += 1;
            } else if !typed && self.names_a_type(at) {
                // What the grammar has a word for is no name to it.
                if !is_word_of_the_grammar(word) {
                    self.marks[at] = Role::Type;
                }
                typed = true;
                at += 1;
            } else {
                break;
            }
        }
        typed.then_some(at)
    }

    /// Whether the word at `at` is the type where one is due. A word in capitals may be
    /// an attribute, unless only its name follows.
    fn names_a_type(&self, at: usize) -> bool {
        let word = self.word(at);
        let alone = || {
            self.word(at + 1) == b"*"
                || self.is_ident(at + 1) && matches!(self.word(at + 2), b";" | b"," | b"[" | b")")
        };
        !is_keyword(word) && (!mask::looks_like_attribute(word) || alone())
    }

    /// Past stars, qualifiers and attributes.
    pub(super) fn pointers(&self, mut at: usize) -> usize {
        while self.word(at) == b"*"
            || is_qualifier(self.word(at))
            || mask::is_attribute(self.word(at))
        {
            at += 1;
        }
        at
    }

    /// Past attributes behind a declarator.
    pub(super) fn attributes(&self, mut at: usize) -> Option<usize> {
        while self.is_ident(at) {
            let word = self.word(at);
            if mask::is_attribute(word) {
                at += 1;
            } else if mask::is_attribute_call(word) && self.word(at + 1) == b"(" {
                at = self.close(at + 1) + 1;
            } else {
                return None;
            }
        }
        Some(at)
    }

    /// Past one declarator, whose name may be missing if it is a parameter's.
    fn declarator(&mut self, from: usize, parameter: bool) -> Option<usize> {
        let mut at = self.pointers(from);
        if self.is_ident(at) {
            self.declare(at)?;
            at += 1;
            if self.word(at) == b"(" {
                return None;
            }
        } else if self.word(at) == b"(" {
            // A pointer to a function or to an array.
            let close = self.close(at);
            let name = self.pointers(at + 1);
            if self.word(at + 1) != b"*" || !self.is_ident(name) {
                return None;
            }
            self.declare(name)?;
            if self.dimensions(name + 1)? != close || self.word(close + 1) != b"(" {
                return None;
            }
            self.parameters(close + 1)?;
            at = self.close(close + 1) + 1;
        } else if !parameter {
            return None;
        }
        let at = self.dimensions(at)?;
        self.attributes(at)
    }

    fn declare(&mut self, at: usize) -> Option<()> {
        let name = self.word(at);
        if is_keyword(name) || is_word_of_the_grammar(name) || mask::looks_like_attribute(name) {
            return None;
        }
        self.declared.insert(name);
        Some(())
    }

    fn dimensions(&mut self, mut at: usize) -> Option<usize> {
        while self.word(at) == b"[" {
            let close = self.close(at);
            self.expression(at + 1..close)?;
            at = close + 1;
        }
        Some(at)
    }

    pub(super) fn parameters(&mut self, open: usize) -> Option<()> {
        let close = self.close(open);
        let mut at = open + 1;
        while at < close {
            let end = self.until(b",", at, close);
            match self.word(at) {
                b"..." if end == at + 1 => {}
                b"void" if end == at + 1 => {}
                _ => {
                    let after = self.specifiers(at, end)?;
                    if self.declarator(after, true)? != end {
                        return None;
                    }
                }
            }
            at = end + 1;
        }
        Some(())
    }

    /// Whether a declaration begins at `at`, the start of a statement.
    pub(super) fn is_declaration(&self, at: usize) -> Option<bool> {
        let word = self.word(at);
        if !self.is_ident(at) {
            return Some(false);
        }
        if is_tagged(word) || is_arithmetic(word) || is_qualifier(word) {
            return Some(true);
        }
        if mask::is_attribute(word) {
            return Some(true);
        }
        if is_keyword(word) {
            return Some(false);
        }
        if self.word(at + 1) == b"(" && self.word(at + 2) == b"*" {
            // A pointer to a function: `foo_t (*f)(void);`, or a call: `f(*g)(a);`.
            let close = self.close(at + 1);
            return match is_primitive_type(word) {
                true => Some(true),
                false if matches!(self.word(close + 1), b"(" | b"[") => None,
                false => Some(false),
            };
        }
        let name = self.pointers(at + 1);
        if name == at + 1 && self.is_ident(name) && !is_keyword(self.word(name)) {
            return Some(true);
        }
        let stars = name > at + 1 && self.is_ident(name) && !is_keyword(self.word(name));
        Some(stars && matches!(self.word(name + 1), b";" | b"=" | b"," | b"["))
    }

    /// Past the declaration at `at`.
    pub(super) fn declaration(&mut self, at: usize) -> Option<usize> {
        let end = self.tokens.len();
        let mut at = self.specifiers(at, end)?;
        loop {
            at = self.declarator(at, false)?;
            if self.word(at) == b"=" {
                let stop = self.until(b",", at + 1, self.until(b";", at + 1, end));
                self.expression(at + 1..stop)?;
                at = stop;
            }
            match self.word(at) {
                b"," => at += 1,
                b";" => return Some(at + 1),
                _ => return None,
            }
        }
    }
}
