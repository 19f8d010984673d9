//! Where a header declares what several files share. In: the header, what is known of the
//! driver's files, and the signature. Out: the place behind the prototypes of their
//! functions, and what the header lacks for it: structures that it does not announce,
//! standard types that it does not include. It reads no file.

use super::align::lossy;
use super::file::{FileContext, contains_word};
use super::holes::Subject;
use super::preamble::Preamble;
use super::refusal::{Reason, Refusal};
use super::sharing::{Defined, Sharing};
use super::{Declaration, Parameter};
use crate::syntax::decl::{Definition, DefinitionKind, TagKind};
use crate::syntax::{Lexer, TokenKind, lexer};
use crate::tree::{TreePath, stem};

/// The file of the kernel's standard types.
const TYPES_FILE: &str = "include/linux/types.h";

/// A word of a signature, with what stands before and behind it.
struct Word {
    before: String,
    text: String,
    after: String,
}

impl Sharing<'_> {
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
        let lacks = self.unknown(subject, (member, parameters), end);
        let preambles = self.preambles(file, lacks, end).map_err(refuse)?;
        let header = self.header.path.clone();
        Ok(Declaration { header, insert_at: end, preambles, includes: self.includes.clone() })
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
            let mut declared = prototypes(self.header, self.defined).into_iter();
            declared.any(|it| *it.path == *home.path)
        };
        stem(&self.header.path) == stem(&home.path) || self.is_last_resort && is_of_home()
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

    /// The names of the member's signature, and of the types of parameters, that mean
    /// nothing before `end` of the header.
    fn unknown(
        &self,
        subject: &Subject<'_>,
        (member, parameters): (usize, &[Parameter]),
        end: usize,
    ) -> Vec<Word> {
        let (file, aligned) = (subject.file_of(member), &subject.alignment.members[member]);
        let function = &subject.group.members[member].function;
        let signature = file.token_at(function.start)..file.token_at(function.body);
        let own = signature.filter(|&index| {
            !aligned.locals.contains(file.text(index))
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
        for parameter in parameters {
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
        let plain = header.is_always(header.tokens[at].end);
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
