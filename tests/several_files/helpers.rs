//! Functions of two files that differ in constants, and a helper in the first for all.

use crate::driver::Driver;
use drvdedup::verify::ladder::{Ascent, Outcome};
use drvdedup::verify::{Claim, Verdict};

const HEADER: &str = "\
struct axf { void *base; u32 status; };
int axf_one(struct axf *axf, int line);
int axf_two(struct axf *axf, int line);
";

/// A member, or the helper with parameters in the place of constants.
fn member(head: &str, reg: &str, what: &str) -> String {
    format!(
        "{head}\n{{\n\tu32 status = readl(axf->base + {reg} + line * 4);\n\n\
         \tif (status & {what})\n\t\treturn -EBUSY;\n\
         \twritel(status | 1, axf->base + {reg});\n\
         \taxf->status = status;\n\treturn 0;\n}}\n"
    )
}

const INCLUDES: &str = "#include <linux/kernel.h>\n#include \"axf.h\"\n";
const HELPER: &str = "int axf_start(struct axf *axf, int line, u32 reg, u32 what)";
const KBUILD: &str = "obj-m += axf.o\naxf-$(CONFIG_AXF) := one.o two.o\n";

const CALLERS: &str = "\
int axf_two(struct axf *axf, int line)
{
	if (line > 3)
		return axf_start_tx(axf, line - 4);
	return axf_start_up(axf, line) + axf_start_tx(axf, 0);
}
";

/// The constants of the second file, as it spells them, and what they are.
const OWN: &str = "#define TX_REG (BASE + 0x40)\n#define BASE 0x100\n#define UP_REG 0x300\n";

fn tx() -> String {
    member("static int axf_start_tx(struct axf *axf, int line)", "TX_REG", "0x80")
}

fn up() -> String {
    member("static int axf_start_up(struct axf *axf, int line)", "UP_REG", "0x8")
}

fn rx() -> String {
    member("int axf_one(struct axf *axf, int line)", "0x20", "0x800")
}

fn driver(callers: &str) -> Option<Driver> {
    let one = format!("{INCLUDES}{}", rx());
    let two = format!("{INCLUDES}{OWN}{}\n{}\n{callers}", tx(), up());
    Driver::new(&[("axf.h", HEADER), ("one.c", &one), ("two.c", &two)], KBUILD)
}

/// The helper and the thin member in the first file.
fn helped(driver: &mut Driver, prototype: &str, helper: &str) {
    driver.patch("axf.h", "int axf_one(", &format!("{prototype};\nint axf_one("));
    let thin = "int axf_one(struct axf *axf, int line)\n{\n\treturn axf_start(axf, line, 0x20, 0x800);\n}\n";
    driver.patch("one.c", &rx(), &format!("{}\n{thin}", member(helper, "reg", "what")));
    let claim = Claim { helper: Some("axf_start".to_owned()), ..Claim::default() };
    let members = [("one.c", "axf_one"), ("two.c", "axf_start_tx"), ("two.c", "axf_start_up")];
    driver.claims(&members, "one.c", claim);
}

/// The members of the second file are gone.
fn gone(driver: &mut Driver) {
    driver.patch("two.c", &format!("{}\n{}\n", tx(), up()), "");
    driver.patch("two.c", "axf_start_tx(axf, line - 4)", "axf_start(axf, line - 4, TX_REG, 0x80)");
    driver.patch(
        "two.c",
        "axf_start_up(axf, line) + axf_start_tx(axf, 0)",
        "axf_start(axf, line, UP_REG, 0x8) + axf_start(axf, 0, TX_REG, 0x80)",
    );
}

/// They stay, and only call.
fn thin(driver: &mut Driver) {
    for (name, old, constants) in [("tx", tx(), "TX_REG, 0x80"), ("up", up(), "UP_REG, 0x8")] {
        let head = format!("static int axf_start_{name}(struct axf *axf, int line)");
        let new = format!("{head}\n{{\n\treturn axf_start(axf, line, {constants});\n}}\n");
        driver.patch("two.c", &old, &new);
    }
}

#[track_caller]
fn is_proved(ascent: &Ascent) {
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
}

#[track_caller]
fn is_rejected(ascent: &Ascent, why: &str) {
    assert!(ascent.verdict < Verdict::IdenticalObject, "{}", ascent.detail);
    assert!(ascent.detail.contains(why), "{}", ascent.detail);
}

#[test]
fn members_of_another_file_that_are_gone_are_calls_of_the_helper() {
    let Some(mut driver) = driver(CALLERS) else { return };
    helped(&mut driver, HELPER, HELPER);
    gone(&mut driver);
    is_proved(&driver.climb());
}

#[test]
fn members_of_another_file_that_stay_call_the_helper() {
    let table = format!(
        "{CALLERS}int (*const axf_table[])(struct axf *, int) = {{ axf_start_tx, axf_start_up }};\n"
    );
    let Some(mut driver) = driver(&table) else { return };
    helped(&mut driver, HELPER, HELPER);
    thin(&mut driver);
    is_proved(&driver.climb());
}

#[test]
fn a_constant_that_is_another_one_is_seen_wherever_it_stands() {
    for (file, from, to, why) in [
        (
            "two.c",
            "axf_start(axf, line, UP_REG, 0x8)",
            "axf_start(axf, line, UP_REG, 0x80)",
            "axf_start_up()",
        ),
        (
            "two.c",
            "axf_start(axf, line, UP_REG, 0x8)",
            "axf_start(axf, line, TX_REG, 0x8)",
            "axf_start_up()",
        ),
        (
            "two.c",
            "axf_start(axf, 0, TX_REG, 0x80)",
            "axf_start(axf, 0, TX_REG, 0x81)",
            "different calls",
        ),
        (
            "two.c",
            "axf_start(axf, 0, TX_REG, 0x80)",
            "axf_start(axf, 1, TX_REG, 0x80)",
            "different calls",
        ),
        ("one.c", "status | 1", "status | 3", "axf_one()"),
        (
            "one.c",
            "axf_start(axf, line, 0x20, 0x800)",
            "axf_start(axf, line, 0x800, 0x20)",
            "axf_one()",
        ),
    ] {
        let Some(mut driver) = driver(CALLERS) else { return };
        helped(&mut driver, HELPER, HELPER);
        gone(&mut driver);
        let (path, text) =
            driver.after.iter().find(|(path, _)| path.ends_with(file)).expect("it is touched");
        assert_eq!(text.matches(from).count(), 1, "{path}: {from}");
        driver.patch(file, from, to);
        is_rejected(&driver.climb(), why);
    }
}

/// The second file with constants that its own header has; the first file has `TX_REG` for
/// something else.
fn driver_of_headers() -> Option<Driver> {
    let one = format!("{INCLUDES}#define TX_REG 0x7\n{}", rx());
    let own = "#define TX_REG (BASE + 0x40)\nenum { BASE = 0x100, UP_REG = 0x300 };\n";
    let two = format!("{INCLUDES}#include \"two.h\"\n{}\n{}\n{CALLERS}", tx(), up());
    let files = [("axf.h", HEADER), ("two.h", own), ("one.c", &one), ("two.c", &two)];
    Driver::new(&files, KBUILD)
}

#[test]
fn a_constant_that_only_a_header_of_the_member_has_is_what_it_is_there() {
    let Some(mut driver) = driver_of_headers() else { return };
    helped(&mut driver, HELPER, HELPER);
    gone(&mut driver);
    is_proved(&driver.climb());

    let Some(mut driver) = driver_of_headers() else { return };
    helped(&mut driver, HELPER, HELPER);
    thin(&mut driver);
    is_proved(&driver.climb());

    let Some(mut driver) = driver_of_headers() else { return };
    helped(&mut driver, HELPER, HELPER);
    thin(&mut driver);
    let two = driver.after.iter_mut().find(|(path, _)| path.ends_with("two.c"));
    let (_, text) = two.expect("the second file");
    *text = text.replace("axf_start(axf, line, UP_REG, 0x8)", "axf_start(axf, line, BASE, 0x8)");
    is_rejected(&driver.climb(), "axf_start_up()");
}

/// Members that print what they are called.
fn named(head: &str, reg: &str, name: &str) -> String {
    member(head, reg, "0x80")
        .replace("\treturn -EBUSY", &format!("\treturn printk(\"%s\", {name})"))
}

#[test]
fn the_name_of_a_member_is_the_one_that_it_hands_over() {
    let heads =
        ["int axf_one(struct axf *axf, int line)", "int axf_two(struct axf *axf, int line)"];
    let text = |head| format!("{INCLUDES}{}", named(head, "0x20", "__func__"));
    let (one, two) = (text(heads[0]), text(heads[1]));
    let helper = "int axf_start(struct axf *axf, int line, const char *func)";
    for (handed, is_right) in [("__func__", true), ("\"axf_one\"", false)] {
        let files = [("axf.h", HEADER), ("one.c", &*one), ("two.c", &*two)];
        let Some(mut driver) = Driver::new(&files, KBUILD) else { return };
        driver.patch("axf.h", "int axf_one(", &format!("{helper};\nint axf_one("));
        let thin = |head: &str, name: &str| {
            format!("{head}\n{{\n\treturn axf_start(axf, line, {name});\n}}\n")
        };
        let home = [named(helper, "0x20", "func"), thin(heads[0], "__func__")].join("\n");
        driver.patch("one.c", &named(heads[0], "0x20", "__func__"), &home);
        driver.patch("two.c", &named(heads[1], "0x20", "__func__"), &thin(heads[1], handed));
        let claim = Claim { helper: Some("axf_start".to_owned()), ..Claim::default() };
        driver.claims(&[("one.c", "axf_one"), ("two.c", "axf_two")], "one.c", claim);
        match is_right {
            true => is_proved(&driver.climb()),
            false => is_rejected(&driver.climb(), "axf_two()"),
        }
    }
}

#[test]
fn a_parameter_that_is_too_narrow_for_its_constants_is_seen() {
    for narrow in ["u8 reg, u32 what", "u32 reg, signed char what"] {
        let head = HELPER.replace("u32 reg, u32 what", narrow);
        let Some(mut driver) = driver(CALLERS) else { return };
        helped(&mut driver, &head, &head);
        gone(&mut driver);
        is_rejected(&driver.climb(), "changes value");
    }
    // Across the prototype, where the helper's own file does not see it.
    let hidden = format!(
        "#ifndef AXF_HIDDEN\n{};\n#endif\nint axf_none(void)",
        HELPER.replace("u32 reg", "u8 reg")
    );
    let Some(mut driver) = driver(CALLERS) else { return };
    helped(&mut driver, &hidden, HELPER);
    gone(&mut driver);
    driver.patch("one.c", "#include \"axf.h\"", "#define AXF_HIDDEN\n#include \"axf.h\"");
    is_rejected(&driver.climb(), "changes value");
}

#[test]
fn a_member_that_is_in_no_object_is_not_proved() {
    let Some(mut driver) = driver(CALLERS) else { return };
    helped(&mut driver, HELPER, HELPER);
    gone(&mut driver);
    driver.claim.members.push(("drivers/axf/axf.h".to_owned(), "axf_inline".to_owned()));
    is_rejected(&driver.climb(), "axf_inline of drivers/axf/axf.h is in no object");
}

#[test]
fn faults_planted_in_either_file_are_rejected() {
    let Some(mut driver) = driver(CALLERS) else { return };
    helped(&mut driver, HELPER, HELPER);
    gone(&mut driver);
    is_proved(&driver.climb());
    let trials = driver.selftest(40);
    for file in ["one.c", "two.c"] {
        assert!(trials.iter().any(|(path, ..)| path.ends_with(file)), "{file}: {trials:?}");
    }
    for (path, line, outcome) in trials {
        assert!(
            matches!(outcome, Outcome::Code(_) | Outcome::Compiler(_)),
            "{path}: {line}: {outcome:?}"
        );
    }
}
