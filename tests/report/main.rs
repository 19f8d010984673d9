//! What `scan` and `plan` write for programs, against the schemas and the tools that read
//! it.

#[path = "../common/mod.rs"]
mod common;
mod modes;
mod sarif;
mod schema;

use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A copy of `fixtures/tree`, for the plans that are written into it.
fn fixture() -> TempDir {
    let dir = TempDir::new().expect("a folder for the test");
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tree/.");
    let copied = Command::new("cp").arg("-R").arg(from).arg(dir.path()).status();
    assert!(copied.expect("there is a cp").success());
    dir
}

/// The JSON that a run prints.
fn printed(folder: &Path, args: &[&str], code: i32) -> Value {
    let run = common::run(folder, args);
    assert_eq!(run.code, Some(code), "{args:?}: {}", run.stderr);
    serde_json::from_str(&run.stdout).expect("it is JSON")
}

fn read_json(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All that the schema has against `value`, a line each.
fn faults(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|it| format!("{}: {it}", it.instance_path())).collect()
}
