//! The rung *parses*: no file that a patch touches has more parse gaps, or more
//! that is not C, than it had before.

use super::{Files, Problem, Verdict};
use crate::syntax::split::{self, Function};
use crate::syntax::{FunctionTree, LoopMacros};
use crate::tree::file_name;
use std::collections::BTreeSet;

/// What of a file could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Gaps {
    /// Changed functions without a complete syntax tree.
    functions: usize,
    /// Functions whose braces do not balance, and one that never ends.
    braces: usize,
    /// Problems of the lexer.
    lexer: usize,
}

/// Compares the gaps of every file that differs.
pub fn check(before: &Files, after: &Files, loops: &LoopMacros) -> Result<(), Problem> {
    for (path, new) in after.iter().filter(|(path, _)| !is_of_build(path)) {
        let old = before.get(path).map_or(&[][..], Vec::as_slice);
        if old == new.as_slice() {
            continue;
        }
        let (was, _) = gaps(old, new, loops);
        let (is, line) = gaps(new, old, loops);
        let more = [
            ("functions that do not parse", was.functions, is.functions),
            ("functions with unbalanced braces", was.braces, is.braces),
            ("unterminated literals or comments", was.lexer, is.lexer),
        ];
        if let Some((what, was, is)) = more.into_iter().find(|(_, was, is)| is > was) {
            let detail = format!("{is} {what}, before the patch {was}");
            let path = path.clone();
            return Err(Problem {
                rung: Verdict::Parses,
                path,
                line,
                after_line: Some(line),
                detail,
            });
        }
    }
    Ok(())
}

/// Whether a file says how others are built, and is no C.
pub(super) fn is_of_build(path: &str) -> bool {
    let name = file_name(path);
    name == "Makefile" || name == "Kbuild" || name.starts_with("Kconfig")
}

/// The gaps of `source`, and the line of the first. Only functions whose text is
/// not in `other` are parsed: the rest have the same gaps there.
fn gaps(source: &[u8], other: &[u8], loops: &LoopMacros) -> (Gaps, u32) {
    let (other_functions, _) = split::functions(other);
    let unchanged: BTreeSet<&[u8]> =
        other_functions.iter().filter_map(|f| other.get(f.range())).collect();
    let (functions, outline) = split::functions(source);
    let changed =
        |f: &&Function| source.get(f.range()).is_some_and(|text| !unchanged.contains(text));
    let has_gap = |f: &&Function| FunctionTree::parse(source, f, loops).gap.is_some();
    let gapped: Vec<&Function> = functions.iter().filter(changed).filter(has_gap).collect();
    let unbalanced = functions.iter().filter(|f| f.unbalanced);
    let gaps = Gaps {
        functions: gapped.len(),
        braces: unbalanced.clone().count() + usize::from(outline.unclosed.is_some()),
        lexer: outline.problems.len(),
    };
    let first = gapped.into_iter().chain(unbalanced).map(|f| f.start_line).min();
    (gaps, first.unwrap_or(outline.lines.max(1)))
}
