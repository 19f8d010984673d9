//! Files of no member where a function for all of them may stand: those of modules on which
//! several drivers depend already, and the common ones of the members' own module. In:
//! groups of several files. Out: such files, those first that are nearest and whose
//! business the common text is.

use super::Proposer;
use crate::detect::{CloneGroup, Member};
use crate::plan::RemedyKind;
use crate::plan::words::{common_words, words};
use crate::syntax::{Lexer, TokenKind};
use crate::tree::{Module, TreePath, parent, stem};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;

/// Files that are tried for one group.
const MOST: usize = 4;

/// What a file is called that has whatever its driver needs in many places. Any other one
/// has a business of its own.
const GENERAL: [&str; 13] = [
    "base",
    "cmn",
    "common",
    "core",
    "generic",
    "helper",
    "helpers",
    "interface",
    "lib",
    "main",
    "misc",
    "util",
    "utils",
];

/// The files that a C file calls something of.
type Callees = BTreeSet<TreePath>;

impl Proposer<'_> {
    /// The hosts of the groups of `indices`, by the number of the group.
    pub(super) fn hosts(
        &self,
        groups: &[CloneGroup],
        indices: &[usize],
    ) -> FxHashMap<usize, Vec<TreePath>> {
        let is_wanted = |index: &&usize| {
            let group = &groups[**index];
            let fits = self.rules.iter().any(|rule| {
                rule.remedy == RemedyKind::Helper
                    && rule.kinds.contains(&group.kind)
                    && rule.limits.members(true) <= group.members.len()
            });
            fits && self.common_modules(group).is_empty()
        };
        let wanted: Vec<usize> = indices.iter().filter(is_wanted).copied().collect();
        let files = wanted.iter().flat_map(|&index| &groups[index].members);
        let files: BTreeSet<&TreePath> = files.map(|member| &member.file).collect();
        let callees = self.callees(files);
        let mut hosts: FxHashMap<usize, Vec<TreePath>> = wanted
            .into_iter()
            .map(|index| (index, called_by_all(&groups[index], &callees)))
            .filter(|(_, hosts)| !hosts.is_empty())
            .collect();
        let files: BTreeSet<&TreePath> = hosts.values().flatten().collect();
        let called_in: FxHashMap<TreePath, FxHashSet<String>> = files
            .into_par_iter()
            .map(|path| (path.clone(), called(&self.tree.read(path).unwrap_or_default())))
            .collect();
        hosts
            .par_iter_mut()
            .for_each(|(index, hosts)| self.rank(&groups[*index], hosts, &called_in));
        hosts.retain(|_, hosts| !hosts.is_empty());
        hosts
    }

    /// What each of `files` calls of other modules that headers of theirs declare.
    fn callees(&self, files: BTreeSet<&TreePath>) -> FxHashMap<TreePath, Callees> {
        let globals = self.globals();
        let called: Vec<(&TreePath, Vec<(String, &TreePath)>)> = files
            .into_par_iter()
            .map(|path| {
                let text = self.tree.read(path).unwrap_or_default();
                let exported = needed(&text).into_iter().filter_map(|name| {
                    let host = globals.exporter(&name)?;
                    let above = parent(host)?;
                    let below = parent(path)?.strip_prefix(above)?;
                    let is_near = below.is_empty() || below.starts_with('/');
                    let module = self.drivers.always_in(host).filter(|_| is_near)?;
                    (!module.files.contains(path)).then_some((name, host))
                });
                (path, exported.collect())
            })
            .collect();
        let hosts = called.iter().flat_map(|(_, called)| called);
        let folders: BTreeSet<&str> = hosts.filter_map(|(_, host)| parent(host)).collect();
        let declared: FxHashMap<&str, FxHashSet<String>> =
            folders.into_par_iter().map(|folder| (folder, self.declared_in(folder))).collect();
        let of_file = called.into_iter().map(|(path, called)| {
            let mut callees = Callees::new();
            for (name, host) in called {
                let declared = parent(host).and_then(|folder| declared.get(folder));
                if declared.is_some_and(|names| names.contains(&name)) {
                    callees.insert(host.clone());
                    callees.extend(self.general_beside(host));
                }
            }
            (path.clone(), callees)
        });
        of_file.collect()
    }

    /// The files of the members' module that may have what these share and are built
    /// whenever they are: the one that is called after what all of theirs are called after;
    /// then, if `any`, those that are for all. Those of the nearest folder come first.
    pub(super) fn common_files(&self, group: &CloneGroup, any: bool) -> Vec<TreePath> {
        let common = self.common_name(group);
        let is_theirs = |path: &TreePath| group.members.iter().any(|it| it.file == *path);
        let rank = |path: &TreePath| {
            let is_named = common.fits(path);
            (is_named || any && self.is_general(path)).then(|| {
                let folder = parent(path).unwrap_or_default();
                let near = |member: &Member| member.file.starts_with(&format!("{folder}/"));
                (!is_named, !group.members.iter().all(near), Reverse(folder.len()))
            })
        };
        let files: BTreeSet<&TreePath> =
            common.modules.iter().flat_map(|module| &module.files).collect();
        let mut found: Vec<_> = files
            .into_iter()
            .filter(|path| !is_theirs(path) && path.ends_with(".c"))
            .filter_map(|path| Some((rank(path)?, path)))
            .filter(|(_, path)| self.is_sure(path, group))
            .collect();
        found.sort();
        found.into_iter().map(|(_, path)| path.clone()).take(MOST).collect()
    }

    /// The files of the members' module that `headers` are of: of those whose business it is
    /// what the group shares, or of which `fits` says so, and are none of theirs and are built
    /// whenever theirs are. Those come first whose names say most of it.
    pub(super) fn files_of(
        &self,
        headers: &[TreePath],
        group: &CloneGroup,
        fits: impl Fn(&TreePath) -> bool,
    ) -> Vec<TreePath> {
        let is_theirs = |path: &TreePath| group.members.iter().any(|it| it.file == *path);
        let modules = self.common_modules(group);
        let files = modules.iter().flat_map(|module| &module.files);
        let sources = files.filter(|path| path.ends_with(".c"));
        let by_name: FxHashMap<String, &TreePath> =
            sources.map(|path| (plain_stem(path), path)).collect();
        let business = Business::new(group, &modules);
        let mut found: Vec<(Reverse<usize>, TreePath)> = Vec::new();
        for header in headers {
            let Some(path) = by_name.get(&plain_stem(header)) else { continue };
            if is_theirs(path) || found.iter().any(|(_, it)| it == *path) {
                continue;
            }
            let rank = business.rank(path).or_else(|| fits(path).then_some(0));
            if let Some(rank) = rank.filter(|_| self.is_sure(path, group)) {
                found.push((Reverse(rank), (*path).clone()));
            }
        }
        found.sort_by_key(|it| it.0);
        found.into_iter().map(|(_, path)| path).take(MOST).collect()
    }

    /// Whether a header is of a file of the members' module.
    pub(super) fn has_file_of(&self, header: &str, group: &CloneGroup) -> bool {
        let modules = self.common_modules(group);
        let mut files = modules.iter().flat_map(|module| &module.files);
        files.any(|path| path.ends_with(".c") && is_of(header, path))
    }

    /// Whether a file is built whenever those of the members are.
    fn is_sure(&self, path: &TreePath, group: &CloneGroup) -> bool {
        group.members.iter().all(|member| self.drivers.builds_with(path, &member.file))
    }

    /// What all files of the members are called after.
    pub(super) fn common_name(&self, group: &CloneGroup) -> CommonName<'_> {
        let modules = self.common_modules(group);
        let own = |member: &Member| business_in(&member.file, &modules);
        let names: Vec<Vec<String>> = group.members.iter().map(own).collect();
        CommonName { words: common_words(&names), modules }
    }

    /// What the headers of a folder say the name of before a parenthesis. A folder that
    /// cannot be read declares nothing.
    fn declared_in(&self, folder: &str) -> FxHashSet<String> {
        let entries = fs::read_dir(self.tree.root.join(folder)).into_iter().flatten().flatten();
        let headers = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.ends_with(".h").then(|| format!("{folder}/{name}"))
        });
        headers.flat_map(|path| called(&self.tree.read(&path).unwrap_or_default())).collect()
    }

    /// The general files of a host's module in its folder: who cannot do without the host
    /// cannot do without them.
    fn general_beside<'s>(&'s self, host: &'s TreePath) -> impl Iterator<Item = TreePath> + 's {
        let module = self.drivers.always_in(host);
        let files = module.into_iter().flat_map(|module| &module.files);
        let beside = files.filter(move |path| parent(path) == parent(host));
        let is_host = |path: &&TreePath| {
            self.is_general(path)
                && self.globals().exported_by(path) > 0
                && self.drivers.always_in(path).is_some()
        };
        beside.filter(is_host).cloned()
    }

    /// What a file's name says that its module's does not.
    fn business(&self, path: &TreePath) -> Vec<String> {
        own_words(path, self.drivers.always_in(path).as_slice())
    }

    /// Whether a file is called what its module is, or says that it is for all.
    pub(super) fn is_general(&self, path: &TreePath) -> bool {
        let own = self.business(path);
        own.is_empty() || own.iter().any(|word| GENERAL.contains(&word.as_str()))
    }

    /// Leaves of the files that may have what a group shares those whose business it is:
    /// general ones, those that have in their names what all members have in theirs, and
    /// those that the common text calls.
    ///
    /// A file of the same folder comes before one above it, then whichever has to do with
    /// most of what is called, then whichever exports most. Of one rank they stay in the
    /// order of their names.
    fn rank(
        &self,
        group: &CloneGroup,
        hosts: &mut Vec<TreePath>,
        called_in: &FxHashMap<TreePath, FxHashSet<String>>,
    ) {
        let Some(member) = group.members.first() else { return };
        let text = self.tree.read(&member.file).unwrap_or_default();
        let body = calls_of(&text, member);
        let names: Vec<Vec<String>> = group.members.iter().map(|it| words(&it.name)).collect();
        let shared = common_words(&names);
        hosts.retain(|host| {
            let is_called = || body.iter().any(|name| self.globals().exporter(name) == Some(host));
            let is_named = || self.business(host).iter().any(|word| shared.contains(word));
            self.is_general(host) || is_named() || is_called()
        });
        hosts.sort_by_cached_key(|host| {
            let business = called_in.get(host).map_or(0, |own| own.intersection(&body).count());
            let near = parent(host).map_or(0, str::len);
            Reverse((near, business, self.globals().exported_by(host)))
        });
        hosts.truncate(MOST);
    }
}

/// The files that all members' files call something of, sorted.
fn called_by_all(group: &CloneGroup, callees: &FxHashMap<TreePath, Callees>) -> Vec<TreePath> {
    let mut all: Option<Callees> = None;
    for file in group.members.iter().map(|member| &member.file) {
        let Some(own) = callees.get(file) else { return Vec::new() };
        all = Some(match all {
            None => own.clone(),
            Some(known) => known.intersection(own).cloned().collect(),
        });
    }
    all.unwrap_or_default().into_iter().collect()
}

/// What all files of some members are called after.
pub(super) struct CommonName<'m> {
    words: Vec<String>,
    modules: Vec<&'m Module>,
}

impl CommonName<'_> {
    /// Whether a file is called after that, and after nothing else: `foo_psp.c` for
    /// `psp_v1.c` and `psp_v2.c`.
    pub fn fits(&self, path: &str) -> bool {
        let own = business_in(path, &self.modules);
        !own.is_empty() && own.iter().all(|word| self.words.contains(word))
    }
}

/// Whether a header is called what a C file is: `foo-psp.h` for `foo-psp.c`.
pub(super) fn is_of(header: &str, file: &str) -> bool {
    plain_stem(header) == plain_stem(file)
}

/// What a file is called, with one sort of dashes.
fn plain_stem(path: &str) -> String {
    stem(path).replace('-', "_")
}

/// What the names of members and of their files say of what these share.
struct Business<'m> {
    words: Vec<String>,
    files: Vec<Vec<String>>,
    folders: BTreeSet<&'m str>,
    modules: &'m [&'m Module],
}

impl<'m> Business<'m> {
    fn new(group: &'m CloneGroup, modules: &'m [&'m Module]) -> Business<'m> {
        let names: Vec<Vec<String>> = group.members.iter().map(|it| words(&it.name)).collect();
        let own = |member: &Member| own_words(&member.file, modules);
        let files: Vec<Vec<String>> = group.members.iter().map(own).collect();
        let mut words = common_words(&names);
        words.extend(common_words(&files));
        words.retain(|word| !is_number(word));
        let folders = group.members.iter().filter_map(|it| parent(&it.file)).collect();
        Business { words, files, folders, modules }
    }

    /// How many words of a file's name say that it is its business: all do, or say that it is
    /// for all; or it lies beside the members' and begins or ends as they do.
    fn rank(&self, path: &TreePath) -> Option<usize> {
        let is_beside = parent(path).is_some_and(|it| self.folders.iter().all(|own| *own == it));
        let own = business_in(path, self.modules);
        let is_common = |word: &String| self.words.contains(word);
        let says_it = |word: &String| is_common(word) || GENERAL.contains(&word.as_str());
        if own.iter().all(says_it) && (is_beside || !own.is_empty()) {
            return Some(own.iter().filter(|word| is_common(word)).count() + 1);
        }
        let own = own_words(path, self.modules);
        let is_alike = |end: fn(&[String]) -> Option<&String>| {
            let word = end(&own).filter(|word| !is_number(word));
            word.is_some() && self.files.iter().all(|theirs| end(theirs) == word)
        };
        let (first, last) = (is_alike(<[String]>::first), is_alike(<[String]>::last));
        (is_beside && (first || last)).then_some(1)
    }
}

/// Whether a word of a name has digits only.
fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The words of a file's name that neither its modules nor its folders say.
fn business_in(path: &str, modules: &[&Module]) -> Vec<String> {
    let folder = parent(path).unwrap_or_default();
    let mut own = own_words(path, modules);
    own.retain(|word| !folder.split('/').any(|part| part == word));
    own
}

/// The words of a file's name that are not of the name of one of `modules`.
pub(super) fn own_words(path: &str, modules: &[&Module]) -> Vec<String> {
    let stem = plain_stem(path);
    let of_modules: Vec<String> =
        modules.iter().flat_map(|module| words(&module.name.replace('-', "_"))).collect();
    words(&stem).into_iter().filter(|word| !of_modules.contains(word)).collect()
}

/// The names that a text calls, or hands on as a table of operations does: `.probe = name,`.
/// A name that is no function's is nobody's export.
fn needed(text: &[u8]) -> FxHashSet<String> {
    let mut names = called(text);
    let tokens: Vec<_> = Lexer::new(text).collect();
    for triple in tokens.windows(3) {
        let [before, name, behind] = triple else { continue };
        let is_value = matches!(before.text(text), b"=" | b"," | b"(")
            && matches!(behind.text(text), b"," | b"}" | b")" | b";");
        if is_value && name.kind == TokenKind::Ident {
            names.insert(String::from_utf8_lossy(name.text(text)).into_owned());
        }
    }
    names
}

/// What the body of a member calls, in the text of its file.
pub(super) fn calls_of(text: &[u8], member: &Member) -> FxHashSet<String> {
    let body = member.function.body as usize..member.function.end as usize;
    called(text.get(body).unwrap_or_default())
}

/// The names that stand before a parenthesis in a text, each once.
fn called(text: &[u8]) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    let mut before: Option<&[u8]> = None;
    for token in Lexer::new(text) {
        if let Some(name) = before.filter(|_| token.text(text) == b"(") {
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
        before = (token.kind == TokenKind::Ident).then(|| token.text(text));
    }
    names
}
