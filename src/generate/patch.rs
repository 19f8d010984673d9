//! Writes unified diffs as git does.

use super::edits::{EditError, apply_edits};
use super::lines::{LineChange, line_changes, split_lines};
use super::{Edit, Patch, layout};
use crate::tree::TreePath;
use std::ops::Range;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Bytes of the function line after `@@`.
const FUNCTION_LINE: usize = 80;

impl Patch {
    /// Whether it adds a line that is wider than `checkpatch.pl` lets pass.
    pub fn has_wide_line(&self) -> bool {
        let lines = self.text.split(|&byte| byte == b'\n');
        lines.filter_map(|line| line.strip_prefix(b"+")).any(layout::is_too_wide)
    }

    /// The difference of some files: path, text before and text after, in the
    /// order in which the diff shall show them. A file with no text before is
    /// new; one that is the same before and after is left out.
    pub fn between(files: &[(TreePath, &[u8], &[u8])]) -> Patch {
        let mut patch = Patch::empty();
        for (path, before, after) in files {
            if before != after {
                let (old, new) = (split_lines(before), split_lines(after));
                patch.add_file(path, &old, &new, &line_changes(&old, &new));
            }
        }
        patch
    }

    /// The patches of different files as one.
    pub fn joined(patches: Vec<Patch>) -> Patch {
        let mut all = Patch::empty();
        for patch in patches {
            all.text.extend(patch.text);
            all.files.extend(patch.files);
            all.lines_added += patch.lines_added;
            all.lines_removed += patch.lines_removed;
        }
        all
    }

    /// The patch that shows `edits` of whole lines of `before` as they are, even
    /// where a shorter one would give the same text.
    ///
    /// # Errors
    /// When the edits do not fit `before`.
    pub fn of_line_edits(path: &str, before: &[u8], edits: &[Edit]) -> Result<Patch, EditError> {
        let after = apply_edits(path, before, edits)?;
        let lines = |text: &[u8]| split_lines(text).len();
        let mut changes: Vec<LineChange> = Vec::new();
        let (mut at, mut old_line, mut new_line) = (0, 0, 0);
        for edit in edits {
            let unchanged = lines(&before[at..edit.range.start]);
            let old =
                old_line + unchanged..old_line + unchanged + lines(&before[edit.range.clone()]);
            let new = new_line + unchanged..new_line + unchanged + lines(&edit.text);
            (at, old_line, new_line) = (edit.range.end, old.end, new.end);
            match changes.last_mut() {
                Some(last) if last.before.end == old.start => {
                    (last.before.end, last.after.end) = (old.end, new.end);
                }
                _ => changes.push(LineChange { before: old, after: new }),
            }
        }
        let mut patch = Patch::empty();
        patch.add_file(path, &split_lines(before), &split_lines(&after), &changes);
        Ok(patch)
    }

    fn empty() -> Patch {
        Patch { text: Vec::new(), files: Vec::new(), lines_added: 0, lines_removed: 0 }
    }

    fn add_file(&mut self, path: &str, old: &[&[u8]], new: &[&[u8]], changes: &[LineChange]) {
        self.files.push(path.to_owned());
        let (old_name, new_name) = (quoted("a/", path), quoted("b/", path));
        self.line(format!("diff --git {old_name} {new_name}"));
        // git ends a name that holds a blank with a tab, lest the blank be taken
        // for the beginning of a time stamp.
        let end = if path.contains(' ') { "\t" } else { "" };
        if old.is_empty() {
            self.line("new file mode 100644");
            self.line("--- /dev/null");
        } else {
            self.line(format!("--- {old_name}{end}"));
        }
        self.line(format!("+++ {new_name}{end}"));

        for changes in changes
            .chunk_by(|one, next| next.before.start.saturating_sub(one.before.end) <= 2 * CONTEXT)
        {
            self.add_hunk(old, new, changes);
        }
    }

    fn add_hunk(&mut self, old: &[&[u8]], new: &[&[u8]], changes: &[LineChange]) {
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
        let above = first.before.start.min(CONTEXT);
        let below = old.len().saturating_sub(last.before.end).min(CONTEXT);
        let old_lines = first.before.start - above..last.before.end + below;
        let new_lines = first.after.start.saturating_sub(above)..last.after.end + below;

        let mut header = format!("@@ -{} +{} @@", span(&old_lines), span(&new_lines)).into_bytes();
        if let Some(function) = function_line(old, old_lines.start) {
            header.push(b' ');
            header.extend_from_slice(function);
        }
        self.line(header);

        let mut at = old_lines.start;
        for change in changes {
            self.body(b' ', old, at..change.before.start);
            self.body(b'-', old, change.before.clone());
            self.body(b'+', new, change.after.clone());
            self.lines_removed += change.before.len() as u32;
            self.lines_added += change.after.len() as u32;
            at = change.before.end;
        }
        self.body(b' ', old, at..old_lines.end);
    }

    fn body(&mut self, sign: u8, lines: &[&[u8]], range: Range<usize>) {
        for line in lines.get(range).unwrap_or_default() {
            self.text.push(sign);
            self.text.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                self.text.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }

    fn line(&mut self, text: impl AsRef<[u8]>) {
        self.text.extend_from_slice(text.as_ref());
        self.text.push(b'\n');
    }
}

/// A range of lines as a hunk header names it: counted from one, the count left
/// out when it is one, and an empty range named by the line before it.
fn span(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// The line that git shows after `@@`: the last one above the hunk that begins
/// with a letter, `_` or `$` and is no label.
fn function_line<'a>(lines: &[&'a [u8]], hunk: usize) -> Option<&'a [u8]> {
    let above = lines.get(..hunk)?;
    let line = above.iter().rev().find(|line| begins_function(line))?;
    Some(line.get(..FUNCTION_LINE).unwrap_or(line).trim_ascii_end())
}

fn begins_function(line: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    let begins = line.first().is_some_and(|byte| is_name(byte) && !byte.is_ascii_digit());
    let after_name = line.iter().position(|byte| !is_name(byte)).and_then(|end| line.get(end..));
    // As in git's C patterns: a label stands alone on its line or before a comment.
    let label = after_name.and_then(|rest| rest.strip_prefix(b":")).is_some_and(|rest| {
        let rest = rest.trim_ascii_start();
        rest.is_empty() || rest.starts_with(b"//") || rest.starts_with(b"/*")
    });
    begins && !label
}

/// A path with its prefix, quoted as git and GNU patch read it where it holds
/// a quotation mark, a backslash or a control character.
fn quoted(prefix: &str, path: &str) -> String {
    let special = |c: char| c == '"' || c == '\\' || c.is_ascii_control();
    if !path.contains(special) {
        return format!("{prefix}{path}");
    }
    let mut name = format!("\"{prefix}");
    for c in path.chars() {
        match c {
            '"' | '\\' => name.extend(['\\', c]),
            c if c.is_ascii_control() => name.push_str(&format!("\\{:03o}", u32::from(c))),
            c => name.push(c),
        }
    }
    name.push('"');
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &[u8], after: &[u8]) -> String {
        let patch = Patch::between(&[("d/a.c".to_owned(), before, after)]);
        String::from_utf8_lossy(&patch.text).into_owned()
    }

    #[test]
    fn a_hunk_names_the_function_above_it_and_no_label() {
        let before =
            b"#include <a.h>\nint f(void)\n{\n\ta();\nout:\n\tb();\n\tc();\n\td();\n\te();\n}\n";
        let after =
            b"#include <a.h>\nint f(void)\n{\n\ta();\nout:\n\tb();\n\tc();\n\td();\n\tx();\n}\n";
        let expected = "diff --git a/d/a.c b/d/a.c\n--- a/d/a.c\n+++ b/d/a.c\n\
            @@ -6,5 +6,5 @@ int f(void)\n \tb();\n \tc();\n \td();\n-\te();\n+\tx();\n }\n";
        assert_eq!(diff(before, after), expected);
    }

    #[test]
    fn a_new_file_comes_from_dev_null() {
        let expected = "diff --git a/d/a.c b/d/a.c\nnew file mode 100644\n--- /dev/null\n\
            +++ b/d/a.c\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n";
        assert_eq!(diff(b"", b"a\nb"), expected);
    }

    #[test]
    fn a_line_end_that_is_missing_or_has_a_carriage_return_stays_as_it_is() {
        let expected = "diff --git a/d/a.c b/d/a.c\n--- a/d/a.c\n+++ b/d/a.c\n@@ -1,2 +1,2 @@\n \
            a\r\n-b\n\\ No newline at end of file\n+b\r\n";
        assert_eq!(diff(b"a\r\nb", b"a\r\nb\r\n"), expected);
    }

    #[test]
    fn changes_more_than_six_lines_apart_are_two_hunks() {
        let lines = |n: usize, first: &str, last: &str| {
            let middle: Vec<String> = (0..n).map(|i| format!("{i}\n")).collect();
            format!("{first}\n{}{last}\n", middle.concat())
        };
        let hunks = |n: usize| {
            let (before, after) = (lines(n, "a", "b"), lines(n, "x", "y"));
            diff(before.as_bytes(), after.as_bytes()).matches("@@ -").count()
        };
        assert_eq!(hunks(6), 1);
        assert_eq!(hunks(7), 2);
    }

    #[test]
    fn a_patch_counts_its_lines_and_leaves_out_files_that_stay() {
        let patch = Patch::between(&[
            ("same.c".to_owned(), b"a\n", b"a\n"),
            ("b.c".to_owned(), b"a\nb\nc\n", b"a\nx\ny\nc\n"),
        ]);
        assert_eq!(patch.files, ["b.c"]);
        assert_eq!((patch.lines_added, patch.lines_removed), (2, 1));
    }

    #[test]
    fn a_name_with_special_characters_is_quoted() {
        assert_eq!(quoted("a/", "d/é x.c"), "a/d/é x.c");
        assert_eq!(quoted("a/", "q\"\t.c"), "\"a/q\\\"\\011.c\"");
    }

    #[test]
    fn the_function_line_ends_after_eighty_bytes() {
        let long = format!("static int {}(void)\n", "f".repeat(100));
        let line = function_line(&[long.as_bytes()], 1).unwrap();
        assert_eq!(line.len(), 80);
    }
}
