//! Members that nothing names: they go, and nothing takes their place.

use super::align::{self, Alignment, lossy};
use super::fate;
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::{Fate, MemberPlan, OpenFile, Plan, Remedy, RemedyKind, Rule, is_plain, rules, uses};
use crate::detect::{CloneGroup, Member};
use crate::syntax::decl::{Definition, DefinitionKind};
use crate::syntax::{LoopMacros, TokenKind, lexer};
use crate::tree::TreePath;
use std::ops::Range;

/// Attributes under which a function that nothing names is not there for the linker or for
/// an assembler, and which do not say that it is unused on purpose. Source:
/// `include/linux/compiler_attributes.h`, `include/linux/init.h`.
const HARMLESS: &[&str] = &[
    "__always_inline",
    "__must_check",
    "__pure",
    "__attribute_const__",
    "__init",
    "__exit",
    "noinline",
];

/// The rule that takes the group's unused members.
pub fn rule<'r>(rules: &'r [Rule], group: &CloneGroup) -> Option<&'r Rule> {
    rules::with_remedy(rules, RemedyKind::Delete, group)
}

/// Whether the text of a file names a static member only where it is defined, and, by the
/// looks of their lines, in prototypes and in comments: what is asked of a file before it is
/// read in full.
pub fn may_be(text: &[u8], member: &Member) -> bool {
    let (function, name) = (&member.function, member.name.as_bytes());
    let signature = text.get(function.start as usize..function.body as usize);
    if !signature.is_some_and(|text| lexer::contains_word(text, b"static")) {
        return false;
    }
    let own = function.range();
    let is_use = |at: usize| {
        let from = text[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = &text[from..at];
        let end = at + name.len();
        let is_comment = [&b"*"[..], b"/"].iter().any(|it| line.trim_ascii().starts_with(it));
        let is_prototype = !line.starts_with(b"\t") && text.get(end) == Some(&b'(');
        !is_comment && !is_prototype
    };
    let mut named = lexer::words_at(text, name).filter(|at| !own.contains(at));
    !named.any(is_use)
}

/// Plans that those members of `group` go that nothing names, each in the one of `open` at
/// its place; `None` where their files name all of them. `header_with` finds a header of a
/// file that has a word.
///
/// # Errors
/// What stands against the first member that its file does not name.
pub fn plan(
    open: &[&OpenFile],
    group: &CloneGroup,
    rule: &Rule,
    loops: &LoopMacros,
    header_with: &dyn Fn(&FileContext, &str) -> Option<TreePath>,
) -> Option<Result<Plan, Refusal>> {
    let mut first = None;
    let (mut kept, mut parsed): (Vec<(&Member, &OpenFile)>, _) = (Vec::new(), Vec::new());
    for (member, open) in group.members.iter().zip(open) {
        let file = &open.context;
        if !uses::uses(file, &member.function, &open.pastes).none() {
            continue;
        }
        let read = is_plain(file, member)
            .and_then(|()| is_unwanted(open, member, header_with))
            .and_then(|()| align::read(file, member, loops));
        match read {
            Ok(read) => {
                kept.push((member, open));
                parsed.push(read);
            }
            Err(refusal) => {
                first.get_or_insert(refusal);
            }
        }
    }
    let (members, open): (Vec<Member>, Vec<&OpenFile>) =
        kept.into_iter().map(|(member, open)| (member.clone(), open)).unzip();
    let Some(file) = open.first().map(|open| &open.context) else { return first.map(Err) };
    let group = CloneGroup { members, ..group.clone() };
    let alignment = Alignment { members: parsed, sites: Vec::new(), renamed_locals: false };
    let subject = Subject { file, group: &group, alignment: &alignment };
    let members = group.members.iter().zip(&open).enumerate();
    let members: Vec<MemberPlan> = members
        .map(|(index, (member, open))| fate::member_plan(&subject, index, member, open))
        .map(|plan| MemberPlan { fate: Fate::Gone, ..plan })
        .collect();
    if let Some((left, at)) = left_unused(&open, &group.members) {
        let detail = format!("nothing else uses {left}");
        return Some(Err(file.refuse(Reason::UnusedMember, at, detail)));
    }
    let may_go = fate::claim(&members, &open)
        .and_then(|()| fate::gain(&subject, &members, None, (rule.limits.lines_saved, None)));
    Some(may_go.map(|()| Plan::new(&subject, rule, Remedy::Delete, members)))
}

/// # Errors
/// `unused-member` with what may want a member that its file does not name, or what would be
/// left by it.
fn is_unwanted(
    open: &OpenFile,
    member: &Member,
    header_with: &dyn Fn(&FileContext, &str) -> Option<TreePath>,
) -> Result<(), Refusal> {
    let (file, name) = (&open.context, &member.name);
    let refuse =
        |detail: String| Err(file.refuse(Reason::UnusedMember, member.function.start, detail));
    let declared = file.unit.lookup(name);
    let is_harmless = |kind: &DefinitionKind| match kind {
        DefinitionKind::Function(it) => {
            it.is_static && it.attributes.iter().all(|it| HARMLESS.contains(&it.as_str()))
        }
        _ => false,
    };
    if declared.is_empty() || !declared.iter().all(|it| is_harmless(&it.kind)) {
        return refuse(format!("an attribute of {name} says why it is there"));
    }
    let uses = uses::uses(file, &member.function, &open.pastes);
    let comment = file.leading_comment(member.function.start, name);
    let own: Vec<Range<usize>> =
        uses.prototypes.into_iter().chain(comment).chain([member.function.range()]).collect();
    let is_own = |at: &usize| own.iter().any(|range| range.contains(at));
    if let Some(at) = lexer::words_at(&file.bytes, name.as_bytes()).find(|at| !is_own(at)) {
        let line = file.line_of(at);
        return refuse(format!("line {line} names {name} in a comment or a string"));
    }
    if let Some(header) = header_with(file, name) {
        return refuse(format!("{header} names {name}"));
    }
    if !file.is_always(member.function.start) {
        // An option that nothing sets, or that somebody sets by hand.
        return refuse(format!("{name} stands under a condition"));
    }
    if let Some((macro_name, word)) = composed(file, name) {
        return refuse(format!("{macro_name}() may make up {name} out of {word}"));
    }
    Ok(())
}

/// The macro, and the word among its arguments, out of which the name of a function may be
/// made: any that pastes, or that is not known in this configuration, with a word that the
/// name begins or ends with.
fn composed(file: &FileContext, name: &str) -> Option<(String, String)> {
    let is_word =
        |&at: &usize| matches!(file.tokens[at].kind, TokenKind::Ident | TokenKind::Number);
    let calls = (0..file.tokens.len()).filter(|&at| {
        align::is_ident(file, at) && file.text(at + 1) == b"(" && !lexer::is_keyword(file.text(at))
    });
    calls.filter_map(|at| Some((at, uses::closing(file, at + 1)?))).find_map(|(at, close)| {
        let callee = lossy(file.text(at));
        let word = (at + 2..close).take(uses::MOST_PASTED).filter(is_word).find(|&at| {
            let word = file.text(at);
            word != name.as_bytes()
                && (name.as_bytes().starts_with(word) || name.as_bytes().ends_with(word))
        })?;
        let may_paste = match file.unit.macro_facts(&callee) {
            Some(_) => uses::expansion(file, &callee).contains("##"),
            None => !file.is_function(&callee) && !file.is_object(&callee),
        };
        may_paste.then(|| (callee, lossy(file.text(word))))
    })
}

/// What of their file, if static, nothing but `members` name, and where one of these does:
/// the compiler would warn about that once they are gone.
fn left_unused(open: &[&OpenFile], members: &[Member]) -> Option<(String, u32)> {
    members.iter().zip(open).find_map(|(member, open)| {
        let file = &open.context;
        let here = members.iter().filter(|it| it.file == member.file);
        let own: Vec<Range<usize>> = here.map(|it| file.tokens_of(&it.function)).collect();
        let left = file.tokens_of(&member.function).filter(|&at| align::is_ident(file, at));
        left.map(|at| file.text(at))
            .find(|word| is_left(open, word, &own, members))
            .map(|word| (lossy(word), member.function.start))
    })
}

/// Whether a word is a static object or function of the file that nothing names outside
/// `own`, the tokens of functions that go.
fn is_left(open: &OpenFile, word: &[u8], own: &[Range<usize>], members: &[Member]) -> bool {
    let file = &open.context;
    let name = lossy(word);
    if members.iter().any(|it| it.name == name) || !file.directives_with(word).is_empty() {
        return false;
    }
    let outside = |at: &&usize| !own.iter().any(|range| range.contains(at));
    match file.functions.iter().find(|it| it.name(&file.bytes) == word) {
        Some(function) => {
            let uses = uses::uses(file, function, &open.pastes);
            let calls = uses.calls.iter().map(|call| &call.name);
            uses.anchor.is_none() && !calls.chain(&uses.addresses).any(|at| outside(&at))
        }
        None => {
            let found = file.unit.lookup(&name);
            let is_own = |it: &Definition| {
                *it.file == *file.path
                    && matches!(it.kind, DefinitionKind::Variable { is_static: true, .. })
            };
            let declared = found.iter().filter(|it| is_own(it)).count();
            declared > 0 && file.occurrences(word).iter().filter(outside).count() <= declared
        }
    }
}
