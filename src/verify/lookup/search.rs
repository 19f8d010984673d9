//! An array of keys and values, and the loop that searches it: the first row with the key
//! gives its value, and what is done for other keys is done where no row has it.

use super::{Rewritten, braced, is_one, text};
use crate::syntax::decl::{self, DefinitionKind};
use crate::verify::definition::Definition;
use crate::verify::macros::Reach;
use crate::verify::tables::{self, Field, Table, Wrong};
use crate::verify::unit::{Unit, shown};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a search reads.
pub(super) struct Search<'s> {
    /// The type and the name of a row's key, and of its value.
    pub key: Field<'s>,
    pub value: Field<'s>,
    /// What counts the rows, and the tokens of its declaration.
    pub index: &'s [u8],
    pub declared: Range<usize>,
}

impl<'s> Search<'s> {
    /// The search through `table` in the function of `tokens`; `None` where its rows are no
    /// pairs.
    pub fn of(
        (after, tokens): (&Unit<'s>, Range<usize>),
        table: &Table,
        old: &Definition<'_, 's>,
    ) -> Result<Option<Search<'s>>, Wrong> {
        let mut head = table.tokens.start..table.name;
        if !head.any(|at| after.text(at) == b"{") {
            return Ok(None);
        }
        let wrong = |why: &str| Wrong::After(table.tokens.start, why.to_owned());
        let fields = tables::fields(after, table)?;
        let Ok([key, value]) = <[Field<'s>; 2]>::try_from(fields) else {
            return Err(wrong("a row is no key with its value"));
        };
        let name = after.text(table.name);
        let is_head = |&at: &usize| {
            let head = tables::loop_head(after.text(at + 2), name);
            after.text(at) == b"for" && after.texts(at..at + tables::HEAD) == head
        };
        let start = tokens.clone().find(is_head).ok_or_else(|| wrong("no loop searches it"))?;
        let index = after.text(start + 2);
        let is_known = old.words().any(|word| word == index);
        let mut declared = tokens.filter(|&at| {
            after.texts(at..at + 3) == [&b"int"[..], index, b";"] && !table.tokens.contains(&at)
        });
        match declared.next().filter(|_| !is_known) {
            Some(at) => Ok(Some(Search { key, value, index, declared: at..at + 3 })),
            None => Err(wrong("the loop has no index of its own")),
        }
    }
}

impl<'s> Rewritten<'_, 's> {
    /// What stands for the ladder searches the array, and does for other keys what was done.
    pub(super) fn searches_it(&self, search: &Search<'s>) -> Result<(), Wrong> {
        let (new, key, index) = (self.new, self.key(), search.index);
        let table = new.text(self.table.name);
        let member = |name: &'s [u8]| [table, b"[", index, b"]", b".", name];
        let condition =
            [&[&b"if"[..], b"(", key, b"=="], &member(search.key.1)[..], &[b")"]].concat();
        let gives = [&self.arms.gives[..], &member(search.value.1), &[b";"]].concat();
        let is_returned = self.arms.gives == [b"return"];
        let found = match is_returned {
            true => gives,
            false => braced(&[&gives[..], &[b"break", b";"]].concat()),
        };
        let body = braced(&[condition, found].concat());
        let head = tables::loop_head(index, table);
        let none: [&[u8]; 9] = [b"if", b"(", index, b"==", b"ARRAY_SIZE", b"(", table, b")", b")"];
        let default = &self.arms.default;
        let others = match (is_returned, default.is_empty()) {
            (true, _) | (_, true) => vec![default.clone()],
            (false, false) => {
                let bare = is_one(default).then(|| [&none[..], default].concat());
                let braced = [&none[..], &braced(default)].concat();
                bare.into_iter().chain([braced]).collect()
            }
        };
        let is = new.texts(self.instead.clone());
        let mut right = others.into_iter().map(|other| [&head[..], &body, &other].concat());
        if right.any(|right| right == is) {
            return Ok(());
        }
        let is = shown(new.spelling(self.instead.clone()));
        Err(Wrong::After(self.instead.start, format!("`{is}` does not stand for the ladder")))
    }

    /// No two rows have the same key, each has it in the type of what it is compared with,
    /// and no macro of the function means something of its own by what is new.
    pub(super) fn keys_are_told_apart(
        &self,
        search: &Search<'s>,
        names: &decl::Unit,
    ) -> Result<(), Wrong> {
        let unit = self.old.unit;
        let ctype: Option<Vec<&[u8]>> = self.key_type();
        let ctype = ctype.map(|words| words.into_iter().filter(|it| *it != b"const"));
        if ctype.map(Iterator::collect::<Vec<_>>).as_ref() != Some(&search.key.0) {
            let why = format!("the keys become {}", text(search.key.0.clone()));
            return Err(Wrong::After(self.table.name, why));
        }
        let range = tables::range(names, &search.key.0);
        let mut keys = BTreeSet::new();
        for (label, _) in &self.arms.rows {
            let wrong = |why: &str| Err(Wrong::Before(label.start, why.to_owned()));
            let Some(key) = self.value(label.clone(), names) else {
                return wrong("the key is not known");
            };
            let is_enumerator = || {
                let word = String::from_utf8_lossy(unit.spelling(label.clone()));
                let found = names.lookup(&word);
                found.iter().any(|it| matches!(it.kind, DefinitionKind::Enumerator { .. }))
            };
            if !range.as_ref().map_or_else(is_enumerator, |range| range.contains(&key)) {
                return wrong("the type of the keys does not have it");
            }
            if !keys.insert(key) {
                return wrong("the key is named twice");
            }
        }
        let ours = [search.index, self.new.text(self.table.name)].map(String::from_utf8_lossy);
        for at in self.old.body.clone().filter(|&at| unit.is_word(at)) {
            let word = std::str::from_utf8(unit.text(at)).unwrap_or_default();
            let words = Reach::of(names, word).words;
            if let Some(name) = ours.iter().find(|name| words.contains(&***name)) {
                return Err(Wrong::Before(at, format!("a macro may have a `{name}` of its own")));
            }
        }
        Ok(())
    }
}
