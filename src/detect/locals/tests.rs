use super::*;
use crate::detect::roles::parsed;
use crate::syntax::{lexer, split};

fn lexical_and_parsed(source: &str) -> (Option<Vec<Role>>, Vec<Role>) {
    let text = source.as_bytes();
    let (functions, _) = split::functions(text);
    let (tokens, loops) = (lexer::tokens(text), LoopMacros::new(["walk_things"]));
    let tree = parsed(text, &functions[0], &tokens, &loops);
    assert_eq!(tree.gap, None, "{source}");
    (roles(text, &functions[0], &tokens, &loops), tree.roles)
}

/// The names of `body` and what they are, as tokens and tree tell alike.
fn check(head: &str, body: &str, expected: &str) {
    let source = format!("{head}{{ {body} }}");
    let (lexical, tree) = lexical_and_parsed(&source);
    let lexical = lexical.unwrap_or_else(|| panic!("in doubt: {source}"));
    let text = source.as_bytes();
    let named = |roles: &[Role]| {
        let tokens = lexer::tokens(text).into_iter().zip(roles.to_vec());
        let names = tokens.filter(|(t, _)| t.kind == TokenKind::Ident && !is_keyword(t.text(text)));
        let of_body = names.filter(|(t, _)| t.start as usize >= head.len());
        let shown =
            of_body.map(|(t, role)| format!("{}:{role:?}", String::from_utf8_lossy(t.text(text))));
        shown.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(named(&lexical), named(&tree), "{source}");
    assert_eq!(named(&lexical), expected, "{source}");
}

fn check_doubt(source: &str) {
    assert_eq!(lexical_and_parsed(source).0, None, "{source}");
}

#[test]
fn parameters_and_variables_of_all_blocks_are_local() {
    check(
        "static int __init f(struct a *p, unsigned q, foo_t (*call)(int r), u8 s[4])",
        "p(q, call, r, s);",
        "p:Local q:Local call:Local r:Local s:Local",
    );
    check(
        "void f(void)",
        "int a = g(1, 2), *b, c[N]; if (a) { struct s *d = b; d->a = c; }",
        "a:Local g:Callee b:Local c:Local N:Global a:Local s:Type d:Local b:Local d:Local \
         a:Field c:Local",
    );
    check(
        "void f(void)",
        "for (int i = 0; i < n; i++) g(i);",
        "i:Local i:Local n:Global i:Local g:Callee i:Local",
    );
    check(
        "void f(void)",
        "DECLARE_BITMAP(m, 4); g(m);",
        "DECLARE_BITMAP:Callee m:Local g:Callee m:Local",
    );
    check(
        "void f(void)",
        "walk_things(a, b) g(a); goto out; out: return;",
        "walk_things:Callee a:Global b:Global g:Callee a:Global out:Local out:Local",
    );
}

#[test]
fn type_names_are_told_by_what_they_declare_and_cast() {
    check(
        "void f(void)",
        "foo_t a, *b; ADAPTER *c = (ADAPTER *)b; a = (foo_t)c;",
        "foo_t:Type a:Local b:Local ADAPTER:Type c:Local ADAPTER:Type b:Local a:Local \
         foo_t:Type c:Local",
    );
    check(
        "void f(int n)",
        "g(sizeof(n), sizeof(foo_t *), offsetof(struct s, n), (__force foo_t)n);",
        "g:Callee n:Local foo_t:Type offsetof:Callee s:Type n:Field __force:Global foo_t:Type n:Local",
    );
    check(
        "void f(void)",
        "struct s a = { .b = c, .d = { REG } };",
        "s:Type a:Local b:Field c:Global d:Field REG:Constant",
    );
}

#[test]
fn what_only_a_parser_can_tell_is_left_to_it() {
    check_doubt("void f(void)\n{\n#ifdef A\n\ta();\n#endif\n}\n");
    check_doubt("void f(int a) { b = (a) - c; }");
    check_doubt("void f(int a) { b = (g(a)) & c; }");
    check_doubt("void f(int a) { b = (__force foo_t)(a); }");
    check_doubt("void f(void) { foo_t (*a)(int b); }");
    check_doubt("void f(int a) { typeof(a) b = a; }");
    check_doubt("void f(int a) { b = ({ int c = a; c; }); }");
    check_doubt("void f(int a) { KEY(a) b; }");
    check_doubt("void f(int a) { DECLARE_MASK(b) = { 0, }; }");
    check_doubt("void f(int foo_t) { foo_t *b; }");
    check_doubt("void f(void) { extern int a; }");
    check_doubt("void f(void) { struct { int a; } b; }");
}

#[test]
fn a_text_whose_brackets_do_not_match_is_left_to_the_parser() {
    let text = b"int f(void)\n{\n\treturn a( ;\n}\n";
    let (functions, _) = split::functions(text);
    let tokens = lexer::tokens(text);
    let loops = LoopMacros::new([""; 0]);
    assert_eq!(roles(text, &functions[0], &tokens, &loops), None);
}
