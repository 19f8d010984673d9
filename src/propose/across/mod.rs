//! Groups whose members lie in several files: of one driver, or of several that depend
//! on a module in common. In: such groups, and what the proposals of single files claim.
//! Out: an outcome for each.
//!
//! Drivers that share files are planned together, since they share lines and names;
//! others side by side. `parts` takes what is left of groups of which no whole function may
//! go. `places` tries where what they share may stand, `library` makes
//! a module for it, `headers` chooses where it is declared, `prefixes` what its name begins
//! with, `needs` says what is linked with a file whatever the configuration.

mod headers;
mod library;
mod needs;
mod parts;
mod places;
mod prefixes;
mod reuse;
mod rooms;

use super::carry::{self, Carried};
use super::{Outcome, Outcomes, Proposer, not_one_file};
use crate::detect::{CloneGroup, Kind, Member};
use crate::generate::templates::TemplateError;
use crate::plan::align::lossy;
use crate::plan::sharing::{Defined, Neighbours};
use crate::plan::{
    self, Claimed, FileContext, Host, OpenFile, Plan, Reason, Refusal, RemedyKind, Rule, Sharing,
};
use crate::syntax::{Globals, global_functions};
use crate::tree::{Module, TreePath};
use headers::{Declaring, before_guard};
use parts::Lifting;
use prefixes::{file_prefix, prefixes};
use rayon::prelude::*;
use rooms::Rooms;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Drivers that share files, while plans are made for them.
#[derive(Default)]
struct Room {
    open: FxHashMap<TreePath, Result<OpenFile, (Reason, String)>>,
    /// What the proposals of single files claim, until the file is opened.
    claimed: FxHashMap<TreePath, Claimed>,
    neighbours: Neighbours,
    defined: Defined,
    reserved: FxHashSet<String>,
    /// What the names of modules' functions begin with, as [`Proposer::prefixes_of`] found.
    prefixes: RefCell<FxHashMap<String, Arc<Vec<String>>>>,
    /// Parts of functions are functions of their own in some of the files.
    lifting: Option<Lifting>,
}

/// What proposals claim of files.
type Claims = FxHashMap<TreePath, Claimed>;

impl Room {
    /// What is known of some of its files, of those that could be read.
    fn contexts<'p>(&self, paths: impl Iterator<Item = &'p TreePath>) -> Vec<&FileContext> {
        let open = paths.filter_map(|path| self.open.get(path)?.as_ref().ok());
        open.map(|file| &file.context).collect()
    }

    /// What the proposals of the room, and those of single files before, claim.
    fn claims(self) -> Claims {
        let opened =
            self.open.into_iter().filter_map(|(path, file)| Some((path, file.ok()?.claimed)));
        self.claimed.into_iter().chain(opened).collect()
    }
}

/// Where what several files share comes to stand.
#[derive(Clone, Copy)]
enum Place<'p> {
    /// In the file of one of the first so many members.
    Members(usize),
    /// In this file, which is none of the members'.
    Host {
        path: &'p TreePath,
        /// One of theirs could have it, too.
        is_spare: bool,
    },
    /// In the header itself, for files of one module or of several.
    Inline {
        /// The files are of one.
        in_one_module: bool,
    },
}

/// Files of other modules that may have what a group shares, by the group's number.
type Hosts = FxHashMap<usize, Vec<TreePath>>;

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
        let hosts = self.hosts(groups, &indices);
        let read = |path: &str| self.tree.read(path).ok();
        let unused: FxHashSet<usize> = indices
            .par_iter()
            .copied()
            .filter(|&index| self.unused(&groups[index], read).is_some())
            .collect();
        for index in indices {
            let group = &groups[index];
            let is_alone = self.takes_each(group) || unused.contains(&index);
            if is_alone && self.modules_around(group, None).next().is_some() {
                let hosts = hosts.get(&index).filter(|_| !self.takes_each(group));
                rooms.add(index, self.modules_around(group, hosts));
                continue;
            }
            if !self.may_share(group, hosts.contains_key(&index)) {
                done.push((index, Outcome::Refusal(self.apart(group))));
                continue;
            }
            rooms.add(index, self.modules_around(group, hosts.get(&index)));
        }
        progress(done.len() as u64);
        let rooms: Vec<(Vec<usize>, FxHashMap<TreePath, Claimed>)> = rooms
            .finish()
            .into_iter()
            .map(|indices| {
                let around =
                    |&index: &usize| self.modules_around(&groups[index], hosts.get(&index));
                let of_modules = indices.iter().flat_map(around).flat_map(|module| &module.files);
                let members = indices.iter().flat_map(|&index| &groups[index].members);
                let files: BTreeSet<&TreePath> =
                    members.map(|member| &member.file).chain(of_modules).collect();
                let of_room = files.into_iter().filter_map(|file| claimed.remove_entry(file));
                let of_room = of_room.collect();
                (indices, of_room)
            })
            .collect();
        let planned: Result<Vec<(Outcomes, Claims)>, TemplateError> = rooms
            .into_par_iter()
            .map(|(indices, claimed)| {
                let mut room = self.room(groups, &indices, &hosts, claimed);
                let outcomes = indices.iter().map(|&index| {
                    let hosts = hosts.get(&index).map_or(&[][..], Vec::as_slice);
                    let hosts = (hosts, unused.contains(&index));
                    let planned = self.plan_across(&mut room, &groups[index], hosts)?;
                    Ok((index, planned.into_outcome()))
                });
                let outcomes: Result<Outcomes, TemplateError> = outcomes.collect();
                progress(indices.len() as u64);
                Ok((outcomes?, room.claims()))
            })
            .collect();
        for (outcomes, claims) in planned? {
            done.extend(outcomes);
            claimed.extend(claims);
        }
        if self.new_library {
            self.propose_libraries(groups, &mut done, claimed)?;
        }
        Ok(done)
    }

    /// Whether a rule takes each member for itself, whatever file it is in.
    fn takes_each(&self, group: &CloneGroup) -> bool {
        self.reuse_rule(group).is_some() || plan::elide::rule(self.rules, group).is_some()
    }

    /// Whether there may be a place for what members of several files share.
    fn may_share(&self, group: &CloneGroup, has_host: bool) -> bool {
        let one_module = !self.common_modules(group).is_empty();
        let may_be_inline = || self.may_be_inline(group, one_module);
        self.has_whole_rule(group) && (one_module || has_host || may_be_inline())
            || self.may_share_a_part(group)
    }

    /// Whether a rule takes whole functions of the group's kind.
    fn has_whole_rule(&self, group: &CloneGroup) -> bool {
        self.whole_rules().any(|rule| rule.kinds.contains(&group.kind))
    }

    /// The rules for whole functions.
    fn whole_rules(&self) -> impl Iterator<Item = &Rule> {
        let is_whole = |it: &&Rule| matches!(it.remedy, RemedyKind::Helper | RemedyKind::Merge);
        self.rules.iter().filter(is_whole)
    }

    /// The modules of the members, and of the files that may have what they share.
    fn modules_around<'s>(
        &'s self,
        group: &'s CloneGroup,
        hosts: Option<&'s Vec<TreePath>>,
    ) -> impl Iterator<Item = &'s Module> {
        let files = group.members.iter().map(|member| &member.file);
        files.chain(hosts.into_iter().flatten()).flat_map(|file| self.drivers.modules_with(file))
    }

    /// Why there is no place for what members of several modules share.
    fn apart(&self, group: &CloneGroup) -> Refusal {
        let refusal = not_one_file(group);
        if !self.common_modules(group).is_empty() || group.kind == Kind::Wrapper {
            let (reason, detail) = plan::no_rule(group);
            let detail = match reason {
                Reason::NoRule => format!("{}; {detail} of several files", refusal.detail),
                _ => detail,
            };
            return Refusal { reason, detail, ..refusal };
        }
        let least = self.whole_rules().filter(|rule| rule.kinds.contains(&group.kind));
        let least = least.map(|rule| rule.limits.members(true)).min();
        match least.filter(|least| group.members.len() < *least) {
            Some(least) if self.common_modules(group).is_empty() => Refusal {
                reason: Reason::TooFewUsers,
                detail: format!("{}; {least} users are asked for", refusal.detail),
                ..refusal
            },
            _ => refusal,
        }
    }

    /// The modules that all files of the group are linked into.
    pub(super) fn common_modules(&self, group: &CloneGroup) -> Vec<&Module> {
        let has_all =
            |module: &&Module| group.members.iter().all(|m| module.files.contains(&m.file));
        self.drivers.modules_with(&group.members[0].file).filter(has_all).collect()
    }

    /// Reads what the drivers of some groups have in common.
    fn room(
        &self,
        groups: &[CloneGroup],
        indices: &[usize],
        hosts: &Hosts,
        claimed: FxHashMap<TreePath, Claimed>,
    ) -> Room {
        let around = |&index: &usize| self.modules_around(&groups[index], hosts.get(&index));
        let modules: BTreeSet<&Module> = indices.iter().flat_map(around).collect();
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
        let own: FxHashSet<&TreePath> = modules.iter().flat_map(|m| &m.files).collect();
        for (path, text) in neighbours.iter().filter(|(path, _)| own.contains(path)) {
            defined.extend(global_functions(text).into_iter().map(|name| (name, path.clone())));
        }
        Room { neighbours, defined, claimed, ..Room::default() }
    }

    /// Opens a file of the room, where that has not been done.
    fn open_in<'r>(
        &self,
        room: &'r mut Room,
        path: &TreePath,
    ) -> &'r Result<OpenFile, (Reason, String)> {
        let Room { open, claimed, .. } = room;
        open.entry(path.clone()).or_insert_with(|| {
            let mut file = self.open(path);
            if let (Ok(file), Some(claimed)) = (&mut file, claimed.remove(path)) {
                file.claimed = claimed;
            }
            file
        })
    }

    /// Plans a group with what it shares at `place`, and carries out the plan.
    fn carry_shared(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        header: &Declaring,
        place: Place<'_>,
    ) -> Result<Carried, TemplateError> {
        let Declaring { path: header, includes, is_last_resort } = header;
        let circular = self.circular(room, header);
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let open: Vec<&OpenFile> = group.members.iter().filter_map(|m| file(&m.file)).collect();
        let Some(header) = file(header) else {
            return Ok(Carried::Refused(not_one_file(group)));
        };
        let (mut homes, mut host, mut inline_at) = (0, None, None);
        let own_prefixes: Arc<Vec<String>>;
        let of_host: Vec<&Module> = match place {
            Place::Host { path, .. } => self.drivers.modules_with(path).collect(),
            _ => Vec::new(),
        };
        let defined = &room.defined;
        // What may be missing where the host is built is none of its module's.
        let is_hosts = |name: &str| {
            let Place::Host { path: host, .. } = place else { return false };
            let is_there = |path: &TreePath| is_of(&of_host, path);
            let path = defined.get(name).filter(|path| is_there(path));
            path.is_some_and(|path| path == host || self.drivers.builds_with(path, host))
        };
        match place {
            Place::Members(count) => {
                homes = count;
                own_prefixes = self.prefixes_of(room, &self.common_modules(group), group);
            }
            Place::Inline { in_one_module } => {
                if in_one_module {
                    homes = group.members.len();
                    own_prefixes = self.prefixes_of(room, &self.common_modules(group), group);
                } else {
                    let inline = header.context.functions.iter();
                    let names = inline.map(|it| lossy(it.name(&header.context.bytes)));
                    let names: Vec<String> = names.collect();
                    own_prefixes = Arc::new(prefixes(names.iter().map(String::as_str)));
                }
                inline_at = before_guard(&header.context);
                let claims = |at: usize| header.claimed.touches(&(at..at)) || header.context.crlf;
                if inline_at.is_none_or(claims) {
                    return Ok(Carried::Refused(not_one_file(group)));
                }
            }
            Place::Host { path, is_spare } => {
                let is_theirs = self.common_modules(group).iter().any(|m| m.files.contains(path));
                host = file(path).and_then(|open| {
                    let OpenFile { context, claimed, .. } = open;
                    let (header, known) = (&header.context, (defined, &is_hosts as _));
                    if !is_theirs {
                        return Host::of_another_module(context, claimed, header, known);
                    }
                    let with_it = |it: &Member| self.drivers.builds_with(&it.file, path);
                    let is_alone = !group.members.iter().all(with_it);
                    Host::of_their_module(context, claimed, header, known, (is_alone, is_spare))
                });
                if host.is_none() {
                    let header = &header.context.path;
                    let detail = match is_theirs {
                        true => format!("no place in {path} behind a function of {header}"),
                        false => format!("{path} exports nothing of {header}"),
                    };
                    let refusal = Refusal { reason: Reason::NoHome, detail, ..not_one_file(group) };
                    return Ok(Carried::Refused(refusal));
                }
                own_prefixes = self.prefixes_of(room, &of_host, group);
            }
        }
        let sharing = Sharing {
            homes: (0..group.members.len()).map(|index| index < homes).collect(),
            header: &header.context,
            called: room.lifting.as_ref().map(|lifting| lifting.names.as_slice()),
            includes: includes.clone(),
            is_last_resort: *is_last_resort,
            circular,
            declare_at: None,
            claimed: &header.claimed,
            globals: self.globals(),
            neighbours: &room.neighbours,
            defined: &room.defined,
            prefixes: &own_prefixes,
            home_prefix: match place {
                Place::Inline { .. } => None,
                Place::Members(_) => file_prefix(&room.defined, &group.members[0].file),
                Place::Host { path, .. } => file_prefix(&room.defined, path),
            },
            reserved: &room.reserved,
            host,
            inline_at,
        };
        let of_parts = room.lifting.as_ref().map(|lifting| std::slice::from_ref(&lifting.rule));
        let rules = of_parts.unwrap_or(self.rules);
        let plan = match plan::plan(&open, group, rules, self.loops, Some(&sharing)) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Carried::Refused(refusal)),
        };
        self.carry_in_room(room, group, &plan)
    }

    /// Carries out a plan for files of the room, where it then has its claims.
    fn carry_in_room(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        plan: &Plan,
    ) -> Result<Carried, TemplateError> {
        if room.lifting.is_some() {
            return self.carry_parts(room, group, plan);
        }
        let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
        let of_plan: Vec<&OpenFile> = plan.files.iter().filter_map(file).collect();
        // A header that has the helper itself is among the plan's files.
        let declaring = plan.declaration.as_ref().map(|it| &it.header);
        let of_library = plan.library.iter().flat_map(|it| [&it.kbuild.0, &it.kconfig.0]);
        let more: Vec<&TreePath> = declaring.into_iter().chain(of_library).collect();
        let of_more: Vec<&OpenFile> = more.iter().filter_map(|path| file(path)).collect();
        let carried = self.carry_out(&of_plan, &of_more, group, plan)?;
        if let Carried::Out(out) = &carried {
            for path in plan.files.iter().chain(more) {
                if let Some(Ok(file)) = room.open.get_mut(path) {
                    carry::claim((path, &mut file.claimed), plan, out);
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

    /// The functions of the tree that are not static.
    pub(super) fn globals(&self) -> &Globals {
        self.globals.get_or_init(|| {
            let paths: Vec<&str> = self.sources.iter().map(String::as_str).collect();
            Globals::read(&paths, &|path| self.tree.read(path).ok().map(Arc::from))
        })
    }
}

/// Whether a file is linked into one of `modules`.
fn is_of(modules: &[&Module], path: &TreePath) -> bool {
    modules.iter().any(|module| module.files.contains(path))
}
