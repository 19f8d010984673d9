//! Reads the text of a unified diff.

use super::{FilePatch, Hunk, HunkLine, LineKind};
use crate::tree::TreePath;

/// A text that is no unified diff, or one that does what this program never does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the patch: {problem}")]
pub struct PatchError {
    /// Line of the patch, counted from one.
    pub line: usize,
    /// What is wrong with it and what was expected.
    pub problem: String,
}

/// The files of a unified diff, with or without git's headers. Text before the
/// first file and after the last (the message and the signature of a mail) is
/// skipped. Names lose their first part (`a/`, `b/`), as with `patch -p1`.
///
/// # Errors
/// For a hunk that is cut off or has lines of another kind, for a name that is
/// absolute or leads out of the tree, and for what only git's own headers can
/// say: renames, deletions, changes of mode, binary files.
pub fn parse(patch: &[u8]) -> Result<Vec<FilePatch>, PatchError> {
    let lines = patch.split_inclusive(|&byte| byte == b'\n').collect();
    Parser { lines, at: 0, headers: Headers::default() }.files()
}

/// What git's extended headers said about the file that comes next.
#[derive(Default)]
struct Headers {
    in_file: bool,
    creates: Option<u32>,
}

struct Parser<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
    headers: Headers,
}

const NOT_SUPPORTED: [&[u8]; 9] = [
    b"deleted file mode ",
    b"old mode ",
    b"new mode ",
    b"rename from ",
    b"rename to ",
    b"copy from ",
    b"copy to ",
    b"GIT binary patch",
    b"Binary files ",
];

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a [u8]> {
        self.lines.get(self.at).copied()
    }

    fn fail<T>(&self, problem: impl Into<String>) -> Result<T, PatchError> {
        Err(PatchError { line: self.at + 1, problem: problem.into() })
    }

    fn files(mut self) -> Result<Vec<FilePatch>, PatchError> {
        let mut files: Vec<FilePatch> = Vec::new();
        while let Some(line) = self.peek() {
            if line.starts_with(b"diff --git ") {
                self.headers = Headers { in_file: true, creates: None };
            } else if line.starts_with(b"@@ -") {
                return self.fail("a hunk with no `---` and `+++` above it");
            } else if line.starts_with(b"--- ") && self.names_follow() {
                let file = self.file()?;
                if files.iter().any(|other| other.path == file.path) {
                    return self.fail(format!("{} is patched twice", file.path));
                }
                files.push(file);
                continue;
            } else if self.headers.in_file {
                self.extended_header(line)?;
            }
            self.at += 1;
        }
        Ok(files)
    }

    fn names_follow(&self) -> bool {
        self.lines.get(self.at + 1).is_some_and(|next| next.starts_with(b"+++ "))
    }

    fn extended_header(&mut self, line: &[u8]) -> Result<(), PatchError> {
        if NOT_SUPPORTED.iter().any(|prefix| line.starts_with(prefix)) {
            let header = String::from_utf8_lossy(line);
            return self.fail(format!(
                "only changed and new files can be applied, not `{}`",
                header.trim_end()
            ));
        }
        if let Some(mode) = line.strip_prefix(b"new file mode ") {
            self.headers.creates = match mode.trim_ascii_end() {
                b"100644" => Some(0o644),
                b"100755" => Some(0o755),
                _ => return self.fail("expected the mode 100644 or 100755"),
            };
        }
        Ok(())
    }

    fn file(&mut self) -> Result<FilePatch, PatchError> {
        let old = self.name(b"--- ")?;
        let new = self.name(b"+++ ")?;
        let headers = std::mem::take(&mut self.headers);
        let creates = match (&old, headers.creates) {
            (None, mode) => Some(mode.unwrap_or(0o644)),
            (Some(_), None) => None,
            (Some(_), Some(_)) => return self.fail("a new file must come from /dev/null"),
        };
        let path = match (old, new) {
            (_, None) => return self.fail("deleting a file is not supported"),
            (Some(old), Some(new)) if old != new => {
                return self
                    .fail(format!("{old} and {new} are two files: renaming is not supported"));
            }
            (_, Some(new)) => new,
        };
        let mut hunks = Vec::new();
        while self.peek().is_some_and(|line| line.starts_with(b"@@ -")) {
            hunks.push(self.hunk()?);
        }
        if hunks.is_empty() {
            return self.fail(format!("expected `@@ -…` after the names of {path}"));
        }
        Ok(FilePatch { path, creates, hunks })
    }

    /// The name in a `---` or `+++` line; `None` for `/dev/null`.
    fn name(&mut self, prefix: &[u8]) -> Result<Option<TreePath>, PatchError> {
        let line = self.peek().and_then(|line| line.strip_prefix(prefix)).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let name = match line.strip_prefix(b"\"") {
            Some(quoted) => unquote(quoted),
            None => line.split(|&byte| byte == b'\t').next().map(<[u8]>::to_vec),
        };
        let Some(name) = name.and_then(|name| String::from_utf8(name).ok()) else {
            return self.fail("expected a file name in UTF-8");
        };
        if name == "/dev/null" {
            self.at += 1;
            return Ok(None);
        }
        match name.split_once('/') {
            Some((_, path)) if is_tree_path(path) => {
                self.at += 1;
                Ok(Some(path.to_owned()))
            }
            _ => self.fail(format!(
                "expected a name such as a/drivers/x.c inside the tree, not `{name}`"
            )),
        }
    }

    fn hunk(&mut self) -> Result<Hunk, PatchError> {
        let header = self.peek().and_then(hunk_header);
        let Some(((old_start, mut old_left), (_, mut new_left))) = header else {
            return self.fail("expected `@@ -line,count +line,count @@`");
        };
        let mut hunk = Hunk { patch_line: self.at + 1, old_start, lines: Vec::new() };
        self.at += 1;
        while old_left > 0 || new_left > 0 {
            let Some((&sign, rest)) = self.peek().and_then(<[u8]>::split_first) else {
                return self.fail("the patch ends in the middle of a hunk");
            };
            let (kind, text) = match sign {
                b' ' => (LineKind::Context, rest),
                b'-' => (LineKind::Removed, rest),
                b'+' => (LineKind::Added, rest),
                // Mail programs strip the blank of an empty context line.
                b'\n' => (LineKind::Context, &b"\n"[..]),
                _ => return self.fail("expected a line that begins with a blank, `-` or `+`"),
            };
            let (old, new) = match kind {
                LineKind::Context => (1, 1),
                LineKind::Removed => (1, 0),
                LineKind::Added => (0, 1),
            };
            match (old_left.checked_sub(old), new_left.checked_sub(new)) {
                (Some(old), Some(new)) => (old_left, new_left) = (old, new),
                _ => return self.fail("the hunk has more lines than its header says"),
            }
            self.at += 1;
            hunk.lines.push(HunkLine { kind, text: self.without_end(text) });
        }
        Ok(hunk)
    }

    /// Takes the end off a line that `\ No newline at end of file` follows.
    fn without_end(&mut self, text: &[u8]) -> Vec<u8> {
        if self.peek().is_some_and(|line| line.starts_with(b"\\ ")) {
            self.at += 1;
            return text.strip_suffix(b"\n").unwrap_or(text).to_vec();
        }
        let mut text = text.to_vec();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text
    }
}

/// The first line and the number of lines, old and new, of `@@ -l,c +l,c @@`.
pub(crate) fn hunk_header(line: &[u8]) -> Option<((usize, usize), (usize, usize))> {
    let text = line.strip_prefix(b"@@ -")?;
    let end = text.windows(3).position(|part| part == b" @@")?;
    let ranges = std::str::from_utf8(text.get(..end)?).ok()?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        let (start, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let (old, new) = (range(old)?, range(new)?);
    (old.0 > 0 || old.1 == 0).then_some((old, new))
}

/// Whether a path names a file below the top of the tree and nothing else.
pub(crate) fn is_tree_path(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\0')
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// The rest of a name in git's C-style quotes.
pub(crate) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let mut name = Vec::new();
    let mut bytes = text.iter().copied();
    loop {
        match bytes.next()? {
            b'"' => return Some(name),
            b'\\' => name.push(match bytes.next()? {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'a' => 7,
                b'b' => 8,
                b'v' => 11,
                b'f' => 12,
                digit @ b'0'..=b'3' => {
                    let (two, three) = (bytes.next()?, bytes.next()?);
                    let octal = [digit, two, three];
                    u8::from_str_radix(std::str::from_utf8(&octal).ok()?, 8).ok()?
                }
                other => other,
            }),
            byte => name.push(byte),
        }
    }
}
