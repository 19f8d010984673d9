//! Two stretches of data, with what their relocated fields refer to.

use super::code::{Base, Block, Target, within};
use super::elf::{Field, Relocation, Storage};
use super::layout::Object;
use super::pairing::{Clash, Session};
use super::place::{Area, Place};
use std::collections::BTreeSet;

/// A byte of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub section: usize,
    pub offset: u64,
}

/// Where two stretches differ first, and how.
#[derive(Clone, Debug)]
pub(super) struct ContentClash {
    pub before: Spot,
    pub after: Spot,
    pub clash: Clash,
}

/// Unnamed contents that one function, or one named object, leads to. They are
/// compared after it, each pair once, so that nothing recurses and a circle of
/// references ends.
#[derive(Debug, Default)]
pub(super) struct Scope {
    seen: BTreeSet<(Area, Area)>,
    /// What is still to be compared, and the step that refers to it.
    pending: Vec<(Area, Area, usize)>,
}

impl Scope {
    /// Remembers that two stretches must be equal.
    pub fn require(&mut self, before: Area, after: Area, step: usize) {
        if self.seen.insert((before, after)) {
            self.pending.push((before, after, step));
        }
    }
}

impl Object<'_> {
    /// What a relocated field of data refers to.
    pub(super) fn field_place(&self, section: usize, field: &Relocation) -> Place {
        let mut target = Target { base: Base::Symbol(field.symbol), offset: field.addend };
        let unnamed = self.data.get(section).is_some_and(Vec::is_empty);
        if field.field == Field::Relative(4) && unnamed && self.is_referred_to(section) {
            // A jump table of distances counts from its own start.
            let table = self.label_at(section, field.offset);
            target.offset = target.offset.wrapping_sub(field.offset.wrapping_sub(table) as i64);
        }
        self.place(target)
    }
}

impl Session<'_, '_> {
    /// Compares all that `scope` has been given, and all that this leads to.
    /// On a difference also the step that led there.
    pub(super) fn settle(&mut self, scope: &mut Scope) -> Result<(), (usize, ContentClash)> {
        while let Some((before, after, step)) = scope.pending.pop() {
            let code = |object: &Object<'_>, area: Area| {
                object.sections.get(area.section).is_some_and(|s| s.storage == Storage::Code)
            };
            let result = match (code(self.before, before), code(self.after, after)) {
                (true, true) => self.stray_code(before, after, scope, step),
                _ => self.contents(before, after, scope, step),
            };
            result.map_err(|clash| (step, clash))?;
        }
        Ok(())
    }

    /// Compares two stretches of data.
    pub(super) fn contents(
        &mut self,
        before: Area,
        after: Area,
        scope: &mut Scope,
        step: usize,
    ) -> Result<(), ContentClash> {
        let (old, new) = (self.before, self.after);
        let (Some(left), Some(right)) =
            (old.sections.get(before.section), new.sections.get(after.section))
        else {
            return Err(at(before, after, 0, Clash::Bytes));
        };
        if self.name_themselves(before, after) {
            return Ok(());
        }
        if left.storage == Storage::Zeros || right.storage == Storage::Zeros {
            let same = left.storage == right.storage && before.size() == after.size();
            let first = before.size().min(after.size());
            return if same { Ok(()) } else { Err(at(before, after, first, Clash::Bytes)) };
        }
        let fields = (
            within(&left.relocations, before.start, before.end),
            within(&right.relocations, after.start, after.end),
        );
        let unnamed = |object: &Object<'_>, area: Area| {
            object.data.get(area.section).is_some_and(Vec::is_empty)
        };
        let end = if unnamed(old, before) && unnamed(new, after) { End::Label } else { End::Exact };
        let bytes = (masked(left.data, before, fields.0), masked(right.data, after, fields.1));
        let unequal = first_unequal(&bytes.0, &bytes.1, end);
        for (one, other) in fields.0.iter().zip(fields.1) {
            let (place, same) = (one.offset - before.start, other.offset - after.start);
            if place != same || one.field != other.field || unequal.is_some_and(|byte| byte < place)
            {
                let first = unequal.unwrap_or(u64::MAX).min(place).min(same);
                return Err(at(before, after, first, Clash::Bytes));
            }
            let places =
                (old.field_place(before.section, one), new.field_place(after.section, other));
            self.same_place(places.0, places.1, scope, step)
                .map_err(|clash| at(before, after, place, clash))?;
        }
        match unequal {
            Some(first) => Err(at(before, after, first, Clash::Bytes)),
            None if fields.0.len() != fields.1.len() => {
                Err(at(before, after, before.size().min(after.size()), Clash::Bytes))
            }
            None => Ok(()),
        }
    }

    /// Whether two stretches are the names of the functions that are compared, which each
    /// has for itself: `__func__`.
    fn name_themselves(&self, before: Area, after: Area) -> bool {
        let Some((name, other)) = &self.renamed else { return false };
        let is = |object: &Object<'_>, area: Area, name: &str| {
            let section = object.sections.get(area.section);
            let bytes = section.map(|it| masked(it.data, area, &[])).unwrap_or_default();
            let text = name.bytes().chain([0]).map(Some);
            object.names_a_function(area.section) && bytes.into_iter().take(name.len() + 1).eq(text)
        };
        is(self.before, before, name) && is(self.after, after, other)
    }

    /// Compares two replacements of instructions.
    fn stray_code(
        &mut self,
        before: Area,
        after: Area,
        scope: &mut Scope,
        origin: usize,
    ) -> Result<(), ContentClash> {
        let decode = |object: &Object<'_>, area: Area| {
            let section = object.sections.get(area.section);
            section.map(|section| Block::decode(section, area.section, area.start, area.end))
        };
        let (Some(left), Some(right)) = (decode(self.before, before), decode(self.after, after))
        else {
            return Err(at(before, after, 0, Clash::Bytes));
        };
        if left.steps.len() != right.steps.len() {
            return Err(at(before, after, 0, Clash::Bytes));
        }
        for (one, other) in left.steps.iter().zip(&right.steps) {
            self.same_step(one, other, Some((&left, &right)), scope, origin)
                .map_err(|clash| at(before, after, one.offset - before.start, clash))?;
        }
        Ok(())
    }
}

/// How the end of a stretch is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By its size.
    Exact,
    /// By the next label: what aligns the next object may stand before it.
    Label,
}

/// The first byte by which two stretches differ.
fn first_unequal(one: &[Option<u8>], other: &[Option<u8>], end: End) -> Option<u64> {
    let unequal = one.iter().zip(other).position(|(byte, other)| byte != other);
    let length = one.len().min(other.len());
    let mut rest = one.iter().skip(length).chain(other.iter().skip(length));
    let longer = match end {
        End::Exact => one.len() != other.len(),
        End::Label => rest.any(|byte| *byte != Some(0)),
    };
    unequal.or_else(|| longer.then_some(length)).map(|offset| offset as u64)
}

/// Bytes of a stretch; `None` where the linker writes.
pub(super) fn masked(data: &[u8], area: Area, fields: &[Relocation]) -> Vec<Option<u8>> {
    let start = usize::try_from(area.start).unwrap_or(usize::MAX);
    let end = usize::try_from(area.end).unwrap_or(usize::MAX).min(data.len());
    let mut bytes: Vec<Option<u8>> =
        data.get(start..end).unwrap_or_default().iter().map(|byte| Some(*byte)).collect();
    for field in fields {
        let first = usize::try_from(field.offset - area.start).unwrap_or(usize::MAX);
        let size = usize::try_from(field.field.size()).unwrap_or(0);
        bytes.iter_mut().skip(first).take(size).for_each(|byte| *byte = None);
    }
    bytes
}

fn at(before: Area, after: Area, offset: u64, clash: Clash) -> ContentClash {
    let spot =
        |area: Area| Spot { section: area.section, offset: area.start.saturating_add(offset) };
    ContentClash { before: spot(before), after: spot(after), clash }
}
