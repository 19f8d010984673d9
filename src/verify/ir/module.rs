//! A module of LLVM IR taken apart into lines, each with what it is about
//! (LLVM Language Reference Manual, "Module Structure").

use std::collections::{BTreeMap, BTreeSet};

/// The texts of a module by their names, without `@` and `%`.
#[derive(Debug, Default)]
pub(super) struct Module<'t> {
    /// What a type is.
    pub types: BTreeMap<&'t str, &'t str>,
    /// Variables and aliases that have a name for others or for a programmer.
    pub globals: BTreeMap<&'t str, &'t str>,
    /// Constants that a compiler has named.
    pub private: BTreeMap<&'t str, &'t str>,
    /// Attributes by their number.
    pub attributes: BTreeMap<&'t str, &'t str>,
    /// Metadata by their number.
    pub metadata: BTreeMap<&'t str, &'t str>,
    /// What is defined here.
    pub functions: BTreeMap<&'t str, Function<'t>>,
    /// `module asm`, in the order of the text.
    pub assembly: Vec<&'t str>,
}

/// A function.
#[derive(Debug, Default)]
pub(super) struct Function<'t> {
    /// From `define` to the brace.
    pub head: &'t str,
    /// Labels and instructions; the first one is where it begins.
    pub blocks: Vec<(&'t str, Vec<String>)>,
}

impl<'t> Module<'t> {
    pub fn parse(text: &'t str) -> Self {
        let mut module = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let entry = line.split_once(" = ");
            match (line.as_bytes().first(), entry) {
                (Some(b'%'), Some((name, rest))) => {
                    module.types.insert(bare(name), rest);
                }
                (Some(b'@'), Some((name, rest))) if rest.starts_with("private ") => {
                    module.private.insert(bare(name), rest);
                }
                (Some(b'@'), Some((name, rest))) => {
                    module.globals.insert(bare(name), rest);
                }
                (Some(b'!'), Some((name, rest))) => {
                    module.metadata.insert(bare(name), rest);
                }
                (Some(b'a'), Some((name, rest))) if name.starts_with("attributes #") => {
                    module.attributes.insert(bare(&name["attributes ".len()..]), rest);
                }
                _ if line.starts_with("module asm") => module.assembly.push(line),
                _ if line.starts_with("define ") => {
                    let Some(name) = super::canonical::words(line).find(|it| it.starts_with('@'))
                    else {
                        continue;
                    };
                    let body = lines.by_ref().take_while(|line| *line != "}");
                    module.functions.insert(bare(name), Function::parse(line, body));
                }
                _ => {}
            }
        }
        module
    }
}

impl<'t> Function<'t> {
    fn parse(head: &'t str, body: impl Iterator<Item = &'t str>) -> Self {
        let mut blocks: Vec<(&'t str, Vec<String>)> = Vec::new();
        for line in body.filter(|line| !line.is_empty()) {
            if !line.starts_with(' ') {
                let label = line.split(':').next().unwrap_or_default();
                blocks.push((bare(label), Vec::new()));
                continue;
            }
            if blocks.is_empty() {
                blocks.push(("", Vec::new()));
            }
            let Some((_, instructions)) = blocks.last_mut() else { continue };
            // The rows of a switch, and where an `asm goto` goes.
            let goes_on = line.starts_with("   ") || line.trim_start().starts_with(']');
            match instructions.last_mut() {
                Some(last) if goes_on => {
                    last.push(' ');
                    last.push_str(line.trim());
                }
                _ => instructions.push(line.trim().to_owned()),
            }
        }
        Self { head, blocks }
    }
}

/// A name without what says the kind, and without quotes.
pub(super) fn bare(name: &str) -> &str {
    name.trim_start_matches(['%', '@', '!', '#']).trim_matches('"')
}

/// The names in either of two maps, sorted.
pub(super) fn names<'n, T>(
    one: &'n BTreeMap<&str, T>,
    other: &'n BTreeMap<&str, T>,
) -> BTreeSet<&'n str> {
    one.keys().chain(other.keys()).copied().collect()
}
