//! Which objects are linked together whatever the configuration: a function that one
//! file has and another one calls must be there wherever the caller is.
//!
//! In: the drivers that Kbuild files name, with every option taken as set, and the text
//! of those Kbuild files, which says under which options. In doubt two objects are apart.

use crate::tree::{Drivers, Module, TreePath, parent};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The drivers that touched files are linked into.
#[derive(Debug, Default)]
pub(super) struct Modules {
    root: PathBuf,
    modules: Vec<Module>,
}

impl Modules {
    /// Those of `touched` in the tree at `root`.
    pub fn new(root: &Path, touched: &BTreeSet<TreePath>, drivers: Option<&Drivers>) -> Modules {
        let all = drivers.map(Drivers::modules).unwrap_or_default().iter();
        let ours = all.filter(|it| it.files.iter().any(|file| touched.contains(file)));
        Modules { root: root.to_owned(), modules: ours.cloned().collect() }
    }

    /// Drivers that a test makes up.
    #[cfg(test)]
    pub fn of(root: &Path, modules: Vec<Module>) -> Modules {
        Modules { root: root.to_owned(), modules }
    }

    fn owners(&self, source: &str) -> Vec<&Module> {
        let has = |it: &&Module| it.files.iter().any(|file| file == source);
        self.modules.iter().filter(has).collect()
    }

    /// In how many drivers the object of `source` is linked.
    pub fn count(&self, source: &str) -> usize {
        self.owners(source).len()
    }

    /// Why the object of `user` may be linked where that of `giver` is not; `None` when
    /// that never happens.
    pub fn apart(&self, user: &str, giver: &str) -> Option<String> {
        let owners = self.owners(user);
        if owners.is_empty() {
            return Some(format!("no Kbuild file says what {user} is linked into"));
        }
        owners.into_iter().find_map(|module| {
            if !module.files.iter().any(|file| file == giver) {
                return Some(format!("{} links {user} and not {giver}", module.name));
            }
            let folder = self.root.join(&module.folder);
            let makefile = makefile_of(&folder, MOST_INCLUDED);
            let is_listed = |text: &String| !listed(text, &object(user)).is_empty();
            // A Kbuild file that is put together of others' lists; one of those is their
            // folder's.
            let of_folder = || {
                let folder = parent(user).filter(|folder| Some(*folder) == parent(giver))?;
                makefile_of(&self.root.join(folder), 0)
            };
            let makefile = makefile.filter(is_listed).or_else(of_folder);
            let together = makefile.is_some_and(|text| {
                always_together(&text, &module.name, &object(user), &object(giver))
            });
            let name = &module.name;
            let why = || format!("{name} may link {user} without {giver}, by its Kbuild file");
            (!together).then(why)
        })
    }
}

/// How deep Kbuild files include others.
const MOST_INCLUDED: usize = 8;

/// The text of a folder's Kbuild file, with those that it includes `depth` deep.
fn makefile_of(folder: &Path, depth: usize) -> Option<String> {
    let names = ["Kbuild", "Makefile"].into_iter();
    names.map(Path::new).find_map(|name| with_included(folder, name, depth))
}

/// The text of a Kbuild file, with those in the place of its lines that it includes from its
/// own folder. One that is not there says nothing: what only it lists is not found.
fn with_included(folder: &Path, name: &Path, depth: usize) -> Option<String> {
    let text = fs::read_to_string(folder.join(name)).ok()?;
    let included = |line: &str| {
        let path = line.trim().strip_prefix("include ")?.trim();
        let path = path.strip_prefix("$(srctree)/").unwrap_or(path);
        let path = path.strip_prefix("$(src)/").filter(|it| !it.contains(['$', ' ']))?;
        with_included(folder, Path::new(path), depth.checked_sub(1)?)
    };
    let lines = text.lines().map(|line| included(line).unwrap_or_else(|| line.to_owned()));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The name of a C file's object, without its folder.
fn object(source: &str) -> String {
    let name = source.rsplit('/').next().unwrap_or_default();
    format!("{}.o", name.strip_suffix(".c").unwrap_or(name))
}

/// A word of a list of objects.
struct Listed {
    /// The list (`axf-$(CONFIG_AXF)`).
    list: String,
    /// The conditionals that it stands in, outermost first.
    conditions: Vec<String>,
}

/// Whether each list that names `user` also names `giver`, under no more conditions, or
/// `giver` is always linked into `module`.
fn always_together(makefile: &str, module: &str, user: &str, giver: &str) -> bool {
    let (users, givers) = (listed(makefile, user), listed(makefile, giver));
    let always = ["y", "objs"].map(|end| format!("{module}-{end}"));
    let with = |user: &Listed| {
        givers.iter().any(|giver| {
            let same = giver.list == user.list && user.conditions.starts_with(&giver.conditions);
            same || giver.conditions.is_empty() && always.contains(&giver.list)
        })
    };
    !users.is_empty() && users.iter().all(with)
}

/// Where a makefile puts `object` into a list.
fn listed(makefile: &str, object: &str) -> Vec<Listed> {
    let mut conditions: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for line in makefile.replace("\\\n", " ").lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let word = line.split([' ', '\t', '(']).next().unwrap_or_default();
        match word {
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => conditions.push(line.to_owned()),
            "else" => {
                if let Some(last) = conditions.last_mut() {
                    last.push_str(" else");
                }
            }
            "endif" => drop(conditions.pop()),
            _ => {
                let Some((list, objects)) = line.split_once('=') else { continue };
                let list = list.trim_end_matches([':', '+', '?', ' ', '\t']).to_owned();
                let named = |word: &str| word.rsplit(['/', '(']).next() == Some(object);
                let words = objects.split([' ', '\t', ')', ',']);
                let here = words.filter(|word| named(word));
                let listed =
                    here.map(|_| Listed { list: list.clone(), conditions: conditions.clone() });
                found.extend(listed);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(makefile: &str, expected: bool) {
        assert_eq!(always_together(makefile, "m", "b.o", "a.o"), expected, "{makefile}");
    }

    #[test]
    fn objects_of_one_list_are_together_and_those_of_an_option_are_not() {
        check("obj-m += m.o\nm-y := a.o \\\n\tb.o\n", true);
        check("m-objs := a.o\nm-$(CONFIG_B) += sub/b.o\n", true);
        check("m-y := b.o\nm-$(CONFIG_A) += a.o\n", false);
        check("m-$(CONFIG_X) += a.o b.o\n", true);
        check("m-$(CONFIG_X) += b.o\nm-$(CONFIG_Y) += a.o\n", false);
        check("m-y := b.o # a.o\n", false);
        check("m-y := a.o\n", false);
        check("other-y := a.o\nm-$(X) := b.o\n", false);
    }

    #[test]
    fn a_conditional_of_the_makefile_is_an_option() {
        check("m-y := b.o\nifdef CONFIG_A\nm-y += a.o\nendif\n", false);
        check("ifeq ($(X),y)\nm-y := a.o b.o\nendif\n", true);
        check("ifeq ($(X),y)\nm-y := a.o\nelse\nm-y := b.o\nendif\n", false);
        check("m-y := a.o\nifdef CONFIG_B\nm-y += b.o\nendif\n", true);
        check("F := $(addprefix x/,a.o b.o)\nm-y := $(F)\n", true);
    }

    #[test]
    fn a_driver_that_links_the_user_alone_keeps_both_apart() {
        let tree = tempfile::tempdir().expect("a folder");
        fs::create_dir(tree.path().join("d")).expect("a folder");
        fs::write(tree.path().join("d/Makefile"), "m-y := a.o b.o\nn-y := b.o\n").expect("a file");
        let module = |name: &str, files: &[&str]| Module {
            name: name.to_owned(),
            folder: "d".to_owned(),
            files: files.iter().map(|it| (*it).to_owned()).collect(),
        };
        let modules = vec![module("m", &["d/a.c", "d/b.c"]), module("n", &["d/b.c"])];
        let two = Modules::of(tree.path(), modules);
        assert_eq!(two.apart("d/a.c", "d/b.c"), None);
        let why = two.apart("d/b.c", "d/a.c");
        assert_eq!(why.as_deref(), Some("n links d/b.c and not d/a.c"));
        let optional = "m-y := b.o\nm-$(CONFIG_A) += a.o\n";
        fs::write(tree.path().join("d/Kbuild"), optional).expect("a file");
        let why = two.apart("d/b.c", "d/a.c");
        assert_eq!(why.as_deref(), Some("m may link d/b.c without d/a.c, by its Kbuild file"));
        let including = "include $(src)/e/Kbuild\nm-y += $(e-y)\n";
        fs::write(tree.path().join("d/Kbuild"), including).expect("a file");
        assert_ne!(two.apart("d/a.c", "d/b.c"), None);
        fs::create_dir(tree.path().join("d/e")).expect("a folder");
        fs::write(tree.path().join("d/e/Kbuild"), "e-y := a.o\ne-y += b.o\n").expect("a file");
        assert_eq!(two.apart("d/a.c", "d/b.c"), None);
        // One that is put together of the lists of folders: what stands in one list there.
        fs::write(tree.path().join("d/Kbuild"), "m-y := $(LISTS)\n").expect("a file");
        fs::write(tree.path().join("d/Makefile"), "LIST = a.o b.o\n").expect("a file");
        assert_ne!(two.apart("d/a.c", "d/b.c"), None, "the first of the two counts");
        fs::create_dir(tree.path().join("d/f")).expect("a folder");
        fs::write(tree.path().join("d/f/Makefile"), "LIST = a.o b.o\n").expect("a file");
        let modules = vec![module("m", &["d/f/a.c", "d/f/b.c", "d/f/c.c", "d/b.c"])];
        let far = Modules::of(tree.path(), modules);
        assert_eq!(far.apart("d/f/a.c", "d/f/b.c"), None);
        assert_ne!(far.apart("d/f/a.c", "d/f/c.c"), None, "it is in no list");
        assert_ne!(far.apart("d/f/a.c", "d/b.c"), None, "it is in another folder");
        assert_eq!((two.count("d/b.c"), two.count("d/x.c")), (2, 0));
        assert_ne!(Modules::default().apart("d/b.c", "d/a.c"), None);
    }
}
