use super::*;
use crate::verify::{Claim, Files};

/// A patch of one file with this helper.
fn patch(before: &str, after: &str, helper: Option<&str>) -> Candidate {
    let files = |text: &str| Files::from([("a.c".to_owned(), text.as_bytes().to_vec())]);
    let claim = Claim { helper: helper.map(str::to_owned), ..Claim::default() };
    Candidate { before: files(before), after: files(after), claim }
}

const SOURCE: &str = "\
struct chip {
	int first;
	u8 flags[2];
	u16 reg;
} __packed;

static int h(struct chip *chip, int x, u16 a, int b)
{
	u32 n = chip->reg;

	set(x, a + 0x10);
	if (n > LIMIT)
		return n;
	return b;
}

int m(struct chip *chip, int x)
{
	return h(chip, x, 0x100, B);
}

int n(struct chip *chip, int x)
{
	h(chip, x, 2, true);
	return h(chip, x, 3, D | 1);
}
";

/// The lines that are changed by each fault of a sort.
fn found(fault: Fault) -> Vec<String> {
    let right = patch("", SOURCE, Some("h"));
    let all = planted(&right, &LoopMacros::new([""; 0]), usize::MAX);
    let texts: BTreeSet<&Vec<u8>> = all.iter().map(|it| &it.text).collect();
    assert_eq!(texts.len(), all.len(), "two are alike");
    let of_sort = all.iter().filter(|it| it.fault == fault);
    let lines = of_sort.map(|it| {
        let text = String::from_utf8_lossy(&it.text).into_owned();
        assert_eq!(text.lines().count(), SOURCE.lines().count(), "{text}");
        let changed = text.lines().zip(SOURCE.lines()).filter(|(new, old)| new != old);
        let changed: Vec<&str> = changed.map(|(new, _)| new.trim()).collect();
        let shown = text.lines().nth(it.line as usize - 1).expect("the line is in the text");
        assert_eq!(it.shown, super::shown(shown.trim().as_bytes()), "{text}");
        assert_eq!(changed.first(), Some(&shown.trim()), "not the first line that changed");
        changed.join(" / ")
    });
    lines.collect()
}

#[test]
fn constants_change_places_and_so_do_neighbours_that_are_none() {
    assert_eq!(
        found(Fault::SwappedArguments),
        [
            "return h(chip, x, B, 0x100);",
            "return h(x, chip, 0x100, B);",
            "h(chip, x, true, 2);",
            "h(x, chip, 2, true);",
            "return h(chip, x, D | 1, 3);",
            "return h(x, chip, 3, D | 1);",
        ]
    );
}

#[test]
fn a_constant_is_another_one_where_it_is_given_and_where_it_is_written() {
    assert_eq!(
        found(Fault::WrongConstant),
        [
            "return h(chip, x, ((0x100) + 1), B);",
            "return h(chip, x, 0x100, ((B) + 1));",
            "h(chip, x, ((2) + 1), true);",
            "h(chip, x, 2, false);",
            "return h(chip, x, ((3) + 1), D | 1);",
            "return h(chip, x, 3, ((D | 1) + 1));",
            "set(x, a + ((0x10) + 1));",
            "if (n > ((LIMIT) + 1))",
        ]
    );
}

#[test]
fn a_statement_is_gone_but_never_the_last_return() {
    assert_eq!(found(Fault::MissingStatement), [";", ";", ";"]);
}

#[test]
fn callers_have_the_constants_of_each_other() {
    assert_eq!(
        found(Fault::ExchangedRows),
        [
            "return h(chip, x, 2, true); / h(chip, x, 0x100, B);",
            "return h(chip, x, 3, D | 1); / return h(chip, x, 0x100, B);",
            "h(chip, x, 3, D | 1); / return h(chip, x, 2, true);",
        ]
    );
}

#[test]
fn types_are_narrower_than_what_is_put_into_them() {
    assert_eq!(
        found(Fault::NarrowedType),
        [
            "static int h(struct chip *chip, signed char x, u16 a, int b)",
            "static int h(struct chip *chip, int x, unsigned char a, int b)",
            "static signed char h(struct chip *chip, int x, u16 a, int b)",
            "unsigned char n = chip->reg;",
        ]
    );
}

#[test]
fn the_function_has_a_struct_of_the_same_tag_for_its_own() {
    let head = "static int h(struct chip *chip__given, int x, u16 a, int b)";
    let believed = |members: &str| {
        format!(
            "{head} / {{ struct chip {{ {members} }} __packed; struct chip * chip = (void *)chip__given;"
        )
    };
    assert_eq!(
        found(Fault::SameTag),
        [
            believed("int first ; u8 flags [ 2 ] ; unsigned long long another__; u16 reg ;"),
            believed("int first ; u16 reg ; u8 flags [ 2 ] ;"),
        ]
    );
}

#[test]
fn few_faults_are_of_all_sorts_and_spread_over_their_places() {
    let few = planted(&patch("", SOURCE, Some("h")), &LoopMacros::new([""; 0]), 8);
    let few: Vec<(Fault, u32)> = few.iter().map(|it| (it.fault, it.line)).collect();
    let expected = [
        (Fault::SwappedArguments, 19),
        (Fault::SwappedArguments, 24),
        (Fault::WrongConstant, 19),
        (Fault::WrongConstant, 25),
        (Fault::MissingStatement, 11),
        (Fault::ExchangedRows, 19),
        (Fault::NarrowedType, 7),
        (Fault::SameTag, 7),
    ];
    assert_eq!(few, expected);
    assert_eq!(planted(&patch("", SOURCE, None), &LoopMacros::new([""; 0]), 8), []);
}

#[test]
fn unlike_rows_of_a_table_that_the_patch_adds_change_places_but_not_their_designators() {
    let table = |name: &str, rows: [&str; 3]| {
        let [one, two, three] = rows;
        format!("static const struct row {name}[] = {{\n\t{one},\n\t{two},\n\t{three},\n}};\n")
    };
    let (known, plain) = (["1", "2", "3"], ["{ 1, 2 }", "{ 1, 2 }", "{ 3, 4 }"]);
    let designated = ["[A] = \"a\"", "[B] = \"b\"", "[C] = \"a\""];
    let before = table("known", known);
    let after = before.clone() + &table("plain", plain) + &table("designated", designated);
    let all = planted(&patch(&before, &after, None), &LoopMacros::new([""; 0]), usize::MAX);
    let found: Vec<(Fault, String)> = all.into_iter().map(|it| (it.fault, text(&it))).collect();
    let expected = [
        ("plain", ["{ 1, 2 }", "{ 3, 4 }", "{ 1, 2 }"]),
        ("plain", ["{ 3, 4 }", "{ 1, 2 }", "{ 1, 2 }"]),
        ("designated", ["[A] = \"b\"", "[B] = \"a\"", "[C] = \"a\""]),
        ("designated", ["[A] = \"a\"", "[B] = \"a\"", "[C] = \"b\""]),
    ];
    let expected = expected.map(|(name, rows)| {
        let right = if name == "plain" { plain } else { designated };
        let wrong = after.replace(&table(name, right), &table(name, rows));
        (Fault::ExchangedTableRows, wrong)
    });
    assert_eq!(found, expected);
}

#[test]
fn rows_of_a_searched_table_exchange_their_last_values() {
    let table = |rows: [&str; 3]| {
        let [one, two, three] = rows;
        format!("static const struct row keyed[] = {{\n\t{one},\n\t{two},\n\t{three},\n}};\n")
    };
    let search = "int of(int key)\n{\n\tint i;\n\n\tfor (i = 0; i < 3; i++)\n\
                  \t\tif (key == keyed[i].key)\n\t\t\treturn keyed[i].value;\n\treturn 0;\n}\n";
    let right = table(["{ 1, 2 }", "{ 5, 2 }", "{ 3, 4 }"]);
    let patched = patch("", &(right + search), None);
    let all = planted(&patched, &LoopMacros::new([""; 0]), usize::MAX);
    let rows = all.iter().filter(|it| it.fault == Fault::ExchangedTableRows);
    let expected = [["{ 1, 2 }", "{ 5, 4 }", "{ 3, 2 }"], ["{ 1, 4 }", "{ 5, 2 }", "{ 3, 2 }"]];
    let expected = expected.map(|rows| table(rows) + search);
    assert_eq!(rows.map(text).collect::<Vec<String>>(), expected);
}

fn text(planted: &Planted) -> String {
    String::from_utf8_lossy(&planted.text).into_owned()
}
