//! The texts of the groups, for the page part that shows one of them.

use crate::detect::{CloneGroup, Hole, HoleKind, Member};
use crate::report::message::message;
use crate::report::source::{clamped, hole_marks, printable, read};
use crate::report::{Outcome, Planned, Report, verified};
use crate::store::Proposal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Members of a group whose text is in the page.
const TEXTS: usize = 8;
/// Bytes of a member's text that are in the page.
const TEXT_BYTES: usize = 48 << 10;
/// Bytes of text in a chunk, about: it is read at once, so that a click is not felt.
const CHUNK_BYTES: usize = 256 << 10;

/// All groups, in runs that are packed together.
pub struct Chunks<'r> {
    report: &'r Report,
    ranges: Vec<Range<usize>>,
    left_out: LeftOut,
}

/// What the page does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Members that are named, but whose text is not there.
    pub texts: u64,
    /// Members of which only the beginning is there.
    pub cut: u64,
    /// The most members of a group whose text is there.
    pub most: usize,
}

/// What the page shows of one group beside what the index has.
#[derive(Serialize)]
pub struct Details<'r> {
    /// First and last line of each member.
    lines: Vec<(u32, u32)>,
    texts: Vec<Text>,
    holes: Vec<HoleJson<'r>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    adds_nothing: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<ProposalJson<'r>>,
}

/// A member's text.
#[derive(Serialize)]
struct Text {
    /// Which member it is of.
    member: usize,
    /// What stands before the first hole, the hole, what stands behind it, the next hole,
    /// and so on. Nothing where the file can no longer be read.
    text: Vec<String>,
    /// The numbers of these holes, from 0.
    holes: Vec<usize>,
    /// It goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

#[derive(Serialize)]
struct HoleJson<'r> {
    kind: HoleKind,
    places: usize,
    values: &'r [String],
}

#[derive(Serialize)]
struct RefusalJson<'r> {
    detail: &'r str,
    at: &'r str,
}

#[derive(Serialize)]
struct ProposalJson<'r> {
    id: &'r str,
    rewrite: &'r str,
    strategy: &'r str,
    files: &'r [String],
    added: u32,
    removed: u32,
    path: &'r str,
    notes: &'r [String],
    proof: Vec<(&'static str, String)>,
    message: String,
    patch: String,
}

impl<'r> Chunks<'r> {
    /// Divides the groups of the report.
    pub fn of(report: &'r Report) -> Chunks<'r> {
        let mut chunks = Chunks { report, ranges: Vec::new(), left_out: LeftOut::default() };
        chunks.left_out.most = TEXTS;
        let (mut start, mut bytes) = (0, 0);
        for (at, group) in report.groups.iter().enumerate() {
            let texts = shown(group);
            chunks.left_out.texts += (group.members.len() - texts.len()) as u64;
            let lengths = texts.iter().map(|&member| group.members[member].function.range().len());
            chunks.left_out.cut +=
                lengths.clone().filter(|&length| length > TEXT_BYTES).count() as u64;
            bytes += lengths.map(|length| length.min(TEXT_BYTES)).sum::<usize>();
            if bytes >= CHUNK_BYTES {
                chunks.ranges.push(start..at + 1);
                (start, bytes) = (at + 1, 0);
            }
        }
        if start < report.groups.len() {
            chunks.ranges.push(start..report.groups.len());
        }
        chunks
    }

    /// The groups of each chunk.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// What is in no chunk.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// The details of these groups.
    pub fn details(&self, range: Range<usize>) -> Vec<Details<'r>> {
        let Report { tree, groups, planned, .. } = self.report;
        let mut sources = BTreeMap::new();
        let groups = groups.get(range).unwrap_or_default();
        groups.iter().map(|it| details(&tree.root, it, planned.as_ref(), &mut sources)).collect()
    }
}

/// Files by their paths; those of a chunk are often the same.
type Sources<'r> = BTreeMap<&'r str, Option<Vec<u8>>>;

/// The members whose text is shown: the first ones, and the one that would stay.
fn shown(group: &CloneGroup) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..group.members.len().min(TEXTS)).collect();
    let original = group.original();
    if let (true, Some(last)) = (original >= TEXTS, shown.last_mut()) {
        *last = original;
    }
    shown
}

fn details<'r>(
    root: &Path,
    group: &'r CloneGroup,
    planned: Option<&'r Planned>,
    sources: &mut Sources<'r>,
) -> Details<'r> {
    let outcome = planned.and_then(|planned| planned.outcomes.get(&group.id));
    let hole = |hole: &'r Hole| HoleJson {
        kind: hole.kind,
        places: hole.tokens.len(),
        values: &hole.values,
    };
    let mut text = |member: usize| {
        let of = &group.members[member];
        let source = sources.entry(&of.file).or_insert_with(|| read(root, &of.file));
        text(member, of, &group.holes, source.as_deref())
    };
    Details {
        lines: group
            .members
            .iter()
            .map(|it| (it.function.start_line, it.function.end_line))
            .collect(),
        texts: shown(group).into_iter().map(&mut text).collect(),
        holes: group.holes.iter().map(hole).collect(),
        adds_nothing: group.adds_nothing,
        refusal: match outcome {
            Some(Outcome::Refusal(it)) => Some(RefusalJson { detail: &it.detail, at: &it.at }),
            _ => None,
        },
        proposal: match (outcome, planned) {
            (Some(Outcome::Proposal(id)), Some(planned)) => {
                planned.proposal(id).map(|it| proposal_json(it, planned))
            }
            _ => None,
        },
    }
}

fn text(member: usize, of: &Member, holes: &[Hole], source: Option<&[u8]>) -> Text {
    let whole = of.function.range();
    let Some(bytes) = source.and_then(|source| source.get(whole.clone())) else {
        return Text { member, text: Vec::new(), holes: Vec::new(), cut: false };
    };
    let source = source.unwrap_or_default();
    let cut = bytes.len() > TEXT_BYTES;
    let shown = printable(&bytes[..bytes.len().min(TEXT_BYTES)]);
    let (mut text, mut numbers, mut at) = (Vec::new(), Vec::new(), 0);
    for (hole, mark) in hole_marks(source, of, holes) {
        let mark = clamped(&shown, mark.start - whole.start..mark.end - whole.start);
        if mark.start < at || mark.is_empty() {
            continue;
        }
        text.push(shown[at..mark.start].to_owned());
        text.push(shown[mark.clone()].to_owned());
        numbers.push(hole);
        at = mark.end;
    }
    text.push(shown[at..].to_owned());
    Text { member, text, holes: numbers, cut }
}

fn proposal_json<'r>(proposal: &'r Proposal, planned: &'r Planned) -> ProposalJson<'r> {
    let patch = planned.patches.get(&proposal.id).map_or(&[][..], Vec::as_slice);
    ProposalJson {
        id: &proposal.id,
        rewrite: &proposal.rewrite,
        strategy: &proposal.strategy,
        files: &proposal.files,
        added: proposal.lines_added,
        removed: proposal.lines_removed,
        path: &proposal.patch,
        notes: &proposal.notes,
        proof: verified::proof_rows(proposal, patch),
        message: message(proposal, patch),
        patch: printable(patch),
    }
}
