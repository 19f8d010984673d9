//! Ids that survive line shifts and rescans.

use super::CloneGroup;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Gives every group its id: the first eight hexadecimal digits of the SHA-256 of
/// its members' files, names and ordinals. Two groups of one id are told apart by
/// a salt, in the order of their members.
pub fn assign(groups: &mut [CloneGroup]) {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_cached_key(|&g| key(&groups[g]));
    let mut taken = BTreeSet::new();
    for g in order {
        let key = key(&groups[g]);
        let mut salt = 0u32;
        let id = loop {
            let id = digest(&key, salt);
            if taken.insert(id.clone()) {
                break id;
            }
            salt += 1;
        };
        groups[g].id = id;
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
    hasher.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{Kind, Level};

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
