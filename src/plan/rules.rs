//! Rewrite rules: which groups a rule takes, its limits, and its templates. Ours
//! are embedded in the program; a user's folder adds rules, and overrides ours by
//! name.

use crate::detect::{CloneGroup, Kind, Level};
use crate::overrides::{OverrideError, user_files};
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

static REWRITES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rewrites");

/// What a rule does with a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemedyKind {
    /// A new helper takes the differences as parameters.
    Helper,
    /// One member stays and the others go.
    Merge,
    /// A new helper does what a part of each member did.
    Extract,
    /// What the kernel has already is called in the place of its copies.
    Reuse,
    /// What a wrapper calls is called in its place.
    Elide,
    /// What nothing names goes.
    Delete,
    /// An array that is indexed, or searched, takes the place of a ladder.
    Lookup,
    /// A loop over a table takes the place of repeated statements.
    Loop,
    /// One function takes what differs from the row by which it is reached.
    Family,
}

/// A rewrite rule, as its file in `rewrites/` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Its name; a rule of the same name in a user's folder replaces it.
    pub name: String,
    /// The remedy, as the contract names strategies.
    pub strategy: String,
    /// Rules are tried in increasing order, then by name.
    #[serde(default)]
    pub order: i32,
    /// Kinds of groups that it takes.
    pub kinds: Vec<Kind>,
    /// Levels of groups that it takes.
    pub levels: Vec<Level>,
    /// What it does.
    pub remedy: RemedyKind,
    /// Its limits.
    pub limits: Limits,
    /// Structures that rows of a table may be of, beside those of the driver.
    #[serde(default)]
    pub structures: Vec<Structure>,
    /// Names of members that mean the same.
    #[serde(default)]
    pub meanings: Vec<Vec<String>>,
    /// File names of its templates.
    pub templates: TemplateNames,
    /// The text of its file.
    #[serde(skip)]
    pub text: String,
    /// `built in`, or the path of its file.
    #[serde(skip)]
    pub origin: String,
    /// What a proposal must save.
    #[serde(skip)]
    pub by: Measure,
    /// What a person calls the helper of a group, by the group's id.
    #[serde(skip)]
    pub names: BTreeMap<String, String>,
}

/// A structure of the kernel's for the arguments of a function.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Its tag.
    pub tag: String,
    /// The function that takes what it holds; other rows are not of it.
    pub callee: String,
}

/// What a proposal must save to be one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Lines of source.
    #[default]
    Lines,
    /// Lines, or bytes of text where a rule says how many.
    Text,
}

impl Rule {
    /// Whether it takes groups of this kind and level, however many members they have.
    pub fn takes(&self, group: &CloneGroup) -> bool {
        self.kinds.contains(&group.kind) && self.levels.contains(&group.level)
    }

    /// The rule with the limits for so many members in several files, or in one.
    pub fn for_members(&self, members: usize, is_across_files: bool) -> Rule {
        let mut rule = self.clone();
        if is_across_files && members < 3 {
            let limits = &mut rule.limits;
            limits.lines_saved = limits.lines_saved.max(limits.lines_saved_by_two_files);
        }
        rule
    }

    /// What it does: the comment at the top of its file, on one line.
    pub fn description(&self) -> String {
        let lines = self.text.lines().map_while(|line| line.strip_prefix('#'));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

/// Limits of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Fewest members of a group.
    pub members: usize,
    /// Fewest where a function of another module does their work.
    #[serde(default = "three")]
    pub members_across_modules: usize,
    /// Most parameters of a helper, the members' own included.
    pub parameters: usize,
    /// Fewest lines that must go on balance.
    pub lines_saved: i64,
    /// Fewest bytes of text that must go, by an estimate, where that is asked for in the place
    /// of lines. Without it only lines count.
    #[serde(default)]
    pub text_saved: Option<i64>,
    /// Fewest lines that must go where two functions of two files share something: what
    /// is in another file costs the reader more than its lines.
    #[serde(default = "ten")]
    pub lines_saved_by_two_files: i64,
    /// Most parameters of a helper in another module for constants that are the same in
    /// all members, and that only their files know.
    #[serde(default = "two")]
    pub own_constants: usize,
    /// Most lines of a body that becomes an inline function of a header.
    #[serde(default = "sixteen")]
    pub inline_lines: u32,
    /// Most parameters of a helper that are pointers to functions.
    #[serde(default)]
    pub function_pointers: usize,
    /// Most structure members that a helper takes by their address only to read or
    /// write them.
    #[serde(default = "two")]
    pub member_pointers: usize,
    /// Most members of structures of different types that a helper takes in place of the
    /// structures.
    #[serde(default = "three")]
    pub unpacked_members: usize,
}

impl Limits {
    /// Fewest members of a group, of one module or not.
    pub fn members(&self, across_modules: bool) -> usize {
        if across_modules { self.members_across_modules } else { self.members }
    }
}

fn ten() -> i64 {
    10
}

fn three() -> usize {
    3
}

fn two() -> usize {
    2
}

fn sixteen() -> u32 {
    16
}

/// The templates that write a rule's text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TemplateNames {
    /// The helper function.
    pub helper: String,
    /// The body of a function that stays and calls the helper.
    pub thin: String,
    /// The message of the patch.
    pub message: String,
    /// The declaration in a header of what several files share.
    #[serde(default = "prototype")]
    pub prototype: String,
    /// The table that is searched where a key is no index.
    #[serde(default = "rows")]
    pub rows: String,
    /// What searches it.
    #[serde(default = "search")]
    pub search: String,
}

/// The template of a table that is searched where a rule names none.
fn rows() -> String {
    "rows.hbs".to_owned()
}

/// The template of a search where a rule names none.
fn search() -> String {
    "search.hbs".to_owned()
}

/// The template of a declaration where a rule names none.
fn prototype() -> String {
    "prototype.hbs".to_owned()
}

/// The first of `rules` with that remedy that takes the group.
pub fn with_remedy<'r>(
    rules: &'r [Rule],
    remedy: RemedyKind,
    group: &CloneGroup,
) -> Option<&'r Rule> {
    rules.iter().find(|rule| rule.remedy == remedy && rule.takes(group))
}

/// All rules in force: ours, overridden and extended by those in the subfolder
/// `rewrites` of each of `folders`, in the order in which they are tried.
///
/// # Errors
/// A folder or file that cannot be read, or that is not a rule.
pub fn load(folders: &[PathBuf]) -> Result<Vec<Rule>, OverrideError> {
    let mut rules: Vec<Rule> = Vec::new();
    for file in REWRITES.files() {
        if file.path().extension().is_some_and(|e| e == "toml") {
            add(&mut rules, file.path(), file.contents_utf8().unwrap_or_default(), "built in")?;
        }
    }
    for folder in folders {
        let files = user_files(folder, "rewrites", "toml")
            .map_err(|source| OverrideError::Read { path: folder.clone(), source })?;
        for (path, text) in files {
            add(&mut rules, &path, &text, &path.display().to_string())?;
        }
    }
    rules.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    Ok(rules)
}

fn add(rules: &mut Vec<Rule>, path: &Path, text: &str, origin: &str) -> Result<(), OverrideError> {
    let mut rule: Rule = toml::from_str(text).map_err(|error| OverrideError::Parse {
        path: path.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })?;
    rule.text = text.to_owned();
    rule.origin = origin.to_owned();
    rules.retain(|known| known.name != rule.name);
    rules.push(rule);
    Ok(())
}
