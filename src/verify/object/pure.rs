//! Whether a function is a map of its arguments and nothing else, so that it may be run
//! outside of a kernel. In: an object and the name of a function. Out: all code and data
//! that can be reached from it, or the first reason for which it is none.
//!
//! Everything that is not known to be harmless is refused: an instruction that is not in
//! the list, memory that is not the function's own stack or a constant of this object,
//! whatever another object may define, and code that a kernel patches when it starts.
//! Which address a register holds is only followed as far as it takes to refuse a number
//! for an address: that a read stays within its constant, running it has to show.

use super::code::{Base, Reference, Slot, Step, Target};
use super::elf::{Field, Home, Storage};
use super::layout::{Function, Object};
use super::place::Place;
use super::registers::{self, Addresses};
use super::sections::Role;
use iced_x86::{InstructionInfoFactory, Mnemonic};
use std::collections::BTreeSet;

/// Sections that hold constants: where the compiler and the kernel's `__initconst` put
/// them. Those of other names may be tables that the kernel reads, or changes, on its own.
const CONSTANTS: [&str; 3] = [".rodata", ".data.rel.ro", ".init.rodata"];

/// A function with all that it can reach.
#[derive(Clone, Debug)]
pub struct Pure {
    pub(super) entry: usize,
    /// Sections of code and of constants.
    pub(super) sections: BTreeSet<usize>,
}

/// What is known of the code that can be reached.
struct Reach<'o, 'a> {
    object: &'o Object<'a>,
    /// Functions to be checked.
    open: Vec<usize>,
    functions: BTreeSet<usize>,
    sections: BTreeSet<usize>,
}

impl Object<'_> {
    /// All that the function of this name can reach, if it is a map of its arguments.
    ///
    /// # Errors
    /// Why it is none, or not known to be one.
    pub fn pure(&self, name: &str) -> Result<Pure, String> {
        let entry = self.function_named(name).ok_or_else(|| "is in no object".to_owned())?;
        let (functions, sections) = (BTreeSet::new(), BTreeSet::new());
        let mut reach = Reach { object: self, open: vec![entry], functions, sections };
        while let Some(function) = reach.open.pop() {
            if reach.functions.insert(function) {
                reach.function(function)?;
            }
        }
        let data: Vec<usize> = reach.sections.iter().copied().collect();
        reach.constants(data)?;
        Ok(Pure { entry, sections: reach.sections })
    }

    /// Whether a section holds constants of the program's own.
    pub(super) fn holds_constants(&self, number: usize) -> bool {
        let Some(section) = self.sections.get(number) else { return false };
        let begins = |class: &str| {
            let rest = section.name.strip_prefix(class);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        section.storage == Storage::Data
            && matches!(self.roles.get(number), Some(Role::Data | Role::Merged))
            && self.is_read_only(number)
            && CONSTANTS.into_iter().any(begins)
    }
}

impl Reach<'_, '_> {
    fn function(&mut self, number: usize) -> Result<(), String> {
        let object = self.object;
        let Some(function) = object.functions.get(number) else { return Err(unreadable()) };
        let symbols = function.symbols.iter().filter_map(|symbol| object.symbols.get(*symbol));
        if symbols.clone().any(|symbol| symbol.weak) {
            return Err("another object may define it".to_owned());
        }
        // Entries of the kernel's tables: alternatives, jump labels, bugs, exceptions.
        if object.records.of_function.contains_key(&number) {
            return Err("has code that the kernel patches or looks up".to_owned());
        }
        let steps: Vec<&Step> = function.steps().map(|(_, step)| step).collect();
        let mut factory = InstructionInfoFactory::new();
        let addresses = Addresses::of(&steps, &mut factory);
        for step in &steps {
            step.references.iter().try_for_each(|it| self.reference(number, step, it))?;
            let why = |why| format!("`{}` {why}", object.step_text(step));
            registers::check(step, &addresses, &mut factory).map_err(why)?;
        }
        for block in &function.blocks {
            let ends =
                |step: &Step| matches!(step.instruction.mnemonic(), Mnemonic::Ret | Mnemonic::Jmp);
            if !block.steps.last().is_some_and(ends) {
                return Err("has no end".to_owned());
            }
            self.sections.insert(block.section);
        }
        Ok(())
    }

    fn reference(&mut self, from: usize, step: &Step, found: &Reference) -> Result<(), String> {
        plain(found.field)?;
        match found.slot {
            Slot::Branch => self.branch(from, step, found.target),
            Slot::Displacement | Slot::Immediate => {
                let section = self.constant(found.target)?;
                self.sections.insert(section);
                Ok(())
            }
            Slot::Elsewhere(_) => Err(unreadable()),
        }
    }

    /// Where a jump or call goes: within the function, or to the start of another.
    fn branch(&mut self, from: usize, step: &Step, target: Target) -> Result<(), String> {
        let object = self.object;
        let outside = |target: Target| match target.base {
            Base::Symbol(symbol) => format!("calls {}", object.name(symbol).unwrap_or("?")),
            Base::Section(_) => "jumps out of its code".to_owned(),
        };
        let Place::Code { function, step: to, within: 0 } = object.place(target) else {
            return Err(outside(target));
        };
        let calls = step.instruction.mnemonic() == Mnemonic::Call;
        let length = object.functions.get(function).map_or(0, Function::len);
        if to >= length || (function != from || calls) && to != 0 {
            return Err(outside(target));
        }
        self.open.push(function);
        Ok(())
    }

    /// The section of constants that is referred to.
    fn constant(&self, target: Target) -> Result<usize, String> {
        let object = self.object;
        if let Base::Symbol(number) = target.base {
            let symbol = object.symbols.get(number).ok_or_else(unreadable)?;
            if symbol.weak || !matches!(symbol.home, Home::Section(_)) {
                return Err(format!("uses {}, which another object defines", symbol.name));
            }
        }
        let (section, _) = object.located(target).ok_or_else(unreadable)?;
        if object.holds_constants(section) {
            return Ok(section);
        }
        let name = match target.base {
            Base::Symbol(number) => object.name(number).filter(|name| !name.is_empty()),
            Base::Section(_) => None,
        };
        Err(format!("uses {}, which is no constant", name.unwrap_or(object.section_name(section))))
    }

    /// Follows what constants refer to: other constants, and code that is reached.
    fn constants(&mut self, mut open: Vec<usize>) -> Result<(), String> {
        let object = self.object;
        while let Some(number) = open.pop() {
            let section = object.sections.get(number).ok_or_else(unreadable)?;
            if section.storage == Storage::Code {
                continue;
            }
            for field in &section.relocations {
                plain(field.field)?;
                let target = Target { base: Base::Symbol(field.symbol), offset: field.addend };
                if let Place::Code { function, within: 0, .. } = object.place(target)
                    && self.functions.contains(&function)
                {
                    continue;
                }
                let section = self.constant(target)?;
                if self.sections.insert(section) {
                    open.push(section);
                }
            }
        }
        Ok(())
    }
}

fn plain(field: Field) -> Result<(), String> {
    match field {
        Field::Absolute(4 | 8) | Field::Relative(4) => Ok(()),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> String {
    "refers to what cannot be read".to_owned()
}
