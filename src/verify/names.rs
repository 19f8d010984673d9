//! The names that a file declares at file scope, and where.

use super::unit::{Item, Unit};
use crate::syntax::Lexer;
use crate::syntax::lexer::is_keyword;
use std::collections::BTreeMap;

/// What a name of file scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// Defined or declared function.
    Function,
    /// A variable that is no array.
    Object,
    /// An array: its name is an address.
    Array,
    /// A member of an enumeration.
    Enumerator,
    /// A tag or a typedef.
    Type,
    /// `#define` or `#undef`.
    Macro,
    /// Stands in a macro call that may define it.
    MacroArgument,
}

/// A declaration of a name.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Token where it stands.
    pub token: usize,
    /// Item where it stands.
    pub item: usize,
    /// What it is.
    pub kind: NameKind,
}

/// Every name that a file declares, with its declarations in order.
#[derive(Clone, Debug, Default)]
pub struct FileNames<'s>(BTreeMap<&'s [u8], Vec<Declared>>);

impl<'s> FileNames<'s> {
    /// Reads the declarations of `unit`.
    pub fn new(unit: &Unit<'s>) -> FileNames<'s> {
        let mut names = FileNames::default();
        for (index, item) in unit.items.iter().enumerate() {
            if let Some(function) = &item.function {
                let token = unit.first_token_at(function.name.start);
                names.add(unit.text(token), token, index, NameKind::Function);
            } else if let Some(name) = macro_name(unit, item.tokens.start) {
                names.add(name, item.tokens.start, index, NameKind::Macro);
            } else {
                names.declarations(unit, index, item);
            }
        }
        names
    }

    /// The declarations of `name`, in order.
    pub fn of(&self, name: &[u8]) -> &[Declared] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` is declared as this kind anywhere.
    pub fn has_kind(&self, name: &[u8], kind: NameKind) -> bool {
        self.of(name).iter().any(|declared| declared.kind == kind)
    }

    fn add(&mut self, name: &'s [u8], token: usize, item: usize, kind: NameKind) {
        self.0.entry(name).or_default().push(Declared { token, item, kind });
    }

    /// The names that an item outside functions declares.
    fn declarations(&mut self, unit: &Unit<'s>, index: usize, item: &Item) {
        let is_macro_call = is_macro_call(unit, item);
        let is_typedef = unit.text(item.tokens.start) == b"typedef";
        // Open brackets: what stood before each, to know enumerations and calls.
        let mut open: Vec<&[u8]> = Vec::new();
        let mut in_initialiser = false;
        for at in item.tokens.clone() {
            match unit.text(at) {
                b"(" => open.push(b"("),
                b"[" => open.push(b"["),
                b"{" => open.push(if is_enumeration(unit, at) { b"enum" } else { b"{" }),
                b")" | b"]" | b"}" => drop(open.pop()),
                b"=" if open.is_empty() => in_initialiser = true,
                b"," if open.is_empty() => in_initialiser = false,
                word if unit.is_word(at) && !is_keyword(word) => {
                    let kind = match open.as_slice() {
                        _ if is_tag_definition(unit, at) => Some(NameKind::Type),
                        [] if in_initialiser => None,
                        [] if is_typedef => Some(NameKind::Type),
                        [] => object_kind(unit, at),
                        [.., b"enum"] if matches!(unit.text_before(at), b"{" | b",") => {
                            Some(NameKind::Enumerator)
                        }
                        [b"("] if is_macro_call && !in_initialiser => Some(NameKind::MacroArgument),
                        _ => None,
                    };
                    if let Some(kind) = kind {
                        self.add(word, at, index, kind);
                    }
                }
                _ => {}
            }
        }
    }
}

/// The name that a `#define` or `#undef` is about.
fn macro_name<'s>(unit: &Unit<'s>, at: usize) -> Option<&'s [u8]> {
    matches!(unit.directive(at), Some(b"define" | b"undef")).then_some(())?;
    let text = unit.text(at).strip_prefix(b"#")?;
    Lexer::new(text).nth(1).map(|token| token.text(text))
}

/// Whether an item is a macro call such as `static DEFINE_MUTEX(lock);`: no type
/// stands before the name, as it does in a prototype.
fn is_macro_call(unit: &Unit, item: &Item) -> bool {
    let storage = |at: &usize| matches!(unit.text(*at), b"static" | b"extern" | b"const");
    let first = item.tokens.clone().find(|at| !storage(at));
    first.is_some_and(|at| unit.is_word(at) && unit.text(at + 1) == b"(")
}

fn is_enumeration(unit: &Unit, brace: usize) -> bool {
    let before = |n: usize| brace.checked_sub(n).map_or(&[][..], |at| unit.text(at));
    before(1) == b"enum" || before(2) == b"enum"
}

fn is_tag_definition(unit: &Unit, at: usize) -> bool {
    matches!(unit.text_before(at), b"struct" | b"union" | b"enum")
        && matches!(unit.text(at + 1), b"{" | b";")
}

/// What a name outside brackets is, by what follows it.
fn object_kind(unit: &Unit, at: usize) -> Option<NameKind> {
    if matches!(unit.text_before(at), b"struct" | b"union" | b"enum") {
        return None;
    }
    match unit.text(at + 1) {
        b"[" => Some(NameKind::Array),
        b"(" => Some(NameKind::Function),
        b"=" | b";" | b"," => Some(NameKind::Object),
        word if word.starts_with(b"__") => Some(NameKind::Object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, name: &str, expected: Option<NameKind>) {
        let unit = Unit::new("a.c", source.as_bytes());
        let names = FileNames::new(&unit);
        assert_eq!(names.of(name.as_bytes()).first().map(|d| d.kind), expected, "{source}");
    }

    #[test]
    fn every_sort_of_declaration_is_found() {
        check("#define A 1\n", "A", Some(NameKind::Macro));
        check("enum x { A = 1, B };", "B", Some(NameKind::Enumerator));
        check("struct s { int a; } v;", "s", Some(NameKind::Type));
        check("struct s { int a; } v;", "v", Some(NameKind::Object));
        check("static const int t[] = { A };", "t", Some(NameKind::Array));
        check("static DEFINE_MUTEX(lock);", "lock", Some(NameKind::MacroArgument));
        check("int f(int a);", "f", Some(NameKind::Function));
        check("int f(void) { int g; }", "f", Some(NameKind::Function));
    }

    #[test]
    fn members_and_values_are_no_declarations() {
        check("struct s { int a; } v;", "a", None);
        check("int f(int a);", "a", None);
        check("static int x = Y;", "Y", None);
        check("static int t[] = { A };", "A", None);
        check("int f(void) { int g; }", "g", None);
    }
}
