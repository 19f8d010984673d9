//! Tables whose entries belong to instructions (exception table, alternatives,
//! bugs, jump labels, locks): each entry is filed under the function it names.

use super::code::{Base, Target, within};
use super::layout::Object;
use super::place::Area;
use super::sections::{Role, record_size};
use std::collections::BTreeMap;

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// Its bytes.
    pub area: Area,
    /// The step that it belongs to.
    pub step: usize,
}

/// All entries of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// By function, and then in the order of table's name and step.
    pub of_function: BTreeMap<usize, Vec<Record>>,
    /// By section: the entries that name no function, in their order.
    pub loose: BTreeMap<usize, Vec<Area>>,
}

/// Files the entries of all sections that have no symbols and that nothing else
/// compares. A section that is no table is one loose entry.
pub(super) fn find(object: &Object<'_>) -> Records {
    let mut records = Records::default();
    for (number, section) in object.sections.iter().enumerate() {
        let role = object.roles.get(number);
        let named = object.data.get(number).is_some_and(|data| !data.is_empty());
        let code = role == Some(&Role::Code) && !object.has_functions(number);
        if named || section.size == 0 || !(role == Some(&Role::Data) || code) {
            continue;
        }
        // Read-only contents are compared by those who refer to them.
        if object.is_referred_to(number) && object.is_read_only(number) {
            continue;
        }
        let whole = Area { section: number, start: 0, end: section.size };
        let size = record_size(section).unwrap_or(section.size).max(1);
        for start in (0..section.size).step_by(usize::try_from(size).unwrap_or(usize::MAX)) {
            let area = Area { start, end: (start + size).min(section.size), ..whole };
            let first = within(&section.relocations, area.start, area.start + 1).first();
            let place = first.and_then(|field| {
                let target = Target { base: Base::Symbol(field.symbol), offset: field.addend };
                let (section, offset) = object.located(target)?;
                object.function_at(section, u64::try_from(offset).ok()?)
            });
            match place {
                Some((function, step, _)) => {
                    records.of_function.entry(function).or_default().push(Record { area, step });
                }
                None => records.loose.entry(number).or_default().push(area),
            }
        }
    }
    for found in records.of_function.values_mut() {
        found.sort_by_cached_key(|record| {
            let table = object.section_name(record.area.section).to_owned();
            (table, record.step, record.area.start)
        });
    }
    records
}
