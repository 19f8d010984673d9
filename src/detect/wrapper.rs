//! Small functions around one call: the study's *wrappers*. In: the tokens of one
//! function. Out: a [`Wrapper`], if it is one.
//!
//! A wrapper makes one call, of a function that drivers wrap or of any other, and
//! beside it only converts arguments or does one supporting operation.

use super::hash::fold;
use super::normalise::{Code, Normaliser};
use super::statements::statements_of_words;
use super::words::{Class, Word};
use super::wrapped::{Lists, Role};
use crate::syntax::{Token, TokenKind};
use serde::{Deserialize, Serialize};

/// More tokens than this, and there is more to it than a call.
const MOST_TOKENS: usize = 120;

/// Most statements of a wrapper's body.
const MOST_STATEMENTS: usize = 6;

/// What is known of a function that wraps a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapper {
    /// Equal for wrappers of one form around the same callees.
    pub form: u64,
    /// Hash of the name of the wrapped function.
    pub callee: u32,
    /// What the wrapped function is for; a function that is on no list must be a
    /// driver's own.
    pub role: Option<Role>,
    /// It passes its parameters on, in their order, and does nothing else.
    pub adds_nothing: bool,
}

/// The call of one function body.
struct Call<'s> {
    name: &'s [u8],
    role: Option<Role>,
}

/// A function as [`read`] wants it.
pub struct Body<'s> {
    /// The text of its file.
    pub source: &'s [u8],
    /// Its tokens.
    pub tokens: &'s [Token],
    /// The words of the tokens.
    pub words: &'s [Word],
    /// Which of the tokens is the `{`.
    pub body: usize,
}

/// Reads the function of this name.
pub fn read(
    lists: &Lists,
    normaliser: &mut Normaliser,
    own_name: &[u8],
    function: &Body,
) -> Option<Wrapper> {
    let &Body { source, tokens, words, body } = function;
    if tokens.len() > MOST_TOKENS || tokens.iter().any(|t| t.kind == TokenKind::Directive) {
        return None;
    }
    if (0..tokens.len()).any(|at| function.does_more(at)) {
        return None;
    }
    let mut count = 0;
    statements_of_words(source, tokens, words, body, |_| count += 1);
    if count == 0 || count > MOST_STATEMENTS {
        return None;
    }
    let calls: Vec<Call> = (body..tokens.len())
        .filter(|&at| function.is_call(at))
        .map(|at| Call { name: function.text(at), role: lists.role(function.text(at)) })
        .collect();
    let callee = wrapped(&calls, own_name)?;
    let mut form = tokens.len() as u64;
    normaliser.run_words(source, own_name, tokens, words, |code, at| {
        let packed = words[at].packed;
        let called = matches!(code, Code::Name(_)) && function.is_call(at);
        form = fold(form ^ if called { packed } else { code.value(packed) });
    });
    Some(Wrapper {
        form: form | 1,
        callee: super::facts::name_hash(callee.name),
        role: callee.role,
        adds_nothing: function.adds_nothing(),
    })
}

impl<'s> Body<'s> {
    fn text(&self, at: usize) -> &'s [u8] {
        self.tokens.get(at).map_or(&b""[..], |token| token.text(self.source))
    }

    fn class(&self, at: usize) -> Option<Class> {
        self.words.get(at).map(|word| word.class)
    }

    /// Whether the word at `at` stands in no wrapper.
    fn does_more(&self, at: usize) -> bool {
        match self.class(at) {
            Some(Class::Keyword) => matches!(
                self.text(at),
                b"for" | b"while" | b"do" | b"switch" | b"goto" | b"asm" | b"__asm__"
            ),
            Some(Class::Name) => matches!(self.text(at), b"__init" | b"__exit"),
            Some(Class::Other) => self.text(at) == b"...",
            _ => false,
        }
    }

    fn is_call(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.class(before));
        self.class(at).is_some_and(Class::is_name)
            && before != Some(Class::Member)
            && self.class(at + 1) == Some(Class::Open)
    }

    /// Whether the body is `return f(a, b);` or `f(a, b);` with the parameters in
    /// their order.
    fn adds_nothing(&self) -> bool {
        let mut at = self.body + 1;
        at += usize::from(self.text(at) == b"return");
        if !self.is_call(at) {
            return false;
        }
        let mut arguments: Vec<&[u8]> = Vec::new();
        at += 2;
        while self.text(at) != b")" {
            if self.tokens.get(at).is_none_or(|t| t.kind != TokenKind::Ident) {
                return false;
            }
            arguments.push(self.text(at));
            at += 1;
            at += usize::from(self.text(at) == b",");
        }
        self.text(at + 1) == b";"
            && at + 3 == self.tokens.len()
            && arguments == parameters(self.source, &self.tokens[..self.body])
    }
}

/// The one call that the others stand beside.
fn wrapped<'c, 's>(calls: &'c [Call<'s>], own_name: &[u8]) -> Option<&'c Call<'s>> {
    // A macro in capitals makes an argument.
    let is_constant =
        |call: &&Call| call.role.is_none() && !call.name.iter().any(u8::is_ascii_lowercase);
    let of = |wanted: &'static [Option<Role>]| {
        calls
            .iter()
            .filter(move |call| wanted.contains(&call.role))
            .filter(move |call| !is_constant(call))
    };
    let unknown: Vec<&Call> = of(&[None]).collect();
    let services: Vec<&Call> = of(&[Some(Role::Io), Some(Role::Kernel)]).collect();
    let pairs = of(&[Some(Role::Pair)]).count();
    let support = of(&[Some(Role::Support)]).count();
    if pairs > 2 || support > 1 || pairs > 0 && support > 0 {
        return None;
    }
    let one = match (services.as_slice(), unknown.as_slice()) {
        ([one], []) | ([], [one]) => *one,
        ([], []) if pairs == 1 && support == 0 => of(&[Some(Role::Pair)]).next()?,
        _ => return None,
    };
    (one.name != own_name).then_some(one)
}

/// The names of the parameters: the last word of each.
fn parameters<'s>(source: &'s [u8], signature: &[Token]) -> Vec<&'s [u8]> {
    let Some(open) = signature.iter().position(|token| token.is(source, b"(")) else {
        return Vec::new();
    };
    let mut depth = 0;
    let mut last: &[u8] = b"";
    let mut found = Vec::new();
    for token in &signature[open..] {
        match token.text(source) {
            b"(" => depth += 1,
            b")" => depth -= 1,
            b"," if depth == 1 => found.push(std::mem::take(&mut last)),
            word if token.kind == TokenKind::Ident && word != b"void" => last = word,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    if !last.is_empty() {
        found.push(last);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;
    use crate::syntax::lexer;

    fn wrapper(text: &str) -> Option<Wrapper> {
        let lists = Lists::load(&[]).expect("our own lists");
        let bytes = text.as_bytes();
        let tokens = lexer::tokens(bytes);
        let body = tokens.iter().position(|t| t.is(bytes, b"{")).expect("a body");
        let words = words(bytes, &tokens);
        let function = Body { source: bytes, tokens: &tokens, words: &words, body };
        read(&lists, &mut Normaliser::default(), b"own", &function)
    }

    #[test]
    fn a_call_with_a_conversion_or_one_supporting_operation_is_a_wrapper() {
        for text in [
            "u32 own(struct a *a, u32 reg) { return readl(a->base + reg); }",
            "void own(struct b *b, u32 v) { struct a *a = to_a(b); writel(v << 2, a->base); }",
            "int own(struct a *a) { int r; mutex_lock(&a->l); r = regmap_read(a->m, 1, &v); mutex_unlock(&a->l); return r; }",
            "int own(struct a *a) { int r = i2c_smbus_read_byte(a->c); if (r < 0) dev_err(a->d, \"x\"); return r; }",
            "void own(struct a *a) { mutex_lock(&a->lock); }",
            "int own(struct a *a) { return a_set(a, REG, 1); }",
        ] {
            assert!(wrapper(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_does_more_is_no_wrapper() {
        for text in [
            "u32 own(struct a *a) { return readl(a->x) | readl(a->y); }",
            "void own(struct a *a) { while (a) readl(a->x); }",
            "void own(struct a *a) { a->x = 1; }",
            "int own(struct a *a) { f(a); return g(a); }",
            "int own(int a) { return own(a - 1); }",
            "static int __init own(void) { return f(); }",
            "int own(struct a *a) { return a->ops->f(a); }",
        ] {
            assert_eq!(wrapper(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrapper_that_only_passes_its_parameters_on_adds_nothing() {
        let adds_nothing = |text| wrapper(text).expect("a wrapper").adds_nothing;
        assert!(adds_nothing("int own(struct a *a, int b) { return f(a, b); }"));
        assert!(adds_nothing("void own(struct a *a) { f(a); }"));
        assert!(!adds_nothing("int own(struct a *a, int b) { return f(b, a); }"));
        assert!(!adds_nothing("int own(struct a *a, int b) { return f(a, b, 1); }"));
        assert!(!adds_nothing("int own(struct a *a, int b) { return f(a->x, b); }"));
    }

    #[test]
    fn wrappers_of_one_form_share_their_callees_and_nothing_else() {
        let form = |text| wrapper(text).expect("a wrapper").form;
        let one = form("u32 own(struct a *a, u32 reg) { return readl(a->base + reg); }");
        assert_eq!(one, form("u32 own(struct b *x, u32 r) { return readl(x->regs + r); }"));
        assert_ne!(one, form("u32 own(struct a *a, u32 reg) { return readw(a->base + reg); }"));
    }
}
