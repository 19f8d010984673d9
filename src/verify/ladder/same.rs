//! The rung *identical-object*: the machine code before and after is the same,
//! function by function, once what the patch moved about is inlined on both sides.

use super::compiles::complaint;
use super::force;
use super::lines;
use super::shop::{Bill, Shop};
use super::{Candidate, Found};
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::object::{Comparison, Difference, Merged, Object, Subject, compare_merged};
use std::collections::BTreeSet;

/// What kernels are built with first, then what may leave the compiler less choice.
const LEVELS: [Level; 3] = [Level::O2, Level::O1, Level::Os];

/// A pair of texts that mean the same as the candidate's.
pub(super) struct Texts {
    pub before: Files,
    pub after: Files,
}

/// What one comparison came to.
enum Compared {
    Same,
    Differs(Box<Difference>),
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

/// The level at which the object of `compile` is the same, or why there is none.
pub(super) fn check(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    bill: &mut Bill,
) -> Result<Result<Level, Found>, BuildError> {
    let roles = Roles::of(candidate, &compile.source);
    let texts = roles.inlined(candidate);
    let mut first = None;
    for level in LEVELS {
        match compared(shop, (&roles, &texts), compile, level, bill)? {
            Compared::Same => return Ok(Ok(level)),
            Compared::Not(why) => {
                first.get_or_insert(Found::Unknown(why));
                break;
            }
            Compared::Differs(difference) => {
                if first.is_none() {
                    let lines = lines::of(shop, &texts, compile, level, &difference, bill)?;
                    first = Some(Found::Difference(difference, lines));
                }
            }
        }
    }
    Ok(Err(first.unwrap_or_else(|| Found::Unknown("nothing was compared".to_owned()))))
}

fn compared(
    shop: &Shop<'_>,
    (roles, texts): (&Roles, &Texts),
    compile: &Compile,
    level: Level,
    bill: &mut Bill,
) -> Result<Compared, BuildError> {
    let mode = Mode::Comparable { level, debug: false };
    let before = shop.shared(compile, &texts.before, mode, bill)?;
    let after = shop.once(compile, &texts.after, mode, bill)?;
    let (Some(old), Some(new)) = (&before.object, &after.object) else {
        let (when, failed, texts) = match before.object {
            None => ("before", &*before, &texts.before),
            Some(_) => ("after", &after, &texts.after),
        };
        let said = complaint(failed, texts);
        let why = format!("{} cannot be compared, {when} the patch: {said}", compile.source);
        return Ok(Compared::Not(why));
    };
    let (old, new) = match (Object::read(old), Object::read(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => {
            return Ok(Compared::Not(format!("{}: {error}", compile.source)));
        }
    };
    let comparison = compare_merged(&old, &new, &roles.merged);
    Ok(roles.judge(comparison))
}

/// Which functions of a file the patch is about.
struct Roles {
    /// Members that the file no longer has.
    gone: BTreeSet<String>,
    /// What does their work, if it stands in this file.
    target: BTreeSet<String>,
    merged: Merged,
}

impl Roles {
    fn of(candidate: &Candidate, source: &TreePath) -> Self {
        let claim = &candidate.claim;
        let text = |files: &Files| files.get(source).cloned().unwrap_or_default();
        let kept = force::defined(&text(&candidate.after));
        let here = claim.members.iter().filter(|(path, _)| path == source).map(|(_, name)| name);
        let gone: BTreeSet<String> = here.filter(|name| !kept.contains(*name)).cloned().collect();
        let target = claim.target().filter(|name| kept.contains(*name)).map(str::to_owned);
        let into = claim.merged_into.clone().unwrap_or_default();
        let merged = Merged { functions: gone.clone(), into };
        Self { gone, target: target.into_iter().collect(), merged }
    }

    /// Both texts with what moved inlined. A survivor has more calls after the
    /// patch: those that it had before are inlined before, too.
    fn inlined(&self, candidate: &Candidate) -> Texts {
        let before = self.gone.union(&self.target).cloned().collect();
        let force = |files: &Files, names: &BTreeSet<String>| -> Files {
            let inlined =
                |(path, text): (&TreePath, &Vec<u8>)| (path.clone(), force::inlined(text, names));
            files.iter().map(inlined).collect()
        };
        Texts {
            before: force(&candidate.before, &before),
            after: force(&candidate.after, &self.target),
        }
    }

    /// Nothing may be gone but members, and nothing new but what does their work.
    fn judge(&self, comparison: Comparison) -> Compared {
        let differences = comparison.differences.into_iter();
        // One in a function says more than one in the data that it refers to.
        let first = differences.min_by_key(|it| !matches!(it.subject, Subject::Function(_)));
        if let Some(first) = first {
            return Compared::Differs(Box::new(first));
        }
        let is_in = |subject: &Subject, names: &BTreeSet<String>| matches!(subject, Subject::Function(name) if names.contains(name));
        let gone = comparison.gone.into_iter().find(|it| !is_in(it, &self.gone));
        let new = comparison.new.into_iter().find(|it| !is_in(it, &self.target));
        let odd = gone.map(|it| (it, "is gone")).or(new.map(|it| (it, "is new")));
        match odd {
            None => Compared::Same,
            Some((subject, what)) => Compared::Differs(Box::new(Difference {
                subject,
                before: None,
                after: None,
                detail: what.to_owned(),
                cause: None,
            })),
        }
    }
}
