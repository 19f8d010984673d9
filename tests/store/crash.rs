//! Every step of an apply and of an undo is made to fail, and to be the last.

use super::*;
use drvdedup::store::{Outcome, Step, StepHook, StoreError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Act = fn(&mut Store) -> Result<(), StoreError>;

fn apply(store: &mut Store) -> Result<(), StoreError> {
    store.apply(&ids(&["00000001"])).map(drop)
}

fn undo(store: &mut Store) -> Result<(), StoreError> {
    store.undo().map(drop)
}

/// A proposal over three files, one of them new, and a neighbour that is rebased.
fn prepared() -> Tree {
    let text = ["f", "g", "h"].map(function).concat();
    let tree = Tree::new(&[("d/a.c", &text), ("d/b.c", "b\n")]);
    tree.set_mode("d/b.c", 0o600);
    let first = [("d/a.c", "d->f = 1", "set(d)"), ("d/b.c", "b", "B"), ("n/m/n.h", "", "n\n")];
    tree.propose("00000001", &first);
    tree.propose("00000002", &[("d/a.c", &function("h"), "")]);
    tree
}

fn applied() -> Tree {
    let tree = prepared();
    apply(&mut tree.store()).unwrap();
    tree
}

/// Calls `at_step` for one step, counted from zero, and `later` for those after it.
fn at(
    number: usize,
    at_step: fn(Step<'_>) -> io::Result<()>,
    later: fn(Step<'_>) -> io::Result<()>,
) -> StepHook {
    let mut count = 0;
    Box::new(move |step| {
        count += 1;
        match (count - 1).cmp(&number) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Equal => at_step(step),
            std::cmp::Ordering::Greater => later(step),
        }
    })
}

/// The program ends here; a file that was being written is left half done.
fn crash(step: Step<'_>) -> io::Result<()> {
    if let Step::Write(path) = step {
        let _ = fs::write(path, "half a fi");
    }
    resume_unwind(Box::new("crash"))
}

fn fail(_: Step<'_>) -> io::Result<()> {
    Err(io::ErrorKind::PermissionDenied.into())
}

fn full_disk(step: Step<'_>) -> io::Result<()> {
    match step {
        Step::Write(path) => {
            let _ = fs::write(path, "half a fi");
            Err(io::ErrorKind::StorageFull.into())
        }
        Step::CreateFolder(_) => Err(io::ErrorKind::StorageFull.into()),
        _ => Ok(()),
    }
}

fn go_on(_: Step<'_>) -> io::Result<()> {
    Ok(())
}

fn steps_of(make: fn() -> Tree, act: Act) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let tree = make();
    let mut store = tree.store().with_hook(Box::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }));
    act(&mut store).unwrap();
    count.load(Ordering::Relaxed)
}

fn crash_everywhere(make: fn() -> Tree, act: Act) {
    let steps = steps_of(make, act);
    assert!(steps > 20, "only {steps} steps: the hook is not called everywhere");
    let mut outcomes = Vec::new();
    for step in 0..steps {
        let tree = make();
        let before = tree.sources_and_proposals();
        let mut store = tree.store().with_hook(at(step, crash, go_on));
        let ended = catch_unwind(AssertUnwindSafe(|| act(&mut store)));
        assert!(ended.is_err(), "step {step} of {steps} was not reached");
        drop(store);

        let recovered = tree.store().recover().unwrap();
        let after_recovery = tree.sources_and_proposals();
        let mut done = after_recovery != before;
        if !done {
            assert_ne!(recovered.as_ref().map(|r| r.outcome), Some(Outcome::Completed));
            act(&mut tree.store()).unwrap();
        }
        let reference = make();
        act(&mut reference.store()).unwrap();
        assert_eq!(tree.sources_and_proposals(), reference.sources_and_proposals(), "step {step}");
        done |= recovered.is_some_and(|recovered| recovered.outcome == Outcome::Completed);
        outcomes.push(done);
        assert_eq!(tree.store().recover().unwrap(), None, "step {step}");
    }
    assert!(outcomes.is_sorted(), "before, then after, and never back: {outcomes:?}");
    assert!(outcomes.contains(&false) && outcomes.contains(&true));
}

#[test]
fn a_crash_at_any_step_of_an_apply_leaves_the_tree_before_or_after_it() {
    crash_everywhere(prepared, apply);
}

#[test]
fn a_crash_at_any_step_of_an_undo_leaves_the_tree_before_or_after_it() {
    crash_everywhere(applied, undo);
}

#[test]
fn a_crash_during_the_recovery_from_a_crash_does_no_harm() {
    let steps = steps_of(prepared, apply);
    for (first, second) in
        (0..steps).step_by(2).flat_map(|first| (0..8).map(move |second| (first, second)))
    {
        let tree = prepared();
        let before = tree.sources();
        let mut store = tree.store().with_hook(at(first, crash, go_on));
        let _ = catch_unwind(AssertUnwindSafe(|| apply(&mut store)));
        drop(store);
        let mut store = tree.store().with_hook(at(second, crash, go_on));
        let _ = catch_unwind(AssertUnwindSafe(|| store.recover().map(drop)));
        drop(store);
        tree.store().recover().unwrap();
        if tree.sources() == before {
            apply(&mut tree.store()).unwrap();
        }
        assert_eq!(tree.read("d/b.c"), "B\n", "{first} {second}");
        undo(&mut tree.store()).unwrap();
        assert_eq!(tree.sources(), before, "{first} {second}");
    }
}

/// One step fails, or from one step on all do; the program goes on to its end.
fn fail_everywhere(
    make: fn() -> Tree,
    act: Act,
    at_step: fn(Step<'_>) -> io::Result<()>,
    later: fn(Step<'_>) -> io::Result<()>,
) {
    for step in 0..steps_of(make, act) {
        let tree = make();
        let before = tree.sources_and_proposals();
        let mut store = tree.store().with_hook(at(step, at_step, later));
        let ended = act(&mut store);
        drop(store);
        // What could not be cleaned up on the spot is what the next start mends.
        tree.store().recover().unwrap();
        let now = tree.sources_and_proposals();
        match ended {
            Err(error) => assert_eq!(now, before, "step {step}: {error}"),
            Ok(()) => assert_ne!(now, before, "step {step}"),
        }
    }
}

#[test]
fn a_step_that_fails_leaves_the_tree_as_it_was() {
    fail_everywhere(prepared, apply, fail, go_on);
    fail_everywhere(applied, undo, fail, go_on);
}

#[test]
fn a_disk_that_is_full_from_some_step_on_leaves_the_tree_as_it_was() {
    for step in 0..steps_of(prepared, apply) {
        let tree = prepared();
        let before = tree.sources();
        let mut store = tree.store().with_hook(at(step, full_disk, full_disk));
        let ended = apply(&mut store);
        drop(store);
        if ended.is_err() {
            tree.store().recover().unwrap();
        }
        let now = tree.sources();
        let after = now["d/b.c"].0 == b"B\n";
        assert_eq!(after, now != before, "step {step}: half an apply");
        assert_eq!(now.len(), if after { 3 } else { 2 }, "step {step}: something is left over");
    }
}

#[test]
fn an_edit_made_after_a_crash_is_not_lost() {
    let steps = steps_of(prepared, apply);
    for step in 0..steps {
        let tree = prepared();
        let mut store = tree.store().with_hook(at(step, crash, go_on));
        let _ = catch_unwind(AssertUnwindSafe(|| apply(&mut store)));
        drop(store);
        tree.write("d/b.c", "mine\n");
        let _ = tree.store().recover();
        assert_eq!(tree.read("d/b.c"), "mine\n", "step {step}");
    }
}
