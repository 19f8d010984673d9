//! What each token of a function stands for, as far as its syntax tree tells.

use super::locals;
use super::spelling::spelled_like_a_constant;
use crate::syntax::{Function, FunctionTree, LoopMacros, Token, TokenKind};
use rustc_hash::FxHashSet;

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A local variable, a parameter or a label: its name is the function's own
    /// business.
    Local,
    /// A member of a structure.
    Field,
    /// A tag or a type name.
    Type,
    /// The name before the `(` of a call.
    Callee,
    /// A macro constant or an enumerator, by its spelling.
    Constant,
    /// Any other name of file scope.
    Global,
    /// A number or a character constant.
    Number,
    /// A string literal.
    Text,
    /// Keywords, punctuators, directives.
    Other,
}

/// The roles of one function's tokens, and where its syntax tree is incomplete.
pub struct Roles {
    /// One a token.
    pub roles: Vec<Role>,
    /// Offset in the text of the first ERROR or MISSING node, if the function was parsed.
    pub gap: Option<u32>,
}

/// The roles of `tokens`, all the tokens of `text`, which is one function whose
/// offsets in `function` start at 0.
/// Only what the tokens do not tell is parsed.
pub fn roles(text: &[u8], function: &Function, tokens: &[Token], loops: &LoopMacros) -> Roles {
    match locals::roles(text, function, tokens, loops) {
        Some(roles) => Roles { roles, gap: None },
        None => parsed(text, function, tokens, loops),
    }
}

/// The roles that the syntax tree tells.
pub fn parsed(text: &[u8], function: &Function, tokens: &[Token], loops: &LoopMacros) -> Roles {
    let tree = FunctionTree::parse(text, function, loops);
    let declared = declared(text, &tree, tokens);
    let mut leaves = tree.leaves().peekable();
    let mut out = Vec::with_capacity(tokens.len());
    for (i, token) in tokens.iter().enumerate() {
        while leaves.next_if(|leaf| leaf.range.start < token.start).is_some() {}
        let leaf = leaves.peek().filter(|leaf| leaf.range.start == token.start);
        let leaf = leaf.map_or("", |leaf| leaf.kind);
        out.push(match token.kind {
            TokenKind::Ident => identifier(text, tokens, i, leaf, &declared),
            TokenKind::Number | TokenKind::Char => Role::Number,
            TokenKind::Str => Role::Text,
            TokenKind::Punct | TokenKind::Directive | TokenKind::Stray => Role::Other,
        });
    }
    Roles { roles: out, gap: tree.gap.as_ref().map(|gap| gap.offset) }
}

/// The tokens around it say what the mask hides from the parser; the tree says the
/// rest.
fn identifier(
    text: &[u8],
    tokens: &[Token],
    i: usize,
    leaf: &str,
    declared: &FxHashSet<&[u8]>,
) -> Role {
    let name = tokens[i].text(text);
    let at = |i: usize| tokens.get(i).map_or(&b""[..], |t| t.text(text));
    let before = i.checked_sub(1).map_or(&b""[..], at);
    match (before, leaf) {
        (b"." | b"->", _) | (_, "field_identifier") => Role::Field,
        (b"struct" | b"union" | b"enum", _) | (_, "type_identifier") => Role::Type,
        (b"goto", _) | (_, "statement_identifier") => Role::Local,
        _ if declared.contains(name) => Role::Local,
        _ if at(i + 1) == b"(" => Role::Callee,
        _ if spelled_like_a_constant(name) => Role::Constant,
        _ => Role::Global,
    }
}

/// The names that the function declares: parameters, locals, and what macros declare.
fn declared<'t>(text: &'t [u8], tree: &FunctionTree, tokens: &[Token]) -> FxHashSet<&'t [u8]> {
    let mut names = FxHashSet::default();
    for id in tree.of_kind("identifier").filter(|&id| tree.declares_local(id, text)) {
        let range = &tree.node(id).range;
        names.extend(text.get(range.start as usize..range.end as usize));
    }
    declared_by_macros(text, tokens, &mut names);
    names
}

/// Adds what the kernel's declaring macros (`DECLARE_BITMAP(name, …)`) name.
pub fn declared_by_macros<'t>(text: &'t [u8], tokens: &[Token], names: &mut FxHashSet<&'t [u8]>) {
    for window in tokens.windows(3) {
        let name = window[0].text(text);
        let declares = name.starts_with(b"DECLARE_")
            || name.starts_with(b"DEFINE_")
            || matches!(name, b"LIST_HEAD" | b"HLIST_HEAD");
        if declares && window[1].is(text, b"(") && window[2].kind == TokenKind::Ident {
            names.insert(window[2].text(text));
        }
    }
}
