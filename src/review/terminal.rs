//! Keys in and screens out. Whatever ends the review, the terminal is as it was.

use super::page::{self, Page};
use super::screen::{self, View};
use super::session::{Key, Session, Task};
use super::{Candidate, Desk};
use crate::tree::KernelTree;
use crate::verify::build::interrupt;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::env;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a signal is looked for while no key comes.
const WAIT: Duration = Duration::from_millis(200);

/// How long the review may take to end after a signal.
const GRACE: Duration = Duration::from_secs(2);
/// Exit code of a review that did not end by itself: that of the contract for a failure.
const GONE: i32 = 2;

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As asked.
    Quit,
    /// By control and C, by a signal, or because the terminal is gone.
    Interrupted,
}

/// Whether there is a terminal to review on.
pub fn is_possible() -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

/// Lets the person at the terminal decide.
///
/// # Errors
/// Those of the terminal.
pub fn run(session: &mut Session, desk: &mut dyn Desk, tree: &KernelTree) -> io::Result<End> {
    let is_done = Arc::new(AtomicBool::new(false));
    watch(Arc::clone(&is_done));
    // Restores the terminal in a panic, too.
    let mut terminal = ratatui::try_init()?;
    let end = interact(&mut terminal, session, desk, tree);
    ratatui::restore();
    is_done.store(true, Ordering::Relaxed);
    end
}

/// Ends the program where a signal came and the review does not end by itself: it may be
/// planning, or waiting for the rest of a key. All that was decided is saved.
fn watch(is_done: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut waited = Duration::ZERO;
        while waited < GRACE {
            std::thread::sleep(WAIT);
            if is_done.load(Ordering::Relaxed) {
                return;
            }
            waited = if interrupt::came() { waited + WAIT } else { Duration::ZERO };
        }
        ratatui::restore();
        std::process::exit(GONE);
    });
}

/// Whether the terminal has been closed.
fn is_gone() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().intersects(gone)
}

fn interact(
    terminal: &mut DefaultTerminal,
    session: &mut Session,
    desk: &mut dyn Desk,
    tree: &KernelTree,
) -> io::Result<End> {
    let mut sheet = Sheet::default();
    let mut is_new = true;
    loop {
        if is_new {
            let width = usize::from(terminal.size()?.width);
            sheet.show(session, tree, width);
            terminal.draw(|frame| screen::draw(frame, session, &sheet.page, &mut sheet.view))?;
        }
        if interrupt::came() || is_gone() {
            leave(session, desk);
            return Ok(End::Interrupted);
        }
        is_new = event::poll(WAIT)?;
        if !is_new {
            continue;
        }
        let Some(key) = key(&event::read()?) else { continue };
        match session.press(key) {
            None => {}
            Some(Task::Moved) => leave(session, desk),
            Some(Task::Quit) => {
                leave(session, desk);
                return Ok(End::Quit);
            }
            Some(Task::Interrupted) => {
                leave(session, desk);
                return Ok(End::Interrupted);
            }
            Some(task) => {
                if matches!(task, Task::Rename(_)) {
                    session.say("planning anew …");
                    terminal
                        .draw(|frame| screen::draw(frame, session, &sheet.page, &mut sheet.view))?;
                }
                work(terminal, session, desk, task)?;
                sheet.of = None;
            }
        }
    }
}

/// The next run goes on here.
fn leave(session: &Session, desk: &mut dyn Desk) {
    desk.leave_at(session.candidate().map(|candidate| candidate.proposal.id.as_str()));
}

/// Has a task done, and tells the session what came of it.
fn work(
    terminal: &mut DefaultTerminal,
    session: &mut Session,
    desk: &mut dyn Desk,
    task: Task,
) -> io::Result<()> {
    let candidate: Option<Candidate> = session.candidate().cloned();
    match (task, candidate) {
        (Task::Decide(ids, decision), _) => match desk.decide(&ids, decision.as_ref()) {
            Ok(()) => session.decided(&ids, decision.as_ref()),
            Err(error) => session.say(error),
        },
        (Task::Edit, Some(candidate)) => {
            ratatui::restore();
            let edited = desk.edit(&candidate);
            // All is drawn anew: to clear it would be to ask the terminal for its cursor.
            *terminal = ratatui::try_init()?;
            match edited {
                Ok(Some(changed)) => session.changed(changed),
                Ok(None) => session.say("the patch is as it was"),
                Err(error) => session.say(format!("{error}; e goes on with what was typed")),
            }
        }
        (Task::Rename(name), Some(candidate)) => match desk.rename(&candidate, &name) {
            Ok(changed) => session.changed(changed),
            Err(error) => session.say(error),
        },
        _ => {}
    }
    Ok(())
}

/// The page that is shown, made when it is another one.
#[derive(Default)]
struct Sheet {
    /// The number of its candidate, and the width that it was made for.
    of: Option<(Option<usize>, usize)>,
    page: Page,
    view: View,
}

impl Sheet {
    fn show(&mut self, session: &mut Session, tree: &KernelTree, width: usize) {
        let of = Some((session.at(), width));
        if self.of != of {
            self.page = match session.candidate() {
                Some(candidate) => page::page(tree, candidate, width),
                None => Page::default(),
            };
            let is_same = self.of.is_some_and(|(at, _)| at == session.at());
            if !is_same {
                self.view = View::default();
            }
            self.of = of;
        }
        self.view.scroll(&self.page, &session.take_scrolls());
    }
}

/// The key of an event; `None` where it means nothing.
fn key(event: &Event) -> Option<Key> {
    let Event::Key(KeyEvent { code, modifiers, kind, .. }) = event else { return None };
    if *kind == KeyEventKind::Release {
        return None;
    }
    let control = modifiers.contains(KeyModifiers::CONTROL);
    Some(match code {
        KeyCode::Char('c' | 'd') if control => Key::Interrupt,
        KeyCode::Char('f') if control => Key::PageDown,
        KeyCode::Char(_) if control || modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Key::Char(*c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Tab,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_c_interrupts_and_other_chords_mean_nothing() {
        let press = |code, modifiers| key(&Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(press(KeyCode::Char('a'), KeyModifiers::NONE), Some(Key::Char('a')));
        assert_eq!(press(KeyCode::Char('A'), KeyModifiers::SHIFT), Some(Key::Char('A')));
        assert_eq!(press(KeyCode::Char('a'), KeyModifiers::CONTROL), None);
        assert_eq!(press(KeyCode::Char('a'), KeyModifiers::ALT), None);
        assert_eq!(press(KeyCode::F(1), KeyModifiers::NONE), None);
        assert_eq!(key(&Event::Resize(80, 24)), None);
    }
}
