//! Where everything stands on the terminal: what it is about at the top, the page, and
//! what can be done at the bottom.

use super::page::Page;
use super::session::{Mode, Scope, Scroll, Session};
use crate::report::reviewed::word;
use crate::report::source::{printable_line, shortened};
use crate::report::{contract_name, counted};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

const KEYS: &str = "a accept  r reject  s skip  b back  e edit  m name  A all  ? help  q quit";

/// Lines that what is said may take.
const SAID: usize = 3;

const HELP: &str = "\
  a, y      accept it: `apply` and `export` take it
  r, n      reject it; a reason is asked for, Enter alone is fine
  s         skip it for now: it comes again at the end, and in the next run
  b         back to the one before, whatever was decided about it
  u         forget what was decided about it
  e         edit its patch with $VISUAL or $EDITOR; it is checked after that
  m         give its helper another name; it is planned anew with that
  A         accept all that is open of its group (g), file (f) or driver (d)
  q, ^C     quit; every answer is saved already

  Up, Down, Page Up, Page Down, blank, Home, End    move on the page
  Tab       to the next part: holes, proposal, message, diff

Any key leads back.";

/// How far the page is scrolled, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    top: usize,
    height: usize,
}

impl View {
    /// Moves on a page; as far as there is anything to see.
    pub fn scroll(&mut self, page: &Page, scrolls: &[Scroll]) {
        let last = page.lines.len().saturating_sub(self.height);
        let moved = |top: usize, by: i64| {
            let to = i64::try_from(top).unwrap_or(i64::MAX).saturating_add(by);
            usize::try_from(to).unwrap_or(0)
        };
        // A line of the screen before stays, so that nobody loses the place.
        let screen = i64::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1);
        for scroll in scrolls {
            self.top = match scroll {
                Scroll::Lines(by) => moved(self.top, i64::from(*by)),
                Scroll::Screens(by) => moved(self.top, i64::from(*by) * screen),
                Scroll::Top => 0,
                Scroll::Bottom => last,
                Scroll::Part => {
                    page.parts.iter().copied().find(|&part| part > self.top).unwrap_or(0)
                }
            }
            .min(last);
        }
    }
}

/// Draws the session.
pub fn draw(frame: &mut Frame<'_>, session: &Session, page: &Page, view: &mut View) {
    let said = said(session, usize::from(frame.area().width));
    let rows = u16::try_from(said.len()).unwrap_or(1);
    let sizes = [Constraint::Length(4), Constraint::Min(1), Constraint::Length(rows + 2)];
    let [head, body, foot] = Layout::vertical(sizes).areas(frame.area());
    frame.render_widget(
        Paragraph::new(head_lines(session, usize::from(head.width)))
            .block(Block::new().borders(Borders::BOTTOM)),
        head,
    );
    view.height = usize::from(body.height);
    view.scroll(page, &[Scroll::Lines(0)]);
    match (session.mode(), session.candidate()) {
        (Mode::Help, _) => frame.render_widget(Paragraph::new(HELP), body),
        (_, None) => frame.render_widget(end(session), body),
        (_, Some(_)) => {
            let lines: Vec<Line<'_>> =
                page.lines.iter().skip(view.top).take(view.height).cloned().collect();
            frame.render_widget(Paragraph::new(lines), body);
        }
    }
    draw_foot(frame, foot, said, session, page, view);
}

/// What it is about: which one of how many, its subject; how far it was checked and what
/// it saves; whom it concerns.
fn head_lines(session: &Session, width: usize) -> Vec<Line<'static>> {
    let bold = Style::default().add_modifier(Modifier::BOLD);
    let [accepted, rejected, open] = session.counts();
    let all = session.candidates().len();
    let Some((at, candidate)) = session.at().zip(session.candidate()) else {
        let title =
            format!("{all} proposals: {accepted} accepted, {rejected} rejected, {open} open");
        return vec![Line::styled(shortened(&title, width), bold)];
    };
    let proposal = &candidate.proposal;
    let title = format!("{}/{all} {} {}", at + 1, proposal.id, proposal.subject);
    let verdict = match candidate.stale {
        Some(_) => "stale".to_owned(),
        None => contract_name(proposal.verdict),
    };
    let saved = i64::from(proposal.lines_removed) - i64::from(proposal.lines_added);
    let saved = match u64::try_from(saved) {
        Ok(saved) => format!("{} less", counted(saved, "line")),
        Err(_) => format!("{} more", counted(saved.unsigned_abs(), "line")),
    };
    let (added, removed) = (proposal.lines_added, proposal.lines_removed);
    let facts =
        format!("{verdict}, {}, {saved} (+{added} -{removed}), {open} open", proposal.rewrite);
    let decision = word(candidate.decision.as_ref());
    let concerned = match candidate.concerned.as_slice() {
        [] => "no entry of MAINTAINERS is about it".to_owned(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} (and {} more)", more.len()),
    };
    let mut second = vec![Span::raw(shortened(&printable_line(&facts), width.saturating_sub(10)))];
    if candidate.decision.is_some() {
        let colour = if decision == "accepted" { Color::Green } else { Color::Red };
        second.push(Span::styled(format!("  {decision}"), bold.fg(colour)));
    }
    vec![
        Line::styled(shortened(&printable_line(&title), width), bold),
        Line::from(second),
        Line::raw(shortened(&printable_line(&concerned), width)),
    ]
}

/// What is left to do when nothing is open.
fn end(session: &Session) -> Paragraph<'static> {
    let [accepted, ..] = session.counts();
    let text = match accepted {
        0 => "Nothing is open, and nothing accepted.".to_owned(),
        accepted => format!(
            "Nothing is open. {} accepted:\n\n  drvdedup verify --prepare    proves them\n  \
             drvdedup apply               applies them\n  drvdedup export -o DIR       writes \
             them for `git am`",
            counted(accepted as u64, "proposal")
        ),
    };
    Paragraph::new(format!("{text}\n\nb leads back, q quits.")).wrap(Wrap { trim: false })
}

/// What was said or is being typed, in the lines that it needs.
fn said(session: &Session, width: usize) -> Vec<String> {
    match session.mode() {
        Mode::Reason(text) => vec![prompt("why (Enter rejects, Esc does not): ", text, width)],
        Mode::Name(text) => vec![prompt("name (Enter plans it anew, Esc does not): ", text, width)],
        Mode::Scope => {
            let number = |scope| session.in_scope(scope).len();
            vec![format!(
                "accept all open of its g group ({}), f file ({}), d driver ({})",
                number(Scope::Group),
                number(Scope::File),
                number(Scope::Driver)
            )]
        }
        _ => wrapped(&printable_line(session.said()), width),
    }
}

/// A text in at most [`SAID`] lines; one, if it is empty.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let room = width.saturating_sub(word.chars().count());
        let is_last = lines.len() == SAID;
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() < room => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if is_last => {
                *line = shortened(&format!("{line}…"), width);
                break;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What was said, and the keys.
fn draw_foot(
    frame: &mut Frame<'_>,
    area: Rect,
    mut said: Vec<String>,
    session: &Session,
    page: &Page,
    view: &View,
) {
    let width = usize::from(area.width);
    let below = page.lines.len().saturating_sub(view.top + view.height);
    let is_silent = said.iter().all(String::is_empty);
    if is_silent && session.candidate().is_some() && below > 0 {
        said = vec![format!("{} below", counted(below as u64, "more line"))];
    }
    let mut lines: Vec<Line<'_>> = said.into_iter().map(Line::raw).collect();
    lines.push(Line::styled(shortened(KEYS, width), Style::default().fg(Color::Cyan)));
    frame.render_widget(Paragraph::new(lines).block(Block::new().borders(Borders::TOP)), area);
}

/// The question and the end of what is typed, with a mark behind it.
fn prompt(question: &str, text: &str, width: usize) -> String {
    let text = printable_line(text);
    let room = width.saturating_sub(question.chars().count() + 1);
    let skipped = text.chars().count().saturating_sub(room);
    let end: String = text.chars().skip(skipped).collect();
    format!("{question}{end}▏")
}

#[cfg(test)]
mod tests {
    use super::super::session::Key;
    use super::super::session::tests::candidate;
    use super::*;
    use crate::store::Decision;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn session() -> Session {
        let of = |id: &str, file: &str| candidate(id, id, file, "axf");
        Session::new(
            vec![of("00000001", "a.c"), of("00000002", "a.c"), of("00000003", "b.c")],
            None,
        )
    }

    fn page(lines: usize) -> Page {
        let line = |number: usize| Line::raw(format!("line {number}"));
        Page { lines: (1..=lines).map(line).collect(), parts: vec![5, 30] }
    }

    fn drawn(
        session: &Session,
        page: &Page,
        view: &mut View,
        (width, height): (u16, u16),
    ) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test's own");
        terminal.draw(|frame| draw(frame, session, page, view)).expect("nothing fails");
        let buffer = terminal.backend().buffer().clone();
        let rows = buffer.content.chunks(usize::from(width));
        let text = |row: &[ratatui::buffer::Cell]| {
            row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_owned() + "\n"
        };
        rows.map(text).collect()
    }

    #[test]
    fn a_screen_says_what_whom_and_which_keys() {
        let (session, page) = (session(), page(40));
        insta::assert_snapshot!(drawn(&session, &page, &mut View::default(), (80, 12)), @r"
        1/3 00000001 hwmon: a: Share a helper
        expands, extract-helper, 2 lines less (+6 -8), 3 open
        AXF DRIVER: Jo Doe; axf@example.org; Maintained
        ────────────────────────────────────────────────────────────────────────────────
        line 1
        line 2
        line 3
        line 4
        line 5
        ────────────────────────────────────────────────────────────────────────────────
        35 more lines below
        a accept  r reject  s skip  b back  e edit  m name  A all  ? help  q quit
        ");
    }

    #[test]
    fn scrolling_stops_at_the_ends_and_goes_from_part_to_part() {
        let (session, page) = (session(), page(40));
        let mut view = View::default();
        drawn(&session, &page, &mut view, (80, 12));
        let mut tops = Vec::new();
        for scroll in [
            Scroll::Lines(-1),
            Scroll::Screens(1),
            Scroll::Part,
            Scroll::Part,
            Scroll::Bottom,
            Scroll::Lines(1),
            Scroll::Screens(-1),
            Scroll::Top,
        ] {
            view.scroll(&page, &[scroll]);
            tops.push(view.top);
        }
        assert_eq!(tops, [0, 4, 5, 30, 35, 35, 31, 0]);
    }

    #[test]
    fn what_is_typed_and_what_can_be_taken_stand_at_the_bottom() {
        let mut session = session();
        let page = page(3);
        let last_lines = |session: &Session| {
            let text = drawn(session, &page, &mut View::default(), (60, 12));
            text.lines().nth(10).unwrap_or_default().to_owned()
        };
        session.press(Key::Char('r'));
        for c in "not mine, and far too long for one line".chars() {
            session.press(Key::Char(c));
        }
        assert!(last_lines(&session).ends_with("too long for one line▏"));
        assert!(last_lines(&session).starts_with("why (Enter rejects, Esc does not): "));
        session.press(Key::Esc);
        session.press(Key::Char('A'));
        let all = "accept all open of its g group (1), f file (2), d driver (3)";
        assert_eq!(last_lines(&session), all);
    }

    #[test]
    fn a_long_word_to_the_person_takes_up_to_three_lines() {
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("aaaa bbbb cccc dddd eeee", 5), ["aaaa", "bbbb", "cccc…"]);
        assert_eq!(wrapped("longer-than-the-line", 5), ["longer-than-the-line"]);
    }

    #[test]
    fn at_the_end_it_says_what_to_do_next() {
        let mut session = session();
        let ids = ["00000001", "00000002", "00000003"].map(str::to_owned);
        session.decided(&ids, Some(&Decision::accepted()));
        let text = drawn(&session, &Page::default(), &mut View::default(), (80, 24));
        assert!(text.starts_with("3 proposals: 3 accepted, 0 rejected, 0 open\n"), "{text}");
        assert!(text.contains("drvdedup apply  "), "{text}");
    }

    #[test]
    fn a_small_terminal_is_cut_and_nothing_panics() {
        let mut session = session();
        for size in [(80, 24), (20, 8), (10, 4), (3, 2), (1, 1), (200, 60)] {
            drawn(&session, &page(3), &mut View::default(), size);
            session.press(Key::Char('?'));
            drawn(&session, &page(3), &mut View::default(), size);
            session.press(Key::Char('x'));
        }
    }
}
