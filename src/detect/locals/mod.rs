//! What the names of a function stand for, from its tokens alone, or nothing where the
//! tokens leave a doubt: a declaration is told by its place, a cast by what follows.
//!
//! It answers for plain code what the syntax tree would, many times faster. Whatever
//! it does not know for certain (directives in the body, macros in unusual places,
//! brackets that do not match) is left to the parser.

mod declaration;
mod expression;
#[cfg(test)]
mod tests;
mod words;

use super::roles::Role;
use super::spelling::spelled_like_a_constant;
use crate::syntax::lexer::is_keyword;
use crate::syntax::{Function, LoopMacros, Token, TokenKind};
use rustc_hash::FxHashSet;

/// Deepest nesting of brackets that is read: no code of people nests deeper.
const MAX_NESTING: usize = 64;

/// The roles of `tokens`, one each, as [`super::roles::roles`] gives them, or `None`
/// where only a parser can tell.
pub fn roles(
    text: &[u8],
    function: &Function,
    tokens: &[Token],
    loops: &LoopMacros,
) -> Option<Vec<Role>> {
    let partner = partners(text, tokens)?;
    let marks = vec![Role::Other; tokens.len()];
    let mut reader = Reader { text, tokens, loops, partner, declared: FxHashSet::default(), marks };
    reader.function(function)?;
    reader.finish()
}

/// For each bracket the one that answers it; `None` where one is not answered, and
/// where something stands that is no plain token.
fn partners(text: &[u8], tokens: &[Token]) -> Option<Vec<u32>> {
    let mut partner = vec![0; tokens.len()];
    let mut open: Vec<(usize, u8)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Directive | TokenKind::Stray => return None,
            TokenKind::Punct if token.end - token.start == 1 => {}
            _ => continue,
        }
        match token.text(text) {
            b"(" => open.push((at, b')')),
            b"[" => open.push((at, b']')),
            b"{" => open.push((at, b'}')),
            &[close @ (b')' | b']' | b'}')] => {
                let (from, _) = open.pop().filter(|&(_, wanted)| wanted == close)?;
                partner[from] = at as u32;
                partner[at] = from as u32;
            }
            _ => {}
        }
        if open.len() > MAX_NESTING {
            return None;
        }
    }
    open.is_empty().then_some(partner)
}

struct Reader<'t> {
    text: &'t [u8],
    tokens: &'t [Token],
    loops: &'t LoopMacros,
    partner: Vec<u32>,
    /// The names that the function declares.
    declared: FxHashSet<&'t [u8]>,
    /// What a token's place says: a type, a member or a label.
    marks: Vec<Role>,
}

impl<'t> Reader<'t> {
    /// The text of token `at`; empty past the end.
    fn word(&self, at: usize) -> &'t [u8] {
        self.tokens.get(at).map_or(&[], |token| token.text(self.text))
    }

    fn before(&self, at: usize) -> &'t [u8] {
        at.checked_sub(1).map_or(&[], |before| self.word(before))
    }

    fn is_ident(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Ident)
    }

    /// The bracket that answers the one at `at`.
    fn close(&self, at: usize) -> usize {
        self.partner.get(at).map_or(0, |&partner| partner as usize)
    }

    fn function(&mut self, function: &Function) -> Option<()> {
        if function.macro_defined || function.unbalanced {
            return None;
        }
        let name = self.tokens.partition_point(|token| token.start < function.name.start);
        let body = self.tokens.partition_point(|token| token.start < function.body);
        let end = self.tokens.len().checked_sub(1)?;
        if self.word(body) != b"{" || self.close(body) != end || self.word(name + 1) != b"(" {
            return None;
        }
        let close = self.close(name + 1);
        let after = self.specifiers(0, name)?;
        if self.pointers(after) != name || self.attributes(close + 1)? != body {
            return None;
        }
        self.parameters(name + 1)?;
        self.statements(body + 1, end)
    }

    /// The first `mark` outside brackets from `at`, or `end`.
    fn until(&self, mark: &[u8], mut at: usize, end: usize) -> usize {
        while at < end && self.word(at) != mark {
            if matches!(self.word(at), b"(" | b"[" | b"{") {
                at = self.close(at);
            }
            at += 1;
        }
        at.min(end)
    }

    fn statements(&mut self, mut at: usize, end: usize) -> Option<()> {
        while at < end {
            at = self.statement(at, end)?;
        }
        Some(())
    }

    /// Past the statement at `at`, or past its head.
    fn statement(&mut self, at: usize, end: usize) -> Option<usize> {
        match self.word(at) {
            b"{" | b"}" | b";" | b"else" | b"do" => Some(at + 1),
            b"if" | b"while" | b"switch" | b"for" => {
                if self.word(at + 1) != b"(" {
                    return None;
                }
                let (open, close) = (at + 1, self.close(at + 1));
                let mut from = open + 1;
                if self.word(at) == b"for" && self.is_declaration(from)? {
                    from = self.declaration(from)?;
                }
                self.expression(from..close)?;
                Some(close + 1)
            }
            b"return" => self.simple(at + 1, end),
            b"break" | b"continue" => (self.word(at + 1) == b";").then_some(at + 2),
            b"goto" => (self.is_ident(at + 1) && self.word(at + 2) == b";").then_some(at + 3),
            b"case" => {
                let colon = self.colon(at + 1, end)?;
                self.expression(at + 1..colon)?;
                self.not_last(colon + 1)
            }
            b"default" => {
                (self.word(at + 1) == b":").then_some(())?;
                self.not_last(at + 2)
            }
            word if self.is_ident(at) && self.word(at + 1) == b":" => {
                if is_keyword(word) {
                    return None;
                }
                self.marks[at] = Role::Local;
                self.not_last(at + 2)
            }
            _ if self.is_declaration(at)? => self.declaration(at),
            word => {
                let called = self.is_ident(at) && self.word(at + 1) == b"(";
                let close = self.close(at + 1);
                if called && (self.loops.contains(word) || self.word(close + 1) == b"{") {
                    self.expression(at..close + 1)?;
                    return Some(close + 1);
                }
                // A macro that declares what is initialised.
                if called && self.word(close + 1) == b"=" {
                    return None;
                }
                self.simple(at, end)
            }
        }
    }

    /// A label in front of the end of its block, or of a declaration, is new C.
    fn not_last(&self, at: usize) -> Option<usize> {
        (self.word(at) != b"}" && !self.is_declaration(at)?).then_some(at)
    }

    /// Past the expression that ends in `;`.
    fn simple(&mut self, at: usize, end: usize) -> Option<usize> {
        let semicolon = self.until(b";", at, end);
        if semicolon == end {
            return None;
        }
        self.expression(at..semicolon)?;
        Some(semicolon + 1)
    }

    /// The colon that ends a `case`.
    fn colon(&self, mut at: usize, end: usize) -> Option<usize> {
        let mut ternary = 0;
        loop {
            match self.word(at) {
                b":" if ternary == 0 => return Some(at),
                b":" => ternary -= 1,
                b"?" => ternary += 1,
                b"(" | b"[" => at = self.close(at),
                b";" | b"{" | b"}" => return None,
                _ => {}
            }
            at += 1;
            if at >= end {
                return None;
            }
        }
    }

    /// The roles, from the marks and the names that are declared.
    fn finish(mut self) -> Option<Vec<Role>> {
        self.declare_by_macros();
        for (at, token) in self.tokens.iter().enumerate() {
            let role = match token.kind {
                TokenKind::Ident => self.identifier(at)?,
                TokenKind::Number | TokenKind::Char => Role::Number,
                TokenKind::Str => Role::Text,
                TokenKind::Punct | TokenKind::Directive | TokenKind::Stray => Role::Other,
            };
            self.marks[at] = role;
        }
        Some(self.marks)
    }

    fn declare_by_macros(&mut self) {
        super::roles::declared_by_macros(self.text, self.tokens, &mut self.declared);
    }

    fn identifier(&self, at: usize) -> Option<Role> {
        let (name, mark) = (self.word(at), self.marks[at]);
        let declared = self.declared.contains(name);
        Some(match self.before(at) {
            b"." | b"->" => Role::Field,
            b"struct" | b"union" | b"enum" => Role::Type,
            _ if mark == Role::Type && declared => return None,
            b"goto" => Role::Local,
            _ if mark != Role::Other => mark,
            _ if declared => Role::Local,
            _ if self.word(at + 1) == b"(" => Role::Callee,
            _ if spelled_like_a_constant(name) => Role::Constant,
            _ => Role::Global,
        })
    }
}
