//! What the names of a function stand for, from its tokens alone, or nothing where the
//! tokens leave a doubt: a declaration is told by its place, a cast by what follows.
//!
//! It answers for plain code what the syntax tree would, many times faster. Whatever
//! it does not know for certain (directives in the body, macros in unusual places,
//! brackets that do not match) is left to the parser.

use super::normalise::{is_primitive_type, spelled_like_a_constant};
use super::roles::Role;
use crate::syntax::lexer::is_keyword;
use crate::syntax::{Function, LoopMacros, Token, TokenKind, mask};
use rustc_hash::FxHashSet;
use std::ops::Range;

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

    /// Past the words that a declaration begins with, type included.
    fn specifiers(&mut self, from: usize, end: usize) -> Option<usize> {
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
                || self.is_ident(at + 1)
                    && matches!(self.word(at + 2), b";" | b"=" | b"," | b"[" | b")")
        };
        !is_keyword(word) && (!mask::looks_like_attribute(word) || alone())
    }

    /// Past stars, qualifiers and attributes.
    fn pointers(&self, mut at: usize) -> usize {
        while self.word(at) == b"*"
            || is_qualifier(self.word(at))
            || mask::is_attribute(self.word(at))
        {
            at += 1;
        }
        at
    }

    /// Past attributes behind a declarator.
    fn attributes(&self, mut at: usize) -> Option<usize> {
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

    fn parameters(&mut self, open: usize) -> Option<()> {
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

    /// Whether a declaration begins at `at`, the start of a statement.
    fn is_declaration(&self, at: usize) -> Option<bool> {
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
    fn declaration(&mut self, at: usize) -> Option<usize> {
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

    /// Looks for types in an expression, and for what is none.
    fn expression(&mut self, range: Range<usize>) -> Option<()> {
        for at in range.clone() {
            let word = self.word(at);
            if self.is_ident(at) {
                self.operand(at, word)?;
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

    fn operand(&mut self, at: usize, word: &[u8]) -> Option<()> {
        let next = at + 1;
        match self.before(at) {
            b"." | b"->" => return Some(()),
            // Only a macro is called in front of a word.
            b")" => {
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

fn is_tagged(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}

fn is_qualifier(word: &[u8]) -> bool {
    matches!(
        word,
        b"const" | b"volatile" | b"static" | b"inline" | b"__inline" | b"__inline__" | b"register"
    )
}

/// Keywords for arithmetic types, of which several may stand in a row.
fn is_arithmetic(word: &[u8]) -> bool {
    matches!(
        word,
        b"void"
            | b"char"
            | b"short"
            | b"int"
            | b"long"
            | b"float"
            | b"double"
            | b"signed"
            | b"unsigned"
    )
}

/// Keywords whose parentheses are no expression.
fn is_control(word: &[u8]) -> bool {
    matches!(word, b"if" | b"while" | b"for" | b"switch")
}

/// Operators that have one operand in front of a name, and two between names.
fn is_of_one_or_two(operator: &[u8]) -> bool {
    matches!(operator, b"(" | b"*" | b"&" | b"&&" | b"-" | b"+" | b"++" | b"--")
}

/// After which an operator has one operand.
fn is_prefix_place(before: &[u8]) -> bool {
    matches!(before, b"(" | b"," | b"=" | b"{" | b"[" | b"?" | b":" | b"return" | b"&&" | b"||")
}

/// Words that are keywords to the grammar, and names to the kernel.
fn is_word_of_the_grammar(word: &[u8]) -> bool {
    matches!(
        word,
        b"ptrdiff_t"
            | b"intptr_t"
            | b"charptr_t"
            | b"nullptr_t"
            | b"max_align_t"
            | b"_Generic"
            | b"alignof"
            | b"_Alignof"
            | b"__alignof"
            | b"alignas"
            | b"_Alignas"
            | b"noreturn"
            | b"_Noreturn"
            | b"_Atomic"
            | b"thread_local"
            | b"__thread"
            | b"constexpr"
            | b"nullptr"
            | b"defined"
            | b"__forceinline"
            | b"__unaligned"
            | b"_unaligned"
            | b"__based"
            | b"__try"
            | b"__except"
            | b"__finally"
            | b"__leave"
            | b"typeof_member"
            | b"__builtin_va_arg"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::roles::parsed;
    use crate::syntax::{lexer, split};

    fn lexical_and_parsed(source: &str) -> (Option<Vec<Role>>, Vec<Role>) {
        let text = source.as_bytes();
        let (functions, _) = split::functions(text);
        let (tokens, loops) = (lexer::tokens(text), LoopMacros::new(["walk_things"]));
        let tree = parsed(text, &functions[0], &tokens, &loops);
        assert_eq!(tree.gap, None, "{source}");
        (roles(text, &functions[0], &tokens, &loops), tree.roles)
    }

    /// The names of `body` and what they are, as tokens and tree tell alike.
    fn check(head: &str, body: &str, expected: &str) {
        let source = format!("{head}{{ {body} }}");
        let (lexical, tree) = lexical_and_parsed(&source);
        let lexical = lexical.unwrap_or_else(|| panic!("in doubt: {source}"));
        let text = source.as_bytes();
        let named = |roles: &[Role]| {
            let tokens = lexer::tokens(text).into_iter().zip(roles.to_vec());
            let names =
                tokens.filter(|(t, _)| t.kind == TokenKind::Ident && !is_keyword(t.text(text)));
            let of_body = names.filter(|(t, _)| t.start as usize >= head.len());
            let shown = of_body
                .map(|(t, role)| format!("{}:{role:?}", String::from_utf8_lossy(t.text(text))));
            shown.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(named(&lexical), named(&tree), "{source}");
        assert_eq!(named(&lexical), expected, "{source}");
    }

    fn check_doubt(source: &str) {
        assert_eq!(lexical_and_parsed(source).0, None, "{source}");
    }

    #[test]
    fn parameters_and_variables_of_all_blocks_are_local() {
        check(
            "static int __init f(struct a *p, unsigned q, foo_t (*call)(int r), u8 s[4])",
            "p(q, call, r, s);",
            "p:Local q:Local call:Local r:Local s:Local",
        );
        check(
            "void f(void)",
            "int a = g(1, 2), *b, c[N]; if (a) { struct s *d = b; d->a = c; }",
            "a:Local g:Callee b:Local c:Local N:Constant a:Local s:Type d:Local b:Local d:Local \
             a:Field c:Local",
        );
        check(
            "void f(void)",
            "for (int i = 0; i < n; i++) g(i);",
            "i:Local i:Local n:Global i:Local g:Callee i:Local",
        );
        check(
            "void f(void)",
            "DECLARE_BITMAP(m, 4); g(m);",
            "DECLARE_BITMAP:Callee m:Local g:Callee m:Local",
        );
        check(
            "void f(void)",
            "walk_things(a, b) g(a); goto out; out: return;",
            "walk_things:Callee a:Global b:Global g:Callee a:Global out:Local out:Local",
        );
    }

    #[test]
    fn type_names_are_told_by_what_they_declare_and_cast() {
        check(
            "void f(void)",
            "foo_t a, *b; ADAPTER *c = (ADAPTER *)b; a = (foo_t)c;",
            "foo_t:Type a:Local b:Local ADAPTER:Type c:Local ADAPTER:Type b:Local a:Local \
             foo_t:Type c:Local",
        );
        check(
            "void f(int n)",
            "g(sizeof(n), sizeof(foo_t *), offsetof(struct s, n), (__force foo_t)n);",
            "g:Callee n:Local foo_t:Type offsetof:Global s:Type n:Field __force:Global foo_t:Type n:Local",
        );
        check(
            "void f(void)",
            "struct s a = { .b = c, .d = { REG } };",
            "s:Type a:Local b:Field c:Global d:Field REG:Constant",
        );
    }

    #[test]
    fn what_only_a_parser_can_tell_is_left_to_it() {
        check_doubt("void f(void)\n{\n#ifdef A\n\ta();\n#endif\n}\n");
        check_doubt("void f(int a) { b = (a) - c; }");
        check_doubt("void f(int a) { b = (g(a)) & c; }");
        check_doubt("void f(int a) { b = (__force foo_t)(a); }");
        check_doubt("void f(void) { foo_t (*a)(int b); }");
        check_doubt("void f(int a) { typeof(a) b = a; }");
        check_doubt("void f(int a) { b = ({ int c = a; c; }); }");
        check_doubt("void f(int a) { KEY(a) b; }");
        check_doubt("void f(int a) { DECLARE_MASK(b) = { 0, }; }");
        check_doubt("void f(int foo_t) { foo_t *b; }");
        check_doubt("void f(void) { extern int a; }");
        check_doubt("void f(void) { struct { int a; } b; }");
    }

    #[test]
    fn a_text_whose_brackets_do_not_match_is_left_to_the_parser() {
        let text = b"int f(void)\n{\n\treturn a( ;\n}\n";
        let (functions, _) = split::functions(text);
        let tokens = lexer::tokens(text);
        let loops = LoopMacros::new([""; 0]);
        assert_eq!(roles(text, &functions[0], &tokens, &loops), None);
    }
}
