//! Members of a group as text, two beside each other where the terminal is wide
//! enough, with their holes marked: underlined in colour, else between `«` and `»`; where
//! there are several, each place has the number of its hole.

use super::source::{clamped, hole_marks, printable, printable_line, read, shortened};
use super::{bold, heading};
use crate::detect::{CloneGroup, Hole, Member};
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
use std::io;
use std::ops::Range;
use std::path::Path;
use unicode_width::UnicodeWidthChar;

/// Columns below which code is not legible: with less for each, members stand
/// below each other.
const LEAST_COLUMN: usize = 50;
const GUTTER: &str = " │ ";
const TAB: usize = 8;

/// A character and whether it belongs to a hole.
type Cell = (char, bool);

/// The place of a hole, and what is written behind it.
struct Mark {
    range: Range<usize>,
    label: String,
}

/// One member, ready to print.
struct Column {
    title: String,
    lines: Vec<Vec<Cell>>,
}

/// Writes the members in pairs, at most `limit` of them.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut dyn WriteColor,
    root: &Path,
    group: &CloneGroup,
    width: usize,
    limit: usize,
) -> io::Result<()> {
    let signs = !out.supports_color();
    let members = group.members.iter().take(limit);
    let columns: Vec<Column> =
        members.map(|member| column(root, member, &group.holes, signs)).collect();
    let each = width.saturating_sub(GUTTER.chars().count()) / 2;
    for pair in columns.chunks(2) {
        match pair {
            [left, right] if each >= LEAST_COLUMN => write_pair(out, left, right, each)?,
            alone => alone.iter().try_for_each(|column| write_alone(out, column))?,
        }
        writeln!(out)?;
    }
    Ok(())
}

fn column(root: &Path, member: &Member, holes: &[Hole], signs: bool) -> Column {
    let place = format!("{}:{}", member.file, member.function.start_line);
    let title = printable_line(&place);
    let Some(source) = read(root, &member.file) else {
        let gone = "(the file can no longer be read)".chars().map(|c| (c, false)).collect();
        return Column { title, lines: vec![gone] };
    };
    let label =
        |number: usize| if holes.len() > 1 { superscript(number + 1) } else { String::new() };
    let marks = hole_marks(&source, member, holes).into_iter();
    let marks: Vec<Mark> =
        marks.map(|(number, range)| Mark { range, label: label(number) }).collect();
    let text = printable(&source);
    Column { title, lines: cells(&text, clamped(&text, member.function.range()), &marks, signs) }
}

/// A number as small raised digits.
fn superscript(number: usize) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = number.to_string();
    digits.bytes().filter_map(|digit| DIGITS.get(usize::from(digit - b'0'))).collect()
}

/// The characters of `text[range]` by line, tabs expanded. `marks` are sorted.
fn cells(text: &str, range: Range<usize>, marks: &[Mark], signs: bool) -> Vec<Vec<Cell>> {
    let mut lines = vec![];
    let mut line: Vec<Cell> = vec![];
    // Columns as in the file: the signs around a hole do not shift a tab.
    let mut column = 0;
    let mut marks = marks.iter().peekable();
    for (offset, c) in text[range.clone()].char_indices() {
        let at = range.start + offset;
        while marks.next_if(|mark| mark.range.end <= at).is_some() {}
        let mark = marks.peek().filter(|mark| mark.range.start <= at);
        if signs && mark.is_some_and(|mark| mark.range.start == at) {
            line.push(('«', true));
        }
        match c {
            '\n' => {
                lines.push(std::mem::take(&mut line));
                column = 0;
            }
            '\t' => {
                let blanks = TAB - column % TAB;
                line.extend(std::iter::repeat_n((' ', mark.is_some()), blanks));
                column += blanks;
            }
            c => {
                line.push((c, mark.is_some()));
                column += 1;
            }
        }
        if let Some(mark) = mark.filter(|mark| mark.range.end == at + c.len_utf8()) {
            if signs {
                line.push(('»', true));
            }
            line.extend(mark.label.chars().map(|c| (c, false)));
        }
    }
    lines.push(line);
    lines
}

fn write_pair(
    out: &mut dyn WriteColor,
    left: &Column,
    right: &Column,
    each: usize,
) -> io::Result<()> {
    bold(out, &format!("{:<each$}", shortened(&left.title, each)))?;
    write!(out, "{GUTTER}")?;
    bold(out, &shortened(&right.title, each))?;
    writeln!(out)?;
    for number in 0..left.lines.len().max(right.lines.len()) {
        let left = left.lines.get(number).map_or(&[][..], Vec::as_slice);
        let right = right.lines.get(number).map_or(&[][..], Vec::as_slice);
        write_cells(out, left, each)?;
        write!(out, "{}", " ".repeat(each.saturating_sub(width_of(left))))?;
        if right.is_empty() {
            writeln!(out, "{}", GUTTER.trim_end())?;
        } else {
            write!(out, "{GUTTER}")?;
            write_cells(out, right, each)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn write_alone(out: &mut dyn WriteColor, column: &Column) -> io::Result<()> {
    heading(out, &column.title)?;
    for line in &column.lines {
        write_cells(out, line, usize::MAX)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Columns that the cells take.
fn width_of(line: &[Cell]) -> usize {
    line.iter().map(|(c, _)| c.width().unwrap_or(0)).sum()
}

/// How many cells fit into so many columns.
fn fitting(line: &[Cell], width: usize) -> usize {
    let mut columns = 0;
    let fits = |(c, _): &&Cell| {
        columns += c.width().unwrap_or(0);
        columns <= width
    };
    line.iter().take_while(fits).count()
}

/// Writes the cells, cut to `width` with a `…` at the end.
fn write_cells(out: &mut dyn WriteColor, line: &[Cell], width: usize) -> io::Result<()> {
    let cut = width_of(line) > width;
    let kept = if cut { fitting(line, width.saturating_sub(1)) } else { line.len() };
    for run in line[..kept].chunk_by(|a, b| a.1 == b.1) {
        let text: String = run.iter().map(|(c, _)| c).collect();
        if run.first().is_some_and(|&(_, marked)| marked) {
            let mut spec = ColorSpec::new();
            out.set_color(spec.set_fg(Some(Color::Yellow)).set_underline(true))?;
            write!(out, "{text}")?;
            out.reset()?;
        } else {
            write!(out, "{text}")?;
        }
    }
    if cut { write!(out, "…") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::{Ansi, NoColor};

    fn folder() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(root.path().join("a.c"), sample::SOURCE).expect("a file for the test");
        root
    }

    fn rendered(group: &CloneGroup, width: usize) -> String {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, folder().path(), group, width, 4).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn members_stand_beside_each_other_on_a_wide_terminal() {
        insta::assert_snapshot!(rendered(&sample::group("a.c"), 110), @r"
        a.c:1                                                 │ a.c:7
        static int a_get(struct a *a)                         │ static int b_get(struct a *a)
        {                                                     │ {
                return a_read(a, «0x10»);                     │         return a_read(a, «0x20»);
        }                                                     │ }
        ");
    }

    #[test]
    fn members_stand_below_each_other_on_a_narrow_one() {
        insta::assert_snapshot!(rendered(&sample::group("a.c"), 80), @r"
        a.c:1
        static int a_get(struct a *a)
        {
                return a_read(a, «0x10»);
        }
        a.c:7
        static int b_get(struct a *a)
        {
                return a_read(a, «0x20»);
        }
        ");
    }

    #[test]
    fn holes_are_underlined_in_colour() {
        let mut out = Ansi::new(Vec::new());
        let group = sample::group("a.c");
        write(&mut out, folder().path(), &group, 80, 4).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        assert!(text.contains("\u{1b}[4m\u{1b}[33m0x10"), "{text:?}");
        assert!(!text.contains('«'));
    }

    #[test]
    fn a_tab_reaches_to_its_stop_and_a_long_line_is_cut() {
        let lines = cells("ab\tc", 0..4, &[], true);
        assert_eq!(lines[0].iter().map(|(c, _)| c).collect::<String>(), "ab      c");
        let mut out = NoColor::new(Vec::new());
        write_cells(&mut out, &lines[0], 4).expect("a vector takes all");
        assert_eq!(out.into_inner(), "ab …".as_bytes());
    }

    #[test]
    fn each_of_several_holes_has_its_number() {
        let mark = |range, number| Mark { range, label: superscript(number) };
        let lines = cells("f(a, b);", 0..8, &[mark(2..3, 1), mark(5..6, 12)], true);
        let text: String = lines[0].iter().map(|(c, _)| c).collect();
        assert_eq!(text, "f(«a»¹, «b»¹²);");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let lines = cells("漢字ab", 0..8, &[], true);
        assert_eq!((width_of(&lines[0]), fitting(&lines[0], 3)), (6, 1));
        let mut out = NoColor::new(Vec::new());
        write_cells(&mut out, &lines[0], 5).expect("a vector takes all");
        assert_eq!(out.into_inner(), "漢字…".as_bytes());
    }

    #[test]
    fn a_file_that_went_away_is_said_so() {
        assert!(rendered(&sample::group("gone.c"), 80).contains("can no longer be read"));
    }
}
