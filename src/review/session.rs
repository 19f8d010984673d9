//! What each key means: the state of a review, apart from any terminal.

use super::{Candidate, Changed};
use crate::store::{Choice, Decision};

/// A key, as far as it means anything here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Tab: to the next part of the page.
    Tab,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the top.
    Home,
    /// To the end.
    End,
    /// Control and C.
    Interrupt,
}

/// What is to be done now; the session is told with [`Session::decided`],
/// [`Session::changed`] or [`Session::say`] what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Save a decision about some proposals; `None` forgets it.
    Decide(Vec<String>, Option<Decision>),
    /// Open the editor on the patch of the candidate.
    Edit,
    /// Call the helper of the candidate so.
    Rename(String),
    /// Remember the place: the next candidate is another one.
    Moved,
    /// End, as asked.
    Quit,
    /// End at once.
    Interrupted,
}

/// What keys mean now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A candidate is looked at.
    Looking,
    /// The reason of a rejection is typed.
    Reason(String),
    /// A name for the helper is typed.
    Name(String),
    /// It is asked of what all shall be accepted.
    Scope,
    /// The keys are explained.
    Help,
}

/// Of what all proposals are accepted at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one group.
    Group,
    /// Those that touch one of the same files.
    File,
    /// Those of one driver.
    Driver,
}

/// How far to move on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// Lines, down if positive.
    Lines(i32),
    /// Screens, down if positive.
    Screens(i32),
    /// To the top.
    Top,
    /// To the end.
    Bottom,
    /// To the next part.
    Part,
}

/// See the module.
#[derive(Debug)]
pub struct Session {
    candidates: Vec<Candidate>,
    /// The one that is looked at; `None` when nothing is open any more.
    at: Option<usize>,
    mode: Mode,
    said: String,
    scrolls: Vec<Scroll>,
}

impl Session {
    /// A review of `candidates`, which goes on with `place`, if that is open, or else with
    /// the first open one behind it.
    pub fn new(candidates: Vec<Candidate>, place: Option<&str>) -> Session {
        let from =
            place.and_then(|id| candidates.iter().position(|it| it.proposal.id == id)).unwrap_or(0);
        let mut session = Session {
            candidates,
            at: None,
            mode: Mode::Looking,
            said: String::new(),
            scrolls: Vec::new(),
        };
        session.at = session.open_from(from);
        session
    }

    /// All candidates.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The number of the one that is looked at, from zero.
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    /// The one that is looked at.
    pub fn candidate(&self) -> Option<&Candidate> {
        self.candidates.get(self.at?)
    }

    /// What keys mean now.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// What the last key came to, in a line.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// How many are accepted, rejected and open.
    pub fn counts(&self) -> [usize; 3] {
        let number = |choice: Option<Choice>| {
            let decided = |it: &&Candidate| it.decision.as_ref().map(|it| it.choice) == choice;
            self.candidates.iter().filter(decided).count()
        };
        [number(Some(Choice::Accepted)), number(Some(Choice::Rejected)), number(None)]
    }

    /// What was scrolled since this was asked last.
    pub fn take_scrolls(&mut self) -> Vec<Scroll> {
        std::mem::take(&mut self.scrolls)
    }

    /// Takes a key. What it asks for is to be done by the caller.
    pub fn press(&mut self, key: Key) -> Option<Task> {
        if key == Key::Interrupt {
            return Some(Task::Interrupted);
        }
        self.said.clear();
        match std::mem::replace(&mut self.mode, Mode::Looking) {
            Mode::Looking => self.look(key),
            Mode::Help => None,
            Mode::Scope => self.take_all(key),
            Mode::Reason(text) => match typed(text, key) {
                Typed::Open(text) => {
                    self.mode = Mode::Reason(text);
                    None
                }
                Typed::Done(text) => self.decide(Decision::rejected(text.trim())),
                Typed::Dropped => None,
            },
            Mode::Name(text) => match typed(text, key) {
                Typed::Open(text) => {
                    self.mode = Mode::Name(text);
                    None
                }
                Typed::Done(text) => Some(Task::Rename(text.trim().to_owned())),
                Typed::Dropped => None,
            },
        }
    }

    fn look(&mut self, key: Key) -> Option<Task> {
        match key {
            Key::Char('q') => return Some(Task::Quit),
            Key::Char('?' | 'h') => self.mode = Mode::Help,
            Key::Char('b') => return self.back(),
            Key::Up => self.scrolls.push(Scroll::Lines(-1)),
            Key::Down => self.scrolls.push(Scroll::Lines(1)),
            Key::PageUp => self.scrolls.push(Scroll::Screens(-1)),
            Key::PageDown | Key::Char(' ') => self.scrolls.push(Scroll::Screens(1)),
            Key::Home => self.scrolls.push(Scroll::Top),
            Key::End => self.scrolls.push(Scroll::Bottom),
            Key::Tab => self.scrolls.push(Scroll::Part),
            key => return self.judge(key),
        }
        None
    }

    /// Keys that need a candidate.
    fn judge(&mut self, key: Key) -> Option<Task> {
        let candidate = self.candidate()?;
        let stale = candidate.stale.clone();
        let helper = candidate.proposal.claim.as_ref().and_then(|claim| claim.helper.clone());
        let id = candidate.proposal.id.clone();
        match (key, stale) {
            (Key::Char('a' | 'y' | 'e' | 'm'), Some(stale)) => {
                self.say(format!("{stale}; plan again"))
            }
            (Key::Char('a' | 'y'), None) => return self.decide(Decision::accepted()),
            (Key::Char('r' | 'n'), _) => self.mode = Mode::Reason(String::new()),
            (Key::Char('s'), _) => return self.skip(),
            (Key::Char('u'), _) => return Some(Task::Decide(vec![id], None)),
            (Key::Char('e'), None) => return Some(Task::Edit),
            (Key::Char('m'), None) => match helper {
                Some(name) => self.mode = Mode::Name(name),
                None => self.say("it makes no helper that could be named"),
            },
            (Key::Char('A'), _) => self.mode = Mode::Scope,
            (Key::Char(c), _) => self.say(format!("`{c}` means nothing; ? lists the keys")),
            _ => {}
        }
        None
    }

    fn decide(&mut self, decision: Decision) -> Option<Task> {
        let id = self.candidate()?.proposal.id.clone();
        Some(Task::Decide(vec![id], Some(decision)))
    }

    /// The open proposals of a scope, which an `A` accepts; stale ones are none of them.
    pub fn in_scope(&self, scope: Scope) -> Vec<String> {
        let Some(this) = self.candidate() else { return Vec::new() };
        let belongs = |it: &&Candidate| {
            it.decision.is_none()
                && it.stale.is_none()
                && match scope {
                    Scope::Group => it.proposal.group == this.proposal.group,
                    Scope::File => {
                        it.proposal.files.iter().any(|file| this.proposal.files.contains(file))
                    }
                    Scope::Driver => it.driver == this.driver,
                }
        };
        self.candidates.iter().filter(belongs).map(|it| it.proposal.id.clone()).collect()
    }

    fn take_all(&mut self, key: Key) -> Option<Task> {
        let scope = match key {
            Key::Char('g') => Scope::Group,
            Key::Char('f') => Scope::File,
            Key::Char('d') => Scope::Driver,
            _ => return None,
        };
        match self.in_scope(scope) {
            ids if ids.is_empty() => {
                self.say("nothing of that is open");
                None
            }
            ids => Some(Task::Decide(ids, Some(Decision::accepted()))),
        }
    }

    fn skip(&mut self) -> Option<Task> {
        let here = self.at?;
        match self.open_from(here + 1).filter(|&next| next != here) {
            Some(next) => {
                self.at = Some(next);
                Some(Task::Moved)
            }
            None => {
                self.say("no other one is open");
                None
            }
        }
    }

    fn back(&mut self) -> Option<Task> {
        let here = self.at.unwrap_or(self.candidates.len());
        match here.checked_sub(1) {
            Some(before) => {
                self.at = Some(before);
                Some(Task::Moved)
            }
            None => {
                self.say("this is the first one");
                None
            }
        }
    }

    /// The first open one from `from` on, and from the beginning on if there is none.
    fn open_from(&self, from: usize) -> Option<usize> {
        let count = self.candidates.len();
        let open = |at: &usize| self.candidates.get(*at).is_some_and(|it| it.decision.is_none());
        (from..count).chain(0..from.min(count)).find(open)
    }

    /// A decision was saved: goes on with the next open one, unless it was forgotten.
    pub fn decided(&mut self, ids: &[String], decision: Option<&Decision>) {
        for candidate in self.candidates.iter_mut().filter(|it| ids.contains(&it.proposal.id)) {
            candidate.decision = decision.cloned();
        }
        let Some(here) = self.at else { return };
        match decision {
            None => self.say("open again"),
            Some(decision) => {
                let what = match decision.choice {
                    Choice::Accepted => "accepted",
                    Choice::Rejected => "rejected",
                };
                self.say(match ids {
                    [id] => format!("{id} {what}"),
                    more => format!("{} {what}", more.len()),
                });
                self.at = self.open_from(here + 1);
            }
        }
    }

    /// The candidate is another one now.
    pub fn changed(&mut self, changed: Changed) {
        self.said = changed.said;
        if let Some(candidate) = self.at.and_then(|at| self.candidates.get_mut(at)) {
            *candidate = *changed.candidate;
        }
    }

    /// Tells the person something.
    pub fn say(&mut self, text: impl Into<String>) {
        self.said = text.into();
    }
}

/// What became of a line that is being typed.
enum Typed {
    Open(String),
    Done(String),
    Dropped,
}

fn typed(mut text: String, key: Key) -> Typed {
    match key {
        Key::Enter => return Typed::Done(text),
        Key::Esc => return Typed::Dropped,
        Key::Backspace => {
            text.pop();
        }
        Key::Char(c) => text.push(c),
        _ => {}
    }
    Typed::Open(text)
}

#[cfg(test)]
pub mod tests;
