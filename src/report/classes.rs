//! How much of each class is redundant.

use super::{Report, bold, source::printable_line};
use crate::detect::{ClassCounts, CloneGroup};
use codespan_reporting::term::termcolor::WriteColor;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// One class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassRow<'r> {
    /// Its name; empty for files in the top of the tree.
    pub class: &'r str,
    /// Drivers with a file that was read.
    pub drivers: u64,
    /// Their functions.
    pub functions: u64,
    /// Lines of these.
    pub function_lines: u64,
    /// Groups with a member in the class: one across two classes counts in both.
    pub groups: u64,
    /// Lines of the members in the class that are copies; one of each group is the
    /// original, in its own class: so the classes add up to the tree.
    pub redundant_lines: u64,
}

/// The classes that were read, those with the most redundant lines first.
pub fn rows(report: &Report) -> Vec<ClassRow<'_>> {
    let mut rows: BTreeMap<&str, ClassRow> = BTreeMap::new();
    for (class, counts) in &report.counts.classes {
        let &ClassCounts { drivers, functions, function_lines } = counts;
        let read = ClassRow { drivers, functions, function_lines, ..ClassRow::default() };
        rows.insert(class, read);
    }
    for group in &report.groups {
        for class in classes(group) {
            rows.entry(class).or_default().groups += 1;
        }
        for copy in group.copies() {
            let lines = u64::from(copy.function.lines());
            rows.entry(&copy.class).or_default().redundant_lines += lines;
        }
    }
    let mut rows: Vec<_> = rows.into_iter().map(|(class, row)| ClassRow { class, ..row }).collect();
    rows.sort_by_key(|row| (Reverse(row.redundant_lines), row.class));
    rows
}

/// The classes of a group's members, each once.
pub fn classes(group: &CloneGroup) -> BTreeSet<&str> {
    group.members.iter().map(|member| member.class.as_str()).collect()
}

const TITLES: [&str; 7] =
    ["class", "drivers", "functions", "lines", "groups", "redundant", "share"];

/// Writes the classes as a table, and the sum of all as its last row.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, report: &Report) -> io::Result<()> {
    let rows = rows(report);
    let total = total(report, &rows);
    let cells: Vec<[String; 7]> = rows.iter().chain([&total]).map(cells).collect();
    let titles = TITLES.map(str::to_owned);
    let width = |column: usize| {
        let all = cells.iter().chain([&titles]).map(|row| row[column].chars().count());
        all.max().unwrap_or(0)
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    bold(out, &line(&titles, &widths))?;
    writeln!(out)?;
    cells.iter().try_for_each(|row| writeln!(out, "{}", line(row, &widths)))
}

/// The row of the whole. A group across classes counts once here.
fn total<'r>(report: &Report, rows: &[ClassRow]) -> ClassRow<'r> {
    let sum = |of: fn(&ClassRow) -> u64| rows.iter().map(of).sum();
    ClassRow {
        class: "all that was read",
        drivers: sum(|row| row.drivers),
        functions: sum(|row| row.functions),
        function_lines: sum(|row| row.function_lines),
        groups: report.groups.len() as u64,
        redundant_lines: sum(|row| row.redundant_lines),
    }
}

fn cells(row: &ClassRow) -> [String; 7] {
    let class = if row.class.is_empty() { "." } else { row.class };
    [
        printable_line(class),
        row.drivers.to_string(),
        row.functions.to_string(),
        row.function_lines.to_string(),
        row.groups.to_string(),
        row.redundant_lines.to_string(),
        percent(row.redundant_lines, row.function_lines),
    ]
}

/// Names to the left, numbers to the right.
fn line(cells: &[String; 7], widths: &[usize; 7]) -> String {
    let [name, numbers @ ..] = cells;
    let [name_width, number_widths @ ..] = widths;
    let numbers =
        numbers.iter().zip(number_widths).map(|(cell, width)| format!("  {cell:>width$}"));
    format!("{name:<name_width$}{}", numbers.collect::<String>())
}

/// `6.8 %`.
pub fn percent(part: u64, whole: u64) -> String {
    // Only for the eye: f64 is exact up to 2^53 lines.
    let percent = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    format!("{percent:.1} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Kind;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;
    use std::path::Path;

    /// Two classes, one group inside the one, one across both.
    fn report() -> Report {
        let mut report = sample::report(Path::new("/k"), None);
        let mut across = sample::group("drivers/hwmon/a.c");
        across.members[0].class = "net/ethernet".into();
        across.members[0].function.end_line += 2;
        report.groups.make_mut().push(across);
        let net = ClassCounts { drivers: 120, functions: 9000, function_lines: 12345 };
        report.counts.classes.insert("net/ethernet".into(), net);
        report.counts.classes.insert(String::new(), ClassCounts::default());
        report
    }

    #[test]
    fn classes_stand_by_their_redundant_lines_and_add_up() {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, &report()).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        insta::assert_snapshot!(text, @r"
        class              drivers  functions  lines  groups  redundant    share
        hwmon                    1          2      8       2          8  100.0 %
        .                        0          0      0       0          0    0.0 %
        net/ethernet           120       9000  12345       1          0    0.0 %
        all that was read      121       9002  12353       2          8    0.1 %
        ");
    }

    #[test]
    fn the_longest_member_is_the_original_or_else_the_kernels() {
        let mut report = report();
        let copies = |group: &CloneGroup| -> Vec<String> {
            group.copies().map(|member| member.class.clone()).collect()
        };
        assert_eq!(copies(&report.groups[1]), ["hwmon"]);
        report.groups.make_mut()[1].members.reverse();
        assert_eq!(copies(&report.groups[1]), ["hwmon"]);
        report.groups.make_mut()[1].kind = Kind::Reimplements;
        assert_eq!(copies(&report.groups[1]), ["net/ethernet"]);
        let all: u64 = rows(&report).iter().map(|row| row.redundant_lines).sum();
        let by_group: u32 = report.groups.iter().map(CloneGroup::redundant_lines).sum();
        assert_eq!(all, u64::from(by_group));
    }

    #[test]
    fn the_share_of_nothing_is_nothing() {
        assert_eq!(percent(0, 0), "0.0 %");
        assert_eq!(percent(1, 8), "12.5 %");
    }
}
