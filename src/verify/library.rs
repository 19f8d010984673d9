//! A patch that makes a module of its own for what several drivers share. In: its texts and
//! the claim. Out: the same without what only makes the module, for the check of files that
//! are there before and after; or what is wrong with it.
//!
//! What makes the module: a source file with nothing but the function that is claimed and
//! what it says of itself; a header with nothing but its prototype; one line that includes
//! this in each user's file; one line of the Kbuild file; and an option that nobody but
//! its users sees, which each of them selects. So the module is there wherever a user is.

use super::preamble::{self, without_include};
use super::unit::{Item, Unit};
use super::{Claim, Files, Problem, Scope, Verdict};
use crate::tree::kconfig::{Entry, entries};
use crate::tree::{TreePath, file_name, parent};
use std::collections::BTreeSet;

/// Files before and after.
pub(super) struct Sides {
    pub before: Files,
    pub after: Files,
}

/// See the module; `None` where the patch makes no file.
///
/// # Errors
/// The first thing that is more than a module needs, or less.
pub(super) fn without(
    before: &Files,
    after: &Files,
    claim: &Claim,
    scope: Option<&dyn Scope>,
) -> Result<Option<Sides>, Problem> {
    let new: Vec<&TreePath> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    if new.is_empty() {
        return Ok(None);
    }
    let home = claim.target_path().cloned().unwrap_or_default();
    let fail = |path: &str, detail: &str| {
        let (path, detail) = (path.to_owned(), detail.to_owned());
        Err(Problem { rung: Verdict::Expands, path, line: 1, after_line: Some(1), detail })
    };
    let Some(scope) = scope else { return fail(&home, "the tree is not at hand") };
    let Some(stem) = home.strip_suffix(".c") else {
        return fail(&home, "a new file that has no function of the claim");
    };
    let header = format!("{stem}.h");
    if new.iter().any(|path| **path != home && **path != header) || new.len() != 2 {
        return fail(new[0], "a new file that is neither the function's nor its header");
    }
    let module = file_name(stem);
    let users: BTreeSet<&TreePath> = claim.members.iter().map(|(path, _)| path).collect();
    let mut options = BTreeSet::new();
    for path in &users {
        match scope.option(path) {
            Some(option) => drop(options.insert(option)),
            None => return fail(path, "it is not clear on which option it depends"),
        }
    }
    let mut sides = Sides { before: before.clone(), after: after.clone() };
    let mut option = None;
    let names = ["Kbuild", "Makefile"].map(|name| format!("{}/{name}", folder_of(&home)));
    for path in before.keys().filter(|path| names.contains(path)) {
        let texts = (text(before, path), text(after, path));
        match listed(&texts.0, &texts.1, module, &options) {
            Ok(found) => option = Some(found),
            Err(detail) => return fail(path, &detail),
        }
        sides.before.remove(path);
        sides.after.remove(path);
    }
    let Some(option) = option else { return fail(&home, "no Kbuild file builds it") };
    let kconfig = format!("{}/Kconfig", folder_of(&home));
    if let Err(detail) =
        selected(&text(before, &kconfig), &text(after, &kconfig), &option, &options)
    {
        return fail(&kconfig, &detail);
    }
    sides.before.remove(&kconfig);
    sides.after.remove(&kconfig);
    for path in users {
        let name = format!("\"{module}.h\"");
        let new = after.get(path).map_or(&[][..], Vec::as_slice);
        match without_include(new, &name, false) {
            Some(without) => drop(sides.after.insert(path.clone(), without)),
            None => return fail(path, "it does not include the new header once, for all"),
        }
    }
    let target = claim.target().unwrap_or_default().as_bytes();
    let (source, declared) = (text(after, &home), text(after, &header));
    let unit = Unit::new(&home, source.as_bytes());
    let is_it = |item: &Item| {
        let function = item.function.as_ref();
        function.is_some_and(|it| it.name(unit.source) == target) || unit.is_export_of(item, target)
    };
    let says_of_itself = |item: &Item| {
        let first = unit.text(item.tokens.start);
        matches!(first, b"MODULE_LICENSE" | b"MODULE_DESCRIPTION")
            && item.tokens.clone().all(|at| unit.text(at) != b"{")
    };
    let bare = bare(&unit, &is_it, &says_of_itself);
    let Some(bare) = bare.filter(|_| source.contains("MODULE_LICENSE(\"GPL")) else {
        return fail(&home, "the new file has more than the function, or no licence");
    };
    sides.before.insert(home.clone(), bare);
    let unit = Unit::new(&header, declared.as_bytes());
    let is_it = |item: &Item| unit.is_prototype_of(item, target);
    let announces = |item: &Item| preamble::announces(&unit.texts(item.tokens.clone()));
    let Some(bare) = self::bare(&unit, &is_it, &announces) else {
        return fail(&header, "the new header has more than the prototype");
    };
    sides.before.insert(header, bare);
    Ok(Some(sides))
}

fn folder_of(path: &str) -> &str {
    parent(path).unwrap_or_default()
}

fn text(files: &Files, path: &str) -> String {
    String::from_utf8_lossy(files.get(path).map_or(&[][..], Vec::as_slice)).into_owned()
}

/// The text without the items that are `it`; `None` where there is none of these, or one
/// that is neither `it` nor may be there.
fn bare(
    unit: &Unit<'_>,
    is_it: &dyn Fn(&Item) -> bool,
    may_be: &dyn Fn(&Item) -> bool,
) -> Option<Vec<u8>> {
    let (mut bare, mut at, mut found) = (Vec::new(), 0, false);
    for item in &unit.items {
        let is_directive = item.tokens.clone().all(|at| unit.directive(at).is_some());
        if is_it(item) {
            let span = unit.span(item.tokens.clone());
            bare.extend_from_slice(unit.source.get(at..span.start)?);
            (at, found) = (span.end, true);
        } else if !is_directive && !may_be(item) {
            return None;
        }
    }
    bare.extend_from_slice(unit.source.get(at..)?);
    found.then_some(bare)
}

/// The option of the one line that a Kbuild file has more, which stands above that of a
/// user.
fn listed(
    before: &str,
    after: &str,
    module: &str,
    users: &BTreeSet<String>,
) -> Result<String, String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let is_one = new.len() == old.len() + 1 && new.get(same + 1..) == old.get(same..);
    let line = new.get(same).filter(|_| is_one).ok_or("it changed in more than one line")?;
    let option = line
        .strip_prefix("obj-$(CONFIG_")
        .and_then(|rest| rest.split_once(')'))
        .filter(|(_, rest)| rest.split_whitespace().eq(["+=", &format!("{module}.o")]))
        .map(|(option, _)| option.to_owned());
    let option = option.ok_or("the new line does not build the new module")?;
    let is_above = |user: &String| {
        new.get(same + 1).is_some_and(|line| line.starts_with(&format!("obj-$(CONFIG_{user})")))
    };
    let continued =
        same.checked_sub(1).and_then(|at| new.get(at)).is_some_and(|it| it.ends_with('\\'));
    match users.iter().any(is_above) && !continued && !before.contains(&format!("CONFIG_{option})"))
    {
        true => Ok(option),
        false => Err("the new line does not stand beside a user's".to_owned()),
    }
}

/// Whether a Kconfig file has nothing more than an option, which depends on nothing of its
/// own, and that all of `users` select.
fn selected(
    before: &str,
    after: &str,
    option: &str,
    users: &BTreeSet<String>,
) -> Result<(), String> {
    let (old, new) = entries(before).zip(entries(after)).ok_or("it cannot be read")?;
    let named = |name: &str| new.iter().filter(|it| it.name == name).collect::<Vec<&Entry>>();
    let own = match named(option).as_slice() {
        [own] if own.attributes == ["tristate"] => *own,
        _ => return Err(format!("{option} is no plain tristate")),
    };
    if old.iter().any(|it| it.name == option) {
        return Err(format!("{option} is there already"));
    }
    for user in users {
        let found = named(user);
        let [entry] = found.as_slice() else { return Err(format!("it does not have {user} once")) };
        if !entry.selects(option) || !entry.blocks.starts_with(&own.blocks) {
            return Err(format!("{user} does not select {option} under its own conditions"));
        }
    }
    let select = format!("select {option}");
    let is_new = |at: &usize, line: &str| own.line.contains(at) || line.trim() == select;
    let mut at = 0;
    let mut kept = Vec::new();
    let mut lines = after.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let start = at;
        at += line.len();
        if !is_new(&start, line) {
            kept.push(line);
        } else if own.line.contains(&start) {
            // Its type, and the blank line behind it.
            at += lines.next_if(|it| it.trim() == "tristate").map_or(0, str::len);
            at += lines.next_if(|it| it.trim().is_empty()).map_or(0, str::len);
        }
    }
    match kept.concat() == before {
        true => Ok(()),
        false => Err(format!("it changed in more than {option}")),
    }
}

#[cfg(test)]
#[path = "tests/library.rs"]
mod tests;
