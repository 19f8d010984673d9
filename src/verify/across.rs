//! The rung *expands* for a claim whose members lie in several files. Each file is
//! checked as one alone is; on top of that, what does the members' work must be known to
//! all of them (a header declares it as it is defined, and is changed in nothing else),
//! and every name of its text must mean the same in the files that the members stood in.

use super::definition::{self, Role};
use super::expands::{FileCheck, TargetPlace, is_new_name, nowhere};
use super::facts;
use super::macros::Macros;
use super::names::FileNames;
use super::signature::{self, Linkage};
use super::substitution::OneFile;
use super::unit::{Branch, Difference, Item, Unit};
use super::{Claim, Files, Lift, Problem, Scope, Verdict, library, lifted, preamble};
use crate::syntax::LoopMacros;
use crate::syntax::decl::{Definition, DefinitionKind, Meanings, References};
use crate::tree::TreePath;
use std::collections::BTreeSet;

/// What the check is made with.
struct Across<'a> {
    before: &'a Files,
    after: &'a Files,
    claim: &'a Claim,
    loops: &'a LoopMacros,
    scope: &'a dyn Scope,
    /// The target's module is one of its own, which is there wherever a member is.
    is_library: bool,
}

/// Checks the files before and after the patch against the claim.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    names: (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    if let Some(lift) = &claim.lift {
        return in_two_steps(before, after, (claim, lift), names);
    }
    match library::without(before, after, claim, names.1)? {
        Some(library::Sides { before, after }) => files(&before, &after, claim, names, true),
        None => {
            let after = preamble::without(before, after, claim, names.1)?;
            files(before, &after, claim, names, false)
        }
    }
}

/// Of a part of each member: first that it may be a function of its own in its file, then
/// what becomes of these functions.
fn in_two_steps(
    before: &Files,
    after: &Files,
    (claim, lift): (&Claim, &Lift),
    names: (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    let home = claim.target_path().cloned().unwrap_or_default();
    let between = lifted::between(before, claim, lift).ok_or_else(|| {
        problem(&home, None, None, "the edits of the claim cannot be made".to_owned())
    })?;
    let paths: BTreeSet<&TreePath> = claim.members.iter().map(|(path, _)| path).collect();
    if lift.edits.keys().any(|path| !paths.contains(path)) {
        let detail = "a file without members is lifted".to_owned();
        return Err(problem(&home, None, None, detail));
    }
    for path in paths {
        let [old, split] = [before, &between.files]
            .map(|files| Unit::new(path, files.get(path).map_or(&[][..], Vec::as_slice)));
        lifted::check(&old, &split, (claim, lift), names.0).map_err(|difference| {
            let line = difference.before.map(|at| old.line(at));
            problem(path, line, None, difference.detail)
        })?;
    }
    check(&between.files, after, &between.claim, names)
}

fn files(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
    is_library: bool,
) -> Result<(), Problem> {
    let home = claim.target_path().cloned().unwrap_or_default();
    let Some(scope) = scope else {
        let detail = "the files' headers are not at hand: what names mean is not known".to_owned();
        return Err(problem(&home, None, None, detail));
    };
    let across = Across { before, after, claim, loops, scope, is_library };
    let mut files: BTreeSet<&TreePath> = claim.members.iter().map(|(path, _)| path).collect();
    let is_reuse = across.is_reuse();
    if is_reuse {
        across.was_there()?;
        // Nothing of it changes, so there is nothing to expand.
        files.remove(&home);
    }
    let of_members = files.clone();
    files.extend((home.ends_with(".c") && !is_reuse).then_some(&home));
    for path in &files {
        across.file(path)?;
    }
    for path in of_members {
        across.reaches(path)?;
    }
    let mut declared = false;
    let is_left_alone = |path: &TreePath| is_reuse && *path == home;
    for path in after.keys().filter(|path| !files.contains(path) && !is_left_alone(path)) {
        across.header(path)?;
        declared = true;
    }
    if !declared && !is_reuse {
        across.was_global()?;
    }
    Ok(())
}

fn problem(path: &str, line: Option<u32>, after_line: Option<u32>, detail: String) -> Problem {
    let (rung, line) = (Verdict::Expands, line.or(after_line).unwrap_or(1));
    Problem { rung, path: path.to_owned(), line, after_line, detail }
}

impl<'a> Across<'a> {
    fn home(&self) -> &'a str {
        self.claim.target_path().map_or("", String::as_str)
    }

    /// Whether the copies of what is there already go, and the patch leaves that alone.
    fn is_reuse(&self) -> bool {
        let home = self.home();
        let is_same = self.after.get(home).is_none_or(|after| self.before.get(home) == Some(after));
        let is_member = |(path, name): &(TreePath, String)| {
            path == home && Some(name) == self.claim.merged_into.as_ref()
        };
        is_same && self.claim.helper.is_none() && self.claim.members.iter().any(is_member)
    }

    /// Whether what is called now was there for others before, whatever the configuration.
    fn was_there(&self) -> Result<(), Problem> {
        if self.home().ends_with(".c") {
            self.was_global()?;
        }
        let (text, _) = self.texts(self.home())?;
        let unit = Unit::new(self.home(), text);
        let name = self.claim.target().unwrap_or_default();
        let fail = |detail: String| Err(problem(self.home(), None, None, detail));
        let Ok(item) = unit.function(name) else { return fail(format!("`{name}` is not there")) };
        // All drivers are the kernel's.
        let is_kernel = |at| unit.text(at).trim_ascii() == b"#ifdef __KERNEL__";
        let is_always = |branch: &Branch| {
            let is_header = self.home().ends_with(".h");
            let is_kernels = branch.number == 0 && is_kernel(branch.opened_by);
            is_header && (is_kernels || unit.is_guard(branch))
        };
        if unit.items[item].conditions.iter().any(|branch| !is_always(branch)) {
            return fail(format!("`{name}` stands under a condition"));
        }
        Ok(())
    }

    /// Whether a file sees what is called now as what it is, and not for some configurations
    /// as something else.
    fn sees(&self, path: &str, before: &Unit<'_>) -> Result<(), Difference> {
        let name = self.claim.target().unwrap_or_default();
        let names = self.scope.unit(path, before.source);
        let found = names.lookup(name);
        let is_inline = !self.home().ends_with(".c");
        let is_it = |it: &Definition| match &it.kind {
            DefinitionKind::Function(function) if is_inline => {
                function.is_inline && *it.file == *self.home()
            }
            DefinitionKind::Function(function) => !function.is_inline,
            _ => false,
        };
        match !found.is_empty() && found.iter().all(is_it) {
            true => Ok(()),
            false => Err(nowhere(format!("it does not see `{name}` of {}", self.home()))),
        }
    }

    /// The text of a file before and after; one that the patch leaves alone is the same.
    fn texts(&self, path: &str) -> Result<(&'a [u8], &'a [u8]), Problem> {
        let missing = || problem(path, None, None, "the file is missing".to_owned());
        let before = self.before.get(path).ok_or_else(missing)?;
        Ok((before, self.after.get(path).unwrap_or(before)))
    }

    /// Checks a file with members.
    fn file(&self, path: &str) -> Result<(), Problem> {
        let (old, new) = self.texts(path)?;
        let (home_old, home_new) = self.texts(self.home())?;
        let (before, after) = (Unit::new(path, old), Unit::new(path, new));
        let home = (Unit::new(self.home(), home_old), Unit::new(self.home(), home_new));
        let sides = Sides { before: &before, after: &after, home: (&home.0, &home.1) };
        self.sides(path, &sides).map_err(|difference| {
            let line = difference.before.map(|at| before.line(at));
            // A place in the helper's file is none in this one.
            let at = difference.after.filter(|_| path == self.home());
            problem(path, line, at.map(|at| after.line(at)), difference.detail)
        })
    }

    fn sides(&self, path: &str, sides: &Sides<'_, '_>) -> Result<(), Difference> {
        let Sides { before, after, home } = *sides;
        let claim = self.claim;
        let name = claim.target().ok_or_else(|| nowhere("the claim names no helper"))?;
        let merged = claim.helper.is_none();
        let (macros, names) = (Macros::new(before), FileNames::new(before));
        let mut members = Vec::new();
        for (_, name) in claim.members.iter().filter(|(it, _)| it == path) {
            let found = before.function(name);
            let found = found
                .and_then(|item| definition::Definition::new(before, item, &macros, self.loops));
            members.push(found.map_err(|e| nowhere(format!("before the patch: {e}")))?);
        }
        let at_home = path == self.home();
        let unit = if at_home { after } else { home.1 };
        let home_macros = Macros::new(home.0);
        let target = unit.function(name);
        let target = target
            .and_then(|item| definition::Definition::new(unit, item, &home_macros, self.loops));
        let target = target.map_err(|e| nowhere(format!("after the patch: {e}")))?;
        let was_global = {
            let old = home.0.function(name);
            let old = old
                .and_then(|it| definition::Definition::new(home.0, it, &home_macros, self.loops));
            merged && old.is_ok_and(|old| !signature::is_static(&old))
        };
        let is_member = claim.members.iter().any(|(it, member)| it == path && member == name);
        if self.is_reuse() {
            self.sees(path, before)?;
        } else if !was_global && !is_member {
            is_new_name(before, name.as_bytes())?;
        }
        let linkage = match self.home().ends_with(".c") {
            true => Linkage::Global,
            false => {
                self.is_inline(path, before, &target)?;
                Linkage::Static
            }
        };
        let file =
            OneFile { before, after, names: &names, macros: &macros, loops: self.loops, linkage };
        let place = if at_home { TargetPlace::HereForAll } else { TargetPlace::Elsewhere };
        FileCheck { file: &file, members: &members, target: &target, merged, place }.run()?;
        if !at_home {
            self.means_the_same(sides, &target)?;
        }
        Ok(())
    }

    /// Whether the names of the target's text mean in the members' file what they mean
    /// in its own.
    fn means_the_same(
        &self,
        sides: &Sides<'_, '_>,
        target: &definition::Definition<'_, '_>,
    ) -> Result<(), Difference> {
        let references = references(target);
        let here = self.scope.unit(sides.home.0.path, sides.home.0.source);
        let there = self.scope.unit(sides.before.path, sides.before.source);
        // What a header has is compiled with each file, for the module of that file.
        let in_one = !self.home().ends_with(".c")
            || self.scope.are_in_one_module(self.home(), sides.before.path);
        let meanings = match in_one {
            true => Meanings::new(&here, &there),
            false => Meanings::of_modules(&here, &there),
        };
        meanings.agree(&references).map_err(|apart| nowhere(apart.to_string()))
    }

    /// Whether the target is linked to the file at `path` whatever the configuration, as
    /// far as modules go: in its own, or exported by one that the file needs already.
    fn reaches(&self, path: &str) -> Result<(), Problem> {
        if self.scope.are_in_one_module(path, self.home()) || !self.home().ends_with(".c") {
            return Ok(());
        }
        let (_, new) = self.texts(self.home())?;
        let (home, name) = (Unit::new(self.home(), new), self.claim.target().unwrap_or_default());
        let is_export =
            |item: &Item| item.conditions.is_empty() && home.is_export_of(item, name.as_bytes());
        if !home.items.iter().any(is_export) {
            let detail = format!("`{name}` is not exported to the module of {path}");
            return Err(problem(self.home(), None, None, detail));
        }
        let (old, _) = self.texts(path)?;
        if !self.is_library && !self.needs(&Unit::new(path, old)) {
            let detail = format!("its module may be there without that of {}", self.home());
            return Err(problem(path, None, None, detail));
        }
        Ok(())
    }

    /// Whether a file uses, under no condition, what the target's module exports and
    /// what is no inline function for kernels without that module.
    fn needs(&self, before: &Unit<'_>) -> bool {
        let exported = self.scope.exported_with(self.home());
        let names = self.scope.unit(before.path, before.source);
        let is_needed = |name: &str| {
            let found = names.lookup(name);
            let is_plain = |it: &Definition| matches!(&it.kind, DefinitionKind::Function(function) if !function.is_inline);
            !found.is_empty() && found.iter().all(is_plain)
        };
        before.plain_tokens().any(|at| {
            let name = std::str::from_utf8(before.text(at)).unwrap_or_default();
            exported.contains(name) && is_use(before, at) && is_needed(name)
        })
    }

    /// Checks a file without members: it declares the target, and else is as it was.
    fn header(&self, path: &str) -> Result<(), Problem> {
        let fail = |detail: &str| Err(problem(path, None, None, detail.to_owned()));
        let (old, new) = self.texts(path)?;
        let (_, home) = self.texts(self.home())?;
        let (before, after) = (Unit::new(path, old), Unit::new(path, new));
        if path == self.home() {
            return self.inline_home(&before, &after);
        }
        let home = Unit::new(self.home(), home);
        let name = self.claim.target().unwrap_or_default();
        let is_declaration = |unit: &Unit<'_>| -> Vec<bool> {
            unit.items.iter().map(|it| unit.is_prototype_of(it, name.as_bytes())).collect()
        };
        let (out_before, out_after) = (is_declaration(&before), is_declaration(&after));
        if out_before.contains(&true) {
            return fail("the header declares the helper already");
        }
        if rest(&before, |at| out_before[at]) != rest(&after, |at| out_after[at]) {
            return fail("the file changed in more than a declaration of the helper");
        }
        let words = |unit: &Unit<'_>, tokens: std::ops::Range<usize>| -> Vec<Vec<u8>> {
            let texts = unit.texts(tokens).into_iter();
            let texts = texts.filter(|text| !facts::is_linkage(text) && *text != b";");
            texts.map(<[u8]>::to_vec).collect()
        };
        let macros = Macros::new(&home);
        let target = home.function(name);
        let target =
            target.and_then(|item| definition::Definition::new(&home, item, &macros, self.loops));
        let Ok(target) = target else { return fail("the helper cannot be read") };
        let signature = words(&home, target.head.start..target.body.start);
        let declared = after.items.iter().zip(&out_after).filter(|(_, out)| **out);
        let mut declared = declared.map(|(item, _)| words(&after, item.tokens.clone())).peekable();
        if declared.peek().is_none() {
            return fail("the file changed, but no member of the claim is in it");
        }
        if !declared.all(|words| words == signature) {
            return fail("the helper is declared otherwise than defined");
        }
        let declared = after.items.iter().zip(&out_after).filter(|(_, out)| **out);
        for (item, _) in declared {
            self.is_seen(&after, item)?;
        }
        Ok(())
    }

    /// Whether all files of members and the target's see a prototype of a header: it stands
    /// under no `#if` but the guard, or under one of which each of them needs another one.
    fn is_seen(&self, header: &Unit<'_>, item: &Item) -> Result<(), Problem> {
        if item.conditions.iter().all(|branch| header.is_guard(branch)) {
            return Ok(());
        }
        let of_them = header.items.iter().filter(|it| it.conditions == item.conditions);
        let names: BTreeSet<&[u8]> =
            of_them.filter_map(|it| header.declared_function(it)).collect();
        let mut paths: BTreeSet<&str> =
            self.claim.members.iter().map(|(path, _)| path.as_str()).collect();
        paths.insert(self.home());
        for path in paths {
            let (text, _) = self.texts(path)?;
            let unit = Unit::new(path, text);
            let known = self.scope.unit(path, text);
            let is_theirs = |name: &[u8]| {
                let found = known.lookup(std::str::from_utf8(name).unwrap_or_default());
                let is_it = |it: &Definition| match &it.kind {
                    DefinitionKind::Function(function) => {
                        *it.file == *header.path || *it.file == *path && function.body.is_some()
                    }
                    _ => false,
                };
                found.iter().all(is_it) && found.iter().any(|it| *it.file == *header.path)
            };
            let named = unit.plain_tokens().map(|at| unit.text(at));
            if !named.into_iter().any(|name| names.contains(name) && is_theirs(name)) {
                let detail =
                    format!("the condition of the prototype in {} may not hold", header.path);
                return Err(problem(path, None, None, detail));
            }
        }
        Ok(())
    }

    /// Whether the target is an inline function that a file gets with what it includes.
    fn is_inline(
        &self,
        path: &str,
        before: &Unit<'_>,
        target: &definition::Definition<'_, '_>,
    ) -> Result<(), Difference> {
        let unit = target.unit;
        let is_inline = target.head.clone().any(|at| unit.text(at) == b"inline");
        if !is_inline || !signature::is_static(target) {
            return Err(nowhere("the helper in a header is not static inline"));
        }
        let names = self.scope.unit(path, before.source);
        match names.headers().iter().any(|header| **header == *self.home()) {
            true => Ok(()),
            false => Err(nowhere(format!("it does not include {}", self.home()))),
        }
    }

    /// Checks a header that has the target now: nothing else has changed, and it stands under
    /// no condition but the guard's.
    fn inline_home(&self, before: &Unit<'_>, after: &Unit<'_>) -> Result<(), Problem> {
        let fail = |detail: &str| Err(problem(self.home(), None, None, detail.to_owned()));
        let name = self.claim.target().unwrap_or_default();
        let Ok(target) = after.function(name) else { return fail("the helper is not there") };
        if let Err(difference) = is_new_name(before, name.as_bytes()) {
            return fail(&difference.detail);
        }
        if rest(before, |_| false) != rest(after, |at| at == target) {
            return fail("the header changed in more than the helper");
        }
        if !after.items[target].conditions.iter().all(|branch| after.is_guard(branch)) {
            return fail("the helper stands under a condition");
        }
        Ok(())
    }

    /// Whether the target was known to other files before.
    fn was_global(&self) -> Result<(), Problem> {
        let (old, _) = self.texts(self.home())?;
        let name = self.claim.target().unwrap_or_default();
        let unit = Unit::new(self.home(), old);
        let macros = Macros::new(&unit);
        let found = unit.function(name);
        let found =
            found.and_then(|item| definition::Definition::new(&unit, item, &macros, self.loops));
        match found {
            Ok(found) if !signature::is_static(&found) => Ok(()),
            _ => {
                let detail = format!("no header declares `{name}` to the other files");
                Err(problem(self.home(), None, None, detail))
            }
        }
    }
}

/// The two texts of a file, and of that of the target.
struct Sides<'u, 's> {
    before: &'u Unit<'s>,
    after: &'u Unit<'s>,
    home: (&'u Unit<'s>, &'u Unit<'s>),
}

/// Whether a name at `at` is called, or its value is handed on.
fn is_use(unit: &Unit<'_>, at: usize) -> bool {
    let behind = if at + 1 < unit.tokens.len() { unit.text(at + 1) } else { b"" };
    unit.is_call_of(unit.text(at), at)
        || matches!(unit.text_before(at), b"=" | b"," | b"(")
            && matches!(behind, b"," | b"}" | b")" | b";")
}

/// The texts of the tokens of a file, items left out by their numbers.
fn rest<'s>(unit: &Unit<'s>, is_out: impl Fn(usize) -> bool) -> Vec<&'s [u8]> {
    let kept = unit.items.iter().enumerate().filter(|(at, _)| !is_out(*at));
    kept.flat_map(|(_, item)| unit.texts(item.tokens.clone())).collect()
}

/// What the target's text refers to beside its own locals.
fn references(target: &definition::Definition<'_, '_>) -> References {
    let mut references = References::default();
    let unit = target.unit;
    let text = |at: usize| String::from_utf8_lossy(unit.text(at));
    let own = target.own_names();
    for at in target.head.start..target.body.end {
        // `struct axf *axf` declares a parameter, and no tag.
        let is_tag = matches!(unit.text_before(at), b"struct" | b"union" | b"enum");
        let is_own = matches!(target.role(at), Role::Param(_) | Role::Local | Role::Label)
            || target.role(at) == Role::Fixed && own.contains(unit.text(at)) && !is_tag
            || at == target.name;
        if unit.is_word(at) && !is_own {
            references.add(&String::from_utf8_lossy(unit.text_before(at)), &text(at));
        }
    }
    references.add_calls(&String::from_utf8_lossy(unit.spelling(target.body.clone())));
    references
}

#[cfg(test)]
#[path = "tests/prototypes.rs"]
mod tests;
