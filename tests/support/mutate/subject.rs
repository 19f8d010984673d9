//! A function to be mutated, with its tokens and its syntax tree.

use drvdedup::detect::Options;
use drvdedup::syntax::lexer::{is_keyword, tokens};
use drvdedup::syntax::{Function, FunctionTree, LoopMacros, NodeId, Token, TokenKind, split};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// One function definition and nothing around it.
pub struct Subject {
    pub text: Vec<u8>,
    pub function: Function,
    pub tokens: Vec<Token>,
    pub tree: FunctionTree,
    /// The nodes without children, by their first byte.
    leaves: HashMap<u32, NodeId>,
}

/// A byte range of a text and what is to stand there instead.
pub type Edit = (Range<usize>, Vec<u8>);

impl Subject {
    /// `None` for what the tool does not compare by default, and for a text that is
    /// not one function.
    pub fn new(text: &[u8], loops: &LoopMacros) -> Option<Subject> {
        let (functions, outline) = split::functions(text);
        let [function] = functions.as_slice() else { return None };
        let thresholds = Options::default();
        let taken = function.range() == (0..text.len())
            && function.lines() >= thresholds.min_lines
            && function.token_count >= thresholds.min_tokens
            && !(function.macro_defined || function.disabled || function.unbalanced)
            && outline.problems.is_empty();
        if !taken {
            return None;
        }
        let tree = FunctionTree::parse(text, function, loops);
        let ids = 0..tree.nodes.len() as NodeId;
        let leaves = ids
            .filter(|&id| tree.node(id).subtree_end == id + 1 && !tree.node(id).range.is_empty())
            .map(|id| (tree.node(id).range.start, id))
            .collect();
        let (text, function) = (text.to_vec(), function.clone());
        Some(Subject { tokens: tokens(&text), text, function, tree, leaves })
    }

    /// The function's own name.
    pub fn name(&self) -> &[u8] {
        self.function.name(&self.text)
    }

    /// The text of the token at `at`; empty where there is none.
    pub fn token(&self, at: usize) -> &[u8] {
        self.tokens.get(at).map_or(&[], |token| token.text(&self.text))
    }

    /// The text before the token at `at`.
    pub fn before(&self, at: usize) -> &[u8] {
        at.checked_sub(1).map_or(&[], |before| self.token(before))
    }

    /// The node that is the token at `at`, where the parser saw it.
    pub fn leaf(&self, at: usize) -> Option<NodeId> {
        self.tokens.get(at).and_then(|token| self.leaves.get(&token.start)).copied()
    }

    /// The kind of the node that is the token at `at`.
    pub fn leaf_kind(&self, at: usize) -> &'static str {
        self.leaf(at).map_or("", |leaf| self.tree.node(leaf).kind)
    }

    /// The text of a node.
    pub fn node_text(&self, id: NodeId) -> &[u8] {
        let range = &self.tree.node(id).range;
        &self.text[range.start as usize..range.end as usize]
    }

    /// The places of the identifiers that are no keywords, as indices of tokens.
    pub fn names(&self) -> impl Iterator<Item = usize> + '_ {
        let is_name =
            |&at: &usize| self.tokens[at].kind == TokenKind::Ident && !is_keyword(self.token(at));
        (0..self.tokens.len()).filter(is_name)
    }

    /// Whether the token at `at` is a name in the ordinary name space.
    pub fn is_ordinary(&self, at: usize) -> bool {
        self.name_space(at) == NameSpace::Ordinary
    }

    fn name_space(&self, at: usize) -> NameSpace {
        match self.before(at) {
            before if is_tag_word(before) => NameSpace::Tag,
            b"." | b"->" => NameSpace::Member,
            _ if self.is_member_argument(at) => NameSpace::Member,
            _ => NameSpace::Ordinary,
        }
    }

    /// Whether the token at `at` is the argument of a macro that takes the name of a
    /// member: `container_of(work, struct port, work)`.
    fn is_member_argument(&self, at: usize) -> bool {
        if !matches!(self.before(at), b"," | b"(") || !matches!(self.token(at + 1), b")" | b",") {
            return false;
        }
        let (mut open, mut depth, mut argument) = (at, 0u32, 0);
        loop {
            let Some(before) = open.checked_sub(1) else { return false };
            open = before;
            match self.token(open) {
                b")" | b"]" | b"}" => depth += 1,
                b"(" if depth == 0 => break,
                b"(" | b"[" | b"{" => depth = depth.saturating_sub(1),
                b"," if depth == 0 => argument += 1,
                _ => {}
            }
        }
        let callee = self.before(open);
        let is_last = self.token(at + 1) == b")";
        let after_a_type = at >= 3 && is_tag_word(self.token(at - 3)) && self.before(at) == b",";
        match callee {
            // Also under the name that a mutant calls it by.
            _ if callee.starts_with(b"struct_size") => argument == 1,
            _ => argument > 0 && is_last && (after_a_type || takes_a_member_last(callee)),
        }
    }

    /// The names that the function declares for itself and its labels, but for those
    /// that a directive of its body mentions.
    pub fn locals(&self) -> BTreeSet<&[u8]> {
        let declared = self.tree.of_kind("identifier");
        let declared = declared.filter(|&id| self.tree.declares_local(id, &self.text));
        let labels = self.tree.of_kind("statement_identifier");
        let names: BTreeSet<&[u8]> = declared.chain(labels).map(|id| self.node_text(id)).collect();
        let directives = self.tokens.iter().filter(|token| token.kind == TokenKind::Directive);
        let mentioned: BTreeSet<&[u8]> = directives
            .flat_map(|token| token.text(&self.text).split(|b| !is_word_byte(*b)))
            .collect();
        &names - &mentioned
    }

    /// Whether a directive stands in `range`.
    pub fn has_directive(&self, range: Range<usize>) -> bool {
        let inside =
            |token: &&Token| token.range().start >= range.start && token.range().end <= range.end;
        self.tokens.iter().filter(inside).any(|token| token.kind == TokenKind::Directive)
    }

    /// The text after `edits`, which do not overlap.
    pub fn edited(&self, mut edits: Vec<Edit>) -> Vec<u8> {
        edits.sort_by_key(|(range, _)| range.start);
        let mut out = Vec::with_capacity(self.text.len() + 64);
        let mut at = 0;
        for (range, new) in edits {
            out.extend_from_slice(&self.text[at..range.start]);
            out.extend(new);
            at = range.end;
        }
        out.extend_from_slice(&self.text[at..]);
        out
    }
}

/// The name spaces of C (C11 6.2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameSpace {
    Ordinary,
    Tag,
    Member,
}

/// Whether two functions differ only in constants and by one renaming of their names.
pub fn same_but_for_names(a: &Subject, b: &Subject) -> bool {
    type Renaming<'t> = BTreeMap<(NameSpace, &'t [u8]), &'t [u8]>;
    let (mut there, mut back) = (Renaming::new(), Renaming::new());
    let is_constant = |subject: &Subject, at: usize| {
        let kind = subject.tokens[at].kind;
        matches!(kind, TokenKind::Number | TokenKind::Char) || is_all_caps(subject.token(at))
    };
    let is_name = |subject: &Subject, at: usize| {
        subject.tokens[at].kind == TokenKind::Ident && !is_keyword(subject.token(at))
    };
    let same = |at: usize| {
        let (x, y) = (a.token(at), b.token(at));
        match (a.tokens[at].kind, b.tokens[at].kind) {
            _ if is_constant(a, at) && is_constant(b, at) => true,
            (TokenKind::Str, TokenKind::Str) => true,
            _ if is_name(a, at) && is_name(b, at) => {
                let space = a.name_space(at);
                space == b.name_space(at)
                    && *there.entry((space, x)).or_insert(y) == y
                    && *back.entry((space, y)).or_insert(x) == x
            }
            _ => x == y,
        }
    };
    a.tokens.len() == b.tokens.len() && (0..a.tokens.len()).all(same)
}

fn is_tag_word(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The kernel's macros whose last argument is the name of a member.
fn takes_a_member_last(callee: &[u8]) -> bool {
    let callee = String::from_utf8_lossy(callee);
    let of_lists = ["list_", "hlist_", "llist_", "rb_", "rbtree_"];
    let others = ["container_of", "offsetof", "sizeof_field", "from_timer", "from_tasklet"];
    others.iter().any(|name| callee.contains(name))
        || (callee.contains("_entry") && of_lists.iter().any(|list| callee.starts_with(list)))
}

/// Whether `word` is written as macro constants and enumerators are.
pub fn is_all_caps(word: &[u8]) -> bool {
    word.len() >= 2
        && word.iter().any(u8::is_ascii_uppercase)
        && !word.iter().any(u8::is_ascii_lowercase)
}
