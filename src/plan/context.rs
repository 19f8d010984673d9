//! What a site stands in: whether the language, or a macro around it, lets a
//! parameter stand there, and over which expression.

use super::align::{Site, is_function_name, lossy};
use super::callees;
use super::calls;
use super::file::Object;
use super::holes::Subject;
use super::paths;
use super::refusal::{Reason, Refusal};
use super::uses::{closing, enclosing_calls};
use crate::syntax::TokenKind;
use std::ops::Range;

/// What differs at a site that may become a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A constant expression.
    Constant,
    /// A string literal.
    String,
    /// A word inside a format, see [`super::wording`].
    Word,
    /// An object of file scope that is passed by its address: an array by its name,
    /// another with `&`.
    Object,
    /// A member of what an own parameter points to, see [`super::paths`].
    Member,
    /// The function that is called, see [`super::callees`].
    Callee,
}

/// Finds the expression around `site` that a parameter may replace.
///
/// # Errors
/// Why none may.
pub fn place(subject: &Subject<'_>, site: &Site) -> Result<(Range<usize>, Sort), Refusal> {
    let (mut span, sort) = sort_of(subject, site)?;
    if sort == Sort::Constant {
        span = with_sign(subject, span);
    }
    if sort == Sort::String {
        // A literal beside another is one whatever is called with both.
        grammar(subject, &span, sort)?;
    }
    let span = calls::past_macros(subject, span, sort)?;
    grammar(subject, &span, sort)?;
    if subject.node(&span).is_none() {
        let detail = "the differing text is not one expression".to_owned();
        return Err(subject.refuse(Reason::OperatorDiffers, site.token, detail));
    }
    Ok((span, sort))
}

/// What differs at the site, and the smallest expression that holds it.
fn sort_of(subject: &Subject<'_>, site: &Site) -> Result<(Range<usize>, Sort), Refusal> {
    let file = subject.file;
    let first = subject.first(site.token);
    let span = site.token..site.token + 1;
    let shown = shown_values(&site.values);
    let body = file.token_at(subject.group.members[0].function.body);
    if first < body {
        let reason = match site.values.iter().any(|v| v.starts_with(b"__")) {
            true => Reason::SectionDiffers,
            false => Reason::TypeDiffers,
        };
        return Err(subject.refuse(reason, site.token, format!("{shown} in the signature")));
    }
    let kind_in = |member: usize| {
        let token = subject.alignment.token(member, site.token);
        subject.file_of(member).tokens[token].kind
    };
    let kinds: Vec<TokenKind> = (0..site.values.len()).map(kind_in).collect();
    let function_name = site.values.iter().all(|value| is_function_name(value));
    if function_name || kinds.iter().all(|&kind| kind == TokenKind::Str) {
        return Ok((span, Sort::String));
    }
    let literal = |kind: TokenKind| matches!(kind, TokenKind::Number | TokenKind::Char);
    if !kinds.iter().all(|&kind| literal(kind) || kind == TokenKind::Ident) {
        return Err(subject.refuse(Reason::OperatorDiffers, site.token, shown));
    }
    if kinds.iter().all(|&kind| literal(kind)) || is_constant_name(subject, &span, site.token) {
        return Ok((span, Sort::Constant));
    }
    // `REG_A(0)` against `REG_B(0)`: the calls may be constants as a whole.
    if file.text(first + 1) == b"("
        && let Some(close) = closing(file, first + 1)
    {
        let call = site.token..close + 1 - subject.alignment.members[0].tokens.start;
        if subject.is_constant(&call) {
            return Ok((call, Sort::Constant));
        }
    }
    // What is looked up of types and prototypes holds for the first member's file.
    let in_one_file = !subject.is_across_files();
    if in_one_file && matches!(file.text(first - 1), b"." | b"->") {
        return paths::place(subject, site);
    }
    if in_one_file && callees::is_called(subject, site) {
        callees::check(subject, site)?;
        return Ok((span, Sort::Callee));
    }
    if let Some(object) = object_span(subject, site) {
        return Ok((object, Sort::Object));
    }
    // `REG(RX)`: a word that only means something once a macro has pasted it.
    if let Some((call, detail)) = spelled(subject, site) {
        return match subject.is_constant(&call) {
            true => Ok((call, Sort::Constant)),
            false => Err(subject.refuse(Reason::TokenPasted, site.token, detail)),
        };
    }
    Err(not_constant(subject, site, &shown))
}

/// The expression that passes the objects at `site` by their address: `&name`, or
/// the name of an array. `None` where the objects are not all of one type that is
/// declared in this file, or where their values are used.
fn object_span(subject: &Subject<'_>, site: &Site) -> Option<Range<usize>> {
    let file = subject.file;
    let first = subject.first(site.token);
    let object = |(member, name): (usize, &Vec<u8>)| subject.file_of(member).object(name);
    let objects: Vec<Object> = site.values.iter().enumerate().map(object).collect::<Option<_>>()?;
    if objects.iter().any(|object| *object != objects[0]) {
        return None;
    }
    let tree = &subject.alignment.members[0].tree;
    let plain = site.token..site.token + 1;
    let parent = |span: &Range<usize>| {
        let node = subject.node(span)?;
        Some((tree.node(node).field, tree.node(tree.node(node).parent).kind))
    };
    if objects[0].is_array {
        // Under `&` or `sizeof` an array is no pointer.
        let fits =
            matches!(parent(&plain)?, (_, "argument_list") | ("argument", "subscript_expression"));
        return fits.then_some(plain);
    }
    let addressed = site.token.checked_sub(1)?..site.token + 1;
    let is_address = file.text(first - 1) == b"&"
        && tree.node(subject.node(&addressed)?).kind == "pointer_expression";
    is_address.then_some(addressed)
}

/// The innermost macro call that pastes or stringifies what differs at `site`.
fn spelled(subject: &Subject<'_>, site: &Site) -> Option<(Range<usize>, String)> {
    let file = subject.file;
    let base = subject.alignment.members[0].tokens.start;
    enclosing_calls(file, subject.first(site.token), base).into_iter().find_map(|call| {
        let name = lossy(file.text(call.name));
        let facts = file.unit.macro_facts(&name)?;
        let (reason, detail) = calls::macro_problem(&name, &facts, call.argument, Sort::Constant)?;
        let close = closing(file, call.open)?;
        (reason == Reason::TokenPasted).then_some((call.name - base..close + 1 - base, detail))
    })
}

/// Whether the identifiers at `span` are constants, by what they resolve to, and
/// stand where an expression stands.
fn is_constant_name(subject: &Subject<'_>, span: &Range<usize>, token: usize) -> bool {
    let first = subject.first(token);
    if matches!(subject.file.text(first - 1), b"." | b"->") || is_type(subject, token) {
        return false;
    }
    !is_local(subject, token) && subject.is_constant(span)
}

/// Whether any member declares the name at `token` for itself.
pub fn is_local(subject: &Subject<'_>, token: usize) -> bool {
    (0..subject.alignment.members.len()).any(|member| {
        let text = subject.alignment.text(member, token);
        subject.alignment.members[member].locals.contains(text)
    })
}

fn is_type(subject: &Subject<'_>, token: usize) -> bool {
    let text = subject.file.tokens[subject.first(token)];
    let tree = &subject.alignment.members[0].tree;
    let node = tree.covering(text.start..text.end);
    matches!(tree.node(node).kind, "type_identifier" | "primitive_type" | "sized_type_specifier")
        || matches!(subject.file.text(subject.first(token) - 1), b"struct" | b"union" | b"enum")
}

/// The refusal for names that are no constants.
fn not_constant(subject: &Subject<'_>, site: &Site, shown: &str) -> Refusal {
    let file = subject.file;
    let first = subject.first(site.token);
    let reason = if is_type(subject, site.token) {
        Reason::TypeDiffers
    } else if file.text(first + 1) == b"(" {
        Reason::CalleeDiffers
    } else if is_local(subject, site.token) {
        Reason::LocalDiffers
    } else {
        return constant_problem(subject, site, shown);
    };
    subject.refuse(reason, site.token, shown.to_owned())
}

fn constant_problem(subject: &Subject<'_>, site: &Site, shown: &str) -> Refusal {
    let span = site.token..site.token + 1;
    for (member, value) in subject.values(&span).into_iter().enumerate() {
        let file = subject.file_of(member);
        if let Err(problem) = file.unit.constant(&value) {
            let object = file.is_object(&value);
            let reason = match object {
                true if under_array_size(subject, site) => Reason::ArraySize,
                true => Reason::GlobalDiffers,
                false => Reason::ConstantTypeUnknown,
            };
            return subject.refuse(reason, site.token, format!("{shown}: {problem}"));
        }
    }
    subject.refuse(Reason::GlobalDiffers, site.token, shown.to_owned())
}

/// Whether what differs at `site` stands under `ARRAY_SIZE` or `sizeof` anywhere in
/// the body: a pointer to it would have another size.
fn under_array_size(subject: &Subject<'_>, site: &Site) -> bool {
    let same = subject.alignment.sites.iter().filter(|other| other.values == site.values);
    same.into_iter().any(|other| {
        let token = subject.first(other.token);
        let floor = subject.alignment.members[0].tokens.start;
        let calls = enclosing_calls(subject.file, token, floor);
        calls.iter().any(|c| matches!(subject.file.text(c.name), b"ARRAY_SIZE" | b"sizeof"))
    })
}

/// The values for a message, the first few of them.
pub fn shown_values(values: &[Vec<u8>]) -> String {
    let mut shown: Vec<String> = values.iter().take(3).map(|v| format!("`{}`", lossy(v))).collect();
    shown.dedup();
    if values.len() > 3 {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// `-EINVAL` is one constant, not a sign before one.
fn with_sign(subject: &Subject<'_>, span: Range<usize>) -> Range<usize> {
    if span.start == 0 || !matches!(subject.file.text(subject.first(span.start - 1)), b"-") {
        return span;
    }
    let signed = span.start - 1..span.end;
    let tree = &subject.alignment.members[0].tree;
    match subject.node(&signed) {
        Some(node) if tree.node(node).kind == "unary_expression" => signed,
        // tree-sitter reads `-1` as one number in some places.
        Some(node) if tree.node(node).kind == "number_literal" => signed,
        _ => span,
    }
}

/// What the grammar says of the place: contexts in which C wants a constant.
fn grammar(subject: &Subject<'_>, span: &Range<usize>, sort: Sort) -> Result<(), Refusal> {
    let tree = &subject.alignment.members[0].tree;
    let start = subject.file.tokens[subject.first(span.start)].start;
    let end = subject.file.tokens[subject.first(span.end - 1)].end;
    let leaf = tree.exact(start..end).unwrap_or_else(|| tree.covering(start..end));
    let mut child = leaf;
    for ancestor in tree.ancestors(leaf) {
        let node = tree.node(ancestor);
        let field = tree.node(child).field;
        let wanted = match node.kind {
            "case_statement" if field == "value" => Some("a case label"),
            "array_declarator" if field == "size" => Some("an array bound"),
            "bitfield_clause" => Some("the width of a bit-field"),
            "enumerator" => Some("an enumerator"),
            "subscript_designator" | "subscript_range_designator" => Some("a designator"),
            "gnu_asm_expression" => Some("an asm operand"),
            "sizeof_expression"
            | "alignof_expression"
            | "offsetof_expression"
            | "generic_expression"
            | "type_descriptor" => Some("an unevaluated operand"),
            "attribute_specifier" | "attribute" => Some("an attribute"),
            "declaration" if is_static(subject, ancestor) => Some("a static initialiser"),
            "concatenated_string" => {
                let detail = "the string is joined to its neighbour".to_owned();
                return Err(subject.refuse(Reason::StringPasted, span.start, detail));
            }
            "function_definition" => break,
            _ => None,
        };
        if let Some(wanted) = wanted {
            let detail = format!("{wanted} must be a constant");
            return Err(subject.refuse(Reason::ConstantContext, span.start, detail));
        }
        child = ancestor;
    }
    if sort == Sort::String && tree.node(tree.node(leaf).parent).kind == "concatenated_string" {
        let detail = "the string is joined to its neighbour".to_owned();
        return Err(subject.refuse(Reason::StringPasted, span.start, detail));
    }
    Ok(())
}

fn is_static(subject: &Subject<'_>, declaration: crate::syntax::NodeId) -> bool {
    subject.span_of(declaration).any(|token| subject.file.text(subject.first(token)) == b"static")
}
