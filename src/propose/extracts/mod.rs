//! Groups whose whole bodies no rule takes, but which have statements in common. In: a
//! group of one file. Out: a proposal for what its members share, or why there is none.
//!
//! The planner sees a file in which each run is a function of its own already; what is
//! offered is the difference from the file as it is. `lifting` makes that file, and tells
//! of a plan for it as one for the file as it is; `name` says what is shared.

mod lifting;
pub(super) mod name;

pub(super) use lifting::{
    UNREAD, against, claim_of, lifted, name_whole, of_parts, part_name, part_of,
};

use super::carry::{self, Carried, Offer, Touched};
use super::{Outcome, Proposer};
use crate::detect::{CloneGroup, Kind, Member};
use crate::extract::{Lifted, Run, common, runs};
use crate::generate::rewrite;
use crate::generate::templates::TemplateError;
use crate::plan::align::{self, AlignedMember};
use crate::plan::{self, Claimed, FileContext, OpenFile, Reason, Refusal, RemedyKind, Rule, words};
use std::borrow::Cow;
use std::ops::Range;

/// Runs that are looked at for one group.
const MOST_RUNS: usize = 4;

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
        for parts in parts(group, &statements, own.len()) {
            for part in parts.iter().take(MOST_PARTS) {
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
        let name = name::candidates(bodies, &names, &pieces)
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
        let mut between = match self.with_parts(context, lifted) {
            Ok(between) => between,
            Err(error) => return refuse(Reason::NotSeparable, error.to_string()),
        };
        between.claimed.names.clone_from(&open.claimed.names);
        let members = group.members.iter().zip(&lifted.parts);
        let members: Option<Vec<Member>> =
            members.map(|(whole, name)| part_of(&between.context, whole, name)).collect();
        let Some(members) = members else {
            return refuse(Reason::NotSeparable, UNREAD.to_owned());
        };
        let parts = of_parts(group, members);
        let rule = Rule { remedy: RemedyKind::Helper, ..rule.clone() };
        let all: Vec<&OpenFile> = vec![&between; parts.members.len()];
        let mut plan = match plan::plan(&all, &parts, &[rule], self.loops, None) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(refusal.reason, refusal.detail),
        };
        if let Some((reason, detail)) = against(&plan) {
            return refuse(reason, detail);
        }
        if let plan::Remedy::Helper(helper) = &mut plan.remedy {
            helper.name = name;
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

/// The runs of the members, the first `own` of them the group's, each with what is left of
/// it without its first or last statements. First, where the members are of one shape, all
/// that they do behind their declarations.
pub(super) fn parts(
    group: &CloneGroup,
    statements: &[&[runs::Statement]],
    own: usize,
) -> Vec<Vec<Run>> {
    let is_of_one_shape = matches!(group.kind, Kind::ConstantOnly | Kind::Renamed);
    let whole = is_of_one_shape.then(|| runs::whole(&statements[..own])).flatten();
    let common = common(statements, own);
    let shorter = common.iter().take(MOST_RUNS).map(|run| run.shorter(statements));
    whole.map(|whole| vec![whole]).into_iter().chain(shorter).collect()
}

/// What came of one run.
enum Tried {
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

/// A group of runs as one of the functions that they lie in, each once; others as they are.
fn of_functions<'g>(file: &FileContext, group: &'g CloneGroup) -> Cow<'g, CloneGroup> {
    if group.kind != Kind::Sequence {
        return Cow::Borrowed(group);
    }
    let members = group.members.iter();
    let mut members: Vec<Member> = members.filter_map(|it| function_around(file, it)).collect();
    members.sort_by_key(|member| member.function.start);
    members.dedup_by_key(|member| member.function.start);
    Cow::Owned(CloneGroup { members, ..group.clone() })
}

/// The function that a run lies in, as a member.
pub(super) fn function_around(file: &FileContext, run: &Member) -> Option<Member> {
    let function = file.function_at(run.function.start)?.clone();
    Some(Member { function, ..run.clone() })
}
