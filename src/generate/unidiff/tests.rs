use super::*;
use crate::generate::Patch;
use proptest::prelude::*;

fn between(before: &[u8], after: &[u8]) -> Vec<u8> {
    Patch::between(&[("d/a.c".to_owned(), before, after)]).text
}

fn one(patch: &[u8]) -> FilePatch {
    let mut files = parse(patch).unwrap();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

fn numbered(lines: std::ops::Range<usize>) -> String {
    lines.map(|line| format!("line {line}\n")).collect()
}

#[test]
fn a_hunk_is_found_again_after_lines_were_put_above_it() {
    let before = numbered(0..20);
    let after = before.replace("line 10\n", "line ten\n");
    let patch = one(&between(before.as_bytes(), after.as_bytes()));
    let moved = format!("new\nnew\n{before}");
    assert_eq!(
        apply_to(moved.as_bytes(), &patch).unwrap(),
        format!("new\nnew\n{after}").as_bytes()
    );
}

#[test]
fn a_changed_context_line_is_never_overlooked() {
    let before = numbered(0..20);
    let patch = one(&between(before.as_bytes(), before.replace("line 10\n", "x\n").as_bytes()));
    let other = before.replace("line 12\n", "line twelve\n");
    let error = apply_to(other.as_bytes(), &patch).unwrap_err();
    assert!(error.to_string().starts_with("d/a.c:8: the lines"), "{error}");
}

#[test]
fn a_hunk_at_the_end_of_the_file_does_not_fit_in_its_middle() {
    let patch = one(&between(b"a\nb\nc\nd\ne\n", b"a\nb\nc\nd\ne\nf\n"));
    assert!(apply_to(b"a\nb\nc\nd\ne\nz\n", &patch).is_err());
}

#[test]
fn a_new_file_is_not_written_over_an_old_one() {
    let patch = one(&between(b"", b"int a;\n"));
    assert_eq!(patch.creates, Some(0o644));
    assert_eq!(apply_to(b"", &patch).unwrap(), b"int a;\n");
    assert!(matches!(apply_to(b"x\n", &patch), Err(ApplyError::Exists { .. })));
}

#[test]
fn a_line_is_never_glued_to_one_without_an_end() {
    let patch = one(b"--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n a\n\\ No newline at end of file\n+b\n");
    assert!(matches!(apply_to(b"a", &patch), Err(ApplyError::MissingLineEnd { .. })));
}

#[test]
fn mail_text_around_a_patch_is_skipped() {
    let mut mail = b"Subject: [PATCH] x\n\n--- not a name\nbody\n---\n a.c | 2 +-\n".to_vec();
    mail.extend(between(b"a\n", b"b\n"));
    mail.extend(b"-- \n2.39.5\n");
    assert_eq!(apply_to(b"a\n", &one(&mail)).unwrap(), b"b\n");
}

#[test]
fn names_in_quotes_and_with_blanks_are_read_back() {
    for name in ["d/q\"u\\o\tt\n.c", "d/with blank.c", "d/é.c"] {
        let patch = Patch::between(&[(name.to_owned(), b"a\n", b"b\n")]);
        assert_eq!(one(&patch.text).path, name);
    }
}

#[test]
fn a_broken_patch_is_refused_with_its_line() {
    let check = |patch: &str, line: usize, problem: &str| {
        let error = parse(patch.as_bytes()).unwrap_err();
        assert_eq!(error.line, line, "{error} in {patch}");
        assert!(error.problem.contains(problem), "{error} in {patch}");
    };
    check("@@ -1 +1 @@\n", 1, "no `---`");
    check("--- a/x\n+++ b/x\n", 3, "expected `@@");
    check("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n", 5, "ends in the middle");
    check("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n*\n", 5, "begins with a blank");
    check("--- a/x\n+++ b/x\n@@ -1,1 +1,2 @@\n-a\n-b\n+c\n", 5, "more lines");
    check("--- a/x\n+++ b/x\n@@ -one +1 @@\n", 3, "expected `@@ -line");
    check("--- a/x\n+++ b/x\n@@ -99999999999999999999 +1 @@\n", 3, "expected `@@ -line");
    check("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n", 1, "inside the tree");
    check("--- /etc/passwd\n+++ /etc/../passwd\n@@ -1 +1 @@\n", 2, "inside the tree");
    check("--- a/x\n+++ b/y\n@@ -1 +1 @@\n", 3, "renaming");
    check("--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", 3, "deleting");
    check("diff --git a/x b/y\nrename from x\n", 2, "rename from x");
}

proptest! {
    #[test]
    fn a_patch_that_is_read_back_makes_the_same_text(
        before in "([ab\t}]{0,2}\r?\n){0,40}[ab]{0,1}",
        after in "([ab\t}]{0,2}\r?\n){0,40}[ab]{0,1}",
    ) {
        let (before, after) = (before.as_bytes(), after.as_bytes());
        let patch = between(before, after);
        match parse(&patch).unwrap().as_slice() {
            [] => prop_assert_eq!(before, after),
            [file] => prop_assert_eq!(apply_to(before, file).unwrap(), after),
            _ => prop_assert!(false, "one file, several patches"),
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut patch = b"--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n".to_vec();
        patch.extend(&noise);
        let _ = (parse(&noise), parse(&patch));
    }

    #[test]
    fn bytes_that_are_no_utf8_survive(
        before in proptest::collection::vec(any::<u8>(), 1..200),
        after in proptest::collection::vec(any::<u8>(), 1..200),
    ) {
        let patch = between(&before, &after);
        if before != after {
            prop_assert_eq!(apply_to(&before, &one(&patch)).unwrap(), after);
        }
    }
}
