//! The JSON object of the contract. Fields stand in the contract's order; maps are
//! sorted; what only `plan` knows is absent from a scan.

use super::classes::{self, ClassRow};
use super::reviewed::{Reviewed, word};
use super::show::Shown;
use super::verified::Verified;
use super::{Outcome, Planned, Report, contract_name, tally};
use crate::detect::{CloneGroup, Hole, HoleKind, Kind, Level, Member};
use crate::store::Proposal;
use crate::tree::KernelTree;
use crate::verify::Verdict;
use crate::verify::ladder::Proof;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

/// Version of the object's shape; grows only when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// What every object begins with.
#[derive(Serialize)]
struct Head<'r> {
    schema: u32,
    drvdedup: &'static str,
    tree: String,
    kernel: Option<&'r str>,
}

impl Head<'_> {
    fn of(tree: &KernelTree) -> Head<'_> {
        Head {
            schema: SCHEMA,
            drvdedup: env!("CARGO_PKG_VERSION"),
            tree: tree.root.to_string_lossy().into_owned(),
            kernel: tree.kernel.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct ReportJson<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    summary: SummaryJson<'r>,
    groups: Vec<GroupJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposals: Option<Vec<ProposalJson<'r>>>,
}

#[derive(Serialize)]
struct SummaryJson<'r> {
    files: u64,
    functions: u64,
    lines: u64,
    function_lines: u64,
    parse_gaps: u64,
    unreadable: u64,
    groups: u64,
    redundant_lines: u64,
    by_kind: BTreeMap<String, u64>,
    by_level: BTreeMap<String, u64>,
    by_class: BTreeMap<&'r str, u64>,
    kept: u64,
    classes: Vec<ClassRow<'r>>,
    #[serde(flatten)]
    planned: Option<PlannedJson<'r>>,
}

#[derive(Serialize)]
struct PlannedJson<'r> {
    proposals: u64,
    refusals: u64,
    by_refusal: BTreeMap<&'r str, u64>,
    lines_added: u64,
    lines_removed: u64,
}

#[derive(Serialize)]
struct GroupJson<'r> {
    id: &'r str,
    kind: Kind,
    level: Level,
    members: Vec<MemberJson<'r>>,
    holes: Vec<HoleJson<'r>>,
    /// Only where it is so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    adds_nothing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'r Outcome>,
}

#[derive(Serialize)]
struct MemberJson<'r> {
    file: &'r str,
    function: &'r str,
    start_line: u32,
    end_line: u32,
    driver: &'r str,
    class: &'r str,
}

#[derive(Serialize)]
struct HoleJson<'r> {
    kind: HoleKind,
    values: &'r [String],
}

#[derive(Serialize)]
struct ProposalJson<'r> {
    id: &'r str,
    group: &'r str,
    rewrite: &'r str,
    strategy: &'r str,
    files: &'r [String],
    lines_added: u32,
    lines_removed: u32,
    patch: &'r str,
    verdict: Verdict,
    notes: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<&'r Proof>,
}

#[derive(Serialize)]
struct ReviewedJson<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    proposals: Vec<DecidedJson<'r>>,
}

#[derive(Serialize)]
struct DecidedJson<'r> {
    #[serde(flatten)]
    proposal: ProposalJson<'r>,
    subject: &'r str,
    /// `accepted`, `rejected`, or null.
    decision: Option<&'static str>,
    reason: &'r str,
    stale: bool,
}

#[derive(Serialize)]
struct VerifiedJson<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    summary: VerifiedSummaryJson,
    groups: [(); 0],
    proposals: Vec<ProposalJson<'r>>,
}

#[derive(Serialize)]
struct VerifiedSummaryJson {
    proposals: u64,
    by_verdict: BTreeMap<String, u64>,
    not_built: u64,
}

/// Writes `report` as one object and a newline.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let planned = report.planned.as_ref();
    let object = ReportJson {
        head: Head::of(&report.tree),
        summary: summary(report),
        groups: report.groups.iter().map(|group| group_json(group, planned)).collect(),
        proposals: planned.map(|planned| planned.proposals.iter().map(proposal_json).collect()),
    };
    write_object(out, &object)
}

#[derive(Serialize)]
struct ShownJson<'r> {
    #[serde(flatten)]
    head: Head<'r>,
    groups: Vec<GroupJson<'r>>,
    proposals: Vec<ProposalJson<'r>>,
    diff: Option<String>,
}

/// Writes what `show` shows: the fields of a report that concern it, and the
/// patch's text as `diff` (a patch that is not UTF-8 reads exactly only from the
/// file that `patch` names).
///
/// # Errors
/// Those of `out`.
pub fn write_shown(out: &mut dyn Write, shown: &Shown) -> io::Result<()> {
    let proposal = shown.proposal.iter();
    let group_json =
        |group| GroupJson { outcome: shown.outcome.as_ref(), ..group_json(group, None) };
    let object = ShownJson {
        head: Head::of(&shown.tree),
        groups: shown.group.iter().map(group_json).collect(),
        proposals: proposal.clone().map(|(proposal, _)| proposal_json(proposal)).collect(),
        diff: proposal.map(|(_, patch)| String::from_utf8_lossy(patch).into_owned()).next(),
    };
    write_object(out, &object)
}

/// Writes what `verify` found as one object and a newline.
///
/// # Errors
/// Those of `out`.
pub fn write_verified(out: &mut dyn Write, verified: &Verified) -> io::Result<()> {
    let object = VerifiedJson {
        head: Head::of(&verified.tree),
        summary: VerifiedSummaryJson {
            proposals: verified.proposals.len() as u64,
            by_verdict: verified.by_verdict(),
            not_built: verified.not_built(),
        },
        groups: [],
        proposals: verified.proposals.iter().map(proposal_json).collect(),
    };
    write_object(out, &object)
}

/// Writes what was decided about proposals as one object and a newline.
///
/// # Errors
/// Those of `out`.
pub fn write_reviewed(
    out: &mut dyn Write,
    tree: &KernelTree,
    reviewed: &[Reviewed],
) -> io::Result<()> {
    let object = ReviewedJson {
        head: Head::of(tree),
        proposals: reviewed.iter().map(decided_json).collect(),
    };
    write_object(out, &object)
}

fn decided_json(reviewed: &Reviewed) -> DecidedJson<'_> {
    let Reviewed { proposal, decision, stale } = reviewed;
    DecidedJson {
        proposal: proposal_json(proposal),
        subject: &proposal.subject,
        decision: decision.as_ref().map(|decision| word(Some(decision))),
        reason: decision.as_ref().map_or("", |decision| decision.reason.as_str()),
        stale: stale.is_some(),
    }
}

const BUFFER: usize = 64 << 10;

/// Writes any value as the contract's objects are written: indented, and with a
/// newline after it.
///
/// # Errors
/// Those of `out`.
pub fn write_object(out: &mut dyn Write, object: &impl Serialize) -> io::Result<()> {
    // Millions of small pieces: each would be a call through the trait object.
    let mut out = BufWriter::with_capacity(BUFFER, out);
    serde_json::to_writer_pretty(&mut out, object)?;
    out.write_all(b"\n")?;
    out.flush()
}

fn summary(report: &Report) -> SummaryJson<'_> {
    let Report { counts, groups, .. } = report;
    SummaryJson {
        files: counts.files,
        functions: counts.functions,
        lines: counts.lines,
        function_lines: counts.function_lines,
        parse_gaps: counts.parse_gaps,
        unreadable: counts.unreadable,
        groups: groups.len() as u64,
        redundant_lines: groups.iter().map(|group| u64::from(group.redundant_lines())).sum(),
        by_kind: tally(groups.iter().map(|group| contract_name(group.kind))),
        by_level: tally(groups.iter().map(|group| contract_name(group.level))),
        by_class: tally(groups.iter().flat_map(classes::classes)),
        kept: counts.kept,
        classes: classes::rows(report),
        planned: report.planned.as_ref().map(planned_json),
    }
}

fn planned_json(planned: &Planned) -> PlannedJson<'_> {
    let by_refusal = planned.refusals();
    let (lines_added, lines_removed) = planned.lines();
    PlannedJson {
        proposals: planned.proposals.len() as u64,
        refusals: by_refusal.values().sum(),
        by_refusal,
        lines_added,
        lines_removed,
    }
}

fn group_json<'r>(group: &'r CloneGroup, planned: Option<&'r Planned>) -> GroupJson<'r> {
    GroupJson {
        id: &group.id,
        kind: group.kind,
        level: group.level,
        members: group.members.iter().map(member_json).collect(),
        holes: group.holes.iter().map(hole_json).collect(),
        adds_nothing: group.adds_nothing,
        outcome: planned.and_then(|planned| planned.outcomes.get(&group.id)),
    }
}

fn member_json(member: &Member) -> MemberJson<'_> {
    MemberJson {
        file: &member.file,
        function: &member.name,
        start_line: member.function.start_line,
        end_line: member.function.end_line,
        driver: &member.driver,
        class: &member.class,
    }
}

fn hole_json(hole: &Hole) -> HoleJson<'_> {
    HoleJson { kind: hole.kind, values: &hole.values }
}

fn proposal_json(proposal: &Proposal) -> ProposalJson<'_> {
    ProposalJson {
        id: &proposal.id,
        group: &proposal.group,
        rewrite: &proposal.rewrite,
        strategy: &proposal.strategy,
        files: &proposal.files,
        lines_added: proposal.lines_added,
        lines_removed: proposal.lines_removed,
        patch: &proposal.patch,
        verdict: proposal.verdict,
        notes: &proposal.notes,
        proof: proposal.proof.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use serde_json::{Value, json};
    use std::path::Path;

    fn written(planned: Option<Planned>) -> (String, Value) {
        let mut out = Vec::new();
        write(&mut out, &sample::report(Path::new("/k"), planned)).expect("a vector takes all");
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        let value = serde_json::from_str(&text).expect("it is JSON");
        (text, value)
    }

    #[test]
    fn a_scan_has_the_fields_of_the_contract_and_none_of_a_plan() {
        let (_, value) = written(None);
        let expected = json!({
            "schema": 1, "drvdedup": env!("CARGO_PKG_VERSION"), "tree": "/k", "kernel": "6.1.0",
            "summary": {
                "files": 1, "functions": 2, "lines": 10, "function_lines": 8,
                "parse_gaps": 0, "unreadable": 0, "groups": 1, "redundant_lines": 4,
                "by_kind": {"constant-only": 1}, "by_level": {"driver": 1},
                "by_class": {"hwmon": 1}, "kept": 0, "classes": [{
                    "class": "hwmon", "drivers": 1, "functions": 2, "function_lines": 8,
                    "groups": 1, "redundant_lines": 4 }] },
            "groups": [{
                "id": "0a0b0c0d", "kind": "constant-only", "level": "driver",
                "members": [
                    {"file": "drivers/hwmon/a.c", "function": "a_get", "start_line": 1,
                     "end_line": 4, "driver": "a", "class": "hwmon"},
                    {"file": "drivers/hwmon/a.c", "function": "b_get", "start_line": 7,
                     "end_line": 10, "driver": "a", "class": "hwmon"}],
                "holes": [{"kind": "integer", "values": ["0x10", "0x20"]}]}]});
        assert_eq!(value, expected);
    }

    #[test]
    fn a_plan_adds_outcomes_proposals_and_their_sums() {
        let (_, value) = written(Some(sample::proposed()));
        assert_eq!(value["groups"][0]["outcome"], json!({"proposal": "11112222"}));
        assert_eq!(value["summary"]["proposals"], 1);
        assert_eq!(value["summary"]["lines_removed"], 8);
        assert_eq!(value["proposals"][0]["verdict"], "expands");
        assert_eq!(value["proposals"][0].get("base"), None);

        let (_, value) = written(Some(sample::refused()));
        let refusal = json!({"reason": "constant-context", "detail": "the value is a case label",
            "at": "drivers/hwmon/a.c:3"});
        assert_eq!(value["groups"][0]["outcome"], json!({ "refusal": refusal }));
        assert_eq!(value["summary"]["by_refusal"], json!({"constant-context": 1}));
        assert_eq!(value["proposals"], json!([]));
    }

    #[test]
    fn fields_stand_in_the_order_of_the_contract() {
        let (text, _) = written(Some(sample::proposed()));
        let order = [
            "schema",
            "drvdedup",
            "tree",
            "kernel",
            "summary",
            "files",
            "by_class",
            "by_refusal",
            "lines_removed",
            "groups",
            "members",
            "holes",
            "outcome",
            "rewrite",
        ];
        let mut rest = text.as_str();
        for field in order {
            let key = format!("\"{field}\":");
            rest = rest.split_once(&key).unwrap_or_else(|| panic!("{field} stands too early")).1;
        }
    }
}
