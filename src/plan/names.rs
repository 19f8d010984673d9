//! Names for helpers and their parameters: what the members' names share, and
//! what the places say. Never a name that already means something there.

use super::align::is_function_name;
use super::context::Sort;
use super::file::FileContext;
use super::holes::Subject;
use super::types::SpanType;
use crate::syntax::TokenKind;
use crate::syntax::lexer::{is_ident_byte, is_keyword};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// Names that a new parameter may not take.
pub struct Taken {
    names: FxHashSet<String>,
}

impl Taken {
    /// Every identifier of every member, and what the macros they use mention.
    pub fn of_body(subject: &Subject<'_>) -> Taken {
        let mut names = FxHashSet::default();
        for member in &subject.alignment.members {
            for index in member.tokens.clone() {
                if subject.file.tokens[index].kind != TokenKind::Ident {
                    continue;
                }
                let word = String::from_utf8_lossy(subject.file.text(index)).into_owned();
                if let Some(facts) = subject.file.unit.macro_facts(&word) {
                    names.extend(facts.free_names.keys().cloned());
                }
                names.insert(word);
            }
        }
        Taken { names }
    }

    fn free(&self, subject: &Subject<'_>, name: &str) -> bool {
        is_identifier(name)
            && !is_keyword(name.as_bytes())
            && !self.names.contains(name)
            && !subject.file.is_macro_or_type(name)
    }
}

fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    !bytes.is_empty() && !bytes[0].is_ascii_digit() && bytes.iter().all(|&b| is_ident_byte(b))
}

/// A name for the parameter at `places`, and marks it as taken.
pub fn parameter(
    subject: &Subject<'_>,
    values: &[String],
    places: &[(Range<usize>, Sort)],
    typed: &[SpanType],
    taken: &mut Taken,
) -> String {
    let mut candidates: Vec<String> = Vec::new();
    if values.iter().all(|value| is_function_name(value.as_bytes())) {
        candidates.push("func".to_owned());
        candidates.push("caller".to_owned());
    }
    candidates.extend(typed.iter().filter_map(|t| t.name.as_deref()).filter_map(telling));
    candidates.extend(shared_words(values));
    candidates.extend(places.iter().filter_map(|(span, _)| from_place(subject, span)));
    candidates.push(if places[0].1 == Sort::String { "name" } else { "val" }.to_owned());
    let chosen = candidates.iter().find(|name| taken.free(subject, name)).cloned();
    let name = chosen.unwrap_or_else(|| {
        let base = candidates.first().map_or("val", String::as_str);
        let base = if is_identifier(base) { base } else { "val" };
        (2..)
            .map(|n| format!("{base}{n}"))
            .find(|name| taken.free(subject, name))
            .unwrap_or_default()
    });
    taken.names.insert(name.clone());
    name
}

/// A prototype's parameter name without its underscores, if it tells anything.
fn telling(name: &str) -> Option<String> {
    let bare = name.trim_matches('_').to_ascii_lowercase();
    (bare.len() >= 2 && bare != "arg" && bare != "args").then_some(bare)
}

/// The words, from the second on, that all constant names share: `reg` of
/// `FOO_REG_A` and `FOO_REG_B`.
fn shared_words(values: &[String]) -> Option<String> {
    let named = |value: &String| {
        let word = value.trim_start_matches(['-', '~', '&', ' ']);
        let telling = word.bytes().any(|b| b.is_ascii_uppercase()) || value.starts_with('&');
        is_identifier(word) && telling
    };
    if !values.iter().all(named) {
        return None;
    }
    let values: Vec<&str> = values.iter().map(|v| v.trim_start_matches(['&', ' '])).collect();
    let errors = values.iter().all(|v| v.trim_start_matches('-').starts_with('E'));
    if errors && values.iter().all(|v| v.starts_with('-')) {
        return Some("err".to_owned());
    }
    let names: Vec<Vec<String>> = values.iter().map(|value| words(value)).collect();
    let common = common_words(&names);
    let kept: Vec<&String> = common
        .iter()
        .enumerate()
        // The first word is the driver's prefix: it says nothing.
        .filter(|(at, word)| (*at > 0 || names[0].first() != Some(word)) && word.len() > 1)
        .map(|(_, word)| word)
        .collect();
    let last = kept.len().saturating_sub(2);
    let name = kept[last..].iter().map(|w| w.as_str()).collect::<Vec<_>>().join("_");
    (!name.is_empty() && name.len() <= 20).then_some(name)
}

/// The words of an identifier, in lower case.
fn words(name: &str) -> Vec<String> {
    name.split('_').filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// The longest common subsequence of all word lists.
fn common_words(names: &[Vec<String>]) -> Vec<String> {
    let Some((first, rest)) = names.split_first() else { return Vec::new() };
    rest.iter().fold(first.clone(), |common, other| longest_common(&common, other))
}

fn longest_common(a: &[String], b: &[String]) -> Vec<String> {
    let mut table = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i][j] = if a[i] == b[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut common) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            common.push(a[i].clone());
            (i, j) = (i + 1, j + 1);
        } else if table[i + 1][j] >= table[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

/// What the expression around the span calls it: the other side of a comparison
/// or assignment, a mask, a shift, an index.
fn from_place(subject: &Subject<'_>, span: &Range<usize>) -> Option<String> {
    let file = subject.file;
    let before = subject.first(span.start) - 1;
    match file.text(before) {
        b"==" | b"!=" | b"=" | b"<" | b">" | b"<=" | b">=" => {
            let last = file.text(before.checked_sub(1)?);
            let name = String::from_utf8_lossy(last).to_ascii_lowercase();
            is_identifier(&name).then_some(name)
        }
        b"&" | b"&=" => Some("mask".to_owned()),
        b"|" | b"|=" => Some("flags".to_owned()),
        b"<<" | b">>" | b"<<=" | b">>=" => Some("shift".to_owned()),
        b"[" => Some("index".to_owned()),
        b"+" | b"-" => Some("offset".to_owned()),
        b"*" => Some("factor".to_owned()),
        b"/" => Some("divisor".to_owned()),
        b"return" => Some("ret_val".to_owned()),
        _ => None,
    }
}

/// How many words all names share.
pub fn shared(members: &[&str]) -> usize {
    let names: Vec<Vec<String>> = members.iter().map(|name| words(name)).collect();
    common_words(&names).len()
}

/// A name for a helper: what the members' names share; never one that stands in
/// the file, in a header that it includes, or in `reserved`.
pub fn helper(file: &FileContext, members: &[&str], reserved: &FxHashSet<String>) -> String {
    let names: Vec<Vec<String>> = members
        .iter()
        .map(|name| name.split('_').map(str::to_owned).collect::<Vec<String>>())
        .collect();
    let mut common = common_words(&names);
    if common.len() == names[0].len() {
        // Only underscores or nothing differ.
        common = names[0].clone();
    }
    let mut base = common.join("_");
    let meaningful = common.iter().filter(|w| !w.is_empty()).count();
    if meaningful < 2 {
        // `temp1`, `temp2`: what they share inside the words.
        let stem = without_digits(members);
        base = if stem.len() > base.len() { stem } else { base };
    }
    let base = base.trim_end_matches('_').to_owned();
    let base = if is_identifier(&base) && base.len() > 2 { base } else { members[0].to_owned() };
    let short =
        base.trim_start_matches('_').len() <= 3 || !base.trim_start_matches('_').contains('_');
    let plain = (!short).then(|| base.clone());
    let suffixed = ["common", "helper"].iter().map(|suffix| format!("{base}_{suffix}"));
    let numbered = (2..).map(|n| format!("{base}_common{n}"));
    plain
        .into_iter()
        .chain(suffixed)
        .chain(numbered)
        .find(|name| {
            !file.mentions(name.as_bytes())
                && file.unit.lookup(name).is_empty()
                && !reserved.contains(name)
        })
        .unwrap_or_default()
}

/// Whether `general` says nothing that `special` does not: a call of the one in
/// place of the other does not lie. Numbers inside words do not count.
pub fn is_more_general(general: &str, special: &str) -> bool {
    let mut left = bare_words(special);
    bare_words(general).iter().all(|word| {
        let place = left.iter().position(|other| other == word);
        place.map(|at| left.swap_remove(at)).is_some()
    })
}

fn bare_words(name: &str) -> Vec<String> {
    let bare = |word: String| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    words(name).into_iter().map(bare).filter(|word| !word.is_empty()).collect()
}

/// Words that mean the opposite of each other: functions that differ in them are
/// the same by accident.
const OPPOSITES: &[(&str, &str)] = &[
    ("read", "write"),
    ("get", "set"),
    ("g", "s"),
    ("show", "store"),
    ("readable", "writeable"),
    ("readable", "volatile"),
    ("writeable", "volatile"),
    ("sleep", "wake"),
    ("sleep", "wakeup"),
    ("suspend", "resume"),
    ("enable", "disable"),
    ("on", "off"),
    ("min", "max"),
    ("tx", "rx"),
    ("in", "out"),
    ("open", "close"),
    ("abort", "close"),
    ("start", "stop"),
    ("up", "down"),
    ("lock", "unlock"),
    ("mask", "unmask"),
    ("init", "exit"),
    ("add", "remove"),
    ("low", "high"),
    ("prepare", "unprepare"),
    ("attach", "detach"),
    ("connect", "disconnect"),
    ("begin", "end"),
    ("input", "output"),
    ("playback", "capture"),
    ("encode", "decode"),
    ("set", "clear"),
];

/// Whether some two names differ in words that are opposites.
pub fn are_opposites(names: &[&str]) -> bool {
    let lists: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let opposite = |a: &[String], b: &[String]| {
        let has = |list: &[String], word: &str| list.iter().any(|w| w == word);
        let only =
            |one: &[String], other: &[String], word: &str| has(one, word) && !has(other, word);
        OPPOSITES
            .iter()
            .any(|(x, y)| only(a, b, x) && only(b, a, y) || only(a, b, y) && only(b, a, x))
    };
    lists.iter().enumerate().any(|(i, a)| lists[i + 1..].iter().any(|b| opposite(a, b)))
}

/// What all names are once their digits are taken away, if that is one text.
fn without_digits(members: &[&str]) -> String {
    let bare = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let first = bare(members[0]);
    match members.iter().all(|m| bare(m) == first) {
        true => first,
        false => String::new(),
    }
}
