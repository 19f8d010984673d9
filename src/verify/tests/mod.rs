//! Inline files before and after: what is right passes, and every planted fault
//! fails for its own reason.

mod family;
mod faults;
mod fixtures;
mod lifted;
mod pairs;
mod paths;

use super::*;
use crate::syntax::decl::{Unit as Names, Universe};
use faults::{Fault, GONE_FAULTS, MERGED_FAULTS, THIN_FAULTS};
use fixtures::{
    GONE_AFTER, GONE_BEFORE, MERGED_AFTER, MERGED_BEFORE, THIN_AFTER, THIN_BEFORE, gone, merged,
    thin,
};
use pairs::{PAIRS, Pair};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One module whose files include at most one header, `d/h.h`, which has this text.
pub(super) struct Folder(pub String);

impl Scope for Folder {
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Names> {
        let header: Arc<[u8]> = Arc::from(self.0.as_bytes());
        let read = move |path: &str| (path == "d/h.h").then(|| header.clone());
        Arc::new(Universe::with_reader(Box::new(read))).unit_of(path, text.into(), &[])
    }

    fn are_in_one_module(&self, _: &str, _: &str) -> bool {
        true
    }

    fn option(&self, _: &str) -> Option<String> {
        None
    }

    fn text(&self, path: &str) -> Option<Vec<u8>> {
        (path == "d/h.h").then(|| self.0.as_bytes().to_vec())
    }

    fn exported_with(&self, _: &str) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

const PATH: &str = "drivers/a.c";

fn files(text: &str) -> Files {
    Files::from([(PATH.to_owned(), text.as_bytes().to_vec())])
}

fn claim(members: &[&str], helper: Option<&str>, merged_into: Option<&str>) -> Claim {
    Claim {
        members: members.iter().map(|name| (PATH.to_owned(), (*name).to_owned())).collect(),
        helper: helper.map(str::to_owned),
        merged_into: merged_into.map(str::to_owned),
        ..Claim::default()
    }
}

fn climbs(before: &str, after: &str, claim: &Claim) -> Climb {
    climb(&files(before), &files(after), claim, (&LoopMacros::default(), None))
}

#[track_caller]
fn check_passes(before: &str, after: &str, claim: &Claim) {
    let climb = climbs(before, after, claim);
    assert_eq!(climb.problem, None);
    assert_eq!(climb.verdict, Verdict::Expands);
}

/// Why the fault of `row` was not found as `expected`, if it was not.
fn fault_missed(
    row: &str,
    (before, after): (&str, &str),
    claim: &Claim,
    expected: &str,
) -> Option<String> {
    let climb = climbs(before, after, claim);
    let problem = climb.problem.map(|p| p.to_string()).unwrap_or_default();
    let found = climb.verdict == Verdict::Failed && problem.contains(expected);
    (!found).then(|| format!("{row}: expected `{expected}`, found `{problem}`"))
}

#[track_caller]
fn check_faults(before: &str, right: &str, claim: &Claim, faults: &[Fault]) {
    let missed = |&(row, from, to, expected): &Fault| {
        fault_missed(row, (before, &planted(right, from, to)), claim, expected)
    };
    let missed: Vec<String> = faults.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// `text` with its only `from` replaced.
#[track_caller]
fn planted(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in {text}");
    text.replace(from, to)
}

#[test]
fn members_that_go_expand_at_every_call() {
    check_passes(GONE_BEFORE, GONE_AFTER, &gone());
}

#[test]
fn members_that_stay_expand_from_their_one_call() {
    check_passes(THIN_BEFORE, THIN_AFTER, &thin());
}

#[test]
fn copies_merge_into_one_of_them_or_into_a_new_name() {
    check_passes(MERGED_BEFORE, MERGED_AFTER, &merged());
    let renamed =
        MERGED_AFTER.replace("= on;", "= power_on;").replace("on(chip)", "power_on(chip)");
    let renamed = renamed.replace("int on(struct", "int power_on(struct");
    check_passes(MERGED_BEFORE, &renamed, &claim(&["on", "on_again"], None, Some("power_on")));
}

#[test]
fn an_unused_parameter_may_go_when_its_arguments_do_nothing() {
    let before = planted(GONE_BEFORE, "between(chip));", "chip->base);");
    let after = GONE_AFTER
        .replace(", int unused", "")
        .replace(", between(chip)", "")
        .replace("n + 1, 0,", "n + 1,")
        .replace("start(chip, n, n,", "start(chip, n,")
        .replace("start(chip, 3, n,", "start(chip, 3,");
    check_passes(&before, &after, &gone());
}

#[test]
fn a_helper_may_be_declared_before_it_is_defined() {
    let after = planted(
        GONE_AFTER,
        "static int rd(",
        "static int start(struct chip *chip, u32 val, int unused, int reg, int reg2);\nstatic int rd(",
    );
    check_passes(GONE_BEFORE, &after, &gone());
}

#[test]
fn an_argument_may_lose_its_parentheses() {
    let before = "static int a(int x)\n{\n\treturn x & (A | B);\n}\n\nstatic int b(int x)\n{\n\treturn x & (A | C);\n}\nint c(void) { return a(1) + b(2); }\n";
    let after = "static int m(int x, int mask)\n{\n\treturn x & mask;\n}\n\nint c(void) { return m(1, A | B) + m(2, A | C); }\n";
    check_passes(before, after, &claim(&["a", "b"], Some("m"), None));
}

#[test]
fn a_format_may_print_a_word_that_was_in_it() {
    let before = "static int a(int x) { dev_err(d, \"at %d: read error\\n\", x); return x; }\nstatic int b(int x) { dev_err(d, \"at %d: write error\\n\", x); return x; }\nint c(void) { return a(1) + b(1); }\n";
    let after = "static int m(int x, const char *p) { dev_err(d, \"at %d: %s error\\n\", x, p); return x; }\nint c(void) { return m(1, \"read\") + m(1, \"write\"); }\n";
    check_passes(before, after, &claim(&["a", "b"], Some("m"), None));
}

#[test]
fn a_patch_that_does_not_apply_reaches_no_rung() {
    let refused = Err((PATH.to_owned(), 12, "hunk 1 does not match".to_owned()));
    let climb = climb_applied(&files(""), refused, &gone(), (&LoopMacros::default(), None));
    assert_eq!(climb.problem.map(|p| (p.rung, p.line)), Some((Verdict::Applies, 12)));
}

#[test]
fn a_patch_that_breaks_the_syntax_does_not_parse() {
    let after = planted(GONE_AFTER, "return chip->base + LIMIT;", "return chip->base + ;");
    let climb = climbs(GONE_BEFORE, &after, &gone());
    assert_eq!(climb.problem.map(|p| p.rung), Some(Verdict::Parses));
}

#[test]
fn a_problem_names_the_line_before_and_after() {
    let after = planted(GONE_AFTER, "chip->base + LIMIT", "chip->base - LIMIT");
    let problem = climbs(GONE_BEFORE, &after, &gone()).problem;
    let found = problem.map(|p| (p.line, p.after_line, p.detail));
    assert_eq!(found, Some((24, Some(24), "`+` became `-`".to_owned())));
}

#[test]
fn every_fault_planted_into_calls_is_found() {
    check_faults(GONE_BEFORE, GONE_AFTER, &gone(), GONE_FAULTS);
}

#[test]
fn every_fault_planted_into_thin_functions_is_found() {
    check_faults(THIN_BEFORE, THIN_AFTER, &thin(), THIN_FAULTS);
}

#[test]
fn every_fault_planted_into_merged_copies_is_found() {
    check_faults(MERGED_BEFORE, MERGED_AFTER, &merged(), MERGED_FAULTS);
}

#[test]
fn every_fault_with_a_pair_of_its_own_is_found() {
    let claim = claim(&["a", "b"], Some("m"), None);
    let missed = |p: &Pair| fault_missed(p.row, (p.before, p.after), &claim, p.expected);
    let missed: Vec<String> = PAIRS.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn nothing_happens_outside_the_claimed_file() {
    let mut before = files(GONE_BEFORE);
    let mut after = files(GONE_AFTER);
    before.insert("drivers/b.c".to_owned(), b"int x;\n".to_vec());
    after.insert("drivers/b.c".to_owned(), b"int y;\n".to_vec());
    let climb = climb(&before, &after, &gone(), (&LoopMacros::default(), None));
    assert_eq!(climb.problem.map(|p| p.path), Some("drivers/b.c".to_owned()));
}

#[test]
fn text_that_is_not_c_gives_a_problem_and_no_panic() {
    let deep = "(".repeat(100_000);
    for text in ["", "\0", "\"", "/*", "#", "static int a(", "a) } {", deep.as_str()] {
        let climb = climbs(text, text, &gone());
        assert_eq!(climb.verdict, Verdict::Failed, "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn long_runs_of_nested_calls_end() {
    let nest = |name: &str, rest: &str| {
        let calls = format!("{name}(").repeat(400);
        format!("int c(int i) {{ return {calls}i{}; }}\n", format!("{rest})").repeat(400))
    };
    let member =
        "static int a(int x) { return f(x, A); }\nstatic int b(int x) { return f(x, B); }\n";
    let helper = "static int m(int x, int p) { return f(x, p); }\n";
    let (before, after) =
        (format!("{member}{}", nest("a", "")), format!("{helper}{}", nest("m", ", A")));
    let claim = claim(&["a", "b"], Some("m"), None);
    assert_eq!(fault_missed("nesting", (&before, &after), &claim, "do not correspond"), None);
}

#[test]
fn a_claim_of_new_bodies_alone_is_left_to_the_code_and_an_older_one_makes_none() {
    let older = r#"{"members":[["a.c","f"]],"helper":"h","helper_path":null,"merged_into":null}"#;
    let older: Claim = serde_json::from_str(older).expect("a claim");
    assert!(!older.is_of_code_alone());
    let new = Claim { rewritten: vec![(PATH.to_owned(), "f".to_owned())], ..Claim::default() };
    assert!(new.is_of_code_alone());
    assert!(!Claim { helper: Some("h".to_owned()), ..new.clone() }.is_of_code_alone());
    let function = |body: &str| format!("int f(int x)\n{{\n\t{body}\n}}\n");
    let climb = |after: &str| climbs(&function("return x;"), &function(after), &new);
    let found = climb("return x + 1;");
    assert_eq!((found.verdict, found.problem), (Verdict::Parses, None));
    assert_eq!(climb("return x +;").verdict, Verdict::Failed);
}
