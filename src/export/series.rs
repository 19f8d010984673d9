//! Which patches go into one series: those of one subsystem, and never more than a
//! reviewer takes at once.

use crate::tree::{TreePath, class_of};
use std::collections::{BTreeMap, BTreeSet};

/// Patches of a series at most (Documentation/process/submitting-patches.rst).
pub const MOST: usize = 15;

/// Some steps of the sequence, by their indices, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Name of its folder; empty where it is the only one.
    pub name: String,
    /// The steps.
    pub steps: Vec<usize>,
    /// Which one it is of how many of its class.
    pub part: Option<(usize, usize)>,
    /// The batch that must be applied before.
    pub after: Option<String>,
}

/// Shares the steps out. Each is given with the number of its patches and its files.
pub fn batches(steps: &[(usize, Vec<TreePath>)]) -> Vec<Batch> {
    let all: usize = steps.iter().map(|(patches, _)| patches).sum();
    if all <= MOST {
        let steps = (0..steps.len()).collect();
        return vec![Batch { name: String::new(), steps, part: None, after: None }];
    }
    let mut by_class: BTreeMap<String, Vec<Vec<usize>>> = BTreeMap::new();
    for bundle in bundles(steps) {
        let first =
            bundle.first().and_then(|&at| steps.get(at)).and_then(|(_, files)| files.first());
        let class = first.map_or("", |file| class_of(file));
        by_class.entry(folder_name(class)).or_default().push(bundle);
    }
    by_class.into_iter().flat_map(|(class, bundles)| named(&class, cut(steps, bundles))).collect()
}

/// Steps that share files, each bundle in the order of the sequence.
fn bundles(steps: &[(usize, Vec<TreePath>)]) -> Vec<Vec<usize>> {
    let mut bundles: Vec<(BTreeSet<&str>, Vec<usize>)> = Vec::new();
    for (at, (_, files)) in steps.iter().enumerate() {
        let mut names: BTreeSet<&str> = files.iter().map(String::as_str).collect();
        let mut members = Vec::new();
        let mut place = bundles.len();
        let mut index = 0;
        bundles.retain(|(known, of)| {
            let joins = !known.is_disjoint(&names);
            if joins {
                place = place.min(index);
                members.extend(of);
                names.extend(known);
            }
            index += 1;
            !joins
        });
        members.push(at);
        members.sort_unstable();
        bundles.insert(place.min(bundles.len()), (names, members));
    }
    bundles.into_iter().map(|(_, members)| members).collect()
}

/// Steps of a batch, and whether they go on with a bundle that the one before began.
type Piece = (Vec<usize>, bool);

/// Puts whole bundles together as long as they fit; one that is too large by itself is
/// cut between its steps.
fn cut(steps: &[(usize, Vec<TreePath>)], bundles: Vec<Vec<usize>>) -> Vec<Piece> {
    let size = |of: &[usize]| of.iter().filter_map(|&at| steps.get(at)).map(|s| s.0).sum::<usize>();
    let mut pieces: Vec<Piece> = Vec::new();
    for bundle in bundles {
        match pieces.last_mut() {
            Some((last, _)) if size(last) + size(&bundle) <= MOST => last.extend(bundle),
            _ => {
                let mut goes_on = false;
                let mut piece: Vec<usize> = Vec::new();
                for at in bundle {
                    if !piece.is_empty() && size(&piece) + size(&[at]) > MOST {
                        pieces.push((std::mem::take(&mut piece), goes_on));
                        goes_on = true;
                    }
                    piece.push(at);
                }
                pieces.push((piece, goes_on));
            }
        }
    }
    for (piece, _) in &mut pieces {
        piece.sort_unstable();
    }
    pieces
}

fn named(class: &str, pieces: Vec<Piece>) -> Vec<Batch> {
    let number = pieces.len();
    let is_one = number == 1;
    let digits = pieces.len().to_string().len();
    let name = |at: usize| match is_one {
        true => class.to_owned(),
        false => format!("{class}-{:0digits$}", at + 1),
    };
    let batch = |(at, (steps, goes_on)): (usize, Piece)| Batch {
        name: name(at),
        steps,
        part: (!is_one).then_some((at + 1, number)),
        after: (goes_on && at > 0).then(|| name(at - 1)),
    };
    pieces.into_iter().enumerate().map(batch).collect()
}

/// A class as the name of one folder.
fn folder_name(class: &str) -> String {
    let name: String = class
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_.".contains(c) { c } else { '-' })
        .collect();
    match name.trim_matches(['-', '.']) {
        "" => "other".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(usize, &[&str])], expected: &[(&str, &[usize], Option<&str>)]) {
        let steps: Vec<(usize, Vec<TreePath>)> = steps
            .iter()
            .map(|(patches, files)| (*patches, files.iter().map(|f| f.to_string()).collect()))
            .collect();
        let found = batches(&steps);
        let found: Vec<(&str, &[usize], Option<&str>)> = found
            .iter()
            .map(|b| (b.name.as_str(), b.steps.as_slice(), b.after.as_deref()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn fifteen_patches_are_one_series() {
        check(
            &[(7, &["drivers/hwmon/a.c"]), (8, &["drivers/net/phy/b.c"])],
            &[("", &[0, 1], None)],
        );
    }

    #[test]
    fn more_are_a_series_for_each_subsystem() {
        check(
            &[
                (8, &["drivers/net/phy/b.c"]),
                (7, &["drivers/hwmon/a.c"]),
                (1, &["drivers/hwmon/c.c"]),
            ],
            &[("hwmon", &[1, 2], None), ("net-phy", &[0], None)],
        );
    }

    #[test]
    fn a_file_is_changed_by_one_series_or_by_several_in_order() {
        let (a, b, c): (&[&str], &[&str], &[&str]) = (
            &["drivers/hwmon/a.c"],
            &["drivers/hwmon/b.c"],
            &["drivers/hwmon/a.c", "drivers/net/x.h"],
        );
        check(&[(8, a), (8, b), (7, c)], &[("hwmon-1", &[0, 2], None), ("hwmon-2", &[1], None)]);
        check(
            &[(8, a), (7, c), (9, a), (1, b)],
            &[("hwmon-1", &[0, 1], None), ("hwmon-2", &[2, 3], Some("hwmon-1"))],
        );
    }

    #[test]
    fn two_bundles_that_a_third_step_joins_are_one() {
        let files: [&[&str]; 3] =
            [&["drivers/a/1.c"], &["drivers/b/2.c"], &["drivers/a/1.c", "drivers/b/2.c"]];
        check(
            &[(5, files[0]), (5, files[1]), (5, files[2]), (1, &["drivers/c/3.c"])],
            &[("a", &[0, 1, 2], None), ("c", &[3], None)],
        );
    }
}
