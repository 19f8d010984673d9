//! Names that stand for each other, one to one.

use rustc_hash::FxHashMap;

/// A one-to-one renaming, as far as the pairs that it was given tell.
#[derive(Debug, Default)]
pub struct Renaming<'a> {
    there: FxHashMap<&'a [u8], &'a [u8]>,
    back: FxHashMap<&'a [u8], &'a [u8]>,
}

impl<'a> Renaming<'a> {
    /// Whether `a` may stand for `b`: neither stands for another name already.
    pub fn pair(&mut self, a: &'a [u8], b: &'a [u8]) -> bool {
        *self.there.entry(a).or_insert(b) == b && *self.back.entry(b).or_insert(a) == a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_name_only_in_both_directions() {
        let mut renaming = Renaming::default();
        assert!(renaming.pair(b"a", b"x") && renaming.pair(b"b", b"y"));
        assert!(renaming.pair(b"a", b"x"));
        assert!(!renaming.pair(b"a", b"z"));
        assert!(!renaming.pair(b"c", b"x"));
    }
}
