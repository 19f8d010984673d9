//! Compiles a text in the place of a file of the tree, with the command that Kbuild
//! has for it.

use super::command::Compile;
use super::diagnostics::{Diagnostic, parse};
use super::error::BuildError;
use super::farm::{self, Farm};
use super::flags::{self, Lines, Mode};
use super::kernel::{Kernel, end_of};
use super::llvm;
use super::process;
use crate::tree::TreePath;
use crate::verify::Files;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A compiler that takes longer than this hangs; the slowest file of Linux 6.1 takes
/// half a minute.
pub const COMPILE_LIMIT: Duration = Duration::from_secs(120);

/// How often the view of the tree is made anew for headers that are included by
/// paths that climb. Each time finds all paths that are spelled; twice is usual.
const MAX_TRIES: usize = 4;

/// What came of one compile.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The ELF file, before objtool, or for [`Mode::Ir`] the text of the module; `None`
    /// where the compiler failed or was killed.
    pub object: Option<Vec<u8>>,
    /// In the compiler's order, then those of `kernel-doc`.
    pub diagnostics: Vec<Diagnostic>,
    /// The end of what a compiler said that made no object; it may be no diagnostic.
    pub said: String,
    /// CPU time, to a hundredth of a second.
    pub cpu_seconds: f64,
    /// Whether the compiler, or after it `kernel-doc`, was killed at the limit.
    pub killed: bool,
    /// Files of the overlay whose originals the compiler read nevertheless: the
    /// object is not that of the overlay. Sorted.
    pub bypassed: Vec<TreePath>,
}

/// The files of one compile.
struct Scratch {
    farm: PathBuf,
    header: PathBuf,
    object: PathBuf,
    dependencies: PathBuf,
    /// What finding the headers took.
    cpu_seconds: f64,
}

impl Scratch {
    fn beside(farm: &Farm) -> Result<Scratch, BuildError> {
        let header = farm.beside("comparable.h");
        fs::write(&header, flags::HEADER).map_err(BuildError::io(&header))?;
        let (object, dependencies) = (farm.beside("object.o"), farm.beside("dependencies"));
        for file in [&object, &dependencies] {
            // What is left of the compile before this one.
            farm::remove(file)?;
        }
        Ok(Scratch { farm: farm.tree(), header, object, dependencies, cpu_seconds: 0.0 })
    }
}

impl Kernel {
    /// Compiles `compile` with the files of `overlay` in the place of the tree's, in
    /// a process group of its own that is killed after `limit` of wall-clock time. A
    /// text that does not compile is no error of this function.
    ///
    /// # Errors
    /// Scratch files cannot be written, or the compiler does not start.
    pub fn compile(
        &self,
        compile: &Compile,
        overlay: &Files,
        mode: Mode,
        limit: Duration,
    ) -> Result<Compiled, BuildError> {
        let (farm, scratch) = self.scratch(compile, overlay, limit)?;
        let mut compiled =
            self.compile_in(&scratch, compile, overlay, (mode, Lines::Zero, limit))?;
        if compiled.object.is_none() && !compiled.killed && mode != Mode::AsIs {
            let again =
                self.compile_in(&scratch, compile, overlay, (mode, Lines::Counted, limit))?;
            let spent = compiled.cpu_seconds + again.cpu_seconds;
            if again.object.is_some() {
                compiled = again;
            }
            compiled.cpu_seconds = spent;
        }
        self.farms.give_back(farm);
        Ok(compiled)
    }

    fn compile_in(
        &self,
        scratch: &Scratch,
        compile: &Compile,
        overlay: &Files,
        (mode, lines, limit): (Mode, Lines, Duration),
    ) -> Result<Compiled, BuildError> {
        let compiler = match mode {
            Mode::Ir => llvm::CLANG,
            _ => compile.compiler(),
        };
        let accepted = match mode {
            Mode::AsIs | Mode::Ir => &[][..],
            Mode::Comparable { .. } => {
                self.accepted_flags.get_or_init(|| flags::accepted(compiler))
            }
        };
        let header = scratch.header.to_string_lossy();
        let mut arguments = flags::arguments(compile, (mode, lines), accepted, &header);
        let output: &[&str] = match mode {
            Mode::Ir => &["-S", "-emit-llvm"],
            _ => &["-c"],
        };
        if mode == Mode::Ir {
            arguments = llvm::known(&arguments);
        }
        let mut command = self.command(compile, (compiler, &arguments), scratch);
        command.args(output).arg("-o").arg(&scratch.object);
        let run = self.run(compiler, command, limit)?;
        let object = if run.status.success() { fs::read(&scratch.object).ok() } else { None };
        let mut compiled = Compiled {
            said: if object.is_some() { String::new() } else { end_of(&run.output) },
            object,
            diagnostics: self.diagnostics(&run.output, scratch),
            cpu_seconds: scratch.cpu_seconds + run.cpu.as_secs_f64(),
            killed: run.killed,
            bypassed: self.bypassed(overlay, scratch),
        };
        if mode == Mode::AsIs && compiled.object.is_some() {
            self.check_comments(compile, scratch, limit, &mut compiled)?;
        }
        Ok(compiled)
    }

    /// The compiler on the source in the farm, but for what it shall make of it.
    fn command(
        &self,
        compile: &Compile,
        (compiler, arguments): (&str, &[String]),
        scratch: &Scratch,
    ) -> Command {
        let mut command = process::command(compiler);
        // First, so that the kernel's own mapping wins where it has one.
        command.arg(self.mapping("-fmacro-prefix-map", scratch));
        command.arg(self.mapping("-fdebug-prefix-map", scratch));
        command.args(arguments.iter().map(|word| self.moved(word, scratch)));
        command.arg(format!("-Wp,-MMD,{}", scratch.dependencies.display()));
        command.arg(self.moved(&compile.spelled_source, scratch)).current_dir(&self.folder);
        command
    }

    /// `kernel-doc -none`, which `W=1` runs after each compile.
    fn check_comments(
        &self,
        compile: &Compile,
        scratch: &Scratch,
        limit: Duration,
        compiled: &mut Compiled,
    ) -> Result<(), BuildError> {
        let is_variable = |word: &&String| !word.starts_with('/') && word.contains('=');
        let variables = compile.doc.iter().take_while(is_variable);
        let mut words =
            compile.doc.iter().skip_while(is_variable).map(|it| self.moved(it, scratch));
        let Some(program) = words.next() else {
            return Ok(());
        };
        // It has nothing to say of a file without such comments, and takes a tenth of
        // what the compiler takes.
        let source = scratch.farm.join(&compile.source);
        let text = fs::read(&source).map_err(BuildError::io(&source))?;
        if memchr::memmem::find(&text, b"/**").is_none() {
            return Ok(());
        }
        let mut command = process::command(&program);
        command.args(words).current_dir(&self.folder);
        command.envs(variables.filter_map(|word| word.split_once('=')));
        let run = self.run(&program, command, limit)?;
        compiled.diagnostics.extend(self.diagnostics(&run.output, scratch));
        compiled.killed |= run.killed;
        compiled.cpu_seconds += run.cpu.as_secs_f64();
        Ok(())
    }

    fn run(
        &self,
        program: &str,
        command: Command,
        limit: Duration,
    ) -> Result<process::Run, BuildError> {
        let start = |source| BuildError::Start { program: program.to_owned(), source };
        process::run(command, Some(limit)).map_err(start)
    }

    /// A header is looked for from wherever it is included; which folders that takes
    /// only the preprocessor knows, and it may find more with the first ones real.
    fn scratch(
        &self,
        compile: &Compile,
        overlay: &Files,
        limit: Duration,
    ) -> Result<(Farm, Scratch), BuildError> {
        let words = compile.words.iter().chain([&compile.spelled_source]);
        let tree = self.tree.to_string_lossy();
        let spelled = words.filter_map(|word| word.split_once(&*tree)?.1.strip_prefix('/'));
        let mut real: BTreeSet<TreePath> = spelled.flat_map(farm::climbed_from).collect();
        real.insert(farm::folder_of(&compile.source).to_owned());
        let has_header = overlay.keys().any(|path| !path.ends_with(".c"));
        let mut tries = if has_header { MAX_TRIES } else { 0 };
        let mut cpu_seconds = 0.0;
        loop {
            let farm = self.farms.take(&self.tree, overlay, &real)?;
            let scratch = Scratch { cpu_seconds, ..Scratch::beside(&farm)? };
            if tries == 0 {
                return Ok((farm, scratch));
            }
            let before = real.len();
            let (climbs, cpu) = self.climbs(compile, &scratch, limit)?;
            real.extend(climbs);
            cpu_seconds += cpu.as_secs_f64();
            tries -= 1;
            if real.len() == before {
                return Ok((farm, Scratch { cpu_seconds, ..scratch }));
            }
            self.farms.give_back(farm);
        }
    }

    /// The folders that the includes of a source climb from, and the CPU time of it.
    fn climbs(
        &self,
        compile: &Compile,
        scratch: &Scratch,
        limit: Duration,
    ) -> Result<(Vec<TreePath>, Duration), BuildError> {
        let compiler = compile.compiler();
        let arguments = flags::arguments(compile, (Mode::AsIs, Lines::Zero), &[], "");
        let mut command = self.command(compile, (compiler, &arguments), scratch);
        command.args(["-w", "-E", "-o", "/dev/null"]);
        // What it cannot read is told by the compile.
        let run = self.run(compiler, command, limit)?;
        let farm = scratch.farm.to_string_lossy();
        let text = fs::read(&scratch.dependencies).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let read =
            text.split_whitespace().filter_map(|it| it.strip_prefix(&*farm)?.strip_prefix('/'));
        Ok((read.flat_map(farm::climbed_from).collect(), run.cpu))
    }

    /// An argument with the farm in the place of the tree.
    fn moved(&self, word: &str, scratch: &Scratch) -> String {
        let (tree, farm) = (self.tree.to_string_lossy(), scratch.farm.to_string_lossy());
        match word.split_once(&*tree) {
            Some((before, after)) if after.is_empty() || after.starts_with(['/', '=']) => {
                format!("{before}{farm}{after}")
            }
            _ => word.to_owned(),
        }
    }

    fn mapping(&self, option: &str, scratch: &Scratch) -> String {
        format!("{option}={}={}", scratch.farm.display(), self.tree.display())
    }

    fn diagnostics(&self, output: &[u8], scratch: &Scratch) -> Vec<Diagnostic> {
        let (tree, farm) = (self.tree.to_string_lossy(), scratch.farm.to_string_lossy());
        let mut diagnostics = parse(output, &[&farm, &tree]);
        for diagnostic in &mut diagnostics {
            // `amdgpu/../display/x.c`
            if let Some(path) = crate::tree::joined("", &diagnostic.file) {
                diagnostic.file = path;
            }
        }
        diagnostics
    }

    /// Which originals of the overlay the dependency file names.
    fn bypassed(&self, overlay: &Files, scratch: &Scratch) -> Vec<TreePath> {
        let text = fs::read(&scratch.dependencies).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let read: Vec<PathBuf> = text
            .split_whitespace()
            .filter(|word| overlay.keys().any(|path| file_name(path) == file_name(word)))
            .filter_map(|word| fs::canonicalize(self.folder.join(word)).ok())
            .collect();
        let original = |path: &&TreePath| {
            fs::canonicalize(self.tree.join(path)).is_ok_and(|original| read.contains(&original))
        };
        overlay.keys().filter(original).cloned().collect()
    }
}

fn file_name(path: &str) -> Option<&std::ffi::OsStr> {
    Path::new(path).file_name()
}
