//! What git tracks and has not been committed is not mixed with a patch.

use super::*;

/// Runs git in the tree with nobody's configuration.
fn git(tree: &Tree, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
        .args(args)
        .current_dir(tree.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git starts");
    assert!(output.status.success(), "git {args:?}: {:?}", said(&output));
}

/// Three functions, of which two proposals change the first and the last, and one that
/// brings a function before the second.
fn prepared() -> Tree {
    let text = ["f", "g", "h"].map(function).concat();
    let tree = Tree::new(&[("d/a.c", &text), ("d/b.h", "b\n"), ("Makefile", ""), ("Kconfig", "")]);
    tree.write("drivers/Makefile", "");
    tree
}

fn propose(tree: &Tree) {
    tree.propose("00000001", &[("d/a.c", "d->f = 1", "set(d)")]);
    tree.propose("00000002", &[("d/a.c", "d->h = 1", "set(d)"), ("d/b.h", "b", "B")]);
    tree.propose("00000003", &[("d/a.c", "static int g", "static int new;\n\nstatic int g")]);
}

fn committed() -> Tree {
    let tree = prepared();
    git(&tree, &["init", "-q"]);
    git(&tree, &["add", "-A"]);
    git(&tree, &["commit", "-q", "-m", "all"]);
    tree
}

/// What `apply` says of a proposal after an edit of `d/a.c`: its exit code and words.
fn after_edit(tree: &Tree, from: &str, to: &str, args: &[&str]) -> (Option<i32>, String) {
    let edited = tree.read("d/a.c").replacen(from, to, 1);
    tree.write("d/a.c", &edited);
    propose(tree);
    said(&program(tree, &[&["apply"], args].concat()).output().unwrap())
}

#[test]
fn lines_that_are_not_committed_are_refused_with_their_place_unless_forced() {
    let tree = committed();
    let before = tree.read("d/a.c").replacen("{\n\td->f = 1;", "{\n\td->f = 1; /* mine */", 1);
    let (code, said_) = after_edit(&tree, "d->f = 1;", "d->f = 1; /* mine */", &["00000001"]);
    assert_eq!(code, Some(1), "{said_}");
    let place = "d/a.c:3: not committed, and proposal 00000001 changes it";
    assert!(said_.contains(place) && said_.contains("--force"), "{said_}");
    assert_eq!(tree.read("d/a.c"), before);
    let checked = said(&program(&tree, &["apply", "--check", "--all"]).output().unwrap());
    assert_eq!(checked.0, Some(1), "a check says the same: {}", checked.1);

    let (code, said) = said(&program(&tree, &["apply", "--force", "00000001"]).output().unwrap());
    assert_eq!(code, Some(0), "{said}");
    assert!(tree.read("d/a.c").contains("set(d); /* mine */"));
}

#[test]
fn what_is_staged_is_not_committed_either() {
    let tree = committed();
    tree.write("d/a.c", &tree.read("d/a.c").replace("d->f = 1;", "d->f = 1; /* mine */"));
    git(&tree, &["add", "d/a.c"]);
    propose(&tree);
    let (code, said) = said(&program(&tree, &["apply", "00000001"]).output().unwrap());
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_header_is_looked_at_as_well() {
    let tree = committed();
    tree.write("d/b.h", "b /* mine */\n");
    propose(&tree);
    let (code, said) = said(&program(&tree, &["apply", "00000002"]).output().unwrap());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("d/b.h:1: not committed"), "{said}");
}

#[test]
fn other_lines_of_the_file_may_be_changed() {
    let tree = committed();
    let (code, said) = after_edit(&tree, "d->g = 1;", "d->g = 2;", &["00000001", "00000003"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(tree.read("d/a.c").contains("d->g = 2;"));
}

#[test]
fn applies_one_after_the_other_need_no_commit_between_them() {
    let tree = committed();
    propose(&tree);
    for id in ["00000001", "00000003", "00000002"] {
        let (code, said) = said(&program(&tree, &["apply", id]).output().unwrap());
        assert_eq!(code, Some(0), "{id}: {said}");
    }
}

#[test]
fn what_git_does_not_track_is_not_asked_for() {
    let without_repository = prepared();
    let without_commit = prepared();
    git(&without_commit, &["init", "-q"]);
    git(&without_commit, &["add", "-A"]);
    let untracked = prepared();
    git(&untracked, &["init", "-q"]);
    git(&untracked, &["add", "Makefile"]);
    git(&untracked, &["commit", "-q", "-m", "one"]);
    for tree in [without_repository, without_commit, untracked] {
        let (code, said) = after_edit(&tree, "d->f = 1;", "d->f = 1; /* mine */", &["00000001"]);
        assert_eq!(code, Some(0), "{said}");
    }
}

#[test]
fn a_repository_that_git_refuses_to_read_is_an_error_and_force_goes_without() {
    let tree = committed();
    tree.write(".git/config", "[broken\n");
    propose(&tree);
    let (code, said_) = said(&program(&tree, &["apply", "00000001"]).output().unwrap());
    assert_eq!(code, Some(2), "{said_}");
    assert!(said_.contains("--force goes without"), "{said_}");
    let (code, said) = said(&program(&tree, &["apply", "--force", "00000001"]).output().unwrap());
    assert_eq!(code, Some(0), "{said}");
}
