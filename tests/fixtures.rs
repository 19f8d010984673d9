//! Every trap of the design has a folder in `fixtures/`: a tiny tree `before/`,
//! `expect.toml` with the outcome that each of its clone groups must have, and
//! for a proposal `expected.patch`, the diff to the last byte. This test runs the
//! built program on each of them, applies what it offers, and lets the compiler
//! judge the result.
//!
//! `UPDATE_EXPECT=1 cargo test --test fixtures` rewrites the `expected.patch`
//! files; read the difference before you commit it.

mod support;

use drvdedup::verify::build::{Diagnostic, Severity, new_diagnostics, parse};
use rayon::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::plan::{self, Outcome, Plan};

/// `expect.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    outcome: ExpectedOutcome,
    /// The refusal's slug.
    reason: Option<String>,
    /// The rule that every proposal is made by, where that is the point of the case.
    rule: Option<String>,
    /// What a note of every proposal says.
    note: Option<String>,
    /// How many groups the case has; all have the same outcome.
    #[serde(default = "one")]
    groups: usize,
    /// Whether `before/` compiles at all.
    #[serde(default = "yes")]
    compiles: bool,
    /// What is planned; the whole tree if empty.
    #[serde(default)]
    paths: Vec<String>,
    /// Why the outcome is right, in one sentence.
    why: String,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum ExpectedOutcome {
    Proposal,
    Refusal,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

#[test]
fn every_case_ends_as_its_expectation_says() {
    let cases = cases();
    assert!(!cases.is_empty(), "no fixtures/*/expect.toml: nothing was tested");
    let failures: Vec<String> = cases
        .par_iter()
        .filter_map(|case| {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            run_case(case).err().map(|error| format!("== {name} ==\n{error}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cases failed\n\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n\n")
    );
}

#[test]
fn all_proposals_for_the_fixture_tree_together_leave_it_free_of_warnings() {
    let tree = Copy::of(&fixtures().join("tree"));
    if let Some(before) = compile(tree.path()) {
        assert!(before.is_empty(), "the fixture tree has warnings before any patch: {before:#?}");
    }
    let plan = plan::plan(tree.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
    let refused = plan.groups.len() - plan.proposals.len();
    assert!(
        plan.proposals.len() >= 10 && refused >= 10,
        "{} proposals and {refused} refusals: the planted duplicates are not found",
        plan.proposals.len()
    );
    apply_and_compile(&tree, &plan).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn planning_the_fixture_tree_gives_the_same_bytes_at_any_number_of_threads() {
    let tree = Copy::of(&fixtures().join("tree"));
    let plan_with = |jobs| {
        plan::drvdedup_ok(tree.path(), &["plan", "--format", "json", "-j", jobs])
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let alone = plan_with("1");
    assert!(alone == plan_with("4"), "-j 1 and -j 4 differ");
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(fixtures()).expect("fixtures/ can be read");
    let mut cases: Vec<PathBuf> = folders
        .map(|entry| entry.expect("fixtures/ can be read").path())
        .filter(|folder| folder.join("expect.toml").is_file())
        .collect();
    cases.sort();
    cases
}

fn run_case(case: &Path) -> Result<(), String> {
    let expectation = fs::read_to_string(case.join("expect.toml")).map_err(|e| e.to_string())?;
    let expectation: Expectation = toml::from_str(&expectation).map_err(|e| e.to_string())?;
    let tree = Copy::of(&case.join("before"));
    if expectation.compiles {
        check_compiles(tree.path())?;
    }
    let paths: Vec<&str> = expectation.paths.iter().map(String::as_str).collect();
    let plan = plan::plan(tree.path(), &paths)?;
    check_outcomes(&plan, &expectation)?;
    check_patch(&patches(tree.path(), &plan)?, &case.join("expected.patch"))?;
    if plan.proposals.is_empty() { Ok(()) } else { apply_and_compile(&tree, &plan) }
}

/// A case that does not compile although it should would pass the comparison of
/// warnings whatever the patch does.
fn check_compiles(tree: &Path) -> Result<(), String> {
    let before = compile(tree).unwrap_or_default();
    // Newer compilers make errors of some warnings, which no patch brings in.
    let is_error = |it: &&Diagnostic| it.severity > Severity::Note && it.flag.is_none();
    let errors: Vec<String> = before.iter().filter(is_error).map(ToString::to_string).collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("before/ does not compile: {errors:?}")) }
}

fn check_outcomes(plan: &Plan, expectation: &Expectation) -> Result<(), String> {
    let why = &expectation.why;
    let count = plan.groups.len();
    if count != expectation.groups {
        return Err(format!("{count} groups instead of {}\nwhy: {why}", expectation.groups));
    }
    for group in &plan.groups {
        let members: Vec<&str> = group.members.iter().map(|m| m.function.as_str()).collect();
        let members = members.join(", ");
        match &group.outcome {
            Outcome::Proposal(id) if expectation.outcome == ExpectedOutcome::Proposal => {
                let found = plan.proposals.iter().find(|it| it.id == *id);
                let rule = found.map_or("", |it| it.rewrite.as_str());
                if let Some(wanted) = expectation.rule.as_ref().filter(|it| *it != rule) {
                    return Err(format!("{members}: rule {rule} instead of {wanted}\nwhy: {why}"));
                }
                let notes = found.map_or(&[][..], |it| &it.notes);
                let is_noted = |wanted: &String| notes.iter().any(|it| it.contains(wanted));
                if let Some(wanted) = expectation.note.as_ref().filter(|it| !is_noted(it)) {
                    return Err(format!("{members}: no note `{wanted}`: {notes:?}\nwhy: {why}"));
                }
            }
            Outcome::Proposal(id) => {
                return Err(format!("{members}: proposal {id} instead of a refusal\nwhy: {why}"));
            }
            Outcome::Refusal(refusal)
                if expectation.outcome == ExpectedOutcome::Refusal
                    && expectation.reason.as_ref() == Some(&refusal.reason) => {}
            Outcome::Refusal(refusal) => {
                let expected = expectation.reason.as_deref().unwrap_or("a proposal");
                return Err(format!(
                    "{members}: refused as {} ({}, {}) instead of {expected}\nwhy: {why}",
                    refusal.reason, refusal.detail, refusal.at
                ));
            }
        }
    }
    Ok(())
}

/// The patches of all proposals, one after the other.
fn patches(tree: &Path, plan: &Plan) -> Result<Vec<u8>, String> {
    let read = |path: &String| fs::read(tree.join(path)).map_err(|e| format!("{path}: {e}"));
    let patches: Vec<Vec<u8>> =
        plan.proposals.iter().map(|proposal| read(&proposal.patch)).collect::<Result<_, _>>()?;
    Ok(patches.concat())
}

fn check_patch(patch: &[u8], expected: &Path) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let removed = patch.is_empty() && expected.exists();
        return if removed {
            fs::remove_file(expected)
        } else if patch.is_empty() {
            Ok(())
        } else {
            fs::write(expected, patch)
        }
        .map_err(|error| format!("{}: {error}", expected.display()));
    }
    let wanted = match fs::read(expected) {
        Ok(wanted) => wanted,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(format!("{}: {error}", expected.display())),
    };
    if patch == wanted {
        return Ok(());
    }
    let (patch, wanted) = (String::from_utf8_lossy(patch), String::from_utf8_lossy(&wanted));
    let diff = similar::TextDiff::from_lines(wanted.as_ref(), patch.as_ref());
    Err(format!(
        "the patch is not expected.patch (UPDATE_EXPECT=1 rewrites it):\n{}",
        diff.unified_diff().header("expected.patch", "patch")
    ))
}

/// Applies every proposal of `plan`, checks the result, and takes it back.
fn apply_and_compile(tree: &Copy, plan: &Plan) -> Result<(), String> {
    let path = tree.path();
    let before = tree.sources();
    let warnings_before = compile(path);
    let by_git = if let [proposal] = plan.proposals.as_slice() {
        Some(apply_with_git(path, &proposal.patch)?)
    } else {
        None
    };
    plan::drvdedup_ok(path, &["apply", "--all"])?;
    let after = tree.sources();
    if after == before {
        return Err("apply changed nothing".to_owned());
    }
    if by_git.is_some_and(|by_git| by_git != after) {
        return Err("git apply and drvdedup apply give different files".to_owned());
    }
    if let (Some(before), Some(after)) = (warnings_before, compile(path)) {
        let new = new_diagnostics(&before, &after);
        if !new.is_empty() {
            let new: Vec<String> = new.iter().map(ToString::to_string).collect();
            return Err(format!("new warnings after the patch:\n{}", new.join("\n")));
        }
    }
    plan::drvdedup_ok(path, &["undo"])?;
    if tree.sources() == before {
        Ok(())
    } else {
        Err("undo does not restore the files".to_owned())
    }
}

/// What `git apply` makes of a copy of the tree.
fn apply_with_git(tree: &Path, patch: &str) -> Result<Sources, String> {
    let copy = Copy::of(tree);
    let output = Command::new("git")
        .args(["apply", "--whitespace=nowarn"])
        .arg(tree.join(patch))
        .current_dir(copy.path())
        .env("GIT_CEILING_DIRECTORIES", copy.path())
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if output.status.success() {
        return Ok(copy.sources());
    }
    Err(format!("git apply: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The bytes of every file but those of the proposal store.
type Sources = BTreeMap<PathBuf, Vec<u8>>;

/// A copy of a folder that goes when it is dropped.
struct Copy(tempfile::TempDir);

impl Copy {
    fn of(folder: &Path) -> Copy {
        let copy = Copy(tempfile::tempdir().expect("a temporary folder"));
        for file in files_below(folder) {
            let target = copy.path().join(file.strip_prefix(folder).expect("it lies below"));
            fs::create_dir_all(target.parent().expect("it lies in a folder"))
                .and_then(|()| fs::copy(&file, &target))
                .unwrap_or_else(|error| panic!("{}: {error}", target.display()));
        }
        copy
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn sources(&self) -> Sources {
        let read = |file: PathBuf| {
            let bytes = fs::read(&file).expect("a file of the copy can be read");
            (file.strip_prefix(self.path()).expect("it lies below").to_owned(), bytes)
        };
        files_below(self.path()).into_iter().map(read).collect()
    }
}

/// All files below `folder`, sorted, without those of a proposal store.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .filter_entry(|entry| entry.file_name() != ".drvdedup")
        .build();
    let mut files: Vec<PathBuf> = walk
        .map(|entry| entry.expect("a fixture can be read"))
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(ignore::DirEntry::into_path)
        .collect();
    files.sort();
    files
}

/// What the compiler says of every `.c` file below `tree`; `None` without one.
fn compile(tree: &Path) -> Option<Vec<Diagnostic>> {
    let mut all = Vec::new();
    let sources = files_below(tree).into_iter().filter(|f| f.extension() == Some(OsStr::new("c")));
    for source in sources {
        // Not -fsyntax-only: that says nothing of functions that nobody calls.
        let output = Command::new("cc")
            .args(["-std=gnu11", "-O1", "-S", "-o", "/dev/null", "-nostdinc"])
            .args(["-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-sign-compare"])
            .args(["-Wno-missing-field-initializers", "-D__KERNEL__", "-Iinclude"])
            .arg(source.strip_prefix(tree).expect("it lies below"))
            .current_dir(tree)
            .env("LC_ALL", "C")
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("no cc: nothing was compiled");
                return None;
            }
            Err(error) => panic!("cc: {error}"),
        };
        all.extend(parse(&output.stderr, &[]));
    }
    Some(all)
}
