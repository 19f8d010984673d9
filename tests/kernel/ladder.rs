//! What `verify` prints, counted by folder.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The share of the built proposals that must be the same machine code.
pub const FLOOR_IDENTICAL: f64 = 0.90;

/// Numbers of one folder, or of all.
#[derive(Clone, Copy, Default)]
pub struct Row {
    pub proposals: usize,
    pub built: usize,
    pub compiled: usize,
    pub identical: usize,
    pub explained: usize,
}

/// See the module.
#[derive(Default)]
pub struct Table {
    rows: BTreeMap<&'static str, Row>,
    pub all: Row,
    /// Those below the top, with what is said of them.
    pub open: Vec<String>,
}

impl Table {
    /// Counts the JSON object of `verify`, by folder.
    pub fn read(json: &[u8], folders: &[&'static str]) -> Table {
        let object: Value = serde_json::from_slice(json).expect("it is JSON");
        let mut table = Table::default();
        for proposal in object["proposals"].as_array().expect("a list") {
            table.count(proposal, folders);
        }
        table
    }

    fn count(&mut self, proposal: &Value, folders: &[&'static str]) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (verdict, file) = (text(&proposal["verdict"]), text(&proposal["files"][0]));
        let detail = text(&proposal["proof"]["detail"]);
        let built = proposal["proof"]["not_built"].is_null();
        let identical = verdict == "identical-object";
        let folder = folders.iter().copied().find(|folder| file.starts_with(folder));
        for row in [self.rows.entry(folder.unwrap_or("elsewhere")).or_default(), &mut self.all] {
            row.proposals += 1;
            row.built += usize::from(built);
            row.compiled += usize::from(identical || verdict == "compiles");
            row.identical += usize::from(identical);
            row.explained += usize::from(!identical && !detail.is_empty());
        }
        if !identical {
            self.open.push(format!("{} {verdict} {file}: {detail}", text(&proposal["id"])));
        }
    }
}

/// What `verify --selftest` counts of all sorts of faults, and the lines of those
/// that no rung rejects or only some.
#[derive(Default)]
pub struct Faults {
    pub planted: u64,
    pub by_text: u64,
    pub by_code: u64,
    pub by_compiler: u64,
    pub equivalent: u64,
    /// Left to the texts: the code is the same with the fault.
    pub missed_by_code: Vec<String>,
    pub missed_by_all: Vec<String>,
    /// Of each sort, the number of those that are no equivalent texts.
    pub by_sort: BTreeMap<String, u64>,
}

impl Faults {
    /// Adds up the JSON object of `verify --selftest`.
    pub fn read(json: &[u8]) -> Faults {
        let object: Value = serde_json::from_slice(json).expect("it is JSON");
        let mut faults = Faults::default();
        for (sort, row) in object["faults"].as_object().expect("an object") {
            let number = |field: &str| row[field].as_u64().expect("a number");
            faults.planted += number("planted");
            faults.by_text += number("rejected_by_text");
            faults.by_code += number("rejected_by_code");
            faults.by_compiler += number("rejected_by_compiler");
            faults.equivalent += number("equivalent");
            faults.by_sort.insert(sort.clone(), number("planted") - number("equivalent"));
            for missed in row["missed"].as_array().expect("a list") {
                let by_text = missed["rejected_by_text"].as_bool().expect("yes or no");
                let list =
                    if by_text { &mut faults.missed_by_code } else { &mut faults.missed_by_all };
                list.push(format!("{sort}: {missed}"));
            }
        }
        faults
    }
}

/// How many times the whole ladder may cost what its compiles take that are as the kernel
/// is built: after the patch, and before it where that is asked for. A machine twice as
/// slow is slow at both. 2.7 times is what is reached for patches of one file; the aim is
/// three CPU seconds a proposal.
pub const MOST_TIMES: f64 = 4.0;

/// What `verify -v` says of the CPU time, in seconds.
pub struct Cost {
    pub all: f64,
    /// As the kernel is built.
    pub built: f64,
    said: String,
}

impl Cost {
    /// Reads the lines of standard error.
    pub fn read(stderr: &[u8]) -> Cost {
        let text = String::from_utf8_lossy(stderr);
        let is_cost = |line: &&str| line.contains(" CPU seconds for ") || line.contains(" s  ");
        let said: Vec<&str> = text.lines().filter(is_cost).collect();
        let of = |what: &str| {
            let line = said.iter().find(|line| line.contains(what));
            let numbers = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            numbers.unwrap_or_else(|| panic!("no cost in {text}"))
        };
        let (all, built) = (of(" CPU seconds for "), of("as the kernel is built"));
        Cost { all, built, said: said.join("\n") }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.said)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:32} proposals built compiled identical explained", "folder")?;
        let all = ("all", self.all);
        for (folder, row) in self.rows.iter().map(|(folder, row)| (*folder, *row)).chain([all]) {
            let Row { proposals, built, compiled, identical, explained } = row;
            writeln!(
                f,
                "{folder:32} {proposals:>9} {built:>5} {compiled:>8} {identical:>9} {explained:>9}"
            )?;
        }
        self.open.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
