//! Objects made by replaying Kbuild's commands, against those that make makes.

use crate::workspace::Workspace;
use drvdedup::tree::KernelTree;
use drvdedup::verify::Files;
use drvdedup::verify::build::{
    COMPILE_LIMIT, Compile, Compiled, Diagnostic, Kernel, Level, Mode, Severity,
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kernel that compiles the files of the working copy, each in the place of
/// itself.
pub struct Replay {
    tree: KernelTree,
    kernel: Kernel,
    /// In the order of their sources.
    pub compiles: Vec<Compile>,
}

impl Replay {
    /// Of those of `files` that the configuration builds.
    pub fn of(workspace: &Workspace, files: &[String]) -> Replay {
        let top = workspace.source();
        let tree = KernelTree::discover(top, Some(top)).expect("the working copy is a tree");
        let say = |line: &str| println!("{line}");
        let build = workspace.configuration();
        let build = build.parent().expect("a configuration lies in a folder");
        let kernel = Kernel::open(&tree, build, &workspace.cache(), &say);
        let kernel = kernel.unwrap_or_else(|error| panic!("{error}"));
        let commands = kernel.commands(files, None, &say);
        let commands = commands.unwrap_or_else(|error| panic!("{error}"));
        let compiles = commands.into_values().filter_map(Result::ok).collect();
        Replay { tree, kernel, compiles }
    }

    /// Compiles all; prints what it took.
    pub fn compile(&self, mode: Mode) -> Vec<Compiled> {
        let one = |compile: &Compile| {
            let source = &compile.source;
            let text = self.tree.read(source).unwrap_or_else(|e| panic!("{source}: {e}"));
            let overlay = Files::from([(source.clone(), text)]);
            let compiled = self.kernel.compile(compile, &overlay, mode, COMPILE_LIMIT);
            compiled.unwrap_or_else(|error| panic!("{source}: {error}"))
        };
        let all: Vec<Compiled> = self.compiles.par_iter().map(one).collect();
        let cpu: f64 = all.iter().map(|it| it.cpu_seconds).sum();
        let each = cpu / all.len().max(1) as f64;
        println!("{mode:?}: {} objects, {each:.2} s of CPU each", all.len());
        all
    }

    /// What objtool, which make runs on each module's object, makes of one.
    pub fn with_objtool(&self, object: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("object.o");
        std::fs::write(&path, object).expect("a temporary file can be written");
        let status = Command::new(self.kernel.folder().join("tools/objtool/objtool"))
            .args(["--hacks=jump_label", "--hacks=noinstr", "--orc", "--static-call"])
            .args(["--uaccess", "--no-unreachable", "--module"])
            .arg(&path)
            .status();
        assert!(status.expect("objtool starts").success());
        std::fs::read(&path).expect("a temporary file can be read")
    }
}

/// Two of the ways to compile for a comparison.
pub const COMPARABLE: [Mode; 2] = [
    Mode::Comparable { level: Level::O2, debug: false },
    Mode::Comparable { level: Level::Os, debug: true },
];

/// Warnings and errors about drivers, not about the tools that make builds first;
/// sorted, as text.
pub fn shown<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Vec<String> {
    let loud = diagnostics
        .into_iter()
        .filter(|it| it.severity > Severity::Note && it.file.starts_with("drivers/"));
    let mut shown: Vec<String> = loud.map(ToString::to_string).collect();
    shown.sort_unstable();
    shown
}

/// Every `step`-th of the C files of `folders`.
pub fn sample(workspace: &Workspace, folders: &[&str], step: usize) -> Vec<String> {
    let mut files: Vec<PathBuf> = workspace.sources().into_keys().collect();
    files.retain(|file| {
        let file = file.strip_prefix(workspace.source()).unwrap_or(file);
        file.extension().is_some_and(|it| it == "c")
            && file.parent().is_some_and(|it| folders.iter().any(|folder| it == Path::new(folder)))
    });
    files.sort_unstable();
    let sampled = files.iter().step_by(step);
    let relative = sampled.filter_map(|file| file.strip_prefix(workspace.source()).ok());
    relative.filter_map(|file| file.to_str()).map(str::to_owned).collect()
}
