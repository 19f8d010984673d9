//! Integer and character constants (C11 6.4.4).

use super::constant::Constant;
use super::types::CType;

/// The type and value of an integer constant; `None` when it is none (a
/// floating constant, a malformed number) or fits no type.
pub(super) fn number(text: &str) -> Option<Constant> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', ..] => (8, lower.as_str()),
        _ => (10, lower.as_str()),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (digits, suffix) = digits.split_at(end);
    let value = i128::from_str_radix(digits, radix).ok()?;
    let (unsigned, long) = match suffix {
        "" => (false, 0),
        "u" => (true, 0),
        "l" => (false, 1),
        "ul" | "lu" => (true, 1),
        "ll" => (false, 2),
        "ull" | "llu" => (true, 2),
        _ => return None,
    };
    let candidates: &[(CType, bool, u8)] = &[
        (CType::Int, false, 0),
        (CType::UInt, true, 0),
        (CType::Long, false, 1),
        (CType::ULong, true, 1),
        (CType::LongLong, false, 2),
        (CType::ULongLong, true, 2),
    ];
    candidates
        .iter()
        .filter(|(_, u, l)| *l >= long && (*u || !unsigned))
        // A decimal constant without `u` is never unsigned.
        .filter(|(_, u, _)| !*u || unsigned || radix != 10)
        .find(|(ctype, _, _)| ctype.width().is_some_and(|i| i.holds(value)))
        .map(|(ctype, _, _)| Constant { ctype: ctype.clone(), value: Some(value) })
}

/// The type and value of a character constant: `int`. The value is left open
/// where it depends on the signedness of `char`.
pub(super) fn character(text: &str) -> Option<Constant> {
    let inner = text.strip_prefix('L').unwrap_or(text);
    let inner = inner.strip_prefix('\'')?.strip_suffix('\'')?;
    let value = match inner.strip_prefix('\\') {
        None => {
            let mut chars = inner.chars();
            let first = chars.next()?;
            (chars.next().is_none() && first.is_ascii()).then_some(first as i128)
        }
        Some(escape) => escaped(escape),
    };
    Some(Constant { ctype: CType::Int, value: value.filter(|v| (0..128).contains(v)) })
}

fn escaped(escape: &str) -> Option<i128> {
    Some(match escape {
        "n" => 10,
        "t" => 9,
        "r" => 13,
        "a" => 7,
        "b" => 8,
        "f" => 12,
        "v" => 11,
        "e" => 27,
        "\\" | "'" | "\"" | "?" => i128::from(*escape.as_bytes().first()?),
        _ => match escape.strip_prefix('x') {
            Some(hex) => i128::from_str_radix(hex, 16).ok()?,
            None => i128::from_str_radix(escape, 8).ok()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ctype: CType, value: i128) {
        assert_eq!(number(text), Some(Constant { ctype, value: Some(value) }), "{text}");
    }

    #[test]
    fn the_type_is_the_first_that_holds_the_value() {
        check("10", CType::Int, 10);
        check("2147483648", CType::Long, 1 << 31);
        check("0x80000000", CType::UInt, 1 << 31);
        check("0xffffffffffffffff", CType::ULong, u64::MAX as i128);
        check("010", CType::Int, 8);
        check("1u", CType::UInt, 1);
        check("1UL", CType::ULong, 1);
        check("0x1FULL", CType::ULongLong, 31);
        check("4294967296U", CType::ULong, 1 << 32);
        assert_eq!(number("1.5"), None);
        assert_eq!(number("1foo"), None);
    }

    #[test]
    fn characters_are_int() {
        let check = |text, value| {
            assert_eq!(character(text), Some(Constant { ctype: CType::Int, value }), "{text}");
        };
        check("'a'", Some(97));
        check("'\\n'", Some(10));
        check("'\\x41'", Some(65));
        check("'\\0'", Some(0));
        check("'\\377'", None);
        check("'ab'", None);
    }
}
