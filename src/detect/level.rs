//! How far apart the members of a group are.

use super::{Level, Member};
use std::collections::BTreeSet;

/// Where a file belongs, as the Kbuild files and the folders say.
pub trait Placement {
    /// The module that `path` is linked into.
    fn driver<'a>(&'a self, path: &'a str) -> &'a str;
    /// The class of `path`.
    fn class<'a>(&'a self, path: &'a str) -> &'a str;
    /// The number of drivers of `class`.
    fn drivers_in_class(&self, class: &str) -> usize;
}

/// The level of a group of `members` (see the contract).
pub fn level(members: &[Member], placement: &dyn Placement) -> Level {
    let places = members.iter().map(|m| (m.class.as_str(), m.driver.as_str()));
    level_of(places, placement)
}

/// The level of functions at these places, each a class and a driver.
pub fn level_of<'a>(
    places: impl Iterator<Item = (&'a str, &'a str)>,
    placement: &dyn Placement,
) -> Level {
    let places: BTreeSet<(&str, &str)> = places.collect();
    let Some(&(class, _)) = places.first() else { return Level::Driver };
    if places.iter().any(|&(other, _)| other != class) {
        return Level::CrossClass;
    }
    match places.len() {
        1 => Level::Driver,
        n if n >= 3 && n * 2 >= placement.drivers_in_class(class) => Level::Class,
        _ => Level::Subset,
    }
}
