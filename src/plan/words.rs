//! The words of identifiers: what names share, and in what they are opposed.

/// The words of an identifier, in lower case.
pub fn words(name: &str) -> Vec<String> {
    name.split('_').filter(|w| !w.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// What functions are called that do something with what the rest of the name says.
const VERBS: [&str; 9] =
    ["config", "configure", "do", "init", "initialize", "program", "set", "setup", "write"];

/// A function's name without what it does with the rest: `foo_init_regs` is about `foo_regs`.
pub fn nouns(name: &str) -> String {
    let mut nouns: Vec<&str> = name.split('_').collect();
    nouns.retain(|word| !VERBS.contains(word));
    match nouns.iter().any(|word| !word.is_empty()) {
        true => nouns.join("_"),
        false => name.to_owned(),
    }
}

/// The longest common subsequence of all word lists.
pub fn common_words(names: &[Vec<String>]) -> Vec<String> {
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

/// How many words all names share.
pub fn shared(members: &[&str]) -> usize {
    let names: Vec<Vec<String>> = members.iter().map(|name| words(name)).collect();
    common_words(&names).len()
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
    ("get", "put"),
    ("acquire", "release"),
    ("create", "destroy"),
    ("alloc", "free"),
    ("map", "unmap"),
    ("pin", "unpin"),
    ("register", "unregister"),
    ("load", "unload"),
    ("enter", "exit"),
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
    ("rx", "tx"),
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

/// Two words in the order in which they are said: `enable` before `disable`, if they are
/// opposites.
pub fn as_said<'w>(one: &'w str, other: &'w str) -> (&'w str, &'w str) {
    if OPPOSITES.contains(&(other, one)) { (other, one) } else { (one, other) }
}

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

/// Both names as one, in which no word stands twice beside itself: `link_speed` and `speed`
/// are `link_speed`.
pub fn joined(one: &str, other: &str) -> String {
    let first = other.split('_').next().unwrap_or_default();
    let rest = other.strip_prefix(first).unwrap_or_default();
    match one.rsplit('_').next() == Some(first) {
        true => format!("{one}{rest}"),
        false => format!("{one}_{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_more_general_when_it_says_nothing_of_its_own() {
        assert!(is_more_general("foo_get", "foo_get_fast"));
        assert!(is_more_general("foo_get2", "foo_get"));
        assert!(!is_more_general("foo_get_in", "foo_get_therm"));
    }

    #[test]
    fn a_word_that_joins_two_names_stands_once() {
        assert_eq!(joined("temp_offset", "offset_addr"), "temp_offset_addr");
        assert_eq!(joined("link_speed", "speed"), "link_speed");
        assert_eq!(joined("rate", "gain"), "rate_gain");
    }

    #[test]
    fn opposites_are_told_from_other_differences() {
        assert!(are_opposites(&["foo_enable", "foo_disable"]));
        assert!(are_opposites(&["a_tx_show", "b_set", "a_rx_show"]));
        assert!(!are_opposites(&["foo_in0", "foo_in1"]));
    }

    #[test]
    fn names_share_their_words_in_order() {
        let lists = ["foo_a_reg_set", "foo_b_reg_set", "foo_reg_c_set"].map(words);
        assert_eq!(common_words(&lists), ["foo", "reg", "set"]);
        assert_eq!(shared(&["foo_a", "bar_b"]), 0);
    }
}
