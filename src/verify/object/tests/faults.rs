//! Planted faults: each must be found, where it is and, where it can be told, why.

use super::check_differs;

const DRIVER: &str = "
    struct chip { void *dev; u32 base; u16 mode; int level; };
    static const struct { u8 reg; u8 value; } table[] = {{1, 0x80}, {2, 0x40}, {9, 0x11}};
    int start(struct chip *c, u32 a, u32 b) {
        lock(c->dev);
        put(c->dev, a, b);
        put(c->dev, c->base + 4, 0x33);
        c->mode = b;
        unlock(c->dev);
        return c->level;
    }
    void load(struct chip *c, int n) {
        for (int i = 0; i < n; i++) put(c->dev, table[i].reg, table[i].value);
        printk(\"loaded %d\\n\", n);
    }";

fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(DRIVER.contains(from));
    check_differs(DRIVER, &DRIVER.replacen(from, to, 1), expected);
}

#[test]
fn exchanged_arguments_are_found() {
    check("a, b);", "b, a);", &["start(): another instruction"]);
}

#[test]
fn a_wrong_constant_is_found() {
    check(
        "0x33",
        "0x34",
        &["start(): another instruction … $0x33 … became … $0x34 … (another constant)"],
    );
    check("base + 4", "base + 8", &["start(): another instruction … (another constant)"]);
}

#[test]
fn a_missing_statement_is_found() {
    check("unlock(c->dev);", "", &["start(): … (calls unlock 0 times instead of 1)"]);
    check("c->mode = b;", "", &["start(): another instruction"]);
}

#[test]
fn an_argument_that_is_evaluated_twice_is_found() {
    let before = "int f(void *d) { int v = get(d, 1); return v < 9 ? v : 9; }";
    let after = "
        #define min(a, b) ((a) < (b) ? (a) : (b))
        int f(void *d) { return min(get(d, 1), 9); }";
    check_differs(before, after, &["f(): … (calls get 2 times instead of 1: is an argument"]);
}

#[test]
fn a_narrowed_type_is_found() {
    check(
        "u16 mode; int",
        "u8 mode; u8 pad; int",
        &["start(): … (another width or sign of a value)"],
    );
    let before = "u32 f(u32 x) { return get(0, x) ^ x; }";
    check_differs(before, &before.replace("u32 x", "u16 x"), &["f(): another instruction"]);
    let before = "int f(int *x) { return x[0] / 3; }";
    check_differs(before, &before.replace("int *x", "u32 *x"), &["f(): another instruction"]);
}

#[test]
fn another_string_is_found() {
    check(
        "loaded",
        "stored",
        &["load(): … \"loaded %d\\n\" … became … \"stored %d\\n\" … (another string)"],
    );
}

#[test]
fn the_name_of_the_helper_is_found() {
    let before = "int f(void) { return printk(\"%s\", __func__); }";
    let after = "static __always_inline int helper(void) { return printk(\"%s\", __func__); }
        int f(void) { return helper(); }";
    check_differs(
        before,
        after,
        &["f(): refers to other contents … (__func__ is the helper's name)"],
    );
    let before = "int init(void) { return printk(\"init\"); }";
    check_differs(before, &before.replace("\"init", "\"helper"), &["init(): … (__func__ is"]);
}

#[test]
fn another_layout_of_the_struct_is_found() {
    check(
        "u32 base; u16 mode; int level;",
        "u32 base; u16 mode; u32 more; int level;",
        &["start(): … (another member, or another layout of the struct)"],
    );
}

#[test]
fn merged_static_state_is_found() {
    let before = "
        int f(void) { static int count; return ++count; }
        int g(void) { static int count; return ++count; }";
    let after = "
        static __always_inline int next(void) { static int count; return ++count; }
        int f(void) { return next(); }
        int g(void) { return next(); }";
    check_differs(before, after, &["g(): … (static state count"]);
    check_differs(after, before, &["g(): … (static state count"]);
}

#[test]
fn exchanged_static_state_is_found() {
    let before = "
        int f(void) { static int count = 1; return ++count; }
        int g(void) { static int count = 2; return ++count; }";
    let after = "
        int f(void) { static int count = 2; return ++count; }
        int g(void) { static int count = 1; return ++count; }";
    check_differs(before, after, &["data count", "data count"]);
}

#[test]
fn exchanged_rows_of_a_table_are_found() {
    check(
        "{1, 0x80}, {2, 0x40}",
        "{2, 0x40}, {1, 0x80}",
        &[
            "data table: other contents: `01 80 02 40 09 11` at table+0x0 became `02 40 01 80 09 11`",
        ],
    );
}

#[test]
fn a_shorter_table_is_found() {
    let before = "const u16 rows[] = {1, 2, 3}; u8 states[2];";
    let after = "const u16 rows[] = {1, 2}; u8 states[3];";
    let expected = ["data rows: 4 bytes instead of 6", "data states: 3 bytes instead of 2"];
    check_differs(before, after, &expected);
}

#[test]
fn other_data_behind_a_pointer_is_found() {
    let before = "
        static int one(void) { return 1; } static int two(void) { return 2; }
        int (*const ops[])(void) = {one, two};
        static u32 small[4]; u32 *pointer = small + 1;";
    check_differs(
        before,
        &before.replace("{one, two}", "{two, one}"),
        &["data ops: other contents: `one` at ops+0x0 became `two` at ops+0x0 (another function)"],
    );
    check_differs(
        before,
        &before.replace("small + 1", "small + 2"),
        &["data pointer: other contents"],
    );
    check_differs(
        before,
        &before.replace("small[4]", "small[5]"),
        &["data small: 20 bytes instead of 16"],
    );
}

#[test]
fn another_callee_is_found() {
    check("lock(c->dev);", "unlock(c->dev);", &["start(): … (calls lock 0 times instead of 1)"]);
}

#[test]
fn a_function_that_is_no_longer_exported_is_found() {
    let before = "int f(void) { return 1; }";
    let after = "static __attribute__((used)) int f(void) { return 1; }";
    check_differs(before, after, &["f(): f is no longer seen by other objects"]);
}

#[test]
fn a_function_that_is_discarded_after_start_is_found() {
    let before = "int f(void) { return get(0, 1); }";
    let after = "__attribute__((section(\".init.text\"))) int f(void) { return get(0, 1); }";
    check_differs(before, after, &["f(): moved from section .text to .init.text"]);
}

#[test]
fn registers_alone_are_told_from_other_operations() {
    let before = "int f(int *a, int *b) { return *a + 1; }";
    let after = "int f(int *a, int *b) { return *b + 1; }";
    let Some(comparison) = super::compared(before, after) else { return };
    let cause = comparison.differences[0].cause.as_ref();
    assert!(cause.is_some_and(|cause| cause.is_worth_a_retry()), "{comparison:?}");
}
