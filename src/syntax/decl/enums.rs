//! The values of enumerators, and the typedefs of integers.

use super::constant::{Constant, NotConstant, NotConstantReason};
use super::expand::Expander;
use super::index::{DefinitionKind, FileIndex};
use super::lexeme::Lexeme;
use super::types::{CType, Integer, integer};
use super::unit::Unit;
use std::sync::{Arc, PoisonError};

/// The value of each enumerator of one enum, in order, where it is known; `None`
/// for an enum whose values cannot all be shown to fit `int`. (Then the type
/// differs between versions of gcc: from 13 on one wide value changes them all.)
pub(super) type EnumValues = Option<Arc<Vec<Option<i128>>>>;

/// Typedefs are followed this far.
const MAX_TYPEDEFS: usize = 8;

impl Unit {
    /// The integer type behind a typedef, when all its definitions agree.
    pub(super) fn integer_typedef(&self, name: &str) -> Option<Integer> {
        let mut name = name.to_string();
        for _ in 0..MAX_TYPEDEFS {
            if let Some(found) = integer(&name) {
                return Some(found);
            }
            let mut targets = self.typedef_targets(&name);
            targets.dedup();
            let [only] = targets.as_slice() else {
                let all: Option<Vec<Integer>> = targets.iter().map(|t| integer(t)).collect();
                let all = all?;
                return all.first().copied().filter(|f| all.iter().all(|i| i == f));
            };
            name = only.trim_end_matches(" __bitwise").to_string();
        }
        None
    }

    fn typedef_targets(&self, name: &str) -> Vec<String> {
        let typedef = |kind| match kind {
            DefinitionKind::Typedef { target } => Some(target),
            _ => None,
        };
        self.lookup(name).into_iter().filter_map(|d| typedef(d.kind)).collect()
    }

    /// Whether a typedef is annotated with `__bitwise`.
    pub(super) fn is_bitwise(&self, name: &str) -> bool {
        self.typedef_targets(name).iter().any(|target| target.ends_with("__bitwise"))
    }
}

impl Expander<'_> {
    /// The constant that an enumerator is, by all its visible definitions; `None`
    /// when it is no enumerator.
    pub(super) fn enumerator(&self, name: &Lexeme) -> Result<Option<Constant>, NotConstant> {
        if let Some(known) = self.local(&name.text) {
            return Ok(Some(known));
        }
        let mut places: Vec<(EnumValues, usize)> = Vec::new();
        self.unit.visit(&name.text, |index, number| {
            let Some(entry) = index.entries.get(number as usize) else { return };
            if entry.kind == super::index::EntryKind::Enumerator {
                let of = index.enums.get(entry.extra as usize);
                let place = of.map_or(0, |of| number.saturating_sub(of.entries.start) as usize);
                places.push((self.values(index, entry.extra), place));
            }
        });
        let mut found: Option<Constant> = None;
        for (values, place) in places {
            let wide = NotConstantReason::WideEnum(name.text.to_string());
            let values = values.ok_or(NotConstant { reason: wide, at: name.at })?;
            let value = values.get(place).copied().flatten();
            let value = match found {
                Some(other) => value.filter(|_| other.value == value),
                None => value,
            };
            found = Some(Constant { ctype: CType::Int, value });
        }
        Ok(found)
    }

    fn values(&self, index: &FileIndex, number: u32) -> EnumValues {
        let key = (index.path.clone(), number);
        let poisoned = PoisonError::into_inner;
        if let Some(known) = self.unit.enums.lock().unwrap_or_else(poisoned).get(&key) {
            return known.clone();
        }
        let values = self.compute(index, number).map(Arc::new);
        // Deep down, a failure may be the depth's and not the enum's.
        if values.is_some() || self.is_shallow() {
            self.unit.enums.lock().unwrap_or_else(poisoned).insert(key, values.clone());
        }
        values
    }

    /// Goes through an enum in order. After an enumerator under a condition the
    /// count is not certain, but what it is at most still shows that it fits.
    fn compute(&self, index: &FileIndex, number: u32) -> Option<Vec<Option<i128>>> {
        let body = index.enums.get(number as usize)?;
        let entries = index.entries.get(body.entries.start as usize..body.entries.end as usize)?;
        // The enum itself may stand under conditions: those of its freest member.
        let conditions: Vec<_> =
            entries.iter().map(|e| index.conditions.texts(e.condition)).collect();
        let outer = conditions.iter().min_by_key(|c| c.len()).cloned().unwrap_or_default();
        let mut scope = self.nested()?;
        let int = CType::Int.width()?;
        let mut values = Vec::with_capacity(entries.len());
        let (mut next, mut certain) = (Some(0i128), true);
        for (entry, condition) in entries.iter().zip(&conditions) {
            let tokens = index.tokens(entry);
            let own = *condition == outer;
            let value = match tokens.iter().position(|t| t.is("=")) {
                None => next,
                Some(equals) => {
                    let found = scope.evaluate(tokens.get(equals + 1..)?).ok()?;
                    certain = true;
                    let fits = |i: Integer| i.bits < 32 || (i.bits == 32 && i.signed);
                    if found.value.is_none() && !found.ctype.width().is_some_and(fits) {
                        return None;
                    }
                    found.value
                }
            };
            if value.is_some_and(|v| !int.holds(v)) {
                return None;
            }
            next = value.map(|v| v + 1);
            certain &= own;
            let known = value.filter(|_| certain || tokens.iter().any(|t| t.is("=")));
            let name = String::from_utf8_lossy(index.name(entry)).into_owned();
            scope.define(name, Constant { ctype: CType::Int, value: known });
            values.push(known);
        }
        Some(values)
    }
}
