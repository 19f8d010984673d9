//! May what an argument says be found out at the call already? For the address of a
//! member only the parameter that it is a member of must stay what it was. What is
//! read must be read first, before anything that could change it or skip it.

use super::definition::{Definition, Role};
use super::macros::Macros;
use super::path::Place;
use super::unit::shown;
use crate::syntax::NodeId;

/// Why the argument that stands at `places` of the original may not be evaluated at
/// the call, if it may not.
pub fn refuses(original: &Definition, places: &[Place], macros: &Macros) -> Option<String> {
    let params: Vec<usize> = places.iter().map(|place| place.param).collect();
    params.iter().find_map(|&param| changes(original, param, macros)).or_else(|| {
        let read = places.iter().any(|place| !place.by_address);
        read.then(|| reads_late(original, places, macros)).flatten()
    })
}

fn is_assignment(token: &[u8]) -> bool {
    token.ends_with(b"=") && !matches!(token, b"==" | b"!=" | b"<=" | b">=")
}

/// Whether the body writes to its parameter, takes its address, asks whether it is
/// null, or hands it to a loop or to a macro of the file that may.
fn changes(original: &Definition, param: usize, macros: &Macros) -> Option<String> {
    let unit = original.unit;
    let name = shown(original.param_name(param));
    let written = |at: usize| {
        let (before, after) = (unit.text(at - 1), unit.text(at + 1));
        let counted = |token: &[u8]| matches!(token, b"++" | b"--");
        // `(x) = …`
        let mut behind = at + 1;
        while unit.text(behind) == b")" && behind < original.body.end {
            behind += 1;
        }
        let assigned = is_assignment(after) || counted(after) || is_assignment(unit.text(behind));
        let own_address = before == b"&" && !matches!(after, b"->" | b"[");
        assigned || counted(before) || own_address
    };
    let tested = |at: usize| {
        let (before, after) = (unit.text(at - 1), unit.text(at + 1));
        let asks = |token: &[u8]| matches!(token, b"==" | b"!=" | b"&&" | b"||" | b"!" | b"?");
        let condition = before == b"(" && after == b")" && {
            let word = unit.text(at.wrapping_sub(2));
            matches!(word, b"if" | b"while") || word.starts_with(b"IS_ERR")
        };
        !matches!(after, b"->") && (asks(before) || asks(after) || condition)
    };
    let handed = |at: usize| {
        let bare = unit.text(at + 1) != b"->";
        let calls = || calls_around(original, at).any(|callee| may_write(callee, macros));
        bare && calls()
    };
    let uses = original.body.clone().filter(|&at| original.role(at) == Role::Param(param));
    for at in uses {
        if written(at) || handed(at) {
            return Some(format!("the original may change `{name}` before it uses it"));
        }
        if tested(at) {
            return Some(format!("the original asks whether `{name}` is null"));
        }
    }
    let hidden = |at: &usize| {
        let word = unit.text(*at);
        macros.contains(word) && macros.reached([word]).contains(original.param_name(param))
    };
    let hidden = original.body.clone().find(hidden);
    hidden.map(|at| format!("the macro `{}` uses `{name}` as well", shown(unit.text(at))))
}

/// Names that are called with the token among their arguments.
fn calls_around<'s>(original: &Definition<'_, 's>, at: usize) -> impl Iterator<Item = &'s [u8]> {
    let unit = original.unit;
    let mut depth = 0i32;
    let mut found = Vec::new();
    for index in (original.body.start + 1..at).rev() {
        match unit.text(index) {
            b")" => depth += 1,
            b"(" if depth > 0 => depth -= 1,
            b"(" if unit.is_word(index - 1) => found.push(unit.text(index - 1)),
            _ => {}
        }
    }
    found.into_iter()
}

/// Macros that assign to what they are handed.
fn may_write(callee: &[u8], macros: &Macros) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(callee, part).is_some();
    macros.contains(callee)
        || has(b"for_each")
        || matches!(callee, b"swap" | b"list_safe_reset_next")
}

/// Why what stands at `places` is not read before all else.
fn reads_late(original: &Definition, places: &[Place], macros: &Macros) -> Option<String> {
    let (tree, unit) = (&original.tree, original.unit);
    let ranges: Vec<_> = places.iter().map(|place| unit.bytes(place.tokens.clone())).collect();
    let last = ranges.iter().map(|range| range.start).max()?;
    let first = ranges.iter().min_by_key(|range| range.start)?;
    if let Some(word) = decided_before(original, first) {
        return Some(format!("`{word}` may keep the original from reading it"));
    }
    for id in 0..tree.nodes.len() as NodeId {
        let node = tree.node(id);
        // What holds all places that are still to come takes effect after them.
        let rest = ranges.iter().filter(|range| range.start >= node.range.start);
        let holds = |range: &&std::ops::Range<u32>| range.end <= node.range.end;
        let around = rest.clone().count() > 0 && rest.clone().all(|range| holds(&range));
        let beside = ranges.iter().any(|range| shares_expression(original, id, range));
        let before = node.range.start < last && !around;
        let effect = match node.kind {
            "call_expression" => before || beside || around && calls_macro(original, id, macros),
            "assignment_expression" | "update_expression" => {
                (before && !writes_local(original, id)) || beside
            }
            "while_statement" | "for_statement" | "do_statement" | "labeled_statement"
            | "goto_statement" | "gnu_asm_expression" | "case_statement" => node.range.start < last,
            _ => false,
        };
        if effect {
            let text = shown(unit.slice(&node.range));
            return Some(format!("the original has `{text}` before it reads the argument"));
        }
    }
    None
}

/// A call of something in capitals, or of a macro of the file, or of a loop that polls.
fn calls_macro(original: &Definition, call: NodeId, macros: &Macros) -> bool {
    let tree = &original.tree;
    let Some(callee) = tree.child_by_field(call, "function") else { return true };
    let name = original.unit.slice(&tree.node(callee).range);
    let has = |part: &[u8]| memchr::memmem::find(name, part).is_some();
    macros.contains(name)
        || super::facts::is_in_capitals(name)
        || has(b"wait_event")
        || has(b"poll_timeout")
        || has(b"_dbg")
}

/// Whether `effect` is in the full expression around the place, but not around it:
/// C does not say which comes first.
fn shares_expression(original: &Definition, effect: NodeId, place: &std::ops::Range<u32>) -> bool {
    let tree = &original.tree;
    let holds = |id: NodeId| {
        let range = &tree.node(id).range;
        range.start <= place.start && place.end <= range.end
    };
    if holds(effect) {
        return false;
    }
    let whole = tree.ancestors(effect).take_while(|&id| {
        let kind = tree.node(id).kind;
        kind.ends_with("_expression") || matches!(kind, "argument_list" | "init_declarator")
    });
    whole.last().is_some_and(holds)
}

/// An assignment to, or a count of, a local by its plain name.
fn writes_local(original: &Definition, id: NodeId) -> bool {
    let tree = &original.tree;
    let target = tree.child_by_field(id, "left").or_else(|| tree.child_by_field(id, "argument"));
    target.is_some_and(|target| {
        let at = original.unit.first_token_at(tree.node(target).range.start);
        tree.node(target).kind == "identifier" && original.role(at) == Role::Local
    })
}

/// What stands before the first place, or around it, and decides whether it is read.
fn decided_before(original: &Definition, place: &std::ops::Range<u32>) -> Option<&'static str> {
    let tree = &original.tree;
    let leaf = tree.exact(place.clone())?;
    let mut child = leaf;
    for parent in tree.ancestors(leaf) {
        let (kind, field) = (tree.node(parent).kind, tree.node(child).field);
        let in_condition = field == "condition";
        match kind {
            "if_statement" | "conditional_expression" | "switch_statement" if !in_condition => {
                return Some(kind);
            }
            "binary_expression" if field == "right" => {
                let shortcut = |id: NodeId| matches!(tree.node(id).kind, "&&" | "||");
                if tree.children(parent).any(shortcut) {
                    return Some("&& or ||");
                }
            }
            _ => {}
        }
        child = parent;
    }
    let decided = tree.nodes.iter().find(|node| {
        node.range.end <= place.start
            && matches!(node.kind, "if_statement" | "switch_statement" | "return_statement")
    });
    decided.map(|node| node.kind)
}
