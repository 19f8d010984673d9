//! Mutants of functions. In: the text of one function and a seed. Out: a text that a
//! clone detector must recognise, and as what. Nothing here looks at how the detector
//! works; a mutation that is impossible for a function is `None`.

mod constants;
mod layout;
mod names;
mod random;
mod statements;
mod subject;

pub use random::Random;
pub use subject::{Subject, same_but_for_names};

use drvdedup::detect::Kind;
use drvdedup::syntax::LoopMacros;
use std::fmt;

/// How many percent of the statements a gapped duplicate may differ in.
const GAP_PERCENT: usize = 30;

/// How often a mutation is tried on one function before another is taken.
const ATTEMPTS: usize = 8;

/// The classes of mutations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Layout,
    Locals,
    Constants,
    Callee,
    Inserted,
    Deleted,
    Exchanged,
    Type,
    Mixture,
}

/// The classes that a mixture is made of.
const SINGLE: [Class; 8] = [
    Class::Layout,
    Class::Locals,
    Class::Constants,
    Class::Callee,
    Class::Inserted,
    Class::Deleted,
    Class::Exchanged,
    Class::Type,
];

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Class::Layout => "(a) layout and comments",
            Class::Locals => "(b) locals and own name",
            Class::Constants => "(c) constants",
            Class::Callee => "(d) called function",
            Class::Inserted => "(e) statement inserted",
            Class::Deleted => "(f) two deleted",
            Class::Exchanged => "(g) two exchanged",
            Class::Type => "(h) type",
            Class::Mixture => "(i) two of these",
        })
    }
}

/// A function made from another.
#[derive(Clone)]
pub struct Mutant {
    pub text: Vec<u8>,
    /// What it and its original are.
    pub kind: Kind,
    /// The classes, one or two, for the reader of a failure.
    pub made_by: String,
    /// How many statements were inserted, deleted or moved.
    changed: usize,
}

/// A mutant of `original`; `None` where the class is impossible for it.
pub fn mutate(
    original: &Subject,
    class: Class,
    loops: &LoopMacros,
    random: &mut Random,
) -> Option<Mutant> {
    let budget = statements::count(original) * GAP_PERCENT / 100;
    (0..ATTEMPTS).find_map(|_| match class {
        Class::Mixture => {
            let (first, second) = (*random.pick(&SINGLE)?, *random.pick(&SINGLE)?);
            if first == second {
                return None;
            }
            let (between, subject) = once(original, first, budget, loops, random)?;
            let (last, _) = once(&subject, second, budget - between.changed, loops, random)?;
            Some(Mutant {
                kind: between.kind.max(last.kind),
                made_by: format!("{first}, {second}"),
                ..last
            })
        }
        single => once(original, single, budget, loops, random).map(|(mutant, _)| mutant),
    })
}

/// One mutation; at most `budget` statements may change. The mutant must be as fit to
/// be compared as its original.
fn once(
    original: &Subject,
    class: Class,
    budget: usize,
    loops: &LoopMacros,
    random: &mut Random,
) -> Option<(Mutant, Subject)> {
    let named = |text| (text, Kind::Renamed, 0);
    let gapped = |changed: statements::Changed| (changed.text, Kind::Gapped, changed.statements);
    let (text, kind, changed) = match class {
        Class::Layout => (layout::change(original, random)?, Kind::Identical, 0),
        Class::Locals => {
            let (text, renamed) = names::rename_locals(original, random)?;
            (text, if renamed { Kind::Renamed } else { Kind::Identical }, 0)
        }
        Class::Constants => (constants::change(original, random)?, Kind::ConstantOnly, 0),
        Class::Callee => named(names::change_callee(original, random)?),
        Class::Type => named(names::change_type(original, random)?),
        Class::Inserted => gapped(statements::insert(original, budget, random)?),
        Class::Deleted => gapped(statements::delete(original, budget, random)?),
        Class::Exchanged => gapped(statements::exchange(original, budget, random)?),
        Class::Mixture => return None,
    };
    let subject = Subject::new(&text, loops)?;
    if kind == Kind::Gapped && same_but_for_names(original, &subject) {
        // `a->x = 1; a->y = 2;` exchanged is a renaming of `x` and `y`.
        return None;
    }
    Some((Mutant { text, kind, made_by: class.to_string(), changed }, subject))
}
