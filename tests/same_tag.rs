//! Two drivers have a struct of one tag and different members: a helper that they
//! share compiles without a warning and is wrong. `fixtures/` has the case for the
//! planner, which refuses it; here the wrong patch is made by hand, and it must be
//! rejected by the texts and by the code, each alone.

#[path = "support/expands.rs"]
mod expands;

use drvdedup::verify::object::{Object, Unit, compare_functions};
use drvdedup::verify::{Claim, Files};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const ONE: &str = "drivers/rtc/rtc-one.c";
const TWO: &str = "drivers/rtc/rtc-two.c";
const MEMBER: &str = "rtc_plat_enable";

/// The layout of the second driver, and that of the first.
const LAYOUTS: [&str; 2] = [
    "\tsize_t size;\n\tu32 control;\n\tu8 century;\n\tvoid __iomem *ioaddr;\n",
    "\tvoid __iomem *ioaddr;\n\tu32 control;\n\tu8 century;\n\tsize_t size;\n",
];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/same-tag-rtc-plat-data/before")
}

fn text(path: &str) -> String {
    fs::read_to_string(fixture().join(path)).expect("the fixture can be read")
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in {text}");
    text.replace(from, to)
}

/// The first driver with the helper for all to call, and the second, which declares
/// it and has none of its own.
fn shared(one: &str, two: &str) -> (String, String) {
    let head = format!("int {MEMBER}(struct rtc_plat_data *pdata)");
    let start = two.find(&format!("static {head}")).expect("the member");
    let end = start + two[start..].find("\n}\n").expect("its end") + 3;
    let two = [&two[..start], &head, ";\n", &two[end..]].concat();
    let one = replaced(one, &format!("static {head}\n"), &format!("{head};\n{head}\n"));
    (one, two)
}

/// The object of `source`, as `verify` has it compiled; `None` where the system's
/// compiler makes no objects that are compared. A warning is a fault of the test.
fn compiled(source: &str) -> Option<Vec<u8>> {
    let machine = Command::new("cc").arg("-dumpmachine").output();
    if !machine.as_ref().is_ok_and(|it| it.stdout.starts_with(b"x86_64")) {
        eprintln!("skipped: cc does not compile for x86-64 ({machine:?})");
        return None;
    }
    let folder = TempDir::new().expect("a folder for the test");
    let (input, output) = (folder.path().join("a.c"), folder.path().join("a.o"));
    fs::write(&input, source).expect("the source");
    let mut command = Command::new("cc");
    command.args(["-O2", "-ffunction-sections", "-fno-pic", "-mcmodel=kernel", "-nostdinc"]);
    command.args(["-fno-asynchronous-unwind-tables", "-fcf-protection=none"]);
    command.args(["-Wall", "-Wextra", "-Werror", "-c", "-I"]).arg(fixture().join("include"));
    let run = command.arg("-o").arg(&output).arg(&input).output().expect("cc starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(fs::read(output).expect("the object"))
}

/// How the second driver's own function differs from the shared one.
fn differences(two: &str) -> Option<Vec<String>> {
    let own = compiled(&replaced(two, "static int", "int __attribute__((used)) "))?;
    let (one, caller) = shared(&text(ONE), two);
    let helper = compiled(&one)?;
    compiled(&caller)?;
    let (own, helper) = (Object::read(&own).expect("ELF"), Object::read(&helper).expect("ELF"));
    let found = compare_functions(&own, MEMBER, &helper, MEMBER, Unit::Other);
    Some(found.expect("both have it").iter().map(ToString::to_string).collect())
}

#[test]
fn the_code_of_a_helper_that_was_written_for_the_other_struct_differs_in_a_member() {
    let Some(found) = differences(&text(TWO)) else { return };
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("another member, or another layout of the struct"), "{found:?}");

    let alike = replaced(&text(TWO), LAYOUTS[0], LAYOUTS[1]);
    let found = differences(&alike).expect("it compiled before");
    assert_eq!(found, [""; 0], "the structs agree in all that is used");
}

#[test]
fn a_patch_that_shares_a_helper_between_two_structs_of_one_tag_does_not_expand() {
    let files = |one: String, two: String| {
        Files::from([(ONE.to_owned(), one.into_bytes()), (TWO.to_owned(), two.into_bytes())])
    };
    let (one, two) = shared(&text(ONE), &text(TWO));
    let (before, after) = (files(text(ONE), text(TWO)), files(one, two));
    let member = |path: &str| (path.to_owned(), MEMBER.to_owned());
    let claim = Claim {
        members: vec![member(ONE), member(TWO)],
        merged_into: Some(MEMBER.to_owned()),
        ..Claim::default()
    };
    let problem = expands::problem(&fixture(), &before, &after, &claim);
    for part in ["`rtc_plat_data` is declared at", ONE, TWO] {
        assert!(problem.contains(part), "{problem}");
    }
}
