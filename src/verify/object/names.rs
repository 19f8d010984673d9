//! Names as the compiler writes them, without the numbers that it hands out in
//! the order in which it meets things.

use std::borrow::Cow;

/// Prefixes of kernel names that hold `__COUNTER__` and `__LINE__`, which shift
/// with every use further up in the file.
const COUNTED: [&str; 2] = ["__UNIQUE_ID_", "__initcall__"];

/// The variables that hold the name of the function around them.
pub(super) const FUNCTION_NAMES: [&str; 3] = ["__func__", "__FUNCTION__", "__PRETTY_FUNCTION__"];

/// `name` without gcc's trailing numbers (`count.3`, `f.isra.0`, `f.part.2.cold`)
/// and with a counted name's numbers left out. Equal for two things that may be
/// the same; which of several it is, the comparison finds out by their use.
pub(super) fn normalise(name: &str) -> Cow<'_, str> {
    if COUNTED.iter().any(|prefix| name.starts_with(prefix)) {
        return Cow::Owned(without_digits(name));
    }
    if !is_numbered(name) {
        return Cow::Borrowed(name);
    }
    let mut pieces = name.split('.');
    let first = pieces.next().unwrap_or_default();
    let rest = pieces.filter(|piece| !is_number(piece));
    Cow::Owned(rest.fold(first.to_owned(), |whole, piece| whole + "." + piece))
}

/// Whether the name holds a number of the compiler's or of `__COUNTER__`: such
/// a name alone does not say which thing it is.
pub(super) fn is_numbered(name: &str) -> bool {
    COUNTED.iter().any(|prefix| name.starts_with(prefix)) || name.split('.').skip(1).any(is_number)
}

/// The name of the function that `name` is the unlikely part of.
pub(super) fn cold_parent(name: &str) -> Option<&str> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = if stem.len() < name.len() { stem.strip_suffix('.')? } else { stem };
    stem.strip_suffix(".cold")
}

/// The section's name without the symbol's, which the compiler appends when
/// every function and every object has a section of its own.
pub(super) fn section_class<'a>(section: &'a str, symbol: &str) -> &'a str {
    let own = section.strip_suffix(symbol).and_then(|rest| rest.strip_suffix('.'));
    own.unwrap_or(section)
}

/// Whether gcc gave the name a number because the source has several of it.
pub(super) fn is_suffixed(name: &str) -> bool {
    is_numbered(name) && !COUNTED.iter().any(|prefix| name.starts_with(prefix))
}

fn is_number(piece: &str) -> bool {
    !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_digits(name: &str) -> String {
    let mut whole = String::with_capacity(name.len());
    for character in name.chars() {
        if !character.is_ascii_digit() {
            whole.push(character);
        } else if !whole.ends_with('#') {
            whole.push('#');
        }
    }
    whole
}
