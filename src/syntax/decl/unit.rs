//! A translation unit: one `.c` file and the headers that it reaches.

use super::constant::{Constant, NotConstant};
use super::declarator::Param;
use super::enums::EnumValues;
use super::facts::MacroFacts;
use super::index::{Definition, DefinitionKind, EntryKind, FileIndex, TagKind, name_hash};
use super::lexeme::join;
use super::universe::Universe;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// What the names of a `.c` file may mean.
pub struct Unit {
    pub(super) universe: Arc<Universe>,
    own: FileIndex,
    own_names: FxHashMap<u64, Vec<u32>>,
    headers: Vec<u64>,
    unresolved: Vec<String>,
    pub(super) constants: Mutex<FxHashMap<String, Result<Constant, NotConstant>>>,
    pub(super) enums: Mutex<FxHashMap<(Arc<str>, u32), EnumValues>>,
    pub(super) facts: Mutex<FxHashMap<String, Arc<MacroFacts>>>,
}

/// The signature of a real function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSig {
    /// Its name.
    pub name: String,
    /// Return type, white space normalised.
    pub return_type: String,
    /// Its parameters; names from the definition where one is visible.
    pub params: Vec<Param>,
    /// It ends in `...`.
    pub variadic: bool,
    /// `static`, in any declaration.
    pub is_static: bool,
    /// `inline`, in any declaration.
    pub is_inline: bool,
    /// A body is visible.
    pub has_body: bool,
    /// A function-like macro of the same name is visible: a call may be either.
    pub macro_too: bool,
    /// Attributes of all declarations, sorted.
    pub attributes: Vec<String>,
    /// Where the declaration stands whose names these are.
    pub file: Arc<str>,
    /// Its line, from 1.
    pub line: u32,
}

/// Why a name has no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSignature {
    /// Nothing visible declares a function of the name.
    #[error("`{0}` is declared nowhere in the translation unit; include its header")]
    Unknown(String),
    /// Two visible declarations differ in their types.
    #[error("`{name}` is declared differently at {first} and {second}")]
    Conflicting {
        /// The function.
        name: String,
        /// `file:line` of one.
        first: String,
        /// `file:line` of another.
        second: String,
    },
}

impl Unit {
    pub(super) fn new(
        universe: Arc<Universe>,
        own: FileIndex,
        headers: Vec<u64>,
        unresolved: Vec<String>,
    ) -> Unit {
        let mut own_names: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for (number, entry) in own.entries.iter().enumerate() {
            own_names.entry(name_hash(own.name(entry))).or_default().push(number as u32);
        }
        Unit {
            universe,
            own,
            own_names,
            headers,
            unresolved,
            constants: Mutex::default(),
            enums: Mutex::default(),
            facts: Mutex::default(),
        }
    }

    /// Path of the `.c` file.
    pub fn path(&self) -> &str {
        &self.own.path
    }

    /// Paths of all headers that it reaches, sorted.
    pub fn headers(&self) -> Vec<Arc<str>> {
        self.universe.paths(&self.headers)
    }

    /// Includes, of any of its files, that lead to no file; sorted.
    pub fn unresolved(&self) -> &[String] {
        &self.unresolved
    }

    /// Every entry of the name, its own file's first.
    pub(super) fn visit(&self, name: &str, mut each: impl FnMut(&FileIndex, u32)) {
        let hash = name_hash(name.as_bytes());
        let is_named = |index: &FileIndex, number: u32| {
            let entry = index.entries.get(number as usize);
            entry.is_some_and(|e| index.name(e) == name.as_bytes())
        };
        for &number in self.own_names.get(&hash).into_iter().flatten() {
            if is_named(&self.own, number) {
                each(&self.own, number);
            }
        }
        self.universe.places(hash, &self.headers, |index, number| {
            if is_named(index, number) {
                each(index, number);
            }
        });
    }

    fn find(&self, name: &str, wanted: impl Fn(EntryKind) -> bool) -> Vec<Definition> {
        let mut found = Vec::new();
        self.visit(name, |index, number| {
            if let Some(entry) = index.entries.get(number as usize).filter(|e| wanted(e.kind)) {
                found.extend(index.definition(entry));
            }
        });
        found.retain(|definition| !definition.is_never_compiled());
        // Headers are numbered in the order in which threads met them.
        found.sort_by(|a, b| {
            let key = |d: &Definition| (d.file != self.own.path, d.file.clone(), d.offset);
            key(a).cmp(&key(b))
        });
        found
    }

    /// All definitions visible under an ordinary name (macro, enumerator,
    /// typedef, function, variable): its own file's first, then by path and
    /// place. Those that no kernel C is compiled with (assembler, C++) are left
    /// out.
    pub fn lookup(&self, name: &str) -> Vec<Definition> {
        self.find(name, |kind| {
            !matches!(kind, EntryKind::Struct | EntryKind::Union | EntryKind::Enum)
        })
    }

    /// All declarations of a tag, in the same order.
    pub fn lookup_tag(&self, kind: TagKind, name: &str) -> Vec<Definition> {
        let wanted = match kind {
            TagKind::Struct => EntryKind::Struct,
            TagKind::Union => EntryKind::Union,
            TagKind::Enum => EntryKind::Enum,
        };
        self.find(name, |kind| kind == wanted)
    }

    /// Tags of the structures whose bodies stand in the `.c` file, or in a header that it
    /// reaches in `folder` or below; sorted.
    pub fn structures(&self, folder: &str) -> Vec<String> {
        let mut tags = BTreeSet::new();
        let mut add = |index: &FileIndex| {
            let bodies = index.entries.iter().filter(|entry| {
                entry.kind == EntryKind::Struct && entry.extra != 0 && entry.name_len > 0
            });
            tags.extend(bodies.map(|it| String::from_utf8_lossy(index.name(it)).into_owned()));
        };
        add(&self.own);
        self.universe.each(&self.headers, |path| path.starts_with(folder), &mut add);
        tags.into_iter().collect()
    }

    /// Whether anything at file scope has the name, tags not counted.
    pub(super) fn is_file_scope(&self, name: &str) -> bool {
        let mut found = false;
        self.visit(name, |_, _| found = true);
        found
    }

    /// The macros that the `.c` file itself defines or undefines, each with the text of
    /// all its definitions.
    pub(super) fn own_macros(&self) -> FxHashMap<String, String> {
        let mut found: FxHashMap<String, String> = FxHashMap::default();
        for entry in &self.own.entries {
            use EntryKind::{FunctionMacro, ObjectMacro, Undef};
            if matches!(entry.kind, ObjectMacro | FunctionMacro | Undef) {
                let name = String::from_utf8_lossy(self.own.name(entry)).into_owned();
                let text = join(&self.own.tokens(entry));
                found.entry(name).or_default().push_str(&text);
            }
        }
        found
    }

    /// The signature of the function `name`: all visible declarations must agree
    /// in their types.
    pub fn function(&self, name: &str) -> Result<FunctionSig, NoSignature> {
        let mut sig: Option<FunctionSig> = None;
        let mut macro_too = false;
        let mut definitions = self.lookup(name);
        // What stands under `#ifndef name` gives way to what stands elsewhere.
        let fallback = format!("!defined({name})");
        let is_own = |d: &Definition| {
            matches!(d.kind, DefinitionKind::Function(_)) && !d.conditions.contains(&fallback)
        };
        if definitions.iter().any(is_own) {
            definitions.retain(|d| !d.conditions.contains(&fallback));
        }
        for definition in definitions {
            let declared = match definition.kind {
                DefinitionKind::Macro(ref define) => {
                    macro_too |= define.params.is_some();
                    continue;
                }
                DefinitionKind::Function(declared) => declared,
                _ => continue,
            };
            let has_body = declared.body.is_some();
            let new = FunctionSig {
                name: name.to_string(),
                return_type: declared.return_type,
                params: declared.params,
                variadic: declared.variadic,
                is_static: declared.is_static,
                is_inline: declared.is_inline,
                has_body,
                macro_too: false,
                attributes: declared.attributes,
                file: definition.file,
                line: definition.line,
            };
            sig = Some(match sig {
                None => new,
                Some(old) if old.types() == new.types() => old.merge(new),
                Some(old) => {
                    return Err(NoSignature::Conflicting {
                        name: name.to_string(),
                        first: format!("{}:{}", old.file, old.line),
                        second: format!("{}:{}", new.file, new.line),
                    });
                }
            });
        }
        let sig = sig.ok_or_else(|| NoSignature::Unknown(name.to_string()))?;
        Ok(FunctionSig { macro_too, ..sig })
    }
}

impl FunctionSig {
    /// What two declarations of one function must have in common.
    fn types(&self) -> (String, Vec<String>, bool) {
        let params = self.params.iter().map(|p| agreed(&p.type_text)).collect();
        (agreed(&self.return_type), params, self.variadic)
    }

    /// One of two declarations that agree; the definition gives the names.
    fn merge(self, other: FunctionSig) -> FunctionSig {
        let (mut kept, dropped) =
            if other.has_body && !self.has_body { (other, self) } else { (self, other) };
        kept.is_static |= dropped.is_static;
        kept.is_inline |= dropped.is_inline;
        kept.attributes.extend(dropped.attributes);
        kept.attributes.sort();
        kept.attributes.dedup();
        kept
    }
}

/// A type as it counts for agreement: a parameter's own `const` does not, and
/// some types are written in two ways.
fn agreed(text: &str) -> String {
    // The `const` behind the last star is the parameter's own.
    let text = match text.strip_suffix("const").map(str::trim_end) {
        Some(pointer) if pointer.ends_with('*') => pointer,
        _ => text,
    };
    let text = match text {
        "__kernel_size_t" => "size_t",
        "unsigned" | "u32" => "unsigned int",
        "u16" => "unsigned short",
        "u8" => "unsigned char",
        "const int" => "int",
        _ => text,
    };
    text.to_string()
}

/// Conditions that no C file of the kernel is compiled under.
const NEVER: [&str; 9] = [
    "0",
    "defined(__ASSEMBLY__)",
    "defined(__ASSEMBLER__)",
    "defined(LINKER_SCRIPT)",
    "defined(__cplusplus)",
    "defined(__CHECKER__)",
    "defined(__DTS__)",
    "!defined(__KERNEL__)",
    "defined(__GENKSYMS__)",
];

/// The condition without blanks, doubled negation and outer parentheses.
fn plain(condition: &str) -> String {
    let all: String = condition.split_whitespace().collect();
    if all.contains(['&', '|', '?']) {
        return all;
    }
    let mut text = all.as_str();
    while let Some(inner) = text
        .strip_prefix("!!")
        .or_else(|| text.strip_prefix('(').and_then(|t| t.strip_suffix(')')))
        .or_else(|| text.strip_prefix("!(!").and_then(|t| t.strip_suffix(')')))
    {
        text = inner;
    }
    match text.strip_prefix("!(").and_then(|t| t.strip_suffix(')')) {
        Some(inner) if !inner.contains('!') => format!("!{inner}"),
        _ => text.to_string(),
    }
}

/// Conditions of the 32-bit half of `arch/x86`.
const NARROW: [&str; 2] = ["defined(CONFIG_X86_32)", "!defined(CONFIG_X86_64)"];

/// Whether what stands in the file under these conditions is never part of a
/// 64-bit kernel's C.
pub(super) fn never_compiled(file: &str, conditions: &[String]) -> bool {
    let in_arch = file.starts_with("arch/");
    conditions.iter().any(|condition| {
        let plain = plain(condition);
        let is_never = |part: &str| NEVER.contains(&part) || (in_arch && NARROW.contains(&part));
        plain.split("&&").any(is_never) && !plain.contains("||")
    })
}

impl Definition {
    /// Whether it stands where no kernel C is compiled.
    pub(super) fn is_never_compiled(&self) -> bool {
        never_compiled(&self.file, &self.conditions)
    }
}

#[cfg(test)]
#[path = "unit_tests.rs"]
mod tests;
