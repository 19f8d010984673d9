//! The text before with the body of each thin function behind a call, as it is
//! after the patch: a body that is inlined may come out otherwise than one in place
//! (its parameters are copied, its branches are laid out anew).

use super::force::STATIC;
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::LoopMacros;
use crate::verify::definition::Definition;
use crate::verify::macros::Macros;
use crate::verify::signature::returns_void;
use crate::verify::unit::Unit;
use std::collections::BTreeSet;

/// What a copy does not take over from the head of a function: who sees it, and
/// whether it is inlined.
const LINKAGE: [&[u8]; 10] = [
    b"static",
    b"extern",
    b"inline",
    b"__inline",
    b"__inline__",
    b"__always_inline",
    b"noinline",
    b"noinline_for_stack",
    b"asmlinkage",
    b"__visible",
];

/// `source` with the body of every function of `names` in a function of its own that
/// is inlined. One that cannot be read with certainty stays as it is.
pub(super) fn bodies(source: &[u8], names: &BTreeSet<String>, loops: &LoopMacros) -> Vec<u8> {
    let unit = Unit::new("", source);
    let macros = Macros::new(&unit);
    let read = names.iter().filter_map(|name| {
        let item = unit.function(name).ok()?;
        Definition::new(&unit, item, &macros, loops).ok()
    });
    // Its name would be another one.
    let says_its_name = |it: &Definition<'_, '_>| {
        it.words().any(|word| matches!(word, b"__func__" | b"__FUNCTION__"))
    };
    let mut edits: Vec<Edit> =
        read.filter(|it| !says_its_name(it)).flat_map(|definition| edits(&definition)).collect();
    edits.sort_by_key(|edit| edit.range.start);
    apply_edits("", source, &edits).unwrap_or_else(|_| source.to_vec())
}

fn edits(definition: &Definition<'_, '_>) -> [Edit; 2] {
    let unit = definition.unit;
    let name = [unit.text(definition.name), b"__body"].concat();
    let start = unit.span(definition.head.start..definition.body.end).start;
    let rest = unit.spelling(definition.name + 1..definition.body.end);
    let copy = [&head(definition), &name, rest, b"\n"].concat();
    let names: Vec<&[u8]> = definition.params.iter().map(|it| unit.text(it.name)).collect();
    let returned: &[u8] = if returns_void(definition) { b"" } else { b"return " };
    let call = [b"{ ", returned, &name, b"(", &names.join(&b", "[..]), b"); }"].concat();
    [
        Edit { range: start..start, text: copy },
        Edit { range: unit.span(definition.body.clone()), text: call },
    ]
}

/// The head of a copy that is inlined everywhere.
pub(super) fn head(definition: &Definition<'_, '_>) -> Vec<u8> {
    [STATIC, b"static ", &words(definition)].concat()
}

/// The head of a function, without what says who sees it and whether it is inlined.
pub(super) fn words(definition: &Definition<'_, '_>) -> Vec<u8> {
    let words = definition.unit.texts(definition.head.clone()).into_iter();
    let words: Vec<&[u8]> = words.filter(|word| !LINKAGE.contains(word)).collect();
    [&words.join(&b" "[..])[..], b" "].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_moves_behind_a_call() {
        let check = |source: &str, expected: &str| {
            let names = ["a".to_owned(), "none".to_owned()].into();
            let found = bodies(source.as_bytes(), &names, &LoopMacros::new([""; 0]));
            assert_eq!(String::from_utf8_lossy(&found), expected);
        };
        check(
            "static int a(int x, u8 *y)\n{\n\treturn x;\n}\n",
            "inline __attribute__((__always_inline__)) static int a__body(int x, u8 *y)\n{\n\treturn x;\n}\n\
             static int a(int x, u8 *y)\n{ return a__body(x, y); }\n",
        );
        check(
            "int a(void)\n{\n\treturn b(__func__);\n}\n",
            "int a(void)\n{\n\treturn b(__func__);\n}\n",
        );
        check(
            "void a(void)\n{\n\tb();\n}\n",
            "inline __attribute__((__always_inline__)) static void a__body(void)\n{\n\tb();\n}\n\
             void a(void)\n{ a__body(); }\n",
        );
    }
}
