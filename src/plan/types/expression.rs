//! The declared type of an expression, as far as plain declarations tell it: of a variable,
//! a member, an element, a call or a cast. In: a node of a member. Out: the name of an
//! integer type, or nothing where a declaration is missing, conditional or a macro's.

use crate::plan::FileContext;
use crate::plan::align::{AlignedMember, lossy};
use crate::syntax::NodeId;
use crate::syntax::decl::{self, Field, Integer};

/// Typedefs of typedefs that are followed.
const DEEPEST: usize = 4;

/// How a variable of the function's own is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// The type in front of the declarator, `const` left out.
    pub base: String,
    /// `const` stands with it.
    pub is_const: bool,
    /// Number of stars.
    pub pointers: usize,
    /// Number of `[…]`.
    pub dimensions: usize,
}

impl Declared {
    /// The type as it is written before a name; `None` for an array.
    pub fn text(&self) -> Option<String> {
        match (self.dimensions, self.pointers) {
            (0, 0) => Some(self.base.clone()),
            (0, count) => {
                let is_const = if self.is_const { "const " } else { "" };
                Some(format!("{is_const}{} {}", self.base, "*".repeat(count)))
            }
            _ => None,
        }
    }
}

/// The declaration of a parameter or local that has one declaration only, which is neither
/// `static` nor `volatile`.
pub fn declared(parsed: &AlignedMember<'_>, name: &[u8]) -> Option<Declared> {
    let tree = &parsed.tree;
    let declares = |id: &NodeId| {
        tree.node(*id).kind == "identifier"
            && text(parsed, *id) == name
            && tree.declares_local(*id, &parsed.file.bytes)
    };
    let mut found = (0..tree.nodes.len() as NodeId).filter(declares);
    let (one, None) = (found.next()?, found.next()) else { return None };
    let (mut pointers, mut dimensions) = (0, 0);
    for parent in tree.ancestors(one) {
        match tree.node(parent).kind {
            "init_declarator" => {}
            "pointer_declarator" => pointers += 1,
            "array_declarator" => dimensions += 1,
            "declaration" | "parameter_declaration" => {
                let qualifiers = tree.children(parent).filter(|&id| {
                    matches!(tree.node(id).kind, "type_qualifier" | "storage_class_specifier")
                });
                let qualifiers: Vec<&[u8]> = qualifiers.map(|id| text(parsed, id)).collect();
                if qualifiers.iter().any(|it| *it != b"const") {
                    return None;
                }
                let is_const = !qualifiers.is_empty();
                let base = lossy(text(parsed, tree.child_by_field(parent, "type")?));
                let base = base.split_whitespace().collect::<Vec<_>>().join(" ");
                return Some(Declared { base, is_const, pointers, dimensions });
            }
            _ => return None,
        }
    }
    None
}

/// The integer type that the expression is declared with, under the name that it has there,
/// and what that is on a 64-bit machine. Nothing for a bit-field, whose width is another.
pub fn integer(parsed: &AlignedMember<'_>, node: NodeId) -> Option<(String, Integer)> {
    let found = typed(parsed, node).filter(|it| it.depth == 0)?;
    let integer = named(parsed.file, &found.name)?;
    Some((spelled(&found.name), integer))
}

/// The name of a type as a driver writes it: that of an interface to user space has a
/// shorter one, and `unsigned` is written in full.
fn spelled(name: &str) -> String {
    match name {
        "unsigned" => "unsigned int".to_owned(),
        _ => {
            let short = name.strip_prefix("__").filter(|it| decl::integer(it).is_some());
            short.unwrap_or(name).to_owned()
        }
    }
}

/// The integer type of this name, or of what it is a typedef of, that holds its values as
/// they are: not `bool`, which has only two whatever its width, and nothing that is
/// `volatile` or that `sparse` keeps apart.
pub fn named(file: &FileContext, name: &str) -> Option<Integer> {
    let mut name = name.to_owned();
    for _ in 0..=DEEPEST {
        let is_other = |word: &str| {
            matches!(word, "bool" | "_Bool" | "volatile" | "__iomem" | "__bitwise" | "__force")
        };
        if name.split(' ').any(is_other) {
            return None;
        }
        match decl::integer(&name) {
            Some(integer) => return Some(integer),
            None => name = file.unit.typedef(&name)?,
        }
    }
    None
}

/// A type apart from its stars and brackets.
struct Typed {
    name: String,
    /// Stars and brackets that are left.
    depth: usize,
    /// The member that it is the type of, whose structure may have no name.
    field: Option<Field>,
}

impl Typed {
    fn of_text(text: &str) -> Typed {
        let name = text.trim_end_matches(['*', ' ']);
        let depth = text.bytes().filter(|&byte| byte == b'*').count();
        let words = name.split_whitespace().filter(|word| *word != "const");
        Typed { name: words.collect::<Vec<_>>().join(" "), depth, field: None }
    }

    /// With so many more stars, or fewer.
    fn moved(self, by: isize) -> Option<Typed> {
        Some(Typed { depth: self.depth.checked_add_signed(by)?, ..self })
    }
}

fn typed(parsed: &AlignedMember<'_>, node: NodeId) -> Option<Typed> {
    let (file, tree) = (parsed.file, &parsed.tree);
    let child = |field| tree.child_by_field(node, field);
    match tree.node(node).kind {
        "identifier" => of_name(parsed, text(parsed, node)),
        "field_expression" => of_member(parsed, node),
        "subscript_expression" => typed(parsed, child("argument")?)?.moved(-1),
        "pointer_expression" => {
            let by = if text(parsed, child("operator")?) == b"*" { -1 } else { 1 };
            typed(parsed, child("argument")?)?.moved(by)
        }
        "parenthesized_expression" => {
            typed(parsed, tree.children(node).find(|&id| tree.node(id).named)?)
        }
        "cast_expression" => Some(Typed::of_text(&lossy(text(parsed, child("type")?)))),
        "call_expression" => {
            let called = child("function").filter(|&id| tree.node(id).kind == "identifier")?;
            let name = lossy(text(parsed, called));
            let is_function =
                file.unit.macro_facts(&name).is_none() && !parsed.locals.contains(name.as_bytes());
            let signature = file.unit.function(&name).ok().filter(|_| is_function)?;
            Some(Typed::of_text(&signature.return_type))
        }
        _ => None,
    }
}

fn of_name(parsed: &AlignedMember<'_>, name: &[u8]) -> Option<Typed> {
    if parsed.locals.contains(name) {
        let found = declared(parsed, name)?;
        return Typed::of_text(&found.base).moved((found.pointers + found.dimensions) as isize);
    }
    let object = parsed.file.object(name)?;
    Typed::of_text(&object.ctype).moved(isize::from(object.is_array))
}

fn of_member(parsed: &AlignedMember<'_>, node: NodeId) -> Option<Typed> {
    let (unit, tree) = (&parsed.file.unit, &parsed.tree);
    let name = lossy(text(parsed, tree.child_by_field(node, "field")?));
    if unit.macro_facts(&name).is_some() {
        return None;
    }
    let arrow = text(parsed, tree.child_by_field(node, "operator")?) == b"->";
    let of = typed(parsed, tree.child_by_field(node, "argument")?)?;
    let layout = match of.field {
        Some(mut field) => {
            (field.dimensions, field.pointer_depth) = (0, of.depth as u32);
            unit.layout_of(&field, arrow)
        }
        None if of.depth == usize::from(arrow) => unit.layout(&of.name),
        None => return None,
    };
    let field = layout.ok()?.field(&name).ok().filter(|it| !it.is_bit_field)?;
    let found = Typed::of_text(&field.type_text).moved(field.dimensions as isize)?;
    Some(Typed { field: Some(field), ..found })
}

fn text<'f>(parsed: &AlignedMember<'f>, node: NodeId) -> &'f [u8] {
    let range = &parsed.tree.node(node).range;
    &parsed.file.bytes[range.start as usize..range.end as usize]
}
