//! Puts a patch with a fault to the test. In: a patch that was proved, and the same
//! with a fault. Out: which rung rejects it, or that the fault is none: the compiler
//! makes the same object, byte for byte, of the right text and of the faulty one.

use super::across::{self, Case, Split, Unproved};
use super::objects::Objects;
use super::shop::{Bill, Shop};
use super::{Candidate, Found, Ladder, Planted, compiles, same};
use crate::syntax::LoopMacros;
use crate::verify::build::{BuildError, Compile, Level, Mode};
use rayon::prelude::*;

/// What became of a fault that the rungs below *compiles* were not asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The code differs, however it is compiled.
    Code(String),
    /// It does not compile, or with a new warning.
    Compiler(String),
    /// The compiler makes the same object of the text without the fault: it is none.
    /// An expression that is masked away, two macros of one value, a dead statement.
    Equivalent,
    /// The code is the same as before the patch, and the fault may be one.
    Missed,
}

/// A fault and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// See [`Outcome`].
    pub outcome: Outcome,
    /// What the compiles made for it took.
    pub bill: Bill,
}

impl Ladder<'_> {
    /// Tries every fault in the patch that it was planted in. `progress` is called
    /// after each.
    ///
    /// A fault is found when all ways to compile leave a difference, so all of them
    /// are tried, and only a fault that the code does not show is looked at further:
    /// one that it shows is no equivalent text, for at the level at which the patch
    /// was proved the compiler tells them apart.
    ///
    /// # Errors
    /// As those of [`Ladder::climb`].
    pub fn try_faults(
        &self,
        faults: &[(&Candidate, &Planted)],
        progress: &(dyn Fn() + Sync),
    ) -> Result<Vec<Trial>, BuildError> {
        let shop = self.shop(faults.len());
        let trials = faults.par_iter().map(|(right, planted)| {
            let mut bill = Bill::default();
            let outcome = self.try_fault(&shop, right, planted, &mut bill)?;
            progress();
            Ok(Trial { outcome, bill })
        });
        trials.collect()
    }

    fn try_fault(
        &self,
        shop: &Shop<'_>,
        right: &Candidate,
        planted: &Planted,
        bill: &mut Bill,
    ) -> Result<Outcome, BuildError> {
        let wrong = planted.candidate(right);
        let built = Objects::of(self, &wrong).built;
        let split = Split::of(&wrong);
        let split = split.as_ref();
        let case = Case { shop, candidate: &wrong, split, built: &built, loops: self.loops };
        for compile in &built {
            match across::prove(case, compile, bill)? {
                Ok(_) => {}
                Err(Unproved::Differs(first, ..)) => return Ok(Outcome::Code(first.to_string())),
                Err(Unproved::Wrong(why)) => return Ok(Outcome::Code(why)),
                Err(Unproved::Not(why)) => return Ok(Outcome::Compiler(why)),
            }
        }
        let mut equivalent = true;
        for compile in &built {
            let after = compiles::after(shop, &wrong, compile, bill)?;
            match compiles::check(shop, &wrong, compile, &after, bill)? {
                Err(Found::Fault(why)) => return Ok(Outcome::Compiler(why)),
                _ => equivalent &= is_equivalent(shop, (right, &wrong), compile, self.loops, bill)?,
            }
        }
        Ok(if equivalent { Outcome::Equivalent } else { Outcome::Missed })
    }
}

/// Whether the compiler makes the same bytes of both: as the kernel is built; with the
/// helper inlined, where only its own copy differs that nothing calls then; or with
/// constants in the place of its parameters. Our comparison is not asked, and texts
/// that are the same are no answer: then we lost the fault, and that is our fault.
fn is_equivalent(
    shop: &Shop<'_>,
    (right, wrong): (&Candidate, &Candidate),
    compile: &Compile,
    loops: &LoopMacros,
    bill: &mut Bill,
) -> Result<bool, BuildError> {
    let levels =
        [Level::O2, Level::O1, Level::Os].map(|level| Mode::Comparable { level, debug: false });
    let modes = [&[Mode::AsIs], &levels[..]].concat();
    let inlined = |it: &Candidate| Some(same::inlined(it, compile).after);
    // That rows hold the constants, and that these are kept on the way, the proof had to see
    // before it came to this.
    let put = |it: &Candidate| Some(same::with_constants(it, compile, loops)?.after);
    let ways = [
        (Some(right.after.clone()).zip(Some(wrong.after.clone())), &modes[..1]),
        (inlined(right).zip(inlined(wrong)), &modes[..]),
        (put(right).zip(put(wrong)), &modes[1..]),
    ];
    for (texts, modes) in ways {
        let Some((right, wrong)) = texts.filter(|(right, wrong)| right != wrong) else { continue };
        for mode in modes {
            let right = shop.shared(compile, &right, *mode, bill)?;
            let wrong = shop.once(compile, &wrong, *mode, bill)?;
            if right.object.is_some() && right.object == wrong.object {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
