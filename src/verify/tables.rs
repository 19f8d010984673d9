//! The tables of a text: its `static const` arrays with their rows, and which of them a
//! patch added. It goes by the tokens alone; what a table does to the code is for
//! [`lookup`](super::lookup), [`unrolled`](super::unrolled) and the comparison to say.

use super::unit::Unit;
use super::{Claim, Files, Problem, Scope, Verdict, width};
use crate::syntax::decl::{self, DefinitionKind};
use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

/// What is wrong, by a token of the file before or after.
pub(super) enum Wrong {
    Before(usize, String),
    After(usize, String),
}

/// Checks the one function of a claim that something in it became a table, by `rewritten`,
/// which is given its file before and after, its name, and what names mean there; and that
/// no other file has changed.
pub(super) fn check(
    before: &Files,
    after: &Files,
    claim: &Claim,
    scope: Option<&dyn Scope>,
    rewritten: impl Fn((&Unit<'_>, &Unit<'_>), &str, &decl::Unit) -> Result<(), Wrong>,
) -> Result<(), Problem> {
    let problem = |path: &str, line: u32, after_line: Option<u32>, detail: String| {
        let rung = Verdict::Expands;
        Problem { rung, path: path.to_owned(), line, after_line, detail }
    };
    let [(path, name)] = claim.rewritten.as_slice() else {
        return Err(problem("", 1, None, "the claim is not about one function".to_owned()));
    };
    let mut all = before.keys().chain(after.keys()).filter(|it| *it != path);
    if let Some(other) = all.find(|it| before.get(*it) != after.get(*it)) {
        return Err(problem(other, 1, None, "the file changed, too".to_owned()));
    }
    let (Some(old), Some(new), Some(scope)) = (before.get(path), after.get(path), scope) else {
        return Err(problem(path, 1, None, "what names mean is not known".to_owned()));
    };
    let (old, new) = (Unit::new(path, old), Unit::new(path, new));
    let names = scope.unit(path, old.source);
    rewritten((&old, &new), name, &names).map_err(|wrong| match wrong {
        Wrong::Before(at, detail) => problem(path, old.line(at), None, detail),
        Wrong::After(at, detail) => problem(path, new.line(at), Some(new.line(at)), detail),
    })
}

/// An array that nothing writes to, with its initialiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Token of its name.
    pub name: usize,
    /// The tokens of its declaration, the semicolon included.
    pub tokens: Range<usize>,
    /// The tokens of each row, with its designator.
    pub rows: Vec<Range<usize>>,
}

/// The tables of a text, at file scope and in functions, in their order.
pub(super) fn of(unit: &Unit<'_>) -> Vec<Table> {
    let starts = (0..unit.tokens.len()).filter(|&at| unit.text(at) == b"static");
    starts.filter_map(|at| table(unit, at)).collect()
}

/// Those whose name the text before does not have.
pub(super) fn added(before: &Unit<'_>, after: &Unit<'_>) -> Vec<Table> {
    let known: BTreeSet<&[u8]> = (0..before.tokens.len()).map(|at| before.text(at)).collect();
    let mut tables = of(after);
    tables.retain(|table| !known.contains(after.text(table.name)));
    tables
}

/// The names of the tables that a patch adds to a text.
pub(super) fn names_of_added(before: &[u8], after: &[u8]) -> BTreeSet<String> {
    let (before, after) = (Unit::new("", before), Unit::new("", after));
    let name = |table: Table| String::from_utf8_lossy(after.text(table.name)).into_owned();
    added(&before, &after).into_iter().map(name).collect()
}

/// The table whose declaration begins at `start`: `static const … name[…] … = { … };`
fn table(unit: &Unit<'_>, start: usize) -> Option<Table> {
    let (mut at, mut is_const, mut name) = (start + 1, false, None);
    loop {
        match unit.text(at) {
            b"const" => is_const = true,
            b"*" => is_const = false,
            b"[" => {
                name = name.or_else(|| Some(at - 1).filter(|&at| unit.is_word(at)));
                at = unit.list(at)?.1;
            }
            // The members of a struct without a name; after brackets a function's body.
            b"{" if unit.text_before(at) == b")" => return None,
            b"{" | b"(" => at = unit.list(at)?.1,
            b"=" if unit.text(at + 1) == b"{" => break,
            b"=" | b";" | b"," | b"" => return None,
            _ => {}
        }
        at += 1;
    }
    let (rows, close) = unit.list(at + 1)?;
    // A comma behind the last row leaves nothing.
    let rows = rows.into_iter().filter(|row| !row.is_empty()).collect();
    let tokens = start..close + 2;
    name.filter(|_| is_const).map(|name| Table { name, tokens, rows })
}

/// Type and name of a member.
pub(super) type Field<'s> = (Vec<&'s [u8]>, &'s [u8]);

/// The index with its declaration.
pub(super) struct Index<'s> {
    /// Its name.
    pub name: &'s [u8],
    /// The tokens of its declaration.
    pub tokens: Range<usize>,
}

/// The declaration of a variable that the function did not have.
pub(super) fn new_index<'s>(
    new: &Unit<'s>,
    is: Range<usize>,
    (old, was): (&Unit<'_>, Range<usize>),
    table: &Table,
) -> Result<Index<'s>, Wrong> {
    let known = old.texts(was);
    let declared = is.clone().find(|&at| {
        new.text(at) == b"int"
            && new.is_word(at + 1)
            && new.text(at + 2) == b";"
            && !known.contains(&new.text(at + 1))
            && !table.tokens.contains(&at)
    });
    match declared {
        Some(at) => Ok(Index { name: new.text(at + 1), tokens: at..at + 3 }),
        None => Err(Wrong::After(is.start, "the loop has no index of its own".to_owned())),
    }
}

/// What the rows of a table consist of.
pub(super) fn fields<'s>(unit: &Unit<'s>, table: &Table) -> Result<Vec<Field<'s>>, Wrong> {
    let head = table.tokens.start..table.name;
    let Some(open) = head.clone().find(|&at| unit.text(at) == b"{") else {
        let mut words = unit.texts(head);
        words.retain(|it| !matches!(*it, b"static" | b"const"));
        return Ok(vec![(words, &[])]);
    };
    let wrong = || Wrong::After(open, "the members of a row cannot be read".to_owned());
    let close = unit.list(open).map(|(_, close)| close).ok_or_else(wrong)?;
    let mut fields = Vec::new();
    let mut from = open + 1;
    for at in open + 1..close {
        if unit.text(at) == b";" {
            let words = unit.texts(from..at - 1);
            let plain = words.iter().all(|it| {
                *it == b"*" || it.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            });
            if !plain || words.is_empty() {
                return Err(wrong());
            }
            let words = words.into_iter().filter(|it| *it != b"const").collect();
            fields.push((words, unit.text(at - 1)));
            from = at + 1;
        }
    }
    Ok(fields)
}

/// Tokens of the head of a loop over a table.
pub(super) const HEAD: usize = 16;

/// The head of a loop over all rows of `table`, once each.
pub(super) fn loop_head<'s>(index: &'s [u8], table: &'s [u8]) -> [&'s [u8]; HEAD] {
    [
        b"for",
        b"(",
        index,
        b"=",
        b"0",
        b";",
        index,
        b"<",
        b"ARRAY_SIZE",
        b"(",
        table,
        b")",
        b";",
        index,
        b"++",
        b")",
    ]
}

/// Typedefs of typedefs that are followed.
const DEEPEST: usize = 4;

/// The values of an integer type, or of what it is a typedef of.
pub(super) fn range(names: &decl::Unit, words: &[&[u8]]) -> Option<RangeInclusive<i128>> {
    let mut name = text_of(words);
    for _ in 0..=DEEPEST {
        let words: Vec<&[u8]> = name.split(' ').map(str::as_bytes).collect();
        // Its sign is another on other machines.
        if words == [b"char"] {
            return Some(0..=127);
        }
        if let Some(range) = width::range(&words) {
            return Some(range);
        }
        let found = names.lookup(&name).into_iter().find_map(|it| match it.kind {
            DefinitionKind::Typedef { target } => Some(target),
            _ => None,
        });
        name = found?;
    }
    None
}

/// Words with blanks between them.
pub(super) fn text_of(words: &[&[u8]]) -> String {
    let words: Vec<_> = words.iter().map(|it| String::from_utf8_lossy(it)).collect();
    words.join(" ")
}

/// Everything but two items of two files is the same, and but for `above`: the tokens of a
/// table that stands directly above the item after.
pub(super) fn others_are_same(
    (before, one): (&Unit<'_>, usize),
    (after, other): (&Unit<'_>, usize),
    above: Option<&Range<usize>>,
) -> Result<(), Wrong> {
    let start = after.items[other].tokens.start;
    if let Some(above) = above.filter(|above| above.end != start) {
        let why = "the array does not stand above the function".to_owned();
        return Err(Wrong::After(above.start, why));
    }
    let old = (0..before.tokens.len()).filter(|at| !before.items[one].tokens.contains(at));
    let is_other = |at: &usize| {
        !after.items[other].tokens.contains(at) && !above.is_some_and(|it| it.contains(at))
    };
    let new = (0..after.tokens.len()).filter(is_other);
    let (old, new) = (old.collect::<Vec<usize>>(), new.collect::<Vec<usize>>());
    let differs = old.iter().zip(&new).find(|(a, b)| before.text(**a) != after.text(**b));
    match differs {
        Some((at, _)) => Err(Wrong::Before(*at, "something else has changed".to_owned())),
        None if old.len() != new.len() || place(&old, before, one) != place(&new, after, other) => {
            Err(Wrong::Before(0, "something else has come or gone".to_owned()))
        }
        None => Ok(()),
    }
}

/// How many of the other tokens stand above an item.
fn place(others: &[usize], unit: &Unit<'_>, item: usize) -> usize {
    others.partition_point(|at| *at < unit.items[item].tokens.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and rows of the tables in `source`.
    fn found(source: &str) -> Vec<(String, Vec<String>)> {
        let unit = Unit::new("", source.as_bytes());
        let text = |range| String::from_utf8_lossy(unit.spelling(range)).into_owned();
        let tables = of(&unit).into_iter();
        let tables =
            tables.map(|it| (text(it.name..it.name + 1), it.rows.into_iter().map(text).collect()));
        tables.collect()
    }

    #[test]
    fn tables_are_constant_arrays_with_their_rows() {
        let source = "static const struct { u8 reg, val; } one[] = {\n\t{ 1, 2 },\n\t{ F(3, 4), 5 },\n};\n\
            static const char * const two[3] __aligned(4) = { [A] = \"x, y\", [B] = NULL };\n\
            void f(void)\n{\n\tstatic const u8 three[] = { 7 };\n}\n";
        let expected = [
            ("one", &["{ 1, 2 }", "{ F(3, 4), 5 }"][..]),
            ("two", &["[A] = \"x, y\"", "[B] = NULL"]),
            ("three", &["7"]),
        ];
        let expected = expected.map(|(name, rows)| {
            (name.to_owned(), rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>())
        });
        assert_eq!(found(source), expected);
    }

    #[test]
    fn what_can_be_written_to_and_what_is_no_array_is_no_table() {
        for source in [
            "static u8 a[] = { 1 };",
            "static const char *a[] = { \"x\" };",
            "static const struct s a = { 1 };",
            "const u8 a[] = { 1 };",
            "static const u8 a[3];",
            "static const u8 *a(int x[]) { static u8 b[] = { 1 }; }",
            "static const u8 a[] = {",
        ] {
            assert_eq!(found(source), [], "{source}");
        }
    }

    #[test]
    fn a_table_is_added_when_the_text_before_has_no_such_name() {
        let after = b"static const u8 a[] = { 1 };\nstatic const u8 b[] = { 1 };\n";
        assert_eq!(names_of_added(b"int a;", after), ["b".to_owned()].into());
    }
}
