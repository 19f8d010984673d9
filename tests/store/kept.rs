//! What an apply keeps of a file, and what an undo brings back: by the program itself,
//! from the plan on.

use super::*;
use std::os::unix::fs::symlink;

const REGISTERS: [&str; 2] = ["0x10", "0x20"];

/// Two functions that differ in a register, and one that calls them.
fn driver() -> String {
    let read = |name: &str, register: &str| {
        format!(
            "static int alpha_read_{name}(struct alpha *alpha, int channel, long *value)\n{{\n\
             \tint ret;\n\n\tret = alpha_read(alpha, {register} + channel);\n\tif (ret < 0)\n\
             \t\treturn ret;\n\t*value = ret * 8;\n\treturn 0;\n}}\n\n"
        )
    };
    format!(
        "#include <linux/device.h>\nint alpha_read(struct alpha *alpha, int reg);\n{}{}\
         int alpha_show(struct alpha *alpha, int channel, long *value)\n{{\n\
         \tif (channel > 3)\n\t\treturn alpha_read_limit(alpha, channel - 4, value);\n\
         \treturn alpha_read_input(alpha, channel, value);\n}}\n",
        read("input", REGISTERS[0]),
        read("limit", REGISTERS[1])
    )
}

fn planned(text: &str, mode: u32) -> Tree {
    let tree = Tree::new(&[
        ("Makefile", "VERSION = 6\n"),
        ("Kconfig", ""),
        ("drivers/hwmon/Makefile", "obj-$(CONFIG_ALPHA) += alpha.o\n"),
        ("drivers/hwmon/alpha.c", text),
    ]);
    tree.set_mode("drivers/hwmon/alpha.c", mode);
    symlink("alpha.c", tree.path().join("drivers/hwmon/link.c")).unwrap();
    run(&tree, &["plan", "-q", "--no-cache"]);
    tree
}

fn run(tree: &Tree, args: &[&str]) {
    let output = program(tree, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {:?}", said(&output));
}

/// Applies all and takes it back; the text in between.
fn applied_and_undone(text: &str, mode: u32) -> String {
    let tree = planned(text, mode);
    let before = tree.sources_and_proposals();
    run(&tree, &["apply", "--all"]);
    let (between, mode_between) = tree.sources()["drivers/hwmon/alpha.c"].clone();
    assert_eq!(mode_between, mode);
    let link = tree.path().join("drivers/hwmon/link.c");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("alpha.c"));
    run(&tree, &["undo"]);
    assert_eq!(tree.sources_and_proposals(), before);
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("alpha.c"));
    let between = String::from_utf8(between).unwrap();
    assert_ne!(between, text);
    between
}

#[test]
fn permissions_and_links_beside_the_file() {
    for mode in [0o644, 0o755, 0o600, 0o440] {
        applied_and_undone(&driver(), mode);
    }
}

#[test]
fn carriage_returns_stand_at_every_line_or_at_none() {
    let text = applied_and_undone(&driver().replace('\n', "\r\n"), 0o644);
    let bare: Vec<&str> = text.split_inclusive('\n').filter(|l| !l.ends_with("\r\n")).collect();
    assert!(bare.is_empty(), "{bare:?}");
    assert!(!applied_and_undone(&driver(), 0o644).contains('\r'));
}

#[test]
fn a_last_line_without_an_end() {
    let text = applied_and_undone(driver().trim_end(), 0o644);
    assert!(text.ends_with('}'), "{text:?}");
}
