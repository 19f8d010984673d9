//! What is new in a function whose repetitions become a loop: the names of the table, of its
//! rows and of the index.

use super::super::align::{self, AlignedMember, lossy};
use super::super::holes::Subject;
use super::super::refusal::{Reason, Refusal};
use super::super::{OpenFile, tables, words};

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
        let repeated = subject.alignment.members[0].tokens.clone();
        let index = tables::free_index(parsed, repeated.clone()).ok_or_else(|| none("index"))?;
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
        let table = table.filter(|table| !tables::is_in_macros(subject.file, repeated, table));
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

/// What a row is called: after its first two members, and what the function above which it
/// stands is.
fn tag(
    subject: &Subject<'_>,
    fields: &[(String, String)],
    outside: Option<&str>,
) -> Option<String> {
    let mut names: Vec<&str> = fields.iter().take(2).map(|(_, name)| name.as_str()).collect();
    names.splice(0..0, outside);
    tables::free_tag(subject.file, &names.join("_").to_lowercase())
}
