//! A file that has none of the members, where a function for all of them may stand: the
//! common file of their module, or one of a module on which all of theirs depend already.
//! In: the file, the header that declares what it has for others. Out: the place behind
//! the last function of these, and how the new one is exported. It reads no file.

use super::Claimed;
use super::align::lossy;
use super::declare::{Prototype, prototypes};
use super::file::FileContext;
use super::holes::Subject;
use super::refusal::{Reason, Refusal};
use super::sharing::Defined;
use crate::syntax::decl::{DefinitionKind, Unit};
use crate::syntax::{Function, TokenKind};
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
    /// beside the function. `None` in the members' own module, which exports nothing to
    /// itself.
    export: Option<(String, String)>,
    /// It may be built without the members.
    is_alone: bool,
    /// One of the members' files could have the function, too.
    pub is_spare: bool,
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
    /// The file of another module. `is_own` says of a function whether it is of that.
    ///
    /// `None` where `file` exports nothing that `header` declares, or others change the
    /// place.
    pub fn of_another_module(
        file: &'a FileContext,
        claimed: &Claimed,
        header: &FileContext,
        (defined, is_own): (&Defined, &'a dyn Fn(&str) -> bool),
    ) -> Option<Host<'a>> {
        let declared = prototypes(header, defined, &[file]);
        let is_declared = |export: &Export| {
            let named = |it: &Prototype<'_>| it.name == export.name && it.path == file.path;
            declared.iter().any(named) && !claimed.touches(&(export.end..export.end))
        };
        let export = exports(file).into_iter().rfind(is_declared)?;
        Some(Host::new(file, export.end, Some(export.form), is_own))
    }

    /// A file of the members' module, which may be built without them if it `is_alone`, and
    /// `is_spare` if one of theirs could have the function, too.
    ///
    /// `None` where `header` declares no function of it, or others change the place.
    pub fn of_their_module(
        file: &'a FileContext,
        claimed: &Claimed,
        header: &FileContext,
        (defined, is_own): (&Defined, &'a dyn Fn(&str) -> bool),
        (is_alone, is_spare): (bool, bool),
    ) -> Option<Host<'a>> {
        let declared = prototypes(header, defined, &[file]);
        let exports = exports(file);
        let behind = |function: &Function| {
            let name = function.name(&file.bytes);
            let is_it = |it: &&Prototype<'_>| it.name.as_bytes() == name && it.path == file.path;
            declared.iter().find(is_it)?;
            let end = function.end as usize;
            let line = file.line_end(end.saturating_sub(1));
            let export = exports.iter().find(|it| it.name.as_bytes() == name);
            let at = export.map_or(line, |export| export.end);
            let is_plain = !function.disabled
                && !function.macro_defined
                && file.conditions_at(function.start).is_empty()
                && file.is_blank(end..line);
            (is_plain && !claimed.touches(&(at..at))).then_some(at)
        };
        let insert_at = file.functions.iter().rev().find_map(behind)?;
        Some(Host { is_alone, is_spare, ..Host::new(file, insert_at, None, is_own) })
    }

    /// The file of a module of its own, at `insert_at`: it is there only where a member is,
    /// and may call whatever that may.
    pub fn of_a_library(
        file: &'a FileContext,
        insert_at: usize,
        is_own: &'a dyn Fn(&str) -> bool,
    ) -> Host<'a> {
        let export = Some(("EXPORT_SYMBOL_GPL".to_owned(), String::new()));
        Host { is_alone: false, ..Host::new(file, insert_at, export, is_own) }
    }

    fn new(
        file: &'a FileContext,
        insert_at: usize,
        export: Option<(String, String)>,
        is_own: &'a dyn Fn(&str) -> bool,
    ) -> Host<'a> {
        let called = calls(file, 0..file.tokens.len())
            .filter_map(|at| home_of(&file.unit, &lossy(file.text(at))));
        let (called, known) = (called.collect(), RefCell::default());
        let (is_alone, is_spare) = (true, false);
        Host { file, insert_at, export, is_alone, is_spare, called, is_own, known }
    }

    /// Whether it is of another module than the members.
    pub fn is_of_another_module(&self) -> bool {
        self.export.is_some()
    }

    /// The line that exports a function, where that is to be done.
    pub fn export_of(&self, name: &str) -> Option<String> {
        self.export.as_ref().map(|(macro_name, rest)| format!("{macro_name}({name}{rest});"))
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
        // What is built with them calls what they call.
        if !self.is_alone {
            return Ok(());
        }
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
