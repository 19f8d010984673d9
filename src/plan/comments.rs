//! Comments inside the members. The helper's text is the first member's; what most
//! members say stays there. A comment of fewer is carried over to the thin function
//! that it came from, if it can stand above a call; else nothing is proposed.

use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use crate::syntax::lexer;
use std::ops::Range;

/// What becomes of the comments inside the members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// For each member, the comment that it keeps above its call of the helper.
    pub carried: Vec<Option<Range<usize>>>,
    /// Comments of the first member that are not the helper's.
    pub dropped: Vec<Range<usize>>,
    /// Gaps between two tokens of the first member that take their white space and
    /// comments from another member: the bytes that go, and those that come.
    pub replaced: Vec<(Range<usize>, Range<usize>)>,
}

impl Inside {
    /// Nothing to decide for `members` members.
    pub fn none(members: usize) -> Inside {
        Inside { carried: vec![None; members], ..Inside::default() }
    }
}

/// The white space and comments between two tokens, in one member.
struct Gap {
    bytes: Range<usize>,
    comments: Vec<Comment>,
}

struct Comment {
    range: Range<usize>,
    /// Its words, without white space.
    text: String,
    /// One of its words is called as a chip or a version is: `gfx9`.
    names_a_chip: bool,
}

/// Decides on every comment inside the members.
///
/// # Errors
/// `comments-differ` when a comment would be lost, or would stand above a call that
/// it does not describe.
pub fn inside(subject: &Subject<'_>) -> Result<Inside, Refusal> {
    let file = subject.file;
    let count = subject.alignment.members.len();
    let mut inside = Inside::none(count);
    let body = file.token_at(subject.group.members[0].function.body)
        - subject.alignment.members[0].tokens.start;
    let mut depth = 0i32;
    for relative in body..subject.alignment.len().saturating_sub(1) {
        depth += match file.text(subject.first(relative)) {
            b"{" => 1,
            b"}" => -1,
            _ => 0,
        };
        let gaps: Vec<Gap> = (0..count).map(|member| gap(subject, member, relative)).collect();
        if gaps.iter().any(|gap| !gap.comments.is_empty()) {
            let plain = is_generic(subject, relative);
            settle(subject, &gaps, (depth == 1, plain), &mut inside)?;
        }
    }
    Ok(inside)
}

fn gap(subject: &Subject<'_>, member: usize, relative: usize) -> Gap {
    let file = subject.file_of(member);
    let index = subject.alignment.token(member, relative);
    let bytes = file.tokens[index].end as usize..file.tokens[index + 1].start as usize;
    let comment = |range: Range<usize>| {
        let text = String::from_utf8_lossy(&file.bytes[range.clone()]);
        Comment {
            text: text.split_whitespace().collect(),
            names_a_chip: text.split(|c: char| !c.is_alphanumeric()).any(is_of_a_chip),
            range,
        }
    };
    let comments = lexer::comments(&file.bytes, bytes.start, bytes.end);
    Gap { comments: comments.into_iter().map(comment).collect(), bytes }
}

/// Whether a word has letters and digits, the digits last: no number, nor its unit.
fn is_of_a_chip(word: &str) -> bool {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() > 1
        && letters.len() < word.len()
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn settle(
    subject: &Subject<'_>,
    gaps: &[Gap],
    (outermost, plain): (bool, bool),
    inside: &mut Inside,
) -> Result<(), Refusal> {
    let has = |gap: &Gap, text: &str| gap.comments.iter().any(|comment| comment.text == text);
    let generic = plain && agree(gaps);
    // What one says of its chip, or of its own constants, is not what all do.
    let common = |comment: &Comment| match gaps.iter().filter(|gap| has(gap, &comment.text)).count()
    {
        count if count == gaps.len() => true,
        count => plain && !comment.names_a_chip && (generic || 2 * count > gaps.len()),
    };
    let whole = |gap: &Gap| {
        let said = gaps.iter().flat_map(|gap| &gap.comments).filter(|comment| common(comment));
        said.into_iter().all(|comment| has(gap, &comment.text))
    };
    for (member, gap) in gaps.iter().enumerate() {
        for comment in gap.comments.iter().filter(|comment| !common(comment)) {
            let carries = outermost && stands_alone(subject.file_of(member), comment);
            let place = &mut inside.carried[member];
            if !carries || place.is_some() {
                return Err(lost(subject, member, comment));
            }
            *place = Some(comment.range.clone());
            if member == 0 {
                inside.dropped.push(comment.range.clone());
            }
        }
    }
    if !whole(&gaps[0]) {
        // Only the first member's file has the text at hand.
        let here = |(member, _): &(usize, &Gap)| subject.file_of(*member).path == subject.file.path;
        let mut gaps_here = gaps.iter().enumerate().filter(here).map(|(_, gap)| gap);
        let better = gaps_here.find(|gap| whole(gap) && gap.comments.iter().all(common));
        match better {
            Some(better) if inside.dropped.is_empty() => {
                inside.replaced.push((gaps[0].bytes.clone(), better.bytes.clone()));
            }
            _ => return Err(lost(subject, 0, &gaps[first_with(gaps)].comments[0])),
        }
    }
    Ok(())
}

/// Whether the members differ neither in the statement before the gap nor in the one
/// behind it: what one says there holds for all.
fn is_generic(subject: &Subject<'_>, relative: usize) -> bool {
    let ends = |token: usize| matches!(subject.file.text(subject.first(token)), b";" | b"{" | b"}");
    let before = (0..relative).rev().find(|&token| ends(token)).unwrap_or(0);
    let length = subject.alignment.len();
    let after = (relative + 1..length).find(|&token| ends(token)).unwrap_or(length);
    let sites = &subject.alignment.sites;
    let next = sites.partition_point(|site| site.token < before);
    sites.get(next).is_none_or(|site| site.token > after)
}

/// Whether all members that say anything in a gap say the same.
fn agree(gaps: &[Gap]) -> bool {
    let said = |gap: &Gap| gap.comments.iter().map(|c| c.text.clone()).collect::<Vec<_>>();
    let mut said = gaps.iter().filter(|gap| !gap.comments.is_empty()).map(said);
    let first = said.next();
    said.all(|other| Some(&other) == first.as_ref())
}

fn first_with(gaps: &[Gap]) -> usize {
    gaps.iter().position(|gap| !gap.comments.is_empty()).unwrap_or(0)
}

/// Whether nothing but white space shares the lines of a comment.
fn stands_alone(file: &FileContext, comment: &Comment) -> bool {
    let before = &file.bytes[file.line_start(comment.range.start)..comment.range.start];
    let after = &file.bytes[comment.range.end..file.line_end(comment.range.end)];
    before.iter().chain(after).all(u8::is_ascii_whitespace)
}

fn lost(subject: &Subject<'_>, member: usize, comment: &Comment) -> Refusal {
    let name = &subject.group.members[member].name;
    let detail = format!("what {name} says here would be lost, or out of place");
    let file = subject.file_of(member);
    file.refuse(Reason::CommentsDiffer, comment.range.start as u32, detail)
}
