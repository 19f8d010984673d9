//! What the hashes of tier 1 ask of each token of a function, found once for all of
//! them. In: tokens. Out: a [`Word`] for each, in the same order.

use super::hash::packed_text;
use super::spelling::spelled_like_a_constant;
use crate::syntax::lexer::is_keyword;
use crate::syntax::{Token, TokenKind};

/// One token.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its text as [`packed_text`] has it; 0 for constants and strings, whose text no
    /// hash holds.
    pub packed: u64,
    /// What it is.
    pub class: Class,
}

/// What a token is to the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An identifier.
    Name,
    /// An identifier that is spelled like a macro constant.
    Capitals,
    /// A keyword but for those of [`Class::Tag`].
    Keyword,
    /// `struct`, `union` or `enum`: a tag follows.
    Tag,
    /// A number or a character constant.
    Number,
    /// A string literal.
    Str,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `;`, `{` or `}`.
    End,
    /// `.` or `->`: a member follows.
    Member,
    /// Any other punctuator, a directive, a stray byte.
    Other,
}

/// The classes of punctuators of one byte: a table, as no branch could be predicted.
static PUNCTUATOR: [Class; 256] = {
    let mut table = [Class::Other; 256];
    table[b'(' as usize] = Class::Open;
    table[b')' as usize] = Class::Close;
    table[b',' as usize] = Class::Comma;
    table[b';' as usize] = Class::End;
    table[b'{' as usize] = Class::End;
    table[b'}' as usize] = Class::End;
    table[b'.' as usize] = Class::Member;
    table
};

impl Class {
    /// Whether it is an identifier and no keyword.
    #[inline]
    pub fn is_name(self) -> bool {
        matches!(self, Class::Name | Class::Capitals)
    }

    fn of(token: &Token, text: &[u8]) -> Class {
        match token.kind {
            TokenKind::Ident if is_keyword(text) => match text {
                b"struct" | b"union" | b"enum" => Class::Tag,
                _ => Class::Keyword,
            },
            TokenKind::Ident if spelled_like_a_constant(text) => Class::Capitals,
            TokenKind::Ident => Class::Name,
            TokenKind::Number | TokenKind::Char => Class::Number,
            TokenKind::Str => Class::Str,
            TokenKind::Punct => match text {
                [only] => PUNCTUATOR[usize::from(*only)],
                b"->" => Class::Member,
                _ => Class::Other,
            },
            TokenKind::Directive | TokenKind::Stray => Class::Other,
        }
    }
}

impl Word {
    #[inline]
    fn of(source: &[u8], token: &Token) -> Word {
        let text = token.text(source);
        let class = Class::of(token, text);
        let packed = match class {
            Class::Number | Class::Str => 0,
            _ => packed_text(text),
        };
        Word { packed, class }
    }
}

/// The words of `tokens`, in place of what `out` held.
pub fn words_into(source: &[u8], tokens: &[Token], out: &mut Vec<Word>) {
    out.clear();
    out.extend(tokens.iter().map(|token| Word::of(source, token)));
}

/// The words of `tokens`.
pub fn words(source: &[u8], tokens: &[Token]) -> Vec<Word> {
    let mut out = Vec::new();
    words_into(source, tokens, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::lexer::tokens;

    #[test]
    fn each_token_has_its_class() {
        use Class::*;
        let classes = |source: &str| -> Vec<Class> {
            let tokens = tokens(source.as_bytes());
            words(source.as_bytes(), &tokens).iter().map(|word| word.class).collect()
        };
        assert_eq!(classes("a REG X if struct"), [Name, Capitals, Name, Keyword, Tag]);
        assert_eq!(classes("1 'c' \"s\" # @"), [Number, Number, Str, Other, Other]);
        assert_eq!(
            classes("( ) , ; { } . -> ... ["),
            [Open, Close, Comma, End, End, End, Member, Member, Other, Other]
        );
    }
}
