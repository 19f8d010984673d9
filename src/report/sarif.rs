//! SARIF 2.1.0 for code scanning: a result a group, the kinds as rules. In: a [`Report`],
//! and what a baseline knows. Out: one log of one run.
//!
//! A result's place is its first member; all members are its related locations. It is
//! told from others by the group's id, which survives shifted lines.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::json::write_object;
use super::kinds::{kind_text, kind_title};
use super::source::printable_line;
use super::{Outcome, Planned, Report, contract_name, counted, group};
use crate::baseline::{Baseline, Gone};
use crate::detect::{CloneGroup, Kind, Level, Member, Options};
use crate::verify::Verdict;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

/// Results in a log: what code scanning services show of one.
pub const MOST_RESULTS: usize = 5000;
/// Members that a message links to.
const LINKED_MEMBERS: usize = 8;
/// What the log's paths are relative to; code scanning services know the name.
const ROOT: &str = "%SRCROOT%";
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What a scan was compared with.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'r> {
    /// The groups that were known before.
    pub known: &'r Baseline,
    /// Those of them that are no longer there.
    pub gone: &'r [Gone<'r>],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Value,
    invocations: [Value; 1],
    original_uri_base_ids: Value,
    column_kind: &'static str,
    results: Vec<ResultJson<'r>>,
    properties: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultJson<'r> {
    rule_id: Kind,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'r>>,
    partial_fingerprints: Fingerprints<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    properties: Properties<'r>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'r> {
    /// The number that a message's link names.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'r>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    end_line: u32,
}

#[derive(Serialize)]
struct LogicalLocation<'r> {
    name: &'r str,
    kind: &'static str,
}

#[derive(Serialize)]
struct Fingerprints<'r> {
    #[serde(rename = "drvdedupGroup/v1")]
    group: &'r str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redundant_lines: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'r Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'r str>,
}

/// Writes the log: the groups in their order, after them those that are gone, at most
/// [`MOST_RESULTS`]; the others are counted in a notification and in the run's properties.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, report: &Report, compared: Option<Compared>) -> io::Result<()> {
    let planned = report.planned.as_ref();
    let known = compared.map(|compared| compared.known);
    let gone = compared.map_or(&[][..], |compared| compared.gone);
    let found = report.groups.iter().map(|group| result(group, planned, known));
    let results: Vec<_> = found.chain(gone.iter().map(absent)).take(MOST_RESULTS).collect();
    let left_out = report.groups.len() + gone.len() - results.len();
    let run = Run {
        tool: tool(),
        invocations: [invocation(report, left_out)],
        original_uri_base_ids: json!({ ROOT: {
            "uri": root_uri(report),
            "description": { "text": "The top of the kernel tree." },
        } }),
        column_kind: "unicodeCodePoints",
        results,
        properties: json!({
            "kernel": report.tree.kernel,
            "files": report.counts.files,
            "functions": report.counts.functions,
            "unreadable": report.counts.unreadable,
            "groups": report.groups.len(),
            "resultsLeftOut": left_out,
        }),
    };
    write_object(out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

fn tool() -> Value {
    let rule = |kind: Kind| {
        json!({
            "id": contract_name(kind),
            "name": kind_name(kind),
            "shortDescription": { "text": kind_title(kind) },
            "fullDescription": { "text": kind_text(kind) },
            "help": { "text": HELP },
            "defaultConfiguration": { "level": LEVEL },
            "properties": { "tags": ["duplication", "maintainability"] },
        })
    };
    json!({ "driver": {
        "name": "drvdedup",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": Options::KINDS.map(rule),
        "notifications": [{
            "id": LEFT_OUT,
            "shortDescription": { "text": "There are more groups than results." },
        }],
    } })
}

/// Duplicated code is worth a look, and no fault.
const LEVEL: &str = "note";
const LEFT_OUT: &str = "results-left-out";
const HELP: &str = "`drvdedup show ID` has the members side by side, `drvdedup plan` the patch or \
    the reason why there is none. A comment `drvdedup: keep (reason)` directly above a function \
    keeps it out of all groups.";

/// `ConstantOnly` for `constant-only`, as names of rules are written.
fn kind_name(kind: Kind) -> String {
    let words = contract_name(kind);
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    words.split('-').filter(|word| !word.is_empty()).map(capital).collect()
}

fn invocation(report: &Report, left_out: usize) -> Value {
    let mut notifications = Vec::new();
    if left_out > 0 {
        let groups = counted(left_out as u64, "more group");
        let text = format!(
            "{groups} of {} left out: a log has at most {MOST_RESULTS} results, those to look at \
             first; --format json has all.",
            left_out + MOST_RESULTS
        );
        notifications.push(json!({
            "descriptor": { "id": LEFT_OUT, "index": 0 },
            "level": "note",
            "message": { "text": text },
        }));
    }
    if report.counts.unreadable > 0 {
        let text = format!("{} could not be read.", counted(report.counts.unreadable, "file"));
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    json!({ "executionSuccessful": true, "toolExecutionNotifications": notifications })
}

fn result<'r>(
    group: &'r CloneGroup,
    planned: Option<&'r Planned>,
    known: Option<&Baseline>,
) -> ResultJson<'r> {
    let outcome = planned.and_then(|planned| planned.outcomes.get(&group.id));
    let proposal = match outcome {
        Some(Outcome::Proposal(id)) => planned.and_then(|planned| planned.proposal(id)),
        _ => None,
    };
    let related = group.members.iter().enumerate().map(|(at, member)| Location {
        id: Some(at + 1),
        message: Some(Message { text: printable_line(&format!("{}()", member.name)) }),
        ..location(member)
    });
    let state = |known: &Baseline| if known.knows(&group.id) { "unchanged" } else { "new" };
    ResultJson {
        message: Message { text: message(group, planned) },
        locations: group.members.first().map(location).into_iter().collect(),
        related_locations: related.collect(),
        baseline_state: known.map(state),
        properties: Properties {
            level: Some(group.level),
            redundant_lines: Some(group.redundant_lines()),
            outcome,
            verdict: proposal.map(|proposal| proposal.verdict),
            patch: proposal.map(|proposal| proposal.patch.as_str()),
        },
        ..result_of(group.kind, &group.id)
    }
}

/// A known group that is there no longer: of its places only the files are known.
fn absent<'r>(gone: &Gone<'r>) -> ResultJson<'r> {
    let mut files: Vec<&str> = gone.known.files.iter().map(String::as_str).collect();
    files.dedup();
    let text = format!("{}: known before and no longer there", contract_name(gone.known.kind));
    let location = |file| Location {
        id: None,
        physical_location: PhysicalLocation { artifact_location: artifact(file), region: None },
        logical_locations: None,
        message: None,
    };
    ResultJson {
        message: Message { text },
        locations: files.first().map(|file| location(file)).into_iter().collect(),
        related_locations: files.iter().map(|file| location(file)).collect(),
        baseline_state: Some("absent"),
        ..result_of(gone.known.kind, gone.id)
    }
}

/// What all results of a kind have.
fn result_of(kind: Kind, id: &str) -> ResultJson<'_> {
    ResultJson {
        rule_id: kind,
        rule_index: Options::KINDS.iter().position(|known| *known == kind).unwrap_or(0),
        level: LEVEL,
        message: Message { text: String::new() },
        locations: Vec::new(),
        related_locations: Vec::new(),
        partial_fingerprints: Fingerprints { group: id },
        baseline_state: None,
        properties: Properties::default(),
    }
}

fn location(member: &Member) -> Location<'_> {
    let function = &member.function;
    let region = Region { start_line: function.start_line, end_line: function.end_line };
    let artifact_location = artifact(&member.file);
    Location {
        id: None,
        physical_location: PhysicalLocation { artifact_location, region: Some(region) },
        logical_locations: Some([LogicalLocation { name: &member.name, kind: "function" }]),
        message: None,
    }
}

/// What the group is, its first members as links to the related locations, and what came
/// of it.
fn message(group: &CloneGroup, planned: Option<&Planned>) -> String {
    let links = group.members.iter().take(LINKED_MEMBERS).enumerate().map(|(at, member)| {
        let file = member.file.rsplit('/').next().unwrap_or_default();
        let name = format!("{}() in {file}", member.name);
        format!("[{}]({})", link_text(&name), at + 1)
    });
    let mut text = format!("{}: {}", group::title(group), links.collect::<Vec<_>>().join(", "));
    let more = group.members.len().saturating_sub(LINKED_MEMBERS);
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text.push('.');
    for line in planned.iter().flat_map(|planned| group::outcome_notes(group, planned)) {
        text += &format!("\n{}", link_text(&line));
    }
    text
}

/// `text` as itself, where brackets would make a link of it.
fn link_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in printable_line(text).chars() {
        if matches!(c, '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn artifact(file: &str) -> ArtifactLocation {
    ArtifactLocation { uri: escaped_path(file.as_bytes()), uri_base_id: ROOT }
}

fn root_uri(report: &Report) -> String {
    let path = escaped_path(report.tree.root.as_os_str().as_bytes());
    format!("file://{}/", path.trim_end_matches('/'))
}

/// A path as a part of a URI: all but the unreserved characters of RFC 3986 and the
/// slashes as a percent sign and two digits.
fn escaped_path(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            byte => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
