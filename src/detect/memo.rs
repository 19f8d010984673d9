//! What became of each list of candidates, so that the next scan of an almost equal tree
//! need not read their texts again. A list is known again by everything that its outcome
//! depends on: the step, and of each function its text, its place and where its file
//! belongs. What else an outcome depends on is in the name of the file that holds it.

use super::cache::Outcomes;
use super::group::Found;
use super::scan::Gap;
use super::world::{Id, World};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// What is done with a list: one list may go through several steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    Reimplements,
    Exact,
    Families,
    Services,
    Rewritten,
    Gapped,
    Sequences,
    Blocks,
}

/// What was made of one list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The list.
    pub key: u128,
    /// Its groups, by their numbers among all.
    pub groups: Vec<u32>,
    /// Which functions of the list are in them, by their numbers in it.
    pub taken: Vec<u32>,
    /// Which members do not parse.
    pub gaps: Vec<Gap>,
}

/// The outcomes of an earlier scan, and those of this one.
#[derive(Default)]
pub struct Memo {
    known: Option<Outcomes>,
    noted: Vec<Outcome>,
    /// Number of groups so far.
    groups: u32,
}

impl Memo {
    /// With what an earlier scan knew.
    pub fn new(known: Option<Outcomes>) -> Memo {
        Memo { known, ..Memo::default() }
    }

    /// The keys of lists.
    pub fn keys(&self, world: &World, step: Step, lists: &[Vec<Id>]) -> Vec<u128> {
        let key = |bytes: &mut Vec<u8>, list: &Vec<Id>| {
            bytes.clear();
            bytes.push(step as u8);
            list.iter().for_each(|&id| world.identify(id, bytes));
            xxh3_128(bytes)
        };
        lists.par_iter().map_init(Vec::new, key).collect()
    }

    /// What the earlier scan made of the list.
    pub fn get(&self, key: u128, list: &[Id]) -> Option<Found> {
        let (groups, outcome) = self.known.as_ref()?.get(key)?;
        let ids = outcome.taken.iter().map(|&at| list.get(at as usize).copied());
        Some(Found { groups, ids: ids.collect::<Option<_>>()?, gaps: outcome.gaps.clone() })
    }

    /// Notes what was made of lists, in the order in which their groups are put together.
    pub fn note(&mut self, key: u128, list: &[Id], found: &Found) {
        let taken = found.ids.iter().filter_map(|id| list.binary_search(id).ok());
        let first = self.groups;
        self.groups += found.groups.len() as u32;
        self.noted.push(Outcome {
            key,
            groups: (first..self.groups).collect(),
            taken: taken.map(|at| at as u32).collect(),
            gaps: found.gaps.clone(),
        });
    }

    /// The outcomes whose groups have all kept their form; `places` tells the place of a
    /// group by its number, as long as it has.
    pub fn outcomes(self, places: impl Fn(u32) -> Option<u32>) -> Vec<Outcome> {
        let placed = |mut outcome: Outcome| {
            let groups = outcome.groups.into_iter().map(&places);
            outcome.groups = groups.collect::<Option<_>>()?;
            Some(outcome)
        };
        self.noted.into_iter().filter_map(placed).collect()
    }
}
