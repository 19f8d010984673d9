//! The drivers of `fixtures/` that have a case of their own for the planner, with patches
//! across their files.

use crate::driver::{Driver, FOLDER};
use drvdedup::verify::{Claim, Verdict};
use std::fs;
use std::path::Path;

fn text(path: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    fs::read_to_string(fixtures.join(path)).expect("the fixture can be read")
}

/// The second driver's layout becomes the first one's where `alike`, so that only the
/// layouts can tell the two patches apart.
fn two_structs_of_one_tag(alike: bool) -> Option<Driver> {
    let folder = "same-tag-rtc-plat-data/before";
    let one = text(&format!("{folder}/drivers/rtc/rtc-one.c"));
    let mut two = text(&format!("{folder}/drivers/rtc/rtc-two.c"));
    if alike {
        let [first, second] = [
            "\tsize_t size;\n\tu32 control;\n\tu8 century;\n\tvoid __iomem *ioaddr;\n",
            "\tvoid __iomem *ioaddr;\n\tu32 control;\n\tu8 century;\n\tsize_t size;\n",
        ];
        assert_eq!(two.matches(first).count(), 1, "{two}");
        two = two.replace(first, second);
    }
    let files = [("rtc.h", "\n"), ("rtc-one.c", one.as_str()), ("rtc-two.c", two.as_str())];
    let mut driver = Driver::new(&files, "obj-m += rtc.o\nrtc-y := rtc-one.o rtc-two.o\n")?;
    driver.also("include/linux/kernel.h", &text(&format!("{folder}/include/linux/kernel.h")));
    let head = "int rtc_plat_enable(struct rtc_plat_data *pdata)";
    driver.patch("rtc.h", "\n", &format!("struct rtc_plat_data;\n{head};\n"));
    let include = "#include <linux/kernel.h>\n";
    driver.patch("rtc-one.c", include, &format!("{include}#include \"rtc.h\"\n"));
    driver.patch("rtc-two.c", include, &format!("{include}#include \"rtc.h\"\n"));
    driver.patch("rtc-one.c", &format!("static {head}"), head);
    let start = two.find(&format!("static {head}")).expect("the member");
    let end = start + two[start..].find("\n}\n").expect("its end") + 3;
    driver.patch("rtc-two.c", &two[start..end], "");
    let claim = Claim { merged_into: Some("rtc_plat_enable".to_owned()), ..Claim::default() };
    let members = [("rtc-one.c", "rtc_plat_enable"), ("rtc-two.c", "rtc_plat_enable")];
    driver.claims(&members, "rtc-one.c", claim);
    Some(driver)
}

#[test]
fn a_function_that_was_written_for_the_other_struct_of_the_tag_is_not_the_same() {
    let Some(driver) = two_structs_of_one_tag(false) else { return };
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Compiles, "{}", ascent.detail);
    let why = "the code differs in rtc_plat_enable(): rtc_plat_enable of drivers/axf/rtc-one.c";
    assert!(ascent.detail.starts_with(why), "{}", ascent.detail);
    assert!(ascent.detail.contains("another layout of the struct"), "{}", ascent.detail);
    assert!(ascent.detail.contains("before: drivers/axf/rtc-two.c:"), "{}", ascent.detail);
    assert!(ascent.detail.contains("after:  drivers/axf/rtc-one.c:"), "{}", ascent.detail);

    let Some(driver) = two_structs_of_one_tag(true) else { return };
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
}

#[test]
fn files_of_one_driver_share_a_helper() {
    let folder = "files-of-one-driver/before";
    let of = |name: &str| text(&format!("{folder}/drivers/misc/{name}"));
    let (header, one, two) = (of("axf.h"), of("axf_rx.c"), of("axf_tx.c"));
    let files =
        [("axf.h", header.as_str()), ("axf_rx.c", one.as_str()), ("axf_tx.c", two.as_str())];
    let Some(mut driver) = Driver::new(&files, &of("Makefile")) else { return };
    driver.also("include/linux/kernel.h", &text(&format!("{folder}/include/linux/kernel.h")));
    let head = "int axf_start(struct axf *axf, u32 reg)";
    driver.patch("axf.h", "int axf_start_rx(", &format!("{head};\nint axf_start_rx("));
    let member = |text: &str| {
        let start = text.find("int axf_start_").expect("the member");
        let end = start + text[start..].find("\n}\n").expect("its end") + 3;
        text[start..end].to_owned()
    };
    let (rx, tx) = (member(&one), member(&two));
    let helper = rx.replace("int axf_start_rx(struct axf *axf)", head).replace("0x10", "reg");
    let thin = |way: &str, reg: &str| {
        format!("int axf_start_{way}(struct axf *axf)\n{{\n\treturn axf_start(axf, {reg});\n}}\n")
    };
    driver.patch("axf_rx.c", &rx, &format!("{helper}\n{}", thin("rx", "0x10")));
    driver.patch("axf_tx.c", &tx, &thin("tx", "0x20"));
    let claim = Claim { helper: Some("axf_start".to_owned()), ..Claim::default() };
    driver.claims(&[("axf_rx.c", "axf_start_rx"), ("axf_tx.c", "axf_start_tx")], "axf_rx.c", claim);
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::IdenticalObject, "{}", ascent.detail);
    assert!(driver.after.iter().all(|(path, _)| path.starts_with(FOLDER)));

    driver.patch("axf_tx.c", "axf_start(axf, 0x20)", "axf_start(axf, 0x10)");
    let ascent = driver.climb();
    assert_eq!(ascent.verdict, Verdict::Compiles, "{}", ascent.detail);
    assert!(ascent.detail.starts_with("the code differs in axf_start_tx()"), "{}", ascent.detail);
}
