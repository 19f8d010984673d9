//! The local of the one function that takes what its row holds: where it is declared.

use super::Table;
use super::carriers::RowKind;
use crate::plan::Helper;
use crate::plan::holes::Subject;
use crate::plan::refusal::{Reason, Refusal};
use crate::syntax::lexer;
use std::ops::Range;

/// A declaration that begins the one function.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its type, with the blank or the star behind it.
    pub ctype: String,
    /// Its name.
    pub name: String,
    /// What it is initialised with.
    pub value: String,
    /// The byte of the first member before which it stands: the beginning of a line.
    pub at: usize,
    /// A statement follows, without a blank line between.
    pub blank_below: bool,
}

impl Local {
    /// The declaration on one line, without white space around it.
    pub fn text(&self) -> String {
        let Local { ctype, name, value, .. } = self;
        format!("{ctype}{name} = {value};")
    }
}

/// The local of `one` that takes the constant of its row, or the row of `table`.
///
/// # Errors
/// `parse-gap` where the body does not begin a line.
pub fn of(
    subject: &Subject<'_>,
    one: &Helper,
    (kind, attr): (&RowKind, &str),
    table: Option<&Table>,
) -> Result<Local, Refusal> {
    let reads = kind.reads.as_deref().unwrap_or_default().replace("{attr}", attr);
    let (ctype, name, value) = match table {
        None => (format!("{} ", one.parameters[0].ctype), one.parameters[0].name.clone(), reads),
        Some(table) => {
            let name = free_name(subject, one).ok_or_else(|| {
                subject.refuse(Reason::NameWouldLie, 0, "no name is free for the row")
            })?;
            let row = match &kind.points {
                Some(points) => points.replace("{attr}", attr),
                None => format!("&{}[{reads}]", table.name),
            };
            (format!("const struct {} *", table.tag), name, row)
        }
    };
    let local = Local { ctype, name, value, at: 0, blank_below: false };
    let (at, blank_below) = place(subject, one, &local).ok_or_else(|| {
        subject.refuse(Reason::ParseGap, 0, "the body does not begin a line of its own")
    })?;
    Ok(Local { at, blank_below, ..local })
}

/// A name for a row of a table that means nothing in the members.
fn free_name(subject: &Subject<'_>, one: &Helper) -> Option<String> {
    let is_free = |name: &&&str| {
        let words = 0..subject.alignment.len();
        let is_word = |at: usize| subject.alignment.text(0, at) == name.as_bytes();
        !words.into_iter().any(is_word)
            && !subject.file.is_macro_or_type(name)
            && !one.parameters.iter().any(|it| it.name == ***name)
    };
    ["row", "attr_row", "c"].iter().find(is_free).map(|name| (*name).to_owned())
}

/// Before which line it stands: where the declarations get shorter from line to line, so that
/// they still do, but never behind one that needs it. And whether a blank line is to follow.
fn place(subject: &Subject<'_>, one: &Helper, local: &Local) -> Option<(usize, bool)> {
    let file = subject.file;
    let parsed = &subject.alignment.members[0];
    let tree = &parsed.tree;
    let body = tree.of_kind("compound_statement").next()?;
    let brace = tree.node(body).range.start as usize;
    let top = file.line_end(brace);
    if !file.is_blank(brace + 1..top) {
        return None;
    }
    let statements = tree.children(body).filter(|&id| {
        let node = tree.node(id);
        node.named && node.kind != "comment"
    });
    let is_declaration = |id: &crate::syntax::NodeId| tree.node(*id).kind == "declaration";
    let declarations = statements.take_while(is_declaration);
    let lines: Vec<Range<usize>> = declarations
        .map(|id| {
            let range = tree.node(id).range.clone();
            file.line_start(range.start as usize)..range.end as usize
        })
        .collect();
    if lines.is_empty() {
        return Some((top, true));
    }
    // A comment at the top is about what follows it.
    let has_comment = !lexer::comments(&file.bytes, top, lines[0].start).is_empty();
    if has_comment {
        return Some((top, false));
    }
    let base = parsed.tokens.start;
    let offsets = one.spans.iter().map(|span| file.tokens[base + span.tokens.start].start as usize);
    let offsets: Vec<usize> = offsets.collect();
    let needs = |line: &Range<usize>| offsets.iter().any(|at| line.contains(at));
    let limit = lines.iter().position(needs).unwrap_or(lines.len());
    let width = |line: &Range<usize>| {
        let end = file.line_end(line.start).min(line.end);
        String::from_utf8_lossy(&file.bytes[line.start..end]).trim().len()
    };
    let widths: Vec<usize> = lines.iter().map(width).collect();
    let is_tree = widths.len() > 1 && widths.is_sorted_by(|one, other| one >= other);
    let own = local.text().len();
    let place = match is_tree || widths.len() == 1 {
        true => widths.iter().position(|width| *width < own).unwrap_or(lines.len()).min(limit),
        false => 0,
    };
    match lines.get(place) {
        Some(line) => Some((line.start, false)),
        None => {
            let last = lines.last()?;
            let at = file.line_end(last.end - 1);
            let is_blank_behind = file.is_blank(at..file.line_end(at));
            file.is_blank(last.end..at).then_some((at, !is_blank_behind))
        }
    }
}
