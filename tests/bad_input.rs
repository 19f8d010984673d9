//! What careless and hostile users do to the program, through its command line.

mod common;

use common::{Run, fails, program, run, tree, write};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes, even unoptimised on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How deep the nests are.
const DEEP: usize = 100_000;

const ALPHA: &str = "drivers/hwmon/alpha.c";

/// The tree with a header that declares what its driver calls, so that the planner
/// comes all the way to a proposal.
fn declared_tree() -> TempDir {
    let dir = tree();
    let header = "struct alpha;\nint alpha_read(struct alpha *alpha, int channel);\n";
    write(dir.path(), "include/linux/device.h", header);
    dir
}

/// Runs the program and ends it when it does not end by itself.
fn ends(folder: &Path, args: &[&str]) -> Run {
    let stdout = tempfile::tempfile().expect("a file for the test");
    let stderr = tempfile::tempfile().expect("a file for the test");
    let mut command = program(folder, args);
    command.stdout(stdout.try_clone().expect("a handle"));
    command.stderr(stderr.try_clone().expect("a handle"));
    let mut child = command.spawn().expect("the program starts");
    let status = wait(&mut child).unwrap_or_else(|| panic!("{args:?} does not end"));
    let text = |mut file: fs::File| {
        use std::io::{Read, Seek};
        let mut text = String::new();
        file.rewind().expect("a file");
        file.read_to_string(&mut text).expect("the output is UTF-8");
        text
    };
    Run { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

fn wait(child: &mut Child) -> Option<std::process::ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("a child");
            child.wait().expect("a child");
            return None;
        }
        sleep(Duration::from_millis(10));
    }
}

/// Scans a tree whose driver is `text`, and expects so many functions.
fn scans(text: impl AsRef<[u8]>, functions: u64) {
    let dir = declared_tree();
    fs::write(dir.path().join(ALPHA), text).expect("a file for the test");
    let run = ends(dir.path(), &["scan", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    assert_eq!(value["summary"]["functions"], functions);
}

/// Plans `dir`, and expects so many proposals.
fn plans(dir: &TempDir, proposals: u64) {
    let run = ends(dir.path(), &["plan", "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let value: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    assert_eq!(value["summary"]["proposals"], proposals, "{value}");
}

fn alpha(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join(ALPHA)).expect("it is there")
}

fn stored(dir: &TempDir, end: &str) -> PathBuf {
    let folder = fs::read_dir(dir.path().join(".drvdedup/proposals")).expect("a store");
    let mut paths = folder.map(|entry| entry.expect("an entry").path());
    paths.find(|path| path.to_string_lossy().ends_with(end)).expect("a proposal")
}

fn fifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo starts");
    assert!(made.success());
}

#[test]
fn parentheses_without_end_end_the_program() {
    let (open, close) = ("(".repeat(DEEP), ")".repeat(DEEP));
    let body = |inner: &str| format!("int f(int a)\n{{\n\treturn {inner};\n}}\n");
    scans(body(&format!("{open}1{close}")), 1);
    scans(body(&format!("{open}1")), 1);
    scans(format!("#if {open}1{close}\n{}#endif\n", body("1")), 1);
    scans(format!("enum {{ A = {open}1{close} }};\n{}", body("A")), 1);
}

#[test]
fn a_constant_that_is_nested_too_deeply_is_a_refusal() {
    let dir = declared_tree();
    let (open, close) = ("(".repeat(DEEP), ")".repeat(DEEP));
    let defines = format!("#define A {open}1{close}\n#define B {open}2{close}\n");
    let text = alpha(&dir).replace("0x10", "A").replace("0x20", "B");
    write(dir.path(), ALPHA, &format!("{defines}{text}"));
    plans(&dir, 0);
}

#[test]
fn a_header_with_a_deep_condition_is_read_in_no_time() {
    let dir = declared_tree();
    let (open, close) = ("(".repeat(DEEP), ")".repeat(DEEP));
    let chain = "#elif B\n".repeat(DEEP);
    let nest = "#if C\n".repeat(DEEP);
    let header = format!(
        "#if {open}1{close}\n#include <x.h>\n#endif\n#if A\n{chain}#include <y.h>\n#endif\n{nest}int z;\n"
    );
    write(dir.path(), "include/linux/odd.h", &header);
    write(dir.path(), ALPHA, &format!("#include <linux/odd.h>\n{}", alpha(&dir)));
    plans(&dir, 1);
}

#[test]
fn headers_and_files_that_include_themselves_are_read_once() {
    let dir = declared_tree();
    write(dir.path(), "drivers/hwmon/a.h", "#include \"b.h\"\n#include \"a.h\"\n");
    write(dir.path(), "drivers/hwmon/b.h", "#include \"a.h\"\n");
    let text = alpha(&dir);
    write(dir.path(), ALPHA, &format!("#include \"a.h\"\n{text}"));
    plans(&dir, 1);
    write(dir.path(), ALPHA, &format!("#include \"alpha.c\"\n{text}"));
    plans(&dir, 0);
}

#[test]
fn a_header_of_gigabytes_is_not_read() {
    let dir = declared_tree();
    let header = fs::File::create(dir.path().join("drivers/hwmon/huge.h")).expect("a file");
    header.set_len(6 << 30).expect("a sparse file");
    write(dir.path(), ALPHA, &format!("#include \"huge.h\"\n{}", alpha(&dir)));
    plans(&dir, 1);
}

#[test]
fn text_that_is_not_c_has_no_functions_and_does_no_harm() {
    scans("", 0);
    scans("\n".repeat(DEEP), 0);
    for text in ["(", "{", "\"", "'", "/*", "#\n", "#if 1\n", "\\\n", "\0", ";", "a "] {
        scans(text.repeat(DEEP), 0);
    }
    scans(b"\xff\xfe\0\x80".repeat(DEEP), 0);
}

#[test]
fn what_is_not_closed_is_warned_of_with_its_line() {
    let check = |text: &str, warning: &str| {
        let dir = tree();
        write(dir.path(), ALPHA, &format!("{}{text}", alpha(&dir)));
        let run = ends(dir.path(), &["scan"]);
        assert_eq!(run.code, Some(0));
        assert!(run.stderr.contains(&format!("{ALPHA}:31: {warning}")), "{}", run.stderr);
    };
    check("char *s = \"abc\n;\n", "a literal is not closed on its line");
    check("/* abc\n", "a block comment is not closed");
    check("int f(void)\n{\n", "the body of this function has no closing brace");
    check("\0\n", "a NUL byte");
}

#[test]
fn what_is_no_file_does_not_stop_the_program() {
    let dir = declared_tree();
    for name in [".clang-format", "drivers/hwmon/Kbuild", "drivers/hwmon/pipe.c", "pipe.h"] {
        fifo(&dir.path().join(name));
    }
    fs::create_dir(dir.path().join("drivers/hwmon/folder.c")).expect("a folder");
    let run = ends(dir.path(), &["scan"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains(".clang-format: cannot be read: not a regular file"));

    fs::remove_file(dir.path().join(".clang-format")).expect("a file");
    write(dir.path(), ALPHA, &format!("#include \"../../pipe.h\"\n{}", alpha(&dir)));
    plans(&dir, 1);

    fifo(&dir.path().join("drvdedup.toml"));
    let run = ends(dir.path(), &["scan"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("drvdedup.toml: not a regular file"), "{}", run.stderr);
}

#[test]
fn any_number_of_threads_is_taken() {
    let dir = tree();
    let one = ends(dir.path(), &["scan", "-j", "1"]);
    for jobs in ["0", "100000"] {
        let many = ends(dir.path(), &["scan", "-j", jobs]);
        assert_eq!((many.code, &many.stdout), (Some(0), &one.stdout), "{jobs}: {}", many.stderr);
    }
}

#[test]
fn an_empty_id_names_nothing() {
    let dir = declared_tree();
    plans(&dir, 1);
    let before = alpha(&dir);
    fails(dir.path(), &["apply", ""], "no proposal `` in the store");
    fails(dir.path(), &["show", ""], "no proposal and no group has an id that begins with ``");
    assert_eq!(alpha(&dir), before);
}

#[test]
fn a_lock_that_is_a_link_is_not_written_through() {
    let dir = declared_tree();
    plans(&dir, 1);
    let victim = dir.path().join("victim");
    write(dir.path(), "victim", "precious\n");
    let lock = dir.path().join(".drvdedup/lock");
    fs::remove_file(&lock).expect("a lock");
    symlink(&victim, &lock).expect("a link");
    for args in [&["apply", "--all"][..], &["undo"], &["plan"]] {
        fails(dir.path(), args, ".drvdedup/lock: is no plain file");
    }
    assert_eq!(fs::read_to_string(&victim).expect("it is there"), "precious\n");
}

#[test]
fn a_store_that_leads_out_of_the_tree_is_not_written_to() {
    let outside = TempDir::new().expect("a folder for the test");
    for folder in [".drvdedup", ".drvdedup/proposals", ".drvdedup/backup"] {
        let dir = declared_tree();
        let link = dir.path().join(folder);
        fs::create_dir_all(link.parent().expect("a parent")).expect("a folder");
        symlink(outside.path(), &link).expect("a link");
        fails(dir.path(), &["plan"], &format!("{folder}: is no folder of its own"));
    }
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);
}

#[test]
fn a_journal_that_leads_out_of_the_tree_is_not_followed() {
    let dir = declared_tree();
    plans(&dir, 1);
    let id = stored(&dir, ".json");
    let id = id.file_stem().and_then(|id| id.to_str()).expect("an id");
    assert_eq!(run(dir.path(), &["apply", id]).code, Some(0));
    let journal = dir.path().join(".drvdedup/journal");
    let text = fs::read_to_string(&journal).expect("a journal");
    let text = text.replace(&format!("\"{ALPHA}\""), "\"../victim.c\"");
    fs::write(&journal, text).expect("a journal");
    fails(dir.path(), &["undo"], "`../victim.c` is no path inside the tree");
}

#[test]
fn store_files_of_another_version_are_refused() {
    let dir = declared_tree();
    plans(&dir, 1);
    let before = alpha(&dir);
    write(dir.path(), ".drvdedup/journal", "{ \"schema\": 99, \"entries\": [] }");
    fails(dir.path(), &["apply", "--all"], "it has version 99, and this program knows 1");
    write(dir.path(), ".drvdedup/journal", "{ \"schema\": 1, \"entries\": [] }");
    write(dir.path(), ".drvdedup/decisions.json", "{ \"schema\": 99, \"decisions\": {} }");
    fails(dir.path(), &["apply"], "it has version 99, and this program knows 1");
    assert_eq!(alpha(&dir), before);
}

#[test]
fn damaged_store_files_are_named_and_the_tree_stays() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 5] = [
        ("empty", |path| fs::write(path, "").expect("a file")),
        ("junk", |path| fs::write(path, b"\xff{[\0").expect("a file")),
        ("deep", |path| fs::write(path, "[".repeat(DEEP)).expect("a file")),
        ("folder", |path| fs::create_dir(path).expect("a folder")),
        ("pipe", fifo),
    ];
    for (damage, make) in damages {
        for end in [".json", "journal", "lock"] {
            let dir = declared_tree();
            plans(&dir, 1);
            let before = alpha(&dir);
            let path = match end {
                ".json" => stored(&dir, end),
                name => dir.path().join(".drvdedup").join(name),
            };
            if path.exists() {
                fs::remove_file(&path).expect("a file");
            }
            make(&path);
            // What a lock holds is of no interest.
            if end == "lock" && path.is_file() {
                continue;
            }
            let run = ends(dir.path(), &["apply", "--all"]);
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            assert_eq!(run.code, Some(2), "{damage} {end}: {}", run.stderr);
            assert!(run.stderr.contains(&name), "{damage} {end}: {}", run.stderr);
            assert_eq!(alpha(&dir), before, "{damage} {end}");
        }
    }
}

#[test]
fn an_apply_that_is_killed_is_whole_or_not_at_all() {
    let dir = declared_tree();
    plans(&dir, 1);
    let before = alpha(&dir);
    assert_eq!(run(dir.path(), &["apply", "--all"]).code, Some(0));
    let after = alpha(&dir);
    assert_eq!(run(dir.path(), &["undo"]).code, Some(0));
    for step in 0..40 {
        let mut child = program(dir.path(), &["apply", "--all"]).spawn().expect("it starts");
        sleep(Duration::from_millis(step));
        child.kill().expect("a child");
        child.wait().expect("a child");
        let recovered = ends(dir.path(), &["apply", "--check"]);
        assert_eq!(recovered.code, Some(0), "{}", recovered.stderr);
        let now = alpha(&dir);
        assert!(now == before || now == after, "{now}");
        if now == after {
            assert_eq!(run(dir.path(), &["undo"]).code, Some(0));
            assert_eq!(alpha(&dir), before);
        }
    }
}

#[test]
fn of_several_applies_at_once_one_does_it() {
    let dir = declared_tree();
    plans(&dir, 1);
    let start = || program(dir.path(), &["apply", "--all"]).output().expect("it starts");
    let outputs: Vec<Output> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread")).collect()
    });
    let applied = |output: &&Output| output.stdout.starts_with(b"1 proposal applied");
    assert_eq!(outputs.iter().filter(applied).count(), 1, "{outputs:?}");
    assert_eq!(run(dir.path(), &["undo"]).code, Some(0));
}

#[test]
fn functions_that_share_a_line_are_no_surprise() {
    let dir = declared_tree();
    write(dir.path(), ALPHA, &alpha(&dir).replace("}\n\nstatic", "} static"));
    let run = ends(dir.path(), &["plan"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn odd_file_names_are_scanned_and_printed_without_harm() {
    let dir = declared_tree();
    let text = alpha(&dir);
    for (number, name) in
        ["a b", "q'\"", "n\nl", "\u{e9}", "\u{1b}[31m", "-rf", "$(x)", "a\u{202e}b"]
            .iter()
            .enumerate()
    {
        let own = text.replace("alpha_show", &format!("show_{number}"));
        write(dir.path(), &format!("drivers/hwmon/{name}.c"), &own);
    }
    let scan = ends(dir.path(), &["scan", "--limit", "0"]);
    assert_eq!(scan.code, Some(0), "{}", scan.stderr);
    assert!(!scan.stdout.contains(['\u{1b}', '\u{202e}']), "{}", scan.stdout);
    assert!(scan.stdout.contains("a b.c") && scan.stdout.contains("-rf.c"), "{}", scan.stdout);
}
