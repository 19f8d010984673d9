//! The attributes that a file declares by macros that are known. In: the file. Out: each
//! with its functions, its mode and what else it holds.

use super::carriers::{Carriers, Declarer};
use crate::plan::FileContext;
use crate::plan::align::lossy;
use crate::plan::uses::closing;
use crate::syntax::decl::DefinitionKind;
use std::ops::Range;

/// An attribute that a file declares for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The tag of the object.
    pub tag: String,
    /// What sysfs calls it.
    pub name: String,
    /// Its mode.
    pub mode: String,
    /// What reads it, or `NULL`.
    pub show: String,
    /// What writes it, or `NULL`.
    pub store: String,
    /// What the object holds beside it, if anything.
    pub data: Option<String>,
    /// The tokens of the declaration, from `static` to `;`.
    pub tokens: Range<usize>,
}

impl Declared {
    /// Whether `function` reads or writes it.
    pub fn has(&self, function: &str) -> bool {
        self.show == function || self.store == function
    }
}

/// The attributes that `file` declares.
pub fn declared(file: &FileContext, carriers: &Carriers) -> Vec<Declared> {
    let begins = |at: &usize| file.text(*at) == b"static" && file.text(at + 2) == b"(";
    let starts = (0..file.tokens.len()).filter(begins);
    starts.filter_map(|at| read(file, at, carriers)).collect()
}

fn read(file: &FileContext, start: usize, carriers: &Carriers) -> Option<Declared> {
    let declarer = carriers.declarer(file.text(start + 1))?;
    let offset = file.tokens[start].start;
    if file.function_at(offset).is_some() || !is_of_header(file, declarer) {
        return None;
    }
    let close = closing(file, start + 2)?;
    let arguments = arguments(file, start + 2, close);
    if file.text(close + 1) != b";" || arguments.len() != declarer.arguments.len() {
        return None;
    }
    let argument = |what: &str| {
        let at = declarer.arguments.iter().position(|it| it == what)?;
        arguments.get(at).cloned()
    };
    let name = argument("name")?;
    let made = |form: &Option<String>| {
        let form = form.as_ref()?.replace("{name}", &name);
        Some(form.replace("{func}", &argument("func").unwrap_or_default()))
    };
    let null = || "NULL".to_owned();
    Some(Declared {
        tag: declarer.of.clone(),
        mode: argument("mode").or_else(|| declarer.mode.clone())?,
        show: argument("show").or_else(|| made(&declarer.show)).unwrap_or_else(null),
        store: argument("store").or_else(|| made(&declarer.store)).unwrap_or_else(null),
        data: argument("data"),
        name,
        tokens: start..close + 2,
    })
}

/// Whether the macro is the kernel's, and not one that the file or its driver defines.
fn is_of_header(file: &FileContext, declarer: &Declarer) -> bool {
    let found = file.unit.lookup(&declarer.name);
    !found.is_empty()
        && found.iter().all(|it| {
            matches!(it.kind, DefinitionKind::Macro(_)) && it.file.starts_with("include/")
        })
}

/// The arguments between two parentheses, as they are spelled.
fn arguments(file: &FileContext, open: usize, close: usize) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut from) = (0usize, open + 1);
    for at in open + 1..=close {
        match file.text(at) {
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" if at < close => depth = depth.saturating_sub(1),
            b"," if depth == 0 => {
                found.push(spelled(file, from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(spelled(file, from..close));
    found
}

/// Tokens as they are spelled, on one line.
fn spelled(file: &FileContext, range: Range<usize>) -> String {
    if range.is_empty() {
        return String::new();
    }
    let bytes = file.tokens[range.start].start as usize..file.tokens[range.end - 1].end as usize;
    lossy(&file.bytes[bytes]).split_whitespace().collect::<Vec<_>>().join(" ")
}
