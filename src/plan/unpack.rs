//! Parameters of the members' own that point to structures of different types: where the
//! body only takes members of what they point to, the helper is handed these instead. In:
//! the members side by side. Out: which parameters, and the places of the members.

use super::align::{OwnParameter, Site};
use super::holes::Subject;
use super::paths;
use crate::syntax::TokenKind;
use std::ops::Range;

/// A parameter that the helper does without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// Index among the members' own.
    pub own: usize,
    /// The tokens of its declaration, from the start of the member.
    pub declaration: Range<usize>,
    /// For each use, the name of the structure member that is taken.
    pub uses: Vec<Site>,
}

/// Whether token `relative` is of the declaration of one of them.
pub fn declares(unpacked: &[Unpacked], relative: usize) -> bool {
    unpacked.iter().any(|it| it.declaration.contains(&relative))
}

/// The parameters of different types of which the body takes nothing but members.
pub fn parameters(subject: &Subject<'_>) -> Vec<Unpacked> {
    let differs = |tokens: &Range<usize>| {
        subject.alignment.sites.iter().any(|site| tokens.contains(&site.token))
    };
    let member = &subject.alignment.members[0];
    let start = subject.file.tokens[member.tokens.start].start;
    let unpacked = |(index, own): (usize, &OwnParameter)| {
        // Those of the function that repeated statements lie in are not theirs.
        if member.tree.node(own.node).range.start < start {
            return None;
        }
        let declaration = subject.span_of(own.node);
        let uses = differs(&declaration).then(|| uses(subject, own))??;
        (!uses.is_empty()).then_some(Unpacked { own: index, declaration, uses })
    };
    paths::own(subject, 0).iter().enumerate().filter_map(unpacked).collect()
}

/// The members that the body takes of a parameter; `None` where it does more with it.
fn uses(subject: &Subject<'_>, own: &OwnParameter) -> Option<Vec<Site>> {
    let name = own.name.as_deref()?;
    let body = subject.file.token_at(subject.group.members[0].function.body);
    let text = |relative: usize| subject.alignment.text(0, relative);
    let is_use = |&relative: &usize| {
        subject.first(relative) > body
            && text(relative) == name
            && !matches!(text(relative - 1), b"." | b"->")
    };
    let taken = |relative: usize| {
        let token = relative + 2;
        let is_name = token < subject.alignment.len()
            && subject.file.tokens[subject.first(token)].kind == TokenKind::Ident;
        if text(relative + 1) != b"->" || !is_name {
            return None;
        }
        let count = subject.alignment.members.len();
        let values = (0..count).map(|it| subject.alignment.text(it, token).to_vec());
        Some(Site { token, values: values.collect() })
    };
    (1..subject.alignment.len()).filter(is_use).map(taken).collect()
}
