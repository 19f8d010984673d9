//! Which functions may be run, by what the compiler makes of them.

use super::super::{Flush, Object};
use super::compile;

/// Why `f` of a snippet may not be run; nothing where it may.
fn refused(source: &str) -> Option<String> {
    let bytes = compile(source)?;
    let object = Object::read(&bytes).unwrap();
    let pure = object.pure("f");
    if let Ok(pure) = &pure {
        let image = object.image(pure, 0x2000_0000, Flush::End).unwrap();
        assert!(image.pieces.iter().any(|it| it.is_code && it.start == image.entry), "{image:?}");
    }
    Some(pure.err().unwrap_or_default())
}

#[track_caller]
fn check(source: &str, why: &str) {
    let Some(found) = refused(source) else { return };
    assert!(found.contains(why) && found.is_empty() == why.is_empty(), "{source}: {found}");
}

#[test]
fn what_only_computes_and_reads_constants_may_be_run() {
    for source in [
        "int f(u32 x) { switch (x) { case 1: return 5; case 2: return 7; case 5: return 9; } return -1; }",
        "static const u16 t[] = { 9, 8, 7 };\nint f(u32 x) { return x < 3 ? t[x] : 0; }",
        "static const struct { u32 k; const char *v; } t[] = { { 3, \"a\" }, { 9, \"b\" } };\n\
         const char *f(u32 x) { for (int i = 0; i < 2; i++) if (t[i].k == x) return t[i].v; return 0; }",
        "static u32 __attribute__((noinline)) g(u32 x) { return x / 3; }\nu32 f(u32 x) { return g(x) + g(x + 1); }",
        "u32 f(u32 x) { volatile u32 y = x; return y * 5; }",
        "_Bool f(u8 x) { return x == 3 || x == 9 || x == 77; }",
    ] {
        check(source, "");
    }
}

#[test]
fn a_switch_with_a_jump_table_may_be_run_with_its_table() {
    let cases: String = (0..9).map(|at| format!("case {at}: return x / {} + y;", at + 3)).collect();
    let source = format!("u32 f(u8 x, u8 y) {{ switch (x) {{ {cases} }} return 0; }}");
    check(&source, "");
}

#[test]
fn what_uses_more_than_constants_and_its_stack_may_not() {
    for (source, why) in [
        ("int n; int f(u32 x) { n++; return x; }", "uses n, which is no constant"),
        ("static int n; int g(void) { return n++; } int f(u32 x) { return n; }", "no constant"),
        ("extern int n; int f(u32 x) { return n; }", "uses n, which another object defines"),
        ("int f(u32 x) { return get((void *)0, x); }", "calls get"),
        ("int f(u32 x) { return *(int *)(long)x; }", "reads what is no constant"),
        ("int f(int *x) { *x = 3; return 3; }", "writes to memory"),
        ("int f(int (*g)(void)) { return g() + 1; }", "goes where a register says"),
        (
            "int f(u32 x) { return ({ u32 a, d; asm volatile(\"rdtsc\" : \"=a\"(a), \"=d\"(d)); a; }); }",
            "is not plain",
        ),
        ("int f(u32 x) { asm volatile(\"out %al, $5\"); return 0; }", "is not plain"),
        ("int f(u32 x) { asm volatile(\"lock; addl $1, (%rsp)\"); return 0; }", "is not plain"),
        ("int f(u32 x) { asm volatile(\"movl $1, %gs:8\"); return 0; }", "is not plain"),
        ("int f(u32 x) { asm volatile(\"syscall\"); return 0; }", "is not plain"),
        ("int f(u32 x) { asm volatile(\"mov %rdi, %rsp\"); return 0; }", "uses a register"),
        ("int f(u32 x) { asm volatile(\"movq $1, 64(%rsp)\"); return 0; }", "writes to memory"),
        ("int f(u32 x) { asm volatile(\"movl $1, (%rsp,%rdi)\"); return 0; }", "writes to memory"),
        ("int f(u32 x) { asm volatile(\".byte 6\"); return 0; }", "is not plain"),
        ("int f(u32 x) { if (x > 5) __builtin_trap(); return 0; }", "is not plain"),
        (
            "int f(u32 x) { if (x > 5) __builtin_unreachable(); asm volatile(\"1:\\n.section __ex_table,\\\"a\\\"\\n.long 1b-., 1b-., 0\\n.previous\"); return 0; }",
            "patches",
        ),
        ("int __attribute__((weak)) f(u32 x) { return 3; }", "another object may define it"),
        (
            "const int t[9] __attribute__((weak)) = { 3 }; int f(u32 x) { return x < 9 ? t[x] : 0; }",
            "another object defines",
        ),
        (
            "static const int t[9] __attribute__((section(\"__param\"))) = { 3 }; int f(u32 x) { return x < 9 ? t[x] : 0; }",
            "no constant",
        ),
        (
            "int g(void); static int (*const t[])(void) = { g, g }; int f(u32 x) { return x < 2 ? (long)t[x] : 0; }",
            "another object defines",
        ),
    ] {
        check(source, why);
    }
}

#[test]
fn no_function_of_that_name_is_refused() {
    check("int g(u32 x) { return x; }", "is in no object");
}

#[test]
fn constants_lie_against_the_end_that_is_asked_for() {
    let source = "static const u16 t[] = { 9, 8, 7 };\nint f(u32 x) { return x < 3 ? t[x] : 0; }";
    let Some(bytes) = compile(source) else { return };
    let object = Object::read(&bytes).unwrap();
    let pure = object.pure("f").unwrap();
    for (flush, distance) in [(Flush::Start, 0), (Flush::End, 4096 - 6)] {
        let image = object.image(&pure, 0x2000_0000, flush).unwrap();
        let table = image.pieces.iter().find(|it| !it.is_code).unwrap();
        assert_eq!(
            (table.start - table.page, &table.bytes[..]),
            (distance, &[9, 0, 8, 0, 7, 0][..])
        );
        let code = image.pieces.iter().find(|it| it.is_code).unwrap();
        let address = (table.start as u32).to_le_bytes();
        assert!(code.bytes.windows(4).any(|bytes| bytes == address), "{code:?}");
    }
}
