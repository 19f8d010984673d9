//! Which groups a scan reports: the largest, the first, the new, not the kept, not
//! the known.

mod common;

use common::{Run, fails, program, run, tree, write};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const BETA: &str = "drivers/gpio/beta.c";

/// Two functions of seven lines that are the same, at lines 1 and 9.
fn twins(name: &str) -> String {
    let twin = |end: &str| {
        format!(
            "static int {name}_{end}(struct {name} *p, int x)\n{{\n\tint y = {name}_low(p, x);\n\n\
             \tp->{name} = y + x;\n\treturn {name}_high(p, x, y);\n}}\n"
        )
    };
    twin("one") + "\n" + &twin("two")
}

/// The common tree, whose group saves 10 lines, with a second driver, whose group
/// saves 7 but is identical.
fn two_drivers() -> TempDir {
    let dir = tree();
    write(dir.path(), BETA, &twins("beta"));
    dir
}

/// The first function of each group, in the order of the report.
fn firsts(folder: &Path, args: &[&str]) -> Vec<String> {
    let run = run(folder, &[&["scan", "--format", "json"], args].concat());
    assert!(matches!(run.code, Some(0 | 1)), "{args:?}: {}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let groups = value["groups"].as_array().expect("groups are a list");
    let name = |group: &Value| group["members"][0]["function"].as_str().map(str::to_owned);
    groups.iter().map(|group| name(group).expect("a member has a name")).collect()
}

#[track_caller]
fn check(folder: &Path, args: &[&str], expected: &[&str]) {
    assert_eq!(firsts(folder, args), expected, "{args:?}");
}

#[test]
fn top_keeps_the_first_groups_in_every_format_and_count() {
    let dir = two_drivers();
    check(dir.path(), &[], &["alpha_read_input", "beta_one"]);
    check(dir.path(), &["--top", "1"], &["alpha_read_input"]);
    check(dir.path(), &["--limit", "1"], &["alpha_read_input", "beta_one"]);
    let top = run(dir.path(), &["scan", "--top", "1"]).stdout;
    assert!(top.contains("groups                           1  10 redundant lines"), "{top}");
    assert!(!top.contains("more group"), "{top}");
    let limit = run(dir.path(), &["scan", "--limit", "1"]).stdout;
    assert!(limit.contains("groups                           2  17 redundant lines"), "{limit}");
    assert!(limit.contains("… and 1 more group"), "{limit}");
    fails(dir.path(), &["scan", "--top", "0"], "invalid value '0'");
}

#[test]
fn a_safer_remedy_comes_before_a_few_more_lines() {
    let dir = two_drivers();
    let larger = twins("beta").replace("\treturn", "\tp->sum += y;\n\treturn");
    write(dir.path(), BETA, &larger.replace("\tp->sum", "\tp->all++;\n\tp->sum"));
    check(dir.path(), &[], &["beta_one", "alpha_read_input"]);
}

#[test]
fn min_lines_leaves_groups_with_a_shorter_member_out() {
    let dir = two_drivers();
    check(dir.path(), &["--min-lines", "7"], &["alpha_read_input", "beta_one"]);
    check(dir.path(), &["--min-lines", "8"], &["alpha_read_input"]);
    check(dir.path(), &["--min-lines", "11"], &[]);
}

#[test]
fn a_plan_of_some_groups_leaves_the_proposals_of_others() {
    let dir = two_drivers();
    let header = "struct alpha;\nint alpha_read(struct alpha *alpha, int channel);\n";
    write(dir.path(), "include/linux/device.h", header);
    let stored = || {
        let folder = fs::read_dir(dir.path().join(".drvdedup/proposals"));
        folder.map_or(0, |entries| entries.count())
    };
    assert_eq!(run(dir.path(), &["plan"]).code, Some(0));
    let all = stored();
    assert!(all > 0);
    let top = run(dir.path(), &["plan", "--min-lines", "11", "--top", "1"]);
    assert_eq!((top.code, stored()), (Some(0), all), "{}", top.stderr);
}

fn git(folder: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
    let output = git.current_dir(folder).output().expect("git starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "c"]);
}

/// [`two_drivers`] in its first commit.
fn repository() -> TempDir {
    let dir = two_drivers();
    git(dir.path(), &["init", "-q"]);
    commit(dir.path());
    dir
}

fn change(root: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(file)).expect("it is there");
    assert!(text.contains(from));
    write(root, file, &text.replace(from, to));
}

#[test]
fn since_takes_groups_with_a_changed_function() {
    let dir = repository();
    let root = dir.path();
    let check = |expected: &[&str]| check(root, &["--since", "HEAD"], expected);
    check(&[]);
    change(root, BETA, "static int beta_two", "/* About it. */\nstatic int beta_two");
    check(&[]);
    change(root, "drivers/hwmon/alpha.c", "0x20 + channel", "0x30 + channel");
    check(&["alpha_read_input"]);
    git(root, &["add", "-A"]);
    check(&["alpha_read_input"]);
    commit(root);
    check(&[]);
}

#[test]
fn since_takes_a_function_that_only_lost_lines() {
    let dir = repository();
    change(dir.path(), BETA, "\n\n\tp->beta", "\n\tp->beta");
    check(dir.path(), &["--since", "HEAD"], &["beta_one"]);
}

#[test]
fn files_that_git_does_not_know_are_new_unless_it_ignores_them() {
    let dir = repository();
    write(dir.path(), "drivers/gpio/gamma ä.c", &twins("gamma"));
    write(dir.path(), "drivers/gpio/delta.c", &twins("delta"));
    write(dir.path(), ".gitignore", "delta.c\n");
    check(dir.path(), &["--since", "HEAD"], &["gamma_one"]);
    git(dir.path(), &["add", "-A"]);
    check(dir.path(), &["--since", "HEAD"], &["gamma_one"]);
}

#[test]
fn a_file_that_only_moved_did_not_change() {
    let dir = repository();
    git(dir.path(), &["mv", BETA, "drivers/gpio/better.c"]);
    check(dir.path(), &["--since", "HEAD"], &[]);
}

#[test]
fn a_range_takes_what_its_commits_changed_at_its_lines_of_now() {
    let dir = repository();
    let root = dir.path();
    git(root, &["tag", "start"]);
    change(root, BETA, "y + x", "y - x");
    commit(root);
    git(root, &["tag", "middle"]);
    change(root, "drivers/hwmon/alpha.c", "ret * 8", "ret * 4");
    commit(root);
    // Shifted far enough that the old lines lie above both functions.
    let shifted = "\n".repeat(40) + &fs::read_to_string(root.join(BETA)).expect("it is there");
    write(root, BETA, &shifted);
    check(root, &["--since", "start..middle"], &["beta_one"]);
    check(root, &["--since", "middle.."], &["alpha_read_input"]);
    check(root, &["--since", "start...HEAD"], &["alpha_read_input", "beta_one"]);
    check(root, &["--since", "start"], &["alpha_read_input", "beta_one"]);
}

#[test]
fn the_tree_may_be_a_folder_of_the_repository() {
    let dir = repository();
    let outer = TempDir::new().expect("a folder for the test");
    let root = outer.path().join("vendor/linux");
    fs::create_dir_all(root.parent().expect("it has one")).expect("a folder");
    fs::remove_dir_all(dir.path().join(".git")).expect("it is there");
    let moved = Command::new("cp").arg("-r").args([dir.path(), &root]).status();
    assert!(moved.expect("cp starts").success());
    git(outer.path(), &["init", "-q"]);
    commit(outer.path());
    change(&root, BETA, "y + x", "y - x");
    write(&root, "drivers/gpio/new.c", &twins("gamma"));
    check(&root, &["--since", "HEAD"], &["beta_one", "gamma_one"]);
}

#[test]
fn what_the_user_has_set_for_git_does_not_matter() {
    let dir = repository();
    for (key, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "99"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
    ] {
        git(dir.path(), &["config", key, value]);
    }
    write(dir.path(), ".gitattributes", "*.c -diff\n");
    change(dir.path(), "drivers/hwmon/alpha.c", "if (channel > 3)", "if (channel > 4)");
    let mut scan = program(dir.path(), &["scan", "--since", "HEAD", "--format", "json"]);
    let output = scan.env("GIT_DIFF_OPTS", "--unified=99").output().expect("the program starts");
    let value: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(value["summary"]["groups"], 0, "a line of context is no changed line");
    change(dir.path(), "drivers/hwmon/alpha.c", "0x20 + channel", "0x30 + channel");
    check(dir.path(), &["--since", "HEAD"], &["alpha_read_input"]);
}

#[test]
fn a_revision_that_git_does_not_know_is_an_error_that_says_what_to_do() {
    let dir = repository();
    let unknown = "names no commit of the git repository";
    for since in ["nowhere", "HEAD..nowhere", "--output=x", "", "HEAD:Kconfig"] {
        fails(dir.path(), &["scan", &format!("--since={since}")], unknown);
    }
    git(dir.path(), &["tag", "start"]);
    git(dir.path(), &["checkout", "-q", "--orphan", "other"]);
    git(dir.path(), &["commit", "-q", "-m", "another beginning"]);
    fails(dir.path(), &["scan", "--since", "start...other"], "have no common ancestor");
}

#[test]
fn without_a_repository_or_without_git_an_error_says_what_to_do() {
    let dir = two_drivers();
    let scan = |name: &str, value: &Path| -> Run {
        let mut program = program(dir.path(), &["scan", "--since", "HEAD"]);
        let output = program.env(name, value).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("it is UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Run { code: output.status.code(), stdout, stderr }
    };
    let outside = scan("GIT_CEILING_DIRECTORIES", dir.path().parent().expect("it has one"));
    assert_eq!((outside.code, outside.stdout.as_str()), (Some(2), ""));
    assert!(outside.stderr.contains("no git repository"), "{}", outside.stderr);
    let without = scan("PATH", dir.path());
    assert_eq!((without.code, without.stdout.as_str()), (Some(2), ""));
    assert!(without.stderr.contains("`git` is not installed"), "{}", without.stderr);
}

#[test]
fn a_kept_function_is_in_no_group() {
    let dir = two_drivers();
    let text = "/* drvdedup: keep (the chip wants it so) */\n".to_owned() + &twins("beta");
    write(dir.path(), BETA, &text);
    check(dir.path(), &[], &["alpha_read_input"]);
    let scan = run(dir.path(), &["scan"]);
    assert_eq!(scan.stderr, "");
    assert!(
        scan.stdout.contains("  kept                             1  functions"),
        "{}",
        scan.stdout
    );
    let verbose = run(dir.path(), &["scan", "-v"]).stderr;
    let named = "drvdedup: drivers/gpio/beta.c:1: beta_one() is kept: the chip wants it so\n";
    assert!(verbose.contains(named), "{verbose}");
}

#[test]
fn a_comment_that_keeps_nothing_is_warned_of() {
    let dir = two_drivers();
    let text = "/* drvdedup: keep */\n".to_owned() + &twins("beta");
    write(dir.path(), BETA, &(text + "\n/* drvdedup: keep (what?) */\n"));
    change(
        dir.path(),
        "drivers/hwmon/alpha.c",
        "int alpha_show",
        "// drvdedup: keep (r)\nint alpha_show",
    );
    check(dir.path(), &[], &["alpha_read_input", "beta_one"]);
    let scan = run(dir.path(), &["scan"]);
    let warning = |place: &str, why: &str| {
        format!("drvdedup: warning: drivers/{place}: this comment has no effect: {why}\n")
    };
    let expected = warning("gpio/beta.c:1", "write why, as in `drvdedup: keep (reason)`")
        + &warning("gpio/beta.c:18", "move it directly above a function")
        + &warning("hwmon/alpha.c:25", "alpha_show() is in no group of the files that were read");
    assert_eq!((scan.code, scan.stderr), (Some(0), expected));
    assert_eq!(run(dir.path(), &["scan", "-q"]).stderr, "");
    let some = run(dir.path(), &["scan", "--kind", "renamed"]).stderr;
    assert!(some.contains("beta.c:18") && !some.contains("alpha_show"), "{some}");
}

#[test]
fn a_baseline_hides_known_groups_and_finds_new_ones() {
    let dir = tree();
    let root = dir.path();
    let written = run(root, &["scan", "--write-baseline", "known.txt"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let known = fs::read_to_string(root.join("known.txt")).expect("it was written");
    let line = known.lines().nth(1).expect("there is a group");
    let (_, rest) = line.split_once(' ').expect("it has an id");
    let file = "drivers/hwmon/alpha.c";
    let members = format!("{file}:alpha_read_input {file}:alpha_read_limit");
    assert_eq!(rest, format!("constant-only driver {members}"));

    let args = ["scan", "--baseline", "known.txt"];
    let same = run(root, &args);
    assert_eq!((same.code, same.stderr.as_str()), (Some(0), ""));
    check(root, &["--baseline", "known.txt"], &[]);
    write(
        root,
        file,
        &("\n\n".to_owned() + &fs::read_to_string(root.join(file)).expect("it is there")),
    );
    assert_eq!(run(root, &args).code, Some(0), "ids survive shifted lines");

    write(root, BETA, &twins("beta"));
    let new = run(root, &args);
    assert_eq!(new.code, Some(1));
    assert_eq!(new.stderr, "drvdedup: 1 group not in known.txt\n");
    check(root, &["--baseline", "known.txt"], &["beta_one"]);
    assert_eq!(run(root, &["scan", "--baseline", "known.txt", "--kind", "renamed"]).code, Some(0));
    let both = ["scan", "--baseline", "known.txt", "--write-baseline", "known.txt"];
    assert_eq!(run(root, &both).code, Some(1), "they were new to the baseline that was read");
    assert_eq!(run(root, &args).code, Some(0));
}

#[test]
fn known_groups_that_are_gone_are_counted() {
    let dir = two_drivers();
    let root = dir.path();
    run(root, &["scan", "--write-baseline", "known.txt"]);
    fs::remove_file(root.join(BETA)).expect("it is there");
    let args = ["scan", "--baseline", "known.txt"];
    let scan = run(root, &args);
    let note = "drvdedup: known.txt: 1 group no longer there; --write-baseline writes it anew\n";
    assert_eq!((scan.code, scan.stderr.as_str()), (Some(0), note));
    write(root, BETA, "int beta;\n");
    assert_eq!(run(root, &args).stderr, note);
    let elsewhere = run(root, &[&args[..], &["drivers/hwmon"]].concat());
    assert_eq!((elsewhere.code, elsewhere.stderr.as_str()), (Some(0), ""));
    assert_eq!(run(root, &[&args[..], &["--kind", "renamed"]].concat()).stderr, "");
    assert_eq!(run(root, &[&args[..], &["-q"]].concat()).stderr, "");
}

#[test]
fn a_malformed_baseline_is_named_with_its_line() {
    let dir = two_drivers();
    write(dir.path(), "known.txt", "# ours\n\nwhat is this\n");
    let args = ["scan", "--baseline", "known.txt"];
    fails(dir.path(), &args, "known.txt:3: `what` is no id");
    fails(dir.path(), &["scan", "--baseline", "no.txt"], "cannot read the baseline no.txt");
    let both = ["scan", "--top", "1", "--write-baseline", "known.txt"];
    fails(dir.path(), &both, "cannot be used with");
    let nowhere = ["scan", "--write-baseline", "no/known.txt"];
    fails(dir.path(), &nowhere, "cannot write the baseline no/known.txt");
}

#[test]
fn a_summary_is_a_table_by_class() {
    let dir = two_drivers();
    let scan = run(dir.path(), &["scan", "--summary"]);
    let expected = "\
class              drivers  functions  lines  groups  redundant   share
hwmon                    1          3     26       1         10  38.5 %
gpio                     1          2     14       1          7  50.0 %
all that was read        2          5     40       2         17  42.5 %
";
    assert_eq!((scan.code, scan.stdout.as_str(), scan.stderr.as_str()), (Some(0), expected, ""));
}
