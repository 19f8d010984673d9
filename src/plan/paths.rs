//! Paths to members of structures, `x->a.b`, where `x` is a parameter of the members'
//! own: what a hole over a structure member replaces, and of what type it is.

use super::align::{self, OwnParameter, Site, lossy};
use super::calls;
use super::context::Sort;
use super::early;
use super::holes::{Form, Holes, Replaced, Subject};
use super::refusal::{Reason, Refusal};
use super::uses::enclosing_calls;
use crate::syntax::NodeId;
use crate::syntax::decl::{self, Field};
use std::ops::Range;

/// A path from a parameter to a member of what it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Index of the parameter among the members' own.
    pub base: usize,
    /// The tokens of the path, from the start of the member.
    pub span: Range<usize>,
    /// Each step: whether it follows a pointer (`->`), and the token of the name.
    pub steps: Vec<(bool, usize)>,
}

impl Path {
    /// To reach the object, memory must be read: more than the first step follows a
    /// pointer.
    fn reads_on_the_way(&self) -> bool {
        self.steps.iter().skip(1).any(|(arrow, _)| *arrow)
    }
}

/// The path with a differing structure member that a parameter may replace.
///
/// # Errors
/// `field-differs`, with what stands in the way.
pub fn place(subject: &Subject<'_>, site: &Site) -> Result<(Range<usize>, Sort), Refusal> {
    let shown = super::context::shown_values(&site.values);
    let refuse = |detail: &str| {
        Err(subject.refuse(Reason::FieldDiffers, site.token, format!("{shown}: {detail}")))
    };
    let tree = &subject.alignment.members[0].tree;
    let name = subject.node(&(site.token..site.token + 1));
    let reading = name.map(|name| tree.node(name).parent);
    let Some(mut node) = reading.filter(|&node| tree.node(node).kind == "field_expression") else {
        return refuse("it is not read as a member");
    };
    // The path names one object: all of it that differs, and on to what has a type.
    loop {
        let named = path(subject, node).map(|path| field(subject, &path));
        let untyped = match &named {
            None => return refuse("it is not a member of what a parameter points to"),
            Some(Ok(field)) => field.is_untagged(),
            Some(Err(_)) => true,
        };
        let outer = outer_step(subject, node);
        let differs = outer
            .is_some_and(|(_, name)| subject.alignment.sites.iter().any(|site| site.token == name));
        match (outer, named) {
            (Some((outer, _)), _) if differs || untyped => node = outer,
            (_, Some(Err(refusal))) => return Err(refusal),
            _ => return Ok((subject.span_of(node), Sort::Member)),
        }
    }
}

/// The field expression that takes a member of `node`, and the token of its name.
fn outer_step(subject: &Subject<'_>, node: NodeId) -> Option<(NodeId, usize)> {
    let tree = &subject.alignment.members[0].tree;
    let outer = tree.node(node).parent;
    let inside = tree.node(outer).kind == "field_expression" && tree.node(node).field == "argument";
    inside.then(|| (outer, subject.span_of(outer).end - 1))
}

/// Reads the field expression `node` as a path from a parameter.
fn path(subject: &Subject<'_>, node: NodeId) -> Option<Path> {
    let tree = &subject.alignment.members[0].tree;
    let mut steps = Vec::new();
    let mut at = node;
    while tree.node(at).kind == "field_expression" {
        let end = subject.span_of(at).end;
        let arrow = match subject.file.text(subject.first(end.checked_sub(2)?)) {
            b"->" => true,
            b"." => false,
            _ => return None,
        };
        steps.push((arrow, end - 1));
        at = tree.child_by_field(at, "argument")?;
    }
    steps.reverse();
    let name = subject.span_of(at);
    let by_pointer = steps.first().is_some_and(|(arrow, _)| *arrow);
    if tree.node(at).kind != "identifier" || name.len() != 1 || !by_pointer {
        return None;
    }
    let name = subject.file.text(subject.first(name.start));
    let base = own(subject, 0).iter().position(|own| own.name.as_deref() == Some(name))?;
    Some(Path { base, span: subject.span_of(node), steps })
}

/// A member's own parameters.
pub(super) fn own(subject: &Subject<'_>, member: usize) -> Vec<OwnParameter> {
    align::parameters(subject.file_of(member), &subject.alignment.members[member].tree)
}

/// The structure member at the end of the path, which must have the same type in
/// every clone.
fn field(subject: &Subject<'_>, path: &Path) -> Result<Field, Refusal> {
    let at = path.steps.last().map_or(path.span.start, |(_, token)| *token);
    let refuse = |detail: String| Err(subject.refuse(Reason::FieldDiffers, at, detail));
    let count = subject.alignment.members.len();
    let fields: Result<Vec<Field>, String> =
        (0..count).map(|member| field_of(subject, path, member)).collect();
    let fields = match fields {
        Ok(fields) => fields,
        Err(detail) => return refuse(detail),
    };
    let Some((first, rest)) = fields.split_first() else { return refuse(String::new()) };
    let alike = |other: &Field| {
        (&other.type_text, other.dimensions, other.is_bit_field)
            == (&first.type_text, first.dimensions, first.is_bit_field)
    };
    match rest.iter().find(|other| !alike(other)) {
        Some(other) => refuse(format!(
            "one member is `{}{}`, another is `{}{}`",
            first.type_text,
            if first.is_bit_field { " : n" } else { "" },
            other.type_text,
            if other.is_bit_field { " : n" } else { "" },
        )),
        None => Ok(first.clone()),
    }
}

/// The structure member that the path leads to in one clone.
fn field_of(subject: &Subject<'_>, path: &Path, member: usize) -> Result<Field, String> {
    let file = subject.file_of(member);
    let unit = &file.unit;
    let unclear = || "the type of the parameter is not plain".to_owned();
    let own = own(subject, member);
    let declaration = own.get(path.base).map(|own| lossy(&own.text)).ok_or_else(unclear)?;
    let declared = decl::declared_type(&declaration).ok_or_else(unclear)?;
    let pointee = declared.strip_suffix('*').map(str::trim_end).ok_or_else(unclear)?;
    let plain = !pointee.contains(['*', '(']) && !pointee.split(' ').any(|w| w.starts_with("__"));
    if !plain || pointee.contains("volatile") {
        return Err(unclear());
    }
    let declares_tags = subject.alignment.members[member].tokens.clone().any(|token| {
        matches!(file.text(token), b"struct" | b"union") && file.text(token + 2) == b"{"
    });
    if declares_tags {
        return Err("the function declares a structure of its own".to_owned());
    }
    let mut is_const = pointee.starts_with("const ");
    let mut layout = unit.layout(pointee).map_err(|problem| problem.to_string())?;
    let mut found: Option<Field> = None;
    let mut is_packed = false;
    for &(arrow, token) in &path.steps {
        if let Some(outer) = &found {
            layout = unit.layout_of(outer, arrow).map_err(|problem| problem.to_string())?;
            is_const = outer.type_text.starts_with("const ") || is_const && !arrow;
        }
        let name = lossy(file.text(subject.alignment.token(member, token)));
        if file.is_macro_or_type(&name) && file.unit.macro_facts(&name).is_some() {
            return Err(format!("`{name}` is a macro"));
        }
        let inner = layout.field(&name).map_err(|problem| problem.to_string())?;
        is_packed = inner.is_packed || is_packed && !arrow;
        found = Some(inner);
    }
    let mut field = found.ok_or_else(unclear)?;
    // A byte lies right wherever it lies.
    field.is_packed = is_packed && !is_byte(&field.type_text);
    if is_const && field.pointer_depth == 0 && !field.type_text.starts_with("const ") {
        field.type_text = format!("const {}", field.type_text);
    } else if is_const && field.pointer_depth > 0 && !field.type_text.ends_with("const") {
        field.type_text.push_str("const");
    }
    Ok(field)
}

/// A parameter for the structure members at some places, all of one text.
#[derive(Clone, Debug)]
pub struct MemberHole {
    /// Its C type.
    pub ctype: String,
    /// Index of the own parameter that the arguments begin with.
    pub base: usize,
    /// What it replaces, and by what.
    pub spans: Vec<Replaced>,
    /// It points to the structure member.
    pub by_address: bool,
}

impl MemberHole {
    /// The arguments for the paths of these texts.
    pub fn arguments(&self, paths: &[String]) -> Vec<String> {
        let sign = if self.by_address { "&" } else { "" };
        paths.iter().map(|path| format!("{sign}{path}")).collect()
    }
}

/// Finds how the structure members at `places` are best handed on: by value where
/// they are only read, and read first; else by their address.
///
/// # Errors
/// `field-differs` where neither would mean at the call what it means there.
pub fn hole(subject: &Subject<'_>, places: &[(Range<usize>, Sort)]) -> Result<MemberHole, Refusal> {
    let start = places.first().map_or(0, |(span, _)| span.start);
    let fail = |detail: String| subject.refuse(Reason::FieldDiffers, start, detail);
    let nodes: Option<Vec<NodeId>> = places.iter().map(|(span, _)| subject.node(span)).collect();
    let nodes = nodes.ok_or_else(|| fail("it is not one path".to_owned()))?;
    let path = nodes.first().and_then(|&node| path(subject, node));
    let path = path.ok_or_else(|| fail("it is not one path".to_owned()))?;
    let field = field(subject, &path)?;
    let text = field.type_text.as_str();
    if text.contains(['(', '[', '{']) || text.contains("volatile") || field.is_untagged() {
        return Err(fail(format!("a parameter cannot be declared as `{text}`")));
    }
    let own = own(subject, 0);
    let base = own.get(path.base).and_then(|own| own.name.as_deref()).unwrap_or_default();
    early::base_stays(subject, base).map_err(fail)?;
    let spans: Vec<Range<usize>> = places.iter().map(|(span, _)| span.clone()).collect();
    let early = || match spans.iter().find_map(|span| in_macro(subject, span)) {
        Some(name) => Err(format!("the macro `{name}` may read it at any time")),
        None => early::read_first(subject, &spans),
    };
    let used: Vec<Used> = nodes.iter().map(|&node| used(subject, node)).collect();
    let base = path.base;
    let by_name = || spans.iter().map(|span| (span.clone(), Form::Name)).collect();
    if field.dimensions > 0 {
        let decays = field.dimensions == 1 && used.iter().all(|used| *used == Used::Decaying);
        if !decays || field.is_packed {
            return Err(fail("the array is used as such".to_owned()));
        }
        early().map_err(fail)?;
        let ctype = pointer_to(text);
        return Ok(MemberHole { ctype, base, spans: by_name(), by_address: false });
    }
    let is_value = subject.file.unit.is_scalar(text) && used.iter().all(|used| used.is_read());
    let read_early = early();
    if is_value && !field.is_bit_field && read_early.is_ok() {
        let ctype = value_type(text);
        return Ok(MemberHole { ctype, base, spans: by_name(), by_address: false });
    }
    if field.is_bit_field {
        return Err(fail("a bit-field has no address".to_owned()));
    }
    if field.is_packed && used.iter().any(|used| *used != Used::Addressed) {
        return Err(fail("its structure is packed: a pointer to it may not be read".to_owned()));
    }
    if path.reads_on_the_way() {
        read_early.map_err(fail)?;
    }
    let spans: Vec<Replaced> = nodes.iter().map(|&node| pointed_to(subject, node)).collect();
    let tree = &subject.alignment.members[0].tree;
    let cast = |node: NodeId| tree.node(tree.node(node).parent).kind == "cast_expression";
    if nodes.iter().zip(&spans).any(|(&node, (_, form))| *form == Form::Object && cast(node)) {
        // `(u16)*name` reads like a product.
        return Err(fail("it is cast to another type".to_owned()));
    }
    Ok(MemberHole { ctype: pointer_to(text), base, spans, by_address: true })
}

/// # Errors
/// `field-differs` where the helper would write and read more than `most` structure
/// members by their address, or one by a pointer to a pointer: that is harder to read
/// than what was there.
pub fn limit(subject: &Subject<'_>, holes: &Holes, most: usize) -> Result<(), Refusal> {
    let mut weight = 0;
    for (index, parameter) in holes.parameters.iter().enumerate() {
        let mut spans = holes.spans.iter().filter(|span| span.parameter == index);
        if spans.any(|span| matches!(span.form, Form::Object | Form::Parenthesised)) {
            let stars = parameter.ctype.matches('*').count();
            weight += if stars > 1 { most + 1 } else { stars };
        }
    }
    if weight <= most {
        return Ok(());
    }
    let at = holes.spans.first().map_or(0, |span| span.tokens.start);
    let detail = "too many members of structures, or a pointer, would be passed by address";
    Err(subject.refuse(Reason::FieldDiffers, at, detail))
}

/// What the body does with a structure member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    /// Takes its address.
    Addressed,
    /// Writes to it.
    Written,
    /// Takes a member of it.
    Entered,
    /// Reads it where an array would be its first element's address.
    Decaying,
    /// Reads it.
    Read,
}

impl Used {
    fn is_read(self) -> bool {
        matches!(self, Used::Read | Used::Decaying)
    }
}

fn used(subject: &Subject<'_>, node: NodeId) -> Used {
    let tree = &subject.alignment.members[0].tree;
    let span = subject.span_of(node);
    let (above, field) = (tree.node(tree.node(node).parent).kind, tree.node(node).field);
    let before = subject.file.text(subject.first(span.start) - 1);
    let after = subject.file.text(subject.first(span.end - 1) + 1);
    match (above, field) {
        ("pointer_expression", _) if before == b"&" => Used::Addressed,
        ("assignment_expression", "left") | ("update_expression", _) => Used::Written,
        ("field_expression", "argument") if after == b"." => Used::Entered,
        ("argument_list", _) | ("subscript_expression", "argument") => Used::Decaying,
        _ => Used::Read,
    }
}

/// The tokens that name the object at `node`, and how a pointer to it names it.
fn pointed_to(subject: &Subject<'_>, node: NodeId) -> Replaced {
    let tree = &subject.alignment.members[0].tree;
    let span = subject.span_of(node);
    let (above, field) = (tree.node(tree.node(node).parent).kind, tree.node(node).field);
    let divided = subject.file.text(subject.first(span.start) - 1) == b"/";
    match used(subject, node) {
        Used::Addressed => (span.start - 1..span.end, Form::Name),
        Used::Entered => (span.start..span.end + 1, Form::Arrow),
        _ if divided || above == "update_expression" => (span, Form::Parenthesised),
        _ if matches!(field, "argument" | "function")
            && above != "pointer_expression"
            && above != "unary_expression" =>
        {
            (span, Form::Parenthesised)
        }
        _ => (span, Form::Object),
    }
}

fn is_byte(text: &str) -> bool {
    matches!(text.trim_start_matches("const "), "u8" | "s8" | "__u8" | "bool" | "char")
}

fn pointer_to(text: &str) -> String {
    if text.ends_with('*') { format!("{text}*") } else { format!("{text} *") }
}

/// The type without the `const` of the object itself.
fn value_type(text: &str) -> String {
    match text.contains('*') {
        true => text.strip_suffix("const").unwrap_or(text).trim_end().to_owned(),
        false => text.trim_start_matches("const ").to_owned(),
    }
}

/// The macro around `span`, if there is one: it may read its argument at any time, or
/// take its size.
fn in_macro(subject: &Subject<'_>, span: &Range<usize>) -> Option<String> {
    let file = subject.file;
    let floor = file.token_at(subject.group.members[0].function.body);
    enclosing_calls(file, subject.first(span.start), floor).iter().find_map(|call| {
        let name = lossy(file.text(call.name));
        let reached = matches!(file.text(call.name - 1), b"." | b"->");
        let is_macro = !reached && calls::is_function_macro(file, &name);
        is_macro.then_some(name)
    })
}

/// The names of the structure members that the paths end in, one for each clone.
pub fn last_names(subject: &Subject<'_>, span: &Range<usize>) -> Vec<String> {
    let path = subject.node(span).and_then(|node| path(subject, node));
    let Some(path) = path else { return Vec::new() };
    // The last step in which they differ says what it is for.
    let differs = |token: usize| subject.alignment.sites.iter().any(|site| site.token == token);
    let step = path.steps.iter().rev().find(|(_, token)| differs(*token));
    let Some(&(_, token)) = step.or(path.steps.last()) else { return Vec::new() };
    (0..subject.alignment.members.len())
        .map(|member| lossy(subject.alignment.text(member, token)))
        .collect()
}
