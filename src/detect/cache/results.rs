//! A whole scan as bytes, such that the groups of one file are found without the
//! others, and so are those of one list of candidates.

use super::is_in;
use crate::detect::memo::Outcome;
use crate::detect::{CloneGroup, Scan};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stands before the groups.
#[derive(Serialize, Deserialize)]
struct Head {
    /// All but its groups.
    scan: Scan,
    /// Where each group ends, from the start of the groups.
    ends: Vec<u64>,
    /// The groups of each file.
    by_file: BTreeMap<String, Vec<u32>>,
}

/// `scan` as bytes, with what became of its lists of candidates.
pub fn encode(scan: &Scan, outcomes: &[Outcome]) -> Option<Vec<u8>> {
    let groups: Vec<Vec<u8>> =
        scan.groups.par_iter().map(postcard::to_allocvec).collect::<Result<_, _>>().ok()?;
    let mut by_file: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (index, group) in scan.groups.iter().enumerate() {
        for member in &group.members {
            let of_file = match by_file.get_mut(&member.file) {
                Some(of_file) => of_file,
                None => by_file.entry(member.file.clone()).or_default(),
            };
            if of_file.last() != Some(&(index as u32)) {
                of_file.push(index as u32);
            }
        }
    }
    let mut ends = Vec::with_capacity(groups.len());
    let mut end = 0;
    for group in &groups {
        end += group.len() as u64;
        ends.push(end);
    }
    let head = Head { scan: scan.without_groups(), ends, by_file };
    let head = postcard::to_allocvec(&head).ok()?;
    let outcomes = postcard::to_allocvec(outcomes).ok()?;
    let mut out = Vec::with_capacity(16 + head.len() + outcomes.len() + end as usize);
    for part in [&head, &outcomes] {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
    for group in groups {
        out.extend_from_slice(&group);
    }
    Some(out)
}

/// The parts of `bytes`.
struct Parts<'b> {
    head: Head,
    outcomes: &'b [u8],
    groups: &'b [u8],
}

impl<'b> Parts<'b> {
    fn of(bytes: &'b [u8]) -> Option<Parts<'b>> {
        let (head, rest) = part(bytes)?;
        let (outcomes, groups) = part(rest)?;
        Some(Parts { head: postcard::from_bytes(head).ok()?, outcomes, groups })
    }
}

/// A part with its length before it, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)
}

/// One of the groups, which end at `ends`.
fn group(groups: &[u8], ends: &[u64], index: usize) -> Option<CloneGroup> {
    let from = index.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied())?;
    let to = *ends.get(index)?;
    postcard::from_bytes(groups.get(from as usize..to as usize)?).ok()
}

/// The scan that `bytes` are, or of its groups those with a member in the file `focus`.
pub fn decode(bytes: &[u8], focus: Option<&str>) -> Option<Scan> {
    let Parts { head, groups, .. } = Parts::of(bytes)?;
    let decode = |index: usize| group(groups, &head.ends, index);
    let mut scan = head.scan;
    scan.groups = match focus {
        None => (0..head.ends.len()).into_par_iter().map(decode).collect::<Option<_>>()?,
        Some(file) => {
            let of_file = head.by_file.get(file).map_or(&[][..], Vec::as_slice);
            let found: Option<Vec<CloneGroup>> =
                of_file.iter().map(|&index| decode(index as usize)).collect();
            found?
        }
    };
    let sound = focus.is_none_or(|file| scan.groups.iter().all(|group| is_in(group, file)));
    sound.then_some(scan)
}

/// What became of the lists of candidates of an earlier scan.
pub struct Outcomes {
    groups: Vec<u8>,
    ends: Vec<u64>,
    outcomes: Vec<Outcome>,
    by_key: FxHashMap<u128, u32>,
}

impl Outcomes {
    /// Of the scan that `bytes` are.
    pub fn decode(bytes: &[u8]) -> Option<Outcomes> {
        let Parts { head, outcomes, groups } = Parts::of(bytes)?;
        let outcomes: Vec<Outcome> = postcard::from_bytes(outcomes).ok()?;
        let by_key = outcomes.iter().zip(0..).map(|(outcome, at)| (outcome.key, at)).collect();
        Some(Outcomes { groups: groups.to_vec(), ends: head.ends, outcomes, by_key })
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
            let mut group = group(&self.groups, &self.ends, index as usize)?;
            group.id.clear();
            Some(group)
        };
        Some((outcome.groups.iter().map(group).collect::<Option<_>>()?, outcome))
    }
}
