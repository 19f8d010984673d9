//! Is a file in which a part of a function is a function of its own the same program.
//! In: the file before, and with the part lifted out. Out: the text with which the check
//! goes on, or the first thing that differs.
//!
//! Putting the part back must give the function token for token, its declarations apart;
//! nothing may leave the part but at its end; and each variable that it takes by value,
//! or declares anew, must not be missed outside. It says no wherever it is in doubt.

use super::definition::{Definition, Role};
use super::expands::{is_new_name, nowhere};
use super::facts;
use super::macros::Macros;
use super::signature;
use super::unit::{Difference, Unit, shown};
use super::{Claim, Lift};
use crate::syntax::{LoopMacros, NodeId};
use std::collections::BTreeSet;
use std::ops::Range;

/// The text that the edits of `lift` make of `before`; `None` where they cannot be made.
pub(super) fn text(before: &[u8], lift: &Lift) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(before.len() + 4096);
    let mut at = 0;
    for (start, end, new) in &lift.edits {
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

/// Whether `split`, the text of [`text`], is the same program as `before`.
pub(super) fn check(
    before: &Unit<'_>,
    split: &Unit<'_>,
    (claim, lift): (&Claim, &Lift),
    loops: &LoopMacros,
) -> Result<(), Difference> {
    let macros = Macros::new(before);
    if claim.members.len() != lift.parts.len() {
        return Err(nowhere("not every member has a part"));
    }
    let mut parts = BTreeSet::new();
    let mut whole = BTreeSet::new();
    for ((_, member), part) in claim.members.iter().zip(&lift.parts) {
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

/// One declarator of a declaration at the top of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Declared<'s> {
    name: &'s [u8],
    specifiers: Vec<&'s [u8]>,
    declarator: Vec<&'s [u8]>,
    initialiser: Vec<&'s [u8]>,
}

impl<'s> Declared<'s> {
    /// The tokens of a parameter that is declared so.
    fn spelled(&self) -> Vec<&'s [u8]> {
        [self.specifiers.as_slice(), &self.declarator].concat()
    }
}

/// Whether an initialiser is a number, or nothing: the same wherever it stands.
fn is_literal(initialiser: &[&[u8]]) -> bool {
    let of_number = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
    initialiser
        .iter()
        .all(|text| of_number(text) || matches!(*text, b"=" | b"-" | b"NULL" | b"true" | b"false"))
}

/// Whether an object of this declaration is handed on as a whole by its value.
fn is_scalar(spelled: &[&[u8]]) -> bool {
    let has = |wanted: &[u8]| spelled.contains(&wanted);
    let is_aggregate = !has(b"*") && (has(b"struct") || has(b"union"));
    !has(b"[") && !has(b"(") && !is_aggregate
}

/// A function before, the same without its part, and the part.
struct Pair<'d, 'u, 's> {
    before: &'d Definition<'u, 's>,
    after: &'d Definition<'u, 's>,
    part: &'d Definition<'u, 's>,
    macros: &'d Macros<'d>,
}

/// The call of the part, by tokens of the function.
struct Call<'s> {
    /// The statement.
    statement: Range<usize>,
    /// What its value is assigned to.
    target: Option<&'s [u8]>,
    /// The function ends with it, and gives what it gives.
    is_end: bool,
    /// It gives zero, or an error that the function returns at once; `Some(true)` where an
    /// error is what is below zero.
    status: Option<bool>,
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

    /// The one call of the part.
    fn call(&self) -> Result<Call<'s>, Difference> {
        let (unit, name) = (self.after.unit, self.part.unit.text(self.part.name));
        let mut found =
            (0..unit.tokens.len()).filter(|&at| unit.text(at) == name && at != self.part.name);
        let (Some(at), None) = (found.next(), found.next()) else {
            return self.fail("the part is not called once");
        };
        if !self.after.body.contains(&at) || self.depth(self.after, at) != 1 {
            return self.fail("the part is not called on the top level");
        }
        let Some((arguments, close)) =
            (unit.text(at + 1) == b"(").then(|| unit.list(at + 1)).flatten()
        else {
            return self.fail("the part is not called");
        };
        let names: Vec<Vec<&[u8]>> = arguments.into_iter().map(|it| unit.texts(it)).collect();
        let own: Vec<Vec<&[u8]>> =
            (0..self.part.params.len()).map(|index| vec![self.part.param_name(index)]).collect();
        if names != own || unit.text(close + 1) != b";" {
            return self.fail("the part is not given what it calls by the same names");
        }
        let returns = unit.text(at - 1) == b"return";
        let target = (unit.text(at - 1) == b"=").then(|| unit.text(at - 2));
        let start = at - usize::from(returns) - 2 * usize::from(target.is_some());
        if !matches!(unit.text(start - 1), b";" | b"{" | b"}") {
            return self.fail("the call of the part is no statement of its own");
        }
        let is_last = close + 3 == self.after.body.end;
        let is_void = signature::returns_void(self.after);
        if returns && !is_last {
            return self.fail("the function goes on after its part returned");
        }
        let is_end = is_last && target.is_none() && (returns || is_void);
        let end = self.part.body.end - 1;
        let zero = end >= 3 && self.part.unit.texts(end - 3..end) == [&b"return"[..], b"0", b";"];
        let mut call = Call { statement: start..close + 2, target, is_end, status: None };
        if let Some(target) = target.filter(|target| zero && *target != b"0") {
            let behind = unit.texts(close + 2..(close + 11).min(unit.tokens.len()));
            let (length, is_negative) = match behind.as_slice() {
                [b"if", b"(", a, b")", b"return", b, b";", ..] if *a == target && *b == target => {
                    (7, false)
                }
                [b"if", b"(", a, b"<", b"0", b")", b"return", b, b";"]
                    if *a == target && *b == target =>
                {
                    (9, true)
                }
                _ => return self.fail("an error of the part is not returned"),
            };
            call.statement.end += length;
            call.status = Some(is_negative);
        }
        Ok(call)
    }

    /// How deep token `at` of the body of `definition` stands in brackets.
    fn depth(&self, definition: &Definition<'_, 's>, at: usize) -> i32 {
        let mut depth = 0;
        for at in definition.body.start..at {
            match definition.unit.text(at) {
                b"(" | b"{" | b"[" => depth += 1,
                b")" | b"}" | b"]" => depth -= 1,
                _ => {}
            }
        }
        depth
    }

    /// The statements of the part without what gives back its value.
    fn statements(&self, body: usize, call: &Call<'s>) -> Result<Range<usize>, Difference> {
        let unit = self.part.unit;
        let end = self.part.body.end - 1;
        let Some(target) = call.target else { return Ok(body..end) };
        if call.status.is_some() {
            return Ok(body..end - 3);
        }
        if end < body + 3 || unit.texts(end - 3..end) != [&b"return"[..], target, b";"] {
            return self.fail("the part does not give back what is assigned");
        }
        Ok(body..end - 3)
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

    /// Nothing leaves or enters the part on the way.
    fn control(&self, call: &Call<'s>, statements: &Range<usize>) -> Result<(), Difference> {
        let unit = self.part.unit;
        let is_label = |definition: &Definition, at: usize| {
            definition.role(at) == Role::Label && definition.unit.text_before(at) != b"goto"
        };
        let inside: BTreeSet<&[u8]> = statements
            .clone()
            .filter(|&at| is_label(self.part, at))
            .map(|at| unit.text(at))
            .collect();
        for at in statements.clone() {
            let word = unit.text(at);
            let is_goto = word == b"goto";
            let leaves = is_goto && !inside.contains(unit.text(at + 1));
            let place = facts::names_its_place(word);
            let odd = matches!(word, b"asm" | b"__asm__" | b"va_start" | b"va_end" | b"va_copy");
            if leaves || place || odd {
                return self.fail(format!("`{}` may not stand in a part", shown(word)));
            }
            if call.is_end || !unit.is_word(at) || unit.is_member_access(at) {
                continue;
            }
            if word == b"return" && call.status.is_some() {
                self.returns_an_error(at, call.status == Some(true))?;
                continue;
            }
            let reached = self.macros.reached([word]);
            if reached.contains(&b"return"[..]) || reached.contains(&b"goto"[..]) {
                return self.fail(format!("`{}` leaves the part", shown(word)));
            }
        }
        let after = self.after;
        let outside = || {
            let all = after.body.clone();
            all.filter(|at| !call.statement.contains(at))
        };
        let gotos = |label: &[u8]| {
            let label = label.to_vec();
            outside().filter(move |&at| {
                after.unit.text(at) == b"goto" && after.unit.text(at + 1) == label
            })
        };
        for label in &inside {
            if gotos(label).next().is_some() {
                return self.fail(format!("a goto leads to `{}` in the part", shown(label)));
            }
        }
        for at in outside().filter(|&at| is_label(after, at) && at < call.statement.start) {
            if gotos(after.unit.text(at)).any(|jump| jump > call.statement.start) {
                return self.fail("the part is run more than once");
            }
        }
        Ok(())
    }

    /// Whether what the part returns at `at` is an error: the negative of one, or a variable
    /// that was just found to be one.
    fn returns_an_error(&self, at: usize, is_negative: bool) -> Result<(), Difference> {
        let unit = self.part.unit;
        let fail = || self.fail("the part may return success before its end");
        if unit.text(at + 1) == b"-" && unit.text(at + 3) == b";" {
            return if facts::is_error(unit.text(at + 2)) { Ok(()) } else { fail() };
        }
        let name = unit.text(at + 1);
        let is_own = matches!(self.part.role(at + 1), Role::Param(_) | Role::Local);
        if !is_own || unit.text(at + 2) != b";" {
            return fail();
        }
        let mut close = at - 1;
        if unit.text(close) != b")" {
            // Out of the block, in which it must stay what it is.
            let mut depth = 1;
            while depth > 0 && close > self.part.body.start {
                match unit.text(close) {
                    b"}" => depth += 1,
                    b"{" => depth -= 1,
                    text if text == name && self.is_written(self.part, close) => return fail(),
                    _ => {}
                }
                close -= 1;
            }
        }
        let ends_with = |wanted: &[&[u8]]| {
            close + 1 >= wanted.len() && unit.texts(close + 1 - wanted.len()..close + 1) == wanted
        };
        let below = ends_with(&[b"if", b"(", name, b"<", b"0", b")"]);
        let other = ends_with(&[b"if", b"(", name, b")"]);
        if below || other && !is_negative { Ok(()) } else { fail() }
    }

    /// The declarations are those that were there, but for some that the part has now.
    fn declared(
        &self,
        old: &[Declared<'s>],
        new: &[Declared<'s>],
        own: &[Declared<'s>],
    ) -> Result<(), Difference> {
        let mut kept = new.iter().peekable();
        for declared in old {
            // The part may begin with what the function began with.
            let bare = Declared { initialiser: Vec::new(), ..declared.clone() };
            let stays = kept
                .peek()
                .is_some_and(|next| *next == declared || **next == bare && own.contains(declared));
            if stays {
                kept.next();
            } else if !own.contains(declared) {
                return self.fail(format!("`{}` is no longer declared", shown(declared.name)));
            }
        }
        if let Some(more) = kept.next() {
            return self.fail(format!("`{}` is declared anew", shown(more.name)));
        }
        for declared in own {
            let was = old.iter().find(|it| it.name == declared.name);
            let odd = |text: &&[u8]| {
                matches!(*text, b"static" | b"extern" | b"volatile" | b"register")
                    || text.starts_with(b"__attribute")
                    || text.starts_with(b"__aligned")
            };
            let same = was.is_some_and(|it| it.spelled() == declared.spelled());
            let begins = was.map(|it| &it.initialiser) == Some(&declared.initialiser)
                && is_literal(&declared.initialiser);
            if !same
                || !begins && !declared.initialiser.is_empty()
                || declared.specifiers.iter().any(|it| odd(it))
            {
                return self.fail(format!("the part declares `{}`", shown(declared.name)));
            }
        }
        for (index, param) in self.part.params.iter().enumerate() {
            let spelled = self.part.unit.texts(param.tokens.clone());
            let name = self.part.param_name(index);
            if self.declaration(name, old).as_ref() != Some(&spelled) || !is_scalar(&spelled) {
                return self.fail(format!("the part takes another `{}`", shown(name)));
            }
        }
        Ok(())
    }

    /// The variables of the function that the part mentions.
    fn names(&self, statements: &Range<usize>) -> BTreeSet<&'s [u8]> {
        let own = self.before.own_names();
        let all = statements
            .clone()
            .filter(|&at| matches!(self.part.role(at), Role::Param(_) | Role::Local));
        all.map(|at| self.part.unit.text(at)).filter(|name| own.contains(name)).collect()
    }

    /// A variable has the values that it had, inside the part and outside.
    fn variable(
        &self,
        name: &'s [u8],
        (call, statements): (&Call<'s>, &Range<usize>),
        (old, new, own): (&[Declared<'s>], &[Declared<'s>], &[Declared<'s>]),
    ) -> Result<(), Difference> {
        let doubt = |what: &str| self.fail(format!("`{}` {what}", shown(name)));
        let is_param = (0..self.part.params.len()).any(|it| self.part.param_name(it) == name);
        let local = own.iter().find(|it| it.name == name);
        if !is_param && local.is_none() {
            // Declared inside: then nobody outside has it.
            let outside = self.uses(self.after, self.after.body.clone(), name, Some(call));
            return match outside.is_empty() {
                true => Ok(()),
                false => doubt("is declared in the part and used outside"),
            };
        }
        let (_, after_body) = declarations(self.after);
        let inside = self.uses(self.part, statements.clone(), name, None);
        let before = self.uses(self.after, self.after.body.start..call.statement.start, name, None);
        let before: Vec<usize> = before
            .into_iter()
            .filter(|&at| at >= after_body || !self.is_declarator(at, name, new))
            .collect();
        let behind = self.uses(self.after, call.statement.end..self.after.body.end, name, None);
        let has_value = (0..self.before.params.len()).any(|it| self.before.param_name(it) == name)
            || old.iter().any(|it| it.name == name && !it.initialiser.is_empty())
            || !before.is_empty();
        let shares = |definition: &Definition<'_, 's>, uses: &[usize]| {
            uses.iter().any(|&at| self.is_shared(definition, at))
        };
        if shares(self.after, &before) || shares(self.after, &behind) {
            return doubt("may be reached by its address");
        }
        let is_whole = local.is_none_or(|it| is_scalar(&it.spelled()));
        if !call.is_end && (shares(self.part, &inside) || !is_whole) {
            return doubt("may be reached when the part is over");
        }
        let starts = inside.first().is_some_and(|&at| self.starts_anew(self.part, at, name));
        let was = old.iter().find(|it| it.name == name);
        // Nobody else had it when the part begins with what it began with.
        let begins = local.is_some_and(|it| !it.initialiser.is_empty()) && before.is_empty();
        let starts = starts || begins;
        let unset = was.is_some_and(|it| !it.initialiser.is_empty())
            && new.iter().any(|it| it.name == name && it.initialiser.is_empty());
        if unset && !behind.is_empty() && (call.target != Some(name) || call.status.is_some()) {
            return doubt("is used behind the part, and no longer set");
        }
        if !is_param && has_value && !starts {
            return doubt("has another value in the part");
        }
        let is_target = call.target == Some(name);
        if is_target && call.status.is_none() && !is_param && !starts {
            return doubt("may be given back without a value");
        }
        let written = inside.iter().any(|&at| self.is_written(self.part, at));
        let read = behind.first().is_some_and(|&at| !self.starts_anew(self.after, at, name));
        if is_target && call.status.is_some() && read {
            return doubt("is zero behind the part");
        }
        if !call.is_end && written && read && !is_target {
            return doubt("is changed by the part and used behind it");
        }
        Ok(())
    }

    /// The tokens among `range` that mean the variable.
    fn uses(
        &self,
        definition: &Definition<'_, 's>,
        range: Range<usize>,
        name: &[u8],
        call: Option<&Call<'s>>,
    ) -> Vec<usize> {
        let is_use = |at: &usize| {
            definition.unit.text(*at) == name
                && matches!(definition.role(*at), Role::Param(_) | Role::Local)
                && call.is_none_or(|call| !call.statement.contains(at))
        };
        range.filter(is_use).collect()
    }

    /// Whether the name at `at`, among the declarations, is the one that is declared.
    fn is_declarator(&self, at: usize, name: &[u8], new: &[Declared<'s>]) -> bool {
        let first = self.uses(self.after, self.after.body.clone(), name, None).first() == Some(&at);
        first && new.iter().any(|it| it.name == name)
    }

    /// `v = …;`, `for (v = …;` or `if (…) v = …; else v = …;` on the top level, `v` not among
    /// what is assigned.
    fn starts_anew(&self, definition: &Definition<'_, 's>, at: usize, name: &[u8]) -> bool {
        let unit = definition.unit;
        let assigned_until = |at: usize| {
            let end = (at + 2..definition.body.end).find(|&it| unit.text(it) == b";")?;
            let assigns = unit.text(at) == name && unit.text(at + 1) == b"=";
            (assigns && !(at + 2..end).any(|it| unit.text(it) == name)).then_some(end)
        };
        let is_statement = |start: usize| {
            matches!(unit.text_before(start), b";" | b"{" | b"}")
                && self.depth(definition, start) == 1
        };
        let Some(end) = assigned_until(at) else { return false };
        let in_for = unit.text_before(at) == b"(" && unit.text_before(at - 1) == b"for";
        if is_statement(if in_for { at - 2 } else { at }) {
            return true;
        }
        let head = (definition.body.start..at).rev().find(|&it| unit.text(it) == b"if");
        let is_its = |open: usize| unit.list(open + 1).is_some_and(|(_, close)| close + 1 == at);
        head.is_some_and(|open| is_statement(open) && unit.text(open + 1) == b"(" && is_its(open))
            && unit.text(end + 1) == b"else"
            && assigned_until(end + 2).is_some()
    }

    fn is_written(&self, definition: &Definition<'_, 's>, at: usize) -> bool {
        let (before, next) = (definition.unit.text_before(at), definition.unit.text(at + 1));
        let assigns = next.ends_with(b"=") && !matches!(next, b"==" | b"!=" | b"<=" | b">=");
        assigns
            || matches!(next, b"++" | b"--")
            || matches!(before, b"++" | b"--")
            || self.is_shared(definition, at)
            || self.is_handed_on(definition, at)
    }

    /// Whether the address of the variable is taken.
    fn is_shared(&self, definition: &Definition<'_, 's>, at: usize) -> bool {
        let unit = definition.unit;
        let operand = at >= 2
            && (matches!(unit.text(at - 2), b")" | b"]")
                || unit.is_word(at - 2) && !crate::syntax::lexer::is_keyword(unit.text(at - 2)));
        unit.text_before(at) == b"&" && !operand && !matches!(unit.text(at + 1), b"->" | b"[")
    }

    /// Whether the variable is handed to a macro that may assign it.
    fn is_handed_on(&self, definition: &Definition<'_, 's>, at: usize) -> bool {
        let unit = definition.unit;
        let mut depth = 0i32;
        for open in (definition.body.start..at).rev() {
            match unit.text(open) {
                b")" | b"]" => depth += 1,
                b";" | b"{" | b"}" if depth == 0 => return false,
                b"(" | b"[" if depth > 0 => depth -= 1,
                b"(" if open > 0 && unit.is_word(open - 1) => {
                    if self.may_assign(unit.text(open - 1)) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Whether what is called so may be a macro that assigns its arguments.
    fn may_assign(&self, callee: &[u8]) -> bool {
        facts::may_assign(callee) || self.macros.contains(callee) && self.macros.assigns(callee)
    }
}

/// The declarations at the top of a body, and the token behind them.
fn declarations<'s>(definition: &Definition<'_, 's>) -> (Vec<Declared<'s>>, usize) {
    let (unit, tree) = (definition.unit, &definition.tree);
    let tokens = |id: NodeId| {
        let range = &tree.node(id).range;
        unit.first_token_at(range.start)..unit.first_token_at(range.end)
    };
    let start = unit.bytes(definition.body.clone()).start;
    let block = tree.of_kind("compound_statement").find(|&id| tree.node(id).range.start == start);
    let mut found = Vec::new();
    let mut end = definition.body.start + 1;
    let Some(block) = block else { return (found, end) };
    let named =
        tree.children(block).filter(|&id| tree.node(id).named && tree.node(id).kind != "comment");
    for declaration in named.take_while(|&id| tree.node(id).kind == "declaration") {
        let all = tokens(declaration);
        end = all.end;
        let declarators: Vec<NodeId> =
            tree.children(declaration).filter(|&id| tree.node(id).field == "declarator").collect();
        let first = declarators.first().map_or(all.end, |&id| tokens(id).start);
        for declarator in declarators {
            let bare = match tree.node(declarator).kind {
                "init_declarator" => tree.child_by_field(declarator, "declarator"),
                _ => None,
            };
            let own = tokens(bare.unwrap_or(declarator));
            let whole = tokens(declarator);
            let name = own
                .clone()
                .find(|&at| matches!(definition.role(at), Role::Local))
                .map_or(&b""[..], |at| unit.text(at));
            found.push(Declared {
                name,
                specifiers: unit.texts(all.start..first),
                declarator: unit.texts(own.clone()),
                initialiser: unit.texts(own.end..whole.end),
            });
        }
    }
    (found, end)
}
