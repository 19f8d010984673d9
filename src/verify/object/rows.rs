//! Variables by which functions are reached, before and after: each names another function and
//! holds a constant now, and is else what it was, though it may have become a member of a
//! larger one.

use super::code::{Base, Target};
use super::compare::data_symbols;
use super::content::Scope;
use super::elf::{Field, Home, Relocation, Storage, Symbol};
use super::layout::Object;
use super::pairing::Session;
use super::place::Place;
use std::ops::Range;

/// A row before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its variable before and after.
    pub variables: (String, String),
    /// The function that it named, and that which it names.
    pub functions: (String, String),
    /// Where in it lies what it was before.
    pub shift: u64,
    /// The bytes that hold the constant.
    pub slot: Range<u64>,
    /// What they hold.
    pub held: Held,
}

/// What a row holds for its function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// A constant.
    Value(i64),
    /// The address of so many bytes behind the beginning of the data of this name.
    Place(String, i64),
}

/// A variable in its object.
struct Variable<'o, 'a> {
    object: &'o Object<'a>,
    section: usize,
    start: u64,
    size: u64,
}

impl<'o, 'a> Variable<'o, 'a> {
    fn find(object: &'o Object<'a>, name: &str) -> Result<(usize, Self), String> {
        let is_it = |number: &usize| object.name(*number) == Some(name);
        let mut found = data_symbols(object).filter(is_it);
        let (Some(number), None) = (found.next(), found.next()) else {
            return Err(format!("there is not one variable {name}"));
        };
        let symbol: Option<&Symbol> = object.symbols.get(number);
        let placed = symbol.and_then(|symbol| match symbol.home {
            Home::Section(section) => Some((section, symbol.address)),
            _ => None,
        });
        let (section, start) = placed.ok_or_else(|| format!("{name} lies in no section"))?;
        let storage = object.sections.get(section).map(|it| it.storage);
        if storage != Some(Storage::Data) {
            return Err(format!("{name} has no contents"));
        }
        let size = object.data_size(number);
        Ok((number, Variable { object, section, start, size }))
    }

    /// The byte at `offset`, which the linker may change.
    fn byte(&self, offset: u64) -> Option<u8> {
        let at = usize::try_from(self.start.checked_add(offset)?).ok()?;
        self.object.sections.get(self.section)?.data.get(at).copied()
    }

    /// What the linker fills in, each by its offset.
    fn fields(&self) -> Vec<(u64, Relocation)> {
        let all = self.object.sections.get(self.section).map_or(&[][..], |it| &it.relocations);
        let own = all.iter().filter(|it| {
            it.offset >= self.start && it.offset < self.start.saturating_add(self.size)
        });
        own.map(|it| (it.offset - self.start, *it)).collect()
    }

    fn place(&self, field: &Relocation) -> Place {
        self.object.place(Target { base: Base::Symbol(field.symbol), offset: field.addend })
    }

    /// Whether a place is the beginning of the function `name`.
    fn is_function(&self, place: Place, name: &str) -> bool {
        let Place::Code { function, step: 0, within: 0 } = place else { return false };
        let symbols = self.object.functions.get(function).map(|it| &it.symbols);
        symbols.into_iter().flatten().any(|symbol| self.object.name(*symbol) == Some(name))
    }
}

/// Takes the variables of the rows for each other, before all else is compared.
///
/// # Errors
/// Which is not there.
pub(super) fn pair(session: &mut Session<'_, '_>, rows: &[Row]) -> Result<(), String> {
    for row in rows {
        let (before, _) = Variable::find(session.before, &row.variables.0)?;
        let (after, _) = Variable::find(session.after, &row.variables.1)?;
        session.identify_data(before, after);
    }
    Ok(())
}

/// Whether the rows are what they shall be, once all else is compared.
///
/// # Errors
/// What is not.
pub(super) fn check(session: &mut Session<'_, '_>, rows: &[Row]) -> Result<(), String> {
    rows.iter().try_for_each(|row| {
        same_row(session, row).map_err(|why| format!("{}: {why}", row.variables.1))
    })
}

fn same_row(session: &mut Session<'_, '_>, row: &Row) -> Result<(), String> {
    let (_, before) = Variable::find(session.before, &row.variables.0)?;
    let (_, after) = Variable::find(session.after, &row.variables.1)?;
    let kept = row.shift..row.shift.saturating_add(before.size);
    let end = kept.end.max(row.slot.end);
    if row.slot.end > after.size || kept.end > after.size {
        return Err(format!("{} bytes, of which {end} should be known", after.size));
    }
    for offset in (0..after.size).filter(|offset| !row.slot.contains(offset)) {
        let was = match kept.contains(&offset) {
            true => before.byte(offset - row.shift),
            false => Some(0),
        };
        if was.is_none() || was != after.byte(offset) {
            return Err(format!("another byte at {offset:#x}"));
        }
    }
    let (old, mut new) = (before.fields(), after.fields());
    match &row.held {
        Held::Value(value) => holds(&after, row.slot.clone(), *value)?,
        Held::Place(name, offset) => {
            let is_it = |(at, field): &(u64, Relocation)| {
                let place = after.place(field);
                let named = match place {
                    Place::Named { symbol, offset: found } if found == *offset => {
                        after.object.name(symbol)
                    }
                    _ => None,
                };
                *at == row.slot.start
                    && field.field == Field::Absolute(8)
                    && named == Some(name.as_str())
            };
            let found = new.iter().position(is_it);
            let found = found.ok_or_else(|| format!("it does not point to {name}+{offset:#x}"))?;
            new.remove(found);
        }
    }
    let mut swapped = 0;
    let is_slot = |offset: u64, field: Field| {
        offset < row.slot.end && row.slot.start < offset.saturating_add(field.size())
    };
    if new.iter().any(|(offset, it)| is_slot(*offset, it.field)) || old.len() != new.len() {
        return Err("the linker fills in something else".to_owned());
    }
    for ((at, was), (offset, is)) in old.iter().zip(&new) {
        if at + row.shift != *offset || was.field != is.field {
            return Err(format!("something else is filled in at {offset:#x}"));
        }
        let (one, other) = (before.place(was), after.place(is));
        if before.is_function(one, &row.functions.0) && after.is_function(other, &row.functions.1) {
            swapped += 1;
            continue;
        }
        let mut scope = Scope::default();
        let same = session.same_place(one, other, &mut scope, 0).is_ok();
        if !same || session.settle(&mut scope).is_err() {
            return Err(format!("it names something else at {offset:#x}"));
        }
    }
    match swapped {
        1 => Ok(()),
        _ => Err(format!("it does not name {} once", row.functions.1)),
    }
}

/// Whether some bytes of a row are the constant.
fn holds(row: &Variable<'_, '_>, slot: Range<u64>, value: i64) -> Result<(), String> {
    let width = usize::try_from(slot.end - slot.start).unwrap_or_default();
    let held: Option<Vec<u8>> = slot.map(|offset| row.byte(offset)).collect();
    let bytes = value.to_le_bytes();
    let wanted = bytes.get(..width).ok_or_else(|| format!("a constant of {width} bytes"))?;
    match held.as_deref() == Some(wanted) && returns(wanted, value) {
        true => Ok(()),
        false => Err(format!("it does not hold {value:#x}")),
    }
}

/// Whether the bytes, sign or zeros put in front, are the value.
fn returns(bytes: &[u8], value: i64) -> bool {
    let fill = |byte: u8| {
        let mut all = [byte; 8];
        for (to, from) in all.iter_mut().zip(bytes) {
            *to = *from;
        }
        i64::from_le_bytes(all)
    };
    fill(0) == value || fill(0xff) == value && bytes.last().is_some_and(|byte| *byte >= 0x80)
}
