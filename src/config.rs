//! `drvdedup.toml`: what a project sets once instead of typing it each time. In:
//! a folder or a file. Out: a [`Config`]. An unknown key is an error, never
//! ignored: a mistyped exclude would otherwise exclude nothing.

use crate::plan::rules::Measure;
use crate::tree::read_regular;
use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The name that is looked for.
pub const FILE_NAME: &str = "drvdedup.toml";

/// The keys by table, for the suggestion in an error; `""` is the top.
const KEYS: &[(&str, &[&str])] = &[
    ("", &["paths", "exclude", "rules", "thresholds", "plan"]),
    ("thresholds", &["min-lines", "min-tokens"]),
    ("plan", &["max-parameters", "min-lines-saved", "new-library", "by"]),
];
/// Similarity (Jaro-Winkler, 0 to 1) above which a key is suggested for another.
const LIKELY_MEANT: f64 = 0.75;

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// What to read where the command line names nothing, relative to the top of
    /// the tree.
    pub paths: Vec<String>,
    /// What to leave out, as patterns of `.gitignore` relative to the top of the tree.
    pub exclude: Vec<String>,
    /// Folders with `rewrites/*.toml` and `templates/*.hbs` that override ours by
    /// name; relative to the configuration file, absolute once read.
    pub rules: Vec<PathBuf>,
    /// The smallest function that is looked at.
    pub thresholds: Thresholds,
    /// Limits of a proposal.
    pub plan: PlanLimits,
}

/// See [`Config::thresholds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Thresholds {
    /// Lines from the signature to the closing brace.
    pub min_lines: u32,
    /// Tokens, signature included.
    pub min_tokens: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { min_lines: 6, min_tokens: 30 }
    }
}

/// See [`Config::plan`]. What is not set is left to the rewrite rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlanLimits {
    /// Parameters that a helper may have beyond those of its members.
    pub max_parameters: Option<u32>,
    /// Lines that a patch must remove beyond those that it adds.
    pub min_lines_saved: Option<u32>,
    /// Whether drivers that have no module in common may get one of their own.
    pub new_library: bool,
    /// What a table in the place of code must save.
    pub by: Measure,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, not readable or not UTF-8.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or not these settings.
    #[error("{}:{line}: {}{message}", path.display(), key_prefix(key))]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The dotted key; empty when the text is not TOML.
        key: String,
        /// What was expected there.
        message: String,
    },
}

fn key_prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("key `{key}`: ") }
}

impl Config {
    /// Reads the settings from `file`.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has an unknown key or a value of
    /// the wrong type.
    pub fn read(file: &Path) -> Result<Config, ConfigError> {
        let text = read_regular(file)
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|source| ConfigError::Read { path: file.to_owned(), source })?;
        let mut config = Config::parse(file, &text)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        for rules in &mut config.rules {
            *rules = folder.join(&*rules);
        }
        Ok(config)
    }

    fn parse(file: &Path, text: &str) -> Result<Config, ConfigError> {
        toml::from_str(text).map_err(|error| describe(file, text, error))
    }
}

/// The configuration file that governs `start`: the nearest [`FILE_NAME`] from there
/// upward to `root`, the tree's top; only `root` itself when `start` lies elsewhere.
/// Both are absolute.
pub fn find(start: &Path, root: &Path) -> Option<PathBuf> {
    let start = if start.starts_with(root) { start } else { root };
    let folders = start.ancestors().take_while(|folder| folder.starts_with(root));
    folders.map(|folder| folder.join(FILE_NAME)).find(|file| file.exists())
}

fn describe(file: &Path, text: &str, mut error: toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    // Without its input the error prints no source lines but the path of keys.
    error.set_input(None);
    let full = error.to_string();
    let path = full.lines().find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let (key, message) = match unknown_key(error.message(), text, span) {
        Some(key) => {
            let table = path.unwrap_or_default();
            let table = table.strip_suffix(&key).map_or(table, |t| t.trim_end_matches('.'));
            let dotted = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
            (dotted, format!("is not known{}", suggestion(table, &key)))
        }
        None => (path.unwrap_or_default().to_owned(), error.message().replace('\n', "; ")),
    };
    ConfigError::Parse { path: file.to_owned(), line, key, message }
}

/// The key that serde did not know, as it stands in the text.
fn unknown_key(message: &str, text: &str, span: Range<usize>) -> Option<String> {
    message.starts_with("unknown field").then_some(())?;
    Some(text.get(span)?.trim_matches(['"', '\'']).to_owned())
}

/// What to write instead: the key's place if it belongs elsewhere, or the nearest key.
fn suggestion(table: &str, key: &str) -> String {
    let elsewhere = KEYS.iter().find(|(_, keys)| keys.contains(&key));
    if let Some((owner, _)) = elsewhere {
        return match *owner {
            "" => "; it stands before the first [table]".to_owned(),
            owner => format!("; it stands under [{owner}]"),
        };
    }
    let known = KEYS.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, keys)| keys);
    let by_likeness = known.iter().map(|known| (strsim::jaro_winkler(key, known), known));
    match by_likeness.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, nearest)) if likeness > LIKELY_MEANT => {
            format!("; did you mean `{nearest}`?")
        }
        _ => format!("; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(Path::new("d.toml"), text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn every_key_is_read() {
        let text = "paths = ['drivers/hwmon']\nexclude = ['*_test.c']\nrules = ['mine']\n\
            [thresholds]\nmin-lines = 4\nmin-tokens = 20\n\
            [plan]\nmax-parameters = 3\nmin-lines-saved = 2\nnew-library = true\nby = 'text'\n";
        let expected = Config {
            paths: vec!["drivers/hwmon".into()],
            exclude: vec!["*_test.c".into()],
            rules: vec!["mine".into()],
            thresholds: Thresholds { min_lines: 4, min_tokens: 20 },
            plan: PlanLimits {
                max_parameters: Some(3),
                min_lines_saved: Some(2),
                new_library: true,
                by: Measure::Text,
            },
        };
        assert_eq!(Config::parse(Path::new("d.toml"), text).expect("it is right"), expected);
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let config = Config::parse(Path::new("d.toml"), "[thresholds]\nmin-lines = 9\n");
        let thresholds = config.expect("it is right").thresholds;
        assert_eq!(thresholds, Thresholds { min_lines: 9, min_tokens: 30 });
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
        let check = |text: &str, expected: &str| assert_eq!(error(text), expected);
        check(
            "\nexcludes = []\n",
            "d.toml:2: key `excludes`: is not known; did you mean `exclude`?",
        );
        check(
            "[thresholds]\n\nmin-line = 3\n",
            "d.toml:3: key `thresholds.min-line`: is not known; did you mean `min-lines`?",
        );
        check(
            "[plan]\nrules = []\n",
            "d.toml:2: key `plan.rules`: is not known; it stands before the first [table]",
        );
        check(
            "min-lines = 3\n",
            "d.toml:1: key `min-lines`: is not known; it stands under [thresholds]",
        );
        check(
            "[plan]\nxyz = 1\n",
            "d.toml:2: key `plan.xyz`: is not known; known are max-parameters, min-lines-saved, new-library, by",
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_line() {
        let check = |text: &str, expected: &str| assert_eq!(error(text), expected);
        check(
            "[thresholds]\nmin-lines = 'six'\n",
            "d.toml:2: key `thresholds.min-lines`: invalid type: string \"six\", expected u32",
        );
        check(
            "[plan]\nmax-parameters = -1\n",
            "d.toml:2: key `plan.max-parameters`: invalid value: integer `-1`, expected u32",
        );
    }

    #[test]
    fn text_that_is_not_toml_is_named_with_its_line() {
        let text = error("paths = []\nexclude = [\n");
        assert!(text.starts_with("d.toml:"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }

    #[test]
    fn the_nearest_file_up_to_the_top_counts() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let root = folder.path().join("tree");
        let deep = root.join("drivers/hwmon");
        std::fs::create_dir_all(&deep).expect("folders for the test");
        std::fs::write(folder.path().join(FILE_NAME), "").expect("a file for the test");
        assert_eq!(find(&deep, &root), None, "the one above the top is not the tree's");
        std::fs::write(root.join(FILE_NAME), "").expect("a file for the test");
        assert_eq!(find(&deep, &root), Some(root.join(FILE_NAME)));
        std::fs::write(root.join("drivers").join(FILE_NAME), "").expect("a file for the test");
        assert_eq!(find(&deep, &root), Some(root.join("drivers").join(FILE_NAME)));
        assert_eq!(find(Path::new("/"), &root), Some(root.join(FILE_NAME)));
    }

    #[test]
    fn folders_of_rules_are_relative_to_the_file() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join(FILE_NAME);
        std::fs::write(&file, "rules = ['mine']").expect("a file for the test");
        assert_eq!(Config::read(&file).expect("it is right").rules, [folder.path().join("mine")]);
    }
}
