//! The names that a text refers to, or a definition.

use super::index::{Definition, DefinitionKind, TagKind};
use super::lexeme::{Lexeme, lexemes};
use super::spelled::{Call, calls};
use crate::syntax::lexer::is_keyword;

/// The names that a text refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    pub(super) ordinary: Vec<String>,
    pub(super) tags: Vec<(TagKind, String)>,
    pub(super) members: Vec<String>,
    pub(super) calls: Vec<Call>,
    /// The declarations of members of what has no tag, only the name of a typedef.
    pub(super) untagged: Vec<Vec<Lexeme>>,
    /// The size of something is asked for, so that its type must be whole.
    pub(super) sizes: bool,
}

impl References {
    /// Adds the names that the macro calls in `code` make up.
    pub fn add_calls(&mut self, code: &str) {
        self.calls.extend(calls(&lexemes(code.as_bytes())));
    }

    /// Adds the identifier `word` that stands behind the token `before`.
    pub fn add(&mut self, before: &str, word: &str) {
        let tag = match before {
            "struct" => TagKind::Struct,
            "union" => TagKind::Union,
            "enum" => TagKind::Enum,
            "." | "->" => return self.members.push(word.to_owned()),
            _ if word == "sizeof" => return self.sizes = true,
            _ if is_keyword(word.as_bytes()) => return,
            _ => return self.ordinary.push(word.to_owned()),
        };
        self.tags.push((tag, word.to_owned()));
    }

    /// Adds what `tokens` refer to, the names of `bound` apart.
    fn add_tokens(&mut self, tokens: &[Lexeme], bound: &[String]) {
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let is_bound = || bound.iter().any(|name| token.is(name));
            if token.is_ident() && !is_bound() {
                self.add(before.map_or("", |token| &token.text), &token.text);
            }
        }
    }

    /// Adds what `text` refers to.
    pub fn add_text(&mut self, text: &str) {
        self.add_tokens(&lexemes(text.as_bytes()), &[]);
    }
}

/// The types of the members that `tokens` declare.
pub(super) fn add_types(references: &mut References, tokens: &[Lexeme]) {
    let mut found = References::default();
    found.add_tokens(tokens, &[]);
    references.tags.extend(found.tags);
    // A typedef begins a declaration; what follows it are names of members.
    let qualifies = |token: &&Lexeme| token.is("const") || token.is("volatile");
    let mut rest = tokens.iter().skip_while(qualifies);
    let first = rest.next().filter(|it| it.is_ident() && !is_keyword(it.text.as_bytes()));
    if let Some(first) = first.filter(|_| rest.next().is_some()) {
        references.ordinary.push(first.text.to_string());
    }
}

/// Adds what a definition refers to.
pub(super) fn refer(definition: &Definition, references: &mut References) {
    match &definition.kind {
        DefinitionKind::Macro(define) => {
            let mut bound = define.params.clone().unwrap_or_default();
            bound.extend(define.variadic.clone());
            bound.extend(["__VA_ARGS__", "__VA_OPT__"].map(str::to_owned));
            bound.extend(declared_in(&define.body));
            references.add_tokens(&define.body, &bound);
        }
        DefinitionKind::Enumerator { explicit: Some(value), .. } => references.add_text(value),
        DefinitionKind::Typedef { target } => references.add_text(target),
        DefinitionKind::Function(function) => references.add_text(&function.return_type),
        DefinitionKind::Variable { type_text, .. } => references.add_text(type_text),
        _ => {}
    }
}

/// Names that a macro's body declares for itself, or that only look like names: they
/// stand behind a type, or begin as the kernel begins such names.
fn declared_in(body: &[Lexeme]) -> Vec<String> {
    let declares = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| body.get(at));
        let after = body.get(at + 1).map_or("", |token| &*token.text);
        let behind_type = before.is_some_and(|token| {
            token.is(")") || token.is("*") || token.is_ident() && !token.is("return")
        });
        behind_type && matches!(after, "=" | ";" | "," | "[" | ":")
    };
    let pasted = |at: usize| {
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        beside.filter_map(|at| body.get(at)).any(|token| token.is("##"))
    };
    let words = body.iter().enumerate().filter(|(_, token)| token.is_ident());
    let chosen = words.filter(|(at, _)| declares(*at) || pasted(*at));
    chosen.map(|(_, token)| token.text.to_string()).collect()
}
