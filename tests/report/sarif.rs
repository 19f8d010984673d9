//! `--format sarif` against the schema of SARIF 2.1.0.

use super::common::{fails, run, tree, write};
use super::{faults, fixture, printed, read_json};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn schema() -> Validator {
    let mut schema = read_json("tests/schemas/sarif-schema-2.1.0.json");
    // A bracket that is not opened stands for itself, but not everywhere without a backslash.
    for holder in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][holder]["properties"]["language"]["pattern"];
        assert_eq!(*language, "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$");
        *language = json!("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}\\]?$");
    }
    jsonschema::draft7::new(&schema).expect("the schema is one")
}

/// A log that is SARIF.
fn log(folder: &Path, args: &[&str], code: i32) -> Value {
    let log = printed(folder, args, code);
    assert_eq!(faults(&schema(), &log), [""; 0], "{args:?}");
    log
}

fn results(log: &Value) -> &[Value] {
    log["runs"][0]["results"].as_array().expect("there are results")
}

/// The group that each result stands for.
fn ids(results: &[Value]) -> Vec<Option<&str>> {
    results
        .iter()
        .map(|result| result["partialFingerprints"]["drvdedupGroup/v1"].as_str())
        .collect()
}

#[test]
fn a_scan_and_a_plan_are_sarif_and_have_a_result_a_group() {
    let dir = fixture();
    for command in ["scan", "plan"] {
        let log = log(dir.path(), &[command, "--format", "sarif"], 0);
        let json = printed(dir.path(), &[command, "--format", "json"], 0);
        let groups = json["groups"].as_array().expect("there are groups");
        assert!(groups.len() > 5, "{command}");
        let expected: Vec<_> = groups.iter().map(|group| group["id"].as_str()).collect();
        assert_eq!(ids(results(&log)), expected, "{command}");
        for (result, group) in results(&log).iter().zip(groups) {
            let members = group["members"].as_array().map(Vec::len);
            assert_eq!(result["relatedLocations"].as_array().map(Vec::len), members);
            assert_eq!(result["ruleId"], group["kind"]);
        }
    }
}

#[test]
fn the_schema_refuses_what_is_not_sarif() {
    let dir = tree();
    let mut log = log(dir.path(), &["scan", "--format", "sarif"], 0);
    log["runs"][0]["results"][0]["level"] = json!("remark");
    log["runs"][0]["results"][0]["groups"] = json!([]);
    assert_eq!(faults(&schema(), &log).len(), 2);
}

#[test]
fn lines_that_shift_leave_the_fingerprints_as_they_are() {
    let dir = tree();
    let before = log(dir.path(), &["scan", "--format", "sarif"], 0);
    let file = dir.path().join("drivers/hwmon/alpha.c");
    let text = fs::read_to_string(&file).expect("it is there");
    fs::write(&file, format!("/* A line more. */\n{text}")).expect("it is ours");
    let after = log(dir.path(), &["scan", "--format", "sarif"], 0);
    let place = |log: &Value| {
        results(log)[0]["locations"][0]["physicalLocation"]["region"]["startLine"].clone()
    };
    assert_eq!((place(&before), place(&after)), (json!(3), json!(4)));
    assert_eq!(ids(results(&before)), ids(results(&after)));
}

#[test]
fn what_the_baseline_knows_is_unchanged_and_what_it_misses_is_absent() {
    let dir = tree();
    let known = run(dir.path(), &["scan", "--write-baseline", "known.txt"]);
    assert_eq!(known.code, Some(0), "{}", known.stderr);
    let args = ["scan", "--format", "sarif", "--baseline", "known.txt", "--deny", "constant-only"];
    let states = |log: &Value| -> Vec<Value> {
        results(log).iter().map(|result| result["baselineState"].clone()).collect()
    };
    // What is known is neither new nor denied.
    assert_eq!(states(&log(dir.path(), &args, 0)), ["unchanged"]);

    let file = dir.path().join("drivers/hwmon/alpha.c");
    let text = fs::read_to_string(&file).expect("it is there");
    write(dir.path(), "drivers/hwmon/beta.c", &text.replace("alpha", "beta"));
    fs::write(&file, "").expect("it is ours");
    let log = log(dir.path(), &args, 1);
    assert_eq!(states(&log), ["new", "absent"]);
}

#[test]
fn any_number_of_threads_writes_the_same_log() {
    let dir = fixture();
    let log = |jobs| run(dir.path(), &["scan", "--format", "sarif", "-j", jobs]).stdout;
    assert_eq!(log("1"), log("4"));
}

#[test]
fn a_file_takes_the_log_and_an_error_leaves_the_old_one() {
    let dir = tree();
    let args = ["scan", "--format", "sarif", "-o", "groups.sarif"];
    let done = run(dir.path(), &args);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{}", done.stderr);
    let written = || fs::read_to_string(dir.path().join("groups.sarif")).expect("it is there");
    let log = written();
    assert_eq!(log, run(dir.path(), &args[..3]).stdout);
    fails(dir.path(), &[&args[..], &["drivers/nowhere"]].concat(), "no such file or folder");
    assert_eq!(written(), log);
    fails(dir.path(), &["scan", "-o", "no/where"], "cannot write no/where: No such file");
}

#[test]
fn other_commands_have_no_sarif() {
    let dir = tree();
    let message = "--format sarif is what `scan` and `plan` write, and no other command";
    for args in [&["undo"][..], &["rewrites"], &["verify"], &["plan", "--explain"], &["man"]] {
        fails(dir.path(), &[args, &["--format", "sarif"]].concat(), message);
    }
}
