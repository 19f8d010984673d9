//! A whole scan as bytes, such that the groups of one file are found without the
//! others.

use super::is_in;
use crate::detect::{CloneGroup, Scan};
use rayon::prelude::*;
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

/// `scan` as bytes.
pub fn encode(scan: &Scan) -> Option<Vec<u8>> {
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
    let mut out = Vec::with_capacity(8 + head.len() + end as usize);
    out.extend_from_slice(&(head.len() as u64).to_le_bytes());
    out.extend_from_slice(&head);
    for group in groups {
        out.extend_from_slice(&group);
    }
    Some(out)
}

/// The scan that `bytes` are, or of its groups those with a member in the file `focus`.
pub fn decode(bytes: &[u8], focus: Option<&str>) -> Option<Scan> {
    let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?) as usize;
    let start = length.checked_add(8)?;
    let head: Head = postcard::from_bytes(bytes.get(8..start)?).ok()?;
    let groups = bytes.get(start..)?;
    let decode = |index: usize| -> Option<CloneGroup> {
        let from = index.checked_sub(1).map_or(Some(0), |before| head.ends.get(before).copied())?;
        let to = *head.ends.get(index)?;
        postcard::from_bytes(groups.get(from as usize..to as usize)?).ok()
    };
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
