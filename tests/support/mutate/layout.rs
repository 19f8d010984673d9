//! (a) Another layout and other comments.

use super::random::Random;
use super::subject::{Edit, Subject};
use drvdedup::syntax::TokenKind;

const COMMENTS: [&str; 4] =
    ["/* see the data sheet */", "/* (sic) */", "/* \"quoted\" { */", "/* TODO: why? */"];

/// White space and comments changed, no token touched.
pub fn change(subject: &Subject, random: &mut Random) -> Option<Vec<u8>> {
    let indentation: &[u8] = random.pick(&[&b"    "[..], b"  ", b"\t ", b"\t\t"])?;
    let edits: Vec<Edit> =
        (1..subject.tokens.len()).filter_map(|at| gap(subject, at, indentation, random)).collect();
    let text = subject.edited(edits);
    (text != subject.text).then_some(text)
}

/// What is to stand between the token at `at` and the one before it.
fn gap(subject: &Subject, at: usize, indentation: &[u8], random: &mut Random) -> Option<Edit> {
    let (before, token) = (&subject.tokens[at - 1], &subject.tokens[at]);
    let range = before.range().end..token.range().start;
    let old = &subject.text[range.clone()];
    let directive = [before, token].iter().any(|token| token.kind == TokenKind::Directive);
    // A directive needs its line for itself, and a line that goes on is no matter of
    // white space. The splitter goes by the `}` in column 0.
    if directive || old.contains(&b'\\') || at + 1 == subject.tokens.len() {
        return None;
    }
    let comment = *random.pick(&COMMENTS)?;
    let mut new = Vec::new();
    match old.contains(&b'\n') {
        true if old.trim_ascii().is_empty() && random.once_in(6) => new.push(b' '),
        true => {
            let last = old.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
            if random.once_in(8) {
                new.extend_from_slice(if random.once_in(2) { b" // later" } else { b"\n" });
            }
            new.push(b'\n');
            for byte in last.iter().take_while(|byte| byte.is_ascii_whitespace()) {
                new.extend_from_slice(if *byte == b'\t' { indentation } else { b" " });
            }
            if random.once_in(8) {
                new.extend_from_slice(comment.as_bytes());
                new.push(b'\n');
                new.extend_from_slice(indentation);
            }
        }
        false if old.is_empty() && !random.once_in(12) => return None,
        false => match random.below(12) {
            0 => new.extend_from_slice(&[b"\n", indentation, indentation].concat()),
            1 => new.extend_from_slice(format!(" {comment} ").as_bytes()),
            2 => new.extend_from_slice(b"  "),
            // Also takes a comment away.
            _ => new.push(b' '),
        },
    }
    Some((range, new))
}
