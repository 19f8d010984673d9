//! What a patch may do that makes a module, and what it may not.

use super::*;
use crate::syntax::decl::{Unit as Names, Universe};
use std::sync::Arc;

/// Drivers that depend each on the option of its file's name.
struct Options;

impl Scope for Options {
    fn unit(&self, path: &str, text: &[u8]) -> Arc<Names> {
        Arc::new(Universe::new(std::path::PathBuf::new())).unit_of(path, text.into(), &[])
    }

    fn are_in_one_module(&self, path: &str, other: &str) -> bool {
        path == other
    }

    fn option(&self, path: &str) -> Option<String> {
        let name = path.strip_prefix("d/")?.strip_suffix(".c")?;
        (name != "odd").then(|| name.to_uppercase())
    }

    fn text(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn exported_with(&self, _: &str) -> BTreeSet<String> {
        BTreeSet::new()
    }
}

const KBUILD: &str = "obj-$(CONFIG_A) += a.o\nobj-$(CONFIG_B) += b.o\n";
const KCONFIG: &str = "menu \"D\"\n\nconfig A\n\ttristate \"a\"\n\thelp\n\t  a\n\nconfig B\n\ttristate \"b\"\n\tdepends on X\n\nendmenu\n";
const USER: &str = "#include <linux/io.h>\n\nint run(void);\n";
const SOURCE: &str = "// SPDX-License-Identifier: GPL-2.0\n/* Both */\n\n#include <linux/module.h>\n\n#include \"ab.h\"\n\nint both(int x)\n{\n\treturn x;\n}\nEXPORT_SYMBOL_GPL(both);\n\nMODULE_DESCRIPTION(\"Both\");\nMODULE_LICENSE(\"GPL\");\n";
const HEADER: &str = "#ifndef _AB_H\n#define _AB_H\n\n#include <linux/types.h>\n\nstruct ab;\n\nint both(int x);\n\n#endif\n";

fn files(texts: &[(&str, String)]) -> Files {
    texts.iter().map(|(path, text)| ((*path).to_owned(), text.clone().into_bytes())).collect()
}

fn before() -> Files {
    files(&[
        ("d/Makefile", KBUILD.to_owned()),
        ("d/Kconfig", KCONFIG.to_owned()),
        ("d/a.c", USER.to_owned()),
        ("d/b.c", USER.to_owned()),
    ])
}

fn after() -> Files {
    let user = || USER.replace(".h>\n", ".h>\n\n#include \"ab.h\"\n");
    let kconfig = KCONFIG
        .replace(
            "config A\n\ttristate \"a\"\n",
            "config AB\n\ttristate\n\nconfig A\n\ttristate \"a\"\n\tselect AB\n",
        )
        .replace("\tdepends on X\n", "\tdepends on X\n\tselect AB\n");
    files(&[
        ("d/Makefile", format!("obj-$(CONFIG_AB) += ab.o\n{KBUILD}")),
        ("d/Kconfig", kconfig),
        ("d/a.c", user()),
        ("d/b.c", user()),
        ("d/ab.c", SOURCE.to_owned()),
        ("d/ab.h", HEADER.to_owned()),
    ])
}

fn claim() -> Claim {
    let member = |path: &str| (path.to_owned(), "run".to_owned());
    Claim {
        members: vec![member("d/a.c"), member("d/b.c")],
        helper: Some("both".to_owned()),
        helper_path: Some("d/ab.c".to_owned()),
        ..Claim::default()
    }
}

#[test]
fn what_makes_the_module_is_taken_away_and_the_rest_is_left() {
    let sides = without(&before(), &after(), &claim(), Some(&Options)).expect("it is right");
    let Sides { before, after } = sides.expect("it makes files");
    let paths = |files: &Files| files.keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(paths(&before), "d/a.c d/ab.c d/ab.h d/b.c");
    assert_eq!(paths(&after), "d/a.c d/ab.c d/ab.h d/b.c");
    assert!(!text(&before, "d/ab.c").contains("both("), "the function is new");
    assert!(!text(&before, "d/ab.h").contains("both("), "so is its prototype");
    assert!(!text(&after, "d/a.c").contains("ab.h"));
    let none = without(&self::before(), &self::before(), &claim(), Some(&Options));
    assert!(none.is_ok_and(|sides| sides.is_none()), "no file is made");
}

#[test]
fn whatever_is_more_or_less_is_seen() {
    let cases = [
        ("d/Makefile", "+= ab.o", "+= ab.o c.o", "does not build the new module"),
        ("d/Makefile", "+= ab.o\n", "+= ab.o\nccflags-y += -DX\n", "more than one line"),
        ("d/Makefile", "obj-$(CONFIG_AB)", "obj-y", "does not build the new module"),
        ("d/Makefile", "(CONFIG_AB)", "(CONFIG_A)", "does not stand beside"),
        ("d/Kconfig", "\tdepends on X\n\tselect AB\n", "\tdepends on X\n", "B does not select AB"),
        ("d/Kconfig", "\tselect AB\n\thelp", "\tselect AB if X\n\thelp", "A does not select AB"),
        ("d/Kconfig", "config AB\n\ttristate\n", "config AB\n\tbool\n", "AB is no plain tristate"),
        ("d/Kconfig", "AB\n\ttristate\n", "AB\n\ttristate\n\tdepends on Y\n", "no plain tristate"),
        ("d/Kconfig", "depends on X", "depends on Y", "changed in more than AB"),
        ("d/Kconfig", "menu \"D\"\n", "menu \"D\"\n\nconfig C\n\tbool\n", "more than AB"),
        ("d/a.c", "#include \"ab.h\"\n", "", "does not include the new header once"),
        ("d/a.c", "#include \"ab.h\"\n", "#ifdef X\n#include \"ab.h\"\n#endif\n", "once, for all"),
        ("d/ab.c", "MODULE_LICENSE(\"GPL\");\n", "", "or no licence"),
        ("d/ab.c", "\nint both", "\nint more;\n\nint both", "more than the function"),
        ("d/ab.c", "int both(int x)", "int other(int x)", "more than the function"),
        ("d/ab.h", "struct ab;", "struct ab { int x; };", "more than the prototype"),
        ("d/ab.h", "int both(int x);\n", "", "more than the prototype"),
    ];
    for (path, from, to, expected) in cases {
        let mut after = after();
        let new = text(&after, path);
        assert_eq!(new.matches(from).count(), 1, "{path}: `{from}`");
        after.insert(path.to_owned(), new.replace(from, to).into_bytes());
        let found = without(&before(), &after, &claim(), Some(&Options));
        let said = found.err().map(|problem| problem.to_string()).unwrap_or_default();
        assert!(said.contains(expected), "{path}: `{from}` -> `{to}`: `{said}`");
    }
    let mut after = after();
    after.insert("d/more.c".to_owned(), Vec::new());
    assert!(without(&before(), &after, &claim(), Some(&Options)).is_err(), "a third file");
    let mut odd = claim();
    odd.members.push(("d/odd.c".to_owned(), "run".to_owned()));
    let said = without(&before(), &self::after(), &odd, Some(&Options)).err();
    assert!(said.is_some_and(|it| it.detail.contains("on which option")));
}
