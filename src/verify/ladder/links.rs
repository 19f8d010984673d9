//! Part of the rung *compiles*: the touched objects need nothing of others that they did not
//! need before, but what the kernel exports, and give to others what they gave.
//!
//! What is missing shows only when modules are linked, and modpost goes quiet after ten of
//! a kernel's many; a call that the compiler used to remove (`__bad_udelay()`, where an
//! argument was a constant) shows nowhere else.

use super::Found;
use crate::syntax::exports;
use crate::tree::{TreePath, read_source};
use crate::verify::Claim;
use ignore::WalkBuilder;
use object::{Object, ObjectSymbol};
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Symbols of one object, by what they are to others.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Symbols {
    /// Used here and defined elsewhere.
    needed: BTreeSet<String>,
    /// Defined here, for other objects of the module.
    given: BTreeSet<String>,
    /// Exported to other modules.
    exported: BTreeSet<String>,
}

/// Where the kernel's macros note an exported name: since 6.4, and before.
const EXPORTS: [&str; 2] = ["__export_symbol_", "__ksymtab_"];

/// What the compiler itself calls, by names that a macro of the kernel puts together.
const THUNKS: [&str; 2] = ["__x86_indirect_", "__x86_return_"];

impl Symbols {
    /// Those of an object, for whatever machine it is.
    pub fn read(object: &[u8]) -> Result<Symbols, object::read::Error> {
        let mut symbols = Symbols::default();
        for symbol in object::File::parse(object)?.symbols() {
            let Ok(name) = symbol.name() else { continue };
            if let Some(name) = EXPORTS.iter().find_map(|prefix| name.strip_prefix(prefix)) {
                symbols.exported.insert(name.to_owned());
            } else if symbol.is_undefined() && !name.is_empty() {
                symbols.needed.insert(name.to_owned());
            } else if symbol.is_global() {
                symbols.given.insert(name.to_owned());
            }
        }
        Ok(symbols)
    }

    fn and(mut self, other: Symbols) -> Symbols {
        self.needed.extend(other.needed);
        self.given.extend(other.given);
        self.exported.extend(other.exported);
        self
    }
}

/// The names that the sources of a tree export, read when they are first asked for.
pub(super) struct Exports {
    root: PathBuf,
    names: OnceLock<FxHashSet<String>>,
}

impl Exports {
    /// Of the tree at `root`.
    pub fn new(root: &Path) -> Exports {
        Exports { root: root.to_owned(), names: OnceLock::new() }
    }

    fn has(&self, name: &str) -> bool {
        THUNKS.iter().any(|prefix| name.starts_with(prefix))
            || self.names.get_or_init(|| self.read()).contains(name)
    }

    fn read(&self) -> FxHashSet<String> {
        let mut walk = WalkBuilder::new(&self.root);
        walk.standard_filters(false).filter_entry(|entry| entry.file_name() != ".git");
        let walk = walk.build();
        let paths = walk.flatten().map(ignore::DirEntry::into_path);
        let is_source = |path: &PathBuf| path.extension().is_some_and(|it| it == "c" || it == "S");
        let sources: Vec<PathBuf> = paths.filter(is_source).collect();
        let names = sources.into_par_iter().flat_map_iter(|path| {
            // What cannot be read exports nothing, and then more is doubted.
            let source = read_source(&path).unwrap_or_default();
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            exports(&source).map(text).collect::<Vec<_>>()
        });
        names.collect()
    }
}

/// Compares what all touched objects need and give, `(before, after)` of each.
pub(super) fn check(
    claim: &Claim,
    source: &TreePath,
    objects: Vec<(Symbols, Symbols)>,
    exports: &Exports,
) -> Result<(), Found> {
    let (before, after): (Vec<Symbols>, Vec<Symbols>) = objects.into_iter().unzip();
    let all = |some: Vec<Symbols>| some.into_iter().fold(Symbols::default(), Symbols::and);
    let (before, after) = (all(before), all(after));
    let lost = before.exported.difference(&after.exported).map(|name| (name, "exported"));
    let gone = before.given.difference(&after.given).map(|name| (name, "visible to other files"));
    if let Some((name, what)) = lost.chain(gone).next() {
        return Err(Found::Fault(format!("{source}: {name} is no longer {what}")));
    }
    let new = after.exported.difference(&before.exported);
    if let Some(name) = new.into_iter().find(|name| claim.target() != Some(name.as_str())) {
        return Err(Found::Fault(format!("{source}: {name} is exported anew")));
    }
    let is_missing = |name: &&String| {
        !before.needed.contains(*name) && !after.given.contains(*name) && !exports.has(name)
    };
    match after.needed.iter().find(is_missing) {
        None => Ok(()),
        Some(name) => Err(Found::Fault(format!(
            "{source}: needs {name} now, which the patch does not define and the tree does not \
             export"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(needed: &[&str], given: &[&str], exported: &[&str]) -> Symbols {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Symbols { needed: set(needed), given: set(given), exported: set(exported) }
    }

    /// What is said of objects with these symbols in a tree that exports `known`.
    fn said(objects: Vec<(Symbols, Symbols)>) -> String {
        let tree = tempfile::tempdir().expect("a folder");
        let text = "EXPORT_SYMBOL_GPL( known);\n#define EXPORT_SYMBOL (x)\n";
        std::fs::write(tree.path().join("a.c"), text).expect("a file");
        std::fs::write(tree.path().join("a.h"), "EXPORT_SYMBOL(other);\n").expect("a file");
        let exports = Exports::new(tree.path());
        let claim = Claim { helper: Some("shared".to_owned()), ..Claim::default() };
        match check(&claim, &"a.c".to_owned(), objects, &exports) {
            Ok(()) => String::new(),
            Err(Found::Fault(why)) => why,
            Err(_) => panic!("it is known"),
        }
    }

    #[test]
    fn what_is_new_and_no_one_has_is_a_fault() {
        let before = || symbols(&["printk"], &["show"], &["show"]);
        let check = |after: Symbols, expected: &str| {
            assert_eq!(said(vec![(before(), after)]), expected);
        };
        check(before(), "");
        check(symbols(&[], &["show", "shared"], &["show", "shared"]), "");
        check(symbols(&["known", "__x86_indirect_thunk_rax"], &["show"], &["show"]), "");
        let missing = "now, which the patch does not define and the tree does not export";
        check(
            symbols(&["__bad_udelay"], &["show"], &["show"]),
            &format!("a.c: needs __bad_udelay {missing}"),
        );
        check(symbols(&["other"], &["show"], &["show"]), &format!("a.c: needs other {missing}"));
        check(symbols(&[], &["show"], &[]), "a.c: show is no longer exported");
        check(symbols(&[], &[], &["show"]), "a.c: show is no longer visible to other files");
        check(symbols(&[], &["show"], &["show", "more"]), "a.c: more is exported anew");
    }

    #[test]
    fn one_object_may_need_what_another_gives() {
        let user = (symbols(&[], &[], &[]), symbols(&["shared"], &[], &[]));
        let giver = (symbols(&[], &[], &[]), symbols(&[], &["shared"], &[]));
        assert_eq!(said(vec![user.clone(), giver]), "");
        assert_ne!(said(vec![user]), "");
    }

    #[test]
    fn symbols_are_read_from_what_the_compiler_makes() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "int get(int);\nstatic int own(int x) { return get(x); }\n\
            int show(int x) { return own(x); }\n\
            __asm__(\".section ___ksymtab+show\\n__ksymtab_show: .long show-.\\n.previous\\n\");\n";
        std::fs::write(folder.path().join("a.c"), text).expect("a file");
        let compiled =
            std::process::Command::new("cc").args(["-c", "a.c"]).current_dir(&folder).status();
        assert!(compiled.is_ok_and(|it| it.success()));
        let object = std::fs::read(folder.path().join("a.o")).expect("an object");
        let mut read = Symbols::read(&object).expect("it can be read");
        // A position-independent executable asks for the linker's table.
        read.needed.remove("_GLOBAL_OFFSET_TABLE_");
        assert_eq!(read, symbols(&["get"], &["show"], &["show"]));
        assert!(Symbols::read(b"no object").is_err());
    }
}
