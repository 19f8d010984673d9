//! Tier 1: splits a file into its top-level functions by matching braces.
//!
//! No grammar is involved, so nothing that a macro hides can throw it off for
//! longer than one function. At `#else` and `#elif` the depths of the `#if` come
//! back, which keeps branches with unbalanced braces from running away.

mod header;

use super::lexer::{LexProblem, Lexer, Token, TokenKind};
use header::{Header, header};
use memchr::memchr_iter;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A function definition, by its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Byte range of its name.
    pub name: Range<u32>,
    /// First byte of the signature (storage class, attributes and all).
    pub start: u32,
    /// The `{` of the body.
    pub body: u32,
    /// One past the `}` of the body.
    pub end: u32,
    /// Line of `start`, from 1.
    pub start_line: u32,
    /// Line of the closing brace, from 1.
    pub end_line: u32,
    /// Number of tokens from `start` to `end`; a directive counts as one.
    pub token_count: u32,
    /// The signature is a macro call without a return type
    /// (`SYSCALL_DEFINE3(read, …) {`): the C name is not in the text.
    pub macro_defined: bool,
    /// It stands under `#if 0` and is never compiled.
    pub disabled: bool,
    /// Its braces do not balance; it was closed at a `}` in column 0.
    pub unbalanced: bool,
}

impl Function {
    /// Number of lines, from the first of the signature to the closing brace.
    pub fn lines(&self) -> u32 {
        self.end_line - self.start_line + 1
    }

    /// The function's name in `source`, the file it was split from.
    pub fn name<'s>(&self, source: &'s [u8]) -> &'s [u8] {
        &source[self.name.start as usize..self.name.end as usize]
    }

    /// Byte range of the whole definition.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Byte range of the signature, up to the `{`.
    pub fn signature(&self) -> Range<usize> {
        self.start as usize..self.body as usize
    }
}

/// What [`split`] says of a file apart from its functions.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Number of lines of the file.
    pub lines: u32,
    /// Byte offset of the signature of a function whose body never ends.
    pub unclosed: Option<u32>,
    /// What the lexer could not read.
    pub problems: Vec<LexProblem>,
}

/// One open `#if`.
struct Condition {
    at_if: Depth,
    /// Depth at the end of the first branch, once there is a second.
    after_first: Option<Depth>,
    /// This branch is `#if 0`, or `#else` of `#if 1`.
    dead: bool,
}

#[derive(Clone, Copy, Default)]
struct Depth {
    brace: u32,
    paren: u32,
}

/// A function whose `}` has not been met yet.
struct OpenFunction {
    header: Header,
    body: u32,
    disabled: bool,
}

struct Splitter<'s> {
    source: &'s [u8],
    depth: Depth,
    conditions: Vec<Condition>,
    /// Tokens of the current top-level item.
    item: Vec<Token>,
    /// An `=` outside parentheses and braces: the item is an initialised object.
    has_initialiser: bool,
    open: Option<OpenFunction>,
    /// How far `line` has been counted.
    counted_to: usize,
    line: u32,
}

/// Finds the functions of `source` in order and hands each to `on_function` with
/// its tokens (signature and body, directives included).
pub fn split(source: &[u8], mut on_function: impl FnMut(Function, &[Token])) -> Outline {
    let mut lexer = Lexer::new(source);
    let mut splitter = Splitter {
        source,
        depth: Depth::default(),
        conditions: Vec::new(),
        item: Vec::with_capacity(1024),
        has_initialiser: false,
        open: None,
        counted_to: 0,
        line: 1,
    };
    for token in lexer.by_ref() {
        if let Some(function) = splitter.token(token) {
            on_function(function, &splitter.item);
            splitter.end_item();
        }
    }
    let unclosed = splitter.open.as_ref().map(|open| open.header.start);
    let lines = splitter.line_of(source.len());
    let ends_in_newline = source.last().is_none_or(|&b| b == b'\n');
    Outline {
        lines: if ends_in_newline { lines - 1 } else { lines },
        unclosed,
        problems: std::mem::take(&mut lexer.problems),
    }
}

/// The functions of `source` with their tokens dropped.
pub fn functions(source: &[u8]) -> (Vec<Function>, Outline) {
    let mut found = Vec::new();
    let outline = split(source, |function, _| found.push(function));
    (found, outline)
}

impl Splitter<'_> {
    /// Line of `offset`, from 1. Offsets must not decrease from call to call.
    fn line_of(&mut self, offset: usize) -> u32 {
        if offset > self.counted_to {
            self.line += memchr_iter(b'\n', &self.source[self.counted_to..offset]).count() as u32;
            self.counted_to = offset;
        }
        self.line
    }

    fn end_item(&mut self) {
        self.item.clear();
        self.has_initialiser = false;
        self.open = None;
    }

    // Inlined, so that the token stays in registers on its way from the lexer: a store
    // of its fields and a load of the whole stall each other.
    #[inline(always)]
    fn token(&mut self, token: Token) -> Option<Function> {
        if token.kind == TokenKind::Directive {
            self.directive(token);
            return None;
        }
        self.item.push(token);
        if token.kind != TokenKind::Punct || token.end - token.start != 1 {
            return None;
        }
        match self.source[token.start as usize] {
            b'{' => self.open_brace(token),
            b'}' => return self.close_brace(token),
            b'(' => self.depth.paren += 1,
            b')' => self.depth.paren = self.depth.paren.saturating_sub(1),
            b'=' if self.depth.brace == 0 && self.depth.paren == 0 => self.has_initialiser = true,
            b';' if self.depth.brace == 0 && self.depth.paren == 0 => self.end_item(),
            _ => {}
        }
        None
    }

    fn open_brace(&mut self, brace: Token) {
        if self.open.is_none()
            && self.depth.brace == 0
            && self.depth.paren == 0
            && !self.has_initialiser
            && let Some(header) = header(self.source, &self.item)
        {
            // Whatever stood before the signature is another item.
            let first = self.item.iter().position(|t| t.start == header.start).unwrap_or(0);
            self.item.drain(..first);
            let disabled = self.conditions.iter().any(|c| c.dead);
            self.open = Some(OpenFunction { header, body: brace.start, disabled });
        }
        self.depth.brace += 1;
    }

    fn close_brace(&mut self, brace: Token) -> Option<Function> {
        self.depth.brace = self.depth.brace.saturating_sub(1);
        let at = brace.start as usize;
        let in_column_0 = at == 0 || self.source[at - 1] == b'\n';
        let unbalanced = self.depth.brace > 0;
        let ends_here = || in_column_0 && !indented_after(self.source, at + 1);
        if unbalanced && !(self.open.is_some() && ends_here()) {
            return None;
        }
        let Some(open) = self.open.take() else {
            // The end of a struct, enum or initialiser: its item goes on to `;`.
            return None;
        };
        // Kernel style closes a function, and nothing inside one, in column 0.
        self.depth = Depth::default();
        let start_line = self.line_of(open.header.start as usize);
        let end_line = self.line_of(at);
        Some(Function {
            name: open.header.name,
            start: open.header.start,
            body: open.body,
            end: brace.end,
            start_line,
            end_line,
            token_count: self.item.len() as u32,
            macro_defined: open.header.macro_defined,
            disabled: open.disabled,
            unbalanced,
        })
    }

    fn directive(&mut self, token: Token) {
        let (word, rest) = directive_word(token.text(self.source));
        match word {
            b"if" | b"ifdef" | b"ifndef" => self.conditions.push(Condition {
                at_if: self.depth,
                after_first: None,
                dead: word == b"if" && is_never(rest),
            }),
            b"else" | b"elif" => {
                if let Some(condition) = self.conditions.last_mut() {
                    condition.after_first.get_or_insert(self.depth);
                    condition.dead = false;
                    self.depth = condition.at_if;
                }
            }
            b"endif" => {
                if let Some(after_first) = self.conditions.pop().and_then(|c| c.after_first) {
                    self.depth = after_first;
                }
            }
            _ => {}
        }
        // A directive among the parameters, or a `#define` between the `)` and
        // the `{`, is part of the definition; any other ends the item before it.
        let between = matches!(word, b"define" | b"undef" | b"pragma")
            && self.item.last().is_some_and(|t| t.is(self.source, b")"));
        if self.open.is_some() || (self.depth.brace == 0 && (self.depth.paren > 0 || between)) {
            self.item.push(token);
        } else if self.depth.brace == 0 {
            self.end_item();
        }
    }
}

/// Whether the first line with code after the one of `at` is indented: a `}` in
/// column 0 before it does not end a function. Directives say nothing of the depth.
fn indented_after(source: &[u8], at: usize) -> bool {
    let lines = source[at..].split(|&b| b == b'\n').skip(1);
    let mut in_directive = false;
    for line in lines {
        let text = line.trim_ascii();
        let passed_over = in_directive || text.is_empty() || text.starts_with(b"#");
        in_directive = passed_over && text.ends_with(b"\\");
        if !passed_over {
            return line.first().is_some_and(u8::is_ascii_whitespace);
        }
    }
    false
}

/// The line of the byte at `offset` in `source`, from 1.
pub fn line_at(source: &[u8], offset: usize) -> u32 {
    let before = source.get(..offset).unwrap_or(source);
    1 + memchr_iter(b'\n', before).count() as u32
}

/// The word after `#` of a directive and what follows it.
pub fn directive_word(text: &[u8]) -> (&[u8], &[u8]) {
    let rest = text.strip_prefix(b"#").unwrap_or(text).trim_ascii_start();
    let end = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
    rest.split_at(end)
}

/// Whether an `#if` with this condition keeps its branch from every compiler: `0`, and
/// perhaps a comment that says why.
pub fn is_never(condition: &[u8]) -> bool {
    let Some(rest) = condition.trim_ascii().strip_prefix(b"0") else { return false };
    let rest = rest.trim_ascii();
    let comment = rest.strip_prefix(b"/*").map(|comment| {
        // Another word may stand behind the comment; the comment may go on below.
        memchr::memmem::find(comment, b"*/").is_none_or(|end| end + 2 == comment.len())
    });
    rest.is_empty() || rest.starts_with(b"//") || comment == Some(true)
}

#[cfg(test)]
mod tests;
