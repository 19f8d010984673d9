//! Comments inside the members. The helper's text is the first member's; a
//! comment there stays if it stands in no other words in another member. One that
//! does is carried over to the thin function that it came from.

use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use crate::syntax::lexer;
use std::ops::Range;

/// More than this many comments of one member would bury the call below them.
const MOST_CARRIED: usize = 3;

/// What becomes of the comments inside the members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// For each member, the comments that are its own and not the helper's.
    pub own: Vec<Vec<Range<usize>>>,
}

/// Finds the comments that differ between the members.
///
/// # Errors
/// `comments-differ` when a member has too many of its own.
pub fn inside(subject: &Subject<'_>) -> Result<Inside, Refusal> {
    let file = subject.file;
    let count = subject.alignment.members.len();
    let mut own: Vec<Vec<Range<usize>>> = vec![Vec::new(); count];
    let body = file.token_at(subject.group.members[0].function.body)
        - subject.alignment.members[0].tokens.start;
    for relative in body..subject.alignment.len().saturating_sub(1) {
        let in_gap = |member: usize| {
            let index = subject.alignment.token(member, relative);
            let from = file.tokens[index].end as usize;
            let to = file.tokens[index + 1].start as usize;
            lexer::comments(&file.bytes, from, to)
        };
        let gaps: Vec<Vec<Range<usize>>> = (0..count).map(in_gap).collect();
        let text = |ranges: &[Range<usize>]| -> String {
            let bytes = ranges.iter().flat_map(|r| file.bytes[r.clone()].iter().copied());
            String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).split_whitespace().collect()
        };
        // A member without a comment there does not contradict one that has it.
        let words: Vec<String> =
            gaps.iter().map(|gap| text(gap)).filter(|t| !t.is_empty()).collect();
        let agree = words.windows(2).all(|pair| pair[0] == pair[1]);
        if agree && (words.is_empty() || !gaps[0].is_empty()) {
            continue;
        }
        for (own, gap) in own.iter_mut().zip(gaps) {
            own.extend(gap);
        }
    }
    if let Some(member) = own.iter().position(|own| own.len() > MOST_CARRIED) {
        let name = &subject.group.members[member].name;
        let detail = format!("{name} has {} comments of its own", own[member].len());
        return Err(file.refuse(Reason::CommentsDiffer, own[member][0].start as u32, detail));
    }
    Ok(Inside { own })
}
