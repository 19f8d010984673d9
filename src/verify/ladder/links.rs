//! Part of the rung *compiles*: the touched objects need nothing of others that they did not
//! need before, but what the kernel exports, and give to others what they gave.
//!
//! What is missing shows only when modules are linked, and modpost goes quiet after ten of
//! a kernel's many; a call that the compiler used to remove (`__bad_udelay()`, where an
//! argument was a constant) shows nowhere else.

use super::Found;
use super::globals::Globals;
use super::modules::Modules;
use crate::tree::TreePath;
use crate::verify::Claim;
use object::{Object, ObjectSymbol};
use std::collections::BTreeSet;

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

/// Names that hold a number of the compiler's, which shifts with the text.
const COUNTED: [&str; 2] = ["__UNIQUE_ID_", "__initcall"];

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

    /// All but what is given by a name that `is_odd`.
    pub fn without(mut self, is_odd: impl Fn(&str) -> bool) -> Symbols {
        self.given.retain(|name| !is_odd(name));
        self
    }

    /// Those that are defined elsewhere, sorted.
    pub fn needed(&self) -> impl Iterator<Item = &String> {
        self.needed.iter()
    }
}

/// A touched object before and after.
pub(super) struct Linked {
    /// Its C file.
    pub source: TreePath,
    pub before: Symbols,
    pub after: Symbols,
}

/// What is known of the rest of the kernel.
pub(super) struct Rest<'r> {
    pub globals: &'r Globals,
    pub modules: &'r Modules,
    /// Files that the patch makes, of a module that is there wherever a user is: that is
    /// shown by what the patch does to the build, before anything is compiled.
    pub made: BTreeSet<&'r TreePath>,
}

impl Rest<'_> {
    /// Whether something of the kernel has `name` for others: its sources export it, or
    /// define it for all.
    pub fn has(&self, name: &str) -> bool {
        self.globals.exports(name) || !self.globals.definers(name).is_empty()
    }
}

/// Compares what the touched objects need and give. `touched` are the files whose own
/// definitions the objects show.
///
/// A function that becomes visible to other files must have a name that nobody else
/// has, for all that is built in is linked together; and whoever needs it must never be
/// linked without it.
pub(super) fn check(
    claim: &Claim,
    objects: &[Linked],
    touched: &BTreeSet<TreePath>,
    rest: &Rest<'_>,
) -> Result<(), Found> {
    taken_away(objects)?;
    for object in objects {
        let new = object.after.exported.difference(&object.before.exported);
        if let Some(name) = new.into_iter().find(|name| claim.target() != Some(name.as_str())) {
            return Err(fault(object, format!("{name} is exported anew")));
        }
        // Each module has an init function of one name: what an object gave it may give.
        let new = object.after.given.difference(&object.before.given);
        for name in new.filter(|name| !COUNTED.iter().any(|it| name.starts_with(it))) {
            match objects.iter().find(|it| it.before.given.contains(name)) {
                None => given_anew(name, object, claim, (objects, touched), rest)?,
                Some(giver) => moved(name, giver, object, rest)?,
            }
        }
        for name in object.after.needed.difference(&object.before.needed) {
            needed_anew(name, object, objects, rest)?;
        }
    }
    Ok(())
}

fn fault(object: &Linked, what: String) -> Found {
    Found::Fault(format!("{}: {what}", object.source))
}

/// What one object no longer gives another one must.
fn taken_away(objects: &[Linked]) -> Result<(), Found> {
    for object in objects {
        let lost = object
            .before
            .exported
            .iter()
            .find(|name| !objects.iter().any(|it| it.after.exported.contains(*name)));
        let gone = object
            .before
            .given
            .iter()
            .find(|name| !objects.iter().any(|it| it.after.given.contains(*name)));
        let lost = lost.map(|name| (name, "exported"));
        if let Some((name, what)) = lost.or(gone.map(|name| (name, "visible to other files"))) {
            return Err(fault(object, format!("{name} is no longer {what}")));
        }
    }
    Ok(())
}

/// Whether `name`, which no touched object gave before, may be given by `object`.
fn given_anew(
    name: &str,
    object: &Linked,
    claim: &Claim,
    (objects, touched): (&[Linked], &BTreeSet<TreePath>),
    rest: &Rest<'_>,
) -> Result<(), Found> {
    let is_home = claim.target_path().is_none_or(|home| *home == object.source);
    if claim.target() != Some(name) || !is_home {
        return Err(fault(object, format!("{name} is visible to other files now")));
    }
    let elsewhere = rest.globals.definers(name).iter().find(|path| !touched.contains(*path));
    let touched = objects.iter().filter(|it| it.source != object.source);
    let touched = touched.filter(|it| it.after.given.contains(name)).map(|it| &it.source);
    if let Some(other) = elsewhere.or(touched.into_iter().next()) {
        return Err(fault(object, format!("{other} has a function {name} for all, too")));
    }
    if object.before.given.is_empty() && rest.modules.count(&object.source) > 1 {
        let what = format!("{name} would be in each driver that this file is linked into");
        return Err(fault(object, what));
    }
    Ok(())
}

/// Whether `name`, which `giver` gave before, may be given by `object`.
fn moved(name: &str, giver: &Linked, object: &Linked, rest: &Rest<'_>) -> Result<(), Found> {
    if giver.source == object.source {
        return Ok(());
    }
    match rest.modules.apart(&giver.source, &object.source) {
        None => Ok(()),
        Some(why) => Err(fault(object, format!("has {name} now, which may be missing: {why}"))),
    }
}

/// Whether `name`, which `object` did not need before, is there wherever that is linked.
fn needed_anew(
    name: &str,
    object: &Linked,
    objects: &[Linked],
    rest: &Rest<'_>,
) -> Result<(), Found> {
    let others = || objects.iter().filter(|it| it.source != object.source);
    let mut givers = others().filter(|it| it.after.given.contains(name)).peekable();
    let given = givers.peek().is_some();
    let mut apart = None;
    // What another object of the same driver got already, this one gets, too.
    for other in givers.chain(others().filter(|it| it.before.needed.contains(name))) {
        match rest.modules.apart(&object.source, &other.source) {
            None => return Ok(()),
            Some(why) => apart = apart.or(Some(why)),
        }
    }
    // The one file that defines it may be of the same driver whatever the configuration.
    if let [only] = rest.globals.definers(name)
        && *only != object.source
        && rest.modules.apart(&object.source, only).is_none()
    {
        return Ok(());
    }
    // A module that needs something of another one is never loaded without it.
    let comes_with = |it: &Linked, needed: &String| {
        it.before.exported.contains(needed)
            || rest.globals.exports(needed)
                && matches!(rest.globals.definers(needed),
                    [only] if rest.modules.apart(only, &it.source).is_none())
    };
    let depends = |it: &Linked| object.before.needed.iter().any(|needed| comes_with(it, needed));
    let comes = |it: &Linked| rest.made.contains(&it.source) || depends(it);
    let exported = others().any(|it| it.after.exported.contains(name) && comes(it));
    if exported || rest.globals.exports(name) {
        return Ok(());
    }
    let which = match apart {
        Some(why) if given => format!("which may not be there: {why}"),
        _ => "which the patch does not define and the tree does not export".to_owned(),
    };
    Err(fault(object, format!("needs {name} now, {which}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Module;

    fn symbols(needed: &[&str], given: &[&str], exported: &[&str]) -> Symbols {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Symbols { needed: set(needed), given: set(given), exported: set(exported) }
    }

    /// What is said of the objects of `a.c`, `b.c`, … with these symbols in a tree that
    /// exports `known`, has a function `taken`, and links `a.c` and `b.c` together.
    fn said(objects: Vec<(Symbols, Symbols)>) -> String {
        let tree = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            (
                "a.c",
                "EXPORT_SYMBOL_GPL( known);\n#define EXPORT_SYMBOL (x)\nint shared(void)\n{\n}\n",
            ),
            ("a.h", "EXPORT_SYMBOL(other);\n"),
            ("z.c", "int taken(void)\n{\n}\nstatic int own(void)\n{\n}\n"),
            ("Makefile", "m-y := a.o b.o\n"),
        ] {
            std::fs::write(tree.path().join(name), text).expect("a file");
        }
        let files = ["a.c", "b.c"].map(str::to_owned).to_vec();
        let ways = vec![vec![Vec::new()]; files.len()];
        let (name, folder) = ("m".to_owned(), String::new());
        let module = Module { name, folder, files, ways, option: None };
        let rest = Rest {
            globals: &Globals::new(tree.path()),
            modules: &Modules::of(vec![module]),
            made: BTreeSet::new(),
        };
        let target =
            |(_, after): &(Symbols, Symbols)| after.given.iter().find(|it| *it != "show").cloned();
        let claim = Claim {
            helper: objects.iter().find_map(target).filter(|it| it != "odd"),
            helper_path: Some("a.c".to_owned()),
            ..Claim::default()
        };
        let sources = ["a.c", "b.c", "c.c"].map(str::to_owned);
        let linked = |(source, (before, after))| Linked { source, before, after };
        let objects: Vec<Linked> = sources.clone().into_iter().zip(objects).map(linked).collect();
        match check(&claim, &objects, &sources.into(), &rest) {
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
    fn one_object_may_need_what_another_gives_that_is_always_linked_with_it() {
        let nothing = || symbols(&[], &[], &[]);
        let user = || (nothing(), symbols(&["shared"], &[], &[]));
        let giver = || (nothing(), symbols(&[], &["shared"], &[]));
        assert_eq!(said(vec![giver(), user()]), "");
        assert_ne!(said(vec![user()]), "");
        let nobody = || (nothing(), nothing());
        assert_eq!(said(vec![nobody(), user()]), "", "a file of the driver has it");
        assert_ne!(said(vec![nobody(), nobody(), user()]), "", "it is another driver");
        let apart = said(vec![giver(), (nothing(), nothing()), user()]);
        assert_eq!(
            apart,
            "c.c: needs shared now, which may not be there: no Kbuild file says what c.c is linked into"
        );
        let init = || (symbols(&[], &["init_module"], &[]), symbols(&[], &["init_module"], &[]));
        assert_eq!(said(vec![init(), (nothing(), nothing()), init()]), "");
        let had = |name: &str| (symbols(&[name], &[], &[]), nothing());
        assert_eq!(said(vec![had("shared"), user()]), "", "the driver has it from elsewhere");
        assert_ne!(said(vec![had("shared"), (nothing(), nothing()), user()]), "");
    }

    #[test]
    fn a_module_gets_what_another_exports_that_it_cannot_do_without() {
        let nothing = || (symbols(&[], &[], &[]), symbols(&[], &[], &[]));
        let core = |after: &[&str]| {
            (symbols(&[], &["show"], &["show"]), symbols(&[], &["show", "shared"], after))
        };
        let user = |before: &[&str]| (symbols(before, &[], &[]), symbols(&["shared"], &[], &[]));
        let exported = || core(&["show", "shared"]);
        assert_eq!(said(vec![exported(), nothing(), user(&["printk", "show"])]), "");
        for (core, user) in [(exported(), user(&["printk"])), (core(&["show"]), user(&["show"]))] {
            let found = said(vec![core, nothing(), user]);
            assert!(found.starts_with("c.c: needs shared now, which may not be there"), "{found}");
        }
    }

    #[test]
    fn a_function_that_becomes_visible_has_a_name_of_its_own() {
        let nothing = || symbols(&[], &[], &[]);
        let giver = |name: &str| (nothing(), symbols(&[], &[name], &[]));
        assert_eq!(said(vec![giver("shared")]), "");
        assert_eq!(said(vec![giver("own")]), "", "another one is static");
        assert_eq!(said(vec![giver("taken")]), "a.c: z.c has a function taken for all, too");
        assert_eq!(
            said(vec![giver("shared"), giver("shared")]),
            "a.c: b.c has a function shared for all, too"
        );
        assert_eq!(said(vec![giver("odd")]), "a.c: odd is visible to other files now");
        assert_eq!(
            said(vec![(nothing(), nothing()), giver("shared")]),
            "b.c: shared is visible to other files now"
        );
        let was = |name: &str| (symbols(&[], &[name], &[]), nothing());
        assert_eq!(said(vec![giver("shared"), was("shared")]), "");
        let third = said(vec![giver("shared"), (nothing(), nothing()), was("shared")]);
        assert!(third.starts_with("a.c: has shared now, which may be missing: "), "{third}");
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
