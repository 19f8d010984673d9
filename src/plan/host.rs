//! The file of a module on which several modules depend already, where a function for
//! all of them may stand. In: the file, the header that declares what it exports. Out:
//! the place behind its last exported function, and how the new one is exported. It
//! reads no file.

use super::Claimed;
use super::align::lossy;
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::sharing::{Defined, Prototype, prototypes};
use crate::syntax::TokenKind;
use crate::syntax::decl::{DefinitionKind, Unit};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// Headers of what every kernel has: who calls a function of theirs depends on nothing.
const OF_ALL: [&str; 22] = [
    "include/asm-generic/",
    "include/linux/bitfield.h",
    "include/linux/bitmap.h",
    "include/linux/bitops.h",
    "include/linux/completion.h",
    "include/linux/delay.h",
    "include/linux/dev_printk.h",
    "include/linux/device.h",
    "include/linux/err.h",
    "include/linux/io.h",
    "include/linux/jiffies.h",
    "include/linux/kernel.h",
    "include/linux/kstrtox.h",
    "include/linux/list.h",
    "include/linux/minmax.h",
    "include/linux/mutex.h",
    "include/linux/printk.h",
    "include/linux/slab.h",
    "include/linux/spinlock.h",
    "include/linux/string.h",
    "include/linux/unaligned.h",
    "include/linux/workqueue.h",
];

/// See the module.
pub struct Host<'a> {
    /// The file.
    pub file: &'a FileContext,
    /// Where the new function comes to stand: behind a line.
    pub insert_at: usize,
    /// The macro that exports the file's last function: its name, and what it is given
    /// beside the function.
    export: (String, String),
    /// The headers of which the file calls functions.
    called: FxHashSet<Arc<str>>,
    /// Whether a function is of its own module.
    is_own: &'a dyn Fn(&str) -> bool,
    known: RefCell<FxHashMap<String, Option<Arc<str>>>>,
}

/// An exported function of a file.
struct Export {
    name: String,
    /// The macro and what follows the name.
    form: (String, String),
    /// Where the line behind it begins.
    end: usize,
}

impl<'a> Host<'a> {
    /// `is_own` says of a function whether it is of the same module.
    ///
    /// `None` where `file` exports nothing that `header` declares, or others change the
    /// place.
    pub fn find(
        file: &'a FileContext,
        claimed: &Claimed,
        header: &FileContext,
        (defined, is_own): (&Defined, &'a dyn Fn(&str) -> bool),
    ) -> Option<Host<'a>> {
        let declared = prototypes(header, defined);
        let is_declared = |export: &Export| {
            let named = |it: &Prototype<'_>| it.name == export.name && it.path == file.path;
            declared.iter().any(named) && !claimed.touches(&(export.end..export.end))
        };
        let export = exports(file).into_iter().rfind(is_declared)?;
        let called = calls(file, 0..file.tokens.len())
            .filter_map(|at| home_of(&file.unit, &lossy(file.text(at))));
        let called = called.collect();
        let (insert_at, export, known) = (export.end, export.form, RefCell::default());
        Some(Host { file, insert_at, export, called, is_own, known })
    }

    /// The line that exports a function.
    pub fn export_of(&self, name: &str) -> String {
        format!("{}({name}{});", self.export.0, self.export.1)
    }

    /// Whether the file calls what the common text calls, or could without depending on
    /// more: it is of its own module, or of the headers that declare it, it calls something
    /// already.
    ///
    /// # Errors
    /// `no-home` at the first function of a header that it has nothing to do with.
    pub fn may_call(&self, subject: &Subject<'_>) -> Result<(), Refusal> {
        let file = subject.file;
        let tokens = subject.alignment.members[0].tokens.clone();
        for at in calls(file, tokens) {
            let name = lossy(file.text(at));
            if (self.is_own)(&name) {
                continue;
            }
            let mut known = self.known.borrow_mut();
            let home = known.entry(name.clone()).or_insert_with(|| home_of(&file.unit, &name));
            let Some(home) = home else { continue };
            let for_all = || OF_ALL.iter().any(|it| home.starts_with(it));
            if !for_all() && !self.called.contains(home) {
                let detail = format!("{} calls nothing that {home} declares", self.file.path);
                return Err(file.refuse(Reason::NoHome, file.tokens[at].start, detail));
            }
        }
        Ok(())
    }
}

/// The names that are called in `tokens`.
fn calls(file: &FileContext, tokens: Range<usize>) -> impl Iterator<Item = usize> {
    tokens.filter(|&at| file.tokens[at].kind == TokenKind::Ident && file.text(at + 1) == b"(")
}

/// The header that declares a function; `None` for macros, whose names are looked at for
/// themselves, and for what no header has.
fn home_of(unit: &Unit, name: &str) -> Option<Arc<str>> {
    let found = unit.lookup(name);
    let function = found.iter().find(|it| matches!(it.kind, DefinitionKind::Function(_)))?;
    (*function.file != *unit.path()).then(|| function.file.clone())
}

/// The functions that a file exports outside of any `#if`, each on lines of its own.
fn exports(file: &FileContext) -> Vec<Export> {
    let is_export = |at: &usize| {
        file.text(*at).starts_with(b"EXPORT_SYMBOL")
            && file.text(at + 1) == b"("
            && file.tokens.get(at + 2).is_some_and(|it| it.kind == TokenKind::Ident)
            && file.conditions_at(file.tokens[*at].start).is_empty()
    };
    let read = |at: usize| {
        let close = (at + 3..file.tokens.len().min(at + 8)).find(|&it| file.text(it) == b")")?;
        let end = file.tokens.get(close + 1).filter(|_| file.text(close + 1) == b";")?.end as usize;
        let line = file.line_end(end - 1);
        let alone = file.is_blank(end..line);
        let first = file.tokens[at].start as usize;
        let begins = file.line_start(first) == first;
        let rest = &file.bytes[file.tokens[at + 2].end as usize..file.tokens[close].start as usize];
        (alone && begins).then(|| Export {
            name: lossy(file.text(at + 2)),
            form: (lossy(file.text(at)), lossy(rest)),
            end: line,
        })
    };
    (0..file.tokens.len()).filter(is_export).filter_map(read).collect()
}
