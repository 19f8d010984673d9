use super::*;
use drvdedup::store::{Step, StoreError, WhenBusy};
use std::io;
use std::sync::mpsc;

fn one_proposal() -> Tree {
    let tree = Tree::new(&[("d/a.c", "a\n")]);
    tree.propose("00000001", &[("d/a.c", "a", "b")]);
    tree
}

fn apply_error(tree: &Tree) -> String {
    let before = tree.sources();
    let error = tree.store().apply(&ids(&["00000001"])).unwrap_err();
    assert_eq!(tree.sources(), before, "{error}");
    error.to_string()
}

#[test]
fn a_missing_store_is_named_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(folder.path()).err().unwrap();
    assert!(error.to_string().ends_with("run `drvdedup plan` first"), "{error}");
    let error = Store::open(folder.path().join("none")).err().unwrap();
    assert!(error.to_string().contains("/none: cannot find the tree"), "{error}");
}

#[test]
fn a_broken_store_file_is_named() {
    let tree = one_proposal();
    let check = |path: &str, text: &str, expected: &str| {
        let good = tree.read(path);
        tree.write(path, text);
        let error = apply_error(&tree);
        assert!(error.contains(path) && error.contains(expected), "{error}");
        tree.write(path, &good);
    };
    let json = ".drvdedup/proposals/00000001.json";
    check(json, "{ \"id\": 1,\n x", "line 1 column");
    check(json, "", "EOF");
    check(json, &tree.read(json).replace("00000001\",", "00000002\","), "holds the proposal");
    check(json, &tree.read(json).replace("d/a.c", "../a.c"), "no file inside the tree");
    check(json, &tree.read(json).replace("d/a.c", ".git/config"), "no file inside the tree");
    let patch = ".drvdedup/proposals/00000001.patch";
    check(patch, "--- a/d/a.c\n+++ b/d/a.c\n@@ -1 +1 @@\n", "line 4 of the patch");
    check(patch, &tree.read(patch).replace("d/a.c", "d/z.c"), "does not name");
    let journal = ".drvdedup/journal";
    tree.write(journal, "");
    check(journal, "{", "broken journal");
}

#[test]
fn broken_decisions_are_named() {
    let tree = one_proposal();
    tree.write(".drvdedup/decisions.json", "[]");
    let error = tree.store().accept(&ids(&["00000001"])).unwrap_err().to_string();
    assert!(error.contains("decisions.json: broken store file"), "{error}");
    assert_eq!(tree.read(".drvdedup/decisions.json"), "[]");
}

#[test]
fn a_patch_that_does_not_fit_its_own_file_is_an_error() {
    let tree = one_proposal();
    let patch = tree.read(".drvdedup/proposals/00000001.patch").replace("-a", "-x");
    tree.write(".drvdedup/proposals/00000001.patch", &patch);
    let error = apply_error(&tree);
    assert!(error.starts_with("proposal 00000001: d/a.c:1: the lines"), "{error}");
}

#[test]
fn a_second_apply_says_who_holds_the_lock_or_waits() {
    let tree = one_proposal();
    let (started, has_started) = mpsc::sync_channel(0);
    let (go_on, may_go_on) = mpsc::sync_channel::<()>(0);
    let may_go_on = std::sync::Mutex::new(Some((started, may_go_on)));
    let slow = tree.store().with_hook(Box::new(move |_| {
        if let Some((started, may_go_on)) = may_go_on.lock().unwrap().take() {
            started.send(()).unwrap();
            may_go_on.recv().unwrap();
        }
        Ok(())
    }));
    std::thread::scope(|scope| {
        let mut slow = slow;
        let first = scope.spawn(move || slow.apply(&ids(&["00000001"])));
        has_started.recv().unwrap();
        let error = tree.store().apply(&ids(&["00000001"])).unwrap_err();
        let expected = format!("process {} is changing this tree", std::process::id());
        assert!(matches!(error, StoreError::Busy { .. }), "{error}");
        assert!(error.to_string().contains(&expected), "{error}");

        let mut patient = tree.store().when_busy(WhenBusy::Wait);
        let second = scope.spawn(move || patient.undo());
        go_on.send(()).unwrap();
        first.join().unwrap().unwrap();
        assert_eq!(second.join().unwrap().unwrap().proposals, ["00000001"]);
    });
    assert_eq!(tree.read("d/a.c"), "a\n");
}

#[test]
fn a_symbolic_link_is_never_replaced_or_followed() {
    let tree = one_proposal();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a.c"), "a\n").unwrap();
    fs::remove_file(tree.path().join("d/a.c")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("a.c"), tree.path().join("d/a.c")).unwrap();
    let error = apply_error(&tree);
    assert!(error.contains("d/a.c: is a symbolic link"), "{error}");

    fs::remove_dir_all(tree.path().join("d")).unwrap();
    std::os::unix::fs::symlink(outside.path(), tree.path().join("d")).unwrap();
    let error = tree.store().apply(&ids(&["00000001"])).unwrap_err().to_string();
    assert!(error.contains("reached through a symbolic link"), "{error}");
    assert_eq!(fs::read(outside.path().join("a.c")).unwrap(), b"a\n");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_changes() {
    let tree = one_proposal();
    let before = tree.sources_and_proposals();
    let mut store = tree.store().with_hook(Box::new(|step| match step {
        Step::Write(path) if path.parent().is_some_and(|folder| folder.ends_with("d")) => {
            let in_store = path.components().any(|part| part.as_os_str() == ".drvdedup");
            if in_store { Ok(()) } else { Err(io::ErrorKind::ReadOnlyFilesystem.into()) }
        }
        _ => Ok(()),
    }));
    let error = store.apply(&ids(&["00000001"])).unwrap_err().to_string();
    assert!(error.contains("/d/.a.c.") && error.contains("cannot write"), "{error}");
    assert_eq!(tree.sources_and_proposals(), before);
    assert!(!tree.path().join(".drvdedup/backup/1").exists());
    tree.store().apply(&ids(&["00000001"])).unwrap();
}

#[test]
fn a_file_that_is_saved_during_an_apply_is_not_overwritten() {
    let tree = one_proposal();
    let source = tree.path().join("d/a.c");
    let mut store = tree.store().with_hook(Box::new(move |step| {
        if matches!(step, Step::Sync(count) if count > 2) {
            fs::write(&source, "mine\n")?;
        }
        Ok(())
    }));
    let error = store.apply(&ids(&["00000001"])).unwrap_err();
    assert!(matches!(error, StoreError::ChangedMeanwhile { .. }), "{error}");
    assert_eq!(tree.read("d/a.c"), "mine\n");
    assert_eq!(tree.sources().len(), 1);
}
