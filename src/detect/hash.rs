//! Numbers for texts: fast, and the same on every machine.

use rustc_hash::FxHasher;
use std::hash::Hasher;

/// A number for a text: the text itself where it is short, else a hash.
#[inline]
pub fn packed_text(text: &[u8]) -> u64 {
    let length = text.len();
    let bytes = match (length, text) {
        (1, &[only]) => u64::from(only),
        // The first four bytes and the last four overlap, but agree where they do.
        (4..=7, &[a, b, c, d, ..]) => {
            let first = u64::from(u32::from_be_bytes([a, b, c, d])) << (8 * (length - 4));
            let last = text.last_chunk().map_or(0, |last| u32::from_be_bytes(*last));
            first | u64::from(last)
        }
        (0..=3, _) => text.iter().fold(0, |packed, &b| packed << 8 | u64::from(b)),
        _ => return hash_text(text),
    };
    (length as u64) << (8 * length) | bytes
}

/// Multiplies to 128 bits and folds the halves, so that every bit of `value`
/// reaches every bit of the result.
#[inline]
pub fn fold(value: u64) -> u64 {
    let product = u128::from(value ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    (product as u64) ^ (product >> 64) as u64
}

fn hash_text(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_packed_with_its_length_before_it() {
        assert_eq!(packed_text(b""), 0);
        assert_eq!(packed_text(b"a"), 0x01_61);
        assert_eq!(packed_text(b"abc"), 0x03_61_62_63);
        assert_eq!(packed_text(b"abcd"), u64::from_be_bytes(*b"\0\0\0\x04abcd"));
        assert_eq!(packed_text(b"abcde"), 0x05_61_62_63_64_65);
        assert_eq!(packed_text(b"abcdefg"), 0x07_61_62_63_64_65_66_67);
    }
}
