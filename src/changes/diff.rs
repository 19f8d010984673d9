//! Reads what `git diff` prints without context lines. Of the lines only their
//! number counts: what stands in them may look like anything.

use crate::generate::unidiff::{hunk_header, unquote};
use crate::tree::TreePath;

/// Lines of a text. With a `count` of zero it is the place after the line `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The first, from one; 0 for the place before the first.
    pub start: u32,
    /// How many.
    pub count: u32,
}

impl Lines {
    /// The first line and the one after the last.
    pub fn bounds(self) -> (u32, u32) {
        let first = if self.count == 0 { self.start.saturating_add(1) } else { self.start };
        (first, first.saturating_add(self.count))
    }
}

/// Lines that stand in the place of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Those that were there.
    pub old: Lines,
    /// Those that are there now.
    pub new: Lines,
}

/// What happened to one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// What it was called; `None` for a new one, and for a name that is not UTF-8.
    pub old: Option<TreePath>,
    /// What it is called; `None` for one that is gone, and for such a name.
    pub new: Option<TreePath>,
    /// In the order of the file.
    pub hunks: Vec<Hunk>,
}

/// The files of a diff with the prefixes `a/` and `b/`.
///
/// # Errors
/// The number, from one, of a line that a diff without context cannot have there.
pub fn parse(text: &[u8]) -> Result<Vec<FileDiff>, usize> {
    let mut files: Vec<FileDiff> = Vec::new();
    let mut lines = text.split(|&byte| byte == b'\n').enumerate();
    while let Some((index, line)) = lines.next() {
        if line.starts_with(b"diff --git ") {
            files.push(FileDiff::default());
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        if let Some(name) = line.strip_prefix(b"rename from ") {
            file.old = file_name(name);
        } else if let Some(name) = line.strip_prefix(b"rename to ") {
            file.new = file_name(name);
        } else if let Some(name) = line.strip_prefix(b"--- ") {
            file.old = prefixed_name(name);
        } else if let Some(name) = line.strip_prefix(b"+++ ") {
            file.new = prefixed_name(name);
        } else if line.starts_with(b"@@ -") {
            let hunk = hunk(line).ok_or(index + 1)?;
            file.hunks.push(hunk);
            for sign in signs(hunk) {
                let ok = lines.find(|(_, line)| !line.starts_with(b"\\"));
                ok.filter(|(_, line)| line.first() == Some(&sign)).ok_or(index + 1)?;
            }
        }
    }
    Ok(files)
}

fn hunk(line: &[u8]) -> Option<Hunk> {
    let (old, new) = hunk_header(line)?;
    let lines = |(start, count)| {
        Some(Lines { start: u32::try_from(start).ok()?, count: u32::try_from(count).ok()? })
    };
    Some(Hunk { old: lines(old)?, new: lines(new)? })
}

/// What the lines of a hunk begin with.
fn signs(hunk: Hunk) -> impl Iterator<Item = u8> {
    let run = |sign, lines: Lines| std::iter::repeat_n(sign, lines.count as usize);
    run(b'-', hunk.old).chain(run(b'+', hunk.new))
}

/// A name as it stands in a header: in quotes, or up to a tab, which git puts after
/// names with blanks.
fn file_name(text: &[u8]) -> Option<TreePath> {
    let name = match text.strip_prefix(b"\"") {
        Some(quoted) => unquote(quoted)?,
        None => text.split(|&byte| byte == b'\t').next().unwrap_or_default().to_vec(),
    };
    String::from_utf8(name).ok()
}

/// A name after `a/` or `b/`; `None` for `/dev/null`.
fn prefixed_name(text: &[u8]) -> Option<TreePath> {
    let name = file_name(text)?;
    let name = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"))?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `old -> new: -start,count +start,count …`.
    fn read(text: &str) -> Result<Vec<String>, usize> {
        let describe = |file: FileDiff| {
            let name = |name: Option<String>| name.unwrap_or_else(|| "-".to_owned());
            let range = |lines: Lines| format!("{},{}", lines.start, lines.count);
            let hunks = file.hunks.iter().map(|h| format!(" -{} +{}", range(h.old), range(h.new)));
            format!("{} -> {}:{}", name(file.old), name(file.new), hunks.collect::<String>())
        };
        Ok(parse(text.as_bytes())?.into_iter().map(describe).collect())
    }

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(read(text).expect("it is a diff"), expected);
    }

    #[test]
    fn hunks_give_the_lines_on_both_sides() {
        check(
            "diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n\
             @@ -3 +3,2 @@ int f(void)\n-a\n+b\n+c\n@@ -9,2 +9,0 @@\n-d\n-e\n",
            &["x.c -> x.c: -3,1 +3,2 -9,2 +9,0"],
        );
    }

    #[test]
    fn lines_that_look_like_headers_are_lines() {
        check(
            "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n--- a/y.c\n-@@ -1 +1 @@\n\
             +++ b/z.c\n+diff --git a/p b/p\n\\ No newline at end of file\n",
            &["x.c -> x.c: -1,2 +1,2"],
        );
    }

    #[test]
    fn a_missing_line_end_is_no_line() {
        let end = "\\ No newline at end of file";
        check(
            &format!(
                "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n{end}\n+b\n{end}\n\
                 diff --git a/y.c b/y.c\n--- a/y.c\n+++ b/y.c\n@@ -2,0 +3 @@\n+c\n"
            ),
            &["x.c -> x.c: -1,1 +1,1", "y.c -> y.c: -2,0 +3,1"],
        );
    }

    #[test]
    fn new_gone_and_renamed_files_have_their_names() {
        check(
            "diff --git a/n.c b/n.c\nnew file mode 100644\n--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+a\n\
             diff --git a/g.c b/g.c\ndeleted file mode 100644\n--- a/g.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n\
             diff --git a/o.c b/d/o.c\nsimilarity index 100%\nrename from o.c\nrename to d/o.c\n",
            &["- -> n.c: -0,0 +1,1", "g.c -> -: -1,1 +0,0", "o.c -> d/o.c:"],
        );
    }

    #[test]
    fn names_may_be_quoted_and_hold_blanks() {
        check(
            "diff --git \"a/t\\tb.c\" \"b/t\\tb.c\"\n--- \"a/t\\tb.c\"\n+++ \"b/\\303\\244.c\"\n@@ -1 +1 @@\n-a\n+b\n\
             diff --git a/a b.c b/a b.c\n--- a/a b.c\t\n+++ b/a b.c\t\n@@ -1 +1 @@\n-a\n+b\n\
             diff --git \"a/\\377.c\" \"b/\\377.c\"\n--- \"a/\\377.c\"\n+++ \"b/\\377.c\"\n@@ -1 +1 @@\n-a\n+b\n",
            &["t\tb.c -> ä.c: -1,1 +1,1", "a b.c -> a b.c: -1,1 +1,1", "- -> -: -1,1 +1,1"],
        );
    }

    #[test]
    fn what_is_cut_off_or_no_hunk_is_an_error_with_its_line() {
        let head = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n";
        assert_eq!(read(&format!("{head}@@ -1,2 +1 @@\n-a\n")), Err(4));
        assert_eq!(read(&format!("{head}@@ -1 +1 @@\n c\n")), Err(4));
        assert_eq!(read(&format!("{head}@@ -x +1 @@\n")), Err(4));
        assert_eq!(read(""), Ok(vec![]));
    }
}
