//! A whole scan as bytes, such that the groups of one file are found without the
//! others, and so are those of one list of candidates: a head, and behind it parts of
//! which each has its checksum in the head.

use super::is_in;
use super::sealed::Tail;
use crate::detect::memo::Outcome;
use crate::detect::{CloneGroup, Scan};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What stands before the groups.
#[derive(Serialize, Deserialize)]
struct Head {
    /// All but its groups.
    scan: Scan,
    /// Where each group ends, from the start of the groups, and its checksum.
    groups: Vec<(u64, u64)>,
    /// Likewise what became of the lists of candidates, behind the groups.
    outcomes: (u64, u64),
    /// The groups of each file, by the file and their number.
    by_file: Vec<(String, Vec<u32>)>,
}

impl Head {
    fn group(&self, index: usize) -> Option<(Range<u64>, u64)> {
        let start = index.checked_sub(1).map_or(Some(0), |at| Some(self.groups.get(at)?.0))?;
        let &(end, sum) = self.groups.get(index)?;
        Some((start..end, sum))
    }

    fn end_of_groups(&self) -> u64 {
        self.groups.last().map_or(0, |group| group.0)
    }
}

/// `scan` as bytes, with what became of its lists of candidates: the head, and what
/// stands behind it.
pub fn encode(scan: &Scan, outcomes: &[Outcome]) -> Option<(Vec<u8>, Vec<u8>)> {
    let groups: Vec<(Vec<u8>, u64)> = scan.groups.par_iter().map(summed).collect::<Option<_>>()?;
    let mut places: Vec<(&str, u32)> = Vec::new();
    for (group, number) in scan.groups.iter().zip(0..) {
        places.extend(group.members.iter().map(|member| (member.file.as_str(), number)));
    }
    places.par_sort_unstable();
    places.dedup();
    let by_file = places.chunk_by(|a, b| a.0 == b.0).map(|of_file| {
        (of_file[0].0.to_owned(), of_file.iter().map(|(_, number)| *number).collect())
    });
    let (outcomes, sum_of_outcomes) = summed(outcomes)?;
    let mut tail = Vec::new();
    let mut ends = Vec::with_capacity(groups.len());
    for (bytes, sum) in groups {
        tail.extend(bytes);
        ends.push((tail.len() as u64, sum));
    }
    tail.extend(outcomes);
    let head = Head {
        scan: scan.without_groups(),
        groups: ends,
        outcomes: (tail.len() as u64, sum_of_outcomes),
        by_file: by_file.collect(),
    };
    Some((postcard::to_allocvec(&head).ok()?, tail))
}

fn summed<T: Serialize + ?Sized>(value: &T) -> Option<(Vec<u8>, u64)> {
    let bytes = postcard::to_allocvec(value).ok()?;
    let sum = xxh3_64(&bytes);
    Some((bytes, sum))
}

/// A part with its checksum, if it is what was written.
fn sound<'b, T: Deserialize<'b>>(bytes: &'b [u8], sum: u64) -> Option<T> {
    (xxh3_64(bytes) == sum).then(|| postcard::from_bytes(bytes).ok())?
}

/// The scan that `head` and `tail` are, or of its groups those with a member in the file
/// `focus`.
pub fn decode(head: &[u8], tail: &Tail, focus: Option<&str>) -> Option<Scan> {
    let mut head: Head = postcard::from_bytes(head).ok()?;
    if head.outcomes.0 != tail.length {
        return None;
    }
    let groups = match focus {
        None => Groups::read(&head, tail)?.all()?,
        Some(file) => {
            let of_file = head.by_file.binary_search_by(|(path, _)| path.as_str().cmp(file));
            let of_file = of_file.map_or(&[][..], |at| head.by_file[at].1.as_slice());
            let group = |&index: &u32| {
                let (range, sum) = head.group(index as usize)?;
                sound::<CloneGroup>(&tail.read(range)?, sum).filter(|group| is_in(group, file))
            };
            of_file.iter().map(group).collect::<Option<_>>()?
        }
    };
    head.scan.groups = groups;
    Some(head.scan)
}

/// All groups, still encoded.
struct Groups {
    bytes: Vec<u8>,
    places: Vec<(Range<u64>, u64)>,
}

impl Groups {
    fn read(head: &Head, tail: &Tail) -> Option<Groups> {
        let places = (0..head.groups.len()).map(|index| head.group(index));
        let places = places.collect::<Option<_>>()?;
        Some(Groups { bytes: tail.read(0..head.end_of_groups())?, places })
    }

    fn get(&self, index: usize) -> Option<CloneGroup> {
        let (range, sum) = self.places.get(index)?;
        sound(self.bytes.get(range.start as usize..range.end as usize)?, *sum)
    }

    fn all(&self) -> Option<Vec<CloneGroup>> {
        (0..self.places.len()).into_par_iter().map(|index| self.get(index)).collect()
    }
}

/// What became of the lists of candidates of an earlier scan.
pub struct Outcomes {
    groups: Groups,
    outcomes: Vec<Outcome>,
    by_key: FxHashMap<u128, u32>,
}

impl Outcomes {
    /// Of the scan that `head` and `tail` are.
    pub fn decode(head: &[u8], tail: &Tail) -> Option<Outcomes> {
        let head: Head = postcard::from_bytes(head).ok()?;
        let (end, sum) = head.outcomes;
        let outcomes: Vec<Outcome> = sound(&tail.read(head.end_of_groups()..end)?, sum)?;
        let by_key = outcomes.iter().zip(0..).map(|(outcome, at)| (outcome.key, at)).collect();
        Some(Outcomes { groups: Groups::read(&head, tail)?, outcomes, by_key })
    }

    /// All of them.
    #[cfg(test)]
    pub fn all(self) -> Vec<Outcome> {
        self.outcomes
    }

    /// The groups of the list with this key, without their ids, and the rest of what
    /// became of it.
    pub fn get(&self, key: u128) -> Option<(Vec<CloneGroup>, &Outcome)> {
        let outcome = self.outcomes.get(*self.by_key.get(&key)? as usize)?;
        let group = |&index: &u32| {
            let mut group = self.groups.get(index as usize)?;
            group.id.clear();
            Some(group)
        };
        Some((outcome.groups.iter().map(group).collect::<Option<_>>()?, outcome))
    }
}
