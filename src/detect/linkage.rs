//! Complete linkage: clusters in which every two are similar.

use rustc_hash::FxHashMap;

/// Joins the pairs in their order, the closest first, where all that it puts together
/// are similar. Out: clusters of two and more, each increasing, in the order of their
/// first.
pub fn clusters(
    pairs: impl IntoIterator<Item = (usize, usize)>,
    are_similar: impl Fn(usize, usize) -> bool,
) -> Vec<Vec<usize>> {
    let mut cluster_of: FxHashMap<usize, usize> = FxHashMap::default();
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for (a, b) in pairs {
        let mut place = |item: usize| {
            *cluster_of.entry(item).or_insert_with(|| {
                clusters.push(vec![item]);
                clusters.len() - 1
            })
        };
        let (into, from) = (place(a), place(b));
        let linked = |&x: &usize| clusters[from].iter().all(|&y| are_similar(x, y));
        if into == from || !clusters[into].iter().all(linked) {
            continue;
        }
        let moved = std::mem::take(&mut clusters[from]);
        for &item in &moved {
            cluster_of.insert(item, into);
        }
        clusters[into].extend(moved);
    }
    clusters.retain(|cluster| cluster.len() > 1);
    for cluster in &mut clusters {
        cluster.sort_unstable();
    }
    clusters.sort_unstable();
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_to_one_member_only_stays_outside() {
        let near = |a: usize, b: usize| a.abs_diff(b) <= 2;
        assert_eq!(clusters([(3, 4), (2, 3), (1, 2), (0, 1)], near), [vec![0, 1], vec![2, 3, 4]]);
        assert!(clusters([], near).is_empty());
    }
}
