//! The calls around a hole: whether a function or a macro lets a parameter stand
//! there, by what the macro does with that argument.

use super::align::{is_ident, lossy};
use super::context::Sort;
use super::file::FileContext;
use super::holes::Subject;
use super::kernel;
use super::refusal::{Reason, Refusal};
use super::uses::{EnclosingCall, closing, enclosing_calls};
use crate::syntax::decl::{Fact, MacroFacts, ParamFacts};
use crate::syntax::lexer;
use std::ops::Range;

/// Lifts the span over every macro call around it that needs the token itself,
/// and finds out whether each function around it is known.
pub fn past_macros(
    subject: &Subject<'_>,
    mut span: Range<usize>,
    sort: Sort,
) -> Result<Range<usize>, Refusal> {
    let file = subject.file;
    let base = subject.alignment.members[0].tokens.start;
    let floor = file.token_at(subject.group.members[0].function.body);
    for call in enclosing_calls(file, subject.first(span.start), floor) {
        if call.name - base >= span.start {
            continue;
        }
        let Some(problem) = problem_with(subject, &call, sort) else { continue };
        let lifted = closing(file, call.open).map(|close| call.name - base..close + 1 - base);
        match lifted.filter(|lifted| sort == Sort::Constant && subject.is_constant(lifted)) {
            Some(lifted) => span = lifted,
            None => return Err(subject.refuse(problem.0, span.start, problem.1)),
        }
    }
    Ok(span)
}

/// Why a parameter may not stand in this argument of this call.
fn problem_with(
    subject: &Subject<'_>,
    call: &EnclosingCall,
    sort: Sort,
) -> Option<(Reason, String)> {
    let file = subject.file;
    let name = lossy(file.text(call.name));
    match name.as_str() {
        "if" | "while" | "for" | "switch" | "return" | "do" | "else" | "case" => return None,
        "sizeof"
        | "typeof"
        | "__typeof__"
        | "__typeof"
        | "offsetof"
        | "__builtin_offsetof"
        | "__alignof__"
        | "_Alignof"
        | "asm"
        | "__asm__"
        | "asm_volatile"
        | "__builtin_constant_p"
        | "__builtin_choose_expr" => {
            return Some((Reason::ConstantContext, format!("`{name}` wants what stands there")));
        }
        _ => {}
    }
    let reached = call.name > 0 && matches!(file.text(call.name - 1), b"." | b"->");
    if reached || subject.alignment.members[0].locals.contains(name.as_bytes()) {
        return None;
    }
    if let Some(facts) = file.unit.macro_facts(&name).filter(|facts| facts.function_like) {
        return macro_problem(&name, &facts, call.argument, sort);
    }
    if file.is_function(&name) {
        return None;
    }
    // A cast, or a parenthesis behind a type: `(u8)(x)`, `int (…)`.
    if !is_ident(file, call.name) || crate::syntax::lexer::is_keyword(name.as_bytes()) {
        return None;
    }
    Some((Reason::NameUnresolved, format!("it is not known whether `{name}` is a macro")))
}

/// Why the macro `name` takes no parameter as this argument, if it does not.
pub fn macro_problem(
    name: &str,
    facts: &MacroFacts,
    argument: usize,
    sort: Sort,
) -> Option<(Reason, String)> {
    let any = |fact: fn(&ParamFacts) -> &Option<Fact>| {
        facts.argument(argument).find_map(|parameter| fact(parameter).as_ref())
    };
    let problem = |reason, fact: &Fact, what: &str| {
        let through = fact.through();
        Some((reason, format!("the macro `{name}`{through} {what}")))
    };
    let is_format = is_format(facts, argument);
    // What was no constant in any member is none for the macro, either.
    let variable = matches!(sort, Sort::Member | Sort::Callee);
    if let Some(fact) = any(|p| &p.pasted).or_else(|| any(|p| &p.stringified)) {
        return problem(Reason::TokenPasted, fact, "pastes or stringifies it");
    }
    // Of the arguments behind `...` only the first stands beside what comes before.
    let first = facts.variadic_from.is_none_or(|from| argument <= from);
    if let Some(fact) = any(|p| &p.joined_to_string).filter(|_| first) {
        return problem(Reason::StringPasted, fact, "joins it to a string");
    }
    // What `...` hands on behind the format is printed, not compiled in.
    // The printk index takes what is no constant, and leaves it out.
    let indexed = |fact: &&Fact| fact.via.iter().any(|name| name == "__printk_index_emit");
    let printed = sort == Sort::String && !first;
    let wants = any(|p| &p.needs_constant);
    let excused = |fact: &&Fact| variable || printed || is_format && indexed(fact);
    if let Some(fact) = wants.filter(|fact| !excused(fact)) {
        let reason = if is_format && sort == Sort::String {
            Reason::FormatString
        } else {
            Reason::ConstantContext
        };
        return problem(reason, fact, "wants a constant");
    }
    let same_result = |fact: &&Fact| {
        fact.in_include && fact.via.iter().any(|name| kernel::VARIABLE_TOO.contain(name.as_bytes()))
    };
    let tests =
        any(|p| &p.tests_constant).filter(|fact| !((is_format || printed) && indexed(fact)));
    if let Some(fact) = tests.filter(|fact| !variable && !same_result(fact)) {
        return problem(Reason::ConstantContext, fact, "asks whether it is a constant");
    }
    if let Some(fact) = any(|p| &p.is_type_or_name) {
        return problem(Reason::TypeDiffers, fact, "takes a type or a name there");
    }
    // The parameter, or what it points to, has the very type.
    let same_type = matches!(sort, Sort::Constant | Sort::Callee | Sort::Member);
    if let Some(fact) = any(|p| &p.measured).filter(|_| !same_type) {
        return problem(Reason::ArraySize, fact, "takes the size or type of it");
    }
    let handed_on = is_format || facts.variadic_from.is_some_and(|from| argument >= from);
    if sort == Sort::String && !handed_on {
        let detail = format!("the macro `{name}` may not take a pointer there");
        return Some((Reason::StringContext, detail));
    }
    None
}

/// Whether `name` is a function-like macro.
pub fn is_function_macro(file: &FileContext, name: &str) -> bool {
    // `if` is a macro under CONFIG_PROFILE_ALL_BRANCHES.
    !lexer::is_keyword(name.as_bytes())
        && file.unit.macro_facts(name).is_some_and(|facts| facts.function_like)
}

/// Whether the argument is where a `printf`-like macro has its format: the last one
/// before `...`, or the first behind it where the macro names nothing else.
pub fn is_format(facts: &MacroFacts, argument: usize) -> bool {
    let Some(from) = facts.variadic_from else { return false };
    let named = |at: usize| {
        let name = facts.params.get(at).map_or("", |p| p.name.as_str());
        ["fmt", "format", "msg", "str"].iter().any(|word| name.contains(word)) || name == "f"
    };
    match from.checked_sub(1) {
        Some(before) if named(before) => argument == before,
        _ => argument == from,
    }
}
