//! What `verify` found: a line a proposal, and how many came how far.

use super::source::printable_line;
use super::{contract_name, counted, heading};
use crate::store::Proposal;
use crate::tree::KernelTree;
use crate::verify::Verdict;
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeMap;
use std::io;

/// All that a verification has to say.
pub struct Verified {
    /// The tree.
    pub tree: KernelTree,
    /// With their new verdicts and proofs, in the order of their files.
    pub proposals: Vec<Proposal>,
}

impl Verified {
    /// Number of proposals by verdict.
    pub fn by_verdict(&self) -> BTreeMap<String, u64> {
        super::tally(self.proposals.iter().map(|it| contract_name(it.verdict)))
    }

    /// Number of proposals of which the configuration builds nothing, or not all.
    pub fn not_built(&self) -> u64 {
        let built = |it: &&Proposal| it.proof.as_ref().is_none_or(|proof| proof.is_built());
        self.proposals.iter().filter(|it| !built(it)).count() as u64
    }
}

/// Writes the lines and the table.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, verified: &Verified) -> io::Result<()> {
    for proposal in &verified.proposals {
        let verdict = contract_name(proposal.verdict);
        let subject = match proposal.subject.as_str() {
            "" => proposal.files.join(", "),
            subject => subject.to_owned(),
        };
        let line = printable_line(&format!("{} {verdict:<16} {subject}", proposal.id));
        writeln!(out, "{line}")?;
        let explained = proposal.proof.iter().filter(|it| it.verdict < Verdict::IdenticalObject);
        for line in explained.flat_map(|proof| proof.detail.lines()) {
            writeln!(out, "    {}", printable_line(line))?;
        }
    }
    let Some(proposal) = verified.proposals.first() else { return Ok(()) };
    if let Some(proof) = &proposal.proof {
        writeln!(out)?;
        heading(out, &format!("Verified with {}", proof.holds_for()))?;
    }
    let by_verdict = verified.by_verdict();
    let rungs = [
        Verdict::IdenticalObject,
        Verdict::Compiles,
        Verdict::Expands,
        Verdict::Parses,
        Verdict::Failed,
    ];
    for rung in rungs {
        let name = contract_name(rung);
        let number = by_verdict.get(&name).copied().unwrap_or(0);
        // Only a claim of code alone can stay there.
        if rung == Verdict::Parses && number == 0 {
            continue;
        }
        let more = match rung {
            Verdict::IdenticalObject => "the same machine code, or the same results",
            Verdict::Compiles => "no new warning; the code differs as explained",
            Verdict::Expands => "not built here, or nothing could be said",
            Verdict::Parses => "new bodies that are not proved, as explained",
            _ => "a fault was found",
        };
        writeln!(out, "  {name:<16} {number:>6}  {more}")?;
    }
    let not_built = counted(verified.not_built(), "proposal");
    writeln!(out, "  not built here: {not_built}")
}

/// What `show` says of a proof, by name: how far it goes and what it holds for.
pub fn proof_rows(proposal: &Proposal, patch: &[u8]) -> Vec<(&'static str, String)> {
    let Some(proof) = &proposal.proof else { return Vec::new() };
    if proposal.current_proof(patch).is_none() {
        let was = contract_name(proof.verdict);
        return vec![("proof", format!("stale ({was} for another text); `drvdedup verify` again"))];
    }
    let name = match proof.verdict {
        Verdict::IdenticalObject => "proved",
        Verdict::Failed => "fault",
        _ => "open",
    };
    let mut rows: Vec<_> = proof.detail.lines().map(|line| (name, line.to_owned())).collect();
    rows.push(("with", proof.holds_for()));
    if !proof.engine.is_empty() {
        rows.push(("engine", proof.engine.clone()));
    }
    rows
}
