//! Functions that differ only in constants and are reached only through attributes become
//! one, which reads the constant from the attribute that it is handed.
//!
//! In: a group of one file, and what of attributes is known ([`Carriers`]). Out: a plan for
//! one function and the rows that name it, or why there is none. The constant goes into a
//! member of the row that nobody uses yet; several go into a table, and its index there.

pub mod carriers;
mod local;
mod name;
pub mod rows;
mod slot;

pub use carriers::{Carriers, Declarer, RowKind};
pub use local::Local;
pub use rows::Declared;

use super::align::{self, lossy};
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::uses::Uses;
use super::{
    Fate, FileContext, Helper, OpenFile, Plan, Preamble, Remedy, RemedyKind, Rule, comments,
    helper, preconditions, rules, tables,
};
use crate::detect::CloneGroup;
use crate::syntax::LoopMacros;
use std::ops::Range;

/// What becomes of the rows that name the members.
#[derive(Clone, Debug)]
pub struct Family {
    /// What each row is now.
    pub kind: RowKind,
    /// The tag of what it was before, where that was something else.
    pub was: Option<String>,
    /// The macros that declare such a row.
    pub declarers: Vec<Declarer>,
    /// For each member its row, as it shall be, and the bytes that declare it as it is.
    pub rows: Vec<(Range<usize>, Declared)>,
    /// What the variable of each row was called.
    pub variables: Vec<String>,
    /// Bytes that name a row's variable, and what they shall be.
    pub uses: Vec<(Range<usize>, String)>,
    /// The local that takes what the row holds.
    pub local: Local,
    /// Where the constants of a row stand, if they are several.
    pub table: Option<Table>,
    /// The header that the rows need.
    pub include: Option<Preamble>,
}

/// A table with a row for each member.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The tag of a row.
    pub tag: String,
}

/// The rule for a group, if it may be a family.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Family, group)
        .filter(|rule| group.in_one_file() && rule.limits.members <= group.members.len())
}

/// Plans the members of `group`, which lie in `open`; `None` where not each is named by an
/// attribute, so that nothing is to be said.
///
/// # Errors
/// What stands against it.
pub fn plan(
    open: &OpenFile,
    group: &CloneGroup,
    rule: &Rule,
    (loops, carriers): (&LoopMacros, &Carriers),
) -> Option<Result<Plan, Refusal>> {
    let all = rows::declared(&open.context, carriers);
    is_named(group, &all).then(|| plan_rows(open, group, rule, (loops, carriers), &all))
}

/// Whether attributes of `file` name all members of `group`.
pub fn is_one(file: &FileContext, group: &CloneGroup, carriers: &Carriers) -> bool {
    is_named(group, &rows::declared(file, carriers))
}

fn is_named(group: &CloneGroup, all: &[Declared]) -> bool {
    group.members.iter().all(|member| all.iter().any(|row| row.has(&member.name)))
}

fn plan_rows(
    open: &OpenFile,
    group: &CloneGroup,
    rule: &Rule,
    (loops, carriers): (&LoopMacros, &Carriers),
    all: &[Declared],
) -> Result<Plan, Refusal> {
    let file = &open.context;
    let opens: Vec<&OpenFile> = vec![open; group.members.len()];
    preconditions(&opens, group)?;
    let mine = slot::rows_of(open, group, (carriers, all))?;
    let files: Vec<&FileContext> = vec![file; group.members.len()];
    let alignment = align::align(&files, group, loops)?;
    let subject = Subject { file, group, alignment: &alignment };
    let mut plan = drafted(&subject, rule, &opens)?;
    let Remedy::Helper(mut one) = plan.remedy.clone() else {
        return Err(subject.refuse(Reason::NoRule, 0, "no function for all"));
    };
    let attr = attribute_parameter(&subject, &plan)?;
    let kind = slot::kind(open, &subject, (carriers, all), (&mine, &attr), &one)?;
    one.dropped.clear();
    let names: Vec<&str> = group.members.iter().map(|it| it.name.as_str()).collect();
    let is_free = |name: &str| file.is_new_name(name) && !open.claimed.names.contains(name);
    one.name =
        name::of(&names, &one.parameters, (&stem(&file.path), is_free)).ok_or_else(|| {
            subject.refuse(Reason::NameWouldLie, 0, "no name is free for the one function")
        })?;
    let table = match slot::is_direct(&one.parameters) {
        true => None,
        false => Some(table(open, &subject, &one)?),
    };
    let local = local::of(&subject, &one, (&kind, &attr), table.as_ref())?;
    let mut rows = Vec::new();
    let mut uses = Vec::new();
    for (index, (member, row)) in names.iter().zip(&mine).enumerate() {
        if row.tag != kind.tag {
            uses.extend(slot::uses(open, (carriers, &kind), row)?);
        }
        let bytes = |at: usize| file.tokens[at].range();
        let range = bytes(row.tokens.start).start..bytes(row.tokens.end - 1).end;
        let put = |function: &String| match function == member {
            true => one.name.clone(),
            false => function.clone(),
        };
        let value = match &table {
            Some(table) if kind.points.is_some() => format!("&{}[{index}]", table.name),
            Some(_) => index.to_string(),
            None => one.parameters[0].arguments[index].clone(),
        };
        let (show, store) = (put(&row.show), put(&row.store));
        let data = Some(value);
        rows.push((range, Declared { tag: kind.tag.clone(), show, store, data, ..row.clone() }));
    }
    let include = slot::include(file, &kind)?;
    for member in &mut plan.members {
        // What names it is a row, which is written anew.
        (member.fate, member.uses) = (Fate::Gone, Uses::default());
    }
    let declarers = carriers.declarers_of(&kind.tag).into_iter().cloned().collect();
    let was = Some(mine[0].tag.clone()).filter(|tag| *tag != kind.tag);
    let least = if was.is_some() { kind.saves * mine.len() as i64 } else { 0 };
    plan.rule.limits.lines_saved = rule.limits.lines_saved.max(least);
    let form = carriers.row(&mine[0].tag).map_or("", |it| it.variable.as_str());
    let variables = mine.iter().map(|row| form.replace("{name}", &row.name)).collect();
    let family = Family { kind, was, declarers, rows, variables, uses, local, table, include };
    Ok(Plan { remedy: Remedy::Helper(one), family: Some(Box::new(family)), ..plan })
}

/// The plan for a helper, whether it would save anything or not.
///
/// # Errors
/// What stands against that, but that it only calls another, and `comments-differ`.
fn drafted(subject: &Subject<'_>, rule: &Rule, opens: &[&OpenFile]) -> Result<Plan, Refusal> {
    let mut free = rule.clone();
    (free.limits.lines_saved, free.limits.parameters) = (i64::MIN, usize::MAX);
    let mut plan = helper::plan(subject, &free, opens, None)?;
    plan.rule = rule.clone();
    let inside = comments::inside(subject)?;
    if let Some(objection) = plan.objection.take()
        && objection.reason != Reason::AddsNothing
    {
        return Err(objection);
    }
    plan.notes.clear();
    let file = subject.file;
    let text = |member: &super::MemberPlan| {
        let text = lossy(&file.bytes[member.comment.clone()?]).replace(&member.name, "");
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let first = text(&plan.members[0]);
    let is_other = |member: &&super::MemberPlan| text(member) != first;
    if let Some(member) = plan.members.iter().find(is_other) {
        let detail = format!("the comment above {} would be lost", member.name);
        return Err(file.refuse(Reason::CommentsDiffer, member.function.start, detail));
    }
    if inside.carried.iter().any(Option::is_some) {
        return Err(subject.refuse(Reason::CommentsDiffer, 0, "a comment of one would be lost"));
    }
    if let Remedy::Helper(one) = &plan.remedy {
        let is_path = one.parameters.iter().any(|it| it.base.is_some() || it.is_format);
        if one.parameters.is_empty() || is_path {
            let detail = "what differs is no constant";
            return Err(subject.refuse(Reason::RowTaken, 0, detail));
        }
        if one.parameters.len() > rule.limits.parameters {
            let detail = format!("{} constants differ", one.parameters.len());
            return Err(subject.refuse(Reason::TooManyParameters, 0, detail));
        }
    }
    Ok(plan)
}

/// The name of the parameter by which the members are handed their attribute.
///
/// # Errors
/// `row-taken` where it has none, or the members write to it.
fn attribute_parameter(subject: &Subject<'_>, plan: &Plan) -> Result<String, Refusal> {
    let words = |text: &[u8]| lossy(text).replace('*', " * ");
    let is_it = |own: &&align::OwnParameter| {
        words(&own.text).split_whitespace().take(3).eq(["struct", "device_attribute", "*"])
    };
    let found = plan.members[0].own.iter().find(is_it).and_then(|own| own.name.as_deref());
    let Some(name) = found else {
        let detail = "no parameter is the attribute";
        return Err(subject.refuse(Reason::RowTaken, 0, detail));
    };
    let is_written = |at: usize| {
        subject.alignment.text(0, at) == name
            && at + 1 < subject.alignment.len()
            && matches!(subject.alignment.text(0, at + 1), b"=" | b"++" | b"--")
    };
    match (0..subject.alignment.len()).any(is_written) {
        true => Err(subject.refuse(Reason::RowTaken, 0, "the parameter changes")),
        false => Ok(lossy(name)),
    }
}

/// What a file is called, as a part of a function's name.
fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.trim_end_matches(".c").replace('-', "_").to_lowercase()
}

/// Names for a table of what differs.
fn table(open: &OpenFile, subject: &Subject<'_>, one: &Helper) -> Result<Table, Refusal> {
    let file = subject.file;
    let refuse = || subject.refuse(Reason::NameWouldLie, 0, "no name is free for the table");
    let base = name::bare(&one.name);
    let is_free_tag = |tag: &String| {
        file.unit.lookup_tag(crate::syntax::decl::TagKind::Struct, tag).is_empty()
            && !file.mentions(tag.as_bytes())
            && !file.is_macro_or_type(tag)
    };
    let tags = [format!("{base}_row"), format!("{base}_attr_row")];
    let tag = tags.into_iter().find(is_free_tag).ok_or_else(refuse)?;
    let parsed = &subject.alignment.members[0];
    let name = tables::free_name(open, parsed, &tag).ok_or_else(refuse)?;
    if open.claimed.names.contains(&name) {
        return Err(refuse());
    }
    Ok(Table { name, tag })
}
