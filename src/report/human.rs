//! The report for people: the groups as diagnostics, then the summary.

use super::{Outcome, Report, counted, group, summary};
use crate::detect::CloneGroup;
use codespan_reporting::term::termcolor::WriteColor;
use std::cmp::Reverse;
use std::io;

/// Writes the report with at most `limit` groups, the most worthwhile first:
/// those with a proposal, then by redundant lines.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, report: &Report, limit: Option<usize>) -> io::Result<()> {
    let mut groups: Vec<&CloneGroup> = report.groups.iter().collect();
    groups.sort_by_key(|group| (!has_proposal(report, group), Reverse(group.redundant_lines())));
    let shown = limit.unwrap_or(usize::MAX).min(groups.len());
    for group in &groups[..shown] {
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
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;
    use std::path::Path;

    #[test]
    fn groups_beyond_the_limit_are_counted_and_the_largest_come_first() {
        let mut report = sample::report(Path::new("/k"), None);
        let mut larger = sample::group("b.c");
        larger.id = "ffffffff".into();
        larger.members[0].function.end_line += 100;
        larger.members[1].function.end_line += 100;
        report.groups.push(larger);
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &report, Some(1)).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        assert!(text.contains("ffffffff") && !text.contains("0a0b0c0d"), "{text}");
        assert!(text.contains("… and 1 more group; `--limit 0` shows them all"), "{text}");
    }
}
