//! Tier 1: what one pass over the tokens of a file tells of it. Facts follow from the
//! file's bytes and the [`Depth`] asked for, and from nothing else, so that a cache may
//! keep them by content.

use super::as_bytes;
use super::keep::{self, Keep};
use super::normalise::{FormHash, Normaliser};
use super::records;
use super::scan::ProblemKind;
use super::sequence;
use super::statements::{shared_names, statements_of_words};
use super::words::{Word, words_into};
use super::wrapped::Lists;
use super::wrapper::{self, Wrapper};
use crate::syntax::{Function, Token, exports, line_at, split};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// How much is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Functions of fewer lines, signature and braces included, are small.
    pub min_lines: u32,
    /// Functions of fewer tokens are small.
    pub min_tokens: u32,
    /// Statements, names and runs are collected, too.
    pub statements: bool,
}

/// What is known of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Number of lines.
    pub lines: u32,
    /// A program wrote it: it says so in its first lines.
    pub generated: bool,
    /// The `.c` files that it includes, as written.
    pub includes: Vec<String>,
    /// Hashes of the names that it exports to modules, sorted.
    pub exports: Vec<u32>,
    /// Comments that keep functions out of the groups.
    pub keeps: Vec<Keep>,
    /// What is not C, with its line, from 1.
    pub problems: Vec<(u32, ProblemKind)>,
    /// Its functions, in order.
    #[serde(with = "records")]
    pub functions: Vec<FunctionFacts>,
    /// Statement hashes of all functions.
    #[serde(with = "as_bytes")]
    pub statements: Vec<u32>,
    /// Hashes of names that the functions share with others.
    #[serde(with = "as_bytes")]
    pub names: Vec<u32>,
}

/// What is known of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionFacts {
    /// Its place.
    pub function: Function,
    /// How many functions of its name precede it in the file.
    pub ordinal: u32,
    /// Hash of its name.
    pub name: u32,
    /// Hash of its bytes.
    pub text: u64,
    /// Hash of its normal form.
    pub shape: u64,
    /// Hash of its normal form without `static`, `inline` and `extern`.
    pub core: u64,
    /// It wraps a call.
    pub wrapper: Option<Wrapper>,
    /// It is no smaller than [`Depth`] says.
    pub large: bool,
    /// Inside it some statements repeat in one shape.
    pub has_run: bool,
    /// Where its statements are in [`FileFacts::statements`].
    pub statements: Range<u32>,
    /// Where its names are in [`FileFacts::names`].
    pub names: Range<u32>,
}

impl FileFacts {
    /// Statement hashes of a function of this file.
    pub fn statements_of(&self, function: &FunctionFacts) -> &[u32] {
        slice(&self.statements, &function.statements)
    }

    /// Name hashes of a function of this file.
    pub fn names_of(&self, function: &FunctionFacts) -> &[u32] {
        slice(&self.names, &function.names)
    }
}

fn slice<'a>(all: &'a [u32], range: &Range<u32>) -> &'a [u32] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// Reads the facts of files; holds what is reused from file to file.
pub struct Reader<'l> {
    lists: &'l Lists,
    normaliser: Normaliser,
    words: Vec<Word>,
}

impl<'l> Reader<'l> {
    /// A reader that knows these lists.
    pub fn new(lists: &'l Lists) -> Reader<'l> {
        Reader { lists, normaliser: Normaliser::default(), words: Vec::new() }
    }

    /// The facts of `source`.
    pub fn read(&mut self, source: &[u8], depth: &Depth) -> FileFacts {
        let mut out = FileFacts { generated: is_generated(source), ..FileFacts::default() };
        let mut ordinals: FxHashMap<&[u8], u32> = FxHashMap::default();
        let mut problems = Vec::new();
        let outline = split::split(source, |function, tokens| {
            let name = function.name(source);
            let next = ordinals.entry(name).or_insert(0);
            let ordinal = *next;
            *next += 1;
            if function.unbalanced {
                problems.push((function.start, ProblemKind::UnbalancedFunction));
            }
            self.function(source, function, ordinal, tokens, depth, &mut out);
        });
        out.lines = outline.lines;
        out.includes = included(source);
        out.exports = exported(source);
        out.keeps = keep::in_file(source);
        problems.extend(outline.unclosed.map(|start| (start, ProblemKind::UnclosedFunction)));
        problems.extend(outline.problems.iter().map(|p| (p.offset, p.kind.into())));
        out.problems = first_of_each_kind(source, problems);
        out
    }

    fn function(
        &mut self,
        source: &[u8],
        function: Function,
        ordinal: u32,
        tokens: &[Token],
        depth: &Depth,
        out: &mut FileFacts,
    ) {
        let name = function.name(source);
        let mut facts = FunctionFacts {
            ordinal,
            name: name_hash(name),
            text: xxh3_64(source.get(function.range()).unwrap_or_default()),
            shape: 0,
            core: 0,
            wrapper: None,
            large: function.lines() >= depth.min_lines && function.token_count >= depth.min_tokens,
            has_run: false,
            statements: 0..0,
            names: 0..0,
            function,
        };
        // What was cut off at the wrong brace must not be rewritten.
        if !facts.function.disabled && !facts.function.unbalanced {
            words_into(source, tokens, &mut self.words);
            let (normaliser, words) = (&mut self.normaliser, &self.words);
            let FormHash { shape, core } = FormHash::of(normaliser, source, name, tokens, words);
            (facts.shape, facts.core) = (shape, core);
            let body = tokens.partition_point(|token| token.start < facts.function.body);
            if !facts.function.macro_defined {
                let function = wrapper::Body { source, tokens, words, body };
                facts.wrapper = wrapper::read(self.lists, normaliser, name, &function);
            }
            if depth.statements && facts.large {
                let from = out.statements.len() as u32;
                statements_of_words(source, tokens, words, body, |s| out.statements.push(s.hash));
                facts.statements = from..out.statements.len() as u32;
                facts.has_run = sequence::has_run(slice(&out.statements, &facts.statements))
                    || sequence::has_choices(words);
                let from = out.names.len() as u32;
                shared_names(source, name, tokens, words, &mut out.names);
                facts.names = from..out.names.len() as u32;
            }
        }
        out.functions.push(facts);
    }
}

/// The hash of a name, as the facts hold it.
pub fn name_hash(name: &[u8]) -> u32 {
    let hash = super::hash::fold(super::hash::packed_text(name));
    (hash ^ hash >> 32) as u32
}

/// Bytes at the start of a file in which it says that a program wrote it.
const PREAMBLE: usize = 2048;

/// Whether the first lines say that a program wrote the file.
fn is_generated(source: &[u8]) -> bool {
    const SAY_SO: &[&[u8]] = &[
        b"do not edit",
        b"autogenerated",
        b"auto-generated by",
        b"auto-generated from",
        b"automatically generated by",
        b"automatically generated from",
        b"generated automatically",
        b"machine generated",
        b"machine-generated",
    ];
    let head = &source[..source.len().min(PREAMBLE)];
    let at = head.windows(2).position(|pair| pair == b"/*" || pair == b"//");
    let Some(at) = at else { return false };
    let lower = head[at..].to_ascii_lowercase();
    SAY_SO.iter().any(|words| memchr::memmem::find(&lower, words).is_some())
}

/// The `.c` files that `#include` names, as written.
pub fn included(source: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(source, b".c\"") {
        let line = source[..at].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
        let text = String::from_utf8_lossy(&source[line..at + 2]);
        let Some(rest) = text.trim_start().strip_prefix('#') else { continue };
        let Some(name) = rest.trim_start().strip_prefix("include") else { continue };
        found.push(name.trim_start().trim_start_matches('"').to_owned());
    }
    found
}

/// Hashes of the names that `source` exports, sorted.
fn exported(source: &[u8]) -> Vec<u32> {
    let mut found: Vec<u32> = exports(source).into_iter().map(name_hash).collect();
    found.sort_unstable();
    found
}

/// A binary file renamed to `.c` has a million problems of one kind: the first
/// tells it all. Unbalanced functions are listed one by one.
fn first_of_each_kind(
    source: &[u8],
    mut problems: Vec<(u32, ProblemKind)>,
) -> Vec<(u32, ProblemKind)> {
    problems.sort_unstable();
    let mut kept: Vec<(u32, ProblemKind)> = Vec::new();
    for problem in problems {
        let listed = problem.1 == ProblemKind::UnbalancedFunction;
        if listed || kept.iter().all(|k| k.1 != problem.1) {
            kept.push(problem);
        }
    }
    kept.into_iter().map(|(offset, kind)| (line_at(source, offset as usize), kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(source: &str) -> FileFacts {
        let depth = Depth { min_lines: 1, min_tokens: 1, statements: true };
        Reader::new(&Lists::load(&[]).expect("our own")).read(source.as_bytes(), &depth)
    }

    #[test]
    fn a_file_says_in_a_comment_that_it_is_generated() {
        assert!(facts("/* DO NOT EDIT: made by a script */\n").generated);
        assert!(facts("// SPDX\n/*\n * Autogenerated file\n */\n").generated);
        assert!(!facts("const char *s = \"do not edit\";\n").generated);
        assert!(!facts("/* interrupts generated by the device */\n").generated);
    }

    #[test]
    fn included_sources_and_exported_names_are_collected() {
        let facts = facts(
            "#include \"a.c\"\n# include \"../b.c\"\n#include \"c.h\"\nconst char *n = \"d.c\";\n\
             int f(void) { return 0; }\nEXPORT_SYMBOL_GPL(f);\nEXPORT_SYMBOL_NS( g, NS);\n",
        );
        assert_eq!(facts.includes, ["a.c", "../b.c"]);
        let mut expected = [name_hash(b"f"), name_hash(b"g")];
        expected.sort_unstable();
        assert_eq!(facts.exports, expected);
    }

    #[test]
    fn storage_is_no_part_of_the_core() {
        let facts =
            facts("static inline int a(int x) { return f(x); }\nint b(int y) { return f(y); }\n");
        let [a, b] = facts.functions.as_slice() else { panic!("two functions") };
        assert_eq!(a.core, b.core);
        assert_ne!(a.shape, b.shape);
    }
}
