//! The functions of GNU make that Kbuild files use. None runs a command, reads a
//! file or looks at the configuration: of two branches both are taken.

use super::variables::{Scope, Variables};

/// Bytes that one call may give.
const MAX_RESULT: usize = 1 << 20;

/// The result of the function call that stands between the parentheses of `$(…)`;
/// `None` where it is not one.
pub(super) fn call(variables: &Variables, inside: &str, scope: &Scope<'_>) -> Option<String> {
    let (name, arguments) = inside.split_once([' ', '\t'])?;
    let raw = Arguments { variables, scope, raw: split_arguments(arguments.trim_start()) };
    let result = match name {
        "subst" => subst(&raw.get(0), &raw.get(1), &raw.rest(2)),
        "patsubst" => Pattern::new(&raw.get(0)).substitute(&raw.rest(2), &raw.get(1)),
        "filter" => filter(&raw.get(0), &raw.rest(1), true),
        "filter-out" => filter(&raw.get(0), &raw.rest(1), false),
        "addprefix" => each(&raw.rest(1), |word| format!("{}{word}", raw.get(0))),
        "addsuffix" => each(&raw.rest(1), |word| format!("{word}{}", raw.get(0))),
        "sort" => sort(&raw.rest(0)),
        "strip" | "abspath" | "realpath" => each(&raw.rest(0), str::to_owned),
        "dir" => each(&raw.rest(0), |word| match word.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/"),
            None => "./".to_owned(),
        }),
        "notdir" => each(&raw.rest(0), |word| crate::tree::path::file_name(word).to_owned()),
        "basename" => each(&raw.rest(0), |word| match word.rsplit_once('.') {
            Some((stem, suffix)) if !suffix.contains('/') => stem.to_owned(),
            _ => word.to_owned(),
        }),
        "firstword" => raw.rest(0).split_whitespace().next().unwrap_or_default().to_owned(),
        "lastword" => raw.rest(0).split_whitespace().next_back().unwrap_or_default().to_owned(),
        "if" => join([raw.get(1), raw.rest(2)].into_iter(), " "),
        "or" => join((0..raw.raw.len()).map(|at| raw.get(at)), " "),
        "and" => raw.get(raw.raw.len().saturating_sub(1)),
        "foreach" => foreach(&raw),
        "call" => call_variable(&raw),
        // What the tree does not say by itself: the file system, the shell, the
        // compiler, messages.
        "wildcard" | "shell" | "eval" | "info" | "warning" | "error" | "file" | "origin"
        | "flavor" | "value" | "suffix" | "word" | "wordlist" | "words" | "join" | "findstring" => {
            String::new()
        }
        _ => return None,
    };
    Some(result)
}

/// `$(NAME:from=to)` on the words of `text`.
pub(super) fn substitute_suffix(text: &str, from: &str, to: &str) -> String {
    if from.contains('%') {
        return Pattern::new(from).substitute(text, to);
    }
    each(text, |word| match word.strip_suffix(from) {
        Some(stem) => format!("{stem}{to}"),
        None => word.to_owned(),
    })
}

struct Arguments<'a> {
    variables: &'a Variables,
    scope: &'a Scope<'a>,
    raw: Vec<&'a str>,
}

impl Arguments<'_> {
    /// The argument at `at`, expanded; empty where there is none.
    fn get(&self, at: usize) -> String {
        self.raw.get(at).map_or_else(String::new, |raw| self.variables.expand_in(raw, self.scope))
    }

    /// The last argument, which begins at `at` and may hold commas.
    fn rest(&self, at: usize) -> String {
        let raw = self.raw.get(at..).unwrap_or_default().join(",");
        self.variables.expand_in(&raw, self.scope)
    }
}

/// Splits at the commas that are not inside parentheses or braces.
fn split_arguments(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|letter| {
        match letter {
            '(' | '{' => depth = depth.saturating_add(1),
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .collect()
}

fn subst(from: &str, to: &str, text: &str) -> String {
    // Splitting at nothing would split between all letters.
    if from.is_empty() {
        return text.to_owned();
    }
    join(text.split(from).map(str::to_owned), to)
}

fn foreach(arguments: &Arguments<'_>) -> String {
    let name = arguments.get(0);
    let body = arguments.raw.get(2..).unwrap_or_default().join(",");
    each(&arguments.get(1), |word| {
        arguments.variables.expand_in(&body, &arguments.scope.with(name.trim(), word))
    })
}

fn call_variable(arguments: &Arguments<'_>) -> String {
    let (first, second, third) = (arguments.get(1), arguments.get(2), arguments.get(3));
    let scope = arguments.scope.with("1", &first);
    let scope = scope.with("2", &second);
    let scope = scope.with("3", &third);
    arguments.variables.lookup(arguments.get(0).trim(), &scope)
}

/// A word in which the first `%` stands for anything.
struct Pattern<'a> {
    prefix: &'a str,
    suffix: Option<&'a str>,
}

impl<'a> Pattern<'a> {
    fn new(text: &'a str) -> Self {
        match text.split_once('%') {
            Some((prefix, suffix)) => Self { prefix, suffix: Some(suffix) },
            None => Self { prefix: text, suffix: None },
        }
    }

    /// What `%` stands for in `word`; `None` where the word does not match.
    fn stem<'w>(&self, word: &'w str) -> Option<&'w str> {
        match self.suffix {
            Some(suffix) => word.strip_prefix(self.prefix)?.strip_suffix(suffix),
            None => (word == self.prefix).then_some(""),
        }
    }

    fn substitute(&self, text: &str, to: &str) -> String {
        each(text, |word| {
            self.stem(word).map_or_else(|| word.to_owned(), |stem| to.replacen('%', stem, 1))
        })
    }
}

fn filter(patterns: &str, text: &str, keep: bool) -> String {
    let patterns: Vec<Pattern<'_>> = patterns.split_whitespace().map(Pattern::new).collect();
    let matches = |word: &&str| patterns.iter().any(|pattern| pattern.stem(word).is_some()) == keep;
    join(text.split_whitespace().filter(matches).map(str::to_owned), " ")
}

fn sort(text: &str) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

fn each(text: &str, change: impl FnMut(&str) -> String) -> String {
    join(text.split_whitespace().map(change), " ")
}

/// Joins the parts, and stops where the result gets out of hand.
fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    let mut joined = String::new();
    for (count, part) in parts.enumerate() {
        if joined.len().saturating_add(part.len()).saturating_add(separator.len()) > MAX_RESULT {
            break;
        }
        if count > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&part);
    }
    joined
}
