//! A helper in a header that several drivers include: each file is proved by itself.

use crate::driver::Driver;
use drvdedup::verify::ladder::{Ascent, Outcome};
use drvdedup::verify::{Claim, Verdict};

const HEADER: &str = "struct axf { void *base; u32 status; };\nint axf_one(struct axf *axf);\n";
const KBUILD: &str = "obj-$(CONFIG_ONE) += one.o\nobj-$(CONFIG_TWO) += two.o\n";
const HELPER: &str = "static inline int axf_start(struct axf *axf, u32 reg)";

/// A member, or the helper with a parameter in the place of the constant.
fn member(head: &str, reg: &str) -> String {
    format!(
        "{head}\n{{\n\tu32 status = readl(axf->base + {reg});\n\n\
         \tif (status & MASK)\n\t\treturn -EBUSY;\n\
         \twritel(status | 1, axf->base + {reg});\n\
         \taxf->status = status;\n\treturn 0;\n}}\n"
    )
}

fn source(mask: &str, name: &str, reg: &str, rest: &str) -> String {
    let head = format!("static int axf_start_{name}(struct axf *axf)");
    let own = member(&head, reg);
    format!("#include <linux/kernel.h>\n#define MASK {mask}\n#include \"axf.h\"\n{own}\n{rest}")
}

const ONE: &str =
    "int axf_one(struct axf *axf)\n{\n\treturn axf_start_rx(axf) + axf_start_rx(axf);\n}\n";
const TWO: &str = "int (*const axf_table[])(struct axf *) = { axf_start_tx };\n";

/// The right patch: one member is gone, the other one is thin.
fn patched((first, second): (&str, &str)) -> Option<Driver> {
    let (one, two) = (source(first, "rx", "0x10", ONE), source(second, "tx", "0x20", TWO));
    let files = [("axf.h", HEADER), ("one.c", one.as_str()), ("two.c", two.as_str())];
    let mut driver = Driver::new(&files, KBUILD)?;
    driver.patch("axf.h", "int axf_one(", &format!("{}int axf_one(", member(HELPER, "reg")));
    let rx = member("static int axf_start_rx(struct axf *axf)", "0x10");
    driver.patch("one.c", &format!("{rx}\n"), "");
    let calls = "axf_start_rx(axf) + axf_start_rx(axf)";
    driver.patch("one.c", calls, &calls.replace("_rx(axf)", "(axf, 0x10)"));
    let head = "static int axf_start_tx(struct axf *axf)";
    let thin = format!("{head}\n{{\n\treturn axf_start(axf, 0x20);\n}}\n");
    driver.patch("two.c", &member(head, "0x20"), &thin);
    let claim = Claim { helper: Some("axf_start".to_owned()), ..Claim::default() };
    driver.claims(&[("one.c", "axf_start_rx"), ("two.c", "axf_start_tx")], "axf.h", claim);
    Some(driver)
}

#[track_caller]
fn is_proved(ascent: &Ascent) {
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
    assert_eq!(ascent.not_built, [""; 0]);
}

#[track_caller]
fn is_rejected(ascent: &Ascent, why: &str) {
    assert!(ascent.verdict < Verdict::IdenticalObject, "{}", ascent.detail);
    assert!(ascent.detail.contains(why), "{}", ascent.detail);
}

#[test]
fn a_helper_in_a_header_is_inlined_in_each_driver() {
    let Some(driver) = patched(("0x80", "0x80")) else { return };
    is_proved(&driver.climb());
    // Each file has it with its own macros.
    let Some(driver) = patched(("0x80", "0x40")) else { return };
    is_proved(&driver.climb());
}

#[test]
fn a_value_that_one_file_has_otherwise_is_seen() {
    let Some(mut driver) = patched(("0x80", "0x40")) else { return };
    driver.patch("axf.h", "status & MASK", "status & 0x80");
    is_rejected(&driver.climb(), "the code differs in axf_start_tx()");

    let Some(mut driver) = patched(("0x80", "0x80")) else { return };
    driver.patch("one.c", "axf_start(axf, 0x10) + ", "axf_start(axf, 0x11) + ");
    is_rejected(&driver.climb(), "the code differs in axf_one()");

    let Some(mut driver) = patched(("0x80", "0x80")) else { return };
    driver.patch("axf.h", "axf->status = status;", "axf->status = (u8)status;");
    is_rejected(&driver.climb(), "the code differs in ");
}

#[test]
fn state_that_each_copy_had_is_state_of_the_helper_and_seen() {
    let Some(mut driver) = patched(("0x80", "0x80")) else { return };
    driver.patch(
        "axf.h",
        "axf->status = status;",
        "static u32 count;\n\taxf->status = status + count++;",
    );
    is_rejected(&driver.climb(), "the code differs in ");
}

#[test]
fn a_survivor_in_a_header_takes_the_place_of_its_copies() {
    let files = |reg: &str| {
        let one = source("1", "rx", "0x10", ONE).replace("axf_start_rx", "axf_start");
        let two = source("1", "tx", reg, TWO);
        [("axf.h", HEADER.to_owned()), ("one.c", one), ("two.c", two)]
    };
    for (reg, same) in [("0x10", true), ("0x18", false)] {
        let files = files(reg);
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let Some(mut driver) = Driver::new(&files, KBUILD) else { return };
        let head = "static inline int axf_start(struct axf *axf)";
        driver.patch("axf.h", "int axf_one(", &format!("{}int axf_one(", member(head, "0x10")));
        let own = member("static int axf_start(struct axf *axf)", "0x10");
        driver.patch("one.c", &format!("{own}\n"), "");
        let own = member("static int axf_start_tx(struct axf *axf)", reg);
        driver.patch("two.c", &format!("{own}\n"), "");
        driver.patch("two.c", "{ axf_start_tx }", "{ axf_start }");
        let claim = Claim { merged_into: Some("axf_start".to_owned()), ..Claim::default() };
        driver.claims(&[("one.c", "axf_start"), ("two.c", "axf_start_tx")], "axf.h", claim);
        match same {
            true => is_proved(&driver.climb()),
            false => is_rejected(&driver.climb(), "the code differs in axf_start_tx()"),
        }
    }
}

#[test]
fn faults_planted_in_the_header_or_a_file_are_rejected() {
    let Some(driver) = patched(("0x80", "0x40")) else { return };
    is_proved(&driver.climb());
    let trials = driver.selftest(24);
    for file in ["one.c", "two.c", "axf.h"] {
        assert!(trials.iter().any(|(path, ..)| path.ends_with(file)), "{file}: {trials:?}");
    }
    // A narrower value is none where it always fits.
    let (narrow, others): (Vec<_>, Vec<_>) =
        trials.into_iter().partition(|(.., outcome)| *outcome == Outcome::Equivalent);
    assert!(narrow.iter().all(|(_, line, _)| line.contains("signed char")), "{narrow:?}");
    for (path, line, outcome) in others {
        assert!(
            matches!(outcome, Outcome::Code(_) | Outcome::Compiler(_)),
            "{path}: {line}: {outcome:?}"
        );
    }
}
