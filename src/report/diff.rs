//! A unified diff in colour.

use super::source::printable;
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
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
    let mut in_header = true;
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        in_header = match line {
            [b'@', b'@', ..] => false,
            _ if line.starts_with(b"diff --git ") => true,
            _ => in_header,
        };
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        match colour(line, in_header) {
            Some(spec) => {
                out.set_color(&spec)?;
                write!(out, "{}", printable(text))?;
                out.reset()?;
            }
            None => write!(out, "{}", printable(text))?,
        }
        if line.ends_with(b"\n") {
            writeln!(out)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use codespan_reporting::term::termcolor::{Ansi, NoColor};

    const PATCH: &[u8] =
        b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n--i;\n+caf\xe9\n";

    #[test]
    fn without_colour_the_bytes_are_the_patch() {
        let mut out = NoColor::new(Vec::new());
        write(&mut out, PATCH).expect("a vector takes all");
        assert_eq!(out.into_inner(), PATCH);
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_is_red() {
        let mut out = Ansi::new(Vec::new());
        write(&mut out, PATCH).expect("a vector takes all");
        let text = String::from_utf8(out.into_inner()).expect("only text is written");
        assert!(text.contains("\u{1b}[1m--- a/a.c"), "{text:?}");
        assert!(text.contains("\u{1b}[31m--i;"), "{text:?}");
        assert!(text.contains("\u{1b}[32m+caf?"), "{text:?}");
    }
}
