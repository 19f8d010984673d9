//! A part of a function of each file that another file does after the patch: proved in two
//! steps, of which each finds what is wrong in it.

use crate::driver::{Driver, FOLDER};
use drvdedup::verify::ladder::Ascent;
use drvdedup::verify::{Claim, Lift, Verdict};
use std::collections::BTreeMap;

const HEADER: &str = "struct axf { void *base; u32 status; };\nint axf_one(struct axf *axf, u32 rate);\nint axf_two(struct axf *axf);\nint axf_check(struct axf *axf);\n";
const KBUILD: &str = "obj-m += axf.o\naxf-y += core.o one.o two.o\n";
const CORE: &str = "#include <linux/kernel.h>\n#include \"axf.h\"\nint axf_check(struct axf *axf)\n{\n\treturn readl(axf->base) & 1 ? -EBUSY : 0;\n}\n";
const TOP: &str = "#include <linux/kernel.h>\n#include \"axf.h\"\n";

/// What both do on their way.
fn run(reg: &str) -> String {
    format!(
        "\twritel(status | 1, axf->base + {reg});\n\tudelay(10);\n\
         \twritel(status | 2, axf->base + {reg});\n\tudelay(20);\n\taxf->status = status;\n"
    )
}

fn one(run: &str) -> String {
    format!(
        "int axf_one(struct axf *axf, u32 rate)\n{{\n\tu32 status = readl(axf->base + 0x10);\n\n\
         \tif (rate > 8)\n\t\treturn -EIO;\n{run}\treturn 0;\n}}\n"
    )
}

fn two(run: &str) -> String {
    format!(
        "int axf_two(struct axf *axf)\n{{\n\tu32 status = readl(axf->base + 0x20);\n\n\
         {run}\treturn readl(axf->base + 0x24) ? -EIO : 0;\n}}\n"
    )
}

/// The patch, with this text of the helper, and the parts as they are lifted out.
fn patched(helper: &str, lifted: &str) -> Option<Driver> {
    let (first, second) = (run("0x10"), run("0x20"));
    let texts = [format!("{TOP}{}", one(&first)), format!("{TOP}{}", two(&second))];
    let files = [("axf.h", HEADER), ("core.c", CORE), ("one.c", &*texts[0]), ("two.c", &*texts[1])];
    let mut driver = Driver::new(&files, KBUILD)?;
    let head = "void axf_start(struct axf *axf, u32 status, u32 reg)";
    driver.patch(
        "axf.h",
        "int axf_check(struct axf *axf);\n",
        &format!("int axf_check(struct axf *axf);\n{head};\n"),
    );
    driver.patch(
        "core.c",
        "-EBUSY : 0;\n}\n",
        &format!("-EBUSY : 0;\n}}\n\n{head}\n{{\n{helper}}}\n"),
    );
    driver.patch("one.c", &first, "\taxf_start(axf, status, 0x10);\n");
    driver.patch("two.c", &second, "\taxf_start(axf, status, 0x20);\n");
    let part = |name: &str, body: &str| {
        format!("static void {name}__part(struct axf *axf, u32 status)\n{{\n{body}}}\n\n")
    };
    let call = |name: &str| format!("\t{name}__part(axf, status);\n");
    let edits = [("one.c", "axf_one", &texts[0], &first), ("two.c", "axf_two", &texts[1], &second)];
    let edits: BTreeMap<String, Vec<(usize, usize, String)>> = edits
        .into_iter()
        .map(|(file, name, text, run)| {
            let body = if name == "axf_one" { lifted } else { run.as_str() };
            let at = text.find(run.as_str()).expect("it is there");
            let above = (TOP.len(), TOP.len(), part(name, body));
            (format!("{FOLDER}/{file}"), vec![above, (at, at + run.len(), call(name))])
        })
        .collect();
    let parts = ["axf_one__part", "axf_two__part"].map(str::to_owned).into();
    let lift = Some(Lift { parts, edits });
    let claim = Claim { helper: Some("axf_start".to_owned()), lift, ..Claim::default() };
    driver.claims(&[("one.c", "axf_one"), ("two.c", "axf_two")], "core.c", claim);
    Some(driver)
}

#[track_caller]
fn is_rejected(ascent: &Ascent, why: &str) {
    assert!(ascent.verdict < Verdict::IdenticalObject, "{}", ascent.detail);
    assert!(ascent.detail.contains(why), "{}", ascent.detail);
}

#[test]
fn a_part_that_another_file_does_is_proved() {
    let Some(driver) = patched(&run("reg"), &run("0x10")) else { return };
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
    assert_eq!(ascent.not_built, [""; 0]);
}

#[test]
fn a_helper_that_does_something_else_than_the_part_is_rejected() {
    let wrong = run("reg").replace("status | 2", "status | 4");
    let Some(driver) = patched(&wrong, &run("0x10")) else { return };
    is_rejected(&driver.climb(), "axf_start");
}

#[test]
fn a_part_that_does_something_else_than_the_function_did_is_rejected() {
    // Both steps but the first would be right.
    let wrong = run("0x10").replace("udelay(10)", "udelay(11)");
    let Some(driver) = patched(&run("reg").replace("udelay(10)", "udelay(11)"), &wrong) else {
        return;
    };
    is_rejected(&driver.climb(), "axf_one");
}
