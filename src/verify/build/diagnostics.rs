//! Warnings and errors of a compiler, compared without their places: a patch
//! moves every line below it.

use std::collections::BTreeMap;
use std::fmt;

/// How bad a compiler finds it. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Belongs to the diagnostic before it.
    Note,
    /// The object is made all the same.
    Warning,
    /// There is no object; also a fatal one, which ends the compiler at once.
    Error,
}

/// One message of a compiler or of the kernel's own checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// From the top of the tree where it is a file of the tree; otherwise as it was
    /// printed: a generated header, or the name of a program (`cc1`).
    pub file: String,
    /// From 1; `None` for what has no place.
    pub line: Option<u32>,
    /// From 1, in bytes; `None` where the program names none.
    pub column: Option<u32>,
    /// How bad it is.
    pub severity: Severity,
    /// The text without place, severity and flag.
    pub message: String,
    /// The option that controls it, without brackets (`-Wunused-function`,
    /// `-Werror=return-type`).
    pub flag: Option<String>,
}

impl Diagnostic {
    /// The message, and below it the line that it is about, from the text of its
    /// file.
    pub fn beside(&self, text: &[u8]) -> String {
        let index = self.line.and_then(|line| usize::try_from(line).ok()?.checked_sub(1));
        match index.and_then(|index| text.split(|&byte| byte == b'\n').nth(index)) {
            Some(line) => format!("{self}\n    {}", String::from_utf8_lossy(line).trim()),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, ": {severity}: {}", self.message)?;
        self.flag.iter().try_for_each(|flag| write!(f, " [{flag}]"))
    }
}

/// Reads the output of gcc, clang, `kernel-doc` or objtool, in its order. The lines
/// around a message (source and carets, `In file included from`) are left out. The
/// first of `tops` that a path begins with is taken off it.
pub fn parse(output: &[u8], tops: &[&str]) -> Vec<Diagnostic> {
    String::from_utf8_lossy(output).lines().filter_map(|line| parse_line(line, tops)).collect()
}

const MARKS: [(&str, Severity); 5] = [
    (": fatal error: ", Severity::Error),
    (": error: ", Severity::Error),
    (": warning: ", Severity::Warning),
    (": note: ", Severity::Note),
    (": remark: ", Severity::Note),
];

fn parse_line(line: &str, tops: &[&str]) -> Option<Diagnostic> {
    // A line of source that is shown below a message is indented.
    if line.starts_with([' ', '\t']) {
        return None;
    }
    let marks =
        MARKS.iter().filter_map(|&(mark, severity)| Some((line.find(mark)?, mark, severity)));
    let (at, mark, severity) = marks.min_by_key(|&(at, ..)| at)?;
    let (place, message) = (line.get(..at)?, line.get(at + mark.len()..)?);
    let (place, last) = strip_number(place);
    let (file, first) = strip_number(place);
    let (line, column) = if first.is_some() { (first, last) } else { (last, None) };
    if line.is_none() && file.contains(char::is_whitespace) {
        return None;
    }
    let file =
        tops.iter().find_map(|top| file.strip_prefix(top)?.strip_prefix('/')).unwrap_or(file);
    let (message, flag) = split_flag(message);
    let file = file.strip_prefix("./").unwrap_or(file).to_owned();
    Some(Diagnostic { file, line, column, severity, message: message.to_owned(), flag })
}

/// Takes `:12` off the end.
fn strip_number(place: &str) -> (&str, Option<u32>) {
    let number =
        place.rsplit_once(':').and_then(|(rest, number)| Some((rest, number.parse().ok()?)));
    number.map_or((place, None), |(rest, number)| (rest, Some(number)))
}

/// Takes `[-Wsomething]` off the end.
fn split_flag(message: &str) -> (&str, Option<String>) {
    let flag = message
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once(" [-W"))
        .filter(|(_, flag)| !flag.contains(char::is_whitespace));
    flag.map_or((message, None), |(rest, flag)| (rest, Some(format!("-W{flag}"))))
}

/// Those of `after` that `before` does not have, places left aside. A message that
/// two members gave and their helper gives once is not new; of one that comes more
/// often than before all places are returned, since any may be the new one. Notes
/// are never new.
pub fn new_diagnostics<'a>(before: &[Diagnostic], after: &'a [Diagnostic]) -> Vec<&'a Diagnostic> {
    let (old, new) = (counts(before), counts(after));
    let more = |it: &&Diagnostic| {
        let count = |counts: &BTreeMap<_, usize>| counts.get(&key(it)).copied().unwrap_or(0);
        it.severity > Severity::Note && count(&new) > count(&old)
    };
    after.iter().filter(more).collect()
}

type Key<'a> = (&'a str, Severity, &'a str);

fn key(diagnostic: &Diagnostic) -> Key<'_> {
    (&diagnostic.file, diagnostic.severity, &diagnostic.message)
}

fn counts(diagnostics: &[Diagnostic]) -> BTreeMap<Key<'_>, usize> {
    let mut counts = BTreeMap::new();
    for diagnostic in diagnostics {
        *counts.entry(key(diagnostic)).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expected: &[&str]) {
        let found = parse(output.as_bytes(), &["/tmp/x/tree", "/src"]);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{output}");
    }

    #[test]
    fn the_lines_around_a_message_of_gcc_are_left_out() {
        check(
            "In file included from /src/include/linux/a.h:7,\n                 from /src/b.c:1:\n\
             /tmp/x/tree/b.c: In function 'f':\n\
             /tmp/x/tree/b.c:12:5: warning: unused variable 'i' [-Wunused-variable]\n   \
             12 |     pr_err(\"b.c:3: error: no\");\n      |     ^~~~~~\n\
             /src/b.c:14:1: note: declared here\n\
             cc1: some warnings being treated as errors\n",
            &[
                "b.c:12:5: warning: unused variable 'i' [-Wunused-variable]",
                "b.c:14:1: note: declared here",
            ],
        );
    }

    #[test]
    fn clang_and_the_checks_of_the_kernel_are_read_too() {
        check(
            "/src/b.c:3:9: error: call to undeclared function 'g'; ISO C99 and later do not support \
             implicit function declarations [-Werror,-Wimplicit-function-declaration]\n\
             \tg(\"b.c:1: warning: x\");\n        ^\n1 error generated.\n",
            &["b.c:3:9: error: call to undeclared function 'g'; ISO C99 and later do not support \
               implicit function declarations [-Werror,-Wimplicit-function-declaration]"],
        );
        check(
            "/src/b.c:41: warning: Function parameter or member 'x' not described in 'f'\n\
             b.o: warning: objtool: f() falls through\n",
            &[
                "b.c:41: warning: Function parameter or member 'x' not described in 'f'",
                "b.o: warning: objtool: f() falls through",
            ],
        );
    }

    #[test]
    fn what_has_no_place_is_kept_and_sentences_are_not() {
        check("cc1: fatal error: x.h: No such file\n", &["cc1: error: x.h: No such file"]);
        check("we met a strange thing: error: 3\nwarning: odd\n", &[]);
        check("", &[]);
    }

    #[test]
    fn a_bracket_in_a_message_is_no_flag() {
        check("a.c:1:1: warning: array a[-W x]\n", &["a.c:1:1: warning: array a[-W x]"]);
        let found = parse(b"a.c:1:1: warning: array a[3]", &[]);
        assert_eq!(
            found.first().map(|it| (it.message.as_str(), &it.flag)),
            Some(("array a[3]", &None))
        );
    }

    fn check_new(before: &str, after: &str, expected: &[&str]) {
        let (before, after) = (parse(before.as_bytes(), &[]), parse(after.as_bytes(), &[]));
        let new = new_diagnostics(&before, &after);
        let new: Vec<String> = new.iter().map(ToString::to_string).collect();
        assert_eq!(new, expected);
    }

    #[test]
    fn a_message_that_moved_is_not_new() {
        check_new("a.c:1:2: warning: w [-Wx]\n", "a.c:9:4: warning: w [-Wx]\n", &[]);
        check_new("a.c:1:2: warning: w\na.c:5:2: warning: w\n", "a.c:9:4: warning: w\n", &[]);
    }

    #[test]
    fn a_message_in_another_file_more_often_or_more_severe_is_new() {
        check_new("a.c:1:2: warning: w\n", "b.c:1:2: warning: w\n", &["b.c:1:2: warning: w"]);
        check_new("a.c:1:2: warning: w\n", "a.c:1:2: error: w\n", &["a.c:1:2: error: w"]);
        check_new(
            "a.c:1:2: warning: w\n",
            "a.c:3:2: warning: w\na.c:7:2: warning: w\na.c:8:1: note: n\n",
            &["a.c:3:2: warning: w", "a.c:7:2: warning: w"],
        );
    }

    #[test]
    fn the_line_stands_beside_the_message() {
        let found = parse(b"a.c:2:3: warning: w\ncc1: error: e\na.c:9: warning: far\n", &[]);
        let shown: Vec<String> = found.iter().map(|it| it.beside(b"one\n\ttwo();\n")).collect();
        assert_eq!(
            shown,
            ["a.c:2:3: warning: w\n    two();", "cc1: error: e", "a.c:9: warning: far"]
        );
    }
}
