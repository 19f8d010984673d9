//! Where what the members of a group share may stand, in the order in which it is tried: the
//! function that is there already, a file of the module that is called after what all of
//! theirs are, one of theirs, a file of a module on which all depend, a header.

use super::headers::Declaring;
use super::{Place, Room};
use crate::detect::{CloneGroup, Level, Member};
use crate::generate::templates::TemplateError;
use crate::plan::declare::prototypes;
use crate::plan::words::{common_words, words};
use crate::plan::{self, Reason, Refusal, RemedyKind};
use crate::propose::carry::Carried;
use crate::propose::hosts::{calls_of, is_of};
use crate::propose::{Proposer, not_one_file};
use crate::tree::{TreePath, parent};
use std::cmp::Reverse;
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
        for file in group.members.iter().map(|member| &member.file).chain(hosts) {
            if let Err((reason, detail)) = self.open_in(room, file) {
                let (reason, detail) = (*reason, detail.clone());
                return Ok(Carried::Refused(Refusal { reason, detail, ..not_one_file(group) }));
            }
        }
        if let Some(rule) = self.reuse_rule(group) {
            return self.plan_reuse(room, group, rule);
        }
        if let Some(rule) = plan::elide::rule(self.rules, group) {
            return self.plan_elided(room, group, rule);
        }
        match self.common_modules(group).is_empty() {
            true => self.plan_hosted(room, group, hosts),
            false => self.plan_in_module(room, group),
        }
    }

    /// Plans a group whose members one module has: with what they share in a file that is
    /// called after what all of theirs are, or that a header is of which has to do with it,
    /// or else in one of theirs.
    ///
    /// Where a common file refuses it, only such of theirs may have it that have functions
    /// for others already: chips that have files of their own do not look for such things
    /// in one another's.
    fn plan_in_module(
        &self,
        room: &mut Room,
        group: &CloneGroup,
    ) -> Result<Carried, TemplateError> {
        let mut homes = self.homes(room, group);
        let may_be_home = !homes.is_empty();
        let mut refusal = None;
        if !homes.iter().any(|home| home.is_common) {
            let hosts = self.common_files(group, homes.is_empty());
            let is_spare = homes.iter().any(|home| home.lent > 0);
            match self.plan_in_one_of(room, group, &hosts, is_spare)? {
                Some(Carried::Refused(other)) => {
                    if other.reason != Reason::NoHeader {
                        homes.retain(|home| home.lent > 0);
                    }
                    refusal = Some(other);
                }
                Some(carried) => return Ok(carried),
                None => {}
            }
            if !homes.iter().any(|home| home.lent > 0 || home.is_general) {
                let mut more = match may_be_home {
                    true => self.files_of_headers(room, group),
                    false => Vec::new(),
                };
                more.retain(|host| !hosts.contains(host));
                match self.plan_in_one_of(room, group, &more, false)? {
                    Some(Carried::Refused(_)) | None => {}
                    Some(carried) => return Ok(carried),
                }
            }
        }
        if homes.is_empty() {
            if !may_be_home && let Some(carried) = self.plan_inline(room, group, true)? {
                return Ok(carried);
            }
            return Ok(Carried::Refused(refusal.unwrap_or_else(|| Refusal {
                reason: Reason::NoHome,
                detail: "each of the files may be built without the others".to_owned(),
                ..not_one_file(group)
            })));
        }
        self.plan_in_members_file(room, group, &homes)
    }

    /// The members whose files may have what all share: those that are built whenever the
    /// others are.
    fn homes(&self, room: &Room, group: &CloneGroup) -> Vec<Home> {
        let sure = |home: &str, other: &str| home == other || self.drivers.builds_with(home, other);
        let is_home =
            |home: &Member| group.members.iter().all(|other| sure(&home.file, &other.file));
        let common = self.common_name(group);
        let members = group.members.iter().enumerate().filter(|(_, home)| is_home(home));
        let home = |(index, home): (usize, &Member)| Home {
            index,
            is_common: common.fits(&home.file),
            is_general: self.is_general(&home.file),
            is_of_one_chip: is_of_one_chip(home, group),
            lent: lent(room, home, group),
        };
        members.map(home).collect()
    }

    /// Plans a group with what it shares in the file of one of `homes`.
    fn plan_in_members_file(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        homes: &[Home],
    ) -> Result<Carried, TemplateError> {
        let refused = |reason, detail| {
            Ok(Carried::Refused(Refusal { reason, detail, ..not_one_file(group) }))
        };
        let with = |room: &mut Room, header: &Declaring| {
            let header_path = &header.path;
            let declared = files_declared(room, group, header_path);
            let has_file = self.has_file_of(header_path, group);
            let suits = |home: &&Home| {
                let file = &group.members[home.index].file;
                let is_its = is_of(header_path, file);
                let is_for_more = declared.len() > 1 && parent(header_path) == parent(file);
                let is_known = !has_file || is_for_more || declared.contains(&**file);
                is_its
                    || is_known
                        && (home.is_common
                            || home.is_general
                            || !home.is_of_one_chip
                            || home.lent > 0)
            };
            let mut homes: Vec<&Home> = homes.iter().filter(suits).collect();
            if homes.is_empty() {
                let detail =
                    format!("none of the files is of {header_path}, or is for other chips, too");
                return refused(Reason::NoHome, detail);
            }
            // The helper's text is the first member's: whose file is called after what all
            // are, or the header, comes first, then whose functions the header declares.
            homes.sort_by_cached_key(|home| {
                let file = &group.members[home.index].file;
                let is_declared = declared.contains(&**file);
                (!home.is_common, !is_of(header_path, file), !is_declared, Reverse(home.lent))
            });
            let mut order: Vec<usize> = homes.iter().map(|home| home.index).collect();
            order.extend(
                (0..group.members.len()).filter(|at| !homes.iter().any(|it| it.index == *at)),
            );
            let mut group = group.clone();
            group.members = order.iter().map(|&at| group.members[at].clone()).collect();
            self.carry_shared(room, &group, header, Place::Members(homes.len()))
        };
        match self.carry_declared(room, group, None, with)? {
            Some(carried) => Ok(carried),
            None => refused(
                Reason::NoHeader,
                "no header that all include declares functions of theirs".to_owned(),
            ),
        }
    }

    /// Plans a group with what it shares in the first of some files that takes it, which one
    /// of theirs could have, too, if it `is_spare`; or what stands against the first that
    /// all know. `None` where there is no such file.
    fn plan_in_one_of(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        hosts: &[TreePath],
        is_spare: bool,
    ) -> Result<Option<Carried>, TemplateError> {
        let (mut first, mut unheard) = (None, None);
        for host in hosts {
            match self.carry_hosted(room, group, host, is_spare)? {
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
        Ok(first.or(unheard).map(Carried::Refused))
    }

    /// The files of the members' module whose business it is what the group shares, and of
    /// which all have the headers: those first that would declare it. None behind a header
    /// that is of a member's file.
    fn files_of_headers(&self, room: &mut Room, group: &CloneGroup) -> Vec<TreePath> {
        let is_members = |header: &str| group.members.iter().any(|it| is_of(header, &it.file));
        let mut headers: Vec<TreePath> =
            self.headers(room, group, None).into_iter().map(|it| it.path).collect();
        if headers.first().is_some_and(|first| is_members(first)) {
            return Vec::new();
        }
        let declaring = headers.clone();
        let files = group.members.iter().map(|member| &member.file);
        let own = Self::own_headers(room, &self.common_modules(group), files);
        headers.extend(own.iter().map(|it| it.to_string()));
        let calls = match room.open.get(&group.members[0].file) {
            Some(Ok(file)) => calls_of(&file.context.bytes, &group.members[0]),
            _ => Default::default(),
        };
        let theirs: Vec<&TreePath> =
            calls.iter().filter_map(|name| room.defined.get(name.as_str())).collect();
        // Whatever is done with what the driver's own header declares.
        let has_most = |path: &TreePath| {
            declaring.iter().any(|header| is_of(header, path))
                && theirs.iter().filter(|it| **it == path).count() * 2 > theirs.len()
        };
        self.files_of(&headers, group, has_most)
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

/// A member whose file may have what all share.
struct Home {
    /// Its number in the group.
    index: usize,
    /// Its file is called after what the files of all are.
    is_common: bool,
    /// Its file says that it is for all.
    is_general: bool,
    /// Its file is one chip's, and others have theirs.
    is_of_one_chip: bool,
    /// How many functions of its file others of the group's call already.
    lent: usize,
}

/// How many functions of the file of `home` are called in another one of the group.
fn lent(room: &Room, home: &Member, group: &CloneGroup) -> usize {
    let others = group.members.iter().map(|member| &member.file);
    let others = room.contexts(others.filter(|path| **path != home.file));
    let theirs = room.defined.iter().filter(|(_, path)| **path == home.file);
    theirs.filter(|(name, _)| others.iter().any(|file| file.mentions(name.as_bytes()))).count()
}

/// Whether the file of `home` is called after a chip or a version that another one's is not:
/// `psp_v3_1.c` beside `psp_v10_0.c`, `rtl8723ae/hw.c` beside `rtl8821ae/hw.c`.
fn is_of_one_chip(home: &Member, group: &CloneGroup) -> bool {
    let names: Vec<Vec<String>> = group.members.iter().map(|it| path_words(&it.file)).collect();
    let common = common_words(&names);
    words_of_chips(&path_words(&home.file)).any(|word| !common.contains(word))
}

/// The words of a path.
fn path_words(path: &str) -> Vec<String> {
    words(&path.replace(['/', '-', '.'], "_"))
}

/// The words that name a chip or a version: those with digits.
fn words_of_chips(words: &[String]) -> impl Iterator<Item = &String> {
    words.iter().filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The files whose functions a header of the room declares: who looks for what the header
/// declares looks there.
fn files_declared<'r>(room: &'r Room, group: &CloneGroup, header: &TreePath) -> BTreeSet<&'r str> {
    let Some(Ok(file)) = room.open.get(header) else { return BTreeSet::new() };
    let all = room.contexts(group.members.iter().map(|member| &member.file));
    prototypes(&file.context, &room.defined, &all).into_iter().map(|it| it.path).collect()
}
