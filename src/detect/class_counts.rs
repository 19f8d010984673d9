//! How much code each class holds: what its redundant lines are a share of.

use super::world::Entry;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// What the functions of a file come to.
pub struct Sums {
    /// Their number.
    pub functions: u64,
    /// Number of their lines.
    pub function_lines: u64,
    /// Number of those under `#if 0`.
    pub disabled: u64,
}

impl Sums {
    fn of(entry: &Entry) -> Sums {
        let functions = &entry.facts.functions;
        Sums {
            functions: functions.len() as u64,
            function_lines: functions.iter().map(|f| u64::from(f.function.lines())).sum(),
            disabled: functions.iter().map(|f| u64::from(f.function.disabled)).sum(),
        }
    }
}

/// The files that were asked for, with their sums.
pub fn sums<'e, 'a>(entries: &'e [Entry<'a>]) -> Vec<(&'e Entry<'a>, Sums)> {
    let asked = entries.par_iter().filter(|entry| !entry.offered);
    asked.map(|entry| (entry, Sums::of(entry))).collect()
}

/// The lines of the functions of each driver, by its class and its name. A driver with
/// files of two classes is in both.
pub type DriverLines = BTreeMap<String, BTreeMap<String, u64>>;

/// The sums of files by driver.
pub fn by_driver(files: &[(&Entry, Sums)]) -> DriverLines {
    let mut drivers = DriverLines::new();
    for (entry, sums) in files {
        let class = drivers.entry(entry.class.clone()).or_default();
        *class.entry(entry.driver.clone()).or_default() += sums.function_lines;
    }
    drivers
}

/// The sums of files by class.
pub fn by_class(files: &[(&Entry, Sums)]) -> BTreeMap<String, ClassCounts> {
    let mut classes: BTreeMap<&str, (FxHashSet<&str>, ClassCounts)> = BTreeMap::new();
    for (entry, sums) in files {
        let (drivers, counts) = classes.entry(&entry.class).or_default();
        drivers.insert(&entry.driver);
        counts.functions += sums.functions;
        counts.function_lines += sums.function_lines;
    }
    let counted = |(drivers, counts): (FxHashSet<&str>, ClassCounts)| ClassCounts {
        drivers: drivers.len() as u64,
        ..counts
    };
    classes.into_iter().map(|(class, of_class)| (class.to_owned(), counted(of_class))).collect()
}
