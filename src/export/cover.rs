//! The cover letter: what a series does, and how far each patch of it was checked.

use super::diffstat::{Stat, diffstat};
use super::folder::SIGNATURE;
use super::subject::parted;
use crate::generate::message::fill;
use crate::report::{contract_name, counted};
use crate::verify::Verdict;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A patch as the cover letter tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its subject without `[PATCH n/m]`.
    pub subject: String,
    /// How far it was checked.
    pub verdict: Verdict,
    /// What a proof of it holds for.
    pub holds_for: Option<String>,
    /// Whether a person changed it after the tool wrote it.
    pub is_edited: bool,
    /// Its files.
    pub stats: Vec<Stat>,
    /// The rule that it was made with.
    pub rule: String,
    /// The proposal that it is a part of, where that is several patches.
    pub part_of: Option<String>,
}

/// What the letter is about.
pub struct Cover<'c> {
    /// The patches in their order.
    pub patches: &'c [Told],
    /// The files of all of them, each once.
    pub stats: &'c [Stat],
    /// Which one this is of how many series of one class.
    pub part: Option<(usize, usize)>,
    /// Name of the person who sends them.
    pub author: &'c str,
    /// The series that must be applied before.
    pub after: Option<&'c str>,
    /// The commit that the series is based on.
    pub base: Option<&'c str>,
}

/// The subject of the letter: the prefix that all patches have in common.
pub fn subject(cover: &Cover<'_>) -> String {
    let patches = cover.patches;
    let parts = |told: &Told| -> Vec<String> {
        let (prefix, _) = parted(&told.subject);
        prefix.split_inclusive(": ").map(|part| part.trim().to_owned()).collect()
    };
    let mut common = patches.first().map(parts).unwrap_or_default();
    for patch in patches {
        let other = parts(patch);
        let same = common.iter().zip(&other).take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    common.push("Remove duplicated code".to_owned());
    if let Some((part, of)) = cover.part {
        common.push(format!("(part {part} of {of})"));
    }
    common.join(" ")
}

/// The text of the letter.
pub fn body(cover: &Cover<'_>) -> String {
    let mut text = String::new();
    for paragraph in [intro(cover), table(cover.patches), checked(cover.patches), made_by(cover)] {
        let _ = writeln!(text, "{}\n", paragraph.trim_end());
    }
    let _ = writeln!(text, "{} ({}):", cover.author, cover.patches.len());
    for patch in cover.patches {
        let _ = writeln!(text, "  {}", patch.subject);
    }
    let _ = write!(text, "\n{}\n", diffstat(cover.stats));
    if let Some(base) = cover.base {
        let _ = writeln!(text, "\nbase-commit: {base}");
    }
    text + SIGNATURE
}

fn intro(cover: &Cover<'_>) -> String {
    let stats = cover.stats;
    let files = counted(stats.len() as u64, "file");
    let mut text = format!(
        "{} In {files}, {} lines come and {} go.",
        what(cover.patches),
        stats.iter().map(|stat| stat.added).sum::<usize>(),
        stats.iter().map(|stat| stat.removed).sum::<usize>(),
    );
    let needs = needs(cover.patches);
    for (first, last, helper) in &needs {
        let _ = match first == last {
            true => write!(text, " Patch {first} needs patch {helper}, which has what it calls."),
            false => write!(
                text,
                " Patches {first} to {last} need patch {helper}, which has what they call."
            ),
        };
    }
    if stats.len() > 1 && cover.patches.len() > 1 {
        text += match needs.is_empty() {
            true => " Patches of different files do not depend on each other.",
            false => {
                " Other patches do not depend on each other where they are of different files."
            }
        };
    }
    if let Some(after) = cover.after {
        let _ = write!(text, " The series {after} must be applied before this one.");
    }
    fill(&text)
}

/// What the patches do, of which not all letters have all.
fn what(patches: &[Told]) -> String {
    let kind = |patch: &Told| match patch.rule.as_str() {
        "delete-unused" => (3, "functions that nothing uses"),
        "table-family" => {
            (2, "functions that differ only in constants, which their attributes hold now")
        }
        rule if rule.starts_with("table-") => {
            (1, "statements that differ only in constants, which become a table")
        }
        _ => (0, "copies of code, which differ only in what each patch names"),
    };
    let kinds: BTreeSet<(u8, &str)> = patches.iter().map(kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().map(|(_, kind)| kind).collect();
    format!("The patches take out {}.", kinds.join("; "))
}

/// First and last of patches that call what another one brings, and that one, by number:
/// the parts of a proposal behind its first.
fn needs(patches: &[Told]) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    let mut first = 1;
    for parts in patches.chunk_by(|one, next| one.part_of.is_some() && one.part_of == next.part_of)
    {
        let last = first + parts.len() - 1;
        if last > first {
            found.push((first + 1, last, first));
        }
        first = last + 1;
    }
    found
}

/// A row a patch: its number, its lines, how far it was checked, its file.
fn table(patches: &[Told]) -> String {
    let mut text = String::from("  patch   lines        checked           file\n");
    for (at, patch) in patches.iter().enumerate() {
        let number = format!("{}/{}", at + 1, patches.len());
        let added: usize = patch.stats.iter().map(|stat| stat.added).sum();
        let removed: usize = patch.stats.iter().map(|stat| stat.removed).sum();
        let (added, removed) = (format!("+{added}"), format!("-{removed}"));
        let verdict = contract_name(patch.verdict);
        let file = patch.stats.first().map_or("", |stat| stat.path.as_str());
        let more = match patch.stats.len() {
            0 | 1 => String::new(),
            files => format!(" and {} more", files - 1),
        };
        let _ = writeln!(text, "  {number:<6} {added:>6} {removed:<6} {verdict:<16}  {file}{more}");
    }
    text
}

/// What the words of the table mean, and what the proofs hold for.
fn checked(patches: &[Told]) -> String {
    let verdicts: BTreeSet<Verdict> = patches.iter().map(|patch| patch.verdict).collect();
    let alone = match patches.iter().any(|patch| patch.part_of.is_some()) {
        true => "alone, or with the one that it needs and those that need the same,",
        false => "alone,",
    };
    let how = format!("How far each was checked, {alone} on the tree without the others:");
    let mut text = fill(&how) + "\n";
    for &verdict in verdicts.iter().rev() {
        let name = contract_name(verdict);
        let means = fill(meaning(verdict)).replace('\n', "\n    ");
        let _ = writeln!(text, "  {name}:\n    {means}");
    }
    let with: BTreeSet<&str> =
        patches.iter().filter_map(|patch| patch.holds_for.as_deref()).collect();
    for with in with {
        let _ = writeln!(text, "\n{}", fill(&format!("Compiled with {with}.")));
    }
    text
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::IdenticalObject => {
            "compiled before and after; with what the patch moves inlined, the machine code is \
             the same, or gives the same results for all arguments"
        }
        Verdict::Compiles => "compiled, with no new warning at W=1; the machine code differs",
        Verdict::Expands => {
            "the new code, with each call's arguments put back, is the code before, token by \
             token but for the names of locals; not compiled"
        }
        Verdict::Parses => "every file parses as well as before; not compiled",
        Verdict::Applies => "the patch applies; nothing else was checked",
        Verdict::Failed => "a fault was found: not to be applied",
    }
}

fn made_by(cover: &Cover<'_>) -> String {
    let edited = cover.patches.iter().filter(|patch| patch.is_edited).count();
    let hand = match edited {
        0 => "nobody has changed them since".to_owned(),
        1 => "one patch was changed by hand since, and says so".to_owned(),
        number => format!("{number} patches were changed by hand since, and say so"),
    };
    fill(&format!(
        "The patches and their messages, and this letter, were generated by drvdedup {}; {hand}. \
         Each message names the rule and the command that it was made with.",
        env!("CARGO_PKG_VERSION")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COVER: Cover<'_> =
        Cover { patches: &[], stats: &[], part: None, author: "Jo Doe", after: None, base: None };

    fn told(subject: &str, verdict: Verdict, path: &str) -> Told {
        let stats = vec![Stat { path: path.to_owned(), added: 11, removed: 12, is_new: false }];
        let holds_for = (verdict >= Verdict::Compiles)
            .then(|| "gcc 12, x86_64 6.1.0, configuration 0123456789ab".to_owned());
        Told {
            subject: subject.to_owned(),
            verdict,
            holds_for,
            is_edited: false,
            stats,
            rule: "procedural-abstraction".to_owned(),
            part_of: None,
        }
    }

    #[test]
    fn the_subject_has_what_all_patches_begin_with() {
        let check = |subjects: &[&str], expected: &str| {
            let patches: Vec<Told> =
                subjects.iter().map(|s| told(s, Verdict::Expands, "a.c")).collect();
            let cover = Cover { patches: &patches, ..COVER };
            assert_eq!(subject(&cover), expected);
        };
        check(&["hwmon: (a) Use f()", "hwmon: (b) Use g()"], "hwmon: Remove duplicated code");
        check(&["hwmon: (a) Use f()"], "hwmon: (a) Remove duplicated code");
        check(&["net: phy: a: X", "net: phy: b: Y"], "net: phy: Remove duplicated code");
        check(&["net: x: X", "usb: y: Y"], "Remove duplicated code");
        let patches = [told("hwmon: (a) X", Verdict::Expands, "a.c")];
        let cover = Cover { patches: &patches, part: Some((1, 3)), ..COVER };
        assert_eq!(subject(&cover), "hwmon: (a) Remove duplicated code (part 1 of 3)");
    }

    #[test]
    fn the_letter_has_a_table_of_what_was_checked() {
        let patches = [
            told("hwmon: (a) Factor out f()", Verdict::IdenticalObject, "drivers/hwmon/a.c"),
            told("hwmon: (b) Factor out g()", Verdict::Expands, "drivers/hwmon/b.c"),
        ];
        let stats: Vec<Stat> = patches.iter().flat_map(|it| it.stats.clone()).collect();
        let cover = Cover { patches: &patches, stats: &stats, base: Some("0123abcd"), ..COVER };
        insta::assert_snapshot!(body(&cover), @r"
        The patches take out copies of code, which differ only in what each
        patch names. In 2 files, 22 lines come and 24 go. Patches of different
        files do not depend on each other.

          patch   lines        checked           file
          1/2       +11 -12    identical-object  drivers/hwmon/a.c
          2/2       +11 -12    expands           drivers/hwmon/b.c

        How far each was checked, alone, on the tree without the others:
          identical-object:
            compiled before and after; with what the patch moves inlined, the
            machine code is the same, or gives the same results for all arguments
          expands:
            the new code, with each call's arguments put back, is the code before,
            token by token but for the names of locals; not compiled

        Compiled with gcc 12, x86_64 6.1.0, configuration 0123456789ab.

        The patches and their messages, and this letter, were generated by
        drvdedup 0.1.0; nobody has changed them since. Each message names the
        rule and the command that it was made with.

        Jo Doe (2):
          hwmon: (a) Factor out f()
          hwmon: (b) Factor out g()

         drivers/hwmon/a.c | 23 +++++++++++------------
         drivers/hwmon/b.c | 23 +++++++++++------------
         2 files changed, 22 insertions(+), 24 deletions(-)


        base-commit: 0123abcd
        -- 
        drvdedup 0.1.0
        ");
    }

    #[test]
    fn conversions_need_what_they_call() {
        let part = |of: &str| Told {
            part_of: Some(of.to_owned()),
            ..told("wifi: a: Use f()", Verdict::Expands, "a.c")
        };
        let alone = || told("wifi: a: X", Verdict::Expands, "a.c");
        let check = |patches: &[Told], expected: &[(usize, usize, usize)]| {
            assert_eq!(needs(patches), expected);
        };
        check(&[alone(), alone()], &[]);
        check(
            &[part("x"), part("x"), alone(), part("y"), part("y"), part("y")],
            &[(2, 2, 1), (5, 6, 4)],
        );
        check(&[part("x"), part("x"), part("y"), part("y")], &[(2, 2, 1), (4, 4, 3)]);
    }

    #[test]
    fn a_letter_says_what_its_own_patches_do() {
        let of =
            |rule: &str| Told { rule: rule.to_owned(), ..told("a: X", Verdict::Expands, "a.c") };
        assert_eq!(
            what(&[of("delete-unused")]),
            "The patches take out functions that nothing uses."
        );
        assert_eq!(
            what(&[of("table-loop"), of("extract-common")]),
            "The patches take out copies of code, which differ only in what each patch \
             names; statements that differ only in constants, which become a table."
        );
    }
}
