//! What the kernel's own `checkpatch.pl` says of lines that the tool composed:
//! added lines that the file does not hold already, white space apart.

use crate::support::plan::Proposal;
use crate::workspace::Workspace;
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs;
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

/// So many patches go to one run: most of a run's time goes before its first patch.
const AT_ONCE: usize = 16;

/// The complaints about composed lines, one text each.
pub fn complaints(workspace: &Workspace, proposals: &[Proposal]) -> Vec<String> {
    let source = workspace.source();
    proposals.par_chunks(AT_ONCE).flat_map_iter(|some| of_proposals(source, some)).collect()
}

fn of_proposals(source: &Path, proposals: &[Proposal]) -> Vec<String> {
    let read = |it: &Proposal| fs::read(source.join(&it.patch)).expect("the patch can be read");
    let patches: Vec<Vec<u8>> = proposals.iter().map(read).collect();
    let mut said = run(source, &patches);
    for (proposal, said) in proposals.iter().zip(&mut said) {
        let known = known_lines(source, proposal);
        said.retain(|complaint| !known.contains(&without_space(&complaint.line)));
    }
    // What it says of the lines that go. A line in which only a parameter stands for a
    // constant is still the driver's line, and the complaint about it is as old.
    let doubtful: Vec<usize> = (0..said.len()).filter(|&at| !said[at].is_empty()).collect();
    let old: Vec<Vec<u8>> = doubtful.iter().map(|&at| reversed(&patches[at])).collect();
    let mut found = Vec::new();
    for (at, old) in doubtful.into_iter().zip(run(source, &old)) {
        let excused: HashSet<(String, String)> =
            old.into_iter().map(|old| (old.kind, skeleton(&old.line))).collect();
        let mut new = std::mem::take(&mut said[at]);
        new.retain(|it| !excused.contains(&(it.kind.clone(), skeleton(&it.line))));
        new.dedup_by_key(|complaint| (complaint.number, complaint.kind.clone()));
        let patch = &proposals[at].patch;
        found.extend(
            new.into_iter()
                .map(|c| format!("{patch}:{}: {} {}\n    {}", c.number, c.kind, c.text, c.line)),
        );
    }
    found
}

/// Runs checkpatch on patches; what it says of each.
fn run(source: &Path, patches: &[Vec<u8>]) -> Vec<Vec<Complaint>> {
    if patches.is_empty() {
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = |at: usize| folder.path().join(format!("{at}.patch")).display().to_string();
    for (at, patch) in patches.iter().enumerate() {
        fs::write(name(at), patch).expect("a temporary file can be written");
    }
    let output = Command::new("perl")
        .arg("scripts/checkpatch.pl")
        .args(["--strict", "--no-signoff", "--terse", "--no-summary", "--show-types"])
        .arg("--color=never")
        .args((0..patches.len()).map(name))
        .current_dir(source)
        .output()
        .expect("perl starts");
    // 0 and 1 are its verdicts; anything else means that it did not run.
    assert!(
        output.status.code().is_some_and(|code| code <= 1),
        "checkpatch.pl: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8_lossy(&output.stdout);
    let of_patch = |(at, patch): (usize, &Vec<u8>)| {
        let patch = String::from_utf8_lossy(patch);
        let lines: Vec<&str> = patch.lines().collect();
        let name = name(at);
        said.lines().filter_map(|said| complaint(&lines, said.strip_prefix(&*name)?)).collect()
    };
    patches.iter().enumerate().map(of_patch).collect()
}

/// Reads `:LINE: CHECK:TYPE: text`; `None` if it is not about an added line.
fn complaint(lines: &[&str], said: &str) -> Option<Complaint> {
    let (number, text) = said.strip_prefix(':')?.split_once(": ")?;
    let number: usize = number.parse().ok()?;
    let line = lines.get(number.checked_sub(1)?)?.strip_prefix('+')?.to_owned();
    let (kind, text) = text.split_once(": ")?;
    Some(Complaint { number, line, kind: kind.to_owned(), text: text.to_owned() })
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
