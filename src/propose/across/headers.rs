//! Which header declares what some files share, or has it as an inline function. In: a group
//! and what has been read around it. Out: the headers that may, best first.

use super::Room;
use crate::detect::CloneGroup;
use crate::plan::FileContext;
use crate::plan::sharing::prototypes;
use crate::plan::words::{common_words, words};
use crate::propose::Proposer;
use crate::propose::hosts::own_words;
use crate::syntax::TokenKind;
use crate::tree::{Module, TreePath, ancestors, parent};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Headers of a driver that are looked at for a prototype.
const MOST_HEADERS: usize = 64;

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
    ) -> Vec<TreePath> {
        let modules: Vec<&Module> = match host {
            Some(host) => self.drivers.modules_with(host).collect(),
            None => self.common_modules(group),
        };
        let files = group.members.iter().map(|member| &member.file).chain(host);
        let common = Self::common_headers(room, files);
        // Kbuild may list files of other folders: `amdgpu/../display`.
        let files = modules.iter().flat_map(|module| &module.files);
        let folders: BTreeSet<&str> = files.filter_map(|path| parent(path)).collect();
        let is_own = |path: &&Arc<str>| ancestors(path).any(|folder| folders.contains(folder));
        let is_theirs = |path: &str| match host {
            Some(host) => host == path,
            None => group.members.iter().any(|member| member.file == path),
        };
        let names: Vec<Vec<String>> = group.members.iter().map(|it| words(&it.name)).collect();
        let shared = common_words(&names);
        // `foo_psp.h` for what `psp_v1_init()` and `psp_v2_init()` share.
        let is_named = |path: &str| own_words(path, &modules).iter().any(|it| shared.contains(it));
        let mut found_all: Vec<(Reverse<HeaderRank>, TreePath)> = Vec::new();
        let mut own: Vec<&Arc<str>> = common.iter().filter(is_own).collect();
        let members = || group.members.iter().map(|member| &member.file).chain(host);
        own.sort_by_key(|path| !members().any(|member| parent(member) == parent(path)));
        for path in own.into_iter().take(MOST_HEADERS) {
            let path = path.to_string();
            if self.open_in(room, &path).is_err() {
                continue;
            }
            let Some(Ok(file)) = room.open.get(&path) else { continue };
            let found = prototypes(&file.context, &room.defined);
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
        fitting.map(|(_, path)| path).collect()
    }

    /// The headers of the folder of all files, or above it, that all of them include and
    /// that have inline functions already: the nearest first, and of these the one with
    /// most.
    pub(super) fn inline_headers(&self, room: &mut Room, group: &CloneGroup) -> Vec<TreePath> {
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
        found.into_iter().map(|(_, path)| path).collect()
    }
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
