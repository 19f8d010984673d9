//! What the check knows of the kernel's own macros: names whose arguments are
//! not evaluated as expressions, or whose meaning depends on where they stand.

/// Which arguments of a call are spelled, not evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// None that we know of.
    None,
    /// The last one is the name of a member.
    Last,
    /// The second one is the name of a member.
    Second,
    /// All become text.
    All,
}

/// Which arguments of `callee` are spelled. Sources: `linux/container_of.h`,
/// `linux/list.h`, `linux/stddef.h`, `linux/overflow.h`, `linux/stringify.h`.
pub fn spelled_arguments(callee: &[u8]) -> Spelled {
    let has = |part: &[u8]| memchr::memmem::find(callee, part).is_some();
    match callee {
        b"struct_size" | b"flex_array_size" => Spelled::Second,
        b"from_timer" | b"from_tasklet" | b"sizeof_field" | b"FIELD_SIZEOF" => Spelled::Last,
        b"__stringify" | b"__stringify_1" => Spelled::All,
        _ if has(b"container_of") || has(b"offsetof") || has(b"_entry") => Spelled::Last,
        _ => Spelled::None,
    }
}

/// Whether `callee` is a macro that wants constants at compile time. Sources:
/// `linux/build_bug.h`, `linux/bitfield.h`, the gcc manual.
pub fn wants_constants(callee: &[u8]) -> bool {
    callee.starts_with(b"BUILD_BUG")
        || matches!(
            callee,
            b"FIELD_PREP"
                | b"FIELD_GET"
                | b"FIELD_FIT"
                | b"FIELD_MAX"
                | b"FIELD_PREP_CONST"
                | b"static_assert"
                | b"_Static_assert"
                | b"compiletime_assert"
                | b"__builtin_constant_p"
                | b"__builtin_choose_expr"
                | b"__builtin_types_compatible_p"
                | b"__builtin_offsetof"
                | b"__is_constexpr"
                | b"ARRAY_SIZE"
        )
}

/// Whether `word` says which function or line it stands in.
pub fn names_its_place(word: &[u8]) -> bool {
    matches!(
        word,
        b"__func__"
            | b"__FUNCTION__"
            | b"__PRETTY_FUNCTION__"
            | b"__LINE__"
            | b"__COUNTER__"
            | b"_THIS_IP_"
            | b"_RET_IP_"
            | b"__builtin_return_address"
            | b"__builtin_frame_address"
    )
}

/// Whether `word` is a macro that keeps state at each place where it is written:
/// `pr_warn_once`, `dev_err_ratelimited`, `WARN_ONCE`, `INIT_WORK` and the like
/// with a lock class for each place.
pub fn keeps_state(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.ends_with(b"_once") && !matches!(word, b"READ_ONCE" | b"WRITE_ONCE")
        || lower.ends_with(b"_ratelimited")
        || word == b"DEFINE_RATELIMIT_STATE"
}

/// Whether `word` is called as the errors of `uapi/asm-generic/errno.h` are, which are all
/// positive.
pub fn is_error(word: &[u8]) -> bool {
    let is_capital = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    word.len() > 2 && word[0] == b'E' && word.iter().all(is_capital)
}

/// Whether `callee` is a macro that assigns an argument, or takes its address, by what the
/// kernel calls such macros: iterators, the saving of interrupt flags, polling, reading
/// of user memory and of model-specific registers. Sources: `linux/list.h`,
/// `linux/spinlock.h`, `linux/iopoll.h`, `linux/uaccess.h`, `asm/msr.h`.
pub fn may_assign(callee: &[u8]) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(callee, part).is_some();
    has(b"for_each")
        || has(b"irq_save")
        || has(b"irqsave")
        || has(b"poll_timeout")
        || has(b"get_user")
        || has(b"rdmsr")
        || has(b"rdtsc")
        || has(b"_walk")
        || matches!(
            callee,
            b"swap"
                | b"do_div"
                | b"raw_cpu_read"
                | b"save_flags"
                | b"DEFINE_WAIT"
                | b"list_prepare_entry"
        )
}

/// Whether `word` is in capitals: by custom the name of a macro or an enumerator.
pub fn is_in_capitals(word: &[u8]) -> bool {
    word.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
}

/// Whether a function with this attribute is not there if nothing names it, so that neither
/// the linker nor an assembler knows it. Sources: `linux/compiler_attributes.h`,
/// `linux/init.h`.
pub fn may_be_unused(attribute: &str) -> bool {
    matches!(
        attribute,
        "__maybe_unused"
            | "__always_unused"
            | "__always_inline"
            | "__must_check"
            | "__pure"
            | "__attribute_const__"
            | "__init"
            | "__exit"
            | "noinline"
    )
}

/// Words in front of a function's name that say nothing about what it does.
pub fn is_linkage(word: &[u8]) -> bool {
    matches!(word, b"static" | b"inline" | b"__inline" | b"__inline__" | b"__maybe_unused")
}
