//! Compiles what the rungs ask for, each text once: proposals of one file share
//! what was before them.

use crate::tree::TreePath;
use crate::verify::Files;
use crate::verify::build::{BuildError, COMPILE_LIMIT, Compile, Compiled, Kernel, Mode};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A file, how it is compiled, and the digest of the texts.
type Key = (TreePath, Mode, [u8; 32]);
/// Empty until the first who wants it has compiled it; others wait for him.
type Slot = Arc<Mutex<Option<Arc<Compiled>>>>;

/// The objects of a batch.
pub(super) struct Shop<'k> {
    kernel: &'k Kernel,
    objects: Mutex<HashMap<Key, Slot>>,
}

/// CPU time, by who pays for it: an object that is shared costs the first.
#[derive(Debug, Default)]
pub(super) struct Bill {
    pub seconds: f64,
}

impl<'k> Shop<'k> {
    pub fn new(kernel: &'k Kernel) -> Self {
        Self { kernel, objects: Mutex::default() }
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
        let compiled = self.kernel.compile(compile, texts, mode, COMPILE_LIMIT)?;
        bill.seconds += compiled.cpu_seconds;
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
