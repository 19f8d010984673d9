//! The words that are never names.

/// Whether `word` is a keyword of GNU C as the kernel uses it.
pub fn is_keyword(word: &[u8]) -> bool {
    // The length filter keeps the match off the hot path for long identifiers.
    if word.len() < 2 || word.len() > 13 {
        return false;
    }
    matches!(
        word,
        b"auto"
            | b"break"
            | b"case"
            | b"char"
            | b"const"
            | b"continue"
            | b"default"
            | b"do"
            | b"double"
            | b"else"
            | b"enum"
            | b"extern"
            | b"float"
            | b"for"
            | b"goto"
            | b"if"
            | b"inline"
            | b"int"
            | b"long"
            | b"register"
            | b"restrict"
            | b"return"
            | b"short"
            | b"signed"
            | b"sizeof"
            | b"static"
            | b"struct"
            | b"switch"
            | b"typedef"
            | b"union"
            | b"unsigned"
            | b"void"
            | b"volatile"
            | b"while"
            | b"_Bool"
            | b"_Alignof"
            | b"typeof"
            | b"__typeof__"
            | b"__typeof"
            | b"asm"
            | b"__asm__"
            | b"__asm"
            | b"__inline"
            | b"__inline__"
            | b"__attribute__"
            | b"__volatile__"
            | b"__extension__"
            | b"__alignof__"
            | b"__restrict"
            | b"__signed__"
    )
}
