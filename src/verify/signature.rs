//! Do the signatures of a member and of the helper agree.

use super::align::Binding;
use super::definition::{Definition, Param};
use super::facts;
use super::unit::{Difference, Unit};
use std::ops::Range;

/// How a helper may be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// It must be `static`.
    Static,
    /// It must not be `static`: other files call it.
    Global,
    /// It must be as the member is.
    AsMember,
}

/// Compares return types, attributes, linkage, and the types of the parameters
/// that correspond.
pub fn agree(
    original: &Definition,
    helper: &Definition,
    bindings: &[Option<Binding>],
    linkage: Linkage,
) -> Result<(), Difference> {
    let differ = |detail: &str| Difference::new(original.name, helper.name, detail);
    match linkage {
        Linkage::Static if !is_static(helper) => return Err(differ("the helper is not static")),
        Linkage::Global if is_static(helper) => return Err(differ("the helper is static")),
        Linkage::AsMember if is_static(original) != is_static(helper) => {
            return Err(differ("the linkage differs"));
        }
        _ => {}
    }
    let pairs = [(&original.head, &helper.head), (&original.tail, &helper.tail)];
    for (old, new) in pairs {
        same(
            original.unit,
            plain(original.unit, old.clone()),
            helper.unit,
            plain(helper.unit, new.clone()),
        )?;
    }
    for (index, param) in helper.params.iter().enumerate() {
        if let Some(Some(Binding::Param(old))) = bindings.get(index)
            && let Some(old) = original.params.get(*old)
        {
            let (old, new) = (declared_type(original.unit, old), declared_type(helper.unit, param));
            same(original.unit, old, helper.unit, new)?;
        }
    }
    Ok(())
}

/// Compares a function's signature with that which it had before.
pub fn unchanged(old: &Definition, new: &Definition) -> Result<(), Difference> {
    let all = |d: &Definition| (d.head.start..d.body.start).collect::<Vec<usize>>();
    same(old.unit, all(old), new.unit, all(new))
}

/// Whether the definition says `static`.
pub fn is_static(definition: &Definition) -> bool {
    definition.head.clone().any(|at| definition.unit.text(at) == b"static")
}

/// Whether the function returns nothing.
pub fn returns_void(definition: &Definition) -> bool {
    let is_attribute = |at: &usize| definition.unit.text(*at).starts_with(b"__");
    let words = plain(definition.unit, definition.head.clone());
    let words: Vec<usize> = words.into_iter().filter(|at| !is_attribute(at)).collect();
    matches!(words.as_slice(), [only] if definition.unit.text(*only) == b"void")
}

fn plain(unit: &Unit, tokens: Range<usize>) -> Vec<usize> {
    tokens.filter(|&at| !facts::is_linkage(unit.text(at))).collect()
}

/// The tokens that declare a parameter, without its name and without what only
/// quiets warnings.
pub fn declared_type(unit: &Unit, param: &Param) -> Vec<usize> {
    let is_unused = |at: usize| matches!(unit.text(at), b"__maybe_unused" | b"__always_unused");
    param.tokens.clone().filter(|&at| at != param.name && !is_unused(at)).collect()
}

/// Compares some tokens of two files by their texts.
fn same(old: &Unit, before: Vec<usize>, new: &Unit, after: Vec<usize>) -> Result<(), Difference> {
    let first = (0..before.len().max(after.len()))
        .find(|&i| before.get(i).map(|&at| old.text(at)) != after.get(i).map(|&at| new.text(at)));
    let Some(first) = first else { return Ok(()) };
    let end = |list: &[usize]| list.last().map_or(usize::MAX, |&last| last + 1);
    let place = |list: &[usize]| list.get(first).copied().unwrap_or_else(|| end(list));
    Err(Difference::tokens((old, place(&before)), (new, place(&after))))
}
