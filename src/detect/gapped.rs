//! Functions of which up to about a third of the statements were inserted, deleted,
//! changed or exchanged. In: the statement hashes and names of each function. Out:
//! groups in which every two functions are similar (complete linkage).
//!
//! Two functions are similar when they have seven tenths of the longer one's
//! statements in common, and enough of their names for where they lie. Candidates come
//! from a prefix-filtered join (Sajnani et al., *SourcererCC*, ICSE 2016): two such
//! functions share at least one of their rarest statements, so only functions that
//! share one of those are ever compared.

use super::linkage;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::cmp::{Ordering, Reverse};

/// Part of the longer function's statements that two functions must share, in percent.
const SHARED_STATEMENTS: usize = 70;

/// Part of the telling names of the one with fewer that two functions must share, in
/// percent: lower where copying is likelier.
const SAME_DRIVER: usize = 55;
const SAME_CLASS: usize = 65;
const ELSEWHERE: usize = 75;

/// Functions of fewer statements are too short to be told from chance.
pub const FEWEST_STATEMENTS: usize = 4;

/// Of fewer statements than this the names must agree as if the functions were of two
/// classes, and those that are are not compared.
const FEW_STATEMENTS: usize = 8;

/// Most functions with one rare statement that are compared with each other. A
/// statement that more share is boilerplate where they have nothing else in common;
/// those of one class, or of one driver, are compared still.
const MOST: usize = 64;

/// A function to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Hashes of its statements, in any order.
    pub statements: &'a [u32],
    /// Hashes of the names that it may share with copies of it alone, sorted, each once.
    pub names: &'a [u32],
    /// Hash of its normal form: functions of one form are no gapped copies.
    pub shape: u64,
    /// Number of its class.
    pub class: u32,
    /// Number of its driver.
    pub driver: u32,
}

/// The groups among `items`: increasing indices, in the order of their first.
pub fn groups(items: &[Item]) -> Vec<Vec<usize>> {
    let candidates = Candidates { items, bitmaps: items.par_iter().map(bitmap).collect() };
    let candidates = candidates.pairs(&Frequency::of(items));
    let join = Join { items, bags: Bags::of(items, &candidates) };
    join.cluster(join.similar_pairs(&candidates))
}

/// A bit for each statement of a function, by the statement's hash.
fn bitmap(item: &Item) -> u64 {
    let bit = |&hash: &u32| 1u64 << (hash >> (u32::BITS - 6));
    item.statements.iter().map(bit).fold(0, |bitmap, bit| bitmap | bit)
}

/// The statements of functions that are compared, sorted by their hashes.
struct Bags {
    all: Vec<u32>,
    /// Where each function's begin, and the end. Those that are not compared have none.
    starts: Vec<u32>,
}

impl Bags {
    fn of(items: &[Item], pairs: &[(u32, u32)]) -> Bags {
        let mut compared = vec![false; items.len()];
        for &(a, b) in pairs {
            (compared[a as usize], compared[b as usize]) = (true, true);
        }
        let statements = |at: usize| if compared[at] { items[at].statements } else { &[] };
        let mut starts = Vec::with_capacity(items.len() + 1);
        let mut end = 0;
        for at in 0..items.len() {
            starts.push(end);
            end += statements(at).len() as u32;
        }
        starts.push(end);
        let mut all = vec![0; end as usize];
        let mut rest = all.as_mut_slice();
        let mut places = Vec::new();
        for statements in (0..items.len()).map(statements).filter(|some| !some.is_empty()) {
            let (place, others) = std::mem::take(&mut rest).split_at_mut(statements.len());
            places.push((place, statements));
            rest = others;
        }
        places.into_par_iter().for_each(|(place, statements)| {
            place.copy_from_slice(statements);
            place.sort_unstable();
        });
        Bags { all, starts }
    }

    fn get(&self, index: u32) -> &[u32] {
        let at = index as usize;
        &self.all[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// How often each hash occurs: hashes that collide count together, which only makes both
/// seem more frequent, and what occurs more often than can be counted is boilerplate.
struct Frequency {
    counts: Vec<u8>,
}

impl Frequency {
    const SIZE: usize = 1 << 22;

    fn of(items: &[Item]) -> Frequency {
        let part = items.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts = items.par_chunks(part).map(Frequency::of_part);
        parts.reduce_with(Frequency::and).unwrap_or_else(|| Frequency::of_part(&[]))
    }

    fn of_part(items: &[Item]) -> Frequency {
        let mut counts = vec![0u8; Frequency::SIZE];
        for hash in items.iter().flat_map(|item| item.statements) {
            let count = &mut counts[*hash as usize % Frequency::SIZE];
            *count = count.saturating_add(1);
        }
        Frequency { counts }
    }

    fn and(mut self, other: Frequency) -> Frequency {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
        self
    }

    fn get(&self, hash: u32) -> u8 {
        self.counts[hash as usize % Frequency::SIZE]
    }
}

/// Finds functions that may be similar.
struct Candidates<'a> {
    items: &'a [Item<'a>],
    bitmaps: Vec<u64>,
}

impl Candidates<'_> {
    /// Pairs `(a, b)` with `a < b`, sorted, each once.
    fn pairs(&self, frequency: &Frequency) -> Vec<(u32, u32)> {
        let mut postings: Vec<(u32, u32)> = self
            .items
            .par_iter()
            .zip(0..self.items.len() as u32)
            .fold(
                || (Vec::new(), Vec::new()),
                |(mut postings, mut rarest), (item, index)| {
                    telling(item, frequency, &mut rarest);
                    postings.extend(rarest.iter().map(|&statement| (statement as u32, index)));
                    (postings, rarest)
                },
            )
            .map(|(postings, _)| postings)
            .flatten_iter()
            .collect();
        postings.par_sort_unstable();
        let mut pairs: Vec<(u32, u32)> = postings
            .par_chunk_by(|a, b| a.0 == b.0)
            .filter(|posting| posting.len() > 1)
            .fold(Vec::new, |mut pairs, posting| {
                let members: Vec<u32> = posting.iter().map(|&(_, index)| index).collect();
                self.of(members, Nearness::Anywhere, &mut pairs);
                pairs
            })
            .reduce(Vec::new, |mut all, mut some| {
                if all.len() < some.len() {
                    std::mem::swap(&mut all, &mut some);
                }
                all.append(&mut some);
                all
            });
        drop(postings);
        pairs.par_sort_unstable();
        pairs.dedup();
        pairs
    }

    /// All pairs of `members` that may be similar. Where they are too many, only those
    /// near each other.
    fn of(&self, mut members: Vec<u32>, near: Nearness, pairs: &mut Vec<(u32, u32)>) {
        if members.len() > MOST {
            let Some(nearer) = near.nearer() else {
                // In the order of the files: relatives stand together.
                for some in members.chunks(MOST) {
                    self.all_pairs(some, pairs);
                }
                return;
            };
            let key = |index: &u32| {
                let item = &self.items[*index as usize];
                match nearer {
                    Nearness::Class => item.class,
                    _ => item.driver,
                }
            };
            members.sort_by_key(|index| (key(index), *index));
            for near in members.chunk_by(|a, b| key(a) == key(b)) {
                self.of(near.to_vec(), nearer, pairs);
            }
            return;
        }
        self.all_pairs(&members, pairs);
    }

    fn all_pairs(&self, members: &[u32], pairs: &mut Vec<(u32, u32)>) {
        for (at, &a) in members.iter().enumerate() {
            for &b in &members[at + 1..] {
                if self.may_be_similar(a, b) {
                    pairs.push((a.min(b), a.max(b)));
                }
            }
        }
    }

    /// Whether two functions may have enough statements in common. Each bit that only one
    /// has stands for a statement, or more, that the other lacks (Sandes et al., *Bitmap
    /// filter: speeding up exact set similarity joins with bitwise operations*, Information
    /// Systems 88, 2020).
    fn may_be_similar(&self, a: u32, b: u32) -> bool {
        let length = |index: u32| self.items[index as usize].statements.len();
        let shared = |one: u32, other: u32| {
            let lacking = self.bitmaps[one as usize] & !self.bitmaps[other as usize];
            length(one) - lacking.count_ones() as usize
        };
        let longer = length(a).max(length(b));
        shared(a, b).min(shared(b, a)) * 100 >= longer * SHARED_STATEMENTS
    }
}

/// Compares functions that may be similar.
struct Join<'a> {
    items: &'a [Item<'a>],
    bags: Bags,
}

impl Join<'_> {
    /// Of the pairs `(a, b)` those that are, as `(similarity, a, b)`.
    fn similar_pairs(&self, pairs: &[(u32, u32)]) -> Vec<(u32, u32, u32)> {
        pairs.par_iter().filter_map(|&(a, b)| Some((self.similarity(a, b)?, a, b))).collect()
    }

    /// How similar two functions are, from 0 to 2000; `None` where not enough.
    fn similarity(&self, a: u32, b: u32) -> Option<u32> {
        let (x, y) = (&self.items[a as usize], &self.items[b as usize]);
        if x.shape == y.shape {
            return None;
        }
        let (bag, other) = (self.bags.get(a), self.bags.get(b));
        let longer = bag.len().max(other.len());
        // So few are a frame that drivers of all classes have.
        if x.class != y.class && longer < FEW_STATEMENTS {
            return None;
        }
        let shared = in_common(bag, other, (longer * SHARED_STATEMENTS).div_ceil(100))?;
        let (fewer, more) = (x.names.len().min(y.names.len()), x.names.len().max(y.names.len()));
        let bar = match (x.class == y.class, x.driver == y.driver) {
            (_, true) if longer >= FEW_STATEMENTS => SAME_DRIVER,
            (true, _) if longer >= FEW_STATEMENTS => SAME_CLASS,
            _ => ELSEWHERE,
        };
        // What was inserted brings names of its own: they tell nothing.
        if fewer == 0 && (x.driver != y.driver || longer < FEW_STATEMENTS) {
            return None;
        }
        // Rounded: of two names one may differ.
        let least = ((fewer * bar + 49) / 100).max(fewer.min(1));
        let names = in_common(x.names, y.names, least)?;
        Some((shared * 1000 / longer + names * 1000 / more.max(1)) as u32)
    }

    /// Joins the most similar pairs first, and only groups of which every two members
    /// are similar.
    fn cluster(&self, mut pairs: Vec<(u32, u32, u32)>) -> Vec<Vec<usize>> {
        pairs.par_sort_unstable_by_key(|&(similarity, a, b)| (Reverse(similarity), a, b));
        let similar: FxHashSet<(u32, u32)> = pairs.iter().map(|&(_, a, b)| (a, b)).collect();
        let are_similar = |a: usize, b: usize| {
            let pair = (a.min(b) as u32, a.max(b) as u32);
            similar.contains(&pair) || self.similarity(pair.0, pair.1).is_some()
        };
        linkage::clusters(pairs.into_iter().map(|(_, a, b)| (a as usize, b as usize)), are_similar)
    }
}

#[derive(Clone, Copy)]
enum Nearness {
    Anywhere,
    Class,
    Driver,
}

impl Nearness {
    fn nearer(self) -> Option<Nearness> {
        match self {
            Nearness::Anywhere => Some(Nearness::Class),
            Nearness::Class => Some(Nearness::Driver),
            Nearness::Driver => None,
        }
    }
}

/// Leaves in `rarest` those statements of the function of which any similar one has one,
/// each once: how often it occurs, and its hash. What occurs nowhere else joins nothing.
fn telling(item: &Item, frequency: &Frequency, rarest: &mut Vec<u64>) {
    let counted = |&hash: &u32| u64::from(frequency.get(hash)) << 32 | u64::from(hash);
    rarest.clear();
    rarest.extend(item.statements.iter().map(counted));
    let prefix = prefix(rarest.len());
    if prefix < rarest.len() {
        rarest.select_nth_unstable(prefix);
        rarest.truncate(prefix);
    }
    rarest.sort_unstable();
    rarest.dedup();
    rarest.retain(|statement| statement >> 32 > 1);
}

/// How many of the rarest statements of a function of `length` must be looked at, so
/// that two similar functions have one of them in common.
fn prefix(length: usize) -> usize {
    length - (length * SHARED_STATEMENTS).div_ceil(100) + 1
}

/// The size of the intersection of two sorted bags, if it is no less than `least`.
fn in_common<T: Ord>(mut a: &[T], mut b: &[T], least: usize) -> Option<usize> {
    let mut shared = 0;
    while let ([x, after_x @ ..], [y, after_y @ ..]) = (a, b) {
        match x.cmp(y) {
            Ordering::Less => a = after_x,
            Ordering::Greater => b = after_y,
            Ordering::Equal => {
                shared += 1;
                (a, b) = (after_x, after_y);
            }
        }
        if shared + a.len().min(b.len()) < least {
            return None;
        }
    }
    (shared >= least).then_some(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item<'a>(
        statements: &'a [u32],
        names: &'a [u32],
        place: (u32, u32),
        shape: u64,
    ) -> Item<'a> {
        Item { statements, names, shape, class: place.0, driver: place.1 }
    }

    #[test]
    fn seven_tenths_of_the_statements_make_two_functions_similar() {
        let names = [1, 2, 3];
        let whole: Vec<u32> = (0..10).collect();
        let check = |other: &[u32], expected: bool| {
            let items = [item(&whole, &names, (0, 0), 1), item(other, &names, (0, 0), 2)];
            assert_eq!(!groups(&items).is_empty(), expected, "{other:?}");
        };
        check(&[0, 1, 2, 3, 4, 5, 6, 77, 78, 79], true);
        check(&[0, 1, 2, 3, 4, 5, 66, 77, 78, 79], false);
        check(&[9, 8, 7, 6, 5, 4, 3, 2, 1, 0], true);
        check(&[0, 1, 2, 3, 4, 5, 6], true);
        check(&[0, 1, 2, 3, 4, 5], false);
    }

    #[test]
    fn far_functions_must_share_more_names() {
        let (a, b) = ([1, 2, 3, 4, 5, 6], [1, 2, 3, 7, 8, 9]);
        let statements = [1, 2, 3, 4, 5, 6, 7, 8];
        let check = |place: (u32, u32), expected: bool| {
            let items = [item(&statements, &a, (0, 0), 1), item(&statements, &b, place, 2)];
            assert_eq!(!groups(&items).is_empty(), expected, "{place:?}");
        };
        check((0, 0), true);
        check((0, 1), false);
        check((1, 1), false);
    }

    #[test]
    fn there_are_no_chains() {
        let names = [1];
        let bags: Vec<Vec<u32>> = (0..3).map(|n| (n * 3..n * 3 + 10).collect()).collect();
        let items: Vec<Item> =
            bags.iter().zip(1..).map(|(bag, shape)| item(bag, &names, (0, 0), shape)).collect();
        assert_eq!(groups(&items), [[0, 1]]);
    }

    #[test]
    fn functions_of_one_form_are_no_gapped_copies() {
        let items = [item(&[1, 2, 3], &[1], (0, 0), 1), item(&[1, 2, 3], &[1], (0, 0), 1)];
        assert!(groups(&items).is_empty());
    }

    #[test]
    fn the_prefix_is_long_enough() {
        for length in 1..100 {
            let most_missing = length - (length * SHARED_STATEMENTS).div_ceil(100);
            assert!(prefix(length) > most_missing && prefix(length) <= length, "{length}");
        }
    }
}
