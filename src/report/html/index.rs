//! What the page's lists and its map need of all groups: columns, and the words that
//! they number.

use super::details::{Chunks, LeftOut};
use crate::detect::{CloneGroup, Kind, Level, Options};
use crate::plan::Reason;
use crate::report::classes::{self, ClassRow};
use crate::report::group::title;
use crate::report::kinds::{LEVELS, kind_text, level_text};
use crate::report::{Outcome, Planned, Report, contract_name};
use crate::verify::Verdict;
use serde::Serialize;
use std::collections::BTreeMap;

/// See the module.
#[derive(Serialize)]
pub struct Index<'r> {
    program: &'static str,
    tree: String,
    kernel: Option<&'r str>,
    planned: bool,
    totals: Totals,
    kinds: Vec<Word>,
    levels: Vec<Word>,
    outcomes: Vec<Word>,
    classes: Vec<ClassJson<'r>>,
    drivers: Vec<DriverJson<'r>>,
    files: Files<'r>,
    groups: Columns<'r>,
    /// The first group of each chunk.
    chunks: Vec<usize>,
    left_out: LeftOut,
}

#[derive(Serialize)]
struct Totals {
    files: u64,
    functions: u64,
    lines: u64,
    function_lines: u64,
    parse_gaps: u64,
    unreadable: u64,
    kept: u64,
    redundant_lines: u64,
    lines_added: u64,
    lines_removed: u64,
}

/// A name of the contract and what it means.
#[derive(Serialize)]
struct Word {
    name: String,
    text: &'static str,
    /// Of outcomes: it is the verdict of a proposal.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    proposal: bool,
}

#[derive(Serialize)]
struct ClassJson<'r> {
    name: &'r str,
    drivers: u64,
    functions: u64,
    function_lines: u64,
    groups: u64,
    redundant_lines: u64,
    /// Of these, by the level of the group.
    by_level: [u64; LEVELS.len()],
}

#[derive(Serialize)]
struct DriverJson<'r> {
    name: &'r str,
    /// Its class, as a number.
    class: usize,
    function_lines: u64,
    redundant_lines: u64,
}

/// The files of all members: their paths, and their drivers as numbers.
#[derive(Default, Serialize)]
struct Files<'r> {
    path: Vec<&'r str>,
    driver: Vec<usize>,
}

/// A value a group, in the order of the report; those of the members one behind the
/// other.
#[derive(Default, Serialize)]
struct Columns<'r> {
    /// Eight digits each, without anything between.
    id: String,
    title: Vec<String>,
    kind: Vec<usize>,
    level: Vec<usize>,
    members: Vec<usize>,
    original: Vec<usize>,
    lines: Vec<u32>,
    /// Only of a plan.
    outcome: Vec<usize>,
    /// Lines that the proposal saves; zero where there is none.
    saved: Vec<i64>,
    /// Number of each member's file.
    file: Vec<usize>,
    /// Name of each member.
    name: Vec<&'r str>,
}

/// The index of the report, whose texts are in `chunks`.
pub fn index<'r>(report: &'r Report, chunks: &Chunks) -> Index<'r> {
    let outcomes = report.planned.as_ref().map(Outcomes::of);
    let mut places = Places::of(report);
    let groups = columns(report, outcomes.as_ref(), &mut places);
    let Places { classes, drivers, files, .. } = places;
    let kind =
        |kind: Kind| Word { name: contract_name(kind), text: kind_text(kind), proposal: false };
    let level = |level: Level| Word {
        name: contract_name(level),
        text: level_text(level),
        proposal: false,
    };
    Index {
        program: env!("CARGO_PKG_VERSION"),
        tree: report.tree.root.to_string_lossy().into_owned(),
        kernel: report.tree.kernel.as_deref(),
        planned: report.planned.is_some(),
        totals: totals(report),
        kinds: Options::KINDS.map(kind).into(),
        levels: LEVELS.map(level).into(),
        outcomes: outcomes.map(|outcomes| outcomes.words).unwrap_or_default(),
        classes,
        drivers,
        files,
        groups,
        chunks: chunks.ranges().iter().map(|range| range.start).collect(),
        left_out: chunks.left_out(),
    }
}

fn totals(report: &Report) -> Totals {
    let counts = &report.counts;
    let lines = report.groups.iter().map(|group| u64::from(group.redundant_lines()));
    let (lines_added, lines_removed) =
        report.planned.as_ref().map(Planned::lines).unwrap_or_default();
    Totals {
        files: counts.files,
        functions: counts.functions,
        lines: counts.lines,
        function_lines: counts.function_lines,
        parse_gaps: counts.parse_gaps,
        unreadable: counts.unreadable,
        kept: counts.kept,
        redundant_lines: lines.sum(),
        lines_added,
        lines_removed,
    }
}

fn columns<'r>(
    report: &'r Report,
    outcomes: Option<&Outcomes>,
    places: &mut Places<'r>,
) -> Columns<'r> {
    let mut columns = Columns::default();
    for group in &report.groups {
        columns.id.push_str(&group.id);
        columns.title.push(title(group));
        columns.kind.push(place_in(&Options::KINDS, &group.kind));
        columns.level.push(place_in(&LEVELS, &group.level));
        columns.members.push(group.members.len());
        columns.original.push(group.original());
        columns.lines.push(group.redundant_lines());
        if let (Some(outcomes), Some(planned)) = (outcomes, &report.planned) {
            columns.outcome.push(outcomes.number(group, planned));
            columns.saved.push(saved(group, planned));
        }
        for member in &group.members {
            columns.file.push(places.file(&member.file, &member.class, &member.driver));
            columns.name.push(&member.name);
        }
    }
    columns
}

fn place_in<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|other| other == one).unwrap_or(0)
}

fn saved(group: &CloneGroup, planned: &Planned) -> i64 {
    let proposal = match planned.outcomes.get(&group.id) {
        Some(Outcome::Proposal(id)) => planned.proposal(id),
        _ => None,
    };
    proposal.map_or(0, |it| i64::from(it.lines_removed) - i64::from(it.lines_added))
}

/// The verdicts and the reasons that there are.
struct Outcomes {
    words: Vec<Word>,
    numbers: BTreeMap<String, usize>,
}

/// Groups whose proposal or refusal is not known.
const NO_OUTCOME: &str = "none";

impl Outcomes {
    /// The verdicts, highest first, then the reasons, most frequent first.
    fn of(planned: &Planned) -> Outcomes {
        let mut verdicts: Vec<Verdict> = planned.proposals.iter().map(|it| it.verdict).collect();
        verdicts.sort_unstable_by_key(|&verdict| std::cmp::Reverse(verdict));
        verdicts.dedup();
        let mut reasons: Vec<(&str, u64)> = planned.refusals().into_iter().collect();
        reasons.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
        let verdict = |verdict: Verdict| Word {
            name: contract_name(verdict),
            text: verdict_text(verdict),
            proposal: true,
        };
        let reason = |(reason, _): (&str, u64)| Word {
            name: reason.to_owned(),
            text: reason_text(reason),
            proposal: false,
        };
        let mut words: Vec<Word> =
            verdicts.into_iter().map(verdict).chain(reasons.into_iter().map(reason)).collect();
        let text = "Nothing is known of what came of it.";
        words.push(Word { name: NO_OUTCOME.to_owned(), text, proposal: false });
        let numbers = words.iter().enumerate().map(|(at, word)| (word.name.clone(), at)).collect();
        Outcomes { words, numbers }
    }

    fn number(&self, group: &CloneGroup, planned: &Planned) -> usize {
        let name = match planned.outcomes.get(&group.id) {
            Some(Outcome::Refusal(refusal)) => Some(refusal.reason.clone()),
            Some(Outcome::Proposal(id)) => planned.proposal(id).map(|it| contract_name(it.verdict)),
            None => None,
        };
        let last = self.words.len().saturating_sub(1);
        name.and_then(|name| self.numbers.get(&name).copied()).unwrap_or(last)
    }
}

fn reason_text(slug: &str) -> &'static str {
    let reason = Reason::ALL.iter().find(|reason| reason.slug() == slug);
    reason.map_or("", |reason| reason.explanation())
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "A fault was found: not to be applied.",
        Verdict::Applies => "The patch applies to the tree as it stands.",
        Verdict::Parses => "Every touched file parses at least as well as before.",
        Verdict::Expands => {
            "The helper, with the arguments of each call put back, is token for token the member \
             that was there. Not compiled."
        }
        Verdict::Compiles => {
            "Every touched object that the configuration builds compiles without a new warning."
        }
        Verdict::IdenticalObject => {
            "The compiler makes the same machine code of it, or code with the same results for \
             all arguments."
        }
    }
}

/// The classes, drivers and files, by their numbers.
struct Places<'r> {
    classes: Vec<ClassJson<'r>>,
    drivers: Vec<DriverJson<'r>>,
    files: Files<'r>,
    class_numbers: BTreeMap<&'r str, usize>,
    driver_numbers: BTreeMap<(usize, &'r str), usize>,
    file_numbers: BTreeMap<&'r str, usize>,
}

impl<'r> Places<'r> {
    /// What was read, with the redundant lines of the groups.
    fn of(report: &'r Report) -> Places<'r> {
        let mut places = Places {
            classes: classes::rows(report).into_iter().map(class_json).collect(),
            drivers: Vec::new(),
            files: Files::default(),
            class_numbers: BTreeMap::new(),
            driver_numbers: BTreeMap::new(),
            file_numbers: BTreeMap::new(),
        };
        let names = places.classes.iter().enumerate().map(|(at, class)| (class.name, at));
        places.class_numbers = names.collect();
        for (class, drivers) in &report.counts.drivers {
            for (driver, &lines) in drivers {
                let number = places.driver(class, driver);
                places.drivers[number].function_lines = lines;
            }
        }
        for group in &report.groups {
            for copy in group.copies() {
                let lines = u64::from(copy.function.lines());
                let driver = places.driver(&copy.class, &copy.driver);
                places.drivers[driver].redundant_lines += lines;
                let class = places.drivers[driver].class;
                places.classes[class].by_level[place_in(&LEVELS, &group.level)] += lines;
            }
        }
        places
    }

    fn class(&mut self, name: &'r str) -> usize {
        if let Some(&number) = self.class_numbers.get(name) {
            return number;
        }
        self.classes.push(class_json(ClassRow { class: name, ..ClassRow::default() }));
        self.class_numbers.insert(name, self.classes.len() - 1);
        self.classes.len() - 1
    }

    fn driver(&mut self, class: &'r str, name: &'r str) -> usize {
        let class = self.class(class);
        if let Some(&number) = self.driver_numbers.get(&(class, name)) {
            return number;
        }
        let driver = DriverJson { name, class, function_lines: 0, redundant_lines: 0 };
        self.drivers.push(driver);
        self.driver_numbers.insert((class, name), self.drivers.len() - 1);
        self.drivers.len() - 1
    }

    fn file(&mut self, path: &'r str, class: &'r str, driver: &'r str) -> usize {
        if let Some(&number) = self.file_numbers.get(path) {
            return number;
        }
        let driver = self.driver(class, driver);
        self.files.path.push(path);
        self.files.driver.push(driver);
        self.file_numbers.insert(path, self.files.path.len() - 1);
        self.files.path.len() - 1
    }
}

fn class_json(row: ClassRow) -> ClassJson {
    let ClassRow { class, drivers, functions, function_lines, groups, redundant_lines } = row;
    ClassJson {
        name: class,
        drivers,
        functions,
        function_lines,
        groups,
        redundant_lines,
        by_level: [0; LEVELS.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use std::path::Path;

    fn written(report: &Report) -> serde_json::Value {
        serde_json::to_value(index(report, &Chunks::of(report))).expect("it is JSON")
    }

    #[test]
    fn drivers_and_classes_have_their_redundant_lines() {
        let mut report = sample::report(Path::new("/k"), None);
        let mut across = sample::group("drivers/net/b.c");
        across.level = Level::CrossClass;
        across.members[1].class = "net".into();
        across.members[1].driver = "b".into();
        report.groups.make_mut().push(across);
        let index = written(&report);
        let hwmon = &index["classes"][0];
        assert_eq!((&hwmon["name"], &hwmon["by_level"]), (&"hwmon".into(), &[4, 0, 0, 0].into()));
        assert_eq!(index["classes"][1]["by_level"], serde_json::json!([0, 0, 0, 4]));
        let b = serde_json::json!({
            "name": "b", "class": 1, "function_lines": 0, "redundant_lines": 4 });
        assert_eq!(index["drivers"][1], b);
        assert_eq!(index["groups"]["members"], serde_json::json!([2, 2]));
    }

    #[test]
    fn outcomes_are_numbered_verdicts_before_reasons() {
        let mut planned = sample::proposed();
        let refused = sample::refused().outcomes.into_values().next().expect("there is one");
        planned.outcomes.insert("ffffffff".into(), refused);
        let mut report = sample::report(Path::new("/k"), Some(planned));
        let group = |id: &str| CloneGroup { id: id.into(), ..sample::group("a.c") };
        report.groups.make_mut().extend([group("ffffffff"), group("eeeeeeee")]);
        let index = written(&report);
        let names: Vec<_> = (0..3).map(|at| index["outcomes"][at]["name"].clone()).collect();
        assert_eq!(names, ["expands", "constant-context", "none"]);
        assert_eq!(index["groups"]["outcome"], serde_json::json!([0, 1, 2]));
        assert_eq!(index["groups"]["saved"], serde_json::json!([2, 0, 0]));
    }
}
