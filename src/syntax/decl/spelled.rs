//! The names that macro calls make up by `##`. A name that a call spells may be another
//! thing in each file although every word of the call is the same in both: register
//! headers of two chips define `CTRL__EN_MASK` in two ways, and `FIELD(CTRL, EN)` names it.

use super::index::DefinitionKind;
use super::lexeme::{Lexeme, closing, split_commas};
use super::unit::Unit;
use crate::syntax::lexer::{Lexer, TokenKind};

/// A call, of a macro or not: the name and the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub name: String,
    pub arguments: Vec<Vec<Lexeme>>,
}

/// The calls in some code.
pub(super) fn calls(tokens: &[Lexeme]) -> Vec<Call> {
    let call = |at: usize| {
        let name = tokens.get(at).filter(|token| token.is_ident())?;
        tokens.get(at + 1).filter(|token| token.is("("))?;
        let close = closing(tokens, at + 1)?;
        let arguments = split_commas(tokens, at + 2, close);
        let arguments = arguments.into_iter().filter_map(|range| tokens.get(range));
        let arguments = arguments.map(<[Lexeme]>::to_vec).collect();
        Some(Call { name: name.text.to_string(), arguments })
    };
    (0..tokens.len()).filter_map(call).collect()
}

/// Macros within macros that are followed.
const MAX_DEPTH: u32 = 12;

/// Adds the names that `call` spells to `names`; false where that is not known for sure.
pub(super) fn spell(unit: &Unit, call: &Call, depth: u32, names: &mut Vec<String>) -> bool {
    let pastes = unit
        .macro_facts(&call.name)
        .is_some_and(|facts| facts.params.iter().any(|parameter| parameter.pasted.is_some()));
    if !pastes {
        return true;
    }
    if depth > MAX_DEPTH {
        return false;
    }
    unit.lookup(&call.name).iter().all(|definition| {
        let DefinitionKind::Macro(define) = &definition.kind else { return true };
        let Some(params) = &define.params else { return true };
        let count = params.len();
        let rest = || -> Vec<Lexeme> {
            let behind = call.arguments.get(count..).unwrap_or_default();
            behind.join(&Lexeme::new(TokenKind::Punct, ",", 0))
        };
        let argument = |token: &Lexeme| -> Option<Vec<Lexeme>> {
            let index = define.param_index(&token.text)?;
            match index == count {
                true => Some(rest()),
                false => call.arguments.get(index).cloned(),
            }
        };
        let (body, pasted) = substituted(&define.body, &argument);
        names.extend(pasted);
        // An argument that is handed on is expanded on the way: what it is then is not
        // looked at, so it must be no macro.
        let inner = calls(&body);
        inner.iter().all(|inner| {
            let plain =
                |token: &Lexeme| !token.is_ident() || unit.macro_facts(&token.text).is_none();
            let pasting = unit.macro_facts(&inner.name).is_some_and(|facts| {
                let given = inner.arguments.iter().enumerate();
                given.into_iter().any(|(index, tokens)| {
                    facts.argument(index).any(|it| it.pasted.is_some()) && !tokens.iter().all(plain)
                })
            });
            !pasting && spell(unit, inner, depth + 1, names)
        })
    })
}

/// A macro's body with its arguments, and the names that were pasted together there.
fn substituted(
    body: &[Lexeme],
    argument: &dyn Fn(&Lexeme) -> Option<Vec<Lexeme>>,
) -> (Vec<Lexeme>, Vec<String>) {
    let mut out: Vec<Lexeme> = Vec::new();
    let mut pasted: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(token) = body.get(at) {
        at += 1;
        if token.is("##") {
            let Some(next) = body.get(at) else { break };
            at += 1;
            let right = argument(next).unwrap_or_else(|| vec![next.clone()]);
            let mut right = right.into_iter();
            // `, ## __VA_ARGS__` pastes nothing together.
            let left = out.last().filter(|left| left.kind != TokenKind::Punct);
            if let (Some(left), Some(first)) = (left, right.clone().next()) {
                right.next();
                let text = format!("{}{}", left.text, first.text);
                let joined = Lexeme::new(kind_of(&text), &text, 0);
                out.pop();
                out.push(joined);
                // `a ## b ## c` is one name in the end.
                if pasted.last() != Some(&(out.len() - 1)) {
                    pasted.push(out.len() - 1);
                }
            }
            out.extend(right);
            continue;
        }
        out.extend(argument(token).unwrap_or_else(|| vec![token.clone()]));
    }
    let names = pasted.iter().filter_map(|&at| out.get(at)).filter(|token| token.is_ident());
    let names = names.map(|token| token.text.to_string()).collect();
    (out, names)
}

fn kind_of(text: &str) -> TokenKind {
    Lexer::new(text.as_bytes()).next().map_or(TokenKind::Punct, |token| token.kind)
}

#[cfg(test)]
mod tests {
    use super::super::lexeme::lexemes;
    use super::super::testing::unit;
    use super::*;

    fn check(macros: &str, code: &str, expected: Option<&[&str]>) {
        let unit = unit(&[("d/a.c", macros)]);
        let mut names = Vec::new();
        let sure = calls(&lexemes(code.as_bytes())).iter().all(|c| spell(&unit, c, 0, &mut names));
        let found = sure.then_some(names);
        let found = found.as_ref().map(|it| it.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected, "{code}");
    }

    #[test]
    fn names_are_spelled_through_macros() {
        let macros = "#define MASK(r, f) r##__##f##_MASK\n#define SET(v, r, f) (v & ~MASK(r, f))\n";
        check(macros, "SET(x, CTRL, EN)", Some(&["CTRL__EN_MASK"]));
        check(macros, "g(MASK(A, B), h(1))", Some(&["A__B_MASK"]));
        check("#define P(fmt, ...) p(fmt, ##__VA_ARGS__)\n", "P(\"x\", y)", Some(&[]));
    }

    #[test]
    fn what_is_expanded_before_it_is_pasted_is_not_known() {
        let macros = "#define MASK(r) r##_MASK\n#define SET(r) MASK(r)\n#define CTRL OTHER\n";
        check(macros, "MASK(CTRL)", Some(&["CTRL_MASK"]));
        check(macros, "SET(CTRL)", None);
    }
}
