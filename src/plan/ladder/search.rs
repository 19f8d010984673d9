//! An array of keys and values that is searched, where a key is no index: keys far from each
//! other, or less than 0, or whose absence no value tells.

use super::table::Element;
use crate::plan::align::AlignedMember;
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::{tables, words};
use crate::syntax::lexer;

/// What is new beside the array.
#[derive(Clone, Debug)]
pub struct Search {
    /// The tag of its rows.
    pub tag: String,
    /// The type and the name of a row's key, and of its value.
    pub fields: [(String, String); 2],
    /// The index.
    pub index: String,
}

impl Search {
    /// A search for `key` of a type, which gives a value that is called `noun`.
    ///
    /// # Errors
    /// `name-would-lie` where no name is free.
    pub fn of(
        parsed: &AlignedMember<'_>,
        (key, key_type): (&str, &str),
        (noun, element): (&str, &Element),
    ) -> Result<Search, Refusal> {
        let file = parsed.file;
        let none = |what: &str| {
            let detail = format!("no name is free for the {what}");
            file.refuse(Reason::NameWouldLie, file.tokens[parsed.tokens.start].start, detail)
        };
        let (Element::Strings(value_type) | Element::Numbers(value_type)) = element;
        // `mode_name` of a table that is called after its function.
        let last = if noun.ends_with("_name") { "name" } else { noun };
        let is_free = |name: &str| {
            name != key && !file.is_macro_or_type(name) && !lexer::is_keyword(name.as_bytes())
        };
        let value = [last, "value"].into_iter().find(|name| is_free(name));
        let value = value.ok_or_else(|| none("values"))?;
        // `i_rate` says no more than `rate`.
        let tag = match key.len() {
            0..3 => format!("{value}_map"),
            _ => words::joined(key, value),
        };
        let tag = tables::free_tag(file, &tag.to_lowercase());
        let index = tables::free_index(parsed, parsed.tokens.clone());
        Ok(Search {
            tag: tag.ok_or_else(|| none("rows"))?,
            index: index.ok_or_else(|| none("index"))?,
            fields: [(key_type.to_owned(), key.to_owned()), (value_type.clone(), value.to_owned())],
        })
    }
}
