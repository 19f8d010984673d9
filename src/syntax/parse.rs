//! Tier 2: one function at a time through tree-sitter, on masked text.
//!
//! The grammar's tree is copied into a flat [`FunctionTree`], so that no other
//! module depends on tree-sitter, and a node is an index.

use super::lexer::{Lexer, is_ident_byte, is_keyword};
use super::mask::{self, Branch, LoopMacros};
use super::split::Function;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

/// Index of a node in its [`FunctionTree`]; nodes are numbered in preorder.
pub type NodeId = u32;

/// One node of the concrete syntax tree, punctuation included.
#[derive(Clone, Debug)]
pub struct Node {
    /// tree-sitter-c's name for it, for instance `call_expression` or `"("`.
    pub kind: &'static str,
    /// Its field in the parent (`function`, `arguments`, `left`, …), or `""`.
    pub field: &'static str,
    /// Byte range in the *file*.
    pub range: Range<u32>,
    /// Parent; the root is its own parent.
    pub parent: NodeId,
    /// One past the last node of its subtree.
    pub subtree_end: NodeId,
    /// A rule of the grammar, not a literal token such as `"("`.
    pub named: bool,
}

/// Why a function has no complete syntax tree. Nothing may be planned on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseGap {
    /// Byte offset in the file of the first ERROR or MISSING node.
    pub offset: u32,
    /// Number of ERROR and MISSING nodes.
    pub nodes: u32,
}

/// The syntax tree of one function definition.
#[derive(Clone, Debug)]
pub struct FunctionTree {
    /// All nodes in preorder; never empty.
    pub nodes: Vec<Node>,
    /// Set when the text did not parse, even masked.
    pub gap: Option<ParseGap>,
    /// The text that parsed kept only one branch of each `#if`: the
    /// first, or the last where the first does not parse.
    pub first_branch_only: bool,
}

/// Longest function that is parsed, in bytes: the longest of Linux 6.1's drivers
/// has a tenth of it.
const MAX_TEXT: usize = 2 << 20;

/// Deepest nesting of brackets that is parsed. The parser's time grows faster
/// than the depth; no function of Linux 6.1 nests deeper than a tenth of it.
const MAX_NESTING: usize = 500;

/// The grammar, for the life of the program: its names are `'static`.
static LANGUAGE: LazyLock<tree_sitter::Language> = LazyLock::new(|| tree_sitter_c::LANGUAGE.into());

thread_local! {
    static PARSER: RefCell<tree_sitter::Parser> = RefCell::new({
        let mut parser = tree_sitter::Parser::new();
        parser
            .set_language(&LANGUAGE)
            .expect("tree-sitter and tree-sitter-c are pinned to compatible versions");
        parser
    });
}

impl FunctionTree {
    /// Parses `function` of `source`. The tree is returned whether or not it has
    /// gaps; look at [`FunctionTree::gap`].
    pub fn parse(source: &[u8], function: &Function, loops: &LoopMacros) -> FunctionTree {
        let range = function.range();
        let text = source.get(range.clone()).unwrap_or_default();
        if text.len() > MAX_TEXT || nesting(text) > MAX_NESTING {
            return unparsed(range);
        }
        let tree = parse_as_written(source, text, range.start, loops);
        if tree.gap.is_none() || !text.contains(&b'#') {
            return tree;
        }
        [Branch::First, Branch::Last]
            .into_iter()
            .map(|branch| {
                let kept = mask::keep_branch(text, branch);
                let mut one_branch = parse_as_written(source, &kept, range.start, loops);
                one_branch.first_branch_only = true;
                one_branch
            })
            .find(|one_branch| one_branch.gap.is_none())
            .unwrap_or(tree)
    }

    /// The name of the macro that `id`, a `while_statement` or an
    /// `if_statement`, was written as: `list_for_each_entry`. `None` for what is
    /// a `while` or an `if` in `source`, and for every other node.
    pub fn loop_macro(&self, source: &[u8], id: NodeId) -> Option<Range<u32>> {
        if !matches!(self.node(id).kind, "while_statement" | "if_statement") {
            return None;
        }
        let keyword = self.node(self.children(id).next()?);
        let written = source.get(keyword.range.start as usize..keyword.range.end as usize)?;
        (written != keyword.kind.as_bytes()).then(|| keyword.range.clone())
    }

    /// The node with this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The children of `id`, punctuation included.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).subtree_end;
        let mut next = id + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.node(child).subtree_end;
                child
            })
        })
    }

    /// The child of `id` in `field`.
    pub fn child_by_field(&self, id: NodeId, field: &str) -> Option<NodeId> {
        self.children(id).find(|&child| self.node(child).field == field)
    }

    /// The ancestors of `id`, nearest first, without itself.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = id;
        std::iter::from_fn(move || {
            let parent = self.node(at).parent;
            (parent != at).then(|| {
                at = parent;
                parent
            })
        })
    }

    /// The smallest node that covers the byte range (of the file).
    pub fn covering(&self, range: Range<u32>) -> NodeId {
        let mut at: NodeId = 0;
        'down: loop {
            for child in self.children(at) {
                let node = self.node(child);
                if node.range.start <= range.start && range.end <= node.range.end {
                    at = child;
                    continue 'down;
                }
            }
            return at;
        }
    }

    /// The outermost node whose range is exactly `range`, if there is one.
    pub fn exact(&self, range: Range<u32>) -> Option<NodeId> {
        let smallest = self.covering(range.clone());
        if self.node(smallest).range != range {
            return None;
        }
        let same = |&id: &NodeId| self.node(id).range == range;
        Some(self.ancestors(smallest).take_while(same).last().unwrap_or(smallest))
    }

    /// The nodes without children, in the order of the text.
    pub fn leaves(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().zip(1..).filter(|(node, next)| node.subtree_end == *next).map(|(n, _)| n)
    }

    /// All nodes of `kind`, in the order of the text.
    pub fn of_kind<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = NodeId> + 't {
        (0..self.nodes.len() as NodeId).filter(move |&id| self.node(id).kind == kind)
    }
}

/// Parses `text`, masked; what the masks shortened gets its written length back.
fn parse_as_written(source: &[u8], text: &[u8], base: usize, loops: &LoopMacros) -> FunctionTree {
    let mut tree = parse_masked(&mask::mask(text, loops), base);
    for node in tree.nodes.iter_mut().filter(|node| matches!(node.kind, "while" | "if")) {
        let written = source.get(node.range.start as usize..).unwrap_or_default();
        let length = written.iter().take_while(|&&b| is_ident_byte(b)).count() as u32;
        node.range.end = node.range.start + length;
    }
    tree
}

fn parse_masked(masked: &[u8], base: usize) -> FunctionTree {
    let tree = PARSER.with_borrow_mut(|parser| parser.parse(masked, None));
    let mut out = FunctionTree { nodes: Vec::new(), gap: None, first_branch_only: false };
    // Only a cancelled parse or a missing language gives none.
    let Some(tree) = tree else { return unparsed(base..base + masked.len()) };
    flatten(&tree, masked, base, &mut out);
    out
}

/// What stands for the tree of a text that was not parsed: one ERROR node.
fn unparsed(range: Range<usize>) -> FunctionTree {
    let range = range.start as u32..range.end as u32;
    let gap = Some(ParseGap { offset: range.start, nodes: 1 });
    let root = Node { kind: "ERROR", field: "", range, parent: 0, subtree_end: 1, named: true };
    FunctionTree { nodes: vec![root], gap, first_branch_only: false }
}

/// How deep the brackets of `text` nest.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for token in Lexer::new(text) {
        match token.text(text) {
            b"(" | b"[" | b"{" => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b")" | b"]" | b"}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether the grammar took a keyword for a name, as it does wherever the keyword
/// cannot stand: `else g();` would be a declaration of type `else`.
fn is_misread(node: &tree_sitter::Node, masked: &[u8]) -> bool {
    node.child_count() == 0
        && matches!(node.kind(), "identifier" | "type_identifier" | "field_identifier")
        && masked
            .get(node.byte_range())
            .is_some_and(|word| is_keyword(word) && !mask::is_typeof(word))
}

/// The grammar reads `-1` as one number; C, and the lexer, as the minus of 1.
fn split_sign(masked: &[u8], base: usize, id: NodeId, out: &mut FunctionTree) {
    let Some(number) = out.nodes.get_mut(id as usize) else { return };
    let sign = match masked.get(number.range.start as usize - base) {
        Some(b'-') => "-",
        Some(b'+') => "+",
        _ => return,
    };
    if number.kind != "number_literal" {
        return;
    }
    number.kind = "unary_expression";
    let Range { start, end } = number.range.clone();
    let child = |kind, field, range, subtree_end, named| Node {
        kind,
        field,
        range,
        parent: id,
        subtree_end,
        named,
    };
    out.nodes.push(child(sign, "operator", start..start + 1, id + 2, false));
    out.nodes.push(child("number_literal", "argument", start + 1..end, id + 3, true));
}

/// Copies the tree in preorder, without recursion: 100,000 nested parentheses
/// must not overflow the stack.
fn flatten(tree: &tree_sitter::Tree, masked: &[u8], base: usize, out: &mut FunctionTree) {
    let mut cursor = tree.walk();
    let mut parents: Vec<NodeId> = Vec::new();
    loop {
        let node = cursor.node();
        let id = out.nodes.len() as NodeId;
        let start = (base + node.start_byte()) as u32;
        if node.is_error() || node.is_missing() || is_misread(&node, masked) {
            let gap = out.gap.get_or_insert(ParseGap { offset: start, nodes: 0 });
            gap.nodes += 1;
        }
        out.nodes.push(Node {
            kind: LANGUAGE.node_kind_for_id(node.kind_id()).unwrap_or("ERROR"),
            field: cursor
                .field_id()
                .and_then(|f| LANGUAGE.field_name_for_id(f.get()))
                .unwrap_or(""),
            range: start..(base + node.end_byte()) as u32,
            parent: parents.last().copied().unwrap_or(id),
            subtree_end: 0,
            named: node.is_named(),
        });
        if cursor.goto_first_child() {
            parents.push(id);
            continue;
        }
        split_sign(masked, base, id, out);
        out.nodes[id as usize].subtree_end = out.nodes.len() as NodeId;
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
            let parent = parents.pop().unwrap_or(0);
            out.nodes[parent as usize].subtree_end = out.nodes.len() as NodeId;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::split;

    fn parse(source: &str) -> FunctionTree {
        let (functions, _) = split::functions(source.as_bytes());
        let loops = LoopMacros::new(["walk_things"]);
        FunctionTree::parse(source.as_bytes(), &functions[0], &loops)
    }

    fn text<'s>(source: &'s str, node: &Node) -> &'s str {
        &source[node.range.start as usize..node.range.end as usize]
    }

    #[test]
    fn a_loop_macro_is_a_while_that_knows_its_name() {
        let source =
            "int z;\nvoid f(void)\n{\n\twalk_things(a, b)\n\t\tg(a);\n\twhile (a)\n\t\t;\n}\n";
        let tree = parse(source);
        let loops: Vec<_> = tree.of_kind("while_statement").collect();
        let name = tree.loop_macro(source.as_bytes(), loops[0]).unwrap();
        assert_eq!(&source[name.start as usize..name.end as usize], "walk_things");
        assert_eq!(tree.exact(name).map(|id| tree.node(id).kind), Some("while"));
        assert_eq!(tree.loop_macro(source.as_bytes(), loops[1]), None);
    }

    #[test]
    fn a_signed_number_is_the_sign_of_a_number() {
        let source = "int f(void) { return -1; }";
        let tree = parse(source);
        let number = tree.of_kind("number_literal").next().unwrap();
        assert_eq!(text(source, tree.node(number)), "1");
        let sign = tree.node(number).parent;
        assert_eq!(tree.node(sign).kind, "unary_expression");
        assert_eq!(tree.child_by_field(sign, "argument"), Some(number));
        let operator = tree.child_by_field(sign, "operator").unwrap();
        assert_eq!(tree.node(operator).kind, "-");
        assert_eq!(tree.node(tree.node(sign).parent).kind, "return_statement");
        assert_eq!(tree.node(sign).subtree_end, number + 1);
    }

    #[test]
    fn one_branch_is_parsed_where_both_make_no_tree() {
        let tree =
            parse("void f(void)\n{\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t}\n}\n");
        assert_eq!((tree.gap.clone(), tree.first_branch_only), (None, true));
        let tree = parse("void f(void)\n{\n#ifdef A\n\ta();\n#endif\n}\n");
        assert_eq!((tree.gap.clone(), tree.first_branch_only), (None, false));
    }

    #[test]
    fn what_nests_too_deep_is_a_gap_without_being_parsed() {
        let deep = |n| format!("int f(void) {{ return {}1{}; }}", "(".repeat(n), ")".repeat(n));
        assert_eq!(parse(&deep(MAX_NESTING - 1)).gap, None);
        let tree = parse(&deep(100_000));
        assert_eq!((tree.nodes.len(), tree.gap.map(|gap| gap.nodes)), (1, Some(1)));
        let open = format!("int f(void) {{ return {}1; }}", "(".repeat(MAX_NESTING - 1));
        assert!(parse(&open).gap.is_some());
    }

    #[test]
    fn a_text_beyond_the_limit_is_a_gap_without_being_parsed() {
        let long = format!("int f(void) {{ {} }}", "a();".repeat(MAX_TEXT / 4));
        assert_eq!(parse(&long).nodes.len(), 1);
    }
}
