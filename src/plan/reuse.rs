//! Copies of a function that is there already, for all who want to call it: an exported
//! one of another module, or an inline function of a header. It stays as it is, and is no
//! part of the patch.

use super::fate::{self, MemberPlan};
use super::file::FileContext;
use super::holes::{Holes, Subject};
use super::refusal::{Reason, Refusal};
use super::uses::Uses;
use super::{
    Fate, OpenFile, Plan, Remedy, RemedyKind, Rule, align, is_plain, sharing, traps, words,
};
use crate::detect::CloneGroup;
use crate::syntax::LoopMacros;
use crate::syntax::decl::{DefinitionKind, Meanings};

/// Letters of the shortest word that says what a function does: `to` and `get` do not.
const TELLING: usize = 4;

/// Plans that the members of `group` but the first go, which do what the first does: all
/// of their files see it, and are never linked without it. `open` are the members' files,
/// `is_apart` whether the first one's is compiled for another module.
///
/// # Errors
/// What stands against it, for the first member that it concerns.
pub fn plan(
    open: &[&OpenFile],
    group: &CloneGroup,
    rule: &Rule,
    loops: &LoopMacros,
    is_apart: bool,
) -> Result<Plan, Refusal> {
    let file = &open[0].context;
    let original = &group.members[0];
    for (member, open) in group.members.iter().zip(open) {
        is_plain(&open.context, member)?;
    }
    let files: Vec<&FileContext> = open.iter().map(|open| &open.context).collect();
    let bare = without_linkage(group, &files);
    let alignment = align::align(&files, &bare, loops)?;
    let subject = Subject { file, group: &bare, alignment: &alignment };
    if let Some(site) = alignment.sites.first() {
        let value = |at: usize| String::from_utf8_lossy(&site.values[at]).into_owned();
        let detail = format!("`{}` is `{}` in {}", value(1), value(0), original.name);
        let at = alignment.members[1].tokens.start + site.token;
        let other = alignment.members[1].file;
        return Err(other.refuse(Reason::NotTheSame, other.tokens[at].start, detail));
    }
    traps::check(&bare, &alignment, RemedyKind::Merge)?;
    let mut members = vec![MemberPlan {
        name: original.name.clone(),
        file: 0,
        function: original.function.clone(),
        own: align::parameters(file, &alignment.members[0].tree),
        comment: file.leading_comment(original.function.start, &original.name),
        fate: Fate::Survives,
        uses: Uses::default(),
    }];
    members.extend(fate::copies(&subject, 1, &group.members[1..], &open[1..])?);
    fate::gain(&subject, &members, None, (rule.limits.lines_saved, None))?;
    let references = sharing::references(&subject, &Holes::default());
    for other in &files[1..] {
        let meanings = match is_apart {
            true => Meanings::of_modules(&file.unit, &other.unit),
            false => Meanings::new(&file.unit, &other.unit),
        };
        meanings.agree(&references).map_err(|apart| sharing::refuse(&subject, &apart))?;
    }
    Ok(Plan::new(&subject, rule, Remedy::Merge(0), members))
}

/// The group with functions that begin behind what says who knows them: in that they differ.
fn without_linkage(group: &CloneGroup, files: &[&FileContext]) -> CloneGroup {
    let mut group = group.clone();
    for (member, file) in group.members.iter_mut().zip(files) {
        let signature = file.token_at(member.function.start)..file.token_at(member.function.body);
        let is_linkage =
            |at: &usize| matches!(file.text(*at), b"static" | b"inline" | b"__inline" | b"extern");
        if let Some(first) = signature.into_iter().find(|at| !is_linkage(at)) {
            member.function.start = file.tokens[first].start;
        }
    }
    group
}

/// Whether the file of a copy sees the function that is there, as a plain one or as an
/// inline function of a header, whatever the configuration; and whether that function's
/// name says what the copy is for.
///
/// # Errors
/// `no-header`, `name-would-lie`.
pub fn may_call(
    original: (&FileContext, &str),
    copy: (&FileContext, &crate::detect::Member),
) -> Result<(), Refusal> {
    let ((home, name), (file, member)) = (original, copy);
    let refuse = |reason, detail| Err(file.refuse(reason, member.function.start, detail));
    let is_inline = !home.path.ends_with(".c");
    let found = file.unit.lookup(name);
    let is_it = |kind: &DefinitionKind, path: &str| match kind {
        DefinitionKind::Function(function) if is_inline => function.is_inline && path == home.path,
        DefinitionKind::Function(function) => !function.is_inline,
        _ => false,
    };
    if found.is_empty() || !found.iter().all(|it| is_it(&it.kind, &it.file)) {
        let detail = format!("{} does not see {name}() of {}", file.path, home.path);
        return refuse(Reason::NoHeader, detail);
    }
    let telling = |name: &str| {
        words::words(name).into_iter().filter(|word| word.len() >= TELLING).collect::<Vec<_>>()
    };
    let (one, other) = (telling(name), telling(&member.name));
    let says = |word: &String| other.iter().any(|it| it.contains(word) || word.contains(it));
    if !one.iter().any(says) {
        let detail = format!("{name}() says something else than {}()", member.name);
        return refuse(Reason::NameWouldLie, detail);
    }
    Ok(())
}
