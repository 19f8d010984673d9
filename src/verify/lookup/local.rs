//! The variable that takes a member which a ladder was about: the member is read once, as
//! it was.

use super::text;
use crate::syntax::decl;
use crate::verify::definition::Definition;
use crate::verify::macros::Reach;
use crate::verify::tables::Wrong;
use crate::verify::unit::Unit;
use std::ops::Range;

/// A new variable that is given what the ladder was about, once, directly in front of what
/// stands for it.
pub(super) struct Local<'s> {
    /// What it is called.
    pub name: &'s [u8],
    /// The words of its type.
    pub ctype: Vec<&'s [u8]>,
    /// Its tokens after: its declaration, and that which gives it its value.
    pub tokens: Vec<usize>,
}

impl<'s> Local<'s> {
    /// The one variable that the function has after and not before, but those of the tokens `others`, if it is given the value
    /// of a member: `type name = path;`, or `type name;` and `name = path;`.
    pub fn of(
        (after, tokens): (&Unit<'s>, Range<usize>),
        old: &Definition<'_, 's>,
        others: &[&Range<usize>],
    ) -> Option<Local<'s>> {
        let known = old.own_names();
        let is_new = |at: &usize| {
            let declares = matches!(after.text(at + 1), b"=" | b";")
                && after.is_word(*at)
                && after.is_word(at - 1);
            declares && !known.contains(after.text(*at)) && !others.iter().any(|it| it.contains(at))
        };
        let starts = |at: usize| matches!(after.text(at), b";" | b"{" | b"}");
        let mut found = None;
        for at in tokens.clone().filter(is_new) {
            let first = (tokens.start..at).rev().find(|&at| starts(at))? + 1;
            let words = after.texts(first..at);
            let is_type = !words.is_empty()
                && (first..at).all(|at| after.is_word(at))
                && !matches!(words[0], b"return" | b"goto" | b"static" | b"case" | b"else" | b"do");
            if !is_type {
                continue;
            }
            let end = after.until(at..tokens.end, &[b";"]) + 1;
            let mut own: Vec<usize> = (first..end).collect();
            if after.text(at + 1) == b";" {
                let name = after.text(at);
                let given = (end..tokens.end).find(|&at| {
                    after.text(at) == name && after.text(at + 1) == b"=" && starts(at - 1)
                })?;
                own.extend(given..after.until(given..tokens.end, &[b";"]) + 1);
            }
            if found.replace(Local { name: after.text(at), ctype: words, tokens: own }).is_some() {
                return None;
            }
        }
        found
    }

    /// Whether it is given the value of `path` directly in front of token `start`.
    pub fn gives(&self, after: &Unit<'s>, path: &[&'s [u8]], start: usize) -> bool {
        let expected = [vec![self.name, b"="], path.to_vec(), vec![&b";"[..]]].concat();
        let ends_there = self.tokens.last().is_some_and(|last| last + 1 == start);
        let from = self.tokens.len().saturating_sub(expected.len());
        let texts: Vec<&[u8]> = self.tokens[from..].iter().map(|at| after.text(*at)).collect();
        ends_there && texts == expected
    }

    /// It has the type of the member that `path` leads to from a variable of type `base`, and
    /// its name means nothing else in the function.
    pub fn is_the_member(
        &self,
        (old, path): (&Definition<'_, 's>, &[&'s [u8]]),
        base: Option<Vec<&'s [u8]>>,
        names: &decl::Unit,
    ) -> Result<(), Wrong> {
        let at = old.body.start;
        let wrong = |why: String| Err(Wrong::Before(at, why));
        let base = base.map(|words| {
            let words = words.into_iter().filter(|word| !matches!(*word, b"const" | b"*"));
            text(words.collect())
        });
        let mut field: Option<decl::Field> = None;
        for step in path[1..].chunks(2) {
            let [separator, name] = step else { return wrong("the path has no end".to_owned()) };
            let layout = match (&field, &base) {
                (None, Some(base)) => names.layout(base),
                (None, None) => return wrong("the type of the structure is not known".to_owned()),
                (Some(field), _) => names.layout_of(field, *separator == b"->"),
            };
            match layout.and_then(|layout| layout.field(&String::from_utf8_lossy(name))) {
                Ok(found) => field = Some(found),
                Err(problem) => return wrong(problem.to_string()),
            }
        }
        let Some(field) = field else { return wrong("it is no member".to_owned()) };
        let has_type = field.type_text.trim_start_matches("const ") == text(self.ctype.clone());
        if !has_type || field.pointer_depth + field.dimensions > 0 || field.is_bit_field {
            return wrong(format!("the member is a {}", field.type_text));
        }
        let word = String::from_utf8_lossy(self.name);
        let unit = old.unit;
        for at in old.body.clone().filter(|&at| unit.is_word(at)) {
            let used = std::str::from_utf8(unit.text(at)).unwrap_or_default();
            if unit.text(at) == self.name && !unit.is_member_access(at)
                || Reach::of(names, used).words.contains(&*word)
            {
                return Err(Wrong::Before(at, format!("`{word}` is something else here")));
            }
        }
        Ok(())
    }
}
