use super::super::lexeme::lexemes;
use super::*;

fn declared(text: &str) -> Vec<(String, String, bool)> {
    declarators(&lexemes(text.as_bytes()))
        .into_iter()
        .map(|d| (d.name, d.type_text, d.is_array))
        .collect()
}

fn check(text: &str, expected: &[(&str, &str, bool)]) {
    let expected: Vec<_> =
        expected.iter().map(|(n, t, a)| (n.to_string(), t.to_string(), *a)).collect();
    assert_eq!(declared(text), expected, "{text}");
}

#[test]
fn variables_have_their_type_without_storage_and_attributes() {
    check("static const u8 table[] = { 1, 2 }", &[("table", "const u8", true)]);
    check("int a, *b, c[3]", &[("a", "int", false), ("b", "int *", false), ("c", "int", true)]);
    check("static struct foo { int x; } bar", &[("bar", "struct foo", false)]);
    check("static int x __initdata = 3", &[("x", "int", false)]);
    check("unsigned long long y", &[("y", "unsigned long long", false)]);
    check("void __iomem *base", &[("base", "void __iomem *", false)]);
}

#[test]
fn what_stands_behind_a_body_without_a_tag_is_no_tag() {
    check("typedef struct { int x; } foo_t", &[("foo_t", "struct __untagged", false)]);
    check(
        "typedef enum { A, B } kind, *kinds",
        &[("kind", "enum __untagged", false), ("kinds", "enum __untagged *", false)],
    );
    check("static union __packed { int x; } state[2]", &[("state", "union __untagged", true)]);
}

#[test]
fn macro_calls_and_tags_declare_nothing_here() {
    check("EXPORT_SYMBOL(x)", &[]);
    check("static DEFINE_MUTEX(lock)", &[]);
    check("struct foo", &[]);
    check("enum { A, B }", &[]);
}

#[test]
fn function_pointers_have_the_inner_name() {
    check("int (*handler)(int, void *)", &[("handler", "int (*)(int, void *)", false)]);
    check("int (*ops[4])(void)", &[("ops", "int (*[4])(void)", true)]);
}

#[test]
fn prototypes_give_their_parameters() {
    let check = |text: &str, expected: &[(&str, Option<&str>)], dots: bool| {
        let (found, variadic) = params(&lexemes(text.as_bytes()));
        let found: Vec<_> =
            found.iter().map(|p| (p.type_text.as_str(), p.name.as_deref())).collect();
        assert_eq!((found.as_slice(), variadic), (expected, dots), "{text}");
    };
    check("void", &[], false);
    check("struct foo *x, u32", &[("struct foo *", Some("x")), ("u32", None)], false);
    check("const char *fmt, ...", &[("const char *", Some("fmt"))], true);
    check("u8 buf[4], unsigned int", &[("u8 *", Some("buf")), ("unsigned int", None)], false);
    check("struct foo", &[("struct foo", None)], false);
    check("int (*fn)(int a), void *", &[("int (*)(int a)", Some("fn")), ("void *", None)], false);
    check("const void __user *p", &[("const void __user *", Some("p"))], false);
}

#[test]
fn a_return_type_stands_before_the_name() {
    let found = declarators(&lexemes(b"static __must_check const char *name(int a)"));
    assert_eq!((found[0].name.as_str(), found[0].type_text.as_str()), ("name", "const char *"));
    assert!(found[0].params.is_some());
}
