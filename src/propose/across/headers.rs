//! Which header declares what some files share, or has it as an inline function. In: a group
//! and what has been read around it. Out: the headers that may, best first.

use super::Room;
use crate::detect::CloneGroup;
use crate::plan::declare::prototypes;
use crate::plan::words::{common_words, words};
use crate::plan::{FileContext, Preamble};
use crate::propose::Proposer;
use crate::propose::hosts::own_words;
use crate::syntax::TokenKind;
use crate::syntax::decl::{changed_by, unknown_in};
use crate::syntax::split::directive_word;
use crate::tree::{Module, TreePath, ancestors, file_name, parent};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Headers of a driver that are looked at for a prototype.
const MOST_HEADERS: usize = 64;

/// A header that may declare what some files share, or have it.
#[derive(Clone)]
pub(super) struct Declaring {
    /// Where it is.
    pub path: TreePath,
    /// The files that do not include it yet, each with the line that does.
    pub includes: Vec<(TreePath, Preamble)>,
    /// None will do as it is.
    pub is_last_resort: bool,
}

impl Declaring {
    fn known(path: TreePath) -> Declaring {
        Declaring { path, includes: Vec::new(), is_last_resort: false }
    }
}

/// How much a header has to do with some files: how many of their functions it declares,
/// whether its name is of their names, how many functions of the driver it declares.
type HeaderRank = (usize, bool, usize);

impl Proposer<'_> {
    /// The headers that all of some files include; none where one cannot be read.
    fn common_headers<'p>(
        room: &Room,
        files: impl Iterator<Item = &'p TreePath>,
    ) -> BTreeSet<Arc<str>> {
        let mut common: Option<BTreeSet<Arc<str>>> = None;
        for path in files {
            let Some(Ok(file)) = room.open.get(path) else { return BTreeSet::new() };
            let headers: BTreeSet<Arc<str>> = file.context.unit.headers().into_iter().collect();
            common = Some(match common {
                None => headers,
                Some(known) => known.intersection(&headers).cloned().collect(),
            });
        }
        common.unwrap_or_default()
    }

    /// The headers of the folders of some modules that all of some files include.
    pub(super) fn own_headers<'p>(
        room: &Room,
        modules: &[&Module],
        files: impl Iterator<Item = &'p TreePath>,
    ) -> Vec<Arc<str>> {
        let common = Self::common_headers(room, files);
        // Kbuild may list files of other folders: `amdgpu/../display`.
        let files = modules.iter().flat_map(|module| &module.files);
        let folders: BTreeSet<&str> = files.filter_map(|path| parent(path)).collect();
        let is_own = |path: &Arc<str>| ancestors(path).any(|folder| folders.contains(folder));
        common.into_iter().filter(is_own).collect()
    }

    /// The headers beside `header` that it includes and that include it.
    pub(super) fn circular(&self, room: &mut Room, header: &TreePath) -> Vec<TreePath> {
        let Some(Ok(file)) = room.open.get(header) else { return Vec::new() };
        let folder = parent(header);
        let beside = |path: &TreePath| parent(path) == folder && path != header;
        let included = file.context.unit.headers().into_iter().map(|path| path.to_string());
        let included: Vec<TreePath> = included.filter(beside).collect();
        let includes_it = |path: &TreePath| {
            let headers = self.open_in(room, path).as_ref().map(|file| file.context.unit.headers());
            headers.is_ok_and(|headers| headers.iter().any(|it| **it == **header))
        };
        included
            .into_iter()
            .filter({
                let mut includes_it = includes_it;
                move |path| includes_it(path)
            })
            .collect()
    }

    /// The headers of the driver, or of the host's, that all files of the group include, that
    /// first which declares most of what they define, or the host.
    pub(super) fn headers(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        host: Option<&TreePath>,
    ) -> Vec<Declaring> {
        let modules: Vec<&Module> = match host {
            Some(host) => self.drivers.modules_with(host).collect(),
            None => self.common_modules(group),
        };
        let files = group.members.iter().map(|member| &member.file).chain(host);
        let mut own = Self::own_headers(room, &modules, files);
        let is_theirs = |path: &str| match host {
            Some(host) => host == path,
            None => group.members.iter().any(|member| member.file == path),
        };
        let names: Vec<Vec<String>> = group.members.iter().map(|it| words(&it.name)).collect();
        let shared = common_words(&names);
        // `foo_psp.h` for what `psp_v1_init()` and `psp_v2_init()` share.
        let is_named = |path: &str| own_words(path, &modules).iter().any(|it| shared.contains(it));
        let mut found_all: Vec<(Reverse<HeaderRank>, TreePath)> = Vec::new();
        let members = || group.members.iter().map(|member| &member.file).chain(host);
        own.sort_by_key(|path| !members().any(|member| parent(member) == parent(path)));
        for path in own.into_iter().take(MOST_HEADERS) {
            let path = path.to_string();
            if self.open_in(room, &path).is_err() {
                continue;
            }
            let Some(Ok(file)) = room.open.get(&path) else { continue };
            let found = prototypes(&file.context, &room.defined, &room.contexts(members()));
            let theirs = found.iter().filter(|it| is_theirs(it.path));
            let rank = (theirs.count(), is_named(&path), found.len());
            // What the host exports its own header must declare: one that has most of it.
            let is_hosts =
                |host: &TreePath| rank.0 > 0 && rank.0 * 2 >= self.globals().exported_by(host);
            if rank.2 > 0 && host.is_none_or(is_hosts) {
                found_all.push((Reverse(rank), path));
            }
        }
        found_all.sort();
        // One may be for all, that which declares most; any other must have to do with the
        // members.
        let most = found_all.iter().map(|it| it.0.0.2).max();
        let fits = |rank: HeaderRank| rank.0 > 0 || rank.1 || Some(rank.2) == most;
        let fitting = found_all.into_iter().filter(|it| fits(it.0.0));
        fitting.map(|(_, path)| Declaring::known(path)).collect()
    }

    /// The headers that declare functions of `host`, and that all other files of its folder
    /// may include, though some do not yet: those first for which the fewest lines are needed.
    pub(super) fn headers_to_include(
        &self,
        room: &mut Room,
        group: &CloneGroup,
        host_path: &TreePath,
    ) -> Vec<Declaring> {
        let users: BTreeSet<&TreePath> = group.members.iter().map(|it| &it.file).collect();
        let folder = parent(host_path);
        if users.iter().any(|path| parent(path) != folder) {
            return Vec::new();
        }
        let headers_of = |room: &Room, path: &TreePath| match room.open.get(path) {
            Some(Ok(file)) => file.context.unit.headers(),
            _ => Vec::new(),
        };
        let of_host = headers_of(room, host_path).into_iter();
        let around: Vec<TreePath> = of_host
            .filter(|path| parent(path) == folder)
            .take(MOST_HEADERS)
            .map(|path| path.to_string())
            .collect();
        let mut found: Vec<(usize, Reverse<usize>, Declaring)> = Vec::new();
        for path in around {
            if self.open_in(room, &path).is_err() {
                continue;
            }
            let file = |path: &TreePath| room.open.get(path).and_then(|file| file.as_ref().ok());
            let Some((header, host)) = file(&path).zip(file(host_path)) else { continue };
            let all = room.contexts(users.iter().copied().chain([host_path]));
            let prototypes = prototypes(&header.context, &room.defined, &all);
            let of_host = prototypes.iter().filter(|it| *it.path == *host.context.path).count();
            if of_host == 0 {
                continue;
            }
            let lacks_it = |user: &&&TreePath| {
                !headers_of(room, user).iter().any(|included| **included == *path)
            };
            let lines = users.iter().filter(lacks_it).map(|user| {
                let line = may_include(&file(user)?.context, &header.context, &host.context)?;
                Some(((*user).clone(), line))
            });
            let lines = lines.collect::<Option<Vec<_>>>();
            if let Some(includes) = lines.filter(|lines| !lines.is_empty()) {
                let declaring = Declaring { path, includes, is_last_resort: true };
                found.push((declaring.includes.len(), Reverse(of_host), declaring));
            }
        }
        found.sort_by(|a, b| (a.0, a.1, &a.2.path).cmp(&(b.0, b.1, &b.2.path)));
        found.into_iter().map(|(.., declaring)| declaring).collect()
    }

    /// The headers of the folder of all files, or above it, that all of them include and
    /// that have inline functions already: the nearest first, and of these the one with
    /// most.
    pub(super) fn inline_headers(&self, room: &mut Room, group: &CloneGroup) -> Vec<Declaring> {
        let files = group.members.iter().map(|member| &member.file);
        let common = Self::common_headers(room, files);
        let is_above = |header: &&Arc<str>| {
            let Some(folder) = parent(header) else { return false };
            folder.contains('/')
                && (folder.starts_with("drivers/") || folder.starts_with("sound/"))
                && group.members.iter().all(|member| {
                    let rest = member.file.strip_prefix(folder);
                    rest.is_some_and(|rest| rest.starts_with('/'))
                })
        };
        let mut found: Vec<(Reverse<(usize, usize)>, TreePath)> = Vec::new();
        for header in common.iter().filter(is_above).take(MOST_HEADERS) {
            let path = header.to_string();
            let Ok(file) = self.open_in(room, &path) else { continue };
            let rank = (parent(header).map_or(0, str::len), inline_functions(&file.context));
            if rank.1 > 0 {
                found.push((Reverse(rank), path));
            }
        }
        found.sort();
        found.into_iter().map(|(_, path)| Declaring::known(path)).collect()
    }
}

/// The line with which a file includes a header of its folder, behind all that it includes,
/// if that changes nothing that it says, and if it knows what the header asks for, as
/// `user` does, which includes it.
fn may_include(file: &FileContext, header: &FileContext, user: &FileContext) -> Option<Preamble> {
    let line = Preamble::include(file, format!("\"{}\"", file_name(&header.path)))?;
    let is_last = file.tokens.iter().all(|token| {
        token.kind != TokenKind::Directive
            || (token.start as usize) < line.at
            || directive_word(token.text(&file.bytes)).0 != b"include"
    });
    let is_known = || unknown_in(&file.unit, &header.unit, &header.bytes, &user.unit).is_none();
    let is_same = || changed_by(&file.unit, &file.bytes, &header.unit).is_none();
    (is_last && is_known() && is_same()).then_some(line)
}

/// How many inline functions a header has.
fn inline_functions(header: &FileContext) -> usize {
    let is_inline = |function: &&crate::syntax::Function| {
        let words = header.token_at(function.start)..header.token_at(function.name.start);
        words.into_iter().any(|at| header.text(at) == b"inline")
    };
    header.functions.iter().filter(is_inline).count()
}

/// The line of the `#endif` that ends an include guard around the whole header.
pub(super) fn before_guard(header: &FileContext) -> Option<usize> {
    let last = header.tokens.last().filter(|it| it.kind == TokenKind::Directive)?;
    let first = header.tokens.first().filter(|it| it.kind == TokenKind::Directive)?;
    let word = |token: &crate::syntax::Token| {
        crate::syntax::split::directive_word(token.text(&header.bytes)).0.to_vec()
    };
    let at = header.line_start(last.start as usize);
    let opens = word(first) == b"ifndef" && word(last) == b"endif";
    (opens && header.conditions_at(last.start).len() == 1).then_some(at)
}
