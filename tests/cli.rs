//! The command line as its users meet it: exit codes, streams, options, messages.

mod common;

use common::{fails, program, run, tree, write};
use serde_json::{Value, json};
use std::process::Stdio;

fn scanned(args: &[&str]) -> Value {
    let dir = tree();
    let run = run(dir.path(), &[&["scan", "--format", "json"], args].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&run.stdout).expect("it is JSON")
}

#[test]
fn a_scan_reports_groups_and_a_summary() {
    let dir = tree();
    let run = run(dir.path(), &["scan"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let title = ": constant-only: 2 functions of one driver, 10 redundant lines\n";
    assert!(run.stdout.contains(title), "{}", run.stdout);
    assert!(run.stdout.contains("hole 1 (integer): 0x10 | 0x20"), "{}", run.stdout);
    assert!(run.stdout.contains("drivers/hwmon/alpha.c:14: alpha_read_limit()"), "{}", run.stdout);
    assert!(run.stdout.contains("    constant-only, driver          1  10 redundant lines\n"));
}

#[test]
fn json_has_the_shape_of_the_contract() {
    let value = scanned(&[]);
    assert_eq!(value["schema"], 1);
    assert_eq!(value["kernel"], "6.1.7");
    let expected = json!({
        "files": 1, "functions": 3, "lines": 30, "function_lines": 26, "parse_gaps": 0,
        "unreadable": 0, "groups": 1, "redundant_lines": 10, "by_kind": {"constant-only": 1},
        "by_level": {"driver": 1}, "by_class": {"hwmon": 1}, "kept": 0, "classes": [{
            "class": "hwmon", "drivers": 1, "functions": 3, "function_lines": 26, "groups": 1,
            "redundant_lines": 10 }] });
    assert_eq!(value["summary"], expected);
    let group = &value["groups"][0];
    assert_eq!(group["id"].as_str().map(str::len), Some(8));
    let member = json!({
        "file": "drivers/hwmon/alpha.c", "function": "alpha_read_input", "start_line": 3,
        "end_line": 12, "driver": "alpha", "class": "hwmon" });
    assert_eq!(group["members"][0], member);
    assert_eq!(group["holes"], json!([{"kind": "integer", "values": ["0x10", "0x20"]}]));
    assert_eq!((group.get("outcome"), value.get("proposals")), (None, None));
}

#[test]
fn filters_leave_out_the_groups_that_they_do_not_name() {
    let check = |args: &[&str], groups: u64| {
        assert_eq!(scanned(args)["summary"]["groups"], groups, "{args:?}");
    };
    check(&["--kind", "identical,constant-only", "--level=driver", "--class", "hwmon"], 1);
    check(&["--kind", "identical,renamed"], 0);
    check(&["--level", "class"], 0);
    check(&["--class", "net"], 0);
}

#[test]
fn a_denied_kind_that_is_there_exits_with_one() {
    let dir = tree();
    let denied = run(dir.path(), &["scan", "--deny", "identical,constant-only"]);
    assert_eq!(denied.code, Some(1), "{}", denied.stderr);
    assert!(denied.stderr.contains("1 group of a denied kind"), "{}", denied.stderr);
    assert!(denied.stdout.contains("Summary"), "the report is printed all the same");
    assert_eq!(run(dir.path(), &["scan", "--deny", "identical"]).code, Some(0));
}

#[test]
fn wrong_usage_exits_with_two() {
    let dir = tree();
    let check = |args: &[&str], message| fails(dir.path(), args, message);
    check(&["scan", "--kind", "foo"], "possible values: identical, constant-only, renamed");
    check(&["scan", "--format", "text"], "possible values: human, json, sarif");
    check(&["scan", "-q", "-v"], "cannot be used with");
    check(&["scan", "-j", "many"], "invalid value 'many'");
    check(&["frobnicate"], "unrecognized subcommand");
    assert_eq!(run(dir.path(), &[]).code, Some(2));
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let dir = tree();
    fails(dir.path(), &["scan", "drivers/nowhere"], "drivers/nowhere: no such file or folder");
    fails(dir.path(), &["scan", "--tree", "nowhere"], "nowhere: no such file or folder");
    fails(dir.path(), &["scan", "--config", "no.toml"], "configuration file no.toml: No such file");
}

#[test]
fn a_folder_that_is_no_kernel_tree_is_scanned_too() {
    let dir = tree();
    let folder = dir.path().join("elsewhere");
    write(&folder, "a.c", "int a(void)\n{\n\treturn 1;\n}\n");
    std::fs::remove_file(dir.path().join("Kconfig")).expect("it is there");
    let run = run(&folder, &["scan", "--format", "json"]);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    assert_eq!((&value["kernel"], &value["summary"]["functions"]), (&Value::Null, &json!(1)));
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_the_nearest_key() {
    let dir = tree();
    write(dir.path(), "drvdedup.toml", "# ours\n[thresholds]\nmin_lines = 3\n");
    let message =
        "drvdedup.toml:3: key `thresholds.min_lines`: is not known; did you mean `min-lines`?";
    fails(&dir.path().join("drivers"), &["scan"], message);
    write(dir.path(), "drvdedup.toml", "paths = 'drivers'\n");
    fails(dir.path(), &["scan"], "drvdedup.toml:1: key `paths`: invalid type: string");
}

#[test]
fn the_configuration_sets_thresholds_paths_and_excludes() {
    let check = |config: &str, files: u64, groups: u64| {
        let dir = tree();
        write(dir.path(), "drivers/gpio/beta.c", "int beta(void)\n{\n\treturn 1;\n}\n");
        write(dir.path(), "drvdedup.toml", config);
        let folder = dir.path().join("drivers/gpio");
        let run = run(&folder, &["scan", "--format", "json"]);
        let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
        let found = (&value["summary"]["files"], &value["summary"]["groups"]);
        assert_eq!(found, (&json!(files), &json!(groups)), "{config}: {}", run.stderr);
    };
    check("", 2, 1);
    check("[thresholds]\nmin-lines = 11\n", 2, 0);
    check("[thresholds]\nmin-tokens = 500\n", 2, 0);
    check("paths = ['drivers/gpio']\n", 1, 0);
    check("exclude = ['alpha.c']\n", 1, 0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = tree();
    for args in [&["scan"][..], &["scan", "--format", "json"], &["man"], &["completions", "zsh"]] {
        let mut command = program(dir.path(), args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let dir = tree();
    let full = std::fs::File::create("/dev/full").expect("Linux has it");
    let output = program(dir.path(), &["scan"]).stdout(full).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("drvdedup: error: cannot write the output: "), "{stderr}");
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let dir = tree();
    let coloured = |args: &[&str], no_color: Option<&str>| {
        let mut command = program(dir.path(), args);
        if let Some(value) = no_color {
            command.env("NO_COLOR", value);
        }
        let stdout = command.output().expect("the program starts").stdout;
        stdout.contains(&0x1b)
    };
    assert!(!coloured(&["scan"], None));
    assert!(!coloured(&["scan", "--color", "never"], None));
    assert!(coloured(&["scan", "--color", "always"], None));
    assert!(coloured(&["scan", "--color", "always"], Some("1")), "the option is the later word");
    assert!(!coloured(&["scan", "--color", "always", "--format", "json"], None));
}

#[test]
fn output_is_the_same_at_any_number_of_threads() {
    let dir = tree();
    for format in ["human", "json"] {
        let with = |threads| run(dir.path(), &["scan", "--format", format, "-j", threads]).stdout;
        let one = with("1");
        assert!(!one.is_empty());
        assert_eq!(one, with("4"), "{format}");
    }
}

#[test]
fn verbose_counts_what_could_be_read_on_standard_error() {
    let dir = tree();
    let quiet = run(dir.path(), &["scan", "-q"]);
    let verbose = run(dir.path(), &["scan", "-v"]);
    assert_eq!(quiet.stdout, verbose.stdout);
    let expected = "drvdedup: 0 files left out\n\
        drvdedup: 0 functions under #if 0\n\
        drvdedup: 3 functions found\n\
        drvdedup: 3 of the 3 that a regular expression finds, 100.00 %\n\
        drvdedup: 3 of the 3 of six lines and more parse, 100.00 %\n";
    assert_eq!((quiet.stderr.as_str(), verbose.stderr.as_str()), ("", expected));
}

#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_read_is_warned_of_and_counted() {
    let dir = tree();
    let link = dir.path().join("drivers/hwmon/gone.c");
    std::os::unix::fs::symlink("nowhere.c", link).expect("a link for the test");
    let scan = run(dir.path(), &["scan", "--format", "json"]);
    let value: Value = serde_json::from_str(&scan.stdout).expect("it is JSON");
    assert_eq!(value["summary"]["unreadable"], 1);
    assert_eq!(scan.code, Some(0));
    assert!(
        scan.stderr.starts_with("drvdedup: warning: drivers/hwmon/gone.c: "),
        "{}",
        scan.stderr
    );
    assert_eq!(run(dir.path(), &["scan", "-q"]).stderr, "");
}

#[test]
fn bytes_that_would_steer_the_terminal_are_not_printed() {
    let dir = tree();
    let path = dir.path().join("drivers/hwmon/alpha.c");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let mut bytes = text.replace("0x20 +", "0x20 /* \u{1b}[2J \u{202e} */ +").into_bytes();
    bytes.splice(0..0, *b"/* caf\xe9 */\n");
    std::fs::write(&path, bytes).expect("a file for the test");
    for args in [&["scan"][..], &["scan", "--format", "json"]] {
        let run = run(dir.path(), args);
        assert_eq!(run.code, Some(0));
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{}", run.stdout);
        assert!(run.stdout.contains("alpha_read_limit"), "{}", run.stdout);
    }
}

#[test]
fn a_group_is_shown_by_the_beginning_of_its_id() {
    let dir = tree();
    let scan = run(dir.path(), &["scan", "--format", "json"]);
    let value: Value = serde_json::from_str(&scan.stdout).expect("it is JSON");
    let id = value["groups"][0]["id"].as_str().expect("a group has an id").to_owned();

    let shown = run(dir.path(), &["show", &id[..6]]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.starts_with(&format!("Group {id}: constant-only")), "{}", shown.stdout);
    assert!(shown.stdout.contains("alpha_read(alpha, «0x10» + channel)"), "{}", shown.stdout);

    let shown = run(dir.path(), &["show", &id, "--format", "json"]);
    let value: Value = serde_json::from_str(&shown.stdout).expect("it is JSON");
    assert_eq!(value["groups"][0]["id"], id.as_str());
    assert_eq!(value["diff"], Value::Null);
}

#[test]
fn members_stand_side_by_side_when_there_is_room() {
    let dir = tree();
    let scan = run(dir.path(), &["scan", "--format", "json"]);
    let value: Value = serde_json::from_str(&scan.stdout).expect("it is JSON");
    let id = value["groups"][0]["id"].as_str().expect("a group has an id");
    let beside = |columns| {
        let output = program(dir.path(), &["show", id]).env("COLUMNS", columns).output();
        let stdout = output.expect("the program starts").stdout;
        let text = String::from_utf8(stdout).expect("the output is UTF-8");
        text.lines().any(|line| line.contains("«0x10»") && line.contains("«0x20»"))
    };
    assert!(beside("140") && !beside("80"));
}

#[test]
fn an_id_of_nothing_is_an_error_with_a_hint() {
    let dir = tree();
    fails(dir.path(), &["show", "zzzz"], "no proposal and no group has an id that begins with");
    let run = run(dir.path(), &["show", "zzzz"]);
    assert!(run.stderr.contains("drvdedup: hint: "), "{}", run.stderr);
}

#[test]
fn before_the_first_plan_there_is_nothing_to_apply_or_undo() {
    let dir = tree();
    for args in [&["apply", "3f9a"][..], &["apply", "--check", "--all"], &["undo"]] {
        fails(dir.path(), args, "run `drvdedup plan` first");
    }
    assert!(!dir.path().join(".drvdedup").exists(), "looking must not make a store");
}

#[test]
fn a_scan_writes_nothing_to_the_tree() {
    let dir = tree();
    run(dir.path(), &["scan", "--no-cache"]);
    let entries = std::fs::read_dir(dir.path()).expect("it is a folder");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["Kconfig", "Makefile", "drivers"]);
}

#[test]
fn the_manual_page_covers_every_command() {
    let dir = tree();
    let page = run(dir.path(), &["man"]);
    assert_eq!(page.code, Some(0));
    assert!(page.stdout.contains(".TH drvdedup 1"), "{}", page.stdout);
    for command in [
        "SCAN",
        "PLAN",
        "SHOW",
        "VERIFY",
        "APPLY",
        "UNDO",
        "EXPORT",
        "REWRITES",
        "COMPLETIONS",
        "MAN",
    ] {
        assert!(page.stdout.contains(&format!(".SH \"DRVDEDUP {command}\"")), "{command}");
    }
    assert_eq!(page.stdout.matches("NO_COLOR").count(), 1, "common options stand there once");
}

#[test]
fn completions_are_made_for_every_shell() {
    let dir = tree();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(dir.path(), &["completions", shell]);
        assert_eq!(script.code, Some(0), "{shell}");
        assert!(script.stdout.contains("rewrites"), "{shell}");
    }
}

#[test]
fn help_is_printed_to_standard_output_with_examples() {
    let dir = tree();
    for args in
        [&["--help"][..], &["scan", "--help"], &["plan", "-h"], &["verify", "-h"], &["apply", "-h"]]
    {
        let help = run(dir.path(), args);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(help.stdout.contains("Examples:"), "{args:?}: {}", help.stdout);
    }
}
