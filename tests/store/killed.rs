//! The program is killed, by a signal that it cannot catch, while it changes a tree.

use super::*;
use drvdedup::store::{Step, StepHook};
use std::process::Child;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const FILES: usize = 40;
const KILLS: u32 = 150;

/// Many files, two proposals that change each of them, and one that stays behind.
fn many_files() -> Tree {
    let text = ["f", "g", "h"].map(function).concat();
    let names: Vec<String> = (0..FILES).map(|n| format!("d{}/f{n}.c", n % 7)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), text.as_str())).collect();
    let tree = Tree::new(&files);
    // A kernel tree, for the program.
    for (name, text) in [("Makefile", "VERSION = 6\n"), ("Kconfig", "")] {
        tree.write(name, text);
    }
    tree.write("drivers/Makefile", "");
    let all = |from, to| names.iter().map(|name| (name.as_str(), from, to)).collect::<Vec<_>>();
    let new = ("n/m/n.h", "", "n\n");
    tree.propose("00000001", &[all("d->f = 1", "set(d)"), vec![new]].concat());
    tree.propose("00000002", &all("d->h = 1", "set(d)"));
    tree.propose("00000003", &[("d0/f0.c", "d->g = 1", "set(d)")]);
    tree
}

/// Waits until the program has begun to write; false if it has ended before that was
/// seen.
fn has_begun(tree: &Tree, child: &mut Child, number: &str) -> bool {
    let copies = tree.path().join(".drvdedup/backup").join(number);
    while !copies.exists() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
    true
}

/// Numbers that look random, the same in every run.
fn numbers() -> impl FnMut(u32) -> u32 {
    let mut state = 0x2545_f491_u32;
    move |below| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % below
    }
}

/// Runs a command that ends by itself; how long it wrote, unless it had ended before the
/// beginning was seen: on a busy machine this process may have slept meanwhile.
fn duration(tree: &Tree, args: &[&str], number: &str) -> Option<Duration> {
    let mut child = program(tree, args).spawn().unwrap();
    let seen = has_begun(tree, &mut child, number);
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", said(&output));
    seen.then(|| begun.elapsed())
}

/// What a kill led to, as the next start said it.
#[derive(Default, Debug)]
struct Tally {
    taken_back: u32,
    completed: u32,
    silent: u32,
}

/// Kills `args` once, starts the program again, and checks that the tree is as it was
/// `before` or as it is `after`, and that this is what the program says.
fn kill_once(
    tree: &Tree,
    (args, number): (&[&str], &str),
    [before, after]: [&Contents; 2],
    delay: Duration,
    tally: &mut Tally,
) -> bool {
    let mut child = program(tree, args).spawn().unwrap();
    if has_begun(tree, &mut child, number) {
        let begun = Instant::now();
        while begun.elapsed() < delay {
            std::hint::spin_loop();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let next = program(tree, &["apply", "--check", "00000003"]).output().unwrap();
    let (code, said) = said(&next);
    assert_eq!(code, Some(0), "{said}");
    let now = tree.sources_and_proposals();
    let is_after = now == *after;
    assert!(is_after || now == *before, "neither before nor after {args:?}: {said}");
    match (said.contains("it is taken back now"), said.contains("it is completed now")) {
        (true, false) => tally.taken_back += 1,
        (false, true) => tally.completed += 1,
        _ => tally.silent += 1,
    }
    if said.contains("had been cut off") {
        assert_eq!(is_after, said.contains("completed"), "{args:?}: {said}");
    }
    is_after
}

/// Kills `act` at many moments; after each, what `back` does makes the tree as before.
fn kill_often(tree: &Tree, act: (&[&str], &str), back: &[&str]) {
    let before = tree.sources_and_proposals();
    let mut measured = duration(tree, act.0, act.1);
    let after = tree.sources_and_proposals();
    assert_ne!(before, after);
    let restore = || {
        let output = program(tree, back).output().unwrap();
        assert!(output.status.success(), "{:?}", said(&output));
        assert_eq!(tree.sources_and_proposals(), before);
    };
    restore();
    for _ in 0..20 {
        if measured.is_none() {
            measured = duration(tree, act.0, act.1);
            restore();
        }
    }
    let takes = measured.expect("the beginning was never seen");
    let mut tally = Tally::default();
    let mut random = numbers();
    let span = u32::try_from(takes.as_micros()).unwrap().max(1);
    for _ in 0..KILLS {
        let delay = Duration::from_micros(random(span).into());
        if kill_once(tree, act, [&before, &after], delay, &mut tally) {
            restore();
        }
    }
    println!("{}: {tally:?}, in {takes:?}", act.0[0]);
    assert!(tally.taken_back > 0 && tally.completed > 0, "never in the middle: {tally:?}");
}

#[test]
fn a_killed_apply_leaves_the_tree_before_or_after_it_and_the_next_start_says_which() {
    let tree = many_files();
    kill_often(&tree, (&["apply", "00000001", "00000002"], "1"), &["undo"]);
}

#[test]
fn a_killed_undo_leaves_the_tree_before_or_after_it_and_the_next_start_says_which() {
    let tree = many_files();
    let apply = ["apply", "00000001", "00000002"];
    assert!(program(&tree, &apply).status().unwrap().success());
    kill_often(&tree, (&["undo"], "2"), &apply);
}

/// Tells when the first step is reached, and waits there.
fn stop_at_first_step(started: mpsc::SyncSender<()>, go_on: mpsc::Receiver<()>) -> StepHook {
    let channels = std::sync::Mutex::new(Some((started, go_on)));
    Box::new(move |_: Step<'_>| {
        if let Some((started, go_on)) = channels.lock().unwrap().take() {
            started.send(()).unwrap();
            go_on.recv().unwrap();
        }
        Ok(())
    })
}

#[test]
fn a_second_program_says_which_process_is_changing_the_tree() {
    let tree = many_files();
    let (started, has_started) = mpsc::sync_channel(0);
    let (go_on, may_go_on) = mpsc::sync_channel(0);
    let mut slow = tree.store().with_hook(stop_at_first_step(started, may_go_on));
    std::thread::scope(|scope| {
        let first = scope.spawn(move || slow.apply(&ids(&["00000001"])));
        has_started.recv().unwrap();
        for args in [&["apply", "00000002"][..], &["undo"], &["apply", "--check", "00000002"]] {
            let (code, said) = said(&program(&tree, args).output().unwrap());
            let expected = format!("process {} is changing this tree", std::process::id());
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains(&expected), "{args:?}: {said}");
        }
        go_on.send(()).unwrap();
        first.join().unwrap().unwrap();
    });
    assert!(program(&tree, &["apply", "00000002"]).status().unwrap().success());
}

#[test]
fn of_two_programs_at_once_each_does_all_or_nothing() {
    let tree = many_files();
    let before = tree.sources_and_proposals();
    for _ in 0..20 {
        let start = |id| program(&tree, &["apply", id]).spawn().unwrap();
        let both = [start("00000001"), start("00000002")];
        let ended = both.map(|child| said(&child.wait_with_output().unwrap()));
        let mut done = 0;
        for ((code, said), (file, text)) in
            ended.iter().zip([("n/m/n.h", "n"), ("d1/f1.c", "set(d);\n\n\treturn 0;\n}\n\n")])
        {
            match code {
                Some(0) => {
                    done += 1;
                    assert!(tree.read(file).contains(text), "{file}: {said}");
                }
                _ => assert!(said.contains("is changing this tree"), "{said}"),
            }
        }
        assert!(done > 0, "{ended:?}");
        for _ in 0..done {
            assert!(program(&tree, &["undo"]).status().unwrap().success());
        }
        assert_eq!(tree.sources_and_proposals(), before);
    }
}
