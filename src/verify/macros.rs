//! The macros that a file defines: what they mention, and which of their
//! arguments they take as text rather than as a value.

use super::facts::{self, Spelled};
use super::unit::Unit;
use crate::syntax::decl::{self, DefinitionKind};
use crate::syntax::{Lexer, Token, TokenKind};
use std::collections::{BTreeMap, BTreeSet};

/// One `#define`.
#[derive(Clone, Debug)]
struct Macro<'s> {
    /// `None` for an object-like macro; without the `...`.
    params: Option<Vec<&'s [u8]>>,
    /// The replacement.
    body: Vec<(&'s [u8], TokenKind)>,
    /// Parameters (by position) that are pasted, stringified, or member names.
    spelled: BTreeSet<usize>,
}

/// What a macro leads to, through whatever macros of the file and its headers.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// All words of their bodies.
    pub words: BTreeSet<String>,
    /// One of them pastes.
    pub pastes: bool,
}

impl Reach {
    /// Of what is called `name`; empty where that is no macro.
    pub fn of(names: &decl::Unit, name: &str) -> Reach {
        let mut reach = Reach::default();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            for definition in names.lookup(&name) {
                let DefinitionKind::Macro(define) = definition.kind else { continue };
                let body = define.body_text();
                reach.pastes |= body.contains("##");
                let words = Lexer::new(body.as_bytes()).filter(|it| it.kind == TokenKind::Ident);
                for word in words {
                    let word = String::from_utf8_lossy(word.text(body.as_bytes())).into_owned();
                    if reach.words.insert(word.clone()) {
                        open.push(word);
                    }
                }
            }
        }
        reach
    }
}

/// All macros that a file defines, by name; one name may have several definitions.
#[derive(Clone, Debug, Default)]
pub struct Macros<'s>(BTreeMap<&'s [u8], Vec<Macro<'s>>>);

impl<'s> Macros<'s> {
    /// Reads the `#define` lines of `unit`, wherever they stand.
    pub fn new(unit: &Unit<'s>) -> Macros<'s> {
        let mut macros = Macros::default();
        for at in 0..unit.tokens.len() {
            if unit.directive(at) == Some(b"define")
                && let Some((name, definition)) = define(unit.text(at))
            {
                macros.0.entry(name).or_default().push(definition);
            }
        }
        macros.find_spelled();
        macros
    }

    /// Whether the file defines a macro `name`.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.0.contains_key(name)
    }

    /// Every word that `words` mention, through any number of macros of the file.
    pub fn reached<'a>(&self, words: impl IntoIterator<Item = &'a [u8]>) -> BTreeSet<&'a [u8]>
    where
        's: 'a,
    {
        let mut todo: Vec<&'a [u8]> = words.into_iter().collect();
        let mut seen: BTreeSet<&'a [u8]> = BTreeSet::new();
        while let Some(word) = todo.pop() {
            if seen.insert(word) {
                let bodies = self.0.get(word).into_iter().flatten();
                todo.extend(bodies.flat_map(Macro::free_words));
            }
        }
        seen
    }

    /// `tokens` without the parentheses around them, and with a macro that is the
    /// only token replaced by its definition, as far as that goes; left as it is
    /// where there are several definitions.
    pub fn literal<'a>(&self, tokens: &[&'a [u8]]) -> Vec<&'a [u8]>
    where
        's: 'a,
    {
        let mut tokens = tokens.to_vec();
        // Each round resolves one macro; a cycle of macros ends with their number.
        for _ in 0..=self.0.len() {
            while let [b"(", inner @ .., b")"] = tokens.as_slice() {
                tokens = inner.to_vec();
            }
            let [only] = tokens.as_slice() else { return tokens };
            match self.0.get(only).map(Vec::as_slice) {
                Some([definition]) if definition.params.is_none() => {
                    tokens = definition.body.iter().map(|&(text, _)| text).collect();
                }
                _ => return tokens,
            }
        }
        tokens
    }

    /// Whether a macro of the file may build the name `name` by pasting tokens.
    pub fn may_paste(&self, name: &[u8]) -> bool {
        self.0.values().flatten().any(|definition| definition.may_paste(name))
    }

    /// Whether a macro `callee` of the file assigns something, or takes an address, itself or
    /// by what it hands on.
    pub fn assigns(&self, callee: &[u8]) -> bool {
        let writes = |definition: &Macro| {
            definition.body.iter().any(|(text, _)| {
                matches!(*text, b"&" | b"++" | b"--")
                    || text.ends_with(b"=") && !matches!(*text, b"==" | b"!=" | b"<=" | b">=")
            })
        };
        let named = |word: &[u8]| self.0.get(word).into_iter().flatten().any(writes);
        self.reached([callee]).into_iter().any(|word| named(word) || super::facts::may_assign(word))
    }

    /// Whether argument `index` (of `count`) of a call of `callee` is taken as
    /// text or as the name of a member.
    pub fn is_spelled(&self, callee: &[u8], index: usize, count: usize) -> bool {
        match facts::spelled_arguments(callee) {
            Spelled::All => return true,
            Spelled::Last if index + 1 == count => return true,
            Spelled::Second if index == 1 => return true,
            _ => {}
        }
        self.0.get(callee).into_iter().flatten().any(|d| d.spelled.contains(&index))
    }

    /// Whether any argument of a call of `callee` may be spelled at all.
    pub fn may_spell(&self, callee: &[u8]) -> bool {
        facts::spelled_arguments(callee) != Spelled::None
            || self.0.get(callee).into_iter().flatten().any(|d| !d.spelled.is_empty())
    }

    /// A parameter is also spelled when it is handed to a macro that spells it:
    /// repeated until nothing is added (each round adds at least one parameter).
    fn find_spelled(&mut self) {
        loop {
            let mut found: Vec<(&'s [u8], usize, usize)> = Vec::new();
            for (&name, definitions) in &self.0 {
                for (nth, definition) in definitions.iter().enumerate() {
                    let new = definition.handed_on(self);
                    let new = new.into_iter().filter(|p| !definition.spelled.contains(p));
                    found.extend(new.map(|param| (name, nth, param)));
                }
            }
            if found.is_empty() {
                return;
            }
            for (name, nth, param) in found {
                if let Some(definition) = self.0.get_mut(name).and_then(|d| d.get_mut(nth)) {
                    definition.spelled.insert(param);
                }
            }
        }
    }
}

impl<'s> Macro<'s> {
    fn text(&self, at: usize) -> &'s [u8] {
        self.body.get(at).map_or(&[][..], |&(text, _)| text)
    }

    fn param(&self, word: &[u8]) -> Option<usize> {
        self.params.as_ref()?.iter().position(|&param| param == word)
    }

    /// The words of the body that are not its parameters.
    fn free_words(&self) -> impl Iterator<Item = &'s [u8]> + '_ {
        let words = self.body.iter().filter(|(_, kind)| *kind == TokenKind::Ident);
        words.map(|&(text, _)| text).filter(|text| self.param(text).is_none())
    }

    /// Parameters next to `#`, `##`, `.` or `->`. A comma pasted to the variable
    /// arguments only removes itself.
    fn directly_spelled(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for at in 0..self.body.len() {
            let Some(param) = self.param(self.text(at)) else { continue };
            let before = at.checked_sub(1).map_or(&[][..], |b| self.text(b));
            let removes_comma =
                before == b"##" && at.checked_sub(2).is_some_and(|comma| self.text(comma) == b",");
            let pasted = before == b"##" && !removes_comma || self.text(at + 1) == b"##";
            if pasted || matches!(before, b"#" | b"." | b"->") {
                found.insert(param);
            }
        }
        found
    }

    /// Parameters handed to a macro that takes them as text.
    fn handed_on(&self, macros: &Macros) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        if self.params.as_ref().is_none_or(Vec::is_empty) {
            return found;
        }
        // Open calls: callee, and the parameters met in each argument so far.
        let mut calls: Vec<(&[u8], Vec<Vec<usize>>)> = Vec::new();
        for at in 0..self.body.len() {
            match self.text(at) {
                b"(" => {
                    let callee = at.checked_sub(1).map_or(&[][..], |c| self.text(c));
                    calls.push((callee, vec![Vec::new()]));
                }
                b"," => {
                    if let Some((_, arguments)) = calls.last_mut() {
                        arguments.push(Vec::new());
                    }
                }
                b")" => {
                    let Some((callee, arguments)) = calls.pop() else { continue };
                    let count = arguments.len();
                    for (index, params) in arguments.into_iter().enumerate() {
                        if macros.is_spelled(callee, index, count) {
                            found.extend(params);
                        } else if let Some(outer) = calls.last_mut().and_then(|c| c.1.last_mut()) {
                            outer.extend(params);
                        }
                    }
                }
                word => {
                    let open = calls.last_mut().and_then(|call| call.1.last_mut());
                    if let (Some(param), Some(argument)) = (self.param(word), open) {
                        argument.push(param);
                    }
                }
            }
        }
        found
    }

    fn may_paste(&self, name: &[u8]) -> bool {
        (0..self.body.len()).filter(|&at| self.text(at) == b"##").any(|at| {
            let left = at.checked_sub(1).map_or(&[][..], |l| self.text(l));
            let right = self.text(at + 1);
            let fixed = |part: &[u8]| self.param(part).is_none() && part != b"__VA_ARGS__";
            match (fixed(left), fixed(right)) {
                (true, true) => name == [left, right].concat(),
                (true, false) => name.starts_with(left),
                (false, true) => name.ends_with(right),
                // Two parameters may make any name at all.
                (false, false) => false,
            }
        })
    }
}

/// Reads the text of a `#define`.
fn define(directive: &[u8]) -> Option<(&[u8], Macro<'_>)> {
    let text = directive.strip_prefix(b"#")?;
    let tokens: Vec<Token> = Lexer::new(text).collect();
    let name = tokens.get(1)?;
    let opens = tokens.get(2).is_some_and(|t| t.is(text, b"(") && t.start == name.end);
    let (params, body) = if opens {
        let close = tokens.iter().position(|t| t.is(text, b")"))?;
        let words = tokens[3.min(close)..close].iter().filter(|t| t.kind == TokenKind::Ident);
        let mut params: Vec<&[u8]> = words.map(|t| t.text(text)).collect();
        if params.is_empty() || tokens[close - 1].is(text, b"...") {
            params.push(b"__VA_ARGS__");
        }
        (Some(params), close + 1)
    } else {
        (None, 2)
    };
    let body = tokens.get(body..)?.iter().map(|t| (t.text(text), t.kind)).collect();
    let mut definition = Macro { params, body, spelled: BTreeSet::new() };
    definition.spelled = definition.directly_spelled();
    Some((name.text(text), definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, call: &[u8], expected: &[bool]) {
        let unit = Unit::new("a.c", source.as_bytes());
        let macros = Macros::new(&unit);
        let count = expected.len();
        let found: Vec<bool> = (0..count).map(|i| macros.is_spelled(call, i, count)).collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn pasted_and_member_parameters_are_spelled() {
        check("#define A(d, r) w(d, R_##r)\n", b"A", &[false, true]);
        check("#define A(d, r) w((d)->r)\n", b"A", &[false, true]);
        check("#define A(d, r) w(d, #r)\n", b"A", &[false, true]);
        check("#define A(d, r) w(d, r)\n", b"A", &[false, false]);
        check("#define A(d, ...) w(d, ##__VA_ARGS__)\n", b"A", &[false, false]);
    }

    #[test]
    fn what_is_handed_to_a_spelling_macro_is_spelled() {
        check("#define B(x) R_##x\n#define A(d, r) w(d, B(r))\n", b"A", &[false, true]);
        check("#define A(p, m) container_of(p, struct foo, m)\n", b"A", &[false, true]);
    }

    #[test]
    fn pasting_may_build_a_function_name() {
        let unit = Unit::new("a.c", b"#define S(p) { .set = x_set_##p }\n");
        let macros = Macros::new(&unit);
        assert!(macros.may_paste(b"x_set_mode"));
        assert!(!macros.may_paste(b"x_get_mode"));
    }
}
