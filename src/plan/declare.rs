//! Where a header declares what several files share. In: the header, what is known of the
//! driver's files, and the signature. Out: the place behind the prototypes of their
//! functions, and what the header lacks for it: structures that it does not announce,
//! standard types that it does not include. It reads no file.

use super::Declaration;
use super::align::lossy;
use super::file::{Conditions, FileContext};
use super::holes::{Holes, Subject};
use super::preamble::Preamble;
use super::refusal::{Reason, Refusal};
use super::sharing::{Defined, Sharing};
use super::unpack;
use super::words::{common_words, words};
use crate::syntax::decl::{Definition, DefinitionKind, TagKind};
use crate::syntax::{Lexer, TokenKind, lexer};
use crate::tree::stem;
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// The file of the kernel's standard types.
const TYPES_FILE: &str = "include/linux/types.h";

/// Places in a header that are looked at for a prototype.
const MOST_PLACES: usize = 16;

/// A word of a signature, with what stands before and behind it.
struct Word {
    before: String,
    text: String,
    after: String,
}

impl Sharing<'_> {
    /// A place in the header for the prototype of a function with the signature of
    /// `member` and more parameters for `holes`: behind the prototypes of its file, or else of
    /// its driver.
    ///
    /// # Errors
    /// `no-header` where there is none, or where a type of the signature is not known.
    pub fn declare(
        &self,
        subject: &Subject<'_>,
        member: usize,
        holes: &Holes,
    ) -> Result<Declaration, Refusal> {
        let file = subject.file_of(member);
        let start = subject.group.members[member].function.start;
        let refuse = |detail: String| file.refuse(Reason::NoHeader, start, detail);
        let places = match self.declare_at {
            Some(end) => vec![(end, false)],
            None => self.behind_prototypes(subject, file),
        };
        // The first at which all is known, or else the first.
        let mut found = None;
        for (end, is_apart) in places.into_iter().take(MOST_PLACES) {
            let lacks = self.unknown(subject, (member, holes), end);
            let is_known = lacks.is_empty();
            if is_known || found.is_none() {
                found = Some((end, is_apart, lacks));
            }
            if is_known {
                break;
            }
        }
        let Some((end, is_apart, lacks)) = found else {
            return Err(refuse(format!("{} declares no function of theirs", self.header.path)));
        };
        let preambles = self.preambles(file, lacks, end).map_err(refuse)?;
        let header = self.header.path.clone();
        let includes = self.includes.clone();
        Ok(Declaration { header, insert_at: end, is_apart, preambles, includes })
    }

    /// What the header gets first for the words that it does not know before `end`:
    /// announcements of structures that are only pointed to, and the standard types.
    ///
    /// # Errors
    /// What it does not know and cannot be told.
    fn preambles(
        &self,
        file: &FileContext,
        lacks: Vec<Word>,
        end: usize,
    ) -> Result<Vec<Preamble>, String> {
        let may_be_given = lacks.is_empty() || self.may_be_given_more(file);
        let (mut tags, mut asks_types) = (Vec::new(), false);
        for lack in lacks {
            let is_pointed_to = lack.before == "struct" && lack.after == "*";
            if may_be_given && is_pointed_to {
                tags.push(lack.text);
            } else if may_be_given && is_standard(file, &lack) {
                asks_types = true;
            } else {
                return Err(format!("{} does not know `{}`", self.header.path, lack.text));
            }
        }
        tags.sort();
        tags.dedup();
        let no_place = || format!("no place at the top of {}", self.header.path);
        let mut all: Vec<Preamble> = Vec::new();
        if asks_types {
            all.push(Preamble::types(self.header).ok_or_else(no_place)?);
        }
        if !tags.is_empty() {
            let tags = Preamble::tags(self.header, tags, end).ok_or_else(no_place)?;
            match all.first_mut().filter(|first| first.at == tags.at) {
                Some(first) => first.tags = tags.tags,
                None => all.push(tags),
            }
        }
        match all.iter().all(|it| it.at <= end) {
            true => Ok(all),
            false => Err(no_place()),
        }
    }

    /// Whether the header may be given more than the prototype: it is that of the function's
    /// file, `x.h` of `x.c`, or no header will do as it is and it declares what that file
    /// defines. Others are not theirs.
    fn may_be_given_more(&self, file: &FileContext) -> bool {
        let home = self.host.as_ref().map_or(file, |host| host.file);
        let is_of_home = || {
            let mut declared = prototypes(self.header, self.defined, &[file, home]).into_iter();
            declared.any(|it| *it.path == *home.path)
        };
        stem(&self.header.path) == stem(&home.path) || self.is_last_resort && is_of_home()
    }

    /// The places behind the prototypes in the header of the file that has what is shared,
    /// `home` where it is none of its own, or else of its driver; and whether the new one is
    /// to stand there for itself. The best first.
    fn behind_prototypes(&self, subject: &Subject<'_>, home: &FileContext) -> Vec<(usize, bool)> {
        let home = self.host.as_ref().map_or(home, |host| host.file);
        let members = (0..subject.group.members.len()).map(|member| subject.file_of(member));
        let files: Vec<&FileContext> = members.chain([home]).collect();
        let names: Vec<Vec<String>> =
            subject.group.members.iter().map(|it| words(&it.name)).collect();
        let mut common = common_words(&names);
        common.retain(|word| !self.prefixes.contains(word));
        let in_common = |name: &str| words(name).iter().filter(|it| common.contains(it)).count();
        let is_free = |it: &Prototype<'_>| !self.claimed.touches(&(it.end..it.end));
        let is_theirs = |it: &Prototype<'_>| it.path == home.path;
        let alike = |it: &Prototype<'_>| Some(in_common(&it.name)).filter(|count| *count > 1);
        let is_foreign = |it: &Prototype<'_>| !is_theirs(it) && alike(it).is_none();
        // Among others it has nothing to do with it stands apart, or nowhere.
        let may_stand = |it: &Prototype<'_>| is_free(it) && (it.is_last || !is_foreign(it));
        let mut places = prototypes(self.header, self.defined, &files);
        places.retain(may_stand);
        // Those of the same file first, then those that are called alike; of these the last
        // behind which nothing follows.
        places.sort_by_cached_key(|it| {
            (!is_theirs(it), Reverse(alike(it)), !it.is_last, Reverse(it.end))
        });
        places.into_iter().map(|it| (it.end, is_foreign(&it))).collect()
    }

    /// The names of the member's signature, and of the types of parameters, that mean
    /// nothing before `end` of the header.
    fn unknown(
        &self,
        subject: &Subject<'_>,
        (member, holes): (usize, &Holes),
        end: usize,
    ) -> Vec<Word> {
        let (file, aligned) = (subject.file_of(member), &subject.alignment.members[member]);
        let function = &subject.group.members[member].function;
        let signature = file.token_at(function.start)..file.token_at(function.body);
        let is_unpacked =
            |index: usize| unpack::declares(&holes.unpacked, index - aligned.tokens.start);
        let own = signature.filter(|&index| {
            !is_unpacked(index)
                && !aligned.locals.contains(file.text(index))
                && file.tokens[index].start != function.name.start
        });
        let text = |index: Option<usize>| index.map_or(String::new(), |at| lossy(file.text(at)));
        let mut words: Vec<Word> = own
            .map(|at| Word {
                before: text(at.checked_sub(1)),
                text: text(Some(at)),
                after: text(Some(at + 1)),
            })
            .collect();
        for parameter in &holes.parameters {
            let text = parameter.ctype.as_bytes();
            let tokens: Vec<String> =
                Lexer::new(text).map(|token| lossy(token.text(text))).collect();
            let at = |index: Option<usize>| {
                index.and_then(|index| tokens.get(index)).cloned().unwrap_or_default()
            };
            words.extend((0..tokens.len()).map(|index| Word {
                before: at(index.checked_sub(1)),
                text: at(Some(index)),
                after: at(Some(index + 1)),
            }));
        }
        words.retain(|Word { before, text, .. }| {
            text.bytes().next().is_some_and(|b| lexer::is_ident_byte(b) && !b.is_ascii_digit())
                && !lexer::is_keyword(text.as_bytes())
                && !matches!(text.as_str(), "bool" | "size_t" | "ssize_t" | "__maybe_unused")
                && !self.is_known(before, text, end)
        });
        words
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
        if lexer::contains_word(text, name.as_bytes()) {
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

/// Whether a file knows a name as one of the kernel's standard types and as nothing else.
fn is_standard(file: &FileContext, word: &Word) -> bool {
    let found = file.unit.lookup(&word.text);
    let is_it = |it: &Definition| {
        matches!(it.kind, DefinitionKind::Typedef { .. }) && *it.file == *TYPES_FILE
    };
    let is_tag = matches!(word.before.as_str(), "struct" | "union" | "enum");
    !is_tag && !found.is_empty() && found.iter().all(is_it)
}

/// A prototype that a header has of a function of the driver.
pub struct Prototype<'a> {
    /// The function.
    pub name: String,
    /// Where the function is defined.
    pub path: &'a str,
    /// Where the line behind the prototype begins.
    end: usize,
    /// The conditions that it stands under, the guard left out.
    conditions: Conditions,
    /// No declaration stands on the next line.
    is_last: bool,
}

/// The prototypes in `header` of functions that the files define which all of `seen_by`
/// see: those outside of any `#if` but the guard, and those under one that stands around
/// a prototype which each of these files needs.
pub fn prototypes<'a>(
    header: &FileContext,
    defined: &'a Defined,
    seen_by: &[&FileContext],
) -> Vec<Prototype<'a>> {
    let all = all_prototypes(header, defined);
    let mut is_seen: FxHashMap<&Conditions, bool> = FxHashMap::default();
    for found in &all {
        is_seen.entry(&found.conditions).or_insert_with(|| {
            let of_them = || all.iter().filter(|it| it.conditions == found.conditions);
            found.conditions.is_empty()
                || !seen_by.is_empty()
                    && seen_by.iter().all(|file| of_them().any(|it| needs(file, header, it)))
        });
    }
    let is_seen: Vec<bool> = all.iter().map(|it| is_seen[&it.conditions]).collect();
    all.into_iter().zip(is_seen).filter_map(|(it, is_seen)| is_seen.then_some(it)).collect()
}

/// Whether a file names a function, whenever it is compiled, of which it knows nothing but
/// what `header` says and what it defines itself.
fn needs(file: &FileContext, header: &FileContext, prototype: &Prototype<'_>) -> bool {
    let name = &prototype.name;
    let is_plain = |at: &usize| file.is_always(file.tokens[*at].start);
    let is_it = |it: &Definition| match &it.kind {
        DefinitionKind::Function(function) => {
            *it.file == *header.path || *it.file == *file.path && function.body.is_some()
        }
        _ => false,
    };
    let found = file.unit.lookup(name);
    file.occurrences(name.as_bytes()).iter().any(is_plain)
        && found.iter().all(is_it)
        && found.iter().any(|it| *it.file == *header.path)
}

/// The prototypes in `header` of functions that the files define, under whatever `#if`.
fn all_prototypes<'a>(header: &FileContext, defined: &'a Defined) -> Vec<Prototype<'a>> {
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
        let alone = header.is_blank(header.tokens[at].end as usize..end);
        let name = lossy(header.text(name));
        let path = defined.get(name.as_str());
        if let Some(path) = path.filter(|_| alone) {
            let conditions = header.conditions_at(header.tokens[at].end).iter();
            let conditions = conditions.filter(|it| !header.is_guard_branch(it)).cloned().collect();
            let next = header.bytes.get(end..header.line_end(end)).unwrap_or_default();
            let is_last = next.trim_ascii().is_empty() || next.starts_with(b"#");
            found.push(Prototype { name, path, end, conditions, is_last });
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
