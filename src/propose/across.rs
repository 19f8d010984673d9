//! Groups whose members lie in several files of one driver. In: such groups, and what
//! the proposals of single files claim. Out: an outcome for each.
//!
//! Drivers that share files are planned together, since they share lines and names;
//! others side by side.

use super::carry::{self, Carried};
use super::{Outcome, Outcomes, Proposer, not_one_file};
use crate::detect::CloneGroup;
use crate::generate::templates::TemplateError;
use crate::plan::sharing::{Defined, Neighbours, prototypes};
use crate::plan::{self, Claimed, OpenFile, Reason, Refusal, Sharing};
use crate::syntax::{Globals, global_functions};
use crate::tree::{Module, TreePath};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Headers of a driver that are looked at for a prototype.
const MOST_HEADERS: usize = 64;

/// Drivers that share files, while plans are made for them.
#[derive(Default)]
struct Room {
    open: FxHashMap<TreePath, Result<OpenFile, (Reason, String)>>,
    neighbours: Neighbours,
    defined: Defined,
    prefixes: Vec<String>,
    reserved: FxHashSet<String>,
}

impl Proposer<'_> {
    /// The outcomes of the groups of `indices`.
    pub(super) fn propose_across(
        &self,
        groups: &[CloneGroup],
        indices: Vec<usize>,
        mut claimed: FxHashMap<TreePath, Claimed>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Outcomes, TemplateError> {
        let mut done = Vec::new();
        let mut rooms = Rooms::default();
        for index in indices {
            let group = &groups[index];
            let modules = self.common_modules(group);
            let has_rule = self.rules.iter().any(|rule| rule.kinds.contains(&group.kind));
            if modules.is_empty() || !has_rule {
                done.push((index, Outcome::Refusal(not_one_file(group))));
                continue;
            }
            let all = group.members.iter().flat_map(|m| self.drivers.modules_with(&m.file));
            rooms.add(index, all);
        }
        progress(done.len() as u64);
        let rooms: Vec<(Vec<usize>, FxHashMap<TreePath, Claimed>)> = rooms
            .finish()
            .into_iter()
            .map(|indices| {
                let files = indices.iter().flat_map(|&index| &groups[index].members);
                let files: BTreeSet<&TreePath> = files.map(|member| &member.file).collect();
                let of_room = files.into_iter().filter_map(|file| claimed.remove_entry(file));
                let of_room = of_room.collect();
                (indices, of_room)
            })
            .collect();
        let planned: Result<Vec<Outcomes>, TemplateError> = rooms
            .into_par_iter()
            .map(|(indices, claimed)| {
                let mut room = self.room(groups, &indices, claimed);
                let outcomes = indices.iter().map(|&index| {
                    Ok((index, self.plan_shared(&mut room, &groups[index])?.into_outcome()))
                });
                let outcomes = outcomes.collect();
                progress(indices.len() as u64);
                outcomes
            })
            .collect();
        done.extend(planned?.into_iter().flatten());
        Ok(done)
    }

    /// The modules that all files of the group are linked into.
    fn common_modules(&self, group: &CloneGroup) -> Vec<&Module> {
        let has_all =
            |module: &&Module| group.members.iter().all(|m| module.files.contains(&m.file));
        self.drivers.modules_with(&group.members[0].file).filter(has_all).collect()
    }

    /// Reads what the drivers of some groups have in common.
    fn room(
        &self,
        groups: &[CloneGroup],
        indices: &[usize],
        claimed: FxHashMap<TreePath, Claimed>,
    ) -> Room {
        let members = || indices.iter().flat_map(|&index| &groups[index].members);
        let modules = members().flat_map(|m| self.drivers.modules_with(&m.file));
        let modules: BTreeSet<&Module> = modules.collect();
        let mut files: BTreeSet<&TreePath> = modules.iter().flat_map(|m| &m.files).collect();
        for module in &modules {
            let beside = |path: &&TreePath| {
                path.strip_prefix(&module.folder).is_some_and(|rest| rest.starts_with('/'))
            };
            let from = self.sources.partition_point(|path| *path < module.folder);
            let below = self.sources[from..].iter();
            files.extend(below.take_while(|it| it.starts_with(&module.folder)).filter(beside));
        }
        let read = |path: &TreePath| Some((path.clone(), self.tree.read(path).ok()?.into()));
        let neighbours: Neighbours = files.into_iter().filter_map(read).collect();
        let mut defined = Defined::default();
        let mut words: BTreeMap<String, usize> = BTreeMap::new();
        let own: FxHashSet<&TreePath> = modules.iter().flat_map(|m| &m.files).collect();
        for (path, text) in neighbours.iter().filter(|(path, _)| own.contains(path)) {
            for name in global_functions(text) {
                if let Some((word, _)) = name.split_once('_').filter(|(word, _)| word.len() > 2) {
                    *words.entry(word.to_owned()).or_default() += 1;
                }
                defined.insert(name, path.clone());
            }
        }
        let mut words: Vec<(String, usize)> = words.into_iter().collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        // A word that few begin with is a verb, not whose function it is.
        let most = words.first().map_or(0, |(_, count)| *count);
        let prefixes = words.into_iter().filter(|(_, count)| *count * 4 >= most && *count > 1);
        let mut room = Room {
            neighbours,
            defined,
            prefixes: prefixes.map(|(word, _)| word).collect(),
            ..Room::default()
        };
        for (path, claimed) in claimed {
            let mut file = self.open(&path);
            if let Ok(file) = &mut file {
                file.claimed = claimed;
            }
            room.open.insert(path, file);
        }
        room
    }

    fn plan_shared(&self, room: &mut Room, group: &CloneGroup) -> Result<Carried, TemplateError> {
        let refuse = |reason, detail: String| {
            let member = &group.members[0];
            let (file, line) = (member.file.clone(), member.function.start_line);
            Ok(Carried::Refused(Refusal { reason, detail, file, line }))
        };
        for member in &group.members {
            let open = || self.open(&member.file);
            let file = room.open.entry(member.file.clone()).or_insert_with(open);
            if let Err((reason, detail)) = file {
                return refuse(*reason, detail.clone());
            }
        }
        let sure = |home: &str, other: &str| home == other || self.drivers.builds_with(home, other);
        let is_home = |home: &crate::detect::Member| {
            group.members.iter().all(|other| sure(&home.file, &other.file))
        };
        // The helper's text is the first member's: one that may be home comes first.
        let mut group = group.clone();
        let (homes, others): (Vec<_>, Vec<_>) =
            group.members.clone().into_iter().partition(is_home);
        if homes.is_empty() {
            return refuse(
                Reason::NoHome,
                "each of the files may be built without the others".to_owned(),
            );
        }
        let home_count = homes.len();
        group.members = homes.into_iter().chain(others).collect();
        let Some(header) = self.header(room, &group) else {
            let detail = "no header that all include declares functions of theirs".to_owned();
            return refuse(Reason::NoHeader, detail);
        };
        self.carry_shared(room, &group, &header, home_count)
    }

    /// Plans a group whose first `homes` members may be home, and carries out the plan.
    fn carry_shared(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        header: &TreePath,
        homes: usize,
    ) -> Result<Carried, TemplateError> {
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|m| file(&m.file)).collect();
        let Some(header) = file(header) else {
            return Ok(Carried::Refused(not_one_file(group)));
        };
        let sharing = Sharing {
            homes: (0..group.members.len()).map(|index| index < homes).collect(),
            header: &header.context,
            claimed: &header.claimed,
            globals: self.globals(),
            neighbours: &room.neighbours,
            defined: &room.defined,
            prefixes: &room.prefixes,
            reserved: &room.reserved,
        };
        let plan = match plan::plan(&open, group, self.rules, self.loops, Some(&sharing)) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Carried::Refused(refusal)),
        };
        let of_plan: Vec<&OpenFile> = plan.files.iter().filter_map(file).collect();
        let header = Some(header).filter(|_| plan.declaration.is_some());
        let carried = self.carry_out(&of_plan, header, group, &plan)?;
        if let Carried::Out(out) = &carried {
            let paths = plan.files.iter().chain(plan.declaration.as_ref().map(|it| &it.header));
            for path in paths {
                if let Some(Ok(file)) = room.open.get_mut(path) {
                    carry::claim(file, &plan, out);
                }
            }
            let names = plan.members.iter().map(|member| member.name.clone());
            room.reserved.extend(names);
            if let plan::Remedy::Helper(helper) = &plan.remedy {
                room.reserved.insert(helper.name.clone());
            }
        }
        Ok(carried)
    }

    /// The header of the driver that all files of the group include and that declares
    /// most of what they define.
    fn header(&self, room: &mut Room, group: &CloneGroup) -> Option<TreePath> {
        let modules = self.common_modules(group);
        let mut common: Option<BTreeSet<Arc<str>>> = None;
        for member in &group.members {
            let file = room.open.get(&member.file)?.as_ref().ok()?;
            let headers: BTreeSet<Arc<str>> = file.context.unit.headers().into_iter().collect();
            common = Some(match common {
                None => headers,
                Some(known) => known.intersection(&headers).cloned().collect(),
            });
        }
        let is_own = |path: &&Arc<str>| {
            modules.iter().any(|module| {
                path.strip_prefix(module.folder.as_str()).is_some_and(|it| it.starts_with('/'))
            })
        };
        let common = common.unwrap_or_default();
        let mut best: Option<(usize, usize, TreePath)> = None;
        for path in common.iter().filter(is_own).take(MOST_HEADERS) {
            let path = path.to_string();
            let file = room.open.entry(path.clone()).or_insert_with(|| self.open(&path));
            let Ok(file) = file else { continue };
            let found = prototypes(&file.context, &room.defined);
            let theirs = found.iter().filter(|it| group.members.iter().any(|m| m.file == it.path));
            let rank = (theirs.count(), found.len());
            let better = best.as_ref().is_none_or(|(theirs, all, _)| rank > (*theirs, *all));
            if better && rank.1 > 0 {
                best = Some((rank.0, rank.1, path));
            }
        }
        best.map(|(_, _, path)| path)
    }

    /// The functions of the tree that are not static.
    fn globals(&self) -> &Globals {
        self.globals.get_or_init(|| {
            let paths: Vec<&str> = self.sources.iter().map(String::as_str).collect();
            Globals::read(&paths, &|path| self.tree.read(path).ok().map(Arc::from))
        })
    }
}

/// Groups, those together whose modules have to do with each other.
#[derive(Default)]
struct Rooms<'m> {
    /// For each module another of its room; itself for one of each.
    above: BTreeMap<&'m Module, &'m Module>,
    groups: Vec<(usize, &'m Module)>,
}

impl<'m> Rooms<'m> {
    fn add(&mut self, group: usize, modules: impl Iterator<Item = &'m Module>) {
        let mut first = None;
        for module in modules {
            let top = self.top(module);
            let first = *first.get_or_insert(top);
            self.above.insert(top, first);
        }
        self.groups.extend(first.map(|module| (group, module)));
    }

    fn top(&mut self, module: &'m Module) -> &'m Module {
        let mut at = module;
        loop {
            let above = *self.above.entry(at).or_insert(at);
            if above == at {
                return at;
            }
            at = above;
        }
    }

    /// The numbers of the groups of each room, in order.
    fn finish(mut self) -> Vec<Vec<usize>> {
        let mut rooms: BTreeMap<&Module, Vec<usize>> = BTreeMap::new();
        for (group, module) in std::mem::take(&mut self.groups) {
            rooms.entry(self.top(module)).or_default().push(group);
        }
        rooms.into_values().collect()
    }
}
