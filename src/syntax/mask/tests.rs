//! One test a class of text that the grammar does not know, and tests that what
//! is no C stays none.

use super::*;
use crate::syntax::{FunctionTree, TokenKind, lexer, split};
use proptest::prelude::*;

fn loops() -> LoopMacros {
    LoopMacros::new(["walk_things", "LOOP"])
}

fn parse(source: &str) -> FunctionTree {
    let (functions, _) = split::functions(source.as_bytes());
    let function = functions.first().unwrap_or_else(|| panic!("no function in {source}"));
    FunctionTree::parse(source.as_bytes(), function, &loops())
}

#[track_caller]
fn check_clean(source: &str) -> FunctionTree {
    let tree = parse(source);
    let masked = mask(source.as_bytes(), &loops());
    let shown = String::from_utf8_lossy(&masked).into_owned();
    assert_eq!(tree.gap, None, "masked text:\n{shown}");
    tree
}

/// The statement parses, and each of its identifiers and constants has a node
/// of its own.
#[track_caller]
fn check_statement(statement: &str) {
    let source = format!("void f(void)\n{{\n\t{statement}\n}}\n");
    let tree = check_clean(&source);
    for token in lexer::tokens(source.as_bytes()) {
        let word = token.text(source.as_bytes());
        let kept = match token.kind {
            TokenKind::Ident => !lexer::is_keyword(word) && !words::is_typeof(word),
            TokenKind::Number | TokenKind::Str | TokenKind::Char => true,
            _ => false,
        };
        let node = tree.exact(token.start..token.end);
        assert!(!kept || node.is_some(), "no node for {}", String::from_utf8_lossy(word));
    }
}

#[track_caller]
fn check_statement_without_nodes(statement: &str) {
    check_clean(&format!("void f(void)\n{{\n\t{statement}\n}}\n"));
}

#[track_caller]
fn check_gap(source: &str) {
    assert!(parse(source).gap.is_some(), "parses: {source}");
}

#[test]
fn attributes_in_signatures() {
    check_clean("static int __init f(void)\n{\n}\n");
    check_clean("static __must_check struct a *f(void __iomem *p, char __user *q)\n{\n}\n");
    check_clean("static __printf(2, 3) void f(int a, const char *fmt, ...)\n{\n}\n");
    check_clean("int f(struct a *a)\n\t__acquires(&a->lock) __must_hold(a)\n{\n}\n");
    check_clean("asmlinkage void __attribute__((weak)) f(int a __maybe_unused)\n{\n}\n");
    check_clean("static MYINIT int FASTCALL f(int a)\n{\n}\n");
    check_clean("static irqreturn_t __myattr f(int a)\n{\n}\n");
}

#[test]
fn attributes_in_declarations() {
    check_statement_without_nodes("struct a __iomem *p = (__force struct a __iomem *)q;");
    check_statement_without_nodes("u8 a[4] __aligned(8) = { 0 }, b __maybe_unused;");
    check_statement_without_nodes("static const __u32 a[] __initconst = { 1 };");
    check_statement_without_nodes("struct a *p __free(kfree) = g();");
    check_statement_without_nodes("struct { u8 a; } __packed b;");
    check_statement_without_nodes("register u32 r0 asm(\"r0\") = 1;");
    check_statement("__be32 a = (__be32)__b;");
}

#[test]
fn loop_macros_with_and_without_braces() {
    check_statement("walk_things(p, &list->head, node) {\n\t\tg(p);\n\t}");
    check_statement("walk_things(p, head)\n\t\tif (p)\n\t\t\tg(p);\n\t\telse\n\t\t\th(p);");
    check_statement("my_for_each_thing(p, head) g(p);");
    check_statement("if (a)\n\t\twalk_things(p, head)\n\t\t\tg(p);");
    check_statement("LOOP(p) {\n\t}");
    check_statement("for_each_thing() {\n\t}");
    check_statement("do {\n\t\tg();\n\t} while_each_thing(p, head);");
}

#[test]
fn blocks_after_unknown_macros() {
    check_statement("with_power(dev, wakeref) {\n\t\tg();\n\t}");
    check_statement("scoped_guard(mutex, &a->lock)\n\t\tg();");
    check_statement("if (a) {\n\t} else with_power(dev) {\n\t}");
}

#[test]
fn types_as_macro_arguments() {
    check_statement("a = container_of(p, struct foo, member);");
    check_statement("a = va_arg(ap, int) + va_arg(ap, struct foo *);");
    check_statement("a = min_t(unsigned int, a, 3) + min_t(u8, a, 4);");
    check_statement("a = f(const char *, foo_t *, unsigned long long, struct a **);");
    check_statement("a = list_entry(p,\n\t\tstruct foo, m)->b;");
    check_statement("trace(struct foo *p, int a);");
    check_statement("a = alloc_percpu(typeof(*p->q)) + field(typeof(struct foo), a);");
}

#[test]
fn typeof_as_a_type() {
    check_statement_without_nodes("typeof(*a->b) c = (typeof(c))d, *e = (typeof(*a) *)f;");
    check_statement_without_nodes("__typeof__(a + 1) c = sizeof(typeof(*a));");
}

#[test]
fn offsetof_and_alignof_of_expressions() {
    check_statement("a = offsetof(struct foo, b.c[3]) + offsetof(struct foo, d);");
    check_statement_without_nodes("a = __alignof__(*p) + __alignof__(struct foo);");
}

#[test]
fn operators_and_nothing_as_macro_arguments() {
    check_statement("CMP(a, ==, 3);");
    check_statement("CMP(a, , 3, );");
    check_statement("INIT(.a = 1, .b = 2);");
    check_statement("INIT({ 1, 2, }, { .a = 3 });");
}

#[test]
fn statements_as_macro_arguments() {
    check_statement("wait_cmd(q, cond, unlock(&l); g(2);, lock(&l));");
    check_statement("CHECK(a, return 5);");
    check_statement("CHECK(a, goto out);\nout:\n\tg();");
    check_statement("msec(dev, 2000,\n\t\tu32 a = g(3);\n\t\tif (a)\n\t\t\tbreak;\n\t);");
}

#[test]
fn string_macros_between_literals() {
    check_statement("p(\"a\" PRIx64 \"b\" X Y \"c\");");
    check_statement_without_nodes("p(KERN_ERR PFX \"a\", 1);");
    check_statement_without_nodes("p(KERN_ERR\n\t\tPFX \"a\", 1);");
    check_statement_without_nodes("p(\"a\" __stringify(X) \"b\" PFX(1, 2) \"c\");");
    check_statement_without_nodes("p(KERN_ERR VERSION); p(KERN_ERR fmt(\"a\"));");
}

#[test]
fn case_ranges_and_designated_ranges() {
    check_statement("switch (a) { case 1 ... 5: case A ... B + 1: break; }");
    check_statement("int a[] = { [0 ... 3] = 1, [4] = 2 };");
}

#[test]
fn numbers_that_are_pasted_to_names() {
    check_statement("CASE(2ERR_QP); READ(0x8723_A, 8723A);");
    check_statement("a = 0x1fUL + 1e3 + 1.5f + 0b11 + 017;");
}

#[test]
fn declarations_that_a_macro_writes() {
    check_statement("DECLARE_BITMAP(a, 64) = { 0 };");
    check_statement("DECLARE_THING(a) = { [0 ... 3] = 1 };");
    check_statement_without_nodes("static DEFINE_RATELIMIT_STATE(a, 5 * HZ, 1);");
    check_clean("SYSCALL_DEFINE2(frob, int, a)\n{\n\treturn a;\n}\n");
    check_clean("static SIMPLE_HANDLER(frob)\n{\n\treturn 1;\n}\n");
    check_clean("HANDLER(0, \"a\")\n{\n\treturn 1;\n}\n");
}

#[test]
fn macros_without_semicolon() {
    check_statement("CRITFLAGS\n\n\tCRITBEGIN\n\n\tg();");
    check_statement("TRACE(a, 1)\n\tg();");
    check_statement("if (a) {\n\t\tTRACE(a)\n\t}");
    check_statement("static const u8 a[] = {\n\t\tTABLE(1, 2)\n\t};");
    check_statement("if FAILED(a)\n\t\tg();");
}

#[test]
fn gnu_c_that_the_grammar_knows_in_part() {
    check_statement("a = ({ int b = 1; b; }) + (c ?: 3);");
    check_statement("static void *t[] = { &&one, &&two }; goto *t[1];\none:\ntwo:\n\tg();");
    check_statement("asm volatile(\"nop\" : \"=r\" (a) : \"i\" (3) : \"memory\");");
    check_statement_without_nodes(
        "asm_volatile_goto(\"nop\" : : \"i\" (3) : : out);\nout:\n\tg();",
    );
    check_statement_without_nodes("struct { u32 a : 2; u32 : 30; } b;");
}

#[test]
fn directives_inside_a_statement() {
    check_clean("void f(void)\n{\n\tg(1,\n#ifdef A\n\t  2,\n#endif\n\t  3);\n}\n");
    check_clean("void f(void)\n{\n#if 0\n\tnot C at all (\n#endif\n\tg();\n}\n");
    let last = "void f(void)\n{\n#ifdef A\n\tif (a ||\n#elif B\n\tif (b ||\n#else\n\tif (c)\n#endif\n\t\tg();\n}\n";
    check_clean(last);
}

#[test]
fn text_that_is_not_ascii() {
    let source = b"void f(void)\n{\n\tg(\"\xe9\xff\", '\xb0'); /* \xe9 */\n}\n";
    let (functions, _) = split::functions(source);
    assert_eq!(FunctionTree::parse(source, &functions[0], &loops()).gap, None);
}

#[test]
fn what_is_no_c_stays_a_gap() {
    check_gap("void f(void)\n{\n\ta b c d;\n}\n");
    check_gap("void f(void)\n{\n\tif (a) {\n\t\tg();\n}\n");
    check_gap("void f(void)\n{\n\tg((a);\n}\n");
    check_gap("void f(void)\n{\n\tg(a));\n}\n");
    check_gap("void f(void)\n{\n\tg(a, 1)\n\th(b);\n}\n");
    check_gap("void f(void)\n{\n\tg(a)\n}\n");
    check_gap("void f(void)\n{\n\tg(a b);\n}\n");
    check_gap("void f(void)\n{\n\ta = 1\n\tb = 2;\n}\n");
    check_gap("void f(void)\n{\n\ta = b + ;\n}\n");
    check_gap("void f(void)\n{\n\ta[3 = 1;\n}\n");
    check_gap("void f(void)\n{\n\telse\n\t\tg();\n}\n");
    check_gap("void f(void)\n{\n\twalk_things(a, b {\n\t}\n}\n");
    check_gap("void f(void)\n{\n\tswitch (a) { case 1 }\n}\n");
    check_gap("void f(void)\n{\n\tint a = 3 4;\n}\n");
}

/// Fragments that the masks look for, in any order.
fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ";",
        ",",
        ":",
        "*",
        "=",
        ".",
        "...",
        "&&",
        "\n",
        "\t",
        " ",
        "if",
        "do",
        "case",
        "struct",
        "int",
        "static",
        "typeof",
        "offsetof",
        "asm",
        "goto",
        "return",
        "f",
        "FOO",
        "__init",
        "__aligned",
        "for_each_x",
        "asm_volatile_goto",
        "\"s\"",
        "'c'",
        "1",
        "0x",
        "2ERR",
        "\n#if 0\n",
        "\n#else\n",
        "\n#endif\n",
        "/* c */",
        "\\\n",
        "é",
        "__signed__",
        "__alignof__",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)]
}

proptest! {
    #[test]
    fn the_mask_keeps_the_length_and_every_newline(parts in prop::collection::vec(fragment(), 0..60)) {
        let source = format!("void f(void) {{ {}", parts.concat());
        let newlines = |text: &[u8]| -> Vec<usize> {
            memchr::memchr_iter(b'\n', text).collect()
        };
        for text in [source.as_bytes(), &source.as_bytes()[13..]] {
            let masked = mask(text, &loops());
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(newlines(&masked), newlines(text));
            for branch in [Branch::First, Branch::Last] {
                let kept = keep_branch(text, branch);
                prop_assert_eq!(kept.len(), text.len());
                prop_assert_eq!(newlines(&kept), newlines(text));
            }
        }
    }
}
