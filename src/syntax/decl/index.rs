//! The index of one file: compact entries, and the [`Definition`]s that they
//! stand for, read again from the text when somebody asks.

use super::declarator::{self, Param};
use super::directive::{Conditions, Define, Include};
use super::lexeme::{Lexeme, join, lexemes};
use super::scan;
use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum EntryKind {
    ObjectMacro,
    FunctionMacro,
    Undef,
    Enumerator,
    Typedef,
    Struct,
    Union,
    Enum,
    Function,
    Variable,
    MacroArgument,
}

/// One definition of a file. Tens of bytes: register headers have millions.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: u32,
    pub name_len: u16,
    pub kind: EntryKind,
    /// The directive; the enumerator with its value; the whole declaration, up
    /// to the body of a function or the end of the item.
    pub start: u32,
    pub end: u32,
    /// Function: end of the body, 0 without one. Struct and such: 1 with a body.
    /// Enumerator: number of its enum. Variable: 1 when initialised.
    pub extra: u32,
    pub line: u32,
    pub condition: u32,
}

/// An enum that has a body.
#[derive(Clone, Debug, Default)]
pub(super) struct EnumBody {
    /// Its tag; empty without one.
    pub tag: Box<str>,
    /// Its enumerators, as a range of entries.
    pub entries: Range<u32>,
}

/// Everything defined at file scope in one file.
#[derive(Debug)]
pub(super) struct FileIndex {
    pub path: Arc<str>,
    pub source: Arc<[u8]>,
    pub entries: Vec<Entry>,
    pub enums: Vec<EnumBody>,
    pub includes: Vec<Include>,
    pub conditions: Conditions,
}

/// Which name space of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// `struct`
    Struct,
    /// `union`
    Union,
    /// `enum`
    Enum,
}

/// A prototype or the definition of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionDeclaration {
    /// Return type, white space normalised, without storage class and attributes.
    pub return_type: String,
    /// Its parameters.
    pub params: Vec<Param>,
    /// It ends in `...`.
    pub variadic: bool,
    /// `static`
    pub is_static: bool,
    /// `inline` in any spelling.
    pub is_inline: bool,
    /// Byte range of the body, braces included, where it stands here.
    pub body: Option<Range<u32>>,
    /// Attribute words, for instance `__init`, with their arguments.
    pub attributes: Vec<String>,
}

/// What a name is defined as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionKind {
    /// `#define NAME body` or `#define NAME(params) body`
    Macro(Define),
    /// `#undef NAME`
    Undef,
    /// A constant of an enum.
    Enumerator {
        /// Tag of the enum, where it has one.
        tag: Option<String>,
        /// The expression after `=`.
        explicit: Option<String>,
        /// Its place in the enum, from 0, all branches of `#if` counted.
        position: u32,
    },
    /// A typedef, and the type that it names, white space normalised.
    Typedef {
        /// For instance `unsigned int`; of a function pointer, the whole shape.
        target: String,
    },
    /// A struct, union or enum tag.
    Tag {
        /// Which name space.
        kind: TagKind,
        /// Its members stand here.
        has_body: bool,
    },
    /// A function.
    Function(FunctionDeclaration),
    /// An object.
    Variable {
        /// Type with its pointers, without storage class and attributes.
        type_text: String,
        /// Declared with `[…]`.
        is_array: bool,
        /// Number of stars.
        pointer_depth: u32,
        /// The object itself is `const`.
        is_const: bool,
        /// `static`
        is_static: bool,
        /// It has an initialiser here.
        initialised: bool,
    },
    /// The first argument of a macro call at file scope that declares something,
    /// for instance `DEFINE_MUTEX(lock)`: what it is only the macro knows.
    MacroArgument {
        /// Name of the macro.
        macro_name: String,
    },
}

/// One definition or declaration of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// Path of the file, relative to the top of the tree.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Byte offset at which it begins.
    pub offset: u32,
    /// The preprocessor conditions that it stands under, outermost first, without
    /// the include guard.
    pub conditions: Vec<String>,
    /// What it is.
    pub kind: DefinitionKind,
}

/// Hash under which names are looked up.
pub(super) fn name_hash(name: &[u8]) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

impl FileIndex {
    /// Reads a file. It never fails: what is not C defines nothing.
    pub fn build(path: Arc<str>, source: Arc<[u8]>) -> FileIndex {
        scan::scan(path, source)
    }

    /// The name of an entry.
    pub fn name(&self, entry: &Entry) -> &[u8] {
        let start = entry.name as usize;
        self.source.get(start..start + entry.name_len as usize).unwrap_or_default()
    }

    /// The tokens of an entry.
    pub fn tokens(&self, entry: &Entry) -> Vec<Lexeme> {
        lexemes(self.text(entry))
    }

    fn text(&self, entry: &Entry) -> &[u8] {
        self.source.get(entry.start as usize..entry.end as usize).unwrap_or_default()
    }

    /// The definition that an entry stands for.
    pub fn definition(&self, entry: &Entry) -> Option<Definition> {
        let name = String::from_utf8_lossy(self.name(entry)).into_owned();
        let kind = self.kind(entry, &name)?;
        Some(Definition {
            name,
            file: self.path.clone(),
            line: entry.line,
            offset: entry.start,
            conditions: self.conditions.texts(entry.condition),
            kind,
        })
    }

    fn kind(&self, entry: &Entry, name: &str) -> Option<DefinitionKind> {
        let tag = |kind| Some(DefinitionKind::Tag { kind, has_body: entry.extra == 1 });
        match entry.kind {
            EntryKind::ObjectMacro | EntryKind::FunctionMacro => {
                Define::parse(self.text(entry)).map(DefinitionKind::Macro)
            }
            EntryKind::Undef => Some(DefinitionKind::Undef),
            EntryKind::Enumerator => Some(self.enumerator(entry)),
            EntryKind::Struct => tag(TagKind::Struct),
            EntryKind::Union => tag(TagKind::Union),
            EntryKind::Enum => tag(TagKind::Enum),
            EntryKind::MacroArgument => {
                let tokens = self.tokens(entry);
                let call = tokens.iter().position(|t| t.is("("))?;
                let macro_name = tokens.get(call.checked_sub(1)?)?.text.to_string();
                Some(DefinitionKind::MacroArgument { macro_name })
            }
            EntryKind::Typedef | EntryKind::Function | EntryKind::Variable => {
                self.declaration(entry, name)
            }
        }
    }

    fn enumerator(&self, entry: &Entry) -> DefinitionKind {
        let tokens = self.tokens(entry);
        let explicit = tokens.iter().position(|t| t.is("=")).map(|at| join(&tokens[at + 1..]));
        let of = self.enums.get(entry.extra as usize);
        let tag = of.map(|e| e.tag.to_string()).filter(|t| !t.is_empty());
        let position = of
            .and_then(|e| self.entries.get(e.entries.start as usize..e.entries.end as usize))
            .and_then(|all| all.iter().position(|e| e.start == entry.start))
            .unwrap_or(0) as u32;
        DefinitionKind::Enumerator { tag, explicit, position }
    }

    fn declaration(&self, entry: &Entry, name: &str) -> Option<DefinitionKind> {
        let tokens = self.tokens(entry);
        let declared = declarator::declarators(&tokens).into_iter().find(|d| d.name == name)?;
        let has = |word: &str| tokens.iter().any(|t| t.is(word));
        let is_static = tokens.iter().take_while(|t| !t.is("(")).any(|t| t.is("static"));
        match entry.kind {
            EntryKind::Typedef => {
                let annotated = if has("__bitwise") { " __bitwise" } else { "" };
                let array = if declared.is_array { "[]" } else { "" };
                let call = if declared.params.is_some() { "()" } else { "" };
                let target = format!("{}{annotated}{array}{call}", declared.type_text);
                Some(DefinitionKind::Typedef { target })
            }
            EntryKind::Function => {
                let (params, variadic) = declarator::params(declared.params.as_deref()?);
                let inline = |t: &Lexeme| t.text.contains("inline") && !t.text.contains("noinline");
                Some(DefinitionKind::Function(FunctionDeclaration {
                    return_type: declared.type_text,
                    params,
                    variadic,
                    is_static,
                    is_inline: tokens.iter().take_while(|t| !t.is("(")).any(inline),
                    body: (entry.extra > 0).then_some(entry.end..entry.extra),
                    attributes: attributes(&tokens),
                }))
            }
            _ => {
                let is_const = match declared.type_text.rfind('*') {
                    Some(star) => declared.type_text[star..].contains("const"),
                    None => declared.type_text.split(' ').any(|word| word == "const"),
                };
                Some(DefinitionKind::Variable {
                    type_text: declared.type_text,
                    is_array: declared.is_array,
                    pointer_depth: declared.pointer_depth,
                    is_const,
                    is_static,
                    initialised: entry.extra == 1,
                })
            }
        }
    }
}

fn attributes(tokens: &[Lexeme]) -> Vec<String> {
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if token.is_ident() && declarator::is_attribute(&token.text) {
            let called = tokens.get(i + 1).is_some_and(|t| t.is("("));
            let end = called.then(|| super::lexeme::closing(tokens, i + 1)).flatten();
            found.push(join(&tokens[i..end.unwrap_or(i) + 1]));
        }
    }
    found
}
