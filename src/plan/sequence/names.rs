//! What is new in a function whose repetitions become a loop: the names of the table, of its
//! rows and of the index.

use super::super::align::{self, AlignedMember, lossy};
use super::super::holes::Subject;
use super::super::refusal::{Reason, Refusal};
use super::super::{OpenFile, tables, uses, words};
use crate::syntax::decl::TagKind;
use crate::syntax::lexer;

/// Names for an index, in the order in which they are tried.
const INDICES: &[&str] = &["i", "j", "k", "n", "idx"];

/// What is new in the function.
pub(super) struct Names {
    pub table: String,
    pub tag: Option<String>,
    pub index: String,
}

impl Names {
    /// Names for a loop over rows of `fields`, which the driver may have a structure for
    /// already, `known`; those of a table above the function begin with what that is about,
    /// `outside`.
    ///
    /// # Errors
    /// `name-would-lie` where none is free.
    pub fn of(
        open: &OpenFile,
        (subject, parsed): (&Subject<'_>, &AlignedMember<'_>),
        fields: &[(String, String)],
        (known, outside): (Option<String>, Option<&str>),
    ) -> Result<Names, Refusal> {
        let none = |what: &str| {
            let detail = format!("no name is free for the {what}");
            subject.refuse(Reason::NameWouldLie, 0, detail)
        };
        let index = index(subject, parsed).ok_or_else(|| none("index"))?;
        let tag = match fields.len() {
            1 => None,
            _ if known.is_some() => known,
            _ => Some(tag(subject, fields, outside).ok_or_else(|| none("rows"))?),
        };
        let first = fields[0].1.to_lowercase();
        // A parameter that says nothing has numbers beside it: `v1`.
        let said = first.ends_with(|c: char| c.is_ascii_digit()).then(|| callee_word(subject));
        let base = said.flatten().unwrap_or(first);
        let base = outside.map_or(base.clone(), |outside| format!("{outside}_{base}"));
        let table = tables::free_name(open, parsed, &base);
        let table = table.filter(|table| !is_in_macros(subject, table));
        Ok(Names { table: table.ok_or_else(|| none("table"))?, tag, index })
    }
}

/// The last word of what the first repetition calls that is no verb, without its digits.
fn callee_word(subject: &Subject<'_>) -> Option<String> {
    let file = subject.file;
    let first = subject.alignment.members[0].tokens.clone();
    let callee = first.into_iter().find(|&at| {
        align::is_ident(file, at) && file.text(at + 1) == b"(" && file.text(at) != b"if"
    })?;
    let nouns = words::nouns(&lossy(file.text(callee))).to_lowercase();
    let last = nouns.rsplit('_').next()?.trim_end_matches(|c: char| c.is_ascii_digit());
    (last.len() > 2).then(|| last.to_owned())
}

/// An index that is nothing yet in the function, nor in a macro that the run uses.
fn index(subject: &Subject<'_>, parsed: &AlignedMember<'_>) -> Option<String> {
    let file = subject.file;
    let is_free = |name: &&&str| {
        let in_function = parsed.tokens.clone().any(|at| file.text(at) == name.as_bytes());
        !in_function && !is_in_macros(subject, name) && !file.is_macro_or_type(name)
    };
    INDICES.iter().find(is_free).map(|name| (*name).to_owned())
}

/// Whether a macro that the run uses has the word in it: a variable of the macro's own would
/// be taken for ours.
fn is_in_macros(subject: &Subject<'_>, name: &str) -> bool {
    let file = subject.file;
    subject.alignment.members[0].tokens.clone().any(|at| {
        align::is_ident(file, at) && {
            let text = uses::expansion(file, &lossy(file.text(at)));
            lexer::contains_word(text.as_bytes(), name.as_bytes())
        }
    })
}

/// What a row is called: after its first two members, and what the function above which it
/// stands is.
fn tag(
    subject: &Subject<'_>,
    fields: &[(String, String)],
    outside: Option<&str>,
) -> Option<String> {
    let file = subject.file;
    let mut names: Vec<&str> = fields.iter().take(2).map(|(_, name)| name.as_str()).collect();
    names.splice(0..0, outside);
    let base = names.join("_").to_lowercase();
    let is_free = |tag: &String| {
        file.unit.lookup_tag(TagKind::Struct, tag).is_empty()
            && !file.mentions(tag.as_bytes())
            && !file.is_macro_or_type(tag)
    };
    [base.clone(), format!("{base}_row")].into_iter().find(is_free)
}
