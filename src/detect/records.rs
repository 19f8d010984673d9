//! The facts of functions as plain bytes: hundreds of thousands of them are read where
//! nothing but a file has changed, and numbers in words are read faster than numbers of
//! any length.

use super::facts::FunctionFacts;
use super::wrapped::Role;
use super::wrapper::Wrapper;
use crate::syntax::Function;
use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// Words of a record.
const WORDS: usize = 24;

type Record = [u32; WORDS];

/// The roles by their numbers in a record; the first number stands for none.
const ROLES: [Role; 5] = [Role::Io, Role::Kernel, Role::Pair, Role::Support, Role::Conversion];

fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

fn whole([low, high]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn record(facts: &FunctionFacts) -> Record {
    let FunctionFacts { function, wrapper, .. } = facts;
    let is = |at: u32, flag: bool| u32::from(flag) << at;
    let role = wrapper.and_then(|wrapper| wrapper.role);
    let role = role.and_then(|role| ROLES.iter().position(|it| *it == role));
    let flags = is(0, function.macro_defined)
        | is(1, function.disabled)
        | is(2, function.unbalanced)
        | is(3, facts.large)
        | is(4, facts.has_run)
        | is(5, wrapper.is_some())
        | is(6, wrapper.is_some_and(|wrapper| wrapper.adds_nothing))
        | (role.map_or(0, |at| at as u32 + 1) << 8);
    let [text, more_text] = halves(facts.text);
    let [shape, more_shape] = halves(facts.shape);
    let [core, more_core] = halves(facts.core);
    let [form, more_form] = halves(wrapper.map_or(0, |wrapper| wrapper.form));
    [
        function.name.start,
        function.name.end,
        function.start,
        function.body,
        function.end,
        function.start_line,
        function.end_line,
        function.token_count,
        facts.ordinal,
        facts.name,
        flags,
        text,
        more_text,
        shape,
        more_shape,
        core,
        more_core,
        form,
        more_form,
        wrapper.map_or(0, |wrapper| wrapper.callee),
        facts.statements.start,
        facts.statements.end,
        facts.names.start,
        facts.names.end,
    ]
}

fn facts(record: &Record) -> FunctionFacts {
    let [a, b, start, body, end, start_line, end_line, token_count, ordinal, name, flags, ..] =
        *record;
    let [.., text, text2, shape, shape2, core, core2, form, form2, callee, c, d, e, f] = *record;
    let is = |at: u32| flags >> at & 1 == 1;
    let role = (flags >> 8).checked_sub(1).and_then(|at| ROLES.get(at as usize).copied());
    let (form, adds_nothing) = (whole([form, form2]), is(6));
    FunctionFacts {
        function: Function {
            name: a..b,
            start,
            body,
            end,
            start_line,
            end_line,
            token_count,
            macro_defined: is(0),
            disabled: is(1),
            unbalanced: is(2),
        },
        ordinal,
        name,
        text: whole([text, text2]),
        shape: whole([shape, shape2]),
        core: whole([core, core2]),
        wrapper: is(5).then_some(Wrapper { form, callee, role, adds_nothing }),
        large: is(3),
        has_run: is(4),
        statements: c..d,
        names: e..f,
    }
}

/// For `#[serde(with)]`.
pub fn serialize<S: Serializer>(all: &[FunctionFacts], serializer: S) -> Result<S::Ok, S::Error> {
    let words = all.iter().flat_map(record);
    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    serializer.serialize_bytes(&bytes)
}

/// For `#[serde(with)]`.
///
/// # Errors
/// Where the bytes are no whole number of records.
pub fn deserialize<'de, D>(deserializer: D) -> Result<Vec<FunctionFacts>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_bytes(Records)
}

struct Records;

impl Visitor<'_> for Records {
    type Value = Vec<FunctionFacts>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} bytes a function", 4 * WORDS)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<FunctionFacts>, E> {
        let (words, rest) = bytes.as_chunks();
        let (records, others) = words.as_chunks::<WORDS>();
        if !rest.is_empty() || !others.is_empty() {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        let read = |record: &[[u8; 4]; WORDS]| facts(&record.map(u32::from_le_bytes));
        Ok(records.iter().map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_every_flag_has_its_place() {
        for at in 0..WORDS {
            let mut words: Record = std::array::from_fn(|at| at as u32 * 0x0101_0101);
            words[10] = 0b10_0000 | 5 << 8;
            words[at] ^= 1;
            assert_eq!(record(&facts(&words)), words, "{at}");
        }
        for flag in 0..7 {
            let mut words: Record = [7; WORDS];
            words[10] = 0b10_0000 ^ 1 << flag;
            // Where there is no wrapper, nothing is known of one.
            if flag == 5 {
                words[17..20].fill(0);
            }
            assert_eq!(record(&facts(&words)), words, "{flag}");
        }
    }
}
