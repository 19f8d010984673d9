//! Where in a function an argument may stand: whole expressions only, and not
//! where the language or a macro wants a constant or an object.

use super::definition::Definition;
use super::facts;
use crate::syntax::{FunctionTree, NodeId, TokenKind};
use std::ops::Range;

/// Whether the tokens are exactly one complete expression, so that any other
/// expression in its place leaves the rest of the tree as it is.
pub fn is_expression(definition: &Definition, tokens: Range<usize>) -> bool {
    let unit = definition.unit;
    if tokens.len() == 1 {
        let kind = unit.kind(tokens.start);
        return matches!(
            kind,
            Some(TokenKind::Ident | TokenKind::Number | TokenKind::Str | TokenKind::Char)
        );
    }
    let tree = &definition.tree;
    tree.exact(unit.bytes(tokens)).is_some_and(|id| {
        let kind = tree.node(id).kind;
        kind.ends_with("_expression") && kind != "comma_expression"
            || matches!(kind, "concatenated_string" | "string_literal" | "number_literal")
    })
}

/// Why no parameter may stand at token `at`, where the original has a constant.
pub fn forbids_parameter(definition: &Definition, at: usize) -> Option<&'static str> {
    let (tree, unit) = (&definition.tree, definition.unit);
    let neighbours = [at.checked_sub(1), Some(at + 1)];
    if neighbours.into_iter().flatten().any(|n| unit.kind(n) == Some(TokenKind::Str)) {
        return Some("a string literal is pasted to it");
    }
    let range = unit.bytes(at..at + 1);
    let leaf = tree.covering(range.clone());
    if tree.node(leaf).range != range {
        return Some("it is no expression of its own");
    }
    let mut child = leaf;
    // Whether what was climbed so far is the object itself, not a use of its value.
    let mut is_object = true;
    for parent in tree.ancestors(leaf) {
        if let Some(reason) = forbids(definition, parent, child, is_object) {
            return Some(reason);
        }
        is_object &= match tree.node(parent).kind {
            "parenthesized_expression" => true,
            "field_expression" => has_operator(tree, parent, "."),
            kind => kind == tree.node(child).kind && tree.node(parent).range == range,
        };
        child = parent;
    }
    None
}

fn forbids(
    definition: &Definition,
    parent: NodeId,
    child: NodeId,
    is_object: bool,
) -> Option<&'static str> {
    let tree = &definition.tree;
    let field = tree.node(child).field;
    match tree.node(parent).kind {
        "case_statement" if field == "value" => Some("a case label wants a constant"),
        "array_declarator" if field == "size" => Some("an array bound wants a constant"),
        "bitfield_clause" => Some("a bit-field width wants a constant"),
        "concatenated_string" => Some("a string literal is pasted to it"),
        "subscript_designator" | "subscript_range_designator" => {
            Some("a designator wants a constant")
        }
        "enumerator" => Some("an enumerator wants a constant"),
        "sizeof_expression"
        | "alignof_expression"
        | "offsetof_expression"
        | "generic_expression"
        | "type_descriptor" => Some("its type matters there"),
        "gnu_asm_expression" => Some("an asm operand may want a constant"),
        "declaration" if is_static(definition, parent) => {
            Some("a static initialiser wants a constant")
        }
        "call_expression" if field == "arguments" && wants_constants(definition, parent) => {
            Some("the macro wants a constant")
        }
        "assignment_expression" if field == "left" && is_object => Some("it is written to"),
        "update_expression" if is_object => Some("it is written to"),
        "pointer_expression" if is_object && has_operator(tree, parent, "&") => {
            Some("its address is taken")
        }
        _ => None,
    }
}

fn has_operator(tree: &FunctionTree, id: NodeId, operator: &str) -> bool {
    tree.children(id).any(|child| tree.node(child).kind == operator)
}

fn is_static(definition: &Definition, declaration: NodeId) -> bool {
    let tree = &definition.tree;
    tree.children(declaration).any(|child| {
        tree.node(child).kind == "storage_class_specifier" && text(definition, child) == b"static"
    })
}

fn wants_constants(definition: &Definition, call: NodeId) -> bool {
    let callee = definition.tree.child_by_field(call, "function");
    callee.is_some_and(|callee| facts::wants_constants(text(definition, callee)))
}

fn text<'s>(definition: &Definition<'_, 's>, id: NodeId) -> &'s [u8] {
    definition.unit.slice(&definition.tree.node(id).range)
}
