//! Groups whose whole bodies no rule takes, but which have statements in common. In: a
//! group of one file. Out: a proposal for what its members share, or why there is none.
//!
//! The planner sees a file in which each run is a function of its own already; what is
//! offered is the difference from the file as it is.

use super::Proposer;
use super::carry::{Carried, Offer, Touched};
use crate::detect::{CloneGroup, Kind, Member};
use crate::extract::interface::{Interface, Place, interface};
use crate::extract::lift::Part;
use crate::extract::{Lifted, Run, common, lift, runs};
use crate::generate::templates::TemplateError;
use crate::generate::{Edit, EditSet, rewrite};
use crate::plan::align::{self, AlignedMember};
use crate::plan::{
    self, Claimed, Fate, FileContext, OpenFile, Reason, Refusal, RemedyKind, Rule, names, uses,
    words,
};
use crate::syntax::lexer;
use crate::verify::Lift;
use std::sync::Arc;

/// Runs that are looked at for one group.
const MOST_RUNS: usize = 4;

/// Parts of one run that are looked at.
const MOST_PARTS: usize = 40;

/// Parts of the runs of one group that are planned.
const MOST_PLANS: usize = 3;

/// What is known of the members' bodies.
struct Bodies<'a> {
    members: Vec<AlignedMember<'a>>,
    statements: Vec<Vec<runs::Statement>>,
}

impl Proposer<'_> {
    /// A proposal for what the members of a group have in common; `None` where no rule asks
    /// for one.
    pub(super) fn extract(
        &self,
        file: &OpenFile,
        group: &CloneGroup,
    ) -> Result<Option<Carried>, TemplateError> {
        let fits = |rule: &&Rule| {
            rule.remedy == RemedyKind::Extract
                && rule.kinds.contains(&group.kind)
                && rule.levels.contains(&group.level)
                && rule.limits.members(false) <= group.members.len()
        };
        let Some(rule) = self.rules.iter().find(fits) else { return Ok(None) };
        let carried = match self.bodies(file, group) {
            Ok(bodies) => self.extract_best(file, group, &bodies, rule)?,
            Err(refusal) => Carried::Refused(refusal),
        };
        Ok(Some(carried))
    }

    fn bodies<'a>(&self, file: &'a OpenFile, group: &CloneGroup) -> Result<Bodies<'a>, Refusal> {
        let count = group.members.len();
        plan::preconditions(&vec![file; count], group)?;
        let context = &file.context;
        let members = align::read(&vec![context; count], group, self.loops)?;
        let statements = members
            .iter()
            .zip(&group.members)
            .map(|(aligned, member)| runs::statements(aligned, member.function.body))
            .collect();
        Ok(Bodies { members, statements })
    }

    /// The first part of a run, the longest first, for which there is a plan; else what
    /// stands against the longest.
    fn extract_best(
        &self,
        file: &OpenFile,
        group: &CloneGroup,
        bodies: &Bodies<'_>,
        rule: &Rule,
    ) -> Result<Carried, TemplateError> {
        let context = &file.context;
        let at = group.members[0].function.start;
        let mut first: Option<Refusal> = None;
        let mut plans = 0;
        for run in common(&bodies.statements).iter().take(MOST_RUNS) {
            let names: Vec<&str> =
                run.members.iter().map(|(index, _)| group.members[*index].name.as_str()).collect();
            if words::shared(&names) < 2 {
                let detail = "their names share too little";
                first.get_or_insert(context.refuse(Reason::NameWouldLie, at, detail));
                continue;
            }
            for part in run.shorter(&bodies.statements).iter().take(MOST_PARTS) {
                let name = names::part(&names, &ending(bodies, &names, part))
                    .into_iter()
                    .find(|name| context.is_new_name(name) && !file.claimed.names.contains(name));
                let Some(name) = name else { continue };
                let lifted = match self.lifted(context, group, bodies, part) {
                    Ok(lifted) => lifted,
                    Err(refusal) => {
                        first.get_or_insert(refusal);
                        continue;
                    }
                };
                match self.carry_lifted(file, (group, part, name), &lifted, rule)? {
                    Carried::Refused(refusal) => {
                        first.get_or_insert(refusal);
                    }
                    carried => return Ok(carried),
                }
                plans += 1;
                if plans == MOST_PLANS {
                    break;
                }
            }
        }
        let nothing = || {
            let detail = "no statements in a row are the same in two of them";
            context.refuse(Reason::NotSeparable, at, detail)
        };
        Ok(Carried::Refused(first.unwrap_or_else(nothing)))
    }

    /// The file with the run lifted out of each member.
    fn lifted(
        &self,
        file: &FileContext,
        group: &CloneGroup,
        bodies: &Bodies<'_>,
        run: &Run,
    ) -> Result<Lifted, Refusal> {
        let mut interfaces: Vec<(usize, std::ops::Range<usize>, Interface)> = Vec::new();
        for (index, range) in &run.members {
            let (member, own) = (&bodies.members[*index], &bodies.statements[*index]);
            let (from, to) = (&own[range.start], &own[range.end - 1]);
            let tokens = from.tokens.start..to.tokens.end;
            let firsts: Vec<usize> = own.iter().map(|it| it.tokens.start).collect();
            let place = Place {
                member,
                function: &group.members[*index].function,
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
            interfaces.push((*index, tokens, interface(&place)?));
        }
        in_order(&mut interfaces, &align::parameters(file, &bodies.members[run.members[0].0].tree));
        let parts: Vec<Part> = interfaces
            .iter()
            .map(|(index, run, interface)| {
                let member = &group.members[*index];
                let start = member.function.start;
                let comment = file.leading_comment(start, &member.name);
                Part {
                    function: &member.function,
                    insert_at: comment
                        .map_or_else(|| file.line_start(start as usize), |it| it.start),
                    run: run.clone(),
                    interface,
                    // No name of a function: it is gone when the patch is made.
                    name: format!("{}__part{index}", member.name),
                }
            })
            .collect();
        lift(file, &parts)
    }

    /// Plans the functions that `lifted` has made of the runs, and offers what comes of it.
    fn carry_lifted(
        &self,
        file: &OpenFile,
        (group, run, name): (&CloneGroup, &Run, String),
        lifted: &Lifted,
        rule: &Rule,
    ) -> Result<Carried, TemplateError> {
        let context = &file.context;
        let at = group.members[run.members[0].0].function.start;
        let refuse =
            |reason, detail: String| Ok(Carried::Refused(context.refuse(reason, at, detail)));
        let mut edits = EditSet::default();
        edits.files.insert(context.path.clone(), lifted.edits.clone());
        let bytes = match edits.apply(&context.path, &context.bytes) {
            Ok(bytes) => bytes,
            Err(error) => return refuse(Reason::NotSeparable, error.to_string()),
        };
        let open = self.open_text(&context.path, bytes.into(), file);
        let Some(parts) = parts(&open.context, group, run, lifted) else {
            let detail = "the functions of the runs cannot be read".to_owned();
            return refuse(Reason::NotSeparable, detail);
        };
        let rule = Rule { remedy: RemedyKind::Helper, ..rule.clone() };
        let all: Vec<&OpenFile> = vec![&open; parts.members.len()];
        let mut plan = match plan::plan(&all, &parts, &[rule], self.loops, None) {
            Ok(plan) => plan,
            Err(refusal) => return refuse(refusal.reason, refusal.detail),
        };
        if let Some(objection) = &plan.objection {
            return refuse(objection.reason, objection.detail.clone());
        }
        if plan.members.iter().any(|member| member.fate != Fate::Gone) {
            let detail = "the part of a member would stay beside the helper".to_owned();
            return refuse(Reason::NotSeparable, detail);
        }
        if let plan::Remedy::Helper(helper) = &mut plan.remedy {
            helper.name = name;
        }
        let edits = rewrite::edits(&plan, &[&open.context], self.templates)?;
        let after = match edits.apply(&context.path, &open.context.bytes) {
            Ok(after) => after,
            Err(error) => return refuse(Reason::CallNotEditable, error.to_string()),
        };
        plan.is_of_parts = true;
        for (member, (index, _)) in plan.members.iter_mut().zip(&run.members) {
            let name = group.members[*index].name.clone();
            for note in &mut plan.notes {
                *note = note.replace(&format!("{}()", member.name), &format!("{name}()"));
            }
            member.name = name;
            member.function = group.members[*index].function.clone();
            member.comment = None;
        }
        self.offer(Offer {
            touched: &[Touched { file: context, claimed: &file.claimed }],
            after: &[after],
            edits: None,
            group,
            plan: &plan,
            lift: Some(claim_of(lifted)),
        })
    }

    /// A file as it would be with another text.
    fn open_text(&self, path: &str, bytes: Arc<[u8]>, file: &OpenFile) -> OpenFile {
        let dirs = self.drivers.include_dirs(path);
        let unit = self.universe.unit_of(path, bytes.clone(), &dirs);
        let context = FileContext::new(path.to_owned(), bytes, unit);
        let pastes = uses::Pastes::collect(&context);
        let names = file.claimed.names.clone();
        OpenFile { context, pastes, claimed: Claimed { names, ..Claimed::default() } }
    }
}

/// Puts the parameters of all parts into the order of the first: the function's own come
/// first, as they stand there.
fn in_order(
    interfaces: &mut [(usize, std::ops::Range<usize>, Interface)],
    own: &[align::OwnParameter],
) {
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

/// As the check is told of it.
fn claim_of(lifted: &Lifted) -> Lift {
    let edit = |edit: &Edit| {
        let text = String::from_utf8_lossy(&edit.text).into_owned();
        (edit.range.start, edit.range.end, text)
    };
    Lift { parts: lifted.parts.clone(), edits: lifted.edits.iter().map(edit).collect() }
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

/// What the name of what the parts do ends in: what it calls, if that is one thing, else where in the
/// function it stands.
fn ending(bodies: &Bodies<'_>, names: &[&str], run: &Run) -> String {
    let (first, range) = &run.members[0];
    let (member, statements) = (&bodies.members[*first], &bodies.statements[*first][range.clone()]);
    let file = member.file;
    let known: Vec<Vec<String>> = names.iter().map(|name| words::words(name)).collect();
    let known = words::common_words(&known);
    let mut called: Vec<Vec<String>> = Vec::new();
    let mut others = false;
    for at in statements.iter().flat_map(|statement| statement.tokens.clone()) {
        let is_call = file.text(at + 1) == b"("
            && align::is_ident(file, at)
            && !matches!(file.text(at - 1), b"." | b"->")
            && !lexer::is_keyword(file.text(at));
        let name = align::lossy(file.text(at));
        let all = words::words(&name);
        let is_aside = all.iter().any(|word| ASIDE.contains(&word.as_str()));
        // Of the driver: `writel` and `sprintf` say how, and not what.
        let is_own = all.first().is_some_and(|word| known.first() == Some(word));
        if is_call && !is_aside && !called.contains(&all) {
            others |= !is_own;
            called.push(all);
        }
    }
    if let [only] = called.as_slice()
        && !others
    {
        let new: Vec<&str> =
            only.iter().filter(|word| !known.contains(word)).map(String::as_str).collect();
        let most = &new[new.len().saturating_sub(2)..];
        if !most.is_empty() && most.concat().len() > 1 {
            return most.join("_");
        }
    }
    let is_end = |(index, range): &(usize, std::ops::Range<usize>)| {
        range.end == bodies.statements[*index].len()
    };
    let where_it_stands = match () {
        () if run.members.iter().all(is_end) => "finish",
        () => "common",
    };
    where_it_stands.to_owned()
}

/// Words of functions that say nothing of what their caller is for.
const ASIDE: [&str; 30] = [
    "alloc",
    "debug",
    "dbg",
    "err",
    "error",
    "free",
    "get",
    "info",
    "irqrestore",
    "irqsave",
    "is",
    "kfree",
    "kmalloc",
    "kzalloc",
    "le16",
    "le32",
    "lock",
    "max",
    "memcpy",
    "memset",
    "min",
    "print",
    "printk",
    "priv",
    "put",
    "sizeof",
    "to",
    "unlock",
    "warn",
    "zalloc",
];

/// The functions of the runs as a group of their own.
fn parts(file: &FileContext, group: &CloneGroup, run: &Run, lifted: &Lifted) -> Option<CloneGroup> {
    let member = |((index, _), name): (&(usize, std::ops::Range<usize>), &String)| {
        let named = |it: &&crate::syntax::Function| it.name(&file.bytes) == name.as_bytes();
        let function = file.functions.iter().find(named)?.clone();
        let whole = &group.members[*index];
        Some(Member { name: name.clone(), function, ordinal: 0, ..whole.clone() })
    };
    let members: Option<Vec<Member>> = run.members.iter().zip(&lifted.parts).map(member).collect();
    Some(CloneGroup { members: members?, kind: Kind::Renamed, holes: Vec::new(), ..group.clone() })
}
