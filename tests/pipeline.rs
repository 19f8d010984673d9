//! From the duplicates to the changed tree and back, by the commands alone.

mod common;

use common::{run, tree};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Runs a command that must succeed, and reads its JSON.
fn json(folder: &Path, args: &[&str]) -> Value {
    let run = run(folder, &[args, &["--format", "json"]].concat());
    assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).expect("it is JSON")
}

#[test]
fn a_proposal_is_planned_shown_tried_applied_and_taken_back() {
    let dir = tree();
    let file = dir.path().join("drivers/hwmon/alpha.c");
    let before = fs::read(&file).expect("it is there");

    let plan = json(dir.path(), &["plan"]);
    assert_eq!(plan["summary"]["proposals"], 1, "{plan}");
    let proposal = &plan["proposals"][0];
    let id = proposal["id"].as_str().expect("a proposal has an id");
    assert_eq!(plan["groups"][0]["outcome"]["proposal"], id);
    assert_eq!(proposal["group"], plan["groups"][0]["id"]);
    let patch = proposal["patch"].as_str().expect("a proposal has a patch");
    let patch = fs::read_to_string(dir.path().join(patch)).expect("the patch is a file");

    let shown = json(dir.path(), &["show", &id[..6]]);
    assert_eq!(shown["diff"], patch.as_str());
    assert_eq!(shown["groups"][0]["id"], proposal["group"]);

    assert_eq!(json(dir.path(), &["apply", "--check", id])["applied"], false);
    assert_eq!(fs::read(&file).expect("it is there"), before);
    assert_eq!(json(dir.path(), &["apply", id])["applied"], true);
    assert_ne!(fs::read(&file).expect("it is there"), before);
    assert_eq!(json(dir.path(), &["undo"])["undone"][0], id);
    assert_eq!(fs::read(&file).expect("it is there"), before);
}

#[test]
fn a_person_names_the_helper_of_a_group() {
    let dir = tree();
    let plan = json(dir.path(), &["plan"]);
    let group = plan["groups"][0]["id"].as_str().expect("a group has an id");
    let named = json(dir.path(), &["plan", "--name", &format!("{}=alpha_scaled", &group[..4])]);
    let id = named["proposals"][0]["id"].as_str().expect("a proposal has an id");
    let diff = json(dir.path(), &["show", id])["diff"].to_string();
    assert!(diff.contains("alpha_scaled(struct alpha *alpha"), "{diff}");

    let fails = |name: &str, message: &str| {
        common::fails(dir.path(), &["plan", "--name", name], message);
    };
    fails("beef=alpha_scaled", "no group beef");
    fails(&format!("{group}=if"), "`if` is no name of a function");
    fails("alpha_scaled", "no `=`");
}

#[test]
fn a_proposal_whose_file_changed_is_stale() {
    let dir = tree();
    let file = dir.path().join("drivers/hwmon/alpha.c");
    run(dir.path(), &["plan"]);
    let text = fs::read_to_string(&file).expect("it is there").replace("* 8", "* 9");
    fs::write(&file, &text).expect("a file for the test");
    common::fails(dir.path(), &["apply", "--all"], "alpha.c");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
}

#[test]
fn nothing_is_applied_that_was_neither_named_nor_accepted() {
    let dir = tree();
    run(dir.path(), &["plan"]);
    let apply = run(dir.path(), &["apply"]);
    assert_eq!(apply.code, Some(0));
    assert!(apply.stderr.contains("nothing is accepted"), "{}", apply.stderr);
}

#[test]
fn every_refusal_of_a_plan_is_explained() {
    let dir = tree();
    let explain = run(dir.path(), &["plan", "--explain"]);
    assert!(explain.stdout.lines().any(|line| line.starts_with("no-gain ")), "{}", explain.stdout);
}

#[test]
fn a_rule_is_printed_with_its_templates() {
    let dir = tree();
    let list = run(dir.path(), &["rewrites"]);
    assert!(list.stdout.contains("procedural-abstraction"), "{}", list.stdout);
    let rule = run(dir.path(), &["rewrites", "procedural-abstraction"]);
    assert!(rule.stdout.contains("{{"), "a template has placeholders: {}", rule.stdout);
    common::fails(dir.path(), &["rewrites", "nothing"], "there is no rule `nothing`");
}
