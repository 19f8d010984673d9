//! What the kernel's own `checkpatch.pl` says of lines that the tool composed:
//! added lines that the file does not hold already, white space apart.

use crate::support::plan::Proposal;
use crate::workspace::Workspace;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// A word of `checkpatch.pl` about one added line of a patch.
struct Complaint {
    /// Line of the patch, from 1.
    number: usize,
    /// The added line.
    line: String,
    /// Such as `CHECK:PARENTHESIS_ALIGNMENT`.
    kind: String,
    text: String,
}

/// The complaints about composed lines, one text each.
pub fn complaints(workspace: &Workspace, proposals: &[Proposal]) -> Vec<String> {
    let source = workspace.source();
    proposals.par_iter().flat_map_iter(|proposal| of_proposal(source, proposal)).collect()
}

fn of_proposal(source: &Path, proposal: &Proposal) -> Vec<String> {
    let patch = fs::read(source.join(&proposal.patch)).expect("the patch can be read");
    let known = known_lines(source, proposal);
    let composed = |complaint: &Complaint| !known.contains(&without_space(&complaint.line));
    let mut new: Vec<Complaint> = run(source, &patch).into_iter().filter(composed).collect();
    if !new.is_empty() {
        let excused = excused(source, &patch);
        new.retain(|complaint| {
            !excused.contains(&(complaint.kind.clone(), skeleton(&complaint.line)))
        });
    }
    new.dedup_by_key(|complaint| (complaint.number, complaint.kind.clone()));
    new.into_iter()
        .map(|c| format!("{}:{}: {} {}\n    {}", proposal.patch, c.number, c.kind, c.text, c.line))
        .collect()
}

/// Runs checkpatch on one patch.
fn run(source: &Path, patch: &[u8]) -> Vec<Complaint> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(patch).expect("a temporary file can be written");
    let name = file.path().to_string_lossy().into_owned();
    let output = Command::new("perl")
        .arg("scripts/checkpatch.pl")
        .args(["--strict", "--no-signoff", "--terse", "--no-summary", "--show-types"])
        .args(["--color=never", &name])
        .current_dir(source)
        .output()
        .expect("perl starts");
    // 0 and 1 are its verdicts; anything else means that it did not run.
    assert!(
        output.status.code().is_some_and(|code| code <= 1),
        "checkpatch.pl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let patch = String::from_utf8_lossy(patch);
    let lines: Vec<&str> = patch.lines().collect();
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().filter_map(|said| complaint(&lines, said.strip_prefix(&name)?)).collect()
}

/// Reads `:LINE: CHECK:TYPE: text`; `None` if it is not about an added line.
fn complaint(lines: &[&str], said: &str) -> Option<Complaint> {
    let (number, text) = said.strip_prefix(':')?.split_once(": ")?;
    let number: usize = number.parse().ok()?;
    let line = lines.get(number.checked_sub(1)?)?.strip_prefix('+')?.to_owned();
    let (kind, text) = text.split_once(": ")?;
    Some(Complaint { number, line, kind: kind.to_owned(), text: text.to_owned() })
}

/// What checkpatch says of the lines that go, as kind and skeleton. A line in
/// which only a parameter stands for a constant is still the driver's line, and
/// the complaint about it is as old.
fn excused(source: &Path, patch: &[u8]) -> HashSet<(String, String)> {
    let complaints = run(source, &reversed(patch));
    complaints.into_iter().map(|old| (old.kind, skeleton(&old.line))).collect()
}

/// The patch that takes `patch` back.
fn reversed(patch: &[u8]) -> Vec<u8> {
    let mut reversed = Vec::with_capacity(patch.len());
    let mut in_hunk = false;
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        in_hunk = line.starts_with(b"@@ ") || in_hunk && !line.starts_with(b"diff --git ");
        match line {
            [b'@', b'@', ..] => reversed.extend(swapped_ranges(line)),
            [b'+', rest @ ..] if in_hunk => reversed.extend([b"-", rest].concat()),
            [b'-', rest @ ..] if in_hunk => reversed.extend([b"+", rest].concat()),
            _ => reversed.extend(line),
        }
    }
    reversed
}

/// `@@ -a,b +c,d @@ f` as `@@ -c,d +a,b @@ f`.
fn swapped_ranges(line: &[u8]) -> Vec<u8> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (at, old, new, rest) = (word(), word(), word(), word());
    format!("{at} {} {} {rest}", new.replace('+', "-"), old.replace('-', "+")).into_bytes()
}

/// The lines of the files before the patch.
fn known_lines(source: &Path, proposal: &Proposal) -> HashSet<String> {
    let mut known = HashSet::new();
    for file in &proposal.files {
        let text = fs::read(source.join(file)).unwrap_or_default();
        known.extend(String::from_utf8_lossy(&text).lines().map(without_space));
    }
    known
}

fn without_space(line: &str) -> String {
    line.split_whitespace().collect()
}

/// The line with every word as `w`, without white space.
fn skeleton(line: &str) -> String {
    let mut skeleton = String::with_capacity(line.len());
    let mut in_word = false;
    for letter in line.chars().filter(|letter| !letter.is_whitespace()) {
        let is_word = letter.is_alphanumeric() || letter == '_';
        if !is_word {
            skeleton.push(letter);
        } else if !in_word {
            skeleton.push('w');
        }
        in_word = is_word;
    }
    skeleton
}
