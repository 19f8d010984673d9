//! What becomes of each member: it goes, it stays as a thin function, or it
//! serves for all; and how many lines that saves.

use super::OpenFile;
use super::align::{self, AlignedMember, OwnParameter};
use super::comments::Inside;
use super::file::FileContext;
use super::holes::{Holes, Subject};
use super::refusal::{Reason, Refusal};
use super::sharing::Sharing;
use super::uses::{self, Anchor, CallSite, Uses};
use super::words;
use crate::detect::Member;
use crate::syntax::Function;
use std::ops::Range;

/// So many duplicated lines are worth one function even where the members mean
/// opposite things.
const WORTH_A_NEW_NAME: u32 = 20;

/// So many lines must still go for the sake of symmetry.
const WORTH_SYMMETRY: i64 = 4;

/// See [`MemberPlan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is deleted; its callers call the helper, or the member that stays.
    Gone,
    /// It stays, and its body becomes a call.
    Thin,
    /// It stays as it is.
    Survives,
}

/// A member and what becomes of it.
#[derive(Clone, Debug)]
pub struct MemberPlan {
    /// Its name.
    pub name: String,
    /// Its file, by its place among the files of the plan.
    pub file: usize,
    /// Its place.
    pub function: Function,
    /// Its own parameters.
    pub own: Vec<OwnParameter>,
    /// The comment above that belongs to it.
    pub comment: Option<Range<usize>>,
    /// What becomes of it.
    pub fate: Fate,
    /// Its calls, prototypes and other uses; rewritten if it goes.
    pub uses: Uses,
}

/// The fates under the remedy *helper*.
///
/// # Errors
/// `unused-member`, `comments-differ`, `overlaps-proposal`.
pub fn helper(
    subject: &Subject<'_>,
    open: &[&OpenFile],
    sharing: Option<&Sharing<'_>>,
    comments: Option<&Inside>,
) -> Result<Vec<MemberPlan>, Refusal> {
    let mut members = survey(subject, open)?;
    let first = members[0].function.start;
    // Without a parameter, the helper is as good as the member wherever it is named.
    let same = subject.alignment.sites.is_empty();
    if same {
        not_by_accident(subject)?;
    }
    // A member that hands its own name to the helper must stay.
    let names_itself =
        subject.alignment.sites.iter().any(|site| align::is_function_name(&site.values[0]));
    for (index, member) in members.iter_mut().enumerate() {
        let says_more = comments.is_some_and(|inside| inside.carried[index].is_some());
        let goes = !names_itself
            && !says_more
            && member.uses.anchor.is_none()
            && (same || member.uses.addresses.is_empty())
            && (sharing.is_some() || reaches(subject.file, &member.uses, first))
            && editable(open[index], &member.uses);
        member.fate = if goes { Fate::Gone } else { Fate::Thin };
    }
    keep_comments(subject, &mut members);
    keep_symmetry(subject, sharing, &mut members);
    claim(&members, open)?;
    Ok(members)
}

/// Functions of one text whose names mean opposite things, or have little in
/// common, are not one function: one will be changed without the other some day.
fn not_by_accident(subject: &Subject<'_>) -> Result<(), Refusal> {
    let members = &subject.group.members;
    let lines: u32 = members.iter().skip(1).map(|m| m.function.lines()).sum();
    let names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
    let detail = if lines < WORTH_A_NEW_NAME && words::are_opposites(&names) {
        "their names are opposites"
    } else if words::shared(&names) < 2 {
        "their names share too little"
    } else {
        return Ok(());
    };
    Err(subject.file.refuse(Reason::NameWouldLie, members[0].function.start, detail))
}

/// The fates under the remedy *merge*, and which member stays: the one with
/// which most lines go.
///
/// # Errors
/// As [`helper`], and `declaration-order`, `name-would-lie`.
pub fn merge(
    subject: &Subject<'_>,
    open: &[&OpenFile],
    sharing: Option<&Sharing<'_>>,
) -> Result<(usize, Vec<MemberPlan>), Refusal> {
    let members = survey(subject, open)?;
    not_by_accident(subject)?;
    let mut best: Option<((bool, i64), usize, Vec<MemberPlan>)> = None;
    for survivor in 0..members.len() {
        let candidate = match sharing {
            None => with_survivor(subject, &members, survivor, open),
            Some(sharing) => with_shared(subject, &members, survivor, (open, sharing)),
        };
        let Some(candidate) = candidate else { continue };
        let saved = saved_lines(subject, &candidate, None, sharing);
        // A name that says less than the others' fits them all.
        let name = &members[survivor].name;
        let general = members.iter().all(|other| words::is_more_general(name, &other.name));
        let rank = (general, saved);
        if best.as_ref().is_none_or(|(most, ..)| rank > *most) {
            best = Some((rank, survivor, candidate));
        }
    }
    let Some((_, survivor, members)) = best else {
        let at = subject.group.members[0].function.start;
        let (reason, detail) = match sharing {
            None => {
                (Reason::DeclarationOrder, "no member is declared before every use of the others")
            }
            Some(_) => (Reason::NoHome, "no member has a name that all files may use"),
        };
        return Err(subject.file.refuse(reason, at, detail));
    };
    claim(&members, open)?;
    Ok((survivor, members))
}

/// The members with their uses, all of them thin for now.
fn survey(subject: &Subject<'_>, open: &[&OpenFile]) -> Result<Vec<MemberPlan>, Refusal> {
    let members = subject.group.members.iter().zip(open).enumerate();
    members.map(|(index, (member, open))| surveyed(subject, index, member, open)).collect()
}

/// The member that is aligned at `index`, with its uses.
fn surveyed(
    subject: &Subject<'_>,
    index: usize,
    member: &Member,
    open: &OpenFile,
) -> Result<MemberPlan, Refusal> {
    let plan = member_plan(subject, index, member, open);
    if plan.uses.none() {
        let detail = format!("nothing in the file names {}", member.name);
        return Err(open.context.refuse(Reason::UnusedMember, member.function.start, detail));
    }
    Ok(plan)
}

/// The member that is aligned at `index`, thin for now, with its uses, if it has any.
pub(super) fn member_plan(
    subject: &Subject<'_>,
    index: usize,
    member: &Member,
    open: &OpenFile,
) -> MemberPlan {
    let AlignedMember { file, tree, .. } = &subject.alignment.members[index];
    MemberPlan {
        name: member.name.clone(),
        file: subject.paths().iter().position(|path| **path == file.path).unwrap_or_default(),
        function: member.function.clone(),
        own: align::parameters(file, tree),
        comment: file.leading_comment(member.function.start, &member.name),
        fate: Fate::Thin,
        uses: uses::uses(file, &member.function, &open.pastes),
    }
}

/// The fates of copies of what is there for all to call: those members that are aligned
/// from `first` on. `open` are their files.
///
/// # Errors
/// `unused-member`, `overlaps-proposal`.
pub fn copies(
    subject: &Subject<'_>,
    first: usize,
    copies: &[Member],
    open: &[&OpenFile],
) -> Result<Vec<MemberPlan>, Refusal> {
    let mut plans = Vec::new();
    for (index, (copy, open)) in copies.iter().zip(open).enumerate() {
        let mut plan = surveyed(subject, first + index, copy, open)?;
        // What is said of the copy would be lost with it.
        let is_mute = plan.comment.is_none();
        if is_mute && plan.uses.anchor.is_none() && editable(open, &plan.uses) {
            plan.fate = Fate::Gone;
        }
        plans.push(plan);
    }
    claim(&plans, open)?;
    Ok(plans)
}

fn with_survivor(
    subject: &Subject<'_>,
    members: &[MemberPlan],
    survivor: usize,
    open: &[&OpenFile],
) -> Option<Vec<MemberPlan>> {
    let file = subject.file;
    let mut members = members.to_vec();
    let declared = declared_at(file, &members[survivor]);
    let members_start = members[survivor].function.start;
    for (index, member) in members.iter_mut().enumerate() {
        let after = used_after(file, &member.uses, declared);
        let goes = member.uses.anchor.is_none()
            && after
            && under_same_conditions(file, &member.uses, members_start)
            && editable(open[index], &member.uses);
        member.fate = match () {
            () if index == survivor => Fate::Survives,
            () if goes => Fate::Gone,
            () if member.function.start >= declared => Fate::Thin,
            () => return None,
        };
    }
    Some(members)
}

/// As [`with_survivor`], where a header declares the survivor to all files.
fn with_shared(
    subject: &Subject<'_>,
    members: &[MemberPlan],
    survivor: usize,
    (open, sharing): (&[&OpenFile], &Sharing<'_>),
) -> Option<Vec<MemberPlan>> {
    let stays = &members[survivor];
    let is_global = stays.uses.anchor == Some(Anchor::Global);
    let name = stays.name.clone();
    let paths = subject.paths();
    let own: Vec<&str> =
        members.iter().filter(|m| m.name == name).map(|m| paths[m.file].as_str()).collect();
    // One that is global but that no header declares to the others stays where it is.
    let declared = || {
        let files = subject.alignment.members.iter().map(|member| member.file);
        files.into_iter().all(|file| file.is_declared_in_header(&name))
    };
    let may_stay = if is_global { declared() } else { sharing.may_be_global(&name, &own) };
    if !may_stay || !sharing.homes[survivor] {
        return None;
    }
    let mut members = members.to_vec();
    for (index, member) in members.iter_mut().enumerate() {
        let goes = member.uses.anchor.is_none() && editable(open[index], &member.uses);
        member.fate = match () {
            () if index == survivor => Fate::Survives,
            () if goes => Fate::Gone,
            // Two functions of one name cannot both be there.
            () if member.name == name => return None,
            () => Fate::Thin,
        };
    }
    Some(members)
}

/// From where on the member's name is declared.
fn declared_at(file: &FileContext, member: &MemberPlan) -> u32 {
    if file.is_declared_in_header(&member.name) {
        return 0;
    }
    let prototype = member.uses.prototypes.first().map(|range| range.start as u32);
    prototype.unwrap_or(member.function.start).min(member.function.start)
}

fn called_after(file: &FileContext, uses: &Uses, offset: u32) -> bool {
    uses.calls.iter().all(|call| file.tokens[call.name].start > offset)
}

/// Whether every use stands behind `offset`.
pub(super) fn used_after(file: &FileContext, uses: &Uses, offset: u32) -> bool {
    called_after(file, uses, offset)
        && uses.addresses.iter().all(|&token| file.tokens[token].start > offset)
}

/// Whether every use stands behind `start` and is compiled only if what stands there is.
fn reaches(file: &FileContext, uses: &Uses, start: u32) -> bool {
    used_after(file, uses, start) && under_same_conditions(file, uses, start)
}

/// Whether every use stands under the conditions that the function at `start` stands
/// under: whatever takes its place stands there, too.
fn under_same_conditions(file: &FileContext, uses: &Uses, start: u32) -> bool {
    let conditions = file.conditions_at(start);
    let calls = uses.calls.iter().map(|call| call.name);
    let mut tokens = calls.chain(uses.addresses.iter().copied());
    tokens.all(|token| file.conditions_at(file.tokens[token].start).starts_with(conditions))
}

/// Whether every use can be rewritten: none lies where another proposal writes,
/// or around a directive.
fn editable(open: &OpenFile, uses: &Uses) -> bool {
    let (file, claimed) = (&open.context, &open.claimed);
    let call_range = |call: &CallSite| {
        file.tokens[call.name].start as usize..file.tokens[call.parens.1].end as usize
    };
    let clean = |call: &CallSite| {
        (call.parens.0..call.parens.1)
            .all(|i| file.tokens[i].kind != crate::syntax::TokenKind::Directive)
    };
    uses.calls.iter().all(|call| clean(call) && !claimed.touches(&call_range(call)))
        && uses.addresses.iter().all(|&token| !claimed.touches(&file.tokens[token].range()))
        && uses.prototypes.iter().all(|range| !claimed.touches(range))
}

/// A member with a comment that does not say the same of the others stays, so
/// that what it says is not lost.
fn keep_comments(subject: &Subject<'_>, members: &mut [MemberPlan]) {
    let comment = |(index, member): (usize, &MemberPlan)| {
        let range = member.comment.clone()?;
        let bytes = &subject.file_of(index).bytes[range];
        let text = String::from_utf8_lossy(bytes).replace(&member.name, "");
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let texts: Vec<Option<String>> = members.iter().enumerate().map(comment).collect();
    let alike = texts.iter().all(|text| *text == texts[0]);
    for (member, text) in members.iter_mut().zip(&texts) {
        if member.fate == Fate::Gone && text.is_some() && !alike {
            member.fate = Fate::Thin;
        }
    }
}

/// Where one member stays only for what is said about it, its siblings stay, too, if
/// that still saves lines: readers expect functions of one shape side by side.
fn keep_symmetry(subject: &Subject<'_>, sharing: Option<&Sharing<'_>>, members: &mut [MemberPlan]) {
    let could_go =
        |member: &MemberPlan| member.uses.anchor.is_none() && member.uses.addresses.is_empty();
    if !members.iter().any(|member| member.fate == Fate::Thin && could_go(member)) {
        return;
    }
    let mut all_stay = members.to_vec();
    for member in &mut all_stay {
        member.fate = Fate::Thin;
    }
    if saved_lines(subject, &all_stay, Some(0), sharing) >= WORTH_SYMMETRY {
        members.clone_from_slice(&all_stay);
    }
}

/// # Errors
/// `overlaps-proposal` when a member's own lines are claimed already.
pub(super) fn claim(members: &[MemberPlan], open: &[&OpenFile]) -> Result<(), Refusal> {
    for (member, open) in members.iter().zip(open) {
        let OpenFile { context: file, claimed, .. } = open;
        // The text that stays is copied or called as it stands: nobody else may
        // rewrite it, even where this proposal does not.
        let range = extent(member);
        if claimed.touches(&range) {
            let detail = format!("{} is rewritten by another proposal", member.name);
            return Err(file.refuse(Reason::Overlaps, member.function.start, detail));
        }
    }
    Ok(())
}

/// The bytes of a member with its comment.
pub fn extent(member: &MemberPlan) -> Range<usize> {
    let function = member.function.range();
    member.comment.as_ref().map_or(function.start, |c| c.start)..function.end
}

/// How many lines go on balance: an estimate that is never too low by more than
/// the wrapping of long lines, made before anything else is looked at, so that
/// what cannot get shorter is refused for that reason.
pub fn saved_lines(
    subject: &Subject<'_>,
    members: &[MemberPlan],
    helper_of: Option<usize>,
    sharing: Option<&Sharing<'_>>,
) -> i64 {
    let lines = |file: &FileContext, range: &Range<usize>| {
        i64::from(file.line_of(range.end.saturating_sub(1))) - i64::from(file.line_of(range.start))
            + 1
    };
    let saved = |(index, member): (usize, &MemberPlan)| {
        let lines = |range: &Range<usize>| lines(subject.file_of(index), range);
        match member.fate {
            Fate::Survives => 0,
            // The blank line behind it goes, too.
            Fate::Gone => {
                lines(&extent(member)) + 1 + member.uses.prototypes.iter().map(&lines).sum::<i64>()
            }
            // `{`, the call, `}`.
            Fate::Thin => lines(&(member.function.body as usize..member.function.end as usize)) - 3,
        }
    };
    let cost = helper_of.map_or(0, |index| {
        let member = &members[index];
        let lines = |range: &Range<usize>| lines(subject.file_of(index), range);
        let comment = match (member.fate, &member.comment) {
            (Fate::Gone, Some(range)) => lines(range),
            _ => 0,
        };
        lines(&member.function.range()) + comment + 1
    });
    members.iter().enumerate().map(saved).sum::<i64>() - cost - i64::from(sharing.is_some())
}

/// # Errors
/// `no-gain` when fewer than `least` lines would go.
pub fn gain(
    subject: &Subject<'_>,
    members: &[MemberPlan],
    helper_of: Option<usize>,
    (least, sharing): (i64, Option<&Sharing<'_>>),
) -> Result<(), Refusal> {
    let saved = saved_lines(subject, members, helper_of, sharing);
    if saved >= least {
        return Ok(());
    }
    let stay = members.iter().filter(|m| m.fate == Fate::Thin).count();
    let outcome = match saved {
        0 => "as long as before".to_owned(),
        1.. => format!("{saved} lines shorter"),
        _ => format!("{} lines longer", -saved),
    };
    let detail = format!(
        "{} members of {} lines, {stay} must stay: {outcome}",
        members.len(),
        members[0].function.lines(),
    );
    Err(subject.file.refuse(Reason::NoGain, members[0].function.start, detail))
}

/// The own parameters that the helper can do without: the body does not use
/// them, and only thin functions call it, so that no caller's argument is lost; or it
/// takes members of what they point to, and callers hand over a plain name for them.
pub fn dropped_parameters(
    subject: &Subject<'_>,
    members: &[MemberPlan],
    holes: &Holes,
) -> Vec<usize> {
    let goes = members.iter().any(|m| m.fate == Fate::Gone);
    let may_go = |own: usize| !goes || holes.parameters.iter().any(|it| it.base == Some(own));
    let spans = &holes.spans;
    let file = subject.file;
    let body = file.token_at(members[0].function.body)..file.token_at(members[0].function.end);
    let base = file.token_at(members[0].function.start);
    let replaced = |index: usize| spans.iter().any(|span| span.tokens.contains(&(index - base)));
    let used = |name: &[u8]| {
        body.clone().filter(|&index| !replaced(index)).any(|index| {
            let word = file.text(index);
            let hidden = || {
                let word = std::str::from_utf8(word).unwrap_or_default();
                let facts = file.unit.macro_facts(word);
                facts.is_some_and(|f| f.free_names.keys().any(|free| free.as_bytes() == name))
            };
            word == name || hidden()
        })
    };
    let own = members[0].own.iter().enumerate();
    let unused = own.filter(|(_, p)| p.name.as_deref().is_none_or(|name| !used(name)));
    unused.map(|(index, _)| index).filter(|index| may_go(*index)).collect()
}
