//! The C types that a constant can have, in the LP64 data model of 64-bit Linux.

/// The type of a constant expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CType {
    /// `int`
    Int,
    /// `unsigned int`
    UInt,
    /// `long`
    Long,
    /// `unsigned long`
    ULong,
    /// `long long`
    LongLong,
    /// `unsigned long long`
    ULongLong,
    /// Another integer type, as it is written: `u8`, `gfp_t`, `unsigned char`,
    /// `enum foo`.
    Named(String),
    /// A string literal.
    CharPtr,
    /// A pointer to the type that the text names.
    Pointer(String),
}

/// An integer type's width in bits, signedness and conversion rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer {
    /// Width in bits.
    pub bits: u32,
    /// It has values below 0.
    pub signed: bool,
    rank: u8,
}

impl Integer {
    const fn new(bits: u32, signed: bool, rank: u8) -> Integer {
        Integer { bits, signed, rank }
    }

    /// `value` converted to this type, as gcc does it (modulo two to the width).
    pub fn wrap(self, value: i128) -> i128 {
        let low = value & ((1i128 << self.bits) - 1);
        let negative = self.signed && (low >> (self.bits - 1)) & 1 == 1;
        if negative { low - (1i128 << self.bits) } else { low }
    }

    /// Whether `value` can be represented.
    pub fn holds(self, value: i128) -> bool {
        self.wrap(value) == value
    }

    /// The type after the integer promotions.
    pub fn promoted(self) -> CType {
        match (self.rank, self.signed) {
            (0..=2, _) | (3, true) => CType::Int,
            (3, false) => CType::UInt,
            (4, true) => CType::Long,
            (4, false) => CType::ULong,
            (_, true) => CType::LongLong,
            (_, false) => CType::ULongLong,
        }
    }
}

/// Typedefs whose meaning is the same in every kernel.
fn fixed_width(name: &str) -> Option<Integer> {
    let (bits, signed, rank) = match name {
        "bool" | "_Bool" => return Some(Integer::new(8, false, 0)),
        "u8" | "__u8" | "uint8_t" | "u_int8_t" | "u_char" | "unchar" => (8, false, 1),
        "s8" | "__s8" | "int8_t" => (8, true, 1),
        "u16" | "__u16" | "uint16_t" | "u_int16_t" | "u_short" | "ushort" => (16, false, 2),
        "s16" | "__s16" | "int16_t" => (16, true, 2),
        "u32" | "__u32" | "uint32_t" | "u_int32_t" | "uint" | "u_int" => (32, false, 3),
        "s32" | "__s32" | "int32_t" => (32, true, 3),
        "u64" | "__u64" | "uint64_t" | "u_int64_t" => (64, false, 5),
        "s64" | "__s64" | "int64_t" => (64, true, 5),
        "size_t" | "uintptr_t" | "ulong" | "u_long" => (64, false, 4),
        "ssize_t" | "intptr_t" | "ptrdiff_t" => (64, true, 4),
        _ => return None,
    };
    Some(Integer::new(bits, signed, rank))
}

/// Whether `name` is one of the typedefs that every kernel has.
pub(super) fn is_known_typedef(name: &str) -> bool {
    fixed_width(name).is_some()
}

/// Whether the integer type that the text names has this value wherever Linux runs: `long`
/// is taken at 32 bits. `None` where it names none whose values are known.
pub fn has_value(ctype: &str, value: i128) -> Option<bool> {
    let found = integer(ctype)?;
    let is_long = found.rank == 4;
    Some(if is_long { Integer { bits: 32, ..found }.holds(value) } else { found.holds(value) })
}

/// Whether a number is cut where it becomes one of a type of less than 32 bits that the text
/// names: it is neither a signed nor an unsigned number of that width.
pub fn is_cut(ctype: &str, value: i128) -> bool {
    let narrow = integer(ctype).filter(|found| found.bits < 32);
    let holds = |found: Integer, signed| Integer { signed, ..found }.holds(value);
    narrow.is_some_and(|found| !holds(found, true) && !holds(found, false))
}

/// The integer type that the text names: keywords in any order, or one of the
/// kernel's fixed-width typedefs.
pub fn integer(text: &str) -> Option<Integer> {
    let (mut longs, mut unsigned, mut base, mut seen) = (0u8, false, 3u8, false);
    let mut signed_char = false;
    for word in text.split_ascii_whitespace() {
        match word {
            "const" | "volatile" | "__force" | "__bitwise" => continue,
            "unsigned" => unsigned = true,
            "signed" | "__signed__" => signed_char = true,
            "long" => longs += 1,
            "short" => base = 2,
            "char" => base = 1,
            "int" => {}
            name => return fixed_width(name).filter(|_| !seen),
        }
        seen = true;
    }
    // The signedness of a plain `char` differs between architectures.
    if !seen || (base == 1 && !unsigned && !signed_char) {
        return None;
    }
    Some(match (base, longs) {
        (1, _) => Integer::new(8, !unsigned, 1),
        (2, _) => Integer::new(16, !unsigned, 2),
        (_, 0) => Integer::new(32, !unsigned, 3),
        (_, 1) => Integer::new(64, !unsigned, 4),
        _ => Integer::new(64, !unsigned, 5),
    })
}

impl CType {
    /// The type as it is written in a declaration, without the name.
    pub fn to_c(&self) -> String {
        match self {
            CType::Int => "int".to_string(),
            CType::UInt => "unsigned int".to_string(),
            CType::Long => "long".to_string(),
            CType::ULong => "unsigned long".to_string(),
            CType::LongLong => "long long".to_string(),
            CType::ULongLong => "unsigned long long".to_string(),
            CType::Named(name) => name.clone(),
            CType::CharPtr => "const char *".to_string(),
            CType::Pointer(to) if to.ends_with('*') => format!("{to}*"),
            CType::Pointer(to) => format!("{to} *"),
        }
    }

    /// The type that a cast to the integer type `text` gives.
    pub(super) fn named(text: &str) -> CType {
        match integer(text) {
            Some(found) if found.rank >= 3 && !is_known_typedef(text) => found.promoted(),
            _ => CType::Named(text.to_string()),
        }
    }

    /// Width and signedness; `None` for pointers and for names that only a
    /// translation unit can resolve.
    pub fn width(&self) -> Option<Integer> {
        Some(match self {
            CType::Int => Integer::new(32, true, 3),
            CType::UInt => Integer::new(32, false, 3),
            CType::Long => Integer::new(64, true, 4),
            CType::ULong => Integer::new(64, false, 4),
            CType::LongLong => Integer::new(64, true, 5),
            CType::ULongLong => Integer::new(64, false, 5),
            CType::Named(name) => return integer(name),
            CType::CharPtr | CType::Pointer(_) => return None,
        })
    }
}

/// The common type of two operands, promoted first (C11 6.3.1.8).
pub fn usual_arithmetic(a: Integer, b: Integer) -> CType {
    let (high, low) = if a.rank >= b.rank { (a, b) } else { (b, a) };
    let unsigned = if high.rank == low.rank {
        !high.signed || !low.signed
    } else {
        // A wider signed type takes an unsigned one in only if it holds it all.
        !high.signed || (!low.signed && low.bits >= high.bits)
    };
    Integer { signed: !unsigned, ..high }.promoted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_follow_the_standard() {
        let common = |a: CType, b: CType| usual_arithmetic(a.width().unwrap(), b.width().unwrap());
        assert_eq!(common(CType::Int, CType::UInt), CType::UInt);
        assert_eq!(common(CType::UInt, CType::Long), CType::Long);
        assert_eq!(common(CType::ULong, CType::LongLong), CType::ULongLong);
        assert_eq!(common(CType::Int, CType::ULongLong), CType::ULongLong);
    }

    #[test]
    fn type_names_are_read_in_any_order() {
        assert_eq!(CType::named("long unsigned int"), CType::ULong);
        assert_eq!(CType::named("u16"), CType::Named("u16".into()));
        assert_eq!(CType::named("unsigned char"), CType::Named("unsigned char".into()));
        assert_eq!(integer("u16").unwrap().promoted(), CType::Int);
        assert_eq!(integer("char"), None);
    }

    #[test]
    fn values_wrap_to_their_width() {
        assert_eq!(CType::Int.width().unwrap().wrap(1 << 31), -(1 << 31));
        assert_eq!(integer("u8").unwrap().wrap(-1), 255);
        assert!(!CType::Int.width().unwrap().holds(1 << 31));
    }

    #[test]
    fn a_type_has_the_values_that_it_has_everywhere() {
        assert_eq!(has_value("u8", 255), Some(true));
        assert_eq!(has_value("u8", -1), Some(false));
        assert_eq!(has_value("int", 1 << 31), Some(false));
        assert_eq!(has_value("unsigned long", 1 << 32), Some(false));
        assert_eq!(has_value("u64", 1 << 32), Some(true));
        assert_eq!(has_value("enum mode", 1), None);
        assert!(is_cut("u8", 256) && is_cut("s16", -32769));
        assert!(!is_cut("u8", -128) && !is_cut("s8", 255) && !is_cut("u32", 1 << 40));
    }

    #[test]
    fn types_are_written_as_c() {
        assert_eq!(CType::Pointer("void".into()).to_c(), "void *");
        assert_eq!(CType::CharPtr.to_c(), "const char *");
    }
}
