//! `--mode`: what other tools read.

use super::common::{fails, run, tree};
use super::{fixture, printed};
use std::fs;
use std::path::Path;
use std::process::Command;

fn lines(folder: &Path, args: &[&str]) -> Vec<String> {
    let run = run(folder, args);
    assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_line_of_a_report_points_at_the_name_of_a_member() {
    let dir = fixture();
    let scan = printed(dir.path(), &["scan", "--format", "json"], 0);
    let groups = scan["groups"].as_array().expect("there are groups");
    let members: usize =
        groups.iter().filter_map(|group| group["members"].as_array()).map(Vec::len).sum();
    let lines = lines(dir.path(), &["scan", "--mode", "report"]);
    assert_eq!(lines.len(), members);
    for line in lines.iter().filter(|line| !line.contains("sequence: ")) {
        let parts: Vec<&str> = line.splitn(4, ':').collect();
        let [file, number, column, message] = parts[..] else { panic!("{line}") };
        let text = fs::read_to_string(dir.path().join(file)).expect("the file is there");
        let number: usize = number.parse().expect("a line");
        let column: usize = column.parse().expect("a column");
        let text = &text.lines().nth(number - 1).expect("it has the line")[column - 1..];
        let name = message.split("()").next().and_then(|it| it.rsplit(' ').next()).expect("a name");
        assert!(text.starts_with(name), "{line}: {text}");
    }
}

#[test]
fn the_patches_of_a_plan_are_taken_by_git_one_after_another() {
    let dir = fixture();
    let plan = run(dir.path(), &["plan", "--mode", "patch", "-o", "all.patch"]);
    assert_eq!((plan.code, plan.stdout.as_str()), (Some(0), ""), "{}", plan.stderr);
    let text = fs::read_to_string(dir.path().join("all.patch")).expect("it was written");
    let proposals = text.lines().filter(|line| line.starts_with("# ")).count();
    assert!(proposals > 3, "{text}");
    let mut patch = Command::new("patch");
    let applied =
        patch.args(["-p1", "--dry-run", "-i", "all.patch"]).current_dir(dir.path()).output();
    let applied = applied.expect("there is a patch");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stdout));
}

#[test]
fn the_context_is_a_diff_that_takes_the_members_away() {
    let dir = tree();
    let text = lines(dir.path(), &["scan", "--mode", "context"]).join("\n") + "\n";
    fs::write(dir.path().join("context"), &text).expect("it is ours");
    let mut patch = Command::new("patch");
    patch.args(["-i", "context", "-o", "-", "drivers/hwmon/alpha.c"]).current_dir(dir.path());
    let left = patch.output().expect("there is a patch");
    assert!(left.status.success(), "{}", String::from_utf8_lossy(&left.stderr));
    let left = String::from_utf8_lossy(&left.stdout);
    assert!(left.contains("int alpha_show("), "{left}");
    assert!(!left.contains("static int alpha_read_"), "{left}");
}

#[test]
fn org_has_a_todo_a_group() {
    let dir = tree();
    let lines = lines(dir.path(), &["plan", "--mode", "org"]);
    assert_eq!(lines.len(), 2);
    let first = "* TODO [[view:drivers/hwmon/alpha.c::face=ovl-face1::linb=3::colb=11::cole=27]\
        [alpha_read_input(): constant-only: 2 functions of one driver, 10 redundant lines; \
        proposal ";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert!(lines[1].starts_with("[[view:drivers/hwmon/alpha.c::face=ovl-face2::linb=14::"));
}

#[test]
fn what_has_no_meaning_is_wrong_usage() {
    let dir = tree();
    let check = |args: &[&str], message| fails(dir.path(), args, message);
    check(&["scan", "--mode", "patch"], "a scan makes no patches");
    check(&["scan", "--mode", "patch"], "hint: drvdedup plan --mode patch does");
    check(&["scan", "--mode", "org", "--format", "json"], "two ways to say what to write");
    check(&["scan", "--mode", "chain"], "possible values: report, patch, context, org");
    check(&["scan", "--mode", "org", "--summary"], "cannot be used with");
    check(&["plan", "--mode", "org", "--explain"], "cannot be used with");
}
