//! Right refactorings.

use super::super::Unit;
use super::{check_same, compared, of_functions};

#[test]
fn two_functions_may_become_one_with_constants_for_arguments() {
    let before = "
        static int on(void *dev) { int r = get(dev, 0x10); if (r < 0) return r; return put(dev, 0x10, r | 4); }
        static int off(void *dev) { int r = get(dev, 0x20); if (r < 0) return r; return put(dev, 0x20, r | 8); }
        int both(void *dev) { return on(dev) + off(dev); }";
    let after = "
        static __always_inline int set(void *dev, u32 reg, u32 bits) { int r = get(dev, reg); if (r < 0) return r; return put(dev, reg, r | bits); }
        static int on(void *dev) { return set(dev, 0x10, 4); }
        static int off(void *dev) { return set(dev, 0x20, 8); }
        int both(void *dev) { return on(dev) + off(dev); }";
    check_same(before, after, &["on", "off", "both"]);
}

#[test]
fn the_order_of_functions_and_data_does_not_matter() {
    let one = "static u32 a[] = {1, 2}; int f(int i) { static int n; n += i; return a[i] + n; }";
    let other = "static u32 b[] = {3, 4}; int g(int i) { static int n; n -= i; return b[i] * n; }";
    let third = "
        static const char *const names[] = {\"one\", \"two\"};
        int h(int i) { return printk(names[i]); }";
    check_same(&[one, other, third].join("\n"), &[third, other, one].join("\n"), &["f", "g", "h"]);
}

#[test]
fn a_table_may_hold_what_the_statements_held() {
    let before = "
        int init(void *dev) { put(dev, 1, 0x80); put(dev, 2, 0x40); put(dev, 9, 0x11); put(dev, 7, 3); return 0; }";
    let after = "
        static const struct { u8 reg, value; } table[] = {{1, 0x80}, {2, 0x40}, {9, 0x11}, {7, 3}};
        int init(void *dev) {
            _Pragma(\"GCC unroll 256\")
            for (int i = 0; i < 4; i++) put(dev, table[i].reg, table[i].value);
            return 0;
        }";
    check_same(before, after, &["init"]);
}

#[test]
fn switches_and_strings_may_lie_elsewhere() {
    let f = "int f(int x) { switch (x) { case 0: return printk(\"a\"); case 1: return get(0, 1);
        case 2: lock(0); return 2; case 3: unlock(0); return 9; case 4: return put(0, 1, 2);
        case 5: return printk(\"b\"); } return 0; }";
    let g = f.replace("int f", "int g").replace("\"a\"", "\"something longer\"");
    let init = f.replace("int f", "__attribute__((section(\".init.text\"))) int one");
    let exit = g.replace("int g", "__attribute__((section(\".init.text\"))) int two");
    let before = [f, &g, &init, &exit].join("\n");
    let after = [exit.as_str(), &init, &g, f].join("\n");
    check_same(&before, &after, &["f", "g", "one", "two"]);
}

#[test]
fn unlikely_parts_belong_to_their_functions() {
    let f = "extern __attribute__((cold, noreturn)) void die(const char *);
        int f(int x) { if (__builtin_expect(x > 9, 0)) { printk(\"big %d\", x); lock(0); die(\"f\"); } return x + 1; }";
    let g = "int g(int x) { if (__builtin_expect(x > 7, 0)) { printk(\"too big %d\", x); die(\"g\"); } return x + 2; }";
    let before = format!("{f}\n{g}");
    let after =
        format!("{}\n{g}\n{}", f.split('\n').next().unwrap(), f.split('\n').nth(1).unwrap());
    check_same(&before, &after, &["f", "g"]);
    let Some(comparison) = compared(&before, &after.replace("too big", "too large")) else {
        return;
    };
    let line = comparison.differences[0].to_string();
    assert!(line.starts_with("g()") && line.contains("another string"), "{line}");
}

#[test]
fn functions_that_only_one_side_has_are_listed() {
    let before =
        "static __attribute__((used)) int old(void) { return 1; } int f(void) { return 2; }";
    let after =
        "static __attribute__((used)) int young(void) { return 1; } int f(void) { return 2; }";
    let Some(comparison) = compared(before, after) else { return };
    let names = |list: &[super::super::Subject]| {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(names(&comparison.gone), "old()");
    assert_eq!(names(&comparison.new), "young()");
    assert_eq!(comparison.unaccounted(&["f", "old"]), ["old"]);
}

#[test]
fn functions_that_call_each_other_come_to_an_end() {
    let text = "
        static __attribute__((noinline)) int odd(int n);
        static __attribute__((noinline)) int even(int n) { lock(0); return n ? 1 + odd(n - 1) : 1; }
        static __attribute__((noinline)) int odd(int n) { unlock(0); return n ? 2 + even(n - 1) : 0; }
        struct node { const struct node *next; int (*call)(int); };
        static const struct node a, b;
        static const struct node a = {&b, even}, b = {&a, odd};
        int f(int n) { return even(n) + a.next->next->call(n) + get((void *)&b, 1); }";
    check_same(text, text, &["f", "odd", "even"]);
    let found = of_functions((text, "f"), (text, "f"), Unit::Other);
    assert_eq!(found.unwrap_or_default(), [""; 0]);
}

#[test]
fn a_helper_of_another_file_is_compared_with_the_original() {
    let before = "struct a { int x, y; }; static int twice(int n) { return get(0, n); }
        int f(struct a *a) { printk(\"y %d\", a->y); return twice(a->y); }";
    let after = "struct b { int z, y; }; static int twice(int n) { return get(0, n); }
        int helper(struct b *b) { printk(\"y %d\", b->y); return twice(b->y); }";
    let found = of_functions((before, "f"), (after, "helper"), Unit::Other);
    assert_eq!(found.unwrap_or_default(), [""; 0]);
    let wider = after.replace("int z, y", "long z; int y");
    let Some(found) = of_functions((before, "f"), (&wider, "helper"), Unit::Other) else { return };
    assert!(found[0].contains("another member"), "{found:?}");
    let callee = after.replace("get(0, n)", "get(0, n + 1)");
    let Some(found) = of_functions((before, "f"), (&callee, "helper"), Unit::Other) else { return };
    assert!(found.iter().any(|line| line.starts_with("twice()")), "{found:?}");
}

#[test]
fn a_helper_of_another_file_has_state_of_its_own() {
    let text = "static int count; int f(void) { return ++count; }";
    let found = of_functions((text, "f"), (text, "f"), Unit::Same);
    assert_eq!(found.unwrap_or_default(), [""; 0]);
    let Some(found) = of_functions((text, "f"), (text, "f"), Unit::Other) else { return };
    assert!(found[0].contains("static state count"), "{found:?}");
}
