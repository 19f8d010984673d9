//! A patch that a person has changed in an editor. In: the text as it was saved. Out: a
//! patch whose hunks have the right numbers. Nobody counts lines by hand: what a hunk's
//! header says of them is made anew from the hunk, as `git add -e` does.

use crate::generate::Patch;
use crate::generate::lines::split_lines;
use crate::generate::unidiff::{self, ApplyError, PatchError};
use crate::verify::Files;

/// What stands above a patch in the editor; lines like these are no part of it.
pub const HINTS: &str = "\
# Lines with a + come, lines with a - go. The numbers in @@ need not be right: they are
# counted anew. An empty file, or one that is as it was, changes nothing. After this the
# patch must apply, and is checked again as far as can be without a kernel.
";

/// Why a text is no patch of those files.
#[derive(Debug, thiserror::Error)]
pub enum EditedError {
    /// It is no patch.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// It does not apply.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// It touches another file.
    #[error("{0}: the proposal is not about this file; plan one that is")]
    OtherFile(String),
    /// It does nothing.
    #[error("the patch changes nothing")]
    Nothing,
}

/// The patch of an edited text, and the files after it. `before` has the proposal's files,
/// without those that it makes, which `makes` names.
///
/// # Errors
/// Why it cannot be applied to them.
pub fn edited(
    text: &[u8],
    before: &Files,
    makes: &[String],
) -> Result<(Patch, Files), EditedError> {
    let mut after = before.clone();
    let mut texts = Vec::new();
    for patch in unidiff::parse(&recounted(text))? {
        let path = &patch.path;
        let old = match before.get(path) {
            Some(old) => old.as_slice(),
            None if makes.contains(path) => &[],
            None => return Err(EditedError::OtherFile(path.clone())),
        };
        let new = unidiff::apply_to(old, &patch)?;
        texts.push((path.clone(), old, new.clone()));
        after.insert(path.clone(), new);
    }
    let files: Vec<_> =
        texts.iter().map(|(path, old, new)| (path.clone(), *old, new.as_slice())).collect();
    let patch = Patch::between(&files);
    match patch.files.is_empty() {
        true => Err(EditedError::Nothing),
        false => Ok((patch, after)),
    }
}

/// The text from its patch on, or all of it but the hints.
pub fn without_hints(text: &[u8]) -> Vec<u8> {
    let lines = split_lines(text);
    let first = lines.iter().position(|line| line.starts_with(b"diff --git "));
    let (above, patch) = lines.split_at(first.unwrap_or(lines.len()));
    let above = above.iter().filter(|line| !line.starts_with(b"#"));
    above.chain(patch).flat_map(|line| line.iter().copied()).collect()
}

/// The patch with the lines of its hunks counted. Where an editor has taken the blank of
/// an empty context line, it is one.
fn recounted(text: &[u8]) -> Vec<u8> {
    let lines = split_lines(text);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    // How much longer the text is after the hunks before.
    let mut shift = 0i64;
    while let Some(&line) = lines.get(at) {
        at += 1;
        if line.starts_with(b"diff --git ") {
            shift = 0;
        }
        let Some((old_start, rest)) = hunk_start(line) else {
            out.extend_from_slice(line);
            continue;
        };
        let body = hunk_body(lines.get(at..).unwrap_or_default());
        at += body.len();
        let count = |sign: u8| {
            let is_of_side = |line: &&&[u8]| {
                line.first().is_some_and(|first| [sign, b' ', b'\n'].contains(first))
            };
            body.iter().filter(is_of_side).count()
        };
        let (old, new) = (count(b'-'), count(b'+'));
        // An empty side is named by the line before it.
        let first = i64::from(old_start) + i64::from(old == 0);
        let new_start = first + shift - i64::from(new == 0);
        shift += new as i64 - old as i64;
        let header = format!("@@ -{old_start},{old} +{},{new} @@", new_start.max(0));
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(rest);
        for line in body {
            if line == b"\n" {
                out.push(b' ');
            }
            out.extend_from_slice(line);
        }
    }
    out
}

/// The first old line of a hunk's header, and what stands behind its second `@@`.
fn hunk_start(line: &[u8]) -> Option<(u32, &[u8])> {
    let ranges = line.strip_prefix(b"@@ -")?;
    let end = memchr::memmem::find(ranges, b" @@")?;
    let digits = ranges.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = std::str::from_utf8(ranges.get(..digits)?).ok()?.parse().ok()?;
    Some((start, ranges.get(end + 3..)?))
}

/// The lines of a hunk, up to the next one or the next file; blank lines at the very end
/// are the editor's.
fn hunk_body<'l>(lines: &[&'l [u8]]) -> Vec<&'l [u8]> {
    let is_of_hunk =
        |line: &&&[u8]| matches!(line.first(), Some(b' ' | b'+' | b'-' | b'\\' | b'\n'));
    let mut body: Vec<&[u8]> = lines.iter().take_while(is_of_hunk).copied().collect();
    if body.len() == lines.len() {
        while body.last() == Some(&&b"\n"[..]) {
            body.pop();
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        [("d/a.c".to_owned(), text.as_bytes().to_vec())].into()
    }

    const HEAD: &str = "diff --git a/d/a.c b/d/a.c\n--- a/d/a.c\n+++ b/d/a.c\n";

    #[track_caller]
    fn check(before: &str, hunks: &str, expected: &str) {
        let text = without_hints(format!("{HINTS}{HEAD}{hunks}").as_bytes());
        let (patch, after) = edited(&text, &files(before), &[]).expect("it applies");
        assert_eq!(String::from_utf8_lossy(&after["d/a.c"]), expected);
        let parsed = unidiff::parse(&patch.text).expect("it is a patch");
        let again = unidiff::apply_to(before.as_bytes(), &parsed[0]).expect("it applies");
        assert_eq!(String::from_utf8_lossy(&again), expected);
    }

    #[test]
    fn lines_that_were_added_or_taken_need_no_counting() {
        let before = "a\nb\nc\nd\ne\n";
        check(
            before,
            "@@ -1,3 +1,3 @@ f\n a\n-b\n+B\n+more\n+lines\n c\n",
            "a\nB\nmore\nlines\nc\nd\ne\n",
        );
        check(before, "@@ -1,9 +1,7 @@\n a\n-b\n c\n", "a\nc\nd\ne\n");
        check(
            before,
            "@@ -1,5 +1,5 @@\n a\n-b\n+x\n+y\n c\n@@ -4,2 +4 @@\n d\n-e\n",
            "a\nx\ny\nc\nd\n",
        );
    }

    #[test]
    fn empty_lines_may_have_lost_their_blank() {
        check("a\n\nb\n", "@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n\n\n", "a\n\nc\n");
    }

    #[test]
    fn what_does_not_apply_or_is_of_another_file_is_told() {
        let error = |text: &str| {
            edited(text.as_bytes(), &files("a\n"), &[]).expect_err("it is none").to_string()
        };
        assert!(error(&format!("{HEAD}@@ -1 +1 @@\n-x\n+y\n")).contains("d/a.c:1"));
        let other = HEAD.replace("d/a.c", "d/b.c");
        assert!(error(&format!("{other}@@ -1 +1 @@\n-x\n+y\n")).starts_with("d/b.c: the proposal"));
        assert_eq!(error(""), "the patch changes nothing");
        assert_eq!(error(&format!("{HEAD}@@ -1 +1 @@\n a\n")), "the patch changes nothing");
    }

    #[test]
    fn a_file_that_the_proposal_makes_may_be_edited() {
        let text = "diff --git a/n.h b/n.h\nnew file mode 100644\n--- /dev/null\n+++ b/n.h\n\
                    @@ -0,0 +1 @@\n+int a;\n+int b;\n";
        let (patch, after) =
            edited(text.as_bytes(), &files("a\n"), &["n.h".to_owned()]).expect("it applies");
        assert_eq!(after["n.h"], b"int a;\nint b;\n");
        assert_eq!(patch.lines_added, 2);
    }

    #[test]
    fn a_removed_line_that_looks_like_a_header_is_a_line() {
        check("-- a/x\nb\n", "@@ -1,2 +1 @@\n--- a/x\n b\n", "b\n");
    }
}
