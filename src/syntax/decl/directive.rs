//! Preprocessor directives: `#define`, `#include`, and the stack of `#if`.

use super::lexeme::{Lexeme, join, lexemes};
use crate::syntax::lexer::TokenKind;
use crate::syntax::split::directive_word;

/// A macro definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Define {
    /// Its name.
    pub name: String,
    /// Parameters of a function-like macro, the variadic one not among them;
    /// `None` for an object-like macro.
    pub params: Option<Vec<String>>,
    /// Name of the variadic parameter: `__VA_ARGS__`, or the one before `...`.
    pub variadic: Option<String>,
    /// The replacement list.
    pub body: Vec<Lexeme>,
}

impl Define {
    /// Reads a `#define` directive, from its `#`; `None` when it is another or is
    /// malformed.
    pub fn parse(directive: &[u8]) -> Option<Define> {
        // Lexed behind the `#`, so that a body that begins with `#` is no
        // directive of its own.
        let tokens = lexemes(directive.strip_prefix(b"#")?);
        if !tokens.first()?.is("define") {
            return None;
        }
        let name = tokens.get(1).filter(|t| t.is_ident())?;
        let (params, variadic, body) = match tokens.get(2) {
            Some(open) if open.is("(") && !open.spaced => parameters(&tokens)?,
            _ => (None, None, 2),
        };
        let name = name.text.to_string();
        Some(Define { name, params, variadic, body: tokens.get(body..)?.to_vec() })
    }

    /// The replacement list as text.
    pub fn body_text(&self) -> String {
        join(&self.body)
    }

    /// Number of the parameter `name`; the variadic one comes last.
    pub fn param_index(&self, name: &str) -> Option<usize> {
        let params = self.params.as_deref().unwrap_or_default();
        params
            .iter()
            .position(|p| p == name)
            .or_else(|| self.variadic.as_ref().filter(|v| *v == name).map(|_| params.len()))
    }
}

/// The parameters, the variadic one, and the index of the body's first token.
type Parameters = (Option<Vec<String>>, Option<String>, usize);

fn parameters(tokens: &[Lexeme]) -> Option<Parameters> {
    let (mut params, mut variadic) = (Vec::new(), None);
    for (i, token) in tokens.iter().enumerate().skip(3) {
        match &*token.text {
            ")" => return Some((Some(params), variadic, i + 1)),
            "," => {}
            "..." if tokens.get(i - 1).is_some_and(|t| t.is_ident()) => variadic = params.pop(),
            "..." => variadic = Some("__VA_ARGS__".to_string()),
            name if token.is_ident() => params.push(name.to_string()),
            _ => return None,
        }
    }
    None
}

/// The name that an `#undef`, `#ifdef` or `#ifndef` is about; empty when it has
/// none.
pub(super) fn named(rest: &[u8]) -> String {
    let first = lexemes(rest).into_iter().find(|t| t.kind != TokenKind::Directive);
    first.filter(|t| t.is_ident()).map(|t| t.text.to_string()).unwrap_or_default()
}

/// An `#include`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// What stands between the quotes or brackets, or a macro's name.
    pub path: String,
    /// Written with quotes.
    pub quoted: bool,
    /// Written as a macro: it cannot be resolved.
    pub computed: bool,
    /// Byte offset of the `#`.
    pub offset: u32,
    /// Number of the condition that it stands under.
    pub(super) condition: u32,
}

impl Include {
    /// Reads what follows the word `include` of the directive at `offset`.
    pub(super) fn parse(rest: &[u8], offset: u32, condition: u32) -> Include {
        let rest = rest.trim_ascii_start();
        let (close, quoted) = match rest.first() {
            Some(b'"') => (b'"', true),
            Some(b'<') => (b'>', false),
            _ => {
                let path = String::from_utf8_lossy(rest.trim_ascii()).into_owned();
                return Include { path, quoted: false, computed: true, offset, condition };
            }
        };
        let inner = &rest[1..];
        let end = inner.iter().position(|&b| b == close).unwrap_or(inner.len());
        let path = String::from_utf8_lossy(&inner[..end]).trim().to_string();
        Include { path, quoted, computed: false, offset, condition }
    }
}

/// No condition: the bottom of the stack.
pub(super) const UNCONDITIONAL: u32 = u32::MAX;

/// `#if`s inside each other, beyond which the inner ones are merged into one. The
/// kernel has a dozen.
const MAX_DEPTH: u32 = 64;
/// Bytes of a condition's text, beyond which it is abridged: the negations of a long
/// chain of `#elif` would fill the memory.
const MAX_TEXT: usize = 1 << 10;

/// One condition of a file, linked to the one that it stands in.
#[derive(Clone, Debug)]
struct Condition {
    parent: u32,
    /// Conditions that enclose it.
    depth: u32,
    text: Box<str>,
    /// The `#ifndef` of an include guard: always true the first time.
    guard: bool,
}

/// The conditions of a file while its directives are read, and afterwards the
/// table in which an entry's condition is looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    all: Vec<Condition>,
    /// Open `#if`s: condition in force, and the negation of the branches so far.
    open: Vec<(u32, String)>,
}

impl Conditions {
    /// The condition in force.
    pub(super) fn current(&self) -> u32 {
        self.open.last().map_or(UNCONDITIONAL, |open| open.0)
    }

    /// Takes in a directive, if it is one of the `#if` family.
    pub(super) fn directive(&mut self, text: &[u8]) {
        let (word, rest) = directive_word(text);
        match word {
            b"if" => {
                let condition = join(&lexemes(rest));
                self.push(&condition, negated(&condition));
            }
            b"ifdef" => self.defined(&named(rest), false),
            b"ifndef" => self.defined(&named(rest), true),
            b"elif" => {
                if let Some((_, before)) = self.open.pop() {
                    let condition = join(&lexemes(rest));
                    let both = format!("{before} && ({condition})");
                    self.push(&both, format!("{before} && {}", negated(&condition)));
                }
            }
            b"else" => {
                if let Some((_, before)) = self.open.pop() {
                    self.push(&before, before.clone());
                }
            }
            b"endif" => {
                self.open.pop();
            }
            _ => {}
        }
    }

    fn defined(&mut self, name: &str, negative: bool) {
        let positive = format!("defined({name})");
        let negative_text = format!("!defined({name})");
        if negative {
            self.push(&negative_text, positive);
        } else {
            self.push(&positive, negative_text);
        }
    }

    fn push(&mut self, text: &str, negation: String) {
        let parent = self.current();
        let outer = self.all.get(parent as usize);
        let condition = match outer {
            // It takes its parent's place in the chain, and stands for both.
            Some(outer) if outer.depth >= MAX_DEPTH => {
                let both = format!("({}) && ({text})", outer.text);
                Condition { text: abridged(both).into(), guard: false, ..*outer }
            }
            outer => {
                let depth = outer.map_or(0, |outer| outer.depth + 1);
                let text = abridged(text.to_string()).into();
                Condition { parent, depth, text, guard: false }
            }
        };
        self.all.push(condition);
        self.open.push((self.all.len() as u32 - 1, abridged(negation)));
    }

    /// Notes that `name` has just been defined as nothing: an `#ifndef` around it
    /// that is the file's first condition is its include guard.
    pub(super) fn defined_empty(&mut self, name: &str) {
        if self.open.len() == 1
            && let [first] = self.all.as_mut_slice()
            && first.text.strip_prefix("!defined(").and_then(|t| t.strip_suffix(')')) == Some(name)
        {
            first.guard = true;
        }
    }

    /// Ends the reading.
    pub(super) fn finish(mut self) -> Conditions {
        self.open = Vec::new();
        self.all.shrink_to_fit();
        self
    }

    /// The conditions that hold at `condition`, outermost first, without the
    /// include guard.
    pub(super) fn texts(&self, condition: u32) -> Vec<String> {
        let mut texts = Vec::new();
        let mut at = condition;
        // A parent always has the smaller number, so this ends.
        while let Some(found) = self.all.get(at as usize) {
            if !found.guard {
                texts.push(found.text.to_string());
            }
            at = found.parent;
        }
        texts.reverse();
        texts
    }
}

/// The text, or where that is too long one that is as good for telling whether two
/// conditions are the same, and says nothing else.
fn abridged(text: String) -> String {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let hash = super::index::name_hash(text.as_bytes());
    format!("[{} bytes, {hash:016x}]", text.len())
}

fn negated(condition: &str) -> String {
    format!("!({condition})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn define(text: &str) -> Define {
        Define::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_parenthesis_makes_a_macro_function_like_only_without_a_blank() {
        assert_eq!(define("#define A (1)").params, None);
        assert_eq!(define("#define A (1)").body_text(), "(1)");
        assert_eq!(define("# define A(x) x").params, Some(vec!["x".to_string()]));
    }

    #[test]
    fn variadic_parameters_have_their_name() {
        assert_eq!(define("#define A(f, ...) f").variadic.as_deref(), Some("__VA_ARGS__"));
        let gnu = define("#define A(f, args...) f");
        assert_eq!((gnu.variadic.as_deref(), gnu.params.unwrap().len()), (Some("args"), 1));
    }

    #[test]
    fn a_body_that_begins_with_a_hash_is_kept() {
        assert_eq!(define("#define S(x) #x").body_text(), "#x");
        assert_eq!(define("#define S(x) \\\n\t#x \\\n\tb").body_text(), "#x b");
    }

    #[test]
    fn includes_have_their_path_and_form() {
        let quoted = Include::parse(b" \"a/b.h\" /* x */", 0, UNCONDITIONAL);
        assert_eq!((quoted.path.as_str(), quoted.quoted), ("a/b.h", true));
        assert_eq!(Include::parse(b"<a.h>", 0, UNCONDITIONAL).path, "a.h");
        assert!(Include::parse(b" NAME(x)", 0, UNCONDITIONAL).computed);
    }

    #[test]
    fn deep_nests_and_long_chains_stay_small_and_distinct() {
        let innermost = |lines: &[&str], count: usize| {
            let mut conditions = Conditions::default();
            conditions.directive(b"#ifdef TOP");
            for at in 0..count {
                conditions.directive(lines[at % lines.len()].as_bytes());
            }
            conditions.texts(conditions.current())
        };
        for lines in [["#if A", "#if B"], ["#elif A", "#elif B"]] {
            let (odd, even) = (innermost(&lines, 100_001), innermost(&lines, 100_002));
            assert!(odd != even && odd == innermost(&lines, 100_001));
            assert!(odd.len() <= MAX_DEPTH as usize + 1, "{}", odd.len());
            assert!(odd.iter().all(|text| text.len() <= MAX_TEXT), "{odd:?}");
        }
    }

    #[test]
    fn else_and_elif_negate_what_came_before() {
        let mut conditions = Conditions::default();
        let mut at = |text: &str| {
            conditions.directive(text.as_bytes());
            let now = conditions.current();
            conditions.texts(now).join(" | ")
        };
        assert_eq!(at("#ifdef A"), "defined(A)");
        assert_eq!(at("#if B > 1"), "defined(A) | B > 1");
        assert_eq!(at("#elif C"), "defined(A) | !(B > 1) && (C)");
        assert_eq!(at("#else"), "defined(A) | !(B > 1) && !(C)");
        assert_eq!(at("#endif"), "defined(A)");
        assert_eq!(at("#else"), "!defined(A)");
        assert_eq!(at("#endif"), "");
        assert_eq!(at("#endif"), "");
    }
}
