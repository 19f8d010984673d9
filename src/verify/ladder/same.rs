//! The rung *identical-object*: the machine code before and after is the same,
//! function by function, once what the patch moved about is inlined on both sides.

use super::compiles::complaint;
use super::includers::is_header;
use super::shop::{Bill, Shop};
use super::{Candidate, Engine, Way, constants, force, wrap};
use crate::syntax::LoopMacros;
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::ir;
use crate::verify::object::{
    Cause, Comparison, Difference, Merged, Object, Subject, compare_merged,
};
use std::collections::BTreeSet;

/// A pair of texts that mean the same as the candidate's.
#[derive(PartialEq)]
pub(super) struct Texts {
    pub before: Files,
    pub after: Files,
}

/// What one comparison came to.
enum Compared {
    Same,
    Differs {
        first: Box<Difference>,
        /// Whether all variables are still there, one for one.
        state_kept: bool,
    },
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

/// Why an object is not shown to be the same.
pub(super) enum Unproved {
    /// The first difference, and the texts that it is between when they are compiled at
    /// [`Level::O2`].
    Differs(Box<Difference>, Texts),
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

/// How the object of `compile` is the same, or why it is not.
pub(super) fn prove(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    loops: &LoopMacros,
    bill: &mut Bill,
) -> Result<Result<Way, Unproved>, BuildError> {
    let roles = Roles::of(candidate, &compile.source);
    let texts = roles.inlined(candidate);
    let engine = Engine::Instructions;
    let plain = |level| Way { engine, constants: false, level };
    let (first, state_kept) = match compared(shop, (&roles, &texts), compile, Level::O2, bill)? {
        Compared::Same => return Ok(Ok(plain(Level::O2))),
        Compared::Not(why) => return Ok(Err(Unproved::Not(why))),
        Compared::Differs { first, state_kept } => (first, state_kept),
    };
    // With copies of the helper, state that it shares would not be seen.
    let put = if state_kept { roles.with_constants(candidate, compile, loops) } else { None };
    let (tried, ways) = match &put {
        Some(put) => {
            let way = |level| Way { engine, constants: true, level };
            (put, [Level::O2, Level::O1, Level::Os].map(way).to_vec())
        }
        None => (&texts, [Level::O1, Level::Os].map(plain).to_vec()),
    };
    for way in ways {
        match compared(shop, (&roles, tried), compile, way.level, bill)? {
            Compared::Same => return Ok(Ok(way)),
            Compared::Differs { .. } => {}
            Compared::Not(_) => break,
        }
    }
    if shop.has_llvm() && same_ir(shop, (&roles, tried), compile, bill)? {
        let (engine, constants) = (Engine::Ir, put.is_some());
        return Ok(Ok(Way { engine, constants, level: Level::O2 }));
    }
    Ok(Err(Unproved::Differs(first, texts)))
}

/// The texts of a candidate with what moved inlined.
pub(super) fn inlined(candidate: &Candidate, compile: &Compile) -> Texts {
    Roles::of(candidate, &compile.source).inlined(candidate)
}

/// The texts of a candidate with constants in the place of the helper's parameters;
/// `None` where none can be put there.
pub(super) fn with_constants(
    candidate: &Candidate,
    compile: &Compile,
    loops: &LoopMacros,
) -> Option<Texts> {
    Roles::of(candidate, &compile.source).with_constants(candidate, compile, loops)
}

/// Whether clang makes the same IR of both texts: by our comparison and by `llvm-diff`.
fn same_ir(
    shop: &Shop<'_>,
    (roles, texts): (&Roles, &Texts),
    compile: &Compile,
    bill: &mut Bill,
) -> Result<bool, BuildError> {
    let before = shop.shared(compile, &texts.before, Mode::Ir, bill)?;
    let after = shop.once(compile, &texts.after, Mode::Ir, bill)?;
    let (Some(old), Some(new)) = (&before.object, &after.object) else { return Ok(false) };
    let text = |module| String::from_utf8_lossy(module);
    let comparison = ir::compare(&text(old), &text(new), &roles.merged);
    if !matches!(roles.judge(comparison), Compared::Same) {
        return Ok(false);
    }
    let said = shop.llvm_diff(old, new, bill)?;
    Ok(said.is_some_and(|said| said.unlike.is_some_and(|unlike| unlike.is_empty())))
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
    /// Members that only call what does their work now.
    thin: BTreeSet<String>,
    /// What does their work, if it stands in this file or in a header for all.
    target: BTreeSet<String>,
    merged: Merged,
}

/// The header that has what does the members' work, where it is one.
fn header(candidate: &Candidate) -> Option<&[u8]> {
    let path = candidate.claim.target_path().filter(|path| is_header(path))?;
    candidate.after.get(path).map(Vec::as_slice)
}

impl Roles {
    fn of(candidate: &Candidate, source: &TreePath) -> Self {
        let claim = &candidate.claim;
        let text = |files: &Files| files.get(source).cloned().unwrap_or_default();
        let kept = force::defined(&text(&candidate.after));
        let here = claim.members.iter().filter(|(path, _)| path == source).map(|(_, name)| name);
        let (mut thin, gone): (BTreeSet<String>, BTreeSet<String>) =
            here.cloned().partition(|name| kept.contains(name));
        thin.retain(|name| Some(name.as_str()) != claim.target());
        let header = header(candidate).map(force::defined).unwrap_or_default();
        let is_here = |name: &&str| kept.contains(*name) || header.contains(*name);
        let target = claim.target().filter(is_here).map(str::to_owned);
        let into = claim.merged_into.clone().unwrap_or_default();
        let merged = Merged { functions: gone.clone(), into };
        Self { gone, thin, target: target.into_iter().collect(), merged }
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

    /// As [`Roles::inlined`], with the bodies of thin functions behind calls before,
    /// and constants in the place of the helper's parameters after.
    fn with_constants(
        &self,
        candidate: &Candidate,
        compile: &Compile,
        loops: &LoopMacros,
    ) -> Option<Texts> {
        let source = &compile.source;
        let (before, after) = (candidate.before.get(source)?, candidate.after.get(source)?);
        let of_header =
            |target: &String| constants::put_from(after, header(candidate)?, target, loops);
        let put = self
            .target
            .iter()
            .find_map(|target| constants::put(after, target, loops).or_else(|| of_header(target)));
        let put = put.unwrap_or_else(|| after.clone());
        let wrapped = wrap::bodies(before, &self.thin, loops);
        if put == *after && wrapped == *before {
            return None;
        }
        let mut candidate = candidate.clone();
        candidate.before.insert(source.clone(), wrapped);
        candidate.after.insert(source.clone(), put);
        Some(self.inlined(&candidate))
    }

    /// Nothing may be gone but members, and nothing new but what does their work.
    fn judge(&self, comparison: Comparison) -> Compared {
        let is_state = |subject: &Subject| !matches!(subject, Subject::Function(_));
        let merges = |it: &Difference| matches!(it.cause, Some(Cause::StaticState { .. }));
        let state_kept = !comparison.gone.iter().chain(&comparison.new).any(is_state)
            && !comparison.differences.iter().any(merges);
        let differences = comparison.differences.into_iter();
        // One in a function says more than one in the data that it refers to.
        let first = differences.min_by_key(|it| !matches!(it.subject, Subject::Function(_)));
        if let Some(first) = first {
            return Compared::Differs { first: Box::new(first), state_kept };
        }
        let is_in = |subject: &Subject, names: &BTreeSet<String>| matches!(subject, Subject::Function(name) if names.contains(name));
        let gone = comparison.gone.into_iter().find(|it| !is_in(it, &self.gone));
        let new = comparison.new.into_iter().find(|it| !is_in(it, &self.target));
        let odd = gone.map(|it| (it, "is gone")).or(new.map(|it| (it, "is new")));
        match odd {
            None => Compared::Same,
            Some((subject, what)) => {
                let detail = what.to_owned();
                let first = Difference { subject, before: None, after: None, detail, cause: None };
                Compared::Differs { first: Box::new(first), state_kept }
            }
        }
    }
}
