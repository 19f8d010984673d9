//! Which group a person should look at first.
//!
//! A group's rank is the lines that its remedy can save, times two weights in
//! percent: how safe the remedy is, which its kind tells, and how near the members
//! are to each other, which tells how few people must agree to it.
//!
//! | kind | weight | its remedy |
//! |---|---|---|
//! | reimplements, identical | 100 | call what is there already; nothing has to be told apart |
//! | constant-only | 85 | a parameter for each constant |
//! | wrapper | 75 | short functions; often their authors wanted the name |
//! | sequence | 65 | a table or a loop: the code takes another form |
//! | renamed | 50 | types, fields or callees differ: someone must judge whether they may be one |
//! | gapped | – | after all others, whatever it saves: no helper follows from the text |
//!
//! | level | weight | who must agree |
//! |---|---|---|
//! | driver | 100 | one maintainer, and the helper has its place |
//! | subset | 80 | several drivers of one subsystem |
//! | class | 65 | the subsystem: the helper belongs in its core |
//! | cross-class | 40 | several subsystems |
//! | any, of reimplements | 100 | one maintainer each: what they share is the kernel's |
//!
//! The weights are judgements, not measurements: they say that a renamed group must
//! save twice as much as an identical one to come before it.

use super::{CloneGroup, Kind, Level};
use rayon::prelude::*;
use std::cmp::Reverse;

/// The indices of `groups` in the order of every report; ties by id, then by index.
pub fn order(groups: &[CloneGroup]) -> Vec<usize> {
    let key = |at: usize| {
        let group = &groups[at];
        (is_apart(group.kind), Reverse(worth(group)), group.id.as_str(), at)
    };
    let mut keys: Vec<_> = (0..groups.len()).into_par_iter().map(key).collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|(_, _, _, at)| at).collect()
}

/// Whether groups of this kind are reported apart from the others, after them.
pub fn is_apart(kind: Kind) -> bool {
    kind == Kind::Gapped
}

/// Redundant lines, weighted; only its order means anything.
fn worth(group: &CloneGroup) -> u64 {
    u64::from(group.redundant_lines()) * safety(group.kind) * nearness(group)
}

fn safety(kind: Kind) -> u64 {
    match kind {
        Kind::Reimplements | Kind::Identical => 100,
        Kind::ConstantOnly => 85,
        Kind::Wrapper => 75,
        Kind::Sequence => 65,
        // Gapped groups are compared with each other only.
        Kind::Renamed | Kind::Gapped => 50,
    }
}

fn nearness(group: &CloneGroup) -> u64 {
    match group.level {
        // The kernel's own function, which makes it cross-class, is everybody's already.
        _ if group.kind == Kind::Reimplements => 100,
        Level::Driver => 100,
        Level::Subset => 80,
        Level::Class => 65,
        Level::CrossClass => 40,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// A group of two members of `lines` lines each.
    fn group(id: &str, kind: Kind, level: Level, lines: u32) -> CloneGroup {
        let mut group = CloneGroup { id: id.into(), kind, level, ..sample::group("a.c") };
        for member in &mut group.members {
            member.function.end_line = member.function.start_line + lines - 1;
        }
        group
    }

    #[track_caller]
    fn check(mut groups: Vec<CloneGroup>) {
        let expected: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
        groups.reverse();
        let ids: Vec<&str> = order(&groups).into_iter().map(|at| groups[at].id.as_str()).collect();
        assert_eq!(ids, expected);
    }

    #[test]
    fn of_equal_lines_the_safer_remedy_comes_first() {
        let of = |id, kind| group(id, kind, Level::Driver, 20);
        check(vec![
            of("1", Kind::Identical),
            group("2", Kind::Reimplements, Level::CrossClass, 20),
            of("3", Kind::ConstantOnly),
            of("4", Kind::Wrapper),
            of("5", Kind::Sequence),
            of("6", Kind::Renamed),
            of("7", Kind::Gapped),
        ]);
    }

    #[test]
    fn of_equal_lines_the_nearer_members_come_first() {
        let of = |id, level| group(id, Kind::Identical, level, 20);
        check(vec![
            of("9", Level::Driver),
            of("8", Level::Subset),
            of("7", Level::Class),
            of("6", Level::CrossClass),
        ]);
    }

    #[test]
    fn more_lines_outweigh_a_less_safe_remedy() {
        check(vec![
            group("b", Kind::Renamed, Level::Driver, 41),
            group("a", Kind::Identical, Level::Driver, 20),
        ]);
        check(vec![
            group("b", Kind::Identical, Level::Driver, 21),
            group("a", Kind::Renamed, Level::Driver, 41),
        ]);
    }

    #[test]
    fn gapped_groups_come_last_by_their_own_lines() {
        check(vec![
            group("d", Kind::Renamed, Level::CrossClass, 1),
            group("c", Kind::Gapped, Level::Driver, 900),
            group("a", Kind::Gapped, Level::Driver, 800),
            group("b", Kind::Gapped, Level::Driver, 800),
        ]);
    }
}
