//! The text of a function or a variable in a form that is the same for two modules that
//! mean the same.

use super::module::{Function, Module, bare};
use crate::verify::object::Merged;
use std::collections::BTreeMap;

/// Constants within constants.
const MAX_DEPTH: usize = 8;

/// See the module.
pub(super) struct Canonical<'m> {
    module: &'m Module<'m>,
    merged: &'m Merged,
}

/// Numbers of a function's values and blocks, by their names.
type Numbers<'f> = BTreeMap<&'f str, usize>;

impl<'m> Canonical<'m> {
    pub fn new(module: &'m Module<'m>, merged: &'m Merged) -> Self {
        Self { module, merged }
    }

    /// Whether calls of `name` may be those of another function.
    pub fn is_merged(&self, name: &str) -> bool {
        !self.merged.into.is_empty() && self.merged.functions.contains(name)
    }

    /// A variable's type, contents and properties.
    pub fn variable(&self, name: &str) -> Option<String> {
        let text = self.module.globals.get(name)?;
        let mut out = String::new();
        self.write(text, &Numbers::new(), MAX_DEPTH, &mut out);
        Some(out)
    }

    /// A function's signature and its blocks in the order in which they are reached.
    pub fn function(&self, name: &str) -> Option<String> {
        let function = self.module.functions.get(name)?;
        let order = order(function);
        let numbers = self.numbers(function, &order);
        let mut out = String::new();
        self.write(function.head, &numbers, MAX_DEPTH, &mut out);
        for at in order {
            let Some((_, instructions)) = function.blocks.get(at) else { continue };
            out.push_str("\nblock");
            for instruction in instructions {
                out.push('\n');
                self.instruction(instruction, &numbers, &mut out);
            }
        }
        Some(out)
    }

    /// Parameters first, then blocks and what is defined in them.
    fn numbers<'f>(&self, function: &'f Function<'_>, order: &[usize]) -> Numbers<'f> {
        let mut numbers = Numbers::new();
        let mut add = |name: &'f str| {
            let next = numbers.len();
            numbers.entry(name).or_insert(next);
        };
        let is_value = |word: &&str| word.starts_with('%') && !self.is_type(word);
        words(function.head).filter(is_value).for_each(|word| add(bare(word)));
        for (label, instructions) in order.iter().filter_map(|&at| function.blocks.get(at)) {
            add(label);
            let defined = instructions.iter().filter_map(|it| it.split_once(" = "));
            defined.for_each(|(name, _)| add(bare(name)));
        }
        numbers
    }

    fn is_type(&self, word: &str) -> bool {
        self.module.types.contains_key(bare(word))
    }

    /// Without metadata, which say nothing of what it does; where the values of a phi
    /// come from has no order.
    fn instruction(&self, text: &str, numbers: &Numbers<'_>, out: &mut String) {
        let text = match attached(text) {
            Some(at) => &text[..at],
            None => text,
        };
        let Some((head, sources)) = text.split_once(" = phi ").and_then(|(name, rest)| {
            let (kind, sources) = rest.split_once(" [ ")?;
            Some((format!("{name} = phi {kind}"), sources))
        }) else {
            return self.write(text, numbers, MAX_DEPTH, out);
        };
        self.write(&head, numbers, MAX_DEPTH, out);
        let sources = sources.trim_end_matches(" ]").split(" ], [ ").map(|source| {
            let mut text = String::new();
            self.write(source, numbers, MAX_DEPTH, &mut text);
            text
        });
        let mut sources: Vec<String> = sources.collect();
        sources.sort();
        for source in sources {
            out.push_str(" [");
            out.push_str(&source);
            out.push(']');
        }
    }

    fn write(&self, text: &str, numbers: &Numbers<'_>, depth: usize, out: &mut String) {
        let module = self.module;
        let definition = |word: &str| {
            let name = bare(word);
            match word.as_bytes().first()? {
                b'@' => module.private.get(name),
                b'#' => module.attributes.get(name),
                b'!' => module.metadata.get(name),
                _ => None,
            }
        };
        for word in words(text) {
            let name = bare(word);
            let number = numbers.get(name).filter(|_| word.starts_with('%') && !self.is_type(word));
            out.push(' ');
            if let Some(number) = number {
                out.push_str(&format!("%{number}"));
            } else if let Some(inside) = definition(word).filter(|_| depth > 0) {
                out.push('<');
                self.write(inside, numbers, depth - 1, out);
                out.push('>');
            } else if word.starts_with('@') && self.is_merged(name) {
                out.push_str(&format!("@{}", self.merged.into));
            } else {
                out.push_str(word);
            }
        }
    }
}

/// Where metadata begin that are attached to an instruction.
fn attached(text: &str) -> Option<usize> {
    let mut comma = None;
    for word in words(text) {
        let at = word.as_ptr() as usize - text.as_ptr() as usize;
        match (word, comma) {
            (",", _) => comma = Some(at),
            (_, Some(comma)) if word.starts_with('!') => return Some(comma),
            _ => comma = None,
        }
    }
    None
}

/// The blocks in the order in which they are reached from the first one: into depth, and
/// by the order in which the end of a block names those after it.
fn order(function: &Function<'_>) -> Vec<usize> {
    let blocks = function.blocks.iter().enumerate();
    let by_label: BTreeMap<&str, usize> = blocks.map(|(at, (label, _))| (*label, at)).collect();
    let mut order = Vec::new();
    let mut seen = vec![false; function.blocks.len()];
    let mut open = vec![0];
    while let Some(at) = open.pop() {
        let Some((_, instructions)) = function.blocks.get(at) else { continue };
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        order.push(at);
        let last = instructions.last().map_or("", String::as_str);
        let mut label = false;
        let named = words(last).filter(|word| std::mem::replace(&mut label, *word == "label"));
        let next: Vec<usize> = named.filter_map(|word| by_label.get(bare(word)).copied()).collect();
        open.extend(next.into_iter().rev());
    }
    order
}

/// Names, numbers and strings whole, every other mark by itself, without comments.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        if rest.starts_with(';') {
            return None;
        }
        let bytes = rest.as_bytes();
        let sigil = usize::from(matches!(bytes.first()?, b'%' | b'@' | b'!' | b'#' | b'c' | b'$'));
        let is_word =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'$');
        let end = if bytes.get(sigil) == Some(&b'"') {
            let close = bytes[sigil + 1..].iter().position(|byte| *byte == b'"');
            close.map_or(rest.len(), |close| sigil + 1 + close + 1)
        } else {
            let length = bytes[sigil..].iter().position(|byte| !is_word(byte));
            length.map_or(rest.len(), |length| sigil + length)
        };
        // A mark, or a letter of another alphabet.
        let end = if end == 0 { rest.chars().next().map_or(1, char::len_utf8) } else { end };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}
