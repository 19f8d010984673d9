//! The two comparisons: of whole objects, and of one function with another.

use super::content::Scope;
use super::elf::{Home, ObjectError};
use super::layout::Object;
use super::leftovers::pair_leftovers;
use super::names;
use super::pairing::{Root, Session};
use super::place::Area;
use super::rows::{self, Row};
use super::sections::Role;
use super::steps::function_name;
use super::{Comparison, Difference, Merged, Subject, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// Compares all functions and all data of two objects of the same file.
///
/// What a function calls or uses by name is compared once, by itself: two
/// functions are the same program only if nothing differs in the whole
/// [`Comparison`].
pub fn compare(before: &Object<'_>, after: &Object<'_>) -> Comparison {
    compare_merged(before, after, &Merged::default())
}

/// [`compare`], where the address of one function may stand for those of several
/// that are gone. Each of them is compared with it.
pub fn compare_merged(before: &Object<'_>, after: &Object<'_>, merged: &Merged) -> Comparison {
    let mut session = Session::new(before, after, Unit::Same);
    session.merged = merged.clone();
    whole(&mut session)
}

/// [`compare`], where each of `rows` names another function and holds a constant after.
///
/// # Errors
/// Which row is not what it shall be.
pub fn compare_rows(
    before: &Object<'_>,
    after: &Object<'_>,
    rows: &[Row],
) -> Result<Comparison, String> {
    let mut session = Session::new(before, after, Unit::Same);
    rows::pair(&mut session, rows)?;
    let mut comparison = whole(&mut session);
    let is_row = |subject: &Subject| matches!(subject, Subject::Data(name) if rows.iter().any(|row| row.variables.0 == *name));
    comparison.differences.retain(|it| !is_row(&it.subject));
    rows::check(&mut session, rows)?;
    // What only the rows lead to.
    drain(&mut session, &mut comparison);
    comparison.differences.retain(|it| !is_row(&it.subject));
    Ok(comparison)
}

/// Compares all functions and all data.
fn whole(session: &mut Session<'_, '_>) -> Comparison {
    let mut comparison = Comparison::default();
    pair_by_name(session);
    loop {
        drain(session, &mut comparison);
        pair_leftovers(session);
        if session.queue.is_empty() {
            break;
        }
    }
    compare_sections(session, &mut comparison);
    drain(session, &mut comparison);
    list_unpaired(session, &mut comparison);
    comparison.same.sort();
    comparison.same.dedup();
    let unlike: BTreeSet<Subject> =
        comparison.differences.iter().map(|difference| difference.subject.clone()).collect();
    comparison.same.retain(|subject| !unlike.contains(subject));
    comparison.gone.sort();
    comparison.new.sort();
    comparison.differences.sort_by(|one, other| one.subject.cmp(&other.subject));
    comparison
}

/// Compares one function with another, and with them all static functions and
/// data that they lead to. Empty when they are the same.
///
/// With [`Unit::Other`] a static variable that holds state is a difference: a
/// helper in another file has its own. Both objects may be one and the same: what both
/// functions refer to is the same then.
pub fn compare_functions(
    before: &Object<'_>,
    name: &str,
    after: &Object<'_>,
    other: &str,
    unit: Unit,
) -> Result<Vec<Difference>, ObjectError> {
    let find = |object: &Object<'_>, name: &str| {
        object.function_named(name).ok_or_else(|| ObjectError::NoFunction(name.to_owned()))
    };
    let (left, right) = (find(before, name)?, find(after, other)?);
    let mut session = Session::new(before, after, unit);
    session.renamed = (name != other).then(|| (name.to_owned(), other.to_owned()));
    session.identify(left, right);
    let mut comparison = Comparison::default();
    drain(&mut session, &mut comparison);
    Ok(comparison.differences)
}

/// Compares what is queued, and what that leads to.
fn drain(session: &mut Session<'_, '_>, comparison: &mut Comparison) {
    while let Some(root) = session.queue.pop_front() {
        let (subject, difference) = match root {
            Root::Functions(before, after) => {
                let function = session.before.functions.get(before);
                let name = function.map(|function| function_name(session.before, function));
                let subject = Subject::Function(name.unwrap_or_default());
                (subject, session.compare_functions(before, after))
            }
            Root::Data(before, after) => {
                let name = session.before.name(before).unwrap_or_default().to_owned();
                (Subject::Data(name), session.compare_data(before, after))
            }
        };
        match difference {
            Some(difference) => comparison.differences.push(difference),
            None => comparison.same.push(subject),
        }
    }
}

/// Pairs everything whose name alone says what it is.
fn pair_by_name(session: &mut Session<'_, '_>) {
    let (before, after) = (session.before, session.after);
    let functions = |object: &Object<'_>| -> BTreeMap<String, usize> {
        let all = object.functions.iter().enumerate();
        let names = all.flat_map(|(number, f)| f.symbols.iter().map(move |name| (*name, number)));
        let names =
            names.filter_map(|(name, number)| Some((object.name(name)?.to_owned(), number)));
        names.filter(|(name, _)| !names::is_numbered(name)).collect()
    };
    let there = functions(after);
    let mut taken = BTreeSet::new();
    for (name, number) in functions(before) {
        if let Some(other) = there.get(&name)
            && !session.functions.before.contains_key(&number)
            && taken.insert(*other)
        {
            session.identify(number, *other);
        }
    }
    let data = |object: &Object<'_>| -> BTreeMap<String, usize> {
        let names = data_symbols(object).filter_map(|n| Some((object.name(n)?.to_owned(), n)));
        names.filter(|(name, _)| !names::is_numbered(name)).collect()
    };
    let there = data(after);
    for (name, number) in data(before) {
        if let Some(other) = there.get(&name) {
            session.identify_data(number, *other);
        }
    }
}

/// The named data of an object.
pub(super) fn data_symbols(object: &Object<'_>) -> impl Iterator<Item = usize> {
    let placed = object.data.iter().flatten().copied();
    let common = object.symbols.iter().enumerate();
    let common = common.filter(|(_, symbol)| symbol.home == Home::Common).map(|(n, _)| n);
    let named = |number: &usize| {
        object.symbols.get(*number).is_some_and(|symbol| !object.is_anonymous(symbol))
    };
    placed.chain(common).filter(named)
}

/// Compares what has no names: module information and tables of no function.
fn compare_sections(session: &mut Session<'_, '_>, comparison: &mut Comparison) {
    let information = (module_info(session.before), module_info(session.after));
    if !information.0.is_empty() || !information.1.is_empty() {
        let subject = Subject::Section(".modinfo".to_owned());
        let lost = information.0.iter().find(|line| !information.1.contains(line));
        let added = information.1.iter().find(|line| !information.0.contains(line));
        if information.0 == information.1 {
            comparison.same.push(subject);
        } else {
            let show = |line: Option<&&[u8]>| {
                line.map_or("nothing".to_owned(), |line| String::from_utf8_lossy(line).into_owned())
            };
            let detail = format!("{:?} became {:?}", show(lost), show(added));
            comparison.differences.push(plain(subject, detail));
        }
    }
    let loose = (loose_sections(session.before), loose_sections(session.after));
    for (name, areas) in &loose.0 {
        let subject = Subject::Section(name.clone());
        let Some(others) = loose.1.get(name) else {
            comparison.gone.push(subject);
            continue;
        };
        let equal = areas.len() == others.len()
            && areas.iter().zip(others).all(|(one, other)| {
                let mut scope = Scope::default();
                session.contents(*one, *other, &mut scope, 0).is_ok()
                    && session.settle(&mut scope).is_ok()
            });
        if equal {
            comparison.same.push(subject);
        } else {
            comparison.differences.push(plain(subject, "other contents".to_owned()));
        }
    }
    let new = loose.1.keys().filter(|name| !loose.0.contains_key(*name));
    comparison.new.extend(new.cloned().map(Subject::Section));
}

fn plain(subject: Subject, detail: String) -> Difference {
    Difference { subject, before: None, after: None, detail, cause: None }
}

/// The lines of `.modinfo`, sorted.
fn module_info<'o>(object: &'o Object<'_>) -> Vec<&'o [u8]> {
    let sections = object.sections.iter().zip(&object.roles);
    let sections = sections.filter(|(_, role)| **role == Role::ModuleInfo);
    let lines = sections.flat_map(|(section, _)| section.data.split(|byte| *byte == 0));
    let mut lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

fn loose_sections(object: &Object<'_>) -> BTreeMap<String, Vec<Area>> {
    let mut by_name: BTreeMap<String, Vec<Area>> = BTreeMap::new();
    for (section, areas) in &object.records.loose {
        by_name.entry(object.section_name(*section).to_owned()).or_default().extend(areas);
    }
    by_name
}

/// What is only in one of the objects.
fn list_unpaired(session: &Session<'_, '_>, comparison: &mut Comparison) {
    comparison.gone.extend(unpaired(
        session.before,
        &session.functions.before,
        &session.data.before,
    ));
    comparison.new.extend(unpaired(session.after, &session.functions.after, &session.data.after));
}

fn unpaired(
    object: &Object<'_>,
    functions: &BTreeMap<usize, usize>,
    data: &BTreeMap<usize, usize>,
) -> Vec<Subject> {
    let all = object.functions.iter().enumerate();
    let free = all.filter(|(number, _)| !functions.contains_key(number));
    let free = free.map(|(_, function)| Subject::Function(function_name(object, function)));
    let open = data_symbols(object).filter(|number| !data.contains_key(number));
    let open = open.filter_map(|number| object.name(number));
    free.chain(open.map(|name| Subject::Data(name.to_owned()))).collect()
}
