//! What is to be read of a candidate: what `show` prints, as lines with styles.

use super::Candidate;
use crate::report::Outcome;
use crate::report::show::{self, Layout, Shown};
use crate::tree::KernelTree;
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
use ratatui::style::{self, Modifier, Style};
use ratatui::text::{Line, Span};
use std::io::{self, Write};

/// The lines, and where its parts begin.
#[derive(Debug, Default)]
pub struct Page {
    /// Every line.
    pub lines: Vec<Line<'static>>,
    /// Numbers of lines, from zero and in order.
    pub parts: Vec<usize>,
}

/// Lines of a page that begin a part.
const PARTS: [&str; 4] = ["Holes", "Proposal ", "Message", "diff --git "];

/// The page of a candidate, `width` columns wide.
pub fn page(tree: &KernelTree, candidate: &Candidate, width: usize) -> Page {
    let shown = Shown {
        tree: tree.clone(),
        group: candidate.group.clone(),
        proposal: Some((candidate.proposal.clone(), candidate.patch.clone())),
        outcome: Some(Outcome::Proposal(candidate.proposal.id.clone())),
    };
    let mut sheet = Sheet::default();
    // Nothing that is written here can fail.
    let _ = show::write(&mut sheet, &shown, Layout { width, all_members: true });
    sheet.page()
}

/// Takes text with colours.
#[derive(Default)]
struct Sheet {
    lines: Vec<Vec<(Vec<u8>, Style)>>,
    line: Vec<(Vec<u8>, Style)>,
    style: Style,
}

impl Sheet {
    fn page(mut self) -> Page {
        if !self.line.is_empty() {
            self.lines.push(std::mem::take(&mut self.line));
        }
        let mut page = Page::default();
        for runs in &self.lines {
            let spans =
                tabs_expanded(runs).into_iter().map(|(text, style)| Span::styled(text, style));
            let line = Line::from(spans.collect::<Vec<_>>());
            let text = line.to_string();
            if PARTS.iter().any(|part| text.starts_with(part)) {
                page.parts.push(page.lines.len());
            }
            page.lines.push(line);
        }
        page
    }
}

/// The runs of a line as text, each tab up to its stop. A diff's sign stands before the
/// first column, as on every terminal.
fn tabs_expanded(runs: &[(Vec<u8>, Style)]) -> Vec<(String, Style)> {
    const TAB: usize = 8;
    let mut column = 0;
    let expanded = |(bytes, style): &(Vec<u8>, Style)| {
        let mut text = String::new();
        for c in String::from_utf8_lossy(bytes).chars() {
            match c {
                '\t' => {
                    let blanks = TAB - column % TAB;
                    text.extend(std::iter::repeat_n(' ', blanks));
                    column += blanks;
                }
                c => {
                    text.push(c);
                    column += 1;
                }
            }
        }
        (text, *style)
    };
    runs.iter().map(expanded).collect()
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            match self.line.last_mut() {
                Some((run, style)) if *style == self.style => run.extend_from_slice(text),
                _ if text.is_empty() => {}
                _ => self.line.push((text.to_vec(), self.style)),
            }
            if piece.ends_with(b"\n") {
                self.lines.push(std::mem::take(&mut self.line));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteColor for Sheet {
    fn supports_color(&self) -> bool {
        true
    }

    fn set_color(&mut self, spec: &ColorSpec) -> io::Result<()> {
        let mut style = Style::default();
        if let Some(colour) = spec.fg().and_then(colour) {
            style = style.fg(colour);
        }
        if spec.bold() {
            style = style.add_modifier(Modifier::BOLD);
        }
        if spec.underline() {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        self.style = style;
        Ok(())
    }

    fn reset(&mut self) -> io::Result<()> {
        self.style = Style::default();
        Ok(())
    }
}

fn colour(colour: &Color) -> Option<style::Color> {
    Some(match colour {
        Color::Red => style::Color::Red,
        Color::Green => style::Color::Green,
        Color::Yellow => style::Color::Yellow,
        Color::Blue => style::Color::Blue,
        Color::Magenta => style::Color::Magenta,
        Color::Cyan => style::Color::Cyan,
        Color::White => style::Color::White,
        Color::Black => style::Color::Black,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::candidate;
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_page_has_the_members_the_message_and_the_diff() {
        let root = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(root.path().join("a.c"), sample::SOURCE).expect("a file for the test");
        let mut candidate = candidate("00000001", "0a0b0c0d", "a.c", "a");
        candidate.group = Some(sample::group("a.c"));
        let page = page(&sample::tree(root.path()), &candidate, 80);
        let text: Vec<String> = page.lines.iter().map(Line::to_string).collect();
        let parts: Vec<&str> = page.parts.iter().map(|&at| text[at].as_str()).collect();
        assert_eq!(parts, ["Holes", "Proposal 00000001", "Message", "diff --git a/a.c b/a.c"]);
        let hole = page.lines.iter().flat_map(|line| &line.spans).find(|it| it.content == "0x10");
        let style = hole.expect("the hole is a run of its own").style;
        assert!(style.add_modifier.contains(Modifier::UNDERLINED), "{style:?}");
        assert!(text.contains(&"        return a_read(a, 0x10);".to_owned()), "{text:#?}");
        let gone = page.lines.iter().find(|line| line.to_string() == "-a").expect("it goes");
        assert_eq!(gone.spans[0].style.fg, Some(style::Color::Red));
    }

    #[test]
    fn a_tab_behind_a_sign_reaches_to_its_stop() {
        let runs = [(b"+\ta".to_vec(), Style::default()), (b"\tb".to_vec(), Style::default())];
        let text: String = tabs_expanded(&runs).into_iter().map(|(text, _)| text).collect();
        assert_eq!(text, "+       a       b");
    }
}
