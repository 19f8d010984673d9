//! Compiles what the rungs ask for, each text once: proposals of one file share
//! what was before them.

use super::links::Symbols;
use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{
    BuildError, Compile, Compiled, Harness, Kernel, Level, Llvm, Mode, Ran, Said,
};
use rustc_hash::FxHashSet;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A file, how it is compiled, and the digest of the texts.
type Key = (TreePath, Mode, [u8; 32]);
/// Empty until the first who wants it has compiled it; others wait for him.
type Slot = Arc<Mutex<Option<Arc<Compiled>>>>;

/// The objects of a batch.
pub(super) struct Shop<'k> {
    kernel: &'k Kernel,
    limit: Duration,
    llvm: Option<&'k Llvm>,
    objects: Mutex<HashMap<Key, Slot>>,
    /// Names that some object of the kernel as it is needs: it links, so they are there.
    learned: Mutex<FxHashSet<String>>,
    /// See [`Shop::is_large`].
    batch: usize,
}

/// From so many proposals on, to read what the whole tree exports and defines costs less
/// than it saves.
const LARGE_BATCH: usize = 8;

/// CPU seconds of compiles by what they were for. An object that is shared costs the
/// first who wants it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill(BTreeMap<&'static str, f64>);

impl Bill {
    /// What each sort of compiles took, by its name.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|(name, seconds)| (*name, *seconds))
    }

    /// What all took.
    pub fn seconds(&self) -> f64 {
        self.0.values().sum()
    }

    /// Adds another bill.
    pub fn add(&mut self, other: &Bill) {
        other.rows().for_each(|(name, seconds)| *self.0.entry(name).or_default() += seconds);
    }

    fn charge(&mut self, mode: Mode, seconds: f64) {
        let name = match mode {
            Mode::AsIs => "as the kernel is built",
            Mode::Ir => IR,
            Mode::Comparable { level: Level::O2, debug: false } => "to compare, -O2",
            Mode::Comparable { debug: false, .. } => "to compare, other levels",
            Mode::Comparable { debug: true, .. } => "for the lines of a difference",
        };
        self.add_to(name, seconds);
    }

    fn add_to(&mut self, name: &'static str, seconds: f64) {
        *self.0.entry(name).or_default() += seconds;
    }
}

const IR: &str = "to compare, LLVM's IR";
const RUNS: &str = "to run functions on all arguments";

impl<'k> Shop<'k> {
    /// Where a compiler that takes longer than `limit` is killed, for `batch` proposals.
    pub fn new(kernel: &'k Kernel, llvm: Option<&'k Llvm>, limit: Duration, batch: usize) -> Self {
        let (objects, learned) = Default::default();
        Self { kernel, limit, llvm, objects, learned, batch }
    }

    /// Whether it is worth its time to know the whole tree.
    pub fn is_large(&self) -> bool {
        self.batch >= LARGE_BATCH
    }

    /// Notes what an object of the kernel as it is needs.
    pub fn learn(&self, symbols: &Symbols) {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        learned.extend(symbols.needed().cloned());
    }

    /// Whether some object of the kernel as it is needs `name`.
    pub fn has_learned(&self, name: &str) -> bool {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Whether there is a second engine.
    pub fn has_llvm(&self) -> bool {
        self.llvm.is_some()
    }

    /// What `llvm-diff` says of two modules; `None` where it is not installed.
    pub fn llvm_diff(
        &self,
        before: &[u8],
        after: &[u8],
        bill: &mut Bill,
    ) -> Result<Option<Said>, BuildError> {
        let Some(llvm) = self.llvm else { return Ok(None) };
        let said = llvm.compare(before, after, self.limit)?;
        bill.charge(Mode::Ir, said.cpu_seconds);
        Ok(Some(said))
    }

    /// What running a function before and after comes to.
    pub fn run(
        &self,
        compile: &Compile,
        harness: &Harness,
        bill: &mut Bill,
    ) -> Result<Ran, BuildError> {
        let (ran, seconds) = harness.run(compile.compiler(), self.limit)?;
        bill.add_to(RUNS, seconds);
        Ok(ran)
    }

    /// The object of `texts`, kept for the rest of the batch.
    pub fn shared(
        &self,
        compile: &Compile,
        texts: &Files,
        mode: Mode,
        bill: &mut Bill,
    ) -> Result<Arc<Compiled>, BuildError> {
        let key = (compile.source.clone(), mode, digest(texts));
        let slot = {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            objects.entry(key).or_default().clone()
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = &*slot {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(self.once(compile, texts, mode, bill)?);
        *slot = Some(compiled.clone());
        Ok(compiled)
    }

    /// The object of `texts`, for one proposal alone.
    pub fn once(
        &self,
        compile: &Compile,
        texts: &Files,
        mode: Mode,
        bill: &mut Bill,
    ) -> Result<Compiled, BuildError> {
        let compiled = self.kernel.compile(compile, texts, mode, self.limit)?;
        bill.charge(mode, compiled.cpu_seconds);
        Ok(compiled)
    }
}

fn digest(texts: &Files) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (path, text) in texts {
        for part in [path.as_bytes(), text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}
