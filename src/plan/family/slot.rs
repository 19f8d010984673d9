//! Whether the rows of a family have room for a constant: a member of each that nobody uses,
//! or that it gets by becoming another object. In: the rows of the file. Out: what they
//! become, and what changes where they are named.

use super::carriers::{Carriers, RowKind};
use super::rows::Declared;
use crate::detect::{CloneGroup, Member};
use crate::plan::align::lossy;
use crate::plan::holes::Subject;
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::uses::enclosing_calls;
use crate::plan::{FileContext, Helper, OpenFile, Parameter, Preamble};
use crate::syntax::TokenKind;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The row of each member, which nothing else in the file names.
///
/// # Errors
/// `family-rows`, `different-conditions`, `overlaps-proposal`.
pub fn rows_of(
    open: &OpenFile,
    group: &CloneGroup,
    (carriers, all): (&Carriers, &[Declared]),
) -> Result<Vec<Declared>, Refusal> {
    let file = &open.context;
    let mut found: Vec<Declared> = Vec::new();
    for member in &group.members {
        let row = row_of(open, member, (carriers, all))?;
        let start = file.tokens[row.tokens.start].start;
        if found.iter().any(|it| it.tokens == row.tokens) {
            let detail = format!("{} names two of them", row.name);
            return Err(file.refuse(Reason::FamilyRows, start, detail));
        }
        if file.conditions_at(start) != file.conditions_at(member.function.start) {
            let detail = format!("{} is declared under other conditions", row.name);
            return Err(file.refuse(Reason::DifferentConditions, start, detail));
        }
        if file.has_comment((row.tokens.start, row.tokens.end - 1)) {
            let detail = format!("a comment of {} would be lost", row.name);
            return Err(file.refuse(Reason::CommentsDiffer, start, detail));
        }
        let end = file.tokens[row.tokens.end - 1].end as usize;
        if open.claimed.touches(&(start as usize..end)) {
            let detail = format!("{} is declared anew by another proposal", row.name);
            return Err(file.refuse(Reason::Overlaps, start, detail));
        }
        found.push(row);
    }
    half_done(file, group, &found)?;
    if let Some(other) = found.iter().find(|row| row.tag != found[0].tag) {
        let start = file.tokens[other.tokens.start].start;
        let detail = format!("{} and {} are of different types", found[0].name, other.name);
        return Err(file.refuse(Reason::FamilyRows, start, detail));
    }
    Ok(found)
}

/// What shows each attribute becomes one function while functions that are as much alike go on
/// to store them, or the other way round: whoever reads the file finds both ways of doing one
/// thing.
fn half_done(file: &FileContext, group: &CloneGroup, rows: &[Declared]) -> Result<(), Refusal> {
    let is_member = |name: &&String| group.members.iter().any(|it| it.name == **name);
    let others = rows.iter().flat_map(|row| [&row.show, &row.store]);
    let others: BTreeSet<&String> =
        others.filter(|name| *name != "NULL" && !is_member(name)).collect();
    let mut known: BTreeMap<Vec<&[u8]>, &String> = BTreeMap::new();
    for other in others {
        let Some(body) = body_of(file, other) else { continue };
        let shape = body.map(|at| match file.tokens[at].kind {
            TokenKind::Ident | TokenKind::Number | TokenKind::Str | TokenKind::Char => b"x",
            _ => file.text(at),
        });
        if let Some(one) = known.insert(shape.collect(), other) {
            let at = file.tokens[rows[0].tokens.start].start;
            let detail = format!("{one}() and {other}() of the same attributes stay two");
            return Err(file.refuse(Reason::FamilyRows, at, detail));
        }
    }
    Ok(())
}

fn row_of(
    open: &OpenFile,
    member: &Member,
    (carriers, all): (&Carriers, &[Declared]),
) -> Result<Declared, Refusal> {
    let file = &open.context;
    let name = &member.name;
    let refuse = |detail: String| file.refuse(Reason::FamilyRows, member.function.start, detail);
    let mut rows = all.iter().filter(|row| row.has(name));
    let (Some(row), None) = (rows.next(), rows.next()) else {
        return Err(refuse(format!("not one attribute names {name}")));
    };
    if row.show == row.store {
        return Err(refuse(format!("{name} does both")));
    }
    let head = file.token_at(member.function.start)..file.token_at(member.function.body);
    let own = file.tokens_of(&member.function);
    let is_use = |at: &&usize| !own.contains(at) && !row.tokens.contains(at);
    let is_static = head.clone().any(|at| file.text(at) == b"static");
    let is_named = file.occurrences(name.as_bytes()).iter().any(|at| is_use(&at));
    if !is_static || is_named || !file.directives_with(name.as_bytes()).is_empty() {
        return Err(refuse(format!("more than an attribute names {name}")));
    }
    let is_known = |word: &str| carriers.declarer(word.as_bytes()).is_some();
    if let Some(other) = open.pastes.other_that_may_name(name.as_bytes(), is_known) {
        return Err(refuse(format!("{other}() may make the name {name}")));
    }
    Ok(row.clone())
}

/// Whether the row holds the constant itself, and not its place in a table.
pub fn is_direct(parameters: &[Parameter]) -> bool {
    matches!(parameters, [one] if !one.ctype.contains('*'))
}

/// What the rows become.
///
/// # Errors
/// `row-taken` where they have no room, `row-narrow` where it does not keep a constant.
pub fn kind(
    open: &OpenFile,
    subject: &Subject<'_>,
    (carriers, all): (&Carriers, &[Declared]),
    (mine, attr): (&[Declared], &str),
    one: &Helper,
) -> Result<RowKind, Refusal> {
    let file = &open.context;
    let at = subject.group.members[0].function.start;
    let refuse = |reason, detail: String| Err(file.refuse(reason, at, detail));
    let Some(now) = carriers.row(&mine[0].tag) else {
        return refuse(Reason::RowTaken, format!("nothing is known of {}", mine[0].tag));
    };
    let found = match &now.slot {
        Some(_) => {
            is_free(subject, (carriers, all), (mine, attr), now)?;
            Some(now)
        }
        None => {
            let pays = |it: &&RowKind| mine.len() >= it.fewest || file.mentions(it.tag.as_bytes());
            let all = now.becomes.iter().filter_map(|tag| carriers.row(tag));
            all.filter(|it| may_be(file, it)).find(pays)
        }
    };
    let Some(kind) = found else {
        return refuse(Reason::RowTaken, format!("{} has no room for a constant", now.tag));
    };
    if !is_direct(&one.parameters) {
        return Ok(kind.clone());
    }
    for value in &one.parameters[0].arguments {
        let known = file.unit.constant(value).ok().and_then(|it| it.value);
        let Some(known) = known else {
            return refuse(Reason::RowNarrow, format!("the value of {value} is not known"));
        };
        if !(i128::from(kind.least)..=i128::from(kind.most)).contains(&known) {
            let slot = kind.slot.as_deref().unwrap_or_default();
            let detail = format!("`{slot}` of struct {} may not keep {value}", kind.tag);
            return refuse(Reason::RowNarrow, detail);
        }
    }
    Ok(kind.clone())
}

/// Whether a row of the file may become one of this kind.
fn may_be(file: &FileContext, kind: &RowKind) -> bool {
    let is_in = |folder: &String| {
        file.path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    match &kind.folder {
        Some(folder) => is_in(folder),
        None => true,
    }
}

/// Whether the file includes the header of the kind by itself.
fn includes(file: &FileContext, kind: &RowKind) -> bool {
    let header = kind.header.as_deref().unwrap_or_default();
    file.includes().any(|(_, spelled)| spelled.trim_matches(['<', '>', '"']) == header)
}

/// The line that includes the header of the kind, if it is needed.
///
/// # Errors
/// `no-header` where there is no place for it.
pub fn include(file: &FileContext, kind: &RowKind) -> Result<Option<Preamble>, Refusal> {
    if kind.folder.is_none() || includes(file, kind) {
        return Ok(None);
    }
    let header = kind.header.as_deref().unwrap_or_default();
    let preamble = Preamble::angled(file, &format!("<{header}>"));
    let none = || file.refuse(Reason::NoHeader, 0, format!("no place to include {header}"));
    preamble.map(Some).ok_or_else(none)
}

/// Whether nobody uses the member of the rows that is for a constant.
fn is_free(
    subject: &Subject<'_>,
    (carriers, all): (&Carriers, &[Declared]),
    (mine, attr): (&[Declared], &str),
    kind: &RowKind,
) -> Result<(), Refusal> {
    let file = subject.file;
    let refuse = |at: usize, detail: String| {
        Err(file.refuse(Reason::RowTaken, file.tokens[at].start, detail))
    };
    let slot = kind.slot.as_deref().unwrap_or_default();
    let first = mine[0].data.as_deref().unwrap_or_default();
    let is_number = first.starts_with(|c: char| c.is_ascii_digit());
    if let Some(row) = mine.iter().find(|row| !is_number || row.data.as_deref() != Some(first)) {
        return refuse(row.tokens.start, format!("`{slot}` of {} says something", row.name));
    }
    // Who is handed a row may read what else it holds, or hand it on.
    let uses_it = |tokens: Range<usize>, name: &str| {
        tokens.into_iter().find(|&at| {
            file.text(at) == name.as_bytes() && !matches!(file.text(at - 1), b"." | b"->")
        })
    };
    for row in mine {
        for function in [&row.show, &row.store] {
            let Some(body) = body_of(file, function) else {
                if function == "NULL" {
                    continue;
                }
                return refuse(row.tokens.start, format!("{function} is not in the file"));
            };
            let name = match subject.group.members.iter().any(|it| it.name == *function) {
                true => attr.to_owned(),
                false => attribute_of(file, function).unwrap_or_default(),
            };
            if let Some(at) = uses_it(body, &name) {
                return refuse(at, format!("{function}() may read `{slot}` of {}", row.name));
            }
        }
    }
    let words: Vec<&str> = carriers.readers().collect();
    for at in (0..file.tokens.len()).filter(|&at| file.tokens[at].kind == TokenKind::Ident) {
        if !words.iter().any(|word| file.text(at) == word.as_bytes()) {
            continue;
        }
        let Some(function) = file.function_at(file.tokens[at].start) else {
            return refuse(at, format!("`{}` is used outside functions", lossy(file.text(at))));
        };
        let name = lossy(function.name(&file.bytes));
        let is_of_others = all.iter().any(|row| row.has(&name));
        if !is_of_others || mine.iter().any(|row| row.has(&name)) {
            return refuse(at, format!("{name}() may read `{slot}` of any of them"));
        }
    }
    let variables = mine.iter().map(|row| kind.variable.replace("{name}", &row.name));
    for variable in variables {
        let is_read = |&&at: &&usize| file.text(at + 2) == slot.as_bytes();
        if let Some(&at) = file.occurrences(variable.as_bytes()).iter().find(is_read) {
            return refuse(at, format!("`{slot}` of {variable} is used"));
        }
    }
    Ok(())
}

/// The tokens of a function's body, if the file has it once.
fn body_of(file: &FileContext, name: &str) -> Option<Range<usize>> {
    let mut found = file.functions.iter().filter(|it| it.name(&file.bytes) == name.as_bytes());
    let (Some(function), None) = (found.next(), found.next()) else { return None };
    Some(file.token_at(function.body)..file.token_at(function.end))
}

/// The name of the parameter by which a function is handed its attribute; empty where it has
/// no name, so that it uses nothing of it.
fn attribute_of(file: &FileContext, name: &str) -> Option<String> {
    let function = file.functions.iter().find(|it| it.name(&file.bytes) == name.as_bytes())?;
    let head = file.token_at(function.start)..file.token_at(function.body);
    let at = head.into_iter().find(|&at| file.text(at) == b"device_attribute")?;
    (file.text(at + 1) == b"*").then(|| lossy(file.text(at + 2)))
}

/// What changes where the variable of a row is named that becomes another object.
///
/// # Errors
/// `family-rows` where it is named otherwise than by its address.
pub fn uses(
    open: &OpenFile,
    (carriers, kind): (&Carriers, &RowKind),
    row: &Declared,
) -> Result<Vec<(Range<usize>, String)>, Refusal> {
    let file = &open.context;
    let form = carriers.row(&row.tag).map_or("", |it| it.variable.as_str());
    let variable = form.replace("{name}", &row.name);
    let refuse = |at: usize, detail: String| {
        Err(file.refuse(Reason::FamilyRows, file.tokens[at].start, detail))
    };
    let start = row.tokens.start;
    if !file.directives_with(variable.as_bytes()).is_empty() {
        return refuse(start, format!("a directive names {variable}"));
    }
    // A macro may paste the variable's name of the attribute's.
    for &at in file.occurrences(row.name.as_bytes()) {
        if row.tokens.contains(&at) {
            continue;
        }
        let pastes = |name: usize| {
            let facts = file.unit.macro_facts(&lossy(file.text(name)));
            facts.is_some_and(|facts| facts.params.iter().any(|it| it.pasted.is_some()))
        };
        let floor = file.function_at(file.tokens[at].start).map_or(0, |it| file.token_at(it.start));
        let mut calls = enclosing_calls(file, at, floor.max(at.saturating_sub(64))).into_iter();
        if let Some(call) = calls.find(|call| pastes(call.name)) {
            let name = lossy(file.text(call.name));
            return refuse(at, format!("{name}() may make the name {variable}"));
        }
    }
    let new = kind.variable.replace("{name}", &row.name);
    if new != variable && !file.is_new_name(&new) {
        return refuse(start, format!("{new} is the name of something else"));
    }
    let mut found = Vec::new();
    for &at in file.occurrences(variable.as_bytes()) {
        if file.text(at - 1) != b"&" || file.text(at + 1) == b"->" {
            return refuse(at, format!("{variable} is named otherwise than by its address"));
        }
        let range = file.tokens[at].range();
        if open.claimed.touches(&range) {
            let detail = format!("another proposal changes what names {variable}");
            return Err(file.refuse(Reason::Overlaps, range.start as u32, detail));
        }
        found.push((range, format!("{new}.{}", kind.attribute)));
    }
    match found.is_empty() {
        true => refuse(start, format!("nothing names {variable}")),
        false => Ok(found),
    }
}
