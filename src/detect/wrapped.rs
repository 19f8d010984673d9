//! The lists of functions that drivers wrap: data in TOML, ours and the user's.

use super::hash::{fold, packed_text};
use crate::overrides::{OverrideError, user_files};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a function on the lists is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Access to the device.
    Io,
    /// A service of the kernel.
    Kernel,
    /// Taken before a call and given back after it.
    Pair,
    /// A print, a delay, a check.
    Support,
    /// Makes an argument out of another.
    Conversion,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    category: Vec<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Category {
    #[serde(rename = "name")]
    _name: String,
    role: Role,
    functions: Vec<String>,
}

/// The functions that drivers wrap, and those that stand beside them.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    exact: FxHashMap<Vec<u8>, Role>,
    /// Names with a `*` at one end or both.
    patterns: Vec<(Pattern, Role)>,
    /// Tells lists from others.
    pub digest: u64,
}

impl Lists {
    /// Our own lists, extended by those in the subfolder `wrapped` of each of
    /// `folders`; what a user's list names overrides ours.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or that is not a list.
    pub fn load(folders: &[PathBuf]) -> Result<Lists, OverrideError> {
        let mut lists = Lists::default();
        lists.add(Path::new("wrapped.toml"), include_str!("wrapped.toml"))?;
        for folder in folders {
            let files = user_files(folder, "wrapped", "toml")
                .map_err(|source| OverrideError::Read { path: folder.clone(), source })?;
            for (path, text) in files {
                lists.add(&path, &text)?;
            }
        }
        // The longest pattern is the most telling.
        lists.patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.part.len()));
        Ok(lists)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), OverrideError> {
        let list: List = toml::from_str(text).map_err(|error| OverrideError::Parse {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        for category in list.category {
            for name in category.functions {
                self.digest =
                    fold(self.digest ^ packed_text(name.as_bytes()) ^ category.role as u64);
                match Pattern::of(&name) {
                    Some(pattern) => self.patterns.push((pattern, category.role)),
                    None => drop(self.exact.insert(name.into_bytes(), category.role)),
                }
            }
        }
        Ok(())
    }

    /// What the function of this name is for, if it is on a list.
    pub fn role(&self, name: &[u8]) -> Option<Role> {
        if let Some(role) = self.exact.get(name) {
            return Some(*role);
        }
        self.patterns.iter().find(|(pattern, _)| pattern.fits(name)).map(|(_, role)| *role)
    }
}

/// A part of a name, and where the `*` stand.
#[derive(Clone, Debug)]
pub struct Pattern {
    part: Vec<u8>,
    /// Something may stand before the part, and behind it.
    open: (bool, bool),
}

impl Pattern {
    /// `None` for a name without `*`.
    pub fn of(name: &str) -> Option<Pattern> {
        let open = (name.starts_with('*'), name.ends_with('*'));
        let part = name.trim_matches('*').as_bytes().to_vec();
        (open.0 || open.1).then_some(Pattern { part, open })
    }

    /// Whether a name has the part where it may stand.
    pub fn fits(&self, name: &[u8]) -> bool {
        match self.open {
            (true, true) => memchr::memmem::find(name, &self.part).is_some(),
            (true, false) => name.ends_with(&self.part),
            _ => name.starts_with(&self.part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_role_of_its_list_and_a_users_list_comes_first() {
        let lists = Lists::load(&[]).expect("our own lists");
        assert_eq!(lists.role(b"readl"), Some(Role::Io));
        assert_eq!(lists.role(b"regmap_update_bits"), Some(Role::Io));
        assert_eq!(lists.role(b"vdpa_to_vduse"), Some(Role::Conversion));
        assert_eq!(lists.role(b"foo"), None);
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("wrapped");
        std::fs::create_dir(&folder).expect("a folder");
        let text =
            "[[category]]\nname = \"ours\"\nrole = \"io\"\nfunctions = [\"foo\", \"bar_*\"]\n";
        std::fs::write(folder.join("ours.toml"), text).expect("a file");
        let more = Lists::load(&[dir.path().to_owned()]).expect("two lists");
        assert_eq!(more.role(b"foo"), Some(Role::Io));
        assert_eq!(more.role(b"bar_read"), Some(Role::Io));
        assert_ne!(more.digest, lists.digest);
        std::fs::write(folder.join("bad.toml"), "[[category]]\nrole = 1\n").expect("a file");
        let error = Lists::load(&[dir.path().to_owned()]).expect_err("no list").to_string();
        assert!(error.contains("bad.toml"), "{error}");
    }
}
