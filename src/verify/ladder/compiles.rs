//! The rung *compiles*: every object that the configuration builds of the touched
//! files compiles as it is, and the compiler has nothing new to say.

use super::links::{Linked, Rest, Symbols};
use super::shop::{Bill, Shop};
use super::{Candidate, Found, links, same};
use crate::syntax::LoopMacros;
use crate::verify::Files;
use crate::verify::build::{
    BuildError, Compile, Compiled, Diagnostic, Mode, Severity, new_diagnostics,
};
use crate::verify::object::text_size;

/// Messages that are quoted of one object.
const QUOTED: usize = 3;

/// An object that compiles before and after.
pub(super) struct Pair {
    /// What it needs and gives.
    pub linked: Linked,
    /// Whether both are the same, byte for byte.
    pub identical: bool,
    /// Bytes of text before and after, where a table takes the place of code.
    pub text: Option<[u64; 2]>,
}

/// The object of `compile` after the patch, as the kernel is built.
pub(super) fn after(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    bill: &mut Bill,
) -> Result<Compiled, BuildError> {
    shop.once(compile, &candidate.after, Mode::AsIs, bill)
}

/// The object of `compile`, before and `after`, if it comes up to the rung; `Err` is why not.
pub(super) fn check(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    after: &Compiled,
    bill: &mut Bill,
) -> Result<Result<Pair, Found>, BuildError> {
    if candidate.makes(&compile.source) {
        return Ok(made(compile, after, &candidate.after));
    }
    let before = shop.shared(compile, &candidate.before, Mode::AsIs, bill)?;
    if before.object.is_none() {
        let said = complaint(&before, &candidate.before);
        let found = format!("{} does not compile before the patch either: {said}", compile.source);
        return Ok(Err(Found::Unknown(found)));
    }
    let judged = judge(compile, &before, after, &candidate.after);
    Ok(judged.and_then(|()| {
        let (old, new) = (symbols(compile, &before)?, symbols(compile, after)?);
        shop.learn(&old);
        let linked = Linked { source: compile.source.clone(), before: old, after: new };
        let size = |it: &Compiled| it.object.as_deref().and_then(text_size);
        let sizes = candidate.claim.tabled.and_then(|_| Some([size(&before)?, size(after)?]));
        Ok(Pair { linked, identical: before.object == after.object, text: sizes })
    }))
}

/// As [`check`], for a file that the patch makes: nothing was said of it before.
fn made(compile: &Compile, after: &Compiled, texts: &Files) -> Result<Pair, Found> {
    let nothing = Compiled { diagnostics: Vec::new(), bypassed: Vec::new(), ..after.clone() };
    judge(compile, &nothing, after, texts)?;
    let after = symbols(compile, after)?;
    let linked = Linked { source: compile.source.clone(), before: Symbols::default(), after };
    Ok(Pair { linked, identical: false, text: None })
}

/// Whether a patch of one C file comes up to the rung by its object after alone: the
/// compiler has nothing to say of it, new or not, and it needs and gives what it must.
/// Which symbols the file had before any object says, so that one is asked which the next
/// rung compares anyhow. `false` says nothing: then the object before has to be compiled
/// as the kernel is built, too.
pub(super) fn is_quiet(
    shop: &Shop<'_>,
    candidate: &Candidate,
    compile: &Compile,
    after: &Compiled,
    (rest, loops): (&Rest<'_>, &LoopMacros),
    bill: &mut Bill,
) -> Result<bool, BuildError> {
    let says = after.diagnostics.iter().any(|it| it.severity > Severity::Note);
    if says || after.killed || !after.bypassed.is_empty() || after.object.is_none() {
        return Ok(false);
    }
    let before = same::symbols_before(shop, candidate, compile, loops, bill)?;
    let (Ok(old), Ok(new)) = (before, symbols(compile, after)) else {
        return Ok(false);
    };
    // An object for comparison keeps calls that the kernel's own flags may remove.
    let doubtful = |name: &String| !shop.has_learned(name) && !rest.has(name);
    if new.needed().any(doubtful) {
        return Ok(false);
    }
    let linked = Linked { source: compile.source.clone(), before: old, after: new };
    let touched = candidate.after.keys().cloned().collect();
    Ok(links::check(&candidate.claim, &[linked], &touched, rest).is_ok())
}

/// What an object needs and gives.
pub(super) fn symbols(compile: &Compile, compiled: &Compiled) -> Result<Symbols, Found> {
    let object = compiled.object.as_deref().unwrap_or_default();
    Symbols::read(object).map_err(|error| Found::Unknown(format!("{}: {error}", compile.source)))
}

fn judge(
    compile: &Compile,
    before: &Compiled,
    after: &Compiled,
    texts: &Files,
) -> Result<(), Found> {
    let source = &compile.source;
    if let Some(path) = before.bypassed.iter().chain(&after.bypassed).next() {
        let found =
            format!("{source}: the compiler read {path} of the tree, not the text after it");
        return Err(Found::Unknown(found));
    }
    if after.killed || before.killed {
        return Err(Found::Unknown(format!("{source}: the compiler was killed at its time limit")));
    }
    if after.object.is_none() {
        let said = complaint(after, texts);
        return Err(Found::Fault(format!("{source} no longer compiles: {said}")));
    }
    let new = new_diagnostics(&before.diagnostics, &after.diagnostics);
    if new.is_empty() {
        return Ok(());
    }
    Err(Found::Fault(format!("{source}: new: {}", quoted(new.into_iter(), texts))))
}

/// What a compiler says that makes no object.
pub(super) fn complaint(compiled: &Compiled, texts: &Files) -> String {
    if compiled.killed {
        return "the compiler was killed at its time limit".to_owned();
    }
    let errors = || compiled.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    if errors().next().is_none() {
        return compiled.said.clone();
    }
    quoted(errors().take(1), texts)
}

/// Each message with the line below it that it is about.
fn quoted<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, texts: &Files) -> String {
    let beside = |it: &Diagnostic| match texts.get(&it.file) {
        Some(text) => it.beside(text),
        None => it.to_string(),
    };
    diagnostics.take(QUOTED).map(beside).collect::<Vec<_>>().join("\n")
}
