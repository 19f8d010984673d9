//! The table of one class, and its misses.

use super::Outcome;
use crate::mutate::Class;
use drvdedup::detect::Kind;
use std::fmt;

/// How many misses are shown in full, and how many are named.
const SHOWN: usize = 5;
const NAMED: usize = 40;

/// The outcomes of one class.
pub struct Report<'o> {
    class: Class,
    outcomes: &'o [Outcome<'o>],
}

impl<'o> Report<'o> {
    pub fn new(class: Class, outcomes: &'o [Outcome<'o>]) -> Report<'o> {
        Report { class, outcomes }
    }

    fn right(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.right).count()
    }

    /// Whether `percent` of the mutants are found, and as what they are.
    pub fn holds(&self, percent: usize) -> bool {
        self.right() * 100 >= percent * self.outcomes.len()
    }

    /// The first misses in full, and where others are.
    pub fn misses(&self) -> String {
        let misses = self.outcomes.iter().filter(|outcome| !outcome.right).take(NAMED);
        let shown = misses.enumerate().map(|(number, outcome)| match number {
            0..SHOWN => format!("{outcome}\n{}", outcome.texts()),
            _ => outcome.to_string(),
        });
        shown.collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.outcomes.len();
        let found = self.outcomes.iter().filter(|outcome| outcome.found.is_some()).count();
        let right = self.right();
        let percent = right as f64 * 100.0 / all.max(1) as f64;
        writeln!(out, "class                     originals  found  right kind  percent")?;
        write!(out, "{:<24} {all:>10} {found:>6} {right:>11} {percent:>8.2}", self.class)
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line) = &self.planted.original.place;
        let (mutant_file, mutant_line) = &self.planted.place;
        let name = String::from_utf8_lossy(self.planted.original.subject.name());
        let wanted = word(Some(self.planted.mutant.kind));
        let (found, made_by) = (word(self.found), &self.planted.mutant.made_by);
        write!(out, "{file}:{line}:{name}, mutant {mutant_file}:{mutant_line} by {made_by}: ")?;
        write!(out, "{found} instead of {wanted}")
    }
}

impl Outcome<'_> {
    /// The mutant as a change of its original.
    fn texts(&self) -> String {
        let original = String::from_utf8_lossy(&self.planted.original.subject.text);
        let mutant = String::from_utf8_lossy(&self.planted.mutant.text);
        let diff = similar::TextDiff::from_lines(&original, &mutant);
        diff.unified_diff().context_radius(1000).to_string()
    }
}

fn word(kind: Option<Kind>) -> String {
    kind.map_or_else(|| "not found".to_owned(), |kind| format!("{kind:?}"))
}
