//! git and GNU patch read the patches that the program writes.

use drvdedup::generate::Patch;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Feeds `input` to a program; `None` where it is not installed.
fn run(program: &str, arguments: &[&str], folder: &Path, input: &[u8]) -> Option<(bool, String)> {
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: {program} is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

fn function(name: &str, value: u32) -> String {
    format!(
        "static int {name}(struct dev *d)\n{{\n\tif (!d)\n\t\treturn -1;\n\n\treturn write(d, {value});\n}}\n\n"
    )
}

/// Cases that the formats' corners are made of: name, before, after.
fn cases() -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let many: Vec<String> = (0..9).map(|n| function(&format!("f{n}"), n)).collect();
    let fewer = [&many[..2], &[function("helper", 7)], &many[5..8]].concat().concat();
    let case = |name: &str, before: &[u8], after: &[u8]| {
        (format!("drivers/x/{name}"), before.to_vec(), after.to_vec())
    };
    vec![
        case("functions.c", many.concat().as_bytes(), fewer.as_bytes()),
        case("new.c", b"", b"int a;\nint b;\n"),
        case("new-without-end.c", b"", b"int a;"),
        case("emptied.c", b"int a;\n", b""),
        case("loses-its-end.c", b"int a;\nint b;\n", b"int a;\nint b;"),
        case("gains-its-end.c", b"int a;\nint b;", b"int a;\nint c;\nint b;\n"),
        case("carriage.c", b"int a;\r\nint b;\r\n", b"int a;\r\nint c;\r\n"),
        case("latin1.c", b"/* \xe9 */\nint a;\n", b"/* \xe9\xe8 */\nint a;\n"),
        case("with blank.c", b"int a;\n", b"int b;\n"),
        case("qu\"oted\\.c", b"int a;\n", b"int b;\n"),
        case("first.c", b"int a;\nint b;\n", b"int x;\nint a;\nint b;\n"),
    ]
}

fn check_accepted_by(program: &str, check: &[&str], write: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases();
    for (path, before, _) in cases.iter().filter(|(_, before, _)| !before.is_empty()) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, before).unwrap();
    }
    let files: Vec<_> = cases.iter().map(|(p, b, a)| (p.clone(), &b[..], &a[..])).collect();
    let patch = Patch::between(&files);
    let Some((accepted, said)) = run(program, check, folder.path(), &patch.text) else { return };
    assert!(accepted, "{program}: {said}");
    assert!(!said.contains("fuzz") && !said.contains("offset"), "{program}: {said}");
    run(program, write, folder.path(), &patch.text);
    for (path, _, after) in &cases {
        let made = std::fs::read(folder.path().join(path)).unwrap_or_default();
        assert_eq!(&made, after, "{program} made another {path}");
    }
}

#[test]
fn git_apply_takes_every_patch_and_makes_the_same_files() {
    check_accepted_by("git", &["apply", "--check"], &["apply", "--whitespace=nowarn"]);
}

#[test]
fn gnu_patch_takes_every_patch_and_makes_the_same_files() {
    let common = ["-p1", "--binary", "--no-backup-if-mismatch"];
    let check = [&common[..], &["--dry-run"]].concat();
    check_accepted_by("patch", &check, &common);
}
