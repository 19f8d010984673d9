//! Plants faults in correct patches, so that it can be seen whether the rungs find
//! them. In: a patch, and the name of the function that does the members' work. Out: the same texts with one fault each, spread over the places
//! where one can be. It never says whether a fault has an effect: a constant may be
//! masked away again, two macros may have one value, a statement may be dead; that
//! is for a compiler to tell.
//!
//! No fault moves a line, so that `__LINE__` stays what it was.

mod calls;
mod rows;
mod statements;
mod structs;
mod tables;
mod types;

use super::Candidate;
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use crate::verify::definition::Definition;
use crate::verify::family::Rows;
use crate::verify::macros::Macros;
use crate::verify::tables::added;
use crate::verify::unit::{Unit, shown};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Two arguments of a call stand in each other's place: each is what the other
    /// should be.
    SwappedArguments,
    /// A constant is another one: a number greater by one, a word longer by a
    /// letter, a truth value negated. It may be an argument or stand in the function.
    WrongConstant,
    /// A statement is gone: one of the function, or a call of it.
    MissingStatement,
    /// Two rows of a table that the patch adds stand in each other's place.
    ExchangedTableRows,
    /// Two callers have each other's constants, all of them: the rows of the table
    /// that the calls are, exchanged; or two rows by which one function is reached.
    ExchangedRows,
    /// A parameter, a variable or the function's value is narrower than what is put
    /// into it.
    NarrowedType,
    /// The function takes a struct for that which has the same tag in another
    /// driver: a member that it uses stands elsewhere there.
    SameTag,
}

/// A fault in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// Its sort.
    pub fault: Fault,
    /// The file that has it.
    pub path: TreePath,
    /// The line of `text` where it begins, from 1.
    pub line: u32,
    /// That line.
    pub shown: String,
    /// The whole file.
    pub text: Vec<u8>,
}

impl Planted {
    /// The patch `right` with this fault in it.
    pub fn candidate(&self, right: &Candidate) -> Candidate {
        let mut wrong = right.clone();
        wrong.after.insert(self.path.clone(), self.text.clone());
        wrong
    }
}

/// Edits that are a fault when they are made together.
struct Site {
    fault: Fault,
    edits: Vec<Edit>,
}

/// A file after a patch, as those who look for places see it.
struct Field<'u, 's> {
    unit: &'u Unit<'s>,
    macros: &'u Macros<'s>,
    /// The function that does the members' work, where it stands here and can be
    /// read with certainty.
    definition: Option<Definition<'u, 's>>,
    /// Its calls.
    calls: Vec<calls::Call>,
    /// Whether it is declared apart from its definition, which then cannot change.
    declared: bool,
}

/// At most `most` texts with a fault, as many of each sort as there are of others,
/// those of a sort spread over all its places. No two are alike.
pub fn planted(right: &Candidate, loops: &LoopMacros, most: usize) -> Vec<Planted> {
    let function = right.claim.target();
    let mut by_fault: BTreeMap<Fault, Vec<Planted>> = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for (path, source) in &right.after {
        let before = right.before.get(path).map_or(&[][..], Vec::as_slice);
        let work = function.map(|function| in_work(source, function, loops));
        let of_rows = right.claim.rows.iter().flat_map(|rows| in_rows(before, source, rows));
        for it in work.into_iter().flatten().chain(in_tables(before, source)).chain(of_rows) {
            let Some(it) = plant(path, source, it) else { continue };
            if it.text != *source && texts.insert(it.text.clone()) {
                by_fault.entry(it.fault).or_default().push(it);
            }
        }
    }
    spread(by_fault.into_values().collect(), most)
}

/// Faults in the tables that the patch adds.
fn in_tables(before: &[u8], source: &[u8]) -> impl Iterator<Item = Site> {
    let (before, unit) = (Unit::new("", before), Unit::new("", source));
    let found = tables::exchanged(&unit, &added(&before, &unit));
    found.into_iter().map(|edits| Site { fault: Fault::ExchangedTableRows, edits })
}

/// Faults in the rows by which one function is reached.
fn in_rows(before: &[u8], source: &[u8], rows: &Rows) -> Vec<Site> {
    let found = rows::exchanged(&Unit::new("", before), &Unit::new("", source), rows);
    found.into_iter().map(|edits| Site { fault: Fault::ExchangedRows, edits }).collect()
}

/// Faults in the function that does the members' work, and in its calls.
fn in_work(source: &[u8], function: &str, loops: &LoopMacros) -> Vec<Site> {
    let unit = Unit::new("", source);
    let macros = Macros::new(&unit);
    let item = unit.function(function).ok();
    let definition = item.and_then(|item| Definition::new(&unit, item, &macros, loops).ok());
    let calls = calls::of(&unit, function.as_bytes());
    let declared = unit.items.iter().any(|it| unit.is_prototype_of(it, function.as_bytes()));
    let field = Field { unit: &unit, macros: &macros, definition, calls, declared };
    let finders = [
        (Fault::SwappedArguments, calls::swapped(&field)),
        (Fault::WrongConstant, calls::wrong(&field)),
        (Fault::MissingStatement, statements::missing(&field)),
        (Fault::ExchangedRows, calls::exchanged(&field)),
        (Fault::NarrowedType, types::narrowed(&field)),
        (Fault::SameTag, structs::exchanged(&field)),
    ];
    let sites = finders
        .into_iter()
        .flat_map(|(fault, found)| found.into_iter().map(move |edits| Site { fault, edits }));
    sites.collect()
}

fn plant(path: &TreePath, source: &[u8], site: Site) -> Option<Planted> {
    let Site { fault, mut edits } = site;
    edits.sort_by_key(|edit| edit.range.start);
    let start = edits.first()?.range.start;
    let text = apply_edits(path, source, &edits).ok()?;
    let before = source.get(..start)?;
    let line = 1 + memchr::memchr_iter(b'\n', before).count() as u32;
    let first = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let shown = shown(text.get(first..)?.trim_ascii_start());
    Some(Planted { fault, path: path.clone(), line, shown, text })
}

/// Takes from each list in turn until `most` are taken, and as many as that is of
/// each at equal distances.
fn spread(lists: Vec<Vec<Planted>>, most: usize) -> Vec<Planted> {
    let mut taken = vec![0; lists.len()];
    let mut left = most.min(lists.iter().map(Vec::len).sum());
    while left > 0 {
        for (taken, list) in taken.iter_mut().zip(&lists) {
            if left > 0 && *taken < list.len() {
                *taken += 1;
                left -= 1;
            }
        }
    }
    let chosen = lists.into_iter().zip(taken).flat_map(|(list, taken)| {
        let all = list.len();
        let places: BTreeSet<usize> = (0..taken).map(|number| number * all / taken).collect();
        list.into_iter().enumerate().filter(move |(at, _)| places.contains(at)).map(|(_, it)| it)
    });
    chosen.collect()
}

#[cfg(test)]
mod tests;
