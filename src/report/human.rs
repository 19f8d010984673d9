//! The report for people: the groups as diagnostics, then the summary.

use super::{Outcome, Report, counted, group, heading, summary};
use crate::detect::{CloneGroup, is_apart};
use codespan_reporting::term::termcolor::WriteColor;
use std::io;

/// Writes the report with at most `limit` groups: those with a proposal first, else
/// in their own order.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, report: &Report, limit: Option<usize>) -> io::Result<()> {
    let mut groups: Vec<&CloneGroup> = report.groups.iter().collect();
    groups.sort_by_key(|group| !has_proposal(report, group));
    let shown = limit.unwrap_or(usize::MAX).min(groups.len());
    let apart = groups.iter().position(|group| is_apart(group.kind));
    for (at, group) in groups[..shown].iter().enumerate() {
        if apart == Some(at) {
            heading(out, "Alike but for whole statements")?;
        }
        group::write(out, &report.tree.root, group, report.planned.as_ref())?;
    }
    let more = groups.len() - shown;
    if more > 0 {
        let groups = counted(more as u64, "more group");
        writeln!(out, "… and {groups}; `--limit 0` shows them all\n")?;
    }
    summary::write(out, report)
}

fn has_proposal(report: &Report, group: &CloneGroup) -> bool {
    let outcome = report.planned.as_ref().and_then(|planned| planned.outcomes.get(&group.id));
    matches!(outcome, Some(Outcome::Proposal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Kind;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;
    use std::path::Path;

    fn written(report: &Report, limit: Option<usize>) -> String {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, report, limit).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn groups_beyond_the_limit_are_counted_and_proposals_come_first() {
        let mut report = sample::report(Path::new("/k"), Some(sample::proposed()));
        report
            .groups
            .make_mut()
            .insert(0, CloneGroup { id: "ffffffff".into(), ..sample::group("b.c") });
        let text = written(&report, Some(1));
        assert!(text.contains("0a0b0c0d") && !text.contains("ffffffff"), "{text}");
        assert!(text.contains("… and 1 more group; `--limit 0` shows them all"), "{text}");
        report.planned = None;
        let text = written(&report, Some(1));
        assert!(text.contains("ffffffff") && !text.contains("0a0b0c0d"), "{text}");
    }

    #[test]
    fn gapped_groups_stand_under_a_title_of_their_own() {
        let mut report = sample::report(Path::new("/k"), None);
        let title = "Alike but for whole statements\n";
        assert!(!written(&report, None).contains(title));
        let gapped =
            |id: &str| CloneGroup { id: id.into(), kind: Kind::Gapped, ..sample::group("b.c") };
        report.groups.make_mut().extend([gapped("eeeeeeee"), gapped("ffffffff")]);
        let text = written(&report, None);
        let (before, after) = text.split_once(title).expect("there is a title");
        assert!(before.contains("0a0b0c0d") && !after.contains("0a0b0c0d"), "{text}");
        assert!(after.contains("eeeeeeee") && after.contains("ffffffff"), "{text}");
        assert!(!after.contains(title), "{text}");
    }
}
