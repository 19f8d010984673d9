//! What the files of one driver may share: a helper in one of them that a header of
//! theirs declares. In: the members side by side, and what is known of their driver.
//! Out: that every name of the common text means the same in all the files, a place for
//! the prototype, and a name that is free for all. It reads no file.

use super::align::{Alignment, Site, lossy};
use super::file::{FileContext, contains_word};
use super::holes::{Holes, Subject};
use super::host::Host;
use super::refusal::{Reason, Refusal};
use super::{Claimed, Declaration, Parameter, words};
use crate::detect::CloneGroup;
use crate::syntax::decl::{
    Apart, ApartKind, Definition, DefinitionKind, Meanings, References, TagKind,
};
use crate::syntax::{Globals, Lexer, TokenKind, lexer};
use crate::tree::TreePath;
use rustc_hash::{FxHashMap, FxHashSet};
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
/// enumerators that each file has for itself under one name.
pub fn open_constants<'a>(
    alignment: &mut Alignment<'a>,
    group: &CloneGroup,
    sharing: &Sharing<'a>,
) {
    let Some(first) = alignment.members.first() else { return };
    let (home, tokens) = (first.file, first.tokens.clone());
    for other in others(alignment, sharing) {
        let meanings = sharing.meanings(home, other);
        loop {
            let is_site =
                |relative: usize| alignment.sites.iter().any(|site| site.token == relative);
            let references = body_references(alignment, group, &is_site);
            let Err(apart) = meanings.agree(&references) else { break };
            let named = |relative: &usize| {
                !is_site(*relative)
                    && refers(alignment, *relative)
                    && alignment.text(0, *relative) == apart.name.as_bytes()
            };
            let found: Vec<usize> = (0..tokens.len()).filter(named).collect();
            let is_value = matches!(apart.kind, ApartKind::Macro | ApartKind::Constant);
            if found.is_empty() || !is_value {
                break;
            }
            let count = alignment.members.len();
            let values = vec![apart.name.as_bytes().to_vec(); count];
            let sites = found.into_iter().map(|token| Site { token, values: values.clone() });
            alignment.sites.extend(sites);
            alignment.sites.sort_by_key(|site| site.token);
        }
    }
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
    let is_hole = |relative: usize| holes.spans.iter().any(|span| span.tokens.contains(&relative));
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
            !own.contains(&path.as_str()) && contains_word(text, word)
        };
        self.prefixes.iter().any(begins)
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

    /// The first of `candidates` that may be a global name, with the driver's prefix
    /// where it has none.
    pub fn global_name(&self, candidates: Vec<String>) -> Option<String> {
        let is_own = |name: &String| self.may_be_global(name, &[]);
        let prefix = self.prefixes.first()?;
        candidates.into_iter().find_map(|name| {
            let bare = name.trim_start_matches('_');
            // One that says whose it is already gains nothing by saying it twice.
            let begins = self.prefixes.iter().any(|prefix| bare.starts_with(prefix.as_str()));
            let longer = (!begins).then(|| format!("{prefix}_{bare}"));
            [Some(bare.to_owned()), longer].into_iter().flatten().find(is_own)
        })
    }

    /// A place in the header for the prototype of a function with the signature of
    /// `member` and more `parameters`: behind the prototypes of its file, or else of its driver.
    ///
    /// # Errors
    /// `no-header` where there is none, or where a type of the signature is not known.
    pub fn declare(
        &self,
        subject: &Subject<'_>,
        member: usize,
        parameters: &[Parameter],
    ) -> Result<Declaration, Refusal> {
        let file = subject.file_of(member);
        let start = subject.group.members[member].function.start;
        let refuse = |detail: String| file.refuse(Reason::NoHeader, start, detail);
        let end = match self.declare_at {
            Some(end) => end,
            None => self.behind_prototypes(&file.path).ok_or_else(|| {
                refuse(format!("{} declares no function of theirs", self.header.path))
            })?,
        };
        match self.unknown_type(subject, (member, parameters), end) {
            None => Ok(Declaration { header: self.header.path.clone(), insert_at: end }),
            Some(unknown) => Err(refuse(format!("{} does not know `{unknown}`", self.header.path))),
        }
    }

    /// The place behind the prototypes in the header of the file that has what is shared,
    /// `home` where it is none of its own, or else of its driver.
    fn behind_prototypes(&self, home: &TreePath) -> Option<usize> {
        let mut places = prototypes(self.header, self.defined);
        // Those of the same file first, then the last of the others.
        let home = self.host.as_ref().map_or(home, |host| &host.file.path);
        places.sort_by_key(|place| (place.path != home, std::cmp::Reverse(place.end)));
        let free = |end: &usize| !self.claimed.touches(&(*end..*end));
        places.into_iter().map(|place| place.end).find(free)
    }

    /// A name of the member's signature, or of the type of a parameter, that means nothing
    /// before `end` of the header.
    fn unknown_type(
        &self,
        subject: &Subject<'_>,
        (member, parameters): (usize, &[Parameter]),
        end: usize,
    ) -> Option<String> {
        let (file, aligned) = (subject.file_of(member), &subject.alignment.members[member]);
        let function = &subject.group.members[member].function;
        let signature = file.token_at(function.start)..file.token_at(function.body);
        let own = signature.filter(|&index| {
            !aligned.locals.contains(file.text(index))
                && file.tokens[index].start != function.name.start
        });
        let mut words: Vec<[String; 2]> = own
            .map(|index| [index.saturating_sub(1), index].map(|at| lossy(file.text(at))))
            .collect();
        for parameter in parameters {
            let text = parameter.ctype.as_bytes();
            let tokens = Lexer::new(text).map(|token| lossy(token.text(text)));
            let mut before = String::new();
            for word in tokens {
                words.push([before, word.clone()]);
                before = word;
            }
        }
        let asks = |[_, word]: &&[String; 2]| {
            word.bytes().next().is_some_and(|b| lexer::is_ident_byte(b) && !b.is_ascii_digit())
                && !lexer::is_keyword(word.as_bytes())
                && !matches!(word.as_str(), "bool" | "size_t" | "ssize_t" | "__maybe_unused")
        };
        let unknown =
            words.iter().filter(asks).find(|[before, it]| !self.is_known(before, it, end));
        unknown.map(|[_, word]| word.clone())
    }

    /// Whether the header knows a type before `end`.
    fn is_known(&self, before: &str, name: &str, end: usize) -> bool {
        // What the header itself says behind the place is not known there yet.
        let is_before = |d: &Definition| match *d.file == *self.header.path {
            true => (d.offset as usize) < end,
            false => !self.circular.iter().any(|path| **path == *d.file),
        };
        // Whoever is named there already is known, or the compiler would warn of it.
        let text = self.header.bytes.get(..end).unwrap_or_default();
        if contains_word(text, name.as_bytes()) {
            return true;
        }
        let tag = match before {
            "struct" => TagKind::Struct,
            "union" => TagKind::Union,
            "enum" => TagKind::Enum,
            _ => {
                let is_type = |d: &Definition| {
                    matches!(d.kind, DefinitionKind::Typedef { .. } | DefinitionKind::Macro(_))
                        && is_before(d)
                };
                return self.header.unit.lookup(name).iter().any(is_type);
            }
        };
        self.header.unit.lookup_tag(tag, name).iter().any(is_before)
    }
}

/// A prototype that a header has of a function of the driver.
pub struct Prototype<'a> {
    /// The function.
    pub name: String,
    /// Where the function is defined.
    pub path: &'a str,
    /// Where the line behind the prototype begins.
    end: usize,
}

/// The prototypes in `header` of functions that the files define, outside of any `#if`
/// but the guard.
pub fn prototypes<'a>(header: &FileContext, defined: &'a Defined) -> Vec<Prototype<'a>> {
    let mut found = Vec::new();
    let mut from = 0;
    for at in 0..header.tokens.len() {
        if !matches!(header.text(at), b";" | b"}") && header.tokens[at].kind != TokenKind::Directive
        {
            continue;
        }
        let item = from..at;
        from = at + 1;
        if header.text(at) != b";" {
            continue;
        }
        let Some(name) = declared_function(header, item) else { continue };
        let end = header.line_end(header.tokens[at].end.saturating_sub(1) as usize);
        let guarded = header.conditions_at(header.tokens[at].end).as_slice();
        let plain = match guarded {
            [] => true,
            [(condition, 0)] => is_guard(condition, header),
            _ => false,
        };
        let alone = header.is_blank(header.tokens[at].end as usize..end);
        let name = lossy(header.text(name));
        let path = defined.get(name.as_str());
        if let Some(path) = path.filter(|_| plain && alone) {
            found.push(Prototype { name, path, end });
        }
    }
    found
}

/// The name that a prototype of these tokens declares.
fn declared_function(header: &FileContext, item: std::ops::Range<usize>) -> Option<usize> {
    let open = item.clone().find(|&at| header.text(at) == b"(")?;
    let first = header.text(item.start);
    let is_plain = !matches!(first, b"typedef" | b"static" | b"#")
        && !item.clone().any(|at| matches!(header.text(at), b"{" | b"="));
    let name = open.checked_sub(1).filter(|&at| at > item.start)?;
    (is_plain && header.tokens[name].kind == TokenKind::Ident).then_some(name)
}

/// Whether the condition is that of an include guard, which is defined at once.
pub fn is_guard(condition: &str, header: &FileContext) -> bool {
    let Some(name) = condition.strip_prefix("ifndef ") else { return false };
    let mut directives = header.tokens.iter().filter(|it| it.kind == TokenKind::Directive);
    let mut names = |directive: &[u8]| {
        let text = directives.next().map_or(&b""[..], |token| token.text(&header.bytes));
        let word = text.trim_ascii_start().strip_prefix(b"#").map(<[u8]>::trim_ascii_start);
        word.is_some_and(|it| it.starts_with(directive)) && contains_word(text, name.as_bytes())
    };
    names(b"ifndef") && names(b"define")
}
