//! The rung *expands* on wrappers that go: the right edit, and texts in which it is wrong.
//! The planner is not asked.

#[path = "support/expands.rs"]
mod expands;

use drvdedup::verify::{Claim, Files};
use std::fs;
use std::path::Path;

const PATH: &str = "drivers/misc/axf-b.c";
const WRAPPER: &str = "axf_b_write";
const CALLEE: &str = "phy_write_word";

/// What is said of the file before and after the wrapper goes, changed both by `before` and
/// the file after alone by `after`; nothing where it expands.
fn said(before: (&str, &str), after: (&str, &str)) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/elide-wrapper/before");
    let text = fs::read_to_string(root.join(PATH)).expect("the fixture can be read");
    let replaced = |text: &str, (from, to): (&str, &str)| {
        assert!(text.contains(from), "`{from}` stands in {text}");
        text.replace(from, to)
    };
    let old = replaced(&text, before);
    let name = old.find(&format!("{WRAPPER}(struct axf *axf, u32")).expect("the wrapper");
    let start = old[..name].rfind('\n').expect("a line before it") + 1;
    let end = start + old[start..].find("\n}\n").expect("its end") + 4;
    let new = [&old[..start], &old[end..]].concat().replace(WRAPPER, CALLEE);
    let new = replaced(&new, after);
    let files = |text: String| Files::from([(PATH.to_owned(), text.into_bytes())]);
    let claim = Claim {
        members: vec![(PATH.to_owned(), WRAPPER.to_owned())],
        merged_into: Some(CALLEE.to_owned()),
        is_elision: true,
        ..Claim::default()
    };
    expands::problem(&root, &files(old), &files(new), &claim)
}

const SAME: (&str, &str) = ("", "");

#[track_caller]
fn check(before: (&str, &str), after: (&str, &str), why: &str) {
    let found = said(before, after);
    assert!(found.contains(why), "`{found}` does not say `{why}`");
}

#[test]
fn a_wrapper_that_adds_nothing_goes() {
    assert_eq!(said(SAME, SAME), "");
}

#[test]
fn a_wrapper_that_does_something_stays() {
    let more = "does more than call";
    check(("(axf, reg, value)", "(axf, value, reg)"), SAME, more);
    check(("(axf, reg, value)", "(axf, reg, value & 1)"), SAME, more);
    check(("\treturn phy_", "\tudelay(1);\n\treturn phy_"), SAME, more);
    let narrow = (
        "axf_b_write(struct axf *axf, u32 reg, u32 value)",
        "axf_b_write(struct axf *axf, u32 reg, u16 value)",
    );
    check(narrow, SAME, "has another type");
    check(("static int axf_b_write", "static long axf_b_write"), SAME, "has another type");
    check(("return phy_write_word(axf, reg", "return phy_write(axf, reg"), SAME, more);
}

#[test]
fn nothing_else_may_change() {
    check(SAME, ("0x10, 1", "0x10, 2"), "`1` became `2`");
    check(SAME, (".write = phy_write_word", ".write = NULL"), "`phy_write_word` became `NULL`");
    check(SAME, ("\tudelay(2);\n", ""), "`udelay` became `return`");
    let own = ("\tint ret;\n", "\tint phy_write_word = 0;\n\tint ret;\n");
    check(own, SAME, "is something else there");
    let named = ("#include <linux/axf.h>\n", "#include <linux/axf.h>\n#define W axf_b_write\n");
    check(named, SAME, "a directive names");
}

/// What is said of a file, changed by `before` and `after` as in [`said`], from which the
/// function goes that nothing names.
fn said_of_unused(before: (&str, &str), after: (&str, &str)) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/member-nobody-calls/before");
    let (path, name) = ("drivers/misc/axf.c", "axf_start_tx");
    let text = fs::read_to_string(root.join(path)).expect("the fixture can be read");
    let replaced = |text: &str, (from, to): (&str, &str)| {
        assert!(text.contains(from), "`{from}` stands in {text}");
        text.replacen(from, to, 1)
    };
    let old = replaced(&text, before);
    let start = old.find("/* The other").expect("its comment");
    let end = start + old[start..].find("\n}\n").expect("its end") + 4;
    let new = [&old[..start], &old[end..]].concat();
    let new = new.replacen("static int axf_start_tx(struct axf *axf);\n", "", 1);
    let new = replaced(&new, after);
    let files = |text: String| Files::from([(path.to_owned(), text.into_bytes())]);
    let members = vec![(path.to_owned(), name.to_owned())];
    let claim = Claim { members, is_elision: true, ..Claim::default() };
    expands::problem(&root, &files(old), &files(new), &claim)
}

#[test]
fn what_nothing_names_goes() {
    assert_eq!(said_of_unused(SAME, SAME), "");
}

#[test]
fn what_is_wanted_stays() {
    let check = |before, after, why: &str| {
        let found = said_of_unused(before, after);
        assert!(found.contains(why), "`{found}` does not say `{why}`");
    };
    check(("ret += axf_start_rx(axf)", "ret += axf_start_tx(axf)"), SAME, "is used");
    check(("int ret = 0;", "void *p = axf_start_tx;\n\tint ret = 0;"), SAME, "is used");
    let start = "static inline int axf_start_tx";
    check((start, "int axf_start_tx"), SAME, "not static");
    check((start, "static int __used axf_start_tx"), SAME, "may be wanted");
    let section = "static int __section(\".text.rare\") axf_start_tx";
    check((start, section), SAME, "may be wanted");
    let include = "#include <linux/kernel.h>\n";
    check((include, "#include <linux/kernel.h>\n#define T axf_start_tx\n"), SAME, "directive");
    let pasted = "#include <linux/kernel.h>\n#define T(x) axf_start_##x\n";
    check((include, pasted), SAME, "may build the name");
    check(SAME, ("0x10", "0x20"), "`0x10` became `0x20`");
    check(SAME, ("\treturn ret;", ""), "`return` became");
}
