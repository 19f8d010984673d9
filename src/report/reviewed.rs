//! What was decided about each proposal: a line each, or one JSON object.

use super::source::printable_line;
use super::{contract_name, counted, heading};
use crate::store::{Choice, Decision, Proposal};
use codespan_reporting::term::termcolor::WriteColor;
use std::io;

/// A proposal and the decision about it.
pub struct Reviewed {
    /// With the verdict that holds for its patch as it stands.
    pub proposal: Proposal,
    /// `None` for one that nobody has decided about.
    pub decision: Option<Decision>,
    /// Why it does not fit the tree any more, if it does not.
    pub stale: Option<String>,
}

/// A decision in one word.
pub fn word(decision: Option<&Decision>) -> &'static str {
    match decision.map(|decision| decision.choice) {
        Some(Choice::Accepted) => "accepted",
        Some(Choice::Rejected) => "rejected",
        None => "open",
    }
}

/// Writes a line a proposal in the order given, and how many there are of each sort.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, reviewed: &[Reviewed]) -> io::Result<()> {
    for Reviewed { proposal, decision, stale } in reviewed {
        let word = word(decision.as_ref());
        let verdict = match stale {
            Some(_) => "stale".to_owned(),
            None => contract_name(proposal.verdict),
        };
        let lines = format!("+{} -{}", proposal.lines_added, proposal.lines_removed);
        let subject = match proposal.subject.as_str() {
            "" => proposal.files.join(", "),
            subject => subject.to_owned(),
        };
        let line = format!("{} {word:<8} {verdict:<16} {lines:<11} {subject}", proposal.id);
        writeln!(out, "{}", printable_line(&line).trim_end())?;
        if let Some(reason) =
            decision.as_ref().map(|it| it.reason.as_str()).filter(|it| !it.is_empty())
        {
            writeln!(out, "    {}", printable_line(reason))?;
        }
    }
    let number =
        |wanted: &str| reviewed.iter().filter(|it| word(it.decision.as_ref()) == wanted).count();
    if !reviewed.is_empty() {
        writeln!(out)?;
    }
    heading(out, &counted(reviewed.len() as u64, "proposal"))?;
    for word in ["accepted", "rejected", "open"] {
        writeln!(out, "  {word:<8} {:>6}", number(word))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;

    #[test]
    fn every_proposal_has_its_decision_and_reason() {
        let proposal = || sample::proposed().proposals.remove(0);
        let decision = |choice, reason: &str| Some(Decision { choice, reason: reason.to_owned() });
        let reviewed = [
            Reviewed { proposal: proposal(), decision: None, stale: None },
            Reviewed {
                proposal: proposal(),
                decision: decision(Choice::Rejected, "not\nmine"),
                stale: Some("a.c: gone".to_owned()),
            },
            Reviewed {
                proposal: proposal(),
                decision: decision(Choice::Accepted, ""),
                stale: None,
            },
        ];
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &reviewed).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        insta::assert_snapshot!(text, @r"
        11112222 open     expands          +6 -8       hwmon: a: Share a helper
        11112222 rejected stale            +6 -8       hwmon: a: Share a helper
            not mine
        11112222 accepted expands          +6 -8       hwmon: a: Share a helper

        3 proposals
          accepted      1
          rejected      1
          open          1
        ");
    }
}
