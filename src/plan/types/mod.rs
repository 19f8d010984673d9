//! The C type of a parameter: the type that the place fixes (the prototype of
//! the called function), or else the type that the constants have by themselves,
//! which substitutes exactly wherever an expression may stand.

pub mod expression;
mod place;

use super::align::lossy;
use super::callees;
use super::calls;
use super::context::Sort;
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::uses::{EnclosingCall, closing, enclosing_calls};
use super::wording::conversions;
use crate::syntax::decl::{CType, DefinitionKind, Param};
use std::ops::Range;

/// What the place of a span says of its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanType {
    /// The span is a whole argument of a function: the parameter's type there.
    pub prototype: Option<String>,
    /// The name of that parameter, of the macro's or of the function's.
    pub name: Option<String>,
    /// The argument is a `printf`-like format.
    pub format: bool,
    /// The span is the whole operand of `return`.
    pub returned: bool,
}

/// Looks at the call of which the span is a whole argument, if there is one.
pub fn of_span(subject: &Subject<'_>, span: &Range<usize>, sort: Sort) -> SpanType {
    if sort == Sort::Word {
        return SpanType::default();
    }
    let file = subject.file;
    let floor = file.token_at(subject.group.members[0].function.body);
    let first = subject.first(span.start);
    let mut found = SpanType {
        returned: file.text(first - 1) == b"return"
            && file.text(subject.first(span.end - 1) + 1) == b";",
        ..SpanType::default()
    };
    let Some(call) = enclosing_calls(file, first, floor).first().copied() else { return found };
    let reached = matches!(file.text(call.name - 1), b"." | b"->");
    if reached || !is_whole_argument(subject, span, &call) {
        return found;
    }
    let name = lossy(file.text(call.name));
    if subject.alignment.members[0].locals.contains(name.as_bytes()) {
        return found;
    }
    if let Some(facts) = file.unit.macro_facts(&name).filter(|facts| facts.function_like) {
        found.format = sort == Sort::String && calls::is_format(&facts, call.argument);
        let named = facts.variadic_from.is_none_or(|from| call.argument < from);
        let parameter = facts.params.get(call.argument).filter(|_| named);
        found.name = parameter.map(|p| p.name.clone());
        found.prototype = named.then(|| behind(file, &name, call.argument)).flatten();
        return found;
    }
    let Ok(signature) = file.unit.function(&name) else { return found };
    if let Some(parameter) = signature.params.get(call.argument) {
        found.prototype = scalar(parameter);
        found.name = parameter.name.clone();
        let last = call.argument + 1 == signature.params.len();
        found.format = sort == Sort::String && signature.variadic && last;
    }
    found
}

/// The type of the parameter that a macro hands its argument to, as it is.
fn behind(file: &FileContext, name: &str, argument: usize) -> Option<String> {
    let (function, argument) = file.unit.handed_on(name, argument)?;
    let signature = file.unit.function(&function).ok()?;
    scalar(signature.params.get(argument)?)
}

/// The type as it would be written before a parameter's name, unless it is one
/// that does not stand there (an array, a pointer to a function).
fn scalar(parameter: &Param) -> Option<String> {
    let text = parameter.type_text.trim();
    let unusual = text.contains(['(', '[', '.']) || text == "void";
    let text = match text.contains('*') {
        true => text,
        false => text.strip_prefix("const ").unwrap_or(text),
    };
    (!unusual && !text.is_empty()).then(|| text.to_owned())
}

fn is_whole_argument(subject: &Subject<'_>, span: &Range<usize>, call: &EnclosingCall) -> bool {
    let file = subject.file;
    let before = subject.first(span.start) - 1;
    let after = subject.first(span.end - 1) + 1;
    let starts = before == call.open || file.text(before) == b",";
    let ends = file.text(after) == b"," || closing(file, call.open) == Some(after);
    starts && ends
}

/// One type for a parameter that stands at all `places`.
///
/// # Errors
/// `constant-type-unknown`, `constant-type-differs`, `format-string` or
/// `string-context`.
pub fn unify(
    subject: &Subject<'_>,
    values: &[String],
    places: &[(Range<usize>, Sort)],
    typed: &[SpanType],
) -> Result<String, Refusal> {
    let at = places[0].0.start;
    if matches!(places[0].1, Sort::String | Sort::Word) {
        return string_type(subject, values, places, typed);
    }
    if places[0].1 == Sort::Object {
        let name = values[0].trim_start_matches(['&', ' ']);
        let object = subject.file.object(name.as_bytes()).ok_or_else(|| {
            subject.refuse(Reason::GlobalDiffers, at, format!("the type of {name} is not known"))
        })?;
        let space = if object.ctype.ends_with('*') { "" } else { " " };
        return Ok(format!("{}{space}*", object.ctype));
    }
    if places[0].1 == Sort::Callee {
        return callees::ctype(subject, &values[0], at);
    }
    let prototype = common_prototype(typed);
    if let Some(ctype) = prototype.filter(|t| !t.contains('*')) {
        return Ok(ctype);
    }
    if values.iter().all(|v| v == "true" || v == "false") {
        return Ok("bool".to_owned());
    }
    let mut constants = Vec::new();
    for (member, value) in values.iter().enumerate() {
        match subject.file_of(member).unit.constant(value) {
            Ok(constant) => constants.push(constant),
            Err(problem) => {
                let detail = format!("the type of `{value}` is not known: {problem}");
                return Err(subject.refuse(Reason::ConstantTypeUnknown, at, detail));
            }
        }
    }
    let own: Vec<&CType> = constants.iter().map(|it| &it.ctype).collect();
    let pointer = |t: &&CType| matches!(t, CType::Pointer(_) | CType::CharPtr);
    if own.iter().any(pointer) {
        return common_prototype(typed).ok_or_else(|| {
            subject.refuse(Reason::ConstantTypeUnknown, at, "a pointer's type is not fixed here")
        });
    }
    let differs = own.iter().find(|t| **t != own[0]);
    let is_int = differs.is_none() && *own[0] == CType::Int;
    let named = is_int.then(|| enum_type(subject, values, places)).flatten();
    if let Some(ctype) = named.or_else(|| place::ctype(subject, &constants, places, typed)) {
        return Ok(ctype);
    }
    match differs {
        None => Ok(own[0].to_c()),
        Some(other) => {
            let detail =
                format!("`{}` is {}, another is {}", values[0], own[0].to_c(), other.to_c());
            Err(subject.refuse(Reason::ConstantTypeDiffers, at, detail))
        }
    }
}

/// The enum that all values are enumerators of, where every place uses the value
/// only as such: assigned, compared for equality, passed on, or as an index. In an
/// order comparison or in arithmetic the enum's signedness would count.
fn enum_type(
    subject: &Subject<'_>,
    values: &[String],
    places: &[(Range<usize>, Sort)],
) -> Option<String> {
    let tag = |member: usize, value: &String| {
        let definitions = subject.file_of(member).unit.lookup(value);
        let [definition] = definitions.as_slice() else { return None };
        match &definition.kind {
            DefinitionKind::Enumerator { tag, .. } => tag.clone(),
            _ => None,
        }
    };
    let first = tag(0, values.first()?)?;
    let tree = &subject.alignment.members[0].tree;
    let as_such = |(span, _): &(Range<usize>, Sort)| {
        let Some(node) = subject.node(span) else { return false };
        let parent = tree.node(tree.node(node).parent).kind;
        let before = subject.file.text(subject.first(span.start) - 1);
        let after = subject.file.text(subject.first(span.end - 1) + 1);
        match parent {
            "assignment_expression" => before == b"=",
            "init_declarator" | "return_statement" => true,
            "subscript_expression" => before == b"[" && after == b"]",
            "binary_expression" => [before, after].iter().any(|op| matches!(*op, b"==" | b"!=")),
            _ => false,
        }
    };
    let is_first = |(member, value)| tag(member, value).as_ref() == Some(&first);
    let same = values.iter().enumerate().all(is_first);
    (same && places.iter().all(as_such)).then(|| format!("enum {first}"))
}

/// The type that every place fixes, if every place fixes the same.
fn common_prototype(typed: &[SpanType]) -> Option<String> {
    let first = typed.first()?.prototype.clone()?;
    typed.iter().all(|t| t.prototype.as_ref() == Some(&first)).then_some(first)
}

/// A string parameter is a `const char *`, where every place takes one.
fn string_type(
    subject: &Subject<'_>,
    values: &[String],
    places: &[(Range<usize>, Sort)],
    typed: &[SpanType],
) -> Result<String, Refusal> {
    // A word is printed by `%s`, which takes any string.
    let strings = || places.iter().zip(typed).filter(|((_, sort), _)| *sort == Sort::String);
    for ((span, _), place) in strings() {
        if place.format && conversions(&values[0]).is_empty() {
            // What -Wformat-security warns of.
            let detail = "a format without arguments should stay a literal";
            return Err(subject.refuse(Reason::FormatString, span.start, detail));
        }
        if place.format && !same_conversions(values) {
            let detail = "the members' formats take different arguments";
            return Err(subject.refuse(Reason::FormatString, span.start, detail));
        }
        let takes_pointer = place.format
            || match &place.prototype {
                Some(ctype) => is_const_bytes(ctype),
                None => is_variadic_argument(subject, span) || place.returned,
            };
        if !takes_pointer {
            let detail = "the place may need the array, not a pointer to it";
            return Err(subject.refuse(Reason::StringContext, span.start, detail));
        }
    }
    let typed: Vec<SpanType> = strings().map(|(_, place)| place.clone()).collect();
    Ok(common_prototype(&typed).unwrap_or_else(|| "const char *".to_owned()))
}

/// Whether all formats convert the same arguments in the same way, so that what gcc
/// no longer checks holds for each as it does for the first.
fn same_conversions(values: &[String]) -> bool {
    let first = conversions(&values[0]);
    values.iter().all(|value| conversions(value) == first)
}

/// A pointer that a string literal may be passed as: to constant bytes, or the
/// `char *` of older code.
fn is_const_bytes(ctype: &str) -> bool {
    let pointed = ctype.trim_end().strip_suffix('*').map(str::trim_end);
    matches!(
        pointed,
        Some(
            "const char"
                | "char"
                | "const void"
                | "const u8"
                | "const unsigned char"
                | "const uint8_t"
                | "const __u8"
                | "const s8"
                | "const signed char"
        )
    )
}

/// Whether the span is an argument behind `...`, of a function or of a macro
/// that hands it on.
fn is_variadic_argument(subject: &Subject<'_>, span: &Range<usize>) -> bool {
    let file = subject.file;
    let floor = file.token_at(subject.group.members[0].function.body);
    let calls = enclosing_calls(file, subject.first(span.start), floor);
    let Some(call) = calls.first() else { return false };
    if !is_whole_argument(subject, span, call) {
        return false;
    }
    let name = lossy(file.text(call.name));
    match file.unit.macro_facts(&name).filter(|facts| facts.function_like) {
        Some(facts) => facts.variadic_from.is_some_and(|from| call.argument >= from),
        None => file
            .unit
            .function(&name)
            .is_ok_and(|signature| signature.variadic && call.argument >= signature.params.len()),
    }
}
