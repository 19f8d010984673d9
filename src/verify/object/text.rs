//! Instructions and places as text for the reader (AT&T syntax, as objdump's).

use super::Excerpt;
use super::code::{Reference, Slot, Step};
use super::content::Spot;
use super::layout::Object;
use super::place::Place;
use iced_x86::{Formatter, GasFormatter, Instruction, OpKind, SymbolResolver, SymbolResult};

/// Characters of a string that are shown.
const SHOWN: usize = 40;

/// The names of what an instruction's references stand for.
struct Names {
    found: Vec<(Slot, String)>,
}

impl SymbolResolver for Names {
    fn symbol(
        &mut self,
        instruction: &Instruction,
        _operand: u32,
        operand: Option<u32>,
        address: u64,
        _size: u32,
    ) -> Option<SymbolResult<'_>> {
        let slot = match instruction.try_op_kind(operand?).ok()? {
            OpKind::NearBranch64 => Slot::Branch,
            OpKind::Memory => Slot::Displacement,
            _ => Slot::Immediate,
        };
        let (_, name) = self.found.iter().find(|(found, _)| *found == slot)?;
        Some(SymbolResult::with_string(address, name.clone()))
    }
}

impl Object<'_> {
    /// One instruction, with names for what it refers to.
    pub(super) fn step_text(&self, step: &Step) -> String {
        let name = |reference: &Reference| (reference.slot, self.describe(reference));
        let found: Vec<_> = step.references.iter().map(name).collect();
        let mut formatter = GasFormatter::with_options(Some(Box::new(Names { found })), None);
        formatter.options_mut().set_uppercase_hex(false);
        let mut text = String::new();
        formatter.format(&step.instruction, &mut text);
        text
    }

    fn describe(&self, reference: &Reference) -> String {
        self.place_text(self.place(reference.target))
    }

    /// What stands at a place, in a word.
    pub(super) fn place_text(&self, place: Place) -> String {
        let name = |symbol: usize| self.name(symbol).unwrap_or("?").to_owned();
        match place {
            Place::External { symbol, addend } => with_offset(name(symbol), addend),
            Place::Number(number) => format!("{number:#x}"),
            Place::Code { function, step, .. } => {
                let function = self.functions.get(function);
                let symbol = function.and_then(|function| function.symbols.first().copied());
                match step {
                    0 => symbol.map_or_else(|| "?".to_owned(), name),
                    step => format!("{}#{step}", symbol.map_or_else(|| "?".to_owned(), name)),
                }
            }
            Place::Named { symbol, offset } => with_offset(name(symbol), offset),
            Place::Text { section, offset } => {
                let text = self.text(section, offset).unwrap_or_default();
                let text = String::from_utf8_lossy(text);
                let shown: String = text.chars().take(SHOWN).collect();
                let more = if text.chars().nth(SHOWN).is_some() { "..." } else { "" };
                format!("{:?}{more}", shown)
            }
            Place::Stray(area) => with_offset(self.section_label(area.section), area.start as i64),
            Place::Contents { area, bias } => {
                let start = (area.start as i64).wrapping_add(bias);
                with_offset(self.section_label(area.section), start)
            }
            Place::Somewhere { section, offset } => {
                with_offset(self.section_label(section), offset)
            }
        }
    }

    fn section_label(&self, section: usize) -> String {
        self.section_name(section).to_owned()
    }

    /// The excerpt of a function's step; `None` behind its end.
    pub(super) fn step_excerpt(&self, function: usize, index: usize) -> Option<Excerpt> {
        let function = self.functions.get(function)?;
        let (block, step) = function.steps().nth(index)?;
        let start = function.blocks.get(block)?.start;
        let symbol = function.heads.get(block).and_then(|head| self.name(*head));
        Some(Excerpt {
            symbol: symbol.unwrap_or("?").to_owned(),
            offset: step.offset - start,
            index: Some(index),
            text: self.step_text(step),
        })
    }

    /// What stands at a spot of a section, in bytes or by name.
    pub(super) fn spot_text(&self, spot: Spot) -> String {
        let Some(section) = self.sections.get(spot.section) else { return String::new() };
        if let Some(field) =
            super::code::within(&section.relocations, spot.offset, spot.offset.saturating_add(1))
                .first()
        {
            return self.place_text(self.field_place(spot.section, field));
        }
        let start = usize::try_from(spot.offset).unwrap_or(usize::MAX);
        let bytes = section.data.get(start..).unwrap_or_default();
        let shown: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        if shown.is_empty() { "the end".to_owned() } else { shown.join(" ") }
    }
}

fn with_offset(name: String, offset: i64) -> String {
    match offset {
        0 => name,
        1.. => format!("{name}+{offset:#x}"),
        _ => format!("{name}-{:#x}", offset.unsigned_abs()),
    }
}
