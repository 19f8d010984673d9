//! The rung *expands* on copies of a function that is there already: one edit, the right
//! one, in trees in which that function is there for the driver or is not. The planner is
//! not asked.

#[path = "support/expands.rs"]
mod expands;

use drvdedup::verify::{Claim, Files};
use std::fs;
use std::path::{Path, PathBuf};

const COPY: &str = "drivers/misc/bq.c";
const CORE: &str = "drivers/misc/axf-core.c";
const HEADER: &str = "include/linux/axf.h";
const NAME: &str = "axf_sync_limit";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("before")
}

/// What is said of the edit in the tree of the fixture `name`, with `change` made to the
/// copy before; nothing where it expands.
fn said(name: &str, home: &str, change: (&str, &str)) -> String {
    let root = fixture(name);
    let text = |path: &str| fs::read_to_string(root.join(path)).expect("the fixture can be read");
    let (from, to) = change;
    let before = text(COPY);
    assert!(before.contains(from), "`{from}` stands in {before}");
    let before = before.replace(from, to);
    let start = before.find("static int ").expect("the copy");
    let end = start + before[start..].find("\n}\n").expect("its end") + 4;
    let own = before[start..].split_once('(').expect("its name").0;
    let own = own.rsplit(' ').next().expect("its name").to_owned();
    let after = [&before[..start], &before[end..]].concat().replace(&own, NAME);
    let files = |copy: String| {
        Files::from([
            (COPY.to_owned(), copy.into_bytes()),
            (home.to_owned(), text(home).into_bytes()),
        ])
    };
    let claim = Claim {
        members: vec![(home.to_owned(), NAME.to_owned()), (COPY.to_owned(), own)],
        merged_into: Some(NAME.to_owned()),
        helper_path: Some(home.to_owned()),
        ..Claim::default()
    };
    expands::problem(&root, &files(before), &files(after), &claim)
}

#[test]
fn a_copy_of_what_is_there_already_goes() {
    assert_eq!(said("reuse-of-what-a-core-exports", CORE, ("", "")), "");
    assert_eq!(said("reuse-of-an-inline-function", HEADER, ("", "")), "");
}

#[track_caller]
fn check(name: &str, home: &str, change: (&str, &str), why: &str) {
    let found = said(name, home, change);
    assert!(found.contains(why), "`{found}` does not say `{why}`");
}

#[test]
fn what_may_not_be_there_is_not_called() {
    let same = ("", "");
    check("reuse-without-the-core", CORE, same, "its module may be there without that of");
    check("reuse-that-is-not-exported", CORE, same, "is not exported to the module");
    check("reuse-under-a-condition", CORE, same, "stands under a condition");
    check("reuse-with-a-stub", CORE, same, "it does not see `axf_sync_limit`");
    check("reuse-of-what-nobody-includes", CORE, same, "it does not see `axf_sync_limit`");
}

#[test]
fn what_does_something_else_is_no_copy() {
    for name in ["reuse-of-what-a-core-exports", "reuse-of-an-inline-function"] {
        let home = if name.ends_with("exports") { CORE } else { HEADER };
        check(name, home, ("base + 0x14", "base + 0x18"), "0x18");
        let own = ("struct bq_ops {", "struct axf {\n\tint own;\n};\nstruct bq_ops {");
        check(name, home, own, "axf");
        assert_ne!(said(name, home, ("u32 value)", "u16 value)")), "", "{name}: a narrower type");
        let more = ("\treturn 0;\n", "\tudelay(1);\n\treturn 0;\n");
        assert_ne!(said(name, home, more), "", "{name}: one statement more");
    }
}
