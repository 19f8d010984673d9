//! A proposal as patches: one, or the helper first and then one for each driver that
//! calls it.

use crate::store::{SequenceStep, StepFile};
use crate::tree::Drivers;
use crate::verify::Claim;

/// What a part does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// All that the proposal does.
    Whole,
    /// It brings what the drivers share, and converts the driver that has it.
    Helper,
    /// One driver calls it.
    Conversion {
        /// Name of the driver.
        driver: String,
        /// Name of the function that is called.
        target: String,
    },
}

/// A patch of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'s> {
    /// What it does.
    pub role: Role,
    /// The files that it changes.
    pub files: Vec<&'s StepFile>,
}

/// The patches of a step, in the order in which each leaves a tree that builds.
pub fn parts<'s>(step: &'s SequenceStep, drivers: &Drivers) -> Vec<Part<'s>> {
    let whole = || vec![Part { role: Role::Whole, files: step.files.iter().collect() }];
    let Some(claim) = &step.proposal.claim else { return whole() };
    let Some(target) = claim.target() else { return whole() };
    let home = home(claim);
    let is_shared = |file: &StepFile| {
        let is_c = file.path.ends_with(".c") && !file.before.is_empty();
        !is_c || home.is_none_or(|home| drivers.in_one_driver(home, &file.path))
    };
    let (shared, others): (Vec<&StepFile>, Vec<&StepFile>) =
        step.files.iter().partition(|file| is_shared(file));
    // A static function of that name beside its new declaration would not compile.
    let is_met = |file: &&StepFile| has_word(&file.before, target);
    if others.is_empty() || (!shared.is_empty() && others.iter().any(is_met)) {
        return whole();
    }
    let mut conversions: Vec<Vec<&StepFile>> = Vec::new();
    for file in others {
        let same = |files: &&mut Vec<&StepFile>| {
            files.iter().any(|other| drivers.in_one_driver(&other.path, &file.path))
        };
        match conversions.iter_mut().find(same) {
            Some(files) => files.push(file),
            None => conversions.push(vec![file]),
        }
    }
    if shared.is_empty() && conversions.len() == 1 {
        return whole();
    }
    let helper = (!shared.is_empty()).then_some(Part { role: Role::Helper, files: shared });
    let conversions = conversions.into_iter().map(|files| {
        let driver = files.first().map_or("", |file| drivers.driver_of(&file.path)).to_owned();
        Part { role: Role::Conversion { driver, target: target.to_owned() }, files }
    });
    helper.into_iter().chain(conversions).collect()
}

/// The file that has the function which the members call.
fn home(claim: &Claim) -> Option<&str> {
    let first = claim.members.first().map(|(file, _)| file.as_str());
    claim.helper_path.as_deref().or(first)
}

/// Whether `word` stands in a text as an identifier.
fn has_word(text: &[u8], word: &str) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    memchr::memmem::find_iter(text, word).any(|at| {
        let before = text.get(..at).and_then(<[u8]>::last);
        let after = text.get(at + word.len());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::tree::KernelTree;

    /// The roles and files of the parts of a change of these files, with their texts.
    fn check(texts: &[(&str, &str)], claim: Claim, expected: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let make = folder.path().join("drivers/net/Makefile");
        std::fs::create_dir_all(make.parent().expect("it has one")).expect("a folder");
        std::fs::write(&make, "obj-m += one.o two.o\none-y := a.o b.o\ntwo-y := c.o\n")
            .expect("a file");
        for (name, text) in texts {
            std::fs::write(folder.path().join("drivers/net").join(name), text).expect("a file");
        }
        let path = |name: &str| format!("drivers/net/{name}");
        let files: Vec<StepFile> = texts
            .iter()
            .map(|(name, text)| StepFile {
                path: path(name),
                before: text.as_bytes().to_vec(),
                after: b"new\n".to_vec(),
            })
            .collect();
        let tree: KernelTree = sample::tree(folder.path());
        let names: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        let drivers = Drivers::read(&tree, &names);
        let mut proposal = sample::proposed().proposals.remove(0);
        proposal.claim = Some(claim);
        let step = SequenceStep { proposal, stored_patch: Vec::new(), files };
        let described = parts(&step, &drivers).into_iter().map(|part| {
            let role = match part.role {
                Role::Whole => "whole".to_owned(),
                Role::Helper => "helper".to_owned(),
                Role::Conversion { driver, .. } => driver,
            };
            let files: Vec<&str> =
                part.files.iter().filter_map(|file| file.path.rsplit('/').next()).collect();
            format!("{role}: {}", files.join(" "))
        });
        assert_eq!(described.collect::<Vec<_>>(), expected);
    }

    fn claim(home: &str, helper: &str) -> Claim {
        Claim {
            helper: Some(helper.to_owned()),
            helper_path: Some(format!("drivers/net/{home}")),
            ..Claim::default()
        }
    }

    #[test]
    fn one_driver_is_one_patch() {
        check(
            &[("a.c", "a"), ("b.c", "b"), ("x.h", "x")],
            claim("a.c", "f"),
            &["whole: a.c b.c x.h"],
        );
    }

    #[test]
    fn what_is_shared_comes_first_and_then_each_driver() {
        let texts = [("a.c", "a"), ("b.c", "b"), ("c.c", "c"), ("x.h", "x")];
        check(&texts, claim("x.h", "f"), &["helper: x.h", "one: a.c b.c", "two: c.c"]);
        check(&texts, claim("a.c", "f"), &["helper: a.c b.c x.h", "two: c.c"]);
    }

    #[test]
    fn a_driver_that_has_the_name_already_is_converted_in_one_go() {
        let texts = [("a.c", "a"), ("c.c", "static int f(void);"), ("x.h", "x")];
        check(&texts, claim("x.h", "f"), &["whole: a.c c.c x.h"]);
        check(&texts, claim("x.h", "static_f"), &["helper: x.h", "one: a.c", "two: c.c"]);
    }

    #[test]
    fn drivers_that_call_what_is_there_are_a_patch_each() {
        let texts = [("a.c", "f();"), ("c.c", "f();")];
        check(&texts, claim("core.c", "f"), &["one: a.c", "two: c.c"]);
        check(&texts[..1], claim("core.c", "f"), &["whole: a.c"]);
    }
}
