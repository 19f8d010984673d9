//! Files in which parts of functions are functions of their own. In: which statements of
//! which functions. Out: these files, and what a plan for them means for the files as they
//! are.

use super::{Bodies, Piece, runs};
use crate::detect::{CloneGroup, Kind, Member};
use crate::extract::interface::{Interface, Place, interface};
use crate::extract::lift::Part;
use crate::extract::{Lifted, lift};
use crate::generate::edits::EditError;
use crate::generate::{Edit, EditSet};
use crate::plan::{self, Fate, FileContext, OpenFile, Plan, Reason, Refusal, align, uses, words};
use crate::propose::Proposer;
use crate::verify::Lift;
use std::ops::Range;

/// What is said where [`part_of`] finds nothing.
pub(in crate::propose) const UNREAD: &str = "the functions of the runs cannot be read";

impl Proposer<'_> {
    /// The file with its parts lifted out; nothing is claimed of it.
    pub(in crate::propose) fn with_parts(
        &self,
        file: &FileContext,
        lifted: &Lifted,
    ) -> Result<OpenFile, EditError> {
        let mut edits = EditSet::default();
        edits.files.insert(file.path.clone(), lifted.edits.clone());
        let text = edits.apply(&file.path, &file.bytes)?;
        Ok(self.open_text(&file.path, text.into()))
    }
}

/// The part `name` of the member `whole`, as a member of the file with the parts.
pub(in crate::propose) fn part_of(
    file: &FileContext,
    whole: &Member,
    name: &str,
) -> Option<Member> {
    let is_it = |it: &&crate::syntax::Function| it.name(&file.bytes) == name.as_bytes();
    let function = file.functions.iter().find(is_it)?.clone();
    Some(Member { name: name.to_owned(), function, ordinal: 0, ..whole.clone() })
}

/// Parts of the members of a group as a group of their own.
pub(in crate::propose) fn of_parts(group: &CloneGroup, members: Vec<Member>) -> CloneGroup {
    CloneGroup { members, kind: Kind::Renamed, holes: Vec::new(), ..group.clone() }
}

/// What stands against a plan for parts: that of whole functions, or that a part would be
/// more than a call after it.
pub(in crate::propose) fn against(plan: &Plan) -> Option<(Reason, String)> {
    if let Some(objection) = &plan.objection {
        return Some((objection.reason, objection.detail.clone()));
    }
    let stays = plan.members.iter().any(|member| member.fate != Fate::Gone);
    let detail = "the part of a member would stay beside the helper";
    stays.then(|| (Reason::NotSeparable, detail.to_owned()))
}

/// The plan for parts of functions, told of as one for these functions: those of `group`,
/// in the order of the plan's members.
pub(in crate::propose) fn name_whole(plan: &mut Plan, group: &CloneGroup) {
    if matches!(&plan.remedy, plan::Remedy::Helper(it) if it.parameters.is_empty()) {
        // Parts that are the same are what is looked for.
        plan.notes.clear();
    }
    plan.is_of_parts = true;
    for (planned, member) in plan.members.iter_mut().zip(&group.members) {
        planned.name.clone_from(&member.name);
        planned.function = member.function.clone();
        planned.comment = None;
    }
}

/// The files with the run lifted out of each member, in the order of the pieces.
pub(in crate::propose) fn lifted<'a>(
    bodies: &Bodies<'a>,
    pieces: &[Piece],
) -> Result<Vec<(&'a FileContext, Lifted)>, Refusal> {
    let mut interfaces: Vec<(usize, Range<usize>, Interface)> = Vec::new();
    for (index, range) in pieces {
        let (member, own) = (&bodies.parsed[*index], &bodies.statements[*index]);
        let file = member.file;
        let (from, to) = (&own[range.start], &own[range.end - 1]);
        let tokens = from.tokens.start..to.tokens.end;
        let firsts: Vec<usize> = own.iter().map(|it| it.tokens.start).collect();
        let place = Place {
            member,
            function: &bodies.members[*index].function,
            run: tokens.clone(),
            statements: &firsts,
            is_end: range.end == own.len(),
        };
        if let Some(before) = range.start.checked_sub(1)
            && checks(file, &own[before], from)
        {
            let detail = "it would begin with the check of what stands before it";
            let at = file.tokens[tokens.start].start;
            return Err(file.refuse(Reason::NotSeparable, at, detail));
        }
        if let Some(at) = cut(file, own, range) {
            let detail = "it would be a part of calls in a row of one function";
            return Err(file.refuse(Reason::NotSeparable, file.tokens[at].start, detail));
        }
        if let Some(at) = half_locked(file, tokens.clone()) {
            let detail = "it locks what is unlocked outside, or the other way round";
            return Err(file.refuse(Reason::NotSeparable, file.tokens[at].start, detail));
        }
        interfaces.push((*index, tokens, interface(&place)?));
    }
    let Some((first, ..)) = pieces.first() else { return Ok(Vec::new()) };
    let first = &bodies.parsed[*first];
    in_order(&mut interfaces, &align::parameters(first.file, &first.tree));
    let mut parts: Vec<(&'a FileContext, Vec<Part<'_>>)> = Vec::new();
    for (index, run, interface) in &interfaces {
        let (member, file) = (&bodies.members[*index], bodies.parsed[*index].file);
        let start = member.function.start;
        let comment = file.leading_comment(start, &member.name);
        let part = Part {
            function: &member.function,
            insert_at: comment.map_or_else(|| file.line_start(start as usize), |it| it.start),
            run: run.clone(),
            interface,
            // No name of a function: it is gone when the patch is made.
            name: part_name(&member.name, *index),
        };
        match parts.iter_mut().find(|(known, _)| known.path == file.path) {
            Some((_, of_file)) => of_file.push(part),
            None => parts.push((file, vec![part])),
        }
    }
    parts.into_iter().map(|(file, parts)| Ok((file, lift(file, &parts)?))).collect()
}

/// What the part of a member is called until there is a name for all.
pub(in crate::propose) fn part_name(member: &str, index: usize) -> String {
    format!("{member}__part{index}")
}

/// Puts the parameters of all parts into the order of the first: the function's own come
/// first, as they stand there.
fn in_order(interfaces: &mut [(usize, Range<usize>, Interface)], own: &[align::OwnParameter]) {
    let Some((_, _, first)) = interfaces.first() else { return };
    let place = |index: &usize| {
        let name = Some(first.parameters[*index].name.as_slice());
        own.iter().position(|it| it.name.as_deref() == name).unwrap_or(own.len())
    };
    let mut order: Vec<usize> = (0..first.parameters.len()).collect();
    order.sort_by_key(place);
    for (_, _, interface) in interfaces {
        if interface.parameters.len() == order.len() {
            interface.parameters =
                order.iter().map(|&index| interface.parameters[index].clone()).collect();
        }
    }
}

/// As the check is told of it; the parts are those of the members in their order.
pub(in crate::propose) fn claim_of<'l>(
    parts: Vec<String>,
    lifted: impl Iterator<Item = (&'l FileContext, &'l Lifted)>,
) -> Lift {
    let edit = |edit: &Edit| {
        let text = String::from_utf8_lossy(&edit.text).into_owned();
        (edit.range.start, edit.range.end, text)
    };
    let of_file = |(file, lifted): (&FileContext, &Lifted)| {
        (file.path.clone(), lifted.edits.iter().map(edit).collect())
    };
    Lift { parts, edits: lifted.map(of_file).collect() }
}

/// A call that only locks something in a run, or only unlocks it: who reads the function
/// looks for the other one.
fn half_locked(file: &FileContext, run: Range<usize>) -> Option<usize> {
    let call = |word: &str| {
        run.clone().find(|&at| {
            file.text(at + 1) == b"("
                && align::is_ident(file, at)
                && words::words(&align::lossy(file.text(at))).iter().any(|it| it == word)
        })
    };
    match (call("lock"), call("unlock")) {
        (Some(_), Some(_)) => None,
        (one, other) => one.or(other),
    }
}

/// A call at the edge of a run of statements, where the one next to it, outside, calls the
/// same function for the same object: what is written there is one thing.
fn cut(file: &FileContext, statements: &[runs::Statement], run: &Range<usize>) -> Option<usize> {
    let head = |statement: &runs::Statement| {
        let first = statement.tokens.start;
        let is_call = align::is_ident(file, first) && file.text(first + 1) == b"(";
        is_call.then(|| (file.text(first), file.text(first + 2)))
    };
    let first = run.start.checked_sub(1).map(|before| (before, run.start));
    let last = (run.end < statements.len()).then_some((run.end, run.end - 1));
    [first, last].into_iter().flatten().find_map(|(outside, inside)| {
        let (one, other) = (head(&statements[outside])?, head(&statements[inside])?);
        (one == other).then_some(statements[inside].tokens.start)
    })
}

/// Whether `next` only looks at what `statement` assigned: readers want both side by side.
fn checks(file: &FileContext, statement: &runs::Statement, next: &runs::Statement) -> bool {
    let first = statement.tokens.start;
    let (name, assigns) = (file.text(first), file.text(first + 1) == b"=");
    let open = next.tokens.start + 1;
    let Some(close) = uses::closing(file, open).filter(|_| file.text(next.tokens.start) == b"if")
    else {
        return false;
    };
    assigns && (open..close).any(|at| file.text(at) == name)
}
