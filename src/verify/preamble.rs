//! What a patch puts at the top of files that it changes, so that they can name what they
//! share: a line that includes the header which declares it; in that header, announcements
//! of structures and the kernel's standard types. In: the texts before and after. Out: the
//! texts after without it, if it changes nothing that the files say; or what it changes.

use super::unit::{Item, Unit};
use super::{Claim, Files, Problem, Scope, Verdict};
use crate::syntax::decl::changed_by;
use crate::syntax::split::directive_word;
use crate::tree::{TreePath, file_name, parent};
use std::collections::BTreeSet;

/// What a header may include at any time: types that are the same for every file.
const TYPES: &[u8] = b"<linux/types.h>";

/// See the module.
///
/// # Errors
/// The first line that changes what a file says, or may.
pub(super) fn without(
    before: &Files,
    after: &Files,
    claim: &Claim,
    scope: Option<&dyn Scope>,
) -> Result<Files, Problem> {
    let mut bare = after.clone();
    let home = claim.target_path();
    let users: BTreeSet<&TreePath> = claim.members.iter().map(|(path, _)| path).collect();
    for (path, new) in after {
        let Some(old) = before.get(path).filter(|_| path.ends_with(".h") && Some(path) != home)
        else {
            continue;
        };
        let (old_unit, new_unit) = (Unit::new(path, old), Unit::new(path, new));
        bare.insert(path.clone(), bare_header(&old_unit, &new_unit));
        let included = format!("\"{}\"", file_name(path));
        for user in users.iter().filter(|user| parent(user) == parent(path)) {
            let Some((old_user, new_user)) = before.get(*user).zip(bare.get(*user)) else {
                continue;
            };
            if lines_including(old_user, &included) > 0 || lines_including(new_user, &included) == 0
            {
                continue;
            }
            let fail = |detail: String| {
                let (rung, path) = (Verdict::Expands, user.to_string());
                Err(Problem { rung, path, line: 1, after_line: Some(1), detail })
            };
            let Some(text) = without_include(new_user, &included, true) else {
                return fail(format!("it does not include {included} behind all else, for all"));
            };
            let Some(scope) = scope else { return fail("the tree is not at hand".to_owned()) };
            let units = (scope.unit(user, old_user), scope.unit(path, old));
            if let Some(told) = changed_by(&units.0, old_user, &units.1) {
                let name = told.name;
                return fail(format!("with {included}, {} says what `{name}` is", told.at));
            }
            bare.insert((*user).clone(), text);
        }
    }
    Ok(bare)
}

/// The text of a header without the announcements and standard types that it has more.
fn bare_header(before: &Unit<'_>, after: &Unit<'_>) -> Vec<u8> {
    let count = |unit: &Unit<'_>, texts: &[&[u8]]| {
        unit.items.iter().filter(|item| unit.texts(item.tokens.clone()) == texts).count()
    };
    let is_harmless = |item: &Item| {
        let texts = after.texts(item.tokens.clone());
        let is_types = |text: &[u8]| include_of(text) == Some(TYPES);
        let may_be = announces(&texts) || matches!(texts.as_slice(), [only] if is_types(only));
        may_be && item.conditions.iter().all(|branch| after.is_guard(branch))
    };
    let (mut bare, mut at) = (Vec::new(), 0);
    let mut gone: Vec<Vec<&[u8]>> = Vec::new();
    for item in after.items.iter().filter(|item| is_harmless(item)) {
        let texts = after.texts(item.tokens.clone());
        let so_far = gone.iter().filter(|it| **it == texts).count();
        if count(after, &texts) > count(before, &texts) + so_far {
            let span = after.span(item.tokens.clone());
            bare.extend_from_slice(after.source.get(at..span.start).unwrap_or_default());
            at = span.end;
            gone.push(texts);
        }
    }
    bare.extend_from_slice(after.source.get(at..).unwrap_or_default());
    bare
}

/// Whether these tokens announce a structure and say nothing else of it.
pub(super) fn announces(texts: &[&[u8]]) -> bool {
    matches!(texts, [b"struct", _, b";"])
}

/// How many lines of a text include a header.
fn lines_including(text: &[u8], header: &str) -> usize {
    let lines = text.split(|&byte| byte == b'\n');
    lines.filter(|line| include_of(line).is_some_and(|it| it == header.as_bytes())).count()
}

/// What the line includes, as it is spelled.
fn include_of(line: &[u8]) -> Option<&[u8]> {
    let bare = line.trim_ascii();
    let (word, rest) = bare.starts_with(b"#").then(|| directive_word(bare))?;
    (word == b"include").then(|| rest.trim_ascii())
}

/// A text without the one line that includes a header, under no condition, and, if it is
/// to be the `last`, behind all lines that include something.
pub(super) fn without_include(text: &[u8], header: &str, last: bool) -> Option<Vec<u8>> {
    let mut depth = 0_usize;
    let mut found = 0;
    let mut kept = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let bare = line.trim_ascii();
        let word = bare.starts_with(b"#").then(|| directive_word(bare).0);
        match (word, include_of(line)) {
            (Some(b"if" | b"ifdef" | b"ifndef"), _) => depth += 1,
            (Some(b"endif"), _) => depth = depth.saturating_sub(1),
            (_, Some(included)) if included == header.as_bytes() && depth == 0 => {
                found += 1;
                continue;
            }
            (_, Some(_)) if last && found > 0 => return None,
            _ => {}
        }
        kept.extend_from_slice(line);
    }
    (found == 1).then_some(kept)
}

#[cfg(test)]
#[path = "tests/preamble.rs"]
mod tests;
