//! Where what the members of a group share may stand, in the order in which it is tried: the
//! function that is there already, a file of the module that is called after what all of
//! theirs are, one of theirs, a file of a module on which all depend, a header.

use super::headers::Declaring;
use super::{Place, Room};
use crate::detect::{CloneGroup, Level, Member};
use crate::generate::templates::TemplateError;
use crate::plan::declare::prototypes;
use crate::plan::{self, Reason, Refusal, RemedyKind};
use crate::propose::carry::Carried;
use crate::propose::{Proposer, not_one_file};
use crate::tree::TreePath;
use std::collections::BTreeSet;

/// Headers that are tried for one group.
const HEADERS_TRIED: usize = 4;

impl Proposer<'_> {
    /// Plans a group whose members one module has, or `hosts` may serve.
    pub(super) fn plan_shared(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        hosts: &[TreePath],
    ) -> Result<Carried, TemplateError> {
        let refuse = |reason, detail: String| {
            let member = &group.members[0];
            let (file, line) = (member.file.clone(), member.function.start_line);
            Ok(Carried::Refused(Refusal { reason, detail, file, line }))
        };
        for file in group.members.iter().map(|member| &member.file).chain(hosts) {
            if let Err((reason, detail)) = self.open_in(room, file) {
                return refuse(*reason, detail.clone());
            }
        }
        if let Some(rule) = self.reuse_rule(group) {
            return self.plan_reuse(room, group, rule);
        }
        if let Some(rule) = plan::elide::rule(self.rules, group) {
            return self.plan_elided(room, group, rule);
        }
        if self.common_modules(group).is_empty() {
            return self.plan_hosted(room, group, hosts);
        }
        let sure = |home: &str, other: &str| home == other || self.drivers.builds_with(home, other);
        let is_home =
            |home: &Member| group.members.iter().all(|other| sure(&home.file, &other.file));
        // The helper's text is the first member's: one that may be home comes first, and of
        // these one whose file is called after what all are, then one that the header is of.
        let mut group = group.clone();
        let common = self.common_name(&group);
        let is_common = |member: &Member| common.fits(&member.file);
        let mut homes: Vec<Member> =
            group.members.iter().filter(|home| is_home(home)).cloned().collect();
        let may_be_home = !homes.is_empty();
        let refusal = match homes.iter().any(is_common) {
            true => None,
            false => match self.plan_in_common_file(room, &group, &mut homes)? {
                Some(Carried::Refused(refusal)) => Some(refusal),
                Some(carried) => return Ok(carried),
                None => None,
            },
        };
        if homes.is_empty() {
            if !may_be_home && let Some(carried) = self.plan_inline(room, &group, true)? {
                return Ok(carried);
            }
            return match refusal {
                Some(refusal) => Ok(Carried::Refused(refusal)),
                None => refuse(
                    Reason::NoHome,
                    "each of the files may be built without the others".to_owned(),
                ),
            };
        }
        let home_count = homes.len();
        let start = |member: &Member| (member.file.clone(), member.function.start);
        let is_other = |it: &&Member| !homes.iter().any(|home| start(home) == start(it));
        let others: Vec<Member> = group.members.iter().filter(is_other).cloned().collect();
        group.members = homes.into_iter().chain(others).collect();
        let all = group.clone();
        let with = |room: &mut Room, header: &Declaring| {
            let declared = files_declared(room, &group, &header.path);
            group.members[..home_count].sort_by_cached_key(|member| {
                (!is_common(member), !declared.contains(&*member.file))
            });
            self.carry_shared(room, &group, header, Place::Members(home_count))
        };
        match self.carry_declared(room, &all, None, with)? {
            Some(carried) => Ok(carried),
            None => refuse(
                Reason::NoHeader,
                "no header that all include declares functions of theirs".to_owned(),
            ),
        }
    }

    /// Plans a group with what it shares in a file of the module that is called after what
    /// all are, or in one that is always in it if none of theirs may be home. Where such a
    /// file refuses it, only those of `homes` stay that have functions for others already:
    /// chips that have files of their own do not look for such things in one another's.
    /// `None` where there is no such file.
    fn plan_in_common_file(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        homes: &mut Vec<Member>,
    ) -> Result<Option<Carried>, TemplateError> {
        let hosts = self.common_files(group, homes.is_empty());
        if hosts.is_empty() {
            return Ok(None);
        }
        let lenders: BTreeSet<TreePath> = homes
            .iter()
            .filter(|home| lends(room, home, group))
            .map(|it| it.file.clone())
            .collect();
        let (mut first, mut unheard) = (None, None);
        for host in hosts {
            match self.carry_hosted(room, group, &host, !lenders.is_empty())? {
                Some(Carried::Refused(refusal)) => {
                    first.get_or_insert(refusal);
                }
                Some(carried) => return Ok(Some(carried)),
                None => {
                    let detail = format!("no header that all include declares functions of {host}");
                    let reason = Reason::NoHeader;
                    unheard.get_or_insert(Refusal { reason, detail, ..not_one_file(group) });
                }
            }
        }
        if first.is_some() {
            homes.retain(|home| lenders.contains(&home.file));
        }
        Ok(first.or(unheard).map(Carried::Refused))
    }

    /// Plans a group with the first header that may declare what it shares, in `host` or
    /// else in a member's file: one as it is, or else with more lines in it, or else one of
    /// the host's that some files do not include yet. `None` where there is none at all.
    fn carry_declared(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        host: Option<&TreePath>,
        mut with: impl FnMut(&mut Room, &Declaring) -> Result<Carried, TemplateError>,
    ) -> Result<Option<Carried>, TemplateError> {
        let mut first = None;
        // Another header may know what one does not.
        let mut try_all = |room: &mut Room, headers: Vec<Declaring>| {
            for header in headers.into_iter().take(HEADERS_TRIED) {
                match with(room, &header)? {
                    Carried::Refused(refusal) if refusal.reason == Reason::NoHeader => {
                        first.get_or_insert(refusal);
                    }
                    carried => return Ok(Some(carried)),
                }
            }
            Ok(None)
        };
        let headers = self.headers(room, group, host);
        if let Some(carried) = try_all(room, headers.clone())? {
            return Ok(Some(carried));
        }
        let again = headers.into_iter().map(|it| Declaring { is_last_resort: true, ..it });
        if let Some(carried) = try_all(room, again.collect())? {
            return Ok(Some(carried));
        }
        let more = host.map(|host| self.headers_to_include(room, group, host));
        if let Some(carried) = try_all(room, more.unwrap_or_default())? {
            return Ok(Some(carried));
        }
        Ok(first.map(Carried::Refused))
    }

    /// Plans a group with what it shares in `host`, which is none of its files; one of
    /// these could have it, too, if it `is_spare`. `None` where no header that all include
    /// declares what it has.
    fn carry_hosted(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        host: &TreePath,
        is_spare: bool,
    ) -> Result<Option<Carried>, TemplateError> {
        if let Err((reason, detail)) = self.open_in(room, host) {
            let refusal =
                Refusal { reason: *reason, detail: detail.clone(), ..not_one_file(group) };
            return Ok(Some(Carried::Refused(refusal)));
        }
        let place = Place::Host { path: host, is_spare };
        self.carry_declared(room, group, Some(host), |room, header| {
            self.carry_shared(room, group, header, place)
        })
    }

    /// Plans a group whose members stand in several modules: the first of `hosts` with
    /// which there is a plan, or what stands against the first of all.
    fn plan_hosted(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        hosts: &[TreePath],
    ) -> Result<Carried, TemplateError> {
        let mut first = None;
        for host in hosts {
            if let Some(file) = self.may_do_without(room, group, host) {
                let detail = format!("the module of {file} may be there without that of {host}");
                let reason = Reason::NoHome;
                first.get_or_insert(Refusal { reason, detail, ..not_one_file(group) });
                continue;
            }
            match self.carry_hosted(room, group, host, false)? {
                Some(Carried::Refused(refusal)) => {
                    first.get_or_insert(refusal);
                }
                Some(carried) => return Ok(carried),
                None => {}
            }
        }
        if let Some(carried) = self.plan_inline(room, group, false)? {
            return Ok(match (carried, first) {
                (Carried::Refused(_), Some(first)) => Carried::Refused(first),
                (carried, _) => carried,
            });
        }
        Ok(Carried::Refused(first.unwrap_or_else(|| self.apart(group))))
    }

    /// Whether a rule lets what the group shares be an inline function of a header.
    pub(super) fn may_be_inline(&self, group: &CloneGroup, in_one_module: bool) -> bool {
        let lines = group.members[0].function.lines();
        group.level != Level::CrossClass
            && self.whole_rules().any(|rule| {
                rule.remedy == RemedyKind::Helper
                    && rule.takes(group)
                    && rule.limits.members(!in_one_module) <= group.members.len()
                    && lines <= rule.limits.inline_lines
            })
    }

    /// Plans a group with what it shares in a header that all of its files include; `None`
    /// where there is no such header, or it is too much for one.
    fn plan_inline(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        in_one_module: bool,
    ) -> Result<Option<Carried>, TemplateError> {
        if !self.may_be_inline(group, in_one_module) {
            return Ok(None);
        }
        let mut first = None;
        for header in self.inline_headers(room, group).into_iter().take(HEADERS_TRIED) {
            match self.carry_shared(room, group, &header, Place::Inline { in_one_module })? {
                // Another header may see what this one does not.
                Carried::Refused(refusal) => {
                    first.get_or_insert(refusal);
                }
                carried => return Ok(Some(carried)),
            }
        }
        Ok(first.map(Carried::Refused))
    }
}

/// Whether the file of `home` has functions already that another one of the group calls.
fn lends(room: &Room, home: &Member, group: &CloneGroup) -> bool {
    let others = group.members.iter().map(|member| &member.file);
    let others = room.contexts(others.filter(|path| **path != home.file));
    let mut theirs = room.defined.iter().filter(|(_, path)| **path == home.file);
    theirs.any(|(name, _)| others.iter().any(|file| file.mentions(name.as_bytes())))
}

/// The files whose functions a header of the room declares: who looks for what the header
/// declares looks there.
fn files_declared<'r>(room: &'r Room, group: &CloneGroup, header: &TreePath) -> BTreeSet<&'r str> {
    let Some(Ok(file)) = room.open.get(header) else { return BTreeSet::new() };
    let all = room.contexts(group.members.iter().map(|member| &member.file));
    prototypes(&file.context, &room.defined, &all).into_iter().map(|it| it.path).collect()
}
