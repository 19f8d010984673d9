use super::super::testing::unit;
use super::*;

#[test]
fn lookup_gives_the_own_file_first_and_then_by_path() {
    let unit = unit(&[
        ("drivers/a.c", "#include <linux/z.h>\n#include \"b.h\"\n#define X 1\n"),
        ("drivers/b.h", "#ifdef CONFIG_B\n#define X 2\n#else\n#define X 3\n#endif\n"),
        ("include/linux/z.h", "\nint X;\n"),
    ]);
    let found: Vec<_> = unit
        .lookup("X")
        .iter()
        .map(|d| format!("{}:{} {}", d.file, d.line, d.conditions.join("&")))
        .collect();
    assert_eq!(
        found,
        [
            "drivers/a.c:3 ",
            "drivers/b.h:2 defined(CONFIG_B)",
            "drivers/b.h:4 !defined(CONFIG_B)",
            "include/linux/z.h:2 "
        ]
    );
}

#[test]
fn what_is_not_included_is_not_visible() {
    let unit = unit(&[("drivers/a.c", "int x;"), ("drivers/b.h", "#define X 2\n")]);
    assert!(unit.lookup("X").is_empty());
}

#[test]
fn include_cycles_end_and_missing_includes_are_named() {
    let unit = unit(&[
        ("drivers/a.c", "#include \"b.h\"\n#include <gone.h>\n"),
        ("drivers/b.h", "#ifndef B_H\n#define B_H\n#include \"c.h\"\n#endif\n"),
        ("drivers/c.h", "#include \"b.h\"\n#define C 1\n"),
    ]);
    assert_eq!(unit.lookup("C").len(), 1);
    assert_eq!(unit.unresolved(), ["gone.h"]);
}

#[test]
fn includes_are_sought_beside_the_file_in_the_kernel_and_in_its_own_folders() {
    let unit = unit(&[
        ("drivers/x/a.c", "#include \"../y/b.h\"\n#include <asm/c.h>\n#include \"extra.h\"\n"),
        ("drivers/y/b.h", "#define B 1\n"),
        ("include/asm-generic/c.h", "#define C 1\n"),
        ("-I/extra.h", "#define D 1\n"),
    ]);
    assert_eq!(["B", "C", "D"].map(|name| unit.lookup(name).len()), [1, 1, 1]);
}

#[test]
fn assembler_and_cplusplus_are_not_seen() {
    let unit = unit(&[(
        "a.c",
        "#ifdef __ASSEMBLY__\n#define A 1\n#else\n#define A 2\n#endif\n\
         #if defined(__cplusplus)\nextern \"C\" {\n#endif\nint b;\n#if defined(__cplusplus)\n}\n#endif\n",
    )]);
    assert_eq!(unit.lookup("A").len(), 1);
    assert_eq!(unit.lookup("b").len(), 1);
}

#[test]
fn the_32_bit_half_of_the_architecture_is_not_seen() {
    let unit = unit(&[
        ("a.c", "#include <asm/s.h>\n#ifdef CONFIG_X86_32\nint own;\n#endif\n"),
        (
            "arch/x86/include/asm/s.h",
            "#ifdef CONFIG_X86_32\n#include \"narrow.h\"\n#else\nint wide;\n#endif\n",
        ),
        ("arch/x86/include/asm/narrow.h", "int narrow;\n"),
    ]);
    assert_eq!(["own", "wide", "narrow"].map(|name| unit.lookup(name).len()), [1, 1, 0]);
}

#[test]
fn functions_merge_their_declarations_that_agree() {
    let unit = unit(&[
        ("a.c", "#include \"a.h\"\nstatic inline int __must_check f(struct s *dev, u8 b)\n{\n}\n"),
        ("a.h", "static int f(struct s*, u8 x);\n#define f(a, b) f(a, b)\n"),
    ]);
    let sig = unit.function("f").unwrap();
    assert_eq!((sig.return_type.as_str(), sig.macro_too, sig.has_body), ("int", true, true));
    assert_eq!(sig.params[0].name.as_deref(), Some("dev"));
    assert_eq!(sig.params[0].type_text, "struct s *");
    assert_eq!(sig.attributes, ["__must_check"]);
}

#[test]
fn annotations_and_a_parameters_own_const_do_not_make_a_conflict() {
    let unit = unit(&[(
        "a.c",
        "char *copy(char *, const char *, size_t);\n\
         __FORTIFY_INLINE char *copy(char * const POS p, const char * const POS q, __kernel_size_t n)\n{\n}\n\
         void io(long a);\n#ifndef io\nstatic inline void io(int a)\n{\n}\n#endif\n",
    )]);
    assert!(unit.function("copy").unwrap().has_body);
    assert_eq!(unit.function("io").unwrap().params[0].type_text, "long");
}

#[test]
fn declarations_that_differ_are_a_conflict() {
    let unit = unit(&[("a.c", "int f(int a);\n#ifdef X\nint f(long a) { }\n#endif\n")]);
    assert!(matches!(unit.function("f"), Err(NoSignature::Conflicting { .. })));
    assert_eq!(unit.function("g"), Err(NoSignature::Unknown("g".into())));
}

#[test]
fn a_typedef_of_a_body_without_a_tag_stands_at_its_name() {
    let unit = unit(&[(
        "a.c",
        "typedef struct {\n\tint word;\n} word;\nstatic struct { int x; } state;\n",
    )]);
    let word = unit.lookup("word").remove(0);
    assert!(matches!(word.kind, DefinitionKind::Typedef { .. }), "{word:?}");
    assert_eq!(word.line, 3);
    let state = unit.lookup("state").remove(0);
    assert!(matches!(state.kind, DefinitionKind::Variable { is_static: true, .. }), "{state:?}");
}

#[test]
fn every_kind_of_definition_is_found() {
    let unit = unit(&[(
        "a.c",
        "typedef unsigned int foo_t;\nstatic const char *const names[] = { \"a\" };\n\
         struct s { int a; enum inner { IN_A, IN_B = 4 } b; };\nstruct fwd;\n\
         static DEFINE_MUTEX(lock);\n#undef GONE\nextern int v;\n",
    )]);
    let kind = |name: &str| unit.lookup(name).remove(0).kind;
    assert_eq!(kind("foo_t"), DefinitionKind::Typedef { target: "unsigned int".into() });
    assert!(matches!(
        kind("names"),
        DefinitionKind::Variable {
            is_array: true,
            is_const: true,
            is_static: true,
            initialised: true,
            pointer_depth: 1,
            ..
        }
    ));
    assert_eq!(kind("lock"), DefinitionKind::MacroArgument { macro_name: "DEFINE_MUTEX".into() });
    assert_eq!(kind("GONE"), DefinitionKind::Undef);
    assert!(matches!(kind("v"), DefinitionKind::Variable { initialised: false, .. }));
    assert_eq!(
        kind("IN_B"),
        DefinitionKind::Enumerator {
            tag: Some("inner".into()),
            explicit: Some("4".into()),
            position: 1
        }
    );
    let tag = |kind, name: &str| unit.lookup_tag(kind, name).remove(0).kind;
    assert_eq!(
        tag(TagKind::Struct, "s"),
        DefinitionKind::Tag { kind: TagKind::Struct, has_body: true }
    );
    assert_eq!(
        tag(TagKind::Struct, "fwd"),
        DefinitionKind::Tag { kind: TagKind::Struct, has_body: false }
    );
    assert!(unit.lookup_tag(TagKind::Union, "s").is_empty());
}

#[test]
fn text_that_is_not_c_does_no_harm() {
    for text in
        ["", "}", "{{{{", "#define", "#define (", "#if", "enum {", "enum { ,", "(", "struct"]
    {
        let unit = unit(&[("a.c", text)]);
        assert!(unit.lookup("x").is_empty(), "{text}");
    }
}
