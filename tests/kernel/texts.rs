//! Compiles the texts that proposals give to files, each text once. A file's
//! object depends on no more than its text as long as no header changes, and most
//! files have one proposal: that one alone, all together and most subsets are the
//! same text.

use crate::build::{Build, Built};
use crate::workspace::Workspace;
use std::collections::HashSet;

/// The texts of the files that all proposals touch.
pub struct Texts {
    build: Build,
    files: Vec<String>,
    before: Built,
    /// Compiled already, with whatever came of it.
    compiled: HashSet<(String, Vec<u8>)>,
    faults: Vec<String>,
}

impl Texts {
    /// Compiles the files as they are before any proposal.
    pub fn before(workspace: &Workspace, files: Vec<String>) -> Texts {
        let build = Build::prepare(workspace);
        let before = build.objects(&files);
        let compiled = files.iter().map(|file| (file.clone(), workspace.text(file))).collect();
        Texts { build, files, before, compiled, faults: Vec::new() }
    }

    /// The files, and how many of them the configuration builds.
    pub fn counts(&self) -> (usize, usize) {
        (self.files.len(), self.before.built.len())
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
        // A header would change what the same text means.
        let text_is_all = self.files.iter().all(|file| file.ends_with(".c"));
        let is_new = |file: &&String| {
            let text = workspace.text(file);
            self.compiled.insert(((*file).clone(), text)) || !text_is_all
        };
        let files: Vec<String> = self.files.iter().filter(is_new).cloned().collect();
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
