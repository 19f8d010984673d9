//! Asks the rung *expands*, and not the planner, about texts of a fixture's tree.

use drvdedup::syntax::LoopMacros;
use drvdedup::syntax::decl::Universe;
use drvdedup::tree::{Drivers, KernelTree};
use drvdedup::verify::{self, Claim, Files, TreeScope, Verdict};
use std::path::Path;
use std::sync::Arc;

/// What is wrong with the files after, of the tree at `root`; nothing where they expand.
pub fn problem(root: &Path, before: &Files, after: &Files, claim: &Claim) -> String {
    let universe = Arc::new(Universe::new(root.to_owned()));
    let tree = KernelTree { root: root.to_owned(), kernel: None, loop_macros: Vec::new() };
    let sources: Vec<&String> = before.keys().filter(|path| path.ends_with(".c")).collect();
    let drivers = Drivers::read(&tree, &sources);
    let scope = TreeScope { tree: &tree, universe, drivers: &drivers };
    let climb = verify::climb(before, after, claim, (&LoopMacros::default(), Some(&scope)));
    let problem = climb.problem.map(|it| it.to_string()).unwrap_or_default();
    assert_eq!(climb.verdict == Verdict::Failed, !problem.is_empty(), "{problem}");
    problem
}
