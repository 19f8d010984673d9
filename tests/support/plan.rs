//! The program as a user runs it: arguments in, the contract's JSON out.

use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Output};

/// The JSON object of `plan`, as far as the tests look at it.
#[derive(Deserialize)]
pub struct Plan {
    pub groups: Vec<Group>,
    pub proposals: Vec<Proposal>,
}

#[derive(Deserialize)]
pub struct Group {
    pub id: String,
    pub kind: String,
    pub members: Vec<Member>,
    pub outcome: Outcome,
}

#[derive(Deserialize)]
pub struct Member {
    pub file: String,
    pub function: String,
    pub start_line: usize,
    pub end_line: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Proposal(String),
    Refusal(Refusal),
}

#[derive(Deserialize)]
pub struct Refusal {
    pub reason: String,
    pub detail: String,
    pub at: String,
}

#[derive(Deserialize)]
pub struct Proposal {
    pub id: String,
    pub group: String,
    pub rewrite: String,
    pub files: Vec<String>,
    pub lines_added: usize,
    pub lines_removed: usize,
    pub patch: String,
    pub verdict: String,
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The kinds that the contract knows.
const KINDS: [&str; 7] =
    ["identical", "constant-only", "renamed", "wrapper", "gapped", "reimplements", "sequence"];

/// Runs the program on `tree`.
pub fn drvdedup(tree: &Path, arguments: &[&str]) -> Output {
    command(tree).args(arguments).output().expect("the program starts")
}

/// Runs the program and returns its stdout, or what it said instead.
pub fn drvdedup_ok(tree: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = drvdedup(tree, arguments);
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!(
        "drvdedup {} ended with {}\n{}",
        arguments.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

fn command(tree: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
    command.arg("--tree").arg(tree).current_dir(tree);
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/caches"));
    command
}

/// Plans what lies below `paths` and checks that the answer keeps the contract.
pub fn plan(tree: &Path, paths: &[&str]) -> Result<Plan, String> {
    let json = drvdedup_ok(tree, &[&["plan", "--format", "json"], paths].concat())?;
    let plan: Plan = serde_json::from_slice(&json)
        .map_err(|error| format!("plan does not print the contract's JSON: {error}"))?;
    plan.check_contract(tree)?;
    Ok(plan)
}

impl Plan {
    /// What the contract says of every group and proposal, whatever the tree.
    fn check_contract(&self, tree: &Path) -> Result<(), String> {
        self.groups.iter().try_for_each(|group| self.check_group(tree, group))?;
        self.proposals.iter().try_for_each(|proposal| self.check_proposal(tree, proposal))
    }

    fn check_group(&self, tree: &Path, group: &Group) -> Result<(), String> {
        let id = &group.id;
        check(KINDS.contains(&group.kind.as_str()), || format!("{id}: kind `{}`", group.kind))?;
        check(group.members.len() >= 2, || format!("{id}: a group of one"))?;
        for member in &group.members {
            let lines = member.start_line..=member.end_line;
            let text = std::fs::read(tree.join(&member.file))
                .map_err(|error| format!("{id}: {}: {error}", member.file))?;
            let text: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
            // What is not a whole function need not hold its name.
            let inside = group.kind == "sequence" && *lines.end() <= text.len();
            let named = inside
                || lines
                    .filter_map(|line| text.get(line - 1))
                    .any(|line| contains(line, member.function.as_bytes()));
            check(named, || {
                format!("{id}: {} is not at {}:{}", member.function, member.file, member.start_line)
            })?;
        }
        match &group.outcome {
            Outcome::Proposal(proposal) => {
                check(self.proposals.iter().any(|other| other.id == *proposal), || {
                    format!("{id}: its proposal {proposal} is not listed")
                })
            }
            Outcome::Refusal(refusal) => check_refusal(tree, id, refusal),
        }
    }

    fn check_proposal(&self, tree: &Path, proposal: &Proposal) -> Result<(), String> {
        let id = &proposal.id;
        check(self.groups.iter().any(|group| group.id == proposal.group), || {
            format!("{id}: its group {} is not listed", proposal.group)
        })?;
        check(
            matches!(proposal.verdict.as_str(), "expands" | "compiles" | "identical-object"),
            || format!("{id}: offered, but its verdict is `{}`", proposal.verdict),
        )?;
        let patch = std::fs::read(tree.join(&proposal.patch))
            .map_err(|error| format!("{id}: {}: {error}", proposal.patch))?;
        let counted = (changed_lines(&patch, b'+'), changed_lines(&patch, b'-'));
        check(counted == (proposal.lines_added, proposal.lines_removed), || {
            format!(
                "{id}: the patch has +{} -{}, the proposal says +{} -{}",
                counted.0, counted.1, proposal.lines_added, proposal.lines_removed
            )
        })?;
        // One that was asked for by the size of the code says what it saves.
        let says_size = proposal.notes.iter().any(|note| note.contains("bytes of text less"));
        check(proposal.lines_removed > proposal.lines_added || says_size, || {
            format!("{id}: the code does not get shorter")
        })?;
        let all_named = proposal
            .files
            .iter()
            .all(|file| contains(&patch, format!("diff --git a/{file} b/{file}\n").as_bytes()));
        check(!proposal.files.is_empty() && all_named, || {
            format!("{id}: the patch is not of its files {:?}", proposal.files)
        })
    }
}

fn check_refusal(tree: &Path, id: &str, refusal: &Refusal) -> Result<(), String> {
    let slug = !refusal.reason.is_empty()
        && refusal.reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    check(slug, || format!("{id}: `{}` is not a slug", refusal.reason))?;
    check(!refusal.detail.is_empty(), || format!("{id}: {} without a word more", refusal.reason))?;
    let place = refusal.at.rsplit_once(':');
    let exists = place.is_some_and(|(file, line)| {
        tree.join(file).is_file() && line.parse().is_ok_and(|line: usize| line > 0)
    });
    check(exists, || format!("{id}: `{}` is no place in the tree", refusal.at))
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Lines of the hunks that begin with `sign`.
fn changed_lines(patch: &[u8], sign: u8) -> usize {
    let mut in_hunk = false;
    let mut count = 0;
    for line in patch.split(|&byte| byte == b'\n') {
        if line.starts_with(b"@@ ") {
            in_hunk = true;
        } else if line.starts_with(b"diff --git ") {
            in_hunk = false;
        } else if in_hunk && line.first() == Some(&sign) {
            count += 1;
        }
    }
    count
}
