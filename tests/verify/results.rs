//! A `switch` that became a table: other code, which is run on all arguments. Written by
//! hand: no rule makes such patches.

use crate::tables::DRIVER;
use crate::{MAKEFILE, One};
use drvdedup::verify::{Claim, Tabled};
use serde_json::{Value, json};

/// Answers of one byte and the words for them.
const ROWS: [(u32, u32, &str); 6] = [
    (0, 12, "off"),
    (1, 40, "slow"),
    (2, 7, "fast"),
    (3, 200, "turbo"),
    (5, 31, "auto"),
    (6, 90, "test"),
];

/// A function with a `switch`, whose cases return what `answer` makes of a row.
fn by_switch(head: &str, answer: impl Fn(u32, &str) -> String, otherwise: &str) -> String {
    let case = |(key, value, word): &(u32, u32, &str)| {
        format!("\tcase {key}:\n\t\treturn {};\n", answer(*value, word))
    };
    let cases: String = ROWS.iter().map(case).collect();
    format!(
        "{head}\n{{\n\tswitch (mode) {{\n{cases}\tdefault:\n\t\treturn {otherwise};\n\t}}\n}}\n"
    )
}

/// The numbers by a table of this type, which is read where `guard` holds.
fn by_table(rows: &[(u32, u32, &str)], of: &str, guard: &str, otherwise: &str) -> String {
    let row = |(key, value, _): &(u32, u32, &str)| format!("\t[{key}] = ({of}){value},\n");
    let rows: String = rows.iter().map(row).collect();
    format!(
        "static const {of} alpha_gains[] = {{\n{rows}}};\n\n\
         int alpha_gain(u8 mode)\n{{\n\tif ({guard} && alpha_gains[mode])\n\
         \t\treturn alpha_gains[mode];\n\treturn {otherwise};\n}}\n"
    )
}

const GAIN: &str = "int alpha_gain(u8 mode)";
const NAME: &str = "const char *alpha_name(u8 mode)";
const BOUND: &str = "mode < ARRAY_SIZE(alpha_gains)";

fn number(value: u32, _: &str) -> String {
    value.to_string()
}

fn word(_: u32, word: &str) -> String {
    format!("\"{word}\"")
}

impl One {
    #[track_caller]
    fn check_ran(&self, before: &str, after: &str, functions: &[&str], arguments: u32) {
        let judged = self.judged(before, after, functions);
        assert_eq!(judged.verdict, "identical-object", "{after}{}", judged.detail);
        let how = if after.contains("for (") { " with the new loops unrolled" } else { "" };
        let detail = format!("the same results for all {arguments} arguments at -O2{how}");
        assert_eq!(judged.detail, detail, "{after}");
        assert_eq!(judged.engine, "results on all arguments, and x86-64 instructions of the rest");
    }

    /// It is another function, and for these arguments.
    #[track_caller]
    fn check_differs(&self, before: &str, after: &str, function: &str, why: &str) {
        let judged = self.judged(before, after, &[function]);
        assert_eq!(judged.verdict, "failed", "{after}{}", judged.detail);
        assert_eq!(judged.detail, format!("drivers/hwmon/alpha.c: {why}"), "{after}");
    }

    /// It may not be run, or not to its end.
    #[track_caller]
    fn check_not_run(&self, before: &str, after: &str, function: &str, why: &str) {
        let judged = self.judged(before, after, &[function]);
        assert_eq!(judged.verdict, "parses", "{after}{}", judged.detail);
        assert!(judged.detail.contains(why), "{after}{}", judged.detail);
    }
}

#[test]
fn a_switch_is_the_table_that_returns_the_same_for_all_arguments() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = by_switch(GAIN, number, "-22");
    one.check_ran(&before, &by_table(&ROWS, "u8", BOUND, "-22"), &["alpha_gain"], 256);

    let rows: String =
        ROWS.iter().map(|(key, value, _)| format!("{{ {key}, {value} }}, ")).collect();
    let searched = format!(
        "{GAIN}\n{{\n\tstatic const struct {{ u8 mode; u8 gain; }} gains[] = {{ {rows} }};\n\tint i;\n\n\
         \tfor (i = 0; i < ARRAY_SIZE(gains); i++)\n\t\tif (gains[i].mode == mode)\n\
         \t\t\treturn gains[i].gain;\n\treturn -22;\n}}\n"
    );
    one.check_ran(&before, &searched, &["alpha_gain"], 256);

    // With a run of calls beside it that became a loop.
    let run = |calls: &str| format!("void alpha_start(struct alpha *alpha)\n{{\n{calls}}}\n");
    let calls: String = (0..9).map(|at| format!("\talpha_write(alpha, {at}, 7);\n")).collect();
    let turns = "\tint i;\n\n\tfor (i = 0; i < 9; i++)\n\t\talpha_write(alpha, i, 7);\n";
    let after = by_table(&ROWS, "u8", BOUND, "-22") + &run(turns);
    one.check_ran(&(before + &run(&calls)), &after, &["alpha_gain", "alpha_start"], 256);

    // Through types that the text does not show, and next to what stays.
    let head = "enum alpha_mode { ALPHA_OFF };\ntypedef u16 alpha_word;\n\
        int alpha_more(struct alpha *alpha)\n{\n\treturn alpha_try(alpha, 1, 2);\n}\n\
        static int alpha_scaled(alpha_word mode, bool twice)";
    let user =
        "int alpha_used(int x)\n{\n\treturn alpha_scaled(x, x > 9) + alpha_scaled(x, 0);\n}\n";
    let before = by_switch(head, |value, _| format!("{value} << twice"), "0") + user;
    let rows: String = ROWS.iter().map(|(key, value, _)| format!("[{key}] = {value}, ")).collect();
    let after = format!(
        "{head}\n{{\n\tstatic const u16 gains[] = {{ {rows} }};\n\n\
         \tif (mode >= ARRAY_SIZE(gains))\n\t\treturn 0;\n\treturn gains[mode] << twice;\n}}\n{user}"
    );
    one.check_ran(&before, &after, &["alpha_scaled"], 1 << 17);
}

#[test]
fn strings_are_the_same_by_their_characters() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = by_switch(NAME, word, "NULL");
    let after = |rows: &[(u32, u32, &str)], otherwise: &str| {
        let rows: String =
            rows.iter().map(|(key, _, word)| format!("\t[{key}] = \"{word}\",\n")).collect();
        format!(
            "static const char * const alpha_names[] = {{\n{rows}}};\n\n\
             {NAME}\n{{\n\tif (mode < ARRAY_SIZE(alpha_names) && alpha_names[mode])\n\
             \t\treturn alpha_names[mode];\n\treturn {otherwise};\n}}\n"
        )
    };
    one.check_ran(&before, &after(&ROWS, "NULL"), &["alpha_name"], 256);
    let mut wrong = ROWS;
    wrong[2].2 = "faster";
    let why = "alpha_name(2): \"fast\" before, \"faster\" after";
    one.check_differs(&before, &after(&wrong, "NULL"), "alpha_name", why);
    let why = "alpha_name(4): NULL before, \"\" after";
    one.check_differs(&before, &after(&ROWS, "\"\""), "alpha_name", why);
}

#[test]
fn the_first_arguments_for_which_it_is_another_function_are_told() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = by_switch(GAIN, number, "-22");
    let mut wrong_row = ROWS;
    wrong_row[3].1 = 201;
    let mut exchanged = ROWS;
    (exchanged[1].1, exchanged[2].1) = (ROWS[2].1, ROWS[1].1);
    for (after, why) in [
        (by_table(&wrong_row, "u8", BOUND, "-22"), "alpha_gain(3): 200 before, 201 after"),
        (by_table(&exchanged, "u8", BOUND, "-22"), "alpha_gain(1): 40 before, 7 after"),
        (by_table(&ROWS, "signed char", BOUND, "-22"), "alpha_gain(3): 200 before, -56 after"),
        (by_table(&ROWS, "u8", BOUND, "-21"), "alpha_gain(4): -22 before, -21 after"),
        (by_table(&ROWS, "u8", "mode < 6", "-22"), "alpha_gain(6): 90 before, -22 after"),
    ] {
        one.check_differs(&before, &after, "alpha_gain", why);
    }
}

#[test]
fn what_reads_beyond_its_table_is_not_proved_whatever_it_finds_there() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = by_switch(GAIN, number, "-22");
    let after = by_table(&ROWS, "u8", "mode <= ARRAY_SIZE(alpha_gains)", "-22");
    one.check_not_run(
        &before,
        &after,
        "alpha_gain",
        "\nnot run: alpha_gain(): it ends with signal",
    );
    let after = by_table(&ROWS, "u8", "mode + 1 > 0", "-22");
    one.check_not_run(
        &before,
        &after,
        "alpha_gain",
        "\nnot run: alpha_gain(): it ends with signal",
    );
}

#[test]
fn what_is_no_map_of_numbers_is_never_run() {
    let Some(one) = One::new(MAKEFILE) else { return };
    // Nothing that the patch needs is new to the driver.
    let user =
        "int alpha_user(struct alpha *alpha)\n{\n\treturn alpha_try(alpha, 1, alpha_count);\n}\n";
    let before = by_switch(GAIN, number, "-22") + user;
    let after = by_table(&ROWS, "u8", BOUND, "-22") + user;
    for (from, to, why) in [
        ("\tif (", "\talpha_count++;\n\tif (", "alpha_gain() uses alpha_count, which another"),
        ("\tif (", "\talpha_try(NULL, 1, 2);\n\tif (", "alpha_gain() calls alpha_try"),
        ("u8 mode)", "unsigned long mode)", "alpha_gain() takes 64 bits, too many to try all"),
    ] {
        let (before, after) = (before.replace("u8 mode)", &to_type(to)), after.replace(from, to));
        one.check_not_run(&before, &after, "alpha_gain", why);
    }
    // Other functions must be the same code.
    let more =
        |value: u8| format!("int alpha_more(struct alpha *alpha)\n{{\n\treturn {value};\n}}\n");
    let (before, after) = (before + &more(1), after + &more(2));
    one.check_not_run(
        &before,
        &after,
        "alpha_gain",
        "alpha_more() takes or returns what is no number",
    );
}

/// The parameter, if that is what is changed.
fn to_type(to: &str) -> String {
    if to.contains("long") { to.to_owned() } else { "u8 mode)".to_owned() }
}

#[test]
fn an_exchanged_row_of_such_a_table_is_found_by_the_selftest() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let before = by_switch(GAIN, number, "-22");
    one.check_ran(&before, &by_table(&ROWS, "u8", BOUND, "-22"), &["alpha_gain"], 256);
    let run = one.verify(&["--selftest", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let row = &value["faults"]["exchanged-table-rows"];
    assert_eq!((&row["planted"], &row["rejected_by_code"]), (&json!(6), &json!(6)), "{value}");
}

/// Keys that are no index, and their values.
/// Most of them beside each other, so that a compiler makes another thing of the search.
const NEAR: [(i32, u32); 16] = [
    (0, 12),
    (1, 40),
    (2, 7),
    (3, 0),
    (4, 31),
    (5, 90),
    (6, 8),
    (8, 9),
    (9, 3),
    (15, 4),
    (16, 6),
    (0x30, 1),
    (0x40, 2),
    (0x50, 22),
    (0x51, 23),
    (0x7f, 24),
];
const FAR: [(i32, u32); 8] = [
    (-40, 12),
    (25, 40),
    (85, 7),
    (1_000, 0),
    (44_100, 31),
    (65_536, 90),
    (2_147_483_647, 8),
    (-2_147_483_647, 9),
];

#[test]
fn a_search_gives_what_the_switch_gave_for_all_keys_of_its_type() {
    check_search("int", &FAR);
    for key_type in ["u8", "u32"] {
        check_search(key_type, &NEAR);
    }
}

#[track_caller]
fn check_search(key_type: &str, keys: &[(i32, u32)]) {
    let Some(one) = One::new(MAKEFILE) else { return };
    let head = format!("void alpha_set(struct alpha *alpha, {key_type} mode)\n{{\n");
    let cases: String = keys
        .iter()
        .map(|(key, value)| format!("\tcase {key}:\n\t\tgain = {value};\n\t\tbreak;\n"))
        .collect();
    let rows: String =
        keys.iter().map(|(key, value)| format!("\t\t{{ {key}, {value} }},\n")).collect();
    let write = "\n\talpha_write(alpha, 1, gain);\n}\n";
    let before = format!(
        "{head}\tu16 gain;\n\n\tswitch (mode) {{\n{cases}\tdefault:\n\t\tgain = 5;\n\t}}\n{write}"
    );
    let after = format!(
        "{head}\tstatic const struct mode_gain {{\n\t\t{key_type} mode;\n\t\tu16 gain;\n\t}} gains[] = {{\n{rows}\t}};\n\
         \tu16 gain;\n\tint i;\n\n\tfor (i = 0; i < ARRAY_SIZE(gains); i++) {{\n\
         \t\tif (mode == gains[i].mode) {{\n\t\t\tgain = gains[i].gain;\n\t\t\tbreak;\n\t\t}}\n\t}}\n\
         \tif (i == ARRAY_SIZE(gains))\n\t\tgain = 5;\n{write}"
    );
    let rewritten = vec![(DRIVER.to_owned(), "alpha_set".to_owned())];
    let claim = Claim { rewritten, tabled: Some(Tabled::Switch), ..Claim::default() };
    let judged = one.judged_by(&before, &after, claim);
    assert_eq!(judged.verdict, "identical-object", "{}", judged.detail);
    assert_eq!(judged.engine, "results on all keys, and the text of the rest");
    assert!(judged.detail.contains("the same values for all keys"), "{}", judged.detail);
    // A row that is exchanged is found by running, whatever the text says.
    let run = one.verify(&["--selftest", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let row = &value["faults"]["exchanged-table-rows"];
    assert_eq!((&row["planted"], &row["rejected_by_code"]), (&json!(8), &json!(8)), "{value}");
}
