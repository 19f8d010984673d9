//! The keys of a ladder: of what type they are, and whether one may be the index of an
//! array, or is one of the keys that a search compares it with.

use super::arms::{Form, Ladder};
use super::table::Element;
use super::text_of;
use crate::plan::FileContext;
use crate::plan::align::{AlignedMember, lossy};
use crate::plan::refusal::{Reason, Refusal};
use crate::plan::types::expression;
use crate::syntax::decl::{self, DefinitionKind, TagKind};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Rows without a key that an array may have, for each that has one.
const MOST_HOLES: i128 = 2;

/// The largest key of an array.
const LARGEST: i128 = 0xffff;

/// The type of the one variable or parameter of this name, if it is a number or a pointer.
pub fn declared(parsed: &AlignedMember<'_>, name: &[u8]) -> Option<String> {
    expression::declared(parsed, name)?.text()
}

/// The type of the member that the path of tokens `path` leads to, from a variable of the
/// function's own: a number, read from where it stands as any other.
///
/// # Errors
/// Why that is not known.
pub fn of_member(parsed: &AlignedMember<'_>, path: Range<usize>) -> Result<String, String> {
    let file = parsed.file;
    let text = |at: usize| lossy(file.text(at));
    let base = declared(parsed, file.text(path.start))
        .ok_or_else(|| format!("{} is no variable of the function's own", text(path.start)))?;
    let is_pointer = base.ends_with('*');
    let is_reached = |at: usize, is_pointer: bool| (file.text(at) == b"->") == is_pointer;
    let unit = &file.unit;
    let mut field = None;
    for at in (path.start + 1..path.end).step_by(2) {
        let layout = match &field {
            None if is_reached(at, is_pointer) && !base.ends_with("**") => {
                unit.layout(base.trim_end_matches(['*', ' ']))
            }
            None => return Err(format!("{base} has no members")),
            Some(field) => unit.layout_of(field, file.text(at) == b"->"),
        };
        let found = layout.and_then(|layout| layout.field(&text(at + 1)));
        field = Some(found.map_err(|problem| problem.to_string())?);
    }
    let field = field.ok_or("it is no member")?;
    let ctype = field.type_text.trim_start_matches("const ").to_owned();
    let is_plain = field.pointer_depth == 0 && field.dimensions == 0 && !field.is_bit_field;
    match is_plain && !ctype.contains("volatile") {
        true => Ok(ctype),
        false => Err(format!("it is a {ctype}, in part or more than once")),
    }
}

/// Types whose values compare with a `size_t` as numbers that are not less than 0, or as
/// ones that are larger than any array: all but signed ones of 64 bits, which would be
/// wider than that on 32-bit machines, and types that `sparse` does not let be numbers.
pub fn may_be_compared(file: &FileContext, ctype: &str) -> bool {
    const NUMBERS: &[&str] = &[
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "__u8",
        "__u16",
        "__u32",
        "__u64",
        "__s8",
        "__s16",
        "__s32",
        "int",
        "unsigned int",
        "unsigned",
        "unsigned long",
        "long",
        "short",
        "unsigned char",
        "unsigned short",
        "char",
        "signed char",
        "size_t",
        "ssize_t",
        "uint8_t",
        "uint16_t",
        "uint32_t",
        "uint64_t",
        "int8_t",
        "int16_t",
        "int32_t",
        "uint",
        "ulong",
        "ushort",
        "unchar",
        "u_char",
        "u_int",
        "u_short",
        "unsigned long long",
        "signed int",
        "unsigned short int",
        "unsigned long int",
        "short int",
        "long int",
    ];
    if NUMBERS.contains(&ctype) {
        return true;
    }
    if let Some(tag) = ctype.strip_prefix("enum ") {
        return !file.unit.lookup_tag(TagKind::Enum, tag).is_empty();
    }
    // A typedef of an enum.
    let found = file.unit.lookup(ctype);
    !found.is_empty()
        && found.iter().all(|it| match &it.kind {
            DefinitionKind::Typedef { target } => target.starts_with("enum"),
            _ => false,
        })
}

/// How a key finds its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is the index of an array.
    Index {
        /// The array has rows without a key, whose value is none of an arm's: 0.
        has_holes: bool,
    },
    /// It is compared with one row after the other.
    Search,
}

/// How keys of type `ctype` find their rows: by index where they lie close to each other, for
/// that is shorter. `default_is_zero` says that keys without an arm give 0.
///
/// # Errors
/// `ladder-key`, `ladder-values`, `ladder-arms`, `ladder-holes`.
pub fn access(
    file: &FileContext,
    found: &Ladder,
    element: &Element,
    (ctype, default_is_zero): (&str, bool),
) -> Result<Access, Refusal> {
    let named = named(file, found)?;
    match is_full(file, found, &named) {
        Ok(is_full) => {
            let is_told = is_full || default_is_zero;
            let has_holes = !is_told && has_holes(file, found, element)?;
            Ok(Access::Index { has_holes })
        }
        Err(_) if may_be_searched(file, &named, ctype) => Ok(Access::Search),
        Err(refusal) => Err(refusal),
    }
}

/// A label, and the first and the last key that it names.
struct Named {
    label: Range<usize>,
    first: i128,
    last: i128,
}

/// The keys of all labels.
fn named(file: &FileContext, found: &Ladder) -> Result<Vec<Named>, Refusal> {
    let refuse =
        |reason, at: usize, detail: String| Err(file.refuse(reason, file.tokens[at].start, detail));
    let mut all = Vec::new();
    let mut seen = BTreeMap::new();
    for label in found.arms.iter().flat_map(|arm| &arm.labels) {
        let mut values = Vec::new();
        for end in ends(file, label.clone()) {
            let text = text_of(file, end.clone());
            match file.unit.constant(&text).ok().and_then(|it| it.value) {
                Some(value) => values.push(value),
                None => {
                    let detail = format!("the value of `{text}` is not known");
                    return refuse(Reason::LadderValues, end.start, detail);
                }
            }
        }
        let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
            return refuse(Reason::LadderArms, label.start, "a label is empty".to_owned());
        };
        // The first of two would be taken, or the compiler takes neither.
        let before = seen.range(..=last).next_back();
        if before.is_some_and(|(_, &end)| first <= end) {
            let detail = format!("`{}` names a key again", text_of(file, label.clone()));
            return refuse(Reason::LadderKey, label.start, detail);
        }
        seen.insert(first, last);
        all.push(Named { label: label.clone(), first, last });
    }
    Ok(all)
}

/// Whether each key is one that a variable of type `ctype` can have, so that it is the same
/// in a row of that type.
fn may_be_searched(file: &FileContext, named: &[Named], ctype: &str) -> bool {
    named.iter().all(|it| {
        let is_one = it.first == it.last;
        let text = text_of(file, it.label.clone());
        let is_enumerator = || is_enumerator(file, &text);
        is_one && decl::has_value(ctype, it.first).unwrap_or_else(is_enumerator)
    })
}

fn is_enumerator(file: &FileContext, text: &str) -> bool {
    let found = file.unit.lookup(text);
    found.iter().any(|it| matches!(it.kind, DefinitionKind::Enumerator { .. }))
}

/// Whether each row of an array would have a key.
///
/// # Errors
/// `ladder-key`, `ladder-holes` where the keys are none for an array.
fn is_full(file: &FileContext, found: &Ladder, named: &[Named]) -> Result<bool, Refusal> {
    let refuse =
        |reason, at: usize, detail: String| Err(file.refuse(reason, file.tokens[at].start, detail));
    let mut keys = BTreeSet::new();
    for Named { label, first, last } in named {
        if *first < 0 {
            let detail =
                format!("`{}` is {first}, which is no index", text_of(file, label.clone()));
            return refuse(Reason::LadderKey, label.start, detail);
        }
        if *last > LARGEST {
            let detail = format!("key {last} is beyond what an array is made for");
            return refuse(Reason::LadderHoles, label.start, detail);
        }
        keys.extend(*first..=*last);
    }
    let count = keys.last().map_or(0, |last| last + 1);
    let with_key = keys.len() as i128;
    if count > with_key * (MOST_HOLES + 1) {
        let detail =
            format!("{with_key} keys of {count}: the array would be empty for the most part");
        return refuse(Reason::LadderHoles, found.start, detail);
    }
    Ok(count == with_key)
}

/// Whether the array has rows without a key that are told from the others by their value.
///
/// # Errors
/// `ladder-holes` where they are not.
fn has_holes(file: &FileContext, found: &Ladder, element: &Element) -> Result<bool, Refusal> {
    let refuse =
        |reason, at: usize, detail: String| Err(file.refuse(reason, file.tokens[at].start, detail));
    if let Element::Numbers(_) = element {
        for arm in &found.arms {
            let text = text_of(file, arm.value.clone());
            if file.unit.constant(&text).ok().and_then(|it| it.value).is_none_or(|it| it == 0) {
                let detail = format!("`{text}` cannot be told from a key without an arm");
                return refuse(Reason::LadderHoles, arm.value.start, detail);
            }
        }
        if found.arms.iter().all(|arm| is_enumerator(file, &text_of(file, arm.value.clone()))) {
            // An arm for it may come.
            let detail = "0, for a key without an arm, is an enumerator as well".to_owned();
            return refuse(Reason::LadderHoles, found.start, detail);
        }
    }
    Ok(true)
}

/// The two ends of `a ... b`, or the one key.
fn ends(file: &FileContext, label: Range<usize>) -> Vec<Range<usize>> {
    match label.clone().find(|&at| file.text(at) == b"...") {
        Some(dots) => vec![label.start..dots, dots + 1..label.end],
        None => vec![label],
    }
}

/// Whether the statements give 0 where the arms give their values, and do nothing else.
pub fn gives_zero(file: &FileContext, statements: Range<usize>, found: &Ladder) -> bool {
    let texts = |range: Range<usize>| range.map(|at| file.text(at)).collect::<Vec<_>>();
    let mut expected = match &found.sink {
        None => vec![&b"return"[..]],
        Some(sink) => [texts(sink.clone()), vec![b"="]].concat(),
    };
    // A name for 0 says that it might be another number.
    let value = |text: &[u8]| {
        let is_number = text.first().is_some_and(u8::is_ascii_digit);
        let constant = || file.unit.constant(&lossy(text)).ok().and_then(|it| it.value);
        matches!(text, b"NULL" | b"false") || is_number && constant() == Some(0)
    };
    let given = texts(statements);
    if found.form == Form::Choices {
        return matches!(given.as_slice(), [only] if value(only));
    }
    let [.., last, end] = given.as_slice() else { return false };
    expected.extend([*last, b";"]);
    value(last) && *end == b";" && given == expected
}

/// A key that is made of bits, if there is one: such keys are flags, of which others may be
/// set as well.
pub fn flag(file: &FileContext, found: &Ladder) -> Option<String> {
    let is_bit = |at: usize| matches!(file.text(at), b"BIT" | b"BIT_ULL" | b"|" | b"<<");
    let mut labels = found.arms.iter().flat_map(|arm| &arm.labels);
    labels.find(|label| (*label).clone().any(is_bit)).map(|it| text_of(file, it.clone()))
}
