//! The words that are never names.

/// The keywords of GNU C as the kernel uses them, sorted by their bytes.
const KEYWORDS: [&[u8]; 50] = [
    b"_Alignof",
    b"_Bool",
    b"__alignof__",
    b"__asm",
    b"__asm__",
    b"__attribute__",
    b"__extension__",
    b"__inline",
    b"__inline__",
    b"__restrict",
    b"__signed__",
    b"__typeof",
    b"__typeof__",
    b"__volatile__",
    b"asm",
    b"auto",
    b"break",
    b"case",
    b"char",
    b"const",
    b"continue",
    b"default",
    b"do",
    b"double",
    b"else",
    b"enum",
    b"extern",
    b"float",
    b"for",
    b"goto",
    b"if",
    b"inline",
    b"int",
    b"long",
    b"register",
    b"restrict",
    b"return",
    b"short",
    b"signed",
    b"sizeof",
    b"static",
    b"struct",
    b"switch",
    b"typedef",
    b"typeof",
    b"union",
    b"unsigned",
    b"void",
    b"volatile",
    b"while",
];

/// The keywords that begin with one byte.
#[derive(Clone, Copy)]
struct Group {
    /// Their lengths, as bits.
    lengths: u16,
    /// Where they begin in [`KEYWORDS`].
    from: u8,
    /// Where they end.
    to: u8,
}

/// The keywords by their first byte. Most words of a file are names; this tells so
/// without a comparison.
static GROUPS: [Group; 256] = {
    let mut groups = [Group { lengths: 0, from: 0, to: 0 }; 256];
    let mut at = 0;
    while at < KEYWORDS.len() {
        let group = &mut groups[KEYWORDS[at][0] as usize];
        if group.lengths == 0 {
            group.from = at as u8;
        }
        group.lengths |= 1 << KEYWORDS[at].len();
        group.to = at as u8 + 1;
        at += 1;
    }
    groups
};

/// Whether `word` is a keyword of GNU C as the kernel uses it.
#[inline]
pub fn is_keyword(word: &[u8]) -> bool {
    let Some(&first) = word.first() else { return false };
    let group = GROUPS[usize::from(first)];
    word.len() < 16
        && group.lengths >> word.len() & 1 != 0
        && KEYWORDS[usize::from(group.from)..usize::from(group.to)].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_told_from_names_that_look_like_them() {
        assert!(KEYWORDS.is_sorted());
        assert!(KEYWORDS.iter().all(|word| is_keyword(word)));
        for name in ["", "i", "fi", "iff", "ints", "sizeog", "__attribute", "__volatile__x_y_z"] {
            assert!(!is_keyword(name.as_bytes()), "{name}");
        }
    }
}
