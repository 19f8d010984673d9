//! Patches that put a table in the place of code, written by hand: no rule makes them.

use crate::common::write;
use crate::{MAKEFILE, One};
use drvdedup::generate::Patch;
use drvdedup::store::{Proposal, Store};
use drvdedup::tree::content_hash;
use drvdedup::verify::{Claim, Verdict};
use serde_json::{Value, json};

pub const DRIVER: &str = "drivers/hwmon/alpha.c";
const ID: &str = "00000001";

/// What the driver's functions use.
const HEAD: &str = "\
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
#define NULL ((void *)0)
#define bool _Bool
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
struct alpha;
void alpha_write(struct alpha *alpha, u8 reg, u16 value);
int alpha_try(struct alpha *alpha, u8 reg, u16 value);
extern int alpha_count;
";

/// What became of a patch.
pub struct Judged {
    pub verdict: String,
    pub detail: String,
    pub engine: String,
}

impl One {
    /// Verifies the patch of `before` to `after`, whose functions of these names keep
    /// their meaning, as it says.
    pub fn judged(&self, before: &str, after: &str, functions: &[&str]) -> Judged {
        let rewritten = functions.iter().map(|it| (DRIVER.to_owned(), (*it).to_owned())).collect();
        self.judged_by(before, after, Claim { rewritten, ..Claim::default() })
    }

    /// Verifies the patch of `before` to `after` by what it says itself.
    pub fn judged_by(&self, before: &str, after: &str, claim: Claim) -> Judged {
        self.propose(&[HEAD, before].concat(), &[HEAD, after].concat(), claim);
        let run = self.verify(&["--format", "json"]);
        assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
        let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
        let proposal = &value["proposals"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let proof = &proposal["proof"];
        Judged {
            verdict: text(&proposal["verdict"]),
            detail: text(&proof["detail"]),
            engine: text(&proof["engine"]),
        }
    }

    /// Puts the one proposal, of this patch, into the store.
    fn propose(&self, before: &str, after: &str, claim: Claim) {
        write(self.tree.path(), DRIVER, before);
        let path = DRIVER.to_owned();
        let patch = Patch::between(&[(path.clone(), before.as_bytes(), after.as_bytes())]);
        let proposal = Proposal {
            id: ID.to_owned(),
            group: ID.to_owned(),
            rewrite: "by-hand".to_owned(),
            strategy: "table-driven".to_owned(),
            files: vec![path.clone()],
            lines_added: patch.lines_added,
            lines_removed: patch.lines_removed,
            patch: String::new(),
            verdict: Verdict::Applies,
            notes: Vec::new(),
            subject: String::new(),
            message: String::new(),
            base: [(path, content_hash(before.as_bytes()))].into(),
            claim: Some(claim),
            proof: None,
            edited: false,
            named: false,
        };
        let mut store = Store::open(self.tree.path()).expect("the store");
        store.replace_proposals(&|_| true, &[(proposal, patch.text)]).expect("it is stored");
    }
}

/// Registers and their values: no two rows are alike.
fn rows(count: u32) -> Vec<(u32, u32)> {
    (0..count).map(|at| (at & 0xff, (at * 37 + 2) & 0xfff)).collect()
}

/// A function that makes a call for each row.
fn run_of_calls(rows: &[(u32, u32)]) -> String {
    let call = |(reg, value): &(u32, u32)| format!("\talpha_write(alpha, {reg:#x}, {value:#x});\n");
    let calls: String = rows.iter().map(call).collect();
    format!("void alpha_start(struct alpha *alpha)\n{{\n{calls}}}\n")
}

/// The same by a table of this type of values, and a loop of so many turns.
fn loop_over(rows: &[(u32, u32)], value: &str, turns: &str) -> String {
    let row = |(reg, value): &(u32, u32)| format!("\t{{ {reg:#x}, {value:#x} }},\n");
    let rows: String = rows.iter().map(row).collect();
    format!(
        "static const struct {{\n\tu8 reg;\n\t{value} value;\n}} alpha_rows[] = {{\n{rows}}};\n\n\
         void alpha_start(struct alpha *alpha)\n{{\n\tint i;\n\n\
         \tfor (i = 0; i < {turns}; i++)\n\
         \t\talpha_write(alpha, alpha_rows[i].reg, alpha_rows[i].value);\n}}\n"
    )
}

#[test]
fn a_run_of_calls_is_the_loop_over_its_table_once_that_is_unrolled() {
    let Some(one) = One::new(MAKEFILE) else { return };
    for count in [5, 20, 83, 300] {
        let rows = rows(count);
        let after = loop_over(&rows, "u16", "ARRAY_SIZE(alpha_rows)");
        let judged = one.judged(&run_of_calls(&rows), &after, &["alpha_start"]);
        assert_eq!(judged.verdict, "identical-object", "{count}: {}", judged.detail);
        assert_eq!(judged.detail, "the same machine code at -O2 with the new loops unrolled");
        assert_eq!(judged.engine, "x86-64 instructions");
    }
}

#[test]
fn a_loop_that_ends_at_the_first_error_is_the_run_of_calls_that_does() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let try_one = |reg: &str, value: &str, tabs: &str| {
        format!(
            "{tabs}ret = alpha_try(alpha, {reg}, {value});\n{tabs}if (ret)\n{tabs}\treturn ret;\n"
        )
    };
    let function =
        |body: &str| format!("int alpha_start(struct alpha *alpha)\n{{\n{body}\treturn 0;\n}}\n");
    for count in [5, 20, 83] {
        let rows = rows(count);
        let calls = rows
            .iter()
            .map(|(reg, value)| try_one(&format!("{reg:#x}"), &format!("{value:#x}"), "\t"));
        let before = function(&("\tint ret;\n\n".to_owned() + &calls.collect::<String>()));
        let of_table = |rows: &[(u32, u32)]| {
            let row = |(reg, value): &(u32, u32)| format!("\t\t{{ {reg:#x}, {value:#x} }},\n");
            let rows: String = rows.iter().map(row).collect();
            let call = try_one("rows[i].reg", "rows[i].value", "\t\t");
            function(&format!(
                "\tstatic const struct {{ u8 reg; u16 value; }} rows[] = {{\n{rows}\t}};\n\
                 \tint i, ret;\n\n\tfor (i = 0; i < ARRAY_SIZE(rows); i++) {{\n{call}\t}}\n"
            ))
        };
        let judged = one.judged(&before, &of_table(&rows), &["alpha_start"]);
        assert_eq!(judged.verdict, "identical-object", "{count}: {}", judged.detail);
        assert!(judged.detail.ends_with("with the new loops unrolled"), "{}", judged.detail);
        let judged = one.judged(&before, &of_table(&rows[1..]), &["alpha_start"]);
        assert_eq!(judged.verdict, "parses", "{count}: {}", judged.detail);
    }
}

#[test]
fn a_loop_over_a_wrong_table_is_never_the_run_of_calls() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let right = rows(20);
    let all = "ARRAY_SIZE(alpha_rows)";
    let mut wrong_row = right.clone();
    wrong_row[7].1 += 1;
    let mut exchanged = right.clone();
    exchanged.swap(7, 8);
    for (rows, value, turns, why) in [
        (&wrong_row, "u16", all, "a wrong row"),
        (&exchanged, "u16", all, "rows in another order"),
        (&right, "u16", "ARRAY_SIZE(alpha_rows) - 1", "a turn too few"),
        (&right, "u16", "19", "a turn too few"),
    ] {
        let after = loop_over(rows, value, turns);
        let judged = one.judged(&run_of_calls(&right), &after, &["alpha_start"]);
        assert_eq!(judged.verdict, "parses", "{why}: {}", judged.detail);
        let difference = "the code differs in alpha_start()";
        assert!(judged.detail.contains(difference), "{why}: {}", judged.detail);
    }
    let judged = one.judged(&run_of_calls(&right), &loop_over(&right, "u8", all), &["alpha_start"]);
    assert_eq!(judged.verdict, "failed", "values that are cut: {}", judged.detail);
    assert!(judged.detail.contains("[-Woverflow]"), "{}", judged.detail);
    // Where no warning tells: values that are cut by a conversion that is asked for.
    let after =
        loop_over(&right, "u16", all).replace("alpha_rows[i].value", "(u8)alpha_rows[i].value");
    let judged = one.judged(&run_of_calls(&right), &after, &["alpha_start"]);
    assert_eq!(judged.verdict, "parses", "values that are cut: {}", judged.detail);
    assert!(judged.detail.contains("(another constant)"), "{}", judged.detail);
}

#[test]
fn a_new_table_that_others_see_or_that_is_written_to_is_more_than_the_patch_says() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let rows = rows(5);
    let after = loop_over(&rows, "u16", "ARRAY_SIZE(alpha_rows)");
    let leak = "static __attribute__((used)) void *alpha_leak(void)\n{\n\treturn &alpha_rows;\n}\n";
    let leaked = "static const void *const alpha_leaked __attribute__((used)) = alpha_rows;\n";
    for (table, more, verdict, why) in [
        ("const struct", "", "failed", "alpha_rows is visible to other files now"),
        // It is no constant then, so that its values stay where they are.
        ("static struct", leak, "parses", "alpha_rows"),
        ("static const struct", leaked, "parses", ": is new"),
    ] {
        let after = after.replace("static const struct", table) + more;
        let judged = one.judged(&run_of_calls(&rows), &after, &["alpha_start"]);
        assert_eq!(judged.verdict, verdict, "{table} {more}: {}", judged.detail);
        assert!(judged.detail.contains(why), "{table} {more}: {}", judged.detail);
    }
}

#[test]
fn a_table_row_that_is_exchanged_is_found_by_the_selftest() {
    let Some(one) = One::new(MAKEFILE) else { return };
    let rows = rows(20);
    let after = loop_over(&rows, "u16", "ARRAY_SIZE(alpha_rows)");
    let judged = one.judged(&run_of_calls(&rows), &after, &["alpha_start"]);
    assert_eq!(judged.verdict, "identical-object", "{}", judged.detail);
    let run = one.verify(&["--selftest", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let row = &value["faults"]["exchanged-table-rows"];
    assert_eq!((&row["planted"], &row["rejected_by_code"]), (&json!(8), &json!(8)), "{value}");
    assert_eq!(row["missed"], json!([]), "{value}");
}
