//! The rung *expands* for a ladder that became an array: each row of the array is one arm of
//! the ladder, in the same order; every key that has no row comes to where it came before;
//! and nothing else has changed.
//!
//! The array is read in three ways: with a comparison of the key with its size, with one of
//! the element with 0 besides, where some rows have no key, and by a search for the row of
//! the key. That the first is enough takes the values of the keys, that the second is right
//! those of the elements, and that the third is that no two keys are alike, nor changed by
//! the type that the rows have them in; all are asked of the headers.

mod arms;
mod chain;
mod local;
mod maps;
mod search;

pub(super) use maps::maps;

use super::definition::Definition;
use super::macros::Macros;
use super::tables::{self, Wrong};
use super::unit::{Unit, shown};
use super::{Claim, Files, Problem, Scope, facts};
use crate::syntax::decl::{self, DefinitionKind};
use crate::syntax::{LoopMacros, TokenKind};
use arms::Arms;
use local::Local;
use search::Search;
use std::collections::BTreeSet;
use std::ops::Range;

/// Checks the files before and after the patch against the claim.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    tables::check(before, after, claim, scope, |units, name, names| {
        Rewritten::of(units, name, loops)?.check(names)
    })
}

/// One function before and after.
struct Rewritten<'u, 's> {
    old: Definition<'u, 's>,
    new: &'u Unit<'s>,
    /// The array.
    table: tables::Table,
    /// The ladder, and the tokens after that stand for it.
    arms: Arms<'s>,
    instead: Range<usize>,
    /// The variable that takes the member which the ladder is about.
    local: Option<Local<'s>>,
    /// What searches the array, where it is searched.
    search: Option<Search<'s>>,
}

/// Words with blanks between them.
fn text(words: Vec<&[u8]>) -> String {
    let words: Vec<_> = words.into_iter().map(String::from_utf8_lossy).collect();
    words.join(" ")
}

impl<'u, 's> Rewritten<'u, 's> {
    fn of(
        (before, after): (&'u Unit<'s>, &'u Unit<'s>),
        name: &str,
        loops: &LoopMacros,
    ) -> Result<Rewritten<'u, 's>, Wrong> {
        let nowhere = |why: String| Wrong::Before(0, why);
        let item = before.function(name).map_err(nowhere)?;
        let other = after.function(name).map_err(nowhere)?;
        tables::others_are_same((before, item), (after, other), None)?;
        let old = Definition::new(before, item, &Macros::new(before), loops).map_err(nowhere)?;
        let tokens = after.items[other].tokens.clone();
        let mut added = tables::added(before, after);
        added.retain(|table| tokens.contains(&table.tokens.start));
        let [table] = added.as_slice() else {
            return Err(Wrong::After(tokens.start, format!("{} new arrays", added.len())));
        };
        // Without the array, its index, and a variable for what the ladder is about, both
        // texts are the same up to the ladder and behind it.
        let search = Search::of((after, tokens.clone()), table, &old)?;
        let index = search.as_ref().map_or(0..0, |search| search.declared.clone());
        let declared = table.tokens.clone();
        // Only a ladder over a member asks for one.
        let is_over_member = |at: usize| match before.text(at) {
            b"switch" | b"if" => matches!(before.text(at + 3), b"." | b"->"),
            b"?" => true,
            _ => false,
        };
        let has_path = old.body.clone().any(is_over_member);
        let local = has_path
            .then(|| Local::of((after, tokens.clone()), &old, &[&declared, &index]))
            .flatten();
        let is_locals = |at: &usize| local.as_ref().is_some_and(|it| it.tokens.contains(at));
        let is_rest = |at: &usize| !declared.contains(at) && !index.contains(at) && !is_locals(at);
        let rest: Vec<usize> = tokens.clone().filter(is_rest).collect();
        let body = old.body.start + 1;
        let is_first = after.text_before(declared.start) == b"{"
            && tokens.start + (body - before.items[item].tokens.start) == declared.start;
        if !is_first {
            let why = "the array is not declared at the beginning of the body".to_owned();
            return Err(Wrong::After(declared.start, why));
        }
        let all = before.items[item].tokens.clone();
        let same = all
            .clone()
            .zip(&rest)
            .take_while(|(one, other)| before.text(*one) == after.text(**other));
        // An `if` may stand where an `if` stood.
        let differs = all.start + same.count();
        if differs < body {
            let is = rest.get(differs - all.start).map_or(&b""[..], |at| after.text(*at));
            let (was, is) = (shown(before.text(differs)), shown(is));
            return Err(Wrong::Before(differs, format!("`{was}` became `{is}`")));
        }
        let start = match before.text(differs) {
            b"switch" => differs,
            _ => statement(before, differs),
        };
        let same = start - all.start;
        let arms = arms::read(before, start).map_err(|(at, why)| Wrong::Before(at, why))?;
        let end = behind(before, &arms);
        let behind = all.end - end;
        let until = rest.len().checked_sub(behind).filter(|until| *until > same);
        let Some(until) = until else {
            return Err(Wrong::Before(start, "nothing stands for the ladder".to_owned()));
        };
        for (one, other) in (end..all.end).zip(&rest[until..]) {
            if before.text(one) != after.text(*other) {
                let (one, other) = (shown(before.text(one)), shown(after.text(*other)));
                return Err(Wrong::Before(end, format!("`{one}` became `{other}`")));
            }
        }
        let instead = rest[same]..rest[until - 1] + 1;
        let is_needed = arms.key.len() > 1;
        let is_in_place = match &local {
            Some(local) => {
                let is_behind = !index.is_empty() && index.end == instead.start;
                let start = if is_behind { index.start } else { instead.start };
                is_needed && local.gives(after, &arms.key, start)
            }
            None => !is_needed,
        };
        if !is_in_place {
            let why = "the key is not what the ladder was about".to_owned();
            return Err(Wrong::After(instead.start, why));
        }
        Ok(Rewritten { old, new: after, table: table.clone(), arms, instead, local, search })
    }

    fn check(&self, names: &decl::Unit) -> Result<(), Wrong> {
        self.key_stands_still(names)?;
        self.are_constants()?;
        self.rows_are_arms()?;
        match &self.search {
            Some(search) => {
                self.searches_it(search)?;
                self.keys_are_told_apart(search, names)?;
            }
            None => {
                let has_holes = self.reads_it()?;
                self.keys_lead_to_rows(has_holes, names)?;
            }
        }
        self.values_are_kept(names)
    }

    /// The key is a variable of the function's own that only it can change, and compares
    /// with a size as a number.
    fn key_stands_still(&self, names: &decl::Unit) -> Result<(), Wrong> {
        let key = self.key();
        let at = self.old.body.start;
        let wrong = |why: &str| Err(Wrong::Before(at, format!("`{}` {why}", shown(key))));
        match &self.local {
            Some(local) => {
                let path = &self.arms.key;
                local.is_the_member((&self.old, path), self.type_of(path[0]), names)?;
            }
            None if !self.old.own_names().contains(key) => {
                return wrong("is no variable of the function");
            }
            None => {}
        }
        let Some(declared) = self.key_type() else {
            return wrong("has no type that can be read");
        };
        if declared.iter().any(|word| matches!(*word, b"volatile" | b"static" | b"extern")) {
            return wrong("may be changed by others");
        }
        let is_wide = |word: &&[u8]| {
            let word = std::str::from_utf8(word).unwrap_or_default();
            let target = names.lookup(word).into_iter().find_map(|it| match it.kind {
                DefinitionKind::Typedef { target } => Some(target),
                _ => None,
            });
            let all = [word.to_owned(), target.unwrap_or_default()];
            all.iter().any(|it| {
                it.contains("long long")
                    || it.contains("s64")
                    || it.contains("int64")
                    || it.contains("loff_t")
                    || it.contains("ktime")
            })
        };
        let longs = declared.iter().filter(|word| **word == b"long").count();
        let is_signed = !declared.contains(&&b"unsigned"[..])
            && !declared.iter().any(|word| word.starts_with(b"u") || word.starts_with(b"__u"));
        if is_signed && (longs > 1 || declared.iter().any(is_wide)) {
            return wrong("may be less than 0 where a size is narrower");
        }
        Ok(())
    }

    /// The variable that is looked up.
    fn key(&self) -> &'s [u8] {
        self.local.as_ref().map_or(self.arms.key[0], |local| local.name)
    }

    /// The words of its type.
    fn key_type(&self) -> Option<Vec<&'s [u8]>> {
        match &self.local {
            Some(local) => Some(local.ctype.clone()),
            None => self.type_of(self.key()),
        }
    }

    /// The words of the type that a parameter or a local is declared with.
    fn type_of(&self, name: &[u8]) -> Option<Vec<&'s [u8]>> {
        let unit = self.old.unit;
        if let Some(param) = self.old.params.iter().find(|it| unit.text(it.name) == name) {
            return Some(unit.texts(param.tokens.start..param.name));
        }
        // A declaration begins a statement with at least two words.
        self.old.body.clone().find_map(|at| {
            let begins = matches!(unit.text_before(at), b";" | b"{" | b"}");
            if !begins || !unit.is_word(at) || !unit.is_word(at + 1) && unit.text(at + 1) != b"*" {
                return None;
            }
            let end = (at..self.old.body.end).find(|&at| unit.text(at) == b";")?;
            let names = (at..end).filter(|&it| {
                unit.text(it) == name
                    && matches!(unit.text(it + 1), b"," | b";" | b"=")
                    && !matches!(unit.text_before(it), b"=" | b"." | b"->" | b"return" | b"goto")
            });
            let first = names.into_iter().next()?;
            let words = (at..first).take_while(|&it| unit.is_word(it)).collect::<Vec<_>>();
            // The last word is another variable's name, unless this is the first, or stars stand
            // between.
            let last = words.last().copied().unwrap_or(at);
            let until = if last + 1 == first || unit.text(last + 1) == b"*" {
                words.len()
            } else {
                words.len().saturating_sub(1)
            };
            let words = words.into_iter().take(until.max(1)).map(|at| unit.text(at));
            Some(words.collect())
        })
    }

    /// No key or value is a variable of the function's own that is called like a constant.
    fn are_constants(&self) -> Result<(), Wrong> {
        let (unit, own) = (self.old.unit, self.old.own_names());
        let all = self.arms.rows.iter().flat_map(|(label, value)| [label, value]);
        match all.flat_map(Range::clone).find(|&at| own.contains(unit.text(at))) {
            Some(at) => {
                Err(Wrong::Before(at, format!("`{}` is no constant", shown(unit.text(at)))))
            }
            None => Ok(()),
        }
    }

    /// The array has a row for each key, with its value.
    fn rows_are_arms(&self) -> Result<(), Wrong> {
        let (old, new) = (self.old.unit, self.new);
        let mut rows = self.table.rows.iter();
        for (label, value) in &self.arms.rows {
            let [open, between, close]: [&[&[u8]]; 3] = match &self.search {
                Some(_) => [&[b"{"], &[b","], &[b"}"]],
                None => [&[b"["], &[b"]", b"="], &[]],
            };
            let (key, value) = (old.texts(label.clone()), old.texts(value.clone()));
            let expected = [open, &key, between, &value, close].concat();
            let Some(row) = rows.next() else {
                return Err(Wrong::Before(label.start, "the key has no row".to_owned()));
            };
            if new.texts(row.clone()) != expected {
                let found = shown(new.spelling(row.clone()));
                let wanted = shown(&expected.concat());
                return Err(Wrong::After(row.start, format!("`{found}` instead of `{wanted}`")));
            }
        }
        match rows.next() {
            None => Ok(()),
            Some(more) => Err(Wrong::After(more.start, "a row too many".to_owned())),
        }
    }

    /// What stands for the switch reads the array, and does for other keys what the
    /// default arm did. Gives whether it compares the element with 0.
    fn reads_it(&self) -> Result<bool, Wrong> {
        let new = self.new;
        let (key, table) = (self.key(), new.text(self.table.name));
        let (default, leaves) = (&self.arms.default, self.arms.leaves);
        let element: Vec<&[u8]> = vec![table, b"[", key, b"]"];
        let gives = [self.arms.gives.clone(), element.clone(), vec![b";"]].concat();
        let size: Vec<&[u8]> = vec![b"ARRAY_SIZE", b"(", table, b")"];
        let found = new.texts(self.instead.clone());
        for has_holes in [false, true] {
            let inside: Vec<&[u8]> = match has_holes {
                true => [vec![&b"&&"[..]], element.clone()].concat(),
                false => Vec::new(),
            };
            let outside: Vec<&[u8]> = match has_holes {
                true => [vec![&b"||"[..], b"!"], element.clone()].concat(),
                false => Vec::new(),
            };
            let test = |operator: &'static [u8], more: &Vec<&'s [u8]>| {
                [vec![&b"if"[..], b"(", key, operator], size.clone(), more.clone(), vec![b")"]]
                    .concat()
            };
            let hit = [test(b"<", &inside), gives.clone()].concat();
            let hit_braced = [test(b"<", &inside), braced(&gives)].concat();
            let miss = test(b">=", &outside);
            let mut right = Vec::new();
            if self.arms.gives == [b"return"] {
                right.push([hit, default.clone()].concat());
            } else if default.is_empty() {
                right.push(hit);
            } else {
                right.push([hit_braced, vec![b"else"], braced(default)].concat());
                if leaves {
                    right.push([miss.clone(), braced(default), gives.clone()].concat());
                }
                if is_one(default) {
                    right.push([hit, vec![b"else"], default.clone()].concat());
                    if leaves {
                        right.push([miss, default.clone(), gives.clone()].concat());
                    }
                }
            }
            if right.contains(&found) {
                return Ok(has_holes);
            }
        }
        let found = shown(new.spelling(self.instead.clone()));
        Err(Wrong::After(self.instead.start, format!("`{found}` does not stand for the ladder")))
    }

    fn value(&self, tokens: Range<usize>, names: &decl::Unit) -> Option<i128> {
        self.constant(&String::from_utf8_lossy(self.old.unit.spelling(tokens)), names)
    }

    fn constant(&self, text: &str, names: &decl::Unit) -> Option<i128> {
        names.constant(text).ok()?.value
    }

    fn is_string(&self, value: &Range<usize>) -> bool {
        value.clone().all(|at| self.old.unit.kind(at) == Some(TokenKind::Str))
    }

    /// Each key that leads to a row leads to one of a `case`, or to what the default arm
    /// gives: 0.
    fn keys_lead_to_rows(&self, has_holes: bool, names: &decl::Unit) -> Result<(), Wrong> {
        let unit = self.old.unit;
        let mut keys = BTreeSet::new();
        for (label, value) in &self.arms.rows {
            let dots = label.clone().find(|&at| unit.text(at) == b"...");
            let ends = match dots {
                Some(dots) => [label.start..dots, dots + 1..label.end],
                None => [label.clone(), label.clone()],
            };
            let [first, last] = ends.map(|end| self.value(end, names).filter(|it| *it >= 0));
            let Some((first, last)) = first.zip(last).filter(|(_, last)| *last <= 0xffff) else {
                return Err(Wrong::Before(label.start, "the key is no index".to_owned()));
            };
            // Of two that are alike the first would be found, and the last be in the array.
            if (first..=last).any(|key| !keys.insert(key)) {
                return Err(Wrong::Before(label.start, "the key is named twice".to_owned()));
            }
            let is_told = || {
                self.is_string(value) || self.value(value.clone(), names).is_some_and(|it| it != 0)
            };
            if has_holes && !is_told() {
                let why = "the value cannot be told from a row without a key";
                return Err(Wrong::Before(value.start, why.to_owned()));
            }
        }
        let is_full = keys.last().is_some_and(|last| *last + 1 == keys.len() as i128);
        if has_holes || is_full {
            return Ok(());
        }
        let is_zero = self.arms.given().is_some_and(|value| {
            value == [b"NULL"] || self.constant(&text(value.to_vec()), names) == Some(0)
        });
        match is_zero {
            true => Ok(()),
            false => {
                let why = "a key without a row of its own leads to one";
                Err(Wrong::Before(self.old.body.start, why.to_owned()))
            }
        }
    }

    /// The type of the array holds each value as it was given before.
    fn values_are_kept(&self, names: &decl::Unit) -> Result<(), Wrong> {
        let words = self.element();
        if self.arms.rows.iter().all(|(_, value)| self.is_string(value)) {
            return match words.as_slice() {
                [b"char", b"*"] => Ok(()),
                _ => Err(Wrong::After(self.table.name, "strings of another type".to_owned())),
            };
        }
        if self.keeps_type() {
            return self.values_are_whole(names);
        }
        let (least, most) = match words.as_slice() {
            [b"u8"] => (0, 0xff),
            [b"u16"] => (0, 0xffff),
            [b"u32"] => (0, 0xffff_ffff),
            [b"int"] => (-0x8000_0000, 0x7fff_ffff),
            _ => {
                let why = "what the array holds is no type that is known".to_owned();
                return Err(Wrong::After(self.table.name, why));
            }
        };
        for (_, value) in &self.arms.rows {
            let fits =
                self.value(value.clone(), names).is_some_and(|it| (least..=most).contains(&it));
            if !fits {
                let why = "the value does not fit the array".to_owned();
                return Err(Wrong::Before(value.start, why));
            }
        }
        Ok(())
    }

    /// No value is cut where it comes into the array: the compiler would warn of another
    /// place.
    fn values_are_whole(&self, names: &decl::Unit) -> Result<(), Wrong> {
        let Some(range) = tables::range(names, &self.element()) else { return Ok(()) };
        // As a signed or as an unsigned number of that width.
        let width = range.end() - range.start() + 1;
        let is_cut = |value: i128| width <= 1 << 16 && !(-width / 2..width).contains(&value);
        let mut values = self.arms.rows.iter().map(|(_, value)| value);
        match values.find(|it| self.value((*it).clone(), names).is_some_and(is_cut)) {
            Some(value) => Err(Wrong::Before(value.start, "the value is cut".to_owned())),
            None => Ok(()),
        }
    }

    /// The type of the array's elements, or of their values, without `const`.
    fn element(&self) -> Vec<&'s [u8]> {
        if let Some(search) = &self.search {
            return search.value.0.clone();
        }
        let mut words = self.new.texts(self.table.tokens.start..self.table.name);
        words.retain(|it| !matches!(*it, b"static" | b"const"));
        words
    }

    /// Whether the elements have the type of the place that the values go to.
    fn keeps_type(&self) -> bool {
        let target: Option<Vec<&[u8]>> = match self.arms.gives.as_slice() {
            [b"return"] => Some(self.old.unit.texts(self.old.head.clone())),
            [name, b"="] => self.type_of(name),
            _ => None,
        };
        let is_plain = |word: &&[u8]| !facts::is_linkage(word) && *word != b"const";
        let target = target.map(|it| it.into_iter().filter(is_plain).collect::<Vec<_>>());
        target == Some(self.element())
    }
}

/// The first token of the statement that token `at` belongs to, in whose condition it may be.
fn statement(unit: &Unit<'_>, at: usize) -> usize {
    let mut before = (0..at).rev();
    before.find(|&at| matches!(unit.text(at), b";" | b"{" | b"}")).map_or(0, |at| at + 1)
}

/// Whether some tokens are one statement, so that they need no braces.
fn is_one(statements: &[&[u8]]) -> bool {
    let mut depth = 0usize;
    let ends = statements.iter().filter(|text| {
        match **text {
            b"(" => depth += 1,
            b")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && **text == b";"
    });
    ends.count() == 1
}

fn braced<'s>(inner: &[&'s [u8]]) -> Vec<&'s [u8]> {
    [&[&b"{"[..]], inner, &[b"}"]].concat()
}

/// Where what is left begins: where each arm returns, and the default one, too, a `return`
/// behind the switch is never reached.
fn behind(unit: &Unit<'_>, arms: &Arms<'_>) -> usize {
    let never = arms.is_switch && arms.gives == [b"return"] && arms.leaves;
    let is_return = never && unit.text(arms.end) == b"return";
    let last = (arms.end..unit.tokens.len()).find(|&at| unit.text(at) == b";");
    match last.filter(|&at| is_return && unit.text(at + 1) == b"}") {
        Some(last) => last + 1,
        None => arms.end,
    }
}
