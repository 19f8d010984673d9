//! The debug views, each on one small driver.

mod common;

use common::{fails, run, tree, write};

const FILE: &str = "drivers/hwmon/alpha.c";

/// Whether the output of `args` has every line of `expected`, in this order; runs
/// of blanks count as one.
#[track_caller]
fn check(args: &[&str], expected: &[&str]) {
    let dir = tree();
    write(dir.path(), "drivers/hwmon/beta.c", BETA);
    let run = run(dir.path(), &[&["debug"], args].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{args:?}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = run.stdout.lines().map(words);
    for line in expected {
        assert!(lines.any(|found| found == *line), "no `{line}` in its place in:\n{}", run.stdout);
    }
}

const BETA: &str = "\
#define BETA_REG 0x20UL
#define BETA_SHOW(field, text) beta_show_##field(#text)

static int beta_walk(struct beta *beta)
{
	list_for_each_entry(beta, &betas, node)
		beta_step(beta);
	return BETA_REG;
}
";
const BETA_FILE: &str = "drivers/hwmon/beta.c";

#[test]
fn functions_are_listed_with_their_lines() {
    let signature = "static int alpha_read_limit(struct alpha *alpha, int channel, long *value)";
    let line = format!("{FILE}:14-23: alpha_read_limit: {signature}");
    check(
        &["functions", FILE, BETA_FILE],
        &[&line, &format!("{BETA_FILE}:4-9: beta_walk: static int beta_walk(struct beta *beta)")],
    );
}

#[test]
fn tokens_are_listed_with_line_offset_and_kind() {
    check(
        &["tokens", FILE],
        &["1 0 directive #include <linux/device.h>", "3 72 ident static", "7 185 number 0x10"],
    );
}

#[test]
fn the_mask_makes_c_of_a_loop_macro() {
    check(&["mask", &format!("{BETA_FILE}:beta_walk")], &["beta_step(beta);"]);
    let dir = tree();
    write(dir.path(), BETA_FILE, BETA);
    let run = run(dir.path(), &["debug", "mask", BETA_FILE]);
    assert!(!run.stdout.contains("list_for_each_entry("), "{}", run.stdout);
}

#[test]
fn the_tree_names_fields_and_shows_leaves() {
    check(
        &["tree", &format!("{BETA_FILE}:beta_walk")],
        &[
            "4 function_definition",
            "4 type: primitive_type int",
            "7 function: identifier beta_step",
        ],
    );
}

#[test]
fn a_name_has_its_definitions_its_constant_and_its_macro_facts() {
    check(
        &["name", BETA_FILE, "BETA_REG"],
        &[&format!("{BETA_FILE}:1: macro"), "constant: ULong, value 32", "macro: object-like"],
    );
    check(
        &["name", BETA_FILE, "BETA_SHOW"],
        &["macro: function-like", "parameter field", "pasted", "parameter text", "stringified"],
    );
    check(
        &["name", BETA_FILE, "beta_walk"],
        &["function: int from 1 parameters, declared at drivers/hwmon/beta.c:4"],
    );
}

#[test]
fn what_is_not_there_is_an_error_with_a_hint() {
    let dir = tree();
    let missing = format!("{FILE}:nothing");
    fails(dir.path(), &["debug", "tree", &missing], "defines no function `nothing`");
    write(dir.path(), BETA_FILE, BETA);
    fails(dir.path(), &["debug", "tokens", "drivers"], "is not one C file of the tree");
}

#[test]
fn the_help_does_not_list_them() {
    let dir = tree();
    let help = run(dir.path(), &["--help"]);
    assert!(!help.stdout.contains("debug"), "{}", help.stdout);
}
