//! What Kbuild files were looked for and found on the way, so that a later run can tell
//! whether it would find the same.

use crate::tree::read::read_into;
use crate::tree::stamp::stamp_of;
use crate::tree::{Stamp, TreePath};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::string::FromUtf8Error;
use std::time::SystemTime;

/// Makefiles of more bytes are not read; the largest of Linux 6.1 has 32,166.
const MAX_MAKEFILE: u64 = 1 << 20;

/// What was found in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Look {
    /// Whether a file is there, whatever it holds.
    File(bool),
    /// Whether a folder is there.
    Folder(bool),
    /// A makefile, if one is there.
    Makefile(Option<Stamp>),
}

impl Look {
    /// What is found there now, looked at as before.
    fn again(self, path: &Path) -> Look {
        match self {
            Look::File(_) => Look::File(path.is_file()),
            Look::Folder(_) => Look::Folder(path.is_dir()),
            Look::Makefile(_) => Look::Makefile(stamp_of(path)),
        }
    }
}

/// Looks at the disk from the top of a tree, and notes what it found.
pub(super) struct Disk<'t> {
    root: &'t Path,
    looks: RefCell<Vec<(TreePath, Look)>>,
}

impl<'t> Disk<'t> {
    /// Of the tree at `root`.
    pub fn new(root: &'t Path) -> Disk<'t> {
        Disk { root, looks: RefCell::default() }
    }

    /// Whether `path` is a file.
    pub fn is_file(&self, path: &str) -> bool {
        let found = self.root.join(path).is_file();
        self.looks.borrow_mut().push((path.to_owned(), Look::File(found)));
        found
    }

    /// Whether `path` is a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        let found = self.root.join(path).is_dir();
        self.looks.borrow_mut().push((path.to_owned(), Look::Folder(found)));
        found
    }

    /// The text of the makefile at `path`; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn makefile(&self, path: &str) -> io::Result<Option<String>> {
        let place = self.root.join(path);
        // Before it is read: what changes after that has another stamp.
        let stamp = stamp_of(&place);
        self.looks.borrow_mut().push((path.to_owned(), Look::Makefile(stamp)));
        read_makefile(&place)
    }

    /// What was looked at, and what was found.
    pub fn looks(self) -> Looks {
        Looks(self.looks.into_inner())
    }
}

/// See the module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Looks(Vec<(TreePath, Look)>);

impl Looks {
    /// Those of both.
    pub fn append(&mut self, mut others: Looks) {
        self.0.append(&mut others.0);
    }

    /// Sorts them, each once.
    pub fn sort(&mut self) {
        self.0.par_sort_unstable();
        self.0.dedup();
    }

    /// Whether all makefiles had come to rest at `time`: one that has not may change
    /// again without its stamp telling.
    pub fn settled_at(&self, time: SystemTime) -> bool {
        let settled = |(_, look): &(TreePath, Look)| match look {
            Look::Makefile(Some(stamp)) => stamp.settled_at(time),
            _ => true,
        };
        self.0.iter().all(settled)
    }

    /// Whether all of it would be found again below `root`.
    pub fn hold(&self, root: &Path) -> bool {
        self.0.par_iter().all(|(path, look)| look.again(&root.join(path)) == *look)
    }
}

/// The text of a makefile; `None` where there is none.
fn read_makefile(path: &Path) -> io::Result<Option<String>> {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
    let mut text = Vec::new();
    match read_into(path, MAX_MAKEFILE, &mut text) {
        Ok(()) => {}
        // A folder of that name, or whatever is no file, is no makefile.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | InvalidInput) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let lossy = |error: FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    Ok(Some(String::from_utf8(text).unwrap_or_else(lossy)))
}
