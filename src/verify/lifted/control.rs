//! How control goes through a part: it is called once, on the top level, and left at its end
//! or with an error that the function returns at once.

use super::Pair;
use crate::verify::definition::{Definition, Role};
use crate::verify::facts;
use crate::verify::signature;
use crate::verify::unit::{Difference, shown};
use std::collections::BTreeSet;
use std::ops::Range;

/// The call of the part, by tokens of the function.
pub(super) struct Call<'s> {
    /// The statement.
    pub statement: Range<usize>,
    /// What its value is assigned to.
    pub target: Option<&'s [u8]>,
    /// The function ends with it, and gives what it gives.
    pub is_end: bool,
    /// It gives zero, or an error that the function returns at once; `Some(true)` where an
    /// error is what is below zero.
    pub status: Option<bool>,
}

impl<'s> Pair<'_, '_, 's> {
    /// The one call of the part.
    pub(super) fn call(&self) -> Result<Call<'s>, Difference> {
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
    pub(super) fn depth(&self, definition: &Definition<'_, 's>, at: usize) -> i32 {
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
    pub(super) fn statements(
        &self,
        body: usize,
        call: &Call<'s>,
    ) -> Result<Range<usize>, Difference> {
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

    /// Nothing leaves or enters the part on the way.
    pub(super) fn control(
        &self,
        call: &Call<'s>,
        statements: &Range<usize>,
    ) -> Result<(), Difference> {
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
}
