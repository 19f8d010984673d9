//! Rows that name another function and hold a constant after.

use super::compile;
use crate::verify::object::{Comparison, Held, Object, Row, compare_rows};

const HEAD: &str = "
    struct attr { const char *name; u16 mode; int (*show)(struct attr *); int (*store)(struct attr *); };
    struct row { struct attr attr; int index; };
    struct wide { long pad; struct attr attr; short index; };
    #define ROW(a) ((struct row *)(a))
    int all(void **list);
    int set(struct attr *a) { return put(a, 9, 9); }
";

/// Two functions that are handed their attributes.
const BEFORE: &str = "
    static int one_show(struct attr *a) { return put(a, 1, 0x10); }
    static int two_show(struct attr *a) { return put(a, 1, 0x20); }
    static struct row one = { { \"one\", 0444, one_show, 0 }, 0 };
    static struct row two = { { \"two\", 0644, two_show, set }, 0 };
    int start(void) { static void *list[] = { &one.attr, &two.attr }; return all(list); }
";

fn after(first: &str, second: &str) -> String {
    format!(
        "static int both_show(struct attr *a) {{ int reg = ROW(a)->index; return put(a, 1, reg); }}
         static struct row one = {{ {{ \"one\", 0444, both_show, 0 }}, {first} }};
         static struct row two = {{ {{ \"two\", 0644, both_show, set }}, {second} }};
         int start(void) {{ static void *list[] = {{ &one.attr, &two.attr }}; return all(list); }}"
    )
}

fn rows(shift: u64, slot: u64, width: u64) -> Vec<Row> {
    let row = |(name, value): (&str, i64)| Row {
        variables: (name.to_owned(), name.to_owned()),
        functions: (format!("{name}_show"), "both_show".to_owned()),
        shift,
        slot: slot..slot + width,
        held: Held::Value(value),
    };
    [("one", 0x10), ("two", 0x20)].map(row).into()
}

fn compared(before: &str, after: &str, rows: &[Row]) -> Option<Result<Comparison, String>> {
    let (old, new) = (compile(&[HEAD, before].concat())?, compile(&[HEAD, after].concat())?);
    Some(compare_rows(&Object::read(&old).unwrap(), &Object::read(&new).unwrap(), rows))
}

#[test]
fn rows_that_hold_their_constants_are_the_same_but_for_that() {
    let Some(found) = compared(BEFORE, &after("0x10", "0x20"), &rows(0, 32, 4)) else { return };
    let found = found.expect("they are");
    assert_eq!(found.differences, []);
    let gone: Vec<String> = found.gone.iter().map(ToString::to_string).collect();
    assert_eq!(gone, ["one_show()", "two_show()"]);
    assert_eq!(found.new.len(), 1, "{:?}", found.new);
}

#[test]
fn a_row_that_became_a_member_of_a_larger_one_is_still_the_same() {
    let before =
        BEFORE.replace("struct row", "struct attr").replace("{ {", "{").replace(" }, 0 }", " }");
    let before = before.replace("one.attr", "one").replace("two.attr", "two");
    let after = after("0x10", "-2")
        .replace("struct row one = { {", "struct wide one = { 0, {")
        .replace("struct row two = { {", "struct wide two = { 0, {");
    let mut rows = rows(8, 40, 2);
    rows[1].held = Held::Value(-2);
    let Some(found) = compared(&before, &after, &rows) else { return };
    // What points to them points to another place in them, which is for the text to tell.
    let found = found.expect("they are");
    let only: Vec<String> = found.differences.iter().map(|it| it.subject.to_string()).collect();
    assert_eq!(only, ["data list.0"]);
}

#[test]
fn what_else_a_row_may_not_become() {
    for (what, after, expected) in [
        ("exchanged", after("0x20", "0x10"), "one: it does not hold 0x10"),
        ("nothing", after("0x10", "0"), "two: it does not hold 0x20"),
        ("mode", after("0x10", "0x20").replace("0644", "0664"), "two: another byte"),
        ("name", after("0x10", "0x20").replace("\"two\"", "\"too\""), "two: it names something"),
        (
            "store",
            after("0x10", "0x20").replace("both_show, set", "both_show, 0"),
            "two: the linker",
        ),
        (
            "store",
            after("0x10", "0x20").replace("0444, both_show, 0", "0444, 0, both_show"),
            "one: something else",
        ),
        (
            "member",
            after("0x10", "0x20").replace("0644, both_show", "0644, set"),
            "two: it names something",
        ),
    ] {
        let Some(found) = compared(BEFORE, &after, &rows(0, 32, 4)) else { return };
        let error = found.expect_err(what);
        assert!(error.starts_with(expected), "{what}: {error}");
    }
    let after = after("0x10", "0x20").replace("put(a, 9, 9)", "put(a, 9, 8)");
    let head = HEAD.replace("put(a, 9, 9)", "put(a, 9, 8)");
    let (Some(old), Some(new)) =
        (compile(&[HEAD, BEFORE].concat()), compile(&[&head, &*after].concat()))
    else {
        return;
    };
    let found =
        compare_rows(&Object::read(&old).unwrap(), &Object::read(&new).unwrap(), &rows(0, 32, 4));
    assert_eq!(found.expect("the rows are right").differences.len(), 1, "another function differs");
}
