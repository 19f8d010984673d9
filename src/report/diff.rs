//! A unified diff in colour, with the words in bold in which a line that goes and the one
//! that comes in its place differ.

use super::source::printable;
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::io;

/// Writes the bytes of a patch as they are, each line in the colour of its role.
/// To a terminal (`out` takes colours) only what can be shown goes out; anywhere
/// else the bytes stay exact, so that the output is still the patch.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn WriteColor, patch: &[u8]) -> io::Result<()> {
    if !out.supports_color() {
        return out.write_all(patch);
    }
    let lines: Vec<&[u8]> = patch.split_inclusive(|&byte| byte == b'\n').collect();
    let mut in_header = true;
    let mut at = 0;
    while let Some(&line) = lines.get(at) {
        in_header = match line {
            [b'@', b'@', ..] => false,
            _ if line.starts_with(b"diff --git ") => true,
            _ => in_header,
        };
        let pairs = if in_header { 0 } else { pairs_at(&lines[at..]) };
        match pairs {
            0 => {
                write_words(out, line, colour(line, in_header), |_| false)?;
                at += 1;
            }
            pairs => {
                write_pairs(out, &lines[at..at + 2 * pairs])?;
                at += 2 * pairs;
            }
        }
    }
    Ok(())
}

/// The colours of `git diff`.
fn colour(line: &[u8], in_header: bool) -> Option<ColorSpec> {
    let mut spec = ColorSpec::new();
    match line.first() {
        _ if in_header => spec.set_bold(true),
        Some(b'@') => spec.set_fg(Some(Color::Cyan)),
        Some(b'+') => spec.set_fg(Some(Color::Green)),
        Some(b'-') => spec.set_fg(Some(Color::Red)),
        _ => return None,
    };
    Some(spec)
}

/// How many lines go at once and as many come; 0 where it is not so.
fn pairs_at(lines: &[&[u8]]) -> usize {
    let run = |from: usize, sign: u8| {
        lines.iter().skip(from).take_while(|line| line.first() == Some(&sign)).count()
    };
    let gone = run(0, b'-');
    if run(gone, b'+') == gone { gone } else { 0 }
}

/// Writes lines that go and those that come in their places.
fn write_pairs(out: &mut dyn WriteColor, lines: &[&[u8]]) -> io::Result<()> {
    let (gone, come) = lines.split_at(lines.len() / 2);
    let marks: Vec<[Vec<bool>; 2]> =
        gone.iter().zip(come).map(|(old, new)| differing(old, new)).collect();
    for (side, lines) in [gone, come].into_iter().enumerate() {
        for (line, marks) in lines.iter().zip(&marks) {
            let differs = |word: usize| marks[side].get(word).copied().unwrap_or(false);
            write_words(out, line, colour(line, false), differs)?;
        }
    }
    Ok(())
}

/// For the words of both lines, whether the other line has them not; none, where the
/// lines have so little in common that it would tell nothing.
fn differing(old: &[u8], new: &[u8]) -> [Vec<bool>; 2] {
    let (old, new) = (words(old), words(new));
    let mut marks = [vec![true; old.len()], vec![true; new.len()]];
    let mut same = 0;
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if let DiffOp::Equal { .. } = op {
            marks[0][op.old_range()].fill(false);
            marks[1][op.new_range()].fill(false);
            same += old[op.old_range()].iter().map(|word| word.len()).sum::<usize>();
        }
    }
    // The signs differ always.
    for marks in &mut marks {
        if let Some(sign) = marks.first_mut() {
            *sign = false;
        }
    }
    let longer = |words: &[&[u8]]| words.iter().map(|word| word.len()).sum::<usize>();
    if same * 3 < longer(&old).max(longer(&new)) {
        marks.iter_mut().for_each(|marks| marks.fill(false));
    }
    marks
}

/// The sign, then identifiers and numbers, runs of blanks, and every other byte.
fn words(line: &[u8]) -> Vec<&[u8]> {
    let (sign, rest) = line.split_at(line.len().min(1));
    let sort = |byte: &u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => 0,
        b' ' | b'\t' => 1,
        _ => 2,
    };
    let words = rest.chunk_by(|one, next| sort(one) == sort(next) && sort(one) < 2);
    std::iter::once(sign).chain(words).collect()
}

/// Writes a line in its colour, and in bold the words that are `marked`, by number.
fn write_words(
    out: &mut dyn WriteColor,
    line: &[u8],
    spec: Option<ColorSpec>,
    marked: impl Fn(usize) -> bool,
) -> io::Result<()> {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let Some(mut spec) = spec else {
        write!(out, "{}", printable(text))?;
        return if line.ends_with(b"\n") { writeln!(out) } else { Ok(()) };
    };
    let words = words(text);
    let numbered: Vec<(usize, &[u8])> = words.into_iter().enumerate().collect();
    for run in numbered.chunk_by(|one, next| marked(one.0) == marked(next.0)) {
        let is_marked = run.first().is_some_and(|&(number, _)| marked(number));
        let in_bold = spec.bold();
        out.set_color(spec.set_bold(in_bold || is_marked))?;
        let bytes: Vec<u8> = run.iter().flat_map(|(_, word)| word.iter().copied()).collect();
        write!(out, "{}", printable(&bytes))?;
        out.reset()?;
        spec.set_bold(in_bold);
    }
    if line.ends_with(b"\n") { writeln!(out) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codespan_reporting::term::termcolor::{Ansi, NoColor};

    const PATCH: &[u8] =
        b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n--i;\n+caf\xe9\n";

    fn coloured(patch: &[u8]) -> String {
        let mut out = Ansi::new(Vec::new());
        write(&mut out, patch).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn without_colour_the_bytes_are_the_patch() {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, PATCH).expect("a vector takes all");
        assert_eq!(out.into_inner(), PATCH);
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_is_red() {
        let text = coloured(PATCH);
        assert!(text.contains("\u{1b}[1m--- a/a.c"), "{text:?}");
        assert!(text.contains("\u{1b}[31m--i;"), "{text:?}");
        assert!(text.contains("\u{1b}[32m+caf?"), "{text:?}");
    }

    #[test]
    fn the_words_that_differ_are_bold() {
        let text = coloured(b"@@ -1,2 +1,2 @@\n-\tx = read(d, A_REG);\n+\tx = read(d, reg);\n y\n");
        assert!(text.contains("\u{1b}[1m\u{1b}[31mA_REG\u{1b}[0m"), "{text:?}");
        assert!(text.contains("\u{1b}[1m\u{1b}[32mreg\u{1b}[0m"), "{text:?}");
        let other = coloured(b"@@ -1 +1 @@\n-return 0;\n+static int completely_else(void)\n");
        assert!(!other.contains("\u{1b}[1m"), "{other:?}");
        let uneven = coloured(b"@@ -1 +1,2 @@\n-a(b);\n+a(c);\n+d;\n");
        assert!(!uneven.contains("\u{1b}[1m"), "{uneven:?}");
    }
}
