use super::*;
use crate::detect::{HoleKind, Level};
use crate::report::sample;

/// `line function#ordinal: reason`, with `-` for what is not there.
fn read(source: &str) -> Vec<String> {
    let text = |keep: Keep| {
        let function =
            keep.function.map_or("-".to_owned(), |f| format!("{}#{}", f.name, f.ordinal));
        format!("{} {function}: {}", keep.line, keep.reason.as_deref().unwrap_or("-"))
    };
    in_file(source.as_bytes()).into_iter().map(text).collect()
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(read(source), expected, "{source}");
}

const F: &str = "int f(void)\n{\n\treturn a();\n}\n";

#[test]
fn block_and_line_comments_directly_above_a_function_keep_it() {
    check(&format!("/* drvdedup: keep (errata 7) */\n{F}"), &["1 f#0: errata 7"]);
    check(&format!("\n// drvdedup:keep(errata 7)\n\n{F}"), &["2 f#0: errata 7"]);
}

#[test]
fn the_comment_may_stand_anywhere_among_those_above_the_function() {
    check(
        &format!(
            "int x;\n/*\n * About f().\n * drvdedup: keep (a (b) c\n *  d)\n */\n// More.\n{F}"
        ),
        &["4 f#0: a (b) c d"],
    );
    check(&format!("// drvdedup: keep (r)\n\n/**\n * f() - more\n */\n\n{F}"), &["1 f#0: r"]);
}

#[test]
fn what_stands_between_parts_the_comment_from_the_function() {
    let mark = "/* drvdedup: keep (r) */";
    check(&format!("{mark}\n\n\n{F}"), &["1 -: r"]);
    check(&format!("{mark}\nint x;\n{F}"), &["1 -: r"]);
    check(&format!("{mark}\n#define X 1\n// c\n{F}"), &["1 -: r"]);
    check(&format!("{F}{mark}\n"), &["5 -: r"]);
    check(&format!("int f(void)\n{{\n\t{mark}\n\treturn a();\n}}\n{F}"), &["3 -: r"]);
}

#[test]
fn a_reason_is_asked_for() {
    for text in ["keep", "keep ()", "keep ( )", "keep (open", "keep: because"] {
        check(&format!("/* drvdedup: {text} */\n{F}"), &["1 f#0: -"]);
    }
}

#[test]
fn other_words_are_no_such_comment() {
    for text in ["drvdedup: keeper (r)", "drvdedup keep (r)", "drvdedup: see (r)", "keep (r)"] {
        check(&format!("/* {text} */\n{F}"), &[]);
    }
    check(&format!("char *s = \"drvdedup: keep (r)\";\n{F}"), &[]);
}

#[test]
fn functions_of_one_name_are_told_apart() {
    check(&format!("{F}/* drvdedup: keep (r) */\n{F}{F}"), &["5 f#1: r"]);
}

struct OneDriver;

impl Placement for OneDriver {
    fn driver<'a>(&'a self, _: &'a str) -> &'a str {
        "d"
    }
    fn class<'a>(&'a self, _: &'a str) -> &'a str {
        "hwmon"
    }
    fn drivers_in_class(&self, _: &str) -> usize {
        1
    }
}

fn keep(line: u32, function: &str, reason: Option<&str>) -> Keep {
    let function = KeptFunction { name: function.to_owned(), ordinal: 0 };
    Keep { line, reason: reason.map(str::to_owned), function: Some(function) }
}

/// Three functions that differ in a register.
fn group_of_three(values: [&str; 3]) -> CloneGroup {
    let mut group = sample::group("a.c");
    let mut third = group.members[0].clone();
    third.name = "c_get".into();
    third.driver = "another".into();
    group.members.push(third);
    group.holes[0].values = values.map(str::to_owned).to_vec();
    group.level = Level::Subset;
    group
}

#[test]
fn a_group_goes_when_one_member_is_left() {
    let mut groups = vec![sample::group("a.c")];
    let (keeps, changed) =
        apply(&mut groups, vec![("a.c".into(), vec![keep(4, "a_get", Some("r"))])], &OneDriver);
    assert_eq!((groups[0].members.len(), changed), (1, vec![0]));
    assert_eq!(keeps.unused, []);
    assert_eq!(keeps.kept[0].to_string(), "a.c:4: a_get() is kept: r");
}

#[test]
fn what_is_left_of_a_group_forgets_the_kept_member() {
    let left = |values| {
        let mut groups = vec![group_of_three(values)];
        let found = vec![("a.c".into(), vec![keep(4, "c_get", Some("r"))])];
        apply(&mut groups, found, &OneDriver);
        let group = groups.remove(0);
        assert_eq!((group.members.len(), group.level), (2, Level::Driver));
        group
    };
    let group = left(["1", "2", "3"]);
    assert_eq!(group.kind, Kind::ConstantOnly);
    assert_eq!(
        (group.holes[0].kind, group.holes[0].values.join(" ")),
        (HoleKind::Integer, "1 2".into())
    );
    let group = left(["1", "1", "3"]);
    assert_eq!((group.kind, group.holes), (Kind::Identical, vec![]));
}

#[test]
fn comments_without_effect_are_told_with_their_place() {
    let no_function = Keep { function: None, ..keep(9, "", Some("r")) };
    let found = vec![keep(2, "a_get", None), keep(5, "z_get", Some("r")), no_function];
    let mut groups = vec![sample::group("a.c")];
    let (keeps, changed) = apply(&mut groups, vec![("a.c".into(), found)], &OneDriver);
    assert_eq!((groups[0].members.len(), changed.len(), keeps.kept.len()), (2, 0, 0));
    let told: Vec<String> = keeps.unused.iter().map(ToString::to_string).collect();
    let expected = [
        "a.c:2: this comment has no effect: write why, as in `drvdedup: keep (reason)`",
        "a.c:5: this comment has no effect: z_get() is in no group of the files that were read",
        "a.c:9: this comment has no effect: move it directly above a function",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_name_in_another_file_is_not_kept() {
    let mut groups = vec![sample::group("a.c")];
    let (keeps, changed) =
        apply(&mut groups, vec![("b.c".into(), vec![keep(1, "a_get", Some("r"))])], &OneDriver);
    assert_eq!((changed.len(), keeps.kept.len(), keeps.unused.len()), (0, 0, 1));
}
