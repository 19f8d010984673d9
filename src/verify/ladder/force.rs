//! Texts in which chosen functions are inlined wherever they are called, or nowhere. The
//! attribute changes no meaning, so that equal code of two such texts says that the
//! texts without it are the same program.

use crate::verify::unit::Unit;
use std::collections::BTreeSet;

/// In front of a static function, whose copy of its own is not emitted then.
pub(super) const STATIC: &[u8] = b"inline __attribute__((__always_inline__)) ";
/// In front of any other, which others may call: `inline` would leave it out.
const EXTERNAL: &[u8] = b"__attribute__((__always_inline__)) ";

/// In front of a function that has code of its own, whoever calls it.
pub(super) const KEPT: &[u8] = b"__attribute__((__noinline__, __noclone__, __used__)) ";

/// In front of a function that is called wherever it is named.
const APART: &[u8] = b"__attribute__((__noinline__, __noclone__)) ";

/// The functions that a text defines, by their names.
pub(super) fn defined(source: &[u8]) -> BTreeSet<String> {
    let unit = Unit::new("", source);
    let functions = unit.items.iter().filter_map(|item| item.function.as_ref());
    functions.map(|it| String::from_utf8_lossy(it.name(source)).into_owned()).collect()
}

/// `source` with every definition of a function of `names` marked.
pub(super) fn inlined(source: &[u8], names: &BTreeSet<String>) -> Vec<u8> {
    marked(source, names, |is_static| if is_static { STATIC } else { EXTERNAL })
}

/// `source` with no function of `names` inlined anywhere.
pub(super) fn apart(source: &[u8], names: &BTreeSet<String>) -> Vec<u8> {
    marked(source, names, |_| APART)
}

/// `source` with a mark, which may go by whether it is static, in front of functions.
fn marked(
    source: &[u8],
    names: &BTreeSet<String>,
    mark: impl Fn(bool) -> &'static [u8],
) -> Vec<u8> {
    let unit = Unit::new("", source);
    let mut text = Vec::with_capacity(source.len() + 64 * names.len());
    let mut from = 0;
    for item in &unit.items {
        let Some(function) = &item.function else { continue };
        if !names.contains(&*String::from_utf8_lossy(function.name(source))) {
            continue;
        }
        let body = unit.first_token_at(function.body);
        let mut signature = item.tokens.start..body;
        let start = function.start as usize;
        text.extend_from_slice(source.get(from..start).unwrap_or_default());
        let is_static = signature.any(|at| unit.text(at) == b"static");
        text.extend_from_slice(mark(is_static));
        from = start;
    }
    text.extend_from_slice(source.get(from..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, names: &[&str], expected: &str) {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let found = inlined(source.as_bytes(), &names);
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn a_static_function_is_marked_at_its_definition_and_one_that_others_call_keeps_its_copy() {
        check(
            "static int a(int x);\n/* a */\nstatic int\na(int x)\n{\n\treturn x;\n}\nint b(void)\n{\n\treturn a(1);\n}\n",
            &["a", "b", "none"],
            "static int a(int x);\n/* a */\ninline __attribute__((__always_inline__)) static int\na(int x)\n{\n\treturn x;\n}\n\
             __attribute__((__always_inline__)) int b(void)\n{\n\treturn a(1);\n}\n",
        );
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        check("int b(void)\n{\n}\nno C {{\n", &["c"], "int b(void)\n{\n}\nno C {{\n");
        let names: Vec<String> =
            defined(b"int b(void)\n{\n}\nint c(void);\n").into_iter().collect();
        assert_eq!(names, ["b"]);
    }
}
