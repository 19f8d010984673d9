//! Headers that a patch touches, who includes them, and what is linked.

use crate::driver::Driver;
use drvdedup::verify::{Claim, Verdict};

const HEADER: &str = "struct axf { void *base; u32 status; };\nint axf_on(struct axf *axf);\n";

const ONE: &str = "\
#include <linux/kernel.h>
#include \"axf.h\"
int axf_on(struct axf *axf)
{
	writel(axf->status, axf->base);
	return 0;
}
";

const TWO: &str = "\
#include <linux/kernel.h>
#include \"axf.h\"
int axf_two(struct axf *axf)
{
	axf->status = 2;
	return axf_on(axf);
}
";

const KBUILD: &str = "obj-m += axf.o\naxf-y := one.o two.o\n";

fn driver() -> Option<Driver> {
    Driver::new(&[("axf.h", HEADER), ("one.c", ONE), ("two.c", TWO)], KBUILD)
}

#[test]
fn a_touched_header_is_read_by_who_includes_it_and_is_no_file_that_is_not_built() {
    let Some(mut driver) = driver() else { return };
    driver.patch("axf.h", "int axf_on(", "int axf_off(struct axf *axf);\nint axf_on(");
    driver.patch("one.c", "int axf_on(", "int axf_unused(struct axf *axf);\nint axf_on(");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
    assert_eq!(ascent.not_built, [""; 0]);
    assert_eq!(ascent.detail, "the same machine code at -O2");
}

#[test]
fn what_the_header_breaks_in_a_file_that_is_not_touched_is_a_fault() {
    let Some(mut driver) = driver() else { return };
    driver.patch("axf.h", "int axf_on(", "static int axf_two(struct axf *axf);\nint axf_on(");
    driver.patch("one.c", "int axf_on(", "int axf_unused(struct axf *axf);\nint axf_on(");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Failed, "{}", ascent.detail);
    assert!(ascent.detail.contains("new: "), "{}", ascent.detail);
}

#[test]
fn other_code_of_a_file_that_only_includes_the_header_is_seen() {
    let Some(mut driver) = driver() else { return };
    driver.patch("axf.h", "void *base; u32 status;", "u32 status; u32 more; void *base;");
    driver.patch("one.c", "int axf_on(", "int axf_unused(struct axf *axf);\nint axf_on(");
    driver.also("drivers/axf/three.c", "#include \"four.h\"\n");
    driver.also("drivers/axf/four.h", "#include <linux/kernel.h>\n#include \"axf.h\"\n");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Compiles, "{}", ascent.detail);
    assert!(ascent.detail.contains("the code differs in axf_on()"), "{}", ascent.detail);

    // Where the touched file does not use it, the other one shows it.
    let Some(mut driver) = driver2("int axf_on(struct axf *axf)\n{\n\treturn 0;\n}\n") else {
        return;
    };
    driver.patch("axf.h", "void *base; u32 status;", "u32 status; u32 more; void *base;");
    driver.patch("one.c", "int axf_on(", "int axf_unused(struct axf *axf);\nint axf_on(");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Compiles, "{}", ascent.detail);
    assert!(ascent.detail.contains("the code differs in axf_two()"), "{}", ascent.detail);
}

fn driver2(body: &str) -> Option<Driver> {
    let one = format!("#include <linux/kernel.h>\n#include \"axf.h\"\n{body}");
    Driver::new(&[("axf.h", HEADER), ("one.c", &one), ("two.c", TWO)], KBUILD)
}

#[test]
fn a_file_that_includes_the_header_and_is_not_built_is_told() {
    let kbuild = format!("{KBUILD}obj-$(CONFIG_THREE) += three.o\n");
    let files = [("axf.h", HEADER), ("one.c", ONE), ("two.c", TWO)];
    let Some(mut driver) = Driver::new(&files, &kbuild) else { return };
    driver.also("drivers/axf/off/three.c", "#include \"../axf.h\"\n");
    driver.also("drivers/axf/Kbuild", "obj-m += axf.o\naxf-y := one.o two.o off/three.o\n");
    driver.patch("axf.h", "int axf_on(", "int axf_off(struct axf *axf);\nint axf_on(");
    driver.patch("one.c", "int axf_on(", "int axf_unused(struct axf *axf);\nint axf_on(");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
    let expected = "the same machine code at -O2; not built here: 1 more that include the header";
    assert_eq!(ascent.detail, expected);
}

/// A function that becomes visible, and is used from the other file.
fn shared(kbuild: &str) -> Option<Driver> {
    let one = ONE
        .replace("int axf_on(", "static int axf_set(u32 x)\n{\n\treturn x + 1;\n}\nint axf_on(")
        .replace("return 0", "return axf_set(3)");
    let mut driver = Driver::new(&[("axf.h", HEADER), ("one.c", &one), ("two.c", TWO)], kbuild)?;
    driver.patch("axf.h", "int axf_on(", "int axf_set(u32 x);\nint axf_on(");
    driver.patch("one.c", "static int axf_set", "int axf_set");
    driver.patch("two.c", "= 2;", "= axf_set(1);");
    let claim = Claim { merged_into: Some("axf_set".to_owned()), ..Claim::default() };
    driver.claims(&[("one.c", "axf_set")], "one.c", claim);
    Some(driver)
}

#[test]
fn a_function_that_is_visible_now_is_linked_with_who_uses_it_or_it_is_a_fault() {
    let Some(driver) = shared(KBUILD) else { return };
    let ascent = driver.climb();
    // The second file does something else now; but it links.
    assert_eq!(ascent.verdict, Verdict::Compiles, "{}", ascent.detail);

    for (kbuild, why) in [
        ("obj-m += one.o two.o\n", "two links drivers/axf/two.c and not drivers/axf/one.c"),
        ("obj-m += axf.o\naxf-y := two.o\naxf-$(CONFIG_X) += one.o\n", "axf may link"),
        ("obj-m += axf.o\naxf-y := one.o\n", "no Kbuild file says what drivers/axf/two.c is"),
    ] {
        let Some(driver) = shared(kbuild) else { return };
        let ascent = driver.climb();
        assert_eq!(ascent.verdict, Verdict::Failed, "{kbuild}{}", ascent.detail);
        assert!(ascent.detail.contains(why), "{}", ascent.detail);
    }
}

#[test]
fn a_name_that_another_driver_has_for_all_is_a_fault() {
    let Some(driver) = shared(KBUILD) else { return };
    driver.also("sound/other.c", "int axf_set(int x)\n{\n\treturn x;\n}\n");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Failed, "{}", ascent.detail);
    assert!(ascent.detail.contains("sound/other.c has a function axf_set"), "{}", ascent.detail);
}
