//! Groups whose whole bodies no rule takes, but which have statements in common. In: a
//! group of one file. Out: a proposal for what its members share, or why there is none.
//!
//! The planner sees a file in which each run is a function of its own already; what is
//! offered is the difference from the file as it is.

pub(super) mod name;

use super::carry::{self, Carried, Offer, Touched};
use super::{Outcome, Proposer};
use crate::detect::{CloneGroup, Kind, Member};
use crate::extract::interface::{Interface, Place, interface};
use crate::extract::lift::Part;
use crate::extract::{Lifted, common, lift, runs};
use crate::generate::templates::TemplateError;
use crate::generate::{Edit, EditSet, rewrite};
use crate::plan::align::{self, AlignedMember};
use crate::plan::{
    self, Claimed, Fate, FileContext, OpenFile, Reason, Refusal, RemedyKind, Rule, names, uses,
    words,
};
use crate::verify::Lift;
use std::borrow::Cow;
use std::ops::Range;

/// Runs that are looked at for one group.
pub(super) const MOST_RUNS: usize = 4;

/// Parts of one run that are looked at.
pub(super) const MOST_PARTS: usize = 40;

/// Parts of the runs of one group that are planned.
pub(super) const MOST_PLANS: usize = 3;

/// What stands against a function for the whole of each member, but not for a part.
pub(super) const MAY_SHARE_A_PART: [Reason; 12] = [
    Reason::NoRule,
    Reason::OperatorDiffers,
    Reason::LocalDiffers,
    Reason::TypeDiffers,
    Reason::FieldDiffers,
    Reason::CalleeDiffers,
    Reason::GlobalDiffers,
    Reason::ArraySize,
    Reason::ConstantContext,
    Reason::TokenPasted,
    Reason::StringPasted,
    Reason::TooManyParameters,
];

/// Functions of one file or of several that are in groups, parsed.
#[derive(Default)]
pub(super) struct Bodies<'a> {
    pub members: Vec<Member>,
    pub parsed: Vec<AlignedMember<'a>>,
    pub statements: Vec<Vec<runs::Statement>>,
}

/// A file without what is claimed of it, which changes as proposals are made.
struct Open<'a> {
    file: &'a OpenFile,
    claimed: &'a Claimed,
}

impl Proposer<'_> {
    /// Tries what is left of a file: groups of which no whole function may go. What several
    /// groups have in common becomes one function.
    pub(super) fn extract_in_file(
        &self,
        file: &mut OpenFile,
        groups: &[CloneGroup],
        done: &mut [(usize, Outcome)],
    ) -> Result<(), TemplateError> {
        let is_open = |outcome: &Outcome| match outcome {
            Outcome::Refusal(refusal) => MAY_SHARE_A_PART.contains(&refusal.reason),
            Outcome::Proposal(..) => false,
        };
        // Of runs that lie in several functions each is a part of its function.
        let whole: Vec<Cow<'_, CloneGroup>> =
            done.iter().map(|(index, _)| of_functions(&file.context, &groups[*index])).collect();
        let rule_of = |group: &CloneGroup| self.extract_rule(group);
        let wanted = |(group, (_, outcome)): (&Cow<'_, CloneGroup>, &(usize, Outcome))| {
            is_open(outcome) && rule_of(group).is_some()
        };
        if !whole.iter().zip(&*done).any(wanted) {
            return Ok(());
        }
        let mut claimed = std::mem::take(&mut file.claimed);
        let bodies = self.bodies(file, whole.iter().map(Cow::as_ref));
        for (group, entry) in whole.iter().zip(done) {
            let Some(rule) = rule_of(group).filter(|_| is_open(&entry.1)) else { continue };
            let open = Open { file, claimed: &claimed };
            let (carried, ranges) = self.extract(&open, group, &bodies, rule)?;
            match (carried, &mut entry.1) {
                (Carried::Out(out), outcome) => {
                    carry::claim_parts(&mut claimed, &ranges, &out);
                    *outcome = Carried::Out(out).into_outcome();
                }
                // What stands against the whole says more.
                (Carried::Refused(found), Outcome::Refusal(refusal))
                    if refusal.reason == Reason::NoRule =>
                {
                    *refusal = found;
                }
                _ => {}
            }
        }
        file.claimed = claimed;
        Ok(())
    }

    /// The rule for what members of a group do on their way, inside one module.
    pub(super) fn extract_rule(&self, group: &CloneGroup) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            rule.remedy == RemedyKind::Extract
                && rule.takes(group)
                && rule.limits.members(false) <= group.members.len()
        })
    }

    /// The members of `groups`, each once, in the order of the file; those that cannot be
    /// read are left out.
    fn bodies<'a, 'g>(
        &self,
        file: &'a OpenFile,
        groups: impl Iterator<Item = &'g CloneGroup>,
    ) -> Bodies<'a> {
        let mut members: Vec<&Member> = groups.flat_map(|group| &group.members).collect();
        members.sort_by_key(|member| member.function.start);
        members.dedup_by_key(|member| member.function.start);
        let mut bodies = Bodies::default();
        for member in members {
            self.add_body(&mut bodies, &file.context, member);
        }
        bodies
    }

    /// Reads one member more, if it can be read.
    pub(super) fn add_body<'a>(
        &self,
        bodies: &mut Bodies<'a>,
        file: &'a FileContext,
        member: &Member,
    ) {
        if plan::is_plain(file, member).is_err() {
            return;
        }
        let Ok(parsed) = align::read(file, member, self.loops) else { return };
        bodies.statements.push(runs::statements(&parsed, member.function.body));
        bodies.members.push(member.clone());
        bodies.parsed.push(parsed);
    }

    /// The first part of a run, the longest first, for which there is a plan, with the
    /// functions that it is part of; else what stands against the longest.
    fn extract(
        &self,
        open: &Open<'_>,
        group: &CloneGroup,
        bodies: &Bodies<'_>,
        rule: &Rule,
    ) -> Result<(Carried, Vec<Range<usize>>), TemplateError> {
        let context = &open.file.context;
        let at = group.members[0].function.start;
        let refuse = |reason, detail: &str| {
            Ok((Carried::Refused(context.refuse(reason, at, detail)), Vec::new()))
        };
        let conditions = context.conditions_at(at);
        let place = |member: &Member| {
            let start = member.function.start;
            bodies.members.iter().position(|it| it.function.start == start)
        };
        let Some(own) = group.members.iter().map(place).collect::<Option<Vec<usize>>>() else {
            return refuse(Reason::ParseGap, "a member cannot be read");
        };
        let same = |index: &usize| {
            context.conditions_at(bodies.members[*index].function.start) == conditions
        };
        if !own.iter().all(same) {
            return refuse(Reason::DifferentConditions, "a member stands under other conditions");
        }
        // Others of the file may do the same on their way.
        let is_free = |index: &usize| {
            let member = &bodies.members[*index];
            same(index) && !open.claimed.touches(&member.function.range())
        };
        let others = (0..bodies.members.len()).filter(|it| !own.contains(it) && is_free(it));
        let order: Vec<usize> = own.iter().copied().chain(others).collect();
        let statements: Vec<&[runs::Statement]> =
            order.iter().map(|&index| bodies.statements[index].as_slice()).collect();
        let mut first: Option<Refusal> = None;
        let mut plans = 0;
        for run in common(&statements, own.len()).iter().take(MOST_RUNS) {
            for part in run.shorter(&statements).iter().take(MOST_PARTS) {
                let places = part.members.iter();
                let run: Vec<Piece> =
                    places.map(|(index, range)| (order[*index], range.clone())).collect();
                let of_own = |(index, _): &&Piece| own.contains(index);
                let narrow: Vec<Piece> = run.iter().filter(of_own).cloned().collect();
                let wide = with_names_alike(bodies, &narrow, &run);
                let tries = if wide == narrow { vec![narrow] } else { vec![wide, narrow] };
                for pieces in tries {
                    match self.extract_pieces(open, group, (bodies, pieces), rule)? {
                        Tried::Out(carried, ranges) => return Ok((carried, ranges)),
                        Tried::NotLifted(refusal) => {
                            first.get_or_insert(refusal);
                        }
                        Tried::NotPlanned(refusal) => {
                            first.get_or_insert(refusal);
                            plans += 1;
                        }
                    }
                    if plans >= MOST_PLANS {
                        break;
                    }
                }
            }
        }
        match first {
            Some(refusal) => Ok((Carried::Refused(refusal), Vec::new())),
            None => {
                let detail =
                    "no six lines in a row, on the top level of their bodies, are the same";
                refuse(Reason::NotSeparable, detail)
            }
        }
    }

    /// Plans one run of some members.
    fn extract_pieces(
        &self,
        open: &Open<'_>,
        group: &CloneGroup,
        (bodies, mut pieces): (&Bodies<'_>, Vec<Piece>),
        rule: &Rule,
    ) -> Result<Tried, TemplateError> {
        let context = &open.file.context;
        pieces.sort_by_key(|(index, _)| *index);
        let members: Vec<Member> =
            pieces.iter().map(|(index, _)| bodies.members[*index].clone()).collect();
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let at = group.members[0].function.start;
        let refuse = |detail: &str| context.refuse(Reason::NameWouldLie, at, detail);
        if words::shared(&names) < 2 {
            return Ok(Tried::NotLifted(refuse("their names share too little")));
        }
        let name = names::part(&names, &name::ending(bodies, &names, &pieces))
            .into_iter()
            .find(|name| context.is_new_name(name) && !open.claimed.names.contains(name));
        let Some(name) = name else {
            return Ok(Tried::NotLifted(refuse("no name is free")));
        };
        let lifted = match lifted(bodies, &pieces).map(|mut all| all.pop()) {
            Ok(Some((_, lifted))) => lifted,
            Ok(None) => return Ok(Tried::NotLifted(refuse("no part"))),
            Err(refusal) => return Ok(Tried::NotLifted(refusal)),
        };
        let ranges = members.iter().map(|member| member.function.range()).collect();
        let group = CloneGroup { members, ..group.clone() };
        Ok(match self.carry_lifted(open, (&group, name), &lifted, rule)? {
            Carried::Refused(refusal) => Tried::NotPlanned(refusal),
            carried => Tried::Out(carried, ranges),
        })
    }

    /// Plans the functions that `lifted` has made of the runs, and offers what comes of it.
    fn carry_lifted(
        &self,
        open: &Open<'_>,
        (group, name): (&CloneGroup, String),
        lifted: &Lifted,
        rule: &Rule,
    ) -> Result<Carried, TemplateError> {
        let context = &open.file.context;
        let at = group.members[0].function.start;
        let refuse =
            |reason, detail: String| Ok(Carried::Refused(context.refuse(reason, at, detail)));
        let mut edits = EditSet::default();
        edits.files.insert(context.path.clone(), lifted.edits.clone());
        let bytes = match edits.apply(&context.path, &context.bytes) {
            Ok(bytes) => bytes,
            Err(error) => return refuse(Reason::NotSeparable, error.to_string()),
        };
        let mut between = self.open_text(&context.path, bytes.into());
        between.claimed.names.clone_from(&open.claimed.names);
        let Some(parts) = parts(&between.context, group, lifted) else {
            let detail = "the functions of the runs cannot be read".to_owned();
            return refuse(Reason::NotSeparable, detail);
        };
        let rule = Rule { remedy: RemedyKind::Helper, ..rule.clone() };
        let all: Vec<&OpenFile> = vec![&between; parts.members.len()];
        let mut plan = match plan::plan(&all, &parts, &[rule], self.loops, None) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(refusal.reason, refusal.detail),
        };
        if let Some(objection) = &plan.objection {
            return refuse(objection.reason, objection.detail.clone());
        }
        if stays(&plan) {
            return refuse(Reason::NotSeparable, STAYS.to_owned());
        }
        if let plan::Remedy::Helper(helper) = &mut plan.remedy {
            helper.name = name;
            if helper.parameters.is_empty() {
                // Parts that are the same are what is looked for.
                plan.notes.clear();
            }
        }
        let edits = rewrite::edits(&plan, &[&between.context], self.templates)?;
        let after = match edits.apply(&context.path, &between.context.bytes) {
            Ok(after) => after,
            Err(error) => return refuse(Reason::CallNotEditable, error.to_string()),
        };
        name_whole(&mut plan, group);
        self.offer(Offer {
            touched: &[Touched { file: context, claimed: open.claimed, is_new: false }],
            after: &[after],
            edits: None,
            group,
            plan: &plan,
            lift: Some(claim_of(lifted.parts.clone(), [(context, lifted)].into_iter())),
        })
    }
}

/// What stands against a plan of which something [`stays`].
pub(super) const STAYS: &str = "the part of a member would stay beside the helper";

/// Whether a part is more than a call after the plan.
pub(super) fn stays(plan: &plan::Plan) -> bool {
    plan.members.iter().any(|member| member.fate != Fate::Gone)
}

/// The plan for parts of functions, told of as one for these functions: those of `group`,
/// in the order of the plan's members.
pub(super) fn name_whole(plan: &mut plan::Plan, group: &CloneGroup) {
    plan.is_of_parts = true;
    for (planned, member) in plan.members.iter_mut().zip(&group.members) {
        planned.name.clone_from(&member.name);
        planned.function = member.function.clone();
        planned.comment = None;
    }
}

/// What came of one run.
pub(super) enum Tried {
    /// A patch, and the functions that it changes.
    Out(Carried, Vec<Range<usize>>),
    /// The run may not stand alone.
    NotLifted(Refusal),
    /// It may, but there is no plan.
    NotPlanned(Refusal),
}

/// A member, by its number among the bodies, and which of its statements.
pub(super) type Piece = (usize, Range<usize>);

/// `narrow` with those of `all` whose names share as much as a name for all needs.
fn with_names_alike(bodies: &Bodies<'_>, narrow: &[Piece], all: &[Piece]) -> Vec<Piece> {
    let mut wide = narrow.to_vec();
    let name = |piece: &Piece| bodies.members[piece.0].name.as_str();
    let least = words::shared(&wide.iter().map(name).collect::<Vec<_>>()).min(3);
    for piece in all.iter().filter(|piece| !narrow.contains(piece)) {
        let names: Vec<&str> = wide.iter().map(name).chain([name(piece)]).collect();
        if words::shared(&names) >= least {
            wide.push(piece.clone());
        }
    }
    wide
}

/// The files with the run lifted out of each member, in the order of the pieces.
pub(super) fn lifted<'a>(
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
pub(super) fn part_name(member: &str, index: usize) -> String {
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
pub(super) fn claim_of<'l>(
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

/// A group of runs as one of the functions that they lie in, each once; others as they are.
fn of_functions<'g>(file: &FileContext, group: &'g CloneGroup) -> Cow<'g, CloneGroup> {
    if group.kind != Kind::Sequence {
        return Cow::Borrowed(group);
    }
    let whole = |member: &Member| {
        let function = file.function_at(member.function.start)?.clone();
        Some(Member { function, ..member.clone() })
    };
    let mut members: Vec<Member> = group.members.iter().filter_map(whole).collect();
    members.sort_by_key(|member| member.function.start);
    members.dedup_by_key(|member| member.function.start);
    Cow::Owned(CloneGroup { members, ..group.clone() })
}

/// The functions of the runs as a group of their own.
fn parts(file: &FileContext, group: &CloneGroup, lifted: &Lifted) -> Option<CloneGroup> {
    let member = |(whole, name): (&Member, &String)| {
        let named = |it: &&crate::syntax::Function| it.name(&file.bytes) == name.as_bytes();
        let function = file.functions.iter().find(named)?.clone();
        Some(Member { name: name.clone(), function, ordinal: 0, ..whole.clone() })
    };
    let members: Option<Vec<Member>> =
        group.members.iter().zip(&lifted.parts).map(member).collect();
    Some(CloneGroup { members: members?, kind: Kind::Renamed, holes: Vec::new(), ..group.clone() })
}
