//! The message of a patch as it would be sent: what the patch does, and how far that was
//! checked and how far not.

use crate::generate::message::fill;
use crate::store::Proposal;
use crate::verify::Verdict;

/// Subject, body and what was checked of `patch`, with a newline at the end.
pub fn message(proposal: &Proposal, patch: &[u8]) -> String {
    let body = proposal.message.trim();
    let edited = if proposal.edited { "The patch was changed by hand after that." } else { "" };
    let parts = [proposal.subject.as_str(), body, edited, &checked(proposal, patch)];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

/// How far the patch was checked, in one paragraph.
pub fn checked(proposal: &Proposal, patch: &[u8]) -> String {
    fill(&checked_words(proposal, patch))
}

fn checked_words(proposal: &Proposal, patch: &[u8]) -> String {
    let expands = match proposal.is_of_code_alone() {
        true => "The new code has other words than the old; only what is made of it was compared.",
        false => {
            "Checked by expanding the new code: it is the code before, token by token but for \
             the names of locals."
        }
    };
    let Some(proof) = proposal.current_proof(patch) else {
        return match proposal.current_verdict(patch) {
            Verdict::Expands => format!("{expands} Not compiled."),
            _ => "Neither expanded nor compiled.".to_owned(),
        };
    };
    let first = proof.detail.lines().next().unwrap_or_default();
    let with = proof.holds_for();
    match proof.verdict {
        Verdict::IdenticalObject => format!(
            "{expands} Compiled with {with}: no new warning at W=1, and, with what the patch \
             moves inlined, {first} ({} compared).",
            proof.engine
        ),
        Verdict::Compiles => format!(
            "{expands} Compiled with {with}: no new warning at W=1. Not shown to be the same \
             machine code: {first}."
        ),
        Verdict::Expands => format!("{expands} Not compiled: {first}."),
        _ => format!("Not to be applied: {first}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verify::Claim;
    use crate::verify::ladder::{Engine, Proof};

    #[track_caller]
    fn check(verdict: Verdict, detail: &str, expected: &[&str]) {
        let patch = b"--- a/a.c\n+++ b/a.c\n";
        let proposal = sample::proposed().proposals.remove(0);
        let proof = Proof {
            verdict,
            detail: detail.to_owned(),
            level: None,
            not_built: Vec::new(),
            configuration: "0123456789abcdef".to_owned(),
            compiler: "gcc 12".to_owned(),
            architecture: "x86_64".to_owned(),
            engine: Engine::Instructions.name(""),
            release: "6.1.0".to_owned(),
            of: proposal.digest(patch),
        };
        let proved = proposal.proved(proof);
        let text = message(&proved, patch);
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in expected {
            assert!(joined.contains(part), "{part}\n{text}");
        }
        assert!(text.starts_with("hwmon: a: Share a helper\n\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 75), "{text}");
        // What is said of one text is not said of another.
        let other = message(&proved, b"--- a/a.c\n+++ b/a.c\n\n");
        assert!(other.ends_with("of locals. Not compiled.\n"), "{other}");
    }

    #[test]
    fn the_message_says_what_was_checked_and_what_was_not() {
        let with = "Compiled with gcc 12, x86_64 6.1.0, configuration 0123456789ab: no new warning";
        let same = "the same machine code at -O1";
        check(Verdict::IdenticalObject, same, &[with, same, "(x86-64 instructions compared)."]);
        let differs = "the code differs in a_get()\nbefore: x";
        let not = "Not shown to be the same machine code: the code differs in a_get().";
        check(Verdict::Compiles, differs, &[with, not]);
        check(Verdict::Expands, "not built here", &["locals. Not compiled: not built here."]);
        check(Verdict::Failed, "new: a warning", &["Not to be applied: new: a warning."]);
    }

    #[test]
    fn of_a_claim_of_code_alone_nobody_says_that_it_was_expanded() {
        let patch = b"--- a/a.c\n+++ b/a.c\n";
        let mut proposal = sample::proposed().proposals.remove(0);
        let rewritten = vec![("a.c".to_owned(), "f".to_owned())];
        proposal.claim = Some(Claim { rewritten, ..Claim::default() });
        let proof = Proof {
            verdict: Verdict::IdenticalObject,
            detail: "the same results for all 256 arguments at -O2".to_owned(),
            level: None,
            not_built: Vec::new(),
            configuration: String::new(),
            compiler: "gcc 12".to_owned(),
            architecture: "x86_64".to_owned(),
            engine: Engine::Results { arguments: 256 }.name(""),
            release: "6.1.0".to_owned(),
            of: proposal.digest(patch),
        };
        let text = message(&proposal.proved(proof), patch);
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains("only what is made of it was compared. Compiled"), "{text}");
        assert!(
            joined.contains("for all 256 arguments at -O2 (results on all arguments"),
            "{text}"
        );
        assert!(!joined.contains("expanding"), "{text}");
    }
}
