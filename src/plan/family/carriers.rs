//! Which objects can hold a constant for the functions that are handed them: data in TOML,
//! ours and the user's.

use crate::overrides::{OverrideError, user_files};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// An object whose functions are handed the object itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowKind {
    /// Its tag.
    #[serde(rename = "struct")]
    pub tag: String,
    /// What its variable is called, by the attribute's `{name}`.
    pub variable: String,
    /// The member whose address the functions are handed; empty where it is the whole.
    #[serde(default)]
    pub attribute: String,
    /// The header that declares it.
    #[serde(default)]
    pub header: Option<String>,
    /// The folder for whose files it is, which may include that header for it.
    #[serde(default)]
    pub folder: Option<String>,
    /// The member that may hold a constant.
    #[serde(default)]
    pub slot: Option<String>,
    /// How a function reads that, by its parameter `{attr}`.
    #[serde(default)]
    pub reads: Option<String>,
    /// How a function reads it where it is a pointer, to a row of a table.
    #[serde(default)]
    pub points: Option<String>,
    /// Fewest lines that must go for each object that becomes this.
    #[serde(default)]
    pub saves: i64,
    /// Fewest objects that may become this, where the file has none of it.
    #[serde(default)]
    pub fewest: usize,
    /// Words of what reads it.
    #[serde(default)]
    pub readers: Vec<String>,
    /// Its declaration, where no macro makes it.
    #[serde(default)]
    pub writes: Option<String>,
    /// The least value that the member keeps on every machine.
    #[serde(default)]
    pub least: i64,
    /// The greatest.
    #[serde(default)]
    pub most: i64,
    /// The objects that it may become where it has no such member.
    #[serde(default)]
    pub becomes: Vec<String>,
}

/// A macro that declares an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declarer {
    /// Its name.
    #[serde(rename = "macro")]
    pub name: String,
    /// The tag of what it declares.
    pub of: String,
    /// What each argument is: `name`, `mode`, `show`, `store`, `data`, or `func`, of which
    /// the macro makes the names of functions.
    pub arguments: Vec<String>,
    /// The mode, where it is no argument.
    #[serde(default)]
    pub mode: Option<String>,
    /// The function that reads the attribute, where it is no argument.
    #[serde(default)]
    pub show: Option<String>,
    /// The function that writes it.
    #[serde(default)]
    pub store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    row: Vec<RowKind>,
    #[serde(default)]
    declaration: Vec<Declarer>,
}

/// All objects and macros that are known.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    rows: Vec<RowKind>,
    declarers: Vec<Declarer>,
}

impl Carriers {
    /// Ours, extended by those in the subfolder `carriers` of each of `folders`; the last
    /// of one tag, or of one macro, counts.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or that says something else.
    pub fn load(folders: &[PathBuf]) -> Result<Carriers, OverrideError> {
        let mut carriers = Carriers::default();
        carriers.add(Path::new("carriers.toml"), include_str!("carriers.toml"))?;
        for folder in folders {
            let files = user_files(folder, "carriers", "toml")
                .map_err(|source| OverrideError::Read { path: folder.clone(), source })?;
            for (path, text) in files {
                carriers.add(&path, &text)?;
            }
        }
        Ok(carriers)
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), OverrideError> {
        let list: List = toml::from_str(text).map_err(|error| OverrideError::Parse {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        self.rows.retain(|known| !list.row.iter().any(|row| row.tag == known.tag));
        self.rows.extend(list.row);
        let is_again = |known: &Declarer| list.declaration.iter().any(|it| it.name == known.name);
        self.declarers.retain(|known| !is_again(known));
        self.declarers.extend(list.declaration);
        Ok(())
    }

    /// The object of this tag.
    pub fn row(&self, tag: &str) -> Option<&RowKind> {
        self.rows.iter().find(|row| row.tag == tag)
    }

    /// The macro of this name.
    pub fn declarer(&self, name: &[u8]) -> Option<&Declarer> {
        self.declarers.iter().find(|it| it.name.as_bytes() == name)
    }

    /// The macros that declare objects of this tag, those with the fewest arguments first.
    pub fn declarers_of(&self, tag: &str) -> Vec<&Declarer> {
        let mut found: Vec<&Declarer> = self.declarers.iter().filter(|it| it.of == tag).collect();
        found.sort_by_key(|it| it.arguments.len());
        found
    }

    /// Every word by which a file reads what an object holds beside the attribute.
    pub fn readers(&self) -> impl Iterator<Item = &str> {
        let of_row = |row: &'_ RowKind| row.slot.is_some();
        let rows = self.rows.iter().filter(move |row| of_row(row));
        rows.flat_map(|row| row.readers.iter().chain([&row.tag])).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_is_known_and_a_users_list_comes_later() {
        let carriers = Carriers::load(&[]).expect("our own");
        for declarer in &carriers.declarers {
            assert!(carriers.row(&declarer.of).is_some(), "{}", declarer.name);
        }
        for row in &carriers.rows {
            let is_there = |tag: &String| carriers.row(tag).is_some_and(|it| it.slot.is_some());
            assert!(row.becomes.iter().all(is_there), "{}", row.tag);
            assert_eq!(row.slot.is_some(), row.reads.is_some(), "{}", row.tag);
        }
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path().join("carriers");
        std::fs::create_dir(&folder).expect("a folder");
        let text = "[[declaration]]\nmacro = \"DEVICE_ATTR_RO\"\nof = \"iio_dev_attr\"\narguments = [\"name\"]\n";
        std::fs::write(folder.join("ours.toml"), text).expect("a file");
        let more = Carriers::load(&[dir.path().to_owned()]).expect("two lists");
        let of = more.declarer(b"DEVICE_ATTR_RO").map(|it| it.of.as_str());
        assert_eq!(of, Some("iio_dev_attr"));
        std::fs::write(folder.join("bad.toml"), "[[row]]\n").expect("a file");
        let error = Carriers::load(&[dir.path().to_owned()]).expect_err("no list").to_string();
        assert!(error.contains("bad.toml"), "{error}");
    }
}
