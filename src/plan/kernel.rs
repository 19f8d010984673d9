//! Names of the kernel that the planner knows something about: data, kept apart from
//! the rules that use it.

/// A set of names, as text between blanks.
#[derive(Clone, Copy)]
pub struct Names(&'static str);

impl Names {
    /// Whether `name` is one of them.
    pub fn contain(self, name: &[u8]) -> bool {
        self.0.split_ascii_whitespace().any(|word| word.as_bytes() == name)
    }
}

/// Macros of the kernel that ask whether an argument is constant only to choose a
/// faster way to the same result, or to check a limit at compile time.
pub const VARIABLE_TOO: Names = Names(
    "\
    udelay ndelay mdelay set_bit clear_bit change_bit test_bit __set_bit __clear_bit \
    __change_bit test_and_set_bit test_and_clear_bit arch_test_bit bitop hweight8 hweight16 \
    hweight32 hweight64 hweight_long ilog2 roundup_pow_of_two rounddown_pow_of_two \
    order_base_2 cpu_to_le16 cpu_to_le32 cpu_to_le64 cpu_to_be16 cpu_to_be32 cpu_to_be64 \
    le16_to_cpu le32_to_cpu le64_to_cpu be16_to_cpu be32_to_cpu be64_to_cpu htons htonl \
    ntohs ntohl __swab16 __swab32 __swab64 swab16 swab32 swab64 min max min_t max_t min3 \
    max3 clamp clamp_t clamp_val memcpy memset memmove memcmp strcmp strncmp strlen strncpy \
    strcpy strlcpy strscpy likely unlikely DIV_ROUND_CLOSEST div_u64 do_div put_user \
    get_user bitmap_zero msecs_to_jiffies usecs_to_jiffies dma_map_single fls ffs",
);

/// Attributes that say how a function is called or laid out: a helper behind
/// it would change what they promise.
pub const CALLING_ATTRIBUTES: Names = Names(
    "\
    noinline noinline_for_stack __noinline asmlinkage __visible __naked notrace __kprobes \
    nokprobe_inline __attribute__ __printf __scanf noinstr __weak __used",
);

/// Macros of the kernel whose static object, line or function name describes the
/// place for a debugger or makes a name unique, and is no state of the program:
/// dynamic debug, the printk index, branch profiling, compile-time assertions.
pub const DESCRIPTIVE_MACROS: Names = Names(
    "\
    DEFINE_DYNAMIC_DEBUG_METADATA DEFINE_DYNAMIC_DEBUG_METADATA_CLS __dynamic_func_call \
    __dynamic_func_call_cls _dynamic_func_call _dynamic_func_call_cls dynamic_dev_dbg \
    dynamic_pr_debug dynamic_netdev_dbg dynamic_ibdev_dbg dynamic_hex_dump __branch_check__ \
    __trace_if_var __trace_if_value compiletime_assert _compiletime_assert __UNIQUE_ID \
    printk_index_wrap printk_index_subsys_emit __printk_index_emit _BUG_FLAGS __BUG_FLAGS \
    __WARN_FLAGS BUG __WARN WARN WARN_ON __WARN_printf might_sleep might_fault __might_sleep",
);
