//! Whether mutants are what they are said to be: a generator that changes nothing, or
//! something else, would prove nothing.

use super::Base;
use crate::mutate::{Class, Random, Subject, mutate, same_but_for_names};
use drvdedup::syntax::lexer;

/// How many originals must admit each mutation at the least.
const MUTANTS: usize = 30;

/// Asserts of each class, but for the mixtures, that its mutants differ from their
/// originals in what it says.
pub fn check_mutants(base: &Base) {
    check(base, Class::Layout, same_tokens);
    // A member that `container_of` names keeps its name when a local of that name does
    // not, so these are not the same but for one renaming of all names.
    check(base, Class::Locals, |subject, text| {
        growth(subject, text) == 0 && !same_tokens(subject, text)
    });
    check(base, Class::Constants, renamed);
    check(base, Class::Callee, renamed);
    check(base, Class::Type, renamed);
    check(base, Class::Inserted, |subject, text| growth(subject, text) > 0);
    check(base, Class::Deleted, |subject, text| growth(subject, text) < 0);
    check(base, Class::Exchanged, |subject, text| {
        sorted(&subject.text) == sorted(text) && !same_but_for_names(&subject.text, text)
    });
}

fn check(base: &Base, class: Class, holds: impl Fn(&Subject, &[u8]) -> bool) {
    let mut random = Random::from_environment();
    let mut mutants = 0;
    for original in &base.originals {
        let subject = &original.subject;
        let Some(mutant) = mutate(subject, class, &base.loops, &mut random) else { continue };
        let text = String::from_utf8_lossy(&mutant.text);
        assert!(mutant.text != subject.text, "{class} changes nothing:\n{text}");
        let original = String::from_utf8_lossy(&subject.text);
        assert!(holds(subject, &mutant.text), "{class} made of\n{original}\n this:\n{text}");
        mutants += 1;
    }
    assert!(mutants >= MUTANTS, "{class}: only {mutants} mutants");
}

fn tokens(text: &[u8]) -> Vec<&[u8]> {
    lexer::tokens(text).iter().map(|token| token.text(text)).collect()
}

fn sorted(text: &[u8]) -> Vec<&[u8]> {
    let mut tokens = tokens(text);
    tokens.sort_unstable();
    tokens
}

fn same_tokens(subject: &Subject, text: &[u8]) -> bool {
    tokens(&subject.text) == tokens(text)
}

fn renamed(subject: &Subject, text: &[u8]) -> bool {
    same_but_for_names(&subject.text, text) && !same_tokens(subject, text)
}

/// How many tokens more `text` has.
fn growth(subject: &Subject, text: &[u8]) -> isize {
    tokens(text).len() as isize - subject.tokens.len() as isize
}
