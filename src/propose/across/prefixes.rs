//! What the names of a driver's functions begin with: a new name for all of its files says
//! whose it is.

use super::{Room, is_of};
use crate::detect::CloneGroup;
use crate::plan::sharing::Defined;
use crate::propose::Proposer;
use crate::tree::{Module, TreePath, ancestors, parent};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Functions of a folder whose names say what its names begin with.
const ENOUGH_NAMES: usize = 20;

impl Proposer<'_> {
    /// What the names of the functions of `modules` begin with, those in the folder that
    /// all files of the group lie in or near it.
    pub(super) fn prefixes_of(
        &self,
        room: &Room,
        modules: &[&Module],
        group: &CloneGroup,
    ) -> Arc<Vec<String>> {
        let mut folder = common_folder(group);
        let mut key: Vec<String> =
            modules.iter().map(|module| format!("{}/{}", module.folder, module.name)).collect();
        key.push(folder.to_owned());
        let mut known = room.prefixes.borrow_mut();
        let found = known.entry(key.join(" ")).or_insert_with(|| {
            let in_folder = |folder: &str| {
                let here = |path: &str| folder.is_empty() || ancestors(path).any(|it| it == folder);
                let all = room.defined.iter();
                let names = all.filter(|(_, path)| is_of(modules, path) && here(path));
                names.map(|(name, _)| &**name).collect::<Vec<&str>>()
            };
            let mut names = in_folder(folder);
            while names.len() < ENOUGH_NAMES
                && let Some(above) = parent(folder)
            {
                folder = above;
                names = in_folder(folder);
            }
            Arc::new(prefixes(names.into_iter()))
        });
        found.clone()
    }
}

/// The deepest folder that all files of the group lie in.
pub(super) fn common_folder(group: &CloneGroup) -> &str {
    let has_all = |folder: &&str| {
        group.members.iter().all(|member| ancestors(&member.file).any(|it| it == *folder))
    };
    ancestors(&group.members[0].file).find(has_all).unwrap_or_default()
}

/// What the names of functions begin with, most frequent first; those of chips last.
pub(super) fn prefixes<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        if let Some((word, _)) = name.split_once('_').filter(|(word, _)| word.len() > 1) {
            *words.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<(&str, usize)> = words.into_iter().collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    // A word that few begin with is a verb, not whose function it is.
    let most = words.first().map_or(0, |(_, count)| *count);
    let is_usual = |count: usize| count * 4 >= most && (count > 1 || most == 1);
    words.retain(|(_, count)| is_usual(*count));
    // One of several chips' says less of what serves them all: those come last.
    words.sort_by_key(|(word, _)| word.bytes().any(|byte| byte.is_ascii_digit()));
    words.into_iter().map(|(word, _)| word.to_owned()).collect()
}

/// Functions of one file, for all files, whose names say what its names begin with.
const ENOUGH_OF_FILE: usize = 4;

/// What the names of nine in ten functions begin with that a file has for all, as many words
/// as there are.
pub(super) fn file_prefix(defined: &Defined, path: &TreePath) -> Option<String> {
    let names: Vec<&str> =
        defined.iter().filter(|(_, it)| *it == path).map(|(name, _)| &**name).collect();
    if names.len() < ENOUGH_OF_FILE {
        return None;
    }
    let mut prefix = String::new();
    loop {
        let mut longer: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &names {
            let Some(rest) = name.strip_prefix(prefix.as_str()) else { continue };
            if let Some((word, _)) = rest.split_once('_').filter(|(word, _)| !word.is_empty()) {
                *longer.entry(word).or_default() += 1;
            }
        }
        let most = longer.into_iter().max_by_key(|(_, count)| *count);
        match most.filter(|(_, count)| count * 10 >= names.len() * 9) {
            Some((word, _)) => prefix = format!("{prefix}{word}_"),
            None => break,
        }
    }
    prefix.strip_suffix('_').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_prefix_that_nearly_all_of_its_names_have() {
        let of = |names: &[&str]| {
            let defined = names.iter().map(|name| ((*name).into(), "a.c".to_owned())).collect();
            file_prefix(&defined, &"a.c".to_owned())
        };
        let found = of(&["foo_ring_on", "foo_ring_off", "foo_ring_get_one", "foo_ring_get_two"]);
        assert_eq!(found.as_deref(), Some("foo_ring"));
        let found = of(&["foo_ring_on", "foo_ring_off", "foo_irq_on", "foo_irq_off"]);
        assert_eq!(found.as_deref(), Some("foo"));
        assert_eq!(of(&["foo_on", "foo_off"]), None);
        assert_eq!(of(&["foo_a", "bar_b", "baz_c", "qux_d"]), None);
    }

    #[test]
    fn the_most_frequent_beginning_comes_first_and_those_of_chips_last() {
        let names = ["r600_init", "r600_fini", "r600_on", "dc_init", "dc_on", "get_x", "x_y"];
        assert_eq!(prefixes(names.into_iter()), ["dc", "r600"]);
        assert_eq!(prefixes(["foo_init"].into_iter()), ["foo"]);
        assert_eq!(prefixes(["init"].into_iter()), [""; 0]);
    }
}
