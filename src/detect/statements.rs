//! A function body as a sequence of statements, from its tokens alone.
//!
//! A statement is what ends in `;`, the header of a block (`if (…)`, `for_each…(…)`)
//! or a label. Its hash keeps what a statement does, the names of callees and fields,
//! keywords and punctuators, and forgets names that are likely local and the values of
//! constants: copies that were adapted agree in it.

use super::common::is_common;
use super::hash::fold;
use super::words::{Class, Word, words};
use crate::syntax::split::{directive_word, is_never};
use crate::syntax::{Token, TokenKind};
use std::ops::Range;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Indices into the function's tokens.
    pub tokens: Range<usize>,
    /// Equal for statements that do the same to other locals and constants.
    pub hash: u32,
    /// Depth of braces inside the body.
    pub depth: u32,
    /// Number of the block that it stands in: the two branches of an `if` are two.
    pub block: u32,
    /// The one statement behind an `if (…)` or `else` without braces.
    pub controlled: bool,
}

/// The statements of the body whose tokens are `tokens[body..]`, `{` first.
pub fn statements(source: &[u8], tokens: &[Token], body: usize) -> Vec<Statement> {
    let mut all = Vec::new();
    statements_of_words(source, tokens, &words(source, tokens), body, |found| all.push(found));
    all
}

/// Like [`statements`] where the `words` of the tokens are known; calls `found` for each.
pub fn statements_of_words(
    source: &[u8],
    tokens: &[Token],
    words: &[Word],
    body: usize,
    found: impl FnMut(Statement),
) {
    let at = Open::new(body + 1, false);
    let (open, dead) = (Vec::new(), Vec::new());
    let mut splitter = Splitter { source, tokens, words, open, blocks: 0, dead, at, found };
    for index in body + 1..tokens.len() {
        splitter.token(index);
    }
}

struct Splitter<'s, F> {
    source: &'s [u8],
    tokens: &'s [Token],
    words: &'s [Word],
    /// The blocks that are open, by their numbers.
    open: Vec<u32>,
    /// How many blocks there have been.
    blocks: u32,
    /// The open `#if`s: whether their branch is never compiled.
    dead: Vec<bool>,
    at: Open,
    found: F,
}

/// The statement that has not ended yet.
struct Open {
    /// Its first token.
    start: usize,
    /// Open parentheses and brackets.
    paren: u32,
    /// Open braces of an initialiser or of a statement expression.
    braces: u32,
    kind: Kind,
    initialised: bool,
    ternary: u32,
    controlled: bool,
}

impl Open {
    fn new(start: usize, controlled: bool) -> Open {
        let kind = Kind::Plain;
        Open { start, paren: 0, braces: 0, kind, initialised: false, ternary: 0, controlled }
    }
}

impl<F: FnMut(Statement)> Splitter<'_, F> {
    fn end(&mut self, to: usize) {
        let from = self.at.start;
        if from < to {
            let hash = hash(&self.words[from..to]);
            let (depth, controlled) = (self.open.len() as u32, self.at.controlled);
            let block = self.open.last().copied().unwrap_or(0);
            (self.found)(Statement { tokens: from..to, hash, depth, block, controlled });
        }
    }

    fn token(&mut self, index: usize) {
        let token = self.tokens[index];
        if token.kind == TokenKind::Directive {
            self.directive(token.text(self.source));
        }
        if token.kind == TokenKind::Directive || self.dead.contains(&true) {
            // Not part of a statement, wherever it stands.
            if index == self.at.start {
                self.at.start += 1;
            }
            return;
        }
        if index == self.at.start {
            let class = self.words[index].class;
            self.at.kind = Kind::of(class, token.text(self.source));
            if self.at.kind == Kind::Skipped {
                // `else if` goes on with the ladder.
                let next = self.tokens.get(index + 1);
                let ladder = next.is_some_and(|t| t.is(self.source, b"if"));
                self.at = Open::new(index + 1, class != Class::End && !ladder);
                return;
            }
        }
        if token.kind != TokenKind::Punct || token.end - token.start != 1 {
            return;
        }
        let at = &mut self.at;
        let outside = at.paren == 0 && at.braces == 0;
        match self.source[token.start as usize] {
            b'(' | b'[' => at.paren += 1,
            b')' | b']' => {
                at.paren = at.paren.saturating_sub(1);
                let next = self.tokens.get(index + 1);
                let body_follows = next.is_some_and(|t| !t.is(self.source, b";"));
                if at.paren == 0 && at.braces == 0 && at.kind == Kind::Control && body_follows {
                    let braced = next.is_some_and(|t| t.is(self.source, b"{"));
                    self.end(index + 1);
                    self.at = Open::new(index + 1, !braced);
                }
            }
            b'=' if at.paren == 0 => at.initialised = true,
            b'?' if at.paren == 0 => at.ternary += 1,
            b'{' if at.paren > 0 || at.initialised || at.braces > 0 => at.braces += 1,
            b'{' => {
                self.end(index);
                self.blocks += 1;
                self.open.push(self.blocks);
                self.at = Open::new(index + 1, false);
            }
            b'}' if at.braces > 0 => at.braces -= 1,
            b'}' => {
                self.end(index);
                self.open.pop();
                self.at = Open::new(index + 1, false);
            }
            b':' if outside && at.ternary == 0 => {
                let label =
                    at.kind == Kind::Case || index == at.start + 1 && at.kind == Kind::Plain;
                if label {
                    self.end(index + 1);
                    self.at = Open::new(index + 1, false);
                }
            }
            b':' if at.paren == 0 => at.ternary = at.ternary.saturating_sub(1),
            b';' if outside => {
                self.end(index + 1);
                self.at = Open::new(index + 1, false);
            }
            _ => {}
        }
    }
}

impl<F> Splitter<'_, F> {
    fn directive(&mut self, text: &[u8]) {
        match directive_word(text) {
            (b"if", rest) => self.dead.push(is_never(rest)),
            (b"ifdef" | b"ifndef", _) => self.dead.push(false),
            (b"else" | b"elif", _) => {
                if let Some(dead) = self.dead.last_mut() {
                    *dead = false;
                }
            }
            (b"endif", _) => {
                self.dead.pop();
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An expression, a declaration, a jump.
    Plain,
    /// `if`, `for`, `while`, `switch`: a statement follows its parentheses.
    Control,
    /// `case`, `default`.
    Case,
    /// `else`, `do`, `;`: says nothing by itself.
    Skipped,
}

impl Kind {
    fn of(class: Class, first: &[u8]) -> Kind {
        if !matches!(class, Class::Keyword | Class::End) {
            return Kind::Plain;
        }
        match first {
            b"if" | b"for" | b"while" | b"switch" => Kind::Control,
            b"case" | b"default" => Kind::Case,
            b"else" | b"do" | b";" => Kind::Skipped,
            _ => Kind::Plain,
        }
    }
}

/// The hash of the statement of these words.
fn hash(words: &[Word]) -> u32 {
    const NAME: u64 = 1 << 60;
    const CONSTANT: u64 = 2 << 60;
    const STRING: u64 = 3 << 60;
    let mut hash = words.len() as u64;
    let mut before = Class::Other;
    for (at, word) in words.iter().enumerate() {
        let is_kept = || before == Class::Member || is_called(words, at);
        let value = match word.class {
            Class::Number => CONSTANT,
            Class::Str => STRING,
            Class::Name if !is_kept() => NAME,
            Class::Capitals if !is_kept() => CONSTANT,
            _ => word.packed,
        };
        hash = fold(hash ^ value);
        before = word.class;
    }
    (hash ^ hash >> 32) as u32
}

#[inline]
fn is_called(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|next| next.class == Class::Open)
}

/// The distinct names, as sorted hashes, that a function does not make up for itself, its
/// callees, fields and tags, but for those that all drivers have.
pub fn shared_names(
    source: &[u8],
    own_name: &[u8],
    tokens: &[Token],
    words: &[Word],
    out: &mut Vec<u32>,
) {
    let from = out.len();
    let mut before = Class::Other;
    for (at, word) in words.iter().enumerate() {
        let named = word.class.is_name()
            && (matches!(before, Class::Member | Class::Tag) || is_called(words, at));
        if named && !tokens[at].is(source, own_name) && !is_common(tokens[at].text(source)) {
            let hash = fold(word.packed);
            out.push((hash ^ hash >> 32) as u32);
        }
        before = word.class;
    }
    out[from..].sort_unstable();
    let mut kept = from;
    for at in from..out.len() {
        if at == from || out[at] != out[kept - 1] {
            out[kept] = out[at];
            kept += 1;
        }
    }
    out.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::lexer;

    fn split(body: &str) -> Vec<String> {
        let bytes = body.as_bytes();
        let tokens = lexer::tokens(bytes);
        let words = |statement: Statement| -> Vec<_> {
            let tokens = tokens[statement.tokens].iter();
            tokens.map(|token| String::from_utf8_lossy(token.text(bytes))).collect()
        };
        statements(bytes, &tokens, 0).into_iter().map(|s| words(s).join(" ")).collect()
    }

    fn hashes(body: &str) -> Vec<u32> {
        let bytes = body.as_bytes();
        statements(bytes, &lexer::tokens(bytes), 0).iter().map(|s| s.hash).collect()
    }

    #[test]
    fn headers_labels_and_what_ends_in_a_semicolon_are_statements() {
        assert_eq!(
            split("{ int a = 1; if (a) b(); else { c(); } do { d(); } while (a); out: return a; }"),
            [
                "int a = 1 ;",
                "if ( a )",
                "b ( ) ;",
                "c ( ) ;",
                "d ( ) ;",
                "while ( a ) ;",
                "out :",
                "return a ;"
            ]
        );
        assert_eq!(
            split("{ switch (a) { case 1 ... 5: b = c ? d : e; break; default: return 0; } }"),
            [
                "switch ( a )",
                "case 1 ... 5 :",
                "b = c ? d : e ;",
                "break ;",
                "default :",
                "return 0 ;"
            ]
        );
        assert_eq!(
            split(
                "{ list_for_each(a, b) { c(); } struct x y = { .a = 1, .b = { 2 } }; f((struct x){ 1 }); }"
            ),
            [
                "list_for_each ( a , b )",
                "c ( ) ;",
                "struct x y = { . a = 1 , . b = { 2 } } ;",
                "f ( ( struct x ) { 1 } ) ;"
            ]
        );
        assert_eq!(
            split("{ for (i = 0; i < n; i++) a[i] = 0;\n#ifdef X\n b();\n#endif\n c(); }"),
            ["for ( i = 0 ; i < n ; i ++ )", "a [ i ] = 0 ;", "b ( ) ;", "c ( ) ;"]
        );
    }

    #[test]
    fn what_is_never_compiled_is_no_statement() {
        assert_eq!(
            split(
                "{ a();\n#if 0\n b(); if (c) {\n#if D\n d();\n#endif\n#else\n e();\n#endif\n f(); }"
            ),
            ["a ( ) ;", "e ( ) ;", "f ( ) ;"]
        );
        assert_eq!(split("{\n#if 1\n a();\n#elif 0\n b();\n#endif\n}"), ["a ( ) ;", "b ( ) ;"]);
    }

    #[test]
    fn a_statement_knows_its_depth_and_whether_it_stands_alone() {
        let bytes = b"{ if (a) b(); else c(); if (d) { e(); } f(); }";
        let found = statements(bytes, &lexer::tokens(bytes), 0);
        let out: Vec<(u32, bool)> = found.iter().map(|s| (s.depth, s.controlled)).collect();
        let alone = [false, true, true, false, false, false];
        let depth = [0, 0, 0, 0, 1, 0];
        assert_eq!(out, depth.into_iter().zip(alone).collect::<Vec<_>>());
    }

    #[test]
    fn hashes_keep_callees_and_fields_and_forget_locals_and_constants() {
        assert_eq!(hashes("{ a = f(b, 1, REG); }"), hashes("{ x = f(y, 2, 0x10); }"));
        assert_ne!(hashes("{ a = f(b); }"), hashes("{ a = g(b); }"));
        assert_ne!(hashes("{ a->x = 1; }"), hashes("{ a->y = 1; }"));
        assert_ne!(hashes("{ a += 1; }"), hashes("{ a -= 1; }"));
    }

    #[test]
    fn names_that_are_shared_are_counted_once() {
        let names = |text: &str| {
            let mut out = vec![7];
            let tokens = lexer::tokens(text.as_bytes());
            let words = words(text.as_bytes(), &tokens);
            shared_names(text.as_bytes(), b"own", &tokens, &words, &mut out);
            out.split_off(1)
        };
        assert_eq!(names("own(struct axm *b) { fill(b->fan, REG); fill(d, 1); }").len(), 3);
        assert_eq!(names("fill(x->fan)"), names("fill(y->fan, kfree(z->fan))"));
    }
}
