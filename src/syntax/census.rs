//! How much of a tree the syntax stage can read: functions found against a
//! plain count by text, and functions parsed against functions found.

use super::mask::LoopMacros;
use super::parse::FunctionTree;
use super::split::{self, Function};
use crate::tree::{SourceFile, TreePath, read_source};
use rayon::prelude::*;
use std::path::Path;

/// Functions of fewer lines are not counted as long: no clone group has them.
const LONG: u32 = 6;

/// A function whose text does not parse, even masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The file.
    pub path: TreePath,
    /// Line of the first place that does not parse, from 1.
    pub line: u32,
    /// The function's name.
    pub function: String,
}

/// What [`census`] counts. The sums do not depend on the number of threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Functions that the splitter finds.
    pub functions: usize,
    /// Braces in column 0 after a line that ends in `)`: function bodies, as a
    /// regular expression sees them.
    pub regex_functions: usize,
    /// How many of those braces are the body of a found function.
    pub regex_found: usize,
    /// Found functions of six lines and more.
    pub long_functions: usize,
    /// How many of those parse without a gap.
    pub clean: usize,
    /// Those that do not, sorted.
    pub gaps: Vec<Gap>,
    /// Files that could not be read, with the reason, sorted.
    pub unreadable: Vec<(TreePath, String)>,
}

impl Census {
    fn add(mut self, other: Census) -> Census {
        self.functions += other.functions;
        self.regex_functions += other.regex_functions;
        self.regex_found += other.regex_found;
        self.long_functions += other.long_functions;
        self.clean += other.clean;
        self.gaps.extend(other.gaps);
        self.unreadable.extend(other.unreadable);
        self
    }
}

/// Splits and parses every function of `files`, which lie below `root`.
pub fn census(root: &Path, files: &[SourceFile], loops: &LoopMacros) -> Census {
    let mut census = files
        .par_iter()
        .map(|file| match read_source(&root.join(&file.path)) {
            Ok(source) => census_of(&file.path, &source, loops),
            Err(error) => Census {
                unreadable: vec![(file.path.clone(), error.to_string())],
                ..Census::default()
            },
        })
        .reduce(Census::default, Census::add);
    census.gaps.sort_unstable();
    census.unreadable.sort_unstable();
    census
}

fn census_of(path: &str, source: &[u8], loops: &LoopMacros) -> Census {
    let (functions, _) = split::functions(source);
    let braces = body_braces(source);
    let mut census =
        Census { functions: functions.len(), regex_functions: braces.len(), ..Census::default() };
    for function in &functions {
        census.regex_found += usize::from(braces.binary_search(&function.body).is_ok());
        if function.lines() < LONG {
            continue;
        }
        census.long_functions += 1;
        match FunctionTree::parse(source, function, loops).gap {
            None => census.clean += 1,
            Some(gap) => census.gaps.push(gap_at(path, source, function, gap.offset)),
        }
    }
    census
}

fn gap_at(path: &str, source: &[u8], function: &Function, offset: u32) -> Gap {
    Gap {
        path: path.to_owned(),
        line: split::line_at(source, offset as usize),
        function: String::from_utf8_lossy(function.name(source)).into_owned(),
    }
}

/// Offsets of the braces that `^{` finds after a line that ends in `)`.
fn body_braces(source: &[u8]) -> Vec<u32> {
    memchr::memmem::find_iter(source, b"\n{")
        .filter(|&newline| source[..newline].trim_ascii_end().ends_with(b")"))
        .map(|newline| newline as u32 + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_counted_and_gaps_are_listed_with_their_line() {
        let source = b"int a(void)\n{\n\tb();\n\tc();\n\td();\n\treturn 1;\n}\n\n\
                       int e(void)\n{\n\tb();\n\tc();\n\tf g h i;\n\treturn 1;\n}\n\n\
                       int j(void)\n{\n}\n\
                       NOT_ONE =\n(1)\n{\n";
        let census = census_of("a.c", source, &LoopMacros::default());
        assert_eq!((census.functions, census.long_functions, census.clean), (3, 2, 1));
        assert_eq!((census.regex_functions, census.regex_found), (4, 3));
        let gap = Gap { path: "a.c".into(), line: 13, function: "e".into() };
        assert_eq!(census.gaps, [gap]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_listed() {
        let file = SourceFile { path: "no/such.c".into(), stamp: crate::tree::Stamp::default() };
        let census = census(Path::new("/"), &[file], &LoopMacros::default());
        assert_eq!(census.unreadable.len(), 1);
    }
}
