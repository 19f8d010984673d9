//! Builds objects of the working copy with the kernel's own make, at `W=1`.

use crate::workspace::Workspace;
use drvdedup::verify::build::{Diagnostic, new_diagnostics, parse};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A configured build folder.
pub struct Build {
    source: PathBuf,
    folder: PathBuf,
}

/// What one make said.
pub struct Built {
    /// The `.c` files whose objects exist afterwards.
    pub built: BTreeSet<String>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Build {
    /// Configures the working copy. It has its own build folder: the commands
    /// that make remembers hold the path of the source.
    pub fn prepare(workspace: &Workspace) -> Build {
        let build = Build { source: workspace.source().to_owned(), folder: workspace.build() };
        fs::create_dir_all(&build.folder).expect("a build folder can be made");
        fs::copy(workspace.configuration(), build.folder.join(".config"))
            .unwrap_or_else(|e| panic!("{}: {e}", workspace.configuration().display()));
        let status = build
            .make()
            .args(["olddefconfig", "prepare", "modules_prepare"])
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("make starts").success(), "the kernel cannot be prepared");
        build
    }

    /// Compiles the object of every `.c` file of `files` anew.
    pub fn objects(&self, files: &[String]) -> Built {
        let objects: Vec<String> = files
            .iter()
            .filter_map(|file| file.strip_suffix(".c"))
            .map(|stem| format!("{stem}.o"))
            .collect();
        for object in &objects {
            // What is up to date says nothing.
            let path = self.folder.join(object);
            assert!(!path.exists() || fs::remove_file(&path).is_ok(), "{}", path.display());
        }
        let output = self.make().args(["-k", "W=1"]).args(&objects).output().expect("make starts");
        let built = files
            .iter()
            .filter(|file| {
                let stem = file.strip_suffix(".c");
                stem.is_some_and(|stem| self.folder.join(format!("{stem}.o")).exists())
            })
            .cloned()
            .collect();
        let text = [output.stdout, output.stderr].concat();
        Built { built, diagnostics: parse(&text, &[&self.source.to_string_lossy()]) }
    }

    /// Those of `headers` that the object of a `.c` file was made of, as make remembers.
    pub fn read_by(&self, file: &str, headers: &[String]) -> Vec<String> {
        let path = Path::new(file).with_extension("o");
        let name = path.file_name().expect("a file").to_string_lossy();
        let command = self.folder.join(&path).with_file_name(format!(".{name}.cmd"));
        let text = fs::read_to_string(command).unwrap_or_default();
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_read = |header: &&String| words.iter().any(|word| word.ends_with(header.as_str()));
        headers.iter().filter(is_read).cloned().collect()
    }

    /// The bytes of an object that was compiled.
    pub fn object(&self, object: &str) -> Vec<u8> {
        let path = self.folder.join(object);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn make(&self) -> Command {
        let jobs = std::thread::available_parallelism().map_or(1, |count| count.get());
        let mut make = Command::new("make");
        make.arg("-s").arg(format!("-j{jobs}")).arg("-C").arg(&self.source);
        make.arg(format!("O={}", self.folder.display())).env("LC_ALL", "C");
        // Kbuild takes LC_ALL away from what it runs.
        make.env("LANG", "C").env_remove("LC_CTYPE").env_remove("LC_MESSAGES");
        // Inside `cargo test` under make, its own flags are not for the kernel.
        make.env_remove("MAKEFLAGS").env_remove("MFLAGS");
        make
    }
}

impl Built {
    /// What is worse in `files` than it was `before`, one line each: an object
    /// that is missing and was there, a warning that is new.
    pub fn faults(&self, before: &Built, files: &[String]) -> Vec<String> {
        // Messages about other files do no harm: they only excuse themselves.
        let new = new_diagnostics(&before.diagnostics, &self.diagnostics);
        let mut faults: Vec<String> = new.iter().map(ToString::to_string).collect();
        let missing = before.built.difference(&self.built).filter(|file| files.contains(file));
        faults.extend(missing.map(|file| format!("{file}: no longer built")));
        faults
    }
}
