//! The rung *expands* for statements that became a loop over a table: with the members of
//! each row put in the place of what reads them, the body of the loop comes out, row by
//! row, as the statements that were there, token for token; and nothing else has changed.
//!
//! The loop counts from 0 to the number of rows with an index of its own, and a row holds
//! the constants as they were written, in a type that has their values.

use super::macros::Reach;
use super::tables::{self, Table, Wrong};
use super::unit::{Unit, shown};
use super::{Claim, Files, Problem, Scope};
use crate::syntax::TokenKind;
use crate::syntax::decl::{self, CType};
use std::ops::Range;

/// Checks the files before and after the patch against the claim.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    scope: Option<&dyn Scope>,
) -> Result<(), Problem> {
    tables::check(before, after, claim, scope, unrolls)
}

/// A table with what its rows consist of.
struct Rows<'s> {
    unit: &'s Unit<'s>,
    table: Table,
    /// One without a name where a row is a value.
    fields: Vec<Field>,
}

/// The words of a member's type, and its name.
pub(super) type Field = (Vec<Vec<u8>>, Vec<u8>);

/// What the rows of a table consist of: their structure stands there, or was there before.
pub(super) fn fields(
    unit: &Unit<'_>,
    table: &Table,
    names: &decl::Unit,
) -> Result<Vec<Field>, Wrong> {
    let fields = tables::fields(unit, table)?;
    if let [(words, [])] = fields.as_slice()
        && let [b"struct", tag] = words.as_slice()
    {
        let wrong = || Wrong::After(table.tokens.start, "its rows are not known".to_owned());
        return of_structure(&String::from_utf8_lossy(tag), names).ok_or_else(wrong);
    }
    let owned = |words: Vec<&[u8]>| words.into_iter().map(<[u8]>::to_vec).collect();
    Ok(fields.into_iter().map(|(words, name)| (owned(words), name.to_vec())).collect())
}

/// The members of a structure that was there before, each one value.
fn of_structure(tag: &str, names: &decl::Unit) -> Option<Vec<Field>> {
    let members = names.layout(&format!("struct {tag}")).ok()?.members()?;
    let field = |(name, member): (String, decl::Field)| {
        let is_plain = member.dimensions == 0 && !member.is_bit_field;
        let text = member.type_text.replace('*', " * ");
        let words = text.split_whitespace().filter(|word| *word != "const");
        is_plain.then(|| (words.map(|it| it.as_bytes().to_vec()).collect(), name.into_bytes()))
    };
    members.into_iter().map(field).collect()
}

fn unrolls(
    (old, new): (&Unit<'_>, &Unit<'_>),
    name: &str,
    names: &decl::Unit,
) -> Result<(), Wrong> {
    let nowhere = |why: String| Wrong::Before(0, why);
    let (one, other) = (old.function(name).map_err(nowhere)?, new.function(name).map_err(nowhere)?);
    let (was, is) = (old.items[one].tokens.clone(), new.items[other].tokens.clone());
    let added = tables::added(old, new);
    let [table] = added.as_slice() else {
        return Err(Wrong::After(is.start, format!("{} new arrays", added.len())));
    };
    let above = Some(&table.tokens).filter(|tokens| !is.contains(&tokens.start));
    tables::others_are_same((old, one), (new, other), above)?;
    let rows = Rows { unit: new, table: table.clone(), fields: fields(new, table, names)? };
    let index = tables::new_index(new, is.clone(), (old, was.clone()), table)?;
    // Without the table and the index, both are the same up to the loop and behind it.
    let gone = |at: &usize| !table.tokens.contains(at) && !index.tokens.contains(at);
    let rest: Vec<usize> = is.filter(gone).collect();
    let mut loops = rest.iter().enumerate().filter(|(_, at)| new.text(**at) == b"for");
    let found = loops.find_map(|(same, &at)| Some((same, rows.repeated(at, index.name).ok()?)));
    let Some((same, repeated)) = found else {
        return Err(Wrong::Before(was.start, "nothing has become a loop".to_owned()));
    };
    for (at, other) in was.clone().zip(&rest[..same]) {
        if old.text(at) != new.text(*other) {
            let (a, b) = (shown(old.text(at)), shown(new.text(*other)));
            return Err(Wrong::Before(at, format!("`{a}` became `{b}`")));
        }
    }
    let start = rest[same];
    let numbers: Vec<String> = (0..rows.table.rows.len()).map(|row| row.to_string()).collect();
    let mut expected: Vec<&[u8]> = Vec::new();
    for (row, number) in rows.table.rows.iter().zip(&numbers) {
        expected.extend(rows.put((row, number), repeated.clone(), index.name)?);
    }
    let from = was.start + same;
    for (at, text) in (from..was.end).zip(&expected) {
        if old.text(at) != *text {
            let (is, was) = (shown(text), shown(old.text(at)));
            return Err(Wrong::Before(at, format!("`{was}` comes out as `{is}`")));
        }
    }
    let until = from + expected.len();
    let end = rows.end_of_loop(start, repeated.end);
    let behind: Vec<usize> = rest.into_iter().filter(|at| *at >= end).collect();
    if until > was.end || behind.len() != was.end - until {
        return Err(Wrong::Before(from, "statements have come or gone".to_owned()));
    }
    for (at, other) in (until..was.end).zip(behind) {
        if old.text(at) != new.text(other) {
            let (a, b) = (shown(old.text(at)), shown(new.text(other)));
            return Err(Wrong::Before(at, format!("`{a}` became `{b}`")));
        }
    }
    if old.texts(from..until).iter().any(|it| matches!(*it, b"break" | b"continue" | b"case")) {
        return Err(Wrong::Before(from, "a jump would mean something else in the loop".to_owned()));
    }
    for at in repeated.filter(|&at| new.is_word(at)) {
        let word = std::str::from_utf8(new.text(at)).unwrap_or_default();
        let words = Reach::of(names, word).words;
        let ours = [index.name, new.text(rows.table.name)].map(String::from_utf8_lossy);
        if let Some(name) = ours.iter().find(|name| words.contains(&***name)) {
            return Err(Wrong::After(at, format!("a macro may have a `{name}` of its own")));
        }
    }
    rows.hold(names)
}

impl<'s> Rows<'s> {
    /// The tokens that the loop at `start` repeats: it counts all rows, once each.
    fn repeated(&self, start: usize, index: &'s [u8]) -> Result<Range<usize>, Wrong> {
        let unit = self.unit;
        let table = unit.text(self.table.name);
        let head = tables::loop_head(index, table);
        let found = unit.texts(start..start + head.len());
        if found != head {
            let found = shown(unit.spelling(start..start + head.len()));
            return Err(Wrong::After(start, format!("`{found}` is no loop over the table")));
        }
        let body = start + head.len();
        if unit.text(body) == b"{" {
            let close = unit.list(body).map(|(_, close)| close);
            let close = close.ok_or_else(|| Wrong::After(body, "it does not end".to_owned()))?;
            return Ok(body + 1..close);
        }
        // One statement, or an `if` with one, without an `else`.
        let wrong = || Wrong::After(body, "what the loop repeats cannot be read".to_owned());
        let mut statement = body;
        if unit.text(body) == b"if" {
            let condition = (unit.text(body + 1) == b"(").then(|| unit.list(body + 1)).flatten();
            statement = condition.ok_or_else(wrong)?.1 + 1;
        }
        if matches!(unit.text(statement), b"if" | b"for" | b"while" | b"do" | b"switch") {
            return Err(wrong());
        }
        let end = match unit.text(statement) {
            b"{" => unit.list(statement).map(|(_, close)| close),
            _ => Some(unit.until(statement..unit.tokens.len(), &[b";"])),
        };
        let end = end.filter(|&end| end < unit.tokens.len()).ok_or_else(wrong)?;
        match unit.text(end + 1) {
            b"else" => Err(wrong()),
            _ => Ok(body..end + 1),
        }
    }

    /// Behind the loop whose body ends at `end`.
    fn end_of_loop(&self, start: usize, end: usize) -> usize {
        end + usize::from(self.unit.text(start + tables::HEAD) == b"{")
    }

    /// The values of a row.
    fn values(&self, row: &Range<usize>) -> Result<Vec<Range<usize>>, Wrong> {
        let unit = self.unit;
        let is_braced = unit.text(row.start) == b"{";
        let values = match is_braced {
            true => unit.list(row.start).map(|(values, _)| values).unwrap_or_default(),
            false => vec![row.clone()],
        };
        let is_value = self.fields.len() == 1 && self.fields[0].1.is_empty();
        // The last members of a row may be left out: they are 0, and nothing reads them.
        if values.len() > self.fields.len() || values.is_empty() || is_braced == is_value {
            let why = "the row has not one value for each member".to_owned();
            return Err(Wrong::After(row.start, why));
        }
        Ok(values)
    }

    /// What is repeated, with the values of a row in it.
    fn put<'n>(
        &self,
        (row, number): (&Range<usize>, &'n str),
        repeated: Range<usize>,
        index: &[u8],
    ) -> Result<Vec<&'n [u8]>, Wrong>
    where
        's: 'n,
    {
        let unit = self.unit;
        let table = unit.text(self.table.name);
        let values = self.values(row)?;
        let mut out = Vec::new();
        let mut at = repeated.start;
        while at < repeated.end {
            let text = unit.text(at);
            if text != table {
                // The index is the number of the row.
                let is_index = text == index && !unit.is_member_access(at);
                out.push(if is_index { number.as_bytes() } else { text });
                at += 1;
                continue;
            }
            if unit.texts(at + 1..at + 4) != [&b"["[..], index, b"]"] {
                return Err(Wrong::After(at, "another row is read".to_owned()));
            }
            at += 4;
            let field = match self.fields.as_slice() {
                [(_, name)] if name.is_empty() => Some(0),
                fields => {
                    let is_it = |(_, name): &Field| name == unit.text(at + 1);
                    let field = fields.iter().position(is_it).filter(|_| unit.text(at) == b".");
                    at += 2;
                    field
                }
            };
            let Some(value) = field.and_then(|field| values.get(field)) else {
                return Err(Wrong::After(at, "no member of the row is read".to_owned()));
            };
            out.extend(unit.texts(value.clone()));
        }
        Ok(out)
    }

    /// Each value is a constant that its member has as it is.
    fn hold(&self, names: &decl::Unit) -> Result<(), Wrong> {
        for row in &self.table.rows {
            for (value, (words, _)) in self.values(row)?.into_iter().zip(&self.fields) {
                let words: &[&[u8]] = &words.iter().map(Vec::as_slice).collect::<Vec<_>>();
                let why = |what: &str| Wrong::After(value.start, format!("the value {what}"));
                let is_text = value.clone().all(|at| self.unit.kind(at) == Some(TokenKind::Str));
                if is_text {
                    match tables::text_of(words).as_str() {
                        "char *" => continue,
                        _ => return Err(why("is a string")),
                    }
                }
                let text = String::from_utf8_lossy(self.unit.spelling(value.clone())).into_owned();
                let constant = names.constant(&text);
                let constant = constant.map_err(|it| why(&format!("is no constant: {it}")))?;
                let ctype = tables::text_of(words);
                let range = tables::range(names, words);
                let fits = constant.value.zip(range).is_some_and(|(it, range)| range.contains(&it));
                let is_of_it = constant.ctype.to_c() == ctype
                    || ctype.starts_with("enum ") && constant.ctype == CType::Int;
                if !fits && !is_of_it {
                    return Err(why(&format!("does not fit {ctype}")));
                }
            }
        }
        Ok(())
    }
}
