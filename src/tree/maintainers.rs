//! Who looks after a file, as the tree's `MAINTAINERS` has it. In: its text. Out: its
//! entries, and those that concern a file. The rules are those of the file's own head and
//! of `scripts/get_maintainer.pl`: of the letters only those are read that say who (`M:`,
//! `R:`, `L:`, `S:`) and what (`F:`, `X:`, `N:`).

use super::KernelTree;
use regex::Regex;
use std::cmp::Reverse;

/// The entry that has every file, and concerns nobody more than others.
const THE_REST: &str = "THE REST";

/// One entry.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its title.
    pub title: String,
    /// Names with addresses (`M:`).
    pub maintainers: Vec<String>,
    /// Names with addresses (`R:`).
    pub reviewers: Vec<String>,
    /// Addresses (`L:`), without what stands in brackets behind them.
    pub lists: Vec<String>,
    /// `Maintained`, `Orphan` and the like; empty if it is not said.
    pub status: String,
    files: Vec<Pattern>,
    excluded: Vec<Pattern>,
    names: Vec<Regex>,
}

/// All entries.
#[derive(Clone, Debug, Default)]
pub struct Maintainers {
    entries: Vec<Entry>,
}

/// A path with wildcards: `*` and `?`, which stand for slashes, too.
#[derive(Clone, Debug)]
struct Pattern {
    text: String,
}

impl Maintainers {
    /// The entries of a tree; none where it has no such file.
    pub fn of(tree: &KernelTree) -> Maintainers {
        let text = tree.read("MAINTAINERS").unwrap_or_default();
        Maintainers::parse(&String::from_utf8_lossy(&text))
    }

    /// Reads a text. What it does not know it passes over: the file is written by hand.
    pub fn parse(text: &str) -> Maintainers {
        let mut entries: Vec<Entry> = Vec::new();
        let mut title = "";
        for line in text.lines() {
            match field(line) {
                Some((letter, value)) => {
                    if !title.is_empty() {
                        entries.push(Entry { title: title.to_owned(), ..Entry::default() });
                        title = "";
                    }
                    if let Some(entry) = entries.last_mut() {
                        entry.add(letter, value);
                    }
                }
                // A title stands at the margin, its fields right below it.
                None if line.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                    title = line.trim()
                }
                None => title = "",
            }
        }
        Maintainers { entries }
    }

    /// The entries that concern any of the files, the nearest first.
    pub fn concerned<'m>(&'m self, files: &[impl AsRef<str>]) -> Vec<&'m Entry> {
        let depth = |entry: &Entry| files.iter().filter_map(|it| entry.depth(it.as_ref())).max();
        let mut found: Vec<(usize, &Entry)> = self
            .entries
            .iter()
            .filter(|entry| entry.title != THE_REST)
            .filter_map(|entry| Some((depth(entry)?, entry)))
            .collect();
        found.sort_by_key(|(depth, _)| Reverse(*depth));
        found.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// A line such as `M:`, a tab and `Jo Doe <jo@example.org>`, as its letter and its value.
fn field(line: &str) -> Option<(char, &str)> {
    let (letter, value) = line.split_once(':')?;
    let mut letters = letter.chars();
    let letter = letters.next().filter(char::is_ascii_uppercase)?;
    let is_field = letters.next().is_none() && value.starts_with(['\t', ' ']);
    is_field.then_some((letter, value.trim()))
}

impl Entry {
    fn add(&mut self, letter: char, value: &str) {
        match letter {
            'M' => self.maintainers.push(value.to_owned()),
            'R' => self.reviewers.push(value.to_owned()),
            'L' => self.lists.extend(value.split_whitespace().next().map(str::to_owned)),
            'S' => value.clone_into(&mut self.status),
            'F' => self.files.push(Pattern { text: value.to_owned() }),
            'X' => self.excluded.push(Pattern { text: value.to_owned() }),
            'N' => self.names.extend(Regex::new(value).ok()),
            _ => {}
        }
    }

    /// How near the entry is to the file: the slashes of the pattern that has it, 0 for a
    /// pattern of its name; `None` where it has it not.
    fn depth(&self, file: &str) -> Option<usize> {
        if self.excluded.iter().any(|pattern| pattern.has(file)) {
            return None;
        }
        let of_files = self.files.iter().filter(|it| it.has(file)).map(Pattern::depth).max();
        of_files.or_else(|| self.names.iter().any(|name| name.is_match(file)).then_some(0))
    }

    /// The entry in one line: title, status, maintainers without their addresses, lists.
    pub fn line(&self) -> String {
        let name = |person: &String| person.split(" <").next().unwrap_or(person).to_owned();
        let people: Vec<String> = self.maintainers.iter().map(name).collect();
        let parts = [people.join(", "), self.lists.join(", "), self.status.clone()];
        let parts: Vec<&str> =
            parts.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
        match parts.is_empty() {
            true => self.title.clone(),
            false => format!("{}: {}", self.title, parts.join("; ")),
        }
    }
}

impl Pattern {
    /// Whether the file is one that is meant: one below a folder that ends in a slash, or
    /// one as deep as the pattern that begins so.
    fn has(&self, file: &str) -> bool {
        let slashes = |text: &str| text.bytes().filter(|&byte| byte == b'/').count();
        let begins = begins(self.text.as_bytes(), file.as_bytes());
        // A folder may stand without its slash.
        begins
            && (self.text.ends_with('/')
                || slashes(&self.text) == slashes(file)
                || file.strip_prefix(&self.text).is_some_and(|rest| rest.starts_with('/')))
    }

    fn depth(&self) -> usize {
        let slashes = self.text.bytes().filter(|&byte| byte == b'/').count();
        // The file itself is nearer than its folder.
        slashes * 2 + usize::from(!self.text.ends_with('/'))
    }
}

/// Whether some beginning of `text` is what `pattern` means.
fn begins(pattern: &[u8], text: &[u8]) -> bool {
    // The last star, and how much of the text it had taken: the only place to go back to.
    let (mut at, mut star) = ((0, 0), None);
    loop {
        match (pattern.get(at.0), text.get(at.1)) {
            (None, _) => return true,
            (Some(b'*'), _) => {
                star = Some(at);
                at.0 += 1;
            }
            (Some(b'?'), Some(_)) => at = (at.0 + 1, at.1 + 1),
            (Some(one), Some(other)) if one == other => at = (at.0 + 1, at.1 + 1),
            (_, Some(_)) => {
                let Some((pattern_at, text_at)) = star else { return false };
                star = Some((pattern_at, text_at + 1));
                at = (pattern_at + 1, text_at + 1);
            }
            (_, None) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
List of maintainers

Descriptions of section entries
-------------------------------

	M: *Mail* patches to: FullName <address@domain>
	F:	drivers/net/	all files

Maintainers List
----------------

AXF DRIVER
M:	Jo Doe <jo@example.org>
M:	Ann Other <ann@example.org>
R:	Rev Iewer <rev@example.org>
L:	linux-axf@example.org (moderated for non-subscribers)
S:	Maintained
F:	drivers/hwmon/axf*
F:	include/linux/axf.h

AXF EVERYWHERE
M:	Name <name@example.org>
N:	[^a-z]axf

HARDWARE MONITORING
M:	Hw Mon <hwmon@example.org>
L:	linux-hwmon@example.org
S:	Odd Fixes
F:	drivers/hwmon/
X:	drivers/hwmon/pmbus/

NO FIELDS BELOW

STAR FOLDERS
F:	*/hwmon/*
F:	drivers/folder

THE REST
M:	Li Nus <li@example.org>
F:	*
F:	*/
";

    fn check(files: &[&str], expected: &[&str]) {
        let maintainers = Maintainers::parse(TEXT);
        let titles: Vec<&str> =
            maintainers.concerned(files).iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(titles, expected, "{files:?}");
    }

    #[test]
    fn an_entry_has_who_and_what() {
        let entry = &Maintainers::parse(TEXT).entries[0];
        assert_eq!(entry.title, "AXF DRIVER");
        assert_eq!(entry.maintainers, ["Jo Doe <jo@example.org>", "Ann Other <ann@example.org>"]);
        assert_eq!(entry.reviewers, ["Rev Iewer <rev@example.org>"]);
        assert_eq!(entry.lists, ["linux-axf@example.org"]);
        assert_eq!(
            entry.line(),
            "AXF DRIVER: Jo Doe, Ann Other; linux-axf@example.org; Maintained"
        );
    }

    #[test]
    fn the_nearest_entry_comes_first_and_the_rest_never() {
        check(
            &["drivers/hwmon/axf75.c"],
            &["AXF DRIVER", "STAR FOLDERS", "HARDWARE MONITORING", "AXF EVERYWHERE"],
        );
        check(&["drivers/hwmon/lm75.c"], &["STAR FOLDERS", "HARDWARE MONITORING"]);
        check(&["kernel/fork.c"], &[]);
    }

    #[test]
    fn a_folder_has_what_is_below_it_but_for_what_is_excluded() {
        check(&["drivers/hwmon/occ/a.c"], &["HARDWARE MONITORING"]);
        check(&["drivers/hwmon/pmbus/a.c"], &[]);
        check(&["drivers/folder/below/a.c"], &["STAR FOLDERS"]);
        check(&["drivers/folders.c"], &["STAR FOLDERS"]);
    }

    #[test]
    fn a_pattern_of_names_finds_them_anywhere() {
        check(&["sound/soc/axf-codec.c"], &["AXF EVERYWHERE"]);
        check(&["sound/soc/maxf.c"], &[]);
    }

    #[test]
    fn several_files_concern_all_of_their_entries() {
        check(&["include/linux/axf.h", "kernel/a.c"], &["AXF DRIVER", "AXF EVERYWHERE"]);
    }

    #[test]
    fn stars_go_back_to_where_they_began() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(begins(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        };
        check("a*b", "axxb", true);
        check("a*bc", "abxbc", true);
        check("a*bc", "abxb", false);
        check("*/x/*", "a/b/x/c", true);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("", "a", true);
    }
}
