//! What a name's spelling tells.

/// Whether `word` is written as the kernel writes macro constants and
/// enumerators: at least two characters, a capital, no lowercase letter.
pub fn spelled_like_a_constant(word: &[u8]) -> bool {
    word.len() >= 2
        && !word.iter().any(u8::is_ascii_lowercase)
        && word.iter().any(u8::is_ascii_uppercase)
}

/// Whether `word` is one of the arithmetic types that `linux/types.h` defines: to
/// exchange one for another changes what the code does, so they are no names.
pub fn is_primitive_type(word: &[u8]) -> bool {
    let bare = word.strip_prefix(b"__").unwrap_or(word);
    matches!(
        bare,
        b"u8"
            | b"u16"
            | b"u32"
            | b"u64"
            | b"s8"
            | b"s16"
            | b"s32"
            | b"s64"
            | b"le16"
            | b"le32"
            | b"le64"
            | b"be16"
            | b"be32"
            | b"be64"
            | b"bool"
            | b"size_t"
            | b"ssize_t"
            | b"uint8_t"
            | b"uint16_t"
            | b"uint32_t"
            | b"uint64_t"
            | b"int8_t"
            | b"int16_t"
            | b"int32_t"
            | b"int64_t"
            | b"uint"
            | b"ulong"
            | b"ushort"
            | b"uchar"
            | b"uintptr_t"
            | b"loff_t"
            | b"dma_addr_t"
            | b"phys_addr_t"
            | b"resource_size_t"
    )
}
