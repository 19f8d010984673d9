//! Is a file in which a part of a function is a function of its own the same program.
//! In: the file before, and with the part lifted out. Out: the text with which the check
//! goes on, or the first thing that differs.
//!
//! Putting the part back must give the function token for token, its declarations apart;
//! nothing may leave the part but at its end; and each variable that it takes by value,
//! or declares anew, must not be missed outside. It says no wherever it is in doubt.

mod control;
mod values;

use super::definition::{Definition, Role};
use super::expands::{is_new_name, nowhere};
use super::facts;
use super::macros::Macros;
use super::signature;
use super::unit::{Difference, Unit};
use super::{Claim, Files, Lift};
use crate::syntax::LoopMacros;
use control::Call;
use std::collections::BTreeSet;
use std::ops::Range;
use values::{Declared, declarations};

/// The texts between, in which the parts are functions, and the claim about these.
pub(super) struct Between {
    pub files: Files,
    pub claim: Claim,
}

/// The files before with the parts lifted out, for the members of `claim`; `None` where the
/// edits cannot be made.
pub(super) fn between(before: &Files, claim: &Claim, lift: &Lift) -> Option<Between> {
    let mut files = before.clone();
    for (path, edits) in &lift.edits {
        files.insert(path.clone(), text(before.get(path)?, edits)?);
    }
    if claim.members.len() != lift.parts.len() {
        return None;
    }
    let members = claim.members.iter().zip(&lift.parts);
    let members = members.map(|((path, _), part)| (path.clone(), part.clone())).collect();
    Some(Between { files, claim: Claim { members, lift: None, ..claim.clone() } })
}

/// The text that some edits make of `before`; `None` where they cannot be made.
fn text(before: &[u8], edits: &[(usize, usize, String)]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(before.len() + 4096);
    let mut at = 0;
    for (start, end, new) in edits {
        text.extend_from_slice(before.get(at..*start)?);
        text.extend_from_slice(new.as_bytes());
        at = *end;
        if end < start {
            return None;
        }
    }
    text.extend_from_slice(before.get(at..)?);
    Some(text)
}

/// Whether `split`, a file of [`between`], is the same program as `before`.
pub(super) fn check(
    before: &Unit<'_>,
    split: &Unit<'_>,
    (claim, lift): (&Claim, &Lift),
    loops: &LoopMacros,
) -> Result<(), Difference> {
    let macros = Macros::new(before);
    let mut parts = BTreeSet::new();
    let mut whole = BTreeSet::new();
    let here = claim.members.iter().zip(&lift.parts).filter(|((path, _), _)| path == before.path);
    for ((_, member), part) in here {
        is_new_name(before, part.as_bytes())?;
        let read = |unit, name: &str| {
            let item = Unit::function(unit, name).map_err(nowhere)?;
            Definition::new(unit, item, &macros, loops).map_err(nowhere)
        };
        let pair = Pair {
            before: &read(before, member)?,
            after: &read(split, member)?,
            part: &read(split, part)?,
            macros: &macros,
        };
        pair.check()?;
        // Nothing may come between them.
        if pair.part.item + 1 != pair.after.item {
            return Err(pair.before.before("the part does not stand above the function"));
        }
        if !parts.insert(pair.part.item) || !whole.insert(pair.before.item) {
            return Err(pair.before.before("two parts are of one function"));
        }
    }
    let others = (0..split.items.len()).filter(|item| !parts.contains(item));
    let mut items = 0..before.items.len();
    for new in others {
        let Some(old) = items.next() else { return Err(nowhere("something was added")) };
        let texts = |unit: &Unit, item: usize| -> Vec<Vec<u8>> {
            let tokens = unit.items[item].tokens.clone();
            tokens.map(|at| unit.text(at).to_vec()).collect()
        };
        if !whole.contains(&old) && texts(before, old) != texts(split, new) {
            let (old, new) = (before.items[old].tokens.start, split.items[new].tokens.start);
            return Err(Difference::tokens((before, old), (split, new)));
        }
    }
    match items.next() {
        Some(_) => Err(nowhere("something is gone")),
        None => Ok(()),
    }
}

/// A function before, the same without its part, and the part.
struct Pair<'d, 'u, 's> {
    before: &'d Definition<'u, 's>,
    after: &'d Definition<'u, 's>,
    part: &'d Definition<'u, 's>,
    macros: &'d Macros<'d>,
}

impl<'s> Pair<'_, '_, 's> {
    fn fail<T>(&self, detail: impl Into<String>) -> Result<T, Difference> {
        Err(self.before.before(detail))
    }

    fn check(&self) -> Result<(), Difference> {
        signature::unchanged(self.before, self.after)?;
        let call = self.call()?;
        let (old, old_body) = declarations(self.before);
        let (new, new_body) = declarations(self.after);
        let (own, own_body) = declarations(self.part);
        if call.statement.start < new_body {
            return self.fail("the part is called before the declarations end");
        }
        let statements = self.statements(own_body, &call)?;
        // Put back, the part gives what was there.
        let (old_end, new_end) = (self.before.body.end, self.after.body.end);
        let unit = self.after.unit;
        let mut put_back = unit.texts(new_body..call.statement.start);
        put_back.extend(self.part.unit.texts(statements.clone()));
        put_back.extend(unit.texts(call.statement.end..new_end));
        let was = self.before.unit.texts(old_body..old_end);
        if put_back != was {
            let at = was.iter().zip(&put_back).take_while(|(a, b)| a == b).count();
            return Err(Difference {
                before: Some(old_body + at),
                after: None,
                detail: "the function is another with its part put back".to_owned(),
            });
        }
        let from = old_body + (call.statement.start - new_body);
        self.roles(from, &statements)?;
        self.types(&call, &old)?;
        self.control(&call, &statements)?;
        self.declared(&old, &new, &own)?;
        for name in self.names(&statements) {
            self.variable(name, (&call, &statements), (&old, &new, &own))?;
        }
        Ok(())
    }

    /// Each word of the part stands for the same sort of thing as in the function.
    fn roles(&self, from: usize, statements: &Range<usize>) -> Result<(), Difference> {
        for (index, at) in statements.clone().enumerate() {
            let is_own = |role: Role| matches!(role, Role::Param(_) | Role::Local);
            let (old, new) = (self.before.role(from + index), self.part.role(at));
            if is_own(old) != is_own(new) || !is_own(old) && old != new {
                return Err(Difference {
                    before: Some(from + index),
                    after: None,
                    detail: "the part means something else by it".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The part gives a value of the right type, and stands in the right section.
    fn types(&self, call: &Call<'s>, old: &[Declared<'s>]) -> Result<(), Difference> {
        let is_section = |text: &[u8]| text.starts_with(b"__init") || text.starts_with(b"__exit");
        let words = |definition: &Definition<'_, 's>| -> Vec<&'s [u8]> {
            let all = definition.head.clone().map(|at| definition.unit.text(at));
            all.filter(|text| !facts::is_linkage(text)).collect()
        };
        let (whole, part) = (words(self.before), words(self.part));
        let (sections, ctype): (Vec<&[u8]>, Vec<&[u8]>) =
            part.iter().partition(|text| is_section(text));
        let own: Vec<&[u8]> = whole.iter().copied().filter(|text| is_section(text)).collect();
        let wanted: Vec<&[u8]> = match (call.is_end, call.target) {
            (_, Some(target)) if call.status.is_some() => {
                let int = [&b"int"[..]];
                let declared = self.declaration(target, old);
                let is_int = declared.is_some_and(|it| it == [&b"int"[..], target]);
                let plain: Vec<&[u8]> =
                    whole.into_iter().filter(|text| !is_section(text)).collect();
                if plain != int || !is_int {
                    return self.fail("the error is no int");
                }
                int.to_vec()
            }
            (true, _) => whole.into_iter().filter(|text| !is_section(text)).collect(),
            (false, None) => vec![b"void"],
            (false, Some(target)) => match self.declaration(target, old) {
                Some(declared) => declared.into_iter().filter(|text| *text != target).collect(),
                None => return self.fail("what is assigned is no variable of the function"),
            },
        };
        if !signature::is_static(self.part) || !self.part.tail.is_empty() || sections != own {
            return self.fail("the part is not a function as the whole is");
        }
        if ctype != wanted {
            return self.fail("the part is of another type");
        }
        Ok(())
    }

    /// The declaration of a variable of the function, without an initialiser.
    fn declaration(&self, name: &[u8], old: &[Declared<'s>]) -> Option<Vec<&'s [u8]>> {
        let param = (0..self.before.params.len()).find(|&it| self.before.param_name(it) == name);
        if let Some(param) = param {
            return Some(self.before.unit.texts(self.before.params[param].tokens.clone()));
        }
        old.iter().find(|it| it.name == name).map(Declared::spelled)
    }
}
