//! What git says of a patch.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Whether the patch file applies to `tree`.
pub fn check(tree: &Path, patch: &str) -> Result<(), String> {
    let output = git(tree).args(["apply", "--check", patch]).output();
    verdict(&output.expect("git starts"), patch)
}

/// Applies the patch file to `tree`, all of it or nothing.
pub fn apply(tree: &Path, patch: &str) -> Result<(), String> {
    let output = git(tree).args(["apply", patch]).output();
    verdict(&output.expect("git starts"), patch)
}

/// Whether the text of a patch applies to `tree`.
pub fn check_text(tree: &Path, patch: &[u8]) -> Result<(), String> {
    let mut child = git(tree)
        .args(["apply", "--check", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git starts");
    child.stdin.take().expect("it was asked for").write_all(patch).expect("git reads");
    verdict(&child.wait_with_output().expect("git ends"), "diff")
}

/// The unified diff of `files` between two trees.
pub fn diff(before: &Path, after: &Path, files: &[String]) -> Vec<u8> {
    let mut all = Vec::new();
    for file in files {
        let (old, new) = (before.join(file), after.join(file));
        let output = Command::new("diff")
            .args(["-u", "--label", &format!("a/{file}"), "--label", &format!("b/{file}")])
            .args([old, new])
            .output()
            .expect("diff starts");
        assert!(output.status.code().is_some_and(|code| code <= 1), "diff fails on {file}");
        all.extend(output.stdout);
    }
    all
}

fn git(tree: &Path) -> Command {
    let mut git = Command::new("git");
    // Not the repository that the cache may happen to lie in.
    git.current_dir(tree).env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree));
    git
}

fn verdict(output: &Output, what: &str) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
