//! Names for helpers and their parameters: what the members' names share, and
//! what the places say. Never a name that already means something there.

use super::align::is_function_name;
use super::context::Sort;
use super::holes::Subject;
use super::paths;
use super::types::SpanType;
use super::words::{are_opposites, as_said, common_words, words};
use crate::syntax::TokenKind;
use crate::syntax::lexer::{is_identifier, is_keyword};
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
                let file = member.file;
                // Members of structures have a name space of their own.
                let is_member = index > 0 && matches!(file.text(index - 1), b"." | b"->");
                if file.tokens[index].kind != TokenKind::Ident || is_member {
                    continue;
                }
                let word = String::from_utf8_lossy(file.text(index)).into_owned();
                if let Some(facts) = file.unit.macro_facts(&word) {
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

/// A name for the parameter at `places`, and marks it as taken. What the place
/// assigns or compares comes first, then what the callee calls it, then the
/// operand's role, then what the constants' names share.
pub fn parameter(
    subject: &Subject<'_>,
    values: &[String],
    places: &[(Range<usize>, Sort)],
    (typed, ctype): (&[SpanType], &str),
    taken: &mut Taken,
) -> String {
    let mut names: Vec<String> = Vec::new();
    if values.iter().all(|value| is_function_name(value.as_bytes())) {
        names.extend(["func".to_owned(), "caller".to_owned()]);
    }
    let spans = || places.iter().map(|(span, _)| span);
    let member = places.first().filter(|(_, sort)| *sort == Sort::Member);
    if let Some((span, _)) = member {
        let fields = of_members(&paths::last_names(subject, span));
        names.extend(shared_words(&fields));
        names.extend(all_shared_words(&fields));
    }
    let sides: Vec<String> = spans().filter_map(|span| other_side(subject, span)).collect();
    names.extend(sides.iter().cloned());
    let called: Vec<String> =
        typed.iter().filter_map(|t| t.name.as_deref()).filter_map(telling).collect();
    let says = |name: &&String| !says_nothing(name);
    names.extend(called.iter().filter(says).cloned());
    let shared = shared_words(values);
    names.extend(shared.iter().filter(|word| word.contains('_')).cloned());
    // The `&` before an object is no operator on it.
    let is_object = member.is_some() && ctype.ends_with('*');
    names.extend(spans().filter(|_| !is_object).filter_map(|span| role(subject, span)));
    names.extend(shared.iter().filter(|word| word.len() > 2).cloned());
    names.extend(called);
    if member.is_some() {
        names.extend(of_type(ctype));
        names.extend(tag_of(ctype));
    }
    let sorted = |wanted| places.iter().any(|(_, sort)| *sort == wanted);
    let fallback = match () {
        () if sorted(Sort::Word) => "what",
        () if sorted(Sort::String) => "name",
        () if sorted(Sort::Callee) => "fn",
        () if member.is_some() && ctype.ends_with('*') => "field",
        () => "val",
    };
    // `2G` and `_8bit` give words that no C name begins with.
    names.retain(|name| is_identifier(name));
    // What becomes the value of another name may be called one; but a second register is no
    // value because the first has the name.
    if member.is_some() || !sides.is_empty() || !names.iter().any(|name| says(&name)) {
        names.push(fallback.to_owned());
    }
    // Two roles of one name are told apart by what else is known of them.
    let first = names[0].clone();
    let becomes = spans().find_map(|span| becomes(subject, span));
    let others = names[1..].iter().chain(&becomes).filter(says).filter(|other| **other != first);
    let qualified = others.map(|other| format!("{other}_{first}"));
    let qualified: Vec<String> = qualified.filter(|name| name.len() <= 20).collect();
    names.extend(qualified);
    let gap = if first.ends_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    let numbered = (2..).map(|n| format!("{first}{gap}{n}"));
    let name = names
        .into_iter()
        .chain(numbered)
        .find(|name| taken.free(subject, name))
        .unwrap_or_default();
    taken.names.insert(name.clone());
    name
}

/// The names of structure members as [`shared_words`] takes them: with a first word that
/// does not count, and without digits at the end, in which `in0` and `in1` differ.
fn of_members(names: &[String]) -> Vec<String> {
    let bare = |name: &String| {
        let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
        format!("_member_{}", digits.trim_end_matches('_'))
    };
    names.iter().map(bare).collect()
}

/// All words but the first that the names share, where two are not enough to tell one
/// parameter from another.
fn all_shared_words(names: &[String]) -> Option<String> {
    let lists: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let common = common_words(&lists);
    let name = common.get(1..)?.join("_");
    (name.len() > 2 && name.len() <= 24).then_some(name)
}

/// What an object of the type is commonly called: `spinlock_t *` is a `lock`, and a
/// `struct foo_ring *` a `ring`.
fn of_type(ctype: &str) -> Option<String> {
    let name = ctype.trim_end_matches(['*', ' ']).rsplit(' ').next()?;
    let known = match name {
        "spinlock_t" | "rwlock_t" | "raw_spinlock_t" | "mutex" => "lock",
        "list_head" | "hlist_head" => "list",
        "wait_queue_head_t" => "wq",
        "completion" => "done",
        "device" => "dev",
        "atomic_t" | "refcount_t" => "count",
        _ => "",
    };
    if !known.is_empty() {
        return Some(known.to_owned());
    }
    let tagged = ctype.contains("struct ") || ctype.contains("enum ");
    let last = name.rsplit('_').next().filter(|word| tagged && word.len() > 2)?;
    Some(last.to_ascii_lowercase())
}

/// The tag of the structure that a pointer is to, where that is short enough for a name.
fn tag_of(ctype: &str) -> Option<String> {
    let (_, tag) = ctype.split_once("struct ")?;
    let name = snake_case(tag.trim_end_matches(['*', ' ']));
    (is_identifier(&name) && name.len() <= 16).then_some(name)
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
        let telling = word.bytes().any(|b| b.is_ascii_uppercase())
            || value.starts_with('&')
            || word.contains('_');
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
    let mut kept: Vec<&String> = common
        .iter()
        .enumerate()
        // The first word is the driver's prefix: it says nothing.
        .filter(|(at, word)| (*at > 0 || names[0].first() != Some(word)) && word.len() > 1)
        .map(|(_, word)| word)
        .collect();
    kept.dedup();
    let last = kept.len().saturating_sub(2);
    let name = kept[last..].iter().map(|w| w.as_str()).collect::<Vec<_>>().join("_");
    (!name.is_empty() && name.len() <= 20).then_some(name)
}

/// What the span is assigned to or compared with, if that has a name.
fn other_side(subject: &Subject<'_>, span: &Range<usize>) -> Option<String> {
    let file = subject.file;
    let before = subject.first(span.start) - 1;
    let compared = matches!(file.text(before), b"==" | b"!=" | b"=" | b"<" | b">" | b"<=" | b">=");
    name_at(subject, before.checked_sub(1).filter(|_| compared)?)
}

/// The word at a token of the first member as a name.
fn name_at(subject: &Subject<'_>, at: usize) -> Option<String> {
    let name = snake_case(&String::from_utf8_lossy(subject.file.text(at)));
    (is_identifier(&name) && name.len() > 1).then_some(name)
}

/// The variable or member that the statement of the span sets.
fn becomes(subject: &Subject<'_>, span: &Range<usize>) -> Option<String> {
    let file = subject.file;
    let start = subject.alignment.members[0].tokens.start;
    let before = (start..subject.first(span.start)).rev();
    let inside = before.take_while(|&at| !matches!(file.text(at), b";" | b"{" | b"}"));
    let sets = inside.filter(|&at| file.text(at) == b"=").last()?;
    name_at(subject, sets.checked_sub(1)?)
}

/// `RequestFlags` as the kernel writes names: `request_flags`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The role of the operand: a mask, a shift, an index.
fn role(subject: &Subject<'_>, span: &Range<usize>) -> Option<String> {
    let file = subject.file;
    let before = subject.first(span.start) - 1;
    let after = subject.first(span.end - 1) + 1;
    if let Some(bound) = bound(subject, before, after) {
        return Some(bound.to_owned());
    }
    let role = match (file.text(before), file.text(after)) {
        (b"&" | b"&=" | b"~", _) | (_, b"&") => "mask",
        (b"|" | b"|=", _) | (_, b"|") => "bits",
        (b"<<" | b">>" | b"<<=" | b">>=", _) => "shift",
        (b"[", b"]") => "idx",
        (b"+" | b"-", _) | (_, b"+" | b"-") => "offset",
        (b"*", _) | (_, b"*") => "factor",
        (b"/", _) => "divisor",
        (b"return", _) => "result",
        _ => return None,
    };
    Some(role.to_owned())
}

/// What a bound of a loop is: `start` and `end` of `for (i = start; i < end; i++)`.
fn bound(subject: &Subject<'_>, before: usize, after: usize) -> Option<&'static str> {
    let file = subject.file;
    let text = |back: usize| before.checked_sub(back).map_or(&b""[..], |at| file.text(at));
    match (text(0), file.text(after)) {
        (b"=", b";") if text(2) == b"(" && text(3) == b"for" => Some("start"),
        // Behind the first part of the head.
        (b"<" | b"<=", b";") if text(2) == b";" => Some("end"),
        _ => None,
    }
}

/// Words that leave open what of: a name must not end in one.
const NEED_AN_OBJECT: &[&str] = &[
    "get", "set", "is", "has", "s", "g", "read", "write", "show", "store", "event", "irq", "hw",
    "to", "of", "for", "from", "by", "in", "do", "check", "init", "config", "update", "handle",
];

/// Names that any number may have.
const ANY_VALUE: &[&str] =
    &["val", "value", "data", "x", "a", "b", "v", "arg", "args", "which", "nr", "n", "param"];

/// Names that say of what sort something is, and no more.
const ANY_OF_A_SORT: &[&str] =
    &["buf", "tmp", "ptr", "p", "name", "func", "caller", "str", "what", "field", "base"];

/// Whether the name of a parameter says nothing of what it holds.
fn says_nothing(name: &str) -> bool {
    ANY_VALUE.contains(&name) || ANY_OF_A_SORT.contains(&name)
}

/// Names for a helper, the best first: what the members' names share, and where that
/// is not enough, what the only one of `parameters` is.
pub fn helper(members: &[&str], parameters: &[&str]) -> Vec<String> {
    let base = shared_name(members);
    let numbered = |name: &str| name.ends_with(|c: char| c.is_ascii_digit());
    let is_object = |name: &&&str| {
        // What something is called is not what the function is for.
        !says_nothing(name) && !numbered(name) && !name.ends_with("_name")
    };
    // One of several says less than none.
    let object = parameters.first().filter(|_| parameters.len() == 1).filter(is_object);
    let mut candidates: Vec<String> = Vec::new();
    candidates.extend(both_words(members));
    let bare = base.trim_start_matches('_');
    let open = bare.rsplit('_').next().is_some_and(|last| NEED_AN_OBJECT.contains(&last));
    if bare.contains('_') && !open && bare.len() > 3 {
        candidates.push(base.clone());
    }
    candidates.extend(object.map(|object| format!("{base}_{object}")));
    let endings = (2..20).map(|n| format!("common{n}"));
    let endings = OF_SEVERAL.into_iter().map(str::to_owned).chain(endings);
    candidates.extend(endings.map(|ending| format!("{base}_{ending}")));
    candidates
}

/// Names for what `members` do on their way, best first: what their names share, and what
/// that is or where it stands.
pub fn part(members: &[&str], ending: &str) -> Vec<String> {
    let base = shared_name(members);
    let numbered = (2..20).map(|n| format!("{base}_{ending}{n}"));
    let other = if ending == "common" { "shared".to_owned() } else { format!("{ending}_common") };
    let names = [ending, &other].map(|ending| format!("{base}_{ending}"));
    names.into_iter().chain(numbered).collect()
}

/// Endings that say no more than that several use it.
const OF_SEVERAL: [&str; 2] = ["common", "helper"];

/// So many functions of a file, and half of them, begin with what is the driver's name.
const OF_DRIVER: usize = 8;

/// Whether a name that [`helper`] gives leaves open what the function does: `get_common`,
/// `axf_get_helper` beside an `axf_get_common`, or `axf_common` where most of the `functions`
/// of the file are called `axf_` something.
pub fn is_mute<'f>(name: &str, functions: impl Iterator<Item = &'f [u8]>) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let Some((base, ending)) = bare.rsplit_once('_') else { return false };
    if !OF_SEVERAL.contains(&ending) {
        return false;
    }
    // The second choice where the first is taken.
    let is_second = ending != OF_SEVERAL[0] || bare != name;
    let mut said = base.split('_').filter(|word| !word.is_empty());
    if is_second || said.all(|word| NEED_AN_OBJECT.contains(&word)) {
        return true;
    }
    let prefix = [base.as_bytes(), b"_"].concat();
    let (mut alike, mut all) = (0, 0);
    for function in functions {
        all += 1;
        alike += usize::from(function.starts_with(&prefix));
    }
    alike >= OF_DRIVER && 2 * alike >= all
}

/// The last of `parameters` that are not told apart by their names, `value` and `val`; or one
/// that has the name of something else with a number behind it, `value2`. Who reads the call
/// does not know which is which.
pub fn confused<'p>(parameters: &[&'p str], taken: impl Fn(&str) -> bool) -> Option<&'p str> {
    let mute = parameters.iter().copied().filter(|name| ANY_VALUE.contains(name));
    if let Some(name) = mute.skip(1).last() {
        return Some(name);
    }
    let is_numbered = |name: &&str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let stem = stem.strip_suffix('_').unwrap_or(stem);
        stem.len() < name.len() && (parameters.contains(&stem) || taken(stem))
    };
    parameters.iter().copied().find(is_numbered)
}

/// Whether a name that [`helper`] gives for `members` says what the function does, and not
/// only that several use it, nor the name of one chip: who exports it must be able to tell.
pub fn is_telling(name: &str, members: &[&str]) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let lists: Vec<Vec<String>> = members.iter().map(|name| words(name)).collect();
    let is_of_some = |word: &String| {
        let with = lists.iter().filter(|list| list.contains(word)).count();
        word.bytes().any(|byte| byte.is_ascii_digit()) && (1..lists.len()).contains(&with)
    };
    let is_of_several = bare.rsplit_once('_').is_some_and(|(_, it)| OF_SEVERAL.contains(&it));
    !is_of_several && !words(name).iter().any(is_of_some)
}

/// The words that all names share, or what is left of them without their digits.
fn shared_name(members: &[&str]) -> String {
    let split = |name: &&str| name.split('_').map(str::to_owned).collect::<Vec<String>>();
    let names: Vec<Vec<String>> = members.iter().map(split).collect();
    // The `0` of `v7_0` and `v8_0` is what is left of two numbers.
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    let common = common_words(&names).into_iter();
    let common = common.filter(|word| word.is_empty() || !is_number(word));
    let mut base = common.collect::<Vec<String>>().join("_");
    let stem = without_digits(members);
    if base.split('_').filter(|w| !w.is_empty()).count() < 2 && stem.len() > base.len() {
        base = stem;
    }
    let base = base.trim_end_matches('_').to_owned();
    if is_identifier(&base) && base.len() > 2 { base } else { members[0].to_owned() }
}

/// `foo_disable` and `foo_enable` become `foo_enable_disable`.
fn both_words(members: &[&str]) -> Option<String> {
    let [one, other] = members else { return None };
    let (a, b): (Vec<&str>, Vec<&str>) = (one.split('_').collect(), other.split('_').collect());
    if a.len() != b.len() || !are_opposites(members) {
        return None;
    }
    let differing: Vec<usize> = (0..a.len()).filter(|&i| a[i] != b[i]).collect();
    let [at] = differing.as_slice() else { return None };
    let mut words: Vec<&str> = a.clone();
    let (first, second) = as_said(a[*at], b[*at]);
    words[*at] = first;
    words.insert(at + 1, second);
    (words.len() > 2).then(|| words.join("_"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_two_numbers_is_no_word() {
        let first = |members: &[&str]| helper(members, &[]).into_iter().next();
        let found = first(&["axf_v7_0_flush", "axf_v8_0_flush"]);
        assert_eq!(found.as_deref(), Some("axf_flush"));
        let found = first(&["_axf_a_flush", "_axf_b_flush"]);
        assert_eq!(found.as_deref(), Some("_axf_flush"));
    }

    #[test]
    fn opposites_are_named_in_the_order_in_which_they_are_said() {
        let first = |members: &[&str]| helper(members, &[]).into_iter().next();
        for members in [["axf_off", "axf_on"], ["axf_on", "axf_off"]] {
            assert_eq!(first(&members).as_deref(), Some("axf_on_off"));
        }
        let found = first(&["axf_rx_stop", "axf_rx_start"]);
        assert_eq!(found.as_deref(), Some("axf_rx_start_stop"));
    }

    #[test]
    fn a_name_of_verbs_alone_says_nothing() {
        let is_mute = |name: &str, functions: &[&str]| {
            is_mute(name, functions.iter().map(|it| it.as_bytes()))
        };
        let says = |name: &str| !is_mute(name, &[]);
        assert!(!says("get_common") && !says("_set_to_common") && !says("axf_get_helper"));
        assert!(!says("axf_get_common2") && says("axf_get_common") && says("axf_get"));
        assert!(says("common") && says("get_rate_common"));
        let mut functions = vec!["axf_a"; 8];
        assert!(is_mute("axf_common", &functions) && !is_mute("axf_clk_common", &functions));
        functions.extend(["other"; 9]);
        assert!(!is_mute("axf_common", &functions));
    }

    #[test]
    fn a_number_tells_no_parameters_apart() {
        let none = |_: &str| false;
        assert_eq!(confused(&["val", "reg", "value"], none), Some("value"));
        assert_eq!(confused(&["val", "reg", "what", "name"], none), None);
        assert_eq!(confused(&["val", "val2"], none), Some("val2"));
        assert_eq!(confused(&["mode", "mode_16"], none), Some("mode_16"));
        assert_eq!(confused(&["val2", "x8"], none), None);
        assert_eq!(confused(&["val2"], |name| name == "val"), Some("val2"));
    }

    #[test]
    fn a_name_of_one_chip_or_of_nothing_tells_nothing() {
        let members = ["axf10_dfs_en", "axf20_dfs_en"];
        assert!(is_telling("axf_dfs_en", &members) && is_telling("axf3_dfs_en", &members));
        assert!(!is_telling("axf10_dfs_en", &members) && !is_telling("axf_axf20_dfs", &members));
        assert!(!is_telling("axf_common", &members) && !is_telling("axf_helper2", &members));
        assert!(is_telling("axf_i2c_read", &["a_i2c_read", "b_i2c_read"]));
    }
}
