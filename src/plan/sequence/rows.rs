//! The rows of a table: the values of each repetition with their comments, and the structure
//! of the driver's own, if there is one, that they are of.

use super::super::align::lossy;
use super::super::file::FileContext;
use super::super::holes::{Parameter, Subject};
use super::super::refusal::{Reason, Refusal};
use super::super::rules::Rule;
use super::super::{tables, text};
use super::Row;
use crate::syntax::decl::{self, TagKind};
use crate::syntax::lexer;
use std::ops::Range;

/// A structure that the driver, or what it includes, has already, for rows.
pub(super) struct Known {
    /// Its tag.
    pub tag: String,
    /// The type and the name of each of its members.
    pub fields: Vec<(String, String)>,
    /// The column that each of them takes.
    pub columns: Vec<usize>,
    /// Bytes of it, by an estimate.
    pub size: i64,
}

/// A structure whose members are, in any order, what `fields` are, type and name: one of the
/// file before `insert_at`, one of the driver's headers, or one that the rule lists for what
/// is called, whose last members may be left out.
pub(super) fn known(
    subject: &Subject<'_>,
    fields: &[(String, String)],
    insert_at: usize,
    rule: &Rule,
) -> Option<Known> {
    let file = subject.file;
    let repeated = subject.alignment.members[0].tokens.clone();
    let calls = |name: &str| repeated.clone().any(|at| file.text(at) == name.as_bytes());
    let folder = file.path.as_str().rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut own = file.unit.structures(folder);
    own.retain(|tag| {
        let all = file.unit.lookup_tag(TagKind::Struct, tag);
        let is_before =
            |it: &decl::Definition| *it.file != *file.path || (it.offset as usize) < insert_at;
        all.iter().any(is_before)
    });
    let is_own = |tag: &String| own.contains(tag);
    let listed = rule.structures.iter().filter(|it| !is_own(&it.tag) && calls(&it.callee));
    let found = own.iter().map(|tag| (tag, false)).chain(listed.map(|it| (&it.tag, true)));
    let mut fitting: Vec<(usize, Known)> =
        found.filter_map(|(tag, is_listed)| fits(file, fields, (tag, is_listed), rule)).collect();
    // The one with most of the very names.
    fitting.sort_by_key(|(same, _)| std::cmp::Reverse(*same));
    fitting.into_iter().next().map(|(_, known)| known)
}

/// How many of the members have the very names of columns, and the structure, if it fits.
fn fits(
    file: &FileContext,
    fields: &[(String, String)],
    (tag, is_listed): (&str, bool),
    rule: &Rule,
) -> Option<(usize, Known)> {
    let layout = file.unit.layout(&format!("struct {tag}")).ok()?;
    let mut members = layout.members()?;
    let size = text::of_row(members.iter().map(|(_, member)| member.type_text.as_str()));
    if is_listed {
        members.truncate(fields.len());
    }
    if members.len() != fields.len() {
        return None;
    }
    let means = |one: &str, other: &str| {
        let same = |meaning: &&Vec<String>| {
            [one, other].iter().all(|it| meaning.iter().any(|word| word == it))
        };
        one == other || rule.meanings.iter().any(|meaning| same(&meaning))
    };
    let (mut columns, mut same) = (Vec::new(), 0);
    for (name, member) in &members {
        let is_plain = member.dimensions == 0 && !member.is_bit_field && !member.is_packed;
        let is_it = |(ctype, column): &&(String, String)| {
            is_plain && is_one_type(&member.type_text, ctype) && means(name, column)
        };
        let mut fitting = (0..fields.len()).filter(|&at| is_it(&&fields[at]));
        let (Some(column), None) = (fitting.next(), fitting.next()) else { return None };
        if columns.contains(&column) {
            return None;
        }
        same += usize::from(*name == fields[column].1);
        columns.push(column);
    }
    let fields = members.into_iter().map(|(name, member)| (member.type_text, name)).collect();
    Some((same, Known { tag: tag.to_owned(), fields, columns, size }))
}

/// Whether two names are of one type: of one integer type, or the same.
fn is_one_type(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches("const ").to_owned();
    match (decl::integer(one), decl::integer(other)) {
        (Some(one), Some(other)) => one == other,
        _ => bare(one) == bare(other),
    }
}

/// The comments on the lines above `start`, up to the next that is something else.
///
/// # Errors
/// `comments-differ` where one has several lines.
pub(super) fn above(file: &FileContext, start: usize) -> Result<Vec<Range<usize>>, Refusal> {
    let token = file.token_at(start as u32);
    let floor = token.checked_sub(1).map_or(0, |at| file.tokens[at].end as usize);
    let mut found = Vec::new();
    let mut line = file.line_start(start);
    for comment in lexer::comments(&file.bytes, floor, line).into_iter().rev() {
        let is_alone = file.is_blank(file.line_start(comment.start)..comment.start);
        if !is_alone || file.line_end(comment.end - 1) != line {
            break;
        }
        if !tables::is_one_line(&file.bytes[comment.clone()]) {
            let detail = "a comment would be lost";
            return Err(file.refuse(Reason::CommentsDiffer, comment.start as u32, detail));
        }
        line = file.line_start(comment.start);
        found.insert(0, comment);
    }
    Ok(found)
}

/// The rows with their comments.
pub(super) fn rows(subject: &Subject<'_>, columns: &[&Parameter]) -> Result<Vec<Row>, Refusal> {
    let file = subject.file;
    let mut rows = Vec::new();
    let mut from = None;
    for (index, member) in subject.group.members.iter().enumerate() {
        let (start, end) = (member.function.start as usize, member.function.end as usize);
        let line_end = file.line_end(end.saturating_sub(1));
        // What stands above the first is about what is above it as well.
        let comments = lexer::comments(&file.bytes, from.unwrap_or(start), line_end);
        let (mut above, mut behind) = (Vec::new(), None);
        for comment in comments {
            let text = lossy(&file.bytes[comment.clone()]);
            match tables::is_one_line(text.as_bytes()) {
                true if comment.end <= start => above.push(text),
                true if comment.start >= end && behind.is_none() => behind = Some(text),
                _ => {
                    let detail = "a comment would be lost";
                    return Err(file.refuse(Reason::CommentsDiffer, comment.start as u32, detail));
                }
            }
        }
        from = Some(line_end);
        rows.push(Row {
            values: columns.iter().map(|it| it.arguments[index].clone()).collect(),
            comment: behind,
            above,
        });
    }
    Ok(rows)
}
