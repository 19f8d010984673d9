//! The byte-level lexer: C tokens of a file, with comments skipped and each
//! preprocessor directive (its continuation lines included) as one token.
//!
//! It never fails. What C would reject (an unterminated string, a stray byte)
//! becomes a token and a [`LexProblem`], so that every byte that is not white
//! space or comment belongs to exactly one token.

mod keyword;
mod lanes;

pub use keyword::is_keyword;
use lanes::Lanes;
use memchr::{memchr, memchr2};

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
const NEWLINE: u8 = 16;
/// A punctuator that no longer one begins with.
const ALONE: u8 = 32;

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
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => SPACE,
            b'\n' => NEWLINE,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b':' | b'?' | b'~' => ALONE,
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

/// Whether `word` stands in `text`, not as part of a longer identifier.
pub fn contains_word(text: &[u8], word: &[u8]) -> bool {
    words_at(text, word).next().is_some()
}

/// Where `word` stands in `text`, not as part of a longer identifier.
pub fn words_at<'t>(text: &'t [u8], word: &'t [u8]) -> impl Iterator<Item = usize> + 't {
    memchr::memmem::find_iter(text, word).filter(move |at| {
        let before = at.checked_sub(1).and_then(|i| text.get(i));
        let after = text.get(at + word.len());
        ![before, after].into_iter().flatten().any(|&byte| is_ident_byte(byte))
    })
}

/// Whether `byte` may stand inside an identifier.
#[inline]
pub fn is_ident_byte(byte: u8) -> bool {
    class(byte) & ID_CONT != 0
}

/// Whether the name is spelled as C spells one; a keyword is, too.
pub fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty() && !bytes[0].is_ascii_digit() && bytes.iter().all(|&b| is_ident_byte(b))
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
            b'*' => Some(self.block_comment_end(at)),
            b'/' => Some(self.logical_line_end(at)),
            _ => None,
        }
    }

    /// One past the `*/` of the comment whose `/*` is at `at`, or the end of the text.
    fn block_comment_end(&mut self, at: usize) -> usize {
        // A star begins each line of a comment, a slash is rare in one. The star of
        // `/*` closes nothing.
        let mut pos = at + 3;
        while let Some(found) = self.source.get(pos..).and_then(|rest| memchr(b'/', rest)) {
            pos += found + 1;
            if self.source[pos - 2] == b'*' {
                return pos;
            }
        }
        self.problem(at, LexProblemKind::UnterminatedComment);
        self.source.len()
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

    /// Past the blanks and newlines at `at`.
    #[inline]
    fn skip_blanks(&mut self, at: usize) -> usize {
        let is_blank = |at| self.source.get(at).is_some_and(|&b| class(b) & (SPACE | NEWLINE) != 0);
        // Most tokens follow the one before at once or behind one space.
        let mut pos = at + usize::from(self.byte(at) == b' ');
        if !is_blank(pos) {
            return pos;
        }
        while let Some(lanes) = Lanes::load(self.source, pos) {
            let run = lanes.blank().run();
            self.at_line_start |= lanes.newline_in_first(run);
            pos += run;
            if run < 8 {
                return pos;
            }
        }
        while let Some(&byte) = self.source.get(pos)
            && class(byte) & (SPACE | NEWLINE) != 0
        {
            self.at_line_start |= byte == b'\n';
            pos += 1;
        }
        pos
    }

    /// Past the identifier bytes at `at`.
    #[inline]
    fn word_end(&self, at: usize) -> usize {
        let mut pos = at;
        while let Some(lanes) = Lanes::load(self.source, pos) {
            let run = lanes.word().run();
            pos += run;
            if run < 8 {
                return pos;
            }
        }
        while self.source.get(pos).is_some_and(|&byte| is_ident_byte(byte)) {
            pos += 1;
        }
        pos
    }

    fn number_end(&self, at: usize) -> usize {
        // `0xE+1` is three tokens for the reader but one pp-number for C; the kernel
        // writes it as three, and so do we for hex.
        let hex = self.byte(at) == b'0' && matches!(self.byte(at + 1), b'x' | b'X');
        let mut pos = at + 1;
        loop {
            pos = self.word_end(pos);
            let takes_sign = || match self.byte(pos - 1) {
                b'e' | b'E' => !hex,
                last => matches!(last, b'p' | b'P'),
            };
            match self.byte(pos) {
                b'.' => pos += 1,
                b'+' | b'-' if takes_sign() => pos += 1,
                _ => return pos,
            }
        }
    }

    /// The end of the word at `at`, or of the literal that has it as its prefix.
    #[inline]
    fn word(&mut self, at: usize) -> (TokenKind, usize) {
        let end = self.word_end(at + 1);
        let kind = match self.source.get(end) {
            Some(b'"') => TokenKind::Str,
            Some(b'\'') => TokenKind::Char,
            _ => return (TokenKind::Ident, end),
        };
        match &self.source[at..end] {
            b"L" | b"u" | b"U" | b"u8" => (kind, self.literal_end(end, true)),
            _ => (TokenKind::Ident, end),
        }
    }

    #[inline]
    fn punct_end(&self, at: usize) -> usize {
        let second = self.byte(at + 1);
        let longer = match self.byte(at) {
            first @ (b'<' | b'>') if second == first => {
                return at + if self.byte(at + 2) == b'=' { 3 } else { 2 };
            }
            b'.' if second == b'.' && self.byte(at + 2) == b'.' => return at + 3,
            b'-' => matches!(second, b'>' | b'-' | b'='),
            first @ (b'+' | b'&' | b'|') => second == first || second == b'=',
            b'=' | b'!' | b'*' | b'/' | b'%' | b'^' | b'<' | b'>' => second == b'=',
            b'#' => second == b'#',
            _ => false,
        };
        at + if longer { 2 } else { 1 }
    }

    /// The token that begins at `at` with `first`, which is no letter, digit or blank,
    /// or past what is none: a comment, an escaped newline, a NUL.
    fn other(&mut self, at: usize, first: u8) -> Result<(TokenKind, usize), usize> {
        Ok(match first {
            b'/' => match self.skip_comment(at) {
                Some(end) => return Err(end),
                None => (TokenKind::Punct, self.punct_end(at)),
            },
            b'"' => (TokenKind::Str, self.literal_end(at, true)),
            b'\'' => (TokenKind::Char, self.literal_end(at, true)),
            b'#' if self.at_line_start => (TokenKind::Directive, self.directive_end(at)),
            // Backslash-newline outside a directive: white space, and what follows
            // is still the same logical line.
            b'\\' if continues_here(self.source, at) => {
                return Err(memchr(b'\n', &self.source[at..]).map_or(at + 1, |n| at + n + 1));
            }
            b'.' if class_is_digit(self.byte(at + 1)) => (TokenKind::Number, self.number_end(at)),
            0 => {
                self.problem(at, LexProblemKind::Nul);
                return Err(at + 1);
            }
            b'\\' | b'@' | b'`' | 0x01..=0x1f | 0x7f => (TokenKind::Stray, at + 1),
            _ => (TokenKind::Punct, self.punct_end(at)),
        })
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

    // Inlined wherever it is called, so that a token is not handed over through memory;
    // what is rare stands in functions of its own.
    #[inline(always)]
    fn next(&mut self) -> Option<Token> {
        loop {
            let at = self.skip_blanks(self.pos);
            self.pos = at;
            let &first = self.source.get(at)?;
            let class = class(first);
            let (kind, end) = if class & ID_START != 0 {
                self.word(at)
            } else if class & ALONE != 0 {
                (TokenKind::Punct, at + 1)
            } else if class & DIGIT != 0 {
                (TokenKind::Number, self.number_end(at))
            } else {
                match self.other(at, first) {
                    Ok(token) => token,
                    Err(past) => {
                        self.pos = past;
                        continue;
                    }
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
