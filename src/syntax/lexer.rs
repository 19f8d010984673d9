//! The byte-level lexer: C tokens of a file, with comments skipped and each
//! preprocessor directive (its continuation lines included) as one token.
//!
//! It never fails. What C would reject (an unterminated string, a stray byte)
//! becomes a token and a [`LexProblem`], so that every byte that is not white
//! space or comment belongs to exactly one token.

mod keyword;

pub use keyword::is_keyword;
use memchr::{memchr, memchr2, memmem};

/// What a token is. Punctuators carry no kind of their own: compare their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TokenKind {
    /// Identifier or keyword (the lexer does not tell them apart: see [`is_keyword`]).
    Ident,
    /// A preprocessing number (C11 6.4.8), for instance `0x10UL` or `1.5e-3`.
    Number,
    /// A string literal with its prefix, for instance `L"x"`.
    Str,
    /// A character constant with its prefix.
    Char,
    /// A punctuator, longest match.
    Punct,
    /// A whole preprocessor directive from `#` to the end of its last line.
    Directive,
    /// A byte that starts no C token.
    Stray,
}

/// One token: a kind and the byte range of its text in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What it is.
    pub kind: TokenKind,
}

impl Token {
    /// The token's bytes in `source`, the text that it was lexed from.
    #[inline]
    pub fn text<'s>(&self, source: &'s [u8]) -> &'s [u8] {
        &source[self.start as usize..self.end as usize]
    }

    /// The token's byte range.
    #[inline]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the token is the punctuator or word `text`.
    #[inline]
    pub fn is(&self, source: &[u8], text: &[u8]) -> bool {
        self.text(source) == text
    }
}

/// A place at which the text is not C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexProblem {
    /// Byte offset of its first byte.
    pub offset: u32,
    /// What is wrong.
    pub kind: LexProblemKind,
}

/// See [`LexProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexProblemKind {
    /// A `"` or `'` whose line ends first.
    UnterminatedLiteral,
    /// A `/*` without its `*/`.
    UnterminatedComment,
    /// A NUL byte.
    Nul,
}

/// An iterator over the tokens of `source`.
///
/// Sources of 4 GiB and more are not supported: offsets are 32 bits
/// ([`crate::tree`] refuses such files before they come here).
pub struct Lexer<'s> {
    source: &'s [u8],
    pos: usize,
    /// No token has been seen on the current line: a `#` starts a directive.
    at_line_start: bool,
    /// What was not C, in the order of the text.
    pub problems: Vec<LexProblem>,
}

const ID_START: u8 = 1;
const ID_CONT: u8 = 2;
const DIGIT: u8 = 4;
const SPACE: u8 = 8;

/// Character classes by byte. Bytes of 0x80 and more are identifier bytes: the
/// kernel has none in identifiers, and UTF-8 or Latin-1 text stays in one token.
static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        table[byte] = match c {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80..=0xff => ID_START | ID_CONT,
            b'0'..=b'9' => ID_CONT | DIGIT,
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c | 0 => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    table
};

#[inline]
fn class(byte: u8) -> u8 {
    CLASS[byte as usize]
}

/// Whether `byte` may stand inside an identifier.
#[inline]
pub fn is_ident_byte(byte: u8) -> bool {
    class(byte) & ID_CONT != 0
}

impl<'s> Lexer<'s> {
    /// A lexer at the start of `source`.
    pub fn new(source: &'s [u8]) -> Self {
        // A byte order mark is no part of the first token.
        let pos = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Lexer { source, pos, at_line_start: true, problems: Vec::new() }
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        self.source.get(at).copied().unwrap_or(0)
    }

    fn problem(&mut self, offset: usize, kind: LexProblemKind) {
        self.problems.push(LexProblem { offset: offset as u32, kind });
    }

    /// Past the end of the comment that starts at `at`, if one does.
    fn skip_comment(&mut self, at: usize) -> Option<usize> {
        match self.byte(at + 1) {
            b'*' => Some(match memmem::find(&self.source[at + 2..], b"*/") {
                Some(found) => at + 2 + found + 2,
                None => {
                    self.problem(at, LexProblemKind::UnterminatedComment);
                    self.source.len()
                }
            }),
            b'/' => Some(self.logical_line_end(at)),
            _ => None,
        }
    }

    /// The offset of the newline (or the end of the text) that ends the logical
    /// line of `at`: backslash-newline pairs are passed over.
    fn logical_line_end(&self, mut at: usize) -> usize {
        loop {
            match memchr(b'\n', &self.source[at..]) {
                None => return self.source.len(),
                Some(found) => {
                    let newline = at + found;
                    if !continues(self.source, newline) {
                        return newline;
                    }
                    at = newline + 1;
                }
            }
        }
    }

    /// The end of the directive whose `#` is at `at`: the end of its logical
    /// line, where a block comment may hide newlines. Trailing comments and
    /// blanks stay inside the token.
    fn directive_end(&mut self, at: usize) -> usize {
        let mut pos = at + 1;
        while pos < self.source.len() {
            match self.source[pos] {
                b'\n' if !continues(self.source, pos) => return trim_cr(self.source, pos),
                b'/' if self.byte(pos + 1) == b'*' || self.byte(pos + 1) == b'/' => {
                    pos = self.skip_comment(pos).unwrap_or(pos + 1);
                    continue;
                }
                // An apostrophe in `#error don't` is no literal.
                b'"' => {
                    let end = self.literal_end(pos, false);
                    pos = end.max(pos + 1);
                    continue;
                }
                _ => pos += 1,
            }
        }
        self.source.len()
    }

    /// One past the closing quote of the literal whose opening quote is at `at`,
    /// or the end of its line when it is not closed.
    fn literal_end(&mut self, at: usize, report: bool) -> usize {
        let quote = self.source[at];
        let mut pos = at + 1;
        while let Some(found) = memchr::memchr3(quote, b'\\', b'\n', &self.source[pos..]) {
            pos += found;
            match self.source[pos] {
                b'\\' => {
                    // `\` + CR LF is a continuation, too.
                    let crlf = self.byte(pos + 1) == b'\r' && self.byte(pos + 2) == b'\n';
                    pos += if crlf { 3 } else { 2 };
                    if pos >= self.source.len() {
                        break;
                    }
                }
                b'\n' => {
                    if report {
                        self.problem(at, LexProblemKind::UnterminatedLiteral);
                    }
                    return trim_cr(self.source, pos);
                }
                _ => return pos + 1,
            }
        }
        if report {
            self.problem(at, LexProblemKind::UnterminatedLiteral);
        }
        self.source.len()
    }

    fn number_end(&self, at: usize) -> usize {
        let mut pos = at + 1;
        loop {
            let byte = self.byte(pos);
            if byte == b'.' || (pos < self.source.len() && is_ident_byte(byte)) {
                let exponent = matches!(byte, b'e' | b'E' | b'p' | b'P');
                // `0xE+1` is three tokens for the reader but one pp-number for
                // C; the kernel writes it as three, and so do we for hex.
                let hex = self.byte(at) == b'0' && matches!(self.byte(at + 1), b'x' | b'X');
                let signed = matches!(self.byte(pos + 1), b'+' | b'-');
                let takes_sign = signed && exponent && (!hex || matches!(byte, b'p' | b'P'));
                pos += if takes_sign { 2 } else { 1 };
            } else {
                return pos;
            }
        }
    }

    fn punct_end(&self, at: usize) -> usize {
        let (a, b, c) = (self.byte(at), self.byte(at + 1), self.byte(at + 2));
        let length = match (a, b, c) {
            (b'<', b'<', b'=') | (b'>', b'>', b'=') | (b'.', b'.', b'.') => 3,
            (b'-', b'>' | b'-' | b'=', _)
            | (b'+', b'+' | b'=', _)
            | (b'&', b'&' | b'=', _)
            | (b'|', b'|' | b'=', _)
            | (b'<', b'<' | b'=', _)
            | (b'>', b'>' | b'=', _)
            | (b'=' | b'!' | b'*' | b'/' | b'%' | b'^', b'=', _)
            | (b'#', b'#', _) => 2,
            _ => 1,
        };
        at + length
    }
}

/// Whether the newline at `newline` is escaped by a backslash (CR LF allowed).
fn continues(source: &[u8], newline: usize) -> bool {
    let end = trim_cr(source, newline);
    end > 0 && source[end - 1] == b'\\'
}

fn trim_cr(source: &[u8], newline: usize) -> usize {
    if newline > 0 && source[newline - 1] == b'\r' { newline - 1 } else { newline }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let source = self.source;
        loop {
            let at = self.pos;
            let &byte = source.get(at)?;
            let class = class(byte);
            if class & SPACE != 0 {
                if byte == 0 {
                    self.problem(at, LexProblemKind::Nul);
                }
                self.pos += 1;
                continue;
            }
            let (kind, end) = if class & ID_START != 0 {
                let mut end = at + 1;
                while end < source.len() && is_ident_byte(source[end]) {
                    end += 1;
                }
                let prefix = matches!(&source[at..end], b"L" | b"u" | b"U" | b"u8");
                match self.byte(end) {
                    b'"' if prefix => (TokenKind::Str, self.literal_end(end, true)),
                    b'\'' if prefix => (TokenKind::Char, self.literal_end(end, true)),
                    _ => (TokenKind::Ident, end),
                }
            } else if class & DIGIT != 0 {
                (TokenKind::Number, self.number_end(at))
            } else {
                match byte {
                    b'\n' => {
                        self.pos += 1;
                        self.at_line_start = true;
                        continue;
                    }
                    b'/' => match self.skip_comment(at) {
                        Some(end) => {
                            self.pos = end;
                            continue;
                        }
                        None => (TokenKind::Punct, self.punct_end(at)),
                    },
                    b'"' => (TokenKind::Str, self.literal_end(at, true)),
                    b'\'' => (TokenKind::Char, self.literal_end(at, true)),
                    b'#' if self.at_line_start => (TokenKind::Directive, self.directive_end(at)),
                    b'\\' if continues_here(source, at) => {
                        // Backslash-newline outside a directive: white space,
                        // and what follows is still the same logical line.
                        self.pos += memchr(b'\n', &source[at..]).map_or(1, |n| n + 1);
                        continue;
                    }
                    b'.' if class_is_digit(self.byte(at + 1)) => {
                        (TokenKind::Number, self.number_end(at))
                    }
                    b'\\' | b'@' | b'`' | 0x01..=0x1f | 0x7f => (TokenKind::Stray, at + 1),
                    _ => (TokenKind::Punct, self.punct_end(at)),
                }
            };
            self.at_line_start = false;
            self.pos = end;
            return Some(Token { start: at as u32, end: end as u32, kind });
        }
    }
}

fn class_is_digit(byte: u8) -> bool {
    class(byte) & DIGIT != 0
}

fn continues_here(source: &[u8], at: usize) -> bool {
    matches!(source.get(at + 1..), Some([b'\n', ..]) | Some([b'\r', b'\n', ..]))
}

/// All tokens of `source`; the problems are dropped.
pub fn tokens(source: &[u8]) -> Vec<Token> {
    Lexer::new(source).collect()
}

/// The comments of `source[from..to]`, which must start outside any token:
/// their byte ranges, in order. A run of `//` lines is one range a line. Bounds that
/// are crossed or lie past the end hold none.
pub fn comments(source: &[u8], from: usize, to: usize) -> Vec<std::ops::Range<usize>> {
    let to = to.min(source.len());
    let from = from.min(to);
    let mut found = Vec::new();
    let mut at = from;
    // Tokens are found again by the lexer so that a `/*` in a string is none.
    let mut lexer =
        Lexer { source: &source[..to], pos: from, at_line_start: false, problems: vec![] };
    lexer.at_line_start = from == 0 || source[from - 1] == b'\n';
    loop {
        let next = lexer.next();
        let gap_end = next.map_or(to, |token| token.start as usize);
        while let Some(slash) = memchr2(b'/', b'/', &source[at..gap_end]) {
            let start = at + slash;
            let end = lexer.skip_comment(start).unwrap_or(start + 1).min(to);
            found.push(start..trim_cr(source, end));
            at = end;
        }
        match next {
            Some(token) => at = token.end as usize,
            None => return found,
        }
    }
}

#[cfg(test)]
mod tests;
