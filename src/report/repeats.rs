//! What a change repeats, a line each, in the manner of a compiler's messages: the new
//! function, and the one that was there and could be called instead. In: groups, and which
//! of their members are new. Out: text for people and for editors that jump to it.

use super::source::printable_line;
use crate::detect::{CloneGroup, Kind, Member};

/// `file:line: new() is the same as old(), file:line: call that`; nothing for a part of a
/// function, or where the one that is new is the only one left.
pub fn lines(group: &CloneGroup, is_new: impl Fn(&Member) -> bool) -> Vec<String> {
    if group.kind == Kind::Sequence {
        return Vec::new();
    }
    let (new, old): (Vec<&Member>, Vec<&Member>) =
        group.members.iter().partition(|member| is_new(member));
    let line = |member: &&Member, other: &Member| {
        let (says, advice) = told(group.kind);
        let text = format!(
            "{}:{}: {}() {says} {}(), {}:{}: {advice}",
            member.file,
            member.function.start_line,
            member.name,
            other.name,
            other.file,
            other.function.start_line
        );
        printable_line(&text)
    };
    match old.as_slice() {
        // All of them came together: the first is the one to keep.
        [] => match new.split_first() {
            Some((first, rest)) => rest.iter().map(|member| line(member, first)).collect(),
            None => Vec::new(),
        },
        old => new.iter().filter_map(|it| Some(line(it, nearest(it, old)?))).collect(),
    }
}

/// What is said of two functions, and what could be done.
fn told(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Identical | Kind::Reimplements => ("is the same as", "call that"),
        Kind::ConstantOnly => ("differs in constants alone from", "give that a parameter"),
        Kind::Gapped => ("is nearly the same as", "is a part of it enough?"),
        Kind::Renamed | Kind::Wrapper | Kind::Sequence => {
            ("differs in names alone from", "could that be called?")
        }
    }
}

/// The one that is nearest to `member`: of its file, its driver, its class.
fn nearest<'m>(member: &Member, others: &[&'m Member]) -> Option<&'m Member> {
    let distance = |other: &&&Member| {
        (other.file != member.file, other.driver != member.driver, other.class != member.class)
    };
    others.iter().min_by_key(distance).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn told_of(kind: Kind, new: &[&str]) -> Vec<String> {
        let group = CloneGroup { kind, ..sample::group("a.c") };
        lines(&group, |member| new.contains(&member.name.as_str()))
    }

    #[test]
    fn the_function_that_was_there_is_named() {
        assert_eq!(
            told_of(Kind::Identical, &["b_get"]),
            ["a.c:7: b_get() is the same as a_get(), a.c:1: call that"]
        );
        assert_eq!(
            told_of(Kind::ConstantOnly, &["a_get"]),
            [
                "a.c:1: a_get() differs in constants alone from b_get(), a.c:7: give that a parameter"
            ]
        );
    }

    #[test]
    fn of_several_that_are_new_the_first_is_the_one_to_keep() {
        assert_eq!(
            told_of(Kind::Renamed, &["a_get", "b_get"]),
            ["a.c:7: b_get() differs in names alone from a_get(), a.c:1: could that be called?"]
        );
        assert!(told_of(Kind::Sequence, &["b_get"]).is_empty());
        assert!(told_of(Kind::Renamed, &[]).is_empty());
    }

    #[test]
    fn the_nearest_is_named() {
        let mut group = CloneGroup { kind: Kind::Identical, ..sample::group("a.c") };
        let mut far = group.members[0].clone();
        (far.file, far.driver, far.class) = ("z.c".into(), "z".into(), "misc".into());
        group.members.insert(0, far);
        let told = lines(&group, |member| member.name == "b_get");
        assert_eq!(told, ["a.c:7: b_get() is the same as a_get(), a.c:1: call that"]);
    }
}
