//! Macros that only stand for the call of a function: `#define WREG(r, v) dev_wreg(dev, (r), v)`.

use super::index::DefinitionKind;
use super::lexeme::{closing, split_commas};
use super::unit::Unit;

/// Macros of macros are followed this far.
const DEEPEST: usize = 4;

impl Unit {
    /// The function that is given argument number `argument` of the macro `name` as it is,
    /// and as which of its own: where the macro has one visible definition, which is a call,
    /// and names the parameter once.
    pub fn handed_on(&self, name: &str, argument: usize) -> Option<(String, usize)> {
        let (mut name, mut argument) = (name.to_owned(), argument);
        for _ in 0..DEEPEST {
            let definitions = self.lookup(&name);
            let [definition] = definitions.as_slice() else { return None };
            let define = match &definition.kind {
                DefinitionKind::Macro(define) => define,
                DefinitionKind::Function(_) => return Some((name, argument)),
                _ => return None,
            };
            let parameter = define.params.as_ref()?.get(argument)?;
            let body = define.body.as_slice();
            let [callee, open, ..] = body else { return None };
            let is_call = callee.is_ident()
                && open.is("(")
                && closing(body, 1) == body.len().checked_sub(1)
                && body.iter().filter(|token| token.is(parameter)).count() == 1;
            if !is_call {
                return None;
            }
            let arguments = split_commas(body, 2, body.len() - 1);
            argument = arguments.into_iter().position(|range| match &body[range] {
                [only] => only.is(parameter),
                [open, only, close] => open.is("(") && only.is(parameter) && close.is(")"),
                _ => false,
            })?;
            name = callee.text.to_string();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::decl::testing::unit;

    #[test]
    fn a_macro_that_is_a_call_hands_its_argument_on() {
        let unit = unit(&[(
            "a.c",
            "void f(int a, unsigned char b);\n\
             #define ONE(x, y) f((y), x)\n\
             #define TWO(z) ONE(0, z)\n\
             #define SUM(x) f(x + 1, 0)\n\
             #define BOTH(x) f(x, x)\n\
             #define MORE(x) f(x, 0); f(0, 0)\n\
             #define TEXT(x) f(0, #x)\n",
        )]);
        let check = |name: &str, argument, expected: Option<usize>| {
            let expected = expected.map(|at| ("f".to_owned(), at));
            assert_eq!(unit.handed_on(name, argument), expected, "{name} {argument}");
        };
        check("ONE", 0, Some(1));
        check("ONE", 1, Some(0));
        check("TWO", 0, Some(0));
        check("f", 1, Some(1));
        for name in ["SUM", "BOTH", "MORE", "TEXT"] {
            check(name, 0, None);
        }
    }
}
