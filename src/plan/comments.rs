//! Comments inside the members. The helper's text is the first member's; a
//! comment there stays if nothing in the other members contradicts it.

use super::holes::Subject;
use crate::syntax::lexer;
use std::ops::Range;

/// The comments of the first member that go, and a note for the reviewer where
/// that loses something.
pub fn inside(subject: &Subject<'_>) -> (Vec<Range<usize>>, Vec<String>) {
    let file = subject.file;
    let count = subject.alignment.members.len();
    let mut dropped = Vec::new();
    let mut notes = Vec::new();
    let body = file.token_at(subject.group.members[0].function.body)
        - subject.alignment.members[0].tokens.start;
    for relative in body..subject.alignment.len().saturating_sub(1) {
        let in_gap = |member: usize| {
            let index = subject.alignment.token(member, relative);
            let from = file.tokens[index].end as usize;
            let to = file.tokens[index + 1].start as usize;
            lexer::comments(&file.bytes, from, to)
        };
        let first = in_gap(0);
        if first.is_empty() && (1..count).all(|member| in_gap(member).is_empty()) {
            continue;
        }
        let text = |ranges: &[Range<usize>]| -> Vec<u8> {
            ranges.iter().flat_map(|r| file.bytes[r.clone()].iter().copied()).collect()
        };
        let own = text(&first);
        let others: Vec<Vec<u8>> = (1..count).map(|member| text(&in_gap(member))).collect();
        let lost = others.iter().any(|other| !other.is_empty() && *other != own);
        if lost {
            let line = file.line_of(file.tokens[subject.first(relative)].end as usize);
            notes.push(format!("{}:{line}: the members' comments differ here", file.path));
            dropped.extend(first);
        }
    }
    (dropped, notes)
}
