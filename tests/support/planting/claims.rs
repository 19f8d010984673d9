//! Whether mutants are what they are said to be: a generator that changes nothing, or
//! something else, would prove nothing.

use super::Base;
use crate::mutate::{Class, Random, Subject, mutate, same_but_for_names};

/// How many originals must admit each mutation at the least.
const MUTANTS: usize = 20;

/// Asserts of each class, but for the mixtures, that its mutants differ from their
/// originals in what it says.
pub fn check_mutants(base: &Base) {
    check(base, Class::Layout, same_tokens);
    check(base, Class::Locals, renamed);
    check(base, Class::Constants, renamed);
    check(base, Class::Callee, renamed);
    check(base, Class::Type, renamed);
    check(base, Class::Inserted, |original, mutant| mutant.tokens.len() > original.tokens.len());
    check(base, Class::Deleted, |original, mutant| mutant.tokens.len() < original.tokens.len());
    check(base, Class::Exchanged, |original, mutant| {
        sorted(original) == sorted(mutant) && !same_but_for_names(original, mutant)
    });
}

fn check(base: &Base, class: Class, holds: impl Fn(&Subject, &Subject) -> bool) {
    let mut random = Random::from_environment();
    let mut mutants = 0;
    for original in &base.originals {
        let original = &original.subject;
        let Some(mutant) = mutate(original, class, &base.loops, &mut random) else { continue };
        let mutant = Subject::new(&mutant.text, &base.loops).expect("fit to be compared");
        let (before, after) = (&original.text, &mutant.text);
        assert!(
            before != after && holds(original, &mutant),
            "{class} made of\n{}\nthis:\n{}",
            String::from_utf8_lossy(before),
            String::from_utf8_lossy(after)
        );
        mutants += 1;
    }
    assert!(mutants >= MUTANTS, "{class}: only {mutants} mutants");
}

fn tokens(subject: &Subject) -> Vec<&[u8]> {
    (0..subject.tokens.len()).map(|at| subject.token(at)).collect()
}

fn sorted(subject: &Subject) -> Vec<&[u8]> {
    let mut tokens = tokens(subject);
    tokens.sort_unstable();
    tokens
}

fn same_tokens(original: &Subject, mutant: &Subject) -> bool {
    tokens(original) == tokens(mutant)
}

fn renamed(original: &Subject, mutant: &Subject) -> bool {
    same_but_for_names(original, mutant) && !same_tokens(original, mutant)
}
