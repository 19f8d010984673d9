//! Can a new parameter hold its constant: a literal must not change its value
//! when it is converted to the parameter's type.

use super::macros::Macros;
use super::unit::shown;
use std::ops::RangeInclusive;

/// Why a parameter declared with the tokens `declared` (without its name) cannot
/// hold `argument`. Types and constants that the file does not tell are taken to
/// fit: the compiler and the object code judge those.
pub fn refuses(declared: &[&[u8]], argument: &[&[u8]], macros: &Macros) -> Option<String> {
    let display = || shown(&declared.join(&b' '));
    let is_string = argument.iter().any(|token| token.ends_with(b"\""));
    if is_string {
        let takes_text = match declared {
            [b"const", b"unsigned", b"char", b"*"] => true,
            [b"const", byte, b"*"] => {
                matches!(*byte, b"char" | b"void" | b"u8" | b"__u8" | b"uint8_t" | b"s8")
            }
            _ => false,
        };
        return (!takes_text).then(|| format!("a string is handed on as `{}`", display()));
    }
    let range = range(declared)?;
    let value = value(macros.literal(argument).as_slice())?;
    let fits = range.contains(&value);
    (!fits).then(|| format!("`{}` cannot hold {value}", display()))
}

/// The values of an integer type on every machine that Linux runs on; `None` for what is
/// none that has the same name everywhere.
pub fn range(declared: &[&[u8]]) -> Option<RangeInclusive<i128>> {
    Some(match integer_type(declared)? {
        (1, _) => 0..=1,
        (bits, true) => -(1i128 << (bits - 1))..=(1i128 << (bits - 1)) - 1,
        (bits, false) => 0..=(1i128 << bits) - 1,
    })
}

/// Width in bits and signedness of an integer type; 1 bit for `bool`. `long`, and what is
/// as wide, is taken at its narrowest, 32 bits.
fn integer_type(declared: &[&[u8]]) -> Option<(u32, bool)> {
    let words: Vec<&[u8]> = declared.iter().copied().filter(|word| *word != b"const").collect();
    Some(match words.as_slice() {
        [b"bool" | b"_Bool"] => (1, false),
        [b"u8" | b"__u8" | b"uint8_t"] | [b"unsigned", b"char"] => (8, false),
        [b"s8" | b"__s8" | b"int8_t" | b"char"] | [b"signed", b"char"] => (8, true),
        [b"u16" | b"__u16" | b"uint16_t"] | [b"unsigned", b"short"] => (16, false),
        [b"s16" | b"__s16" | b"int16_t" | b"short"] => (16, true),
        [b"u32" | b"__u32" | b"uint32_t" | b"unsigned" | b"uint" | b"size_t"] => (32, false),
        [b"unsigned", b"int" | b"long"] | [b"unsigned", b"long", b"int"] => (32, false),
        [b"s32" | b"__s32" | b"int32_t" | b"int" | b"long" | b"ssize_t"] => (32, true),
        [b"long", b"int"] => (32, true),
        [b"u64" | b"__u64" | b"uint64_t"] | [b"unsigned", b"long", b"long"] => (64, false),
        [b"s64" | b"__s64" | b"int64_t"] | [b"long", b"long"] => (64, true),
        _ => return None,
    })
}

/// The value of an integer literal, or of one with a minus.
fn value(tokens: &[&[u8]]) -> Option<i128> {
    match tokens {
        [b"-", literal] => unsigned_value(literal).map(|value| -value),
        [literal] => unsigned_value(literal),
        _ => None,
    }
}

fn unsigned_value(literal: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(literal).ok()?.to_ascii_lowercase();
    let digits = text.trim_end_matches(['u', 'l']);
    let (digits, radix) = match digits.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None if digits.starts_with("0b") => (digits.trim_start_matches("0b"), 2),
        None if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        None => (digits, 10),
    };
    i128::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::unit::Unit;

    #[track_caller]
    fn check(declared: &str, argument: &str, expected: bool) {
        let unit = Unit::new("a.c", b"#define BIG (0x100)\n#define SMALL BIG\n");
        let declared_words: Vec<&[u8]> = declared.split(' ').map(str::as_bytes).collect();
        let argument_words: Vec<&[u8]> = argument.split(' ').map(str::as_bytes).collect();
        let refusal = refuses(&declared_words, &argument_words, &Macros::new(&unit));
        assert_eq!(refusal.is_none(), expected, "{declared} {argument}: {refusal:?}");
    }

    #[test]
    fn a_literal_keeps_its_value() {
        check("u8", "255", true);
        check("u8", "256", false);
        check("const u8", "0x1ff", false);
        check("int", "0x80000000", false);
        check("u32", "0x80000000", true);
        check("u32", "- 1", false);
        check("bool", "2", false);
        check("s16", "- 0100", true);
        check("size_t", "0x100000000", false);
    }

    #[test]
    fn macros_of_the_file_are_followed_to_their_literal() {
        check("u8", "BIG", false);
        check("u8", "SMALL", false);
        check("u16", "SMALL", true);
        check("u8", "UNKNOWN", true);
    }

    #[test]
    fn strings_are_pointers_to_constant_characters() {
        check("const char *", "\"a\"", true);
        check("char *", "\"a\"", false);
        check("const char", "\"a\"", false);
        check("int", "\"a\"", false);
    }
}
