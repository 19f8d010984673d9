//! The store on a real folder: proposals, decisions, apply, undo, and what is left
//! of them after a crash or on a full disk.

mod apply;
mod bad_input;
mod crash;
mod kept;
mod killed;
mod proposals;
mod rebase;
mod uncommitted;

use drvdedup::generate::Patch;
use drvdedup::store::{Proposal, Store};
use drvdedup::tree::content_hash;
use drvdedup::verify::Verdict;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// In memory where that can be: thousands of flushes of a busy disk take minutes.
fn temporary_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A tree in a folder of its own.
struct Tree {
    folder: TempDir,
}

/// Bytes and permission bits of every file, by path.
type Contents = BTreeMap<String, (Vec<u8>, u32)>;

impl Tree {
    fn new(files: &[(&str, &str)]) -> Tree {
        let tree = Tree { folder: temporary_folder() };
        for (path, text) in files {
            tree.write(path, text);
        }
        Store::create(tree.path()).unwrap();
        tree
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn store(&self) -> Store {
        Store::open(self.path()).unwrap()
    }

    /// Stores a proposal that replaces a text by another in some files; the empty
    /// text is that of a file that is not there.
    fn propose(&self, id: &str, changes: &[(&str, &str, &str)]) {
        let new = self.proposal(id, changes);
        self.store().replace_proposals(&|_| false, &[new]).unwrap();
    }

    fn proposal(&self, id: &str, changes: &[(&str, &str, &str)]) -> (Proposal, Vec<u8>) {
        let texts: Vec<(String, String, String)> = changes
            .iter()
            .map(|(path, from, to)| {
                let before = fs::read_to_string(self.path().join(path)).unwrap_or_default();
                assert!(before.contains(from), "{path} has no {from}");
                let after =
                    if from.is_empty() { (*to).to_owned() } else { before.replace(from, to) };
                ((*path).to_owned(), before, after)
            })
            .collect();
        let files: Vec<_> =
            texts.iter().map(|(p, b, a)| (p.clone(), b.as_bytes(), a.as_bytes())).collect();
        let patch = Patch::between(&files);
        let base = texts
            .iter()
            .filter(|(_, before, _)| !before.is_empty())
            .map(|(path, before, _)| (path.clone(), content_hash(before.as_bytes())))
            .collect();
        let proposal = Proposal {
            id: id.to_owned(),
            group: id.to_owned(),
            rewrite: "test".to_owned(),
            strategy: "procedural-abstraction".to_owned(),
            files: patch.files.clone(),
            lines_added: patch.lines_added,
            lines_removed: patch.lines_removed,
            patch: String::new(),
            verdict: Verdict::Expands,
            notes: Vec::new(),
            subject: String::new(),
            message: String::new(),
            base,
            claim: None,
            proof: None,
            edited: false,
            named: false,
        };
        (proposal, patch.text)
    }

    /// The tree without the store.
    fn sources(&self) -> Contents {
        let mut contents = self.contents();
        contents.retain(|path, _| !path.starts_with(".drvdedup"));
        contents
    }

    /// The tree and the stored proposals and decisions.
    fn sources_and_proposals(&self) -> Contents {
        let mut contents = self.contents();
        contents.retain(|path, _| {
            !path.starts_with(".drvdedup") || path.starts_with(".drvdedup/proposals")
        });
        contents
    }

    fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(self.path()).unwrap().to_str().unwrap().to_owned();
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
                contents.insert(name, (fs::read(&path).unwrap(), mode));
            }
        }
        contents
    }
}

/// The program, to be run on the tree.
fn program(tree: &Tree, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drvdedup"));
    command.args(args).current_dir(tree.path()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code of a program that has ended, and what it said on standard error.
fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A function of a driver, with a blank line after it.
fn function(name: &str) -> String {
    format!("static int {name}(struct dev *d)\n{{\n\td->{name} = 1;\n\n\treturn 0;\n}}\n\n")
}
