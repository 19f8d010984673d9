//! A helper must do something. Members that each make one call with a constant in
//! it would become a helper that makes the same call with its own parameters.

use super::holes::{Holes, Subject};
use super::refusal::{Reason, Refusal};
use crate::syntax::TokenKind;

/// # Errors
/// `adds-nothing` when the helper's body would be one call whose arguments are all
/// plain names.
pub fn adds_something(subject: &Subject<'_>, holes: &Holes) -> Result<(), Refusal> {
    let file = subject.file;
    let base = subject.alignment.members[0].tokens.start;
    let body = file.token_at(subject.group.members[0].function.body) - base;
    let end = subject.alignment.len();
    let mut at = body + 1;
    let text = |relative: usize| file.text(subject.first(relative));
    if text(at) == b"return" {
        at += 1;
    }
    let callee = at;
    if file.tokens[subject.first(callee)].kind != TokenKind::Ident || text(callee + 1) != b"(" {
        return Ok(());
    }
    at += 2;
    while at < end && text(at) != b")" {
        if let Some(span) = holes.spans.iter().find(|span| span.tokens.start == at) {
            at = span.tokens.end;
        } else if file.tokens[subject.first(at)].kind == TokenKind::Ident {
            at += 1;
        } else {
            return Ok(());
        }
        if text(at) == b"," {
            at += 1;
        }
    }
    if at + 3 != end || text(at + 1) != b";" {
        return Ok(());
    }
    let detail = format!("each member only calls {}()", String::from_utf8_lossy(text(callee)));
    Err(subject.refuse(Reason::AddsNothing, callee, detail))
}
