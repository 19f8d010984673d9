//! Arguments that are paths, or functions: what is right passes, and what would mean
//! something else at the call is found.

use super::*;

const TYPES: &str = "struct part { int n; };\nstruct chip { struct part u, w; int x, y; struct chip *next; };\nstruct other { struct part u; };\n";

/// Two functions `a` and `b` with these bodies, and a caller.
fn members(a: &str, b: &str) -> String {
    let both =
        format!("static int a(struct chip *c) {{ {a} }}\nstatic int b(struct chip *c) {{ {b} }}\n");
    format!("{TYPES}{both}int run(struct chip *p) {{ return a(p) + b(p); }}\n")
}

/// The helper `m` with this parameter and body, called with these arguments instead.
fn helper(param: &str, body: &str, (a, b): (&str, &str)) -> String {
    let text = format!("static int m(struct chip *c, {param}) {{ {body} }}\n");
    format!("{TYPES}{text}int run(struct chip *p) {{ return m(p, {a}) + m(p, {b}); }}\n")
}

fn both() -> Claim {
    claim(&["a", "b"], Some("m"), None)
}

#[track_caller]
fn check(bodies: (&str, &str), param: &str, body: &str, arguments: (&str, &str)) {
    check_passes(&members(bodies.0, bodies.1), &helper(param, body, arguments), &both());
}

#[track_caller]
fn fails(
    bodies: (&str, &str),
    (param, body): (&str, &str),
    arguments: (&str, &str),
    expected: &str,
) {
    let texts = (members(bodies.0, bodies.1), helper(param, body, arguments));
    assert_eq!(fault_missed(body, (&texts.0, &texts.1), &both(), expected), None);
}

#[test]
fn an_address_stands_for_the_object_in_every_form() {
    let bodies = ("f(&c->u); return c->u.n;", "f(&c->w); return c->w.n;");
    check(bodies, "struct part *q", "f(q); return q->n;", ("&p->u", "&p->w"));
    let bodies = ("g(); c->x = 1; return c->x++;", "g(); c->y = 1; return c->y++;");
    check(bodies, "int *q", "g(); *q = 1; return (*q)++;", ("&p->x", "&p->y"));
}

#[test]
fn a_value_that_is_read_first_is_read_at_the_call() {
    let bodies = ("int v = c->x; return g(v);", "int v = c->y; return g(v);");
    check(bodies, "int q", "int v = q; return g(v);", ("p->x", "p->y"));
    let bodies = ("if (c->x) return g(); return 1;", "if (c->y) return g(); return 1;");
    check(bodies, "int q", "if (q) return g(); return 1;", ("p->x", "p->y"));
    check(("return g(c->x);", "return g(c->y);"), "int q", "return g(q);", ("p->x", "p->y"));
}

#[test]
fn a_member_that_stays_writes_the_path_with_its_own_parameter() {
    let before = members("return g(&c->u);", "return g(&c->w);");
    let after = format!(
        "{TYPES}static int m(struct part *q) {{ return g(q); }}\nstatic int a(struct chip *c) {{ return m(&c->u); }}\nstatic int b(struct chip *c) {{ return m(&c->w); }}\nint run(struct chip *p) {{ return a(p) + b(p); }}\n"
    );
    check_passes(&before, &after, &both());
    let swapped = planted(&after, "return m(&c->w)", "return m(&c->u)");
    assert_eq!(fault_missed("swapped", (&before, &swapped), &both(), "became `& c -> u`"), None);
}

#[test]
fn an_object_that_is_passed_by_its_address_is_named_with_a_dot() {
    let calls = |text: String| text.replace("struct chip *p", "struct chip p");
    let before = calls(members("return g(&c->u);", "return g(&c->w);"))
        .replace("a(p) + b(p)", "a(&p) + b(&p)");
    let after =
        calls(helper("struct part *q", "return g(q);", ("&p.u", "&p.w"))).replace("m(p,", "m(&p,");
    check_passes(&before, &after, &both());
    let arrow = after.replace("&p.w", "&p->w");
    assert_eq!(fault_missed("arrow", (&before, &arrow), &both(), "became `& p -> w`"), None);
}

#[test]
fn another_member_or_another_object_is_found() {
    let bodies = ("return g(&c->u);", "return g(&c->w);");
    let body = ("struct part *q", "return g(q);");
    fails(bodies, body, ("&p->w", "&p->u"), "became");
    fails(bodies, body, ("&p->u", "&p->u"), "became");
    fails(bodies, body, ("&p->next->u", "&p->w"), "became");
    fails(bodies, body, ("&o->u", "&p->w"), "became");
    fails(("return g(c->x);", "return g(c->y);"), ("int q", "return g(q);"), ("p->y", "p->x"), "");
}

#[test]
fn a_value_that_may_have_changed_is_found() {
    let late = [
        ("c->x = 1; return c->x;", "c->x = 1; return c->y;", "c->x = 1; return q;"),
        ("g(); return c->x;", "g(); return c->y;", "g(); return q;"),
        ("return g() + c->x;", "return g() + c->y;", "return g() + q;"),
        ("return h(c->x, g());", "return h(c->y, g());", "return h(q, g());"),
        (
            "while (g()) h(c->x); return 0;",
            "while (g()) h(c->y); return 0;",
            "while (g()) h(q); return 0;",
        ),
    ];
    for (a, b, body) in late {
        fails((a, b), ("int q", body), ("p->x", "p->y"), "before it reads the argument");
    }
}

#[test]
fn a_value_that_is_not_always_read_is_found() {
    let bodies = ("if (k) return 1; return c->x;", "if (k) return 1; return c->y;");
    fails(bodies, ("int q", "if (k) return 1; return q;"), ("p->x", "p->y"), "may keep");
    let bodies = ("return k && c->x;", "return k && c->y;");
    fails(bodies, ("int q", "return k && q;"), ("p->x", "p->y"), "may keep");
    let bodies = ("return k ? c->x : 0;", "return k ? c->y : 0;");
    fails(bodies, ("int q", "return k ? q : 0;"), ("p->x", "p->y"), "may keep");
}

#[test]
fn a_parameter_that_the_body_changes_or_doubts_is_found() {
    let bodies = ("c = c->next; return g(&c->u);", "c = c->next; return g(&c->w);");
    let body = ("struct part *q", "c = c->next; return g(q);");
    fails(bodies, body, ("&p->u", "&p->w"), "may change `c`");
    let bodies = ("f(&c); return g(&c->u);", "f(&c); return g(&c->w);");
    fails(bodies, ("struct part *q", "f(&c); return g(q);"), ("&p->u", "&p->w"), "may change `c`");
    let bodies = ("if (!c) return 0; return g(&c->u);", "if (!c) return 0; return g(&c->w);");
    let body = ("struct part *q", "if (!c) return 0; return g(q);");
    fails(bodies, body, ("&p->u", "&p->w"), "is null");
}

#[test]
fn a_star_that_binds_to_something_else_is_found() {
    let bodies = ("g(); return c->x++;", "g(); return c->y++;");
    fails(bodies, ("int *q", "g(); return *q++;"), ("&p->x", "&p->y"), "became");
    let bodies = ("g(); return c->x;", "g(); return c->y;");
    fails(bodies, ("int *q", "g(); return q;"), ("&p->x", "&p->y"), "became");
    fails(bodies, ("int *q", "g(); return **q;"), ("&p->x", "&p->y"), "became");
}

#[test]
fn an_argument_beside_a_path_must_do_nothing() {
    let calls = |text: String| text.replace("struct chip *c", "struct chip *c, int k");
    let before = calls(members("return g(c->x);", "return g(c->y);"))
        .replace("a(p) + b(p)", "a(p, set(p)) + b(p, 1)");
    let after = calls(helper("int q", "return g(q);", ("p->x", "p->y")))
        .replace("m(p, p->x)", "m(p, set(p), p->x)")
        .replace("m(p, p->y)", "m(p, 1, p->y)");
    assert_eq!(fault_missed("order", (&before, &after), &both(), "may change what"), None);
}

#[test]
fn functions_may_be_handed_on_and_macros_may_not() {
    let bodies = ("return f(c) + 1;", "return g(c) + 1;");
    let param = "int (*q)(struct chip *c)";
    check(bodies, param, "return q(c) + 1;", ("f", "g"));
    fails(bodies, (param, "return q(c) + 1;"), ("g", "f"), "became");
    let with_macro = |text: String| format!("#define f(c) g(c)\n{text}");
    let before = with_macro(members(bodies.0, bodies.1));
    let after = with_macro(helper(param, "return q(c) + 1;", ("f", "g")));
    assert_eq!(fault_missed("macro", (&before, &after), &both(), "macro"), None);
}
