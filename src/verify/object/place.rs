//! What stands at a place that code or data refers to.

use super::code::{Base, Target};
use super::elf::{Home, Symbol, SymbolKind};
use super::layout::{Object, Referrer};
use super::names;
use super::sections::Role;

/// A stretch of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Area {
    pub section: usize,
    /// First byte.
    pub start: u64,
    /// First byte behind it.
    pub end: u64,
}

impl Area {
    /// Number of bytes.
    pub fn size(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// A place, by what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A symbol of another object, or one that the linker gives room.
    External { symbol: usize, addend: i64 },
    /// No place: a number.
    Number(i64),
    /// A step of a function; `within` is not 0 inside an instruction.
    Code { function: usize, step: usize, within: u64 },
    /// Code that belongs to no function (the replacement of an instruction).
    Stray(Area),
    /// Data with a name that says which data it is.
    Named { symbol: usize, offset: i64 },
    /// A string, which stands for its characters.
    Text { section: usize, offset: u64 },
    /// Read-only data without a name of its own, which stands for its contents.
    Contents { area: Area, bias: i64 },
    /// A byte of a section of which no more is known.
    Somewhere { section: usize, offset: i64 },
}

impl Object<'_> {
    /// What stands at `target`.
    pub(super) fn place(&self, target: Target) -> Place {
        let Base::Symbol(number) = target.base else { return self.place_in_section(target) };
        let Some(symbol) = self.symbols.get(number) else { return Place::Number(target.offset) };
        match symbol.home {
            Home::Undefined if symbol.name.is_empty() => Place::Number(target.offset),
            Home::Undefined | Home::Common | Home::Absolute => {
                Place::External { symbol: number, addend: target.offset }
            }
            Home::Section(section) => {
                let named = !matches!(symbol.kind, SymbolKind::Section | SymbolKind::Nothing)
                    && self.data.get(section).is_some_and(|data| data.contains(&number));
                if named {
                    self.data_place(number, section, target.offset)
                } else {
                    self.place_in_section(target)
                }
            }
        }
    }

    fn place_in_section(&self, target: Target) -> Place {
        let Some((section, offset)) = self.located(target) else {
            return Place::Number(target.offset);
        };
        let somewhere = Place::Somewhere { section, offset };
        match self.roles.get(section) {
            Some(Role::Code) => self.code_place(section, offset).unwrap_or(somewhere),
            Some(Role::Merged) => self.merged_place(section, offset).unwrap_or(somewhere),
            Some(Role::Data) => match self.symbol_at(section, offset) {
                Some((symbol, address)) => {
                    self.data_place(symbol, section, offset.wrapping_sub(address as i64))
                }
                None => self.unnamed_place(section, offset).unwrap_or(somewhere),
            },
            Some(Role::Ignored | Role::ModuleInfo) | None => somewhere,
        }
    }

    /// The data symbol that a byte belongs to. Before the first it is the first:
    /// the compiler folds the bias of an index into the address.
    fn symbol_at(&self, section: usize, offset: i64) -> Option<(usize, u64)> {
        let data = self.data.get(section)?;
        let address = |number: usize| self.symbols.get(number).map(|symbol| symbol.address);
        let up_to = data.partition_point(|number| {
            address(*number)
                .is_some_and(|address| i64::try_from(address).is_ok_and(|a| a <= offset))
        });
        let found = up_to.checked_sub(1).and_then(|at| data.get(at)).or_else(|| data.first())?;
        let place = address(*found)?;
        // The first name of that place, as they are sorted.
        let first = data.partition_point(|number| address(*number).is_some_and(|a| a < place));
        data.get(first).map(|symbol| (*symbol, place))
    }

    /// Named data, or contents where the name says nothing.
    fn data_place(&self, number: usize, section: usize, offset: i64) -> Place {
        let Some(symbol) = self.symbols.get(number).filter(|s| self.is_anonymous(s)) else {
            return Place::Named { symbol: number, offset };
        };
        let end = symbol.address.saturating_add(self.data_size(number));
        Place::Contents { area: Area { section, start: symbol.address, end }, bias: offset }
    }

    /// Whether a symbol names nothing but its contents: read-only data of one
    /// function (`__func__.3`, a constant table) or made by the compiler
    /// (`CSWTCH.5`), where the compiler puts such data. Two of them with the same contents may stand for each other.
    pub(super) fn is_anonymous(&self, symbol: &Symbol) -> bool {
        let Home::Section(section) = symbol.home else { return false };
        let name = self.section_name(section);
        let compilers = name.starts_with(".rodata") || name.starts_with(".data.rel.ro");
        !symbol.global && names::is_suffixed(&symbol.name) && compilers
    }

    /// Whether a section has the name of a function, as an array and not as a string of
    /// its own.
    pub(super) fn names_a_function(&self, section: usize) -> bool {
        let names = self.data.get(section).into_iter().flatten();
        let mut names = names.filter_map(|data| self.name(*data));
        names.any(|name| names::FUNCTION_NAMES.contains(&&*names::normalise(name)))
    }

    /// Whether nothing writes there once the linker is done.
    pub(super) fn is_read_only(&self, section: usize) -> bool {
        let Some(section) = self.sections.get(section) else { return false };
        !section.writable || section.name.starts_with(".data.rel.ro")
    }

    fn code_place(&self, section: usize, offset: i64) -> Option<Place> {
        let offset = u64::try_from(offset).ok()?;
        if let Some((function, step, within)) = self.function_at(section, offset) {
            return Some(Place::Code { function, step, within });
        }
        let end = self.label_after(section, offset);
        (offset < end).then_some(Place::Stray(Area { section, start: offset, end }))
    }

    fn merged_place(&self, number: usize, offset: i64) -> Option<Place> {
        let section = self.sections.get(number)?;
        let start = u64::try_from(offset).ok().filter(|start| *start < section.size)?;
        if section.strings {
            return Some(Place::Text { section: number, offset: start });
        }
        let entry = section.entry_size.max(1);
        let first = start - start % entry;
        let end = first.saturating_add(entry).min(section.size);
        let area = Area { section: number, start: first, end };
        Some(Place::Contents { area, bias: (start - first) as i64 })
    }

    /// Data of a section without symbols. One function's constants and jump
    /// tables are taken as a whole, since a biased address may lie in another
    /// table than the one it means; of a shared section, up to the next label.
    fn unnamed_place(&self, section: usize, offset: i64) -> Option<Place> {
        if !self.is_read_only(section) {
            return None;
        }
        let size = self.sections.get(section)?.size;
        let whole = Area { section, start: 0, end: size };
        let shared = self.referrers.get(section) == Some(&Referrer::Many);
        match u64::try_from(offset).ok().filter(|start| *start < size) {
            Some(start) if shared => {
                let area = Area { start, end: self.label_after(section, start), ..whole };
                Some(Place::Contents { area, bias: 0 })
            }
            _ => Some(Place::Contents { area: whole, bias: offset }),
        }
    }

    /// Whether code or data that is compared refers to the section.
    pub(super) fn is_referred_to(&self, section: usize) -> bool {
        self.referrers.get(section).is_some_and(|referrer| *referrer != Referrer::Nobody)
    }

    /// The characters of a string, without the zero at its end. `None` when it
    /// has no end.
    pub(super) fn text(&self, section: usize, offset: u64) -> Option<&[u8]> {
        let section = self.sections.get(section)?;
        let bytes = section.data.get(usize::try_from(offset).ok()?..)?;
        let width = usize::try_from(section.entry_size).ok().filter(|width| *width > 0)?;
        let end = bytes.chunks_exact(width).position(|unit| unit.iter().all(|byte| *byte == 0))?;
        bytes.get(..end * width)
    }
}
