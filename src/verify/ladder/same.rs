//! The rung *identical-object*: the machine code before and after is the same,
//! function by function, once what the patch moved about is inlined on both sides.

use super::compiles::{complaint, symbols};
use super::links::Symbols;
use super::results::{self, NotRun};
use super::roles::{Compared, Roles, Texts};
use super::shop::{Bill, Shop};
use super::{Candidate, Engine, Found, Way, both, rows};
use crate::syntax::LoopMacros;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::ir;
use crate::verify::object::{Difference, Object, compare_merged};
use crate::verify::{Tabled, lookup};

/// The levels at which code is compared, in this order.
pub(super) const LEVELS: [Level; 3] = [Level::O2, Level::O1, Level::Os];

/// Why an object is not shown to be the same.
pub(super) enum Unproved {
    /// The first difference, and the texts that it is between when they are compiled at
    /// [`Level::O2`].
    ///
    /// Also why that could not be found out by running it; empty where nothing can be
    /// run.
    Differs(Box<Difference>, Texts, String),
    /// What differs was run, and does something else.
    Wrong(String),
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
    if let Some(between) = rows::between(candidate, &compile.source) {
        return match prove(shop, &between, compile, loops, bill)? {
            Ok(way) => rows::prove(shop, candidate, compile, way, bill),
            Err(why) => Ok(Err(why)),
        };
    }
    let plain = Way::plain(Level::O2);
    let roles = Roles::of(candidate, &compile.source);
    let texts = roles.inlined(candidate);
    let put = roles.with_constants(candidate, compile, loops);
    if let Some(same) = both::same(shop, (&texts, put.as_ref()), compile, bill)? {
        return Ok(Ok(Way { constants: same.constants, ..plain }));
    }
    let (first, state_kept) = match compared(shop, (&roles, &texts), compile, Level::O2, bill)? {
        Compared::Same => return Ok(Ok(plain)),
        Compared::Not(why) => return Ok(Err(Unproved::Not(why))),
        Compared::Differs { first, state_kept } => (first, state_kept),
    };
    let mut tried_unrolled = None;
    if let Some(unrolled) = roles.unrolled(&texts, &compile.source) {
        let ways = LEVELS.map(|level| Way { level, unrolled: true, ..plain });
        match first_same(shop, (&roles, &unrolled), compile, &ways, bill)? {
            Tried::Same(way) => return Ok(Ok(way)),
            // That a loop is no run of calls says nothing; which call differs does.
            Tried::Differs(first) => tried_unrolled = first.map(|first| (first, unrolled)),
        }
    }
    // With copies of the helper, state that it shares would not be seen.
    let put = put.filter(|_| state_kept);
    let ways = LEVELS.map(|level| Way { level, constants: put.is_some(), ..plain });
    // At the first level it was compared already, but with constants.
    let (tried, ways) = match &put {
        Some(put) => (put, &ways[..]),
        None => (&texts, &ways[1..]),
    };
    if let Tried::Same(way) = first_same(shop, (&roles, tried), compile, ways, bill)? {
        return Ok(Ok(way));
    }
    if shop.has_llvm() && same_ir(shop, (&roles, tried), compile, bill)? {
        return Ok(Ok(Way { engine: Engine::Ir, constants: put.is_some(), ..plain }));
    }
    let unrolled = tried_unrolled.is_some();
    let (first, texts) = tried_unrolled.unwrap_or((first, texts));
    let run = match keys(shop, candidate, compile, loops, bill)? {
        Some(Ok(way)) => return Ok(Ok(way)),
        Some(Err(not_run)) => Err(not_run),
        None => results::prove(shop, (&roles, &texts), compile, loops, bill)?,
    };
    Ok(match run {
        Ok((engine, level)) => Ok(Way { engine, unrolled, level, ..plain }),
        Err(NotRun::Differ(why)) => Err(Unproved::Wrong(why)),
        Err(NotRun::Unknown(why) | NotRun::Failed(why)) => {
            Err(Unproved::Differs(first, texts, why))
        }
    })
}

/// Whether a switch and what stands for it give the same for all keys, each as a function
/// of its own; `None` where the claim is about something else.
fn keys(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    loops: &LoopMacros,
    bill: &mut Bill,
) -> Result<Option<Result<Way, NotRun>>, BuildError> {
    let Candidate { before, after, claim } = candidate;
    let [(path, name)] = claim.rewritten.as_slice() else { return Ok(None) };
    let texts = before.get(path).zip(after.get(path)).filter(|_| *path == compile.source);
    let maps = texts
        .filter(|_| claim.tabled == Some(Tabled::Switch))
        .and_then(|(before, after)| lookup::maps((before, after), name, loops));
    let Some([one, other]) = maps else { return Ok(None) };
    let with = |text: Vec<u8>| {
        let mut files = before.clone();
        files.insert(path.clone(), text);
        files
    };
    let texts = Texts { before: with(one), after: with(other) };
    let roles = Roles::of(candidate, &compile.source);
    let found = results::prove(shop, (&roles, &texts), compile, loops, bill)?;
    Ok(Some(found.map(|(_, level)| Way { engine: Engine::Keys, ..Way::plain(level) })))
}

/// What the file needed and gave before, by an object that [`prove`] compares anyhow: where
/// both texts are the same code in one, they need the same; else that of the text before.
pub(super) fn symbols_before(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    loops: &LoopMacros,
    bill: &mut Bill,
) -> Result<Result<Symbols, Found>, BuildError> {
    if let Some(between) = rows::between(candidate, &compile.source) {
        return symbols_before(shop, &between, compile, loops, bill);
    }
    let roles = Roles::of(candidate, &compile.source);
    let texts = roles.inlined(candidate);
    let put = roles.with_constants(candidate, compile, loops);
    let before = match both::same(shop, (&texts, put.as_ref()), compile, bill)? {
        // With constants it needs as well what the text after needs without them.
        Some(both::Same { compiled: Some(both), constants: false }) => both,
        _ => {
            let mode = Mode::Comparable { level: Level::O2, debug: false };
            shop.shared(compile, &texts.before, mode, bill)?
        }
    };
    Ok(symbols(compile, &before).map(both::as_before))
}

/// What several comparisons of the same texts came to.
enum Tried {
    Same(Way),
    /// The first difference of the first comparison; `None` where the texts do not
    /// compile.
    Differs(Option<Box<Difference>>),
}

/// The first of `ways` in which both texts are the same code. Texts that do not compile
/// at one level do so at none.
fn first_same(
    shop: &Shop<'_>,
    texts: (&Roles, &Texts),
    compile: &Compile,
    ways: &[Way],
    bill: &mut Bill,
) -> Result<Tried, BuildError> {
    let mut difference = None;
    for way in ways {
        match compared(shop, texts, compile, way.level, bill)? {
            Compared::Same => return Ok(Tried::Same(*way)),
            Compared::Differs { first, .. } => difference = difference.or(Some(first)),
            Compared::Not(_) => break,
        }
    }
    Ok(Tried::Differs(difference))
}

/// The texts of a candidate with what moved inlined.
pub(super) fn inlined(candidate: &Candidate, compile: &Compile) -> Texts {
    Roles::of(candidate, &compile.source).inlined(candidate)
}

/// The texts of a candidate with constants in the place of the helper's parameters;
/// `None` where none can be put there. What reads a row has parameters only in the text
/// between.
pub(super) fn with_constants(
    candidate: &Candidate,
    compile: &Compile,
    loops: &LoopMacros,
) -> Option<Texts> {
    let between = rows::between(candidate, &compile.source);
    let candidate = between.as_ref().unwrap_or(candidate);
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
    if !matches!(roles.judge(comparison, None), Compared::Same) {
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
    Ok(roles.judge(comparison, Some(&new)))
}
