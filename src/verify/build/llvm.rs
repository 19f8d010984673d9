//! clang and `llvm-diff`, where they are installed: a second compiler, and a second
//! comparison. The kernel need not be configured for clang: what of its flags clang does
//! not know is left out, for both texts.

use super::error::BuildError;
use super::process;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The compiler.
pub(super) const CLANG: &str = "clang";
const DIFF: &str = "llvm-diff";

/// Times that clang is asked what it does not know: it names all flags of one sort at once.
const MAX_TRIES: usize = 4;

/// Both programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Llvm {
    /// The first line of `clang --version`.
    pub version: String,
}

/// What `llvm-diff` says of two modules.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Functions that it takes for unlike, sorted; `None` where it could not compare.
    pub unlike: Option<BTreeSet<String>>,
    /// CPU time, to a hundredth of a second.
    pub cpu_seconds: f64,
}

impl Llvm {
    /// `None` where one of the two is missing.
    pub fn find() -> Option<Llvm> {
        let version = |program: &str| {
            let mut command = process::command(program);
            command.arg("--version");
            let run = process::run(command, None).ok().filter(|run| run.status.success())?;
            Some(String::from_utf8_lossy(&run.output).lines().next()?.trim().to_owned())
        };
        version(DIFF)?;
        Some(Llvm { version: version(CLANG)? })
    }

    /// Has `llvm-diff` compare two modules in LLVM's IR; it is killed after `limit`.
    ///
    /// # Errors
    /// Scratch files cannot be written, or it does not start.
    pub fn compare(
        &self,
        before: &[u8],
        after: &[u8],
        limit: Duration,
    ) -> Result<Said, BuildError> {
        let temporary = std::env::temp_dir();
        let folder = tempfile::Builder::new().prefix("drvdedup-").tempdir();
        let folder = folder.map_err(BuildError::io(&temporary))?;
        let write = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, text).map_err(BuildError::io(&path)).map(|()| path)
        };
        let mut command = process::command(DIFF);
        command.arg(write("before.ll", before)?).arg(write("after.ll", after)?);
        let start = |source| BuildError::Start { program: DIFF.to_owned(), source };
        let run = process::run(command, Some(limit)).map_err(start)?;
        let compared = matches!(run.status.code(), Some(0 | 1)) && !run.killed;
        let text = String::from_utf8_lossy(&run.output);
        // One that only one of them has is for the other comparison to judge.
        let unlike = text.lines().filter_map(|line| line.strip_prefix("in function "));
        let unlike = unlike.map(|name| name.trim_end_matches(':').trim_matches('"').to_owned());
        let unlike: BTreeSet<String> = unlike.collect();
        // It says no more of a text that it cannot read.
        let read = run.status.success() || !unlike.is_empty() || text.contains("exists only in");
        let unlike = (compared && read).then_some(unlike);
        Ok(Said { unlike, cpu_seconds: run.cpu.as_secs_f64() })
    }
}

/// Those of `arguments` that clang takes.
pub(super) fn known(arguments: &[String]) -> Vec<String> {
    let mut known = arguments.to_vec();
    for _ in 0..MAX_TRIES {
        let mut command = process::command(CLANG);
        let flags = known
            .iter()
            .filter(|it| ["-f", "-m", "-O", "-s"].iter().any(|start| it.starts_with(start)));
        command.args(["-w", "-x", "c", "-fsyntax-only"]).args(flags).arg(Path::new("/dev/null"));
        let Ok(run) = process::run(command, None) else { break };
        if run.status.success() {
            break;
        }
        let refused = refused(&String::from_utf8_lossy(&run.output));
        let before = known.len();
        known.retain(|it| !refused.contains(it));
        if known.len() == before {
            break;
        }
    }
    known
}

/// The flags that clang says it does not know.
fn refused(said: &str) -> BTreeSet<String> {
    let lines = said
        .lines()
        .filter(|line| line.contains("unknown argument") || line.contains("unsupported option"));
    lines.filter_map(|line| line.split('\'').nth(1)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clang_refuses_is_what_it_says_so_of() {
        let said = "clang: error: unknown argument: '-fconserve-stack'\n\
                    clang: error: unknown argument '-fx'; did you mean '-fy'?\n\
                    clang: warning: optimization flag '-fz' is not supported\n\
                    clang: error: unsupported option '-mq' for target\n";
        let refused: Vec<String> = refused(said).into_iter().collect();
        assert_eq!(refused, ["-fconserve-stack", "-fx", "-mq"]);
    }

    #[test]
    fn llvm_diff_tells_unlike_functions_and_what_it_cannot_read() {
        let Some(llvm) = Llvm::find() else {
            eprintln!("skipped: no clang or no llvm-diff");
            return;
        };
        let limit = Duration::from_secs(60);
        let compare = |before: &str, after: &str| {
            llvm.compare(before.as_bytes(), after.as_bytes(), limit).expect("it starts").unlike
        };
        let f = |value: u8| format!("define i32 @f() {{\n  ret i32 {value}\n}}\n");
        assert_eq!(compare(&f(1), &f(1)), Some(BTreeSet::new()));
        assert_eq!(compare(&f(1), &f(2)), Some(["f".to_owned()].into()));
        assert_eq!(compare(&f(1), ""), Some(BTreeSet::new()), "for the other comparison to judge");
        assert_eq!(compare(&f(1), "no IR"), None);
    }

    #[test]
    fn flags_of_gcc_are_left_out_and_others_stay() {
        if Llvm::find().is_none() {
            eprintln!("skipped: no clang or no llvm-diff");
            return;
        }
        let words = ["-fno-common", "-fconserve-stack", "-mpreferred-stack-boundary=3", "-DX"];
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(known(&words), ["-fno-common", "-DX"]);
    }
}
