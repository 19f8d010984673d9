//! Compiles the texts that proposals give to files, each text once. A file's object
//! depends on its text and on those of the headers that it reads, and most files have
//! one proposal: that one alone, all together and most subsets are the same texts.

use crate::build::{Build, Built};
use crate::workspace::Workspace;
use std::collections::{HashMap, HashSet};

/// The texts of the files that all proposals touch.
pub struct Texts {
    build: Build,
    files: Vec<String>,
    before: Built,
    /// The headers among the files that each object is made of.
    headers: HashMap<String, Vec<String>>,
    /// Compiled already, with whatever came of it.
    compiled: HashSet<(String, Vec<Vec<u8>>)>,
    faults: Vec<String>,
}

impl Texts {
    /// Compiles the files as they are before any proposal.
    pub fn before(workspace: &Workspace, files: Vec<String>) -> Texts {
        let build = Build::prepare(workspace);
        let before = build.objects(&files);
        let is_header = |file: &&String| !file.ends_with(".c");
        let touched: Vec<String> = files.iter().filter(is_header).cloned().collect();
        let read = |file: &String| (file.clone(), build.read_by(file, &touched));
        let headers = files.iter().map(read).collect();
        let (compiled, faults) = (HashSet::new(), Vec::new());
        let mut texts = Texts { build, files, before, headers, compiled, faults };
        for file in &texts.files {
            texts.compiled.insert((file.clone(), texts.of(workspace, file)));
        }
        texts
    }

    /// All that a patch may change of what an object is made of.
    fn of(&self, workspace: &Workspace, file: &String) -> Vec<Vec<u8>> {
        let headers = self.headers.get(file).into_iter().flatten();
        [file].into_iter().chain(headers).map(|file| workspace.text(file)).collect()
    }

    /// The files, and how many of them the configuration builds.
    pub fn counts(&self) -> (usize, usize) {
        (self.files.iter().filter(|file| file.ends_with(".c")).count(), self.before.built.len())
    }

    /// Whether the compiling would notice: an unused function at the end of a file
    /// must be a fault. The working copy must be as new.
    pub fn assert_that_a_warning_is_a_fault(&mut self, workspace: &Workspace) {
        let file = self.before.built.first().expect("something is built").clone();
        let unused = b"\nstatic int drvdedup_unused(void)\n{\n\treturn 0;\n}\n";
        workspace.write(&file, &[workspace.text(&file).as_slice(), unused].concat());
        let known = self.faults.len();
        self.compile(workspace, "an unused function");
        let noticed = self.faults.split_off(known);
        assert!(!noticed.is_empty(), "{file}: an unused function gives no new warning");
    }

    /// Compiles what the working copy holds now and was not compiled yet, and
    /// notes what is worse than before as a fault of `what`.
    pub fn compile(&mut self, workspace: &Workspace, what: &str) {
        let mut files = Vec::new();
        for file in self.files.iter().filter(|file| file.ends_with(".c")) {
            if self.compiled.insert((file.clone(), self.of(workspace, file))) {
                files.push(file.clone());
            }
        }
        println!("{what}: {} objects to compile", files.len());
        if files.is_empty() {
            return;
        }
        let faults = self.build.objects(&files).faults(&self.before, &files);
        self.faults.extend(faults.iter().map(|fault| format!("{what}: {fault}")));
    }

    /// Fails if anything got worse.
    pub fn assert_no_faults(&self) {
        assert!(
            self.faults.is_empty(),
            "{} faults:\n{}",
            self.faults.len(),
            self.faults.join("\n")
        );
    }
}
