//! One clone group as a diagnostic: the first member with its holes underlined and
//! labelled, where the others are, and what came of it.

use super::source::{clamped, member_tokens, printable, printable_line, read, shortened};
use super::{Outcome, Planned, contract_name, counted};
use crate::detect::{CloneGroup, Hole, Kind, Level, Member};
use crate::store::Proposal;
use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::files::{Error, SimpleFiles};
use codespan_reporting::term::{self, Config, termcolor::WriteColor};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::Path;

/// Members after the first that are quoted; the others are counted.
const QUOTED_MEMBERS: usize = 4;
/// Labels on the first member; a function with more of them is unreadable.
const LABELLED_HOLES: usize = 10;
/// Values of a hole that are named.
const NAMED_VALUES: usize = 4;
/// Characters of a value.
const VALUE_WIDTH: usize = 32;

type Files = SimpleFiles<String, String>;

/// Writes the group's diagnostic. A file that can no longer be read is named, not
/// quoted.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut dyn WriteColor,
    root: &Path,
    group: &CloneGroup,
    planned: Option<&Planned>,
) -> io::Result<()> {
    let mut quotes = Quotes::of(root, group);
    quotes.add_first_member(group);
    quotes.add_other_members(group);
    quotes.add_loose_holes(group);
    if group.adds_nothing {
        let text = "each only hands its parameters on: callers could call what it calls";
        quotes.notes.push(text.to_owned());
    }
    let diagnostic = Diagnostic::note()
        .with_code(&group.id)
        .with_message(title(group))
        .with_labels(quotes.labels)
        .with_notes(quotes.notes)
        .with_notes(planned.map(|planned| outcome_notes(group, planned)).unwrap_or_default());
    let config = Config { tab_width: 8, ..Config::default() };
    term::emit_to_write_style(out, &config, &quotes.files, &diagnostic).map_err(io_error)
}

/// `constant-only: 4 functions of one driver, 36 redundant lines`.
pub fn title(group: &CloneGroup) -> String {
    let members = &group.members;
    let drivers = distinct(members, |member| &member.driver).len() as u64;
    let class = members.first().map_or("", |member| member.class.as_str());
    let classes = distinct(members, |member| &member.class).len() as u64;
    let spread = match group.level {
        Level::Driver => "one driver".to_owned(),
        Level::Subset => format!("{} of class {class}", counted(drivers, "driver")),
        Level::Class => format!("{}, most of class {class}", counted(drivers, "driver")),
        Level::CrossClass => format!("{drivers} drivers of {classes} classes"),
    };
    format!(
        "{}: {} of {spread}, {}",
        contract_name(group.kind),
        counted(members.len() as u64, noun(group)),
        counted(u64::from(group.redundant_lines()), "redundant line"),
    )
}

/// What the members are.
fn noun(group: &CloneGroup) -> &'static str {
    let same = |pair: &[Member]| pair[0].file == pair[1].file && pair[0].name == pair[1].name;
    match group.kind {
        Kind::Sequence if group.members.windows(2).all(same) => "repetition",
        Kind::Sequence => "block",
        _ => "function",
    }
}

/// What of a member is underlined: a function's name, or the whole of a part of one.
pub fn place_of(group: &CloneGroup, member: &Member) -> Range<usize> {
    match group.kind {
        Kind::Sequence => member.function.range(),
        _ => member.function.name.start as usize..member.function.name.end as usize,
    }
}

fn distinct<'m>(members: &'m [Member], of: fn(&'m Member) -> &'m String) -> BTreeSet<&'m String> {
    members.iter().map(of).collect()
}

/// `hole 1 (integer): 0x10 | 0x20 | …`.
pub fn hole_text(number: usize, hole: &Hole) -> String {
    let mut seen = BTreeSet::new();
    let values: Vec<&String> = hole.values.iter().filter(|value| seen.insert(*value)).collect();
    let named = values.iter().take(NAMED_VALUES);
    let mut text: Vec<String> =
        named.map(|value| shortened(&printable_line(value), VALUE_WIDTH)).collect();
    if values.len() > NAMED_VALUES {
        text.push("…".into());
    }
    format!("hole {number} ({}): {}", contract_name(hole.kind), text.join(" | "))
}

/// One line that tells a proposal.
pub fn proposal_text(proposal: &Proposal) -> String {
    let files = match proposal.files.as_slice() {
        [file] => file.clone(),
        files => counted(files.len() as u64, "file"),
    };
    format!(
        "proposal {}: {}, {files}, +{} -{}, {}",
        proposal.id,
        proposal.rewrite,
        proposal.lines_added,
        proposal.lines_removed,
        contract_name(proposal.verdict),
    )
}

/// What came of the group, a line each; nothing where it was not planned.
pub fn outcome_notes(group: &CloneGroup, planned: &Planned) -> Vec<String> {
    match planned.outcomes.get(&group.id) {
        Some(Outcome::Proposal(id)) => {
            let Some(proposal) = planned.proposal(id) else {
                return vec![format!("proposal {id}")];
            };
            let subject = Some(&proposal.subject).filter(|subject| !subject.is_empty());
            let lines = [proposal_text(proposal)].into_iter().chain(subject.cloned());
            let notes = lines.chain(proposal.notes.iter().cloned());
            notes.map(|note| printable_line(&note)).collect()
        }
        Some(Outcome::Refusal(refusal)) => {
            let text = format!("refused: {}: {} at {}", refusal.reason, refusal.detail, refusal.at);
            vec![printable_line(&text)]
        }
        None => vec![],
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        // Ranges are clamped to the text, so nothing else is expected here; were it
        // to happen, the message must still reach the user.
        other => io::Error::other(other),
    }
}

/// The labels of a diagnostic and the files that they point into.
struct Quotes {
    files: Files,
    /// Bytes of each file read and its number in `files`.
    sources: BTreeMap<String, (usize, Vec<u8>)>,
    labels: Vec<Label<usize>>,
    notes: Vec<String>,
}

impl Quotes {
    /// Reads the files of the members that will be quoted.
    fn of(root: &Path, group: &CloneGroup) -> Quotes {
        let mut files = Files::new();
        let mut sources = BTreeMap::new();
        for member in group.members.iter().take(QUOTED_MEMBERS + 1) {
            if sources.contains_key(&member.file) {
                continue;
            }
            if let Some(bytes) = read(root, &member.file) {
                let number = files.add(printable_line(&member.file), printable(&bytes));
                sources.insert(member.file.clone(), (number, bytes));
            }
        }
        Quotes { files, sources, labels: vec![], notes: vec![] }
    }

    fn add_first_member(&mut self, group: &CloneGroup) {
        let Some(first) = group.members.first() else { return };
        let tokens = match self.sources.get(&first.file) {
            Some((_, source)) => member_tokens(source, first),
            None => vec![],
        };
        self.label_primary(first, place_of(group, first), format!("{}()", first.name));
        let places = group.holes.iter().enumerate().flat_map(|(number, hole)| {
            hole.tokens.iter().enumerate().map(move |(nth, token)| (number + 1, hole, nth, *token))
        });
        let mut left_out = BTreeSet::new();
        for (label, (number, hole, nth, token)) in places.enumerate() {
            let Some(token) = tokens.get(token as usize) else { continue };
            if label >= LABELLED_HOLES {
                left_out.insert(number);
            } else if nth == 0 {
                self.label_primary(first, token.range(), hole_text(number, hole));
            } else {
                self.label_primary(first, token.range(), format!("hole {number}"));
            }
        }
        if !left_out.is_empty() {
            let more = counted(left_out.len() as u64, "hole");
            self.notes.push(format!("{more} with further places: drvdedup show {}", group.id));
        }
    }

    fn add_other_members(&mut self, group: &CloneGroup) {
        for member in group.members.iter().skip(1).take(QUOTED_MEMBERS) {
            let function = &member.function;
            let text = format!("{}:{}: {}()", member.file, function.start_line, member.name);
            match self.place(member, place_of(group, member)) {
                Some((file, range)) => {
                    let label = Label::secondary(file, range).with_message(printable_line(&text));
                    self.labels.push(label);
                }
                None => self.notes.push(printable_line(&text)),
            }
        }
        let more = group.members.len().saturating_sub(QUOTED_MEMBERS + 1);
        if more > 0 {
            let others = counted(more as u64, &format!("more {}", noun(group)));
            self.notes.push(format!("and {others}: drvdedup show {}", group.id));
        }
    }

    /// What has no place that all members share is told below.
    fn add_loose_holes(&mut self, group: &CloneGroup) {
        let loose = group.holes.iter().enumerate().filter(|(_, hole)| hole.tokens.is_empty());
        let mut told: Vec<String> =
            loose.map(|(number, hole)| hole_text(number + 1, hole)).collect();
        let more = told.len().saturating_sub(LABELLED_HOLES);
        told.truncate(LABELLED_HOLES);
        self.notes.append(&mut told);
        if more > 0 {
            let holes = counted(more as u64, "more hole");
            self.notes.push(format!("and {holes}: drvdedup show {}", group.id));
        }
    }

    fn label_primary(&mut self, member: &Member, range: Range<usize>, text: String) {
        match self.place(member, range) {
            Some((file, range)) => {
                self.labels.push(Label::primary(file, range).with_message(printable_line(&text)));
            }
            None => {
                self.notes.push(format!("{}:{}: {text}", member.file, member.function.start_line))
            }
        }
    }

    /// The number of the member's file and the range within the bounds of its text.
    fn place(&self, member: &Member, range: Range<usize>) -> Option<(usize, Range<usize>)> {
        let (number, _) = self.sources.get(&member.file)?;
        let file = self.files.get(*number).ok()?;
        Some((*number, clamped(file.source(), range)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use codespan_reporting::term::termcolor::NoColor;

    fn rendered(group: &CloneGroup, planned: Option<&Planned>) -> String {
        let root = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(root.path().join("a.c"), sample::SOURCE).expect("a file for the test");
        let mut out = NoColor::new(Vec::new());
        write(&mut out, root.path(), group, planned).expect("a vector takes all");
        String::from_utf8(out.into_inner()).expect("only text is written")
    }

    #[test]
    fn the_first_member_shows_its_holes_and_the_others_their_place() {
        insta::assert_snapshot!(rendered(&sample::group("a.c"), None), @r"
        note[0a0b0c0d]: constant-only: 2 functions of one driver, 4 redundant lines
          ┌─ a.c:1:12
          │
        1 │ static int a_get(struct a *a)
          │            ^^^^^ a_get()
        2 │ {
        3 │         return a_read(a, 0x10);
          │                          ^^^^ hole 1 (integer): 0x10 | 0x20
          ·
        7 │ static int b_get(struct a *a)
          │            ----- a.c:7: b_get()
        ");
    }

    #[test]
    fn a_file_that_went_away_is_named() {
        let text = rendered(&sample::group("gone.c"), None);
        assert!(text.contains("gone.c:1: a_get()"), "{text}");
        assert!(text.contains("gone.c:7: b_get()"), "{text}");
    }

    #[test]
    fn a_file_that_shrank_is_quoted_within_its_bounds() {
        let mut group = sample::group("a.c");
        group.members[1].function.name = 5000..5010;
        group.members[0].function.end = 6000;
        assert!(rendered(&group, None).contains("a.c:7: b_get()"));
    }

    #[test]
    fn a_large_group_names_the_first_members_and_counts_the_rest() {
        let mut group = sample::group("a.c");
        let member = group.members[1].clone();
        group.members.extend(std::iter::repeat_n(member, 58));
        assert!(rendered(&group, None).contains("and 55 more functions: drvdedup show 0a0b0c0d"));
    }

    #[test]
    fn the_outcome_follows() {
        let text = rendered(&sample::group("a.c"), Some(&sample::proposed()));
        assert!(
            text.contains("proposal 11112222: extract-helper, drivers/hwmon/a.c, +6 -8, expands")
        );
        let text = rendered(&sample::group("a.c"), Some(&sample::refused()));
        assert!(text.contains("refused: constant-context: the value is a case label"), "{text}");
    }

    #[test]
    fn values_of_a_hole_are_shortened_and_each_named_once() {
        let hole = |values: &[&str]| Hole {
            kind: crate::detect::HoleKind::Integer,
            values: values.iter().map(|value| value.to_string()).collect(),
            tokens: vec![],
        };
        assert_eq!(hole_text(1, &hole(&["1", "2", "1"])), "hole 1 (integer): 1 | 2");
        let many = hole_text(2, &hole(&["1", "2", "3", "4", "5"]));
        assert_eq!(many, "hole 2 (integer): 1 | 2 | 3 | 4 | …");
    }

    #[test]
    fn parts_of_functions_are_underlined_and_loose_holes_are_told_below() {
        let mut group = sample::group("a.c");
        group.kind = Kind::Sequence;
        let text = rendered(&group, None);
        assert!(text.contains("sequence: 2 blocks of one driver"), "{text}");
        group.members[1].name = group.members[0].name.clone();
        assert!(rendered(&group, None).contains("sequence: 2 repetitions of one driver"));
        group.kind = Kind::Gapped;
        group.holes[0].tokens.clear();
        let text = rendered(&group, None);
        assert!(text.contains("= hole 1 (integer): 0x10 | 0x20"), "{text}");
        group.adds_nothing = true;
        assert!(rendered(&group, None).contains("hands its parameters on"));
    }
}
