//! What goes into a function and comes out, as the compiler knows it: a description in
//! C is added to the text, and read from the object. So a type is what it is there,
//! through whatever typedefs, macros and headers it comes.

use crate::syntax::LoopMacros;
use crate::verify::build::{Answer, MOST_BITS, Scalar};
use crate::verify::definition::Definition;
use crate::verify::macros::Macros;
use crate::verify::object::Object;
use crate::verify::signature::{declared_type, returns_void};
use crate::verify::unit::Unit;
use std::collections::BTreeSet;

/// Bytes of the description of one type: its class, its size, whether it can be less
/// than 0, whether it is a truth value, whether it points to characters.
const ENTRY: usize = 5;

/// The classes of gcc's `__builtin_classify_type` for integers, characters, enumerations
/// and truth values, and that of pointers.
const INTEGERS: std::ops::RangeInclusive<u8> = 1..=4;
const POINTER: u8 = 5;

/// Arguments that are passed in registers.
const MOST_ARGUMENTS: usize = 6;

const MACROS: &str = "
#undef drvdedup_number
#undef drvdedup_type
#define drvdedup_number(t) (__builtin_classify_type(*(__typeof__(t) *)0) >= 1 && \\
	__builtin_classify_type(*(__typeof__(t) *)0) <= 4)
#define drvdedup_type(t) __builtin_classify_type(*(__typeof__(t) *)0), sizeof(__typeof__(t)), \\
	__builtin_choose_expr(drvdedup_number(t), (__typeof__(t))-1 < (__typeof__(t))1, 0), \\
	__builtin_types_compatible_p(__typeof__(t), _Bool), \\
	__builtin_types_compatible_p(__typeof__(t), const char *) || \\
	__builtin_types_compatible_p(__typeof__(t), char *)
";

/// A function whose body a patch changed.
pub(super) struct Changed {
    /// Its name.
    pub name: String,
    /// The description, where arguments and result may be plain values.
    description: Option<String>,
}

impl Changed {
    /// Whether it may be run.
    pub fn is_described(&self) -> bool {
        self.description.is_some()
    }
}

/// The functions that both texts have, with other bodies.
pub(super) fn changed(before: &[u8], after: &[u8], loops: &LoopMacros) -> Vec<Changed> {
    let (old, new) = (Unit::new("", before), Unit::new("", after));
    let macros = (Macros::new(&old), Macros::new(&new));
    let mut found = Vec::new();
    for item in &new.items {
        let Some(function) = &item.function else { continue };
        let name = String::from_utf8_lossy(function.name(after)).into_owned();
        let (Ok(one), Ok(other)) = (old.function(&name), new.function(&name)) else { continue };
        let (one, other) = (Text { unit: &old, item: one }, Text { unit: &new, item: other });
        if one.all() == other.all() {
            continue;
        }
        // Of either text: the one that is read tells the types of both.
        let read = |text: &Text<'_, '_>, macros| {
            Definition::new(text.unit, text.item, macros, loops)
                .ok()
                .and_then(|it| describe(&name, &it))
        };
        let description = (one.signature() == other.signature())
            .then(|| read(&one, &macros.0).or_else(|| read(&other, &macros.1)))
            .flatten();
        found.push(Changed { name, description });
    }
    found
}

/// A function in a text.
struct Text<'u, 's> {
    unit: &'u Unit<'s>,
    item: usize,
}

impl<'s> Text<'_, 's> {
    fn all(&self) -> Vec<&'s [u8]> {
        let tokens = self.unit.items.get(self.item).map(|it| it.tokens.clone());
        tokens.map(|it| self.unit.texts(it)).unwrap_or_default()
    }

    /// All in front of the body.
    fn signature(&self) -> Vec<&'s [u8]> {
        let item = self.unit.items.get(self.item);
        let body = item.and_then(|it| Some(self.unit.first_token_at(it.function.as_ref()?.body)));
        let tokens = item.zip(body).map(|(it, body)| it.tokens.start..body);
        tokens.map(|it| self.unit.texts(it)).unwrap_or_default()
    }
}

/// `None` where the parameters are no plain values by their looks.
fn describe(name: &str, definition: &Definition<'_, '_>) -> Option<String> {
    let unit = definition.unit;
    if returns_void(definition) || definition.params.len() > MOST_ARGUMENTS {
        return None;
    }
    let mut types = Vec::new();
    for param in &definition.params {
        let words = declared_type(unit, param);
        let words: Vec<&[u8]> = words.into_iter().map(|at| unit.text(at)).collect();
        let looks = |word: &&[u8]| word.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'_');
        if !words.iter().all(looks) {
            return None;
        }
        types.push(String::from_utf8_lossy(&words.join(&b' ')).into_owned());
    }
    let values: Vec<String> = types.iter().map(|it| format!("*(__typeof__({it}) *)0")).collect();
    let entries: String = types.iter().map(|it| format!(", drvdedup_type({it})")).collect();
    let call = format!("{name}({})", values.join(", "));
    Some(format!(
        "const unsigned char {}[] __attribute__((__used__)) = {{ drvdedup_type({call}){entries} }};\n",
        symbol(name)
    ))
}

fn symbol(name: &str) -> String {
    format!("drvdedup_types_of_{name}")
}

/// `text` with the descriptions, and with the functions kept where they are: inlined,
/// their code would be that of others.
pub(super) fn described(text: &[u8], functions: &[Changed]) -> Vec<u8> {
    let names: BTreeSet<String> = functions.iter().map(|it| it.name.clone()).collect();
    let mut text = super::force::apart(text, &names);
    text.extend_from_slice(MACROS.as_bytes());
    let descriptions = functions.iter().filter_map(|it| it.description.as_ref());
    descriptions.for_each(|it| text.extend_from_slice(it.as_bytes()));
    text
}

/// The arguments and the result of a function, by the description in an object.
///
/// # Errors
/// They are no plain values, or too many to try all.
pub(super) fn read(object: &Object<'_>, name: &str) -> Result<(Vec<Scalar>, Answer), String> {
    let bytes = object.contents(&symbol(name)).unwrap_or_default();
    let mut entries = bytes.chunks_exact(ENTRY);
    let answer = match entries.next() {
        Some(&[POINTER, _, _, _, 1]) => Answer::Text,
        Some(entry) => {
            let other = "returns neither a number nor a string";
            Answer::Scalar(scalar(entry).ok_or_else(|| other.to_owned())?)
        }
        None => return Err("has types that are not known".to_owned()),
    };
    let arguments: Option<Vec<Scalar>> = entries.map(scalar).collect();
    let arguments = arguments.ok_or_else(|| "takes what is no number".to_owned())?;
    let bits: u32 = arguments.iter().map(|it| it.bits).sum();
    if bits > MOST_BITS {
        return Err(format!("takes {bits} bits, too many to try all"));
    }
    Ok((arguments, answer))
}

fn scalar(entry: &[u8]) -> Option<Scalar> {
    let &[class, size, signed, truth, _] = entry else { return None };
    let bits = match size {
        1 | 2 | 4 | 8 => u32::from(size) * 8,
        _ => return None,
    };
    let bits = if truth == 1 { 1 } else { bits };
    INTEGERS.contains(&class).then_some(Scalar { bits, signed: signed == 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(before: &str, after: &str) -> Vec<(String, bool)> {
        let changed = changed(before.as_bytes(), after.as_bytes(), &LoopMacros::new([""; 0]));
        changed.into_iter().map(|it| (it.name.clone(), it.is_described())).collect()
    }

    #[test]
    fn a_function_of_plain_values_that_has_another_body_is_described() {
        let check = |head: &str, described: bool| {
            let function = |value: u8| format!("{head}\n{{\n\treturn {value};\n}}\n");
            assert_eq!(found(&function(1), &function(1)), [], "{head}");
            assert_eq!(found(&function(1), &function(2)), [("f".to_owned(), described)], "{head}");
        };
        check("static const char *f(enum mode mode, u8 x)", true);
        check("int f(void)", true);
        check("int f(struct dev *dev)", false);
        check("int f(u8 x[4])", false);
        check("void f(int x)", false);
        check("int f(int a, int b, int c, int d, int e, int g, int h)", false);
        let (one, other) =
            ("int f(u8 x)\n{\n\treturn x;\n}\n", "int f(u16 x)\n{\n\treturn x;\n}\n");
        assert_eq!(found(one, other), [("f".to_owned(), false)]);
    }
}
