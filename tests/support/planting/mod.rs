//! Plants mutants beside their originals and counts which of them a scan finds.
//!
//! Found means that one group holds both. The kind is right where it is the one that
//! the mutation makes; a group that holds others beside the two is as weak as its
//! weakest member, so there it may be a weaker one, and what is copied from an exported
//! function may be said to reimplement it.

mod claims;
mod report;
mod tree;

pub use claims::check_mutants;
pub use tree::{Base, open, originals};

use crate::mutate::{Class, Mutant, Random, Subject, mutate};
use drvdedup::detect::{CloneGroup, Kind};
use drvdedup::tree::TreePath;
use report::Report;
use std::collections::{BTreeMap, BTreeSet};
use tree::scan;

/// How many mutants of each class there are at the least.
pub const CASES: usize = 400;

/// A function as often as this in a row without a new mutant: there are too few.
const ROUNDS: usize = 100;

/// Where a function begins: its file and its first line, from 1.
pub type Place = (TreePath, u32);

/// A function of the base.
pub struct Original {
    pub place: Place,
    /// Whether its file exports it: a copy is one of what the kernel offers.
    pub exported: bool,
    pub subject: Subject,
}

/// A mutant that was planted.
pub struct Planted<'o> {
    pub original: &'o Original,
    pub mutant: Mutant,
    pub place: Place,
}

/// What became of one.
pub struct Outcome<'o> {
    pub planted: Planted<'o>,
    pub found: Option<Kind>,
    pub right: bool,
}

/// Plants at least [`CASES`] mutants of `class` and asserts that `percent` of them are
/// found, and as what they are.
pub fn check(base: &Base, class: Class, percent: usize) {
    let mut random = Random::from_environment();
    let mut outcomes = Vec::new();
    for _ in 0..ROUNDS {
        outcomes.extend(round(base, class, CASES - outcomes.len(), &mut random));
        if outcomes.len() >= CASES {
            break;
        }
    }
    let report = Report::new(class, &outcomes);
    println!("{report}");
    assert!(outcomes.len() >= CASES, "only {} mutants: too little was tested", outcomes.len());
    let (seed, misses) = (random.seed(), report.misses());
    assert!(report.holds(percent), "seed {seed}: {percent} % are required\n{report}\n{misses}");
}

/// Plants at most `most` mutants, one of each original, and scans. Of originals that
/// are duplicates of each other one is taken, another one in the next round: mutants
/// of both would be in each other's way.
fn round<'o>(base: &'o Base, class: Class, most: usize, random: &mut Random) -> Vec<Outcome<'o>> {
    let mut originals: Vec<&Original> = base.originals.iter().collect();
    random.shuffle(&mut originals);
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut mutants = Vec::new();
    for original in originals {
        let group = base.group_of.get(&original.place);
        if mutants.len() == most || group.is_some_and(|group| taken.contains(group)) {
            continue;
        }
        if let Some(mutant) = mutate(&original.subject, class, &base.loops, random) {
            taken.extend(group);
            mutants.push((original, mutant));
        }
    }
    let (tree, planted) = base.plant(mutants, random);
    let groups = scan(tree.path());
    let by_place = index(&groups);
    planted.into_iter().map(|planted| judge(planted, &groups, &by_place)).collect()
}

/// The groups of each function, as indices.
pub fn index(groups: &[CloneGroup]) -> BTreeMap<Place, Vec<usize>> {
    let mut by_place: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        for member in &group.members {
            let place = (member.file.clone(), member.function.start_line);
            by_place.entry(place).or_default().push(index);
        }
    }
    by_place
}

fn judge<'o>(
    planted: Planted<'o>,
    groups: &[CloneGroup],
    by_place: &BTreeMap<Place, Vec<usize>>,
) -> Outcome<'o> {
    let of = |place: &Place| by_place.get(place).map_or(&[][..], Vec::as_slice);
    let originals = of(&planted.original.place);
    let both: Vec<&CloneGroup> = of(&planted.place)
        .iter()
        .filter(|group| originals.contains(group))
        .map(|&group| &groups[group])
        .collect();
    let wanted = planted.mutant.kind;
    let is_right = |group: &&CloneGroup| match group.kind {
        // A copy up to names and constants of what the core of a class exports.
        Kind::Reimplements => {
            let first = &group.members[0];
            planted.original.exported
                && planted.original.place == (first.file.clone(), first.function.start_line)
                && wanted <= Kind::Renamed
        }
        kind => kind == wanted || (group.members.len() > 2 && kind > wanted),
    };
    Outcome {
        right: both.iter().any(is_right),
        found: both.first().map(|group| group.kind),
        planted,
    }
}
