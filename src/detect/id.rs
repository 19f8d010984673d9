//! Ids that survive line shifts and rescans.

use super::CloneGroup;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

/// Gives every group its id: the first eight hexadecimal digits of the SHA-256 of
/// its members' files, names and ordinals. Two groups of one id are told apart by
/// a salt, in the order of their members.
pub fn assign(groups: &mut [CloneGroup]) {
    let keyed = |(at, group): (usize, &CloneGroup)| {
        let key = key(group);
        (digest(&key, 0), key, at)
    };
    let mut keyed: Vec<(String, Vec<u8>, usize)> =
        groups.par_iter().enumerate().map(keyed).collect();
    // Each takes what is free when its turn comes, in the order of the keys.
    keyed.par_sort_unstable_by(|a, b| (&a.1, a.2).cmp(&(&b.1, b.2)));
    let mut taken = FxHashSet::default();
    for (first, key, at) in keyed {
        let salted = (1u32..).map(|salt| digest(&key, salt));
        let free = std::iter::once(first).chain(salted).find(|id| taken.insert(id.clone()));
        groups[at].id = free.unwrap_or_default();
    }
}

fn key(group: &CloneGroup) -> Vec<u8> {
    let mut key = Vec::new();
    for member in &group.members {
        key.extend_from_slice(member.file.as_bytes());
        key.push(0);
        key.extend_from_slice(member.name.as_bytes());
        key.push(0);
        key.extend_from_slice(&member.ordinal.to_le_bytes());
    }
    key
}

fn digest(key: &[u8], salt: u32) -> String {
    let mut hasher = Sha256::new();
    hasher.update(key);
    if salt > 0 {
        hasher.update(salt.to_le_bytes());
    }
    let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Kind, Level};
    use std::collections::BTreeSet;

    #[test]
    fn groups_whose_ids_collide_are_told_apart_by_a_salt() {
        let (level, kind) = (Level::Driver, Kind::Identical);
        let group = CloneGroup {
            id: String::new(),
            kind,
            level,
            members: Vec::new(),
            holes: Vec::new(),
            adds_nothing: false,
        };
        let mut groups = [group.clone(), group.clone(), group];
        assign(&mut groups);
        let ids: BTreeSet<_> = groups.iter().map(|g| g.id.clone()).collect();
        assert_eq!(ids.len(), 3);
    }
}
