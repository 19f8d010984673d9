//! Which objects are linked together whatever the configuration: a function that one
//! file has and another one calls must be there wherever the caller is.
//!
//! In: the drivers that Kbuild files name, and under which options each has which file. In
//! doubt two objects are apart.

use crate::tree::{Drivers, Module, TreePath};
use std::collections::BTreeSet;

/// The drivers that touched files are linked into.
#[derive(Debug, Default)]
pub(super) struct Modules {
    modules: Vec<Module>,
}

impl Modules {
    /// Those of `touched`.
    pub fn new(touched: &BTreeSet<TreePath>, drivers: Option<&Drivers>) -> Modules {
        let all = drivers.map(Drivers::modules).unwrap_or_default().iter();
        let ours = all.filter(|it| it.files.iter().any(|file| touched.contains(file)));
        Modules { modules: ours.cloned().collect() }
    }

    /// Drivers that a test makes up.
    #[cfg(test)]
    pub fn of(modules: Vec<Module>) -> Modules {
        Modules { modules }
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
            let together = module.has_always(giver, Some(user));
            let name = &module.name;
            let why = || format!("{name} may link {user} without {giver}, by its Kbuild file");
            (!together).then(why)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_that_links_the_user_alone_keeps_both_apart() {
        let module = |name: &str, files: &[(&str, &[&str])]| {
            let way = |it: &&[&str]| vec![it.iter().map(|it| (*it).to_owned()).collect()];
            Module {
                name: name.to_owned(),
                folder: "d".to_owned(),
                files: files.iter().map(|(file, _)| (*file).to_owned()).collect(),
                ways: files.iter().map(|(_, conditions)| way(conditions)).collect(),
                option: None,
            }
        };
        let always: &[&str] = &[];
        let both = || module("m", &[("d/a.c", always), ("d/b.c", always)]);
        let two = Modules::of(vec![both(), module("n", &[("d/b.c", always)])]);
        assert_eq!(two.apart("d/a.c", "d/b.c"), None);
        let why = two.apart("d/b.c", "d/a.c");
        assert_eq!(why.as_deref(), Some("n links d/b.c and not d/a.c"));
        assert_eq!((two.count("d/b.c"), two.count("d/x.c")), (2, 0));
        let optional = module("m", &[("d/a.c", &["$(CONFIG_A)"]), ("d/b.c", always)]);
        let optional = Modules::of(vec![optional]);
        assert_eq!(optional.apart("d/a.c", "d/b.c"), None);
        let why = optional.apart("d/b.c", "d/a.c");
        assert_eq!(why.as_deref(), Some("m may link d/b.c without d/a.c, by its Kbuild file"));
        assert_ne!(Modules::default().apart("d/b.c", "d/a.c"), None);
    }
}
