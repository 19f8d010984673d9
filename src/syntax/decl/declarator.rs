//! Declarations without a grammar: where the type ends and the name begins.

use super::lexeme::{Lexeme, closing, split_commas};
use crate::syntax::lexer::{TokenKind, is_keyword};

/// A function's parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its type with white space normalised and attributes dropped; an array is
    /// the pointer that it decays to.
    pub type_text: String,
    /// Its name, where the declaration gives one.
    pub name: Option<String>,
}

/// A declarator with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub name: String,
    /// Specifiers and pointers, without storage class and attributes.
    pub type_text: String,
    pub pointer_depth: u32,
    pub is_array: bool,
    /// The tokens between the parentheses of a function declarator.
    pub params: Option<Vec<Lexeme>>,
}

/// The tag of a body that has none: nothing else can be declared with it.
pub(super) const UNTAGGED: &str = "__untagged";

/// Words that take no part in a type.
fn is_storage(word: &str) -> bool {
    matches!(
        word,
        "static"
            | "__FORTIFY_INLINE"
            | "POS"
            | "POS0"
            | "extern"
            | "inline"
            | "__inline"
            | "__inline__"
            | "register"
            | "auto"
            | "typedef"
            | "_Noreturn"
            | "__extension__"
            | "asmlinkage"
            | "noinline"
            | "notrace"
            | "__always_inline"
            | "__visible"
            | "_Thread_local"
            | "noinstr"
            | "__cpuidle"
            | "noinline_for_stack"
            | "fastcall"
            | "STATIC"
            | "INLINE"
            | "EXPORT"
    )
}

/// Whether `word` only annotates a declaration: section, calling convention,
/// alignment and such. Address spaces (`__iomem`, `__user`) belong to the type.
pub(super) fn is_attribute(word: &str) -> bool {
    matches!(
        word,
        "__attribute__"
            | "__attribute"
            | "____cacheline_aligned"
            | "__cacheline_aligned"
            | "____cacheline_aligned_in_smp"
            | "__cacheline_aligned_in_smp"
            | "__packed"
            | "____cacheline_internodealigned_in_smp"
            | "__latent_entropy"
            | "__net_initdata"
            | "__init_or_module"
            | "__initdata_or_module"
            | "__net_init"
            | "__net_exit"
            | "__init"
            | "__exit"
            | "__initdata"
            | "__initconst"
            | "__exitdata"
            | "__refdata"
            | "__ref"
            | "__read_mostly"
            | "__ro_after_init"
            | "__used"
            | "__unused"
            | "__maybe_unused"
            | "__always_unused"
            | "__must_check"
            | "__cold"
            | "__hot"
            | "__pure"
            | "__attribute_const__"
            | "__malloc"
            | "__weak"
            | "__noreturn"
            | "__section"
            | "__aligned"
            | "__printf"
            | "__scanf"
            | "__acquires"
            | "__releases"
            | "__must_hold"
            | "__alloc_size"
            | "__no_kcsan"
            | "__no_kasan_or_inline"
            | "__deprecated"
            | "__mustcheck"
            | "__randomize_layout"
            | "__no_randomize_layout"
            | "__designated_init"
            | "__cpuinit"
            | "__devinit"
            | "__devexit"
            | "__devinitdata"
            | "__meminit"
            | "__memexit"
            | "__nonstring"
            | "__assume_aligned"
            | "__no_sanitize"
            | "__init_memblock"
            | "__meminitdata"
            | "__flatten"
            | "__nocfi"
            | "__kprobes"
            | "__sched"
            | "__lockfunc"
            | "__compat"
            | "__bitwise"
            | "__private"
            | "__signed"
            | "__gnu_inline"
            | "__visible"
            | "_X"
            | "__diagnose_as"
            | "__realloc_size"
            | "__compiletime_error"
            | "__compiletime_warning"
            | "__no_sanitize_memory"
            | "__no_profile"
            | "__no_stack_protector"
            | "__cond_acquires"
            | "__error"
            | "__warning"
            | "__alias"
    )
}

fn is_address_space(word: &str) -> bool {
    matches!(
        word,
        "__iomem" | "__user" | "__rcu" | "__percpu" | "__kernel" | "__force" | "__nocast"
    )
}

/// Whether `word` is a keyword that a type is made of.
pub(super) fn is_type_keyword(word: &str) -> bool {
    matches!(
        word,
        "void"
            | "char"
            | "short"
            | "int"
            | "long"
            | "float"
            | "double"
            | "signed"
            | "unsigned"
            | "_Bool"
            | "__signed__"
            | "__int128"
    )
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "const" | "volatile" | "restrict" | "__restrict" | "__const" | "__volatile__")
        || is_address_space(word)
}

/// Whether `tokens[at]` is a word that can name something.
fn is_name(tokens: &[Lexeme], at: usize) -> bool {
    tokens.get(at).is_some_and(|t| {
        t.is_ident()
            && !is_keyword(t.text.as_bytes())
            && !is_type_keyword(&t.text)
            && !is_storage(&t.text)
            && !is_attribute(&t.text)
            && !is_qualifier(&t.text)
    })
}

/// The tokens without attributes, storage classes, and bodies in braces. A body without a
/// tag leaves one, so that the name behind it is not taken for it.
pub(super) fn bare(tokens: &[Lexeme]) -> Vec<Lexeme> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let calls = tokens.get(at + 1).is_some_and(|t| t.is("("));
        if token.is("{") {
            if kept.last().is_some_and(begins_aggregate) {
                kept.push(Lexeme::new(TokenKind::Ident, UNTAGGED, token.at));
            }
            at = closing(tokens, at).unwrap_or(tokens.len());
        } else if is_attribute(&token.text) || (token.is("asm") || token.is("__asm__")) && calls {
            if calls {
                at = closing(tokens, at + 1).unwrap_or(tokens.len());
            }
        } else if token.kind != TokenKind::Directive && !is_storage(&token.text) {
            kept.push(token.clone());
        }
        at += 1;
    }
    kept
}

fn begins_aggregate(token: &Lexeme) -> bool {
    token.is("struct") || token.is("union") || token.is("enum")
}

/// Normalised text of a type: one blank between words, none between stars.
pub(super) fn type_text(tokens: &[Lexeme]) -> String {
    let mut text = String::new();
    let mut last: Option<&Lexeme> = None;
    for token in tokens {
        let word = |t: &Lexeme| t.kind == TokenKind::Ident || t.kind == TokenKind::Number;
        let blank = last.is_some_and(|l| {
            (word(l) && (word(token) || token.is("*")))
                || (l.is("*") && word(token))
                || l.is(",")
                || (word(l) && token.is("("))
        });
        if blank {
            text.push(' ');
        }
        text.push_str(&token.text);
        last = Some(token);
    }
    text
}

/// How many of `bare` tokens are declaration specifiers: everything before the
/// stars and the declarator. `None` when no type is there (a macro call).
fn specifiers(bare: &[Lexeme]) -> Option<usize> {
    let (mut at, mut typed) = (0, false);
    while let Some(token) = bare.get(at) {
        match &*token.text {
            "struct" | "union" | "enum" => {
                typed = true;
                if bare.get(at + 1).is_some_and(|t| t.is_ident()) {
                    at += 1;
                }
            }
            "typeof" | "__typeof__" | "__typeof" | "_Atomic" => {
                typed = true;
                at = closing(bare, at + 1)?;
            }
            word if is_type_keyword(word) => typed = true,
            word if is_qualifier(word) => {}
            _ if !is_name(bare, at) => break,
            // A name is the type when another name, a star or a declarator's
            // parenthesis follows, and no type has been seen.
            _ if typed => break,
            _ => {
                let next = bare.get(at + 1).map(|t| &*t.text);
                let declares = match next {
                    Some("*") => true,
                    Some("(") => bare.get(at + 2).is_some_and(|t| t.is("*")),
                    Some(_) => bare.get(at + 1).is_some_and(Lexeme::is_ident),
                    None => true,
                };
                if !declares {
                    return None;
                }
                typed = true;
            }
        }
        at += 1;
    }
    typed.then_some(at)
}

/// The declarators of `item`, a declaration without its `;`. Empty when it is
/// none, or declares no more than a tag.
pub(super) fn declarators(item: &[Lexeme]) -> Vec<Declared> {
    let bare = bare(item);
    let Some(end) = specifiers(&bare) else { return Vec::new() };
    split_commas(&bare, end, bare.len())
        .into_iter()
        .filter_map(|range| declarator(&bare[..end], &bare[range]))
        .collect()
}

/// Reads one declarator, up to its initialiser, with the specifiers before it.
fn declarator(specifiers: &[Lexeme], tokens: &[Lexeme]) -> Option<Declared> {
    let end = tokens.iter().position(|t| t.is("=") || t.is(":")).unwrap_or(tokens.len());
    let tokens = &tokens[..end];
    let stars = tokens.iter().take_while(|t| t.is("*") || is_qualifier(&t.text)).count();
    let rest = &tokens[stars..];
    let pointer_depth = tokens[..stars].iter().filter(|t| t.is("*")).count() as u32;
    let prefix = [specifiers, &tokens[..stars]].concat();
    if rest.first().is_some_and(|t| t.is("(")) {
        return nested(&prefix, rest);
    }
    // An annotation that is not known may stand between the type and the name.
    let stop = rest.iter().position(|t| t.is("(") || t.is("[")).unwrap_or(rest.len());
    let name = (0..stop).rev().find(|&i| is_name(rest, i))?;
    let after = rest.get(name + 1);
    let params = match after {
        Some(open) if open.is("(") => {
            let close = closing(rest, name + 1)?;
            Some(rest.get(name + 2..close)?.to_vec())
        }
        _ => None,
    };
    Some(Declared {
        name: rest[name].text.to_string(),
        type_text: type_text(&prefix),
        pointer_depth,
        is_array: after.is_some_and(|t| t.is("[")),
        params,
    })
}

/// `(*name)(…)`, `(*name[3])(…)`, `(name)(…)`.
fn nested(prefix: &[Lexeme], rest: &[Lexeme]) -> Option<Declared> {
    let close = closing(rest, 0)?;
    let inner = &rest[1..close];
    let name = (0..inner.len()).find(|&i| is_name(inner, i))?;
    let pointer_depth = inner.iter().filter(|t| t.is("*")).count() as u32;
    let is_array = inner.get(name + 1).is_some_and(|t| t.is("["));
    let own_params = inner.get(name + 1).filter(|t| t.is("(")).and_then(|_| {
        let end = closing(inner, name + 1)?;
        Some(inner.get(name + 2..end)?.to_vec())
    });
    let params = match own_params {
        Some(params) => Some(params),
        None if pointer_depth == 0 && rest.get(close + 1).is_some_and(|t| t.is("(")) => {
            let end = closing(rest, close + 1)?;
            Some(rest.get(close + 2..end)?.to_vec())
        }
        None => None,
    };
    let around: Vec<Lexeme> = [prefix, &without(rest, name + 1)].concat();
    let type_text = type_text(&around);
    Some(Declared {
        name: inner[name].text.to_string(),
        type_text,
        pointer_depth,
        is_array,
        params,
    })
}

fn without(tokens: &[Lexeme], at: usize) -> Vec<Lexeme> {
    tokens.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, t)| t.clone()).collect()
}

/// The parameters between the parentheses of a prototype, and whether it ends in
/// `...`. `(void)` and `()` have none.
pub(super) fn params(tokens: &[Lexeme]) -> (Vec<Param>, bool) {
    let mut found = Vec::new();
    let mut variadic = false;
    for range in split_commas(tokens, 0, tokens.len()) {
        let bare = bare(&tokens[range]);
        match bare.as_slice() {
            [only] if only.is("...") => variadic = true,
            [only] if only.is("void") => {}
            [] => {}
            tokens => found.push(param(tokens)),
        }
    }
    (found, variadic)
}

fn param(bare: &[Lexeme]) -> Param {
    let unnamed = || Param { type_text: type_text(bare), name: None };
    let Some(end) = specifiers(bare) else { return unnamed() };
    match declarator(&bare[..end], &bare[end..]) {
        // In a parameter, `type name(…)` and `type name[…]` are pointers.
        Some(found) => {
            let star = if found.type_text.ends_with('*') { "*" } else { " *" };
            let star = if found.is_array && !found.type_text.contains('(') { star } else { "" };
            Param { type_text: format!("{}{star}", found.type_text), name: Some(found.name) }
        }
        None => unnamed(),
    }
}

#[cfg(test)]
#[path = "declarator_tests.rs"]
mod tests;
