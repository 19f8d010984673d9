//! The trees that the pages are of.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A plan of `fixtures/tree`, as a page and as JSON.
pub struct Planned {
    pub page: PathBuf,
    pub json: Value,
    _dir: TempDir,
}

impl Planned {
    pub fn new() -> Planned {
        let dir = TempDir::new().expect("a folder for the test");
        let from = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tree/.");
        let copied = Command::new("cp").arg("-R").arg(from).arg(dir.path()).status();
        assert!(copied.expect("there is a cp").success());
        let page = page(dir.path(), "plan");
        let json = run(dir.path(), &["plan", "--format", "json"]);
        let json = serde_json::from_slice(&json).expect("it is JSON");
        Planned { page, json, _dir: dir }
    }

    pub fn groups(&self) -> &[Value] {
        self.json["groups"].as_array().expect("there are groups")
    }

    /// Id of the first group that meets the condition.
    pub fn group(&self, is: impl Fn(&Value) -> bool) -> String {
        let group = self.groups().iter().find(|group| is(group)).expect("there is one");
        group["id"].as_str().expect("it has an id").to_owned()
    }
}

/// Writes the page of a command on this tree; gives where it is.
pub fn page(tree: &Path, command: &str) -> PathBuf {
    run(tree, &[command, "--format", "html", "-o", "report.html"]);
    fs::canonicalize(tree.join("report.html")).expect("it was written")
}

/// What the program prints.
fn run(tree: &Path, args: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
    command.args(args).current_dir(tree);
    // Not the user's own.
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/caches"));
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Writes a file below `root`, with the folders above it.
pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder for the test");
    fs::write(path, text).expect("a file for the test");
}
