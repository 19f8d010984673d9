//! The groups of a scan, which the cache may still be writing while others read them.

use super::CloneGroup;
use std::ops::Deref;
use std::sync::Arc;

/// Groups, the most worthwhile first. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<Vec<CloneGroup>>);

impl Groups {
    /// Leaves those that `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&CloneGroup) -> bool) {
        if let Some(own) = Arc::get_mut(&mut self.0) {
            own.retain(keep);
        } else if !self.iter().all(&keep) {
            self.0 = Arc::new(self.iter().filter(|group| keep(group)).cloned().collect());
        }
    }

    /// Leaves the first `most`.
    pub fn truncate(&mut self, most: usize) {
        if let Some(own) = Arc::get_mut(&mut self.0) {
            own.truncate(most);
        } else if let Some(first) = self.get(..most) {
            self.0 = Arc::new(first.to_vec());
        }
    }

    /// Puts those that `first` wants before the others, both in their order.
    pub fn put_first(&mut self, first: impl Fn(&CloneGroup) -> bool) {
        let (mut groups, others): (Vec<_>, Vec<_>) = self.iter().cloned().partition(first);
        groups.extend(others);
        *self = groups.into();
    }

    /// The groups, to be changed for this clone alone.
    #[cfg(test)]
    pub fn make_mut(&mut self) -> &mut Vec<CloneGroup> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Vec<CloneGroup>> for Groups {
    fn from(groups: Vec<CloneGroup>) -> Groups {
        Groups(Arc::new(groups))
    }
}

impl Deref for Groups {
    type Target = [CloneGroup];

    fn deref(&self) -> &[CloneGroup] {
        &self.0
    }
}

impl<'g> IntoIterator for &'g Groups {
    type Item = &'g CloneGroup;
    type IntoIter = std::slice::Iter<'g, CloneGroup>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn named(names: &[&str]) -> Groups {
        let group = |id: &&str| CloneGroup { id: (*id).into(), ..sample::group("a.c") };
        names.iter().map(group).collect::<Vec<_>>().into()
    }

    fn ids(groups: &Groups) -> Vec<&str> {
        groups.iter().map(|group| group.id.as_str()).collect()
    }

    #[test]
    fn what_one_clone_leaves_out_another_has_still() {
        let all = named(&["1", "2", "3", "4"]);
        for other in [Some(all.clone()), None] {
            let mut some =
                other.as_ref().map_or_else(|| named(&["1", "2", "3", "4"]), Clone::clone);
            some.retain(|group| group.id != "2");
            assert_eq!(ids(&some), ["1", "3", "4"]);
            some.truncate(2);
            assert_eq!(ids(&some), ["1", "3"]);
            some.truncate(9);
            assert_eq!(ids(&some), ["1", "3"]);
        }
        assert_eq!(ids(&all), ["1", "2", "3", "4"]);
    }

    #[test]
    fn what_comes_first_keeps_its_order_and_so_does_the_rest() {
        let mut groups = named(&["1", "2", "3", "4"]);
        groups.put_first(|group| group.id == "4" || group.id == "2");
        assert_eq!(ids(&groups), ["2", "4", "1", "3"]);
    }
}
