//! Which words mean what where names are told from types.

pub(super) fn is_tagged(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}

pub(super) fn is_qualifier(word: &[u8]) -> bool {
    matches!(
        word,
        b"const" | b"volatile" | b"static" | b"inline" | b"__inline" | b"__inline__" | b"register"
    )
}

/// Keywords for arithmetic types, of which several may stand in a row.
pub(super) fn is_arithmetic(word: &[u8]) -> bool {
    matches!(
        word,
        b"void"
            | b"char"
            | b"short"
            | b"int"
            | b"long"
            | b"float"
            | b"double"
            | b"signed"
            | b"unsigned"
    )
}

/// Keywords whose parentheses are no expression.
pub(super) fn is_control(word: &[u8]) -> bool {
    matches!(word, b"if" | b"while" | b"for" | b"switch")
}

/// Operators that have one operand in front of a name, and two between names.
pub(super) fn is_of_one_or_two(operator: &[u8]) -> bool {
    matches!(operator, b"(" | b"*" | b"&" | b"&&" | b"-" | b"+" | b"++" | b"--")
}

/// After which an operator has one operand.
pub(super) fn is_prefix_place(before: &[u8]) -> bool {
    matches!(before, b"(" | b"," | b"=" | b"{" | b"[" | b"?" | b":" | b"return" | b"&&" | b"||")
}

/// Words that are keywords to the grammar, and names to the kernel.
pub(super) fn is_word_of_the_grammar(word: &[u8]) -> bool {
    matches!(
        word,
        b"ptrdiff_t"
            | b"char8_t"
            | b"char16_t"
            | b"char32_t"
            | b"char64_t"
            | b"intptr_t"
            | b"charptr_t"
            | b"nullptr_t"
            | b"max_align_t"
            | b"_Generic"
            | b"alignof"
            | b"_Alignof"
            | b"__alignof"
            | b"alignas"
            | b"_Alignas"
            | b"noreturn"
            | b"_Noreturn"
            | b"_Atomic"
            | b"thread_local"
            | b"__thread"
            | b"constexpr"
            | b"nullptr"
            | b"defined"
            | b"__forceinline"
            | b"__unaligned"
            | b"_unaligned"
            | b"__based"
            | b"__try"
            | b"__except"
            | b"__finally"
            | b"__leave"
            | b"typeof_member"
            | b"__builtin_va_arg"
    )
}
