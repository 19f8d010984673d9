//! Which words mean what to the masks.

/// Keywords that stand in front of an expression or a statement: no part of a
/// declaration.
pub(super) fn is_control(word: &[u8]) -> bool {
    matches!(
        word,
        b"break"
            | b"case"
            | b"continue"
            | b"default"
            | b"do"
            | b"else"
            | b"for"
            | b"goto"
            | b"if"
            | b"return"
            | b"sizeof"
            | b"switch"
            | b"while"
    ) || is_asm(word)
}

pub(super) fn is_asm(word: &[u8]) -> bool {
    matches!(word, b"asm" | b"__asm__" | b"__asm")
}

pub(in crate::syntax) fn is_typeof(word: &[u8]) -> bool {
    matches!(word, b"typeof" | b"__typeof__" | b"__typeof" | b"typeof_member")
}

pub(super) fn is_alignof(word: &[u8]) -> bool {
    matches!(word, b"__alignof__" | b"__alignof" | b"_Alignof" | b"alignof")
}

/// Words after which a tag stands.
pub(super) fn is_tagged(word: &[u8]) -> bool {
    matches!(word, b"struct" | b"union" | b"enum")
}

/// Storage classes and qualifiers: neither a type nor a name.
pub(super) fn is_qualifier(word: &[u8]) -> bool {
    matches!(
        word,
        b"const"
            | b"extern"
            | b"inline"
            | b"__inline"
            | b"__inline__"
            | b"register"
            | b"restrict"
            | b"static"
            | b"typedef"
            | b"volatile"
    )
}

/// Types that the grammar has a keyword for: they cannot stand in an expression.
pub(super) fn is_primitive(word: &[u8]) -> bool {
    matches!(
        word,
        b"bool"
            | b"char"
            | b"double"
            | b"float"
            | b"int"
            | b"long"
            | b"short"
            | b"signed"
            | b"unsigned"
            | b"void"
            | b"size_t"
            | b"ssize_t"
            | b"ptrdiff_t"
            | b"intptr_t"
            | b"uintptr_t"
            | b"int8_t"
            | b"int16_t"
            | b"int32_t"
            | b"int64_t"
            | b"uint8_t"
            | b"uint16_t"
            | b"uint32_t"
            | b"uint64_t"
    )
}

/// Whether `word` can begin a type and nothing else.
pub(super) fn begins_type(word: &[u8]) -> bool {
    is_tagged(word) || is_primitive(word) || matches!(word, b"const" | b"volatile")
}

/// Attribute macros of `include/linux/compiler*.h`, `init.h` and `cache.h` that
/// take no argument: they expand to an attribute, an address space or nothing.
pub(crate) fn is_attribute(word: &[u8]) -> bool {
    match word.first() {
        Some(b'_') => is_underscored_attribute(word),
        _ => matches!(
            word,
            b"asmlinkage"
                | b"dotraplinkage"
                | b"fastcall"
                | b"noinline"
                | b"noinline_for_stack"
                | b"noinline_for_kasan"
                | b"noinstr"
                | b"notrace"
                | b"randomized_struct_fields_start"
        ),
    }
}

fn is_underscored_attribute(word: &[u8]) -> bool {
    matches!(
        word,
        b"__init"
            | b"__exit"
            | b"__initdata"
            | b"__initdata_or_module"
            | b"__init_or_module"
            | b"__initconst"
            | b"__initconst_or_module"
            | b"__exitdata"
            | b"__exitconst"
            | b"__exit_p"
            | b"__devinit"
            | b"__devexit"
            | b"__devinitdata"
            | b"__devinitconst"
            | b"__cpuinit"
            | b"__meminit"
            | b"__memexit"
            | b"__net_init"
            | b"__net_exit"
            | b"__net_initdata"
            | b"__init_refok"
            | b"__init_memblock"
            | b"__initdata_memblock"
            | b"__ref"
            | b"__refdata"
            | b"__refconst"
            | b"__sched"
            | b"__kprobes"
            | b"__cpuidle"
            | b"__irq_entry"
            | b"__softirq_entry"
            | b"__lockfunc"
            | b"__iomem"
            | b"__user"
            | b"__kernel"
            | b"__percpu"
            | b"__rcu"
            | b"__force"
            | b"__bitwise"
            | b"__nocast"
            | b"__safe"
            | b"__private"
            | b"__maybe_unused"
            | b"__always_unused"
            | b"__unused"
            | b"__used"
            | b"__must_check"
            | b"__always_inline"
            | b"__noinline"
            | b"__gnu_inline"
            | b"__cold"
            | b"__hot"
            | b"__pure"
            | b"__noreturn"
            | b"__weak"
            | b"__visible"
            | b"__deprecated"
            | b"__flatten"
            | b"__noclone"
            | b"__optimize"
            | b"__packed"
            | b"__aligned_largest"
            | b"__read_mostly"
            | b"__ro_after_init"
            | b"__cacheline_aligned"
            | b"__cacheline_aligned_in_smp"
            | b"____cacheline_aligned"
            | b"____cacheline_aligned_in_smp"
            | b"____cacheline_internodealigned_in_smp"
            | b"__page_aligned_data"
            | b"__page_aligned_bss"
            | b"__designated_init"
            | b"__randomize_layout"
            | b"__no_randomize_layout"
            | b"__latent_entropy"
            | b"__nonstring"
            | b"__mode"
            | b"__no_sanitize_address"
            | b"__no_kasan_or_inline"
            | b"__no_kcsan"
            | b"__no_profile"
            | b"__no_sanitize_or_inline"
            | b"__nostackprotector"
            | b"__no_stack_protector"
            | b"__compiletime_object_size"
            | b"__restrict"
            | b"__restrict__"
            | b"__volatile__"
            | b"__extension__"
    )
}

/// Attributes that take arguments in parentheses.
pub(crate) fn is_attribute_call(word: &[u8]) -> bool {
    matches!(
        word,
        b"__attribute__"
            | b"__attribute"
            | b"__declspec"
            | b"__acquires"
            | b"__releases"
            | b"__must_hold"
            | b"__cond_acquires"
            | b"__printf"
            | b"__scanf"
            | b"__aligned"
            | b"__section"
            | b"__alias"
            | b"__alloc_size"
            | b"__realloc_size"
            | b"__assume_aligned"
            | b"__malloc"
            | b"__nonnull"
            | b"__no_sanitize"
            | b"__diagnose_as"
            | b"__cleanup"
            | b"__compiletime_error"
            | b"__compiletime_warning"
            | b"__error"
            | b"__warning"
            | b"__free"
            | b"__counted_by"
            | b"__guarded_by"
    )
}

/// Whether `word` has the look of an attribute of somebody's own: `__word` that
/// is not one of the kernel's types, or all capitals.
pub(crate) fn looks_like_attribute(word: &[u8]) -> bool {
    (word.starts_with(b"__") && !is_underscored_type(word)) || is_macro_name(word)
}

/// Types of the kernel that begin with `__`.
fn is_underscored_type(word: &[u8]) -> bool {
    let bits = |prefix: &[u8]| {
        word.strip_prefix(prefix)
            .is_some_and(|rest| matches!(rest, b"8" | b"16" | b"24" | b"32" | b"64" | b"128"))
    };
    [&b"__u"[..], b"__s", b"__le", b"__be", b"__virtio", b"__int", b"__fs", b"__hc"]
        .into_iter()
        .any(bits)
        || word.ends_with(b"_t")
        || matches!(word, b"__wsum" | b"__sum16" | b"__auto_type" | b"__builtin_va_list")
}

/// All capitals, as macros are named.
pub(super) fn is_macro_name(word: &[u8]) -> bool {
    word.len() > 1
        && word.iter().any(u8::is_ascii_uppercase)
        && !word.iter().any(u8::is_ascii_lowercase)
}
