//! Groups whose members go each for itself: copies of a function that the kernel offers
//! already and that each may call, wrappers that add nothing, functions that nothing names.

use super::Room;
use crate::detect::{CloneGroup, Kind};
use crate::generate::templates::TemplateError;
use crate::plan::{FileContext, OpenFile, Reason, RemedyKind, Rule, elide, reuse, rules};
use crate::propose::carry::Carried;
use crate::propose::{Proposer, not_one_file};
use crate::tree::TreePath;

impl Proposer<'_> {
    /// The rule for the group, if it is one of copies of what is there already.
    pub(super) fn reuse_rule(&self, group: &CloneGroup) -> Option<&Rule> {
        let rule = rules::with_remedy(self.rules, RemedyKind::Reuse, group);
        rule.filter(|_| group.kind == Kind::Reimplements)
    }

    /// Plans a group whose first member is offered to the others; those that may not call it
    /// are left as they are.
    pub(super) fn plan_reuse(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        rule: &Rule,
    ) -> Result<Carried, TemplateError> {
        let mut group = group.clone();
        let original = group.members[0].clone();
        let mut refusals = Vec::new();
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let Some(home) = file(&original.file) else {
            return Ok(Carried::Refused(not_one_file(&group)));
        };
        let home = &home.context;
        if let Some(condition) = condition(home, original.function.start) {
            let detail = format!("{} stands under #{condition}", original.name);
            let reason = Reason::DifferentConditions;
            return Ok(Carried::Refused(home.refuse(reason, original.function.start, detail)));
        }
        group.members.retain(|copy| {
            if copy.file == original.file {
                return true;
            }
            let Some(open) = file(&copy.file) else { return false };
            let may =
                reuse::may_call((home, &original.name), (&open.context, copy)).and_then(|()| {
                    self.comes_with(room, (home, &original.name), (&open.context, copy))
                });
            may.map_err(|refusal| refusals.push(refusal)).is_ok()
        });
        if let (Some(refusal), true) = (refusals.into_iter().next(), group.members.len() < 2) {
            return Ok(Carried::Refused(refusal));
        }
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|m| file(&m.file)).collect();
        let is_apart = home.path.ends_with(".c")
            && group.members.iter().any(|it| !self.drivers.in_one_driver(&it.file, &home.path));
        let plan = match reuse::plan(&open, &group, rule, self.loops, is_apart) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Carried::Refused(refusal)),
        };
        self.carry_in_room(room, &group, &plan)
    }

    /// Plans that those members go that nothing names; `None` where there are none.
    pub(super) fn delete_unused(
        &self,
        room: &mut Room,
        group: &CloneGroup,
    ) -> Result<Option<Carried>, TemplateError> {
        let read = |path: &str| self.tree.read(path).ok();
        let Some((rule, group)) = self.unused(group, read) else { return Ok(None) };
        for member in &group.members {
            self.open_in(room, &member.file);
        }
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|m| file(&m.file)).collect();
        if open.len() < group.members.len() {
            return Ok(None);
        }
        match self.plan_unused(&open, &group, rule) {
            Some(Ok(plan)) => self.carry_in_room(room, &group, &plan).map(Some),
            Some(Err(refusal)) => Ok(Some(Carried::Refused(refusal))),
            None => Ok(None),
        }
    }

    /// Plans a group of wrappers, each of which goes for itself.
    pub(super) fn plan_elided(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        rule: &Rule,
    ) -> Result<Carried, TemplateError> {
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|m| file(&m.file)).collect();
        match elide::plan(&open, group, rule, self.loops) {
            Ok(plan) => self.carry_in_room(room, group, &plan),
            Err(refusal) => Ok(Carried::Refused(refusal)),
        }
    }
}

/// The first condition that what stands at `at` is compiled under: a header's guard, and
/// what every driver is compiled with, are none.
fn condition(file: &FileContext, at: u32) -> Option<&str> {
    let is_header = file.path.ends_with(".h");
    let is_always = |condition: &str| condition == "ifdef __KERNEL__" || file.is_guard(condition);
    let mut open = file.conditions_at(at).iter();
    let found =
        open.find(|(condition, branch)| !(is_header && *branch == 0 && is_always(condition)));
    found.map(|(condition, _)| condition.as_str())
}
