//! (c) Other constants.

use super::random::Random;
use super::subject::{Edit, Subject, is_all_caps};
use drvdedup::syntax::TokenKind;

const MACROS: [&str; 4] = ["REG_CTRL", "STATUS_MASK", "MAX_RETRIES", "FIFO_DEPTH"];

/// One or more of the literals and the constants in capitals changed, each place by
/// itself.
pub fn change(subject: &Subject, random: &mut Random) -> Option<Vec<u8>> {
    let places: Vec<usize> = (0..subject.tokens.len()).filter(|&at| changes(subject, at)).collect();
    let chosen = random.some_of(&places);
    let edit = |at: usize| (subject.tokens[at].range(), other(subject, at, random));
    let edits: Vec<Edit> = chosen.into_iter().map(edit).collect();
    let text = subject.edited(edits);
    (text != subject.text).then_some(text)
}

/// Whether the token at `at` is a constant in an expression.
fn changes(subject: &Subject, at: usize) -> bool {
    let word = subject.token(at);
    match subject.tokens[at].kind {
        TokenKind::Number => word.iter().all(|byte| byte.is_ascii_alphanumeric()),
        TokenKind::Char => true,
        TokenKind::Str => !in_assembly(subject, at),
        TokenKind::Ident => {
            is_all_caps(word)
                && word != subject.name()
                && subject.is_ordinary(at)
                && subject.before(at) != b"goto"
                // A function, and a structure whose name is in capitals: `0x37.base` would be
                // one token.
                && !matches!(subject.token(at + 1), b"(" | b"." | b"->")
                && subject.leaf_kind(at) == "identifier"
                && !subject.locals().contains(word)
        }
        TokenKind::Punct | TokenKind::Directive | TokenKind::Stray => false,
    }
}

/// The text of an instruction is no constant of the program.
fn in_assembly(subject: &Subject, at: usize) -> bool {
    let Some(leaf) = subject.leaf(at) else { return false };
    let mut above = subject.tree.ancestors(leaf);
    above.any(|id| subject.tree.node(id).kind.starts_with("gnu_asm"))
}

/// Another constant than the one at `at`.
fn other(subject: &Subject, at: usize, random: &mut Random) -> Vec<u8> {
    let word = subject.token(at);
    match subject.tokens[at].kind {
        TokenKind::Number if random.once_in(4) => macro_name(random),
        TokenKind::Number => number(word, random),
        TokenKind::Char => if word == b"'x'" { b"'y'" } else { b"'x'" }.to_vec(),
        TokenKind::Str => [&word[..word.len() - 1], b" again\""].concat(),
        _ if random.once_in(4) => b"0x37".to_vec(),
        _ if random.once_in(2) => macro_name(random),
        _ => [word, b"_2"].concat(),
    }
}

fn macro_name(random: &mut Random) -> Vec<u8> {
    MACROS[random.below(MACROS.len())].as_bytes().to_vec()
}

/// A number of the same base and with the same suffix.
fn number(word: &[u8], random: &mut Random) -> Vec<u8> {
    let hex = word.len() > 2 && word[0] == b'0' && matches!(word[1], b'x' | b'X');
    let digits = word.iter().rposition(|byte| !matches!(byte, b'u' | b'U' | b'l' | b'L'));
    let (digits, suffix) = word.split_at(digits.map_or(0, |last| last + 1));
    let new = loop {
        let number = random.below(900) + 10;
        let new = if hex { format!("0x{number:02x}") } else { number.to_string() };
        // `0x3e+1` is one token.
        if new.as_bytes() != digits && !new.ends_with('e') {
            break new;
        }
    };
    [new.as_bytes(), suffix].concat()
}
