//! The rung *expands*: every member's replacement expands to it, and nothing else has
//! changed in its file. Claims whose members lie in several files are for
//! [`across`](super::across), file by file.

use super::align::CallPair;
use super::callsites::{Rewrites, Walker};
use super::definition::Definition;
use super::macros::Macros;
use super::names::FileNames;
use super::signature::{self, Linkage};
use super::substitution::{self, OneFile};
use super::unit::{Difference, Unit, shown};
use super::{
    Claim, Files, Lift, Problem, Scope, Tabled, Verdict, across, elided, family, lifted, lookup,
    placement, unrolled,
};
use crate::syntax::{Lexer, LoopMacros};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the files before and after the patch against the claim.
pub fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    (loops, scope): (&LoopMacros, Option<&dyn Scope>),
) -> Result<(), Problem> {
    match claim.tabled {
        Some(Tabled::Switch) => return lookup::check(before, after, claim, (loops, scope)),
        Some(Tabled::Run) => return unrolled::check(before, after, claim, scope),
        None => {}
    }
    if claim.rows.is_some() {
        return family::check(before, after, claim, (loops, scope));
    }
    if claim.is_elision {
        return elided::check(before, after, claim, (loops, scope));
    }
    if claim.is_across_files() {
        return across::check(before, after, claim, (loops, scope));
    }
    let path = claim.target_path().cloned().unwrap_or_default();
    let problem = |path: &str, line: u32, after_line: Option<u32>, detail: String| {
        let rung = Verdict::Expands;
        Problem { rung, path: path.to_owned(), line, after_line, detail }
    };
    let touched: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let other = touched.into_iter().find(|p| **p != path && before.get(*p) != after.get(*p));
    if let Some(other) = other {
        let detail = "the file changed, but no member of the claim is in it".to_owned();
        return Err(problem(other, 1, None, detail));
    }
    let (Some(old), Some(new)) = (before.get(&path), after.get(&path)) else {
        return Err(problem(&path, 1, None, "the file is missing on one side".to_owned()));
    };
    let (old, new) = (Unit::new(&path, old), Unit::new(&path, new));
    let checked = match &claim.lift {
        None => one_file(&old, &new, claim, loops),
        Some(lift) => in_two_steps(before, (&old, &new), (claim, lift), loops),
    };
    checked.map_err(|difference| {
        let line = difference.before.map(|at| old.line(at));
        let after_line = difference.after.map(|at| new.line(at));
        let line = line.or(after_line).unwrap_or(1);
        problem(&path, line, after_line, difference.detail)
    })
}

/// Of a part of each member: first that it may be a function of its own, then what becomes
/// of these functions.
fn in_two_steps(
    files: &Files,
    (before, after): (&Unit<'_>, &Unit<'_>),
    (claim, lift): (&Claim, &Lift),
    loops: &LoopMacros,
) -> Result<(), Difference> {
    let between = lifted::between(files, claim, lift)
        .ok_or_else(|| nowhere("the edits of the claim cannot be made"))?;
    let text = between.files.get(before.path).map_or(&[][..], Vec::as_slice);
    let split = Unit::new(before.path, text);
    lifted::check(before, &split, (claim, lift), loops)?;
    // Places in the text between are no places for a reader.
    one_file(&split, after, &between.claim, loops).map_err(|difference| Difference {
        before: None,
        after: difference.after,
        detail: difference.detail,
    })
}

/// A difference that has no place but the file.
pub(super) fn nowhere(detail: impl Into<String>) -> Difference {
    Difference { before: None, after: None, detail: detail.into() }
}

pub(super) fn one_file<'s>(
    before: &Unit<'s>,
    after: &Unit<'s>,
    claim: &Claim,
    loops: &LoopMacros,
) -> Result<(), Difference> {
    let target_name = claim.target().ok_or_else(|| nowhere("the claim names no helper"))?;
    let merged = claim.helper.is_none();
    let (macros, names) = (Macros::new(before), FileNames::new(before));
    let read = |unit, item| Definition::new(unit, item, &macros, loops);
    let mut members = Vec::new();
    for (_, name) in &claim.members {
        let found = before.function(name).and_then(|item| read(before, item));
        members.push(found.map_err(|e| nowhere(format!("before the patch: {e}")))?);
    }
    let survives = claim.members.iter().any(|(_, name)| name == target_name);
    if !(merged && survives) {
        is_new_name(before, target_name.as_bytes())?;
    }
    let target = after.function(target_name).and_then(|item| read(after, item));
    let target = target.map_err(|e| nowhere(format!("after the patch: {e}")))?;
    let linkage = if survives { Linkage::AsMember } else { Linkage::Static };
    let file = OneFile { before, after, names: &names, macros: &macros, loops, linkage };
    let place = TargetPlace::Here;
    FileCheck { file: &file, members: &members, target: &target, merged, place }.run()
}

/// The helper's name must mean nothing yet, not even inside a directive.
pub(super) fn is_new_name(before: &Unit, name: &[u8]) -> Result<(), Difference> {
    let mentions = |&at: &usize| match before.directive(at) {
        Some(_) => directive_words(before.text(at)).contains(&name),
        None => before.text(at) == name,
    };
    match (0..before.tokens.len()).find(mentions) {
        Some(at) => Err(Difference {
            before: Some(at),
            after: None,
            detail: format!("the helper's name `{}` is taken", shown(name)),
        }),
        None => Ok(()),
    }
}

/// The words of a directive, without its `#`.
pub(super) fn directive_words(directive: &[u8]) -> Vec<&[u8]> {
    let text = directive.strip_prefix(b"#").unwrap_or(directive);
    Lexer::new(text).map(|token| token.text(text)).collect()
}

/// Where the function stands that does the members' work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetPlace {
    /// In this file, and nobody else knows it.
    Here,
    /// In this file, and a header declares it to others.
    HereForAll,
    /// In another file.
    Elsewhere,
}

/// The check of one file.
pub(super) struct FileCheck<'d, 'u, 's> {
    /// The file.
    pub file: &'d OneFile<'u, 's>,
    /// The members that stood in it.
    pub members: &'d [Definition<'u, 's>],
    /// What does their work.
    pub target: &'d Definition<'u, 's>,
    /// Copies are merged.
    pub merged: bool,
    /// Where the target stands.
    pub place: TargetPlace,
}

/// A call whose old arguments are the function's own parameters, in order.
struct OwnParams<'s> {
    params: Vec<&'s [u8]>,
    arguments: Vec<Vec<&'s [u8]>>,
}

impl CallPair for OwnParams<'_> {
    fn arguments(&self) -> &[Vec<&[u8]>] {
        &self.arguments
    }

    fn actual(&self, old: usize) -> Vec<&[u8]> {
        self.params.get(old).map(|param| vec![*param]).unwrap_or_default()
    }

    fn same(&self, old: usize, new: usize) -> bool {
        match (self.params.get(old), self.arguments.get(new)) {
            (Some(param), Some(argument)) => argument.as_slice() == [*param],
            _ => false,
        }
    }

    fn stands_in_member(&self) -> bool {
        true
    }
}

impl<'u, 's> FileCheck<'_, 'u, 's> {
    /// Whether every member's replacement expands to it, and nothing else changed.
    pub fn run(&self) -> Result<(), Difference> {
        let mut gone: BTreeMap<&'s [u8], &Definition<'u, 's>> = BTreeMap::new();
        let mut thin: BTreeMap<usize, usize> = BTreeMap::new();
        for member in self.members {
            let name = self.name(member);
            let still = self.file.after.function(&String::from_utf8_lossy(name));
            match still {
                _ if self.is_target(member) => self.same_function(member)?,
                Ok(item) => {
                    self.thin(member, item)?;
                    thin.insert(member.item, item);
                }
                Err(_) => {
                    self.may_go(member)?;
                    gone.insert(name, member);
                }
            }
        }
        let members: Vec<&Definition> = self.members.iter().collect();
        match self.place {
            TargetPlace::Here => placement::check(self.file, self.target, &members)?,
            TargetPlace::HereForAll => placement::declared(self.file, self.target, &members)?,
            TargetPlace::Elsewhere => {}
        }
        let rewrites = Rewrites { target: self.target, gone, merged: self.merged };
        self.rest(&rewrites, &thin)
    }

    fn name(&self, definition: &Definition<'u, 's>) -> &'s [u8] {
        definition.unit.text(definition.name)
    }

    fn is_target(&self, member: &Definition<'u, 's>) -> bool {
        self.place != TargetPlace::Elsewhere && self.name(member) == self.name(self.target)
    }

    /// The member's parameters handed on one for one.
    fn same_function(&self, member: &Definition<'u, 's>) -> Result<(), Difference> {
        let params: Vec<&[u8]> =
            (0..member.params.len()).map(|index| member.param_name(index)).collect();
        let arguments = params.iter().map(|&param| vec![param]).collect();
        let call = OwnParams { params, arguments };
        let nothing = BTreeSet::new();
        substitution::proves(self.file, member, self.target, &call, &nothing).map(drop)
    }

    /// A member that stays must only call the helper.
    fn thin(&self, member: &Definition<'u, 's>, item: usize) -> Result<(), Difference> {
        let file = self.file;
        let now = Definition::new(file.after, item, file.macros, file.loops);
        let now = now.map_err(|reason| member.before(reason))?;
        signature::unchanged(member, &now)?;
        let unit = file.after;
        let mut at = now.body.start + 1;
        let returns = unit.text(at) == b"return";
        at += usize::from(returns);
        let fail = |at: usize, detail: &str| Err(Difference::new(member.name, at, detail));
        if returns == signature::returns_void(member) {
            return fail(at, "a thin function returns the helper's value unless it is void");
        }
        if unit.text(at) != self.name(self.target) || unit.text(at + 1) != b"(" {
            return fail(at, "a member that stays must call the helper and nothing else");
        }
        let Some((arguments, close)) = unit.list(at + 1) else {
            return fail(at, "the call of the helper has no end");
        };
        if unit.text(close + 1) != b";" || close + 3 != now.body.end {
            return fail(close, "a member that stays must call the helper and nothing else");
        }
        let params = (0..member.params.len()).map(|index| member.param_name(index)).collect();
        let arguments = arguments.into_iter().map(|argument| unit.texts(argument)).collect();
        let call = OwnParams { params, arguments };
        substitution::proves(file, member, self.target, &call, &now.own_names()).map(drop)
    }

    /// A deleted member must not be reachable by any other way than its name.
    fn may_go(&self, member: &Definition<'u, 's>) -> Result<(), Difference> {
        let name = self.name(member);
        let display = shown(name);
        if !signature::is_static(member) {
            return Err(member.before(format!("`{display}` is deleted but not static")));
        }
        if self.file.macros.may_paste(name) {
            let detail = format!("a macro may build the name of the deleted `{display}`");
            return Err(member.before(detail));
        }
        let after = self.file.after;
        let directives = (0..after.tokens.len()).filter(|&at| after.directive(at).is_some());
        for at in directives {
            if directive_words(after.text(at)).contains(&name) {
                let detail = format!("a directive still uses the deleted `{display}`");
                return Err(Difference::new(member.name, at, detail));
            }
        }
        if self.merged {
            return self.same_function(member);
        }
        let called = self.target.body.clone().find(|&at| self.target.unit.text(at) == name);
        match called {
            Some(at) => Err(Difference::new(member.name, at, "the helper uses a deleted member")),
            None => Ok(()),
        }
    }

    /// Everything but members, helper and their prototypes.
    fn rest(
        &self,
        rewrites: &Rewrites<'_, 'u, 's>,
        thin: &BTreeMap<usize, usize>,
    ) -> Result<(), Difference> {
        let (before, after) = (self.file.before, self.file.after);
        let target = self.name(self.target);
        let is_prototype = |item: &super::unit::Item| {
            let survives = self.members.iter().any(|member| self.is_target(member));
            rewrites.gone.keys().any(|name| before.is_prototype_of(item, name))
                || survives && before.is_prototype_of(item, target)
        };
        let replaced: BTreeSet<usize> = self.members.iter().map(|member| member.item).collect();
        let old = segments(before, |index| {
            let item = &before.items[index];
            if thin.contains_key(&index) {
                Part::Member
            } else if replaced.contains(&index) || is_prototype(item) {
                Part::Left
            } else {
                Part::Kept
            }
        });
        let stays: BTreeSet<usize> = thin.values().copied().collect();
        let new = segments(after, |index| {
            if stays.contains(&index) {
                Part::Member
            } else if self.place != TargetPlace::Elsewhere && index == self.target.item
                || after.is_prototype_of(&after.items[index], target)
                || self.place == TargetPlace::HereForAll
                    && after.is_export_of(&after.items[index], target)
            {
                Part::Left
            } else {
                Part::Kept
            }
        });
        self.same_order(thin)?;
        let walker = Walker::new(self.file, rewrites);
        for index in 0..old.len().max(new.len()) {
            let part = |list: &[Vec<usize>]| list.get(index).cloned().unwrap_or_default();
            walker.check(&part(&old), &part(&new))?;
        }
        Ok(())
    }

    /// Members that stay must stay in the same order.
    fn same_order(&self, thin: &BTreeMap<usize, usize>) -> Result<(), Difference> {
        let places: Vec<usize> = thin.values().copied().collect();
        if places.is_sorted() {
            return Ok(());
        }
        Err(nowhere("members that stay have changed their order"))
    }
}

/// What becomes of an item in the comparison of the rest.
enum Part {
    /// Compared.
    Kept,
    /// Left out.
    Left,
    /// Left out, and what follows is compared apart from what precedes.
    Member,
}

/// The tokens of the items that are kept, cut at the members that stay.
fn segments(unit: &Unit, part: impl Fn(usize) -> Part) -> Vec<Vec<usize>> {
    let mut segments = vec![Vec::new()];
    for (index, item) in unit.items.iter().enumerate() {
        match part(index) {
            Part::Kept => {
                if let Some(open) = segments.last_mut() {
                    open.extend(item.tokens.clone());
                }
            }
            Part::Left => {}
            Part::Member => segments.push(Vec::new()),
        }
    }
    segments
}
