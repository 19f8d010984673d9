//! The rungs that need a compiler. In: patches as texts before and after, with what
//! each claims to do, and a [`Kernel`]. Out: for each patch an [`Ascent`]: how far
//! it came, how that was proved or why it came no further. It never takes what was
//! not compiled for proved, and writes nothing.
//!
//! A patch may touch several files: each is compiled and compared, and so is who includes
//! a touched header (`includers`); what crosses from one file to another is linked
//! (`links`, `modules`, `globals`).
//!
//! `force`, `wrap`, `constants`, `unroll` and `both` make texts comparable, `rows` those of
//! functions that are reached through rows, `shop` compiles,
//! `compiles`, `links`, `roles`, `same` and `across` judge, `results`, with the types that
//! `scalars` finds, runs what rightly differs, `tables` reads what a patch adds, `lines`
//! says where a difference stands; `faults` and `trial`
//! put all of it to the test.

mod across;
mod both;
mod compiles;
mod constants;
mod faults;
mod force;
mod globals;
mod includers;
mod lines;
mod links;
mod modules;
mod objects;
mod proof;
mod results;
mod roles;
mod rows;
mod same;
mod scalars;
mod shop;
mod trial;
mod unroll;
mod wrap;

pub use faults::{Fault, Planted, planted};
pub use lines::Lines;
pub use proof::{Engine, Proof, Way};
pub use shop::Bill;
pub use trial::{Outcome, Trial};

use super::build::{BuildError, Commands, Compile, Kernel, Llvm, Say};
use super::object::Difference;
use super::{Claim, Files, Verdict};
use crate::syntax::LoopMacros;
use crate::tree::{Drivers, TreePath, parent};
use across::{Case, Split};
use globals::Globals;
use includers::Includers;
use links::Rest;
use modules::Modules;
use objects::Objects;
use rayon::prelude::*;
use shop::Shop;
use std::collections::BTreeSet;
use std::time::Duration;

/// A patch that has come up to *expands*, or with a claim of code alone
/// ([`Claim::is_of_code_alone`]) to *parses*.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The touched files as they are; one that is new is missing.
    pub before: Files,
    /// The touched files after the patch.
    pub after: Files,
    /// What the patch says that it does.
    pub claim: Claim,
}

impl Candidate {
    /// Whether the patch makes the file at `path`.
    fn makes(&self, path: &TreePath) -> bool {
        self.after.contains_key(path) && !self.before.contains_key(path)
    }
}

/// How far a candidate came.
#[derive(Clone, Debug, PartialEq)]
pub struct Ascent {
    /// From [`Verdict::Expands`], where nothing was compiled, upward; or
    /// [`Verdict::Failed`]. With a claim of code alone there is nothing between
    /// [`Verdict::Parses`] and [`Verdict::IdenticalObject`]: that it compiles says
    /// nothing of what no text was compared for.
    pub verdict: Verdict,
    /// See [`Proof::detail`].
    pub detail: String,
    /// The way that took most, for [`Verdict::IdenticalObject`].
    pub way: Option<Way>,
    /// What compared the code, all that were asked; empty where it came to no comparison.
    pub engine: String,
    /// Touched files that the configuration does not build, sorted.
    pub not_built: Vec<TreePath>,
    /// Bytes of text of the object as the kernel is built, before and after, where a table
    /// takes the place of code.
    pub text: Option<[u64; 2]>,
    /// What the compiles made for it took.
    pub bill: Bill,
}

/// What a rung found instead of a proof.
enum Found {
    /// The patch is wrong.
    Fault(String),
    /// The code differs, which may be right, and why that could not be found out by
    /// running it; empty where nothing can be run.
    Difference(Box<Difference>, Lines, String),
    /// Nothing can be said.
    Unknown(String),
}

/// See the module.
pub struct Ladder<'k> {
    kernel: &'k Kernel,
    commands: Commands,
    loops: &'k LoopMacros,
    limit: Duration,
    globals: Globals,
    modules: Modules,
    includers: Includers,
    llvm: Option<Llvm>,
}

impl<'k> Ladder<'k> {
    /// Asks Kbuild how it compiles `sources`: all that the candidates will touch. A
    /// compiler that takes longer than `limit` is killed.
    ///
    /// # Errors
    /// Those of [`Kernel::commands`].
    pub fn new(
        kernel: &'k Kernel,
        sources: &BTreeSet<TreePath>,
        drivers: Option<&Drivers>,
        loops: &'k LoopMacros,
        limit: Duration,
        say: Say<'_>,
    ) -> Result<Self, BuildError> {
        let root = kernel.tree();
        let includers = Includers::find(root, sources, drivers);
        let wanted: Vec<TreePath> =
            sources.iter().cloned().chain(includers.wanted(sources)).collect();
        let is_there = |path: &&TreePath| root.join(path).exists();
        let (wanted, new): (Vec<&TreePath>, Vec<&TreePath>) = wanted.iter().partition(is_there);
        let wanted: Vec<TreePath> = wanted.into_iter().cloned().collect();
        let mut commands = kernel.commands(&wanted, drivers, say)?;
        // A file that a patch makes is compiled as those beside it that use it.
        for path in new {
            let beside = |it: &&Compile| parent(&it.source) == parent(path);
            let built = commands.values().filter_map(|it| it.as_ref().ok());
            let made = built.into_iter().find(beside).map(|it| it.like(path));
            commands.extend(made.map(|made| (path.clone(), Ok(made))));
        }
        let globals = Globals::new(root);
        let modules = Modules::new(sources, drivers);
        let llvm = Llvm::find();
        Ok(Self { kernel, commands, loops, limit, globals, modules, includers, llvm })
    }

    fn shop(&self, batch: usize) -> Shop<'_> {
        Shop::new(self.kernel, self.llvm.as_ref(), self.limit, batch)
    }

    fn engine(&self, engine: Engine) -> String {
        engine.name(self.llvm.as_ref().map_or("", |it| &it.version))
    }

    /// All that compare code here.
    fn engines(&self) -> String {
        let mut engines = vec![Engine::Instructions];
        engines.extend(self.llvm.as_ref().map(|_| Engine::Ir));
        engines.into_iter().map(|it| self.engine(it)).collect::<Vec<_>>().join("; ")
    }

    /// Climbs with every candidate, each alone on the tree as it is. The objects
    /// before are shared by those of one file. `done` is called with the number of each
    /// and how far it came, as soon as that is known, from any thread.
    ///
    /// # Errors
    /// The compiler does not start, or scratch files cannot be written; what a text
    /// makes of the compiler is no error.
    pub fn climb(
        &self,
        batch: &[Candidate],
        done: &(dyn Fn(usize, &Ascent) + Sync),
    ) -> Result<(), BuildError> {
        let shop = self.shop(batch.len());
        batch.par_iter().enumerate().try_for_each(|(at, candidate)| {
            done(at, &self.climb_one(&shop, candidate)?);
            Ok(())
        })
    }

    fn climb_one(&self, shop: &Shop<'_>, candidate: &Candidate) -> Result<Ascent, BuildError> {
        let mut bill = Bill::default();
        let objects = Objects::of(self, candidate);
        let alone = candidate.claim.is_of_code_alone();
        let mut ascent = Ascent {
            verdict: if alone { Verdict::Parses } else { Verdict::Expands },
            detail: String::new(),
            way: None,
            engine: String::new(),
            not_built: objects.not_built.iter().map(|(path, _)| (*path).clone()).collect(),
            text: None,
            bill: Bill::default(),
        };
        let found = self.rungs(shop, candidate, &objects, &mut ascent, &mut bill)?;
        ascent.bill = bill;
        let size =
            |[before, after]: [u64; 2]| format!("\ntext: {before} bytes before, {after} after");
        ascent.detail = match found {
            Some(Found::Fault(fault)) => {
                ascent.verdict = Verdict::Failed;
                fault
            }
            Some(Found::Difference(difference, lines, not_run)) => {
                ascent.engine = self.engines();
                explained(&difference, &lines) + &not_run
            }
            Some(Found::Unknown(why)) => why,
            None => match ascent.way {
                Some(way) => {
                    ascent.engine = self.engine(way.engine);
                    format!("{way}{}", objects.note())
                }
                None => {
                    let reasons = objects.not_built.iter().map(|(_, why)| why.to_string());
                    reasons.collect::<Vec<_>>().join("; ")
                }
            },
        };
        ascent.detail.extend(ascent.text.map(size));
        Ok(ascent)
    }

    /// The rung *compiles*: the files whose objects are others than before.
    fn compile<'o>(
        &self,
        shop: &Shop<'_>,
        candidate: &Candidate,
        objects: &Objects<'o>,
        bill: &mut Bill,
    ) -> Result<Result<Built<'o>, Found>, BuildError> {
        let made = candidate.after.keys().filter(|path| candidate.makes(path)).collect();
        let rest = Rest { globals: &self.globals, modules: &self.modules, made };
        // What a table saves is measured on both objects.
        let is_tabled = candidate.claim.tabled.is_some();
        let may_be_quiet = shop.is_large() && objects.is_one() && !is_tabled;
        let (mut linked, mut changed, mut text) = (Vec::new(), Vec::new(), None);
        for compile in objects.built.iter().chain(&objects.others) {
            let after = compiles::after(shop, candidate, compile, bill)?;
            if may_be_quiet
                && compiles::is_quiet(shop, candidate, compile, &after, (&rest, self.loops), bill)?
            {
                return Ok(Ok(Built { changed: vec![compile.source.as_str()], text }));
            }
            match compiles::check(shop, candidate, compile, &after, bill)? {
                Ok(pair) => {
                    if !pair.identical {
                        changed.push(compile.source.as_str());
                    }
                    text = text.or(pair.text);
                    linked.push(pair.linked);
                }
                Err(found) => return Ok(Err(found)),
            }
        }
        let touched = candidate.after.keys().cloned().collect();
        Ok(links::check(&candidate.claim, &linked, &touched, &rest)
            .map(|()| Built { changed, text }))
    }

    /// Raises the verdict rung by rung, up to what is found.
    fn rungs(
        &self,
        shop: &Shop<'_>,
        candidate: &Candidate,
        objects: &Objects<'_>,
        ascent: &mut Ascent,
        bill: &mut Bill,
    ) -> Result<Option<Found>, BuildError> {
        let Built { changed, text } = match self.compile(shop, candidate, objects, bill)? {
            Ok(built) => built,
            Err(found) => return Ok(Some(found)),
        };
        // A source that is left out may hold the fault.
        if objects.built.is_empty() || objects.lacks_source() {
            return Ok(None);
        }
        ascent.text = text;
        if !candidate.claim.is_of_code_alone() {
            ascent.verdict = Verdict::Compiles;
        }
        let others = objects.others.iter().filter(|it| changed.contains(&it.source.as_str()));
        let mut weakest = None;
        if let Some(why) = across::uncovered(candidate, &objects.built) {
            return Ok(Some(Found::Unknown(why)));
        }
        let split = Split::of(candidate);
        let split = split.as_ref();
        let case = Case { shop, candidate, split, built: &objects.built, loops: self.loops };
        for compile in objects.built.iter().chain(others) {
            match across::check(case, compile, bill)? {
                Ok(way) => weakest = weakest.max(Some(way)),
                Err(found) => return Ok(Some(found)),
            }
        }
        ascent.verdict = Verdict::IdenticalObject;
        ascent.way = weakest;
        Ok(None)
    }
}

/// What came of the rung *compiles*.
struct Built<'o> {
    /// The files whose objects are others than before.
    changed: Vec<&'o str>,
    /// See [`Ascent::text`].
    text: Option<[u64; 2]>,
}

/// A difference with the lines that it is in.
fn explained(difference: &Difference, lines: &Lines) -> String {
    let line = |when: &str, line: &Option<String>| {
        line.as_ref().map(|line| format!("\n{when} {line}")).unwrap_or_default()
    };
    let (before, after) = (line("before:", &lines.before), line("after: ", &lines.after));
    format!("the code differs in {difference}{before}{after}")
}
