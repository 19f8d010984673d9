//! Functions whose code rightly differs: a `switch` that became a table. Where such a
//! function is a map from numbers to a number or a string, it is run before and after on
//! all arguments that its types have; all the rest must be the same code.

use super::Engine;
use super::roles::{Compared, Roles, Texts};
use super::same::LEVELS;
use super::scalars::{self, Changed};
use super::shop::{Bill, Shop};
use crate::syntax::LoopMacros;
use crate::verify::build::{BuildError, Compile, Harness, Level, Mode, Ran};
use crate::verify::object::{Comparison, Flush, Object, Subject, compare_merged};
use std::collections::BTreeSet;

/// Where the images of a function lie: apart from each other and from all else.
const BASES: [u64; 3] = [0x2000_0000, 0x3000_0000, 0x4000_0000];

/// Why running proves nothing.
pub(super) enum NotRun {
    /// It returns something else, and for what.
    Differ(String),
    /// It is not run: a line for whoever reads of the difference; empty where there is no
    /// function to run.
    Unknown(String),
    /// It was not run to its end.
    Failed(String),
}

type Proved = (Engine, Level);

/// Whether all functions that differ in `texts` return the same, and at which level the
/// rest is the same code.
pub(super) fn prove(
    shop: &Shop<'_>,
    (roles, texts): (&Roles, &Texts),
    compile: &Compile,
    loops: &LoopMacros,
    bill: &mut Bill,
) -> Result<Result<Proved, NotRun>, BuildError> {
    let unknown = |why: String| Ok(Err(NotRun::Unknown(why)));
    let source = &compile.source;
    let (Some(before), Some(after)) = (texts.before.get(source), texts.after.get(source)) else {
        return unknown(String::new());
    };
    let mut changed = scalars::changed(before, after, loops);
    changed.retain(|it| !roles.is_inlined(&it.name));
    if !changed.iter().any(Changed::is_described) {
        return unknown(String::new());
    }
    let mut texts = Texts { before: texts.before.clone(), after: texts.after.clone() };
    texts.before.insert(source.clone(), scalars::described(before, &changed));
    texts.after.insert(source.clone(), scalars::described(after, &changed));
    let mut first = None;
    for level in LEVELS {
        match at_level(shop, (roles, &texts), compile, &changed, level, bill)? {
            Ok(engine) => return Ok(Ok((engine, level))),
            Err(NotRun::Unknown(why)) => first = first.or(Some(why)),
            // It would be no better at another level.
            Err(NotRun::Failed(why)) => {
                first = Some(why);
                break;
            }
            Err(differ) => return Ok(Err(differ)),
        }
    }
    unknown(first.map(|why| format!("\nnot run: {why}")).unwrap_or_default())
}

fn at_level(
    shop: &Shop<'_>,
    (roles, texts): (&Roles, &Texts),
    compile: &Compile,
    changed: &[Changed],
    level: Level,
    bill: &mut Bill,
) -> Result<Result<Engine, NotRun>, BuildError> {
    let unknown = |why: String| Ok(Err(NotRun::Unknown(why)));
    let mode = Mode::Comparable { level, debug: false };
    let before = shop.shared(compile, &texts.before, mode, bill)?;
    let after = shop.once(compile, &texts.after, mode, bill)?;
    let objects = before.object.as_deref().zip(after.object.as_deref());
    let objects =
        objects.and_then(|(old, new)| Some((Object::read(old).ok()?, Object::read(new).ok()?)));
    let Some((old, new)) = objects else {
        return unknown("the types of its functions cannot be asked for".to_owned());
    };
    let comparison = compare_merged(&old, &new, &roles.merged);
    let differing = differing(&comparison);
    match roles.judge_but(comparison, Some(&new), &differing) {
        Compared::Same => {}
        Compared::Differs { first, .. } => return unknown(format!("there is more: {first}")),
        Compared::Not(why) => return unknown(why),
    }
    if differing.is_empty() {
        return Ok(Ok(Engine::Instructions));
    }
    let may_run = |name: &str| changed.iter().any(|it| it.name == name && it.is_described());
    let harnesses = differing.iter().map(|name| {
        let harness = match may_run(name) {
            true => harness(name, &old, &new),
            false => Err("takes or returns what is no number".to_owned()),
        };
        harness.map(|harness| (name.as_str(), harness)).map_err(|why| format!("{name}() {why}"))
    });
    // All or none: what one of them says is nothing without the others.
    let harnesses: Result<Vec<(&str, Harness)>, String> = harnesses.collect();
    match harnesses {
        Ok(harnesses) => run_all(shop, &harnesses, compile, bill),
        Err(why) => unknown(why),
    }
}

fn run_all(
    shop: &Shop<'_>,
    harnesses: &[(&str, Harness)],
    compile: &Compile,
    bill: &mut Bill,
) -> Result<Result<Engine, NotRun>, BuildError> {
    let mut all = 0u64;
    for (name, harness) in harnesses {
        match shop.run(compile, harness, bill)? {
            Ran::Same(count) => all = all.saturating_add(count),
            Ran::Unknown(why) => return Ok(Err(NotRun::Failed(format!("{name}(): {why}")))),
            Ran::Differ { arguments, before, after } => {
                let call = format!("{name}({})", arguments.join(", "));
                let why = format!("{}: {call}: {before} before, {after} after", compile.source);
                return Ok(Err(NotRun::Differ(why)));
            }
        }
    }
    Ok(Ok(Engine::Results { arguments: all }))
}

/// The functions that both objects have, unlike.
fn differing(comparison: &Comparison) -> BTreeSet<String> {
    let names = comparison.differences.iter().filter_map(|it| match &it.subject {
        Subject::Function(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

/// Both functions of this name, if they may be run.
fn harness(name: &str, old: &Object<'_>, new: &Object<'_>) -> Result<Harness, String> {
    let (arguments, answer) = scalars::read(new, name)?;
    if scalars::read(old, name)? != (arguments.clone(), answer) {
        return Err("has other types after".to_owned());
    }
    let (one, other) = (old.pure(name)?, new.pure(name)?);
    let [first, second, third] = BASES;
    Ok(Harness {
        arguments,
        answer,
        before: old.image(&one, first, Flush::End)?,
        after: new.image(&other, second, Flush::End)?,
        moved: new.image(&other, third, Flush::Start)?,
    })
}
