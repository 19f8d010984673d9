//! The members of a struct or union: what type has `x->field`. It answers only where
//! one body is visible for the tag, and the member stands in it once, under no `#if`.

use super::declarator::{self, UNTAGGED, bare};
use super::index::{DefinitionKind, EntryKind, TagKind};
use super::lexeme::{Lexeme, closing, split_commas};
use super::types;
use super::unit::Unit;
use crate::syntax::lexer::TokenKind;

/// Typedefs of typedefs are followed this far.
const DEEPEST_TYPEDEF: usize = 16;

/// The members of a struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The tokens between its braces.
    body: Vec<Lexeme>,
    /// File and offset of its tag; empty for a body without a tag.
    origin: String,
    /// Its members may lie where their types must not.
    packed: bool,
}

/// A member of a struct or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type with its stars, without attributes; of an array, that of the elements.
    pub type_text: String,
    /// Number of stars.
    pub pointer_depth: u32,
    /// Number of `[…]`.
    pub dimensions: u32,
    /// It is a bit-field: it has no address, and its width is not its type's.
    pub is_bit_field: bool,
    /// It may lie where its type must not: nothing but the structure itself knows how
    /// to read it on every machine.
    pub is_packed: bool,
    /// The members of its own, where its body stands right there.
    inline: Option<Box<Layout>>,
}

/// Why the type of a member is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoField {
    /// No visible body, or several.
    #[error("`{0}` has no single definition in the translation unit")]
    NoLayout(String),
    /// It is not declared, or declared by a macro, or more than once.
    #[error("no single plain declaration of the member `{0}` is visible")]
    NotFound(String),
    /// Its existence depends on the configuration.
    #[error("the member `{0}` stands under a preprocessor condition")]
    Conditional(String),
}

impl Field {
    /// Its type has no name that a parameter could be declared with.
    pub fn is_untagged(&self) -> bool {
        self.type_text.split(' ').any(|word| word == UNTAGGED)
    }
}

impl Unit {
    /// The members of the struct or union that the type names: `struct foo`,
    /// `const struct foo`, or a typedef of one.
    ///
    /// # Errors
    /// [`NoField::NoLayout`] where none or several bodies are visible, or one under
    /// a condition.
    pub fn layout(&self, type_name: &str) -> Result<Layout, NoField> {
        let missing = || NoField::NoLayout(type_name.to_owned());
        let mut name = type_name.to_owned();
        for _ in 0..DEEPEST_TYPEDEF {
            let words: Vec<&str> = name.split(' ').filter(|word| *word != "const").collect();
            let (kind, tag) = match words.as_slice() {
                ["struct", tag] => (TagKind::Struct, *tag),
                ["union", tag] => (TagKind::Union, *tag),
                [typedef] => {
                    name = self.typedef(typedef).ok_or_else(missing)?;
                    continue;
                }
                _ => return Err(missing()),
            };
            return self.tagged(kind, tag).ok_or_else(missing);
        }
        Err(missing())
    }

    /// What the typedef `name` stands for, where all visible ones agree.
    pub fn typedef(&self, name: &str) -> Option<String> {
        let definitions = self.lookup(name);
        let mut targets = definitions.iter().map(|definition| match &definition.kind {
            DefinitionKind::Typedef { target } => Some(target),
            _ => None,
        });
        let first = targets.next()??;
        targets.all(|target| target == Some(first)).then(|| first.clone())
    }

    fn tagged(&self, kind: TagKind, tag: &str) -> Option<Layout> {
        let wanted = match kind {
            TagKind::Struct => EntryKind::Struct,
            TagKind::Union => EntryKind::Union,
            TagKind::Enum => return None,
        };
        let mut found = Vec::new();
        self.visit(tag, |index, number| {
            let Some(entry) = index.entries.get(number as usize) else { return };
            if entry.kind != wanted || entry.extra == 0 {
                return;
            }
            let definition = index.definition(entry);
            if definition.as_ref().is_some_and(|d| d.is_never_compiled()) {
                return;
            }
            let certain = definition.is_some_and(|d| d.conditions.is_empty());
            let origin = format!("{}:{}", index.path, entry.start);
            let tokens = index.tokens(entry);
            let pragma = memchr::memmem::find(&index.source, b"pragma pack").is_some();
            let packed = pragma || tokens.iter().any(is_packing);
            let body = certain.then(|| body_of(&tokens)).flatten();
            found.push(body.map(|body| Layout { body, origin, packed }));
        });
        // A macro of the tag's name would make it another tag.
        let is_macro = |d: &super::Definition| matches!(d.kind, DefinitionKind::Macro(_));
        if self.lookup(tag).iter().any(is_macro) {
            return None;
        }
        match found.as_mut_slice() {
            [only] => only.take(),
            _ => None,
        }
    }

    /// The members of `field`, which is reached with `.`, or with `->` where it is a
    /// pointer.
    ///
    /// # Errors
    /// [`NoField::NoLayout`] as for [`Unit::layout`], and for what has no members.
    pub fn layout_of(&self, field: &Field, arrow: bool) -> Result<Layout, NoField> {
        let missing = || NoField::NoLayout(field.type_text.clone());
        if field.dimensions > 0 || field.pointer_depth != u32::from(arrow) {
            return Err(missing());
        }
        if let Some(inline) = &field.inline {
            return Ok((**inline).clone());
        }
        self.layout(field.type_text.trim_end_matches(['*', ' ']))
    }

    /// Whether the type is an integer, an enum or a pointer, as its text and visible
    /// typedefs say.
    pub fn is_scalar(&self, type_name: &str) -> bool {
        let mut name = type_name.to_owned();
        for _ in 0..DEEPEST_TYPEDEF {
            if name.contains(['(', '[']) || name.contains("volatile") || name.contains("_Atomic") {
                return false;
            }
            let bare = name.trim_start_matches("const ").trim_end_matches("const").trim_end();
            let bare = bare.strip_suffix(" __bitwise").unwrap_or(bare);
            if bare.ends_with('*') || bare.starts_with("enum ") || types::integer(bare).is_some() {
                return true;
            }
            if bare == "char" || bare == "const char" {
                return true;
            }
            match self.typedef(bare) {
                Some(target) => name = target,
                None => return false,
            }
        }
        false
    }
}

impl Layout {
    /// Where the tag's body stands: two layouts of one origin are one type.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// All members in their order, with their names; `None` as for [`Layout::names`], or where
    /// one is of no plain declaration.
    pub fn members(&self) -> Option<Vec<(String, Field)>> {
        let named = |name: String| self.field(&name).ok().map(|field| (name, field));
        self.names()?.into_iter().map(named).collect()
    }

    /// The member `name`, those of members without a name included.
    ///
    /// # Errors
    /// [`NoField::NotFound`] and [`NoField::Conditional`].
    pub fn field(&self, name: &str) -> Result<Field, NoField> {
        let mut found = Vec::new();
        self.collect(name, false, &mut found);
        match found.as_slice() {
            [(field, false)] => Ok(field.clone()),
            [(_, true)] => Err(NoField::Conditional(name.to_owned())),
            _ => Err(NoField::NotFound(name.to_owned())),
        }
    }

    /// The names of all members in their order; `None` where one has no name of its own, or
    /// stands under an `#if`.
    pub fn names(&self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let (mut start, mut depth) = (0, 0usize);
        for (at, token) in self.body.iter().enumerate() {
            match &*token.text {
                _ if is_directive(token) => return None,
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                ";" if depth == 0 => {
                    let declared = declarator::declarators(&self.body[start..at]);
                    if declared.is_empty() {
                        return None;
                    }
                    names.extend(declared.into_iter().map(|it| it.name));
                    start = at + 1;
                }
                _ => {}
            }
        }
        Some(names)
    }

    /// Every declaration of `name`, and whether it stands under an `#if`.
    fn collect(&self, name: &str, conditional: bool, found: &mut Vec<(Field, bool)>) {
        let (mut start, mut depth) = (0, 0usize);
        let mut open = 0usize;
        let mut under = false;
        for (at, token) in self.body.iter().enumerate() {
            if token.kind == TokenKind::Directive {
                open = open_conditions(&token.text, open);
                under |= open > 0;
                // What follows a directive begins a declaration of its own.
                if depth == 0 && self.body[start..at].iter().all(is_directive) {
                    (start, under) = (at + 1, open > 0);
                }
                continue;
            }
            match &*token.text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                ";" if depth == 0 => {
                    self.member(&self.body[start..at], name, conditional || under, found);
                    (start, under) = (at + 1, open > 0);
                }
                _ => {}
            }
        }
    }

    /// Adds what the declaration `item` says of `name`.
    fn member(
        &self,
        item: &[Lexeme],
        name: &str,
        conditional: bool,
        found: &mut Vec<(Field, bool)>,
    ) {
        let brace = item.iter().position(|t| t.is("{"));
        let inline = brace.and_then(|open| {
            let close = closing(item, open)?;
            let body = item[open + 1..close].to_vec();
            let origin = format!("{}/{}", self.origin, item[open].at);
            Some(Layout { body, origin, packed: self.packed })
        });
        let declared = declarator::declarators(item);
        if let (Some(inline), true) = (&inline, declared.is_empty()) {
            // Members of a member without a name are our own.
            return inline.collect(name, conditional, found);
        }
        let Some(one) = declared.into_iter().find(|d| d.name == name) else { return };
        let Some((dimensions, is_bit_field)) = shape(item, name) else { return };
        let field = Field {
            type_text: one.type_text,
            pointer_depth: one.pointer_depth,
            dimensions,
            is_bit_field,
            is_packed: self.packed,
            inline: inline.map(Box::new),
        };
        found.push((field, conditional));
    }
}

/// The attribute that packs a structure, or a member of one: `__packed`, or in full.
fn is_packing(token: &Lexeme) -> bool {
    matches!(&*token.text, "__packed" | "packed" | "__packed__")
}

fn is_directive(token: &Lexeme) -> bool {
    token.kind == TokenKind::Directive
}

/// How many `#if`s are open behind a directive.
fn open_conditions(directive: &str, open: usize) -> usize {
    let word = directive.trim_start_matches('#').trim_start();
    match word {
        _ if word.starts_with("if") => open + 1,
        _ if word.starts_with("endif") => open.saturating_sub(1),
        _ => open,
    }
}

/// The number of dimensions behind `name`, and whether a `:` follows it.
fn shape(item: &[Lexeme], name: &str) -> Option<(u32, bool)> {
    let bare = bare(item);
    let mut parts = split_commas(&bare, 0, bare.len()).into_iter();
    let part = parts.find_map(|range| {
        let at = bare[range.clone()].iter().rposition(|t| t.is(name))?;
        Some((range.start + at + 1, range.end))
    });
    let (mut at, end) = part?;
    let mut dimensions = 0;
    while at < end && bare[at].is("[") {
        at = closing(&bare, at)? + 1;
        dimensions += 1;
    }
    let plain = at >= end || bare[at].is(":");
    plain.then_some((dimensions, at < end))
}

/// The tokens between the braces that follow a tag.
fn body_of(tokens: &[Lexeme]) -> Option<Vec<Lexeme>> {
    let open = tokens.iter().position(|t| t.is("{"))?;
    let close = closing(tokens, open)?;
    Some(tokens.get(open + 1..close)?.to_vec())
}

/// The type of a parameter `struct foo *x` with the name left out, for instance
/// `struct foo *`; `None` for anything but a plain declarator.
pub fn declared_type(declaration: &str) -> Option<String> {
    let tokens = super::lexeme::lexemes(declaration.as_bytes());
    match declarator::declarators(&tokens).as_slice() {
        [one] if !one.is_array && one.params.is_none() && !one.type_text.contains('(') => {
            Some(one.type_text.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
