//! Parts of functions that several files of a module have in common. In: a group of which
//! no whole function may go. Out: a proposal for what its members do on their way, or why
//! there is none.
//!
//! As for one file, the planner sees files in which each part is a function of its own
//! already ([`Lifting`]); what is offered is the difference from the files as they are.

use super::Room;
use crate::detect::{CloneGroup, Kind, Member};
use crate::extract::{Lifted, runs};
use crate::generate::rewrite;
use crate::generate::templates::TemplateError;
use crate::plan::{Claimed, OpenFile, Plan, Reason, Refusal, Remedy, RemedyKind, Rule, words};
use crate::propose::carry::{self, Carried, Offer, Touched};
use crate::propose::extracts::{
    self, Bodies, MAY_SHARE_A_PART, MOST_PARTS, MOST_PLANS, Piece, name,
};
use crate::propose::{Proposer, not_one_file, unused};
use crate::tree::TreePath;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What a room's files are while parts of their functions are functions of their own there.
pub(super) struct Lifting {
    /// The members, by the names of their parts.
    members: FxHashMap<String, Member>,
    /// The files as they are, without what is claimed of them.
    originals: Rc<FxHashMap<TreePath, OpenFile>>,
    claimed: FxHashMap<TreePath, Claimed>,
    /// How the files in the room were made of them.
    lifted: Vec<(TreePath, Lifted)>,
    /// The rule for what the parts have in common.
    pub rule: Rule,
    /// What that may be called, best first.
    pub names: Vec<String>,
}

impl Proposer<'_> {
    /// Plans a group of several files: that unused members go, or else its whole functions,
    /// or else parts of them. Whether it may have unused members is known.
    pub(super) fn plan_across(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        (hosts, may_delete): (&[TreePath], bool),
    ) -> Result<Carried, TemplateError> {
        let deleted = match may_delete {
            true => self.delete_unused(room, group)?,
            false => None,
        };
        let kept = match deleted {
            Some(Carried::Refused(refusal)) => Some(refusal),
            Some(carried) => return Ok(carried),
            None => None,
        };
        let is_alone = self.takes_each(group);
        if may_delete && !is_alone && !self.may_share(group, !hosts.is_empty()) {
            return Ok(Carried::Refused(self.apart(group)));
        }
        let whole = match self.has_whole_rule(group) || is_alone {
            true => self.plan_shared(room, group, hosts)?,
            false => Carried::Refused(self.apart(group)),
        };
        let Carried::Refused(refusal) = whole else { return Ok(whole) };
        let refusal = match kept {
            Some(kept) => unused::better(refusal, kept),
            None => refusal,
        };
        if !MAY_SHARE_A_PART.contains(&refusal.reason) {
            return Ok(Carried::Refused(refusal));
        }
        Ok(match self.extract_shared(room, group)? {
            Some(Carried::Refused(found)) if refusal.reason == Reason::NoRule => {
                Carried::Refused(found)
            }
            Some(Carried::Refused(_)) | None => Carried::Refused(refusal),
            Some(carried) => carried,
        })
    }

    /// Whether a rule may take parts of the functions of a group.
    pub(super) fn may_share_a_part(&self, group: &CloneGroup) -> bool {
        self.extract_rule(group).is_some() && !self.common_modules(group).is_empty()
    }

    /// Plans a part of the members; `None` where no rule takes them or they cannot be read.
    fn extract_shared(
        &self,
        room: &mut Room,
        group: &CloneGroup,
    ) -> Result<Option<Carried>, TemplateError> {
        let is_of_one = !self.common_modules(group).is_empty();
        let Some(rule) = self.extract_rule(group).filter(|_| is_of_one) else { return Ok(None) };
        let paths: BTreeSet<&TreePath> = group.members.iter().map(|it| &it.file).collect();
        if paths.iter().any(|path| self.open_in(room, path).is_err()) {
            return Ok(None);
        }
        let mut originals = FxHashMap::default();
        let mut claimed = FxHashMap::default();
        for path in paths {
            if let Some(Ok(mut file)) = room.open.remove(path) {
                claimed.insert(path.clone(), std::mem::take(&mut file.claimed));
                originals.insert(path.clone(), file);
            }
        }
        let originals = Rc::new(originals);
        let lifting = Lifting {
            members: FxHashMap::default(),
            originals: originals.clone(),
            claimed,
            lifted: Vec::new(),
            rule: Rule { remedy: RemedyKind::Helper, ..rule.clone() },
            names: Vec::new(),
        };
        room.lifting = Some(lifting);
        let carried = self.extract_any(room, group, &originals);
        let claimed = room.lifting.take().map(|lifting| lifting.claimed).unwrap_or_default();
        let mut originals = Rc::into_inner(originals).unwrap_or_default();
        for (path, claimed) in claimed {
            if let Some(mut file) = originals.remove(&path) {
                file.claimed = claimed;
                room.open.insert(path, Ok(file));
            }
        }
        carried.map(Some)
    }

    /// The first part of a run, the longest first, for which there is a plan; else what
    /// stands against the longest.
    fn extract_any(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        originals: &FxHashMap<TreePath, OpenFile>,
    ) -> Result<Carried, TemplateError> {
        let refuse = |reason, detail: &str| Refusal {
            reason,
            detail: detail.to_owned(),
            ..not_one_file(group)
        };
        let mut bodies = Bodies::default();
        for member in whole(group, originals) {
            if let Some(file) = originals.get(&member.file) {
                self.add_body(&mut bodies, &file.context, &member);
            }
        }
        let statements: Vec<&[runs::Statement]> =
            bodies.statements.iter().map(Vec::as_slice).collect();
        let mut first: Option<Refusal> = None;
        let mut plans = 0;
        for parts in extracts::parts(group, &statements, statements.len()) {
            for part in parts.into_iter().take(MOST_PARTS) {
                if plans >= MOST_PLANS {
                    break;
                }
                let mut pieces: Vec<Piece> = part.members;
                // One of each file: the check goes file by file.
                let mut seen = BTreeSet::new();
                pieces.retain(|(index, _)| seen.insert(&bodies.members[*index].file));
                if pieces.len() < 2 {
                    continue;
                }
                let refusal = match self.extract_pieces_of(room, group, (&bodies, &pieces))? {
                    Ok(Carried::Refused(refusal)) => {
                        plans += 1;
                        refusal
                    }
                    Ok(carried) => return Ok(carried),
                    Err(refusal) => refusal,
                };
                first.get_or_insert(refusal);
            }
        }
        let nothing = "no six lines in a row, on the top level of their bodies, are the same";
        Ok(Carried::Refused(first.unwrap_or_else(|| refuse(Reason::NotSeparable, nothing))))
    }

    /// Plans one run of some members; an error where the run may not stand alone.
    fn extract_pieces_of(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        (bodies, pieces): (&Bodies<'_>, &[Piece]),
    ) -> Result<Result<Carried, Refusal>, TemplateError> {
        let members: Vec<&Member> =
            pieces.iter().map(|(index, _)| &bodies.members[*index]).collect();
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let refuse = |reason, detail: &str| {
            let detail = detail.to_owned();
            Ok(Err(Refusal { reason, detail, ..not_one_file(group) }))
        };
        if words::shared(&names) < 2 {
            return refuse(Reason::NameWouldLie, "their names share too little");
        }
        let lifted = match extracts::lifted(bodies, pieces) {
            Ok(lifted) => lifted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut between: Vec<(TreePath, OpenFile)> = Vec::new();
        for (file, lifted) in &lifted {
            match self.with_parts(file, lifted) {
                Ok(open) => between.push((file.path.clone(), open)),
                Err(error) => return refuse(Reason::NotSeparable, &error.to_string()),
            }
        }
        let mut parts = Vec::new();
        let mut of_parts = FxHashMap::default();
        for (member, (index, _)) in members.iter().zip(pieces) {
            let name = extracts::part_name(&member.name, *index);
            let file = between.iter().find(|(path, _)| *path == member.file);
            let part = file.and_then(|(_, file)| extracts::part_of(&file.context, member, &name));
            let Some(part) = part else { return refuse(Reason::NotSeparable, extracts::UNREAD) };
            parts.push(part);
            of_parts.insert(name, Member::clone(member));
        }
        let parts = extracts::of_parts(group, parts);
        let Some(lifting) = &mut room.lifting else {
            return refuse(Reason::NotSeparable, "nothing is lifted");
        };
        lifting.members = of_parts;
        lifting.names = name::candidates(bodies, &names, pieces);
        lifting.lifted =
            lifted.into_iter().map(|(file, lifted)| (file.path.clone(), lifted)).collect();
        let paths: Vec<TreePath> = between.iter().map(|(path, _)| path.clone()).collect();
        room.open.extend(between.into_iter().map(|(path, file)| (path, Ok(file))));
        let carried = self.plan_shared(room, &parts, &[]);
        for path in &paths {
            room.open.remove(path);
        }
        carried.map(|carried| match carried {
            // Places in the texts between are no places for a reader.
            Carried::Refused(Refusal { reason, detail, .. }) => {
                Ok(Carried::Refused(Refusal { reason, detail, ..not_one_file(group) }))
            }
            carried => Ok(carried),
        })
    }

    /// Carries out a plan for parts of functions, as one for these functions.
    pub(super) fn carry_parts(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        plan: &Plan,
    ) -> Result<Carried, TemplateError> {
        let refuse = |reason, detail: String| {
            Ok(Carried::Refused(Refusal { reason, detail, ..not_one_file(group) }))
        };
        let Some(lifting) = &room.lifting else {
            return refuse(Reason::NotSeparable, "nothing is lifted".to_owned());
        };
        if let Some((reason, detail)) = extracts::against(plan) {
            return refuse(reason, detail);
        }
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let of_plan: Vec<&OpenFile> = plan.files.iter().filter_map(file).collect();
        let contexts: Vec<_> = of_plan.iter().map(|open| &open.context).collect();
        let edits = rewrite::edits(plan, &contexts, self.templates)?;
        let header = plan.declaration.as_ref().and_then(|it| file(&it.header));
        let (mut touched, mut after) = (Vec::new(), Vec::new());
        for open in of_plan.iter().copied().chain(header) {
            let path = &open.context.path;
            if !edits.files.contains_key(path) {
                continue;
            }
            match edits.apply(path, &open.context.bytes) {
                Ok(text) => after.push(text),
                Err(error) => return refuse(Reason::CallNotEditable, error.to_string()),
            }
            let original = lifting.originals.get(path).unwrap_or(open);
            let claimed = lifting.claimed.get(path).unwrap_or(&open.claimed);
            touched.push(Touched { file: &original.context, claimed, is_new: false });
        }
        let parts: Vec<String> = plan.members.iter().map(|it| it.name.clone()).collect();
        let members: Option<Vec<Member>> =
            parts.iter().map(|name| lifting.members.get(name).cloned()).collect();
        let Some(members) = members else {
            return refuse(Reason::NotSeparable, "a part is of no member".to_owned());
        };
        let group = CloneGroup { members, ..group.clone() };
        let mut plan = plan.clone();
        extracts::name_whole(&mut plan, &group);
        let lifted = lifting
            .lifted
            .iter()
            .filter_map(|(path, lifted)| Some((&lifting.originals.get(path)?.context, lifted)));
        let lift = Some(extracts::claim_of(parts, lifted));
        let (touched, after) = (touched.as_slice(), after.as_slice());
        let offer = Offer { touched, after, edits: None, group: &group, plan: &plan, lift };
        let carried = self.offer(offer)?;
        if let Carried::Out(out) = &carried {
            let declaring = plan.declaration.as_ref().map(|it| &it.header);
            for path in plan.files.iter().chain(declaring) {
                let of_lifting =
                    room.lifting.as_mut().and_then(|lifting| lifting.claimed.get_mut(path));
                let of_room = room.open.get_mut(path).and_then(|it| it.as_mut().ok());
                let of_room = of_room.map(|file| &mut file.claimed);
                if let Some(claimed) = of_lifting.or(of_room) {
                    carry::claim((path, claimed), &plan, out);
                }
            }
            if let Remedy::Helper(helper) = &plan.remedy {
                room.reserved.insert(helper.name.clone());
            }
        }
        Ok(carried)
    }
}

/// The functions that the members are, or lie in, each once.
fn whole(group: &CloneGroup, files: &FxHashMap<TreePath, OpenFile>) -> Vec<Member> {
    if group.kind != Kind::Sequence {
        return group.members.clone();
    }
    let whole =
        |member: &Member| extracts::function_around(&files.get(&member.file)?.context, member);
    let mut seen = BTreeSet::new();
    let members = group.members.iter().filter_map(whole);
    members.filter(|it| seen.insert((it.file.clone(), it.function.start))).collect()
}
