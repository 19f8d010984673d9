//! What the files of one driver may share: a helper in one of them that a header of
//! theirs declares. In: the members side by side, and what is known of their driver.
//! Out: that every name of the common text means the same in all the files, a place for
//! the prototype, and a name that is free for all. It reads no file.

use super::align::{Alignment, Site, lossy};
use super::file::FileContext;
use super::holes::{Holes, Subject};
use super::host::Host;
use super::preamble::Preamble;
use super::refusal::{Reason, Refusal};
use super::{Claimed, unpack, words};
use crate::detect::CloneGroup;
use crate::syntax::decl::{Apart, ApartKind, Definition, DefinitionKind, Meanings, References};
use crate::syntax::{Globals, TokenKind, lexer};
use crate::tree::TreePath;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// C files with their texts.
pub type Neighbours = Vec<(TreePath, Arc<[u8]>)>;

/// The functions of a driver that are not static, with the file that defines each.
pub type Defined = FxHashMap<Box<str>, TreePath>;

/// What the files of a group have in common.
pub struct Sharing<'a> {
    /// For each member, whether its file is built whenever those of the others are.
    pub homes: Vec<bool>,
    /// The header that declares what they share.
    pub header: &'a FileContext,
    /// What the function may be called, best first; `None` where its members' names say it.
    pub called: Option<&'a [String]>,
    /// The files that do not include it yet, each with the line that does.
    pub includes: Vec<(TreePath, Preamble)>,
    /// No header will do as it is.
    pub is_last_resort: bool,
    /// Headers that it includes and that include it: what stands in them may not be
    /// known where it begins.
    pub circular: Vec<TreePath>,
    /// Where the header has the prototype, if that is settled.
    pub declare_at: Option<usize>,
    /// What other proposals claim of the header.
    pub claimed: &'a Claimed,
    /// The functions of the tree that are not static.
    pub globals: &'a Globals,
    /// The C files of the driver, and those beside its header.
    pub neighbours: &'a Neighbours,
    /// The driver's global functions.
    pub defined: &'a Defined,
    /// What their names begin with, most frequent first.
    pub prefixes: &'a [String],
    /// What the names of nearly all functions begin with that are there for all in the file
    /// where what is shared comes to stand, if that says more.
    pub home_prefix: Option<String>,
    /// Names that other proposals introduce.
    pub reserved: &'a FxHashSet<String>,
    /// The file of none of them that has what they share; `None` where one of them has it.
    pub host: Option<Host<'a>>,
    /// Where in the header what they share stands itself, as an inline function.
    pub inline_at: Option<usize>,
}

/// Whether everything but the holes means the same in the files of all members, and in
/// the one that has what they share.
///
/// # Errors
/// The first name that does not: `macro-differs`, `type-differs`, `callee-differs`,
/// `global-differs` or `name-unresolved`.
pub fn agree(subject: &Subject<'_>, holes: &Holes, sharing: &Sharing<'_>) -> Result<(), Refusal> {
    let references = references(subject, holes);
    for other in others(subject.alignment, sharing) {
        let meanings = sharing.meanings(subject.file, other);
        meanings.agree(&references).map_err(|apart| refuse(subject, &apart))?;
    }
    Ok(())
}

/// The files that the first member's is compared with, each once.
fn others<'a>(alignment: &Alignment<'a>, sharing: &Sharing<'a>) -> Vec<&'a FileContext> {
    let mut files: Vec<&FileContext> = Vec::new();
    let members = alignment.members.iter().map(|member| member.file);
    for file in members.chain(sharing.newcomer()) {
        let is_first = alignment.members[0].file.path == file.path;
        if !is_first && !files.iter().any(|known| known.path == file.path) {
            files.push(file);
        }
    }
    files
}

/// Makes sites of names that are constants in all files, but not the same: macros and
/// enumerators that each file has for itself under one name, be their values the same.
pub fn open_constants<'a>(
    alignment: &mut Alignment<'a>,
    group: &CloneGroup,
    sharing: &Sharing<'a>,
) {
    let Some(first) = alignment.members.first() else { return };
    let (home, tokens) = (first.file, first.tokens.clone());
    let others = others(alignment, sharing);
    // Whoever changes the one of his file does not mean to change another file's.
    let is_own = |name: &str| {
        let is_here = |file: &&FileContext| {
            let found = file.unit.lookup(name);
            let is_value = |it: &Definition| matches!(&it.kind, DefinitionKind::Macro(define) if define.params.is_none());
            found.iter().any(|it| *it.file == *file.path && is_value(it))
                && file.unit.constant(name).is_ok()
        };
        let own = others.iter().copied().chain([home]).filter(is_here).count();
        own == others.len() + 1 && own > 1
    };
    let names: BTreeSet<String> = (0..tokens.len())
        .filter(|relative| refers(alignment, *relative))
        .map(|relative| lossy(alignment.text(0, relative)))
        .collect();
    for name in names.iter().filter(|name| is_own(name)) {
        open_constant(alignment, name);
    }
    for other in others {
        let meanings = sharing.meanings(home, other);
        loop {
            let is_site =
                |relative: usize| alignment.sites.iter().any(|site| site.token == relative);
            let references = body_references(alignment, group, &is_site);
            let Err(apart) = meanings.agree(&references) else { break };
            let is_value = matches!(apart.kind, ApartKind::Macro | ApartKind::Constant);
            if !is_value || !open_constant(alignment, &apart.name) {
                break;
            }
        }
    }
}

/// Makes sites of the places of a name; whether there are any.
fn open_constant(alignment: &mut Alignment<'_>, name: &str) -> bool {
    let named = |relative: &usize| {
        !alignment.sites.iter().any(|site| site.token == *relative)
            && refers(alignment, *relative)
            && alignment.text(0, *relative) == name.as_bytes()
    };
    let found: Vec<usize> = (0..alignment.len()).filter(named).collect();
    let values = vec![name.as_bytes().to_vec(); alignment.members.len()];
    let has_any = !found.is_empty();
    let sites = found.into_iter().map(|token| Site { token, values: values.clone() });
    alignment.sites.extend(sites);
    alignment.sites.sort_by_key(|site| site.token);
    has_any
}

/// Whether token `relative` of the first member is a name that is not its own. Tags and
/// members of structs have name spaces of their own: `struct axf *axf` declares no tag.
fn refers(alignment: &Alignment<'_>, relative: usize) -> bool {
    let member = &alignment.members[0];
    let index = member.tokens.start + relative;
    let before = index.checked_sub(1).map_or(&b""[..], |at| member.file.text(at));
    let is_apart = matches!(before, b"." | b"->" | b"struct" | b"union" | b"enum");
    member.file.tokens[index].kind == TokenKind::Ident
        && (is_apart || !member.locals.contains(member.file.text(index)))
}

/// What the tokens of the first member refer to, those apart that are `left_out`.
fn body_references(
    alignment: &Alignment<'_>,
    group: &CloneGroup,
    left_out: &dyn Fn(usize) -> bool,
) -> References {
    let member = &alignment.members[0];
    let own_name = group.members[0].function.name.start;
    let mut references = References::default();
    for relative in 0..alignment.len() {
        let index = member.tokens.start + relative;
        let is_own_name = member.file.tokens[index].start == own_name;
        if refers(alignment, relative) && !left_out(relative) && !is_own_name {
            let before = index.checked_sub(1).map_or(&b""[..], |at| member.file.text(at));
            references.add(&lossy(before), &lossy(member.file.text(index)));
        }
    }
    references
}

/// What the common text refers to.
pub(super) fn references(subject: &Subject<'_>, holes: &Holes) -> References {
    let is_hole = |relative: usize| {
        holes.spans.iter().any(|span| span.tokens.contains(&relative))
            || unpack::declares(&holes.unpacked, relative)
    };
    let mut references = body_references(subject.alignment, subject.group, &is_hole);
    holes.parameters.iter().for_each(|parameter| references.add_text(&parameter.ctype));
    // A call inside a hole is made where the helper is called.
    let words = (0..subject.alignment.len()).map(|relative| {
        if is_hole(relative) { "0".to_owned() } else { lossy(subject.alignment.text(0, relative)) }
    });
    references.add_calls(&words.collect::<Vec<_>>().join(" "));
    references
}

pub(super) fn refuse(subject: &Subject<'_>, apart: &Apart) -> Refusal {
    let reason = match apart.kind {
        ApartKind::Macro | ApartKind::Constant => Reason::MacroDiffers,
        ApartKind::Type => Reason::TypeDiffers,
        ApartKind::Function => Reason::CalleeDiffers,
        ApartKind::Object => Reason::GlobalDiffers,
        ApartKind::Unknown => Reason::NameUnresolved,
        ApartKind::Spelled => Reason::TokenPasted,
    };
    let tokens = subject.alignment.members[0].tokens.clone();
    let first = tokens.start;
    let named = |index: &usize| subject.file.text(*index) == apart.name.as_bytes();
    let at = tokens.into_iter().find(named).unwrap_or(first);
    subject.file.refuse(reason, subject.file.tokens[at].start, apart.to_string())
}

impl<'a> Sharing<'a> {
    /// Whether the members' files may be of several modules.
    pub fn is_across_modules(&self) -> bool {
        let is_apart = self.host.as_ref().is_some_and(Host::is_of_another_module);
        is_apart || self.inline_at.is_some() && !self.homes.iter().any(|home| *home)
    }

    fn meanings<'u>(&self, first: &'u FileContext, second: &'u FileContext) -> Meanings<'u> {
        let meanings = match &self.host {
            Some(host) if host.is_of_another_module() => {
                Meanings::of_modules(&first.unit, &second.unit)
            }
            _ => Meanings::new(&first.unit, &second.unit),
        };
        match self.newcomer().is_some_and(|file| file.path == second.path) {
            true => meanings.moving(),
            false => meanings,
        }
    }

    /// The file that no member is of, where what they share comes to stand.
    fn newcomer(&self) -> Option<&'a FileContext> {
        let host = self.host.as_ref().map(|host| host.file);
        host.or(self.inline_at.map(|_| self.header))
    }

    /// Whether a function that only the files `own` know may be known to all under that
    /// name: it says whose it is, and nobody else uses it.
    pub fn may_be_global(&self, name: &str, own: &[&str]) -> bool {
        let begins = |prefix: &String| {
            name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
        };
        let word = name.as_bytes();
        let elsewhere = |(path, text): &(TreePath, Arc<[u8]>)| {
            !own.contains(&path.as_str()) && lexer::contains_word(text, word)
        };
        self.prefixes.iter().chain(&self.home_prefix).any(begins)
            && !self.globals.contains(name)
            && !self.reserved.contains(name)
            && self.header.is_new_name(name)
            && !self.neighbours.iter().any(elsewhere)
    }

    /// A function of the files around that is none of `members` and ends in the words that
    /// all of them end in: what they share is not what all of that name do.
    pub fn of_the_same_stem(&self, members: &[&str]) -> Option<String> {
        let lists: Vec<Vec<String>> = members.iter().map(|name| words::words(name)).collect();
        let first = lists.first()?;
        let is_shared = |count: &usize| {
            let ending = &first[first.len() - count..];
            lists.iter().all(|list| list.len() > *count && list.ends_with(ending))
        };
        let count = (1..first.len()).take_while(is_shared).last().filter(|count| *count > 1)?;
        let stem = format!("_{}", first[first.len() - count..].join("_"));
        let is_word = |byte: Option<&u8>| byte.is_some_and(|it| lexer::is_ident_byte(*it));
        self.neighbours.iter().find_map(|(_, text)| {
            memchr::memmem::find_iter(text, stem.as_bytes()).find_map(|at| {
                let end = at + stem.len();
                if text.get(end) != Some(&b'(') {
                    return None;
                }
                let before = (0..at).rev().take_while(|&at| is_word(text.get(at))).last()?;
                let name = lossy(&text[before..end]);
                let is_call = before.checked_sub(1).is_some_and(|at| text[at] == b'>');
                (!is_call && !members.contains(&name.as_str())).then_some(name)
            })
        })
    }

    /// A name with the prefix of a file in the place of the driver's: `foo_ring_emit` for
    /// `foo_emit` and for `emit_ring`.
    fn behind(&self, prefix: &str, name: &str) -> String {
        if name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')) {
            return name.to_owned();
        }
        let own: Vec<&str> = prefix.split('_').collect();
        let mut words: Vec<&str> = name.split('_').collect();
        if self.prefixes.iter().any(|prefix| prefix == words[0]) {
            words.remove(0);
        }
        words.retain(|word| !own.contains(word));
        own.into_iter().chain(words).collect::<Vec<_>>().join("_")
    }

    /// The first of `candidates` that may be a global name, with the driver's prefix
    /// where it has none.
    pub fn global_name(&self, candidates: Vec<String>) -> Option<String> {
        let is_own = |name: &String| self.may_be_global(name, &[]);
        let prefix = self.prefixes.first()?;
        candidates.into_iter().find_map(|name| {
            let bare = name.trim_start_matches('_');
            if let Some(home) = &self.home_prefix {
                return Some(self.behind(home, bare)).filter(is_own);
            }
            // One that says whose it is already gains nothing by saying it twice.
            let begins = self.prefixes.iter().any(|prefix| bare.starts_with(prefix.as_str()));
            let longer = (!begins).then(|| format!("{prefix}_{bare}"));
            [Some(bare.to_owned()), longer].into_iter().flatten().find(is_own)
        })
    }
}
