//! How much code each class holds: what its redundant lines are a share of.

use super::world::Entry;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was read of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCounts {
    /// Drivers with a file that was read.
    pub drivers: u64,
    /// Functions, whatever their size.
    pub functions: u64,
    /// Lines of the functions.
    pub function_lines: u64,
}

/// The sums of the files that were asked for, by class.
pub fn by_class(entries: &[Entry]) -> BTreeMap<String, ClassCounts> {
    let mut classes: BTreeMap<&str, (BTreeSet<&str>, ClassCounts)> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.offered) {
        let (drivers, counts) = classes.entry(&entry.class).or_default();
        drivers.insert(&entry.driver);
        counts.drivers = drivers.len() as u64;
        counts.functions += entry.facts.functions.len() as u64;
        let lines = entry.facts.functions.iter().map(|facts| u64::from(facts.function.lines()));
        counts.function_lines += lines.sum::<u64>();
    }
    classes.into_iter().map(|(class, (_, counts))| (class.to_owned(), counts)).collect()
}
