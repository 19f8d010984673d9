//! Compares functions of two files, at one level of optimisation after the other.

use crate::verify::Files;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use crate::verify::ladder::Way;
use crate::verify::ladder::compiles::complaint;
use crate::verify::ladder::shop::{Bill, Shop};
use crate::verify::object::{Difference, Object, Unit, compare_functions};

/// A text, and the file that it is compiled as.
#[derive(Clone)]
pub(in crate::verify::ladder) struct Side<'c> {
    pub compile: &'c Compile,
    pub files: Files,
}

/// What became of a comparison.
pub(super) enum Outcome {
    /// All functions are the same; the way that took most.
    Same(Way),
    /// The first difference of the first that is not.
    Differs(Box<Difference>),
    /// The texts do not compile so, or are no objects that can be read.
    Not(String),
}

const LEVELS: [Level; 3] = [Level::O2, Level::O1, Level::Os];

/// Compares the functions `names` of `before` with those of `after`; at last with those
/// of a text that has constants in the place of parameters.
pub(super) fn functions(
    shop: &Shop<'_>,
    names: Vec<String>,
    before: &Side<'_>,
    (after, put): (&Side<'_>, Option<&Side<'_>>),
    bill: &mut Bill,
) -> Result<Outcome, BuildError> {
    let way = |constants, level| Way { constants, ..Way::plain(level) };
    let plain = LEVELS.map(|level| (way(false, level), after));
    let put = put.into_iter().flat_map(|put| LEVELS.map(|level| (way(true, level), put)));
    let mut open = names;
    let mut first = None;
    for (way, after) in plain.into_iter().chain(put) {
        let found = match unlike(shop, &open, before, after, way.level, bill)? {
            Ok(found) => found,
            Err(why) if first.is_none() => return Ok(Outcome::Not(why)),
            Err(_) => continue,
        };
        open.retain(|name| found.iter().any(|(unlike, _)| unlike == name));
        if open.is_empty() {
            return Ok(Outcome::Same(way));
        }
        first = first.or(found.into_iter().next().map(|(_, difference)| difference));
    }
    let nothing = || Outcome::Not("there is nothing to compare".to_owned());
    Ok(first.map_or_else(nothing, |first| Outcome::Differs(Box::new(first))))
}

/// Those of `names` that are not the same code, each with its first difference.
fn unlike(
    shop: &Shop<'_>,
    names: &[String],
    before: &Side<'_>,
    after: &Side<'_>,
    level: Level,
    bill: &mut Bill,
) -> Result<Result<Vec<(String, Difference)>, String>, BuildError> {
    let mode = Mode::Comparable { level, debug: false };
    let old = shop.shared(before.compile, &before.files, mode, bill)?;
    let new = shop.shared(after.compile, &after.files, mode, bill)?;
    for (side, compiled) in [(before, &old), (after, &new)] {
        if compiled.object.is_none() {
            return Ok(Err(complaint(compiled, &side.files)));
        }
    }
    let bytes = (old.object.as_deref().unwrap_or(&[]), new.object.as_deref().unwrap_or(&[]));
    let (old, new) = match (Object::read(bytes.0), Object::read(bytes.1)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(error), _) | (_, Err(error)) => return Ok(Err(error.to_string())),
    };
    let mut unlike = Vec::new();
    for name in names {
        match compare_functions(&old, name, &new, name, Unit::Other) {
            Ok(found) => {
                unlike.extend(found.into_iter().next().map(|first| (name.clone(), first)));
            }
            Err(error) => return Ok(Err(error.to_string())),
        }
    }
    Ok(Ok(unlike))
}
