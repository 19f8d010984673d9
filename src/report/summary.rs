//! The table under the groups: what was read, what was found, what became of it.

use super::classes::percent;
use super::{Planned, Report, contract_name, counted, heading};
use crate::detect::{CloneGroup, Kind, Level};
use codespan_reporting::term::termcolor::WriteColor;
use std::collections::BTreeMap;
use std::io;

/// Writes the table.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, report: &Report) -> io::Result<()> {
    let counts = &report.counts;
    heading(out, "Summary")?;
    row(out, "files", counts.files, &counted(counts.lines, "line"))?;
    row(out, "functions", counts.functions, &counted(counts.function_lines, "line"))?;
    if counts.parse_gaps > 0 {
        row(out, "parse gaps", counts.parse_gaps, "functions without a complete syntax tree")?;
    }
    if counts.unreadable > 0 {
        row(out, "unreadable", counts.unreadable, "files, each named in a warning")?;
    }
    if counts.kept > 0 {
        row(out, "kept", counts.kept, "functions, out of all groups by a comment")?;
    }
    let redundant = redundant_lines(report.groups.iter());
    let share = share(redundant, counts.function_lines);
    row(
        out,
        "groups",
        report.groups.len() as u64,
        &format!("{redundant} redundant lines, {share}"),
    )?;
    write_breakdown(out, &report.groups)?;
    report.planned.as_ref().map_or(Ok(()), |planned| write_planned(out, planned))
}

fn row(out: &mut dyn WriteColor, name: &str, number: u64, more: &str) -> io::Result<()> {
    writeln!(out, "{}", format!("  {name:<24} {number:>9}  {more}").trim_end())
}

fn redundant_lines<'g>(groups: impl Iterator<Item = &'g CloneGroup>) -> u64 {
    groups.map(|group| u64::from(group.redundant_lines())).sum()
}

/// `6.8 % of function lines`.
fn share(part: u64, whole: u64) -> String {
    format!("{} of function lines", percent(part, whole))
}

/// One row for each kind at each level.
fn write_breakdown(out: &mut dyn WriteColor, groups: &[CloneGroup]) -> io::Result<()> {
    let mut rows: BTreeMap<(Kind, Level), Vec<&CloneGroup>> = BTreeMap::new();
    for group in groups {
        rows.entry((group.kind, group.level)).or_default().push(group);
    }
    for ((kind, level), groups) in rows {
        let name = format!("  {}, {}", contract_name(kind), contract_name(level));
        let lines = counted(redundant_lines(groups.iter().copied()), "redundant line");
        row(out, &name, groups.len() as u64, &lines)?;
    }
    Ok(())
}

fn write_planned(out: &mut dyn WriteColor, planned: &Planned) -> io::Result<()> {
    let (added, removed) = planned.lines();
    let refusals = planned.refusals();
    row(out, "proposals", planned.proposals.len() as u64, &format!("+{added} -{removed} lines"))?;
    row(out, "refusals", refusals.values().sum(), "")?;
    let mut by_count: Vec<(&str, u64)> = refusals.into_iter().collect();
    by_count.sort_by_key(|&(reason, number)| (std::cmp::Reverse(number), reason));
    for (reason, number) in by_count {
        row(out, &format!("  {reason}"), number, "")?;
    }
    if let Some(first) = planned.proposals.first() {
        let folder = first.patch.rsplit_once('/').map_or(".", |(folder, _)| folder);
        writeln!(out, "\nThe patches are in {folder}; `drvdedup show {}` prints one,", first.id)?;
        writeln!(out, "`drvdedup apply --check {}` tries it.", first.id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;
    use std::path::Path;

    fn rendered(planned: Option<Planned>) -> String {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &sample::report(Path::new("/k"), planned)).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn a_scan_counts_what_was_read_and_found() {
        insta::assert_snapshot!(rendered(None), @r"
        Summary
          files                            1  10 lines
          functions                        2  8 lines
          groups                           1  4 redundant lines, 50.0 % of function lines
            constant-only, driver          1  4 redundant lines
        ");
    }

    #[test]
    fn a_plan_counts_proposals_and_says_where_they_are() {
        insta::assert_snapshot!(rendered(Some(sample::proposed())), @r"
        Summary
          files                            1  10 lines
          functions                        2  8 lines
          groups                           1  4 redundant lines, 50.0 % of function lines
            constant-only, driver          1  4 redundant lines
          proposals                        1  +6 -8 lines
          refusals                         0

        The patches are in .drvdedup/proposals; `drvdedup show 11112222` prints one,
        `drvdedup apply --check 11112222` tries it.
        ");
    }

    #[test]
    fn refusals_are_counted_by_reason() {
        let text = rendered(Some(sample::refused()));
        assert!(text.contains("    constant-context               1\n"), "{text}");
    }

    #[test]
    fn kept_functions_are_counted() {
        let mut report = sample::report(Path::new("/k"), None);
        report.counts.kept = 3;
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &report).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        assert!(text.contains("  kept                             3  functions,"), "{text}");
    }
}
