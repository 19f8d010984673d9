//! Wrappers that add nothing: what they call is called in their place.

use super::fate::{self, MemberPlan};
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::{Fate, OpenFile, Plan, Remedy, RemedyKind, Rule, align, is_plain, words};
use crate::detect::{CloneGroup, Kind, Member};
use crate::syntax::LoopMacros;
use crate::syntax::decl::{Definition, DefinitionKind, FunctionDeclaration};

/// The rule for a group, if it is one of wrappers.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    let fits = |rule: &&Rule| {
        rule.remedy == RemedyKind::Elide
            && rule.kinds.contains(&group.kind)
            && rule.levels.contains(&group.level)
    };
    rules.iter().find(fits).filter(|_| group.kind == Kind::Wrapper)
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
    let mut kept: Vec<(usize, String)> = Vec::new();
    let mut first = None;
    for (index, (member, open)) in group.members.iter().zip(open).enumerate() {
        match elided(open, member, loops) {
            Ok(callee) if kept.first().is_none_or(|(_, known)| *known == callee) => {
                kept.push((index, callee));
            }
            Ok(_) => {}
            Err(refusal) => {
                first.get_or_insert(refusal);
            }
        }
    }
    let Some((_, callee)) = kept.first().cloned() else {
        let none = || {
            let at = group.members[0].function.start;
            open[0].context.refuse(Reason::AddsNothing, at, "each member is one call")
        };
        return Err(first.unwrap_or_else(none));
    };
    let members: Vec<Member> = kept.iter().map(|(at, _)| group.members[*at].clone()).collect();
    let open: Vec<&OpenFile> = kept.iter().map(|(at, _)| open[*at]).collect();
    let group = CloneGroup { members, ..group.clone() };
    let files: Vec<&FileContext> = open.iter().map(|open| &open.context).collect();
    let members = align::read(&files, &group, loops)?;
    let alignment = align::Alignment { members, sites: Vec::new(), renamed_locals: false };
    let subject = Subject { file: files[0], group: &group, alignment: &alignment };
    let members = fate::copies(&subject, 0, &group.members, &open)?;
    if let Some(stays) = members.iter().find(|member| member.fate != Fate::Gone) {
        let file = files[stays.file.min(files.len() - 1)];
        let detail = format!("{} is used in another way than by its name", stays.name);
        return Err(file.refuse(Reason::AddsNothing, stays.function.start, detail));
    }
    for (member, file) in members.iter().zip(&files) {
        is_declared(file, member, &callee)?;
    }
    fate::gain(&subject, &members, None, (rule.limits.lines_saved, None))?;
    Ok(Plan::new(&subject, rule, Remedy::Elide(callee), members))
}

/// What a member calls in its place, if it may go.
fn elided(open: &OpenFile, member: &Member, loops: &LoopMacros) -> Result<String, Refusal> {
    let file = &open.context;
    is_plain(file, member)?;
    let start = member.function.start;
    let refuse = |reason, detail: String| Err(file.refuse(reason, start, detail));
    let alone = CloneGroup {
        id: String::new(),
        kind: Kind::Wrapper,
        level: crate::detect::Level::Driver,
        members: vec![member.clone()],
        holes: Vec::new(),
        adds_nothing: false,
    };
    let parsed = align::read(&[file], &alone, loops)?;
    let own = parsed.first().map(|it| align::parameters(file, &it.tree)).unwrap_or_default();
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
    Ok(callee)
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

/// Whether every use of a member stands where the callee is known.
fn is_declared(file: &FileContext, member: &MemberPlan, callee: &str) -> Result<(), Refusal> {
    let start = member.function.start;
    if file.is_declared_in_header(callee) {
        return Ok(());
    }
    let calls = member.uses.calls.iter().map(|call| call.name);
    let mut uses = calls.chain(member.uses.addresses.iter().copied());
    match uses.all(|token| file.tokens[token].start > start) {
        true => Ok(()),
        false => {
            let detail = format!("{callee}() is not declared where {} is used", member.name);
            Err(file.refuse(Reason::DeclarationOrder, start, detail))
        }
    }
}
