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
    /// The hash of each file's path, increasing, and where its groups end in `of_files`.
    by_file: Vec<(u64, u32)>,
    /// The numbers of the groups of each file.
    of_files: Vec<u32>,
}

impl Head {
    fn group(&self, index: usize) -> Option<(Range<u64>, u64)> {
        let start = index.checked_sub(1).map_or(Some(0), |at| Some(self.groups.get(at)?.0))?;
        let &(end, sum) = self.groups.get(index)?;
        Some((start..end, sum))
    }

    /// The groups of a file, and perhaps others.
    fn of_file(&self, path: &str) -> &[u32] {
        let hash = xxh3_64(path.as_bytes());
        let Ok(at) = self.by_file.binary_search_by_key(&hash, |(hash, _)| *hash) else {
            return &[];
        };
        let start = at.checked_sub(1).map_or(0, |before| self.by_file[before].1);
        self.of_files.get(start as usize..self.by_file[at].1 as usize).unwrap_or_default()
    }

    fn end_of_groups(&self) -> u64 {
        self.groups.last().map_or(0, |group| group.0)
    }
}

/// `scan` as bytes, with what became of its lists of candidates: the head, and what
/// stands behind it, in pieces.
pub fn encode(scan: &Scan, outcomes: &[Outcome]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let parts = || scan.groups.par_chunks(PART).map(Part::encode).collect::<Option<Vec<Part>>>();
    let rest = || (by_file(&scan.groups), summed(outcomes));
    let (parts, ((by_file, of_files), outcomes)) = rayon::join(parts, rest);
    let (parts, (outcomes, sum_of_outcomes)) = (parts?, outcomes?);
    let mut start = 0;
    let mut tail = Vec::with_capacity(parts.len() + 1);
    let mut ends = Vec::with_capacity(scan.groups.len());
    for part in parts {
        ends.extend(part.ends.iter().map(|(end, sum)| (start + end, *sum)));
        start += part.bytes.len() as u64;
        tail.push(part.bytes);
    }
    let end = start + outcomes.len() as u64;
    tail.push(outcomes);
    let head = Head {
        scan: scan.clone(),
        groups: ends,
        outcomes: (end, sum_of_outcomes),
        by_file,
        of_files,
    };
    Some((postcard::to_allocvec(&head).ok()?, tail))
}

/// Groups that are encoded into one vector.
const PART: usize = 512;

/// Some groups as bytes.
struct Part {
    bytes: Vec<u8>,
    /// Where each ends, and its checksum.
    ends: Vec<(u64, u64)>,
}

impl Part {
    fn encode(groups: &[CloneGroup]) -> Option<Part> {
        let mut part = Part { bytes: Vec::new(), ends: Vec::with_capacity(groups.len()) };
        for group in groups {
            let start = part.bytes.len();
            part.bytes = postcard::to_extend(group, part.bytes).ok()?;
            let sum = xxh3_64(part.bytes.get(start..)?);
            part.ends.push((part.bytes.len() as u64, sum));
        }
        Some(part)
    }
}

/// See [`Head::by_file`] and [`Head::of_files`].
fn by_file(groups: &[CloneGroup]) -> (Vec<(u64, u32)>, Vec<u32>) {
    let mut by_file: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    for (group, number) in groups.iter().zip(0..) {
        for member in &group.members {
            let of_file = by_file.entry(&member.file).or_default();
            if of_file.last() != Some(&number) {
                of_file.push(number);
            }
        }
    }
    let hashed = by_file.into_iter().map(|(file, numbers)| (xxh3_64(file.as_bytes()), numbers));
    let mut hashed: Vec<(u64, Vec<u32>)> = hashed.collect();
    hashed.sort_unstable();
    let (mut ends, mut of_files): (Vec<(u64, u32)>, Vec<u32>) = Default::default();
    for (hash, numbers) in hashed {
        of_files.extend(numbers);
        // Two files of one hash are one to whom the numbers are told.
        ends.pop_if(|last| last.0 == hash);
        ends.push((hash, of_files.len() as u32));
    }
    (ends, of_files)
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
        None => Encoded::read(&head, tail)?.all()?,
        Some(file) => {
            let group = |&index: &u32| {
                let (range, sum) = head.group(index as usize)?;
                sound::<CloneGroup>(&tail.read(range)?, sum)
            };
            let groups = head.of_file(file).iter().map(group);
            let mut groups: Vec<CloneGroup> = groups.collect::<Option<_>>()?;
            groups.retain(|group| is_in(group, file));
            groups
        }
    };
    head.scan.groups = groups.into();
    Some(head.scan)
}

/// All groups, still encoded.
struct Encoded {
    bytes: Vec<u8>,
    places: Vec<(Range<u64>, u64)>,
}

impl Encoded {
    fn read(head: &Head, tail: &Tail) -> Option<Encoded> {
        let places = (0..head.groups.len()).map(|index| head.group(index));
        let places = places.collect::<Option<_>>()?;
        Some(Encoded { bytes: tail.read(0..head.end_of_groups())?, places })
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
    groups: Encoded,
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
        Some(Outcomes { groups: Encoded::read(&head, tail)?, outcomes, by_key })
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
