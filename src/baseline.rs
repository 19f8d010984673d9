//! Groups that a project knows and lives with, in a file of its own, so that only
//! new ones are reported. In: groups or such a file. Out: such a file or a
//! [`Baseline`].
//!
//! One line a group, sorted: `ID kind level file:function file:function …`. The id
//! decides; the rest is for people and for diffs. No line numbers: they would change
//! with every patch. Empty lines and those that begin with `#` say nothing.

use crate::detect::{CloneGroup, Kind, Level, Member};
use crate::report::contract_name;
use crate::staged::Staged;
use crate::tree::{TreePath, read_regular};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as NoName;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// First line of a file that is written.
const HEADER: &str = "# Groups of duplicated functions that are known; drvdedup scan --baseline\n";

/// The groups of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// By id.
    groups: BTreeMap<String, Known>,
}

/// What a line says of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How its members are alike.
    pub kind: Kind,
    /// Their files.
    pub files: Vec<TreePath>,
}

/// A known group that is no longer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone<'b> {
    /// Its id.
    pub id: &'b str,
    /// What its line says.
    pub known: &'b Known,
}

/// Why there is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file is not there or not readable.
    #[error("cannot read the baseline {}; --write-baseline makes one", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line does not say which group it is.
    #[error(
        "{}:{line}: {problem}; a line is `ID kind level file:function …`, as --write-baseline \
         writes it",
        path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from one.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The file cannot be written.
    #[error("cannot write the baseline {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Baseline {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, and for a line that names no group.
    pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
        let bytes = read_regular(path)
            .map_err(|source| BaselineError::Read { path: path.to_owned(), source })?;
        let mut groups = BTreeMap::new();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(line.trim_ascii()).into_owned();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, known) = parse_line(&line).map_err(|problem| BaselineError::Line {
                path: path.to_owned(),
                line: index + 1,
                problem,
            })?;
            groups.insert(id, known);
        }
        Ok(Baseline { groups })
    }

    /// Whether it holds a group of this id.
    pub fn knows(&self, id: &str) -> bool {
        self.groups.contains_key(id)
    }

    /// The groups that are none of `found`, of those that were `looked_for`: of the
    /// others nobody knows.
    pub fn gone(&self, found: &[CloneGroup], looked_for: impl Fn(&Known) -> bool) -> Vec<Gone<'_>> {
        let found: BTreeSet<&str> = found.iter().map(|group| group.id.as_str()).collect();
        let is_gone =
            |(id, known): &(&String, &Known)| !found.contains(id.as_str()) && looked_for(known);
        self.groups.iter().filter(is_gone).map(|(id, known)| Gone { id, known }).collect()
    }
}

/// The group of a line, or what is wrong with it.
fn parse_line(line: &str) -> Result<(String, Known), String> {
    let mut words = line.split_ascii_whitespace();
    let mut word = || words.next().unwrap_or_default();
    let (id, kind, level) = (word(), word(), word());
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if id.len() != 8 || !id.bytes().all(is_digit) {
        return Err(format!("`{id}` is no id, which has eight hexadecimal digits"));
    }
    let kind = named::<Kind>(kind).ok_or_else(|| format!("`{kind}` is no kind of a group"))?;
    named::<Level>(level).ok_or_else(|| format!("`{level}` is no level of a group"))?;
    let file = |member: &str| match member.rsplit_once(':') {
        Some((file, function)) if !file.is_empty() && !function.is_empty() => Ok(decoded(file)),
        _ => Err(format!("`{member}` is no file:function")),
    };
    let files: Vec<TreePath> = words.map(file).collect::<Result<_, _>>()?;
    if files.is_empty() {
        return Err(format!("the group {id} has no members"));
    }
    Ok((id.to_owned(), Known { kind, files }))
}

/// What the contract calls `name`.
fn named<T: for<'de> Deserialize<'de>>(name: &str) -> Option<T> {
    T::deserialize(IntoDeserializer::<NoName>::into_deserializer(name)).ok()
}

/// Replaces the file at `path` by one that knows `groups`: a reader sees the old text
/// or the new one.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, groups: &[CloneGroup]) -> Result<(), BaselineError> {
    let write = || {
        let mut staged = Staged::create(path)?;
        staged.write_all(text(groups).as_bytes())?;
        staged.finish()
    };
    match write() {
        Ok(()) => Ok(()),
        Err(source) => Err(BaselineError::Write { path: path.to_owned(), source }),
    }
}

fn text(groups: &[CloneGroup]) -> String {
    let lines: BTreeSet<String> = groups.iter().map(line).collect();
    lines.into_iter().fold(HEADER.to_owned(), |text, line| text + &line + "\n")
}

fn line(group: &CloneGroup) -> String {
    let head = [group.id.clone(), contract_name(group.kind), contract_name(group.level)];
    let member = |member: &Member| format!("{}:{}", encoded(&member.file), encoded(&member.name));
    let mut words: Vec<String> = head.into_iter().chain(group.members.iter().map(member)).collect();
    // The repetitions of a sequence lie in one function.
    words.dedup();
    words.join(" ")
}

/// `name` as one word: what would part or end it becomes `%` and two hexadecimal
/// digits a byte.
fn encoded(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        if c == '%' || c.is_whitespace() || c.is_control() {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            word.extend(bytes.map(|byte| format!("%{byte:02x}")));
        } else {
            word.push(c);
        }
    }
    word
}

/// What [`encoded`] made a word of; a `%` without digits stands for itself.
fn decoded(word: &str) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use std::fs;

    fn read(text: &str) -> Result<Baseline, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("known");
        fs::write(&path, text).expect("a file");
        let shown = format!("{}", path.display());
        Baseline::read(&path).map_err(|error| error.to_string().replace(&shown, "known"))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("known");
        let other = CloneGroup { id: "00000001".into(), ..sample::group("a b%.c") };
        write(&path, &[sample::group("a.c"), other]).expect("it can be written");
        let text = fs::read_to_string(&path).expect("it is there");
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected = [
            "00000001 constant-only driver a%20b%25.c:a_get a%20b%25.c:b_get",
            "0a0b0c0d constant-only driver a.c:a_get a.c:b_get",
        ];
        assert_eq!(lines, expected);
        let baseline = Baseline::read(&path).expect("it can be read");
        assert!(baseline.knows("0a0b0c0d") && !baseline.knows("0a0b0c0e"));
        assert_eq!(baseline.groups["00000001"].files, ["a b%.c", "a b%.c"]);
        assert_eq!(baseline.groups["00000001"].kind, Kind::ConstantOnly);
    }

    #[test]
    fn a_line_survives_shifted_lines() {
        let mut shifted = sample::group("a.c");
        for member in &mut shifted.members {
            member.function.start_line += 7;
            member.function.end_line += 7;
        }
        assert_eq!(line(&shifted), line(&sample::group("a.c")));
    }

    #[test]
    fn comments_and_empty_lines_are_passed_over() {
        let known = read("# ours\n\n  \n0a0b0c0d identical driver a.c:f a.c:g\r\n").expect("fine");
        assert!(known.knows("0a0b0c0d"));
    }

    #[test]
    fn a_line_that_names_no_group_is_an_error_with_its_place() {
        let check = |line: &str, expected: &str| {
            let error = read(&format!("# ours\n{line}\n")).expect_err("it is malformed");
            assert!(error.starts_with(&format!("known:2: {expected}; a line is ")), "{error}");
        };
        check("0a0b identical driver a.c:f", "`0a0b` is no id, which has eight hexadecimal digits");
        check(
            "0A0b0c0d identical driver a.c:f",
            "`0A0b0c0d` is no id, which has eight hexadecimal digits",
        );
        check("0a0b0c0d same driver a.c:f", "`same` is no kind of a group");
        check("0a0b0c0d", "`` is no kind of a group");
        check("0a0b0c0d identical far a.c:f", "`far` is no level of a group");
        check("0a0b0c0d identical driver a.c", "`a.c` is no file:function");
        check("0a0b0c0d identical driver", "the group 0a0b0c0d has no members");
    }

    #[test]
    fn only_groups_that_were_looked_for_can_be_gone() {
        let text = "0a0b0c0d identical driver a.c:f a.c:g\n00000001 identical subset a.c:f b.c:f\n\
            00000002 identical driver a.c:h a.c:i\n";
        let known = read(text).expect("fine");
        let in_one_file = |known: &Known| known.files.iter().all(|file| file == "a.c");
        let gone = known.gone(&[sample::group("a.c")], in_one_file);
        assert_eq!(gone.iter().map(|gone| gone.id).collect::<Vec<_>>(), ["00000002"]);
        assert_eq!(known.gone(&[], |known| known.kind == Kind::Renamed), []);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let error = write(Path::new("no/where"), &[]).expect_err("there is no such folder");
        assert_eq!(error.to_string(), "cannot write the baseline no/where");
    }
}
