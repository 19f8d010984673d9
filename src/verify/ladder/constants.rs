//! The text after with the helper once for each set of constants that it is called
//! with, and those in the place of its parameters. A compiler folds a constant that
//! it reads otherwise than one that it finds out; and what a message prints of a
//! word is joined with the message. The constants are converted as the parameters
//! convert them, so the copies do what the helper does; but each has static
//! variables of its own: the caller has to see to it that none are shared.

use super::wrap;
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::{LoopMacros, TokenKind};
use crate::verify::definition::{Definition, Role};
use crate::verify::facts::is_in_capitals;
use crate::verify::macros::Macros;
use crate::verify::signature::declared_type;
use crate::verify::unit::Unit;
use crate::verify::wording;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The constant for each parameter that has one.
type Constants<'s> = Vec<Option<&'s [u8]>>;

/// `source` with copies of the function `helper`; `None` where no call has a
/// constant, or the helper cannot be read with certainty.
pub(super) fn put(source: &[u8], helper: &str, loops: &LoopMacros) -> Option<Vec<u8>> {
    let unit = Unit::new("", source);
    let macros = Macros::new(&unit);
    let item = unit.function(helper).ok()?;
    let definition = Definition::new(&unit, item, &macros, loops).ok()?;
    let Calls { copies, mut edits } = calls(&unit, &definition, helper)?;
    let prototypes = unit.items.iter().filter(|it| unit.is_prototype_of(it, helper.as_bytes()));
    for prototype in prototypes {
        let end = unit.span(prototype.tokens.clone()).end;
        let heads = copies.iter().flat_map(|(constants, name)| {
            [b"\n", &signature(&definition, constants, name)[..], b";"].concat()
        });
        edits.push(Edit { range: end..end, text: heads.collect() });
    }
    let end = unit.span(definition.body.clone()).end;
    edits.push(Edit { range: end..end, text: bodies(&definition, &copies) });
    edits.sort_by_key(|edit| edit.range.start);
    apply_edits("", source, &edits).ok()
}

/// [`put`], where the helper stands in `header`, which `source` includes.
pub(super) fn put_from(
    source: &[u8],
    header: &[u8],
    helper: &str,
    loops: &LoopMacros,
) -> Option<Vec<u8>> {
    let (unit, home) = (Unit::new("", source), Unit::new("", header));
    let macros = Macros::new(&home);
    let item = home.function(helper).ok()?;
    let definition = Definition::new(&home, item, &macros, loops).ok()?;
    let Calls { copies, mut edits } = calls(&unit, &definition, helper)?;
    let first = unit.first_token_at(edits.first()?.range.start as u32);
    let caller = unit.items.get(unit.item_of(first)?)?;
    let start = unit.span(caller.tokens.clone()).start;
    let copies = [&bodies(&definition, &copies)[..], b"\n"].concat();
    edits.insert(0, Edit { range: start..start, text: copies });
    apply_edits("", source, &edits).ok()
}

/// What becomes of the calls of a helper.
struct Calls<'s> {
    /// The name of the copy for each set of constants.
    copies: BTreeMap<Constants<'s>, String>,
    /// Calls of the copies, in order.
    edits: Vec<Edit>,
}

/// `None` where there is nothing to put, or a copy would have a state of its own.
fn calls<'s>(unit: &Unit<'s>, definition: &Definition<'_, '_>, helper: &str) -> Option<Calls<'s>> {
    if definition.body.clone().any(|at| definition.unit.text(at) == b"static") {
        return None;
    }
    let mut copies: BTreeMap<Constants<'s>, String> = BTreeMap::new();
    let mut edits = Vec::new();
    for at in (0..unit.tokens.len()).filter(|&at| unit.is_call_of(helper.as_bytes(), at)) {
        let (arguments, close) = unit.list(at + 1)?;
        if arguments.len() != definition.params.len() {
            return None;
        }
        let constants: Constants<'s> = arguments.iter().map(|it| constant(unit, it)).collect();
        if constants.iter().all(Option::is_none) {
            continue;
        }
        let number = copies.len();
        let copy = copies.entry(constants.clone()).or_insert_with(|| format!("{helper}__{number}"));
        let kept = arguments.iter().zip(&constants).filter(|(_, constant)| constant.is_none());
        let kept: Vec<&[u8]> = kept.map(|(argument, _)| unit.spelling(argument.clone())).collect();
        let call = [copy.as_bytes(), b"(", &kept.join(&b", "[..]), b")"].concat();
        edits.push(Edit { range: unit.span(at..close + 1), text: call });
    }
    (!copies.is_empty()).then_some(Calls { copies, edits })
}

fn bodies(definition: &Definition<'_, '_>, copies: &BTreeMap<Constants<'_>, String>) -> Vec<u8> {
    let bodies = copies.iter().flat_map(|(constants, name)| {
        [b"\n", &signature(definition, constants, name)[..], &body(definition, constants)].concat()
    });
    bodies.collect()
}

/// The text of an argument that is a constant wherever it stands: literals, and names
/// in capitals, which are macros or enumerators, with operators between them.
pub(super) fn constant<'s>(unit: &Unit<'s>, argument: &Range<usize>) -> Option<&'s [u8]> {
    let is_constant = |at: usize| match unit.kind(at) {
        Some(TokenKind::Number | TokenKind::Char) => true,
        Some(TokenKind::Str) => argument.len() == 1,
        Some(TokenKind::Ident) => {
            let word = unit.text(at);
            is_in_capitals(word) || is_register(word) || matches!(word, b"true" | b"false")
        }
        Some(TokenKind::Punct) => {
            matches!(
                unit.text(at),
                b"(" | b")" | b"|" | b"&" | b"+" | b"-" | b"*" | b"~" | b"<<" | b">>" | b"," | b"/"
            )
        }
        _ => false,
    };
    (!argument.is_empty() && argument.clone().all(is_constant))
        .then(|| unit.spelling(argument.clone()))
}

/// Whether a word is in capitals behind a few letters that say what register it is of:
/// `mmGRBM_STATUS`, `ixPCIE_LC_STATUS`. The compiler is asked whether it is a constant.
fn is_register(word: &[u8]) -> bool {
    let sort = word.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let name = &word[sort..];
    (1..=4).contains(&sort) && name.contains(&b'_') && is_in_capitals(name)
}

/// The copy's signature, without the parameters that have a constant.
fn signature(definition: &Definition<'_, '_>, constants: &Constants<'_>, name: &str) -> Vec<u8> {
    let unit = definition.unit;
    let params = definition.params.iter().zip(constants).filter(|(_, it)| it.is_none());
    let params: Vec<&[u8]> = params.map(|(param, _)| unit.spelling(param.tokens.clone())).collect();
    let params = if params.is_empty() { b"void".to_vec() } else { params.join(&b", "[..]) };
    [&wrap::head(definition), name.as_bytes(), b"(", &params, b")"].concat()
}

/// The body with the constants in it.
fn body(definition: &Definition<'_, '_>, constants: &Constants<'_>) -> Vec<u8> {
    let unit = definition.unit;
    let constant = |at: usize| match definition.role(at) {
        Role::Param(index) => Some((index, constants.get(index).copied().flatten()?)),
        _ => None,
    };
    let mut edits = Vec::new();
    let mut printed = BTreeSet::new();
    for at in definition.body.clone().filter(|&at| unit.kind(at) == Some(TokenKind::Str)) {
        let word = |at: usize| constant(at).map(|(_, text)| text);
        let Some(joined) = wording::joined(unit, at, definition.body.start, word) else { continue };
        edits.push(Edit { range: unit.span(at..at + 1), text: joined.literal });
        for argument in joined.arguments {
            edits.push(Edit { range: unit.span(argument.clone()), text: Vec::new() });
            printed.extend(argument);
        }
    }
    for at in definition.body.clone().filter(|at| !printed.contains(at)) {
        let Some((index, value)) = constant(at) else { continue };
        let Some(param) = definition.params.get(index) else { continue };
        let declared: Vec<&[u8]> =
            declared_type(unit, param).into_iter().map(|it| unit.text(it)).collect();
        let converted = [b"((", &declared.join(&b" "[..])[..], b")(", value, b"))"].concat();
        edits.push(Edit { range: unit.span(at..at + 1), text: converted });
    }
    let range = unit.span(definition.body.clone());
    let asserted: Vec<u8> = constants.iter().flatten().flat_map(|value| asserted(value)).collect();
    if !asserted.is_empty() {
        edits.push(Edit { range: range.start + 1..range.start + 1, text: asserted });
    }
    for edit in &mut edits {
        edit.range = edit.range.start - range.start..edit.range.end - range.start;
    }
    edits.sort_by_key(|edit| edit.range.start);
    let source = unit.source.get(range).unwrap_or_default();
    apply_edits("", source, &edits).unwrap_or_else(|_| source.to_vec())
}

/// Has the compiler see to it that a name in capitals is a constant: a macro that reads a
/// register would be read once by the helper, and wherever the parameter stands by a copy.
fn asserted(value: &[u8]) -> Vec<u8> {
    if !value.iter().any(u8::is_ascii_uppercase) || value.starts_with(b"\"") {
        return Vec::new();
    }
    [b" _Static_assert(__builtin_constant_p(", value, b"), \"a constant\");"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: Option<&str>) {
        let found = put(source.as_bytes(), "h", &LoopMacros::new([""; 0]));
        let found = found.map(|text| String::from_utf8_lossy(&text).into_owned());
        assert_eq!(found.as_deref(), expected);
    }

    const MARK: &str = "inline __attribute__((__always_inline__)) static";

    #[test]
    fn constants_stand_in_the_place_of_parameters_as_those_convert_them() {
        check(
            "static int h(int x, u8 mask)\n{\n\treturn x & mask;\n}\nint a(int x)\n{\n\treturn h(x, A_B | 1) + h(2, x);\n}\n",
            Some(&format!(
                "static int h(int x, u8 mask)\n{{\n\treturn x & mask;\n}}\n\
                 {MARK} int h__0(int x){{ _Static_assert(__builtin_constant_p(A_B | 1), \"a constant\");\n\treturn x & ((u8)(A_B | 1));\n}}\n\
                 {MARK} int h__1(u8 mask){{\n\treturn ((int)(2)) & mask;\n}}\n\
                 int a(int x)\n{{\n\treturn h__0(x) + h__1(x);\n}}\n"
            )),
        );
    }

    #[test]
    fn a_register_is_named_in_capitals_behind_a_few_letters() {
        let found = |word: &str| is_register(word.as_bytes());
        assert!(found("mmGRBM_STATUS") && found("ixPCIE_RX_NUM_NAK") && found("smnDF_X"));
        assert!(!found("mmGRBM") && !found("value") && !found("mm_Status_X") && !found("status_A"));
        assert!(!found("registersX_Y"));
    }

    #[test]
    fn a_word_is_joined_with_its_message() {
        check(
            "static void h(struct d *d, const char *what)\n{\n\tdev_err(d, \"no %s (%d)\\n\", what, f(d));\n}\n\
             void a(struct d *d)\n{\n\th(d, \"read\");\n}\n",
            Some(&format!(
                "static void h(struct d *d, const char *what)\n{{\n\tdev_err(d, \"no %s (%d)\\n\", what, f(d));\n}}\n\
                 {MARK} void h__0(struct d *d){{\n\tdev_err(d, \"no \" \"read\" \" (%d)\\n\", f(d));\n}}\n\
                 void a(struct d *d)\n{{\n\th__0(d);\n}}\n"
            )),
        );
    }

    #[test]
    fn copies_of_a_header_stand_before_their_first_caller() {
        let put = |header: &str| {
            let source = b"#include \"h.h\"\nint a(int x)\n{\n\treturn h(x, 2);\n}\n";
            let found = put_from(source, header.as_bytes(), "h", &LoopMacros::new([""; 0]));
            found.map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let expected = format!(
            "#include \"h.h\"\n\n{MARK} int h__0(int x){{\n\treturn x & ((u8)(2));\n}}\n\
             int a(int x)\n{{\n\treturn h__0(x);\n}}\n"
        );
        let header = "static inline int h(int x, u8 mask)\n{\n\treturn x & mask;\n}\n";
        assert_eq!(put(header), Some(expected));
        assert_eq!(put(&header.replace("return", "static int n; return n +")), None);
    }

    #[test]
    fn state_is_never_doubled() {
        check(
            "static int h(int x)\n{\n\tstatic int n;\n\treturn n += x;\n}\nint a(void)\n{\n\treturn h(1);\n}\n",
            None,
        );
        check("static int h(int x)\n{\n\treturn x;\n}\nint a(int x)\n{\n\treturn h(x);\n}\n", None);
    }
}
