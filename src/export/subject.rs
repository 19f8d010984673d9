//! How the people who work on a file begin their subjects.

use std::collections::BTreeMap;

/// Longest subject (Documentation/process/submitting-patches.rst).
const SUBJECT: usize = 75;
/// So many commits must agree: one may be somebody's who changed the whole tree.
const AGREE: usize = 2;

/// `subject` with the prefix that most of the commits whose subjects are `log`, the
/// newest first, have; as it is where they do not agree, or where it would be too long.
pub fn in_manner_of(log: &[&str], subject: &str) -> String {
    let (own, what) = parted(subject);
    let Some(prefix) = commonest(log) else { return subject.to_owned() };
    if own.is_empty() {
        return subject.to_owned();
    }
    let what = match writes_small(log, prefix) {
        true => decapitalised(what),
        false => what.to_owned(),
    };
    let new = format!("{prefix} {what}");
    if new.chars().count() <= SUBJECT { new } else { subject.to_owned() }
}

/// `subject` of the patch of one `driver` of several that have it.
pub fn of_driver(subject: &str, driver: &str) -> String {
    let longer = format!("{subject} in {driver}");
    if longer.chars().count() <= SUBJECT { longer } else { subject.to_owned() }
}

/// The name of a patch's file, as `git format-patch` makes it.
pub fn file_name(number: usize, subject: &str) -> String {
    /// Bytes of the name at most, without `.patch`.
    const LONGEST: usize = 57;
    let mut name = format!("{number:04}-");
    for c in subject.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '.' || c == '_' { c } else { '-' };
        if !(matches!(c, '-' | '.') && name.ends_with(c)) {
            name.push(c);
        }
    }
    let name: String = name.trim_end_matches(['.', '-']).chars().take(LONGEST).collect();
    name + ".patch"
}

/// The prefix, with its colon or bracket, and what comes after it.
pub fn parted(subject: &str) -> (&str, &str) {
    let mut end = 0;
    while let Some(rest) = subject.get(end..) {
        let rest_at = end + rest.len() - rest.trim_start().len();
        let Some(part) = part_of(&subject[rest_at..]) else { break };
        end = rest_at + part;
    }
    let (prefix, what) = subject.split_at(end);
    (prefix, what.trim_start())
}

/// Bytes of the part of a prefix that `text` begins with: `hwmon:`, `PM / devfreq:` or,
/// as hwmon has it, `(lm75)`.
fn part_of(text: &str) -> Option<usize> {
    let bracket = text.starts_with('(').then(|| text.find(") ")).flatten();
    if let Some(end) = bracket.filter(|&end| !text[..end].contains(' ')) {
        return Some(end + 1);
    }
    let end = text.find(": ")?;
    let words = || text[..end].split(' ');
    // `PM / devfreq` and `arm64, x86` are names; `Fix a leak` is none.
    let is_name = words().count() == 1
        || words().any(|word| word == "/")
        || words().rev().skip(1).all(|word| word.ends_with(','));
    (end > 0 && is_name).then_some(end + 1)
}

/// The prefix that most have; of those that as many have, the one met first.
fn commonest<'l>(log: &[&'l str]) -> Option<&'l str> {
    let mut met: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, subject) in log.iter().enumerate() {
        let (prefix, _) = parted(subject);
        if !prefix.is_empty() && !subject.starts_with("Revert ") {
            met.entry(prefix).or_insert((0, at)).0 += 1;
        }
    }
    let (prefix, (number, _)) =
        met.into_iter().max_by_key(|&(_, (number, at))| (number, std::cmp::Reverse(at)))?;
    (number >= AGREE).then_some(prefix)
}

/// Whether most who have the prefix go on in small letters.
fn writes_small(log: &[&str], prefix: &str) -> bool {
    let whats = || log.iter().map(|s| parted(s)).filter(|(own, _)| *own == prefix);
    let small = whats().filter(|(_, what)| what.starts_with(|c: char| c.is_ascii_lowercase()));
    small.count() * 2 > whats().count()
}

fn decapitalised(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map_or(String::new(), |c| c.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_what_was_done() {
        let check = |subject, prefix, what| assert_eq!(parted(subject), (prefix, what));
        check("hwmon: (lm75) Add a chip", "hwmon: (lm75)", "Add a chip");
        check("hwmon: (lm75): Add a chip", "hwmon: (lm75):", "Add a chip");
        check("drm/amd/display: fix it", "drm/amd/display:", "fix it");
        check("net: phy: dp83822: Fix: again", "net: phy: dp83822: Fix:", "again");
        check("PM / devfreq: Rename x", "PM / devfreq:", "Rename x");
        check("arm64, x86: Use y", "arm64, x86:", "Use y");
        check("Fix a leak: again", "", "Fix a leak: again");
        check("Linux 6.1", "", "Linux 6.1");
        check("media: (broken", "media:", "(broken");
        check("", "", "");
    }

    #[test]
    fn drivers_that_begin_alike_are_told_apart() {
        assert_eq!(of_driver("wifi: x: Use f()", "x1"), "wifi: x: Use f() in x1");
        let long = format!("wifi: x: Use {}()", "f".repeat(60));
        assert_eq!(of_driver(&long, "x1"), long);
    }

    #[test]
    fn a_file_is_named_after_its_subject() {
        let check = |subject, expected: &str| assert_eq!(file_name(3, subject), expected);
        check("hwmon: (a) Use f()", "0003-hwmon-a-Use-f.patch");
        check("a..b: x\u{e9}y.", "0003-a.b-x-y.patch");
        let long = format!("drm: {}", "x".repeat(80));
        check(&long, &format!("0003-drm-{}.patch", "x".repeat(48)));
    }

    #[test]
    fn the_commonest_prefix_of_the_log_is_taken() {
        let check = |log: &[&str], expected: &str| {
            assert_eq!(in_manner_of(log, "hwmon: (a) Factor out f()"), expected, "{log:?}");
        };
        let ours = "hwmon: (a) Factor out f()";
        check(&[], ours);
        check(&["Linux 6.1.2", "Linux 6.1.1"], ours);
        check(&["hwmon: a: Fix", "treewide: Use x", "hwmon: a: Add"], "hwmon: a: Factor out f()");
        check(&["hwmon: a: fix", "hwmon: a: add"], "hwmon: a: factor out f()");
        check(&["treewide: Use x", "hwmon: a: Fix"], ours);
        let long = "x".repeat(70) + ": Fix";
        check(&[&long, &long], ours);
    }
}
