//! A function definition with the role of each of its tokens: which are its
//! parameters, its locals and its labels, and which mean the same everywhere.

use super::macros::Macros;
use super::unit::{Difference, Unit};
use crate::syntax::lexer::is_keyword;
use crate::syntax::{FunctionTree, LoopMacros, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What an identifier of a function body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The parameter of this index.
    Param(usize),
    /// A local within its scope.
    Local,
    /// A label, where it is set or jumped to.
    Label,
    /// A name of file scope or from a header.
    Free,
    /// Everything else: keywords, literals, punctuation, members, tags, and
    /// names that a macro takes as text.
    Fixed,
}

/// A parameter of a definition.
#[derive(Clone, Debug)]
pub struct Param {
    /// Token of its name.
    pub name: usize,
    /// Its declaration, the name included.
    pub tokens: Range<usize>,
}

/// A function definition of a [`Unit`]; all positions are tokens of the unit.
#[derive(Clone, Debug)]
pub struct Definition<'u, 's> {
    /// Its file.
    pub unit: &'u Unit<'s>,
    /// Its item in the file.
    pub item: usize,
    /// The function's name.
    pub name: usize,
    /// What stands before the name.
    pub head: Range<usize>,
    /// Its parameters; empty for `(void)`.
    pub params: Vec<Param>,
    /// What stands between the parameters and the `{`.
    pub tail: Range<usize>,
    /// The body with its braces.
    pub body: Range<usize>,
    /// Its syntax tree, without gaps.
    pub tree: FunctionTree,
    /// Roles of the tokens of `body`.
    roles: Vec<Role>,
}

impl<'u, 's> Definition<'u, 's> {
    /// Reads the function that is `item` of `unit`.
    ///
    /// Fails with a reason when its names cannot be told apart with certainty:
    /// a parse gap, a macro for a signature, a local that hides a parameter.
    pub fn new(
        unit: &'u Unit<'s>,
        item: usize,
        macros: &Macros,
        loops: &LoopMacros,
    ) -> Result<Definition<'u, 's>, String> {
        let found = unit.items.get(item);
        let Some((tokens, function)) = found.and_then(|i| Some((&i.tokens, i.function.as_ref()?)))
        else {
            return Err("not a function definition".to_owned());
        };
        let display = super::unit::shown(function.name(unit.source));
        if function.macro_defined || function.unbalanced {
            return Err(format!("the signature or the braces of `{display}` cannot be read"));
        }
        let tree = FunctionTree::parse(unit.source, function, loops);
        if tree.gap.is_some() {
            return Err(format!("`{display}` does not parse"));
        }
        let name = unit.first_token_at(function.name.start);
        let open = name + 1;
        let body = unit.first_token_at(function.body)..tokens.end;
        let list = (unit.text(open) == b"(").then(|| unit.list(open)).flatten();
        let (parts, close) = list
            .filter(|(_, close)| *close < body.start)
            .ok_or_else(|| format!("the parameters of `{display}` cannot be read"))?;
        let params = params(unit, parts)
            .ok_or_else(|| format!("a parameter of `{display}` has no name of its own"))?;
        let tail = close + 1..body.start;
        let head = tokens.start..name;
        let roles = Vec::new();
        let mut definition = Definition { unit, item, name, head, params, tail, body, tree, roles };
        definition.roles = definition.find_roles(macros)?;
        Ok(definition)
    }

    /// The role of token `at`; [`Role::Fixed`] outside the body.
    pub fn role(&self, at: usize) -> Role {
        let index = at.checked_sub(self.body.start);
        index.and_then(|i| self.roles.get(i)).copied().unwrap_or(Role::Fixed)
    }

    /// The name of parameter `index`.
    pub fn param_name(&self, index: usize) -> &'s [u8] {
        self.params.get(index).map_or(&[][..], |param| self.unit.text(param.name))
    }

    /// The names of the parameters and of every local, wherever it is in scope.
    pub fn own_names(&self) -> BTreeSet<&'s [u8]> {
        let locals = self.body.clone().filter(|&at| self.role(at) == Role::Local);
        let params = self.params.iter().map(|param| param.name);
        locals.chain(params).map(|at| self.unit.text(at)).collect()
    }

    /// All words of signature and body.
    pub fn words(&self) -> impl Iterator<Item = &'s [u8]> + '_ {
        let all = self.head.start..self.body.end;
        all.filter(|&at| self.unit.is_word(at)).map(|at| self.unit.text(at))
    }

    /// A [`Difference`] at the start of this function, as one before the patch.
    pub fn before(&self, detail: impl Into<String>) -> Difference {
        Difference { before: Some(self.name), after: None, detail: detail.into() }
    }

    fn find_roles(&self, macros: &Macros) -> Result<Vec<Role>, String> {
        let scopes = self.local_scopes();
        for index in 0..self.params.len() {
            let name = self.param_name(index);
            if scopes.contains_key(name) {
                let name = super::unit::shown(name);
                return Err(format!("the local `{name}` hides a parameter"));
            }
        }
        let labels = self.offsets_of("statement_identifier");
        let members = self.offsets_of("field_identifier");
        let spelled = self.spelled(macros);
        let role = |at: usize| {
            let text = self.unit.text(at);
            let offset = self.unit.bytes(at..at + 1).start;
            if labels.contains(&offset) {
                return Role::Label;
            }
            let tag = matches!(self.unit.text_before(at), b"struct" | b"union" | b"enum");
            if !self.unit.is_word(at)
                || is_keyword(text)
                || tag
                || self.unit.is_member_access(at)
                || members.contains(&offset)
                || spelled.contains(&at)
            {
                return Role::Fixed;
            }
            if let Some(index) = (0..self.params.len()).find(|&i| self.param_name(i) == text) {
                return Role::Param(index);
            }
            let in_scope = |scopes: &Vec<Range<u32>>| scopes.iter().any(|s| s.contains(&offset));
            if scopes.get(text).is_some_and(in_scope) { Role::Local } else { Role::Free }
        };
        Ok(self.body.clone().map(role).collect())
    }

    fn offsets_of(&self, kind: &str) -> BTreeSet<u32> {
        self.tree.of_kind(kind).map(|id| self.tree.node(id).range.start).collect()
    }

    /// Words in those arguments of macro calls that are taken as text.
    fn spelled(&self, macros: &Macros) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for at in self.body.clone() {
            let callee = self.unit.text(at);
            let is_call = self.unit.is_word(at) && self.unit.text(at + 1) == b"(";
            // Only what may be spelled at all is worth a walk to its `)`.
            if !is_call || !macros.may_spell(callee) {
                continue;
            }
            let Some((arguments, _)) = self.unit.list(at + 1) else { continue };
            let count = arguments.len();
            for (index, argument) in arguments.into_iter().enumerate() {
                if macros.is_spelled(callee, index, count) {
                    found.extend(argument);
                }
            }
        }
        found
    }

    /// Scopes of each local, from its declarator to the end of its block.
    fn local_scopes(&self) -> BTreeMap<&'s [u8], Vec<Range<u32>>> {
        let mut scopes: BTreeMap<&[u8], Vec<Range<u32>>> = BTreeMap::new();
        for declaration in self.tree.of_kind("declaration") {
            if self.has_linkage(declaration) {
                continue;
            }
            let end = self.scope_end(declaration);
            let tree = &self.tree;
            for child in tree.children(declaration) {
                if tree.node(child).field != "declarator" {
                    continue;
                }
                if let Some(name) = self.declared_name(child) {
                    let range = tree.node(name).range.clone();
                    let text = self.unit.slice(&range);
                    scopes.entry(text).or_default().push(range.start..end);
                }
            }
        }
        scopes
    }

    /// Whether a block-scope declaration names something of the program: it is
    /// `extern`, or declares a function.
    fn has_linkage(&self, declaration: NodeId) -> bool {
        let is_extern = |id: NodeId| {
            let range = &self.tree.node(id).range;
            self.tree.node(id).kind == "storage_class_specifier"
                && self.unit.slice(range) == b"extern"
        };
        let prototype = |id: NodeId| {
            self.tree.node(id).kind == "function_declarator"
                && self.tree.children(id).any(|child| self.tree.node(child).kind == "identifier")
        };
        let subtree = declaration..self.tree.node(declaration).subtree_end;
        self.tree.children(declaration).any(is_extern) || subtree.into_iter().any(prototype)
    }

    fn scope_end(&self, declaration: NodeId) -> u32 {
        let is_scope = |&id: &NodeId| {
            matches!(self.tree.node(id).kind, "compound_statement" | "for_statement")
        };
        let scope = self.tree.ancestors(declaration).find(is_scope).unwrap_or(0);
        self.tree.node(scope).range.end
    }

    /// The identifier inside a declarator of any shape.
    fn declared_name(&self, declarator: NodeId) -> Option<NodeId> {
        let mut at = declarator;
        loop {
            if self.tree.node(at).kind == "identifier" {
                return Some(at);
            }
            let inner = self.tree.child_by_field(at, "declarator");
            let named = |&child: &NodeId| {
                let kind = self.tree.node(child).kind;
                kind == "identifier" || kind.ends_with("_declarator")
            };
            at = inner.or_else(|| self.tree.children(at).find(named))?;
        }
    }
}

/// Reads the parameters; `None` when one has no name, or there is a `...`.
fn params(unit: &Unit, parts: Vec<Range<usize>>) -> Option<Vec<Param>> {
    if let [only] = parts.as_slice()
        && only.len() == 1
        && unit.text(only.start) == b"void"
    {
        return Some(Vec::new());
    }
    let read = |tokens: Range<usize>| {
        let name = param_name(unit, tokens.clone())?;
        Some(Param { name, tokens })
    };
    parts.into_iter().map(read).collect()
}

fn param_name(unit: &Unit, tokens: Range<usize>) -> Option<usize> {
    let is_name = |&at: &usize| unit.is_word(at) && !is_keyword(unit.text(at));
    // `int (*name)(int)`: the name follows the first `(*`.
    let pointer = tokens.clone().find(|&at| unit.text(at) == b"(" && unit.text(at + 1) == b"*");
    if let Some(open) = pointer {
        return (open + 2..tokens.end).find(is_name);
    }
    let end = tokens.clone().find(|&at| unit.text(at) == b"[").unwrap_or(tokens.end);
    let attribute = |at: &usize| unit.text(*at).starts_with(b"__");
    let name = (tokens.start..end).rev().filter(is_name).find(|at| !attribute(at))?;
    // A type alone (`u8`) is no name; `struct foo` ends in a tag.
    let tag = matches!(unit.text_before(name), b"struct" | b"union" | b"enum");
    (name > tokens.start && !tag).then_some(name)
}
