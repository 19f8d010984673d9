//! Two functions, step by step.

use super::code::{Block, Slot, Step};
use super::content::{Scope, Spot};
use super::layout::{Function, Object};
use super::pairing::{Clash, Session};
use super::{Difference, Excerpt, Subject, cause};

impl Session<'_, '_> {
    /// Whether two steps do the same to the same. `blocks` are those of code that
    /// belongs to no function, inside which places are counted from its start.
    pub(super) fn same_step(
        &mut self,
        before: &Step,
        after: &Step,
        blocks: Option<(&Block, &Block)>,
        scope: &mut Scope,
        index: usize,
    ) -> Result<(), Clash> {
        if before.canonical != after.canonical || before.references.len() != after.references.len()
        {
            return Err(Clash::Opcode);
        }
        for (old, new) in before.references.iter().zip(&after.references) {
            let class = |slot, field: super::elf::Field| match slot {
                // How a call or an operand finds its target may depend on where
                // that is: through a table, or straight.
                Slot::Branch => None,
                _ => Some(field),
            };
            if old.slot != new.slot || class(old.slot, old.field) != class(new.slot, new.field) {
                return Err(Clash::Opcode);
            }
            let inside = blocks.and_then(|(left, right)| {
                let left = inside(self.before.located(old.target)?, left)?;
                Some(Some(left) == inside(self.after.located(new.target)?, right))
            });
            match inside {
                Some(true) => continue,
                Some(false) => return Err(Clash::Jump),
                None => {
                    let places = (self.before.place(old.target), self.after.place(new.target));
                    self.same_place(places.0, places.1, scope, index)?;
                }
            }
        }
        Ok(())
    }

    /// The first difference of two functions; what they call and use by name is
    /// put in the queue.
    pub(super) fn compare_functions(&mut self, before: usize, after: usize) -> Option<Difference> {
        let (old, new) = (self.before, self.after);
        let (left, right) = (old.functions.get(before)?, new.functions.get(after)?);
        let subject = Subject::Function(function_name(old, left));
        if let Some(detail) = self.linkage(left, right) {
            return Some(Difference { subject, before: None, after: None, detail, cause: None });
        }
        let mut scope = Scope::default();
        let pairs = left.steps().zip(right.steps());
        for (index, ((_, one), (_, other))) in pairs.enumerate() {
            if let Err(clash) = self.same_step(one, other, None, &mut scope, index) {
                return Some(self.step_difference(subject, (before, after), index, &clash));
            }
        }
        if left.len() != right.len() {
            let index = left.len().min(right.len());
            return Some(self.step_difference(subject, (before, after), index, &Clash::Opcode));
        }
        if let Err((index, clash)) = self.settle(&mut scope) {
            let contents = |object: &Object<'_>, function: usize, spot: Spot| {
                let excerpt = object.step_excerpt(function, index)?;
                let there = object.spot_text(spot);
                let section = object.section_name(spot.section);
                let text =
                    format!("{}, where {section}+{:#x} is {there}", excerpt.text, spot.offset);
                Some(Excerpt { text, ..excerpt })
            };
            return Some(Difference {
                subject,
                before: contents(old, before, clash.before),
                after: contents(new, after, clash.after),
                detail: "refers to other contents".to_owned(),
                cause: cause::of_contents(old, clash.before, &clash.clash),
            });
        }
        self.compare_records(&subject, before, after)
    }

    fn step_difference(
        &self,
        subject: Subject,
        (before, after): (usize, usize),
        index: usize,
        clash: &Clash,
    ) -> Difference {
        Difference {
            subject,
            before: self.before.step_excerpt(before, index),
            after: self.after.step_excerpt(after, index),
            detail: "another instruction".to_owned(),
            cause: cause::of_steps(self, (before, after), index, clash),
        }
    }

    /// What of a function's section or names differs, for which no instruction
    /// stands: when it is discarded, and who can call it.
    fn linkage(&self, before: &Function, after: &Function) -> Option<String> {
        let (old, new) = (section_of(self.before, before), section_of(self.after, after));
        if old != new {
            return Some(format!("moved from section {old} to {new}"));
        }
        let globals = |object: &Object<'_>, function: &Function| -> Vec<(String, bool)> {
            let symbols = function.symbols.iter().filter_map(|symbol| object.symbols.get(*symbol));
            let globals = symbols.filter(|symbol| symbol.global);
            globals.map(|symbol| (symbol.name.clone(), symbol.weak)).collect()
        };
        let there = globals(self.after, after);
        let is_there = |(name, weak): &(String, bool)| {
            let renamed = self.renamed.as_ref().filter(|(before, _)| before == name);
            there.contains(&(renamed.map_or(name, |(_, after)| after).clone(), *weak))
        };
        let (name, _) = globals(self.before, before).into_iter().find(|it| !is_there(it))?;
        (self.unit == super::Unit::Same)
            .then(|| format!("{name} is no longer seen by other objects"))
    }

    /// The entries of the tables that belong to two functions.
    fn compare_records(
        &mut self,
        subject: &Subject,
        before: usize,
        after: usize,
    ) -> Option<Difference> {
        let (old, new) = (self.before, self.after);
        let left = old.records.of_function.get(&before).map_or(&[][..], Vec::as_slice);
        let right = new.records.of_function.get(&after).map_or(&[][..], Vec::as_slice);
        let difference = |index: usize, detail: String| Difference {
            subject: subject.clone(),
            before: old.step_excerpt(before, index),
            after: new.step_excerpt(after, index),
            detail,
            cause: None,
        };
        for (one, other) in left.iter().zip(right) {
            let tables = (old.section_name(one.area.section), new.section_name(other.area.section));
            if tables.0 != tables.1 || one.step != other.step {
                let detail = format!("other entries in {} and {}", tables.0, tables.1);
                return Some(difference(one.step, detail));
            }
            let mut scope = Scope::default();
            let entries = self.contents(one.area, other.area, &mut scope, one.step);
            let result = entries.map_err(|clash| (one.step, clash));
            if result.and_then(|()| self.settle(&mut scope)).is_err() {
                return Some(difference(one.step, format!("another entry in {}", tables.0)));
            }
        }
        let longer = left.get(right.len()).or_else(|| right.get(left.len()))?;
        let table = if left.len() > right.len() { old } else { new };
        let table = table.section_name(longer.area.section);
        Some(difference(
            longer.step,
            format!("{} entries instead of {} in tables as {table}", right.len(), left.len()),
        ))
    }
}

/// Bytes from the start of `block`, if the place is in it.
fn inside((section, offset): (usize, i64), block: &Block) -> Option<u64> {
    let offset = u64::try_from(offset).ok()?;
    (section == block.section && (block.start..=block.end).contains(&offset))
        .then(|| offset - block.start)
}

/// A function's first name.
pub(super) fn function_name(object: &Object<'_>, function: &Function) -> String {
    let first = function.symbols.first().and_then(|symbol| object.name(*symbol));
    first.unwrap_or("?").to_owned()
}

/// The section that a function is in, `.text` for all that stay in memory: where
/// among them it goes is the compiler's guess of how often it runs.
fn section_of<'o>(object: &'o Object<'_>, function: &Function) -> &'o str {
    let name = function.blocks.first().map_or("", |block| object.section_name(block.section));
    if name == ".text" || name.starts_with(".text.") { ".text" } else { name }
}
