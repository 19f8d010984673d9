//! What code costs in bytes of text: an estimate, since nothing is compiled while plans are
//! made. It is of x86-64 at `-O2`, and low rather than high: what is inlined counts as a
//! call. What a patch saves in truth is measured where a kernel is built
//! ([`Ladder`](crate::verify::Ladder)).

use super::FileContext;
use super::align::is_ident;
use crate::syntax::TokenKind;
use crate::syntax::decl;
use std::ops::Range;

/// What a table takes away and adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Bytes of text that go on balance.
    pub text: i64,
    /// Bytes of read-only data that come.
    pub data: i64,
}

/// A call.
const CALL: i64 = 5;
/// A constant that is handed on, or stored.
const CONSTANT: i64 = 5;
/// A variable that is handed on: it is in a register already.
const VARIABLE: i64 = 3;
/// A test with a jump that is near.
const BRANCH: i64 = 4;
/// Counting, comparing and jumping back.
const LOOP: i64 = 24;

/// Bytes of the statements of some tokens.
pub fn of_statements(file: &FileContext, tokens: Range<usize>) -> i64 {
    tokens
        .map(|at| {
            let is_called = file.text(at + 1) == b"(";
            match file.text(at) {
                b"if" | b"while" | b"for" | b"?" | b"&&" | b"||" => BRANCH,
                _ if is_ident(file, at) && is_called => CALL,
                _ if is_ident(file, at) => match file.text(at + 1) {
                    // The object itself is in a register, too.
                    b"." | b"->" | b"[" => 0,
                    _ if file.unit.constant(&super::align::lossy(file.text(at))).is_ok() => {
                        CONSTANT
                    }
                    _ => VARIABLE,
                },
                _ => match file.tokens[at].kind {
                    TokenKind::Number | TokenKind::Str | TokenKind::Char => CONSTANT,
                    _ => 0,
                },
            }
        })
        .sum()
}

/// What goes where `rows` statements of `each` bytes become a loop over rows of `row`
/// bytes.
pub fn of_loop(rows: usize, each: i64, row: i64) -> Saving {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX / 1024);
    Saving { text: (rows - 1) * each - LOOP, data: rows * row }
}

/// Bytes of a row whose members have the types `ctypes`, on a machine of 64 bits.
pub fn of_row<'t>(ctypes: impl Iterator<Item = &'t str>) -> i64 {
    let (mut size, mut most) = (0, 1);
    for ctype in ctypes {
        let own = size_of(ctype);
        most = own.max(most);
        size = (size + own - 1) / own * own + own;
    }
    (size + most - 1) / most * most
}

/// Of what is no integer of a known name, a pointer has 8 bytes, a `char` one, and an enum,
/// as all else, 4.
fn size_of(ctype: &str) -> i64 {
    match decl::integer(ctype) {
        _ if ctype.ends_with('*') => 8,
        Some(integer) => i64::from(integer.bits / 8),
        None if ctype == "char" => 1,
        None => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_as_the_compiler_does() {
        let of = |types: &[&str]| of_row(types.iter().copied());
        assert_eq!(of(&["u8", "u8"]), 2);
        assert_eq!(of(&["u8", "u32"]), 8);
        assert_eq!(of(&["u16", "const char *"]), 16);
        assert_eq!(of(&["unsigned int", "u8"]), 8);
        assert_eq!(of(&["unsigned long", "uint8_t"]), 16);
        assert_eq!(of(&["enum state"]), 4);
    }

    #[test]
    fn one_row_saves_nothing() {
        assert!(of_loop(1, 20, 4).text < 0);
        assert_eq!(of_loop(11, 20, 4), Saving { text: 200 - LOOP, data: 44 });
    }
}
