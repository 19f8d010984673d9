//! The comparison core: does a call of the helper expand to what the original
//! function would have done, token for token. It knows two definitions and how
//! the arguments of the old and the new call compare; nothing of files or claims.

use super::constant;
use super::context;
use super::definition::{Definition, Role};
use super::path::{self, Place};
use super::unit::{Difference, shown};
use super::wording;
use std::collections::{BTreeMap, BTreeSet};

/// What a parameter of the helper stands for in the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The original's parameter of this index.
    Param(usize),
    /// A constant that the original has in its text.
    Constant,
    /// A member of what a parameter of the original points to.
    Path,
}

/// A call of the original before, and the call of the helper in its place.
pub trait CallPair {
    /// The arguments of the new call, as token texts.
    fn arguments(&self) -> &[Vec<&[u8]>];
    /// What the old call passed for the original's parameter `old`.
    fn actual(&self, old: usize) -> Vec<&[u8]>;
    /// Whether argument `old` of the old call is argument `new` of the new call.
    fn same(&self, old: usize, new: usize) -> bool;
    /// Whether the new call stands in the very function that it replaces, so that
    /// `__func__` among its arguments still names that function.
    fn stands_in_member(&self) -> bool;
}

/// A one-to-one renaming.
#[derive(Default)]
struct Renaming<'s> {
    forward: BTreeMap<&'s [u8], &'s [u8]>,
    backward: BTreeMap<&'s [u8], &'s [u8]>,
}

impl<'s> Renaming<'s> {
    /// Whether `from` may stand for `to`, as it has everywhere so far.
    fn pair(&mut self, from: &'s [u8], to: &'s [u8]) -> bool {
        *self.forward.entry(from).or_insert(to) == to
            && *self.backward.entry(to).or_insert(from) == from
    }

    fn renamed(&self) -> impl Iterator<Item = &'s [u8]> + '_ {
        let differing = self.forward.iter().filter(|(from, to)| from != to);
        differing.flat_map(|(&from, &to)| [from, to])
    }
}

struct Alignment<'a, 'u, 's, C> {
    original: &'a Definition<'u, 's>,
    helper: &'a Definition<'u, 's>,
    call: &'a C,
    bindings: Vec<Option<Binding>>,
    locals: Renaming<'s>,
    labels: Renaming<'s>,
    /// Tokens of the helper that a format's `%s`, or a path, has taken up.
    printed: BTreeSet<usize>,
    /// Where the original has the paths that parameters of the helper hold.
    paths: BTreeMap<usize, Vec<Place>>,
}

/// What [`align`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aligned<'s> {
    /// What each parameter of the helper stands for; `None` if it never occurs.
    pub bindings: Vec<Option<Binding>>,
    /// Names of locals, parameters and labels that differ, of both sides.
    pub renamed: Vec<&'s [u8]>,
    /// Where the original has the paths that parameters of the helper hold.
    pub paths: BTreeMap<usize, Vec<Place>>,
}

/// Expands `call` of `helper` and compares it with `original`'s body.
pub fn align<'s, C: CallPair>(
    original: &Definition<'_, 's>,
    helper: &Definition<'_, 's>,
    call: &C,
) -> Result<Aligned<'s>, Difference> {
    let (wanted, given) = (helper.params.len(), call.arguments().len());
    if wanted != given {
        let detail = format!("the helper takes {wanted} arguments, the call has {given}");
        return Err(Difference::new(original.name, helper.name, detail));
    }
    let mut alignment = Alignment {
        original,
        helper,
        call,
        bindings: vec![None; wanted],
        locals: Renaming::default(),
        labels: Renaming::default(),
        printed: BTreeSet::new(),
        paths: BTreeMap::new(),
    };
    alignment.run()?;
    alignment.finish()
}

impl<'s, C: CallPair> Alignment<'_, '_, 's, C> {
    fn run(&mut self) -> Result<(), Difference> {
        let (mut old, mut new) = (self.original.body.start, self.helper.body.start);
        while new < self.helper.body.end {
            if self.printed.remove(&new) {
                new += 1;
                continue;
            }
            if let Some(next) = self.path(old, new) {
                old = next;
                continue;
            }
            old = match self.helper.role(new) {
                Role::Param(index) => self.substitute(index, old, new)?,
                role => self.token(role, old, new)?,
            };
            new += 1;
        }
        if old < self.original.body.end {
            return Err(self.differ(old, new));
        }
        Ok(())
    }

    fn differ(&self, old: usize, new: usize) -> Difference {
        Difference::tokens((self.original.unit, old), (self.helper.unit, new))
    }

    fn with_reason(&self, old: usize, new: usize, reason: &str) -> Difference {
        let mut difference = self.differ(old, new);
        difference.detail = format!("{}: {reason}", difference.detail);
        difference
    }

    /// A token of the helper that no argument replaces. Gives the next of the
    /// original.
    fn token(&mut self, role: Role, old: usize, new: usize) -> Result<usize, Difference> {
        let (was, is) = (self.original.unit.text(old), self.helper.unit.text(new));
        if self.is_worded(old, new) {
            return Ok(old + 1);
        }
        let same_role = old < self.original.body.end && self.original.role(old) == role;
        let same = same_role
            && match role {
                Role::Local => self.locals.pair(is, was),
                Role::Label => self.labels.pair(is, was),
                _ => is == was,
            };
        if same { Ok(old + 1) } else { Err(self.differ(old, new)) }
    }

    /// Whether token `new` of the helper is a format that prints string arguments
    /// where the original's format has their text. Takes note of those arguments.
    fn is_worded(&mut self, old: usize, new: usize) -> bool {
        let (was, is) = (self.original.unit.text(old), self.helper.unit.text(new));
        if was == is || !was.starts_with(b"\"") || old >= self.original.body.end {
            return false;
        }
        let bound = |index: usize| match self.bindings.get(index).copied().flatten() {
            Some(Binding::Param(_)) => None,
            _ => self.call.arguments().get(index).map(Vec::as_slice),
        };
        let Some(taken) = wording::taken_up(self.helper, new, was, bound) else { return false };
        for argument in taken {
            self.printed.extend([argument.comma, argument.name]);
            self.bind(argument.parameter, Binding::Constant);
        }
        true
    }

    /// A path that the original has at `old`, where the helper at `new` has a parameter
    /// for it: by itself, or dereferenced. Gives the next token of the original.
    fn path(&mut self, old: usize, new: usize) -> Option<usize> {
        let unit = self.helper.unit;
        let name = match unit.text(new) {
            b"*" => new + 1,
            b"(" if unit.text(new + 1) == b"*" => new + 2,
            _ => new,
        };
        let Role::Param(index) = self.helper.role(name) else { return None };
        let argument = self.call.arguments().get(index).filter(|words| path::is_path(words))?;
        let actual = |param: usize| self.call.actual(param);
        let found = path::find((self.original, old), (self.helper, new, name), argument, actual)?;
        if !matches!(self.bindings.get(index), Some(None | Some(Binding::Path))) {
            return None;
        }
        self.printed.extend(found.new);
        self.paths.entry(index).or_default().push(found.place);
        self.bind(index, Binding::Path);
        Some(found.old)
    }

    /// The helper's parameter `index` at its token `new`, against the original
    /// from `old` on.
    fn substitute(&mut self, index: usize, old: usize, new: usize) -> Result<usize, Difference> {
        let bound = self.bindings.get(index).copied().flatten();
        if let Role::Param(param) = self.original.role(old) {
            let fits = match bound {
                Some(binding) => binding == Binding::Param(param),
                None => !self.is_taken(param) && self.call.same(param, index),
            };
            if !fits {
                return Err(self.with_reason(old, new, "the arguments do not correspond"));
            }
            self.bind(index, Binding::Param(param));
            return Ok(old + 1);
        }
        if matches!(bound, Some(Binding::Param(_))) {
            return Err(self.differ(old, new));
        }
        let end = self.constant_end(index, old, new)?;
        if let Some(reason) = context::forbids_parameter(self.helper, new) {
            return Err(self.with_reason(old, new, reason));
        }
        self.bind(index, Binding::Constant);
        Ok(end)
    }

    /// Where the constant that argument `index` is ends in the original.
    fn constant_end(&self, index: usize, old: usize, new: usize) -> Result<usize, Difference> {
        let argument = self.call.arguments().get(index).map_or(&[][..], Vec::as_slice);
        let unit = self.original.unit;
        let stands_there = |spelling: &Vec<&[u8]>| {
            let texts = (old..old + spelling.len()).map(|at| unit.text(at));
            old + spelling.len() <= self.original.body.end && texts.eq(spelling.iter().copied())
        };
        let mut spellings = constant::spellings(argument).into_iter().filter(stands_there);
        let Some(spelling) = spellings.next() else {
            let texts = argument.join(&b' ');
            let mut difference = self.differ(old, new);
            difference.detail = format!("`{}` became `{}`", shown(unit.text(old)), shown(&texts));
            return Err(difference);
        };
        // A longer spelling (in parentheses) never fails where a shorter passes.
        let candidates = std::iter::once(spelling).chain(spellings);
        let end = candidates
            .map(|spelling| old + spelling.len())
            .find(|&end| context::is_expression(self.original, old..end));
        let Some(end) = end else {
            let reason = "the argument was no complete expression in the original";
            return Err(self.with_reason(old, new, reason));
        };
        let own = (old..end).find(|&at| {
            matches!(self.original.role(at), Role::Param(_) | Role::Local | Role::Label)
        });
        match own {
            Some(at) => Err(self.with_reason(at, new, "the argument names a local")),
            None => Ok(end),
        }
    }

    fn is_taken(&self, param: usize) -> bool {
        self.bindings.contains(&Some(Binding::Param(param)))
    }

    fn bind(&mut self, index: usize, binding: Binding) {
        if let Some(slot) = self.bindings.get_mut(index) {
            *slot = Some(binding);
        }
    }

    /// Binds the parameters that the helper never uses, and collects the names
    /// that differ.
    fn finish(mut self) -> Result<Aligned<'s>, Difference> {
        for index in 0..self.bindings.len() {
            if self.bindings[index].is_none() {
                let unused = (0..self.original.params.len())
                    .find(|&param| !self.is_taken(param) && self.call.same(param, index));
                if let Some(param) = unused {
                    self.bind(index, Binding::Param(param));
                }
            }
        }
        let mut renamed: Vec<&[u8]> = self.locals.renamed().collect();
        for (index, binding) in self.bindings.iter().enumerate() {
            let name = self.helper.param_name(index);
            match binding {
                Some(Binding::Param(param)) => {
                    let old = self.original.param_name(*param);
                    if old != name {
                        renamed.extend([old, name]);
                    }
                }
                _ => renamed.push(name),
            }
        }
        Ok(Aligned { bindings: self.bindings, renamed, paths: self.paths })
    }
}
