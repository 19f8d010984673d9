//! Two pieces of named data.

use super::content::{ContentClash, Scope, Spot};
use super::elf::{Home, Symbol};
use super::layout::Object;
use super::names;
use super::pairing::Session;
use super::place::Area;
use super::{Difference, Excerpt, Subject, Unit, cause};

impl Session<'_, '_> {
    /// The first difference of two data symbols.
    pub(super) fn compare_data(&mut self, before: usize, after: usize) -> Option<Difference> {
        let (old, new) = (self.before, self.after);
        let (left, right) = (old.symbols.get(before)?, new.symbols.get(after)?);
        let subject = Subject::Data(left.name.clone());
        let sizes = (old.data_size(before), new.data_size(after));
        if let Some(detail) = self.placement(left, right, sizes) {
            return Some(Difference { subject, before: None, after: None, detail, cause: None });
        }
        // Both in sections, or both left to the linker.
        let one = area(left, sizes.0)?;
        let other = area(right, sizes.1)?;
        let mut scope = Scope::default();
        let contents = self.contents(one, other, &mut scope, 0).map_err(|clash| (0, clash));
        let (_, clash) = contents.and_then(|()| self.settle(&mut scope)).err()?;
        let ContentClash { before: spot, after: place, clash } = clash;
        Some(Difference {
            before: Some(excerpt(old, spot, one, &left.name)),
            after: Some(excerpt(new, place, other, &right.name)),
            detail: "other contents".to_owned(),
            cause: cause::of_contents(old, spot, &clash),
            subject,
        })
    }

    /// What of two data symbols differs besides their contents: who sees them,
    /// how long they are and where they lie.
    fn placement(&self, before: &Symbol, after: &Symbol, sizes: (u64, u64)) -> Option<String> {
        let unseen = before.global && (!after.global || before.weak != after.weak);
        if unseen && self.unit == Unit::Same {
            return Some("is no longer seen by other objects".to_owned());
        }
        if sizes.0 != sizes.1 {
            return Some(format!("{} bytes instead of {}", sizes.1, sizes.0));
        }
        let (Home::Section(section), Home::Section(other)) = (before.home, after.home) else {
            return (before.home != after.home).then(|| "is defined otherwise".to_owned());
        };
        let was = names::section_class(self.before.section_name(section), &before.name);
        let is = names::section_class(self.after.section_name(other), &after.name);
        if was != is {
            return Some(format!("moved from section {was} to {is}"));
        }
        match (own_alignment(self.before, section), own_alignment(self.after, other)) {
            (Some(was), Some(is)) if is < was => {
                Some(format!("aligned to {is} bytes instead of {was}"))
            }
            _ => None,
        }
    }
}

fn area(symbol: &Symbol, size: u64) -> Option<Area> {
    let Home::Section(section) = symbol.home else { return None };
    Some(Area { section, start: symbol.address, end: symbol.address.saturating_add(size) })
}

/// What stands at `spot`, counted from the symbol where it is in its `area`.
fn excerpt(object: &Object<'_>, spot: Spot, area: Area, name: &str) -> Excerpt {
    let own = spot.section == area.section;
    let section = object.section_name(spot.section);
    let start = if own { area.start } else { 0 };
    Excerpt {
        symbol: if own { name } else { section }.to_owned(),
        offset: spot.offset.saturating_sub(start),
        index: None,
        text: object.spot_text(spot),
    }
}

/// The alignment of an object that has a section to itself.
fn own_alignment(object: &Object<'_>, section: usize) -> Option<u64> {
    let alone = object.data.get(section).is_some_and(|data| data.len() == 1);
    object.sections.get(section).filter(|_| alone).map(|section| section.align)
}
