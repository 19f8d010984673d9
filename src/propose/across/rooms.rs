//! Which groups are planned together, one after the other: those whose modules have files
//! in common.

use crate::tree::Module;
use std::collections::BTreeMap;

/// Groups, those together whose modules have to do with each other.
#[derive(Default)]
pub(super) struct Rooms<'m> {
    /// For each module another of its room; itself for one of each.
    above: BTreeMap<&'m Module, &'m Module>,
    groups: Vec<(usize, &'m Module)>,
}

impl<'m> Rooms<'m> {
    pub fn add(&mut self, group: usize, modules: impl Iterator<Item = &'m Module>) {
        let mut first = None;
        for module in modules {
            let top = self.top(module);
            let first = *first.get_or_insert(top);
            self.above.insert(top, first);
        }
        self.groups.extend(first.map(|module| (group, module)));
    }

    fn top(&mut self, module: &'m Module) -> &'m Module {
        let mut at = module;
        loop {
            let above = *self.above.entry(at).or_insert(at);
            if above == at {
                return at;
            }
            at = above;
        }
    }

    /// The numbers of the groups of each room, in order.
    pub fn finish(mut self) -> Vec<Vec<usize>> {
        let mut rooms: BTreeMap<&Module, Vec<usize>> = BTreeMap::new();
        for (group, module) in std::mem::take(&mut self.groups) {
            rooms.entry(self.top(module)).or_default().push(group);
        }
        rooms.into_values().collect()
    }
}
