//! Writers over the types of the stages before. In: a [`Report`]. Out: text for
//! people ([`human`], [`show`], [`diff`], [`html`]), one JSON object ([`json`]), a log for
//! code scanning ([`sarif`]) or lines for other tools ([`modes`]). It reads source files in
//! order to quote them, decides nothing and never writes to disk.

pub mod classes;
pub mod diff;
pub mod group;
pub mod html;
pub mod human;
pub mod json;
pub mod kinds;
pub mod message;
pub mod modes;
pub mod repeats;
pub mod reviewed;
pub mod sarif;
pub mod show;
pub mod side_by_side;
pub mod source;
pub mod summary;
pub mod verified;

use crate::detect::{ClassCounts, DriverLines, Groups};
use crate::store::Proposal;
use crate::tree::KernelTree;
use codespan_reporting::term::termcolor::{ColorSpec, WriteColor};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// What was read on the way to the groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files read.
    pub files: u64,
    /// Functions found in them.
    pub functions: u64,
    /// Lines of the files.
    pub lines: u64,
    /// Lines of the functions.
    pub function_lines: u64,
    /// Functions looked at that have no complete syntax tree.
    pub parse_gaps: u64,
    /// Files that could not be read.
    pub unreadable: u64,
    /// Functions that a comment keeps out of all groups.
    pub kept: u64,
    /// What was read of each class.
    pub classes: BTreeMap<String, ClassCounts>,
    /// What was read of each driver.
    pub drivers: DriverLines,
}

/// Why a group has no proposal, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// A stable slug; `plan --explain` lists them.
    pub reason: String,
    /// What stands in the way, for a person.
    pub detail: String,
    /// `file:line`.
    pub at: String,
}

/// What planning made of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Id of its proposal.
    Proposal(String),
    /// Why there is none.
    Refusal(Refusal),
}

/// All that a scan or a plan has to say.
#[derive(Clone, Debug)]
pub struct Report {
    /// The tree that was read.
    pub tree: KernelTree,
    /// What was read of it.
    pub counts: Counts,
    /// The groups reported, in their own order.
    pub groups: Groups,
    /// Set by `plan`.
    pub planned: Option<Planned>,
}

/// What `plan` adds to a scan.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Outcome by id of the group.
    pub outcomes: BTreeMap<String, Outcome>,
    /// The proposals made, in the order of their groups.
    pub proposals: Vec<Proposal>,
    /// Their patches by their ids.
    pub patches: BTreeMap<String, Vec<u8>>,
}

impl Planned {
    /// The proposal with this id.
    pub fn proposal(&self, id: &str) -> Option<&Proposal> {
        self.proposals.iter().find(|proposal| proposal.id == id)
    }

    /// Number of refused groups by reason.
    pub fn refusals(&self) -> BTreeMap<&str, u64> {
        let reasons = self.outcomes.values().filter_map(|outcome| match outcome {
            Outcome::Refusal(refusal) => Some(refusal.reason.as_str()),
            Outcome::Proposal(_) => None,
        });
        tally(reasons)
    }

    /// Lines that all patches add, and lines that they remove.
    pub fn lines(&self) -> (u64, u64) {
        self.proposals.iter().fold((0, 0), |(added, removed), proposal| {
            (added + u64::from(proposal.lines_added), removed + u64::from(proposal.lines_removed))
        })
    }
}

/// How often each key comes.
fn tally<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// The name that the contract gives to a kind, a level, a hole's kind or a
/// verdict: the one that serde writes, so that people and scripts read the same.
pub fn contract_name<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

/// `1 line`, `2 lines`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Writes `text` in bold.
fn bold(out: &mut dyn WriteColor, text: &str) -> io::Result<()> {
    out.set_color(ColorSpec::new().set_bold(true))?;
    write!(out, "{}", source::printable_line(text))?;
    out.reset()
}

/// [`bold`] on a line of its own.
fn heading(out: &mut dyn WriteColor, text: &str) -> io::Result<()> {
    bold(out, text)?;
    writeln!(out)
}

/// Clone groups of invented files, for the tests of the writers.
#[cfg(test)]
pub(crate) mod sample {
    use super::{Counts, Outcome, Planned, Refusal, Report};
    use crate::detect::{ClassCounts, CloneGroup, Hole, HoleKind, Kind, Level, Member};
    use crate::store::Proposal;
    use crate::syntax::lexer;
    use crate::tree::KernelTree;
    use crate::verify::Verdict;
    use std::path::Path;

    /// Two functions that differ in a register.
    pub const SOURCE: &[u8] = b"static int a_get(struct a *a)\n{\n\treturn a_read(a, 0x10);\n}\n\
        \n/* caf\xe9 */\nstatic int b_get(struct a *a)\n{\n\treturn a_read(a, 0x20);\n}\n";

    /// The patch of [`proposed`].
    pub const PATCH: &[u8] = b"diff --git a/drivers/hwmon/a.c b/drivers/hwmon/a.c\n\
        --- a/drivers/hwmon/a.c\n+++ b/drivers/hwmon/a.c\n@@ -3 +3 @@\n\
        -\treturn a_read(a, 0x10);\n+\treturn a_get_reg(a, 0x10);\n";

    /// The tree at `root`.
    pub fn tree(root: &Path) -> KernelTree {
        KernelTree { root: root.to_owned(), kernel: Some("6.1.0".into()), loop_macros: vec![] }
    }

    /// The group that the functions of [`SOURCE`] form.
    pub fn group(file: &str) -> CloneGroup {
        let (functions, _) = crate::syntax::split::functions(SOURCE);
        let first = &SOURCE[functions[0].range()];
        let hole = lexer::tokens(first).iter().position(|token| token.text(first) == b"0x10");
        let members = functions.into_iter().map(|function| Member {
            file: file.into(),
            name: String::from_utf8_lossy(function.name(SOURCE)).into_owned(),
            function,
            driver: "a".into(),
            class: "hwmon".into(),
            ordinal: 0,
        });
        CloneGroup {
            id: "0a0b0c0d".into(),
            kind: Kind::ConstantOnly,
            level: Level::Driver,
            members: members.collect(),
            holes: vec![Hole {
                kind: HoleKind::Integer,
                values: vec!["0x10".into(), "0x20".into()],
                tokens: vec![hole.expect("the hole is in the source") as u32],
            }],
            adds_nothing: false,
        }
    }

    /// What was read to find [`group`].
    pub fn counts() -> Counts {
        let hwmon = ClassCounts { drivers: 1, functions: 2, function_lines: 8 };
        let classes = [("hwmon".into(), hwmon)].into();
        Counts {
            files: 1,
            functions: 2,
            lines: 10,
            function_lines: 8,
            classes,
            drivers: [("hwmon".into(), [("a".into(), 8)].into())].into(),
            ..Counts::default()
        }
    }

    /// A report over [`group`].
    pub fn report(root: &Path, planned: Option<Planned>) -> Report {
        let groups = vec![group("drivers/hwmon/a.c")].into();
        Report { tree: tree(root), counts: counts(), groups, planned }
    }

    /// A proposal for [`group`].
    pub fn proposed() -> Planned {
        let proposal = Proposal {
            id: "11112222".into(),
            group: "0a0b0c0d".into(),
            rewrite: "extract-helper".into(),
            strategy: "procedural-abstraction".into(),
            files: vec!["drivers/hwmon/a.c".into()],
            lines_added: 6,
            lines_removed: 8,
            patch: ".drvdedup/proposals/11112222.patch".into(),
            verdict: Verdict::Expands,
            notes: vec!["a_get() stays: its address is taken".into()],
            subject: "hwmon: a: Share a helper".into(),
            message: String::new(),
            base: Default::default(),
            claim: None,
            proof: None,
            edited: false,
            named: false,
        };
        let outcome = Outcome::Proposal(proposal.id.clone());
        let outcomes = [("0a0b0c0d".into(), outcome)].into();
        let patches = [(proposal.id.clone(), PATCH.to_vec())].into();
        Planned { outcomes, proposals: vec![proposal], patches }
    }

    /// A refusal of [`group`].
    pub fn refused() -> Planned {
        let outcome = Outcome::Refusal(Refusal {
            reason: "constant-context".into(),
            detail: "the value is a case label".into(),
            at: "drivers/hwmon/a.c:3".into(),
        });
        Planned { outcomes: [("0a0b0c0d".into(), outcome)].into(), ..Planned::default() }
    }
}
