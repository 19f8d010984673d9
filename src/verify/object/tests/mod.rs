//! Objects made by the system's compiler from C written here.

mod faults;
mod hostile;
mod pure;
mod rows;
mod same;
mod tables;

use super::{Comparison, Object, Unit, compare, compare_functions};
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

/// The flags under which code is comparable, and the kernel's own.
const FLAGS: &str = "-w -O2 -fno-ipa-icf -fno-ipa-cp -fno-ipa-sra -fno-ipa-ra -fno-ipa-modref \
    -fno-ipa-pure-const -fno-ipa-bit-cp -fno-ipa-vrp -fno-ipa-reference -fno-partial-inlining \
    -fno-inline-functions -fno-inline-small-functions -fno-inline-functions-called-once \
    -ffunction-sections -fdata-sections -mcmodel=kernel -fno-pic -fno-asynchronous-unwind-tables \
    -mno-sse -fno-strict-aliasing -fno-stack-protector -fcf-protection=none";

/// What every snippet may use.
const PRELUDE: &str = "
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32;
#define __always_inline inline __attribute__((always_inline))
extern int printk(const char *fmt, ...);
extern int put(void *dev, u32 reg, u32 value);
extern int get(void *dev, u32 reg);
extern void lock(void *dev), unlock(void *dev);
";

/// Whether the system's compiler makes objects that can be compared.
static COMPILER: LazyLock<bool> = LazyLock::new(|| {
    let machine = Command::new("cc").arg("-dumpmachine").output();
    let machine = machine.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let usable = machine.as_ref().is_ok_and(|machine| machine.starts_with("x86_64"));
    if !usable {
        eprintln!("skipped: cc does not compile for x86-64 ({machine:?})");
    }
    usable
});

/// Compiles a snippet with more flags; `None` where the compiler is for another
/// machine.
fn compile_with(source: &str, flags: &str) -> Option<Vec<u8>> {
    if !*COMPILER {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("x.c"), folder.path().join("x.o"));
    fs::write(&input, format!("{PRELUDE}{source}")).unwrap();
    let flags = FLAGS.split_whitespace().chain(flags.split_whitespace());
    let mut compiler = Command::new("cc");
    let compiler = compiler.args(flags).arg("-c").arg(&input).arg("-o").arg(&output);
    let result = compiler.output().unwrap();
    assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    Some(fs::read(&output).unwrap())
}

pub(super) fn compile(source: &str) -> Option<Vec<u8>> {
    compile_with(source, "")
}

/// Compares two snippets; `None` where there is no compiler for them.
fn compared(before: &str, after: &str) -> Option<Comparison> {
    let (before, after) = (compile(before)?, compile(after)?);
    Some(compare(&Object::read(&before).unwrap(), &Object::read(&after).unwrap()))
}

/// Both snippets must be the same program, function by function.
fn check_same(before: &str, after: &str, functions: &[&str]) {
    let Some(comparison) = compared(before, after) else { return };
    assert_eq!(comparison.differences, [], "{}", shown(&comparison));
    assert_eq!(comparison.unaccounted(functions), [""; 0], "{comparison:?}");
}

/// The differences must be exactly those that begin with the expected words.
fn check_differs(before: &str, after: &str, expected: &[&str]) {
    let Some(comparison) = compared(before, after) else { return };
    let all = shown(&comparison);
    assert_eq!(comparison.differences.len(), expected.len(), "{all}");
    for (difference, words) in comparison.differences.iter().zip(expected) {
        let line = difference.to_string();
        let mut parts = words.split(" … ");
        let begin = parts.next().unwrap_or_default();
        assert!(line.starts_with(begin), "{line}\nshould begin with {begin}");
        assert!(parts.all(|part| line.contains(part)), "{line}\nshould hold {words}");
    }
}

fn shown(comparison: &Comparison) -> String {
    let lines: Vec<String> = comparison.differences.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The differences of one function with another, as lines; `None` without compiler.
fn of_functions(before: (&str, &str), after: (&str, &str), unit: Unit) -> Option<Vec<String>> {
    let (old, new) = (compile(before.0)?, compile(after.0)?);
    let (old, new) = (Object::read(&old).unwrap(), Object::read(&new).unwrap());
    let found = compare_functions(&old, before.1, &new, after.1, unit).unwrap();
    Some(found.iter().map(ToString::to_string).collect())
}
