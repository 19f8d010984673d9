//! What the variables of a function are in its part and outside: declared as they were, and
//! with the values that they had.

use super::Pair;
use super::control::Call;
use crate::syntax::NodeId;
use crate::verify::definition::{Definition, Role};
use crate::verify::facts;
use crate::verify::unit::{Difference, Unit, shown};
use std::collections::BTreeSet;
use std::ops::Range;

/// One declarator of a declaration at the top of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared<'s> {
    pub name: &'s [u8],
    specifiers: Vec<&'s [u8]>,
    declarator: Vec<&'s [u8]>,
    initialiser: Vec<&'s [u8]>,
}

impl<'s> Declared<'s> {
    /// The tokens of a parameter that is declared so.
    pub fn spelled(&self) -> Vec<&'s [u8]> {
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

impl<'s> Pair<'_, '_, 's> {
    /// The declarations are those that were there, but for some that the part has now.
    pub(super) fn declared(
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
                || declared.specifiers.iter().any(odd)
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
    pub(super) fn names(&self, statements: &Range<usize>) -> BTreeSet<&'s [u8]> {
        let own = self.before.own_names();
        let all = statements
            .clone()
            .filter(|&at| matches!(self.part.role(at), Role::Param(_) | Role::Local));
        all.map(|at| self.part.unit.text(at)).filter(|name| own.contains(name)).collect()
    }

    /// A variable has the values that it had, inside the part and outside.
    pub(super) fn variable(
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
        // A typedef does not say that it is of a structure, but what is done with it does.
        let has_members = inside.iter().any(|&at| self.part.unit.text(at + 1) == b".");
        let is_whole = local.is_none_or(|it| is_scalar(&it.spelled()) && !has_members);
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

    /// `v = …;`, `for (v = …;` or `if (…) v = …; else v = …;` on the top level, or first in a
    /// block that is always run, `v` not among what is assigned.
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
        let start = if in_for { at - 2 } else { at };
        // First in a block that no condition stands before.
        let in_block = start >= 2 && unit.text(start - 1) == b"{";
        let is_run = || match unit.text_before(start - 1) {
            b"do" => is_statement(start - 2),
            _ => is_statement(start - 1),
        };
        if is_statement(start) || in_block && is_run() {
            return true;
        }
        let head = (definition.body.start..at).rev().find(|&it| unit.text(it) == b"if");
        let is_its = |open: usize| unit.list(open + 1).is_some_and(|(_, close)| close + 1 == at);
        head.is_some_and(|open| is_statement(open) && unit.text(open + 1) == b"(" && is_its(open))
            && unit.text(end + 1) == b"else"
            && assigned_until(end + 2).is_some()
    }

    pub(super) fn is_written(&self, definition: &Definition<'_, 's>, at: usize) -> bool {
        let unit = definition.unit;
        let (before, next) = (unit.text_before(at), unit.text(behind_members(unit, at)));
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
                b"(" if open > 0
                    && unit.is_word(open - 1)
                    && self.may_assign(unit.text(open - 1)) =>
                {
                    return true;
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

/// The token behind a variable and what is taken of it: who writes a member or an element of
/// that writes the variable.
fn behind_members(unit: &Unit<'_>, at: usize) -> usize {
    let mut next = at + 1;
    while unit.text(next) == b"." || next > at + 1 && unit.text(next) == b"[" {
        next = match unit.list(next) {
            Some((_, close)) if unit.text(next) == b"[" => close + 1,
            _ => next + 2,
        };
    }
    next
}

/// The declarations at the top of a body, and the token behind them.
pub(super) fn declarations<'s>(definition: &Definition<'_, 's>) -> (Vec<Declared<'s>>, usize) {
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
