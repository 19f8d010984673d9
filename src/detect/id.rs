//! Ids that survive line shifts and rescans.

use super::CloneGroup;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};

/// Gives every group its id: the first eight hexadecimal digits of the SHA-256 of
/// its members' files, names and ordinals. Two groups of one id are told apart by
/// a salt, in the order of their members.
pub fn assign(groups: &mut [CloneGroup]) {
    let name = |(at, group): (usize, &mut CloneGroup)| {
        let digest = digest(&key(group), 0);
        group.id = id(digest);
        (digest, at)
    };
    let mut digests: Vec<(u32, usize)> = groups.par_iter_mut().enumerate().map(name).collect();
    digests.par_sort_unstable();
    let mut later = Vec::new();
    for same in digests.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        let mut keyed: Vec<_> = same.iter().map(|&(_, at)| (key(&groups[at]), at)).collect();
        keyed.sort_unstable();
        later.extend(keyed.into_iter().skip(1));
    }
    later.sort_unstable();
    let mut salted = FxHashSet::default();
    let mut is_free = |digest: u32| {
        let taken = digests.binary_search_by_key(&digest, |(digest, _)| *digest).is_ok();
        !taken && salted.insert(digest)
    };
    for (key, at) in later {
        let free = (1u32..).map(|salt| digest(&key, salt)).find(|&digest| is_free(digest));
        groups[at].id = free.map(id).unwrap_or_default();
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

fn id(digest: u32) -> String {
    format!("{digest:08x}")
}

fn digest(key: &[u8], salt: u32) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(key);
    if salt > 0 {
        hasher.update(salt.to_le_bytes());
    }
    let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([a, b, c, d])
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
