use super::*;

fn names(source: &str) -> Vec<String> {
    let (found, _) = functions(source.as_bytes());
    found.iter().map(|f| String::from_utf8_lossy(f.name(source.as_bytes())).into_owned()).collect()
}

#[test]
fn plain_functions_have_their_lines() {
    let source = "int x;\n\nstatic int\nfoo(void)\n{\n\treturn 1;\n}\n";
    let (found, outline) = functions(source.as_bytes());
    assert_eq!((found[0].start_line, found[0].end_line), (3, 7));
    assert_eq!(outline.lines, 7);
    assert!(source[found[0].range()].starts_with("static int"));
}

#[test]
fn attributes_stand_before_and_after_the_declarator() {
    assert_eq!(names("static __printf(2, 3) void a(int x) { }"), ["a"]);
    assert_eq!(names("static int __init b(void)\n\t__acquires(lock)\n{ }"), ["b"]);
    assert_eq!(names("void c(void) __attribute__((cold)) { }"), ["c"]);
    assert_eq!(names("__must_check static struct foo *d(int x) __must_hold(&x->l) { }"), ["d"]);
}

#[test]
fn structs_initialisers_and_macro_calls_are_no_functions() {
    assert!(names("struct foo { int a; };").is_empty());
    assert!(names("struct __attribute__((packed)) foo { int a; };").is_empty());
    assert!(names("static int a[] = { F(1), };").is_empty());
    assert!(names("static DEVICE_ATTR(a, 0444, show, NULL);").is_empty());
    assert!(names("DEFINE_THING(a, { 1, 2 });").is_empty());
    assert!(names("enum { A = B(1), C };").is_empty());
}

#[test]
fn a_macro_call_without_semicolon_is_not_part_of_the_next_function() {
    let source = "MODULE_THING(x)\nstatic int foo(void)\n{\n}\n";
    let (found, _) = functions(source.as_bytes());
    assert_eq!(found[0].start_line, 2);
    assert_eq!(names(source), ["foo"]);
}

#[test]
fn a_function_that_returns_a_function_pointer_has_its_inner_name() {
    assert_eq!(names("static int (*pick(int a))(void) { return 0; }"), ["pick"]);
}

#[test]
fn macro_defined_functions_are_marked() {
    let source = "SYSCALL_DEFINE1(frob, int, a)\n{\n}\n";
    let (found, _) = functions(source.as_bytes());
    assert!(found[0].macro_defined);
    assert_eq!(names(source), ["frob"]);
}

#[test]
fn branches_with_unbalanced_braces_do_not_run_away() {
    let source = "int a(void)\n{\n#ifdef X\n\tif (p) {\n#else\n\tif (q) {\n#endif\n\t\tr();\n\t}\n}\n\
                  #ifdef Y\nint b(int c)\n{\n#else\nint b(void)\n{\n#endif\n}\nint d(void)\n{\n}\n";
    assert_eq!(names(source), ["a", "b", "d"]);
}

#[test]
fn code_under_if_0_is_disabled() {
    let source = "#if 0\nint a(void) {}\n#else\nint b(void) {}\n#endif\nint c(void) {}\n";
    let (found, _) = functions(source.as_bytes());
    let disabled: Vec<_> = found.iter().map(|f| f.disabled).collect();
    assert_eq!(disabled, [true, false, false]);
}

#[test]
fn a_define_between_signature_and_body_is_part_of_the_function() {
    let source =
        "A(x)\nstatic int a(int b)\n#define C 1\n{\n}\nM(x)\n#define D\nint e(void)\n{\n}\n";
    assert_eq!(names(source), ["a", "e"]);
    let (found, _) = functions(source.as_bytes());
    assert!(source[found[1].range()].starts_with("int e"));
    assert_eq!(found[0].token_count, 10);
}

#[test]
fn a_directive_among_the_parameters_is_a_token_of_the_function() {
    let source = "int a(int b,\n#ifdef X\n\tint c\n#else\n\tint d\n#endif\n)\n{\n}\n";
    let mut lexed = Vec::new();
    split(source.as_bytes(), |function, tokens| {
        lexed.push((function.range(), tokens.len()));
    });
    let alone = super::super::lexer::tokens(&source.as_bytes()[lexed[0].0.clone()]);
    assert_eq!(lexed[0].1, alone.len());
}

#[test]
fn an_unclosed_function_is_reported() {
    let (found, outline) = functions(b"int a(void) { if (x) {\n");
    assert!(found.is_empty());
    assert_eq!(outline.unclosed, Some(0));
}

#[test]
fn a_brace_in_column_0_before_indented_code_does_not_end_the_function() {
    let source = "int a(int b)\n{\n\tswitch (b) {\n\tcase 1:\n\t\tc();\n}\n\n\treturn 0;\n}\n";
    let (found, _) = functions(source.as_bytes());
    assert_eq!((found[0].end_line, found[0].unbalanced), (9, false));
}

#[test]
fn a_missing_brace_costs_one_function_only() {
    let source = "int a(void)\n{\n\tif (x) {\n}\n\nint b(void)\n{\n}\n";
    let (found, _) = functions(source.as_bytes());
    assert_eq!(found.iter().map(|f| f.unbalanced).collect::<Vec<_>>(), [true, false]);
}

/// The text from the start of the last function's range up to its body.
#[track_caller]
fn check_signature(source: &str, expected: &str) {
    let (found, _) = functions(source.as_bytes());
    let signature = found.last().map(|f| source[f.signature()].trim_end());
    assert_eq!(signature, Some(expected), "{source}");
}

#[test]
fn macro_calls_in_a_row_are_not_part_of_the_next_function() {
    let foo = "static int foo(void)";
    check_signature(&format!("show(1)\nshow(2)\nshow(3)\n\n{foo}\n{{\n}}\n"), foo);
    check_signature(
        &format!("PROP(a, \"a\", NULL)\nPROP(b, \"b\",\n\tNULL)\n{foo}\n{{\n}}\n"),
        foo,
    );
    let bar = "struct axf *bar(void)";
    check_signature(&format!("show(1)\nshow(2)\n{bar}\n{{\n}}\n"), bar);
}

#[test]
fn a_static_macro_call_is_not_part_of_the_next_function() {
    for next in ["static int foo(void)", "int foo(void)", "void __init foo(void)"] {
        check_signature(&format!("static QCMD(axf)\n\n{next}\n{{\n}}\n"), next);
    }
    let source =
        "static BUILD(send, struct a,\n\tbuild)\n\nstatic QCMD(axf)\nint foo(void)\n{\n}\n";
    check_signature(source, "int foo(void)");
}

#[test]
fn a_macro_defined_function_may_follow_a_macro_call() {
    check_signature(
        "show(1)\nSYSCALL_DEFINE1(frob, int, a)\n{\n}\n",
        "SYSCALL_DEFINE1(frob, int, a)",
    );
}

#[test]
fn attributes_and_types_with_parentheses_are_part_of_the_signature() {
    for signature in [
        "__printf(2, 3)\nstatic void foo(int a)",
        "__attribute__((cold))\nint foo(void)",
        "static TYPE_OF(x)\nfoo(int a)",
        "static TYPE_OF(x) foo(int a)",
        "static __section(\".x\")\nint foo(int a)",
    ] {
        check_signature(&format!("show(1)\n{signature}\n{{\n}}\n"), signature);
        assert_eq!(names(&format!("{signature}\n{{\n}}\n")), ["foo"], "{signature}");
    }
}

#[test]
fn a_type_after_a_macro_call_without_semicolon_is_no_function() {
    assert!(names("MODULE_NAME(\"x\")\ntypedef struct a {\n\tint b;\n} a;\n").is_empty());
    assert!(names("search(class, names)\n\nstatic struct {\n\tint b;\n} c[] = {\n};\n").is_empty());
    assert!(names("FIRMWARE(M, N)\nstruct __packed blob {\n\tint b;\n};\n").is_empty());
    assert!(names("FIRMWARE(M, N)\nenum a { B(1) };\n").is_empty());
}

#[test]
fn a_table_that_ends_in_column_0_before_a_directive_does_not_end_the_function() {
    let source = "int a(void)\n{\n\tstatic const int t[] = {\n#define B(x) x\n\t\tB(1)\n#undef B\n};\n\
                  #define C \\\n\t2\n\n\tfor (i = 0; i < SIZE(t); i++) {\n\t\tf();\n\t}\n\treturn 0;\n}\n";
    let (found, _) = functions(source.as_bytes());
    assert_eq!(names(source), ["a"]);
    assert_eq!((found[0].end_line, found[0].unbalanced), (15, false));
}

#[test]
fn a_statement_outside_a_function_is_no_function() {
    assert!(names("for (i = 0; i < SIZE(t); i++) {\n}\n").is_empty());
    assert!(names("if (a(b)) {\n}\n").is_empty());
}

#[test]
fn a_block_that_no_signature_stands_before_costs_no_other_function() {
    let source = "#ifdef X\nint a(int b)\n#else\nint c(int b)\n#endif\n{\n\tif (b)\n\t\td();\n}\n\n\
                  static int e(void)\n{\n}\n";
    check_signature(source, "static int e(void)");
}

#[test]
fn a_branch_is_never_compiled_whatever_the_comment_says() {
    let check = |condition: &str, expected: bool| {
        assert_eq!(is_never(condition.as_bytes()), expected, "{condition}");
        let source = format!("#if{condition}\nint a(void)\n{{\n}}\n#endif\n");
        assert_eq!(functions(source.as_bytes()).0[0].disabled, expected, "{condition}");
    };
    for never in [" 0", "\t0 ", " 0 /* FIXME */", " 0 // why", " 0/* so */"] {
        check(never, true);
    }
    for perhaps in [" 1", " 0x1", " 0 || A", " 0 /* so */ || A", " A /* 0 */"] {
        check(perhaps, false);
    }
}
