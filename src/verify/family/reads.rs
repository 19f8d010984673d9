//! How the one function comes to what its row holds, and that nobody else does.

use super::between::One;
use super::rows::Pair;
use super::{Form, Wrong, expand};
use crate::syntax::decl;
use crate::verify::macros::Reach;
use crate::verify::unit::{Item, Unit};
use crate::verify::width;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The structure by which the kernel hands a function its row: what it is given as the
/// parameter is the object that names the function (`dev_attr_show()` of drivers/base/core.c).
pub(super) const HANDED: &str = "device_attribute";

/// The member of a row that holds the constant.
pub(super) struct Slot {
    /// The values that it keeps on every machine.
    pub keeps: RangeInclusive<i128>,
    /// It is a pointer.
    pub is_pointer: bool,
    /// To a row of the table.
    pub points: bool,
}

/// What a pointer keeps of a signed number on every machine.
const POINTER: RangeInclusive<i128> = -(1 << 31)..=(1 << 31) - 1;

/// The member that the one function reads, by `container_of()` of its parameter.
pub(super) fn slot(
    new: &Unit<'_>,
    (one, form): (&One, &Form<'_>),
    names: &decl::Unit,
) -> Result<Slot, Wrong> {
    let wrong = |why: &str| Wrong::After(one.value.start, why.to_owned());
    let mut value = expand::texts(new.spelling(one.value.clone()));
    let points = form.table.is_some() && value.first().is_none_or(|it| it != "&");
    if points != form.rows.points {
        return Err(wrong("the local is not what is claimed"));
    }
    if let Some(table) = form.table.filter(|_| !points) {
        let head = ["&", table, "["];
        let is_row = value.len() > 4 && value.iter().zip(head).all(|(a, b)| a == b);
        let ends = value.last().is_some_and(|it| it == "]");
        if !is_row || !ends {
            return Err(wrong("the local is no row of the table"));
        }
        value = value[3..value.len() - 1].to_vec();
    }
    let is_cast = value.starts_with(&["(", "long", ")"].map(str::to_owned));
    if is_cast {
        value.drain(..3);
    }
    let value = expand::expanded(&value, names, expand::contains)
        .ok_or_else(|| wrong("what is read cannot be expanded"))?;
    let rows = form.rows;
    let handed = new.items[one.item].tokens.start..one.body.start;
    let param = handed.clone().find(|&at| new.text(at) == HANDED.as_bytes()).map(|at| at + 2);
    let attr = param
        .filter(|at| new.text(at - 3) == b"struct" && new.text(at - 1) == b"*")
        .map(|at| String::from_utf8_lossy(new.text(at)).into_owned())
        .filter(|name| one.params.iter().any(|it| it == name.as_bytes()))
        .ok_or_else(|| wrong("the function is not handed its row"))?;
    let expected = [
        "container_of",
        "(",
        &attr,
        ",",
        "struct",
        &rows.tag,
        ",",
        &rows.attribute,
        ")",
        "->",
        &rows.slot,
    ];
    if !value.iter().eq(expected) {
        return Err(wrong("what is read is not a member of the row"));
    }
    let is_written = |&at: &usize| {
        let behind = new.text(at + 1);
        new.text(at) == attr.as_bytes()
            && !new.is_member_access(at)
            && (behind == b"=" || behind == b"++" || behind == b"--" || new.text_before(at) == b"&")
    };
    if let Some(at) = one.body.clone().find(is_written) {
        return Err(Wrong::After(at, "the parameter may be written to".to_owned()));
    }
    let layout =
        names.layout(&format!("struct {}", rows.tag)).map_err(|it| wrong(&it.to_string()))?;
    let field = |name: &str| layout.field(name).map_err(|it| wrong(&it.to_string()));
    let (attribute, slot) = (field(&rows.attribute)?, field(&rows.slot)?);
    let is_handed = attribute.type_text == format!("struct {HANDED}");
    if !is_handed || attribute.pointer_depth + attribute.dimensions > 0 || slot.is_bit_field {
        return Err(wrong("the row does not hold what the function is handed"));
    }
    if slot.type_text == "void *" {
        return match is_cast != points {
            true => Ok(Slot { keeps: POINTER, is_pointer: true, points }),
            false => Err(wrong("a pointer is no constant")),
        };
    }
    let words: Vec<&[u8]> = slot.type_text.split(' ').map(str::as_bytes).collect();
    let keeps = width::range(&words).filter(|_| slot.dimensions == 0 && !is_cast && !points);
    let keeps = keeps.ok_or_else(|| wrong("the type of the member is not known"))?;
    Ok(Slot { keeps, is_pointer: false, points })
}

/// Whether nobody but the one function reads that member of the rows: neither did who was
/// handed one, nor does who can come from an attribute to any row.
pub(super) fn nobody_else(
    (old, new): (&Unit<'_>, &Unit<'_>),
    (one, form): (&One, &Form<'_>),
    pairs: &[Pair],
    names: &decl::Unit,
) -> Result<(), Wrong> {
    let attr = parameter(new, &new.items[one.item]).unwrap_or_default();
    let outside = |at: &usize| !one.declaration.contains(at);
    let mut body = one.body.clone().filter(outside);
    if let Some(at) = body.find(|&at| new.text(at) == attr && !new.is_member_access(at)) {
        return Err(Wrong::After(at, "it uses its row for something else".to_owned()));
    }
    let others: Vec<&str> =
        pairs.iter().flat_map(|pair| &pair.functions).map(String::as_str).collect();
    let of_rows: Vec<&str> =
        pairs.iter().flat_map(|pair| &pair.of_others).map(String::as_str).collect();
    let mut known: BTreeMap<&[u8], bool> = BTreeMap::new();
    for item in &old.items {
        let Some(function) = &item.function else { continue };
        let name = String::from_utf8_lossy(function.name(old.source)).into_owned();
        let body = old.first_token_at(function.body)..item.tokens.end;
        let is_of_pair = others.contains(&name.as_str());
        let own = parameter(old, item).filter(|_| is_of_pair);
        for at in body.filter(|&at| old.is_word(at)) {
            let word = old.text(at);
            if own == Some(word) && !old.is_member_access(at) {
                return Err(Wrong::Before(at, format!("{name} may read what its row holds")));
            }
            let reads = *known.entry(word).or_insert_with(|| {
                let word = String::from_utf8_lossy(word);
                word == form.rows.tag || Reach::of(names, &word).words.contains(&form.rows.tag)
            });
            if reads && (is_of_pair || !of_rows.contains(&name.as_str())) {
                return Err(Wrong::Before(at, format!("{name} may read what a row holds")));
            }
        }
    }
    let slot = form.rows.slot.as_bytes();
    for (variable, _) in &form.rows.variables {
        let is_it = |&at: &usize| {
            old.text(at) == variable.as_bytes()
                && old.text(at + 1) == b"."
                && old.text(at + 2) == slot
        };
        if let Some(at) = (0..old.tokens.len()).find(is_it) {
            return Err(Wrong::Before(at, "somebody uses what the row holds".to_owned()));
        }
    }
    Ok(())
}

/// The name of the parameter by which a function is handed its row.
fn parameter<'s>(unit: &Unit<'s>, item: &Item) -> Option<&'s [u8]> {
    let function = item.function.as_ref()?;
    let head = item.tokens.start..unit.first_token_at(function.body);
    let at = head.into_iter().find(|&at| unit.text(at) == HANDED.as_bytes())?;
    (unit.text(at + 1) == b"*").then(|| unit.text(at + 2))
}
