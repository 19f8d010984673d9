//! Identical functions of two files, of which one survives in the first.

use crate::driver::Driver;
use drvdedup::verify::ladder::{Ascent, Outcome};
use drvdedup::verify::{Claim, Verdict};

const HEADER: &str = "\
#define AXF_CONTROL 0x1c
struct axf { void *base; u32 control; u32 turns; };
int axf_one(struct axf *axf);
int axf_two(struct axf *axf);
";

/// The function that both have, with what it uses in front of it.
fn source(own: &str, enable: &str, rest: &str) -> String {
    format!(
        "#include <linux/kernel.h>\n#include \"axf.h\"\n{own}\n\
         static int {enable}(struct axf *axf, u32 mask)\n{{\n\
         \tu32 control = readl(axf->base + AXF_CONTROL);\n\n\
         \tif (control & mask)\n\t\treturn -EBUSY;\n\
         \taxf->control = control | MODE;\n\
         \twriter(axf, AXF_CONTROL);\n\
         \tprintk(\"enabled %u\\n\", control);\n\
         \treturn 0;\n}}\n\n{rest}"
    )
}

const OWN: &str = "\
enum { MODE = 0x80, MODES };
static void writer(struct axf *axf, int reg)
{
	writel(axf->control, axf->base + reg);
	axf->turns++;
}
";

const ONE: &str = "\
int axf_one(struct axf *axf)
{
	if (axf->turns)
		return axf_enable(axf, 0x10);
	writer(axf, 4);
	return axf_enable(axf, 0x20);
}
";

const TWO: &str = "\
int axf_two(struct axf *axf)
{
	axf->control = 2;
	writer(axf, MODES & 8);
	return axf_start(axf, 0x40) + axf_start(axf, axf->turns);
}
";

const KBUILD: &str = "obj-m += axf.o\naxf-y := one.o two.o\n";
const PROTOTYPE: &str = "int axf_enable(struct axf *axf, u32 mask);\n";

/// The driver whose second file has `own` and its copy is called `name`.
fn driver(header: &str, (own, other): (&str, &str), name: &str) -> Option<Driver> {
    let one = source(own, "axf_enable", ONE);
    let two = source(other, name, &TWO.replace("axf_start", name));
    Driver::new(&[("axf.h", header), ("one.c", &one), ("two.c", &two)], KBUILD)
}

fn body(name: &str) -> String {
    let text = source("", name, "");
    text[text.find("static int").expect("it has one")..].trim_end().to_owned()
}

/// The patch that leaves the copy of the first file.
fn merge(driver: &mut Driver, name: &str, prototype: &str) {
    driver.patch("axf.h", "int axf_one(", &format!("{prototype}int axf_one("));
    driver.patch("one.c", "static int axf_enable(", "int axf_enable(");
    driver.patch("two.c", &format!("{}\n\n", body(name)), "");
    if name != "axf_enable" {
        let calls = format!("{name}(axf, 0x40) + {name}(axf, axf->turns)");
        driver.patch("two.c", &calls, &calls.replace(name, "axf_enable"));
    }
    let claim = Claim { merged_into: Some("axf_enable".to_owned()), ..Claim::default() };
    driver.claims(&[("one.c", "axf_enable"), ("two.c", name)], "one.c", claim);
}

/// How far the right patch comes on files that differ in `own`.
fn climbed(header: &str, own: (&str, &str), name: &str) -> Option<Ascent> {
    let mut driver = driver(header, own, name)?;
    merge(&mut driver, name, PROTOTYPE);
    Some(driver.climb())
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
fn a_copy_of_the_same_name_is_gone_and_the_other_one_is_called() {
    let Some(ascent) = climbed(HEADER, (OWN, OWN), "axf_enable") else { return };
    is_proved(&ascent);
}

#[test]
fn a_copy_of_another_name_is_gone_and_its_callers_call_the_survivor() {
    let Some(ascent) = climbed(HEADER, (OWN, OWN), "axf_start") else { return };
    is_proved(&ascent);
}

#[test]
fn a_copy_whose_address_is_taken_stays_as_a_thin_function_or_the_survivor_is_pointed_to() {
    let table = "int (*const axf_table[])(struct axf *, u32) = { axf_start };\n";
    let two = |own: &str| source(own, "axf_start", &(TWO.to_owned() + table));
    let one = source(OWN, "axf_enable", ONE);
    let files = |two| [("axf.h", HEADER), ("one.c", one.as_str()), ("two.c", two)];
    let text = two(OWN);
    let Some(mut driver) = Driver::new(&files(&text), KBUILD) else { return };
    merge(&mut driver, "axf_start", PROTOTYPE);
    driver.patch("two.c", table, &table.replace("axf_start", "axf_enable"));
    is_proved(&driver.climb());

    let Some(mut driver) = Driver::new(&files(&text), KBUILD) else { return };
    driver.patch("axf.h", "int axf_one(", &format!("{PROTOTYPE}int axf_one("));
    driver.patch("one.c", "static int axf_enable(", "int axf_enable(");
    let thin =
        "static int axf_start(struct axf *axf, u32 mask)\n{\n\treturn axf_enable(axf, mask);\n}";
    driver.patch("two.c", &body("axf_start"), thin);
    let claim = Claim { merged_into: Some("axf_enable".to_owned()), ..Claim::default() };
    driver.claims(&[("one.c", "axf_enable"), ("two.c", "axf_start")], "one.c", claim);
    is_proved(&driver.climb());

    driver.patch("two.c", "axf_enable(axf, mask)", "axf_enable(axf, mask & 0xff)");
    is_rejected(&driver.climb(), "the code differs in axf_start()");
}

#[test]
fn a_struct_of_the_same_tag_and_another_layout_is_seen() {
    let header =
        HEADER.replace("struct axf { void *base; u32 control; u32 turns; };\n", "struct axf;\n");
    let first = format!("struct axf {{ void *base; u32 control; u32 turns; }};\n{OWN}");
    let second = format!("struct axf {{ u32 control; u32 turns; void *base; }};\n{OWN}");
    let Some(same) = climbed(&header, (&first, &first), "axf_enable") else { return };
    is_proved(&same);
    let Some(ascent) = climbed(&header, (&first, &second), "axf_enable") else { return };
    is_rejected(&ascent, "another member, or another layout of the struct");
}

#[test]
fn what_both_files_have_under_one_name_must_be_the_same() {
    for (from, to, why) in [
        ("MODE = 0x80", "MODE = 0x88", "another constant"),
        ("axf->turns++", "axf->turns += 2", "does not do the same"),
    ] {
        assert!(OWN.contains(from), "{from}");
        let other = OWN.replace(from, to);
        let Some(ascent) = climbed(HEADER, (OWN, &other), "axf_enable") else { return };
        is_rejected(&ascent, why);
        assert!(ascent.detail.contains("of drivers/axf/one.c"), "{}", ascent.detail);
    }
    // A macro of each file's own, which the header must not have then.
    let header = HEADER.replace("#define AXF_CONTROL 0x1c\n", "");
    let own = |value: &str| format!("#define AXF_CONTROL {value}\n{OWN}");
    let Some(same) = climbed(&header, (&own("0x1c"), &own("28")), "axf_start") else { return };
    is_proved(&same);
    let Some(ascent) = climbed(&header, (&own("0x1c"), &own("0x2c")), "axf_start") else { return };
    is_rejected(&ascent, "the code differs in axf_start()");
}

#[test]
fn a_static_variable_that_each_file_has_for_itself_is_seen() {
    let counted = |start: &str| {
        OWN.replace("static void writer", &format!("static u32 count{start};\nstatic void writer"))
            .replace("axf->turns++", "count++")
    };
    let Some(ascent) = climbed(HEADER, (&counted(""), &counted("")), "axf_start") else { return };
    is_rejected(&ascent, "static state count");
    // One that nobody writes may be in both.
    let table = OWN
        .replace("static void writer", "static const u8 table[] = { 1, 2, 3 };\nstatic void writer")
        .replace("axf->turns++", "axf->turns += table[axf->control & 1]");
    let Some(same) = climbed(HEADER, (&table, &table), "axf_start") else { return };
    is_proved(&same);
    let other = table.replace("{ 1, 2, 3 }", "{ 1, 3, 3 }");
    let Some(ascent) = climbed(HEADER, (&table, &other), "axf_start") else { return };
    is_rejected(&ascent, "data table");
}

#[test]
fn a_prototype_that_is_not_that_of_the_function_is_seen() {
    let Some(mut driver) = driver(HEADER, (OWN, OWN), "axf_start") else { return };
    merge(&mut driver, "axf_start", "int axf_enable(struct axf *axf, u8 mask);\n");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Failed, "{}", ascent.detail);
    assert!(ascent.detail.contains("one.c no longer compiles: "), "{}", ascent.detail);

    // Where the file of the function does not see it, nobody complains.
    for prototype in [
        "int axf_enable(struct axf *axf, u8 mask);\n",
        "u8 axf_enable(struct axf *axf, u32 mask);\n",
        "int axf_enable(struct axf *axf, unsigned long mask);\n",
    ] {
        let Some(mut driver) = self::driver(HEADER, (OWN, OWN), "axf_start") else { return };
        let hidden = format!("#ifndef AXF_HIDDEN\n{prototype}#endif\n");
        merge(&mut driver, "axf_start", &hidden);
        driver.patch("one.c", "#include \"axf.h\"", "#define AXF_HIDDEN\n#include \"axf.h\"");
        is_rejected(&driver.climb(), "the code differs in ");
    }
    let Some(mut driver) = self::driver(HEADER, (OWN, OWN), "axf_start") else { return };
    merge(&mut driver, "axf_start", &format!("#ifndef AXF_HIDDEN\n{PROTOTYPE}#endif\n"));
    driver.patch("one.c", "#include \"axf.h\"", "#define AXF_HIDDEN\n#include \"axf.h\"");
    is_proved(&driver.climb());
}

#[test]
fn types_that_the_other_file_does_not_know_leave_the_patch_unproved() {
    let own = |tag: &str| format!("struct {tag} {{ u32 x; }};\n{OWN}");
    let one = source(&own("first"), "axf_enable", ONE);
    let takes = |text: String| text.replace("u32 mask)", "u32 mask, struct second *s)");
    let two = takes(source(
        &own("second"),
        "axf_start",
        "int axf_two(struct axf *axf)\n{\n\twriter(axf, 1);\n\treturn axf_start(axf, 1, 0);\n}\n",
    ));
    let files = [("axf.h", HEADER), ("one.c", one.as_str()), ("two.c", two.as_str())];
    let Some(mut driver) = Driver::new(&files, KBUILD) else { return };
    driver.patch("axf.h", "int axf_one(", &format!("{PROTOTYPE}int axf_one("));
    driver.patch("one.c", "static int axf_enable(", "int axf_enable(");
    let thin = takes(
        "static int axf_start(struct axf *axf, u32 mask)\n{\n\treturn axf_enable(axf, mask);\n}"
            .to_owned(),
    );
    driver.patch("two.c", &takes(body("axf_start")), &thin);
    let claim = Claim { merged_into: Some("axf_enable".to_owned()), ..Claim::default() };
    driver.claims(&[("one.c", "axf_enable"), ("two.c", "axf_start")], "one.c", claim);
    let ascent = driver.climb();
    // A pointer is a pointer: the tag alone makes no difference.
    is_proved(&ascent);
    driver.patch(
        "two.c",
        "return axf_enable(axf, mask)",
        "return s->x ? axf_enable(axf, mask) : 0",
    );
    is_rejected(&driver.climb(), "cannot be compared in drivers/axf/one.c");
}

#[test]
fn a_survivor_that_is_discarded_after_the_start_takes_no_place_of_one_that_stays() {
    let init = "#define __init __attribute__((__section__(\".init.text\")))\n";
    let header = format!("{init}{HEADER}");
    let Some(mut driver) = driver(&header, (OWN, OWN), "axf_start") else { return };
    merge(&mut driver, "axf_start", PROTOTYPE);
    is_proved(&driver.climb());
    driver.patch("one.c", "int axf_enable(", "int __init axf_enable(");
    is_rejected(&driver.climb(), "is not in the section of axf_enable");
}

#[test]
fn faults_planted_in_either_file_are_rejected() {
    let Some(mut driver) = driver(HEADER, (OWN, OWN), "axf_start") else { return };
    merge(&mut driver, "axf_start", PROTOTYPE);
    is_proved(&driver.climb());
    let trials = driver.selftest(24);
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
