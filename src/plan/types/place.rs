//! What the places where a constant stands say of the type that a parameter should have:
//! the type of what it is assigned to, handed to, or combined with. A reader expects a mask
//! for a `u32` to be a `u32`; that it may be one must be shown, since the type of a constant
//! takes part in the conversions around it (C11 6.3.1.8).

use super::{SpanType, expression};
use crate::plan::context::Sort;
use crate::plan::holes::Subject;
use crate::syntax::NodeId;
use crate::syntax::decl::{Constant, Integer, usual_arithmetic};
use std::ops::Range;

/// The type that all `places` allow, and those that ask for one ask for. `None` where they
/// ask for different ones or none, or where one may come to another value with it.
pub fn ctype(
    subject: &Subject<'_>,
    constants: &[Constant],
    places: &[(Range<usize>, Sort)],
    typed: &[SpanType],
) -> Option<String> {
    let spans = || places.iter().map(|(span, _)| span).zip(typed);
    let asked: Vec<Asked> = spans().map(|(span, typed)| asked(subject, span, typed)).collect();
    let mut types = asked.iter().filter_map(|asked| match asked {
        Asked::Converted(ctype, integer) | Asked::Operand(Operand { ctype, integer, .. }) => {
            Some((ctype, *integer))
        }
        Asked::Any | Asked::Unknown => None,
    });
    let (ctype, integer) = types.next()?;
    let is_held = constants.iter().all(|it| it.value.is_none_or(|value| integer.holds(value)));
    let is_exact = |asked: &Asked| match asked {
        Asked::Converted(..) => true,
        Asked::Any => constants.iter().all(|it| it.value.is_some()),
        Asked::Operand(operand) => constants.iter().all(|constant| operand.takes(constant)),
        Asked::Unknown => false,
    };
    let is_one = types.all(|(other, _)| other == ctype);
    (is_held && is_one && asked.iter().all(is_exact)).then(|| ctype.clone())
}

/// What a place asks for.
enum Asked {
    /// It converts what stands there to this type.
    Converted(String, Integer),
    /// It combines it with something of a type.
    Operand(Operand),
    /// Nothing: only the value counts.
    Any,
    /// What it makes of another type is not known.
    Unknown,
}

/// An operand and the operator between it and the constant.
struct Operand {
    ctype: String,
    integer: Integer,
    operator: Operator,
    /// The constant is complemented before.
    is_complemented: bool,
    /// Of the result only its value counts, not how wide it is.
    is_value: bool,
}

/// Operators by what the type of an operand does to their result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `&`, `|`, `^`
    Bitwise,
    /// `&=`, `|=`, `^=`: the result is converted back.
    BitwiseAssignment,
    /// `==`, `!=`
    Equality,
    /// `<`, `>`, `<=`, `>=`
    Order,
    /// `+`, `-`, `*`, `/`, `%`, and those with `=`
    Arithmetic,
}

impl Operator {
    fn of(text: &[u8]) -> Option<Operator> {
        Some(match text {
            b"&" | b"|" | b"^" => Operator::Bitwise,
            b"&=" | b"|=" | b"^=" => Operator::BitwiseAssignment,
            b"==" | b"!=" => Operator::Equality,
            b"<" | b">" | b"<=" | b">=" => Operator::Order,
            b"+" | b"-" | b"*" | b"/" | b"%" => Operator::Arithmetic,
            b"+=" | b"-=" | b"*=" | b"/=" | b"%=" => Operator::Arithmetic,
            _ => return None,
        })
    }
}

impl Operand {
    /// Whether the result is the same, in value and in type, when the constant has the
    /// operand's type instead of its own.
    fn takes(&self, constant: &Constant) -> bool {
        let (Some(own), Some(value)) = (constant.ctype.width(), constant.value) else {
            return false;
        };
        let integer = self.integer;
        if value < 0 || !integer.holds(value) {
            return false;
        }
        let is_of_one_type = usual_arithmetic(own, integer) == usual_arithmetic(integer, integer);
        // An `int` is extended by its sign after `~`: by ones, as `~` makes them.
        let is_extended = own.signed && own.bits <= 32 || own.bits >= integer.bits;
        let keeps_bits = !self.is_complemented || is_extended;
        match self.operator {
            Operator::BitwiseAssignment => keeps_bits,
            Operator::Bitwise => keeps_bits && (is_of_one_type || self.is_value && !integer.signed),
            Operator::Equality => !self.is_complemented,
            Operator::Order => !self.is_complemented && (is_of_one_type || !integer.signed),
            Operator::Arithmetic => !self.is_complemented && is_of_one_type,
        }
    }
}

fn asked(subject: &Subject<'_>, span: &Range<usize>, typed: &SpanType) -> Asked {
    if let Some(ctype) = &typed.prototype {
        return converted(expression::named(subject.file, ctype).map(|it| (ctype.clone(), it)));
    }
    if typed.returned {
        return Asked::Any;
    }
    let Some(node) = subject.node(span) else { return Asked::Unknown };
    let member = &subject.alignment.members[0];
    let tree = &member.tree;
    let text = |node: NodeId| {
        let range = &tree.node(node).range;
        &subject.file.bytes[range.start as usize..range.end as usize]
    };
    let (node, is_complemented) = complemented(subject, node);
    let (field, parent) = (tree.node(node).field, tree.node(node).parent);
    let child = |field| tree.child_by_field(parent, field);
    let of = |field| child(field).and_then(|it| expression::integer(member, it));
    let operator = child("operator").map(text);
    match (tree.node(parent).kind, field) {
        ("init_declarator", "value") if !is_complemented => converted(of("declarator")),
        ("assignment_expression", "right") if operator == Some(b"=") && !is_complemented => {
            converted(of("left"))
        }
        ("subscript_expression", "index") if !is_complemented => Asked::Any,
        ("binary_expression", "right") if matches!(operator, Some(b"<<" | b">>")) => Asked::Any,
        ("assignment_expression", "right") => {
            operand(of("left"), operator, (is_complemented, false))
        }
        ("binary_expression", "left" | "right") => {
            let is_value = is_value(subject, parent);
            let other = if field == "left" { "right" } else { "left" };
            operand(of(other), operator, (is_complemented, is_value))
        }
        _ => Asked::Unknown,
    }
}

fn converted(found: Option<(String, Integer)>) -> Asked {
    found.map_or(Asked::Unknown, |(ctype, integer)| Asked::Converted(ctype, integer))
}

fn operand(
    found: Option<(String, Integer)>,
    operator: Option<&[u8]>,
    (is_complemented, is_value): (bool, bool),
) -> Asked {
    match (found, operator.and_then(Operator::of)) {
        (Some((ctype, integer)), Some(operator)) => {
            Asked::Operand(Operand { ctype, integer, operator, is_complemented, is_value })
        }
        _ => Asked::Unknown,
    }
}

/// What stands around the constant: in parentheses, and behind `~`.
fn complemented(subject: &Subject<'_>, mut node: NodeId) -> (NodeId, bool) {
    let tree = &subject.alignment.members[0].tree;
    let mut is_complemented = false;
    loop {
        let parent = tree.node(node).parent;
        let operator = tree.child_by_field(parent, "operator");
        let is_not = || {
            operator.is_some_and(|it| {
                subject.file.bytes.get(tree.node(it).range.start as usize) == Some(&b'~')
            })
        };
        match tree.node(parent).kind {
            "parenthesized_expression" => {}
            "unary_expression" if !is_complemented && is_not() => is_complemented = true,
            _ => return (node, is_complemented),
        }
        node = parent;
    }
}

/// Whether of the expression, which is not negative, only the value counts: it is a
/// condition, or converted to another type; on the way bits of it may be taken.
fn is_value(subject: &Subject<'_>, mut node: NodeId) -> bool {
    let tree = &subject.alignment.members[0].tree;
    loop {
        let parent = tree.node(node).parent;
        if parent == node {
            return false;
        }
        let operator = tree.child_by_field(parent, "operator").map(|it| {
            let range = &tree.node(it).range;
            &subject.file.bytes[range.start as usize..range.end as usize]
        });
        let field = tree.node(node).field;
        match (tree.node(parent).kind, field, operator) {
            ("parenthesized_expression", ..) | ("binary_expression", _, Some(b"&")) => {}
            ("binary_expression", "left", Some(b">>")) => {}
            ("binary_expression", _, Some(b"&&" | b"||")) => return true,
            ("unary_expression", _, Some(b"!")) => return true,
            ("init_declarator", "value", _) | ("return_statement", ..) => return true,
            ("assignment_expression", "right", Some(b"=")) => return true,
            ("if_statement" | "while_statement" | "do_statement", "condition", _) => {
                return tree.loop_macro(&subject.file.bytes, parent).is_none();
            }
            ("conditional_expression", "condition", _) => return true,
            _ => return false,
        }
        node = parent;
    }
}
