use super::*;
use crate::report::sample;
use crate::verify::Claim;

/// A candidate of a file and a driver.
pub fn candidate(id: &str, group: &str, file: &str, driver: &str) -> Candidate {
    let mut proposal = sample::proposed().proposals.remove(0);
    id.clone_into(&mut proposal.id);
    group.clone_into(&mut proposal.group);
    proposal.files = vec![file.to_owned()];
    proposal.claim = Some(Claim { helper: Some("get".to_owned()), ..Claim::default() });
    Candidate {
        proposal,
        patch: b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b\n".to_vec(),
        stale: None,
        group: None,
        decision: None,
        driver: driver.to_owned(),
        concerned: vec!["AXF DRIVER: Jo Doe; axf@example.org; Maintained".to_owned()],
    }
}

fn four() -> Vec<Candidate> {
    vec![
        candidate("00000001", "a", "a.c", "axf"),
        candidate("00000002", "b", "a.c", "axf"),
        candidate("00000003", "c", "b.c", "axf"),
        candidate("00000004", "d", "c.c", "other"),
    ]
}

/// Presses keys, and does what they ask for; what was asked for.
fn press(session: &mut Session, keys: &str) -> Vec<Task> {
    let key = |c| match c {
        '\n' => Key::Enter,
        '\u{1b}' => Key::Esc,
        '\u{8}' => Key::Backspace,
        c => Key::Char(c),
    };
    let mut tasks = Vec::new();
    for c in keys.chars() {
        let Some(task) = session.press(key(c)) else { continue };
        if let Task::Decide(ids, decision) = &task {
            session.decided(ids, decision.as_ref());
        }
        tasks.push(task);
    }
    tasks
}

fn id(session: &Session) -> Option<&str> {
    session.candidate().map(|it| it.proposal.id.as_str())
}

#[test]
fn accepting_and_rejecting_go_on_with_the_next_open_one() {
    let mut session = Session::new(four(), None);
    assert_eq!(id(&session), Some("00000001"));
    let tasks = press(&mut session, "a");
    assert_eq!(tasks, [Task::Decide(vec!["00000001".to_owned()], Some(Decision::accepted()))]);
    assert_eq!((id(&session), session.said()), (Some("00000002"), "00000001 accepted"));
    let tasks = press(&mut session, "rnott\u{8} mine\n");
    let rejected = Decision::rejected("not mine");
    assert_eq!(tasks, [Task::Decide(vec!["00000002".to_owned()], Some(rejected))]);
    assert_eq!(session.counts(), [1, 1, 2]);
    press(&mut session, "an\n");
    assert_eq!((id(&session), session.counts()), (None, [2, 2, 0]));
    assert_eq!(press(&mut session, "aq"), [Task::Quit], "nothing is left to accept");
}

#[test]
fn what_was_skipped_comes_again_at_the_end_and_in_the_next_run() {
    let mut session = Session::new(four(), None);
    assert_eq!(press(&mut session, "s"), [Task::Moved]);
    press(&mut session, "aa");
    assert_eq!(id(&session), Some("00000004"));
    press(&mut session, "a");
    assert_eq!(id(&session), Some("00000001"));
    assert!(press(&mut session, "s").is_empty());
    assert_eq!(session.said(), "no other one is open");

    let again = Session::new(four(), Some("00000003"));
    assert_eq!(id(&again), Some("00000003"));
    let mut decided = four();
    decided[2].decision = Some(Decision::accepted());
    assert_eq!(id(&Session::new(decided, Some("00000003"))), Some("00000004"));
}

#[test]
fn back_leads_to_decided_ones_whose_answer_can_be_changed_or_forgotten() {
    let mut session = Session::new(four(), None);
    press(&mut session, "ab");
    assert_eq!(id(&session), Some("00000001"));
    press(&mut session, "u");
    assert_eq!((id(&session), session.counts()), (Some("00000001"), [0, 0, 4]));
    assert_eq!(session.said(), "open again");
    assert!(press(&mut session, "b").is_empty());
    assert_eq!(session.said(), "this is the first one");
    press(&mut session, "aaaa");
    assert_eq!(id(&session), None);
    press(&mut session, "br\n");
    assert_eq!(session.counts(), [3, 1, 0]);
}

#[test]
fn all_of_a_group_a_file_or_a_driver_are_taken_at_once() {
    for (keys, taken) in [("Ag", 1), ("Af", 2), ("Ad", 3), ("Ax", 0), ("A\u{1b}", 0)] {
        let mut session = Session::new(four(), None);
        press(&mut session, keys);
        assert_eq!(session.counts()[0], taken, "{keys:?}");
    }
    let mut session = Session::new(four(), None);
    press(&mut session, "r\nbAf");
    assert_eq!(session.counts(), [1, 1, 2], "what is rejected stays so");
}

#[test]
fn a_stale_one_can_only_be_rejected_or_skipped() {
    let mut stale = four();
    stale[0].stale = Some("a.c: changed since".to_owned());
    let mut session = Session::new(stale, None);
    for key in ["a", "y", "e", "m"] {
        assert!(press(&mut session, key).is_empty(), "{key}");
        assert_eq!(session.said(), "a.c: changed since; plan again");
    }
    assert_eq!(session.in_scope(Scope::File), ["00000002"]);
    press(&mut session, "r\n");
    assert_eq!(session.counts(), [0, 1, 3]);
}

#[test]
fn a_name_is_asked_with_the_old_one_to_begin_with() {
    let mut session = Session::new(four(), None);
    assert_eq!(press(&mut session, "m\u{8}\u{8}o\n"), [Task::Rename("go".to_owned())]);
    assert!(press(&mut session, "m\u{1b}").is_empty());
    let mut without = four();
    without[0].proposal.claim = None;
    let mut session = Session::new(without, None);
    press(&mut session, "m");
    assert_eq!(session.said(), "it makes no helper that could be named");
}

#[test]
fn an_interrupt_ends_whatever_is_being_typed() {
    let mut session = Session::new(four(), None);
    press(&mut session, "rbec");
    assert_eq!(session.press(Key::Interrupt), Some(Task::Interrupted));
}

#[test]
fn help_goes_away_with_any_key_and_other_keys_are_told_of() {
    let mut session = Session::new(four(), None);
    press(&mut session, "?");
    assert_eq!(session.mode(), &Mode::Help);
    assert!(press(&mut session, "a").is_empty());
    assert_eq!((session.mode(), session.counts()), (&Mode::Looking, [0, 0, 4]));
    press(&mut session, "z");
    assert_eq!(session.said(), "`z` means nothing; ? lists the keys");
}
