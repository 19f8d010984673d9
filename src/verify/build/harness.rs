//! Runs a function before and after a patch on all its arguments. In: both as images of
//! functions that were found to be maps of their arguments, and the types of what goes in
//! and comes out. Out: whether they return the same, or the first arguments for which
//! they do not.
//!
//! They run in a process of their own that may make no system call but to write and to
//! end, and that is killed at a limit.

use super::error::BuildError;
use super::process;
use crate::verify::object::{Image, Piece};
use std::fs;
use std::time::Duration;

const TEMPLATE: &str = include_str!("harness.c");
/// Between what the harness says: no text of a driver has it.
const SEPARATOR: char = '\x1f';
/// What all arguments together may have, so that a run ends.
pub const MOST_BITS: u32 = 32;

/// A number that goes into a function, or comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// 1 for a truth value, 8, 16, 32 or 64.
    pub bits: u32,
    /// Whether it can be less than 0.
    pub signed: bool,
}

impl Scalar {
    fn c_type(self) -> String {
        match self {
            Scalar { bits: 1, .. } => "_Bool".to_owned(),
            Scalar { bits, signed: true } => format!("int{bits}_t"),
            Scalar { bits, signed: false } => format!("uint{bits}_t"),
        }
    }

    fn format(self) -> (&'static str, &'static str) {
        if self.signed { ("%lld", "(long long)") } else { ("%llu", "(unsigned long long)") }
    }
}

/// What comes out of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A number.
    Scalar(Scalar),
    /// A string that stands for its characters, or `NULL`.
    Text,
}

/// A function before and after a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harness {
    /// The types of the arguments, of [`MOST_BITS`] together.
    pub arguments: Vec<Scalar>,
    /// The type of what is returned.
    pub answer: Answer,
    /// The function before.
    pub before: Image,
    /// The function after.
    pub after: Image,
    /// The same function after, with its constants in other places.
    pub moved: Image,
}

/// What running came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The same results for so many arguments: all that there are.
    Same(u64),
    /// Other results for these arguments.
    Differ {
        /// The arguments as they would be written.
        arguments: Vec<String>,
        /// What was returned before the patch.
        before: String,
        /// What is returned after it.
        after: String,
    },
    /// It could not be run to its end, for this reason.
    Unknown(String),
}

impl Harness {
    /// Compiles the harness with `compiler` and runs it; either is killed after `limit`.
    /// Also returns the CPU seconds of both.
    ///
    /// # Errors
    /// Scratch files cannot be written, or the compiler does not start.
    pub fn run(&self, compiler: &str, limit: Duration) -> Result<(Ran, f64), BuildError> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            let why = "code of x86-64 only runs on such a machine";
            return Ok((Ran::Unknown(why.to_owned()), 0.0));
        }
        let temporary = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix("drvdedup-").tempdir();
        let folder = folder.map_err(BuildError::io(&temporary))?;
        let (source, program) = (folder.path().join("harness.c"), folder.path().join("harness"));
        fs::write(&source, self.text()).map_err(BuildError::io(&source))?;
        let mut command = process::command(compiler);
        command.args(["-std=gnu11", "-O2", "-w", "-o"]).arg(&program).arg(&source);
        let compiled = run(compiler, command, limit)?;
        let mut seconds = compiled.cpu.as_secs_f64();
        if !compiled.status.success() {
            let why = "the harness does not compile: are the C library's headers installed?";
            return Ok((Ran::Unknown(why.to_owned()), seconds));
        }
        let name = program.to_string_lossy();
        let ran = run(&name, process::command(&name), limit)?;
        seconds += ran.cpu.as_secs_f64();
        Ok((self.read(&ran, limit), seconds))
    }

    /// The number of all arguments.
    fn count(&self) -> u64 {
        1 << self.arguments.iter().map(|it| it.bits).sum::<u32>().min(63)
    }

    fn read(&self, ran: &process::Run, limit: Duration) -> Ran {
        if ran.killed {
            return Ran::Unknown(format!("it takes longer than {} s", limit.as_secs()));
        }
        let output = String::from_utf8_lossy(&ran.output);
        let words: Vec<&str> = output.split(SEPARATOR).collect();
        match words[..] {
            ["same", count] if count == self.count().to_string() && ran.status.success() => {
                Ran::Same(self.count())
            }
            ["differ", ref arguments @ .., before, after] => Ran::Differ {
                arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
                before: before.to_owned(),
                after: after.to_owned(),
            },
            ["failed", why] => Ran::Unknown(format!("it {why}")),
            _ => Ran::Unknown(format!("it ends with {}", ran.status)),
        }
    }

    /// The C text: what is particular to this pair of functions, then the template.
    fn text(&self) -> String {
        let headers = [
            "stdint.h",
            "stdio.h",
            "string.h",
            "linux/seccomp.h",
            "sys/mman.h",
            "sys/prctl.h",
            "sys/resource.h",
            "sys/syscall.h",
            "unistd.h",
        ];
        let headers = headers.map(|header| format!("#include <{header}>\n")).concat();
        let images = [&self.before, &self.after, &self.moved];
        let names = ["before", "after", "moved"];
        let entries = names.iter().zip(images).map(|(name, image)| {
            format!("#define ENTRY_{} {:#x}UL\n", name.to_uppercase(), image.entry)
        });
        let areas = names.iter().zip(images).map(|(name, image)| areas(name, image));
        let pieces = images.into_iter().flat_map(|image| &image.pieces);
        [
            "#define _GNU_SOURCE\n".to_owned(),
            headers,
            "#define COUNT_OF(x) ((int)(sizeof(x) / sizeof((x)[0])))\n".to_owned(),
            "#define SEPARATOR \"\\x1f\"\n".to_owned(),
            format!("#define COUNT {}UL\n", self.count()),
            entries.collect(),
            "struct area { unsigned long start, end; };\n".to_owned(),
            areas.collect(),
            piece_table(&pieces.collect::<Vec<_>>()),
            self.calls(),
            TEMPLATE.to_owned(),
        ]
        .concat()
    }

    /// The types, a call with the arguments of a number, and how both are shown.
    fn calls(&self) -> String {
        let (answer, shown, is_text) = match self.answer {
            Answer::Text => ("const char *".to_owned(), show_text(), 1),
            Answer::Scalar(scalar) => (scalar.c_type(), show_scalar(scalar), 0),
        };
        let mut from = 0;
        let mut numbers = Vec::new();
        for argument in &self.arguments {
            let of = format!("({})(n >> {from})", argument.c_type());
            let bit = format!("(_Bool)(n >> {from} & 1)");
            numbers.push(if argument.bits == 1 { bit } else { of });
            from += argument.bits;
        }
        let types: Vec<String> = self.arguments.iter().map(|it| it.c_type()).collect();
        let types = if types.is_empty() { "void".to_owned() } else { types.join(", ") };
        let shows = self.arguments.iter().zip(&numbers).map(|(argument, number)| {
            let (format, cast) = argument.format();
            format!(
                "\tlength += snprintf(to + length, size - length, SEPARATOR \"{format}\", {cast}{number});\n"
            )
        });
        format!(
            "typedef {answer} answer;\ntypedef answer (*function)({types});\n#define IS_TEXT {is_text}\n\
             static inline answer call(function it, unsigned long n)\n{{\n\treturn it({});\n}}\n\
             static int show_arguments(char *to, int size, unsigned long n)\n{{\n\tint length = 0;\n\n{}\treturn length;\n}}\n{shown}",
            numbers.join(", "),
            shows.collect::<String>(),
        )
    }
}

fn run(
    program: &str,
    command: std::process::Command,
    limit: Duration,
) -> Result<process::Run, BuildError> {
    let start = |source| BuildError::Start { program: program.to_owned(), source };
    process::run(command, Some(limit)).map_err(start)
}

fn show_scalar(scalar: Scalar) -> String {
    let (format, cast) = scalar.format();
    format!(
        "static int show(char *to, int size, answer it)\n{{\n\treturn snprintf(to, size, SEPARATOR \"{format}\", {cast}it);\n}}\n"
    )
}

fn show_text() -> String {
    "static int show(char *to, int size, answer it)\n{\n\
     \treturn snprintf(to, size, it ? SEPARATOR \"\\\"%.500s\\\"\" : SEPARATOR \"NULL\", it);\n}\n"
        .to_owned()
}

fn areas(name: &str, image: &Image) -> String {
    let areas = image.texts.iter().map(|it| format!(" {{ {:#x}, {:#x} }},", it.start, it.end));
    // No array is empty; nothing lies in this one.
    format!(
        "static const struct area areas_{name}[] = {{{} {{ 0, 0 }} }};\n",
        areas.collect::<String>()
    )
}

fn piece_table(pieces: &[&Piece]) -> String {
    let mut text = "struct piece { unsigned long page, length, start, size; int is_code; const unsigned char *bytes; };\n".to_owned();
    for (number, piece) in pieces.iter().enumerate() {
        // One more, for no array is empty.
        let bytes: String = piece.bytes.iter().map(|byte| format!("{byte},")).collect();
        text += &format!("static const unsigned char bytes_{number}[] = {{{bytes}0}};\n");
    }
    text += "static const struct piece pieces[] = {\n";
    for (number, piece) in pieces.iter().enumerate() {
        let Piece { page, length, start, bytes, is_code } = piece;
        text += &format!(
            "\t{{ {page:#x}UL, {length}UL, {start:#x}UL, {}UL, {}, bytes_{number} }},\n",
            bytes.len(),
            u8::from(*is_code)
        );
    }
    text + "};\n"
}

#[cfg(test)]
mod tests;
