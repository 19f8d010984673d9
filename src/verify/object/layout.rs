//! An object's functions, data and tables, found by name and by place.

use super::code::{Base, Block, Target};
use super::elf::{self, Home, ObjectError, Section, Storage, Symbol, SymbolKind};
use super::names;
use super::records::{self, Records};
use super::sections::{Role, role};
use std::collections::BTreeMap;

/// A function: its code, and the part that the compiler moved to the unlikely.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Its names; an alias (`init_module`) is one more.
    pub symbols: Vec<usize>,
    /// The function's own code, then its unlikely parts.
    pub blocks: Vec<Block>,
    /// The symbol of each block.
    pub heads: Vec<usize>,
}

impl Function {
    /// Number of steps in all blocks.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.steps.len()).sum()
    }

    /// All steps, each with the number of its block.
    pub fn steps(&self) -> impl Iterator<Item = (usize, &super::code::Step)> {
        let blocks = self.blocks.iter().enumerate();
        blocks.flat_map(|(number, block)| block.steps.iter().map(move |step| (number, step)))
    }

    /// The step at a byte of one of its blocks, counted over all of them.
    fn position(&self, block: usize, offset: u64) -> Option<(usize, u64)> {
        let (step, within) = self.blocks.get(block)?.position(offset)?;
        let before: usize = self.blocks.iter().take(block).map(|block| block.steps.len()).sum();
        Some((before + step, within))
    }
}

/// Where a block of a function lies.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u64,
    end: u64,
    function: usize,
    block: usize,
}

/// Who refers to a section without symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Referrer {
    Nobody,
    /// One function, or one section (numbered after all functions).
    One(usize),
    Many,
}

/// A relocatable x86-64 object, taken apart for comparison.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    pub(super) sections: Vec<Section<'a>>,
    pub(super) symbols: Vec<Symbol>,
    pub(super) functions: Vec<Function>,
    pub(super) roles: Vec<Role>,
    /// By section: its data symbols in the order of their places.
    pub(super) data: Vec<Vec<usize>>,
    /// By section: every place in it that something refers to, sorted.
    labels: Vec<Vec<u64>>,
    pub(super) referrers: Vec<Referrer>,
    pub(super) records: Records,
    /// By section: the function blocks in it in the order of their places.
    extents: Vec<Vec<Extent>>,
}

impl<'a> Object<'a> {
    /// Reads an object file. Nothing that the file holds can make it panic.
    pub fn read(bytes: &'a [u8]) -> Result<Object<'a>, ObjectError> {
        let tables = elf::read(bytes)?;
        let count = tables.sections.len();
        let mut object = Object {
            roles: tables.sections.iter().map(role).collect(),
            sections: tables.sections,
            symbols: tables.symbols,
            functions: Vec::new(),
            data: vec![Vec::new(); count],
            labels: vec![Vec::new(); count],
            referrers: vec![Referrer::Nobody; count],
            records: Records::default(),
            extents: vec![Vec::new(); count],
        };
        object.find_functions();
        object.find_data();
        object.find_labels();
        object.records = records::find(&object);
        Ok(object)
    }

    /// Names of all functions, sorted; the unlikely parts have none of their own.
    pub fn function_names(&self) -> Vec<&str> {
        let all = self.functions.iter().flat_map(|function| &function.symbols);
        let mut names: Vec<&str> = all.filter_map(|symbol| self.name(*symbol)).collect();
        names.sort_unstable();
        names
    }

    /// The value of a constant of eight bytes; `None` where there is none of that name, or
    /// the linker has a say in it.
    pub fn integer(&self, name: &str) -> Option<i64> {
        let symbol = self.symbols.iter().find(|it| it.name == name && it.size == 8)?;
        let Home::Section(section) = symbol.home else { return None };
        let section = self.sections.get(section)?;
        let range = symbol.address..symbol.address.checked_add(8)?;
        if section.relocations.iter().any(|it| range.contains(&it.offset)) {
            return None;
        }
        let start = usize::try_from(range.start).ok()?;
        match section.storage {
            Storage::Zeros => Some(0),
            _ => Some(i64::from_le_bytes(section.data.get(start..)?.first_chunk().copied()?)),
        }
    }

    /// Whether other objects see a function of this name.
    pub fn is_global(&self, name: &str) -> bool {
        self.symbols.iter().any(|symbol| symbol.global && symbol.name == name)
    }

    pub(super) fn name(&self, symbol: usize) -> Option<&str> {
        self.symbols.get(symbol).map(|symbol| symbol.name.as_str())
    }

    pub(super) fn section_name(&self, section: usize) -> &str {
        self.sections.get(section).map_or("", |section| section.name.as_str())
    }

    /// The function of that name.
    pub(super) fn function_named(&self, name: &str) -> Option<usize> {
        let is = |symbol: &usize| self.name(*symbol) == Some(name);
        self.functions.iter().position(|function| function.symbols.iter().any(is))
    }

    /// The function at a byte of a section, the step there, and how many bytes
    /// into that instruction it is.
    pub(super) fn function_at(&self, section: usize, offset: u64) -> Option<(usize, usize, u64)> {
        let extents = self.extents.get(section)?;
        let at = extents.partition_point(|extent| extent.start <= offset).checked_sub(1)?;
        let extent = extents.get(at).filter(|extent| offset <= extent.end)?;
        let (step, within) = self.functions.get(extent.function)?.position(extent.block, offset)?;
        Some((extent.function, step, within))
    }

    /// Whether the section holds a function.
    pub(super) fn has_functions(&self, section: usize) -> bool {
        self.extents.get(section).is_some_and(|extents| !extents.is_empty())
    }

    /// The next place behind `offset` that something refers to, or the section's end.
    pub(super) fn label_after(&self, section: usize, offset: u64) -> u64 {
        let end = self.sections.get(section).map_or(0, |section| section.size);
        let Some(labels) = self.labels.get(section) else { return end };
        let next = labels.partition_point(|label| *label <= offset);
        labels.get(next).copied().unwrap_or(end).min(end)
    }

    /// The last place up to `offset` that something refers to.
    pub(super) fn label_at(&self, section: usize, offset: u64) -> u64 {
        let Some(labels) = self.labels.get(section) else { return 0 };
        let next = labels.partition_point(|label| *label <= offset);
        next.checked_sub(1).and_then(|at| labels.get(at)).copied().unwrap_or(0)
    }

    /// Whether it is a symbol of the program, not one that the assembler uses.
    fn is_placed(symbol: &Symbol) -> bool {
        matches!(symbol.kind, SymbolKind::Function | SymbolKind::Object | SymbolKind::Label)
            && !symbol.name.starts_with(".L")
            && !symbol.name.is_empty()
    }

    fn find_functions(&mut self) {
        // By place: one function may have several names.
        let mut places: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
        for (number, symbol) in self.symbols.iter().enumerate() {
            let Home::Section(section) = symbol.home else { continue };
            if self.roles.get(section) == Some(&Role::Code) && Self::is_placed(symbol) {
                places.entry((section, symbol.address)).or_default().push(number);
            }
        }
        let mut found: Vec<(Vec<usize>, Block)> = Vec::new();
        let starts: Vec<(usize, u64)> = places.keys().copied().collect();
        for (at, ((section, start), symbols)) in places.into_iter().enumerate() {
            let Some(code) = self.sections.get(section) else { continue };
            let size = symbols.iter().filter_map(|symbol| self.symbols.get(*symbol));
            let size = size.map(|symbol| symbol.size).max().unwrap_or(0);
            let next = starts.get(at + 1).filter(|(other, _)| *other == section);
            let limit = next.map_or(code.size, |(_, next)| *next).min(code.size);
            let end = if size == 0 { limit } else { start.saturating_add(size).min(limit) };
            found.push((symbols, Block::decode(code, section, start.min(end), end)));
        }
        self.join_parts(found);
    }

    /// Makes functions of the blocks; an unlikely part goes to its function.
    fn join_parts(&mut self, found: Vec<(Vec<usize>, Block)>) {
        let parent = |symbols: &[usize]| -> Option<String> {
            let name = self.symbols.get(*symbols.first()?)?.name.as_str();
            names::cold_parent(name).map(str::to_owned)
        };
        let (cold, own): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(symbols, _)| parent(symbols).is_some());
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        let mut functions: Vec<Function> = Vec::new();
        for (symbols, block) in own {
            for name in symbols.iter().filter_map(|symbol| self.symbols.get(*symbol)) {
                by_name.insert(name.name.clone(), functions.len());
            }
            let heads = symbols.first().copied().into_iter().collect();
            functions.push(Function { symbols, blocks: vec![block], heads });
        }
        for (symbols, block) in cold {
            let home = parent(&symbols).and_then(|name| by_name.get(&name).copied());
            let head = symbols.first().copied();
            match home.and_then(|home| functions.get_mut(home)) {
                Some(function) => {
                    function.blocks.push(block);
                    function.heads.extend(head);
                }
                None => {
                    let heads = head.into_iter().collect();
                    functions.push(Function { symbols, blocks: vec![block], heads });
                }
            }
        }
        for (number, function) in functions.iter().enumerate() {
            for (part, block) in function.blocks.iter().enumerate() {
                let (start, end) = (block.start, block.end);
                if let Some(extents) = self.extents.get_mut(block.section) {
                    extents.push(Extent { start, end, function: number, block: part });
                }
            }
        }
        self.extents.iter_mut().for_each(|extents| extents.sort_by_key(|extent| extent.start));
        self.functions = functions;
    }

    fn find_data(&mut self) {
        for (number, symbol) in self.symbols.iter().enumerate() {
            let Home::Section(section) = symbol.home else { continue };
            let data = match self.roles.get(section) {
                Some(Role::Data) => Self::is_placed(symbol),
                // A label there only says where a string begins.
                Some(Role::Merged) => Self::is_placed(symbol) && symbol.kind == SymbolKind::Object,
                _ => false,
            };
            if data && let Some(data) = self.data.get_mut(section) {
                data.push(number);
            }
        }
        let symbols = &self.symbols;
        for data in &mut self.data {
            // Of several names for one place the local one is the source's own.
            data.sort_by_cached_key(|number| {
                let symbol = symbols.get(*number);
                let key = |symbol: &Symbol| {
                    let name = names::normalise(&symbol.name).into_owned();
                    (symbol.address, symbol.global, name)
                };
                (symbol.map(key), *number)
            });
        }
    }

    /// Bytes of a data symbol; without a size it reaches to the next one.
    pub(super) fn data_size(&self, number: usize) -> u64 {
        let Some(symbol) = self.symbols.get(number) else { return 0 };
        let Home::Section(section) = symbol.home else { return symbol.size };
        if symbol.size > 0 || symbol.kind == SymbolKind::Object {
            return symbol.size;
        }
        let others = self.data.get(section).into_iter().flatten();
        let others = others.filter_map(|other| self.symbols.get(*other));
        let behind = others.map(|other| other.address).filter(|place| *place > symbol.address);
        let end = self.sections.get(section).map_or(0, |section| section.size);
        behind.min().unwrap_or(end).saturating_sub(symbol.address)
    }

    /// Section and byte of a target in this object.
    pub(super) fn located(&self, target: Target) -> Option<(usize, i64)> {
        match target.base {
            Base::Section(section) => Some((section, target.offset)),
            Base::Symbol(symbol) => {
                let symbol = self.symbols.get(symbol)?;
                let Home::Section(section) = symbol.home else { return None };
                Some((section, (symbol.address as i64).wrapping_add(target.offset)))
            }
        }
    }

    fn find_labels(&mut self) {
        let mut labels = vec![Vec::new(); self.sections.len()];
        let mut referrers = vec![Referrer::Nobody; self.sections.len()];
        let mut note = |object: &Object<'_>, target: Target, by: usize| {
            let Some((section, offset)) = object.located(target) else { return };
            if let (Ok(offset), Some(labels)) = (u64::try_from(offset), labels.get_mut(section)) {
                labels.push(offset);
            }
            if let Some(referrer) = referrers.get_mut(section) {
                *referrer = match *referrer {
                    Referrer::Nobody => Referrer::One(by),
                    Referrer::One(other) if other == by => Referrer::One(by),
                    _ => Referrer::Many,
                };
            }
        };
        for (number, function) in self.functions.iter().enumerate() {
            for (_, step) in function.steps() {
                step.references.iter().for_each(|found| note(self, found.target, number));
            }
        }
        for (number, section) in self.sections.iter().enumerate() {
            let compared = self.roles.get(number).is_some_and(|role| *role != Role::Ignored);
            // The references of code were taken from its steps.
            if !compared || section.storage == Storage::Code {
                continue;
            }
            for relocation in &section.relocations {
                let target =
                    Target { base: Base::Symbol(relocation.symbol), offset: relocation.addend };
                note(self, target, self.functions.len() + number);
            }
        }
        for labels in &mut labels {
            labels.sort_unstable();
            labels.dedup();
        }
        self.labels = labels;
        self.referrers = referrers;
    }
}
