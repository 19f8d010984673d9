//! Numbered things that no compared code refers to (`_entry_ptr.3`, which only
//! stands in its section for the kernel to find): paired by what they hold.
//! A wrong pair here gives a difference, never a pass.

use super::code::within;
use super::compare::data_symbols;
use super::elf::Home;
use super::layout::Object;
use super::names;
use super::pairing::Session;
use super::place::{Area, Place};
use super::steps::function_name;
use std::collections::BTreeMap;

/// Stretches that are followed to tell things of one name apart.
const FOLLOWED: usize = 16;

/// By name without numbers: each thing's number and what tells it apart.
type Candidates = BTreeMap<String, Vec<(usize, String)>>;

/// Pairs what is still free: of one name those with equal contents first, the
/// rest in their order.
pub(super) fn pair_leftovers(session: &mut Session<'_, '_>) {
    let (before, after) = (session.before, session.after);
    let left = free_data(before, &session.data.before);
    for (old, new) in matched(left, free_data(after, &session.data.after)) {
        session.identify_data(old, new);
    }
    let left = free_functions(before, &session.functions.before);
    for (old, new) in matched(left, free_functions(after, &session.functions.after)) {
        session.identify(old, new);
    }
}

fn free_data(object: &Object<'_>, taken: &BTreeMap<usize, usize>) -> Candidates {
    let mut by_name = Candidates::new();
    for number in data_symbols(object).filter(|number| !taken.contains_key(number)) {
        let name = object.name(number).filter(|name| names::is_numbered(name));
        if let Some(name) = name {
            let name = names::normalise(name).into_owned();
            by_name.entry(name).or_default().push((number, fingerprint(object, number)));
        }
    }
    by_name
}

fn free_functions(object: &Object<'_>, taken: &BTreeMap<usize, usize>) -> Candidates {
    let mut by_name = Candidates::new();
    for (number, function) in object.functions.iter().enumerate() {
        let name = function_name(object, function);
        if !taken.contains_key(&number) && names::is_numbered(&name) {
            let length = function.len().to_string();
            let name = names::normalise(&name).into_owned();
            by_name.entry(name).or_default().push((number, length));
        }
    }
    by_name
}

fn matched(left: Candidates, mut right: Candidates) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (name, olds) in left {
        let Some(news) = right.get_mut(&name) else { continue };
        let mut rest = Vec::new();
        for (old, print) in olds {
            match news.iter().position(|(_, other)| *other == print) {
                Some(at) => pairs.push((old, news.remove(at).0)),
                None => rest.push(old),
            }
        }
        pairs.extend(rest.into_iter().zip(news.drain(..)).map(|(old, (new, _))| (old, new)));
    }
    pairs
}

/// What a piece of data holds, its fields by name or, where they have none, by
/// what stands there.
fn fingerprint(object: &Object<'_>, number: usize) -> String {
    let mut print = String::new();
    let Some(symbol) = object.symbols.get(number) else { return print };
    let Home::Section(section) = symbol.home else { return print };
    let end = symbol.address.saturating_add(object.data_size(number));
    let mut areas = vec![Area { section, start: symbol.address, end }];
    let mut next = 0;
    while let Some(area) = areas.get(next).copied().filter(|_| next < FOLLOWED) {
        next += 1;
        let Some(section) = object.sections.get(area.section) else { continue };
        let fields = within(&section.relocations, area.start, area.end);
        for field in fields {
            let place = object.field_place(area.section, field);
            match place {
                Place::Contents { area, .. } => areas.push(area),
                Place::Named { symbol, offset } => {
                    let name = object.name(symbol).map(names::normalise).unwrap_or_default();
                    print += &format!("{name}+{offset};");
                }
                Place::Text { section, offset } => {
                    print += &format!("{:?};", object.text(section, offset));
                }
                _ => print += &format!("{};", object.place_text(place)),
            }
        }
        print += &format!("{:?}|", super::content::masked(section.data, area, fields));
    }
    print
}
