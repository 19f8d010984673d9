//! The compiler's arguments: as the configuration has them, or made so that objects
//! of two texts can be compared.

use super::command::Compile;
use super::process;

/// What an object is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The text as it is, with the configuration's flags and the warnings of `W=1`.
    AsIs,
    /// For the comparison of functions: each function and object in a section of its
    /// own, no pass that carries knowledge from one function to another, no line
    /// numbers, file names or debugging aids that record them in the code; no
    /// warnings.
    Comparable {
        /// In the place of the configuration's level.
        level: Level,
        /// Whether the object has DWARF, for the lines of instructions.
        debug: bool,
    },
    /// As [`Mode::Comparable`] at [`Level::O2`], by clang, as the text of LLVM's IR.
    Ir,
}

/// How much the compiler optimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `-O2`, what kernels are built with.
    O2,
    /// `-O1`
    O1,
    /// `-Os`
    Os,
}

impl Level {
    /// As the compiler is told.
    pub fn flag(self) -> &'static str {
        match self {
            Self::O2 => "-O2",
            Self::O1 => "-O1",
            Self::Os => "-Os",
        }
    }
}

/// Passes of gcc that let one function's code depend on another's, and of clang what
/// it has of them. A compiler knows some of them.
const INTERPROCEDURAL: [&str; 21] = [
    "-fno-ipa-icf",
    "-fno-ipa-cp",
    "-fno-ipa-cp-clone",
    "-fno-ipa-bit-cp",
    "-fno-ipa-vrp",
    "-fno-ipa-sra",
    "-fno-ipa-ra",
    "-fno-ipa-modref",
    "-fno-ipa-pure-const",
    "-fno-ipa-reference",
    "-fno-ipa-reference-addressable",
    "-fno-ipa-profile",
    "-fno-ipa-pta",
    "-fno-ipa-stack-alignment",
    "-fno-ipa-strict-aliasing",
    "-fno-ipa-reorder-for-locality",
    "-fno-partial-inlining",
    "-fno-inline-functions",
    "-fno-inline-small-functions",
    "-fno-inline-functions-called-once",
    "-fno-indirect-inlining",
];

/// The header that takes options out of the configuration when Kbuild's own first
/// headers have been read. Messages that are off by default stay in the code: with
/// dynamic debugging gone they would be nothing, and a difference in one would not
/// be seen.
pub(super) const HEADER: &str = "\
#undef CONFIG_DYNAMIC_DEBUG
#undef CONFIG_DYNAMIC_DEBUG_CORE
#undef CONFIG_PRINTK_INDEX
#undef CONFIG_DEBUG_BUGVERBOSE
#undef CONFIG_DEBUG_ATOMIC_SLEEP
#ifndef DEBUG
#define DEBUG
#include <linux/printk.h>
#if __has_include(<linux/dev_printk.h>)
#include <linux/dev_printk.h>
#endif
#if __has_include(<linux/net_debug.h>)
#include <linux/net_debug.h>
#endif
#undef DEBUG
#endif
";

/// What `__LINE__` is where line numbers must not tell two texts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// The same number everywhere: lines that move change nothing.
    Zero,
    /// Another one at each use, for a text that makes names of line numbers (members
    /// `pad ## __LINE__`). A use more or less before another one shows as a difference
    /// where there is none, never the other way round.
    Counted,
}

/// The arguments for `mode` after the compiler's own name. `accepted` is what
/// [`accepted`] found, `header` a file with [`HEADER`] in it.
pub(super) fn arguments(
    compile: &Compile,
    (mode, lines): (Mode, Lines),
    accepted: &[&str],
    header: &str,
) -> Vec<String> {
    let mut arguments: Vec<String> = compile.words.iter().skip(1).cloned().collect();
    let mut add = |flags: &[&str]| arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    add(&["-pipe"]);
    let debug = match mode {
        Mode::AsIs => return arguments,
        Mode::Comparable { level, debug } => {
            add(&[level.flag(), "-ffunction-sections", "-fdata-sections"]);
            add(accepted);
            debug
        }
        Mode::Ir => {
            add(&[Level::O2.flag(), "-fno-inline-functions", "-fno-discard-value-names"]);
            false
        }
    };
    add(&["-w", "-Wno-builtin-macro-redefined", "-D__FILE__=\"x.c\""]);
    add(match lines {
        Lines::Zero => &["-D__LINE__=0"],
        Lines::Counted => &["-D__LINE__=__COUNTER__"],
    });
    add(&["-include", header]);
    add(if debug { &["-g"] } else { &["-g0"] });
    arguments
}

/// Which of [`INTERPROCEDURAL`] a compiler knows.
pub(super) fn accepted(compiler: &str) -> Vec<&'static str> {
    let knows = |flags: &[&str]| {
        let mut command = process::command(compiler);
        command.args(["-Werror", "-x", "c", "-S", "-o", "/dev/null"]).args(flags).arg("/dev/null");
        process::run(command, None).is_ok_and(|run| run.status.success())
    };
    if knows(&INTERPROCEDURAL) {
        return INTERPROCEDURAL.to_vec();
    }
    INTERPROCEDURAL.into_iter().filter(|flag| knows(&[flag])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile() -> Compile {
        let line = "gcc -O2 -fno-common -DX=1 -c -o d/a.o /s/d/a.c";
        Compile::parse("d/a.c", "d/a.o", line, "").expect("a command of Kbuild")
    }

    #[test]
    fn the_text_as_it_is_keeps_its_flags() {
        let found = arguments(&compile(), (Mode::AsIs, Lines::Zero), &["-fno-ipa-cp"], "/h.h");
        assert_eq!(found, ["-O2", "-fno-common", "-DX=1", "-pipe"]);
    }

    #[test]
    fn comparable_code_has_the_level_asked_for_and_no_knowledge_of_places() {
        let mode = Mode::Comparable { level: Level::Os, debug: false };
        let found = arguments(&compile(), (mode, Lines::Zero), &["-fno-ipa-cp"], "/h.h");
        let levels: Vec<&String> = found.iter().filter(|it| it.starts_with("-O")).collect();
        assert_eq!(levels, ["-O2", "-Os"], "the last one counts");
        for flag in ["-D__LINE__=0", "-D__FILE__=\"x.c\"", "-fno-ipa-cp", "-ffunction-sections"] {
            assert!(found.iter().any(|it| it == flag), "{flag} in {found:?}");
        }
        assert!(found.windows(2).any(|pair| pair == ["-include", "/h.h"]), "{found:?}");
    }

    #[test]
    fn the_local_compiler_knows_some_of_the_flags_and_takes_them_together() {
        let flags = accepted("cc");
        if process::run(process::command("cc"), None).is_err() {
            eprintln!("no cc: nothing was asked");
            return;
        }
        assert!(flags.contains(&"-fno-inline-functions"), "{flags:?}");
    }
}
