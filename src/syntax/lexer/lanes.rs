//! Eight bytes at a time in one register. Words and blanks are short and of changing
//! length: a loop over their bytes costs a mispredicted branch at almost every end,
//! counting the bits of a mask does not.

/// The high bit of each byte.
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Eight bytes of a text, the first in the lowest bits.
#[derive(Clone, Copy)]
pub(super) struct Lanes(u64);

/// The high bits of some bytes of [`Lanes`].
#[derive(Clone, Copy)]
pub(super) struct Mask(u64);

impl Lanes {
    /// The eight bytes from `at`; `None` where the text ends before.
    #[inline]
    pub fn load(source: &[u8], at: usize) -> Option<Lanes> {
        let bytes = source.get(at..)?.first_chunk()?;
        Some(Lanes(u64::from_le_bytes(*bytes)))
    }

    /// The bytes without their high bits: a sum of two never reaches the next byte.
    #[inline]
    fn low(self) -> u64 {
        self.0 & !HIGH
    }

    /// The high bit of each byte whose low bits are `byte`. The other bits are noise.
    #[inline]
    fn equal(self, byte: u8) -> u64 {
        HIGH - (self.low() ^ all(byte))
    }

    /// What may stand inside an identifier, as the lexer's table has it.
    #[inline]
    pub fn word(self) -> Mask {
        let low = self.low();
        let lower = low | all(0x20);
        let letter = (lower + all(0x80 - b'a')) & !(lower + all(0x7f - b'z'));
        let digit = (low + all(0x80 - b'0')) & !(low + all(0x7f - b'9'));
        let one_of_few = self.equal(b'_') | self.equal(b'$');
        Mask((letter | digit | one_of_few | self.0) & HIGH)
    }

    /// White space and newlines.
    #[inline]
    pub fn blank(self) -> Mask {
        let low = self.low();
        let control = (low + all(0x80 - b'\t')) & !(low + all(0x7f - b'\r'));
        Mask((control | self.equal(b' ')) & !self.0 & HIGH)
    }

    /// Whether a newline is among the first `count` bytes.
    #[inline]
    pub fn newline_in_first(self, count: usize) -> bool {
        let newlines = self.equal(b'\n') & !self.0 & HIGH;
        newlines.trailing_zeros() < 8 * count as u32
    }
}

impl Mask {
    /// How many bytes it has before the first that it lacks; 8 for all.
    #[inline]
    pub fn run(self) -> usize {
        ((self.0 ^ HIGH).trailing_zeros() / 8) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ID_CONT, NEWLINE, SPACE, class};
    use super::*;

    #[test]
    fn the_lanes_agree_with_the_table_for_every_byte_in_every_place() {
        for byte in 0..=255u8 {
            for place in 0..8 {
                for (inside, flags) in [(b'w', ID_CONT), (b' ', SPACE | NEWLINE)] {
                    let mut bytes = [inside; 8];
                    bytes[place] = byte;
                    let lanes = Lanes::load(&bytes, 0).expect("eight bytes");
                    let mask = if flags == ID_CONT { lanes.word() } else { lanes.blank() };
                    let expected = if class(byte) & flags == 0 { place } else { 8 };
                    assert_eq!(mask.run(), expected, "{byte:#x} at {place}");
                    let newline = byte == b'\n';
                    assert_eq!(lanes.newline_in_first(8), newline, "{byte:#x} at {place}");
                    assert!(!lanes.newline_in_first(place), "{byte:#x} at {place}");
                }
            }
        }
    }

    #[test]
    fn fewer_than_eight_bytes_are_not_loaded() {
        assert!(Lanes::load(b"1234567", 0).is_none());
        assert!(Lanes::load(b"12345678", 1).is_none());
        assert!(Lanes::load(b"12345678", 9).is_none());
    }
}
