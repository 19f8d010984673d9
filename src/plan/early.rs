//! Is an expression over a parameter the same at the call as where it stands in the
//! body? An address only needs the parameter to stay what it was. A value must also
//! be read before anything that may change it, or keep it from being read at all.

use super::align::lossy;
use super::calls::is_function_macro;
use super::file::FileContext;
use super::holes::Subject;
use super::uses::{closing, enclosing_calls};
use crate::syntax::decl::{Define, DefinitionKind};
use crate::syntax::{NodeId, TokenKind, lexer};
use std::ops::Range;

/// Macros are followed this deep; what lies deeper is taken to write.
const DEEPEST_MACRO: u32 = 8;

/// Checks that the parameter `name` is what the caller passed wherever it stands, and
/// that the body does not ask whether it points anywhere.
///
/// # Errors
/// What it does to it, in words.
pub fn base_stays(subject: &Subject<'_>, name: &[u8]) -> Result<(), String> {
    let file = subject.file;
    let shown = lossy(name);
    let body = file.token_at(subject.group.members[0].function.body);
    let tokens = body..subject.alignment.members[0].tokens.end;
    for token in tokens.clone().filter(|&token| file.text(token) == name) {
        if matches!(file.text(token - 1), b"." | b"->") {
            continue;
        }
        if is_written(subject, token) || in_writing_macro(file, token, body) {
            return Err(format!("`{shown}` may be changed in the body"));
        }
        if is_tested(subject, token) {
            return Err(format!("the body asks whether `{shown}` is a null pointer"));
        }
    }
    let hidden = |token: usize| {
        let facts = std::str::from_utf8(file.text(token)).ok();
        let facts = facts.and_then(|word| file.unit.macro_facts(word));
        facts.is_some_and(|facts| facts.free_names.keys().any(|free| free.as_bytes() == name))
    };
    match tokens.into_iter().find(|&token| hidden(token)) {
        Some(token) => {
            Err(format!("the macro `{}` uses `{shown}` as well", lossy(file.text(token))))
        }
        None => Ok(()),
    }
}

/// The node of a token of the first member.
fn node_of(subject: &Subject<'_>, token: usize) -> NodeId {
    let token = subject.file.tokens[token];
    subject.alignment.members[0].tree.covering(token.start..token.end)
}

/// Assigned, counted up or down, declared anew, or its own address taken.
fn is_written(subject: &Subject<'_>, token: usize) -> bool {
    let (file, tree) = (subject.file, &subject.alignment.members[0].tree);
    let mut node = node_of(subject, token);
    if tree.declares_local(node, &file.bytes) {
        return true;
    }
    let mut parent = tree.node(node).parent;
    while tree.node(parent).kind == "parenthesized_expression" {
        (node, parent) = (parent, tree.node(parent).parent);
    }
    match tree.node(parent).kind {
        "assignment_expression" => tree.node(node).field == "left",
        "update_expression" => true,
        "pointer_expression" => {
            let start = tree.node(parent).range.start;
            file.text(file.token_at(start)) == b"&"
        }
        "gnu_asm_output_operand" | "gnu_asm_input_operand" => true,
        _ => false,
    }
}

/// Handed as it is to a macro that may write to it.
fn in_writing_macro(file: &FileContext, token: usize, floor: usize) -> bool {
    let bare = !matches!(file.text(token + 1), b"->" | b"." | b"[");
    bare && enclosing_calls(file, token, floor).iter().any(|call| {
        let name = lossy(file.text(call.name));
        let reached = matches!(file.text(call.name - 1), b"." | b"->");
        !reached
            && is_function_macro(file, &name)
            && macro_writes(file, &name, call.argument, DEEPEST_MACRO)
    })
}

/// Whether a visible definition of the macro may write to its argument.
fn macro_writes(file: &FileContext, name: &str, argument: usize, deep: u32) -> bool {
    let Some(deep) = deep.checked_sub(1) else { return true };
    file.unit.lookup(name).iter().any(|definition| match &definition.kind {
        DefinitionKind::Macro(define) => body_writes(file, define, argument, deep),
        _ => false,
    })
}

fn body_writes(file: &FileContext, define: &Define, argument: usize, deep: u32) -> bool {
    let Some(params) = &define.params else { return false };
    let Some(param) = params.get(argument).or(define.variadic.as_ref()) else { return false };
    let text = |at: usize| define.body.get(at).map_or("", |token| &*token.text);
    let mut calls: Vec<(String, usize)> = Vec::new();
    for at in 0..define.body.len() {
        match text(at) {
            "(" => calls.push((text(at.wrapping_sub(1)).to_owned(), 0)),
            ")" => {
                calls.pop();
            }
            "," => {
                if let Some(last) = calls.last_mut() {
                    last.1 += 1;
                }
            }
            word if word == param => {
                let mut after = at + 1;
                while text(after) == ")" {
                    after += 1;
                }
                let mut before = at.wrapping_sub(1);
                while text(before) == "(" {
                    before = before.wrapping_sub(1);
                }
                let counts = |text: &str| matches!(text, "++" | "--");
                let writes = is_assignment(text(after)) || counts(text(after));
                let addressed = text(before) == "&" || counts(text(before));
                let inner = calls.iter().any(|(callee, argument)| {
                    callee != param
                        && is_function_macro(file, callee)
                        && macro_writes(file, callee, *argument, deep)
                });
                if writes || addressed || inner {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

fn is_assignment(text: &str) -> bool {
    text.ends_with('=') && !matches!(text, "==" | "!=" | "<=" | ">=")
}

/// Whether the body asks of the parameter at `token` whether it is null or an error.
fn is_tested(subject: &Subject<'_>, token: usize) -> bool {
    let file = subject.file;
    let (before, after) = (file.text(token - 1), file.text(token + 1));
    let compares = |text: &[u8]| matches!(text, b"==" | b"!=" | b"&&" | b"||" | b"?" | b"!");
    let alone = before == b"("
        && after == b")"
        && matches!(file.text(token.saturating_sub(2)), b"if" | b"while" | b"likely" | b"unlikely");
    let floor = file.token_at(subject.group.members[0].function.body);
    let asked = enclosing_calls(file, token, floor).first().is_some_and(|call| {
        let name = file.text(call.name);
        matches!(name, b"WARN_ON" | b"BUG_ON" | b"WARN_ON_ONCE") || name.starts_with(b"IS_ERR")
    });
    let bare = !matches!(after, b"->" | b".");
    bare && (compares(before) || compares(after) || alone || asked)
}

/// Checks that the expressions at `places` are read once the body begins, before
/// anything that may change what they read, and whatever the body then decides.
///
/// # Errors
/// What comes before them, in words.
pub fn read_first(subject: &Subject<'_>, places: &[Range<usize>]) -> Result<(), String> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Ok(()) };
    let body = subject.file.token_at(subject.group.members[0].function.body);
    let base = subject.alignment.members[0].tokens.start;
    unconditional(subject, first)?;
    for place in places {
        no_effect_beside(subject, place)?;
    }
    for token in body - base + 1..last.start {
        quiet(subject, token, places)?;
    }
    Ok(())
}

/// The places that come after `token`, all inside `range`.
fn encloses_rest(range: &Range<usize>, places: &[Range<usize>]) -> bool {
    let mut rest = places.iter().filter(|place| place.start > range.start).peekable();
    rest.peek().is_some() && rest.all(|place| place.end <= range.end)
}

/// Whether the token, before the last of the places, leaves memory as it is.
fn quiet(subject: &Subject<'_>, token: usize, places: &[Range<usize>]) -> Result<(), String> {
    let file = subject.file;
    let at = subject.first(token);
    let text = file.text(at);
    let base = subject.alignment.members[0].tokens.start;
    match text {
        b"while" | b"for" | b"do" | b"goto" | b"asm" | b"__asm__" | b"case" | b"default" => {
            return Err(format!("`{}` stands before it is read", lossy(text)));
        }
        b"(" => {
            let callee = at - 1;
            let word = file.tokens[callee].kind == TokenKind::Ident;
            let control = lexer::is_keyword(file.text(callee));
            let calls = word && !control || matches!(file.text(callee), b")" | b"]");
            let close = closing(file, at).map_or(usize::MAX, |close| close - base);
            if calls && !encloses_rest(&(token..close), places) {
                let detail = format!("`{}(…)` may be called before it", lossy(file.text(callee)));
                return Err(detail);
            }
        }
        b"++" | b"--" => return Err(format!("`{}` stands before it is read", lossy(text))),
        _ if is_assignment(&lossy(text)) => return assignment(subject, at, places),
        b":" if is_label(subject, at) => return Err("a label stands before it".to_owned()),
        _ if file.tokens[at].kind == TokenKind::Ident => {
            let member = matches!(file.text(at - 1), b"." | b"->");
            let local = subject.alignment.members[0].locals.contains(text);
            let name = lossy(text);
            let facts = (!member && !local).then(|| file.unit.macro_facts(&name)).flatten();
            let unclear = facts.is_some_and(|facts| {
                !facts.function_like
                    && !is_type(file, &name)
                    && file.unit.constant(&name).is_err()
                    && !is_alias(file, &name)
            });
            if unclear && !lexer::is_keyword(text) {
                return Err(format!("what the macro `{name}` does before it is not known"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// `#define readl readl`: a macro that is only there to be asked for.
fn is_alias(file: &FileContext, name: &str) -> bool {
    file.unit.lookup(name).iter().all(|definition| match &definition.kind {
        DefinitionKind::Macro(define) => define.body_text() == name || define.body.is_empty(),
        _ => true,
    })
}

fn is_type(file: &FileContext, name: &str) -> bool {
    let definitions = file.unit.lookup(name);
    definitions.iter().any(|d| matches!(d.kind, DefinitionKind::Typedef { .. }))
}

fn is_label(subject: &Subject<'_>, at: usize) -> bool {
    let tree = &subject.alignment.members[0].tree;
    let node = node_of(subject, at);
    tree.node(tree.node(node).parent).kind == "labeled_statement"
}

/// An assignment before the last place: of a plain local, or of what is read.
fn assignment(subject: &Subject<'_>, at: usize, places: &[Range<usize>]) -> Result<(), String> {
    let tree = &subject.alignment.members[0].tree;
    let node = tree.node(node_of(subject, at)).parent;
    let span = subject.span_of(node);
    if tree.node(node).kind == "init_declarator" || encloses_rest(&span, places) {
        return Ok(());
    }
    let left = tree.child_by_field(node, "left");
    let plain = left.is_some_and(|left| {
        let name = subject.file.text(subject.first(subject.span_of(left).start));
        tree.node(left).kind == "identifier" && subject.alignment.members[0].locals.contains(name)
    });
    if plain { Ok(()) } else { Err("something is written before it is read".to_owned()) }
}

/// Whatever else the full expression around the place calls or writes may come first.
fn no_effect_beside(subject: &Subject<'_>, place: &Range<usize>) -> Result<(), String> {
    let tree = &subject.alignment.members[0].tree;
    let Some(node) = subject.node(place) else {
        return Err("it is not one expression".to_owned());
    };
    let mut root = node;
    for ancestor in tree.ancestors(node) {
        let kind = tree.node(ancestor).kind;
        if kind.ends_with("_statement") || matches!(kind, "declaration" | "function_definition") {
            break;
        }
        root = ancestor;
    }
    let inside = |id: NodeId| {
        let range = &tree.node(id).range;
        range.start <= tree.node(node).range.start && tree.node(node).range.end <= range.end
    };
    let has_effect = |&id: &NodeId| {
        let kind = tree.node(id).kind;
        let effect =
            matches!(kind, "call_expression" | "assignment_expression" | "update_expression");
        effect && !inside(id)
    };
    match (root..tree.node(root).subtree_end).find(has_effect) {
        Some(_) => Err("its statement has another effect".to_owned()),
        None => Ok(()),
    }
}

/// Whether the place is read however the body goes on.
fn unconditional(subject: &Subject<'_>, place: &Range<usize>) -> Result<(), String> {
    let (file, tree) = (subject.file, &subject.alignment.members[0].tree);
    let fail = || Err("it is not read in every case".to_owned());
    let Some(node) = subject.node(place) else { return fail() };
    let mut child = node;
    for ancestor in tree.ancestors(node) {
        let field = tree.node(child).field;
        let certain = match tree.node(ancestor).kind {
            "if_statement" => {
                field == "condition" && tree.loop_macro(&file.bytes, ancestor).is_none()
            }
            "conditional_expression" | "switch_statement" => field == "condition",
            "binary_expression" => field != "right" || !is_shortcut(subject, ancestor),
            "while_statement" | "for_statement" | "do_statement" | "case_statement"
            | "else_clause" | "labeled_statement" | "sizeof_expression" => false,
            "compound_statement" => {
                tree.node(tree.node(ancestor).parent).kind == "function_definition"
            }
            _ => true,
        };
        if !certain {
            return fail();
        }
        child = ancestor;
    }
    let start = tree.node(node).range.start;
    let decides = |id: &NodeId| {
        let found = tree.node(*id);
        let earlier = found.range.end <= start;
        earlier
            && matches!(
                found.kind,
                "if_statement" | "switch_statement" | "return_statement" | "goto_statement"
            )
    };
    match (0..tree.nodes.len() as NodeId).find(decides) {
        Some(_) => fail(),
        None => Ok(()),
    }
}

fn is_shortcut(subject: &Subject<'_>, binary: NodeId) -> bool {
    let tree = &subject.alignment.members[0].tree;
    tree.children(binary).any(|child| matches!(tree.node(child).kind, "&&" | "||"))
}
