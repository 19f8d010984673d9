//! Which arguments are constants: they may be evaluated once, at the call,
//! instead of wherever the original had them.

use super::macros::Macros;
use super::names::{FileNames, NameKind};
use super::unit::shown;
use crate::syntax::lexer::is_keyword;

/// The ways in which an argument may have been written in the original: as it
/// is, in parentheses, or without those it has.
pub fn spellings<'a>(argument: &[&'a [u8]]) -> Vec<Vec<&'a [u8]>> {
    let mut spellings = vec![argument.to_vec()];
    if argument.len() > 1 {
        let mut wrapped: Vec<&[u8]> = vec![b"("];
        wrapped.extend(argument);
        wrapped.push(b")");
        spellings.push(wrapped);
    }
    if let [first, inner @ .., last] = argument
        && *first == b"("
        && *last == b")"
        && !inner.is_empty()
        && is_balanced(inner)
    {
        spellings.push(inner.to_vec());
    }
    spellings
}

/// Whether no bracket of `tokens` closes one outside them.
fn is_balanced(tokens: &[&[u8]]) -> bool {
    let mut depth = 0i64;
    for &token in tokens {
        match token {
            b"(" => depth += 1,
            b")" => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// Whether evaluating the tokens can change nothing: no call, no assignment.
pub fn is_pure(tokens: &[&[u8]]) -> bool {
    tokens.iter().enumerate().all(|(at, token)| {
        let before = at.checked_sub(1).and_then(|b| tokens.get(b)).copied().unwrap_or(b"");
        let calls = *token == b"(" && may_be_callee(before);
        !(calls || writes(token))
    })
}

fn writes(token: &[u8]) -> bool {
    let comparison = matches!(token, b"==" | b"!=" | b"<=" | b">=");
    matches!(token, b"++" | b"--" | b"{" | b"}") || token.ends_with(b"=") && !comparison
}

/// Whether a `(` after `token` may open the arguments of a call.
fn may_be_callee(token: &[u8]) -> bool {
    let starts_word = token.first().is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_');
    starts_word && !is_keyword(token) || matches!(token, b")" | b"]")
}

/// Why `argument` is not a constant, if it is not: a variable that may change
/// between the call and the use, a call of a function, a side effect.
pub fn refuses(argument: &[&[u8]], names: &FileNames, macros: &Macros) -> Option<String> {
    if let Some(token) = argument.iter().find(|token| writes(token) || **token == b"->") {
        return Some(format!("`{}` in an argument is no constant", shown(token)));
    }
    let is_address = argument.first() == Some(&&b"&"[..]);
    for (at, &token) in argument.iter().enumerate() {
        if matches!(token, b"." | b"[") && !is_address {
            return Some("what an object holds is no constant".to_owned());
        }
        let next = argument.get(at + 1).copied().unwrap_or(b"");
        let calls = next == b"(" && may_be_callee(token);
        let function_like = |word: &[u8]| !word.iter().any(u8::is_ascii_lowercase);
        if calls && !function_like(token) && !macros.contains(token) {
            return Some(format!("`{}(…)` in an argument is no constant", shown(token)));
        }
        if is_address && at == 1 {
            continue; // The address of an object does not change.
        }
        let reached = macros.reached([token]);
        let object = reached.iter().find(|word| names.has_kind(word, NameKind::Object));
        if let Some(object) = object {
            return Some(format!("the variable `{}` in an argument is no constant", shown(object)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_assignments_are_not_pure() {
        let check = |tokens: &[&[u8]]| is_pure(tokens);
        assert!(check(&[b"a", b"->", b"b", b"+", b"(", b"1", b")"]));
        assert!(check(&[b"sizeof", b"(", b"a", b")"]));
        assert!(check(&[b"a", b"<=", b"b"]));
        assert!(!check(&[b"f", b"(", b"a", b")"]));
        assert!(!check(&[b"a", b"++"]));
        assert!(!check(&[b"a", b"|=", b"b"]));
    }

    #[test]
    fn an_argument_may_lose_or_gain_its_parentheses() {
        let sum: [&[u8]; 3] = [b"a", b"+", b"b"];
        assert_eq!(spellings(&sum)[1].join(&b' '), b"( a + b )");
        let apart: [&[u8]; 7] = [b"(", b"a", b")", b"+", b"(", b"b", b")"];
        assert_eq!(spellings(&apart).len(), 2);
    }
}
