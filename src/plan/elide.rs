//! Wrappers that add nothing: what they call is called in their place.

use super::align::{self, AlignedMember, Alignment};
use super::fate;
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::{Fate, OpenFile, Plan, Remedy, RemedyKind, Rule, is_plain, rules, words};
use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::LoopMacros;
use crate::syntax::decl::{Definition, DefinitionKind, FunctionDeclaration};

/// The rule for a group, if it is one of wrappers.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Elide, group).filter(|_| group.kind == Kind::Wrapper)
}

/// Plans that those members of `group` go that do no more than call one function with
/// what they are given: that of the first such member. `open` are the members' files.
///
/// # Errors
/// What stands against it, for the first member that is a wrapper at all.
pub fn plan(
    open: &[&OpenFile],
    group: &CloneGroup,
    rule: &Rule,
    loops: &LoopMacros,
) -> Result<Plan, Refusal> {
    let mut kept: Vec<(&Member, &OpenFile)> = Vec::new();
    let mut parsed = Vec::new();
    let (mut callee, mut first) = (None, None);
    for (member, open) in group.members.iter().zip(open) {
        match elided(open, member, loops) {
            Ok((read, called)) => {
                if *callee.get_or_insert_with(|| called.clone()) == called {
                    kept.push((member, open));
                    parsed.push(read);
                }
            }
            Err(refusal) => {
                first.get_or_insert(refusal);
            }
        }
    }
    let Some(callee) = callee else {
        let none = || {
            let at = group.members[0].function.start;
            open[0].context.refuse(Reason::AddsNothing, at, "each member is one call")
        };
        return Err(first.unwrap_or_else(none));
    };
    let (members, open): (Vec<Member>, Vec<&OpenFile>) =
        kept.into_iter().map(|(member, open)| (member.clone(), open)).unzip();
    let group = CloneGroup { members, ..group.clone() };
    let alignment = Alignment { members: parsed, sites: Vec::new(), renamed_locals: false };
    let subject = Subject { file: &open[0].context, group: &group, alignment: &alignment };
    let members = fate::copies(&subject, 0, &group.members, &open)?;
    for (member, open) in members.iter().zip(&open) {
        let (file, start) = (&open.context, member.function.start);
        if member.fate != Fate::Gone {
            let detail = format!("{} is used in another way than by its name", member.name);
            return Err(file.refuse(Reason::AddsNothing, start, detail));
        }
        // What the wrapper calls is known behind it at the least.
        if !file.is_declared_in_header(&callee) && !fate::used_after(file, &member.uses, start) {
            let detail = format!("{callee}() is not declared where {} is used", member.name);
            return Err(file.refuse(Reason::DeclarationOrder, start, detail));
        }
    }
    fate::gain(&subject, &members, None, (rule.limits.lines_saved, None))?;
    Ok(Plan::new(&subject, rule, Remedy::Elide(callee), members))
}

/// A member as it is read, and what is called in its place, if it may go.
fn elided<'f>(
    open: &'f OpenFile,
    member: &Member,
    loops: &LoopMacros,
) -> Result<(AlignedMember<'f>, String), Refusal> {
    let file = &open.context;
    is_plain(file, member)?;
    let start = member.function.start;
    let refuse = |reason, detail: String| Err(file.refuse(reason, start, detail));
    let parsed = align::read(file, member, loops)?;
    let own = align::parameters(file, &parsed.tree);
    let Some(callee) = forwarded(file, member, &own) else {
        let detail = format!("{} does more than hand on what it is given", member.name);
        return refuse(Reason::AddsNothing, detail);
    };
    let (Some(here), Some(there)) =
        (declared(file, &member.name), declared(file, &callee).filter(|_| callee != member.name))
    else {
        return refuse(Reason::AddsNothing, format!("{callee}() is no function, or not known"));
    };
    if !same_type(&here, &there) || !here.is_static || !here.attributes.is_empty() {
        let detail = format!("{}() converts what it hands on to {callee}()", member.name);
        return refuse(Reason::AddsNothing, detail);
    }
    let names = file.functions.iter().map(|it| it.name(&file.bytes));
    let opposite = names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .find(|name| words::are_opposites(&[name, &member.name]) && is_pair(name, &member.name));
    if let Some(opposite) = opposite {
        let detail = format!("{} is the counterpart of {opposite}", member.name);
        return refuse(Reason::NameWouldLie, detail);
    }
    Ok((parsed, callee))
}

/// Whether two names differ in one word.
fn is_pair(one: &str, other: &str) -> bool {
    let (one, other) = (words::words(one), words::words(other));
    one.len() == other.len() && one.iter().zip(&other).filter(|(a, b)| a != b).count() == 1
}

/// The function that a member's body only calls, with its own parameters in their order.
fn forwarded(file: &FileContext, member: &Member, own: &[align::OwnParameter]) -> Option<String> {
    let body = file.token_at(member.function.body);
    let end = file.token_at(member.function.end);
    let returns = file.text(body + 1) == b"return";
    let callee = body + 1 + usize::from(returns);
    let mut expected: Vec<&[u8]> = vec![b"("];
    for (index, parameter) in own.iter().enumerate() {
        if index > 0 {
            expected.push(b",");
        }
        expected.push(parameter.name.as_deref()?);
    }
    expected.extend([&b")"[..], b";", b"}"]);
    let found = (callee + 1..end).map(|at| file.text(at));
    (align::is_ident(file, callee) && found.eq(expected)).then(|| align::lossy(file.text(callee)))
}

/// How a function is declared, where everybody declares it so; nothing where a macro has
/// its name, or an inline function stands for it in some configurations.
fn declared(file: &FileContext, name: &str) -> Option<FunctionDeclaration> {
    let found = file.unit.lookup(name);
    let function = |it: &Definition| match &it.kind {
        DefinitionKind::Function(function) => Some(function.clone()),
        _ => None,
    };
    let all: Option<Vec<FunctionDeclaration>> = found.iter().map(function).collect();
    let all = all?;
    let first = all.first()?.clone();
    all.iter().all(|it| same_type(it, &first)).then_some(first)
}

fn same_type(one: &FunctionDeclaration, other: &FunctionDeclaration) -> bool {
    let types = |it: &FunctionDeclaration| -> Vec<String> {
        it.params.iter().map(|param| param.type_text.clone()).collect()
    };
    one.return_type == other.return_type
        && types(one) == types(other)
        && !one.variadic
        && !other.variadic
}
