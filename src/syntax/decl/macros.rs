//! What a macro does with its parameters, through all macros that it uses.
//!
//! The facts of all macros that one macro reaches are worked out together: each
//! grows from those of the macros that it calls until nothing changes any more,
//! so that macros which name each other need no special care.

use super::body::{Body, Call, NameUse, ParamUse, analyse};
use super::directive::Define;
use super::expand::is_shared;
use super::facts::{
    FLAGS, Fact, Flags, JOINED, MEASURED, MacroFacts, NAME, NEEDS_CONSTANT, PASTED, ParamFacts,
    STRINGIFIED, TESTS_CONSTANT, VALUE, add, add_free, through,
};
use super::index::EntryKind;
use super::native;
use super::unit::Unit;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{Arc, PoisonError};

/// A macro that is reached, with the bodies of its visible definitions.
pub(super) struct Reached {
    name: String,
    /// Each body, and whether it stands in a shared header.
    bodies: Vec<(Arc<Body>, bool)>,
}

impl Unit {
    /// What the macro `name` does; `None` when no macro of that name is visible.
    pub fn macro_facts(&self, name: &str) -> Option<Arc<MacroFacts>> {
        if let Some(known) = self.known_facts(name) {
            return Some(known);
        }
        let reached = self.reach(name);
        if reached.is_empty() {
            return None;
        }
        let mut solver = Solver { unit: self, facts: FxHashMap::default(), changed: false };
        // Whether a name is free depends on what becomes of the parameters that it
        // is passed as: those come first, and stay.
        solver.settle(&reached, Solver::shape);
        solver.settle(&reached, Solver::params);
        solver.settle(&reached, Solver::names);
        let mut memo = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, facts) in solver.facts {
            memo.entry(name).or_insert_with(|| Arc::new(facts));
        }
        memo.get(name).cloned()
    }

    fn known_facts(&self, name: &str) -> Option<Arc<MacroFacts>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The macros that `name` reaches and whose facts are not known yet.
    fn reach(&self, name: &str) -> Vec<Reached> {
        let mut seen: FxHashSet<String> = FxHashSet::default();
        let mut queue = vec![name.to_string()];
        let mut reached = Vec::new();
        seen.insert(name.to_string());
        let mut next = 0;
        while let Some(name) = queue.get(next).cloned() {
            next += 1;
            if self.known_facts(&name).is_some() {
                continue;
            }
            let bodies = self.bodies(&name);
            for (body, _) in &bodies {
                for used in &body.name_uses {
                    if seen.insert(used.name.clone()) {
                        queue.push(used.name.clone());
                    }
                }
            }
            if !bodies.is_empty() {
                reached.push(Reached { name, bodies });
            }
        }
        reached
    }

    fn bodies(&self, name: &str) -> Vec<(Arc<Body>, bool)> {
        let mut found = Vec::new();
        self.visit(name, |index, number| {
            let Some(entry) = index.entries.get(number as usize) else { return };
            if !matches!(entry.kind, EntryKind::ObjectMacro | EntryKind::FunctionMacro) {
                return;
            }
            let shared = is_shared(&index.path);
            let key = (index.path.clone(), entry.start);
            let body = self.universe.body(key, shared, || {
                let definition = index.definition(entry)?;
                if definition.is_never_compiled() {
                    return None;
                }
                let text = index.source.get(entry.start as usize..entry.end as usize)?;
                Define::parse(text).map(|define| Arc::new(analyse(&define)))
            });
            found.extend(body.map(|body| (index.path.clone(), entry.start, body, shared)));
        });
        // The order must not depend on which thread met a header first.
        found.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        found.into_iter().map(|(_, _, body, shared)| (body, shared)).collect()
    }
}

struct Solver<'u> {
    unit: &'u Unit,
    facts: FxHashMap<String, MacroFacts>,
    changed: bool,
}

/// Calls whose arguments must be constant wherever their value is used.
fn wants_constant(call: &Call) -> bool {
    let name = call.callee.as_str();
    name.starts_with("BUILD_BUG_ON")
        || matches!(
            name,
            "static_assert"
                | "_Static_assert"
                | "__static_assert"
                | "compiletime_assert"
                | "_compiletime_assert"
                | "__compiletime_assert"
                | "asm"
                | "__asm__"
                | "asm_volatile_goto"
                | "volatile"
                | "__volatile__"
                | "__attribute__"
                | "__section"
                | "__aligned"
        )
        || (name == "__builtin_choose_expr" && call.argument == 0)
}

/// What a builtin does with its operand; `None` for any other name.
fn builtin(call: &Call) -> Option<Flags> {
    Some(match call.callee.as_str() {
        "sizeof"
        | "typeof"
        | "__typeof__"
        | "__typeof"
        | "__builtin_types_compatible_p"
        | "_Alignof"
        | "__alignof__"
        | "__auto_type" => MEASURED,
        "__builtin_constant_p" | "__is_constexpr" | "statically_true" => TESTS_CONSTANT,
        "__builtin_offsetof" => NAME,
        "__builtin_va_arg" if call.argument == 1 => NAME,
        _ => return None,
    })
}

impl Solver<'_> {
    fn known(&self, name: &str) -> Option<MacroFactsRef<'_>> {
        match self.facts.get(name) {
            Some(facts) => Some(MacroFactsRef::Growing(facts)),
            None => self.unit.known_facts(name).map(MacroFactsRef::Done),
        }
    }

    /// Grows all facts by `step` until nothing changes any more.
    fn settle(
        &mut self,
        reached: &[Reached],
        step: fn(&Self, &str, &Body, &Fact, &mut MacroFacts),
    ) {
        self.changed = true;
        while std::mem::take(&mut self.changed) {
            // Callees were reached after their callers.
            for item in reached.iter().rev() {
                self.grow(item, step);
            }
        }
    }

    /// Adds to the facts of one macro what its bodies and their callees show.
    fn grow(&mut self, item: &Reached, step: fn(&Self, &str, &Body, &Fact, &mut MacroFacts)) {
        let old = self.facts.get(&item.name);
        let mut facts = old.cloned().unwrap_or_default();
        for (body, shared) in &item.bodies {
            let own = Fact { via: vec![item.name.clone()], in_include: *shared };
            step(self, &item.name, body, &own, &mut facts);
        }
        if old != Some(&facts) {
            self.changed = true;
            self.facts.insert(item.name.clone(), facts);
        }
    }

    /// Which parameters there are.
    fn shape(&self, _name: &str, body: &Body, _own: &Fact, facts: &mut MacroFacts) {
        facts.function_like |= body.function_like;
        for (i, param) in body.params.iter().enumerate() {
            if facts.params.len() <= i {
                facts.params.push(ParamFacts { name: param.clone(), ..ParamFacts::default() });
            }
        }
        if body.variadic {
            let at = body.params.len().saturating_sub(1);
            facts.variadic_from = Some(facts.variadic_from.map_or(at, |old| old.min(at)));
        }
    }

    /// What one body shows of its parameters and by itself.
    fn params(&self, _name: &str, body: &Body, own: &Fact, facts: &mut MacroFacts) {
        for (shown, slot) in [
            (body.names_function, &mut facts.names_function),
            (body.names_place, &mut facts.names_place),
            (body.static_state, &mut facts.static_state),
            (body.jumps, &mut facts.returns_or_jumps),
        ] {
            if shown {
                add(slot, own);
            }
        }
        for used in &body.param_uses {
            self.param(used, own, facts);
        }
    }

    fn param(&self, used: &ParamUse, own: &Fact, facts: &mut MacroFacts) {
        let Some(param) = facts.params.get_mut(used.param) else { return };
        let mut shown = used.flags;
        if used.neighbours.iter().any(|n| self.is_string(n)) {
            shown |= JOINED;
        }
        let mut alive = used.flags & (STRINGIFIED | PASTED) == 0;
        // `BUILD_BUG_ON(!__builtin_constant_p(x))`
        let asks =
            |call: &Call| call.callee != "statically_true" && builtin(call) == Some(TESTS_CONSTANT);
        let asked = used.calls.first().is_some_and(asks);
        // The text of a check's message is seen by whom the check stops only.
        let message = used.calls.iter().any(|c| wants_constant(c) && builtin(c).is_none());
        if message {
            shown &= !STRINGIFIED;
        }
        for (depth, call) in used.calls.iter().enumerate() {
            let insists = asked && call.callee != "__builtin_choose_expr";
            if wants_constant(call) && (alive || insists) {
                let guarded = call.guarded;
                shown |= if guarded { TESTS_CONSTANT } else { NEEDS_CONSTANT };
            }
            if let Some(flag) = builtin(call) {
                shown |= if depth == 0 || flag == TESTS_CONSTANT { flag } else { 0 };
                alive = false;
                continue;
            }
            let Some(callee) = self.known(&call.callee) else { continue };
            if !callee.facts().function_like {
                continue;
            }
            let mut value = false;
            for inner in callee.facts().argument(call.argument) {
                value |= inner.value_used.is_some();
                for flag in FLAGS {
                    let flows = match flag {
                        VALUE => false,
                        STRINGIFIED => !message,
                        NEEDS_CONSTANT | TESTS_CONSTANT => alive && !wants_constant(call),
                        _ => depth == 0,
                    };
                    if let Some(fact) = inner.get(flag).as_ref().filter(|_| flows) {
                        add(param.slot(flag), &through(own, fact));
                    }
                }
            }
            alive &= value;
        }
        shown |= if alive { VALUE } else { 0 };
        for flag in FLAGS.into_iter().filter(|flag| shown & flag != 0) {
            add(param.slot(flag), own);
        }
    }

    /// A macro that stands for a string literal, or takes one apart: a word next
    /// to a parameter that is one joins the parameter to it.
    fn is_string(&self, name: &str) -> bool {
        let mut name = name.to_string();
        // `KERN_ERR` is `KERN_SOH "3"`; longer chains are not met.
        for _ in 0..4 {
            let bodies = self.unit.bodies(&name);
            if bodies.iter().any(|(body, _)| body.is_string) {
                return true;
            }
            let Some([only]) = bodies.first().map(|(body, _)| body.name_uses.as_slice()) else {
                return false;
            };
            name = only.name.clone();
        }
        false
    }

    fn names(&self, name: &str, body: &Body, own: &Fact, facts: &mut MacroFacts) {
        for used in &body.name_uses {
            if let Some(inner) = self.known(&used.name).filter(|_| used.name != name) {
                let inner = inner.facts();
                if inner.function_like && !used.called && inner.params.is_empty() {
                    continue;
                }
                for (slot, fact) in [
                    (&mut facts.names_function, &inner.names_function),
                    (&mut facts.names_place, &inner.names_place),
                    (&mut facts.static_state, &inner.static_state),
                    (&mut facts.returns_or_jumps, &inner.returns_or_jumps),
                ] {
                    if let Some(fact) = fact {
                        add(slot, &through(own, fact));
                    }
                }
                for (free, fact) in &inner.free_names {
                    if !body.declared.contains(free) && !body.params.contains(free) {
                        add_free(facts, free, &through(own, fact));
                    }
                }
                continue;
            }
            // A shared header captures no driver's locals: names with underscores
            // are pasted ones, or of other compilers and architectures.
            let reserved = own.in_include && used.name.starts_with("__");
            if !reserved && !body.declared.contains(&used.name) && !self.is_bound(used) {
                add_free(facts, &used.name, own);
            }
        }
    }

    /// Whether a name that no macro stands for is bound all the same: at file
    /// scope, by the compiler, or because it stands for a type or a member.
    fn is_bound(&self, used: &NameUse) -> bool {
        native::is_compilers(&used.name)
            // Functions that tokens are pasted together for, or that other
            // compilers have; no local is called by such a name.
            || (used.called && used.name.starts_with("__"))
            || self.unit.is_file_scope(&used.name)
            || used.within.as_ref().is_some_and(|call| self.takes_no_value(call))
    }

    fn takes_no_value(&self, call: &Call) -> bool {
        if matches!(call.callee.as_str(), "__attribute__" | "asm" | "__asm__" | "_Pragma")
            || (call.callee == "__builtin_offsetof" && call.argument > 0)
        {
            return true;
        }
        self.known(&call.callee).is_some_and(|callee| {
            let facts = callee.facts();
            facts.function_like
                && facts.argument(call.argument).any(|p| {
                    p.is_type_or_name.is_some() || p.pasted.is_some() || p.value_used.is_none()
                })
        })
    }
}

/// Facts that are final or still grow.
enum MacroFactsRef<'f> {
    Growing(&'f MacroFacts),
    Done(Arc<MacroFacts>),
}

impl MacroFactsRef<'_> {
    fn facts(&self) -> &MacroFacts {
        match self {
            MacroFactsRef::Growing(facts) => facts,
            MacroFactsRef::Done(facts) => facts,
        }
    }
}

#[cfg(test)]
#[path = "macros_tests.rs"]
mod tests;
