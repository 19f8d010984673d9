//! The manners of the kernel's own checkers: what `coccicheck` calls its modes
//! (Documentation/dev-tools/coccinelle.rst), so that editors and scripts read it alike.
//! In: a [`Report`]. Out: lines of text, all groups in their order.

use super::source::{printable, printable_line, read};
use super::{Planned, Report, contract_name, diff, group};
use crate::detect::{CloneGroup, Kind, Member};
use crate::generate::lines::split_lines;
use crate::syntax::line_at;
use codespan_reporting::term::termcolor::WriteColor;
use std::io;
use std::ops::Range;
use std::path::Path;

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `file:line:col: message`, a line a member.
    Report,
    /// The patches of the proposals.
    Patch,
    /// The members between their neighbours, marked as in a diff.
    Context,
    /// Headings and links for Emacs' Org mode.
    Org,
}

/// Lines around the members, as in a diff.
const CONTEXT_LINES: usize = 3;

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, report: &Report, mode: Mode) -> io::Result<()> {
    let planned = report.planned.as_ref();
    let root = &report.tree.root;
    let mut groups = report.groups.iter();
    match mode {
        Mode::Report => groups.try_for_each(|group| write_lines(out, root, group, planned)),
        Mode::Patch => planned.map_or(Ok(()), |planned| write_patches(out, planned)),
        Mode::Context => groups.try_for_each(|group| write_context(out, root, group)),
        Mode::Org => groups.try_for_each(|group| write_org(out, root, group, planned)),
    }
}

/// Where a member is, as an editor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: u32,
    /// The bytes of the line that are meant, from 0.
    columns: (usize, usize),
}

/// The place of the member's name, or of the whole of a part of a function. A file that
/// can no longer be read still has its line.
fn place(root: &Path, group: &CloneGroup, member: &Member) -> Place {
    let start = member.function.start_line;
    let Some(source) = read(root, &member.file) else {
        return Place { line: start, columns: (0, 0) };
    };
    let range = group::place_of(group, member);
    let (from, to) = (range.start.min(source.len()), range.end.min(source.len()));
    let first = source[..from].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let end = source[from..to.max(from)].iter().position(|&byte| byte == b'\n');
    let end = end.map_or(to.max(from), |at| from + at);
    Place { line: line_at(&source, from), columns: (from - first, end - first) }
}

/// The members, the original first.
fn original_first(group: &CloneGroup) -> impl Iterator<Item = (usize, &Member)> {
    let original = group.original();
    let others = group.members.iter().enumerate().filter(move |(at, _)| *at != original);
    group.members.get(original).map(|member| (original, member)).into_iter().chain(others)
}

/// What is said of a member: of the original what the group is and what came of it, of a
/// copy where the original is.
fn message(group: &CloneGroup, at: usize, planned: Option<&Planned>) -> String {
    let original = group.original();
    let member = &group.members[at];
    let text = if at == original {
        let outcome = planned.map(|planned| group::outcome_notes(group, planned));
        let first = outcome.and_then(|notes| notes.into_iter().next());
        let outcome = first.map(|note| format!("; {note}")).unwrap_or_default();
        format!("{}(): {}{outcome}", member.name, group::title(group))
    } else {
        let first = &group.members[original];
        let line = first.function.start_line;
        let kind = contract_name(group.kind);
        let (part, other) = match group.kind {
            Kind::Sequence => ("a part of ", "one of "),
            _ => ("", ""),
        };
        format!(
            "{kind}: {part}{}() is like {other}{}() at {}:{line}",
            member.name, first.name, first.file
        )
    };
    printable_line(&format!("{text} [{}]", group.id))
}

fn write_lines(
    out: &mut dyn WriteColor,
    root: &Path,
    group: &CloneGroup,
    planned: Option<&Planned>,
) -> io::Result<()> {
    original_first(group).try_for_each(|(at, member)| {
        let Place { line, columns } = place(root, group, member);
        let file = printable_line(&member.file);
        writeln!(out, "{file}:{line}:{}: {}", columns.0 + 1, message(group, at, planned))
    })
}

/// As `coccilib.org` writes them: columns from 0, the others as links below the heading.
fn write_org(
    out: &mut dyn WriteColor,
    root: &Path,
    group: &CloneGroup,
    planned: Option<&Planned>,
) -> io::Result<()> {
    original_first(group).enumerate().try_for_each(|(nth, (at, member))| {
        let (heading, face) = if nth == 0 { ("* TODO ", 1) } else { ("", 2) };
        let Place { line, columns: (from, to) } = place(root, group, member);
        // Brackets would end the link.
        let plain = |text: &str| text.replace('[', "(").replace(']', ")");
        let file = plain(&printable_line(&member.file));
        let text = plain(&message(group, at, planned));
        writeln!(
            out,
            "{heading}[[view:{file}::face=ovl-face{face}::linb={line}::colb={from}::cole={to}]\
             [{text}]]"
        )
    })
}

/// One patch after another, as a series in one file; what stands between them is for
/// people.
fn write_patches(out: &mut dyn WriteColor, planned: &Planned) -> io::Result<()> {
    for proposal in &planned.proposals {
        let Some(patch) = planned.patches.get(&proposal.id) else { continue };
        let (id, verdict) = (&proposal.id, contract_name(proposal.verdict));
        let subject = printable_line(&proposal.subject);
        writeln!(out, "# {id} ({verdict}): {subject}")?;
        diff::write(out, patch)?;
    }
    Ok(())
}

/// A diff that takes the members away, as `spatch` marks what a rule matches.
fn write_context(out: &mut dyn WriteColor, root: &Path, group: &CloneGroup) -> io::Result<()> {
    let id = &group.id;
    writeln!(out, "# {id}: {}", printable_line(&group::title(group)))?;
    for members in group.members.chunk_by(|a, b| a.file == b.file) {
        let file = printable_line(&members[0].file);
        let Some(source) = read(root, &members[0].file) else {
            writeln!(out, "# {file} can no longer be read")?;
            continue;
        };
        writeln!(out, "diff -u -p {file} /tmp/nothing/{file}")?;
        writeln!(out, "--- {file}\n+++ /tmp/nothing/{file}")?;
        write_hunks(out, &source, members)?;
    }
    Ok(())
}

fn write_hunks(out: &mut dyn WriteColor, source: &[u8], members: &[Member]) -> io::Result<()> {
    let lines = split_lines(source);
    let marked = marked_lines(lines.len(), members);
    let mut gone = 0;
    for run in hunks(&marked) {
        let around = run[0].start.saturating_sub(CONTEXT_LINES)
            ..(run[run.len() - 1].end + CONTEXT_LINES).min(lines.len());
        let removed: usize = run.iter().map(|range| range.len()).sum();
        let left = around.len() - removed;
        // A range of no lines names the line before it.
        let start = around.start - gone + usize::from(left > 0);
        writeln!(out, "@@ -{},{} +{start},{left} @@", around.start + 1, around.len())?;
        for at in around {
            let sign = if run.iter().any(|range| range.contains(&at)) { '-' } else { ' ' };
            let text = lines[at].strip_suffix(b"\n").unwrap_or(lines[at]);
            writeln!(out, "{sign}{}", printable(text))?;
        }
        gone += removed;
    }
    Ok(())
}

/// The lines of the members, from 0, in their order, those that touch as one range.
fn marked_lines(count: usize, members: &[Member]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let lines = members.iter().map(|member| &member.function);
    let mut all: Vec<_> = lines
        .map(|it| (it.start_line as usize).saturating_sub(1)..(it.end_line as usize).min(count))
        .filter(|range| !range.is_empty())
        .collect();
    all.sort_by_key(|range| (range.start, range.end));
    for range in all {
        match ranges.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => ranges.push(range),
        }
    }
    ranges
}

/// The ranges that stand in one hunk: their contexts touch.
fn hunks(ranges: &[Range<usize>]) -> impl Iterator<Item = &[Range<usize>]> {
    ranges.chunk_by(|a, b| b.start <= a.end + 2 * CONTEXT_LINES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;

    fn written(planned: Option<Planned>, mode: Mode) -> String {
        let root = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(root.path().join("a.c"), sample::SOURCE).expect("a file for the test");
        let mut report = sample::report(root.path(), planned);
        report.groups = vec![sample::group("a.c")].into();
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &report, mode).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn a_report_has_a_line_a_member_with_the_place_of_its_name() {
        let text = written(Some(sample::refused()), Mode::Report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "a.c:1:12: a_get(): constant-only: 2 functions of one driver, 4 redundant lines; refused: constant-context: the value is a case label at drivers/hwmon/a.c:3 [0a0b0c0d]",
                "a.c:7:12: constant-only: b_get() is like a_get() at a.c:1 [0a0b0c0d]"
            ]
        );
    }

    #[test]
    fn org_has_a_heading_a_group_and_links_to_the_others() {
        let text = written(None, Mode::Org);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "* TODO [[view:a.c::face=ovl-face1::linb=1::colb=11::cole=16][a_get(): constant-only: 2 functions of one driver, 4 redundant lines (0a0b0c0d)]]",
                "[[view:a.c::face=ovl-face2::linb=7::colb=11::cole=16][constant-only: b_get() is like a_get() at a.c:1 (0a0b0c0d)]]"
            ]
        );
    }

    #[test]
    fn context_marks_the_lines_of_the_members() {
        let text = written(None, Mode::Context);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "# 0a0b0c0d: constant-only: 2 functions of one driver, 4 redundant lines",
                "diff -u -p a.c /tmp/nothing/a.c",
                "--- a.c",
                "+++ /tmp/nothing/a.c",
                "@@ -1,10 +1,2 @@",
                "-static int a_get(struct a *a)",
                "-{",
                "-\treturn a_read(a, 0x10);",
                "-}",
                " ",
                " /* caf? */",
                "-static int b_get(struct a *a)",
                "-{",
                "-\treturn a_read(a, 0x20);",
                "-}"
            ]
        );
    }
}
