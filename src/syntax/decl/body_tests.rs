use super::*;

fn body(text: &str) -> Body {
    analyse(&Define::parse(text.as_bytes()).unwrap())
}

fn flags(text: &str) -> Flags {
    body(text).param_uses.iter().fold(0, |all, u| all | u.flags)
}

#[test]
fn the_gnu_comma_is_no_pasting() {
    assert_eq!(flags("#define P(f, ...) g(f, ##__VA_ARGS__)"), 0);
    assert_eq!(flags("#define P(a) REG_##a"), PASTED);
    assert_eq!(flags("#define P(a) #a") & STRINGIFIED, STRINGIFIED);
}

#[test]
fn constant_positions_are_seen() {
    let needs = |text| flags(text) & NEEDS_CONSTANT != 0;
    assert!(needs("#define P(n) do { u8 buf[n]; } while (0)"));
    assert!(needs("#define P(n) do { u8 *buf[n + 1]; } while (0)"));
    assert!(needs("#define P(n) switch (x) { case n: f(); }"));
    assert!(needs("#define P(n) struct { int a:n; }"));
    assert!(needs("#define P(n) static int x = n"));
    assert!(needs("#define P(n) { [n] = 1 }"));
    assert!(!needs("#define P(n) (table[n] + 1)"));
    assert!(!needs("#define P(n) (a ? b : n)"));
    assert!(!needs("#define P(n) f(buf[1], n)"));
}

#[test]
fn types_members_and_declared_names_are_seen() {
    let named = |text| flags(text) & NAME != 0;
    assert!(named("#define P(t) (struct t *)0"));
    assert!(named("#define P(m) x->m"));
    assert!(named("#define P(t) (t *)0"));
    assert!(named("#define P(t) (t)x"));
    assert!(named("#define P(v) do { int v = 0; } while (0)"));
    assert!(named("#define P(t) do { t x; } while (0)"));
    assert!(!named("#define P(a) ((a) + 1)"));
    assert!(!named("#define P(a) f(x, a)"));
    assert!(!named("#define P(a) ({ typeof(a) _a = (a); _a; })"));
    assert!(!named("#define P(a) ((a) & 0xff)"));
}

#[test]
fn jumps_out_of_the_macro_are_told_from_its_own_loops() {
    assert!(body("#define P(a) if (a) return").jumps);
    assert!(body("#define P(a) if (a) break").jumps);
    assert!(!body("#define P(a) for (;;) { if (a) break; }").jumps);
    assert!(!body("#define P(a) do { if (a) break; } while (0)").jumps);
}

#[test]
fn static_objects_are_state_unless_const() {
    assert!(body("#define P(a) do { static bool once; } while (0)").static_state);
    assert!(body("#define P(a) do { static const char *last; } while (0)").static_state);
    assert!(!body("#define P(a) do { static const char s[] = \"x\"; } while (0)").static_state);
    assert!(!body("#define P(a) static inline int a(void)").static_state);
}
